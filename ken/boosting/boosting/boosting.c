/* Gradient boosting: begin bins the table, a step grows one tree per output and moves the margins,
 * end writes the trees that are kept as arrays (ken/tree/tree_ensemble.h), which also predict.
 *
 * source  Friedman 2001 (Ann. Stat. 29); Chen & Guestrin 2016 (KDD); Ke et al. 2017 (NIPS). */
#include "ken/boosting/boosting/boosting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/boosting/boosting_loss.h"
#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/core/threads.h"
#include "ken/tree/tree_ensemble.h"
#include "ken/tree/tree_shap.h"

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
} boosting_leaf;

enum { BOOSTING_VIEWS = 13 };
_Static_assert(sizeof(boosting_out) % sizeof(double) == 0, "views step over nodes in doubles");

typedef struct boosting_fit {
    const ken_boosting_params *p;
    boosting_rules rules;
    boosting_loss loss;
    ken_bins *bins;
    /* the columns that can be split, binned */
    boosting_binned binned;
    ken_bin_feature *feature;
    int32_t *source; /* input column of a binned one */
    uint8_t *codes, *by_column;
    /* per row */
    double *margin, *lse, *weight;
    uint32_t *usable, *rows; /* training rows of weight > 0 (NULL: all); rows of a tree's sample */
    int64_t n_usable;
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
    boosting_leaf *leaf;
    size_t n_leaves, leaf_capacity;
    int32_t *stack;
    size_t stack_capacity;
    double *base, *validation;
    size_t n_steps, validation_capacity;
    bool wants_objective;
    int64_t *round; /* (outputs + 1) first nodes of the last round's trees, from the first of them */
    ken_tensor view[BOOSTING_VIEWS];
} boosting_fit;

static ken_status boosting_reserve(ken_ctx *ctx, void **items, size_t *capacity, size_t need,
                                   size_t size) {
    if (need <= *capacity) return KEN_OK;
    const size_t next = ken_next_capacity(*capacity, need);
    KEN_TRY(ken_grow(ctx, items, *capacity, next, size));
    *capacity = next;
    return KEN_OK;
}
#define BOOSTING_RESERVE(ctx, items, capacity, need)                                               \
    boosting_reserve((ctx), (void **)&(items), &(capacity), (size_t)(need), sizeof *(items))

/* --- begin --------------------------------------------------------------------------------------
 */

/* In the order of ken_boosting_loss and of boosting_loss_kind. */
static const char *const boosting_losses[] = {"auto",      "squared", "absolute", "huber",
                                              "quantile",  "poisson", "logistic", "softmax",
                                              "expectile", "gamma",   "tweedie",  NULL};

static boosting_loss_kind boosting_kind(const ken_boosting_params *p, ken_task task, int classes) {
    if (task == KEN_CLASSIFY)
        return classes > 2 || p->loss == KEN_BOOSTING_SOFTMAX ? BOOSTING_SOFTMAX
                                                              : BOOSTING_LOGISTIC;
    return p->loss == KEN_BOOSTING_LOSS_AUTO ? BOOSTING_SQUARED : (boosting_loss_kind)p->loss;
}

static ken_status boosting_check_task(ken_ctx *ctx, const ken_boosting_params *p,
                                      const ken_problem *problem) {
    const bool for_classes = p->loss == KEN_BOOSTING_LOGISTIC || p->loss == KEN_BOOSTING_SOFTMAX;
    if (problem->task == KEN_CLASSIFY && p->loss != KEN_BOOSTING_LOSS_AUTO && !for_classes)
        return KEN_FAIL(ctx, KEN_E_ARG, "set loss=auto, or task=regress",
                        "boosting: loss=%s is for regression, the target has classes",
                        boosting_losses[p->loss]);
    if (problem->task == KEN_REGRESS && for_classes)
        return KEN_FAIL(ctx, KEN_E_ARG, "set loss=auto, or task=classify",
                        "boosting: loss=%s is for classes, the target is a number",
                        boosting_losses[p->loss]);
    if (p->loss == KEN_BOOSTING_LOGISTIC && problem->n_classes > 2)
        return KEN_FAIL(ctx, KEN_E_ARG, "set loss=softmax",
                        "boosting: loss=logistic is for 2 classes, the target has %d",
                        problem->n_classes);
    return KEN_OK;
}

/* What is left open is chosen here. Many classes: few rows are of the class that a tree is for,
 * and their hessians become small, so count rows instead. Squared errors: targets that are a law
 * with little noise want small leaves, and on noisy ones shrinkage and sampling suffice. */
static void boosting_set_rules(boosting_fit *s, boosting_loss_kind kind, bool many_classes) {
    const ken_boosting_params *const p = s->p;
    const double rows = many_classes ? 20 : kind == BOOSTING_SQUARED ? 2 : 5;
    const double weight = many_classes ? 1e-3 : 1;
    s->rules = (boosting_rules){.max_leaves = p->max_leaves,
                                .max_depth = p->max_depth,
                                .depthwise = p->growth == KEN_BOOSTING_DEPTHWISE,
                                .min_rows = p->min_leaf_rows > 0 ? (double)p->min_leaf_rows : rows,
                                .min_weight = p->min_leaf_weight > 0 ? p->min_leaf_weight : weight,
                                .l1 = p->l1,
                                .l2 = p->l2 >= 0     ? p->l2
                                      : many_classes ? 0
                                                     : 2,
                                .min_gain = p->min_gain,
                                .onehot = (int32_t)p->max_onehot,
                                .cat_smooth = p->category_smooth,
                                .cat_l2 = p->category_l2};
}

