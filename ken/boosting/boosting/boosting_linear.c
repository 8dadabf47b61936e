/* Linear leaves (piece-wise linear trees). The columns of a leaf are those of numbers that its path asks
 * about; with x_j measured from their mean in the leaf (weighted by h), the line
 *
 *     w + sum_j c_j x_j   minimizes   G w + (H + l2) w^2 / 2  +  b'c + c'(S + linear_l2 D) c / 2,
 *
 *     b_j = sum_i g_i x_ij,   S_jk = sum_i h_i x_ij x_ik,   D = variances of the columns in the table:
 *
 * from the mean on, w and c do not touch each other, so w is the constant that the leaf would have
 * without a line, and c = -(S + linear_l2 D)^-1 b. Rows with a missing value in these columns count for w
 * alone, which is what they get. Both shrink by the learning rate.
 *
 * Sums are made in blocks of PIECE_ROWS rows of a leaf, which the leaf alone decides, and added in
 * order: no number of threads changes a bit. Values are measured from those of the leaf's first row, so
 * that nothing cancels where a leaf is narrow.
 *
 * source  Shi, Li & Li 2019 (IJCAI), "Gradient boosting with piece-wise linear regression trees".
 *         Peer: LightGBM linear_tree, whose penalty depends on the units of the columns. */
#include "ken/boosting/boosting/boosting_linear.h"

#include <string.h>

#include "ken/core/threads.h"
#include "ken/tree/tree_linear.h"

enum { PIECE_ROWS = 4096, PIECE_CHUNK = 256, PIECE_SUMS = 1 << 21 /* doubles at a time */ };
static const double piece_flat = 1e-10; /* a column that others explain but for this share is left out */

/* --- begin ------------------------------------------------------------------------------------ */

static const char *piece_obstacle(const boosting_fit *s) {
    return ken__boosting_loss_renews(&s->loss) ? "a loss whose leaves are medians or the like"
                            : s->rules.direction                ? "increasing and decreasing columns"
                            : s->p->drop_rate > 0               ? "drop_rate"
                            : s->width > 1                      ? "leaves=vector"
                                                                : NULL;
}

/* Whether the fit makes lines: asked for, or left open where they were found to pay. */
static bool piece_wanted(const boosting_fit *s) {
    if (s->p->linear_leaves != KEN_BOOSTING_LINEAR_AUTO) return s->p->linear_leaves == KEN_BOOSTING_LINEAR_ON;
    return s->lines_pay && !s->rules.oblivious && !(s->p->path_smoothing > 0) && !piece_obstacle(s);
}

static ken_status piece_check(ken_ctx *ctx, const boosting_fit *s) {
    const char *const why = piece_obstacle(s);
    if (!why) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "leave one of them out; linear leaves want a loss with a Newton step",
                    "boosting: linear leaves do not go with %s", why);
}

typedef struct piece_spread_job {
    boosting_linear *l;
    const double *weight;
    int64_t n;
} piece_spread_job;

/* Variances of columns [begin, end), of finite values, by weight, and their ends. */
static void piece_spread_block(void *arg, int64_t begin, int64_t end, int worker) {
    const piece_spread_job *const job = arg;
    (void)worker;
    for (int64_t j = begin; j < end; j++) {
        boosting_linear_column *const c = &job->l->column[j];
        double total = 0, mean = 0, sum = 0, low = INFINITY, high = -INFINITY;
        if (c->column->dtype == KEN_CATEGORY) continue;
        for (int64_t i = 0; i < job->n; i++) {
            const double x = boosting_linear_cell(c, i), w = job->weight ? job->weight[i] : 1;
            if (!isfinite(x) || !(w > 0)) continue;
            const double step = x - mean; /* West 1979 */
            low = KEN_MIN(low, x);
            high = KEN_MAX(high, x);
            total += w;
            mean += step * (w / total);
            sum += w * step * (x - mean);
        }
        if (isinf(c->low) && low <= high) c->low = low, c->high = high; /* else of an earlier fit */
        c->spread = total > 0 && isfinite(sum) ? sum / total : 0;
    }
}

