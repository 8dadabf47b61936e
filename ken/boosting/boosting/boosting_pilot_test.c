/* Rounds that are left open: few where there is noise, many where there is none; the fit of so many rounds, to the bit. */
#include "ken/boosting/boosting/boosting.h"

#include "ken/core/rng.h"
#include "tests/support.h"

enum { ROWS = 240, COLUMNS = 3 };

typedef struct pilot_case {
    ken_table *X;
    double x[ROWS * COLUMNS], y[ROWS], truth[ROWS];
    int32_t label[ROWS];
    ken_column target;
    ken_data data;
} pilot_case;

/* A curve in the first column under noise; classes: whether it is above 0, a third one where it is high. */
static pilot_case *pilot_draw(ken_ctx *ctx, uint64_t stream, double noise, int classes) {
    static const int64_t offsets[] = {0, 1, 2, 3};
    pilot_case *c = calloc(1, sizeof *c);
    ken_rng rng = ken_rng_stream(ctx, "pilot_test", stream);
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) c->x[i * COLUMNS + j] = 6 * ken_rng_f64(&rng) - 3;
        c->truth[i] = sin(c->x[i * COLUMNS]);
        c->y[i] = c->truth[i] + noise * ken_rng_normal(&rng);
        c->label[i] = (c->y[i] > 0) + (classes > 2 && c->y[i] > 0.8);
    }
    c->X = test_table(ctx, c->x, ROWS, COLUMNS);
    c->target = classes ? (ken_column){.name = "y", .dtype = KEN_CATEGORY, .n = ROWS, .data = c->label, .stride = 1,
                                       .text = {classes, offsets, "uvw"}}
                        : test_column_f64("y", c->y, ROWS);
    c->data = (ken_data){.table = c->X, .target = &c->target, .task = classes ? KEN_CLASSIFY : KEN_REGRESS};
    return c;
}

static pilot_case *pilot_new(ken_ctx *ctx, double noise, int classes) { return pilot_draw(ctx, 1, noise, classes); }

static void pilot_free(pilot_case *c) {
    ken_table_free(c->X);
    free(c);
}

static ken_model *pilot_fit(ken_ctx *ctx, const pilot_case *c, const char *settings) {
    ken_model *m;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &c->data));
    return m;
}

static int64_t pilot_rounds_of(ken_ctx *ctx, const pilot_case *c, const char *settings) {
    ken_model *const m = pilot_fit(ctx, c, settings);
    const int64_t rounds = ken_boosting_rounds(m);
    ken_model_free(m);
    return rounds;
}

/* Root of the mean squared distance from the curve, on other rows. */
static double pilot_distance(ken_ctx *ctx, const pilot_case *c, const char *settings) {
    ken_model *const m = pilot_fit(ctx, c, settings);
    pilot_case *const fresh = pilot_draw(ctx, 2, 0, 0);
    double p[ROWS], sum = 0;
    ken_tensor t = ken_tensor_2d(p, KEN_F64, ROWS, 1);
    TEST_OK(ctx, ken_model_predict(ctx, m, fresh->X, KEN_WHAT_VALUE, &t));
    for (int i = 0; i < ROWS; i++) sum += (p[i] - fresh->truth[i]) * (p[i] - fresh->truth[i]);
    pilot_free(fresh);
    ken_model_free(m);
    return sqrt(sum / ROWS);
}

static void test_pilot__noise_gets_few_rounds_and_a_law_enough(void **state) {
    ken_ctx *ctx = test_ctx(2);
    pilot_case *law = pilot_new(ctx, 0, 0), *noisy = pilot_new(ctx, 1.5, 0), *none = pilot_new(ctx, 100, 0);
    (void)state;
    const int64_t some = pilot_rounds_of(ctx, noisy, ""), few = pilot_rounds_of(ctx, none, "");
    assert_true(some >= 10 && some < 300);
    assert_true(few >= 3 && few < 100);
    assert_true(pilot_rounds_of(ctx, law, "") > 2 * some);
    assert_true(pilot_distance(ctx, noisy, "") < 0.7 * pilot_distance(ctx, noisy, "trees=1000"));
    assert_true(pilot_distance(ctx, law, "") < 1.1 * pilot_distance(ctx, law, "trees=1000"));
    pilot_free(law);
    pilot_free(noisy);
    pilot_free(none);
    test_ctx_free(ctx);
}

