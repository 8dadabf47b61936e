/* Contexts of the library, kept from call to call with their threads. The GIL guards the lists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "door.h"

static double context_clock(void *user) {
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void context_hook(void *user, const ken_progress *p) {
    door_context *c = user;
    if (c->listen) c->listen(c->listener, p);
    pthread_mutex_lock(&c->lock);
    snprintf(c->progress.what, sizeof c->progress.what, "%s", p->what);
    c->progress.iteration = p->iteration;
    c->progress.total = p->total;
    c->progress.objective = p->objective;
    c->progress.validation = p->validation;
    c->progress.fresh = true;
    pthread_mutex_unlock(&c->lock);
}

static void context_log(void *user, ken_log_level level, const char *message) {
    door_context *c = user;
    if (level != KEN_LOG_WARNING) return;
    pthread_mutex_lock(&c->lock);
    if (c->n_warnings < DOOR_WARNINGS) snprintf(c->warnings[c->n_warnings++], DOOR_WARNING_TEXT, "%s", message);
    pthread_mutex_unlock(&c->lock);
}

static void context_free(door_context *c) {
    ken_ctx_free(c->ctx);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static door_context *context_new(int threads, double budget_s) {
    door_context *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    pthread_mutex_init(&c->lock, NULL);
    c->threads = threads;
    c->pid = getpid();
    c->once = budget_s > 0; /* the time begins with the context */
    const ken_ctx_options options = {.threads = threads,
                                     .log = context_log,
                                     .clock_s = context_clock,
                                     .cancel = &c->cancel,
                                     .budget_s = budget_s,
                                     .user = c};
    if (ken_ctx_new(&options, &c->ctx) != KEN_OK) {
        pthread_mutex_destroy(&c->lock);
        free(c);
        return NULL;
    }
    return c;
}

/* An idle one of that many threads, out of the list. Those of a parent process are forgotten: their threads are not
 * here, and a lock of theirs may be held for ever. */
static door_context *context_idle(door_state *state, int threads) {
    const pid_t pid = getpid();
    for (door_context **at = &state->idle; *at;) {
        door_context *c = *at;
        if (c->pid != pid || c->threads == threads) {
            *at = c->next;
            c->next = NULL;
            if (c->pid == pid) return c;
        } else {
            at = &c->next;
        }
    }
    return NULL;
}

door_context *door_context_take(door_state *state, int threads, uint64_t seed, double budget_s) {
    if (threads < 1) threads = 1;
    door_dropbox_empty(state->dropbox);
    door_context *c = budget_s > 0 ? NULL : context_idle(state, threads);
    if (!c) c = context_new(threads, budget_s);
    if (!c) {
        PyErr_NoMemory();
        return NULL;
    }
    c->cancel = 0;
    c->n_warnings = 0;
    c->listen = NULL;
    c->progress.fresh = false;
    ken_ctx_clear_error(c->ctx);
    ken_ctx_set_seed(c->ctx, seed);
    c->next = state->running;
    state->running = c;
    return c;
}

void door_context_hear(door_context *context, bool on) { ken_ctx_set_hook(context->ctx, on ? context_hook : NULL); }

static int context_warn(door_context *c) {
    int failed = 0;
    if (c->n_warnings == 0) return 0;
    PyObject *type = NULL, *value = NULL, *trace = NULL;
    PyErr_Fetch(&type, &value, &trace);
    for (int i = 0; i < c->n_warnings && !failed; i++) failed = PyErr_WarnEx(PyExc_UserWarning, c->warnings[i], 2);
    if (type) { /* the first exception counts */
        PyErr_Clear();
        PyErr_Restore(type, value, trace);
    }
    return failed;
}

int door_context_give(door_state *state, door_context *context, bool warn) {
    int failed = 0;
    for (door_context **at = &state->running; *at; at = &(*at)->next)
        if (*at == context) {
            *at = context->next;
            break;
        }
    if (warn) failed = context_warn(context);
    if (context->pid != getpid()) return failed; /* forked meanwhile: nothing in it can be relied on */
    if (context->once) {
        context_free(context);
        return failed;
    }
    context->next = state->idle;
    state->idle = context;
    return failed;
}

void door_contexts_free(door_state *state) {
    const pid_t pid = getpid();
    for (door_context *c = state->idle, *next; c; c = next) {
        next = c->next;
        if (c->pid == pid) context_free(c);
    }
    state->idle = NULL;
}

static bool contexts_running(door_state *state) {
    const pid_t pid = getpid();
    for (door_context *c = state->running; c; c = c->next)
        if (c->running && c->pid == pid) return true;
    return false;
}

void door_contexts_stop(door_state *state) {
    for (door_context *c = state->running; c; c = c->next) c->cancel = 1;
    for (int i = 0; i < 500 && contexts_running(state); i++) {
        Py_BEGIN_ALLOW_THREADS
        nanosleep(&(struct timespec){0, 2000000}, NULL);
        Py_END_ALLOW_THREADS
    }
}
