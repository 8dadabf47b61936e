/* The inside of a model, for the files of core/ alone. */
#ifndef KEN_CORE_MODEL_INTERNAL_H
#define KEN_CORE_MODEL_INTERNAL_H

#include "ken/core/alloc.h"
#include "ken/core/dict.h"
#include "ken/core/model.h"

typedef struct ken_learned {
    char *name;
    ken_tensor tensor;   /* owns tensor.data */
    ken_strings strings; /* KEN_STRING: owns offset and bytes */
} ken_learned;

/* A column as the model knew it when it learned. */
typedef struct ken_field {
    char *name;
    ken_dtype dtype;
    ken_strings levels; /* owned; category */
    int32_t source;
} ken_field;

typedef struct ken_schema {
    int n;
    ken_field *fields;
} ken_schema;

struct ken_model {
    ken_allocator alloc; /* a model outlives its context */
    const ken_desc *desc;
    void *params;
    char **texts; /* a copy per text parameter, by row of desc->params; NULL entries: the default */
    int n_params;
    ken_model **bases; /* per model parameter, by row: unfitted, with its own parameters; else NULL */
    int depth;         /* models around it by such parameters */
    ken_model *recipe;
    bool fitted;
    ken_task task;
    int64_t rows_train;
    ken_schema features; /* raw columns */
    ken_schema inputs;   /* what the estimator sees; empty without a recipe */
    ken_field target;
    char *side[KEN_SIDES]; /* names, NULL: none */
    ken_strings classes; /* owned */
    int n_attrs, attrs_capacity;
    ken_learned *attrs;
    int n_children, children_capacity;
    ken_model **children;
    const void *attached; /* borrowed: ken_model_attach */
    void *state; /* of .open */
};

extern const char *const ken__side_names[KEN_SIDES]; /* "group" ... */
/* Forget all that was learned, here and in the recipe. */
void ken__model_reset(ken_model *model);
/* .open after fit and load. */
ken_status ken__model_open(ken_ctx *ctx, ken_model *model);

/* schema.c */
ken_status ken__schema_of(ken_ctx *ctx, const ken_table *table, ken_schema *out);
void ken__schema_free(const ken_allocator *alloc, ken_schema *schema);
void ken__field_free(const ken_allocator *alloc, ken_field *field);
ken_status ken__strings_copy(ken_ctx *ctx, const ken_strings *from, ken_strings *out);
void ken__strings_free(const ken_allocator *alloc, ken_strings *strings);
/* A table with the schema's columns in its order, borrowing where it can. */
ken_status ken__schema_align(ken_ctx *ctx, const char *who, const ken_schema *schema,
                             const ken_table *table, ken_table **out);

/* prepare.c: a fit's input, owned. */
typedef struct ken_prepared {
    ken_problem problem;
    ken_table *raw;       /* rows of the fit in order: train, then validation; may be borrowed */
    ken_table *inputs;    /* after the recipe; NULL without one */
    bool raw_owned;
    double *y, *weight, *offset, *upper;
    int32_t *label, *group;
} ken_prepared;
/* Which rows of the table a fit sees. */
typedef struct prepare_rows {
    int64_t *index; /* in scratch: train rows, then validation rows */
    int64_t n, n_train, missing_target;
    bool identity;  /* all rows of the table, in order */
} prepare_rows;
/* The levels of rows->index in `column` as codes in order of appearance. */
ken_status ken__prepare_codes(ken_ctx *ctx, ken_dict *dict, const ken_column *column,
                              const prepare_rows *rows, int32_t *code);
/* prepare_rows.c: rows by role, and validation rows for early stopping. */
ken_status ken__prepare_collect(ken_ctx *ctx, const ken_data *data, prepare_rows *rows);
ken_status ken__prepare_set_aside(ken_ctx *ctx, const ken_data *data, double fraction, ken_task task,
                                  prepare_rows *rows);
/* prepare_side.c: what stands beside the target: weight, group, offset, event, upper. */
ken_status ken__prepare_side(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                             const prepare_rows *rows, ken_prepared *out);
ken_status ken__prepare(ken_ctx *ctx, ken_model *model, const ken_data *data, ken_prepared *out);
/* For a fitted model: rows and target as above; its columns, recipe and classes stay. */
ken_status ken__prepare_again(ken_ctx *ctx, const ken_model *model, const ken_data *data, ken_prepared *out);
void ken__prepared_free(ken_ctx *ctx, ken_prepared *prepared);
/* Numeric columns, no NaN, as the tags ask. */
ken_status ken__check_inputs(ken_ctx *ctx, const ken_model *model, const ken_table *X);

#endif
