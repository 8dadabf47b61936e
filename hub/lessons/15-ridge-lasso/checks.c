/* Numeric checks of the derivations of this lesson. */
#include <ken/linear/linear_cd.h>
#include <ken/math/linalg.h>

enum { N = 15, P = 4 };

/* Centered random columns that are somewhat alike, and a centered target. */
static void draw(ken_rng *rng, double *X, double *y) {
    double mean[P + 1] = {0};
    for (int i = 0; i < N; i++) {
        const double common = ken_rng_normal(rng);
        y[i] = ken_rng_normal(rng);
        for (int j = 0; j < P; j++) {
            X[i * P + j] = common + ken_rng_normal(rng);
            y[i] += (j - 1) * X[i * P + j];
            mean[j] += X[i * P + j] / N;
        }
        mean[P] += y[i] / N;
    }
    for (int i = 0; i < N; i++) {
        y[i] -= mean[P];
        for (int j = 0; j < P; j++) X[i * P + j] -= mean[j];
    }
}

/* (X'X + lambda I) b = X'y */
static bool ridge(const double *X, const double *y, double lambda, double *b) {
    double G[P * P] = {0};
    for (int j = 0; j < P; j++) b[j] = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < P; j++) {
            b[j] += X[i * P + j] * y[i];
            for (int k = 0; k < P; k++) G[j * P + k] += X[i * P + j] * X[i * P + k];
        }
    for (int j = 0; j < P; j++) G[j * P + j] += lambda;
    if (ken_cholesky(G, P, P, 0) < P) return false;
    ken_cholesky_solve(G, P, P, b);
    return true;
}

static double squares(const double *X, const double *y, const double *b) {
    double sum = 0;
    for (int i = 0; i < N; i++) {
        double r = y[i];
        for (int j = 0; j < P; j++) r -= X[i * P + j] * b[j];
        sum += r * r;
    }
    return sum;
}

static double length2(const double *b) {
    double sum = 0;
    for (int j = 0; j < P; j++) sum += b[j] * b[j];
    return sum;
}

/* Coefficients of a model of the library on these rows. */
static ken_status library(ken_ctx *ctx, const char *name, const char *settings, double *X, double *y, double *coef, double *gap) {
    ken_table *t;
    ken_model *m;
    ken_tensor matrix = ken_tensor_2d(X, KEN_F64, N, P);
    KEN_TRY(ken_table_from_matrix(ctx, &matrix, NULL, &t));
    const ken_column target = {.name = "y", .dtype = KEN_F64, .n = N, .data = y, .stride = 1};
    const ken_data data = {.table = t, .target = &target, .task = KEN_REGRESS};
    KEN_TRY(ken_model_new(ctx, name, settings, &m));
    KEN_TRY(ken_model_fit(ctx, m, &data));
    memcpy(coef, ken_f64(ken_model_attr(m, "coef")), P * sizeof *coef);
    if (gap) *gap = ken_model_attr_f64(m, "gap", NAN);
    ken_model_free(m);
    ken_table_free(t);
    return KEN_OK;
}

/* The equation, the library, and least squares with P more rows agree. */
KEN_CHECK(ridge_normal) {
    ken_rng rng = ken_rng_stream(ctx, "check.ridge", 0);
    double X[(N + P) * P] = {0}, y[N + P] = {0}, b[P], own[P], longer[P];
    const double lambda = 2.5;
    int64_t rank;
    draw(&rng, X, y);
    EXPECT(ridge(X, y, lambda, b));
    EXPECT_OK(library(ctx, "ridge", "alpha=2.5", X, y, own, NULL));
    for (int j = 0; j < P; j++) X[(N + j) * P + j] = sqrt(lambda);
    EXPECT_OK(ken_least_squares(ctx, X, N + P, P, P, y, 0, longer, &rank, NULL));
    for (int j = 0; j < P; j++) {
        EXPECT_NEAR(own[j], b[j], 1e-10);
        EXPECT_NEAR(longer[j], b[j], 1e-10);
    }
}

