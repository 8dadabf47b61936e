#include "ken/preprocess/ordered_encode/ordered_pass.h"

#include <string.h>

#include "ken/core/threads.h"

ken_status ken__ordered_works(ken_ctx *ctx, const ordered_learned *l, int64_t n, ordered_work **out) {
    const int workers = ken_ctx_threads(ctx);
    int64_t most = 1;
    for (int64_t f = 0; f < l->n_features; f++) most = KEN_MAX(most, l->feature[f].cells.n);
    KEN_TRY(KEN_SCRATCH(ctx, ordered_work, workers, out));
    for (int w = 0; w < workers; w++) {
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(n, 1), &(*out)[w].cell));
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, ordered_map_size(n), &(*out)[w].map));
        KEN_TRY(KEN_SCRATCH(ctx, double, most, &(*out)[w].sum));
        KEN_TRY(KEN_SCRATCH(ctx, double, most, &(*out)[w].weight));
    }
    return KEN_OK;
}

void ken__ordered_fit_features(void *arg, int64_t begin, int64_t end, int worker) {
    const ordered_job *job = arg;
    const ordered_target *t = job->target;
    const ordered_work *w = job->work + worker;
    for (int64_t at = begin; at < end; at++) {
        const ordered_feature *f = job->learned->feature + at;
        ken__ordered_find(&f->cells, job->codes, 0, t->n, w->cell, w->map);
        for (int64_t o = 0; o < t->k; o++) {
            memset(w->sum, 0, (size_t)f->cells.n * sizeof *w->sum);
            memset(w->weight, 0, (size_t)f->cells.n * sizeof *w->weight);
            for (int64_t i = 0; i < t->n; i++) {
                if (w->cell[i] < 0) continue;
                w->sum[w->cell[i]] += ordered_weight(t, i) * ordered_number(t, o, i);
                w->weight[w->cell[i]] += ordered_weight(t, i);
            }
            for (int64_t c = 0; c < f->cells.n; c++)
                f->value[c * t->k + o] = ordered_statistic(t, o, w->sum[c], w->weight[c]);
        }
    }
}

/* Training rows of one output in one order: each from those before it. Adds a share of the value. */
static void ordered_pass(const ordered_target *t, int64_t o, const int64_t *order, const ordered_work *w,
                         double share, double *out) {
    for (int64_t r = 0; r < t->n; r++) {
        const int64_t i = order[r];
        const int32_t c = w->cell[i];
        if (c < 0) {
            out[i] += share * t->mean[o];
            continue;
        }
        out[i] += share * ordered_statistic(t, o, w->sum[c], w->weight[c]);
        w->sum[c] += ordered_weight(t, i) * ordered_number(t, o, i);
        w->weight[c] += ordered_weight(t, i);
    }
}

void ken__ordered_train_features(void *arg, int64_t begin, int64_t end, int worker) {
    const ordered_job *job = arg;
    const ordered_target *t = job->target;
    const ordered_work *w = job->work + worker;
    for (int64_t at = begin; at < end; at++) {
        const ordered_feature *f = job->learned->feature + at;
        double **column = job->column + at * (t->k + job->counts);
        ken__ordered_find(&f->cells, job->codes, 0, t->n, w->cell, w->map);
        for (int64_t o = 0; o < t->k; o++) {
            memset(column[o], 0, (size_t)t->n * sizeof(double));
            for (int64_t p = 0; p < job->permutations; p++) {
                memset(w->sum, 0, (size_t)f->cells.n * sizeof *w->sum);
                memset(w->weight, 0, (size_t)f->cells.n * sizeof *w->weight);
                ordered_pass(t, o, job->order + p * t->n, w, 1.0 / (double)job->permutations, column[o]);
            }
        }
    }
}

void ken__ordered_apply_features(void *arg, int64_t begin, int64_t end, int worker) {
    const ordered_job *job = arg;
    const ordered_learned *l = job->learned;
    const ordered_work *w = job->work + worker;
    for (int64_t at = begin; at < end; at++) {
        const ordered_feature *f = l->feature + at;
        double **column = job->column + at * (l->k + job->counts);
        ken__ordered_find(&f->cells, job->codes, 0, job->n, w->cell, w->map);
        for (int64_t i = 0; i < job->n; i++) {
            const int32_t c = w->cell[i];
            const double *value = c < 0 ? l->mean : f->value + c * l->k;
            for (int64_t o = 0; o < l->k; o++) column[o][i] = value[o];
            if (job->counts) column[l->k][i] = c < 0 ? 0 : (double)f->rows[c] / (double)l->rows;
        }
    }
}
