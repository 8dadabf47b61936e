/* The profile of a table: ownership and order of work. Read next: describe_columns.c. */
#include "ken/stats/describe/describe_parts.h"

#include <string.h>

ken_status describe_own(describe_build *b, size_t count, size_t size, void **out) {
    describe_owner *owner = b->owner;
    if (owner->n_blocks == owner->capacity) {
        const size_t next = ken_next_capacity(owner->capacity, owner->capacity + 1);
        KEN_TRY(ken_grow(b->ctx, (void **)&owner->blocks, owner->capacity, next, sizeof(void *)));
        owner->capacity = next;
    }
    KEN_TRY(ken_alloc(b->ctx, count, size, out));
    owner->blocks[owner->n_blocks++] = *out;
    return KEN_OK;
}

ken_status describe_own_text(describe_build *b, const char *text, size_t size, const char **out) {
    char *copy;
    KEN_TRY(describe_own(b, size + 1, 1, (void **)&copy));
    if (size) memcpy(copy, text, size);
    *out = copy;
    return KEN_OK;
}

void ken_profile_free(ken_profile *profile) {
    describe_owner *owner = (describe_owner *)profile;
    if (!owner) return;
    const ken_allocator alloc = owner->alloc;
    for (size_t i = 0; i < owner->n_blocks; i++) ken_allocator_free(&alloc, owner->blocks[i]);
    ken_allocator_free(&alloc, owner->blocks);
    ken_allocator_free(&alloc, owner);
}

bool ken_named_like_identifier(const char *name) {
    static const char *const whole[] = {
        "id",  "pid",      "uid",        "uuid",       "guid", "rowid", "row_id", "index", "idx",
        "row", "rownames", "row_number", "unnamed: 0", "key",  "no",    "nr",     "",      NULL};
    static const char *const ends[] = {"_id", "-id", " id", ".id", "_uid", "_uuid", "_key", NULL};
    char lower[64];
    const size_t n = strlen(name);
    if (n > sizeof lower - 1) return false;
    for (size_t i = 0; i <= n; i++)
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    for (int i = 0; whole[i]; i++)
        if (strcmp(lower, whole[i]) == 0) return true;
    for (int i = 0; ends[i]; i++) {
        const size_t m = strlen(ends[i]);
        if (n > m && strcmp(lower + n - m, ends[i]) == 0) return true;
    }
    /* camel case: a small letter or digit, then ID or Id */
    return n > 2 && (strcmp(name + n - 2, "ID") == 0 || strcmp(name + n - 2, "Id") == 0) &&
           !(name[n - 3] >= 'A' && name[n - 3] <= 'Z');
}

/* Text and bool classify, and whole numbers with at most 10 values (as ken_task_of has it). */
static bool describe_classes(const ken_profile_column *p) {
    if (p->dtype == KEN_CATEGORY || p->dtype == KEN_STRING || p->dtype == KEN_BOOL) return true;
    return p->dtype != KEN_TIME && p->whole && p->distinct <= 10;
}

static ken_status describe_run(describe_build *b, int target) {
    ken_profile *p = &b->owner->profile;
    p->rows = ken_table_rows(b->table);
    p->cols = ken_table_cols(b->table);
    p->target = target;
    KEN_TRY(describe_own(b, (size_t)KEN_MAX(p->cols, 1), sizeof *b->columns, (void **)&b->columns));
    p->columns = b->columns;
    KEN_TRY(KEN_SCRATCH(b->ctx, uint64_t, KEN_MAX(p->cols, 1), &b->column_hash));
    KEN_TRY(describe_columns(b));
    p->target_classes = target >= 0 && describe_classes(&b->columns[target]);
    KEN_TRY(describe_pairs(b));
    KEN_TRY(describe_vif(b));
    return describe_warnings(b);
}

ken_status ken_describe(ken_ctx *ctx, const ken_table *table, int target, ken_profile **out) {
    describe_build b = {.ctx = ctx, .table = table};
    *out = NULL;
    if (target < -1 || target >= ken_table_cols(table))
        return KEN_FAIL(ctx, KEN_E_ARG, "pass the index of a column, or -1",
                        "describe: column %d is not among %d", target, ken_table_cols(table));
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(KEN_ALLOC(ctx, describe_owner, 1, &b.owner));
    b.owner->alloc = ken_ctx_allocator(ctx);
    const ken_status status = describe_run(&b, target);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK)
        ken_profile_free(&b.owner->profile);
    else
        *out = &b.owner->profile;
    return status;
}
