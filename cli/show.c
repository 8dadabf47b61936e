/* Metrics, leaderboards and models for people and for scripts. */
#include "cli/show.h"

#include <math.h>
#include <string.h>

#include "ken/boosting/boosting/boosting.h"
#include "ken/preprocess/recipe/recipe.h"

/* --- metrics ------------------------------------------------------------------------------------------ */
static const char *show_interval(const ken_interval *i, char *buf, size_t size) {
    char low[32], high[32];
    buf[0] = 0;
    if (isnan(i->low) || isnan(i->high)) return buf;
    snprintf(buf, size, "%s – %s", cli_number_text(i->low, low), cli_number_text(i->high, high));
    return buf;
}

static double show_baseline_of(const ken_evaluation *baseline, const char *name) {
    const ken_evaluation_metric *m = baseline ? ken_evaluation_find(baseline, name) : NULL;
    return m ? m->interval.value : (double)NAN;
}

/* A bar where the metric lies between 0 and 1 and 1 is best. */
static bool show_is_share(const ken_evaluation_metric *m) {
    return m->desc->metric->higher_is_better && m->desc->metric->best == 1 && m->interval.value >= 0;
}

/* Averages over classes say little new where there are two. */
static bool show_is_average(const char *name) {
    return strstr(name, "_macro") || strstr(name, "_micro") || strstr(name, "_weighted");
}

