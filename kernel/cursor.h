/* Where the cursor of a front end stands in a cell: in a word, or in a string of a call. */
#ifndef KEN_KERNEL_CURSOR_H
#define KEN_KERNEL_CURSOR_H

#include "kernel/kernel.h"

typedef struct cursor_place {
    size_t begin, end;        /* the word around the cursor, in bytes */
    bool in_string;
    size_t string;            /* first byte of the string's text */
    char function[64];        /* the call whose argument it is; "" */
    int argument;             /* from 0 */
    char texts[4][128];       /* literal arguments before it, by number; "" */
    char field[64];           /* ".model = " before a string */
    bool in_comment;
} cursor_place;

void cursor_find(const char *text, size_t size, size_t at, cursor_place *out);
/* Jupyter counts code points. */
size_t cursor_bytes(const char *text, size_t size, int64_t points);
int64_t cursor_points(const char *text, size_t bytes);

#endif
