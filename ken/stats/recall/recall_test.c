/* The memory model against its reference implementation, and against what a memory must do. */
#include "ken/stats/recall/recall.h"

#include "tests/support.h"

typedef struct recall_step {
    double days;
    int grade;
    double difficulty, stability, interval, after_five_days;
} recall_step;

/* One card's life in ts-fsrs 5.2.3 (FSRS.next_state, next_interval, forgetting_curve(5 days); default
 * parameters, fuzz off), which rounds to 8 decimals after each step: hence 1e-6. */
static const recall_step recall_life[] = {
    {0, 3, 2.11810397, 2.3065, 2, 0.83886143},        {1, 3, 2.11121424, 7.31530068, 7, 0.92396279},
    {4, 3, 2.1043314, 23.18895679, 23, 0.9708632},    {9, 1, 7.38997579, 2.01228572, 2, 0.82668964},
    {0, 2, 8.25257267, 1.17378692, 1, 0.77607216},    {1, 3, 8.23954847, 2.67925744, 3, 0.85181658},
    {6, 4, 7.63651597, 13.33844991, 13, 0.95288513},  {60, 2, 8.41623753, 36.14424433, 36, 0.98058063},
    {0, 3, 8.40304966, 36.14424433, 36, 0.98058063},  {0, 4, 7.85465164, 51.59553066, 52, 0.98610272},
    {0, 1, 9.28006696, 14.13187702, 14, 0.95512157},  {20, 3, 9.26601526, 24.81927651, 25, 0.97259063},
    {200, 1, 9.74397258, 2.80108562, 3, 0.85557159},  {3, 3, 9.72945698, 4.47728186, 4, 0.89223609}};

static void test_recall__a_life_equals_the_reference(void **state) {
    ken_recall m = {0, 0};
    (void)state;
    for (int i = 0; i < KEN_COUNT(recall_life); i++) {
        const recall_step *s = &recall_life[i];
        m = ken_recall_review(NULL, m, s->days, (ken_grade)s->grade);
        TEST_NEAR(m.difficulty, s->difficulty, 1e-6);
        TEST_NEAR(m.stability, s->stability, 1e-6);
        TEST_NEAR(ken_recall_interval(NULL, m), s->interval, 0);
        TEST_NEAR(ken_recall_probability(NULL, m, 5), s->after_five_days, 1e-6);
    }
}

static void test_recall__stability_is_the_time_of_nine_tenths(void **state) {
    (void)state;
    for (double s = 0.01; s < 30000; s *= 3) {
        const ken_recall m = {s, 5};
        TEST_NEAR(ken_recall_probability(NULL, m, s), 0.9, 1e-12);
        TEST_NEAR(ken_recall_probability(NULL, m, 0), 1, 1e-15);
    }
}

static void test_recall__a_better_grade_never_comes_back_sooner(void **state) {
    (void)state;
    for (double s = 0.1; s < 2000; s *= 2)
        for (double d = 1; d <= 10; d += 0.75)
            for (double t = 0; t < 3 * s; t += s / 4 + 0.5) {
                double before = 0;
                for (int g = KEN_GRADE_AGAIN; g <= KEN_GRADE_EASY; g++) {
                    const ken_recall m = ken_recall_review(NULL, (ken_recall){s, d}, t, (ken_grade)g);
                    assert_true(m.stability >= before && m.difficulty >= 1 && m.difficulty <= 10);
                    before = m.stability;
                }
            }
}

static void test_recall__retention_sets_the_interval(void **state) {
    ken_recall_params p = KEN_RECALL_DEFAULTS;
    const ken_recall m = {100, 5};
    (void)state;
    TEST_NEAR(ken_recall_interval(&p, m), 100, 0);
    p.retention = 0.8;
    const double days = ken_recall_interval(&p, m);
    assert_true(days > 100);
    TEST_NEAR(ken_recall_probability(&p, m, days), 0.8, 1e-3);
    p.max_days = 30;
    TEST_NEAR(ken_recall_interval(&p, m), 30, 0);
}

static void test_recall__odd_input_stays_finite(void **state) {
    const double odd[] = {-1, 0, (double)NAN, 1e300};
    (void)state;
    for (int i = 0; i < KEN_COUNT(odd); i++)
        for (int g = -1; g < 7; g++) {
            const ken_recall m = ken_recall_review(NULL, (ken_recall){3, 5}, odd[i], (ken_grade)g);
            assert_true(isfinite(m.stability) && m.stability > 0 && isfinite(m.difficulty));
            const ken_recall first = ken_recall_review(NULL, (ken_recall){0, 0}, odd[i], (ken_grade)g);
            assert_true(isfinite(first.stability) && first.stability > 0);
        }
    TEST_NEAR(ken_recall_probability(NULL, (ken_recall){0, 0}, 3), 0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recall__a_life_equals_the_reference),
        cmocka_unit_test(test_recall__stability_is_the_time_of_nine_tenths),
        cmocka_unit_test(test_recall__a_better_grade_never_comes_back_sooner),
        cmocka_unit_test(test_recall__retention_sets_the_interval),
        cmocka_unit_test(test_recall__odd_input_stays_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
