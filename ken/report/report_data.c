/* What is in the table: warnings, a small picture of every column, what goes with what. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/report/figures_common.h"
#include "ken/report/report_html.h"

enum { DATA_LEVELS = 5, DATA_COLUMNS = 60, DATA_TARGET_ROWS = 15, DATA_WARNINGS = 12 };

/* --- one column ---------------------------------------------------------------------------------------- */

static const char *data_kind(ken_dtype dtype) {
    switch (dtype) {
    case KEN_F64:
    case KEN_F32: return "number";
    case KEN_BOOL: return "yes or no";
    case KEN_CATEGORY: return "category";
    case KEN_STRING: return "text";
    case KEN_TIME: return "date";
    default: return "whole number";
    }
}

/* A histogram as an inline picture: needs no script. */
static void data_spark(ken__report *r, const ken_profile_column *c) {
    const double span = c->edges[c->n_bins] - c->edges[0];
    int64_t most = 1;
    for (int b = 0; b < c->n_bins; b++) most = KEN_MAX(most, c->bins[b]);
    ken__report_add(r, "<svg class='spark' viewBox='0 0 240 46' preserveAspectRatio='none' role='img' "
                       "aria-label='Histogram of the column'>");
    for (int b = 0; b < c->n_bins; b++) {
        if (!c->bins[b] || !(span > 0)) continue;
        const double h = KEN_MAX(1.0, 45.0 * (double)c->bins[b] / (double)most);
        const double x = 240 * (c->edges[b] - c->edges[0]) / span;
        const double wide = 240 * (c->edges[b + 1] - c->edges[b]) / span;
        ken__report_add(r, "<rect x='$' y='$' width='$' height='$'/>", ken__report_digits(r, x, 5),
                        ken__report_digits(r, 46 - h, 4),
                        ken__report_digits(r, KEN_MAX(0.6, wide - 0.7), 4),
                        ken__report_digits(r, h, 4));
    }
    ken__report_add(r, "</svg>\n");
}

static void data_value(ken__report *r, const ken_profile_column *c, double value) {
    if (c->dtype == KEN_TIME && isfinite(value)) {
        char text[64];
        const int64_t cell = (int64_t)value;
        const ken_column one = {.name = "", .dtype = KEN_TIME, .n = 1, .data = &cell, .stride = 1};
        ken__report_add(r, "$", ken_column_format(&one, 0, text, sizeof text));
    } else {
        ken__report_add(r, "$", ken__report_digits(r, value, 3));
    }
}

static void data_numeric(ken__report *r, const ken_profile_column *c) {
    data_spark(r, c);
    ken__report_add(r, "<div class='ends'><span>");
    data_value(r, c, c->min);
    ken__report_add(r, "</span><span>median ");
    data_value(r, c, c->median);
    ken__report_add(r, "</span><span>");
    data_value(r, c, c->max);
    ken__report_add(r, "</span></div>\n");
}

static void data_level(ken__report *r, const char *name, double share) {
    ken__report_add(r, "<div class='level'><span title='$'>$</span><span class='bar'>"
                       "<i style='left:0;width:$%'></i></span><span class='n'>$</span></div>\n",
                    name, *name ? name : "(empty)", ken__report_digits(r, 100 * share, 3),
                    ken__report_percent(r, share));
}

static void data_levels(ken__report *r, const ken_profile_column *c) {
    const int64_t there = c->n - c->missing;
    int64_t rest = there;
    const int shown = KEN_MIN(c->n_top, (int)DATA_LEVELS);
    if (there < 1) return;
    for (int k = 0; k < shown; k++) {
        const ken_profile_level *level = &c->top[k];
        const char *name = level->text ? level->text
                           : c->dtype == KEN_BOOL ? (level->value != 0 ? "true" : "false")
                                                  : ken__report_num(r, level->value);
        data_level(r, name, (double)level->count / (double)there);
        rest -= level->count;
    }
    if (rest > 0 && c->distinct > shown) {
        char text[48];
        snprintf(text, sizeof text, "%s%lld others", c->distinct_exact ? "" : "over ",
                 (long long)(c->distinct - shown));
        data_level(r, text, (double)rest / (double)there);
    }
}

