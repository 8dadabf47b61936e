/* Linear leaves: leaf by leaf against least squares by elimination, limits, LightGBM's linear_tree; files. */

#include "ken/boosting/boosting/boosting.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/tree/tree_linear.h"
#include "tests/support.h"

enum { ROWS = 700, NUMBERS = 3, COLUMNS = NUMBERS + 1, CLASSES = 3 };

typedef struct linear_case {
    ken_table *X;
    double x[COLUMNS * ROWS]; /* by column; the last is the category's code */
    double y[ROWS], weight[ROWS];
    int32_t level[ROWS], label[ROWS];
    ken_column target, weights;
    ken_data data;
} linear_case;

static const char *const letters[] = {"a", "b", "c"};

/* Trends in three numbers (some of the second missing) and a category of 5 levels. classes 0: y; else labels. */
static linear_case *linear_new(ken_ctx *ctx, int classes) {
    static const int64_t offsets[] = {0, 1, 2, 3, 4, 5};
    linear_case *c = calloc(1, sizeof *c);
    ken_rng rng = ken_rng_stream(ctx, "linear", 1);
    TEST_OK(ctx, ken_table_new(ctx, ROWS, &c->X));
    for (int i = 0; i < ROWS; i++) {
        double *const x = c->x + i;
        for (int j = 0; j < NUMBERS; j++) x[j * ROWS] = (j + 1) * 5 * ken_rng_f64(&rng) - 3;
        c->level[i] = (int32_t)ken_rng_below(&rng, 5);
        x[NUMBERS * ROWS] = c->level[i];
        c->y[i] = (x[0] < -1 ? 2 * x[ROWS] : 5 - x[ROWS]) + fabs(x[2 * ROWS]) + (c->level[i] % 2) * x[0] +
                  0.5 * ken_rng_normal(&rng);
        c->label[i] = (int32_t)fmin(fmax(floor((c->y[i] + 4) / 12 * classes), 0), fmax(classes - 1, 0));
        if (i % 11 == 0) x[ROWS] = (double)NAN;
        c->weight[i] = 1 + (double)(i % 3);
    }
    for (int j = 0; j < NUMBERS; j++) {
        const ken_column column = test_column_f64(letters[j], c->x + j * ROWS, ROWS);
        TEST_OK(ctx, ken_table_add_borrow(ctx, c->X, &column));
    }
    const ken_column category = {.name = "d", .dtype = KEN_CATEGORY, .n = ROWS, .data = c->level,
                                 .stride = 1, .text = {5, offsets, "vwxyz"}};
    TEST_OK(ctx, ken_table_add_borrow(ctx, c->X, &category));
    c->target = test_column_f64("y", c->y, ROWS);
    if (classes)
        c->target = (ken_column){.name = "y", .dtype = KEN_CATEGORY, .n = ROWS, .data = c->label, .stride = 1,
                                 .text = {classes, offsets, "vwxyz"}};
    c->weights = test_column_f64("w", c->weight, ROWS);
    c->data = (ken_data){.table = c->X, .target = &c->target, .task = classes ? KEN_CLASSIFY : KEN_REGRESS};
    return c;
}

static void linear_free(linear_case *c) {
    ken_table_free(c->X);
    free(c);
}

#define ATTR(type, m, name) ((const type *)ken_model_attr((m), (name))->data)

static int64_t linear_terms(const ken_model *m) {
    return ken_tensor_count(ken_model_attr(m, "linear_coef"));
}

/* --- leaf by leaf ------------------------------------------------------------------------------- */

/* The first n of A x = b (in column 8) by elimination with pivots. */
static void eliminate(int n, long double A[8][9], double *x) {
    for (int k = 0; k < n; k++) {
        int best = k;
        for (int i = k + 1; i < n; i++)
            if (fabsl(A[i][k]) > fabsl(A[best][k])) best = i;
        for (int j = 0; j < 9; j++) {
            const long double swap = A[k][j];
            A[k][j] = A[best][j];
            A[best][j] = swap;
        }
        for (int i = 0; i < n; i++) {
            const long double f = i == k ? 0 : A[i][k] / A[k][k];
            for (int j = 0; j < 9 && i != k; j++) A[i][j] -= f * A[k][j];
        }
    }
    for (int k = 0; k < n; k++) x[k] = (double)(A[k][8] / A[k][k]);
}

typedef struct brute {
    const linear_case *c;
    const ken_model *m;
    double g[ROWS], h[ROWS], variance[NUMBERS];
    double l2, slope_l2, rate;
} brute;

static void brute_variances(brute *b, bool weighted) {
    for (int j = 0; j < NUMBERS; j++) {
        long double sum[3] = {0, 0, 0};
        for (int i = 0; i < ROWS; i++) {
            const double x = b->c->x[j * ROWS + i], w = weighted ? b->c->weight[i] : 1;
            if (isnan(x)) continue;
            sum[0] += w, sum[1] += w * (long double)x, sum[2] += w * (long double)x * x;
        }
        b->variance[j] = (double)(sum[2] / sum[0] - sum[1] / sum[0] * (sum[1] / sum[0]));
    }
}

/* Whether the way from the root to node `leaf` of a tree asks about numbers column by column. */
static void brute_path(const brute *b, int64_t first, int64_t leaf, bool asks[NUMBERS]) {
    const int32_t *const feature = ATTR(int32_t, b->m, "feature"), *const left = ATTR(int32_t, b->m, "left");
    const int32_t *const right = ATTR(int32_t, b->m, "right");
    int64_t at = leaf;
    while (at > 0)
        for (int64_t up = 0; up < at; up++) {
            if (feature[first + up] < 0 || (left[first + up] != at && right[first + up] != at)) continue;
            if (feature[first + up] < NUMBERS) asks[feature[first + up]] = true;
            at = up;
            break;
        }
}

/* What the leaf says of its rows: w and slopes together by elimination; rows that are not whole are at the mean of
 * the whole ones. */
