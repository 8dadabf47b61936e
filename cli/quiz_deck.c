/* The deck, the progress file, and which card comes next. */
#include "cli/quiz_deck.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ken/core/text.h"
#include "ken/io/file.h"

#define QUIZ_LAST_DAY 2932896 /* 9999-12-31 */

/* --- days: the proleptic Gregorian calendar, years from March so that leap days come last ----------- */
static int64_t quiz_day_of(int64_t y, int64_t m, int64_t d) {
    y -= m <= 2;
    const int64_t era = y / 400, of_era = y - era * 400;
    const int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void quiz_format_day(int64_t day, char *buf) {
    const int64_t z = KEN_MIN(KEN_MAX(day, 0), QUIZ_LAST_DAY) + 719468, era = z / 146097, of_era = z - era * 146097;
    const int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * y + y / 4 - y / 100), mp = (5 * of_year + 2) / 153;
    const int64_t m = mp + (mp < 10 ? 3 : -9);
    const unsigned year = (unsigned)(y + era * 400 + (m <= 2)), dom = (unsigned)(of_year - (153 * mp + 2) / 5 + 1);
    snprintf(buf, 11, "%04u-%02u-%02u", year % 10000, (unsigned)m % 100, dom % 100);
}

bool quiz_parse_day(const char *text, int64_t *day) {
    char again[11];
    for (int i = 0; i < 10; i++)
        if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
    if (text[10]) return false;
    *day = quiz_day_of(atoi(text), atoi(text + 5), atoi(text + 8));
    quiz_format_day(*day, again);
    return strcmp(text, again) == 0; /* refuses 2026-02-30 and what lies before 1970 */
}