static void data_text(ken__report *r, const ken_profile_column *c) {
    if (isfinite(c->mean_words))
        ken__report_add(r, "<p class='kind'>$ $, $ characters on average</p>\n",
                        ken__report_digits(r, c->mean_words, 2), c->mean_words == 1 ? "word" : "words",
                        ken__report_digits(r, c->mean_length, 2));
    for (int k = 0; k < KEN_MIN(c->n_examples, 2); k++) {
        char text[64];
        size_t i = 0;
        const size_t size = strlen(c->examples[k]);
        while (i < size && i < sizeof text - 8) ken_utf8_next(c->examples[k], size, &i);
        i = KEN_MIN(i, sizeof text - 1);
        memcpy(text, c->examples[k], i);
        text[i] = 0;
        ken__report_add(r, "<p class='kind'>\xE2\x80\x9C$$\xE2\x80\x9D</p>\n", text,
                        i < size ? "\xE2\x80\xA6" : "");
    }
}

static void data_column(ken__report *r, const ken_profile_column *c, bool target) {
    ken_text_add(r->out, target ? "<div class='column is-target'>" : "<div class='column'>");
    ken__report_add(r, "<h3>$</h3>\n<p class='kind'>$", c->name, data_kind(c->dtype));
    if (c->dtype == KEN_CATEGORY || c->dtype == KEN_STRING)
        ken__report_add(r, ", $$ values", c->distinct_exact ? "" : "over ",
                        ken__report_int(r, c->distinct));
    if (c->missing)
        ken__report_add(r, ", <span class='flag'>$ missing</span>",
                        ken__report_percent(r, (double)c->missing / (double)KEN_MAX(1, c->n)));
    ken__report_add(r, "</p>\n");
    if (c->n_bins > 1 && c->distinct > 2)
        data_numeric(r, c);
    else if (c->dtype == KEN_STRING)
        data_text(r, c);
    else
        data_levels(r, c);
    ken__report_add(r, "</div>\n");
}

/* --- what goes with what ------------------------------------------------------------------------------------ */

static ken_status data_association_figure(ken__report *r, const char *const *names) {
    const ken_profile *p = r->profile;
    const int n = p->n_pairs;
    const ken__report_figure f = {"association", "Which columns go together",
                                  "Heat map of the association between pairs of columns",
                                  "Numbers: Pearson correlation, \xE2\x88\x92" "1 to 1. Words: Cram\xC3\xA9r's "
                                  "V or the correlation ratio, 0 to 1. At most 20,000 rows.",
                                  60 + KEN_MIN(560, n * 26) + 90, false};
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    const ken_status status = ken_figure_correlation(r->ctx, names, p->association, n, &w);
    int shown = 0;
    ken__report_figure_begin(r, &f);
    ken__report_add(r, "<table><thead><tr><th>column</th><th>and</th><th class='n'>association</th>"
                       "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n && shown < 40; j++)
            if (fabs(p->association[i * n + j]) >= 0.4) {
                ken__report_add(r, "<tr><td class='name'>$</td><td class='name'>$</td>"
                                   "<td class='n'>$</td></tr>\n", names[i], names[j],
                                ken__report_digits(r, p->association[i * n + j], 2));
                shown++;
            }
    ken__report_add(r, "</tbody></table><p>$</p>",
                    shown ? "Pairs of at least 0.4 either way." : "No pair reaches 0.4.");
    ken__report_figure_end(r, &f, &spec);
    ken_text_free(&spec);
    return status;
}

static ken_status data_association(ken__report *r) {
    const ken_profile *p = r->profile;
    const ken_mark mark = ken_scratch_mark(r->ctx);
    const char **names = NULL;
    if (p->n_pairs < 3 || !p->association) return KEN_OK;
    ken_status status = KEN_SCRATCH(r->ctx, const char *, p->n_pairs, &names);
    for (int i = 0; i < p->n_pairs && status == KEN_OK; i++)
        names[i] = p->columns[p->pair_columns[i]].name;
    if (status == KEN_OK) status = data_association_figure(r, names);
    ken_scratch_release(r->ctx, mark);
    return status;
}

/* Columns by falling association with the target. */
static void data_target_rows(ken__report *r, int *order, int n) {
    const ken_profile *p = r->profile;
    for (int i = 0; i < n; i++)
        for (int j = i; j > 0 && fabs(p->columns[order[j]].association) >
                                     fabs(p->columns[order[j - 1]].association); j--) {
            const int swap = order[j];
            order[j] = order[j - 1];
            order[j - 1] = swap;
        }
    for (int i = 0; i < KEN_MIN(n, (int)DATA_TARGET_ROWS); i++) {
        const ken_profile_column *c = &p->columns[order[i]];
        ken__report_add(r, "<tr><th scope='row' class='name'>$</th><td><span class='bar'>"
                           "<i style='left:0;width:$%'></i></span></td><td class='n'>$</td>",
                        c->name, ken__report_digits(r, 100 * KEN_MIN(1, fabs(c->association)), 3),
                        ken__report_digits(r, c->association, 2));
        ken__report_add(r, "<td class='n'>$</td></tr>\n", ken__report_digits(r, c->alone, 3));
    }
}

static ken_status data_target(ken__report *r) {
    const ken_profile *p = r->profile;
    const ken_mark mark = ken_scratch_mark(r->ctx);
    const char *alone = "";
    int *order = NULL, n = 0;
    if (p->target < 0) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(r->ctx, int, p->cols, &order));
    for (int j = 0; j < p->cols; j++) {
        if (j == p->target || !isfinite(p->columns[j].association)) continue;
        order[n++] = j;
        if (p->columns[j].alone_kind && *p->columns[j].alone_kind) alone = p->columns[j].alone_kind;
    }
    if (n) {
        ken__report_add(r, "<h3>Which columns go with $</h3>\n<div class='scroll'><table><thead><tr>"
                           "<th>column</th><th></th><th class='n'>association</th>"
                           "<th class='n'>alone$$</th></tr></thead>\n<tbody>\n",
                        p->columns[p->target].name, *alone ? ", " : "", ken__figure_metric(alone));
        data_target_rows(r, order, n);
        ken__report_add(r, "</tbody></table></div>\n<p class='hint'>Association: correlation, "
                           "Cram\xC3\xA9r's V or correlation ratio, by the types. Alone: how well this one "
                           "column tells the target on other rows.</p>\n");
    }
    ken_scratch_release(r->ctx, mark);
    return KEN_OK;
}

