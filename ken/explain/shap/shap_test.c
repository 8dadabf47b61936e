#include "ken/explain/shap/shap.h"

#include "ken/explain/explain_testing.h"

typedef struct fixture {
    ken_ctx *ctx;
    ken_table *table, *features;
    ken_model *model;
    ken_data data;
} fixture;

static fixture begin(int64_t n, bool classes) {
    fixture f = {.ctx = test_ctx(1)};
    f.table = known_table(f.ctx, n, classes);
    f.model = known_model(f.ctx, f.table, &f.features, &f.data);
    return f;
}

static void end(fixture *f) {
    ken_model_free(f->model);
    ken_table_free(f->features);
    ken_table_free(f->table);
    test_ctx_free(f->ctx);
}

static void test_shap__adds_up_to_the_margin(void **state) {
    (void)state;
    for (int classes = 0; classes < 2; classes++) {
        fixture f = begin(200, classes);
        const int64_t rows[] = {7, 0, 199, 7};
        ken_shap *s = NULL;
        TEST_OK(f.ctx, ken_explain_shap(f.ctx, f.model, f.features, rows, 4, &s));
        const ken_shap_view *v = ken_shap_get(s);
        assert_int_equal(v->n, 4);
        assert_int_equal(v->n_outputs, 1);
        assert_false(v->other);
        assert_string_equal(v->unit, classes ? "log odds" : "value");
        assert_true(v->gap <= 1e-12);
        for (int64_t i = 0; i < 4; i++) {
            double sum = v->base[i];
            for (int j = 0; j < 4; j++) {
                TEST_NEAR(v->value[i * 5 + j], known_term(f.features, j, rows[i]), 1e-15);
                sum += v->value[i * 5 + j];
            }
            TEST_NEAR(v->sum[i], sum, 1e-12);
        }
        ken_shap_free(s);
        end(&f);
    }
}

static void test_shap__account_of_a_row_is_sorted_and_named(void **state) {
    (void)state;
    fixture f = begin(50, false);
    ken_shap *s = NULL;
    ken_shap_part parts[5];
    int n = 0;
    TEST_OK(f.ctx, ken_explain_shap(f.ctx, f.model, f.features, NULL, 0, &s));
    assert_int_equal(ken_shap_get(s)->n, 50);
    TEST_OK(f.ctx, ken_explain_row(f.ctx, f.model, f.features, s, 3, 0, parts, &n));
    assert_int_equal(n, 4);
    for (int p = 0; p < n; p++) {
        char text[96];
        const ken_column *c = ken_table_column(f.features, parts[p].feature);
        assert_string_equal(parts[p].text, ken_column_format(c, 3, text, sizeof text));
        if (p) assert_true(fabs(parts[p].contribution) <= fabs(parts[p - 1].contribution));
    }
    TEST_FAILS(f.ctx, ken_explain_row(f.ctx, f.model, f.features, s, 50, 0, parts, &n), KEN_E_ARG,
               "row 50");
    ken_shap_free(s);
    end(&f);
}

static int64_t mute_width(const ken_model *model, ken_what what) {
    return what == KEN_WHAT_CONTRIBUTIONS ? 0 : known_width(model, what);
}

/* What the model's own verb says, in the account; a model that lacks it says so. */
static void test_shap__against_a_background_starts_at_its_mean(void **state) {
    (void)state;
    fixture f = begin(200, false);
    ken_model *m = NULL;
    ken_shap *s = NULL;
    ken_table *background = NULL;
    double mean = 0, prediction[64];
    ken_tensor out = ken_tensor_2d(prediction, KEN_F64, 64, 1);
    ken_column y = *ken_table_column(f.features, 0);
    const ken_data data = {.table = f.features, .target = &y, .task = KEN_REGRESS};
    TEST_OK(f.ctx, ken_model_new(f.ctx, "boosting", "trees=20", &m));
    TEST_OK(f.ctx, ken_model_fit(f.ctx, m, &data));
    TEST_OK(f.ctx, ken_table_slice(f.ctx, f.features, 64, 64, &background));
    TEST_OK(f.ctx, ken_model_predict(f.ctx, m, background, KEN_WHAT_VALUE, &out));
    for (int i = 0; i < 64; i++) mean += prediction[i] / 64;
    TEST_OK(f.ctx, ken_explain_shap_against(f.ctx, m, f.features, background, NULL, 0, &s));
    const ken_shap_view *v = ken_shap_get(s);
    assert_int_equal(v->n, 200);
    assert_true(v->gap <= 1e-12); /* the sums are the model's own answers */
    for (int i = 0; i < 200; i++) TEST_NEAR(v->base[i], mean, 1e-12);
    ken_shap_free(s);
    TEST_FAILS(f.ctx, ken_explain_shap_against(f.ctx, f.model, f.features, background, NULL, 0, &s),
               KEN_E_UNSUPPORTED, "against a background");
    assert_null(s);
    ken_model_free(m);
    ken_table_free(background);
    end(&f);
}

