#include "ken/report/figures_common.h"

#include <math.h>

enum { REGRESS_MARKS = 1500, REGRESS_BINS = 31 };

static ken_status regress_check(ken_ctx *ctx, const ken_scores *s) {
    if (s->task == KEN_REGRESS && s->y && s->predicted) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_ARG, "give the answers of a regression",
                    "figure: scores of task '%s', but it shows 'regress'", ken_task_name(s->task));
}

static void regress_points(const ken_scores *s, bool residual, ken__figure_data *data) {
    const int64_t m = KEN_MIN(s->n, (int64_t)REGRESS_MARKS);
    for (int64_t i = 0; i < m; i++) {
        const int64_t row = ken__figure_pick(i, m, s->n);
        ken__figure_row(data);
        ken__figure_value(data, "x", s->predicted[row]);
        ken__figure_value(data, "y", residual ? s->y[row] - s->predicted[row] : s->y[row]);
    }
}

ken_status ken_figure_predicted(ken_ctx *ctx, const ken_scores *s, const char *target,
                                ken_json_writer *w) {
    ken__figure_data data;
    char low[64], high[64];
    double a = INFINITY, b = -INFINITY;
    KEN_TRY(regress_check(ctx, s));
    for (int64_t i = 0; i < s->n; i++) {
        a = KEN_MIN(a, KEN_MIN(s->y[i], s->predicted[i]));
        b = KEN_MAX(b, KEN_MAX(s->y[i], s->predicted[i]));
    }
    ken_format_f64_digits(isfinite(a) ? a : 0, 5, low);
    ken_format_f64_digits(isfinite(b) ? b : 1, 5, high);
    ken__figure_data_begin(ctx, &data);
    regress_points(s, false, &data);
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':320,'description':'True against predicted','data':@d,'layer':["
        "{'data':{'values':[{'v':@0},{'v':@1}]},'mark':{'type':'line','style':'ken-base'},"
        "'encoding':{'x':{'field':'v','type':'quantitative'},'y':{'field':'v','type':'quantitative'}}},"
        "{'mark':{'type':'circle','style':'ken-cloud'},'encoding':{"
        "'x':{'field':'x','type':'quantitative','title':'predicted','scale':{'zero':false},'axis':{'tickCount':6}},"
        "'y':{'field':'y','type':'quantitative','title':$0,'scale':{'zero':false},'axis':{'tickCount':6}},"
        "'tooltip':[{'field':'x','title':'predicted'},{'field':'y','title':'true'}]}}]",
        (const char *const[]){target}, (const char *const[]){low, high}, w);
}

ken_status ken_figure_residuals(ken_ctx *ctx, const ken_scores *s, const char *target,
                                ken_json_writer *w) {
    ken__figure_data data;
    (void)target;
    KEN_TRY(regress_check(ctx, s));
    ken__figure_data_begin(ctx, &data);
    regress_points(s, true, &data);
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':320,'description':'Residuals against predictions','data':@d,'layer':["
        "{'data':{'values':[{'y':0}]},'mark':{'type':'rule','style':'ken-base'},"
        "'encoding':{'y':{'field':'y','type':'quantitative'}}},"
        "{'mark':{'type':'circle','style':'ken-cloud'},'encoding':{"
        "'x':{'field':'x','type':'quantitative','title':'predicted','scale':{'zero':false},'axis':{'tickCount':6}},"
        "'y':{'field':'y','type':'quantitative','title':'true minus predicted','axis':{'tickCount':6}},"
        "'tooltip':[{'field':'x','title':'predicted'},{'field':'y','title':'true minus predicted'}]}}]",
        NULL, NULL, w);
}

ken_status ken_figure_residual_histogram(ken_ctx *ctx, const ken_scores *s, const char *target,
                                         ken_json_writer *w) {
    ken__figure_data data;
    double far = 0, count[REGRESS_BINS] = {0};
    (void)target;
    KEN_TRY(regress_check(ctx, s));
    for (int64_t i = 0; i < s->n; i++) {
        const double e = fabs(s->y[i] - s->predicted[i]);
        if (isfinite(e)) far = KEN_MAX(far, e);
    }
    if (far == 0) far = 1;
    for (int64_t i = 0; i < s->n; i++) {
        const double at = (s->y[i] - s->predicted[i] + far) / (2 * far) * REGRESS_BINS;
        if (at >= 0) count[at < REGRESS_BINS ? (int)at : REGRESS_BINS - 1]++;
    }
    ken__figure_data_begin(ctx, &data);
    for (int b = 0; b < REGRESS_BINS; b++) {
        ken__figure_row(&data);
        ken__figure_value(&data, "a", -far + 2 * far * b / REGRESS_BINS);
        ken__figure_value(&data, "b", -far + 2 * far * (b + 1) / REGRESS_BINS);
        ken__figure_value(&data, "n", count[b]);
    }
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':220,'description':'Distribution of the residuals','data':@d,'layer':["
        "{'mark':{'type':'rect'},'encoding':{"
        "'x':{'field':'a','type':'quantitative','title':'true minus predicted','axis':{'tickCount':7,'grid':false}},"
        "'x2':{'field':'b'},'y':{'field':'n','type':'quantitative','title':'rows','scale':{'zero':true},'axis':{'tickCount':4}},'y2':{'datum':0},"
        "'tooltip':[{'field':'a','title':'from','format':'.4~g'},{'field':'b','title':'to','format':'.4~g'},"
        "{'field':'n','title':'rows'}]}},"
        "{'data':{'values':[{'x':0}]},'mark':{'type':'rule','style':'ken-base'},"
        "'encoding':{'x':{'field':'x','type':'quantitative'}}}]",
        NULL, NULL, w);
}
