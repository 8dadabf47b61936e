/* What a cell declares, from its syntax tree. Only the top level counts; what stands in a conditional
 * group (#if) with variables or functions in it, is seen by its own cell alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

#include "kernel/cell_unit.h"

const TSLanguage *tree_sitter_c(void); /* of the grammar's parser.c */

typedef struct declare_state {
    cell_unit *u;
    const char *text; /* the cell with blocks and tail blanked: same offsets */
    struct {
        size_t name, size, at;
    } seen[512];      /* where a name is declared first, in this cell */
    int n_seen;
    TSNode comment;   /* the last one */
    bool has_comment;
} declare_state;

/* --- nodes ------------------------------------------------------------------------------------------------ */
static bool declare_is(TSNode node, const char *type) { return strcmp(ts_node_type(node), type) == 0; }

static bool declare_is_any(TSNode node, const char *const *types) {
    for (int i = 0; types[i]; i++)
        if (declare_is(node, types[i])) return true;
    return false;
}

static TSNode declare_field(TSNode node, const char *name) {
    return ts_node_child_by_field_name(node, name, (uint32_t)strlen(name));
}

/* Child i is a declarator. By a cursor: ts_node_field_name_for_child of libtree-sitter 0.20 miscounts. */
static bool declare_is_declarator(TSNode node, uint32_t i) {
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    bool there = ts_tree_cursor_goto_first_child(&cursor);
    while (there && i--) there = ts_tree_cursor_goto_next_sibling(&cursor);
    const char *field = there ? ts_tree_cursor_current_field_name(&cursor) : NULL;
    const bool is = field && strcmp(field, "declarator") == 0;
    ts_tree_cursor_delete(&cursor);
    return is;
}

static const char *const declare_bodied[] = {"struct_specifier", "union_specifier", "enum_specifier", NULL};

static bool declare_has_body(TSNode type) {
    return declare_is_any(type, declare_bodied) && !ts_node_is_null(declare_field(type, "body"));
}

static void declare_add_node(const declare_state *d, TSNode node, ken_text *out) {
    const size_t begin = ts_node_start_byte(node), end = ts_node_end_byte(node);
    ken_text_add_bytes(out, d->text + begin, end - begin);
}

static bool declare_node_is_word(const declare_state *d, TSNode node, const char *const *words) {
    const size_t begin = ts_node_start_byte(node), size = ts_node_end_byte(node) - begin;
    for (int i = 0; words[i]; i++)
        if (strlen(words[i]) == size && memcmp(d->text + begin, words[i], size) == 0) return true;
    return false;
}

/* Of the text that later cells get, these are left out; of the cell itself, `static` and `inline`. */
static const char *const declare_storage[] = {"static", "inline", "extern", "register", "auto", NULL};
static const char *const declare_hidden[] = {"static", "inline", "register", "auto", NULL};

/* The identifier of a declarator. *function: it declares a function; *open: its array_declarator without
 * a size, if there is one. */
static TSNode declare_name(TSNode declarator, bool *function, TSNode *open) {
    TSNode above = declarator;
    *function = false;
    memset(open, 0, sizeof *open);
    while (!ts_node_is_null(declarator) && !declare_is(declarator, "identifier") &&
           !declare_is(declarator, "type_identifier") && !declare_is(declarator, "primitive_type")) {
        if (!declare_is(declarator, "parenthesized_declarator") && !declare_is(declarator, "init_declarator"))
            above = declarator;
        *function = declare_is(above, "function_declarator");
        if (declare_is(declarator, "array_declarator") && ts_node_is_null(declare_field(declarator, "size")))
            *open = declarator;
        TSNode next = declare_field(declarator, "declarator");
        if (ts_node_is_null(next)) { /* parenthesized_declarator has no field */
            memset(&next, 0, sizeof next);
            for (uint32_t i = 0; i < ts_node_named_child_count(declarator); i++) {
                const TSNode child = ts_node_named_child(declarator, i);
                if (strstr(ts_node_type(child), "declarator") || declare_is(child, "identifier") ||
                    declare_is(child, "type_identifier"))
                    next = child;
            }
        }
        declarator = next;
    }
    return declarator;
}

