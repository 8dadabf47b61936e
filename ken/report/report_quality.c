/* How good the model is on rows with known answers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/report/figures.h"
#include "ken/report/report_html.h"

/* --- two classes -------------------------------------------------------------------------------------- */

/* One number of every row of the table, by rising threshold; at: its place in the row. */
static void quality_array(ken__report *r, const ken_threshold_table *c, const char *name, size_t at) {
    char number[64];
    ken_text_add(r->out, "\"");
    ken_text_add(r->out, name);
    ken_text_add(r->out, "\":[");
    for (int64_t i = c->n - 1; i >= 0; i--) {
        ken_format_f64_digits(*(const double *)((const char *)&c->row[i] + at), 6, number);
        ken_text_add(r->out, number);
        if (i) ken_text_add_char(r->out, ',');
    }
    ken_text_add(r->out, "],");
}

/* The counts behind the slider. */
static void quality_threshold_data(ken__report *r, const ken_threshold_table *c) {
    char number[64];
    ken_text_add(r->out, "<script type='application/json' id='threshold-data'>{");
    quality_array(r, c, "t", offsetof(ken_threshold_row, threshold));
    quality_array(r, c, "tp", offsetof(ken_threshold_row, tp));
    quality_array(r, c, "fp", offsetof(ken_threshold_row, fp));
    ken_format_f64_digits(c->positive, 8, number);
    ken_text_add(r->out, "\"positives\":");
    ken_text_add(r->out, number);
    ken_format_f64_digits(c->negative, 8, number);
    ken_text_add(r->out, ",\"negatives\":");
    ken_text_add(r->out, number);
    ken_text_add(r->out, "}</script>\n");
}

static void quality_cell(ken__report *r, const char *name, double count, double of, bool miss) {
    const double share = of > 0 ? count / of : 0;
    ken__report_add(r, "<td data-cell='$' class='$' style='--share:$'><b>$</b><span>$</span></td>",
                    name, miss ? "miss" : "hit", ken__report_digits(r, share, 3),
                    ken__report_num(r, count), ken__report_percent(r, share));
}

static void quality_matrix(ken__report *r, const ken_threshold_row *at, const char *no,
                           const char *yes) {
    const double positive = at->tp + at->fn, negative = at->fp + at->tn;
    ken__report_add(r, "<div class='scroll'><table class='matrix'><caption>Rows by what is true and "
                       "what is said</caption>\n<thead><tr><td></td><th scope='col'>says $</th>"
                       "<th scope='col'>says $</th></tr></thead>\n<tbody>\n<tr><th scope='row'>is $</th>",
                    no, yes, no);
    quality_cell(r, "tn", at->tn, negative, false);
    quality_cell(r, "fp", at->fp, negative, true);
    ken__report_add(r, "</tr>\n<tr><th scope='row'>is $</th>", yes);
    quality_cell(r, "fn", at->fn, positive, true);
    quality_cell(r, "tp", at->tp, positive, false);
    ken__report_add(r, "</tr>\n</tbody></table></div>\n");
}

static void quality_readout(ken__report *r, const char *name, const char *title, const char *text) {
    ken__report_add(r, "<div><dt>$</dt><dd data-out='$'>$</dd></div>\n", title, name, text);
}

static void quality_readouts(ken__report *r, const ken_threshold_row *at) {
    ken__report_add(r, "<dl class='readouts'>\n");
    quality_readout(r, "precision", "Alarms that are right (precision)",
                    ken__report_percent(r, at->precision));
    quality_readout(r, "recall", "Found (recall)", ken__report_percent(r, at->recall));
    quality_readout(r, "specificity", "Rightly let go (specificity)",
                    ken__report_percent(r, at->specificity));
    quality_readout(r, "accuracy", "Right in all (accuracy)", ken__report_percent(r, at->accuracy));
    quality_readout(r, "f1", "F1", ken__report_digits(r, at->f1, 3));
    quality_readout(r, "cost", "Cost per 1,000 rows",
                    ken__report_num(r, 1000 * (at->fp + at->fn) / (at->tp + at->fn + at->fp + at->tn)));
    ken__report_add(r, "</dl>\n");
}

