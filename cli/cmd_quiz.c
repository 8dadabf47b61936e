/* ken quiz: interview cards in the terminal, asked again when they are about to be forgotten. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/quiz_deck.h"
#include "ken/core/rng.h"

extern const char ken__interview_json[]; /* hub/rooms/interview.json, embedded by the build */

#define QUIZ_MOST 500
typedef struct quiz_session {
    cli *c;
    quiz_deck deck;
    const char *only, *path; /* the deck asked for; the progress file */
    int64_t today;
    int order[2 * QUIZ_MOST], n, asked;
    int grades[5];           /* by grade; 0: skipped */
    bool mock;
    double seconds;          /* of the mock interview */
    time_t start;
} quiz_session;

/* --- showing: a card's text has `code` and **stress**, nothing else --------------------------------------- */
static void quiz_plain(const char *text, char *out, size_t size) {
    size_t n = 0;
    for (const char *s = text; *s && n + 1 < size; s++)
        if (*s != '`' && !(s[0] == '*' && (s[1] == '*' || (s > text && s[-1] == '*')))) out[n++] = *s;
    out[n] = 0;
}

static void quiz_paragraph(const char *label, const char *style, const char *text) {
    char plain[8192];
    const int width = KEN_MIN(cli_width(stdout), 88);
    if (!*text) return;
    quiz_plain(text, plain, sizeof plain);
    printf("  %s%-11s%s", cli_style(stdout, style), label, cli_style(stdout, "0"));
    cli_wrap(stdout, plain, 13, width - 1);
}

static const char *quiz_text(const ken_json *source, const char *key) {
    return ken_json_string(ken_json_get(source, key), NULL, "");
}

static void quiz_show_question(const quiz_session *s, const quiz_card *card) {
    char plain[4096];
    quiz_plain(quiz_text(card->source, "question"), plain, sizeof plain);
    printf("\n%s%s · %d of %d%s\n\n  %s", cli_style(stdout, "2"), card->deck, s->asked + 1, s->n,
           cli_style(stdout, "0"), cli_style(stdout, "1"));
    cli_wrap(stdout, plain, 2, KEN_MIN(cli_width(stdout), 88) - 1);
    fputs(cli_style(stdout, "0"), stdout);
}

static void quiz_show_answer(const quiz_card *card) {
    const ken_json *v = card->source, *followups = ken_json_get(v, "followups");
    putchar('\n');
    quiz_paragraph("in short", "32", quiz_text(v, "short"));
    quiz_paragraph("in full", "36", quiz_text(v, "full"));
    quiz_paragraph("don't say", "31", quiz_text(v, "dont"));
    for (int64_t i = 0; i < ken_json_count(followups); i++) {
        const ken_json *f = ken_json_at(followups, i);
        quiz_paragraph(i ? "" : "then ask", "33", quiz_text(f, "q"));
        quiz_paragraph("", "2", quiz_text(f, "a"));
    }
    quiz_paragraph("try", "2", quiz_text(v, "demo"));
    if (*quiz_text(v, "lesson")) printf("  %-11sken learn %s\n", "lesson", quiz_text(v, "lesson"));
}

/* --- asking ------------------------------------------------------------------------------------------------ */
/* A line of the reader's without its end; false at the end of input, on Ctrl-C and for "q". */
static bool quiz_line(const char *prompt, char *line, size_t size) {
    printf("\n%s%s%s ", cli_style(stdout, "1"), prompt, cli_style(stdout, "0"));
    fflush(stdout);
    if (cli_cancel || !fgets(line, (int)size, stdin)) {
        putchar('\n');
        return false;
    }
    line[strcspn(line, "\r\n")] = 0;
    return strcmp(line, "q") != 0 && strcmp(line, "quit") != 0;
}

static const char *quiz_days_text(double days, char *buf, size_t size) {
    if (days < 31) snprintf(buf, size, "%.0f d", days);
    else if (days < 365) snprintf(buf, size, "%.0f mo", days / 30.44);
    else snprintf(buf, size, "%.1f y", days / 365.25);
    return buf;
}

static void quiz_grade_prompt(const quiz_session *s, const quiz_card *card, char *prompt, size_t size) {
    static const char *const words[] = {"again", "hard", "good", "easy"};
    size_t used = 0;
    for (int g = KEN_GRADE_AGAIN; g <= KEN_GRADE_EASY; g++) {
        quiz_card copy = *card;
        char days[16];
        quiz_review(&copy, s->today, (ken_grade)g);
        used += (size_t)snprintf(prompt + used, size - used, "%s%d %s (%s)", g > 1 ? "   " : "How was it?  ", g,
                                 words[g - 1], quiz_days_text(ken_recall_interval(NULL, copy.memory), days, sizeof days));
    }
    snprintf(prompt + used, size - used, "   q quit >");
}

