#include "ken/explain/permutation/permutation.h"

#include <math.h>
#include <stdlib.h>

#include "ken/core/rng.h"
#include "ken/core/text.h"
#include "ken/explain/explain_score.h"
#include "ken/explain/permutation/permutation_parts.h"

/* Puts the columns of `taken` in the places of the n columns, one after the other. */
static ken_status permutation_replace(ken_ctx *ctx, const ken_table *table, const int *columns, int n,
                                      const ken_table *taken, ken_table **out) {
    const ken_table *now = table;
    *out = NULL;
    for (int c = 0; c < n; c++) {
        ken_table *next;
        const ken_status status = ken__explain_replace(ctx, now, columns[c], ken_table_column(taken, c), &next);
        if (status != KEN_OK) {
            ken_table_free(*out);
            *out = NULL;
            return status;
        }
        if (*out) ken_table_keep(next, *out);
        now = *out = next;
    }
    return KEN_OK;
}

ken_status ken__permutation_shuffle(ken_ctx *ctx, ken__explain_score *score, const int *columns, int n,
                                    int64_t repeat, int64_t *order, double *out) {
    const ken_table *table = score->rows.table;
    const int64_t rows = score->rows.n;
    ken_text stream = ken_text_new(ctx);
    ken_table *chosen = NULL, *taken = NULL, *shuffled = NULL;
    const char *name = NULL;
    ken_text_addf(&stream, "permutation.%s", ken_model_feature(score->model, columns[0]));
    ken_status status = ken_text_end(&stream, &name);
    if (status == KEN_OK) {
        ken_rng rng = ken_rng_stream(ctx, name, (uint64_t)repeat);
        for (int64_t i = 0; i < rows; i++) order[i] = i;
        ken_rng_shuffle(&rng, order, rows);
        status = ken_table_select(ctx, table, columns, n, &chosen);
    }
    if (status == KEN_OK) status = ken_table_take(ctx, chosen, order, rows, &taken);
    if (status == KEN_OK) status = permutation_replace(ctx, table, columns, n, taken, &shuffled);
    if (status == KEN_OK) status = ken__explain_score_value(ctx, score, shuffled, out);
    ken_table_free(shuffled);
    ken_table_free(taken);
    ken_table_free(chosen);
    ken_text_free(&stream);
    return status;
}

void ken__permutation_summary(const double *loss, int64_t r, ken_permutation_row *out) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < r; i++) sum += loss[i];
    out->mean = sum / (double)r;
    for (int64_t i = 0; i < r; i++) squares += (loss[i] - out->mean) * (loss[i] - out->mean);
    out->sd = r > 1 ? sqrt(squares / (double)(r - 1)) : 0;
}

static int permutation_compare(const void *a, const void *b) {
    const ken_permutation_row *x = a, *y = b;
    if (x->mean != y->mean) return x->mean < y->mean ? 1 : -1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

static ken_status permutation_all(ken_ctx *ctx, ken__explain_score *score, int64_t n_repeats,
                                  double base, int64_t *order, double *loss) {
    const int d = ken_model_n_features(score->model);
    const double sign = score->metric->metric->higher_is_better ? 1 : -1;
    ken_progress progress = ken_progress_of("permutation importance", 0, d);
    for (int j = 0; j < d; j++) {
        for (int64_t r = 0; r < n_repeats; r++) {
            double value = NAN;
            KEN_TRY(ken_check_cancel(ctx));
            KEN_TRY(ken__permutation_shuffle(ctx, score, &j, 1, r, order, &value));
            loss[j * n_repeats + r] = sign * (base - value);
        }
        progress.iteration = j + 1;
        ken_report_progress(ctx, &progress);
    }
    return KEN_OK;
}

static ken_status permutation_run(ken_ctx *ctx, ken__explain_score *score, int64_t n_repeats,
                                  double *base, double *loss) {
    int64_t *order = NULL;
    KEN_TRY(KEN_ALLOC(ctx, int64_t, score->rows.n, &order));
    ken_status status = ken__explain_score_value(ctx, score, score->rows.table, base);
    if (status == KEN_OK) status = permutation_all(ctx, score, n_repeats, *base, order, loss);
    ken_free(ctx, order);
    return status;
}

ken_status ken__permutation_check(ken_ctx *ctx, const ken_permutation_params *p) {
    if (p->n_repeats >= 1 && p->n_repeats <= 1000) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_ARG, "use 1 to 1000 repeats", "permutation: %lld repeats are not in 1 to 1000",
                    (long long)p->n_repeats);
}

ken_status ken_explain_permutation(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                   const ken_permutation_params *params,
                                   ken_permutation_info *info, ken_permutation_row *out,
                                   double *repeats) {
    const ken_permutation_params defaults = KEN_PERMUTATION_DEFAULTS;
    const ken_permutation_params *p = params ? params : &defaults;
    const int d = ken_model_n_features(model);
    ken__explain_score score;
    double base = NAN, *loss = repeats, *owned = NULL;
    KEN_TRY(ken__permutation_check(ctx, p));
    KEN_TRY(ken__explain_score_begin(ctx, model, data, p->metric, p->max_rows, "permutation rows",
                                     &score));
    ken_status status = KEN_OK;
    if (!loss) {
        status = KEN_ALLOC(ctx, double, (int64_t)d * p->n_repeats, &owned);
        loss = owned;
    }
    if (status == KEN_OK) status = permutation_run(ctx, &score, p->n_repeats, &base, loss);
    for (int j = 0; j < d && status == KEN_OK; j++) {
        out[j].feature = j;
        ken__permutation_summary(loss + j * p->n_repeats, p->n_repeats, &out[j]);
    }
    if (status == KEN_OK) qsort(out, (size_t)d, sizeof *out, permutation_compare);
    if (status == KEN_OK && info)
        *info = (ken_permutation_info){score.metric->name, score.metric->metric->higher_is_better,
                                       base, score.rows.n, p->n_repeats};
    ken_free(ctx, owned);
    ken__explain_score_end(ctx, &score);
    return status;
}
