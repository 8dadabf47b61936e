/* AdaBoost. A stage fits a clone of the base on weighted rows, is judged by its weighted error, and
 * moves weight to the rows that it got wrong. The base is weighted, never fed resampled rows (as Drucker
 * did): nothing is drawn at random, and a weight means so many copies of the row.
 *
 * source  Freund & Schapire 1997; Zhu, Zou, Rosset & Hastie 2009 (SAMME); Drucker 1997 (R2) */
#include "ken/ensemble/adaboost/adaboost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/catalog.h"
#include "ken/core/text.h"
#include "ken/core/threads.h"
#include "ken/kernels/elementary.h"

/* A stage without error would weigh infinitely much: it weighs as one with this error, and is the last. */
#define ADABOOST_LEAST_ERROR 1e-10

/* --- the state of a fit ----------------------------------------------------------------------- */
typedef struct adaboost {
    const ken_problem *p;
    const ken_adaboost_params *params;
    int64_t n, k;            /* training rows; classes, 0: numbers */
    ken_table *rows;         /* the training rows of X */
    double *weight;          /* (n), sum 1 */
    double *votes;           /* (p->n, k) stage weights by the class that a stage says */
    double *said;            /* (p->n) what the stage says: class codes or numbers */
    double *loss;            /* (n) of each row, 0 .. 1 */
    ken_model **stage;       /* (done) fitted */
    double *stage_weight, *stage_error, *train_error; /* (params->stages) */
    int64_t done;
    ken_tensor view;
} adaboost;

static void adaboost_free(ken_ctx *ctx, adaboost *a) {
    for (int64_t t = 0; a->stage && t < a->done; t++) ken_model_free(a->stage[t]);
    ken_table_free(a->rows);
    ken_free(ctx, a->stage);
    ken_free(ctx, a);
}

static ken_status adaboost_start(ken_ctx *ctx, adaboost *a) {
    const ken_problem *p = a->p;
    double total = 0;
    KEN_TRY(KEN_ALLOC(ctx, ken_model *, a->params->stages, &a->stage));
    KEN_TRY(ken_table_slice(ctx, p->X, 0, a->n, &a->rows));
    KEN_TRY(KEN_SCRATCH(ctx, double, a->n, &a->weight));
    KEN_TRY(KEN_SCRATCH(ctx, double, a->n, &a->loss));
    KEN_TRY(KEN_SCRATCH(ctx, double, p->n, &a->said));
    KEN_TRY(KEN_SCRATCH(ctx, double, p->n * a->k, &a->votes));
    KEN_TRY(KEN_SCRATCH(ctx, double, a->params->stages, &a->stage_weight));
    KEN_TRY(KEN_SCRATCH(ctx, double, a->params->stages, &a->stage_error));
    KEN_TRY(KEN_SCRATCH(ctx, double, a->params->stages, &a->train_error));
    if (a->k) memset(a->votes, 0, (size_t)(p->n * a->k) * sizeof(double));
    for (int64_t i = 0; i < a->n; i++) total += p->weight ? p->weight[i] : 1;
    for (int64_t i = 0; i < a->n; i++) a->weight[i] = (p->weight ? p->weight[i] : 1) / total;
    return KEN_OK;
}

static ken_status adaboost_begin(ken_ctx *ctx, ken_model *model, const ken_problem *p, void **state) {
    const ken_model *base = ken_model_base(model, "base");
    adaboost *a;
    if (!(ken_model_tags(base) & KEN_TAG_WEIGHTS))
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "choose a base that does, such as tree, logistic or ridge",
                        "adaboost: base '%s' takes no row weights", ken_model_desc(base)->name);
    KEN_TRY(KEN_ALLOC(ctx, adaboost, 1, &a));
    a->p = p, a->params = ken_model_params(model), a->n = p->n_train, a->k = p->label ? p->n_classes : 0;
    const ken_status status = adaboost_start(ctx, a);
    if (status == KEN_OK)
        *state = a;
    else
        adaboost_free(ctx, a);
    return status;
}

/* --- a stage ---------------------------------------------------------------------------------- */
/* A tree whose depth nobody chose is weak: a stump, and of depth 3 for numbers. */
static ken_status adaboost_new_stage(ken_ctx *ctx, const ken_model *model, bool classify, ken_model **out) {
    const ken_model *base = ken_model_base(model, "base");
    const ken_desc *desc = ken_model_desc(base);
    KEN_TRY(ken_model_clone(ctx, base, out));
    if (strcmp(desc->name, "tree") != 0) return KEN_OK;
    const ken_param *depth = ken_desc_param(desc, "max_depth");
    if (*(const int64_t *)((const char *)ken_model_params(base) + depth->offset) != 0) return KEN_OK;
    const ken_status status = ken_model_set(ctx, *out, "max_depth", classify ? "1" : "3");
    if (status != KEN_OK) ken_model_free(*out);
    return status;
}

