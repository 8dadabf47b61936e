/* The inside of a context, for the files of core/ alone. */
#ifndef KEN_CORE_CTX_INTERNAL_H
#define KEN_CORE_CTX_INTERNAL_H

#include "ken/core/alloc.h"

#define KEN_MESSAGE_SIZE 1024

typedef struct ken_arena_block {
    struct ken_arena_block *previous;
    size_t size, used; /* bytes after the header */
} ken_arena_block;

struct ken_ctx {
    ken_ctx_options options;
    const struct ken_kernels *kernels;
    ken_arena_block *arena;
    struct ken_pool *pool; /* NULL until the first parallel loop */
    double deadline_s;     /* by the clock; NaN: none */
    char message[KEN_MESSAGE_SIZE], hint[KEN_MESSAGE_SIZE], place[KEN_MESSAGE_SIZE];
};

void ken__arena_free(ken_ctx *ctx);  /* alloc.c */
void ken__pool_free(ken_ctx *ctx);   /* threads.c */

#endif
