/* A small pool of our own, and loops over fixed blocks. The blocks depend on the work alone, so what
 * a block computes is the same for any number of threads. */
#ifndef KEN_CORE_THREADS_H
#define KEN_CORE_THREADS_H

#include "ken/core/ctx.h"

KEN_BEGIN_C

/* Handles items [begin, end) of one block. worker is in [0, ken_ctx_threads(ctx)): index
 * preallocated per-worker scratch with it, never let a result depend on it. Cannot fail, must not
 * touch the context's scratch or error. */
typedef void (*ken_block_fn)(void *arg, int64_t begin, int64_t end, int worker);

/* Runs fn over [0, n) in blocks of `grain` items (the last one may be shorter); blocks are handed
 * out dynamically. One block, or one thread, or a call from inside a worker: serial, in order.
 * errors  KEN_E_CANCELLED, looked at between blocks. */
KEN_API ken_status ken_parallel(ken_ctx *ctx, int64_t n, int64_t grain, ken_block_fn fn, void *arg);

/* Work that makes work: a list of tasks that grows while some of them are done. */
typedef struct ken_tasks {
    int64_t (*take)(void *arg);              /* the next task, >= 0; -1: none now */
    void (*run)(void *arg, int64_t task, int worker); /* several at a time, as a ken_block_fn */
    void (*done)(void *arg, int64_t task);   /* what it made may be taken from now on */
} ken_tasks;

/* Takes and runs tasks on at most `workers` threads until none is left and none is running; `take`
 * and `done` are called by one thread at a time. One worker, or a call from inside a worker: serial.
 * errors  KEN_E_CANCELLED, looked at before each task. */
KEN_API ken_status ken_parallel_tasks(ken_ctx *ctx, int workers, const ken_tasks *tasks, void *arg);

/* Adds the contribution of rows [begin, end) to `sum` (width doubles, zero at first). */
typedef void (*ken_sum_fn)(void *arg, int64_t begin, int64_t end, double *sum, int worker);
/* out[width] = sum over [0, n), in blocks whose number depends on n alone (at most 64 of at least
 * 4096 rows), combined by a fixed binary tree. scratch: blocks * width doubles. */
KEN_API ken_status ken_reduce(ken_ctx *ctx, int64_t n, int64_t width, ken_sum_fn fn, void *arg,
                              double *out);

KEN_END_C

#endif
