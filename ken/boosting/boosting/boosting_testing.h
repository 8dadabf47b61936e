/* For the tests of this folder: one table of numbers, missing cells and a category, with targets of all sorts. */
#ifndef KEN_BOOSTING_BOOSTING_TESTING_H
#define KEN_BOOSTING_BOOSTING_TESTING_H

#include "ken/boosting/boosting/boosting.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { MIXED_MAX = 1500 };

/* Columns a, b (c is a category of 12 levels), a ninth of b missing; the first `validation` rows are validation
 * rows. y = sin 5a + b + [c mod 3 = 0] + noise, or as many classes of it. */
typedef struct mixed_case {
    ken_table *X;
    int n;
    double y[MIXED_MAX], number[2 * MIXED_MAX], weight[MIXED_MAX];
    int32_t level[MIXED_MAX];
    uint8_t role[MIXED_MAX];
    ken_column target, weights;
    ken_data data; /* without the weights */
} mixed_case;

static inline void mixed_columns(ken_ctx *ctx, mixed_case *c) {
    static const int64_t offsets[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const char *const names[] = {"a", "b"};
    TEST_OK(ctx, ken_table_new(ctx, c->n, &c->X));
    for (int j = 0; j < 2; j++) {
        const ken_column column = test_column_f64(names[j], c->number + j * MIXED_MAX, c->n);
        TEST_OK(ctx, ken_table_add_borrow(ctx, c->X, &column));
    }
    const ken_column category = {.name = "c", .dtype = KEN_CATEGORY, .n = c->n, .data = c->level,
                                 .stride = 1, .text = {12, offsets, "abcdefghijkl"}};
    TEST_OK(ctx, ken_table_add_borrow(ctx, c->X, &category));
    c->target = test_column_f64("y", c->y, c->n);
    c->weights = test_column_f64("w", c->weight, c->n);
}

static inline mixed_case *mixed_new(ken_ctx *ctx, int n, int validation, int classes) {
    mixed_case *const c = calloc(1, sizeof *c);
    ken_rng rng = ken_rng_stream(ctx, "test.mixed", (uint64_t)classes);
    c->n = n;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < 2; j++) c->number[j * MIXED_MAX + i] = ken_rng_f64(&rng);
        c->level[i] = (int32_t)ken_rng_below(&rng, 12);
        c->y[i] = sin(5 * c->number[i]) + c->number[MIXED_MAX + i] + (c->level[i] % 3 == 0) + 0.2 * ken_rng_normal(&rng);
        if (i % 9 == 0) c->number[MIXED_MAX + i] = (double)NAN;
        if (classes) c->y[i] = fmin(fmax(floor((c->y[i] + 0.5) / 3 * classes), 0), classes - 1);
        c->role[i] = i < validation ? KEN_ROLE_VALIDATION : KEN_ROLE_TRAIN;
        c->weight[i] = (double)(i % 3);
    }
    mixed_columns(ctx, c);
    c->data = (ken_data){.table = c->X, .target = &c->target, .role = c->role,
                         .task = classes ? KEN_CLASSIFY : KEN_REGRESS};
    return c;
}

static inline void mixed_free(mixed_case *c) {
    ken_table_free(c->X);
    free(c);
}

static inline ken_model *mixed_fit(ken_ctx *ctx, const mixed_case *c, const char *settings) {
    return test_fit(ctx, "boosting", settings, &c->data);
}

#endif