static ken_status adaboost_fit_stage(ken_ctx *ctx, const ken_model *model, adaboost *a, ken_model *stage) {
    const ken_ctx_options *options = ken_ctx_get_options(ctx);
    void (*const hook)(void *, const ken_progress *) = options->hook;
    double *target = NULL;
    if (a->k) KEN_TRY(KEN_SCRATCH(ctx, double, a->n, &target));
    for (int64_t i = 0; a->k && i < a->n; i++) target[i] = a->p->label[i];
    const ken_column y = {.name = ken_model_target(model), .dtype = KEN_F64, .n = a->n,
                          .data = a->k ? target : a->p->y, .stride = 1, .source = -1};
    const ken_column w = {.name = "weight", .dtype = KEN_F64, .n = a->n, .data = a->weight, .stride = 1,
                          .source = -1};
    const ken_data data = {.table = a->rows, .target = &y, .weight = &w,
                           .task = a->k ? KEN_CLASSIFY : KEN_REGRESS};
    ken_ctx_set_hook(ctx, NULL); /* its own steps are not those of the whole */
    const ken_status status = ken_model_fit(ctx, stage, &data);
    ken_ctx_set_hook(ctx, hook);
    return status;
}

/* Classes of a nested model are named by their codes; false: they are not (a hostile file). */
static bool adaboost_code(const ken_model *stage, int j, int64_t k, int32_t *code) {
    const char *name = ken_model_class(stage, j);
    double value;
    if (!ken_parse_f64(name, strlen(name), &value) || !(value >= 0 && value < (double)k) || value != floor(value))
        return false;
    *code = (int32_t)value;
    return true;
}

/* out (n): class codes of the whole model, or numbers. */
static ken_status adaboost_ask(ken_ctx *ctx, const ken_model *stage, const ken_table *X, int64_t k, double *out) {
    const int64_t n = ken_table_rows(X);
    const int classes = k ? ken_model_n_classes(stage) : 0;
    ken_tensor t = ken_tensor_2d(out, KEN_F64, n, 1);
    const ken_mark mark = ken_scratch_mark(ctx);
    int32_t *code;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, classes, &code));
    for (int j = 0; j < classes; j++) (void)adaboost_code(stage, j, k, &code[j]);
    const ken_status status = ken_model_predict(ctx, stage, X, KEN_WHAT_VALUE, &t);
    for (int64_t i = 0; k && status == KEN_OK && i < n; i++) out[i] = code[(int)out[i]];
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- SAMME: classes --------------------------------------------------------------------------- */
static void adaboost_miss(adaboost *a) {
    for (int64_t i = 0; i < a->n; i++) a->loss[i] = a->said[i] != a->p->label[i];
}

/* Weighted share of the rows [from, to) whose most voted class is wrong. */
static double adaboost_wrong(const adaboost *a, int64_t from, int64_t to) {
    double wrong = 0, total = 0;
    for (int64_t i = from; i < to; i++) {
        const double *v = a->votes + i * a->k, w = a->p->weight ? a->p->weight[i] : 1;
        int64_t best = 0;
        for (int64_t c = 1; c < a->k; c++)
            if (v[c] > v[best]) best = c;
        wrong += w * (best != a->p->label[i]);
        total += w;
    }
    return total > 0 ? wrong / total : (double)NAN;
}

/* --- R2: numbers ------------------------------------------------------------------------------ */
/* |error| / the largest one, among rows that weigh something; then by the loss. */
static void adaboost_distance(adaboost *a) {
    double most = 0;
    for (int64_t i = 0; i < a->n; i++) {
        a->loss[i] = a->weight[i] > 0 ? fabs(a->said[i] - a->p->y[i]) : 0;
        most = KEN_MAX(most, a->loss[i]);
    }
    for (int64_t i = 0; most > 0 && i < a->n; i++) {
        const double part = a->loss[i] / most;
        a->loss[i] = a->params->loss == KEN_ADABOOST_SQUARE        ? part * part
                     : a->params->loss == KEN_ADABOOST_EXPONENTIAL ? 1 - ken_exp(-part)
                                                                   : part;
    }
}

/* --- both ------------------------------------------------------------------------------------- */
static void adaboost_error_block(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const adaboost *a = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) sum[0] += a->weight[i] * a->loss[i];
}

