/* What columns have to do with one another and with the target, on at most KEN_PROFILE_PAIR_ROWS
 * rows that are spread evenly: Pearson and Spearman, Cramer's V, the correlation ratio; and how
 * well each column alone tells the target, learned on one half of the rows and checked on the
 * other. */
#include "ken/stats/describe/describe_parts.h"

#include <math.h>
#include <string.h>

enum { PAIR_LEVELS = 200, ALONE_BINS = 64, ALONE_LEVELS = 2000, ALONE_CLASSES = 50 };

/* A column on the sampled rows: numbers, or level codes when levels > 0; missing is NaN. */
typedef struct pair_column {
    const double *x;
    int64_t levels;
} pair_column;

typedef struct pair_job {
    describe_build *build;
    int64_t rows;
    int m;
    const int *columns;
    pair_column *column; /* (m) */
    double *rank;        /* (m, rows) */
    double *pearson, *spearman, *association;
    pair_column target;
    double *table;  /* per worker: PAIR_LEVELS squared, and room for alone */
    double *buffer; /* per worker: 3 * rows */
    int32_t *index; /* per worker: 3 * rows */
} pair_job;

enum { PAIR_TABLE = (ALONE_LEVELS + ALONE_BINS + 2) * (ALONE_CLASSES + 1) };

static int64_t pair_row(const pair_job *job, int64_t k) {
    return (int64_t)((double)k * (double)job->build->owner->profile.rows / (double)job->rows);
}

static void pair_load(const pair_job *job, int j, double *out) {
    const ken_column *c = ken_table_column(job->build->table, j);
    const int64_t n = job->build->owner->profile.rows;
    const int64_t *t = c->data;
    for (int64_t k = 0; k < job->rows; k++) {
        const int64_t i = job->rows == n ? k : pair_row(job, k);
        double v = ken_column_missing(c, i) ? NAN
                   : c->dtype == KEN_TIME   ? (double)t[i * c->stride]
                                            : ken_column_f64(c, i);
        out[k] = isinf(v) ? NAN : v;
    }
}

/* --- measures -------------------------------------------------------------------------------- */

/* Pearson's r over the rows where both are there; NaN when one does not vary. */
static double pair_pearson(const double *x, const double *y, int64_t n) {
    double sx = 0, sy = 0, m = 0, xx = 0, yy = 0, xy = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i])) continue;
        sx += x[i];
        sy += y[i];
        m++;
    }
    if (m < 2) return NAN;
    const double mx = sx / m, my = sy / m;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i])) continue;
        const double u = x[i] - mx, v = y[i] - my;
        xx += u * u;
        yy += v * v;
        xy += u * v;
    }
    if (!(xx > 0) || !(yy > 0)) return NAN;
    const double r = xy / (sqrt(xx) * sqrt(yy));
    return r > 1 ? 1 : r < -1 ? -1 : r;
}

/* Cramer's V = sqrt(chi squared / (n (min(rows, columns) - 1))), of levels that occur. */
static double pair_cramers_v(const pair_column *a, const pair_column *b, int64_t n, double *table) {
    const int64_t ka = a->levels, kb = b->levels;
    double row[PAIR_LEVELS] = {0}, column[PAIR_LEVELS] = {0}, m = 0, chi = 0;
    int64_t na = 0, nb = 0;
    memset(table, 0, (size_t)(ka * kb) * sizeof *table);
    for (int64_t i = 0; i < n; i++) {
        if (isnan(a->x[i]) || isnan(b->x[i])) continue;
        const int64_t u = (int64_t)a->x[i], v = (int64_t)b->x[i];
        table[u * kb + v]++;
        row[u]++;
        column[v]++;
        m++;
    }
    for (int64_t u = 0; u < ka; u++) na += row[u] > 0;
    for (int64_t v = 0; v < kb; v++) nb += column[v] > 0;
    if (na < 2 || nb < 2) return NAN;
    for (int64_t u = 0; u < ka; u++)
        for (int64_t v = 0; v < kb; v++) {
            if (!row[u] || !column[v]) continue;
            const double want = row[u] * column[v] / m, off = table[u * kb + v] - want;
            chi += off * off / want;
        }
    return sqrt(chi / m / (double)(KEN_MIN(na, nb) - 1));
}

