/* Views inside the library: a table of borrowed columns whose names are borrowed too, made with two
 * allocations however many columns there are. Predicting one row depends on it. */
#ifndef KEN_CORE_TABLE_INTERNAL_H
#define KEN_CORE_TABLE_INTERNAL_H

#include "ken/core/table.h"

/* An empty table with room for `columns` columns. */
ken_status ken__table_view_begin(ken_ctx *ctx, int64_t n_rows, int columns, ken_table **out);
/* Within that room; the memory and the name must outlive the table. */
void ken__table_view_add(ken_table *table, const ken_column *column);

#endif
