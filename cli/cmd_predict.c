/* ken predict: one line a row, in the input's order. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "ken/core/quantiles.h"
#include "ken/io/csv/csv.h"
#include "ken/io/model_file/model_file.h"

/* The column `outlier`: whether the score is above the model's threshold. */
static ken_status predict_add_outlier(cli *c, const ken_model *m, const double *score, ken_table *out) {
    const double threshold = ken_model_attr_f64(m, "outlier_threshold", (double)NAN);
    void *flag;
    KEN_TRY(ken_table_add_new(c->ctx, out, "outlier", KEN_BOOL, &flag, NULL));
    for (int64_t i = 0; i < ken_table_rows(out); i++) ((uint8_t *)flag)[i] = score[i] > threshold;
    return KEN_OK;
}

/* The column `prediction`: numbers, or class names as a category. */
static ken_status predict_add_value(cli *c, const ken_model *m, const ken_table *table, ken_table *out) {
    const int64_t n = ken_table_rows(table);
    double *value;
    int32_t *code;
    KEN_TRY(ken_scratch(c->ctx, (size_t)n, sizeof *value, (void **)&value));
    ken_tensor t = ken_tensor_2d(value, KEN_F64, n, 1);
    KEN_TRY(ken_model_predict(c->ctx, m, table, KEN_WHAT_VALUE, &t));
    ken_column column;
    memset(&column, 0, sizeof column);
    column.name = ken_model_task(m) == KEN_DETECT ? "score" : "prediction", column.n = n, column.stride = 1, column.source = -1;
    column.dtype = KEN_F64, column.data = value;
    if (ken_model_task(m) == KEN_REGRESS) return ken_table_add_copy(c->ctx, out, &column);
    if (ken_model_task(m) == KEN_DETECT) {
        KEN_TRY(ken_table_add_copy(c->ctx, out, &column));
        return predict_add_outlier(c, m, value, out);
    }

    const int k = ken_model_n_classes(m);
    int64_t *offset;
    ken_text names = ken_text_new(c->ctx);
    KEN_TRY(KEN_SCRATCH(c->ctx, int64_t, k + 1, &offset));
    KEN_TRY(KEN_SCRATCH(c->ctx, int32_t, n, &code));
    offset[0] = 0;
    for (int j = 0; j < k; j++) {
        ken_text_add(&names, ken_model_class(m, j));
        offset[j + 1] = (int64_t)names.size;
    }
    for (int64_t i = 0; i < n; i++) code[i] = (int32_t)value[i];
    const char *bytes;
    ken_status status = ken_text_end(&names, &bytes);
    column.dtype = KEN_CATEGORY, column.data = code, column.text = (ken_strings){k, offset, bytes};
    if (status == KEN_OK) status = ken_table_add_copy(c->ctx, out, &column);
    ken_text_free(&names);
    return status;
}

/* One column for each of what the model gives of `what`; names: (width). */
static ken_status predict_add_numbers(cli *c, const ken_model *m, const ken_table *table, ken_what what,
                                      const char *const *names, ken_table *out) {
    const int64_t n = ken_table_rows(table);
    int64_t width;
    double *values;
    KEN_TRY(ken_model_width(c->ctx, m, what, &width));
    KEN_TRY(KEN_SCRATCH(c->ctx, double, n * width, &values));
    ken_tensor t = ken_tensor_2d(values, KEN_F64, n, width);
    KEN_TRY(ken_model_predict(c->ctx, m, table, what, &t));
    for (int64_t j = 0; j < width; j++) {
        ken_column column;
        memset(&column, 0, sizeof column);
        column.name = names[j], column.dtype = KEN_F64, column.n = n;
        column.data = values + j, column.stride = width, column.source = -1;
        KEN_TRY(ken_table_add_copy(c->ctx, out, &column));
    }
    return KEN_OK;
}

static ken_status predict_add_proba(cli *c, const ken_model *m, const ken_table *table, ken_table *out) {
    const int k = ken_model_n_classes(m);
    const char **names;
    KEN_TRY(KEN_SCRATCH(c->ctx, const char *, k, &names));
    for (int j = 0; j < k; j++) names[j] = ken_model_class(m, j);
    return predict_add_numbers(c, m, table, KEN_WHAT_PROBA, names, out);
}

