/* How a model's answer moves with one or two columns: partial dependence and accumulated local effects, as JSON with
 * their figure. */
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "ken/report/report_json.h"
#include "results.h"

typedef struct shape_job {
    const ken_model *model;
    const ken_table *table;
    char **columns;
    bool ale;
    ken_effect_params effect;
    ken_ale_params steps;
    ken_text text;
} shape_job;

static const char *shape_feature_at(void *model, int j) { return ken_model_feature(model, j); }

/* Numbers of the columns that are named: one or two. */
static ken_status shape_features(ken_ctx *ctx, const shape_job *job, int *out, int *n) {
    const int d = ken_model_n_features(job->model);
    for (*n = 0; job->columns[*n]; ++*n) {
        const char *name = job->columns[*n];
        int j = 0;
        if (*n == 2) return KEN_FAIL(ctx, KEN_E_ARG, "ask for one or two columns", "an effect is of one or two columns");
        while (j < d && strcmp(ken_model_feature(job->model, j), name) != 0) j++;
        if (j == d) {
            const char *near = ken_nearest_name(name, d, shape_feature_at, (void *)(uintptr_t)job->model);
            (void)KEN_FAIL(ctx, KEN_E_NOT_FOUND, NULL, "the model has no column '%s'", name);
            if (near) ken_fail_hint(ctx, "did you mean '%s'?", near);
            return KEN_E_NOT_FOUND;
        }
        out[*n] = j;
    }
    return *n ? KEN_OK : KEN_FAIL(ctx, KEN_E_ARG, "name one or two", "an effect is of one or two columns");
}

static ken_status shape_write(ken_ctx *ctx, shape_job *job, const ken_report_shape *shape, int64_t rows, bool walked,
                              const ken_report_asked *asked) {
    ken_json_writer w = ken_json_writer_new(&job->text, 0);
    const ken_report_input in = {.model = job->model, .asked = *asked};
    ken_json_object(&w);
    KEN_JSON(&w, "kind", string, job->ale ? "ale" : "effect");
    KEN_JSON(&w, "method", string, job->ale ? "steps" : walked ? "recursion" : "brute");
    KEN_JSON(&w, "rows", i64, rows);
    ken_report_json_shape(job->model, shape, &w);
    ken_json_put_key(&w, "figures");
    KEN_TRY(ken_report_figures(ctx, &in, &w));
    ken_json_end_object(&w);
    return job->text.status;
}

static ken_status shape_effect(ken_ctx *ctx, shape_job *job, const int *features, int n) {
    ken_effect *effect = NULL;
    KEN_TRY(ken_explain_effect(ctx, job->model, job->table, features, n, &job->effect, &effect));
    const ken_effect_view *v = ken_effect_get(effect);
    const ken_report_shape shape = {{&v->axis[0], &v->axis[1]}, v->n_axes, v->n_outputs, v->mean, v->unit};
    const ken_status status = shape_write(ctx, job, &shape, v->rows, v->method == KEN_EFFECT_RECURSION,
                                          &(const ken_report_asked){.effect = effect});
    ken_effect_free(effect);
    return status;
}

static ken_status shape_ale(ken_ctx *ctx, shape_job *job, const int *features, int n) {
    ken_ale *ale = NULL;
    KEN_TRY(ken_explain_ale(ctx, job->model, job->table, features, n, &job->steps, &ale));
    const ken_ale_view *v = ken_ale_get(ale);
    const ken_report_shape shape = {{&v->axis[0], &v->axis[1]}, v->n_axes, v->n_outputs, v->value,
                                    ken_model_n_classes(job->model) ? "probability" : "value"};
    const ken_status status = shape_write(ctx, job, &shape, v->rows, false, &(const ken_report_asked){.ale = ale});
    ken_ale_free(ale);
    return status;
}

static ken_status shape_work(ken_ctx *ctx, void *arg) {
    shape_job *job = arg;
    int features[2], n;
    job->text = ken_text_new(ctx);
    KEN_TRY(shape_features(ctx, job, features, &n));
    return job->ale ? shape_ale(ctx, job, features, n) : shape_effect(ctx, job, features, n);
}

static int shape_method(const char *method, ken_effect_method *out) {
    static const char *const names[] = {"auto", "brute", "recursion"};
    for (int i = 0; i < KEN_COUNT(names); i++)
        if (strcmp(names[i], method) == 0) {
            *out = (ken_effect_method)i;
            return 0;
        }
    PyErr_Format(PyExc_ValueError, "unknown method \"%s\": auto, brute or recursion", method);
    return -1;
}

PyObject *door_shape(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"model", "table", "columns", "ale", "grid", "method", "seed", "threads", "progress", NULL};
    const ken_effect_params effect = KEN_EFFECT_DEFAULTS;
    const ken_ale_params steps = KEN_ALE_DEFAULTS;
    door_state *state = door_state_of_module(module);
    PyObject *model, *table, *columns, *progress = NULL, *out = NULL;
    const char *method = "auto";
    int ale = 0, grid = 0, threads = 1;
    long long seed = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!O!O|$pisLiO", keys, state->model_type, &model, state->table_type, &table,
                                     &columns, &ale, &grid, &method, &seed, &threads, &progress))
        return NULL;
    shape_job *job = calloc(1, sizeof *job);
    if (!job) return PyErr_NoMemory();
    job->effect = effect, job->steps = steps;
    job->ale = ale;
    if (grid) job->effect.grid = job->steps.bins = grid;
    job->effect.n_ice = ale || PySequence_Size(columns) != 1 || strcmp(method, "brute") != 0 ? 0 : effect.n_ice;
    job->columns = shape_method(method, &job->effect.method) == 0 ? door_texts_of(columns) : NULL;
    if (job->columns && door_model_enter((door_model *)model, false) == 0) {
        job->model = ((door_model *)model)->model;
        job->table = ((door_table *)table)->table;
        door_context *context = door_context_take(state, threads, (uint64_t)seed, 0);
        if (context && door_run(state, context, shape_work, job, false, progress) == 0) out = door_text_take(context, &job->text);
        if (context) ken_text_free(&job->text);
        if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
        door_model_leave((door_model *)model, false);
    }
    door_texts_free(job->columns);
    free(job);
    return out;
}
