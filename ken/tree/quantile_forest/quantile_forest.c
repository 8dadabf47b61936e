/* Quantile regression forests. The trees are those of `forest`; what is new is that each leaf keeps
 * its training rows, as ranks of their targets, so that the weight which the forest gives to each
 * training row can be summed up in the order of the targets.
 *
 * source  Meinshausen 2006, "Quantile regression forests" */
#include "ken/tree/quantile_forest/quantile_forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/quantiles.h"
#include "ken/core/threads.h"
#include "ken/tree/forest_grow.h"
#include "ken/tree/tree_model.h"

enum { QF_SLICE = 2048 }; /* rows whose leaves are looked up in one go */

/* --- fit: rows in the order of their targets, listed by leaf ---------------------------------- */
typedef struct qf_row {
    double y;
    int32_t row;
} qf_row;

static int qf_by_target(const void *a, const void *b) {
    const qf_row *x = a, *y = b;
    if (x->y != y->y) return x->y < y->y ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Ranks of the training rows that weigh something (-1: the others), and the attributes by rank. */
static ken_status qf_rank(ken_ctx *ctx, ken_model *model, const ken_problem *p, int32_t *rank,
                          int64_t *kept) {
    double *target, *weight = NULL;
    qf_row *row;
    int64_t n = 0;
    KEN_TRY(KEN_SCRATCH(ctx, qf_row, p->n_train, &row));
    for (int64_t i = 0; i < p->n_train; i++) {
        rank[i] = -1;
        if (!p->weight || p->weight[i] > 0) row[n++] = (qf_row){p->y[i], (int32_t)i};
    }
    qsort(row, (size_t)n, sizeof *row, qf_by_target);
    KEN_TRY(ken_attr_new(ctx, model, "target", KEN_F64, 1, &n, (void **)&target));
    if (p->weight) KEN_TRY(ken_attr_new(ctx, model, "row_weight", KEN_F64, 1, &n, (void **)&weight));
    for (int64_t r = 0; r < n; r++) {
        rank[row[r].row] = (int32_t)r;
        target[r] = row[r].y;
        if (weight) weight[r] = p->weight[row[r].row];
    }
    *kept = n;
    return KEN_OK;
}

/* leaf[t n + rank]: the leaf of tree t that the row falls into. */
static ken_status qf_leaves(ken_ctx *ctx, const ken_ensemble *e, const ken_problem *p,
                            const int32_t *rank, int64_t n, int32_t *leaf) {
    double *found;
    KEN_TRY(KEN_SCRATCH(ctx, double, (int64_t)QF_SLICE * e->n_trees, &found));
    for (int64_t first = 0; first < p->n_train; first += QF_SLICE) {
        const int64_t rows = KEN_MIN(QF_SLICE, p->n_train - first);
        ken_table *slice;
        KEN_TRY(ken_table_slice(ctx, p->X, first, rows, &slice));
        const ken_status status = ken_ensemble_leaves(ctx, e, slice, found);
        ken_table_free(slice);
        KEN_TRY(status);
        for (int64_t i = 0; i < rows; i++)
            for (int64_t t = 0; rank[first + i] >= 0 && t < e->n_trees; t++)
                leaf[t * n + rank[first + i]] = (int32_t)found[i * e->n_trees + t];
    }
    return KEN_OK;
}

/* Number of leaves before each tree, as an attribute. */
static ken_status qf_count_leaves(ken_ctx *ctx, ken_model *model, const ken_ensemble *e, int64_t **first) {
    const int64_t n = (int64_t)e->n_trees + 1;
    KEN_TRY(ken_attr_new(ctx, model, "leaf_first", KEN_I64, 1, &n, (void **)first));
    for (int32_t t = 0; t < e->n_trees; t++) {
        (*first)[t + 1] = (*first)[t];
        for (int64_t i = e->tree_offset[t]; i < e->tree_offset[t + 1]; i++) (*first)[t + 1] += e->feature[i] < 0;
    }
    return KEN_OK;
}

/* Ranks go up within a leaf, for they are dealt out in their order. */
static ken_status qf_list(ken_ctx *ctx, ken_model *model, const ken_ensemble *e, const int32_t *leaf,
                          int64_t n) {
    const int64_t shape[2] = {e->n_trees, n};
    int64_t *first, *offset, leaves;
    int32_t *row;
    KEN_TRY(qf_count_leaves(ctx, model, e, &first));
    leaves = first[e->n_trees] + 1;
    KEN_TRY(ken_attr_new(ctx, model, "leaf_offset", KEN_I64, 1, &leaves, (void **)&offset));
    KEN_TRY(ken_attr_new(ctx, model, "leaf_row", KEN_I32, 2, shape, (void **)&row));
    for (int64_t t = 0; t < e->n_trees; t++) {
        int64_t *start = offset + first[t];
        for (int64_t r = 0; r < n; r++) start[leaf[t * n + r] + 1]++;
        start[0] = t * n;
        for (int64_t l = 1; l <= first[t + 1] - first[t]; l++) start[l] += start[l - 1];
        for (int64_t r = 0; r < n; r++) row[start[leaf[t * n + r]]++] = (int32_t)r;
        for (int64_t l = first[t + 1] - first[t]; l > 0; l--) start[l] = start[l - 1]; /* they moved on */
        start[0] = t * n;
    }
    return KEN_OK;
}

static ken_status qf_remember(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                              const ken_ensemble *e) {
    int32_t *rank, *leaf;
    int64_t n = 0;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, problem->n_train, &rank));
    KEN_TRY(qf_rank(ctx, model, problem, rank, &n));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n * e->n_trees, &leaf));
    KEN_TRY(qf_leaves(ctx, e, problem, rank, n, leaf));
    return qf_list(ctx, model, e, leaf, n);
}

