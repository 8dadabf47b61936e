/* Bytes to a table: the first byte is the options, the rest the file. What is read is looked at
 * cell by cell, and must be the same with the portable kernels and the best ones. */
#include "fuzz/fuzz.h"

#include "ken/io/csv/csv.h"

static uint64_t look(const ken_table *t) {
    uint64_t sum = 1;
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

/* 0: refused. */
static uint64_t read_with(const char *isa, const ken_csv_options *o, const char *data,
                          size_t size) {
    fuzz_memory memory = {0};
    ken_ctx_options options = {0};
    ken_ctx *ctx = NULL;
    ken_table *t = NULL;
    ken_csv_info info;
    uint64_t sum = 0;
    options.alloc = (ken_allocator){fuzz_alloc, fuzz_free, &memory};
    options.isa = isa;
    options.max_cell_bytes = 4096;
    FUZZ_CHECK(ken_ctx_new(&options, &ctx) == KEN_OK);
    const ken_status status = ken_csv_parse(ctx, "fuzz.csv", data, size, o, &info, &t);
    if (status == KEN_OK)
        sum = look(t);
    else
        FUZZ_CHECK(!t && *ken_ctx_message(ctx));
    FUZZ_CHECK(status != KEN_E_BUG);
    ken_table_free(t);
    fuzz_end(ctx, &memory);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char delimiters[] = {0, ',', ';', '\t'};
    ken_csv_options o = KEN_CSV_DEFAULTS;
    if (size < 1) return 0;
    o.delimiter = delimiters[data[0] & 3];
    o.header = (data[0] >> 2 & 3) % 3 - 1;
    o.skip_bad_rows = data[0] >> 4 & 1;
    o.quote = data[0] >> 5 & 1 ? KEN_CSV_NO_QUOTE : 0;
    o.max_rows = data[0] >> 6 & 1 ? 3 : 0;
    o.missing = data[0] >> 7 ? "1|x" : NULL;
    char *copy = malloc(size); /* of the exact size, so that a read past the end is seen */
    if (!copy) return 0;
    memcpy(copy, data + 1, size - 1);
    char *exact = realloc(copy, size - 1 ? size - 1 : 1);
    if (!exact) exact = copy;
    FUZZ_CHECK(read_with("generic", &o, exact, size - 1) == read_with(NULL, &o, exact, size - 1));
    free(exact);
    return 0;
}
