/* Figures of one column each. Numbers, times and categories in parallel; strings, which need a
 * dictionary, one after another. */
#include "ken/stats/describe/describe_parts.h"

#include <math.h>
#include <string.h>

enum { DESCRIBE_MAX_DISTINCT = 1000000, DESCRIBE_RARE = 5 };

/* --- numbers --------------------------------------------------------------------------------- */

/* The value that is there, as bits for hashing; missing is one value. */
static uint64_t describe_bits(double v) {
    uint64_t bits;
    if (isnan(v)) return 0x7FF8000000000000u;
    if (v == 0) v = 0; /* -0 is 0 */
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* Packs the finite values of column j into x; counts what is missing or infinite, hashes all. */
static int64_t describe_pack(describe_build *b, int64_t j, const ken_column *c, double *x) {
    ken_profile_column *p = &b->columns[j];
    const int64_t *t = c->data;
    int64_t m = 0;
    uint64_t hash = (uint64_t)c->n;
    double last = -INFINITY;
    if (c->dtype != KEN_TIME) ken_column_gather(c, 0, c->n, x, 1);
    p->whole = p->rising = true;
    for (int64_t i = 0; i < c->n; i++) {
        const double v = c->dtype != KEN_TIME     ? x[i]
                         : ken_column_valid(c, i) ? (double)t[i * c->stride]
                                                  : NAN;
        hash = describe_mix(hash, describe_bits(v));
        if (isnan(v)) {
            p->missing++;
            continue;
        }
        p->rising &= v >= last;
        last = v;
        if (isinf(v)) {
            p->infinite++;
            continue;
        }
        p->whole &= v == floor(v);
        p->zeros += v == 0;
        x[m++] = v;
    }
    b->column_hash[j] = hash;
    return m;
}

static void describe_moments(ken_profile_column *p, const double *x, int64_t n) {
    double sum = 0, rest = 0, square = 0, cube = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    const double rough = sum / (double)n;
    for (int64_t i = 0; i < n; i++) rest += x[i] - rough; /* what rounding lost */
    p->mean = rough + rest / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double v = x[i] - p->mean;
        square += v * v;
        cube += v * v * v;
    }
    p->sd = n > 1 ? sqrt(square / (double)(n - 1)) : NAN;
    const double var = square / (double)n;
    p->skew = var > 0 ? cube / (double)n / (var * sqrt(var)) : NAN;
}

/* A value with its count into the list of the most frequent ones, which stays in falling order. */
static void describe_top(ken_profile_column *p, double value, int32_t code, int32_t *codes,
                         int64_t count) {
    int at = p->n_top;
    while (at > 0 && p->top[at - 1].count < count) at--;
    if (at == KEN_PROFILE_TOP) return;
    if (p->n_top < KEN_PROFILE_TOP) p->n_top++;
    for (int k = p->n_top - 1; k > at; k--) {
        p->top[k] = p->top[k - 1];
        codes[k] = codes[k - 1];
    }
    p->top[at] = (ken_profile_level){NULL, value, count};
    codes[at] = code;
}

static void describe_runs(ken_profile_column *p, const double *x, int64_t n, int32_t *codes) {
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && x[end] == x[i]) end++;
        p->distinct++;
        describe_top(p, x[i], 0, codes, end - i);
        i = end;
    }
    if (p->n_top && p->top[0].count == 1) p->n_top = 0; /* all different: nothing is frequent */
}

