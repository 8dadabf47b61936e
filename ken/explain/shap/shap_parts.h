/* The account of rows under construction, for the files of this folder. */
#ifndef KEN_EXPLAIN_SHAP_PARTS_H
#define KEN_EXPLAIN_SHAP_PARTS_H

#include "ken/core/alloc.h"
#include "ken/explain/shap/shap.h"

struct ken_shap {
    ken_shap_view view;
    ken_allocator alloc;
    int64_t *row;
    double *value, *base, *sum;
};

/* All zeros, of n rows; rows NULL: 0, 1, 2 ... */
ken_status ken__shap_make(ken_ctx *ctx, const ken_model *model, const int64_t *rows, int64_t n, int outputs,
                          ken_shap **out);

#endif