/* SAMME: alpha = log((1 - e) / e) + log(k - 1). R2: log(1 / beta) with beta = e / (1 - e). */
static double adaboost_alpha(const adaboost *a, double error) {
    const double e = KEN_MAX(error, ADABOOST_LEAST_ERROR);
    return a->params->learning_rate * (ken_log((1 - e) / e) + (a->k ? ken_log((double)a->k - 1) : 0));
}

/* SAMME: w exp(alpha) where wrong. R2: w beta^(1 - L). Both are w exp(alpha (L - 1)), scaled to sum 1. */
static void adaboost_move_weight(adaboost *a, double alpha) {
    double total = 0;
    for (int64_t i = 0; i < a->n; i++) {
        a->weight[i] *= ken_exp(alpha * (a->loss[i] - 1));
        total += a->weight[i];
    }
    for (int64_t i = 0; total > 0 && i < a->n; i++) a->weight[i] /= total;
}

/* Keeps the stage (true), unless it is no better than chance and not the first. */
static bool adaboost_keep(ken_ctx *ctx, adaboost *a, ken_model *stage, double error, ken_step *out) {
    const double chance = a->k ? 1 - 1 / (double)a->k : 0.5;
    const bool weak = !(error < chance);
    out->done = weak || error <= 0;
    if (weak && a->done > 0) return false;
    if (weak) ken_warn(ctx, "adaboost: the first stage is no better than chance (error %.3g)", error);
    a->stage[a->done] = stage;
    a->stage_error[a->done] = error;
    a->stage_weight[a->done] = weak ? 1 : adaboost_alpha(a, error);
    return true;
}

static ken_status adaboost_judge(ken_ctx *ctx, adaboost *a, ken_model *stage, bool *kept, ken_step *out) {
    double error = 0;
    KEN_TRY(adaboost_ask(ctx, stage, a->p->X, a->k, a->said));
    if (a->k)
        adaboost_miss(a);
    else
        adaboost_distance(a);
    KEN_TRY(ken_reduce(ctx, a->n, 1, adaboost_error_block, a, &error));
    *kept = adaboost_keep(ctx, a, stage, error, out);
    if (!*kept) return KEN_OK;
    const double alpha = a->stage_weight[a->done];
    for (int64_t i = 0; a->k && i < a->p->n; i++) a->votes[i * a->k + (int64_t)a->said[i]] += alpha;
    if (!out->done) adaboost_move_weight(a, alpha);
    out->objective = a->train_error[a->done] = a->k ? adaboost_wrong(a, 0, a->n) : error;
    if (a->k && a->p->n > a->n) out->validation = adaboost_wrong(a, a->n, a->p->n);
    a->done++;
    return KEN_OK;
}

static ken_status adaboost_step(ken_ctx *ctx, ken_model *model, void *state, ken_step *out) {
    adaboost *a = state;
    ken_model *stage = NULL;
    bool kept = false;
    KEN_TRY(adaboost_new_stage(ctx, model, a->k > 0, &stage));
    ken_status status = adaboost_fit_stage(ctx, model, a, stage);
    if (status == KEN_OK) status = adaboost_judge(ctx, a, stage, &kept, out);
    if (!kept) ken_model_free(stage);
    return status;
}

static ken_status adaboost_write(ken_ctx *ctx, ken_model *model, adaboost *a, int64_t n) {
    const char *const names[] = {"stage_weight", "stage_error", "train_error"};
    const double *const from[] = {a->stage_weight, a->stage_error, a->train_error};
    for (int i = 0; i < (a->k ? 3 : 2); i++) {
        double *to;
        KEN_TRY(ken_attr_new(ctx, model, names[i], KEN_F64, 1, &n, (void **)&to));
        memcpy(to, from[i], (size_t)n * sizeof *to);
    }
    for (int64_t t = 0; t < n; t++) {
        KEN_TRY(ken_model_adopt(ctx, model, a->stage[t]));
        a->stage[t] = NULL;
    }
    return KEN_OK;
}

static ken_status adaboost_end(ken_ctx *ctx, ken_model *model, void *state, int64_t keep) {
    adaboost *a = state;
    const ken_status status = keep > 0 ? adaboost_write(ctx, model, a, KEN_MIN(keep, a->done)) : KEN_OK;
    adaboost_free(ctx, a);
    return status;
}

static int adaboost_views(const ken_model *model, void *state, ken_view *out, int capacity) {
    adaboost *a = state;
    (void)model;
    if (capacity < 1) return 0;
    a->view = ken_tensor_1d(a->weight, KEN_F64, a->n);
    out[0] = (ken_view){"row_weight", &a->view};
    return 1;
}

