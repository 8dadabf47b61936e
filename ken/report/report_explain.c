/* Which columns matter, and how the answer moves with them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/report/figures_common.h"
#include "ken/report/report_html.h"

/* A horizontal bar on a scale from low to high (low <= 0 <= high), with a whisker of +- error. */
static void explain_bar(ken__report *r, double value, double error, double low, double high) {
    const double span = high - low > 0 ? high - low : 1;
    const double zero = 100 * (0 - low) / span, end = 100 * (value - low) / span;
    ken__report_add(r, "<span class='bar'><i style='left:$%;width:$%'></i>",
                    ken__report_digits(r, KEN_MIN(zero, end), 4),
                    ken__report_digits(r, fabs(end - zero), 4));
    if (error > 0)
        ken__report_add(r, "<i class='whisker' style='left:$%;width:$%'></i>",
                        ken__report_digits(r, KEN_MAX(0, end - 100 * error / span), 4),
                        ken__report_digits(r, 200 * error / span, 4));
    ken__report_add(r, "</span>");
}

static void explain_permutation_table(ken__report *r) {
    const ken_report_input *in = r->in;
    double low = 0, high = 0, own = 0;
    for (int i = 0; i < in->n_permutation; i++) {
        low = KEN_MIN(low, in->permutation[i].mean - in->permutation[i].sd);
        high = KEN_MAX(high, in->permutation[i].mean + in->permutation[i].sd);
    }
    for (int j = 0; in->importance && j <= ken_model_n_features(in->model); j++)
        own += in->importance[j];
    ken__report_add(r, "<table><thead><tr><th>column</th><th></th><th class='n'>mean</th>"
                       "<th class='n'>\xC2\xB1 sd</th>");
    if (own > 0)
        ken__report_add(r, "<th class='n'>$</th>",
                        in->importance_name ? in->importance_name : "by the model");
    ken__report_add(r, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < in->n_permutation; i++) {
        const ken_permutation_row *p = &in->permutation[i];
        ken__report_add(r, "<tr><th scope='row' class='name'>$</th><td>",
                        ken_model_feature(in->model, p->feature));
        explain_bar(r, p->mean, p->sd, low, high);
        ken__report_add(r, "</td><td class='n'>$</td><td class='n'>$</td>",
                        ken__report_num(r, p->mean), ken__report_digits(r, p->sd, 2));
        if (own > 0)
            ken__report_add(r, "<td class='n'>$</td>",
                            ken__report_percent(r, in->importance[p->feature] / own));
        ken__report_add(r, "</tr>\n");
    }
    ken__report_add(r, "</tbody></table>");
}

static void explain_own_table(ken__report *r) {
    const ken_report_input *in = r->in;
    const int d = ken_model_n_features(in->model);
    double own = 0, high = 0;
    for (int j = 0; j <= d; j++) {
        own += in->importance[j];
        high = KEN_MAX(high, in->importance[j]);
    }
    if (!(own > 0)) return;
    ken__report_add(r, "<div class='scroll'><table><thead><tr><th>column</th><th></th>"
                       "<th class='n'>$</th></tr></thead>\n<tbody>\n",
                    in->importance_name ? in->importance_name : "importance");
    for (int j = 0; j < d; j++) {
        ken__report_add(r, "<tr><th scope='row' class='name'>$</th><td>",
                        ken_model_feature(in->model, j));
        explain_bar(r, in->importance[j], 0, 0, high);
        ken__report_add(r, "</td><td class='n'>$</td></tr>\n",
                        ken__report_percent(r, in->importance[j] / own));
    }
    ken__report_add(r, "</tbody></table></div>\n");
}

