/* Choosing combinations by sequential prediction. First the columns by themselves are fitted (an additive
 * model, by backfitting), then each row's rest is predicted from the rests of the rows before it in the same
 * cell of a combination: what that takes from the squared error is an honest gain, since no row is predicted
 * from itself. The best combination is taken, its predictions are taken from the rests, and so on. */
#include "ken/preprocess/ordered_encode/ordered_combine.h"

#include <math.h>

#include "ken/core/threads.h"
#include "ken/kernels/elementary.h"

enum {
    COMBINE_ROWS = 100000,     /* looked at, at most */
    COMBINE_COLUMNS = 64,      /* looked at, at most: those that tell most by themselves */
    COMBINE_CANDIDATES = 32,   /* pairs that are looked at again after each choice */
    COMBINE_SWEEPS = 3,
    COMBINE_SLOTS_BITS = 18
};
#define COMBINE_CELLS ((int64_t)1 << 26)  /* rows times pairs, at most */
#define COMBINE_DEVIATIONS 6.0            /* a gain must be so many times its standard error, */
#define COMBINE_SHARE 0.01                /* and this share of what the columns explain by themselves */

typedef struct combine_slot {
    double sum, weight;
} combine_slot;

typedef struct combine_candidate {
    ordered_tuple tuple;
    double gain, deviations;
} combine_candidate;

/* The rows looked at, gathered in order. */
typedef struct combine_sample {
    const ordered_search *s;
    int64_t n;
    int columns;
    int *column;       /* (columns) of the table */
    int32_t *code;     /* (columns, n): code + 1 */
    int64_t *radix;    /* (columns) */
    double *rest;      /* (k, n) */
    double *weight;    /* (n) or NULL */
    combine_slot *slot;/* a table for each worker */
    double least;      /* gain that pays */
} combine_sample;

/* The fit of one output. */
typedef struct combine_fit {
    double *number, *score; /* (n) the target, and the prediction before the link */
    double *rest;           /* (n) of the sample */
    combine_slot *level;
} combine_fit;

/* p (1 - p), as far from 0 as a fit needs it. */
static inline double combine_spread(double p) { return KEN_MAX(p * (1 - p), 1e-6); }

/* --- the columns by themselves ---------------------------------------------------------------- */

/* A column's effects: the shrunk mean rest of each level (regression), or a Newton step of its log odds. */
static double combine_effects(const combine_sample *m, int c, int64_t o, const combine_fit *f) {
    const int32_t *code = m->code + c * m->n;
    const double spread = m->s->target->y ? 1 : combine_spread(m->s->target->mean[o]);
    const double prior = m->s->target->prior * spread;
    double explained = 0;
    memset(f->level, 0, (size_t)m->radix[c] * sizeof *f->level);
    for (int64_t i = 0; i < m->n; i++) {
        const double w = m->weight ? m->weight[i] : 1;
        f->level[code[i]].sum += w * f->rest[i];
        f->level[code[i]].weight += m->s->target->y ? w : w * combine_spread(f->number[i] - f->rest[i]);
    }
    for (int64_t l = 0; l < m->radix[c]; l++) {
        const double effect = f->level[l].sum / (f->level[l].weight + prior);
        explained += f->level[l].sum * effect;
        f->level[l].sum = effect;
    }
    return explained;
}

/* Adds the effects to the scores; the rest is what the target is above the prediction. */
static void combine_move(const combine_sample *m, int c, const combine_fit *f) {
    const int32_t *code = m->code + c * m->n;
    for (int64_t i = 0; i < m->n; i++) {
        f->score[i] += f->level[code[i]].sum;
        f->rest[i] = f->number[i] - (m->s->target->y ? f->score[i] : ken_sigmoid(f->score[i]));
    }
}

