/* Shapley values: many rows in one picture, and the account of a few single predictions. */
#include <math.h>
#include <string.h>

#include "ken/kernels/elementary.h"
#include "ken/report/figures.h"
#include "ken/report/report_html.h"

enum { ROWS_SHOWN = 4, ROWS_LINES = 9, ROWS_SWARM = 12 };

static double rows_sum(const ken_shap_view *v, int64_t i, int output) {
    return v->sum[i * v->n_outputs + output];
}

/* Up to ROWS_SHOWN explained rows: the highest, the lowest, and between. Returns how many. */
static int rows_choose(const ken_shap_view *v, int output, int64_t *chosen) {
    int n = 0;
    static const double at[ROWS_SHOWN] = {1, 0, 0.66, 0.33};
    for (int q = 0; q < ROWS_SHOWN && q < v->n; q++) {
        double low = INFINITY, high = -INFINITY;
        for (int64_t i = 0; i < v->n; i++) {
            low = KEN_MIN(low, rows_sum(v, i, output));
            high = KEN_MAX(high, rows_sum(v, i, output));
        }
        const double want = low + at[q] * (high - low);
        int64_t best = -1;
        for (int64_t i = 0; i < v->n; i++) {
            bool taken = false;
            for (int c = 0; c < n; c++) taken = taken || chosen[c] == i;
            if (taken) continue;
            if (best < 0 ||
                fabs(rows_sum(v, i, output) - want) < fabs(rows_sum(v, best, output) - want))
                best = i;
        }
        if (best >= 0) chosen[n++] = best;
    }
    return n;
}

/* One line of the account: name = value, a bar from `from` to `to`, the contribution. */
static void rows_line(ken__report *r, const char *name, const char *value, double from, double to,
                      double low, double high) {
    const char *shown = ken__report_scaled(r, to - from, high - low);
    const double span = high > low ? high - low : 1;
    const double a = 100 * (KEN_MIN(from, to) - low) / span, b = 100 * fabs(to - from) / span;
    ken__report_add(r, "<div role='cell' title='$'><b>$</b>", name, name);
    if (value) ken__report_add(r, " <span class='value'>= $</span>", *value ? value : "missing");
    ken__report_add(r, "</div><div role='cell' class='track'>");
    if (strcmp(shown, "0")) {
        ken_text_add(r->out, to < from ? "<i class='minus' " : "<i ");
        ken__report_add(r, "style='left:$%;width:$%'></i>", ken__report_digits(r, KEN_MAX(a, 0), 4),
                        ken__report_digits(r, b, 4));
    }
    ken__report_add(r, "</div><div role='cell' class='n'>$$</div>\n",
                    to > from && strcmp(shown, "0") ? "+" : "", shown);
}

static const char *rows_answer(ken__report *r, const ken_shap_view *v, double sum) {
    if (v->unit && !strcmp(v->unit, "log odds"))
        return ken__report_percent(r, 1 / (1 + ken_exp(-sum)));
    if (v->unit && !strcmp(v->unit, "probability")) return ken__report_percent(r, sum);
    return ken__report_num(r, sum);
}

/* A row's value for people: fractions to 5 digits. */
static const char *rows_value(ken__report *r, const ken_shap_part *part) {
    const ken_dtype dtype = ken_model_feature_dtype(r->in->model, part->feature);
    double value;
    if ((dtype == KEN_F64 || dtype == KEN_F32) &&
        ken_parse_f64(part->text, strlen(part->text), &value))
        return ken__report_digits(r, value, 5);
    return part->text;
}