/* Coefficients of a linear model, with what is known of their uncertainty; for a few inputs. */
static void explain_coefficients(ken__report *r) {
    enum { MOST = 60 };
    const ken_model *m = r->in->model;
    const int d = ken_model_n_inputs(m);
    const ken_tensor *coef = ken_model_attr(m, "coef");
    const ken_tensor *se = ken_model_attr(m, "standard_error"), *p = ken_model_attr(m, "p_value");
    const ken_tensor *low = ken_model_attr(m, "conf_low"), *high = ken_model_attr(m, "conf_high");
    if (!coef || ken_tensor_count(coef) != d || d > MOST) return;
    const bool more = se && p && low && high && ken_tensor_count(se) == d &&
                      ken_tensor_count(p) == d && ken_tensor_count(low) == d &&
                      ken_tensor_count(high) == d;
    ken__report_add(r, "<h3>Coefficients</h3>\n<div class='scroll'><table><thead><tr><th>input</th>"
                       "<th class='n'>coefficient</th>");
    if (more)
        ken__report_add(r, "<th class='n'>standard error</th><th class='n'>interval</th>"
                           "<th class='n'>p</th>");
    ken__report_add(r, "</tr></thead>\n<tbody>\n");
    for (int j = 0; j < d; j++) {
        ken__report_add(r, "<tr><th scope='row' class='name'>$</th><td class='n'>$</td>",
                        ken_model_input(m, j), ken__report_num(r, ken_tensor_value(coef, j)));
        if (more)
            ken__report_add(r, "<td class='n'>$</td><td class='n'>$</td><td class='n'>$</td>",
                            ken__report_digits(r, ken_tensor_value(se, j), 3),
                            ken__report_range(r, ken_tensor_value(low, j),
                                              ken_tensor_value(high, j)),
                            ken__report_digits(r, ken_tensor_value(p, j), 2));
        ken__report_add(r, "</tr>\n");
    }
    ken__report_add(r, "</tbody></table></div>\n<p class='hint'>Change of the $ for one unit more of "
                       "the input, as the model sees it after the preparation below.</p>\n",
                    ken_model_task(m) == KEN_CLASSIFY ? "log odds" : "answer");
}

static const char *explain_metric_title(const ken_report_input *in,
                                        const ken_permutation_info *info) {
    for (int i = 0; info && i < in->n_metrics; i++)
        if (!strcmp(in->metrics[i].name, info->metric))
            return ken__report_metric_title(&in->metrics[i]);
    return info ? ken__figure_metric(info->metric) : "its score";
}

/* What groups of columns are worth, under the table of single ones. */
static ken_status explain_together_table(ken__report *r) {
    const ken_report_input *in = r->in;
    if (!in->n_together) return KEN_OK;
    ken__report_add(r, "<table><thead><tr><th>together</th><th class='n'>mean</th><th class='n'>\xC2\xB1 sd</th>"
                       "</tr></thead>\n<tbody>\n");
    for (int g = 0; g < in->n_together; g++) {
        ken_text text = ken_text_new(r->ctx);
        const char *name;
        ken__figure_group_name(in, in->together[g].group, &text);
        const ken_status status = ken_text_end(&text, &name);
        if (status == KEN_OK)
            ken__report_add(r, "<tr><th scope='row' class='name'>$</th><td class='n'>$</td><td class='n'>$</td></tr>\n", name,
                            ken__report_num(r, in->together[g].mean), ken__report_digits(r, in->together[g].sd, 2));
        ken_text_free(&text);
        KEN_TRY(status);
    }
    ken__report_add(r, "</tbody></table>");
    return KEN_OK;
}

