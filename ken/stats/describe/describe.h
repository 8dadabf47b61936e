/* What is in a table: types, missing, distributions, associations, and warnings with advice. Behind
 * `ken describe` and the report. Nothing here learns; read next: describe.c. */
#ifndef KEN_STATS_DESCRIBE_H
#define KEN_STATS_DESCRIBE_H

#include "ken/core/json.h"
#include "ken/core/table.h"

KEN_BEGIN_C

enum {
    KEN_PROFILE_TOP = 10,
    KEN_PROFILE_BINS = 64,
    KEN_PROFILE_EXAMPLES = 3,
    KEN_PROFILE_PAIR_COLUMNS = 40,
    KEN_PROFILE_PAIR_ROWS = 20000
};

typedef struct ken_profile_level {
    const char *text; /* NULL for a number: see value */
    double value;
    int64_t count;
} ken_profile_level;

/* NaN where a figure does not apply. Times count in microseconds since 1970-01-01 UTC. */
typedef struct ken_profile_column {
    const char *name;
    ken_dtype dtype;
    int64_t n, missing, infinite, distinct;
    bool distinct_exact; /* false: at least so many (string columns stop counting) */
    double min, max, mean, sd, q1, median, q3, skew; /* of finite values; sd over n - 1 */
    int64_t zeros;
    int64_t outliers;   /* beyond 3 interquartile ranges outside the quartiles */
    bool whole, rising; /* numbers, times: no fractions; never falls from row to row */
    int n_top;
    ken_profile_level top[KEN_PROFILE_TOP]; /* most frequent values */
    int64_t rare;                           /* texts: levels with fewer than 5 rows */
    int n_bins;                             /* 0: no histogram */
    double edges[KEN_PROFILE_BINS +
                 1]; /* round numbers, ascending; the last bin holds its upper edge */
    int64_t bins[KEN_PROFILE_BINS];
    double mean_length, mean_words; /* texts: characters, words apart by blanks */
    int64_t min_length, max_length;
    double numeric_share; /* texts: share of values that read as a number */
    int n_examples;
    const char *examples[KEN_PROFILE_EXAMPLES];
    double association;           /* with the target, 0 .. 1 (Pearson: -1 .. 1); NaN: none */
    const char *association_kind; /* "pearson", "cramers_v", "correlation_ratio", "" */
    double alone; /* how well this column alone tells the target on other rows; NaN: unknown */
    const char *alone_kind; /* "roc_auc", "accuracy", "r2", "" */
    double vif; /* numbers: variance inflation factor among the number columns but the target; NaN: unknown */
} ken_profile_column;

typedef enum ken_severity { KEN_NOTE = 0, KEN_WARNING = 1, KEN_SERIOUS = 2 } ken_severity;

typedef struct ken_profile_warning {
    ken_severity severity;
    const char *kind;   /* "constant", "leak" ... a fixed word */
    int column, other;  /* -1: none */
    const char *words;  /* what is the matter, with numbers */
    const char *action; /* what to do, in the imperative */
} ken_profile_warning;

typedef struct ken_profile {
    int64_t rows;
    int cols;
    int target;          /* -1: none */
    bool target_classes; /* the target is classified, not regressed */
    const ken_profile_column *columns;
    int64_t duplicate_rows; /* rows that repeat an earlier one */
    int n_pairs;            /* columns in the matrices below */
    const int *pair_columns;
    int64_t pair_rows;                /* rows they were computed on, evenly spread */
    const double *pearson, *spearman; /* (n_pairs, n_pairs); NaN unless both are numbers */
    const double *association;        /* Pearson, Cramer's V or correlation ratio, by the types */
    int n_warnings;
    const ken_profile_warning *warnings; /* most severe first */
} ken_profile;

/* Describe `table`; target: column index, -1 none.
 *
 * errors  KEN_E_ARG target is no column · KEN_E_NOMEM · KEN_E_CANCELLED
 * cost    a sort per column, O(n) per text column, pairs on at most 20,000 rows; scratch 16 n bytes
 * a thread; threads: columns are split, same result for any count Peer pandas.DataFrame.describe,
 * ydata-profiling */
KEN_API ken_status ken_describe(ken_ctx *ctx, const ken_table *table, int target,
                                ken_profile **out);
KEN_API void ken_profile_free(ken_profile *profile);
/* One JSON object. */
KEN_API void ken_profile_write_json(const ken_profile *profile, ken_json_writer *w);
/* id, uid, row_id, customerID, "user id", index ...: names that people give to identifiers. */
KEN_API bool ken_named_like_identifier(const char *name);

KEN_END_C

#endif