static ken_stop_rule adaboost_stop_rule(const void *params, int64_t n_rows) {
    (void)n_rows;
    return (ken_stop_rule){.max_steps = ((const ken_adaboost_params *)params)->stages};
}

/* --- predict ---------------------------------------------------------------------------------- */
static int64_t adaboost_width(const ken_model *model, ken_what what) {
    const int k = ken_model_n_classes(model);
    if (what == KEN_WHAT_VALUE) return 1;
    if (what == KEN_WHAT_PROBA) return k;
    return what == KEN_WHAT_MARGIN && k ? (k == 2 ? 1 : k) : 0;
}

/* votes (n, k): the sum of the weights of the stages that say class c. */
static ken_status adaboost_vote(ken_ctx *ctx, const ken_model *model, const ken_table *X, double *votes) {
    const int64_t n = ken_table_rows(X), k = ken_model_n_classes(model);
    const double *alpha = ken_f64(ken_model_attr(model, "stage_weight"));
    double *said;
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &said));
    memset(votes, 0, (size_t)(n * k) * sizeof *votes);
    for (int t = 0; t < ken_model_n_children(model); t++) {
        KEN_TRY(adaboost_ask(ctx, ken_model_child(model, t), X, k, said));
        for (int64_t i = 0; i < n; i++) votes[i * k + (int64_t)said[i]] += alpha[t];
    }
    return KEN_OK;
}

/* Zhu et al., section 2.5: p = softmax(f / (k - 1)). f of class c over k - 1 is its votes less a k-th of all
 * votes, and a softmax does not see what all have in common: p = softmax(votes). */
static void adaboost_softmax(double *v, int64_t k) {
    double most = v[0], total = 0;
    for (int64_t c = 1; c < k; c++) most = KEN_MAX(most, v[c]);
    for (int64_t c = 0; c < k; c++) total += v[c] = ken_exp(v[c] - most);
    for (int64_t c = 0; c < k; c++) v[c] /= total;
}

static ken_status adaboost_classes(ken_ctx *ctx, const ken_model *model, const ken_table *X, ken_what what,
                                   double *out) {
    const int64_t n = ken_table_rows(X), k = ken_model_n_classes(model);
    double *votes = out;
    if (what == KEN_WHAT_MARGIN && k == 2) KEN_TRY(KEN_SCRATCH(ctx, double, 2 * n, &votes));
    KEN_TRY(adaboost_vote(ctx, model, X, votes));
    for (int64_t i = 0; i < n; i++) {
        double *v = votes + i * k, mean = 0;
        for (int64_t c = 0; c < k; c++) mean += v[c] / (double)k;
        if (what == KEN_WHAT_PROBA)
            adaboost_softmax(v, k);
        else if (k == 2)
            out[i] = v[1] - v[0];
        else
            for (int64_t c = 0; c < k; c++) v[c] -= mean;
    }
    return KEN_OK;
}

typedef struct adaboost_said {
    double value, weight;
} adaboost_said;

static int adaboost_by_value(const void *a, const void *b) {
    const double x = ((const adaboost_said *)a)->value, y = ((const adaboost_said *)b)->value;
    return x < y ? -1 : x > y;
}

/* The smallest value at which half of the stages' weight is reached. */
static double adaboost_median(adaboost_said *s, int64_t n) {
    double total = 0, sum = 0;
    int64_t t = 0;
    qsort(s, (size_t)n, sizeof *s, adaboost_by_value);
    for (int64_t i = 0; i < n; i++) total += s[i].weight;
    for (; t < n - 1; t++)
        if ((sum += s[t].weight) >= 0.5 * total) break;
    return s[t].value;
}

static ken_status adaboost_numbers(ken_ctx *ctx, const ken_model *model, const ken_table *X, double *out) {
    const int64_t n = ken_table_rows(X), stages = ken_model_n_children(model);
    const double *alpha = ken_f64(ken_model_attr(model, "stage_weight"));
    double *said;
    adaboost_said *one;
    KEN_TRY(KEN_SCRATCH(ctx, double, n * stages, &said));
    KEN_TRY(KEN_SCRATCH(ctx, adaboost_said, stages, &one));
    for (int t = 0; t < stages; t++)
        KEN_TRY(adaboost_ask(ctx, ken_model_child(model, t), X, 0, said + t * n));
    for (int64_t i = 0; i < n; i++) {
        for (int64_t t = 0; t < stages; t++) one[t] = (adaboost_said){said[t * n + i], alpha[t]};
        out[i] = adaboost_median(one, stages);
    }
    return KEN_OK;
}

