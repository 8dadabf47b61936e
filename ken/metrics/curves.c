/* Curves from one pass over rows in order of score: see curves.h. */
#include "ken/metrics/curves.h"

#include <math.h>

#include "ken/metrics/metrics_util.h"

/* One distinct score: what has been taken when its rows are in. */
typedef struct curves_step {
    double threshold, positive, negative; /* weights with a score of at least threshold */
} curves_step;

static ken_status curves_check(ken_ctx *ctx, const ken_scores *s, const char *what) {
    if (s->task != KEN_CLASSIFY || s->n < 1 || !s->label || !s->proba)
        return KEN_FAIL(ctx, KEN_E_ARG, "give labels and probabilities of at least one row",
                        "%s: needs a classification with labels and probabilities", what);
    if (s->positive < 0 || s->positive >= s->n_classes)
        return KEN_FAIL(ctx, KEN_E_ARG, "number classes from 0",
                        "%s: the positive class is %d of %d", what, s->positive, s->n_classes);
    return KEN_OK;
}

/* All steps by falling threshold, in scratch. A NaN score is an error. */
static ken_status curves_steps(ken_ctx *ctx, const ken_scores *s, const char *what,
                               curves_step **out, int64_t *n) {
    ken__ranked r;
    curves_step *step, now = {0, 0, 0};
    KEN_TRY(curves_check(ctx, s, what));
    KEN_TRY(ken__rank_rows(ctx, s, s->proba + s->positive, s->n_classes, s->positive, -1, &r));
    if (r.n < 0)
        return KEN_FAIL(ctx, KEN_E_VALUE, "predict without NaN first", "%s: a score is NaN", what);
    if (r.n == 0)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give rows some weight", "%s: all weights are 0", what);
    KEN_TRY(KEN_SCRATCH(ctx, curves_step, r.n, &step));
    *n = 0;
    for (int64_t i = 0; i < r.n;) {
        const double negated = r.negated[i];
        now.threshold = ken__ranked_score(&r, i);
        for (; i < r.n && r.negated[i] == negated; i++) {
            const double w = ken__row_weight(s, ken__ranked_row(&r, i));
            if (ken__ranked_positive(&r, i))
                now.positive += w;
            else
                now.negative += w;
        }
        step[(*n)++] = now;
    }
    *out = step;
    return KEN_OK;
}

static ken_status curves_alloc(ken_ctx *ctx, int64_t n, ken_curve *out) {
    double *memory;
    if (n > INT64_MAX / 128) return KEN_FAIL(ctx, KEN_E_NOMEM, NULL, "curve: too many points");
    KEN_TRY(KEN_ALLOC(ctx, double, n * 6, &memory));
    *out = (ken_curve){.n = n, .x = memory, .y = memory + n, .z = memory + 2 * n,
                       .memory = memory, .alloc = ken_ctx_allocator(ctx)};
    return KEN_OK;
}

void ken_curve_free(ken_curve *curve) {
    if (!curve) return;
    if (curve->memory) ken_allocator_free(&curve->alloc, curve->memory);
    *curve = (ken_curve){0};
}

/* Which steps stay: at most max (0: all), the first and the last among them, evenly by rank. */
static int64_t curves_kept(int64_t n, int64_t max) { return max > 1 && n > max ? max : n; }
static int64_t curves_at(int64_t i, int64_t kept, int64_t n) {
    if (kept == n || kept < 2) return i;
    return (int64_t)((double)i * (double)(n - 1) / (double)(kept - 1) + 0.5);
}

/* Leaves out steps on a straight line between their neighbors (sklearn: drop_intermediate). */
static int64_t curves_drop_straight(curves_step *step, int64_t n) {
    int64_t kept = 0;
    double px = 0, py = 0; /* the point before, in the walk over all steps */
    for (int64_t i = 0; i < n; i++) {
        const double x = step[i].negative, y = step[i].positive;
        const bool straight = i > 0 && i + 1 < n && x - px == step[i + 1].negative - x &&
                              y - py == step[i + 1].positive - y;
        px = x;
        py = y;
        if (!straight) step[kept++] = step[i];
    }
    return kept;
}

/* fill: the point after taking `step`, with the weights of all positive and negative rows */
typedef void (*curves_fill)(const curves_step *step, double p, double q, double *x, double *y,
                            double *z);

static ken_status curves_make(ken_ctx *ctx, const ken_scores *s, const char *what, int64_t max,
                              bool drop, curves_fill fill, const double start[3], ken_curve *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    curves_step *step;
    int64_t n;
    *out = (ken_curve){0};
    ken_status status = curves_steps(ctx, s, what, &step, &n);
    if (status == KEN_OK) {
        const double p = step[n - 1].positive, q = step[n - 1].negative;
        if (drop) n = curves_drop_straight(step, n);
        const int64_t kept = curves_kept(n, max);
        status = curves_alloc(ctx, kept + 1, out);
        for (int64_t i = 0; status == KEN_OK && i < kept; i++)
            fill(&step[curves_at(i, kept, n)], p, q, &out->x[i + 1], &out->y[i + 1], &out->z[i + 1]);
        if (status == KEN_OK) out->x[0] = start[0], out->y[0] = start[1], out->z[0] = start[2];
    }
    ken_scratch_release(ctx, mark);
    return status;
}

