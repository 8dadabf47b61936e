/* The terminal: width, color, bars, numbers for people, the progress line. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"

bool cli_is_terminal(FILE *to) { return isatty(fileno(to)); }

int cli_width(FILE *to) {
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    if (cli_is_terminal(to) && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        return size.ws_col;
    if (columns && atoi(columns) >= 20) return atoi(columns);
    return 80;
}

const char *cli_style(FILE *to, const char *code) {
    static const struct {
        const char *code, *sequence;
    } styles[] = {
        {"0", "\033[0m"}, {"1", "\033[1m"}, {"2", "\033[2m"}, {"31", "\033[31m"},
        {"32", "\033[32m"}, {"33", "\033[33m"}, {"36", "\033[36m"}};
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    if (!cli_is_terminal(to) || (no_color && *no_color) || (term && strcmp(term, "dumb") == 0)) return "";
    for (int i = 0; i < KEN_COUNT(styles); i++)
        if (strcmp(styles[i].code, code) == 0) return styles[i].sequence;
    return "";
}

const char *cli_bar(double value, int width, char *buf) {
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const double clamped = value > 1 ? 1 : value > 0 ? value : 0;
    const int steps = (int)floor(clamped * width * 8 + 0.5);
    char *at = buf;
    for (int i = 0; i < steps / 8; i++) at = stpcpy(at, "█");
    strcpy(at, eighths[steps % 8]);
    return buf;
}

const char *cli_text_cut(const char *text, int width, char *buf, size_t size) {
    const size_t length = strlen(text);
    snprintf(buf, size, "%s", text);
    if (ken_utf8_width(text, length) <= width && length < size) return buf;
    size_t at = 0, keep = 0;
    while (at < length && at < size - 8) {
        ken_utf8_next(text, length, &at);
        if (at > size - 8 || ken_utf8_width(text, at) > width - 1) break;
        keep = at;
    }
    memcpy(buf + keep, "…", sizeof "…");
    return buf;
}

const char *cli_number_text(double v, char *buf) {
    if (isnan(v)) return strcpy(buf, "–");
    if (fabs(v) >= 1e15 || v != floor(v)) {
        ken_format_f64_digits(v, 4, buf);
        return buf;
    }
    return cli_count_text((int64_t)v, buf);
}

const char *cli_count_text(int64_t v, char *buf) {
    char digits[32];
    const int n = ken_format_i64(v, digits), sign = v < 0;
    char *out = buf;
    for (int i = 0; i < n; i++) {
        if (i > sign && (n - i) % 3 == 0) *out++ = ',';
        *out++ = digits[i];
    }
    *out = 0;
    return buf;
}

const char *cli_bytes_text(double bytes, char *buf) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int u = 0;
    while (bytes >= 1000 && u < 4) bytes /= 1000, u++;
    snprintf(buf, 32, bytes < 10 && u ? "%.1f %s" : "%.0f %s", bytes, units[u]);
    return buf;
}

const char *cli_seconds_text(double s, char *buf) {
    if (isnan(s)) return strcpy(buf, "–");
    if (s < 0.0095)
        snprintf(buf, 32, "%.1f ms", s * 1e3);
    else if (s < 0.995)
        snprintf(buf, 32, "%.0f ms", s * 1e3);
    else if (s < 99.5)
        snprintf(buf, 32, "%.1f s", s);
    else
        snprintf(buf, 32, "%d min %d s", (int)(s / 60), (int)fmod(s, 60));
    return buf;
}

/* --- progress: at most ten times a second, from the first half second on --------------------------- */
static struct {
    double start, last;
    char what[64];
    bool shown;
} progress;

void cli_progress_end(void) {
    if (progress.shown) fputs("\r\033[K", stderr);
    progress.shown = false;
    progress.what[0] = 0;
}

/* Objectives by iteration; a fit that begins anew replaces the one before it. */
static void progress_record(cli_curve *curve, const ken_progress *p) {
    if (isnan(p->objective)) return;
    if (p->iteration <= 1) curve->n = 0;
    if (curve->n == CLI_MAX_CURVE) return;
    curve->at[curve->n++] = (ken_report_curve_point){(double)p->iteration, p->objective, p->validation};
}

void cli_hook(void *user, const ken_progress *p) {
    char bar[160], eta[32], number[32];
    cli *c = user;
    progress_record(&c->curve, p);
    if (c->quiet || !cli_is_terminal(stderr)) return;
    const double now = cli_clock_s(NULL);
    if (strcmp(progress.what, p->what) != 0 || p->iteration <= 1) {
        progress.start = now;
        snprintf(progress.what, sizeof progress.what, "%s", p->what);
    }
    if (now - progress.last < 0.1 || now - progress.start < 0.5) return;
    progress.last = now;
    progress.shown = true;
    fprintf(stderr, "\r\033[K%s ", p->what);
    if (p->total > 0) {
        const double share = (double)p->iteration / (double)p->total;
        const double left = (now - progress.start) / (double)p->iteration * (double)(p->total - p->iteration);
        fprintf(stderr, "%-20s %3.0f%%  %s left", cli_bar(share, 20, bar), share * 100,
                cli_seconds_text(left, eta));
    } else {
        fprintf(stderr, "step %lld", (long long)p->iteration);
    }
    if (!isnan(p->objective)) fprintf(stderr, "  objective %s", cli_number_text(p->objective, number));
    if (!isnan(p->validation)) fprintf(stderr, "  validation %s", cli_number_text(p->validation, number));
    for (int i = 0; i < KEN_MIN(p->n_verdicts, 3); i++) /* what fits on a line */
        fprintf(stderr, "  %s %s", p->verdicts[i].name, cli_number_text(p->verdicts[i].value, number));
    fflush(stderr);
}

