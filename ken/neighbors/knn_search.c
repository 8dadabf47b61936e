/* Exact nearest rows by brute force. A block of queries meets a panel of rows, the panel transposed
 * so that its rows lie side by side. For each pair a cheap bound says whether the row can still be
 * among the k nearest; only then its distance is computed, by the definition. So the answer does
 * not depend on how the bound was computed: the kernels make it fast, the definition makes it
 * exact. */
#include "ken/neighbors/knn_search.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/kernels/kernels.h"

#define KNN_QUERIES 64              /* at most, in a block */
#define KNN_PANEL 128               /* rows; a multiple of KEN_LANES */
#define KNN_HEAP (INT64_C(1) << 19) /* neighbors that a worker keeps at most, but for one query */

void ken__knn_unit(double *x, int64_t d) {
    double top = 0, sum = 0;
    for (int64_t j = 0; j < d; j++) top = KEN_MAX(top, fabs(x[j]));
    if (!(top > 0)) return;
    for (int64_t j = 0; j < d; j++) x[j] /= top;
    for (int64_t j = 0; j < d; j++) sum += x[j] * x[j];
    const double length = sqrt(sum);
    for (int64_t j = 0; j < d; j++) x[j] /= length;
}

void ken__knn_squares(const double *X, int64_t n, int64_t d, double *square) {
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < d; j++) sum += X[i * d + j] * X[i * d + j];
        square[i] = sum;
    }
}

/* --- distances by definition ------------------------------------------------------------------ */

/* sqrt of the sum of squares. Where squares leave the range of doubles, in units of the largest. */
static double knn_euclidean(const double *a, const double *b, int64_t d) {
    double sum = 0, top = 0;
    for (int64_t j = 0; j < d; j++) sum += (a[j] - b[j]) * (a[j] - b[j]);
    if (sum >= 1e-280 && sum <= DBL_MAX) return sqrt(sum);
    for (int64_t j = 0; j < d; j++) top = KEN_MAX(top, fabs(a[j] - b[j]));
    if (top == 0 || isinf(top)) return top;
    sum = 0;
    for (int64_t j = 0; j < d; j++) {
        const double part = (a[j] - b[j]) / top;
        sum += part * part;
    }
    return top * sqrt(sum);
}

/* 1 - cos = |a - b|^2 / 2 for rows of length 1, to its own digits and 0 for equal rows. A row of
 * zeros has no direction: its distance is 1 to every row. */
static double knn_cosine(const double *a, const double *b, int64_t d) {
    double sum = 0, aa = 0, bb = 0;
    for (int64_t j = 0; j < d; j++) {
        sum += (a[j] - b[j]) * (a[j] - b[j]);
        aa += a[j] * a[j];
        bb += b[j] * b[j];
    }
    return aa > 0 && bb > 0 ? KEN_MIN(sum / 2, 2.0) : 1.0;
}

double ken__knn_distance(ken_knn_metric metric, const double *a, const double *b, int64_t d) {
    double out = 0;
    if (metric == KEN_KNN_METRIC_EUCLIDEAN) return knn_euclidean(a, b, d);
    if (metric == KEN_KNN_METRIC_COSINE) return knn_cosine(a, b, d);
    if (metric == KEN_KNN_METRIC_MANHATTAN)
        for (int64_t j = 0; j < d; j++) out += fabs(a[j] - b[j]);
    else
        for (int64_t j = 0; j < d; j++) out = KEN_MAX(out, fabs(a[j] - b[j]));
    return out;
}

/* --- the k nearest so far: a heap with the worst on top --------------------------------------- */
static bool knn_worse(double da, int64_t ia, double db, int64_t ib) {
    return da > db || (da == db && ia > ib);
}

static void knn_sink(double *dist, int64_t *idx, int64_t n, double d, int64_t i) {
    int64_t at = 0;
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= n) break;
        if (child + 1 < n && knn_worse(dist[child + 1], idx[child + 1], dist[child], idx[child]))
            child++;
        if (!knn_worse(dist[child], idx[child], d, i)) break;
        dist[at] = dist[child], idx[at] = idx[child];
        at = child;
    }
    dist[at] = d, idx[at] = i;
}

static void knn_heap_sort(double *dist, int64_t *idx, int64_t n) {
    for (int64_t last = n - 1; last > 0; last--) {
        const double d = dist[last];
        const int64_t i = idx[last];
        dist[last] = dist[0], idx[last] = idx[0];
        knn_sink(dist, idx, last, d, i);
    }
}

/* --- a block of queries against all rows ------------------------------------------------------ */
typedef struct knn_job {
    const ken_kernels *kernels;
    const ken_knn_rows *rows;
    const ken_table *X;
    int64_t k, block, per_worker; /* queries a block; doubles of scratch a worker */
    double *scratch;
    int64_t *idx;
    ken_knn_found_fn found;
    void *arg;
} knn_job;

