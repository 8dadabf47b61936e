/* The cells of a range into columns. The range is indexed a piece at a time; then each column is
 * parsed on its own over the rows of the piece, so that its loop knows what it reads. A cell that
 * is not what the column was taken for adds its bit to the column's flags; csv.c looks at them
 * after the round and has the piece parsed again as what it is. */
#include <math.h>
#include <string.h>

#include "ken/io/csv/csv_parts.h"

typedef struct csv_parse_batch {
    csv_job *job;
    csv_range *range;
    csv_worker *w;
    int worker;
    csv_column *column;
    csv_piece *piece;
    int64_t row; /* in the table, of the first span */
    int n;
    int64_t edge_low, edge_high; /* bytes of the bitmap shared with other ranges */
} csv_parse_batch;

/* --- missing cells ------------------------------------------------------------------------------
 */
static void csv_parse_clear(const csv_parse_batch *b, int64_t row) {
    uint8_t *byte = b->column->valid + (row >> 3);
    const uint8_t mask = (uint8_t)~(1u << (row & 7));
    if ((row >> 3) == b->edge_low || (row >> 3) == b->edge_high)
        atomic_fetch_and_explicit((_Atomic uint8_t *)byte, mask, memory_order_relaxed);
    else
        *byte &= mask;
}

static void csv_parse_set_all(const csv_parse_batch *b, int64_t row, int64_t n) {
    for (int64_t i = row; i < row + n;) {
        uint8_t *byte = b->column->valid + (i >> 3);
        if ((i & 7) == 0 && i + 8 <= row + n) {
            *byte = 0xFF;
            i += 8;
        } else {
            atomic_fetch_or_explicit((_Atomic uint8_t *)byte, (uint8_t)(1u << (i & 7)),
                                     memory_order_relaxed);
            i++;
        }
    }
}

static void csv_parse_missing(const csv_parse_batch *b, int i) {
    csv_parse_clear(b, b->row + i);
    b->piece->missing++;
}

/* --- a cell that the fast loops do not take ------------------------------------------------------
 */
static bool csv_parse_value(const csv_parse_batch *b, csv_cell cell, int i) {
    const csv_mode mode = (csv_mode)b->piece->mode;
    const int64_t row = b->row + i;
    double f = 0;
    int64_t v = 0;
    uint32_t flags;
    if (mode == CSV_AS_BOOL) {
        const int truth = ken__csv_bool(cell.text, cell.size);
        if (truth >= 0) ((uint8_t *)b->column->data)[row] = (uint8_t)truth;
        return truth >= 0;
    }
    if (mode == CSV_AS_ISO || mode == CSV_AS_DMY || mode == CSV_AS_MDY) {
        flags = ken__csv_time(cell.text, cell.size, mode == CSV_AS_DMY, &v);
        ((int64_t *)b->column->data)[row] = v;
        if (mode == CSV_AS_ISO) return flags == CSV_ISO;
        b->piece->flags |= flags; /* whether some cell tells day from month */
        return flags == CSV_SLASH || flags == (mode == CSV_AS_DMY ? CSV_DMY : CSV_MDY);
    }
    flags = ken__csv_number(b->job->dialect.decimal, cell.text, cell.size, &f, &v);
    if (b->column->forced >= 0 && (flags & (CSV_ZEROS | CSV_BIG))) { /* asked for: read it anyway */
        const bool whole = ken_parse_i64(cell.text, cell.size, &v, NULL);
        if (!whole && !ken_parse_f64(cell.text, cell.size, &f)) return false;
        flags = whole ? CSV_INT : CSV_FLOAT;
    }
    if (mode == CSV_AS_I64) {
        ((int64_t *)b->column->data)[row] = v;
        return flags == CSV_INT;
    }
    if (flags == CSV_INT) f = (double)v;
    ((double *)b->column->data)[row] = f;
    if (flags == CSV_FLOAT && f != f) csv_parse_missing(b, i); /* some spelling of NaN */
    return flags == CSV_INT || flags == CSV_FLOAT;
}

