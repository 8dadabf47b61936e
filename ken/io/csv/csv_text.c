/* Texts of a table: dictionaries while reading, one a worker and column, whose keys are pieces of
 * the text itself; then levels in byte order (so that the order of the rows does not matter), or
 * the bytes of a string column copied into one buffer. */
#include <stdlib.h>
#include <string.h>

#include "ken/io/csv/csv_parts.h"

/* --- dictionaries --------------------------------------------------------------------------------
 */
static inline uint64_t csv_text_mix(uint64_t h) {
    h *= 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

static inline uint32_t csv_text_hash(const char *s, uint32_t n) {
    uint64_t h = n;
    for (; n > 8; s += 8, n -= 8) h = csv_text_mix(h ^ ken__load_word(s));
    return (uint32_t)(csv_text_mix(h ^ (ken__load_word(s) & csv_low_bytes(n))) >> 7);
}

static bool csv_text_dict_grow(csv_job *job, csv_dict *dict) {
    const uint32_t capacity = dict->capacity ? dict->capacity * 2 : 32, slots = capacity * 4;
    csv_entry *entry = ken__csv_memory(job, capacity, sizeof(*entry));
    uint32_t *slot = ken__csv_memory(job, slots, sizeof(*slot));
    if (!entry || !slot) {
        ken__csv_release(job, entry);
        ken__csv_release(job, slot);
        return false;
    }
    memset(slot, 0, slots * sizeof(*slot));
    if (dict->count) memcpy(entry, dict->entry, dict->count * sizeof(*entry));
    for (uint32_t i = 0; i < dict->count; i++) {
        uint32_t at = entry[i].hash & (slots - 1);
        while (slot[at]) at = (at + 1) & (slots - 1);
        slot[at] = i + 1;
    }
    ken__csv_dict_free(job, dict);
    dict->entry = entry, dict->slot = slot;
    dict->capacity = capacity, dict->slots = slots;
    return true;
}

void ken__csv_dict_free(csv_job *job, csv_dict *dict) {
    ken__csv_release(job, dict->entry);
    ken__csv_release(job, dict->slot);
    dict->entry = NULL, dict->slot = NULL;
}

/* The code of a text; -1: more distinct texts than a category may have (or no memory). */
int32_t ken__csv_dict_add(csv_job *job, csv_dict *dict, int64_t limit, const char *s, uint32_t n,
                          bool escaped) {
    const uint32_t hash = csv_text_hash(s, n);
    if (dict->slots) {
        uint32_t at = hash & (dict->slots - 1);
        for (; dict->slot[at]; at = (at + 1) & (dict->slots - 1)) {
            const csv_entry *e = &dict->entry[dict->slot[at] - 1];
            if (e->hash == hash && e->size == n && e->escaped == escaped &&
                csv_equal(e->text, s, n))
                return (int32_t)dict->slot[at] - 1;
        }
    }
    if (dict->count >= limit) return -1;
    if (dict->count == dict->capacity && !csv_text_dict_grow(job, dict)) return -1;
    uint32_t at = hash & (dict->slots - 1);
    while (dict->slot[at]) at = (at + 1) & (dict->slots - 1);
    dict->entry[dict->count] = (csv_entry){s, n, hash, escaped, 0};
    dict->slot[at] = ++dict->count;
    return (int32_t)dict->count - 1;
}

/* --- levels ----------------------------------------------------------------------------------- */
/* Bytes of a key without doubled quotes; to may be NULL. */
static uint32_t csv_text_unescape(const char *s, uint32_t n, char quote, char *to) {
    uint32_t size = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (to) to[size] = s[i];
        size++;
        if (s[i] == quote && i + 1 < n && s[i + 1] == quote) i++;
    }
    return size;
}

typedef struct csv_text_key {
    const char *text; /* unescaped */
    uint32_t size;
    bool escaped;
    csv_entry *entry;
} csv_text_key;

