/* Shared probes natively: reads one call a line, {"name", "in"}, writes one result a line. Handles as probes.test.mjs
 * makes them in its module: those of the tables and models below, in order, from 1. */
#include <stdio.h>
#include <stdlib.h>

#include "wasm/probe.h"

static const struct {
    const char *name, *target;
} probes_tables[] = {{"gen:houses:rows=60", "price"}, {"penguins", "species"}, {"diabetes", "y"}};
static const struct {
    const char *name;
    int table;
    bool recipe;
} probes_models[] = {{"ridge", 0, true}, {"tree", 1, true}, {"linear", 2, false}, {"knn", 2, false}, {"boosting", 2, false}, {"one_vs_one", 1, true}};
enum { TABLES = KEN_COUNT(probes_tables), MODELS = KEN_COUNT(probes_models) };

typedef struct probes_world {
    ken_table *table[TABLES], *features[TABLES];
    const ken_column *target[TABLES];
    ken_model *model[MODELS];
} probes_world;

static const ken_table *probes_table(void *user, int64_t handle) {
    return handle >= 1 && handle <= TABLES ? ((probes_world *)user)->table[handle - 1] : NULL;
}
static ken_model *probes_model(void *user, int64_t handle) {
    return handle > TABLES && handle <= TABLES + MODELS ? ((probes_world *)user)->model[handle - 1 - TABLES] : NULL;
}

void ken_probe_array(ken_json_writer *out, const char *key, const double *values, int64_t n) {
    ken_json_put_key(out, key);
    ken_json_array(out);
    for (int64_t i = 0; i < n; i++) ken_json_put_f64(out, values[i]);
    ken_json_end_array(out);
}

static ken_status probes_load(ken_ctx *ctx, int k, probes_world *w) {
    int keep[32], n = 0, j;
    KEN_TRY(ken_dataset_load(ctx, probes_tables[k].name, &w->table[k]));
    KEN_TRY(ken_table_require(ctx, w->table[k], probes_tables[k].target, &j));
    for (int c = 0; c < ken_table_cols(w->table[k]); c++)
        if (c != j) keep[n++] = c;
    w->target[k] = ken_table_column(w->table[k], j);
    return ken_table_select(ctx, w->table[k], keep, n, &w->features[k]);
}

static ken_status probes_fit(ken_ctx *ctx, int k, probes_world *w) {
    const int t = probes_models[k].table;
    ken_model *recipe;
    KEN_TRY(ken_model_new(ctx, probes_models[k].name, NULL, &w->model[k]));
    if (probes_models[k].recipe) {
        KEN_TRY(ken_model_new(ctx, "recipe", NULL, &recipe));
        KEN_TRY(ken_model_set_recipe(ctx, w->model[k], recipe));
    }
    const ken_data data = {.table = w->features[t], .target = w->target[t]};
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
    ken_status made = KEN_OK;
    for (int k = 0; k < TABLES && made == KEN_OK; k++) made = probes_load(ctx, k, &w);
    for (int k = 0; k < MODELS && made == KEN_OK; k++) made = probes_fit(ctx, k, &w);
    if (made != KEN_OK) {
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
    for (int k = 0; k < MODELS; k++) ken_model_free(w.model[k]);
    for (int k = 0; k < TABLES; k++) {
        ken_table_free(w.features[k]);
        ken_table_free(w.table[k]);
    }
    ken_ctx_free(ctx);
    return 0;
}
