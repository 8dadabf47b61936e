/* The notebook kernel: what its parts share. kernel_main.c: modes. sockets.c: messages in and out. requests.c:
 * what each request means. execute.c: a cell from its text to its outputs. runner.c: the process that
 * runs cells. compile.c: the compilers. display.c: records to outputs. complete.c, inspect.c, symbols.c:
 * help while typing. install.c: the kernelspec. */
#ifndef KEN_KERNEL_KERNEL_H
#define KEN_KERNEL_KERNEL_H

#include <pthread.h>
#include <sys/types.h>

#include "kernel/cell_session.h"
#include "kernel/frames.h"
#include "kernel/wire.h"

enum { KERNEL_PATH = 1024 };

typedef struct kernel kernel;

/* --- sockets.c ------------------------------------------------------------------------------------------ */
typedef enum kernel_channel { KERNEL_SHELL, KERNEL_CONTROL, KERNEL_STDIN, KERNEL_IOPUB, KERNEL_CHANNELS } kernel_channel;

typedef struct kernel_request {
    kernel_channel channel;
    wire_message message;
    wire_part parts[WIRE_MAX_PARTS];
    struct kernel_frames *frames; /* what the parts point into */
} kernel_request;

typedef struct kernel_sockets {
    void *context, *channel[KERNEL_CHANNELS], *heartbeat;
    wire_key key;
    char session[33];
    uint64_t n_sent;
    bool thread_runs;
    pthread_t thread;
} kernel_sockets;

ken_status kernel_sockets_open(kernel *k, const char *connection_file);
void kernel_sockets_close(kernel *k);
/* A request that waits on the channel; false: none, or a bad one (told on stderr). */
bool kernel_receive(kernel *k, kernel_channel channel, kernel_request *out);
void kernel_request_close(kernel_request *r);
/* Answers `to` on its channel, or publishes on iopub as a child of it. content: JSON; "{}". */
void kernel_reply(kernel *k, const kernel_request *to, const char *type, const char *content);
void kernel_publish(kernel *k, const kernel_request *parent, const char *type, const char *content);
/* input_request, to the front end that asked for `parent`. */
void kernel_ask(kernel *k, const kernel_request *parent, const char *content);

enum { KERNEL_WAIT_SHELL = 1, KERNEL_WAIT_CONTROL = 2, KERNEL_WAIT_STDIN = 4, KERNEL_WAIT_RUNNER = 8,
       KERNEL_WAIT_OUT = 16, KERNEL_WAIT_ERR = 32, KERNEL_WAIT_EXTRA = 64, KERNEL_WAIT_CELL = 58 };
/* Waits for what `want` says, at most so long (-1: for ever); what is ready, 0: time is over. */
int kernel_wait(kernel *k, int want, int extra_fd, int timeout_ms);

/* --- runner.c: the executor, seen from the kernel ----------------------------------------------------------- */
typedef struct runner {
    pid_t pid;            /* 0: none runs */
    int fd, out, err;     /* frames; its stdout and stderr */
    int unit;             /* loaded last */
    char held[2][4];      /* bytes of a character that is not whole yet, of out and err */
    int n_held[2];
} runner;

ken_status runner_start(kernel *k);
void runner_kill(kernel *k);
/* Waits for its end: the wait status; -1: none. Closes everything. */
int runner_end(kernel *k);
/* Publishes what it has written. */
void runner_drain(kernel *k, const kernel_request *parent);

/* --- compile.c ------------------------------------------------------------------------------------------------ */
typedef struct compiler {
    char tcc[KERNEL_PATH], cc[KERNEL_PATH]; /* "": not there */
    char include[KERNEL_PATH];              /* has ken/ken.h */
    char notebook[KERNEL_PATH];             /* has ken/notebook.h */
    char folder[KERNEL_PATH];               /* for the cells of this session */
} compiler;

ken_status compiler_open(kernel *k);
void compiler_close(kernel *k);
/* Compiles the source of a unit to compiler_object(). doubtful: statements at file scope, which tcc takes for
 * declarations of int. log: messages. *done false: they are errors, or it was interrupted (*interrupted). */
ken_status compiler_run(kernel *k, const char *source, int unit, bool fast, bool doubtful, ken_text *log,
                        bool *done, bool *interrupted);
void compiler_object(const kernel *k, int unit, char path[KERNEL_PATH]);
/* Line of a code offset in a unit's object, 0: unknown. */
int compiler_line(kernel *k, int unit, uint64_t offset);
/* First program of that name in PATH; false: none. */
bool compiler_find(const char *name, char path[KERNEL_PATH]);

/* --- symbols.c: the public headers, read once ------------------------------------------------------------------ */
typedef struct symbol {
    const char *name, *kind; /* "function", "macro", "type", "constant" */
    char *text, *doc;        /* declaration; comment */
    const char *file;
    int line;
} symbol;
typedef struct symbols {
    symbol *at;
    int n, capacity;
    bool read;
} symbols;

const symbols *kernel_symbols(kernel *k);
const symbol *kernel_symbol(kernel *k, const char *name, size_t size);
void kernel_symbols_free(kernel *k);

/* --- display.c --------------------------------------------------------------------------------------------------- */
/* A record as an output: key "" is the cell's last expression, its result. print records go to stdout. */
void display_record(kernel *k, const kernel_request *parent, const char *line, size_t size);
/* The record as {"data": ..., "metadata": {}} members of the object open in w. */
ken_status display_bundle(ken_ctx *ctx, const ken_json *record, const char *line, ken_json_writer *w);

/* --- the kernel --------------------------------------------------------------------------------------------------- */
typedef struct kernel_cell {
    int count;
    char *text;
    size_t size;
} kernel_cell;

struct kernel {
    ken_ctx *ctx;
    kernel_sockets sockets;
    runner runner;
    compiler compiler;
    cell_session session;
    symbols symbols;
    kernel_cell *history;
    int n_history, history_capacity;
    int count;                 /* of executed cells */
    bool stop, executing, silent; /* silent: the cell's output is dropped */
    int interrupts;            /* since the cell began */
    double interrupted_at;
    char program[KERNEL_PATH]; /* this file */
};

int kernel_run(kernel *k, const char *connection_file);
double kernel_clock(void);
extern volatile int kernel_signaled, kernel_terminated; /* SIGINT came; SIGTERM or SIGHUP */

/* requests.c */
void kernel_handle(kernel *k, kernel_request *r);
/* What came on the control channel meanwhile, and signals. */
void kernel_attend(kernel *k, int ready);
void kernel_publish_status(kernel *k, const kernel_request *parent, const char *state);

/* execute.c, complete.c, inspect.c */
void kernel_execute(kernel *k, kernel_request *r);
void kernel_complete(kernel *k, kernel_request *r);
void kernel_inspect(kernel *k, kernel_request *r);

/* install.c */
int kernel_install(int argc, char **argv, const char *program);

#endif
