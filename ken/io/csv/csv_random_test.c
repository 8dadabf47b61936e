/* Random tables of some megabytes: cells known before they are written as CSV, read back by any
 * number of threads. Numbers are held against the C library's strtod, bit by bit. */
#include <unistd.h>

#include "tests/support.h"

#include "ken/core/text.h"
#include "ken/io/csv/csv.h"
#include "ken/kernels/kernels.h"

/* A growable text of the test's own. */
typedef struct buffer {
    char *data;
    size_t size, capacity;
} buffer;

static void add(buffer *b, const char *s, size_t n) {
    if (b->size + n + 1 > b->capacity) {
        b->capacity = (b->size + n + 1) * 2;
        b->data = realloc(b->data, b->capacity);
        assert_non_null(b->data);
    }
    memcpy(b->data + b->size, s, n);
    b->size += n;
    b->data[b->size] = 0;
}

static void add_text(buffer *b, const char *s) { add(b, s, strlen(s)); }

typedef struct dice {
    uint64_t state;
} dice;

static uint32_t roll(dice *d, uint32_t sides) { /* SplitMix64 */
    uint64_t x = (d->state += 0x9E3779B97F4A7C15u);
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)((x ^ x >> 31) >> 33) % sides;
}

/* --- texts with quotes, line ends and delimiters inside --------------------------------------- */
#define COLUMNS 4

static size_t random_cell(dice *d, char *cell, bool *quote) {
    static const char *const parts[] = {"a", "bc",   "\"", ",",  "\n", "\r\n", "x y",
                                        ";", "\"\"", "é",  "漢", "1",  "-",    "\t"};
    const uint32_t kind = roll(d, 100);
    size_t n = kind < 5 ? 0 : kind == 5 ? 20000 + roll(d, 60000) : roll(d, 6);
    size_t size = 0;
    *quote = false;
    for (size_t k = 0; k < n && size < 100000; k++) {
        const char *part = parts[roll(d, KEN_COUNT(parts))];
        memcpy(cell + size, part, strlen(part));
        size += strlen(part);
    }
    if (roll(d, 4) == 0) *quote = size > 0;
    for (size_t k = 0; k < size; k++) *quote |= strchr("\",\n\r", cell[k]) != NULL;
    if (size &&
        (cell[0] == ' ' || cell[0] == '\t' || cell[size - 1] == ' ' || cell[size - 1] == '\t'))
        *quote = true;
    return size;
}

static void write_cell(buffer *text, const char *cell, size_t n, bool quote) {
    if (quote) add_text(text, "\"");
    for (size_t k = 0; k < n; k++) {
        if (cell[k] == '"') add_text(text, "\"");
        add(text, cell + k, 1);
    }
    if (quote) add_text(text, "\"");
}

