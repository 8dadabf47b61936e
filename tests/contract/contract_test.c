/* What every model of the catalog must do, whatever it is: chosen by kind, tasks and tags, never by name. */
#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/io/model_file/model_file.h"
#include "ken/optim/optim.h"

#define ROWS 240

/* --- a table with everything in it ---------------------------------------------------------------------- */
typedef struct mixed {
    ken_table *table;
    ken_table *targets; /* 0: number, 1: two classes, 2: three classes */
    ken_data data;
} mixed;

static const char level_bytes[] = "bluegreenredrare";
static const int64_t level_offset[] = {0, 4, 9, 12, 16};
static const char class_bytes[] = "noyesmaybe";
static const int64_t class_offset[] = {0, 2, 5, 10};

static void *add(ken_ctx *ctx, ken_table *t, const char *name, ken_dtype dtype, uint8_t **valid) {
    void *data = NULL;
    TEST_OK(ctx, ken_table_add_new(ctx, t, name, dtype, &data, valid));
    return data;
}

static void add_category(ken_ctx *ctx, ken_table *t, const char *name, const int32_t *codes, int64_t n,
                         ken_strings levels) {
    ken_column c = {0};
    c.name = name, c.dtype = KEN_CATEGORY, c.n = n, c.data = codes, c.stride = 1, c.text = levels, c.source = -1;
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &c));
}

static void mixed_fill(ken_ctx *ctx, mixed *f, int64_t n) {
    ken_rng rng = ken_rng_stream(ctx, "contract", 0);
    uint8_t *valid;
    int32_t *codes = malloc((size_t)n * 4), *two = malloc((size_t)n * 4), *three = malloc((size_t)n * 4);
    double *age = add(ctx, f->table, "age", KEN_F64, NULL);
    float *size = add(ctx, f->table, "size", KEN_F32, NULL);
    int64_t *count = add(ctx, f->table, "count", KEN_I64, &valid);
    uint8_t *flag = add(ctx, f->table, "flag", KEN_BOOL, NULL);
    double *flat = add(ctx, f->table, "flat", KEN_F64, NULL);
    int64_t *when = add(ctx, f->table, "when", KEN_TIME, NULL);
    double *y = add(ctx, f->targets, "y", KEN_F64, NULL);
    for (int64_t i = 0; i < n; i++) {
        age[i] = 20 + 50 * ken_rng_f64(&rng);
        size[i] = (float)ken_rng_normal(&rng);
        count[i] = (int64_t)ken_rng_below(&rng, 30);
        flag[i] = (uint8_t)ken_rng_below(&rng, 2);
        flat[i] = 7;
        when[i] = 1600000000000000 + (int64_t)ken_rng_below(&rng, 100000) * 3600000000;
        codes[i] = i % 97 == 0 ? 3 : (int32_t)ken_rng_below(&rng, 3);
        y[i] = 0.3 * age[i] + 2 * (double)size[i] + (double)codes[i] + flag[i] + 0.3 * ken_rng_normal(&rng);
        two[i] = y[i] > 15;
        three[i] = y[i] > 18 ? 2 : y[i] > 12;
        if (i % 11 == 3) age[i] = NAN;
        if (i % 13 == 5) ken_bitmap_clear(valid, i);
    }
    const ken_strings levels = {4, level_offset, level_bytes};
    add_category(ctx, f->table, "color", codes, n, levels);
    add_category(ctx, f->targets, "two", two, n, (ken_strings){2, class_offset, class_bytes});
    add_category(ctx, f->targets, "three", three, n, (ken_strings){3, class_offset, class_bytes});
    free(codes), free(two), free(three);
}

static mixed mixed_new(ken_ctx *ctx, int64_t n) {
    mixed f = {0};
    TEST_OK(ctx, ken_table_new(ctx, n, &f.table));
    TEST_OK(ctx, ken_table_new(ctx, n, &f.targets));
    mixed_fill(ctx, &f, n);
    f.data.table = f.table;
    return f;
}

static void mixed_free(mixed *f) {
    ken_table_free(f->table);
    ken_table_free(f->targets);
}

/* --- walking the catalog ----------------------------------------------------------------------------------- */
/* Target 3: none. */
static ken_task task_of(int target) { return target == 0 ? KEN_REGRESS : target == 3 ? KEN_DETECT : KEN_CLASSIFY; }
static int classes_of(int target) { return target == 3 || target == 0 ? 0 : target + 1; }
static int width_of(int target) { return KEN_MAX(classes_of(target), 1); }
static const ken_column *target_of(const ken_table *targets, int target) {
    return target == 3 ? NULL : ken_table_column(targets, target);
}

