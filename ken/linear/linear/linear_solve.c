/* Three ways to the least squares solution. Columns are centered (if there is an intercept) and
 * brought to length 1, so that neither units nor offsets cost digits.
 *
 * source  Golub & Van Loan 2013, 5.3 and 5.6; Bjorck 1996, "Numerical Methods for Least Squares
 *         Problems", 2.9 (refinement) */
#include "ken/linear/linear/linear_solve.h"

#include <math.h>
#include <string.h>

#include "ken/kernels/kernels.h"
#include "ken/linear/linear_rows.h"
#include "ken/math/linalg.h"

/* Below this squared sine of the angle to the other columns, cross products have lost too much. */
#define LINEAR_MIN_PIVOT 1e-7
/* Below this sine a column counts as dependent; never below what rounding leaves. */
#define LINEAR_DEPENDENT 1e-13

/* (R'R)^-1 for the first `rank` columns of R, in the order of the data, for columns of length
 * 1/scale. work (rank, rank) becomes R^-1. */
static void linear_covariance(ken_linear_solution *s, const double *R, int64_t ld,
                              const int64_t *pivot, const double *scale, double *work) {
    const int64_t rank = s->rank, d = s->d;
    for (int64_t j = 0; j < rank; j++) { /* column j of R^-1 as row j of work */
        double *x = work + j * rank;
        for (int64_t i = 0; i < rank; i++) x[i] = i == j;
        for (int64_t i = j; i >= 0; i--) {
            for (int64_t k = i + 1; k <= j; k++) x[i] -= R[i * ld + k] * x[k];
            x[i] = x[i] / R[i * ld + i];
        }
    }
    for (int64_t a = 0; a < rank; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = 0;
            for (int64_t k = a; k < rank; k++) sum += work[k * rank + a] * work[k * rank + b];
            const int64_t i = pivot[a], j = pivot[b];
            s->covariance[i * d + j] = s->covariance[j * d + i] = sum * scale[i] * scale[j];
        }
}

/* Variance of the intercept over sigma^2: 1/W + c' C c */
static void linear_intercept_variance(ken_linear_solution *s) {
    double sum = 0;
    for (int64_t i = 0; i < s->d; i++) {
        double row = 0;
        for (int64_t j = 0; j < s->d; j++) row += s->covariance[i * s->d + j] * s->center[j];
        sum += s->center[i] * row;
    }
    s->intercept_variance = 1 / s->total_weight + sum;
}

/* --- in pairs of doubles --------------------------------------------------------------------------- */

typedef struct linear_pairs {
    ken_pair *Z, *y, *mean, *tau, *work;
    double *scale;
    int64_t *pivot;
    int64_t rows;
    ken_pair mean_y, total;
} linear_pairs;

static ken_pair linear_pair_root(double w) {
    const double root = sqrt(w);
    const ken_pair rest = ken_pair_sub(ken_pair_of(w), ken_pair_product(root, root));
    return root > 0 ? ken_pair_quick_sum(root, rest.hi / (2 * root)) : ken_pair_of(0);
}

/* Means in pairs, then rows sqrt(w) (x - mean) and sqrt(w) (y - mean) of weight > 0. */
static void linear_pairs_center(const ken_problem *problem, bool center, int64_t d, linear_pairs *p) {
    const int64_t n = problem->n_train;
    for (int64_t i = 0; i < n; i++) {
        const double w = problem->weight ? problem->weight[i] : 1;
        p->total = ken_pair_add_f64(p->total, w);
        p->mean_y = ken_pair_fused(p->mean_y, w, problem->y[i]);
        for (int64_t j = 0; j < d; j++) {
            const double x = ken_column_f64(ken_table_column(problem->X, (int)j), i);
            p->Z[i * d + j] = ken_pair_of(x);
            p->mean[j] = ken_pair_fused(p->mean[j], w, x);
        }
    }
    for (int64_t j = 0; j < d; j++) p->mean[j] = ken_pair_div(p->mean[j], p->total);
    p->mean_y = ken_pair_div(p->mean_y, p->total);
    for (int64_t i = 0; i < n; i++) {
        const double w = problem->weight ? problem->weight[i] : 1;
        if (!(w > 0)) continue;
        const ken_pair root = w == 1 ? ken_pair_of(1) : linear_pair_root(w);
        const ken_pair y = center ? ken_pair_sub(ken_pair_of(problem->y[i]), p->mean_y)
                                  : ken_pair_of(problem->y[i]);
        p->y[p->rows] = ken_pair_mul(y, root);
        for (int64_t j = 0; j < d; j++) {
            const ken_pair x = p->Z[i * d + j], z = center ? ken_pair_sub(x, p->mean[j]) : x;
            p->Z[p->rows * d + j] = ken_pair_mul(z, root);
        }
        p->rows++;
    }
}