static int64_t describe_below(const double *x, int64_t n, double limit) {
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (x[middle] < limit)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* 10^e for small e, exactly rounded. */
static double describe_ten(int e) {
    double power = 1;
    for (int k = 0; k < e; k++) power *= 10;
    return power;
}

/* Round edges: multiples of 1, 2, 2.5 or 5 times a power of ten, about `aim` of them over the
 * range. Edge number k is k * tens / 10^-e with whole numbers, so that 0.3 is 0.3. */
static bool describe_edges(ken_profile_column *p, double min, double max, double unit, int aim) {
    static const int steps[] = {10, 20, 25, 50, 100};
    const double raw = (max - min) / unit / aim;
    int e = 0, step = 0;
    if (!(raw > 1e-18) || !(raw < 1e18) || !(fabs(min / unit) < 1e18 * raw)) return false;
    double ten = 1;
    while (ten > raw) ten = 1 / describe_ten(-(--e));
    while (ten * 10 <= raw) ten = describe_ten(++e);
    while (step < 4 && steps[step] * ten / 10 < raw) step++;
    const double width = steps[step] * ten / 10;
    const double first = floor(min / unit / width);
    const int64_t n = KEN_MAX((int64_t)ceil(max / unit / width) - (int64_t)first, 1);
    if (n > KEN_PROFILE_BINS || fabs(first) > 1e15) return false;
    for (int64_t k = 0; k <= n; k++) {
        const double tenths = (first + (double)k) * steps[step]; /* in tenths of 10^e */
        const double edge = e > 0 ? tenths * describe_ten(e - 1) : tenths / describe_ten(1 - e);
        p->edges[k] = edge * unit;
    }
    p->n_bins = (int)n;
    return true;
}

/* One bar per whole number where there are few. */
static bool describe_unit_edges(ken_profile_column *p, double min, double max) {
    if (!p->whole || max - min > 40 || fabs(min) > 1e15) return false;
    p->n_bins = (int)(max - min) + 1;
    for (int k = 0; k <= p->n_bins; k++) p->edges[k] = min + k - 0.5;
    return true;
}

static double describe_time_unit(double range) {
    return range > 864e9 ? 86400e6 : range > 36e9 ? 3600e6 : range > 600e6 ? 60e6 : 1e6;
}

static void describe_histogram(ken_profile_column *p, const double *x, int64_t n) {
    const double min = x[0], max = x[n - 1];
    const double unit = p->dtype == KEN_TIME ? describe_time_unit(max - min) : 1;
    if (!(max > min) && p->dtype == KEN_TIME) return;
    if (p->dtype == KEN_TIME || !describe_unit_edges(p, min, max))
        if (!describe_edges(p, min, max, unit, 20)) return;
    int64_t before = 0;
    for (int k = 0; k < p->n_bins; k++) {
        const int64_t upto = k == p->n_bins - 1 ? n : describe_below(x, n, p->edges[k + 1]);
        p->bins[k] = upto - before;
        before = upto;
    }
}

static void describe_number(describe_build *b, int64_t j, double *x) {
    const ken_column *c = ken_table_column(b->table, (int)j);
    ken_profile_column *p = &b->columns[j];
    const int64_t n = describe_pack(b, j, c, x);
    p->distinct_exact = true;
    p->distinct += p->infinite > 0;
    if (!n) return;
    describe_moments(p, x, n); /* in row order: before the sort */
    ken_sort_f64(x, n, x + c->n);
    p->min = x[0];
    p->max = x[n - 1];
    p->q1 = ken_quantile_sorted(x, n, 0.25);
    p->median = ken_quantile_sorted(x, n, 0.5);
    p->q3 = ken_quantile_sorted(x, n, 0.75);
    const double reach = 3 * (p->q3 - p->q1);
    if (reach > 0)
        p->outliers = describe_below(x, n, p->q1 - reach) + n -
                      describe_below(x, n, nextafter(p->q3 + reach, INFINITY));
    describe_runs(p, x, n, b->top_code + j * KEN_PROFILE_TOP);
    describe_histogram(p, x, n);
}

/* --- texts ----------------------------------------------------------------------------------- */

/* A distinct text that `count` rows have. */
static void describe_text(ken_profile_column *p, const char *text, int64_t size, int64_t count) {
    int64_t characters = 0, words = 0;
    double number;
    bool inside = false;
    for (int64_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)text[i];
        characters += (byte & 0xC0) != 0x80;
        words += byte > ' ' && !inside;
        inside = byte > ' ';
    }
    if (p->distinct == 0 || characters < p->min_length) p->min_length = characters;
    if (characters > p->max_length) p->max_length = characters;
    p->mean_length += (double)(characters * count);
    p->mean_words += (double)(words * count);
    if (ken_parse_f64(text, (size_t)size, &number) && isfinite(number))
        p->numeric_share += (double)count;
    p->rare += count < DESCRIBE_RARE;
    p->distinct++;
}

