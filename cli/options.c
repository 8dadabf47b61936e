/* The command line: parsing and help from the commands' tables. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

const cli_option cli_common_options[] = {
    {"threads", 0, "N", NULL, "CPUs to use (default: all that this process may use)"},
    {"seed", 0, "N", NULL, "seed of all random draws (default 0); same seed, same result"},
    {"isa", 0, "NAME", "generic|avx2|avx512", "instruction set of the kernels (also KEN_ISA)"},
    {"strict", 0, NULL, NULL, "the same bits on every instruction set"},
    {"quiet", 'q', NULL, NULL, "no progress and no messages but errors"},
    {"help", 'h', NULL, NULL, "this text"},
    {NULL, 0, NULL, NULL, NULL}};

/* --- finding ---------------------------------------------------------------------------------------- */
typedef struct options_all {
    const cli_option *own, *common;
} options_all;

static const cli_option *options_at(const options_all *all, int i) {
    for (const cli_option *o = all->own; o && o->name; o++)
        if (i-- == 0) return o;
    for (const cli_option *o = all->common; o->name; o++)
        if (i-- == 0) return o;
    return NULL;
}

static const char *options_name_at(void *arg, int i) { return options_at(arg, i)->name; }
static const char *options_command_at(void *arg, int i) {
    (void)arg;
    return cli_commands[i]->name;
}

static const cli_option *options_find(const cli_command *command, const char *name, size_t size, char letter) {
    options_all all = {command->options, cli_common_options};
    const cli_option *o;
    for (int i = 0; (o = options_at(&all, i)); i++)
        if (letter ? o->letter == letter : strlen(o->name) == size && memcmp(o->name, name, size) == 0)
            return o;
    return NULL;
}

static int options_unknown(const cli_command *command, const char *given, const char *name) {
    options_all all = {command->options, cli_common_options};
    char hint[160];
    int n = 0;
    while (options_at(&all, n)) n++;
    const char *near = ken_nearest_name(name, n, options_name_at, &all);
    if (near)
        snprintf(hint, sizeof hint, "did you mean --%s? ('ken help %s' lists all)", near, command->name);
    else
        snprintf(hint, sizeof hint, "'ken help %s' lists all options", command->name);
    return cli_wrong(hint, "%s has no option '%s'", command->name, given);
}

static bool options_allows(const cli_option *o, const char *value) {
    const size_t size = strlen(value);
    if (!o->words || o->words[0] == ':') return true;
    for (const char *w = o->words; *w;) {
        const size_t word = strcspn(w, "|");
        if (word == size && memcmp(w, value, size) == 0) return true;
        w += word + (w[word] == '|');
    }
    return false;
}

/* --- parsing ------------------------------------------------------------------------------------------ */
static int options_put(cli *c, const cli_option *o, const char *value) {
    if (c->n_given == CLI_MAX_GIVEN) return cli_wrong(NULL, "more than %d options", CLI_MAX_GIVEN);
    if (value && !options_allows(o, value)) {
        char hint[160];
        snprintf(hint, sizeof hint, "it is one of %s", o->words);
        return cli_wrong(hint, "--%s cannot be '%s'", o->name, value);
    }
    c->given[c->n_given].option = o;
    c->given[c->n_given++].value = value ? value : "";
    return CLI_DONE;
}

static int options_long(cli *c, int *i) {
    const char *name = c->argv[*i] + 2, *equals = strchr(name, '=');
    const size_t size = equals ? (size_t)(equals - name) : strlen(name);
    const cli_option *o = options_find(c->command, name, size, 0);
    if (!o) {
        char bare[128];
        snprintf(bare, sizeof bare, "%.*s", (int)size, name);
        return options_unknown(c->command, c->argv[*i], bare);
    }
    if (!o->value) {
        if (equals) return cli_wrong(NULL, "--%s takes no value", o->name);
        return options_put(c, o, NULL);
    }
    if (equals) return options_put(c, o, equals + 1);
    if (*i + 1 >= c->argc) return cli_wrong(o->help, "--%s needs a value (%s)", o->name, o->value);
    return options_put(c, o, c->argv[++*i]);
}

static int options_short(cli *c, int *i) {
    for (const char *s = c->argv[*i] + 1; *s; s++) {
        const cli_option *o = options_find(c->command, NULL, 0, *s);
        const char one[3] = {'-', *s, 0};
        if (!o) return options_unknown(c->command, one, one + 1);
        if (!o->value) {
            const int status = options_put(c, o, NULL);
            if (status != CLI_DONE) return status;
            continue;
        }
        if (s[1]) return options_put(c, o, s + 1);
        if (*i + 1 >= c->argc) return cli_wrong(o->help, "-%c needs a value (%s)", *s, o->value);
        return options_put(c, o, c->argv[++*i]);
    }
    return CLI_DONE;
}

static int options_check_count(const cli *c) {
    char hint[256];
    snprintf(hint, sizeof hint, "usage: ken %s %s", c->command->name, c->command->arguments);
    if (c->n_arguments < c->command->min_arguments)
        return cli_wrong(hint, "%s needs %s", c->command->name,
                         c->n_arguments == 0 ? c->command->arguments : "more arguments");
    if (c->n_arguments > c->command->max_arguments)
        return cli_wrong(hint, "%s does not know what to do with '%s'", c->command->name,
                         c->arguments[c->command->max_arguments]);
    return CLI_DONE;
}

