/* The leaderboard in words: who is best, by how much, and whether that is more than noise. */
#include <math.h>

#include "ken/core/text.h"
#include "ken/select/compare/compare.h"

/* Below this the difference of two models is taken for real. */
#define COMPARE_SURE 0.05

static void compare_add_number(ken_text *t, double value, int digits) {
    char buf[40];
    ken_format_f64_digits(value, digits, buf);
    ken_text_add(t, buf);
}

static void compare_add_score(ken_text *t, const ken_compare_row *row) {
    compare_add_number(t, row->mean, 4);
    if (isnan(row->se)) return;
    ken_text_add(t, " ± ");
    compare_add_number(t, row->se, 2);
}

static void compare_add_bytes(ken_text *t, double bytes) {
    const char *const units[] = {"bytes", "kB", "MB", "GB"};
    int unit = 0;
    for (; bytes >= 1000 && unit + 1 < KEN_COUNT(units); unit++) bytes /= 1000;
    compare_add_number(t, bytes, bytes < 10 ? 2 : 3);
    ken_text_addf(t, " %s", units[unit]);
}

static bool compare_is_baseline(const ken_compare_row *row) {
    const ken_desc *desc;
    for (int i = 0; (desc = ken_catalog_at(i)); i++) {
        const char *a = desc->name, *b = row->name;
        while (*a && *a == *b) a++, b++;
        if (*a == *b && desc->kind == KEN_ESTIMATOR) return desc->tags & KEN_TAG_BASELINE;
    }
    return false;
}

/* "boosting: roc_auc 0.7812 ± 0.012 over 5 splits." */
static void compare_add_best(ken_text *t, const ken_comparison *c) {
    const ken_compare_row *best = &c->row[0];
    ken_text_addf(t, "%s: %s ", best->name, c->metric->name);
    compare_add_score(t, best);
    ken_text_addf(t, " over %lld splits (mean ± standard error).", (long long)best->cv.folds);
    if (compare_is_baseline(best) && c->n > 1)
        ken_text_add(t, " No model is better than this baseline: the columns do not tell the target.");
}

static void compare_add_next(ken_text *t, const ken_comparison *c, int at) {
    const ken_compare_row *best = &c->row[0], *next = &c->row[at];
    ken_text_addf(t, " Next is %s with ", next->name);
    compare_add_score(t, next);
    if (isnan(next->p)) {
        ken_text_add(t, ".");
        return;
    }
    ken_text_add(t, ": a difference of ");
    compare_add_number(t, fabs(next->difference), 2);
    ken_text_add(t, next->p < COMPARE_SURE ? ", more than noise" : ", within noise");
    ken_text_add(t, " (corrected resampled t-test, p = ");
    compare_add_number(t, next->p, 2);
    ken_text_add(t, ")");
    if (next->p >= COMPARE_SURE && next->bytes > 0 && 2 * next->bytes <= best->bytes) {
        ken_text_addf(t, ", and %s is smaller (", next->name);
        compare_add_bytes(t, (double)next->bytes);
        ken_text_add(t, " against ");
        compare_add_bytes(t, (double)best->bytes);
        ken_text_add(t, ")");
    }
    ken_text_add(t, ".");
}

ken_status ken__compare_reason(ken_ctx *ctx, ken_comparison *c) {
    ken_text t = ken_text_new(ctx);
    const char *text;
    int judged = 0;
    for (int i = 0; i < c->n; i++) judged += !isnan(c->row[i].mean);
    compare_add_best(&t, c);
    if (judged > 1)
        compare_add_next(&t, c, 1);
    else
        ken_text_add(&t, " It is the only one that could be judged.");
    if (c->n > judged) ken_text_addf(&t, " %d left out.", c->n - judged);
    ken_status status = ken_text_end(&t, &text);
    if (status == KEN_OK) status = ken_strdup(ctx, text, &c->reason);
    ken_text_free(&t);
    return status;
}
