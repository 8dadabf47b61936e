/* Metrics of predicted against true labels. All of them follow from three weighted counts a class, so
 * no confusion matrix is made here (ken_confusion in curves.h makes one to look at). */
#include <math.h>

#include "ken/math/distributions.h"
#include "ken/metrics/classify/classify.h"
#include "ken/metrics/metrics_util.h"

typedef struct classify_counts {
    int k;
    double *hit;   /* (k) rows of the class that were predicted so */
    double *truth; /* (k) rows of the class */
    double *guess; /* (k) rows predicted as the class */
    double hits, total;
} classify_counts;

static ken_status classify_count(ken_ctx *ctx, const ken_scores *s, classify_counts *c) {
    double *memory;
    const int k = s->n_classes;
    KEN_TRY(KEN_SCRATCH(ctx, double, (size_t)k * 3, &memory));
    for (int64_t i = 0; i < 3 * (int64_t)k; i++) memory[i] = 0;
    *c = (classify_counts){k, memory, memory + k, memory + 2 * (int64_t)k, 0, 0};
    for (int64_t i = 0; i < s->n; i++) {
        const double w = ken__row_weight(s, i), guess = s->predicted[i];
        const int32_t truth = s->label[i];
        c->truth[truth] += w;
        if (guess >= 0 && guess < k) { /* NaN and unknown codes are wrong, and of no class */
            c->guess[(int)guess] += w;
            if ((int)guess == truth) c->hit[truth] += w;
        }
        c->total += w;
    }
    for (int j = 0; j < k; j++) c->hits += c->hit[j];
    return KEN_OK;
}

/* a / b, and 0 where nothing was there to divide by, as the peers print it */
static double classify_ratio(double a, double b) { return b > 0 ? a / b : 0.0; }

/* (1 + beta^2) P R / (beta^2 P + R), written in counts */
static double classify_f(const classify_counts *c, int j, double beta) {
    const double b = beta * beta;
    return classify_ratio((1 + b) * c->hit[j], b * c->truth[j] + c->guess[j]);
}

static double classify_score(const classify_counts *c, int j, char which) {
    if (which == 'p') return classify_ratio(c->hit[j], c->guess[j]);
    if (which == 'r') return classify_ratio(c->hit[j], c->truth[j]);
    return classify_f(c, j, 1.0);
}

/* --- accuracy ----------------------------------------------------------------------------------- */

ken_status ken__accuracy_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    double hits = 0, total = 0;
    (void)ctx, (void)params;
    for (int64_t i = 0; i < s->n; i++) {
        const double w = ken__row_weight(s, i);
        total += w;
        if (s->predicted[i] == s->label[i]) hits += w;
    }
    *out = total > 0 ? hits / total : NAN;
    return KEN_OK;
}

ken_status ken__accuracy_interval(ken_ctx *ctx, const void *params, const ken_scores *s,
                                  double level, ken_interval *out) {
    double p, sum = 0, square = 0;
    KEN_TRY(ken__accuracy_value(ctx, params, s, &p));
    for (int64_t i = 0; i < s->n; i++) {
        const double w = ken__row_weight(s, i);
        sum += w;
        square += w * w;
    }
    *out = (ken_interval){p, NAN, NAN, "wilson"};
    if (isnan(p) || !(square > 0)) return KEN_OK;
    ken__wilson(p, sum * sum / square, ken_normal_quantile(0.5 * (1 + level)), &out->low, &out->high);
    return KEN_OK;
}

/* Mean recall of the classes that occur. */
ken_status ken__balanced_accuracy_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                        double *out) {
    classify_counts c;
    double sum = 0;
    int present = 0;
    (void)params;
    KEN_TRY(classify_count(ctx, s, &c));
    for (int j = 0; j < c.k; j++)
        if (c.truth[j] > 0) {
            sum += c.hit[j] / c.truth[j];
            present++;
        }
    *out = present ? sum / present : NAN;
    return KEN_OK;
}

/* --- the positive class -------------------------------------------------------------------------- */

static ken_status classify_binary(ken_ctx *ctx, const ken_scores *s, char which, double beta,
                                  double *out) {
    classify_counts c;
    KEN_TRY(classify_count(ctx, s, &c));
    if (!(c.total > 0)) return KEN_OK;
    if (s->positive >= c.k)
        *out = 0;
    else
        *out = which == 'b' ? classify_f(&c, s->positive, beta)
                            : classify_score(&c, s->positive, which);
    return KEN_OK;
}

