/* The opening: the verdict in plain words and the key numbers. */
#include <math.h>
#include <string.h>

#include "ken/report/figures_common.h"
#include "ken/report/report_html.h"

const char *ken__report_metric_title(const ken_report_metric *metric) {
    const char *known = ken__figure_metric(metric->name);
    return known != metric->name || !metric->title ? known : metric->title;
}

static const ken_report_metric *opening_metric(const ken_report_input *in, const char *name) {
    for (int i = 0; i < in->n_metrics; i++)
        if (!strcmp(in->metrics[i].name, name) && isfinite(in->metrics[i].value))
            return &in->metrics[i];
    return NULL;
}

static void opening_interval(ken__report *r, const ken_report_metric *m, bool percent) {
    if (!isfinite(m->low) || !isfinite(m->high)) return;
    if (percent)
        ken__report_add(r, " (95\xC2\xA0% interval $ to $)", ken__report_percent(r, m->low),
                        ken__report_percent(r, m->high));
    else
        ken__report_add(r, " (95\xC2\xA0% interval $)", ken__report_range(r, m->low, m->high));
}

/* What the main result means, in a sentence. */
static void opening_result(ken__report *r) {
    const ken_report_input *in = r->in;
    const ken_report_metric *auc = opening_metric(in, "roc_auc");
    const ken_report_metric *right = opening_metric(in, "accuracy");
    const ken_report_metric *off = opening_metric(in, "mae"), *rmse = opening_metric(in, "rmse");
    const ken_report_metric *typical = off ? off : rmse;
    if (auc && in->scores && in->scores->n_classes == 2) {
        const int p = in->scores->positive;
        ken__report_add(r, "Given one row that is <strong>$</strong> and one that is <strong>$</strong>, "
                           "it puts the right one first <strong>$</strong> of the time",
                        ken_model_class(in->model, p), ken_model_class(in->model, 1 - p),
                        ken__report_percent(r, auc->value));
        opening_interval(r, auc, true);
        ken__report_add(r, "; guessing manages 50\xC2\xA0%. ");
    } else if (right) {
        ken__report_add(r, "It names the right class for <strong>$</strong> of them",
                        ken__report_percent(r, right->value));
        opening_interval(r, right, true);
        if (isfinite(right->baseline))
            ken__report_add(r, "; always naming the most frequent class manages $",
                            ken__report_percent(r, right->baseline));
        ken__report_add(r, ". ");
    } else if (typical) {
        ken__report_add(r, "Its answers are off by <strong>$</strong> $",
                        ken__report_digits(r, typical->value, 3),
                        typical == off ? "on average" : "(root mean square)");
        opening_interval(r, typical, false);
        if (isfinite(typical->baseline))
            ken__report_add(r, "; always giving the same answer is off by $",
                            ken__report_digits(r, typical->baseline, 3));
        ken__report_add(r, ". ");
    }
}

/* Whether the main metric's interval keeps clear of the baseline. */
static void opening_verdict(ken__report *r) {
    const ken_report_metric *m = r->in->n_metrics ? &r->in->metrics[0] : NULL;
    if (!m || !isfinite(m->baseline) || !isfinite(m->value)) return;
    const double near = m->higher_is_better ? m->low : m->high;
    const double worst = isfinite(near) ? near : m->value;
    const bool better = m->higher_is_better ? worst > m->baseline : worst < m->baseline;
    if (better && !m->higher_is_better && m->baseline > 0 && m->value >= 0)
        ken__report_add(r, "That is <strong>$ less error</strong> than not looking at the columns.",
                        ken__report_percent(r, 1 - m->value / m->baseline));
    else if (better)
        ken__report_add(r, "That is clearly better than not looking at the columns.");
    else
        ken__report_add(r, "<strong>That is not shown to be better than guessing</strong>: do not "
                           "rely on this model.");
}

static void opening_lead(ken__report *r) {
    const ken_report_input *in = r->in;
    const ken_model *m = in->model;
    const ken_desc *desc = ken_model_desc(m);
    ken__report_add(r, "<p class='lead'>");
    if (in->rows_train || ken_model_rows_train(m))
        ken__report_add(r, "A model (<strong>$</strong>) learned from $ rows and $ columns. ",
                        desc->title ? desc->title : desc->name,
                        ken__report_int(r, in->rows_train ? in->rows_train : ken_model_rows_train(m)),
                        ken__report_int(r, ken_model_n_features(m)));
    if (in->scores && in->n_metrics) {
        ken__report_add(r, "It was tried on $. ",
                        in->scores_how ? in->scores_how : "rows with known answers");
        opening_result(r);
        opening_verdict(r);
    }
    ken__report_add(r, "</p>\n");
}

