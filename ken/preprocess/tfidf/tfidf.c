/* Word weights. Words are cut and lower-cased here; a dictionary numbers them; the most used stay.
 */
#include "ken/preprocess/tfidf/tfidf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/dict.h"
#include "ken/core/threads.h"
#include "ken/kernels/elementary.h"
#include "ken/preprocess/preprocess_names.h"
#include "ken/preprocess/tfidf/tfidf_unicode.h"
#include "ken/stats/stats_sort.h"

/* Longer words are cut; nobody writes them. */
enum { TFIDF_WORD_BYTES = 256 };

/* --- words ----------------------------------------------------------------------------------- */

static bool tfidf_is_word(uint32_t c) {
    if (c < 128)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    int low = 0, high = KEN_COUNT(tfidf_words) - 1;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (tfidf_words[middle][1] < c)
            low = middle + 1;
        else
            high = middle;
    }
    return c >= tfidf_words[low][0] && c <= tfidf_words[low][1];
}

static uint32_t tfidf_lower(uint32_t c) {
    if (c < 128) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    int low = 0, high = KEN_COUNT(tfidf_lowers) - 1;
    while (low < high) {
        const int middle = (low + high) / 2;
        if ((uint32_t)tfidf_lowers[middle][1] < c)
            low = middle + 1;
        else
            high = middle;
    }
    const int32_t *run = tfidf_lowers[low];
    const bool inside = c >= (uint32_t)run[0] && c <= (uint32_t)run[1] &&
                        (c - (uint32_t)run[0]) % (uint32_t)run[2] == 0;
    return inside ? (uint32_t)((int32_t)c + run[3]) : c;
}

static int tfidf_encode(uint32_t c, char *out) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const int n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (int k = n - 1; k > 0; k--, c >>= 6) out[k] = (char)(0x80 | (c & 63));
    out[0] = (char)((0xF00 >> n & 0xFF) | c);
    return n;
}

/* The next word of at least two characters into word[TFIDF_WORD_BYTES]; its bytes, 0: no more. */
static size_t tfidf_next(const char *text, size_t size, size_t *at, char *word) {
    size_t n = 0;
    int characters = 0;
    while (*at < size) {
        const uint32_t c = ken_utf8_next(text, size, at);
        if (tfidf_is_word(c)) {
            characters++;
            if (n + 4 <= TFIDF_WORD_BYTES) n += (size_t)tfidf_encode(tfidf_lower(c), word + n);
            continue;
        }
        if (characters >= 2) return n;
        n = 0;
        characters = 0;
    }
    return characters >= 2 ? n : 0;
}

/* Text of a cell; "" when missing. */
static const char *tfidf_cell(const ken_column *c, int64_t i, size_t *size) {
    int64_t n = 0, at = i;
    *size = 0;
    if (!ken_column_valid(c, i)) return "";
    if (c->dtype == KEN_CATEGORY) at = ((const int32_t *)c->data)[i * c->stride];
    if (at < 0 || at >= c->text.n) return "";
    const char *text = ken_strings_at(&c->text, at, &n);
    *size = (size_t)n;
    return text;
}

/* --- fit ------------------------------------------------------------------------------------- */

typedef struct tfidf_counts {
    ken_dict *dict;
    int64_t *total, *rows, *last; /* per word: uses, rows with it, last row seen + 1 */
    int64_t capacity;
} tfidf_counts;

static ken_status tfidf_count(ken_ctx *ctx, tfidf_counts *counts, const char *word, size_t size,
                              int64_t row) {
    int32_t code;
    KEN_TRY(ken_dict_add(counts->dict, word, size, &code));
    if (code >= counts->capacity) {
        const size_t now = (size_t)counts->capacity,
                     next = ken_next_capacity(now, (size_t)code + 1);
        KEN_TRY(ken_grow(ctx, (void **)&counts->total, now, next, sizeof(int64_t)));
        KEN_TRY(ken_grow(ctx, (void **)&counts->rows, now, next, sizeof(int64_t)));
        KEN_TRY(ken_grow(ctx, (void **)&counts->last, now, next, sizeof(int64_t)));
        counts->capacity = (int64_t)next;
    }
    counts->total[code]++;
    counts->rows[code] += counts->last[code] != row + 1;
    counts->last[code] = row + 1;
    return KEN_OK;
}

