/* Splitters: what must hold of every split, on every kind of data. */
#include "tests/support.h"

#include "ken/core/rng.h"
#include "ken/data/splits/splits.h"

enum { N = 203 };

typedef struct fixture {
    ken_ctx *ctx;
    ken_table *table;
    double target[N], number[N], group[N], time[N];
    ken_column target_c, number_c, group_c, time_c;
    ken_data data; /* target only */
} fixture;

static fixture *make(int threads) {
    fixture *f = calloc(1, sizeof(*f));
    f->ctx = test_ctx(threads);
    ken_rng rng = ken_rng_stream(f->ctx, "test", 7);
    for (int i = 0; i < N; i++) {
        const double u = ken_rng_f64(&rng);
        f->target[i] = u < 0.6 ? 0 : u < 0.93 ? 1 : 2;
        f->number[i] = ken_rng_normal(&rng);
        f->group[i] = floor(sqrt((double)ken_rng_below(&rng, 400)));
        f->time[i] = (double)((i * 7919) % N); /* a permutation: 203 = 7 * 29 */
    }
    f->table = test_table(f->ctx, f->number, N, 1);
    f->target_c = test_column_f64("target", f->target, N);
    f->number_c = test_column_f64("number", f->number, N);
    f->group_c = test_column_f64("group", f->group, N);
    f->time_c = test_column_f64("time", f->time, N);
    f->data.table = f->table;
    f->data.target = &f->target_c;
    return f;
}

static void drop(fixture *f) {
    ken_table_free(f->table);
    test_ctx_free(f->ctx);
    free(f);
}

static int64_t count(const uint8_t *role, uint8_t what) {
    int64_t n = 0;
    for (int i = 0; i < N; i++) n += role[i] == what;
    return n;
}

/* Every row is tested once in `folds` splits, and trains in all the others. */
static void check_partition(fixture *f, const ken_desc *desc, const void *params, int64_t from,
                            int64_t folds, bool even) {
    int tested[N] = {0};
    uint8_t role[N];
    for (int64_t i = from; i < from + folds; i++) {
        TEST_OK(f->ctx, ken_split(f->ctx, desc, params, &f->data, i, role));
        assert_int_equal(count(role, KEN_ROLE_TRAIN) + count(role, KEN_ROLE_TEST), N);
        if (even) assert_true(llabs(count(role, KEN_ROLE_TEST) * folds - N) < folds);
        for (int j = 0; j < N; j++) tested[j] += role[j] == KEN_ROLE_TEST;
    }
    for (int j = 0; j < N; j++) assert_int_equal(tested[j], 1);
}

static void test_kfold__folds_are_a_partition_of_even_sizes(void **state) {
    (void)state;
    fixture *f = make(1);
    for (int shuffle = 0; shuffle < 2; shuffle++) {
        ken_kfold_params p = KEN_KFOLD_DEFAULTS;
        uint8_t a[N], b[N];
        p.folds = 7, p.repeats = 2, p.shuffle = shuffle;
        assert_int_equal(ken_kfold_desc.splitter->count(&p), 14);
        for (int r = 0; r < 2; r++) {
            check_partition(f, &ken_kfold_desc, &p, 7 * r, 7, true);
            check_partition(f, &ken_stratified_kfold_desc, &p, 7 * r, 7, true);
        }
        TEST_OK(f->ctx, ken_split(f->ctx, &ken_kfold_desc, &p, &f->data, 0, a));
        TEST_OK(f->ctx, ken_split(f->ctx, &ken_kfold_desc, &p, &f->data, 7, b));
        assert_int_equal(memcmp(a, b, N) == 0, !shuffle); /* a repeat is shuffled anew */
        if (!shuffle) /* the first fold is the first rows, as scikit-learn has it */
            for (int i = 0; i < N; i++) assert_int_equal(a[i] == KEN_ROLE_TEST, i < 29);
    }
    drop(f);
}

