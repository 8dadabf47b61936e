/* What a compiler says, told in the places of the notebook: "cell 3, line 2", the line, a caret. */
#ifndef KEN_KERNEL_CELL_ERRORS_H
#define KEN_KERNEL_CELL_ERRORS_H

#include "ken/core/text.h"

/* The text of a file that a #line names ("cell 3"); NULL: not a cell. */
typedef const char *(*cell_source_fn)(void *user, const char *file, size_t *size);

typedef struct cell_error {
    int line, column;      /* of the first error; 0: unknown */
    char file[64];
    char message[512];
    int n_errors, n_warnings;
} cell_error;

/* Adds the compiler's messages to `out`. color: with ANSI sequences. */
void cell_errors_tell(const char *text, size_t size, cell_source_fn source, void *user, bool color,
                      ken_text *out, cell_error *first);
/* Line `line` of a text with its number, and a caret under `column` (0: none). */
void cell_errors_line(ken_text *out, const char *text, size_t size, int line, int column);

#endif
