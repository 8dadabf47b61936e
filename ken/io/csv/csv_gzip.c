/* Tables in gzip files, by zlib: unpacked whole, then parsed. */
#include "ken/io/csv/csv_parts.h"

#ifdef KEN_HAVE_ZLIB
#include <string.h>
#include <zlib.h>
#endif

#ifdef KEN_HAVE_ZLIB
static void *csv_gzip_alloc(void *ctx, unsigned count, unsigned size) {
    const ken_allocator a = ken_ctx_allocator(ctx);
    return a.alloc(a.user, (size_t)count * size + 1, 64);
}

static void csv_gzip_free(void *ctx, void *memory) { ken_free(ctx, memory); }

/* All members of a gzip file, one after another. */
static ken_status csv_gzip_inflate(ken_ctx *ctx, const char *name, z_stream *z, const char *bytes,
                                   size_t size, char **out, size_t *out_size) {
    size_t used = 0, capacity = 0, taken = 0;
    for (;;) {
        if (used == capacity) {
            const size_t next = ken_next_capacity(capacity, used + KEN_MAX(size, (size_t)1 << 16));
            KEN_TRY(ken_grow(ctx, (void **)out, capacity, next, 1));
            capacity = next;
            KEN_TRY(ken_check_cancel(ctx));
        }
        const size_t in = KEN_MIN(size - taken, (size_t)1 << 30),
                     room = KEN_MIN(capacity - used, (size_t)1 << 30);
        z->next_in = (Bytef *)(uintptr_t)(bytes + taken);
        z->avail_in = (uInt)in;
        z->next_out = (Bytef *)(*out + used);
        z->avail_out = (uInt)room;
        const int code = inflate(z, Z_NO_FLUSH);
        taken += in - z->avail_in;
        used += room - z->avail_out;
        *out_size = used;
        if (code == Z_STREAM_END) {
            if (size - taken < 2 || memcmp(bytes + taken, "\x1f\x8b", 2) != 0) return KEN_OK;
            if (inflateReset(z) == Z_OK) continue;
        }
        if (code == Z_MEM_ERROR)
            return KEN_FAIL(ctx, KEN_E_NOMEM, NULL, "csv: no memory to unpack '%s'", name);
        if (code == Z_OK || (code == Z_BUF_ERROR && z->avail_out == 0)) continue;
        return KEN_FAIL(ctx, KEN_E_FORMAT, "get the file again: it is cut short or damaged",
                        "csv: '%s' is not whole gzip data (%s after %zu bytes)", name,
                        z->msg                ? z->msg
                        : code == Z_BUF_ERROR ? "it ends"
                                              : "error",
                        taken);
    }
}

ken_status ken__csv_unpack(ken_ctx *ctx, const char *name, const char *bytes, size_t size,
                           char **out, size_t *out_size) {
    z_stream z;
    memset(&z, 0, sizeof z);
    z.zalloc = csv_gzip_alloc, z.zfree = csv_gzip_free, z.opaque = ctx;
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return KEN_FAIL(ctx, KEN_E_NOMEM, NULL, "csv: no memory to unpack '%s'", name);
    const ken_status status = csv_gzip_inflate(ctx, name, &z, bytes, size, out, out_size);
    (void)inflateEnd(&z);
    return status;
}
#else
ken_status ken__csv_unpack(ken_ctx *ctx, const char *name, const char *bytes, size_t size,
                           char **out, size_t *out_size) {
    (void)bytes, (void)size, (void)out, (void)out_size;
    return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "unpack it first (gunzip)",
                    "csv: '%s' is gzip, and this build has no zlib", name);
}
#endif
