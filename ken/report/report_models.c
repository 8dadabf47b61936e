/* The leaderboard, and how the fit went. */
#include <math.h>

#include "ken/report/figures_common.h"
#include "ken/report/report_html.h"

/* One line of the leaderboard. */
static void models_line(ken__report *r, const ken_report_leader *l) {
    ken_text_add(r->out, l->chosen ? "<tr class='chosen'>" : "<tr>");
    ken__report_add(r, "<th scope='row' class='name'>$", l->model);
    if (l->chosen) ken__report_add(r, " <span class='hint'>chosen</span>");
    if (l->baseline) ken__report_add(r, " <span class='hint'>baseline</span>");
    if (l->note) ken__report_add(r, "<br><span class='hint'>$</span>", l->note);
    ken__report_add(r, "</th><td class='n'>$", ken__report_num(r, l->score));
    if (isfinite(l->error)) ken__report_add(r, " \xC2\xB1 $", ken__report_digits(r, l->error, 2));
    ken__report_add(r, "</td><td class='n'>$</td><td class='n'>$</td><td class='n'>$</td></tr>\n",
                    ken__report_seconds(r, l->fit_s), ken__report_seconds(r, l->predict_s),
                    ken__report_bytes(r, l->bytes));
}

ken_status ken__report_leaders(ken__report *r) {
    const ken_report_input *in = r->in;
    const ken__report_figure f = {"leaders", NULL, "Score of each model with a 95 % interval",
                                  "Mean score with a 95 % interval; models whose intervals overlap "
                                  "much are not clearly different.",
                                  KEN_MAX(3, in->n_leaders) * 30 + 60, false};
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    if (!in->n_leaders) return KEN_OK;
    const char *metric = ken__figure_metric(in->leader_metric ? in->leader_metric : "score");
    ken__report_add(r, "<p>$ models by $ ($ is better)$$.</p>\n", ken__report_int(r, in->n_leaders), metric,
                    in->leader_higher_is_better ? "higher" : "lower",
                    in->leader_how ? ", " : "", in->leader_how);
    if (in->leader_reason) ken__report_add(r, "<p>$</p>\n", in->leader_reason);
    ken_status status =
        ken_figure_leaders(r->ctx, in->leaders, in->n_leaders, metric, &w);
    ken__report_figure_begin(r, &f);
    ken__report_add(r, "<table><thead><tr><th>model</th><th class='n'>$ \xC2\xB1 standard error</th>"
                       "<th class='n'>fit</th><th class='n'>predict</th><th class='n'>size</th></tr>"
                       "</thead>\n<tbody>\n", metric);
    for (int i = 0; i < in->n_leaders; i++) models_line(r, &in->leaders[i]);
    ken__report_add(r, "</tbody></table>");
    ken__report_figure_end(r, &f, &spec);
    ken_text_free(&spec);
    return status;
}

static ken_status models_curve(ken__report *r, const ken__report_figure *f,
                               const ken_report_curve_point *points, int n, const char *x_title,
                               const char *y_title) {
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    const ken_status status = ken_figure_curve(r->ctx, points, n, x_title, y_title, &w);
    const int step = KEN_MAX(1, n / 10);
    ken__report_figure_begin(r, f);
    ken__report_add(r, "<table><thead><tr><th class='n'>$</th><th class='n'>training rows</th>"
                       "<th class='n'>validation rows</th></tr></thead>\n<tbody>\n", x_title);
    for (int i = 0; i < n; i += step)
        ken__report_add(r, "<tr><td class='n'>$</td><td class='n'>$</td><td class='n'>$</td></tr>\n",
                        ken__report_num(r, points[i].x), ken__report_num(r, points[i].train),
                        ken__report_num(r, points[i].validation));
    ken__report_add(r, "</tbody></table>");
    ken__report_figure_end(r, f, &spec);
    ken_text_free(&spec);
    return status;
}

ken_status ken__report_training(ken__report *r) {
    const ken_report_input *in = r->in;
    static const ken__report_figure training = {
        "training", "Step by step", "Objective against iteration",
        "Training error can only fall; where the error on validation rows turns up again, the model "
        "begins to learn the noise.", 260, false};
    static const ken__report_figure learning = {
        "learning", "Would more rows help?", "Score against number of training rows",
        "If the curve still rises at its end, more rows would help.", 260, false};
    if (in->n_training < 2 && in->n_learning < 2) return ken__report_history(r);
    ken__report_add(r, "<div class='pair'>\n");
    if (in->n_training >= 2)
        KEN_TRY(models_curve(r, &training, in->training, in->n_training, "iteration",
                             in->training_name ? in->training_name : "objective"));
    if (in->n_learning >= 2)
        KEN_TRY(models_curve(r, &learning, in->learning, in->n_learning, "training rows",
                             in->leader_metric ? ken__figure_metric(in->leader_metric) : "score"));
    ken__report_add(r, "</div>\n");
    return ken__report_history(r);
}
