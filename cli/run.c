/* Contexts, signals, clocks, and tables by name. */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ken/core/sha256.h"
#include "ken/data/datasets/datasets.h"
#include "ken/io/csv/csv.h"
#include "ken/io/file.h"
#include "ken/io/npy/npy.h"
#include "ken/kernels/kernels.h"

volatile int cli_cancel;

/* The first Ctrl-C asks the library to stop; the second one stops at once. */
static void run_on_signal(int signal_number) {
    if (cli_cancel++) {
        ken_file_discard_all();
        _exit(128 + signal_number);
    }
}

static void run_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = run_on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN; /* a closed pipe and a full disk are errors, not deaths */
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

double cli_clock_s(void *user) {
    struct timespec t;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double cli_peak_rss_mib(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024.0;
}

/* The CPUs of this process, and no more than a container's quota pays for. */
int cli_cpus(void) {
    cpu_set_t set;
    int n = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) n = CPU_COUNT(&set);
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (f) {
        double quota, period;
        if (fscanf(f, "%lf %lf", &quota, &period) == 2 && quota > 0 && period > 0)
            n = KEN_MIN(n, (int)ceil(quota / period));
        fclose(f);
    }
    return KEN_MAX(n, 1);
}

bool cli_open(cli *c) {
    ken_ctx_options o;
    int64_t threads, seed;
    const char *isa = cli_value(c, "isa") ? cli_value(c, "isa") : getenv("KEN_ISA");
    memset(&o, 0, sizeof o);
    if (!cli_integer(c, "threads", cli_cpus(), 1, 1024, &threads)) return false;
    if (!cli_integer(c, "seed", 0, 0, INT64_MAX, &seed)) return false;
    o.threads = (int)threads;
    o.seed = (uint64_t)seed;
    o.isa = isa && *isa ? isa : NULL;
    o.strict = cli_flag(c, "strict");
    o.log = cli_log;
    o.hook = cli_hook;
    o.clock_s = cli_clock_s;
    o.cancel = &cli_cancel;
    o.user = c;
    run_signals();
    const ken_status status = ken_ctx_new(&o, &c->ctx);
    if (status == KEN_E_ARG) {
        char have[128] = "this machine runs";
        for (int i = 0; ken_kernels_at(i); i++)
            snprintf(have + strlen(have), sizeof have - strlen(have), " %s", ken_kernels_at(i)->isa);
        (void)cli_wrong(have, "the instruction set '%s' is not to be had", isa);
    } else if (status != KEN_OK) {
        (void)cli_wrong(NULL, "out of memory");
    }
    return status == KEN_OK;
}

void cli_close(cli *c) {
    cli_progress_end();
    ken_ctx_free(c->ctx);
    c->ctx = NULL;
}

/* --- tables ----------------------------------------------------------------------------------------- */
static bool run_ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static const char *run_dataset_at(void *arg, int i) {
    const ken_desc *d = ken_catalog_at(i);
    (void)arg;
    return d->kind == KEN_DATASET ? d->name : "";
}

/* Neither a file nor a built-in table. */
static ken_status run_no_such_table(cli *c, const char *path) {
    int n = 0;
    while (ken_catalog_at(n)) n++;
    const char *near = ken_nearest_name(path, n, run_dataset_at, NULL);
    (void)KEN_FAIL(c->ctx, KEN_E_IO, NULL, "there is no file or built-in table '%s'", path);
    if (near && *near)
        ken_fail_hint(c->ctx, "did you mean '%s'? 'ken data' lists the built-in tables", near);
    else
        ken_fail_hint(c->ctx, "check the path; 'ken data' lists the built-in tables");
    return KEN_E_IO;
}

static ken_status run_checksum(cli *c, const char *path, char *checksum) {
    ken_file_bytes file;
    ken_sha256 sha;
    uint8_t digest[32];
    KEN_TRY(ken_file_open(c->ctx, path, &file));
    ken_sha256_begin(&sha);
    ken_sha256_add(&sha, file.data, file.size);
    ken_sha256_end(&sha, digest);
    ken_sha256_hex(digest, checksum);
    ken_file_close(c->ctx, &file);
    return KEN_OK;
}