/* The slider, the prices of the two mistakes, and what comes of them. */
static void quality_threshold(ken__report *r, const ken_threshold_table *c, const char *no,
                              const char *yes) {
    /* Where the line is now: the lowest threshold from 0.5 on, or above all rows. */
    ken_threshold_row now = {.threshold = NAN, .tn = c->negative, .fn = c->positive,
                             .precision = NAN, .recall = c->positive > 0 ? 0 : NAN,
                             .specificity = c->negative > 0 ? 1 : NAN, .f1 = 0,
                             .accuracy = c->negative / (c->negative + c->positive)};
    int64_t at = -1;
    while (at + 1 < c->n && c->row[at + 1].threshold >= 0.5) now = c->row[++at];
    const int64_t slider = at < 0 ? c->n - 1 : c->n - 1 - at;
    quality_threshold_data(r, c);
    ken__report_add(r, "<h3>Where to draw the line</h3>\n<p>The model gives a probability. A row "
                       "counts as <strong>$</strong> from a threshold on; which one is best depends "
                       "on what the two kinds of mistakes cost.</p>\n<div class='threshold'>\n"
                       "<div class='controls'>\n<label>Threshold <output data-out='threshold'>$"
                       "</output><input type='range' min='0' max='$' value='$' step='1'></label>\n",
                    yes, ken__report_digits(r, now.threshold, 3),
                    ken__report_int(r, c->n - 1), ken__report_int(r, slider));
    ken__report_add(r, "<label>Cost of a false alarm<input type='number' "
                       "value='1' min='0' step='any'></label>\n<label>Cost of a miss<input "
                       "type='number' value='1' min='0' step='any'></label>\n"
                       "<button type='button'>Go to the cheapest threshold</button>\n</div>\n"
                       "<div class='result' aria-live='polite'>\n");
    quality_matrix(r, &now, no, yes);
    quality_readouts(r, &now);
    ken__report_add(r, "</div>\n</div>\n");
}

typedef ken_status (*quality_curve_figure)(ken_ctx *, const ken_threshold_table *,
                                           ken_json_writer *);

/* A curve with a table of its values at some thresholds. */
static ken_status quality_curve(ken__report *r, const ken_threshold_table *c,
                                quality_curve_figure write, const ken__report_figure *f) {
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    ken__report_figure_begin(r, f);
    ken__report_add(r, "<table><thead><tr><th class='n'>threshold</th><th class='n'>alarms</th>"
                       "<th class='n'>found (recall)</th><th class='n'>precision</th>"
                       "<th class='n'>false alarms</th></tr></thead><tbody>\n");
    const int64_t step = KEN_MAX(1, c->n / 10);
    for (int64_t i = 0; i < c->n; i += step) {
        const ken_threshold_row *row = &c->row[i];
        ken__report_add(r, "<tr><td class='n'>$</td><td class='n'>$</td><td class='n'>$</td>"
                           "<td class='n'>$</td><td class='n'>$</td></tr>\n",
                        ken__report_digits(r, row->threshold, 3),
                        ken__report_num(r, row->tp + row->fp), ken__report_percent(r, row->recall),
                        ken__report_percent(r, row->precision),
                        ken__report_percent(r, 1 - row->specificity));
    }
    ken__report_add(r, "</tbody></table>");
    const ken_status status = write(r->ctx, c, &w);
    ken__report_figure_end(r, f, &spec);
    ken_text_free(&spec);
    return status;
}

static ken_status quality_scores(ken__report *r, const char *const names[2]) {
    const ken__report_figure f = {"scores", "Probabilities given",
                                  "Histogram of the predicted probability, one color a class",
                                  "How the rows of each true class spread over the predicted "
                                  "probability; the line is the threshold.", 240, false};
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    const ken_scores *s = r->in->scores;
    double sum[2] = {0}, n[2] = {0};
    for (int64_t i = 0; i < s->n; i++) {
        const int side = s->label[i] == s->positive;
        sum[side] += s->proba[2 * i + s->positive];
        n[side]++;
    }
    ken__report_figure_begin(r, &f);
    ken__report_add(r, "<table><thead><tr><th>true class</th><th class='n'>rows</th>"
                       "<th class='n'>mean probability</th></tr></thead><tbody>\n");
    for (int side = 0; side < 2; side++)
        ken__report_add(r, "<tr><th scope='row'>$</th><td class='n'>$</td><td class='n'>$</td></tr>\n",
                        names[side], ken__report_num(r, n[side]),
                        ken__report_percent(r, n[side] > 0 ? sum[side] / n[side] : NAN));
    ken__report_add(r, "</tbody></table>");
    const ken_status status = ken_figure_scores(r->ctx, s, names, &w);
    ken__report_figure_end(r, &f, &spec);
    ken_text_free(&spec);
    return status;
}

