/* Interview cards and how well they are remembered: two JSON texts. The deck is carried by the program
 * (hub/rooms/interview.json); the progress is a file of the reader's, the same that the hub exports:
 *
 *   {"ken": "progress", "version": 1, "cards": {ID: {"stability": days, "difficulty": 1..10,
 *    "last": "2026-11-29", "reviews": n, "lapses": n}}, ...}      other members are the hub's: kept as they are */
#ifndef KEN_CLI_QUIZ_DECK_H
#define KEN_CLI_QUIZ_DECK_H

#include "cli/cli.h"
#include "ken/stats/recall/recall.h"

typedef struct quiz_card {
    const ken_json *source; /* question, short, full, dont, followups, lesson ... */
    const char *id, *deck;
    int64_t level;          /* 1 to 3 */
    ken_recall memory;      /* zeros: never asked */
    int64_t last;           /* day of the last review, days since 1970-01-01 */
    int64_t reviews, lapses;
} quiz_card;

typedef struct quiz_deck {
    ken_json_doc *cards_doc, *progress_doc;
    quiz_card *card;
    int n;
} quiz_deck;

/* The deck from JSON text. errors  KEN_E_FORMAT: not a deck, a card without id, deck, question, short or full, or an
 * id that is there twice. */
ken_status quiz_deck_open(ken_ctx *ctx, const char *name, const char *json, size_t size, quiz_deck *out);
void quiz_deck_close(ken_ctx *ctx, quiz_deck *deck);
/* Progress from a file; a missing file is no progress where `optional`. Cards that the deck lacks are kept for
 * quiz_progress_save. Merging takes, card by card, the later review. */
ken_status quiz_progress_load(ken_ctx *ctx, quiz_deck *deck, const char *path, bool optional);
ken_status quiz_progress_merge(ken_ctx *ctx, quiz_deck *deck, const char *path);
/* Written whole or not at all. */
ken_status quiz_progress_save(ken_ctx *ctx, const quiz_deck *deck, const char *path);

/* Day on which a card comes again; day 0 for one never asked. */
int64_t quiz_due(const quiz_card *card);
void quiz_review(quiz_card *card, int64_t today, ken_grade grade);
/* At most `capacity` cards for `today` into order: due ones first, the one most nearly forgotten first, then at
 * most n_new that were never asked, easy ones first, decks in turn. deck NULL: all. Returns how many. */
int quiz_pick(const quiz_deck *deck, const char *only, int64_t today, int n_new, int *order, int capacity);

/* "2026-11-29" to days since 1970-01-01 and back (buf of 11); false: not a date. */
bool quiz_parse_day(const char *text, int64_t *day);
void quiz_format_day(int64_t day, char *buf);
int64_t quiz_today(void); /* by the local clock */

#endif
