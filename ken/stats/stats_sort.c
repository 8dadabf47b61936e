/* Least-significant-digit radix sort on the ordered bits of doubles, and a merge sort on texts. */
#include <math.h>
#include <string.h>

#include "ken/stats/stats_sort.h"

enum { SORT_BITS = 8, SORT_BUCKETS = 1 << SORT_BITS, SORT_PASSES = 8, SORT_SMALL = 256 };

/* Bits of a double in an order that is the order of the numbers. */
static inline uint64_t sort_key(double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits ^ ((uint64_t)((int64_t)bits >> 63) | 0x8000000000000000u);
}

static void sort_insert(double *x, int32_t *index, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        const double v = x[i];
        const uint64_t key = sort_key(v);
        const int32_t at = index ? index[i] : 0;
        int64_t k = i;
        for (; k > 0 && sort_key(x[k - 1]) > key; k--) {
            x[k] = x[k - 1];
            if (index) index[k] = index[k - 1];
        }
        x[k] = v;
        if (index) index[k] = at;
    }
}

/* Buckets too small for counting: merge sort, runs of 16 by insertion. */
static void sort_merge(double *x, int32_t *index, int64_t n, double *tmp, int32_t *tmp_index) {
    if (n <= 16) {
        sort_insert(x, index, n);
        return;
    }
    const int64_t half = n / 2;
    sort_merge(x, index, half, tmp, tmp_index);
    sort_merge(x + half, index ? index + half : NULL, n - half, tmp, tmp_index);
    memcpy(tmp, x, (size_t)half * sizeof *x);
    if (index) memcpy(tmp_index, index, (size_t)half * sizeof *index);
    int64_t a = 0, b = half, k = 0;
    while (a < half) {
        const bool left = b >= n || sort_key(tmp[a]) <= sort_key(x[b]);
        if (index) index[k] = left ? tmp_index[a] : index[b];
        x[k++] = left ? tmp[a++] : x[b++];
    }
}

static void sort_count(const double *x, int64_t n, uint32_t count[SORT_PASSES][SORT_BUCKETS]) {
    memset(count, 0, sizeof(uint32_t) * SORT_PASSES * SORT_BUCKETS);
    for (int64_t i = 0; i < n; i++) {
        uint64_t key = sort_key(x[i]);
        for (int pass = 0; pass < SORT_PASSES; pass++, key >>= SORT_BITS)
            count[pass][key & (SORT_BUCKETS - 1)]++;
    }
}

static void sort_radix(double *x, int32_t *index, int64_t n, double *tmp, int32_t *tmp_index) {
    uint32_t count[SORT_PASSES][SORT_BUCKETS];
    sort_count(x, n, count);
    double *from = x, *to = tmp;
    int32_t *from_index = index, *to_index = tmp_index;
    for (int pass = 0; pass < SORT_PASSES; pass++) {
        const int shift = pass * SORT_BITS;
        if (count[pass][sort_key(from[0]) >> shift & (SORT_BUCKETS - 1)] == (uint32_t)n)
            continue; /* one digit for all: nothing to move */
        uint32_t next = 0;
        for (int k = 0; k < SORT_BUCKETS; k++) {
            const uint32_t here = count[pass][k];
            count[pass][k] = next;
            next += here;
        }
        for (int64_t i = 0; i < n; i++) {
            const uint32_t at = count[pass][sort_key(from[i]) >> shift & (SORT_BUCKETS - 1)]++;
            to[at] = from[i];
            if (index) to_index[at] = from_index[i];
        }
        double *swap = from;
        from = to;
        to = swap;
        int32_t *swap_index = from_index;
        from_index = to_index;
        to_index = swap_index;
    }
    if (from != x) {
        memcpy(x, from, (size_t)n * sizeof *x);
        if (index) memcpy(index, from_index, (size_t)n * sizeof *index);
    }
}

void ken_sort_f64_index(double *x, int32_t *index, int64_t n, double *tmp, int32_t *tmp_index) {
    if (n <= SORT_SMALL || n > UINT32_MAX)
        sort_merge(x, index, n, tmp, tmp_index);
    else
        sort_radix(x, index, n, tmp, tmp_index);
}

void ken_sort_f64(double *x, int64_t n, double *tmp) { ken_sort_f64_index(x, NULL, n, tmp, NULL); }

int ken_compare_bytes(const char *a, int64_t na, const char *b, int64_t nb) {
    const int order = memcmp(a, b, (size_t)KEN_MIN(na, nb));
    return order ? order : (na > nb) - (na < nb);
}

#define SORT_TEXTS_BETWEEN 4096 /* texts sorted between looks at whether to stop */

static int sort_compare(const ken_strings *s, int32_t i, int32_t j) {
    int64_t ni, nj;
    const char *a = ken_strings_at(s, i, &ni), *b = ken_strings_at(s, j, &nj);
    return ken_compare_bytes(a, ni, b, nj);
}

static ken_status sort_texts(ken_ctx *ctx, const ken_strings *s, int32_t *order, int64_t n,
                             int32_t *tmp) {
    if (n < 2) return KEN_OK;
    const int64_t half = n / 2;
    if (n > SORT_TEXTS_BETWEEN) KEN_TRY(ken_check_cancel(ctx));
    KEN_TRY(sort_texts(ctx, s, order, half, tmp));
    KEN_TRY(sort_texts(ctx, s, order + half, n - half, tmp));
    if (sort_compare(s, order[half - 1], order[half]) <= 0) return KEN_OK; /* in order already */
    memcpy(tmp, order, (size_t)half * sizeof *order);
    int64_t a = 0, b = half, k = 0;
    while (a < half)
        order[k++] = b >= n || sort_compare(s, tmp[a], order[b]) <= 0 ? tmp[a++] : order[b++];
    return KEN_OK;
}

ken_status ken_sort_strings(ken_ctx *ctx, const ken_strings *s, int32_t *order, int32_t *tmp) {
    for (int64_t i = 0; i < s->n; i++) order[i] = (int32_t)i;
    return sort_texts(ctx, s, order, s->n, tmp);
}

/* Between neighbors a <= b: as NumPy's _lerp from the nearer end, so that t = 1 gives exactly b. */
static double sort_between(double a, double b, double t) {
    if (t == 0 || a == b) return a;
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

double ken_quantile_sorted(const double *x, int64_t n, double p) {
    if (n <= 0) return NAN;
    const double at = p * (double)(n - 1);
    const int64_t low = (int64_t)at;
    if (low >= n - 1) return x[n - 1];
    return sort_between(x[low], x[low + 1], at - (double)low);
}

/* x[k] becomes what it would be in sorted x; smaller ones stand before it, larger ones behind.
 * After too many bad splits: a full sort. */
static void sort_select(double *x, int64_t n, int64_t k, double *tmp) {
    int64_t low = 0, high = n - 1;
    for (int round = 0; low < high; round++) {
        if (round > 128) {
            ken_sort_f64(x + low, high - low + 1, tmp);
            return;
        }
        const double a = x[low], b = x[low + (high - low) / 2], c = x[high];
        const double pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i > j) break;
            const double swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            return;
    }
}

double ken_quantile(double *x, int64_t n, double p, double *tmp) {
    if (n <= 0) return NAN;
    const double at = p * (double)(n - 1);
    const int64_t low = KEN_MIN((int64_t)at, n - 1);
    sort_select(x, n, low, tmp);
    if (low == n - 1) return x[low];
    double next = x[low + 1];
    for (int64_t i = low + 2; i < n; i++)
        if (x[i] < next) next = x[i];
    return sort_between(x[low], next, at - (double)low);
}
