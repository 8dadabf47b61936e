/* leaves=vector: one tree a round for all outputs. Gradients before a tree, values and margins after it; growth
 * is that of any tree (ken/boosting/boosting_vector.h says how). Read next: boosting_advance.c. */
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/threads.h"

enum { VECTOR_BLOCK = 4096, VECTOR_MARGINS = 1 << 13 };

/* --- begin --- */

ken_status ken__boosting_vector_begin(ken_ctx *ctx, boosting_fit *s) {
    boosting_vector_fit *const f = &s->vector;
    const int outputs = s->loss.outputs;
    const int64_t n = s->loss.n_train;
    if (s->width == 1) return KEN_OK;
    if (n > VECTOR_ROWS)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "set leaves=scalar, or train on a sample of the rows",
                        "boosting: %lld training rows, with leaves=vector at most %lld are possible", (long long)n,
                        (long long)VECTOR_ROWS);
    f->rules.outputs = outputs;
    f->rules.searched = KEN_MIN(outputs, VECTOR_SEARCHED);
    f->rules.width = (f->rules.searched + 1 + 3) & ~3;
    KEN_TRY(ken_alloc(ctx, (size_t)n, (size_t)f->rules.width * sizeof *f->words, (void **)&f->words));
    f->stride = (outputs + 3) & ~3;
    if (outputs > f->rules.searched)
        KEN_TRY(ken_alloc(ctx, (size_t)n, (size_t)f->stride * sizeof *f->all, (void **)&f->all));
    KEN_TRY(KEN_ALLOC(ctx, boosting_scale, outputs, &f->scale));
    f->rules.words = f->words;
    s->rules.vector = &f->rules;
    return KEN_OK;
}

void ken__boosting_vector_free(ken_ctx *ctx, boosting_fit *s) {
    ken_free(ctx, s->vector.words);
    ken_free(ctx, s->vector.all);
    ken_free(ctx, s->vector.scale);
    ken_free(ctx, s->vector.value);
}

/* Words of all outputs, and how many lie from row to row. */
static const uint64_t *vector_all(const boosting_fit *s, int *stride) {
    *stride = s->vector.all ? s->vector.stride : s->vector.rules.width;
    return s->vector.all ? s->vector.all : s->vector.words;
}

/* --- gradients --- */

typedef struct vector_job {
    boosting_fit *s;
    uint64_t *own; /* (n_train) the words of the grower */
    int chosen[VECTOR_SEARCHED];
    int down[2]; /* by which a row's sums over outputs are shifted, to stay as small as those of one output */
} vector_job;

static int64_t vector_g(const boosting_fit *s, uint64_t word) { return (int64_t)word >> s->vector.scale[0].shift; }

static int64_t vector_h(const boosting_fit *s, uint64_t word) {
    return (int64_t)(word & ((UINT64_C(1) << s->vector.scale[0].shift) - 1));
}

/* The sum of hessians of a row, whole, at least 1. */
static uint64_t vector_weight(const vector_job *job, const uint64_t *word) {
    int64_t h = 0;
    for (int k = 0; k < job->s->loss.outputs; k++) h += vector_h(job->s, word[k]);
    return (uint64_t)KEN_MAX(h >> job->down[1], 1);
}

static void vector_sizes(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const vector_job *const job = arg;
    int stride;
    const uint64_t *const all = vector_all(job->s, &stride);
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        for (int k = 0; k < job->s->loss.outputs; k++)
            sum[k] += fabs((double)vector_g(job->s, all[i * stride + k]));
}

/* The outputs of greatest gradients, ascending; all of them, if they are few. */
static ken_status vector_choose(ken_ctx *ctx, vector_job *job) {
    const int K = job->s->loss.outputs, searched = job->s->vector.rules.searched;
    double *size;
    for (int w = 0; w < searched; w++) job->chosen[w] = w;
    if (K == searched) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, double, K, &size));
    KEN_TRY(ken_reduce(ctx, job->s->loss.n_train, K, vector_sizes, job, size));
    for (int k = 0, n = 0; k < K && n < searched; k++) {
        int before = 0;
        for (int j = 0; j < K; j++) before += size[j] > size[k] || (size[j] == size[k] && j < k);
        if (before < searched) job->chosen[n++] = k;
    }
    return KEN_OK;
}

