/* What a command asked besides: effects of chosen columns, columns that act together, learning without columns. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/report/figures_common.h"
#include "ken/report/report_html.h"

enum { ASKED_ROWS = 30 };

/* --- bars ------------------------------------------------------------------------------------------------ */

ken_status ken_figure_bars(ken_ctx *ctx, const ken_report_bar *bars, int n, const char *title, ken_json_writer *w) {
    ken__figure_data data;
    char height[32];
    const int m = KEN_MIN(n, ASKED_ROWS);
    ken__figure_data_begin(ctx, &data);
    for (int i = 0; i < m; i++) {
        const double error = isfinite(bars[i].error) ? bars[i].error : 0;
        ken__figure_row(&data);
        ken__figure_string(&data, "f", bars[i].name);
        ken__figure_value(&data, "m", bars[i].value);
        ken__figure_value(&data, "l", bars[i].value - error);
        ken__figure_value(&data, "h", bars[i].value + error);
    }
    ken_format_i64(KEN_MAX(2, m) * 25 + 40, height);
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':@0,'description':'Bars','data':@d,"
        "'encoding':{'y':{'field':'f','type':'nominal','sort':null,'title':null,"
        "'axis':{'domain':false,'ticks':false,'grid':false,'labelPadding':6,'labelLimit':220}}},'layer':["
        "{'mark':{'type':'bar','height':{'band':0.62},'cornerRadiusEnd':2},'encoding':{"
        "'x':{'field':'m','type':'quantitative','title':$0,'axis':{'tickCount':5}},"
        "'tooltip':[{'field':'f','title':'column'},{'field':'m','title':$0,'format':'.4~g'}]}},"
        "{'mark':{'type':'rule','style':'ken-error'},'encoding':{"
        "'x':{'field':'l','type':'quantitative'},'x2':{'field':'h'}}}]",
        (const char *const[]){title}, (const char *const[]){height}, w);
}

/* A figure of bars; the caller's table comes between. */
static ken_status asked_bars(ken__report *r, const ken__report_figure *f, const ken_report_bar *bars, int n,
                             const char *title, const char *column, const char *error) {
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    const ken_status status = ken_figure_bars(r->ctx, bars, n, title, &w);
    ken__report_figure_begin(r, f);
    ken__report_add(r, "<table><thead><tr><th>$</th><th class='n'>$</th>", column, title);
    if (error) ken__report_add(r, "<th class='n'>$</th>", error);
    ken__report_add(r, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < KEN_MIN(n, ASKED_ROWS); i++) {
        ken__report_add(r, "<tr><th scope='row' class='name'>$</th><td class='n'>$</td>", bars[i].name,
                        ken__report_num(r, bars[i].value));
        if (error) ken__report_add(r, "<td class='n'>$</td>", ken__report_digits(r, bars[i].error, 2));
        ken__report_add(r, "</tr>\n");
    }
    ken__report_add(r, "</tbody></table>");
    ken__report_figure_end(r, f, &spec);
    ken_text_free(&spec);
    return status;
}

/* --- columns that act together ---------------------------------------------------------------------------- */

