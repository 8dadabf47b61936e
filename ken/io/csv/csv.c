/* The CSV reader's door: bytes (plain or gzip) in, a table out. Parsing goes in rounds: each column
 * is read as what it looks like so far, and what turned out to be something else is read again,
 * until every cell of every column was read as the column's type. So the types are those of all
 * rows, and neither threads nor cuts can change them. Read csv_parts.h first. */
#include "ken/io/csv/csv.h"

#include <math.h>
#include <string.h>

#include "ken/core/sha256.h"
#include "ken/core/text.h"
#include "ken/io/csv/csv_parts.h"
#include "ken/io/file.h"

/* At most 20 levels, or 65536 with four rows each on the average: more distinct texts are strings.
 */
#define CSV_FEW_LEVELS 20
#define CSV_MOST_LEVELS 65536

/* --- memory for workers ----------------------------------------------------------------------- */
void *ken__csv_memory(csv_job *job, size_t count, size_t size) {
    void *memory = NULL;
    if (size == 0 || count <= (SIZE_MAX - 4096) / size) {
        while (atomic_flag_test_and_set_explicit(&job->lock, memory_order_acquire)) {
        }
        memory = job->alloc.alloc(job->alloc.user, count * size + CSV_PAD, 64);
        atomic_flag_clear_explicit(&job->lock, memory_order_release);
    }
    if (!memory) job->no_memory = true;
    return memory;
}

void ken__csv_release(csv_job *job, void *memory) {
    if (!memory) return;
    while (atomic_flag_test_and_set_explicit(&job->lock, memory_order_acquire)) {
    }
    job->alloc.free(job->alloc.user, memory);
    atomic_flag_clear_explicit(&job->lock, memory_order_release);
}

/* --- places ----------------------------------------------------------------------------------- */
int64_t ken__csv_line(const csv_job *job, int64_t at) {
    int64_t line = 1;
    for (const char *s = job->text, *end = s + at; s < end; s++) {
        s = memchr(s, job->dialect.newline, (size_t)(end - s));
        if (!s) break;
        line++;
    }
    return line;
}

ken_status ken__csv_point(csv_job *job, int64_t at, ken_status code) {
    int64_t start = at, column = 1;
    while (start > 0 && job->text[start - 1] != job->dialect.newline) start--;
    for (int64_t i = start; i < at; i++) column += ((unsigned char)job->text[i] & 0xC0) != 0x80;
    ken_fail_place(job->ctx, "%s:%lld:%lld", job->name, (long long)ken__csv_line(job, at),
                   (long long)column);
    return code;
}

static ken_status csv_no_memory(csv_job *job) {
    return KEN_FAIL(job->ctx, KEN_E_NOMEM, "free some memory, or read fewer rows or columns",
                    "csv: no memory for %lld rows and %d columns of '%s'", (long long)job->n_rows,
                    job->n_cols, job->name);
}

/* --- rows ------------------------------------------------------------------------------------- */
static ken_status csv_bad_row(csv_job *job, const csv_range *r) {
    if (r->bad_fields < 0)
        (void)KEN_FAIL(job->ctx, KEN_E_LIMIT,
                       "look for a quote that is never closed, or raise max_cell_bytes",
                       "csv: a cell has more than %lld bytes", (long long)job->max_cell);
    else
        (void)KEN_FAIL(job->ctx, KEN_E_FORMAT,
                       r->bad_fields < job->n_cols
                           ? "add the missing cells, or leave such rows out (--skip-bad-rows)"
                           : "quote cells that hold the delimiter, or leave such "
                             "rows out (--skip-bad-rows)",
                       "csv: this row has %lld cells, the first one has %d (delimiter '%s')",
                       (long long)r->bad_fields, job->n_cols,
                       job->dialect.delimiter == '\t' ? "\\t"
                                                      : (char[2]){job->dialect.delimiter, 0});
    return ken__csv_point(job, r->bad_cell, r->bad_fields < 0 ? KEN_E_LIMIT : KEN_E_FORMAT);
}

static void csv_number_rows(csv_job *job) {
    int64_t row = 0;
    for (int i = 0; i < job->n_ranges; i++) {
        csv_range *r = &job->ranges[i];
        r->row = row;
        r->cut = job->max_rows && row + r->rows >= job->max_rows;
        if (r->cut) r->rows = KEN_MAX(job->max_rows - row, 0);
        row += r->rows;
    }
    job->n_rows = row;
}

