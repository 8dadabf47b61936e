/* For the tests of lasso and elastic_net: conditions that only the minimum meets, and golden numbers. */
#ifndef KEN_LINEAR_LINEAR_CD_CHECK_H
#define KEN_LINEAR_LINEAR_CD_CHECK_H

#include "ken/linear/linear_check.h"

typedef struct cd_case {
    double alpha, l1_ratio;
    bool positive, fit_intercept;
} cd_case;

/* Karush-Kuhn-Tucker: with v_j = x_j' W r / sum(w) - l2 b_j, v_j = l1 sign(b_j) where b_j is not 0, and
 * |v_j| <= l1 (v_j <= l1 for positive coefficients) where it is; the residuals' weighted mean is 0. All of
 * it from the rows, in the test's own loops. `slack` is absolute. */
static inline void cd_expect_kkt(const ken_model *m, const linear_sample *s, const cd_case *c,
                                 double slack) {
    const double *coef = ken_f64(ken_model_attr(m, "coef"));
    const double l1 = c->alpha * c->l1_ratio, l2 = c->alpha * (1 - c->l1_ratio);
    double total = 0, mean = 0, *v = calloc((size_t)s->d, sizeof *v);
    for (int64_t i = 0; i < s->n; i++) {
        const double w = s->weight ? s->weight[i] : 1, *x = s->X + i * s->d;
        double r = s->y[i] - ken_model_attr_f64(m, "intercept", NAN);
        for (int j = 0; j < s->d; j++) r -= coef[j] * x[j];
        for (int j = 0; j < s->d; j++) v[j] += w * r * x[j];
        mean += w * r;
        total += w;
    }
    if (c->fit_intercept) TEST_NEAR(mean / total, 0, 1e-9);
    for (int j = 0; j < s->d; j++) {
        const double now = v[j] / total - l2 * coef[j];
        const double want = coef[j] > 0 ? l1 : -l1;
        assert_false(c->positive && coef[j] < 0);
        if (coef[j] != 0 && fabs(now - want) > slack)
            fail_msg("coef[%d] = %g: %.12g instead of %.12g", j, coef[j], now, want);
        if (coef[j] == 0 && (c->positive ? now : fabs(now)) > l1 + slack)
            fail_msg("coef[%d] = 0, but |%.12g| > %.12g", j, now, l1);
    }
    free(v);
}

/* Lines of golden/elastic_net.csv (scikit-learn 1.9.1) whose l1_ratio is 1 (lasso) or any: both solvers
 * and both orders must give its coefficients to 1e-5: on both sides the gap stops at 1e-14 of the mean
 * square of the target (some 100), and along x3 - 2 x4, of variance 0.01, a gap of 1e-12 leaves
 * sqrt(2e-12 / 0.01) = 1e-5 open. */
static inline int cd_check_golden(const char *name) {
    enum { N = 30, D = 6 };
    static double X[N * D], y[N], w[N];
    const bool lasso = strcmp(name, "lasso") == 0;
    ken_ctx *ctx = test_ctx(1);
    size_t size;
    char *text = test_read_file(KEN_SOURCE_DIR "/ken/linear/elastic_net/golden/elastic_net.csv", &size);
    int rows = 0, fits = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        double v[12];
        if (sscanf(line, "row,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", v, v + 1, v + 2, v + 3, v + 4, v + 5,
                   v + 6, v + 7) == 8) {
            memcpy(X + rows * D, v, D * sizeof *X);
            y[rows] = v[6], w[rows++] = v[7];
        }
        if (sscanf(line, "fit,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", v, v + 1, v + 2, v + 3,
                   v + 4, v + 5, v + 6, v + 7, v + 8, v + 9, v + 10, v + 11) != 12 || (lasso && v[1] < 1))
            continue;
        for (int way = 0; way < 4; way++) {
            char settings[200], ratio[40] = "";
            if (!lasso) snprintf(ratio, sizeof ratio, "l1_ratio=%.17g", v[1]);
            snprintf(settings, sizeof settings,
                     "alpha=%.17g %s fit_intercept=%s positive=%s tol=1e-14 solver=%s selection=%s "
                     "max_iter=1000000", v[0], ratio, v[2] > 0 ? "true" : "false",
                     v[4] > 0 ? "true" : "false", way & 1 ? "gram" : "residual",
                     way & 2 ? "random" : "cyclic");
            const linear_sample s = {X, y, v[3] > 0 ? w : NULL, rows, D, KEN_REGRESS};
            const cd_case c = {v[0], v[1], v[4] > 0, v[2] > 0};
            ken_model *m = linear_sample_fit(ctx, name, settings, &s);
            const double *coef = ken_f64(ken_model_attr(m, "coef"));
            double top = 0;
            for (int j = 0; j < D; j++) top = fmax(top, fabs(v[6 + j]));
            for (int j = 0; j < D; j++)
                if (fabs(coef[j] - v[6 + j]) > 1e-5 * fmax(top, 1))
                    fail_msg("%s: coef[%d] is %.17g, not %.17g", settings, j, coef[j], v[6 + j]);
            TEST_NEAR(ken_model_attr_f64(m, "intercept", NAN), v[5], 1e-5);
            assert_true(((const bool *)ken_model_attr(m, "converged")->data)[0]);
            cd_expect_kkt(m, &s, &c, 1e-5);
            ken_model_free(m);
        }
        fits++;
    }
    assert_int_equal(rows, N);
    free(text);
    test_ctx_free(ctx);
    return fits;
}

