#include "ken/report/figures_common.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- permutation importance ------------------------------------------------------------------------ */

ken_status ken_figure_permutation(ken_ctx *ctx, const ken_model *model,
                                  const ken_permutation_info *info,
                                  const ken_permutation_row *rows, int n, ken_json_writer *w) {
    ken__figure_data data;
    char height[32];
    ken_text title = ken_text_new(ctx);
    const char *x = NULL;
    const int m = KEN_MIN(n, 30);
    ken_text_addf(&title, "%s in %s when shuffled",
                  info && !info->higher_is_better ? "growth" : "loss",
                  info ? ken__figure_metric(info->metric) : "score");
    ken_status status = ken_text_end(&title, &x);
    ken__figure_data_begin(ctx, &data);
    for (int i = 0; i < m; i++) {
        ken__figure_row(&data);
        ken__figure_string(&data, "f", ken_model_feature(model, rows[i].feature));
        ken__figure_value(&data, "m", rows[i].mean);
        ken__figure_value(&data, "l", rows[i].mean - rows[i].sd);
        ken__figure_value(&data, "h", rows[i].mean + rows[i].sd);
        ken__figure_value(&data, "s", rows[i].sd);
    }
    ken_format_i64(KEN_MAX(2, m) * 25 + 40, height);
    if (status == KEN_OK)
        status = ken__figure_end(
            ctx, &data,
            "'width':'container','height':@0,'description':'Permutation importance','data':@d,"
            "'encoding':{'y':{'field':'f','type':'nominal','sort':null,'title':null,"
            "'axis':{'domain':false,'ticks':false,'grid':false,'labelPadding':6}}},'layer':["
            "{'mark':{'type':'bar','height':{'band':0.62},'cornerRadiusEnd':2},'encoding':{"
            "'x':{'field':'m','type':'quantitative','title':$0,'axis':{'tickCount':5}},"
            "'tooltip':[{'field':'f','title':'column'},{'field':'m','title':'mean','format':'.4~g'},"
            "{'field':'s','title':'standard deviation','format':'.2~g'}]}},"
            "{'mark':{'type':'rule','style':'ken-error'},'encoding':{"
            "'x':{'field':'l','type':'quantitative'},'x2':{'field':'h'}}}]",
            (const char *const[]){x}, (const char *const[]){height}, w);
    else
        ken_text_free(&data.text);
    ken_text_free(&title);
    return status;
}

/* --- effects ----------------------------------------------------------------------------------------- */

static double effect_place(const ken_effect_axis *axis, double value) {
    return axis->dtype == KEN_TIME ? value / 1000 : value; /* Vega counts milliseconds */
}

static bool effect_is_named(const ken_effect_axis *axis) {
    return axis->dtype == KEN_CATEGORY || axis->dtype == KEN_BOOL || axis->dtype == KEN_STRING ||
           (axis->dtype == KEN_I64 && axis->n <= 4);
}

/* Rows "k": "mean" or "one"; x, y; c the class; i the single row. */
static void effect_rows(const ken_effect_view *v, const char *const *classes,
                        ken__figure_data *data) {
    const ken_effect_axis *axis = &v->axis[0];
    const bool named = effect_is_named(axis);
    const int64_t lines = v->n_outputs > 1 ? 0 : KEN_MIN(v->n_ice, (int64_t)40);
    for (int64_t r = 0; r < lines + v->n_outputs; r++) {
        const bool one = r < lines;
        const double *y = one ? v->ice + ken__figure_pick(r, lines, v->n_ice) * axis->n
                              : v->mean + (r - lines) * axis->n;
        for (int64_t g = 0; g < axis->n; g++) {
            ken__figure_row(data);
            if (named)
                ken__figure_string(data, "x", axis->label[g]);
            else
                ken__figure_value(data, "x", effect_place(axis, axis->value[g]));
            ken__figure_value(data, "y", y[g]);
            ken__figure_string(data, "k", one ? "one" : "mean");
            if (one)
                ken__figure_value(data, "i", (double)r);
            else if (classes)
                ken__figure_string(data, "c", classes[r - lines]);
        }
    }
    for (int64_t q = 0; q < axis->n_marks && !named; q++) {
        ken__figure_row(data);
        ken__figure_value(data, "x", effect_place(axis, axis->marks[q]));
        ken__figure_string(data, "k", "rug");
    }
}

