/* What a lesson's cell says: records, one line of JSON each, in a fixed order of keys and with numbers in
 * the shortest form that reads back, so that two runs can be compared byte by byte:
 *
 *   {"cell":"fit","key":"r2","type":"number","value":0.8414}
 *
 * Cells use the macros of ken/cell.h; who runs them gives the sink. Code: show_records.c. */
#ifndef KEN_REPORT_SHOW_H
#define KEN_REPORT_SHOW_H

#include "ken/core/table.h"

KEN_BEGIN_C

enum { KEN_SHOW_ROWS = 20 }; /* the most rows of a table that a record carries */

/* A sink. line: one record, `size` bytes without the line's end; lent for the call. */
typedef struct ken_show {
    const char *cell; /* whose records they are */
    void (*write)(void *user, const char *line, size_t size);
    void *user;
    int64_t failures; /* records of type "error" so far */
} ken_show;

/* errors  KEN_E_NOMEM · KEN_E_FORMAT a figure that is no JSON object · KEN_E_ARG a negative count */
KEN_API ken_status ken_show_number(ken_ctx *ctx, ken_show *show, const char *key, double value);
KEN_API ken_status ken_show_integer(ken_ctx *ctx, ken_show *show, const char *key, int64_t value);
KEN_API ken_status ken_show_bool(ken_ctx *ctx, ken_show *show, const char *key, bool value);
/* value NULL: an empty text. */
KEN_API ken_status ken_show_text(ken_ctx *ctx, ken_show *show, const char *key, const char *value);
KEN_API ken_status ken_show_array(ken_ctx *ctx, ken_show *show, const char *key, const double *values,
                                  int64_t n);
/* The first KEN_SHOW_ROWS rows and how many there are; a missing cell is null. */
KEN_API ken_status ken_show_table(ken_ctx *ctx, ken_show *show, const char *key,
                                  const ken_table *table);
/* json: a Vega-Lite 5 specification. */
KEN_API ken_status ken_show_figure(ken_ctx *ctx, ken_show *show, const char *key, const char *json);
/* As printf; the record's key is "". */
KEN_API ken_status ken_show_print(ken_ctx *ctx, ken_show *show, const char *fmt, ...)
    KEN_PRINTF(3, 4);
/* The context's last error, which came with `status`. */
KEN_API ken_status ken_show_error(ken_ctx *ctx, ken_show *show, ken_status status);
/* A failed expectation (ken/cell.h): an error of code "EXPECT" whose place is "file:line". */
KEN_API void ken_show_failure(ken_ctx *ctx, ken_show *show, const char *file, int line,
                              const char *fmt, ...) KEN_PRINTF(5, 6);

KEN_END_C

#endif
