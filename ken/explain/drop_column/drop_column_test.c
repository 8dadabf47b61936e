#include "ken/explain/drop_column/drop_column.h"

#include "ken/data/splits/splits.h"
#include "ken/explain/explain_testing.h"

enum { N = 90, FOLDS = 5 };

typedef struct fixture {
    ken_ctx *ctx;
    ken_table *table, *features;
    ken_model *model;
    ken_data data;
} fixture;

/* y = 2 a + b + e, columns a, b (which hang together) and nothing, which is noise. */
static fixture begin(int threads) {
    fixture f = {.ctx = test_ctx(threads)};
    static const char *const names[] = {"a", "b", "nothing", "y"};
    void *x[4];
    const int columns[] = {0, 1, 2};
    ken_rng rng = ken_rng_stream(f.ctx, "test", 0);
    TEST_OK(f.ctx, ken_table_new(f.ctx, N, &f.table));
    for (int j = 0; j < 4; j++) TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, names[j], KEN_F64, &x[j], NULL));
    for (int i = 0; i < N; i++) {
        const double a = ken_rng_normal(&rng), b = 0.5 * a + ken_rng_normal(&rng);
        ((double *)x[0])[i] = a;
        ((double *)x[1])[i] = b;
        ((double *)x[2])[i] = ken_rng_normal(&rng);
        ((double *)x[3])[i] = 2 * a + b + ken_rng_normal(&rng);
    }
    TEST_OK(f.ctx, ken_table_select(f.ctx, f.table, columns, 3, &f.features));
    f.data = (ken_data){.table = f.features, .target = ken_table_column(f.table, 3), .task = KEN_REGRESS};
    TEST_OK(f.ctx, ken_model_new(f.ctx, "linear", NULL, &f.model));
    TEST_OK(f.ctx, ken_model_fit(f.ctx, f.model, &f.data));
    return f;
}

static void end(fixture *f) {
    ken_model_free(f->model);
    ken_table_free(f->features);
    ken_table_free(f->table);
    test_ctx_free(f->ctx);
}

/* R^2 on the test rows of ordinary least squares on the training rows, by the normal equations of centered columns
 * and Cramer's rule. j[k], k < m: the columns; m is 2 or 3. */
static double r2(const fixture *f, const uint8_t *role, const int *j, int m) {
    double mean[4] = {0}, A[3][3] = {{0}}, r[3] = {0}, beta[3] = {0}, n = 0, sse = 0, sst = 0, test = 0, ybar = 0;
    double x[4];
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < N; i++) {
            if (role[i] != KEN_ROLE_TRAIN) continue;
            for (int k = 0; k <= m; k++) x[k] = ken_column_f64(ken_table_column(f->table, k < m ? j[k] : 3), i);
            if (pass == 0) {
                for (int k = 0; k <= m; k++) mean[k] += x[k];
                n++;
            } else
                for (int k = 0; k < m; k++) {
                    for (int l = 0; l < m; l++) A[k][l] += (x[k] - mean[k] / n) * (x[l] - mean[l] / n);
                    r[k] += (x[k] - mean[k] / n) * (x[m] - mean[m] / n);
                }
        }
    if (m == 2) A[2][2] = 1;
    for (int k = -1; k < m; k++) { /* the determinant, then each column replaced */
        double B[3][3];
        memcpy(B, A, sizeof B);
        for (int l = 0; l < 3 && k >= 0; l++) B[l][k] = r[l];
        const double det = B[0][0] * (B[1][1] * B[2][2] - B[1][2] * B[2][1]) -
                           B[0][1] * (B[1][0] * B[2][2] - B[1][2] * B[2][0]) +
                           B[0][2] * (B[1][0] * B[2][1] - B[1][1] * B[2][0]);
        if (k < 0)
            sse = det; /* kept for the division */
        else
            beta[k] = det / sse;
    }
    sse = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < N; i++) {
            if (role[i] != KEN_ROLE_TEST) continue;
            const double y = ken_column_f64(ken_table_column(f->table, 3), i);
            double fit = mean[m] / n;
            for (int k = 0; k < m; k++)
                fit += beta[k] * (ken_column_f64(ken_table_column(f->table, j[k]), i) - mean[k] / n);
            if (pass == 0)
                ybar += y, test++;
            else
                sse += (y - fit) * (y - fit), sst += (y - ybar / test) * (y - ybar / test);
        }
    return 1 - sse / sst;
}

/* The change of R^2 of a linear model, fold by fold by hand. */
static void test_drop_column__linear_model_by_hand(void **state) {
    (void)state;
    fixture f = begin(1);
    ken_drop_column_params p = {FOLDS, "r2"};
    ken_drop_column_info info;
    ken_drop_column_row rows[3];
    double loss[3][FOLDS], base = 0;
    uint8_t role[N];
    static const int all[] = {0, 1, 2}, without[3][2] = {{1, 2}, {0, 2}, {0, 1}};
    ken_kfold_params fold = KEN_KFOLD_DEFAULTS;
    fold.folds = FOLDS;
    for (int k = 0; k < FOLDS; k++) {
        TEST_OK(f.ctx, ken_split(f.ctx, &ken_kfold_desc, &fold, &f.data, k, role));
        const double full = r2(&f, role, all, 3);
        base += full / FOLDS;
        for (int j = 0; j < 3; j++) loss[j][k] = full - r2(&f, role, without[j], 2);
    }
    TEST_OK(f.ctx, ken_explain_drop_column(f.ctx, f.model, &f.data, &p, &info, rows));
    TEST_NEAR(info.score, base, 1e-9);
    assert_int_equal(info.folds, FOLDS);
    assert_true(info.higher_is_better);
    for (int i = 0; i < 3; i++) {
        double mean = 0, squares = 0;
        const double *l = loss[rows[i].feature];
        for (int k = 0; k < FOLDS; k++) mean += l[k] / FOLDS;
        for (int k = 0; k < FOLDS; k++) squares += (l[k] - mean) * (l[k] - mean);
        TEST_NEAR(rows[i].mean, mean, 1e-9);
        TEST_NEAR(rows[i].se, sqrt(squares / (FOLDS - 1) / FOLDS), 1e-9);
        TEST_NEAR(rows[i].score, base - mean, 1e-9);
        /* Corrected t (Nadeau & Bengio 2003) with 4 degrees of freedom, whose distribution function is closed. */
        const double t = mean / sqrt((1.0 / FOLDS + 18.0 / 72) * squares / (FOLDS - 1)), u = 1 + t * t / 4;
        TEST_NEAR(rows[i].p, 1 - 0.75 * fabs(t) / sqrt(u) * (1 - t * t / u / 12), 1e-9);
    }
    assert_int_equal(rows[0].feature, 0);
    assert_int_equal(rows[2].feature, 2);
    assert_true(rows[0].p < 0.05 && rows[2].p > 0.05);
    end(&f);
}

