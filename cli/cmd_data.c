/* ken data: the built-in tables, or one of them as CSV. */
#include <string.h>

#include "cli/commands.h"
#include "ken/data/datasets/datasets.h"
#include "ken/io/csv/csv.h"

static int data_list_json(cli *c) {
    cli_json j;
    const ken_desc *d;
    cli_json_begin(c, &j);
    ken_json_put_key(&j.w, "tables");
    ken_json_array(&j.w);
    for (int i = 0; (d = ken_catalog_at(i)); i++) {
        if (d->kind != KEN_DATASET) continue;
        ken_json_object(&j.w);
        KEN_JSON(&j.w, "name", string, d->name);
        KEN_JSON(&j.w, "title", string, d->title);
        KEN_JSON(&j.w, "target", string, d->dataset->target);
        KEN_JSON(&j.w, "license", string, d->dataset->license);
        KEN_JSON(&j.w, "source", string, d->dataset->source);
        ken_json_end_object(&j.w);
    }
    ken_json_end_array(&j.w);
    return cli_json_end(c, &j);
}

static int data_list(cli *c) {
    static const char *const titles[] = {"name", "target", "what", "license"};
    cli_grid g;
    const ken_desc *d;
    (void)c;
    cli_grid_begin(&g, 4, titles);
    g.wrap = true;
    for (int i = 0; (d = ken_catalog_at(i)); i++) {
        if (d->kind != KEN_DATASET) continue;
        const char *cells[] = {d->name, d->dataset->target, d->title, d->dataset->license};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
    return CLI_DONE;
}

static int data_run(cli *c) {
    ken_table *table = NULL;
    if (c->n_arguments == 0) return c->json ? data_list_json(c) : data_list(c);
    ken_status status = ken_dataset_load(c->ctx, c->arguments[0], &table);
    if (status == KEN_OK)
        status = ken_csv_write(c->ctx, cli_value(c, "output") ? cli_value(c, "output") : "-", table);
    ken_table_free(table);
    return status == KEN_OK ? CLI_DONE : cli_failed(c, status);
}

static const cli_option data_options[] = {
    {"output", 'o', "FILE", ":file", "where the table goes as CSV (default: standard output)"},
    {"json", 0, NULL, NULL, "the list as one JSON object"},
    CLI_END_OPTIONS};

const cli_command cli_data = {
    .name = "data", .arguments = "[NAME] [-o FILE]", .summary = "The built-in tables, or one of them as CSV",
    .options = data_options, .max_arguments = 1, .run = data_run,
    .examples = "  ken data\n  ken data iris -o iris.csv\n"};
