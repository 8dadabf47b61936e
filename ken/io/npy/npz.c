/* .npz: a zip archive (APPNOTE 6.3, with ZIP64) whose members are .npy files, stored or deflated.
 * Only what that needs: the central directory, sizes, checksums; no folders, no encryption. */
#include <string.h>

#include "ken/core/text.h"
#include "ken/io/file.h"
#include "ken/io/npy/npy.h"

#ifdef KEN_HAVE_ZLIB
#include <zlib.h>
#endif

/* --- zip ------------------------------------------------------------------------------------ */
typedef struct npz_zip {
    ken_ctx *ctx;
    const char *name;
    const uint8_t *b;
    uint64_t size;
    uint64_t directory, directory_end, n;
    uint64_t packed; /* bytes of the members so far: more than the file has means overlaps */
} npz_zip;

typedef struct npz_member {
    const char *name; /* not NUL-terminated, ".npy" left out */
    size_t name_size;
    int method;
    uint32_t crc;
    uint64_t packed, unpacked;
    const uint8_t *data;
} npz_member;

/* A number of `bytes` bytes, little end first. */
static uint64_t npz_get(const uint8_t *p, int bytes) {
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--) v = v << 8 | p[i];
    return v;
}

static ken_status npz_bad(const npz_zip *z, const char *what) {
    return KEN_FAIL(z->ctx, KEN_E_FORMAT, "write it again with numpy.savez", "%s: %s", z->name,
                    what);
}

/* `length` bytes at `at` are inside [0, end). */
static bool npz_inside(uint64_t at, uint64_t length, uint64_t end) {
    return at <= end && length <= end - at;
}

static ken_status npz_open(npz_zip *z) {
    const uint8_t *end = NULL;
    uint64_t at, length;
    if (z->size < 4 || memcmp(z->b, "PK", 2) != 0) return npz_bad(z, "not a .npz file");
    /* The end record is 22 bytes and a comment. */
    for (uint64_t back = 22; back <= z->size && back <= 22 + 65535 && !end; back++) {
        const uint8_t *p = z->b + (z->size - back);
        if (npz_get(p, 4) == 0x06054b50 && npz_get(p + 20, 2) == back - 22) end = p;
    }
    if (!end) return npz_bad(z, "cut short: the directory at its end is missing");
    z->n = npz_get(end + 10, 2);
    length = npz_get(end + 12, 4);
    at = npz_get(end + 16, 4);
    if (z->n == 0xffff || length == 0xffffffff || at == 0xffffffff) { /* ZIP64 */
        const uint64_t here = (uint64_t)(end - z->b);
        if (here < 20 || npz_get(end - 20, 4) != 0x07064b50)
            return npz_bad(z, "its ZIP64 record is missing");
        const uint64_t record = npz_get(end - 20 + 8, 8);
        if (!npz_inside(record, 56, here) || npz_get(z->b + record, 4) != 0x06064b50)
            return npz_bad(z, "its ZIP64 record is damaged");
        z->n = npz_get(z->b + record + 32, 8);
        length = npz_get(z->b + record + 40, 8);
        at = npz_get(z->b + record + 48, 8);
    }
    if (!npz_inside(at, length, z->size) || z->n > length / 46)
        return npz_bad(z, "its directory does not fit the file");
    z->directory = at;
    z->directory_end = at + length;
    return KEN_OK;
}

/* Sizes and place of more than 32 bits, from the extra field of ZIP64: those that are all ones, in
 * this order. */
static bool npz_wide(const uint8_t *extra, uint64_t size, uint64_t *values[3]) {
    while (size >= 4) {
        const uint64_t id = npz_get(extra, 2), length = npz_get(extra + 2, 2);
        if (length > size - 4) return false;
        if (id == 1) {
            uint64_t used = 0;
            for (int i = 0; i < 3; i++) {
                if (*values[i] != 0xffffffff) continue;
                if (used + 8 > length) return false;
                *values[i] = npz_get(extra + 4 + used, 8);
                used += 8;
            }
            return true;
        }
        extra += 4 + length;
        size -= 4 + length;
    }
    return true;
}

/* Where a member's bytes lie, by its local header, which must repeat its name. */
static ken_status npz_locate(const npz_zip *z, const char *name, uint64_t name_size, uint64_t at,
                             npz_member *m) {
    if (!npz_inside(at, 30, z->size) || npz_get(z->b + at, 4) != 0x04034b50)
        return npz_bad(z, "a member is not where the directory says");
    const uint64_t n = npz_get(z->b + at + 26, 2), extra = npz_get(z->b + at + 28, 2);
    if (n != name_size || !npz_inside(at + 30, n + extra, z->size) ||
        memcmp(z->b + at + 30, name, n) != 0)
        return npz_bad(z, "a member is not where the directory says");
    if (!npz_inside(at + 30 + n + extra, m->packed, z->size))
        return npz_bad(z, "a member is cut short");
    m->data = z->b + at + 30 + n + extra;
    return KEN_OK;
}

