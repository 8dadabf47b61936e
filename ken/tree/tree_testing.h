/* For the tests of this room: a thing that only holds trees, random ones, and rows for them. */
#ifndef KEN_TREE_TREE_TESTING_H
#define KEN_TREE_TREE_TESTING_H

#include "tests/support.h"

#include "ken/tree/tree_ensemble.h"

typedef struct made {
    int64_t trees, nodes, words, width, outputs;
    int64_t offset[40];
    int32_t feature[4000], left[4000], right[4000], category[4000], category_words[4000],
        bits[4000];
    int32_t output[40];
    double threshold[4000], value[12000], cover[4000], gain[4000], base[4];
    uint8_t missing_left[4000];
} made;

static made M; /* what the next fit emits */

static ken_status held_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    ken_ensemble_arrays a;
    (void)problem;
    KEN_TRY(ken_ensemble_new_arrays(ctx, model, M.trees, M.nodes, M.words, M.width, M.outputs, &a));
    const size_t n = (size_t)M.nodes;
    memcpy(a.tree_offset, M.offset, sizeof(int64_t) * (size_t)(M.trees + 1));
    memcpy(a.feature, M.feature, 4 * n);
    memcpy(a.left, M.left, 4 * n);
    memcpy(a.right, M.right, 4 * n);
    memcpy(a.category, M.category, 4 * n);
    memcpy(a.category_words, M.category_words, 4 * n);
    memcpy(a.category_bits, M.bits, 4 * (size_t)M.words);
    memcpy(a.threshold, M.threshold, 8 * n);
    memcpy(a.value, M.value, 8 * n * (size_t)M.width);
    memcpy(a.cover, M.cover, 8 * n);
    memcpy(a.gain, M.gain, 8 * n);
    memcpy(a.missing_left, M.missing_left, n);
    memcpy(a.tree_output, M.output, 4 * (size_t)M.trees);
    memcpy(a.base, M.base, 8 * (size_t)M.outputs);
    return KEN_OK;
}

static int64_t held_width(const ken_model *model, ken_what what) {
    (void)model;
    return what == KEN_WHAT_VALUE ? 1 : 0;
}
static ken_status held_predict(ken_ctx *ctx, const ken_model *m, const ken_table *X, ken_what what,
                               double *out) {
    (void)ctx, (void)m, (void)X, (void)what, (void)out;
    return KEN_OK;
}
static const ken_estimator held_estimator = {
    .fit = held_fit, .width = held_width, .predict = held_predict};
static const ken_attr held_attrs[] = {KEN_ENSEMBLE_ATTRS, {0}};
static const ken_desc held_desc = {.name = "held",
                                   .title = "Trees",
                                   .kind = KEN_ESTIMATOR,
                                   .tasks = KEN_REGRESS,
                                   .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
                                   .attrs = held_attrs,
                                   .estimator = &held_estimator};

enum { D = 5, ROWS = 707, LEVELS = 70 };
static double cells[ROWS * D], target[ROWS];
static int32_t codes[ROWS];

static uint64_t seed = 1;
static double noise(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

/* Columns 0 to 3 are numbers with holes, 4 is a category of 70 levels with holes. */
static ken_table *make_table(ken_ctx *ctx, int64_t n) {
    ken_table *t = NULL;
    static int64_t offset[LEVELS + 1];
    static char bytes[LEVELS * 4];
    uint8_t valid[(ROWS + 7) / 8];
    memset(valid, 0xFF, sizeof valid);
    for (int l = 0; l < LEVELS; l++)
        offset[l + 1] = offset[l] + snprintf(bytes + offset[l], 4, "%d", l);
    TEST_OK(ctx, ken_table_new(ctx, n, &t));
    for (int j = 0; j < D - 1; j++) {
        void *data = NULL;
        char name[8];
        snprintf(name, sizeof name, "x%d", j);
        TEST_OK(ctx, ken_table_add_new(ctx, t, name, KEN_F64, &data, NULL));
        for (int64_t i = 0; i < n; i++) ((double *)data)[i] = cells[i * D + j];
    }
    for (int64_t i = 0; i < n; i++) {
        codes[i] = isnan(cells[i * D + 4]) ? 0 : (int32_t)cells[i * D + 4];
        if (isnan(cells[i * D + 4])) ken_bitmap_clear(valid, i);
    }
    ken_column c = {.name = "c",
                    .dtype = KEN_CATEGORY,
                    .n = n,
                    .data = codes,
                    .stride = 1,
                    .valid = valid,
                    .text = {LEVELS, offset, bytes},
                    .source = -1};
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &c));
    return t;
}

