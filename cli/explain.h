/* What `ken explain` shows besides importances and rows: one file a family of questions. */
#ifndef KEN_CLI_EXPLAIN_H
#define KEN_CLI_EXPLAIN_H

#include "cli/show.h"

/* The page that --report asks for. A question of columns writes it itself, with its own figures; path NULL: none. */
typedef struct explain_page {
    const ken_table *table;
    const char *checksum, *path;
} explain_page;
ken_status explain_write_page(cli *c, const ken_model *m, const explain_page *page, const ken_report_asked *asked);

/* explain_shapes.c: how an answer moves with one or two columns. */
int explain_effect_run(cli *c, const ken_model *m, const explain_page *page, const char *columns);
int explain_ale_run(cli *c, const ken_model *m, const explain_page *page, const char *columns);

/* explain_measures.c: what columns are worth, and which act together. */
int explain_interactions_run(cli *c, const ken_model *m, const explain_page *page);
int explain_drop_column_run(cli *c, const ken_model *m, const explain_page *page);
int explain_surrogate_run(cli *c, const ken_model *m, const ken_table *table);

/* explain_dependence.c: what a column contributed at its values. */
int explain_dependence_run(cli *c, const ken_model *m, const explain_page *page, const char *column);

/* explain_pairs.c: Shapley interaction values; row 0: mean sizes over the rows. */
int explain_pairs_run(cli *c, const ken_model *m, const ken_table *table, int64_t row);

#endif
