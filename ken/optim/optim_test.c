/* Optimizers: PyTorch's trajectories (golden/make_optimizers.py; all steps from shared/suites/nn), Lion and
 * the worked examples of the pages by hand, and what every optimizer of the catalog must do. */
#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/io/npy/npy.h"
#include "ken/optim/adam/adam.h"
#include "ken/optim/optim.h"

enum { N = 5, STEPS = 50 };

static const struct {
    const char *name, *text;
    double clip;
} cases[] = {
    {"sgd", "gd learning_rate=0.05", 0},
    {"sgd_wd", "gd learning_rate=0.05 weight_decay=0.01", 0},
    {"sgd_clipnorm", "gd learning_rate=0.1", 0.5},
    {"momentum", "momentum learning_rate=0.02", 0},
    {"momentum_dampening", "momentum learning_rate=0.05 dampening=0.5", 0},
    {"nag", "nesterov learning_rate=0.02", 0},
    {"adagrad", "adagrad learning_rate=0.3 rate_decay=0.01 initial=0.1", 0},
    {"adadelta", "adadelta", 0},
    {"rmsprop", "rmsprop learning_rate=0.02", 0},
    {"rmsprop_centered_momentum", "rmsprop momentum=0.9 centered=true", 0},
    {"adam", "adam learning_rate=0.05", 0},
    {"adam_l2", "adam learning_rate=0.05 weight_decay=0.1", 0},
    {"amsgrad", "adam learning_rate=0.05 amsgrad=true", 0},
    {"adamw", "adamw learning_rate=0.05 weight_decay=0.1", 0},
    {"adamax", "adamax learning_rate=0.05", 0},
    {"nadam", "nadam learning_rate=0.05", 0},
    {"radam", "radam learning_rate=0.05", 0},
    {"rprop", "rprop", 0},
    {"asgd", "asgd learning_rate=0.05", 0},
};

/* --- trajectories ----------------------------------------------------------------------------------------- */

typedef struct problem {
    double A[N * N], b[N], p0[N], noise[STEPS * N];
} problem;

static void problem_gradient(const problem *q, int s, const double *p, double *g) {
    for (int i = 0; i < N; i++) {
        g[i] = -q->b[i] + 0.2 * p[i] * p[i] * p[i] + q->noise[s * N + i];
        for (int j = 0; j < N; j++) g[i] += q->A[i * N + j] * p[j];
    }
}

/* All points (STEPS, N) of case k. */
static void problem_run(ken_ctx *ctx, const problem *q, int k, double *path) {
    ken_optim *o;
    double x[N], g[N];
    memcpy(x, q->p0, sizeof x);
    TEST_OK(ctx, ken_optimizer_new(ctx, cases[k].text, NULL, N, &o));
    for (int s = 0; s < STEPS; s++) {
        problem_gradient(q, s, x, g);
        if (cases[k].clip > 0) (void)ken_gradient_clip(g, N, cases[k].clip);
        ken_optimizer_step(o, x, g);
        memcpy(path + s * N, x, sizeof x);
    }
    assert_int_equal(ken_optimizer_steps(o), STEPS);
    ken_optimizer_free(o);
}

static int case_of(const char *name) {
    for (int k = 0; k < KEN_COUNT(cases); k++)
        if (strcmp(cases[k].name, name) == 0) return k;
    fail_msg("no case %s", name);
    return -1;
}

static void expect_point(const char *name, int step, const double *got, const double *want) {
    for (int i = 0; i < N; i++)
        if (!(fabs(got[i] - want[i]) <= 1e-9 * (1 + fabs(want[i]))))
            fail_msg("%s, step %d, variable %d: %.17g, PyTorch has %.17g", name, step, i, got[i], want[i]);
}