static int csv_text_compare(const void *a, const void *b) {
    const csv_text_key *x = a, *y = b;
    const int order = memcmp(x->text, y->text, KEN_MIN(x->size, y->size));
    if (order) return order;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    return (int)x->escaped - (int)y->escaped;
}

static bool csv_text_same(const csv_text_key *x, const csv_text_key *y) {
    return x->size == y->size && memcmp(x->text, y->text, x->size) == 0;
}

/* All keys of all workers; escaped ones are unescaped into *bytes. */
static ken_status csv_text_gather(csv_job *job, int j, csv_text_key **keys, int64_t *n,
                                  char **bytes) {
    int64_t count = 0, size = 0;
    for (int w = 0; w < job->n_workers; w++) {
        const csv_dict *d = &job->workers[w].dicts[j];
        count += d->count;
        for (uint32_t i = 0; i < d->count; i++) size += d->entry[i].escaped ? d->entry[i].size : 0;
    }
    KEN_TRY(KEN_ALLOC(job->ctx, csv_text_key, count, keys));
    KEN_TRY(KEN_ALLOC(job->ctx, char, size, bytes));
    char *to = *bytes;
    *n = 0;
    for (int w = 0; w < job->n_workers; w++) {
        const csv_dict *d = &job->workers[w].dicts[j];
        for (uint32_t i = 0; i < d->count; i++) {
            csv_entry *e = &d->entry[i];
            csv_text_key *key = &(*keys)[(*n)++];
            *key = (csv_text_key){e->text, e->size, e->escaped, e};
            if (!e->escaped) continue;
            key->size = csv_text_unescape(e->text, e->size, job->dialect.quote, to);
            key->text = to;
            to += key->size;
        }
    }
    return KEN_OK;
}

static ken_status csv_text_number(csv_job *job, csv_text_key *keys, int64_t n, ken_strings *out,
                                  int64_t *n_keys) {
    int64_t levels = 0, size = 0;
    *n_keys = 0;
    qsort(keys, (size_t)n, sizeof(*keys), csv_text_compare);
    for (int64_t i = 0; i < n; i++) {
        const bool same = i > 0 && csv_text_same(&keys[i], &keys[i - 1]);
        *n_keys += !same || keys[i].escaped != keys[i - 1].escaped;
        if (!same) levels++, size += keys[i].size;
        keys[i].entry->level = (int32_t)(levels - 1);
    }
    if (!out) return KEN_OK;
    int64_t *offset = NULL;
    char *bytes = NULL;
    KEN_TRY(KEN_ALLOC(job->ctx, int64_t, levels + 1, &offset));
    const ken_status status = KEN_ALLOC(job->ctx, char, size, &bytes);
    if (status != KEN_OK) {
        ken_free(job->ctx, offset);
        return status;
    }
    for (int64_t i = 0; i < n; i++) {
        const int32_t level = keys[i].entry->level;
        offset[level + 1] = offset[level] + keys[i].size;
        memcpy(bytes + offset[level], keys[i].text, keys[i].size);
    }
    *out = (ken_strings){levels, offset, bytes};
    return KEN_OK;
}

ken_status ken__csv_levels(csv_job *job, int j, ken_strings *out, int64_t *n_keys) {
    csv_text_key *keys = NULL;
    char *bytes = NULL;
    int64_t n = 0;
    ken_status status = csv_text_gather(job, j, &keys, &n, &bytes);
    if (status == KEN_OK) status = csv_text_number(job, keys, n, out, n_keys);
    ken_free(job->ctx, keys);
    ken_free(job->ctx, bytes);
    return status;
}

typedef struct csv_text_work {
    csv_job *job;
    int j;
    const int64_t *base; /* of a range's bytes */
    char *bytes;
} csv_text_work;

/* A worker's codes become levels. */
static void csv_text_recode_range(void *arg, int64_t begin, int64_t end, int worker) {
    const csv_text_work *work = arg;
    const csv_job *job = work->job;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        const csv_range *range = &job->ranges[r];
        const csv_dict *dict =
            &job->workers[job->pieces[r * job->n_cols + work->j].worker].dicts[work->j];
        int32_t *codes = (int32_t *)job->columns[work->j].data + range->row;
        if (dict->count == 0) continue; /* nothing but missing cells */
        for (int64_t i = 0; i < range->rows; i++) codes[i] = dict->entry[codes[i]].level;
    }
}

