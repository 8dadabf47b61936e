/* Your first model: learn, judge on rows set aside, save; load again and ask about a new bird.
 * cc -std=c11 first_model.c $(pkg-config --cflags --libs ken) -o first_model */
#include <ken/ken.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const features[] = {"bill_length_mm", "bill_depth_mm", "flipper_length_mm",
                                       "body_mass_g"};
enum { FEATURES = 4 };

static ken_status learn(ken_ctx *ctx, const char *name, const char *path) {
    ken_table *table, *X;
    ken_model *model, *recipe;
    int columns[FEATURES];
    KEN_TRY(ken_dataset_load(ctx, "penguins", &table)); /* or ken_csv_read */
    for (int j = 0; j < FEATURES; j++)
        KEN_TRY(ken_table_require(ctx, table, features[j], &columns[j]));
    KEN_TRY(ken_table_select(ctx, table, columns, FEATURES, &X));

    ken_data data = {.table = X, .target = ken_table_column(table, ken_table_find(table, "species"))};
    const size_t rows = (size_t)ken_table_rows(X);
    uint8_t *role = malloc(rows);
    int64_t *test = malloc(rows * sizeof *test), n = 0;
    if (!role || !test) return KEN_E_NOMEM;
    KEN_TRY(ken_split_holdout(ctx, &data, 0.25, role)); /* who is for what */
    data.role = role;

    KEN_TRY(ken_model_new(ctx, name, NULL, &model));
    KEN_TRY(ken_model_new(ctx, "recipe", NULL, &recipe)); /* fills, encodes, scales */
    KEN_TRY(ken_model_set_recipe(ctx, model, recipe));
    KEN_TRY(ken_model_fit(ctx, model, &data)); /* sees training rows only */

    ken_evaluation judged;
    for (size_t i = 0; i < rows; i++)
        if (role[i] == KEN_ROLE_TEST) test[n++] = (int64_t)i;
    KEN_TRY(ken_evaluate(ctx, model, X, data.target, NULL, test, n, NULL, &judged));
    const ken_interval right = ken_evaluation_find(&judged, "accuracy")->interval;
    printf("%s: %.3f of %lld test rows right, 95 %% interval %.3f to %.3f\n", name, right.value,
           (long long)n, right.low, right.high);
    KEN_TRY(ken_model_save(ctx, model, path));
    free(role);
    free(test);
    ken_evaluation_free(&judged);
    ken_model_free(model); /* and its recipe with it */
    ken_table_free(X);
    ken_table_free(table);
    return KEN_OK;
}

static ken_status ask(ken_ctx *ctx, const char *path, const double bird[FEATURES]) {
    ken_model *model;
    ken_table *row;
    double p[3];
    double values[FEATURES];
    memcpy(values, bird, sizeof values);
    const ken_tensor X = ken_tensor_2d(values, KEN_F64, 1, FEATURES);
    ken_tensor out = ken_tensor_2d(p, KEN_F64, 1, 3);
    KEN_TRY(ken_model_load(ctx, path, &model));
    KEN_TRY(ken_table_from_matrix(ctx, &X, features, &row)); /* columns are found by name */
    KEN_TRY(ken_model_predict(ctx, model, row, KEN_WHAT_PROBA, &out));
    for (int k = 0; k < ken_model_n_classes(model); k++)
        printf("  %-10s %5.1f %%\n", ken_model_class(model, k), 100 * p[k]);
    ken_table_free(row);
    ken_model_free(model);
    return KEN_OK;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "logistic"; /* or knn, tree, forest, boosting ... */
    const double bird[FEATURES] = {45, 17, 200, 4300};
    ken_ctx *ctx;
    if (ken_ctx_new(NULL, &ctx) != KEN_OK) return 1;
    const bool fine =
        learn(ctx, name, "penguins.ken") == KEN_OK && ask(ctx, "penguins.ken", bird) == KEN_OK;
    if (!fine) fprintf(stderr, "%s (%s)\n", ken_ctx_message(ctx), ken_ctx_hint(ctx));
    ken_ctx_free(ctx); /* what an error left behind is the process's */
    return !fine;
}
