/* The state of one boosting fit, shared by the files of this folder. Read next: boosting.c. */
#ifndef KEN_BOOSTING_BOOSTING_STATE_H
#define KEN_BOOSTING_BOOSTING_STATE_H

#include "ken/boosting/boosting/boosting.h"
#include "ken/boosting/boosting_judge.h"
#include "ken/boosting/boosting_vector.h"
#include "ken/core/alloc.h"
#include "ken/core/quantiles.h"
#include "ken/tree/tree_ensemble.h"

KEN_BEGIN_C

/* A node as it will stand in the attributes. */
typedef struct boosting_out {
    int32_t node; /* of the grower */
    int32_t feature, left, right, category, category_words;
    bool missing_left;
    double threshold, value, cover, gain;
} boosting_out;

/* A leaf of the tree just grown. */
typedef struct boosting_leaf {
    int32_t node; /* of the grower */
    int64_t out;  /* among the nodes of all trees */
    double value;
    int64_t h; /* sum of hessians, as in the grower */
} boosting_leaf;

/* A node of a tree in terms of codes, small: the left child is the next one. */
typedef struct boosting_step_node {
    int32_t column, right; /* column -1: a leaf */
    uint16_t bin, missing; /* codes <= bin go left, and `missing`, if that is a code */
    const uint32_t *set;   /* category: codes that go left; else NULL */
} boosting_step_node;

/* Where a row of codes ends, counted from the tree's first node. */
static inline int32_t boosting_step_walk(const boosting_step_node *tree, const uint8_t *codes) {
    int32_t i = 0;
    while (tree[i].column >= 0) {
        const int code = codes[tree[i].column];
        bool left = (code <= tree[i].bin) | (code == tree[i].missing);
        if (tree[i].set) left = tree[i].set[code >> 5] >> (code & 31) & 1;
        i = left ? i + 1 : tree[i].right;
    }
    return i;
}

/* What dropping trees needs to remember (boosting_drop.c). */
typedef struct boosting_drop {
    boosting_step_node **tree; /* by number, those of this fit; each with its sets behind it */
    size_t tree_capacity;
    double *weight; /* of a round's trees, by round */
    size_t weight_capacity;
    struct boosting_dropped {
        int64_t at, round; /* in round `at` that round was dropped */
    } *log;
    size_t n_log, log_capacity;
    int64_t n; /* rounds dropped at present: the last ones of the log */
} boosting_drop;

/* What trees for all outputs need (boosting_vector.c). */
typedef struct boosting_vector_fit {
    boosting_vector rules;
    uint64_t *words;       /* (n_train, rules.width) */
    uint64_t *all;         /* (n_train, stride) where only some outputs are searched; else NULL: in words */
    int stride;
    boosting_scale *scale; /* (outputs) */
    double *value;         /* (nodes of all trees, outputs) */
    size_t value_capacity;
} boosting_vector_fit;

struct boosting_linear; /* boosting_linear.h: linear leaves */

/* Rows out of a tree's sample, where they have a say in its values (boosting_others.c); in scratch, NULL: none. */
typedef struct boosting_others {
    uint64_t *word; /* packed gradients */
    int32_t *end;   /* nodes where they come to lie, from the tree's first one */
} boosting_others;

enum { BOOSTING_VIEWS = 13, BOOSTING_MOST_TREES = 1000 }; /* the latter: by default */
_Static_assert(sizeof(boosting_out) % sizeof(double) == 0, "views step over nodes in doubles");

typedef struct boosting_fit {
    const ken_boosting_params *p;
    boosting_rules rules;
    boosting_loss loss;
    boosting_judge judge;
    ken_bins *bins;
    /* the columns that can be split, binned */
    boosting_binned binned;
    ken_bin_feature *feature;
    int32_t *source; /* input column of a binned one */
    uint8_t *codes, *by_column;
    /* per row */
    double *margin, *weight;
    uint32_t *usable, *rows; /* training rows of weight > 0 (NULL: all); rows of a tree's sample */
    int64_t n_usable;
    int8_t *direction; /* (d) of the binned columns; NULL: none */
    double *sample_weight; /* of the sampled rows, with their importance; NULL: sampling=uniform */
    boosting_forced *forced; /* splits that are given */
    uint64_t *group;   /* (d, rules.group_words) likewise */
    int32_t *columns; /* of a tree's sample */
    boosting_loss_item *items;
    boosting_grower *grower;
    /* trees so far */
    boosting_out *out;
    size_t n_out, out_capacity;
    int32_t *words;
    size_t n_words, words_capacity;
    int64_t *offset; /* (trees + 1) */
    size_t n_trees, offset_capacity;
    int64_t n_before; /* rounds that an earlier fit left */
    boosting_leaf *leaf;
    size_t n_leaves, leaf_capacity;
    int32_t *stack;
    size_t stack_capacity;
    double levels[KEN_QUANTILES_MAX]; /* of several quantiles */
    double *base, *validation;
    size_t n_steps, validation_capacity;
    int64_t trees;    /* rounds in all */
    double shrinkage; /* of the tree at hand: the learning rate, less where trees are dropped */
    boosting_drop drop;
    boosting_others others;
    int width; /* values a leaf: 1, or one an output */
    boosting_vector_fit vector;
    struct boosting_linear *linear; /* NULL: every leaf is a constant */
    bool wants_objective;
    bool lines_pay; /* the loss is one that linear leaves were found to help */
    int64_t *round; /* (outputs + 1) first nodes of the last round's trees, from the first of them */
    ken_tensor view[BOOSTING_VIEWS];
} boosting_fit;