static void test_stratified_kfold__classes_differ_by_at_most_one_row(void **state) {
    (void)state;
    fixture *f = make(1);
    ken_kfold_params p = KEN_KFOLD_DEFAULTS;
    int least[3] = {N, N, N}, most[3] = {0};
    p.folds = 6;
    for (int64_t i = 0; i < 6; i++) {
        uint8_t role[N];
        int in[3] = {0};
        TEST_OK(f->ctx, ken_split(f->ctx, &ken_stratified_kfold_desc, &p, &f->data, i, role));
        for (int j = 0; j < N; j++)
            if (role[j] == KEN_ROLE_TEST) in[(int)f->target[j]]++;
        for (int c = 0; c < 3; c++) least[c] = KEN_MIN(least[c], in[c]), most[c] = KEN_MAX(most[c], in[c]);
    }
    for (int c = 0; c < 3; c++) assert_true(most[c] - least[c] <= 1);
    drop(f);
}

static void test_group_kfold__groups_stay_whole(void **state) {
    (void)state;
    fixture *f = make(1);
    ken_group_kfold_params p = KEN_GROUP_KFOLD_DEFAULTS;
    f->data.group = &f->group_c;
    check_partition(f, &ken_group_kfold_desc, &p, 0, 5, false);
    for (int64_t i = 0; i < 5; i++) {
        uint8_t role[N];
        TEST_OK(f->ctx, ken_split(f->ctx, &ken_group_kfold_desc, &p, &f->data, i, role));
        for (int a = 0; a < N; a++)
            for (int b = 0; b < a; b++)
                if (f->group[a] == f->group[b]) assert_int_equal(role[a], role[b]);
        assert_true(llabs(count(role, KEN_ROLE_TEST) - N / 5) <= 4);
    }
    p.folds = 21; /* there are 20 groups */
    uint8_t role[N];
    TEST_FAILS(f->ctx, ken_split(f->ctx, &ken_group_kfold_desc, &p, &f->data, 0, role), KEN_E_VALUE,
               "19 groups");
    f->data.group = NULL;
    TEST_FAILS(f->ctx, ken_split(f->ctx, &ken_group_kfold_desc, NULL, &f->data, 0, role), KEN_E_ARG,
               "no groups");
    drop(f);
}

/* sklearn 1.9: TimeSeriesSplit(4, gap=2) over 203 rows tests 43+40i .. 82+40i, trains on 0 .. 40+40i. */
static void test_time_split__trains_on_the_past(void **state) {
    (void)state;
    fixture *f = make(1);
    ken_time_split_params p = KEN_TIME_SPLIT_DEFAULTS;
    p.folds = 4, p.gap = 2;
    f->data.time = &f->time_c;
    for (int64_t i = 0; i < 4; i++) {
        uint8_t role[N];
        TEST_OK(f->ctx, ken_split(f->ctx, &ken_time_split_desc, &p, &f->data, i, role));
        for (int j = 0; j < N; j++) {
            const double from = 43 + 40 * (double)i;
            const int want = f->time[j] < from - 2                             ? KEN_ROLE_TRAIN
                             : f->time[j] >= from && f->time[j] < from + 40 ? KEN_ROLE_TEST
                                                                               : KEN_ROLE_UNUSED;
            assert_int_equal(role[j], want);
        }
    }
    uint8_t role[N];
    p.max_train_rows = 10, p.test_rows = 3;
    TEST_OK(f->ctx, ken_split(f->ctx, &ken_time_split_desc, &p, &f->data, 3, role));
    assert_int_equal(count(role, KEN_ROLE_TRAIN), 10);
    assert_int_equal(count(role, KEN_ROLE_TEST), 3);
    p.folds = 300;
    TEST_FAILS(f->ctx, ken_split(f->ctx, &ken_time_split_desc, &p, &f->data, 0, role), KEN_E_VALUE,
               "203 rows");
    f->time[5] = NAN;
    TEST_FAILS(f->ctx, ken_split(f->ctx, &ken_time_split_desc, NULL, &f->data, 0, role), KEN_E_VALUE,
               "row 6");
    drop(f);
}

