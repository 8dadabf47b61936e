/* TreeSHAP: how much each column moved a prediction away from the mean, exactly.
 *
 * The game of one row: a set of known columns is worth what the tree gives when splits on known
 * columns are followed and at the others both children count by their cover. The contribution of a
 * column is its Shapley value in that game; contributions and base add up to the margin.
 *
 * For one leaf of value v, let each column j on its path have o_j = 1 when the row passes all
 * splits on j (else 0) and z_j = product of the cover shares of those splits. A set S of known
 * columns then makes the leaf count v prod_{j in S} o_j prod_{j not in S} z_j, and since the
 * weights of Shapley are s! (D-1-s)! / D! = integral over [0,1] of t^s (1-t)^(D-1-s) dt,
 *
 *     phi_i = v (o_i - z_i) * integral over [0,1] of prod_{j != i} (o_j t + z_j (1 - t)) dt.
 *
 * The integrand is a polynomial of degree D - 1: ceil(D / 2) points of Gauss and Legendre give it
 * exactly, and all factors are positive, so nothing cancels. The products are carried down the tree
 * and the sums over leaves up: O(leaves * points) a row and tree, where the first algorithm
 * (Lundberg 2020, algorithm 2) takes O(leaves * depth^2).
 *
 * source  Lundberg et al. 2020 (Nature Machine Intelligence 2), "From local explanations to global
 *         understanding ..."; sums over leaves as in Yu et al. 2022, "Linear TreeShap".
 *         Peers: shap.TreeExplainer(feature_perturbation="tree_path_dependent"),
 *         XGBoost and LightGBM pred_contribs. */
#ifndef KEN_TREE_TREE_SHAP_H
#define KEN_TREE_TREE_SHAP_H

#include "ken/tree/tree_ensemble.h"

KEN_BEGIN_C

/* out (n, n_outputs * (n_inputs + 1)) row-major: per output one number a column, then the base (the
 * mean over the covers). Their sum is the margin.
 * cost  O(n * leaves * points); scratch a thread: depth * points * 1 KB, 64 rows at a time. */
KEN_API ken_status ken_ensemble_contributions(ken_ctx *ctx, const ken_ensemble *ens,
                                              const ken_table *X, double *out);

/* Interactions: out (n, n_outputs * (n_inputs + 1)^2) row-major. Per output a symmetric matrix whose row i
 * adds up to the contribution of column i: outside the diagonal half of the Shapley interaction index of
 * the two columns, on it what is left; base in the last place, the rest of that row and column 0. By the
 * same argument as above the index of columns i and j at a leaf is
 *
 *     v (o_i - z_i) (o_j - z_j) * integral over [0,1] of prod_{k != i, j} (o_k t + z_k (1 - t)) dt.
 *
 * cost    O(n * leaves * depth * points), linear leaves (tree_linear.h): depth times that
 * source  Fujimoto et al. 2006 (the index); Lundberg et al. 2020. Peers: shap_interaction_values of
 *         shap.TreeExplainer, XGBoost pred_interactions. */
KEN_API ken_status ken_ensemble_interactions(ken_ctx *ctx, const ken_ensemble *ens,
                                             const ken_table *X, double *out);

/* Contributions against a background ("interventional"): columns that are not known take the values of a
 * background row, all at once, and the Shapley values of these games are averaged over the background.
 * No cover is looked at, and how columns hang together does not matter: what is explained is the model,
 * not the data. out (n, n_outputs * (n_inputs + 1)): their sum is the margin, the base the mean margin
 * over the background.
 *
 * A mixture of row and background reaches a leaf if it takes the row's p columns and the background's q
 * where the two part on the way: of its value v each of the p gets v (p-1)! q! / (p+q)!, each of the q
 * -v p! (q-1)! / (p+q)!.
 *
 * errors  KEN_E_ARG an empty background · KEN_E_SHAPE
 * cost    O(n * background rows * leaves that mixtures reach)
 * source  Lundberg et al. 2020, algorithm 3. Peer: shap.TreeExplainer(data,
 *         feature_perturbation="interventional") */
KEN_API ken_status ken_ensemble_contributions_against(ken_ctx *ctx, const ken_ensemble *ens,
                                                      const ken_table *X,
                                                      const ken_table *background, double *out);

/* Points t and weights w of Gauss-Legendre quadrature on [0, 1]; exact to degree 2 m - 1. */
KEN_API void ken_gauss_legendre(int m, double *t, double *w);

KEN_END_C

#endif