/* Bytes of a row: the least power of two up to 32, then multiples of 32. */
static int64_t boosting_stride(int d) {
    int64_t stride = 4;
    while (stride < d && stride < 32) stride *= 2;
    return d <= 32 ? stride : (d + INT64_C(31)) / 32 * 32;
}

static void boosting_turn_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_fit *const s = arg;
    const int64_t stride = s->binned.stride, n = s->binned.n_train;
    (void)worker;
    for (int j = 0; j < s->binned.d; j++)
        for (int64_t i = begin; i < end; i++) s->by_column[j * n + i] = s->codes[i * stride + j];
}

static ken_status boosting_bin(ken_ctx *ctx, boosting_fit *s, const ken_problem *problem) {
    KEN_TRY(ken_bins_fit(ctx, problem->X, problem->n_train, problem->weight, (int)s->p->max_bins,
                         &s->bins));
    const int d = s->bins->n_features;
    int used = 0;
    KEN_TRY(KEN_ALLOC(ctx, ken_bin_feature, d, &s->feature));
    KEN_TRY(KEN_ALLOC(ctx, int32_t, d, &s->source));
    for (int j = 0; j < d; j++)
        if (s->bins->feature[j].n_bins + s->bins->feature[j].has_missing >= 2) {
            s->feature[used] = s->bins->feature[j];
            s->source[used++] = j;
        }
    s->binned = (boosting_binned){.n = problem->n,
                                  .n_train = problem->n_train,
                                  .stride = boosting_stride(used),
                                  .d = used,
                                  .feature = s->feature};
    KEN_TRY(ken_alloc(ctx, (size_t)problem->n, (size_t)s->binned.stride, (void **)&s->codes));
    KEN_TRY(ken_alloc(ctx, (size_t)problem->n_train, (size_t)used, (void **)&s->by_column));
    s->binned.codes = s->codes;
    s->binned.by_column = s->by_column;
    if (used == 0) return KEN_OK;
    ken_table *table;
    const ken_bins bins = {used, s->feature, NULL, NULL};
    KEN_TRY(ken_table_select(ctx, problem->X, s->source, used, &table));
    const ken_status status =
        ken_bins_apply(ctx, &bins, table, 0, problem->n, s->codes, s->binned.stride, 1);
    ken_table_free(table);
    KEN_TRY(status);
    return ken_parallel(ctx, problem->n_train, 1024, boosting_turn_block, s);
}

/* The weight of each row: given, or balanced; NULL: all 1. */
static ken_status boosting_weights(ken_ctx *ctx, boosting_fit *s, const ken_problem *problem) {
    const double *weight = problem->weight;
    if (problem->task == KEN_CLASSIFY && s->p->class_weight == KEN_BOOSTING_CLASS_WEIGHT_BALANCED) {
        const ken_mark mark = ken_scratch_mark(ctx);
        double *balanced;
        KEN_TRY(ken_problem_balanced(ctx, problem, &balanced));
        KEN_TRY(KEN_ALLOC(ctx, double, problem->n, &s->weight));
        memcpy(s->weight, balanced, (size_t)problem->n * sizeof *balanced);
        ken_scratch_release(ctx, mark);
        weight = s->weight;
    }
    s->loss.weight = weight;
    s->n_usable = problem->n_train;
    for (int64_t i = 0; weight && i < problem->n_train; i++) s->n_usable -= !(weight[i] > 0);
    if (s->n_usable == problem->n_train) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, uint32_t, s->n_usable, &s->usable));
    int64_t m = 0;
    for (int64_t i = 0; i < problem->n_train; i++)
        if (weight[i] > 0) s->usable[m++] = (uint32_t)i;
    return KEN_OK;
}

static ken_status boosting_start(ken_ctx *ctx, boosting_fit *s, const ken_problem *problem) {
    boosting_loss *const l = &s->loss;
    const int classes = problem->task == KEN_CLASSIFY ? problem->n_classes : 0;
    l->kind = boosting_kind(s->p, problem->task, classes);
    l->quantile = s->p->quantile;
    l->expectile = s->p->expectile;
    l->power = s->p->tweedie_power;
    l->delta = s->p->huber_delta;
    l->outputs = l->kind == BOOSTING_SOFTMAX ? KEN_MAX(classes, 1) : 1;
    l->n = problem->n;
    l->n_train = problem->n_train;
    l->y = problem->y;
    l->label = problem->label;
    KEN_TRY(KEN_ALLOC(ctx, double, l->outputs, &s->base));
    KEN_TRY(ken_alloc(ctx, (size_t)l->outputs, (size_t)l->n * sizeof(double), (void **)&s->margin));
    l->margin = s->margin;
    if (l->kind == BOOSTING_SOFTMAX) KEN_TRY(KEN_ALLOC(ctx, double, l->n, &s->lse));
    l->lse = s->lse;
    if (ken__boosting_loss_renews(l))
        KEN_TRY(KEN_ALLOC(ctx, boosting_loss_item, l->n_train, &s->items));
    KEN_TRY(ken__boosting_loss_start(ctx, l, s->base));
    for (int k = 0; k < l->outputs; k++)
        for (int64_t i = 0; i < l->n; i++) s->margin[k * l->n + i] = s->base[k];
    return KEN_ALLOC(ctx, int64_t, l->outputs + 1, &s->round);
}