ken_status ken__report_importance(ken__report *r) {
    const ken_report_input *in = r->in;
    if (!in->model || (!in->n_permutation && !in->importance)) return KEN_OK;
    if (!in->n_permutation) {
        explain_own_table(r);
        explain_coefficients(r);
        return KEN_OK;
    }
    const ken_permutation_info *info = in->permutation_info;
    const ken_permutation_row *best = &in->permutation[0];
    const ken__report_figure f = {"importance", NULL,
                                  "Permutation importance of the columns, largest first",
                                  in->n_together
                                      ? "Bars: mean loss over the shuffles; lines: one standard deviation. While one column is "
                                        "shuffled, those that say the same still tell; together they cannot."
                                      : "Bars: mean loss over the shuffles; lines: one standard deviation. "
                                        "Columns that say the same share their importance.",
                                  KEN_MIN(in->n_permutation, 30) * 25 + 60, false};
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    ken_status status = in->n_together ? ken_figure_together(r->ctx, in, &w)
                                       : ken_figure_permutation(r->ctx, in->model, info, in->permutation,
                                                                in->n_permutation, &w);
    ken__report_add(r, "<p>How much worse the model gets (by $) when one column is shuffled, so that it "
                       "tells nothing any more", explain_metric_title(in, info));
    if (info)
        ken__report_add(r, " ($ shuffles, $ rows; untouched: $)",
                        ken__report_int(r, info->n_repeats), ken__report_int(r, info->rows),
                        ken__report_num(r, info->score));
    ken__report_add(r, ". ");
    if (best->mean > 0 && best->mean > 2 * best->sd)
        ken__report_add(r, "Most rests on <strong>$</strong>.",
                        ken_model_feature(in->model, best->feature));
    ken__report_add(r, "</p>\n");
    ken__report_figure_begin(r, &f);
    explain_permutation_table(r);
    if (status == KEN_OK) status = explain_together_table(r);
    ken__report_figure_end(r, &f, &spec);
    explain_coefficients(r);
    ken_text_free(&spec);
    return status;
}

/* --- effects ---------------------------------------------------------------------------------------- */

static void explain_answer(ken__report *r, ken_text *out) {
    const ken_model *m = r->in->model;
    if (ken_model_task(m) == KEN_CLASSIFY) {
        ken_text_add(out, "probability");
        if (ken_model_n_classes(m) == 2) {
            ken_text_add(out, " of ");
            ken_text_add(out, ken_model_class(m, 1));
        }
    } else {
        ken_text_add(out, "predicted ");
        ken_text_add(out, ken_model_target(m));
    }
}

/* Range of all means of all effects with room for single rows, so that small multiples compare. */
static void explain_range(const ken_report_input *in, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (int e = 0; e < in->n_effects; e++) {
        const ken_effect_view *v = ken_effect_get(in->effects[e]);
        for (int64_t i = 0; i < v->n_outputs * v->axis[0].n; i++) {
            *low = KEN_MIN(*low, v->mean[i]);
            *high = KEN_MAX(*high, v->mean[i]);
        }
    }
    const double room = 0.6 * (*high - *low);
    const bool share = *low >= 0 && *high <= 1;
    *low -= room;
    *high += room;
    if (share && ken_model_task(in->model) == KEN_CLASSIFY) {
        *low = KEN_MAX(*low, 0);
        *high = KEN_MIN(*high, 1);
    }
}

static void explain_effect_table(ken__report *r, const ken_effect_view *v) {
    const ken_model *m = r->in->model;
    ken__report_add(r, "<table><thead><tr><th>$</th>", v->axis[0].name);
    for (int o = 0; o < v->n_outputs; o++)
        ken__report_add(r, "<th class='n'>$</th>", v->n_outputs > 1 ? ken_model_class(m, o) : "mean");
    ken__report_add(r, "</tr></thead>\n<tbody>\n");
    for (int64_t g = 0; g < v->axis[0].n; g++) {
        ken__report_add(r, "<tr><th scope='row'>$</th>", v->axis[0].label[g]);
        for (int o = 0; o < v->n_outputs; o++)
            ken__report_add(r, "<td class='n'>$</td>",
                            ken__report_num(r, v->mean[o * v->axis[0].n + g]));
        ken__report_add(r, "</tr>\n");
    }
    ken__report_add(r, "</tbody></table>");
}