static void test_holdout__takes_the_same_share_of_every_class(void **state) {
    (void)state;
    fixture *f = make(1);
    uint8_t role[N];
    for (int percent = 1; percent < 99; percent++) {
        double in[3] = {0}, all[3] = {0};
        const double fraction = percent / 100.0;
        TEST_OK(f->ctx, ken_split_holdout(f->ctx, &f->data, fraction, role));
        assert_int_equal(count(role, KEN_ROLE_TEST), (int64_t)floor(fraction * N + 0.5));
        for (int j = 0; j < N; j++) {
            in[(int)f->target[j]] += role[j] == KEN_ROLE_TEST;
            all[(int)f->target[j]] += 1;
        }
        for (int c = 0; c < 3; c++) assert_true(fabs(in[c] - fraction * all[c]) < 1 + 1e-9);
    }
    TEST_OK(f->ctx, ken_split_holdout(f->ctx, &f->data, 0, role));
    assert_int_equal(count(role, KEN_ROLE_TRAIN), N);
    drop(f);
}

static void test_holdout__picks_by_data(void **state) {
    (void)state;
    fixture *f = make(1);
    uint8_t role[N];
    f->data.target = &f->number_c;
    TEST_OK(f->ctx, ken_split_holdout(f->ctx, &f->data, 0.25, role));
    assert_int_equal(count(role, KEN_ROLE_TEST), 51);
    f->data.time = &f->time_c;
    TEST_OK(f->ctx, ken_split_holdout(f->ctx, &f->data, 0.25, role));
    for (int j = 0; j < N; j++) assert_int_equal(role[j] == KEN_ROLE_TEST, f->time[j] >= N - 51);
    f->data.group = &f->group_c;
    TEST_OK(f->ctx, ken_split_holdout(f->ctx, &f->data, 0.25, role));
    assert_true(llabs(count(role, KEN_ROLE_TEST) - 51) <= 5);
    for (int a = 0; a < N; a++)
        for (int b = 0; b < a; b++)
            if (f->group[a] == f->group[b]) assert_int_equal(role[a], role[b]);
    drop(f);
}

/* Two, three ... rows: something on both sides, and every class that can be is among training rows. */
static void test_holdout__tiny_data(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const double y[6] = {0, 1, 0, 2, 2, 1};
    for (int64_t n = 1; n <= 6; n++) {
        ken_table *t = test_table(ctx, y, n, 1);
        ken_column target = test_column_f64("y", y, n);
        ken_data data = {.table = t, .target = &target};
        uint8_t role[6];
        bool trains[3] = {false};
        TEST_OK(ctx, ken_split_holdout(ctx, &data, 0.2, role));
        for (int64_t i = 0; i < n; i++)
            if (role[i] == KEN_ROLE_TRAIN) trains[(int)y[i]] = true;
        for (int64_t i = 0; i < n; i++) assert_true(trains[(int)y[i]]);
        ken_table_free(t);
    }
    test_ctx_free(ctx);
}

static void test_splits__roles_given_are_kept(void **state) {
    (void)state;
    fixture *f = make(1);
    uint8_t given[N], role[N];
    const ken_desc *const all[] = {&ken_holdout_desc, &ken_kfold_desc, &ken_stratified_kfold_desc,
                                   &ken_group_kfold_desc, &ken_time_split_desc};
    for (int i = 0; i < N; i++) given[i] = (uint8_t)(i % 5 == 0 ? KEN_ROLE_TEST : i % 5 == 1);
    f->data.role = given;
    f->data.group = &f->group_c;
    for (int d = 0; d < KEN_COUNT(all); d++) {
        TEST_OK(f->ctx, ken_split(f->ctx, all[d], NULL, &f->data, 0, role));
        for (int i = 0; i < N; i++) {
            if (given[i] == KEN_ROLE_TEST) assert_int_equal(role[i], KEN_ROLE_UNUSED);
            if (given[i] == KEN_ROLE_VALIDATION) assert_int_equal(role[i], KEN_ROLE_VALIDATION);
        }
    }
    drop(f);
}

