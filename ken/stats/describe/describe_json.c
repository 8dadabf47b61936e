/* A profile as JSON. */
#include "ken/stats/describe/describe_parts.h"

#include <math.h>

static void profile_put_number(ken_json_writer *w, const char *key, double value) {
    if (isnan(value)) return;
    ken_json_put_key(w, key);
    ken_json_put_f64(w, value);
}

/* Times as ISO 8601, else the number. */
static void profile_put_value(ken_json_writer *w, const ken_profile_column *p, double value) {
    char text[64];
    if (p->dtype != KEN_TIME) {
        ken_json_put_f64(w, value);
        return;
    }
    const int64_t t = fabs(value) < 9e18 ? (int64_t)value : 0;
    const ken_column c = {.name = "", .dtype = KEN_TIME, .n = 1, .data = &t, .stride = 1};
    ken_json_put_string(w, ken_column_format(&c, 0, text, sizeof text));
}

static void profile_put_numbers(const ken_profile_column *p, ken_json_writer *w) {
    const struct { const char *key; double value; } at[] = {
        {"min", p->min}, {"q1", p->q1}, {"median", p->median}, {"q3", p->q3}, {"max", p->max}};
    for (int k = 0; k < KEN_COUNT(at); k++) {
        if (isnan(at[k].value)) continue;
        ken_json_put_key(w, at[k].key);
        profile_put_value(w, p, at[k].value);
    }
    if (p->dtype != KEN_TIME) {
        profile_put_number(w, "mean", p->mean);
        profile_put_number(w, "sd", p->sd);
        profile_put_number(w, "skew", p->skew);
        if (p->zeros) KEN_JSON(w, "zeros", i64, p->zeros);
        if (p->outliers) KEN_JSON(w, "outliers", i64, p->outliers);
        if (p->infinite) KEN_JSON(w, "infinite", i64, p->infinite);
    }
    profile_put_number(w, "mean_length", p->mean_length);
    if (!isnan(p->mean_length)) {
        KEN_JSON(w, "min_length", i64, p->min_length);
        KEN_JSON(w, "max_length", i64, p->max_length);
        KEN_JSON(w, "rare_levels", i64, p->rare);
    }
    profile_put_number(w, "mean_words", p->mean_words);
}

static void profile_put_lists(const ken_profile_column *p, ken_json_writer *w) {
    ken_json_put_key(w, "top");
    ken_json_array(w);
    for (int k = 0; k < p->n_top; k++) {
        ken_json_object(w);
        ken_json_put_key(w, "value");
        if (p->top[k].text)
            ken_json_put_string(w, p->top[k].text);
        else
            profile_put_value(w, p, p->top[k].value);
        KEN_JSON(w, "count", i64, p->top[k].count);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
    if (p->n_bins) {
        ken_json_put_key(w, "edges");
        ken_json_array(w);
        for (int k = 0; k <= p->n_bins; k++) profile_put_value(w, p, p->edges[k]);
        ken_json_end_array(w);
        ken_json_put_key(w, "bins");
        ken_json_array(w);
        for (int k = 0; k < p->n_bins; k++) ken_json_put_i64(w, p->bins[k]);
        ken_json_end_array(w);
    }
    ken_json_put_key(w, "examples");
    ken_json_array(w);
    for (int k = 0; k < p->n_examples; k++) ken_json_put_string(w, p->examples[k]);
    ken_json_end_array(w);
}

static void profile_put_column(const ken_profile_column *p, ken_json_writer *w) {
    ken_json_object(w);
    KEN_JSON(w, "name", string, p->name);
    KEN_JSON(w, "type", string, ken_dtype_name(p->dtype));
    KEN_JSON(w, "rows", i64, p->n);
    KEN_JSON(w, "missing", i64, p->missing);
    KEN_JSON(w, "distinct", i64, p->distinct);
    if (!p->distinct_exact) KEN_JSON(w, "distinct_exact", bool, false);
    profile_put_numbers(p, w);
    if (!isnan(p->association)) {
        KEN_JSON(w, "association", f64, p->association);
        KEN_JSON(w, "association_kind", string, p->association_kind);
    }
    if (!isnan(p->alone)) {
        KEN_JSON(w, "alone", f64, p->alone);
        KEN_JSON(w, "alone_kind", string, p->alone_kind);
    }
    if (!isnan(p->vif)) KEN_JSON(w, "vif", f64, p->vif);
    profile_put_lists(p, w);
    ken_json_end_object(w);
}

static void profile_put_matrix(ken_json_writer *w, const char *key, const double *m, int n) {
    ken_json_put_key(w, key);
    ken_json_array(w);
    for (int a = 0; a < n; a++) {
        ken_json_array(w);
        for (int b = 0; b < n; b++) {
            const double v = m[a * n + b];
            if (isnan(v))
                ken_json_put_null(w);
            else
                ken_json_put_f64(w, v);
        }
        ken_json_end_array(w);
    }
    ken_json_end_array(w);
}

static void profile_put_pairs(const ken_profile *profile, ken_json_writer *w) {
    ken_json_put_key(w, "pairs");
    ken_json_object(w);
    KEN_JSON(w, "rows", i64, profile->pair_rows);
    ken_json_put_key(w, "columns");
    ken_json_array(w);
    for (int k = 0; k < profile->n_pairs; k++)
        ken_json_put_string(w, profile->columns[profile->pair_columns[k]].name);
    ken_json_end_array(w);
    profile_put_matrix(w, "pearson", profile->pearson, profile->n_pairs);
    profile_put_matrix(w, "spearman", profile->spearman, profile->n_pairs);
    profile_put_matrix(w, "association", profile->association, profile->n_pairs);
    ken_json_end_object(w);
}

static void profile_put_warning(const ken_profile *profile, const ken_profile_warning *one,
                                ken_json_writer *w) {
    static const char *const severity[] = {"note", "warning", "serious"};
    ken_json_object(w);
    KEN_JSON(w, "severity", string, severity[one->severity]);
    KEN_JSON(w, "kind", string, one->kind);
    if (one->column >= 0) KEN_JSON(w, "column", string, profile->columns[one->column].name);
    if (one->other >= 0) KEN_JSON(w, "other", string, profile->columns[one->other].name);
    KEN_JSON(w, "words", string, one->words);
    KEN_JSON(w, "action", string, one->action);
    ken_json_end_object(w);
}

void ken_profile_write_json(const ken_profile *profile, ken_json_writer *w) {
    ken_json_object(w);
    KEN_JSON(w, "rows", i64, profile->rows);
    KEN_JSON(w, "columns_count", i64, profile->cols);
    if (profile->target >= 0) {
        KEN_JSON(w, "target", string, profile->columns[profile->target].name);
        KEN_JSON(w, "task", string, profile->target_classes ? "classify" : "regress");
    }
    KEN_JSON(w, "duplicate_rows", i64, profile->duplicate_rows);
    ken_json_put_key(w, "columns");
    ken_json_array(w);
    for (int j = 0; j < profile->cols; j++) profile_put_column(&profile->columns[j], w);
    ken_json_end_array(w);
    profile_put_pairs(profile, w);
    ken_json_put_key(w, "warnings");
    ken_json_array(w);
    for (int k = 0; k < profile->n_warnings; k++)
        profile_put_warning(profile, &profile->warnings[k], w);
    ken_json_end_array(w);
    ken_json_end_object(w);
}