static ken_status qf_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_quantile_forest_params *p = ken_model_params(model);
    const ken_forest_rules rules = {.name = "forest", /* its trees, draw by draw */
                                    .trees = p->trees,
                                    .bootstrap = p->bootstrap,
                                    .oob = p->oob,
                                    .columns = p->columns,
                                    .column_fraction = p->column_fraction,
                                    .row_fraction = p->row_fraction,
                                    .max_depth = p->max_depth,
                                    .min_leaf_rows = p->min_leaf_rows,
                                    .min_split_rows = p->min_split_rows,
                                    .min_gain = p->min_gain};
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    double level[KEN_QUANTILES_MAX];
    ken_ensemble *e;
    int n;
    KEN_TRY(ken_quantiles_parse(ctx, "quantile_forest", p->quantiles, level, &n));
    KEN_TRY(ken_quantiles_set(ctx, model, level, n));
    KEN_TRY(ken_forest_fit(ctx, model, problem, &rules));
    KEN_TRY(ken_ensemble_open(ctx, model, 1, &e));
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = qf_remember(ctx, model, problem, e);
    ken_scratch_release(ctx, mark);
    ken_ensemble_close(&alloc, e);
    return status;
}

/* --- predict: the weight of each training row, summed up in the order of the targets ---------- */
typedef struct qf_view {
    int64_t n, trees;
    const double *target, *weight; /* (n) ascending; weight NULL: all 1 */
    const int64_t *leaf_first, *leaf_offset;
    const int32_t *leaf_row;
} qf_view;

typedef struct qf_job {
    qf_view v;
    const double *leaf; /* (rows, trees) */
    const double *level;
    int n_levels;
    double *share;  /* (threads, n), all zero between rows */
    uint64_t *bits; /* (threads, words): ranks whose share is not 0; all zero between rows */
    int64_t words;
    double *out; /* (rows, n_levels) */
} qf_job;

/* Shares 1 / (trees * rows of the leaf) of every training row beside x, not yet divided by the trees;
 * returns the trees whose leaf holds a row. */
