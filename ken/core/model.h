/* Models and the generic verbs: new, set, fit, predict, transform, attributes, pack, unpack. Nothing
 * here knows any algorithm: what an algorithm must give stands in ken_estimator and ken_transformer
 * below. Files are io/model_file.h. */
#ifndef KEN_CORE_MODEL_H
#define KEN_CORE_MODEL_H

#include "ken/core/desc.h"

KEN_BEGIN_C

typedef struct ken_model ken_model;
struct ken_problem;

/* The part a row plays. NULL roles: all train. */
enum { KEN_ROLE_TRAIN = 0, KEN_ROLE_VALIDATION = 1, KEN_ROLE_TEST = 2 };

/* What every verb takes: views, all of n rows. The caller keeps them alive during the call. */
typedef struct ken_data {
    const ken_table *table;    /* the features */
    const ken_column *target;  /* fit, but of KEN_DETECT; NULL elsewhere */
    const ken_column *weight;  /* numbers >= 0; NULL: all 1 */
    const ken_column *group;   /* rows of one group (a query, a patient) stay together in splits and in
                                  validation rows, and are what ranking losses rank within; NULL: none */
    const ken_column *time;    /* order of rows for time splits; NULL: row order */
    const uint8_t *role;       /* (n) KEN_ROLE_*; NULL: all train */
    const ken_column *offset;  /* where each row's margin starts (log exposure, another model's margin),
                                  while fitting only: predictions are without it; NULL: 0 */
    const ken_column *event;   /* survival: 0 (false): the target is a lower bound only; NULL: all seen */
    const ken_column *upper;   /* survival: upper bound of the target, missing: none; not with event */
    ken_task task;             /* KEN_TASK_AUTO: from the target (ken_task_of) */
} ken_data;

typedef enum ken_what {
    KEN_WHAT_VALUE = 0,      /* (n, 1): the number; the class code 0 .. k-1; the score of an outlier */
    KEN_WHAT_PROBA,          /* (n, k) */
    KEN_WHAT_MARGIN,         /* (n, k), or (n, 1) for two classes and regression: before the link */
    KEN_WHAT_LEAF,           /* (n, trees) leaf numbers from 0 */
    KEN_WHAT_CONTRIBUTIONS,  /* (n, outputs * (d + 1)): per output, one per input column, then the base */
    KEN_WHAT_INTERVAL,       /* (n, 2): lower and upper */
    KEN_WHAT_QUANTILES,      /* (n, q) of a regression: ascending, at the levels of quantiles.h */
    KEN_WHAT_INTERACTIONS,   /* (n, outputs * (d + 1)^2): per output a symmetric matrix whose row j adds up to
                              * contribution j; the base last */
    KEN_WHAT_SET             /* (n, k) of a classification: 1 where the class is in the prediction set */
} ken_what;
enum { KEN_N_WHATS = KEN_WHAT_SET + 1 };
/* A set of them: KEN_GIVES(MARGIN) | KEN_GIVES(LEAF). */
#define KEN_GIVES(what) (1u << KEN_WHAT_##what)
KEN_API const char *ken_what_name(ken_what what); /* "value", "proba" ...; "unknown" */

/* --- life ------------------------------------------------------------------------------------- */
/* The text door: settings "alpha=0.1 solver=cholesky" (blanks or commas between; NULL: defaults). */
KEN_API ken_status ken_model_new(ken_ctx *ctx, const char *name, const char *settings,
                                 ken_model **out);
/* The typed door behind ken_ridge_new and the like. params NULL: defaults; copied. */
KEN_API ken_status ken_model_new_desc(ken_ctx *ctx, const ken_desc *desc, const void *params,
                                      ken_model **out);
/* A dotted name reaches into the recipe ("recipe.scale") and into a model that is a parameter
 * ("base.max_depth"); naming another base gives that one's defaults, the same again changes nothing.
 * "optimizer.beta1" adds to the text parameter "optimizer_settings", where there is one. */
