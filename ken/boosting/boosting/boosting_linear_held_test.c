/* Linear leaves: when a fit makes them; beyond its rows values are held at the ends that it saw; interactions by
 * their definition; leaves that are renewed. */

#include "ken/boosting/boosting/boosting.h"
#include "ken/core/rng.h"
#include "ken/tree/tree_linear.h"
#include "tests/support.h"

enum { ROWS = 400, FAR_ROWS = 60, COLUMNS = 3 };

typedef struct held_case {
    ken_table *X, *far, *ends; /* of the fit; beyond its ends; the same held at them */
    double x[COLUMNS][ROWS], beyond[COLUMNS][FAR_ROWS], end[COLUMNS][FAR_ROWS], y[ROWS];
    int32_t label[ROWS];
    ken_column target;
    ken_data data;
} held_case;

static ken_table *held_table(ken_ctx *ctx, int64_t n, const double *x) {
    static const char *const letters[] = {"a", "b", "c"};
    ken_table *X;
    TEST_OK(ctx, ken_table_new(ctx, n, &X));
    for (int j = 0; j < COLUMNS; j++) {
        const ken_column column = test_column_f64(letters[j], x + j * n, n);
        TEST_OK(ctx, ken_table_add_borrow(ctx, X, &column));
    }
    return X;
}

/* The last column is missing in some rows, infinite in one. */
static held_case *held_new(ken_ctx *ctx, int classes) {
    static const int64_t offsets[] = {0, 1, 2, 3};
    held_case *c = calloc(1, sizeof *c);
    ken_rng rng = ken_rng_stream(ctx, "held", 1);
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) c->x[j][i] = 4 * (j + 1) * ken_rng_f64(&rng) - 2;
        c->y[i] = fabs(c->x[0][i]) * 3 + (c->x[1][i] > 2 ? c->x[2][i] : -c->x[0][i]) + 0.3 * ken_rng_normal(&rng);
        c->label[i] = (int32_t)fmin(fmax(floor(c->y[i] / 3), 0), fmax(classes - 1, 0));
        if (i % 13 == 0) c->x[2][i] = i == 26 ? INFINITY : (double)NAN;
    }
    for (int j = 0; j < COLUMNS; j++) {
        double low = INFINITY, high = -INFINITY;
        for (int i = 0; i < ROWS; i++)
            if (isfinite(c->x[j][i])) low = fmin(low, c->x[j][i]), high = fmax(high, c->x[j][i]);
        for (int i = 0; i < FAR_ROWS; i++) {
            c->beyond[j][i] = 40 * ken_rng_f64(&rng) - 20;
            if (i % 9 == 0 && j == 2) c->beyond[j][i] = i == 9 ? -INFINITY : (double)NAN;
            c->end[j][i] = isfinite(c->beyond[j][i]) ? fmin(fmax(c->beyond[j][i], low), high) : c->beyond[j][i];
        }
    }
    c->X = held_table(ctx, ROWS, &c->x[0][0]);
    c->far = held_table(ctx, FAR_ROWS, &c->beyond[0][0]);
    c->ends = held_table(ctx, FAR_ROWS, &c->end[0][0]);
    c->target = classes ? (ken_column){.name = "y", .dtype = KEN_CATEGORY, .n = ROWS, .data = c->label, .stride = 1,
                                       .text = {classes, offsets, "uvw"}}
                        : test_column_f64("y", c->y, ROWS);
    c->data = (ken_data){.table = c->X, .target = &c->target, .task = classes ? KEN_CLASSIFY : KEN_REGRESS};
    return c;
}

static void held_free(held_case *c) {
    ken_table_free(c->X);
    ken_table_free(c->far);
    ken_table_free(c->ends);
    free(c);
}

/* --- left open ----------------------------------------------------------------------------------- */

static void test_held__lines_are_made_where_nothing_speaks_against_them(void **state) {
    static const struct {
        const char *settings;
        int classes;
        bool lines;
    } list[] = {{"", 0, true}, {"", 2, true}, {"", 3, true}, {"linear_leaves=auto growth=depthwise", 0, true},
                {"linear_leaves=off", 0, false}, {"linear_leaves=false", 0, false}, {"linear_leaves=on loss=expectile", 0, true},
                {"loss=absolute", 0, false}, {"loss=expectile", 0, false},
                {"objective=(y-p)^2", 0, false}, {"quantiles=0.1|0.9", 0, false}, {"increasing=a", 0, false},
                {"drop_rate=0.1", 2, false}, {"path_smoothing=3", 0, false}, {"growth=oblivious", 2, false},
                {"leaves=vector", 3, false}, {"loss=expectile linear_leaves=true", 0, true}};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < KEN_COUNT(list); i++) {
        held_case *c = held_new(ctx, list[i].classes);
        char settings[80];
        snprintf(settings, sizeof settings, "trees=3 %s", list[i].settings);
        ken_model *const m = test_fit(ctx, "boosting", settings, &c->data);
        const ken_tensor *const coef = ken_model_attr(m, "linear_coef");
        assert_int_equal(coef && ken_tensor_count(coef) > 0, list[i].lines);
        ken_model_free(m);
        held_free(c);
    }
    test_ctx_free(ctx);
}

