/* ken explain --shap-interactions: a prediction divided among columns and pairs of them; of one row with --row,
 * else the mean sizes over the table's rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explain.h"
#include "ken/core/alloc.h"
#include "ken/explain/shap/shap.h"

#define PAIRS_ROWS 2000
#define PAIRS_SHOWN 12

/* A column alone (a = b), or what two do together: both halves. */
typedef struct pairs_part {
    int a, b;
    double value;
} pairs_part;

typedef struct pairs_all {
    ken_shap_pairs *shap;
    const ken_shap_pairs_view *v;
    pairs_part *alone, *together;
    int n_alone, n_together, output;
    int64_t row; /* from 0; -1: all rows */
} pairs_all;

static const char *pairs_name(const ken_model *m, int j) {
    return j == ken_model_n_features(m) ? "(several columns)" : ken_model_feature(m, j);
}

static int pairs_compare(const void *x, const void *y) {
    const pairs_part *p = x, *q = y;
    const double u = fabs(p->value), w = fabs(q->value);
    if (u != w) return u < w ? 1 : -1;
    return p->a != q->a ? p->a - q->a : p->b - q->b;
}

/* Of one row what it is, of many how large it is. */
static const double *pairs_matrix(const pairs_all *p, int output) {
    const int64_t d = p->v->n_features + 1;
    return (p->row >= 0 ? p->v->value : p->v->size) + output * d * d;
}

static double pairs_strength(const pairs_all *p, int output) {
    const int64_t d = p->v->n_features + 1;
    const double *const matrix = pairs_matrix(p, output);
    double sum = 0;
    for (int64_t i = 0; i < d * d; i++) sum += i % (d + 1) ? fabs(matrix[i]) : 0;
    return sum;
}

/* --class; else the class that is predicted for the row, else the one whose columns do most together. */
static ken_status pairs_output(cli *c, const ken_model *m, const ken_table *table, pairs_all *p) {
    const char *const name = cli_value(c, "class");
    ken_table *one = NULL;
    double predicted, most = -1;
    if (p->v->n_outputs == 1) return KEN_OK;
    if (!name && p->row >= 0) {
        KEN_TRY(ken_table_take(c->ctx, table, &p->row, 1, &one));
        ken_tensor t = ken_tensor_2d(&predicted, KEN_F64, 1, 1);
        const ken_status status = ken_model_predict(c->ctx, m, one, KEN_WHAT_VALUE, &t);
        ken_table_free(one);
        p->output = status == KEN_OK ? (int)predicted : 0;
        return status;
    }
    for (int k = 0; k < p->v->n_outputs; k++) {
        const double strength = pairs_strength(p, k);
        if (name ? strcmp(ken_model_class(m, k), name) == 0 : strength > most) p->output = k, most = strength;
    }
    if (name && most < 0)
        return KEN_FAIL(c->ctx, KEN_E_ARG, "'ken models FILE.ken' lists the classes", "there is no class '%s'", name);
    return KEN_OK;
}

static ken_status pairs_measure(cli *c, const ken_model *m, const ken_table *table, pairs_all *p) {
    const int64_t all = ken_table_rows(table), n = p->row >= 0 ? 1 : KEN_MIN(all, PAIRS_ROWS);
    int64_t *rows;
    KEN_TRY(KEN_SCRATCH(c->ctx, int64_t, n, &rows));
    for (int64_t i = 0; i < n; i++) rows[i] = p->row >= 0 ? p->row : i * all / n; /* at even steps */
    KEN_TRY(ken_explain_shap_pairs(c->ctx, m, table, rows, n, &p->shap));
    p->v = ken_shap_pairs_get(p->shap);
    KEN_TRY(pairs_output(c, m, table, p));
    const int d = p->v->n_features + (p->v->other ? 1 : 0), width = p->v->n_features + 1;
    const double *const matrix = pairs_matrix(p, p->output);
    KEN_TRY(KEN_SCRATCH(c->ctx, pairs_part, d, &p->alone));
    KEN_TRY(KEN_SCRATCH(c->ctx, pairs_part, (int64_t)d * d / 2 + 1, &p->together));
    for (int a = 0; a < d; a++) {
        p->alone[p->n_alone++] = (pairs_part){a, a, matrix[(int64_t)a * width + a]};
        for (int b = a + 1; b < d; b++)
            p->together[p->n_together++] = (pairs_part){a, b, 2 * matrix[(int64_t)a * width + b]};
    }
    qsort(p->alone, (size_t)p->n_alone, sizeof *p->alone, pairs_compare);
    qsort(p->together, (size_t)p->n_together, sizeof *p->together, pairs_compare);
    return KEN_OK;
}