static double opening_clamp(double share) { return share < 0 ? 0 : share > 100 ? 100 : share; }

/* Where value, interval and baseline lie between 0 and the end of the scale. */
static void opening_strip(ken__report *r, const ken_report_metric *m) {
    double end = KEN_MAX(m->value, isfinite(m->high) ? m->high : 0);
    if (isfinite(m->baseline)) end = KEN_MAX(end, m->baseline);
    end = m->higher_is_better && end <= 1 ? 1 : 1.06 * end;
    if (!(end > 0) || !isfinite(m->value)) return;
    ken__report_add(r, "<div class='strip' aria-hidden='true'>");
    if (isfinite(m->low) && isfinite(m->high)) {
        const double from = opening_clamp(100 * m->low / end);
        ken__report_add(r, "<i class='range' style='left:$%;width:$%'></i>",
                        ken__report_digits(r, from, 4),
                        ken__report_digits(r, opening_clamp(100 * m->high / end) - from, 4));
    }
    if (isfinite(m->baseline))
        ken__report_add(r, "<i class='base' style='left:$%'></i>",
                        ken__report_digits(r, opening_clamp(100 * m->baseline / end), 4));
    ken__report_add(r, "<i class='dot' style='left:$%'></i></div>\n",
                    ken__report_digits(r, opening_clamp(100 * m->value / end), 4));
}

static void opening_tile(ken__report *r, const ken_report_metric *m) {
    ken__report_add(r, "<div class='tile'><dt>$</dt><dd><div class='big'>$</div>\n",
                    ken__report_metric_title(m), ken__report_digits(r, m->value, 3));
    opening_strip(r, m);
    ken__report_add(r, "<div class='small'>");
    if (isfinite(m->low) && isfinite(m->high))
        ken__report_add(r, "95\xC2\xA0% interval $<br>", ken__report_range(r, m->low, m->high));
    if (isfinite(m->baseline))
        ken__report_add(r, "without the columns $<br>", ken__report_digits(r, m->baseline, 3));
    ken__report_add(r, "$ is better</div></dd></div>\n", m->higher_is_better ? "higher" : "lower");
}

/* The main metric, and the three that say most beside it. */
static void opening_tiles(ken__report *r) {
    static const char *const wanted[] = {"accuracy", "balanced_accuracy", "log_loss", "rmse", "mae",
                                         "r2", "average_precision", "f1_macro", "median_ae"};
    const ken_report_input *in = r->in;
    int shown = 1;
    ken__report_add(r, "<dl class='tiles'>\n");
    opening_tile(r, &in->metrics[0]);
    for (int i = 0; i < KEN_COUNT(wanted) && shown < 4; i++) {
        const ken_report_metric *m = opening_metric(in, wanted[i]);
        if (!m || m == &in->metrics[0]) continue;
        opening_tile(r, m);
        shown++;
    }
    for (int i = 1; i < in->n_metrics && shown == 1; i++, shown++) opening_tile(r, &in->metrics[i]);
    ken__report_add(r, "</dl>\n");
}

ken_status ken__report_opening(ken__report *r) {
    const ken_report_input *in = r->in;
    const char *name = in->data_name ? in->data_name : "a table";
    ken__report_add(r, "<header class='opening'>\n");
    if (!in->model) {
        ken__report_add(r, "<p class='kicker'>A look at the data</p>\n<h1>$</h1>\n",
                        in->title ? in->title : name);
        ken__report_add(r, "<p class='lead'>$ rows and $ columns.</p>\n",
                        ken__report_int(r, ken_table_rows(in->table)),
                        ken__report_int(r, ken_table_cols(in->table)));
    } else {
        ken__report_add(r, "<p class='kicker'>$ from <code>$</code></p>\n",
                        ken_model_task(in->model) == KEN_CLASSIFY ? "Classification" : "Regression",
                        name);
        if (in->title)
            ken__report_add(r, "<h1>$</h1>\n", in->title);
        else
            ken__report_add(r, "<h1>Predicting <span class='target'>$</span></h1>\n",
                            ken_model_target(in->model));
        opening_lead(r);
        if (in->n_metrics) opening_tiles(r);
    }
    if (in->model) ken__report_warnings(r, KEN_SERIOUS);
    ken__report_add(r, "</header>\n");
    return KEN_OK;
}
