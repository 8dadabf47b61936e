/* CSV and TSV in and out. Reading: dialect and types are found by looking, and can be overridden.
 */
#ifndef KEN_IO_CSV_H
#define KEN_IO_CSV_H

#include "ken/core/table.h"

KEN_BEGIN_C

typedef struct ken_csv_options {
    char delimiter; /* 0: found by looking (comma, semicolon, tab, bar) */
    char quote;     /* 0: "; KEN_CSV_NO_QUOTE: none */
    int header;     /* -1: found by looking; 0 none (columns c1, c2 ...); 1 first line */
    char decimal;   /* 0: '.', or ',' where the looks say so */
    const char
        *missing; /* spellings apart by '|'; NULL: "|NA|N/A|n/a|NaN|nan|null|NULL|None|?|-|." */
    const char *const *types; /* "column=type" pairs, NULL-ended; NULL: all found by looking */
    bool skip_bad_rows;       /* count and report ragged rows instead of failing */
    int64_t max_rows;         /* 0: all */
    int64_t max_levels; /* a text column with more distinct values is a string; 0: rule of csv.c */
} ken_csv_options;

typedef struct ken_csv_info {
    char delimiter, decimal;
    bool header;
    int64_t rows, bad_rows;
    int64_t first_bad_line; /* from 1; 0: none */
    uint8_t sha256[32];     /* of the bytes as they lie in the file */
} ken_csv_info;

#define KEN_CSV_NO_QUOTE '\1'
#define KEN_CSV_DEFAULTS {0, 0, -1, 0, NULL, NULL, false, 0, 0}

/* path: a file (.gz too) or "-" for standard input. options, info: may be NULL.
 * errors  KEN_E_IO · KEN_E_FORMAT with place "file:line:column" · KEN_E_LIMIT · KEN_E_CANCELLED */
KEN_API ken_status ken_csv_read(ken_ctx *ctx, const char *path, const ken_csv_options *options,
                                ken_csv_info *info, ken_table **out);
/* The same from memory (plain or gzip bytes); name is for the messages. */
KEN_API ken_status ken_csv_parse(ken_ctx *ctx, const char *name, const char *bytes, size_t size,
                                 const ken_csv_options *options, ken_csv_info *info,
                                 ken_table **out);
/* Quotes where needed, shortest numbers that read back; whole or not at all (io/file.h). "-":
 * stdout. */
KEN_API ken_status ken_csv_write(ken_ctx *ctx, const char *path, const ken_table *table);

KEN_END_C

#endif