/* Columns to a length near 1 by powers of two; those that are constant but for rounding become 0. */
static void linear_pairs_scale(const ken_problem *problem, int64_t d, linear_pairs *p) {
    for (int64_t j = 0; j < d; j++) {
        double top = 0, size = 0;
        for (int64_t i = 0; i < p->rows; i++) top = KEN_MAX(top, fabs(p->Z[i * d + j].hi));
        for (int64_t i = 0; i < problem->n_train; i++)
            size = KEN_MAX(size, fabs(ken_column_f64(ken_table_column(problem->X, (int)j), i)));
        int e = 0;
        double squares = 0; /* over the square of top: a row of weight 2 is the row twice, so that both choose alike */
        const bool zero = top <= size * 0x1p-53;
        for (int64_t i = 0; !zero && i < p->rows; i++) squares += p->Z[i * d + j].hi / top * (p->Z[i * d + j].hi / top);
        if (!zero) frexp(top * sqrt(squares), &e);
        p->scale[j] = zero ? 0 : ldexp(1, -e);
        for (int64_t i = 0; i < p->rows; i++)
            p->Z[i * d + j] = (ken_pair){p->Z[i * d + j].hi * p->scale[j],
                                         p->Z[i * d + j].lo * p->scale[j]};
    }
}

/* coef and intercept by back substitution, all in pairs. y is Q'y. */
static void linear_pairs_solve(ken_linear_solution *s, bool center, const linear_pairs *p) {
    const int64_t d = s->d;
    ken_pair *b = p->y, intercept = p->mean_y;
    for (int64_t i = s->rank - 1; i >= 0; i--) {
        for (int64_t k = i + 1; k < s->rank; k++)
            b[i] = ken_pair_sub(b[i], ken_pair_mul(p->Z[i * d + k], b[k]));
        b[i] = ken_pair_div(b[i], p->Z[i * d + i]);
    }
    for (int64_t k = 0; k < s->rank; k++) {
        const int64_t j = p->pivot[k];
        const ken_pair coef = {b[k].hi * p->scale[j], b[k].lo * p->scale[j]};
        s->coef[j] = coef.hi;
        intercept = ken_pair_sub(intercept, ken_pair_mul(coef, p->mean[j]));
    }
    s->intercept = center ? intercept.hi : 0;
}

/* Columns of R^-1 in pairs: their products are the covariance; with the means, the intercept's. */
static void linear_pairs_covariance(ken_linear_solution *s, const linear_pairs *p, ken_pair *inverse) {
    const int64_t d = s->d, rank = s->rank;
    for (int64_t j = 0; j < rank; j++)
        for (int64_t i = j; i >= 0; i--) {
            ken_pair x = ken_pair_of(i == j);
            for (int64_t k = i + 1; k <= j; k++)
                x = ken_pair_sub(x, ken_pair_mul(p->Z[i * d + k], inverse[k * rank + j]));
            inverse[i * rank + j] = ken_pair_div(x, p->Z[i * d + i]);
        }
    for (int64_t a = 0; a < rank; a++)
        for (int64_t b = 0; b <= a; b++) {
            ken_pair sum = ken_pair_of(0);
            for (int64_t k = a; k < rank; k++)
                sum = ken_pair_add(sum, ken_pair_mul(inverse[a * rank + k], inverse[b * rank + k]));
            const int64_t i = p->pivot[a], j = p->pivot[b];
            s->covariance[i * d + j] = s->covariance[j * d + i] =
                sum.hi * p->scale[i] * p->scale[j];
        }
    ken_pair variance = ken_pair_div(ken_pair_of(1), p->total);
    for (int64_t k = 0; k < rank; k++) { /* |mean' R^-1|^2, with mean in scaled columns */
        ken_pair sum = ken_pair_of(0);
        for (int64_t a = 0; a <= k; a++) {
            const ken_pair m = ken_pair_mul_f64(p->mean[p->pivot[a]], p->scale[p->pivot[a]]);
            sum = ken_pair_add(sum, ken_pair_mul(m, inverse[a * rank + k]));
        }
        variance = ken_pair_add(variance, ken_pair_mul(sum, sum));
    }
    s->intercept_variance = variance.hi;
}