/* --- warnings -------------------------------------------------------------------------------------------------- */

void ken__report_warnings(ken__report *r, int least) {
    const ken_profile *p = r->profile;
    int shown = 0;
    for (int i = 0; p && i < p->n_warnings; i++) {
        const ken_profile_warning *warning = &p->warnings[i];
        if ((int)warning->severity < least || shown == DATA_WARNINGS) continue;
        if (!shown++) ken__report_add(r, "<ul class='notes'>\n");
        ken__report_add(r, "<li class='note'><p>");
        if (warning->severity == KEN_SERIOUS) ken__report_add(r, "<strong>Serious: </strong>");
        ken__report_add(r, "$</p><p class='hint'>$</p></li>\n", warning->words, warning->action);
    }
    if (shown) ken__report_add(r, "</ul>\n");
}

/* Lesser remarks, folded. */
static void data_remarks(ken__report *r) {
    const ken_profile *p = r->profile;
    int n = 0;
    for (int i = 0; i < p->n_warnings; i++) n += p->warnings[i].severity == KEN_NOTE;
    if (!n) return;
    ken__report_add(r, "<details class='remarks'><summary>$ $</summary>\n<ul>\n", ken__report_int(r, n),
                    n == 1 ? "remark" : "remarks");
    for (int i = 0; i < p->n_warnings; i++)
        if (p->warnings[i].severity == KEN_NOTE)
            ken__report_add(r, "<li>$ <span class='hint'>($)</span></li>\n", p->warnings[i].words,
                            p->warnings[i].action);
    ken__report_add(r, "</ul></details>\n");
}

/* --- the section --------------------------------------------------------------------------------------------- */

ken_status ken__report_data(ken__report *r) {
    const ken_profile *p = r->profile;
    int64_t missing = 0;
    if (!p) return KEN_OK;
    for (int j = 0; j < p->cols; j++) missing += p->columns[j].missing;
    const double cells = (double)p->rows * p->cols;
    ken__report_add(r, "<p>$ rows and $ columns; $ of the cells are missing; ",
                    ken__report_int(r, p->rows), ken__report_int(r, p->cols),
                    ken__report_percent(r, cells > 0 ? (double)missing / cells : 0));
    ken__report_add(r, "$ rows repeat an earlier one.</p>\n",
                    p->duplicate_rows ? ken__report_int(r, p->duplicate_rows) : "no");
    ken__report_warnings(r, KEN_WARNING);
    data_remarks(r);
    ken__report_add(r, "<div class='columns'>\n");
    for (int j = 0; j < KEN_MIN(p->cols, (int)DATA_COLUMNS); j++)
        data_column(r, &p->columns[j], j == p->target);
    ken__report_add(r, "</div>\n");
    if (p->cols > DATA_COLUMNS)
        ken__report_add(r, "<p class='hint'>The first $ of $ columns are shown.</p>\n",
                        ken__report_int(r, DATA_COLUMNS), ken__report_int(r, p->cols));
    KEN_TRY(data_target(r));
    return data_association(r);
}