static ken_status combine_fit_new(ken_ctx *ctx, const combine_sample *m, combine_fit *f) {
    int64_t most = 1;
    for (int c = 0; c < m->columns; c++) most = KEN_MAX(most, m->radix[c]);
    KEN_TRY(KEN_SCRATCH(ctx, combine_slot, most, &f->level));
    KEN_TRY(KEN_SCRATCH(ctx, double, m->n, &f->number));
    return KEN_SCRATCH(ctx, double, m->n, &f->score);
}

/* Output o of the sample before any column is fitted. */
static void combine_start(const combine_sample *m, int64_t o, combine_fit *f) {
    const ordered_target *t = m->s->target;
    const double mean = KEN_MIN(KEN_MAX(t->mean[o], 1e-6), 1 - 1e-6);
    const double score = t->y ? 0 : ken_log(mean / (1 - mean));
    f->rest = m->rest + o * m->n;
    for (int64_t i = 0; i < m->n; i++) {
        f->number[i] = ordered_number(t, o, m->s->order[i]);
        f->score[i] = score;
        f->rest[i] = f->number[i] - (t->y ? score : mean);
    }
}

static double combine_error(const combine_sample *m, const double *rest) {
    double error = 0;
    for (int64_t i = 0; i < m->n; i++) error += (m->weight ? m->weight[i] : 1) * rest[i] * rest[i];
    return error;
}

/* Backfitting (Hastie & Tibshirani 1990) of the columns' effects. Of classes on the log odds: what merely
 * adds up there is no interaction, though on probabilities it looks like one. */
static ken_status combine_fit_columns(ken_ctx *ctx, combine_sample *m) {
    combine_fit f;
    double explained = 0;
    KEN_TRY(combine_fit_new(ctx, m, &f));
    for (int64_t o = 0; o < m->s->target->k; o++) {
        combine_start(m, o, &f);
        explained += combine_error(m, f.rest);
        for (int sweep = 0; sweep < COMBINE_SWEEPS; sweep++)
            for (int c = 0; c < m->columns; c++) {
                combine_effects(m, c, o, &f);
                combine_move(m, c, &f);
                KEN_TRY(ken_check_cancel(ctx));
            }
        explained -= combine_error(m, f.rest);
    }
    m->least = COMBINE_SHARE * KEN_MAX(explained, 0);
    return KEN_OK;
}

/* --- a combination ---------------------------------------------------------------------------- */

static int combine_place(const combine_sample *m, int column) {
    for (int c = 0; c < m->columns; c++)
        if (m->column[c] == column) return c;
    return -1;
}

/* One pass over the rows in order: the gain of predicting rests from earlier ones of the cell. take: the
 * predictions are taken from the rests. Keys beyond the table share its slots. */
static void combine_pass(const combine_sample *m, combine_candidate *c, combine_slot *slot, bool take) {
    const ordered_tuple *t = &c->tuple;
    const int64_t keys = ordered_tuple_keys(t), slots = (int64_t)1 << COMBINE_SLOTS_BITS;
    const int32_t *code[ORDERED_WIDTH] = {NULL};
    double gain = 0, square = 0;
    for (int p = 0; p < t->n; p++) code[p] = m->code + combine_place(m, t->column[p]) * m->n;
    for (int64_t o = 0; o < m->s->target->k; o++) {
        double *rest = m->rest + o * m->n;
        memset(slot, 0, (size_t)KEN_MIN(keys, slots) * sizeof *slot);
        for (int64_t i = 0; i < m->n; i++) {
            uint64_t key = (uint64_t)code[0][i];
            for (int p = 1; p < t->n; p++) key = key * (uint64_t)t->radix[p] + (uint64_t)code[p][i];
            if (keys > slots) key = key * 0x9E3779B97F4A7C15u >> (64 - COMBINE_SLOTS_BITS);
            combine_slot *s = slot + key;
            const double w = m->weight ? m->weight[i] : 1, r = rest[i];
            const double value = s->sum / (s->weight + m->s->target->prior);
            const double g = w * value * (2 * r - value);
            gain += g;
            square += g * g;
            s->sum += w * r;
            s->weight += w;
            if (take) rest[i] = r - value;
        }
    }
    c->gain = gain;
    c->deviations = square > 0 ? gain / sqrt(square) : 0;
}

