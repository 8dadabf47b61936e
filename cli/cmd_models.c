/* ken models: the catalog, one thing with every parameter, or what a saved model is. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/show.h"
#include "ken/io/model_file/model_file.h"
#include "ken/preprocess/recipe/recipe.h"

/* --- the catalog -------------------------------------------------------------------------------------- */
static int models_list_json(cli *c) {
    cli_json j;
    const ken_desc *d;
    cli_json_begin(c, &j);
    KEN_JSON(&j.w, "version", string, KEN_VERSION);
    ken_json_put_key(&j.w, "things");
    ken_json_array(&j.w);
    for (int i = 0; (d = ken_catalog_at(i)); i++) ken_desc_write_json(d, ken_catalog_room(i), &j.w);
    ken_json_end_array(&j.w);
    return cli_json_end(c, &j);
}

static const char *models_tasks(const ken_desc *d) {
    const bool regress = d->tasks & KEN_REGRESS, classify = d->tasks & KEN_CLASSIFY;
    if (d->tasks == KEN_DETECT) return "detect";
    return regress && classify ? "both" : regress ? "regress" : classify ? "classify" : "";
}

static int models_list(void) {
    static const struct {
        ken_kind kind;
        const char *title;
    } sections[] = {{KEN_ESTIMATOR, "Models"}, {KEN_TRANSFORMER, "Transformers"}, {KEN_METRIC, "Metrics"},
                    {KEN_SPLITTER, "Splitters"}, {KEN_OPTIMIZER, "Optimizers"}, {KEN_OBJECTIVE, "Test surfaces"},
                    {KEN_DATASET, "Built-in tables"}};
    static const char *const titles[] = {"name", "task", "room", "what"};
    const ken_desc *d;
    for (int s = 0; s < KEN_COUNT(sections); s++) {
        cli_grid g;
        printf("%s%s%s\n", cli_style(stdout, "1"), sections[s].title, cli_style(stdout, "0"));
        cli_grid_begin(&g, 4, titles);
        g.wrap = true;
        for (int i = 0; (d = ken_catalog_at(i)); i++) {
            if (d->kind != sections[s].kind) continue;
            const char *cells[] = {d->name, models_tasks(d), ken_catalog_room(i), d->title};
            cli_grid_row(&g, cells);
        }
        cli_grid_print(&g, stdout);
        putchar('\n');
    }
    printf("'ken models NAME' explains one with every parameter.\n");
    return CLI_DONE;
}

/* --- one thing --------------------------------------------------------------------------------------------- */
static const char *models_range(const ken_param *p, char *buf, size_t size) {
    char low[32], high[32];
    size_t used = 0;
    buf[0] = 0;
    if (p->type == KEN_PARAM_BOOL) return "true, false";
    if (p->type == KEN_PARAM_TEXT) return "text";
    if (p->type == KEN_PARAM_MODEL) {
        snprintf(buf, size, "a model that can %s", p->tasks == KEN_CLASSIFY ? "classify" : p->tasks == KEN_REGRESS ? "regress" : "do either");
        return buf;
    }
    if (p->type == KEN_PARAM_CHOICE) {
        for (int i = 0; p->choices[i] && used < size; i++)
            used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "", p->choices[i]);
        return buf;
    }
    snprintf(buf, size, "%s%s to %s%s", p->open_min ? "above " : "", cli_number_text(p->min, low),
             isinf(p->max) ? "∞" : cli_number_text(p->max, high), p->type == KEN_PARAM_I64 ? ", whole" : "");
    return buf;
}

