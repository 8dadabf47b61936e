/* ken explain --interactions: which columns act together. */
#include <math.h>
#include <string.h>

#include "cli/explain.h"
#include "ken/core/alloc.h"
#include "ken/explain/interaction/interaction.h"

#define MEASURES_ROWS 12

/* --- interactions ------------------------------------------------------------------------------------------- */
typedef struct measures_together {
    ken_interaction_info info;
    ken_interaction_row *totals, *pairs;
} measures_together;

static int together_json(cli *c, const ken_model *m, const measures_together *t) {
    cli_json j;
    cli_json_begin(c, &j);
    ken_json_writer *w = &j.w;
    KEN_JSON(w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(w, "explains", string, "interactions");
    KEN_JSON(w, "unit", string, t->info.unit);
    KEN_JSON(w, "rows", i64, t->info.rows);
    KEN_JSON(w, "sd", f64, t->info.sd);
    for (int pairs = 0; pairs < 2; pairs++) {
        ken_json_put_key(w, pairs ? "pairs" : "totals");
        ken_json_array(w);
        for (int i = 0; i < (pairs ? t->info.n_pairs : ken_model_n_features(m)); i++) {
            const ken_interaction_row *r = pairs ? &t->pairs[i] : &t->totals[i];
            ken_json_object(w);
            KEN_JSON(w, "feature", string, ken_model_feature(m, r->a));
            if (pairs) KEN_JSON(w, "with", string, ken_model_feature(m, r->b));
            KEN_JSON(w, "h", f64, r->h);
            KEN_JSON(w, "strength", f64, r->strength);
            ken_json_end_object(w);
        }
        ken_json_end_array(w);
    }
    return cli_json_end(c, &j);
}

static void together_rows(const ken_model *m, const ken_interaction_row *rows, int n, bool pairs) {
    static const char *const alone[] = {"column", "H>", "strength>", ""}, *const both[] = {"columns", "H>", "strength>", ""};
    cli_grid g;
    cli_grid_begin(&g, 4, pairs ? both : alone);
    double largest = 1e-300;
    for (int i = 0; i < n; i++) largest = fmax(largest, rows[i].strength);
    for (int i = 0; i < n && i < MEASURES_ROWS; i++) {
        char name[256], h[32], strength[32], bar[160];
        snprintf(name, sizeof name, "%s%s%s", ken_model_feature(m, rows[i].a), pairs ? " × " : "",
                 pairs ? ken_model_feature(m, rows[i].b) : "");
        const char *cells[] = {name, cli_number_text(rows[i].h, h), cli_number_text(rows[i].strength, strength),
                               cli_bar(rows[i].strength / largest, 24, bar)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

static int together_show(const cli *c, const ken_model *m, const measures_together *t) {
    char sd[32], rows[32];
    printf("\n%sColumns that act together%s\n%sH: 0 none, 1 nothing else. Strength in the %s of the model, which varies by "
           "± %s over %s rows%s\n\n", cli_style(stdout, "1"), cli_style(stdout, "0"), cli_style(stdout, "2"), t->info.unit,
           cli_number_text(t->info.sd, sd), cli_count_text(t->info.rows, rows), cli_style(stdout, "0"));
    together_rows(m, t->totals, ken_model_n_features(m), false);
    if (t->info.n_pairs) putchar('\n');
    if (t->info.n_pairs) together_rows(m, t->pairs, t->info.n_pairs, true);
    if (t->info.n_pairs && t->pairs[0].strength > 1e-9 * t->info.sd)
        printf("\n  next: ken explain %s %s --effect '%s,%s'   what the strongest pair does\n", c->arguments[0],
               c->arguments[1], ken_model_feature(m, t->pairs[0].a), ken_model_feature(m, t->pairs[0].b));
    return CLI_DONE;
}

static ken_status together_measure(cli *c, const ken_model *m, const ken_table *table, measures_together *t) {
    const ken_interaction_params p = KEN_INTERACTION_DEFAULTS;
    const int d = ken_model_n_features(m);
    const int64_t few = KEN_MIN(d, p.pair_features);
    KEN_TRY(KEN_SCRATCH(c->ctx, ken_interaction_row, KEN_MAX(d, 1), &t->totals));
    KEN_TRY(KEN_SCRATCH(c->ctx, ken_interaction_row, few * (few - 1) / 2 + 1, &t->pairs));
    return ken_explain_interaction(c->ctx, m, table, &p, &t->info, t->totals, t->pairs);
}

int explain_interactions_run(cli *c, const ken_model *m, const ken_table *table) {
    measures_together t;
    const ken_mark mark = ken_scratch_mark(c->ctx);
    memset(&t, 0, sizeof t);
    const ken_status status = together_measure(c, m, table, &t);
    const int result = status != KEN_OK ? cli_failed(c, status) : c->json ? together_json(c, m, &t) : together_show(c, m, &t);
    ken_scratch_release(c->ctx, mark);
    return result;
}