typedef struct combine_job {
    const combine_sample *m;
    combine_candidate *candidate;
} combine_job;

static void combine_judge_some(void *arg, int64_t begin, int64_t end, int worker) {
    const combine_job *job = arg;
    combine_slot *slot = job->m->slot + ((int64_t)worker << COMBINE_SLOTS_BITS);
    for (int64_t c = begin; c < end; c++) combine_pass(job->m, job->candidate + c, slot, false);
}

static ken_status combine_judge(ken_ctx *ctx, const combine_sample *m, combine_candidate *candidate,
                                int64_t n) {
    const combine_job job = {m, candidate};
    return ken_parallel(ctx, n, 1, combine_judge_some, (void *)(uintptr_t)&job);
}

/* --- candidates ------------------------------------------------------------------------------- */

/* t and column c of the sample, if that is a tuple whose keys can be numbered. */
static bool combine_extend(const combine_sample *m, const ordered_tuple *t, int c, ordered_tuple *out) {
    *out = *t;
    for (int p = 0; p < t->n; p++)
        if (t->column[p] == m->column[c]) return false;
    out->column[t->n] = m->column[c];
    out->radix[t->n] = m->radix[c];
    out->n = t->n + 1;
    return ordered_tuple_keys(out) > 0;
}

/* The n candidates that pay, the best first, `most` of them at most. Equal ones keep their order. */
static int64_t combine_sift(const combine_sample *m, combine_candidate *c, int64_t n, int64_t most) {
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        const combine_candidate now = c[i];
        if (!(now.deviations >= COMBINE_DEVIATIONS && now.gain >= m->least)) continue;
        int64_t at = kept < most ? kept++ : most;
        if (at == most && !(now.gain > c[most - 1].gain)) continue;
        if (at == most) at--;
        for (; at > 0 && now.gain > c[at - 1].gain; at--) c[at] = c[at - 1];
        c[at] = now;
    }
    return kept;
}

/* All pairs, judged and sifted. */
static ken_status combine_pairs(ken_ctx *ctx, const combine_sample *m, combine_candidate *out, int64_t *n) {
    *n = 0;
    for (int a = 0; a < m->columns; a++)
        for (int b = a + 1; b < m->columns; b++) {
            const ordered_tuple one = {1, {m->column[a]}, {m->radix[a]}};
            *n += combine_extend(m, &one, b, &out[*n].tuple);
        }
    KEN_TRY(combine_judge(ctx, m, out, *n));
    *n = combine_sift(m, out, *n, COMBINE_CANDIDATES);
    return KEN_OK;
}

static ken_status combine_greedy(ken_ctx *ctx, const combine_sample *m, combine_candidate *c, int64_t n,
                                 ordered_tuple *chosen, int64_t *n_chosen) {
    const ordered_search *s = m->s;
    while (n > 0 && *n_chosen < s->most) {
        const ordered_tuple best = c[0].tuple;
        combine_pass(m, &c[0], m->slot, true);
        chosen[(*n_chosen)++] = best;
        memmove(c, c + 1, (size_t)(n - 1) * sizeof *c);
        n--;
        for (int j = 0; best.n < s->width && j < m->columns; j++)
            n += combine_extend(m, &best, j, &c[n].tuple);
        KEN_TRY(combine_judge(ctx, m, c, n));
        n = combine_sift(m, c, n, COMBINE_CANDIDATES);
        KEN_TRY(ken_check_cancel(ctx));
    }
    return KEN_OK;
}

/* --- the sample ------------------------------------------------------------------------------- */