static ken_status run_csv_options(cli *c, ken_csv_options *o, const char **types, int capacity) {
    const char *delimiter = cli_value(c, "delimiter");
    if (delimiter && strcmp(delimiter, "tab") == 0) delimiter = "\t";
    if (delimiter && strlen(delimiter) != 1)
        return KEN_FAIL(c->ctx, KEN_E_ARG, "give one character, or 'tab'", "--delimiter cannot be '%s'",
                        delimiter);
    o->delimiter = delimiter ? delimiter[0] : 0;
    o->missing = cli_value(c, "missing");
    o->header = cli_flag(c, "no-header") ? 0 : -1;
    o->skip_bad_rows = cli_flag(c, "skip-bad-rows");
    int n = 0;
    for (const char *type; n + 1 < capacity && (type = cli_value_at(c, "type", n)); n++) types[n] = type;
    types[n] = NULL;
    o->types = n ? types : NULL;
    return KEN_OK;
}

ken_status cli_load_table(cli *c, const char *path, ken_table **out, char *checksum) {
    ken_csv_options options = KEN_CSV_DEFAULTS;
    ken_csv_info info;
    const char *types[CLI_MAX_GIVEN];
    struct stat st;
    *out = NULL;
    if (checksum) checksum[0] = 0;
    if (strcmp(path, "-") != 0 && stat(path, &st) != 0 && errno == ENOENT) {
        if (ken_dataset_load(c->ctx, path, out) == KEN_OK) return KEN_OK;
        return run_no_such_table(c, path);
    }
    if (run_ends_with(path, ".npy") || run_ends_with(path, ".npz")) {
        if (checksum) KEN_TRY(run_checksum(c, path, checksum));
        return run_ends_with(path, ".npz") ? ken_npz_read(c->ctx, path, NULL, out)
                                           : ken_npy_read(c->ctx, path, out);
    }
    KEN_TRY(run_csv_options(c, &options, types, CLI_MAX_GIVEN));
    KEN_TRY(ken_csv_read(c->ctx, path, &options, &info, out));
    if (checksum) ken_sha256_hex(info.sha256, checksum);
    if (info.bad_rows)
        ken_warn(c->ctx, "%s: left out %lld rows with a wrong number of fields, the first in line %lld",
                 path, (long long)info.bad_rows, (long long)info.first_bad_line);
    if (ken_table_rows(*out) == 0) {
        ken_table_free(*out);
        *out = NULL;
        return KEN_FAIL(c->ctx, KEN_E_VALUE, "give a table with at least one row under its header",
                        "'%s' has a header but no row", path);
    }
    return KEN_OK;
}

ken_status cli_without(cli *c, const ken_table *table, const char *const *names, int n, ken_table **out) {
    int *keep = NULL, kept = 0;
    const int d = ken_table_cols(table);
    KEN_TRY(KEN_ALLOC(c->ctx, int, d, &keep));
    for (int j = 0; j < d; j++) {
        bool left_out = false;
        for (int k = 0; k < n; k++)
            left_out |= names[k] && strcmp(ken_table_column(table, j)->name, names[k]) == 0;
        if (!left_out) keep[kept++] = j;
    }
    const ken_status status = ken_table_select(c->ctx, table, keep, kept, out);
    ken_free(c->ctx, keep);
    return status;
}

void cli_command_line(const cli *c, char *buf, size_t size) {
    size_t used = (size_t)snprintf(buf, size, "ken");
    for (int i = 1; i < c->argc && used < size; i++) {
        const char *a = c->argv[i];
        const bool plain = *a && strspn(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_./=,:+-@%") == strlen(a);
        used += (size_t)snprintf(buf + used, size - used, plain ? " %s" : " '%s'", a);
    }
}