/* Condition of the leading triangle, for columns brought to the same length. */
static ken_status linear_condition(ken_ctx *ctx, ken_linear_solution *s, const double *R, int64_t ld) {
    double *T, *work;
    const int64_t rank = s->rank;
    KEN_TRY(KEN_SCRATCH(ctx, double, rank * rank, &T));
    KEN_TRY(KEN_SCRATCH(ctx, double, 3 * rank, &work));
    for (int64_t j = 0; j < rank; j++) {
        double norm = 0;
        for (int64_t i = 0; i <= j; i++) norm += R[i * ld + j] * R[i * ld + j];
        for (int64_t i = 0; i < rank; i++)
            T[i * rank + j] = i <= j ? R[i * ld + j] / sqrt(norm) : 0;
    }
    s->condition = ken_condition_upper(T, rank, rank, work);
    return KEN_OK;
}

static ken_status linear_pairs_alloc(ken_ctx *ctx, int64_t n, int64_t d, linear_pairs *p) {
    memset(p, 0, sizeof *p);
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, n * d, &p->Z));
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, n, &p->y));
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, d, &p->mean));
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, d, &p->tau));
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, 2 * d, &p->work));
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &p->scale));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, d, &p->pivot));
    memset(p->mean, 0, (size_t)d * sizeof *p->mean);
    return KEN_OK;
}

static ken_status linear_by_pairs(ken_ctx *ctx, const ken_problem *problem, bool center,
                                  ken_linear_solution *s) {
    const int64_t d = s->d;
    linear_pairs p;
    ken_pair *inverse, tss = ken_pair_of(0), rss = ken_pair_of(0);
    double *R;
    KEN_TRY(linear_pairs_alloc(ctx, problem->n_train, d, &p));
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, d * d, &inverse));
    KEN_TRY(KEN_SCRATCH(ctx, double, d * d, &R));
    linear_pairs_center(problem, center, d, &p);
    linear_pairs_scale(problem, d, &p);
    for (int64_t i = 0; i < p.rows; i++) tss = ken_pair_add(tss, ken_pair_mul(p.y[i], p.y[i]));
    ken_qr_pair(p.Z, p.rows, d, d, p.tau, p.pivot, p.work);
    ken_qr_apply_t_pair(p.Z, p.rows, d, d, p.tau, p.y);
    const int64_t most = KEN_MIN(p.rows, d);
    while (s->rank < most && fabs(p.Z[s->rank * (d + 1)].hi) > LINEAR_DEPENDENT) s->rank++;
    for (int64_t k = s->rank; k < d; k++) s->dependent[p.pivot[k]] = true;
    for (int64_t i = s->rank; i < p.rows; i++)
        rss = ken_pair_add(rss, ken_pair_mul(p.y[i], p.y[i]));
    linear_pairs_solve(s, center, &p);
    linear_pairs_covariance(s, &p, inverse);
    for (int64_t i = 0; i < s->rank * d; i++) R[i] = p.Z[i].hi;
    s->rss = rss.hi;
    s->tss = tss.hi;
    s->total_weight = p.total.hi;
    for (int64_t j = 0; j < d; j++) s->center[j] = p.mean[j].hi;
    return linear_condition(ctx, s, R, d);
}

/* --- in doubles ------------------------------------------------------------------------------------ */

typedef struct linear_doubles {
    double *G, *scale, *z, *mean, *none;
    int64_t *pivot;
    int64_t ld;
    const double *center; /* mean, or zeros without intercept */
} linear_doubles;

