/* Isolation forests. A tree parts a few hundred rows by cuts at random; where a row ends says how strange it
 * is. Its leaves keep -(path length) / c(sample), so that the mean over the trees is the exponent of the score,
 * and prediction, leaves and TreeSHAP are those of all tree models.
 *
 * A tree is grown twice by the same draws: once to count its nodes, once into its place.
 *
 * source  Liu, Ting & Zhou 2008, "Isolation forest" */
#include "ken/anomaly/isolation_forest/isolation_forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/core/threads.h"
#include "ken/kernels/elementary.h"
#include "ken/tree/tree_model.h"

#define ISOLATION_EULER 0.57721566490153286061

double ken_isolation_path(int64_t n) {
    double h = 0;
    if (n < 2) return 0;
    if (n > 1000) /* the harmonic number, to the last bit */
        h = ken_log((double)(n - 1)) + ISOLATION_EULER + 0.5 / (double)(n - 1) -
            1 / (12 * (double)(n - 1) * (double)(n - 1));
    for (int64_t i = n - 1; n <= 1000 && i >= 1; i--) h += 1 / (double)i;
    return 2 * h - 2 * (double)(n - 1) / (double)n;
}

/* --- growing ------------------------------------------------------------------------------------ */
typedef struct isolation {
    ken_ctx *ctx;
    const ken_table *X;
    int64_t n, sample, max_depth;
    int d;
    double unit;                /* c(sample) */
    int64_t *nodes, *words;     /* (trees) */
    ken_ensemble_arrays out;    /* filled in the second pass */
    int64_t *first_word;        /* (trees) */
    struct isolation_worker *worker; /* (threads) */
    bool count_only;
} isolation;

typedef struct isolation_worker {
    uint64_t *drawn;  /* (n) bits, all zero between trees */
    int64_t *row;     /* (sample) */
    double *cell;     /* (sample, d) */
    int32_t *order;   /* (sample) places in `cell`, parted node by node */
    int32_t *column;  /* (d) a permutation */
    uint8_t *present, *side; /* (levels) of a category at a node */
} isolation_worker;

/* One tree while it grows. */
typedef struct isolation_tree {
    const isolation *f;
    isolation_worker *w;
    ken_rng rng;
    int64_t first, nodes, word, words; /* first and word: where it stands among all */
} isolation_tree;

typedef struct isolation_cut {
    int32_t column; /* -1: nothing to cut */
    bool set;
    double at;
} isolation_cut;

/* Column j of the rows drawn, into `cell`. */
static void isolation_take(const isolation *f, isolation_worker *w, int j) {
    const ken_column *c = ken_table_column(f->X, j);
    double *cell = w->cell + j;
    if (!c->valid && c->dtype == KEN_F64)
        for (int64_t i = 0; i < f->sample; i++) cell[i * f->d] = ((const double *)c->data)[w->row[i] * c->stride];
    else if (!c->valid && c->dtype == KEN_F32)
        for (int64_t i = 0; i < f->sample; i++)
            cell[i * f->d] = (double)((const float *)c->data)[w->row[i] * c->stride];
    else
        for (int64_t i = 0; i < f->sample; i++) cell[i * f->d] = ken_column_f64(c, w->row[i]);
}

/* Floyd's draw of `sample` out of n rows without replacement. */
static void isolation_draw(const isolation *f, isolation_worker *w, ken_rng *rng) {
    int64_t k = 0;
    for (int64_t j = f->n - f->sample; j < f->n; j++) {
        int64_t r = (int64_t)ken_rng_below(rng, (uint64_t)j + 1);
        if (w->drawn[r >> 6] >> (r & 63) & 1) r = j;
        w->drawn[r >> 6] |= UINT64_C(1) << (r & 63);
        w->row[k++] = r;
    }
    for (int64_t i = 0; i < k; i++) {
        w->drawn[w->row[i] >> 6] = 0;
        w->order[i] = (int32_t)i;
    }
    for (int j = 0; j < f->d; j++) isolation_take(f, w, j);
}

