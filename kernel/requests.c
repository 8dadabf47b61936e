/* The messages of the Jupyter protocol 5.4, but for those that have a file of their own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernel.h"

enum { REQUESTS_INTERRUPT_S = 6 }; /* so long after an interrupt a cell that still runs is ended */

void kernel_publish_status(kernel *k, const kernel_request *parent, const char *state) {
    char content[64];
    snprintf(content, sizeof content, "{\"execution_state\":\"%s\"}", state);
    kernel_publish(k, parent, "status", content);
}

/* --- about the kernel ------------------------------------------------------------------------------------ */
static void requests_kernel_info(kernel *k, kernel_request *r) {
    ken_text t = ken_text_new(k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    const char *content;
    ken_json_object(&w);
    KEN_JSON(&w, "status", string, "ok");
    KEN_JSON(&w, "protocol_version", string, "5.4");
    KEN_JSON(&w, "implementation", string, "ken-kernel");
    KEN_JSON(&w, "implementation_version", string, KEN_VERSION);
    KEN_JSON(&w, "banner", string, "ken " KEN_VERSION ": machine learning in C. A cell is C at file scope; RUN { ... } runs.");
    KEN_JSON(&w, "language_info", raw,
             "{\"name\":\"c\",\"version\":\"11\",\"mimetype\":\"text/x-csrc\",\"file_extension\":\".c\","
             "\"pygments_lexer\":\"c\",\"codemirror_mode\":\"text/x-csrc\"}");
    KEN_JSON(&w, "help_links", raw, "[]");
    KEN_JSON(&w, "debugger", bool, false);
    ken_json_end_object(&w);
    if (ken_text_end(&t, &content) == KEN_OK) kernel_reply(k, r, "kernel_info_reply", content);
    ken_text_free(&t);
}

static void requests_is_complete(kernel *k, kernel_request *r) {
    static const char *const names[] = {"complete", "incomplete", "invalid"};
    size_t size;
    int depth;
    const char *code = ken_json_string(ken_json_get(r->message.content, "code"), &size, "");
    const cell_state state = cell_is_complete(code, size, &depth);
    char content[160];
    int indent = 4 * KEN_MIN(depth, 16);
    if (state == CELL_INCOMPLETE)
        snprintf(content, sizeof content, "{\"status\":\"incomplete\",\"indent\":\"%*s\"}", indent, "");
    else
        snprintf(content, sizeof content, "{\"status\":\"%s\"}", names[state]);
    kernel_reply(k, r, "is_complete_reply", content);
}

/* --- history ---------------------------------------------------------------------------------------------- */
static void requests_history_put(ken_json_writer *w, const kernel_cell *cell, bool output) {
    ken_json_array(w);
    ken_json_put_i64(w, 0); /* the session */
    ken_json_put_i64(w, cell->count);
    if (output) ken_json_array(w);
    ken_json_put_bytes(w, cell->text, cell->size);
    if (output) {
        ken_json_put_null(w);
        ken_json_end_array(w);
    }
    ken_json_end_array(w);
}

/* '*' any bytes, '?' one. */
static bool requests_matches(const char *pattern, const char *text) {
    for (; *pattern; pattern++) {
        if (*pattern == '*') {
            for (;; text++) {
                if (requests_matches(pattern + 1, text)) return true;
                if (!*text) return false;
            }
        }
        if (!*text || (*pattern != '?' && *pattern != *text)) return false;
        text++;
    }
    return !*text;
}

static void requests_history(kernel *k, kernel_request *r) {
    const ken_json *content = r->message.content;
    const char *how = ken_json_string(ken_json_get(content, "hist_access_type"), NULL, "tail"), *text;
    const char *pattern = ken_json_string(ken_json_get(content, "pattern"), NULL, "*");
    const bool output = ken_json_bool(ken_json_get(content, "output"), false);
    const bool range = strcmp(how, "range") == 0, search = strcmp(how, "search") == 0;
    const int64_t n = ken_json_i64(ken_json_get(content, "n"), k->n_history);
    const int64_t start = ken_json_i64(ken_json_get(content, "start"), 0);
    const int64_t stop = ken_json_i64(ken_json_get(content, "stop"), INT64_MAX);
    ken_text t = ken_text_new(k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    ken_json_object(&w);
    KEN_JSON(&w, "status", string, "ok");
    ken_json_put_key(&w, "history");
    ken_json_array(&w);
    for (int i = 0; i < k->n_history; i++) {
        const kernel_cell *cell = &k->history[i];
        if (range ? cell->count >= start && cell->count < stop
                  : i >= k->n_history - n && (!search || requests_matches(pattern, cell->text)))
            requests_history_put(&w, cell, output);
    }
    ken_json_end_array(&w);
    ken_json_end_object(&w);
    if (ken_text_end(&t, &text) == KEN_OK) kernel_reply(k, r, "history_reply", text);
    ken_text_free(&t);
}

/* --- ends ----------------------------------------------------------------------------------------------------- */
static void requests_shutdown(kernel *k, kernel_request *r) {
    char content[64];
    snprintf(content, sizeof content, "{\"status\":\"ok\",\"restart\":%s}",
             ken_json_bool(ken_json_get(r->message.content, "restart"), false) ? "true" : "false");
    runner_kill(k);
    k->stop = true;
    kernel_reply(k, r, "shutdown_reply", content);
    kernel_publish(k, r, "shutdown_reply", content);
}

/* First: the library's cancel flag. Later: the process. */
static void requests_interrupt_cell(kernel *k) {
    if (!k->executing) return;
    if (k->interrupts++ == 0) k->interrupted_at = kernel_clock();
    if (k->runner.pid) kill(k->runner.pid, SIGINT);
}

/* --- all ------------------------------------------------------------------------------------------------------ */
static const struct {
    const char *type;
    void (*handle)(kernel *k, kernel_request *r);
} requests_table[] = {
    {"kernel_info_request", requests_kernel_info}, {"execute_request", kernel_execute},
    {"complete_request", kernel_complete},         {"inspect_request", kernel_inspect},
    {"is_complete_request", requests_is_complete}, {"history_request", requests_history},
    {"shutdown_request", requests_shutdown},
};

void kernel_handle(kernel *k, kernel_request *r) {
    const char *type = r->message.type;
    kernel_publish_status(k, r, "busy");
    for (int i = 0; i < KEN_COUNT(requests_table); i++)
        if (strcmp(type, requests_table[i].type) == 0) requests_table[i].handle(k, r);
    if (strcmp(type, "interrupt_request") == 0) {
        requests_interrupt_cell(k);
        kernel_reply(k, r, "interrupt_reply", "{\"status\":\"ok\"}");
    } else if (strcmp(type, "comm_info_request") == 0) {
        kernel_reply(k, r, "comm_info_reply", "{\"status\":\"ok\",\"comms\":{}}");
    } else if (strcmp(type, "comm_open") == 0) { /* no comm is known: the protocol says, close it */
        char content[256];
        snprintf(content, sizeof content, "{\"comm_id\":\"%.128s\",\"data\":{}}",
                 ken_json_string(ken_json_get(r->message.content, "comm_id"), NULL, ""));
        if (!strpbrk(ken_json_string(ken_json_get(r->message.content, "comm_id"), NULL, ""), "\"\\"))
            kernel_publish(k, r, "comm_close", content);
    }
    kernel_publish_status(k, r, "idle");
    kernel_request_close(r);
}

void kernel_attend(kernel *k, int ready) {
    kernel_request r;
    while ((ready & KERNEL_WAIT_CONTROL) && kernel_receive(k, KERNEL_CONTROL, &r)) kernel_handle(k, &r);
    if (kernel_terminated) {
        runner_kill(k);
        k->stop = true;
    }
    if (kernel_signaled) {
        kernel_signaled = 0;
        requests_interrupt_cell(k);
    }
    if (k->executing && k->interrupts && kernel_clock() - k->interrupted_at > REQUESTS_INTERRUPT_S) runner_kill(k);
}
