/* What stands beside the target on its way into a problem: groups, offsets, bounds. */
#include "tests/support.h"

#include <math.h>

#include "ken/core/alloc.h"

typedef struct probe_params {
    double fraction;
} probe_params;
static const ken_param probe_rows[] = {
    KEN_ROW_F64(probe_params, fraction, .min = 0, .max = 1, .doc = "set aside"), {0}};
static const probe_params probe_defaults = {0};

static ken_stop_rule probe_stop_rule(const void *params, int64_t n) {
    (void)n;
    return (ken_stop_rule){.max_steps = 1, .validation_fraction = ((const probe_params *)params)->fraction, .patience = 1};
}

static ken_status probe_fit(ken_ctx *ctx, ken_model *m, const ken_problem *p) {
    (void)ctx, (void)m, (void)p;
    return KEN_OK;
}

static const ken_estimator probe_verbs = {.fit = probe_fit, .stop_rule = probe_stop_rule};
static const ken_desc probe_desc = {.name = "probe", .title = "Probe", .kind = KEN_ESTIMATOR,
                                    .tasks = KEN_REGRESS | KEN_CLASSIFY, .params = probe_rows,
                                    .tags = KEN_TAG_OFFSET | KEN_TAG_CENSORED,
                                    .defaults = &probe_defaults, .params_size = sizeof(probe_params),
                                    .estimator = &probe_verbs};
static const ken_desc plain_desc = {.name = "plain", .title = "Plain", .kind = KEN_ESTIMATOR,
                                    .tasks = KEN_REGRESS, .estimator = &probe_verbs,
                                    .params = probe_rows, .defaults = &probe_defaults,
                                    .params_size = sizeof(probe_params)};

enum { N = 12 };
typedef struct probe {
    double X[N], y[N], group[N], offset[N], event[N], upper[N];
    ken_column c[5];
    ken_table *table;
    ken_data data;
    /* what the problem had */
    int64_t n, n_train;
    double seen_y[N], seen_offset[N], seen_upper[N];
    int32_t seen_group[N], n_groups;
} probe;

static void probe_begin(ken_ctx *ctx, probe *p) {
    static const double group[N] = {7, 7, 3, 3, 3, 9, 9, 7, 5, 5, 5, 5};
    memset(p, 0, sizeof *p);
    for (int i = 0; i < N; i++) {
        p->X[i] = i;
        p->y[i] = i + 0.5;
        p->group[i] = group[i];
        p->offset[i] = -i;
        p->event[i] = i % 3 == 0;
        p->upper[i] = i % 4 == 0 ? NAN : i + 0.5 + i % 2;
    }
    p->table = test_table(ctx, p->X, N, 1);
    double *const values[] = {p->y, p->group, p->offset, p->event, p->upper};
    static const char *const names[] = {"y", "g", "o", "e", "u"};
    for (int i = 0; i < 5; i++) p->c[i] = test_column_f64(names[i], values[i], N);
    p->data = (ken_data){.table = p->table, .target = &p->c[0], .task = KEN_REGRESS};
}

static ken_status probe_look(ken_ctx *ctx, const ken_model *m, const ken_problem *problem, void *arg) {
    probe *const p = arg;
    (void)ctx, (void)m;
    p->n = problem->n;
    p->n_train = problem->n_train;
    p->n_groups = problem->n_groups;
    for (int64_t i = 0; i < problem->n; i++) {
        p->seen_y[i] = problem->y[i];
        if (problem->group) p->seen_group[i] = problem->group[i];
        if (problem->offset) p->seen_offset[i] = problem->offset[i];
        if (problem->upper) p->seen_upper[i] = problem->upper[i];
    }
    return KEN_OK;
}

static ken_status probe_prepare(ken_ctx *ctx, probe *p, const ken_desc *desc, double fraction) {
    const probe_params params = {fraction};
    ken_model *m = NULL;
    KEN_TRY(ken_model_new_desc(ctx, desc, &params, &m));
    const ken_status status = ken_model_prepare(ctx, m, &p->data, probe_look, p);
    ken_model_free(m);
    return status;
}

static void test_prepare__side_columns_follow_their_rows(void **state) {
    ken_ctx *ctx = test_ctx(1);
    probe p;
    uint8_t role[N] = {0};
    (void)state;
    probe_begin(ctx, &p);
    role[0] = KEN_ROLE_VALIDATION;
    role[3] = KEN_ROLE_TEST;
    p.y[5] = NAN; /* left out: no target */
    p.data.role = role;
    p.data.group = &p.c[1];
    p.data.offset = &p.c[2];
    p.data.upper = &p.c[4];
    TEST_OK(ctx, probe_prepare(ctx, &p, &probe_desc, 0));
    assert_int_equal(p.n, N - 2);
    assert_int_equal(p.n_train, N - 3);
    assert_int_equal(p.n_groups, 4);
    for (int64_t i = 0; i < p.n; i++) {
        const int row = (int)p.seen_y[i];
        assert_true(p.seen_offset[i] == -row);
        assert_true(row % 4 == 0 ? isinf(p.seen_upper[i]) : p.seen_upper[i] == p.upper[row]);
        for (int64_t j = 0; j < p.n; j++)
            assert_true((p.seen_group[i] == p.seen_group[j]) ==
                        (p.group[row] == p.group[(int)p.seen_y[j]]));
    }
    assert_int_equal((int)p.seen_y[p.n - 1], 0); /* the validation row is last */
    ken_table_free(p.table);
    test_ctx_free(ctx);
}

