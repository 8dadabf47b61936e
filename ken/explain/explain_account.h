/* The account of one prediction: what the model says of a row, and what each column added to it. By the model's own
 * contributions where it has them, else by asking it (KernelSHAP). */
#ifndef KEN_EXPLAIN_EXPLAIN_ACCOUNT_H
#define KEN_EXPLAIN_EXPLAIN_ACCOUNT_H

#include "ken/explain/shap/shap.h"

KEN_BEGIN_C

typedef struct ken_account {
    const ken_model *model;
    int64_t row;             /* of the table, from 0 */
    double value;            /* the prediction: number or class code */
    double *proba;           /* (n_classes), NULL: no classes */
    ken_shap *shap;          /* of this row alone */
    bool asked;              /* the model was asked (KernelSHAP), it does not say itself */
    int64_t background_rows; /* 0: none was given */
    int output;              /* of the shap view: the class it said, where each has contributions of its own */
    ken_shap_part *parts;    /* (n_parts) largest first */
    int n_parts;
    ken_allocator alloc;
} ken_account;

/* background  rows whose values unknown columns take, NULL: the training rows, or for a model that has to be asked
 *             those of `table`.
 * out         freed by ken_account_free, also after an error.
 * errors      KEN_E_STATE not fitted · KEN_E_ARG row out of range · KEN_E_NOT_FOUND a column · KEN_E_CANCELLED */
KEN_API ken_status ken_explain_account(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                       const ken_table *background, int64_t row, ken_account *out);
KEN_API void ken_account_free(ken_account *account); /* NULL is fine */
/* The class whose margin is explained; NULL: a number is. */
KEN_API const char *ken_account_class(const ken_account *account);
/* The name and the value of a part for people: products of several columns have no value of their own. */
KEN_API const char *ken_account_name(const ken_account *account, int part);
KEN_API const char *ken_account_value(const ken_account *account, int part);

KEN_END_C

#endif
