/* One versus one against scikit-learn (one_vs_rest/golden/make_multiclass.py), the fixed point that
 * defines the coupling, and its properties. */
#include "ken/ensemble/ensemble_check.h"

#include "ken/ensemble/one_vs_one/one_vs_one.h"

static void check_golden(ken_ctx *ctx, mc_sample *s, const char *line, void *arg) {
    double l2, v[4];
    int row;
    char settings[80];
    assert_int_equal(sscanf(line, "ovo,%lf,%d,%lf,%lf,%lf,%lf", &l2, &row, v, v + 1, v + 2, v + 3),
                     6);
    snprintf(settings, sizeof settings, "base=logistic base.l2=%g base.tol=1e-10", l2);
    ken_model *m = mc_fit(ctx, "one_vs_one", settings, s->table, s->label);
    double *margin = mc_ask(ctx, m, s->table, KEN_WHAT_MARGIN);
    for (int c = 0; c < MC_CLASSES; c++) TEST_NEAR(margin[row * MC_CLASSES + c], v[c], 1e-7);
    free(margin);
    ken_model_free(m);
    ++*(int *)arg;
}

/* Both fits stop at gradients near 1e-12: 1e-7 of a margin is far above that. */
static void test_one_vs_one__agrees_with_scikit_learn(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    int checked = 0;
    mc_sample s = mc_golden(ctx, "ovo", check_golden, &checked);
    assert_int_equal(checked, 54);
    ken_table_free(s.table);
    test_ctx_free(ctx);
}

/* --- coupling --------------------------------------------------------------------------------- */
enum { KMAX = 12 };

/* Q p = b 1 and sum p = 1 (the paper's eq. 21), for random pairs from even to nearly certain. */
static void test_coupling__is_the_fixed_point_of_the_paper(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "coupling", 0);
    for (int round = 0; round < 300; round++) {
        const int k = 2 + round % (KMAX - 1);
        const double spread = round % 3 == 0 ? 0.3 : round % 3 == 1 ? 3 : 15;
        double r[KMAX * KMAX] = {0}, p[KMAX], work[KMAX * (KMAX + 1)], sum = 0, b = 0;
        for (int i = 0; i < k; i++)
            for (int j = i + 1; j < k; j++) {
                const double one = 1 / (1 + exp(-spread * ken_rng_normal(&rng)));
                r[i * k + j] = fmin(fmax(one, 1e-7), 1 - 1e-7);
                r[j * k + i] = 1 - r[i * k + j];
            }
        ken_pairwise_coupling(r, k, p, work);
        for (int i = 0; i < k; i++) {
            double Qp = 0;
            assert_true(p[i] >= 0 && p[i] <= 1);
            sum += p[i];
            for (int j = 0; j < k; j++)
                if (j != i)
                    Qp += r[j * k + i] * r[j * k + i] * p[i] - r[j * k + i] * r[i * k + j] * p[j];
            if (i == 0) b = Qp;
            if (!(fabs(Qp - b) <= 1e-13))
                fail_msg("k %d, spread %g: %.17g is not %.17g", k, spread, Qp, b);
        }
        TEST_NEAR(sum, 1, 1e-14);
    }
    test_ctx_free(ctx);
}

/* Pairs that come from probabilities, r_ij = p_i / (p_i + p_j), give them back. */
static void test_coupling__consistent_pairs_give_their_probabilities(void **state) {
    (void)state;
    static const double want[] = {0.05, 0.4, 0.25, 0.2999, 0.0001};
    double r[25] = {0}, p[5], work[30];
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++) r[i * 5 + j] = want[i] / (want[i] + want[j]);
    ken_pairwise_coupling(r, 5, p, work);
    for (int i = 0; i < 5; i++) TEST_NEAR(p[i], want[i], 1e-9);
    const double two[] = {0, 0.8, 0.2, 0};
    ken_pairwise_coupling(two, 2, p, work);
    TEST_NEAR(p[0], 0.8, 1e-12);
}

/* The probabilities of the model are the coupling of its pairs; the votes are those of its pairs.
 */