static void test_optim__trajectories_of_pytorch(void **state) {
    (void)state;
    static problem q;
    static double path[KEN_COUNT(cases)][STEPS * N];
    ken_ctx *ctx = test_ctx(1);
    int rows[4] = {0}, seen = 0;
    char *text = test_read_file(KEN_SOURCE_DIR "/ken/optim/golden/optimizers.csv", NULL);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        static const char *const names[] = {"A", "b", "p0", "noise"};
        double *const into[] = {q.A, q.b, q.p0, q.noise}, v[N];
        char name[40];
        int step;
        for (int k = 0; k < 4; k++)
            if (sscanf(line, "%39[^,],%lf,%lf,%lf,%lf,%lf", name, v, v + 1, v + 2, v + 3, v + 4) == 6 &&
                strcmp(name, names[k]) == 0)
                memcpy(into[k] + N * rows[k]++, v, sizeof v);
        if (sscanf(line, "after,%39[^,],%d,%lf,%lf,%lf,%lf,%lf", name, &step, v, v + 1, v + 2, v + 3, v + 4) != 7)
            continue;
        const int k = case_of(name);
        if (step == 1) problem_run(ctx, &q, k, path[k]);
        expect_point(name, step, path[k] + (step - 1) * N, v);
        seen++;
    }
    assert_int_equal(rows[0], N);
    assert_int_equal(rows[3], STEPS);
    assert_int_equal(seen, 6 * KEN_COUNT(cases));
    free(text);
    test_ctx_free(ctx);
}

static void read_array(ken_ctx *ctx, const char *path, const char *member, int rows, int cols, double *out) {
    ken_table *t;
    TEST_OK(ctx, ken_npz_read(ctx, path, member, &t));
    assert_int_equal(ken_table_rows(t), rows);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) out[i * cols + j] = ken_column_f64(ken_table_column(t, j), i);
    ken_table_free(t);
}

static void test_optim__every_step_of_the_suite(void **state) {
    (void)state;
    static problem q;
    const char *path = test_shared("suites/nn/data/optimisers.npz");
    if (!path) TEST_SKIP("no ../shared");
    ken_ctx *ctx = test_ctx(1);
    read_array(ctx, path, "A", N, N, q.A);
    read_array(ctx, path, "b", N, 1, q.b);
    read_array(ctx, path, "p0", N, 1, q.p0);
    read_array(ctx, path, "noise", STEPS, N, q.noise);
    for (int k = 0; k < KEN_COUNT(cases); k++) {
        double got[STEPS * N], want[STEPS * N];
        char member[60];
        snprintf(member, sizeof member, "traj_%s", cases[k].name);
        read_array(ctx, path, member, STEPS, N, want);
        problem_run(ctx, &q, k, got);
        for (int s = 0; s < STEPS; s++) expect_point(cases[k].name, s + 1, got + s * N, want + s * N);
    }
    test_ctx_free(ctx);
}

/* --- by hand ---------------------------------------------------------------------------------------------- */

/* f = x^2 / 2: the gradient is x. The numbers are derived in the pages of the optimizers. */
static void test_optim__worked_examples_of_the_pages(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double from, want[4];
        int steps;
    } rounds[] = {
        {"gd learning_rate=0.5", 1, {0.5, 0.25, 0.125}, 3},
        {"gd learning_rate=2.5", 1, {-1.5, 2.25}, 2},
        {"momentum learning_rate=0.1", 1, {0.9, 0.72, 0.486}, 3},
        {"nesterov learning_rate=0.1", 1, {0.81, 0.5751}, 2},
        {"adagrad learning_rate=0.1", 1, {0.9, 0.833104}, 2},
        {"adadelta", 1, {0.996838}, 1},
        {"rmsprop", 1, {0.9, 0.832918}, 2},
        {"adam learning_rate=0.1", 1, {0.9, 0.800413}, 2},
        {"adamw learning_rate=0.1 weight_decay=0.5", 1, {0.85}, 1},
        {"adamax learning_rate=0.1", 1, {0.9, 0.805168}, 2},
        {"nadam learning_rate=0.1 momentum_decay=0", 1, {0.894357}, 1},
        {"radam learning_rate=0.1", 1, {0.9}, 1},
        {"lion learning_rate=0.1", 0.25, {0.15, 0.05, -0.05, 0.05}, 4},
        {"rprop learning_rate=0.5", 1, {0.5, -0.1, -0.1, 0.2}, 4},
        {"asgd learning_rate=0.5 rate_decay=0 start=0", 1, {0.5, 0.25, 0.125}, 3},
    };
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; k < KEN_COUNT(rounds); k++) {
        ken_optim *o;
        double x = rounds[k].from;
        TEST_OK(ctx, ken_optimizer_new(ctx, rounds[k].text, NULL, 1, &o));
        for (int s = 0; s < rounds[k].steps; s++) {
            const double g = x;
            ken_optimizer_step(o, &x, &g);
            if (fabs(x - rounds[k].want[s]) > 1.5e-6)
                fail_msg("%s, step %d: %.9g, by hand %.9g", rounds[k].text, s + 1, x, rounds[k].want[s]);
        }
        if (strncmp(rounds[k].text, "asgd", 4) == 0)
            TEST_NEAR(ken_tensor_value(ken_optimizer_view(o, "average"), 0), 0.1875, 1e-15);
        if (strncmp(rounds[k].text, "lion", 4) == 0)
            TEST_NEAR(ken_tensor_value(ken_optimizer_view(o, "m"), 0), 0.99 * 0.00443525 - 0.0005, 1e-12);
        ken_optimizer_free(o);
    }
    test_ctx_free(ctx);
}

