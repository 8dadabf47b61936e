#include "tests/support.h"

#include <unistd.h>

typedef struct counting {
    int64_t live, asked, fail_at;
} counting;

static void *counting_alloc(void *user, size_t size, size_t align) {
    counting *c = user;
    void *p = NULL;
    c->asked++;
    if (c->fail_at && c->asked == c->fail_at) return NULL;
    if (posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align, size ? size : 1)) return NULL;
    memset(p, 0xA5, size);
    c->live++;
    return p;
}

static void counting_free(void *user, void *ptr) {
    if (!ptr) return;
    ((counting *)user)->live--;
    free(ptr);
}

ken_ctx *test_ctx(int threads) {
    counting *c = calloc(1, sizeof(*c));
    ken_ctx_options o = {0};
    ken_ctx *ctx = NULL;
    o.alloc = (ken_allocator){counting_alloc, counting_free, c};
    o.threads = threads;
    o.seed = 1;
    assert_int_equal(ken_ctx_new(&o, &ctx), KEN_OK);
    return ctx;
}

static counting *counting_of(const ken_ctx *ctx) { return ken_ctx_allocator(ctx).user; }

void test_ctx_free(ken_ctx *ctx) {
    counting *c = counting_of(ctx);
    c->fail_at = 0;
    ken_ctx_free(ctx);
    if (c->live) {
        print_error("%lld blocks were not freed\n", (long long)c->live);
        free(c);
        fail();
    }
    free(c);
}

void test_fail_allocation(ken_ctx *ctx, int64_t k) {
    counting *c = counting_of(ctx);
    c->asked = 0;
    c->fail_at = k;
}

int64_t test_allocations(const ken_ctx *ctx) { return counting_of(ctx)->asked; }

void test_ok_(ken_ctx *ctx, ken_status status, const char *call, const char *file, int line) {
    if (status == KEN_OK) return;
    print_error("%s:%d: %s: %s: %s [%s] (%s)\n", file, line, call, ken_status_name(status),
                ken_ctx_message(ctx), ken_ctx_place(ctx), ken_ctx_hint(ctx));
    _fail(file, line);
}

void test_fails_(ken_ctx *ctx, ken_status status, ken_status code, const char *part,
                 const char *call, const char *file, int line) {
    if (status == code && strstr(ken_ctx_message(ctx), part)) return;
    print_error("%s:%d: %s: wanted %s with \"%s\", got %s with \"%s\"\n", file, line, call,
                ken_status_name(code), part, ken_status_name(status), ken_ctx_message(ctx));
    _fail(file, line);
}

void test_near_(double got, double want, double relative, double absolute, const char *what,
                const char *file, int line) {
    const double off = fabs(got - want);
    if (off <= relative * fabs(want) || off <= absolute * 1e-3 || got == want ||
        (isnan(got) && isnan(want)))
        return;
    print_error("%s:%d: %s = %.17g, wanted %.17g within %g (off by %g)\n", file, line, what, got,
                want, relative, off);
    _fail(file, line);
}

void test_every_allocation(ken_status (*fn)(ken_ctx *, void *), void *arg, int64_t limit) {
    for (int64_t k = 1; k <= limit; k++) {
        ken_ctx *ctx = test_ctx(1);
        test_fail_allocation(ctx, k);
        const ken_status status = fn(ctx, arg);
        const bool reached = test_allocations(ctx) >= k;
        if (status != KEN_OK && status != KEN_E_NOMEM) TEST_OK(ctx, status);
        if (status == KEN_OK && reached) {
            print_error("allocation %lld failed unnoticed\n", (long long)k);
            fail();
        }
        test_ctx_free(ctx);
        if (status == KEN_OK) return;
    }
}