static ken_status boosting_begin(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                 void **state) {
    boosting_fit *s;
    KEN_TRY(KEN_ALLOC(ctx, boosting_fit, 1, &s));
    *state = s;
    s->p = ken_model_params(model);
    s->wants_objective = ken_ctx_get_options(ctx)->hook != NULL;
    KEN_TRY(boosting_check_task(ctx, s->p, problem));
    boosting_set_rules(s, boosting_kind(s->p, problem->task, problem->n_classes),
                       problem->task == KEN_CLASSIFY && problem->n_classes > 2);
    KEN_TRY(boosting_weights(ctx, s, problem));
    KEN_TRY(boosting_start(ctx, s, problem));
    KEN_TRY(boosting_bin(ctx, s, problem));
    if (s->p->row_fraction < 1) KEN_TRY(KEN_ALLOC(ctx, uint32_t, problem->n_train, &s->rows));
    KEN_TRY(KEN_ALLOC(ctx, int32_t, s->binned.d, &s->columns));
    KEN_TRY(BOOSTING_RESERVE(ctx, s->offset, s->offset_capacity, 1));
    return ken__boosting_grower_new(ctx, &s->binned, &s->rules, &s->grower);
}

/* --- a tree -------------------------------------------------------------------------------------
 */

/* Each usable row with probability row_fraction: n of them, ascending; the others stand behind
 * them, from the end. */
static const uint32_t *boosting_draw_rows(ken_ctx *ctx, boosting_fit *s, int64_t *n) {
    *n = s->n_usable;
    if (!(s->p->row_fraction < 1)) return s->usable;
    ken_rng rng = ken_rng_stream(ctx, "boosting.rows", s->n_trees);
    const double limit = s->p->row_fraction * 4294967296.0;
    int64_t in = 0, out = s->n_usable;
    for (int64_t i = 0; i < s->n_usable; i++) {
        const bool taken = (double)ken_rng_u32(&rng) < limit;
        s->rows[taken ? in : out - 1] = s->usable ? s->usable[i] : (uint32_t)i;
        in += taken;
        out -= !taken;
    }
    *n = in;
    return s->rows;
}

static int boosting_by_number(const void *a, const void *b) {
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

/* The share of the columns that a tree sees. By default four of five, but a table of few columns
 * cannot spare one. */
static double boosting_column_fraction(const boosting_fit *s) {
    if (s->p->column_fraction > 0) return s->p->column_fraction;
    return s->binned.d < 8 ? 1.0 : 0.8;
}

/* ceil(fraction * d) columns, ascending; NULL: all. */
static const int32_t *boosting_draw_columns(ken_ctx *ctx, boosting_fit *s, int *n) {
    const int d = s->binned.d;
    *n = (int)ceil(boosting_column_fraction(s) * d);
    if (*n >= d || d == 0) return NULL;
    ken_rng rng = ken_rng_stream(ctx, "boosting.columns", s->n_trees);
    for (int j = 0; j < d; j++) s->columns[j] = j;
    for (int j = 0; j < *n; j++) {
        const int other = j + (int)ken_rng_below(&rng, (uint64_t)(d - j));
        const int32_t swap = s->columns[j];
        s->columns[j] = s->columns[other];
        s->columns[other] = swap;
    }
    qsort(s->columns, (size_t)*n, sizeof *s->columns, boosting_by_number);
    return s->columns;
}

static ken_status boosting_put_set(ken_ctx *ctx, boosting_fit *s, const boosting_split *split,
                                   boosting_out *out) {
    const ken_bin_feature *const f = &s->feature[split->column];
    const size_t words = ((size_t)f->n_levels + 31) / 32;
    KEN_TRY(BOOSTING_RESERVE(ctx, s->words, s->words_capacity, s->n_words + words));
    int32_t *const word = s->words + s->n_words;
    out->category = (int32_t)s->n_words;
    out->category_words = (int32_t)words;
    if (s->n_words + words > INT32_MAX)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "use fewer trees, or group the rare levels",
                        "boosting: the sets of levels take more than 2147483647 words");
    memset(word, 0, words * sizeof *word);
    for (int32_t l = 0; l < f->n_levels; l++)
        if (boosting_goes_left(split, f->n_bins, f->level_bin[l]))
            word[l >> 5] |= (int32_t)(UINT32_C(1) << (l & 31));
    s->n_words += words;
    return KEN_OK;
}