static void brute_leaf(const brute *b, const bool *mine, const bool *asks, double *out) {
    int column[NUMBERS], p = 0, whole_rows = 0;
    double mean[NUMBERS] = {0}, whole = 0, solved[8];
    static long double A[8][9];
    bool complete[ROWS];
    memset(A, 0, sizeof A);
    for (int j = 0; j < NUMBERS; j++)
        if (asks[j]) column[p++] = j;
    for (int i = 0; i < ROWS; i++) {
        complete[i] = mine[i];
        for (int k = 0; k < p; k++) complete[i] &= !isnan(b->c->x[column[k] * ROWS + i]);
        if (complete[i]) whole += b->h[i], whole_rows++;
        for (int k = 0; k < p && complete[i]; k++) mean[k] += b->h[i] * b->c->x[column[k] * ROWS + i];
    }
    for (int k = 0; k < p; k++) mean[k] /= whole;
    for (int i = 0; i < ROWS; i++) {
        double z[8] = {1};
        if (!mine[i]) continue;
        for (int k = 0; k < p && complete[i]; k++) z[k + 1] = b->c->x[column[k] * ROWS + i] - mean[k];
        for (int k = 0; k <= p; k++) {
            for (int j = 0; j <= p; j++) A[k][j] += (long double)b->h[i] * z[k] * z[j];
            A[k][8] -= (long double)b->g[i] * z[k];
        }
    }
    A[0][0] += b->l2;
    for (int k = 0; k < p; k++) A[k + 1][k + 1] += b->slope_l2 * b->variance[column[k]];
    if (whole_rows < p + 2) p = 0;
    eliminate(p + 1, A, solved);
    for (int i = 0; i < ROWS; i++) {
        if (!mine[i]) continue;
        out[i] = solved[0];
        for (int k = 0; k < p && complete[i]; k++) out[i] += solved[k + 1] * (b->c->x[column[k] * ROWS + i] - mean[k]);
    }
}

/* Tree t of the model, from the gradients: what it adds to the margins of all rows. */
static void brute_tree(const brute *b, const double *leaf_of, int64_t trees, int64_t t, double *out) {
    const int64_t *const offset = ATTR(int64_t, b->m, "tree_offset");
    const int32_t *const feature = ATTR(int32_t, b->m, "feature");
    bool mine[ROWS];
    int number = 0;
    for (int64_t i = offset[t]; i < offset[t + 1]; i++) {
        bool asks[NUMBERS] = {false};
        if (feature[i] >= 0) continue;
        for (int r = 0; r < ROWS; r++) mine[r] = leaf_of[r * trees + t] == number;
        brute_path(b, offset[t], i - offset[t], asks);
        brute_leaf(b, mine, asks, out);
        number++;
    }
    for (int r = 0; r < ROWS; r++) out[r] *= b->rate;
}

/* Gradients of output k at margins (ROWS, outputs), weighted. */
static void brute_gradients(brute *b, const char *loss, const double *margin, int outputs, int k, bool weighted) {
    for (int i = 0; i < ROWS; i++) {
        const double *const F = margin + i * outputs;
        double sum = 0, p = 1 / (1 + exp(-F[0]));
        for (int q = 0; q < outputs; q++) sum += exp(F[q] - F[k]);
        if (outputs > 1) p = 1 / sum;
        b->g[i] = F[0] - b->c->y[i], b->h[i] = 1;
        if (strcmp(loss, "logistic") == 0) b->g[i] = p - b->c->label[i], b->h[i] = p * (1 - p);
        if (strcmp(loss, "softmax") == 0)
            b->g[i] = p - (b->c->label[i] == k), b->h[i] = outputs / (outputs - 1.0) * p * (1 - p);
        if (weighted) b->g[i] *= b->c->weight[i], b->h[i] *= b->c->weight[i];
    }
}

/* Every tree of the later rounds against the margins of the rounds before it. */
static void brute_check(ken_ctx *ctx, const char *loss, int classes, bool weighted, double row_fraction) {
    linear_case *c = linear_new(ctx, classes);
    const int outputs = classes > 2 ? classes : 1, rounds = 4;
    const double near = classes || weighted ? 1e-5 : 1e-9; /* gradients are rounded to 21 bits, or to 40 */
    char settings[240];
    snprintf(settings, sizeof settings, "loss=%s trees=%d learning_rate=0.5 max_leaves=7 min_leaf_rows=12 row_fraction=%g "
             "column_fraction=1 l2=1.5 linear_leaves=true linear_l2=0.7", loss, rounds, row_fraction);
    if (weighted) c->data.weight = &c->weights;
    ken_model *const m = test_fit(ctx, "boosting", settings, &c->data);
    double *const leaf = test_predict(ctx, m, c->X, KEN_WHAT_LEAF), add[ROWS] = {0};
    brute b = {.c = c, .m = m, .l2 = 1.5, .slope_l2 = 0.7, .rate = 0.5};
    brute_variances(&b, weighted);
    assert_true(linear_terms(m) > 8);
    for (int round = 1; round < rounds; round++) {
        ken_model *before, *after;
        TEST_OK(ctx, ken_boosting_slice(ctx, m, 0, round, &before));
        TEST_OK(ctx, ken_boosting_slice(ctx, m, 0, round + 1, &after));
        double *const F = test_predict(ctx, before, c->X, KEN_WHAT_MARGIN);
        double *const next = test_predict(ctx, after, c->X, KEN_WHAT_MARGIN);
        for (int k = 0; k < outputs; k++) {
            brute_gradients(&b, loss, F, outputs, k, weighted);
            brute_tree(&b, leaf, (int64_t)rounds * outputs, (int64_t)round * outputs + k, add);
            for (int i = 0; i < ROWS; i++)
                test_near_(next[i * outputs + k] - F[i * outputs + k], add[i], near, 1e3 * near, loss, __FILE__, __LINE__);
        }
        free(F);
        free(next);
        ken_model_free(before);
        ken_model_free(after);
    }
    free(leaf);
    ken_model_free(m);
    linear_free(c);
}

