/* Pages: what only the program knows goes in, the page comes out. What it says is the library's (report/). */
#include <string.h>
#include <time.h>

#include "cli/show.h"
#include "ken/io/file.h"
#include "ken/report/report_assets.h"

/* What a source points to. */
typedef struct report_memory {
    char command[4096], made[64];
} report_memory;

static const char *report_base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return strcmp(path, "-") == 0 ? "standard input" : slash ? slash + 1 : path;
}

static ken_report_source report_source(const cli *c, const char *table, const char *checksum, report_memory *mem) {
    const time_t now = time(NULL);
    struct tm day;
    ken_report_source s = {.data_name = report_base_name(table), .checksum = checksum, .command = mem->command,
                           .made = mem->made};
    cli_command_line(c, mem->command, sizeof mem->command);
    mem->made[0] = 0;
    if (gmtime_r(&now, &day)) strftime(mem->made, sizeof mem->made, "%Y-%m-%d %H:%M UTC", &day);
    s.curve = c->curve.at;
    s.n_curve = c->curve.n;
    s.vega_js = ken_asset_vega_js(&s.vega_size);
    s.vega_lite_js = ken_asset_vega_lite_js(&s.vega_lite_size);
    s.vega_embed_js = ken_asset_vega_embed_js(&s.vega_embed_size);
    return s;
}

/* Into the file, after all of it is there; frees the page. */
static ken_status report_page_end(cli *c, ken_status status, ken_text *page, const char *path) {
    if (status == KEN_OK) status = ken_file_write_whole(c->ctx, path, page->data, page->size);
    ken_text_free(page);
    return status;
}

ken_status show_train_report(cli *c, const ken_table *table, const char *checksum, const ken_model *m,
                             const ken_training *t, const char *path) {
    report_memory mem;
    ken_text page = ken_text_new(c->ctx);
    const ken_report_output out = {.page = &page};
    const ken_report_source source = report_source(c, c->arguments[0], checksum, &mem);
    return report_page_end(c, ken_report_training(c->ctx, table, m, t, &source, &out), &page, path);
}

ken_status show_describe_report(cli *c, const ken_table *table, const ken_profile *profile, const char *checksum,
                                const char *path) {
    report_memory mem;
    ken_text page = ken_text_new(c->ctx);
    const ken_report_output out = {.page = &page};
    const ken_report_source source = report_source(c, c->arguments[0], checksum, &mem);
    return report_page_end(c, ken_report_table(c->ctx, table, profile, &source, &out), &page, path);
}

ken_status show_explain_report(cli *c, const ken_table *table, const char *checksum, const ken_model *m,
                               const ken_report_asked *asked, const char *path) {
    report_memory mem;
    ken_text page = ken_text_new(c->ctx);
    const ken_report_output out = {.page = &page};
    const ken_report_source source = report_source(c, c->arguments[1], checksum, &mem);
    return report_page_end(c, ken_report_model(c->ctx, table, m, asked, &source, &out), &page, path);
}