/* Errors of a round, the first one in the file. */
static ken_status csv_check_rows(csv_job *job) {
    for (int i = 0; i < job->n_ranges; i++) {
        const csv_range *r = &job->ranges[i];
        if (r->bad && (!job->skip_bad || r->bad_fields < 0)) return csv_bad_row(job, r);
    }
    return KEN_OK;
}

static bool csv_rows_differ(csv_job *job) {
    bool differ = false;
    for (int i = 0; i < job->n_ranges; i++) {
        csv_range *r = &job->ranges[i];
        if (r->cut && r->good >= r->rows) continue;
        differ |= r->good != r->rows;
        r->rows = r->good;
    }
    return differ;
}

/* --- columns ---------------------------------------------------------------------------------- */
static size_t csv_item(csv_mode mode) {
    return mode == CSV_AS_CATEGORY ? 4 : mode == CSV_AS_BOOL ? 1 : 8;
}

static ken_status csv_storage(csv_job *job, csv_column *c) {
    const size_t item = csv_item(c->mode);
    if (!c->data || c->item != item) {
        ken__csv_release(job, c->data);
        c->item = item;
        c->data = ken__csv_memory(job, (size_t)job->n_rows + 1, item);
        if (!c->data) return csv_no_memory(job);
    }
    if (c->valid) return KEN_OK;
    const size_t bytes = (size_t)(job->n_rows + 7) / 8;
    c->valid = ken__csv_memory(job, bytes, 1);
    if (!c->valid) return csv_no_memory(job);
    memset(c->valid, 0xFF, bytes);
    return KEN_OK;
}

static void csv_forget(csv_job *job) {
    for (int j = 0; j < job->n_cols && job->columns; j++) {
        csv_column *c = &job->columns[j];
        ken__csv_release(job, c->data);
        ken__csv_release(job, c->valid);
        c->data = c->valid = NULL;
        for (int w = 0; job->workers && w < job->n_workers && job->workers[w].dicts; w++) {
            csv_dict *d = &job->workers[w].dicts[j];
            ken__csv_dict_free(job, d);
            memset(d, 0, sizeof(*d));
        }
    }
    ken_free(job->ctx, job->pieces);
    job->pieces = NULL;
}

static ken_status csv_workers(csv_job *job) {
    if (job->workers) return KEN_OK;
    job->n_workers = KEN_MAX(ken_ctx_threads(job->ctx), 1);
    KEN_TRY(KEN_ALLOC(job->ctx, csv_worker, job->n_workers, &job->workers));
    for (int w = 0; w < job->n_workers; w++) {
        KEN_TRY(KEN_ALLOC(job->ctx, csv_dict, job->n_cols, &job->workers[w].dicts));
        KEN_TRY(KEN_ALLOC(job->ctx, uint32_t, CSV_PIECE + 8, &job->workers[w].ends));
        KEN_TRY(KEN_ALLOC(job->ctx, uint32_t, CSV_PIECE + 8, &job->workers[w].first));
    }
    return KEN_OK;
}

static int64_t csv_level_limit(const csv_job *job, const csv_column *c, int64_t rows) {
    if (c->forced == CSV_AS_CATEGORY) return INT32_MAX - 1;
    if (job->max_levels > 0) return job->max_levels;
    return KEN_MAX(CSV_FEW_LEVELS, KEN_MIN(CSV_MOST_LEVELS, rows / 4));
}

static ken_status csv_first_modes(csv_job *job) {
    csv_forget(job);
    for (int j = 0; j < job->n_cols; j++) {
        csv_column *c = &job->columns[j];
        c->flags = c->seen;
        c->mode = c->forced >= 0 ? (csv_mode)c->forced : ken__csv_mode_of(c->seen);
        if (c->forced < 0 && c->mode == CSV_AS_CATEGORY && c->varied) c->mode = CSV_AS_STRING;
        c->settled = c->forced >= 0;
        c->many = c->forced == CSV_AS_STRING;
        c->max_levels = csv_level_limit(job, c, job->n_rows);
        KEN_TRY(csv_storage(job, c));
    }
    const int64_t n = (int64_t)job->n_ranges * job->n_cols;
    KEN_TRY(KEN_ALLOC(job->ctx, csv_piece, n, &job->pieces));
    for (int64_t i = 0; i < n; i++) job->pieces[i].todo = true;
    job->round = 0;
    return KEN_OK;
}

