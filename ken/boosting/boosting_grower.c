/* Memory of a grower, and the scale of whole numbers. Read next: boosting_grow.c. */
#include "ken/boosting/boosting_grower.h"
#include "ken/boosting/boosting_vector.h"

#include <math.h>

#include "ken/core/alloc.h"

static const int64_t GROW_POOL_BYTES = 256 << 20;


static ken_status grow_allocate_rows(ken_ctx *ctx, boosting_grower *w) {
    const int64_t tasks = w->n_train / GROW_ROWS_PER_TASK + 2;
    for (int b = 0; b < 2; b++) {
        KEN_TRY(KEN_ALLOC(ctx, uint32_t, w->n_train, &w->rows[b]));
        KEN_TRY(KEN_ALLOC(ctx, uint64_t, w->n_train, &w->gh[b]));
    }
    KEN_TRY(KEN_ALLOC(ctx, uint8_t, w->n_train, &w->mark));
    return KEN_ALLOC(ctx, int64_t, tasks, &w->part);
}

static ken_status grow_allocate_workers(ken_ctx *ctx, boosting_grower *w) {
    const int d = w->binned->d;
    w->threads = ken_ctx_threads(ctx);
    KEN_TRY(KEN_ALLOC(ctx, grow_worker, w->threads, &w->worker));
    for (int t = 0; t < w->threads; t++) {
        KEN_TRY(KEN_ALLOC(ctx, uint64_t, w->n_places, &w->worker[t].packed));
        KEN_TRY(KEN_ALLOC(ctx, uint64_t *, d, &w->worker[t].hist));
        KEN_TRY(KEN_ALLOC(ctx, int32_t, d, &w->worker[t].chosen));
        if (w->threads > 1) KEN_TRY(KEN_ALLOC(ctx, int64_t, 2 * w->n_places, &w->worker[t].wide));
    }
    KEN_TRY(KEN_ALLOC(ctx, int32_t, 2 * (int64_t)d, &w->chosen));
    return KEN_ALLOC(ctx, boosting_split, 2 * (d / GROW_COLUMNS_PER_TASK + 1), &w->found);
}

/* Where columns begin in a histogram: evenly if that wastes little, for the sake of hist_add. */
static void grow_lay_out(boosting_grower *w) {
    const int d = w->binned->d, words = w->rules->vector ? w->rules->vector->width : 1;
    for (int j = 0; j < d; j++) w->offset[j + 1] = w->offset[j] + words * (w->binned->feature[j].n_bins + 1);
    if (words == 1 && 4 * GROW_APART * (int64_t)d <= 5 * w->offset[d])
        for (int j = 0; j < d; j++) w->offset[j + 1] = (j + 1) * (int64_t)GROW_APART;
    w->n_places = w->offset[d];
}

static ken_status grow_allocate(ken_ctx *ctx, boosting_grower *w) {
    const int d = w->binned->d;
    KEN_TRY(KEN_ALLOC(ctx, int64_t, d + 1, &w->offset));
    KEN_TRY(KEN_ALLOC(ctx, int, d + 1, &w->tile));
    grow_lay_out(w);
    KEN_TRY(grow_allocate_rows(ctx, w));
    KEN_TRY(grow_allocate_workers(ctx, w));
    KEN_TRY(ken__grow_join(ctx, w));
    const int64_t bytes = w->rules->pool_bytes > 0 ? w->rules->pool_bytes : GROW_POOL_BYTES;
    const int64_t fit = bytes / KEN_MAX(16 * w->n_places, 1);
    const int64_t least = 4 * (int64_t)w->threads + 4;
    w->max_slots = (int32_t)KEN_MIN(KEN_MAX(fit, least), w->rules->max_leaves + least);
    KEN_TRY(KEN_ALLOC(ctx, int64_t *, w->max_slots, &w->slot));
    KEN_TRY(KEN_ALLOC(ctx, int32_t, w->max_slots, &w->owner));
    return KEN_ALLOC(ctx, int32_t, w->max_slots, &w->free_slot);
}

