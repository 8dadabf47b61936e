/* Partial dependence of trees without rows: a weighted walk (Friedman 2001, section 8.2). Not public. */
#ifndef KEN_EXPLAIN_EFFECT_EFFECT_RECURSION_H
#define KEN_EXPLAIN_EFFECT_EFFECT_RECURSION_H

#include "ken/explain/effect/effect.h"

typedef struct ken__effect_walk {
    ken_allocator alloc;
    struct ken_ensemble *ens;
    uint8_t *known;   /* (inputs) 1: made from a column of the grid */
    double scale;     /* of base + sum of the trees */
    const char *unit; /* "value", "probability", "score" */
} ken__effect_walk;

/* Are the model's answers for `rows` (its columns, in its order) such a sum, and is every input that its
 * trees ask made from one column alone? *why (a text that lives on) NULL: yes, *out is open. */
ken_status ken__effect_walk_begin(ken_ctx *ctx, const ken_model *model, const int *features, int n_features,
                                  const ken_table *rows, ken__effect_walk *out, const char **why);
void ken__effect_walk_end(ken__effect_walk *walk);
/* mean (outputs, points): what the trees say where the columns of the grid are those of row p of `grid` (as
 * the model's inputs) and all others are as often on either side of a split as the training rows were. */
ken_status ken__effect_walk_run(ken_ctx *ctx, const ken__effect_walk *walk, const ken_table *grid, double *mean);

#endif
