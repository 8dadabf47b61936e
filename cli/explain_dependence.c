/* ken explain --dependence A: what column A contributed (Shapley) at each of its values, row by row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explain.h"
#include "ken/core/alloc.h"
#include "ken/explain/shap/shap.h"

#define DEPENDENCE_ROWS 1000
#define DEPENDENCE_PAIRS 100 /* rows to find the partner by */
#define DEPENDENCE_SHOWN 12

typedef struct dependence_point {
    double x, y; /* NaN: no number; the contribution */
    int64_t row;
    char text[64];
} dependence_point;

typedef struct dependence {
    int feature, partner, output; /* partner: does most together with it, -1: not known */
    ken_shap *shap;
    const ken_column *column, *other;
    dependence_point *point;
    int64_t n;
} dependence;

static int dependence_feature(const ken_model *m, const char *name, int *out) {
    for (*out = 0; *out < ken_model_n_features(m); (*out)++)
        if (strcmp(ken_model_feature(m, *out), name) == 0) return CLI_DONE;
    return cli_wrong("'ken models FILE.ken' lists the columns", "the model has no column '%s'", name);
}

/* The column that does most together with it, where the model can say so. */
static ken_status dependence_partner(cli *c, const ken_model *m, const ken_table *table, dependence *d) {
    const int64_t all = ken_table_rows(table), n = KEN_MIN(all, DEPENDENCE_PAIRS);
    const int width = ken_model_n_features(m) + 1;
    ken_shap_pairs *pairs;
    int64_t *rows;
    double most = 0;
    d->partner = -1;
    KEN_TRY(KEN_SCRATCH(c->ctx, int64_t, n, &rows));
    for (int64_t i = 0; i < n; i++) rows[i] = i * all / n;
    const ken_status status = ken_explain_shap_pairs(c->ctx, m, table, rows, n, &pairs);
    if (status == KEN_E_UNSUPPORTED) return ken_ctx_clear_error(c->ctx), KEN_OK;
    KEN_TRY(status);
    const double *const size = ken_shap_pairs_get(pairs)->size + ((int64_t)d->output * width + d->feature) * width;
    for (int b = 0; b + 1 < width; b++)
        if (b != d->feature && size[b] > most) most = size[b], d->partner = b;
    ken_shap_pairs_free(pairs);
    return KEN_OK;
}

/* --class, or the one that the column moves most. */
static ken_status dependence_output(cli *c, const ken_model *m, dependence *d) {
    const ken_shap_view *v = ken_shap_get(d->shap);
    const char *const name = cli_value(c, "class");
    double most = -1;
    for (int k = 0; k < v->n_outputs; k++) {
        double sum = 0;
        for (int64_t i = 0; i < v->n; i++) sum += fabs(v->value[(i * v->n_outputs + k) * (v->n_features + 1) + d->feature]);
        if (name && v->n_outputs > 1 ? strcmp(ken_model_class(m, k), name) == 0 : sum > most) d->output = k, most = sum;
    }
    if (most >= 0) return KEN_OK;
    return KEN_FAIL(c->ctx, KEN_E_ARG, "'ken models FILE.ken' lists the classes", "there is no class '%s'", name ? name : "");
}

