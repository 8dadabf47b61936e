/* Fills a report's input: explanations of the model, within a time that suits a person who waits. */
#include <math.h>

#include "ken/core/json.h"
#include "ken/explain/importance/importance.h"
#include "ken/preprocess/recipe/recipe.h"
#include "ken/report/report.h"

enum { COLLECT_EFFECTS = 30 };

struct ken_report_parts {
    ken_allocator alloc;
    ken_permutation_row *permutation;
    ken_permutation_info permutation_info;
    int *together_of;
    ken_permutation_group *together;
    double *importance;
    ken_effect *effects[COLLECT_EFFECTS];
    const ken_effect *effect_list[COLLECT_EFFECTS];
    ken_effect *pair;
    ken_shap *shap;
    ken_report_fact *recipe;
    const char **recipe_why;
    ken_json_doc *recipe_doc;
    ken_report_curve_point *training;
};

void ken_report_parts_free(ken_report_parts *p) {
    if (!p) return;
    const ken_allocator alloc = p->alloc;
    ken_allocator_free(&alloc, p->permutation);
    ken_allocator_free(&alloc, p->together_of);
    ken_allocator_free(&alloc, p->together);
    ken_allocator_free(&alloc, p->importance);
    for (int e = 0; e < COLLECT_EFFECTS; e++) ken_effect_free(p->effects[e]);
    ken_effect_free(p->pair);
    ken_shap_free(p->shap);
    ken_allocator_free(&alloc, p->recipe);
    ken_allocator_free(&alloc, p->recipe_why);
    ken_json_doc_free(p->recipe_doc);
    ken_allocator_free(&alloc, p->training);
    ken_allocator_free(&alloc, p);
}

/* An explanation that cannot be had is a warning; memory, cancelling and our own bugs are errors. */
static ken_status collect_excuse(ken_ctx *ctx, ken_status status, const char *what) {
    if (status == KEN_OK || status == KEN_E_NOMEM || status == KEN_E_CANCELLED) return status;
    if (status != KEN_E_UNSUPPORTED)
        ken_warn(ctx, "report: %s left out: %s", what, ken_ctx_message(ctx));
    ken_ctx_clear_error(ctx);
    return KEN_OK;
}

/* --- explanations ----------------------------------------------------------------------------------------- */

/* Cells that permutation importance may read: each of d columns is shuffled, and all d are predicted from. */
#define COLLECT_MAX_CELLS 4e9

/* Fewer rows, then fewer repeats, so that a wide table does not keep anybody waiting. false: too wide. */
static bool collect_shrink(int d, int64_t rows, ken_permutation_params *p) {
    p->max_rows = KEN_MIN(p->max_rows, rows);
    const double columns = (double)d * d;
    const double allowed = COLLECT_MAX_CELLS / columns / (double)p->n_repeats;
    if ((double)p->max_rows <= allowed) return true;
    p->max_rows = (int64_t)KEN_MAX(allowed, 200);
    while (p->n_repeats > 1 && columns * (double)(p->n_repeats * p->max_rows) > COLLECT_MAX_CELLS) p->n_repeats--;
    return columns * (double)(p->n_repeats * p->max_rows) <= COLLECT_MAX_CELLS;
}

/* Columns that say the same are shuffled together, too; a group of one says nothing new. */
static ken_status collect_together(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                   const ken_permutation_params *p, ken_report_input *in, ken_report_parts *parts) {
    const int d = ken_model_n_features(model);
    int n;
    KEN_TRY(KEN_ALLOC(ctx, int, d, &parts->together_of));
    KEN_TRY(ken_explain_associated(ctx, model, data->table, KEN_PERMUTATION_ASSOCIATED, parts->together_of, &n));
    n = ken_explain_drop_single(parts->together_of, d, n);
    if (n == 0) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, ken_permutation_group, n, &parts->together));
    KEN_TRY(ken_explain_permutation_groups(ctx, model, data, p, parts->together_of, n, NULL, parts->together));
    in->together_of = parts->together_of;
    in->together = parts->together;
    in->n_together = n;
    return KEN_OK;
}

static ken_status collect_permutation(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                      const ken_report_options *o, ken_report_input *in,
                                      ken_report_parts *parts) {
    const int d = ken_model_n_features(model);
    ken_permutation_params p = KEN_PERMUTATION_DEFAULTS;
    p.n_repeats = o->n_repeats;
    p.max_rows = o->max_rows;
    if (!collect_shrink(d, ken_table_rows(data->table), &p)) {
        ken_info(ctx, "the report leaves out permutation importance: %d columns are too many", d);
        return KEN_OK;
    }
    if (in->n_metrics) p.metric = in->metrics[0].name;
    if (!parts->permutation) KEN_TRY(KEN_ALLOC(ctx, ken_permutation_row, d, &parts->permutation));
    KEN_TRY(ken_explain_permutation(ctx, model, data, &p, &parts->permutation_info,
                                    parts->permutation, NULL));
    in->permutation = parts->permutation;
    in->n_permutation = d;
    in->permutation_info = &parts->permutation_info;
    return collect_together(ctx, model, data, &p, in, parts);
}