static void pairs_list_json(ken_json_writer *w, const ken_model *m, const char *key, const pairs_part *part, int n,
                            const char *value) {
    ken_json_put_key(w, key);
    ken_json_array(w);
    for (int i = 0; i < n; i++) {
        ken_json_object(w);
        KEN_JSON(w, "feature", string, pairs_name(m, part[i].a));
        if (part[i].b != part[i].a) KEN_JSON(w, "with", string, pairs_name(m, part[i].b));
        KEN_JSON(w, value, f64, part[i].value);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
}

static int pairs_json(cli *c, const ken_model *m, const pairs_all *p) {
    const char *const value = p->row >= 0 ? "contribution" : "mean_size";
    cli_json j;
    cli_json_begin(c, &j);
    ken_json_writer *const w = &j.w;
    KEN_JSON(w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(w, "explains", string, "shap-interactions");
    if (p->row >= 0)
        KEN_JSON(w, "row", i64, p->row + 1);
    else
        KEN_JSON(w, "rows", i64, p->v->n);
    if (ken_model_n_classes(m))
        KEN_JSON(w, "explained_class", string, ken_model_class(m, p->v->n_outputs > 1 ? p->output : 1));
    KEN_JSON(w, "unit", string, p->v->unit);
    KEN_JSON(w, "base", f64, p->v->base[p->output]);
    pairs_list_json(w, m, "alone", p->alone, p->n_alone, value);
    pairs_list_json(w, m, "pairs", p->together, p->n_together, value);
    return cli_json_end(c, &j);
}

static void pairs_list(const ken_model *m, const pairs_part *part, int n, bool sign) {
    static const char *const alone[] = {"column alone", ">", ""}, *const both[] = {"two together", ">", ""};
    cli_grid g;
    const double largest = n ? fmax(fabs(part[0].value), 1e-300) : 1;
    cli_grid_begin(&g, 3, n && part[0].a != part[0].b ? both : alone);
    for (int i = 0; i < n && i < PAIRS_SHOWN; i++) {
        char name[256], number[32], amount[40], bar[160];
        const bool pair = part[i].a != part[i].b;
        snprintf(name, sizeof name, "%s%s%s", pairs_name(m, part[i].a), pair ? " × " : "",
                 pair ? pairs_name(m, part[i].b) : "");
        snprintf(amount, sizeof amount, "%s%s", sign && part[i].value >= 0 ? "+" : "", cli_number_text(part[i].value, number));
        const char *cells[] = {name, amount, cli_bar(fabs(part[i].value) / largest, 24, bar)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

static int pairs_show(const cli *c, const ken_model *m, const pairs_all *p) {
    const char *bold = cli_style(stdout, "1"), *dim = cli_style(stdout, "2"), *plain = cli_style(stdout, "0");
    char rows[32], of[160] = "";
    if (ken_model_n_classes(m))
        snprintf(of, sizeof of, " of '%s'", ken_model_class(m, p->v->n_outputs > 1 ? p->output : 1));
    if (p->row >= 0)
        printf("\n%sRow %lld, columns alone and together%s\n%sAll of it, from the start %s, adds up to the %s%s%s\n\n", bold,
               (long long)p->row + 1, plain, dim, cli_number_text(p->v->base[p->output], rows), p->v->unit, of, plain);
    else
        printf("\n%sColumns alone and together%s\n%sMean size of what they add to the %s%s, over %s rows%s\n\n", bold, plain, dim,
               p->v->unit, of, cli_count_text(p->v->n, rows), plain);
    pairs_list(m, p->alone, p->n_alone, p->row >= 0);
    if (p->n_together) putchar('\n');
    if (p->n_together) pairs_list(m, p->together, p->n_together, p->row >= 0);
    if (p->n_together && p->together[0].value != 0 && p->together[0].b < p->v->n_features)
        printf("\n  next: ken explain %s %s --effect '%s,%s'   what the strongest pair does\n", c->arguments[0],
               c->arguments[1], pairs_name(m, p->together[0].a), pairs_name(m, p->together[0].b));
    return CLI_DONE;
}

int explain_pairs_run(cli *c, const ken_model *m, const ken_table *table, int64_t row) {
    pairs_all p;
    memset(&p, 0, sizeof p);
    p.row = row - 1;
    const ken_mark mark = ken_scratch_mark(c->ctx);
    const ken_status status = pairs_measure(c, m, table, &p);
    const int result = status != KEN_OK ? cli_failed(c, status) : c->json ? pairs_json(c, m, &p) : pairs_show(c, m, &p);
    ken_shap_pairs_free(p.shap);
    ken_scratch_release(c->ctx, mark);
    return result;
}