/* 1 to 4, 0 to skip, -1 to stop. Anything else is asked again. */
static int quiz_ask_grade(const quiz_session *s, const quiz_card *card) {
    char line[256], prompt[256];
    quiz_grade_prompt(s, card, prompt, sizeof prompt);
    while (quiz_line(prompt, line, sizeof line)) {
        if (line[0] >= '1' && line[0] <= '4' && !line[1]) return line[0] - '0';
        if (strcmp(line, "s") == 0) return 0;
        printf("  a grade from 1 (not known) to 4 (easy), s to skip, q to stop; what you have done is kept\n");
    }
    return -1;
}

static bool quiz_out_of_time(const quiz_session *s) {
    return s->mock && difftime(time(NULL), s->start) >= s->seconds;
}

/* One card; false: stop. A card not known comes once more at the end of the session. */
static bool quiz_card_asked(quiz_session *s, int place, ken_status *status) {
    quiz_card *card = &s->deck.card[s->order[place]];
    char line[256];
    quiz_show_question(s, card);
    if (!quiz_line(s->mock ? "Answer aloud; Enter shows what a good answer holds. >"
                           : "Say it aloud, then press Enter (s skips, q stops) >", line, sizeof line))
        return false;
    if (strcmp(line, "s") == 0) {
        s->grades[0]++, s->asked++;
        return true;
    }
    quiz_show_answer(card);
    const int grade = quiz_ask_grade(s, card);
    if (grade < 0) return false;
    s->grades[grade]++, s->asked++;
    if (grade == 0) return true;
    quiz_review(card, s->today, (ken_grade)grade);
    *status = quiz_progress_save(s->c->ctx, &s->deck, s->path);
    if (grade == KEN_GRADE_AGAIN && !s->mock && s->n < KEN_COUNT(s->order)) s->order[s->n++] = s->order[place];
    return *status == KEN_OK;
}

/* --- before and after --------------------------------------------------------------------------------------- */
typedef struct quiz_counts {
    int cards, due, fresh;
    int64_t next; /* day of the next card that is not due yet; 0: none */
} quiz_counts;

static quiz_counts quiz_count(const quiz_session *s, const char *deck) {
    quiz_counts n = {0, 0, 0, 0};
    for (int i = 0; i < s->deck.n; i++) {
        const quiz_card *card = &s->deck.card[i];
        if (deck && strcmp(deck, card->deck) != 0) continue;
        n.cards++;
        n.fresh += card->reviews == 0;
        if (card->reviews == 0) continue;
        const int64_t due = quiz_due(card);
        n.due += due <= s->today;
        if (due > s->today && (n.next == 0 || due < n.next)) n.next = due;
    }
    return n;
}

static bool quiz_first_of_deck(const quiz_session *s, int i) {
    for (int k = 0; k < i; k++)
        if (strcmp(s->deck.card[k].deck, s->deck.card[i].deck) == 0) return false;
    return true;
}

static double quiz_mean_recall(const quiz_session *s, const char *deck) {
    double sum = 0;
    int n = 0;
    for (int i = 0; i < s->deck.n; i++) {
        const quiz_card *card = &s->deck.card[i];
        if (card->reviews == 0 || strcmp(card->deck, deck) != 0) continue;
        sum += ken_recall_probability(NULL, card->memory, (double)(s->today - card->last));
        n++;
    }
    return n ? sum / n : 0;
}

