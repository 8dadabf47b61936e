/* Coordinate descent: see linear_cd.h. */
#include "ken/linear/linear_cd.h"

#include <math.h>
#include <string.h>

#include "ken/core/rng.h"
#include "ken/core/threads.h"
#include "ken/kernels/kernels.h"
#include "ken/linear/linear_rows.h"

double ken_soft_threshold(double z, double threshold) {
    if (z > threshold) return z - threshold;
    if (z < -threshold) return z + threshold;
    return 0;
}

/* --- open ------------------------------------------------------------------------------------ */

/* Products of columns cost n d^2 once and d a move; columns cost n a look. */
static bool cd_wants_gram(const ken_cd_options *o, int64_t n, int64_t d) {
    if (o->solver != KEN_CD_AUTO) return o->solver == KEN_CD_GRAM;
    return d <= n && d <= 1024;
}

static ken_status cd_alloc(ken_ctx *ctx, ken_cd *s) {
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d + 1, &s->mean));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d + 1, &s->center));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d, &s->target_product));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d, &s->square));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d, &s->coef));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d, &s->correlation));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d + 2, &s->exact));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, s->d, &s->order));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, s->d, &s->screened));
    memset(s->coef, 0, (size_t)s->d * sizeof *s->coef);
    memset(s->screened, 0, (size_t)s->d);
    return KEN_OK;
}

static ken_status cd_open_gram(ken_ctx *ctx, ken_cd *s) {
    KEN_TRY(KEN_SCRATCH(ctx, double, s->ld * s->ld, &s->gram));
    KEN_TRY(ken__linear_gram(ctx, s->problem, s->center, s->gram));
    for (int64_t i = 0; i < (s->d + 1) * s->ld; i++) s->gram[i] /= s->total;
    for (int64_t j = 0; j < s->d; j++) {
        s->square[j] = s->gram[j * s->ld + j];
        s->target_product[j] = s->gram[j * s->ld + s->d];
    }
    s->target_square = s->gram[s->d * s->ld + s->d];
    return KEN_OK;
}

static double cd_root_weight(const ken_cd *s, int64_t i) {
    return sqrt((s->problem->weight ? s->problem->weight[i] : 1) / s->total);
}

/* residual := the centered target, scaled */
static void cd_fill_target(const ken_cd *s) {
    for (int64_t i = 0; i < s->n; i++)
        s->residual[i] = (s->problem->y[i] - s->center[s->d]) * cd_root_weight(s, i);
}

static void cd_fill_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const ken_cd *s = arg;
    (void)worker;
    for (int64_t j = begin; j < end; j++) {
        double *z = s->Z + j * s->n;
        ken_column_gather(ken_table_column(s->problem->X, (int)j), 0, s->n, z, 1);
        for (int64_t i = 0; i < s->n; i++) z[i] = (z[i] - s->center[j]) * cd_root_weight(s, i);
        s->square[j] = s->kernels->dot(z, z, s->n);
        s->target_product[j] = s->kernels->dot(z, s->residual, s->n);
    }
}

static void cd_correlate_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const ken_cd *s = arg;
    (void)worker;
    for (int64_t j = begin; j < end; j++)
        s->correlation[j] = s->kernels->dot(s->Z + j * s->n, s->residual, s->n);
}

static ken_status cd_open_columns(ken_ctx *ctx, ken_cd *s) {
    KEN_TRY(KEN_SCRATCH(ctx, double, s->n, &s->residual));
    if (s->d > 0 && s->n > INT64_MAX / (int64_t)sizeof(double) / s->d)
        return KEN_FAIL(ctx, KEN_E_NOMEM, "use fewer columns, or solver=gram",
                        "%s: %lld rows of %lld columns do not fit into memory", s->name,
                        (long long)s->n, (long long)s->d);
    KEN_TRY(KEN_SCRATCH(ctx, double, s->n * s->d, &s->Z));
    cd_fill_target(s);
    s->target_square = s->kernels->dot(s->residual, s->residual, s->n);
    return ken_parallel(ctx, s->d, 1, cd_fill_columns, s);
}

/* Squares may overflow where the numbers themselves do not. */
static ken_status cd_check_finite(ken_ctx *ctx, const ken_cd *s) {
    bool finite = isfinite(s->target_square);
    for (int64_t j = 0; j < s->d; j++) finite = finite && isfinite(s->square[j]);
    if (finite) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_VALUE, "rescale columns and target to moderate numbers",
                    "%s: the squares of some numbers are too large for a double", s->name);
}

