/* One versus rest: classifier c tells class c from all others; probabilities are scaled to sum 1.
 * Two classes need one classifier, and are what the base itself says. */
#include "ken/ensemble/one_vs_rest/one_vs_rest.h"

#include "ken/ensemble/ensemble_binary.h"

static ken_status one_vs_rest_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const int k = problem->n_classes;
    if (k == 2) return ken__binary_fit(ctx, model, problem, 1, 0, 1, 1);
    for (int c = 0; c < k; c++) KEN_TRY(ken__binary_fit(ctx, model, problem, c, -1, c + 1, k));
    return KEN_OK;
}

/* --- predict ---------------------------------------------------------------------------------- */
static int64_t one_vs_rest_width(const ken_model *model, ken_what what) {
    const int k = ken_model_n_classes(model);
    if (what == KEN_WHAT_PROBA) return k;
    return what == KEN_WHAT_MARGIN && ken__binary_has_margin(model) ? (k == 2 ? 1 : k) : 0;
}

static void one_vs_rest_normalize(double *p, int64_t n, int64_t k) {
    for (int64_t i = 0; i < n; i++, p += k) {
        double sum = 0;
        for (int64_t c = 0; c < k; c++) sum += p[c];
        for (int64_t c = 0; c < k; c++)
            p[c] = sum > 0 ? p[c] / sum : 1.0 / (double)k; /* nobody wants the row */
    }
}

static ken_status one_vs_rest_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                      ken_what what, double *out) {
    const int64_t n = ken_table_rows(X), k = ken_model_n_classes(model);
    if (k == 2) {
        ken_tensor t = ken_tensor_2d(out, KEN_F64, n, what == KEN_WHAT_PROBA ? 2 : 1);
        return ken_model_predict(ctx, ken_model_child(model, 0), X, what, &t);
    }
    for (int c = 0; c < k; c++) KEN_TRY(ken__binary_ask(ctx, model, c, X, what, out + c, k));
    if (what == KEN_WHAT_PROBA) one_vs_rest_normalize(out, n, k);
    return KEN_OK;
}

static ken_status one_vs_rest_open(ken_ctx *ctx, ken_model *model, void **state) {
    const int k = ken_model_n_classes(model);
    *state = NULL;
    return ken__binary_check(ctx, model, k == 2 ? 1 : k);
}

/* --- descriptor ------------------------------------------------------------------------------- */
static const ken_param one_vs_rest_params[] = {
    KEN_ROW_MODEL(ken_one_vs_rest_params, base, KEN_CLASSIFY,
                  .doc = "the classifier of each class; its parameters as base.NAME"),
    {0}};

static const ken_estimator one_vs_rest_estimator = {.fit = one_vs_rest_fit,
                                                    .width = one_vs_rest_width,
                                                    .gives = KEN_GIVES(MARGIN),
                                                    .margin = KEN_MARGIN_OF_BASE,
                                                    .predict = one_vs_rest_predict,
                                                    .open = one_vs_rest_open};

static const ken_one_vs_rest_params one_vs_rest_defaults = KEN_ONE_VS_REST_DEFAULTS;

const ken_desc ken_one_vs_rest_desc = {
    .name = "one_vs_rest",
    .title = "One versus rest",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_CLASSIFY,
    .tags = KEN_TAG_BASE,
    .params = one_vs_rest_params,
    .defaults = &one_vs_rest_defaults,
    .params_size = sizeof(ken_one_vs_rest_params),
    .estimator = &one_vs_rest_estimator,
    .doc = "Many classes by one binary classifier per class, each against all other rows. It needs "
           "k fits, and each "
           "classifier can be read by itself: what makes a row of this class. The classes are seen "
           "unbalanced, and "
           "the scores of different classifiers are compared although each was fitted alone.",
    .paper = "Rifkin & Klautau 2004 (JMLR 5)",
    .peer = "sklearn.multiclass.OneVsRestClassifier",
};

const ken_desc *const ken_one_vs_rest_things[] = {&ken_one_vs_rest_desc, NULL};
