/* The program: what its commands share. No machine learning here: a command reads its options, calls
 * the library, and shows what came back. Read main.c next, then any cmd_*.c. */
#ifndef KEN_CLI_CLI_H
#define KEN_CLI_CLI_H

#include <stdio.h>

#include "ken/core/json.h"
#include "ken/core/model.h"
#include "ken/report/report.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_GATE = 3, CLI_INTERRUPTED = 130 };

/* --- options.c: one table a command; parsing, help, completions and man pages come from it ------- */
typedef struct cli_option {
    const char *name;   /* without the dashes; NULL ends a table */
    char letter;        /* 0: none */
    const char *value;  /* what the help calls its value; NULL: a flag */
    const char *words;  /* "a|b|c": the values there are (completion, check); ":model", ":file" ... */
    const char *help;
} cli_option;

typedef struct cli cli;
typedef struct cli_command {
    const char *name, *arguments; /* "TABLE --target COL" */
    const char *summary;          /* one line */
    const char *details;          /* a paragraph or two */
    const char *examples;         /* lines */
    const cli_option *options;
    int min_arguments, max_arguments;
    int (*run)(cli *c);
} cli_command;

extern const cli_command *const cli_commands[]; /* NULL-ended, in the order of the help */
extern const cli_option cli_common_options[];

/* Of every command that reads a table. */
#define CLI_TABLE_OPTIONS                                                                          \
    {"delimiter", 0, "C", NULL, "what stands between fields (default: found by looking; 'tab')"},   \
    {"no-header", 0, NULL, NULL, "the first line holds data; columns are called c1, c2 ..."},       \
    {"type", 0, "COL=TYPE", NULL, "read a column as f64, i64, bool, category, string or time"},     \
    {"missing", 0, "A|B", NULL, "spellings of a missing cell, apart by |"},                         \
    {"skip-bad-rows", 0, NULL, NULL, "leave out rows with a wrong number of fields, and count them"}
#define CLI_END_OPTIONS {NULL, 0, NULL, NULL, NULL}
#define CLI_MAX_GIVEN 256
#define CLI_MAX_CURVE 4096
typedef struct cli_curve {
    int n;
    ken_report_curve_point at[CLI_MAX_CURVE]; /* iteration, objective, validation */
} cli_curve;
struct cli {
    const cli_command *command;
    int argc;
    char **argv;                 /* the whole line, for the report */
    const char *arguments[CLI_MAX_GIVEN];
    int n_arguments;
    struct { const cli_option *option; const char *value; } given[CLI_MAX_GIVEN];
    int n_given;
    ken_ctx *ctx;
    bool json, quiet;
    int n_warnings;
    cli_curve curve; /* of the last iterative fit, for the report */
};

/* KEN_OK or a message on stderr and CLI_USAGE. */
int cli_parse(cli *c, int argc, char **argv);
const char *cli_value(const cli *c, const char *name);           /* last one given; NULL: not given */
bool cli_flag(const cli *c, const char *name);
int cli_count(const cli *c, const char *name);
const char *cli_value_at(const cli *c, const char *name, int i); /* i-th time it was given */
/* false after a message: not a number, or out of range. */
bool cli_number(cli *c, const char *name, double otherwise, double min, double max, double *out);
bool cli_integer(cli *c, const char *name, int64_t otherwise, int64_t min, int64_t max, int64_t *out);
void cli_help(const cli_command *command, FILE *to);
void cli_overview(FILE *to);
/* Text in lines of at most `width` columns; all but the first begin after `indent` blanks. */
void cli_wrap(FILE *to, const char *text, int indent, int width);

/* --- errors.c ------------------------------------------------------------------------------------- */
/* Message with a hint on stderr. Returns CLI_USAGE. */
int cli_wrong(const char *hint, const char *fmt, ...) KEN_PRINTF(2, 3);
/* What the context remembers of `status`, on stderr; the exit status for it. */
int cli_failed(cli *c, ken_status status);
/* Flushes stdout; the status, or CLI_FAILED with a message when the output could not be written. */
int cli_finish_output(int status);

/* --- run.c: contexts, signals, clocks, tables --------------------------------------------------------- */
/* A context from the common options; false after a message. */
bool cli_open(cli *c);
void cli_close(cli *c);
double cli_clock_s(void *user);
double cli_peak_rss_mib(void);
int cli_cpus(void);
/* A table from a file, "-" or a built-in name. checksum (65 bytes) may be NULL. */
ken_status cli_load_table(cli *c, const char *path, ken_table **out, char *checksum);
/* --rounds 50, 10:50 or 10:, if it is given: the model becomes one of those rounds (cmd_slice.c). */
ken_status cli_cut_rounds(cli *c, ken_model **model);
/* The columns but those named (NULLs are skipped). */
ken_status cli_without(cli *c, const ken_table *table, const char *const *names, int n, ken_table **out);
/* The command line as one line of text, quoted where a shell needs it. */
void cli_command_line(const cli *c, char *buf, size_t size);
extern volatile int cli_cancel;

/* --- helper.c: programs beside this one ------------------------------------------------------------------ */
/* A file by its place beside the program ("../share/ken/hub") into buf; false: it is not there. */
bool cli_beside(const char *relative, char *buf, size_t size);
/* Becomes the program of that name beside this one, or in ../libexec/ken; returns (an exit status, after a
 * message that names what it `needs`) only where that fails. */
int cli_become(const char *program, char *const *argv, const char *needs);

/* --- terminal.c ------------------------------------------------------------------------------------------ */
int cli_width(FILE *to);               /* columns; 80 when it is no terminal */
bool cli_is_terminal(FILE *to);
const char *cli_style(FILE *to, const char *code); /* "1" bold, "2" dim, "31" red, "0" plain; "" if no color */
/* `value` (0..1) as a bar of at most `width` columns in eighths; buf of 4 * width + 1 bytes. */
const char *cli_bar(double value, int width, char *buf);
const char *cli_text_cut(const char *text, int width, char *buf, size_t size); /* with … */
const char *cli_number_text(double v, char *buf);                /* 4 digits, for people */
const char *cli_count_text(int64_t v, char *buf);                /* 12,345 */
const char *cli_bytes_text(double bytes, char *buf);             /* 1.2 MB */
const char *cli_seconds_text(double s, char *buf);               /* 12 ms, 3.4 s, 2 min 5 s */
void cli_hook(void *user, const ken_progress *progress);         /* the context's hook: curve and progress */
void cli_progress_end(void);                                     /* wipes the line */
void cli_log(void *user, ken_log_level level, const char *message);

/* A table for people: cells by column; numbers to the right. */
#define CLI_MAX_COLUMNS 16
typedef struct cli_grid {
    int columns, rows, capacity;
    char **cells; /* rows * columns, malloc'ed */
    bool right[CLI_MAX_COLUMNS];
    bool wrap; /* the last column may take several lines; else it is cut */
    bool failed;
} cli_grid;
void cli_grid_begin(cli_grid *g, int columns, const char *const *titles); /* "title>" is to the right */
void cli_grid_row(cli_grid *g, const char *const *cells);
void cli_grid_print(cli_grid *g, FILE *to); /* and frees it */

/* --- JSON on stdout ---------------------------------------------------------------------------------------- */
typedef struct cli_json {
    ken_text text;
    ken_json_writer w;
} cli_json;
void cli_json_begin(cli *c, cli_json *j);
int cli_json_end(cli *c, cli_json *j); /* prints it; exit status */

#endif
