#include <math.h>
#include <stdio.h>

#include "ken/report/figures_common.h"

/* --- curves ---------------------------------------------------------------------------------------- */

/* The point of the curve that belongs to the threshold: the smallest t that is not below it. */
#define CLASSIFY_POINT                                                                       \
    "'transform':[{'filter':'datum.t >= threshold - 1e-9'},"                                 \
    "{'window':[{'op':'row_number','as':'r'}],'sort':[{'field':'t','order':'ascending'}]},"  \
    "{'filter':'datum.r == 1'}]"
#define CLASSIFY_SQUARE "'width':'container','height':300,"
#define CLASSIFY_SHARE(title) "'scale':{'domain':[0,1]},'axis':{'format':'.0%','tickCount':6},'title':'" title "'"

ken_status ken_figure_roc(ken_ctx *ctx, const ken_threshold_table *c, ken_json_writer *w) {
    ken__figure_data data;
    ken__figure_data_begin(ctx, &data);
    for (int64_t i = -1; i < c->n; i++) {
        ken__figure_row(&data);
        ken__figure_value(&data, "x", i < 0 || c->negative <= 0 ? 0 : c->row[i].fp / c->negative);
        ken__figure_value(&data, "y", i < 0 || c->positive <= 0 ? 0 : c->row[i].tp / c->positive);
        ken__figure_value(&data, "t", i < 0 ? 2 : c->row[i].threshold);
    }
    return ken__figure_end(
        ctx, &data, CLASSIFY_SQUARE
        "'description':'ROC curve','params':[{'name':'threshold','value':0.5}],'data':@d,'layer':["
        "{'data':{'values':[{'x':0,'y':0},{'x':1,'y':1}]},'mark':{'type':'line','style':'ken-base'},"
        "'encoding':{'x':{'field':'x','type':'quantitative'},'y':{'field':'y','type':'quantitative'}}},"
        "{'mark':{'type':'line','interpolate':'linear'},'encoding':{"
        "'x':{'field':'x','type':'quantitative'," CLASSIFY_SHARE("false alarms, share of the negative rows") "},"
        "'y':{'field':'y','type':'quantitative'," CLASSIFY_SHARE("found, share of the positive rows") "},"
        "'order':{'field':'t','sort':'descending'}}},"
        "{'mark':{'type':'point','opacity':0,'size':60,'tooltip':true},'encoding':{"
        "'x':{'field':'x','type':'quantitative'},'y':{'field':'y','type':'quantitative'},'tooltip':["
        "{'field':'t','title':'threshold','format':'.3f'},{'field':'x','title':'false alarms','format':'.1%'},"
        "{'field':'y','title':'found','format':'.1%'}]}},"
        "{" CLASSIFY_POINT ",'mark':{'type':'point','style':'ken-mark'},'encoding':{"
        "'x':{'field':'x','type':'quantitative'},'y':{'field':'y','type':'quantitative'}}}]",
        NULL, NULL, w);
}

ken_status ken_figure_precision_recall(ken_ctx *ctx, const ken_threshold_table *c,
                                       ken_json_writer *w) {
    ken__figure_data data;
    char share[64];
    const double all = c->positive + c->negative;
    ken__figure_data_begin(ctx, &data);
    for (int64_t i = 0; i < c->n; i++) {
        ken__figure_row(&data);
        ken__figure_value(&data, "x", c->positive > 0 ? c->row[i].tp / c->positive : 0);
        ken__figure_value(&data, "y", c->row[i].tp / (c->row[i].tp + c->row[i].fp));
        ken__figure_value(&data, "t", c->row[i].threshold);
    }
    ken_format_f64_digits(all > 0 ? c->positive / all : 0, 5, share);
    return ken__figure_end(
        ctx, &data, CLASSIFY_SQUARE
        "'description':'Precision and recall','params':[{'name':'threshold','value':0.5}],'data':@d,'layer':["
        "{'data':{'values':[{'y':@0}]},'mark':{'type':'rule','style':'ken-base'},"
        "'encoding':{'y':{'field':'y','type':'quantitative'}}},"
        "{'mark':{'type':'line'},'encoding':{"
        "'x':{'field':'x','type':'quantitative'," CLASSIFY_SHARE("recall: share of the positive rows found") "},"
        "'y':{'field':'y','type':'quantitative'," CLASSIFY_SHARE("precision: share of the alarms that are right") "},"
        "'order':{'field':'t','sort':'descending'}}},"
        "{'mark':{'type':'point','opacity':0,'size':60,'tooltip':true},'encoding':{"
        "'x':{'field':'x','type':'quantitative'},'y':{'field':'y','type':'quantitative'},'tooltip':["
        "{'field':'t','title':'threshold','format':'.3f'},{'field':'x','title':'recall','format':'.1%'},"
        "{'field':'y','title':'precision','format':'.1%'}]}},"
        "{" CLASSIFY_POINT ",'mark':{'type':'point','style':'ken-mark'},'encoding':{"
        "'x':{'field':'x','type':'quantitative'},'y':{'field':'y','type':'quantitative'}}}]",
        NULL, (const char *const[]){share}, w);
}

