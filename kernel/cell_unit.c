/* From a cell to a source file: edits are applied, blocks become functions. */
#include "kernel/cell_unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- items ---------------------------------------------------------------------------------------------- */
void cell_item_free(ken_ctx *ctx, cell_item *item) {
    ken_free(ctx, item->names);
    ken_free(ctx, item->text);
    ken_free(ctx, item->symbol);
    ken_free(ctx, item->doc);
    memset(item, 0, sizeof *item);
}

ken_status cell_items_add(ken_ctx *ctx, cell_items *items, cell_item *item) {
    if (items->n == items->capacity) {
        const size_t capacity = ken_next_capacity((size_t)items->capacity, (size_t)items->n + 1);
        const ken_status status = ken_grow(ctx, (void **)&items->at, (size_t)items->capacity, capacity,
                                           sizeof(cell_item));
        if (status != KEN_OK) {
            cell_item_free(ctx, item);
            return status;
        }
        items->capacity = (int)capacity;
    }
    items->at[items->n++] = *item;
    return KEN_OK;
}

bool cell_item_has(const cell_item *item, const char *name, size_t size) {
    for (const char *s = item->names; *s == ' ' && s[1];) {
        const size_t length = strcspn(s + 1, " ");
        if (length == size && memcmp(s + 1, name, size) == 0) return true;
        s += 1 + length;
    }
    return false;
}

bool cell_item_mentions(const cell_item *item, const char *name, size_t size) {
    cell_scan s;
    cell_scan_begin(&s, item->text, strlen(item->text));
    for (cell_token token; (token = cell_scan_next(&s)) != CELL_END;)
        if (token == CELL_WORD && s.end - s.begin == size && memcmp(s.text + s.begin, name, size) == 0)
            return true;
    return false;
}

/* --- edits ------------------------------------------------------------------------------------------------ */
ken_status cell_unit_edit(cell_unit *u, cell_edit_kind kind, size_t at, size_t size, const char *text) {
    if (u->n_edits == u->edits_capacity) {
        const size_t capacity = ken_next_capacity((size_t)u->edits_capacity, (size_t)u->n_edits + 1);
        KEN_TRY(ken_grow(u->ctx, (void **)&u->edits, (size_t)u->edits_capacity, capacity, sizeof(cell_edit)));
        u->edits_capacity = (int)capacity;
    }
    cell_edit edit = {kind, at, size, NULL};
    if (text) KEN_TRY(ken_strdup(u->ctx, text, &edit.text));
    u->edits[u->n_edits++] = edit;
    return KEN_OK;
}

/* By place; edits of one place stay in their order. */
static void unit_sort_edits(cell_unit *u) {
    for (int i = 1; i < u->n_edits; i++) {
        const cell_edit edit = u->edits[i];
        int k = i;
        for (; k > 0 && u->edits[k - 1].at > edit.at; k--) u->edits[k] = u->edits[k - 1];
        u->edits[k] = edit;
    }
}

static void unit_line(const cell_unit *u, size_t at, ken_text *out) {
    int line, column;
    cell_place(u->text, at, &line, &column);
    ken_text_addf(out, "\n#line %d \"cell %d\"\n", line, u->cell);
    for (int i = 1; i < column; i++) ken_text_add_char(out, ' ');
}

static void unit_apply(cell_unit *u, ken_text *out) {
    size_t at = 0, blank_to = 0;
    int next = 0;
    unit_sort_edits(u);
    for (;;) {
        const size_t stop = next < u->n_edits ? u->edits[next].at : u->size;
        for (; at < stop; at++)
            ken_text_add_char(out, at < blank_to && u->text[at] != '\n' ? ' ' : u->text[at]);
        if (next == u->n_edits) break;
        const cell_edit *edit = &u->edits[next++];
        if (edit->kind == CELL_BLANK) {
            blank_to = KEN_MAX(blank_to, edit->at + edit->size);
        } else if (edit->kind == CELL_INSERT) {
            ken_text_add(out, edit->text);
        } else {
            ken_text_addf(out, "\n#line 1 \"notebook\"\n%s", edit->text);
            unit_line(u, edit->at, out);
        }
    }
    ken_text_add_char(out, '\n');
}

/* --- blocks ------------------------------------------------------------------------------------------------- */
#define UNIT_FUNCTION "ken_status ken_cell_%d_%d(ken_ctx *ctx, ken_show *show)"