KEN_API ken_status ken_model_set(ken_ctx *ctx, ken_model *model, const char *name,
                                 const char *value);
/* An unfitted model of the same thing, parameters and (unfitted) recipe: what CV fits on a fold. */
KEN_API ken_status ken_model_clone(ken_ctx *ctx, const ken_model *model, ken_model **out);
KEN_API void ken_model_free(ken_model *model);
/* The transformer that runs before the model: `model` owns it from now on. It is learned on the
 * training rows inside ken_model_fit, and is part of the model. Its parameters are set through the
 * model with a dotted name: "recipe.scale". */
KEN_API ken_status ken_model_set_recipe(ken_ctx *ctx, ken_model *model, ken_model *recipe);

/* What a thing's own functions keep with a model for its next fits (a callback): the caller's memory, borrowed. Clones
 * have it, too; files do not. NULL: none. */
KEN_API void ken_model_attach(ken_model *model, const void *attached);
KEN_API const void *ken_model_attached(const ken_model *model);

/* --- verbs ------------------------------------------------------------------------------------ */
KEN_API ken_status ken_model_fit(ken_ctx *ctx, ken_model *model, const ken_data *data);
/* A transformer: fits it, and gives what the rows of the fit become, which is not what ken_model_transform gives where
 * that would show a row its own target (target_encode goes across folds). Rows as in data->table; *out may borrow from
 * that and from the model.
 * errors  KEN_E_UNSUPPORTED no transformer · KEN_E_VALUE a row without a target or out of the fit by its role; then the
 *         model is unfitted. */
KEN_API ken_status ken_model_fit_transform(ken_ctx *ctx, ken_model *model, const ken_data *data, ken_table **out);
/* Fit on: the rounds of a fitted model of KEN_TAG_CONTINUE stay, more are added until the parameters,
 * which may have been set anew, are met. Columns are found by name; recipe and classes are those of
 * the model. On an error before the last round it stays what it was, in the end it is unfitted.
 * errors  KEN_E_STATE not fitted, or nothing is left to do · KEN_E_UNSUPPORTED · KEN_E_VALUE a class that
 *         the model has not · KEN_E_ARG another task · those of fit and predict */
KEN_API ken_status ken_model_fit_on(ken_ctx *ctx, ken_model *model, const ken_data *data);
/* New values for what the fit has found, on other rows: a tree keeps its questions, its leaves get
 * decay times what they were and 1 - decay times what the training rows of `data` ask for. Errors as
 * in ken_model_fit_on, and KEN_E_ARG a decay outside of [0, 1]. */
KEN_API ken_status ken_model_refit(ken_ctx *ctx, ken_model *model, const ken_data *data, double decay);
/* Columns of `what`; KEN_E_UNSUPPORTED when the thing lacks it. */
KEN_API ken_status ken_model_width(ken_ctx *ctx, const ken_model *model, ken_what what,
                                   int64_t *width);
/* out: (n, width) f64, the caller's, any strides. table: columns are found by name; extra ones are
 * ignored, a missing one is an error; category levels are matched by text. */
KEN_API ken_status ken_model_predict(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                     ken_what what, ken_tensor *out);
/* One row, from numbers to numbers, for whoever serves row after row: what a table of that row gives,
 * bit for bit, but without the table where the model allows it (columns of numbers, no recipe, a thing
 * with predict_row): a microsecond or two for 100 trees.
 * row     (n_features) in the order of ken_model_feature; NaN: missing. Of a category the code of its
 *         level in training (ken_model_input_levels, where there is no recipe); other numbers: missing.
 * out     (width)
 * errors  KEN_E_UNSUPPORTED a column of text or time; and those of ken_model_predict */
KEN_API ken_status ken_model_predict_row(ken_ctx *ctx, const ken_model *model, const double *row,
                                         ken_what what, double *out);
