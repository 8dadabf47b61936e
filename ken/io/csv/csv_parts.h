/* What the stages of the CSV reader share; private to this folder. The stages, in reading order:
 *   csv_sniff  dialect, header and first guess of the types, from the first rows
 *   csv_scan   cuts the text into ranges of whole rows, and finds the ends of the cells in one
 *   csv_parse  cells of a range into columns, column by column over batches of rows
 *   csv_types  what a cell can be and what that makes of a column     (csv_time: dates)
 *   csv_text   dictionaries, levels, string columns
 *   csv        the door: bytes, rounds of parsing until every column has its type, the table */
#ifndef KEN_IO_CSV_PARTS_H
#define KEN_IO_CSV_PARTS_H

#include <stdatomic.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/number.h"
#include "ken/core/threads.h"
#include "ken/io/csv/csv.h"
#include "ken/kernels/kernels.h"

#define CSV_CHUNK ((int64_t)1 << 20)  /* bytes of a range, about */
#define CSV_PIECE ((int64_t)32 << 10) /* bytes indexed at a time: its cells stay in the cache */
#define CSV_BATCH 1024                /* rows of one column parsed at a time */
#define CSV_PAD ((size_t)64)          /* bytes that may be read after a cell */

/* What a cell can be, one bit each; a column's bits are those of all its cells. Missing: none. */
enum {
    CSV_BOOL = 1,
    CSV_INT = 2, /* whole, within int64 */
    CSV_BIG = 4, /* whole, beyond int64 */
    CSV_FLOAT = 8,
    CSV_ZEROS = 16, /* whole with leading zeros: an identifier */
    CSV_ISO = 32,   /* year first */
    CSV_SLASH = 64, /* day and month first, could be either */
    CSV_DMY = 128,
    CSV_MDY = 256,
    CSV_TEXT = 512,
    CSV_WORD = 1024 /* a missing-value word in quotes: text in a text column, missing elsewhere */
};

typedef enum csv_mode {
    CSV_AS_F64,
    CSV_AS_I64,
    CSV_AS_BOOL,
    CSV_AS_ISO,
    CSV_AS_DMY,
    CSV_AS_MDY,
    CSV_AS_CATEGORY,
    CSV_AS_STRING
} csv_mode;

typedef struct csv_dialect {
    char delimiter, quote, decimal, newline; /* quote 0: none */
    bool slow;                               /* quotes are not where they should be */
} csv_dialect;

#define CSV_MAX_MISSING 64
typedef struct csv_missing {
    int n;
    const char *word[CSV_MAX_MISSING]; /* into the caller's text */
    uint32_t size[CSV_MAX_MISSING];
    uint32_t longest;
    bool first[256]; /* some word starts with this */
    bool digits;     /* some word could be taken for a number */
} csv_missing;

/* A cell without its quotes; blanks around an unquoted one are left out too. */
typedef struct csv_cell {
    const char *text;
    uint32_t size;
    bool quoted;
} csv_cell;

/* A dictionary of one worker and one column; keys lie in the text that is read. */
typedef struct csv_entry {
    const char *text;
    uint32_t size, hash;
    bool escaped; /* doubled quotes inside */
    int32_t level;
} csv_entry;

typedef struct csv_dict {
    csv_entry *entry;
    uint32_t *slot; /* code + 1; 0: empty */
    uint32_t count, capacity, slots;
} csv_dict;

typedef struct csv_range {
    const char *text; /* of its first byte: in the file, or in a padded copy of the last range */
    int64_t begin, size;
    int64_t row, rows;  /* first row, rows counted from afar */
    bool cut;           /* stop after `rows`: more are not wanted */
    int64_t good, bad;  /* rows found */
    int64_t bad_at;     /* of the first bad row, -1: none */
    int64_t bad_cell;   /* where to point at */
    int64_t bad_fields; /* what it has; -1: a cell is too long */
    bool irregular;
} csv_range;

/* One column in one range. */
typedef struct csv_piece {
    uint32_t flags;
    uint16_t worker;
    uint8_t mode;
    bool todo, broken; /* to be parsed; values are not all there */
    int64_t bytes;     /* of its texts */
    int64_t missing;
    int64_t refused_at; /* first cell that is not of the type asked for, -1: none */
    uint32_t refused_size;
} csv_piece;

typedef struct csv_column {
    char *name;
    _Atomic uint32_t flags;
    _Atomic bool many; /* more distinct texts than a category may have */
    bool settled;      /* category or string is decided */
    int forced;        /* a csv_mode, or -1 */
    csv_mode mode;     /* of this round */
    uint32_t seen;     /* flags of the first rows */
    bool varied;       /* a text that differs in most of the first rows */
    int64_t max_levels;
    void *data;
    size_t item; /* bytes of an item of data */
    uint8_t *valid;
    int64_t missing;
} csv_column;

typedef struct csv_worker {
    uint32_t *pos, *ends, *first;
    int64_t pos_capacity;
    ken_span span[CSV_BATCH];
    csv_dict *dicts; /* one a column */
} csv_worker;