static void test_prepare__an_event_is_a_target_that_was_seen(void **state) {
    ken_ctx *ctx = test_ctx(1);
    probe p;
    (void)state;
    probe_begin(ctx, &p);
    p.data.event = &p.c[3];
    TEST_OK(ctx, probe_prepare(ctx, &p, &probe_desc, 0));
    for (int i = 0; i < N; i++)
        assert_true(p.event[i] == 1 ? p.seen_upper[i] == p.y[i] : isinf(p.seen_upper[i]));
    ken_table_free(p.table);
    test_ctx_free(ctx);
}

static void test_prepare__validation_rows_are_whole_groups(void **state) {
    ken_ctx *ctx = test_ctx(1);
    probe p;
    (void)state;
    probe_begin(ctx, &p);
    p.data.group = &p.c[1];
    TEST_OK(ctx, probe_prepare(ctx, &p, &probe_desc, 0.25));
    assert_true(p.n_train > 0 && p.n - p.n_train >= 3);
    for (int64_t i = 0; i < p.n_train; i++)
        for (int64_t j = p.n_train; j < p.n; j++) assert_true(p.seen_group[i] != p.seen_group[j]);
    for (int i = 0; i < N; i++) p.group[i] = 1; /* one group only: it stays */
    TEST_OK(ctx, probe_prepare(ctx, &p, &probe_desc, 0.25));
    assert_int_equal(p.n_train, N);
    ken_table_free(p.table);
    test_ctx_free(ctx);
}

static void test_prepare__bad_side_columns_are_refused_with_the_place(void **state) {
    ken_ctx *ctx = test_ctx(1);
    probe p;
    (void)state;
    probe_begin(ctx, &p);
    p.data.offset = &p.c[2];
    TEST_FAILS(ctx, probe_prepare(ctx, &p, &plain_desc, 0), KEN_E_UNSUPPORTED, "cannot take an offset ('o')");
    p.offset[4] = INFINITY;
    TEST_FAILS(ctx, probe_prepare(ctx, &p, &probe_desc, 0), KEN_E_VALUE, "infinite in row 5");
    p.data.offset = NULL;
    p.data.event = &p.c[3];
    TEST_FAILS(ctx, probe_prepare(ctx, &p, &plain_desc, 0), KEN_E_UNSUPPORTED, "events of survival");
    p.event[2] = 0.5;
    TEST_FAILS(ctx, probe_prepare(ctx, &p, &probe_desc, 0), KEN_E_VALUE, "is 0.5 in row 3");
    p.data.upper = &p.c[4];
    TEST_FAILS(ctx, probe_prepare(ctx, &p, &probe_desc, 0), KEN_E_ARG, "both an event");
    p.data.event = NULL;
    p.upper[6] = 0;
    TEST_FAILS(ctx, probe_prepare(ctx, &p, &probe_desc, 0), KEN_E_VALUE, "row 7, below the target 6.5");
    p.data.task = KEN_CLASSIFY;
    TEST_FAILS(ctx, probe_prepare(ctx, &p, &probe_desc, 0), KEN_E_ARG, "the target has classes");
    p.data = (ken_data){.table = p.table, .target = &p.c[0], .group = &p.c[1], .task = KEN_REGRESS};
    p.group[8] = NAN;
    TEST_FAILS(ctx, probe_prepare(ctx, &p, &probe_desc, 0), KEN_E_VALUE, "group 'g' is missing in row 9");
    p.c[1].n = N - 1;
    TEST_FAILS(ctx, probe_prepare(ctx, &p, &probe_desc, 0), KEN_E_SHAPE, "'g' has 11");
    ken_table_free(p.table);
    test_ctx_free(ctx);
}

static ken_status prepare_once(ken_ctx *ctx, void *arg) {
    probe *const p = arg;
    return probe_prepare(ctx, p, &probe_desc, 0.25);
}

static void test_prepare__every_allocation_may_fail(void **state) {
    ken_ctx *ctx = test_ctx(1);
    probe p;
    (void)state;
    probe_begin(ctx, &p);
    p.data.group = &p.c[1];
    p.data.offset = &p.c[2];
    p.data.upper = &p.c[4];
    test_every_allocation(prepare_once, &p, 1000);
    ken_table_free(p.table);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prepare__side_columns_follow_their_rows),
        cmocka_unit_test(test_prepare__an_event_is_a_target_that_was_seen),
        cmocka_unit_test(test_prepare__validation_rows_are_whole_groups),
        cmocka_unit_test(test_prepare__bad_side_columns_are_refused_with_the_place),
        cmocka_unit_test(test_prepare__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
