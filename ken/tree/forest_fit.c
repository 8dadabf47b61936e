/* A forest: all its trees, batch after batch, and what becomes of them. */
#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/tree/forest_parts.h"
#include "ken/tree/tree_model.h"

const char *const ken_forest_criteria[] = {"auto", "gini", "entropy", "squared", NULL};
const char *const ken_forest_column_choices[] = {"auto", "sqrt",     "third", "log2",
                                                 "all",  "fraction", NULL};
const char *const ken_forest_class_weights[] = {"none", "balanced", NULL};
enum { FOREST_AUTO, FOREST_GINI, FOREST_ENTROPY, FOREST_SQUARED };

typedef struct forest_batch {
    const forest *f;
    forest_worker *worker; /* (threads) */
    forest_tree *tree;     /* (batch) room for the largest tree */
    int64_t first;
} forest_batch;

static void forest_grow_some(void *arg, int64_t begin, int64_t end, int worker) {
    forest_batch *b = arg;
    forest_worker *w = &b->worker[worker];
    for (int64_t t = begin; t < end; t++) {
        w->tree = b->tree[t];
        forest_grow_tree(b->f, w, b->first + t);
        b->tree[t] = w->tree;
    }
}

static ken_status forest_new_worker(ken_ctx *ctx, const forest *f, forest_worker *w) {
    const int64_t sums = (int64_t)FOREST_BINS * f->stats, counts = (int64_t)FOREST_BINS * f->k;
    memset(w, 0, sizeof *w);
    w->local_rows = KEN_MIN(KEN_MAX(FOREST_LOCAL_BYTES / f->stride, 64), f->most_rows);
    KEN_TRY(KEN_SCRATCH(ctx, forest_entry, f->most_rows, &w->entry));
    KEN_TRY(KEN_SCRATCH(ctx, forest_entry, f->most_rows, &w->spare));
    KEN_TRY(KEN_SCRATCH(ctx, uint16_t, f->n, &w->count));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, w->local_rows * f->stride, &w->local));
    KEN_TRY(KEN_SCRATCH(ctx, forest_entry, w->local_rows, &w->local_entry));
    KEN_TRY(KEN_SCRATCH(ctx, double, w->local_rows, &w->local_y));
    KEN_TRY(KEN_SCRATCH(ctx, double, w->local_rows, &w->local_w));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, FOREST_CHUNK * f->most_rows, &w->codes));
    KEN_TRY(KEN_SCRATCH(ctx, double, sums, &w->sums));
    KEN_TRY(KEN_SCRATCH(ctx, uint32_t, counts, &w->counts));
    KEN_TRY(KEN_SCRATCH(ctx, double, sums, &w->packed));
    KEN_TRY(KEN_SCRATCH(ctx, double, f->stats, &w->total));
    KEN_TRY(KEN_SCRATCH(ctx, double, f->stats, &w->left));
    KEN_TRY(KEN_SCRATCH(ctx, double, f->stats, &w->right));
    KEN_TRY(KEN_SCRATCH(ctx, double, 2 * (int64_t)f->stats, &w->best_left));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, f->d, &w->column));
    memset(w->sums, 0, (size_t)sums * sizeof(double));
    memset(w->counts, 0, (size_t)counts * sizeof(uint32_t));
    return ken_scratch(ctx, (size_t)(f->most_nodes / 2 + 2), forest_todo_size(), (void **)&w->todo);
}

/* Room for any tree; the pages that a tree does not reach are never touched. */
static ken_status forest_new_tree(ken_ctx *ctx, const forest *f, forest_tree *t) {
    memset(t, 0, sizeof *t);
    KEN_TRY(KEN_SCRATCH(ctx, forest_node, f->most_nodes, &t->node));
    KEN_TRY(KEN_SCRATCH(ctx, double, f->most_nodes * f->width, &t->value));
    return KEN_SCRATCH(ctx, forest_set, f->any_set ? f->most_nodes / 2 + 1 : 1, &t->set);
}