ken_status ken__cd_open(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                        const ken_cd_options *options, ken_cd *s) {
    memset(s, 0, sizeof *s);
    s->problem = problem;
    s->kernels = ken_ctx_kernels(ctx);
    s->name = ken_model_desc(model)->name;
    s->options = *options;
    s->n = problem->n_train;
    s->d = ken_table_cols(problem->X);
    s->ld = ken_pad(s->d + 1);
    KEN_TRY(cd_alloc(ctx, s));
    KEN_TRY(ken__linear_means(ctx, problem, s->mean, &s->total));
    KEN_TRY(ken__linear_weighty(ctx, model, s->total));
    for (int64_t j = 0; j <= s->d; j++) s->center[j] = options->fit_intercept ? s->mean[j] : 0;
    KEN_TRY(cd_wants_gram(options, s->n, s->d) ? cd_open_gram(ctx, s) : cd_open_columns(ctx, s));
    KEN_TRY(cd_check_finite(ctx, s));
    memcpy(s->correlation, s->target_product, (size_t)s->d * sizeof *s->correlation);
    return ken__cd_restart(ctx, s, options->alpha);
}

double ken__cd_alpha_max(const ken_cd *s) {
    double top = 0;
    for (int64_t j = 0; j < s->d; j++)
        top = KEN_MAX(top, s->options.positive ? s->target_product[j] : fabs(s->target_product[j]));
    return s->options.l1_ratio > 0 ? top / s->options.l1_ratio : (double)NAN;
}

double ken__cd_intercept(const ken_cd *s) {
    double intercept = s->center[s->d];
    for (int64_t j = 0; j < s->d; j++) intercept -= s->coef[j] * s->center[j];
    return intercept;
}

/* --- certificate ----------------------------------------------------------------------------- */

/* Mean square of the residuals, from what the descent keeps up to date. */
static double cd_residual_square(const ken_cd *s) {
    if (s->residual) return s->kernels->dot(s->residual, s->residual, s->n);
    double sum = s->target_square;
    for (int64_t j = 0; j < s->d; j++)
        sum -= s->coef[j] * (s->target_product[j] + s->correlation[j]);
    return sum;
}

/* The bound at b from residuals of the rows themselves: what rounding has cost updates is back. */
static ken_status cd_bound_exactly(ken_ctx *ctx, ken_cd *s) {
    if (s->residual) {
        cd_fill_target(s);
        for (int64_t j = 0; j < s->d; j++)
            if (s->coef[j] != 0) s->kernels->axpy(-s->coef[j], s->Z + j * s->n, s->residual, s->n);
        KEN_TRY(ken_parallel(ctx, s->d, 4, cd_correlate_columns, s));
        ken__cd_bound_of(s, s->correlation, cd_residual_square(s), &s->bound);
        return KEN_OK;
    }
    KEN_TRY(
        ken__linear_gradient(ctx, s->problem, s->center, s->coef, ken__cd_intercept(s), s->exact));
    for (int64_t j = 0; j < s->d; j++) s->correlation[j] = s->exact[j] / s->total;
    ken__cd_bound_of(s, s->correlation, s->exact[s->d + 1] / s->total, &s->bound);
    return KEN_OK;
}

double ken__cd_objective(const ken_cd *s) {
    double lasso = 0, ridge = 0;
    for (int64_t j = 0; j < s->d; j++) {
        lasso += fabs(s->coef[j]);
        ridge += s->coef[j] * s->coef[j];
    }
    return 0.5 * KEN_MAX(cd_residual_square(s), 0) + s->l1 * lasso + 0.5 * s->l2 * ridge;
}

/* The objective at b = 0 is half the mean square of the target: gaps are measured against it. Below
 * 2^-48 of it, and below 2^-40 where no coordinate moves any more, rounding decides. */
static bool cd_close_enough(const ken_cd *s) {
    const double tol = KEN_MAX(s->options.tol, s->stuck ? 0x1p-40 : 0x1p-48);
    return s->bound.gap <= tol * 0.5 * s->target_square;
}

/* Convergence is believed only where the rows confirm it. */
static ken_status cd_certify(ken_ctx *ctx, ken_cd *s) {
    if (s->residual) KEN_TRY(ken_parallel(ctx, s->d, 4, cd_correlate_columns, s));
    ken__cd_bound_of(s, s->correlation, cd_residual_square(s), &s->bound);
    if (cd_close_enough(s) || s->stuck) {
        KEN_TRY(cd_bound_exactly(ctx, s));
        s->converged = cd_close_enough(s);
    }
    ken__cd_screen(s);
    return KEN_OK;
}