int cli_parse(cli *c, int argc, char **argv) {
    int n = 0, status = CLI_DONE;
    bool options = true;
    c->argc = argc, c->argv = argv;
    while (cli_commands[n]) n++;
    for (int k = 0; k < n; k++)
        if (strcmp(cli_commands[k]->name, argv[1]) == 0) c->command = cli_commands[k];
    if (!c->command) {
        const char *near = ken_nearest_name(argv[1], n, options_command_at, NULL);
        char hint[96];
        snprintf(hint, sizeof hint, near ? "did you mean 'ken %s'?" : "'ken help' lists the commands", near);
        return cli_wrong(hint, "there is no command '%s'", argv[1]);
    }
    for (int i = 2; i < argc && status == CLI_DONE; i++) {
        if (options && strcmp(argv[i], "--") == 0)
            options = false;
        else if (options && argv[i][0] == '-' && argv[i][1] == '-')
            status = options_long(c, &i);
        else if (options && argv[i][0] == '-' && argv[i][1])
            status = options_short(c, &i);
        else if (c->n_arguments == CLI_MAX_GIVEN)
            status = cli_wrong(NULL, "more than %d arguments", CLI_MAX_GIVEN);
        else
            c->arguments[c->n_arguments++] = argv[i];
    }
    if (status != CLI_DONE) return status;
    c->json = options_find(c->command, "json", 4, 0) && cli_flag(c, "json");
    c->quiet = cli_flag(c, "quiet");
    return cli_flag(c, "help") ? CLI_DONE : options_check_count(c);
}

/* --- values --------------------------------------------------------------------------------------------- */
const char *cli_value_at(const cli *c, const char *name, int i) {
    for (int g = 0; g < c->n_given; g++)
        if (strcmp(c->given[g].option->name, name) == 0 && i-- == 0) return c->given[g].value;
    return NULL;
}

int cli_count(const cli *c, const char *name) {
    int n = 0;
    while (cli_value_at(c, name, n)) n++;
    return n;
}

const char *cli_value(const cli *c, const char *name) {
    const int n = cli_count(c, name);
    return n ? cli_value_at(c, name, n - 1) : NULL;
}

bool cli_flag(const cli *c, const char *name) { return cli_count(c, name) > 0; }

static bool options_out_of_range(const char *name, const char *text, double min, double max) {
    char hint[96], low[32], high[32];
    snprintf(hint, sizeof hint, "give a number from %s to %s", cli_number_text(min, low),
             cli_number_text(max, high));
    (void)cli_wrong(hint, "--%s cannot be '%s'", name, text);
    return false;
}

bool cli_number(cli *c, const char *name, double otherwise, double min, double max, double *out) {
    const char *text = cli_value(c, name);
    *out = otherwise;
    if (!text) return true;
    if (!ken_parse_f64(text, strlen(text), out) || !(*out >= min && *out <= max))
        return options_out_of_range(name, text, min, max);
    return true;
}

bool cli_integer(cli *c, const char *name, int64_t otherwise, int64_t min, int64_t max, int64_t *out) {
    const char *text = cli_value(c, name);
    *out = otherwise;
    if (!text) return true;
    if (!ken_parse_i64(text, strlen(text), out, NULL) || *out < min || *out > max)
        return options_out_of_range(name, text, (double)min, (double)max);
    return true;
}

/* --- help --------------------------------------------------------------------------------------------------- */
void cli_wrap(FILE *to, const char *text, int indent, int width) {
    int column = 0;
    for (const char *s = text; *s;) {
        const int word = (int)strcspn(s, " \n");
        const int columns = ken_utf8_width(s, (size_t)word);
        if (column && column + 1 + columns > width - indent) {
            fprintf(to, "\n%*s", indent, "");
            column = 0;
        } else if (column) {
            fputc(' ', to), column++;
        }
        fprintf(to, "%.*s", word, s);
        column += columns;
        s += word;
        while (*s == ' ') s++;
        if (*s == '\n') {
            fprintf(to, "\n%*s", indent, "");
            column = 0;
            s++;
        }
    }
    fputc('\n', to);
}

static void options_list(FILE *to, const cli_option *options, int width) {
    for (const cli_option *o = options; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter ? "-" : " ", o->letter ? o->letter : ' ',
                 o->letter ? ", " : "  ", o->name, o->value ? " " : "", o->value ? o->value : "");
        fprintf(to, "  %-26s ", left);
        if (strlen(left) > 26) fprintf(to, "\n%29s", "");
        cli_wrap(to, o->help, 29, width);
    }
}

void cli_help(const cli_command *command, FILE *to) {
    const int width = KEN_MIN(cli_width(to), 100);
    const char *bold = cli_style(to, "1"), *plain = cli_style(to, "0");
    fprintf(to, "%sken %s%s %s\n\n", bold, command->name, plain, command->arguments);
    cli_wrap(to, command->summary, 0, width);
    if (command->details) {
        fputc('\n', to);
        cli_wrap(to, command->details, 0, width);
    }
    if (command->options) {
        fprintf(to, "\n%sOptions%s\n", bold, plain);
        options_list(to, command->options, width);
    }
    fprintf(to, "\n%sOptions of every command%s\n", bold, plain);
    options_list(to, cli_common_options, width);
    if (command->examples) fprintf(to, "\n%sExamples%s\n%s", bold, plain, command->examples);
}

void cli_overview(FILE *to) {
    const char *bold = cli_style(to, "1"), *plain = cli_style(to, "0");
    fprintf(to, "%sken%s: machine learning within your ken\n\n", bold, plain);
    for (int i = 0; cli_commands[i]; i++)
        fprintf(to, "  %-11s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    fprintf(to, "\nFirst steps:\n  ken describe credit_g\n  ken train credit_g --target class\n"
                "\n'ken help COMMAND' explains one command with examples; 'ken models' lists what "
                "there is.\n");
}