static void check_texts(uint64_t seed, const char *line_end, size_t bytes, bool stray) {
    static char cell[200000];
    dice d = {seed};
    buffer text = {0}, cells = {0};
    size_t *end = malloc(sizeof(size_t) * (bytes + 16) * COLUMNS);
    int64_t n = 0;
    const char *types[] = {"a=string", "b=string", "c=string", "d=string", NULL};
    ken_csv_options o = KEN_CSV_DEFAULTS;
    o.types = types;
    o.delimiter = ',', o.header = 1, o.missing = "";
    add_text(&text, "a,b,c,d");
    add_text(&text, line_end);
    while (text.size < bytes) {
        for (int j = 0; j < COLUMNS; j++) {
            bool quote;
            const size_t size = random_cell(&d, cell, &quote);
            if (j) add_text(&text, ",");
            write_cell(&text, cell, size, quote);
            add(&cells, cell, size);
            end[n * COLUMNS + j] = cells.size;
        }
        if (stray && roll(&d, 50) == 0) { /* a quote that is none, in an extra last cell's place */
            add_text(&text, "z\"z");
            if (cells.size > (n ? end[n * COLUMNS + 2] : 0) && text.data[text.size - 4] == '"') {
                /* behind a closing quote all of the cell is plain text: not this time */
                text.size -= 3;
            } else {
                add_text(&cells, "z\"z");
                end[n * COLUMNS + 3] = cells.size;
            }
        }
        n++;
        if (roll(&d, 20) || text.size < bytes) add_text(&text, line_end);
        if (roll(&d, 50) == 0) add_text(&text, line_end);
    }
    for (int threads = 1; threads <= 3; threads++) {
        ken_ctx *ctx = test_ctx(threads);
        ken_table *t = NULL;
        TEST_OK(ctx, ken_csv_parse(ctx, "r.csv", text.data, text.size, &o, NULL, &t));
        assert_int_equal(ken_table_rows(t), n);
        size_t from = 0;
        for (int64_t i = 0; i < n; i++)
            for (int j = 0; j < COLUMNS; j++) {
                const ken_column *c = ken_table_column(t, j);
                int64_t size;
                const char *got = ken_strings_at(&c->text, i, &size);
                const size_t want = end[i * COLUMNS + j] - from;
                if ((size_t)size != want || memcmp(got, cells.data + from, want) != 0 ||
                    ken_column_missing(c, i) != (want == 0)) {
                    print_error("seed %llu row %lld column %d: got %lld bytes, want %zu\n",
                                (unsigned long long)seed, (long long)i, j, (long long)size, want);
                    fail();
                }
                from += want;
            }
        ken_table_free(t);
        test_ctx_free(ctx);
    }
    free(text.data);
    free(cells.data);
    free(end);
}

static void test_csv__texts_come_back_whatever_is_in_them(void **state) {
    (void)state;
    check_texts(1, "\n", 3500000, false);
    check_texts(2, "\r\n", 3500000, false);
    check_texts(3, "\n", 3500000, true);
    for (uint64_t seed = 10; seed < 60; seed++)
        check_texts(seed, seed % 2 ? "\n" : "\r\n", 300 + seed * 40, seed % 3 == 0);
}

/* --- numbers ---------------------------------------------------------------------------------- */
static void random_number(dice *d, char *out) {
    char digits[40];
    const uint32_t n = 1 + roll(d, roll(d, 8) ? 9 : 24);
    for (uint32_t k = 0; k < n; k++) digits[k] = (char)('0' + roll(d, 10));
    digits[n] = 0;
    const uint32_t point = roll(d, n + 1);
    char *to = out;
    if (roll(d, 3) == 0) *to++ = '-';
    memcpy(to, digits, point), to += point;
    *to++ = '.';
    memcpy(to, digits + point, n - point), to += n - point;
    *to = 0;
    if (roll(d, 8) == 0) sprintf(to, "e%d", (int)roll(d, 640) - 340);
}

static void test_csv__numbers_are_those_of_strtod(void **state) {
    dice d = {7};
    buffer text = {0};
    const int64_t n = 200000;
    char number[64];
    (void)state;
    add_text(&text, "x,y\n");
    for (int64_t i = 0; i < n; i++) {
        random_number(&d, number);
        add_text(&text, number);
        add_text(&text, ",");
        random_number(&d, number);
        add_text(&text, number);
        add_text(&text, "\r\n");
    }
    ken_ctx *ctx = test_ctx(2);
    ken_table *t = NULL;
    TEST_OK(ctx, ken_csv_parse(ctx, "r.csv", text.data, text.size, NULL, NULL, &t));
    const char *at = text.data + 4;
    for (int64_t i = 0; i < n; i++)
        for (int j = 0; j < 2; j++) {
            char *end;
            const double want = strtod(at, &end),
                         got = ((const double *)ken_table_column(t, j)->data)[i];
            if (memcmp(&want, &got, sizeof want) != 0) {
                print_error("'%.*s' became %.17g\n", (int)(end - at), at, got);
                fail();
            }
            at = end + (j ? 2 : 1);
        }
    ken_table_free(t);
    test_ctx_free(ctx);
    free(text.data);
}

