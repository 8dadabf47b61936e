/* Numeric checks of the derivations of this lesson. */
#include <stdlib.h>

#include "ken/tree/tree_ensemble.h"

enum { CHECK_ROWS = 300 };

/* A table of `columns` columns and a target made from them; classes: 0 or 1 by chance, else numbers. */
static ken_status check_table(ken_ctx *ctx, int columns, bool classes, ken_table **X, ken_table **target) {
    double *x[4], *y;
    ken_rng rng = ken_rng_stream(ctx, "lesson.boosting", (uint64_t)columns);
    KEN_TRY(ken_table_new(ctx, CHECK_ROWS, X));
    KEN_TRY(ken_table_new(ctx, CHECK_ROWS, target));
    for (int j = 0; j < columns; j++) {
        const char name[2] = {(char)('a' + j), 0};
        KEN_TRY(ken_table_add_new(ctx, *X, name, KEN_F64, (void **)&x[j], NULL));
    }
    KEN_TRY(ken_table_add_new(ctx, *target, "y", KEN_F64, (void **)&y, NULL));
    for (int i = 0; i < CHECK_ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < columns; j++) {
            x[j][i] = (double)ken_rng_below(&rng, 200) / 200;
            sum += (j + 1) * x[j][i];
        }
        if (columns > 1) sum += 8 * (x[0][i] - 0.5) * (x[1][i] - 0.5);
        y[i] = classes ? ken_rng_f64(&rng) < ken_sigmoid(sum - 1) : sum + 0.3 * ken_rng_normal(&rng);
    }
    return KEN_OK;
}

static double check_y(const ken_table *target, int64_t i) { return ken_column_f64(ken_table_column(target, 0), i); }

/* The leaf (node of the first tree) that a row falls into. */
static int32_t check_leaf(const ken_ensemble *e, const ken_table *X, int64_t i) {
    double row[4];
    for (int j = 0; j < ken_table_cols(X); j++) row[j] = ken_column_f64(ken_table_column(X, j), i);
    return ken_ensemble_walk(e, 0, row);
}

/* The derivative of the loss along a tree of leaf means is minus the tree's sum of squares: by finite differences of the
 * logistic loss, along a regression tree fitted to y - p. */
KEN_CHECK(downhill) {
    ken_table *X, *target, *pseudo;
    ken_model *m;
    double *g, F[CHECK_ROWS], f[CHECK_ROWS], squares = 0, loss[2] = {0, 0};
    const double h = 1e-6;
    EXPECT_OK(check_table(ctx, 2, true, &X, &target));
    EXPECT_OK(ken_table_new(ctx, CHECK_ROWS, &pseudo));
    EXPECT_OK(ken_table_add_new(ctx, pseudo, "g", KEN_F64, (void **)&g, NULL));
    ken_rng rng = ken_rng_stream(ctx, "lesson.margins", 0);
    for (int i = 0; i < CHECK_ROWS; i++) {
        F[i] = ken_rng_normal(&rng);
        g[i] = check_y(target, i) - ken_sigmoid(F[i]);
    }
    EXPECT_OK(ken_model_new(ctx, "tree", "max_leaves=6", &m));
    EXPECT_OK(ken_model_fit(ctx, m, &(ken_data){.table = X, .target = ken_table_column(pseudo, 0), .task = KEN_REGRESS}));
    ken_tensor out = ken_tensor_2d(f, KEN_F64, CHECK_ROWS, 1);
    EXPECT_OK(ken_model_predict(ctx, m, X, KEN_WHAT_VALUE, &out));
    for (int i = 0; i < CHECK_ROWS; i++) {
        squares += f[i] * f[i];
        for (int side = 0; side < 2; side++) {
            const double at = F[i] + (side ? h : -h) * f[i];
            loss[side] += ken_log1p(ken_exp(at)) - check_y(target, i) * at;
        }
    }
    EXPECT(squares > 1);
    EXPECT_NEAR((loss[1] - loss[0]) / (2 * h), -squares, 1e-6);
}

/* One tree: each leaf's value is -soft(G, l1) / (H + l2), and each split's gain the formula of the proof, for squared and
 * logistic loss; for absolute loss the leaf is the median of its residuals. */
static double check_soft(double g, double l1) { return g > l1 ? g - l1 : g < -l1 ? g + l1 : 0; }

static double check_score(double G, double H, double l1, double l2) {
    const double s = check_soft(G, l1);
    return s * s / (H + l2);
}

static int check_ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