static ken_status asked_interactions(ken__report *r) {
    const ken_report_asked *const a = &r->in->asked;
    const ken_model *const m = r->in->model;
    const int d = ken_model_n_features(m), pairs = a->interactions->n_pairs;
    const int totals = KEN_MIN(d, ASKED_ROWS), shown = KEN_MIN(pairs, 15);
    const ken__report_figure one = {"together", "How much of a column acts with others", "H of each column",
                                    "0: the column acts by itself; 1: it does nothing but through others.",
                                    KEN_MAX(2, totals) * 25 + 60, false};
    const ken__report_figure two = {"pairs", "Which pairs act together", "Strength of the strongest pairs",
                                    "Root mean square of what the two do together, beyond what each does alone.",
                                    KEN_MAX(2, shown) * 25 + 60, false};
    ken_report_bar *bar;
    char(*name)[256];
    KEN_TRY(KEN_SCRATCH(r->ctx, ken_report_bar, totals + shown + 1, &bar));
    KEN_TRY(ken_scratch(r->ctx, (size_t)shown + 1, sizeof *name, (void **)&name));
    for (int i = 0; i < totals; i++)
        bar[i] = (ken_report_bar){ken_model_feature(m, a->totals[i].a), a->totals[i].h, (double)NAN};
    for (int i = 0; i < shown; i++) {
        snprintf(name[i], sizeof name[i], "%s \xC3\x97 %s", ken_model_feature(m, a->pairs[i].a),
                 ken_model_feature(m, a->pairs[i].b));
        bar[totals + i] = (ken_report_bar){name[i], a->pairs[i].strength, (double)NAN};
    }
    ken__report_add(r, "<p>Measured on $ rows, whose answers vary by \xC2\xB1 $ ($).</p>\n<div class='pair'>\n",
                    ken__report_int(r, a->interactions->rows), ken__report_num(r, a->interactions->sd), a->interactions->unit);
    KEN_TRY(asked_bars(r, &one, bar, totals, "H", "column", NULL));
    if (shown) KEN_TRY(asked_bars(r, &two, bar + totals, shown, "strength", "columns", NULL));
    ken__report_add(r, "</div>\n");
    return KEN_OK;
}

/* --- learning without a column ------------------------------------------------------------------------------ */

static ken_status asked_dropped(ken__report *r) {
    const ken_report_asked *const a = &r->in->asked;
    const int n = KEN_MIN(ken_model_n_features(r->in->model), ASKED_ROWS);
    const ken__report_figure f = {"dropped", "What learning loses without a column", "Loss of score without each column",
                                  "Bars: mean over the folds; lines: one standard error. A column that others can stand "
                                  "in for costs little here, however much the model looks at it.",
                                  KEN_MAX(2, n) * 25 + 60, false};
    char title[120];
    ken_report_bar *bar;
    KEN_TRY(KEN_SCRATCH(r->ctx, ken_report_bar, n + 1, &bar));
    for (int i = 0; i < n; i++)
        bar[i] = (ken_report_bar){ken_model_feature(r->in->model, a->dropped[i].feature), a->dropped[i].mean, a->dropped[i].se};
    snprintf(title, sizeof title, "%s in %s without it", a->drop->higher_is_better ? "loss" : "growth",
             ken__figure_metric(a->drop->metric));
    ken__report_add(r, "<p>The model was learned anew without each column, in $ folds of $ rows; with all of them its $ is "
                       "<strong>$</strong>.</p>\n", ken__report_int(r, a->drop->folds), ken__report_int(r, a->drop->rows),
                    ken__figure_metric(a->drop->metric), ken__report_num(r, a->drop->score));
    return asked_bars(r, &f, bar, n, title, "column", "\xC2\xB1 standard error");
}

/* --- curves and planes --------------------------------------------------------------------------------------- */

/* Accumulated local effects are drawn as effects are. */
static ken_effect_view asked_shape(const ken_report_asked *a) {
    if (a->effect) return *ken_effect_get(a->effect);
    const ken_ale_view *const v = ken_ale_get(a->ale);
    return (ken_effect_view){.n_axes = v->n_axes, .axis = {v->axis[0], v->axis[1]}, .n_outputs = v->n_outputs,
                             .mean = v->value, .rows = v->rows, .method = KEN_EFFECT_BRUTE, .unit = "value"};
}

static void asked_shape_table(ken__report *r, const ken_effect_view *v) {
    const int64_t n = v->axis[0].n, m = v->n_axes == 2 ? v->axis[1].n : v->n_outputs;
    ken__report_add(r, "<table><thead><tr><th>$</th>", v->axis[0].name);
    for (int64_t j = 0; j < m; j++)
        ken__report_add(r, "<th class='n'>$</th>", v->n_axes == 2      ? v->axis[1].label[j]
                                                   : v->n_outputs > 1 ? ken_model_class(r->in->model, (int)j)
                                                                      : "answer");
    ken__report_add(r, "</tr></thead>\n<tbody>\n");
    for (int64_t i = 0; i < n; i++) {
        ken__report_add(r, "<tr><th scope='row'>$</th>", v->axis[0].label[i]);
        for (int64_t j = 0; j < m; j++)
            ken__report_add(r, "<td class='n'>$</td>",
                            ken__report_digits(r, v->n_axes == 2 ? v->mean[i * m + j] : v->mean[j * n + i], 4));
        ken__report_add(r, "</tr>\n");
    }
    ken__report_add(r, "</tbody></table>");
}