/* --- types over all rows ---------------------------------------------------------------------- */
/* Columns that look like one thing for megabytes and turn out to be another in row `turn`. */
static void check_turn(int64_t turn, int threads) {
    static const struct {
        const char *before, *at, *type;
    } columns[] = {{"17", "17.5", "f64"},
                   {"", "5", "i64"},
                   {"", "", "f64"},
                   {"1", "99999999999999999999", "category"},
                   {"2.5", "x", "category"},
                   {"true", "1", "category"},
                   {"2020-01-01", "x", "category"},
                   {"1/2/2020", "13/2/2020", "time"},
                   {"1/2/2020", "2/13/2020", "time"},
                   {"5", "05", "category"},
                   {"", "true", "bool"},
                   {"NA", "\"NA\"", "category"},
                   {"x", "\"x\"", "category"}};
    const int64_t n = 60000;
    buffer text = {0};
    char name[16];
    for (int j = 0; j < KEN_COUNT(columns); j++) {
        snprintf(name, sizeof name, "%sc%d", j ? "," : "", j);
        add_text(&text, name);
    }
    for (int64_t i = 0; i < n; i++)
        for (int j = 0; j < KEN_COUNT(columns); j++) {
            add_text(&text, j ? "," : "\n");
            add_text(&text, i == turn ? columns[j].at : columns[j].before);
        }
    ken_ctx *ctx = test_ctx(threads);
    ken_table *t = NULL;
    TEST_OK(ctx, ken_csv_parse(ctx, "r.csv", text.data, text.size, NULL, NULL, &t));
    assert_int_equal(ken_table_rows(t), n);
    for (int j = 0; j < KEN_COUNT(columns); j++) {
        const ken_column *c = ken_table_column(t, j);
        char cell[64];
        assert_string_equal(ken_dtype_name(c->dtype), columns[j].type);
        for (int64_t i = 0; i < n; i++) {
            const char *want = i == turn ? columns[j].at : columns[j].before;
            if (*want == '"')
                want = i == turn && j == 11 ? "NA" : "x";
            else if (!strcmp(want, "NA"))
                want = "";
            if (c->dtype == KEN_TIME)
                want = i == turn ? "2020-02-13" : j == 7 ? "2020-02-01" : "2020-01-02";
            assert_string_equal(ken_column_format(c, i, cell, sizeof cell), want);
        }
    }
    ken_table_free(t);
    test_ctx_free(ctx);
    free(text.data);
}

static void test_csv__types_are_decided_over_all_rows(void **state) {
    (void)state;
    check_turn(59999, 2);
    check_turn(59999, 1);
    check_turn(31000, 2);
    check_turn(1, 2);
}