/* Contributions against a background: shaped as KEN_WHAT_CONTRIBUTIONS, but what is not known takes the
 * values of the rows of `background` in turn, so that they add up from the mean margin over those.
 * out     (n, width of KEN_WHAT_CONTRIBUTIONS) dense f64
 * errors  KEN_E_UNSUPPORTED the thing has no such contributions · KEN_E_ARG an empty background
 * cost    grows with rows times background rows: some hundred are enough */
KEN_API ken_status ken_model_contributions_against(ken_ctx *ctx, const ken_model *model,
                                                   const ken_table *table, const ken_table *background,
                                                   ken_tensor *out);
/* A new table, rows as in `table`; it may borrow from `table` and from the model, which must outlive it.
 * For transformers, and for the recipe of an estimator (
 * what the estimator sees). */
KEN_API ken_status ken_model_transform(ken_ctx *ctx, const ken_model *model,
                                       const ken_table *table, ken_table **out);

/* --- looking in ------------------------------------------------------------------------------- */
KEN_API const ken_desc *ken_model_desc(const ken_model *model);
KEN_API const void *ken_model_params(const ken_model *model);
KEN_API const ken_model *ken_model_recipe(const ken_model *model);   /* NULL: none */
/* The model behind a KEN_PARAM_MODEL: unfitted, to be cloned. NULL: there is no such parameter. */
KEN_API const ken_model *ken_model_base(const ken_model *model, const char *param);
/* The descriptor's tags; with KEN_TAG_BASE also those of its bases. */
KEN_API uint32_t ken_model_tags(const ken_model *model);
/* All parameters as members of the JSON object that is open in w, those of bases by dotted name. */
KEN_API void ken_model_write_params(const ken_model *model, ken_json_writer *w);
KEN_API bool ken_model_fitted(const ken_model *model);
KEN_API ken_task ken_model_task(const ken_model *model);             /* after fit */
KEN_API int ken_model_n_features(const ken_model *model);            /* raw input columns */
KEN_API const char *ken_model_feature(const ken_model *model, int j);
KEN_API ken_dtype ken_model_feature_dtype(const ken_model *model, int j);
KEN_API const char *ken_model_target(const ken_model *model);
/* What the predictions of a regression mean. */
KEN_API ken_answer ken_model_answer(const ken_model *model);
/* The column that stood beside the target when the model was fitted ("" where there was none). */
typedef enum ken_side { KEN_SIDE_GROUP = 0, KEN_SIDE_EVENT = 1, KEN_SIDE_UPPER = 2, KEN_SIDES = 3 } ken_side;
KEN_API const char *ken_model_side(const ken_model *model, ken_side side);
KEN_API int ken_model_n_classes(const ken_model *model);             /* 0 for regression */
KEN_API const char *ken_model_class(const ken_model *model, int k);  /* as text, as in the data */
/* What the estimator itself sees: columns after the recipe (the raw ones without a recipe). */
KEN_API int ken_model_n_inputs(const ken_model *model);
KEN_API const char *ken_model_input(const ken_model *model, int j);
KEN_API int ken_model_input_source(const ken_model *model, int j);   /* raw feature, -1: several */
/* Level names of a category input (n 0 otherwise). */
KEN_API ken_strings ken_model_input_levels(const ken_model *model, int j);
KEN_API int64_t ken_model_rows_train(const ken_model *model);
/* Class codes of a target column by the model's own classes; -1 for missing or unseen. */
KEN_API ken_status ken_model_encode_target(ken_ctx *ctx, const ken_model *model,
                                           const ken_column *target, int32_t *codes);
/* The task that a target asks for: text, category, bool, and whole numbers with at most 10 values
 * classify, else regress. */
KEN_API ken_status ken_task_of(ken_ctx *ctx, const ken_column *target, ken_task *out);
/* ... unless the parameters of `model` ask for one (loss=lambdarank wants grades, however few). */
KEN_API ken_status ken_model_task_of(ken_ctx *ctx, const ken_model *model, const ken_column *target, ken_task *out);

