/* Declarations across cells. */
#include "kernel/cell_session.h"

#include <string.h>

static const char session_prelude[] =
    "#line 1 \"notebook\"\n"
    "#include <stdio.h>\n#include <stdlib.h>\n#include <ken/ken.h>\n#include <ken/cell.h>\n"
    "#include <ken/notebook.h>\n";

void cell_session_clear(cell_session *s) {
    for (int i = 0; i < s->items.n; i++) cell_item_free(s->ctx, &s->items.at[i]);
    s->items.n = 0;
}

void cell_session_cancel(cell_session *s) {
    for (int i = 0; i < s->items.n; i++) s->items.at[i].dropped = false;
}

/* --- replacing ------------------------------------------------------------------------------------------ */
/* Calls fn for each name of an item until it returns true. */
static bool session_each_name(const cell_item *item, bool (*fn)(void *, const char *, size_t), void *arg) {
    for (const char *s = item->names; *s == ' ' && s[1];) {
        const size_t length = strcspn(s + 1, " ");
        if (length && fn(arg, s + 1, length)) return true;
        s += 1 + length;
    }
    return false;
}

static bool session_item_has(void *arg, const char *name, size_t size) { return cell_item_has(arg, name, size); }
static bool session_item_mentions(void *arg, const char *name, size_t size) {
    return cell_item_mentions(arg, name, size);
}
static bool session_shares_name(const cell_item *a, cell_item *b) {
    return session_each_name(a, session_item_has, b);
}

/* The same words? */
static bool session_same_text(const char *a, const char *b) {
    cell_scan s, t;
    cell_scan_begin(&s, a, strlen(a));
    cell_scan_begin(&t, b, strlen(b));
    for (;;) {
        const cell_token x = cell_scan_next(&s), y = cell_scan_next(&t);
        if (x != y || s.end - s.begin != t.end - t.begin ||
            memcmp(a + s.begin, b + t.begin, s.end - s.begin) != 0)
            return false;
        if (x == CELL_END) return true;
    }
}

static bool session_unit_defines(const cell_unit *u, const cell_item *item) {
    for (int i = 0; i < u->items.n; i++)
        if (session_shares_name(item, &u->items.at[i])) return true;
    return false;
}

/* `old` is gone, and what mentions its names after it. */
static void session_drop_type(cell_session *s, const cell_unit *u, cell_item *old, ken_text *notices) {
    old->dropped = true;
    for (int i = 0; i < s->items.n; i++) {
        cell_item *item = &s->items.at[i];
        if (item->dropped || item == old || item->kind == CELL_DIRECTIVE_ITEM) continue;
        if (!session_each_name(old, session_item_mentions, item)) continue;
        if (!session_unit_defines(u, item))
            ken_text_addf(notices, "'%.*s' of cell %d was made of%s and is gone: run that cell again\n",
                          (int)strcspn(item->names + 1, " "), item->names + 1, item->cell,
                          " a type that has changed");
        if (item->kind == CELL_TYPE)
            session_drop_type(s, u, item, notices);
        else
            item->dropped = true;
    }
}

static ken_status session_replace_type(cell_session *s, cell_unit *u, cell_item *item, ken_text *notices) {
    for (int i = 0; i < s->items.n; i++) {
        cell_item *old = &s->items.at[i];
        if (old->kind != CELL_TYPE || old->dropped) continue;
        if (session_same_text(old->text, item->text)) { /* it is there already: this cell need not say it again */
            item->dropped = true;
            return cell_unit_edit(u, CELL_BLANK, item->begin, item->end - item->begin, NULL);
        }
        if (session_shares_name(item, old)) session_drop_type(s, u, old, notices);
    }
    return KEN_OK;
}

static void session_replace_value(cell_session *s, cell_item *item) {
    for (int i = 0; i < s->items.n; i++) {
        cell_item *old = &s->items.at[i];
        if (old->kind < CELL_FUNCTION || old->dropped || !session_shares_name(item, old)) continue;
        if (item->kind == CELL_PROTOTYPE && old->kind != CELL_PROTOTYPE)
            item->dropped = true; /* it names what is there */
        else
            old->dropped = true;
    }
}

