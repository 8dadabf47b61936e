/* Numeric checks of the derivations of this lesson. */
#include <ken/math/distributions.h>
#include <ken/math/linalg.h>

enum { N = 12, P = 4 };

/* A column of ones, and random columns that are somewhat alike. */
static void draw(ken_rng *rng, double *X, double *y) {
    for (int i = 0; i < N; i++) {
        const double common = ken_rng_normal(rng);
        X[i * P] = 1;
        for (int j = 1; j < P; j++) X[i * P + j] = common + ken_rng_normal(rng);
        y[i] = 1 + 2 * X[i * P + 1] - X[i * P + 3] + ken_rng_normal(rng);
    }
}

/* (X'X)^-1 of n rows and p columns. */
static bool inverse_of_products(const double *X, int n, int p, double *out) {
    double G[P * P] = {0};
    for (int i = 0; i < n; i++)
        for (int j = 0; j < p; j++)
            for (int k = 0; k < p; k++) G[j * p + k] += X[i * p + j] * X[i * p + k];
    if (ken_cholesky(G, p, p, 0) < p) return false;
    ken_cholesky_inverse(G, p, p, out);
    return true;
}

/* beta = (X'X)^-1 X'y over the rows but `without` (-1: all). */
static bool coefficients(const double *X, const double *y, int without, double *beta) {
    double kept[N * P], target[N], inverse[P * P], right[P] = {0};
    int n = 0;
    for (int i = 0; i < N; i++) {
        if (i == without) continue;
        memcpy(kept + n * P, X + i * P, P * sizeof *X);
        target[n++] = y[i];
    }
    if (!inverse_of_products(kept, n, P, inverse)) return false;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < P; j++) right[j] += kept[i * P + j] * target[i];
    for (int j = 0; j < P; j++) {
        beta[j] = 0;
        for (int k = 0; k < P; k++) beta[j] += inverse[j * P + k] * right[k];
    }
    return true;
}

static double at(const double *x, const double *beta) {
    double sum = 0;
    for (int j = 0; j < P; j++) sum += x[j] * beta[j];
    return sum;
}

static double squares(const double *X, const double *y, const double *beta) {
    double sum = 0;
    for (int i = 0; i < N; i++) sum += (y[i] - at(X + i * P, beta)) * (y[i] - at(X + i * P, beta));
    return sum;
}

/* Slope, intercept and what is left: partial derivatives vanish, and no line nearby is better. */
KEN_CHECK(line_minimum) {
    ken_rng rng = ken_rng_stream(ctx, "check.line", 0);
    double x[20], y[20], mx = 0, my = 0, sxx = 0, sxy = 0, syy = 0;
    for (int i = 0; i < 20; i++) x[i] = 3 + ken_rng_normal(&rng), y[i] = 2 * x[i] + ken_rng_normal(&rng), mx += x[i] / 20, my += y[i] / 20;
    for (int i = 0; i < 20; i++)
        sxx += (x[i] - mx) * (x[i] - mx), sxy += (x[i] - mx) * (y[i] - my), syy += (y[i] - my) * (y[i] - my);
    const double slope = sxy / sxx, intercept = my - slope * mx;
    for (int trial = 0; trial < 200; trial++) {
        const double s = slope + (trial ? ken_rng_normal(&rng) * 0.1 : 0), c = intercept + (trial ? ken_rng_normal(&rng) * 0.1 : 0);
        double loss = 0, ds = 0, dc = 0;
        for (int i = 0; i < 20; i++) {
            const double r = y[i] - c - s * x[i];
            loss += r * r, ds -= 2 * x[i] * r, dc -= 2 * r;
        }
        if (trial == 0) {
            EXPECT(fabs(ds) < 1e-10 && fabs(dc) < 1e-10);
            EXPECT_NEAR(loss, syy - sxy * sxy / sxx, 1e-10);
        }
        EXPECT(loss >= syy - sxy * sxy / sxx - 1e-10);
    }
}

/* Minus the log-likelihood over lines and sigma is least at least squares and at the root of the mean square. */
KEN_CHECK(likelihood) {
    ken_rng rng = ken_rng_stream(ctx, "check.likelihood", 0);
    double X[N * P], y[N], beta[P], moved[P], least = 0;
    draw(&rng, X, y);
    EXPECT(coefficients(X, y, -1, beta));
    const double sigma = sqrt(squares(X, y, beta) / N);
    for (int trial = 0; trial < 300; trial++) {
        for (int j = 0; j < P; j++) moved[j] = beta[j] + (trial ? 0.05 * ken_rng_normal(&rng) : 0);
        const double s = trial ? sigma * (1 + 0.1 * (ken_rng_f64(&rng) - 0.5)) : sigma;
        double minus = 0;
        for (int i = 0; i < N; i++) {
            const double z = (y[i] - at(X + i * P, moved)) / s;
            minus -= ken_log(ken_exp(-z * z / 2) / (s * sqrt(2 * 3.14159265358979323846)));
        }
        if (trial == 0) least = minus;
        EXPECT(minus >= least);
    }
}

