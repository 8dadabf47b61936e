/* Memory. Two kinds only: blocks that somebody owns (ken_alloc / ken_free), and scratch that dies
 * with the public call that asked for it (an arena of the context). */
#ifndef KEN_CORE_ALLOC_H
#define KEN_CORE_ALLOC_H

#include "ken/core/ctx.h"

KEN_BEGIN_C

/* Owned memory, 64-byte aligned, zeroed, of count * size bytes (overflow is an error; a count of 0
 * gives a valid pointer). On failure *out is NULL and the error is recorded. */
KEN_API ken_status ken_alloc(ken_ctx *ctx, size_t count, size_t size, void **out);
/* Grow *ptr from old_count to new_count items; new items are zero. On failure *ptr is unchanged. */
KEN_API ken_status ken_grow(ken_ctx *ctx, void **ptr, size_t old_count, size_t new_count,
                            size_t size);
/* NULL is fine. */
KEN_API void ken_free(ken_ctx *ctx, void *ptr);
/* A copy of a text of `size` bytes with a NUL after it. */
KEN_API ken_status ken_strndup(ken_ctx *ctx, const char *text, size_t size, char **out);
KEN_API ken_status ken_strdup(ken_ctx *ctx, const char *text, char **out);
/* Things that outlive a context (models, tables) remember the allocator itself. */
KEN_API ken_allocator ken_ctx_allocator(const ken_ctx *ctx);
KEN_API void ken_allocator_free(const ken_allocator *alloc, void *ptr);

/* Scratch: 64-byte aligned, NOT zeroed, freed by ken_scratch_release. Only on the thread that owns
 * the context, never in a worker. */
typedef struct ken_mark {
    void *block;
    size_t used;
} ken_mark;
KEN_API ken_mark ken_scratch_mark(ken_ctx *ctx);
KEN_API void ken_scratch_release(ken_ctx *ctx, ken_mark mark);
KEN_API ken_status ken_scratch(ken_ctx *ctx, size_t count, size_t size, void **out);

/* KEN_ALLOC(ctx, double, n, &p): typed forms of the above. */
#define KEN_ALLOC(ctx, type, count, out) \
    ken_alloc((ctx), (size_t)(count), sizeof(type), (void **)(1 ? (out) : (type **)0))
#define KEN_SCRATCH(ctx, type, count, out) \
    ken_scratch((ctx), (size_t)(count), sizeof(type), (void **)(1 ? (out) : (type **)0))

/* A growable array's capacity rule, in one place. */
static inline size_t ken_next_capacity(size_t now, size_t need) {
    size_t next = now + now / 2 + 16;
    return next < need ? need : next;
}

KEN_END_C

#endif