/* Write the grown tree behind the others, the root first, a left branch before the right one. */
static ken_status boosting_write_tree(ken_ctx *ctx, boosting_fit *s, const boosting_scale *scale) {
    const boosting_node *const nodes = ken__boosting_grower_nodes(s->grower);
    const size_t first = s->n_out;
    size_t depth = 0;
    s->n_leaves = 0;
    KEN_TRY(BOOSTING_RESERVE(ctx, s->stack, s->stack_capacity, 2));
    s->stack[depth++] = -1; /* the place where the node's number is to be written: none */
    s->stack[depth++] = 0;
    while (depth > 0) {
        const boosting_node *const node = &nodes[s->stack[depth - 1]];
        const int32_t number = s->stack[depth - 1], parent = s->stack[depth - 2];
        depth -= 2;
        KEN_TRY(BOOSTING_RESERVE(ctx, s->out, s->out_capacity, s->n_out + 1));
        const size_t at = s->n_out++;
        boosting_out *const out = &s->out[at];
        *out = (boosting_out){.node = number, .feature = -1, .category = -1};
        if (parent >= 0) s->out[first + (size_t)parent].right = (int32_t)(at - first);
        out->value = s->p->learning_rate *
                     ken__boosting_loss_step(&s->loss, &s->rules, (double)node->g / scale->scale_g,
                                             (double)node->h / scale->scale_h);
        out->cover = (double)(node->end - node->begin);
        if (!node->open) {
            KEN_TRY(BOOSTING_RESERVE(ctx, s->leaf, s->leaf_capacity, s->n_leaves + 1));
            s->leaf[s->n_leaves++] = (boosting_leaf){number, (int64_t)at, out->value};
            continue;
        }
        const boosting_split *const split = &node->split;
        const ken_bin_feature *const f = &s->feature[split->column];
        out->feature = s->source[split->column];
        out->missing_left = split->missing_left;
        out->gain = split->gain;
        out->left = (int32_t)(at - first) + 1;
        if (split->category)
            KEN_TRY(boosting_put_set(ctx, s, split, out));
        else
            out->threshold = split->bin < f->n_bins - 1 ? f->edge[split->bin] : INFINITY;
        KEN_TRY(BOOSTING_RESERVE(ctx, s->stack, s->stack_capacity, depth + 4));
        s->stack[depth++] = (int32_t)(at - first);
        s->stack[depth++] = node->right;
        s->stack[depth++] = -1;
        s->stack[depth++] = node->left;
    }
    return KEN_OK;
}

/* Weights of the rows (where they have any) as covers: leaves from their rows, then upwards. */
static void boosting_weigh(boosting_fit *s) {
    const boosting_node *const nodes = ken__boosting_grower_nodes(s->grower);
    const size_t first = (size_t)s->offset[s->n_trees];
    if (!s->loss.weight) return;
    for (size_t i = 0; i < s->n_leaves; i++) {
        const boosting_node *const node = &nodes[s->leaf[i].node];
        const uint32_t *const rows = ken__boosting_grower_rows(s->grower, node);
        double sum = 0;
        for (int64_t r = 0; r < node->end - node->begin; r++) sum += s->loss.weight[rows[r]];
        s->out[s->leaf[i].out].cover = sum;
    }
    for (size_t i = s->n_out; i-- > first;)
        if (s->out[i].feature >= 0)
            s->out[i].cover = s->out[first + (size_t)s->out[i].left].cover +
                              s->out[first + (size_t)s->out[i].right].cover;
}

/* A node of the tree just written, small: the left child is the next one. */
typedef struct boosting_step_node {
    int32_t column, right; /* column -1: a leaf */
    uint16_t bin, missing; /* codes <= bin go left, and `missing`, if that is a code */
    int32_t category;      /* node of the grower that has the set; -1: none */
} boosting_step_node;

typedef struct boosting_move {
    boosting_fit *s;
    int k;
    const boosting_node *nodes;
    const boosting_step_node *tree;
    const boosting_out *out; /* its values */
    const uint32_t *rows;    /* to walk; NULL: those from `first` on */
    int64_t first;
} boosting_move;

static void boosting_renew_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_move *const m = arg;
    boosting_fit *const s = m->s;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const boosting_node *const node = &m->nodes[s->leaf[i].node];
        s->leaf[i].value =
            s->p->learning_rate *
            ken__boosting_loss_renew(&s->loss, ken__boosting_grower_rows(s->grower, node),
                                     node->end - node->begin, s->items + node->begin);
    }
}

static void boosting_leaf_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_move *const m = arg;
    boosting_fit *const s = m->s;
    double *const margin = s->margin + m->k * s->loss.n;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const boosting_node *const node = &m->nodes[s->leaf[i].node];
        const uint32_t *const rows = ken__boosting_grower_rows(s->grower, node);
        for (int64_t r = 0; r < node->end - node->begin; r++) margin[rows[r]] += s->leaf[i].value;
    }
}

static double boosting_walk(const boosting_move *m, const uint8_t *codes) {
    const boosting_step_node *const tree = m->tree;
    int32_t i = 0;
    while (tree[i].column >= 0) {
        const int code = codes[tree[i].column];
        bool left = (code <= tree[i].bin) | (code == tree[i].missing);
        if (tree[i].category >= 0)
            left = m->nodes[tree[i].category].split.set[code >> 5] >> (code & 31) & 1;
        i = left ? i + 1 : tree[i].right;
    }
    return m->out[i].value;
}

static void boosting_walk_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_move *const m = arg;
    const boosting_fit *const s = m->s;
    double *const margin = m->s->margin + m->k * s->loss.n;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int64_t row = m->rows ? (int64_t)m->rows[i] : m->first + i;
        if (m->rows && i + 8 < end) KEN_PREFETCH(s->codes + m->rows[i + 8] * s->binned.stride);
        margin[row] += boosting_walk(m, s->codes + row * s->binned.stride);
    }
}

