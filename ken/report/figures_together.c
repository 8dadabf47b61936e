/* Permutation importance with a choice: columns one by one, or those that say the same shuffled together. */
#include <math.h>
#include <stdlib.h>

#include "ken/core/text.h"
#include "ken/report/figures_common.h"

enum { TOGETHER_ROWS = 30 };

typedef struct together_bar {
    int feature, group; /* one of them; the other -1 */
    double mean, sd;
} together_bar;

static int together_compare(const void *a, const void *b) {
    const together_bar *x = a, *y = b;
    if (x->mean != y->mean) return x->mean < y->mean ? 1 : -1;
    return x->feature != y->feature ? x->feature - y->feature : x->group - y->group;
}

void ken__figure_group_name(const ken_report_input *in, int group, ken_text *out) {
    bool any = false;
    for (int j = 0; j < ken_model_n_features(in->model); j++) {
        if (in->together_of[j] != group) continue;
        if (any) ken_text_add(out, " + ");
        ken_text_add(out, ken_model_feature(in->model, j));
        any = true;
    }
}

/* The bars of one side of the choice, largest first. */
static int together_bars(const ken_report_input *in, bool joined, together_bar *bar) {
    int n = 0;
    for (int i = 0; i < in->n_permutation; i++) {
        const ken_permutation_row *const p = &in->permutation[i];
        if (joined && in->together_of[p->feature] >= 0) continue;
        bar[n++] = (together_bar){p->feature, -1, p->mean, p->sd};
    }
    for (int g = 0; joined && g < in->n_together; g++)
        bar[n++] = (together_bar){-1, in->together[g].group, in->together[g].mean, in->together[g].sd};
    qsort(bar, (size_t)n, sizeof *bar, together_compare);
    return KEN_MIN(n, TOGETHER_ROWS);
}

static ken_status together_rows(ken_ctx *ctx, const ken_report_input *in, bool joined, together_bar *bar,
                                ken__figure_data *data, int *most) {
    const int n = together_bars(in, joined, bar);
    *most = KEN_MAX(*most, n);
    for (int i = 0; i < n; i++) {
        ken_text text = ken_text_new(ctx);
        const char *name;
        if (bar[i].feature >= 0)
            ken_text_add(&text, ken_model_feature(in->model, bar[i].feature));
        else
            ken__figure_group_name(in, bar[i].group, &text);
        const ken_status status = ken_text_end(&text, &name);
        if (status == KEN_OK) {
            ken__figure_row(data);
            ken__figure_string(data, "f", name);
            ken__figure_string(data, "w", joined ? "together" : "one by one");
            ken__figure_value(data, "m", bar[i].mean);
            ken__figure_value(data, "l", bar[i].mean - bar[i].sd);
            ken__figure_value(data, "h", bar[i].mean + bar[i].sd);
        }
        ken_text_free(&text);
        KEN_TRY(status);
    }
    return KEN_OK;
}

ken_status ken_figure_together(ken_ctx *ctx, const ken_report_input *in, ken_json_writer *w) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_permutation_info *const info = in->permutation_info;
    ken__figure_data data;
    together_bar *bar = NULL;
    char height[32], title[120];
    int most = 2;
    snprintf(title, sizeof title, "%s in %s when shuffled", info && !info->higher_is_better ? "growth" : "loss",
             info ? ken__figure_metric(info->metric) : "score");
    ken__figure_data_begin(ctx, &data);
    ken_status status = KEN_SCRATCH(ctx, together_bar, in->n_permutation + in->n_together + 1, &bar);
    for (int joined = 0; joined < 2 && status == KEN_OK; joined++)
        status = together_rows(ctx, in, joined, bar, &data, &most);
    ken_format_i64(most * 25 + 40, height);
    if (status == KEN_OK)
        status = ken__figure_end(
            ctx, &data,
            "'width':'container','height':@0,'description':'Permutation importance, with a choice','data':@d,"
            "'params':[{'name':'how','value':'one by one','bind':{'input':'radio','options':['one by one','together'],"
            "'name':'columns that say the same, shuffled '}}],"
            "'transform':[{'filter':'datum.w === how'}],"
            "'encoding':{'y':{'field':'f','type':'nominal','sort':null,'title':null,"
            "'axis':{'domain':false,'ticks':false,'grid':false,'labelPadding':6,'labelLimit':220}}},'layer':["
            "{'mark':{'type':'bar','height':{'band':0.62},'cornerRadiusEnd':2},'encoding':{"
            "'x':{'field':'m','type':'quantitative','title':$0,'axis':{'tickCount':5}},"
            "'tooltip':[{'field':'f','title':'column'},{'field':'m','title':'mean','format':'.4~g'}]}},"
            "{'mark':{'type':'rule','style':'ken-error'},'encoding':{"
            "'x':{'field':'l','type':'quantitative'},'x2':{'field':'h'}}}]",
            (const char *const[]){title}, (const char *const[]){height}, w);
    else
        ken_text_free(&data.text);
    ken_scratch_release(ctx, mark);
    return status;
}
