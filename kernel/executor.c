/* Loads a cell, runs it, answers. All talk with the kernel goes over FRAMES_FD, in turn: a record waits
 * until it was shown, so output and records keep their order. */
#include "kernel/executor.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "ken/core/json.h"
#include "ken/report/show.h"
#include "kernel/frames.h"
#include "kernel/include/ken/notebook.h"

enum { EXECUTOR_TRACE = 16, EXECUTOR_SIZES = 256 };

/* One per process: cells call ken_input and stdio without an argument of ours. */
static struct {
    char *line;           /* the last answer */
    size_t line_size, line_at;
    struct {
        char file[64];
        int line;
        const char *frame;
    } trace[EXECUTOR_TRACE];
    int n_trace;
} executor;

static void executor_lost(void) { _exit(0); } /* the kernel is gone */

static void executor_flush(void) {
    fflush(stdout);
    fflush(stderr);
}

/* --- input ------------------------------------------------------------------------------------------------ */
static bool executor_ask(const char *prompt) {
    char kind;
    free(executor.line);
    executor.line = NULL, executor.line_size = executor.line_at = 0;
    executor_flush();
    if (!frames_write(FRAMES_FD, FRAME_ASK, prompt, strlen(prompt)) ||
        !frames_read(FRAMES_FD, &kind, &executor.line, &executor.line_size))
        executor_lost();
    return kind == FRAME_LINE;
}

const char *ken_input(const char *prompt) { return executor_ask(prompt ? prompt : "") ? executor.line : NULL; }

/* stdin of the cells: a line at a time, with its end. */
static ssize_t executor_read(void *cookie, char *to, size_t size) {
    (void)cookie;
    if (executor.line_at >= executor.line_size) {
        if (!executor_ask("")) return 0;
        char *grown = realloc(executor.line, executor.line_size + 2);
        if (!grown) return 0;
        grown[executor.line_size++] = '\n';
        executor.line = grown;
    }
    const size_t n = KEN_MIN(size, executor.line_size - executor.line_at);
    memcpy(to, executor.line + executor.line_at, n);
    executor.line_at += n;
    return (ssize_t)n;
}

static void executor_fresh_input(void) {
    __fpurge(stdin);
    clearerr(stdin);
    free(executor.line);
    executor.line = NULL, executor.line_size = executor.line_at = 0;
}

/* --- errors ------------------------------------------------------------------------------------------------- */
/* A status that goes on upwards comes from frames ever nearer to the stack's beginning; else it is a new one. */
void ken_notebook_failed(const char *file, int line) {
    const char *frame = __builtin_frame_address(0);
    if (executor.n_trace && frame <= executor.trace[executor.n_trace - 1].frame) executor.n_trace = 0;
    if (executor.n_trace == EXECUTOR_TRACE) return;
    snprintf(executor.trace[executor.n_trace].file, sizeof executor.trace[0].file, "%s", file);
    executor.trace[executor.n_trace].line = line;
    executor.trace[executor.n_trace++].frame = frame;
}