/* Case i of all (estimator, target) pairs that fit together; NULL past the end. */
static const ken_desc *case_at(int i, int *target) {
    const ken_desc *d;
    for (int k = 0; (d = ken_catalog_at(k)); k++) {
        if (d->kind != KEN_ESTIMATOR) continue;
        for (int t = 0; t < 4; t++)
            if (d->tasks & (uint32_t)task_of(t))
                if (i-- == 0) {
                    *target = t;
                    return d;
                }
    }
    return NULL;
}

/* Small sizes where the descriptor has them, or its base, to keep the test quick. */
static ken_model *model_new(ken_ctx *ctx, const ken_desc *d) {
    ken_model *m = NULL, *recipe = NULL;
    TEST_OK(ctx, ken_model_new_desc(ctx, d, NULL, &m));
    TEST_OK(ctx, ken_model_new(ctx, "recipe", NULL, &recipe));
    TEST_OK(ctx, ken_model_set_recipe(ctx, m, recipe));
    if (ken_desc_param(d, "trees")) TEST_OK(ctx, ken_model_set(ctx, m, "trees", "12"));
    const ken_model *base = ken_model_base(m, "base");
    if (base && ken_desc_param(ken_model_desc(base), "trees")) TEST_OK(ctx, ken_model_set(ctx, m, "base.trees", "12"));
    return m;
}

static ken_model *fitted(ken_ctx *ctx, const ken_desc *d, mixed *f, int target) {
    ken_model *m = model_new(ctx, d);
    f->data.target = target_of(f->targets, target);
    f->data.task = task_of(target);
    TEST_OK(ctx, ken_model_fit(ctx, m, &f->data));
    return m;
}

static double *predicted(ken_ctx *ctx, const ken_model *m, const ken_table *table) {
    const int64_t n = ken_table_rows(table);
    const int k = ken_model_n_classes(m);
    const int64_t width = k ? k : 1;
    double *out = calloc((size_t)(n * width), sizeof *out);
    ken_tensor t = ken_tensor_2d(out, KEN_F64, n, width);
    TEST_OK(ctx, ken_model_predict(ctx, m, table, k ? KEN_WHAT_PROBA : KEN_WHAT_VALUE, &t));
    return out;
}

#define FOR_EACH_CASE(d, target) \
    int target = 0;              \
    const ken_desc *d;           \
    for (int case_ = 0; (d = case_at(case_, &target)); case_++)

/* --- the contract ---------------------------------------------------------------------------------------------- */
static void test_contract__saved_and_loaded_predicts_the_same(void **state) {
    (void)state;
    FOR_EACH_CASE(d, target) {
        ken_ctx *ctx = test_ctx(2);
        mixed f = mixed_new(ctx, ROWS);
        ken_model *m = fitted(ctx, d, &f, target), *back = NULL;
        void *bytes = NULL, *again = NULL;
        size_t size, size_again;
        TEST_OK(ctx, ken_model_write(ctx, m, &bytes, &size));
        TEST_OK(ctx, ken_model_read(ctx, d->name, bytes, size, &back));
        double *a = predicted(ctx, m, f.table), *b = predicted(ctx, back, f.table);
        const int64_t width = width_of(target);
        assert_memory_equal(a, b, (size_t)(ROWS * width) * sizeof *a);
        TEST_OK(ctx, ken_model_write(ctx, back, &again, &size_again));
        assert_int_equal(size, size_again);
        assert_memory_equal(bytes, again, size);
        free(a), free(b);
        ken_free(ctx, bytes);
        ken_free(ctx, again);
        ken_model_free(back);
        ken_model_free(m);
        mixed_free(&f);
        test_ctx_free(ctx);
    }
}

static void test_contract__same_bytes_for_any_number_of_threads(void **state) {
    static const int threads[] = {1, 2, 3, 7};
    (void)state;
    FOR_EACH_CASE(d, target) {
        void *first = NULL;
        size_t first_size = 0;
        for (int t = 0; t < 4; t++) {
            ken_ctx *ctx = test_ctx(threads[t]);
            mixed f = mixed_new(ctx, ROWS);
            ken_model *m = fitted(ctx, d, &f, target);
            void *bytes = NULL;
            size_t size;
            TEST_OK(ctx, ken_model_write(ctx, m, &bytes, &size));
            if (t == 0) {
                first = malloc(size);
                memcpy(first, bytes, first_size = size);
            }
            if (size != first_size || memcmp(first, bytes, size) != 0) fail_msg("%s differs at %d threads", d->name, threads[t]);
            ken_free(ctx, bytes);
            ken_model_free(m);
            mixed_free(&f);
            test_ctx_free(ctx);
        }
        free(first);
    }
}