static ken_status unit_edit_run(cell_unit *u, int i) {
    const cell_block *block = &u->split.blocks[i];
    char head[128];
    snprintf(head, sizeof head, UNIT_FUNCTION, u->number, i);
    KEN_TRY(cell_unit_edit(u, CELL_BLANK, block->begin, block->body - block->begin, NULL));
    KEN_TRY(cell_unit_edit(u, CELL_DECLARE, block->body, 0, head));
    return cell_unit_edit(u, CELL_INSERT, block->end - 1, 0, " return KEN_OK;");
}

static void unit_add_function(cell_unit *u, int i, ken_text *out, ken_text *calls) {
    ken_text_addf(out, "\n" UNIT_FUNCTION " {\n    (void)ctx, (void)show;\n", u->number, i);
    ken_text_addf(calls, "ken_cell_%d_%d ", u->number, i);
}

static void unit_write_tail(cell_unit *u, int i, ken_text *out, ken_text *calls) {
    unit_add_function(u, i, out, calls);
    unit_line(u, u->split.tail, out); /* what is wrong with its type is told in that line */
    ken_text_add(out, "KEN_SHOW(\"\", (");
    unit_line(u, u->split.tail, out);
    ken_text_add_bytes(out, u->text + u->split.tail, u->split.tail_end - u->split.tail);
    ken_text_add(out, "\n));\n    return KEN_OK;\n}\n");
}

static void unit_write_calls(cell_unit *u, ken_text *out, ken_text *calls) {
    int n = 0;
    for (; n < u->split.n_blocks; n++) {
        const cell_block *block = &u->split.blocks[n];
        if (block->kind == CELL_RUN) {
            ken_text_addf(calls, "ken_cell_%d_%d ", u->number, n);
            continue;
        }
        unit_add_function(u, n, out, calls);
        ken_text_addf(out, "    const int64_t before = show->failures;\n    ken_check_%s(ctx, show);\n"
                           "    if (show->failures == before) printf(\"%%s: passed\\n\", \"%s\");\n"
                           "    return KEN_OK;\n}\n", block->name, block->name);
    }
    if (u->has_main && u->split.n_blocks == 0) {
        unit_add_function(u, n++, out, calls);
        ken_text_add(out, "    char *argv[] = {(char *)\"cell\", 0};\n"
                          "    const int result = ((int (*)(int, char **))main)(1, argv);\n"
                          "    if (result) fprintf(stderr, \"main returned %d\\n\", result);\n"
                          "    return KEN_OK;\n}\n");
    }
    if (u->tail_is_expression) unit_write_tail(u, n, out, calls);
}

ken_status cell_unit_write(cell_unit *u, ken_text *out, ken_text *calls) {
    ken_text_addf(out, "#line 1 \"cell %d\"\n", u->cell);
    unit_apply(u, out);
    ken_text_add(out, "#line 1 \"notebook\"\n"); /* what follows is of the kernel */
    for (int i = 0; i < u->items.n; i++) {
        const cell_item *item = &u->items.at[i];
        const int name = (int)strcspn(item->names + 1, " ");
        if (item->sized)
            ken_text_addf(out, "const unsigned long ken_size_of_%.*s __asm__(\"%s.size\") = sizeof %.*s / sizeof %.*s[0];\n",
                          name, item->names + 1, item->symbol, name, item->names + 1, name, item->names + 1);
    }
    unit_write_calls(u, out, calls);
    const char *text;
    KEN_TRY(ken_text_end(calls, &text));
    return ken_text_end(out, &text);
}

ken_status cell_unit_open(ken_ctx *ctx, const char *text, size_t size, int number, int cell,
                          cell_unit *u) {
    memset(u, 0, sizeof *u);
    u->ctx = ctx, u->text = text, u->size = size, u->number = number, u->cell = cell;
    KEN_TRY(cell_split_text(ctx, text, size, &u->split));
    KEN_TRY(cell_declare(u));
    for (int i = 0; i < u->split.n_blocks; i++)
        if (u->split.blocks[i].kind == CELL_RUN) KEN_TRY(unit_edit_run(u, i));
    if (u->tail_is_expression)
        KEN_TRY(cell_unit_edit(u, CELL_BLANK, u->split.tail, u->split.tail_end - u->split.tail, NULL));
    return KEN_OK;
}

void cell_unit_close(cell_unit *u) {
    for (int i = 0; i < u->items.n; i++) cell_item_free(u->ctx, &u->items.at[i]);
    for (int i = 0; i < u->n_edits; i++) ken_free(u->ctx, u->edits[i].text);
    if (u->ctx) {
        ken_free(u->ctx, u->items.at);
        ken_free(u->ctx, u->edits);
    }
    memset(u, 0, sizeof *u);
}