void cli_log(void *user, ken_log_level level, const char *message) {
    cli *c = user;
    if (c->quiet) return;
    cli_progress_end();
    if (level == KEN_LOG_WARNING)
        fprintf(stderr, "%sken: warning:%s %s\n", cli_style(stderr, "33"), cli_style(stderr, "0"), message);
    else
        fprintf(stderr, "%sken:%s %s\n", cli_style(stderr, "2"), cli_style(stderr, "0"), message);
    c->n_warnings += level == KEN_LOG_WARNING;
}

/* --- grids --------------------------------------------------------------------------------------------- */
void cli_grid_begin(cli_grid *g, int columns, const char *const *titles) {
    char title[CLI_MAX_COLUMNS][64];
    const char *cells[CLI_MAX_COLUMNS];
    memset(g, 0, sizeof *g);
    g->columns = columns;
    for (int j = 0; j < columns; j++) {
        snprintf(title[j], sizeof title[j], "%s", titles[j]);
        const size_t n = strlen(title[j]);
        g->right[j] = n && title[j][n - 1] == '>';
        if (g->right[j]) title[j][n - 1] = 0;
        cells[j] = title[j];
    }
    cli_grid_row(g, cells);
}

void cli_grid_row(cli_grid *g, const char *const *cells) {
    if (g->rows == g->capacity) {
        const int capacity = g->capacity * 2 + 16;
        char **more = realloc(g->cells, (size_t)(capacity * g->columns) * sizeof *more);
        if (!more) {
            g->failed = true;
            return;
        }
        g->cells = more, g->capacity = capacity;
    }
    for (int j = 0; j < g->columns; j++) {
        g->cells[g->rows * g->columns + j] = strdup(cells[j] ? cells[j] : "");
        g->failed |= !g->cells[g->rows * g->columns + j];
    }
    g->rows++;
}

static const char *grid_cell(const cli_grid *g, int i, int j) {
    const char *text = g->cells[i * g->columns + j];
    return text ? text : "";
}

/* Where it is too wide, the widest left-aligned column gives way, down to 12 columns each; the last one
 * first where it may wrap. */
static void grid_fit(const cli_grid *g, int *width, int room) {
    for (;;) {
        int total = 2 * (g->columns - 1), widest = -1;
        for (int j = 0; j < g->columns; j++) {
            total += width[j];
            if (!g->right[j] && (widest < 0 || width[j] > width[widest])) widest = j;
        }
        if (g->wrap && width[g->columns - 1] > 32) widest = g->columns - 1;
        if (total <= room || widest < 0 || width[widest] <= 12) return;
        width[widest]--;
    }
}

/* One line of cells; the last one goes on under itself where it is long and the grid may wrap. */
static void grid_line(const cli_grid *g, int i, const int *width, FILE *to) {
    char cut[512];
    int column = 2;
    fputs("  ", to);
    for (int j = 0; j < g->columns; j++) {
        const bool last = j + 1 == g->columns;
        if (last && g->wrap) {
            cli_wrap(to, grid_cell(g, i, j), column, column + width[j]);
            return;
        }
        const char *text = cli_text_cut(grid_cell(g, i, j), width[j], cut, sizeof cut);
        const int pad = width[j] - ken_utf8_width(text, strlen(text));
        fprintf(to, "%*s%s%*s%s", g->right[j] ? pad : 0, "", text, g->right[j] || last ? 0 : pad, "",
                last ? "" : "  ");
        column += width[j] + 2;
    }
    fputc('\n', to);
}

void cli_grid_print(cli_grid *g, FILE *to) {
    int width[CLI_MAX_COLUMNS] = {0};
    for (int i = 0; i < g->rows; i++)
        for (int j = 0; j < g->columns; j++) {
            const char *text = grid_cell(g, i, j);
            width[j] = KEN_MAX(width[j], ken_utf8_width(text, strlen(text)));
        }
    grid_fit(g, width, cli_width(to) - 2);
    for (int i = 0; i < g->rows; i++) {
        fputs(i == 0 ? cli_style(to, "2") : "", to);
        grid_line(g, i, width, to);
        fputs(i == 0 ? cli_style(to, "0") : "", to);
    }
    for (int i = 0; i < g->rows * g->columns; i++) free(g->cells[i]);
    free(g->cells);
    memset(g, 0, sizeof *g);
}

/* --- JSON ------------------------------------------------------------------------------------------------- */
void cli_json_begin(cli *c, cli_json *j) {
    j->text = ken_text_new(c->ctx);
    j->w = ken_json_writer_new(&j->text, 2);
    ken_json_object(&j->w);
}

int cli_json_end(cli *c, cli_json *j) {
    const char *text;
    ken_json_end_object(&j->w);
    const ken_status status = ken_text_end(&j->text, &text);
    if (status == KEN_OK) {
        cli_progress_end();
        puts(text);
    }
    ken_text_free(&j->text);
    return status == KEN_OK ? CLI_DONE : cli_failed(c, status);
}
