/* What the first rows say: the delimiter, whether there is a header, the decimal mark, and what the
 * columns look like. The dialect is taken from here; types are only guessed, csv.c checks them over
 * all rows. */
#include <string.h>

#include "ken/core/dict.h"
#include "ken/core/text.h"
#include "ken/io/csv/csv_parts.h"

#define CSV_SNIFF_BYTES ((int64_t)128 << 10)
#define CSV_SNIFF_ROWS 200 /* looked at for the dialect */

typedef struct csv_sniff {
    csv_job *job;
    int64_t size;         /* bytes looked at */
    bool whole;           /* that is all of the text */
    uint32_t *pos, *ends; /* as of scan_index */
    int64_t n_pos, n_ends;
    int64_t *first, *fields; /* rows that are not blank: number of their first cell, of cells */
    int64_t n_rows;
} csv_sniff;

static char csv_sniff_newline(const csv_job *job, int64_t size) {
    const char quote = job->dialect.quote;
    bool inside = false;
    for (int64_t i = 0; i < size; i++) {
        if (quote && job->text[i] == quote) inside = !inside;
        if (inside) continue;
        if (job->text[i] == '\n') return '\n';
        if (job->text[i] == '\r' && !(i + 1 < job->size && job->text[i + 1] == '\n')) {
            const int64_t rest = size - i;
            return memchr(job->text + i, '\n', (size_t)rest) ? '\n' : '\r';
        }
    }
    return '\n';
}

static ken_span csv_sniff_cell(const csv_sniff *s, int64_t row, int64_t j) {
    const int64_t k = s->first[row] + j;
    ken_span span = {s->pos[k - 1] + 1, s->pos[k] - (s->pos[k - 1] + 1)};
    if (j == s->fields[row] - 1 && s->job->crlf && span.size &&
        s->job->text[span.start + span.size - 1] == '\r')
        span.size--;
    return span;
}

/* The rows of the first bytes under a delimiter. A row that is cut off is left out. */
static void csv_sniff_index(csv_sniff *s, char delimiter) {
    const csv_job *job = s->job;
    ken_scan scan = {0};
    int64_t from = 1;
    scan.delimiter = delimiter, scan.quote = job->dialect.quote,
    scan.newline = job->dialect.newline;
    scan.pos = s->pos, scan.ends = s->ends;
    scan.pos[0] = UINT32_MAX;
    scan.n_pos = 1;
    ken__csv_index_slow(&scan, job->text, s->size);
    if (s->whole && s->size > 0 &&
        (scan.n_ends == 0 || scan.ends[scan.n_ends - 1] != scan.n_pos - 1 ||
         job->text[s->size - 1] != job->dialect.newline)) {
        scan.ends[scan.n_ends++] = (uint32_t)scan.n_pos;
        scan.pos[scan.n_pos++] = (uint32_t)s->size;
    }
    s->n_rows = 0;
    for (int64_t e = 0; e < scan.n_ends; e++) {
        const int64_t last = scan.ends[e], n = last - from + 1;
        s->first[s->n_rows] = from;
        s->fields[s->n_rows] = n;
        bool blank = n == 1;
        for (uint32_t i = s->pos[from - 1] + 1; blank && i < s->pos[last]; i++)
            blank = job->text[i] == ' ' || job->text[i] == '\r' || job->text[i] == '\t';
        s->n_rows += !blank;
        from = last + 1;
    }
}

static uint32_t csv_sniff_flags(const csv_sniff *s, char decimal, int64_t row, int64_t j) {
    const ken_span cell = csv_sniff_cell(s, row, j);
    csv_dialect d = s->job->dialect;
    d.decimal = decimal;
    d.slow = true;
    return ken__csv_classify(&d, &s->job->missing, s->job->text + cell.start, cell.size);
}

