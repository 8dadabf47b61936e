/* Many classes from two: fitting and asking the binary classifiers that one_vs_rest and one_vs_one
 * are made of. They are nested models of the kind of the parameter `base`; class 1 is the positive
 * one. */
#ifndef KEN_ENSEMBLE_BINARY_H
#define KEN_ENSEMBLE_BINARY_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* Fits a clone of the base to tell class `positive` from class `negative` (-1: from all others), on
 * the rows of the two; `model` adopts it. Reports step `done` of `total`. */
ken_status ken__binary_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem, int positive,
                           int negative, int64_t done, int64_t total);

/* There are n nested models, each of two classes, of the base's kind, on the model's inputs. For
 * .open. */
ken_status ken__binary_check(ken_ctx *ctx, const ken_model *model, int64_t n);

/* Whether the nested models give margins. */
bool ken__binary_has_margin(const ken_model *model);

/* out[i * stride] = probability (or margin) of nested model `child` for its positive class, of each
 * row. */
ken_status ken__binary_ask(ken_ctx *ctx, const ken_model *model, int child, const ken_table *X,
                           ken_what what, double *out, int64_t stride);

KEN_END_C

#endif