typedef struct knn_block {
    const knn_job *job;
    int64_t n;                             /* queries */
    double *Q, *QT, *panel, *score, *dist; /* (n, d), (d, n), (d, PANEL), (n, PANEL), (n, k) */
    double *square;                        /* (n) of the queries */
    int64_t *idx;                          /* (n, k) */
} knn_block;

static void knn_pack_panel(const knn_block *b, int64_t first, int64_t n) {
    const ken_knn_rows *rows = b->job->rows;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < rows->d; j++)
            b->panel[j * KNN_PANEL + i] = rows->X[(first + i) * rows->d + j];
    for (int64_t j = 0; j < rows->d && n < KNN_PANEL; j++)
        memset(b->panel + j * KNN_PANEL + n, 0, (size_t)(KNN_PANEL - n) * sizeof *b->panel);
}

/* score = q . x - |x|^2 / 2: the larger, the nearer. */
static void knn_score_products(const knn_block *b, int64_t first, int64_t n) {
    const ken_knn_rows *rows = b->job->rows;
    for (int64_t i = 0; i < n; i++) b->score[i] = -0.5 * rows->square[first + i];
    for (int64_t i = n; i < KNN_PANEL; i++) b->score[i] = 0;
    for (int64_t q = 1; q < b->n; q++)
        memcpy(b->score + q * KNN_PANEL, b->score, KNN_PANEL * sizeof *b->score);
    b->job->kernels->gemm_tn(b->QT, b->n, b->n, b->panel, KNN_PANEL, rows->d, b->score);
}

/* score = -distance, in the very order of ken__knn_distance. */
static void knn_score_absolute(const knn_block *b) {
    const int64_t d = b->job->rows->d;
    const bool sum = b->job->rows->metric == KEN_KNN_METRIC_MANHATTAN;
    memset(b->score, 0, (size_t)(b->n * KNN_PANEL) * sizeof *b->score);
    for (int64_t q = 0; q < b->n; q++) {
        double *score = b->score + q * KNN_PANEL;
        for (int64_t j = 0; j < d; j++) {
            const double *x = b->panel + j * KNN_PANEL, v = b->Q[q * d + j];
            if (sum)
                for (int i = 0; i < KNN_PANEL; i++) score[i] -= fabs(v - x[i]);
            else
                for (int i = 0; i < KNN_PANEL; i++) score[i] = KEN_MIN(score[i], -fabs(v - x[i]));
        }
    }
}

/* Rows with a score below it are farther than `worst` (a distance) whatever the rounding. With
 * |q - x|^2 = |q|^2 - 2 score, and score wrong by at most (d + 8) units in the last place of the
 * larger of |q|^2 and |x|^2 (|q . x| is at most that), four times over. Tiny numbers: + 1e-290. */
static double knn_threshold(const knn_block *b, int64_t q, double worst, double largest) {
    const ken_knn_rows *rows = b->job->rows;
    if (rows->metric == KEN_KNN_METRIC_MANHATTAN || rows->metric == KEN_KNN_METRIC_CHEBYSHEV)
        return -worst;
    const double far = rows->metric == KEN_KNN_METRIC_COSINE ? 2 * worst : worst * worst;
    const double scale = b->square[q] + largest + far;
    return 0.5 * (b->square[q] - far) - 4 * (double)(rows->d + 8) * DBL_EPSILON * scale - 1e-290;
}

/* Rows first ... first + n of the panel that may be nearer than the worst of query q so far. */
static void knn_offer(const knn_block *b, int64_t q, int64_t first, int64_t n, double largest) {
    const ken_knn_rows *rows = b->job->rows;
    const int64_t k = b->job->k, d = rows->d;
    const double *score = b->score + q * KNN_PANEL, *query = b->Q + q * d;
    double *dist = b->dist + q * k;
    int64_t *idx = b->idx + q * k;
    double least = knn_threshold(b, q, dist[0], largest);
    for (int64_t group = 0; group < n; group += KEN_LANES) {
        int near = 0;
        for (int i = 0; i < KEN_LANES; i++) near |= !(score[group + i] < least);
        if (!near) continue;
        for (int64_t i = group; i < KEN_MIN(group + KEN_LANES, n); i++) {
            if (score[i] < least) continue;
            const double found =
                ken__knn_distance(rows->metric, query, rows->X + (first + i) * d, d);
            if (!knn_worse(dist[0], idx[0], found, first + i)) continue;
            knn_sink(dist, idx, k, found, first + i);
            least = knn_threshold(b, q, dist[0], largest);
        }
    }
}