static void csv_parse_zero(const csv_parse_batch *b, int i) {
    const int64_t row = b->row + i;
    if (b->piece->mode == CSV_AS_F64)
        ((double *)b->column->data)[row] = (double)NAN;
    else
        memset((char *)b->column->data + (size_t)row * b->column->item, 0, b->column->item);
}

/* What it is, where it is not what it should be. */
static void csv_parse_odd(csv_parse_batch *b, const char *s, uint32_t n, int i) {
    const uint32_t flags = ken__csv_classify(&b->job->dialect, &b->job->missing, s, n);
    if (b->column->forced >= 0) {
        if (b->piece->refused_at < 0) {
            b->piece->refused_at = b->range->begin + (s - b->range->text);
            b->piece->refused_size = n;
        }
        csv_parse_zero(b, i);
        return;
    }
    b->piece->flags |= flags;
    b->piece->broken = true;
    atomic_fetch_or_explicit(&b->column->flags, flags, memory_order_relaxed);
}

static void csv_parse_slow(csv_parse_batch *b, int i) {
    const ken_span span = b->w->span[i];
    if (span.size == 0 && !b->piece->broken) {
        csv_parse_zero(b, i);
        csv_parse_missing(b, i);
        return;
    }
    const char *s = b->range->text + span.start;
    const csv_cell cell = ken__csv_cell(&b->job->dialect, s, span.size);
    if (ken__csv_is_missing(&b->job->missing, cell.text, cell.size)) {
        if (cell.quoted && cell.size) b->piece->flags |= CSV_WORD;
        if (b->piece->broken) return;
        csv_parse_zero(b, i);
        csv_parse_missing(b, i);
        return;
    }
    if (b->piece->broken || !csv_parse_value(b, cell, i)) csv_parse_odd(b, s, span.size, i);
}

/* --- one column over the spans of a batch ----------------------------------------------------- */
/* A quoted cell without its quotes; false: it has none. */
static inline bool csv_parse_unquote(const csv_parse_batch *b, const char **s, uint32_t *n) {
    const csv_dialect *d = &b->job->dialect;
    if (d->slow || !d->quote || *n < 3 || **s != d->quote || (*s)[*n - 1] != d->quote) return false;
    ++*s, *n -= 2;
    return true;
}

/* The loops of the common shapes: FAST(text, size, i) takes a cell or leaves it to csv_parse_slow.
 */
#define CSV_PARSE_LOOP(b, FAST)                                                                    \
    for (int i = 0; i < (b)->n; i++) {                                                             \
        const ken_span span = (b)->w->span[i];                                                     \
        const char *s = (b)->range->text + span.start;                                             \
        uint32_t n = span.size;                                                                    \
        if (KEN_LIKELY(FAST(s, n, i)) || (csv_parse_unquote(b, &s, &n) && FAST(s, n, i)))          \
            continue;                                                                              \
        csv_parse_slow(b, i);                                                                      \
    }

/* The kernel reads numbers up to one that it leaves to others. */
static void csv_parse_f64(csv_parse_batch *b) {
    const ken_kernels *k = b->job->k;
    const char *text = b->range->text, point = b->job->dialect.decimal;
    double *out = (double *)b->column->data + b->row;
    for (int i = 0; i < b->n; i++) {
        i += (int)k->read_decimals(text, b->w->span + i, b->n - i, point, out + i);
        if (i == b->n) break;
        ken_span span = b->w->span[i];
        const char *s = text + span.start;
        if (span.size && csv_parse_unquote(b, &s, &span.size)) {
            span.start++;
            if (k->read_decimals(text, &span, 1, point, out + i)) continue;
        }
        csv_parse_slow(b, i);
    }
}

