/* The pool. Workers wait a few microseconds spinning, then sleep; a job is a range of fixed blocks
 * that whoever is free takes next. The owner works too, and waits only for workers that have joined:
 * one that wakes late (a busy machine) finds the job closed and costs nothing. Without threads
 * (WebAssembly) every loop is serial. */
#include "ken/core/threads.h"

#include <string.h>

#include "ken/core/ctx_internal.h"

#if defined(__wasm__)
#define KEN_HAVE_THREADS 0
#else
#define KEN_HAVE_THREADS 1
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#endif

static ken_status threads_serial(ken_ctx *ctx, int64_t n, int64_t grain, ken_block_fn fn, void *arg) {
    for (int64_t begin = 0; begin < n; begin += grain) {
        KEN_TRY(ken_check_cancel(ctx));
        fn(arg, begin, KEN_MIN(begin + grain, n), 0);
    }
    return KEN_OK;
}

#if KEN_HAVE_THREADS

#define POOL_SPINS 4000

struct ken_pool {
    ken_ctx *ctx;
    int n_workers; /* besides the owner's thread */
    pthread_t *threads;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    _Atomic uint64_t generation; /* of the job; changes under the lock */
    _Atomic int inside;          /* workers that have joined the job; grows under the lock */
    bool open;                   /* the job may be joined */
    _Atomic int busy;            /* a job is running: nested loops are serial */
    bool stop;
    ken_block_fn fn;
    void *arg;
    int64_t n, grain;
    _Atomic int64_t next;
};

typedef struct pool_seat {
    struct ken_pool *pool;
    int worker;
} pool_seat;

static void pool_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void pool_work(struct ken_pool *pool, int worker) {
    for (;;) {
        if (ken_ctx_cancelled(pool->ctx)) return;
        const int64_t begin = atomic_fetch_add(&pool->next, 1) * pool->grain;
        if (begin >= pool->n) return;
        pool->fn(pool->arg, begin, KEN_MIN(begin + pool->grain, pool->n), worker);
    }
}

static void *pool_main(void *argument) {
    const pool_seat *seat = argument;
    struct ken_pool *pool = seat->pool;
    uint64_t seen = 0;
    for (;;) {
        for (int i = 0; i < POOL_SPINS && atomic_load(&pool->generation) == seen; i++) pool_pause();
        pthread_mutex_lock(&pool->lock);
        while (atomic_load(&pool->generation) == seen && !pool->stop)
            pthread_cond_wait(&pool->wake, &pool->lock);
        seen = atomic_load(&pool->generation);
        const bool stop = pool->stop, join = pool->open;
        if (join) atomic_fetch_add(&pool->inside, 1);
        pthread_mutex_unlock(&pool->lock);
        if (stop) return NULL;
        if (!join) continue;
        pool_work(pool, seat->worker);
        if (atomic_fetch_sub(&pool->inside, 1) == 1) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->lock);
        }
    }
}

/* Signals are for the program's own threads; only those that a thread raises by what it does reach the pool's. */
static void pool_block_signals(sigset_t *before) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    sigset_t others;
    sigfillset(&others);
    for (int i = 0; i < KEN_COUNT(own); i++) sigdelset(&others, own[i]);
    pthread_sigmask(SIG_SETMASK, &others, before);
}

/* A pool that cannot be had (no memory, no threads) is no error: the work is done serially. */
static struct ken_pool *pool_get(ken_ctx *ctx) {
    const ken_allocator *a = &ctx->options.alloc;
    const int want = ctx->options.threads - 1;
    if (ctx->pool || want < 1) return ctx->pool;
    const size_t seats_at = (sizeof(struct ken_pool) + 63) & ~(size_t)63;
    const size_t threads_at = seats_at + (size_t)want * sizeof(pool_seat);
    char *memory = a->alloc(a->user, threads_at + (size_t)want * sizeof(pthread_t), 64);
    if (!memory) return NULL;
    struct ken_pool *pool = (struct ken_pool *)(void *)memory;
    pool_seat *seats = (pool_seat *)(void *)(memory + seats_at);
    memset(memory, 0, sizeof(*pool));
    pool->ctx = ctx;
    pool->threads = (pthread_t *)(void *)(memory + threads_at);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    sigset_t before;
    pool_block_signals(&before);
    for (int i = 0; i < want; i++) {
        seats[i] = (pool_seat){pool, i + 1};
        if (pthread_create(&pool->threads[i], NULL, pool_main, &seats[i]) != 0) break;
        pool->n_workers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    ctx->pool = pool;
    return pool;
}

void ken__pool_free(ken_ctx *ctx) {
    struct ken_pool *pool = ctx->pool;
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->n_workers; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    ctx->options.alloc.free(ctx->options.alloc.user, pool);
    ctx->pool = NULL;
}

static void pool_run(struct ken_pool *pool, int64_t n, int64_t grain, ken_block_fn fn, void *arg) {
    pthread_mutex_lock(&pool->lock);
    pool->fn = fn, pool->arg = arg, pool->n = n, pool->grain = grain;
    atomic_store(&pool->next, 0);
    pool->open = true;
    atomic_fetch_add(&pool->generation, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    pool_work(pool, 0);
    pthread_mutex_lock(&pool->lock);
    pool->open = false;
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < POOL_SPINS && atomic_load(&pool->inside) > 0; i++) pool_pause();
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->inside) > 0) pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

