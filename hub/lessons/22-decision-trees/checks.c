/* Numeric checks of the derivations of this lesson. */
#include "ken/tree/tree_ensemble.h"

static double check_gini(const double *count, int k) {
    double w = 0, s = 0;
    for (int c = 0; c < k; c++) w += count[c], s += count[c] * count[c];
    return 1 - s / (w * w);
}

/* Random tables: the curve's gain is the formula of the proof, and never negative; the error rate gains nothing where both
 * sides have the same majority. */
KEN_CHECK(concave_gain) {
    enum { N = 60, K = 3 };
    ken_rng rng = ken_rng_stream(ctx, "lesson.concave", 0);
    int flat = 0;
    for (int run = 0; run < 200; run++) {
        double x[N];
        int32_t label[N];
        ken_split_curve *gini, *entropy;
        for (int i = 0; i < N; i++) {
            x[i] = (double)ken_rng_below(&rng, 20);
            label[i] = (int32_t)(ken_rng_f64(&rng) < 0.7 ? 0 : 1 + ken_rng_below(&rng, 2));
        }
        EXPECT_OK(ken_split_curve_new(ctx, x, N, NULL, label, K, NULL, KEN_GINI, &gini));
        EXPECT_OK(ken_split_curve_new(ctx, x, N, NULL, label, K, NULL, KEN_ENTROPY, &entropy));
        for (int64_t t = 0; t < gini->n; t++) {
            double left[K] = {0}, right[K] = {0}, nl = 0, nr = 0, different = 0;
            int top_l = 0, top_r = 0;
            for (int i = 0; i < N; i++) *(x[i] <= gini->threshold[t] ? &left[label[i]] : &right[label[i]]) += 1;
            for (int c = 0; c < K; c++) nl += left[c], nr += right[c];
            for (int c = 0; c < K; c++) {
                const double d = left[c] / nl - right[c] / nr;
                different += d * d;
                top_l = left[c] > left[top_l] ? c : top_l;
                top_r = right[c] > right[top_r] ? c : top_r;
            }
            EXPECT(fabs(gini->gain[t] - nl / N * nr / N * different) < 1e-12);
            EXPECT_NEAR(gini->left[t] + 1, check_gini(left, K) + 1, 1e-12);
            EXPECT(entropy->gain[t] >= -1e-12);
            if (different > 1e-9) EXPECT(gini->gain[t] > 0 && entropy->gain[t] > 0);
            if (top_l == top_r && different > 1e-3) { /* the error rate of the sides together is that of the node */
                const double node = nl + nr - (left[top_l] + right[top_l]);
                EXPECT(nl - left[top_l] + nr - right[top_r] == node);
                flat++;
            }
        }
        ken_split_curve_free(ctx, gini);
        ken_split_curve_free(ctx, entropy);
    }
    EXPECT(flat > 1000);
}

/* The cheapest subtree at a price, from the bottom up; ties go to the cut. */
static double check_cheapest(const ken_ensemble *e, int32_t t, double alpha, const double *risk, int64_t *leaves) {
    int64_t l, r;
    const double cut = risk[t] + alpha;
    *leaves = 1;
    if (e->feature[t] < 0) return cut;
    const double keep = check_cheapest(e, e->left[t], alpha, risk, &l) + check_cheapest(e, e->right[t], alpha, risk, &r);
    if (cut <= keep * (1 + 1e-14)) return cut;
    *leaves = l + r;
    return keep;
}