static void csv_parse_i64(csv_parse_batch *b) {
    const ken_kernels *k = b->job->k;
    const char *text = b->range->text;
    int64_t *out = (int64_t *)b->column->data + b->row;
    for (int i = 0; i < b->n; i++) {
        i += (int)k->read_integers(text, b->w->span + i, b->n - i, out + i);
        if (i == b->n) break;
        ken_span span = b->w->span[i];
        const char *s = text + span.start;
        if (span.size && csv_parse_unquote(b, &s, &span.size)) {
            span.start++;
            if (k->read_integers(text, &span, 1, out + i)) continue;
        }
        csv_parse_slow(b, i);
    }
}

static void csv_parse_iso(csv_parse_batch *b) {
    int64_t *out = (int64_t *)b->column->data + b->row;
#define CSV_PARSE_ISO(s, n, i) ken__csv_time_fast(s, n, &out[i])
    CSV_PARSE_LOOP(b, CSV_PARSE_ISO)
}

static inline bool csv_parse_fast_bool(const char *s, uint32_t n, uint8_t *out) {
    const uint64_t word = ken__load_word(s) & csv_low_bytes(KEN_MIN(n, 8));
    *out = word == 0x65757274;            /* true */
    return *out || word == 0x65736c6166u; /* false */
}

static void csv_parse_bool(csv_parse_batch *b) {
    uint8_t *out = (uint8_t *)b->column->data + b->row;
#define CSV_PARSE_BOOL(s, n, i) csv_parse_fast_bool(s, n, &out[i])
    CSV_PARSE_LOOP(b, CSV_PARSE_BOOL)
}

static void csv_parse_others(csv_parse_batch *b) {
    for (int i = 0; i < b->n; i++) csv_parse_slow(b, i);
}

/* A text cell: false when missing. An unquoted one keeps its blanks. */
static inline bool csv_parse_text_cell(const csv_parse_batch *b, const char **s, uint32_t *n,
                                       bool *escaped) {
    const csv_dialect *d = &b->job->dialect;
    *escaped = false;
    if (*n >= 2 && **s == d->quote && (*s)[*n - 1] == d->quote && d->quote && !d->slow) {
        ++*s, *n -= 2;
        *escaped = csv_has(*s, *n, d->quote);
        return *n > 0;
    }
    if (*n && **s == d->quote && d->quote) {
        const csv_cell cell = ken__csv_cell(d, *s, *n);
        if (cell.quoted) {
            *s = cell.text, *n = cell.size;
            *escaped = memchr(cell.text, d->quote, cell.size) != NULL;
            return cell.size > 0;
        }
    }
    if (*n <= b->job->missing.longest && ken__csv_is_missing(&b->job->missing, *s, *n))
        return false;
    if (*n && (**s == ' ' || (*s)[*n - 1] == ' ')) {
        const csv_cell cell = ken__csv_cell(d, *s, *n);
        return !ken__csv_is_missing(&b->job->missing, cell.text, cell.size);
    }
    return *n > 0;
}

static void csv_parse_category(csv_parse_batch *b) {
    csv_dict *dict = &b->w->dicts[b->column - b->job->columns];
    int32_t *out = (int32_t *)b->column->data + b->row;
    for (int i = 0; i < b->n; i++) {
        const char *s = b->range->text + b->w->span[i].start;
        uint32_t n = b->w->span[i].size;
        bool escaped;
        out[i] = 0;
        if (!csv_parse_text_cell(b, &s, &n, &escaped)) {
            csv_parse_missing(b, i);
            continue;
        }
        const int32_t code = ken__csv_dict_add(b->job, dict, b->column->max_levels, s, n, escaped);
        if (code < 0) {
            atomic_store_explicit(&b->column->many, true, memory_order_relaxed);
            b->piece->broken = true;
            return;
        }
        out[i] = code;
    }
}

static uint32_t csv_parse_unescaped_size(const char *s, uint32_t n, char quote) {
    uint32_t size = n;
    for (uint32_t i = 0; i + 1 < n; i++)
        if (s[i] == quote) size--, i++;
    return size;
}