/* Lower is better: the same signs. A column twice in the table is worth nothing: the other one serves. */
static void test_drop_column__sign_and_a_column_that_is_there_twice(void **state) {
    (void)state;
    fixture f = begin(1);
    ken_table *twice = NULL;
    ken_drop_column_params p = {FOLDS, "rmse"};
    ken_drop_column_row rows[4];
    ken_drop_column_info info;
    TEST_OK(f.ctx, ken_explain_drop_column(f.ctx, f.model, &f.data, &p, &info, rows));
    assert_int_equal(rows[0].feature, 0);
    assert_true(rows[0].mean > 0 && !info.higher_is_better);
    TEST_OK(f.ctx, ken_table_new(f.ctx, N, &twice));
    for (int j = 0; j < 4; j++) {
        ken_column c = *ken_table_column(f.features, j % 3);
        c.name = j < 3 ? c.name : "again";
        TEST_OK(f.ctx, ken_table_add_borrow(f.ctx, twice, &c));
    }
    ken_data data = f.data;
    ken_model *ridge = NULL;
    data.table = twice;
    TEST_OK(f.ctx, ken_model_new(f.ctx, "ridge", "alpha=0.000001", &ridge));
    TEST_OK(f.ctx, ken_model_fit(f.ctx, ridge, &data));
    TEST_OK(f.ctx, ken_explain_drop_column(f.ctx, ridge, &data, &p, NULL, rows));
    for (int i = 0; i < 4; i++)
        if (rows[i].feature == 0 || rows[i].feature == 3) assert_true(fabs(rows[i].mean) < 1e-4);
    ken_model_free(ridge);
    ken_table_free(twice);
    end(&f);
}

static void test_drop_column__same_bits_for_any_threads(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 7};
    ken_drop_column_row rows[4][3];
    for (int t = 0; t < 4; t++) {
        fixture f = begin(threads[t]);
        ken_model *forest = NULL;
        TEST_OK(f.ctx, ken_model_new(f.ctx, "forest", "trees=5", &forest));
        TEST_OK(f.ctx, ken_model_fit(f.ctx, forest, &f.data));
        TEST_OK(f.ctx, ken_explain_drop_column(f.ctx, forest, &f.data, NULL, NULL, rows[t]));
        for (int i = 0; i < 3; i++)
            assert_true(rows[t][i].feature == rows[0][i].feature && rows[t][i].mean == rows[0][i].mean);
        ken_model_free(forest);
        end(&f);
    }
}

static void test_drop_column__says_what_is_wrong(void **state) {
    (void)state;
    fixture f = begin(1);
    ken_drop_column_row rows[3];
    ken_drop_column_params p = {1, NULL};
    ken_model *fresh = NULL;
    ken_data none = f.data;
    none.target = NULL;
    TEST_FAILS(f.ctx, ken_explain_drop_column(f.ctx, f.model, &none, NULL, NULL, rows), KEN_E_ARG, "target");
    TEST_FAILS(f.ctx, ken_explain_drop_column(f.ctx, f.model, &f.data, &p, NULL, rows), KEN_E_ARG, "1 folds");
    p = (ken_drop_column_params){5, "roc_auc"};
    TEST_FAILS(f.ctx, ken_explain_drop_column(f.ctx, f.model, &f.data, &p, NULL, rows), KEN_E_ARG, "roc_auc");
    TEST_OK(f.ctx, ken_model_new(f.ctx, "linear", NULL, &fresh));
    TEST_FAILS(f.ctx, ken_explain_drop_column(f.ctx, fresh, &f.data, NULL, NULL, rows), KEN_E_STATE, "not fitted");
    ken_model_free(fresh);
    end(&f);
}

static ken_status drop_once(ken_ctx *ctx, void *arg) {
    fixture *f = arg;
    ken_drop_column_row rows[3];
    ken_drop_column_params p = {2, "rmse"};
    return ken_explain_drop_column(ctx, f->model, &f->data, &p, NULL, rows);
}

static void test_drop_column__survives_every_failed_allocation(void **state) {
    (void)state;
    fixture f = begin(1);
    test_every_allocation(drop_once, &f, 4000);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drop_column__linear_model_by_hand),
        cmocka_unit_test(test_drop_column__sign_and_a_column_that_is_there_twice),
        cmocka_unit_test(test_drop_column__same_bits_for_any_threads),
        cmocka_unit_test(test_drop_column__says_what_is_wrong),
        cmocka_unit_test(test_drop_column__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