ken_status ken__boosting_linear_begin(ken_ctx *ctx, boosting_fit *s, const ken_model *model,
                                      const ken_problem *problem) {
    const ken_ensemble *const e = ken_model_state(model); /* of an earlier fit */
    const int d = ken_table_cols(problem->X);
    const bool wanted = piece_wanted(s);
    if (!wanted && !(e && e->linear)) return KEN_OK;
    KEN_TRY(piece_check(ctx, s));
    KEN_TRY(KEN_ALLOC(ctx, boosting_linear, 1, &s->linear));
    boosting_linear *const l = s->linear;
    l->fits = wanted;
    l->l2 = s->p->linear_l2 >= 0 ? s->p->linear_l2 : problem->task == KEN_CLASSIFY ? 3 : 10; /* as many rows */
    KEN_TRY(KEN_ALLOC(ctx, boosting_linear_column, KEN_MAX(d, 1), &l->column));
    for (int j = 0; j < d; j++) {
        const ken_column *const c = ken_table_column(problem->X, j);
        l->column[j] = (boosting_linear_column){
            .column = c, .f64 = c->dtype == KEN_F64 && !c->valid ? c->data : NULL, .low = -INFINITY, .high = INFINITY};
        if (e && e->linear) l->column[j].low = e->linear->low[j], l->column[j].high = e->linear->high[j];
    }
    KEN_TRY(BOOSTING_RESERVE(ctx, l->offset, l->offset_capacity, 1));
    l->offset[0] = 0;
    piece_spread_job job = {l, s->loss.weight, problem->n_train};
    return ken_parallel(ctx, d, 1, piece_spread_block, &job);
}

void ken__boosting_linear_free(ken_ctx *ctx, boosting_linear *l) {
    if (!l) return;
    ken_free(ctx, l->column);
    ken_free(ctx, l->offset);
    ken_free(ctx, l->feature);
    ken_free(ctx, l->coef);
    ken_free(ctx, l->center);
    ken_free(ctx, l);
}

/* --- which columns ---------------------------------------------------------------------------- */

/* Rows with their packed gradients. */
typedef struct piece_rows {
    const uint32_t *row;
    const uint64_t *packed;
    int64_t n;
} piece_rows;

typedef struct piece_leaf {
    piece_rows from[2];   /* of the tree's sample; the others, where they have a say */
    int64_t first, n;     /* terms */
    int64_t sums, blocks; /* where its sums stand, of how many blocks */
    bool any;             /* there is a line */
} piece_leaf;

typedef struct piece_fit {
    const boosting_fit *s;
    boosting_linear *l;
    const boosting_scale *scale;
    piece_leaf *leaf; /* (leaves of the tree) */
    struct piece_task {
        int64_t leaf, block;
    } *task;
    int64_t most;  /* terms of a leaf */
    double *shift; /* (terms of the tree) values that sums are measured from */
    int64_t term;  /* the tree's first */
    double *sums;
    double *work; /* (threads, most + 3, PIECE_CHUNK) */
} piece_fit;

static int64_t piece_blocks(const piece_rows *from) { return (from->n + PIECE_ROWS - 1) / PIECE_ROWS; }

static ken_status piece_reserve_terms(ken_ctx *ctx, boosting_linear *l, size_t need) {
    KEN_TRY(BOOSTING_RESERVE(ctx, l->feature, l->feature_capacity, need));
    KEN_TRY(BOOSTING_RESERVE(ctx, l->coef, l->coef_capacity, need));
    return BOOSTING_RESERVE(ctx, l->center, l->center_capacity, need);
}