/* --- delimiter -------------------------------------------------------------------------------- */
/* How much a delimiter looks right: rows as long as the first one, and cells that are not text. */
static double csv_sniff_score(csv_sniff *s, char delimiter) {
    int64_t same = 0, cells = 0, typed = 0;
    csv_sniff_index(s, delimiter);
    const int64_t rows = KEN_MIN(s->n_rows, CSV_SNIFF_ROWS);
    if (rows == 0 || s->fields[0] < 2) return 0;
    for (int64_t i = 0; i < rows; i++) {
        same += s->fields[i] == s->fields[0];
        for (int64_t j = 0; i > 0 && j < KEN_MIN(s->fields[i], 64); j++) {
            uint32_t flags = csv_sniff_flags(s, '.', i, j);
            if (flags == CSV_TEXT && delimiter != ',') flags = csv_sniff_flags(s, ',', i, j);
            if (!flags) continue;
            cells++;
            typed += flags != CSV_TEXT;
        }
    }
    return (double)same / (double)rows + (cells ? 0.5 * (double)typed / (double)cells : 0) +
           1e-4 * (double)KEN_MIN(s->fields[0], 100);
}

/* Only one cell in the first row, whatever the delimiter: a table of one column, unless most of the
 * other rows agree on a delimiter (then the first line is no header, and that is an error later).
 */
static char csv_sniff_single(csv_sniff *s, const char *candidates, int n) {
    for (int c = 0; c < n; c++) {
        int64_t same = 0;
        csv_sniff_index(s, candidates[c]);
        const int64_t rows = KEN_MIN(s->n_rows, CSV_SNIFF_ROWS);
        for (int64_t i = 1; i < rows; i++) same += s->fields[i] > 1 && s->fields[i] == s->fields[1];
        if (rows > 2 && same * 10 >= (rows - 1) * 9) return candidates[c];
    }
    for (int c = 0; c < n; c++) {
        bool alone = true;
        csv_sniff_index(s, candidates[c]);
        for (int64_t i = 0; i < s->n_rows; i++) alone &= s->fields[i] == 1;
        if (alone) return candidates[c];
    }
    return ',';
}

static char csv_sniff_delimiter(csv_sniff *s) {
    static const char candidates[] = {',', ';', '\t', '|'};
    double best = 0.5; /* less: most rows differ from the first one */
    char found = 0;
    bool split = false;
    for (int c = 0; c < KEN_COUNT(candidates); c++) {
        const double score = csv_sniff_score(s, candidates[c]);
        split |= score > 0;
        if (score <= best) continue;
        best = score;
        found = candidates[c];
    }
    if (found) return found;
    return split ? ',' : csv_sniff_single(s, candidates, KEN_COUNT(candidates));
}

static char csv_sniff_decimal(const csv_sniff *s) {
    int64_t commas = 0;
    if (s->job->dialect.delimiter == ',') return '.';
    for (int64_t i = 0; i < KEN_MIN(s->n_rows, CSV_SNIFF_ROWS); i++)
        for (int64_t j = 0; j < KEN_MIN(s->fields[i], 1024); j++) {
            const uint32_t flags = csv_sniff_flags(s, '.', i, j);
            if (flags == CSV_FLOAT) return '.';
            commas += flags == CSV_TEXT && csv_sniff_flags(s, ',', i, j) == CSV_FLOAT;
        }
    return commas ? ',' : '.';
}

/* --- header ----------------------------------------------------------------------------------- */
/* No number in the first row; or some, but over a column of numbers there is a word, and all cells
 * of the row are words or whole numbers (years, say). */
static bool csv_sniff_header(const csv_sniff *s) {
    const char decimal = s->job->dialect.decimal;
    uint32_t seen = 0;
    bool word_over_numbers = false, gaps = false;
    for (int64_t j = 0; j < s->fields[0]; j++) {
        const uint32_t top = csv_sniff_flags(s, decimal, 0, j);
        uint32_t below = 0;
        seen |= top;
        gaps |= top == 0;
        if (top != CSV_TEXT || word_over_numbers) continue;
        for (int64_t i = 1; i < KEN_MIN(s->n_rows, CSV_SNIFF_ROWS); i++)
            if (j < s->fields[i]) below |= csv_sniff_flags(s, decimal, i, j);
        word_over_numbers = below && !(below & CSV_TEXT);
    }
    if (!(seen & ~(uint32_t)CSV_TEXT)) return true;
    return word_over_numbers && !gaps && !(seen & ~(uint32_t)(CSV_TEXT | CSV_INT));
}