static double isolation_cell(const isolation_tree *t, int32_t i, int32_t column) {
    return t->w->cell[(int64_t)t->w->order[i] * t->f->d + column];
}

/* Levels of a category, 0: numbers. */
static int64_t isolation_levels(const isolation *f, int32_t column) {
    const ken_column *c = ken_table_column(f->X, column);
    return c->dtype == KEN_CATEGORY ? c->text.n : 0;
}

/* Each level that occurs goes left or right by a coin; one at least to each side. Levels that do not occur here
 * are strange: isolation_split sends them to the smaller side. False: fewer than two occur. */
static bool isolation_deal(isolation_tree *t, int32_t begin, int32_t end, int32_t column) {
    isolation_worker *w = t->w;
    const int64_t levels = isolation_levels(t->f, column);
    int64_t occur = 0, left = 0;
    memset(w->present, 0, (size_t)levels);
    for (int32_t i = begin; i < end; i++) {
        const double v = isolation_cell(t, i, column);
        if (v >= 0 && v < (double)levels) w->present[(int64_t)v] = 1;
    }
    for (int64_t l = 0; l < levels; l++) occur += w->present[l];
    while (occur > 1 && (left == 0 || left == occur)) {
        left = 0;
        for (int64_t l = 0; l < levels; l++)
            if (w->present[l]) left += w->side[l] = (uint8_t)(ken_rng_u32(&t->rng) & 1);
    }
    return occur > 1;
}

/* A cut of the column at random between its least and its largest value here. */
static bool isolation_try(isolation_tree *t, int32_t begin, int32_t end, int32_t column, isolation_cut *cut) {
    double low = INFINITY, high = -INFINITY;
    cut->column = column;
    cut->set = isolation_levels(t->f, column) > 0;
    if (cut->set) return isolation_deal(t, begin, end, column);
    for (int32_t i = begin; i < end; i++) {
        const double v = isolation_cell(t, i, column);
        if (v < low) low = v;
        if (v > high) high = v;
    }
    if (!(low < high)) return false;
    const double u = ken_rng_f64(&t->rng);
    cut->at = low * (1 - u) + high * u;
    if (!(cut->at < high)) cut->at = low;
    return true;
}

/* Columns in random order until one can be cut. */
static isolation_cut isolation_choose(isolation_tree *t, int32_t begin, int32_t end) {
    int32_t *column = t->w->column;
    isolation_cut cut = {-1, false, 0};
    for (int32_t j = 0; j < t->f->d; j++) {
        const int32_t k = j + (int32_t)ken_rng_below(&t->rng, (uint64_t)(t->f->d - j)), c = column[k];
        column[k] = column[j], column[j] = c;
        if (isolation_try(t, begin, end, c, &cut)) return cut;
    }
    cut.column = -1;
    return cut;
}

static bool isolation_missing(const isolation_tree *t, const isolation_cut *cut, double v) {
    return isnan(v) || (cut->set && !(v >= 0 && v < (double)isolation_levels(t->f, cut->column)));
}

static bool isolation_left(const isolation_tree *t, const isolation_cut *cut, double v) {
    return cut->set ? t->w->side[(int64_t)v] != 0 : v <= cut->at;
}

/* Rows to the left in front; missing cells follow the larger side. Gives the first to the right. */
static int32_t isolation_part(isolation_tree *t, int32_t begin, int32_t end, const isolation_cut *cut, bool *missing_left) {
    int32_t left = 0, right = 0, at = begin;
    for (int32_t i = begin; i < end; i++) {
        const double v = isolation_cell(t, i, cut->column);
        if (!isolation_missing(t, cut, v)) *(isolation_left(t, cut, v) ? &left : &right) += 1;
    }
    *missing_left = left >= right;
    for (int32_t i = begin; i < end; i++) {
        const double v = isolation_cell(t, i, cut->column);
        if (!(isolation_missing(t, cut, v) ? *missing_left : isolation_left(t, cut, v))) continue;
        const int32_t row = t->w->order[i];
        t->w->order[i] = t->w->order[at], t->w->order[at++] = row;
    }
    return at;
}