static void test_linear__leaf_by_leaf_by_elimination(void **state) {
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    brute_check(ctx, "squared", 0, false, 1);
    brute_check(ctx, "squared", 0, true, 1);
    brute_check(ctx, "logistic", 2, false, 1);
    brute_check(ctx, "softmax", CLASSES, true, 1);
    brute_check(ctx, "squared", 0, false, 0.6); /* leaves hear all rows, whatever the tree has seen */
    brute_check(ctx, "softmax", CLASSES, false, 0.6);
    test_ctx_free(ctx);
}

/* --- limits ------------------------------------------------------------------------------------- */

static double linear_rmse(ken_ctx *ctx, const linear_case *c, const ken_model *m) {
    double *const p = test_predict(ctx, m, c->X, KEN_WHAT_VALUE), sum = 0;
    for (int i = 0; i < ROWS; i++) sum += (p[i] - c->y[i]) * (p[i] - c->y[i]);
    free(p);
    return sqrt(sum / ROWS);
}

static void test_linear__pieces_of_lines_are_learned_exactly(void **state) {
    ken_ctx *ctx = test_ctx(1);
    linear_case *c = linear_new(ctx, 0);
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        const double x = c->x[i] = (i * 7 % 200 - 100) / 50.0; /* a bin a value, so that cuts can be exact */
        const double z = c->x[2 * ROWS + i] = floor(c->x[2 * ROWS + i] * 8) / 8;
        c->x[ROWS + i] = 0;
        c->y[i] = (x < 0.5 ? 2 * x + 1 : 40 - 3 * x) + (z < 2 ? 0 : 100 + z);
    }
    static const char settings[] = "trees=60 learning_rate=0.5 max_leaves=4 l2=0 linear_l2=0 row_fraction=1 "
                                   "column_fraction=1 node_fraction=1";
    char linear[200];
    snprintf(linear, sizeof linear, "%s linear_leaves=true", settings);
    ken_model *const m = test_fit(ctx, "boosting", linear, &c->data);
    snprintf(linear, sizeof linear, "%s linear_leaves=false", settings);
    ken_model *const constant = test_fit(ctx, "boosting", linear, &c->data);
    assert_true(linear_rmse(ctx, c, constant) > 1e-2);
    assert_true(linear_rmse(ctx, c, m) < 1e-9);
    ken_model_free(constant);
    ken_model_free(m);
    linear_free(c);
    test_ctx_free(ctx);
}

static void test_linear__a_great_penalty_gives_constant_leaves(void **state) {
    static const char *const losses[] = {"squared", "poisson", "gamma", "tweedie", "expectile"};
    ken_ctx *ctx = test_ctx(1);
    linear_case *c = linear_new(ctx, 0);
    (void)state;
    for (int i = 0; i < ROWS; i++) c->y[i] = exp(c->y[i] / 8);
    for (int l = 0; l < KEN_COUNT(losses); l++) {
        char settings[160], linear[240], constant[240];
        snprintf(settings, sizeof settings, "loss=%s trees=30 learning_rate=0.2", losses[l]);
        snprintf(constant, sizeof constant, "%s linear_leaves=false", settings);
        snprintf(linear, sizeof linear, "%s linear_leaves=true linear_l2=1e300", settings);
        ken_model *const a = test_fit(ctx, "boosting", constant, &c->data), *const b = test_fit(ctx, "boosting", linear, &c->data);
        snprintf(linear, sizeof linear, "%s linear_leaves=true", settings);
        ken_model *const free_one = test_fit(ctx, "boosting", linear, &c->data);
        double *const p = test_predict(ctx, a, c->X, KEN_WHAT_MARGIN);
        double *const q = test_predict(ctx, b, c->X, KEN_WHAT_MARGIN);
        double *const r = test_predict(ctx, free_one, c->X, KEN_WHAT_MARGIN);
        double apart = 0;
        for (int i = 0; i < ROWS; i++) {
            TEST_NEAR(q[i], p[i], 1e-9);
            assert_true(isfinite(r[i]));
            apart = fmax(apart, fabs(r[i] - p[i]));
        }
        assert_true(apart > 1e-3);
        free(p);
        free(q);
        free(r);
        ken_model_free(a);
        ken_model_free(b);
        ken_model_free(free_one);
    }
    linear_free(c);
    test_ctx_free(ctx);
}

static void test_linear__rows_twice_are_rows_of_weight_two(void **state) {
    static const char settings[] = "trees=4 learning_rate=0.3 min_leaf_rows=1 min_leaf_weight=40 row_fraction=1 "
                                   "column_fraction=1 node_fraction=1 l2=2 linear_leaves=true";
    ken_ctx *ctx = test_ctx(1);
    linear_case *c = linear_new(ctx, 0);
    int64_t rows[3 * ROWS], n = 0;
    double *const y = malloc(sizeof(double) * 3 * ROWS);
    (void)state;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < (int)c->weight[i]; k++) {
            y[n] = c->y[i];
            rows[n++] = i;
        }
    ken_table *X;
    TEST_OK(ctx, ken_table_take(ctx, c->X, rows, n, &X));
    const ken_column target = test_column_f64("y", y, n);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    c->data.weight = &c->weights;
    ken_model *const weighted = test_fit(ctx, "boosting", settings, &c->data), *repeated;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &repeated));
    TEST_OK(ctx, ken_model_fit(ctx, repeated, &data));
    double *const p = test_predict(ctx, weighted, c->X, KEN_WHAT_VALUE);
    double *const q = test_predict(ctx, repeated, c->X, KEN_WHAT_VALUE);
    assert_true(linear_terms(weighted) > 10);
    for (int i = 0; i < ROWS; i++) TEST_NEAR(p[i], q[i], 1e-5);
    free(p);
    free(q);
    free(y);
    ken_model_free(weighted);
    ken_model_free(repeated);
    ken_table_free(X);
    linear_free(c);
    test_ctx_free(ctx);
}