ken_status ken_figure_gain(ken_ctx *ctx, const ken_threshold_table *c, ken_json_writer *w) {
    ken__figure_data data;
    const double all = c->positive + c->negative;
    ken__figure_data_begin(ctx, &data);
    for (int64_t i = -1; i < c->n; i++) {
        const double x = i < 0 || all <= 0 ? 0 : (c->row[i].tp + c->row[i].fp) / all;
        const double y = i < 0 || c->positive <= 0 ? 0 : c->row[i].tp / c->positive;
        ken__figure_row(&data);
        ken__figure_value(&data, "x", x);
        ken__figure_value(&data, "y", y);
        ken__figure_value(&data, "l", x > 0 ? y / x : NAN);
    }
    return ken__figure_end(
        ctx, &data, CLASSIFY_SQUARE
        "'description':'Cumulative gain','data':@d,'layer':["
        "{'data':{'values':[{'x':0,'y':0},{'x':1,'y':1}]},'mark':{'type':'line','style':'ken-base'},"
        "'encoding':{'x':{'field':'x','type':'quantitative'},'y':{'field':'y','type':'quantitative'}}},"
        "{'mark':{'type':'line'},'encoding':{"
        "'x':{'field':'x','type':'quantitative'," CLASSIFY_SHARE("rows looked at, highest score first") "},"
        "'y':{'field':'y','type':'quantitative'," CLASSIFY_SHARE("share of the positive rows found") "}}},"
        "{'mark':{'type':'point','opacity':0,'size':60,'tooltip':true},'encoding':{"
        "'x':{'field':'x','type':'quantitative'},'y':{'field':'y','type':'quantitative'},'tooltip':["
        "{'field':'x','title':'rows looked at','format':'.1%'},{'field':'y','title':'found','format':'.1%'},"
        "{'field':'l','title':'times better than chance','format':'.2f'}]}}]",
        NULL, NULL, w);
}

/* Of each tenth of the rows, by falling score: how often positive rows are there, against all rows. */
ken_status ken_figure_lift(ken_ctx *ctx, const ken_threshold_table *c, ken_json_writer *w) {
    enum { TENTHS = 10 };
    const double all = c->positive + c->negative;
    double found[TENTHS + 1] = {0};
    ken__figure_data data;
    char tenth[16];
    /* Found at each tenth of the rows: linear between the points of the curve. */
    int64_t i = 0;
    for (int q = 1; q <= TENTHS; q++) {
        const double at = all * q / TENTHS;
        while (i + 1 < c->n && c->row[i].tp + c->row[i].fp < at) i++;
        if (!c->n) break;
        const double x1 = c->row[i].tp + c->row[i].fp, y1 = c->row[i].tp;
        const double x0 = i ? c->row[i - 1].tp + c->row[i - 1].fp : 0, y0 = i ? c->row[i - 1].tp : 0;
        found[q] = x1 > x0 ? y0 + (y1 - y0) * KEN_MIN(1, (at - x0) / (x1 - x0)) : y1;
    }
    ken__figure_data_begin(ctx, &data);
    for (int q = 0; q < TENTHS; q++) {
        ken__figure_row(&data);
        snprintf(tenth, sizeof tenth, "%d", q + 1);
        ken__figure_string(&data, "x", tenth);
        ken__figure_value(&data, "y", c->positive > 0 ? (found[q + 1] - found[q]) * TENTHS / c->positive : 0);
    }
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':300,'description':'Lift by tenths','data':@d,'layer':["
        "{'mark':{'type':'bar','cornerRadiusEnd':2},'encoding':{"
        "'x':{'field':'x','type':'ordinal','sort':null,'title':'tenth of the rows, highest score first','axis':{'labelAngle':0,'ticks':false}},"
        "'y':{'field':'y','type':'quantitative','title':'positive rows, times the average','axis':{'tickCount':5}},"
        "'tooltip':[{'field':'x','title':'tenth'},{'field':'y','title':'times the average','format':'.2f'}]}},"
        "{'data':{'values':[{'y':1}]},'mark':{'type':'rule','style':'ken-base'},"
        "'encoding':{'y':{'field':'y','type':'quantitative'}}}]",
        NULL, NULL, w);
}