/* Correlation ratio: the share of the numbers' spread that lies between levels, square root of it.
 */
static double pair_ratio(const pair_column *levels, const double *x, int64_t n) {
    double sum[PAIR_LEVELS] = {0}, count[PAIR_LEVELS] = {0}, total = 0, m = 0, all = 0, between = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(levels->x[i]) || isnan(x[i])) continue;
        total += x[i];
        m++;
    }
    if (m < 2) return NAN;
    const double mean = total / m;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(levels->x[i]) || isnan(x[i])) continue;
        const double v = x[i] - mean;
        const int64_t k = (int64_t)levels->x[i];
        sum[k] += v;
        count[k]++;
        all += v * v;
    }
    for (int64_t k = 0; k < levels->levels; k++)
        if (count[k] > 0) between += sum[k] * sum[k] / count[k];
    return all > 0 ? sqrt(KEN_MIN(between / all, 1)) : NAN;
}

static double pair_measure(const pair_column *a, const pair_column *b, int64_t n, double *table,
                           const char **kind) {
    *kind = a->levels && b->levels   ? "cramers_v"
            : a->levels || b->levels ? "correlation_ratio"
                                     : "pearson";
    if (a->levels && b->levels) return pair_cramers_v(a, b, n, table);
    if (a->levels) return pair_ratio(a, b->x, n);
    if (b->levels) return pair_ratio(b, a->x, n);
    return pair_pearson(a->x, b->x, n);
}

/* Ranks with ties sharing their mean; NaN stays. */
static void pair_ranks(const double *x, int64_t n, double *rank, double *buffer, int32_t *index) {
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++) {
        rank[i] = NAN;
        if (isnan(x[i])) continue;
        buffer[m] = x[i];
        index[m++] = (int32_t)i;
    }
    ken_sort_f64_index(buffer, index, m, buffer + n, index + n);
    for (int64_t i = 0; i < m;) {
        int64_t end = i + 1;
        while (end < m && buffer[end] == buffer[i]) end++;
        for (int64_t k = i; k < end; k++) rank[index[k]] = 0.5 * (double)(i + end - 1) + 1;
        i = end;
    }
}

/* --- the matrices ---------------------------------------------------------------------------- */

static bool pair_takes(const describe_build *b, int j) {
    const ken_column *c = ken_table_column(b->table, j);
    const ken_profile_column *p = &b->columns[j];
    if (c->dtype == KEN_STRING || p->distinct < 2) return false;
    return c->dtype != KEN_CATEGORY || (p->distinct <= PAIR_LEVELS && c->text.n <= PAIR_LEVELS);
}

static void pair_rank_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const pair_job *job = arg;
    for (int64_t a = begin; a < end; a++)
        if (!job->column[a].levels)
            pair_ranks(job->column[a].x, job->rows, job->rank + a * job->rows,
                       job->buffer + 3 * job->rows * worker, job->index + 3 * job->rows * worker);
}

static void pair_rows_of_matrix(void *arg, int64_t begin, int64_t end, int worker) {
    const pair_job *job = arg;
    double *table = job->table + (int64_t)PAIR_TABLE * worker;
    for (int64_t a = begin; a < end; a++) {
        for (int64_t b = 0; b <= a; b++) {
            const pair_column *x = &job->column[a], *y = &job->column[b];
            const int64_t at = a * job->m + b, mirror = b * job->m + a;
            const char *kind;
            double r = NAN, rank = NAN;
            if (!x->levels && !y->levels) {
                r = pair_pearson(x->x, y->x, job->rows);
                rank =
                    pair_pearson(job->rank + a * job->rows, job->rank + b * job->rows, job->rows);
            }
            const double any = !isnan(r) ? r : pair_measure(x, y, job->rows, table, &kind);
            job->pearson[at] = job->pearson[mirror] = r;
            job->spearman[at] = job->spearman[mirror] = rank;
            job->association[at] = job->association[mirror] = any;
        }
    }
}