static void test_shap__model_without_contributions_is_refused_with_advice(void **state) {
    (void)state;
    fixture f = begin(20, false);
    ken_estimator estimator = known_estimator;
    ken_desc desc = known_desc;
    ken_model *m = NULL;
    ken_shap *s = NULL;
    const int64_t far = 20;
    estimator.width = mute_width;
    desc.estimator = &estimator;
    TEST_OK(f.ctx, ken_model_new_desc(f.ctx, &desc, NULL, &m));
    TEST_FAILS(f.ctx, ken_explain_shap(f.ctx, m, f.features, NULL, 0, &s), KEN_E_STATE, "not fitted");
    TEST_OK(f.ctx, ken_model_fit(f.ctx, m, &f.data));
    TEST_FAILS(f.ctx, ken_explain_shap(f.ctx, m, f.features, NULL, 0, &s), KEN_E_UNSUPPORTED,
               "known");
    assert_non_null(strstr(ken_ctx_hint(f.ctx), "permutation"));
    TEST_FAILS(f.ctx, ken_explain_shap(f.ctx, f.model, f.features, &far, 1, &s), KEN_E_ARG, "row 20");
    ken_model_free(m);
    end(&f);
}

/* --- of any model --- */

/* All sets: what TreeSHAP against the same background says, of a function of all columns. */
static void test_kernel_shap__all_sets_are_the_definition(void **state) {
    (void)state;
    fixture f = begin(120, false);
    ken_model *m = NULL;
    ken_shap *trees = NULL, *asked = NULL;
    ken_table *background = NULL;
    const int64_t rows[] = {3, 40, 77};
    const ken_data data = {.table = f.features, .target = f.data.target, .task = f.data.task};
    TEST_OK(f.ctx, ken_model_new(f.ctx, "boosting", "trees=25", &m));
    TEST_OK(f.ctx, ken_model_fit(f.ctx, m, &data));
    TEST_OK(f.ctx, ken_table_slice(f.ctx, f.features, 64, 40, &background));
    TEST_OK(f.ctx, ken_explain_shap_against(f.ctx, m, f.features, background, rows, 3, &trees));
    TEST_OK(f.ctx, ken_explain_kernel_shap(f.ctx, m, f.features, background, rows, 3, NULL, &asked));
    const ken_shap_view *v = ken_shap_get(trees), *w = ken_shap_get(asked);
    assert_true(w->n == 3 && w->n_outputs == 1 && w->row[1] == 40);
    for (int i = 0; i < 15; i++) TEST_NEAR(w->value[i], v->value[i], 1e-11);
    for (int i = 0; i < 3; i++) {
        TEST_NEAR(w->base[i], v->base[i], 1e-12);
        TEST_NEAR(w->sum[i], v->sum[i], 1e-11);
    }
    ken_shap_free(trees), ken_shap_free(asked);
    ken_model_free(m);
    ken_table_free(background);
    end(&f);
}

