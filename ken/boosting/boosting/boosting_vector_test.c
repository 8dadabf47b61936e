/* leaves=vector: against the definition, worked out over all splits; against scalar leaves, where the two must
 * agree to the bit; and by what must hold for any table. */
#include "ken/boosting/boosting/boosting.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { ROWS = 900, VALID = 150, MOST_CLASSES = 40 };

typedef struct vector_case {
    ken_table *X;
    int64_t n;
    int classes;
    double number[2][2 * ROWS], weight[2 * ROWS];
    int32_t level[2 * ROWS], label[2 * ROWS];
    uint8_t role[2 * ROWS];
    ken_column target, weights;
    ken_data data;
} vector_case;

static const char vector_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static int64_t vector_offsets[MOST_CLASSES + 1];

static void vector_table(ken_ctx *ctx, vector_case *c, int levels) {
    static const char *const names[] = {"a", "b"};
    for (int k = 0; k <= MOST_CLASSES; k++) vector_offsets[k] = k;
    TEST_OK(ctx, ken_table_new(ctx, c->n, &c->X));
    for (int j = 0; j < 2; j++) {
        const ken_column column = test_column_f64(names[j], c->number[j], c->n);
        TEST_OK(ctx, ken_table_add_borrow(ctx, c->X, &column));
    }
    const ken_column category = {.name = "c", .dtype = KEN_CATEGORY, .n = c->n, .data = c->level, .stride = 1,
                                 .text = {levels, vector_offsets, vector_letters}};
    if (levels > 0) TEST_OK(ctx, ken_table_add_borrow(ctx, c->X, &category));
    c->target = (ken_column){.name = "y", .dtype = KEN_CATEGORY, .n = c->n, .data = c->label, .stride = 1,
                             .text = {c->classes, vector_offsets, vector_letters}};
    c->weights = test_column_f64("w", c->weight, c->n);
    c->data = (ken_data){.table = c->X, .target = &c->target, .role = c->role, .task = KEN_CLASSIFY};
}

/* Two numbers of few values, the second with missing cells, and a category; classes by all of them. */
static vector_case *vector_new(ken_ctx *ctx, int64_t n, int classes, int levels, int64_t valid) {
    vector_case *c = calloc(1, sizeof *c);
    ken_rng rng = ken_rng_stream(ctx, "vector", (uint64_t)classes);
    c->n = n;
    c->classes = classes;
    for (int64_t i = 0; i < n; i++) {
        for (int j = 0; j < 2; j++) c->number[j][i] = floor(ken_rng_f64(&rng) * 40) / 4;
        c->level[i] = levels > 0 ? (int32_t)ken_rng_below(&rng, (uint64_t)levels) : 0;
        const double f = sin(c->number[0][i]) * 2 + c->number[1][i] / 3 + (c->level[i] % 3 == 0) + ken_rng_normal(&rng);
        c->label[i] = (int32_t)fmin(fmax(floor((f + 2.5) / 8 * classes), 0), classes - 1);
        if (i < 2 * classes) c->label[i] = (int32_t)(i % classes);
        if (i % 9 == 0) c->number[1][i] = (double)NAN;
        c->role[i] = i < valid ? KEN_ROLE_VALIDATION : KEN_ROLE_TRAIN;
        c->weight[i] = (double)(i % 3) / 2;
    }
    vector_table(ctx, c, levels);
    return c;
}

static void vector_free(vector_case *c) {
    ken_table_free(c->X);
    free(c);
}

static ken_model *vector_fit(ken_ctx *ctx, const vector_case *c, const char *settings, bool weighted) {
    ken_model *m;
    ken_data data = c->data;
    if (weighted) data.weight = &c->weights;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

static double *vector_predict(ken_ctx *ctx, const ken_model *m, const ken_table *X, ken_what what) {
    int64_t width;
    TEST_OK(ctx, ken_model_width(ctx, m, what, &width));
    double *const out = malloc((size_t)(ken_table_rows(X) * width) * sizeof *out);
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ken_table_rows(X), width);
    TEST_OK(ctx, ken_model_predict(ctx, m, X, what, &t));
    return out;
}

