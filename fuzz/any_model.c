/* One driver over all models of the catalog: the bytes choose a model, its settings and a small table (numbers,
 * categories, missing cells, roles, weights); it is fitted, asked, written, read and asked again. An error must
 * come with words; an answer must be the same after reading back. */
#include "fuzz/fuzz.h"

#include <math.h>

#include "ken/core/alloc.h"
#include "ken/core/model.h"
#include "ken/io/model_file/model_file.h"

#define ANY_ROWS 24
#define ANY_COLS 5

/* The bytes as a stream of small decisions; zeros when they are used up. */
typedef struct any_bytes {
    const uint8_t *data;
    size_t size, at;
} any_bytes;

static int any_next(any_bytes *b, int bound) {
    return (b->at < b->size ? b->data[b->at++] : 0) % bound;
}

static double any_number(any_bytes *b) {
    static const double wild[] = {0, -0.0, 1, -1, 0.5, 1e-300, 1e300, -1e300, 3e9, (double)NAN, 1e-9, 255, 42, -7.25};
    const int pick = any_next(b, 256);
    return pick < KEN_COUNT(wild) ? wild[pick] : (pick - 128) / 8.0;
}

static ken_status any_settings(ken_ctx *ctx, any_bytes *b, ken_model *m) {
    char value[64];
    for (const ken_param *p = ken_model_desc(m)->params; p && p->name; p++) {
        const int pick = any_next(b, 8);
        if (pick < 5) continue;
        if (p->type == KEN_PARAM_F64)
            snprintf(value, sizeof value, "%.17g", pick == 5 ? any_number(b) : p->lo + (p->hi - p->lo) * any_next(b, 256) / 255);
        else if (p->type == KEN_PARAM_I64)
            snprintf(value, sizeof value, "%d", any_next(b, 40) - (pick == 5));
        else if (p->type == KEN_PARAM_BOOL)
            snprintf(value, sizeof value, "%d", pick & 1);
        else if (p->type == KEN_PARAM_CHOICE) {
            int n = 0;
            while (p->choices[n]) n++;
            snprintf(value, sizeof value, "%s", p->choices[any_next(b, n)]);
        } else if (p->type == KEN_PARAM_MODEL) {
            int things = 0;
            while (ken_catalog_at(things)) things++;
            snprintf(value, sizeof value, "%s", ken_catalog_at(any_next(b, things))->name);
        } else
            continue;
        (void)ken_model_set(ctx, m, p->name, value); /* refusing is fine */
    }
    /* keep a case short */
    if (ken_desc_param(ken_model_desc(m), "trees")) KEN_TRY(ken_model_set(ctx, m, "trees", "3"));
    (void)ken_model_set(ctx, m, "base.trees", "3");
    return KEN_OK;
}

static ken_status any_column(ken_ctx *ctx, any_bytes *b, ken_table *t, int j, int64_t n) {
    static const int64_t offset[] = {0, 1, 2, 4, 4};
    char name[8];
    void *data;
    uint8_t *valid;
    const int kind = any_next(b, 6);
    static const ken_dtype dtypes[] = {KEN_F64, KEN_F32, KEN_I64, KEN_BOOL, KEN_TIME, KEN_CATEGORY};
    snprintf(name, sizeof name, "x%d", j);
    if (dtypes[kind] == KEN_CATEGORY) {
        ken_column c;
        int32_t codes[ANY_ROWS];
        uint8_t bits[(ANY_ROWS + 7) / 8];
        memset(&c, 0, sizeof c);
        memset(bits, any_next(b, 4) ? 0xFF : 0x5B, sizeof bits);
        for (int64_t i = 0; i < n; i++) codes[i] = any_next(b, 4);
        c.name = name, c.dtype = KEN_CATEGORY, c.n = n, c.data = codes, c.stride = 1, c.valid = bits, c.source = -1;
        c.text = (ken_strings){4, offset, "abcd"};
        return ken_table_add_copy(ctx, t, &c);
    }
    KEN_TRY(ken_table_add_new(ctx, t, name, dtypes[kind], &data, &valid));
    for (int64_t i = 0; i < n; i++) {
        const double v = any_number(b);
        if (kind == 0) ((double *)data)[i] = v;
        if (kind == 1) ((float *)data)[i] = fabs(v) < 1e30 ? (float)v : 7.0f;
        if (kind == 2 || kind == 4) ((int64_t *)data)[i] = fabs(v) < 1e9 ? (int64_t)v * 1000003 : 5;
        if (kind == 3) ((uint8_t *)data)[i] = v > 0;
        if (any_next(b, 16) == 1) ken_bitmap_clear(valid, i);
    }
    return KEN_OK;
}