static double qf_gather(const qf_job *job, const double *leaf, double *share, uint64_t *bits) {
    const qf_view *v = &job->v;
    double trees = 0;
    for (int64_t t = 0; t < v->trees; t++) {
        const int64_t *at = v->leaf_offset + v->leaf_first[t] + (int64_t)leaf[t];
        double total = (double)(at[1] - at[0]);
        if (v->weight) total = 0;
        for (int64_t i = at[0]; v->weight && i < at[1]; i++) total += v->weight[v->leaf_row[i]];
        if (!(total > 0)) continue;
        for (int64_t i = at[0]; i < at[1]; i++) {
            const int32_t r = v->leaf_row[i];
            share[r] += (v->weight ? v->weight[r] : 1) / total;
            bits[r >> 6] |= UINT64_C(1) << (r & 63);
        }
        trees += 1;
    }
    return trees;
}

/* The smallest target up to which the shares reach the level. Sums of shares like 1/3 are off by a few
 * units in the last place, and a level such as 0.5 is often met exactly: hence the slack. */
static void qf_walk(const qf_job *job, double trees, double *share, uint64_t *bits, double *out) {
    double sum = 0, last = (double)NAN;
    int j = 0;
    for (int64_t w = 0; w < job->words; w++) {
        for (uint64_t word = bits[w]; word; word &= word - 1) {
            const int64_t r = w * 64 + __builtin_ctzll(word);
            sum += share[r];
            share[r] = 0;
            last = job->v.target[r];
            while (j < job->n_levels && sum >= trees * (job->level[j] - 1e-10)) out[j++] = last;
        }
        bits[w] = 0;
    }
    while (j < job->n_levels) out[j++] = last;
}

static void qf_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const qf_job *job = arg;
    double *share = job->share + worker * job->v.n;
    uint64_t *bits = job->bits + worker * job->words;
    for (int64_t i = begin; i < end; i++) {
        const double trees = qf_gather(job, job->leaf + i * job->v.trees, share, bits);
        qf_walk(job, trees, share, bits, job->out + i * job->n_levels);
    }
}

static const void *qf_data(const ken_model *model, const char *name) {
    const ken_tensor *t = ken_model_attr(model, name);
    return t ? t->data : NULL;
}

static qf_view qf_view_of(const ken_model *model) {
    return (qf_view){.n = ken_model_attr(model, "target")->shape[0],
                     .trees = ken_model_attr(model, "tree_output")->shape[0],
                     .target = qf_data(model, "target"),
                     .weight = qf_data(model, "row_weight"),
                     .leaf_first = qf_data(model, "leaf_first"),
                     .leaf_offset = qf_data(model, "leaf_offset"),
                     .leaf_row = qf_data(model, "leaf_row")};
}

static ken_status qf_quantiles(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                               const double *level, int n_levels, double *out) {
    const int threads = ken_ctx_threads(ctx);
    const int64_t n = ken_table_rows(X);
    qf_job job = {.v = qf_view_of(model), .level = level, .n_levels = n_levels};
    double *leaf;
    job.words = (job.v.n + 63) / 64;
    KEN_TRY(KEN_SCRATCH(ctx, double, threads * job.v.n, &job.share));
    KEN_TRY(KEN_SCRATCH(ctx, uint64_t, threads * job.words, &job.bits));
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MIN(n, QF_SLICE) * job.v.trees, &leaf));
    memset(job.share, 0, (size_t)(threads * job.v.n) * sizeof(double));
    memset(job.bits, 0, (size_t)(threads * job.words) * sizeof(uint64_t));
    job.leaf = leaf;
    for (int64_t first = 0; first < n; first += QF_SLICE) {
        const int64_t rows = KEN_MIN(QF_SLICE, n - first);
        ken_table *slice;
        KEN_TRY(ken_table_slice(ctx, X, first, rows, &slice));
        const ken_status status = ken_ensemble_leaves(ctx, ken_model_state(model), slice, leaf);
        ken_table_free(slice);
        KEN_TRY(status);
        job.out = out + first * n_levels;
        KEN_TRY(ken_parallel(ctx, rows, 16, qf_rows, &job));
    }
    return KEN_OK;
}