static void describe_text_end(ken_profile_column *p) {
    const double there = (double)(p->n - p->missing);
    const bool some = there > 0;
    p->mean_length = some ? p->mean_length / there : NAN;
    p->mean_words = some ? p->mean_words / there : NAN;
    p->numeric_share = some ? p->numeric_share / there : NAN;
    if (p->n_top && p->top[0].count == 1 && p->distinct > 1) p->n_top = 0;
}

static void describe_category(describe_build *b, int64_t j, int64_t *count) {
    const ken_column *c = ken_table_column(b->table, (int)j);
    ken_profile_column *p = &b->columns[j];
    const int32_t *code = c->data;
    uint64_t hash = (uint64_t)c->n;
    memset(count, 0, (size_t)c->text.n * sizeof *count);
    for (int64_t i = 0; i < c->n; i++) {
        const int32_t k = code[i * c->stride];
        const bool there = ken_column_valid(c, i) && k >= 0 && k < c->text.n;
        hash = describe_mix(hash, there ? (uint64_t)k : UINT64_MAX);
        if (there)
            count[k]++;
        else
            p->missing++;
    }
    for (int64_t k = 0; k < c->text.n; k++) {
        int64_t size;
        const char *text = ken_strings_at(&c->text, k, &size);
        hash = describe_mix(hash, ken_hash(text, (size_t)size, 0));
        if (!count[k]) continue;
        describe_text(p, text, size, count[k]);
        describe_top(p, NAN, (int32_t)k, b->top_code + j * KEN_PROFILE_TOP, count[k]);
    }
    p->distinct_exact = true;
    b->column_hash[j] = hash;
    describe_text_end(p);
}

/* Counts until there are too many different ones; then the rest is only looked at for missing. */
static ken_status describe_string(describe_build *b, int64_t j, ken_dict *dict, int64_t **count,
                                  int64_t *capacity) {
    const ken_column *c = ken_table_column(b->table, (int)j);
    ken_profile_column *p = &b->columns[j];
    uint64_t hash = (uint64_t)c->n;
    int64_t skipped = 0;
    for (int64_t i = 0; i < c->n; i++) {
        int64_t size;
        int32_t code;
        if (!ken_column_valid(c, i)) {
            p->missing++;
            hash = describe_mix(hash, UINT64_MAX);
            continue;
        }
        if (i % 16384 == 0) KEN_TRY(ken_check_cancel(b->ctx));
        const char *text = ken_strings_at(&c->text, i, &size);
        hash = describe_mix(hash, ken_hash(text, (size_t)size, 0));
        if (ken_dict_count(dict) >= DESCRIBE_MAX_DISTINCT) {
            code = ken_dict_find(dict, text, (size_t)size);
            skipped += code < 0;
            if (code < 0) continue;
        } else {
            KEN_TRY(ken_dict_add(dict, text, (size_t)size, &code));
        }
        if (code >= *capacity) {
            const size_t next = ken_next_capacity((size_t)*capacity, (size_t)code + 1);
            KEN_TRY(ken_grow(b->ctx, (void **)count, (size_t)*capacity, next, sizeof **count));
            *capacity = (int64_t)next;
        }
        (*count)[code]++;
    }
    const ken_strings keys = ken_dict_keys(dict);
    for (int64_t k = 0; k < keys.n; k++) {
        int64_t size;
        const char *text = ken_strings_at(&keys, k, &size);
        describe_text(p, text, size, (*count)[k]);
        describe_top(p, NAN, (int32_t)k, b->top_code + j * KEN_PROFILE_TOP, (*count)[k]);
    }
    p->distinct_exact = skipped == 0;
    b->column_hash[j] = hash;
    describe_text_end(p);
    for (int k = 0; k < p->n_top; k++) {
        int64_t size;
        const char *text = ken_strings_at(&keys, b->top_code[j * KEN_PROFILE_TOP + k], &size);
        KEN_TRY(describe_own_text(b, text, (size_t)size, &p->top[k].text));
    }
    return KEN_OK;
}