/* What stands behind the searched outputs, and what the grower moves. */
static void vector_finish_block(void *arg, int64_t begin, int64_t end, int worker) {
    const vector_job *const job = arg;
    boosting_fit *const s = job->s;
    const int searched = s->vector.rules.searched, width = s->vector.rules.width;
    int stride;
    const uint64_t *const all = vector_all(s, &stride);
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        uint64_t *const word = s->vector.words + i * width;
        job->own[i] = vector_weight(job, all + i * stride);
        for (int w = 0; s->vector.all && w < searched; w++) word[w] = all[i * stride + job->chosen[w]];
        word[searched] = (UINT64_C(1) << s->vector.scale[0].shift) + job->own[i];
        for (int w = searched + 1; w < width; w++) word[w] = 1;
    }
}

/* For sampling by gradient: length of the gradient and sum of hessians as one word. */
static void vector_length_block(void *arg, int64_t begin, int64_t end, int worker) {
    const vector_job *const job = arg;
    boosting_fit *const s = job->s;
    int stride;
    const uint64_t *const all = vector_all(s, &stride);
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        double square = 0;
        for (int k = 0; k < s->loss.outputs; k++) {
            const double g = (double)vector_g(s, all[i * stride + k]);
            square += g * g;
        }
        const int64_t g = (int64_t)sqrt(square) >> job->down[0];
        job->own[i] = ((uint64_t)g << s->vector.scale[0].shift) + vector_weight(job, all + i * stride);
    }
}

static ken_status vector_pack(ken_ctx *ctx, boosting_fit *s, const boosting_loss *loss) {
    int stride;
    uint64_t *const all = (uint64_t *)(uintptr_t)vector_all(s, &stride);
    return ken__boosting_loss_pack_rows(ctx, loss, stride, s->vector.scale, all);
}

/* Rows by the lengths of their gradients; then gradients anew, times the rows' importance. */
static ken_status vector_sample(ken_ctx *ctx, vector_job *job, boosting_scale scale, int64_t *n) {
    boosting_fit *const s = job->s;
    boosting_loss loss = s->loss;
    KEN_TRY(ken_parallel(ctx, loss.n_train, VECTOR_BLOCK, vector_length_block, job));
    memset(s->sample_weight, 0, (size_t)loss.n_train * sizeof *s->sample_weight);
    KEN_TRY(ken__boosting_draw_by_gradient(ctx, s, &scale, n));
    loss.weight = s->sample_weight;
    loss.max_weight = 0;
    for (int64_t i = 0; i < *n; i++) loss.max_weight = KEN_MAX(loss.max_weight, loss.weight[s->rows[i]]);
    return vector_pack(ctx, s, &loss);
}

ken_status ken__boosting_vector_draw(ken_ctx *ctx, boosting_fit *s, boosting_scale *scale, const uint32_t **rows,
                                     int64_t *n) {
    vector_job job = {.s = s, .own = ken__boosting_grower_words(s->grower)};
    boosting_vector *const v = &s->vector.rules;
    while (s->loss.outputs > 1 << job.down[1]) job.down[1]++;
    job.down[0] = (job.down[1] + 1) / 2;
    KEN_TRY(vector_pack(ctx, s, &s->loss));
    *scale = s->vector.scale[0]; /* hessians of all outputs have one scale */
    scale->chunk = BOOSTING_VECTOR_CHUNK;
    scale->scale_g = ldexp(scale->scale_g, -job.down[0]);
    scale->scale_h = ldexp(scale->scale_h, -job.down[1]);
    *rows = s->rows;
    if (s->sample_weight)
        KEN_TRY(vector_sample(ctx, &job, *scale, n));
    else
        *rows = ken__boosting_draw_rows(ctx, s, n);
    scale->scale_g = 1;
    scale->scale_h = ldexp(s->vector.scale[0].scale_h, -job.down[1]);
    KEN_TRY(vector_choose(ctx, &job));
    for (int w = 0; w < v->width; w++) {
        const boosting_scale *const of = &s->vector.scale[w < v->searched ? job.chosen[w] : 0];
        v->unit_g[w] = w < v->searched ? 1 / of->scale_g : 0;
        v->unit_h[w] = 1 / of->scale_h;
    }
    return ken_parallel(ctx, s->loss.n_train, VECTOR_BLOCK, vector_finish_block, &job);
}

