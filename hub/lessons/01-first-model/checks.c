/* Numeric checks of the derivations of this lesson. */
#include "ken/metrics/classify/classify.h"

/* The ends of ken's interval of an accuracy are the two places where (share - p)^2 = z^2 p (1 - p) / n. */
KEN_CHECK(wilson) {
    enum { ROWS = 85 };
    int32_t label[ROWS];
    double said[ROWS], proba[2 * ROWS];
    for (int right = 0; right <= ROWS; right += 17) {
        for (int i = 0; i < ROWS; i++) {
            label[i] = i % 2;
            said[i] = i < right ? label[i] : 1 - label[i];
            proba[2 * i] = said[i] == 0, proba[2 * i + 1] = said[i] == 1;
        }
        const ken_scores s = {.task = KEN_CLASSIFY, .n = ROWS, .label = label, .n_classes = 2, .positive = 1,
                              .predicted = said, .proba = proba};
        ken_interval got;
        EXPECT_OK(ken_metric_interval(ctx, &ken_accuracy_desc, NULL, &s, 0.95, &got));
        EXPECT_TEXT(got.method, "wilson");
        const double share = (double)right / ROWS, z = 1.959963984540054, ends[] = {got.low, got.high};
        EXPECT_NEAR(got.value, share, 1e-15);
        for (int e = 0; e < 2; e++) {
            const double p = ends[e], away = share - p;
            EXPECT_NEAR(away * away + 1, z * z * p * (1 - p) / ROWS + 1, 1e-12);
        }
        EXPECT(got.low <= share && share <= got.high);
    }
    /* 69 of 69: 1 / (1 + z^2 / n) */
    EXPECT_NEAR(1 / (1 + 1.959963984540054 * 1.959963984540054 / 69), 0.9473, 1e-4);
}

/* The nearest rows of every penguin are the same in grams and in kilograms plus 7, once standardized; as measured
 * they are not. */
KEN_CHECK(units) {
    ken_table *birds, *features[2];
    double X[2][342 * 3];
    int64_t near[2][342 * 5], n = 0;
    double far[342 * 5];
    int32_t codes[342];
    EXPECT_OK(ken_dataset_load(ctx, "penguins", &birds));
    static const char *const names[] = {"bill_length_mm", "bill_depth_mm", "body_mass_g"};
    const ken_column *species = ken_table_column(birds, ken_table_find(birds, "species"));
    for (int64_t i = 0; i < ken_table_rows(birds); i++) {
        double row[3];
        for (int j = 0; j < 3; j++) row[j] = ken_column_f64(ken_table_column(birds, ken_table_find(birds, names[j])), i);
        if (isnan(row[0])) continue;
        for (int j = 0; j < 3; j++) X[0][3 * n + j] = row[j], X[1][3 * n + j] = j == 2 ? row[j] / 1000 + 7 : row[j];
        codes[n++] = (int32_t)ken_column_f64(species, i);
    }
    EXPECT_INT(n, 342);
    ken_column target = {.name = "species", .dtype = KEN_CATEGORY, .n = n, .data = codes, .stride = 1, .text = species->text};
    for (int scaled = 1; scaled >= 0; scaled--) {
        for (int u = 0; u < 2; u++) {
            const ken_tensor t = ken_tensor_2d(X[u], KEN_F64, n, 3);
            ken_model *model, *recipe;
            EXPECT_OK(ken_table_from_matrix(ctx, &t, names, &features[u]));
            const ken_data data = {.table = features[u], .target = &target};
            EXPECT_OK(ken_model_new(ctx, "knn", NULL, &model));
            EXPECT_OK(ken_model_new(ctx, "recipe", scaled ? "scale=standard" : "scale=none", &recipe));
            EXPECT_OK(ken_model_set_recipe(ctx, model, recipe));
            EXPECT_OK(ken_model_fit(ctx, model, &data));
            EXPECT_OK(ken_knn_neighbors(ctx, model, features[u], 5, near[u], far));
            ken_model_free(model);
            ken_table_free(features[u]);
        }
        int64_t same = 0;
        for (int64_t i = 0; i < 5 * n; i++) same += near[0][i] == near[1][i];
        if (scaled) EXPECT(same >= 5 * n - 20); /* all but rows at equal distance, which rounding may swap */
        else EXPECT(same < 5 * n / 2);
    }
    ken_table_free(birds);
}