static void knn_panel(const knn_block *b, int64_t first, int64_t n) {
    const ken_knn_rows *rows = b->job->rows;
    double largest = 0;
    knn_pack_panel(b, first, n);
    if (rows->metric == KEN_KNN_METRIC_EUCLIDEAN || rows->metric == KEN_KNN_METRIC_COSINE)
        knn_score_products(b, first, n);
    else
        knn_score_absolute(b);
    for (int64_t i = 0; i < n; i++) largest = KEN_MAX(largest, rows->square[first + i]);
    for (int64_t q = 0; q < b->n; q++) knn_offer(b, q, first, n, largest);
}

static knn_block knn_block_of(const knn_job *job, int64_t n, int worker) {
    const int64_t d = job->rows->d;
    knn_block b = {.job = job, .n = n};
    double *at = job->scratch + worker * job->per_worker;
    b.score = at, at += job->block * KNN_PANEL;
    b.panel = at, at += d * KNN_PANEL;
    b.Q = at, at += job->block * d;
    b.QT = at, at += job->block * d;
    b.dist = at, at += job->block * job->k;
    b.square = at;
    b.idx = job->idx + worker * job->block * job->k;
    return b;
}

static void knn_run_block(void *arg, int64_t begin, int64_t end, int worker) {
    const knn_job *job = arg;
    const ken_knn_rows *rows = job->rows;
    const knn_block b = knn_block_of(job, end - begin, worker);
    ken_table_gather(job->X, begin, b.n, b.Q, rows->d);
    for (int64_t q = 0; q < b.n && rows->metric == KEN_KNN_METRIC_COSINE; q++)
        ken__knn_unit(b.Q + q * rows->d, rows->d);
    ken__knn_squares(b.Q, b.n, rows->d, b.square);
    for (int64_t q = 0; q < b.n; q++)
        for (int64_t j = 0; j < rows->d; j++) b.QT[j * b.n + q] = b.Q[q * rows->d + j];
    for (int64_t i = 0; i < b.n * job->k; i++) b.dist[i] = INFINITY, b.idx[i] = INT64_MAX;
    for (int64_t first = 0; first < rows->n; first += KNN_PANEL)
        knn_panel(&b, first, KEN_MIN(KNN_PANEL, rows->n - first));
    for (int64_t q = 0; q < b.n; q++)
        knn_heap_sort(b.dist + q * job->k, b.idx + q * job->k, job->k);
    job->found(job->arg, begin, b.n, b.idx, b.dist);
}

static ken_status knn_check(ken_ctx *ctx, const ken_knn_rows *rows, const ken_table *X, int64_t k) {
    if (ken_table_cols(X) != rows->d || k < 1 || k > rows->n)
        return KEN_FAIL(ctx, KEN_E_ARG, "give k from 1 to the number of training rows",
                        "knn: k is %lld, but there are %lld training rows", (long long)k,
                        (long long)rows->n);
    for (int j = 0; j < ken_table_cols(X); j++) {
        const ken_column *c = ken_table_column(X, j);
        if (!ken_dtype_is_number(c->dtype))
            return KEN_FAIL(ctx, KEN_E_TYPE, "put a recipe in front of the model",
                            "knn: column '%s' is of type %s", c->name, ken_dtype_name(c->dtype));
        for (int64_t i = 0; i < c->n; i++)
            if (!(fabs(ken_column_f64(c, i)) <= DBL_MAX))
                return KEN_FAIL(ctx, KEN_E_VALUE,
                                "fill or drop the cell, or put a recipe in front of the model",
                                "knn: column '%s' is missing or infinite in row %lld", c->name,
                                (long long)i + 1);
    }
    return KEN_OK;
}

ken_status ken__knn_search(ken_ctx *ctx, const ken_knn_rows *rows, const ken_table *X, int64_t k,
                           ken_knn_found_fn found, void *arg) {
    knn_job job = {
        .kernels = ken_ctx_kernels(ctx), .rows = rows, .X = X, .k = k, .found = found, .arg = arg};
    const int64_t workers = ken_ctx_threads(ctx);
    KEN_TRY(knn_check(ctx, rows, X, k));
    job.block = KEN_MAX(1, KEN_MIN(KNN_QUERIES, KNN_HEAP / k));
    job.per_worker = ken_pad(job.block * (KNN_PANEL + 2 * rows->d + k + 1) + rows->d * KNN_PANEL);
    if ((uint64_t)job.per_worker > SIZE_MAX / 16 / (uint64_t)workers)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "use fewer columns or a smaller k",
                        "knn: %lld columns and k %lld are too many", (long long)rows->d,
                        (long long)k);
    KEN_TRY(KEN_SCRATCH(ctx, double, workers *job.per_worker, &job.scratch));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, workers *job.block *k, &job.idx));
    return ken_parallel(ctx, ken_table_rows(X), job.block, knn_run_block, &job);
}
