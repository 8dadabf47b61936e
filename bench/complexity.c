/* How the time of a fit and of predictions grows with rows and columns: CPU seconds of one thread over some
 * doublings, and the slope of their logarithms. Writes one line of CSV a thing, phase and variable; bench/complexity
 * runs it and adds date and machine.
 *
 *   complexity [THING]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ken/ken.h"

typedef struct complexity_case {
    const char *thing, *settings, *data; /* data: "gen:linear" or "gen:blobs" */
    int64_t rows, columns;               /* the largest; smaller ones by halves */
} complexity_case;

static const complexity_case complexity_cases[] = {
    {"linear", "", "gen:linear", 65536, 128},
    {"ridge", "", "gen:linear", 65536, 256},
    {"lasso", "alpha=0.05", "gen:linear", 65536, 256},
    {"elastic_net", "alpha=0.05", "gen:linear", 65536, 256},
    {"logistic", "solver=newton", "gen:blobs", 65536, 128},
    {"sgd", "epochs=10 learning_rate=0.01", "gen:linear", 65536, 256},
    {"knn", "", "gen:blobs", 32768, 128},
    {"tree", "", "gen:linear", 65536, 64},
    {"forest", "trees=20", "gen:linear", 32768, 64},
    {"extra_trees", "trees=20", "gen:linear", 32768, 64},
    {"boosting", "trees=50 early_stopping=off", "gen:linear", 131072, 128},
};
enum { COMPLEXITY_SIZES = 5, COMPLEXITY_RUNS = 5, COMPLEXITY_QUERIES = 2000 };

static double complexity_cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct complexity_time {
    double fit, predict;
} complexity_time;

static ken_status complexity_table(ken_ctx *ctx, const char *data, int64_t rows, int64_t columns, ken_table **X, ken_table **all) {
    char name[96];
    int index[4096];
    const bool blobs = strcmp(data, "gen:blobs") == 0;
    snprintf(name, sizeof name, "%s:rows=%lld,columns=%lld%s", data, (long long)rows, (long long)columns, blobs ? ",noise=3" : "");
    KEN_TRY(ken_dataset_load(ctx, name, all));
    for (int j = 0; j < columns; j++) index[j] = j;
    return ken_table_select(ctx, *all, index, (int)columns, X);
}

static ken_status complexity_once(ken_ctx *ctx, const complexity_case *c, int64_t rows, int64_t columns, complexity_time *out) {
    ken_table *all, *X, *queries, *queries_all;
    ken_model *model;
    int64_t width;
    KEN_TRY(complexity_table(ctx, c->data, rows, columns, &X, &all));
    KEN_TRY(complexity_table(ctx, c->data, COMPLEXITY_QUERIES, columns, &queries, &queries_all));
    KEN_TRY(ken_model_new(ctx, c->thing, c->settings, &model));
    const ken_data data = {.table = X, .target = ken_table_column(all, (int)columns)};
    const double start = complexity_cpu_s();
    KEN_TRY(ken_model_fit(ctx, model, &data));
    out->fit = complexity_cpu_s() - start;
    KEN_TRY(ken_model_width(ctx, model, KEN_WHAT_VALUE, &width));
    double *y = malloc(sizeof *y * COMPLEXITY_QUERIES);
    ken_tensor view = ken_tensor_2d(y, KEN_F64, COMPLEXITY_QUERIES, 1);
    const double before = complexity_cpu_s();
    int times = 0;
    do { /* some are quick: at least 5 ms */
        KEN_TRY(ken_model_predict(ctx, model, queries, KEN_WHAT_VALUE, &view));
        times++;
    } while (complexity_cpu_s() - before < 0.005);
    out->predict = (complexity_cpu_s() - before) / times;
    free(y);
    ken_model_free(model);
    ken_table_free(X), ken_table_free(queries), ken_table_free(all), ken_table_free(queries_all);
    return KEN_OK;
}

static int complexity_order(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double complexity_median(double *x) {
    qsort(x, COMPLEXITY_RUNS, sizeof *x, complexity_order);
    return x[COMPLEXITY_RUNS / 2];
}

/* Slope of log2(seconds) over doublings, and the largest size's seconds. */
static void complexity_print(const complexity_case *c, const char *phase, const char *variable, int64_t largest, const double *seconds) {
    const int n = COMPLEXITY_SIZES;
    double mean = 0, slope = 0, weight = 0, off = 0;
    for (int i = 0; i < n; i++) mean += log2(seconds[i]) / n;
    for (int i = 0; i < n; i++) {
        const double x = i - (n - 1) / 2.0;
        slope += x * (log2(seconds[i]) - mean), weight += x * x;
    }
    slope /= weight;
    for (int i = 0; i < n; i++) {
        const double left = log2(seconds[i]) - mean - slope * (i - (n - 1) / 2.0);
        off += left * left;
    }
    printf("%s,%s,%s,%s,%.2f,%.2f,%lld,%.6g\n", c->thing, c->settings, phase, variable, slope, sqrt(off / (n - 2) / weight),
           (long long)largest, seconds[n - 1]);
    fflush(stdout);
}

static ken_status complexity_along(ken_ctx *ctx, const complexity_case *c, bool by_rows) {
    double fit[COMPLEXITY_SIZES], predict[COMPLEXITY_SIZES];
    complexity_time warm; /* pages, caches, frequency */
    for (int r = 0; r < 3; r++) KEN_TRY(complexity_once(ctx, c, c->rows / 8, c->columns / 8, &warm));
    for (int i = 0; i < COMPLEXITY_SIZES; i++) {
        const int shift = COMPLEXITY_SIZES - 1 - i;
        double fits[COMPLEXITY_RUNS], predicts[COMPLEXITY_RUNS];
        for (int r = 0; r < COMPLEXITY_RUNS; r++) {
            complexity_time t;
            KEN_TRY(complexity_once(ctx, c, by_rows ? c->rows >> shift : c->rows / 8, by_rows ? c->columns / 8 : c->columns >> shift, &t));
            fits[r] = t.fit, predicts[r] = t.predict;
        }
        fit[i] = complexity_median(fits), predict[i] = complexity_median(predicts);
    }
    const char *variable = by_rows ? "n" : "d";
    complexity_print(c, "fit", variable, by_rows ? c->rows : c->columns, fit);
    complexity_print(c, "predict", variable, by_rows ? c->rows : c->columns, predict);
    return KEN_OK;
}

int main(int argc, char **argv) {
    ken_ctx *ctx;
    if (ken_ctx_new(&(ken_ctx_options){.threads = 1, .seed = 1}, &ctx) != KEN_OK) return 1;
    printf("thing,settings,phase,variable,exponent,error,largest,seconds\n");
    for (int i = 0; i < KEN_COUNT(complexity_cases); i++) {
        const complexity_case *c = &complexity_cases[i];
        if (argc > 1 && strcmp(argv[1], c->thing) != 0) continue;
        if (complexity_along(ctx, c, true) != KEN_OK || complexity_along(ctx, c, false) != KEN_OK) {
            fprintf(stderr, "%s: %s (%s)\n", c->thing, ken_ctx_message(ctx), ken_ctx_hint(ctx));
            return 1;
        }
    }
    ken_ctx_free(ctx);
    return 0;
}