static ken_status quality_calibration(ken__report *r) {
    const ken__report_figure f = {"calibration", "Are the probabilities honest?",
                                  "Calibration: share of positive rows against predicted probability",
                                  "Ten groups of rows by predicted probability, with 95 % intervals. "
                                  "On the dashed line, 30 % means 30 times out of 100.", 300, false};
    enum { QUALITY_BINS = 10 };
    ken_curve bins;
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    ken_status status =
        ken_calibration_curve(r->ctx, r->in->scores, QUALITY_BINS, KEN_BINS_QUANTILE, &bins);
    ken__report_figure_begin(r, &f);
    ken__report_add(r, "<table><thead><tr><th class='n'>predicted</th><th class='n'>observed</th>"
                       "<th class='n'>95\xC2\xA0% interval</th><th class='n'>rows</th></tr></thead>"
                       "<tbody>\n");
    for (int64_t b = 0; b < bins.n; b++)
        ken__report_add(r, "<tr><td class='n'>$</td><td class='n'>$</td><td class='n'>$ to $</td>"
                           "<td class='n'>$</td></tr>\n",
                        ken__report_percent(r, bins.x[b]), ken__report_percent(r, bins.y[b]),
                        ken__report_percent(r, bins.low[b]), ken__report_percent(r, bins.high[b]),
                        ken__report_num(r, bins.rows[b]));
    ken__report_add(r, "</tbody></table>");
    if (status == KEN_OK) status = ken_figure_calibration(r->ctx, &bins, &w);
    ken_curve_free(&bins);
    ken__report_figure_end(r, &f, &spec);
    ken_text_free(&spec);
    return status;
}

static ken_status quality_two(ken__report *r) {
    static const ken__report_figure roc = {
        "roc", "Found against false alarms",
        "ROC curve: share of positive rows found against share of false alarms",
        "ROC curve. Every point is a threshold; the dashed line is guessing, the dot the threshold "
        "above.", 300, false};
    static const ken__report_figure pr = {
        "pr", "Precision against recall", "Precision against recall",
        "The more of them it has to find, the more of its alarms are wrong. Dashed: the share of "
        "positive rows in the table.", 300, false};
    static const ken__report_figure gain = {
        "gain", "If you can only look at some",
        "Cumulative gain: share of positive rows found against share of rows looked at",
        "Looking at the rows with the highest scores first finds this share of the positive ones. "
        "Dashed: looking in any order.", 300, false};
    static const ken__report_figure lift = {
        "lift", "Tenth by tenth", "Lift: positive rows in each tenth, against the average",
        "How often positive rows are among the tenth with the highest scores, the next tenth, and so "
        "on. Dashed: the average.", 300, false};
    const ken_scores *s = r->in->scores;
    const char *names[2] = {ken_model_class(r->in->model, 1 - s->positive),
                            ken_model_class(r->in->model, s->positive)};
    ken_threshold_table c;
    ken_status status = ken_threshold_table_new(r->ctx, s, KEN_FIGURE_CURVE, &c);
    if (status == KEN_OK) quality_threshold(r, &c, names[0], names[1]);
    ken__report_add(r, "<div class='pair'>\n");
    if (status == KEN_OK) status = quality_curve(r, &c, ken_figure_roc, &roc);
    if (status == KEN_OK) status = quality_curve(r, &c, ken_figure_precision_recall, &pr);
    if (status == KEN_OK) status = quality_scores(r, names);
    if (status == KEN_OK) status = quality_calibration(r);
    if (status == KEN_OK) status = quality_curve(r, &c, ken_figure_gain, &gain);
    if (status == KEN_OK) status = quality_curve(r, &c, ken_figure_lift, &lift);
    ken__report_add(r, "</div>\n");
    ken_threshold_table_free(&c);
    return status;
}

