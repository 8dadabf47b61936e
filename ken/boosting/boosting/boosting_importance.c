/* Rows of a tree by the size of their gradients: those that say much are surely taken, the others
 * with some probability p, and count for 1 / p. So every sum over the sample has the sum over all
 * rows as its mean. Read next: boosting.c.
 *
 *   goss   the top_rate of greatest |g| are taken, of the rest other_rate * n; ties at the border
 *          are of the rest, so that exactly (top_rate + other_rate) n are expected
 *   mvs    p = min(1, r / mu) with r = sqrt(g^2 + lambda h^2), which has the least variance of the
 *          sums of all samples of that size; mu is found exactly
 *
 * Sizes are whole numbers below 2^31, made of the packed gradients: counts and sums of them have no
 * order, so the border does not depend on threads. Draws are streams of tree and block of rows.
 *
 * source  Ke et al. 2017 (NIPS, GOSS); Ibragimov & Gusev 2019 (NeurIPS, MVS) */
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/rng.h"
#include "ken/core/threads.h"

enum {
    SAMPLE_BLOCK = 4096,
    SAMPLE_BITS = 31,   /* of a size */
    SAMPLE_DIGIT = 11,  /* bits that a pass looks at */
    SAMPLE_BUCKETS = 1 << SAMPLE_DIGIT
};

typedef struct sample_bucket {
    int64_t count, sum; /* of the sizes in it */
} sample_bucket;

typedef struct sample_job {
    const ken_ctx *ctx;
    boosting_fit *s;
    uint64_t *words; /* packed gradients of all training rows */
    const boosting_scale *scale;
    bool mvs;
    double root; /* of lambda, as whole gradients a whole hessian */
    double unit; /* of a size, as whole gradients */
    uint32_t *size;      /* (n_usable) */
    uint8_t *taken;      /* (n_usable) */
    /* one pass of the search for the border */
    sample_bucket *bucket; /* (threads, SAMPLE_BUCKETS) */
    uint32_t prefix;       /* sizes whose upper digits are these */
    int shift;             /* place of the digit */
    /* the border: sizes above are surely taken */
    uint32_t border;
    double mu, rest; /* mvs: p = size / mu; goss: p = rest */
    /* the sample */
    int64_t *in;           /* (blocks + 1) rows taken */
    double *max;           /* (blocks, 2) greatest |g| and h, with their importance, whole */
    boosting_scale scaled; /* of the words of the sample */
} sample_job;

static int64_t sample_row(const boosting_fit *s, int64_t i) {
    return s->usable ? (int64_t)s->usable[i] : i;
}

static double sample_g(const sample_job *job, uint64_t word) {
    return (double)((int64_t)word >> job->scale->shift);
}

static double sample_h(const sample_job *job, uint64_t word) {
    return (double)(word & ((UINT64_C(1) << job->scale->shift) - 1));
}

/* --- sizes --------------------------------------------------------------------------------------
 */

static void sample_sums_block(void *arg, int64_t begin, int64_t end, int worker) {
    const sample_job *const job = arg;
    sample_bucket *const own = job->bucket + (int64_t)worker * SAMPLE_BUCKETS;
    for (int64_t i = begin; i < end; i++) {
        const uint64_t word = job->words[sample_row(job->s, i)];
        own->count += (int64_t)fabs(sample_g(job, word));
        own->sum += (int64_t)sample_h(job, word);
    }
}

/* The root of lambda: that of the parameter, or the mean |g| over the mean h, which makes the two
 * terms of r alike whatever the units of the loss. */
static ken_status sample_lambda(ken_ctx *ctx, sample_job *job) {
    const int threads = ken_ctx_threads(ctx);
    const double most = 0x1p60; /* where |g| no longer counts */
    if (job->s->p->mvs_lambda > 0) {
        const double root = sqrt(job->s->p->mvs_lambda);
        job->root = KEN_MIN(root * (job->scale->scale_g / job->scale->scale_h), most);
        return KEN_OK;
    }
    memset(job->bucket, 0, (size_t)threads * SAMPLE_BUCKETS * sizeof *job->bucket);
    KEN_TRY(ken_parallel(ctx, job->s->n_usable, SAMPLE_BLOCK, sample_sums_block, job));
    int64_t g = 0, h = 0;
    for (int t = 0; t < threads; t++) {
        g += job->bucket[(int64_t)t * SAMPLE_BUCKETS].count;
        h += job->bucket[(int64_t)t * SAMPLE_BUCKETS].sum;
    }
    job->root = g > 0 ? (double)g / (double)h : 1;
    return KEN_OK;
}