/* X'r = 0; Pythagoras; the hat matrix is symmetric, idempotent, of trace p. */
KEN_CHECK(projection) {
    ken_rng rng = ken_rng_stream(ctx, "check.projection", 0);
    double X[N * P], y[N], beta[P], other[P], inverse[P * P], hat[N * N], trace = 0;
    draw(&rng, X, y);
    EXPECT(coefficients(X, y, -1, beta) && inverse_of_products(X, N, P, inverse));
    for (int j = 0; j < P; j++) {
        double sum = 0;
        for (int i = 0; i < N; i++) sum += X[i * P + j] * (y[i] - at(X + i * P, beta));
        EXPECT(fabs(sum) < 1e-10);
        other[j] = beta[j] + ken_rng_normal(&rng);
    }
    double moved = 0;
    for (int i = 0; i < N; i++) moved += (at(X + i * P, beta) - at(X + i * P, other)) * (at(X + i * P, beta) - at(X + i * P, other));
    EXPECT_NEAR(squares(X, y, other), squares(X, y, beta) + moved, 1e-12);
    for (int a = 0; a < N; a++)
        for (int b = 0; b < N; b++) {
            hat[a * N + b] = 0;
            for (int j = 0; j < P; j++)
                for (int k = 0; k < P; k++) hat[a * N + b] += X[a * P + j] * inverse[j * P + k] * X[b * P + k];
        }
    for (int a = 0; a < N; a++) {
        double fitted = 0;
        trace += hat[a * N + a];
        for (int b = 0; b < N; b++) {
            double twice = 0;
            fitted += hat[a * N + b] * y[b];
            for (int c = 0; c < N; c++) twice += hat[a * N + c] * hat[c * N + b];
            EXPECT(fabs(twice - hat[a * N + b]) < 1e-12 && fabs(hat[a * N + b] - hat[b * N + a]) < 1e-12);
        }
        EXPECT(fabs(fitted - at(X + a * P, beta)) < 1e-11);
    }
    EXPECT_NEAR(trace, P, 1e-12);
}

/* Eigenvalues of X'X are the squares of the singular values of X. */
KEN_CHECK(condition_squared) {
    ken_rng rng = ken_rng_stream(ctx, "check.condition", 0);
    double X[N * P], y[N], s[P], G[P * P] = {0}, values[P];
    draw(&rng, X, y);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < P; j++)
            for (int k = 0; k < P; k++) G[j * P + k] += X[i * P + j] * X[i * P + k];
    EXPECT_OK(ken_svd(ctx, X, N, P, P, s, NULL, NULL));
    EXPECT_OK(ken_eigen_symmetric(ctx, G, P, P, values, NULL));
    for (int j = 0; j < P; j++) EXPECT_NEAR(values[P - 1 - j], s[j] * s[j], 1e-11);
    EXPECT_NEAR(values[P - 1] / values[0], (s[0] / s[P - 1]) * (s[0] / s[P - 1]), 1e-10);
}

/* The covariance of another linear unbiased estimator is larger by DD'; sigma of the library is the root of rss / (n - p). */
KEN_CHECK(gauss_markov) {
    ken_rng rng = ken_rng_stream(ctx, "check.gauss_markov", 0);
    double X[N * P], y[N], inverse[P * P], beta[P];
    draw(&rng, X, y);
    EXPECT(inverse_of_products(X, N, P, inverse) && coefficients(X, y, -1, beta));
    for (int trial = 0; trial < 20; trial++) {
        double w[N], v[N], fit[P], own = 0, mixed = 0, d2 = 0; /* coefficient 1: w . y; another: (w + v) . y with X'v = 0 */
        for (int i = 0; i < N; i++) v[i] = ken_rng_normal(&rng);
        EXPECT(coefficients(X, v, -1, fit));
        for (int i = 0; i < N; i++) {
            v[i] -= at(X + i * P, fit); /* what is left of a random vector is orthogonal to the columns */
            w[i] = 0;
            for (int k = 0; k < P; k++) w[i] += inverse[1 * P + k] * X[i * P + k];
            own += w[i] * w[i], d2 += v[i] * v[i], mixed += (w[i] + v[i]) * (w[i] + v[i]);
        }
        EXPECT_NEAR(own, inverse[1 * P + 1], 1e-10);
        EXPECT_NEAR(mixed, own + d2, 1e-10);
        EXPECT(mixed > own);
        for (int j = 0; j < P; j++) { /* unbiased: (w + v) . column j is 1 for j = 1, else 0 */
            double sum = 0;
            for (int i = 0; i < N; i++) sum += (w[i] + v[i]) * X[i * P + j];
            EXPECT(fabs(sum - (j == 1)) < 1e-10);
        }
    }
    ken_table *t, *features;
    ken_model *m;
    ken_tensor matrix = ken_tensor_2d(X, KEN_F64, N, P);
    EXPECT_OK(ken_table_from_matrix(ctx, &matrix, NULL, &t));
    EXPECT_OK(ken_table_select(ctx, t, (const int[]){1, 2, 3}, 3, &features));
    const ken_column target = {.name = "y", .dtype = KEN_F64, .n = N, .data = y, .stride = 1};
    const ken_data data = {.table = features, .target = &target, .task = KEN_REGRESS};
    EXPECT_OK(ken_model_new(ctx, "linear", NULL, &m));
    EXPECT_OK(ken_model_fit(ctx, m, &data));
    const double sigma = sqrt(squares(X, y, beta) / (N - P));
    EXPECT_NEAR(ken_model_attr_f64(m, "sigma", NAN), sigma, 1e-10);
    for (int j = 0; j < 3; j++) {
        EXPECT_NEAR(ken_f64(ken_model_attr(m, "coef"))[j], beta[j + 1], 1e-9);
        EXPECT_NEAR(ken_f64(ken_model_attr(m, "standard_error"))[j], sigma * sqrt(inverse[(j + 1) * (P + 1)]), 1e-9);
    }
    ken_model_free(m);
    ken_table_free(features);
    ken_table_free(t);
}