/* --- the definition --- */

enum { TINY = 60, TINY_CLASSES = 3, TINY_LEAVES = 5, TINY_SIDES = 200 };

typedef struct tiny_rules {
    double l1, l2, min_rows, min_weight;
} tiny_rules;

typedef struct tiny_tree {
    const vector_case *c;
    tiny_rules rules;
    double g[TINY][TINY_CLASSES], h[TINY][TINY_CLASSES];
    int leaf[TINY], leaves;
} tiny_tree;

/* What the rows of a leaf on one side (side NULL: all) score; limits: NAN where they are too few. */
static double tiny_score(const tiny_tree *t, int leaf, const bool *side, bool left, double *value) {
    double score = 0, rows = 0, weight = 0;
    for (int k = 0; k < TINY_CLASSES; k++) {
        double G = 0, H = 0;
        for (int i = 0; i < TINY; i++) {
            if (t->leaf[i] != leaf || t->c->weight[i] <= 0 || (side && side[i] != left)) continue;
            G += t->g[i][k];
            H += t->h[i][k];
            rows += k == 0;
            weight += t->h[i][k];
        }
        const double s = fmax(fabs(G) - t->rules.l1, 0);
        if (rows > 0) score += s * s / (H + t->rules.l2);
        if (value) value[k] = -copysign(s, G) / (H + t->rules.l2);
    }
    return rows < t->rules.min_rows || weight < t->rules.min_weight ? (double)NAN : score;
}

/* Question q of column j: x <= q / 4, with missing values on the left if q is odd ... */
static bool tiny_left(const vector_case *c, int64_t i, int j, int q, int levels) {
    if (j == 2) return q < levels ? c->level[i] == q : false;
    const double x = c->number[j][i];
    return x != x ? q & 1 : x <= (double)(q / 2) / 4;
}

static bool tiny_split(tiny_tree *t, int columns, int levels) {
    double best = 1e-9;
    int best_leaf = -1, best_column = 0, best_question = 0;
    bool side[TINY];
    for (int leaf = 0; leaf < t->leaves; leaf++)
        for (int j = 0; j < columns; j++)
            for (int q = 0; q < TINY_SIDES; q++) {
                for (int i = 0; i < TINY; i++) side[i] = tiny_left(t->c, i, j, q, levels);
                const double gain = tiny_score(t, leaf, side, true, NULL) + tiny_score(t, leaf, side, false, NULL) -
                                    tiny_score(t, leaf, NULL, false, NULL);
                if (!(gain > best + 1e-7)) continue;
                best = gain, best_leaf = leaf, best_column = j, best_question = q;
            }
    if (best_leaf < 0) return false;
    for (int i = 0; i < TINY; i++)
        if (t->leaf[i] == best_leaf && !tiny_left(t->c, i, best_column, best_question, levels)) t->leaf[i] = t->leaves;
    t->leaves++;
    return true;
}

/* Margins at first, and their gradients: shares of the classes by weight. */
static void tiny_begin(tiny_tree *t, double *base) {
    double sum[TINY_CLASSES] = {0}, total = 0;
    for (int i = 0; i < TINY; i++) sum[t->c->label[i]] += t->c->weight[i], total += t->c->weight[i];
    for (int k = 0; k < TINY_CLASSES; k++) {
        base[k] = log(sum[k] / total);
        for (int i = 0; i < TINY; i++) {
            const double p = sum[k] / total;
            t->g[i][k] = t->c->weight[i] * (p - (t->c->label[i] == k));
            t->h[i][k] = t->c->weight[i] * 1.5 * p * (1 - p);
        }
    }
}