typedef struct csv_job {
    ken_ctx *ctx;
    const ken_kernels *k;
    ken_allocator alloc;
    const char *name;
    const char *text; /* after the byte order mark */
    int64_t size;
    int64_t body; /* offset of the first row of data */
    int64_t max_cell, max_rows, max_levels;
    bool skip_bad, header, crlf, count_only;
    csv_dialect dialect;
    csv_missing missing;
    int n_cols, n_workers, n_ranges;
    int64_t n_rows, bad_rows, first_bad;
    csv_column *columns;
    csv_range *ranges;
    csv_piece *pieces; /* [range * n_cols + column] */
    csv_worker *workers;
    char *tail; /* padded copy of the last range */
    int round;
    atomic_flag lock; /* of the allocator, in workers */
    _Atomic bool no_memory;
} csv_job;

/* --- csv.c ------------------------------------------------------------------------------------ */
/* Memory that is not zeroed (from the allocator of ken_alloc); any thread, NULL: none left. */
void *ken__csv_memory(csv_job *job, size_t count, size_t size);
void ken__csv_release(csv_job *job, void *memory);
/* An error at a byte of the text: sets the place to name:line:column. Returns code. */
ken_status ken__csv_point(csv_job *job, int64_t at, ken_status code);
int64_t ken__csv_line(const csv_job *job, int64_t at);

/* --- csv_gzip.c ------------------------------------------------------------------------------- */
/* *out belongs to the caller, also after an error. */
ken_status ken__csv_unpack(ken_ctx *ctx, const char *name, const char *bytes, size_t size,
                           char **out, size_t *out_size);

/* --- csv_sniff.c ------------------------------------------------------------------------------ */
/* Dialect, header, names, number of columns, first flags. */
ken_status ken__csv_sniff(csv_job *job, const ken_csv_options *options);
ken_status ken__csv_force_types(csv_job *job, const char *const *types);

/* --- csv_scan.c ------------------------------------------------------------------------------- */
ken_status ken__csv_ranges(csv_job *job);
/* As the kernel scan_index, by a state machine that knows where a quote counts. */
int64_t ken__csv_index_slow(ken_scan *s, const char *text, int64_t n);
bool ken__csv_needs_slow(const csv_job *job);

/* --- csv_parse.c ------------------------------------------------------------------------------ */
/* All pieces that are todo, in parallel. */
ken_status ken__csv_parse_round(csv_job *job, void (*beside)(void *), void *arg);

/* --- csv_types.c ------------------------------------------------------------------------------ */
ken_status ken__csv_missing_words(ken_ctx *ctx, const char *words, csv_missing *out);
bool ken__csv_is_missing(const csv_missing *m, const char *s, uint32_t n);
csv_cell ken__csv_cell(const csv_dialect *d, const char *s, uint32_t n);
uint32_t ken__csv_classify(const csv_dialect *d, const csv_missing *m, const char *s, uint32_t n);
csv_mode ken__csv_mode_of(uint32_t flags); /* texts: CSV_AS_CATEGORY */
uint32_t ken__csv_number(char decimal, const char *s, uint32_t n, double *f, int64_t *i);
int ken__csv_bool(const char *s, uint32_t n); /* -1: no */
static inline bool ken__csv_is_text(csv_mode m) { return m >= CSV_AS_CATEGORY; }

/* --- csv_time.c ------------------------------------------------------------------------------- */
/* Flags (CSV_ISO, CSV_SLASH, CSV_DMY, CSV_MDY; 0: not a time). dmy: which way to read CSV_SLASH. */
uint32_t ken__csv_time(const char *s, uint32_t n, bool dmy, int64_t *us);

bool ken__csv_time_fast(const char *s, uint32_t n, int64_t *us);

/* --- csv_text.c ------------------------------------------------------------------------------- */
int32_t ken__csv_dict_add(csv_job *job, csv_dict *dict, int64_t limit, const char *s, uint32_t n,
                          bool escaped);
void ken__csv_dict_free(csv_job *job, csv_dict *dict);
/* Distinct keys of a column over all workers, and their level in byte order. */
ken_status ken__csv_levels(csv_job *job, int j, ken_strings *out, int64_t *n_keys);
ken_status ken__csv_recode(csv_job *job, int j);
ken_status ken__csv_strings(csv_job *job, int j, ken_strings *out);

static inline uint64_t csv_low_bytes(uint32_t n) { /* a mask of n (0..8) bytes */
    return n >= 8 ? ~(uint64_t)0 : ((uint64_t)1 << (8 * n)) - 1;
}
static inline bool csv_equal(const char *a, const char *b, uint32_t n) {
    for (; n > 8; a += 8, b += 8, n -= 8)
        if (ken__load_word(a) != ken__load_word(b)) return false;
    return !((ken__load_word(a) ^ ken__load_word(b)) & csv_low_bytes(n));
}
static inline bool csv_has(const char *s, uint32_t n, char c) {
    const uint64_t ones = 0x0101010101010101u, pattern = ones * (uint8_t)c;
    for (;; s += 8, n -= 8) {
        uint64_t x = ken__load_word(s) ^ pattern;
        if (n < 8) x |= ~csv_low_bytes(n);
        if ((x - ones) & ~x & 0x8080808080808080u) return true;
        if (n <= 8) return false;
    }
}

/* A text cell as it waits in a string column's offsets: where it is, how long. */
#define CSV_PACK_SIZE 0xFFFFFFu
static inline uint64_t csv_pack(int64_t at, uint32_t size, bool escaped) {
    return (uint64_t)at << 25 | (uint64_t)(size < CSV_PACK_SIZE ? size : CSV_PACK_SIZE) << 1 |
           escaped;
}

#endif