/* The path of the library against the cheapest subtree at many prices, and against a fit with ccp_alpha. */
KEN_CHECK(weakest_link) {
    ken_table *t, *X;
    ken_model *full;
    static double alpha[400], impurity[400], risk[400];
    static int64_t leaves[400];
    int64_t n;
    const int two[] = {0, 1};
    EXPECT_OK(ken_dataset_load(ctx, "gen:moons:rows=300,noise=0.4", &t));
    EXPECT_OK(ken_table_select(ctx, t, two, 2, &X));
    const ken_data data = {.table = X, .target = ken_table_column(t, ken_table_find(t, "class"))};
    EXPECT_OK(ken_model_new(ctx, "tree", "", &full));
    EXPECT_OK(ken_model_fit(ctx, full, &data));
    EXPECT_OK(ken_tree_prune_path(ctx, full, 400, alpha, impurity, leaves, &n));
    EXPECT(n > 10 && n < 400);
    const ken_ensemble *e = ken_model_state(full);
    EXPECT(e->n_nodes < 400);
    for (int64_t i = 0; i < e->n_nodes; i++) {
        const double p = e->value[i * e->width];
        risk[i] = e->cover[i] / e->cover[0] * 2 * p * (1 - p);
    }
    for (int64_t k = 0; k < n; k++) {
        int64_t brute, again;
        const double price = k + 1 < n ? (alpha[k] + alpha[k + 1]) / 2 : 2 * alpha[k];
        if (k > 0) EXPECT(alpha[k] >= alpha[k - 1] && leaves[k] < leaves[k - 1]);
        if (k + 1 < n && !(alpha[k + 1] > alpha[k] * (1 + 1e-9))) continue; /* several links of one price */
        const double cost = check_cheapest(e, 0, price, risk, &brute);
        EXPECT_INT(brute, leaves[k]);
        EXPECT_NEAR(impurity[k] + price * (double)leaves[k], cost, 1e-9);
        ken_model *m;
        char settings[48];
        snprintf(settings, sizeof settings, "ccp_alpha=%.17g", price);
        EXPECT_OK(ken_model_new(ctx, "tree", settings, &m));
        EXPECT_OK(ken_model_fit(ctx, m, &data));
        again = (((const ken_ensemble *)ken_model_state(m))->n_nodes + 1) / 2;
        EXPECT_INT(again, leaves[k]);
        ken_model_free(m);
    }
    EXPECT_INT(leaves[n - 1], 1);
}

/* All 2^(L-1) - 1 partings of a category's levels, against the one that the tree takes. */
KEN_CHECK(fisher_order) {
    enum { N = 200, L = 9 };
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    ken_rng rng = ken_rng_stream(ctx, "lesson.fisher", 0);
    for (int run = 0; run < 20; run++) {
        ken_table *t;
        ken_model *m;
        double *y, sum[L] = {0}, count[L] = {0}, all = 0;
        int32_t code[N];
        int64_t offset[L + 1];
        for (int l = 0; l <= L; l++) offset[l] = l;
        EXPECT_OK(ken_table_new(ctx, N, &t));
        for (int i = 0; i < N; i++) code[i] = (int32_t)ken_rng_below(&rng, L);
        char bytes[L + 1] = "";
        for (int l = 0; l < L; l++) bytes[l] = names[l][0];
        const ken_column c = {.name = "level", .dtype = KEN_CATEGORY, .n = N, .data = code, .stride = 1,
                              .text = {.n = L, .offset = offset, .bytes = bytes}, .source = -1};
        EXPECT_OK(ken_table_add_copy(ctx, t, &c));
        ken_table *target;
        EXPECT_OK(ken_table_new(ctx, N, &target));
        EXPECT_OK(ken_table_add_new(ctx, target, "y", KEN_F64, (void **)&y, NULL));
        for (int i = 0; i < N; i++) {
            y[i] = ken_rng_normal(&rng) + (code[i] % 4);
            sum[code[i]] += y[i], count[code[i]]++, all += y[i];
        }
        EXPECT_OK(ken_model_new(ctx, "tree", "max_leaves=2", &m));
        EXPECT_OK(ken_model_fit(ctx, m, &(ken_data){.table = t, .target = ken_table_column(target, 0), .task = KEN_REGRESS}));
        double best = 0;
        for (int set = 1; set < 1 << (L - 1); set++) {
            double s = 0, n = 0;
            for (int l = 0; l < L; l++)
                if (set >> l & 1) s += sum[l], n += count[l];
            const double gain = s * s / n + (all - s) * (all - s) / (N - n) - all * all / N;
            best = KEN_MAX(best, gain);
        }
        EXPECT_NEAR(((const ken_ensemble *)ken_model_state(m))->gain[0], best, 1e-9);
        ken_model_free(m);
        ken_table_free(t);
        ken_table_free(target);
    }
}