static ken_status tfidf_count_column(ken_ctx *ctx, const ken_column *c, int64_t n,
                                     tfidf_counts *counts) {
    char word[TFIDF_WORD_BYTES];
    for (int64_t i = 0; i < n; i++) {
        size_t size, at = 0, length;
        const char *text = tfidf_cell(c, i, &size);
        while ((length = tfidf_next(text, size, &at, word)) > 0)
            KEN_TRY(tfidf_count(ctx, counts, word, length, i));
        if (i % 4096 == 4095) KEN_TRY(ken_check_cancel(ctx));
    }
    return KEN_OK;
}

/* The most used words (of equally used ones the first in byte order) in byte order. */
static ken_status tfidf_choose(ken_ctx *ctx, const ken_tfidf_params *p, int64_t n,
                               const tfidf_counts *counts, ken__name_list *words, double **idf,
                               int64_t *capacity) {
    const ken_strings keys = ken_dict_keys(counts->dict);
    int32_t *order, *tmp, *by_use;
    double *use, *use_tmp;
    uint8_t *chosen;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(keys.n, 1), &order));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(keys.n, 1), &tmp));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(keys.n, 1), &by_use));
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(keys.n, 1), &use));
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(keys.n, 1), &use_tmp));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, KEN_MAX(keys.n, 1), &chosen));
    KEN_TRY(ken_sort_strings(ctx, &keys, order, tmp));
    for (int64_t k = 0; k < keys.n; k++) {
        use[k] = -(double)counts->total[order[k]];
        by_use[k] = (int32_t)k;
        chosen[k] = 0;
    }
    ken_sort_f64_index(use, by_use, keys.n, use_tmp, tmp);
    int64_t left = p->max_words;
    for (int64_t k = 0; k < keys.n && left > 0; k++) {
        if (counts->rows[order[by_use[k]]] < p->min_rows) continue;
        chosen[by_use[k]] = 1;
        left--;
    }
    for (int64_t k = 0; k < keys.n; k++) {
        if (!chosen[k]) continue;
        int64_t size;
        const char *word = ken_strings_at(&keys, order[k], &size);
        if (words->n == *capacity) {
            const size_t now = (size_t)*capacity, next = ken_next_capacity(now, now + 1);
            KEN_TRY(ken_grow(ctx, (void **)idf, now, next, sizeof **idf));
            *capacity = (int64_t)next;
        }
        (*idf)[words->n] = ken_log((1 + (double)n) / (1 + (double)counts->rows[order[k]])) + 1;
        ken_text_add_bytes(&words->bytes, word, (size_t)size);
        ken__name_list_end(words);
    }
    return KEN_OK;
}

static ken_status tfidf_learn_column(ken_ctx *ctx, const ken_tfidf_params *p, const ken_column *c,
                                     int64_t n, ken__name_list *words, double **idf,
                                     int64_t *capacity) {
    tfidf_counts counts = {0};
    ken_status status = ken_dict_new(ctx, &counts.dict);
    if (status == KEN_OK) status = tfidf_count_column(ctx, c, n, &counts);
    const ken_mark mark = ken_scratch_mark(ctx);
    if (status == KEN_OK) status = tfidf_choose(ctx, p, n, &counts, words, idf, capacity);
    ken_scratch_release(ctx, mark);
    ken_dict_free(counts.dict);
    ken_free(ctx, counts.total);
    ken_free(ctx, counts.rows);
    ken_free(ctx, counts.last);
    return status;
}

static ken_status tfidf_learn(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                              ken__name_list *words, double **idf) {
    const int64_t d = ken_table_cols(problem->X), d1 = d + 1;
    int64_t *used, *first, capacity = 0;
    double *learned;
    KEN_TRY(ken_attr_new(ctx, model, "used", KEN_I64, 1, &d, (void **)&used));
    KEN_TRY(ken_attr_new(ctx, model, "word_first", KEN_I64, 1, &d1, (void **)&first));
    for (int j = 0; j < d; j++) {
        const ken_column *c = ken_table_column(problem->X, j);
        used[j] = ken__is_text(c);
        if (used[j])
            KEN_TRY(tfidf_learn_column(ctx, ken_model_params(model), c, problem->n_train, words,
                                       idf, &capacity));
        first[j + 1] = words->n;
    }
    KEN_TRY(ken__name_list_store(words, model, "words"));
    KEN_TRY(ken_attr_new(ctx, model, "idf", KEN_F64, 1, &words->n, (void **)&learned));
    if (words->n) memcpy(learned, *idf, (size_t)words->n * sizeof *learned);
    return KEN_OK;
}