static void executor_write_trace(ken_json_writer *w) {
    ken_json_put_key(w, "trace");
    ken_json_array(w);
    for (int i = 0; i < executor.n_trace; i++) {
        ken_json_object(w);
        KEN_JSON(w, "file", string, executor.trace[i].file);
        KEN_JSON(w, "line", i64, executor.trace[i].line);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
}

typedef struct executor_answer {
    const char *status, *message, *hint, *place;
    int64_t sizes[EXECUTOR_SIZES];
    int n_sizes;
    bool loaded;
} executor_answer;

static void executor_done(ken_ctx *ctx, const executor_answer *a) {
    ken_text t = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    const char *text;
    executor_flush();
    ken_json_object(&w);
    KEN_JSON(&w, "status", string, a->status);
    KEN_JSON(&w, "loaded", bool, a->loaded);
    KEN_JSON(&w, "message", string, a->message ? a->message : "");
    KEN_JSON(&w, "hint", string, a->hint ? a->hint : "");
    KEN_JSON(&w, "place", string, a->place ? a->place : "");
    executor_write_trace(&w);
    ken_json_put_key(&w, "sizes");
    ken_json_array(&w);
    for (int i = 0; i < a->n_sizes; i++) ken_json_put_i64(&w, a->sizes[i]);
    ken_json_end_array(&w);
    ken_json_end_object(&w);
    if (ken_text_end(&t, &text) != KEN_OK) text = "{\"status\":\"KEN_E_NOMEM\",\"message\":\"out of memory\"}";
    if (!frames_write(FRAMES_FD, FRAME_DONE, text, strlen(text))) executor_lost();
    ken_text_free(&t);
}

/* --- cells -------------------------------------------------------------------------------------------------- */
static void executor_show(void *user, const char *line, size_t size) {
    char kind, *data;
    size_t n;
    (void)user;
    executor_flush();
    if (!frames_write(FRAMES_FD, FRAME_RECORD, line, size) || !frames_read(FRAMES_FD, &kind, &data, &n))
        executor_lost();
    free(data);
}

typedef ken_status (*executor_cell)(ken_ctx *, ken_show *);
typedef struct executor_run {
    ken_ctx *ctx;
    ken_show *show;
    void *handle;
    const char *calls; /* names, a blank after each */
    volatile ken_status status;
} executor_run;

static void executor_call_all(void *arg) {
    executor_run *run = arg;
    for (const char *s = run->calls; *s;) {
        char name[64];
        const size_t length = strcspn(s, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, s);
        void *symbol = dlsym(run->handle, name);
        executor_cell cell;
        memcpy(&cell, &symbol, sizeof cell); /* ISO C has no cast from object to function pointers */
        if (cell && (run->status = cell(run->ctx, run->show)) != KEN_OK) return;
        s += length + (s[length] == ' ');
    }
}

/* "/tmp/.../cell.so: undefined symbol: g.2" */
static const char *executor_load_error(ken_ctx *ctx, ken_text *t, const char **hint) {
    const char *why = dlerror(), *mark = why ? strstr(why, "undefined symbol: ") : NULL, *text;
    (void)ctx;
    if (mark) {
        mark += strlen("undefined symbol: ");
        ken_text_addf(t, "'%.*s' is declared, but no cell and no library defines it",
                      (int)strcspn(mark, ".,@ ("), mark);
        *hint = "define it in this cell or in one before";
    } else {
        ken_text_addf(t, "the cell cannot be loaded: %s", why ? why : "unknown reason");
        *hint = NULL;
    }
    return ken_text_end(t, &text) == KEN_OK ? text : "the cell cannot be loaded";
}

static void executor_read_sizes(void *handle, const ken_json *names, executor_answer *a) {
    for (int64_t i = 0; i < ken_json_count(names) && a->n_sizes < EXECUTOR_SIZES; i++) {
        const unsigned long *size = dlsym(handle, ken_json_string(ken_json_at(names, i), NULL, ""));
        a->sizes[a->n_sizes++] = size ? (int64_t)*size : 1;
    }
}

static void executor_run_cell(ken_ctx *ctx, void *handle, const ken_json *order, executor_answer *a) {
    ken_show show = {.cell = ken_json_string(ken_json_get(order, "cell"), NULL, ""), .write = executor_show};
    executor_run run = {ctx, &show, handle, ken_json_string(ken_json_get(order, "calls"), NULL, ""), KEN_OK};
    if (!executor_guard(executor_call_all, &run)) {
        a->status = "INTERRUPTED", a->message = "the cell was stopped", a->hint = "what earlier cells made is still there";
        executor.n_trace = 0;
    } else if (run.status == KEN_E_CANCELLED) {
        a->status = "INTERRUPTED", a->message = "the cell was stopped", a->hint = "";
    } else if (run.status != KEN_OK) {
        const char *message = ken_ctx_message(ctx);
        a->status = ken_status_name(run.status);
        a->message = *message ? message : "the cell returned this status", a->hint = ken_ctx_hint(ctx);
        a->place = ken_ctx_place(ctx);
    } else if (show.failures) {
        a->status = "EXPECT", a->message = "an expectation was not met";
    }
}

static void executor_load(ken_ctx *ctx, const char *json, size_t size) {
    ken_json_doc *doc = NULL;
    ken_text error = ken_text_new(ctx);
    executor_answer a = {.status = "ok"};
    executor.n_trace = 0;
    ken_ctx_clear_error(ctx);
    executor_fresh_input();
    if (ken_json_parse(ctx, "order", json, size, &doc) != KEN_OK) {
        a.status = "KEN_E_FORMAT", a.message = ken_ctx_message(ctx);
    } else {
        const ken_json *order = ken_json_root(doc);
        void *handle = dlopen(ken_json_string(ken_json_get(order, "so"), NULL, ""), RTLD_NOW | RTLD_GLOBAL);
        if (handle) {
            a.loaded = true;
            (void)executor_note_unit((int)ken_json_i64(ken_json_get(order, "unit"), 0), handle);
            executor_read_sizes(handle, ken_json_get(order, "sizes"), &a);
            executor_run_cell(ctx, handle, order, &a);
        } else {
            a.status = "LOAD", a.message = executor_load_error(ctx, &error, &a.hint);
        }
    }
    executor_done(ctx, &a);
    ken_text_free(&error);
    ken_json_doc_free(doc);
}

/* --- the process ---------------------------------------------------------------------------------------------- */
static void executor_log(void *user, ken_log_level level, const char *message) {
    (void)user;
    fprintf(stderr, "%s%s\n", level == KEN_LOG_WARNING ? "warning: " : "", message);
}

static double executor_clock(void *user) {
    struct timespec t;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int executor_main(void) {
    const ken_ctx_options options = {.threads = 1, .seed = 1, .strict = true, .log = executor_log,
                                     .clock_s = executor_clock, .cancel = &executor_cancel};
    ken_ctx *ctx = NULL;
    char kind, *data;
    size_t size;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (ken_ctx_new(&options, &ctx) != KEN_OK) return 1;
    FILE *input = fopencookie(NULL, "r", (cookie_io_functions_t){.read = executor_read});
    if (!input) return 1;
    stdin = input;
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    executor_signals();
    while (frames_read(FRAMES_FD, &kind, &data, &size)) {
        if (kind == FRAME_LOAD) executor_load(ctx, data, size);
        free(data);
    }
    ken_ctx_free(ctx);
    return 0;
}
