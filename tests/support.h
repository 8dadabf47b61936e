/* What tests share: contexts, tables from text, the outside data folder, failing allocators. */
#ifndef KEN_TESTS_SUPPORT_H
#define KEN_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>

#include <cmocka.h>

#include "ken/core/model.h"

/* A context with `threads` threads and seed 1 over a counting allocator; fails the test if it cannot. */
ken_ctx *test_ctx(int threads);
/* Frees it, and fails the test if a block was not freed. */
void test_ctx_free(ken_ctx *ctx);

/* A context whose k-th allocation from now on fails (0: none fails), and those after it succeed. */
void test_fail_allocation(ken_ctx *ctx, int64_t k);
/* Allocations asked for since the last test_fail_allocation. */
int64_t test_allocations(const ken_ctx *ctx);

/* Fails the test with message, hint and place when status is not KEN_OK. */
void test_ok_(ken_ctx *ctx, ken_status status, const char *call, const char *file, int line);
#define TEST_OK(ctx, call) test_ok_((ctx), (call), #call, __FILE__, __LINE__)
/* The call must fail with `code`, and message must contain `part`. */
void test_fails_(ken_ctx *ctx, ken_status status, ken_status code, const char *part,
                 const char *call, const char *file, int line);
#define TEST_FAILS(ctx, call, code, part) \
    test_fails_((ctx), (call), (code), (part), #call, __FILE__, __LINE__)

void test_near_(double got, double want, double relative, double absolute, const char *what,
                const char *file, int line);
#define TEST_NEAR(got, want, relative) \
    test_near_((got), (want), (relative), (relative), #got, __FILE__, __LINE__)

/* Calls fn(ctx, arg) again and again, failing allocation 1, 2, 3 ... until it succeeds; each failure
 * must be KEN_E_NOMEM and leak nothing. fn must free what it made. At most `limit` rounds. */
void test_every_allocation(ken_status (*fn)(ken_ctx *, void *), void *arg, int64_t limit);

/* Path of a file of the outside data folder ("data/iris/iris.csv"), or NULL when it is not there
 * (KEN_SHARED, else ../shared beside the sources); then the caller calls TEST_SKIP. */
const char *test_shared(const char *relative);
#define TEST_SKIP(reason)                            \
    do {                                             \
        printf("skipped: %s: %s\n", __func__, reason); \
        skip();                                      \
        return;                                      \
    } while (0)
/* Whole file into memory (malloc; the caller frees), NUL-terminated. */
char *test_read_file(const char *path, size_t *size);

/* An f64 table from a dense (n, d) array, columns x0, x1 ..., copied. */
ken_table *test_table(ken_ctx *ctx, const double *X, int64_t n, int d);
/* Rounds of a random test: all of them with KEN_TEST_DEEP set (make check-deep), else a tenth, so that the
 * inner loop stays quick. */
int64_t test_rounds(int64_t deep);
/* A borrowed column view. */
ken_column test_column_f64(const char *name, const double *values, int64_t n);
/* A fitted model of that name; fails the test if it cannot. */
ken_model *test_fit(ken_ctx *ctx, const char *name, const char *settings, const ken_data *data);
/* What it says of the table's rows, (rows, width); the caller frees it. */
double *test_predict(ken_ctx *ctx, const ken_model *model, const ken_table *table, ken_what what);
/* Both have the same attributes, bit for bit. */
void test_same_model(const ken_model *a, const ken_model *b);
/* The models that fn fits in contexts of 1, 2, 3 and 7 threads are the same. */
void test_same_for_any_threads(ken_model *(*fn)(ken_ctx *, void *), void *arg);

#endif