static ken_status tfidf_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    ken__name_list words = ken__name_list_new(ctx);
    double *idf = NULL;
    const ken_status status = tfidf_learn(ctx, model, problem, &words, &idf);
    ken__name_list_free(&words);
    ken_free(ctx, idf);
    return status;
}

/* --- transform ------------------------------------------------------------------------------- */

typedef struct tfidf_learned {
    const int64_t *used, *first;
    const double *idf;
    ken_strings words;
    int64_t d;
} tfidf_learned;

static ken_status tfidf_learned_of(ken_ctx *ctx, const ken_model *model, tfidf_learned *out) {
    const ken_tensor *used = ken_model_attr(model, "used");
    const ken_strings *words = ken_model_attr_strings(model, "words");
    out->d = used && used->ndim == 1 ? used->shape[0] : 0;
    const int64_t n = words ? words->n : 0;
    KEN_TRY(ken__attr_need(ctx, model, "used", KEN_I64, out->d, (const void **)&out->used));
    KEN_TRY(
        ken__attr_need(ctx, model, "word_first", KEN_I64, out->d + 1, (const void **)&out->first));
    KEN_TRY(ken__attr_need(ctx, model, "idf", KEN_F64, n, (const void **)&out->idf));
    bool good = words && out->first[0] == 0 && out->first[out->d] == n && n <= INT32_MAX;
    for (int64_t j = 0; good && j < out->d; j++) good = out->first[j] <= out->first[j + 1];
    if (!good)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "tfidf: its words do not fit its columns");
    out->words = *words;
    return KEN_OK;
}

typedef struct tfidf_job {
    const ken_column *c;
    const ken_dict *dict;
    const double *idf;
    double **out; /* a column per word */
    bool sublinear;
    int32_t *touched; /* per worker: words of the row */
    int64_t words;
} tfidf_job;

static void tfidf_row(const tfidf_job *job, int64_t i, int32_t *touched) {
    char word[TFIDF_WORD_BYTES];
    size_t size, at = 0, length;
    int64_t n = 0;
    double norm = 0;
    const char *text = tfidf_cell(job->c, i, &size);
    while ((length = tfidf_next(text, size, &at, word)) > 0) {
        const int32_t code = ken_dict_find(job->dict, word, length);
        if (code < 0) continue;
        if (job->out[code][i] == 0) touched[n++] = code;
        job->out[code][i] += 1;
    }
    for (int64_t k = 0; k < n; k++) {
        double *value = &job->out[touched[k]][i];
        if (job->sublinear) *value = 1 + ken_log(*value);
        *value *= job->idf[touched[k]];
        norm += *value * *value;
    }
    norm = sqrt(norm);
    for (int64_t k = 0; k < n; k++) job->out[touched[k]][i] /= norm;
}

static void tfidf_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const tfidf_job *job = arg;
    for (int64_t i = begin; i < end; i++) tfidf_row(job, i, job->touched + worker * job->words);
}

static ken_status tfidf_add_columns(ken_ctx *ctx, const tfidf_learned *l, const ken_column *c,
                                    int j, double **columns, ken_table *out) {
    for (int64_t k = l->first[j]; k < l->first[j + 1]; k++) {
        char name[1024], word[TFIDF_WORD_BYTES + 1];
        ken__text_at(&l->words, k, word, sizeof word);
        snprintf(name, sizeof name, "%.480s:%s", c->name, word);
        KEN_TRY(ken__add(ctx, out, name, KEN_F64, j, (void **)&columns[k - l->first[j]], NULL));
    }
    return KEN_OK;
}