/* The columns on the way up from node i (of the tree's nodes), each once, ascending, behind the others. */
static ken_status piece_columns(ken_ctx *ctx, boosting_linear *l, const boosting_out *tree,
                                 const int32_t *parent, int32_t i) {
    const size_t first = l->n_terms;
    for (i = parent[i]; i >= 0; i = parent[i]) {
        size_t at = first;
        if (tree[i].category >= 0) continue;
        while (at < l->n_terms && l->feature[at] < tree[i].feature) at++;
        if (at < l->n_terms && l->feature[at] == tree[i].feature) continue;
        KEN_TRY(piece_reserve_terms(ctx, l, l->n_terms + 1));
        memmove(l->feature + at + 1, l->feature + at, (l->n_terms - at) * sizeof *l->feature);
        l->feature[at] = tree[i].feature;
        l->n_terms++;
    }
    return KEN_OK;
}

/* Terms for all leaves of the tree, and what is there for the fit. */
static ken_status piece_plan(ken_ctx *ctx, piece_fit *f) {
    const boosting_fit *const s = f->s;
    const int64_t first = s->offset[s->n_trees];
    const boosting_out *const tree = s->out + first;
    const boosting_node *const nodes = ken__boosting_grower_nodes(s->grower);
    int32_t *parent;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, (int64_t)s->n_out - first, &parent));
    KEN_TRY(KEN_SCRATCH(ctx, piece_leaf, s->n_leaves, &f->leaf));
    parent[0] = -1;
    for (int64_t i = 0, leaf = 0; i < (int64_t)s->n_out - first; i++) {
        if (tree[i].feature >= 0) {
            parent[tree[i].left] = parent[tree[i].right] = (int32_t)i;
        } else {
            const int64_t at = (int64_t)f->l->n_terms;
            KEN_TRY(piece_columns(ctx, f->l, tree, parent, (int32_t)i));
            const int64_t n = (int64_t)f->l->n_terms - at;
            f->most = KEN_MAX(f->most, n);
            const boosting_node *const node = &nodes[tree[i].node];
            f->leaf[leaf++] = (piece_leaf){.from[0] = {ken__boosting_grower_rows(s->grower, node),
                                                       ken__boosting_grower_packed(s->grower, node),
                                                       node->end - node->begin},
                                           .first = at, .n = n};
        }
        f->l->offset[first + i + 1] = (int64_t)f->l->n_terms;
    }
    return KEN_OK;
}

/* The rows out of the tree's sample, leaf by leaf. */
static ken_status piece_others(ken_ctx *ctx, const piece_fit *f, int64_t n_sampled) {
    const boosting_fit *const s = f->s;
    const int64_t n = s->n_usable - n_sampled, first = s->offset[s->n_trees], nodes = (int64_t)s->n_out - first;
    int64_t *at; /* (nodes + 1) */
    uint32_t *row;
    uint64_t *packed;
    if (!s->others.word) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, nodes + 1, &at));
    KEN_TRY(KEN_SCRATCH(ctx, uint32_t, KEN_MAX(n, 1), &row));
    KEN_TRY(KEN_SCRATCH(ctx, uint64_t, KEN_MAX(n, 1), &packed));
    memset(at, 0, (size_t)(nodes + 1) * sizeof *at);
    for (int64_t i = 0; i < n; i++) at[s->others.end[i] + 1]++;
    for (int64_t i = 0; i < nodes; i++) at[i + 1] += at[i];
    for (int64_t i = 0, leaf = 0; i < nodes; i++)
        if (s->out[first + i].feature < 0)
            f->leaf[leaf++].from[1] = (piece_rows){row + at[i], packed + at[i], at[i + 1] - at[i]};
    for (int64_t i = 0; i < n; i++) {
        const int64_t to = at[s->others.end[i]]++;
        row[to] = s->rows[n_sampled + i];
        packed[to] = s->others.word[i];
    }
    return KEN_OK;
}

/* --- sums --------------------------------------------------------------------------------------- */

/* Of a block: rows, G, H; then of each column sum g x, sum h x; then the lower triangle of sum h x x. */
static int64_t piece_width(int64_t n) { return 3 + 2 * n + n * (n + 1) / 2; }

