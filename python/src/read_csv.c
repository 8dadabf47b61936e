/* A CSV file as a Table: dialect and types are found by looking (ken/io/csv). */
#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "functions.h"
#include "ken/core/sha256.h"
#include "ken/io/csv/csv.h"

typedef struct csv_job {
    const char *path;
    ken_csv_options options;
    char **types;
    ken_csv_info info;
    ken_table *table;
} csv_job;

static ken_status csv_work(ken_ctx *ctx, void *arg) {
    csv_job *job = arg;
    return ken_csv_read(ctx, job->path, &job->options, &job->info, &job->table);
}

/* Name and checksum go with the table: a report says what it was made of. */
static PyObject *csv_about(const csv_job *job) {
    const char *slash = strrchr(job->path, '/');
    char checksum[65];
    ken_sha256_hex(job->info.sha256, checksum);
    return Py_BuildValue("{sssssLsL}", "name", strcmp(job->path, "-") == 0 ? "standard input" : slash ? slash + 1 : job->path,
                         "sha256", checksum, "rows", (long long)job->info.rows, "bad_rows", (long long)job->info.bad_rows);
}

static PyObject *csv_result(door_state *state, door_context *context, csv_job *job) {
    door_table *table = door_table_new(state, context, 0);
    if (!table) return NULL;
    ken_table_free(table->table);
    table->table = job->table;
    job->table = NULL;
    table->about = csv_about(job);
    if (!table->about) Py_CLEAR(table);
    return (PyObject *)table;
}

PyObject *door_read_csv(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"path", "delimiter", "missing", "types", "header", "skip_bad_rows", "threads", "progress", NULL};
    door_state *state = door_state_of_module(module);
    const ken_csv_options defaults = KEN_CSV_DEFAULTS;
    const char *delimiter = NULL;
    PyObject *types = NULL, *progress = NULL, *out = NULL;
    int threads = 1, skip = 0;
    csv_job *job = calloc(1, sizeof *job);
    if (!job) return PyErr_NoMemory();
    job->options = defaults;
    if (PyArg_ParseTupleAndKeywords(args, kwargs, "s|$zzOipiO", keys, &job->path, &delimiter, &job->options.missing, &types,
                                    &job->options.header, &skip, &threads, &progress) &&
        (job->types = door_texts_of(types))) {
        job->options.delimiter = delimiter ? *delimiter : 0;
        job->options.skip_bad_rows = skip;
        job->options.types = *job->types ? (const char *const *)job->types : NULL;
        door_context *context = door_context_take(state, threads, 0, 0);
        if (context && door_run(state, context, csv_work, job, false, progress) == 0) out = csv_result(state, context, job);
        if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    }
    ken_table_free(job->table);
    door_texts_free(job->types);
    free(job);
    return out;
}
