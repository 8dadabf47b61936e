/* Contributions of linear leaves: what the slopes add to those of the constants (tree_shap.c, tree_against.c).
 * A term of a leaf, a = coef (x_j - center), is a game of its own.
 *
 * By the covers: a column that is not known is, in a leaf, at the leaf's mean, where the term is nothing. So the
 * term counts a prod_{k in S} o_k prod_{k not in S} z_k where j is in S, else nothing: the game of tree_shap.h
 * with z_j = 0. With f_k = o_k t + z_k (1 - t) and P the product of all f_k of the path, the terms of the leaf give
 *
 *     phi_i = integral over [0,1] of  P (o_i - z_i) / f_i  sum over j != i of a_j t / f_j  +  P a_i / f_i  dt,
 *
 * j over the columns of terms with o_j = 1. Against a background: a mixture of row x and background row b reaches
 * the leaf if it takes x's p columns and b's q where the two part; then the term is coef (x_j - center) if j is
 * among the p, coef (b_j - center) if among the q, and else coef (b_j - center) plus, where x's value is taken,
 * coef (x_j - b_j): a game of p + 1 and q columns. A value that is missing in one of the two makes its column
 * one of the q or of the p, for only a whole mixture gets the line.
 *
 * Interactions by the covers: the index of two columns is the integral over [0,1] of the mixed derivative of the
 * game's multilinear extension,
 *
 *     I_ij = integral of  P / (f_i f_j) ((o_i - z_i) (o_j - z_j) sum over k != i, j of a_k t / f_k
 *                                        + a_i (o_j - z_j) + a_j (o_i - z_i))  dt. */
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/tree/tree_linear.h"
#include "ken/tree/tree_shap.h"

/* A column on the path to a leaf, for the rows at hand. */
typedef struct lineshap_column {
    int32_t column;
    double z;      /* product of the cover shares of its splits */
    bool row, back; /* whether x, b passes all of its splits */
    double a;      /* coef (x - center), 0: no term */
    int64_t term;  /* -1: none */
} lineshap_column;

typedef struct lineshap_job {
    const ken_ensemble *e;
    const ken_table *X;
    double *out;
    int32_t most;   /* different columns on a path */
    int32_t *up;    /* (nodes) parent, counted from the tree's first node */
    double *share;  /* (nodes) of the parent's cover */
    lineshap_column *path; /* (threads, most + 1) */
    double *x;      /* (threads, inputs) */
    double *phi;    /* (threads, outputs, a row's numbers: inputs + 1, for pairs its square) */
    /* by the covers */
    int m;
    double *t, *w;  /* (m) points and weights */
    bool pairs;
    /* against a background */
    int64_t n_background;
    const double *background; /* (n_background, inputs); NULL: by the covers */
    const double *weight;     /* (most + 1, most + 1) p! q! / (p + q + 1)! */
} lineshap_job;

/* The different columns on the way to `node`, with what x and b (NULL: none) do there. How many; 0: neither
 * reaches it whatever the others do. */
static int lineshap_path(const lineshap_job *job, int64_t first, int32_t node, const double *x, const double *b,
                         lineshap_column *path) {
    const ken_ensemble *const e = job->e;
    int n = 0;
    for (int32_t at = node; at > 0; at = job->up[first + at]) {
        const int64_t i = first + job->up[first + at];
        const int32_t column = e->feature[i];
        const bool left = e->left[i] == at;
        int k = 0;
        while (k < n && path[k].column != column) k++;
        if (k == n) path[n++] = (lineshap_column){.column = column, .z = 1, .row = true, .back = true, .term = -1};
        path[k].row &= ken_ensemble_goes_left(e, i, x[column]) == left;
        if (b) path[k].back &= ken_ensemble_goes_left(e, i, b[column]) == left;
        path[k].z *= job->share[first + at];
        if (b && !path[k].row && !path[k].back) return 0;
    }
    return n;
}

/* Marks the columns of the leaf's terms; false: one is not on the path (of a hostile file). */
static bool lineshap_terms(const ken_ensemble *e, int64_t leaf, const double *x, lineshap_column *path, int n) {
    const ken_tree_linear *const l = e->linear;
    for (int64_t t = l->offset[leaf]; t < l->offset[leaf + 1]; t++) {
        int k = 0;
        while (k < n && path[k].column != l->feature[t]) k++;
        if (k == n || path[k].term >= 0) return false;
        path[k].term = t;
        path[k].a = l->coef[t] * (ken__tree_linear_hold(l, l->feature[t], x[l->feature[t]]) - l->center[t]);
    }
    return true;
}

/* --- by the covers ------------------------------------------------------------------------------------ */

