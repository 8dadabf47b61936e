/* Columns of a problem for growing trees. */
#include "ken/tree/tree_data.h"

#include <math.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"

typedef struct data_job {
    const ken_table *X;
    int64_t n;
    double *x;
} data_job;

static void data_gather(void *arg, int64_t begin, int64_t end, int worker) {
    const data_job *job = arg;
    (void)worker;
    for (int64_t j = begin; j < end; j++) {
        const ken_column *c = ken_table_column(job->X, (int)j);
        double *x = job->x + j * job->n;
        ken_column_gather(c, 0, job->n, x, 1);
        if (c->dtype != KEN_CATEGORY) continue;
        for (int64_t i = 0; i < job->n; i++)
            if (!(x[i] >= 0 && x[i] < (double)c->text.n)) x[i] = NAN;
    }
}

ken_status ken_tree_data_of(ken_ctx *ctx, const ken_problem *problem, const double *weight,
                            ken_tree_data *out) {
    const int64_t n = problem->n_train;
    const int d = ken_table_cols(problem->X);
    double *x = NULL;
    int32_t *levels = NULL;
    if (n > INT32_MAX - 2 || (d > 0 && n > INT64_MAX / 8 / d))
        return KEN_FAIL(ctx, KEN_E_LIMIT, "train on a sample of the rows",
                        "trees: %lld rows are more than %d", (long long)n, INT32_MAX - 2);
    KEN_TRY(KEN_SCRATCH(ctx, double, n *d, &x));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, d, &levels));
    for (int j = 0; j < d; j++) {
        const ken_column *c = ken_table_column(problem->X, j);
        levels[j] = c->dtype == KEN_CATEGORY ? (int32_t)KEN_MIN(c->text.n, INT32_MAX) : 0;
    }
    data_job job = {problem->X, n, x};
    KEN_TRY(ken_parallel(ctx, d, 1, data_gather, &job));
    *out = (ken_tree_data){(int32_t)n,
                           d,
                           x,
                           levels,
                           problem->y,
                           problem->label,
                           weight ? weight : problem->weight,
                           problem->label ? problem->n_classes : 1};
    return KEN_OK;
}