/* The power of two by which sizes stay below 2^SAMPLE_BITS. */
static void sample_unit(sample_job *job) {
    const double g = job->scale->one ? 0x1p40 : 0x1p21, h = job->scale->one ? 1 : 0x1p20;
    int e;
    (void)frexp(hypot(g, job->root * h), &e);
    job->unit = ldexp(1, SAMPLE_BITS - e);
}

static uint32_t sample_size(const sample_job *job, uint64_t word) {
    const double g = sample_g(job, word), h = job->root * sample_h(job, word);
    return (uint32_t)KEN_MAX(sqrt(g * g + h * h) * job->unit, 1.0);
}

static void sample_size_block(void *arg, int64_t begin, int64_t end, int worker) {
    const sample_job *const job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        job->size[i] = sample_size(job, job->words[sample_row(job->s, i)]);
}

/* --- the border ---------------------------------------------------------------------------------
 */

static void sample_count_block(void *arg, int64_t begin, int64_t end, int worker) {
    const sample_job *const job = arg;
    sample_bucket *const own = job->bucket + (int64_t)worker * SAMPLE_BUCKETS;
    const int upper = job->shift + SAMPLE_DIGIT;
    for (int64_t i = begin; i < end; i++) {
        const uint64_t size = job->size[i];
        if (size >> upper != job->prefix) continue;
        sample_bucket *const b = &own[size >> job->shift & (SAMPLE_BUCKETS - 1)];
        b->count++;
        b->sum += (int64_t)size;
    }
}

/* Whether the border is at least `at`, when so many sizes are not below it, and those below sum to so
 * much. goss: more than the top share; mvs: a sample with mu = at is no smaller than wanted. */
static bool sample_reached(const sample_job *job, int64_t at, int64_t count, int64_t below,
                           int64_t want) {
    if (!job->mvs) return count > want;
    return count >= want || (double)below >= (double)(want - count) * (double)at;
}

/* The greatest border, digit by digit; above: of the sizes above it. */
static ken_status sample_find(ken_ctx *ctx, sample_job *job, int64_t want, sample_bucket *above,
                              int64_t *total) {
    const int threads = ken_ctx_threads(ctx);
    sample_bucket *const all = job->bucket;
    *above = (sample_bucket){0, 0};
    job->prefix = 0;
    for (job->shift = 2 * SAMPLE_DIGIT; job->shift >= 0; job->shift -= SAMPLE_DIGIT) {
        memset(all, 0, (size_t)threads * SAMPLE_BUCKETS * sizeof *all);
        KEN_TRY(ken_parallel(ctx, job->s->n_usable, SAMPLE_BLOCK, sample_count_block, job));
        for (int64_t b = SAMPLE_BUCKETS; b < (int64_t)threads * SAMPLE_BUCKETS; b++) {
            all[b % SAMPLE_BUCKETS].count += all[b].count;
            all[b % SAMPLE_BUCKETS].sum += all[b].sum;
        }
        if (job->prefix == 0 && job->shift == 2 * SAMPLE_DIGIT)
            for (int b = 0; b < SAMPLE_BUCKETS; b++) *total += all[b].sum;
        int b = SAMPLE_BUCKETS - 1;
        for (; b > 0; b--) {
            const sample_bucket next = {above->count + all[b].count, above->sum + all[b].sum};
            const int64_t at = ((int64_t)job->prefix << SAMPLE_DIGIT | b) << job->shift;
            if (sample_reached(job, at, next.count, *total - next.sum, want)) break;
            *above = next;
        }
        job->prefix = job->prefix << SAMPLE_DIGIT | (uint32_t)b;
    }
    job->border = job->prefix;
    return KEN_OK;
}

static ken_status sample_border(ken_ctx *ctx, sample_job *job) {
    const ken_boosting_params *const p = job->s->p;
    const double n = (double)job->s->n_usable;
    const int64_t want = (int64_t)floor((job->mvs ? p->row_fraction : p->top_rate) * n);
    sample_bucket above;
    int64_t total = 0;
    KEN_TRY(sample_find(ctx, job, job->mvs ? KEN_MAX(want, 1) : want, &above, &total));
    const double left = (double)(KEN_MAX(want, 1) - above.count);
    if (job->mvs)
        job->mu = (double)(total - above.sum) / left;
    else
        job->rest = ((p->top_rate + p->other_rate) * n - (double)above.count) /
                    (n - (double)above.count);
    return KEN_OK;
}

/* 1 / p */
static double sample_importance(const sample_job *job, uint32_t size) {
    if (size > job->border) return 1;
    return job->mvs ? KEN_MAX(job->mu / (double)size, 1) : 1 / job->rest;
}

/* --- the sample ---------------------------------------------------------------------------------
 */