/* --- items -------------------------------------------------------------------------------------------------- */
static ken_status declare_take(ken_text *t, char **out) {
    const char *text;
    ken_status status = ken_text_end(t, &text);
    if (status == KEN_OK) status = ken_strndup(t->ctx, text, t->size, out);
    ken_text_free(t);
    return status;
}

static ken_status declare_doc(const declare_state *d, TSNode node, char **out) {
    ken_text t = ken_text_new(d->u->ctx);
    if (d->has_comment && ts_node_end_point(d->comment).row + 1 >= ts_node_start_point(node).row &&
        ts_node_end_byte(d->comment) <= ts_node_start_byte(node))
        declare_add_node(d, d->comment, &t);
    return declare_take(&t, out);
}

/* Adds an item; names and text are taken over. symbol: is it a definition? */
static ken_status declare_add(declare_state *d, cell_kind kind, TSNode node, ken_text *names,
                              ken_text *text, bool symbol) {
    ken_ctx *ctx = d->u->ctx;
    cell_item item = {.kind = kind, .cell = d->u->cell};
    item.line = (int)ts_node_start_point(node).row + 1;
    item.begin = ts_node_start_byte(node), item.end = ts_node_end_byte(node);
    ken_text_add_char(names, ' ');
    ken_status status = declare_take(names, &item.names);
    if (status == KEN_OK) status = declare_take(text, &item.text);
    else ken_text_free(text);
    if (status == KEN_OK) status = declare_doc(d, node, &item.doc);
    if (status == KEN_OK && symbol) {
        ken_text t = ken_text_new(ctx);
        ken_text_addf(&t, "%.*s.%d", (int)strcspn(item.names + 1, " "), item.names + 1, d->u->number);
        status = declare_take(&t, &item.symbol);
    }
    if (status == KEN_OK) return cell_items_add(ctx, &d->u->items, &item);
    cell_item_free(ctx, &item);
    return status;
}

/* Notes where a name is declared; the first place of that name in the cell. */
static size_t declare_first(declare_state *d, TSNode name, size_t at) {
    const size_t begin = ts_node_start_byte(name), size = ts_node_end_byte(name) - begin;
    for (int i = 0; i < d->n_seen; i++)
        if (d->seen[i].size == size && memcmp(d->text + d->seen[i].name, d->text + begin, size) == 0)
            return d->seen[i].at;
    if (d->n_seen < KEN_COUNT(d->seen)) {
        d->seen[d->n_seen].name = begin, d->seen[d->n_seen].size = size;
        d->seen[d->n_seen++].at = at;
    }
    return at;
}

static bool declare_defined(const declare_state *d, TSNode name) {
    const size_t begin = ts_node_start_byte(name), size = ts_node_end_byte(name) - begin;
    for (int i = 0; i < d->u->items.n; i++)
        if (d->u->items.at[i].symbol && cell_item_has(&d->u->items.at[i], d->text + begin, size)) return true;
    return false;
}

static void declare_add_name(const declare_state *d, TSNode name, ken_text *names) {
    ken_text_add_char(names, ' ');
    declare_add_node(d, name, names);
}

/* Blanks storage words that would hide the names from later cells. */
static ken_status declare_unhide(declare_state *d, TSNode node) {
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) {
        const TSNode child = ts_node_child(node, i);
        if (!declare_is(child, "storage_class_specifier") || !declare_node_is_word(d, child, declare_hidden)) continue;
        const size_t begin = ts_node_start_byte(child);
        KEN_TRY(cell_unit_edit(d->u, CELL_BLANK, begin, ts_node_end_byte(child) - begin, NULL));
    }
    return KEN_OK;
}

/* --- types ---------------------------------------------------------------------------------------------------- */
/* Tag and enumerators of a specifier with a body. */
static void declare_type_names(const declare_state *d, TSNode type, ken_text *names) {
    const TSNode tag = declare_field(type, "name"), body = declare_field(type, "body");
    if (!ts_node_is_null(tag)) declare_add_name(d, tag, names);
    if (!declare_is(type, "enum_specifier") || ts_node_is_null(body)) return;
    for (uint32_t i = 0; i < ts_node_named_child_count(body); i++) {
        const TSNode name = declare_field(ts_node_named_child(body, i), "name");
        if (!ts_node_is_null(name)) declare_add_name(d, name, names);
    }
}

