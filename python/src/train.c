/* Training from a table, whole (ken_train), and its report. What a training leaves behind is kept in a capsule: the
 * report is made when somebody asks for it. */
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "ken/report/report_json.h"
#include "results.h"

enum { TRAIN_CURVE = 4096 };

/* What the capsule keeps. */
typedef struct training_kept {
    ken_training training;
    PyObject *table, *validation, *model; /* what the training borrows from; the model of the report */
    int n_curve;
    ken_report_curve_point curve[TRAIN_CURVE]; /* objective by iteration, of the last fit */
} training_kept;

typedef struct train_job {
    ken_train_options options;
    const ken_table *table;
    char **settings;
    ken_model *model;
    training_kept *kept;
    ken_text results;
} train_job;

static const char training_name[] = "ken._ken.training";

/* --- the capsule ---------------------------------------------------------------------------------------------------- */
static void training_kept_free(training_kept *kept) {
    if (!kept) return;
    ken_training_free(&kept->training);
    Py_XDECREF(kept->table);
    Py_XDECREF(kept->validation);
    Py_XDECREF(kept->model);
    free(kept);
}

static void training_destroy(PyObject *capsule) { training_kept_free(PyCapsule_GetPointer(capsule, training_name)); }

/* --- training --------------------------------------------------------------------------------------------------------- */
/* Objectives by iteration; a fit that begins anew replaces the one before it. */
static void train_listen(void *listener, const ken_progress *p) {
    training_kept *kept = listener;
    if (p->objective != p->objective) return;
    if (p->iteration <= 1) kept->n_curve = 0;
    if (kept->n_curve == TRAIN_CURVE) return;
    kept->curve[kept->n_curve++] = (ken_report_curve_point){(double)p->iteration, p->objective, p->validation};
}

static void train_write(const ken_model *m, const ken_training *t, ken_json_writer *w) {
    ken_json_object(w);
    ken_report_json_training(m, t, w);
    ken_report_json_model(m, w);
    door_write_shown(&t->evaluation, w);
    if (t->metric) KEN_JSON(w, "metric", string, t->metric->name);
    KEN_JSON(w, "score", f64, t->score);
    ken_json_end_object(w);
}

static ken_status train_work(ken_ctx *ctx, void *arg) {
    train_job *job = arg;
    ken_json_writer w;
    KEN_TRY(ken_train(ctx, job->table, &job->options, &job->model, &job->kept->training));
    job->results = ken_text_new(ctx);
    w = ken_json_writer_new(&job->results, 0);
    train_write(job->model, &job->kept->training, &w);
    return job->results.status;
}

static int train_task(const char *task, ken_task *out) {
    static const ken_task tasks[] = {KEN_TASK_AUTO, KEN_REGRESS, KEN_CLASSIFY};
    for (int i = 0; i < KEN_COUNT(tasks); i++)
        if (strcmp(task, ken_task_name(tasks[i])) == 0) {
            *out = tasks[i];
            return 0;
        }
    PyErr_Format(PyExc_ValueError, "unknown task \"%s\": auto, regress or classify", task);
    return -1;
}

/* The model that is fitted on, or refitted: a copy, since the training takes it. */
static int train_start(door_state *state, PyObject *start, ken_train_options *o) {
    if (!start || start == Py_None) return 0;
    if (!PyObject_TypeCheck(start, (PyTypeObject *)state->model_type)) {
        PyErr_Format(PyExc_TypeError, "start must be a Model, found %S", (PyObject *)Py_TYPE(start));
        return -1;
    }
    PyObject *copy = PyObject_CallMethod(start, "__copy__", NULL);
    if (copy && !PyObject_TypeCheck(copy, (PyTypeObject *)state->model_type)) {
        PyErr_SetString(PyExc_TypeError, "start's copy is no Model");
        Py_CLEAR(copy);
    }
    if (!copy) return -1;
    o->from = ((door_model *)copy)->model;
    ((door_model *)copy)->model = NULL;
    Py_DECREF(copy);
    return 0;
}

static train_job *train_job_new(void) {
    train_job *job = calloc(1, sizeof *job);
    if (job) job->kept = calloc(1, sizeof *job->kept);
    if (job && job->kept) return job;
    free(job);
    return (train_job *)PyErr_NoMemory();
}

static void train_job_free(train_job *job) {
    if (!job) return;
    door_texts_free(job->settings);
    training_kept_free(job->kept);
    ken_model_free(job->model);
    ken_text_free(&job->results);
    free(job);
}