static void test_contract__answers_are_sound(void **state) {
    (void)state;
    FOR_EACH_CASE(d, target) {
        ken_ctx *ctx = test_ctx(1);
        mixed f = mixed_new(ctx, ROWS);
        ken_model *m = fitted(ctx, d, &f, target);
        double *p = predicted(ctx, m, f.table);
        const int k = width_of(target);
        for (int i = 0; i < ROWS; i++) {
            double sum = 0;
            for (int c = 0; c < k; c++) {
                assert_true(isfinite(p[i * k + c]));
                if (classes_of(target)) assert_true(p[i * k + c] >= 0 && p[i * k + c] <= 1);
                sum += p[i * k + c];
            }
            if (classes_of(target)) assert_true(fabs(sum - 1) < 1e-9);
        }
        for (int a = 0; a < ken_model_n_attrs(m); a++) assert_non_null(ken_model_attr_name(m, a));
        free(p);
        ken_model_free(m);
        mixed_free(&f);
        test_ctx_free(ctx);
    }
}

/* A row weighs 2 or stands twice: the same fit, for models that draw nothing at random. */
static void test_contract__weight_is_replication(void **state) {
    (void)state;
    FOR_EACH_CASE(d, target) {
        if (!(d->tags & KEN_TAG_WEIGHTS) || d->tags & KEN_TAG_RANDOM) continue;
        ken_ctx *ctx = test_ctx(1);
        mixed f = mixed_new(ctx, ROWS);
        double weight[ROWS];
        int64_t rows[2 * ROWS], n = 0;
        for (int i = 0; i < ROWS; i++) {
            weight[i] = i % 3 == 0 ? 2 : 1;
            rows[n++] = i;
            if (i % 3 == 0) rows[n++] = i;
        }
        /* numbers alone, without a recipe: a recipe's medians and counts go by rows, not weights */
        ken_table *numbers = NULL, *twice = NULL, *targets = NULL;
        TEST_OK(ctx, ken_table_select(ctx, f.table, (const int[]){1, 3}, 2, &numbers));
        TEST_OK(ctx, ken_table_take(ctx, numbers, rows, n, &twice));
        TEST_OK(ctx, ken_table_take(ctx, f.targets, rows, n, &targets));
        ken_model *a = NULL, *b = NULL;
        ken_column w = test_column_f64("w", weight, ROWS);
        ken_data data = {0};
        data.table = numbers, data.target = target_of(f.targets, target), data.weight = &w;
        data.task = task_of(target);
        TEST_OK(ctx, ken_model_new_desc(ctx, d, NULL, &a));
        TEST_OK(ctx, ken_model_clone(ctx, a, &b));
        TEST_OK(ctx, ken_model_fit(ctx, a, &data));
        data.table = twice, data.target = target_of(targets, target), data.weight = NULL;
        TEST_OK(ctx, ken_model_fit(ctx, b, &data));
        double *pa = predicted(ctx, a, numbers), *pb = predicted(ctx, b, numbers);
        for (int64_t i = 0; i < ROWS * width_of(target); i++)
            if (fabs(pa[i] - pb[i]) > 1e-6 * (1 + fabs(pa[i])))
                fail_msg("%s, target %d, row %d: %.12g with weights, %.12g with copies", d->name, target, (int)i, pa[i], pb[i]);
        free(pa), free(pb);
        ken_model_free(a), ken_model_free(b);
        ken_table_free(numbers), ken_table_free(twice), ken_table_free(targets);
        mixed_free(&f);
        test_ctx_free(ctx);
    }
}

/* One step outside each bound is refused with the parameter's name; the bounds themselves are not. */
static void test_contract__parameters_keep_to_their_range(void **state) {
    const ken_desc *d;
    (void)state;
    for (int i = 0; (d = ken_catalog_at(i)); i++) {
        if (d->kind != KEN_ESTIMATOR && d->kind != KEN_TRANSFORMER) continue;
        ken_ctx *ctx = test_ctx(1);
        ken_model *m = NULL;
        TEST_OK(ctx, ken_model_new_desc(ctx, d, NULL, &m));
        for (const ken_param *p = d->params; p && p->name; p++) {
            char text[64];
            assert_non_null(p->doc);
            if (p->type == KEN_PARAM_MODEL) { /* a model of its own, reached with dotted names */
                const ken_model *base = ken_model_base(m, p->name);
                assert_non_null(base);
                assert_true(ken_model_desc(base)->tasks & p->tasks);
                assert_true(d->tags & KEN_TAG_BASE);
                TEST_FAILS(ctx, ken_model_set(ctx, m, p->name, "no such"), KEN_E_NOT_FOUND, "no such");
                snprintf(text, sizeof text, "%s.no_such", p->name);
                TEST_FAILS(ctx, ken_model_set(ctx, m, text, "1"), KEN_E_ARG, "no_such");
            }
            if (p->type == KEN_PARAM_CHOICE) TEST_FAILS(ctx, ken_model_set(ctx, m, p->name, "no such"), KEN_E_ARG, p->name);
            if (p->type != KEN_PARAM_F64 && p->type != KEN_PARAM_I64) continue;
            assert_true(p->min < p->max);
            if (fabs(p->min) > 1e15) continue; /* one step beyond is no other number */
            snprintf(text, sizeof text, "%.17g", p->open_min ? p->min : p->min - 1);
            TEST_FAILS(ctx, ken_model_set(ctx, m, p->name, text), KEN_E_ARG, p->name);
            if (!isinf(p->max) && p->max < 1e15) {
                snprintf(text, sizeof text, "%.17g", p->max + 1);
                TEST_FAILS(ctx, ken_model_set(ctx, m, p->name, text), KEN_E_ARG, p->name);
            }
            if (!p->open_min) {
                snprintf(text, sizeof text, "%.17g", p->min);
                TEST_OK(ctx, ken_model_set(ctx, m, p->name, text));
            }
        }
        ken_model_free(m);
        test_ctx_free(ctx);
    }
}

