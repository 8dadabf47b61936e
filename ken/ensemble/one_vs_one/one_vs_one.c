/* One versus one: a classifier per pair of classes, on the rows of the two. Probabilities are
 * coupled (Wu, Lin & Weng 2004); the margin counts votes, and sums of confidences, squeezed below
 * 1/3, part equal votes. */
#include "ken/ensemble/one_vs_one/one_vs_one.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/ensemble/ensemble_binary.h"

static int64_t one_vs_one_pairs(int64_t k) { return k * (k - 1) / 2; }

static ken_status one_vs_one_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const int k = problem->n_classes;
    int64_t done = 0;
    for (int a = 0; a < k; a++)
        for (int b = a + 1; b < k; b++, done++)
            KEN_TRY(ken__binary_fit(ctx, model, problem, b, a, done + 1, one_vs_one_pairs(k)));
    return KEN_OK;
}

/* --- coupling --------------------------------------------------------------------------------- */
static void coupling_matrix(const double *r, int64_t k, double *Q) {
    for (int64_t i = 0; i < k; i++) {
        Q[i * k + i] = 0;
        for (int64_t j = 0; j < k; j++) {
            if (j == i) continue;
            Q[i * k + i] += r[j * k + i] * r[j * k + i];
            Q[i * k + j] = -r[j * k + i] * r[i * k + j];
        }
    }
}

/* Algorithm 2: component after component takes the value that solves its own equation, then p is
 * scaled to sum 1. It converges from anywhere, in some 15 rounds; 100 are a limit, not a plan. */
void ken_pairwise_coupling(const double *r, int64_t k, double *p, double *work) {
    double *Q = work, *Qp = work + k * k;
    coupling_matrix(r, k, Q);
    for (int64_t i = 0; i < k; i++) p[i] = 1.0 / (double)k;
    for (int round = 0; round < 100; round++) {
        double pQp = 0, off = 0;
        for (int64_t i = 0; i < k; i++) {
            Qp[i] = 0;
            for (int64_t j = 0; j < k; j++) Qp[i] += Q[i * k + j] * p[j];
            pQp += p[i] * Qp[i];
        }
        for (int64_t i = 0; i < k; i++) off = KEN_MAX(off, fabs(Qp[i] - pQp));
        if (off < 1e-14) break;
        for (int64_t t = 0; t < k; t++) {
            const double change = (pQp - Qp[t]) / Q[t * k + t], whole = 1 + change;
            p[t] += change;
            pQp = (pQp + change * (change * Q[t * k + t] + 2 * Qp[t])) / (whole * whole);
            for (int64_t i = 0; i < k; i++) {
                Qp[i] = (Qp[i] + change * Q[t * k + i]) / whole;
                p[i] /= whole;
            }
        }
    }
}

/* --- predict ---------------------------------------------------------------------------------- */
typedef struct one_vs_one_job {
    const ken_model *model;
    int64_t k, pairs;
    double *proba, *margin; /* (rows, pairs); margin NULL: the base has none */
    double *r, *work;       /* (k, k), k (k + 1) */
} one_vs_one_job;

static int64_t one_vs_one_width(const ken_model *model, ken_what what) {
    const int k = ken_model_n_classes(model);
    if (what == KEN_WHAT_PROBA) return k;
    if (what != KEN_WHAT_MARGIN) return 0;
    return k > 2 ? k : ken__binary_has_margin(model);
}

/* A pair's answer is never certain, so that the coupling has a solution. */
static double one_vs_one_clip(double p) { return KEN_MIN(KEN_MAX(p, 1e-7), 1 - 1e-7); }

static void one_vs_one_couple(const one_vs_one_job *job, int64_t row, double *out) {
    const double *pair = job->proba + row * job->pairs;
    for (int64_t a = 0; a < job->k; a++)
        for (int64_t b = a + 1; b < job->k; b++, pair++) {
            job->r[b * job->k + a] = one_vs_one_clip(*pair);
            job->r[a * job->k + b] = one_vs_one_clip(1 - *pair);
        }
    ken_pairwise_coupling(job->r, job->k, out, job->work);
}

/* Votes, and the sum of confidences c as c / (3 (|c| + 1)): less than a vote whatever they are. */
static void one_vs_one_votes(const one_vs_one_job *job, int64_t row, double *out) {
    const double *proba = job->proba + row * job->pairs;
    const double *margin = job->margin ? job->margin + row * job->pairs : NULL;
    double *confidence = job->work;
    int64_t at = 0;
    for (int64_t c = 0; c < job->k; c++) out[c] = confidence[c] = 0;
    for (int64_t a = 0; a < job->k; a++)
        for (int64_t b = a + 1; b < job->k; b++, at++) {
            const double sure = margin ? margin[at] : proba[at] - 0.5;
            out[proba[at] > 0.5 ? b : a] += 1;
            confidence[a] -= sure;
            confidence[b] += sure;
        }
    for (int64_t c = 0; c < job->k; c++) out[c] += confidence[c] / (3 * (fabs(confidence[c]) + 1));
}