/* The first row without a missing value, as what sums are measured from. false: there is none. */
static bool piece_shift(const piece_fit *f, const piece_leaf *leaf) {
    double *const shift = f->shift + (leaf->first - f->term);
    for (int from = 0; from < 2; from++)
        for (int64_t r = 0; r < leaf->from[from].n; r++) {
            bool whole = true;
            for (int64_t j = 0; j < leaf->n && whole; j++) {
                shift[j] = boosting_linear_cell(&f->l->column[f->l->feature[leaf->first + j]],
                                                leaf->from[from].row[r]);
                whole = isfinite(shift[j]);
            }
            if (whole) return true;
        }
    return false;
}

/* m rows: columns from their shift, gradients and hessians, all 0 where a value is missing. How many are
 * not. */
static int64_t piece_gather(const piece_fit *f, const piece_leaf *leaf, const uint32_t *rows,
                            const uint64_t *packed, int64_t m, double *x, double *g, double *h) {
    const double *const shift = f->shift + (leaf->first - f->term);
    const uint64_t mask = (UINT64_C(1) << f->scale->shift) - 1;
    bool whole[PIECE_CHUNK];
    int64_t n = 0;
    memset(whole, 1, sizeof whole);
    for (int64_t j = 0; j < leaf->n; j++) {
        const boosting_linear_column *const c = &f->l->column[f->l->feature[leaf->first + j]];
        double *const to = x + j * PIECE_CHUNK;
        for (int64_t r = 0; r < m; r++) {
            to[r] = boosting_linear_cell(c, rows[r]) - shift[j];
            whole[r] &= isfinite(to[r]) != 0;
        }
    }
    for (int64_t r = 0; r < m; r++) {
        g[r] = whole[r] ? (double)((int64_t)packed[r] >> f->scale->shift) / f->scale->scale_g : 0;
        h[r] = whole[r] ? (double)(packed[r] & mask) / f->scale->scale_h : 0;
        n += whole[r];
    }
    for (int64_t j = 0; n < m && j < leaf->n; j++)
        for (int64_t r = 0; r < m; r++)
            if (!whole[r]) x[j * PIECE_CHUNK + r] = 0;
    return n;
}

/* In lanes, multiplied and then added: the kernels' dot has other bits on other instruction sets. */
static double piece_dot(const double *a, const double *b, int64_t n) {
    double lane[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++) lane[k] += a[i + k] * b[i + k];
    for (int k = 0; i < n; i++, k++) lane[k] += a[i] * b[i];
    for (int half = 4; half > 0; half /= 2)
        for (int k = 0; k < half; k++) lane[k] += lane[k + half];
    return lane[0];
}

static void piece_add(const piece_fit *f, const piece_leaf *leaf, const piece_rows *from, int64_t at, int64_t m,
                      double *work, double *sum) {
    const int64_t n = leaf->n;
    double *const x = work, *const g = x + n * PIECE_CHUNK, *const h = g + PIECE_CHUNK,
                 *const hx = h + PIECE_CHUNK;
    double *const gx = sum + 3, *const hx_sum = gx + n, *triangle = hx_sum + n;
    sum[0] += (double)piece_gather(f, leaf, from->row + at, from->packed + at, m, x, g, h);
    for (int64_t r = 0; r < m; r++) sum[1] += g[r], sum[2] += h[r];
    for (int64_t j = 0; j < n; j++) {
        const double *const xj = x + j * PIECE_CHUNK;
        gx[j] += piece_dot(g, xj, m);
        hx_sum[j] += piece_dot(h, xj, m);
        for (int64_t r = 0; r < m; r++) hx[r] = h[r] * xj[r];
        for (int64_t k = 0; k <= j; k++) *triangle++ += piece_dot(hx, x + k * PIECE_CHUNK, m);
    }
}

