#include "ken/report/figures_common.h"

#include <math.h>
#include <string.h>

#define FIGURE_SCHEMA "https://vega.github.io/schema/vega-lite/v5.json"

const char *ken_figure_look(void) {
    return
    "{\"background\":\"transparent\",\"view\":{\"stroke\":null},"
    "\"axis\":{\"labelColor\":\"#888\",\"titleColor\":\"#888\",\"gridColor\":\"#8884\",\"domainColor\":\"#888\",\"tickColor\":\"#888\"},"
    "\"legend\":{\"labelColor\":\"#888\",\"titleColor\":\"#888\",\"orient\":\"top\"},"
    "\"header\":{\"labelColor\":\"#888\",\"titleColor\":\"#888\"},\"title\":{\"color\":\"#888\"},\"text\":{\"color\":\"#888\"},"
    "\"bar\":{\"color\":\"#3b7dd8\"},\"line\":{\"color\":\"#3b7dd8\"},\"area\":{\"color\":\"#3b7dd8\"},\"rect\":{\"color\":\"#3b7dd8\"},"
    "\"point\":{\"color\":\"#3b7dd8\",\"filled\":true},\"circle\":{\"color\":\"#3b7dd8\"},\"rule\":{\"color\":\"#888\"},\"tick\":{\"color\":\"#888\"},"
    "\"style\":{\"ken-second\":{\"color\":\"#e07b00\"},"
    "\"ken-base\":{\"color\":\"#999\",\"strokeDash\":[4,4],\"strokeWidth\":1.2},"
    "\"ken-mark\":{\"color\":\"#e07b00\",\"size\":150,\"opacity\":1},"
    "\"ken-thin\":{\"color\":\"#3b7dd8\",\"strokeWidth\":0.8,\"strokeOpacity\":0.25},"
    "\"ken-tick\":{\"color\":\"#3b7dd8\",\"opacity\":0.28},\"ken-error\":{\"color\":\"#888\",\"strokeWidth\":1.4},"
    "\"ken-rug\":{\"color\":\"#888\",\"strokeWidth\":1,\"opacity\":0.8},"
    "\"ken-dot\":{\"color\":\"#3b7dd8\",\"size\":70,\"opacity\":1},\"ken-cloud\":{\"color\":\"#3b7dd8\",\"size\":22,\"opacity\":0.4}}}";
}

const char *ken__figure_metric(const char *name) {
    static const char *const known[][2] = {
        {"roc_auc", "ROC AUC"}, {"log_loss", "log loss"}, {"accuracy", "accuracy"},
        {"balanced_accuracy", "balanced accuracy"}, {"f1", "F1"}, {"f1_macro", "F1, mean over classes"},
        {"average_precision", "average precision"}, {"brier", "Brier score"},
        {"precision", "precision"}, {"recall", "recall"}, {"mcc", "Matthews correlation"},
        {"rmse", "root mean squared error"}, {"mae", "mean absolute error"},
        {"r2", "R\xC2\xB2"}, {"mape", "mean absolute percentage error"},
        {"median_ae", "median absolute error"}, {"mse", "mean squared error"}};
    for (int i = 0; i < KEN_COUNT(known); i++)
        if (!strcmp(name, known[i][0])) return known[i][1];
    return name;
}

void ken__figure_data_begin(ken_ctx *ctx, ken__figure_data *data) {
    data->text = ken_text_new(ctx);
    data->w = ken_json_writer_new(&data->text, 0);
    ken_json_array(&data->w);
}

void ken__figure_row(ken__figure_data *data) {
    if (data->w.depth == 2) ken_json_end_object(&data->w);
    ken_json_object(&data->w);
}

void ken__figure_value(ken__figure_data *data, const char *key, double value) {
    char number[64];
    ken_json_put_key(&data->w, key);
    if (!isfinite(value)) {
        ken_json_put_null(&data->w);
        return;
    }
    ken_format_f64_digits(value, 5, number);
    ken_json_put_raw(&data->w, number);
}

void ken__figure_string(ken__figure_data *data, const char *key, const char *text) {
    KEN_JSON(&data->w, key, string, text);
}

static void figure_quote(ken_text *out, const char *text) {
    ken_json_writer w = ken_json_writer_new(out, 0);
    ken_json_put_string(&w, text);
}

static void figure_expand(ken_text *out, const char *spec, const char *values,
                          const char *const *texts, const char *const *raws) {
    for (const char *p = spec; *p; p++) {
        const bool digit = p[1] >= '0' && p[1] <= '9';
        if (*p == '\'') {
            ken_text_add_char(out, '"');
        } else if (*p == '`') {
            ken_text_add_char(out, '\'');
        } else if (*p == '$' && digit) {
            figure_quote(out, texts[*++p - '0']);
        } else if (*p == '@' && digit) {
            ken_text_add(out, raws[*++p - '0']);
        } else if (*p == '@' && p[1] == 'd') {
            ken_text_add(out, "{\"values\":");
            ken_text_add(out, values);
            ken_text_add_char(out, '}');
            p++;
        } else {
            ken_text_add_char(out, *p);
        }
    }
}

ken_status ken__figure_end(ken_ctx *ctx, ken__figure_data *data, const char *spec,
                           const char *const *texts, const char *const *raws, ken_json_writer *w) {
    ken_text out = ken_text_new(ctx);
    const char *values = NULL, *whole = NULL;
    if (data->w.depth == 2) ken_json_end_object(&data->w);
    ken_json_end_array(&data->w);
    ken_status status = ken_text_end(&data->text, &values);
    if (status == KEN_OK) {
        ken_text_add(&out, "{\"$schema\":\"" FIGURE_SCHEMA "\",");
        figure_expand(&out, spec, values, texts, raws);
        ken_text_add(&out, "}");
        status = ken_text_end(&out, &whole);
    }
    if (status == KEN_OK) {
        ken_json_put_raw(w, whole);
        status = w->out->status;
    }
    ken_text_free(&out);
    ken_text_free(&data->text);
    return status;
}
