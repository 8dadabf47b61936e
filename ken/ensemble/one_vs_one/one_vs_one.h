/* One versus one: many classes by one binary classifier per pair of classes. */
#ifndef KEN_ENSEMBLE_ONE_VS_ONE_ONE_VS_ONE_H
#define KEN_ENSEMBLE_ONE_VS_ONE_ONE_VS_ONE_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_one_vs_one_params {
    const char *
        base; /* a classifier's name; its parameters: ken_model_set(ctx, model, "base.l2", "0.1") */
} ken_one_vs_one_params;

#define KEN_ONE_VS_ONE_DEFAULTS {.base = "logistic"}

extern KEN_API const ken_desc ken_one_vs_one_desc;
KEN_DEFINE_NEW(one_vs_one)

/* What each pair's classifier says. Pairs (a, b) with a < b in the order (0,1) (0,2) ... (1,2) ...
 *
 * model     fitted one_vs_one of k classes. Its recipe runs first.
 * table     n rows with the model's columns, found by name.
 * what      KEN_WHAT_PROBA: probability of b rather than a; KEN_WHAT_MARGIN: the base's margin,
 * above 0 for b. out       (n, k (k - 1) / 2). errors    KEN_E_ARG another model · KEN_E_STATE not
 * fitted · KEN_E_UNSUPPORTED the base lacks `what`. */
KEN_API ken_status ken_one_vs_one_pairs(ken_ctx *ctx, const ken_model *model,
                                        const ken_table *table, ken_what what, double *out);

/* Probabilities p (k) of classes from those of pairs: r (k, k), r[i * k + j] in (0, 1) that of
 * class i when it is i or j, r_ij + r_ji = 1, the diagonal unused. p minimizes the sum over i < j
 * of (r_ji p_i - r_ij p_j)^2 where p sums to 1: Q p = (p'Qp) 1 with Q_ii = sum of r_si^2, Q_ij =
 * -r_ji r_ij. work      k (k + 1) numbers. source    Wu, Lin & Weng 2004 (JMLR 5), second approach,
 * algorithm 2 */
KEN_API void ken_pairwise_coupling(const double *r, int64_t k, double *p, double *work);

KEN_END_C

#endif
