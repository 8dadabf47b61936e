/* Scaling of number columns. Moments in two passes, so that a large mean costs no digits. */
#include "ken/preprocess/scale/scale.h"

#include <math.h>

#include "ken/core/threads.h"
#include "ken/preprocess/preprocess_levels.h"
#include "ken/stats/stats_sort.h"

enum { SCALE_BLOCK = 1024 };

typedef struct scale_job {
    const ken_table *X;
    int64_t n;
    int method;
    const int64_t *used;
    double *center, *scale;
    int64_t *infinite; /* first row with an infinite value, -1: none */
    double *sorted;    /* per worker 2 n doubles; NULL unless robust */
} scale_job;

static bool scale_applies(const ken_column *c) {
    return c->dtype == KEN_F64 || c->dtype == KEN_F32 || c->dtype == KEN_I64;
}

/* The values of rows [first, first + size) that are there, packed. */
static int64_t scale_gather(const ken_column *c, int64_t first, int64_t size, double *out,
                            int64_t *infinite) {
    int64_t n = 0;
    ken_column_gather(c, first, size, out, 1);
    for (int64_t i = 0; i < size; i++) {
        const double v = out[i];
        if (isnan(v)) continue;
        if (isinf(v) && *infinite < 0) *infinite = first + i;
        out[n++] = v;
    }
    return n;
}

/* Sum of (x - center)^power, block by block. */
static double scale_sum(const scale_job *job, const ken_column *c, double center, int power,
                        int64_t *count, int64_t *infinite) {
    double block[SCALE_BLOCK], total = 0;
    *count = 0;
    for (int64_t first = 0; first < job->n; first += SCALE_BLOCK) {
        const int64_t n =
            scale_gather(c, first, KEN_MIN(SCALE_BLOCK, job->n - first), block, infinite);
        double sum = 0;
        for (int64_t i = 0; i < n; i++) {
            const double v = block[i] - center;
            sum += power == 2 ? v * v : v;
        }
        total += sum;
        *count += n;
    }
    return total;
}

static void scale_standard(const scale_job *job, int64_t j) {
    const ken_column *c = ken_table_column(job->X, (int)j);
    int64_t n;
    const double sum = scale_sum(job, c, 0, 1, &n, &job->infinite[j]);
    if (!n || job->infinite[j] >= 0) return;
    double mean = sum / (double)n;
    mean += scale_sum(job, c, mean, 1, &n, &job->infinite[j]) / (double)n; /* what rounding lost */
    const double var = scale_sum(job, c, mean, 2, &n, &job->infinite[j]) / (double)n;
    /* A constant column whose values have no exact mean shows a variance of rounding size. */
    const double rounding = (double)n * mean * 2.220446049250313e-16;
    job->center[j] = mean;
    job->scale[j] = var > rounding * rounding && isfinite(var) ? sqrt(var) : 1;
}

static void scale_minmax(const scale_job *job, int64_t j) {
    const ken_column *c = ken_table_column(job->X, (int)j);
    double block[SCALE_BLOCK], low = INFINITY, high = -INFINITY;
    for (int64_t first = 0; first < job->n; first += SCALE_BLOCK) {
        const int64_t n =
            scale_gather(c, first, KEN_MIN(SCALE_BLOCK, job->n - first), block, &job->infinite[j]);
        for (int64_t i = 0; i < n; i++) {
            if (block[i] < low) low = block[i];
            if (block[i] > high) high = block[i];
        }
    }
    if (low > high) return;
    job->center[j] = low;
    job->scale[j] = high > low ? high - low : 1;
}

static void scale_robust(const scale_job *job, int64_t j, int worker) {
    const ken_column *c = ken_table_column(job->X, (int)j);
    double *x = job->sorted + 2 * job->n * worker;
    const int64_t n = scale_gather(c, 0, job->n, x, &job->infinite[j]);
    if (!n) return;
    const double low = ken_quantile(x, n, 0.25, x + job->n);
    const double range = ken_quantile(x, n, 0.75, x + job->n) - low;
    job->center[j] = ken_quantile(x, n, 0.5, x + job->n);
    job->scale[j] = range > 0 ? range : 1;
}

static void scale_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const scale_job *job = arg;
    for (int64_t j = begin; j < end; j++) {
        if (!job->used[j]) continue;
        if (job->method == KEN_SCALE_STANDARD) scale_standard(job, j);
        if (job->method == KEN_SCALE_MINMAX) scale_minmax(job, j);
        if (job->method == KEN_SCALE_ROBUST) scale_robust(job, j, worker);
    }
}