static ken_status tfidf_column(ken_ctx *ctx, const ken_model *model, const tfidf_learned *l,
                               const ken_table *X, int j, ken_table *out) {
    const ken_tfidf_params *p = ken_model_params(model);
    const ken_column *c = ken_table_column(X, j);
    const int64_t n = l->first[j + 1] - l->first[j];
    if (!ken__is_text(c))
        return KEN_FAIL(ctx, KEN_E_TYPE, "give the column the type it had in training",
                        "tfidf: column '%s' holds %s, but text was learned", c->name,
                        ken_dtype_name(c->dtype));
    if (!n) return KEN_OK;
    const ken_strings words = {n, l->words.offset + l->first[j], l->words.bytes};
    tfidf_job job = {.c = c, .idf = l->idf + l->first[j], .sublinear = p->sublinear, .words = n};
    ken_dict *dict;
    KEN_TRY(KEN_SCRATCH(ctx, double *, n, &job.out));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n *ken_ctx_threads(ctx), &job.touched));
    KEN_TRY(tfidf_add_columns(ctx, l, c, j, job.out, out));
    KEN_TRY(ken_dict_of(ctx, &words, &dict));
    job.dict = dict;
    const ken_status status = ken_parallel(ctx, c->n, 1024, tfidf_rows, &job);
    ken_dict_free(dict);
    return status;
}

static ken_status tfidf_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                  ken_table *out) {
    tfidf_learned learned;
    KEN_TRY(tfidf_learned_of(ctx, model, &learned));
    KEN_TRY(ken__check_columns(ctx, model, X, learned.d));
    for (int j = 0; j < ken_table_cols(X); j++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        if (learned.used[j])
            KEN_TRY(tfidf_column(ctx, model, &learned, X, j, out));
        else
            KEN_TRY(ken__pass(ctx, out, X, j));
        ken_scratch_release(ctx, mark);
    }
    return KEN_OK;
}

static ken_status tfidf_open(ken_ctx *ctx, ken_model *model, void **state) {
    tfidf_learned learned;
    ken_dict *dict;
    *state = NULL;
    KEN_TRY(tfidf_learned_of(ctx, model, &learned));
    for (int64_t j = 0; j < learned.d;
         j++) { /* equal words would share a column and leave one out */
        const int64_t n = learned.first[j + 1] - learned.first[j];
        if (!n) continue;
        const ken_strings words = {n, learned.words.offset + learned.first[j], learned.words.bytes};
        KEN_TRY(ken_dict_of(ctx, &words, &dict));
        const int64_t distinct = ken_dict_count(dict);
        ken_dict_free(dict);
        if (distinct != n)
            return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                            "tfidf: a word occurs twice");
    }
    return KEN_OK;
}

static const ken_param tfidf_params[] = {
    KEN_ROW_I64(ken_tfidf_params, max_words, .min = 1, .max = 1e6, .lo = 100, .hi = 5000,
                .scale = KEN_LOG_SCALE, .doc = "words per column, the most used"),
    KEN_ROW_I64(ken_tfidf_params, min_rows, .min = 1, .max = 1e18, .unit = "rows",
                .doc = "rows that must have a word"),
    KEN_ROW_BOOL(ken_tfidf_params, sublinear, .doc = "1 + ln(count) instead of the count"),
    {0}};
static const ken_attr tfidf_attrs[] = {
    {"words", KEN_STRING, "w", "the words of the columns, one column after another"},
    {"word_first", KEN_I64, "d+1", "where the words of each column begin"},
    {"idf", KEN_F64, "w", "weight of each word"},
    {"used", KEN_I64, "d", "1: a text column"},
    {0}};
static const ken_transformer tfidf_verbs = {
    .fit = tfidf_fit, .transform = tfidf_transform, .open = tfidf_open};

const ken_desc ken_tfidf_desc = {
    .name = "tfidf",
    .title = "Texts as word weights",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .params = tfidf_params,
    .defaults = &(const ken_tfidf_params)KEN_TFIDF_DEFAULTS,
    .params_size = sizeof(ken_tfidf_params),
    .attrs = tfidf_attrs,
    .transformer = &tfidf_verbs,
    .doc =
        "Counts words, weighs down those that stand everywhere, and scales each text to length 1. "
        "Word order is lost; for topics, spam and sentiment that is mostly enough.",
    .paper = "Spärck Jones 1972; Salton & Buckley 1988",
    .peer = "sklearn.feature_extraction.text.TfidfVectorizer",
};

const ken_desc *const ken_tfidf_things[] = {&ken_tfidf_desc, NULL};
