/* execute_request: a cell from its text to its outputs and its reply. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "kernel/cell_errors.h"
#include "kernel/kernel.h"

typedef struct execute_job {
    kernel *k;
    kernel_request *request;
    const char *code;
    size_t size;
    int cell;              /* as errors call it */
    bool silent, allow_stdin, wants_value;
    bool ok, aborted;
    char name[64];         /* of the error: "CompileError", "KEN_E_SHAPE", "SIGSEGV" ... */
    ken_text value, trace; /* its message; lines */
    ken_text record;       /* of an expression (wants_value) */
    frames_crash crash;
    bool crashed;
} execute_job;

/* --- errors ------------------------------------------------------------------------------------------------- */
static void execute_fail(execute_job *j, const char *name, const char *message) {
    j->ok = false;
    snprintf(j->name, sizeof j->name, "%s", name);
    ken_text_free(&j->value);
    j->value = ken_text_new(j->k->ctx);
    ken_text_add(&j->value, message);
}

static void execute_title(execute_job *j) {
    ken_text_addf(&j->trace, "\x1b[1;31m%s\x1b[0m: %s\n", j->name, j->value.data ? j->value.data : "");
}

static void execute_hint(execute_job *j, const char *hint) {
    if (hint && *hint) ken_text_addf(&j->trace, "\x1b[2m%s\x1b[0m\n", hint);
}

/* The text of "cell 3". */
static const char *execute_source(void *user, const char *file, size_t *size) {
    const execute_job *j = user;
    if (strncmp(file, "cell ", 5) != 0) return NULL;
    const int count = (int)strtol(file + 5, NULL, 10);
    if (count == j->cell) {
        *size = j->size;
        return j->code;
    }
    for (int i = j->k->n_history - 1; i >= 0; i--)
        if (j->k->history[i].count == count) {
            *size = j->k->history[i].size;
            return j->k->history[i].text;
        }
    return NULL;
}

static void execute_where(execute_job *j, const char *file, int line, int column) {
    size_t size = 0;
    const char *text = execute_source(j, file, &size);
    ken_text_addf(&j->trace, text ? "%s, line %d\n" : "%s:%d\n", file, line);
    if (text) cell_errors_line(&j->trace, text, size, line, column);
}

/* The context's error, as one of the cell: splitting has a place in the cell. */
static void execute_fail_ctx(execute_job *j, const char *name) {
    ken_ctx *ctx = j->k->ctx;
    char file[32];
    int line = 0, column = 0;
    execute_fail(j, name, ken_ctx_message(ctx));
    execute_title(j);
    if (sscanf(ken_ctx_place(ctx), "%d:%d", &line, &column) == 2) {
        snprintf(file, sizeof file, "cell %d", j->cell);
        execute_where(j, file, line, column);
    }
    execute_hint(j, ken_ctx_hint(ctx));
}