const char *test_shared(const char *relative) {
    static char path[8][4096];
    static int turn;
    const char *root = getenv("KEN_SHARED");
    char *out = path[turn++ & 7];
    if (root)
        snprintf(out, 4096, "%s/%s", root, relative);
    else
        snprintf(out, 4096, "%s/../shared/%s", KEN_SOURCE_DIR, relative);
    return access(out, R_OK) == 0 ? out : NULL;
}

char *test_read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    const long n = ftell(f);
    rewind(f);
    char *text = malloc((size_t)n + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)n, f), n);
    fclose(f);
    text[n] = 0;
    if (size) *size = (size_t)n;
    return text;
}

ken_table *test_table(ken_ctx *ctx, const double *X, int64_t n, int d) {
    ken_table *t = NULL;
    TEST_OK(ctx, ken_table_new(ctx, n, &t));
    for (int j = 0; j < d; j++) {
        char name[16];
        void *data = NULL;
        snprintf(name, sizeof name, "x%d", j);
        TEST_OK(ctx, ken_table_add_new(ctx, t, name, KEN_F64, &data, NULL));
        for (int64_t i = 0; i < n; i++) ((double *)data)[i] = X[i * d + j];
    }
    return t;
}

ken_column test_column_f64(const char *name, const double *values, int64_t n) {
    ken_column c = {0};
    c.name = name;
    c.dtype = KEN_F64;
    c.n = n;
    c.data = values;
    c.stride = 1;
    c.source = -1;
    return c;
}

int64_t test_rounds(int64_t deep) {
    const char *set = getenv("KEN_TEST_DEEP");
    return set && *set ? deep : deep / 10;
}

ken_model *test_fit(ken_ctx *ctx, const char *name, const char *settings, const ken_data *data) {
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new(ctx, name, settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, data));
    return m;
}

double *test_predict(ken_ctx *ctx, const ken_model *model, const ken_table *table, ken_what what) {
    int64_t width;
    TEST_OK(ctx, ken_model_width(ctx, model, what, &width));
    double *out = malloc((size_t)(ken_table_rows(table) * width) * sizeof *out);
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ken_table_rows(table), width);
    TEST_OK(ctx, ken_model_predict(ctx, model, table, what, &t));
    return out;
}

void test_same_for_any_threads(ken_model *(*fn)(ken_ctx *, void *), void *arg) {
    static const int threads[] = {2, 3, 7};
    ken_ctx *one = test_ctx(1);
    ken_model *first = fn(one, arg);
    for (int t = 0; t < KEN_COUNT(threads); t++) {
        ken_ctx *ctx = test_ctx(threads[t]);
        ken_model *m = fn(ctx, arg);
        test_same_model(first, m);
        ken_model_free(m);
        test_ctx_free(ctx);
    }
    ken_model_free(first);
    test_ctx_free(one);
}

static void test_same_strings(const ken_strings *a, const ken_strings *b) {
    assert_int_equal(a->n, b->n);
    for (int64_t i = 0; i < a->n; i++) {
        int64_t m, n;
        const char *const x = ken_strings_at(a, i, &m), *const y = ken_strings_at(b, i, &n);
        assert_int_equal(m, n);
        assert_memory_equal(x, y, (size_t)m);
    }
}

void test_same_model(const ken_model *a, const ken_model *b) {
    assert_int_equal(ken_model_n_attrs(a), ken_model_n_attrs(b));
    for (int i = 0; i < ken_model_n_attrs(a); i++) {
        const char *const name = ken_model_attr_name(a, i);
        const ken_tensor *x = ken_model_attr(a, name), *y = ken_model_attr(b, name);
        if (ken_model_attr_strings(a, name)) {
            assert_non_null(ken_model_attr_strings(b, name));
            test_same_strings(ken_model_attr_strings(a, name), ken_model_attr_strings(b, name));
            continue;
        }
        assert_non_null(y);
        assert_int_equal(ken_tensor_count(x), ken_tensor_count(y));
        assert_memory_equal(x->data, y->data,
                            (size_t)ken_tensor_count(x) * ken_dtype_size(x->dtype));
    }
}