/* (Model, training, results): takes them out of the job. */
static PyObject *train_results(door_state *state, door_context *context, train_job *job) {
    PyObject *results = door_text_take(context, &job->results);
    PyObject *model = results ? door_model_wrap(state, job->model) : NULL;
    if (model) job->model = NULL;
    PyObject *capsule = model ? PyCapsule_New(job->kept, training_name, training_destroy) : NULL;
    if (!capsule) {
        Py_XDECREF(model);
        Py_XDECREF(results);
        return NULL;
    }
    Py_INCREF(model);
    job->kept->model = model;
    job->kept = NULL;
    return Py_BuildValue("NNN", model, capsule, results);
}

PyObject *door_train(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"table", "target", "model", "settings", "test", "folds", "metric", "intervals", "task",
                           "weight", "group", "time", "offset", "event", "upper", "validation", "seed", "threads",
                           "progress", "budget", "start", "refit", "decay", NULL};
    door_state *state = door_state_of_module(module);
    const ken_train_options defaults = KEN_TRAIN_DEFAULTS;
    PyObject *table, *validation = NULL, *settings = NULL, *progress = NULL, *start = NULL, *out = NULL;
    const char *task = "auto";
    long long folds = 0, seed = 0;
    int threads = 1, refit = 0;
    double budget = 0;
    train_job *job = train_job_new();
    if (!job) return NULL;
    ken_train_options *o = &job->options;
    *o = defaults;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!|$zzOdLzdszzzzzzOLiOdOpd", keys, state->table_type, &table, &o->target,
                                     &o->model, &settings, &o->test, &folds, &o->metric, &o->intervals, &task,
                                     &o->weight, &o->group, &o->time, &o->offset, &o->event, &o->upper, &validation,
                                     &seed, &threads, &progress, &budget, &start, &refit, &o->decay) ||
        train_task(task, &o->task) < 0 || !(job->settings = door_texts_of(settings))) {
        train_job_free(job);
        return NULL;
    }
    if (validation == Py_None) validation = NULL;
    if (validation && !PyObject_TypeCheck(validation, (PyTypeObject *)state->table_type)) {
        train_job_free(job);
        PyErr_SetString(PyExc_TypeError, "validation must be a Table");
        return NULL;
    }
    o->folds = folds;
    o->refit = refit;
    o->settings = (const char *const *)job->settings;
    o->validation = validation ? ((door_table *)validation)->table : NULL;
    job->table = ((door_table *)table)->table;
    Py_INCREF(table);
    Py_XINCREF(validation);
    job->kept->table = table;
    job->kept->validation = validation;
    door_context *context = door_context_take(state, threads, (uint64_t)seed, budget);
    if (context && train_start(state, start, o) == 0) {
        context->listen = train_listen;
        context->listener = job->kept;
        if (door_run(state, context, train_work, job, false, progress) == 0) out = train_results(state, context, job);
        ken_text_free(&job->results); /* it lives in the context's memory */
    }
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    train_job_free(job);
    return out;
}

/* --- its report ------------------------------------------------------------------------------------------------------- */
typedef struct train_report_job {
    training_kept *kept;
    ken_report_source source;
    door_pages pages;
} train_report_job;

static ken_status train_report_work(ken_ctx *ctx, void *arg) {
    train_report_job *job = arg;
    training_kept *kept = job->kept;
    return ken_report_training(ctx, ((door_table *)kept->table)->table, ((door_model *)kept->model)->model, &kept->training,
                               &job->source, &job->pages.out);
}

PyObject *door_train_report(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"training", "source", "seed", "threads", "progress", NULL};
    door_state *state = door_state_of_module(module);
    PyObject *capsule, *source = NULL, *progress = NULL, *out = NULL;
    long long seed = 0;
    int threads = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$OLiO", keys, &capsule, &source, &seed, &threads, &progress)) return NULL;
    if (!PyCapsule_IsValid(capsule, training_name))
        return PyErr_Format(PyExc_TypeError, "expected a training, found %S", (PyObject *)Py_TYPE(capsule));
    training_kept *kept = PyCapsule_GetPointer(capsule, training_name);
    if (door_model_enter((door_model *)kept->model, false) < 0) return NULL;
    train_report_job *job = calloc(1, sizeof *job);
    door_context *context = job ? door_context_take(state, threads, (uint64_t)seed, 0) : NULL;
    if (!job) PyErr_NoMemory();
    if (context && door_source_of(source, &job->source) == 0) {
        job->kept = kept;
        job->source.curve = kept->curve;
        job->source.n_curve = kept->n_curve;
        door_pages_begin(&job->pages, context);
        const bool done = door_run(state, context, train_report_work, job, false, progress) == 0;
        out = door_pages_take(&job->pages, context, done);
    }
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    free(job);
    door_model_leave((door_model *)kept->model, false);
    return out;
}