/* --- attributes: what fit learned, as named tensors --------------------------------------------- */
/* A view of attribute `name`; NULL: none (yet). */
KEN_API const ken_tensor *ken_model_attr(const ken_model *model, const char *name);
KEN_API double ken_model_attr_f64(const ken_model *model, const char *name, double otherwise);
KEN_API const ken_strings *ken_model_attr_strings(const ken_model *model, const char *name);
/* Inside fit: allocate attribute `name`, zeroed (replacing one of that name); *data is its memory.
 * Only what is set here is saved. */
KEN_API ken_status ken_attr_new(ken_ctx *ctx, ken_model *model, const char *name, ken_dtype dtype,
                                int ndim, const int64_t *shape, void **data);
KEN_API ken_status ken_attr_set_f64(ken_ctx *ctx, ken_model *model, const char *name, double value);
KEN_API ken_status ken_attr_set_i64(ken_ctx *ctx, ken_model *model, const char *name, int64_t value);
KEN_API ken_status ken_attr_set_strings(ken_ctx *ctx, ken_model *model, const char *name,
                                        const ken_strings *strings);
KEN_API int ken_model_n_attrs(const ken_model *model);
KEN_API const char *ken_model_attr_name(const ken_model *model, int i);
/* Nested models, in order: a recipe's steps, say. */
KEN_API ken_status ken_model_adopt(ken_ctx *ctx, ken_model *parent, ken_model *child);
KEN_API int ken_model_n_children(const ken_model *model);
KEN_API ken_model *ken_model_child(const ken_model *model, int i);
/* Inside a transformer that is made of others: fit `child` on a problem whose X is the child's own
 * columns, and give what the rows of that fit become (cross-fitted where the child does that).
 * *out borrows from problem->X: let ken_table_keep tie lifetimes where needed. out may be NULL. */
KEN_API ken_status ken_model_fit_problem(ken_ctx *ctx, ken_model *child, const struct ken_problem *problem,
                                         ken_table **out);
/* Derived state of .open (below). */
KEN_API void *ken_model_state(const ken_model *model);

/* --- what a thing gives ------------------------------------------------------------------------- */
/* A fit's input. Rows [0, n_train) are training rows, [n_train, n) validation rows; test rows are
 * not here. All targets are there; category codes and classes are numbered from 0. */
typedef struct ken_problem {
    ken_task task;
    int64_t n, n_train;
    const ken_table *X;      /* after the recipe; numeric unless KEN_TAG_TYPED */
    const double *y;         /* (n) regression; else NULL */
    const int32_t *label;    /* (n) classes 0 .. n_classes-1 of a classification; else NULL */
    int n_classes;
    const double *weight;    /* (n) or NULL */
    const int32_t *group;    /* (n) 0 .. n_groups-1 in order of appearance, or NULL */
    int32_t n_groups;
    const double *offset;    /* (n) or NULL; for KEN_TAG_OFFSET */
    const double *upper;     /* (n) or NULL; for KEN_TAG_CENSORED: the target lies in [y, upper]; equal:
                                it was seen; INFINITY: it is later than y */
    uint32_t consumer_tags;  /* transformers: the tags of the estimator they work for, else 0 */
    uint32_t consumer_tasks;
} ken_problem;

typedef struct ken_step {
    bool done;
    int64_t left;       /* steps that may still follow, for the progress; -1: as many as the stop rule says */
    double objective;   /* NaN: none */
    double validation;  /* the lower the better; NaN: none */
    /* Metrics of the validation rows that early stopping goes by instead of `validation`; at most
     * KEN_MAX_VERDICTS, as many and in the order of the first step. They live until the next step. */
    const ken_verdict *verdicts;
    int n_verdicts;
} ken_step;
enum { KEN_MAX_VERDICTS = 16 };

/* How an iterative fit wants to stop. */
typedef struct ken_stop_rule {
    int64_t max_steps;
    double validation_fraction; /* > 0: set so much of the training rows aside if none are given */
    int64_t patience;           /* steps without improvement before stopping; 0: never */
    double min_delta;           /* what counts as an improvement must be more than that */
    bool first_only;            /* of several verdicts the first one decides, not whichever is worn out first */
} ken_stop_rule;

