/* ken-kernel: the notebook kernel. `ken-kernel run FILE` is what a front end starts; `ken-kernel executor`
 * is the process in which its cells run. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "kernel/executor.h"
#include "kernel/kernel.h"

volatile int kernel_signaled, kernel_terminated;

double kernel_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void main_on_signal(int number) {
    if (number == SIGINT)
        kernel_signaled = 1;
    else
        kernel_terminated = 1;
}

static void main_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = main_on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Who started us is gone: end too. */
static bool main_is_orphan(void) {
    const char *parent = getenv("JPY_PARENT_PID");
    return parent && strtol(parent, NULL, 10) > 1 && getppid() == 1;
}

static void main_loop(kernel *k) {
    while (!k->stop && !main_is_orphan()) {
        const int ready = kernel_wait(k, KERNEL_WAIT_SHELL | KERNEL_WAIT_CONTROL | KERNEL_WAIT_OUT | KERNEL_WAIT_ERR, 0, 1000);
        kernel_request r;
        kernel_attend(k, ready);
        if (ready & (KERNEL_WAIT_OUT | KERNEL_WAIT_ERR)) runner_drain(k, NULL); /* of threads that cells started */
        if (!k->stop && (ready & KERNEL_WAIT_SHELL) && kernel_receive(k, KERNEL_SHELL, &r)) kernel_handle(k, &r);
    }
}

static void main_free(kernel *k) {
    runner_kill(k);
    runner_end(k);
    compiler_close(k);
    cell_session_clear(&k->session);
    ken_free(k->ctx, k->session.items.at);
    for (int i = 0; i < k->n_history; i++) ken_free(k->ctx, k->history[i].text);
    ken_free(k->ctx, k->history);
    kernel_symbols_free(k);
    kernel_sockets_close(k);
}

int kernel_run(kernel *k, const char *connection_file) {
    if (ken_ctx_new(NULL, &k->ctx) != KEN_OK) return 1;
    k->session.ctx = k->ctx;
    main_signals();
    ken_status status = compiler_open(k);
    if (status == KEN_OK) status = runner_start(k);
    if (status == KEN_OK) status = kernel_sockets_open(k, connection_file);
    if (status == KEN_OK)
        main_loop(k);
    else
        fprintf(stderr, "ken-kernel: %s\n     %s\n", ken_ctx_message(k->ctx), ken_ctx_hint(k->ctx));
    main_free(k);
    ken_ctx_free(k->ctx);
    return status == KEN_OK ? 0 : 1;
}

static const char main_usage[] =
    "ken kernel: C notebooks for JupyterLab and VS Code\n\n"
    "  ken kernel install [--user | --sys-prefix | --prefix DIR] [--name NAME]   tell Jupyter about it\n"
    "  ken kernel run FILE      what Jupyter starts: FILE is its connection file\n"
    "  ken kernel version\n";

int main(int argc, char **argv) {
    static kernel k; /* zeros */
    const char *command = argc > 1 ? argv[1] : "help";
    const ssize_t n = readlink("/proc/self/exe", k.program, sizeof k.program - 1);
    k.program[n > 0 ? n : 0] = 0;
    if (strcmp(command, "executor") == 0) return executor_main();
    if (strcmp(command, "install") == 0) return kernel_install(argc - 2, argv + 2, k.program);
    if (strcmp(command, "run") == 0 && argc == 3) return kernel_run(&k, argv[2]);
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0) {
        printf("ken-kernel %s\n", KEN_VERSION);
        return 0;
    }
    const bool asked = strcmp(command, "help") == 0 || strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0;
    fputs(main_usage, asked ? stdout : stderr);
    return asked ? 0 : 2;
}