static ken_status models_params(cli *c, const ken_desc *d) {
    static const char *const titles[] = {"parameter", "default", "range", "meaning"};
    cli_grid g;
    cli_grid_begin(&g, 4, titles);
    g.wrap = true;
    for (const ken_param *p = d->params; p && p->name; p++) {
        ken_text value = ken_text_new(c->ctx), meaning = ken_text_new(c->ctx);
        const char *shown, *said;
        char range[256];
        ken_param_format(p, d->defaults, &value);
        ken_text_add(&meaning, p->doc ? p->doc : "");
        if (p->unit) ken_text_addf(&meaning, " [%s]", p->unit);
        if (p->when) ken_text_addf(&meaning, " (when %s)", p->when);
        KEN_TRY(ken_text_end(&value, &shown));
        KEN_TRY(ken_text_end(&meaning, &said));
        const char *cells[] = {p->name, *shown ? shown : "\"\"", models_range(p, range, sizeof range), said};
        cli_grid_row(&g, cells);
        ken_text_free(&value);
        ken_text_free(&meaning);
    }
    cli_grid_print(&g, stdout);
    return KEN_OK;
}

static void models_tag(void *arg, const char *word) {
    int *n = arg;
    printf("%s%s", (*n)++ ? ", " : "  takes     ", word);
}

static int models_show(cli *c, const ken_desc *d) {
    const char *bold = cli_style(stdout, "1"), *plain = cli_style(stdout, "0");
    int tags = 0;
    printf("%s%s%s  %s\n", bold, d->name, plain, d->title);
    if (d->doc) fputs("\n  ", stdout), cli_wrap(stdout, d->doc, 2, KEN_MIN(cli_width(stdout), 100));
    putchar('\n');
    printf("  kind      %s%s%s\n", ken_kind_name(d->kind), *models_tasks(d) ? ", tasks: " : "",
           strcmp(models_tasks(d), "both") == 0 ? "classify, regress" : models_tasks(d));
    ken_tags_each(d->tags, models_tag, &tags);
    if (tags) putchar('\n');
    if (d->paper) printf("  paper     %s\n", d->paper);
    if (d->peer) printf("  peer      %s\n", d->peer);
    if (d->params && d->params->name) {
        const bool fitted = d->kind == KEN_ESTIMATOR || d->kind == KEN_TRANSFORMER;
        printf("\n%sParameters%s%s\n", bold, plain, fitted ? "  (--set name=value)" : "");
        const ken_status status = models_params(c, d);
        if (status != KEN_OK) return cli_failed(c, status);
    }
    if (d->attrs && d->attrs->name) {
        static const char *const titles[] = {"attribute", "type", "shape", "meaning"};
        cli_grid g;
        printf("\n%sWhat it %s%s\n", bold, d->kind == KEN_OPTIMIZER ? "remembers" : "learns", plain);
        cli_grid_begin(&g, 4, titles);
        g.wrap = true;
        for (const ken_attr *a = d->attrs; a->name; a++) {
            const char *cells[] = {a->name, ken_dtype_name(a->dtype), a->shape ? a->shape : "", a->doc ? a->doc : ""};
            cli_grid_row(&g, cells);
        }
        cli_grid_print(&g, stdout);
    }
    return CLI_DONE;
}

static int models_show_json(cli *c, const ken_desc *d) {
    ken_text text = ken_text_new(c->ctx);
    ken_json_writer w = ken_json_writer_new(&text, 2);
    const char *out, *room = NULL;
    for (int i = 0; ken_catalog_at(i); i++)
        if (ken_catalog_at(i) == d) room = ken_catalog_room(i);
    ken_desc_write_json(d, room, &w);
    const ken_status status = ken_text_end(&text, &out);
    if (status == KEN_OK) puts(out);
    ken_text_free(&text);
    return status == KEN_OK ? CLI_DONE : cli_failed(c, status);
}

/* --- a saved model ---------------------------------------------------------------------------------------------- */
#define MODELS_MAX_VALUES 10000