static ken_status csv_check_refused(csv_job *job) {
    for (int i = 0; i < job->n_ranges; i++)
        for (int j = 0; j < job->n_cols; j++) {
            const csv_piece *p = &job->pieces[(int64_t)i * job->n_cols + j];
            if (p->refused_at < 0) continue;
            static const char *const names[] = {"f64",  "i64",      "bool",
                                                "time", "time:dmy", "time:mdy"};
            (void)KEN_FAIL(job->ctx, KEN_E_TYPE, "correct the cell, or ask for another type",
                           "csv: '%.*s' in column '%s' is not of type %s",
                           (int)KEN_MIN(p->refused_size, 60u), job->text + p->refused_at,
                           job->columns[j].name, names[job->columns[j].forced]);
            return ken__csv_point(job, p->refused_at, KEN_E_TYPE);
        }
    return KEN_OK;
}

/* --- what the columns are --------------------------------------------------------------------- */
static csv_piece *csv_piece_of(const csv_job *job, int range, int j) {
    return &job->pieces[(int64_t)range * job->n_cols + j];
}

static void csv_gather_column(csv_job *job, int j) {
    csv_column *c = &job->columns[j];
    c->missing = 0;
    for (int r = 0; r < job->n_ranges; r++) {
        c->flags |= csv_piece_of(job, r, j)->flags;
        c->missing += csv_piece_of(job, r, j)->missing;
    }
}

static csv_mode csv_decide(const csv_column *c) {
    csv_mode mode = ken__csv_mode_of(c->flags);
    if (c->forced >= 0) return (csv_mode)c->forced;
    if ((c->flags & ~(uint32_t)CSV_WORD) == CSV_SLASH)
        mode = CSV_AS_CATEGORY; /* day or month first? nothing tells */
    if (!ken__csv_is_text(mode)) return mode;
    if (c->many) return CSV_AS_STRING;
    return ken__csv_is_text(c->mode) ? c->mode : CSV_AS_CATEGORY;
}

/* Category or string, once all texts were seen. */
static ken_status csv_settle(csv_job *job, int j) {
    csv_column *c = &job->columns[j];
    int64_t n_keys = 0;
    if (!ken__csv_is_text(c->mode) || c->settled) return KEN_OK;
    c->settled = true;
    if (c->many) return KEN_OK;
    KEN_TRY(ken__csv_levels(job, j, NULL, &n_keys));
    if (n_keys > csv_level_limit(job, c, job->n_rows - c->missing)) {
        c->many = true;
        c->mode = CSV_AS_STRING;
    } else {
        c->mode = CSV_AS_CATEGORY;
    }
    return KEN_OK;
}

/* Marks what must be read again; *any: something must. */
static ken_status csv_plan_column(csv_job *job, int j, bool *any) {
    csv_column *c = &job->columns[j];
    bool todo = false;
    csv_gather_column(job, j);
    c->mode = csv_decide(c);
    for (int pass = 0; pass < 2 && !todo; pass++) {
        if (pass == 1) KEN_TRY(csv_settle(job, j));
        for (int r = 0; r < job->n_ranges; r++) {
            csv_piece *p = csv_piece_of(job, r, j);
            p->todo = p->broken || p->mode != (uint8_t)c->mode;
            todo |= p->todo;
        }
    }
    if (!todo) return KEN_OK;
    *any = true;
    if (csv_item(c->mode) != c->item) /* what was read is lost */
        for (int r = 0; r < job->n_ranges; r++) csv_piece_of(job, r, j)->todo = true;
    return csv_storage(job, c);
}

static ken_status csv_rounds(csv_job *job) {
    for (;;) {
        bool any = false;
        for (int j = 0; j < job->n_cols; j++) KEN_TRY(csv_plan_column(job, j, &any));
        if (!any) return KEN_OK;
        job->round++;
        KEN_TRY(ken__csv_parse_round(job, NULL, NULL));
    }
}

/* --- all rows, then all types ----------------------------------------------------------------- */
typedef struct csv_digest {
    const ken_kernels *k;
    const void *data;
    size_t size;
    uint8_t *sha256;
} csv_digest;

static void csv_hash(void *arg) {
    const csv_digest *d = arg;
    const size_t whole = d->size / 64 * 64;
    ken_sha256 sha;
    ken_sha256_begin(&sha);
    if (d->k->sha256_blocks(sha.state, d->data, (int64_t)(whole / 64))) {
        sha.size = whole;
        ken_sha256_add(&sha, (const char *)d->data + whole, d->size - whole);
    } else {
        ken_sha256_add(&sha, d->data, d->size);
    }
    ken_sha256_end(&sha, d->sha256);
}