/* Leaves of many blocks: all rows twenty times, with penalties and limits twenty times as great. */
static void test_linear__many_rows_are_summed_in_blocks(void **state) {
    enum { TIMES = 20 };
    ken_ctx *ctx = test_ctx(1);
    linear_case *c = linear_new(ctx, 0);
    int64_t *const rows = malloc(sizeof(int64_t) * TIMES * ROWS);
    double *const y = malloc(sizeof(double) * TIMES * ROWS);
    (void)state;
    for (int i = 0; i < TIMES * ROWS; i++) {
        rows[i] = i * INT64_C(7919) % ROWS;
        y[i] = c->y[rows[i]];
    }
    ken_table *X;
    TEST_OK(ctx, ken_table_take(ctx, c->X, rows, TIMES * ROWS, &X));
    const ken_column target = test_column_f64("y", y, TIMES * ROWS);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
#define MANY "trees=4 max_leaves=3 learning_rate=0.5 row_fraction=1 column_fraction=1 node_fraction=1 " \
             "category_smooth=0 linear_leaves=true "
    ken_model *const few = test_fit(ctx, "boosting", MANY "l2=1 linear_l2=2 min_leaf_rows=100", &c->data), *many, *threads;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", MANY "l2=20 linear_l2=40 min_leaf_rows=2000", &many));
    TEST_OK(ctx, ken_model_fit(ctx, many, &data));
    double *const p = test_predict(ctx, few, c->X, KEN_WHAT_VALUE);
    double *const q = test_predict(ctx, many, c->X, KEN_WHAT_VALUE);
    assert_true(linear_terms(few) > 8);
    for (int i = 0; i < ROWS; i++) TEST_NEAR(q[i], p[i], 1e-9);
    ken_ctx *other = test_ctx(7);
    TEST_OK(other, ken_model_new(other, "boosting", MANY "l2=20 linear_l2=40 min_leaf_rows=2000", &threads));
    TEST_OK(other, ken_model_fit(other, threads, &data));
    test_same_model(many, threads);
    ken_model_free(threads);
    test_ctx_free(other);
    free(p);
    free(q);
    free(y);
    free(rows);
    ken_model_free(few);
    ken_model_free(many);
    ken_table_free(X);
    linear_free(c);
    test_ctx_free(ctx);
}

/* Floats, whole numbers and cells without a value are read like doubles and NaN. */
static void test_linear__columns_of_any_type_of_number(void **state) {
    static float half[ROWS];
    static int64_t whole[ROWS];
    static uint8_t valid[(ROWS + 7) / 8];
    ken_ctx *ctx = test_ctx(1);
    linear_case *c = linear_new(ctx, 0);
    ken_table *X;
    (void)state;
    memset(valid, 0xFF, sizeof valid);
    for (int i = 0; i < ROWS; i++) {
        half[i] = (float)c->x[i];
        whole[i] = isnan(c->x[ROWS + i]) ? -77 : (int64_t)(10 * c->x[ROWS + i]);
        if (isnan(c->x[ROWS + i])) ken_bitmap_clear(valid, i);
        c->x[i] = (double)half[i];
        if (!isnan(c->x[ROWS + i])) c->x[ROWS + i] = (double)whole[i];
    }
    const ken_column a = {.name = "a", .dtype = KEN_F32, .n = ROWS, .data = half, .stride = 1};
    const ken_column b = {.name = "b", .dtype = KEN_I64, .n = ROWS, .data = whole, .stride = 1, .valid = valid};
    TEST_OK(ctx, ken_table_new(ctx, ROWS, &X));
    TEST_OK(ctx, ken_table_add_borrow(ctx, X, &a));
    TEST_OK(ctx, ken_table_add_borrow(ctx, X, &b));
    TEST_OK(ctx, ken_table_add_borrow(ctx, X, ken_table_column(c->X, 2)));
    TEST_OK(ctx, ken_table_add_borrow(ctx, X, ken_table_column(c->X, 3)));
    ken_model *const doubles = test_fit(ctx, "boosting", "trees=10 linear_leaves=true", &c->data);
    c->data.table = X;
    ken_model *const others = test_fit(ctx, "boosting", "trees=10 linear_leaves=true", &c->data);
    double *const p = test_predict(ctx, doubles, c->X, KEN_WHAT_VALUE);
    double *const q = test_predict(ctx, others, X, KEN_WHAT_VALUE);
    assert_true(linear_terms(others) > 20);
    assert_memory_equal(p, q, sizeof(double) * ROWS);
    free(p);
    free(q);
    ken_model_free(doubles);
    ken_model_free(others);
    ken_table_free(X);
    linear_free(c);
    test_ctx_free(ctx);
}

/* --- one model, many ways ------------------------------------------------------------------------- */

static void test_linear__same_bits_for_all_threads_and_instruction_sets(void **state) {
    static const char *const settings[] = {"trees=20 linear_leaves=true",
                                           "trees=20 linear_leaves=true growth=oblivious sampling=goss",
                                           "trees=20 linear_leaves=true loss=poisson path_smoothing=5"};
    static const char *const isas[] = {"generic", "avx2", "avx512"};
    (void)state;
    for (int s = 0; s < KEN_COUNT(settings); s++) {
        ken_ctx *ctx = test_ctx(1);
        linear_case *c = linear_new(ctx, 0);
        for (int i = 0; i < ROWS && s == 2; i++) c->y[i] = floor(exp(c->y[i] / 4));
        ken_model *const one = test_fit(ctx, "boosting", settings[s], &c->data);
        for (int t = 2; t < 8; t = t == 3 ? 7 : t + 1) {
            ken_ctx *many = test_ctx(t);
            ken_model *const m = test_fit(many, "boosting", settings[s], &c->data);
            test_same_model(one, m);
            ken_model_free(m);
            test_ctx_free(many);
        }
        for (int k = 0; k < KEN_COUNT(isas); k++) {
            const ken_ctx_options options = {.threads = 2, .isa = isas[k], .seed = ken_ctx_seed(ctx)};
            ken_ctx *other;
            if (ken_ctx_new(&options, &other) != KEN_OK) continue; /* not of this machine */
            ken_model *const m = test_fit(other, "boosting", settings[s], &c->data);
            test_same_model(one, m);
            ken_model_free(m);
            ken_ctx_free(other);
        }
        ken_model_free(one);
        linear_free(c);
        test_ctx_free(ctx);
    }
}