static void test_vector__a_tree_is_the_best_of_all(void **state) {
    static const tiny_rules rules[] = {{0, 1, 1, 0}, {0, 0.5, 5, 0}, {0.4, 0.1, 1, 3}};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int round = 0; round < 12; round++) {
        const int levels = round % 2 ? 4 : 0;
        const tiny_rules r = rules[round % 3];
        char settings[300];
        vector_case *c = vector_new(ctx, TINY, TINY_CLASSES, levels, 0);
        tiny_tree t = {.c = c, .rules = r, .leaves = 1};
        double base[TINY_CLASSES], value[TINY_CLASSES];
        for (int i = 0; i < TINY; i++) {
            c->weight[i] = (double)((i * 7 + round) % 4);
            c->label[i] = (int32_t)((unsigned)(c->label[i] + (i * round) % 2) % TINY_CLASSES);
            if (levels == 0) continue;
            c->number[0][i] = floor(c->number[0][i] / 2);
        }
        tiny_begin(&t, base);
        while (t.leaves < TINY_LEAVES && tiny_split(&t, levels ? 3 : 2, levels)) continue;
        snprintf(settings, sizeof settings,
                 "leaves=vector trees=1 learning_rate=1 early_stopping=off row_fraction=1 column_fraction=1 "
                 "max_leaves=%d min_leaf_rows=%g min_leaf_weight=%g l1=%g l2=%g category_smooth=0",
                 TINY_LEAVES, r.min_rows, fmax(r.min_weight, 1e-12), r.l1, r.l2);
        ken_model *m = vector_fit(ctx, c, settings, true);
        double *margin = vector_predict(ctx, m, c->X, KEN_WHAT_MARGIN);
        for (int i = 0; i < TINY; i++) {
            (void)tiny_score(&t, t.leaf[i], NULL, false, value);
            for (int k = 0; k < TINY_CLASSES; k++)
                if (c->weight[i] > 0) assert_true(fabs(margin[i * TINY_CLASSES + k] - (base[k] + value[k])) < 1e-5);
        }
        assert_int_equal(ken_tensor_count(ken_model_attr(m, "feature")), 2 * t.leaves - 1);
        free(margin);
        ken_model_free(m);
        vector_free(c);
    }
    test_ctx_free(ctx);
}

/* --- XGBoost: golden/make_vector_golden.py --- */

enum { GOLDEN_ROWS = 240, GOLDEN_COLUMNS = 7 };

/* A single's accuracy: what the peer computes with. */
static void test_vector__probabilities_are_those_of_xgboost(void **state) {
    ken_ctx *ctx = test_ctx(1);
    double x[GOLDEN_ROWS * 3], p[GOLDEN_ROWS * 3];
    vector_case *c = calloc(1, sizeof *c);
    size_t size;
    char *text = test_read_file(KEN_SOURCE_DIR "/ken/boosting/boosting/golden/vector_golden.csv", &size);
    const char *at = strchr(text, '\n') + 1;
    (void)state;
    c->n = GOLDEN_ROWS;
    c->classes = 3;
    for (int i = 0; i < GOLDEN_ROWS; i++)
        for (int j = 0; j < GOLDEN_COLUMNS; j++) {
            char *end;
            double cell = strtod(at, &end);
            if (end == at) cell = (double)NAN;
            at = end + 1;
            if (j < 3) x[3 * i + j] = cell;
            if (j == 3) c->label[i] = (int32_t)cell;
            if (j > 3) p[3 * i + j - 4] = cell;
        }
    vector_table(ctx, c, 0);
    ken_table_free(c->X);
    c->X = test_table(ctx, x, GOLDEN_ROWS, 3);
    c->data.table = c->X;
    memset(c->role, KEN_ROLE_TRAIN, sizeof c->role);
    ken_model *m = vector_fit(ctx, c, "leaves=vector trees=5 learning_rate=0.3 l2=1.5 max_leaves=8 row_fraction=1 "
                                      "column_fraction=1 early_stopping=off min_leaf_rows=1 min_leaf_weight=1e-9", false);
    double *got = vector_predict(ctx, m, c->X, KEN_WHAT_PROBA);
    for (int i = 0; i < 3 * GOLDEN_ROWS; i++) TEST_NEAR(got[i], p[i], 2e-6);
    free(got);
    free(text);
    ken_model_free(m);
    vector_free(c);
    test_ctx_free(ctx);
}

