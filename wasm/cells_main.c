/* Runs the cells and checks of a lesson natively: prints each record as a line of JSON.
 *
 *   cells [--limit SECONDS] [NAME]      up to the cell NAME, or only the check NAME; without: all
 *
 * Exit status: 0 all ran and every expectation held, 1 a cell failed or an expectation did not hold,
 * 2 wrong usage, 3 out of time. After a cell that failed the later ones do not run (they stand on it);
 * checks stand alone. Link it with cells.c (ken_cells), checks.c (ken_checks), or both. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ken/cell.h"

#pragma weak ken_cells
#pragma weak ken_checks

/* --- memory: what cells leave is freed at the end ------------------------------------------------ */
typedef struct cells_block {
    struct cells_block *previous, *next;
    void *start;
} cells_block;

static void *cells_alloc(void *user, size_t size, size_t align) {
    cells_block *all = user, *block;
    void *start;
    if (align < sizeof(cells_block)) align = 64;
    if (size > SIZE_MAX - align || posix_memalign(&start, align, size + align) != 0) return NULL;
    char *memory = (char *)start + align;
    block = (cells_block *)(memory - sizeof *block);
    *block = (cells_block){all, all->next, start};
    if (all->next) all->next->previous = block;
    all->next = block;
    return memory;
}

static void cells_free(void *user, void *ptr) {
    cells_block *block = (cells_block *)((char *)ptr - sizeof *block);
    (void)user;
    block->previous->next = block->next;
    if (block->next) block->next->previous = block->previous;
    free(block->start);
}

static void cells_free_all(cells_block *all) {
    while (all->next) {
        cells_block *block = all->next;
        all->next = block->next;
        free(block->start);
    }
}

/* --- records and time ------------------------------------------------------------------------------ */
static const char *volatile cells_now = ""; /* what runs, for the handler */

static void cells_write(void *user, const char *line, size_t size) {
    (void)user;
    fwrite(line, 1, size, stdout);
    putchar('\n');
    fflush(stdout); /* a later crash must not lose it */
}

static void cells_say(const char *text) {
    size_t size = strlen(text);
    while (size) {
        const ssize_t done = write(1, text, size);
        if (done <= 0) return;
        text += done;
        size -= (size_t)done;
    }
}

static void cells_out_of_time(int signal_number) {
    (void)signal_number; /* names are C names: no escapes are needed */
    cells_say("{\"cell\":\"");
    cells_say(cells_now);
    cells_say("\",\"key\":\"error\",\"type\":\"error\",\"value\":{\"code\":\"KEN_E_LIMIT\",\"message\":"
              "\"out of time\",\"hint\":\"does a loop never end?\",\"place\":\"\"}}\n");
    _exit(3);
}

/* --- running --------------------------------------------------------------------------------------- */
static int cells_run_cells(ken_ctx *ctx, ken_show *show, const char *name) {
    for (const ken_cell *cell = ken_cells; cell->id; cell++) {
        cells_now = show->cell = cell->id;
        const ken_status status = cell->run(ctx, show);
        if (status != KEN_OK) {
            (void)ken_show_error(ctx, show, status);
            return 1;
        }
        if (name && strcmp(name, cell->id) == 0) break;
    }
    return show->failures > 0;
}

static int cells_run_checks(ken_ctx *ctx, ken_show *show, const char *name) {
    int bad = 0;
    for (const ken_check *check = ken_checks; check->name; check++) {
        if (name && strcmp(name, check->name) != 0) continue;
        cells_now = show->cell = check->name;
        show->failures = 0;
        check->run(ctx, show);
        if (show->failures) bad = 1;
        (void)ken_show_bool(ctx, show, "passed", show->failures == 0);
    }
    return bad;
}

static int cells_has(const char *name) { /* 1: a cell, 2: a check, 0: neither */
    for (const ken_cell *cell = ken_cells; cell && cell->id; cell++)
        if (strcmp(cell->id, name) == 0) return 1;
    for (const ken_check *check = ken_checks; check && check->name; check++)
        if (strcmp(check->name, name) == 0) return 2;
    return 0;
}

static int cells_run(const char *name) {
    cells_block all = {NULL, NULL, NULL};
    const ken_ctx_options options = {.alloc = {cells_alloc, cells_free, &all}, .threads = 1,
                                     .seed = 1, .strict = true};
    ken_show show = {"", cells_write, NULL, 0};
    ken_ctx *ctx;
    const int kind = name ? cells_has(name) : 3;
    int bad = 0;
    if (ken_ctx_new(&options, &ctx) != KEN_OK) return 1;
    if ((kind & 1) && ken_cells) bad |= cells_run_cells(ctx, &show, name);
    if ((kind & 2) && ken_checks && !bad) bad |= cells_run_checks(ctx, &show, name);
    ken_ctx_free(ctx);
    cells_free_all(&all);
    return bad;
}

int main(int argc, char **argv) {
    const char *name = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--limit") == 0 && i + 1 < argc && atoi(argv[i + 1]) > 0) {
            signal(SIGALRM, cells_out_of_time);
            alarm((unsigned)atoi(argv[++i]));
        } else if (argv[i][0] != '-' && !name) {
            name = argv[i];
        } else {
            fprintf(stderr, "usage: %s [--limit SECONDS] [NAME]\n", argv[0]);
            return 2;
        }
    }
    if (name && !cells_has(name)) {
        fprintf(stderr, "%s: there is no cell or check '%s'\n", argv[0], name);
        return 2;
    }
    return cells_run(name);
}