typedef struct staged_last {
    int64_t round;
    double out[ROWS * CLASSES];
    int64_t count;
} staged_last;

static ken_status staged_keep(void *arg, int64_t round, const double *out) {
    staged_last *const last = arg;
    last->round = round;
    memcpy(last->out, out, (size_t)last->count * sizeof *out);
    return KEN_OK;
}

/* Many rows, few rows, one row, the plain walk, staged: the same bits. */
static void ways_check(ken_ctx *ctx, int classes, const char *settings) {
    static staged_last last;
    linear_case *c = linear_new(ctx, classes);
    const int k = classes > 2 ? classes : 1;
    const int columns[] = {0, 1, 2};
    ken_table *numbers;
    TEST_OK(ctx, ken_table_select(ctx, c->X, columns, NUMBERS, &numbers));
    c->data.table = numbers;
    c->x[5] = INFINITY;
    ken_model *const m = test_fit(ctx, "boosting", settings, &c->data);
    double *const p = test_predict(ctx, m, numbers, KEN_WHAT_MARGIN), ref[ROWS * CLASSES];
    TEST_OK(ctx, ken_ensemble_margin_ref(ctx, ken_model_state(m), numbers, ref));
    assert_memory_equal(p, ref, sizeof(double) * ROWS * (size_t)k);
    assert_true(linear_terms(m) > 20);
    for (int i = 0; i < 24; i += 8) {
        ken_table *few;
        TEST_OK(ctx, ken_table_slice(ctx, numbers, i, 5, &few));
        double *const q = test_predict(ctx, m, few, KEN_WHAT_MARGIN), x[NUMBERS], one[CLASSES];
        assert_memory_equal(q, p + i * k, sizeof(double) * 5 * (size_t)k);
        for (int j = 0; j < NUMBERS; j++) x[j] = c->x[j * ROWS + i];
        TEST_OK(ctx, ken_model_predict_row(ctx, m, x, KEN_WHAT_MARGIN, one));
        assert_memory_equal(one, p + i * k, sizeof(double) * (size_t)k);
        free(q);
        ken_table_free(few);
    }
    last.count = ROWS * k;
    TEST_OK(ctx, ken_boosting_staged(ctx, m, numbers, KEN_WHAT_MARGIN, staged_keep, &last));
    assert_memory_equal(last.out, p, sizeof(double) * ROWS * (size_t)k);
    assert_int_equal(last.round, ken_boosting_rounds(m));
    free(p);
    ken_model_free(m);
    ken_table_free(numbers);
    linear_free(c);
}

static void test_linear__every_way_to_predict_gives_the_same_bits(void **state) {
    ken_ctx *ctx = test_ctx(3);
    (void)state;
    ways_check(ctx, 0, "trees=25 linear_leaves=true");
    ways_check(ctx, 0, "trees=25 linear_leaves=true max_leaves=400 min_leaf_weight=0.1");
    ways_check(ctx, 0, "trees=25 linear_leaves=true growth=oblivious max_depth=9");
    ways_check(ctx, CLASSES, "trees=15 linear_leaves=true");
    test_ctx_free(ctx);
}

static void test_linear__rounds_and_more_rounds_are_those_of_one_fit(void **state) {
    static const char settings[] = "linear_leaves=true learning_rate=0.2";
    (void)state;
    for (int classes = 0; classes <= CLASSES; classes += CLASSES) {
        ken_ctx *ctx = test_ctx(2);
        linear_case *c = linear_new(ctx, classes);
        char text[120];
        snprintf(text, sizeof text, "%s trees=12", settings);
        ken_model *const whole = test_fit(ctx, "boosting", text, &c->data), *part, *slice, *tail;
        snprintf(text, sizeof text, "%s trees=5", settings);
        part = test_fit(ctx, "boosting", text, &c->data);
        TEST_OK(ctx, ken_boosting_slice(ctx, whole, 0, 5, &slice));
        TEST_OK(ctx, ken_boosting_slice(ctx, whole, 5, 12, &tail));
        test_same_model(part, slice);
        double *const p = test_predict(ctx, whole, c->X, KEN_WHAT_MARGIN);
        double *const q = test_predict(ctx, part, c->X, KEN_WHAT_MARGIN);
        double *const r = test_predict(ctx, tail, c->X, KEN_WHAT_MARGIN);
        const int k = classes ? classes : 1;
        for (int i = 0; i < ROWS * k; i++)
            TEST_NEAR(q[i] + r[i] - ATTR(double, whole, "base")[i % k], p[i], 1e-12);
        TEST_OK(ctx, ken_model_set(ctx, part, "trees", "12"));
        TEST_OK(ctx, ken_model_fit_on(ctx, part, &c->data));
        test_same_model(part, whole);
        /* constant rounds after linear ones, and linear ones after constant ones */
        TEST_OK(ctx, ken_model_set(ctx, slice, "trees", "8"));
        TEST_OK(ctx, ken_model_set(ctx, slice, "linear_leaves", "false"));
        const int64_t terms = linear_terms(slice);
        TEST_OK(ctx, ken_model_fit_on(ctx, slice, &c->data));
        assert_int_equal(linear_terms(slice), terms);
        TEST_OK(ctx, ken_model_set(ctx, slice, "trees", "9"));
        TEST_OK(ctx, ken_model_set(ctx, slice, "linear_leaves", "true"));
        TEST_OK(ctx, ken_model_fit_on(ctx, slice, &c->data));
        assert_true(linear_terms(slice) > terms);
        free(p);
        free(q);
        free(r);
        ken_model_free(whole);
        ken_model_free(part);
        ken_model_free(slice);
        ken_model_free(tail);
        linear_free(c);
        test_ctx_free(ctx);
    }
}