ken_status ken__cd_certify_rows(ken_ctx *ctx, ken_cd *s) {
    memset(s->screened, 0, (size_t)s->d);
    KEN_TRY(cd_bound_exactly(ctx, s));
    s->converged = cd_close_enough(s);
    return KEN_OK;
}

ken_status ken__cd_restart(ken_ctx *ctx, ken_cd *s, double alpha) {
    s->options.alpha = alpha;
    s->l1 = alpha * s->options.l1_ratio;
    s->l2 = alpha * (1 - s->options.l1_ratio);
    s->passes = s->place = s->round = 0;
    s->largest = s->move = 0;
    s->moved = -1;
    s->converged = s->stuck = false;
    memset(s->screened, 0, (size_t)s->d);
    for (int64_t j = 0; j < s->d; j++) s->order[j] = j;
    return cd_certify(ctx, s);
}

/* --- descent --------------------------------------------------------------------------------- */

/* b_j that minimizes P with the others fixed. */
static double cd_best(const ken_cd *s, int64_t j, double correlation) {
    const double curvature = s->square[j] + s->l2;
    const double z = correlation + s->square[j] * s->coef[j];
    if (!(curvature > 0)) return 0;
    if (s->options.positive && z < 0) return 0;
    return ken_soft_threshold(z, s->l1) / curvature;
}

static void cd_update(ken_cd *s, int64_t j) {
    if (s->residual) s->correlation[j] = s->kernels->dot(s->Z + j * s->n, s->residual, s->n);
    const double b = cd_best(s, j, s->correlation[j]), delta = b - s->coef[j];
    s->moved = j;
    s->move = delta;
    if (delta == 0) return;
    s->coef[j] = b;
    s->largest = KEN_MAX(s->largest, (s->square[j] + s->l2) * delta * delta);
    if (s->residual) {
        s->kernels->axpy(-delta, s->Z + j * s->n, s->residual, s->n);
        s->correlation[j] -= delta * s->square[j];
    } else {
        s->kernels->axpy(-delta, s->gram + j * s->ld, s->correlation, s->d);
    }
}

/* In the middle of a round only the coordinates that are not 0 are visited. */
static bool cd_skips(const ken_cd *s, int64_t j) {
    return s->screened[j] || (s->round > 0 && s->coef[j] == 0);
}

static void cd_begin_pass(ken_ctx *ctx, ken_cd *s) {
    s->largest = 0;
    if (s->options.selection != KEN_CD_RANDOM) return;
    ken_rng rng = ken_rng_stream(ctx, "linear_cd.order", (uint64_t)s->passes);
    ken_rng_shuffle(&rng, s->order, s->d);
}

/* With a gram matrix all correlations are at hand, and each pass is looked at. With columns a look
 * costs a pass over all of them: it comes after a round of up to 10 passes over the active ones. A
 * pass that moved nothing at all is the end of what doubles can do. */
static ken_status cd_finish_pass(ken_ctx *ctx, ken_cd *s) {
    const bool full = s->round == 0;
    s->passes++;
    s->place = 0;
    if (s->residual && s->largest > 0.01 * s->options.tol * s->target_square && s->round < 9 &&
        s->passes < s->options.max_iter && s->options.step_unit == KEN_CD_PASS) {
        s->round++;
        return KEN_OK;
    }
    s->round = 0;
    s->stuck = full && s->largest == 0;
    return cd_certify(ctx, s);
}

ken_status ken__cd_step_coordinate(ken_ctx *ctx, ken_cd *s) {
    if (s->place == 0) cd_begin_pass(ctx, s);
    while (s->place < s->d && cd_skips(s, s->order[s->place])) s->place++;
    if (s->place < s->d) cd_update(s, s->order[s->place++]);
    while (s->place < s->d && cd_skips(s, s->order[s->place])) s->place++;
    return s->place < s->d ? KEN_OK : cd_finish_pass(ctx, s);
}

ken_status ken__cd_step_pass(ken_ctx *ctx, ken_cd *s) {
    cd_begin_pass(ctx, s);
    for (int64_t i = 0; i < s->d; i++)
        if (!cd_skips(s, s->order[i])) cd_update(s, s->order[i]);
    return cd_finish_pass(ctx, s);
}
