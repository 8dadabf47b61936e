/* ken_bench WORKLOAD DATA THREADS OUT
 * ken_bench --launch REPEATS PROGRAM [ARG ...]
 *
 * One measured run of one workload of bench.py, as JSON on standard
 * output. `fit` and `predict` go from arrays in memory to arrays in memory through the public interface;
 * reading files is in neither (csv times just that). What the runs are judged by (predictions,
 * coefficients) is written as .npy into the folder OUT, after the last clock and memory reading.
 * --launch: wall time and peak memory of whole processes, started from this small one, since a child's peak
 * begins at the size of its parent. */
#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/tree_work.h"

enum { MAX_CODE_COLUMNS = 64, ROW_REPEATS = 1000 };

typedef struct bench {
    ken_ctx *ctx;
    const char *data, *out;
    int threads;
    double seconds[2];     /* fit, predict; below 0: not measured */
    double delay;          /* share of the timed seconds that our threads waited for a CPU */
    double rss_before_mib; /* when the first timed block began */
    double rss_mib;        /* peak when the last one ended */
    double row_us;
    double begin_s, begin_waited_s;
    char quality[256];     /* members of a JSON object */
    double work[2];        /* the least that fit and predict must do (docs/bench.md), 0: not counted */
    const char *work_of[2]; /* in "bytes", "adds", "lookups" or "flops" */
} bench;

/* --- clocks and memory ------------------------------------------------------------------------ */

