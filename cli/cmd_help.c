/* ken help, ken completion, ken man: all three from the commands' tables. */
#include <string.h>

#include "cli/commands.h"

static const cli_command *help_find(const char *name) {
    for (int i = 0; cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0) return cli_commands[i];
    return NULL;
}

static const char *help_name_at(void *arg, int i) {
    (void)arg;
    return cli_commands[i]->name;
}

static int help_unknown(const char *name) {
    int n = 0;
    char hint[96] = "'ken help' lists the commands";
    while (cli_commands[n]) n++;
    const char *near = ken_nearest_name(name, n, help_name_at, NULL);
    if (near) snprintf(hint, sizeof hint, "did you mean 'ken help %s'?", near);
    return cli_wrong(hint, "there is no command '%s'", name);
}

static int help_run(cli *c) {
    if (c->n_arguments == 0) {
        cli_overview(stdout);
        return CLI_DONE;
    }
    const cli_command *command = help_find(c->arguments[0]);
    if (!command) return help_unknown(c->arguments[0]);
    cli_help(command, stdout);
    return CLI_DONE;
}

const cli_command cli_help_command = {
    .name = "help", .arguments = "[COMMAND]", .summary = "What a command does, with its options and examples",
    .max_arguments = 1, .run = help_run};

/* --- completions ------------------------------------------------------------------------------------ */
static void completion_names(FILE *to, ken_kind kind, const char *between) {
    const ken_desc *d;
    bool first = true;
    for (int i = 0; (d = ken_catalog_at(i)); i++)
        if (d->kind == kind) fprintf(to, "%s%s", first ? "" : between, d->name), first = false;
}

static void completion_words(FILE *to, const cli_option *o) {
    if (!o->words) return;
    if (strcmp(o->words, ":model") == 0)
        completion_names(to, KEN_ESTIMATOR, " ");
    else if (strcmp(o->words, ":metric") == 0)
        completion_names(to, KEN_METRIC, " ");
    else if (o->words[0] != ':')
        for (const char *w = o->words; *w; w++) fputc(*w == '|' ? ' ' : *w, to);
}

static void completion_bash_command(const cli_command *command) {
    const cli_option *const tables[] = {command->options, cli_common_options};
    printf("    %s)\n      case $before in\n", command->name);
    for (int t = 0; t < 2; t++)
        for (const cli_option *o = tables[t]; o && o->name; o++) {
            if (!o->words || strcmp(o->words, ":file") == 0) continue;
            printf("        --%s) COMPREPLY=($(compgen -W '", o->name);
            completion_words(stdout, o);
            printf("' -- \"$word\")); return;;\n");
        }
    printf("      esac\n      options='");
    for (int t = 0; t < 2; t++)
        for (const cli_option *o = tables[t]; o && o->name; o++) printf("--%s ", o->name);
    printf("';;\n");
}

static void completion_bash(void) {
    printf("_ken() {\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
           "  if [ $COMP_CWORD -eq 1 ]; then\n    COMPREPLY=($(compgen -W '");
    for (int i = 0; cli_commands[i]; i++) printf("%s ", cli_commands[i]->name);
    printf("' -- \"$word\")); return\n  fi\n  case ${COMP_WORDS[1]} in\n");
    for (int i = 0; cli_commands[i]; i++) completion_bash_command(cli_commands[i]);
    printf("  esac\n  case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\"));;\n"
           "    *) COMPREPLY=($(compgen -f -- \"$word\"));;\n  esac\n}\ncomplete -o filenames -F _ken ken\n");
}

/* A text inside single quotes of a shell script; brackets and colons would end a zsh description. */
static void completion_quoted(const char *text) {
    for (const char *s = text; *s; s++)
        fputs(*s == '\'' ? "'\\''" : *s == '[' ? "(" : *s == ']' ? ")" : *s == ':' ? " -" : (char[2]){*s, 0}, stdout);
}

static void completion_zsh(void) {
    printf("#compdef ken\n_ken() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n");
    for (int i = 0; cli_commands[i]; i++) {
        printf("      '%s:", cli_commands[i]->name);
        completion_quoted(cli_commands[i]->summary);
        printf("'\n");
    }
    printf("    )\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n");
    for (int i = 0; cli_commands[i]; i++) {
        const cli_option *const tables[] = {cli_commands[i]->options, cli_common_options};
        printf("    %s) _arguments ", cli_commands[i]->name);
        for (int t = 0; t < 2; t++)
            for (const cli_option *o = tables[t]; o && o->name; o++) {
                printf("'*--%s[", o->name);
                completion_quoted(o->help);
                printf("]");
                if (o->value) {
                    printf(":%s:", o->value);
                    if (o->words && strcmp(o->words, ":file") != 0) {
                        printf("(");
                        completion_words(stdout, o);
                        printf(")");
                    } else {
                        printf("_files");
                    }
                }
                printf("' ");
            }
        printf("'*:file:_files';;\n");
    }
    printf("  esac\n}\n_ken \"$@\"\n");
}