static ken_status pair_matrices(pair_job *job) {
    describe_build *b = job->build;
    ken_profile *p = &b->owner->profile;
    const size_t m = (size_t)job->m;
    double *x;
    KEN_TRY(describe_own(b, m * m, sizeof(double), (void **)&job->pearson));
    KEN_TRY(describe_own(b, m * m, sizeof(double), (void **)&job->spearman));
    KEN_TRY(describe_own(b, m * m, sizeof(double), (void **)&job->association));
    KEN_TRY(KEN_SCRATCH(b->ctx, pair_column, m, &job->column));
    KEN_TRY(KEN_SCRATCH(b->ctx, double, (int64_t)m * job->rows, &x));
    KEN_TRY(KEN_SCRATCH(b->ctx, double, (int64_t)m * job->rows, &job->rank));
    for (int a = 0; a < job->m; a++) {
        const ken_column *c = ken_table_column(b->table, job->columns[a]);
        pair_load(job, job->columns[a], x + a * job->rows);
        job->column[a] = (pair_column){x + a * job->rows, c->dtype == KEN_CATEGORY ? c->text.n : 0};
    }
    KEN_TRY(ken_parallel(b->ctx, job->m, 1, pair_rank_columns, job));
    KEN_TRY(ken_parallel(b->ctx, job->m, 1, pair_rows_of_matrix, job));
    p->n_pairs = job->m;
    p->pair_columns = job->columns;
    p->pearson = job->pearson;
    p->spearman = job->spearman;
    p->association = job->association;
    return KEN_OK;
}

/* --- each column and the target -------------------------------------------------------------- */

/* The target's codes 0 .. k-1 in place of its values, as classes. */
static ken_status pair_classes(pair_job *job, double *y) {
    describe_build *b = job->build;
    const int target = b->owner->profile.target;
    const ken_column *c = ken_table_column(b->table, target);
    double seen[16];
    int64_t k = 0;
    if (c->dtype == KEN_CATEGORY) {
        job->target.levels = c->text.n;
        return KEN_OK;
    }
    if (c->dtype == KEN_STRING) {
        ken_dict *dict;
        ken_status status = ken_dict_new(b->ctx, &dict);
        for (int64_t r = 0; status == KEN_OK && r < job->rows; r++) {
            const int64_t i = pair_row(job, r);
            int32_t code = -1;
            int64_t size;
            y[r] = NAN;
            if (ken_column_missing(c, i)) continue;
            const char *text = ken_strings_at(&c->text, i, &size);
            status = ken_dict_add(dict, text, (size_t)size, &code);
            y[r] = code;
        }
        job->target.levels = status == KEN_OK ? ken_dict_count(dict) : 0;
        ken_dict_free(dict);
        return status;
    }
    for (int64_t r = 0; r < job->rows; r++) {
        if (isnan(y[r])) continue;
        int64_t at = 0;
        while (at < k && seen[at] != y[r]) at++;
        if (at == k && k < 16) seen[k++] = y[r];
        y[r] = (double)at;
    }
    job->target.levels = k;
    return KEN_OK;
}

/* Cells of a column as bins: levels, or runs of the sorted numbers of about equal size, missing
 * last. Returns the number of bins. */