/* Things that are no models: the same of their parameters, on the bare struct. */
static void test_contract__parameters_of_other_kinds_keep_to_their_range(void **state) {
    const ken_desc *d;
    (void)state;
    for (int i = 0; (d = ken_catalog_at(i)); i++) {
        if ((d->kind != KEN_OPTIMIZER && d->kind != KEN_OBJECTIVE) || !d->params) continue;
        ken_ctx *ctx = test_ctx(1);
        double params[32];
        char text[64];
        assert_true(d->params_size <= sizeof params);
        memcpy(params, d->defaults, d->params_size);
        TEST_OK(ctx, ken_params_check(ctx, d, params));
        for (const ken_param *p = d->params; p && p->name; p++) {
            assert_non_null(p->doc);
            if (p->type != KEN_PARAM_F64 && p->type != KEN_PARAM_I64) continue;
            assert_true(p->min < p->max);
            assert_true((p->lo == 0 && p->hi == 0) || (p->lo >= p->min && p->hi <= p->max && p->lo < p->hi));
            assert_true(p->scale != KEN_LOG_SCALE || p->lo > 0);
            snprintf(text, sizeof text, "%.17g", p->open_min ? p->min : p->min - 1);
            TEST_FAILS(ctx, ken_param_set(ctx, d, params, p->name, text), KEN_E_ARG, p->name);
        }
        test_ctx_free(ctx);
    }
}

/* Each kind has its verbs, and the state of an optimizer fits. */
static void test_contract__optimizers_and_objectives_have_their_verbs(void **state) {
    const ken_desc *d;
    int optimizers = 0, objectives = 0;
    (void)state;
    for (int i = 0; (d = ken_catalog_at(i)); i++) {
        if (d->kind == KEN_OPTIMIZER) {
            int parts = 0;
            while (d->attrs && d->attrs[parts].name) {
                assert_true(d->attrs[parts].dtype == KEN_F64);
                assert_true(d->optimizer->second_order || strcmp(d->attrs[parts].shape, "n") == 0 || !*d->attrs[parts].shape);
                parts++;
            }
            assert_true(parts <= KEN_OPTIM_MAX_STATE);
            assert_true(d->optimizer && !d->optimizer->step == d->optimizer->second_order && d->doc && d->paper && d->title);
            assert_string_equal(ken_kind_name(d->kind), "optimizer");
            optimizers++;
        }
        if (d->kind == KEN_OBJECTIVE) {
            const ken_objective *o = d->objective;
            assert_true(o && o->value && o->gradient && o->hessian && o->start && o->minimum && d->doc && d->paper);
            assert_true(o->lo < o->hi && o->window[0] < o->window[1] && o->window[2] < o->window[3]);
            assert_true(o->dims > 0 || o->least_dims > 0);
            assert_string_equal(ken_kind_name(d->kind), "objective");
            objectives++;
        }
    }
    assert_true(optimizers > 0 && objectives > 0);
}

/* Every byte of the params struct belongs to a row (or is padding), so nothing is lost in a file. */
static void test_contract__rows_cover_the_params_struct(void **state) {
    const ken_desc *d;
    (void)state;
    for (int i = 0; (d = ken_catalog_at(i)); i++) {
        size_t covered = 0, largest = 1;
        for (const ken_param *p = d->params; p && p->name; p++) {
            covered += p->size;
            largest = KEN_MAX(largest, p->size);
        }
        if (d->kind != KEN_ESTIMATOR && d->kind != KEN_TRANSFORMER && d->kind != KEN_OPTIMIZER &&
            d->kind != KEN_OBJECTIVE)
            continue;
        if (covered + 3 * largest < d->params_size || covered > d->params_size)
            fail_msg("%s: rows cover %zu of %zu bytes", d->name, covered, d->params_size);
    }
}

/* --- hard tables: an error with a hint, or an answer; never a crash ------------------------------------------------ */
/* Answers for at most so many rows, all through the table: a model that keeps the rows of its fit compares every pair. */
enum { ASKED = 2000 };
static void ask(ken_ctx *ctx, const ken_model *m, const ken_table *table) {
    const int64_t n = ken_table_rows(table), asked = KEN_MIN(n, ASKED);
    int64_t rows[ASKED];
    ken_table *some = NULL;
    for (int64_t i = 0; i < asked; i++) rows[i] = i * n / asked;
    TEST_OK(ctx, ken_table_take(ctx, table, rows, asked, &some));
    free(predicted(ctx, m, some));
    ken_table_free(some);
}

