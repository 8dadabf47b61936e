/* Work without the GIL, which can be interrupted. The library polls its cancel flag; the thread that called looks at
 * Python's signals meanwhile. No Python runs on the worker. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "door.h"

enum { RUN_SLICE_NS = 20000000 };

typedef struct run_job {
    door_context *context;
    door_work work;
    void *arg;
    ken_status status;
    bool done;
    pthread_mutex_t lock;
    pthread_cond_t wake;
} run_job;

static void *run_main(void *arg) {
    run_job *job = arg;
    const ken_status status = job->work(job->context->ctx, job->arg);
    job->context->running = false;
    pthread_mutex_lock(&job->lock);
    job->status = status;
    job->done = true;
    pthread_cond_signal(&job->wake);
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

/* Waits for a slice of time. GIL not held. */
static bool run_wait(run_job *job) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += RUN_SLICE_NS;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&job->lock);
    while (!job->done && pthread_cond_timedwait(&job->wake, &job->lock, &until) == 0) {
    }
    const bool done = job->done;
    pthread_mutex_unlock(&job->lock);
    return done;
}

static int run_progress(door_context *c, PyObject *progress) {
    if (!progress || progress == Py_None) return 0;
    pthread_mutex_lock(&c->lock);
    const bool fresh = c->progress.fresh;
    char what[DOOR_WHAT_TEXT];
    memcpy(what, c->progress.what, sizeof what);
    const long long iteration = c->progress.iteration, total = c->progress.total;
    const double objective = c->progress.objective, validation = c->progress.validation;
    c->progress.fresh = false;
    pthread_mutex_unlock(&c->lock);
    if (!fresh) return 0;
    PyObject *said = PyObject_CallFunction(progress, "sLLdd", what, iteration, total, objective, validation);
    Py_XDECREF(said);
    return said ? 0 : -1;
}

/* All signals are Python's: none interrupts the worker or the threads that it makes, but for what they do themselves. */
static int run_start(run_job *job, pthread_t *thread) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    sigset_t all, before;
    sigfillset(&all);
    for (int i = 0; i < KEN_COUNT(own); i++) sigdelset(&all, own[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(thread, NULL, run_main, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

/* Until the work is done. false: this is a child of fork by now, which has no worker. */
static bool run_watch(run_job *job, PyObject *progress) {
    for (bool done = false; !done;) {
        Py_BEGIN_ALLOW_THREADS
        done = run_wait(job);
        Py_END_ALLOW_THREADS
        if (PyErr_Occurred()) continue; /* cancelled: it ends soon */
        if (PyErr_CheckSignals() < 0 || run_progress(job->context, progress) < 0) job->context->cancel = 1;
        if (job->context->pid != getpid()) return false;
    }
    return true;
}

static run_job *run_job_new(door_context *context, door_work work, void *arg) {
    pthread_condattr_t monotonic;
    run_job *job = calloc(1, sizeof *job);
    if (!job) return NULL;
    *job = (run_job){.context = context, .work = work, .arg = arg};
    pthread_mutex_init(&job->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&job->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return job;
}

static void run_job_free(run_job *job) {
    pthread_cond_destroy(&job->wake);
    pthread_mutex_destroy(&job->lock);
    free(job);
}

int door_run(door_state *state, door_context *context, door_work work, void *arg, bool quick, PyObject *progress) {
    ken_status status = KEN_OK;
    pthread_t thread;
    (void)state;
    run_job *job = quick ? NULL : run_job_new(context, work, arg);
    if (!quick && !job) {
        PyErr_NoMemory();
        return -1;
    }
    door_context_hear(context, context->listen || (progress && progress != Py_None));
    context->running = true;
    if (quick || run_start(job, &thread) != 0) {
        Py_BEGIN_ALLOW_THREADS
        status = work(context->ctx, arg);
        Py_END_ALLOW_THREADS
        context->running = false;
    } else if (run_watch(job, progress)) {
        pthread_join(thread, NULL);
        status = job->status;
    } else {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "the work is done by the process that this one was forked from");
        return -1;
    }
    if (job) run_job_free(job);
    if (PyErr_Occurred()) return -1;
    return status == KEN_OK ? 0 : door_raise(context, status);
}