int64_t quiz_today(void) {
    const time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    return quiz_day_of(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

/* --- deck -------------------------------------------------------------------------------------------- */
static ken_status quiz_check_card(ken_ctx *ctx, const char *name, const quiz_deck *deck, int i) {
    static const char *const needed[] = {"id", "deck", "question", "short", "full"};
    const quiz_card *card = &deck->card[i];
    for (int k = 0; k < KEN_COUNT(needed); k++)
        if (!*ken_json_string(ken_json_get(card->source, needed[k]), NULL, ""))
            return KEN_FAIL(ctx, KEN_E_FORMAT, "each card has id, deck, question, short and full, as text",
                            "%s: card %d ('%s') has no '%s'", name, i + 1, card->id, needed[k]);
    for (int k = 0; k < i; k++)
        if (strcmp(deck->card[k].id, card->id) == 0)
            return KEN_FAIL(ctx, KEN_E_FORMAT, "give each card an id of its own", "%s: the id '%s' is there twice",
                            name, card->id);
    return KEN_OK;
}

static ken_status quiz_read_cards(ken_ctx *ctx, const char *name, quiz_deck *deck) {
    const ken_json *cards = ken_json_get(ken_json_root(deck->cards_doc), "cards");
    const int64_t n = ken_json_count(cards);
    if (!cards || ken_json_get_type(cards) != KEN_JSON_ARRAY || n == 0 || n > 100000)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "a deck is {\"version\": 1, \"cards\": [...]}", "%s has no list of cards", name);
    KEN_TRY(KEN_ALLOC(ctx, quiz_card, n, &deck->card));
    for (; deck->n < n; deck->n++) {
        quiz_card *card = &deck->card[deck->n];
        card->source = ken_json_at(cards, deck->n);
        card->id = ken_json_string(ken_json_get(card->source, "id"), NULL, "");
        card->deck = ken_json_string(ken_json_get(card->source, "deck"), NULL, "");
        card->level = ken_json_i64(ken_json_get(card->source, "level"), 2);
        KEN_TRY(quiz_check_card(ctx, name, deck, deck->n));
    }
    return KEN_OK;
}

ken_status quiz_deck_open(ken_ctx *ctx, const char *name, const char *json, size_t size, quiz_deck *out) {
    memset(out, 0, sizeof *out);
    KEN_TRY(ken_json_parse(ctx, name, json, size, &out->cards_doc));
    const ken_status status = quiz_read_cards(ctx, name, out);
    if (status != KEN_OK) quiz_deck_close(ctx, out);
    return status;
}

void quiz_deck_close(ken_ctx *ctx, quiz_deck *deck) {
    ken_json_doc_free(deck->cards_doc);
    ken_json_doc_free(deck->progress_doc);
    ken_free(ctx, deck->card);
    memset(deck, 0, sizeof *deck);
}

/* --- progress ------------------------------------------------------------------------------------------ */
static ken_status quiz_progress_parse(ken_ctx *ctx, const char *path, ken_json_doc **out) {
    ken_file_bytes file;
    KEN_TRY(ken_file_open(ctx, path, &file));
    ken_status status = ken_json_parse(ctx, path, file.data, file.size, out);
    ken_file_close(ctx, &file);
    if (status != KEN_OK) return status;
    const ken_json *root = ken_json_root(*out);
    const char *kind = ken_json_string(ken_json_get(root, "ken"), NULL, "");
    if (strcmp(kind, "progress") == 0 && ken_json_i64(ken_json_get(root, "version"), 0) == 1) return KEN_OK;
    ken_json_doc_free(*out);
    *out = NULL;
    return KEN_FAIL(ctx, KEN_E_FORMAT, "give a file that 'ken quiz --export' or the hub's \"export\" wrote",
                    "%s is not a progress file of version 1", path);
}

/* Memory of one card from its JSON; what is missing or out of range counts as never asked. */
static bool quiz_read_memory(const ken_json *v, quiz_card *card) {
    const double stability = ken_json_f64(ken_json_get(v, "stability"), 0);
    const double difficulty = ken_json_f64(ken_json_get(v, "difficulty"), 5);
    int64_t last;
    if (!quiz_parse_day(ken_json_string(ken_json_get(v, "last"), NULL, ""), &last)) return false;
    if (!(stability > 0 && stability < 1e6 && difficulty >= 1 && difficulty <= 10)) return false;
    if (card->reviews > 0 && last <= card->last) return false;
    card->memory = (ken_recall){stability, difficulty};
    card->last = last;
    card->reviews = KEN_MAX(ken_json_i64(ken_json_get(v, "reviews"), 1), 1);
    card->lapses = KEN_MAX(ken_json_i64(ken_json_get(v, "lapses"), 0), 0);
    return true;
}

static void quiz_read_memories(quiz_deck *deck, const ken_json_doc *doc) {
    const ken_json *cards = ken_json_get(ken_json_root(doc), "cards");
    for (int i = 0; i < deck->n; i++) {
        const ken_json *memory = ken_json_get(cards, deck->card[i].id);
        if (memory) (void)quiz_read_memory(memory, &deck->card[i]);
    }
}

ken_status quiz_progress_load(ken_ctx *ctx, quiz_deck *deck, const char *path, bool optional) {
    struct stat found;
    if (optional && stat(path, &found) != 0 && errno == ENOENT) return KEN_OK;
    KEN_TRY(quiz_progress_parse(ctx, path, &deck->progress_doc));
    quiz_read_memories(deck, deck->progress_doc);
    return KEN_OK;
}

ken_status quiz_progress_merge(ken_ctx *ctx, quiz_deck *deck, const char *path) {
    ken_json_doc *doc = NULL;
    KEN_TRY(quiz_progress_parse(ctx, path, &doc));
    quiz_read_memories(deck, doc);
    ken_json_doc_free(doc);
    return KEN_OK;
}

/* --- writing: what the hub keeps in the file stays as it is --------------------------------------------- */
static void quiz_copy(ken_json_writer *w, const ken_json *v);

static void quiz_copy_members(ken_json_writer *w, const ken_json *v) {
    for (int64_t i = 0; i < ken_json_count(v); i++) {
        size_t size;
        ken_json_put_key(w, ken_json_key(v, i, &size));
        quiz_copy(w, ken_json_at(v, i));
    }
}

static void quiz_copy(ken_json_writer *w, const ken_json *v) {
    size_t size;
    switch (ken_json_get_type(v)) {
    case KEN_JSON_NULL: ken_json_put_null(w); return;
    case KEN_JSON_BOOL: ken_json_put_bool(w, ken_json_bool(v, false)); return;
    case KEN_JSON_INT: ken_json_put_i64(w, ken_json_i64(v, 0)); return;
    case KEN_JSON_NUMBER: ken_json_put_f64(w, ken_json_f64(v, 0)); return;
    case KEN_JSON_STRING: {
        const char *text = ken_json_string(v, &size, "");
        ken_json_put_bytes(w, text, size);
        return;
    }
    case KEN_JSON_ARRAY:
        if (w->depth >= KEN_JSON_MAX_WRITE_DEPTH - 2) { /* deeper than anything of ours */
            ken_json_put_null(w);
            return;
        }
        ken_json_array(w);
        for (int64_t i = 0; i < ken_json_count(v); i++) quiz_copy(w, ken_json_at(v, i));
        ken_json_end_array(w);
        return;
    case KEN_JSON_OBJECT:
        if (w->depth >= KEN_JSON_MAX_WRITE_DEPTH - 2) {
            ken_json_put_null(w);
            return;
        }
        ken_json_object(w);
        quiz_copy_members(w, v);
        ken_json_end_object(w);
        return;
    }
}

static const quiz_card *quiz_find(const quiz_deck *deck, const char *id) {
    for (int i = 0; i < deck->n; i++)
        if (strcmp(deck->card[i].id, id) == 0) return &deck->card[i];
    return NULL;
}

static void quiz_write_cards(ken_json_writer *w, const quiz_deck *deck) {
    const ken_json *before = deck->progress_doc ? ken_json_get(ken_json_root(deck->progress_doc), "cards") : NULL;
    char day[11];
    ken_json_object(w);
    for (int64_t i = 0; before && i < ken_json_count(before); i++) { /* cards of other decks: the lessons' */
        size_t size;
        const char *id = ken_json_key(before, i, &size);
        if (quiz_find(deck, id)) continue;
        ken_json_put_key(w, id);
        quiz_copy(w, ken_json_at(before, i));
    }
    for (int i = 0; i < deck->n; i++) {
        const quiz_card *card = &deck->card[i];
        if (card->reviews == 0) continue;
        quiz_format_day(card->last, day);
        ken_json_put_key(w, card->id);
        ken_json_object(w);
        KEN_JSON(w, "stability", f64, card->memory.stability);
        KEN_JSON(w, "difficulty", f64, card->memory.difficulty);
        KEN_JSON(w, "last", string, day);
        KEN_JSON(w, "reviews", i64, card->reviews);
        KEN_JSON(w, "lapses", i64, card->lapses);
        ken_json_end_object(w);
    }
    ken_json_end_object(w);
}

static void quiz_write_progress(ken_json_writer *w, const quiz_deck *deck) {
    const ken_json *root = deck->progress_doc ? ken_json_root(deck->progress_doc) : NULL;
    ken_json_object(w);
    KEN_JSON(w, "ken", string, "progress");
    KEN_JSON(w, "version", i64, 1);
    for (int64_t i = 0; root && i < ken_json_count(root); i++) {
        size_t size;
        const char *key = ken_json_key(root, i, &size);
        if (strcmp(key, "ken") == 0 || strcmp(key, "version") == 0 || strcmp(key, "cards") == 0) continue;
        ken_json_put_key(w, key);
        quiz_copy(w, ken_json_at(root, i));
    }
    ken_json_put_key(w, "cards");
    quiz_write_cards(w, deck);
    ken_json_end_object(w);
}

/* The folders on the way to `path`, like mkdir -p; a failure shows when the file is created. */
static void quiz_make_folders(const char *path) {
    char folder[4096];
    if (strlen(path) >= sizeof folder) return;
    strcpy(folder, path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        (void)mkdir(folder, 0700);
        *slash = '/';
    }
}

ken_status quiz_progress_save(ken_ctx *ctx, const quiz_deck *deck, const char *path) {
    ken_text text = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&text, 1);
    const char *json;
    quiz_write_progress(&w, deck);
    ken_text_add_char(&text, '\n');
    ken_status status = ken_text_end(&text, &json);
    if (status == KEN_OK) {
        quiz_make_folders(path);
        status = ken_file_write_whole(ctx, path, json, text.size);
    }
    ken_text_free(&text);
    return status;
}