static void test_optim__decay_of_lion_is_apart_from_the_sign(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_optim *o;
    double x[2] = {2, -3};
    const double g[2] = {0, 5}; /* sign 0: only the decay moves it */
    TEST_OK(ctx, ken_optimizer_new(ctx, "lion", "learning_rate=0.1 weight_decay=0.5", 2, &o));
    ken_optimizer_step(o, x, g);
    TEST_NEAR(x[0], 2 - 0.1 * 0.5 * 2, 1e-15);
    TEST_NEAR(x[1], -3 - 0.1 * (1 + 0.5 * -3), 1e-15);
    ken_optimizer_free(o);
    test_ctx_free(ctx);
}

/* beta2 0.999: rho_5 = 4.996 is not above 5, rho_6 = 5.994 is: the first five steps are those of momentum. */
static void test_optim__radam_begins_as_momentum(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_optim *o;
    double x = 0;
    const double g = 1000;
    TEST_OK(ctx, ken_optimizer_new(ctx, "radam", "learning_rate=1", 1, &o));
    for (int s = 1; s <= 6; s++) {
        const double before = x;
        ken_optimizer_step(o, &x, &g);
        if (s <= 5) TEST_NEAR(before - x, 1000, 1e-12); /* m' = g */
        else assert_true(before - x < 1 && before - x > 0);
    }
    ken_optimizer_free(o);
    test_ctx_free(ctx);
}

/* --- every optimizer -------------------------------------------------------------------------------------- */

static const ken_desc *optimizer_at(int i) {
    const ken_desc *d;
    for (int k = 0; (d = ken_catalog_at(k)); k++)
        if (d->kind == KEN_OPTIMIZER && !d->optimizer->second_order && i-- == 0) return d;
    return NULL;
}

/* A rate that suits all of them on the slopes below. */
static ken_optim *optimizer_new(ken_ctx *ctx, const ken_desc *d, int64_t n) {
    ken_optim *o;
    TEST_OK(ctx, ken_optimizer_new(ctx, d->name, "learning_rate=0.05", n, &o));
    return o;
}

static void slope(const double *x, double *g, int64_t n) {
    for (int64_t i = 0; i < n; i++) g[i] = (double)(i + 1) * (x[i] - 1);
}

static void test_optim__each_goes_downhill(void **state) {
    (void)state;
    const ken_desc *d;
    ken_ctx *ctx = test_ctx(1);
    int n = 0;
    for (; (d = optimizer_at(n)); n++) {
        ken_optim *o = optimizer_new(ctx, d, 3);
        double x[3] = {4, -3, 2.5}, g[3], off = 0;
        for (int s = 0; s < 20000; s++) {
            slope(x, g, 3);
            ken_optimizer_step(o, x, g);
        }
        for (int i = 0; i < 3; i++) off = fmax(off, fabs(x[i] - 1));
        if (!(off < 0.1)) fail_msg("%s is still %g away", d->name, off);
        ken_optimizer_free(o);
    }
    assert_true(n >= 14);
    test_ctx_free(ctx);
}

static void run(ken_optim *o, double *x, int64_t n, int steps) {
    double g[8];
    for (int s = 0; s < steps; s++) {
        slope(x, g, n);
        ken_optimizer_step(o, x, g);
    }
}

