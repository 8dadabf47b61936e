/* Descriptors: one constant table per thing, from which everything else is derived (parameters of
 * the command line, help, ranges, files, bindings, reference pages, contract tests). */
#ifndef KEN_CORE_DESC_H
#define KEN_CORE_DESC_H

#include "ken/core/json.h"
#include "ken/core/table.h"

KEN_BEGIN_C

typedef enum ken_kind {
    KEN_ESTIMATOR = 1,
    KEN_TRANSFORMER,
    KEN_METRIC,
    KEN_SPLITTER,
    KEN_DATASET,
    KEN_READER,
    KEN_OPTIMIZER,
    KEN_OBJECTIVE
} ken_kind;

/* A set. KEN_DETECT learns without a target how strange a row is: VALUE is a score, the larger the stranger, and the
 * attribute `outlier_threshold` says from where on a row is an outlier. */
/* What the predictions of a regression mean, and so what may judge them. */
typedef enum ken_answer {
    KEN_ANSWER_VALUES = 0, /* values of the target */
    KEN_ANSWER_ORDER = 1,  /* scores that order the rows of a group, no more */
    KEN_ANSWER_RISK = 2,   /* the higher, the earlier what the target is the time of */
    KEN_ANSWER_TIMES = 3   /* values of a target of which some rows have bounds only */
} ken_answer;

typedef enum ken_task { KEN_TASK_AUTO = 0, KEN_REGRESS = 1, KEN_CLASSIFY = 2, KEN_DETECT = 4 } ken_task;

/* What a thing can take or do; a set. */
enum {
    KEN_TAG_TYPED = 1 << 0,        /* takes typed columns (category, missing ...), not a dense matrix */
    KEN_TAG_CATEGORY = 1 << 1,     /* category columns as they are (with KEN_TAG_TYPED) */
    KEN_TAG_MISSING = 1 << 2,      /* missing cells as they are */
    KEN_TAG_WEIGHTS = 1 << 3,      /* row weights */
    KEN_TAG_SCALED = 1 << 4,       /* wants columns of like scale: the recipe standardizes */
    KEN_TAG_LINEAR = 1 << 5,       /* linear in its inputs: the recipe drops a level per category */
    KEN_TAG_EARLY_STOP = 1 << 6,   /* may stop early on validation rows */
    KEN_TAG_RANDOM = 1 << 7,       /* draws random numbers: the seed matters */
    KEN_TAG_BASELINE = 1 << 8,     /* only there to be beaten */
    KEN_TAG_BASE = 1 << 9,         /* and what the model of its KEN_PARAM_MODEL can: ken_model_tags */
    KEN_TAG_OFFSET = 1 << 10,      /* margins may start from an offset per row */
    KEN_TAG_CENSORED = 1 << 11,    /* targets may be bounds: ken_data.event, .upper */
    KEN_TAG_CONTINUE = 1 << 12     /* fits on from where a fit ended: ken_model_fit_on */
};

typedef enum ken_param_type {
    KEN_PARAM_F64 = 1,
    KEN_PARAM_I64,
    KEN_PARAM_BOOL,
    KEN_PARAM_CHOICE, /* an int field, 0 .. number of choices - 1 */
    KEN_PARAM_TEXT,   /* a const char * field; "" is none */
    KEN_PARAM_MODEL   /* a const char * field: the name of an estimator, whose own parameters are set with
                         dotted names: base=tree base.max_depth=3. The model keeps it: ken_model_base */
} ken_param_type;

typedef enum ken_scale { KEN_LINEAR_SCALE = 0, KEN_LOG_SCALE } ken_scale;

struct ken_desc;

/* One parameter: a row over a plain options struct. */
typedef struct ken_param {
    const char *name;
    ken_param_type type;
    size_t offset, size;
    double min, max;             /* allowed, inclusive; open_min: exclusive below */
    bool open_min;
    double lo, hi;               /* worth searching; both 0: not searched */
    ken_scale scale;
    const char *const *choices;  /* NULL-ended */
    uint32_t tasks;              /* KEN_PARAM_MODEL: the model must have one of them */
    /* KEN_PARAM_MODEL: by name. A pointer, so that only what has such a row links the catalog. */
    ken_status (*find)(ken_ctx *ctx, const char *name, ken_kind kind, const struct ken_desc **out);
    const char *when;            /* "solver=lbfgs": matters only then; NULL: always */
    const char *unit;            /* "rows", "s" ...; NULL: none */
    const char *was;             /* a name it had before; using it is an error with a hint */
    const char *doc;             /* one line */
} ken_param;

#define KEN_FIELD_SIZE(type, field) sizeof(((const type *)0)->field)
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && !defined(__cplusplus)
/* A compile error unless the field has the C type that the row says. */
#define KEN_FIELD_OFFSET(type, field, ctype) \
    (offsetof(type, field) + 0 * sizeof(_Generic(((const type *)0)->field, ctype : 1)))
#else
#define KEN_FIELD_OFFSET(type, field, ctype) offsetof(type, field)
#endif
#define KEN_ROW_F64(params_t, field, ...)                                                   \
    {.name = #field, .type = KEN_PARAM_F64, .offset = KEN_FIELD_OFFSET(params_t, field, double), \
     .size = KEN_FIELD_SIZE(params_t, field), __VA_ARGS__}
#define KEN_ROW_I64(params_t, field, ...)                                                    \
    {.name = #field, .type = KEN_PARAM_I64, .offset = KEN_FIELD_OFFSET(params_t, field, int64_t), \
     .size = KEN_FIELD_SIZE(params_t, field), __VA_ARGS__}
