/* ken kernel: C notebooks. The kernel itself is ken-kernel (kernel/), so that this program needs no ZeroMQ. */
#include <string.h>

#include "cli/commands.h"

static int kernel_run(cli *c) {
    if (strcmp(c->arguments[0], "install") != 0 && strcmp(c->arguments[0], "run") != 0)
        return cli_wrong("it is one of install, run", "kernel cannot '%s'", c->arguments[0]);
    char name[] = "ken-kernel";
    char *argv[CLI_MAX_GIVEN];
    int n = 0;
    argv[n++] = name;
    for (int i = 2; i < c->argc && n + 1 < CLI_MAX_GIVEN; i++) argv[n++] = c->argv[i];
    argv[n] = NULL;
    return cli_become("ken-kernel", argv, "libzmq3-dev libtree-sitter-dev");
}

static const cli_option kernel_options[] = {
    {"user", 0, NULL, NULL, "install for this user (the default)"},
    {"sys-prefix", 0, NULL, NULL, "install into the active Python environment"},
    {"prefix", 0, "DIR", ":file", "install under this folder: DIR/share/jupyter/kernels"},
    {"name", 0, "NAME", NULL, "the kernelspec's name (default ken)"},
    CLI_END_OPTIONS};

const cli_command cli_kernel = {
    .name = "kernel", .arguments = "install|run [FILE]", .summary = "C notebooks in JupyterLab and VS Code",
    .details = "install tells Jupyter about the kernel; then choose \"C (ken)\" for a new notebook. A cell is C at file scope; "
               "RUN { ... } blocks in it run. run is what Jupyter starts, with its connection file.",
    .options = kernel_options, .min_arguments = 1, .max_arguments = 2, .run = kernel_run,
    .examples = "  ken kernel install\n  ken kernel install --sys-prefix --name c\n"};