static ken_status session_replace_directive(cell_session *s, cell_unit *u, cell_item *item) {
    const size_t name = strcspn(item->names + 1, " ");
    for (int i = s->items.n - 1; i >= 0; i--) {
        const cell_item *old = &s->items.at[i];
        if (old->kind != CELL_DIRECTIVE_ITEM) continue;
        if (strcmp(old->text, item->text) == 0) {
            item->dropped = true; /* the same again */
            return KEN_OK;
        }
        if (name == 0 || !cell_item_has(old, item->names + 1, name)) continue;
        ken_text t = ken_text_new(s->ctx);
        const char *line;
        ken_text_addf(&t, "#undef %.*s", (int)name, item->names + 1);
        ken_status status = ken_text_end(&t, &line);
        if (status == KEN_OK) status = cell_unit_edit(u, CELL_DECLARE, item->begin, 0, line);
        ken_text_addf(&t, "\n%s", item->text);
        if (status == KEN_OK) status = ken_text_end(&t, &line);
        if (status == KEN_OK) {
            ken_free(s->ctx, item->text);
            item->text = NULL;
            status = ken_strdup(s->ctx, line, &item->text);
        }
        ken_text_free(&t);
        return status;
    }
    return KEN_OK;
}

static ken_status session_replace(cell_session *s, cell_unit *u, ken_text *notices) {
    for (int i = 0; i < u->items.n; i++)
        if (u->items.at[i].kind == CELL_TYPE)
            KEN_TRY(session_replace_type(s, u, &u->items.at[i], notices));
    for (int i = 0; i < u->items.n; i++) {
        cell_item *item = &u->items.at[i];
        if (item->kind == CELL_DIRECTIVE_ITEM)
            KEN_TRY(session_replace_directive(s, u, item));
        else if (item->kind != CELL_TYPE)
            session_replace_value(s, item);
    }
    return KEN_OK;
}

ken_status cell_session_prepare(cell_session *s, cell_unit *u, ken_text *source, ken_text *calls,
                                ken_text *notices) {
    KEN_TRY(session_replace(s, u, notices));
    ken_text_add(source, session_prelude);
    for (int i = 0; i < s->items.n; i++) {
        const cell_item *item = &s->items.at[i];
        if (!item->dropped) ken_text_addf(source, "#line %d \"cell %d\"\n%s\n", item->line, item->cell, item->text);
    }
    return cell_unit_write(u, source, calls);
}

/* --- commit ------------------------------------------------------------------------------------------------ */
static ken_status session_set_size(ken_ctx *ctx, cell_item *item, int64_t size) {
    char *hole = strstr(item->text, "[%s]");
    if (!hole) return KEN_OK;
    ken_text t = ken_text_new(ctx);
    const char *text;
    char *copy = NULL;
    ken_text_add_bytes(&t, item->text, (size_t)(hole - item->text));
    ken_text_addf(&t, "[%lld]%s", (long long)size, hole + 4);
    ken_status status = ken_text_end(&t, &text);
    if (status == KEN_OK) status = ken_strdup(ctx, text, &copy);
    ken_text_free(&t);
    if (status != KEN_OK) return status;
    ken_free(ctx, item->text);
    item->text = copy;
    return KEN_OK;
}

ken_status cell_session_commit(cell_session *s, cell_unit *u, const int64_t *sizes, int n_sizes) {
    int kept = 0, size = 0;
    for (int i = 0; i < s->items.n; i++) {
        if (s->items.at[i].dropped)
            cell_item_free(s->ctx, &s->items.at[i]);
        else
            s->items.at[kept++] = s->items.at[i];
    }
    s->items.n = kept;
    for (int i = 0; i < u->items.n; i++) {
        cell_item item = u->items.at[i];
        if (item.sized) KEN_TRY(session_set_size(s->ctx, &u->items.at[i], size < n_sizes ? sizes[size] : 1));
        size += item.sized;
        item = u->items.at[i];
        memset(&u->items.at[i], 0, sizeof item);
        if (item.dropped) {
            cell_item_free(s->ctx, &item);
            continue;
        }
        KEN_TRY(cell_items_add(s->ctx, &s->items, &item));
    }
    u->items.n = 0;
    return KEN_OK;
}