static int64_t alone_bins(const pair_column *c, int64_t n, double *buffer, int32_t *index,
                          int32_t *bin) {
    int64_t m = 0, bins = 0;
    if (c->levels) {
        for (int64_t i = 0; i < n; i++)
            bin[i] = isnan(c->x[i]) ? (int32_t)c->levels : (int32_t)c->x[i];
        return c->levels + 1;
    }
    for (int64_t i = 0; i < n; i++) {
        if (isnan(c->x[i])) continue;
        buffer[m] = c->x[i];
        index[m++] = (int32_t)i;
    }
    ken_sort_f64_index(buffer, index, m, buffer + n, index + n);
    int64_t runs = 0;
    for (int64_t i = 0; i < m; i++) runs += i == 0 || buffer[i] != buffer[i - 1];
    for (int64_t i = 0, next = 0; i < m; i++) {
        const bool fresh = i == 0 || buffer[i] != buffer[i - 1];
        if (fresh && (runs <= ALONE_BINS || i >= next)) {
            bins++;
            next = bins * m / ALONE_BINS;
        }
        bin[index[i]] = (int32_t)(bins - 1);
    }
    for (int64_t i = 0; i < n; i++)
        if (isnan(c->x[i])) bin[i] = (int32_t)bins;
    return bins + 1;
}

/* R squared of bin means learned on one half and checked on the other. */
static double alone_r2(const pair_job *job, const int32_t *bin, int64_t bins, double *table) {
    const double *y = job->target.x;
    double *sum = table, *count = table + bins, off = 0, all = 0;
    for (int half = 0; half < 2; half++) {
        double total = 0, m = 0;
        memset(table, 0, (size_t)(2 * bins) * sizeof *table);
        for (int64_t i = half; i < job->rows; i += 2) {
            if (isnan(y[i])) continue;
            sum[bin[i]] += y[i];
            count[bin[i]]++;
            total += y[i];
            m++;
        }
        if (m < 1) return NAN;
        for (int64_t i = 1 - half; i < job->rows; i += 2) {
            if (isnan(y[i])) continue;
            const double mean = total / m;
            const double guess = count[bin[i]] > 0 ? sum[bin[i]] / count[bin[i]] : mean;
            off += (y[i] - guess) * (y[i] - guess);
            all += (y[i] - mean) * (y[i] - mean);
        }
    }
    return all > 0 ? 1 - off / all : NAN;
}

/* Area under the ROC curve of scores, ties counting half: mean rank of the positives. */
static double alone_auc(const double *score, const double *y, int64_t n, double *buffer,
                        int32_t *index) {
    double positives = 0, ranks = 0;
    double *rank = buffer + 2 * n;
    pair_ranks(score, n, rank, buffer, index);
    double m = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(score[i]) || isnan(y[i])) continue;
        m++;
        if (y[i] != 1) continue;
        positives++;
        ranks += rank[i];
    }
    const double negatives = m - positives;
    if (positives < 5 || negatives < 5) return NAN;
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives);
}

/* Class counts per bin from one half; the other half gets the share of class 1, or the likeliest
 * class. Two classes: AUC, else accuracy; the mean of both halves. */
static double alone_classes(const pair_job *job, const int32_t *bin, int64_t bins, double *table,
                            double *score, double *buffer, int32_t *index) {
    const int64_t k = job->target.levels, n = job->rows;
    const double *y = job->target.x;
    double right = 0, m = 0, auc = 0;
    for (int half = 0; half < 2; half++) {
        memset(table, 0, (size_t)(bins * k) * sizeof *table);
        for (int64_t i = 0; i < n; i++) score[i] = NAN;
        for (int64_t i = half; i < n; i += 2)
            if (!isnan(y[i])) table[bin[i] * k + (int64_t)y[i]]++;
        for (int64_t i = 1 - half; i < n; i += 2) {
            if (isnan(y[i])) continue;
            const double *count = table + bin[i] * k;
            int64_t best = 0;
            for (int64_t o = 1; o < k; o++)
                if (count[o] > count[best]) best = o;
            right += best == (int64_t)y[i] && count[best] > 0;
            m++;
            score[i] = k == 2 && count[0] + count[1] > 0 ? count[1] / (count[0] + count[1]) : 0.5;
        }
        if (k == 2) auc += 0.5 * alone_auc(score, y, n, buffer, index);
    }
    return k == 2 ? KEN_MAX(auc, 1 - auc) : m > 0 ? right / m : NAN;
}