static void make_cells(void) {
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < D - 1; j++)
            cells[i * D + j] = noise() < 0.2 ? NAN : floor(noise() * 20) / 2;
        cells[i * D + 4] = noise() < 0.2 ? NAN : floor(noise() * LEVELS);
        target[i] = noise();
    }
}

/* Random trees of up to `leaves` leaves, children always behind their parent. */
static void make_trees(int trees, int leaves, int width, int outputs, bool sets) {
    memset(&M, 0, sizeof M);
    M.trees = trees;
    M.width = width;
    M.outputs = outputs;
    for (int o = 0; o < outputs; o++) M.base[o] = noise();
    for (int t = 0; t < trees; t++) {
        const int64_t first = M.nodes;
        int n = 1, open = 0;
        M.cover[first] = 100;
        while (open < n && n + 2 <= 2 * leaves - 1) {
            const int64_t i = first + open++;
            if (open > 1 && noise() < 0.25) continue;                   /* stays a leaf */
            M.feature[i] = 1 + (int32_t)(noise() * (sets ? D : D - 1)); /* for now: column + 1 */
            M.threshold[i] = floor(noise() * 20) / 2;
            M.missing_left[i] = noise() < 0.5;
            M.gain[i] = noise();
            M.left[i] = n++;
            M.right[i] = n++;
            const double share = noise();
            M.cover[first + M.left[i]] = M.cover[i] * share;
            M.cover[first + M.right[i]] = M.cover[i] * (1 - share);
        }
        for (int k = 0; k < n; k++) {
            const int64_t i = first + k;
            M.feature[i]--;
            M.category[i] = -1;
            if (M.feature[i] == D - 1) {
                M.category[i] = (int32_t)M.words;
                M.category_words[i] = 1 + (int32_t)(noise() * 3);
                for (int w = 0; w < M.category_words[i]; w++)
                    M.bits[M.words++] = (int32_t)(uint32_t)(noise() * 4294967296.0);
            }
            for (int o = 0; o < width; o++) M.value[i * width + o] = noise() - 0.5;
        }
        M.nodes += n;
        M.offset[t + 1] = M.nodes;
        M.output[t] = width == 1 ? t % outputs : -1;
    }
}

/* Trees that ask one question on each of `depth` levels; spoil: one of them asks another once. */
__attribute__((unused)) static void make_symmetric(int trees, int depth, bool spoil) {
    const int inner = (1 << depth) - 1;
    memset(&M, 0, sizeof M);
    M.trees = trees, M.width = M.outputs = 1, M.base[0] = noise();
    for (int t = 0; t < trees; t++) {
        for (int l = 0; l < depth; l++) {
            const int32_t column = (int32_t)(noise() * (D - 1));
            const double threshold = floor(noise() * 20) / 2;
            const uint8_t left = noise() < 0.5;
            for (int64_t i = M.nodes + (1 << l) - 1; i < M.nodes + (2 << l) - 1; i++)
                M.feature[i] = column, M.threshold[i] = threshold, M.missing_left[i] = left;
        }
        for (int k = 0; k < 2 * inner + 1; k++, M.nodes++) {
            M.category[M.nodes] = -1, M.cover[M.nodes] = 1, M.value[M.nodes] = noise() - 0.5;
            M.left[M.nodes] = 2 * k + 1, M.right[M.nodes] = 2 * k + 2;
            if (k >= inner) M.feature[M.nodes] = -1;
        }
        M.offset[t + 1] = M.nodes;
    }
    if (spoil) M.threshold[M.offset[trees - 1] + inner - 1] = 0.25;
}

static ken_model *hold(ken_ctx *ctx, const ken_table *table) {
    ken_model *m = NULL;
    ken_column y = test_column_f64("y", target, ken_table_rows(table));
    ken_data data = {.table = table, .target = &y, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new_desc(ctx, &held_desc, NULL, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

static void drop(ken_ctx *ctx, ken_ensemble *e) {
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    ken_ensemble_close(&alloc, e);
}

#endif