/* Of a sum each column has its own part less the background's mean, whichever sets are asked; the sum is exact. */
static void test_kernel_shap__some_sets_of_a_sum_are_enough(void **state) {
    (void)state;
    fixture f = begin(150, false);
    ken_table *background = NULL;
    const ken_kernel_shap_params few = {10, 32};
    ken_shap *s = NULL;
    TEST_OK(f.ctx, ken_table_slice(f.ctx, f.features, 0, 32, &background));
    for (int exact = 0; exact < 2; exact++) {
        const int64_t row = 100;
        TEST_OK(f.ctx, ken_explain_kernel_shap(f.ctx, f.model, f.features, background, &row, 1, exact ? NULL : &few, &s));
        const ken_shap_view *v = ken_shap_get(s);
        assert_string_equal(v->unit, "value");
        double sum = v->base[0];
        for (int j = 0; j < 4; j++) {
            double mean = 0;
            for (int64_t b = 0; b < 32; b++) mean += known_term(background, j, b) / 32;
            TEST_NEAR(v->value[j], known_term(f.features, j, row) - mean, 1e-11);
            sum += v->value[j];
        }
        TEST_NEAR(v->sum[0], sum, 1e-12);
        ken_shap_free(s);
    }
    ken_table_free(background);
    end(&f);
}

/* Twelve columns that multiply: least squares on a third of the sets is near the definition; the same for any threads. */
static void test_kernel_shap__many_columns_by_least_squares(void **state) {
    (void)state;
    enum { N = 200, D = 12 };
    static double x[N * D], y[N], first[D + 1];
    static const int threads[] = {1, 3};
    for (int t = 0; t < 2; t++) {
        ken_ctx *ctx = test_ctx(threads[t]);
        ken_rng rng = ken_rng_stream(ctx, "test.kernel", 0);
        for (int i = 0; i < N * D; i++) x[i] = ken_rng_f64(&rng) - 0.5;
        for (int i = 0; i < N; i++) y[i] = x[i * D] + 4 * x[i * D + 1] * x[i * D + 2] + 2 * x[i * D + 3];
        ken_table *X = test_table(ctx, x, N, D), *background;
        const ken_column target = test_column_f64("y", y, N);
        const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
        const ken_kernel_shap_params all = {4096, 20}, some = {1400, 20};
        const int64_t row = 150;
        ken_model *m;
        ken_shap *a, *b;
        TEST_OK(ctx, ken_model_new(ctx, "knn", "k=7", &m));
        TEST_OK(ctx, ken_model_fit(ctx, m, &data));
        TEST_OK(ctx, ken_table_slice(ctx, X, 0, 64, &background));
        TEST_OK(ctx, ken_explain_kernel_shap(ctx, m, X, background, &row, 1, &all, &a));
        TEST_OK(ctx, ken_explain_kernel_shap(ctx, m, X, background, &row, 1, &some, &b));
        const ken_shap_view *v = ken_shap_get(a), *w = ken_shap_get(b);
        double most = 0, off = 0;
        for (int j = 0; j < D; j++) most = fmax(most, fabs(v->value[j])), off = fmax(off, fabs(w->value[j] - v->value[j]));
        assert_true(most > 0 && off < 0.1 * most);
        TEST_NEAR(w->sum[0], v->sum[0], 1e-12);
        if (t) assert_memory_equal(first, w->value, sizeof(double) * D);
        memcpy(first, w->value, sizeof(double) * D);
        ken_shap_free(a), ken_shap_free(b);
        ken_model_free(m);
        ken_table_free(background), ken_table_free(X);
        test_ctx_free(ctx);
    }
}

