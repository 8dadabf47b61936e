/* The commands: one file each. */
#ifndef KEN_CLI_COMMANDS_H
#define KEN_CLI_COMMANDS_H

#include "cli/cli.h"

extern const cli_command cli_describe, cli_train, cli_compare, cli_predict, cli_evaluate, cli_explain,
    cli_plot, cli_slice, cli_models, cli_data, cli_kernel, cli_learn, cli_quiz, cli_version, cli_help_command, cli_completion, cli_man;

#endif