static void csv_parse_string(csv_parse_batch *b) {
    csv_dict *dict = &b->w->dicts[b->column - b->job->columns];
    uint64_t *out = (uint64_t *)b->column->data + b->row;
    bool probe =
        !b->column->settled && !atomic_load_explicit(&b->column->many, memory_order_relaxed);
    for (int i = 0; i < b->n; i++) {
        const char *s = b->range->text + b->w->span[i].start;
        uint32_t n = b->w->span[i].size;
        bool escaped;
        if (!csv_parse_text_cell(b, &s, &n, &escaped)) {
            csv_parse_missing(b, i);
            out[i] = 0;
            continue;
        }
        out[i] = csv_pack(b->range->begin + (s - b->range->text), n, escaped);
        b->piece->bytes += escaped ? csv_parse_unescaped_size(s, n, b->job->dialect.quote) : n;
        if (probe && ken__csv_dict_add(b->job, dict, b->column->max_levels, s, n, escaped) < 0) {
            atomic_store_explicit(&b->column->many, true, memory_order_relaxed);
            probe = false;
        }
    }
}

static void csv_parse_column(csv_parse_batch *b) {
    if (ken__csv_is_text((csv_mode)b->piece->mode)) {
        if (b->piece->broken) return;
        if (b->piece->mode == CSV_AS_CATEGORY)
            csv_parse_category(b);
        else
            csv_parse_string(b);
        return;
    }
    if (b->piece->broken) { /* only its type is of interest, and that is settled once it is text */
        if (!(b->piece->flags & CSV_TEXT)) csv_parse_others(b);
        return;
    }
    if (b->job->missing.digits)
        csv_parse_others(b); /* 9999 may be a missing cell: look at each */
    else if (b->piece->mode == CSV_AS_F64)
        csv_parse_f64(b);
    else if (b->piece->mode == CSV_AS_I64)
        csv_parse_i64(b);
    else if (b->piece->mode == CSV_AS_ISO)
        csv_parse_iso(b);
    else if (b->piece->mode == CSV_AS_BOOL)
        csv_parse_bool(b);
    else
        csv_parse_others(b);
}

/* --- the rows of a piece ---------------------------------------------------------------------- */
static bool csv_parse_row_blank(const csv_range *r, int64_t begin, int64_t end) {
    while (begin < end &&
           (r->text[begin] == ' ' || r->text[begin] == '\t' || r->text[begin] == '\r'))
        begin++;
    return begin == end;
}

static void csv_parse_bad_row(csv_range *r, int64_t begin, int64_t cell, int64_t fields) {
    if (r->bad++ == 0) {
        r->bad_at = r->begin + begin;
        r->bad_cell = r->begin + cell;
        r->bad_fields = fields;
    }
}

/* The longest cell of a row that is longer than a cell may be. */
static bool csv_parse_too_long(const csv_job *job, csv_range *r, const uint32_t *pos,
                               int64_t fields) {
    for (int64_t k = 0; k < fields; k++) {
        const int64_t size = (int64_t)pos[k] - (int64_t)(pos[k - 1] + 1);
        if (size > job->max_cell) {
            csv_parse_bad_row(r, pos[-1] + 1, pos[k - 1] + 1, -1);
            return true;
        }
    }
    return false;
}

/* Number of good rows of the piece; their first cells go to w->first. */
static int64_t csv_parse_rows(csv_job *job, csv_range *r, csv_worker *w, const ken_scan *scan) {
    int64_t from = 1, n = 0;
    for (int64_t e = 0; e < scan->n_ends; e++) {
        if (r->cut && r->good + n >= r->rows) break; /* what comes after is of no interest */
        const uint32_t *pos = w->pos + from;
        const int64_t last = w->ends[e], fields = last - from + 1;
        const uint32_t begin = w->pos[from - 1] + 1, end = w->pos[last];
        bool bad = false;
        if (KEN_UNLIKELY(end - begin > job->max_cell))
            bad = csv_parse_too_long(job, r, pos, fields);
        if (KEN_LIKELY(fields == job->n_cols && !bad && end > begin + 1)) {
            w->first[n++] = (uint32_t)from;
        } else if (!bad && fields == 1 && csv_parse_row_blank(r, begin, end) &&
                   (job->n_cols > 1 || end == begin ||
                    (end == begin + 1 && r->text[begin] == '\r'))) {
            /* a blank line */
        } else if (!bad && fields == job->n_cols) {
            w->first[n++] = (uint32_t)from;
        } else if (!bad) {
            csv_parse_bad_row(r, begin, fields > job->n_cols ? pos[job->n_cols - 1] : end, fields);
        }
        from = last + 1;
    }
    return n;
}

