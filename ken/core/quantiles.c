/* Levels of quantiles: read, kept, looked up; rows that cross put into order. */
#include "ken/core/quantiles.h"

#include <math.h>
#include <string.h>

#include "ken/core/text.h"

static bool quantiles_is_gap(char c) { return c == ' ' || c == '|' || c == ',' || c == '\t'; }

static ken_status quantiles_fail(ken_ctx *ctx, const char *who, const char *text, const char *what) {
    return KEN_FAIL(ctx, KEN_E_ARG, "write levels between 0 and 1, ascending: quantiles=0.05|0.5|0.95",
                    "%s: quantiles '%.200s': %s", who, text, what);
}

ken_status ken_quantiles_parse(ken_ctx *ctx, const char *who, const char *text, double *level, int *n) {
    double before = 0, value;
    int count = 0;
    for (const char *at = text ? text : ""; *at;) {
        const char *end = at;
        if (quantiles_is_gap(*at)) {
            at++;
            continue;
        }
        while (*end && !quantiles_is_gap(*end)) end++;
        if (!ken_parse_f64(at, (size_t)(end - at), &value))
            return quantiles_fail(ctx, who, text, "a level is no number");
        if (!(value > 0 && value < 1))
            return quantiles_fail(ctx, who, text, "a level does not lie between 0 and 1");
        if (value <= before) return quantiles_fail(ctx, who, text, "the levels do not ascend");
        if (count == KEN_QUANTILES_MAX) return quantiles_fail(ctx, who, text, "more than 99 levels");
        if (level) level[count] = value;
        before = value;
        count++;
        at = end;
    }
    if (n) *n = count;
    return KEN_OK;
}

ken_status ken_quantiles_set(ken_ctx *ctx, ken_model *model, const double *level, int n) {
    const int64_t shape = n;
    void *data;
    KEN_TRY(ken_attr_new(ctx, model, "quantiles", KEN_F64, 1, &shape, &data));
    if (n) memcpy(data, level, (size_t)n * sizeof *level);
    return KEN_OK;
}

const double *ken_model_quantiles(const ken_model *model, int *n) {
    const ken_tensor *t = ken_model_attr(model, "quantiles");
    if (n) *n = 0;
    if (!t || t->dtype != KEN_F64 || t->ndim != 1 || t->shape[0] < 1 || t->shape[0] > KEN_QUANTILES_MAX)
        return NULL;
    const double *level = t->data;
    for (int64_t j = 0; j < t->shape[0]; j++)
        if (!(level[j] > (j ? level[j - 1] : 0) && level[j] < 1)) return NULL;
    if (n) *n = (int)t->shape[0];
    return level;
}

void ken_quantiles_sort(double *rows, int64_t n, int64_t q) {
    for (int64_t i = 0; i < n; i++) {
        double *row = rows + i * q;
        for (int64_t j = 1; j < q; j++) { /* by insertion: nearly in order as a rule */
            const double v = row[j];
            int64_t k = j;
            while (k > 0 && row[k - 1] > v) row[k] = row[k - 1], k--;
            row[k] = v;
        }
    }
}
