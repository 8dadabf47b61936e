/* The public headers as a list of names with declaration and comment, for completion and inspection. They
 * are read from where the cells include them, with libtree-sitter, when first asked for. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tree_sitter/api.h>

#include "ken/io/file.h"
#include "kernel/kernel.h"

const TSLanguage *tree_sitter_c(void);

typedef struct symbols_file {
    kernel *k;
    const char *text, *path;
    TSNode comment;
    bool has_comment;
} symbols_file;

static bool symbols_is(TSNode node, const char *type) { return strcmp(ts_node_type(node), type) == 0; }

static TSNode symbols_field(TSNode node, const char *name) {
    return ts_node_child_by_field_name(node, name, (uint32_t)strlen(name));
}

/* --- texts ------------------------------------------------------------------------------------------------- */
/* A comment without its stars. */
static ken_status symbols_comment(ken_ctx *ctx, const char *s, size_t size, char **out) {
    ken_text t = ken_text_new(ctx);
    const char *text, *end = s + size;
    if (size >= 4 && s[1] == '*') s += 2, end -= 2;
    else if (size >= 2) s += 2;
    while (s < end) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        if (!stop) stop = end;
        while (s < stop && (*s == ' ' || *s == '\t' || *s == '*' || *s == '<')) s++;
        const char *last = stop;
        while (last > s && (last[-1] == ' ' || last[-1] == '\t')) last--;
        if (t.size) ken_text_add_char(&t, '\n');
        ken_text_add_bytes(&t, s, (size_t)(last - s));
        s = stop + 1;
    }
    while (t.size && t.data[t.size - 1] == '\n') t.data[--t.size] = 0;
    ken_status status = ken_text_end(&t, &text);
    if (status == KEN_OK) status = ken_strdup(ctx, text, out);
    ken_text_free(&t);
    return status;
}

/* The comment of a node: on its last line behind it, else right before it. */
static ken_status symbols_doc(const symbols_file *f, TSNode node, char **out) {
    TSNode next = ts_node_next_sibling(node);
    for (int hops = 0; hops < 2 && !ts_node_is_null(next) && !symbols_is(next, "comment"); hops++)
        next = symbols_is(next, ";") || symbols_is(next, ",") ? ts_node_next_sibling(next) : (TSNode){0};
    TSNode comment = {0};
    if (!ts_node_is_null(next) && symbols_is(next, "comment") &&
        ts_node_start_point(next).row == ts_node_end_point(node).row)
        comment = next;
    else if (f->has_comment && ts_node_end_point(f->comment).row + 1 == ts_node_start_point(node).row)
        comment = f->comment;
    if (ts_node_is_null(comment)) return ken_strdup(f->k->ctx, "", out);
    const size_t begin = ts_node_start_byte(comment);
    return symbols_comment(f->k->ctx, f->text + begin, ts_node_end_byte(comment) - begin, out);
}

/* What a node says, blanks run together. */
static ken_status symbols_text(const symbols_file *f, TSNode node, char **out) {
    ken_text t = ken_text_new(f->k->ctx);
    const char *text;
    bool blank = false;
    for (size_t i = ts_node_start_byte(node); i < ts_node_end_byte(node) && t.size < 4000; i++) {
        const char c = f->text[i];
        const bool line = c == '\n' && symbols_is(node, "type_definition");
        if (line) {
            ken_text_add_char(&t, c);
            blank = false;
        } else if (c == ' ' || c == '\n' || c == '\t') {
            blank = t.size > 0;
        } else {
            if (blank) ken_text_add_char(&t, ' ');
            if (t.size && t.data[t.size - 1] == '\n') ken_text_add(&t, c == '}' ? "" : "    ");
            ken_text_add_char(&t, c);
            blank = false;
        }
    }
    ken_status status = ken_text_end(&t, &text);
    if (status == KEN_OK) status = ken_strdup(f->k->ctx, text, out);
    ken_text_free(&t);
    return status;
}