/* --- more classes --------------------------------------------------------------------------------------- */

enum { QUALITY_CLASSES = 20 };

static void quality_class_matrix(ken__report *r, const double *counts, int k) {
    const ken_model *m = r->in->model;
    const int shown = KEN_MIN(k, QUALITY_CLASSES);
    ken__report_add(r, "<h3>Which classes it mixes up</h3>\n<div class='scroll'><table class='matrix'>"
                       "<caption>Rows: what is true. Columns: what it says.</caption>\n<thead><tr><td></td>");
    for (int c = 0; c < shown; c++)
        ken__report_add(r, "<th scope='col'>$</th>", ken_model_class(m, c));
    ken__report_add(r, "</tr></thead>\n<tbody>\n");
    for (int t = 0; t < shown; t++) {
        double all = 0;
        for (int c = 0; c < k; c++) all += counts[t * k + c];
        ken__report_add(r, "<tr><th scope='row'>$</th>", ken_model_class(m, t));
        for (int c = 0; c < shown; c++) quality_cell(r, "", counts[t * k + c], all, t != c);
        ken__report_add(r, "</tr>\n");
    }
    ken__report_add(r, "</tbody></table></div>\n");
    if (k > shown)
        ken__report_add(r, "<p class='hint'>The first $ of $ classes are shown.</p>\n",
                        ken__report_int(r, shown), ken__report_int(r, k));
}

static void quality_class_table(ken__report *r, const double *counts, int k) {
    ken__report_add(r, "<h3>Class by class</h3>\n<div class='scroll'><table><thead><tr><th>class</th>"
                       "<th class='n'>rows</th><th class='n'>precision</th><th class='n'>recall</th>"
                       "<th class='n'>F1</th></tr></thead>\n<tbody>\n");
    for (int c = 0; c < KEN_MIN(k, 100); c++) {
        double is = 0, said = 0;
        const double both = counts[c * k + c];
        for (int o = 0; o < k; o++) {
            is += counts[c * k + o];
            said += counts[o * k + c];
        }
        ken__report_add(r, "<tr><th scope='row' class='name'>$</th><td class='n'>$</td>"
                           "<td class='n'>$</td><td class='n'>$</td><td class='n'>$</td></tr>\n",
                        ken_model_class(r->in->model, c), ken__report_num(r, is),
                        ken__report_percent(r, said > 0 ? both / said : NAN),
                        ken__report_percent(r, is > 0 ? both / is : NAN),
                        ken__report_digits(r, is + said > 0 ? 2 * both / (is + said) : NAN, 3));
    }
    ken__report_add(r, "</tbody></table></div>\n");
}

static ken_status quality_more(ken__report *r) {
    const int k = r->in->scores->n_classes;
    const ken_mark mark = ken_scratch_mark(r->ctx);
    double *counts = NULL;
    if (k > 1000) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(r->ctx, double, (int64_t)k * k, &counts));
    const ken_status status = ken_confusion(r->ctx, r->in->scores, counts);
    if (status == KEN_OK) {
        quality_class_matrix(r, counts, k);
        quality_class_table(r, counts, k);
    }
    ken_scratch_release(r->ctx, mark);
    return status;
}

/* --- regression ------------------------------------------------------------------------------------------ */

typedef ken_status (*quality_regress_figure)(ken_ctx *, const ken_scores *, const char *,
                                             ken_json_writer *);

static int quality_compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantiles of the residuals: the numbers behind the three figures. */
static ken_status quality_residual_table(ken__report *r) {
    const ken_scores *s = r->in->scores;
    const ken_mark mark = ken_scratch_mark(r->ctx);
    static const double at[] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
    static const char *const name[] = {"smallest", "5 %", "25 %", "median", "75 %", "95 %", "largest"};
    double *e = NULL;
    KEN_TRY(KEN_SCRATCH(r->ctx, double, s->n, &e));
    for (int64_t i = 0; i < s->n; i++) e[i] = s->y[i] - s->predicted[i];
    qsort(e, (size_t)s->n, sizeof(double), quality_compare);
    ken__report_add(r, "<table><thead><tr><th>true minus predicted</th><th class='n'>value</th></tr>"
                       "</thead><tbody>\n");
    for (int q = 0; q < KEN_COUNT(at) && s->n; q++)
        ken__report_add(r, "<tr><th scope='row'>$</th><td class='n'>$</td></tr>\n", name[q],
                        ken__report_num(r, e[(int64_t)(at[q] * (double)(s->n - 1) + 0.5)]));
    ken__report_add(r, "</tbody></table>");
    ken_scratch_release(r->ctx, mark);
    return KEN_OK;
}

