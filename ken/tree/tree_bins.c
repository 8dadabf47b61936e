/* Choosing bins and turning columns into codes. Not here: histograms (kernels/isa/hist.c) and
 * trees. The search of a code stands in kernels/isa/hist.c, too (bin_f64, bin_f32). */
#include "ken/tree/tree_bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/core/threads.h"
#include "ken/kernels/kernels.h"

enum { TREE_BINS_BLOCK = 1024, TREE_BINS_SLOTS = 1024, TREE_BINS_GROUP = 4 };

/* A small set of keys; full once it holds more than `limit`. */
typedef struct tree_bins_set {
    uint64_t slot[TREE_BINS_SLOTS]; /* 0: empty (no key is 0: that would be a NaN) */
    int count;
} tree_bins_set;

typedef struct tree_bins_work { /* one worker's memory */
    tree_bins_set *set;         /* (group) */
    double *value;              /* (group, n_sample) the sample */
    uint64_t *key, *key2;       /* sample of a column, sorted as integers */
    double *weight, *weight2;
} tree_bins_work;

typedef struct tree_bins_level {
    double weight;
    int32_t level;
} tree_bins_level;

typedef struct tree_bins_job {
    const ken_table *X;
    const double *weight;
    int64_t n;
    int max_bins, group; /* columns that are read together */
    const int64_t *sample; /* rows, NULL: all */
    int64_t n_sample;
    ken_bins *bins;
    tree_bins_work *work;
    tree_bins_level *levels; /* of all category columns, at level_first */
    const int64_t *level_first;
} tree_bins_job;

/* --- numbers as sortable integers ---------------------------------------------------------------
 */

static uint64_t tree_bins_key(double x) {
    uint64_t u;
    x += 0.0; /* -0 and 0 are one value */
    memcpy(&u, &x, sizeof u);
    return u >> 63 ? ~u : u | UINT64_C(1) << 63;
}

static double tree_bins_value(uint64_t key) {
    double x;
    key = key >> 63 ? key ^ UINT64_C(1) << 63 : ~key;
    memcpy(&x, &key, sizeof x);
    return x;
}

/* Stable radix sort by digits of 11 bits; digits in which all keys agree cost one look. */
static void tree_bins_sort(tree_bins_work *w, int64_t n, bool weighted) {
    uint32_t count[6][2048];
    memset(count, 0, sizeof count);
    for (int64_t i = 0; i < n; i++)
        for (int p = 0; p < 6; p++) count[p][w->key[i] >> (11 * p) & 2047]++;
    for (int p = 0; p < 6; p++) {
        if (n == 0 || count[p][w->key[0] >> (11 * p) & 2047] == n) continue;
        uint32_t at = 0;
        for (int c = 0; c < 2048; c++) {
            const uint32_t here = count[p][c];
            count[p][c] = at;
            at += here;
        }
        for (int64_t i = 0; i < n; i++) {
            const uint32_t to = count[p][w->key[i] >> (11 * p) & 2047]++;
            w->key2[to] = w->key[i];
            if (weighted) w->weight2[to] = w->weight[i];
        }
        uint64_t *const key = w->key;
        w->key = w->key2;
        w->key2 = key;
        double *const weight = w->weight;
        w->weight = w->weight2;
        w->weight2 = weight;
    }
}

/* --- distinct values ----------------------------------------------------------------------------
 */

static void tree_bins_set_add(tree_bins_set *set, uint64_t key) {
    uint32_t h = (uint32_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 54);
    while (set->slot[h] && set->slot[h] != key) h = (h + 1) % TREE_BINS_SLOTS;
    set->count += set->slot[h] == 0;
    set->slot[h] = key;
}

/* Rows [i, i + m) of a column, x: is any missing, and which values are there, up to max_bins. */
static void tree_bins_look(const tree_bins_job *job, const double *x, int64_t i, int64_t m,
                           bool *missing, tree_bins_set *set) {
    const double *const weight = job->weight ? job->weight + i : NULL;
    bool lacks = false;
    for (int64_t r = 0; !*missing && r < m; r++)
        lacks |= (x[r] != x[r]) & (!weight || weight[r] > 0);
    *missing |= lacks;
    uint64_t last = 0;
    for (int64_t r = 0; r < m && set->count <= job->max_bins; r++) {
        if (isnan(x[r]) || (weight && !(weight[r] > 0))) continue;
        const uint64_t key = tree_bins_key(x[r]);
        if (key != last) tree_bins_set_add(set, key);
        last = key;
    }
}