/* The directory entry at *at; *at moves on. */
static ken_status npz_next(npz_zip *z, uint64_t *at, npz_member *m) {
    const uint8_t *p = z->b + *at;
    if (!npz_inside(*at, 46, z->directory_end) || npz_get(p, 4) != 0x02014b50)
        return npz_bad(z, "its directory is damaged");
    const uint64_t n = npz_get(p + 28, 2), extra = npz_get(p + 30, 2), comment = npz_get(p + 32, 2);
    if (!npz_inside(*at + 46, n + extra + comment, z->directory_end))
        return npz_bad(z, "its directory is damaged");
    m->name = (const char *)p + 46;
    m->name_size = (size_t)n;
    m->method = (int)npz_get(p + 10, 2);
    m->crc = (uint32_t)npz_get(p + 16, 4);
    m->packed = npz_get(p + 20, 4);
    m->unpacked = npz_get(p + 24, 4);
    uint64_t offset = npz_get(p + 42, 4);
    uint64_t *wide[3] = {&m->unpacked, &m->packed, &offset};
    if (!npz_wide(p + 46 + n, extra, wide)) return npz_bad(z, "its directory is damaged");
    if (npz_get(p + 8, 2) & 1)
        return KEN_FAIL(z->ctx, KEN_E_UNSUPPORTED, "unpack it first", "%s: encrypted", z->name);
    KEN_TRY(npz_locate(z, m->name, n, offset, m));
    if (n < 4 || memcmp(m->name + n - 4, ".npy", 4) != 0)
        return KEN_FAIL(z->ctx, KEN_E_FORMAT, "give a file written by numpy.savez",
                        "%s: member '%.*s' is not a .npy file", z->name, (int)KEN_MIN(n, 200),
                        m->name);
    z->packed += m->packed; /* cannot overflow: each is at most the file */
    if (z->packed > z->size) return npz_bad(z, "its members overlap");
    m->name_size -= 4;
    if (memchr(m->name, 0, m->name_size) || ken_utf8_valid(m->name, m->name_size) != m->name_size)
        return npz_bad(z, "the name of a member is not valid UTF-8");
    *at += 46 + n + extra + comment;
    return KEN_OK;
}

/* --- contents ------------------------------------------------------------------------------- */
#ifdef KEN_HAVE_ZLIB
static void *npz_zalloc(void *ctx, unsigned n, unsigned size) {
    void *p;
    return ken_alloc(ctx, n, size, &p) == KEN_OK ? p : NULL;
}

static void npz_zfree(void *ctx, void *p) { ken_free(ctx, p); }

static uint32_t npz_crc(const uint8_t *p, size_t size) {
    uLong crc = crc32(0, NULL, 0);
    for (size_t n; size > 0; p += n, size -= n) {
        n = KEN_MIN(size, (size_t)1 << 30);
        crc = crc32(crc, p, (uInt)n);
    }
    return (uint32_t)crc;
}

static ken_status npz_inflate(const npz_zip *z, const npz_member *m, uint8_t *out) {
    z_stream s;
    uint64_t in = m->packed, room = m->unpacked;
    int code = Z_OK;
    memset(&s, 0, sizeof s);
    s.zalloc = npz_zalloc;
    s.zfree = npz_zfree;
    s.opaque = z->ctx;
    if (inflateInit2(&s, -15) != Z_OK)
        return KEN_FAIL(z->ctx, KEN_E_NOMEM, NULL, "%s: out of memory", z->name);
    s.next_in = (Bytef *)(uintptr_t)m->data;
    s.next_out = out;
    while (code == Z_OK) { /* zlib counts in 32 bits */
        const uInt in_now = (uInt)KEN_MIN(in, (uint64_t)1 << 30);
        const uInt room_now = (uInt)KEN_MIN(room, (uint64_t)1 << 30);
        s.avail_in = in_now;
        s.avail_out = room_now;
        code = inflate(&s, Z_NO_FLUSH);
        in -= in_now - s.avail_in;
        room -= room_now - s.avail_out;
        if (code == Z_OK && s.avail_in == in_now && s.avail_out == room_now) code = Z_BUF_ERROR;
    }
    inflateEnd(&s);
    if (code == Z_MEM_ERROR)
        return KEN_FAIL(z->ctx, KEN_E_NOMEM, NULL, "%s: out of memory", z->name);
    return code == Z_STREAM_END && in == 0 && room == 0
               ? KEN_OK
               : npz_bad(z, "its compressed data is damaged");
}
#else
/* CRC-32 of ISO 3309, four bits at a time. */
static uint32_t npz_crc(const uint8_t *p, size_t size) {
    uint32_t table[16], crc = 0xffffffffu;
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (int k = 0; k < 4; k++) table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
    }
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}
#endif

