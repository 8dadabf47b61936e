#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/core/threads.h"

typedef struct counted {
    ken_ctx *ctx;
    int *seen;
    int64_t nested;
} counted;

static void count_block(void *arg, int64_t begin, int64_t end, int worker) {
    counted *c = arg;
    assert_true(worker >= 0 && worker < 7);
    for (int64_t i = begin; i < end; i++) c->seen[i]++;
}

static void test_threads__every_item_once(void **state) {
    static const int64_t sizes[] = {0, 1, 63, 64, 65, 1000, 100000};
    (void)state;
    for (int threads = 1; threads <= 7; threads += 2) {
        ken_ctx *ctx = test_ctx(threads);
        for (int s = 0; s < KEN_COUNT(sizes); s++) {
            counted c = {ctx, calloc((size_t)sizes[s] + 1, sizeof(int)), 0};
            for (int repeat = 0; repeat < 20; repeat++)
                TEST_OK(ctx, ken_parallel(ctx, sizes[s], 64, count_block, &c));
            for (int64_t i = 0; i < sizes[s]; i++) assert_int_equal(c.seen[i], 20);
            free(c.seen);
        }
        test_ctx_free(ctx);
    }
}

static void nested_block(void *arg, int64_t begin, int64_t end, int worker) {
    counted *c = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        counted inner = {c->ctx, c->seen + i * 8, 0};
        (void)ken_parallel(c->ctx, 8, 1, count_block, &inner);
    }
}

static void test_threads__nested_loops_are_serial(void **state) {
    ken_ctx *ctx = test_ctx(3);
    counted c = {ctx, calloc(8 * 100, sizeof(int)), 0};
    (void)state;
    TEST_OK(ctx, ken_parallel(ctx, 100, 1, nested_block, &c));
    for (int i = 0; i < 800; i++) assert_int_equal(c.seen[i], 1);
    free(c.seen);
    test_ctx_free(ctx);
}

static void sum_rows(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const double *x = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) sum[0] += x[i], sum[1] += 1;
}

static void test_threads__reduce_has_the_same_bits_for_any_count(void **state) {
    const int64_t n = 1000003;
    double *x = malloc((size_t)n * sizeof *x), first[2] = {0, 0};
    (void)state;
    for (int64_t i = 0; i < n; i++) x[i] = 1.0 / (double)(i + 1);
    for (int threads = 1; threads <= 7; threads++) {
        double out[2];
        ken_ctx *ctx = test_ctx(threads);
        TEST_OK(ctx, ken_reduce(ctx, n, 2, sum_rows, x, out));
        if (threads == 1) memcpy(first, out, sizeof out);
        assert_memory_equal(out, first, sizeof out);
        test_ctx_free(ctx);
    }
    assert_true(first[1] == (double)n);
    /* ln n + gamma + 1/2n */
    TEST_NEAR(first[0], log((double)n) + 0.57721566490153286 + 0.5 / (double)n, 1e-13);
    free(x);
}

/* Task k makes 2 k + 1 and 2 k + 2. Nothing here is atomic: the calls that must come one at a time
 * would lose counts if they did not. */
typedef struct made_tasks {
    int64_t ready[1000], n_ready, n_taken, n_done;
    int ran[1000];
} made_tasks;

static int64_t made_take(void *arg) {
    made_tasks *const m = arg;
    if (m->n_ready == 0) return -1;
    m->n_taken++;
    return m->ready[--m->n_ready];
}

static void made_run(void *arg, int64_t task, int worker) {
    made_tasks *const m = arg;
    volatile double work = 1;
    assert_true(worker >= 0 && worker < 7);
    for (int i = 0; i < 100 * (task % 7); i++) work = work * 1.0000001;
    m->ran[task]++;
}

static void made_done(void *arg, int64_t task) {
    made_tasks *const m = arg;
    m->n_done++;
    for (int64_t child = 2 * task + 1; child <= 2 * task + 2 && child < 1000; child++)
        m->ready[m->n_ready++] = child;
}

static void test_threads__tasks_that_make_tasks(void **state) {
    static const ken_tasks tasks = {made_take, made_run, made_done};
    (void)state;
    for (int threads = 1; threads <= 7; threads += 2) {
        ken_ctx *ctx = test_ctx(threads);
        for (int workers = 1; workers <= 8; workers++) {
            made_tasks m = {.n_ready = 1};
            TEST_OK(ctx, ken_parallel_tasks(ctx, workers, &tasks, &m));
            for (int i = 0; i < 1000; i++) assert_int_equal(m.ran[i], 1);
            assert_true(m.n_taken == 1000 && m.n_done == 1000);
            TEST_OK(ctx, ken_parallel_tasks(ctx, workers, &tasks, &m)); /* no task at all */
        }
        test_ctx_free(ctx);
    }
}

static void test_threads__cancel_stops_between_blocks(void **state) {
    static const ken_tasks tasks = {made_take, made_run, made_done};
    volatile int cancel = 1;
    ken_ctx_options o = {0};
    ken_ctx *ctx = NULL;
    int seen[1000] = {0};
    (void)state;
    for (int threads = 1; threads < 4; threads++) {
        o.cancel = &cancel;
        o.threads = threads;
        assert_int_equal(ken_ctx_new(&o, &ctx), KEN_OK);
        counted c = {ctx, seen, 0};
        TEST_FAILS(ctx, ken_parallel(ctx, 1000, 1, count_block, &c), KEN_E_CANCELLED, "stopped");
        made_tasks m = {.n_ready = 1};
        TEST_FAILS(ctx, ken_parallel_tasks(ctx, threads, &tasks, &m), KEN_E_CANCELLED, "stopped");
        assert_int_equal(m.n_done, 0);
        ken_ctx_free(ctx);
    }
    for (int i = 0; i < 1000; i++) assert_int_equal(seen[i], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads__every_item_once),
        cmocka_unit_test(test_threads__nested_loops_are_serial),
        cmocka_unit_test(test_threads__reduce_has_the_same_bits_for_any_count),
        cmocka_unit_test(test_threads__tasks_that_make_tasks),
        cmocka_unit_test(test_threads__cancel_stops_between_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