static int dependence_compare(const void *a, const void *b) {
    const dependence_point *p = a, *q = b;
    if (isnan(p->x) && isnan(q->x) && strcmp(p->text, q->text) != 0) return strcmp(p->text, q->text);
    if (isnan(p->x) != isnan(q->x)) return isnan(p->x) ? 1 : -1; /* missing ones last */
    if (p->x != q->x && !isnan(p->x)) return p->x < q->x ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

static ken_status dependence_measure(cli *c, const ken_model *m, const ken_table *table, dependence *d) {
    const int64_t all = ken_table_rows(table);
    int64_t *rows;
    int at;
    d->n = KEN_MIN(all, DEPENDENCE_ROWS);
    KEN_TRY(KEN_SCRATCH(c->ctx, int64_t, d->n, &rows));
    for (int64_t i = 0; i < d->n; i++) rows[i] = i * all / d->n;
    KEN_TRY(ken_explain_shap(c->ctx, m, table, rows, d->n, &d->shap));
    KEN_TRY(ken_table_require(c->ctx, table, ken_model_feature(m, d->feature), &at));
    d->column = ken_table_column(table, at);
    KEN_TRY(dependence_output(c, m, d));
    KEN_TRY(dependence_partner(c, m, table, d));
    if (d->partner >= 0) KEN_TRY(ken_table_require(c->ctx, table, ken_model_feature(m, d->partner), &at));
    d->other = d->partner >= 0 ? ken_table_column(table, at) : NULL;
    KEN_TRY(KEN_SCRATCH(c->ctx, dependence_point, d->n, &d->point));
    const ken_shap_view *v = ken_shap_get(d->shap);
    const bool number = d->column->dtype != KEN_CATEGORY && d->column->dtype != KEN_STRING;
    for (int64_t i = 0; i < d->n; i++) {
        dependence_point *p = &d->point[i];
        p->row = rows[i];
        p->x = number ? ken_column_f64(d->column, rows[i]) : (double)NAN;
        p->y = v->value[(i * v->n_outputs + d->output) * (v->n_features + 1) + d->feature];
        ken_column_format(d->column, rows[i], p->text, sizeof p->text);
    }
    qsort(d->point, (size_t)d->n, sizeof *d->point, dependence_compare);
    return KEN_OK;
}

static int dependence_json(cli *c, const ken_model *m, const dependence *d) {
    const ken_shap_view *v = ken_shap_get(d->shap);
    char text[64];
    cli_json j;
    cli_json_begin(c, &j);
    KEN_JSON(&j.w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(&j.w, "explains", string, "dependence");
    KEN_JSON(&j.w, "column", string, d->column->name);
    if (d->other) KEN_JSON(&j.w, "with", string, d->other->name);
    if (v->n_outputs > 1) KEN_JSON(&j.w, "explained_class", string, ken_model_class(m, d->output));
    KEN_JSON(&j.w, "unit", string, v->unit);
    ken_json_put_key(&j.w, "points");
    ken_json_array(&j.w);
    for (int64_t i = 0; i < d->n; i++) {
        const dependence_point *p = &d->point[i];
        ken_json_object(&j.w);
        KEN_JSON(&j.w, "row", i64, p->row + 1);
        ken_json_put_key(&j.w, "value");
        if (isnan(p->x))
            ken_json_put_string(&j.w, p->text);
        else
            ken_json_put_f64(&j.w, p->x);
        KEN_JSON(&j.w, "contribution", f64, p->y);
        if (d->other) KEN_JSON(&j.w, "with_value", string, ken_column_format(d->other, p->row, text, sizeof text));
        ken_json_end_object(&j.w);
    }
    ken_json_end_array(&j.w);
    return cli_json_end(c, &j);
}

/* Rows [begin, end) that are shown as one: the same value, or a twelfth of the numbers. */
static int64_t dependence_group(const dependence *d, int64_t begin) {
    const int64_t least = d->column->dtype == KEN_CATEGORY || d->column->dtype == KEN_STRING ? 1 : d->n / DEPENDENCE_SHOWN;
    int64_t end = begin + 1;
    while (end < d->n && (end - begin < least || strcmp(d->point[end].text, d->point[end - 1].text) == 0) &&
           isnan(d->point[end].x) == isnan(d->point[begin].x))
        end++;
    if (d->n - end < least / 2 && isnan(d->point[d->n - 1].x) == isnan(d->point[begin].x)) return d->n; /* a crumb */
    return end;
}

static int dependence_show(const ken_model *m, const dependence *d) {
    static const char *const titles[] = {"", "rows>", "least>", "mean>", "most>", ""};
    const ken_shap_view *v = ken_shap_get(d->shap);
    char rows[32], of[160] = "";
    double largest = 1e-300;
    cli_grid g;
    if (ken_model_n_classes(m)) snprintf(of, sizeof of, " of '%s'", ken_model_class(m, v->n_outputs > 1 ? d->output : 1));
    printf("\n%s%s%s  what it added\n%sTo the %s%s, at its values, over %s rows", cli_style(stdout, "1"), d->column->name,
           cli_style(stdout, "0"), cli_style(stdout, "2"), v->unit, of, cli_count_text(d->n, rows));
    if (d->other) printf("; where that differs at one value it goes most with %s", d->other->name);
    printf("%s\n\n", cli_style(stdout, "0"));
    for (int64_t i = 0; i < d->n; i++) largest = fmax(largest, fabs(d->point[i].y));
    cli_grid_begin(&g, 6, titles);
    for (int64_t begin = 0, end, shown = 0; begin < d->n && shown < 40; begin = end, shown++) {
        double least = INFINITY, most = -INFINITY, sum = 0;
        char number[4][32], bar[160];
        end = dependence_group(d, begin);
        for (int64_t i = begin; i < end; i++) {
            const double y = d->point[i].y;
            least = fmin(least, y), most = fmax(most, y), sum += y;
        }
        const char *const text = d->point[begin + (end - begin) / 2].text;
        const double mean = sum / (double)(end - begin);
        const char *cells[] = {*text ? text : "(missing)", cli_count_text(end - begin, number[0]),
                               cli_number_text(least, number[1]), cli_number_text(mean, number[2]),
                               cli_number_text(most, number[3]), cli_bar(fabs(mean) / largest, 20, bar)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
    return CLI_DONE;
}

int explain_dependence_run(cli *c, const ken_model *m, const explain_page *page, const char *column) {
    dependence d;
    memset(&d, 0, sizeof d);
    if (dependence_feature(m, column, &d.feature) != CLI_DONE) return CLI_USAGE;
    const ken_mark mark = ken_scratch_mark(c->ctx);
    ken_status status = dependence_measure(c, m, page->table, &d);
    const ken_report_asked asked = {.dependence = d.shap, .dependence_table = page->table, .column = d.feature,
                                    .partner = d.partner, .output = d.output};
    if (status == KEN_OK) status = explain_write_page(c, m, page, &asked);
    const int result = status != KEN_OK ? cli_failed(c, status) : c->json ? dependence_json(c, m, &d) : dependence_show(m, &d);
    ken_shap_free(d.shap);
    ken_scratch_release(c->ctx, mark);
    return result;
}