static ken_status adaboost_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X, ken_what what,
                                   double *out) {
    return ken_model_n_classes(model) ? adaboost_classes(ctx, model, X, what, out)
                                      : adaboost_numbers(ctx, model, X, out);
}

/* --- open: a file may be hostile --------------------------------------------------------------- */
static bool adaboost_sound_stage(const ken_model *model, const ken_model *stage) {
    const int64_t k = ken_model_n_classes(model);
    int32_t code;
    if (ken_model_desc(stage) != ken_model_desc(ken_model_base(model, "base")) ||
        ken_model_task(stage) != ken_model_task(model) ||
        ken_model_n_features(stage) != ken_model_n_inputs(model))
        return false;
    for (int j = 0; k && j < ken_model_n_classes(stage); j++)
        if (!adaboost_code(stage, j, k, &code)) return false;
    return true;
}

static ken_status adaboost_open(ken_ctx *ctx, ken_model *model, void **state) {
    const ken_tensor *t = ken_model_attr(model, "stage_weight");
    const int n = ken_model_n_children(model);
    *state = NULL;
    bool sound = n > 0 && t && t->ndim == 1 && t->shape[0] == n;
    for (int i = 0; sound && i < n; i++)
        sound = isfinite(ken_f64(t)[i]) && adaboost_sound_stage(model, ken_model_child(model, i));
    if (sound) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_FORMAT, "fit the model again", "adaboost: its %d stages are not sound", n);
}

/* --- descriptor --------------------------------------------------------------------------------- */
static const char *const adaboost_losses[] = {"linear", "square", "exponential", NULL};
static const ken_param adaboost_params[] = {
    KEN_ROW_MODEL(ken_adaboost_params, base, KEN_REGRESS | KEN_CLASSIFY,
                  .doc = "the weak model, which takes weights; its parameters as base.NAME. A tree without "
                         "base.max_depth has depth 1, for numbers 3"),
    KEN_ROW_I64(ken_adaboost_params, stages, .min = 1, .max = 1e5, .lo = 10, .hi = 500,
                .scale = KEN_LOG_SCALE, .doc = "most models; fewer where one is without error or no better than chance"),
    KEN_ROW_F64(ken_adaboost_params, learning_rate, .min = 0, .max = INFINITY, .open_min = true, .lo = 0.01,
                .hi = 2, .scale = KEN_LOG_SCALE, .doc = "how much of its weight a stage gets"),
    KEN_ROW_CHOICE(ken_adaboost_params, loss, adaboost_losses,
                   .doc = "numbers: how an error, as part of the largest, moves weight"),
    {0}};

static const ken_attr adaboost_attrs[] = {
    {"stage_weight", KEN_F64, "stages", "what the word of each stage weighs (alpha)"},
    {"stage_error", KEN_F64, "stages", "error of each stage on the rows as it saw them weighted"},
    {"train_error", KEN_F64, "stages", "classes: weighted share of wrong training rows by the stages so far"},
    {0}};

static const ken_estimator adaboost_estimator = {.begin = adaboost_begin,
                                                 .step = adaboost_step,
                                                 .end = adaboost_end,
                                                 .views = adaboost_views,
                                                 .stop_rule = adaboost_stop_rule,
                                                 .width = adaboost_width,
                                                 .gives = KEN_GIVES(MARGIN),
                                                 .predict = adaboost_predict,
                                                 .open = adaboost_open};

static const ken_adaboost_params adaboost_defaults = KEN_ADABOOST_DEFAULTS;

const ken_desc ken_adaboost_desc = {
    .name = "adaboost",
    .title = "AdaBoost",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_BASE | KEN_TAG_WEIGHTS,
    .params = adaboost_params,
    .defaults = &adaboost_defaults,
    .params_size = sizeof(ken_adaboost_params),
    .attrs = adaboost_attrs,
    .estimator = &adaboost_estimator,
    .doc = "Weak models one after another; rows that were wrong weigh more in the next, and models that "
           "were right weigh more in the vote. The first boosting, and the one that shows the idea. Rows "
           "with wrong labels gather all weight: boosting by gradients stands them better, and its "
           "probabilities are better.",
    .paper = "Freund & Schapire 1997; Zhu et al. 2009 (SAMME); Drucker 1997 (R2)",
    .peer = "sklearn.ensemble.AdaBoostClassifier, AdaBoostRegressor",
};

const ken_desc *const ken_adaboost_things[] = {&ken_adaboost_desc, NULL};