/* Left open the penalty is 10, with classes 3. */
static void test_held__the_penalty_left_open(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int classes = 0; classes <= 3; classes += 3) {
        held_case *c = held_new(ctx, classes);
        ken_model *const m = test_fit(ctx, "boosting", "trees=4", &c->data);
        ken_model *const same = test_fit(ctx, "boosting", classes ? "trees=4 linear_l2=3" : "trees=4 linear_l2=10", &c->data);
        ken_model *const other = test_fit(ctx, "boosting", "trees=4 linear_l2=5", &c->data);
        const size_t bytes = (size_t)ken_tensor_count(ken_model_attr(m, "linear_coef")) * sizeof(double);
        assert_memory_equal(ken_model_attr(m, "linear_coef")->data, ken_model_attr(same, "linear_coef")->data, bytes);
        assert_memory_not_equal(ken_model_attr(m, "linear_coef")->data, ken_model_attr(other, "linear_coef")->data, bytes);
        ken_model_free(m);
        ken_model_free(same);
        ken_model_free(other);
        held_free(c);
    }
    test_ctx_free(ctx);
}

/* --- ends --------------------------------------------------------------------------------------- */

/* Every way to predict says of rows beyond the ends, to the bit, what it says of rows at them. */
static void held_check(ken_ctx *ctx, int classes, const char *settings) {
    held_case *c = held_new(ctx, classes);
    ken_model *const m = test_fit(ctx, "boosting", settings, &c->data);
    const int k = classes ? classes : 1;
    static const ken_what whats[] = {KEN_WHAT_MARGIN, KEN_WHAT_CONTRIBUTIONS, KEN_WHAT_INTERACTIONS};
    for (int w = 0; w < KEN_COUNT(whats); w++) {
        int64_t width;
        TEST_OK(ctx, ken_model_width(ctx, m, whats[w], &width));
        double *const far = test_predict(ctx, m, c->far, whats[w]), *const end = test_predict(ctx, m, c->ends, whats[w]);
        assert_memory_equal(far, end, (size_t)(FAR_ROWS * width) * sizeof *far);
        free(far), free(end);
    }
    double *const far = test_predict(ctx, m, c->far, KEN_WHAT_MARGIN), one[3], ref[3 * FAR_ROWS], x[COLUMNS];
    TEST_OK(ctx, ken_ensemble_margin_ref(ctx, ken_model_state(m), c->far, ref));
    assert_memory_equal(ref, far, (size_t)(FAR_ROWS * k) * sizeof *far);
    for (int i = 0; i < FAR_ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) x[j] = c->beyond[j][i];
        TEST_OK(ctx, ken_model_predict_row(ctx, m, x, KEN_WHAT_MARGIN, one));
        assert_memory_equal(one, far + i * k, (size_t)k * sizeof *one);
    }
    double got[2][FAR_ROWS * 3 * (COLUMNS + 1)];
    for (int side = 0; side < 2; side++) { /* each is explained against the others */
        ken_tensor t = ken_tensor_2d(got[side], KEN_F64, FAR_ROWS, k * (COLUMNS + 1));
        TEST_OK(ctx, ken_model_contributions_against(ctx, m, side ? c->ends : c->far, side ? c->far : c->ends, &t));
    }
    assert_memory_equal(got[0], got[1], sizeof **got * (size_t)(FAR_ROWS * k * (COLUMNS + 1)));
    free(far);
    ken_model_free(m);
    held_free(c);
}

static void test_held__beyond_the_ends_is_at_the_ends(void **state) {
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    held_check(ctx, 0, "trees=30 linear_leaves=true max_leaves=6");
    held_check(ctx, 0, "trees=8 linear_leaves=true max_leaves=300 min_leaf_rows=5");
    held_check(ctx, 3, "trees=12 linear_leaves=true max_leaves=5");
    test_ctx_free(ctx);
}

