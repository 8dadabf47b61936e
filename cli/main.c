/* ken: the program. Finds the command, opens a context, runs it. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

const cli_command *const cli_commands[] = {
    &cli_describe, &cli_train, &cli_compare, &cli_predict, &cli_evaluate, &cli_explain, &cli_plot, &cli_slice,
    &cli_models, &cli_data, &cli_kernel, &cli_learn, &cli_quiz, &cli_version, &cli_help_command, &cli_completion,
    &cli_man, NULL};

int main(int argc, char **argv) {
    static cli c; /* zeros; too large for a small stack */
    if (argc < 2) {
        cli_overview(stdout);
        return cli_finish_output(CLI_DONE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) argv[1] = (char *)(uintptr_t)"help";
    if (strcmp(argv[1], "--version") == 0) argv[1] = (char *)(uintptr_t)"version";
    int status = cli_parse(&c, argc, argv);
    if (status != CLI_DONE) return status;
    if (cli_flag(&c, "help")) {
        cli_help(c.command, stdout);
        return cli_finish_output(CLI_DONE);
    }
    if (!cli_open(&c)) return CLI_USAGE;
    status = cli_finish_output(c.command->run(&c));
    cli_close(&c);
    return status;
}