static ken_status csv_sniff_name(csv_job *job, ken_dict *dict, int j, const char *text,
                                 size_t size) {
    ken_text name = ken_text_new(job->ctx);
    const char *whole;
    int32_t code = 0;
    ken_status status = KEN_OK;
    for (int64_t copy = 1; status == KEN_OK; copy++) {
        name.size = 0;
        if (size)
            ken_text_add_bytes(&name, text, size);
        else
            ken_text_addf(&name, "c%d", j + 1);
        if (copy > 1) ken_text_addf(&name, "_%lld", (long long)copy);
        status = ken_text_end(&name, &whole);
        const int64_t before = ken_dict_count(dict);
        if (status == KEN_OK) status = ken_dict_add(dict, whole, name.size, &code);
        if (status != KEN_OK || code < before) continue;
        if (copy > 1)
            ken_warn(job->ctx, "%s: column %d is called '%.*s' like another one: it becomes '%s'",
                     job->name, j + 1, (int)KEN_MIN(size, 200), text, whole);
        status = ken_strndup(job->ctx, whole, name.size, &job->columns[j].name);
        break;
    }
    ken_text_free(&name);
    return status;
}

static ken_status csv_sniff_names_into(csv_sniff *s, ken_dict *dict) {
    csv_job *job = s->job;
    for (int j = 0; j < job->n_cols; j++) {
        if (!job->header) {
            KEN_TRY(csv_sniff_name(job, dict, j, "", 0));
            continue;
        }
        const ken_span span = csv_sniff_cell(s, 0, j);
        csv_dialect d = job->dialect;
        d.slow = true;
        const csv_cell cell = ken__csv_cell(&d, job->text + span.start, span.size);
        char *plain = NULL;
        size_t n = 0;
        KEN_TRY(ken_strndup(job->ctx, cell.text, cell.size, &plain));
        for (uint32_t i = 0; i < cell.size; i++) {
            plain[n++] = cell.text[i];
            if (cell.quoted && cell.text[i] == d.quote) i++;
        }
        const ken_status status = csv_sniff_name(job, dict, j, plain, n);
        ken_free(job->ctx, plain);
        KEN_TRY(status);
    }
    return KEN_OK;
}

static ken_status csv_sniff_names(csv_sniff *s) {
    ken_dict *dict = NULL;
    KEN_TRY(ken_dict_new(s->job->ctx, &dict));
    const ken_status status = csv_sniff_names_into(s, dict);
    ken_dict_free(dict);
    return status;
}

/* --- first guess of the types ----------------------------------------------------------------- */
static ken_status csv_sniff_types(csv_sniff *s) {
    csv_job *job = s->job;
    int64_t rows = s->n_rows - job->header, used = 0;
    if (job->max_rows && rows > job->max_rows) rows = job->max_rows;
    for (int j = 0; j < job->n_cols; j++) {
        csv_column *c = &job->columns[j];
        ken_dict *dict = NULL;
        ken_status status = KEN_OK;
        used = 0;
        for (int64_t i = job->header; i < rows + job->header; i++)
            if (s->fields[i] == job->n_cols)
                c->seen |= csv_sniff_flags(s, job->dialect.decimal, i, j);
        if (!(c->seen & CSV_TEXT)) continue;
        KEN_TRY(ken_dict_new(job->ctx, &dict));
        for (int64_t i = job->header; i < rows + job->header && status == KEN_OK; i++) {
            if (s->fields[i] != job->n_cols) continue;
            const ken_span cell = csv_sniff_cell(s, i, j);
            int32_t code;
            status = ken_dict_add(dict, job->text + cell.start, cell.size, &code);
            used++;
        }
        c->varied = ken_dict_count(dict) > 64 && ken_dict_count(dict) * 2 > used;
        ken_dict_free(dict);
        KEN_TRY(status);
    }
    return KEN_OK;
}

/* --- all of it -------------------------------------------------------------------------------- */
static ken_status csv_sniff_room(csv_sniff *s) {
    ken_ctx *ctx = s->job->ctx;
    KEN_TRY(KEN_ALLOC(ctx, uint32_t, s->size + 16, &s->pos));
    KEN_TRY(KEN_ALLOC(ctx, uint32_t, s->size + 16, &s->ends));
    KEN_TRY(KEN_ALLOC(ctx, int64_t, s->size + 16, &s->first));
    return KEN_ALLOC(ctx, int64_t, s->size + 16, &s->fields);
}

static void csv_sniff_free(csv_sniff *s) {
    ken_ctx *ctx = s->job->ctx;
    ken_free(ctx, s->pos);
    ken_free(ctx, s->ends);
    ken_free(ctx, s->first);
    ken_free(ctx, s->fields);
    *s = (csv_sniff){s->job, 0, false, NULL, NULL, 0, 0, NULL, NULL, 0};
}