static void fit_or_refuse(ken_ctx *ctx, const ken_desc *d, const ken_data *data) {
    ken_model *m = model_new(ctx, d);
    ken_ctx_clear_error(ctx);
    const ken_status status = ken_model_fit(ctx, m, data);
    if (status != KEN_OK && (!*ken_ctx_message(ctx) || status == KEN_E_BUG))
        fail_msg("%s: %s without a word: %s", d->name, ken_status_name(status), ken_ctx_message(ctx));
    if (status == KEN_OK) ask(ctx, m, data->table);
    ken_model_free(m);
}

static void test_contract__few_rows(void **state) {
    (void)state;
    FOR_EACH_CASE(d, target) {
        for (int64_t n = 0; n <= 4; n++) {
            ken_ctx *ctx = test_ctx(2);
            mixed f = mixed_new(ctx, n);
            f.data.target = target_of(f.targets, target);
            f.data.task = task_of(target);
            fit_or_refuse(ctx, d, &f.data);
            mixed_free(&f);
            test_ctx_free(ctx);
        }
    }
}

static void test_contract__columns_without_information(void **state) {
    (void)state;
    FOR_EACH_CASE(d, target) {
        ken_ctx *ctx = test_ctx(1);
        mixed f = mixed_new(ctx, 50);
        ken_table *flat = NULL;
        double *none;
        TEST_OK(ctx, ken_table_select(ctx, f.table, (const int[]){4}, 1, &flat));
        none = add(ctx, flat, "none", KEN_F64, NULL);
        for (int i = 0; i < 50; i++) none[i] = NAN;
        f.data.table = flat;
        f.data.target = target_of(f.targets, target);
        f.data.task = task_of(target);
        fit_or_refuse(ctx, d, &f.data);
        ken_table_free(flat);
        mixed_free(&f);
        test_ctx_free(ctx);
    }
}

/* A hundred thousand levels, most of them once. */
static void test_contract__very_many_categories(void **state) {
    const int64_t n = 100000;
    int32_t *codes = malloc((size_t)n * 4), *two = malloc((size_t)n * 4);
    int64_t *offset = malloc((size_t)(n + 1) * 8);
    double *y = malloc((size_t)n * 8);
    char *bytes = malloc((size_t)n * 8);
    (void)state;
    for (int64_t i = 0; i < n; i++) {
        char text[16];
        snprintf(text, sizeof text, "k%07lld", (long long)i);
        memcpy(bytes + 8 * i, text, 8);
        offset[i] = 8 * i;
        codes[i] = (int32_t)(i % 3 ? i : 0);
        two[i] = (int32_t)(i % 2);
        y[i] = (double)(i % 7);
    }
    offset[n] = 8 * n;
    FOR_EACH_CASE(d, target) {
        if (target == 2) continue;
        ken_ctx *ctx = test_ctx(2);
        ken_table *t = NULL;
        TEST_OK(ctx, ken_table_new(ctx, n, &t));
        add_category(ctx, t, "key", codes, n, (ken_strings){n, offset, bytes});
        double *x = add(ctx, t, "x", KEN_F64, NULL);
        for (int64_t i = 0; i < n; i++) x[i] = (double)(i % 100);
        ken_column number = test_column_f64("y", y, n), label = {0};
        label.name = "y", label.dtype = KEN_CATEGORY, label.n = n, label.data = two, label.stride = 1;
        label.text = (ken_strings){2, class_offset, class_bytes};
        ken_data data = {0};
        data.table = t, data.target = target == 3 ? NULL : target ? &label : &number, data.task = task_of(target);
        fit_or_refuse(ctx, d, &data);
        ken_table_free(t);
        test_ctx_free(ctx);
    }
    free(codes), free(two), free(offset), free(y), free(bytes);
}

static void test_contract__huge_and_infinite_numbers(void **state) {
    (void)state;
    FOR_EACH_CASE(d, target) {
        for (int kind = 0; kind < 3; kind++) {
            ken_ctx *ctx = test_ctx(1);
            mixed f = mixed_new(ctx, 60);
            double *wild = add(ctx, f.table, "wild", KEN_F64, NULL);
            for (int i = 0; i < 60; i++)
                wild[i] = kind == 0 ? (i % 2 ? 1e308 : -1e308) : kind == 1 ? i * 5e-324 : i == 7 ? INFINITY : i;
            f.data.target = target_of(f.targets, target);
            f.data.task = task_of(target);
            fit_or_refuse(ctx, d, &f.data);
            mixed_free(&f);
            test_ctx_free(ctx);
        }
    }
}