/* --- scalar leaves --- */

/* Of two classes the gradients are opposite, but for rounding: both scalar trees of a round are the vector one.
 * Where gains tie up to that rounding, later trees may part: there it is one round. */
static void test_vector__two_classes_are_two_equal_trees(void **state) {
    static const struct {
        const char *settings;
        int trees;
    } fits[] = {{"", 9},
                {"growth=depthwise max_depth=4 max_leaves=99", 9},
                {"growth=oblivious max_depth=4", 1},
                {"l1=0.3 l2=0 max_leaves=60", 1},
                {"max_onehot=2 category_smooth=3", 9},
                {"path_smoothing=4", 9},
                {"interactions=a|b;c", 9},
                {"forced=b<=4(a<=3;a<=6(b<=8))", 9},
                {"extra_random=true", 1}};
    ken_ctx *ctx = test_ctx(2);
    vector_case *c = vector_new(ctx, ROWS, 2, 12, VALID), *other = vector_new(ctx, 2 * ROWS, 2, 12, 0);
    (void)state;
    for (int f = 0; f < KEN_COUNT(fits); f++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const bool drawn = strstr(fits[f].settings, "random"); /* by the number of the tree: class 0 has the same */
            double *margin[2];
            for (int v = 0; v < 2; v++) {
                char settings[300];
                snprintf(settings, sizeof settings,
                         "leaves=%s loss=softmax trees=%d row_fraction=1 column_fraction=1 linear_leaves=false "
                         "min_leaf_weight=1e-9 %s",
                         v ? "vector" : "scalar", fits[f].trees, fits[f].settings);
                ken_model *m = vector_fit(ctx, c, settings, weighted == 1);
                if (fits[f].trees > 1 && !strstr(settings, "smoothing")) TEST_OK(ctx, ken_model_refit(ctx, m, &other->data, 0.25));
                margin[v] = vector_predict(ctx, m, c->X, KEN_WHAT_MARGIN);
                ken_model_free(m);
            }
            for (int64_t i = 0; i < 2 * c->n; i += drawn ? 2 : 1) assert_true(margin[0][i] == margin[1][i]);
            free(margin[0]);
            free(margin[1]);
        }
    vector_free(other);
    vector_free(c);
    test_ctx_free(ctx);
}

/* --- what must hold --- */

static const char *const vector_settings[] = {
    "", "row_fraction=0.6 column_fraction=0.5 max_leaves=40", "growth=depthwise max_depth=5 max_leaves=64",
    "growth=oblivious max_depth=4 max_onehot=2", "sampling=goss top_rate=0.3 other_rate=0.2",
    "sampling=mvs row_fraction=0.5", "drop_rate=0.3 skip_drop=0.2", "level_fraction=0.7 node_fraction=0.7 l1=0.2",
    "extra_random=true path_smoothing=5", "class_weight=balanced"};

typedef struct vector_setting {
    const char *text;
    int classes;
    bool weighted;
} vector_setting;

static ken_model *vector_fit_setting(ken_ctx *ctx, void *arg) {
    const vector_setting *const v = arg;
    vector_case *c = vector_new(ctx, ROWS, v->classes, 12, VALID);
    char settings[200];
    snprintf(settings, sizeof settings, "leaves=vector trees=6 %s", v->text);
    ken_model *m = vector_fit(ctx, c, settings, v->weighted);
    vector_free(c);
    return m;
}

static void test_vector__any_thread_count_gives_the_same_bits(void **state) {
    static const int classes[] = {3, 7, 40};
    (void)state;
    for (int k = 0; k < KEN_COUNT(classes); k++)
        for (int s = 0; s < KEN_COUNT(vector_settings); s++)
            test_same_for_any_threads(vector_fit_setting,
                                      &(vector_setting){vector_settings[s], classes[k], s % 2 == 1});
}