/* The set of levels that go left, into the arrays of the ensemble. */
static void isolation_write_set(isolation_tree *t, int64_t i, const isolation_cut *cut, bool larger_left) {
    const int64_t levels = isolation_levels(t->f, cut->column), words = (levels + 31) / 32;
    const ken_ensemble_arrays *a = &t->f->out;
    if (!t->f->count_only) {
        a->category[i] = (int32_t)(t->word + t->words);
        a->category_words[i] = (int32_t)words;
        for (int64_t l = 0; l < levels; l++)
            if (t->w->present[l] ? t->w->side[l] : !larger_left)
                a->category_bits[t->word + t->words + l / 32] |= (int32_t)(UINT32_C(1) << (l % 32));
    }
    t->words += words;
}

/* Grows the node of the rows [begin, end) and all below it; gives the sum of -(path) / c over its rows. */
static double isolation_grow(isolation_tree *t, int32_t begin, int32_t end, int64_t depth) {
    const isolation *f = t->f;
    const ken_ensemble_arrays *a = &f->out;
    const int64_t self = t->nodes++, i = t->first + self;
    const double rows = end - begin;
    isolation_cut cut = {-1, false, 0};
    bool missing_left = false;
    double sum;
    if (end - begin > 1 && depth < f->max_depth) cut = isolation_choose(t, begin, end);
    if (cut.column < 0) {
        const double path = f->sample > 1 ? (double)depth + ken_isolation_path(end - begin) : f->unit;
        sum = -rows * path / f->unit;
    } else {
        const int32_t middle = isolation_part(t, begin, end, &cut, &missing_left);
        if (!f->count_only) a->category[i] = -1;
        if (cut.set) isolation_write_set(t, i, &cut, missing_left);
        const int64_t left = t->nodes;
        sum = isolation_grow(t, begin, middle, depth + 1);
        const int64_t right = t->nodes;
        sum += isolation_grow(t, middle, end, depth + 1);
        if (!f->count_only) a->left[i] = (int32_t)left, a->right[i] = (int32_t)right;
    }
    if (f->count_only) return sum;
    if (cut.column < 0) a->category[i] = -1;
    a->feature[i] = cut.column;
    a->threshold[i] = cut.set ? 0 : cut.at;
    a->missing_left[i] = missing_left;
    a->value[i] = sum / rows;
    a->cover[i] = rows;
    return sum;
}

static void isolation_some(void *arg, int64_t begin, int64_t end, int worker) {
    const isolation *f = arg;
    for (int64_t k = begin; k < end; k++) {
        isolation_tree t = {.f = f, .w = &f->worker[worker]};
        ken_rng rows = ken_rng_stream(f->ctx, "isolation_forest.rows", (uint64_t)k);
        t.rng = ken_rng_stream(f->ctx, "isolation_forest.cuts", (uint64_t)k);
        if (!f->count_only) t.first = f->out.tree_offset[k], t.word = f->first_word[k];
        for (int32_t j = 0; j < f->d; j++) t.w->column[j] = j;
        isolation_draw(f, t.w, &rows);
        (void)isolation_grow(&t, 0, (int32_t)f->sample, 0);
        f->nodes[k] = t.nodes, f->words[k] = t.words;
    }
}