static void csv_parse_spans(const csv_job *job, const csv_range *r, csv_worker *w, int64_t first,
                            int n, int j) {
    const uint32_t *pos = w->pos + j;
    const uint32_t *rows = w->first + first;
    for (int i = 0; i < n; i++) {
        const uint32_t start = pos[(int64_t)rows[i] - 1] + 1;
        w->span[i] = (ken_span){start, pos[rows[i]] - start};
    }
    if (j < job->n_cols - 1 || !job->crlf) return;
    for (int i = 0; i < n; i++)
        if (w->span[i].size && r->text[w->span[i].start + w->span[i].size - 1] == '\r')
            w->span[i].size--;
}

static void csv_parse_piece(csv_job *job, csv_range *r, csv_worker *w, int worker, int64_t n_rows) {
    csv_piece *pieces = job->pieces + (r - job->ranges) * job->n_cols;
    n_rows = KEN_MIN(n_rows, r->rows - r->good);
    for (int64_t first = 0; first < n_rows; first += CSV_BATCH) {
        csv_parse_batch b = {job,
                             r,
                             w,
                             worker,
                             NULL,
                             NULL,
                             r->row + r->good + first,
                             (int)KEN_MIN(CSV_BATCH, n_rows - first),
                             r->row >> 3,
                             (r->row + r->rows - 1) >> 3};
        for (int j = 0; j < job->n_cols; j++) {
            if (!pieces[j].todo) continue;
            b.column = &job->columns[j];
            b.piece = &pieces[j];
            if (b.piece->broken &&
                (ken__csv_is_text((csv_mode)b.piece->mode) || (b.piece->flags & CSV_TEXT)))
                continue;
            csv_parse_spans(job, r, w, first, b.n, j);
            csv_parse_column(&b);
        }
    }
}

/* --- a range ---------------------------------------------------------------------------------- */
static bool csv_parse_room(csv_job *job, csv_worker *w, int64_t n_pos) {
    const int64_t need = n_pos + CSV_PIECE + 80;
    if (need <= w->pos_capacity) return true;
    const int64_t capacity = need + need / 2;
    uint32_t *pos = ken__csv_memory(job, (size_t)capacity, sizeof(uint32_t));
    if (!pos) return false;
    if (w->pos) memcpy(pos, w->pos, (size_t)n_pos * sizeof(uint32_t));
    ken__csv_release(job, w->pos);
    w->pos = pos;
    w->pos_capacity = capacity;
    return true;
}

static void csv_parse_index(csv_job *job, ken_scan *scan, csv_worker *w, const char *text,
                            int64_t n) {
    scan->pos = w->pos, scan->ends = w->ends, scan->n_ends = 0;
    if (job->dialect.slow)
        ken__csv_index_slow(scan, text, n);
    else
        job->k->scan_index(scan, text, n);
}

static void csv_parse_finish_piece(csv_job *job, csv_range *r, csv_worker *w, int worker,
                                   ken_scan *scan) {
    const int64_t n = csv_parse_rows(job, r, w, scan);
    if (!job->count_only) csv_parse_piece(job, r, w, worker, n);
    r->good += n;
    if (scan->n_ends == 0) return;
    const int64_t last = w->ends[scan->n_ends - 1];
    memmove(w->pos, w->pos + last, (size_t)(scan->n_pos - last) * sizeof(uint32_t));
    scan->n_pos -= last;
}