/* --- scores by class ------------------------------------------------------------------------------- */

ken_status ken_figure_scores(ken_ctx *ctx, const ken_scores *s, const char *const names[2],
                             ken_json_writer *w) {
    enum { BINS = 25 };
    double share[2][BINS] = {{0}}, total[2] = {0};
    ken__figure_data data;
    for (int64_t i = 0; i < s->n; i++) {
        const double p = s->proba[2 * i + s->positive];
        const int bin = p >= 1 ? BINS - 1 : p > 0 ? (int)(p * BINS) : 0;
        const int side = s->label[i] == s->positive;
        const double weight = s->weight ? s->weight[i] : 1;
        share[side][bin] += weight;
        total[side] += weight;
    }
    ken__figure_data_begin(ctx, &data);
    for (int side = 0; side < 2; side++)
        for (int b = 0; b < BINS; b++) {
            ken__figure_row(&data);
            ken__figure_value(&data, "a", (double)b / BINS);
            ken__figure_value(&data, "b", (b + 1.0) / BINS);
            ken__figure_value(&data, "y", total[side] > 0 ? share[side][b] / total[side] : 0);
            ken__figure_string(&data, "c", names[side]);
        }
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':240,'description':'Scores by class',"
        "'params':[{'name':'threshold','value':0.5}],'data':@d,'layer':["
        "{'mark':{'type':'rect','opacity':0.55},'encoding':{"
        "'x':{'field':'a','type':'quantitative','title':'predicted probability','scale':{'domain':[0,1]},"
        "'axis':{'format':'.0%','tickCount':6}},'x2':{'field':'b'},"
        "'y':{'field':'y','type':'quantitative','title':'share of the class','scale':{'zero':true},"
        "'axis':{'format':'.0%','tickCount':4}},'y2':{'datum':0},"
        "'color':{'field':'c','type':'nominal','title':'true class','sort':[$0,$1]},"
        "'tooltip':[{'field':'c','title':'true class'},{'field':'a','title':'from','format':'.0%'},"
        "{'field':'b','title':'to','format':'.0%'},{'field':'y','title':'share','format':'.1%'}]}},"
        "{'data':{'values':[{}]},'transform':[{'calculate':'threshold','as':'t'}],"
        "'mark':{'type':'rule','strokeWidth':2},'encoding':{'x':{'field':'t','type':'quantitative'}}}]",
        names, NULL, w);
}

/* --- calibration ------------------------------------------------------------------------------------ */

ken_status ken_figure_calibration(ken_ctx *ctx, const ken_curve *bins, ken_json_writer *w) {
    ken__figure_data data;
    ken__figure_data_begin(ctx, &data);
    for (int64_t b = 0; b < bins->n; b++) {
        ken__figure_row(&data);
        ken__figure_value(&data, "x", bins->x[b]);
        ken__figure_value(&data, "y", bins->y[b]);
        ken__figure_value(&data, "l", bins->low[b]);
        ken__figure_value(&data, "h", bins->high[b]);
        ken__figure_value(&data, "n", bins->rows[b]);
    }
    return ken__figure_end(
        ctx, &data, CLASSIFY_SQUARE
        "'description':'Calibration','data':@d,'layer':["
        "{'data':{'values':[{'x':0,'y':0},{'x':1,'y':1}]},'mark':{'type':'line','style':'ken-base'},"
        "'encoding':{'x':{'field':'x','type':'quantitative'},'y':{'field':'y','type':'quantitative'}}},"
        "{'mark':{'type':'rule','style':'ken-error'},'encoding':{'x':{'field':'x','type':'quantitative'},"
        "'y':{'field':'l','type':'quantitative'},'y2':{'field':'h'}}},"
        "{'mark':{'type':'point','style':'ken-dot'},'encoding':{"
        "'x':{'field':'x','type':'quantitative'," CLASSIFY_SHARE("predicted probability") "},"
        "'y':{'field':'y','type':'quantitative'," CLASSIFY_SHARE("share that was positive") "},"
        "'tooltip':[{'field':'x','title':'predicted','format':'.1%'},{'field':'y','title':'observed','format':'.1%'},"
        "{'field':'l','title':'95 % from','format':'.1%'},{'field':'h','title':'to','format':'.1%'},"
        "{'field':'n','title':'rows'}]}}]",
        NULL, NULL, w);
}