/* --- fit ---------------------------------------------------------------------------------------- */
static ken_status isolation_workers(ken_ctx *ctx, isolation *f) {
    const int threads = ken_ctx_threads(ctx);
    const int64_t bits = (f->n + 63) / 64;
    int64_t levels = 1;
    for (int32_t j = 0; j < f->d; j++) levels = KEN_MAX(levels, isolation_levels(f, j));
    KEN_TRY(KEN_SCRATCH(ctx, isolation_worker, threads, &f->worker));
    for (int i = 0; i < threads; i++) {
        isolation_worker *w = &f->worker[i];
        KEN_TRY(KEN_SCRATCH(ctx, uint64_t, bits, &w->drawn));
        KEN_TRY(KEN_SCRATCH(ctx, int64_t, f->sample, &w->row));
        KEN_TRY(KEN_SCRATCH(ctx, double, f->sample * f->d, &w->cell));
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, f->sample, &w->order));
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, f->d, &w->column));
        KEN_TRY(KEN_SCRATCH(ctx, uint8_t, levels, &w->present));
        KEN_TRY(KEN_SCRATCH(ctx, uint8_t, levels, &w->side));
        memset(w->drawn, 0, (size_t)bits * sizeof *w->drawn);
    }
    return KEN_OK;
}

static ken_status isolation_grow_all(ken_ctx *ctx, ken_model *model, int64_t trees, isolation *f) {
    int64_t nodes = 0, words = 0;
    KEN_TRY(isolation_workers(ctx, f));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, trees, &f->nodes));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, trees, &f->words));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, trees, &f->first_word));
    f->count_only = true;
    KEN_TRY(ken_parallel(ctx, trees, 1, isolation_some, f));
    for (int64_t t = 0; t < trees; t++) nodes += f->nodes[t], f->first_word[t] = words, words += f->words[t];
    if (words > INT32_MAX)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "take fewer trees or smaller samples",
                        "isolation_forest: the sets of levels take %lld words", (long long)words);
    KEN_TRY(ken_ensemble_new_arrays(ctx, model, trees, nodes, words, 1, 1, &f->out));
    for (int64_t t = 0; t < trees; t++) f->out.tree_offset[t + 1] = f->out.tree_offset[t] + f->nodes[t];
    f->count_only = false;
    return ken_parallel(ctx, trees, 1, isolation_some, f);
}

static int isolation_by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void isolation_score(double *out, int64_t n) {
    for (int64_t i = 0; i < n; i++) out[i] = ken_exp2(out[i]);
}

/* The scores of the training rows, a share of which lies above the threshold: their (1 - contamination) quantile,
 * between two scores by their distance. */
static ken_status isolation_threshold(ken_ctx *ctx, const ken_model *model, const ken_table *X, double contamination,
                                      double *out) {
    const int64_t n = ken_table_rows(X);
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    double *score;
    ken_ensemble *e;
    *out = 0.5;
    if (contamination <= 0) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &score));
    KEN_TRY(ken_ensemble_open(ctx, model, 1, &e));
    const ken_status status = ken_ensemble_margin(ctx, e, X, score);
    for (int64_t i = 0; status == KEN_OK && i < n; i++) score[i] /= e->n_trees;
    ken_ensemble_close(&alloc, e);
    KEN_TRY(status);
    isolation_score(score, n);
    qsort(score, (size_t)n, sizeof *score, isolation_by_value);
    const double at = (double)(n - 1) * (1 - contamination);
    const int64_t below = KEN_MIN((int64_t)at, n - 1), above = KEN_MIN(below + 1, n - 1);
    *out = score[below] + (at - (double)below) * (score[above] - score[below]);
    return KEN_OK;
}

static ken_status isolation_run(ken_ctx *ctx, ken_model *model, const ken_table *X) {
    const ken_isolation_forest_params *p = ken_model_params(model);
    isolation f = {.ctx = ctx, .X = X, .n = ken_table_rows(X), .d = ken_table_cols(X), .max_depth = p->max_depth};
    double threshold;
    if (f.n > INT32_MAX)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "train on a sample of the rows", "isolation_forest: %lld rows are too many",
                        (long long)f.n);
    f.sample = KEN_MIN(f.n, p->sample_rows);
    f.unit = f.sample > 1 ? ken_isolation_path(f.sample) : 1;
    for (int64_t rows = 1; p->max_depth == 0 && rows < f.sample; rows *= 2) f.max_depth++;
    KEN_TRY(isolation_grow_all(ctx, model, p->trees, &f));
    KEN_TRY(isolation_threshold(ctx, model, X, p->contamination, &threshold));
    KEN_TRY(ken_attr_set_f64(ctx, model, "outlier_threshold", threshold));
    return ken_attr_set_i64(ctx, model, "sample", f.sample);
}