/* After reset the same bits; from a copy of the state the same bits. */
static void test_optim__reset_and_snapshots_repeat_the_bits(void **state) {
    (void)state;
    const ken_desc *d;
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; (d = optimizer_at(k)); k++) {
        ken_optim *o = optimizer_new(ctx, d, 4);
        const double from[4] = {3, -1, 0.5, 7};
        double a[4], b[4], half[4], saved[32];
        const size_t size = (size_t)ken_optimizer_state_size(o) * sizeof(double);
        assert_true(size <= sizeof saved);
        memcpy(a, from, sizeof a);
        run(o, a, 4, 10);
        memcpy(half, a, sizeof a);
        memcpy(saved, ken_optimizer_state(o), size);
        run(o, a, 4, 10);
        ken_optimizer_reset(o);
        memcpy(b, from, sizeof b);
        run(o, b, 4, 20);
        assert_memory_equal(a, b, sizeof a);
        memcpy(ken_optimizer_state(o), saved, size);
        ken_optimizer_set_steps(o, 10);
        run(o, half, 4, 10);
        assert_memory_equal(a, half, sizeof a);
        ken_optimizer_free(o);
    }
    test_ctx_free(ctx);
}

/* A vector may be cut into pieces: the verbs, with numbers of shape "" moved on once. */
static void test_optim__pieces_of_a_vector_give_the_same_bits(void **state) {
    (void)state;
    const ken_desc *d;
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; (d = optimizer_at(k)); k++) {
        const ken_optimizer *verbs = d->optimizer;
        ken_optim *o = optimizer_new(ctx, d, 5);
        double x[5] = {3, -1, 0.5, 7, -2}, y[5], g[5], memory[KEN_OPTIM_MAX_STATE][5] = {{0}};
        double *whole[KEN_OPTIM_MAX_STATE], *rest[KEN_OPTIM_MAX_STATE];
        memcpy(y, x, sizeof y);
        for (int p = 0; p < KEN_OPTIM_MAX_STATE; p++) whole[p] = rest[p] = NULL;
        for (int p = 0; d->attrs && d->attrs[p].name; p++) {
            if (verbs->uses && !verbs->uses(ken_optimizer_params(o), p)) continue;
            whole[p] = memory[p];
            rest[p] = memory[p] + (*d->attrs[p].shape ? 2 : 0);
        }
        if (verbs->begin) verbs->begin(ken_optimizer_params(o), 0.05, 5, whole);
        for (int t = 1; t <= 12; t++) {
            slope(x, g, 5);
            ken_optimizer_step(o, x, g);
            slope(y, g, 5);
            if (verbs->advance) verbs->advance(ken_optimizer_params(o), t, whole);
            verbs->step(ken_optimizer_params(o), 0.05, t, 2, y, g, whole);
            verbs->step(ken_optimizer_params(o), 0.05, t, 3, y + 2, g + 2, rest);
            assert_memory_equal(x, y, sizeof x);
        }
        ken_optimizer_free(o);
    }
    test_ctx_free(ctx);
}

/* State parts are declared in the descriptor and seen as views of their shape; rates are obeyed. */
static void test_optim__views_and_rates(void **state) {
    (void)state;
    const ken_desc *d;
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; (d = optimizer_at(k)); k++) {
        ken_optim *o = optimizer_new(ctx, d, 4);
        ken_view views[KEN_OPTIM_MAX_STATE];
        const int n = ken_optimizer_views(o, views, KEN_OPTIM_MAX_STATE);
        int64_t size = 0;
        for (int v = 0; v < n; v++) {
            assert_ptr_equal(ken_optimizer_view(o, views[v].name), views[v].tensor);
            size += ken_tensor_count(views[v].tensor);
        }
        assert_int_equal(size, ken_optimizer_state_size(o));
        assert_null(ken_optimizer_view(o, "no such part"));
        TEST_NEAR(ken_optimizer_rate(o), 0.05, 0);
        assert_non_null(ken_desc_param(d, "learning_rate"));
        ken_optimizer_free(o);
    }
    ken_optim *o;
    double x = 1, g = 1;
    TEST_OK(ctx, ken_adam_new(ctx, NULL, 1, &o));
    assert_null(ken_optimizer_view(o, "v_max"));
    ken_optimizer_set_rate(o, 0.25);
    ken_optimizer_step(o, &x, &g);
    TEST_NEAR(x, 0.75, 1e-7);
    TEST_OK(ctx, ken_optimizer_set(ctx, o, "learning_rate", "0.5"));
    TEST_NEAR(ken_optimizer_rate(o), 0.5, 0);
    TEST_FAILS(ctx, ken_optimizer_set(ctx, o, "amsgrad", "true"), KEN_E_STATE, "amsgrad");
    TEST_FAILS(ctx, ken_optimizer_set(ctx, o, "beta1", "1"), KEN_E_ARG, "beta1");
    ken_optimizer_free(o);
    test_ctx_free(ctx);
}