static double curves_ratio(double a, double b) { return b > 0 ? a / b : NAN; }

static void curves_fill_roc(const curves_step *t, double p, double q, double *x, double *y,
                            double *z) {
    *x = curves_ratio(t->negative, q);
    *y = curves_ratio(t->positive, p);
    *z = t->threshold;
}

static void curves_fill_pr(const curves_step *t, double p, double q, double *x, double *y,
                           double *z) {
    (void)q;
    *x = curves_ratio(t->positive, p);
    *y = curves_ratio(t->positive, t->positive + t->negative);
    *z = t->threshold;
}

static void curves_fill_lift(const curves_step *t, double p, double q, double *x, double *y,
                             double *z) {
    *x = curves_ratio(t->positive + t->negative, p + q);
    *y = curves_ratio(t->positive, p);
    *z = curves_ratio(*y, *x);
}

ken_status ken_roc_curve(ken_ctx *ctx, const ken_scores *s, int64_t max_points, ken_curve *out) {
    const double start[3] = {0, 0, INFINITY};
    return curves_make(ctx, s, "roc_curve", max_points, true, curves_fill_roc, start, out);
}

ken_status ken_pr_curve(ken_ctx *ctx, const ken_scores *s, int64_t max_points, ken_curve *out) {
    const double start[3] = {0, 1, INFINITY};
    return curves_make(ctx, s, "pr_curve", max_points, false, curves_fill_pr, start, out);
}

ken_status ken_lift_curve(ken_ctx *ctx, const ken_scores *s, int64_t max_points, ken_curve *out) {
    const double start[3] = {0, 0, NAN};
    return curves_make(ctx, s, "lift_curve", max_points, true, curves_fill_lift, start, out);
}

/* --- calibration ------------------------------------------------------------------------------------ */

#define CURVES_Z 1.959963984540054 /* standard deviations of a 95 % interval */

/* edges[0 .. bins]: the upper end of each bin but the last is edges[b + 1], which belongs to it. */
static ken_status curves_edges(ken_ctx *ctx, const ken_scores *s, int64_t bins, ken_bin_way how,
                               double **out) {
    double *edges, *score;
    KEN_TRY(KEN_SCRATCH(ctx, double, bins + 1, &edges));
    *out = edges;
    for (int64_t b = 0; b <= bins; b++) edges[b] = (double)b / (double)bins;
    if (how == KEN_BINS_UNIFORM) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, double, s->n, &score));
    for (int64_t i = 0; i < s->n; i++) score[i] = s->proba[i * s->n_classes + s->positive];
    KEN_TRY(ken__sort_f64(ctx, score, s->n));
    for (int64_t b = 0; b <= bins; b++) {
        const double at = (double)b / (double)bins * (double)(s->n - 1);
        const int64_t i = KEN_MIN((int64_t)at, s->n - 1), next = KEN_MIN(i + 1, s->n - 1);
        edges[b] = score[i] + (at - (double)i) * (score[next] - score[i]);
    }
    return KEN_OK;
}

static ken_status curves_calibrate(ken_ctx *ctx, const ken_scores *s, int64_t bins, ken_bin_way how,
                                   ken_curve *out) {
    double *edges, *sum;
    int64_t used = 0;
    KEN_TRY(curves_edges(ctx, s, bins, how, &edges));
    KEN_TRY(KEN_SCRATCH(ctx, double, bins * 5, &sum)); /* w, w * score, w * positive, w * w, rows */
    for (int64_t b = 0; b < 5 * bins; b++) sum[b] = 0;
    for (int64_t i = 0; i < s->n; i++) {
        const double p = s->proba[i * s->n_classes + s->positive], w = ken__row_weight(s, i);
        int64_t low = 0, high = bins - 1; /* the first bin whose upper edge is at least p */
        if (isnan(p))
            return KEN_FAIL(ctx, KEN_E_VALUE, "predict without NaN first",
                            "calibration_curve: the score of row %lld is NaN", (long long)i + 1);
        while (low < high) {
            const int64_t middle = (low + high) / 2;
            if (edges[middle + 1] < p)
                low = middle + 1;
            else
                high = middle;
        }
        double *bin = &sum[5 * low];
        bin[0] += w;
        bin[1] += w * p;
        if (s->label[i] == s->positive) bin[2] += w;
        bin[3] += w * w;
        bin[4]++;
    }
    for (int64_t b = 0; b < bins; b++) used += sum[5 * b] > 0;
    KEN_TRY(curves_alloc(ctx, used, out));
    out->low = out->z + used, out->high = out->low + used, out->rows = out->high + used;
    for (int64_t b = 0, i = 0; b < bins; b++) {
        const double *bin = &sum[5 * b];
        if (!(bin[0] > 0)) continue;
        out->x[i] = bin[1] / bin[0];
        out->y[i] = bin[2] / bin[0];
        out->z[i] = bin[0];
        out->rows[i] = bin[4];
        ken__wilson(out->y[i], bin[0] * bin[0] / bin[3], CURVES_Z, &out->low[i], &out->high[i]);
        i++;
    }
    return KEN_OK;
}