/* Rounds that come later, on rows that reach further, keep the ends: what the first rounds say stays. */
static void test_held__a_continued_model_keeps_its_ends(void **state) {
    ken_ctx *ctx = test_ctx(2);
    held_case *c = held_new(ctx, 0);
    ken_model *const m = test_fit(ctx, "boosting", "trees=6 linear_leaves=true", &c->data), *first;
    double y[FAR_ROWS];
    uint8_t role[FAR_ROWS];
    (void)state;
    double *const before = test_predict(ctx, m, c->far, KEN_WHAT_MARGIN);
    for (int i = 0; i < FAR_ROWS; i++) y[i] = c->beyond[0][i], role[i] = i % 3 ? KEN_ROLE_TRAIN : KEN_ROLE_VALIDATION;
    const ken_column target = test_column_f64("y", y, FAR_ROWS);
    const ken_data data = {.table = c->far, .target = &target, .task = KEN_REGRESS, .role = role};
    TEST_OK(ctx, ken_model_set(ctx, m, "trees", "9"));
    TEST_OK(ctx, ken_model_set(ctx, m, "early_stopping", "off"));
    TEST_OK(ctx, ken_model_fit_on(ctx, m, &data));
    TEST_OK(ctx, ken_boosting_slice(ctx, m, 0, 6, &first));
    double *const after = test_predict(ctx, first, c->far, KEN_WHAT_MARGIN);
    double *const all = test_predict(ctx, m, c->far, KEN_WHAT_MARGIN), loss = 0;
    assert_memory_equal(before, after, sizeof y);
    for (int i = 0; i < FAR_ROWS; i += 3) loss += 0.5 * (all[i] - y[i]) * (all[i] - y[i]) / (FAR_ROWS / 3);
    const ken_tensor *const history = ken_model_attr(m, "validation_loss"); /* of margins that moved in the fit */
    TEST_NEAR(ken_tensor_value(history, ken_tensor_count(history) - 1), loss, 1e-9);
    free(before), free(after), free(all);
    ken_model_free(first);
    ken_model_free(m);
    held_free(c);
    test_ctx_free(ctx);
}

/* --- interactions ----------------------------------------------------------------------------------- */

/* What tree t says where the columns of S are known: the others go both ways, by cover, and stand at the center
 * of a leaf; a leaf whose line the row could not be given is a constant. */
static double held_known(const ken_ensemble *e, int64_t first, int64_t i, const double *x, int S) {
    const ken_tree_linear *const l = e->linear;
    if (e->feature[i] >= 0) {
        const int64_t left = first + e->left[i], right = first + e->right[i];
        if (S >> e->feature[i] & 1)
            return held_known(e, first, ken_ensemble_goes_left(e, i, x[e->feature[i]]) ? left : right, x, S);
        return (e->cover[left] * held_known(e, first, left, x, S) + e->cover[right] * held_known(e, first, right, x, S)) /
               e->cover[i];
    }
    double v = e->value[i];
    for (int64_t t = l->offset[i]; t < l->offset[i + 1]; t++) {
        const int32_t j = l->feature[t];
        if (!isfinite(x[j])) return e->value[i];
        if (S >> j & 1) v += l->coef[t] * (fmin(fmax(x[j], l->low[j]), l->high[j]) - l->center[t]);
    }
    return v;
}

/* Of three columns, two of which are i and j: half of the mean of the mixed difference without and with the third. */
static double held_half(const double *worth, int i, int j) {
    const int third = 7 & ~(1 << i) & ~(1 << j), both = 1 << i | 1 << j;
    double sum = 0;
    for (int S = 0; S <= third; S += third)
        sum += worth[S | both] - worth[S | 1 << i] - worth[S | 1 << j] + worth[S];
    return sum / 4;
}

static void pairs_check(ken_ctx *ctx, int classes, const char *settings) {
    held_case *c = held_new(ctx, classes);
    ken_model *const m = test_fit(ctx, "boosting", settings, &c->data);
    const ken_ensemble *const e = ken_model_state(m);
    const int outputs = classes ? classes : 1, width = COLUMNS + 1;
    double *const pairs = test_predict(ctx, m, c->far, KEN_WHAT_INTERACTIONS);
    double *const phi = test_predict(ctx, m, c->far, KEN_WHAT_CONTRIBUTIONS);
    for (int i = 0; i < FAR_ROWS; i++)
        for (int o = 0; o < outputs; o++) {
            const double *const got = pairs + (i * outputs + o) * width * width, *const sum = phi + (i * outputs + o) * width;
            double worth[1 << COLUMNS], x[COLUMNS];
            for (int j = 0; j < COLUMNS; j++) x[j] = c->beyond[j][i];
            for (int S = 0; S < 1 << COLUMNS; S++) {
                worth[S] = e->base[o];
                for (int32_t t = 0; t < e->n_trees; t++)
                    if (e->tree_output[t] == o) worth[S] += held_known(e, e->tree_offset[t], e->tree_offset[t], x, S);
            }
            TEST_NEAR(got[width * width - 1], worth[0], 1e-9);
            for (int j = 0; j < COLUMNS; j++) {
                double row = 0;
                for (int k = 0; k < COLUMNS; k++) {
                    row += got[j * width + k];
                    if (j != k) TEST_NEAR(got[j * width + k], held_half(worth, j, k), 1e-9);
                }
                TEST_NEAR(row, sum[j], 1e-9);
            }
        }
    free(pairs), free(phi);
    ken_model_free(m);
    held_free(c);
}