#define EFFECT_NUMBER                                                                              \
    "'width':'container','height':150,'description':'Effect','data':@d,"                           \
    "'encoding':{'x':{'field':'x','type':'@0','title':null,'scale':{'zero':false,'nice':false},"    \
    "'axis':{'tickCount':4,'grid':false}}},'layer':["                                              \
    "@5"                                                                                           \
    "{'transform':[{'filter':'datum.k === `mean`'}],'mark':{'type':'line','strokeWidth':2.6,'clip':true},"      \
    "'encoding':{'y':{'field':'y','type':'quantitative','title':$0,'scale':{'zero':false@1},"       \
    "'axis':{'tickCount':4,'titleLimit':150}}@2}},"                                                                 \
    "{'transform':[{'filter':'datum.k === `mean`'}],'mark':{'type':'point','opacity':0,'size':80,"  \
    "'tooltip':true},'encoding':{'y':{'field':'y','type':'quantitative'},'tooltip':["               \
    "{'field':'x','type':'@0','title':$1},{'field':'y','title':$0,'format':'.4~g'}]}},"             \
    "{'transform':[{'filter':'datum.k === `rug`'}],'mark':{'type':'tick','style':'ken-rug',"        \
    "'height':6,'width':1,'yOffset':-4},'encoding':{'y':{'value':'height'}}}]"
#define EFFECT_NAMED                                                                               \
    "'width':'container','height':@3,'description':'Effect','data':@d,"                            \
    "'encoding':{'y':{'field':'x','type':'nominal','sort':null,'title':null,"                      \
    "'axis':{'labelLimit':90,'domain':false,'ticks':false}}},'layer':["                            \
    "@5"                                                                                           \
    "{'transform':[{'filter':'datum.k === `mean`'}],'mark':{'type':'point','style':'ken-dot',"      \
    "'tooltip':true},'encoding':{'x':{'field':'y','type':'quantitative','title':$0,"                \
    "'scale':{'zero':false@1},'axis':{'tickCount':4}},"                                            \
    "'tooltip':[{'field':'x','title':$1},{'field':'y','title':$0,'format':'.4~g'}]@4}}]"

ken_status ken_figure_effect(ken_ctx *ctx, const ken_effect_view *v, const char *answer,
                             const char *const *classes, double low, double high,
                             ken_json_writer *w) {
    const ken_effect_axis *axis = &v->axis[0];
    ken__figure_data data;
    char domain[160] = "", height[32], a[64], b[64];
    const char *color = "", *fill = "";
    if (isfinite(low) && isfinite(high) && low < high) {
        ken_format_f64_digits(low, 5, a);
        ken_format_f64_digits(high, 5, b);
        snprintf(domain, sizeof domain, ",\"domain\":[%.60s,%.60s]", a, b);
    }
    if (classes && v->n_outputs > 1) {
        color = ",\"color\":{\"field\":\"c\",\"type\":\"nominal\",\"title\":null,\"sort\":null}";
        fill = ",\"fill\":{\"field\":\"c\",\"type\":\"nominal\",\"title\":null,\"sort\":null}";
    }
    const char *one = v->n_outputs > 1 || !v->n_ice ? ""
                      : effect_is_named(axis)
                          ? "{\"transform\":[{\"filter\":\"datum.k === 'one'\"}],\"mark\":{\"type\":"
                            "\"tick\",\"style\":\"ken-tick\",\"thickness\":1,\"clip\":true},"
                            "\"encoding\":{\"x\":{\"field\":\"y\",\"type\":\"quantitative\"}}},"
                          : "{\"transform\":[{\"filter\":\"datum.k === 'one'\"}],\"mark\":{\"type\":"
                            "\"line\",\"style\":\"ken-thin\",\"clip\":true},\"encoding\":{\"y\":{"
                            "\"field\":\"y\",\"type\":\"quantitative\"},\"detail\":{\"field\":\"i\"}}},";
    ken_format_i64(KEN_MAX(110, 24 * axis->n), height);
    ken__figure_data_begin(ctx, &data);
    effect_rows(v, classes, &data);
    return ken__figure_end(
        ctx, &data, effect_is_named(axis) ? EFFECT_NAMED : EFFECT_NUMBER,
        (const char *const[]){answer, axis->name},
        (const char *const[]){axis->dtype == KEN_TIME ? "temporal" : "quantitative", domain, color,
                              height, fill, one},
        w);
}