static void pair_target_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const pair_job *job = arg;
    describe_build *b = job->build;
    const int64_t n = job->rows;
    double *table = job->table + (int64_t)PAIR_TABLE * worker;
    double *buffer = job->buffer + 5 * n * worker;
    int32_t *index = job->index + 3 * n * worker;
    for (int64_t j = begin; j < end; j++) {
        const ken_column *c = ken_table_column(b->table, (int)j);
        ken_profile_column *p = &b->columns[j];
        if (j == b->owner->profile.target || c->dtype == KEN_STRING || p->distinct < 2) continue;
        if (c->dtype == KEN_CATEGORY && c->text.n > ALONE_LEVELS) continue;
        const pair_column x = {buffer + 3 * n, c->dtype == KEN_CATEGORY ? c->text.n : 0};
        pair_load(job, (int)j, buffer + 3 * n);
        if (pair_takes(b, (int)j) && job->target.levels <= PAIR_LEVELS)
            p->association = pair_measure(&x, &job->target, n, table, &p->association_kind);
        if (job->target.levels > ALONE_CLASSES || n < 20) continue;
        int32_t *bin = index + 2 * n;
        const int64_t bins = alone_bins(&x, n, buffer, index, bin);
        if (!b->owner->profile.target_classes) {
            p->alone = alone_r2(job, bin, bins, table);
            p->alone_kind = "r2";
        } else if (job->target.levels >= 2) {
            p->alone = alone_classes(job, bin, bins, table, buffer + 4 * n, buffer, index);
            if (job->target.levels == 2 && !x.levels) { /* bins blur the border of a clean cut */
                const double rising = alone_auc(x.x, job->target.x, n, buffer, index);
                const double sharp = KEN_MAX(rising, 1 - rising);
                if (p->missing == 0 && sharp > p->alone) p->alone = sharp;
            }
            p->alone_kind = job->target.levels == 2 ? "roc_auc" : "accuracy";
        }
    }
}

static ken_status pair_target(pair_job *job) {
    describe_build *b = job->build;
    const ken_profile *p = &b->owner->profile;
    double *y;
    KEN_TRY(KEN_SCRATCH(b->ctx, double, KEN_MAX(job->rows, 1), &y));
    if (ken_table_column(b->table, p->target)->dtype != KEN_STRING) pair_load(job, p->target, y);
    job->target = (pair_column){y, 0};
    if (p->target_classes) KEN_TRY(pair_classes(job, y));
    return ken_parallel(b->ctx, p->cols, 1, pair_target_columns, job);
}

ken_status describe_pairs(describe_build *b) {
    ken_profile *p = &b->owner->profile;
    pair_job job = {.build = b, .rows = KEN_MIN(p->rows, KEN_PROFILE_PAIR_ROWS)};
    const int64_t workers = ken_ctx_threads(b->ctx), n = KEN_MAX(job.rows, 1);
    int *columns;
    KEN_TRY(describe_own(b, KEN_PROFILE_PAIR_COLUMNS, sizeof(int), (void **)&columns));
    if (p->target >= 0 && pair_takes(b, p->target)) columns[job.m++] = p->target;
    for (int j = 0; j < p->cols && job.m < KEN_PROFILE_PAIR_COLUMNS; j++)
        if (j != p->target && pair_takes(b, j)) columns[job.m++] = j;
    job.columns = columns;
    p->pair_rows = job.rows;
    KEN_TRY(KEN_SCRATCH(b->ctx, double, PAIR_TABLE *workers, &job.table));
    KEN_TRY(KEN_SCRATCH(b->ctx, double, 5 * n * workers, &job.buffer));
    KEN_TRY(KEN_SCRATCH(b->ctx, int32_t, 3 * n * workers, &job.index));
    KEN_TRY(pair_matrices(&job));
    return p->target >= 0 ? pair_target(&job) : KEN_OK;
}
