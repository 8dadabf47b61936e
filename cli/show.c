/* Metrics and leaderboards for people; for scripts: ken/report/report_json.h. */
#include "cli/show.h"

#include <math.h>
#include <string.h>

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
