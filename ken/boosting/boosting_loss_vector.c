/* Gradients of all outputs of a row side by side, for trees whose leaves hold a value for each. The numbers
 * are those of ken__boosting_loss_pack. Read next: boosting_vector.h. */
#include "ken/boosting/boosting_loss_table.h"
#include "ken/boosting/boosting_vector.h"

typedef struct pack_job {
    const ken_kernels *kernels;
    const boosting_loss *loss;
    const boosting_scale *scale; /* (outputs) */
    int stride;
    uint64_t *words;
} pack_job;

static void pack_block(void *arg, int64_t begin, int64_t end, int worker) {
    const pack_job *const job = arg;
    double g[LOSS_BLOCK], h[LOSS_BLOCK];
    uint64_t word[LOSS_BLOCK];
    (void)worker;
    for (int64_t at = begin; at < end; at += LOSS_BLOCK) {
        const int64_t n = KEN_MIN(LOSS_BLOCK, end - at);
        for (int k = 0; k < job->loss->outputs; k++) {
            const boosting_scale *const s = &job->scale[k];
            uint64_t *const out = job->words + at * job->stride + k;
            ken__loss_weighted_block(job->kernels, job->loss, k, at, n, g, h);
            job->kernels->hist_pack(g, h, n, s->scale_g, s->scale_h, s->shift, word);
            for (int64_t i = 0; i < n; i++) out[i * job->stride] = word[i];
        }
    }
}

ken_status ken__boosting_loss_pack_rows(ken_ctx *ctx, const boosting_loss *l, int stride, boosting_scale *scale,
                                        uint64_t *words) {
    const pack_job job = {ken_ctx_kernels(ctx), l, scale, stride, words};
    for (int k = 0; k < l->outputs; k++) KEN_TRY(ken__loss_scale(ctx, l, k, false, &scale[k]));
    return ken_parallel(ctx, l->n_train, LOSS_GRAIN, pack_block, (void *)(uintptr_t)&job);
}
