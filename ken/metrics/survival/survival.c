/* Concordance (Harrell et al. 1982): of the pairs of rows whose order in time is known, the share that
 * the predictions order the same way; equal predictions count half. A row's time lies in [y, upper].
 *
 * O(n log n): rows by their lower bound; those whose upper bound lies below it are in a Fenwick tree
 * over the places of their predictions, which counts how many lie below, at and above the row's own. */
#include "ken/metrics/survival/survival.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/metrics/metrics_util.h"

typedef struct survival_row {
    double low, high, weight;
    int64_t place; /* of its prediction among the distinct ones, from 1 */
} survival_row;

typedef struct survival_key {
    double value;
    int64_t row;
} survival_key;

static int survival_by_value(const void *a, const void *b) {
    const survival_key *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static void survival_add(double *tree, int64_t n, int64_t at, double w) {
    for (; at <= n; at += at & -at) tree[at] += w;
}

static double survival_below(const double *tree, int64_t at) {
    double sum = 0;
    for (; at > 0; at -= at & -at) sum += tree[at];
    return sum;
}

/* Rows of weight above 0, with the places of their predictions; the number of places. */
static void survival_rows(const ken_scores *s, survival_row *row, survival_key *key, int64_t *n,
                          int64_t *places) {
    int64_t m = 0, place = 0;
    for (int64_t i = 0; i < s->n; i++) {
        if (!(ken__row_weight(s, i) > 0)) continue;
        row[m] = (survival_row){s->y[i], s->upper ? s->upper[i] : s->y[i], ken__row_weight(s, i), 0};
        key[m] = (survival_key){s->predicted[i], m};
        m++;
    }
    qsort(key, (size_t)m, sizeof *key, survival_by_value);
    for (int64_t i = 0; i < m; i++) {
        place += i == 0 || key[i].value != key[i - 1].value;
        row[key[i].row].place = place;
    }
    *n = m;
    *places = place;
}

/* Whether a row with this upper bound is surely over before the row: earlier, or at the same moment
 * where it was seen and the row only outlived that. */
static bool survival_before(const survival_row *a, const survival_row *b) {
    return a->high < b->low || (a->high == b->low && a->low == a->high && b->high > b->low);
}

static ken_status survival_concordance(ken_ctx *ctx, const ken_scores *s, double *same, double *opposite) {
    survival_row *row;
    survival_key *key, *by_high, *by_low;
    double *tree, tied = 0;
    int64_t n, places, in = 0;
    *same = *opposite = (double)NAN;
    for (int64_t i = 0; i < s->n; i++)
        if (isnan(s->predicted[i]) || isnan(s->y[i])) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, survival_row, s->n, &row));
    KEN_TRY(KEN_SCRATCH(ctx, survival_key, s->n, &key));
    KEN_TRY(KEN_SCRATCH(ctx, survival_key, s->n, &by_high));
    KEN_TRY(KEN_SCRATCH(ctx, survival_key, s->n, &by_low));
    survival_rows(s, row, key, &n, &places);
    KEN_TRY(KEN_SCRATCH(ctx, double, places + 1, &tree));
    memset(tree, 0, (size_t)(places + 1) * sizeof *tree);
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = (row[i].high > row[i].low) * n + i; /* at one moment, seen rows before bounds */
        by_high[i] = (survival_key){row[i].high, at};
        by_low[i] = (survival_key){row[i].low, at};
    }
    qsort(by_high, (size_t)n, sizeof *by_high, survival_by_value);
    qsort(by_low, (size_t)n, sizeof *by_low, survival_by_value);
    *same = *opposite = 0;
    for (int64_t i = 0; i < n; i++) {
        const survival_row *const b = &row[by_low[i].row % n];
        for (; in < n && survival_before(&row[by_high[in].row % n], b); in++)
            survival_add(tree, places, row[by_high[in].row % n].place, row[by_high[in].row % n].weight);
        const double below = survival_below(tree, b->place - 1), to = survival_below(tree, b->place);
        const double all = survival_below(tree, places);
        *same += b->weight * below;
        tied += b->weight * (to - below);
        *opposite += b->weight * (all - to);
    }
    const double total = *same + *opposite + tied;
    *same = total > 0 ? (*same + tied / 2) / total : (double)NAN;
    *opposite = total > 0 ? (*opposite + tied / 2) / total : (double)NAN;
    return KEN_OK;
}

static ken_status survival_concordance_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                             double *out) {
    double opposite;
    (void)params;
    return survival_concordance(ctx, s, out, &opposite);
}

static ken_status survival_concordance_risk_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                                  double *out) {
    double same;
    (void)params;
    return survival_concordance(ctx, s, &same, out);
}

#define SURVIVAL_METRIC(thing, words, answers, text)                                     \
    const ken_desc ken_##thing##_desc = {                                                \
        .name = #thing,                                                                  \
        .title = words,                                                                  \
        .kind = KEN_METRIC,                                                              \
        .tasks = KEN_REGRESS,                                                            \
        .tags = KEN_TAG_WEIGHTS,                                                         \
        .write_json = ken__metric_write_json,                                            \
        .metric = &(const ken_metric){.value = survival_##thing##_value,                 \
                                      .higher_is_better = true,                          \
                                      .best = 1,                                         \
                                      .main = true,                                      \
                                      .judges = answers,                                 \
                                      .looks_at = KEN_LOOKS_AT_BOUNDS},                  \
        .doc = text,                                                                     \
        .paper = "Harrell et al. 1982",                                                  \
        .peer = "lifelines.utils.concordance_index"}

SURVIVAL_METRIC(concordance, "Concordance of times", 1 << KEN_ANSWER_VALUES | 1 << KEN_ANSWER_TIMES,
                "Of the pairs of rows whose order in time is known, the share whose predicted times have that "
                "order; 0.5 is chance. For loss=aft, which predicts times.");
SURVIVAL_METRIC(concordance_risk, "Concordance of risks", 1 << KEN_ANSWER_RISK,
                "Of the pairs of rows whose order in time is known, the share where the one that ends first has "
                "the higher predicted risk; 0.5 is chance. For loss=cox, which predicts hazard ratios.");

const ken_desc *const ken_survival_things[] = {&ken_concordance_desc, &ken_concordance_risk_desc, NULL};
