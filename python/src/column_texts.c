/* NumPy's texts of fixed width: 'U', four bytes a character, and 'S', bytes that should be UTF-8. */
#include <string.h>

#include "columns.h"

static uint32_t text_char(const door_view *v, const char *at) {
    uint32_t c;
    memcpy(&c, at, sizeof c);
    return v->swapped ? __builtin_bswap32(c) : c;
}

/* Appends c as UTF-8. false: no character. */
static bool text_add_char(ken_text *text, uint32_t c) {
    char b[4];
    size_t n;
    if (c < 0x80) {
        ken_text_add_char(text, (char)c);
        return true;
    }
    if (c >= 0xD800 && c < 0xE000) return false;
    if (c < 0x800) {
        b[0] = (char)(0xC0 | c >> 6), b[1] = (char)(0x80 | (c & 63)), n = 2;
    } else if (c < 0x10000) {
        b[0] = (char)(0xE0 | c >> 12), b[1] = (char)(0x80 | (c >> 6 & 63)), b[2] = (char)(0x80 | (c & 63)), n = 3;
    } else if (c < 0x110000) {
        b[0] = (char)(0xF0 | c >> 18), b[1] = (char)(0x80 | (c >> 12 & 63)), b[2] = (char)(0x80 | (c >> 6 & 63));
        b[3] = (char)(0x80 | (c & 63)), n = 4;
    } else {
        return false;
    }
    ken_text_add_bytes(text, b, n);
    return true;
}

/* One cell; what follows its last character is zeros. */
static bool text_add_cell(ken_text *text, const door_view *v, const char *at) {
    int64_t n = v->itemsize;
    if (v->kind == 'S') {
        while (n > 0 && !at[n - 1]) n--;
        if (ken_utf8_valid(at, (size_t)n) != (size_t)n) return false;
        ken_text_add_bytes(text, at, (size_t)n);
        return true;
    }
    n /= 4;
    while (n > 0 && !text_char(v, at + 4 * (n - 1))) n--;
    for (int64_t i = 0; i < n; i++)
        if (!text_add_char(text, text_char(v, at + 4 * i))) return false;
    return true;
}

static int text_no_utf8(const char *name, int64_t row) {
    PyErr_Format(PyExc_ValueError, "column %s, row %lld: the text is no valid Unicode", name, (long long)row);
    return -1;
}

int door_column_add_texts(door_context *context, door_table *table, const char *name, const door_view *view) {
    const int64_t n = view->shape[0];
    int64_t *offset = NULL;
    if (door_column_buffers(context, n + 1, sizeof *offset, (void **)&offset, NULL) < 0) return -1;
    ken_text text = ken_text_new(context->ctx);
    ken_text_add_bytes(&text, "", 0);
    for (int64_t i = 0; i < n; i++) {
        if (!text_add_cell(&text, view, (const char *)view->data + i * view->stride[0])) {
            ken_text_free(&text);
            ken_free(context->ctx, offset);
            return text_no_utf8(name, i);
        }
        offset[i + 1] = (int64_t)text.size;
    }
    if (text.status != KEN_OK) {
        ken_free(context->ctx, offset);
        ken_text_free(&text);
        return door_raise(context, text.status);
    }
    const ken_column column = {.name = name, .dtype = KEN_STRING, .n = n, .stride = 1, .source = -1,
                               .text = {n, offset, text.data}};
    return door_column_adopt(context, table, &column);
}
