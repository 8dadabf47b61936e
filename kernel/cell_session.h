/* What the cells so far have declared, and how the next one sees it. A declaration with the name of an
 * earlier one replaces it; a type that changes takes with it what is made of it. */
#ifndef KEN_KERNEL_CELL_SESSION_H
#define KEN_KERNEL_CELL_SESSION_H

#include "kernel/cell_unit.h"

typedef struct cell_session {
    ken_ctx *ctx;
    cell_items items; /* in the order in which they are emitted */
    int units;        /* cells compiled so far, for symbols */
} cell_session;

void cell_session_clear(cell_session *s);
/* The whole source of a unit: prelude, earlier declarations, the cell. Earlier declarations that it
 * replaces are marked until commit or cancel. notices: sentences for the user, a line each. */
ken_status cell_session_prepare(cell_session *s, cell_unit *u, ken_text *source, ken_text *calls,
                                ken_text *notices);
/* The unit is loaded: its declarations join. sizes: of its sized items, in order. */
ken_status cell_session_commit(cell_session *s, cell_unit *u, const int64_t *sizes, int n_sizes);
void cell_session_cancel(cell_session *s);

#endif