/* One pass over the numeric ones of columns [begin, end), together, since a row's numbers may be
 * neighbors: what each has, and its sample. */
static void tree_bins_read(const tree_bins_job *job, int64_t begin, int64_t end,
                           tree_bins_work *w) {
    double x[TREE_BINS_BLOCK];
    int64_t drawn = 0;
    memset(w->set, 0, (size_t)(end - begin) * sizeof *w->set);
    for (int64_t i = 0; i < job->n; i += TREE_BINS_BLOCK) {
        const int64_t m = KEN_MIN(TREE_BINS_BLOCK, job->n - i), first = drawn;
        drawn = job->sample ? drawn : i + m;
        while (drawn < job->n_sample && job->sample && job->sample[drawn] < i + m) drawn++;
        for (int64_t j = begin; j < end; j++) {
            ken_bin_feature *const f = &job->bins->feature[j];
            double *const value = w->value + (j - begin) * job->n_sample;
            if (f->category) continue;
            ken_column_gather(ken_table_column(job->X, (int)j), i, m, x, 1);
            tree_bins_look(job, x, i, m, &f->has_missing, &w->set[j - begin]);
            for (int64_t s = first; s < drawn; s++)
                value[s] = x[job->sample ? job->sample[s] - i : s - i];
        }
    }
}

/* A threshold that separates a < b: a <= t < b. */
static double tree_bins_between(double a, double b) {
    const double t = a / 2 + b / 2;
    return t >= a && t < b ? t : a;
}

/* Present values of the sample, sorted; returns how many. */
static int64_t tree_bins_draw(const tree_bins_job *job, const double *value, tree_bins_work *w) {
    int64_t m = 0;
    for (int64_t i = 0; i < job->n_sample; i++) {
        const double weight = job->weight ? job->weight[job->sample ? job->sample[i] : i] : 1.0;
        if (isnan(value[i]) || !(weight > 0)) continue;
        if (job->weight) w->weight[m] = weight;
        w->key[m++] = tree_bins_key(value[i]);
    }
    tree_bins_sort(w, m, job->weight != NULL);
    return m;
}

/* Collapse sorted keys to distinct values with their weights (in place); returns how many. */
static int64_t tree_bins_distinct(tree_bins_work *w, int64_t m, bool weighted, double *total) {
    int64_t k = 0;
    *total = 0;
    for (int64_t i = 0; i < m; k++) {
        const uint64_t key = w->key[i];
        double sum = 0;
        for (; i < m && w->key[i] == key; i++) sum += weighted ? w->weight[i] : 1.0;
        w->key[k] = key;
        w->weight[k] = sum;
        *total += sum;
    }
    return k;
}

/* Bins of about equal weight: a value heavier than its share has a bin of its own, the others share
 * what is left. Closes a bin when it is full, or half full before a heavy value. */
static int tree_bins_cut(const tree_bins_work *w, int64_t k, double total, int max_bins,
                         double *edge) {
    const double share = total / max_bins;
    double rest = total;
    int64_t rest_bins = max_bins;
    for (int64_t i = 0; i < k; i++)
        if (w->weight[i] >= share) {
            rest -= w->weight[i];
            rest_bins--;
        }
    double mean = rest_bins > 0 ? rest / (double)rest_bins : total, filled = 0;
    int n_edges = 0;
    for (int64_t i = 0; i + 1 < k && n_edges < max_bins - 1; i++) {
        const bool heavy = w->weight[i] >= share, next_heavy = w->weight[i + 1] >= share;
        filled += w->weight[i];
        if (!heavy) rest -= w->weight[i];
        if (!heavy && filled < mean && !(next_heavy && filled >= mean * 0.5)) continue;
        edge[n_edges++] =
            tree_bins_between(tree_bins_value(w->key[i]), tree_bins_value(w->key[i + 1]));
        filled = 0;
        if (!heavy && --rest_bins > 0) mean = rest / (double)rest_bins;
    }
    return n_edges;
}

