#include "ken/explain/ale/ale_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/math/linalg.h"

enum { ALE_ORDER_POINTS = 100 };

typedef struct ale_order {
    const ken_table *table;
    const ken_column *column;
    int64_t k;       /* levels that occur */
    int64_t *place;  /* (levels) number among those that occur; -1: does not */
    double *share;   /* (k, points or levels) of one column */
    double *size;    /* (k) rows with a cell in that column */
    double *D;       /* (k, k) */
} ale_order;

static int ale_order_compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* D += what the rows (k, width) of shares are apart: the largest difference, or half their sum. */
static void ale_order_add(ale_order *o, int64_t width, bool largest) {
    for (int64_t a = 0; a < o->k; a++)
        for (int64_t b = 0; b < a; b++) {
            double apart = 0;
            if (!(o->size[a] > 0) || !(o->size[b] > 0)) continue;
            for (int64_t p = 0; p < width; p++) {
                const double d = fabs(o->share[a * width + p] - o->share[b * width + p]);
                apart = largest ? KEN_MAX(apart, d) : apart + d / 2;
            }
            o->D[a * o->k + b] += apart;
            o->D[b * o->k + a] += apart;
        }
}

/* Distribution functions of a column of numbers by level, at quantiles of the whole. */
static ken_status ale_order_numbers(ken_ctx *ctx, ale_order *o, const ken_column *c) {
    double *sorted = NULL, point[ALE_ORDER_POINTS];
    int64_t m = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, c->n, &sorted));
    KEN_TRY(KEN_SCRATCH(ctx, double, o->k * ALE_ORDER_POINTS, &o->share));
    memset(o->share, 0, (size_t)(o->k * ALE_ORDER_POINTS) * sizeof *o->share);
    for (int64_t i = 0; i < c->n; i++)
        if (isfinite(ken_column_f64(c, i))) sorted[m++] = ken_column_f64(c, i);
    if (!m) return KEN_OK;
    qsort(sorted, (size_t)m, sizeof(double), ale_order_compare);
    for (int p = 0; p < ALE_ORDER_POINTS; p++) point[p] = sorted[p * (m - 1) / (ALE_ORDER_POINTS - 1)];
    for (int64_t i = 0; i < c->n; i++) {
        const double x = ken_column_f64(c, i), code = ken_column_f64(o->column, i);
        if (!isfinite(x) || !(code >= 0)) continue;
        const int64_t a = o->place[(int64_t)code];
        int low = 0, high = ALE_ORDER_POINTS; /* first point >= x */
        while (low < high) {
            const int middle = (low + high) / 2;
            if (point[middle] < x)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < ALE_ORDER_POINTS) o->share[a * ALE_ORDER_POINTS + low] += 1;
        o->size[a] += 1;
    }
    for (int64_t a = 0; a < o->k; a++) {
        double sum = 0;
        for (int p = 0; p < ALE_ORDER_POINTS; p++) {
            sum += o->share[a * ALE_ORDER_POINTS + p];
            o->share[a * ALE_ORDER_POINTS + p] = sum / KEN_MAX(o->size[a], 1);
        }
    }
    ale_order_add(o, ALE_ORDER_POINTS, true);
    return KEN_OK;
}

static ken_status ale_order_levels(ken_ctx *ctx, ale_order *o, const ken_column *c) {
    const int64_t width = c->text.n;
    KEN_TRY(KEN_SCRATCH(ctx, double, o->k * KEN_MAX(width, 1), &o->share));
    memset(o->share, 0, (size_t)(o->k * width) * sizeof *o->share);
    for (int64_t i = 0; i < c->n; i++) {
        const double x = ken_column_f64(c, i), code = ken_column_f64(o->column, i);
        if (!(x >= 0) || !(code >= 0)) continue;
        o->share[o->place[(int64_t)code] * width + (int64_t)x] += 1;
        o->size[o->place[(int64_t)code]] += 1;
    }
    for (int64_t i = 0; i < o->k * width; i++) o->share[i] /= KEN_MAX(o->size[i / width], 1);
    ale_order_add(o, width, false);
    return KEN_OK;
}

