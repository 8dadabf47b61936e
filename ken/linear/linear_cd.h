/* Coordinate descent for least squares with an elastic-net penalty, behind lasso and elastic_net:
 *
 *     minimize  P(b) = 1/(2W) sum of w (y - b0 - x . b)^2 + l1 |b|_1 + l2/2 |b|^2,
 *     W = sum of w,  l1 = alpha l1_ratio,  l2 = alpha (1 - l1_ratio),
 *
 * the intercept b0 not penalized. One coordinate at a time is set to its minimum with the others
 * fixed, which a soft threshold gives in closed form. A duality gap says how far P(b) can be from the
 * minimum (linear_cd_gap.c): it stops the descent, sorts out coordinates that must be 0, and is kept
 * in the model. The verbs of the two estimators: linear_cd_fit.c; the path over alpha: linear_path.h.
 *
 * source  Friedman, Hastie & Tibshirani 2010 (JSS 33); gap and screening: Ndiaye, Fercoq, Gramfort &
 *         Salmon 2017 (JMLR 18) */
#ifndef KEN_LINEAR_LINEAR_CD_H
#define KEN_LINEAR_LINEAR_CD_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_CD_CYCLIC = 0, KEN_CD_RANDOM };            /* selection */
enum { KEN_CD_PASS = 0, KEN_CD_COORDINATE };          /* step_unit */
enum { KEN_CD_AUTO = 0, KEN_CD_GRAM, KEN_CD_RESIDUAL }; /* solver */

typedef struct ken_cd_options {
    double alpha, l1_ratio, tol;
    int64_t max_iter;
    bool fit_intercept, positive;
    int selection, step_unit, solver;
} ken_cd_options;

/* What a point b proves about the minimum. */
typedef struct ken_cd_bound {
    double objective; /* P(b) */
    double gap;       /* P(b) - min P <= gap */
    double scale;     /* theta = scale * residuals is feasible for the dual of the augmented problem, */
    double radius;    /* and its optimum lies within this distance of theta */
} ken_cd_bound;

/* A descent. Columns and target are centered (with an intercept). Where there are at least as many
 * rows as columns it works on their products `gram`, else on the columns themselves, `Z`, with the
 * residuals; both are scaled by the root of w / W, so that products are weighted means. */
typedef struct ken_cd {
    const ken_problem *problem;
    const struct ken_kernels *kernels;
    const char *name; /* for messages */
    ken_cd_options options;
    double l1, l2;
    int64_t n, d, ld;
    double total;                /* W */
    double *mean, *center;       /* (d + 1): center is 0 without intercept */
    double target_square;        /* mean of squares of the target */
    double *target_product;      /* (d) z_j . y: the correlations at b = 0 */
    double *square;              /* (d) z_j . z_j */
    double *coef;                /* (d) b */
    double *correlation;         /* (d) z_j . (y - Z b); without a gram matrix as of the last look */
    double *exact;               /* (d + 2) work of ken__linear_gradient */
    double *gram;                /* (d + 1, ld), or NULL */
    double *Z, *residual;        /* (d, n) and (n), or NULL */
    int64_t *order;              /* (d) of the next pass */
    uint8_t *screened;           /* (d) proven to be 0 */
    int64_t passes, place;       /* whole passes done; coordinates done of the next one */
    int64_t round;               /* passes since the last full one; see cd_finish_pass */
    double largest;              /* largest square[j] delta^2 of this pass */
    int64_t moved;               /* coordinate of the last update, -1: none yet */
    double move;                 /* and by how much */
    ken_cd_bound bound;
    bool converged, stuck;
} ken_cd;

/* sign(z) max(|z| - threshold, 0): the minimum over b of (b - z)^2 / 2 + threshold |b|. */
KEN_API double ken_soft_threshold(double z, double threshold);

/* Allocates in scratch, and sums up the rows. b = 0. */
ken_status ken__cd_open(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                        const ken_cd_options *options, ken_cd *s);
/* Start anew with another alpha from the b that is there. */
ken_status ken__cd_restart(ken_ctx *ctx, ken_cd *s, double alpha);
/* One coordinate, or a pass over them. */
ken_status ken__cd_step_coordinate(ken_ctx *ctx, ken_cd *s);
ken_status ken__cd_step_pass(ken_ctx *ctx, ken_cd *s);
static inline bool ken__cd_done(const ken_cd *s) {
    return s->converged || s->stuck || s->passes >= s->options.max_iter;
}
/* P at b, from what the descent keeps up to date; cost d, or n without a gram matrix. */
double ken__cd_objective(const ken_cd *s);
/* bound at b from residuals of the rows themselves and all coordinates, screened ones too; converged
 * is decided anew. */
ken_status ken__cd_certify_rows(ken_ctx *ctx, ken_cd *s);
/* The smallest alpha at which all coefficients are 0; NaN when l1_ratio is 0. */
double ken__cd_alpha_max(const ken_cd *s);
double ken__cd_intercept(const ken_cd *s);

/* linear_cd_gap.c */
/* From correlations and mean square of the residuals at b = coef. */
void ken__cd_bound_of(const ken_cd *s, const double *correlation, double residual_square,
                      ken_cd_bound *out);
/* Mark coordinates that the bound proves to be 0. */
void ken__cd_screen(ken_cd *s);

/* linear_cd_fit.c: what the two estimators share. */
typedef struct ken_cd_state {
    ken_cd cd;
    double moved_value, gap_value;
    ken_tensor coef, correlation, moved, gap, screened;
} ken_cd_state;
ken_status ken__cd_begin(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                         const ken_cd_options *options, void **state);
ken_status ken__cd_step(ken_ctx *ctx, ken_model *model, void *state, ken_step *out);
ken_status ken__cd_end(ken_ctx *ctx, ken_model *model, void *state, int64_t keep);
int ken__cd_views(const ken_model *model, void *state, ken_view *out, int capacity);
/* alpha > 0, with advice. */
ken_status ken__cd_check_alpha(ken_ctx *ctx, const char *name, double alpha);

extern const char *const ken__cd_selections[];
extern const char *const ken__cd_step_units[];
extern const char *const ken__cd_solvers[];
extern const ken_attr ken__cd_attrs[];

KEN_END_C

#endif