ken_status ken_figure_effect_pair(ken_ctx *ctx, const ken_effect_view *v, const char *answer,
                                  ken_json_writer *w) {
    ken__figure_data data;
    const int64_t n1 = v->n_axes == 2 ? v->axis[1].n : 0;
    ken__figure_data_begin(ctx, &data);
    for (int64_t i = 0; i < v->axis[0].n; i++)
        for (int64_t j = 0; j < n1; j++) {
            ken__figure_row(&data);
            ken__figure_string(&data, "a", v->axis[0].label[i]);
            ken__figure_string(&data, "b", v->axis[1].label[j]);
            ken__figure_value(&data, "v", v->mean[i * n1 + j]);
        }
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':300,'description':'Effect of two columns','data':@d,"
        "'mark':{'type':'rect','tooltip':true},'encoding':{"
        "'x':{'field':'a','type':'ordinal','sort':null,'title':$0,'axis':{'labelAngle':@1,'labelLimit':90,'domain':false,'ticks':false}},"
        "'y':{'field':'b','type':'ordinal','sort':null,'title':$1,'axis':{'labelLimit':90,'domain':false,'ticks':false},'scale':{'reverse':@0}},"
        "'color':{'field':'v','type':'quantitative','title':$2,'scale':{'zero':false,'range':'ramp'},'legend':{'gradientLength':160,'tickCount':4}},"
        "'tooltip':[{'field':'a','title':$0},{'field':'b','title':$1},{'field':'v','title':$2,'format':'.4~g'}]}",
        (const char *const[]){v->axis[0].name, v->n_axes == 2 ? v->axis[1].name : "", answer},
        (const char *const[]){v->n_axes == 2 && effect_is_named(&v->axis[1]) ? "false" : "true",
                              v->axis[0].n <= 5 ? "0" : "-45"},
        w);
}

/* --- Shapley values of many rows --------------------------------------------------------------------- */

enum { SWARM_BINS = 70 };

typedef struct swarm_size {
    int feature;
    double size;
} swarm_size;

static int swarm_compare(const void *a, const void *b) {
    const swarm_size *x = a, *y = b;
    if (x->size != y->size) return x->size < y->size ? 1 : -1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

static double swarm_value(const ken_shap_view *s, int64_t i, int output, int j) {
    return s->value[(i * s->n_outputs + output) * (s->n_features + 1) + j];
}

/* Columns by falling mean |value|, in scratch. */
static ken_status swarm_order(ken_ctx *ctx, const ken_shap_view *s, int output, swarm_size **out) {
    KEN_TRY(KEN_SCRATCH(ctx, swarm_size, s->n_features, out));
    for (int j = 0; j < s->n_features; j++) {
        double sum = 0;
        for (int64_t i = 0; i < s->n; i++) sum += fabs(swarm_value(s, i, output, j));
        (*out)[j] = (swarm_size){j, s->n ? sum / (double)s->n : 0};
    }
    qsort(*out, (size_t)s->n_features, sizeof **out, swarm_compare);
    return KEN_OK;
}

static int swarm_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* rank[i] in 0 .. 1 of row i's cell among the rows shown; 0.5 for text, categories and missing. */
static void swarm_ranks(const ken_shap_view *s, const ken_column *column, double *sorted,
                        double *rank) {
    int64_t m = 0;
    const bool number = column->dtype != KEN_CATEGORY && column->dtype != KEN_STRING;
    for (int64_t i = 0; i < s->n; i++) {
        const double cell = number ? ken_column_f64(column, s->row[i]) : NAN;
        if (isfinite(cell)) sorted[m++] = cell;
    }
    qsort(sorted, (size_t)m, sizeof(double), swarm_doubles);
    for (int64_t i = 0; i < s->n; i++) {
        const double cell = number ? ken_column_f64(column, s->row[i]) : NAN;
        rank[i] = 0.5;
        if (!isfinite(cell) || m < 2) continue;
        int64_t below = 0, to = m;
        while (below < to) {
            const int64_t mid = (below + to) / 2;
            if (sorted[mid] < cell)
                below = mid + 1;
            else
                to = mid;
        }
        rank[i] = (double)below / (double)(m - 1);
    }
}

/* Points of one column: piled up from the middle of the band outward, bin by bin. */
static ken_status swarm_column(ken_ctx *ctx, const ken_shap_view *s, int output, int j,
                               const ken_column *column, double far, const char *name,
                               ken__figure_data *data) {
    double *sorted = NULL, *rank = NULL;
    int count[SWARM_BINS] = {0}, most = 1, seen[SWARM_BINS] = {0};
    const int64_t m = KEN_MIN(s->n, (int64_t)(KEN_FIGURE_MARKS / 13));
    char text[64];
    KEN_TRY(KEN_SCRATCH(ctx, double, s->n, &sorted));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->n, &rank));
    swarm_ranks(s, column, sorted, rank);
    for (int pass = 0; pass < 2; pass++)
        for (int64_t k = 0; k < m; k++) {
            const int64_t i = ken__figure_pick(k, m, s->n);
            const double x = swarm_value(s, i, output, j);
            const int bin = (int)((x + far) / (2 * far) * (SWARM_BINS - 1) + 0.5);
            const int b = bin < 0 ? 0 : bin >= SWARM_BINS ? SWARM_BINS - 1 : bin;
            if (!pass) {
                most = KEN_MAX(most, ++count[b]);
                continue;
            }
            seen[b]++;
            const int place = seen[b] / 2 * (seen[b] % 2 ? 1 : -1);
            ken__figure_row(data);
            ken__figure_string(data, "f", name);
            ken__figure_value(data, "x", x);
            ken__figure_value(data, "o", 1.8 * place / KEN_MAX(most, 14));
            ken__figure_value(data, "c", rank[i]);
            ken__figure_string(data, "v",
                               ken_column_format(column, s->row[i], text, sizeof text));
        }
    return KEN_OK;
}