static ken_status ale_order_distances(ken_ctx *ctx, ale_order *o, int j) {
    for (int c = 0; c < ken_table_cols(o->table); c++) {
        const ken_column *column = ken_table_column(o->table, c);
        if (c == j || column->dtype == KEN_STRING) continue;
        KEN_TRY(ken_check_cancel(ctx));
        memset(o->size, 0, (size_t)o->k * sizeof *o->size);
        const ken_mark mark = ken_scratch_mark(ctx);
        const ken_status status = column->dtype == KEN_CATEGORY ? ale_order_levels(ctx, o, column)
                                                                : ale_order_numbers(ctx, o, column);
        ken_scratch_release(ctx, mark);
        KEN_TRY(status);
    }
    return KEN_OK;
}

/* B = -1/2 J D^2 J; its first eigenvector is the axis that keeps most of the distances. */
static ken_status ale_order_scale(ken_ctx *ctx, ale_order *o, double *axis) {
    const int64_t k = o->k;
    double *mean = NULL, *value = NULL, *vector = NULL, all = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, k, &mean));
    KEN_TRY(KEN_SCRATCH(ctx, double, k, &value));
    KEN_TRY(KEN_SCRATCH(ctx, double, k * k, &vector));
    for (int64_t i = 0; i < k * k; i++) o->D[i] *= o->D[i];
    for (int64_t a = 0; a < k; a++) {
        mean[a] = 0;
        for (int64_t b = 0; b < k; b++) mean[a] += o->D[a * k + b] / (double)k;
        all += mean[a] / (double)k;
    }
    for (int64_t a = 0; a < k; a++)
        for (int64_t b = 0; b < k; b++) o->D[a * k + b] = -(o->D[a * k + b] - mean[a] - mean[b] + all) / 2;
    KEN_TRY(ken_eigen_symmetric(ctx, o->D, k, k, value, vector));
    memcpy(axis, vector + (k - 1) * k, (size_t)k * sizeof *axis);
    return KEN_OK;
}

/* By the axis, which begins at the end where the lower code stands; ties by code. */
static void ale_order_sort(const double *axis, int64_t *order, int64_t k) {
    int64_t low = 0, high = 0;
    for (int64_t a = 1; a < k; a++) {
        if (axis[a] < axis[low]) low = a;
        if (axis[a] > axis[high]) high = a;
    }
    const double sign = low <= high ? 1 : -1;
    int64_t *const code = order; /* insertion: places first, turned into codes by the caller */
    for (int64_t a = 0; a < k; a++) {
        int64_t at = a;
        while (at > 0 && sign * axis[code[at - 1]] > sign * axis[a]) code[at] = code[at - 1], at--;
        code[at] = a;
    }
}

static ken_status ale_order_run(ken_ctx *ctx, ale_order *o, int j, int64_t *order, int64_t *n) {
    const int64_t levels = o->column->text.n;
    int64_t *code = NULL;
    double *axis = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, levels, &o->place));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, levels, &code));
    for (int64_t c = 0; c < levels; c++) o->place[c] = -1;
    for (int64_t i = 0; i < o->column->n; i++) {
        const double c = ken_column_f64(o->column, i);
        if (c >= 0 && c < (double)levels) o->place[(int64_t)c] = 0;
    }
    for (int64_t c = 0; c < levels; c++)
        if (!o->place[c]) code[o->k] = c, o->place[c] = o->k++;
    *n = o->k;
    if (o->k > 1000)
        return KEN_FAIL(ctx, KEN_E_VALUE, "use --effect: it keeps to the most frequent levels",
                        "ale: column '%s' has %lld levels, more than 1000", o->column->name, (long long)o->k);
    KEN_TRY(KEN_SCRATCH(ctx, double, o->k, &o->size));
    KEN_TRY(KEN_SCRATCH(ctx, double, o->k, &axis));
    KEN_TRY(KEN_SCRATCH(ctx, double, o->k * o->k, &o->D));
    memset(o->D, 0, (size_t)(o->k * o->k) * sizeof *o->D);
    KEN_TRY(ale_order_distances(ctx, o, j));
    if (o->k > 1) KEN_TRY(ale_order_scale(ctx, o, axis));
    ale_order_sort(axis, order, o->k);
    for (int64_t a = 0; a < o->k; a++) order[a] = code[order[a]];
    return KEN_OK;
}

ken_status ken__ale_order(ken_ctx *ctx, const ken_table *table, int j, int64_t *order, int64_t *n) {
    ale_order o = {.table = table, .column = ken_table_column(table, j)};
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = ale_order_run(ctx, &o, j, order, n);
    ken_scratch_release(ctx, mark);
    return status;
}
