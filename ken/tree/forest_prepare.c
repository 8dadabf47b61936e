/* A problem as a forest wants it: codes of one byte, row by row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/tree/forest_parts.h"

enum {
    FOREST_SET_LEVELS = 1024, /* above, a column's levels are put into order once, for all nodes */
    FOREST_PRIOR = 20 /* rows of the mean that a level's mean is mixed with, for that order */
};

static int64_t forest_stride(int32_t d) {
    int64_t stride = 8;
    while (stride < 64 && stride < d) stride *= 2;
    return d <= 64 ? stride : ((int64_t)d + 15) / 16 * 16;
}

/* --- categories of very many levels ----------------------------------------------------------- */

typedef struct forest_level {
    double key, weight;
    int32_t code;
} forest_level;

static int forest_compare_levels(const void *a, const void *b) {
    const forest_level *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

/* Mean target (regression), or share of the last class (two) or of the largest (several), of each
 * level, drawn to the mean of all; levels in that order, cut into 254 bins of about equal weight.
 */
static void forest_order_levels(const forest *f, const double *x, int32_t n_levels,
                                forest_level *level, int16_t *code, forest_column *column) {
    double total = 0, sum = 0, filled = 0;
    int32_t top = f->k - 1, used = 0, bin = 0;
    for (int32_t l = 0; l < n_levels; l++) level[l] = (forest_level){0, 0, l};
    if (f->k > 2) {
        double most = -1;
        for (int32_t c = 0; c < f->k; c++) {
            double count = 0;
            for (int32_t i = 0; i < f->n; i++) count += f->label[i] == c;
            if (count > most) most = count, top = c;
        }
    }
    for (int32_t i = 0; i < f->n; i++) {
        const double w = f->weight ? f->weight[i] : 1.0;
        const double y = f->y ? f->y[i] : f->label[i] == top;
        if (!(x[i] >= 0 && x[i] < n_levels) || !(w > 0)) continue;
        level[(int32_t)x[i]].key += w * y;
        level[(int32_t)x[i]].weight += w;
        total += w;
        sum += w * y;
    }
    for (int32_t l = 0; l < n_levels; l++) {
        code[l] = -1;
        if (!(level[l].weight > 0)) continue;
        level[used] = level[l];
        level[used].key =
            (level[l].key + FOREST_PRIOR * sum / total) / (level[l].weight + FOREST_PRIOR);
        used++;
    }
    qsort(level, (size_t)used, sizeof *level, forest_compare_levels);
    for (int32_t r = 0; r < used; r++) {
        code[level[r].code] = (int16_t)bin;
        filled += level[r].weight;
        if (r + 1 < used && bin < FOREST_BINS - 3 &&
            filled >= total * (bin + 1) / (FOREST_BINS - 2))
            bin++;
    }
    column->shared = true;
    column->set = false;
    column->exact = false;
    column->n_bins = used ? bin + 1 : 0;
    column->n_levels = n_levels;
    column->level_code = code;
}

static ken_status forest_share_column(ken_ctx *ctx, forest *f, const ken_column *c,
                                      forest_column *column, uint8_t *codes) {
    const int32_t n_levels = (int32_t)c->text.n;
    double *x = NULL;
    int16_t *code = NULL;
    forest_level *level = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int16_t, n_levels, &code));
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(KEN_SCRATCH(ctx, double, f->n, &x));
    KEN_TRY(KEN_SCRATCH(ctx, forest_level, n_levels, &level));
    ken_column_gather(c, 0, f->n, x, 1);
    forest_order_levels(f, x, n_levels, level, code, column);
    for (int32_t i = 0; i < f->n; i++) {
        const bool there = x[i] >= 0 && x[i] < n_levels && code[(int32_t)x[i]] >= 0;
        codes[i * f->stride] = (uint8_t)(there ? code[(int32_t)x[i]] : column->n_bins);
    }
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* --- random cuts need the values behind the bins ---------------------------------------------- */

typedef struct forest_ranges {
    const forest *f;
    const ken_table *X;
    double *low, *high; /* (d, FOREST_BINS) */
} forest_ranges;

static void forest_find_ranges(void *arg, int64_t begin, int64_t end, int worker) {
    const forest_ranges *r = arg;
    const forest *f = r->f;
    double x[1024];
    (void)worker;
    for (int64_t j = begin; j < end; j++) {
        double *low = r->low + j * FOREST_BINS, *high = r->high + j * FOREST_BINS;
        for (int b = 0; b < FOREST_BINS; b++)
            low[b] = (double)INFINITY, high[b] = -(double)INFINITY;
        for (int64_t i = 0; i < f->n; i += 1024) {
            const int64_t m = KEN_MIN(1024, f->n - i);
            ken_column_gather(ken_table_column(r->X, (int)j), i, m, x, 1);
            for (int64_t k = 0; k < m; k++) {
                const uint8_t code = f->codes[(i + k) * f->stride + j];
                low[code] = KEN_MIN(low[code], x[k]);
                high[code] = KEN_MAX(high[code], x[k]);
            }
        }
    }
}

