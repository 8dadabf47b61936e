/* ken explain --effect, --ale: how the answer moves with one or two columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explain.h"
#include "ken/core/alloc.h"
#include "ken/explain/ale/ale.h"
#include "ken/explain/effect/effect.h"

#define SHAPES_WIDTH 36

/* A curve or a plane over labels: what all of them have in common. */
typedef struct shape {
    const ken_effect_axis *axis[2];
    int n_axes, n_outputs;
    const double *value; /* (n_outputs, n of axis 0 [, n of axis 1]) */
    bool centered;       /* about 0: the drawing shows where that is */
    const char *name, *how, *unit;
} shape;

/* --- arguments -------------------------------------------------------------------------------------------- */
static const char *shapes_feature_at(void *m, int j) { return ken_model_feature(m, j); }

static int shapes_feature(const ken_model *m, const char *name, int *out) {
    const int d = ken_model_n_features(m);
    char hint[160];
    for (*out = 0; *out < d; (*out)++)
        if (strcmp(ken_model_feature(m, *out), name) == 0) return CLI_DONE;
    const char *near = ken_nearest_name(name, d, shapes_feature_at, (void *)(uintptr_t)m);
    if (near)
        snprintf(hint, sizeof hint, "did you mean '%s'?", near);
    else
        snprintf(hint, sizeof hint, "'ken models FILE.ken' lists the columns");
    return cli_wrong(hint, "the model has no column '%s'", name);
}

/* "A" or "A,B"; a name that holds a comma itself is found as a whole. */
static int shapes_columns(const ken_model *m, const char *text, int *features, int *n) {
    char first[256];
    const char *comma = strchr(text, ',');
    *n = 1;
    for (int j = 0; j < ken_model_n_features(m); j++)
        if (strcmp(ken_model_feature(m, j), text) == 0) comma = NULL;
    if (!comma) return shapes_feature(m, text, &features[0]);
    snprintf(first, sizeof first, "%.*s", (int)(comma - text), text);
    *n = 2;
    const int status = shapes_feature(m, first, &features[0]);
    return status == CLI_DONE ? shapes_feature(m, comma + 1, &features[1]) : status;
}

static int64_t shapes_count(const shape *s) { return s->axis[0]->n * (s->n_axes == 2 ? s->axis[1]->n : 1); }

static double shapes_range(const shape *s, int output, double *low, double *high) {
    const int64_t n = shapes_count(s);
    *low = INFINITY, *high = -INFINITY;
    for (int64_t g = 0; g < n; g++) {
        const double v = s->value[output * n + g];
        if (!isfinite(v)) continue;
        *low = KEN_MIN(*low, v), *high = KEN_MAX(*high, v);
    }
    return *high - *low;
}

/* --class, or of several classes the one that moves most. */
static int shapes_output(const cli *c, const ken_model *m, const shape *s, int *output) {
    const char *name = cli_value(c, "class");
    double most = -1, low, high;
    *output = 0;
    if (s->n_outputs == 1) return CLI_DONE;
    for (int k = 0; k < s->n_outputs; k++) {
        const double range = shapes_range(s, k, &low, &high);
        if (name ? strcmp(ken_model_class(m, k), name) == 0 : range > most) *output = k, most = range;
    }
    if (name && most < 0) return cli_wrong("'ken models FILE.ken' lists the classes", "there is no class '%s'", name);
    return CLI_DONE;
}

/* --- pictures --------------------------------------------------------------------------------------------- */
/* A dot at its place between low and high, and a mark where 0 is. */
static const char *shapes_dot(double v, double low, double high, bool zero, char *buf) {
    const double wide = high > low ? high - low : 1;
    const int at = (int)((v - low) / wide * (SHAPES_WIDTH - 1) + 0.5);
    const int mark = zero && low <= 0 && high >= 0 ? (int)(-low / wide * (SHAPES_WIDTH - 1) + 0.5) : -1;
    char *end = buf;
    *end = 0;
    if (!isfinite(v)) return buf;
    for (int i = 0; i < SHAPES_WIDTH && i <= KEN_MAX(at, mark); i++)
        end = stpcpy(end, i == at ? "●" : i == mark ? "┊" : " ");
    return buf;
}