/* Row i of the sample is row order[i]. */
static ken_status combine_gather(ken_ctx *ctx, combine_sample *m) {
    const ordered_search *s = m->s;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, m->columns * m->n, &m->code));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->target->k * m->n, &m->rest));
    for (int c = 0; c < m->columns; c++)
        for (int64_t i = 0; i < m->n; i++)
            m->code[c * m->n + i] = s->codes[m->column[c]][s->order[i]] + 1;
    if (!s->target->weight) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, double, m->n, &m->weight));
    for (int64_t i = 0; i < m->n; i++) m->weight[i] = s->target->weight[s->order[i]];
    return KEN_OK;
}

/* Of more than COMBINE_COLUMNS columns those stay that explain most of the targets by themselves. */
static ken_status combine_few_columns(ken_ctx *ctx, combine_sample *m) {
    double *explained;
    combine_fit f;
    if (m->columns <= COMBINE_COLUMNS) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, double, m->columns, &explained));
    KEN_TRY(combine_fit_new(ctx, m, &f));
    memset(explained, 0, (size_t)m->columns * sizeof *explained);
    for (int64_t o = 0; o < m->s->target->k; o++) {
        combine_start(m, o, &f);
        for (int c = 0; c < m->columns; c++) explained[c] += combine_effects(m, c, o, &f);
    }
    int kept = 0;
    for (int c = 0; c < m->columns; c++) {
        int better = 0;
        for (int b = 0; b < m->columns; b++)
            better += explained[b] > explained[c] || (explained[b] == explained[c] && b < c);
        if (better >= COMBINE_COLUMNS) continue;
        memmove(m->code + kept * m->n, m->code + c * m->n, (size_t)m->n * sizeof *m->code);
        m->column[kept] = m->column[c];
        m->radix[kept++] = m->radix[c];
    }
    m->columns = kept;
    return KEN_OK;
}

static ken_status combine_sample_new(ken_ctx *ctx, const ordered_search *s, combine_sample *m) {
    const int d = (int)s->levels->d;
    *m = (combine_sample){.s = s};
    KEN_TRY(KEN_SCRATCH(ctx, int, d, &m->column));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, d, &m->radix));
    for (int j = 0; j < d; j++) {
        if (!s->codes[j]) continue;
        m->radix[m->columns] = ken__levels_of(s->levels, j) + 1;
        m->column[m->columns++] = j;
    }
    const int64_t c = KEN_MIN(m->columns, COMBINE_COLUMNS), pairs = KEN_MAX(c * (c - 1) / 2, 1);
    m->n = KEN_MIN(KEN_MIN(s->target->n, COMBINE_ROWS), KEN_MAX(COMBINE_CELLS / pairs / s->target->k, 1000));
    KEN_TRY(combine_gather(ctx, m));
    KEN_TRY(combine_few_columns(ctx, m));
    return KEN_SCRATCH(ctx, combine_slot, (int64_t)ken_ctx_threads(ctx) << COMBINE_SLOTS_BITS, &m->slot);
}

ken_status ken__ordered_choose(ken_ctx *ctx, const ordered_search *s, ordered_tuple *chosen, int64_t *n) {
    const ken_mark mark = ken_scratch_mark(ctx);
    combine_sample m;
    combine_candidate *candidate;
    int64_t candidates = 0;
    *n = 0;
    if (s->width < 2 || s->most < 1) return KEN_OK;
    KEN_TRY(combine_sample_new(ctx, s, &m));
    if (m.columns >= 2) {
        const int64_t room = KEN_MAX((int64_t)m.columns * (m.columns - 1) / 2,
                                     COMBINE_CANDIDATES + m.columns);
        KEN_TRY(KEN_SCRATCH(ctx, combine_candidate, room, &candidate));
        KEN_TRY(combine_fit_columns(ctx, &m));
        KEN_TRY(combine_pairs(ctx, &m, candidate, &candidates));
        KEN_TRY(combine_greedy(ctx, &m, candidate, candidates, chosen, n));
    }
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}