/* The column `set`: the classes of the prediction set, apart by '|'. */
static ken_status predict_add_sets(cli *c, const ken_model *m, const ken_table *table, ken_table *out) {
    const int64_t n = ken_table_rows(table), k = ken_model_n_classes(m);
    int64_t width, *offset;
    double *in;
    const char *bytes;
    KEN_TRY(ken_model_width(c->ctx, m, KEN_WHAT_SET, &width));
    KEN_TRY(KEN_SCRATCH(c->ctx, double, n * k, &in));
    KEN_TRY(KEN_SCRATCH(c->ctx, int64_t, n + 1, &offset));
    ken_tensor t = ken_tensor_2d(in, KEN_F64, n, k);
    KEN_TRY(ken_model_predict(c->ctx, m, table, KEN_WHAT_SET, &t));
    ken_text text = ken_text_new(c->ctx);
    offset[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < k; j++) {
            if (in[i * k + j] != 1) continue;
            if ((int64_t)text.size > offset[i]) ken_text_add(&text, "|");
            ken_text_add(&text, ken_model_class(m, (int)j));
        }
        offset[i + 1] = (int64_t)text.size;
    }
    ken_column column;
    memset(&column, 0, sizeof column);
    column.name = "set", column.dtype = KEN_STRING, column.n = n, column.stride = 1, column.source = -1;
    ken_status status = ken_text_end(&text, &bytes);
    column.text = (ken_strings){n, offset, bytes};
    if (status == KEN_OK) status = ken_table_add_copy(c->ctx, out, &column);
    ken_text_free(&text);
    return status;
}

/* Columns q0.05, q0.5 ... */
static ken_status predict_add_quantiles(cli *c, const ken_model *m, const ken_table *table, ken_table *out) {
    char text[KEN_QUANTILES_MAX][40];
    const char *names[KEN_QUANTILES_MAX];
    int q;
    const double *level = ken_model_quantiles(m, &q);
    for (int j = 0; j < q; j++) {
        text[j][0] = 'q';
        ken_format_f64(level[j], text[j] + 1);
        names[j] = text[j];
    }
    return predict_add_numbers(c, m, table, KEN_WHAT_QUANTILES, names, out);
}

/* Columns tree1, tree2 ...: numbers of leaves, from 0. */
static ken_status predict_add_leaves(cli *c, const ken_model *m, const ken_table *table, ken_table *out) {
    int64_t trees;
    char(*text)[24];
    const char **names;
    KEN_TRY(ken_model_width(c->ctx, m, KEN_WHAT_LEAF, &trees));
    KEN_TRY(ken_scratch(c->ctx, (size_t)trees, sizeof *text, (void **)&text));
    KEN_TRY(KEN_SCRATCH(c->ctx, const char *, trees, &names));
    for (int64_t j = 0; j < trees; j++) {
        snprintf(text[j], sizeof text[j], "tree%lld", (long long)j + 1);
        names[j] = text[j];
    }
    return predict_add_numbers(c, m, table, KEN_WHAT_LEAF, names, out);
}