static ken_status one_vs_one_rows(ken_ctx *ctx, const one_vs_one_job *job, const ken_table *X,
                                  ken_what what, double *out) {
    for (int pair = 0; pair < job->pairs; pair++) {
        KEN_TRY(ken__binary_ask(ctx, job->model, pair, X, KEN_WHAT_PROBA, job->proba + pair,
                                job->pairs));
        if (job->margin)
            KEN_TRY(ken__binary_ask(ctx, job->model, pair, X, KEN_WHAT_MARGIN, job->margin + pair,
                                    job->pairs));
    }
    for (int64_t i = 0; i < ken_table_rows(X); i++)
        (what == KEN_WHAT_PROBA ? one_vs_one_couple : one_vs_one_votes)(job, i, out + i * job->k);
    return KEN_OK;
}

/* In slices, since there are many more pairs than classes. */
static ken_status one_vs_one_slices(ken_ctx *ctx, one_vs_one_job *job, const ken_table *X,
                                    ken_what what, double *out) {
    const int64_t n = ken_table_rows(X),
                  slice = KEN_MAX(8, KEN_MIN(n, (INT64_C(1) << 21) / job->pairs) / 8 * 8);
    const bool margin = what == KEN_WHAT_MARGIN && ken__binary_has_margin(job->model);
    KEN_TRY(KEN_SCRATCH(ctx, double, slice * job->pairs, &job->proba));
    if (margin) KEN_TRY(KEN_SCRATCH(ctx, double, slice * job->pairs, &job->margin));
    KEN_TRY(KEN_SCRATCH(ctx, double, job->k * job->k, &job->r));
    KEN_TRY(KEN_SCRATCH(ctx, double, job->k *(job->k + 1), &job->work));
    for (int64_t first = 0; first < n; first += slice) {
        ken_table *some;
        KEN_TRY(ken_table_slice(ctx, X, first, KEN_MIN(slice, n - first), &some));
        const ken_status status = one_vs_one_rows(ctx, job, some, what, out + first * job->k);
        ken_table_free(some);
        KEN_TRY(status);
    }
    return KEN_OK;
}

static ken_status one_vs_one_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                     ken_what what, double *out) {
    const int64_t n = ken_table_rows(X), k = ken_model_n_classes(model);
    one_vs_one_job job = {.model = model, .k = k, .pairs = one_vs_one_pairs(k)};
    if (k > 2) return one_vs_one_slices(ctx, &job, X, what, out);
    ken_tensor t = ken_tensor_2d(out, KEN_F64, n, what == KEN_WHAT_PROBA ? 2 : 1);
    return ken_model_predict(ctx, ken_model_child(model, 0), X, what, &t);
}

ken_status ken_one_vs_one_pairs(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                ken_what what, double *out) {
    ken_table *X = NULL;
    if (ken_model_desc(model) != &ken_one_vs_one_desc)
        return KEN_FAIL(ctx, KEN_E_ARG, "give a one_vs_one model", "'%s' has no pairs of classes",
                        ken_model_desc(model)->name);
    KEN_TRY(ken_model_transform(ctx, model, table, &X)); /* says so when it is not fitted */
    const int64_t pairs = one_vs_one_pairs(ken_model_n_classes(model));
    ken_status status = KEN_OK;
    if (what != KEN_WHAT_PROBA && !(what == KEN_WHAT_MARGIN && ken__binary_has_margin(model)))
        status = KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "ask for KEN_WHAT_PROBA",
                          "one_vs_one: pairs of %s give no such output",
                          ken_model_desc(ken_model_base(model, "base"))->name);
    for (int pair = 0; status == KEN_OK && pair < pairs; pair++)
        status = ken__binary_ask(ctx, model, pair, X, what, out + pair, pairs);
    ken_table_free(X);
    return status;
}

static ken_status one_vs_one_open(ken_ctx *ctx, ken_model *model, void **state) {
    *state = NULL;
    return ken__binary_check(ctx, model, one_vs_one_pairs(ken_model_n_classes(model)));
}

/* --- descriptor ------------------------------------------------------------------------------- */
static const ken_param one_vs_one_params[] = {
    KEN_ROW_MODEL(ken_one_vs_one_params, base, KEN_CLASSIFY,
                  .doc = "the classifier of each pair; its parameters as base.NAME"),
    {0}};

static const ken_estimator one_vs_one_estimator = {.fit = one_vs_one_fit,
                                                   .width = one_vs_one_width,
                                                   .gives = KEN_GIVES(MARGIN),
                                                   .margin = KEN_MARGIN_OF_BASE,
                                                   .predict = one_vs_one_predict,
                                                   .open = one_vs_one_open};

static const ken_one_vs_one_params one_vs_one_defaults = KEN_ONE_VS_ONE_DEFAULTS;

const ken_desc ken_one_vs_one_desc = {
    .name = "one_vs_one",
    .title = "One versus one",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_CLASSIFY,
    .tags = KEN_TAG_BASE,
    .params = one_vs_one_params,
    .defaults = &one_vs_one_defaults,
    .params_size = sizeof(ken_one_vs_one_params),
    .estimator = &one_vs_one_estimator,
    .doc = "Many classes by one binary classifier per pair of classes, each on the rows of the "
           "two: k (k - 1) / 2 small "
           "fits, good for models whose cost grows faster than the rows. Probabilities of the "
           "pairs are coupled into "
           "those of the classes; a row's class is the most probable one. The margin counts votes.",
    .paper = "Wu, Lin & Weng 2004 (JMLR 5); Hastie & Tibshirani 1998",
    .peer = "sklearn.multiclass.OneVsOneClassifier",
};

const ken_desc *const ken_one_vs_one_things[] = {&ken_one_vs_one_desc, NULL};
