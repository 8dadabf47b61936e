/* Probes: functions that a widget calls by name, JSON in, JSON out. They look at what the library does and
 * hold no algorithm that the library should have. They run in a page's module (ken_wasm_run.c) and natively
 * (test/probes_main.c), with equal results.
 *
 *   KEN_PROBE(gini_curve) {
 *       const ken_table *table = ken_probe_table(env, in, "table");
 *       if (!table) return env->status;
 *       ...
 *       ken_json_object(out);
 *       ken_probe_array(out, "z", z, n);
 *       ken_json_end_object(out);
 *       return KEN_OK;
 *   }
 *
 * Scratch is released after the call; what a probe makes otherwise it frees. */
#ifndef KEN_WASM_PROBE_H
#define KEN_WASM_PROBE_H

#include <math.h>
#include <string.h>

#include "ken/ken.h"

/* Handles of the caller, and the memory of one call. status: of the last lookup that failed. */
typedef struct ken_probe_env {
    ken_ctx *ctx;
    ken_status status;
    const ken_table *(*table)(void *user, int64_t handle); /* NULL: there is no such table */
    ken_model *(*model)(void *user, int64_t handle);
    void *user;
} ken_probe_env;

typedef ken_status (*ken_probe_fn)(ken_ctx *ctx, ken_probe_env *env, const ken_json *in,
                                   ken_json_writer *out);
typedef struct ken_probe {
    const char *name;
    ken_probe_fn run;
} ken_probe;
extern const ken_probe ken_probes[]; /* ended by {NULL, NULL}; written by tools/wasm */

#define KEN_PROBE(name)                                                                               \
    ken_status ken_probe_##name(ken_ctx *, ken_probe_env *, const ken_json *, ken_json_writer *);     \
    ken_status ken_probe_##name(KEN_UNUSED ken_ctx *ctx, KEN_UNUSED ken_probe_env *env,               \
                                KEN_UNUSED const ken_json *in, KEN_UNUSED ken_json_writer *out)

/* Member `key` of `in` as a table or a model; NULL with an error in the context and in env->status. */
const ken_table *ken_probe_table(ken_probe_env *env, const ken_json *in, const char *key);
ken_model *ken_probe_model(ken_probe_env *env, const ken_json *in, const char *key);
/* A column of numbers of `table` by member `key` (its name or number). NULL as above. */
const ken_column *ken_probe_column(ken_probe_env *env, const ken_table *table, const ken_json *in,
                                   const char *key);
/* Member `key` as n numbers in scratch; absent: *values is NULL and *n 0. */
ken_status ken_probe_numbers(ken_ctx *ctx, const ken_json *in, const char *key, double **values,
                             int64_t *n);
/* Member `key` as a whole number in [low, high]. absent: otherwise. */
ken_status ken_probe_count(ken_ctx *ctx, const ken_json *in, const char *key, int64_t otherwise,
                           int64_t low, int64_t high, int64_t *out);
/* Key and a large array of doubles: copied; the page gets a Float64Array. */
void ken_probe_array(ken_json_writer *out, const char *key, const double *values, int64_t n);

#endif