static void piece_sum_block(void *arg, int64_t begin, int64_t end, int worker) {
    const piece_fit *const f = arg;
    double *const work = f->work + worker * (f->most + 3) * PIECE_CHUNK;
    for (int64_t t = begin; t < end; t++) {
        const piece_leaf *const leaf = &f->leaf[f->task[t].leaf];
        const int64_t own = piece_blocks(&leaf->from[0]), block = f->task[t].block;
        const piece_rows *const from = &leaf->from[block >= own];
        const int64_t first = (block < own ? block : block - own) * PIECE_ROWS, width = piece_width(leaf->n);
        const int64_t last = KEN_MIN(first + PIECE_ROWS, from->n);
        double *const sum = f->sums + leaf->sums + f->task[t].block * width;
        memset(sum, 0, (size_t)width * sizeof *sum);
        for (int64_t at = first; at < last; at += PIECE_CHUNK)
            piece_add(f, leaf, from, at, KEN_MIN(PIECE_CHUNK, last - at), work, sum);
    }
}

/* --- lines -------------------------------------------------------------------------------------- */

/* b becomes the solution of (S + penalty) c = b, S the packed lower triangle, which is overwritten by
 * its Cholesky factor. A column whose pivot is next to nothing gets 0. */
static void piece_solve(double *S, const double *least, int64_t n, double *b) {
    for (int64_t j = 0; j < n; j++) {
        double *const row = S + j * (j + 1) / 2;
        for (int64_t k = 0; k <= j; k++) {
            const double *const other = S + k * (k + 1) / 2;
            double v = row[k];
            for (int64_t i = 0; i < k; i++) v -= row[i] * other[i];
            if (k < j)
                row[k] = other[k] > 0 ? v / other[k] : 0;
            else
                row[k] = v > least[j] ? sqrt(v) : 0;
        }
        double v = b[j];
        for (int64_t i = 0; i < j; i++) v -= row[i] * b[i];
        b[j] = row[j] > 0 ? v / row[j] : 0;
    }
    for (int64_t j = n; j-- > 0;) {
        double v = b[j];
        for (int64_t i = j + 1; i < n; i++) v -= S[i * (i + 1) / 2 + j] * b[i];
        b[j] = S[j * (j + 1) / 2 + j] > 0 ? v / S[j * (j + 1) / 2 + j] : 0;
    }
}

/* Where a loss tames its steps, the line is made flatter until no row of the leaf steps further. */
static double piece_tame(const piece_fit *f, const piece_leaf *leaf) {
    const boosting_linear *const l = f->l;
    double low = 0, high = 0, share = 1;
    if (!ken__boosting_loss_tames(&f->s->loss)) return 1;
    for (int64_t r = 0; r < leaf->from[0].n + leaf->from[1].n; r++) {
        const uint32_t row = r < leaf->from[0].n ? leaf->from[0].row[r] : leaf->from[1].row[r - leaf->from[0].n];
        double v = 0;
        for (int64_t t = leaf->first; t < leaf->first + leaf->n; t++)
            v += l->coef[t] * (boosting_linear_cell(&l->column[l->feature[t]], row) - l->center[t]);
        if (!isfinite(v)) continue;
        low = KEN_MIN(low, v);
        high = KEN_MAX(high, v);
    }
    if (high > 0) share = KEN_MIN(share, ken__boosting_loss_tame(&f->s->loss, high) / high);
    if (low < 0) share = KEN_MIN(share, ken__boosting_loss_tame(&f->s->loss, low) / low);
    return share;
}

