/* Lists of names: "a|b|c" as a parameter, and lists that become text attributes. */
#ifndef KEN_PREPROCESS_NAMES_H
#define KEN_PREPROCESS_NAMES_H

#include "ken/preprocess/preprocess_levels.h"

KEN_BEGIN_C

/* mark[j] = 1 for the columns that `names` ("a|b") lists; each must exist. */
ken_status ken__names_mark(ken_ctx *ctx, const char *thing, const ken_table *X, const char *names,
                           int64_t *mark);

/* A growing list of texts with a sticky error. */
typedef struct ken__name_list {
    ken_text bytes;
    int64_t *offset;
    int64_t n, capacity;
} ken__name_list;

static inline ken__name_list ken__name_list_new(ken_ctx *ctx) {
    ken__name_list list = {ken_text_new(ctx), NULL, 0, 0};
    return list;
}
void ken__name_list_add(ken__name_list *list, const char *text);
void ken__name_list_addf(ken__name_list *list, const char *fmt, ...) KEN_PRINTF(2, 3);
/* Ends the item whose bytes were added to list->bytes. */
void ken__name_list_end(ken__name_list *list);
/* A view; valid until the next addition. */
ken_strings ken__name_list_view(const ken__name_list *list);
ken_status ken__name_list_store(ken__name_list *list, ken_model *model, const char *attr);
void ken__name_list_free(ken__name_list *list);
/* Text i of a list into buf, NUL-terminated, cut to fit at a whole character. */
const char *ken__text_at(const ken_strings *s, int64_t i, char *buf, size_t size);

KEN_END_C

#endif
