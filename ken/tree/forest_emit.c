/* Grown trees as attributes, and their score on the rows that they did not see. */
#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/tree/forest_parts.h"
#include "ken/tree/tree_ensemble.h"

/* --- attributes ------------------------------------------------------------------------------- */

typedef struct forest_emit_job {
    const forest *f;
    const forest_tree *trees;
    ken_ensemble_arrays a;
    int64_t *word; /* (trees) first word of a tree's own sets */
    int64_t
        *shared; /* (d, 2, FOREST_BINS): 1 + first word of a set shared by all trees, 0: unused */
} forest_emit_job;

static int64_t emit_words(const forest_column *c) { return ((int64_t)c->n_levels + 31) / 32; }

static int64_t *emit_shared(const forest_emit_job *job, const forest_node *node) {
    return &job->shared[((int64_t)node->column * 2 + node->missing_left) * FOREST_BINS + node->bin];
}

/* Levels that go left: by their bin; those never seen in training follow the missing. */
static void emit_set(const forest *f, const forest_node *node, const forest_set *sets,
                     uint32_t *bits) {
    const forest_column *c = &f->column[node->column];
    const uint8_t *level_bin = f->bins->feature[node->column].level_bin;
    for (int32_t l = 0; l < c->n_levels; l++) {
        const int32_t code =
            c->shared ? (c->level_code[l] < 0 ? c->n_bins : c->level_code[l]) : level_bin[l];
        if (forest_bin_left(node, sets, c->n_bins, (uint8_t)code)) bits[l / 32] |= 1u << (l % 32);
    }
}

static double emit_threshold(const forest *f, const forest_node *node) {
    const forest_column *c = &f->column[node->column];
    if (node->bin >= c->n_bins - 1) return (double)INFINITY; /* all values against the missing */
    return f->rules->random_cuts && c->exact ? node->cut : c->edge[node->bin];
}

static void forest_emit_tree(const forest_emit_job *job, int64_t t) {
    const forest *f = job->f;
    const forest_tree *tree = &job->trees[t];
    const ken_ensemble_arrays *a = &job->a;
    const int64_t first = a->tree_offset[t];
    int64_t word = job->word[t];
    memcpy(a->value + first * f->width, tree->value,
           (size_t)tree->n_nodes * (size_t)f->width * sizeof(double));
    for (int32_t j = 0; j < tree->n_nodes; j++) {
        const forest_node *node = &tree->node[j];
        const int64_t i = first + j;
        a->feature[i] = node->column;
        a->cover[i] = node->cover;
        a->category[i] = -1;
        if (node->column < 0) continue;
        const forest_column *c = &f->column[node->column];
        a->left[i] = node->left;
        a->right[i] = node->left + 1;
        a->missing_left[i] = node->missing_left;
        a->gain[i] = node->gain;
        if (!c->set && !c->shared) {
            a->threshold[i] = emit_threshold(f, node);
            continue;
        }
        a->category_words[i] = (int32_t)emit_words(c);
        a->category[i] = (int32_t)(c->shared ? *emit_shared(job, node) - 1 : word);
        if (c->shared) continue;
        emit_set(f, node, tree->set, (uint32_t *)a->category_bits + word);
        word += emit_words(c);
    }
}

static void emit_some(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    for (int64_t t = begin; t < end; t++) forest_emit_tree(arg, t);
}

/* Words of all sets: those of all trees together first, then each tree's own. */
static int64_t emit_count_words(forest_emit_job *job) {
    const forest *f = job->f;
    int64_t words = 0;
    for (int64_t t = 0; t < f->rules->trees; t++)
        for (int32_t j = 0; j < job->trees[t].n_nodes; j++) {
            const forest_node *node = &job->trees[t].node[j];
            if (node->column < 0 || !f->column[node->column].shared || *emit_shared(job, node))
                continue;
            *emit_shared(job, node) = 1 + words;
            words += emit_words(&f->column[node->column]);
        }
    for (int64_t t = 0; t < f->rules->trees; t++) {
        job->word[t] = words;
        for (int32_t j = 0; f->any_set && j < job->trees[t].n_nodes; j++) {
            const forest_node *node = &job->trees[t].node[j];
            if (node->column >= 0 && f->column[node->column].set)
                words += emit_words(&f->column[node->column]);
        }
    }
    return words;
}

static void emit_fill_shared(const forest_emit_job *job) {
    const forest *f = job->f;
    for (int32_t j = 0; j < f->d; j++)
        for (int k = 0; f->column[j].shared && k < 2 * FOREST_BINS; k++) {
            const int64_t at = job->shared[(int64_t)j * 2 * FOREST_BINS + k];
            const forest_node node = {.column = j,
                                      .missing_left = (uint8_t)(k / FOREST_BINS),
                                      .bin = (uint8_t)(k % FOREST_BINS),
                                      .set = -1};
            if (at) emit_set(f, &node, NULL, (uint32_t *)job->a.category_bits + at - 1);
        }
}