static ken_status explain_effect(ken__report *r, int e, const char *answer,
                                 const char *const *classes, double low, double high) {
    const ken_effect_view *v = ken_effect_get(r->in->effects[e]);
    char id[32];
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    snprintf(id, sizeof id, "effect-%d", e);
    const ken__report_figure f = {id, v->axis[0].name, "Mean prediction against the column's value",
                                  NULL, 170, true};
    const ken_status status = ken_figure_effect(r->ctx, v, answer, classes, low, high, &w);
    ken__report_figure_begin(r, &f);
    explain_effect_table(r, v);
    ken__report_figure_end(r, &f, &spec);
    ken_text_free(&spec);
    return status;
}

static ken_status explain_pair(ken__report *r, const char *answer) {
    const ken_effect_view *v = ken_effect_get(r->in->pair);
    const ken__report_figure f = {"pair", "Two columns together",
                                  "Mean prediction by the values of two columns",
                                  "The mean answer when both columns are set to these values in "
                                  "every row.", 320, false};
    const int64_t n1 = v->n_axes == 2 ? v->axis[1].n : 0;
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    const ken_status status = ken_figure_effect_pair(r->ctx, v, answer, &w);
    ken__report_figure_begin(r, &f);
    ken__report_add(r, "<table><thead><tr><th>$ \\ $</th>", v->axis[1].name, v->axis[0].name);
    for (int64_t i = 0; i < v->axis[0].n; i++)
        ken__report_add(r, "<th class='n'>$</th>", v->axis[0].label[i]);
    ken__report_add(r, "</tr></thead>\n<tbody>\n");
    for (int64_t j = 0; j < n1; j++) {
        ken__report_add(r, "<tr><th scope='row'>$</th>", v->axis[1].label[j]);
        for (int64_t i = 0; i < v->axis[0].n; i++)
            ken__report_add(r, "<td class='n'>$</td>",
                            ken__report_digits(r, v->mean[i * n1 + j], 3));
        ken__report_add(r, "</tr>\n");
    }
    ken__report_add(r, "</tbody></table>");
    ken__report_figure_end(r, &f, &spec);
    ken_text_free(&spec);
    return status;
}

static ken_status explain_effects(ken__report *r, const char *answer) {
    const ken_report_input *in = r->in;
    const int k = ken_model_n_classes(in->model);
    const char **classes = NULL;
    double low, high;
    if (k > 2) {
        KEN_TRY(KEN_SCRATCH(r->ctx, const char *, k, &classes));
        for (int c = 0; c < k; c++) classes[c] = ken_model_class(in->model, c);
    }
    explain_range(in, &low, &high);
    ken__report_add(r, "<div class='cards'>\n");
    for (int e = 0; e < in->n_effects; e++)
        KEN_TRY(explain_effect(r, e, answer, classes, low, high));
    ken__report_add(r, "</div>\n");
    return in->pair ? explain_pair(r, answer) : KEN_OK;
}

ken_status ken__report_effects(ken__report *r) {
    const ken_report_input *in = r->in;
    if (!in->model || !in->n_effects) return KEN_OK;
    const ken_mark mark = ken_scratch_mark(r->ctx);
    ken_text answer = ken_text_new(r->ctx);
    const char *text = NULL;
    explain_answer(r, &answer);
    ken__report_add(r, "<p>The answer when one column is set to each of its values in turn, for $ "
                       "rows: thin lines (or ticks) are single rows, the strong line (or dot) their "
                       "mean. Where the lines cross, columns act together. Values that do not occur "
                       "together may be asked for: read the ends with care.</p>\n",
                    ken__report_int(r, ken_effect_get(in->effects[0])->rows));
    ken_status status = ken_text_end(&answer, &text);
    if (status == KEN_OK) status = explain_effects(r, text);
    ken_text_free(&answer);
    ken_scratch_release(r->ctx, mark);
    return status;
}