static void test_pilot__it_is_the_fit_of_so_many_rounds(void **state) {
    (void)state;
    for (int classes = 0; classes <= 3; classes++) {
        if (classes == 1) continue;
        ken_ctx *ctx = test_ctx(2);
        pilot_case *c = pilot_new(ctx, 0.6, classes);
        ken_model *const open = pilot_fit(ctx, c, "max_leaves=4"), *other;
        char settings[80];
        snprintf(settings, sizeof settings, "max_leaves=4 trees=%lld", (long long)ken_boosting_rounds(open));
        ken_model *const said = pilot_fit(ctx, c, settings);
        assert_true(ken_boosting_rounds(open) < (classes == 2 ? 400 : classes ? 500 : 1000));
        TEST_OK(ctx, ken_model_set(ctx, said, "trees", "0")); /* the recipe differs in that alone */
        test_same_model(open, said);
        for (int threads = 1; threads <= 7; threads += 3) {
            ken_ctx *const many = test_ctx(threads);
            other = pilot_fit(many, c, "max_leaves=4");
            test_same_model(open, other);
            ken_model_free(other);
            test_ctx_free(many);
        }
        ken_model_free(open);
        ken_model_free(said);
        pilot_free(c);
        test_ctx_free(ctx);
    }
}

/* Where rounds are said, or validation rows say them, where rows or a class are few: as without pilots. */
static void test_pilot__what_is_said_stays(void **state) {
    ken_ctx *ctx = test_ctx(1);
    pilot_case *c = pilot_new(ctx, 1.5, 0), *two = pilot_new(ctx, 1.5, 2);
    uint8_t role[ROWS];
    (void)state;
    assert_int_equal(pilot_rounds_of(ctx, c, "trees=321 max_leaves=3"), 321);
    assert_int_equal(pilot_rounds_of(ctx, c, "early_stopping=off max_leaves=3"), 1000);
    assert_int_equal(pilot_rounds_of(ctx, c, "loss=expectile max_leaves=3"), 500);
    assert_int_equal(pilot_rounds_of(ctx, c, "drop_rate=0.01 max_leaves=3"), 1000);
    assert_true(pilot_rounds_of(ctx, two, "max_leaves=3") < 400);
    for (int i = 0, n = 0; i < ROWS; i++) two->label[i] = two->label[i] == 1 && n++ < 5; /* five rows of a class */
    assert_int_equal(pilot_rounds_of(ctx, two, "max_leaves=3"), 400);
    for (int i = 0; i < ROWS; i++) role[i] = i < 59 ? KEN_ROLE_TRAIN : KEN_ROLE_TEST;
    c->data.role = role; /* rows too few to be divided */
    assert_int_equal(pilot_rounds_of(ctx, c, "max_leaves=3"), 1000);
    role[59] = KEN_ROLE_TRAIN;
    assert_true(pilot_rounds_of(ctx, c, "max_leaves=3") < 1000);
    pilot_free(c);
    pilot_free(two);
    test_ctx_free(ctx);
}

static ken_status pilot_nomem(ken_ctx *ctx, void *arg) {
    const pilot_case *const c = arg;
    ken_model *m = NULL;
    ken_status status = ken_model_new(ctx, "boosting", "max_leaves=2 max_bins=4", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &c->data);
    ken_model_free(m);
    return status;
}

static void test_pilot__memory_may_run_out(void **state) {
    ken_ctx *ctx = test_ctx(1);
    pilot_case *c = pilot_new(ctx, 100, 2);
    (void)state;
    test_every_allocation(pilot_nomem, c, 2000);
    pilot_free(c);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pilot__noise_gets_few_rounds_and_a_law_enough),
        cmocka_unit_test(test_pilot__it_is_the_fit_of_so_many_rounds),
        cmocka_unit_test(test_pilot__what_is_said_stays),
        cmocka_unit_test(test_pilot__memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
