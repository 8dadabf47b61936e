/* Questions to a fitted model and to a table, whose answers are JSON, pages and figures (ken/report). */
#include "results.h"

#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "ken/report/figures.h"
#include "ken/report/report_assets.h"
#include "ken/report/report_json.h"

/* --- texts ------------------------------------------------------------------------------------------------------------ */
void door_texts_free(char **texts) {
    for (char **s = texts; s && *s; s++) free(*s);
    free(texts);
}

char **door_texts_of(PyObject *list) {
    const Py_ssize_t n = list && list != Py_None ? PySequence_Size(list) : 0;
    char **texts = n < 0 ? NULL : calloc((size_t)n + 1, sizeof *texts);
    if (!texts) return n < 0 ? NULL : (char **)PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_GetItem(list, i), *utf8 = NULL;
        const char *text = item ? door_text_of(item, &utf8) : NULL;
        texts[i] = text ? strdup(text) : NULL;
        Py_XDECREF(utf8);
        Py_XDECREF(item);
        if (texts[i]) continue;
        if (!PyErr_Occurred()) PyErr_NoMemory();
        door_texts_free(texts);
        return NULL;
    }
    return texts;
}

/* --- pages ------------------------------------------------------------------------------------------------------------ */
/* A text of a dict, lent as long as the str lives. 0, or -1. */
static int source_text(PyObject *dict, const char *key, const char **out) {
    PyObject *value = PyMapping_HasKeyString(dict, key) ? PyMapping_GetItemString(dict, key) : NULL;
    if (!value || value == Py_None) {
        Py_XDECREF(value);
        return PyErr_Occurred() ? -1 : 0;
    }
    *out = PyBytes_Check(value) ? PyBytes_AsString(value) : NULL; /* bytes: the limited API lends no text of a str */
    if (!*out) PyErr_Format(PyExc_TypeError, "source[\"%s\"] must be bytes", key);
    Py_DECREF(value); /* the dict has it */
    return *out ? 0 : -1;
}

int door_source_of(PyObject *dict, ken_report_source *out) {
    memset(out, 0, sizeof *out);
    out->vega_js = ken_asset_vega_js(&out->vega_size);
    out->vega_lite_js = ken_asset_vega_lite_js(&out->vega_lite_size);
    out->vega_embed_js = ken_asset_vega_embed_js(&out->vega_embed_size);
    if (!dict || dict == Py_None) return 0;
    if (!PyDict_Check(dict)) return PyErr_SetString(PyExc_TypeError, "source must be a dict"), -1;
    return source_text(dict, "data_name", &out->data_name) < 0 || source_text(dict, "command", &out->command) < 0 ||
                   source_text(dict, "made", &out->made) < 0 || source_text(dict, "checksum", &out->checksum) < 0
               ? -1
               : 0;
}

void door_pages_begin(door_pages *p, door_context *context) {
    p->page = ken_text_new(context->ctx);
    p->figures = ken_text_new(context->ctx);
    p->columns = ken_text_new(context->ctx);
    p->figures_writer = ken_json_writer_new(&p->figures, 0);
    p->columns_writer = ken_json_writer_new(&p->columns, 0);
    p->out = (ken_report_output){&p->page, &p->figures_writer, &p->columns_writer};
}

PyObject *door_pages_take(door_pages *p, door_context *context, bool done) {
    PyObject *page = done ? door_text_take(context, &p->page) : NULL;
    PyObject *figures = page ? door_text_take(context, &p->figures) : NULL;
    PyObject *columns = figures ? door_text_take(context, &p->columns) : NULL;
    ken_text_free(&p->page);
    ken_text_free(&p->figures);
    ken_text_free(&p->columns);
    if (columns) return Py_BuildValue("NNN", page, figures, columns);
    Py_XDECREF(page);
    Py_XDECREF(figures);
    return NULL;
}

/* Averages over classes say little new where there are two. */
static bool shown_is_average(const char *name) {
    return strstr(name, "_macro") || strstr(name, "_micro") || strstr(name, "_weighted");
}

