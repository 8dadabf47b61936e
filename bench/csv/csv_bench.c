/* csv_bench FILE [threads] [runs] [sha]: reads a table again and again; prints each run's seconds,
 * GB/s and rows/s, and once what the columns became. Peers: the `csv` rows of a bench of the same
 * file with the same number of threads, in turns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "ken/io/csv/csv.h"
#include "ken/io/file.h"

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void log_line(void *user, ken_log_level level, const char *message) {
    (void)user, (void)level;
    fprintf(stderr, "%s\n", message);
}

static void describe(const ken_table *table) {
    for (int j = 0; j < ken_table_cols(table) && j < 60; j++) {
        const ken_column *c = ken_table_column(table, j);
        char cell[40];
        printf("  %-16.16s %-8s levels %lld missing %lld first '%s'\n", c->name,
               ken_dtype_name(c->dtype), c->dtype == KEN_CATEGORY ? (long long)c->text.n : 0LL,
               (long long)ken_column_count_missing(c),
               c->n ? ken_column_format(c, 0, cell, sizeof cell) : "");
    }
}

int main(int argc, char **argv) {
    ken_ctx_options options = {0};
    ken_csv_options csv = KEN_CSV_DEFAULTS;
    ken_ctx *ctx = NULL;
    if (argc < 2) return 2;
    options.threads = argc > 2 ? atoi(argv[2]) : 2;
    options.log = log_line;
    if (ken_ctx_new(&options, &ctx) != KEN_OK) return 1;
    const int runs = argc > 3 ? atoi(argv[3]) : 1;
    for (int run = 0; run < runs; run++) {
        ken_csv_info info;
        ken_table *table = NULL;
        ken_file_bytes file;
        if (ken_file_open(ctx, argv[1], &file) != KEN_OK) return 1;
        const double gb = 1e-9 * (double)file.size, begin = now_s();
        ken_file_close(ctx, &file);
        if (ken_csv_read(ctx, argv[1], &csv, argc > 4 ? &info : NULL, &table) != KEN_OK) {
            fprintf(stderr, "%s [%s] (%s)\n", ken_ctx_message(ctx), ken_ctx_place(ctx),
                    ken_ctx_hint(ctx));
            return 1;
        }
        const double s = now_s() - begin;
        printf("%.3f s  %.2f GB/s  %.2f M rows/s  %lld x %d\n", s, gb / s,
               1e-6 * (double)ken_table_rows(table) / s, (long long)ken_table_rows(table),
               ken_table_cols(table));
        if (run == 0) describe(table);
        ken_table_free(table);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("peak %.0f MiB\n", (double)usage.ru_maxrss / 1024);
    ken_ctx_free(ctx);
    return 0;
}