/* From the sums to the line. sum: of all blocks. */
static void piece_line(const piece_fit *f, piece_leaf *leaf, double *sum) {
    const boosting_fit *const s = f->s;
    const int64_t n = leaf->n;
    const double G = sum[1], H = sum[2];
    double *const b = sum + 3, *const mean = b + n, *const S = mean + n;
    double *const coef = f->l->coef + leaf->first, *const center = f->l->center + leaf->first;
    double *const least = coef; /* until the line is known */
    if (sum[0] < (double)n + 2 || !(H > 0)) return;
    for (int64_t j = 0; j < n; j++) mean[j] /= H;
    for (int64_t j = 0; j < n; j++) {
        double *const row = S + j * (j + 1) / 2;
        for (int64_t k = 0; k <= j; k++) row[k] -= H * mean[j] * mean[k];
        b[j] = G * mean[j] - b[j];
        const double spread = f->l->column[f->l->feature[leaf->first + j]].spread;
        least[j] = piece_flat * row[j];
        row[j] += f->l->l2 * spread;
        least[j] = KEN_MAX(least[j], piece_flat * row[j]);
        center[j] = f->shift[leaf->first - f->term + j] + mean[j];
    }
    piece_solve(S, least, n, b);
    leaf->any = true;
    for (int64_t j = 0; j < n; j++) leaf->any &= isfinite(b[j]) && isfinite(center[j]);
    if (!leaf->any) return;
    memcpy(coef, b, (size_t)n * sizeof *b);
    const double share = s->shrinkage * piece_tame(f, leaf);
    for (int64_t j = 0; j < n; j++) coef[j] *= share;
}

static void piece_line_block(void *arg, int64_t begin, int64_t end, int worker) {
    piece_fit *const f = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        piece_leaf *const leaf = &f->leaf[i];
        const int64_t width = piece_width(leaf->n);
        double *const sum = f->sums + leaf->sums;
        if (leaf->blocks == 0) continue;
        for (int64_t b = 1; b < leaf->blocks; b++)
            for (int64_t k = 0; k < width; k++) sum[k] += sum[b * width + k];
        piece_line(f, leaf, sum);
    }
}

/* As many leaves as PIECE_SUMS has room for, at least one, from `first` on; the next one. */
static ken_status piece_batch(ken_ctx *ctx, piece_fit *f, int64_t first, int64_t *next) {
    const ken_mark mark = ken_scratch_mark(ctx);
    int64_t end = first, sums = 0, tasks = 0;
    for (; end < (int64_t)f->s->n_leaves; end++) {
        piece_leaf *const leaf = &f->leaf[end];
        const bool any = leaf->n > 0 && piece_shift(f, leaf);
        const int64_t blocks = any ? piece_blocks(&leaf->from[0]) + piece_blocks(&leaf->from[1]) : 0;
        const int64_t need = blocks * piece_width(leaf->n);
        if (end > first && sums + need > PIECE_SUMS) break;
        leaf->sums = sums;
        leaf->blocks = blocks;
        sums += need;
        tasks += blocks;
    }
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(sums, 1), &f->sums));
    KEN_TRY(ken_scratch(ctx, (size_t)KEN_MAX(tasks, 1), sizeof *f->task, (void **)&f->task));
    tasks = 0;
    for (int64_t i = first; i < end; i++)
        for (int64_t b = 0; b < f->leaf[i].blocks; b++) f->task[tasks++] = (struct piece_task){i, b};
    KEN_TRY(ken_parallel(ctx, tasks, 1, piece_sum_block, f));
    piece_fit here = *f;
    here.leaf = f->leaf + first;
    KEN_TRY(ken_parallel(ctx, end - first, 1, piece_line_block, &here));
    ken_scratch_release(ctx, mark);
    *next = end;
    return KEN_OK;
}

/* Leaves that got no line give their terms back. */
static void piece_compact(piece_fit *f) {
    const boosting_fit *const s = f->s;
    boosting_linear *const l = f->l;
    const int64_t first = s->offset[s->n_trees];
    int64_t kept = f->term, leaf = 0;
    for (int64_t i = first; i < (int64_t)s->n_out; i++) {
        l->offset[i] = kept;
        if (s->out[i].feature >= 0) continue;
        const piece_leaf *const from = &f->leaf[leaf++];
        if (!from->any) continue;
        memmove(l->feature + kept, l->feature + from->first, (size_t)from->n * sizeof *l->feature);
        memmove(l->coef + kept, l->coef + from->first, (size_t)from->n * sizeof *l->coef);
        memmove(l->center + kept, l->center + from->first, (size_t)from->n * sizeof *l->center);
        kept += from->n;
    }
    l->offset[s->n_out] = kept;
    l->n_terms = (size_t)kept;
}