static volatile int cancel_now;
static void cancel_hook(void *user, const ken_progress *p) {
    (void)user, (void)p;
    cancel_now = 1;
}

/* An iterative model stops after the step in which it was asked to, and is left unfitted. */
static void test_contract__cancel_leaves_it_unfitted(void **state) {
    (void)state;
    FOR_EACH_CASE(d, target) {
        if (!d->estimator->begin) continue;
        ken_ctx_options o = {0};
        ken_ctx *ctx = NULL;
        o.cancel = &cancel_now, o.hook = cancel_hook;
        cancel_now = 0;
        assert_int_equal(ken_ctx_new(&o, &ctx), KEN_OK);
        mixed f = mixed_new(ctx, ROWS);
        ken_model *m = model_new(ctx, d);
        f.data.target = target_of(f.targets, target);
        f.data.task = task_of(target);
        const ken_status status = ken_model_fit(ctx, m, &f.data);
        if (status == KEN_OK) /* done in one step */
            assert_true(ken_model_fitted(m));
        else
            assert_int_equal(status, KEN_E_CANCELLED);
        ken_model_free(m);
        mixed_free(&f);
        ken_ctx_free(ctx);
        cancel_now = 0;
    }
}

/* Contributions add up to the margin (the value, for regression), for every model that gives them. */
static void test_contract__contributions_add_up(void **state) {
    (void)state;
    FOR_EACH_CASE(d, target) {
        ken_ctx *ctx = test_ctx(1);
        mixed f = mixed_new(ctx, ROWS);
        ken_model *m = fitted(ctx, d, &f, target);
        const int64_t inputs = ken_model_n_inputs(m);
        int64_t width = 0, outputs = 0;
        if (ken_model_width(ctx, m, KEN_WHAT_CONTRIBUTIONS, &width) == KEN_OK &&
            ken_model_width(ctx, m, KEN_WHAT_MARGIN, &outputs) == KEN_OK) {
            assert_int_equal(width, outputs * (inputs + 1));
            double *c = calloc((size_t)(ROWS * width), 8), *margin = calloc((size_t)(ROWS * outputs), 8);
            ken_tensor tc = ken_tensor_2d(c, KEN_F64, ROWS, width), tm = ken_tensor_2d(margin, KEN_F64, ROWS, outputs);
            TEST_OK(ctx, ken_model_predict(ctx, m, f.table, KEN_WHAT_CONTRIBUTIONS, &tc));
            TEST_OK(ctx, ken_model_predict(ctx, m, f.table, KEN_WHAT_MARGIN, &tm));
            for (int64_t i = 0; i < ROWS * outputs; i++) {
                double sum = 0;
                for (int64_t j = 0; j <= inputs; j++) sum += c[i * (inputs + 1) + j];
                if (fabs(sum - margin[i]) > 1e-6 * (1 + fabs(margin[i])))
                    fail_msg("%s, target %d: contributions sum to %.12g, the margin is %.12g", d->name, target, sum, margin[i]);
            }
            free(c), free(margin);
        }
        ken_model_free(m);
        mixed_free(&f);
        test_ctx_free(ctx);
    }
}

/* Of two classes the one margin says which: above `turn` it is the second one. */
static void check_margin(ken_ctx *ctx, const ken_model *m, const ken_table *table, double turn) {
    double margin[ROWS], value[ROWS];
    int64_t width = 0;
    if (ken_model_width(ctx, m, KEN_WHAT_MARGIN, &width) != KEN_OK) return;
    assert_int_equal(width, 1);
    ken_tensor tm = ken_tensor_2d(margin, KEN_F64, ROWS, 1), tv = ken_tensor_2d(value, KEN_F64, ROWS, 1);
    TEST_OK(ctx, ken_model_predict(ctx, m, table, KEN_WHAT_MARGIN, &tm));
    TEST_OK(ctx, ken_model_predict(ctx, m, table, KEN_WHAT_VALUE, &tv));
    for (int i = 0; i < ROWS; i++)
        if (fabs(margin[i] - turn) > 1e-12 && value[i] != (margin[i] > turn))
            fail_msg("%s: row %d has margin %.17g and class %g", ken_model_desc(m)->name, i, margin[i], value[i]);
}

/* What bindings offer before there is a model is all that a model may say yes to. */
static void test_contract__gives_what_its_descriptor_says(void **state) {
    (void)state;
    FOR_EACH_CASE(d, target) {
        ken_ctx *ctx = test_ctx(1);
        mixed f = mixed_new(ctx, ROWS);
        ken_model *m = fitted(ctx, d, &f, target);
        for (int what = task_of(target) == KEN_CLASSIFY ? KEN_WHAT_MARGIN : KEN_WHAT_LEAF; what < KEN_N_WHATS; what++) {
            int64_t width = 0;
            if (ken_model_width(ctx, m, (ken_what)what, &width) == KEN_OK && !(d->estimator->gives >> what & 1))
                fail_msg("%s, target %d: gives '%s', which its descriptor does not say", d->name, target,
                         ken_what_name((ken_what)what));
        }
        if (target == 1 && d->estimator->gives & KEN_GIVES(MARGIN) && d->estimator->margin != KEN_MARGIN_OF_BASE)
            check_margin(ctx, m, f.table, d->estimator->margin == KEN_MARGIN_SHARE ? 0.5 : 0);
        ken_model_free(m);
        mixed_free(&f);
        test_ctx_free(ctx);
    }
}