static ken_status asked_curve(ken__report *r) {
    const bool ale = !r->in->asked.effect;
    const ken_effect_view v = asked_shape(&r->in->asked);
    const int k = ken_model_n_classes(r->in->model);
    const char **classes = NULL;
    char heading[300], answer[200];
    snprintf(heading, sizeof heading, "%s%s%s", v.axis[0].name, v.n_axes == 2 ? " and " : "", v.n_axes == 2 ? v.axis[1].name : "");
    if (k)
        snprintf(answer, sizeof answer, "%sprobability%s%s", ale ? "change of " : "", k == 2 ? " of " : "",
                 k == 2 ? ken_model_class(r->in->model, 1) : "");
    else
        snprintf(answer, sizeof answer, "%s %s", ale ? "change of" : "predicted", ken_model_target(r->in->model));
    const ken__report_figure f = {"shape", heading, ale ? "Accumulated local effects" : "Partial dependence",
                                  !ale           ? "The mean answer when every row takes these values."
                                  : v.n_axes == 2 ? "What the two do together, beyond what each does alone: accumulated local effects."
                                                 : "Accumulated local effects: small steps of the rows that lie near each value, added up; the "
                                                   "mean is 0. No row is asked that cannot be.",
                                  v.n_axes == 2 ? 320 : 220, false};
    if (k > 2) {
        KEN_TRY(KEN_SCRATCH(r->ctx, const char *, k, &classes));
        for (int c = 0; c < k; c++) classes[c] = ken_model_class(r->in->model, c);
    }
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    const ken_status status = v.n_axes == 2 ? ken_figure_effect_pair(r->ctx, &v, answer, &w)
                                            : ken_figure_effect(r->ctx, &v, answer, classes, NAN, NAN, &w);
    ken__report_figure_begin(r, &f);
    asked_shape_table(r, &v);
    ken__report_figure_end(r, &f, &spec);
    ken_text_free(&spec);
    return status;
}

/* --- dependence ---------------------------------------------------------------------------------------------- */

#define DEPENDENCE(color)                                                                                      \
    "'width':'container','height':240,'description':'Contributions by value','data':@d,"                       \
    "'mark':{'type':'circle','size':22,'tooltip':true},'encoding':{"                                           \
    "'x':{'field':'x','type':'@0','title':$0,'scale':{'zero':false},'axis':{'grid':false}},"                   \
    "'y':{'field':'y','type':'quantitative','title':$1,'axis':{'tickCount':5}}" color "}"