/* Rows that the tree was not grown on: those left out of its sample, and the validation rows. */
static ken_status boosting_walk_others(ken_ctx *ctx, boosting_move *m, int64_t n_sampled) {
    boosting_fit *const s = m->s;
    const int64_t n_out = s->rows ? s->n_usable - n_sampled : 0;
    const size_t first = (size_t)s->offset[s->n_trees];
    boosting_step_node *tree;
    if (n_out == 0 && s->loss.n == s->loss.n_train) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, boosting_step_node, s->n_out - first, &tree));
    for (size_t i = first; i < s->n_out; i++) {
        const int32_t number = s->out[i].node;
        const boosting_split *const split = &m->nodes[number].split;
        const bool leaf = s->out[i].feature < 0;
        tree[i - first] = (boosting_step_node){
            .column = leaf ? -1 : split->column,
            .right = s->out[i].right,
            .bin = (uint16_t)split->bin,
            .missing =
                leaf || !split->missing_left ? 256 : (uint16_t)s->feature[split->column].n_bins,
            .category = !leaf && split->category ? number : -1};
    }
    m->tree = tree;
    m->out = s->out + first;
    m->rows = s->rows ? s->rows + n_sampled : NULL;
    KEN_TRY(ken_parallel(ctx, n_out, 4096, boosting_walk_block, m));
    m->rows = NULL;
    m->first = s->loss.n_train;
    return ken_parallel(ctx, s->loss.n - m->first, 4096, boosting_walk_block, m);
}

/* Leaf values, and with them the margins of all rows. */
static ken_status boosting_advance(ken_ctx *ctx, boosting_fit *s, int k, int64_t n_sampled) {
    boosting_move m = {.s = s, .k = k, .nodes = ken__boosting_grower_nodes(s->grower)};
    const int64_t n_leaves = (int64_t)s->n_leaves;
    if (ken__boosting_loss_renews(&s->loss)) {
        KEN_TRY(ken_parallel(ctx, n_leaves, 1, boosting_renew_block, &m));
        for (size_t i = 0; i < s->n_leaves; i++) s->out[s->leaf[i].out].value = s->leaf[i].value;
    }
    KEN_TRY(ken_parallel(ctx, n_leaves, 1, boosting_leaf_block, &m));
    return boosting_walk_others(ctx, &m, n_sampled);
}