static ken_status forest_add_ranges(ken_ctx *ctx, const ken_table *X, forest *f,
                                    forest_column *column) {
    forest_ranges r = {f, X, NULL, NULL};
    KEN_TRY(KEN_SCRATCH(ctx, double, (int64_t)f->d *FOREST_BINS, &r.low));
    KEN_TRY(KEN_SCRATCH(ctx, double, (int64_t)f->d *FOREST_BINS, &r.high));
    KEN_TRY(ken_parallel(ctx, f->d, 1, forest_find_ranges, &r));
    for (int32_t j = 0; j < f->d; j++) {
        if (column[j].set || column[j].shared) continue;
        column[j].low = r.low + (int64_t)j * FOREST_BINS;
        column[j].high = r.high + (int64_t)j * FOREST_BINS;
    }
    return KEN_OK;
}

/* --- all -------------------------------------------------------------------------------------- */

static ken_status forest_add_target(ken_ctx *ctx, const ken_problem *problem, forest *f) {
    double *y = NULL, sum = 0, total = 0;
    for (int32_t i = 0; i < f->n; i++) {
        const double w = f->weight ? f->weight[i] : 1.0;
        total += w;
        if (problem->y) sum += w * problem->y[i];
    }
    if (!(total > 0))
        return KEN_FAIL(ctx, KEN_E_VALUE, "give some row a weight above 0",
                        "%s: no row has a weight above 0", f->rules->name);
    f->total_weight = total * (double)f->draws / f->n;
    if (!problem->y) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, double, f->n, &y));
    f->center = sum / total;
    for (int32_t i = 0; i < f->n; i++) y[i] = problem->y[i] - f->center;
    f->y = y;
    return KEN_OK;
}

static int32_t forest_columns_drawn(const ken_forest_rules *r, bool classify, int32_t d) {
    double m = d;
    int how = r->columns;
    if (how == KEN_FOREST_AUTO) how = classify ? KEN_FOREST_SQRT : KEN_FOREST_ALL;
    if (how == KEN_FOREST_SQRT) m = floor(sqrt((double)d));
    if (how == KEN_FOREST_THIRD) m = ceil(d / 3.0);
    if (how == KEN_FOREST_FRACTION) m = ceil(r->column_fraction * d - 1e-9);
    if (how == KEN_FOREST_LOG2) {
        int bits = 0;
        while (d >> (bits + 1)) bits++;
        m = bits;
    }
    return (int32_t)KEN_MIN(KEN_MAX(m, 1), d);
}

static ken_status forest_add_columns(ken_ctx *ctx, const ken_problem *problem, forest *f,
                                     uint8_t *codes) {
    forest_column *column = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, forest_column, f->d, &column));
    f->column = column;
    for (int32_t j = 0; j < f->d; j++) {
        const ken_bin_feature *b = &f->bins->feature[j];
        column[j] = (forest_column){.n_bins = b->n_bins,
                                    .set = b->category,
                                    .edge = b->edge,
                                    .exact = b->exact,
                                    .n_levels = b->n_levels};
        if (b->category && b->n_levels > FOREST_SET_LEVELS)
            KEN_TRY(forest_share_column(ctx, f, ken_table_column(problem->X, j), &column[j],
                                        codes + j));
        f->any_set |= column[j].set;
    }
    return f->rules->random_cuts ? forest_add_ranges(ctx, problem->X, f, column) : KEN_OK;
}

ken_status forest_prepare(ken_ctx *ctx, const ken_problem *problem, const ken_forest_rules *rules,
                          const ken_bins *bins, forest *f) {
    uint8_t *codes = NULL;
    double *balanced = NULL;
    *f = (forest){.ctx = ctx,
                  .kernels = ken_ctx_kernels(ctx),
                  .rules = rules,
                  .bins = bins,
                  .n = (int32_t)problem->n_train,
                  .d = ken_table_cols(problem->X),
                  .label = problem->label,
                  .weight = problem->weight};
    f->k = problem->label ? problem->n_classes : 1;
    f->width = f->k > 2 ? f->k : 1;
    f->m = forest_columns_drawn(rules, problem->label != NULL, f->d);
    f->draws = (int64_t)KEN_MAX(floor(rules->row_fraction * f->n + 0.5), 1);
    f->most_rows = KEN_MIN(f->draws, f->n);
    f->most_nodes = 2 * KEN_MIN(f->most_rows, KEN_MAX(f->draws / rules->min_leaf_rows, 1)) + 1;
    if (problem->label && rules->class_weight) {
        KEN_TRY(ken_problem_balanced(ctx, problem, &balanced));
        f->weight = balanced;
    }
    f->counted = f->weight != NULL;
    f->stats = (problem->label ? f->k : 2) + f->counted;
    f->stride = forest_stride(f->d);
    KEN_TRY(forest_add_target(ctx, problem, f));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, f->n * f->stride, &codes));
    memset(codes, 0, (size_t)(f->n * f->stride));
    KEN_TRY(ken_bins_apply(ctx, bins, problem->X, 0, f->n, codes, f->stride, 1));
    f->codes = codes;
    return forest_add_columns(ctx, problem, f, codes);
}