/* --- values --- */

typedef struct vector_values {
    boosting_fit *s;
    const boosting_node *nodes;
    const ken_kernels *kernels;
    int64_t *g, *h;   /* (nodes of the tree, outputs) */
    uint64_t *packed; /* (threads, words a row) */
    size_t first;   /* the tree's first node among all */
} vector_values;

/* Sums of a leaf's rows, as of the one place of a histogram. */
static void vector_leaf_block(void *arg, int64_t begin, int64_t end, int worker) {
    static const uint8_t here = 0;
    const vector_values *const job = arg;
    const boosting_fit *const s = job->s;
    const int K = s->loss.outputs;
    int stride;
    const uint64_t *const all = vector_all(s, &stride);
    uint64_t *const packed = job->packed + (int64_t)worker * stride;
    for (int64_t l = begin; l < end; l++) {
        const boosting_node *const node = &job->nodes[s->leaf[l].node];
        const uint32_t *const rows = ken__boosting_grower_rows(s->grower, node);
        const size_t at = ((size_t)s->leaf[l].out - job->first) * (size_t)K;
        const int64_t n = node->end - node->begin;
        for (int64_t i = 0; i < n; i += BOOSTING_VECTOR_CHUNK) {
            memset(packed, 0, (size_t)stride * sizeof *packed);
            job->kernels->vector_add(&here, 0, rows + i, KEN_MIN(BOOSTING_VECTOR_CHUNK, n - i), all, stride, NULL, 1, &packed);
            job->kernels->hist_widen(packed, K, s->vector.scale[0].shift, job->g + at, job->h + at);
        }
    }
}

static void vector_renew_block(void *arg, int64_t begin, int64_t end, int worker) {
    const vector_values *const job = arg;
    boosting_fit *const s = job->s;
    boosting_loss loss = s->loss;
    if (s->sample_weight) loss.weight = s->sample_weight;
    (void)worker;
    for (int64_t l = begin; l < end; l++) {
        const boosting_node *const node = &job->nodes[s->leaf[l].node];
        const uint32_t *const rows = ken__boosting_grower_rows(s->grower, node);
        for (int k = 0; k < loss.outputs; k++)
            s->vector.value[s->leaf[l].out * loss.outputs + k] =
                s->shrinkage * ken__boosting_loss_renew(&loss, k, rows, node->end - node->begin, s->items + node->begin);
    }
}

/* Rows out of the sample say their part of the values, too (boosting_others.c). end: where they are. */
static void vector_hear(const vector_values *job, const uint32_t *rows, int64_t n, const int32_t *end) {
    boosting_fit *const s = job->s;
    const int K = s->loss.outputs;
    int stride;
    const uint64_t *const all = vector_all(s, &stride);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t *const word = all + rows[i] * (int64_t)stride;
        int64_t *const g = job->g + end[i] * (int64_t)K, *const h = job->h + end[i] * (int64_t)K;
        for (int k = 0; k < K; k++) {
            g[k] += vector_g(s, word[k]);
            h[k] += vector_h(s, word[k]);
        }
        s->out[job->first + (size_t)end[i]].cover += s->loss.weight ? s->loss.weight[rows[i]] : 1.0;
    }
    for (size_t i = s->n_out - job->first; i-- > 0;) {
        boosting_out *const out = &s->out[job->first + i];
        if (out->feature >= 0)
            out->cover = s->out[job->first + (size_t)out->left].cover + s->out[job->first + (size_t)out->right].cover;
    }
}