static void test_vector__a_weight_of_two_is_a_row_twice(void **state) {
    static const char settings[] = "leaves=vector trees=8 row_fraction=1 column_fraction=1 early_stopping=off "
                                   "min_leaf_rows=1 max_leaves=6 category_smooth=0";
    ken_ctx *ctx = test_ctx(1);
    vector_case *once = vector_new(ctx, ROWS, 5, 4, 0), *twice = calloc(1, sizeof *twice);
    (void)state;
    twice->classes = 5;
    for (int64_t i = 0; i < ROWS; i++) {
        once->weight[i] = i % 3 == 0 ? 2 : 1;
        for (int r = 0; r < (i % 3 == 0 ? 2 : 1); r++) {
            const int64_t to = twice->n++;
            for (int j = 0; j < 2; j++) twice->number[j][to] = once->number[j][i];
            twice->level[to] = once->level[i];
            twice->label[to] = once->label[i];
            twice->role[to] = KEN_ROLE_TRAIN;
        }
    }
    vector_table(ctx, twice, 4);
    ken_model *a = vector_fit(ctx, once, settings, true), *b = vector_fit(ctx, twice, settings, false);
    double *x = vector_predict(ctx, a, once->X, KEN_WHAT_MARGIN), *y = vector_predict(ctx, b, once->X, KEN_WHAT_MARGIN);
    for (int64_t i = 0; i < 5 * ROWS; i++) TEST_NEAR(x[i], y[i], 1e-5);
    free(x);
    free(y);
    ken_model_free(a);
    ken_model_free(b);
    vector_free(once);
    vector_free(twice);
    test_ctx_free(ctx);
}

static void test_vector__rounds_and_more_rounds_are_those_of_one_fit(void **state) {
    ken_ctx *ctx = test_ctx(2);
    vector_case *c = vector_new(ctx, ROWS, 5, 12, VALID);
    (void)state;
    for (int s = 0; s < KEN_COUNT(vector_settings); s++) {
        char settings[200];
        /* rounds of a continued model are not dropped, and thresholds are drawn by the trees of the call */
        if (strstr(vector_settings[s], "drop") || strstr(vector_settings[s], "random")) continue;
        snprintf(settings, sizeof settings, "leaves=vector early_stopping=off trees=4 %s", vector_settings[s]);
        ken_model *part = vector_fit(ctx, c, settings, false), *slice;
        TEST_OK(ctx, ken_model_set(ctx, part, "trees", "9"));
        TEST_OK(ctx, ken_model_fit_on(ctx, part, &c->data));
        snprintf(settings, sizeof settings, "leaves=vector early_stopping=off trees=9 %s", vector_settings[s]);
        ken_model *whole = vector_fit(ctx, c, settings, false);
        test_same_model(part, whole);
        assert_int_equal(ken_boosting_rounds(whole), 9);
        ken_model_free(part);
        snprintf(settings, sizeof settings, "leaves=vector early_stopping=off trees=4 %s", vector_settings[s]);
        part = vector_fit(ctx, c, settings, false);
        TEST_OK(ctx, ken_boosting_slice(ctx, whole, 0, 4, &slice));
        double *x = vector_predict(ctx, part, c->X, KEN_WHAT_PROBA), *y = vector_predict(ctx, slice, c->X, KEN_WHAT_PROBA);
        assert_memory_equal(x, y, 5 * ROWS * sizeof *x);
        free(x);
        free(y);
        ken_model_free(part);
        ken_model_free(slice);
        ken_model_free(whole);
    }
    vector_free(c);
    test_ctx_free(ctx);
}

typedef struct staged_last {
    double out[5 * ROWS];
    int64_t rounds;
} staged_last;

static ken_status vector_stage(void *arg, int64_t round, const double *out) {
    staged_last *const last = arg;
    memcpy(last->out, out, sizeof last->out);
    last->rounds = round;
    return KEN_OK;
}