static ken_status declare_type(declare_state *d, TSNode node) {
    ken_text names = ken_text_new(d->u->ctx), text = ken_text_new(d->u->ctx);
    const bool is_typedef = declare_is(node, "type_definition");
    const TSNode type = is_typedef ? declare_field(node, "type") : node;
    if (declare_has_body(type)) declare_type_names(d, type, &names);
    for (uint32_t i = 0; is_typedef && i < ts_node_child_count(node); i++) {
        bool function;
        TSNode open;
        if (!declare_is_declarator(node, i)) continue;
        const TSNode name = declare_name(ts_node_child(node, i), &function, &open);
        if (!ts_node_is_null(name)) declare_add_name(d, name, &names);
    }
    declare_add_node(d, node, &text);
    if (!is_typedef) ken_text_add_char(&text, ';');
    return declare_add(d, CELL_TYPE, node, &names, &text, false);
}

/* struct { ... } x: the type apart from its variables, with a tag. spec: "struct tag". */
static ken_status declare_inline_type(declare_state *d, TSNode type, ken_text *spec) {
    ken_text names = ken_text_new(d->u->ctx), text = ken_text_new(d->u->ctx);
    const TSNode tag = declare_field(type, "name"), body = declare_field(type, "body");
    const char *word = ts_node_type(type);
    const int length = (int)strcspn(word, "_");
    const size_t begin = ts_node_start_byte(type);
    char made[64];
    snprintf(made, sizeof made, " ken_tag_%d_%u", d->u->number, ts_node_start_byte(type));
    if (ts_node_is_null(tag)) KEN_TRY(cell_unit_edit(d->u, CELL_INSERT, begin + (size_t)length, 0, made));
    declare_type_names(d, type, &names);
    ken_text_addf(&text, "%.*s", length, word);
    if (ts_node_is_null(tag)) {
        ken_text_add(&text, made);
    } else {
        ken_text_add_char(&text, ' ');
        declare_add_node(d, tag, &text);
    }
    ken_text_add(spec, text.data ? text.data : "");
    ken_text_add_char(&text, ' ');
    declare_add_node(d, body, &text);
    ken_text_add_char(&text, ';');
    return declare_add(d, CELL_TYPE, type, &names, &text, false);
}

/* --- variables and prototypes ------------------------------------------------------------------------------- */
typedef struct declare_specifiers {
    ken_text text;      /* without storage words */
    bool is_extern, inline_type;
    size_t at;          /* where a declaration of its variables may be put */
} declare_specifiers;


static ken_status declare_read_specifiers(declare_state *d, TSNode node, declare_specifiers *s) {
    const TSNode type = declare_field(node, "type");
    s->at = ts_node_start_byte(node);
    for (uint32_t i = 0; i < ts_node_child_count(node) && !declare_is_declarator(node, i); i++) {
        const TSNode child = ts_node_child(node, i);
        if (declare_is(child, "storage_class_specifier") && declare_node_is_word(d, child, declare_storage)) {
            s->is_extern |= declare_node_is_word(d, child, (const char *const[]){"extern", NULL});
            continue;
        } else if (ts_node_eq(child, type) && declare_has_body(type)) {
            s->inline_type = true;
            s->at = ts_node_end_byte(type);
            KEN_TRY(declare_inline_type(d, type, &s->text));
        } else {
            declare_add_node(d, child, &s->text);
        }
        ken_text_add_char(&s->text, ' ');
    }
    const char *text;
    return ken_text_end(&s->text, &text);
}

/* "extern int a[%s] __asm__("a.3");" for later cells; without the size for this one. */
static void declare_write_variable(const declare_state *d, const declare_specifiers *s, TSNode declarator,
                                   TSNode open, const char *size, ken_text *out) {
    const size_t begin = ts_node_start_byte(declarator), end = ts_node_end_byte(declarator);
    ken_text_addf(out, "extern %s", s->text.data ? s->text.data : "");
    if (ts_node_is_null(open)) {
        ken_text_add_bytes(out, d->text + begin, end - begin);
        return;
    }
    const size_t inner = ts_node_end_byte(declare_field(open, "declarator"));
    const char *bracket = memchr(d->text + inner, '[', end - inner);
    const size_t hole = bracket ? (size_t)(bracket - d->text) + 1 : end;
    ken_text_add_bytes(out, d->text + begin, hole - begin);
    ken_text_add(out, size);
    ken_text_add_bytes(out, d->text + hole, end - hole);
}