/* Half of the index to both places outside the diagonal, and off it; terms: the sum over all k. */
static void lineshap_pairs(const lineshap_job *job, const lineshap_column *path, int n, double t, double product,
                           double terms, double *phi) {
    const int64_t width = job->e->n_inputs + 1;
    for (int i = 0; i < n; i++) {
        const double fi = path[i].row * t + path[i].z * (1 - t), di = path[i].row - path[i].z;
        const double ai = path[i].row && path[i].term >= 0 ? path[i].a : 0;
        for (int j = 0; j < i; j++) {
            const double fj = path[j].row * t + path[j].z * (1 - t), dj = path[j].row - path[j].z;
            const double aj = path[j].row && path[j].term >= 0 ? path[j].a : 0;
            const double rest = terms - ai * t / fi - aj * t / fj;
            const double half = 0.5 * product / (fi * fj) * (di * dj * rest + ai * dj + aj * di);
            phi[path[i].column * width + path[j].column] += half;
            phi[path[j].column * width + path[i].column] += half;
            phi[path[i].column * (width + 1)] -= half;
            phi[path[j].column * (width + 1)] -= half;
        }
    }
}

static void lineshap_leaf(const lineshap_job *job, const lineshap_column *path, int n, double *phi) {
    const int64_t step = job->pairs ? job->e->n_inputs + 2 : 1; /* the diagonal of a matrix with base */
    for (int q = 0; q < job->m; q++) {
        const double t = job->t[q];
        double product = job->w[q], terms = 0;
        for (int k = 0; k < n; k++) {
            const double f = (path[k].row ? t : 0) + path[k].z * (1 - t);
            product *= f;
            if (path[k].term >= 0 && path[k].row) terms += path[k].a * t / f;
        }
        if (product == 0) continue; /* a way that nothing takes */
        for (int k = 0; k < n; k++) {
            const double o = path[k].row, f = o * t + path[k].z * (1 - t), a = path[k].term >= 0 ? o * path[k].a : 0;
            phi[path[k].column * step] += product / f * ((o - path[k].z) * (terms - a * t / f) + a);
        }
        if (job->pairs) lineshap_pairs(job, path, n, t, product, terms, phi);
    }
}

/* Whether the leaf would answer the row with its line. */
static bool lineshap_whole(const ken_ensemble *e, int64_t leaf, const double *x) {
    const ken_tree_linear *const l = e->linear;
    double v = e->value[leaf];
    for (int64_t t = l->offset[leaf]; t < l->offset[leaf + 1]; t++) 
        v += l->coef[t] * (ken__tree_linear_hold(l, l->feature[t], x[l->feature[t]]) - l->center[t]);
    return isfinite(v);
}

/* --- against a background ------------------------------------------------------------------------------- */

/* v for mixtures that take x's columns (row alone) and b's (back alone): among the p and the q. extra: one more
 * column that must be x's; -1: none. */
static void lineshap_share(const lineshap_job *job, const lineshap_column *path, int n, int extra, double v, double *phi) {
    const int64_t width = job->most + 1;
    int64_t p = 0, q = 0;
    for (int k = 0; k < n; k++) {
        p += k == extra || !path[k].back;
        q += k != extra && !path[k].row;
    }
    for (int k = 0; k < n; k++) {
        if (k == extra || !path[k].back) phi[path[k].column] += v * job->weight[(p - 1) * width + q];
        if (k != extra && !path[k].row) phi[path[k].column] -= v * job->weight[p * width + q - 1];
    }
}

static void lineshap_pair(const lineshap_job *job, const double *x, const double *b, lineshap_column *path, int n,
                          double *phi) {
    const ken_tree_linear *const l = job->e->linear;
    double fixed = 0;
    for (int k = 0; k < n; k++) {
        lineshap_column *const c = &path[k];
        if (c->term < 0) continue;
        c->row &= isfinite(x[c->column]) != 0; /* only whole mixtures */
        c->back &= isfinite(b[c->column]) != 0;
        if (!c->row && !c->back) return;
        fixed += c->back ? l->coef[c->term] * (ken__tree_linear_hold(l, c->column, b[c->column]) - l->center[c->term]) : c->a;
    }
    lineshap_share(job, path, n, -1, fixed, phi);
    for (int k = 0; k < n; k++)
        if (path[k].term >= 0 && path[k].row && path[k].back)
            lineshap_share(job, path, n, k,
                           l->coef[path[k].term] * (ken__tree_linear_hold(l, path[k].column, x[path[k].column]) -
                                                    ken__tree_linear_hold(l, path[k].column, b[path[k].column])), phi);
}

/* --- all -------------------------------------------------------------------------------------------------- */

