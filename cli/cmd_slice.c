/* ken slice: some rounds of a boosting model as a model of its own. */
#include <string.h>

#include "cli/commands.h"
#include "ken/boosting/boosting/boosting.h"
#include "ken/io/model_file/model_file.h"

/* "50", "10:50", ":50", "10:" of a model of `all` rounds. */
static bool slice_parse(const char *text, int64_t all, int64_t *first, int64_t *last) {
    const char *const colon = strchr(text, ':'), *const end = colon ? colon + 1 : text;
    bool over;
    *first = 0;
    *last = all;
    if (colon && colon > text && !ken_parse_i64(text, (size_t)(colon - text), first, &over)) return false;
    if (colon && !*end) return colon > text;
    return ken_parse_i64(end, strlen(end), last, &over);
}

ken_status cli_cut_rounds(cli *c, ken_model **m) {
    const char *const text = cli_value(c, "rounds");
    int64_t first, last;
    ken_model *slice;
    if (!text) return KEN_OK;
    if (!slice_parse(text, ken_boosting_rounds(*m), &first, &last))
        return KEN_FAIL(c->ctx, KEN_E_ARG, "give --rounds 50, or --rounds 10:50", "'%s' names no rounds", text);
    KEN_TRY(ken_boosting_slice(c->ctx, *m, first, last, &slice));
    ken_model_free(*m);
    *m = slice;
    return KEN_OK;
}

static int slice_json(cli *c, const ken_model *m, int64_t of, const char *file) {
    cli_json j;
    cli_json_begin(c, &j);
    KEN_JSON(&j.w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(&j.w, "target", string, ken_model_target(m));
    KEN_JSON(&j.w, "rounds", i64, ken_boosting_rounds(m));
    KEN_JSON(&j.w, "of", i64, of);
    KEN_JSON(&j.w, "model_file", string, file);
    return cli_json_end(c, &j);
}

static int slice_run(cli *c) {
    const char *const file = cli_value(c, "output");
    ken_model *model = NULL;
    int64_t of = 0;
    if (!cli_value(c, "rounds")) return cli_wrong("give --rounds 50, or --rounds 10:50", "slice needs the rounds to keep");
    if (!file) return cli_wrong("name a file: -o part.ken", "slice needs a place to go to");
    ken_status status = ken_model_load(c->ctx, c->arguments[0], &model);
    if (status == KEN_OK) of = ken_model_desc(model) == &ken_boosting_desc ? ken_boosting_rounds(model) : 0;
    if (status == KEN_OK) status = cli_cut_rounds(c, &model);
    if (status == KEN_OK) status = ken_model_save(c->ctx, model, file);
    int result = status == KEN_OK ? CLI_DONE : cli_failed(c, status);
    if (status == KEN_OK && c->json) result = slice_json(c, model, of, file);
    if (status == KEN_OK && !c->json && !c->quiet) {
        char rounds[32], all[32];
        printf("%s of %s rounds  %s\n", cli_count_text(ken_boosting_rounds(model), rounds), cli_count_text(of, all), file);
    }
    ken_model_free(model);
    return result;
}

static const cli_option slice_options[] = {
    {"rounds", 0, "A:B", NULL, "the rounds to keep: 50 the first fifty, 10:50 without the first ten of them, 10: the rest (must be given)"},
    {"output", 'o', "FILE", ":file", "where the smaller model goes (must be given)"},
    {"json", 0, NULL, NULL, "the result as one JSON object on standard output"},
    CLI_END_OPTIONS};

const cli_command cli_slice = {
    .name = "slice", .arguments = "MODEL --rounds A:B -o FILE.ken",
    .summary = "Some rounds of a boosting model as a model of its own",
    .details = "The first B rounds are, to the bit, what a fit of B rounds gives: where 'ken evaluate --staged' says that more "
               "of them do not help, the smaller model predicts faster. Later rounds alone say what they add; each slice has the "
               "base of the whole. Recipe, columns and classes stay, and 'ken train --from' goes on from it.",
    .examples = "  ken evaluate model.ken valid.csv --staged\n  ken slice model.ken --rounds 120 -o small.ken\n"
                "  ken slice model.ken --rounds 120: -o rest.ken\n",
    .options = slice_options, .min_arguments = 1, .max_arguments = 1, .run = slice_run};