ken_status ken__boosting_linear_fit(ken_ctx *ctx, boosting_fit *s, int64_t n_sampled, const boosting_scale *scale) {
    boosting_linear *const l = s->linear;
    piece_fit f = {.s = s, .l = l, .scale = scale, .term = (int64_t)l->n_terms};
    KEN_TRY(BOOSTING_RESERVE(ctx, l->offset, l->offset_capacity, s->n_out + 1));
    for (int64_t i = s->offset[s->n_trees]; i < (int64_t)s->n_out; i++) l->offset[i + 1] = (int64_t)l->n_terms;
    if (!l->fits || (int64_t)s->n_trees < s->loss.outputs || s->n_leaves < 2) return KEN_OK;
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(piece_plan(ctx, &f));
    KEN_TRY(piece_others(ctx, &f, n_sampled));
    KEN_TRY(KEN_SCRATCH(ctx, double, (int64_t)l->n_terms - f.term + 1, &f.shift));
    KEN_TRY(KEN_SCRATCH(ctx, double, ken_ctx_threads(ctx) * (f.most + 3) * PIECE_CHUNK, &f.work));
    for (int64_t at = 0; at < (int64_t)s->n_leaves;) KEN_TRY(piece_batch(ctx, &f, at, &at));
    piece_compact(&f);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* --- from and to attributes ----------------------------------------------------------------------- */

ken_status ken__boosting_linear_write(ken_ctx *ctx, ken_model *model, const boosting_fit *s,
                                      int64_t n_nodes) {
    const boosting_linear *const l = s->linear;
    const size_t terms = (size_t)l->offset[n_nodes];
    const int64_t inputs = ken_model_n_inputs(model);
    ken_linear_arrays a;
    KEN_TRY(ken_ensemble_new_linear(ctx, model, n_nodes, (int64_t)terms, inputs, &a));
    for (int64_t j = 0; j < inputs; j++)
        if (isfinite(l->column[j].low)) a.low[j] = l->column[j].low, a.high[j] = l->column[j].high;
    memcpy(a.offset, l->offset, (size_t)(n_nodes + 1) * sizeof *a.offset);
    if (terms == 0) return KEN_OK;
    memcpy(a.feature, l->feature, terms * sizeof *a.feature);
    memcpy(a.coef, l->coef, terms * sizeof *a.coef);
    memcpy(a.center, l->center, terms * sizeof *a.center);
    return KEN_OK;
}

ken_status ken__boosting_linear_continue(ken_ctx *ctx, boosting_fit *s, const ken_ensemble *e) {
    const ken_tree_linear *const from = e->linear;
    boosting_linear *const l = s->linear;
    KEN_TRY(BOOSTING_RESERVE(ctx, l->offset, l->offset_capacity, e->n_nodes + 1));
    memset(l->offset, 0, (size_t)(e->n_nodes + 1) * sizeof *l->offset);
    if (!from) return KEN_OK; /* all constant */
    KEN_TRY(piece_reserve_terms(ctx, l, (size_t)from->n_terms));
    memcpy(l->offset, from->offset, (size_t)(e->n_nodes + 1) * sizeof *l->offset);
    l->n_terms = (size_t)from->n_terms;
    if (l->n_terms == 0) return KEN_OK;
    memcpy(l->feature, from->feature, l->n_terms * sizeof *l->feature);
    memcpy(l->coef, from->coef, l->n_terms * sizeof *l->coef);
    memcpy(l->center, from->center, l->n_terms * sizeof *l->center);
    return KEN_OK;
}