static ken_status boosting_tree(ken_ctx *ctx, boosting_fit *s, int k, bool *split) {
    const ken_mark mark = ken_scratch_mark(ctx);
    boosting_scale scale;
    int64_t n_rows;
    int n_columns;
    KEN_TRY(
        ken__boosting_loss_pack(ctx, &s->loss, k, &scale, ken__boosting_grower_words(s->grower)));
    const uint32_t *const rows = boosting_draw_rows(ctx, s, &n_rows);
    const int32_t *const columns = boosting_draw_columns(ctx, s, &n_columns);
    KEN_TRY(ken__boosting_grow(ctx, s->grower, &scale, rows, n_rows, columns, n_columns));
    KEN_TRY(BOOSTING_RESERVE(ctx, s->offset, s->offset_capacity, s->n_trees + 2));
    KEN_TRY(boosting_write_tree(ctx, s, &scale));
    boosting_weigh(s);
    KEN_TRY(boosting_advance(ctx, s, k, n_rows));
    *split |= s->n_leaves > 1;
    s->offset[++s->n_trees] = (int64_t)s->n_out;
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

static ken_status boosting_step(ken_ctx *ctx, ken_model *model, void *state, ken_step *out) {
    boosting_fit *const s = state;
    bool split = false;
    (void)model;
    KEN_TRY(ken__boosting_loss_refresh(ctx, &s->loss));
    for (int k = 0; k < s->loss.outputs; k++) KEN_TRY(boosting_tree(ctx, s, k, &split));
    out->done = !split && s->p->row_fraction >= 1 && boosting_column_fraction(s) >= 1;
    if (s->wants_objective)
        KEN_TRY(ken__boosting_loss_mean(ctx, &s->loss, 0, s->loss.n_train, &out->objective));
    KEN_TRY(ken__boosting_loss_mean(ctx, &s->loss, s->loss.n_train, s->loss.n, &out->validation));
    KEN_TRY(BOOSTING_RESERVE(ctx, s->validation, s->validation_capacity, s->n_steps + 1));
    s->validation[s->n_steps++] = out->validation;
    return KEN_OK;
}

/* --- end ----------------------------------------------------------------------------------------
 */

static void boosting_free(ken_ctx *ctx, boosting_fit *s) {
    if (!s) return;
    ken__boosting_grower_free(ctx, s->grower);
    ken_bins_free(ctx, s->bins);
    ken_free(ctx, s->feature);
    ken_free(ctx, s->source);
    ken_free(ctx, s->codes);
    ken_free(ctx, s->by_column);
    ken_free(ctx, s->margin);
    ken_free(ctx, s->lse);
    ken_free(ctx, s->weight);
    ken_free(ctx, s->usable);
    ken_free(ctx, s->rows);
    ken_free(ctx, s->columns);
    ken_free(ctx, s->items);
    ken_free(ctx, s->out);
    ken_free(ctx, s->words);
    ken_free(ctx, s->offset);
    ken_free(ctx, s->leaf);
    ken_free(ctx, s->stack);
    ken_free(ctx, s->base);
    ken_free(ctx, s->validation);
    ken_free(ctx, s->round);
    ken_free(ctx, s);
}

static void boosting_copy_nodes(const boosting_fit *s, int64_t n, const ken_ensemble_arrays *a) {
    for (int64_t i = 0; i < n; i++) {
        const boosting_out *const o = &s->out[i];
        a->feature[i] = o->feature;
        a->threshold[i] = o->threshold;
        a->left[i] = o->left;
        a->right[i] = o->right;
        a->missing_left[i] = o->missing_left;
        a->category[i] = o->category;
        a->category_words[i] = o->category_words;
        a->value[i] = o->value;
        a->cover[i] = o->cover;
        a->gain[i] = o->gain;
    }
}

static ken_status boosting_write(ken_ctx *ctx, ken_model *model, const boosting_fit *s,
                                 int64_t keep) {
    const int64_t outputs = s->loss.outputs, n_trees = keep * outputs;
    const int64_t n_nodes = s->offset[n_trees];
    int64_t n_words = 0;
    for (int64_t i = 0; i < n_nodes; i++) n_words += s->out[i].category_words;
    ken_ensemble_arrays a;
    KEN_TRY(ken_ensemble_new_arrays(ctx, model, n_trees, n_nodes, n_words, 1, outputs, &a));
    memcpy(a.tree_offset, s->offset, (size_t)(n_trees + 1) * sizeof *s->offset);
    boosting_copy_nodes(s, n_nodes, &a);
    if (n_words > 0) memcpy(a.category_bits, s->words, (size_t)n_words * sizeof *s->words);
    for (int64_t t = 0; t < n_trees; t++) a.tree_output[t] = (int32_t)(t % outputs);
    memcpy(a.base, s->base, (size_t)outputs * sizeof *s->base);
    if (s->loss.n == s->loss.n_train) return KEN_OK;
    const int64_t steps = (int64_t)s->n_steps;
    double *history;
    KEN_TRY(ken_attr_new(ctx, model, "validation_loss", KEN_F64, 1, &steps, (void **)&history));
    memcpy(history, s->validation, s->n_steps * sizeof *history);
    return KEN_OK;
}

static ken_status boosting_end(ken_ctx *ctx, ken_model *model, void *state, int64_t keep) {
    boosting_fit *const s = state;
    const ken_status status = keep > 0 ? boosting_write(ctx, model, s, keep) : KEN_OK;
    boosting_free(ctx, s);
    return status;
}

/* The margins of all rows, and the nodes of the trees of the last round, named as the attributes are:
 * seen where they lie (so with strides), nothing is copied. category counts in category_bits, the
 * sets of all rounds. */
static int boosting_views(const ken_model *model, void *state, ken_view *out, int capacity) {
    boosting_fit *const s = state;
    (void)model;
    const int64_t outputs = s->loss.outputs;
    const int64_t *const first = s->offset + ((int64_t)s->n_trees - outputs);
    boosting_out *const node = s->out + first[0];
    const struct {
        const char *name;
        void *data;
        ken_dtype dtype;
    } rows[] = {{"feature", &node->feature, KEN_I32},            {"threshold", &node->threshold, KEN_F64},
                {"left", &node->left, KEN_I32},                  {"right", &node->right, KEN_I32},
                {"missing_left", &node->missing_left, KEN_BOOL}, {"category", &node->category, KEN_I32},
                {"category_words", &node->category_words, KEN_I32}, {"value", &node->value, KEN_F64},
                {"cover", &node->cover, KEN_F64},                {"gain", &node->gain, KEN_F64}};
    int n = 3;
    if (capacity < BOOSTING_VIEWS) return 0;
    s->view[0] = ken_tensor_2d(s->margin, KEN_F64, outputs, s->loss.n);
    out[0] = (ken_view){"margin", &s->view[0]};
    for (int64_t k = 0; k <= outputs; k++) s->round[k] = first[k] - first[0];
    s->view[1] = ken_tensor_1d(s->round, KEN_I64, outputs + 1);
    out[1] = (ken_view){"tree_offset", &s->view[1]};
    s->view[2] = ken_tensor_1d(s->words, KEN_I32, (int64_t)s->n_words);
    out[2] = (ken_view){"category_bits", &s->view[2]};
    for (int r = 0; r < KEN_COUNT(rows); r++, n++) {
        s->view[n] = ken_tensor_1d(rows[r].data, rows[r].dtype, s->round[outputs]);
        s->view[n].stride[0] = (int64_t)(sizeof *node / ken_dtype_size(rows[r].dtype));
        out[n] = (ken_view){rows[r].name, &s->view[n]};
    }
    return n;
}

static ken_stop_rule boosting_stop_rule(const void *params, int64_t n_rows) {
    const ken_boosting_params *const p = params;
    const bool on = p->early_stopping == KEN_BOOSTING_STOP_ON;
    const bool off = p->early_stopping == KEN_BOOSTING_STOP_OFF;
    (void)n_rows;
    return (ken_stop_rule){.max_steps = p->trees,
                           .validation_fraction = on ? p->validation_fraction : 0,
                           .patience = off ? 0 : p->patience,
                           .min_delta = p->min_delta};
}

/* --- predict ------------------------------------------------------------------------------------
 */

static int boosting_outputs(const ken_model *model) {
    const ken_boosting_params *const p = ken_model_params(model);
    const int classes = ken_model_n_classes(model);
    return ken_model_task(model) == KEN_CLASSIFY &&
                   boosting_kind(p, KEN_CLASSIFY, classes) == BOOSTING_SOFTMAX
               ? classes
               : 1;
}

static int64_t boosting_width(const ken_model *model, ken_what what) {
    const ken_ensemble *const e = ken_model_state(model);
    switch (what) {
    case KEN_WHAT_VALUE:
        return 1;
    case KEN_WHAT_PROBA:
        return ken_model_n_classes(model);
    case KEN_WHAT_MARGIN:
        return boosting_outputs(model);
    case KEN_WHAT_LEAF:
        return e ? e->n_trees : 0;
    case KEN_WHAT_CONTRIBUTIONS:
        return (int64_t)boosting_outputs(model) * (ken_model_n_inputs(model) + 1);
    default:
        return 0;
    }
}

typedef struct boosting_link {
    const ken_kernels *k;
    boosting_loss_kind kind;
    double *out;
    int64_t width;
} boosting_link;

static void boosting_link_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_link *const l = arg;
    double *const out = l->out + begin * l->width;
    const int64_t n = end - begin;
    (void)worker;
    if (ken__boosting_loss_log_link(l->kind))
        l->k->exp_n(out, out, n);
    else if (l->kind == BOOSTING_SOFTMAX)
        l->k->softmax_rows(out, n, l->width, NULL);
}

