/* Owned blocks and the scratch arena. */
#include "ken/core/alloc.h"

#include <string.h>

#include "ken/core/ctx_internal.h"

#define ALLOC_ALIGN ((size_t)64)
#define ARENA_FIRST ((size_t)64 << 10)

static ken_status alloc_no_memory(ken_ctx *ctx, size_t count, size_t size) {
    return KEN_FAIL(ctx, KEN_E_NOMEM, "free some memory, or use fewer rows or columns",
                    "out of memory: %zu items of %zu bytes", count, size);
}

static bool alloc_bytes(size_t count, size_t size, size_t *bytes) {
    if (size && count > (SIZE_MAX - 4096) / size) return false;
    *bytes = count * size;
    return true;
}

ken_status ken_alloc(ken_ctx *ctx, size_t count, size_t size, void **out) {
    const ken_allocator *a = &ctx->options.alloc;
    size_t bytes;
    *out = NULL;
    if (!alloc_bytes(count, size, &bytes)) return alloc_no_memory(ctx, count, size);
    *out = a->alloc(a->user, bytes ? bytes : 1, ALLOC_ALIGN);
    if (!*out) return alloc_no_memory(ctx, count, size);
    memset(*out, 0, bytes);
    return KEN_OK;
}

ken_status ken_grow(ken_ctx *ctx, void **ptr, size_t old_count, size_t new_count, size_t size) {
    const ken_allocator *a = &ctx->options.alloc;
    size_t old_bytes, bytes;
    if (!alloc_bytes(new_count, size, &bytes) || !alloc_bytes(old_count, size, &old_bytes))
        return alloc_no_memory(ctx, new_count, size);
    char *grown = a->alloc(a->user, bytes ? bytes : 1, ALLOC_ALIGN);
    if (!grown) return alloc_no_memory(ctx, new_count, size);
    const size_t keep = KEN_MIN(old_bytes, bytes);
    if (*ptr && keep) memcpy(grown, *ptr, keep);
    memset(grown + keep, 0, bytes - keep);
    if (*ptr) a->free(a->user, *ptr);
    *ptr = grown;
    return KEN_OK;
}

void ken_free(ken_ctx *ctx, void *ptr) {
    if (ptr) ctx->options.alloc.free(ctx->options.alloc.user, ptr);
}

ken_status ken_strndup(ken_ctx *ctx, const char *text, size_t size, char **out) {
    KEN_TRY(KEN_ALLOC(ctx, char, size + 1, out));
    if (size) memcpy(*out, text, size);
    return KEN_OK;
}

ken_status ken_strdup(ken_ctx *ctx, const char *text, char **out) {
    return ken_strndup(ctx, text, strlen(text), out);
}

ken_allocator ken_ctx_allocator(const ken_ctx *ctx) { return ctx->options.alloc; }

void ken_allocator_free(const ken_allocator *alloc, void *ptr) {
    if (ptr) alloc->free(alloc->user, ptr);
}

/* --- arena: a chain of blocks, the newest first; the first one stays --------------------------- */
static char *arena_memory(ken_arena_block *block) { return (char *)block + ALLOC_ALIGN; }

ken_mark ken_scratch_mark(ken_ctx *ctx) {
    ken_mark mark = {ctx->arena, ctx->arena ? ctx->arena->used : 0};
    return mark;
}

void ken_scratch_release(ken_ctx *ctx, ken_mark mark) {
    const ken_allocator *a = &ctx->options.alloc;
    while (ctx->arena != mark.block && (ctx->arena->previous || ctx->arena->size > ARENA_FIRST)) {
        ken_arena_block *previous = ctx->arena->previous;
        a->free(a->user, ctx->arena);
        ctx->arena = previous;
        if (!previous) break;
    }
    if (ctx->arena) ctx->arena->used = ctx->arena == mark.block ? mark.used : 0;
}

ken_status ken_scratch(ken_ctx *ctx, size_t count, size_t size, void **out) {
    const ken_allocator *a = &ctx->options.alloc;
    size_t bytes;
    *out = NULL;
    if (!alloc_bytes(count, size, &bytes)) return alloc_no_memory(ctx, count, size);
    bytes = (bytes + ALLOC_ALIGN - 1) & ~(ALLOC_ALIGN - 1);
    if (!ctx->arena || ctx->arena->size - ctx->arena->used < bytes) {
        size_t want = ctx->arena ? KEN_MIN(ctx->arena->size * 2, (size_t)64 << 20) : ARENA_FIRST;
        want = KEN_MAX(want, bytes);
        ken_arena_block *block = a->alloc(a->user, ALLOC_ALIGN + want, ALLOC_ALIGN);
        if (!block) return alloc_no_memory(ctx, count, size);
        block->previous = ctx->arena;
        block->size = want;
        block->used = 0;
        ctx->arena = block;
    }
    *out = arena_memory(ctx->arena) + ctx->arena->used;
    ctx->arena->used += bytes;
    return KEN_OK;
}

void ken__arena_free(ken_ctx *ctx) {
    while (ctx->arena) {
        ken_arena_block *previous = ctx->arena->previous;
        ctx->options.alloc.free(ctx->options.alloc.user, ctx->arena);
        ctx->arena = previous;
    }
}
