/* metric(): a number out of truth and prediction, with its interval where asked for. ken/_metrics.py makes of labels the
 * codes that stand here. */
#include "ken/metrics/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "params.h"

enum { METRIC_VIEWS = 6 };

typedef struct metric_call {
    const ken_desc *desc;
    void *params;
    ken_scores scores;
    double level; /* 0: no interval */
    ken_interval out;
    door_view view[METRIC_VIEWS]; /* truth, predicted, proba, weight, upper, group */
} metric_call;

static ken_status metric_work(ken_ctx *ctx, void *arg) {
    metric_call *c = arg;
    if (c->level > 0) return ken_metric_interval(ctx, c->desc, c->params, &c->scores, c->level, &c->out);
    return ken_metric_value(ctx, c->desc, c->params, &c->scores, &c->out.value);
}

static void metric_free(metric_call *c) {
    if (!c) return;
    for (int i = 0; i < METRIC_VIEWS; i++) door_view_release(&c->view[i]);
    free(c->params);
    free(c);
}

static int64_t metric_rows(PyObject *truth) { return PyObject_Size(truth); }

/* NULL where obj is not given. */
static int metric_view(metric_call *c, int which, PyObject *obj, const char *name, char kind, int itemsize, int64_t width,
                       const void **out) {
    *out = NULL;
    if (!obj || obj == Py_None) return 0;
    if (door_dense_of(obj, name, kind, itemsize, c->scores.n, width, &c->view[which]) < 0) return -1;
    *out = c->view[which].data;
    return 0;
}

static int metric_groups(ken_scores *s) {
    for (int64_t i = 0; s->group && i < s->n; i++) {
        if (s->group[i] < 0 || s->group[i] >= s->n) {
            PyErr_SetString(PyExc_ValueError, "groups are numbered from 0");
            return -1;
        }
        if (s->group[i] >= s->n_groups) s->n_groups = s->group[i] + 1;
    }
    return 0;
}

static int metric_views(metric_call *c, PyObject *const *given) {
    ken_scores *s = &c->scores;
    const bool classify = s->task == KEN_CLASSIFY;
    const void *truth;
    s->n = metric_rows(given[0]);
    if (s->n < 0) return -1;
    if (metric_view(c, 0, given[0], "truth", classify ? 'i' : 'f', classify ? 4 : 8, 1, &truth) < 0 ||
        metric_view(c, 1, given[1], "predicted", 'f', 8, 1, (const void **)&s->predicted) < 0 ||
        metric_view(c, 2, given[2], "proba", 'f', 8, s->n_classes, (const void **)&s->proba) < 0 ||
        metric_view(c, 3, given[3], "weight", 'f', 8, 1, (const void **)&s->weight) < 0 ||
        metric_view(c, 4, given[4], "upper", 'f', 8, 1, (const void **)&s->upper) < 0 ||
        metric_view(c, 5, given[5], "group", 'i', 4, 1, (const void **)&s->group) < 0)
        return -1;
    s->label = classify ? truth : NULL;
    s->y = classify ? NULL : truth;
    return metric_groups(s);
}

static PyObject *metric_answer(const metric_call *c) {
    if (!(c->level > 0)) return PyFloat_FromDouble(c->out.value);
    return Py_BuildValue("ddds", c->out.value, c->out.low, c->out.high, c->out.method);
}

PyObject *door_metric(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"name", "settings", "truth", "predicted", "proba", "weight", "upper", "group", "classes",
                           "positive", "level", "seed", "threads", NULL};
    door_state *state = door_state_of_module(module);
    const char *name;
    PyObject *settings, *given[METRIC_VIEWS] = {NULL}, *out = NULL;
    int classes = 0, positive = 1, threads = 1;
    double level = 0;
    long long seed = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sO|$OOOOOOiidLi", keys, &name, &settings, &given[0], &given[1], &given[2],
                                     &given[3], &given[4], &given[5], &classes, &positive, &level, &seed, &threads))
        return NULL;
    if (!given[0]) return PyErr_SetString(PyExc_TypeError, "metric() needs the truth"), NULL;
    door_context *context = door_context_take(state, threads, (uint64_t)seed, 0);
    metric_call *c = context ? calloc(1, sizeof *c) : NULL;
    if (c && door_params_of(context, name, KEN_METRIC, settings, &c->desc, &c->params) == 0) {
        c->level = level;
        c->scores.task = (ken_task)c->desc->tasks;
        c->scores.n_classes = classes;
        c->scores.positive = positive;
        if (metric_views(c, given) == 0 && door_run(state, context, metric_work, c, c->scores.n < 1000 && !(level > 0), NULL) == 0)
            out = metric_answer(c);
    } else if (context && !PyErr_Occurred()) {
        PyErr_NoMemory();
    }
    metric_free(c);
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    return out;
}