ken_status ken_figure_dependence(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                 const ken_shap_view *v, int output, int column, int partner, ken_json_writer *w) {
    const char *const name = ken_model_feature(model, column), *const other = partner < 0 ? "" : ken_model_feature(model, partner);
    ken__figure_data data;
    char text[64];
    int at, with = -1;
    KEN_TRY(ken_table_require(ctx, table, name, &at));
    if (partner >= 0) KEN_TRY(ken_table_require(ctx, table, other, &with));
    const ken_column *const x = ken_table_column(table, at), *const z = with < 0 ? NULL : ken_table_column(table, with);
    const bool named = x->dtype == KEN_CATEGORY || x->dtype == KEN_STRING;
    const bool levels = z && (z->dtype == KEN_CATEGORY || z->dtype == KEN_STRING || z->dtype == KEN_BOOL);
    const int64_t m = KEN_MIN(v->n, KEN_FIGURE_MARKS / 4);
    ken__figure_data_begin(ctx, &data);
    for (int64_t k = 0; k < m; k++) {
        const int64_t i = ken__figure_pick(k, m, v->n), row = v->row[i];
        if (ken_column_missing(x, row)) continue;
        ken__figure_row(&data);
        if (named)
            ken__figure_string(&data, "x", ken_column_format(x, row, text, sizeof text));
        else
            ken__figure_value(&data, "x", ken_column_f64(x, row) / (x->dtype == KEN_TIME ? 1000 : 1));
        ken__figure_value(&data, "y", v->value[(i * v->n_outputs + output) * (v->n_features + 1) + column]);
        if (z && levels)
            ken__figure_string(&data, "z", ken_column_format(z, row, text, sizeof text));
        else if (z && !ken_column_missing(z, row))
            ken__figure_value(&data, "z", ken_column_f64(z, row));
    }
    return ken__figure_end(
        ctx, &data,
        !z       ? DEPENDENCE("")
        : levels ? DEPENDENCE(",'color':{'field':'z','type':'nominal','title':$2}")
                 : DEPENDENCE(",'color':{'field':'z','type':'quantitative','title':$2,'scale':{'range':'heatmap','zero':false,"
                              "'interpolate':'rgb'},'legend':{'gradientLength':120,'tickCount':3}}"),
        (const char *const[]){name, !v->unit || !strcmp(v->unit, "value") ? "contribution" : v->unit, other},
        (const char *const[]){named ? "nominal" : x->dtype == KEN_TIME ? "temporal" : "quantitative"}, w);
}

/* Some of the points, at even steps. */
static ken_status asked_dependence_table(ken__report *r) {
    const ken_report_asked *const a = &r->in->asked;
    const ken_shap_view *const v = ken_shap_get(a->dependence);
    const char *const name = ken_model_feature(r->in->model, a->column);
    const int64_t shown = KEN_MIN(v->n, (int64_t)12);
    char text[64];
    int at;
    KEN_TRY(ken_table_require(r->ctx, a->dependence_table, name, &at));
    ken__report_add(r, "<table><thead><tr><th class='n'>row</th><th>$</th><th class='n'>contribution</th></tr></thead>\n<tbody>\n",
                    name);
    for (int64_t k = 0; k < shown; k++) {
        const int64_t i = k * v->n / shown;
        ken__report_add(r, "<tr><td class='n'>$</td><th scope='row'>$</th><td class='n'>$</td></tr>\n",
                        ken__report_int(r, v->row[i] + 1),
                        ken_column_format(ken_table_column(a->dependence_table, at), v->row[i], text, sizeof text),
                        ken__report_num(r, v->value[(i * v->n_outputs + a->output) * (v->n_features + 1) + a->column]));
    }
    ken__report_add(r, "</tbody></table>");
    return KEN_OK;
}

static ken_status asked_dependence(ken__report *r) {
    const ken_report_asked *const a = &r->in->asked;
    const ken_shap_view *const v = ken_shap_get(a->dependence);
    const ken_model *const m = r->in->model;
    char heading[300];
    snprintf(heading, sizeof heading, "What %s added", ken_model_feature(m, a->column));
    const ken__report_figure f = {"dependence", heading, "Contribution of the column against its value, a point a row",
                                  a->partner < 0 ? "Shapley values: how far the column moved the answer of each row."
                                                 : "Shapley values: how far the column moved the answer of each row; the color is the "
                                                   "column that it acts most together with.",
                                  260, false};
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    ken_status status = ken_figure_dependence(r->ctx, m, a->dependence_table, v, a->output, a->column, a->partner, &w);
    ken__report_figure_begin(r, &f);
    if (status == KEN_OK) status = asked_dependence_table(r);
    ken__report_figure_end(r, &f, &spec);
    ken_text_free(&spec);
    return status;
}

ken_status ken__report_asked(ken__report *r) {
    const ken_report_asked *const a = &r->in->asked;
    const ken_mark mark = ken_scratch_mark(r->ctx);
    ken_status status = KEN_OK;
    if (a->effect || a->ale) status = asked_curve(r);
    if (status == KEN_OK && a->interactions) status = asked_interactions(r);
    if (status == KEN_OK && a->drop) status = asked_dropped(r);
    if (status == KEN_OK && a->dependence) status = asked_dependence(r);
    ken_scratch_release(r->ctx, mark);
    return status;
}