/* --- symbols ------------------------------------------------------------------------------------------------- */
static ken_status symbols_add(const symbols_file *f, TSNode name, const char *kind, TSNode node) {
    symbols *all = &f->k->symbols;
    ken_ctx *ctx = f->k->ctx;
    char *copy = NULL;
    if (ts_node_is_null(name)) return KEN_OK;
    const char *s = f->text + ts_node_start_byte(name);
    const size_t size = ts_node_end_byte(name) - ts_node_start_byte(name);
    if (size > 5 && memcmp(s, "ken__", 5) == 0) return KEN_OK; /* private */
    if (size > 2 && memcmp(s + size - 2, "_H", 2) == 0) return KEN_OK;
    if (all->n == all->capacity) {
        const size_t capacity = ken_next_capacity((size_t)all->capacity, 512);
        KEN_TRY(ken_grow(ctx, (void **)&all->at, (size_t)all->capacity, capacity, sizeof(symbol)));
        all->capacity = (int)capacity;
    }
    symbol *out = &all->at[all->n];
    memset(out, 0, sizeof *out);
    KEN_TRY(ken_strndup(ctx, s, size, &copy));
    out->name = copy, out->kind = kind;
    out->line = (int)ts_node_start_point(node).row + 1;
    all->n++; /* from here on it is freed with the others */
    KEN_TRY(symbols_text(f, node, &out->text));
    KEN_TRY(symbols_doc(f, node, &out->doc));
    KEN_TRY(ken_strdup(ctx, f->path, &copy));
    out->file = copy;
    return KEN_OK;
}

static TSNode symbols_name(TSNode node) {
    while (!ts_node_is_null(node) && !symbols_is(node, "identifier") && !symbols_is(node, "type_identifier")) {
        TSNode inner = symbols_field(node, "declarator");
        if (ts_node_is_null(inner) && ts_node_named_child_count(node)) inner = ts_node_named_child(node, 0);
        node = inner;
    }
    return node;
}

static ken_status symbols_enumerators(symbols_file *f, TSNode type) {
    const TSNode body = symbols_field(type, "body");
    if (!symbols_is(type, "enum_specifier") || ts_node_is_null(body)) return KEN_OK;
    for (uint32_t i = 0; i < ts_node_named_child_count(body); i++) {
        const TSNode child = ts_node_named_child(body, i);
        if (symbols_is(child, "enumerator")) KEN_TRY(symbols_add(f, symbols_field(child, "name"), "constant", child));
    }
    return KEN_OK;
}

static ken_status symbols_walk(symbols_file *f, TSNode root);

static ken_status symbols_node(symbols_file *f, TSNode node) {
    const char *type = ts_node_type(node);
    const TSNode inner = symbols_field(node, "type"), body = symbols_field(node, "body");
    if (strcmp(type, "comment") == 0) {
        f->comment = node, f->has_comment = true;
        return KEN_OK;
    }
    if (!ts_node_is_null(inner)) KEN_TRY(symbols_enumerators(f, inner));
    if (strcmp(type, "enum_specifier") == 0) return symbols_enumerators(f, node);
    if (strcmp(type, "type_definition") == 0)
        return symbols_add(f, symbols_name(symbols_field(node, "declarator")), "type", node);
    if (strcmp(type, "function_definition") == 0) { /* static inline */
        const TSNode declarator = symbols_field(node, "declarator");
        (void)body;
        return symbols_add(f, symbols_name(declarator), "function", declarator);
    }
    if (strcmp(type, "declaration") == 0) {
        const TSNode declarator = symbols_field(node, "declarator");
        return ts_node_is_null(declarator) ? KEN_OK : symbols_add(f, symbols_name(declarator), "function", node);
    }
    if (strcmp(type, "preproc_function_def") == 0 || strcmp(type, "preproc_def") == 0) {
        TSNode value = symbols_field(node, "value");
        return ts_node_is_null(value) ? KEN_OK : symbols_add(f, symbols_field(node, "name"), "macro", node);
    }
    if (strncmp(type, "preproc_if", 10) == 0 || strcmp(type, "preproc_else") == 0 || strcmp(type, "ERROR") == 0)
        return symbols_walk(f, node);
    return KEN_OK;
}

static ken_status symbols_walk(symbols_file *f, TSNode root) {
    for (uint32_t i = 0; i < ts_node_child_count(root); i++) KEN_TRY(symbols_node(f, ts_node_child(root, i)));
    return KEN_OK;
}