/* A scalar as a number; else type, shape and, unless they are very many, the values in row-major order. */
static void models_attr_json(const ken_model *m, const char *name, ken_json_writer *w) {
    const ken_tensor *t = ken_model_attr(m, name);
    if (!t) return;
    const int64_t count = ken_tensor_count(t);
    ken_json_put_key(w, name);
    if (t->ndim == 0) {
        ken_json_put_f64(w, ken_tensor_value(t, 0));
        return;
    }
    ken_json_object(w);
    KEN_JSON(w, "type", string, ken_dtype_name(t->dtype));
    ken_json_put_key(w, "shape");
    ken_json_array(w);
    for (int k = 0; k < t->ndim; k++) ken_json_put_i64(w, t->shape[k]);
    ken_json_end_array(w);
    if (count <= MODELS_MAX_VALUES) {
        ken_json_put_key(w, "values");
        ken_json_array(w);
        for (int64_t i = 0; i < count; i++) ken_json_put_f64(w, ken_tensor_value(t, i));
        ken_json_end_array(w);
    }
    ken_json_end_object(w);
}

static int models_file_json(cli *c, const ken_model *m) {
    cli_json j;
    cli_json_begin(c, &j);
    ken_json_writer *w = &j.w;
    KEN_JSON(w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(w, "task", string, ken_task_name(ken_model_task(m)));
    KEN_JSON(w, "target", string, ken_model_target(m));
    KEN_JSON(w, "rows_train", i64, ken_model_rows_train(m));
    ken_report_json_model(m, w);
    ken_json_put_key(w, "inputs");
    ken_json_array(w);
    for (int i = 0; i < ken_model_n_inputs(m); i++) ken_json_put_string(w, ken_model_input(m, i));
    ken_json_end_array(w);
    if (ken_model_recipe(m)) {
        ken_json_put_key(w, "recipe");
        const ken_status status = ken_recipe_describe(c->ctx, ken_model_recipe(m), w);
        if (status != KEN_OK) {
            ken_text_free(&j.text);
            return cli_failed(c, status);
        }
    }
    ken_json_put_key(w, "attributes");
    ken_json_object(w);
    for (int i = 0; i < ken_model_n_attrs(m); i++) models_attr_json(m, ken_model_attr_name(m, i), w);
    ken_json_end_object(w);
    return cli_json_end(c, &j);
}

static bool models_is_by_input(const ken_model *m, int i) {
    const ken_tensor *t = ken_model_attr(m, ken_model_attr_name(m, i));
    return t && t->ndim == 1 && t->dtype == KEN_F64 && t->shape[0] == ken_model_n_inputs(m);
}

/* What is learned per input (coefficients, their errors ...) as one table. */
static void models_by_input(const ken_model *m) {
    const char *titles[CLI_MAX_COLUMNS] = {"input"}, *names[CLI_MAX_COLUMNS];
    char title[CLI_MAX_COLUMNS][48], number[CLI_MAX_COLUMNS][32];
    int n = 1;
    cli_grid g;
    for (int i = 0; i < ken_model_n_attrs(m) && n < 8; i++) {
        if (!models_is_by_input(m, i)) continue;
        names[n] = ken_model_attr_name(m, i);
        snprintf(title[n], sizeof title[n], "%.40s>", names[n]);
        titles[n] = title[n];
        n++;
    }
    if (n == 1) return;
    cli_grid_begin(&g, n, titles);
    for (int j = 0; j < KEN_MIN(ken_model_n_inputs(m), 100); j++) {
        const char *cells[CLI_MAX_COLUMNS] = {ken_model_input(m, j)};
        for (int k = 1; k < n; k++)
            cells[k] = cli_number_text(ken_tensor_value(ken_model_attr(m, names[k]), j), number[k]);
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
    if (ken_model_n_inputs(m) > 100) printf("  … %d more (--json has them all)\n", ken_model_n_inputs(m) - 100);
}

static int models_file_show(cli *c, const ken_model *m) {
    const char *bold = cli_style(stdout, "1"), *plain = cli_style(stdout, "0");
    char rows[32], number[32];
    const ken_desc *d = ken_model_desc(m);
    const bool detect = ken_model_task(m) == KEN_DETECT;
    printf("%s%s%s  %s, learned to %s %s%s%s from %s rows\n", bold, d->name, plain, d->title,
           ken_task_name(ken_model_task(m)), detect ? "" : "'", detect ? "outliers" : ken_model_target(m),
           detect ? "" : "'", cli_count_text(ken_model_rows_train(m), rows));
    if (ken_model_n_classes(m)) {
        printf("  classes   ");
        for (int k = 0; k < KEN_MIN(ken_model_n_classes(m), 12); k++) printf("%s%s", k ? ", " : "", ken_model_class(m, k));
        printf("%s\n", ken_model_n_classes(m) > 12 ? ", …" : "");
    }
    printf("\n%sParameters%s\n", bold, plain);
    for (const ken_param *p = d->params; p && p->name; p++) {
        ken_text value = ken_text_new(c->ctx);
        const char *shown;
        ken_param_format(p, ken_model_params(m), &value);
        if (ken_text_end(&value, &shown) == KEN_OK) printf("  %-26s %s\n", p->name, *shown ? shown : "\"\"");
        ken_text_free(&value);
    }
    if (ken_model_recipe(m)) {
        ken_text text = ken_text_new(c->ctx);
        const char *shown;
        printf("\n%sRecipe%s  %d columns in, %d out\n", bold, plain, ken_model_n_features(m), ken_model_n_inputs(m));
        ken_status status = ken_recipe_describe_text(c->ctx, ken_model_recipe(m), &text);
        if (status == KEN_OK) status = ken_text_end(&text, &shown);
        if (status == KEN_OK) fputs(shown, stdout);
        ken_text_free(&text);
        if (status != KEN_OK) return cli_failed(c, status);
    }
    printf("\n%sLearned%s\n", bold, plain);
    models_by_input(m);
    for (int i = 0; i < ken_model_n_attrs(m); i++) {
        const ken_tensor *t = ken_model_attr(m, ken_model_attr_name(m, i));
        if (!t || models_is_by_input(m, i)) continue;
        printf("  %-26s ", ken_model_attr_name(m, i));
        if (ken_tensor_count(t) == 1) {
            printf("%s\n", cli_number_text(ken_tensor_value(t, 0), number));
            continue;
        }
        printf("%s (", ken_dtype_name(t->dtype));
        for (int k = 0; k < t->ndim; k++) printf("%s%lld", k ? ", " : "", (long long)t->shape[k]);
        printf(")\n");
    }
    return CLI_DONE;
}

static int models_file(cli *c, const char *path) {
    ken_model *m = NULL;
    const ken_status status = ken_model_load(c->ctx, path, &m);
    if (status != KEN_OK) return cli_failed(c, status);
    const int result = c->json ? models_file_json(c, m) : models_file_show(c, m);
    ken_model_free(m);
    return result;
}

static int models_run(cli *c) {
    const ken_desc *d;
    struct stat st;
    if (c->n_arguments == 0) return c->json ? models_list_json(c) : models_list();
    const char *name = c->arguments[0], *dot = strrchr(name, '.');
    if ((dot && strcmp(dot, ".ken") == 0) || strchr(name, '/') || stat(name, &st) == 0)
        if (ken_catalog_find(c->ctx, name, 0, &d) != KEN_OK) return models_file(c, name);
    const ken_status status = ken_catalog_find(c->ctx, name, 0, &d);
    if (status != KEN_OK) {
        (void)cli_failed(c, status);
        return CLI_USAGE;
    }
    return c->json ? models_show_json(c, d) : models_show(c, d);
}

static const cli_option models_options[] = {
    {"json", 0, NULL, NULL, "as JSON; without a name the whole catalog"}, CLI_END_OPTIONS};

const cli_command cli_models = {
    .name = "models", .arguments = "[NAME or FILE.ken] [--json]",
    .summary = "What there is, one thing with every parameter, or what a saved model is",
    .details = "With a name: every parameter with its type, default, range and meaning, what is learned, the paper and "
               "the peer. With a file: its recipe, parameters and what it learned.",
    .examples = "  ken models\n  ken models boosting\n  ken models model.ken\n",
    .options = models_options, .max_arguments = 1, .run = models_run};