static ken_status any_compare(ken_ctx *ctx, const ken_model *a, const ken_model *b, const ken_table *t) {
    int64_t width;
    const ken_what what = ken_model_n_classes(a) ? KEN_WHAT_PROBA : KEN_WHAT_VALUE;
    double *x, *y;
    KEN_TRY(ken_model_width(ctx, a, what, &width));
    const int64_t n = ken_table_rows(t);
    KEN_TRY(KEN_SCRATCH(ctx, double, n * width, &x));
    KEN_TRY(KEN_SCRATCH(ctx, double, n * width, &y));
    ken_tensor tx = ken_tensor_2d(x, KEN_F64, n, width), ty = ken_tensor_2d(y, KEN_F64, n, width);
    KEN_TRY(ken_model_predict(ctx, a, t, what, &tx));
    KEN_TRY(ken_model_predict(ctx, b, t, what, &ty));
    FUZZ_CHECK(memcmp(x, y, (size_t)(n * width) * sizeof *x) == 0);
    if (what == KEN_WHAT_PROBA)
        for (int64_t i = 0; i < n * width; i++) FUZZ_CHECK(x[i] >= 0 && x[i] <= 1);
    return KEN_OK;
}

static ken_status any_round_trip(ken_ctx *ctx, const ken_model *m, const ken_table *t) {
    void *bytes = NULL;
    size_t size;
    ken_model *back = NULL;
    KEN_TRY(ken_model_write(ctx, m, &bytes, &size));
    ken_status status = ken_model_read(ctx, "fuzz", bytes, size, &back);
    if (status != KEN_OK && status != KEN_E_NOMEM) {
        fprintf(stderr, "%s: %s\n", ken_model_desc(m)->name, ken_ctx_message(ctx));
        abort();
    }
    if (status == KEN_OK) status = any_compare(ctx, m, back, t);
    ken_model_free(back);
    ken_free(ctx, bytes);
    return status;
}

static ken_status any_run(ken_ctx *ctx, any_bytes *b, ken_model *m, ken_table *t) {
    double y[ANY_ROWS], w[ANY_ROWS];
    uint8_t role[ANY_ROWS];
    ken_column target, weight;
    ken_data data;
    const int64_t n = ken_table_rows(t);
    memset(&target, 0, sizeof target);
    memset(&data, 0, sizeof data);
    for (int64_t i = 0; i < n; i++) {
        y[i] = any_next(b, 3) ? any_next(b, 4) : any_number(b);
        w[i] = any_next(b, 5) / 2.0;
        role[i] = any_next(b, 9) == 8 ? KEN_ROLE_VALIDATION : KEN_ROLE_TRAIN;
    }
    target.name = "y", target.dtype = KEN_F64, target.n = n, target.data = y, target.stride = 1, target.source = -1;
    weight = target;
    weight.name = "w", weight.data = w;
    data.table = t, data.target = &target;
    data.weight = any_next(b, 2) ? &weight : NULL;
    data.role = any_next(b, 2) ? role : NULL;
    data.task = (ken_task)any_next(b, 3);
    KEN_TRY(any_settings(ctx, b, m));
    KEN_TRY(ken_model_fit(ctx, m, &data));
    return any_round_trip(ctx, m, t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory memory;
    ken_ctx *ctx = fuzz_begin(&memory);
    any_bytes b = {data, size, 0};
    ken_model *m = NULL, *recipe = NULL;
    ken_table *t = NULL;
    const ken_desc *d;
    int things = 0, pick;
    while ((d = ken_catalog_at(things))) things++;
    pick = any_next(&b, things);
    while (ken_catalog_at(pick)->kind != KEN_ESTIMATOR) pick = (pick + 1) % things;
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = ken_model_new_desc(ctx, ken_catalog_at(pick), NULL, &m);
    if (status == KEN_OK && any_next(&b, 4)) {
        status = ken_model_new(ctx, "recipe", NULL, &recipe);
        if (status == KEN_OK) status = any_settings(ctx, &b, recipe);
        if (status == KEN_OK) status = ken_model_set_recipe(ctx, m, recipe);
    }
    if (status == KEN_OK) status = ken_table_new(ctx, any_next(&b, ANY_ROWS + 1), &t);
    for (int j = 0, d_cols = any_next(&b, ANY_COLS + 1); status == KEN_OK && j < d_cols; j++)
        status = any_column(ctx, &b, t, j, ken_table_rows(t));
    if (status == KEN_OK) status = any_run(ctx, &b, m, t);
    FUZZ_CHECK(status != KEN_E_BUG);
    FUZZ_CHECK(status == KEN_OK || ken_ctx_message(ctx)[0] != 0);
    ken_scratch_release(ctx, mark);
    ken_model_free(m);
    ken_table_free(t);
    fuzz_end(ctx, &memory);
    return 0;
}