static void test_kernel_shap__classes_and_errors(void **state) {
    (void)state;
    fixture f = begin(100, true);
    ken_shap *s = NULL;
    ken_table *none;
    const ken_kernel_shap_params wrong = {0, 10};
    const int64_t row = 5, far = 100;
    double proba[2], mean = 0;
    ken_table *one, *all;
    TEST_OK(f.ctx, ken_explain_kernel_shap(f.ctx, f.model, f.features, f.features, &row, 1, NULL, &s));
    const ken_shap_view *v = ken_shap_get(s);
    assert_string_equal(v->unit, "probability");
    TEST_OK(f.ctx, ken_table_take(f.ctx, f.features, &row, 1, &one));
    ken_tensor t = ken_tensor_2d(proba, KEN_F64, 1, 2);
    TEST_OK(f.ctx, ken_model_predict(f.ctx, f.model, one, KEN_WHAT_PROBA, &t));
    TEST_NEAR(v->sum[0], proba[1], 1e-12);
    double many[200];
    t = ken_tensor_2d(many, KEN_F64, 100, 2);
    TEST_OK(f.ctx, ken_model_predict(f.ctx, f.model, f.features, KEN_WHAT_PROBA, &t));
    for (int i = 0; i < 100; i++) mean += many[2 * i + 1] / 100;
    TEST_NEAR(v->base[0], mean, 1e-12);
    ken_shap_free(s);
    TEST_OK(f.ctx, ken_table_slice(f.ctx, f.features, 0, 0, &none));
    TEST_FAILS(f.ctx, ken_explain_kernel_shap(f.ctx, f.model, f.features, none, &row, 1, NULL, &s), KEN_E_ARG, "no rows");
    TEST_FAILS(f.ctx, ken_explain_kernel_shap(f.ctx, f.model, f.features, f.features, &far, 1, NULL, &s), KEN_E_ARG, "row 100");
    TEST_FAILS(f.ctx, ken_explain_kernel_shap(f.ctx, f.model, f.features, f.features, &row, 1, &wrong, &s), KEN_E_ARG, "0 sets");
    assert_null(s);
    TEST_OK(f.ctx, ken_table_new(f.ctx, 3, &all));
    TEST_FAILS(f.ctx, ken_explain_kernel_shap(f.ctx, f.model, f.features, all, &row, 1, NULL, &s), KEN_E_NOT_FOUND, "column");
    ken_table_free(all), ken_table_free(none), ken_table_free(one);
    end(&f);
}

static ken_status kernel_once(ken_ctx *ctx, void *arg) {
    const fixture *f = arg;
    static const ken_kernel_shap_params few = {10, 5};
    const int64_t row = 2;
    ken_shap *s = NULL;
    const ken_status status = ken_explain_kernel_shap(ctx, f->model, f->features, f->features, &row, 1, &few, &s);
    ken_shap_free(s);
    return status;
}

/* --- two by two --- */

/* Boosting on the known table: y = f; products among its inputs if wanted. */
static ken_model *pairs_model(fixture *f, const char *settings, bool products) {
    ken_model *m = NULL, *recipe = NULL;
    const ken_data data = {.table = f->features, .target = f->data.target, .task = f->data.task};
    TEST_OK(f->ctx, ken_model_new(f->ctx, "boosting", settings, &m));
    if (products) {
        TEST_OK(f->ctx, ken_model_new(f->ctx, "recipe", "polynomial=2", &recipe));
        TEST_OK(f->ctx, ken_model_set_recipe(f->ctx, m, recipe));
    }
    TEST_OK(f->ctx, ken_model_fit(f->ctx, m, &data));
    return m;
}

/* Rows of the matrix of each single row are its contributions; means over rows are means of theirs. */
static void test_shap_pairs__rows_add_up_to_the_contributions(void **state) {
    (void)state;
    for (int c = 0; c < 4; c++) {
        fixture f = begin(120, c % 2);
        ken_model *m = pairs_model(&f, "trees=15", c >= 2);
        enum { D = 5 }; /* four columns, then what is made of several */
        double mean[D * D] = {0}, size[D * D] = {0};
        ken_shap *s = NULL;
        ken_shap_pairs *p = NULL;
        TEST_OK(f.ctx, ken_explain_shap(f.ctx, m, f.features, NULL, 0, &s));
        const ken_shap_view *v = ken_shap_get(s);
        assert_true(v->other == (c >= 2));
        for (int64_t i = 0; i < 30; i++) {
            TEST_OK(f.ctx, ken_explain_shap_pairs(f.ctx, m, f.features, &i, 1, &p));
            const ken_shap_pairs_view *w = ken_shap_pairs_get(p);
            assert_true(w->n_features == 4 && w->n_outputs == 1 && w->other == v->other);
            assert_string_equal(w->unit, c % 2 ? "log odds" : "value");
            TEST_NEAR(w->base[0], v->base[i], 1e-12);
            for (int a = 0; a < D; a++) {
                double sum = 0;
                for (int b = 0; b < D; b++) {
                    sum += w->value[a * D + b];
                    TEST_NEAR(w->value[a * D + b], w->value[b * D + a], 1e-12);
                    TEST_NEAR(w->size[a * D + b], fabs(w->value[a * D + b]), 0);
                    mean[a * D + b] += w->value[a * D + b] / 30, size[a * D + b] += w->size[a * D + b] / 30;
                }
                TEST_NEAR(sum, v->value[i * D + a], 1e-11);
            }
            ken_shap_pairs_free(p);
        }
        int64_t rows[30];
        for (int i = 0; i < 30; i++) rows[i] = i;
        TEST_OK(f.ctx, ken_explain_shap_pairs(f.ctx, m, f.features, rows, 30, &p));
        for (int i = 0; i < D * D; i++) {
            TEST_NEAR(ken_shap_pairs_get(p)->value[i], mean[i], 1e-12);
            TEST_NEAR(ken_shap_pairs_get(p)->size[i], size[i], 1e-12);
        }
        ken_shap_pairs_free(p);
        ken_shap_free(s);
        ken_model_free(m);
        end(&f);
    }
}