static ken_status csv_count_rows(csv_job *job) {
    int64_t rows = 0;
    bool exact = job->skip_bad && job->max_rows;
    for (int i = 0; i < job->n_ranges; i++) rows += job->ranges[i].rows;
    /* More lines than rows can be: some are bad, and nothing should be made for them. */
    exact |= job->n_cols > 1 && rows > (job->size - job->body) / job->n_cols + 1;
    if (!exact) return KEN_OK;
    job->count_only = true;
    const ken_status status = ken__csv_parse_round(job, NULL, NULL);
    job->count_only = false;
    KEN_TRY(status);
    if (ken__csv_needs_slow(job)) return KEN_OK;
    KEN_TRY(csv_check_rows(job));
    (void)csv_rows_differ(job);
    return KEN_OK;
}

static ken_status csv_first_round(csv_job *job, csv_digest *digest) {
    for (int attempt = 0;; attempt++) {
        csv_number_rows(job);
        KEN_TRY(csv_first_modes(job));
        KEN_TRY(ken__csv_parse_round(job, digest->sha256 ? csv_hash : NULL, digest));
        digest->sha256 = NULL;
        if (ken__csv_needs_slow(job)) return KEN_OK;
        KEN_TRY(csv_check_rows(job));
        if (!csv_rows_differ(job)) return KEN_OK;
        if (attempt == 2)
            return KEN_FAIL(job->ctx, KEN_E_BUG, "please report this file",
                            "csv: rows cannot be counted");
    }
}

static ken_status csv_read_rows(csv_job *job, csv_digest *digest) {
    KEN_TRY(csv_workers(job));
    for (;;) {
        KEN_TRY(ken__csv_ranges(job));
        KEN_TRY(csv_count_rows(job));
        if (!ken__csv_needs_slow(job)) KEN_TRY(csv_first_round(job, digest));
        if (!ken__csv_needs_slow(job)) break;
        if (job->dialect.slow)
            return KEN_FAIL(job->ctx, KEN_E_BUG, NULL, "csv: quotes make no sense");
        job->dialect.slow = true;
        job->max_cell = KEN_MIN(job->max_cell, (int64_t)CSV_PACK_SIZE - 1);
    }
    KEN_TRY(csv_check_refused(job));
    KEN_TRY(csv_rounds(job));
    return csv_check_refused(job);
}

/* --- the table -------------------------------------------------------------------------------- */
static void csv_warn_type(const csv_job *job, const csv_column *c) {
    if (c->forced >= 0 || (c->flags & CSV_TEXT)) return;
    if (c->flags & CSV_BIG)
        ken_warn(
            job->ctx,
            "%s: column '%s' has whole numbers beyond 64 bits; it is kept as text, to lose none",
            job->name, c->name);
    if ((c->flags & ~(uint32_t)CSV_WORD) == CSV_SLASH)
        ken_warn(
            job->ctx,
            "%s: dates of column '%s' could be day/month or month/day; they are kept as text: say "
            "%s=time:dmy or %s=time:mdy",
            job->name, c->name, c->name, c->name);
}

static ken_dtype csv_dtype(csv_mode mode) {
    static const ken_dtype types[] = {KEN_F64,  KEN_I64,  KEN_BOOL,     KEN_TIME,
                                      KEN_TIME, KEN_TIME, KEN_CATEGORY, KEN_STRING};
    return types[mode];
}

static ken_status csv_add_column(csv_job *job, int j, ken_table *table) {
    csv_column *c = &job->columns[j];
    ken_column out = {c->name, csv_dtype(c->mode), job->n_rows, NULL, 1, NULL, {0, NULL, NULL}, j};
    int64_t n_keys;
    if (c->mode == CSV_AS_I64 && c->forced < 0 && c->missing == job->n_rows) { /* no value at all */
        out.dtype = KEN_F64;
        for (int64_t i = 0; i < job->n_rows; i++) ((double *)c->data)[i] = (double)NAN;
    }
    csv_warn_type(job, c);
    if (c->mode == CSV_AS_CATEGORY) {
        KEN_TRY(ken__csv_levels(job, j, &out.text, &n_keys));
        const ken_status status = ken__csv_recode(job, j);
        if (status != KEN_OK) {
            ken__csv_release(job, (void *)(uintptr_t)out.text.offset);
            ken__csv_release(job, (void *)(uintptr_t)out.text.bytes);
            return status;
        }
    }
    if (c->mode == CSV_AS_STRING) KEN_TRY(ken__csv_strings(job, j, &out.text));
    out.data = c->data;
    c->data = NULL;
    if (c->missing > 0) {
        out.valid = c->valid;
        c->valid = NULL;
    }
    ken__csv_release(job, c->valid);
    c->valid = NULL;
    return ken_table_add_adopt(job->ctx, table, &out);
}