/* One step of refinement: gradient at the solution so far, with residuals from the data. *moved: the
 * largest change, as a part of the largest coefficient (of columns of length 1). */
static ken_status linear_refine(ken_ctx *ctx, const ken_problem *problem, ken_linear_solution *s,
                                const linear_doubles *w, const double *R, bool center,
                                double *moved) {
    double *g, largest = 0, change = 0;
    const int64_t d = s->d;
    KEN_TRY(KEN_SCRATCH(ctx, double, d + 2, &g));
    KEN_TRY(ken__linear_gradient(ctx, problem, w->center, s->coef, s->intercept, g));
    for (int64_t k = 0; k < s->rank; k++) w->z[k] = g[w->pivot[k]] * w->scale[w->pivot[k]];
    ken_solve_upper_t(R, s->rank, w->ld, w->z);
    s->rss = g[d + 1];
    for (int64_t k = 0; k < s->rank; k++) s->rss -= w->z[k] * w->z[k];
    ken_solve_upper(R, s->rank, w->ld, w->z);
    const double shift = center ? g[d] / s->total_weight : 0;
    s->intercept += shift;
    for (int64_t k = 0; k < s->rank; k++) {
        const int64_t j = w->pivot[k];
        const double step = w->z[k] * w->scale[j];
        s->coef[j] += step;
        change = KEN_MAX(change, fabs(w->z[k]));
        largest = KEN_MAX(largest, fabs(s->coef[j] / w->scale[j]));
        s->intercept -= center ? step * w->mean[j] : 0;
    }
    s->rss = KEN_MAX(s->rss - shift * g[d], 0);
    *moved = largest > 0 ? change / largest : 0;
    return KEN_OK;
}

/* From R (rank triangle of the scaled columns) and the right side in z: coef, covariance, refined. */
static ken_status linear_finish(ken_ctx *ctx, const ken_problem *problem, ken_linear_solution *s,
                                const linear_doubles *w, const double *R, bool center) {
    double *work;
    KEN_TRY(KEN_SCRATCH(ctx, double, s->rank * s->rank, &work));
    ken_solve_upper(R, s->rank, w->ld, w->z);
    s->intercept = center ? w->mean[s->d] : 0;
    for (int64_t k = 0; k < s->rank; k++) {
        const int64_t j = w->pivot[k];
        s->coef[j] = w->z[k] * w->scale[j];
        s->intercept -= center ? s->coef[j] * w->mean[j] : 0;
    }
    linear_covariance(s, R, w->ld, w->pivot, w->scale, work);
    double moved = INFINITY; /* a change of 1e-10 leaves one of some 1e-20: enough */
    for (int round = 0; round < 3 && moved > 1e-10; round++)
        KEN_TRY(linear_refine(ctx, problem, s, w, R, center, &moved));
    linear_intercept_variance(s);
    return linear_condition(ctx, s, R, w->ld);
}

/* A centered column of this length is constant but for rounding. */
static double linear_noise(const ken_linear_solution *s, const linear_doubles *w, int64_t j) {
    return fabs(w->mean[j]) * sqrt(s->total_weight) * 0x1p-50;
}

/* Cholesky of the scaled cross products; *done false: too ill-conditioned. */
static ken_status linear_by_cholesky(ken_ctx *ctx, const ken_problem *problem, bool center,
                                     ken_linear_solution *s, linear_doubles *w, bool *done) {
    const int64_t d = s->d, ld = w->ld;
    *done = false;
    KEN_TRY(ken__linear_gram(ctx, problem, w->center, w->G));
    s->tss = w->G[d * ld + d];
    for (int64_t j = 0; j < d; j++) {
        const double norm = sqrt(w->G[j * ld + j]);
        if (!(norm > linear_noise(s, w, j))) return KEN_OK;
        w->scale[j] = 1 / norm;
        w->pivot[j] = j;
    }
    for (int64_t i = 0; i < d; i++) {
        w->z[i] = w->G[i * ld + d] * w->scale[i];
        for (int64_t j = 0; j < d; j++) w->G[i * ld + j] *= w->scale[i] * w->scale[j];
    }
    if (ken_cholesky(w->G, d, ld, LINEAR_MIN_PIVOT) < d) return KEN_OK;
    ken_solve_lower(w->G, d, ld, w->z);
    for (int64_t i = 0; i < d; i++) /* R = L' */
        for (int64_t j = i + 1; j < d; j++) w->G[i * ld + j] = w->G[j * ld + i];
    s->rank = d;
    *done = true;
    return linear_finish(ctx, problem, s, w, w->G, center);
}