static int quiz_list(quiz_session *s) {
    static const char *const titles[] = {"deck", "cards>", "due>", "new>", "remembered"};
    cli_grid g;
    cli_grid_begin(&g, 5, titles);
    for (int i = 0; i < s->deck.n; i++) {
        if (!quiz_first_of_deck(s, i)) continue;
        const char *deck = s->deck.card[i].deck;
        const quiz_counts n = quiz_count(s, deck);
        char cards[16], due[16], fresh[16], bar[64];
        snprintf(cards, sizeof cards, "%d", n.cards);
        snprintf(due, sizeof due, "%d", n.due);
        snprintf(fresh, sizeof fresh, "%d", n.fresh);
        const char *cells[] = {deck, cards, due, fresh, cli_bar(quiz_mean_recall(s, deck), 12, bar)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
    return CLI_DONE;
}

static int quiz_list_json(quiz_session *s) {
    cli_json j;
    cli_json_begin(s->c, &j);
    KEN_JSON(&j.w, "progress", string, s->path);
    ken_json_put_key(&j.w, "decks");
    ken_json_array(&j.w);
    for (int i = 0; i < s->deck.n; i++) {
        if (!quiz_first_of_deck(s, i)) continue;
        const quiz_counts n = quiz_count(s, s->deck.card[i].deck);
        ken_json_object(&j.w);
        KEN_JSON(&j.w, "deck", string, s->deck.card[i].deck);
        KEN_JSON(&j.w, "cards", i64, n.cards);
        KEN_JSON(&j.w, "due", i64, n.due);
        KEN_JSON(&j.w, "new", i64, n.fresh);
        ken_json_end_object(&j.w);
    }
    ken_json_end_array(&j.w);
    return cli_json_end(s->c, &j);
}

static void quiz_farewell(const quiz_session *s) {
    const quiz_counts n = quiz_count(s, s->only);
    char day[11];
    const int known = s->grades[KEN_GRADE_HARD] + s->grades[KEN_GRADE_GOOD] + s->grades[KEN_GRADE_EASY];
    const int graded = known + s->grades[KEN_GRADE_AGAIN];
    if (graded)
        printf("\n%d of %d known%s", known, graded, s->grades[0] ? ", " : "\n");
    if (graded && s->grades[0]) printf("%d skipped\n", s->grades[0]);
    if (n.due) {
        printf("%d more are due today\n", n.due);
    } else if (n.next) {
        quiz_format_day(n.next, day);
        printf("the next card is due on %s%s\n", day, n.fresh ? "; there are new ones at any time" : "");
    }
}

static int quiz_session_run(quiz_session *s) {
    ken_status status = KEN_OK;
    const quiz_counts n = quiz_count(s, s->only);
    if (s->n == 0) {
        printf("nothing is due%s\n", n.fresh ? "; --new N asks new cards" : "");
        quiz_farewell(s);
        return CLI_DONE;
    }
    printf("%d due, %d never asked; this session: %d card%s%s\n", n.due, n.fresh, s->n, s->n > 1 ? "s" : "",
           s->mock ? ", against the clock" : "");
    for (int i = 0; i < s->n; i++) {
        if (quiz_out_of_time(s)) {
            printf("\ntime is up\n");
            break;
        }
        if (!quiz_card_asked(s, i, &status)) break;
    }
    if (status != KEN_OK) return cli_failed(s->c, status);
    quiz_farewell(s);
    return cli_cancel ? CLI_INTERRUPTED : CLI_DONE;
}

/* --- the command --------------------------------------------------------------------------------------------- */
/* Where progress is kept: --progress, else $XDG_DATA_HOME/ken, else ~/.local/share/ken. */
static const char *quiz_path(cli *c, char *buf, size_t size) {
    const char *given = cli_value(c, "progress"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (given) return given;
    if (data && *data == '/')
        snprintf(buf, size, "%s/ken/progress.json", data);
    else if (home && *home)
        snprintf(buf, size, "%s/.local/share/ken/progress.json", home);
    else
        snprintf(buf, size, "ken-progress.json");
    return buf;
}

typedef struct quiz_names {
    const quiz_deck *deck;
} quiz_names;
static const char *quiz_name_at(void *arg, int i) { return ((quiz_names *)arg)->deck->card[i].deck; }

static int quiz_check_deck(const quiz_session *s) {
    quiz_names names = {&s->deck};
    char hint[128];
    if (!s->only) return CLI_DONE;
    for (int i = 0; i < s->deck.n; i++)
        if (strcmp(s->deck.card[i].deck, s->only) == 0) return CLI_DONE;
    const char *near = ken_nearest_name(s->only, s->deck.n, quiz_name_at, &names);
    snprintf(hint, sizeof hint, near ? "did you mean '%s'?" : "'ken quiz --list' names the decks", near);
    return cli_wrong(hint, "there is no deck '%s'", s->only);
}

static int quiz_read_options(quiz_session *s, int64_t *most, int64_t *fresh) {
    cli *c = s->c;
    double minutes;
    const char *date = cli_value(c, "date");
    s->only = cli_value(c, "deck");
    s->mock = cli_value(c, "mock") != NULL;
    s->today = quiz_today();
    if (date && !quiz_parse_day(date, &s->today))
        return cli_wrong("write a date like 2026-11-29", "--date cannot be '%s'", date);
    if (!cli_integer(c, "cards", 20, 1, QUIZ_MOST, most) || !cli_integer(c, "new", 10, 0, QUIZ_MOST, fresh) ||
        !cli_number(c, "mock", 45, 1, 600, &minutes))
        return CLI_USAGE;
    s->seconds = 60 * minutes;
    s->start = time(NULL);
    return quiz_check_deck(s);
}

/* A mock interview asks anything: a draw by seed and day, whatever is due. */
static void quiz_draw(quiz_session *s, int64_t most) {
    int n = 0;
    int64_t items[QUIZ_MOST];
    ken_rng rng = ken_rng_stream(s->c->ctx, "quiz.mock", (uint64_t)s->today);
    for (int i = 0; i < s->deck.n && n < QUIZ_MOST; i++)
        if (!s->only || strcmp(s->only, s->deck.card[i].deck) == 0) items[n++] = i;
    ken_rng_shuffle(&rng, items, n);
    s->n = (int)KEN_MIN(most, n);
    for (int i = 0; i < s->n; i++) s->order[i] = (int)items[i];
}

static int quiz_with_progress(quiz_session *s) {
    cli *c = s->c;
    const char *import = cli_value(c, "import"), *export = cli_value(c, "export");
    int64_t most, fresh;
    const int status = quiz_read_options(s, &most, &fresh);
    if (status != CLI_DONE) return status;
    ken_status loaded = quiz_progress_load(c->ctx, &s->deck, s->path, true);
    if (loaded == KEN_OK && import) {
        loaded = quiz_progress_merge(c->ctx, &s->deck, import);
        if (loaded == KEN_OK) loaded = quiz_progress_save(c->ctx, &s->deck, s->path);
    }
    if (loaded == KEN_OK && export) loaded = quiz_progress_save(c->ctx, &s->deck, export);
    if (loaded != KEN_OK) return cli_failed(c, loaded);
    if (cli_flag(c, "list")) return c->json ? quiz_list_json(s) : quiz_list(s);
    if (import || export) return CLI_DONE;
    if (c->json) return cli_wrong("add --list", "a session has no JSON");
    if (s->mock)
        quiz_draw(s, most);
    else
        s->n = quiz_pick(&s->deck, s->only, s->today, (int)fresh, s->order, (int)most);
    return quiz_session_run(s);
}

static int quiz_run(cli *c) {
    quiz_session *s = calloc(1, sizeof *s);
    char path[4096];
    if (!s) return cli_wrong(NULL, "out of memory");
    s->c = c;
    s->path = quiz_path(c, path, sizeof path);
    const ken_status status =
        quiz_deck_open(c->ctx, "interview.json", ken__interview_json, strlen(ken__interview_json), &s->deck);
    const int result = status == KEN_OK ? quiz_with_progress(s) : cli_failed(c, status);
    quiz_deck_close(c->ctx, &s->deck);
    free(s);
    return result;
}

static const cli_option quiz_options[] = {
    {"deck", 0, "NAME", NULL, "ask cards of this deck only (--list names them)"},
    {"cards", 'n', "N", NULL, "at most N cards (default 20)"},
    {"new", 0, "N", NULL, "of them at most N that were never asked (default 10)"},
    {"mock", 0, "MINUTES", NULL, "a mock interview: cards by lot, against the clock"},
    {"list", 'l', NULL, NULL, "the decks: how many cards, due, new, and how well they are remembered"},
    {"progress", 0, "FILE", ":file", "where progress is kept (default ~/.local/share/ken/progress.json)"},
    {"import", 0, "FILE", ":file", "take over progress, of the hub too: the later review of each card counts"},
    {"export", 0, "FILE", ":file", "write progress for the hub or another machine"},
    {"date", 0, "YYYY-MM-DD", NULL, "ask as if it were this day"},
    {"json", 0, NULL, NULL, "with --list: as one JSON object"},
    CLI_END_OPTIONS};

const cli_command cli_quiz = {
    .name = "quiz", .arguments = "[--deck NAME] [--cards N]",
    .summary = "Interview cards, asked again when you are about to forget them",
    .details = "Say the answer aloud, look at it, and grade yourself from 1 (not known) to 4 (easy). Each card comes back "
               "when the chance that you still know it has fallen to nine in ten. The hub asks the same cards; "
               "--export and --import carry progress between the two.",
    .options = quiz_options, .run = quiz_run,
    .examples = "  ken quiz\n  ken quiz --deck algorithms --cards 10\n  ken quiz --mock 45\n  ken quiz --list\n"};