static void test_linear__stops_early_at_the_best_round(void **state) {
    ken_ctx *ctx = test_ctx(1);
    linear_case *c = linear_new(ctx, 0);
    uint8_t role[ROWS];
    (void)state;
    for (int i = 0; i < ROWS; i++) role[i] = i % 4 ? KEN_ROLE_TRAIN : KEN_ROLE_VALIDATION;
    c->data.role = role;
    ken_model *const m = test_fit(ctx, "boosting", "linear_leaves=true trees=400 learning_rate=0.2 patience=10", &c->data);
    const ken_tensor *const history = ken_model_attr(m, "validation_loss");
    const int64_t rounds = ken_boosting_rounds(m);
    double *const p = test_predict(ctx, m, c->X, KEN_WHAT_VALUE), loss = 0;
    int n = 0;
    assert_true(rounds > 5 && rounds < 400);
    for (int i = 0; i < ROWS; i += 4, n++) loss += 0.5 * (p[i] - c->y[i]) * (p[i] - c->y[i]);
    TEST_NEAR(ken_tensor_value(history, rounds - 1), loss / n, 1e-12); /* margins of rows that walked */
    for (int64_t i = 0; i < ken_tensor_count(history); i++)
        assert_true(ken_tensor_value(history, i) >= ken_tensor_value(history, rounds - 1));
    free(p);
    ken_model_free(m);
    linear_free(c);
    test_ctx_free(ctx);
}

/* --- LightGBM ------------------------------------------------------------------------------------- */

enum { GOLDEN_ROWS = 400, GOLDEN_COLUMNS = 7 };