static void rows_account(ken__report *r, const ken_shap_view *v, int64_t i, int output,
                         const ken_shap_part *parts, int n) {
    const double base = v->base[i * v->n_outputs + output], sum = rows_sum(v, i, output);
    double at = base, low = base, high = base, rest = 0;
    for (int p = 0; p < n; p++) {
        if (p >= ROWS_LINES) {
            rest += parts[p].contribution;
            continue;
        }
        at += parts[p].contribution;
        low = KEN_MIN(low, at);
        high = KEN_MAX(high, at);
    }
    low = KEN_MIN(low, sum);
    high = KEN_MAX(high, sum);
    ken__report_add(r, "<div class='account'>\n<h3>Row $</h3>\n<p class='says'>$ <strong>$</strong>"
                       " <span class='hint'>start $, sum $</span></p>\n<div class='fall' role='table' "
                       "aria-label='Contributions to the prediction of one row'>\n",
                    ken__report_int(r, r->in->shap_row_numbers ? r->in->shap_row_numbers[v->row[i]]
                                                               : v->row[i] + 1),
                    v->unit && (!strcmp(v->unit, "log odds") || !strcmp(v->unit, "probability"))
                        ? "probability"
                        : "says",
                    rows_answer(r, v, sum), ken__report_scaled(r, base, high - low),
                    ken__report_scaled(r, sum, high - low));
    at = base;
    for (int p = 0; p < n && p < ROWS_LINES; p++) {
        const int f = parts[p].feature;
        rows_line(r, f >= 0 ? ken_model_feature(r->in->model, f) : "columns together",
                  f >= 0 ? rows_value(r, &parts[p]) : NULL, at, at + parts[p].contribution, low, high);
        at += parts[p].contribution;
    }
    if (n > ROWS_LINES) rows_line(r, "all others", NULL, at, at + rest, low, high);
    ken__report_add(r, "</div>\n</div>\n");
}

static ken_status rows_accounts(ken__report *r, const ken_shap_view *v, int output) {
    const ken_report_input *in = r->in;
    int64_t chosen[ROWS_SHOWN];
    ken_shap_part *parts = NULL;
    const int n = rows_choose(v, output, chosen);
    KEN_TRY(KEN_ALLOC(r->ctx, ken_shap_part, v->n_features + 1, &parts));
    ken_status status = KEN_OK;
    ken__report_add(r, "<h3>The account of $ rows</h3>\n<p>From the mean answer (start), column by "
                       "column, to what the model says of this row. $ pushes up, $ down.</p>\n"
                       "<div class='rows'>\n", ken__report_int(r, n), "Orange", "blue");
    for (int c = 0; c < n && status == KEN_OK; c++) {
        int n_parts = 0;
        status = ken_explain_row(r->ctx, in->model, in->shap_table, in->shap, chosen[c], output,
                                 parts, &n_parts);
        if (status == KEN_OK) rows_account(r, v, chosen[c], output, parts, n_parts);
    }
    ken__report_add(r, "</div>\n");
    ken_free(r->ctx, parts);
    return status;
}

static void rows_table(ken__report *r, const ken_shap_view *v, int output) {
    ken__report_add(r, "<table><thead><tr><th>column</th><th class='n'>mean size of the contribution"
                       "</th></tr></thead>\n<tbody>\n");
    for (int j = 0; j < v->n_features; j++) {
        double sum = 0;
        for (int64_t i = 0; i < v->n; i++)
            sum += fabs(v->value[(i * v->n_outputs + output) * (v->n_features + 1) + j]);
        ken__report_add(r, "<tr><th scope='row' class='name'>$</th><td class='n'>$</td></tr>\n",
                        ken_model_feature(r->in->model, j),
                        ken__report_num(r, v->n ? sum / (double)v->n : 0));
    }
    ken__report_add(r, "</tbody></table>");
}

ken_status ken__report_rows(ken__report *r) {
    const ken_report_input *in = r->in;
    if (!in->model || !in->shap || !in->shap_table) return KEN_OK;
    const ken_shap_view *v = ken_shap_get(in->shap);
    const int output = KEN_MIN(KEN_MAX(in->shap_output, 0), v->n_outputs - 1);
    if (!v->n) return KEN_OK;
    const int shown = KEN_MIN((int)ROWS_SWARM, v->n_features);
    const ken__report_figure f = {"shap", NULL, "Contributions of each column in many rows",
                                  "A dot is a row; where it lies is how far the column moved that "
                                  "row's answer, its color whether the column's value is low or high "
                                  "there (words and missing cells in grey).", shown * 32 + 90, false};
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    ken__report_add(r, "<p>Shapley values divide each prediction among its columns: start plus all "
                       "contributions is exactly what the model says");
    if (v->n_outputs > 1)
        ken__report_add(r, " (here: for <strong>$</strong>)", ken_model_class(in->model, output));
    ken__report_add(r, ". $ rows were taken apart.</p>\n", ken__report_int(r, v->n));
    ken_status status =
        ken_figure_shap(r->ctx, in->model, in->shap_table, v, output, shown, &w);
    ken__report_figure_begin(r, &f);
    rows_table(r, v, output);
    ken__report_figure_end(r, &f, &spec);
    if (status == KEN_OK) status = rows_accounts(r, v, output);
    ken_text_free(&spec);
    return status;
}
