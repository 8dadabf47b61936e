/* Lists of names. */
#include "ken/preprocess/preprocess_names.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

ken_status ken__names_mark(ken_ctx *ctx, const char *thing, const ken_table *X, const char *names,
                           int64_t *mark) {
    (void)thing;
    const ken_mark scratch = ken_scratch_mark(ctx);
    while (names && *names) {
        const char *end = strchr(names, '|');
        const size_t size = end ? (size_t)(end - names) : strlen(names);
        char *name;
        int j;
        KEN_TRY(KEN_SCRATCH(ctx, char, size + 1, &name));
        memcpy(name, names, size);
        name[size] = 0;
        if (size) {
            KEN_TRY(ken_table_require(ctx, X, name, &j));
            mark[j] = 1;
        }
        names += size + (end != NULL);
    }
    ken_scratch_release(ctx, scratch);
    return KEN_OK;
}

void ken__name_list_end(ken__name_list *list) {
    ken_text *t = &list->bytes;
    if (t->status != KEN_OK) return;
    if (list->n + 2 > list->capacity) {
        const size_t next = ken_next_capacity((size_t)list->capacity, (size_t)list->n + 2);
        t->status = ken_grow(t->ctx, (void **)&list->offset, (size_t)list->capacity, next,
                             sizeof *list->offset);
        if (t->status != KEN_OK) return;
        list->capacity = (int64_t)next;
    }
    list->offset[++list->n] = (int64_t)t->size;
}

void ken__name_list_add(ken__name_list *list, const char *text) {
    ken_text_add(&list->bytes, text);
    ken__name_list_end(list);
}

void ken__name_list_addf(ken__name_list *list, const char *fmt, ...) {
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    ken_text_add_bytes(&list->bytes, text, ken_utf8_valid(text, strlen(text)));
    ken__name_list_end(list);
}

ken_strings ken__name_list_view(const ken__name_list *list) {
    static const int64_t none[1] = {0};
    const ken_strings s = {list->n, list->offset ? list->offset : none,
                           list->bytes.data ? list->bytes.data : ""};
    return s;
}

ken_status ken__name_list_store(ken__name_list *list, ken_model *model, const char *attr) {
    const char *text;
    KEN_TRY(ken_text_end(&list->bytes, &text));
    const ken_strings s = ken__name_list_view(list);
    return ken_attr_set_strings(list->bytes.ctx, model, attr, &s);
}

void ken__name_list_free(ken__name_list *list) {
    ken_free(list->bytes.ctx, list->offset);
    ken_text_free(&list->bytes);
}

const char *ken__text_at(const ken_strings *s, int64_t i, char *buf, size_t size) {
    int64_t length;
    const char *text = ken_strings_at(s, i, &length);
    size_t n = KEN_MIN((size_t)length, size - 1);
    memcpy(buf, text, n);
    if (n < (size_t)length) n = ken_utf8_valid(buf, n);
    buf[n] = 0;
    return buf;
}