/* No point of the ball through ridge's solution has a smaller loss, and the gradient there is -2 lambda b. */
KEN_CHECK(ridge_budget) {
    ken_rng rng = ken_rng_stream(ctx, "check.budget", 0);
    double X[N * P], y[N], b[P], smaller[P];
    const double lambda = 3;
    draw(&rng, X, y);
    EXPECT(ridge(X, y, lambda, b) && ridge(X, y, 2 * lambda, smaller));
    EXPECT(length2(smaller) < length2(b));
    for (int j = 0; j < P; j++) {
        double up[P], down[P];
        memcpy(up, b, sizeof up), memcpy(down, b, sizeof down);
        up[j] += 1e-5, down[j] -= 1e-5;
        EXPECT_NEAR((squares(X, y, up) - squares(X, y, down)) / 2e-5, -2 * lambda * b[j], 1e-6);
    }
    for (int trial = 0; trial < 2000; trial++) {
        double other[P];
        for (int j = 0; j < P; j++) other[j] = b[j] + 0.3 * ken_rng_normal(&rng);
        const double shrink = fmin(1, sqrt(length2(b) / length2(other)));
        for (int j = 0; j < P; j++) other[j] *= shrink;
        EXPECT(squares(X, y, other) >= squares(X, y, b) - 1e-9);
    }
}

/* Along the right singular vectors ridge keeps s^2 / (s^2 + lambda) of least squares. */
KEN_CHECK(ridge_directions) {
    ken_rng rng = ken_rng_stream(ctx, "check.directions", 0);
    double X[N * P], y[N], b[P], free[P], s[P], V[P * P], G[P * P] = {0}, trace = 0, df = 0;
    const double lambda = 4;
    draw(&rng, X, y);
    EXPECT(ridge(X, y, lambda, b) && ridge(X, y, 0, free));
    EXPECT_OK(ken_svd(ctx, X, N, P, P, s, NULL, V));
    for (int k = 0; k < P; k++) {
        double along = 0, along_free = 0;
        for (int j = 0; j < P; j++) along += V[k * P + j] * b[j], along_free += V[k * P + j] * free[j];
        EXPECT_NEAR(along, along_free * s[k] * s[k] / (s[k] * s[k] + lambda), 1e-9);
        df += s[k] * s[k] / (s[k] * s[k] + lambda);
    }
    for (int i = 0; i < N; i++) /* trace of X (X'X + lambda I)^-1 X' = trace of (X'X + lambda I)^-1 X'X */
        for (int j = 0; j < P; j++)
            for (int k = 0; k < P; k++) G[j * P + k] += X[i * P + j] * X[i * P + k];
    double L[P * P];
    memcpy(L, G, sizeof L);
    for (int j = 0; j < P; j++) L[j * P + j] += lambda;
    EXPECT(ken_cholesky(L, P, P, 0) == P);
    for (int k = 0; k < P; k++) {
        double column[P];
        for (int j = 0; j < P; j++) column[j] = G[j * P + k];
        ken_cholesky_solve(L, P, P, column);
        trace += column[k];
    }
    EXPECT_NEAR(trace, df, 1e-11);
}

/* M falls at 0 and is least at d sigma^2 / |beta|^2; the formula against a mean over many samples. */
KEN_CHECK(ridge_better) {
    const double beta[P] = {1, -0.5, 0.3, 0}, sigma = 0.8, size = length2(beta);
    const double best = P * sigma * sigma / size;
    for (int k = 0; k < 3; k++) {
        const double lambda = k == 0 ? 0 : k == 1 ? best : 3 * best;
        const double formula = P * sigma * sigma / ((1 + lambda) * (1 + lambda)) + lambda * lambda / ((1 + lambda) * (1 + lambda)) * size;
        ken_rng rng = ken_rng_stream(ctx, "check.better", 0);
        double sum = 0;
        const int runs = 40000;
        for (int r = 0; r < runs; r++) /* orthonormal columns: least squares gives beta + noise */
            for (int j = 0; j < P; j++) {
                const double error = (beta[j] + sigma * ken_rng_normal(&rng)) / (1 + lambda) - beta[j];
                sum += error * error / runs;
            }
        EXPECT_NEAR(sum, formula, 0.03);
        const double at_best = P * sigma * sigma / ((1 + best) * (1 + best)) + best * best / ((1 + best) * (1 + best)) * size;
        EXPECT(formula >= at_best - 1e-12);
    }
}

/* S(z, alpha) against a search over a fine grid; and the library's function. */
KEN_CHECK(soft_threshold) {
    const double zs[] = {-3, -1.2, -0.5, 0, 0.4, 0.9, 2.5};
    for (int k = 0; k < KEN_COUNT(zs); k++) {
        const double z = zs[k], alpha = 0.9, s = fabs(z) > alpha ? (z > 0 ? z - alpha : z + alpha) : 0;
        EXPECT_NEAR(ken_soft_threshold(z, alpha), s, 1e-15);
        const double least = 0.5 * s * s - z * s + alpha * fabs(s);
        for (int i = -4000; i <= 4000; i++) {
            const double b = i / 1000.0;
            EXPECT(0.5 * b * b - z * b + alpha * fabs(b) >= least - 1e-12);
        }
    }
}