static ken_status swarm_fill(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                             const ken_shap_view *s, int output, const swarm_size *order, int shown,
                             ken__figure_data *data) {
    double far = 0;
    for (int64_t i = 0; i < s->n; i++)
        for (int j = 0; j < s->n_features; j++)
            far = KEN_MAX(far, fabs(swarm_value(s, i, output, j)));
    if (!(far > 0)) far = 1;
    for (int j = 0; j < shown; j++) {
        const char *name = ken_model_feature(model, order[j].feature);
        int c = 0;
        KEN_TRY(ken_table_require(ctx, table, name, &c));
        const ken_mark mark = ken_scratch_mark(ctx);
        const ken_status status = swarm_column(ctx, s, output, order[j].feature,
                                               ken_table_column(table, c), far, name, data);
        ken_scratch_release(ctx, mark);
        KEN_TRY(status);
    }
    return KEN_OK;
}

ken_status ken_figure_shap(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                           const ken_shap_view *s, int output, int n_features, ken_json_writer *w) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const int shown = KEN_MIN(KEN_MIN(n_features, 13), s->n_features);
    ken__figure_data data;
    swarm_size *order = NULL;
    char height[32];
    ken_format_i64(shown * 32 + 60, height);
    ken__figure_data_begin(ctx, &data);
    ken_status status = swarm_order(ctx, s, output, &order);
    if (status == KEN_OK) status = swarm_fill(ctx, model, table, s, output, order, shown, &data);
    if (status == KEN_OK)
        status = ken__figure_end(
            ctx, &data,
            "'width':'container','height':@0,'description':'Contributions of many rows','data':@d,'layer':["
            "{'data':{'values':[{'x':0}]},'mark':{'type':'rule','style':'ken-base'},"
            "'encoding':{'x':{'field':'x','type':'quantitative'}}},"
            "{'mark':{'type':'circle','size':20,'opacity':0.85,'clip':false},'encoding':{"
            "'y':{'field':'f','type':'nominal','sort':null,'title':null,'scale':{'paddingInner':0,'paddingOuter':0},"
            "'axis':{'domain':false,'ticks':false,'grid':false,'labelPadding':8}},"
            "'yOffset':{'field':'o','type':'quantitative','scale':{'domain':[-1,1]}},"
            "'x':{'field':'x','type':'quantitative','title':$0,'axis':{'tickCount':6}},"
            "'color':{'field':'c','type':'quantitative','title':'value of the column',"
            "'scale':{'domain':[0,0.5,1],'range':'heatmap','type':'linear','interpolate':'rgb'},"
            "'legend':{'values':[0,1],'labelExpr':'datum.value === 0 ? `low` : `high`','gradientLength':120}},"
            "'tooltip':[{'field':'f','title':'column'},{'field':'v','title':'value'},"
            "{'field':'x','title':'contribution','format':'+.3~g'}]}}]",
            (const char *const[]){!s->unit ? "contribution"
                                  : !strcmp(s->unit, "log odds") ? "contribution to the log odds"
                                  : !strcmp(s->unit, "probability")
                                      ? "contribution to the probability"
                                      : "contribution to the prediction"},
            (const char *const[]){height}, w);
    else
        ken_text_free(&data.text);
    ken_scratch_release(ctx, mark);
    return status;
}