static ken_status csv_table(csv_job *job, ken_table **out) {
    ken_table *table = NULL;
    ken_status status = ken_table_new(job->ctx, job->n_rows, &table);
    for (int j = 0; j < job->n_cols && status == KEN_OK; j++)
        status = csv_add_column(job, j, table);
    if (status != KEN_OK) {
        ken_table_free(table);
        return status;
    }
    *out = table;
    return KEN_OK;
}

static void csv_count_bad(csv_job *job) {
    job->bad_rows = job->first_bad = 0;
    for (int i = 0; i < job->n_ranges; i++) {
        if (job->ranges[i].bad && job->bad_rows == 0)
            job->first_bad = ken__csv_line(job, job->ranges[i].bad_at);
        job->bad_rows += job->ranges[i].bad;
    }
    if (job->bad_rows)
        ken_warn(job->ctx, "%s: %lld row%s left out that had not %d cells, the first in line %lld",
                 job->name, (long long)job->bad_rows, job->bad_rows == 1 ? "" : "s", job->n_cols,
                 (long long)job->first_bad);
}

/* --- bytes ------------------------------------------------------------------------------------ */
static ken_status csv_refuse_binary(csv_job *job) {
    const unsigned char *s = (const unsigned char *)job->text;
    const char *what = NULL, *hint = "give a table in text (UTF-8)";
    if (job->size >= 2 && ((s[0] == 0xFF && s[1] == 0xFE) || (s[0] == 0xFE && s[1] == 0xFF)))
        what = "UTF-16", hint = "save it as UTF-8 (iconv -f UTF-16 -t UTF-8)";
    else if (job->size >= 4 && memcmp(s, "PK\003\004", 4) == 0)
        what = "a zip archive or a spreadsheet", hint = "unpack it, or save the sheet as CSV";
    else if (job->size >= 4 && memcmp(s, "PAR1", 4) == 0)
        what = "a Parquet file", hint = "convert it to CSV";
    if (!what) return KEN_OK;
    (void)KEN_FAIL(job->ctx, KEN_E_FORMAT, hint, "csv: '%s' is %s", job->name, what);
    return ken__csv_point(job, 0, KEN_E_FORMAT);
}

static ken_status
csv_refuse_head(csv_job *job) { /* the header; the rest is looked at in parallel */
    const char *nul = memchr(job->text, 0, (size_t)job->body);
    const size_t good = ken_utf8_valid(job->text, (size_t)job->body);
    if (nul) {
        (void)KEN_FAIL(job->ctx, KEN_E_FORMAT, "give a table in text (UTF-8), not a binary file",
                       "csv: a byte of value 0: this is no text, or it is UTF-16");
        return ken__csv_point(job, nul - job->text, KEN_E_FORMAT);
    }
    if (good == (size_t)job->body) return KEN_OK;
    (void)KEN_FAIL(job->ctx, KEN_E_FORMAT, "save the table as UTF-8 (iconv -f LATIN1 -t UTF-8)",
                   "csv: byte 0x%02X is not UTF-8", (unsigned)(unsigned char)job->text[good]);
    return ken__csv_point(job, (int64_t)good, KEN_E_FORMAT);
}

static void csv_free(csv_job *job) {
    csv_forget(job);
    for (int j = 0; j < job->n_cols && job->columns; j++) ken_free(job->ctx, job->columns[j].name);
    for (int w = 0; w < job->n_workers && job->workers; w++) {
        ken_free(job->ctx, job->workers[w].dicts);
        ken_free(job->ctx, job->workers[w].ends);
        ken_free(job->ctx, job->workers[w].first);
        ken__csv_release(job, job->workers[w].pos);
    }
    ken_free(job->ctx, job->workers);
    ken_free(job->ctx, job->columns);
    ken_free(job->ctx, job->ranges);
    ken_free(job->ctx, job->tail);
}