static void lineshap_tree(const lineshap_job *job, int32_t tree, const double *x, const double *b,
                          lineshap_column *path, double *phi) {
    const ken_ensemble *const e = job->e;
    const int64_t first = e->tree_offset[tree];
    for (int64_t i = first; i < e->tree_offset[tree + 1]; i++) {
        if (e->linear->offset[i] == e->linear->offset[i + 1]) continue;
        if (!b && !lineshap_whole(e, i, x)) continue;
        const int n = lineshap_path(job, first, (int32_t)(i - first), x, b, path);
        if (n == 0 || !lineshap_terms(e, i, x, path, n)) continue;
        if (b)
            lineshap_pair(job, x, b, path, n, phi);
        else
            lineshap_leaf(job, path, n, phi);
    }
}

static void lineshap_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const lineshap_job *const job = arg;
    const ken_ensemble *const e = job->e;
    const int64_t d = e->n_inputs, part = job->pairs ? (d + 1) * (d + 1) : d + 1, cells = e->n_outputs * part;
    const int64_t backs = KEN_MAX(job->n_background, 1);
    double *const x = job->x + worker * d, *const phi = job->phi + worker * cells;
    lineshap_column *const path = job->path + (int64_t)worker * (job->most + 1);
    for (int64_t i = begin; i < end; i++) {
        double *const out = job->out + i * cells;
        ken_table_gather(job->X, i, 1, x, d);
        memset(phi, 0, (size_t)cells * sizeof *phi);
        for (int64_t k = 0; k < backs; k++)
            for (int32_t t = 0; t < e->n_trees; t++)
                lineshap_tree(job, t, x, job->background ? job->background + k * d : NULL, path,
                              phi + KEN_MAX(e->tree_output[t], 0) * part);
        for (int64_t c = 0; c < cells; c++) out[c] += phi[c] / (double)backs;
    }
}

/* Parents and shares of the covers. */
static ken_status lineshap_plan(ken_ctx *ctx, lineshap_job *job) {
    const ken_ensemble *const e = job->e;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, e->n_nodes, &job->up));
    KEN_TRY(KEN_SCRATCH(ctx, double, e->n_nodes, &job->share));
    for (int32_t t = 0; t < e->n_trees; t++) {
        const int64_t first = e->tree_offset[t];
        job->up[first] = -1;
        for (int64_t i = first; i < e->tree_offset[t + 1]; i++) {
            if (e->feature[i] < 0) continue;
            for (int side = 0; side < 2; side++) {
                const int64_t child = first + (side ? e->right[i] : e->left[i]);
                job->up[child] = (int32_t)(i - first);
                job->share[child] = e->cover[i] > 0 ? e->cover[child] / e->cover[i] : 0.5;
            }
        }
    }
    return KEN_OK;
}

static ken_status lineshap_run(ken_ctx *ctx, lineshap_job *job) {
    const ken_ensemble *const e = job->e;
    const int64_t threads = ken_ctx_threads(ctx), d = KEN_MAX(e->n_inputs, 1);
    job->most = KEN_MIN(e->max_depth, e->n_inputs);
    job->m = job->most / 2 + 1;
    KEN_TRY(lineshap_plan(ctx, job));
    KEN_TRY(KEN_SCRATCH(ctx, lineshap_column, threads * (job->most + 1), &job->path));
    KEN_TRY(KEN_SCRATCH(ctx, double, threads * d, &job->x));
    KEN_TRY(KEN_SCRATCH(ctx, double, threads * e->n_outputs * (job->pairs ? (d + 1) * (d + 1) : d + 1), &job->phi));
    KEN_TRY(KEN_SCRATCH(ctx, double, job->m, &job->t));
    KEN_TRY(KEN_SCRATCH(ctx, double, job->m, &job->w));
    ken_gauss_legendre(job->m, job->t, job->w);
    return ken_parallel(ctx, ken_table_rows(job->X), 1, lineshap_rows, job);
}

ken_status ken__tree_linear_contributions(ken_ctx *ctx, const ken_ensemble *e, const ken_table *X, bool pairs,
                                          double *out) {
    lineshap_job job = {.e = e, .X = X, .out = out, .pairs = pairs};
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = lineshap_run(ctx, &job);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken__tree_linear_against(ken_ctx *ctx, const ken_ensemble *e, const ken_table *X, const double *background,
                                    int64_t n_background, const double *weight, double *out) {
    lineshap_job job = {.e = e, .X = X, .out = out, .background = background, .n_background = n_background,
                        .weight = weight};
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = lineshap_run(ctx, &job);
    ken_scratch_release(ctx, mark);
    return status;
}