static bool qf_is_median(const ken_model *model) {
    return ((const ken_quantile_forest_params *)ken_model_params(model))->value == 1;
}

static int64_t qf_width(const ken_model *model, ken_what what) {
    int q;
    ken_model_quantiles(model, &q);
    if (what == KEN_WHAT_QUANTILES) return q;
    if (what == KEN_WHAT_INTERVAL) return q > 1 ? 2 : 0;
    return ken_tree_model_width(model, what);
}

static ken_status qf_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X, ken_what what,
                             double *out) {
    static const double median = 0.5;
    int q;
    const double *level = ken_model_quantiles(model, &q);
    if (what == KEN_WHAT_QUANTILES) return qf_quantiles(ctx, model, X, level, q, out);
    if (what == KEN_WHAT_INTERVAL)
        return qf_quantiles(ctx, model, X, (const double[]){level[0], level[q - 1]}, 2, out);
    if (what == KEN_WHAT_VALUE && qf_is_median(model)) return qf_quantiles(ctx, model, X, &median, 1, out);
    return ken_tree_model_predict(ctx, model, X, what, out);
}

/* --- open: a file may be hostile --------------------------------------------------------------- */
static bool qf_has(const ken_model *model, const char *name, int ndim, int64_t n0, int64_t n1) {
    const ken_tensor *t = ken_model_attr(model, name);
    return t && t->ndim == ndim && t->shape[0] == n0 && (ndim == 1 || t->shape[1] == n1) &&
           ken_tensor_is_contiguous(t);
}

/* The leaves are those of the trees, and every tree deals out its own n places. */
static bool qf_sound_leaves(const qf_view *v, const ken_ensemble *e) {
    for (int64_t t = 0; t < v->trees; t++) {
        int64_t leaves = 0;
        for (int64_t i = e->tree_offset[t]; i < e->tree_offset[t + 1]; i++) leaves += e->feature[i] < 0;
        if (v->leaf_first[t + 1] - v->leaf_first[t] != leaves || v->leaf_offset[v->leaf_first[t]] != t * v->n)
            return false;
    }
    const int64_t leaves = v->leaf_first[v->trees];
    for (int64_t l = 0; l < leaves; l++)
        if (v->leaf_offset[l] > v->leaf_offset[l + 1]) return false;
    return v->leaf_offset[leaves] == v->trees * v->n;
}

static bool qf_sound_rows(const qf_view *v) {
    for (int64_t r = 0; r < v->n; r++) {
        if (!isfinite(v->target[r]) || (r && v->target[r] < v->target[r - 1])) return false;
        if (v->weight && !(v->weight[r] > 0 && isfinite(v->weight[r]))) return false;
    }
    for (int64_t i = 0; i < v->trees * v->n; i++)
        if (v->leaf_row[i] < 0 || v->leaf_row[i] >= v->n) return false;
    return true;
}

static bool qf_sound(const ken_model *model, const ken_ensemble *e) {
    const ken_tensor *target = ken_model_attr(model, "target"), *first = ken_model_attr(model, "leaf_first");
    const int64_t trees = e->n_trees;
    if (!target || target->ndim != 1 || target->shape[0] < 1 || target->shape[0] > INT32_MAX) return false;
    const int64_t n = target->shape[0];
    if (!qf_has(model, "leaf_first", 1, trees + 1, 0) || !qf_has(model, "leaf_row", 2, trees, n)) return false;
    const int64_t *at = first->data;
    if (at[0] != 0) return false;
    for (int64_t t = 0; t < trees; t++)
        if (at[t + 1] < at[t] || at[t + 1] > e->n_nodes) return false;
    if (!qf_has(model, "leaf_offset", 1, at[trees] + 1, 0)) return false;
    if (ken_model_attr(model, "row_weight") && !qf_has(model, "row_weight", 1, n, 0)) return false;
    const qf_view v = qf_view_of(model);
    return qf_sound_leaves(&v, e) && qf_sound_rows(&v) &&
           (ken_model_quantiles(model, NULL) || qf_has(model, "quantiles", 1, 0, 0));
}