void door_write_shown(const ken_evaluation *e, ken_json_writer *w) {
    ken_json_put_key(w, "shown");
    ken_json_array(w);
    for (int i = 0; i < e->n_metrics; i++) {
        const ken_desc *desc = e->metric[i].desc;
        if (!desc->metric->main || (e->predictions.n_classes == 2 && shown_is_average(desc->name))) continue;
        ken_json_object(w);
        KEN_JSON(w, "name", string, desc->name);
        KEN_JSON(w, "title", string, desc->title);
        KEN_JSON(w, "higher_is_better", bool, desc->metric->higher_is_better);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
}

/* --- one question: a model, a table, and what comes of it ----------------------------------------------------------- */
typedef struct result_job {
    const ken_model *model;
    const ken_table *table, *background;
    ken_evaluate_columns named;
    double level;
    int64_t row;
    int target;
    ken_report_source source;
    ken_text text;
    door_pages pages;
    ken_shap *shap;
    ken_shap_pairs *pairs;
} result_job;

/* What a call takes: references are borrowed from its arguments. */
typedef struct result_call {
    PyObject *model, *table, *background, *source, *progress;
    long long row, seed;
    int threads;
} result_call;

static const ken_table *result_table(door_state *state, PyObject *obj, const char *name) {
    if (PyObject_TypeCheck(obj, (PyTypeObject *)state->table_type)) return ((door_table *)obj)->table;
    PyErr_Format(PyExc_TypeError, "%s must be a Table", name);
    return NULL;
}

/* Runs the work with the model entered; the text of the job, or its pages. */
static PyObject *result_run(PyObject *module, result_call *call, result_job *job, door_work work, bool pages) {
    door_state *state = door_state_of_module(module);
    door_model *model = call->model ? (door_model *)call->model : NULL;
    PyObject *out = NULL;
    if (model && door_model_enter(model, false) < 0) return NULL;
    door_context *context = door_context_take(state, call->threads, (uint64_t)call->seed, 0);
    job->model = model ? model->model : NULL;
    job->table = context ? result_table(state, call->table, "table") : NULL;
    bool ready = job->table != NULL;
    if (ready && call->background && call->background != Py_None)
        ready = (job->background = result_table(state, call->background, "background")) != NULL;
    if (ready && door_source_of(call->source, &job->source) == 0) {
        job->text = ken_text_new(context->ctx);
        door_pages_begin(&job->pages, context);
        const bool done = door_run(state, context, work, job, false, call->progress) == 0;
        PyObject *three = door_pages_take(&job->pages, context, done);
        PyObject *text = three ? door_text_take(context, &job->text) : NULL;
        ken_text_free(&job->text);
        out = !text ? NULL : pages ? Py_BuildValue("OO", text, three) : (Py_INCREF(text), text);
        Py_XDECREF(text);
        Py_XDECREF(three);
    }
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    if (model) door_model_leave(model, false);
    return out;
}

static PyObject *result_no_memory(void) { return PyErr_NoMemory(); }

/* --- evaluation ----------------------------------------------------------------------------------------------------- */
static ken_status evaluate_work(ken_ctx *ctx, void *arg) {
    result_job *job = arg;
    ken_json_writer w = ken_json_writer_new(&job->text, 0);
    ken_evaluate_options o = KEN_EVALUATE_DEFAULTS;
    ken_evaluation e;
    ken_data data;
    KEN_TRY(ken_evaluate_data(ctx, job->model, job->table, &job->named, &data));
    o.level = job->level;
    o.group = data.group, o.event = data.event, o.upper = data.upper;
    o.all_metrics = true;
    memset(&e, 0, sizeof e);
    const ken_status status = ken_evaluate(ctx, job->model, job->table, data.target, data.weight, NULL, 0, &o, &e);
    if (status == KEN_OK) {
        ken_json_object(&w);
        ken_report_json_evaluation(job->model, &e, &w);
        door_write_shown(&e, &w);
        KEN_JSON(&w, "level", f64, e.level);
        KEN_JSON(&w, "predict_seconds", f64, e.predictions.predict_s);
        ken_json_end_object(&w);
    }
    ken_evaluation_free(&e);
    return status;
}

PyObject *door_evaluate(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"model", "table", "weight", "group", "event", "upper", "level", "threads", "progress", NULL};
    result_call call = {.threads = 1};
    result_job *job = calloc(1, sizeof *job);
    if (!job) return result_no_memory();
    job->level = 0.95;
    PyObject *out = NULL;
    if (PyArg_ParseTupleAndKeywords(args, kwargs, "O!O|$zzzzdiO", keys, door_state_of_module(module)->model_type, &call.model,
                                    &call.table, &job->named.weight, &job->named.group, &job->named.event,
                                    &job->named.upper, &job->level, &call.threads, &call.progress))
        out = result_run(module, &call, job, evaluate_work, false);
    free(job);
    return out;
}