static ken_status declare_variable(declare_state *d, const declare_specifiers *s, TSNode node,
                                   TSNode declarator, TSNode name, TSNode open) {
    ken_ctx *ctx = d->u->ctx;
    ken_text names = ken_text_new(ctx), text = ken_text_new(ctx), here = ken_text_new(ctx);
    const size_t begin = ts_node_start_byte(name), length = ts_node_end_byte(name) - begin;
    const size_t at = s->inline_type ? s->at : declare_first(d, name, s->at);
    if (declare_defined(d, name)) return KEN_OK; /* int x; int x = 5; */
    declare_add_name(d, name, &names);
    declare_write_variable(d, s, declarator, open, "%s", &text);
    declare_write_variable(d, s, declarator, open, "", &here);
    ken_text_addf(&text, " __asm__(\"%.*s.%d\");", (int)length, d->text + begin, d->u->number);
    ken_text_addf(&here, " __asm__(\"%.*s.%d\");", (int)length, d->text + begin, d->u->number);
    const char *line;
    ken_status status = ken_text_end(&here, &line);
    if (status == KEN_OK) status = cell_unit_edit(d->u, CELL_DECLARE, at, 0, line);
    ken_text_free(&here);
    if (status != KEN_OK) {
        ken_text_free(&names);
        ken_text_free(&text);
        return status;
    }
    KEN_TRY(declare_add(d, CELL_VARIABLE, node, &names, &text, true));
    d->u->items.at[d->u->items.n - 1].sized = !ts_node_is_null(open);
    return KEN_OK;
}

static ken_status declare_prototype(declare_state *d, const declare_specifiers *s, TSNode node,
                                    TSNode declarator, TSNode name) {
    ken_text names = ken_text_new(d->u->ctx), text = ken_text_new(d->u->ctx);
    (void)declare_first(d, name, s->at);
    if (declare_defined(d, name)) return KEN_OK;
    declare_add_name(d, name, &names);
    ken_text_addf(&text, "extern %s", s->text.data ? s->text.data : "");
    declare_add_node(d, declarator, &text);
    ken_text_add_char(&text, ';');
    return declare_add(d, CELL_PROTOTYPE, node, &names, &text, false);
}

/* After struct { ... }: what follows becomes a declaration of its own. */
static ken_status declare_cut_inline_type(declare_state *d, TSNode node, const declare_specifiers *s) {
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) { /* qualifiers before go with the variables */
        const TSNode child = ts_node_child(node, i);
        if (declare_is(child, "type_qualifier") && ts_node_start_byte(child) < s->at)
            KEN_TRY(cell_unit_edit(d->u, CELL_BLANK, ts_node_start_byte(child),
                                   ts_node_end_byte(child) - ts_node_start_byte(child), NULL));
    }
    return cell_unit_edit(d->u, CELL_INSERT, s->at, 0, ";");
}

static ken_status declare_declarators(declare_state *d, TSNode node, declare_specifiers *s) {
    KEN_TRY(declare_read_specifiers(d, node, s));
    if (s->inline_type) KEN_TRY(declare_cut_inline_type(d, node, s));
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) {
        TSNode declarator = ts_node_child(node, i), open;
        bool function;
        if (!declare_is_declarator(node, i)) continue;
        const bool set = declare_is(declarator, "init_declarator");
        if (set) declarator = declare_field(declarator, "declarator");
        const TSNode name = declare_name(declarator, &function, &open);
        if (ts_node_is_null(name)) continue;
        if (function || (s->is_extern && !set))
            KEN_TRY(declare_prototype(d, s, node, declarator, name));
        else
            KEN_TRY(declare_variable(d, s, node, declarator, name, open));
    }
    if (s->inline_type) KEN_TRY(cell_unit_edit(d->u, CELL_INSERT, s->at, 0, s->text.data));
    return KEN_OK;
}

static ken_status declare_declaration(declare_state *d, TSNode node) {
    declare_specifiers s = {.text = ken_text_new(d->u->ctx)};
    if (ts_node_has_error(node) && ts_node_is_null(declare_field(node, "declarator"))) return KEN_OK;
    KEN_TRY(declare_unhide(d, node));
    const ken_status status = declare_declarators(d, node, &s);
    ken_text_free(&s.text);
    return status;
}