/* --- what comes next --------------------------------------------------------------------------------------- */
int64_t quiz_due(const quiz_card *card) {
    return card->reviews == 0 ? 0 : card->last + (int64_t)ken_recall_interval(NULL, card->memory);
}

void quiz_review(quiz_card *card, int64_t today, ken_grade grade) {
    const double days = card->reviews == 0 ? 0 : (double)(today - card->last);
    card->memory = ken_recall_review(NULL, card->memory, days, grade);
    card->lapses += grade == KEN_GRADE_AGAIN && card->reviews > 0;
    card->reviews++;
    card->last = today;
}

static bool quiz_wanted(const quiz_card *card, const char *only) {
    return !only || strcmp(only, card->deck) == 0;
}

static double quiz_recall_today(const quiz_card *card, int64_t today) {
    return ken_recall_probability(NULL, card->memory, (double)(today - card->last));
}

/* Cards of this deck and level that come before card i: decks take turns. */
static int quiz_turn(const quiz_deck *deck, int i) {
    int turn = 0;
    for (int k = 0; k < i; k++)
        turn += deck->card[k].reviews == 0 && deck->card[k].level == deck->card[i].level &&
                strcmp(deck->card[k].deck, deck->card[i].deck) == 0;
    return turn;
}

/* The key by which new cards are sorted: level, then turn, then place in the deck. */
static int64_t quiz_new_key(const quiz_deck *deck, int i) {
    return (deck->card[i].level << 40) + ((int64_t)quiz_turn(deck, i) << 20) + i;
}

