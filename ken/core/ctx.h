/* The context: all that is not data. Allocator, threads, seed, kernel table, callbacks, the last
 * error. There is no other hidden state in the library. One context per thread. */
#ifndef KEN_CORE_CTX_H
#define KEN_CORE_CTX_H

#include "ken/core/status.h"

KEN_BEGIN_C

typedef struct ken_ctx ken_ctx;
struct ken_kernels; /* ken/kernels/kernels.h */

/* Memory as a value. alloc returns memory aligned to `align` (a power of two) or NULL. */
typedef struct ken_allocator {
    void *(*alloc)(void *user, size_t size, size_t align);
    void (*free)(void *user, void *ptr);
    void *user;
} ken_allocator;

typedef enum ken_log_level { KEN_LOG_INFO = 0, KEN_LOG_WARNING = 1 } ken_log_level;

/* A named look at the state of a fit: views own nothing and die with the next step. They may have
 * strides. */
struct ken_tensor;
typedef struct ken_view {
    const char *name;
    const struct ken_tensor *tensor;
} ken_view;

/* What one of several judges says of the validation rows. */
typedef struct ken_verdict {
    const char *name;       /* "roc_auc" */
    double value;           /* NaN: undefined */
    bool higher_is_better;
} ken_verdict;

/* What the fit loop tells the hook after each step. `total` is 0 when unknown. */
typedef struct ken_progress {
    const char *what;       /* "boosting", "cross-validation" ... */
    int64_t iteration;      /* steps done, from 1 */
    int64_t total;          /* the most that will be done, 0: unknown */
    double objective;       /* NaN: none */
    double validation;      /* NaN: none */
    const ken_view *views;  /* named views of the state */
    int n_views;
    const ken_verdict *verdicts; /* of metrics that were asked for; they die with the next step */
    int n_verdicts;
} ken_progress;

typedef struct ken_ctx_options {
    ken_allocator alloc;              /* zeros: malloc */
    int threads;                      /* 0: one */
    uint64_t seed;
    const char *isa;                  /* NULL: the best found; "generic", "avx2", "avx512" */
    bool strict;                      /* same bits on every instruction set */
    void (*log)(void *user, ken_log_level level, const char *message);
    void (*hook)(void *user, const ken_progress *progress);
    double (*clock_s)(void *user);    /* monotonic seconds; NULL: no time budgets */
    const volatile int *cancel;       /* set non-zero (from a signal handler, say) to stop */
    double budget_s;                  /* 0: none; iterative fits stop after it */
    void *user;
    size_t max_json_depth;            /* 0: 256 */
    size_t max_cell_bytes;            /* 0: 16 MiB, the longest cell of a text table */
} ken_ctx_options;

/* options NULL: defaults. errors: KEN_E_NOMEM, KEN_E_ARG (unknown isa); no context, so no message. */
KEN_API ken_status ken_ctx_new(const ken_ctx_options *options, ken_ctx **out);
KEN_API void ken_ctx_free(ken_ctx *ctx);

KEN_API int ken_ctx_threads(const ken_ctx *ctx);
KEN_API uint64_t ken_ctx_seed(const ken_ctx *ctx);
KEN_API void ken_ctx_set_seed(ken_ctx *ctx, uint64_t seed);
KEN_API const ken_ctx_options *ken_ctx_get_options(const ken_ctx *ctx);
/* Replaces the hook and returns the old one's options by value through `old` (may be NULL). */
KEN_API void ken_ctx_set_hook(ken_ctx *ctx, void (*hook)(void *, const ken_progress *));
/* Seconds by the context's clock, NaN without one. */
KEN_API double ken_ctx_clock(const ken_ctx *ctx);
KEN_API bool ken_ctx_cancelled(const ken_ctx *ctx);
KEN_API const struct ken_kernels *ken_ctx_kernels(const ken_ctx *ctx);

/* The last error. Strings are "" when there is none; lent until the next failing call. */
KEN_API const char *ken_ctx_message(const ken_ctx *ctx);
KEN_API const char *ken_ctx_hint(const ken_ctx *ctx);
KEN_API const char *ken_ctx_place(const ken_ctx *ctx);
KEN_API void ken_ctx_clear_error(ken_ctx *ctx);

/* --- for the library's own files ------------------------------------------------------------ */

/* Record an error and return `code`. hint: an action, in the imperative, or NULL. Never call these
 * from a worker of ken_parallel: workers cannot fail (threads.h). */
KEN_API ken_status ken_fail(ken_ctx *ctx, ken_status code, const char *hint, const char *fmt, ...)
    KEN_PRINTF(4, 5);
/* Replace the hint of the error just recorded. */
KEN_API void ken_fail_hint(ken_ctx *ctx, const char *fmt, ...) KEN_PRINTF(2, 3);
/* Where: "churn.csv:17:4". Set right after ken_fail. */
KEN_API void ken_fail_place(ken_ctx *ctx, const char *fmt, ...) KEN_PRINTF(2, 3);
#define KEN_FAIL(ctx, code, hint, ...) ken_fail((ctx), (code), (hint), __VA_ARGS__)

KEN_API void ken_warn(ken_ctx *ctx, const char *fmt, ...) KEN_PRINTF(2, 3);
KEN_API void ken_info(ken_ctx *ctx, const char *fmt, ...) KEN_PRINTF(2, 3);
/* KEN_E_CANCELLED with its message when the caller asked to stop. Call it between pieces of work
 * of at most some 10 ms. */
KEN_API ken_status ken_check_cancel(ken_ctx *ctx);
/* So much is done; no objective, nothing to see. */
KEN_API ken_progress ken_progress_of(const char *what, int64_t iteration, int64_t total);
/* Report progress to the hook, if there is one. */
KEN_API void ken_report_progress(ken_ctx *ctx, const ken_progress *progress);

KEN_END_C

#endif