static void tree_bins_numeric(const tree_bins_job *job, const tree_bins_set *set,
                              const double *value, ken_bin_feature *f, tree_bins_work *w,
                              double *edge) {
    f->exact = set->count <= job->max_bins;
    double total = 0;
    int64_t k = 0;
    if (f->exact) {
        for (int s = 0; s < TREE_BINS_SLOTS; s++)
            if (set->slot[s]) w->key[k++] = set->slot[s];
        tree_bins_sort(w, k, false);
    } else {
        const int64_t m = tree_bins_draw(job, value, w);
        k = tree_bins_distinct(w, m, job->weight != NULL, &total);
    }
    int n_edges = 0;
    if (k <= job->max_bins)
        for (int64_t i = 0; i + 1 < k; i++)
            edge[n_edges++] =
                tree_bins_between(tree_bins_value(w->key[i]), tree_bins_value(w->key[i + 1]));
    else
        n_edges = tree_bins_cut(w, k, total, job->max_bins, edge);
    f->edge = edge;
    f->n_bins = k > 0 ? n_edges + 1 : 0;
}

/* --- categories ---------------------------------------------------------------------------------
 */

static int tree_bins_by_weight(const void *a, const void *b) {
    const tree_bins_level *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return x->level < y->level ? -1 : x->level > y->level;
}

static int tree_bins_by_level(const void *a, const void *b) {
    const tree_bins_level *x = a, *y = b;
    return x->level < y->level ? -1 : x->level > y->level;
}

static int32_t tree_bins_code(const ken_column *c, int64_t i) {
    const int32_t code = ((const int32_t *)c->data)[i * c->stride];
    return ken_column_valid(c, i) && code >= 0 && code < c->text.n ? code : -1;
}

static void tree_bins_category(const tree_bins_job *job, const ken_column *c, ken_bin_feature *f,
                               tree_bins_level *level, uint8_t *level_bin) {
    const int32_t n_levels = f->n_levels;
    for (int32_t l = 0; l < n_levels; l++) level[l] = (tree_bins_level){0, l};
    for (int64_t i = 0; i < job->n; i++) {
        const double weight = job->weight ? job->weight[i] : 1.0;
        const int32_t code = tree_bins_code(c, i);
        if (code < 0)
            f->has_missing |= weight > 0;
        else
            level[code].weight += weight;
    }
    int32_t used = 0;
    for (int32_t l = 0; l < n_levels; l++) used += level[l].weight > 0;
    f->exact = used <= job->max_bins;
    f->n_bins = f->exact ? used : job->max_bins;
    memset(level_bin, f->n_bins, (size_t)n_levels);
    qsort(level, (size_t)n_levels, sizeof *level, tree_bins_by_weight);
    const int32_t own = f->exact ? used : job->max_bins - 1;
    qsort(level, (size_t)own, sizeof *level, tree_bins_by_level);
    for (int32_t r = 0; r < used; r++) level_bin[level[r].level] = (uint8_t)KEN_MIN(r, own);
    f->level_bin = level_bin;
}

/* --- fit ----------------------------------------------------------------------------------------
 */

static void tree_bins_fit_block(void *arg, int64_t begin, int64_t end, int worker) {
    const tree_bins_job *const job = arg;
    tree_bins_work *const w = &job->work[worker];
    tree_bins_read(job, begin, end, w);
    for (int64_t j = begin; j < end; j++) {
        ken_bin_feature *const f = &job->bins->feature[j];
        if (f->category)
            tree_bins_category(job, ken_table_column(job->X, (int)j), f,
                               job->levels + job->level_first[j],
                               job->bins->level_memory + job->level_first[j]);
        else
            tree_bins_numeric(job, &w->set[j - begin], w->value + (j - begin) * job->n_sample, f, w,
                              job->bins->edge_memory + j * (job->max_bins - 1));
    }
}