static ken_status csv_run(csv_job *job, const ken_csv_options *o, csv_digest *digest,
                          ken_table **out) {
    KEN_TRY(csv_refuse_binary(job));
    if (job->size >= 3 && memcmp(job->text, "\xEF\xBB\xBF", 3) == 0) job->text += 3, job->size -= 3;
    KEN_TRY(ken__csv_missing_words(job->ctx, o->missing, &job->missing));
    KEN_TRY(ken__csv_sniff(job, o));
    KEN_TRY(csv_refuse_head(job));
    KEN_TRY(ken__csv_force_types(job, o->types));
    KEN_TRY(csv_read_rows(job, digest));
    if (digest->sha256) csv_hash(digest); /* no rows: no round */
    csv_count_bad(job);
    return csv_table(job, out);
}

static ken_status csv_check_options(ken_ctx *ctx, const ken_csv_options *o) {
    const char d = o->delimiter;
    if (d == '\n' || d == '\r' || d == '"' || (d && d == o->quote) || d < 0)
        return KEN_FAIL(ctx, KEN_E_ARG,
                        "use a comma, a semicolon, a tab or another ASCII character",
                        "csv: byte 0x%02X cannot delimit cells", (unsigned)(unsigned char)d);
    if (o->decimal && o->decimal != '.' && o->decimal != ',')
        return KEN_FAIL(ctx, KEN_E_ARG, "use '.' or ','", "csv: '%c' is no decimal mark",
                        o->decimal);
    if (o->max_rows < 0 || o->max_levels < 0)
        return KEN_FAIL(ctx, KEN_E_ARG, "use 0 for no limit", "csv: a limit is negative");
    return KEN_OK;
}

static ken_status csv_plain(ken_ctx *ctx, const char *name, const char *bytes, size_t size,
                            const ken_csv_options *o, ken_csv_info *info, csv_digest *digest,
                            ken_table **out) {
    const size_t max_cell = ken_ctx_get_options(ctx)->max_cell_bytes;
    csv_job job = {0};
    KEN_TRY(csv_check_options(ctx, o));
    if ((uint64_t)size >> 38)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "split the file", "csv: '%s' has more than 256 GiB",
                        name);
    job.ctx = ctx;
    job.k = ken_ctx_kernels(ctx);
    job.alloc = ken_ctx_allocator(ctx);
    job.name = name;
    job.text = bytes;
    job.size = (int64_t)size;
    job.dialect.quote = o->quote == KEN_CSV_NO_QUOTE ? 0 : o->quote ? o->quote : '"';
    job.dialect.newline = '\n';
    job.max_cell = max_cell ? (int64_t)KEN_MIN(max_cell, (size_t)1 << 30) : (int64_t)16 << 20;
    job.max_rows = o->max_rows, job.max_levels = o->max_levels;
    job.skip_bad = o->skip_bad_rows;
    atomic_flag_clear(&job.lock);
    const ken_status status = csv_run(&job, o, digest, out);
    if (status == KEN_OK && info) {
        info->delimiter = job.dialect.delimiter, info->decimal = job.dialect.decimal;
        info->header = job.header;
        info->rows = job.n_rows, info->bad_rows = job.bad_rows,
        info->first_bad_line = job.first_bad;
    }
    csv_free(&job);
    return status;
}

/* --- the door --------------------------------------------------------------------------------- */
ken_status ken_csv_parse(ken_ctx *ctx, const char *name, const char *bytes, size_t size,
                         const ken_csv_options *options, ken_csv_info *info, ken_table **out) {
    static const ken_csv_options defaults = KEN_CSV_DEFAULTS;
    const ken_csv_options *o = options ? options : &defaults;
    csv_digest digest = {ken_ctx_kernels(ctx), bytes, size, info ? info->sha256 : NULL};
    char *plain = NULL;
    size_t plain_size = 0;
    *out = NULL;
    if (info) memset(info, 0, sizeof(*info));
    if (size < 2 || memcmp(bytes, "\x1f\x8b", 2) != 0)
        return csv_plain(ctx, name, bytes, size, o, info, &digest, out);
    ken_status status = ken__csv_unpack(ctx, name, bytes, size, &plain, &plain_size);
    if (status == KEN_OK) status = csv_plain(ctx, name, plain, plain_size, o, info, &digest, out);
    ken_free(ctx, plain);
    return status;
}

ken_status ken_csv_read(ken_ctx *ctx, const char *path, const ken_csv_options *options,
                        ken_csv_info *info, ken_table **out) {
    ken_file_bytes file;
    *out = NULL;
    KEN_TRY(ken_file_open(ctx, path, &file));
    const ken_status status = ken_csv_parse(ctx, path, file.data, file.size, options, info, out);
    ken_file_close(ctx, &file);
    return status;
}