static void completion_fish(void) {
    for (int i = 0; cli_commands[i]; i++) {
        printf("complete -c ken -n __fish_use_subcommand -f -a %s -d '", cli_commands[i]->name);
        completion_quoted(cli_commands[i]->summary);
        printf("'\n");
        const cli_option *const tables[] = {cli_commands[i]->options, cli_common_options};
        for (int t = 0; t < 2; t++)
            for (const cli_option *o = tables[t]; o && o->name; o++) {
                printf("complete -c ken -n '__fish_seen_subcommand_from %s' -l %s", cli_commands[i]->name, o->name);
                if (o->letter) printf(" -s %c", o->letter);
                if (o->value) printf(" -r");
                if (o->value && o->words && strcmp(o->words, ":file") != 0) {
                    printf(" -f -a '");
                    completion_words(stdout, o);
                    printf("'");
                }
                printf(" -d '");
                completion_quoted(o->help);
                printf("'\n");
            }
    }
}

static int completion_run(cli *c) {
    const char *shell = c->arguments[0];
    if (strcmp(shell, "bash") == 0)
        completion_bash();
    else if (strcmp(shell, "zsh") == 0)
        completion_zsh();
    else if (strcmp(shell, "fish") == 0)
        completion_fish();
    else
        return cli_wrong("it is one of bash, zsh, fish", "there are no completions for '%s'", shell);
    return CLI_DONE;
}

const cli_command cli_completion = {
    .name = "completion", .arguments = "bash|zsh|fish", .summary = "Prints a completion script for a shell",
    .examples = "  ken completion bash > ~/.local/share/bash-completion/completions/ken\n"
                "  ken completion fish > ~/.config/fish/completions/ken.fish\n",
    .min_arguments = 1, .max_arguments = 1, .run = completion_run};

/* --- man pages --------------------------------------------------------------------------------------- */
static void man_text(const char *text) {
    for (const char *s = text; *s; s++) {
        if ((s == text || s[-1] == '\n') && (*s == '.' || *s == '\'')) fputs("\\&", stdout);
        if (*s == '-')
            fputs("\\-", stdout);
        else if (*s == '\\')
            fputs("\\e", stdout);
        else
            fputc(*s, stdout);
    }
    fputc('\n', stdout);
}

static void man_options(const cli_option *options) {
    for (const cli_option *o = options; o && o->name; o++) {
        printf(".TP\n.B ");
        if (o->letter) printf("\\-%c, ", o->letter);
        printf("\\-\\-%s", o->name);
        if (o->value) printf(" \\fI%s\\fR", o->value);
        printf("\n");
        man_text(o->help);
    }
}

static void man_command(const cli_command *command) {
    printf(".TH KEN-%s 1 \"\" \"ken %s\" \"ken\"\n.SH NAME\nken\\-%s \\- ", command->name, KEN_VERSION, command->name);
    man_text(command->summary);
    printf(".SH SYNOPSIS\n.B ken %s\n", command->name);
    man_text(command->arguments);
    if (command->details) printf(".SH DESCRIPTION\n"), man_text(command->details);
    printf(".SH OPTIONS\n");
    man_options(command->options);
    man_options(cli_common_options);
    if (command->examples) printf(".SH EXAMPLES\n.nf\n"), man_text(command->examples), printf(".fi\n");
    printf(".SH EXIT STATUS\n0 done; 1 it could not be done; 2 the command line is wrong; 3 a gate says no; "
           "130 interrupted.\n");
}

static void man_overview(void) {
    printf(".TH KEN 1 \"\" \"ken %s\" \"ken\"\n.SH NAME\nken \\- machine learning within your ken\n"
           ".SH SYNOPSIS\n.B ken\n\\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n.SH COMMANDS\n", KEN_VERSION);
    for (int i = 0; cli_commands[i]; i++) {
        printf(".TP\n.B %s\n", cli_commands[i]->name);
        man_text(cli_commands[i]->summary);
    }
    printf(".SH ENVIRONMENT\n.TP\n.B KEN_ISA\nInstruction set of the kernels, as \\-\\-isa.\n"
           ".TP\n.B NO_COLOR\nNo colors on a terminal.\n");
}

static int man_run(cli *c) {
    if (c->n_arguments == 0) {
        man_overview();
        return CLI_DONE;
    }
    const cli_command *command = help_find(c->arguments[0]);
    if (!command) return help_unknown(c->arguments[0]);
    man_command(command);
    return CLI_DONE;
}

const cli_command cli_man = {
    .name = "man", .arguments = "[COMMAND]", .summary = "Prints the manual page of ken or of a command (roff)",
    .examples = "  ken man train | man -l -\n", .max_arguments = 1, .run = man_run};