/* One random row of each of KEN_BINS_SAMPLE equal stretches. */
static ken_status tree_bins_rows(ken_ctx *ctx, tree_bins_job *job) {
    job->n_sample = KEN_MIN(job->n, (int64_t)KEN_BINS_SAMPLE);
    if (job->n <= KEN_BINS_SAMPLE) return KEN_OK;
    int64_t *sample;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_BINS_SAMPLE, &sample));
    ken_rng rng = ken_rng_stream(ctx, "tree.bins", 0);
    const double step = (double)job->n / KEN_BINS_SAMPLE;
    for (int64_t i = 0; i < KEN_BINS_SAMPLE; i++)
        sample[i] = KEN_MIN((int64_t)(((double)i + ken_rng_f64(&rng)) * step), job->n - 1);
    job->sample = sample;
    return KEN_OK;
}

static ken_status tree_bins_prepare(ken_ctx *ctx, tree_bins_job *job) {
    const int d = job->bins->n_features;
    int64_t *first, n_levels = 0;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, d, &first));
    for (int j = 0; j < d; j++) {
        const ken_column *const c = ken_table_column(job->X, j);
        ken_bin_feature *const f = &job->bins->feature[j];
        if (c->dtype == KEN_STRING)
            return KEN_FAIL(ctx, KEN_E_TYPE, "use a recipe, which turns texts into columns",
                            "bins: column '%s' is a string column; want numbers or categories",
                            c->name);
        f->category = c->dtype == KEN_CATEGORY;
        f->n_levels = f->category ? (int32_t)c->text.n : 0;
        first[j] = n_levels;
        n_levels += f->n_levels;
    }
    job->level_first = first;
    KEN_TRY(tree_bins_rows(ctx, job));
    const int threads = ken_ctx_threads(ctx);
    const int64_t m = KEN_MAX(job->n_sample, (int64_t)KEN_BINS_MAX + 1);
    job->group = KEN_MAX(KEN_MIN(d / threads, TREE_BINS_GROUP), 1);
    KEN_TRY(KEN_SCRATCH(ctx, tree_bins_level, n_levels, &job->levels));
    KEN_TRY(KEN_SCRATCH(ctx, tree_bins_work, threads, &job->work));
    for (int t = 0; t < threads; t++) {
        tree_bins_work *const w = &job->work[t];
        KEN_TRY(KEN_SCRATCH(ctx, tree_bins_set, job->group, &w->set));
        KEN_TRY(KEN_SCRATCH(ctx, double, job->group *job->n_sample, &w->value));
        KEN_TRY(KEN_SCRATCH(ctx, uint64_t, m, &w->key));
        KEN_TRY(KEN_SCRATCH(ctx, uint64_t, m, &w->key2));
        KEN_TRY(KEN_SCRATCH(ctx, double, m, &w->weight));
        KEN_TRY(KEN_SCRATCH(ctx, double, m, &w->weight2));
    }
    KEN_TRY(KEN_ALLOC(ctx, double, d *(int64_t)(job->max_bins - 1), &job->bins->edge_memory));
    return KEN_ALLOC(ctx, uint8_t, n_levels, &job->bins->level_memory);
}

static ken_status tree_bins_run(ken_ctx *ctx, tree_bins_job *job) {
    KEN_TRY(KEN_ALLOC(ctx, ken_bin_feature, job->bins->n_features, &job->bins->feature));
    KEN_TRY(tree_bins_prepare(ctx, job));
    return ken_parallel(ctx, job->bins->n_features, job->group, tree_bins_fit_block, job);
}

ken_status ken_bins_fit(ken_ctx *ctx, const ken_table *X, int64_t n_train, const double *weight,
                        int max_bins, ken_bins **out) {
    *out = NULL;
    if (max_bins < 2 || max_bins > KEN_BINS_MAX)
        return KEN_FAIL(ctx, KEN_E_ARG, "choose max_bins from 2 to 255",
                        "bins: max_bins is %d, allowed are 2 to %d", max_bins, KEN_BINS_MAX);
    ken_bins *bins;
    KEN_TRY(KEN_ALLOC(ctx, ken_bins, 1, &bins));
    bins->n_features = ken_table_cols(X);
    tree_bins_job job = {
        .X = X, .weight = weight, .n = n_train, .max_bins = max_bins, .bins = bins};
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = tree_bins_run(ctx, &job);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) {
        ken_bins_free(ctx, bins);
        return status;
    }
    *out = bins;
    return KEN_OK;
}