static ken_status forest_keep(ken_ctx *ctx, const forest *f, const forest_tree *from,
                              forest_tree *to) {
    KEN_TRY(KEN_ALLOC(ctx, forest_node, from->n_nodes, &to->node));
    KEN_TRY(KEN_ALLOC(ctx, double, (int64_t)from->n_nodes * f->width, &to->value));
    KEN_TRY(KEN_ALLOC(ctx, forest_set, from->n_sets, &to->set));
    memcpy(to->node, from->node, (size_t)from->n_nodes * sizeof *to->node);
    memcpy(to->value, from->value, (size_t)from->n_nodes * (size_t)f->width * sizeof(double));
    memcpy(to->set, from->set, (size_t)from->n_sets * sizeof *to->set);
    to->n_nodes = from->n_nodes;
    to->n_sets = from->n_sets;
    return KEN_OK;
}

static ken_status forest_grow_all(ken_ctx *ctx, const forest *f, forest_tree *trees) {
    const int threads = ken_ctx_threads(ctx);
    const int64_t total = f->rules->trees, batch = KEN_MIN(total, threads > 1 ? 2 * threads : 1);
    forest_batch b = {.f = f};
    KEN_TRY(KEN_SCRATCH(ctx, forest_worker, threads, &b.worker));
    KEN_TRY(KEN_SCRATCH(ctx, forest_tree, batch, &b.tree));
    for (int w = 0; w < threads; w++) KEN_TRY(forest_new_worker(ctx, f, &b.worker[w]));
    for (int64_t t = 0; t < batch; t++) KEN_TRY(forest_new_tree(ctx, f, &b.tree[t]));
    for (; b.first < total; b.first += batch) {
        const int64_t n = KEN_MIN(batch, total - b.first);
        KEN_TRY(ken_parallel(ctx, n, 1, forest_grow_some, &b));
        for (int64_t t = 0; t < n; t++)
            KEN_TRY(forest_keep(ctx, f, &b.tree[t], &trees[b.first + t]));
        const ken_progress progress = ken_progress_of(f->rules->name, b.first + n, total);
        ken_report_progress(ctx, &progress);
        KEN_TRY(ken_check_cancel(ctx));
    }
    return KEN_OK;
}

static ken_status forest_run(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                             const ken_forest_rules *rules, const ken_bins *bins,
                             forest_tree *trees) {
    forest f;
    KEN_TRY(forest_prepare(ctx, problem, rules, bins, &f));
    if (rules->oob) {
        const int64_t bytes = rules->trees * ((f.n + 7) / 8);
        KEN_TRY(KEN_SCRATCH(ctx, uint8_t, bytes, &f.in_bag));
        memset(f.in_bag, 0, (size_t)bytes);
    }
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = forest_grow_all(ctx, &f, trees);
    ken_scratch_release(ctx, mark);
    KEN_TRY(status);
    if (rules->oob) KEN_TRY(forest_oob(ctx, model, &f, trees));
    return forest_emit(ctx, model, &f, trees);
}

ken_status ken_forest_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                          const ken_forest_rules *given) {
    ken_forest_rules copy = *given, *rules = &copy;
    ken_bins *bins = NULL;
    forest_tree *trees = NULL;
    if (problem->n_train > INT32_MAX - 2 || (problem->label && problem->n_classes > UINT16_MAX))
        return KEN_FAIL(ctx, KEN_E_LIMIT, "train on a sample of the rows",
                        "%s: %lld rows and %d classes are too many", rules->name,
                        (long long)problem->n_train, problem->n_classes);
    if (rules->criterion != FOREST_AUTO &&
        (problem->label != NULL) == (rules->criterion == FOREST_SQUARED))
        return KEN_FAIL(ctx, KEN_E_ARG, "use criterion=auto", "%s: criterion '%s' cannot %s",
                        rules->name, ken_forest_criteria[rules->criterion],
                        problem->label ? "classify" : "regress");
    rules->entropy = rules->criterion == FOREST_ENTROPY;
    rules->oob = rules->oob && (rules->bootstrap || rules->row_fraction < 1);
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = KEN_ALLOC(ctx, forest_tree, rules->trees, &trees);
    if (status == KEN_OK)
        status =
            ken_bins_fit(ctx, problem->X, problem->n_train, problem->weight, KEN_BINS_MAX, &bins);
    if (status == KEN_OK) status = forest_run(ctx, model, problem, rules, bins, trees);
    for (int64_t t = 0; trees && t < rules->trees; t++) {
        ken_free(ctx, trees[t].node);
        ken_free(ctx, trees[t].value);
        ken_free(ctx, trees[t].set);
    }
    ken_free(ctx, trees);
    ken_bins_free(ctx, bins);
    ken_scratch_release(ctx, mark);
    return status;
}