ken_status forest_emit(ken_ctx *ctx, ken_model *model, const forest *f, const forest_tree *trees) {
    forest_emit_job job = {.f = f, .trees = trees};
    const int64_t n_trees = f->rules->trees, shared = (int64_t)f->d * 2 * FOREST_BINS;
    int64_t nodes = 0;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n_trees, &job.word));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, shared, &job.shared));
    memset(job.shared, 0, (size_t)shared * sizeof(int64_t));
    for (int64_t t = 0; t < n_trees; t++) nodes += trees[t].n_nodes;
    const int64_t words = emit_count_words(&job);
    if (words > INT32_MAX)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "grow fewer or smaller trees",
                        "%s: the sets of levels take %lld words", f->rules->name, (long long)words);
    KEN_TRY(ken_ensemble_new_arrays(ctx, model, n_trees, nodes, words, f->width, f->width, &job.a));
    for (int64_t t = 0; t < n_trees; t++) {
        job.a.tree_offset[t + 1] = job.a.tree_offset[t] + trees[t].n_nodes;
        job.a.tree_output[t] = f->width == 1 ? 0 : -1;
    }
    emit_fill_shared(&job);
    return ken_parallel(ctx, n_trees, 1, emit_some, &job);
}

/* --- out of bag ------------------------------------------------------------------------------- */

typedef struct oob_job {
    const forest *f;
    const forest_tree *trees;
    double *sum;    /* (n, width) */
    int32_t *count; /* (n) trees that did not see the row */
} oob_job;

static void oob_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const oob_job *job = arg;
    const forest *f = job->f;
    const int64_t bytes = (f->n + 7) / 8;
    (void)worker;
    for (int64_t t = 0; t < f->rules->trees; t++) {
        const forest_tree *tree = &job->trees[t];
        for (int64_t i = begin; i < end; i++) {
            const uint8_t *codes = f->codes + i * f->stride;
            const forest_node *node = tree->node;
            if (f->in_bag[t * bytes + i / 8] >> (i & 7) & 1) continue;
            while (node->column >= 0) {
                const bool left = forest_bin_left(node, tree->set, f->column[node->column].n_bins,
                                                  codes[node->column]);
                node = tree->node + node->left + !left;
            }
            const double *value = tree->value + (node - tree->node) * f->width;
            for (int32_t c = 0; c < f->width; c++) job->sum[i * f->width + c] += value[c];
            job->count[i]++;
        }
    }
}

/* Accuracy, or R squared, over rows [0, n) that have a prediction, weighted. */
static double oob_score(const oob_job *job, int64_t *rows) {
    const forest *f = job->f;
    double total = 0, right = 0, mean = 0, error = 0, spread = 0;
    *rows = 0;
    for (int32_t i = 0; i < f->n; i++) {
        const double w = f->weight ? f->weight[i] : 1.0;
        const double *sum = job->sum + (int64_t)i * f->width;
        int32_t top = 0;
        if (job->count[i] == 0) continue;
        (*rows)++;
        total += w;
        if (f->y) {
            mean += w * f->y[i];
            continue;
        }
        for (int32_t c = 1; c < f->width; c++) top = sum[c] > sum[top] ? c : top;
        if (f->width == 1) top = f->k > 1 && sum[0] > 0.5 * job->count[i];
        right += w * (top == f->label[i]);
    }
    if (!f->y) return total > 0 ? right / total : (double)NAN;
    mean /= total;
    for (int32_t i = 0; i < f->n; i++) {
        const double w = f->weight ? f->weight[i] : 1.0;
        if (job->count[i] == 0) continue;
        const double off = f->y[i] + f->center - job->sum[i] / job->count[i];
        error += w * off * off;
        spread += w * (f->y[i] - mean) * (f->y[i] - mean);
    }
    return spread > 0 ? 1 - error / spread : (double)NAN;
}

ken_status forest_oob(ken_ctx *ctx, ken_model *model, const forest *f, const forest_tree *trees) {
    oob_job job = {f, trees, NULL, NULL};
    int64_t rows = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, (int64_t)f->n * f->width, &job.sum));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, f->n, &job.count));
    memset(job.sum, 0, (size_t)f->n * (size_t)f->width * sizeof(double));
    memset(job.count, 0, (size_t)f->n * sizeof(int32_t));
    KEN_TRY(ken_parallel(ctx, f->n, 4096, oob_rows, &job));
    const double score = oob_score(&job, &rows);
    KEN_TRY(ken_attr_set_f64(ctx, model, "oob_score", score));
    return ken_attr_set_i64(ctx, model, "oob_rows", rows);
}