static ken_status qf_open(ken_ctx *ctx, ken_model *model, void **state) {
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    KEN_TRY(ken_tree_model_open(ctx, model, state));
    if (qf_sound(model, *state)) return KEN_OK;
    ken_tree_model_close(&alloc, *state);
    *state = NULL;
    return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "quantile_forest: the rows of its leaves are not sound");
}

/* --- descriptor --------------------------------------------------------------------------------- */
static ken_status qf_check(ken_ctx *ctx, const void *params) {
    const ken_quantile_forest_params *p = params;
    return ken_quantiles_parse(ctx, "quantile_forest", p->quantiles, NULL, NULL);
}

static const char *const qf_values[] = {"mean", "median", NULL};
static const ken_param qf_params[] = {
    KEN_ROW_TEXT(ken_quantile_forest_params, quantiles,
                 .doc = "levels of the quantiles, ascending, apart by '|'; the outer two are the interval"),
    KEN_ROW_CHOICE(ken_quantile_forest_params, value, qf_values, .doc = "what stands for the target"),
    KEN_FOREST_TREES_ROW(ken_quantile_forest_params),
    KEN_FOREST_SHAPE_ROWS(ken_quantile_forest_params),
    KEN_FOREST_OOB_ROW(ken_quantile_forest_params),
    {0}};

static const ken_attr qf_attrs[] = {
    KEN_ENSEMBLE_ATTRS,
    {"quantiles", KEN_F64, "q", "levels of the quantiles"},
    {"target", KEN_F64, "n", "targets of the training rows, ascending; a row's place is its rank"},
    {"row_weight", KEN_F64, "n", "weights by rank; only where rows were weighted"},
    {"leaf_first", KEN_I64, "trees+1", "first leaf of each tree among all leaves"},
    {"leaf_offset", KEN_I64, "leaves+1", "where the rows of each leaf begin in leaf_row"},
    {"leaf_row", KEN_I32, "trees,n", "ranks of the training rows, leaf by leaf"},
    {"oob_score", KEN_F64, "", "R squared of the mean on rows that a tree did not see"},
    {"oob_rows", KEN_I64, "", "rows that some tree did not see"},
    {0}};

static const ken_estimator qf_estimator = {.fit = qf_fit,
                                           .width = qf_width,
                                           .gives = KEN_TREE_MODEL_GIVES | KEN_GIVES(INTERVAL) | KEN_GIVES(QUANTILES),
                                           .predict = qf_predict,
                                           .open = qf_open,
                                           .close = ken_tree_model_close};

const ken_desc ken_quantile_forest_desc = {
    .name = "quantile_forest",
    .title = "Quantile regression forest",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_WEIGHTS | KEN_TAG_RANDOM,
    .params = qf_params,
    .defaults = &(const ken_quantile_forest_params)KEN_QUANTILE_FOREST_DEFAULTS,
    .params_size = sizeof(ken_quantile_forest_params),
    .check = qf_check,
    .attrs = qf_attrs,
    .estimator = &qf_estimator,
    .doc = "A random forest that keeps the training targets of its leaves and gives quantiles of the "
           "target at a row: how far it may be from the mean, on which side, and where the spread "
           "changes. One fit serves all levels, and they never cross. The model keeps four bytes a "
           "training row and tree; boosting with quantile loss is smaller.",
    .paper = "Meinshausen 2006, JMLR 7, 'Quantile regression forests'",
    .peer = "quantile_forest.RandomForestQuantileRegressor",
};

const ken_desc *const ken_quantile_forest_things[] = {&ken_quantile_forest_desc, NULL};
