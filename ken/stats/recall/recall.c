/* FSRS-6, formula by formula. w is the list of weights; G the grade, 1 to 4. */
#include "ken/stats/recall/recall.h"

#include <math.h>
#include <stddef.h>

#include "ken/kernels/elementary.h"

static const ken_recall_params recall_defaults = KEN_RECALL_DEFAULTS;
static const double recall_least_stability = 0.001; /* days */

static double recall_clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static double recall_days(double days) { return days > 0 ? days : 0; }

/* factor such that recall is 0.9 after `stability` days */
static double recall_factor(const double *w) { return ken_pow(0.9, -1 / w[20]) - 1; }

/* R(t, S) = (1 + factor t / S)^(-w20) */
static double recall_curve(const double *w, double stability, double days) {
    return ken_pow(1 + recall_factor(w) * days / stability, -w[20]);
}

/* D0(G) = w4 - exp(w5 (G - 1)) + 1, not clamped */
static double recall_first_difficulty(const double *w, double grade) {
    return w[4] - ken_exp(w[5] * (grade - 1)) + 1;
}

/* A step against the grade, damped near 10, then a pull back to the difficulty of an easy first answer. */
static double recall_difficulty(const double *w, double difficulty, double grade) {
    const double stepped = difficulty - w[6] * (grade - 3) * (10 - difficulty) / 9;
    return recall_clamp(w[7] * recall_first_difficulty(w, 4) + (1 - w[7]) * stepped, 1, 10);
}

/* Same day: S * exp(w17 (G - 3 + w18)) * S^(-w19), never less for a good answer. */
static double recall_same_day(const double *w, double stability, double grade) {
    const double growth = ken_exp(w[17] * (grade - 3 + w[18])) * ken_pow(stability, -w[19]);
    return stability * (grade >= KEN_GRADE_GOOD && growth < 1 ? 1 : growth);
}

/* Recalled: stability grows the more, the easier the card, the weaker the memory, the nearer it was to
 * being forgotten. */
static double recall_success(const double *w, ken_recall m, double recall, ken_grade grade) {
    const double hard = grade == KEN_GRADE_HARD ? w[15] : 1, easy = grade == KEN_GRADE_EASY ? w[16] : 1;
    const double growth = ken_exp(w[8]) * (11 - m.difficulty) * ken_pow(m.stability, -w[9]) *
                          ken_expm1(w[10] * (1 - recall)) * hard * easy;
    return m.stability * (1 + growth);
}

/* Forgotten: what is left, and never more than a lapse on the same day would leave. */
static double recall_lapse(const double *w, ken_recall m, double recall) {
    const double left = w[11] * ken_pow(m.difficulty, -w[12]) * (ken_pow(m.stability + 1, w[13]) - 1) *
                        ken_exp(w[14] * (1 - recall));
    const double most = m.stability / ken_exp(w[17] * w[18]);
    return left < most ? left : most;
}

ken_recall ken_recall_review(const ken_recall_params *params, ken_recall memory, double days, ken_grade grade) {
    const ken_recall_params *p = params ? params : &recall_defaults;
    const double *w = p->weights;
    const double g = recall_clamp((double)grade, KEN_GRADE_AGAIN, KEN_GRADE_EASY);
    ken_recall next;
    if (!(memory.stability > 0)) {
        next.stability = w[(int)g - 1];
        next.difficulty = recall_clamp(recall_first_difficulty(w, g), 1, 10);
    } else {
        const double t = recall_days(days), recall = recall_curve(w, memory.stability, t);
        next.difficulty = recall_difficulty(w, memory.difficulty, g);
        next.stability = t < 1                     ? recall_same_day(w, memory.stability, g)
                         : g == KEN_GRADE_AGAIN ? recall_lapse(w, memory, recall)
                                                : recall_success(w, memory, recall, grade);
    }
    next.stability = recall_clamp(next.stability, recall_least_stability, p->max_days);
    return next;
}

double ken_recall_probability(const ken_recall_params *params, ken_recall memory, double days) {
    const ken_recall_params *p = params ? params : &recall_defaults;
    return memory.stability > 0 ? recall_curve(p->weights, memory.stability, recall_days(days)) : 0;
}

/* R(t, S) = retention, solved for t */
double ken_recall_interval(const ken_recall_params *params, ken_recall memory) {
    const ken_recall_params *p = params ? params : &recall_defaults;
    const double *w = p->weights;
    if (!(memory.stability > 0)) return 1;
    const double days = memory.stability / recall_factor(w) * (ken_pow(p->retention, -1 / w[20]) - 1);
    return recall_clamp(floor(days + 0.5), 1, p->max_days);
}
