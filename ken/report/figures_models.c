#include "ken/report/figures_common.h"

#include <math.h>

ken_status ken_figure_leaders(ken_ctx *ctx, const ken_report_leader *rows, int n,
                              const char *metric, ken_json_writer *w) {
    ken__figure_data data;
    char height[32];
    ken__figure_data_begin(ctx, &data);
    for (int i = 0; i < n; i++) {
        if (!isfinite(rows[i].score)) continue;
        const double e = isfinite(rows[i].error) ? 1.96 * rows[i].error : 0;
        ken__figure_row(&data);
        ken__figure_string(&data, "m", rows[i].model);
        ken__figure_value(&data, "s", rows[i].score);
        ken__figure_value(&data, "l", rows[i].score - e);
        ken__figure_value(&data, "h", rows[i].score + e);
        ken__figure_string(&data, "k", rows[i].baseline ? "baseline" : rows[i].chosen ? "chosen" : "tried");
    }
    ken_format_i64(KEN_MAX(3, n) * 30, height);
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':@0,'description':'Models compared','data':@d,'layer':["
        "{'mark':{'type':'rule','style':'ken-error'},'encoding':{"
        "'y':{'field':'m','type':'nominal','sort':null,'title':null,'axis':{'grid':false,'domain':false,'ticks':false}},"
        "'x':{'field':'l','type':'quantitative','title':$0,'scale':{'zero':false,'padding':12},'axis':{'tickCount':6}},"
        "'x2':{'field':'h'}}},"
        "{'mark':{'type':'point','style':'ken-dot'},'encoding':{"
        "'y':{'field':'m','type':'nominal','sort':null},'x':{'field':'s','type':'quantitative'},"
        "'fill':{'field':'k','type':'nominal','title':null,'scale':{'domain':['tried','chosen','baseline']}},"
        "'tooltip':[{'field':'m','title':'model'},{'field':'s','title':$0,'format':'.4~g'},"
        "{'field':'l','title':'95 % from','format':'.4~g'},{'field':'h','title':'to','format':'.4~g'}]}}]",
        (const char *const[]){metric}, (const char *const[]){height}, w);
}

ken_status ken_figure_curve(ken_ctx *ctx, const ken_report_curve_point *points, int n,
                            const char *x_title, const char *y_title, ken_json_writer *w) {
    ken__figure_data data;
    const int64_t m = KEN_MIN(n, 400);
    ken__figure_data_begin(ctx, &data);
    for (int side = 0; side < 2; side++)
        for (int64_t i = 0; i < m; i++) {
            const int64_t at = i + 1 == m ? n - 1 : ken__figure_pick(i, m, n);
            const double y = side ? points[at].validation : points[at].train;
            if (!isfinite(y)) continue;
            ken__figure_row(&data);
            ken__figure_value(&data, "x", points[at].x);
            ken__figure_value(&data, "y", y);
            ken__figure_string(&data, "c", side ? "validation rows" : "training rows");
        }
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':260,'description':'Learning','data':@d,"
        "'mark':{'type':'line','tooltip':true},'encoding':{"
        "'x':{'field':'x','type':'quantitative','title':$0,'scale':{'zero':false,'nice':false},'axis':{'tickCount':6,'grid':false}},"
        "'y':{'field':'y','type':'quantitative','title':$1,'scale':{'zero':false},'axis':{'tickCount':5}},"
        "'color':{'field':'c','type':'nominal','title':null,'scale':{'domain':['training rows','validation rows']}}}",
        (const char *const[]){x_title, y_title}, NULL, w);
}

ken_status ken_figure_correlation(ken_ctx *ctx, const char *const *names,
                                  const double *correlation, int n, ken_json_writer *w) {
    ken__figure_data data;
    char height[32];
    const int m = KEN_MIN(n, 40);
    ken__figure_data_begin(ctx, &data);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) {
            const double r = correlation[i * n + j];
            ken__figure_row(&data);
            ken__figure_string(&data, "a", names[i]);
            ken__figure_string(&data, "b", names[j]);
            ken__figure_value(&data, "r", r);
        }
    ken_format_i64(60 + KEN_MIN(560, m * 26), height);
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':@0,'description':'Correlations','data':@d,"
        "'mark':{'type':'rect','tooltip':true},'encoding':{"
        "'x':{'field':'b','type':'nominal','sort':null,'title':null,'axis':{'labelAngle':-45,'labelLimit':90,'domain':false,'ticks':false}},"
        "'y':{'field':'a','type':'nominal','sort':null,'title':null,'axis':{'labelLimit':110,'domain':false,'ticks':false}},"
        "'color':{'field':'r','type':'quantitative','title':'association','scale':{'type':'linear','domain':[-1,0,1],"
        "'range':'diverging','interpolate':'rgb'},'legend':{'gradientLength':160,'format':'.1f'}},"
        "'tooltip':[{'field':'a','title':'column'},{'field':'b','title':'and'},{'field':'r','title':'association','format':'.2f'}]}",
        NULL, (const char *const[]){height}, w);
}