/* Trees of a round. */
static inline int64_t boosting_round_trees(const boosting_fit *s) { return s->width > 1 ? 1 : s->loss.outputs; }

/* Room for `need` items. */
ken_status ken__boosting_reserve(ken_ctx *ctx, void **items, size_t *capacity, size_t need,
                                 size_t size);
#define BOOSTING_RESERVE(ctx, items, capacity, need)                                               \
    ken__boosting_reserve((ctx), (void **)&(items), &(capacity), (size_t)(need), sizeof *(items))

/* --- boosting_begin.c: from the problem to binned columns, weights, margins at the start --- */
ken_status ken__boosting_begin(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                               void **state);
/* The same with other parameters than the model's, as many rounds as they say; *out is to be freed, also where
 * it fails. */
ken_status ken__boosting_begin_with(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                    const ken_boosting_params *p, boosting_fit **out);
/* Its first half: rules, weights, the loss, margins at the start. */
ken_status ken__boosting_set_up(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                                boosting_fit *s);
void ken__boosting_free(ken_ctx *ctx, boosting_fit *s);
boosting_loss_kind ken__boosting_kind(const ken_boosting_params *p, ken_task task, int classes);
boosting_link_kind ken__boosting_link_kind(const ken_boosting_params *p, ken_task task, int classes);
/* `objective`, if there is one; the caller frees it. */
ken_status ken__boosting_formula(ken_ctx *ctx, const ken_boosting_params *p, ken_expression **objective);
/* Names of ken_boosting_loss, NULL-ended. */
extern const char *const ken__boosting_losses[];

/* --- boosting.c: a round --- */
ken_status ken__boosting_step(ken_ctx *ctx, ken_model *model, void *state, ken_step *out);

/* --- boosting_pilot.c: how many rounds --- */
/* s->trees, where it is left open and no validation rows will say it. */
ken_status ken__boosting_pilot(ken_ctx *ctx, ken_model *model, const ken_problem *problem, boosting_fit *s);

/* --- boosting_constrain.c: from the names in the parameters to the rules of growth --- */
/* X: the inputs. Errors: no such column (with the nearest name), a category, several outputs. */
ken_status ken__boosting_constrain(ken_ctx *ctx, const ken_model *model, boosting_fit *s,
                                   const ken_table *X);

/* --- boosting_forced.c: splits that are given, from their text --- */
ken_status ken__boosting_force(ken_ctx *ctx, boosting_fit *s, const ken_table *X);

/* --- boosting_continue.c: from where an earlier fit ended --- */
/* If the model is fitted: its trees are the first ones of this fit, the margins are theirs. */
ken_status ken__boosting_continue(ken_ctx *ctx, boosting_fit *s, const ken_model *model,
                                  const ken_problem *problem);

/* --- boosting_refit.c: new leaf values, the verb of ken_model_refit --- */
ken_status ken__boosting_refit(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                               double decay);

/* --- boosting_sample.c: rows and columns of a tree --- */
/* Each usable row with probability row_fraction: n of them, ascending; the others stand behind
 * them, from the end. */
const uint32_t *ken__boosting_draw_rows(ken_ctx *ctx, boosting_fit *s, int64_t *n);
/* Whether a tree sees less than all usable rows. */
bool ken__boosting_samples_rows(const ken_boosting_params *p);
/* ceil(fraction * d) columns, ascending; NULL: all. */
const int32_t *ken__boosting_draw_columns(ken_ctx *ctx, boosting_fit *s, int *n);
/* The share of the columns that a tree sees. By default four of five, but a table of few columns
 * cannot spare one. */
double ken__boosting_column_fraction(const boosting_fit *s);