/* --- files ------------------------------------------------------------------------------------------------------ */
/* Words that are no C to a parser. */
static void symbols_blank_words(char *text) {
    static const char *const words[] = {"KEN_API", "KEN_BEGIN_C", "KEN_END_C", "KEN_UNUSED", "KEN_MUST_CHECK"};
    for (int i = 0; i < KEN_COUNT(words); i++)
        for (char *s = text; (s = strstr(s, words[i]));) memset(s, ' ', strlen(words[i]));
    for (char *s = text; (s = strstr(s, "KEN_PRINTF("));) {
        char *end = strchr(s, ')');
        if (!end) return;
        memset(s, ' ', (size_t)(end - s) + 1);
    }
}

static ken_status symbols_read_file(kernel *k, const char *path, const char *name) {
    ken_file_bytes file;
    char *text = NULL;
    KEN_TRY(ken_file_open(k->ctx, path, &file));
    ken_status status = ken_strndup(k->ctx, file.data, file.size, &text);
    const size_t size = file.size;
    ken_file_close(k->ctx, &file);
    if (status != KEN_OK) return status;
    symbols_blank_words(text);
    TSParser *parser = ts_parser_new();
    if (parser && ts_parser_set_language(parser, tree_sitter_c())) {
        TSTree *tree = ts_parser_parse_string(parser, NULL, text, (uint32_t)size);
        symbols_file f = {.k = k, .text = text, .path = name};
        if (tree) status = symbols_walk(&f, ts_tree_root_node(tree));
        if (tree) ts_tree_delete(tree);
    }
    if (parser) ts_parser_delete(parser);
    ken_free(k->ctx, text);
    return status;
}

static bool symbols_is_public(const char *name) {
    static const char *const hidden[] = {"_internal.h", "banned.h", "_tables.h", "_powers.h", "_parts.h", "_testing.h"};
    const size_t n = strlen(name);
    if (n < 3 || strcmp(name + n - 2, ".h") != 0) return false;
    for (int i = 0; i < KEN_COUNT(hidden); i++) {
        const size_t m = strlen(hidden[i]);
        if (n >= m && strcmp(name + n - m, hidden[i]) == 0) return false;
    }
    return true;
}

/* relative: "ken/core". */
static ken_status symbols_read_folder(kernel *k, const char *base, const char *relative, int depth) {
    char path[2 * KERNEL_PATH], name[KERNEL_PATH];
    snprintf(path, sizeof path, "%s/%s", base, relative);
    DIR *dir = opendir(path);
    ken_status status = KEN_OK;
    if (!dir) return KEN_OK;
    for (struct dirent *entry; status == KEN_OK && (entry = readdir(dir)) != NULL;) {
        struct stat st;
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "isa") == 0) continue;
        snprintf(name, sizeof name, "%.700s/%.255s", relative, entry->d_name);
        snprintf(path, sizeof path, "%s/%s", base, name);
        if (stat(path, &st) != 0) continue;
        if (S_ISDIR(st.st_mode) && depth < 3)
            status = symbols_read_folder(k, base, name, depth + 1);
        else if (S_ISREG(st.st_mode) && symbols_is_public(entry->d_name))
            status = symbols_read_file(k, path, name);
    }
    closedir(dir);
    return status;
}

static int symbols_compare(const void *a, const void *b) {
    return strcmp(((const symbol *)a)->name, ((const symbol *)b)->name);
}

const symbols *kernel_symbols(kernel *k) {
    symbols *all = &k->symbols;
    if (all->read) return all;
    all->read = true;
    (void)symbols_read_folder(k, k->compiler.include, "ken", 0);
    if (strcmp(k->compiler.include, k->compiler.notebook) != 0)
        (void)symbols_read_folder(k, k->compiler.notebook, "ken", 0);
    if (all->n) qsort(all->at, (size_t)all->n, sizeof(symbol), symbols_compare);
    return all;
}

const symbol *kernel_symbol(kernel *k, const char *name, size_t size) {
    const symbols *all = kernel_symbols(k);
    for (int i = 0; i < all->n; i++)
        if (strlen(all->at[i].name) == size && memcmp(all->at[i].name, name, size) == 0) return &all->at[i];
    return NULL;
}

void kernel_symbols_free(kernel *k) {
    symbols *all = &k->symbols;
    for (int i = 0; i < all->n; i++) {
        ken_free(k->ctx, (void *)(uintptr_t)all->at[i].name);
        ken_free(k->ctx, (void *)(uintptr_t)all->at[i].file);
        ken_free(k->ctx, all->at[i].text);
        ken_free(k->ctx, all->at[i].doc);
    }
    ken_free(k->ctx, all->at);
    memset(all, 0, sizeof *all);
}
