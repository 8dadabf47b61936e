/* Warnings: what is likely to spoil a model, with what to do about it. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ken/stats/describe/describe_parts.h"

/* --- adding ---------------------------------------------------------------------------------- */

typedef struct warn_at {
    describe_build *build;
    int column, other;
} warn_at;

static ken_status warn_add(const warn_at *at, ken_severity severity, const char *kind,
                           const char *action, const char *fmt, ...) KEN_PRINTF(5, 6);

/* kind and action: texts that live for ever. */
static ken_status warn_add(const warn_at *at, ken_severity severity, const char *kind,
                           const char *action, const char *fmt, ...) {
    describe_build *b = at->build;
    ken_profile *p = &b->owner->profile;
    char words[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    if ((size_t)p->n_warnings == b->warning_capacity) {
        const size_t next = ken_next_capacity(b->warning_capacity, b->warning_capacity + 1);
        KEN_TRY(ken_grow(b->ctx, (void **)&b->warnings, b->warning_capacity, next,
                         sizeof *b->warnings));
        b->warning_capacity = next;
    }
    const char *own;
    KEN_TRY(describe_own_text(b, words, ken_utf8_valid(words, strlen(words)), &own));
    b->warnings[p->n_warnings++] =
        (ken_profile_warning){severity, kind, at->column, at->other, own, action};
    return KEN_OK;
}

static double warn_percent(int64_t part, int64_t all) { return 100.0 * (double)part / (double)all; }

/* --- one column ------------------------------------------------------------------------------ */

static ken_status warn_missing(const warn_at *at, const ken_profile_column *p) {
    if (p->missing == p->n)
        return warn_add(at, KEN_WARNING, "empty", "leave the column out",
                        "'%s' has no value at all", p->name);
    if (p->missing * 2 > p->n)
        return warn_add(at, KEN_WARNING, "mostly_missing",
                        "ask why it is missing; that it is may tell more than what it is",
                        "'%s' is missing in %.0f %% of the rows", p->name,
                        warn_percent(p->missing, p->n));
    return KEN_OK;
}

static ken_status warn_constant(const warn_at *at, const ken_profile_column *p) {
    const int64_t there = p->n - p->missing;
    if (p->distinct == 1)
        return warn_add(at, KEN_WARNING, "constant", "leave the column out",
                        "'%s' has one value only%s", p->name, p->missing ? " besides missing" : "");
    if (p->n_top && there >= 100 && p->top[0].count * 100 >= there * 99)
        return warn_add(at, KEN_NOTE, "nearly_constant",
                        "look whether the few other rows are real; a model hardly sees them",
                        "'%s' has one value in %.2f %% of the rows", p->name,
                        warn_percent(p->top[0].count, there));
    return KEN_OK;
}

/* Numbers of rows: whole, different, rising. */
static bool warn_is_counter(const ken_profile_column *p) {
    return p->dtype == KEN_I64 && p->rising && p->missing == 0 && p->distinct == p->n &&
           p->max - p->min == (double)(p->n - 1) && (p->min == 0 || p->min == 1);
}

static ken_status warn_identifier(const warn_at *at, const ken_profile_column *p) {
    const int64_t there = p->n - p->missing;
    const bool text = p->dtype == KEN_STRING || p->dtype == KEN_CATEGORY;
    const bool unique = p->distinct == there || (!p->distinct_exact && p->rare == p->distinct);
    if (there < 20) return KEN_OK;
    const bool named = unique && p->dtype == KEN_I64 && ken_named_like_identifier(p->name);
    if (warn_is_counter(p) || named || (text && unique && p->mean_words < 2))
        return warn_add(at, KEN_NOTE, "identifier",
                        "leave the column out: a model would learn rows by heart",
                        "'%s' looks like an identifier: every value is different", p->name);
    if (text && p->mean_words < 2.5 && p->distinct > 50 && p->distinct * 5 > there)
        return warn_add(at, KEN_NOTE, "high_cardinality",
                        "group the levels, or encode them by their mean target",
                        "'%s' has %lld different values in %lld rows", p->name,
                        (long long)p->distinct, (long long)there);
    if (p->dtype == KEN_CATEGORY && p->rare * 2 > p->distinct && p->distinct > 10)
        return warn_add(at, KEN_NOTE, "rare_levels", "group the rare levels",
                        "'%s' has %lld levels, %lld of them with fewer than 5 rows", p->name,
                        (long long)p->distinct, (long long)p->rare);
    return KEN_OK;
}

static ken_status warn_values(const warn_at *at, const ken_profile_column *p) {
    const int64_t there = p->n - p->missing;
    if (p->infinite)
        KEN_TRY(warn_add(at, KEN_WARNING, "infinite", "make them missing, or correct them",
                         "'%s' has %lld infinite values", p->name, (long long)p->infinite));
    if (p->outliers > 0 && p->distinct > 10)
        KEN_TRY(
            warn_add(at, KEN_NOTE, "outliers",
                     "look at the most extreme rows; scale by quartiles, or use trees",
                     "'%s' has %lld values (%.2g %%) more than 3 quartile ranges from the middle "
                     "half",
                     p->name, (long long)p->outliers, warn_percent(p->outliers, there)));
    if (p->numeric_share == 1)
        return warn_add(at, KEN_WARNING, "number_as_text", "read the column as numbers",
                        "'%s' is text, but every value is a number", p->name);
    if (p->numeric_share >= 0.3)
        return warn_add(at, p->numeric_share >= 0.9 ? KEN_WARNING : KEN_NOTE, "mixed",
                        "name the odd values as missing, then read numbers",
                        "'%s' is text, but %.4g %% of its values are numbers", p->name,
                        100 * p->numeric_share);
    return KEN_OK;
}

static ken_status warn_time(const warn_at *at, const ken_profile_column *p) {
    if (p->dtype != KEN_TIME || p->rising || p->distinct < 2) return KEN_OK;
    return warn_add(at, KEN_NOTE, "unordered_time",
                    "split by time (name the column) if the model is to look ahead",
                    "'%s' is not in order of time", p->name);
}

/* --- the target ------------------------------------------------------------------------------ */

static ken_status warn_leak(const warn_at *at, const ken_profile_column *p, double most_common) {
    const bool accuracy = strcmp(p->alone_kind, "accuracy") == 0;
    const bool auc = strcmp(p->alone_kind, "roc_auc") == 0;
    const bool nearly = p->alone > 0.98;
    if (!(p->alone > (accuracy ? 0.98 : auc ? 0.95 : 0.9)) || (accuracy && most_common > 0.9))
        return KEN_OK;
    return warn_add(at, nearly ? KEN_SERIOUS : KEN_WARNING, "leak",
                    "ask whether it is known before the target is; if not, leave it out",
                    "'%s' alone tells the target %s (%s %.4f on rows not learned from)", p->name,
                    nearly ? "nearly perfectly" : "suspiciously well",
                    auc        ? "AUC"
                    : accuracy ? "accuracy"
                               : "R2",
                    p->alone);
}

static ken_status warn_target(const warn_at *at, const ken_profile_column *p, bool classes) {
    const int64_t there = p->n - p->missing;
    if (p->missing)
        KEN_TRY(
            warn_add(at, KEN_NOTE, "target_missing", "these rows teach nothing and are left out",
                     "the target '%s' is missing in %lld rows", p->name, (long long)p->missing));
    if (classes && p->n_top > 1 && p->distinct <= KEN_PROFILE_TOP) {
        const double least = warn_percent(p->top[p->n_top - 1].count, there);
        if (least < 10)
            return warn_add(at, least < 1 ? KEN_WARNING : KEN_NOTE, "imbalance",
                            "judge by ROC AUC or average precision, not by accuracy",
                            "the rarest class of '%s' has %.2g %% of the rows (%lld)", p->name,
                            least, (long long)p->top[p->n_top - 1].count);
    }
    if (!classes && fabs(p->skew) > 2)
        return warn_add(at, KEN_NOTE, "skewed_target",
                        "model its logarithm, or judge by absolute errors",
                        "the target '%s' is skewed (skewness %.2g)", p->name, p->skew);
    return KEN_OK;
}

static ken_status warn_columns(describe_build *b) {
    const ken_profile *profile = &b->owner->profile;
    const ken_profile_column *target = profile->target >= 0 ? &b->columns[profile->target] : NULL;
    const double most_common =
        target && target->n_top && target->n > target->missing
            ? (double)target->top[0].count / (double)(target->n - target->missing)
            : 0;
    for (int j = 0; j < profile->cols; j++) {
        const ken_profile_column *p = &b->columns[j];
        const warn_at at = {b, j, -1};
        if (p->n == 0) continue;
        if (j == profile->target) {
            KEN_TRY(warn_target(&at, p, profile->target_classes));
            continue;
        }
        KEN_TRY(warn_leak(&at, p, most_common));
        KEN_TRY(warn_missing(&at, p));
        if (p->missing == p->n) continue;
        KEN_TRY(warn_constant(&at, p));
        if (p->distinct < 2) continue;
        KEN_TRY(warn_identifier(&at, p));
        KEN_TRY(warn_values(&at, p));
        KEN_TRY(warn_time(&at, p));
    }
    return KEN_OK;
}

/* --- collinearity ---------------------------------------------------------------------------- */

/* One note for all of them, the worst first, up to five by name. */
static ken_status warn_collinear(describe_build *b) {
    const ken_profile *profile = &b->owner->profile;
    char names[200] = "";
    size_t used = 0;
    int count = 0, worst = -1;
    double last = INFINITY;
    for (int j = 0; j < profile->cols; j++) count += b->columns[j].vif > 10;
    for (int named = 0, after = -1; named < KEN_MIN(count, 5); named++) {
        int next = -1;
        for (int j = 0; j < profile->cols; j++) {
            const double v = b->columns[j].vif;
            const bool left = v < last || (v == last && j > after);
            if (v > 10 && left && (next < 0 || v > b->columns[next].vif)) next = j;
        }
        if (named == 0) worst = next;
        last = b->columns[next].vif, after = next;
        const int wrote = snprintf(names + used, sizeof names - used, "%s'%s' %.3g", named ? ", " : "",
                                   b->columns[next].name, last);
        used = KEN_MIN(used + (wrote > 0 ? (size_t)wrote : 0), sizeof names - 1);
    }
    if (count == 0) return KEN_OK;
    const warn_at at = {b, worst, -1};
    static const char action[] =
        "predictions do not mind; before you read single coefficients use ridge, or leave some out";
    if (count == 1)
        return warn_add(&at, KEN_NOTE, "collinear", action,
                        "'%s' is nearly a combination of other number columns (variance inflation %.3g)",
                        b->columns[worst].name, b->columns[worst].vif);
    return warn_add(&at, KEN_NOTE, "collinear", action,
                    "%d number columns are nearly combinations of others (variance inflation: %s%s)", count,
                    names, count > 5 ? " ..." : "");
}

/* --- duplicates ------------------------------------------------------------------------------ */

static bool warn_same_columns(const ken_column *a, const ken_column *b) {
    for (int64_t i = 0; i < a->n; i++) {
        const bool gone = ken_column_missing(a, i);
        if (gone != ken_column_missing(b, i)) return false;
        if (gone) continue;
        if (a->dtype == KEN_STRING) {
            int64_t na, nb;
            const char *x = ken_strings_at(&a->text, i, &na), *y = ken_strings_at(&b->text, i, &nb);
            if (na != nb || memcmp(x, y, (size_t)na)) return false;
        } else if (a->dtype == KEN_TIME) {
            if (((const int64_t *)a->data)[i * a->stride] !=
                ((const int64_t *)b->data)[i * b->stride])
                return false;
        } else if (ken_column_f64(a, i) != ken_column_f64(b, i)) {
            return false;
        }
    }
    return true;
}

/* Bits 0..61 of a hash as a number that is finite, to sort by. */
static double warn_sortable(uint64_t hash) {
    double key;
    hash >>= 2;
    memcpy(&key, &hash, sizeof key);
    return key;
}

static ken_status warn_duplicate_columns(describe_build *b) {
    const int d = b->owner->profile.cols;
    double *key, *tmp;
    int32_t *index, *tmp_index;
    KEN_TRY(KEN_SCRATCH(b->ctx, double, KEN_MAX(d, 1), &key));
    KEN_TRY(KEN_SCRATCH(b->ctx, double, KEN_MAX(d, 1), &tmp));
    KEN_TRY(KEN_SCRATCH(b->ctx, int32_t, KEN_MAX(d, 1), &index));
    KEN_TRY(KEN_SCRATCH(b->ctx, int32_t, KEN_MAX(d, 1), &tmp_index));
    for (int j = 0; j < d; j++) {
        key[j] = warn_sortable(b->column_hash[j]);
        index[j] = j;
    }
    ken_sort_f64_index(key, index, d, tmp, tmp_index);
    for (int k = 1, first = 0; k < d; k++) {
        if (key[k] != key[first]) first = k;
        if (k == first) continue;
        const ken_column *x = ken_table_column(b->table, index[first]);
        const ken_column *y = ken_table_column(b->table, index[k]);
        const bool alike = describe_is_text(x) || describe_is_text(y) || x->dtype == KEN_TIME ||
                                   y->dtype == KEN_TIME
                               ? x->dtype == y->dtype
                               : true;
        if (!alike || b->columns[index[k]].distinct < 2 || !warn_same_columns(x, y)) continue;
        const warn_at at = {b, index[k], index[first]};
        const int target = b->owner->profile.target;
        const bool leak = index[k] == target || index[first] == target;
        KEN_TRY(warn_add(&at, leak ? KEN_SERIOUS : KEN_WARNING, "duplicate_column",
                         "leave one of them out", "'%s' equals '%s' in every row", y->name,
                         x->name));
    }
    return KEN_OK;
}

typedef struct warn_rows_job {
    const ken_table *table;
    double *key;
} warn_rows_job;

static uint64_t warn_cell(const ken_column *c, int64_t i) {
    uint64_t bits = 0;
    int64_t size;
    if (ken_column_missing(c, i)) return UINT64_MAX;
    if (c->dtype == KEN_STRING) {
        const char *text = ken_strings_at(&c->text, i, &size);
        return ken_hash(text, (size_t)size, 0);
    }
    if (c->dtype == KEN_TIME) return (uint64_t)((const int64_t *)c->data)[i * c->stride];
    const double v = ken_column_f64(c, i) + 0.0; /* -0 becomes 0 */
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static void warn_hash_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const warn_rows_job *job = arg;
    uint64_t hash[256];
    (void)worker;
    for (int64_t first = begin; first < end; first += 256) {
        const int64_t n = KEN_MIN(256, end - first);
        for (int64_t k = 0; k < n; k++) hash[k] = 1;
        for (int j = 0; j < ken_table_cols(job->table); j++) {
            const ken_column *c = ken_table_column(job->table, j);
            for (int64_t k = 0; k < n; k++)
                hash[k] = describe_mix(hash[k], warn_cell(c, first + k));
        }
        for (int64_t k = 0; k < n; k++) job->key[first + k] = warn_sortable(hash[k]);
    }
}

static ken_status warn_duplicate_rows(describe_build *b) {
    ken_profile *p = &b->owner->profile;
    const ken_mark mark = ken_scratch_mark(b->ctx);
    const warn_at at = {b, -1, -1};
    warn_rows_job job = {b->table, NULL};
    double *tmp;
    if (p->cols == 0) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(b->ctx, double, KEN_MAX(p->rows, 1), &job.key));
    KEN_TRY(KEN_SCRATCH(b->ctx, double, KEN_MAX(p->rows, 1), &tmp));
    KEN_TRY(ken_parallel(b->ctx, p->rows, 4096, warn_hash_rows, &job));
    ken_sort_f64(job.key, p->rows, tmp);
    for (int64_t i = 1; i < p->rows; i++) p->duplicate_rows += job.key[i] == job.key[i - 1];
    ken_scratch_release(b->ctx, mark);
    if (!p->duplicate_rows) return KEN_OK;
    return warn_add(&at, p->duplicate_rows * 20 > p->rows ? KEN_WARNING : KEN_NOTE,
                    "duplicate_rows",
                    "keep copies of a row in one fold, or drop them: they make tests too good",
                    "%lld rows (%.2g %%) repeat an earlier row", (long long)p->duplicate_rows,
                    warn_percent(p->duplicate_rows, p->rows));
}

/* Most severe first; equally severe ones stay in order. */
static void warn_sort(ken_profile_warning *w, int n) {
    for (int i = 1; i < n; i++) {
        const ken_profile_warning one = w[i];
        int k = i;
        for (; k > 0 && w[k - 1].severity < one.severity; k--) w[k] = w[k - 1];
        w[k] = one;
    }
}

static ken_status warn_all(describe_build *b) {
    ken_profile *p = &b->owner->profile;
    ken_profile_warning *own;
    KEN_TRY(warn_columns(b));
    KEN_TRY(warn_collinear(b));
    KEN_TRY(warn_duplicate_columns(b));
    KEN_TRY(warn_duplicate_rows(b));
    warn_sort(b->warnings, p->n_warnings);
    KEN_TRY(describe_own(b, (size_t)KEN_MAX(p->n_warnings, 1), sizeof *own, (void **)&own));
    if (p->n_warnings) memcpy(own, b->warnings, (size_t)p->n_warnings * sizeof *own);
    p->warnings = own;
    return KEN_OK;
}

ken_status describe_warnings(describe_build *b) {
    const ken_status status = warn_all(b);
    ken_free(b->ctx, b->warnings);
    return status;
}