static double vector_node_score(const vector_values *job, size_t node) {
    const boosting_fit *const s = job->s;
    const size_t K = (size_t)s->loss.outputs;
    double score = 0;
    for (size_t k = 0; k < K; k++)
        score += ken__boosting_score(&s->rules, (double)job->g[node * K + k] / s->vector.scale[k].scale_g,
                                     (double)job->h[node * K + k] / s->vector.scale[k].scale_h);
    return score;
}

/* Sums and gains of inner nodes from below, then every node's values. */
static void vector_fill(const vector_values *job) {
    boosting_fit *const s = job->s;
    const size_t K = (size_t)s->loss.outputs, n = s->n_out - job->first;
    for (size_t i = n; i-- > 0;) {
        boosting_out *const out = &s->out[job->first + i];
        const size_t left = (size_t)out->left, right = (size_t)out->right;
        for (size_t k = 0; out->feature >= 0 && k < K; k++) {
            job->g[i * K + k] = job->g[left * K + k] + job->g[right * K + k];
            job->h[i * K + k] = job->h[left * K + k] + job->h[right * K + k];
        }
        if (out->feature >= 0) {
            const double gain = vector_node_score(job, left) + vector_node_score(job, right) - vector_node_score(job, i);
            out->gain = KEN_MAX(gain, 0);
        }
        for (size_t k = 0; k < K; k++)
            s->vector.value[(job->first + i) * K + k] =
                s->shrinkage * ken__boosting_loss_step(&s->loss, &s->rules,
                                                       (double)job->g[i * K + k] / s->vector.scale[k].scale_g,
                                                       (double)job->h[i * K + k] / s->vector.scale[k].scale_h);
    }
}

/* value = (n value + s parent) / (n + s) from the root's children down, as for one output. */
static void vector_smooth(const vector_values *job) {
    boosting_fit *const s = job->s;
    const size_t K = (size_t)s->loss.outputs, n = s->n_out - job->first;
    const boosting_out *const tree = s->out + job->first;
    double *const value = s->vector.value + job->first * K;
    const bool renewed = ken__boosting_loss_renews(&s->loss);
    for (size_t i = n; renewed && i-- > 0;) { /* inner nodes have no value of their own: the mean below */
        const size_t l = (size_t)tree[i].left, r = (size_t)tree[i].right;
        for (size_t k = 0; tree[i].feature >= 0 && k < K; k++)
            value[i * K + k] = (tree[l].cover * value[l * K + k] + tree[r].cover * value[r * K + k]) /
                               (tree[l].cover + tree[r].cover);
    }
    for (size_t i = 0; i < n; i++)
        for (int c = 0; tree[i].feature >= 0 && c < 2; c++) {
            const size_t child = (size_t)(c ? tree[i].right : tree[i].left);
            const double share = tree[child].cover / (tree[child].cover + s->p->path_smoothing);
            for (size_t k = 0; k < K; k++)
                value[child * K + k] = share * value[child * K + k] + (1 - share) * value[i * K + k];
        }
}

static ken_status vector_find_values(ken_ctx *ctx, vector_values *job, const uint32_t *others, int64_t n,
                                     const int32_t *end) {
    boosting_fit *const s = job->s;
    const int64_t count = (int64_t)(s->n_out - job->first) * s->loss.outputs;
    int stride;
    (void)vector_all(s, &stride);
    KEN_TRY(KEN_SCRATCH(ctx, uint64_t, (int64_t)ken_ctx_threads(ctx) * stride, &job->packed));
    KEN_TRY(BOOSTING_RESERVE(ctx, s->vector.value, s->vector.value_capacity, s->n_out * (size_t)s->loss.outputs));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, count, &job->g));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, count, &job->h));
    memset(job->g, 0, (size_t)count * sizeof *job->g);
    memset(job->h, 0, (size_t)count * sizeof *job->h);
    KEN_TRY(ken_parallel(ctx, (int64_t)s->n_leaves, 1, vector_leaf_block, job));
    if (ken__boosting_asks_all(s)) vector_hear(job, others, n, end);
    vector_fill(job);
    if (ken__boosting_loss_renews(&s->loss))
        KEN_TRY(ken_parallel(ctx, (int64_t)s->n_leaves, 1, vector_renew_block, job));
    if (s->p->path_smoothing > 0) vector_smooth(job);
    return KEN_OK;
}