static void sample_draw_block(void *arg, int64_t begin, int64_t end, int worker) {
    const sample_job *const job = arg;
    const int64_t block = begin / SAMPLE_BLOCK;
    ken_rng rng = ken_rng_stream(job->ctx, "boosting.importance",
                                 (uint64_t)job->s->n_trees << 24 | (uint64_t)block);
    double *const max = job->max + 2 * block;
    const double limit = 4294967296.0 * (job->mvs ? 1 / job->mu : job->rest); /* times size */
    int64_t in = 0;
    (void)worker;
    max[0] = max[1] = 0;
    for (int64_t i = begin; i < end; i++) {
        const uint32_t size = job->size[i];
        job->taken[i] = size > job->border || (double)ken_rng_u32(&rng) <
                                                  (job->mvs ? (double)size * limit : limit);
        if (!job->taken[i]) continue;
        const uint64_t word = job->words[sample_row(job->s, i)];
        const double importance = sample_importance(job, size);
        max[0] = KEN_MAX(max[0], fabs(sample_g(job, word)) * importance);
        max[1] = KEN_MAX(max[1], sample_h(job, word) * importance);
        in++;
    }
    job->in[block + 1] = in;
}

static void sample_place_block(void *arg, int64_t begin, int64_t end, int worker) {
    const sample_job *const job = arg;
    boosting_fit *const s = job->s;
    const double to_g = job->scaled.scale_g / job->scale->scale_g;
    const double to_h = job->scaled.scale_h / job->scale->scale_h;
    const int64_t n_in = job->in[(s->n_usable + SAMPLE_BLOCK - 1) / SAMPLE_BLOCK];
    int64_t in = job->in[begin / SAMPLE_BLOCK], out = n_in + begin - in;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int64_t row = sample_row(s, i);
        s->rows[job->taken[i] ? in++ : out++] = (uint32_t)row;
        if (!job->taken[i]) continue;
        const double importance = sample_importance(job, job->size[i]);
        const uint64_t word = job->words[row];
        const int64_t g = (int64_t)rint(sample_g(job, word) * importance * to_g);
        const int64_t h = (int64_t)rint(sample_h(job, word) * importance * to_h);
        job->words[row] = ((uint64_t)g << job->scaled.shift) + (uint64_t)KEN_MAX(h, 1);
        s->sample_weight[row] = importance * (s->loss.weight ? s->loss.weight[row] : 1);
    }
}

static ken_status sample_allocate(ken_ctx *ctx, sample_job *job, int64_t blocks) {
    KEN_TRY(KEN_SCRATCH(ctx, uint32_t, job->s->n_usable, &job->size));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, job->s->n_usable, &job->taken));
    KEN_TRY(KEN_SCRATCH(ctx, sample_bucket, ken_ctx_threads(ctx) * SAMPLE_BUCKETS, &job->bucket));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, blocks + 1, &job->in));
    return KEN_SCRATCH(ctx, double, 2 * blocks, &job->max);
}

ken_status ken__boosting_draw_by_gradient(ken_ctx *ctx, boosting_fit *s, boosting_scale *scale,
                                          int64_t *n) {
    const int64_t blocks = (s->n_usable + SAMPLE_BLOCK - 1) / SAMPLE_BLOCK;
    sample_job job = {.ctx = ctx,
                      .s = s,
                      .words = ken__boosting_grower_words(s->grower),
                      .scale = scale,
                      .mvs = s->p->sampling == KEN_BOOSTING_MVS};
    double max[2] = {0, 0};
    KEN_TRY(sample_allocate(ctx, &job, blocks));
    if (job.mvs) KEN_TRY(sample_lambda(ctx, &job));
    sample_unit(&job);
    KEN_TRY(ken_parallel(ctx, s->n_usable, SAMPLE_BLOCK, sample_size_block, &job));
    KEN_TRY(sample_border(ctx, &job));
    KEN_TRY(ken_parallel(ctx, s->n_usable, SAMPLE_BLOCK, sample_draw_block, &job));
    job.in[0] = 0;
    for (int64_t b = 0; b < blocks; b++) {
        job.in[b + 1] += job.in[b];
        for (int c = 0; c < 2; c++) max[c] = KEN_MAX(max[c], job.max[2 * b + c]);
    }
    *n = job.in[blocks];
    job.scaled = ken__boosting_scale_of(s->loss.n_train, false, max[0] / scale->scale_g,
                                        max[1] / scale->scale_h);
    KEN_TRY(ken_parallel(ctx, s->n_usable, SAMPLE_BLOCK, sample_place_block, &job));
    *scale = job.scaled;
    return KEN_OK;
}