static ken_status collect_importance(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                     ken_report_input *in, ken_report_parts *parts) {
    const ken_importance_way way = ken_importance_way_of(model);
    if (way == KEN_IMPORTANCE_NONE) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, double, ken_model_n_features(model) + 1, &parts->importance));
    KEN_TRY(ken_explain_importance(ctx, model, way, data->table, parts->importance));
    in->importance = parts->importance;
    in->importance_name =
        way == KEN_IMPORTANCE_BY_COEF ? "share of |coef| \xC3\x97 sd" : "share of the splits' gain";
    return KEN_OK;
}

/* Columns in order of importance: feature number of place i. */
static int collect_feature(const ken_report_input *in, int i) {
    return in->n_permutation ? in->permutation[i].feature : i;
}

static bool collect_late(ken_ctx *ctx, const ken_report_options *o, double begun) {
    const double now = ken_ctx_clock(ctx);
    return o->budget_s > 0 && now - begun > o->budget_s;
}

static ken_status collect_effects(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                  const ken_report_options *o, double begun, ken_report_input *in,
                                  ken_report_parts *parts) {
    const int d = ken_model_n_features(model);
    const int most = KEN_MIN(KEN_MIN(o->max_effects, d), (int)COLLECT_EFFECTS);
    ken_effect_params p = KEN_EFFECT_DEFAULTS;
    int pair[2], n_pair = 0, n = 0;
    p.max_rows = o->effect_rows;
    for (int i = 0; i < d && n < most && !collect_late(ctx, o, begun); i++) {
        const int feature = collect_feature(in, i);
        const ken_status status =
            ken_explain_effect(ctx, model, data->table, &feature, 1, &p, &parts->effects[n]);
        KEN_TRY(collect_excuse(ctx, status, "an effect"));
        if (status != KEN_OK) continue;
        if (n_pair < 2) pair[n_pair++] = feature;
        parts->effect_list[n] = parts->effects[n];
        n++;
    }
    in->effects = parts->effect_list;
    in->n_effects = n;
    if (n_pair < 2 || in->pair || collect_late(ctx, o, begun) || ken_model_n_classes(model) > 2)
        return KEN_OK;
    p.grid = 10;
    p.max_rows = KEN_MIN(o->effect_rows, 150);
    const ken_status status = ken_explain_effect(ctx, model, data->table, pair, 2, &p, &parts->pair);
    in->pair = parts->pair;
    return collect_excuse(ctx, status, "the effect of two columns");
}

/* Rows at even steps of the table. */
static ken_status collect_shap_rows(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                    int64_t m, ken_shap **out) {
    const int64_t n = ken_table_rows(table);
    const ken_mark mark = ken_scratch_mark(ctx);
    int64_t *rows = NULL;
    ken_status status = KEN_SCRATCH(ctx, int64_t, m, &rows);
    for (int64_t i = 0; i < m && status == KEN_OK; i++)
        rows[i] = (int64_t)((double)i * ((double)n / (double)m));
    if (status == KEN_OK) status = ken_explain_shap(ctx, model, table, rows, m, out);
    ken_scratch_release(ctx, mark);
    return status;
}

/* A few rows tell what one costs; then as many as the time left allows. */
static ken_status collect_shap(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                               const ken_report_options *o, double begun, ken_report_input *in,
                               ken_report_parts *parts) {
    enum { TRIAL = 8 };
    const double start = ken_ctx_clock(ctx);
    int64_t m = KEN_MIN(ken_table_rows(data->table), o->shap_rows);
    KEN_TRY(collect_shap_rows(ctx, model, data->table, KEN_MIN(m, (int64_t)TRIAL), &parts->shap));
    const double cost = (ken_ctx_clock(ctx) - start) / TRIAL;
    const double left = o->budget_s - (ken_ctx_clock(ctx) - begun);
    if (o->budget_s > 0 && cost > 0 && (double)m * cost > left)
        m = left > 0 ? (int64_t)(left / cost) : 0;
    if (m > TRIAL) {
        ken_shap_free(parts->shap);
        parts->shap = NULL;
        KEN_TRY(collect_shap_rows(ctx, model, data->table, m, &parts->shap));
    }
    if (ken_shap_get(parts->shap)->gap > 1e-6)
        ken_warn(ctx, "report: contributions miss the model's answers by up to %g of their size",
                 ken_shap_get(parts->shap)->gap);
    in->shap = parts->shap;
    in->shap_table = data->table;
    if (!in->shap_output && ken_shap_get(parts->shap)->n_outputs == 2) in->shap_output = 1;
    return KEN_OK;
}