/* The first rows: at least two, if there are. */
static ken_status csv_sniff_look(csv_sniff *s, const ken_csv_options *o) {
    csv_job *job = s->job;
    for (int64_t want = CSV_SNIFF_BYTES;; want *= 8) {
        csv_sniff_free(s);
        s->size = KEN_MIN(want, job->size);
        if (s->size > INT32_MAX / 2) break;
        s->whole = s->size == job->size;
        KEN_TRY(csv_sniff_room(s));
        job->dialect.newline = csv_sniff_newline(job, s->size);
        job->crlf = job->dialect.newline == '\n';
        job->dialect.delimiter = o->delimiter ? o->delimiter : csv_sniff_delimiter(s);
        csv_sniff_index(s, job->dialect.delimiter);
        if (s->whole || s->n_rows >= 3) return KEN_OK;
    }
    return KEN_FAIL(job->ctx, KEN_E_LIMIT, "look for a quote that is never closed",
                    "csv: '%s' has no two rows in its first gigabyte", job->name);
}

static ken_status csv_sniff_take(csv_sniff *s, const ken_csv_options *o) {
    csv_job *job = s->job;
    KEN_TRY(csv_sniff_look(s, o));
    if (s->n_rows == 0)
        return KEN_FAIL(job->ctx, KEN_E_FORMAT, "give a table with a header and rows",
                        "csv: '%s' is empty", job->name);
    job->dialect.decimal = o->decimal ? o->decimal : csv_sniff_decimal(s);
    job->header = o->header < 0 ? csv_sniff_header(s) : o->header > 0;
    job->n_cols = (int)s->fields[0];
    if (job->header) {
        job->body = (int64_t)s->pos[s->first[0] + s->fields[0] - 1] + 1;
        if (job->body > job->size) job->body = job->size;
    }
    KEN_TRY(KEN_ALLOC(job->ctx, csv_column, job->n_cols, &job->columns));
    for (int j = 0; j < job->n_cols; j++) job->columns[j].forced = -1;
    KEN_TRY(csv_sniff_names(s));
    return csv_sniff_types(s);
}

ken_status ken__csv_sniff(csv_job *job, const ken_csv_options *options) {
    csv_sniff s = {job, 0, false, NULL, NULL, 0, 0, NULL, NULL, 0};
    const ken_status status = csv_sniff_take(&s, options);
    csv_sniff_free(&s);
    return status;
}

/* "column=type"; the column is all before the last '='. */
ken_status ken__csv_force_types(csv_job *job, const char *const *types) {
    static const struct {
        const char *name;
        csv_mode mode;
    } known[] = {
        {"f64", CSV_AS_F64},           {"i64", CSV_AS_I64},       {"bool", CSV_AS_BOOL},
        {"category", CSV_AS_CATEGORY}, {"string", CSV_AS_STRING}, {"time", CSV_AS_ISO},
        {"time:iso", CSV_AS_ISO},      {"time:dmy", CSV_AS_DMY},  {"time:mdy", CSV_AS_MDY}};
    for (; types && *types; types++) {
        const char *equals = strrchr(*types, '=');
        int mode = -1, column = -1;
        for (int k = 0; equals && k < KEN_COUNT(known); k++)
            if (strcmp(known[k].name, equals + 1) == 0) mode = (int)known[k].mode;
        if (mode < 0)
            return KEN_FAIL(
                job->ctx, KEN_E_ARG,
                "write column=type with a type of f64, i64, bool, category, string, time, "
                "time:dmy, time:mdy",
                "csv: '%s' names no type", *types);
        for (int j = 0; j < job->n_cols && column < 0; j++)
            if (strlen(job->columns[j].name) == (size_t)(equals - *types) &&
                memcmp(job->columns[j].name, *types, (size_t)(equals - *types)) == 0)
                column = j;
        if (column < 0)
            return KEN_FAIL(job->ctx, KEN_E_NOT_FOUND, "name a column of the header",
                            "csv: '%s' has no column '%.*s'", job->name,
                            (int)KEN_MIN(equals - *types, 200), *types);
        job->columns[column].forced = mode;
    }
    return KEN_OK;
}