ken_status ken__csv_recode(csv_job *job, int j) {
    csv_text_work work = {job, j, NULL, NULL};
    return ken_parallel(job->ctx, job->n_ranges, 1, csv_text_recode_range, &work);
}

/* --- string columns --------------------------------------------------------------------------- */
/* The size of a cell that was too long to pack: on to where it must end. */
static uint32_t csv_text_measure(const csv_job *job, const char *s, bool quoted) {
    const char *end = job->text + job->size, *at = s;
    const char quote = job->dialect.quote;
    if (!quoted) {
        while (at < end && *at != job->dialect.delimiter && *at != job->dialect.newline) at++;
        if (at > s && at[-1] == '\r' && job->crlf) at--;
        return (uint32_t)(at - s);
    }
    for (; at < end; at++) {
        if (*at != quote) continue;
        if (at + 1 < end && at[1] == quote)
            at++;
        else
            break;
    }
    return (uint32_t)(at - s);
}

static inline void csv_text_copy(char *to, const char *from, uint32_t n, bool room) {
    if (room && n <= 16)
        memcpy(to, from, 16);
    else
        memcpy(to, from, n);
}

static void csv_text_string_range(void *arg, int64_t begin, int64_t end, int worker) {
    const csv_text_work *work = arg;
    const csv_job *job = work->job;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        const csv_range *range = &job->ranges[r];
        uint64_t *cell = (uint64_t *)job->columns[work->j].data + range->row;
        int64_t at = work->base[r];
        const int64_t stop = work->base[r + 1];
        for (int64_t i = 0; i < range->rows; i++) {
            const int64_t where = (int64_t)(cell[i] >> 25);
            uint32_t n = (uint32_t)(cell[i] >> 1) & CSV_PACK_SIZE;
            const bool escaped = cell[i] & 1;
            const char *s = job->text + where;
            cell[i] = (uint64_t)at;
            if (n == CSV_PACK_SIZE)
                n = csv_text_measure(job, s, where > 0 && s[-1] == job->dialect.quote);
            if (escaped) {
                at += csv_text_unescape(s, n, job->dialect.quote, work->bytes + at);
                continue;
            }
            csv_text_copy(work->bytes + at, s, n, at + 16 <= stop && where + 16 <= job->size);
            at += n;
        }
    }
}

/* The column's data (n_rows + 1 packed cells) becomes the offsets. */
ken_status ken__csv_strings(csv_job *job, int j, ken_strings *out) {
    csv_column *c = &job->columns[j];
    int64_t *base = NULL;
    csv_text_work work = {job, j, NULL, NULL};
    KEN_TRY(KEN_ALLOC(job->ctx, int64_t, job->n_ranges + 1, &base));
    for (int r = 0; r < job->n_ranges; r++)
        base[r + 1] = base[r] + job->pieces[(int64_t)r * job->n_cols + j].bytes;
    work.base = base;
    work.bytes = ken__csv_memory(job, (size_t)base[job->n_ranges] + 1, 1);
    ken_status status = work.bytes
                            ? KEN_OK
                            : KEN_FAIL(job->ctx, KEN_E_NOMEM, "read fewer rows or columns",
                                       "csv: no memory for the texts of column '%s'", c->name);
    if (status == KEN_OK)
        status = ken_parallel(job->ctx, job->n_ranges, 1, csv_text_string_range, &work);
    if (status != KEN_OK) {
        ken__csv_release(job, work.bytes);
    } else {
        ((int64_t *)c->data)[job->n_rows] = base[job->n_ranges];
        *out = (ken_strings){job->n_rows, c->data, work.bytes};
        c->data = NULL;
    }
    ken_free(job->ctx, base);
    return status;
}