static void test_one_vs_one__pairs_explain_the_answer(void **state) {
    (void)state;
    enum { PAIRS = MC_CLASSES * (MC_CLASSES - 1) / 2 };
    ken_ctx *ctx = test_ctx(1);
    mc_sample s = mc_golden(ctx, "none", mc_nothing, NULL);
    ken_model *m = mc_fit(ctx, "one_vs_one", NULL, s.table, s.label);
    double proba[MC_ROWS * PAIRS], margin[MC_ROWS * PAIRS];
    double *p = mc_ask(ctx, m, s.table, KEN_WHAT_PROBA),
           *votes = mc_ask(ctx, m, s.table, KEN_WHAT_MARGIN);
    TEST_OK(ctx, ken_one_vs_one_pairs(ctx, m, s.table, KEN_WHAT_PROBA, proba));
    TEST_OK(ctx, ken_one_vs_one_pairs(ctx, m, s.table, KEN_WHAT_MARGIN, margin));
    for (int i = 0; i < MC_ROWS; i++) {
        double r[16] = {0}, want[4], work[20], count[4] = {0};
        int at = i * PAIRS;
        for (int a = 0; a < 4; a++)
            for (int b = a + 1; b < 4; b++, at++) {
                assert_true((proba[at] > 0.5) == (margin[at] > 0));
                r[b * 4 + a] = proba[at], r[a * 4 + b] = 1 - proba[at];
                count[margin[at] > 0 ? b : a]++;
            }
        ken_pairwise_coupling(r, 4, want, work);
        for (int c = 0; c < 4; c++) {
            TEST_NEAR(p[i * 4 + c], want[c], 1e-12);
            assert_true(fabs(votes[i * 4 + c] - count[c]) < 1.0 / 3);
        }
    }
    free(p), free(votes);
    TEST_FAILS(ctx, ken_one_vs_one_pairs(ctx, m, s.table, KEN_WHAT_LEAF, proba), KEN_E_UNSUPPORTED,
               "logistic");
    ken_model_free(m);
    m = mc_fit(ctx, "logistic", NULL, s.table, s.label);
    TEST_FAILS(ctx, ken_one_vs_one_pairs(ctx, m, s.table, KEN_WHAT_PROBA, proba), KEN_E_ARG,
               "logistic");
    ken_model_free(m);
    ken_table_free(s.table);
    test_ctx_free(ctx);
}

/* A base without margins: confidences are probabilities less a half. */
static void test_one_vs_one__base_without_margin_votes_by_probability(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    mc_sample s = mc_golden(ctx, "none", mc_nothing, NULL);
    ken_model *m = mc_fit(ctx, "one_vs_one", "base=knn base.k=3", s.table, s.label);
    double *votes = mc_ask(ctx, m, s.table, KEN_WHAT_MARGIN), pairs[MC_ROWS * 6];
    TEST_OK(ctx, ken_one_vs_one_pairs(ctx, m, s.table, KEN_WHAT_PROBA, pairs));
    for (int i = 0; i < MC_ROWS; i++) { /* class 3 is b in the pairs 2, 4, 5 */
        double count = 0, sure = 0;
        static const int of_three[] = {2, 4, 5};
        for (int t = 0; t < 3; t++) {
            count += pairs[i * 6 + of_three[t]] > 0.5;
            sure += pairs[i * 6 + of_three[t]] - 0.5;
        }
        TEST_NEAR(votes[i * 4 + 3], count + sure / (3 * (fabs(sure) + 1)), 1e-14);
    }
    TEST_FAILS(ctx, ken_one_vs_one_pairs(ctx, m, s.table, KEN_WHAT_MARGIN, pairs),
               KEN_E_UNSUPPORTED, "knn");
    free(votes);
    ken_model_free(m);
    ken_table_free(s.table);
    test_ctx_free(ctx);
}

static void test_one_vs_one__two_classes_are_the_base(void **state) {
    (void)state;
    mc_check_two_classes("one_vs_one");
}
static void test_one_vs_one__names_of_classes_do_not_matter(void **state) {
    (void)state;
    mc_check_labels("one_vs_one", KEN_WHAT_PROBA, 1e-7);
    mc_check_labels("one_vs_one", KEN_WHAT_MARGIN, 1e-6);
}
static void test_one_vs_one__file_keeps_the_base(void **state) {
    (void)state;
    mc_check_pack("one_vs_one");
}
static void test_one_vs_one__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(mc_round, "one_vs_one", 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_vs_one__agrees_with_scikit_learn),
        cmocka_unit_test(test_coupling__is_the_fixed_point_of_the_paper),
        cmocka_unit_test(test_coupling__consistent_pairs_give_their_probabilities),
        cmocka_unit_test(test_one_vs_one__pairs_explain_the_answer),
        cmocka_unit_test(test_one_vs_one__base_without_margin_votes_by_probability),
        cmocka_unit_test(test_one_vs_one__two_classes_are_the_base),
        cmocka_unit_test(test_one_vs_one__names_of_classes_do_not_matter),
        cmocka_unit_test(test_one_vs_one__file_keeps_the_base),
        cmocka_unit_test(test_one_vs_one__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