/* --- margins --- */

typedef struct vector_move {
    boosting_fit *s;
    const boosting_node *nodes;
    const boosting_step_node *tree;
    const double *value; /* of the tree's nodes */
    const uint32_t *rows; /* out of the sample */
    int32_t *end;         /* where those are */
} vector_move;

static void vector_end_block(void *arg, int64_t begin, int64_t end, int worker) {
    const vector_move *const m = arg;
    const boosting_fit *const s = m->s;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        if (i + 8 < end) KEN_PREFETCH(s->codes + m->rows[i + 8] * s->binned.stride);
        m->end[i] = boosting_step_walk(m->tree, s->codes + m->rows[i] * s->binned.stride);
    }
}

static void vector_move_row(const boosting_fit *s, int64_t row, const double *value) {
    for (int k = 0; k < s->loss.outputs; k++) s->margin[k * s->loss.n + row] += value[k];
}

static void vector_others_block(void *arg, int64_t begin, int64_t end, int worker) {
    const vector_move *const m = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        vector_move_row(m->s, m->rows[i], m->value + (int64_t)m->end[i] * m->s->loss.outputs);
}

static void vector_validation_block(void *arg, int64_t begin, int64_t end, int worker) {
    const vector_move *const m = arg;
    const boosting_fit *const s = m->s;
    (void)worker;
    for (int64_t row = s->loss.n_train + begin; row < s->loss.n_train + end; row++)
        vector_move_row(s, row, m->value + boosting_step_walk(m->tree, s->codes + row * s->binned.stride) *
                                               (int64_t)s->loss.outputs);
}

/* Margins of rows [begin, end), leaf after leaf. */
static void vector_sample_block(void *arg, int64_t begin, int64_t end, int worker) {
    const vector_move *const m = arg;
    const boosting_fit *const s = m->s;
    (void)worker;
    for (size_t l = 0; l < s->n_leaves; l++) {
        const boosting_node *const node = &m->nodes[s->leaf[l].node];
        const uint32_t *const rows = ken__boosting_grower_rows(s->grower, node);
        const double *const value = s->vector.value + s->leaf[l].out * s->loss.outputs;
        const int64_t n = node->end - node->begin, from = ken__boosting_first_row(rows, n, begin);
        for (int k = 0; k < s->loss.outputs; k++) {
            double *const margin = s->margin + k * s->loss.n;
            for (int64_t r = from; r < n && rows[r] < end; r++) margin[rows[r]] += value[k];
        }
    }
}

ken_status ken__boosting_vector_advance(ken_ctx *ctx, boosting_fit *s, int64_t n_sampled) {
    const size_t first = (size_t)s->offset[s->n_trees];
    const int64_t n_out = s->rows ? s->n_usable - n_sampled : 0;
    vector_values values = {
        .s = s, .nodes = ken__boosting_grower_nodes(s->grower), .first = first, .kernels = ken_ctx_kernels(ctx)};
    vector_move m = {.s = s, .nodes = values.nodes, .rows = s->rows ? s->rows + n_sampled : NULL};
    boosting_step_node *tree;
    KEN_TRY(KEN_SCRATCH(ctx, boosting_step_node, s->n_out - first, &tree));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n_out, &m.end));
    ken__boosting_steps(s, tree);
    m.tree = tree;
    KEN_TRY(ken_parallel(ctx, n_out, VECTOR_BLOCK, vector_end_block, &m));
    KEN_TRY(vector_find_values(ctx, &values, m.rows, n_out, m.end));
    m.value = s->vector.value + first * (size_t)s->loss.outputs;
    KEN_TRY(ken_parallel(ctx, s->loss.n_train, VECTOR_MARGINS, vector_sample_block, &m));
    KEN_TRY(ken_parallel(ctx, n_out, VECTOR_BLOCK, vector_others_block, &m));
    return ken_parallel(ctx, s->loss.n - s->loss.n_train, VECTOR_BLOCK, vector_validation_block, &m);
}
