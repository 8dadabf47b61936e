/* Views inside the library: a table of borrowed columns whose names are borrowed too, made with two
 * allocations however many columns there are. Predicting one row depends on it. */
#ifndef KEN_CORE_TABLE_INTERNAL_H
#define KEN_CORE_TABLE_INTERNAL_H

#include "ken/core/dict.h"
#include "ken/core/table.h"

/* An empty table with room for `columns` columns. */
ken_status ken__table_view_begin(ken_ctx *ctx, int64_t n_rows, int columns, ken_table **out);
/* Within that room; the memory and the name must outlive the table. */
void ken__table_view_add(ken_table *table, const ken_column *column);

/* The keys in byte order, so that the order of the rows does not matter; rank[code] is the place of a code's key. out's
 * parts are of ken_alloc, on failure, too. Needs scratch. */
ken_status ken__levels_order(ken_ctx *ctx, const ken_dict *dict, ken_strings *out, int32_t *rank);

#endif