static void test_held__interactions_by_their_definition(void **state) {
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    pairs_check(ctx, 0, "trees=9 linear_leaves=true max_leaves=9");
    pairs_check(ctx, 0, "trees=4 linear_leaves=true growth=oblivious max_depth=3 learning_rate=0.5");
    pairs_check(ctx, 3, "trees=3 linear_leaves=true max_leaves=5");
    test_ctx_free(ctx);
}

/* --- renewed leaves ---------------------------------------------------------------------------------- */

static void test_held__rows_of_the_fit_give_the_leaves_back(void **state) {
    (void)state;
    for (int classes = 0; classes <= 3; classes++) {
        ken_ctx *ctx = test_ctx(2);
        held_case *c = held_new(ctx, classes == 1 ? 0 : classes);
        ken_model *const m = test_fit(ctx, "boosting", classes == 1 ? "trees=12 linear_leaves=true row_fraction=1"
                                                           : "trees=12 linear_leaves=true row_fraction=0.5", &c->data);
        ken_model *const same = test_fit(ctx, "boosting", classes == 1 ? "trees=12 linear_leaves=true row_fraction=1"
                                                              : "trees=12 linear_leaves=true row_fraction=0.5", &c->data);
        for (int decay = 0; decay < 2; decay++) {
            TEST_OK(ctx, ken_model_refit(ctx, m, &c->data, decay));
            test_same_model(m, same);
        }
        ken_model_free(m);
        ken_model_free(same);
        held_free(c);
        test_ctx_free(ctx);
    }
}

/* On other targets: the slopes stay; a leaf of the last of two trees gets what is left to its rows on average. */
static void test_held__other_rows_move_the_constants(void **state) {
    ken_ctx *ctx = test_ctx(1);
    held_case *c = held_new(ctx, 0);
    ken_model *const m = test_fit(ctx, "boosting", "trees=2 linear_leaves=true learning_rate=0.5 l2=3 max_leaves=6", &c->data), *one;
    const int64_t nodes = ken_tensor_count(ken_model_attr(m, "value")), terms = ken_tensor_count(ken_model_attr(m, "linear_coef"));
    double *const coef = malloc((size_t)terms * sizeof *coef), *const sum = calloc((size_t)nodes, 2 * sizeof *sum);
    (void)state;
    memcpy(coef, ken_model_attr(m, "linear_coef")->data, (size_t)terms * sizeof *coef);
    for (int i = 0; i < ROWS; i++) c->y[i] = 2 - c->y[i] * c->y[i] / 4;
    TEST_OK(ctx, ken_model_refit(ctx, m, &c->data, 0));
    assert_memory_equal(coef, ken_model_attr(m, "linear_coef")->data, (size_t)terms * sizeof *coef);
    const ken_ensemble *const e = ken_model_state(m);
    TEST_OK(ctx, ken_boosting_slice(ctx, m, 0, 1, &one));
    double *const before = test_predict(ctx, one, c->X, KEN_WHAT_MARGIN);
    for (int i = 0; i < ROWS; i++) {
        double x[COLUMNS];
        for (int j = 0; j < COLUMNS; j++) x[j] = c->x[j][i];
        const int64_t node = e->tree_offset[1] + ken_ensemble_walk(e, 1, x);
        sum[2 * node] += c->y[i] - before[i];
        sum[2 * node + 1]++;
    }
    for (int64_t i = e->tree_offset[1]; i < nodes; i++)
        if (e->feature[i] < 0) TEST_NEAR(e->value[i], 0.5 * sum[2 * i] / (sum[2 * i + 1] + 3), 1e-5);
    free(before), free(coef), free(sum);
    ken_model_free(one);
    ken_model_free(m);
    held_free(c);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held__lines_are_made_where_nothing_speaks_against_them),
        cmocka_unit_test(test_held__the_penalty_left_open),
        cmocka_unit_test(test_held__beyond_the_ends_is_at_the_ends),
        cmocka_unit_test(test_held__a_continued_model_keeps_its_ends),
        cmocka_unit_test(test_held__interactions_by_their_definition),
        cmocka_unit_test(test_held__rows_of_the_fit_give_the_leaves_back),
        cmocka_unit_test(test_held__other_rows_move_the_constants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