/* --- write and read --------------------------------------------------------------------------- */
static ken_table *random_table(ken_ctx *ctx, dice *d, int64_t n) {
    static const char *const words[] = {"a",   "b,c",  "d\"e", "f\ng", " h ",     "NA",
                                        "i;j", "k\tl", "m\r",  "é",    "true-ish"};
    ken_table *t = NULL;
    void *data;
    uint8_t *valid;
    TEST_OK(ctx, ken_table_new(ctx, n, &t));
    static const ken_dtype types[] = {KEN_F64, KEN_I64, KEN_BOOL, KEN_TIME};
    static const char *const names[] = {"x,1", "n", "flag \"q\"", "when"};
    for (int j = 0; j < 4; j++) {
        TEST_OK(ctx, ken_table_add_new(ctx, t, names[j], types[j], &data, &valid));
        for (int64_t i = 0; i < n; i++) {
            const uint64_t bits = (uint64_t)roll(d, 1u << 31) << 40 ^
                                  (uint64_t)roll(d, 1u << 31) << 20 ^ roll(d, 1u << 31);
            if (j == 0) {
                double x;
                memcpy(&x, &bits, 8);
                if (i == 0) x = 0.5;
                ((double *)data)[i] = isnan(x) ? 1.5 : x;
            }
            if (j == 1)
                ((int64_t *)data)[i] = (int64_t)(bits >> roll(d, 60)) * (roll(d, 2) ? 1 : -1);
            if (j == 2) ((uint8_t *)data)[i] = (uint8_t)roll(d, 2);
            if (j == 3)
                ((int64_t *)data)[i] = (int64_t)(bits % 200000000000) * (roll(d, 2) ? 1000000 : 1);
            if (i > 0 && roll(d, 10) == 0) ken_bitmap_clear(valid, i);
        }
    }
    int64_t offset[KEN_COUNT(words) + 1] = {0};
    char bytes[256];
    for (int k = 0; k < KEN_COUNT(words); k++) {
        memcpy(bytes + offset[k], words[k], strlen(words[k]));
        offset[k + 1] = offset[k] + (int64_t)strlen(words[k]);
    }
    int32_t *codes = malloc(sizeof(int32_t) * (size_t)n);
    for (int64_t i = 0; i < n; i++) codes[i] = (int32_t)roll(d, KEN_COUNT(words));
    ken_column c = {0};
    c.name = "word", c.dtype = KEN_CATEGORY, c.n = n, c.data = codes, c.stride = 1, c.source = -1;
    c.text = (ken_strings){KEN_COUNT(words), offset, bytes};
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &c));
    free(codes);
    return t;
}

static void test_csv__what_is_written_reads_back(void **state) {
    dice d = {99};
    char path[64], a[128], b[128];
    (void)state;
    snprintf(path, sizeof path, "/tmp/ken_csv_random_%d.csv", (int)getpid());
    for (int round = 0; round < 30; round++) {
        ken_ctx *ctx = test_ctx(1 + round % 2);
        const int64_t n = round == 29 ? 20000 : 1 + roll(&d, 200);
        ken_table *t = random_table(ctx, &d, n), *back = NULL;
        ken_csv_options o = KEN_CSV_DEFAULTS;
        o.header = 1;
        TEST_OK(ctx, ken_csv_write(ctx, path, t));
        TEST_OK(ctx, ken_csv_read(ctx, path, &o, NULL, &back));
        assert_int_equal(ken_table_rows(back), n);
        for (int j = 0; j < ken_table_cols(t); j++) {
            const ken_column *x = ken_table_column(t, j), *y = ken_table_column(back, j);
            assert_string_equal(x->name, y->name);
            if (ken_column_count_missing(x) < n && n > 20) assert_int_equal(x->dtype, y->dtype);
            for (int64_t i = 0; i < n; i++) {
                assert_int_equal(ken_column_missing(x, i), ken_column_missing(y, i));
                if (x->dtype == KEN_F64 && y->dtype == KEN_F64 && !ken_column_missing(x, i))
                    assert_memory_equal((const double *)x->data + i, (const double *)y->data + i,
                                        8);
                assert_string_equal(ken_column_format(x, i, a, sizeof a),
                                    ken_column_format(y, i, b, sizeof b));
            }
        }
        ken_table_free(back);
        ken_table_free(t);
        test_ctx_free(ctx);
    }
    remove(path);
}

/* --- kernels ---------------------------------------------------------------------------------- */
static void scan_all(const ken_kernels *k, const char *text, int64_t n, char quote, ken_survey *s,
                     ken_scan *i) {
    const int64_t cut = n / 3 / 64 * 64;
    memset(s, 0, sizeof(*s));
    s->quote = quote, s->newline = '\n', s->first[0] = s->first[1] = -1, s->carry = 1;
    k->scan_survey(s, text, n);
    i->n_pos = i->n_ends = 0, i->at = 0, i->carry = 1, i->inside = i->irregular = 0;
    i->delimiter = ',', i->newline = '\n', i->quote = quote;
    k->scan_index(i, text, cut);
    k->scan_index(i, text + cut, n - cut);
}

