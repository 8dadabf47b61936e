/* The context and its error. Read next: alloc.c. */
#include "ken/core/ctx_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "ken/kernels/kernels.h"

#define CTX_HUGE ((size_t)2 << 20)

/* Large blocks lie on huge pages where the system has them: a page fault per 2 MiB, not per 4 KiB. */
static void *ctx_malloc(void *user, size_t size, size_t align) {
    void *p = NULL;
    (void)user;
    const bool huge = size >= 4 * CTX_HUGE;
    if (posix_memalign(&p, huge ? CTX_HUGE : align, size ? size : 1) != 0) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (huge) (void)madvise(p, size, MADV_HUGEPAGE); /* a wish: nothing depends on it */
#endif
    return p;
}

static void ctx_malloc_free(void *user, void *ptr) {
    (void)user;
    free(ptr);
}

ken_status ken_ctx_new(const ken_ctx_options *options, ken_ctx **out) {
    static const ken_ctx_options none = {0};
    ken_ctx_options o = options ? *options : none;
    const struct ken_kernels *kernels;

    *out = NULL;
    if (!o.alloc.alloc) o.alloc = (ken_allocator){ctx_malloc, ctx_malloc_free, NULL};
    if (o.threads < 1) o.threads = 1;
    if (o.threads > 1024) o.threads = 1024;
    if (o.max_json_depth == 0) o.max_json_depth = 256;
    if (o.max_cell_bytes == 0) o.max_cell_bytes = (size_t)16 << 20;
    kernels = ken_kernels_find(o.strict ? "generic" : o.isa ? o.isa : "best");
    if (!kernels) return KEN_E_ARG;

    ken_ctx *ctx = o.alloc.alloc(o.alloc.user, sizeof(*ctx), 64);
    if (!ctx) return KEN_E_NOMEM;
    memset(ctx, 0, sizeof(*ctx));
    ctx->options = o;
    ctx->kernels = kernels;
    ctx->deadline_s = o.clock_s && o.budget_s > 0 ? o.clock_s(o.user) + o.budget_s : NAN;
    *out = ctx;
    return KEN_OK;
}

void ken_ctx_free(ken_ctx *ctx) {
    if (!ctx) return;
    const ken_allocator alloc = ctx->options.alloc;
    ken__pool_free(ctx);
    ken__arena_free(ctx);
    alloc.free(alloc.user, ctx);
}

int ken_ctx_threads(const ken_ctx *ctx) { return ctx->options.threads; }
uint64_t ken_ctx_seed(const ken_ctx *ctx) { return ctx->options.seed; }
void ken_ctx_set_seed(ken_ctx *ctx, uint64_t seed) { ctx->options.seed = seed; }
const ken_ctx_options *ken_ctx_get_options(const ken_ctx *ctx) { return &ctx->options; }
void ken_ctx_set_hook(ken_ctx *ctx, void (*hook)(void *, const ken_progress *)) {
    ctx->options.hook = hook;
}
double ken_ctx_clock(const ken_ctx *ctx) {
    return ctx->options.clock_s ? ctx->options.clock_s(ctx->options.user) : NAN;
}
bool ken_ctx_cancelled(const ken_ctx *ctx) { return ctx->options.cancel && *ctx->options.cancel; }
const struct ken_kernels *ken_ctx_kernels(const ken_ctx *ctx) { return ctx->kernels; }
const char *ken_ctx_message(const ken_ctx *ctx) { return ctx->message; }
const char *ken_ctx_hint(const ken_ctx *ctx) { return ctx->hint; }
const char *ken_ctx_place(const ken_ctx *ctx) { return ctx->place; }
void ken_ctx_clear_error(ken_ctx *ctx) { ctx->message[0] = ctx->hint[0] = ctx->place[0] = 0; }

const char *ken_status_name(ken_status status) {
    static const char *const names[] = {
        "KEN_OK",        "KEN_E_ARG",    "KEN_E_SHAPE",       "KEN_E_TYPE",  "KEN_E_VALUE",
        "KEN_E_STATE",   "KEN_E_NOT_FOUND", "KEN_E_IO",       "KEN_E_FORMAT", "KEN_E_UNSUPPORTED",
        "KEN_E_NOMEM",   "KEN_E_CANCELLED", "KEN_E_LIMIT",    "KEN_E_BUG"};
    const int i = -(int)status;
    return i >= 0 && i < KEN_COUNT(names) ? names[i] : "unknown status";
}

ken_status ken_fail(ken_ctx *ctx, ken_status code, const char *hint, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(ctx->message, sizeof ctx->message, fmt, args);
    va_end(args);
    snprintf(ctx->hint, sizeof ctx->hint, "%s", hint ? hint : "");
    ctx->place[0] = 0;
    return code;
}

void ken_fail_hint(ken_ctx *ctx, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(ctx->hint, sizeof ctx->hint, fmt, args);
    va_end(args);
}

void ken_fail_place(ken_ctx *ctx, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(ctx->place, sizeof ctx->place, fmt, args);
    va_end(args);
}

static void KEN_PRINTF(3, 0) ctx_log(ken_ctx *ctx, ken_log_level level, const char *fmt, va_list args) {
    char text[KEN_MESSAGE_SIZE];
    if (!ctx->options.log) return;
    vsnprintf(text, sizeof text, fmt, args);
    ctx->options.log(ctx->options.user, level, text);
}

void ken_warn(ken_ctx *ctx, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    ctx_log(ctx, KEN_LOG_WARNING, fmt, args);
    va_end(args);
}

void ken_info(ken_ctx *ctx, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    ctx_log(ctx, KEN_LOG_INFO, fmt, args);
    va_end(args);
}

ken_status ken_check_cancel(ken_ctx *ctx) {
    if (KEN_LIKELY(!ken_ctx_cancelled(ctx))) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_CANCELLED, NULL, "stopped as asked");
}

ken_progress ken_progress_of(const char *what, int64_t iteration, int64_t total) {
    const double none = (double)NAN;
    return (ken_progress){.what = what, .iteration = iteration, .total = total, .objective = none, .validation = none};
}

void ken_report_progress(ken_ctx *ctx, const ken_progress *progress) {
    if (ctx->options.hook) ctx->options.hook(ctx->options.user, progress);
}