static void test_optim__bad_texts_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_optim *o;
    TEST_FAILS(ctx, ken_optimizer_new(ctx, "adm", NULL, 2, &o), KEN_E_NOT_FOUND, "adm");
    assert_non_null(strstr(ken_ctx_hint(ctx), "adam"));
    TEST_FAILS(ctx, ken_optimizer_new(ctx, "sgd", NULL, 2, &o), KEN_E_NOT_FOUND, "sgd");
    assert_non_null(strstr(ken_ctx_hint(ctx), "'gd'"));
    TEST_FAILS(ctx, ken_optimizer_new(ctx, "adam", "beta=0.5", 2, &o), KEN_E_ARG, "beta");
    TEST_FAILS(ctx, ken_optimizer_new(ctx, "adam:beta1=0.5 beta2", NULL, 2, &o), KEN_E_ARG, "beta2");
    TEST_FAILS(ctx, ken_optimizer_new(ctx, "adam", "learning_rate=-1", 2, &o), KEN_E_ARG, "learning_rate");
    TEST_FAILS(ctx, ken_optimizer_new(ctx, "rprop", "least=1 most=0.5", 2, &o), KEN_E_ARG, "shortest");
    TEST_FAILS(ctx, ken_optimizer_new(ctx, "newton", NULL, 2, &o), KEN_E_UNSUPPORTED, "newton");
    TEST_FAILS(ctx, ken_optimizer_new(ctx, "gd", NULL, -1, &o), KEN_E_ARG, "-1");
    TEST_OK(ctx, ken_optimizer_new(ctx, "adam:beta1=0.5,beta2=0.9", "learning_rate=0.2", 2, &o));
    TEST_NEAR(ken_optimizer_rate(o), 0.2, 0);
    TEST_NEAR(((const ken_adam_params *)ken_optimizer_params(o))->beta2, 0.9, 0);
    ken_optimizer_free(o);
    TEST_OK(ctx, ken_optimizer_new(ctx, "nadam", NULL, 0, &o)); /* nothing to move is fine */
    ken_optimizer_step(o, NULL, NULL);
    ken_optimizer_free(o);
    test_ctx_free(ctx);
}

static void test_optim__clipping_keeps_the_direction(void **state) {
    (void)state;
    double g[2] = {3, 4}, small[2] = {0.3, 0.4};
    TEST_NEAR(ken_gradient_clip(g, 2, 1), 5, 1e-15);
    TEST_NEAR(g[0], 0.6, 1e-6);
    TEST_NEAR(g[1] / g[0], 4.0 / 3, 1e-15);
    TEST_NEAR(ken_gradient_clip(small, 2, 1), 0.5, 1e-15);
    TEST_NEAR(small[0], 0.3, 0);
}

static ken_status allocation_round(ken_ctx *ctx, void *arg) {
    ken_optim *o = NULL;
    (void)arg;
    ken_status status = ken_optimizer_new(ctx, "adam:amsgrad=true", "learning_rate=0.1", 3, &o);
    if (status == KEN_OK) status = ken_optimizer_set(ctx, o, "beta1", "0.5");
    ken_optimizer_free(o);
    return status;
}

static void test_optim__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(allocation_round, NULL, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optim__trajectories_of_pytorch),
        cmocka_unit_test(test_optim__every_step_of_the_suite),
        cmocka_unit_test(test_optim__worked_examples_of_the_pages),
        cmocka_unit_test(test_optim__decay_of_lion_is_apart_from_the_sign),
        cmocka_unit_test(test_optim__radam_begins_as_momentum),
        cmocka_unit_test(test_optim__each_goes_downhill),
        cmocka_unit_test(test_optim__reset_and_snapshots_repeat_the_bits),
        cmocka_unit_test(test_optim__pieces_of_a_vector_give_the_same_bits),
        cmocka_unit_test(test_optim__views_and_rates),
        cmocka_unit_test(test_optim__bad_texts_are_errors),
        cmocka_unit_test(test_optim__clipping_keeps_the_direction),
        cmocka_unit_test(test_optim__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