static void boosting_two_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_link *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i += 256) {
        double p[256];
        const int64_t n = KEN_MIN(256, end - i);
        for (int64_t r = 0; r < n; r++) p[r] = l->out[i + r];
        l->k->sigmoid_n(p, p, n);
        for (int64_t r = 0; r < n; r++) l->out[i + r] = p[r];
    }
}

/* Margins of two classes stand in the first half of out: spread them from the end. */
static ken_status boosting_two_classes(ken_ctx *ctx, boosting_link *l, int64_t n) {
    KEN_TRY(ken_parallel(ctx, n, 4096, boosting_two_block, l));
    for (int64_t i = n; i-- > 0;) {
        const double p = l->out[i];
        l->out[2 * i + 1] = p;
        l->out[2 * i] = 1 - p;
    }
    return KEN_OK;
}

static ken_status boosting_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                   ken_what what, double *out) {
    const ken_ensemble *const e = ken_model_state(model);
    const int64_t n = ken_table_rows(X);
    if (what == KEN_WHAT_LEAF) return ken_ensemble_leaves(ctx, e, X, out);
    if (what == KEN_WHAT_CONTRIBUTIONS) return ken_ensemble_contributions(ctx, e, X, out);
    KEN_TRY(ken_ensemble_margin(ctx, e, X, out));
    boosting_link link = {
        ken_ctx_kernels(ctx),
        boosting_kind(ken_model_params(model), ken_model_task(model), ken_model_n_classes(model)),
        out, boosting_outputs(model)};
    if (what == KEN_WHAT_MARGIN) return KEN_OK;
    if (link.kind == BOOSTING_LOGISTIC) return boosting_two_classes(ctx, &link, n);
    return ken_parallel(ctx, n, 4096, boosting_link_block, &link);
}

static ken_status boosting_open(ken_ctx *ctx, ken_model *model, void **state) {
    return ken_ensemble_open(ctx, model, boosting_outputs(model), (ken_ensemble **)state);
}

static void boosting_close(const ken_allocator *alloc, void *state) {
    ken_ensemble_close(alloc, state);
}

/* --- descriptor ---------------------------------------------------------------------------------
 */

static const char *const boosting_growths[] = {"leafwise", "depthwise", NULL};
static const char *const boosting_class_weights[] = {"none", "balanced", NULL};
static const char *const boosting_stops[] = {"auto", "off", "on", NULL};