static ken_status describe_strings(describe_build *b, int64_t j) {
    ken_dict *dict = NULL;
    int64_t *count = NULL, capacity = 0;
    ken_status status = ken_dict_new(b->ctx, &dict);
    if (status == KEN_OK) status = describe_string(b, j, dict, &count, &capacity);
    ken_dict_free(dict);
    ken_free(b->ctx, count);
    return status;
}

/* --- all columns ----------------------------------------------------------------------------- */

static void describe_worker(void *arg, int64_t begin, int64_t end, int worker) {
    describe_build *b = arg;
    for (int64_t j = begin; j < end; j++) {
        const ken_column *c = ken_table_column(b->table, (int)j);
        if (c->dtype == KEN_CATEGORY)
            describe_category(b, j, b->counts + b->max_levels * worker);
        else if (c->dtype != KEN_STRING)
            describe_number(b, j, b->values + 2 * c->n * worker);
    }
}

static void describe_start(ken_profile_column *p, const ken_column *c) {
    p->dtype = c->dtype;
    p->n = c->n;
    p->min = p->max = p->mean = p->sd = p->q1 = p->median = p->q3 = p->skew = NAN;
    p->association = p->alone = NAN;
    p->association_kind = p->alone_kind = "";
    if (!describe_is_text(c)) p->mean_length = p->mean_words = p->numeric_share = NAN;
}

/* The first cells that are there and differ from one another. */
static ken_status describe_examples(describe_build *b, const ken_column *c, ken_profile_column *p) {
    char cell[200];
    for (int64_t i = 0; i < c->n && i < 1000 && p->n_examples < KEN_PROFILE_EXAMPLES; i++) {
        bool known = ken_column_missing(c, i);
        if (known) continue;
        ken_column_format(c, i, cell, sizeof cell);
        for (int k = 0; k < p->n_examples; k++) known |= strcmp(p->examples[k], cell) == 0;
        if (!known)
            KEN_TRY(describe_own_text(b, cell, strlen(cell), &p->examples[p->n_examples++]));
    }
    return KEN_OK;
}

static ken_status describe_finish(describe_build *b, int j) {
    const ken_column *c = ken_table_column(b->table, j);
    ken_profile_column *p = &b->columns[j];
    KEN_TRY(describe_own_text(b, c->name, strlen(c->name), &p->name));
    for (int k = 0; c->dtype == KEN_CATEGORY && k < p->n_top; k++) {
        int64_t size;
        const char *text = ken_strings_at(&c->text, b->top_code[j * KEN_PROFILE_TOP + k], &size);
        KEN_TRY(describe_own_text(b, text, (size_t)size, &p->top[k].text));
    }
    return describe_examples(b, c, p);
}

ken_status describe_columns(describe_build *b) {
    const int64_t n = ken_table_rows(b->table), workers = ken_ctx_threads(b->ctx);
    const int d = ken_table_cols(b->table);
    for (int j = 0; j < d; j++) {
        const ken_column *c = ken_table_column(b->table, j);
        describe_start(&b->columns[j], c);
        if (c->dtype == KEN_CATEGORY && c->text.n > b->max_levels) b->max_levels = c->text.n;
    }
    if (n > INT64_MAX / 32 / workers || b->max_levels > INT64_MAX / 16 / workers)
        return KEN_FAIL(b->ctx, KEN_E_LIMIT, NULL, "describe: %lld rows are too many",
                        (long long)n);
    KEN_TRY(KEN_SCRATCH(b->ctx, double, 2 * KEN_MAX(n, 1) * workers, &b->values));
    KEN_TRY(KEN_SCRATCH(b->ctx, int64_t, KEN_MAX(b->max_levels, 1) * workers, &b->counts));
    KEN_TRY(KEN_SCRATCH(b->ctx, int32_t, (int64_t)KEN_MAX(d, 1) * KEN_PROFILE_TOP, &b->top_code));
    KEN_TRY(ken_parallel(b->ctx, d, 1, describe_worker, b));
    for (int j = 0; j < d; j++) {
        if (ken_table_column(b->table, j)->dtype == KEN_STRING) KEN_TRY(describe_strings(b, j));
        KEN_TRY(describe_finish(b, j));
        KEN_TRY(ken_check_cancel(b->ctx));
    }
    return KEN_OK;
}