static void csv_parse_range(csv_job *job, csv_range *r, int worker) {
    csv_worker *w = &job->workers[worker];
    ken_scan scan = {0};
    scan.delimiter = job->dialect.delimiter, scan.newline = job->dialect.newline;
    scan.quote = job->dialect.quote;
    scan.carry = job->dialect.slow ? 0 : 1;
    r->good = r->bad = 0;
    r->bad_at = -1;
    if (!csv_parse_room(job, w, 1)) return;
    w->pos[0] = UINT32_MAX;
    scan.n_pos = 1;
    for (int64_t at = 0; at < r->size; at += CSV_PIECE) {
        if (!csv_parse_room(job, w, scan.n_pos)) return;
        csv_parse_index(job, &scan, w, r->text + at, KEN_MIN(CSV_PIECE, r->size - at));
        if (scan.irregular) {
            r->irregular = true;
            return;
        }
        if (at + CSV_PIECE >= r->size && r->text[r->size - 1] != job->dialect.newline) {
            w->ends[scan.n_ends++] = (uint32_t)scan.n_pos; /* the last line has no end */
            w->pos[scan.n_pos++] = (uint32_t)r->size;
        }
        csv_parse_finish_piece(job, r, w, worker, &scan);
        if (r->bad && (!job->skip_bad || r->bad_fields < 0)) return;
        if (r->cut && r->good >= r->rows) return;
    }
}

static void csv_parse_begin_pieces(csv_job *job, csv_range *r, int worker) {
    csv_piece *pieces = job->pieces + (r - job->ranges) * job->n_cols;
    for (int j = 0; j < job->n_cols; j++) {
        csv_piece *p = &pieces[j];
        csv_column *c = &job->columns[j];
        if (!p->todo) continue;
        const uint32_t flags = p->flags;
        memset(p, 0, sizeof(*p));
        p->flags = flags;
        p->todo = true;
        p->worker = (uint16_t)worker;
        p->mode = (uint8_t)c->mode;
        p->refused_at = -1;
        if (c->mode == CSV_AS_CATEGORY && atomic_load_explicit(&c->many, memory_order_relaxed))
            p->broken = true;
        if (!ken__csv_is_text(c->mode) && c->forced < 0 && /* known by now to be something else */
            ken__csv_mode_of(atomic_load_explicit(&c->flags, memory_order_relaxed)) != c->mode)
            p->broken = true;
        if (job->round > 0 && r->rows > 0) {
            csv_parse_batch b = {job, r, NULL, worker, c, p, 0, 0, 0, 0};
            csv_parse_set_all(&b, r->row, r->rows);
        }
    }
}

typedef struct csv_parse_job {
    csv_job *job;
    void (*beside)(void *);
    void *arg;
} csv_parse_job;

static void csv_parse_block(void *arg, int64_t begin, int64_t end, int worker) {
    const csv_parse_job *p = arg;
    csv_job *job = p->job;
    for (int64_t block = begin; block < end; block++) {
        int64_t r = block;
        if (p->beside && r-- == 0) {
            p->beside(p->arg);
            continue;
        }
        bool todo = job->count_only;
        for (int j = 0; j < job->n_cols && !todo; j++) todo = job->pieces[r * job->n_cols + j].todo;
        if (!todo || atomic_load_explicit(&job->no_memory, memory_order_relaxed)) continue;
        if (!job->count_only) csv_parse_begin_pieces(job, &job->ranges[r], worker);
        csv_parse_range(job, &job->ranges[r], worker);
    }
}

ken_status ken__csv_parse_round(csv_job *job, void (*beside)(void *), void *arg) {
    csv_parse_job p = {job, beside, arg};
    KEN_TRY(ken_parallel(job->ctx, job->n_ranges + (beside != NULL), 1, csv_parse_block, &p));
    if (job->no_memory)
        return KEN_FAIL(job->ctx, KEN_E_NOMEM, "free some memory, or read fewer rows",
                        "csv: out of memory while reading '%s'", job->name);
    return KEN_OK;
}