static double *asked(ken_ctx *ctx, const ken_model *m, const ken_table *table, ken_what what, int64_t *width) {
    double *out = NULL;
    if (ken_model_width(ctx, m, what, width) != KEN_OK) return NULL;
    out = calloc((size_t)(ken_table_rows(table) * *width), sizeof *out);
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ken_table_rows(table), *width);
    TEST_OK(ctx, ken_model_predict(ctx, m, table, what, &t));
    return out;
}

/* Rows of interactions add up to contributions, and the matrices are symmetric. */
static void check_interactions(ken_ctx *ctx, const ken_model *m, const ken_table *table) {
    const int64_t d = ken_model_n_inputs(m) + 1;
    int64_t width, width_pairs;
    double *c = asked(ctx, m, table, KEN_WHAT_CONTRIBUTIONS, &width);
    double *pairs = asked(ctx, m, table, KEN_WHAT_INTERACTIONS, &width_pairs);
    assert_int_equal(width_pairs, width * d);
    for (int64_t k = 0; k < ken_table_rows(table) * width; k++) {
        double sum = 0;
        const double *matrix = pairs + k / d * d * d;
        for (int64_t j = 0; j < d; j++) {
            sum += matrix[k % d * d + j];
            TEST_NEAR(matrix[k % d * d + j], matrix[j * d + k % d], 1e-12);
        }
        TEST_NEAR(sum, c[k], 1e-9);
    }
    free(c), free(pairs);
}

/* Contributions against a background add up to the margin, from the mean margin of the background. */
static void check_against(ken_ctx *ctx, const ken_model *m, const ken_table *table, const ken_table *background) {
    const int64_t d = ken_model_n_inputs(m) + 1, n = ken_table_rows(table), b = ken_table_rows(background);
    int64_t outputs, width;
    double *margin = asked(ctx, m, table, KEN_WHAT_MARGIN, &outputs);
    double *start = asked(ctx, m, background, KEN_WHAT_MARGIN, &outputs);
    TEST_OK(ctx, ken_model_width(ctx, m, KEN_WHAT_CONTRIBUTIONS, &width));
    double *c = calloc((size_t)(n * width), sizeof *c);
    ken_tensor out = ken_tensor_2d(c, KEN_F64, n, width);
    TEST_OK(ctx, ken_model_contributions_against(ctx, m, table, background, &out));
    for (int64_t k = 0; k < n * outputs; k++) {
        double sum = 0, mean = 0;
        for (int64_t j = 0; j < d; j++) sum += c[k * d + j];
        for (int64_t i = 0; i < b; i++) mean += start[i * outputs + k % outputs] / (double)b;
        TEST_NEAR(sum, margin[k], 1e-9);
        TEST_NEAR(c[k * d + d - 1], mean, 1e-9);
    }
    free(margin), free(start), free(c);
}

static void test_contract__interactions_and_backgrounds_add_up(void **state) {
    (void)state;
    int pairs = 0, against = 0;
    FOR_EACH_CASE(d, target) {
        ken_ctx *ctx = test_ctx(2);
        mixed f = mixed_new(ctx, ROWS);
        ken_model *m = fitted(ctx, d, &f, target);
        ken_table *some = NULL, *background = NULL;
        int64_t width;
        TEST_OK(ctx, ken_table_slice(ctx, f.table, 0, 20, &some));
        TEST_OK(ctx, ken_table_slice(ctx, f.table, 64, 15, &background));
        if (ken_model_width(ctx, m, KEN_WHAT_INTERACTIONS, &width) == KEN_OK) {
            check_interactions(ctx, m, some);
            pairs++;
        }
        if (d->estimator->contributions_against) {
            check_against(ctx, m, some, background);
            against++;
        }
        ken_table_free(some);
        ken_table_free(background);
        ken_model_free(m);
        mixed_free(&f);
        test_ctx_free(ctx);
    }
    assert_true(pairs >= 12 && against >= 12);
}

/* The first columns of the table, without the time; bare: the numbers alone. */
static ken_table *row_columns(ken_ctx *ctx, const ken_table *from, bool bare) {
    ken_table *t = NULL;
    TEST_OK(ctx, ken_table_new(ctx, ken_table_rows(from), &t));
    for (int j = 0; j < ken_table_cols(from); j++) {
        const ken_column *c = ken_table_column(from, j);
        if (c->dtype == KEN_TIME || (bare && c->dtype == KEN_CATEGORY)) continue;
        TEST_OK(ctx, ken_table_add_borrow(ctx, t, c));
    }
    return t;
}