/* --- explanations --------------------------------------------------------------------------------------------------- */
static ken_status explain_work(ken_ctx *ctx, void *arg) {
    result_job *job = arg;
    ken_text_add(&job->text, "{}");
    return ken_report_model(ctx, job->table, job->model, NULL, &job->source, &job->pages.out);
}

PyObject *door_explain(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"model", "table", "source", "seed", "threads", "progress", NULL};
    result_call call = {.threads = 1};
    result_job *job = calloc(1, sizeof *job);
    if (!job) return result_no_memory();
    PyObject *out = NULL, *both = NULL;
    if (PyArg_ParseTupleAndKeywords(args, kwargs, "O!O|$OLiO", keys, door_state_of_module(module)->model_type, &call.model,
                                    &call.table, &call.source, &call.seed, &call.threads, &call.progress))
        both = result_run(module, &call, job, explain_work, true);
    if (both) out = PyTuple_GetItem(both, 1);
    Py_XINCREF(out);
    Py_XDECREF(both);
    free(job);
    return out;
}

static ken_status account_work(ken_ctx *ctx, void *arg) {
    result_job *job = arg;
    ken_json_writer w = ken_json_writer_new(&job->text, 0);
    ken_account account;
    const ken_status status = ken_explain_account(ctx, job->model, job->table, job->background, job->row, &account);
    if (status == KEN_OK) {
        ken_json_object(&w);
        ken_report_json_account(&account, &w);
        ken_json_end_object(&w);
    }
    ken_account_free(&account);
    return status;
}

PyObject *door_account(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"model", "table", "row", "background", "seed", "threads", "progress", NULL};
    result_call call = {.threads = 1};
    result_job *job = calloc(1, sizeof *job);
    if (!job) return result_no_memory();
    PyObject *out = NULL;
    if (PyArg_ParseTupleAndKeywords(args, kwargs, "O!OL|$OLiO", keys, door_state_of_module(module)->model_type, &call.model,
                                    &call.table, &call.row, &call.background, &call.seed, &call.threads, &call.progress)) {
        job->row = call.row;
        out = result_run(module, &call, job, account_work, false);
    }
    free(job);
    return out;
}

static ken_status contributions_work(ken_ctx *ctx, void *arg) {
    result_job *job = arg;
    return ken_explain_shap(ctx, job->model, job->table, NULL, 0, &job->shap);
}

/* (values, base, unit) out of a view. */
static PyObject *contributions_arrays(door_state *state, const ken_shap_view *v) {
    const int64_t shape[3] = {v->n, v->n_outputs, v->n_features + 1};
    void *value = NULL, *base = NULL;
    PyObject *values = door_array_new(state, 3, shape, "f8", &value);
    PyObject *bases = values ? door_array_new(state, 2, shape, "f8", &base) : NULL;
    if (!bases) {
        Py_XDECREF(values);
        return NULL;
    }
    memcpy(value, v->value, (size_t)(shape[0] * shape[1] * shape[2]) * sizeof(double));
    memcpy(base, v->base, (size_t)(shape[0] * shape[1]) * sizeof(double));
    return Py_BuildValue("NNs", values, bases, v->unit);
}

PyObject *door_contributions(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"model", "table", "threads", "progress", NULL};
    result_call call = {.threads = 1};
    result_job *job = calloc(1, sizeof *job);
    if (!job) return result_no_memory();
    PyObject *out = NULL, *text = NULL;
    if (PyArg_ParseTupleAndKeywords(args, kwargs, "O!O|$iO", keys, door_state_of_module(module)->model_type, &call.model,
                                    &call.table, &call.threads, &call.progress))
        text = result_run(module, &call, job, contributions_work, false);
    if (text) out = contributions_arrays(door_state_of_module(module), ken_shap_get(job->shap));
    Py_XDECREF(text);
    ken_shap_free(job->shap);
    free(job);
    return out;
}

static ken_status interactions_work(ken_ctx *ctx, void *arg) {
    result_job *job = arg;
    const bool one = job->row >= 0;
    return ken_explain_shap_pairs(ctx, job->model, job->table, one ? &job->row : NULL, one ? 1 : 0, &job->pairs);
}

static PyObject *interactions_arrays(door_state *state, const ken_shap_pairs_view *v) {
    const int64_t d = v->n_features + 1, shape[3] = {v->n_outputs, d, d};
    const size_t bytes = (size_t)(v->n_outputs * d * d) * sizeof(double);
    void *value = NULL, *size = NULL;
    PyObject *values = door_array_new(state, 3, shape, "f8", &value);
    PyObject *sizes = values ? door_array_new(state, 3, shape, "f8", &size) : NULL;
    if (!sizes) {
        Py_XDECREF(values);
        return NULL;
    }
    memcpy(value, v->value, bytes);
    memcpy(size, v->size, bytes);
    return Py_BuildValue("NNs", values, sizes, v->unit);
}