static void shapes_curve(const shape *s, int output) {
    const char *const titles[] = {s->axis[0]->name, s->unit, ""};
    const double *value = s->value + output * shapes_count(s);
    double low, high;
    char number[32], dots[4 * SHAPES_WIDTH + 8], title[80];
    cli_grid g;
    shapes_range(s, output, &low, &high);
    snprintf(title, sizeof title, "%s>", titles[1]);
    const char *const heads[] = {titles[0], title, ""};
    cli_grid_begin(&g, 3, heads);
    for (int64_t i = 0; i < s->axis[0]->n; i++) {
        const char *cells[] = {s->axis[0]->label[i], cli_number_text(value[i], number),
                               shapes_dot(value[i], low, high, s->centered, dots)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

/* A plane in five shades; the second column runs to the right. */
static void shapes_plane(const shape *s, int output) {
    static const char *const shades[] = {"··", "░░", "▒▒", "▓▓", "██"};
    const int64_t n = s->axis[0]->n, m = s->axis[1]->n;
    const double *value = s->value + output * n * m;
    double low, high;
    char a[32], b[32], cut[64];
    int wide = ken_utf8_width(s->axis[0]->name, strlen(s->axis[0]->name));
    const double range = shapes_range(s, output, &low, &high);
    for (int64_t i = 0; i < n; i++) wide = KEN_MAX(wide, ken_utf8_width(s->axis[0]->label[i], strlen(s->axis[0]->label[i])));
    wide = KEN_MIN(wide, 24);
    for (int64_t i = n - 1; i >= 0; i--) {
        const char *label = cli_text_cut(s->axis[0]->label[i], wide, cut, sizeof cut);
        printf("  %*s%s │", wide - ken_utf8_width(label, strlen(label)), "", label);
        for (int64_t j = 0; j < m; j++) {
            const double v = value[i * m + j];
            const int shade = range > 0 ? (int)KEN_MIN((v - low) / range * 5, 4) : 2;
            fputs(isfinite(v) ? shades[shade] : "  ", stdout);
        }
        putchar('\n');
    }
    printf("  %*s └", wide, "");
    for (int64_t j = 0; j < m; j++) fputs("──", stdout);
    printf("\n  %*s  %s  %s → %s\n", wide, "", s->axis[1]->label[0], s->axis[1]->name, s->axis[1]->label[m - 1]);
    printf("\n  %s: %s %s to %s %s\n", s->unit, shades[0], cli_number_text(low, a), shades[4], cli_number_text(high, b));
}

static int shapes_show(const cli *c, const ken_model *m, const shape *s) {
    int output;
    const int status = shapes_output(c, m, s, &output);
    const int k = ken_model_n_classes(m);
    if (status != CLI_DONE) return status;
    printf("\n%s%s%s%s%s%s\n%s%s", cli_style(stdout, "1"), s->axis[0]->name, s->n_axes == 2 ? " and " : "",
           s->n_axes == 2 ? s->axis[1]->name : "", cli_style(stdout, "0"), s->name, cli_style(stdout, "2"), s->how);
    if (k > 1) printf("; class '%s'", ken_model_class(m, s->n_outputs > 1 ? output : 1));
    printf("%s\n\n", cli_style(stdout, "0"));
    if (s->n_axes == 1)
        shapes_curve(s, output);
    else
        shapes_plane(s, output);
    return CLI_DONE;
}

/* --- JSON --------------------------------------------------------------------------------------------------- */
static ken_report_shape shapes_result(const shape *s) {
    return (ken_report_shape){.axis = {s->axis[0], s->axis[1]}, .n_axes = s->n_axes, .n_outputs = s->n_outputs,
                              .value = s->value, .unit = s->unit};
}

/* --- partial dependence ------------------------------------------------------------------------------------- */
static int shapes_compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle of centered single rows and where 8 of 10 of them lie, point by point. */
static int effect_show_rows(cli *c, const ken_model *m, const ken_effect_view *v) {
    static const char *const heads[] = {"", "10 %>", "middle>", "90 %>", ""};
    const int64_t n = v->axis[0].n, k = v->n_ice;
    double *cell = NULL, *spread = NULL, low = 0, high = 0;
    const ken_mark mark = ken_scratch_mark(c->ctx);
    ken_status status = KEN_SCRATCH(c->ctx, double, k, &cell);
    if (status == KEN_OK) status = KEN_SCRATCH(c->ctx, double, 3 * n, &spread);
    if (status != KEN_OK) return cli_failed(c, status);
    for (int64_t g = 0; g < n; g++) {
        for (int64_t r = 0; r < k; r++) cell[r] = v->ice[r * n + g];
        qsort(cell, (size_t)k, sizeof *cell, shapes_compare);
        for (int q = 0; q < 3; q++) spread[3 * g + q] = cell[(q == 0 ? 1 : q == 1 ? 5 : 9) * (k - 1) / 10];
        low = fmin(low, spread[3 * g]), high = fmax(high, spread[3 * g + 2]);
    }
    printf("\n%s%lld single rows, as differences to their answer at %s%s%s%s\n\n", cli_style(stdout, "2"), (long long)k,
           v->axis[0].label[0], v->n_outputs > 1 ? "; class " : "",
           v->n_outputs > 1 ? ken_model_class(m, v->ice_output) : "", cli_style(stdout, "0"));
    cli_grid g;
    cli_grid_begin(&g, 5, heads);
    for (int64_t i = 0; i < n; i++) {
        char number[3][32], band[4 * SHAPES_WIDTH + 8], *end = band;
        int at[3];
        for (int q = 0; q < 3; q++)
            at[q] = (int)((spread[3 * i + q] - low) / (high > low ? high - low : 1) * (SHAPES_WIDTH - 1) + 0.5);
        *end = 0;
        for (int x = 0; x <= at[2]; x++) end = stpcpy(end, x == at[1] ? "●" : x < at[0] ? " " : "─");
        const char *cells[] = {v->axis[0].label[i], cli_number_text(spread[3 * i], number[0]),
                               cli_number_text(spread[3 * i + 1], number[1]), cli_number_text(spread[3 * i + 2], number[2]),
                               band};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
    ken_scratch_release(c->ctx, mark);
    return CLI_DONE;
}

static int effect_show(cli *c, const ken_model *m, const ken_effect_view *v) {
    char how[160], rows[32];
    const bool walk = v->method == KEN_EFFECT_RECURSION;
    snprintf(how, sizeof how, walk ? "mean of the trees over the training rows, by their covers (recursion)"
                                   : "mean over %s rows with the column set to each value (brute)",
             cli_count_text(v->rows, rows));
    const shape s = {.axis = {&v->axis[0], &v->axis[1]}, .n_axes = v->n_axes, .n_outputs = v->n_outputs,
                     .value = v->mean, .name = "  partial dependence", .how = how, .unit = v->unit};
    if (!c->json) {
        const int status = shapes_show(c, m, &s);
        return status == CLI_DONE && v->n_ice ? effect_show_rows(c, m, v) : status;
    }
    cli_json j;
    cli_json_begin(c, &j);
    KEN_JSON(&j.w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(&j.w, "explains", string, "effect");
    KEN_JSON(&j.w, "method", string, walk ? "recursion" : "brute");
    KEN_JSON(&j.w, "rows", i64, v->rows);
    const ken_report_shape result = shapes_result(&s);
    ken_report_json_shape(m, &result, &j.w);
    if (v->n_ice) {
        if (v->n_outputs > 1) KEN_JSON(&j.w, "centered_rows_class", string, ken_model_class(m, v->ice_output));
        ken_json_put_key(&j.w, "centered_rows");
        ken_json_array(&j.w);
        for (int64_t r = 0; r < v->n_ice; r++) ken_report_json_points(&result, v->ice + r * v->axis[0].n, &j.w);
        ken_json_end_array(&j.w);
    }
    return cli_json_end(c, &j);
}

int explain_effect_run(cli *c, const ken_model *m, const explain_page *page, const char *columns) {
    static const char *const methods[] = {"auto", "brute", "recursion"};
    const char *method = cli_value(c, "method");
    ken_effect_params p = KEN_EFFECT_DEFAULTS;
    ken_effect *effect = NULL;
    int features[2], n;
    const int status = shapes_columns(m, columns, features, &n);
    if (status != CLI_DONE) return status;
    for (int i = 0; i < KEN_COUNT(methods); i++)
        if (method && strcmp(methods[i], method) == 0) p.method = (ken_effect_method)i;
    p.n_ice = 0;
    if (cli_flag(c, "ice")) {
        if (n == 2) return cli_wrong("ask for one column", "--ice shows single rows along one column, not two");
        p.n_ice = 60, p.center = true;
        for (int k = 0; cli_value(c, "class") && k < ken_model_n_classes(m); k++)
            if (strcmp(ken_model_class(m, k), cli_value(c, "class")) == 0) p.output = k;
    }
    p.grid = n == 2 ? 16 : 20;
    if (!cli_integer(c, "grid", p.grid, 2, 1000, &p.grid)) return CLI_USAGE;
    ken_status done = ken_explain_effect(c->ctx, m, page->table, features, n, &p, &effect);
    if (done == KEN_OK) done = explain_write_page(c, m, page, &(const ken_report_asked){.effect = effect});
    const int result = done == KEN_OK ? effect_show(c, m, ken_effect_get(effect)) : cli_failed(c, done);
    ken_effect_free(effect);
    return result;
}

/* --- accumulated local effects ------------------------------------------------------------------------------ */
static int ale_show(cli *c, const ken_model *m, const ken_ale_view *v) {
    const bool two = v->n_axes == 2, classes = ken_model_n_classes(m) > 0;
    const int64_t bins = v->axis[0].n - (v->axis[0].dtype != KEN_CATEGORY), cells = bins * (two ? v->axis[1].n - 1 : 1);
    char how[200], rows[32];
    snprintf(how, sizeof how, two ? "what they do together, beyond what each does alone; %s rows, %lld of %lld cells empty"
                                  : "steps of the %s rows near each value, added up; mean 0",
             cli_count_text(v->rows, rows), (long long)v->empty, (long long)cells);
    const shape s = {.axis = {&v->axis[0], &v->axis[1]}, .n_axes = v->n_axes, .n_outputs = v->n_outputs,
                     .value = v->value, .centered = true, .name = "  accumulated local effects", .how = how,
                     .unit = classes ? "probability" : "value"};
    if (!c->json) return shapes_show(c, m, &s);
    cli_json j;
    cli_json_begin(c, &j);
    KEN_JSON(&j.w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(&j.w, "explains", string, "ale");
    KEN_JSON(&j.w, "rows", i64, v->rows);
    const ken_report_shape result = shapes_result(&s);
    ken_report_json_shape(m, &result, &j.w);
    ken_json_put_key(&j.w, "counts"); /* by bin or level; two columns: row by row of the cells */
    ken_json_array(&j.w);
    for (int64_t i = 0; i < cells; i++) ken_json_put_i64(&j.w, v->count[i]);
    ken_json_end_array(&j.w);
    return cli_json_end(c, &j);
}

int explain_ale_run(cli *c, const ken_model *m, const explain_page *page, const char *columns) {
    ken_ale_params p = KEN_ALE_DEFAULTS;
    ken_ale *ale = NULL;
    int features[2], n;
    const int status = shapes_columns(m, columns, features, &n);
    if (status != CLI_DONE) return status;
    if (!cli_integer(c, "grid", n == 2 ? 12 : 20, 1, 1000, &p.bins)) return CLI_USAGE;
    ken_status done = ken_explain_ale(c->ctx, m, page->table, features, n, &p, &ale);
    if (done == KEN_OK) done = explain_write_page(c, m, page, &(const ken_report_asked){.ale = ale});
    const int result = done == KEN_OK ? ale_show(c, m, ken_ale_get(ale)) : cli_failed(c, done);
    ken_ale_free(ale);
    return result;
}