static void test_vector__stages_row_and_contributions_agree_with_the_prediction(void **state) {
    ken_ctx *ctx = test_ctx(1);
    vector_case *c = vector_new(ctx, ROWS, 5, 12, VALID);
    staged_last *last = calloc(1, sizeof *last);
    ken_model *m = vector_fit(ctx, c, "leaves=vector trees=12 early_stopping=off", false);
    double *proba = vector_predict(ctx, m, c->X, KEN_WHAT_PROBA), *margin = vector_predict(ctx, m, c->X, KEN_WHAT_MARGIN);
    double *phi = vector_predict(ctx, m, c->X, KEN_WHAT_CONTRIBUTIONS);
    (void)state;
    TEST_OK(ctx, ken_boosting_staged(ctx, m, c->X, KEN_WHAT_PROBA, vector_stage, last));
    assert_int_equal(last->rounds, 12);
    assert_memory_equal(last->out, proba, sizeof last->out);
    for (int64_t i = 0; i < 5 * ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < 4; j++) sum += phi[i * 4 + j];
        TEST_NEAR(sum, margin[i], 1e-9);
    }
    assert_int_equal(ken_tensor_count(ken_model_attr(m, "tree_output")), 12);
    free(proba);
    free(margin);
    free(phi);
    free(last);
    ken_model_free(m);
    vector_free(c);
    test_ctx_free(ctx);
}

static void test_vector__refit_on_the_rows_of_the_fit_changes_nothing(void **state) {
    static const char *const settings[] = {"row_fraction=1", "growth=oblivious row_fraction=1", "l1=0.3 max_leaves=50",
                                           "row_fraction=0.5"}; /* leaves hear all rows, not the sample alone */
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    for (int classes = 3; classes <= MOST_CLASSES; classes += MOST_CLASSES - 3)
        for (int s = 0; s < KEN_COUNT(settings); s++) {
            vector_case *c = vector_new(ctx, ROWS, classes, 12, 0);
            char text[200];
            snprintf(text, sizeof text, "leaves=vector trees=6 early_stopping=off %s", settings[s]);
            ken_model *m = vector_fit(ctx, c, text, s == 1), *again = vector_fit(ctx, c, text, s == 1);
            ken_data data = c->data;
            if (s == 1) data.weight = &c->weights;
            TEST_OK(ctx, ken_model_refit(ctx, m, &data, 0));
            test_same_model(m, again);
            ken_model_free(m);
            ken_model_free(again);
            vector_free(c);
        }
    test_ctx_free(ctx);
}

static double vector_log_loss(ken_ctx *ctx, const vector_case *c, const char *settings, int64_t from) {
    ken_model *m = vector_fit(ctx, c, settings, false);
    double *p = vector_predict(ctx, m, c->X, KEN_WHAT_PROBA), sum = 0;
    for (int64_t i = from; i < c->n; i++) sum -= log(p[i * c->classes + c->label[i]]);
    free(p);
    ken_model_free(m);
    return sum / (double)(c->n - from);
}

/* More classes than are searched: the structure is found on those of greatest gradients, all get values. */
static void test_vector__many_classes_are_searched_in_part(void **state) {
    ken_ctx *ctx = test_ctx(1);
    vector_case *c = vector_new(ctx, ROWS, MOST_CLASSES, 12, 0);
    (void)state;
    const double scalar = vector_log_loss(ctx, c, "trees=30 early_stopping=off l2=1 min_leaf_rows=5 max_leaves=8", 0);
    const double vector = vector_log_loss(ctx, c, "leaves=vector trees=30 early_stopping=off l2=1 min_leaf_rows=5 max_leaves=31", 0);
    assert_true(vector < 3.0 && vector < 1.15 * scalar); /* ln 40 = 3.69 */
    vector_free(c);
    test_ctx_free(ctx);
}