/* R of all rows, then QR with column pivoting of R, which has the same rank and solution. */
static ken_status linear_by_qr(ken_ctx *ctx, const ken_problem *problem, bool center,
                               ken_linear_solution *s, linear_doubles *w) {
    const int64_t d = s->d, ld = w->ld;
    double *tau, *R = w->G;
    KEN_TRY(KEN_SCRATCH(ctx, double, 3 * (d + 1), &tau));
    KEN_TRY(ken__linear_tsqr(ctx, problem, w->center, R));
    s->tss = 0;
    for (int64_t i = 0; i <= d; i++) s->tss += R[i * ld + d] * R[i * ld + d];
    for (int64_t j = 0; j < d; j++) {
        double norm = 0;
        for (int64_t i = 0; i <= j; i++) norm += R[i * ld + j] * R[i * ld + j];
        w->scale[j] = sqrt(norm) > linear_noise(s, w, j) ? 1 / sqrt(norm) : 0;
        for (int64_t i = 0; i <= j; i++) R[i * ld + j] *= w->scale[j];
    }
    for (int64_t i = 0; i <= d; i++) w->z[i] = R[i * ld + d];
    ken_qr(R, d, d, ld, tau, w->pivot, tau + d);
    ken_qr_apply_t(R, d, d, ld, tau, w->z);
    while (s->rank < d && fabs(R[s->rank * (ld + 1)]) > LINEAR_DEPENDENT * sqrt((double)s->rows))
        s->rank++;
    for (int64_t k = s->rank; k < d; k++) s->dependent[w->pivot[k]] = true;
    return linear_finish(ctx, problem, s, w, R, center);
}

static ken_status linear_by_doubles(ken_ctx *ctx, const ken_problem *problem, bool center,
                                    ken_linear_solution *s) {
    const int64_t d = s->d;
    linear_doubles w = {.ld = ken_pad(d + 1)};
    bool done;
    KEN_TRY(KEN_SCRATCH(ctx, double, w.ld * w.ld, &w.G));
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &w.scale));
    KEN_TRY(KEN_SCRATCH(ctx, double, d + 1, &w.z));
    KEN_TRY(KEN_SCRATCH(ctx, double, d + 1, &w.mean));
    KEN_TRY(KEN_SCRATCH(ctx, double, d + 1, &w.none));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, d, &w.pivot));
    memset(w.none, 0, (size_t)(d + 1) * sizeof *w.none);
    KEN_TRY(ken__linear_means(ctx, problem, w.mean, &s->total_weight));
    memcpy(s->center, w.mean, (size_t)d * sizeof *s->center);
    w.center = center ? w.mean : w.none;
    KEN_TRY(linear_by_cholesky(ctx, problem, center, s, &w, &done));
    return done ? KEN_OK : linear_by_qr(ctx, problem, center, s, &w);
}

ken_status ken__linear_solve(ken_ctx *ctx, const ken_problem *problem, bool fit_intercept,
                             ken_linear_solution *s) {
    const int64_t n = problem->n_train, d = s->d;
    KEN_TRY(KEN_SCRATCH(ctx, bool, d, &s->dependent));
    memset(s->dependent, 0, (size_t)d * sizeof *s->dependent);
    s->rows = n;
    for (int64_t i = 0; problem->weight && i < n; i++) s->rows -= !(problem->weight[i] > 0);
    s->rank = 0;
    const bool small = (double)n * (double)d * (double)d <= 0x1p20;
    return small ? linear_by_pairs(ctx, problem, fit_intercept, s)
                 : linear_by_doubles(ctx, problem, fit_intercept, s);
}
