/* The grammar of a cell: C at file scope, RUN { ... } blocks, KEN_CHECK(name) { ... } blocks, and maybe
 * a bare expression at the end, whose value is shown. Found by scanning words, quotes, comments,
 * preprocessor lines and brackets; the C itself is read by cell_declare.c and the compiler. */
#ifndef KEN_KERNEL_CELL_SPLIT_H
#define KEN_KERNEL_CELL_SPLIT_H

#include "ken/core/text.h"

enum { CELL_MAX_BLOCKS = 64, CELL_MAX_NAME = 64 };

/* --- words of C ------------------------------------------------------------------------------------- */
typedef enum cell_token {
    CELL_END,
    CELL_WORD,      /* identifier or keyword */
    CELL_LITERAL,   /* number, string, character */
    CELL_MARK,      /* one character of punctuation */
    CELL_DIRECTIVE, /* a whole preprocessor line, with its continuations, without the line's end */
    CELL_OPEN       /* a comment, string or character that does not end; the rest of the text */
} cell_token;

typedef struct cell_scan {
    const char *text;
    size_t size, at;       /* at: where the next token is looked for */
    size_t begin, end;     /* of the last token */
    bool line_start;       /* nothing but blanks and comments before it on its line */
} cell_scan;

void cell_scan_begin(cell_scan *s, const char *text, size_t size);
cell_token cell_scan_next(cell_scan *s);
bool cell_scan_is(const cell_scan *s, const char *word);

/* --- blocks ------------------------------------------------------------------------------------------ */
typedef enum cell_block_kind { CELL_RUN, CELL_CHECK } cell_block_kind;
typedef struct cell_block {
    cell_block_kind kind;
    size_t begin, body, end;   /* the word; its '{'; one past its '}' */
    char name[CELL_MAX_NAME];  /* of a check */
} cell_block;

typedef struct cell_split {
    cell_block blocks[CELL_MAX_BLOCKS];
    int n_blocks;
    size_t tail, tail_end;     /* the words after the last ';', '}' or directive; equal: none */
    bool fast;                 /* the first line is "//% fast" */
    char id[CELL_MAX_NAME];    /* "//% cell=fit": its name in records; "" else */
} cell_split;

/* errors  KEN_E_FORMAT with "line:column" as place: a bracket or quote that does not end, or ends what
 *         did not begin; a RUN without a block; an unknown word after "//%" */
ken_status cell_split_text(ken_ctx *ctx, const char *text, size_t size, cell_split *out);

typedef enum cell_state { CELL_COMPLETE, CELL_INCOMPLETE, CELL_INVALID } cell_state;
/* depth: brackets that are open at the end. */
cell_state cell_is_complete(const char *text, size_t size, int *depth);

/* Line and column (bytes) of a place in a text, from 1. */
void cell_place(const char *text, size_t at, int *line, int *column);

#endif