static ken_status isolation_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_table *rows;
    KEN_TRY(ken_table_slice(ctx, problem->X, 0, problem->n_train, &rows));
    const ken_status status = isolation_run(ctx, model, rows);
    ken_table_free(rows);
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- predict ------------------------------------------------------------------------------------ */
static ken_status isolation_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X, ken_what what,
                                    double *out) {
    if (what != KEN_WHAT_VALUE) return ken_tree_model_predict(ctx, model, X, what, out);
    KEN_TRY(ken_tree_model_predict(ctx, model, X, KEN_WHAT_MARGIN, out));
    isolation_score(out, ken_table_rows(X));
    return KEN_OK;
}

static ken_status isolation_open(ken_ctx *ctx, ken_model *model, void **state) {
    const double threshold = ken_model_attr_f64(model, "outlier_threshold", (double)NAN);
    if (!(threshold >= 0 && threshold <= 1))
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "isolation_forest: its threshold is not sound");
    return ken_tree_model_open(ctx, model, state);
}

/* --- descriptor --------------------------------------------------------------------------------- */
static const ken_param isolation_params[] = {
    KEN_ROW_I64(ken_isolation_forest_params, trees, .min = 1, .max = 1e6, .lo = 50, .hi = 1000, .scale = KEN_LOG_SCALE,
                .doc = "number of trees; the score varies less with more"),
    KEN_ROW_I64(ken_isolation_forest_params, sample_rows, .min = 2, .max = 1e8, .lo = 64, .hi = 4096,
                .scale = KEN_LOG_SCALE, .unit = "rows",
                .doc = "rows drawn for a tree; few, so that outliers are not hidden by others beside them"),
    KEN_ROW_I64(ken_isolation_forest_params, max_depth, .min = 0, .max = 1000, .unit = "splits",
                .doc = "longest path; 0: log2 of the rows drawn, beyond which rows are not strange"),
    KEN_ROW_F64(ken_isolation_forest_params, contamination, .min = 0, .max = 0.5,
                .doc = "share of outliers among the training rows, which sets the threshold; 0: it is 0.5"),
    {0}};

static const ken_attr isolation_attrs[] = {KEN_ENSEMBLE_ATTRS,
                                           {"outlier_threshold", KEN_F64, "", "a row of a larger score is an outlier"},
                                           {"sample", KEN_I64, "", "rows that each tree was grown on"},
                                           {0}};

static const ken_estimator isolation_estimator = {.fit = isolation_fit,
                                                  .width = ken_tree_model_width,
                                                  .gives = KEN_TREE_MODEL_GIVES,
                                                  .predict = isolation_predict,
                                                  .open = isolation_open,
                                                  .close = ken_tree_model_close};

const ken_desc ken_isolation_forest_desc = {
    .name = "isolation_forest",
    .title = "Isolation forest",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_DETECT,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_RANDOM,
    .params = isolation_params,
    .defaults = &(const ken_isolation_forest_params)KEN_ISOLATION_FOREST_DEFAULTS,
    .params_size = sizeof(ken_isolation_forest_params),
    .attrs = isolation_attrs,
    .estimator = &isolation_estimator,
    .doc = "Finds outliers without a target: trees of random cuts part strange rows from the others after a few "
           "steps. The score lies between 0 and 1; 0.5 is nothing special, near 1 an outlier. Fast for any number "
           "of rows, for each tree sees 256. Cuts run along the columns, so what is strange only in how columns go "
           "together is found late.",
    .paper = "Liu, Ting & Zhou 2008 (ICDM), 'Isolation forest'",
    .peer = "sklearn.ensemble.IsolationForest",
};

const ken_desc *const ken_isolation_forest_things[] = {&ken_isolation_forest_desc, NULL};