static ken_status quality_regress_one(ken__report *r, const ken__report_figure *f,
                                      quality_regress_figure write, bool table) {
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    ken_text title = ken_text_new(r->ctx);
    const char *text = NULL;
    ken__report_figure_begin(r, f);
    ken_status status = KEN_OK;
    if (table)
        status = quality_residual_table(r);
    else
        ken__report_add(r, "<p>The numbers stand under the distribution of the errors.</p>");
    ken_text_add(&title, "true ");
    ken_text_add(&title, ken_model_target(r->in->model));
    if (status == KEN_OK) status = ken_text_end(&title, &text);
    if (status == KEN_OK) status = write(r->ctx, r->in->scores, text, &w);
    ken__report_figure_end(r, f, &spec);
    ken_text_free(&title);
    ken_text_free(&spec);
    return status;
}

static ken_status quality_regress(ken__report *r) {
    static const ken__report_figure predicted = {
        "predicted", "Predicted and true", "True values against predicted values",
        "A perfect model puts every row on the dashed line. At most 1,500 rows are drawn, at even "
        "steps of the table.", 320, false};
    static const ken__report_figure residuals = {
        "residuals", "Where it errs", "Residuals against predicted values",
        "A funnel means that large predictions are less certain; a bend means that something is "
        "missing in the model.", 320, false};
    static const ken__report_figure histogram = {
        "errors", "How large the errors are", "Histogram of the residuals",
        "True minus predicted: to the right of zero the model said too little.", 220, false};
    ken__report_add(r, "<div class='pair'>\n");
    KEN_TRY(quality_regress_one(r, &predicted, ken_figure_predicted, false));
    KEN_TRY(quality_regress_one(r, &residuals, ken_figure_residuals, false));
    KEN_TRY(quality_regress_one(r, &histogram, ken_figure_residual_histogram, true));
    ken__report_add(r, "</div>\n");
    return KEN_OK;
}

/* --- all metrics -------------------------------------------------------------------------------------------- */

static void quality_metrics(ken__report *r) {
    const ken_report_input *in = r->in;
    ken__report_add(r, "<h3>Every metric</h3>\n<div class='scroll'><table><thead><tr><th>metric</th>"
                       "<th class='n'>value</th><th class='n'>95\xC2\xA0% interval</th>"
                       "<th class='n'>without the columns</th><th>better</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < in->n_metrics; i++) {
        const ken_report_metric *m = &in->metrics[i];
        const bool known = isfinite(m->low) && isfinite(m->high);
        ken__report_add(r, "<tr><th scope='row' class='metric'>$</th><td class='n'>$</td>"
                           "<td class='n'>$</td><td class='n'>$</td><td>$</td></tr>\n",
                        ken__report_metric_title(m), ken__report_num(r, m->value),
                        known ? ken__report_range(r, m->low, m->high) : "\xE2\x80\x93",
                        ken__report_num(r, m->baseline), m->higher_is_better ? "higher" : "lower");
    }
    ken__report_add(r, "</tbody></table></div>\n");
}

ken_status ken__report_quality(ken__report *r) {
    const ken_report_input *in = r->in;
    const ken_scores *s = in->scores;
    if (!in->model || (!s && !in->n_metrics)) return KEN_OK;
    ken__report_add(r, "<p>Measured on $.</p>\n",
                    in->scores_how ? in->scores_how : "rows with known answers");
    if (s && s->n && s->task == KEN_REGRESS) KEN_TRY(quality_regress(r));
    if (s && s->n && s->task == KEN_CLASSIFY)
        KEN_TRY(s->n_classes == 2 && s->proba ? quality_two(r) : quality_more(r));
    if (in->n_metrics) quality_metrics(r);
    return KEN_OK;
}
