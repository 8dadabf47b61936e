/* What a lesson's C may say beyond the library: cells show values, checks and exercises expect them.
 *
 * A cell is C at file scope with at most one RUN { ... } block, which becomes
 *     static ken_status ken_cell_<id>(ken_ctx *ctx, ken_show *show) { ... return KEN_OK; }
 * The context is strict, has one thread and seed 1. Memory need not be freed: who runs the cells frees
 * what they leave. */
#ifndef KEN_CELL_H
#define KEN_CELL_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/kernels/elementary.h"
#include "ken/report/show.h"

KEN_BEGIN_C

typedef struct ken_cell {
    const char *id;
    ken_status (*run)(ken_ctx *ctx, ken_show *show);
} ken_cell;
extern const ken_cell ken_cells[]; /* in order, ended by {NULL, NULL}; written after the cells */

typedef struct ken_check {
    const char *name;
    void (*run)(ken_ctx *ctx, ken_show *show);
} ken_check;
extern const ken_check ken_checks[]; /* the same for KEN_CHECKs */

/* --- in RUN ----------------------------------------------------------------------------------- */
/* value: a number, whole number, bool, text or ken_table *. (true and a == b are ints in C.) */
#define KEN_SHOW(key, value) KEN_TRY(KEN_SHOW_BY_TYPE(value)(ctx, show, (key), (value)))
#define KEN_SHOW_ARRAY(key, values, n) KEN_TRY(ken_show_array(ctx, show, (key), (values), (n)))
#define KEN_SHOW_FIGURE(key, json) KEN_TRY(ken_show_figure(ctx, show, (key), (json)))
#define KEN_PRINT(...) KEN_TRY(ken_show_print(ctx, show, __VA_ARGS__))

#define KEN_SHOW_BY_TYPE(value)                                                                      \
    _Generic((value),                                                                                \
        double: ken_show_number, float: ken_show_number, bool: ken_show_bool,                        \
        signed char: ken_show_integer, unsigned char: ken_show_integer, short: ken_show_integer,     \
        unsigned short: ken_show_integer, int: ken_show_integer, unsigned: ken_show_integer,         \
        long: ken_show_integer, unsigned long: ken_show_integer, long long: ken_show_integer,        \
        unsigned long long: ken_show_integer, char *: ken_show_text, const char *: ken_show_text,    \
        ken_table *: ken_show_table, const ken_table *: ken_show_table)

/* --- checks and tests of exercises -------------------------------------------------------------- */
/* KEN_CHECK(name) { EXPECT(x > 0); ... }: ends at the first expectation that is not met. */
#define KEN_CHECK(name) static void ken_check_##name(KEN_UNUSED ken_ctx *ctx, ken_show *show)

#define EXPECT(condition)                                                               \
    do {                                                                                \
        if (!(condition)) {                                                             \
            ken_show_failure(ctx, show, __FILE__, __LINE__, "not so: %s", #condition);  \
            return;                                                                     \
        }                                                                               \
    } while (0)
/* |got - want| <= relative * |want| (want 0: <= relative); NaN is near NaN alone. */
#define EXPECT_NEAR(got, want, relative)                                                             \
    do {                                                                                             \
        const double expect_got_ = (got), expect_want_ = (want), expect_by_ = (relative);            \
        if (!ken_expect_near(expect_got_, expect_want_, expect_by_)) {                               \
            ken_show_failure(ctx, show, __FILE__, __LINE__, "%s is %.17g, not %.17g (within %g of it)", \
                             #got, expect_got_, expect_want_, expect_by_);                           \
            return;                                                                                  \
        }                                                                                            \
    } while (0)
#define EXPECT_INT(got, want)                                                               \
    do {                                                                                    \
        const long long expect_got_ = (got), expect_want_ = (want);                         \
        if (expect_got_ != expect_want_) {                                                  \
            ken_show_failure(ctx, show, __FILE__, __LINE__, "%s is %lld, not %lld", #got,   \
                             expect_got_, expect_want_);                                    \
            return;                                                                         \
        }                                                                                   \
    } while (0)
#define EXPECT_TEXT(got, want)                                                              \
    do {                                                                                    \
        const char *expect_got_ = (got), *expect_want_ = (want);                            \
        if (!expect_got_ || strcmp(expect_got_, expect_want_) != 0) {                       \
            ken_show_failure(ctx, show, __FILE__, __LINE__, "%s is '%s', not '%s'", #got,   \
                             expect_got_ ? expect_got_ : "(NULL)", expect_want_);           \
            return;                                                                         \
        }                                                                                   \
    } while (0)
/* A call of the library that must succeed. */
#define EXPECT_OK(call)                                                                     \
    do {                                                                                    \
        const ken_status expect_status_ = (call);                                           \
        if (expect_status_ != KEN_OK) {                                                     \
            ken_show_failure(ctx, show, __FILE__, __LINE__, "%s: %s: %s", #call,            \
                             ken_status_name(expect_status_), ken_ctx_message(ctx));        \
            return;                                                                         \
        }                                                                                   \
    } while (0)

static inline bool ken_expect_near(double got, double want, double relative) {
    const double size = want != 0 ? fabs(want) : 1;
    return got == want || (isnan(got) && isnan(want)) || fabs(got - want) <= relative * size;
}

KEN_END_C

#endif
