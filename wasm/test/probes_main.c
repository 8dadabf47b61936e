/* Shared probes natively: reads one call a line, {"name", "in"}, writes one result a line. Handles as probes.test.mjs
 * makes them in its module: 1 gen:houses, 2 penguins, 3 ridge with recipe on 1, 4 tree with recipe on 2. */
#include <stdio.h>
#include <stdlib.h>

#include "wasm/probe.h"

typedef struct probes_world {
    ken_table *table[2], *features[2];
    ken_model *model[2];
} probes_world;

static const ken_table *probes_table(void *user, int64_t handle) {
    return handle == 1 || handle == 2 ? ((probes_world *)user)->table[handle - 1] : NULL;
}
static ken_model *probes_model(void *user, int64_t handle) {
    return handle == 3 || handle == 4 ? ((probes_world *)user)->model[handle - 3] : NULL;
}

void ken_probe_array(ken_json_writer *out, const char *key, const double *values, int64_t n) {
    ken_json_put_key(out, key);
    ken_json_array(out);
    for (int64_t i = 0; i < n; i++) ken_json_put_f64(out, values[i]);
    ken_json_end_array(out);
}

static ken_status probes_fit(ken_ctx *ctx, int k, const char *table, const char *target, const char *model,
                             probes_world *w) {
    int keep[32], n = 0, j;
    ken_model *recipe;
    KEN_TRY(ken_dataset_load(ctx, table, &w->table[k]));
    KEN_TRY(ken_table_require(ctx, w->table[k], target, &j));
    for (int c = 0; c < ken_table_cols(w->table[k]); c++)
        if (c != j) keep[n++] = c;
    KEN_TRY(ken_table_select(ctx, w->table[k], keep, n, &w->features[k]));
    KEN_TRY(ken_model_new(ctx, model, NULL, &w->model[k]));
    KEN_TRY(ken_model_new(ctx, "recipe", NULL, &recipe));
    KEN_TRY(ken_model_set_recipe(ctx, w->model[k], recipe));
    const ken_data data = {.table = w->features[k], .target = ken_table_column(w->table[k], j)};
    return ken_model_fit(ctx, w->model[k], &data);
}

static ken_status probes_call(ken_ctx *ctx, probes_world *w, const char *line, ken_text *text) {
    ken_json_doc *doc;
    ken_probe_env env = {ctx, KEN_OK, probes_table, probes_model, w};
    ken_status status = KEN_E_NOT_FOUND;
    KEN_TRY(ken_json_parse(ctx, "call", line, strlen(line), &doc));
    const ken_json *in = ken_json_root(doc);
    const char *name = ken_json_string(ken_json_get(in, "name"), NULL, "");
    ken_json_writer out = ken_json_writer_new(text, 0);
    const ken_mark mark = ken_scratch_mark(ctx);
    for (const ken_probe *p = ken_probes; p->name; p++)
        if (strcmp(p->name, name) == 0) status = p->run(ctx, &env, ken_json_get(in, "in"), &out);
    ken_scratch_release(ctx, mark);
    ken_json_doc_free(doc);
    return status;
}

int main(void) {
    static char line[1 << 16];
    const ken_ctx_options options = {.threads = 1, .seed = 1, .strict = true};
    probes_world w;
    ken_ctx *ctx;
    memset(&w, 0, sizeof w);
    if (ken_ctx_new(&options, &ctx) != KEN_OK) return 1;
    if (probes_fit(ctx, 0, "gen:houses:rows=60", "price", "ridge", &w) != KEN_OK ||
        probes_fit(ctx, 1, "penguins", "species", "tree", &w) != KEN_OK) {
        fprintf(stderr, "%s\n", ken_ctx_message(ctx));
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        ken_text text = ken_text_new(ctx);
        const char *out;
        const ken_status status = probes_call(ctx, &w, line, &text);
        if (status == KEN_OK && ken_text_end(&text, &out) == KEN_OK)
            printf("%s\n", out);
        else
            printf("{\"code\":\"%s\",\"message\":\"%s\"}\n", ken_status_name(status), ken_ctx_message(ctx));
        ken_text_free(&text);
    }
    for (int k = 0; k < 2; k++) {
        ken_model_free(w.model[k]);
        ken_table_free(w.features[k]);
        ken_table_free(w.table[k]);
    }
    ken_ctx_free(ctx);
    return 0;
}