/* --- boosting_importance.c: rows by the size of their gradients --- */
/* The same, with sampling=goss or mvs, by the packed words of the grower: those of the n rows at the
 * front of s->rows are multiplied by the rows' importance and get a scale of their own. */
ken_status ken__boosting_draw_by_gradient(ken_ctx *ctx, boosting_fit *s, boosting_scale *scale,
                                          int64_t *n);

/* --- boosting_write.c: nodes of the grower to nodes of the model --- */
/* Write the grown tree behind the others, the root first, a left branch before the right one. */
ken_status ken__boosting_write_tree(ken_ctx *ctx, boosting_fit *s, const boosting_scale *scale);
/* Weights of the rows (where they have any) as covers: leaves from their rows, then upwards. */
void ken__boosting_weigh(boosting_fit *s);
/* The first `keep` rounds as the model's attributes. */
ken_status ken__boosting_write_model(ken_ctx *ctx, ken_model *model, const boosting_fit *s,
                                     int64_t keep);

/* --- boosting_others.c: leaf values from all rows, also those out of the sample --- */
/* Whether they are asked: leaf_rows=all, rows drawn alike, one output a tree, leaves that are Newton steps
 * (linear ones are fitted to the sample). */
bool ken__boosting_asks_all(const boosting_fit *s);
/* Before a tree is grown on the n_sampled rows at the front of s->rows. */
ken_status ken__boosting_others_keep(ken_ctx *ctx, boosting_fit *s, int64_t n_sampled);
/* After it is written: values and covers of its nodes. */
ken_status ken__boosting_others_vote(ken_ctx *ctx, boosting_fit *s, int64_t n_sampled, const boosting_scale *scale);

/* --- boosting_advance.c: leaf values, and with them the margins of all rows --- */
ken_status ken__boosting_advance(ken_ctx *ctx, boosting_fit *s, int k, int64_t n_sampled,
                                const boosting_scale *scale);

/* The first of n ascending rows that is not below `limit`. */
int64_t ken__boosting_first_row(const uint32_t *rows, int64_t n, int64_t limit);
/* Its nodes (s->offset[s->n_trees] to s->n_out) for walks over codes; sets are the grower's. */
void ken__boosting_steps(const boosting_fit *s, boosting_step_node *tree);

/* --- boosting_vector.c: leaves=vector --- */
ken_status ken__boosting_vector_begin(ken_ctx *ctx, boosting_fit *s);
void ken__boosting_vector_free(ken_ctx *ctx, boosting_fit *s);
/* Gradients of all outputs and the rows of the tree's sample (NULL: all); scale: of the grower's words. */
ken_status ken__boosting_vector_draw(ken_ctx *ctx, boosting_fit *s, boosting_scale *scale, const uint32_t **rows,
                                     int64_t *n);
/* Values and gains of the tree just written, and with them the margins of all rows. */
ken_status ken__boosting_vector_advance(ken_ctx *ctx, boosting_fit *s, int64_t n_sampled);

/* --- boosting_drop.c: DART --- */
/* Draw the rounds that this round goes without, take them out of the margins, set s->shrinkage. */
ken_status ken__boosting_drop_begin(ken_ctx *ctx, boosting_fit *s);
/* Remember the tree just written. */
ken_status ken__boosting_drop_keep(ken_ctx *ctx, boosting_fit *s);
/* Put the dropped rounds back, scaled. */
ken_status ken__boosting_drop_end(ken_ctx *ctx, boosting_fit *s);
/* Weights of the rounds when there are `keep` of them, in scratch. */
ken_status ken__boosting_drop_weights(ken_ctx *ctx, const boosting_fit *s, int64_t keep,
                                      const double **out);
void ken__boosting_drop_free(ken_ctx *ctx, boosting_fit *s);

/* --- boosting_predict.c: the verbs of a fitted model --- */
int64_t ken__boosting_width(const ken_model *model, ken_what what);
ken_status ken__boosting_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                 ken_what what, double *out);
ken_status ken__boosting_contributions_against(ken_ctx *ctx, const ken_model *model,
                                               const ken_table *X, const ken_table *background,
                                               double *out);
ken_status ken__boosting_predict_row(ken_ctx *ctx, const ken_model *model, const double *x,
                                     ken_what what, double *out);
/* Margins (n, outputs) at the front of out become what = VALUE or PROBA, in place. */
ken_status ken__boosting_link(ken_ctx *ctx, const ken_model *model, ken_what what, int64_t n,
                              double *out);
ken_status ken__boosting_open(ken_ctx *ctx, ken_model *model, void **state);
void ken__boosting_close(const ken_allocator *alloc, void *state);

KEN_END_C

#endif
