/* ken describe: what is in a table, and what looks wrong. */
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/show.h"
#include "ken/stats/describe/describe.h"

/* The histogram as one line of eighth-high blocks. */
static const char *describe_spark(const ken_profile_column *p, char *buf) {
    static const char *const heights[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    int64_t largest = 1, merged[10] = {0};
    char *at = buf;
    *at = 0;
    if (p->n_bins == 0) return buf;
    const int bins = KEN_MIN(p->n_bins, 10);
    for (int b = 0; b < p->n_bins; b++) merged[b * bins / p->n_bins] += p->bins[b];
    for (int b = 0; b < bins; b++) largest = KEN_MAX(largest, merged[b]);
    for (int b = 0; b < bins; b++) {
        const int height = merged[b] ? (int)(1 + 7 * merged[b] / largest) : 0;
        at = stpcpy(at, heights[height]);
    }
    return buf;
}

static void describe_range(const ken_profile_column *p, char *buf, size_t size) {
    char low[32], high[32], middle[32];
    buf[0] = 0;
    if (p->dtype == KEN_TIME || (p->n_top && p->top[0].text) || isnan(p->min)) {
        size_t used = 0;
        for (int i = 0; i < KEN_MIN(p->n_top, 2) && used + 40 < size; i++)
            if (p->top[i].text) {
                char cut[64];
                used += (size_t)snprintf(buf + used, size - used, "%s%s (%.0f %%)", i ? ", " : "",
                                         cli_text_cut(p->top[i].text, 18, cut, sizeof cut),
                                         100.0 * (double)p->top[i].count / (double)KEN_MAX(p->n - p->missing, 1));
            }
        if (!used && p->n_examples) snprintf(buf, size, "%s", p->examples[0]);
        return;
    }
    snprintf(buf, size, "%s … %s … %s", cli_number_text(p->min, low), cli_number_text(p->median, middle),
             cli_number_text(p->max, high));
}

static void describe_association(const ken_profile *profile, int j, char *buf) {
    const ken_profile_column *p = &profile->columns[j];
    buf[0] = 0;
    if (j == profile->target)
        strcpy(buf, "target");
    else if (!isnan(p->association))
        cli_number_text(p->association, buf);
}

static void describe_columns(const ken_profile *profile) {
    const char *titles[] = {"column", "type", "missing>", "distinct>", "least … median … most",
                            "", "with target>"};
    cli_grid g;
    cli_grid_begin(&g, profile->target >= 0 ? 7 : 6, titles);
    for (int j = 0; j < profile->cols; j++) {
        const ken_profile_column *p = &profile->columns[j];
        char missing[32] = "", distinct[40], count[32], range[256], spark[80], association[40];
        if (p->missing) snprintf(missing, sizeof missing, "%.3g %%", 100.0 * (double)p->missing / (double)KEN_MAX(p->n, 1));
        snprintf(distinct, sizeof distinct, "%s%s", p->distinct_exact ? "" : "≥", cli_count_text(p->distinct, count));
        describe_range(p, range, sizeof range);
        describe_association(profile, j, association);
        const char *cells[] = {p->name, ken_dtype_name(p->dtype), missing, distinct, range, describe_spark(p, spark),
                               association};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

static void describe_warnings(const ken_profile *profile) {
    static const char *const styles[] = {"2", "33", "31"}, *const words[] = {"note", "warning", "serious"};
    if (profile->n_warnings == 0) {
        printf("\n  Nothing looks wrong.\n");
        return;
    }
    putchar('\n');
    for (int i = 0; i < profile->n_warnings; i++) {
        const ken_profile_warning *w = &profile->warnings[i];
        printf("  %s%-8s%s ", cli_style(stdout, styles[w->severity]), words[w->severity], cli_style(stdout, "0"));
        cli_wrap(stdout, w->words, 11, KEN_MIN(cli_width(stdout), 100));
        printf("           %s", cli_style(stdout, "2"));
        cli_wrap(stdout, w->action, 11, KEN_MIN(cli_width(stdout), 100));
        fputs(cli_style(stdout, "0"), stdout);
    }
}

static int describe_show(cli *c, const ken_profile *profile, const char *report) {
    char rows[32];
    if (c->json) {
        ken_text text = ken_text_new(c->ctx);
        ken_json_writer w = ken_json_writer_new(&text, 2);
        const char *out;
        ken_profile_write_json(profile, &w);
        const ken_status status = ken_text_end(&text, &out);
        if (status == KEN_OK) puts(out);
        ken_text_free(&text);
        return status == KEN_OK ? CLI_DONE : cli_failed(c, status);
    }
    printf("\n%s%s%s  %s%s rows, %d columns%s\n\n", cli_style(stdout, "1"), c->arguments[0], cli_style(stdout, "0"),
           cli_style(stdout, "2"), cli_count_text(profile->rows, rows), profile->cols, cli_style(stdout, "0"));
    describe_columns(profile);
    describe_warnings(profile);
    if (report) printf("\n  report  %s\n", report);
    if (profile->target < 0) printf("\n  next: ken train %s --target COLUMN\n", c->arguments[0]);
    return CLI_DONE;
}

static int describe_run(cli *c) {
    ken_table *table = NULL;
    ken_profile *profile = NULL;
    const char *report = cli_value(c, "report"), *target = cli_value(c, "target");
    char checksum[65];
    int at = -1, result;
    ken_status status = cli_load_table(c, c->arguments[0], &table, checksum);
    if (status == KEN_OK && target) status = ken_table_require(c->ctx, table, target, &at);
    if (status == KEN_OK) status = ken_describe(c->ctx, table, at, &profile);
    if (status == KEN_OK && report) status = show_describe_report(c, table, profile, checksum, report);
    result = status == KEN_OK ? describe_show(c, profile, report) : cli_failed(c, status);
    ken_profile_free(profile);
    ken_table_free(table);
    return result;
}

static const cli_option describe_options[] = {
    {"target", 't', "COL", NULL, "the column to be predicted: shows what goes with it, and what gives it away"},
    {"report", 0, "FILE", ":file", "also a page with distributions and correlations"},
    {"json", 0, NULL, NULL, "the result as one JSON object on standard output"},
    CLI_TABLE_OPTIONS,
    CLI_END_OPTIONS};

const cli_command cli_describe = {
    .name = "describe", .arguments = "TABLE [--target COL] [--report FILE.html]",
    .summary = "What is in a table, and what looks wrong",
    .details = "Types, missing cells, distributions, what goes with what; warnings about leaking columns, constants, "
               "identifiers, duplicates, with advice.",
    .examples = "  ken describe adult.csv\n  ken describe adult.csv --target income --report data.html\n",
    .options = describe_options, .min_arguments = 1, .max_arguments = 1, .run = describe_run};