static double lasso_objective(const double *X, const double *y, const double *b, double alpha) {
    double sum = squares(X, y, b) / (2 * N);
    for (int j = 0; j < P; j++) sum += alpha * fabs(b[j]);
    return sum;
}

/* D(theta) <= P(b) for allowed theta and any b; the gap at the solution is nothing; KKT and alpha_max hold. */
KEN_CHECK(duality) {
    ken_rng rng = ken_rng_stream(ctx, "check.duality", 0);
    double X[N * P], y[N], b[P], gap, most = 0;
    draw(&rng, X, y);
    const double alpha = 0.7;
    double floor_best = -INFINITY;
    EXPECT_OK(library(ctx, "lasso", "alpha=0.7", X, y, b, &gap));
    const double best = lasso_objective(X, y, b, alpha);
    for (int trial = 0; trial < 500; trial++) {
        double theta[N], top = 0, value = 0, other[P];
        for (int j = 0; j < P; j++) other[j] = b[j] + (trial ? ken_rng_normal(&rng) : 0);
        for (int i = 0; i < N; i++) {
            theta[i] = y[i];
            for (int j = 0; j < P; j++) theta[i] -= X[i * P + j] * other[j];
        }
        for (int j = 0; j < P; j++) {
            double c = 0;
            for (int i = 0; i < N; i++) c += X[i * P + j] * theta[i] / N;
            top = fmax(top, fabs(c));
            if (trial == 0) EXPECT(b[j] != 0 ? fabs(c - (b[j] > 0 ? alpha : -alpha)) < 1e-5 : fabs(c) <= alpha + 1e-9);
        }
        const double scale = fmin(1, alpha / top);
        for (int i = 0; i < N; i++) value += scale * theta[i] * y[i] / N - scale * scale * theta[i] * theta[i] / (2 * N);
        EXPECT(value <= best + 1e-10); /* a floor under the least, so under all */
        EXPECT(lasso_objective(X, y, other, alpha) >= best - gap - 1e-12);
        floor_best = fmax(floor_best, value);
    }
    EXPECT(best - floor_best < 1e-5 && gap < 1e-6);
    for (int j = 0; j < P; j++) {
        double c = 0;
        for (int i = 0; i < N; i++) c += X[i * P + j] * y[i] / N;
        most = fmax(most, fabs(c));
    }
    char at[40], below[40];
    snprintf(at, sizeof at, "alpha=%.17g", most * 1.0001), snprintf(below, sizeof below, "alpha=%.17g", most * 0.99);
    EXPECT_OK(library(ctx, "lasso", at, X, y, b, NULL));
    EXPECT(length2(b) == 0);
    EXPECT_OK(library(ctx, "lasso", below, X, y, b, NULL));
    EXPECT(length2(b) > 0);
}

/* Shares covered by t steps from 0, along singular directions, and that ridge at n / (rate t) keeps less. */
KEN_CHECK(early_stopping) {
    ken_rng rng = ken_rng_stream(ctx, "check.stopping", 0);
    double X[N * P], y[N], free[P], b[P] = {0}, s[P], V[P * P];
    draw(&rng, X, y);
    EXPECT(ridge(X, y, 0, free));
    EXPECT_OK(ken_svd(ctx, X, N, P, P, s, NULL, V));
    const double rate = 0.9 * N / (s[0] * s[0]);
    for (int t = 1; t <= 40; t++) {
        double g[P] = {0};
        for (int i = 0; i < N; i++) {
            double r = -y[i];
            for (int j = 0; j < P; j++) r += X[i * P + j] * b[j];
            for (int j = 0; j < P; j++) g[j] += r * X[i * P + j] / N;
        }
        for (int j = 0; j < P; j++) b[j] -= rate * g[j];
        for (int k = 0; k < P; k++) {
            double along = 0, along_free = 0, left = 1;
            for (int j = 0; j < P; j++) along += V[k * P + j] * b[j], along_free += V[k * P + j] * free[j];
            for (int q = 0; q < t; q++) left *= 1 - rate * s[k] * s[k] / N;
            EXPECT_NEAR(along, (1 - left) * along_free, 1e-9);
            EXPECT(1 - left >= s[k] * s[k] / (s[k] * s[k] + N / (rate * t)) - 1e-12);
        }
    }
}
