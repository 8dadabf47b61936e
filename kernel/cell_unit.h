/* A cell as one C source file: what it declares, what must be edited so that it can be loaded beside
 * the cells before it, and the functions that run it.
 *
 * Names live on by assembler names: `double f(double)` of unit 3 is the symbol "f.3", by a declaration
 * `double f(double) __asm__("f.3");` before it. Later cells see that declaration; a new `f` is "f.7",
 * and nothing ever collides. Read cell_session.h next. */
#ifndef KEN_KERNEL_CELL_UNIT_H
#define KEN_KERNEL_CELL_UNIT_H

#include "kernel/cell_split.h"

typedef enum cell_kind {
    CELL_DIRECTIVE_ITEM, /* #include, #define, #undef */
    CELL_TYPE,           /* struct, union, enum, typedef */
    CELL_FUNCTION,
    CELL_VARIABLE,
    CELL_PROTOTYPE       /* declared here, defined elsewhere */
} cell_kind;

/* What later cells see of a declaration. */
typedef struct cell_item {
    cell_kind kind;
    char *names;        /* with a blank before, between and after: " P A B " */
    char *text;         /* the declaration as it is emitted; "%s" in place of an unknown array size */
    char *symbol;       /* of functions and variables: "f.3" */
    char *doc;          /* the comment before it; "" */
    bool sized;         /* text has a %s */
    int cell, line;     /* execution number, line from 1 */
    size_t begin, end;  /* in the text of its cell */
    bool dropped;       /* replaced by the cell that is being compiled */
} cell_item;

typedef struct cell_items {
    cell_item *at;
    int n, capacity;
} cell_items;

typedef enum cell_edit_kind {
    CELL_BLANK,   /* `size` bytes become blanks; line ends stay */
    CELL_INSERT,  /* text as it is */
    CELL_DECLARE  /* text on lines of its own; line and column go on as if nothing was there */
} cell_edit_kind;
typedef struct cell_edit {
    cell_edit_kind kind;
    size_t at, size;
    char *text;
} cell_edit;

typedef struct cell_unit {
    ken_ctx *ctx;
    const char *text; /* lent: the cell */
    size_t size;
    cell_split split;
    int number, cell; /* of symbols; as the notebook counts */
    cell_items items;
    cell_edit *edits;
    int n_edits, edits_capacity;
    bool has_main, tail_is_expression;
    int stray_line;   /* a statement outside RUN; 0: none */
} cell_unit;

/* Splits and reads a cell. errors  as cell_split_text · KEN_E_NOMEM */
ken_status cell_unit_open(ken_ctx *ctx, const char *text, size_t size, int number, int cell,
                          cell_unit *out);
void cell_unit_close(cell_unit *u);
ken_status cell_unit_edit(cell_unit *u, cell_edit_kind kind, size_t at, size_t size, const char *text);
/* The source after the declarations of earlier cells; calls gets the names of the functions to run,
 * a blank after each. */
ken_status cell_unit_write(cell_unit *u, ken_text *out, ken_text *calls);

/* cell_declare.c: items and edits from the syntax tree (libtree-sitter). */
ken_status cell_declare(cell_unit *u);

bool cell_item_has(const cell_item *item, const char *name, size_t size);
/* Does the item's text use the word? */
bool cell_item_mentions(const cell_item *item, const char *name, size_t size);
void cell_item_free(ken_ctx *ctx, cell_item *item);
/* Takes the item over; on failure it is freed. */
ken_status cell_items_add(ken_ctx *ctx, cell_items *items, cell_item *item);

#endif
