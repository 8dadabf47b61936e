/* Metrics that early stopping went by, round by round: what the model remembers of its validation rows. */
#include <math.h>

#include "ken/boosting/boosting/boosting.h"
#include "ken/report/figures_common.h"
#include "ken/report/report_html.h"

ken_status ken_figure_history(ken_ctx *ctx, const double *values, int64_t n, int64_t stride, int64_t kept,
                              const char *title, ken_json_writer *w) {
    ken__figure_data data;
    const int64_t m = KEN_MIN(n, 400);
    ken__figure_data_begin(ctx, &data);
    for (int64_t i = 0; i < m; i++) {
        const int64_t at = i + 1 == m ? n - 1 : ken__figure_pick(i, m, n);
        if (!isfinite(values[at * stride])) continue;
        ken__figure_row(&data);
        ken__figure_value(&data, "x", (double)(at + 1));
        ken__figure_value(&data, "y", values[at * stride]);
    }
    if (kept > 0 && kept <= n && isfinite(values[(kept - 1) * stride])) {
        ken__figure_row(&data);
        ken__figure_value(&data, "k", (double)kept);
        ken__figure_value(&data, "v", values[(kept - 1) * stride]);
    }
    return ken__figure_end(
        ctx, &data,
        "'width':'container','height':260,'description':'A metric by round','data':@d,"
        "'encoding':{'x':{'field':'x','type':'quantitative','title':'round','scale':{'nice':false},'axis':{'tickCount':6,'grid':false}}},"
        "'layer':[{'transform':[{'filter':'isValid(datum.x)'}],'mark':{'type':'line','tooltip':true},'encoding':{"
        "'y':{'field':'y','type':'quantitative','title':$0,'scale':{'zero':false},'axis':{'tickCount':5}}}},"
        "{'transform':[{'filter':'isValid(datum.k)'}],'mark':{'type':'rule','style':'ken-error','strokeDash':[4,3]},'encoding':{"
        "'x':{'field':'k','type':'quantitative'}}},"
        "{'transform':[{'filter':'isValid(datum.k)'}],'mark':{'type':'point','style':'ken-dot','filled':true,'size':60},'encoding':{"
        "'x':{'field':'k','type':'quantitative'},'y':{'field':'v','type':'quantitative'},"
        "'tooltip':[{'field':'k','title':'round kept'},{'field':'v','title':$0,'format':'.4~g'}]}}]",
        (const char *const[]){title}, NULL, w);
}

static ken_status history_one(ken__report *r, const char *name, const double *values, int64_t n, int64_t stride,
                              int64_t kept, int number) {
    char id[32], label[160];
    const char *const title = ken__figure_metric(name);
    snprintf(id, sizeof id, "history%d", number);
    snprintf(label, sizeof label, "%s of the validation rows by round", title);
    const ken__report_figure f = {id, title, label,
                                  "On the rows that the fit stopped by, after each round; the dot is the round that was kept.",
                                  260, false};
    ken_text spec = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&spec, 0);
    const ken_status status = ken_figure_history(r->ctx, values, n, stride, kept, title, &w);
    ken__report_figure_begin(r, &f);
    ken__report_add(r, "<table><thead><tr><th class='n'>round</th><th class='n'>$</th></tr></thead>\n<tbody>\n", title);
    for (int64_t i = 0; i < n; i++)
        if (i % KEN_MAX(1, n / 10) == 0 || i + 1 == kept)
            ken__report_add(r, "<tr><td class='n'>$</td><td class='n'>$</td></tr>\n", ken__report_int(r, i + 1),
                            ken__report_num(r, values[i * stride]));
    ken__report_add(r, "</tbody></table>");
    ken__report_figure_end(r, &f, &spec);
    ken_text_free(&spec);
    return status;
}

int ken__report_metrics_remembered(const ken_model *model) {
    if (!model) return 0;
    const ken_strings *const names = ken_model_attr_strings(model, "metrics");
    const ken_tensor *const t = ken_model_attr(model, "validation_metric");
    const bool sound = names && t && t->dtype == KEN_F64 && t->ndim == 2 && t->shape[1] == names->n &&
                       t->shape[0] > 1 && ken_tensor_is_contiguous(t) && names->n <= KEN_MAX_VERDICTS;
    return sound ? (int)names->n : 0;
}

ken_status ken__report_history(ken__report *r) {
    const ken_model *const model = r->in->model;
    const int n = ken__report_metrics_remembered(model);
    if (!n) return KEN_OK;
    const ken_strings *const names = ken_model_attr_strings(model, "metrics");
    const ken_tensor *const t = ken_model_attr(model, "validation_metric");
    const int64_t kept = ken_model_desc(model) == &ken_boosting_desc ? ken_boosting_rounds(model) : 0;
    ken__report_add(r, "<div class='pair'>\n");
    for (int i = 0; i < n; i++) {
        int64_t size;
        char name[80];
        const char *const text = ken_strings_at(names, i, &size);
        snprintf(name, sizeof name, "%.*s", (int)KEN_MIN(size, 70), text);
        KEN_TRY(history_one(r, name, (const double *)t->data + i, t->shape[0], n, kept, i + 1));
    }
    ken__report_add(r, "</div>\n");
    return KEN_OK;
}