ken_status ken__precision_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    (void)params;
    return classify_binary(ctx, s, 'p', 1, out);
}

ken_status ken__recall_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    (void)params;
    return classify_binary(ctx, s, 'r', 1, out);
}

ken_status ken__f1_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    (void)params;
    return classify_binary(ctx, s, 'f', 1, out);
}

ken_status ken__fbeta_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    return classify_binary(ctx, s, 'b', ((const ken_fbeta_params *)params)->beta, out);
}

/* --- averages over classes ----------------------------------------------------------------------- */

/* Mean over the classes that occur among the true or the predicted labels. */
static ken_status classify_macro(ken_ctx *ctx, const ken_scores *s, char which, double *out) {
    classify_counts c;
    double sum = 0;
    int seen = 0;
    KEN_TRY(classify_count(ctx, s, &c));
    for (int j = 0; j < c.k; j++)
        if (c.truth[j] > 0 || c.guess[j] > 0) {
            sum += classify_score(&c, j, which);
            seen++;
        }
    *out = seen ? sum / seen : NAN;
    return KEN_OK;
}

/* Mean over classes, each as heavy as its rows. */
static ken_status classify_weighted(ken_ctx *ctx, const ken_scores *s, char which, double *out) {
    classify_counts c;
    double sum = 0;
    KEN_TRY(classify_count(ctx, s, &c));
    for (int j = 0; j < c.k; j++) sum += c.truth[j] * classify_score(&c, j, which);
    *out = c.total > 0 ? sum / c.total : NAN;
    return KEN_OK;
}

/* All classes' counts in one pot. */
static ken_status classify_micro(ken_ctx *ctx, const ken_scores *s, char which, double *out) {
    classify_counts c;
    double guesses = 0;
    KEN_TRY(classify_count(ctx, s, &c));
    for (int j = 0; j < c.k; j++) guesses += c.guess[j];
    if (!(c.total > 0)) return KEN_OK;
    if (which == 'p')
        *out = classify_ratio(c.hits, guesses);
    else if (which == 'r')
        *out = c.hits / c.total;
    else
        *out = 2 * c.hits / (guesses + c.total);
    return KEN_OK;
}

#define CLASSIFY_AVERAGE(name, average, which)                                                  \
    ken_status ken__##name##_##average##_value(ken_ctx *ctx, const void *params,                \
                                               const ken_scores *s, double *out) {              \
        (void)params;                                                                           \
        return classify_##average(ctx, s, which, out);                                          \
    }
CLASSIFY_AVERAGE(precision, macro, 'p')
CLASSIFY_AVERAGE(precision, micro, 'p')
CLASSIFY_AVERAGE(precision, weighted, 'p')
CLASSIFY_AVERAGE(recall, macro, 'r')
CLASSIFY_AVERAGE(recall, micro, 'r')
CLASSIFY_AVERAGE(recall, weighted, 'r')
CLASSIFY_AVERAGE(f1, macro, 'f')
CLASSIFY_AVERAGE(f1, micro, 'f')
CLASSIFY_AVERAGE(f1, weighted, 'f')

/* --- agreement beyond chance ---------------------------------------------------------------------- */

/* Gorodkin 2004: the correlation of two label vectors, R_K; 0 when one of them is constant. */
ken_status ken__mcc_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    classify_counts c;
    double both = 0, truth = 0, guess = 0;
    (void)params;
    KEN_TRY(classify_count(ctx, s, &c));
    if (!(c.total > 0)) return KEN_OK;
    for (int j = 0; j < c.k; j++) {
        both += c.truth[j] * c.guess[j];
        truth += c.truth[j] * c.truth[j];
        guess += c.guess[j] * c.guess[j];
    }
    const double square = c.total * c.total;
    const double scale = (square - truth) * (square - guess);
    *out = scale > 0 ? (c.hits * c.total - both) / sqrt(scale) : 0.0;
    return KEN_OK;
}

/* Cohen 1960: (agreement - chance agreement) / (1 - chance agreement). */
ken_status ken__kappa_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    classify_counts c;
    double chance = 0;
    (void)params;
    KEN_TRY(classify_count(ctx, s, &c));
    if (!(c.total > 0)) return KEN_OK;
    for (int j = 0; j < c.k; j++) chance += c.truth[j] / c.total * (c.guess[j] / c.total);
    *out = chance < 1 ? (c.hits / c.total - chance) / (1 - chance) : NAN;
    return KEN_OK;
}