/* n rows of d columns of which `useful` matter; neighbors are correlated. Many columns where d > n. */
static inline linear_sample cd_sparse_sample(int64_t n, int d, int useful) {
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "cd_sparse_sample", 0);
    linear_sample s = {.n = n, .d = d, .task = KEN_REGRESS};
    s.X = malloc((size_t)(n * d) * sizeof *s.X);
    s.y = malloc((size_t)n * sizeof *s.y);
    for (int64_t i = 0; i < n; i++) {
        double z = 0;
        s.y[i] = 2 + ken_rng_normal(&rng);
        for (int j = 0; j < d; j++) {
            z = 0.7 * z + ken_rng_normal(&rng);
            s.X[i * d + j] = z + 3;
            if (j < useful) s.y[i] += (j % 2 ? -1 : 1) * (2.0 + j) * z;
        }
    }
    test_ctx_free(ctx);
    return s;
}

/* The same minimum on products of columns and on columns, and the certificate holds: the objective of
 * one is within its gap of the other's. */
static inline void cd_check_solvers(const char *name, const char *more, double l1_ratio) {
    static const int shapes[][2] = {{200, 12}, {60, 150}, {50, 50}};
    ken_ctx *ctx = test_ctx(2);
    for (int k = 0; k < KEN_COUNT(shapes); k++) {
        linear_sample s = cd_sparse_sample(shapes[k][0], shapes[k][1], 5);
        const cd_case c = {0.3, l1_ratio, false, true};
        ken_model *m[2];
        for (int way = 0; way < 2; way++) {
            char settings[120];
            snprintf(settings, sizeof settings, "alpha=0.3 tol=1e-13 %s solver=%s", more,
                     way ? "gram" : "residual");
            m[way] = linear_sample_fit(ctx, name, settings, &s);
            cd_expect_kkt(m[way], &s, &c, 1e-5);
        }
        linear_expect_coefs(m[0], m[1], 1e-5);
        for (int way = 0; way < 2; way++) {
            const double own = ken_model_attr_f64(m[way], "objective", NAN);
            const double other = ken_model_attr_f64(m[!way], "objective", NAN);
            const double gap = ken_model_attr_f64(m[way], "gap", NAN);
            assert_true(own - other <= gap + 1e-13 * own);
            assert_true(gap >= 0 && gap <= 1e-10);
        }
        ken_model_free(m[0]);
        ken_model_free(m[1]);
        linear_sample_free(&s);
    }
    test_ctx_free(ctx);
}

/* A gap is a promise: at any step, the objective there less the gap is not above the minimum. */
static inline void cd_check_trace(const char *name, const char *settings) {
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(80, 6, 0, true);
    ken_table *table = test_table(ctx, s.X, s.n, s.d);
    const ken_column target = test_column_f64("y", s.y, s.n), weight = test_column_f64("w", s.weight, s.n);
    const ken_data data = {.table = table, .target = &target, .weight = &weight, .task = KEN_REGRESS};
    ken_model *whole, *traced;
    ken_trace *trace;
    TEST_OK(ctx, ken_model_new(ctx, name, settings, &whole));
    TEST_OK(ctx, ken_model_clone(ctx, whole, &traced));
    TEST_OK(ctx, ken_model_fit(ctx, whole, &data));
    TEST_OK(ctx, ken_model_set(ctx, traced, "step_unit", "coordinate"));
    TEST_OK(ctx, ken_model_trace(ctx, traced, &data, &trace));
    const double least = ken_model_attr_f64(whole, "objective", NAN);
    double before[6] = {0}, last = INFINITY;
    int64_t step = 0;
    for (;; step++) {
        TEST_OK(ctx, ken_trace_seek(trace, step + 1));
        const ken_progress *at = ken_trace_at(trace);
        if (at->iteration == step) break; /* done before */
        assert_string_equal(at->views[0].name, "coef");
        assert_string_equal(at->views[2].name, "moved");
        assert_string_equal(at->views[3].name, "gap");
        const double *coef = ken_f64(at->views[0].tensor);
        const int moved = (int)ken_f64(at->views[2].tensor)[0];
        for (int j = 0; j < 6; j++) {
            if (j != moved) assert_true(coef[j] == before[j]);
            before[j] = coef[j];
        }
        assert_true(at->objective <= last * (1 + 1e-14));
        last = at->objective;
        assert_true(last >= least * (1 - 1e-9));
    }
    assert_true(step > 6);
    TEST_OK(ctx, ken_trace_seek(trace, 3)); /* and back */
    assert_int_equal(ken_trace_at(trace)->iteration, 3);
    TEST_OK(ctx, ken_trace_seek(trace, step));
    TEST_OK(ctx, ken_trace_end(trace, true));
    linear_expect_coefs(traced, whole, 1e-6);
    ken_model_free(whole);
    /* a fit that is cut short says how far it is from the minimum, and is right */
    for (int k = 1; k < 6; k++) {
        char cut[16];
        snprintf(cut, sizeof cut, "%d", k);
        TEST_OK(ctx, ken_model_set(ctx, traced, "step_unit", "pass"));
        TEST_OK(ctx, ken_model_set(ctx, traced, "max_iter", cut));
        TEST_OK(ctx, ken_model_fit(ctx, traced, &data));
        const double gap = ken_model_attr_f64(traced, "gap", NAN);
        assert_true(ken_model_attr_f64(traced, "objective", NAN) - gap <= least * (1 + 1e-12));
        assert_true(gap >= 0);
    }
    ken_model_free(traced);
    ken_table_free(table);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

#endif