void ken_bins_free(ken_ctx *ctx, ken_bins *bins) {
    if (!bins) return;
    ken_free(ctx, bins->feature);
    ken_free(ctx, bins->edge_memory);
    ken_free(ctx, bins->level_memory);
    ken_free(ctx, bins);
}

/* --- apply --------------------------------------------------------------------------------------
 */

typedef struct tree_bins_map {
    const ken_bins *bins;
    const ken_table *X;
    const ken_kernels *k;
    int64_t first;
    uint8_t *out;
    int64_t row_stride, col_stride;
} tree_bins_map;

/* The greatest float that is not above x: for a float v, v > x and v > floor(x) are the same. */
static float tree_bins_floor(double x) {
    const float f = (float)x;
    return (double)f > x ? nextafterf(f, -INFINITY) : f;
}

static void tree_bins_apply_f32(const tree_bins_map *m, const ken_column *c,
                                const ken_bin_feature *f, int64_t begin, int64_t n, uint8_t *out) {
    float edge[256], x[TREE_BINS_BLOCK];
    for (int b = 0; b < 256; b++)
        edge[b] = b < f->n_bins - 1 ? tree_bins_floor(f->edge[b]) : INFINITY;
    const float *data = (const float *)c->data + begin * c->stride;
    if (c->stride != 1) {
        for (int64_t i = 0; i < n; i++) x[i] = data[i * c->stride];
        data = x;
    }
    m->k->bin_f32(data, n, edge, f->n_bins - 1, f->n_bins, out, m->row_stride);
}

static void tree_bins_apply_f64(const tree_bins_map *m, const ken_column *c,
                                const ken_bin_feature *f, int64_t begin, int64_t n, uint8_t *out) {
    double edge[256], x[TREE_BINS_BLOCK];
    for (int b = 0; b < 256; b++) edge[b] = b < f->n_bins - 1 ? f->edge[b] : INFINITY;
    ken_column_gather(c, begin, n, x, 1);
    m->k->bin_f64(x, n, edge, f->n_bins - 1, f->n_bins, out, m->row_stride);
}

static void tree_bins_apply_category(const tree_bins_map *m, const ken_column *c,
                                     const ken_bin_feature *f, int64_t begin, int64_t n,
                                     uint8_t *out) {
    for (int64_t i = 0; i < n; i++) {
        const int32_t code = tree_bins_code(c, begin + i);
        out[i * m->row_stride] =
            code >= 0 && code < f->n_levels ? f->level_bin[code] : (uint8_t)f->n_bins;
    }
}

static void tree_bins_apply_block(void *arg, int64_t begin, int64_t end, int worker) {
    const tree_bins_map *const m = arg;
    (void)worker;
    for (int j = 0; j < m->bins->n_features; j++) {
        const ken_bin_feature *const f = &m->bins->feature[j];
        const ken_column *const c = ken_table_column(m->X, j);
        uint8_t *const out = m->out + begin * m->row_stride + j * m->col_stride;
        const int64_t n = end - begin, row = m->first + begin;
        if (f->n_bins == 0) /* nothing was there in training: whatever comes is missing */
            for (int64_t i = 0; i < n; i++) out[i * m->row_stride] = 0;
        else if (f->category)
            tree_bins_apply_category(m, c, f, row, n, out);
        else if (c->dtype == KEN_F32 && !c->valid)
            tree_bins_apply_f32(m, c, f, row, n, out);
        else
            tree_bins_apply_f64(m, c, f, row, n, out);
    }
}

ken_status ken_bins_apply(ken_ctx *ctx, const ken_bins *bins, const ken_table *X, int64_t first,
                          int64_t n, uint8_t *out, int64_t row_stride, int64_t col_stride) {
    if (ken_table_cols(X) != bins->n_features)
        return KEN_FAIL(ctx, KEN_E_SHAPE, "pass the columns that the bins were made from",
                        "bins: the table has %d columns, the bins %d", ken_table_cols(X),
                        bins->n_features);
    tree_bins_map map = {bins, X, ken_ctx_kernels(ctx), first, out, row_stride, col_stride};
    return ken_parallel(ctx, n, TREE_BINS_BLOCK, tree_bins_apply_block, &map);
}
