/* Cuts the text into ranges of whole rows, one a megabyte or so: the cuts depend on the text alone.
 * Each chunk is surveyed as if it began outside and as if it began inside quotes; the count of
 * quotes before it then says which was true. Where quotes stand in the middle of cells, counting is
 * wrong, and a state machine reads the whole text instead. Next: csv_parse.c. */
#include <string.h>

#include "ken/core/text.h"
#include "ken/io/csv/csv_parts.h"

typedef struct csv_scan_job {
    csv_job *job;
    ken_survey *survey; /* one a chunk */
    _Atomic bool bad_utf8, nul;
} csv_scan_job;

static int64_t csv_scan_body_size(const csv_job *job) { return job->size - job->body; }

/* A character that spans two chunks belongs to the first. */
static bool csv_scan_utf8_ok(const csv_job *job, int64_t begin, int64_t end) {
    const char *s = job->text;
    for (int k = 0; begin > 0 && k < 3 && begin < end && ((unsigned char)s[begin] & 0xC0) == 0x80;
         k++)
        begin++;
    for (int k = 0; k < 3 && end < job->size && ((unsigned char)s[end] & 0xC0) == 0x80; k++) end++;
    return ken_utf8_valid(s + begin, (size_t)(end - begin)) == (size_t)(end - begin);
}

static void csv_scan_chunk(void *arg, int64_t first, int64_t last, int worker) {
    csv_scan_job *scan = arg;
    const csv_job *job = scan->job;
    (void)worker;
    for (int64_t c = first; c < last; c++) {
        const int64_t begin = job->body + c * CSV_CHUNK,
                      end = KEN_MIN(begin + CSV_CHUNK, job->size);
        ken_survey *s = &scan->survey[c];
        const char newline = job->dialect.newline;
        memset(s, 0, sizeof(*s));
        s->quote = job->dialect.quote, s->newline = newline;
        s->first[0] = s->first[1] = -1;
        if (c == 0 || job->text[begin - 1] == newline)
            s->carry = 1;
        else if (job->text[begin - 1] == '\r' && begin >= job->body + 2 &&
                 job->text[begin - 2] == newline)
            s->carry = 2;
        job->k->scan_survey(s, job->text + begin, end - begin);
        if (s->nul) scan->nul = true;
        if (s->non_ascii && !csv_scan_utf8_ok(job, begin, end)) scan->bad_utf8 = true;
    }
}

static ken_status csv_scan_refuse_nul(csv_job *job) {
    const char *nul = memchr(job->text, 0, (size_t)job->size);
    (void)KEN_FAIL(job->ctx, KEN_E_FORMAT, "give a table in text (UTF-8), not a binary file",
                   "csv: a byte of value 0: this is no text%s",
                   nul && nul - job->text < 4 ? ", or it is UTF-16; save it as UTF-8" : "");
    return ken__csv_point(job, nul ? nul - job->text : 0, KEN_E_FORMAT);
}

static ken_status csv_scan_refuse_utf8(csv_job *job) {
    const int64_t at = (int64_t)ken_utf8_valid(job->text, (size_t)job->size);
    (void)KEN_FAIL(job->ctx, KEN_E_FORMAT, "save the table as UTF-8 (iconv -f LATIN1 -t UTF-8)",
                   "csv: byte 0x%02X is not UTF-8", (unsigned)(unsigned char)job->text[at]);
    return ken__csv_point(job, at, KEN_E_FORMAT);
}

static ken_status csv_scan_add_range(csv_job *job, int64_t begin, int64_t end, int64_t rows) {
    csv_range *r = &job->ranges[job->n_ranges];
    if (end - begin > INT32_MAX - CSV_PIECE) {
        (void)KEN_FAIL(job->ctx, KEN_E_LIMIT, "look for a quote that is never closed",
                       "csv: a row has more than 2 GiB");
        return ken__csv_point(job, begin, KEN_E_LIMIT);
    }
    memset(r, 0, sizeof(*r));
    r->text = job->text + begin;
    r->begin = begin;
    r->size = end - begin;
    r->rows = rows;
    job->n_ranges++;
    return KEN_OK;
}

/* Ranges begin after the first end of a line of a chunk. */
static ken_status csv_scan_join(csv_job *job, const ken_survey *survey, int64_t n_chunks,
                                bool *odd) {
    int64_t begin = job->body, rows = 0, quotes = 0;
    for (int64_t c = 0; c < n_chunks; c++) {
        const int side = (int)(quotes & 1);
        const ken_survey *s = &survey[c];
        if (c > 0 && s->first[side] >= 0) {
            const int64_t cut = job->body + c * CSV_CHUNK + s->first[side] + 1;
            KEN_TRY(csv_scan_add_range(job, begin, cut, rows + s->first_is_row[side]));
            begin = cut;
            rows = -(int64_t)s->first_is_row[side];
        }
        rows += s->rows[side];
        quotes += s->quotes;
    }
    *odd = quotes & 1;
    if (begin < job->size) { /* a last line without its end */
        const char last = job->text[job->size - 1];
        const bool blank =
            last == '\r' && (job->size == 1 || job->text[job->size - 2] == job->dialect.newline);
        if (last != job->dialect.newline && !blank) rows++;
        KEN_TRY(csv_scan_add_range(job, begin, job->size, rows));
    }
    return KEN_OK;
}

/* --- where quotes stand anywhere ----------------------------------------------------------------
 */
enum { CSV_SCAN_START = 0, CSV_SCAN_PLAIN, CSV_SCAN_QUOTED, CSV_SCAN_CLOSED };

