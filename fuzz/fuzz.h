/* What the fuzz targets share: a context whose memory is limited and counted, and a check that ends
 * the run. A target must fail cleanly on any bytes, and what it accepts must survive being written
 * and read again. */
#ifndef KEN_FUZZ_FUZZ_H
#define KEN_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/ctx.h"

#define FUZZ_LIMIT ((size_t)256 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct fuzz_memory {
    size_t used, blocks;
} fuzz_memory;

static void *fuzz_alloc(void *user, size_t size, size_t align) {
    fuzz_memory *m = user;
    char *p;
    if (size > FUZZ_LIMIT - m->used || align > 64) return NULL; /* a size from a hostile header */
    p = aligned_alloc(64, (size + 64 + 63) / 64 * 64);
    if (!p) return NULL;
    memcpy(p, &size, sizeof size);
    m->used += size;
    m->blocks++;
    return p + 64;
}

static void fuzz_free(void *user, void *ptr) {
    fuzz_memory *m = user;
    size_t size;
    if (!ptr) return;
    memcpy(&size, (char *)ptr - 64, sizeof size);
    m->used -= size;
    m->blocks--;
    free((char *)ptr - 64);
}

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static ken_ctx *fuzz_begin(fuzz_memory *m) {
    ken_ctx_options o = {0};
    ken_ctx *ctx = NULL;
    memset(m, 0, sizeof *m);
    o.alloc = (ken_allocator){fuzz_alloc, fuzz_free, m};
    o.seed = 1;
    FUZZ_CHECK(ken_ctx_new(&o, &ctx) == KEN_OK);
    return ctx;
}

/* Every block must have been freed. */
static void fuzz_end(ken_ctx *ctx, fuzz_memory *m) {
    ken_ctx_free(ctx);
    FUZZ_CHECK(m->blocks == 0 && m->used == 0);
}

#endif