static ken_status predict_write_json(cli *c, const ken_model *m, const ken_table *out) {
    const int proba = cli_flag(c, "proba") ? ken_model_n_classes(m) : 0; /* columns 1 .. proba */
    cli_json j;
    cli_json_begin(c, &j);
    KEN_JSON(&j.w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(&j.w, "task", string, ken_task_name(ken_model_task(m)));
    KEN_JSON(&j.w, "rows", i64, ken_table_rows(out));
    for (int col = 0; col < ken_table_cols(out); col++) {
        const ken_column *column = ken_table_column(out, col);
        char cell[4096];
        if (col == 1 && proba) {
            ken_json_put_key(&j.w, "proba");
            ken_json_object(&j.w);
        }
        ken_json_put_key(&j.w, column->name);
        ken_json_array(&j.w);
        for (int64_t i = 0; i < column->n; i++) {
            if (column->dtype == KEN_CATEGORY || column->dtype == KEN_STRING)
                ken_json_put_string(&j.w, ken_column_format(column, i, cell, sizeof cell));
            else
                ken_json_put_f64(&j.w, ken_column_f64(column, i));
        }
        ken_json_end_array(&j.w);
        if (proba && col == proba) ken_json_end_object(&j.w);
    }
    return cli_json_end(c, &j) == CLI_DONE ? KEN_OK : KEN_E_IO;
}

static ken_status predict_all(cli *c, const ken_model *m, const ken_table *table) {
    ken_table *out = NULL;
    KEN_TRY(ken_table_new(c->ctx, ken_table_rows(table), &out));
    ken_status status = predict_add_value(c, m, table, out);
    if (status == KEN_OK && cli_flag(c, "proba")) status = predict_add_proba(c, m, table, out);
    if (status == KEN_OK && cli_flag(c, "interval"))
        status = predict_add_numbers(c, m, table, KEN_WHAT_INTERVAL, (const char *const[]){"lower", "upper"}, out);
    if (status == KEN_OK && cli_flag(c, "sets")) status = predict_add_sets(c, m, table, out);
    if (status == KEN_OK && cli_flag(c, "quantiles")) status = predict_add_quantiles(c, m, table, out);
    if (status == KEN_OK && cli_flag(c, "leaves")) status = predict_add_leaves(c, m, table, out);
    if (status == KEN_OK)
        status = c->json ? predict_write_json(c, m, out)
                         : ken_csv_write(c->ctx, cli_value(c, "output") ? cli_value(c, "output") : "-", out);
    ken_table_free(out);
    return status;
}

static int predict_run(cli *c) {
    ken_model *model = NULL;
    ken_table *table = NULL;
    ken_status status = ken_model_load(c->ctx, c->arguments[0], &model);
    if (status == KEN_OK) status = cli_cut_rounds(c, &model);
    if (status == KEN_OK) status = cli_load_table(c, c->arguments[1], &table, NULL);
    if (status == KEN_OK) status = predict_all(c, model, table);
    ken_table_free(table);
    ken_model_free(model);
    return status == KEN_OK ? CLI_DONE : cli_failed(c, status);
}

static const cli_option predict_options[] = {
    {"output", 'o', "FILE", ":file", "where the predictions go (default: standard output, '-')"},
    {"proba", 0, NULL, NULL, "also a column of probabilities a class, named as the class"},
    {"interval", 0, NULL, NULL, "also columns 'lower' and 'upper', of models that give an interval"},
    {"sets", 0, NULL, NULL, "also a column 'set': the classes that it may be, of models trained with --intervals"},
    {"quantiles", 0, NULL, NULL, "also a column a quantile ('q0.05'), of models that give quantiles"},
    {"leaves", 0, NULL, NULL, "also a column a tree ('tree1'): the number of the leaf, from 0"},
    {"rounds", 0, "ROUNDS", NULL, "only these rounds of a boosting model: 50 for the first ones, 10:50 for a range ('ken slice' saves them)"},
    {"json", 0, NULL, NULL, "as one JSON object on standard output"},
    CLI_TABLE_OPTIONS,
    CLI_END_OPTIONS};

const cli_command cli_predict = {
    .name = "predict", .arguments = "MODEL TABLE [-o out.csv] [--proba] [--interval] [--quantiles]",
    .summary = "Predicts each row of a table with a saved model",
    .details = "One line a row, in the table's order, under the header 'prediction' (of a model that finds outliers: 'score' and "
               "'outlier'). Columns are found by name: extra "
               "ones are ignored, a missing one is an error. Unseen categories and missing cells are handled as the "
               "model's recipe learned. TABLE may be '-' for CSV on standard input.",
    .examples = "  ken predict model.ken new.csv --proba -o out.csv\n  cat new.csv | ken predict model.ken -\n",
    .options = predict_options, .min_arguments = 2, .max_arguments = 2, .run = predict_run};
