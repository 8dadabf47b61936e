/* Which number columns are nearly combinations of others: variance inflation factors on the rows
 * that the pairs are computed on. See vif.h. */
#include "ken/stats/describe/describe_parts.h"
#include "ken/stats/vif/vif.h"

enum { VIF_LEAST_ROWS = 3 }; /* a column; with fewer, chance makes columns look dependent */

static bool vif_takes(const describe_build *b, int j) {
    const ken_profile_column *p = &b->columns[j];
    return j != b->owner->profile.target && ken_dtype_is_number(p->dtype) && p->distinct > 1 &&
           p->missing * 5 <= p->n;
}

/* A column that repeats one already chosen has a warning of its own. */
static bool vif_repeats(const describe_build *b, const int *columns, int n, int j) {
    for (int k = 0; k < n; k++)
        if (b->column_hash[columns[k]] == b->column_hash[j]) return true;
    return false;
}

static bool vif_complete(const ken_table *table, int64_t i) {
    for (int j = 0; j < ken_table_cols(table); j++)
        if (!isfinite(ken_column_f64(ken_table_column(table, j), i))) return false;
    return true;
}

/* The complete ones of at most KEN_PROFILE_PAIR_ROWS evenly spread rows. */
static ken_status vif_rows(describe_build *b, const int *columns, int n, ken_table **picked,
                           ken_table **rows) {
    const int64_t all = ken_table_rows(b->table), most = KEN_MIN(all, KEN_PROFILE_PAIR_ROWS);
    int64_t *row, count = 0;
    KEN_TRY(KEN_SCRATCH(b->ctx, int64_t, KEN_MAX(most, 1), &row));
    KEN_TRY(ken_table_select(b->ctx, b->table, columns, n, picked));
    for (int64_t k = 0; k < most; k++) {
        const int64_t i = most == all ? k : (int64_t)((double)k * (double)all / (double)most);
        if (vif_complete(*picked, i)) row[count++] = i;
    }
    return count < VIF_LEAST_ROWS * (n + 1) ? KEN_OK
                                            : ken_table_take(b->ctx, *picked, row, count, rows);
}

ken_status describe_vif(describe_build *b) {
    const ken_mark mark = ken_scratch_mark(b->ctx);
    int columns[KEN_PROFILE_PAIR_COLUMNS], own[KEN_PROFILE_PAIR_COLUMNS], n = 0;
    double vif[KEN_PROFILE_PAIR_COLUMNS];
    ken_table *picked = NULL, *rows = NULL;
    for (int j = 0; j < b->owner->profile.cols; j++) {
        b->columns[j].vif = (double)NAN;
        if (n < KEN_PROFILE_PAIR_COLUMNS && vif_takes(b, j) && !vif_repeats(b, columns, n, j)) {
            own[n] = n;
            columns[n++] = j;
        }
    }
    if (n < 2) return KEN_OK;
    ken_status status = vif_rows(b, columns, n, &picked, &rows);
    if (status == KEN_OK && rows) status = ken_vif(b->ctx, rows, own, n, vif, NULL);
    for (int k = 0; status == KEN_OK && rows && k < n; k++) b->columns[columns[k]].vif = vif[k];
    ken_table_free(rows);
    ken_table_free(picked);
    ken_scratch_release(b->ctx, mark);
    return status;
}