/* --- functions -------------------------------------------------------------------------------------------------- */
static void declare_write_head(const declare_state *d, TSNode node, TSNode body, ken_text *out) {
    size_t from = ts_node_start_byte(node);
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) {
        const TSNode child = ts_node_child(node, i);
        if (!declare_is(child, "storage_class_specifier") || !declare_node_is_word(d, child, declare_storage)) continue;
        ken_text_add_bytes(out, d->text + from, ts_node_start_byte(child) - from);
        from = ts_node_end_byte(child);
    }
    size_t to = ts_node_start_byte(body);
    while (to > from && strchr(" \t\r\n", d->text[to - 1])) to--;
    ken_text_add_bytes(out, d->text + from, to - from);
}

static ken_status declare_function(declare_state *d, TSNode node) {
    ken_ctx *ctx = d->u->ctx;
    ken_text names = ken_text_new(ctx), text = ken_text_new(ctx);
    const TSNode body = declare_field(node, "body");
    bool function;
    TSNode open;
    const TSNode name = declare_name(declare_field(node, "declarator"), &function, &open);
    if (ts_node_is_null(name) || ts_node_is_null(body) || !function) return KEN_OK;
    const size_t begin = ts_node_start_byte(name), size = ts_node_end_byte(name) - begin;
    const size_t at = declare_first(d, name, ts_node_start_byte(node));
    d->u->has_main |= size == 4 && memcmp(d->text + begin, "main", 4) == 0;
    KEN_TRY(declare_unhide(d, node));
    declare_write_head(d, node, body, &text);
    ken_text_addf(&text, " __asm__(\"%.*s.%d\");", (int)size, d->text + begin, d->u->number);
    declare_add_name(d, name, &names);
    const char *line;
    ken_status status = ken_text_end(&text, &line);
    if (status == KEN_OK) status = cell_unit_edit(d->u, CELL_DECLARE, at, 0, line);
    if (status == KEN_OK) return declare_add(d, CELL_FUNCTION, node, &names, &text, true);
    ken_text_free(&names);
    ken_text_free(&text);
    return status;
}

/* --- directives --------------------------------------------------------------------------------------------------- */
static const char *const declare_types[] = {"struct_specifier", "union_specifier", "enum_specifier",
                                            "type_definition", NULL};
static const char *const declare_lines[] = {"preproc_include", "preproc_def", "preproc_function_def",
                                            "preproc_call", NULL};
static const char *const declare_groups[] = {"preproc_if", "preproc_ifdef", NULL};

static ken_status declare_directive(declare_state *d, TSNode node) {
    ken_text names = ken_text_new(d->u->ctx), text = ken_text_new(d->u->ctx);
    const TSNode name = declare_field(node, "name"), word = declare_field(node, "directive");
    if (!ts_node_is_null(word) && !declare_node_is_word(d, word, (const char *const[]){"#undef", NULL}))
        return KEN_OK; /* #pragma, #error and others are of their cell */
    if (!ts_node_is_null(name)) declare_add_name(d, name, &names);
    declare_add_node(d, node, &text);
    while (text.size && text.data[text.size - 1] == '\n') text.data[--text.size] = 0;
    return declare_add(d, CELL_DIRECTIVE_ITEM, node, &names, &text, false);
}

/* Does a group hold only what may be emitted again? */
static bool declare_is_plain_group(TSNode node) {
    static const char *const plain[] = {"preproc_else", "preproc_elif", "preproc_defined", "comment", "identifier",
                                        "number_literal", "binary_expression", "unary_expression",
                                        "parenthesized_expression", NULL};
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        const TSNode child = ts_node_named_child(node, i);
        if (declare_is_any(child, declare_types) || declare_is_any(child, declare_lines)) continue;
        if (declare_is_any(child, declare_groups) || declare_is(child, "preproc_else") ||
            declare_is(child, "preproc_elif")) {
            if (!declare_is_plain_group(child)) return false;
        } else if (!declare_is_any(child, plain)) {
            return false;
        }
    }
    return true;
}

static ken_status declare_group(declare_state *d, TSNode node) {
    if (!declare_is_plain_group(node)) return KEN_OK;
    ken_text names = ken_text_new(d->u->ctx), text = ken_text_new(d->u->ctx);
    declare_add_node(d, node, &text);
    return declare_add(d, CELL_DIRECTIVE_ITEM, node, &names, &text, false);
}