/* A sum of trees that ask one column each has nothing between columns. */
static void test_shap_pairs__a_sum_has_none(void **state) {
    (void)state;
    fixture f = begin(120, false);
    ken_model *m = pairs_model(&f, "trees=30 max_leaves=2", false);
    ken_shap_pairs *p = NULL;
    double alone = 0;
    const int64_t far = 120;
    TEST_OK(f.ctx, ken_explain_shap_pairs(f.ctx, m, f.features, NULL, 0, &p));
    for (int i = 0; i < 25; i++) {
        if (i % 6) assert_true(ken_shap_pairs_get(p)->size[i] == 0);
        else alone += ken_shap_pairs_get(p)->size[i];
    }
    assert_true(alone > 0.1);
    ken_shap_pairs_free(p);
    TEST_FAILS(f.ctx, ken_explain_shap_pairs(f.ctx, m, f.features, &far, 1, &p), KEN_E_ARG, "row 120");
    TEST_FAILS(f.ctx, ken_explain_shap_pairs(f.ctx, f.model, f.features, NULL, 0, &p), KEN_E_UNSUPPORTED, "two by two");
    assert_null(p);
    ken_model_free(m);
    end(&f);
}

static ken_status pairs_once(ken_ctx *ctx, void *arg) {
    const fixture *f = arg;
    const int64_t rows[] = {0, 3};
    ken_shap_pairs *p = NULL;
    ken_model *m = NULL;
    const ken_data data = {.table = f->features, .target = f->data.target, .task = f->data.task};
    ken_status status = ken_model_new(ctx, "boosting", "trees=2", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_explain_shap_pairs(ctx, m, f->features, rows, 2, &p);
    ken_shap_pairs_free(p);
    ken_model_free(m);
    return status;
}

static ken_status shap_once(ken_ctx *ctx, void *arg) {
    fixture *f = arg;
    ken_shap *s = NULL;
    const ken_status status = ken_explain_shap(ctx, f->model, f->features, NULL, 0, &s);
    ken_shap_free(s);
    return status;
}

static void test_shap__survives_every_failed_allocation(void **state) {
    (void)state;
    fixture f = begin(20, true);
    test_every_allocation(shap_once, &f, 2000);
    test_every_allocation(pairs_once, &f, 3000);
    test_every_allocation(kernel_once, &f, 3000);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shap__adds_up_to_the_margin),
        cmocka_unit_test(test_shap__account_of_a_row_is_sorted_and_named),
        cmocka_unit_test(test_shap__against_a_background_starts_at_its_mean),
        cmocka_unit_test(test_shap__model_without_contributions_is_refused_with_advice),
        cmocka_unit_test(test_kernel_shap__all_sets_are_the_definition),
        cmocka_unit_test(test_kernel_shap__some_sets_of_a_sum_are_enough),
        cmocka_unit_test(test_kernel_shap__many_columns_by_least_squares),
        cmocka_unit_test(test_kernel_shap__classes_and_errors),
        cmocka_unit_test(test_shap_pairs__rows_add_up_to_the_contributions),
        cmocka_unit_test(test_shap_pairs__a_sum_has_none),
        cmocka_unit_test(test_shap__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