/* What the one margin of two classes says. */
typedef enum ken_margin {
    KEN_MARGIN_SIGNED = 0, /* above 0: the second class */
    KEN_MARGIN_SHARE,      /* the share of the second class, with no link: above 1/2 */
    KEN_MARGIN_OF_BASE     /* as its base says */
} ken_margin;

/* Estimators give either fit, or begin/step/end. All functions leave the model unfitted on failure. */
typedef struct ken_estimator {
    ken_status (*fit)(ken_ctx *ctx, ken_model *model, const ken_problem *problem);
    /* Iterative: *state is the thing's own, freed by end in every case. The loop in core/fit.c
     * calls step until done, max_steps, early stop, budget or cancel. With KEN_TAG_CONTINUE a model
     * that has attributes and .open's state as begin is called is to be fitted on; steps then count
     * from there. */
    ken_status (*begin)(ken_ctx *ctx, ken_model *model, const ken_problem *problem, void **state);
    ken_status (*step)(ken_ctx *ctx, ken_model *model, void *state, ken_step *out);
    /* keep: steps to keep (the best one when stopped early); 0 after a failure: only free. */
    ken_status (*end)(ken_ctx *ctx, ken_model *model, void *state, int64_t keep);
    /* ken_model_refit; may be NULL. An error leaves the attributes as they were; afterwards .open is
     * called again. */
    ken_status (*refit)(ken_ctx *ctx, ken_model *model, const ken_problem *problem, double decay);
    int (*views)(const ken_model *model, void *state, ken_view *out, int capacity);
    ken_stop_rule (*stop_rule)(const void *params, int64_t n_rows);
    /* The task that the parameters ask for whatever the target looks like; KEN_TASK_AUTO: they do not.
     * NULL: never. */
    ken_task (*task)(const void *params);
    /* What the predictions of a regression mean; NULL: values of the target. */
    ken_answer (*answer)(const void *params);
    /* Columns of output for `what` (PROBA is never asked of a regression); 0: cannot. */
    int64_t (*width)(const ken_model *model, ken_what what);
    /* KEN_GIVES of all that `width` may say yes to, whatever the parameters, beside VALUE and PROBA, and MARGIN of a
     * regression alone: what bindings have verbs for before there is a model. */
    uint32_t gives;
    ken_margin margin;
    /* out (n, width) dense row-major. VALUE of a classifier is made by core from PROBA.
     * X has the inputs that fit saw, in that order. Parallel inside, by ken_parallel. */
    ken_status (*predict)(ken_ctx *ctx, const ken_model *model, const ken_table *X, ken_what what,
                          double *out);
    /* One row of numbers x (inputs; NaN only with KEN_TAG_MISSING) where no input is a category: VALUE
     * of a regression, PROBA, MARGIN, with the bits of predict. May be NULL. */
    ken_status (*predict_row)(ken_ctx *ctx, const ken_model *model, const double *x, ken_what what,
                              double *out);
    /* Contributions against the rows of a background (ken_model_contributions_against). May be NULL. */
    ken_status (*contributions_against)(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                        const ken_table *background, double *out);
    /* After fit and after load: check the attributes (they may come from a hostile file: wrong
     * shapes or indices out of range are KEN_E_FORMAT) and build derived state; may be NULL. */
    ken_status (*open)(ken_ctx *ctx, ken_model *model, void **state);
    void (*close)(const ken_allocator *alloc, void *state);
} ken_estimator;

typedef struct ken_transformer {
    /* Learn from rows [0, n_train). */
    ken_status (*fit)(ken_ctx *ctx, ken_model *model, const ken_problem *problem);
    /* Append output columns to `out` (same rows), each with its `source`. */
    ken_status (*transform)(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                            ken_table *out);
    /* What the rows of the fit become where that differs (cross-fitting): NULL: transform. */
    ken_status (*transform_train)(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                                  ken_table *out);
    ken_status (*open)(ken_ctx *ctx, ken_model *model, void **state);
    void (*close)(const ken_allocator *alloc, void *state);
} ken_transformer;

