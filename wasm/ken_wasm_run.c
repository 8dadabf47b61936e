/* Verbs that run what a lesson brings along: its probes and its cells. */
#include "ken/cell.h"
#include "wasm/kw.h"
#include "wasm/probe.h"

#pragma weak ken_probes
#pragma weak ken_cells

/* --- probes ------------------------------------------------------------------------------------------ */
typedef struct kw_array { /* a copy that the page reads after the call */
    struct kw_array *previous;
    double values[];
} kw_array;
static kw_array *kw_arrays;

static void kw_arrays_free(void) {
    while (kw_arrays) {
        kw_array *array = kw_arrays;
        kw_arrays = array->previous;
        ken_free(kw_ctx(), array);
    }
}

/* {"f64": [address, n]}: the loader makes a Float64Array of it. */
void ken_probe_array(ken_json_writer *out, const char *key, const double *values, int64_t n) {
    void *room = NULL;
    ken_json_put_key(out, key);
    const size_t count = n < 0 || n > INT32_MAX / 8 ? SIZE_MAX : (size_t)n + 8;
    const ken_status status = ken_alloc(kw_ctx(), count, sizeof(double), &room);
    if (status != KEN_OK) {
        out->out->status = status;
        return;
    }
    kw_array *array = room;
    array->previous = kw_arrays;
    kw_arrays = array;
    if (n) memcpy(array->values, values, (size_t)n * sizeof(double));
    ken_json_object(out);
    ken_json_put_key(out, "f64");
    ken_json_array(out);
    ken_json_put_i64(out, (int64_t)(uintptr_t)array->values);
    ken_json_put_i64(out, n);
    ken_json_end_array(out);
    ken_json_end_object(out);
}

static const ken_table *kw_probe_table(void *user, int64_t handle) {
    const ken_table *table = NULL;
    (void)user;
    if (handle > 0 && handle <= INT32_MAX) (void)kw_get((int32_t)handle, KW_TABLE, &table);
    return table;
}

static ken_model *kw_probe_model(void *user, int64_t handle) {
    ken_model *model = NULL;
    (void)user;
    if (handle > 0 && handle <= INT32_MAX) (void)kw_get((int32_t)handle, KW_MODEL, &model);
    return model;
}

static const char *kw_probe_name(void *arg, int i) {
    (void)arg;
    return ken_probes[i].name;
}

static ken_status kw_probe_find(const char *name, const ken_probe **out) {
    int n = 0;
    *out = NULL;
    for (const ken_probe *p = ken_probes; p && p->name; p++, n++)
        if (strcmp(p->name, name) == 0) *out = p;
    if (*out) return KEN_OK;
    const char *near = ken_nearest_name(name, n, kw_probe_name, NULL);
    (void)KEN_FAIL(kw_ctx(), KEN_E_NOT_FOUND, "name it in the lesson's front matter: probes: [...]",
                   "there is no probe '%s' in this module", name);
    if (near) ken_fail_hint(kw_ctx(), "did you mean '%s'?", near);
    return KEN_E_NOT_FOUND;
}

/* JSON {"name", "in": {...}}; the result is what the probe wrote. */
KW(probe, int32_t size) {
    ken_ctx *ctx = kw_ctx();
    const ken_json *in;
    const ken_probe *probe;
    ken_probe_env env = {ctx, KEN_OK, kw_probe_table, kw_probe_model, NULL};
    kw_arrays_free();
    KEN_TRY(kw_json(size, &in));
    KEN_TRY(kw_probe_find(kw_text(in, "name", ""), &probe));
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_json_writer *w = kw_result_json();
    const ken_status status = probe->run(ctx, &env, ken_json_get(in, "in"), w);
    ken_scratch_release(ctx, mark);
    return status == KEN_OK ? kw_result_end() : status;
}

/* --- cells ------------------------------------------------------------------------------------------- */
static void kw_cell_write(void *user, const char *line, size_t size) {
    ken_text_add_bytes(user, line, size);
    ken_text_add_char(user, '\n');
}

/* Runs cell i of the lesson; returns 1, or 0 past the last one. A failure is a record too. The cells share
 * the module's context, as they do natively; the loader gives each run a fresh module. */
KW(cell, int32_t i) {
    ken_text *text = kw_result_text();
    ken_show show = {"", kw_cell_write, text, 0};
    const ken_cell *cell = ken_cells;
    for (int32_t k = 0; cell && cell->id && k < i; k++) cell++;
    if (i < 0 || !cell || !cell->id) return 0;
    show.cell = cell->id;
    const ken_status status = cell->run(kw_ctx(), &show);
    if (status != KEN_OK) (void)ken_show_error(kw_ctx(), &show, status);
    KEN_TRY(kw_result_end());
    return status == KEN_OK ? 1 : 2;
}

KW(cells, void) {
    ken_json_writer *w = kw_result_json();
    ken_json_array(w);
    for (const ken_cell *cell = ken_cells; cell && cell->id; cell++) ken_json_put_string(w, cell->id);
    ken_json_end_array(w);
    return kw_result_end();
}