ken_status ken_calibration_curve(ken_ctx *ctx, const ken_scores *s, int64_t bins, ken_bin_way how,
                                 ken_curve *out) {
    *out = (ken_curve){0};
    KEN_TRY(curves_check(ctx, s, "calibration_curve"));
    if (bins < 1 || bins > 1000000)
        return KEN_FAIL(ctx, KEN_E_ARG, "10 is usual", "calibration_curve: %lld bins",
                        (long long)bins);
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = curves_calibrate(ctx, s, bins, how, out);
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- tables ------------------------------------------------------------------------------------------ */

ken_status ken_confusion(ken_ctx *ctx, const ken_scores *s, double *out) {
    const int64_t k = s->n_classes;
    if (s->task != KEN_CLASSIFY || k < 1 || (s->n > 0 && (!s->label || !s->predicted)))
        return KEN_FAIL(ctx, KEN_E_ARG, "give labels and predicted classes",
                        "confusion: needs a classification with labels and predictions");
    for (int64_t c = 0; c < k * k; c++) out[c] = 0;
    for (int64_t i = 0; i < s->n; i++) {
        const double guess = s->predicted[i];
        const int32_t truth = s->label[i];
        if (truth < 0 || truth >= k || !(guess >= 0 && guess < (double)k))
            return KEN_FAIL(ctx, KEN_E_VALUE, "number classes from 0",
                            "confusion: row %lld has class %d and prediction %g of %lld classes",
                            (long long)i + 1, truth, guess, (long long)k);
        out[truth * k + (int64_t)guess] += ken__row_weight(s, i);
    }
    return KEN_OK;
}

static ken_threshold_row curves_row(const curves_step *t, double p, double q) {
    ken_threshold_row r = {.threshold = t->threshold, .tp = t->positive, .fp = t->negative};
    r.tn = q - r.fp;
    r.fn = p - r.tp;
    r.precision = curves_ratio(r.tp, r.tp + r.fp);
    r.recall = curves_ratio(r.tp, p);
    r.specificity = curves_ratio(r.tn, q);
    r.f1 = curves_ratio(2 * r.tp, 2 * r.tp + r.fp + r.fn);
    r.accuracy = curves_ratio(r.tp + r.tn, p + q);
    return r;
}

/* The steps with the best F1 and the best recall + specificity (the first of equals). */
static void curves_best(const curves_step *step, int64_t n, int64_t *f1, int64_t *youden) {
    const double p = step[n - 1].positive, q = step[n - 1].negative;
    double most_f1 = -1, most_youden = -1;
    *f1 = *youden = 0;
    for (int64_t i = 0; i < n; i++) {
        const ken_threshold_row r = curves_row(&step[i], p, q);
        if (r.f1 > most_f1) most_f1 = r.f1, *f1 = i;
        if (r.recall + r.specificity > most_youden)
            most_youden = r.recall + r.specificity, *youden = i;
    }
}

static ken_status curves_thresholds(ken_ctx *ctx, const ken_scores *s, int64_t max_rows,
                                    ken_threshold_table *out) {
    curves_step *step;
    int64_t n, f1, youden, last = -1;
    KEN_TRY(curves_steps(ctx, s, "threshold_table", &step, &n));
    const double p = step[n - 1].positive, q = step[n - 1].negative;
    curves_best(step, n, &f1, &youden);
    const int64_t kept = curves_kept(n, max_rows);
    KEN_TRY(KEN_ALLOC(ctx, ken_threshold_row, kept + 2, &out->row));
    out->alloc = ken_ctx_allocator(ctx);
    out->positive = p;
    out->negative = q;
    for (int64_t i = 0; i < kept; i++) {
        const int64_t to = curves_at(i, kept, n);
        for (int64_t at = last + 1; at <= to; at++) {
            if (at != to && at != f1 && at != youden) continue;
            if (at == f1) out->best_f1 = out->n;
            if (at == youden) out->best_youden = out->n;
            out->row[out->n++] = curves_row(&step[at], p, q);
        }
        last = to;
    }
    return KEN_OK;
}

ken_status ken_threshold_table_new(ken_ctx *ctx, const ken_scores *s, int64_t max_rows,
                                   ken_threshold_table *out) {
    *out = (ken_threshold_table){0};
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = curves_thresholds(ctx, s, max_rows, out);
    ken_scratch_release(ctx, mark);
    return status;
}

void ken_threshold_table_free(ken_threshold_table *table) {
    if (!table) return;
    if (table->row) ken_allocator_free(&table->alloc, table->row);
    *table = (ken_threshold_table){0};
}