/* --- trace: the same fit, step by step ---------------------------------------------------------- */
typedef struct ken_trace ken_trace;
/* data must outlive the trace. A closed-form fit has one step. */
KEN_API ken_status ken_model_trace(ken_ctx *ctx, ken_model *model, const ken_data *data,
                                   ken_trace **out);
/* Go to iteration `to` (forward by steps; backward from the start again). */
KEN_API ken_status ken_trace_seek(ken_trace *trace, int64_t to);
KEN_API const ken_progress *ken_trace_at(const ken_trace *trace);
/* Ends the fit where it stands: the model is fitted afterwards. finish false: only frees. */
KEN_API ken_status ken_trace_end(ken_trace *trace, bool finish);

/* --- the rows of a fit, without the fit ----------------------------------------------------------- */
/* Calls fn once with what the fit of `model` would see (its recipe is learned), for work on the same rows
 * that is no fit, such as a path of many. `model` is unfitted again afterwards; inputs by ken_model_input. */
typedef ken_status (*ken_problem_fn)(ken_ctx *ctx, const ken_model *model,
                                     const ken_problem *problem, void *arg);
KEN_API ken_status ken_model_prepare(ken_ctx *ctx, ken_model *model, const ken_data *data,
                                     ken_problem_fn fn, void *arg);

/* --- bytes: a model as JSON text and named tensors, and back ------------------------------------ */
typedef struct ken_named_tensor {
    const char *name; /* "model/coef", "recipe/2/mean" */
    ken_tensor tensor;
} ken_named_tensor;
typedef struct ken_bundle ken_bundle; /* owns its JSON and names; tensors borrow from the model */
KEN_API ken_status ken_model_pack(ken_ctx *ctx, const ken_model *model, ken_bundle **out);
KEN_API void ken_bundle_free(ken_bundle *bundle);
KEN_API const char *ken_bundle_json(const ken_bundle *bundle);
KEN_API int ken_bundle_count(const ken_bundle *bundle);
KEN_API const ken_named_tensor *ken_bundle_at(const ken_bundle *bundle, int i);
/* tensors are copied. errors: KEN_E_FORMAT whatever is wrong with them, KEN_E_UNSUPPORTED (of a
 * newer format), KEN_E_NOT_FOUND (a thing that this build lacks). name: the file's, for messages. */
KEN_API ken_status ken_model_unpack(ken_ctx *ctx, const char *name, const char *json, size_t size,
                                    const ken_named_tensor *tensors, int n, ken_model **out);

/* --- helpers for things ------------------------------------------------------------------------- */
/* Rows [0, rows) of the problem as a dense (rows, d) row-major matrix in scratch. */
KEN_API ken_status ken_problem_matrix(ken_ctx *ctx, const ken_problem *problem, int64_t rows,
                                      double **out);
/* Weights that give each class the same sum (times the row's own weight), over the training rows,
 * in scratch. */
KEN_API ken_status ken_problem_balanced(ken_ctx *ctx, const ken_problem *problem, double **out);
/* Blocks of at most 4096 rows as dense f64, in parallel: fn(arg, X_block, first, rows, out_block). */
typedef void (*ken_row_block_fn)(const void *arg, const double *X, int64_t rows, double *out);
KEN_API ken_status ken_predict_dense(ken_ctx *ctx, const ken_table *X, int64_t width,
                                     ken_row_block_fn fn, const void *arg, double *out);

#define KEN_DEFINE_NEW(thing)                                                                    \
    static inline ken_status ken_##thing##_new(ken_ctx *ctx, const ken_##thing##_params *params, \
                                               ken_model **out) {                                \
        return ken_model_new_desc(ctx, &ken_##thing##_desc, params, out);                        \
    }

KEN_END_C

#endif