static const ken_param boosting_params[] = {
    KEN_ROW_I64(ken_boosting_params, trees, .min = 1, .max = 1000000, .lo = 50, .hi = 1000,
                .scale = KEN_LOG_SCALE,
                .doc = "rounds; one tree a round, one per class if more than two"),
    KEN_ROW_F64(ken_boosting_params, learning_rate, .min = 0, .open_min = true, .max = 1,
                .lo = 0.01, .hi = 0.3, .scale = KEN_LOG_SCALE,
                .doc = "how much of each tree is added"),
    KEN_ROW_I64(ken_boosting_params, max_leaves, .min = 2, .max = 1000000, .lo = 7, .hi = 255,
                .scale = KEN_LOG_SCALE, .doc = "most leaves of a tree"),
    KEN_ROW_I64(ken_boosting_params, max_depth, .min = 0, .max = 1000,
                .doc = "most questions from root to leaf; 0: no limit"),
    KEN_ROW_I64(ken_boosting_params, max_bins, .min = 2, .max = 255,
                .doc = "most thresholds tried per column"),
    KEN_ROW_I64(ken_boosting_params, min_leaf_rows, .min = 0, .max = 1e15, .lo = 1, .hi = 100,
                .scale = KEN_LOG_SCALE, .unit = "rows",
                .doc = "fewest training rows of a leaf; 0: 2 for squared errors, 20 with more than two "
                       "classes, else 5"),
    KEN_ROW_F64(ken_boosting_params, min_leaf_weight, .min = 0, .max = 1e300,
                .doc = "least sum of hessians of a leaf; 0: 1, with more than two classes 0.001"),
    KEN_ROW_F64(ken_boosting_params, l1, .min = 0, .max = 1e300,
                .doc = "L1 penalty on leaf values"),
    KEN_ROW_F64(ken_boosting_params, l2, .min = -1, .max = 1e300, .lo = 1e-3, .hi = 100,
                .scale = KEN_LOG_SCALE,
                .doc = "L2 penalty on leaf values; below 0: 2, with more than two classes 0"),
    KEN_ROW_F64(ken_boosting_params, min_gain, .min = 0, .max = 1e300,
                .doc = "a split must improve the objective by more"),
    KEN_ROW_F64(ken_boosting_params, row_fraction, .min = 0, .open_min = true, .max = 1, .lo = 0.5,
                .hi = 1, .doc = "share of the rows that each tree sees"),
    KEN_ROW_F64(ken_boosting_params, column_fraction, .min = 0, .max = 1, .lo = 0.4, .hi = 1,
                .doc = "share of the columns that each tree sees; 0: 0.8, all of less than 8"),
    KEN_ROW_CHOICE(ken_boosting_params, growth, boosting_growths,
                   .doc = "split the leaf with most gain, or level after level"),
    KEN_ROW_CHOICE(ken_boosting_params, loss, boosting_losses,
                   .doc = "what is minimized; auto: squared, logistic or softmax by the target"),
    KEN_ROW_F64(
        ken_boosting_params, huber_delta, .min = 0, .max = 1e300, .when = "loss=huber",
        .doc = "residual from which the loss is linear; 0: nine tenths lie below at the start"),
    KEN_ROW_F64(ken_boosting_params, quantile, .min = 0, .open_min = true, .max = 1,
                .when = "loss=quantile", .doc = "which quantile to predict"),
    KEN_ROW_F64(ken_boosting_params, expectile, .min = 0.001, .max = 0.999,
                .when = "loss=expectile",
                .doc = "which expectile to predict; 0.5: the mean"),
    KEN_ROW_F64(ken_boosting_params, tweedie_power, .min = 1.01, .max = 1.99,
                .when = "loss=tweedie",
                .doc = "the variance is mean^power; near 1: counts, near 2: gamma with zeros"),
    KEN_ROW_CHOICE(ken_boosting_params, class_weight, boosting_class_weights,
                   .doc = "balanced: every class has the same weight in sum"),
    KEN_ROW_CHOICE(ken_boosting_params, early_stopping, boosting_stops,
                   .doc =
                       "stop when validation rows no longer improve; on: set some rows aside for "
                       "it; auto: if validation rows are given"),
    KEN_ROW_F64(ken_boosting_params, validation_fraction, .min = 0.001, .max = 0.9,
                .when = "early_stopping=on",
                .doc = "share of the training rows set aside, if no validation rows are given"),
    KEN_ROW_I64(ken_boosting_params, patience, .min = 1, .max = 1000000, .unit = "rounds",
                .doc = "rounds without improvement before stopping"),
    KEN_ROW_F64(ken_boosting_params, min_delta, .min = 0, .max = 1e300,
                .doc = "what counts as improvement of the validation loss"),
    KEN_ROW_I64(ken_boosting_params, max_onehot, .min = 0, .max = 256,
                .doc = "categories up to which one is split from the rest"),
    KEN_ROW_F64(
        ken_boosting_params, category_smooth, .min = 0, .max = 1e300,
        .doc = "pulls the mean gradient of small categories to 0; smaller ones are not sorted"),
    KEN_ROW_F64(ken_boosting_params, category_l2, .min = 0, .max = 1e300,
                .doc = "additional L2 penalty for splits of sorted categories"),
    {0}};

static const ken_attr boosting_attrs[] = {
    KEN_ENSEMBLE_ATTRS,
    {"validation_loss", KEN_F64, "rounds", "mean loss of the validation rows after each round"},
    {0}};

static const ken_estimator boosting_estimator = {.begin = boosting_begin,
                                                 .step = boosting_step,
                                                 .end = boosting_end,
                                                 .views = boosting_views,
                                                 .stop_rule = boosting_stop_rule,
                                                 .width = boosting_width,
                                                 .predict = boosting_predict,
                                                 .open = boosting_open,
                                                 .close = boosting_close};

const ken_desc ken_boosting_desc = {
    .name = "boosting",
    .title = "Gradient-boosted trees",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_WEIGHTS |
            KEN_TAG_EARLY_STOP | KEN_TAG_RANDOM,
    .params = boosting_params,
    .defaults = &(const ken_boosting_params)KEN_BOOSTING_DEFAULTS,
    .params_size = sizeof(ken_boosting_params),
    .attrs = boosting_attrs,
    .estimator = &boosting_estimator,
    .doc = "Small trees, each fitted to what the ones before it still get wrong. The first thing "
           "to try "
           "on a table: needs no scaling, takes categories and missing values as they are. Not for "
           "extrapolation, nor where a straight line says it all.",
    .paper = "Friedman 2001; Chen & Guestrin 2016; Ke et al. 2017",
    .peer = "lightgbm.LGBMClassifier",
};
const ken_desc *const ken_boosting_things[] = {&ken_boosting_desc, NULL};
