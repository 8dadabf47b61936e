/* Joint codes: columns of few bins share one, as the digits of a number below 256, so that a row is added
 * once for all of them (once for eight columns of zeros and ones); what each column's bins get is found
 * afterwards, from 256 sums a chunk of rows. Sums are whole numbers: they are the same to the bit.
 *
 * This is more than bundles of exclusive features (Ke et al. 2017, EFB), which need columns that are hardly
 * ever set together, and less: only columns of few bins gain. */
#include "ken/boosting/boosting_grower.h"
#include "ken/core/alloc.h"
#include "ken/core/threads.h"

enum {
    JOINT_CODES = GROW_APART,
    JOINT_RADIX = 16,       /* most digits of a column that shares its code */
    JOINT_COLUMNS = 16,     /* added at a time: 32 KB of sums stay in the nearest cache */
    JOINT_ROWS = 256        /* fewest rows of a node for which it pays */
};

/* Codes of a column among the rows that are summed. */
static int joint_radix(const boosting_binned *b, int32_t column) {
    return b->feature[column].n_bins + b->feature[column].has_missing;
}

/* The first of n joint codes that still has room for the column, n: none. product: of their radices. */
static int joint_fit(const int *product, int n, int radix) {
    int j = 0;
    while (j < n && (radix > JOINT_RADIX || product[j] * radix > JOINT_CODES)) j++;
    return j;
}

/* Deals out the columns: joint[column] is its joint code, the first one with room. Returns how many. */
static int joint_deal(const boosting_binned *b, int32_t *joint, int *product) {
    int n = 0;
    for (int32_t column = 0; column < b->d; column++) {
        const int radix = joint_radix(b, column), j = joint_fit(product, n, radix);
        if (j == n) product[n++] = 1;
        product[j] *= radix > JOINT_RADIX ? JOINT_CODES : radix;
        joint[column] = j;
    }
    return n;
}

static void joint_list(grow_joint *g, const int32_t *joint, int d) {
    int32_t at = 0;
    for (int j = 0; j < g->n; j++) {
        g->first[j] = at;
        for (int32_t column = 0; column < d; column++)
            if (joint[column] == j) g->member[at++] = column;
    }
    g->first[g->n] = at;
}

static void joint_code_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_grower *const w = arg;
    const grow_joint *const g = &w->joint;
    (void)worker;
    for (int j = 0; j < g->n; j++) {
        unsigned unit = 1;
        for (int64_t i = begin; i < end; i++) g->codes[i * g->stride + j] = 0;
        for (int32_t m = g->first[j]; m < g->first[j + 1]; m++) {
            const uint8_t *const code = w->binned->by_column + g->member[m] * w->n_train;
            for (int64_t i = begin; i < end; i++) g->codes[i * g->stride + j] += (uint8_t)(unit * code[i]);
            unit *= (unsigned)joint_radix(w->binned, g->member[m]);
        }
    }
}

ken_status ken__grow_join(ken_ctx *ctx, boosting_grower *w) {
    grow_joint *const g = &w->joint;
    const int d = w->binned->d;
    int32_t *joint;
    int *product;
    if (w->rules->vector || w->rules->apart) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, d, &joint));
    KEN_TRY(KEN_SCRATCH(ctx, int, d, &product));
    const int n = joint_deal(w->binned, joint, product);
    if (4 * n > 3 * d) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, int32_t, n + 1, &g->first));
    KEN_TRY(KEN_ALLOC(ctx, int32_t, d, &g->member));
    g->stride = n <= 8 ? 8 : n <= 16 ? 16 : (n + INT64_C(31)) / 32 * 32;
    KEN_TRY(ken_alloc(ctx, (size_t)w->n_train, (size_t)g->stride, (void **)&g->codes));
    for (int t = 0; t < w->threads; t++) {
        KEN_TRY(KEN_ALLOC(ctx, uint64_t, n *(int64_t)JOINT_CODES, &w->worker[t].joint));
        KEN_TRY(KEN_ALLOC(ctx, uint64_t *, n, &w->worker[t].joint_hist));
        for (int j = 0; j < n; j++) w->worker[t].joint_hist[j] = w->worker[t].joint + j * JOINT_CODES;
    }
    g->n = n;
    joint_list(g, joint, d);
    return ken_parallel(ctx, w->n_train, 4096, joint_code_block, w);
}

bool ken__grow_pays_to_join(const boosting_grower *w, int64_t n) {
    return w->joint_on && n >= JOINT_ROWS;
}

/* sum, of a joint code: what each bin of its columns gets is added to `packed`, and 0 remains. The last
 * column's digit is the highest, so that its bins are stretches; laid over one another they are the sums of
 * the columns before it. */
static void joint_part(const boosting_grower *w, const int32_t *member, int n, uint64_t *sum, uint64_t *packed) {
    int64_t size = 1;
    for (int m = 0; m < n; m++) size *= joint_radix(w->binned, member[m]);
    for (int m = n; m-- > 0;) {
        const int radix = joint_radix(w->binned, member[m]);
        uint64_t *const to = packed + w->offset[member[m]];
        size /= radix;
        for (int digit = 0; digit < radix; digit++) {
            uint64_t *const stretch = sum + digit * size, total = 0;
            for (int64_t i = 0; i < size; i++) total += stretch[i];
            to[digit] += total;
            for (int64_t i = 0; digit > 0 && i < size; i++) {
                sum[i] += stretch[i];
                stretch[i] = 0;
            }
        }
    }
    sum[0] = 0;
}

static void joint_alone(int n, uint64_t *restrict sum, uint64_t *restrict to) {
    for (int i = 0; i < n; i++) {
        to[i] += sum[i];
        sum[i] = 0;
    }
}

void ken__grow_add_joint(const boosting_grower *w, const grow_worker *worker, int buffer, int64_t begin,
                         int64_t end, uint64_t *packed) {
    const grow_joint *const g = &w->joint;
    for (int j = 0; j < g->n; j += JOINT_COLUMNS)
        w->k->hist_add(g->codes + j, g->stride, w->rows[buffer] + begin, end - begin, w->gh[buffer] + begin,
                       KEN_MIN(JOINT_COLUMNS, g->n - j), worker->joint_hist + j);
    for (int j = 0; j < g->n; j++) {
        const int32_t *const member = g->member + g->first[j];
        const int n = g->first[j + 1] - g->first[j];
        if (n == 1)
            joint_alone(joint_radix(w->binned, member[0]), worker->joint_hist[j], packed + w->offset[member[0]]);
        else
            joint_part(w, member, n, worker->joint_hist[j], packed);
    }
}

void ken__grow_free_joint(ken_ctx *ctx, boosting_grower *w) {
    for (int t = 0; w->worker && t < w->threads; t++) {
        ken_free(ctx, w->worker[t].joint);
        ken_free(ctx, w->worker[t].joint_hist);
    }
    ken_free(ctx, w->joint.first);
    ken_free(ctx, w->joint.member);
    ken_free(ctx, w->joint.codes);
}