static void test_vector__quantiles_share_their_trees(void **state) {
    ken_ctx *ctx = test_ctx(1);
    vector_case *c = vector_new(ctx, ROWS, 5, 12, 0);
    double y[ROWS], loss[2];
    (void)state;
    for (int i = 0; i < ROWS; i++) y[i] = 3 * c->label[i] + c->number[0][i];
    const ken_column target = test_column_f64("y", y, ROWS);
    for (int v = 0; v < 2; v++) {
        ken_model *m;
        const ken_data data = {.table = c->X, .target = &target, .task = KEN_REGRESS};
        TEST_OK(ctx, ken_model_new(ctx, "boosting", v ? "quantiles=0.1|0.5|0.9 trees=40 leaves=vector"
                                                      : "quantiles=0.1|0.5|0.9 trees=40", &m));
        TEST_OK(ctx, ken_model_fit(ctx, m, &data));
        double *q = vector_predict(ctx, m, c->X, KEN_WHAT_QUANTILES);
        static const double level[] = {0.1, 0.5, 0.9};
        loss[v] = 0;
        for (int i = 0; i < ROWS; i++)
            for (int k = 0; k < 3; k++) {
                const double r = y[i] - q[3 * i + k];
                loss[v] += fmax(level[k] * r, (level[k] - 1) * r);
                assert_true(k == 0 || q[3 * i + k] >= q[3 * i + k - 1]);
            }
        free(q);
        ken_model_free(m);
    }
    assert_true(loss[1] < 1.1 * loss[0]);
    vector_free(c);
    test_ctx_free(ctx);
}

static void test_vector__what_it_cannot_do_is_said(void **state) {
    ken_ctx *ctx = test_ctx(1);
    vector_case *c = vector_new(ctx, ROWS, 4, 0, 0);
    ken_model *m = vector_fit(ctx, c, "trees=3 linear_leaves=false", false), *v;
    (void)state;
    TEST_OK(ctx, ken_model_set(ctx, m, "leaves", "vector"));
    TEST_OK(ctx, ken_model_set(ctx, m, "trees", "6"));
    TEST_FAILS(ctx, ken_model_fit_on(ctx, m, &c->data), KEN_E_ARG, "leaves");
    TEST_OK(ctx, ken_model_new(ctx, "boosting", "leaves=vector increasing=a", &v));
    TEST_FAILS(ctx, ken_model_fit(ctx, v, &c->data), KEN_E_ARG, "rise together");
    ken_model_free(v);
    TEST_OK(ctx, ken_model_set(ctx, m, "leaves", "vector"));
    TEST_FAILS(ctx, ken_model_refit(ctx, m, &c->data, 0), KEN_E_ARG, "leaves");
    ken_model_free(m);
    vector_free(c);
    test_ctx_free(ctx);
}

static ken_status vector_fit_once(ken_ctx *ctx, void *arg) {
    const vector_case *const c = arg;
    ken_model *m = NULL;
    const ken_data data = c->data;
    ken_status status = ken_model_new(ctx, "boosting", "leaves=vector trees=2 min_leaf_rows=2 sampling=goss", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    ken_model_free(m);
    return status;
}

static void test_vector__every_failed_allocation_is_an_error(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int classes = 3; classes <= MOST_CLASSES; classes += MOST_CLASSES - 3) {
        vector_case *c = vector_new(ctx, 100, classes, 3, 10);
        test_every_allocation(vector_fit_once, c, 2000);
        vector_free(c);
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector__a_tree_is_the_best_of_all),
        cmocka_unit_test(test_vector__probabilities_are_those_of_xgboost),
        cmocka_unit_test(test_vector__two_classes_are_two_equal_trees),
        cmocka_unit_test(test_vector__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_vector__a_weight_of_two_is_a_row_twice),
        cmocka_unit_test(test_vector__rounds_and_more_rounds_are_those_of_one_fit),
        cmocka_unit_test(test_vector__stages_row_and_contributions_agree_with_the_prediction),
        cmocka_unit_test(test_vector__refit_on_the_rows_of_the_fit_changes_nothing),
        cmocka_unit_test(test_vector__many_classes_are_searched_in_part),
        cmocka_unit_test(test_vector__quantiles_share_their_trees),
        cmocka_unit_test(test_vector__what_it_cannot_do_is_said),
        cmocka_unit_test(test_vector__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