static void test_csv__kernels_agree(void **state) {
    static const char alphabet[] = "aaaaaaaa,,,\"\"\n\n\r\xC3\xA9\0";
    static char text[3000];
    static uint32_t memory[4][3100];
    dice d = {5};
    (void)state;
    const ken_kernels *generic = ken_kernels_find("generic");
    for (int round = 0; round < 3000; round++) {
        const int64_t n = roll(&d, sizeof text);
        const char quote = roll(&d, 3) ? '"' : 0;
        ken_survey want_s, got_s;
        ken_scan want = {0}, got = {0};
        for (int64_t i = 0; i < n; i++)
            text[i] = alphabet[roll(&d, roll(&d, 4) ? 8 : sizeof alphabet - 1)];
        want.pos = memory[0], want.ends = memory[1], got.pos = memory[2], got.ends = memory[3];
        scan_all(generic, text, n, quote, &want_s, &want);
        for (int k = 0; ken_kernels_at(k); k++) {
            scan_all(ken_kernels_at(k), text, n, quote, &got_s, &got);
            for (int side = 0; side < 2; side++) {
                assert_int_equal(got_s.rows[side], want_s.rows[side]);
                assert_int_equal(got_s.first[side], want_s.first[side]);
                assert_int_equal(got_s.first_is_row[side], want_s.first_is_row[side]);
            }
            assert_int_equal(got_s.quotes, want_s.quotes);
            assert_int_equal(got_s.non_ascii != 0, want_s.non_ascii != 0);
            assert_int_equal(got_s.nul != 0, want_s.nul != 0);
            assert_int_equal(got.n_pos, want.n_pos);
            assert_int_equal(got.n_ends, want.n_ends);
            assert_int_equal(got.irregular != 0, want.irregular != 0);
            assert_memory_equal(got.pos, want.pos, (size_t)got.n_pos * 4);
            assert_memory_equal(got.ends, want.ends, (size_t)got.n_ends * 4);
        }
    }
}

/* Every instruction set reads the same bits, and those of strtod; what none may read is refused by
 * all. */
static void test_csv__kernels_read_the_same_numbers(void **state) {
    static const char alphabet[] = "0123456789012345678901234567890123456789.-+e, ";
    dice d = {11};
    char text[64], *end;
    (void)state;
    for (int round = 0; round < 300000; round++) {
        const uint32_t n = roll(&d, 19);
        double want_f = 0, got_f = 0;
        int64_t want_i = 0, got_i = 0;
        memset(text, '7', sizeof text);
        for (uint32_t k = 0; k < n; k++)
            text[k] = alphabet[roll(&d, roll(&d, 3) ? 41 : sizeof alphabet - 1)];
        if (roll(&d, 4) == 0) text[0] = '-';
        const ken_span span = {0, n};
        const ken_kernels *g = ken_kernels_find("generic");
        const int64_t read_f = g->read_decimals(text, &span, 1, '.', &want_f);
        const int64_t read_i = g->read_integers(text, &span, 1, &want_i);
        for (int k = 0; ken_kernels_at(k); k++) {
            assert_int_equal(ken_kernels_at(k)->read_decimals(text, &span, 1, '.', &got_f), read_f);
            assert_int_equal(ken_kernels_at(k)->read_integers(text, &span, 1, &got_i), read_i);
            if (read_f) assert_memory_equal(&got_f, &want_f, 8);
            if (read_i) assert_true(got_i == want_i);
        }
        text[n] = 0;
        if (read_f) {
            const double truth = strtod(text, &end);
            assert_ptr_equal(end, text + n);
            assert_memory_equal(&truth, &want_f, 8);
        }
        if (read_i) assert_true(strtoll(text, &end, 10) == want_i && end == text + n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv__kernels_agree),
        cmocka_unit_test(test_csv__kernels_read_the_same_numbers),
        cmocka_unit_test(test_csv__texts_come_back_whatever_is_in_them),
        cmocka_unit_test(test_csv__numbers_are_those_of_strtod),
        cmocka_unit_test(test_csv__types_are_decided_over_all_rows),
        cmocka_unit_test(test_csv__what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