KEN_CHECK(leaf_and_gain) {
    static const struct {
        const char *settings;
        bool classes;
        double l1, l2;
    } runs[] = {{"l2=0", false, 0, 0}, {"l2=3", false, 0, 3}, {"l2=1 l1=2", false, 2, 1}, {"l2=0.5", true, 0, 0.5}, {"l2=1 l1=1", true, 1, 1}};
    for (int r = 0; r < KEN_COUNT(runs); r++) {
        ken_table *X, *target;
        ken_model *m;
        char settings[160];
        double G[64] = {0}, H[64] = {0};
        EXPECT_OK(check_table(ctx, 3, runs[r].classes, &X, &target));
        snprintf(settings, sizeof settings, "trees=1 learning_rate=1 max_leaves=7 row_fraction=1 early_stopping=off %s", runs[r].settings);
        EXPECT_OK(ken_model_new(ctx, "boosting", settings, &m));
        const ken_task task = runs[r].classes ? KEN_CLASSIFY : KEN_REGRESS;
        EXPECT_OK(ken_model_fit(ctx, m, &(ken_data){.table = X, .target = ken_table_column(target, 0), .task = task}));
        const ken_ensemble *e = ken_model_state(m);
        EXPECT(e->n_nodes > 4 && e->n_nodes < 64);
        const double p = ken_sigmoid(e->base[0]);
        for (int64_t i = 0; i < CHECK_ROWS; i++) {
            const int32_t leaf = check_leaf(e, X, i);
            G[leaf] += runs[r].classes ? p - check_y(target, i) : e->base[0] - check_y(target, i);
            H[leaf] += runs[r].classes ? p * (1 - p) : 1;
        }
        for (int64_t t = e->n_nodes; t-- > 0;) { /* children come after their parents */
            if (e->feature[t] < 0) {
                EXPECT(fabs(e->value[t] + check_soft(G[t], runs[r].l1) / (H[t] + runs[r].l2)) < 1e-4);
                continue;
            }
            const int32_t a = e->left[t], b = e->right[t];
            G[t] = G[a] + G[b], H[t] = H[a] + H[b];
            const double gain = check_score(G[a], H[a], runs[r].l1, runs[r].l2) + check_score(G[b], H[b], runs[r].l1, runs[r].l2) -
                                check_score(G[t], H[t], runs[r].l1, runs[r].l2);
            EXPECT_NEAR(e->gain[t], gain, 1e-3);
        }
    }
    ken_table *X, *target;
    ken_model *m;
    EXPECT_OK(check_table(ctx, 3, false, &X, &target));
    EXPECT_OK(ken_model_new(ctx, "boosting", "loss=absolute trees=1 learning_rate=1 max_leaves=5 row_fraction=1 node_fraction=1 early_stopping=off", &m));
    EXPECT_OK(ken_model_fit(ctx, m, &(ken_data){.table = X, .target = ken_table_column(target, 0), .task = KEN_REGRESS}));
    const ken_ensemble *e = ken_model_state(m);
    for (int32_t t = 0; t < e->n_nodes; t++) {
        double left[CHECK_ROWS];
        int n = 0;
        if (e->feature[t] >= 0) continue;
        for (int64_t i = 0; i < CHECK_ROWS; i++)
            if (check_leaf(e, X, i) == t) left[n++] = check_y(target, i) - e->base[0];
        EXPECT(n > 0);
        qsort(left, (size_t)n, sizeof *left, check_ascending);
        EXPECT(e->value[t] >= left[(n - 1) / 2] - 1e-12 && e->value[t] <= left[n / 2] + 1e-12);
    }
}

/* The mixed difference of a booster of stumps vanishes; of depth 2 it does not, where the law has an interaction. */
KEN_CHECK(depth_interactions) {
    ken_table *X, *target;
    EXPECT_OK(check_table(ctx, 3, false, &X, &target));
    for (int depth = 1; depth <= 2; depth++) {
        ken_model *m;
        char settings[128];
        double most = 0;
        snprintf(settings, sizeof settings, "trees=200 linear_leaves=off learning_rate=0.2 max_depth=%d row_fraction=1 node_fraction=1 early_stopping=off", depth);
        EXPECT_OK(ken_model_new(ctx, "boosting", settings, &m));
        EXPECT_OK(ken_model_fit(ctx, m, &(ken_data){.table = X, .target = ken_table_column(target, 0), .task = KEN_REGRESS}));
        const ken_ensemble *e = ken_model_state(m);
        EXPECT_INT(e->n_trees, 200);
        for (int k = 0; k < 100; k++) {
            double F[2][2];
            for (int a = 0; a < 2; a++)
                for (int b = 0; b < 2; b++) {
                    const double row[3] = {a ? 0.9 : 0.1, b ? 0.8 : 0.15, k / 100.0};
                    F[a][b] = e->base[0];
                    for (int32_t t = 0; t < e->n_trees; t++) F[a][b] += e->value[e->tree_offset[t] + ken_ensemble_walk(e, t, row)];
                }
            most = KEN_MAX(most, fabs(F[1][1] - F[0][1] - F[1][0] + F[0][0]));
        }
        if (depth == 1) EXPECT(most < 1e-12);
        if (depth == 2) EXPECT(most > 1);
    }
}

/* The same trees, to the last bit, on one thread and on four. */
KEN_CHECK(any_threads) {
    double margin[2][2000];
    for (int run = 0; run < 2; run++) {
        ken_ctx *c;
        ken_table *t, *X;
        ken_model *m;
        const int inputs[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        EXPECT_OK(ken_ctx_new(&(ken_ctx_options){.threads = run ? 4 : 1, .seed = 1}, &c));
        EXPECT_INT(ken_ctx_threads(c), run ? 4 : 1);
        EXPECT_OK(ken_dataset_load(c, "gen:friedman:rows=2000", &t));
        EXPECT_OK(ken_table_select(c, t, inputs, 10, &X));
        EXPECT_OK(ken_model_new(c, "boosting", "trees=50", &m));
        EXPECT_OK(ken_model_fit(c, m, &(ken_data){.table = X, .target = ken_table_column(t, ken_table_find(t, "y"))}));
        ken_tensor out = ken_tensor_2d(margin[run], KEN_F64, 2000, 1);
        EXPECT_OK(ken_model_predict(c, m, X, KEN_WHAT_VALUE, &out));
        ken_model_free(m);
        ken_table_free(X);
        ken_table_free(t);
        ken_ctx_free(c);
    }
    EXPECT(memcmp(margin[0], margin[1], sizeof margin[0]) == 0);
}