static ken_status scale_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_scale_params *p = ken_model_params(model);
    const int64_t d = ken_table_cols(problem->X);
    scale_job job = {.X = problem->X, .n = problem->n_train, .method = p->method};
    int64_t *used;
    KEN_TRY(ken_attr_new(ctx, model, "center", KEN_F64, 1, &d, (void **)&job.center));
    KEN_TRY(ken_attr_new(ctx, model, "scale", KEN_F64, 1, &d, (void **)&job.scale));
    KEN_TRY(ken_attr_new(ctx, model, "used", KEN_I64, 1, &d, (void **)&used));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(d, 1), &job.infinite));
    for (int64_t j = 0; j < d; j++) {
        used[j] =
            p->method != KEN_SCALE_NONE && scale_applies(ken_table_column(problem->X, (int)j));
        job.scale[j] = 1;
        job.infinite[j] = -1;
    }
    job.used = used;
    if (p->method == KEN_SCALE_ROBUST) {
        const int64_t workers = ken_ctx_threads(ctx);
        if (job.n > INT64_MAX / 32 / workers)
            return KEN_FAIL(ctx, KEN_E_LIMIT, NULL, "scale: %lld rows are too many",
                            (long long)job.n);
        KEN_TRY(KEN_SCRATCH(ctx, double, 2 * KEN_MAX(job.n, 1) * workers, &job.sorted));
    }
    KEN_TRY(ken_parallel(ctx, d, 1, scale_columns, &job));
    for (int64_t j = 0; j < d; j++)
        if (job.infinite[j] >= 0)
            return KEN_FAIL(ctx, KEN_E_VALUE, "make it missing, or leave the column out",
                            "scale: column '%s' has an infinite value in row %lld",
                            ken_table_column(problem->X, (int)j)->name,
                            (long long)job.infinite[j] + 1);
    return KEN_OK;
}

typedef struct scale_apply_job {
    const ken_column *c;
    double center, scale, *out;
} scale_apply_job;

static void scale_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const scale_apply_job *job = arg;
    (void)worker;
    ken_column_gather(job->c, begin, end - begin, job->out + begin, 1);
    for (int64_t i = begin; i < end; i++) job->out[i] = (job->out[i] - job->center) / job->scale;
}

static ken_status scale_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                  ken_table *out) {
    const double *center = ken_model_attr(model, "center")->data;
    const double *scale = ken_model_attr(model, "scale")->data;
    const int64_t *used = ken_model_attr(model, "used")->data;
    KEN_TRY(ken__check_columns(ctx, model, X, ken_model_attr(model, "used")->shape[0]));
    for (int j = 0; j < ken_table_cols(X); j++) {
        const ken_column *c = ken_table_column(X, j);
        if (!used[j]) {
            KEN_TRY(ken__pass(ctx, out, X, j));
            continue;
        }
        if (!ken_dtype_is_number(c->dtype))
            return KEN_FAIL(ctx, KEN_E_TYPE, "give the column the type it had in training",
                            "scale: column '%s' holds %s, but numbers were learned", c->name,
                            ken_dtype_name(c->dtype));
        scale_apply_job job = {c, center[j], scale[j], NULL};
        KEN_TRY(ken__add(ctx, out, c->name, KEN_F64, j, (void **)&job.out, NULL));
        KEN_TRY(ken_parallel(ctx, c->n, 16384, scale_rows, &job));
    }
    return KEN_OK;
}

static ken_status scale_open(ken_ctx *ctx, ken_model *model, void **state) {
    const void *data;
    const ken_tensor *used = ken_model_attr(model, "used");
    const int64_t d = used && used->ndim == 1 ? used->shape[0] : 0;
    *state = NULL;
    KEN_TRY(ken__attr_need(ctx, model, "used", KEN_I64, d, &data));
    KEN_TRY(ken__attr_need(ctx, model, "center", KEN_F64, d, &data));
    return ken__attr_need(ctx, model, "scale", KEN_F64, d, &data);
}

static const char *const scale_methods[] = {"standard", "minmax", "robust", "none", NULL};
static const ken_param scale_params[] = {
    KEN_ROW_CHOICE(ken_scale_params, method, scale_methods,
                   .doc =
                       "by mean and deviation, to [0, 1], by median and quartiles, or not at all"),
    {0}};
static const ken_attr scale_attrs[] = {{"center", KEN_F64, "d", "what is subtracted"},
                                       {"scale", KEN_F64, "d", "what is divided by"},
                                       {"used", KEN_I64, "d", "1: the column is scaled"},
                                       {0}};
static const ken_transformer scale_verbs = {
    .fit = scale_fit, .transform = scale_transform, .open = scale_open};

const ken_desc ken_scale_desc = {
    .name = "scale",
    .title = "Scaling of number columns",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .params = scale_params,
    .defaults = &(const ken_scale_params)KEN_SCALE_DEFAULTS,
    .params_size = sizeof(ken_scale_params),
    .attrs = scale_attrs,
    .transformer = &scale_verbs,
    .doc =
        "Brings number columns to a like scale, which linear models with a penalty, neighbors and "
        "networks need. Trees do not.",
    .peer = "sklearn.preprocessing.StandardScaler",
};

const ken_desc *const ken_scale_things[] = {&ken_scale_desc, NULL};