static void check_rows(ken_ctx *ctx, const ken_model *m, const ken_table *table) {
    static const ken_what what[] = {KEN_WHAT_VALUE, KEN_WHAT_PROBA, KEN_WHAT_MARGIN, KEN_WHAT_CONTRIBUTIONS};
    double row[16], want[256], got[256];
    for (int64_t i = 0; i < 24; i++)
        for (int k = 0; k < KEN_COUNT(what); k++) {
            ken_table *one = NULL;
            int64_t width = 0;
            if (ken_model_width(ctx, m, what[k], &width) != KEN_OK) continue;
            assert_true(width <= 256 && ken_table_cols(table) <= 16);
            ken_tensor out = ken_tensor_2d(want, KEN_F64, 1, width);
            TEST_OK(ctx, ken_table_take(ctx, table, &i, 1, &one));
            TEST_OK(ctx, ken_model_predict(ctx, m, one, what[k], &out));
            ken_table_gather(table, i, 1, row, 16);
            TEST_OK(ctx, ken_model_predict_row(ctx, m, row, what[k], got));
            if (memcmp(got, want, sizeof(double) * (size_t)width) != 0)
                fail_msg("%s, what %d, row %d: %.17g, in a table %.17g", ken_model_desc(m)->name, (int)what[k],
                         (int)i, got[0], want[0]);
            ken_table_free(one);
        }
}

/* A row of numbers gives what a table of that row gives: through a recipe, and as it is. */
static void test_contract__a_row_is_a_table_of_one_row(void **state) {
    (void)state;
    int direct = 0;
    FOR_EACH_CASE(d, target) {
        for (int bare = 0; bare < 2; bare++) {
            ken_ctx *ctx = test_ctx(1);
            mixed f = mixed_new(ctx, ROWS);
            ken_model *m = NULL;
            if (bare && !d->estimator->predict_row) {
                mixed_free(&f);
                test_ctx_free(ctx);
                continue;
            }
            direct += bare;
            if (bare)
                TEST_OK(ctx, ken_model_new_desc(ctx, d, NULL, &m));
            else
                m = model_new(ctx, d);
            if (bare && ken_desc_param(d, "trees")) TEST_OK(ctx, ken_model_set(ctx, m, "trees", "12"));
            ken_table *table = row_columns(ctx, f.table, bare);
            f.data.table = table, f.data.target = target_of(f.targets, target), f.data.task = task_of(target);
            TEST_OK(ctx, ken_model_fit(ctx, m, &f.data));
            check_rows(ctx, m, table);
            ken_model_free(m);
            ken_table_free(table);
            mixed_free(&f);
            test_ctx_free(ctx);
        }
    }
    assert_true(direct >= 12); /* trees, forests and boosting, for numbers, two and three classes */
}

static void test_contract__a_row_has_no_text_and_no_time(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    mixed f = mixed_new(ctx, ROWS);
    double row[16] = {0}, out[1];
    const ken_desc *boosting = NULL;
    TEST_OK(ctx, ken_catalog_find(ctx, "boosting", KEN_ESTIMATOR, &boosting));
    ken_model *m = fitted(ctx, boosting, &f, 0);
    TEST_FAILS(ctx, ken_model_predict_row(ctx, m, row, KEN_WHAT_VALUE, out), KEN_E_UNSUPPORTED, "'when' is");
    ken_model_free(m);
    mixed_free(&f);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract__saved_and_loaded_predicts_the_same),
        cmocka_unit_test(test_contract__same_bytes_for_any_number_of_threads),
        cmocka_unit_test(test_contract__answers_are_sound),
        cmocka_unit_test(test_contract__weight_is_replication),
        cmocka_unit_test(test_contract__parameters_keep_to_their_range),
        cmocka_unit_test(test_contract__parameters_of_other_kinds_keep_to_their_range),
        cmocka_unit_test(test_contract__optimizers_and_objectives_have_their_verbs),
        cmocka_unit_test(test_contract__rows_cover_the_params_struct),
        cmocka_unit_test(test_contract__few_rows),
        cmocka_unit_test(test_contract__columns_without_information),
        cmocka_unit_test(test_contract__very_many_categories),
        cmocka_unit_test(test_contract__huge_and_infinite_numbers),
        cmocka_unit_test(test_contract__cancel_leaves_it_unfitted),
        cmocka_unit_test(test_contract__contributions_add_up),
        cmocka_unit_test(test_contract__gives_what_its_descriptor_says),
        cmocka_unit_test(test_contract__interactions_and_backgrounds_add_up),
        cmocka_unit_test(test_contract__a_row_is_a_table_of_one_row),
        cmocka_unit_test(test_contract__a_row_has_no_text_and_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
