/* Bytes to a table: first byte is the options, the rest the file. A single
 * block is capped: a small file must not ask for much. What is read is looked at cell by cell, and must
 * be the same with the portable kernels and the best ones. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ken/io/csv/csv.h"

#define CAP ((size_t)256 << 20)

static void *capped_alloc(void *user, size_t size, size_t align) {
    void *p = NULL;
    (void)user;
    return size <= CAP && posix_memalign(&p, align, size) == 0 ? p : NULL;
}

static void capped_free(void *user, void *ptr) {
    (void)user;
    free(ptr);
}

static uint64_t look(const ken_table *t) {
    uint64_t sum = 0;
    char cell[64];
    for (int j = 0; j < ken_table_cols(t); j++) {
        const ken_column *c = ken_table_column(t, j);
        sum = sum * 31 + (uint64_t)c->dtype;
        for (const char *s = c->name; *s; s++) sum = sum * 31 + (unsigned char)*s;
        for (int64_t i = 0; i < c->n; i++)
            for (const char *s = ken_column_format(c, i, cell, sizeof cell); *s; s++)
                sum = sum * 31 + (unsigned char)*s;
    }
    return sum;
}

static uint64_t read_with(int threads, const char *isa, const ken_csv_options *o, const uint8_t *data,
                          size_t size, ken_status *status) {
    ken_ctx_options options = {0};
    ken_ctx *ctx = NULL;
    ken_table *t = NULL;
    ken_csv_info info;
    uint64_t sum = 0;
    options.alloc = (ken_allocator){capped_alloc, capped_free, NULL};
    options.threads = threads;
    options.isa = isa;
    options.max_cell_bytes = 4096;
    if (ken_ctx_new(&options, &ctx) != KEN_OK) return 0;
    *status = ken_csv_parse(ctx, "fuzz.csv", (const char *)data, size, o, &info, &t);
    if (*status == KEN_OK) sum = look(t);
    ken_table_free(t);
    ken_ctx_free(ctx);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char delimiters[] = {0, ',', ';', '\t'};
    ken_csv_options o = KEN_CSV_DEFAULTS;
    ken_status a = KEN_OK, b = KEN_OK;
    if (size < 1) return 0;
    o.delimiter = delimiters[data[0] & 3];
    o.header = (data[0] >> 2 & 3) % 3 - 1;
    o.skip_bad_rows = data[0] >> 4 & 1;
    o.quote = data[0] >> 5 & 1 ? KEN_CSV_NO_QUOTE : 0;
    o.max_rows = data[0] >> 6 & 1 ? 3 : 0;
    o.missing = data[0] >> 7 ? "1|x" : NULL;
    /* exact size, so that a read past the end is seen */
    uint8_t *copy = malloc(size - 1 ? size - 1 : 1);
    if (!copy) return 0;
    memcpy(copy, data + 1, size - 1);
    const uint64_t one = read_with(1, "generic", &o, copy, size - 1, &a);
    const uint64_t best = read_with(1, NULL, &o, copy, size - 1, &b);
    if (one != best || a != b) __builtin_trap();
    free(copy);
    return 0;
}