static void golden_check(ken_ctx *ctx, double cell[GOLDEN_COLUMNS][GOLDEN_ROWS], const char *settings, bool classify) {
    static const int64_t offsets[] = {0, 1, 2};
    static int32_t label[GOLDEN_ROWS];
    ken_column y = test_column_f64("y", cell[3], GOLDEN_ROWS);
    ken_table *X;
    ken_model *m;
    TEST_OK(ctx, ken_table_new(ctx, GOLDEN_ROWS, &X));
    for (int j = 0; j < 3; j++) {
        const ken_column x = test_column_f64(letters[j], cell[j], GOLDEN_ROWS);
        TEST_OK(ctx, ken_table_add_copy(ctx, X, &x));
    }
    for (int i = 0; i < GOLDEN_ROWS; i++) label[i] = (int32_t)cell[4][i];
    if (classify)
        y = (ken_column){.name = "y", .dtype = KEN_CATEGORY, .n = GOLDEN_ROWS, .data = label, .stride = 1,
                         .text = {2, offsets, "01"}};
    const ken_data data = {.table = X, .target = &y, .task = classify ? KEN_CLASSIFY : KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    double *const p = test_predict(ctx, m, X, classify ? KEN_WHAT_PROBA : KEN_WHAT_VALUE);
    for (int i = 0; i < GOLDEN_ROWS; i++)
        TEST_NEAR(classify ? p[2 * i + 1] : p[i], cell[classify ? 6 : 5][i], 2e-6);
    free(p);
    ken_model_free(m);
    ken_table_free(X);
}

/* golden/make_linear_golden.py; the peer has its columns as floats. */
static void test_linear__same_lines_as_lightgbm(void **state) {
    static double cell[GOLDEN_COLUMNS][GOLDEN_ROWS];
    ken_ctx *ctx = test_ctx(1);
    char *const text = test_read_file(KEN_SOURCE_DIR "/ken/boosting/boosting/golden/linear_golden.csv", NULL);
    char *at = strchr(text, '\n') + 1;
    (void)state;
    for (int i = 0; i < GOLDEN_ROWS; i++)
        for (int j = 0; j < GOLDEN_COLUMNS; j++, at++) cell[j][i] = strtod(at, &at);
    free(text);
#define GOLDEN_SETTINGS \
    "learning_rate=0.3 max_leaves=5 l2=0 linear_l2=0 row_fraction=1 column_fraction=1 node_fraction=1 linear_leaves=true "
    golden_check(ctx, cell, GOLDEN_SETTINGS "trees=8 min_leaf_rows=20 min_leaf_weight=0.001", false);
    golden_check(ctx, cell, GOLDEN_SETTINGS "trees=3 min_leaf_rows=1 min_leaf_weight=6", true);
    test_ctx_free(ctx);
}

/* --- contributions ------------------------------------------------------------------------------------ */

enum { SHAPED = 12, BACK = 7 };

/* Shapley values from the worth of all sets of COLUMNS columns. */
static void shapley(const double *worth, double *phi) {
    static const double factorial[] = {1, 1, 2, 6, 24};
    for (int j = 0; j < COLUMNS; j++) {
        phi[j] = 0;
        for (int S = 0; S < 1 << COLUMNS; S++) {
            int size = 0;
            if (S >> j & 1) continue;
            for (int k = 0; k < COLUMNS; k++) size += S >> k & 1;
            phi[j] += factorial[size] * factorial[COLUMNS - 1 - size] / factorial[COLUMNS] *
                      (worth[S | 1 << j] - worth[S]);
        }
    }
}

/* What tree t says where the columns of S are known: the others go both ways, by cover, and stand at the center
 * of a leaf; a leaf whose line the row could not be given is a constant. */
static double known_part(const ken_ensemble *e, int64_t first, int64_t i, const double *x, int S) {
    const ken_tree_linear *const l = e->linear;
    if (e->feature[i] >= 0) {
        const int64_t left = first + e->left[i], right = first + e->right[i];
        if (S >> e->feature[i] & 1)
            return known_part(e, first, ken_ensemble_goes_left(e, i, x[e->feature[i]]) ? left : right, x, S);
        return (e->cover[left] * known_part(e, first, left, x, S) + e->cover[right] * known_part(e, first, right, x, S)) /
               e->cover[i];
    }
    double v = e->value[i];
    for (int64_t t = l->offset[i]; t < l->offset[i + 1]; t++) {
        if (!isfinite(x[l->feature[t]])) return e->value[i];
        if (S >> l->feature[t] & 1) v += l->coef[t] * (x[l->feature[t]] - l->center[t]);
    }
    return v;
}

static void shap_check(ken_ctx *ctx, int classes, const char *settings) {
    linear_case *c = linear_new(ctx, classes);
    const int outputs = classes > 2 ? classes : 1, width = COLUMNS + 1;
    ken_model *const m = test_fit(ctx, "boosting", settings, &c->data);
    const ken_ensemble *const e = ken_model_state(m);
    int64_t rows[SHAPED + BACK];
    ken_table *some, *back;
    for (int i = 0; i < SHAPED + BACK; i++) rows[i] = 11 * i + (i % 3); /* every third without the second number */
    TEST_OK(ctx, ken_table_take(ctx, c->X, rows, SHAPED, &some));
    TEST_OK(ctx, ken_table_take(ctx, c->X, rows + SHAPED, BACK, &back));
    double *const phi = test_predict(ctx, m, some, KEN_WHAT_CONTRIBUTIONS), against[SHAPED * CLASSES * (COLUMNS + 1)];
    ken_tensor t = ken_tensor_2d(against, KEN_F64, SHAPED, outputs * width);
    TEST_OK(ctx, ken_model_contributions_against(ctx, m, some, back, &t));
    for (int i = 0; i < SHAPED; i++)
        for (int o = 0; o < outputs; o++) {
            double known[1 << COLUMNS], mixed[1 << COLUMNS], want[COLUMNS], x[COLUMNS], b[COLUMNS], z[COLUMNS];
            ken_table_gather(some, i, 1, x, COLUMNS);
            for (int S = 0; S < 1 << COLUMNS; S++) {
                known[S] = e->base[o], mixed[S] = 0;
                for (int32_t q = 0; q < e->n_trees; q++)
                    if (e->tree_output[q] == o) known[S] += known_part(e, e->tree_offset[q], e->tree_offset[q], x, S);
                for (int k = 0; k < BACK; k++) {
                    double margin[CLASSES];
                    ken_table_gather(back, k, 1, b, COLUMNS);
                    for (int j = 0; j < COLUMNS; j++) z[j] = S >> j & 1 ? x[j] : b[j];
                    TEST_OK(ctx, ken_ensemble_margin_row(ctx, e, z, margin));
                    mixed[S] += margin[o] / BACK;
                }
            }
            for (int way = 0; way < 2; way++) {
                const double *const got = (way ? against : phi) + (i * outputs + o) * width;
                shapley(way ? mixed : known, want);
                for (int j = 0; j < COLUMNS; j++)
                    test_near_(got[j], want[j], 1e-9, 1e-7, way ? "against" : "by covers", __FILE__, __LINE__);
                TEST_NEAR(got[COLUMNS], way ? mixed[0] : known[0], 1e-9);
            }
        }
    free(phi);
    ken_table_free(some);
    ken_table_free(back);
    ken_model_free(m);
    linear_free(c);
}

static void test_linear__contributions_by_their_definitions(void **state) {
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    shap_check(ctx, 0, "trees=8 linear_leaves=true max_leaves=9");
    shap_check(ctx, 0, "trees=4 linear_leaves=true growth=oblivious max_depth=3 learning_rate=0.5");
    shap_check(ctx, CLASSES, "trees=3 linear_leaves=true max_leaves=5");
    test_ctx_free(ctx);
}

/* --- files and errors --------------------------------------------------------------------------------- */

/* The model from its tensors, of which `name` is another. */
static ken_status unpack_with(ken_ctx *ctx, const ken_bundle *bundle, const char *name, const ken_tensor *t,
                              ken_model **out) {
    const char *const json = ken_bundle_json(bundle);
    ken_named_tensor tensor[32];
    const int n = ken_bundle_count(bundle);
    int m = 0;
    for (int i = 0; i < n; i++) {
        tensor[m] = *ken_bundle_at(bundle, i);
        if (strcmp(tensor[m].name, name) != 0)
            m++;
        else if (t)
            tensor[m++].tensor = *t;
    }
    return ken_model_unpack(ctx, "test", json, strlen(json), tensor, m, out);
}

static void test_linear__survive_a_file_and_bad_files_are_refused(void **state) {
    ken_ctx *ctx = test_ctx(1);
    linear_case *c = linear_new(ctx, 0);
    ken_model *const m = test_fit(ctx, "boosting", "trees=3 linear_leaves=true", &c->data), *again;
    ken_bundle *bundle;
    (void)state;
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    TEST_OK(ctx, unpack_with(ctx, bundle, "", NULL, &again));
    test_same_model(m, again);
    ken_model_free(again);
    const int64_t terms = linear_terms(m), nodes = ken_tensor_count(ken_model_attr(m, "feature"));
    int64_t *const offset = malloc((size_t)(nodes + 1) * sizeof *offset);
    int32_t *const feature = malloc((size_t)terms * sizeof *feature);
    double *const coef = malloc((size_t)terms * sizeof *coef);
#define BAD(name, type, dtype, array, count, place, bad, part)                                                   \
    do {                                                                                                         \
        memcpy(array, ken_model_attr(m, name)->data, (size_t)(count) * sizeof *array);                           \
        array[place] = (type)(bad);                                                                              \
        const ken_tensor t = ken_tensor_1d(array, dtype, count);                                                 \
        TEST_FAILS(ctx, unpack_with(ctx, bundle, "model/" name, &t, &again), KEN_E_FORMAT, part);                \
    } while (0)
    BAD("linear_offset", int64_t, KEN_I64, offset, nodes + 1, 0, 1, "all terms");
    BAD("linear_offset", int64_t, KEN_I64, offset, nodes + 1, nodes, terms + 1, "all terms");
    BAD("linear_offset", int64_t, KEN_I64, offset, nodes + 1, 1, -1, "ascend");
    BAD("linear_offset", int64_t, KEN_I64, offset, nodes + 1, nodes - 1, INT64_MAX, "ascend");
    BAD("linear_feature", int32_t, KEN_I32, feature, terms, 0, -1, "column of a term");
    BAD("linear_feature", int32_t, KEN_I32, feature, terms, terms - 1, COLUMNS, "column of a term");
    BAD("linear_coef", double, KEN_F64, coef, terms, 0, NAN, "not a number");
    BAD("linear_center", double, KEN_F64, coef, terms, 0, INFINITY, "not a number");
    double end[COLUMNS];
    BAD("linear_low", double, KEN_F64, end, COLUMNS, 1, 1e9, "no ends");
    BAD("linear_low", double, KEN_F64, end, COLUMNS, 0, NAN, "no ends");
    BAD("linear_high", double, KEN_F64, end, COLUMNS, 2, INFINITY, "no ends");
    const ken_tensor short_end = ken_tensor_1d(end, KEN_F64, COLUMNS - 1);
    TEST_FAILS(ctx, unpack_with(ctx, bundle, "model/linear_low", NULL, &again), KEN_E_FORMAT, "linear_low");
    TEST_FAILS(ctx, unpack_with(ctx, bundle, "model/linear_high", &short_end, &again), KEN_E_FORMAT, "linear_high");
    static const char *const names[] = {"model/linear_feature", "model/linear_coef", "model/linear_center"};
    for (int k = 0; k < KEN_COUNT(names); k++) {
        const ken_tensor t = ken_tensor_1d(coef, k == 0 ? KEN_I32 : KEN_F64, terms - 1);
        TEST_FAILS(ctx, unpack_with(ctx, bundle, names[k], NULL, &again), KEN_E_FORMAT, "linear_");
        TEST_FAILS(ctx, unpack_with(ctx, bundle, names[k], &t, &again), KEN_E_FORMAT, "");
    }
    /* terms of an inner node: the first leaf's go to the root */
    memcpy(offset, ken_model_attr(m, "linear_offset")->data, (size_t)(nodes + 1) * sizeof *offset);
    for (int64_t i = 1; offset[i] == 0; i++) offset[i] = 1;
    const ken_tensor t = ken_tensor_1d(offset, KEN_I64, nodes + 1);
    TEST_FAILS(ctx, unpack_with(ctx, bundle, "model/linear_offset", &t, &again), KEN_E_FORMAT, "inner node");
    free(offset);
    free(feature);
    free(coef);
    ken_bundle_free(bundle);
    ken_model_free(m);
    linear_free(c);
    test_ctx_free(ctx);
}

static void test_linear__say_what_they_do_not_go_with(void **state) {
    static const char *const refused[][2] = {{"loss=absolute", "medians"}, {"loss=huber", "medians"},
                                             {"quantiles=0.1|0.9", "medians"}, {"increasing=a", "increasing"},
                                             {"drop_rate=0.1", "drop_rate"}};
    ken_ctx *ctx = test_ctx(1);
    linear_case *c = linear_new(ctx, 0);
    ken_model *m;
    (void)state;
    for (int k = 0; k < KEN_COUNT(refused); k++) {
        char settings[120];
        snprintf(settings, sizeof settings, "trees=3 linear_leaves=true %s", refused[k][0]);
        TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
        TEST_FAILS(ctx, ken_model_fit(ctx, m, &c->data), KEN_E_UNSUPPORTED, refused[k][1]);
        ken_model_free(m);
    }
    linear_case *several = linear_new(ctx, CLASSES);
    TEST_OK(ctx, ken_model_new(ctx, "boosting", "trees=3 linear_leaves=true leaves=vector", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &several->data), KEN_E_UNSUPPORTED, "leaves=vector");
    ken_model_free(m);
    linear_free(several);
    linear_free(c);
    test_ctx_free(ctx);
}

static ken_status nomem_fit(ken_ctx *ctx, void *arg) {
    const linear_case *const c = arg;
    ken_model *m = NULL;
    ken_status status = ken_model_new(ctx, "boosting", "trees=2 max_leaves=3 linear_leaves=true", &m);
    static double out[ROWS * (COLUMNS + 1)];
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ROWS, COLUMNS + 1), value = ken_tensor_2d(out, KEN_F64, ROWS, 1);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &c->data);
    if (status == KEN_OK) status = ken_model_predict(ctx, m, c->X, KEN_WHAT_VALUE, &value);
    if (status == KEN_OK) status = ken_model_predict(ctx, m, c->X, KEN_WHAT_CONTRIBUTIONS, &t);
    ken_model_free(m);
    return status;
}