/* 1 / (1 - R^2) against the library, and the variance sigma^2 / S_jj times it against (X'X)^-1. */
KEN_CHECK(vif) {
    ken_rng rng = ken_rng_stream(ctx, "check.vif", 0);
    double X[N * P], y[N], inverse[P * P], vif[3];
    draw(&rng, X, y);
    EXPECT(inverse_of_products(X, N, P, inverse));
    ken_table *t;
    ken_tensor matrix = ken_tensor_2d(X, KEN_F64, N, P);
    EXPECT_OK(ken_table_from_matrix(ctx, &matrix, NULL, &t));
    EXPECT_OK(ken_vif(ctx, t, (const int[]){1, 2, 3}, 3, vif, NULL));
    for (int j = 1; j < P; j++) {
        double others[N * P], column[N], beta[P], mean = 0, s = 0;
        for (int i = 0; i < N; i++) { /* column j as the target; a column of noise in its place would change R^2: use a copy of 1 */
            column[i] = X[i * P + j], mean += column[i] / N;
            for (int k = 0, m = 0; k < P; k++) if (k != j) others[i * (P - 1) + m++] = X[i * P + k];
        }
        double small[P * P], right[P] = {0}, left = 0;
        EXPECT(inverse_of_products(others, N, P - 1, small));
        for (int i = 0; i < N; i++)
            for (int k = 0; k < P - 1; k++) right[k] += others[i * (P - 1) + k] * column[i];
        for (int k = 0; k < P - 1; k++) {
            beta[k] = 0;
            for (int l = 0; l < P - 1; l++) beta[k] += small[k * (P - 1) + l] * right[l];
        }
        for (int i = 0; i < N; i++) {
            double z = column[i];
            for (int k = 0; k < P - 1; k++) z -= beta[k] * others[i * (P - 1) + k];
            left += z * z, s += (column[i] - mean) * (column[i] - mean);
        }
        EXPECT_NEAR(vif[j - 1], s / left, 1e-10);                      /* 1 - R^2 = left / s */
        EXPECT_NEAR(inverse[j * (P + 1)], vif[j - 1] / s, 1e-10);
    }
    ken_table_free(t);
}

/* r / (1 - h) equals the residual of a fit without the row; Cook's distance equals what predictions move. */
KEN_CHECK(leave_one_out) {
    ken_rng rng = ken_rng_stream(ctx, "check.leave", 0);
    double X[N * P], y[N], beta[P], inverse[P * P];
    draw(&rng, X, y);
    EXPECT(coefficients(X, y, -1, beta) && inverse_of_products(X, N, P, inverse));
    const double sigma2 = squares(X, y, beta) / (N - P);
    for (int i = 0; i < N; i++) {
        double without[P], h = 0, moved = 0;
        EXPECT(coefficients(X, y, i, without));
        for (int j = 0; j < P; j++)
            for (int k = 0; k < P; k++) h += X[i * P + j] * inverse[j * P + k] * X[i * P + k];
        const double r = y[i] - at(X + i * P, beta);
        EXPECT_NEAR(y[i] - at(X + i * P, without), r / (1 - h), 1e-9);
        for (int a = 0; a < N; a++) moved += (at(X + a * P, beta) - at(X + a * P, without)) * (at(X + a * P, beta) - at(X + a * P, without));
        EXPECT_NEAR(moved / (P * sigma2), r * r / (P * sigma2) * h / ((1 - h) * (1 - h)), 1e-9);
    }
}
