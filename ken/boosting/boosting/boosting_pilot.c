/* How many rounds, where trees=0 leaves it open: more are better until the sum begins to learn the noise, and when
 * that is depends on the noise. Pilot fits of three times the rate and a third of the rounds, of constant leaves,
 * each without a third of the rows, write down the loss on the rows that they did not see. The fit gets 3.5 times as
 * many rounds as the mean of these curves has at its lowest, at most those that the loss has anyway: a little
 * more than the rates say, as it has half as many rows more.
 *
 * source  Breiman, Friedman, Olshen & Stone 1984 (cross-validation of a tree's size); Friedman 2001, section 5: rate
 *         times rounds says about the same. */
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/rng.h"

enum { PILOT_FOLDS = 3, PILOT_FASTER = 3, PILOT_SPAN = 9 /* rounds that are smoothed over, odd */ };
enum { PILOT_LEAST = 60, PILOT_ALL = 2500, PILOT_MOST = 50000 /* rows: none below, one fold alone from, none above */ };
enum { PILOT_CLASS = 2 * PILOT_FOLDS }; /* rows of the rarest class */

/* The order in which rows are dealt out to the folds: at random, class by class. false: a class has too few. */
static ken_status pilot_deal(ken_ctx *ctx, const ken_problem *problem, int64_t *row, bool *enough) {
    const int64_t n = problem->n_train;
    ken_rng rng = ken_rng_stream(ctx, "boosting.pilot", 0);
    int64_t *order, at = 0;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &order));
    for (int64_t i = 0; i < n; i++) order[i] = i;
    ken_rng_shuffle(&rng, order, n);
    *enough = true;
    if (!problem->label) {
        memcpy(row, order, (size_t)n * sizeof *row);
        return KEN_OK;
    }
    for (int k = 0; k < problem->n_classes; k++) {
        const int64_t first = at;
        for (int64_t i = 0; i < n; i++)
            if (problem->label[order[i]] == k) row[at++] = order[i];
        *enough &= at - first >= PILOT_CLASS;
    }
    return KEN_OK;
}

#define PILOT_TAKE(type, from, to)                                                                                     \
    if (from) {                                                                                                        \
        type *taken;                                                                                                   \
        KEN_TRY(KEN_SCRATCH(ctx, type, n, &taken));                                                                    \
        for (int64_t i = 0; i < n; i++) taken[i] = (from)[row[i]];                                                     \
        (to) = taken;                                                                                                  \
    }

/* The rows of the fit in another order: those of the fold come last, as validation rows. X is the caller's to free. */
static ken_status pilot_problem(ken_ctx *ctx, const ken_problem *problem, const int64_t *dealt, int fold, ken_problem *out,
                                ken_table **X) {
    const int64_t n = problem->n_train;
    int64_t *row, at = 0;
    *out = *problem;
    out->n = n;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &row));
    for (int64_t i = 0; i < n; i++)
        if (i % PILOT_FOLDS != fold) row[at++] = dealt[i];
    out->n_train = at;
    for (int64_t i = fold; i < n; i += PILOT_FOLDS) row[at++] = dealt[i];
    PILOT_TAKE(double, problem->y, out->y)
    PILOT_TAKE(int32_t, problem->label, out->label)
    PILOT_TAKE(double, problem->weight, out->weight)
    PILOT_TAKE(double, problem->offset, out->offset)
    KEN_TRY(ken_table_take(ctx, problem->X, row, n, X));
    out->X = *X;
    return KEN_OK;
}

/* Adds the losses of the fold's rows, round by round. */
static ken_status pilot_rounds(ken_ctx *ctx, ken_model *model, boosting_fit *pilot, int64_t rounds, double *curve) {
    ken_step step = {0};
    for (int64_t i = 0; i < rounds; i++) {
        KEN_TRY(ken_check_cancel(ctx));
        if (!step.done) KEN_TRY(ken__boosting_step(ctx, model, pilot, &step));
        curve[i] += step.validation;
    }
    return KEN_OK;
}

static ken_status pilot_fold(ken_ctx *ctx, ken_model *model, const ken_problem *problem, const ken_boosting_params *p,
                             const int64_t *dealt, int fold, double *curve) {
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_problem part;
    ken_table *X = NULL;
    boosting_fit *pilot = NULL;
    ken_status status = pilot_problem(ctx, problem, dealt, fold, &part, &X);
    if (status == KEN_OK) status = ken__boosting_begin_with(ctx, model, &part, p, &pilot);
    if (status == KEN_OK) status = pilot_rounds(ctx, model, pilot, p->trees, curve);
    ken__boosting_free(ctx, pilot);
    ken_table_free(X);
    ken_scratch_release(ctx, mark);
    return status;
}

/* The lowest place of the curve's running mean, whose windows end where the curve does; from 1. */
static int64_t pilot_lowest(const double *curve, int64_t n) {
    int64_t best = 0;
    double least = INFINITY;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = i - PILOT_SPAN / 2; k <= i + PILOT_SPAN / 2; k++) sum += curve[KEN_MIN(KEN_MAX(k, 0), n - 1)];
        if (sum < least) least = sum, best = i;
    }
    return best + 1;
}

static bool pilot_wanted(const boosting_fit *s, const ken_problem *problem) {
    const bool open = s->p->trees == 0 && s->p->early_stopping == KEN_BOOSTING_STOP_AUTO && problem->n == problem->n_train;
    return open && s->lines_pay && !s->loss.callback && s->n_trees == 0 && s->p->drop_rate == 0 && !s->usable &&
           problem->n_train >= PILOT_LEAST && problem->n_train <= PILOT_MOST;
}

ken_status ken__boosting_pilot(ken_ctx *ctx, ken_model *model, const ken_problem *problem, boosting_fit *s) {
    const double faster = KEN_MIN(PILOT_FASTER, 1 / s->p->learning_rate);
    const int folds = problem->n_train < PILOT_ALL ? PILOT_FOLDS : 1;
    bool enough = false;
    int64_t *dealt;
    double *curve;
    if (!pilot_wanted(s, problem)) return KEN_OK;
    ken_boosting_params p = *s->p;
    p.trees = (int64_t)((double)s->trees / faster);
    p.learning_rate *= faster;
    p.linear_leaves = KEN_BOOSTING_LINEAR_OFF;
    p.metric = "";
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, problem->n_train, &dealt));
    KEN_TRY(KEN_SCRATCH(ctx, double, p.trees, &curve));
    KEN_TRY(pilot_deal(ctx, problem, dealt, &enough));
    memset(curve, 0, (size_t)p.trees * sizeof *curve);
    for (int fold = 0; fold < folds && enough; fold++) KEN_TRY(pilot_fold(ctx, model, problem, &p, dealt, fold, curve));
    const double rounds = (faster + 0.5) * (double)pilot_lowest(curve, p.trees);
    if (enough) s->trees = KEN_MIN((int64_t)rounds, s->trees);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}