static void execute_stream(execute_job *j, const char *name, const char *text) {
    ken_text t = ken_text_new(j->k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    const char *content;
    if (j->silent || !text || !*text) return;
    ken_json_object(&w);
    KEN_JSON(&w, "name", string, name);
    KEN_JSON(&w, "text", string, text);
    ken_json_end_object(&w);
    if (ken_text_end(&t, &content) == KEN_OK) kernel_publish(j->k, j->request, "stream", content);
    ken_text_free(&t);
}

/* --- compiling ------------------------------------------------------------------------------------------------ */
static void execute_compile_error(execute_job *j, const cell_unit *u, const ken_text *log) {
    cell_error first;
    ken_text told = ken_text_new(j->k->ctx);
    cell_errors_tell(log->data ? log->data : "", log->size, execute_source, j, true, &told, &first);
    char message[640];
    if (first.line)
        snprintf(message, sizeof message, "%s, line %d: %s", first.file, first.line, first.message);
    else
        snprintf(message, sizeof message, "%s", first.n_errors ? first.message : "the compiler failed");
    execute_fail(j, "CompileError", message);
    if (told.size)
        ken_text_add_bytes(&j->trace, told.data, told.size);
    else if (log->size)
        ken_text_add_bytes(&j->trace, log->data, log->size);
    if (u->stray_line)
        ken_text_addf(&j->trace, "\x1b[2mline %d is a statement: statements stand in RUN { ... }\x1b[0m\n", u->stray_line);
    else if (u->split.tail < u->split.tail_end && !u->tail_is_expression)
        execute_hint(j, "what stands at the end is no expression: a declaration ends with ';'");
    else if (u->tail_is_expression && first.message[0] && strstr(first.message, "_Generic"))
        execute_hint(j, "the last expression is shown: numbers, texts and tables can be");
    ken_text_free(&told);
}

static void execute_warnings(execute_job *j, const ken_text *log) {
    cell_error first;
    ken_text told = ken_text_new(j->k->ctx);
    const char *text;
    cell_errors_tell(log->data ? log->data : "", log->size, execute_source, j, true, &told, &first);
    if (ken_text_end(&told, &text) == KEN_OK) execute_stream(j, "stderr", text);
    ken_text_free(&told);
}

static bool execute_is_fast(const execute_job *j, const cell_unit *u) {
    const ken_json *metadata = j->request->message.metadata;
    return u->split.fast || ken_json_bool(ken_json_get(ken_json_get(metadata, "ken"), "fast"), false) ||
           ken_json_bool(ken_json_get(metadata, "fast"), false);
}

/* Source and object of the unit; false: j tells why. */
static bool execute_compile(execute_job *j, cell_unit *u, ken_text *calls) {
    kernel *k = j->k;
    ken_text source = ken_text_new(k->ctx), notices = ken_text_new(k->ctx), log = ken_text_new(k->ctx);
    const char *text;
    bool done = false, interrupted = false;
    ken_status status = cell_session_prepare(&k->session, u, &source, calls, &notices);
    if (status == KEN_OK)
        status = compiler_run(k, source.data, u->number, execute_is_fast(j, u), u->stray_line > 0, &log, &done, &interrupted);
    if (status != KEN_OK) {
        execute_fail_ctx(j, ken_status_name(status));
    } else if (interrupted) {
        execute_fail(j, "Interrupted", "stopped while the cell was compiled");
        execute_title(j);
    } else if (!done) {
        execute_compile_error(j, u, &log);
    } else {
        execute_warnings(j, &log);
        if (ken_text_end(&notices, &text) == KEN_OK) execute_stream(j, "stderr", text);
    }
    ken_text_free(&source);
    ken_text_free(&notices);
    ken_text_free(&log);
    return status == KEN_OK && done;
}

/* --- running ---------------------------------------------------------------------------------------------------- */
static ken_status execute_write_order(execute_job *j, const cell_unit *u, const char *calls, ken_text *out) {
    ken_json_writer w = ken_json_writer_new(out, 0);
    char object[KERNEL_PATH], id[CELL_MAX_NAME];
    const char *text;
    compiler_object(j->k, u->number, object);
    snprintf(id, sizeof id, "%d", j->cell);
    ken_json_object(&w);
    KEN_JSON(&w, "so", string, object);
    KEN_JSON(&w, "cell", string, u->split.id[0] ? u->split.id : id);
    KEN_JSON(&w, "unit", i64, u->number);
    KEN_JSON(&w, "calls", string, calls);
    ken_json_put_key(&w, "sizes");
    ken_json_array(&w);
    for (int i = 0; i < u->items.n; i++) {
        char name[256];
        if (!u->items.at[i].sized) continue;
        snprintf(name, sizeof name, "%s.size", u->items.at[i].symbol);
        ken_json_put_string(&w, name);
    }
    ken_json_end_array(&w);
    ken_json_end_object(&w);
    return ken_text_end(out, &text);
}

/* Asks the front end for a line; false: none. */
static bool execute_ask(execute_job *j, const char *prompt, ken_text *line) {
    kernel *k = j->k;
    ken_text t = ken_text_new(k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    const char *content;
    kernel_request reply;
    const int interrupts = k->interrupts;
    if (!j->allow_stdin) {
        execute_stream(j, "stderr", "the cell asks for input, but this front end gives none\n");
        return false;
    }
    while (kernel_receive(k, KERNEL_STDIN, &reply)) kernel_request_close(&reply); /* late answers of another cell */
    ken_json_object(&w);
    KEN_JSON(&w, "prompt", string, prompt);
    KEN_JSON(&w, "password", bool, false);
    ken_json_end_object(&w);
    if (ken_text_end(&t, &content) == KEN_OK) kernel_ask(k, j->request, content);
    ken_text_free(&t);
    while (!k->stop && k->interrupts == interrupts) {
        const int ready = kernel_wait(k, KERNEL_WAIT_CONTROL | KERNEL_WAIT_STDIN, 0, 100);
        kernel_attend(k, ready);
        if (!(ready & KERNEL_WAIT_STDIN) || !kernel_receive(k, KERNEL_STDIN, &reply)) continue;
        size_t size;
        const char *value = ken_json_string(ken_json_get(reply.message.content, "value"), &size, "");
        ken_text_add_bytes(line, value, size);
        kernel_request_close(&reply);
        return true;
    }
    return false;
}

static bool execute_answer(execute_job *j, const char *prompt) {
    ken_text line = ken_text_new(j->k->ctx);
    const bool has = execute_ask(j, prompt, &line);
    const bool sent = frames_write(j->k->runner.fd, has ? FRAME_LINE : FRAME_NO_LINE, line.data, line.size);
    ken_text_free(&line);
    return sent;
}

static void execute_traceback(execute_job *j, const ken_json *done) {
    const ken_json *trace = ken_json_get(done, "trace");
    execute_title(j);
    for (int64_t i = 0; i < ken_json_count(trace); i++)
        execute_where(j, ken_json_string(ken_json_get(ken_json_at(trace, i), "file"), NULL, ""),
                      (int)ken_json_i64(ken_json_get(ken_json_at(trace, i), "line"), 0), 0);
    const char *place = ken_json_string(ken_json_get(done, "place"), NULL, "");
    if (*place) ken_text_addf(&j->trace, "at %s\n", place);
    execute_hint(j, ken_json_string(ken_json_get(done, "hint"), NULL, ""));
}

static void execute_done(execute_job *j, cell_unit *u, const char *json, size_t size) {
    kernel *k = j->k;
    ken_json_doc *doc;
    int64_t sizes[256];
    int n = 0;
    if (ken_json_parse(k->ctx, "answer", json, size, &doc) != KEN_OK) {
        execute_fail_ctx(j, "KEN_E_BUG");
        return;
    }
    const ken_json *done = ken_json_root(doc), *list = ken_json_get(done, "sizes");
    for (; n < 256 && n < ken_json_count(list); n++) sizes[n] = ken_json_i64(ken_json_at(list, n), 1);
    if (ken_json_bool(ken_json_get(done, "loaded"), false)) {
        if (!j->wants_value && cell_session_commit(&k->session, u, sizes, n) != KEN_OK)
            execute_fail_ctx(j, "KEN_E_NOMEM");
    }
    const char *status = ken_json_string(ken_json_get(done, "status"), NULL, "KEN_E_BUG");
    if (strcmp(status, "ok") == 0) {
        j->ok = true;
    } else {
        const char *name = strcmp(status, "INTERRUPTED") == 0 ? "Interrupted"
                           : strcmp(status, "LOAD") == 0      ? "LinkError"
                           : strcmp(status, "EXPECT") == 0    ? "CheckFailed"
                                                              : status;
        execute_fail(j, name, ken_json_string(ken_json_get(done, "message"), NULL, ""));
        execute_traceback(j, done);
    }
    ken_json_doc_free(doc);
}

/* The process ended inside the cell. */
static void execute_lost(execute_job *j) {
    kernel *k = j->k;
    char message[256], file[32];
    const int line = j->crashed && j->crash.unit ? compiler_line(k, j->crash.unit, j->crash.offset) : 0;
    const int status = runner_end(k);
    if (k->stop) {
        execute_fail(j, "Interrupted", "the kernel was shut down");
    } else if (k->interrupts) {
        execute_fail(j, "Interrupted", "the cell did not stop and was ended");
    } else if (j->crashed || WIFSIGNALED(status)) {
        const int number = j->crashed ? j->crash.signal : WTERMSIG(status);
        const char *name = sigabbrev_np(number), *what = sigdescr_np(number);
        char signal_name[32];
        snprintf(signal_name, sizeof signal_name, "SIG%s", name ? name : "?");
        if (number == SIGSEGV || number == SIGBUS)
            snprintf(message, sizeof message, "%s: the cell touched the address 0x%llx", what ? what : "crash",
                     (unsigned long long)j->crash.address);
        else
            snprintf(message, sizeof message, "%s", what ? what : "crash");
        execute_fail(j, signal_name, message);
    } else {
        snprintf(message, sizeof message, "the cell ended its process (exit status %d)", WEXITSTATUS(status));
        execute_fail(j, "Exit", message);
    }
    execute_title(j);
    if (line) {
        int cell = j->cell;
        for (int i = 0; i < k->session.items.n; i++) { /* in a function of an earlier cell? */
            const cell_item *item = &k->session.items.at[i];
            const char *dot = item->symbol ? strrchr(item->symbol, '.') : NULL;
            if (dot && (int)strtol(dot + 1, NULL, 10) == j->crash.unit) cell = item->cell;
        }
        snprintf(file, sizeof file, "cell %d", cell);
        execute_where(j, file, line, 0);
    }
    execute_hint(j, "variables, functions and types of all cells are gone: run the cells again from the first one");
    cell_session_clear(&k->session);
}

/* One frame of the executor; true: the cell is over. */
static bool execute_frame(execute_job *j, cell_unit *u) {
    kernel *k = j->k;
    char kind, *data;
    size_t size;
    bool over = false;
    if (!frames_read(k->runner.fd, &kind, &data, &size)) {
        free(data);
        runner_drain(k, j->request);
        execute_lost(j);
        return true;
    }
    runner_drain(k, j->request);
    if (kind == FRAME_RECORD) {
        if (j->wants_value)
            ken_text_free(&j->record), j->record = ken_text_new(k->ctx), ken_text_add_bytes(&j->record, data, size);
        else
            display_record(k, j->request, data, size);
        frames_write(k->runner.fd, FRAME_GO_ON, "", 0);
    } else if (kind == FRAME_ASK) {
        execute_answer(j, data);
    } else if (kind == FRAME_DONE) {
        execute_done(j, u, data, size);
        over = true;
    } else if (kind == FRAME_CRASH && size == sizeof j->crash) {
        memcpy(&j->crash, data, size);
        j->crashed = true;
    }
    free(data);
    return over;
}

static void execute_run(execute_job *j, cell_unit *u, const char *calls) {
    kernel *k = j->k;
    ken_text order = ken_text_new(k->ctx);
    ken_status status = k->runner.pid ? KEN_OK : runner_start(k);
    if (status == KEN_OK) status = execute_write_order(j, u, calls, &order);
    if (status != KEN_OK) {
        execute_fail_ctx(j, ken_status_name(status));
    } else if (!frames_write(k->runner.fd, FRAME_LOAD, order.data, order.size)) {
        execute_lost(j);
    } else {
        for (;;) {
            const int ready = kernel_wait(k, KERNEL_WAIT_CELL, 0, 200);
            kernel_attend(k, ready);
            if ((ready & KERNEL_WAIT_RUNNER) && execute_frame(j, u)) break;
            if (ready & (KERNEL_WAIT_OUT | KERNEL_WAIT_ERR)) runner_drain(k, j->request);
        }
    }
    ken_text_free(&order);
}

/* Compiles and runs j->code. */
static void execute_code(execute_job *j) {
    kernel *k = j->k;
    cell_unit u;
    ken_text calls = ken_text_new(k->ctx);
    j->ok = false;
    k->executing = true, k->interrupts = 0, k->silent = j->silent;
    if (cell_unit_open(k->ctx, j->code, j->size, ++k->session.units, j->cell, &u) != KEN_OK)
        execute_fail_ctx(j, "CellError");
    else if (execute_compile(j, &u, &calls))
        execute_run(j, &u, calls.data ? calls.data : "");
    cell_session_cancel(&k->session);
    cell_unit_close(&u);
    ken_text_free(&calls);
    k->executing = k->silent = false;
}

/* --- replies -------------------------------------------------------------------------------------------------------- */
/* ename, evalue, traceback of the object that is open in w. */
static void execute_put_error(const execute_job *j, ken_json_writer *w) {
    KEN_JSON(w, "ename", string, j->name);
    KEN_JSON(w, "evalue", string, j->value.data ? j->value.data : "");
    ken_json_put_key(w, "traceback");
    ken_json_array(w);
    for (const char *s = j->trace.data; s && *s;) {
        const size_t n = strcspn(s, "\n");
        ken_json_put_bytes(w, s, n);
        s += n + (s[n] == '\n');
    }
    ken_json_end_array(w);
}

static void execute_job_free(execute_job *j) {
    ken_text_free(&j->value);
    ken_text_free(&j->trace);
    ken_text_free(&j->record);
}

static execute_job execute_job_new(kernel *k, kernel_request *r) {
    execute_job j = {.k = k, .request = r};
    j.value = ken_text_new(k->ctx), j.trace = ken_text_new(k->ctx), j.record = ken_text_new(k->ctx);
    return j;
}

/* One of user_expressions: a cell that is the expression. */
static void execute_expression(kernel *k, kernel_request *r, const char *code, ken_json_writer *w) {
    execute_job j = execute_job_new(k, r);
    ken_json_doc *doc = NULL;
    j.code = code, j.size = strlen(code), j.cell = k->count, j.silent = true, j.wants_value = true;
    execute_code(&j);
    ken_json_object(w);
    const bool has = j.ok && j.record.data && ken_json_parse(k->ctx, "record", j.record.data, j.record.size, &doc) == KEN_OK;
    if (j.ok && !has) execute_fail(&j, "KEN_E_ARG", "it is no expression with a value");
    KEN_JSON(w, "status", string, has ? "ok" : "error");
    if (has)
        (void)display_bundle(k->ctx, ken_json_root(doc), j.record.data, w);
    else
        execute_put_error(&j, w);
    ken_json_end_object(w);
    ken_json_doc_free(doc);
    execute_job_free(&j);
}

static void execute_put_expressions(execute_job *j, ken_json_writer *w) {
    const ken_json *wanted = ken_json_get(j->request->message.content, "user_expressions");
    ken_json_put_key(w, "user_expressions");
    ken_json_object(w);
    for (int64_t i = 0; j->ok && i < ken_json_count(wanted); i++) {
        ken_json_put_key(w, ken_json_key(wanted, i, NULL));
        execute_expression(j->k, j->request, ken_json_string(ken_json_at(wanted, i), NULL, ""), w);
    }
    ken_json_end_object(w);
    KEN_JSON(w, "payload", raw, "[]");
}

static void execute_reply(execute_job *j) {
    kernel *k = j->k;
    ken_text t = ken_text_new(k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    const char *content;
    if (!j->ok && !j->silent) {
        ken_json_object(&w);
        execute_put_error(j, &w);
        ken_json_end_object(&w);
        if (ken_text_end(&t, &content) == KEN_OK) kernel_publish(k, j->request, "error", content);
        ken_text_free(&t);
        t = ken_text_new(k->ctx);
        w = ken_json_writer_new(&t, 0);
    }
    ken_json_object(&w);
    KEN_JSON(&w, "status", string, j->ok ? "ok" : "error");
    KEN_JSON(&w, "execution_count", i64, k->count);
    if (!j->ok) execute_put_error(j, &w);
    execute_put_expressions(j, &w);
    ken_json_end_object(&w);
    if (ken_text_end(&t, &content) == KEN_OK) kernel_reply(k, j->request, "execute_reply", content);
    ken_text_free(&t);
}

/* After an error, what waited meanwhile is not executed. What waits is taken before the reply is sent: what a
 * front end sends after that, it means. */
enum { EXECUTE_WAITING = 256 };
static int execute_take_waiting(kernel *k, kernel_request *waiting) {
    int n = 0;
    while (n < EXECUTE_WAITING && kernel_wait(k, KERNEL_WAIT_SHELL, 0, 0))
        if (kernel_receive(k, KERNEL_SHELL, &waiting[n])) n++;
    return n;
}

static void execute_abort(kernel *k, kernel_request *r) {
    char content[96];
    if (strcmp(r->message.type, "execute_request") != 0) {
        kernel_handle(k, r);
        return;
    }
    snprintf(content, sizeof content, "{\"status\":\"aborted\",\"execution_count\":%d}", k->count);
    kernel_publish_status(k, r, "busy");
    kernel_reply(k, r, "execute_reply", content);
    kernel_publish_status(k, r, "idle");
    kernel_request_close(r);
}

/* --- history ---------------------------------------------------------------------------------------------------------- */
static ken_status execute_remember(kernel *k, const char *code, size_t size) {
    if (k->n_history == k->history_capacity) {
        const size_t capacity = ken_next_capacity((size_t)k->history_capacity, (size_t)k->n_history + 1);
        KEN_TRY(ken_grow(k->ctx, (void **)&k->history, (size_t)k->history_capacity, capacity, sizeof(kernel_cell)));
        k->history_capacity = (int)capacity;
    }
    kernel_cell cell = {.count = k->count, .size = size};
    KEN_TRY(ken_strndup(k->ctx, code, size, &cell.text));
    k->history[k->n_history++] = cell;
    return KEN_OK;
}

static void execute_publish_input(execute_job *j) {
    ken_text t = ken_text_new(j->k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    const char *content;
    ken_json_object(&w);
    ken_json_put_key(&w, "code");
    ken_json_put_bytes(&w, j->code, j->size);
    KEN_JSON(&w, "execution_count", i64, j->k->count);
    ken_json_end_object(&w);
    if (ken_text_end(&t, &content) == KEN_OK) kernel_publish(j->k, j->request, "execute_input", content);
    ken_text_free(&t);
}

void kernel_execute(kernel *k, kernel_request *r) {
    const ken_json *content = r->message.content;
    execute_job j = execute_job_new(k, r);
    j.silent = ken_json_bool(ken_json_get(content, "silent"), false);
    j.allow_stdin = ken_json_bool(ken_json_get(content, "allow_stdin"), false);
    j.code = ken_json_string(ken_json_get(content, "code"), &j.size, "");
    if (!j.silent && ken_json_bool(ken_json_get(content, "store_history"), true)) {
        k->count++;
        (void)execute_remember(k, j.code, j.size);
    }
    j.cell = k->count;
    if (!j.silent) execute_publish_input(&j);
    execute_code(&j);
    kernel_request *waiting = NULL;
    int n = 0;
    if (!j.ok && !k->stop && ken_json_bool(ken_json_get(content, "stop_on_error"), true))
        waiting = calloc(EXECUTE_WAITING, sizeof *waiting);
    if (waiting) n = execute_take_waiting(k, waiting);
    execute_reply(&j);
    execute_job_free(&j);
    for (int i = 0; i < n; i++) execute_abort(k, &waiting[i]);
    free(waiting);
}