/* Text, category and whole-number targets with missing cells, and any number of threads: same roles. */
static void test_splits__do_not_depend_on_type_or_threads(void **state) {
    (void)state;
    uint8_t role[3][N];
    for (int threads = 1; threads <= 3; threads++) {
        fixture *f = make(threads);
        ken_column c = {0};
        int32_t code[N];
        int64_t whole[N], offset[N + 1] = {0};
        char bytes[4 * N];
        const int64_t levels[] = {0, 1, 2, 3};
        for (int i = 0; i < N; i++) {
            code[i] = (int32_t)f->target[i];
            whole[i] = 100 + code[i];
            bytes[offset[i]] = (char)('x' + code[i]);
            offset[i + 1] = offset[i] + 1;
        }
        c.name = "y", c.n = N, c.stride = 1;
        if (threads == 2)
            c.dtype = KEN_CATEGORY, c.data = code, c.text = (ken_strings){3, levels, "abc"};
        else if (threads == 1)
            c.dtype = KEN_I64, c.data = whole;
        else
            c.dtype = KEN_STRING, c.text = (ken_strings){N, offset, bytes};
        f->data.target = &c;
        TEST_OK(f->ctx, ken_split(f->ctx, &ken_stratified_kfold_desc, NULL, &f->data, 2, role[threads - 1]));
        drop(f);
    }
    assert_memory_equal(role[0], role[1], N);
    assert_memory_equal(role[0], role[2], N);
}

static void test_splits__wrong_calls_are_errors(void **state) {
    (void)state;
    fixture *f = make(1);
    uint8_t role[N];
    TEST_FAILS(f->ctx, ken_split(f->ctx, &ken_kfold_desc, NULL, &f->data, 5, role), KEN_E_ARG, "split 5 of 5");
    f->data.target = NULL;
    TEST_FAILS(f->ctx, ken_split(f->ctx, &ken_stratified_kfold_desc, NULL, &f->data, 0, role), KEN_E_ARG,
               "no target");
    f->group_c.n = 10;
    f->data.group = &f->group_c;
    TEST_FAILS(f->ctx, ken_split(f->ctx, &ken_kfold_desc, NULL, &f->data, 0, role), KEN_E_SHAPE, "10 rows");
    drop(f);
}

static ken_status all_splits(ken_ctx *ctx, void *arg) {
    static const double y[8] = {0, 1, 0, 1, 0, 1, 0, 1};
    ken_table *t = NULL;
    const ken_tensor X = ken_tensor_2d((void *)(uintptr_t)y, KEN_F64, 8, 1);
    ken_column target = test_column_f64("y", y, 8);
    uint8_t role[8];
    ken_kfold_params p = KEN_KFOLD_DEFAULTS;
    ken_group_kfold_params g = KEN_GROUP_KFOLD_DEFAULTS;
    (void)arg;
    p.folds = 2, g.folds = 2;
    KEN_TRY(ken_table_from_matrix(ctx, &X, NULL, &t));
    ken_data data = {.table = t, .target = &target, .group = &target, .time = &target};
    ken_status status = ken_split(ctx, &ken_stratified_kfold_desc, &p, &data, 0, role);
    if (status == KEN_OK) status = ken_split(ctx, &ken_group_kfold_desc, &g, &data, 0, role);
    if (status == KEN_OK) status = ken_split_holdout(ctx, &data, 0.5, role);
    data.group = data.time = NULL;
    if (status == KEN_OK) status = ken_split_holdout(ctx, &data, 0.5, role);
    ken_table_free(t);
    return status;
}

static void test_splits__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(all_splits, NULL, 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kfold__folds_are_a_partition_of_even_sizes),
        cmocka_unit_test(test_stratified_kfold__classes_differ_by_at_most_one_row),
        cmocka_unit_test(test_group_kfold__groups_stay_whole),
        cmocka_unit_test(test_time_split__trains_on_the_past),
        cmocka_unit_test(test_holdout__takes_the_same_share_of_every_class),
        cmocka_unit_test(test_holdout__picks_by_data),
        cmocka_unit_test(test_holdout__tiny_data),
        cmocka_unit_test(test_splits__roles_given_are_kept),
        cmocka_unit_test(test_splits__do_not_depend_on_type_or_threads),
        cmocka_unit_test(test_splits__wrong_calls_are_errors),
        cmocka_unit_test(test_splits__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