/* The member's bytes; *owned is to be freed (NULL: they lie in the file). */
static ken_status npz_bytes(const npz_zip *z, const npz_member *m, const uint8_t **bytes,
                            void **owned) {
    *owned = NULL;
    *bytes = m->data;
    if (m->method == 0 && m->packed != m->unpacked) return npz_bad(z, "a member has two sizes");
    if (m->method == 8) {
#ifdef KEN_HAVE_ZLIB
        /* Deflate shrinks at most 1032 times; a header that claims more is not worth the memory. */
        if (m->unpacked > SIZE_MAX / 2 || m->unpacked / 1032 > m->packed)
            return npz_bad(z, "a member claims to be larger than its data can be");
        KEN_TRY(ken_alloc(z->ctx, (size_t)m->unpacked, 1, owned));
        *bytes = *owned;
        KEN_TRY(npz_inflate(z, m, *owned));
#else
        return KEN_FAIL(z->ctx, KEN_E_UNSUPPORTED, "save it with numpy.savez, not savez_compressed",
                        "%s: compressed, and this ken was built without zlib", z->name);
#endif
    } else if (m->method != 0) {
        return KEN_FAIL(z->ctx, KEN_E_UNSUPPORTED, "write it again with numpy.savez",
                        "%s: compression method %d is not known", z->name, m->method);
    }
    if (npz_crc(*bytes, (size_t)m->unpacked) != m->crc)
        return npz_bad(z, "a member is damaged: it does not match its checksum");
    return KEN_OK;
}

static ken_status npz_array(const npz_zip *z, const npz_member *m, ken_npy_array *out) {
    const uint8_t *bytes;
    void *owned;
    ken_text label = ken_text_new(z->ctx);
    const char *name;
    memset(out, 0, sizeof *out);
    ken_text_addf(&label, "%s: %.*s", z->name, (int)KEN_MIN(m->name_size, 200), m->name);
    ken_status status = ken_text_end(&label, &name);
    if (status == KEN_OK) {
        status = npz_bytes(z, m, &bytes, &owned);
        if (status == KEN_OK)
            status = ken_npy_array_parse(z->ctx, name, bytes, (size_t)m->unpacked, out);
        ken_free(z->ctx, owned);
    }
    ken_text_free(&label);
    return status;
}

/* --- as a table ----------------------------------------------------------------------------- */
static bool npz_is(const npz_member *m, const char *wanted) {
    size_t size = strlen(wanted);
    if (size > 4 && strcmp(wanted + size - 4, ".npy") == 0) size -= 4;
    return size == m->name_size && memcmp(m->name, wanted, size) == 0;
}

/* Adds one member to *table, which is made when it is the first. */
static ken_status npz_add(const npz_zip *z, const npz_member *m, bool alone, ken_table **table) {
    ken_npy_array array;
    char *name = NULL;
    KEN_TRY(npz_array(z, m, &array));
    const int64_t rows = ken__npy_rows(&array);
    ken_status status = ken_strndup(z->ctx, m->name, m->name_size, &name);
    if (status == KEN_OK && !*table) status = ken_table_new(z->ctx, rows, table);
    if (status == KEN_OK && ken_table_rows(*table) != rows)
        status = KEN_FAIL(z->ctx, KEN_E_SHAPE, "name the one to read",
                          "%s: array '%s' has %lld rows, those before it %lld", z->name, name,
                          (long long)rows, (long long)ken_table_rows(*table));
    if (status == KEN_OK)
        status =
            ken__npy_add(z->ctx, z->name, &array, alone ? "x" : name, alone ? "x0" : name, *table);
    ken_npy_array_free(z->ctx, &array);
    ken_free(z->ctx, name);
    return status;
}

static ken_status npz_table(npz_zip *z, const char *wanted, ken_table **table) {
    uint64_t at;
    bool found = false;
    KEN_TRY(npz_open(z));
    at = z->directory;
    for (uint64_t i = 0; i < z->n; i++) {
        npz_member m;
        KEN_TRY(npz_next(z, &at, &m));
        if (wanted && (found || !npz_is(&m, wanted))) continue;
        found = true;
        KEN_TRY(npz_add(z, &m, wanted != NULL, table));
        KEN_TRY(ken_check_cancel(z->ctx));
    }
    if (found) return KEN_OK;
    if (wanted)
        return KEN_FAIL(z->ctx, KEN_E_NOT_FOUND, NULL, "%s: has no array '%s'", z->name, wanted);
    return npz_bad(z, "has no arrays");
}

ken_status ken_npz_parse(ken_ctx *ctx, const char *name, const void *bytes, size_t size,
                         const char *member, ken_table **out) {
    npz_zip z = {ctx, name, bytes, size, 0, 0, 0, 0};
    ken_table *table = NULL;
    *out = NULL;
    const ken_status status = npz_table(&z, member, &table);
    if (status != KEN_OK) {
        ken_table_free(table);
        return status;
    }
    *out = table;
    return KEN_OK;
}

ken_status ken_npz_read(ken_ctx *ctx, const char *path, const char *member, ken_table **out) {
    ken_file_bytes file;
    *out = NULL;
    KEN_TRY(ken_file_open(ctx, path, &file));
    const ken_status status = ken_npz_parse(ctx, path, file.data, file.size, member, out);
    ken_file_close(ctx, &file);
    return status;
}