static void test_linear__memory_may_run_out(void **state) {
    ken_ctx *ctx = test_ctx(1);
    linear_case *c = linear_new(ctx, 0);
    (void)state;
    test_every_allocation(nomem_fit, c, 2000);
    linear_free(c);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear__leaf_by_leaf_by_elimination),
        cmocka_unit_test(test_linear__pieces_of_lines_are_learned_exactly),
        cmocka_unit_test(test_linear__a_great_penalty_gives_constant_leaves),
        cmocka_unit_test(test_linear__rows_twice_are_rows_of_weight_two),
        cmocka_unit_test(test_linear__many_rows_are_summed_in_blocks),
        cmocka_unit_test(test_linear__columns_of_any_type_of_number),
        cmocka_unit_test(test_linear__same_bits_for_all_threads_and_instruction_sets),
        cmocka_unit_test(test_linear__every_way_to_predict_gives_the_same_bits),
        cmocka_unit_test(test_linear__rounds_and_more_rounds_are_those_of_one_fit),
        cmocka_unit_test(test_linear__stops_early_at_the_best_round),
        cmocka_unit_test(test_linear__same_lines_as_lightgbm),
        cmocka_unit_test(test_linear__contributions_by_their_definitions),
        cmocka_unit_test(test_linear__survive_a_file_and_bad_files_are_refused),
        cmocka_unit_test(test_linear__say_what_they_do_not_go_with),
        cmocka_unit_test(test_linear__memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