ken_status ken__boosting_grower_new(ken_ctx *ctx, const boosting_binned *binned,
                                    const boosting_rules *rules, boosting_grower **out) {
    const int64_t n_train = binned->n_train;
    *out = NULL;
    if (n_train > UINT32_MAX)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "train on a sample of the rows",
                        "boosting: %lld training rows, at most 4294967295 are possible",
                        (long long)n_train);
    KEN_TRY(KEN_ALLOC(ctx, boosting_grower, 1, out));
    boosting_grower *const w = *out;
    w->binned = binned;
    w->rules = rules;
    w->tree = rules->first_tree;
    w->k = ken_ctx_kernels(ctx);
    w->n_train = n_train;
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = grow_allocate(ctx, w);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) {
        ken__boosting_grower_free(ctx, w);
        *out = NULL;
    }
    return status;
}

void ken__boosting_grower_free(ken_ctx *ctx, boosting_grower *w) {
    if (!w) return;
    ken__grow_free_joint(ctx, w);
    ken_free(ctx, w->offset);
    ken_free(ctx, w->tile);
    ken_free(ctx, w->mark);
    ken_free(ctx, w->part);
    for (int b = 0; b < 2; b++) {
        ken_free(ctx, w->rows[b]);
        ken_free(ctx, w->gh[b]);
    }
    for (int t = 0; w->worker && t < w->threads; t++) {
        ken_free(ctx, w->worker[t].packed);
        ken_free(ctx, w->worker[t].hist);
        ken_free(ctx, w->worker[t].wide);
        ken_free(ctx, w->worker[t].chosen);
    }
    for (int32_t i = 0; i < w->n_slots; i++) ken_free(ctx, w->slot[i]);
    ken_free(ctx, w->slot);
    ken_free(ctx, w->owner);
    ken_free(ctx, w->free_slot);
    ken_free(ctx, w->worker);
    ken_free(ctx, w->found);
    ken_free(ctx, w->chosen);
    ken_free(ctx, w->groups);
    ken_free(ctx, w->node);
    ken_free(ctx, w->waiting.leaf);
    ken_free(ctx, w->whole.leaf);
    ken_free(ctx, w);
}

uint64_t *ken__boosting_grower_words(boosting_grower *w) { return w->gh[1]; }
const boosting_node *ken__boosting_grower_nodes(const boosting_grower *w) { return w->node; }
const uint32_t *ken__boosting_grower_rows(const boosting_grower *w, const boosting_node *node) {
    return w->rows[node->buffer] + node->begin;
}
const uint64_t *ken__boosting_grower_packed(const boosting_grower *w, const boosting_node *node) {
    return w->gh[node->buffer] + node->begin;
}

/* --- scale --------------------------------------------------------------------------------------
 */

/* The greatest power of two s with round(max * s) < 2^bits. */
static double grow_power(double max, int bits) {
    int e;
    if (!(max > 0)) return 1;
    (void)frexp(max, &e);
    const double s = ldexp(1, KEN_MAX(KEN_MIN(bits - e, 1000), -1000));
    return max * s + 0.5 >= ldexp(1, bits) ? s / 2 : s;
}

/* Rows whose sums stay within `bits`, each of them at most max * scale, rounded. */
static double grow_rows_within(double max, double scale, int bits) {
    return (ldexp(1, bits) - 1) / KEN_MAX(floor(max * scale + 0.5), 1);
}

boosting_scale ken__boosting_scale_of(int64_t n, bool one, double max_g, double max_h) {
    int log_n = 0;
    while ((INT64_C(1) << log_n) < n) log_n++;
    boosting_scale s = {.one = one, .shift = one ? 12 : 31, .scale_g = 1, .scale_h = 1};
    /* a chunk of 2^11 words, or more: |sum| < 2^(63 - shift); a whole table: |sum| < 2^62 */
    s.scale_g = grow_power(max_g, KEN_MIN(one ? 40 : 21, 62 - log_n));
    if (!one) s.scale_h = grow_power(max_h, KEN_MIN(20, 62 - log_n));
    const double rows = KEN_MIN(grow_rows_within(max_g, s.scale_g, 63 - s.shift),
                                grow_rows_within(one ? 1 : max_h, s.scale_h, s.shift));
    s.chunk = (int)KEN_MIN(rows, (double)BOOSTING_CHUNK);
    return s;
}