ken_status ken_parallel(ken_ctx *ctx, int64_t n, int64_t grain, ken_block_fn fn, void *arg) {
    if (n <= 0) return KEN_OK;
    if (grain < 1) grain = 1;
    if (n <= grain || ctx->options.threads < 2) return threads_serial(ctx, n, grain, fn, arg);
    struct ken_pool *pool = pool_get(ctx);
    if (!pool || pool->n_workers == 0 || atomic_exchange(&pool->busy, 1))
        return threads_serial(ctx, n, grain, fn, arg);
    pool_run(pool, n, grain, fn, arg);
    atomic_store(&pool->busy, 0);
    return ken_check_cancel(ctx);
}

/* --- tasks ---------------------------------------------------------------------------------------
 */

typedef struct task_job {
    ken_ctx *ctx;
    const ken_tasks *tasks;
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    _Atomic uint64_t n_done; /* grows under the lock */
    int running, waiting;
} task_job;

/* With the lock held: until another task is done. */
static void task_wait(task_job *job) {
    const uint64_t seen = atomic_load(&job->n_done);
    pthread_mutex_unlock(&job->lock);
    for (int i = 0; i < POOL_SPINS && atomic_load(&job->n_done) == seen; i++) pool_pause();
    pthread_mutex_lock(&job->lock);
    job->waiting++;
    while (atomic_load(&job->n_done) == seen) pthread_cond_wait(&job->changed, &job->lock);
    job->waiting--;
}

static void task_block(void *arg, int64_t begin, int64_t end, int worker) {
    task_job *const job = arg;
    (void)begin, (void)end;
    pthread_mutex_lock(&job->lock);
    for (;;) {
        const int64_t task = ken_ctx_cancelled(job->ctx) ? -1 : job->tasks->take(job->arg);
        if (task < 0 && job->running == 0) break;
        if (task < 0) {
            task_wait(job);
            continue;
        }
        job->running++;
        pthread_mutex_unlock(&job->lock);
        job->tasks->run(job->arg, task, worker);
        pthread_mutex_lock(&job->lock);
        job->tasks->done(job->arg, task);
        job->running--;
        atomic_fetch_add(&job->n_done, 1);
        if (job->waiting > 0) pthread_cond_broadcast(&job->changed);
    }
    pthread_mutex_unlock(&job->lock);
}

static ken_status task_share(ken_ctx *ctx, int workers, const ken_tasks *tasks, void *arg) {
    task_job job = {.ctx = ctx, .tasks = tasks, .arg = arg};
    pthread_mutex_init(&job.lock, NULL);
    pthread_cond_init(&job.changed, NULL);
    const ken_status status = ken_parallel(ctx, workers, 1, task_block, &job);
    pthread_cond_destroy(&job.changed);
    pthread_mutex_destroy(&job.lock);
    return status;
}

#else

void ken__pool_free(ken_ctx *ctx) { (void)ctx; }
ken_status ken_parallel(ken_ctx *ctx, int64_t n, int64_t grain, ken_block_fn fn, void *arg) {
    return threads_serial(ctx, n, grain < 1 ? 1 : grain, fn, arg);
}

#endif

ken_status ken_parallel_tasks(ken_ctx *ctx, int workers, const ken_tasks *tasks, void *arg) {
#if KEN_HAVE_THREADS
    const int n = KEN_MIN(workers, ctx->options.threads);
    if (n > 1) return task_share(ctx, n, tasks, arg);
#else
    (void)workers;
#endif
    for (;;) {
        KEN_TRY(ken_check_cancel(ctx));
        const int64_t task = tasks->take(arg);
        if (task < 0) return KEN_OK;
        tasks->run(arg, task, 0);
        tasks->done(arg, task);
    }
}

/* --- fixed-block reduction ---------------------------------------------------------------------- */
#define REDUCE_ROWS 4096
#define REDUCE_BLOCKS 64

typedef struct reduce_job {
    ken_sum_fn fn;
    void *arg;
    int64_t n, rows, width;
    double *partial;
} reduce_job;

static void reduce_block(void *arg, int64_t begin, int64_t end, int worker) {
    reduce_job *job = arg;
    for (int64_t b = begin; b < end; b++) {
        double *sum = job->partial + b * job->width;
        memset(sum, 0, (size_t)job->width * sizeof(double));
        job->fn(job->arg, b * job->rows, KEN_MIN((b + 1) * job->rows, job->n), sum, worker);
    }
}

ken_status ken_reduce(ken_ctx *ctx, int64_t n, int64_t width, ken_sum_fn fn, void *arg, double *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    int64_t rows = (n + REDUCE_BLOCKS - 1) / REDUCE_BLOCKS;
    rows = KEN_MAX((rows + REDUCE_ROWS - 1) / REDUCE_ROWS, 1) * REDUCE_ROWS;
    const int64_t blocks = n > 0 ? (n + rows - 1) / rows : 0;
    reduce_job job = {fn, arg, n, rows, width, NULL};

    memset(out, 0, (size_t)width * sizeof(double));
    if (blocks == 0) return KEN_OK;
    ken_status status = ken_scratch(ctx, (size_t)(blocks * width), sizeof(double), (void **)&job.partial);
    if (status == KEN_OK) status = ken_parallel(ctx, blocks, 1, reduce_block, &job);
    if (status == KEN_OK) {
        for (int64_t step = 1; step < blocks; step *= 2) /* the fixed tree */
            for (int64_t b = 0; b + step < blocks; b += 2 * step)
                for (int64_t i = 0; i < width; i++)
                    job.partial[b * width + i] += job.partial[(b + step) * width + i];
        memcpy(out, job.partial, (size_t)width * sizeof(double));
    }
    ken_scratch_release(ctx, mark);
    return status;
}
