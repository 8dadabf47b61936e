/* limits THREADS: what this machine can do at most, as JSON: the peaks that the shares of docs/bench.md are of.
 * Each thread has arrays of its own; a rate is the best of some rounds, summed over the threads.
 *
 *   read_gbs     bytes read per second from arrays beyond any cache
 *   triad_gbs    bytes per second of a = b + 3 c over such arrays (STREAM triad)
 *   adds_gs      read-modify-writes per second: sums of 64 bits, picked by codes of a byte, all in the first cache
 *   lookups_gs   look-ups per second: a code read, then what it names, all in the first cache
 *   f64_gflops   fused multiply-adds in registers, two operations each */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 7, BIG = 12 << 20, CODES = 4096, COLUMNS = 4, BINS = 256, REPEATS = 2000, MAX_THREADS = 256 };

typedef double vector __attribute__((vector_size(64)));

typedef struct arrays {
    double *a, *b, *c; /* (BIG) */
    uint8_t *code;     /* (CODES, COLUMNS) */
    uint64_t *sum;     /* (COLUMNS, BINS) */
    double sink;
} arrays;

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- what is timed: each gives how much it did ---------------------------------------------------- */

static double read_all(arrays *x) {
    vector sum[8] = {{0}};
    const vector *b = (const vector *)x->b;
    for (int i = 0; i < BIG / 8; i += 8)
        for (int k = 0; k < 8; k++) sum[k] += b[i + k];
    for (int k = 0; k < 8; k++) x->sink += sum[k][0];
    return 8.0 * BIG;
}

static double triad(arrays *x) {
    double *restrict a = x->a;
    const double *restrict b = x->b, *restrict c = x->c;
    for (int i = 0; i < BIG; i++) a[i] = b[i] + 3 * c[i];
    x->sink += a[BIG / 2];
    return 24.0 * BIG;
}

static double adds(arrays *x) {
    uint64_t *const s0 = x->sum, *const s1 = s0 + BINS, *const s2 = s1 + BINS, *const s3 = s2 + BINS;
    for (int r = 0; r < REPEATS; r++) {
        const uint8_t *c = x->code;
        const uint64_t v = (uint64_t)r;
        for (int i = 0; i < CODES; i++, c += COLUMNS) {
            s0[c[0]] += v;
            s1[c[1]] += v;
            s2[c[2]] += v;
            s3[c[3]] += v;
        }
    }
    x->sink += (double)s0[0];
    return (double)REPEATS * CODES * COLUMNS;
}

__attribute__((optimize("no-tree-vectorize"))) static double lookups(arrays *x) {
    uint64_t sum[COLUMNS] = {0};
    for (int r = 0; r < REPEATS; r++) {
        const uint8_t *c = x->code;
        for (int i = 0; i < CODES; i++, c += COLUMNS)
            for (int j = 0; j < COLUMNS; j++) sum[j] += x->sum[j * BINS + c[j]];
        __asm__ volatile("" : : : "memory");
    }
    x->sink += (double)(sum[0] + sum[1] + sum[2] + sum[3]);
    return (double)REPEATS * CODES * COLUMNS;
}

static double multiply_adds(arrays *x) {
    enum { CHAINS = 12, STEPS = 4000000 };
    vector v[CHAINS], m = {0}, c = {0};
    for (int k = 0; k < 8; k++) m[k] = 0.999999, c[k] = 1e-6;
    for (int k = 0; k < CHAINS; k++) v[k] = m + k;
    for (int i = 0; i < STEPS; i++) {
#pragma GCC unroll 12
        for (int k = 0; k < CHAINS; k++) v[k] = v[k] * m + c;
    }
    for (int k = 0; k < CHAINS; k++) x->sink += v[k][0];
    return 16.0 * CHAINS * STEPS;
}

/* --- all threads at once --------------------------------------------------------------------------- */

typedef struct team {
    double (*work)(arrays *);
    pthread_barrier_t begin, end;
    double done; /* by one thread in a round */
} team;

typedef struct member {
    team *t;
    arrays x;
} member;

static void *allocate(size_t size) {
    void *p = aligned_alloc(64, size);
    if (!p) exit(1);
    return p;
}

static void fill(arrays *x) {
    uint32_t state = 1;
    x->a = allocate(BIG * sizeof *x->a), x->b = allocate(BIG * sizeof *x->b), x->c = allocate(BIG * sizeof *x->c);
    x->code = allocate(CODES * COLUMNS), x->sum = allocate(COLUMNS * BINS * sizeof *x->sum);
    for (int i = 0; i < BIG; i++) x->a[i] = 0, x->b[i] = 1, x->c[i] = 2;
    for (int i = 0; i < COLUMNS * BINS; i++) x->sum[i] = (uint64_t)i;
    for (int i = 0; i < CODES * COLUMNS; i++) state = state * 1664525 + 1013904223, x->code[i] = (uint8_t)(state >> 24);
}

static void *run(void *arg) {
    member *m = arg;
    fill(&m->x);
    for (;;) {
        pthread_barrier_wait(&m->t->begin);
        if (!m->t->work) return NULL;
        m->t->done = m->t->work(&m->x); /* the same number from each */
        pthread_barrier_wait(&m->t->end);
    }
}

static double rate(team *t, int threads, double (*work)(arrays *)) {
    double best = 0;
    t->work = work;
    for (int r = 0; r < ROUNDS; r++) {
        pthread_barrier_wait(&t->begin);
        const double begin = now_s();
        pthread_barrier_wait(&t->end);
        const double now = t->done * threads / (now_s() - begin) / 1e9;
        if (now > best) best = now;
    }
    return best;
}

int main(int argc, char **argv) {
    static member m[MAX_THREADS];
    static pthread_t thread[MAX_THREADS];
    team t = {.work = read_all};
    const int threads = argc == 2 ? atoi(argv[1]) : 0;
    if (threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: limits THREADS\n");
        return 2;
    }
    pthread_barrier_init(&t.begin, NULL, (unsigned)threads + 1);
    pthread_barrier_init(&t.end, NULL, (unsigned)threads + 1);
    for (int i = 0; i < threads; i++) {
        m[i].t = &t;
        if (pthread_create(&thread[i], NULL, run, &m[i]) != 0) return 1;
    }
    (void)rate(&t, threads, read_all); /* pages and clocks */
    printf("{\"read_gbs\": %.2f, ", rate(&t, threads, read_all));
    printf("\"triad_gbs\": %.2f, ", rate(&t, threads, triad));
    printf("\"adds_gs\": %.3f, ", rate(&t, threads, adds));
    printf("\"lookups_gs\": %.3f, ", rate(&t, threads, lookups));
    printf("\"f64_gflops\": %.1f}\n", rate(&t, threads, multiply_adds));
    t.work = NULL;
    pthread_barrier_wait(&t.begin);
    for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    return m[0].x.sink == 0.5;
}