/* --- the cell ------------------------------------------------------------------------------------------------------- */
/* A statement at file scope: the compiler's message will need a hint. */
static void declare_note_stray(declare_state *d, TSNode node) {
    static const char *const statements[] = {"expression_statement", "if_statement", "for_statement", "while_statement",
                                             "do_statement", "return_statement", "switch_statement", NULL};
    if (!declare_is_any(node, statements) || ts_node_named_child_count(node) == 0 || d->u->stray_line) return;
    if (ts_node_end_byte(node) - ts_node_start_byte(node) > 14 &&
        memcmp(d->text + ts_node_start_byte(node), "_Static_assert", 14) == 0)
        return;
    d->u->stray_line = (int)ts_node_start_point(node).row + 1;
}

static ken_status declare_node(declare_state *d, TSNode node) {
    if (declare_is(node, "comment")) {
        d->comment = node, d->has_comment = true;
        return KEN_OK;
    }
    if (declare_is(node, "declaration")) return declare_declaration(d, node);
    if (declare_is(node, "function_definition")) return declare_function(d, node);
    if (declare_is(node, "type_definition") || declare_is_any(node, declare_bodied)) return declare_type(d, node);
    if (declare_is_any(node, declare_lines)) return declare_directive(d, node);
    if (declare_is_any(node, declare_groups)) return declare_group(d, node);
    declare_note_stray(d, node);
    return KEN_OK;
}

/* A parser is made a cell: microseconds, and no state between cells. */
static TSTree *declare_parse(const char *text, size_t size) {
    TSParser *parser = ts_parser_new();
    if (!parser) return NULL;
    TSTree *tree = ts_parser_set_language(parser, tree_sitter_c())
                       ? ts_parser_parse_string(parser, NULL, text, (uint32_t)size) : NULL;
    ts_parser_delete(parser);
    return tree;
}

/* Is the text an expression? Asked of the parser: it must fit where one is wanted. */
static ken_status declare_is_expression(ken_ctx *ctx, const char *text, size_t size, bool *out) {
    ken_text t = ken_text_new(ctx);
    const char *whole;
    ken_text_add(&t, "int x = (");
    ken_text_add_bytes(&t, text, size);
    ken_text_add(&t, "\n);");
    ken_status status = ken_text_end(&t, &whole);
    *out = false;
    if (status == KEN_OK) {
        TSTree *tree = declare_parse(whole, t.size);
        if (tree) {
            *out = !ts_node_has_error(ts_tree_root_node(tree));
            ts_tree_delete(tree);
        } else {
            status = KEN_FAIL(ctx, KEN_E_NOMEM, NULL, "out of memory");
        }
    }
    ken_text_free(&t);
    return status;
}

static void declare_blank(char *text, size_t begin, size_t end) {
    for (size_t i = begin; i < end; i++)
        if (text[i] != '\n') text[i] = ' ';
}

ken_status cell_declare(cell_unit *u) {
    char *text = NULL;
    const cell_split *split = &u->split;
    if (u->size > UINT32_MAX / 2) return KEN_FAIL(u->ctx, KEN_E_LIMIT, "make smaller cells", "a cell of 2 GB");
    if (split->tail < split->tail_end)
        KEN_TRY(declare_is_expression(u->ctx, u->text + split->tail, split->tail_end - split->tail,
                                      &u->tail_is_expression));
    KEN_TRY(ken_strndup(u->ctx, u->text, u->size, &text));
    for (int i = 0; i < split->n_blocks; i++) declare_blank(text, split->blocks[i].begin, split->blocks[i].end);
    if (u->tail_is_expression) declare_blank(text, split->tail, split->tail_end);
    TSTree *tree = declare_parse(text, u->size);
    ken_status status = tree ? KEN_OK : KEN_FAIL(u->ctx, KEN_E_NOMEM, NULL, "out of memory");
    if (tree) {
        declare_state d = {.u = u, .text = text};
        const TSNode root = ts_tree_root_node(tree);
        for (uint32_t i = 0; i < ts_node_child_count(root) && status == KEN_OK; i++)
            status = declare_node(&d, ts_node_child(root, i));
        ts_tree_delete(tree);
    }
    ken_free(u->ctx, text);
    return status;
}
