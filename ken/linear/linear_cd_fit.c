/* The verbs that lasso and elastic_net share: see linear_cd.h. */
#include <math.h>
#include <string.h>

#include "ken/linear/linear_cd.h"

const char *const ken__cd_selections[] = {"cyclic", "random", NULL};
const char *const ken__cd_step_units[] = {"pass", "coordinate", NULL};
const char *const ken__cd_solvers[] = {"auto", "gram", "residual", NULL};

const ken_attr ken__cd_attrs[] = {
    {"coef", KEN_F64, "d", "change of the prediction per unit of each column; many are exactly 0"},
    {"intercept", KEN_F64, "", "prediction where all columns are 0"},
    {"center", KEN_F64, "d", "weighted mean of each column"},
    {"n_nonzero", KEN_I64, "", "coefficients that are not 0"},
    {"alpha_max", KEN_F64, "", "smallest alpha at which all coefficients are 0; NaN at l1_ratio 0"},
    {"objective", KEN_F64, "", "what was minimized, at the solution"},
    {"gap", KEN_F64, "", "duality gap: the objective is at most so far above its minimum"},
    {"n_iter", KEN_I64, "", "passes over the coordinates"},
    {"converged", KEN_BOOL, "", "the gap is at most tol times the objective at coef 0"},
    {0}};

ken_status ken__cd_check_alpha(ken_ctx *ctx, const char *name, double alpha) {
    if (alpha > 0) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_ARG, "without a penalty use the model 'linear', or give alpha > 0",
                    "%s: alpha is 0", name);
}

/* --- fit ------------------------------------------------------------------------------------- */

static void cd_update_views(ken_cd_state *s) {
    s->moved_value = (double)s->cd.moved;
    s->gap_value = s->cd.bound.gap;
}

ken_status ken__cd_begin(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                         const ken_cd_options *options, void **state) {
    ken_cd_state *s;
    KEN_TRY(KEN_SCRATCH(ctx, ken_cd_state, 1, &s)); /* lives as long as the fit */
    memset(s, 0, sizeof *s);
    KEN_TRY(ken__cd_open(ctx, model, problem, options, &s->cd));
    s->coef = ken_tensor_1d(s->cd.coef, KEN_F64, s->cd.d);
    s->correlation = ken_tensor_1d(s->cd.correlation, KEN_F64, s->cd.d);
    s->moved = ken_tensor_1d(&s->moved_value, KEN_F64, 1);
    s->gap = ken_tensor_1d(&s->gap_value, KEN_F64, 1);
    s->screened = ken_tensor_1d(s->cd.screened, KEN_BOOL, s->cd.d);
    cd_update_views(s);
    *state = s;
    return KEN_OK;
}

ken_status ken__cd_step(ken_ctx *ctx, ken_model *model, void *state, ken_step *out) {
    ken_cd_state *s = state;
    (void)model;
    if (!ken__cd_done(&s->cd))
        KEN_TRY(s->cd.options.step_unit == KEN_CD_COORDINATE ? ken__cd_step_coordinate(ctx, &s->cd)
                                                             : ken__cd_step_pass(ctx, &s->cd));
    cd_update_views(s);
    out->objective = ken__cd_objective(&s->cd);
    out->done = ken__cd_done(&s->cd);
    return KEN_OK;
}

int ken__cd_views(const ken_model *model, void *state, ken_view *out, int capacity) {
    ken_cd_state *s = state;
    const ken_view views[] = {{"coef", &s->coef},
                              {"correlation", &s->correlation},
                              {"moved", &s->moved},
                              {"gap", &s->gap},
                              {"screened", &s->screened}};
    (void)model;
    if (capacity < KEN_COUNT(views)) return 0;
    memcpy(out, views, sizeof views);
    return KEN_COUNT(views);
}

static void cd_warn(ken_ctx *ctx, const ken_cd *s) {
    if (s->converged) return;
    ken_warn(ctx,
             "%s: not converged after %lld passes, duality gap %.3g of an objective of %.3g; raise "
             "max_iter, alpha or tol",
             s->name, (long long)s->passes, s->bound.gap, s->bound.objective);
}

ken_status ken__cd_end(ken_ctx *ctx, ken_model *model, void *state, int64_t keep) {
    ken_cd *s = &((ken_cd_state *)state)->cd;
    double *coef, *center;
    uint8_t *flag;
    int64_t nonzero = 0;
    if (keep == 0) return KEN_OK;
    KEN_TRY(ken__cd_certify_rows(ctx, s));
    KEN_TRY(ken_attr_new(ctx, model, "coef", KEN_F64, 1, &s->d, (void **)&coef));
    KEN_TRY(ken_attr_new(ctx, model, "center", KEN_F64, 1, &s->d, (void **)&center));
    for (int64_t j = 0; j < s->d; j++) {
        coef[j] = s->coef[j];
        center[j] = s->mean[j];
        nonzero += coef[j] != 0;
    }
    KEN_TRY(ken_attr_set_f64(ctx, model, "intercept", ken__cd_intercept(s)));
    KEN_TRY(ken_attr_set_i64(ctx, model, "n_nonzero", nonzero));
    KEN_TRY(ken_attr_set_f64(ctx, model, "alpha_max", ken__cd_alpha_max(s)));
    KEN_TRY(ken_attr_set_f64(ctx, model, "objective", s->bound.objective));
    KEN_TRY(ken_attr_set_f64(ctx, model, "gap", s->bound.gap));
    KEN_TRY(ken_attr_set_i64(ctx, model, "n_iter", s->passes));
    KEN_TRY(ken_attr_new(ctx, model, "converged", KEN_BOOL, 0, NULL, (void **)&flag));
    *flag = s->converged;
    cd_warn(ctx, s);
    return KEN_OK;
}