/* --- the recipe: a line a column ----------------------------------------------------------------------------- */

static ken_status collect_recipe(ken_ctx *ctx, const ken_model *model, ken_report_input *in,
                                 ken_report_parts *parts) {
    const ken_model *recipe = ken_model_recipe(model);
    ken_text json = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&json, 0);
    if (!recipe) return KEN_OK;
    ken_status status = ken_recipe_describe(ctx, recipe, &w);
    if (status == KEN_OK) status = json.status;
    if (status == KEN_OK)
        status = ken_json_parse(ctx, "recipe", json.data, json.size, &parts->recipe_doc);
    ken_text_free(&json);
    KEN_TRY(status);
    const ken_json *root = ken_json_root(parts->recipe_doc);
    const int64_t n = ken_json_count(root);
    KEN_TRY(KEN_ALLOC(ctx, ken_report_fact, n, &parts->recipe));
    KEN_TRY(KEN_ALLOC(ctx, const char *, n, &parts->recipe_why));
    for (int64_t i = 0; i < n; i++) {
        const ken_json *column = ken_json_at(root, i);
        parts->recipe[i].name = ken_json_string(ken_json_get(column, "column"), NULL, "");
        parts->recipe[i].value = ken_json_string(ken_json_get(column, "action"), NULL, "");
        parts->recipe_why[i] = ken_json_string(ken_json_get(column, "reason"), NULL, NULL);
    }
    in->recipe = parts->recipe;
    in->recipe_why = parts->recipe_why;
    in->n_recipe = (int)n;
    return KEN_OK;
}

/* --- training: what the model itself remembers --------------------------------------------------------------- */

static ken_status collect_training(ken_ctx *ctx, const ken_model *model, ken_report_input *in,
                                   ken_report_parts *parts) {
    const ken_tensor *train = ken_model_attr(model, "train_loss");
    const ken_tensor *validation = ken_model_attr(model, "validation_loss");
    const ken_tensor *any = train ? train : validation;
    const int64_t n = any && any->ndim == 1 ? KEN_MIN(any->shape[0], 100000) : 0;
    if (n < 2 || (train && validation && train->shape[0] != validation->shape[0])) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, ken_report_curve_point, n, &parts->training));
    for (int64_t i = 0; i < n; i++)
        parts->training[i] = (ken_report_curve_point){
            (double)(i + 1), train ? ken_tensor_value(train, i) : NAN,
            validation ? ken_tensor_value(validation, i) : NAN};
    in->training = parts->training;
    in->n_training = (int)n;
    if (!in->training_name) in->training_name = "mean loss";
    return KEN_OK;
}

/* --- all ------------------------------------------------------------------------------------------------------ */

static ken_status collect_explanations(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                       const ken_report_options *o, ken_report_input *in,
                                       ken_report_parts *parts) {
    const double begun = ken_ctx_clock(ctx);
    if (!in->permutation && data->target)
        KEN_TRY(collect_excuse(ctx, collect_permutation(ctx, model, data, o, in, parts),
                               "permutation importance"));
    if (!in->importance)
        KEN_TRY(collect_excuse(ctx, collect_importance(ctx, model, data, in, parts),
                               "the model's own importances"));
    if (!in->effects) KEN_TRY(collect_effects(ctx, model, data, o, begun, in, parts));
    if (!in->shap && !collect_late(ctx, o, begun))
        KEN_TRY(collect_excuse(ctx, collect_shap(ctx, model, data, o, begun, in, parts),
                               "single predictions"));
    return KEN_OK;
}

ken_status ken_report_collect(ken_ctx *ctx, const ken_model *model, const ken_data *test,
                              const ken_report_options *options, ken_report_input *input,
                              ken_report_parts **out) {
    const ken_report_options defaults = KEN_REPORT_OPTIONS_DEFAULTS;
    const ken_report_options *o = options ? options : &defaults;
    ken_report_parts *parts = NULL;
    *out = NULL;
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first",
                        "report: the model is not fitted");
    KEN_TRY(KEN_ALLOC(ctx, ken_report_parts, 1, &parts));
    parts->alloc = ken_ctx_allocator(ctx);
    input->model = model;
    ken_status status = KEN_OK;
    if (test) status = collect_explanations(ctx, model, test, o, input, parts);
    if (status == KEN_OK && !input->training)
        status = collect_training(ctx, model, input, parts);
    if (status == KEN_OK && !input->recipe)
        status = collect_excuse(ctx, collect_recipe(ctx, model, input, parts), "the recipe");
    if (status != KEN_OK) {
        ken_report_parts_free(parts);
        parts = NULL;
    }
    *out = parts;
    return status;
}