static inline int csv_scan_step(int state, char c, char quote, bool separator) {
    if (state == CSV_SCAN_QUOTED) return c == quote ? CSV_SCAN_CLOSED : CSV_SCAN_QUOTED;
    if (state == CSV_SCAN_CLOSED && c == quote) return CSV_SCAN_QUOTED;
    if (separator) return CSV_SCAN_START;
    if (state == CSV_SCAN_START && c == quote && quote) return CSV_SCAN_QUOTED;
    return state == CSV_SCAN_CLOSED ? CSV_SCAN_CLOSED : CSV_SCAN_PLAIN;
}

int64_t ken__csv_index_slow(ken_scan *s, const char *text, int64_t n) {
    int state = (int)s->inside;
    for (int64_t i = 0; i < n; i++) {
        const char c = text[i];
        const bool separator = c == s->delimiter || c == s->newline;
        /* after text behind a closing quote, a quote is plain */
        if (state == CSV_SCAN_CLOSED && c != s->quote && !separator && c != ' ' && c != '\r')
            state = CSV_SCAN_PLAIN;
        state = csv_scan_step(state, c, s->quote, separator);
        if (separator && state == CSV_SCAN_START) {
            if (c == s->newline) s->ends[s->n_ends++] = (uint32_t)s->n_pos;
            s->pos[s->n_pos++] = s->at + (uint32_t)i;
        }
    }
    s->at += (uint32_t)n;
    s->inside = (uint64_t)state;
    return s->n_pos;
}

static ken_status csv_scan_refuse_open(csv_job *job, int64_t at) {
    (void)KEN_FAIL(
        job->ctx, KEN_E_FORMAT,
        "close the quote, or read the table without quoting if quotes are plain text in it",
        "csv: the quote that opens here is never closed");
    return ken__csv_point(job, at, KEN_E_FORMAT);
}

static ken_status csv_scan_slow(csv_job *job) {
    const csv_dialect *d = &job->dialect;
    int64_t begin = job->body, line = job->body, rows = 0, opened = 0;
    int state = CSV_SCAN_START;
    for (int64_t i = job->body; i < job->size; i++) {
        const char c = job->text[i];
        const bool separator = c == d->delimiter || c == d->newline;
        if (state == CSV_SCAN_CLOSED && c != d->quote && !separator && c != ' ' && c != '\r')
            state = CSV_SCAN_PLAIN;
        const int next = csv_scan_step(state, c, d->quote, separator);
        if (next == CSV_SCAN_QUOTED && state == CSV_SCAN_START) opened = i;
        state = next;
        if (c != d->newline || state != CSV_SCAN_START) continue;
        rows += i > line && !(i == line + 1 && job->text[line] == '\r');
        line = i + 1;
        if (line - begin < CSV_CHUNK) continue;
        KEN_TRY(csv_scan_add_range(job, begin, line, rows));
        begin = line;
        rows = 0;
        KEN_TRY(ken_check_cancel(job->ctx));
    }
    if (state == CSV_SCAN_QUOTED) return csv_scan_refuse_open(job, opened);
    rows += job->size > line && !(job->size == line + 1 && job->text[line] == '\r');
    return begin < job->size ? csv_scan_add_range(job, begin, job->size, rows) : KEN_OK;
}

/* A padded copy of the last range: what is read past a cell must be there. */
static ken_status csv_scan_copy_tail(csv_job *job) {
    if (job->n_ranges == 0) return KEN_OK;
    csv_range *r = &job->ranges[job->n_ranges - 1];
    if (job->n_ranges > 1 &&
        r->size < (int64_t)CSV_PAD) { /* too short to be the padding of another */
        r[-1].size += r->size;
        r[-1].rows += r->rows;
        job->n_ranges--;
        r--;
    }
    ken__csv_release(job, job->tail);
    KEN_TRY(KEN_ALLOC(job->ctx, char, (size_t)r->size + CSV_PAD, &job->tail));
    memcpy(job->tail, r->text, (size_t)r->size);
    r->text = job->tail;
    return KEN_OK;
}

static ken_status csv_scan_all(csv_job *job, csv_scan_job *scan, int64_t n_chunks) {
    bool odd = false;
    ken_free(job->ctx, job->ranges);
    job->ranges = NULL;
    job->n_ranges = 0;
    KEN_TRY(KEN_ALLOC(job->ctx, csv_range, n_chunks + 1, &job->ranges));
    if (scan->survey) {
        KEN_TRY(ken_parallel(job->ctx, n_chunks, 1, csv_scan_chunk, scan));
        if (scan->nul) return csv_scan_refuse_nul(job);
        if (scan->bad_utf8) return csv_scan_refuse_utf8(job);
    }
    if (!job->dialect.slow) KEN_TRY(csv_scan_join(job, scan->survey, n_chunks, &odd));
    if (odd) {
        job->dialect.slow = true;
        job->n_ranges = 0;
    }
    if (job->dialect.slow) KEN_TRY(csv_scan_slow(job));
    return csv_scan_copy_tail(job);
}

ken_status ken__csv_ranges(csv_job *job) {
    const int64_t n_chunks = (csv_scan_body_size(job) + CSV_CHUNK - 1) / CSV_CHUNK;
    csv_scan_job scan = {job, NULL, false, false};
    ken_status status = KEN_ALLOC(job->ctx, ken_survey, n_chunks, &scan.survey);
    if (status == KEN_OK) status = csv_scan_all(job, &scan, n_chunks);
    ken_free(job->ctx, scan.survey);
    return status;
}

bool ken__csv_needs_slow(const csv_job *job) {
    for (int r = 0; r < job->n_ranges; r++)
        if (job->ranges[r].irregular) return true;
    return false;
}