/* Wall seconds, or with KEN_BENCH_CLOCK=cpu those that our threads ran. */
static double now_s(void) {
    struct timespec t;
    clock_gettime(getenv("KEN_BENCH_CLOCK") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds that our threads have been ready to run without a CPU. */
static double waited_s(void) {
    double total = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
        char path[300];
        unsigned long long ran, waited;
        snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", entry->d_name);
        FILE *f = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (f && fscanf(f, "%llu %llu", &ran, &waited) == 2) total += 1e-9 * (double)waited;
        if (f) fclose(f);
    }
    if (tasks) closedir(tasks);
    return total;
}

static double rss_mib(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*s %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* Of this program alone: getrusage would begin with what our parent was before exec. */
static double peak_mib(void) {
    char line[256];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %lf", &kib) == 1) break;
    if (f) fclose(f);
    return kib / 1024;
}

static void clock_start(bench *b) {
    if (b->rss_before_mib == 0) b->rss_before_mib = rss_mib();
    b->begin_waited_s = waited_s();
    b->begin_s = now_s();
}

static void clock_stop(bench *b, int which) {
    const double span = now_s() - b->begin_s;
    b->seconds[which] = span;
    if (span > 0.05) {
        const double delay = (waited_s() - b->begin_waited_s) / span / b->threads;
        if (delay > b->delay) b->delay = delay;
    }
    b->rss_mib = peak_mib();
}

/* --- failing, reading, writing ----------------------------------------------------------------- */

static void die(const char *what) {
    fprintf(stderr, "ken_bench: %s\n", what);
    exit(1);
}

static void check(bench *b, ken_status status) {
    if (status == KEN_OK) return;
    fprintf(stderr, "ken_bench: %s: %s (%s)\n", ken_status_name(status), ken_ctx_message(b->ctx),
            ken_ctx_hint(b->ctx));
    exit(1);
}

static void log_line(void *user, ken_log_level level, const char *message) {
    (void)user;
    if (level == KEN_LOG_WARNING) fprintf(stderr, "ken_bench: %s\n", message);
}

static void *take(size_t size) {
    void *p = malloc(size ? size : 1);
    if (!p) die("out of memory");
    return p;
}

/* DATA/name.npy as the README of the shared bench describes it: version 1.0, C order, little-endian. Read
 * into our own memory, as the peers do, so that both sides' peaks hold the array once. */
static ken_tensor load(bench *b, const char *name) {
    char path[4096], header[4096], type[8];
    unsigned char head[10];
    snprintf(path, sizeof path, "%s/%s.npy", b->data, name);
    FILE *f = fopen(path, "rb");
    if (!f || fread(head, 1, 10, f) != 10 || memcmp(head, "\x93NUMPY\1", 7) != 0) die(path);
    const size_t size = head[8] + 256u * head[9];
    if (size >= sizeof header || fread(header, 1, size, f) != size) die(path);
    header[size] = 0;
    const char *descr = strstr(header, "'descr': '"), *shape = strstr(header, "'shape': (");
    long long n = 0, d = 0;
    if (!descr || !shape || sscanf(descr + 10, "%7[^']", type) != 1) die(path);
    const int dims = sscanf(shape + 10, "%lld, %lld", &n, &d);
    const ken_dtype dtype = !strcmp(type, "<f8")   ? KEN_F64
                            : !strcmp(type, "<f4") ? KEN_F32
                            : !strcmp(type, "<i4") ? KEN_I32
                                                   : KEN_BOOL;
    if (dims < 1 || dtype == KEN_BOOL) die(path);
    const size_t bytes = (size_t)n * (size_t)(dims == 2 ? d : 1) * ken_dtype_size(dtype);
    void *data = take(bytes);
    if (fread(data, 1, bytes, f) != bytes) die(path);
    fclose(f);
    return dims == 2 ? ken_tensor_2d(data, dtype, n, d) : ken_tensor_1d(data, dtype, n);
}

static ken_tensor rows_of(ken_tensor t, int64_t first, int64_t n) {
    t.data = (char *)t.data + (size_t)(first * t.stride[0]) * ken_dtype_size(t.dtype);
    t.shape[0] = n;
    return t;
}

static void save(bench *b, const char *name, const ken_tensor *tensor) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.npy", b->out, name);
    check(b, ken_npy_write(b->ctx, path, tensor));
}

/* --- the least that must be done ------------------------------------------------------------------ */

enum { FIT, PREDICT };

static void must(bench *b, int which, const char *what, double work) {
    b->work_of[which] = what;
    b->work[which] = work;
}

/* --- columns ------------------------------------------------------------------------------------ */

/* The numbers 0 .. k-1 as texts: the level names of codes. */
static ken_strings level_names(int64_t k) {
    int64_t *offset = take((size_t)(k + 1) * sizeof *offset);
    char *bytes = take((size_t)k * 8);
    offset[0] = 0;
    for (int64_t i = 0; i < k; i++)
        offset[i + 1] = offset[i] + snprintf(bytes + offset[i], 8, "%lld", (long long)i);
    return (ken_strings){k, offset, bytes};
}

/* The largest code of column j, plus one. */
static int64_t levels_of(const ken_tensor *codes, int64_t j) {
    int32_t top = 0;
    for (int64_t i = 0; i < codes->shape[0]; i++) {
        const int32_t code = ((const int32_t *)codes->data)[i * codes->stride[0] + j];
        if (code > top) top = code;
    }
    return (int64_t)top + 1;
}

/* Column j of codes, or a vector, as the table takes it: whole numbers are codes of categories. */
static ken_column column_of(const ken_tensor *t, int64_t j, const char *name, const ken_strings *levels) {
    const int64_t stride = t->stride[0];
    ken_column c = {.name = name, .dtype = t->dtype, .n = t->shape[0], .stride = stride, .source = -1};
    c.data = (char *)t->data + (size_t)j * ken_dtype_size(t->dtype);
    if (t->dtype == KEN_I32) {
        c.dtype = KEN_CATEGORY;
        c.text = *levels;
    }
    return c;
}

/* x, and behind it the columns of codes (NULL: none), borrowed. */
static ken_table *table_of(bench *b, const ken_tensor *x, const ken_tensor *codes,
                           const ken_strings *levels) {
    ken_table *table;
    check(b, ken_table_from_matrix(b->ctx, x, NULL, &table));
    for (int64_t j = 0; codes && j < codes->shape[1]; j++) {
        char name[32];
        snprintf(name, sizeof name, "c%d", (int)j);
        const ken_column c = column_of(codes, j, name, &levels[j]);
        check(b, ken_table_add_borrow(b->ctx, table, &c));
    }
    return table;
}

/* --- models: fit on the first rows, predict the others -------------------------------------------- */

typedef struct model_case {
    const char *workload, *model, *settings;
    const char *x, *codes, *y;
    int64_t n_train;      /* 0: all rows, and these are predicted too */
    ken_what what;
    bool latency;
    const char *attrs[2]; /* saved for the judge */
    int64_t test;         /* first row to predict; 0: the one after those that train */
} model_case;

#define GBDT(leaves) \
    "trees=100 learning_rate=0.1 max_bins=255 row_fraction=1 column_fraction=1 node_fraction=1 l2=0 min_leaf_rows=20 " \
    "min_leaf_weight=0.001 linear_leaves=false early_stopping=off max_leaves=" leaves
/* The first n rows of higgs train, the test is that of all of them. */
#define SMALL(name, n, leaves) \
    {name, "boosting", GBDT(leaves), "higgs_x", NULL, "higgs_y", n, KEN_WHAT_PROBA, true, {0}, 1000000}
#define FOREST "trees=100 columns=sqrt min_leaf_rows=1 oob=false bootstrap="

static const model_case model_cases[] = {
    {"gbdt-higgs", "boosting", GBDT("255"), "higgs_x", NULL, "higgs_y", 1000000, KEN_WHAT_PROBA, true, {0}, 0},
    {"gbdt-regr", "boosting", GBDT("255"), "regr_x", NULL, "regr_y", 500000, KEN_WHAT_VALUE, true, {0}, 0},
    {"gbdt-cat", "boosting", GBDT("255"), "cat_num", "cat_code", "cat_y", 200000, KEN_WHAT_PROBA, false, {0}, 0},
    SMALL("gbdt-10k-31", 10000, "31"),
    SMALL("gbdt-10k-255", 10000, "255"),
    SMALL("gbdt-100k-31", 100000, "31"),
    SMALL("gbdt-100k-255", 100000, "255"),
    {"oblivious", "boosting", GBDT("255") " growth=oblivious max_depth=6", "higgs_x", NULL, "higgs_y", 1000000,
     KEN_WHAT_PROBA, true, {0}, 0},
    {"forest", "forest", FOREST "true", "forest_x", NULL, "forest_y", 100000, KEN_WHAT_PROBA, true, {0}, 0},
    {"extratrees", "extra_trees", FOREST "false", "forest_x", NULL, "forest_y", 100000, KEN_WHAT_PROBA, true, {0}, 0},
    {"isolation", "isolation_forest", "trees=100 sample_rows=256", "outlier_x", NULL, NULL, 0, KEN_WHAT_VALUE, false, {0}, 0},
    {"ols", "linear", "", "ols_x", NULL, "ols_y", 0, KEN_WHAT_VALUE, true, {0}, 0},
    {"ridge", "ridge", "alpha=1", "ols_x", NULL, "ols_y", 0, KEN_WHAT_VALUE, true, {0}, 0},
    {"logistic", "logistic", "l2=1 tol=1e-4", "logit_x", NULL, "logit_y", 500000, KEN_WHAT_VALUE, true,
     {"coef", "intercept"}, 0},
};

/* Boosting sums every root and every smaller child, all columns; forests all nodes, the columns drawn. Prediction
 * looks once a level, or once a tree where a level has one question. Linear models read their table. */
static void count_work(bench *b, const model_case *c, const ken_model *model, const ken_tensor *x, int64_t n,
                       int64_t rows) {
    const double columns = ken_model_n_inputs(model), cells = (double)x->shape[1] * (double)ken_dtype_size(x->dtype);
    if (!ken_model_attr(model, "tree_offset")) {
        const bool gram = strcmp(c->model, "logistic") != 0;
        must(b, FIT, gram ? "flops" : "bytes", (double)n * (gram ? (columns + 1) * (columns + 2) : cells));
        must(b, PREDICT, "bytes", (double)rows * cells);
        return;
    }
    const tree_work w = tree_work_of(model);
    const bool oblivious = strstr(c->settings, "oblivious") != NULL, sampled = strstr(c->settings, "bootstrap=true") != NULL;
    must(b, PREDICT, "lookups", (double)rows * (oblivious ? w.trees : w.depths));
    if (!strcmp(c->model, "boosting")) must(b, FIT, "adds", columns * w.smaller);
    if (c->settings == strstr(c->settings, FOREST)) must(b, FIT, "adds", 7 * w.passed * (sampled ? 0.632 : 1)); /* sqrt(50) columns */
    if (!strcmp(c->model, "isolation_forest")) must(b, FIT, "bytes", w.trees * 256 * cells);
}

/* A model of `settings` on the first n rows of c's table; y: NULL without a target. */
static ken_model *fitted(bench *b, const model_case *c, const char *settings, int64_t n, const ken_tensor *x,
                         const ken_tensor *codes, const ken_tensor *y, const ken_strings *levels,
                         const ken_strings *classes) {
    const ken_tensor head = rows_of(*x, 0, n), target = y ? rows_of(*y, 0, n) : head;
    const ken_tensor head_codes = codes ? rows_of(*codes, 0, n) : head;
    const ken_column column = column_of(&target, 0, "y", classes);
    ken_table *table = table_of(b, &head, codes ? &head_codes : NULL, levels);
    const ken_data data = {.table = table, .target = y ? &column : NULL};
    ken_model *model;
    check(b, ken_model_new(b->ctx, c->model, settings, &model));
    if (codes) { /* as `ken train` does: a recipe encodes what it pays to encode, and fit includes it */
        ken_model *recipe;
        check(b, ken_model_new(b->ctx, "recipe", NULL, &recipe));
        check(b, ken_model_set_recipe(b->ctx, model, recipe));
    }
    check(b, ken_model_fit(b->ctx, model, &data));
    ken_table_free(table);
    return model;
}

static ken_tensor predicted(bench *b, const ken_model *model, const ken_table *table, ken_what what) {
    int64_t width;
    check(b, ken_model_width(b->ctx, model, what, &width));
    const int64_t n = ken_table_rows(table);
    ken_tensor out = ken_tensor_2d(take((size_t)(n * width) * sizeof(double)), KEN_F64, n, width);
    check(b, ken_model_predict(b->ctx, model, table, what, &out));
    return out;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n) {
    qsort(values, (size_t)n, sizeof *values, by_value);
    return values[n / 2];
}

/* Median microseconds of predicting one row, from the row in memory. */
static void latency(bench *b, const ken_model *model, const ken_tensor *x, ken_what what) {
    double *spans = take(ROW_REPEATS * sizeof *spans), *row = take((size_t)x->shape[1] * sizeof *row);
    const int64_t n = x->shape[0];
    double out[2];
    for (int i = 0; i < ROW_REPEATS; i++) {
        const int64_t at = i % n * x->stride[0];
        const double begin = now_s();
        for (int64_t j = 0; j < x->shape[1]; j++)
            row[j] = x->dtype == KEN_F32 ? (double)((const float *)x->data)[at + j * x->stride[1]]
                                         : ((const double *)x->data)[at + j * x->stride[1]];
        check(b, ken_model_predict_row(b->ctx, model, row, what, out));
        spans[i] = 1e6 * (now_s() - begin);
    }
    b->row_us = median(spans, ROW_REPEATS);
    free(row);
    free(spans);
}

static void run_model(bench *b, const model_case *c) {
    const ken_tensor x = load(b, c->x), y = c->y ? load(b, c->y) : x;
    const ken_tensor codes = c->codes ? load(b, c->codes) : x;
    const ken_tensor *const maybe_codes = c->codes ? &codes : NULL;
    const ken_strings classes = level_names(2);
    ken_strings levels[MAX_CODE_COLUMNS];
    for (int64_t j = 0; c->codes && j < codes.shape[1]; j++)
        levels[j] = level_names(levels_of(&codes, j));
    const int64_t n = x.shape[0], n_train = c->n_train ? c->n_train : n;
    const int64_t first = c->test ? c->test : c->n_train ? n_train : 0;

    clock_start(b);
    ken_model *model = fitted(b, c, c->settings, n_train, &x, maybe_codes, c->y ? &y : NULL, levels, &classes);
    clock_stop(b, 0);

    const ken_tensor rest = rows_of(x, first, n - first);
    const ken_tensor rest_codes = c->codes ? rows_of(codes, first, n - first) : rest;
    clock_start(b);
    ken_table *table = table_of(b, &rest, c->codes ? &rest_codes : NULL, levels);
    ken_tensor out = predicted(b, model, table, c->what);
    clock_stop(b, 1);
    ken_table_free(table);

    count_work(b, c, model, &x, n_train, n - first);
    if (c->latency) latency(b, model, &rest, c->what);
    if (out.shape[1] == 2) { /* the probability of class 1 alone */
        out.data = (double *)out.data + 1;
        out.shape[1] = 1;
    }
    save(b, "predicted", &out);
    for (int i = 0; i < 2 && c->attrs[i]; i++) save(b, c->attrs[i], ken_model_attr(model, c->attrs[i]));
    ken_model_free(model);
}

/* --- explanations of one model: 100 trees of 31 leaves on 200000 rows of higgs --------------------- */

static void treeshap(bench *b, const ken_model *model, const ken_tensor *rows) {
    clock_start(b);
    ken_table *table = table_of(b, rows, NULL, NULL);
    const ken_tensor parts = predicted(b, model, table, KEN_WHAT_CONTRIBUTIONS);
    clock_stop(b, 0);
    must(b, FIT, "flops", 2 * (double)rows->shape[0] * tree_work_of(model).leaf_depth);
    const ken_tensor margin = predicted(b, model, table, KEN_WHAT_MARGIN);
    double worst = 0;
    for (int64_t i = 0; i < parts.shape[0]; i++) {
        double sum = -ken_f64(&margin)[i];
        for (int64_t j = 0; j < parts.shape[1]; j++) sum += ken_f64(&parts)[i * parts.shape[1] + j];
        if (sum < 0) sum = -sum;
        if (sum > worst) worst = sum;
    }
    snprintf(b->quality, sizeof b->quality, "\"sum_error\": %.3g", worst);
}

static void permutation(bench *b, const ken_model *model, const ken_tensor *x, const ken_tensor *y,
                        const ken_strings *classes) {
    const ken_tensor rows = rows_of(*x, 1000000, 50000), target = rows_of(*y, 1000000, 50000);
    const ken_column column = column_of(&target, 0, "y", classes);
    const ken_permutation_params params = {3, "roc_auc", 0};
    ken_permutation_row importance[64];
    clock_start(b);
    ken_table *table = table_of(b, &rows, NULL, NULL);
    const ken_data data = {.table = table, .target = &column};
    check(b, ken_explain_permutation(b->ctx, model, &data, &params, NULL, importance, NULL));
    clock_stop(b, 0);
    must(b, FIT, "lookups", (1.0 + 3.0 * (double)x->shape[1]) * (double)rows.shape[0] * tree_work_of(model).depths);
    snprintf(b->quality, sizeof b->quality, "\"top\": %d, \"top_drop\": %.6f", importance[0].feature,
             importance[0].mean);
}

static void run_explain(bench *b, bool shap) {
    static const model_case c = {.model = "boosting", .settings = GBDT("31")};
    const ken_tensor x = load(b, "higgs_x"), y = load(b, "higgs_y");
    const ken_strings classes = level_names(2);
    ken_model *model = fitted(b, &c, c.settings, 200000, &x, NULL, &y, NULL, &classes);
    const ken_tensor rows = rows_of(x, 1000000, 10000);
    if (shap)
        treeshap(b, model, &rows);
    else
        permutation(b, model, &x, &y, &classes);
    ken_model_free(model);
}

/* A forest of 100 trees of depth 8 on 20000 rows, explained on 1000 others. */
static void run_shap_forest(bench *b) {
    static const model_case c = {.model = "forest", .settings = FOREST "true max_depth=8"};
    const ken_tensor x = load(b, "forest_x"), y = load(b, "forest_y"), rows = rows_of(x, 100000, 1000);
    const ken_strings classes = level_names(2);
    ken_model *model = fitted(b, &c, c.settings, 20000, &x, NULL, &y, NULL, &classes);
    treeshap(b, model, &rows);
    ken_model_free(model);
}

/* --- new leaf values on new rows ------------------------------------------------------------------ */

/* Trees of 200000 rows, of which 800000 others renew the leaves; judged on the test rows of higgs. */
static void run_refit(bench *b) {
    static const model_case c = {.model = "boosting", .settings = GBDT("255")};
    const ken_tensor x = load(b, "higgs_x"), y = load(b, "higgs_y");
    const ken_strings classes = level_names(2);
    ken_model *model = fitted(b, &c, c.settings, 200000, &x, NULL, &y, NULL, &classes);
    const ken_tensor rows = rows_of(x, 200000, 800000), target = rows_of(y, 200000, 800000);
    const ken_tensor rest = rows_of(x, 1000000, x.shape[0] - 1000000);
    const ken_column column = column_of(&target, 0, "y", &classes);
    clock_start(b);
    ken_table *table = table_of(b, &rows, NULL, NULL);
    check(b, ken_model_refit(b->ctx, model, &(ken_data){.table = table, .target = &column}, 0.9));
    clock_stop(b, 0);
    must(b, FIT, "lookups", (double)rows.shape[0] * tree_work_of(model).depths);
    ken_table_free(table);
    table = table_of(b, &rest, NULL, NULL);
    ken_tensor out = predicted(b, model, table, KEN_WHAT_PROBA);
    ken_table_free(table);
    out.data = (double *)out.data + 1; /* the probability of class 1 alone */
    out.shape[1] = 1;
    save(b, "predicted", &out);
    ken_model_free(model);
}

/* The model behind `startup`: OUT/model.ken, 100 trees of 31 leaves. */
static void run_one_row_model(bench *b) {
    static const model_case c = {.model = "boosting", .settings = GBDT("31")};
    const ken_tensor x = load(b, "higgs_x"), y = load(b, "higgs_y");
    const ken_strings classes = level_names(2);
    ken_model *model = fitted(b, &c, c.settings, 20000, &x, NULL, &y, NULL, &classes);
    char path[4096];
    snprintf(path, sizeof path, "%s/model.ken", b->out);
    check(b, ken_model_save(b->ctx, model, path));
    ken_model_free(model);
}

/* --- tables ------------------------------------------------------------------------------------- */

static ken_table *read_csv(bench *b, const char *name) {
    char path[4096];
    ken_table *table;
    snprintf(path, sizeof path, "%s/%s", b->data, name);
    check(b, ken_csv_read(b->ctx, path, NULL, NULL, &table));
    return table;
}

static void run_csv(bench *b, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", b->data, name);
    FILE *f = fopen(path, "rb"); /* into the page cache */
    char *buffer = take(1 << 20);
    if (!f) die(path);
    double size = 0;
    for (size_t n; (n = fread(buffer, 1, 1 << 20, f)) > 0;) size += (double)n;
    must(b, FIT, "bytes", size);
    fclose(f);
    free(buffer);
    clock_start(b);
    ken_table *table = read_csv(b, name);
    clock_stop(b, 0);
    snprintf(b->quality, sizeof b->quality, "\"rows\": %lld, \"columns\": %d",
             (long long)ken_table_rows(table), ken_table_cols(table));
    ken_table_free(table);
}

/* Median and scale for numbers, one-hot for words, of a table in memory. */
static void run_pipeline(bench *b) {
    ken_table *table = read_csv(b, "pipe.csv"), *out;
    ken_model *model;
    const ken_data data = {.table = table};
    for (int which = FIT; which <= PREDICT; which++) /* 8 numbers and 4 codes a row */
        must(b, which, "bytes", (double)ken_table_rows(table) * (8 * 8 + 4 * 4));
    clock_start(b);
    check(b, ken_model_new(b->ctx, "recipe",
                           "impute=median indicator=no scale=standard encode=one_hot max_levels=64", &model));
    check(b, ken_model_fit(b->ctx, model, &data));
    clock_stop(b, 0);
    clock_start(b);
    check(b, ken_model_transform(b->ctx, model, table, &out));
    clock_stop(b, 1);
    snprintf(b->quality, sizeof b->quality, "\"columns\": %d", ken_table_cols(out));
    ken_table_free(out);
    ken_model_free(model);
    ken_table_free(table);
}

static bool run(bench *b, const char *workload) {
    for (size_t i = 0; i < sizeof model_cases / sizeof *model_cases; i++)
        if (!strcmp(workload, model_cases[i].workload)) {
            run_model(b, &model_cases[i]);
            return true;
        }
    if (!strcmp(workload, "csv"))
        run_csv(b, "mixed.csv");
    else if (!strcmp(workload, "csv-pipe"))
        run_csv(b, "pipe.csv");
    else if (!strcmp(workload, "pipeline"))
        run_pipeline(b);
    else if (!strcmp(workload, "treeshap"))
        run_explain(b, true);
    else if (!strcmp(workload, "shap-forest"))
        run_shap_forest(b);
    else if (!strcmp(workload, "gbdt-refit"))
        run_refit(b);
    else if (!strcmp(workload, "permutation"))
        run_explain(b, false);
    else if (!strcmp(workload, "one-row-model"))
        run_one_row_model(b);
    else
        return false;
    return true;
}

static void print_json(const bench *b) {
    printf("{\"seconds\": {");
    if (b->seconds[0] >= 0) printf("\"fit\": %.6f", b->seconds[0]);
    if (b->seconds[1] >= 0) printf(", \"predict\": %.6f", b->seconds[1]);
    printf("}, \"work\": {\"fit\": \"");
    if (b->work[FIT] > 0) printf("%s:%.6g", b->work_of[FIT], b->work[FIT]);
    printf("\", \"predict\": \"");
    if (b->work[PREDICT] > 0) printf("%s:%.6g", b->work_of[PREDICT], b->work[PREDICT]);
    printf("\"}, \"quality\": {%s}, \"rss_mib\": %.1f, \"rss_before_mib\": %.1f, \"delay\": %.3f, \"row_us\": %.2f}\n",
           b->quality, b->rss_mib, b->rss_before_mib, b->delay, b->row_us);
}

/* Median seconds and largest peak of `repeats` runs of a program, after one that warms the disk cache. */
static int launch(int repeats, char **command) {
    extern char **environ;
    double *spans = take((size_t)repeats * sizeof *spans), peak = 0;
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    for (int i = -1; i < repeats; i++) {
        pid_t pid;
        int status;
        struct rusage usage;
        const double begin = now_s();
        if (posix_spawn(&pid, command[0], &quiet, NULL, command, environ) != 0) die(command[0]);
        if (wait4(pid, &status, 0, &usage) != pid || status != 0) die("the program failed");
        if (i >= 0) spans[i] = now_s() - begin;
        if ((double)usage.ru_maxrss / 1024 > peak) peak = (double)usage.ru_maxrss / 1024;
    }
    printf("{\"seconds\": {\"fit\": %.6f}, \"rss_mib\": %.1f}\n", median(spans, repeats), peak);
    free(spans);
    return 0;
}

int main(int argc, char **argv) {
    if (argc >= 4 && !strcmp(argv[1], "--launch") && atoi(argv[2]) > 0) return launch(atoi(argv[2]), argv + 3);
    if (argc != 5) {
        fprintf(stderr, "usage: ken_bench WORKLOAD DATA THREADS OUT\n"
                        "       ken_bench --launch REPEATS PROGRAM [ARG ...]\n");
        return 2;
    }
    bench b = {.data = argv[2], .out = argv[4], .threads = atoi(argv[3]), .seconds = {-1, -1}};
    const ken_ctx_options options = {.threads = b.threads, .seed = 1, .log = log_line};
    if (b.threads < 1 || ken_ctx_new(&options, &b.ctx) != KEN_OK) die("cannot make a context");
    if (!run(&b, argv[1])) die("no such workload");
    print_json(&b);
    ken_ctx_free(b.ctx);
    return 0;
}