PyObject *door_interactions(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"model", "table", "row", "threads", "progress", NULL};
    result_call call = {.threads = 1, .row = -1};
    result_job *job = calloc(1, sizeof *job);
    if (!job) return result_no_memory();
    PyObject *out = NULL, *text = NULL;
    if (PyArg_ParseTupleAndKeywords(args, kwargs, "O!O|L$iO", keys, door_state_of_module(module)->model_type, &call.model,
                                    &call.table, &call.row, &call.threads, &call.progress)) {
        job->row = call.row;
        text = result_run(module, &call, job, interactions_work, false);
    }
    if (text) out = interactions_arrays(door_state_of_module(module), ken_shap_pairs_get(job->pairs));
    Py_XDECREF(text);
    ken_shap_pairs_free(job->pairs);
    free(job);
    return out;
}

/* --- tables ----------------------------------------------------------------------------------------------------------- */
static ken_status describe_work(ken_ctx *ctx, void *arg) {
    result_job *job = arg;
    ken_json_writer w = ken_json_writer_new(&job->text, 0);
    ken_profile *profile = NULL;
    int target = -1;
    if (job->named.weight) KEN_TRY(ken_table_require(ctx, job->table, job->named.weight, &target));
    KEN_TRY(ken_describe(ctx, job->table, target, &profile));
    ken_profile_write_json(profile, &w);
    const ken_status status = ken_report_table(ctx, job->table, profile, &job->source, &job->pages.out);
    ken_profile_free(profile);
    return status;
}

PyObject *door_describe(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"table", "target", "source", "threads", "progress", NULL};
    result_call call = {.threads = 1};
    result_job *job = calloc(1, sizeof *job);
    if (!job) return result_no_memory();
    PyObject *out = NULL;
    if (PyArg_ParseTupleAndKeywords(args, kwargs, "O|$zOiO", keys, &call.table, &job->named.weight, &call.source, &call.threads,
                                    &call.progress))
        out = result_run(module, &call, job, describe_work, true);
    free(job);
    return out;
}

PyObject *door_figure_look(PyObject *module, PyObject *unused) {
    (void)module, (void)unused;
    return PyUnicode_FromString(ken_figure_look());
}

PyObject *door_figure_scripts(PyObject *module, PyObject *unused) {
    ken_report_source s;
    (void)module, (void)unused;
    door_source_of(NULL, &s);
    if (!s.vega_js || !s.vega_lite_js || !s.vega_embed_js) return PyTuple_New(0);
    return Py_BuildValue("y#y#y#", s.vega_js, (Py_ssize_t)s.vega_size, s.vega_lite_js, (Py_ssize_t)s.vega_lite_size,
                         s.vega_embed_js, (Py_ssize_t)s.vega_embed_size);
}

PyObject *door_model_facts(PyObject *module, PyObject *obj) {
    door_state *state = door_state_of_module(module);
    if (!PyObject_TypeCheck(obj, (PyTypeObject *)state->model_type))
        return PyErr_Format(PyExc_TypeError, "expected a Model, found %S", (PyObject *)Py_TYPE(obj));
    door_model *model = (door_model *)obj;
    if (door_model_enter(model, false) < 0) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    PyObject *out = NULL;
    if (context) {
        ken_text text = ken_text_new(context->ctx);
        ken_json_writer w = ken_json_writer_new(&text, 0);
        ken_json_object(&w);
        KEN_JSON(&w, "model", string, ken_model_desc(model->model)->name);
        KEN_JSON(&w, "title", string, ken_model_desc(model->model)->title);
        KEN_JSON(&w, "fitted", bool, ken_model_fitted(model->model));
        if (ken_model_fitted(model->model)) {
            KEN_JSON(&w, "task", string, ken_task_name(ken_model_task(model->model)));
            KEN_JSON(&w, "target", string, ken_model_target(model->model));
            KEN_JSON(&w, "rows_train", i64, ken_model_rows_train(model->model));
        }
        ken_report_json_model(model->model, &w);
        ken_json_end_object(&w);
        out = door_text_take(context, &text);
        door_context_give(state, context, false);
    }
    door_model_leave(model, false);
    return out;
}