void show_metrics(const ken_evaluation *e, const ken_evaluation *baseline) {
    static const char *const titles[] = {"metric", ">", "95 % interval", "baseline>", ""};
    cli_grid g;
    cli_grid_begin(&g, 5, titles);
    for (int i = 0; i < e->n_metrics; i++) {
        const ken_evaluation_metric *m = &e->metric[i];
        char value[32], interval[80], base[32], bar[160] = "";
        const double reference = show_baseline_of(baseline, m->desc->name);
        if (!m->desc->metric->main || (e->predictions.n_classes == 2 && show_is_average(m->desc->name))) continue;
        if (show_is_share(m)) cli_bar(m->interval.value, 16, bar);
        const char *cells[] = {m->desc->name, cli_number_text(m->interval.value, value),
                               show_interval(&m->interval, interval, sizeof interval),
                               isnan(reference) ? "" : cli_number_text(reference, base), bar};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

void show_confusion(const ken_model *m, const ken_evaluation *e) {
    const int k = ken_model_n_classes(m);
    const char *titles[CLI_MAX_COLUMNS];
    char title[CLI_MAX_COLUMNS][64], number[CLI_MAX_COLUMNS][32];
    cli_grid g;
    if (!e->confusion || k + 1 > CLI_MAX_COLUMNS) return;
    titles[0] = "truth \\ said";
    for (int j = 0; j < k; j++) {
        snprintf(title[j], sizeof title[j], "%.60s>", ken_model_class(m, j));
        titles[j + 1] = title[j];
    }
    cli_grid_begin(&g, k + 1, titles);
    for (int i = 0; i <= k; i++) {
        const char *cells[CLI_MAX_COLUMNS];
        double sum = 0;
        cells[0] = i < k ? ken_model_class(m, i) : "(unseen)";
        for (int j = 0; j < k; j++) {
            sum += e->confusion[i * k + j];
            cells[j + 1] = cli_number_text(e->confusion[i * k + j], number[j]);
        }
        if (i < k || sum > 0) cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

void show_json_metrics(ken_json_writer *w, const ken_evaluation *e) {
    ken_json_put_key(w, "metrics");
    ken_json_object(w);
    for (int i = 0; i < e->n_metrics; i++) KEN_JSON(w, e->metric[i].desc->name, f64, e->metric[i].interval.value);
    ken_json_end_object(w);
    ken_json_put_key(w, "intervals");
    ken_json_object(w);
    for (int i = 0; i < e->n_metrics; i++) {
        const ken_interval *v = &e->metric[i].interval;
        if (isnan(v->low) && isnan(v->high)) continue;
        ken_json_put_key(w, e->metric[i].desc->name);
        ken_json_object(w);
        KEN_JSON(w, "low", f64, v->low);
        KEN_JSON(w, "high", f64, v->high);
        KEN_JSON(w, "method", string, v->method);
        ken_json_end_object(w);
    }
    ken_json_end_object(w);
}

/* --- cross-validation and leaderboards ------------------------------------------------------------------- */
void show_cv(const ken_cv_result *cv) {
    static const char *const titles[] = {"metric", "mean>", "± se>"};
    cli_grid g;
    printf("  %lld-fold cross-validation on the training rows\n", (long long)cv->folds);
    cli_grid_begin(&g, 3, titles);
    for (int i = 0; i < cv->n_metrics; i++) {
        char mean[32], se[32];
        const char *cells[] = {cv->metric[i]->name, cli_number_text(cv->mean[i], mean), cli_number_text(cv->se[i], se)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
    putchar('\n');
}

void show_json_cv(ken_json_writer *w, const ken_cv_result *cv) {
    ken_json_put_key(w, "cv");
    ken_json_object(w);
    KEN_JSON(w, "splitter", string, cv->splitter);
    KEN_JSON(w, "folds", i64, cv->folds);
    for (int i = 0; i < cv->n_metrics; i++) {
        ken_json_put_key(w, cv->metric[i]->name);
        ken_json_object(w);
        KEN_JSON(w, "mean", f64, cv->mean[i]);
        KEN_JSON(w, "se", f64, cv->se[i]);
        ken_json_put_key(w, "folds");
        ken_json_array(w);
        for (int64_t f = 0; f < cv->folds; f++) ken_json_put_f64(w, cv->score[f * cv->n_metrics + i]);
        ken_json_end_array(w);
        ken_json_end_object(w);
    }
    ken_json_end_object(w);
}

void show_leaderboard(const ken_comparison *cmp) {
    char title[64];
    const char *titles[] = {"", "model", title, "± se>", "", "fit>", "predict>", "size>"};
    double best = -INFINITY, worst = INFINITY;
    cli_grid g;
    snprintf(title, sizeof title, "%s>", cmp->metric->name);
    for (int i = 0; i < cmp->n; i++)
        if (cmp->row[i].status == KEN_OK) best = fmax(best, cmp->row[i].mean), worst = fmin(worst, cmp->row[i].mean);
    cli_grid_begin(&g, 8, titles);
    for (int i = 0; i < cmp->n; i++) {
        const ken_compare_row *r = &cmp->row[i];
        char mean[32], se[32], bar[160] = "", fit[32], predict[32], size[32];
        if (r->status != KEN_OK) {
            const char *cells[] = {"", r->name, "–", "", r->message, "", "", ""};
            cli_grid_row(&g, cells);
            continue;
        }
        /* lower is better: the shortest bar; higher: the longest. Bars start at 0 for scores of 0 to 1. */
        cli_bar(best > 0 && worst >= 0 ? r->mean / fmax(best, 1e-300) : 0, 16, bar);
        const char *cells[] = {i == 0 ? "→" : "", r->name, cli_number_text(r->mean, mean), cli_number_text(r->se, se),
                               bar, cli_seconds_text(r->fit_s, fit), cli_seconds_text(r->predict_s, predict),
                               cli_bytes_text((double)r->bytes, size)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

void show_json_compare_row(ken_json_writer *w, const ken_compare_row *r) {
    ken_json_object(w);
    KEN_JSON(w, "model", string, r->name);
    if (r->settings && *r->settings) KEN_JSON(w, "settings", string, r->settings);
    if (r->status != KEN_OK) {
        KEN_JSON(w, "error", string, r->message);
    } else {
        KEN_JSON(w, "mean", f64, r->mean);
        KEN_JSON(w, "se", f64, r->se);
        KEN_JSON(w, "fit_seconds", f64, r->fit_s);
        KEN_JSON(w, "predict_seconds", f64, r->predict_s);
        KEN_JSON(w, "bytes", i64, r->bytes);
        KEN_JSON(w, "difference", f64, r->difference);
        KEN_JSON(w, "p", f64, r->p);
        show_json_cv(w, &r->cv);
    }
    ken_json_end_object(w);
}

/* --- early stopping ------------------------------------------------------------------------------------------- */
static void show_json_series(ken_json_writer *w, const char *name, const ken_tensor *t, int64_t first, int64_t step) {
    ken_json_put_key(w, name);
    ken_json_array(w);
    for (int64_t i = first; i < ken_tensor_count(t); i += step) ken_json_put_f64(w, ken_tensor_value(t, i));
    ken_json_end_array(w);
}

void show_json_history(ken_json_writer *w, const ken_model *m) {
    const ken_tensor *loss = ken_model_attr(m, "validation_loss"), *metric = ken_model_attr(m, "validation_metric");
    const ken_strings *names = ken_model_attr_strings(m, "metrics");
    if (ken_model_desc(m) != &ken_boosting_desc || !loss) return;
    KEN_JSON(w, "rounds", i64, ken_boosting_rounds(m));
    ken_json_put_key(w, "history");
    ken_json_object(w);
    show_json_series(w, "validation_loss", loss, 0, 1);
    for (int64_t i = 0; names && metric && metric->ndim == 2 && metric->shape[1] == names->n && i < names->n; i++) {
        char name[128];
        int64_t size;
        const char *text = ken_strings_at(names, i, &size);
        snprintf(name, sizeof name, "%.*s", (int)KEN_MIN(size, 120), text);
        show_json_series(w, name, metric, i, names->n);
    }
    ken_json_end_object(w);
}

/* --- models ------------------------------------------------------------------------------------------------- */
void show_json_model(ken_json_writer *w, const ken_model *m) {
    ken_json_put_key(w, "parameters");
    ken_json_object(w);
    ken_model_write_params(m, w);
    ken_json_end_object(w);
    ken_json_put_key(w, "features");
    ken_json_array(w);
    for (int j = 0; j < ken_model_n_features(m); j++) ken_json_put_string(w, ken_model_feature(m, j));
    ken_json_end_array(w);
    if (ken_model_n_classes(m) == 0) return;
    ken_json_put_key(w, "classes");
    ken_json_array(w);
    for (int k = 0; k < ken_model_n_classes(m); k++) ken_json_put_string(w, ken_model_class(m, k));
    ken_json_end_array(w);
}