static int quiz_pick_due(const quiz_deck *deck, const char *only, int64_t today, int *order, int capacity) {
    int n = 0;
    for (int i = 0; i < deck->n; i++) {
        const quiz_card *card = &deck->card[i];
        if (card->reviews == 0 || !quiz_wanted(card, only) || quiz_due(card) > today) continue;
        const double recall = quiz_recall_today(card, today);
        if (n == capacity && recall >= quiz_recall_today(&deck->card[order[n - 1]], today)) continue;
        int at = n < capacity ? n++ : n - 1;
        for (; at > 0 && quiz_recall_today(&deck->card[order[at - 1]], today) > recall; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return n;
}

int quiz_pick(const quiz_deck *deck, const char *only, int64_t today, int n_new, int *order, int capacity) {
    const int due = capacity > 0 ? quiz_pick_due(deck, only, today, order, capacity) : 0;
    const int most = KEN_MIN(due + n_new, capacity);
    int64_t before = -1;
    int n = due;
    while (n < most) {
        int best = -1;
        int64_t best_key = INT64_MAX;
        for (int i = 0; i < deck->n; i++) {
            if (deck->card[i].reviews > 0 || !quiz_wanted(&deck->card[i], only)) continue;
            const int64_t key = quiz_new_key(deck, i);
            if (key > before && key < best_key) best = i, best_key = key;
        }
        if (best < 0) break;
        order[n++] = best;
        before = best_key;
    }
    return n;
}