#define KEN_ROW_BOOL(params_t, field, ...)                                                 \
    {.name = #field, .type = KEN_PARAM_BOOL, .offset = KEN_FIELD_OFFSET(params_t, field, bool), \
     .size = KEN_FIELD_SIZE(params_t, field), .max = 1, __VA_ARGS__}
#define KEN_ROW_CHOICE(params_t, field, names, ...)                                          \
    {.name = #field, .type = KEN_PARAM_CHOICE, .offset = KEN_FIELD_OFFSET(params_t, field, int), \
     .size = KEN_FIELD_SIZE(params_t, field), .choices = names, __VA_ARGS__}
#define KEN_ROW_TEXT(params_t, field, ...)                        \
    {.name = #field, .type = KEN_PARAM_TEXT,                  \
     .offset = KEN_FIELD_OFFSET(params_t, field, const char *),   \
     .size = KEN_FIELD_SIZE(params_t, field), __VA_ARGS__}

#define KEN_ROW_MODEL(params_t, field, which_tasks, ...)                                        \
    {.name = #field, .type = KEN_PARAM_MODEL, .tasks = which_tasks, .find = ken_catalog_find, \
     .offset = KEN_FIELD_OFFSET(params_t, field, const char *),                               \
     .size = KEN_FIELD_SIZE(params_t, field), __VA_ARGS__}

/* One learned attribute: a named tensor (or list of texts, KEN_STRING). */
typedef struct ken_attr {
    const char *name;
    ken_dtype dtype;
    const char *shape; /* "k,d" in the letters of the style guide; "" is a scalar */
    const char *doc;
} ken_attr;

struct ken_estimator;   /* verbs by kind: model.h */
struct ken_transformer; /* model.h */
struct ken_metric;      /* metrics/metrics.h */
struct ken_splitter;    /* data/splits.h */
struct ken_dataset;     /* data/datasets.h */
struct ken_optimizer;   /* optim/optim.h */
struct ken_objective;   /* optim/optim.h */

typedef struct ken_desc {
    const char *name, *title;
    ken_kind kind;
    uint32_t tasks, tags;
    const ken_param *params;   /* ended by a row of zeros; NULL: none */
    const void *defaults;      /* a params struct */
    size_t params_size;
    /* Rules between parameters that rows cannot say; NULL: none. */
    ken_status (*check)(ken_ctx *ctx, const void *params);
    const ken_attr *attrs;     /* ended by a row of zeros; NULL: none */
    const struct ken_estimator *estimator;
    const struct ken_transformer *transformer;
    const struct ken_metric *metric;
    const struct ken_splitter *splitter;
    const struct ken_dataset *dataset;
    const struct ken_optimizer *optimizer;
    const struct ken_objective *objective;
    /* Facts of its kind, as further members of its JSON object; NULL: none. */
    void (*write_json)(const struct ken_desc *desc, ken_json_writer *w);
    const char *doc;           /* a paragraph: what, when, when not */
    const char *paper;         /* the source, with year */
    const char *peer;          /* "sklearn.linear_model.Ridge" */
} ken_desc;

/* --- catalog: written by the build from the folders ------------------------------------------- */
/* Thing i of the catalog, NULL past the end. Rooms in reading order, names in alphabetical order. */
KEN_API const ken_desc *ken_catalog_at(int i);
KEN_API const char *ken_catalog_room(int i);
/* By name; kind 0: any. On failure the hint offers the nearest name. */
KEN_API ken_status ken_catalog_find(ken_ctx *ctx, const char *name, ken_kind kind,
                                    const ken_desc **out);
KEN_API const char *ken_kind_name(ken_kind kind); /* "estimator" ... */
KEN_API const char *ken_task_name(ken_task task); /* "regress", "classify", "detect", "auto" */

/* --- parameters -------------------------------------------------------------------------------- */
KEN_API const ken_param *ken_desc_param(const ken_desc *desc, const char *name); /* NULL: none */
/* Set one field from text. Unknown name, wrong type, out of range: an error with a hint. A text
 * parameter keeps the pointer: the caller keeps `value` alive (models copy it for you). */
KEN_API ken_status ken_param_set(ken_ctx *ctx, const ken_desc *desc, void *params,
                                 const char *name, const char *value);
/* Cuts the next "name=value" out of *at (blanks or commas apart), NUL-terminating both; *name
 * NULL: there is none left. */
KEN_API ken_status ken_setting_next(ken_ctx *ctx, char **at, char **name, char **value);
/* Sets fields from "alpha=0.1 solver=cholesky", which is cut up, and checks them all. */
KEN_API ken_status ken_params_parse(ken_ctx *ctx, const ken_desc *desc, void *params, char *settings);
/* Ranges of all fields and desc->check. */
KEN_API ken_status ken_params_check(ken_ctx *ctx, const ken_desc *desc, const void *params);
/* The value of a field as text, e.g. "0.1", "true", "lbfgs". */
KEN_API void ken_param_format(const ken_param *param, const void *params, ken_text *out);
/* All fields as members of the JSON object that is open in w. */
KEN_API void ken_params_write_json(const ken_desc *desc, const void *params, ken_json_writer *w);
/* The same with "base." before each name. */
void ken__params_write_json(const ken_desc *desc, const void *params, const char *prefix, ken_json_writer *w);
/* One thing as a JSON object (name, room, kind, tasks, tags, parameters, attributes, doc ...). */
KEN_API void ken_desc_write_json(const ken_desc *desc, const char *room, ken_json_writer *w);
/* Tags and tasks as words: calls each(arg, word) for those that are set. */
KEN_API void ken_tags_each(uint32_t tags, void (*each)(void *, const char *), void *arg);

KEN_END_C

#endif
