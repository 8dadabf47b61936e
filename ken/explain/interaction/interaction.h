/* Interactions: how much of what a model says comes from columns acting together (H-statistic). */
#ifndef KEN_EXPLAIN_INTERACTION_H
#define KEN_EXPLAIN_INTERACTION_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_interaction_params {
    int64_t max_rows;      /* rows to measure on, drawn at random, 2 .. 10000 */
    int64_t pair_features; /* pairs are measured among so many columns, those with the largest totals; 0: none */
    bool probability;      /* classes: of probabilities; else of the score before the link, where there is one */
} ken_interaction_params;
#define KEN_INTERACTION_DEFAULTS {150, 8, false}

typedef struct ken_interaction_row {
    int a, b;        /* of ken_model_feature; b -1: the total of a, with all other columns */
    double h;        /* H: 0 none, 1 nothing but interaction, of what the pair (or the model) varies; more than 1
                        where columns hang together */
    double strength; /* root mean square of the interaction itself, in the unit of the answer */
} ken_interaction_row;

typedef struct ken_interaction_info {
    int64_t rows;
    int n_pairs;
    const char *unit; /* "value", "probability", "score" */
    double sd;        /* of the answers, all outputs together: what strengths compare with */
} ken_interaction_info;

/* table    rows with all columns of the model; others are ignored.
 * params   NULL: defaults.
 * info     out.
 * totals   (n_features) of the caller, sorted by falling h (ties: by column).
 * pairs    (p (p - 1) / 2) of the caller, p = min(n_features, pair_features), sorted by falling strength: a weak
 *          pair of weak columns may well have an h of 1. NULL: not wanted.
 * Several classes: squares are added up over them.
 * errors   KEN_E_STATE · KEN_E_ARG · KEN_E_NOT_FOUND a column · KEN_E_VALUE fewer than two rows · KEN_E_CANCELLED
 * cost     rows^2 * (2 n_features + pairs) predictions, fewer where cells repeat
 * random   stream "interaction.rows" when max_rows cuts
 * source   Friedman & Popescu 2008, Annals of Applied Statistics 2(3), eq. 44 to 46. Peer: R hstats, iml */
KEN_API ken_status ken_explain_interaction(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                           const ken_interaction_params *params, ken_interaction_info *info,
                                           ken_interaction_row *totals, ken_interaction_row *pairs);

KEN_END_C

#endif
