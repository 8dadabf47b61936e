/* Models: life, parameters, attributes, nesting. Read next: prepare.c, fit.c, predict.c, pack.c. */
#include "ken/core/model.h"

#include <stdio.h>
#include <string.h>

#include "ken/core/model_internal.h"

#define MODEL_DEPTH 4 /* models that are parameters of models */

/* --- life --------------------------------------------------------------------------------------- */
static int model_count_params(const ken_desc *desc) {
    int n = 0;
    while (desc->params && desc->params[n].name) n++;
    return n;
}

/* A model owns its texts: the params struct that came in may die. */
static ken_status model_own_text(ken_ctx *ctx, ken_model *model, int row, const char *text) {
    char *copy = NULL;
    KEN_TRY(ken_strdup(ctx, text ? text : "", &copy));
    ken_allocator_free(&model->alloc, model->texts[row]);
    model->texts[row] = copy;
    *(const char **)((char *)model->params + model->desc->params[row].offset) = copy;
    return KEN_OK;
}

static bool model_is_text(const ken_param *p) {
    return p->type == KEN_PARAM_TEXT || p->type == KEN_PARAM_MODEL;
}

static ken_status model_new_at(ken_ctx *ctx, const ken_desc *desc, const void *params, int depth, ken_model **out);

/* A model for the parameter of that row, with its defaults. */
static ken_status model_new_base(ken_ctx *ctx, const ken_model *model, int row, const char *name, ken_model **out) {
    const ken_param *p = &model->desc->params[row];
    const ken_desc *desc;
    KEN_TRY(p->find(ctx, name, KEN_ESTIMATOR, &desc));
    if (model->depth == MODEL_DEPTH)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "choose a simpler model for the innermost one",
                        "%s: %s: models are nested deeper than %d", model->desc->name, p->name, MODEL_DEPTH);
    return model_new_at(ctx, desc, NULL, model->depth + 1, out);
}

static ken_status model_copy_params(ken_ctx *ctx, ken_model *model, const void *params) {
    const ken_desc *desc = model->desc;
    const void *from = params ? params : desc->defaults;
    model->n_params = model_count_params(desc);
    KEN_TRY(ken_alloc(ctx, 1, desc->params_size, &model->params));
    KEN_TRY(KEN_ALLOC(ctx, char *, model->n_params, &model->texts));
    KEN_TRY(KEN_ALLOC(ctx, ken_model *, model->n_params, &model->bases));
    if (from && desc->params_size) memcpy(model->params, from, desc->params_size);
    for (int i = 0; i < model->n_params; i++)
        if (model_is_text(&desc->params[i]))
            KEN_TRY(model_own_text(ctx, model, i,
                                   *(const char *const *)((const char *)from + desc->params[i].offset)));
    KEN_TRY(ken_params_check(ctx, desc, model->params));
    for (int i = 0; i < model->n_params; i++)
        if (desc->params[i].type == KEN_PARAM_MODEL)
            KEN_TRY(model_new_base(ctx, model, i, model->texts[i], &model->bases[i]));
    return KEN_OK;
}

ken_status ken_model_new_desc(ken_ctx *ctx, const ken_desc *desc, const void *params, ken_model **out) {
    return model_new_at(ctx, desc, params, 0, out);
}

static ken_status model_new_at(ken_ctx *ctx, const ken_desc *desc, const void *params, int depth, ken_model **out) {
    ken_model *model = NULL;
    *out = NULL;
    if (desc->kind != KEN_ESTIMATOR && desc->kind != KEN_TRANSFORMER)
        return KEN_FAIL(ctx, KEN_E_ARG, "'ken models' lists the models", "'%s' is a %s, not a model",
                        desc->name, ken_kind_name(desc->kind));
    KEN_TRY(KEN_ALLOC(ctx, ken_model, 1, &model));
    model->alloc = ken_ctx_allocator(ctx);
    model->desc = desc;
    model->depth = depth;
    const ken_status status = model_copy_params(ctx, model, params);
    if (status != KEN_OK) {
        ken_model_free(model);
        return status;
    }
    *out = model;
    return KEN_OK;
}

/* The row of the model parameter in "base.max_depth"; -1: there is none. */
static int model_dotted_row(const ken_model *model, const char *name) {
    const char *dot = strchr(name, '.');
    for (int i = 0; dot && i < model->n_params; i++) {
        const ken_param *p = &model->desc->params[i];
        const size_t size = strlen(p->name);
        if (p->type == KEN_PARAM_MODEL && (size_t)(dot - name) == size && memcmp(name, p->name, size) == 0) return i;
    }
    return -1;
}

static ken_status model_set_base(ken_ctx *ctx, ken_model *model, int row, const char *name) {
    ken_model *base = NULL;
    if (strcmp(model->bases[row]->desc->name, name) == 0) return KEN_OK;
    KEN_TRY(model_new_base(ctx, model, row, name, &base));
    const ken_status status = model_own_text(ctx, model, row, name);
    ken_model_free(status == KEN_OK ? model->bases[row] : base);
    if (status == KEN_OK) model->bases[row] = base;
    return status;
}

/* "optimizer.beta1" adds to the text parameter "optimizer_settings", where there is one. */
static const ken_param *model_settings_row(const ken_model *model, const char *name) {
    char row[80];
    const char *dot = strchr(name, '.');
    if (!dot || dot - name > 60) return NULL;
    snprintf(row, sizeof row, "%.*s_settings", (int)(dot - name), name);
    const ken_param *p = ken_desc_param(model->desc, row);
    return p && p->type == KEN_PARAM_TEXT ? p : NULL;
}

static ken_status model_add_setting(ken_ctx *ctx, ken_model *model, const ken_param *p, const char *name,
                                    const char *value) {
    const char *old = *(const char **)((char *)model->params + p->offset), *all;
    ken_text text = ken_text_new(ctx);
    ken_text_addf(&text, "%s%s%s=%s", old, *old ? "," : "", name, value);
    ken_status status = ken_text_end(&text, &all);
    if (status == KEN_OK) status = model_own_text(ctx, model, (int)(p - model->desc->params), all);
    ken_text_free(&text);
    return status;
}

ken_status ken_model_set(ken_ctx *ctx, ken_model *model, const char *name, const char *value) {
    const int dotted = model_dotted_row(model, name);
    if (dotted >= 0) return ken_model_set(ctx, model->bases[dotted], strchr(name, '.') + 1, value);
    if (strncmp(name, "recipe.", 7) == 0) {
        if (!model->recipe)
            return KEN_FAIL(ctx, KEN_E_STATE, "attach one with ken_model_set_recipe",
                            "%s has no recipe to set '%s' of", model->desc->name, name + 7);
        return ken_model_set(ctx, model->recipe, name + 7, value);
    }
    const ken_param *settings = model_settings_row(model, name);
    if (settings) return model_add_setting(ctx, model, settings, strchr(name, '.') + 1, value);
    const ken_param *p = ken_desc_param(model->desc, name);
    const int row = p ? (int)(p - model->desc->params) : -1;
    void *old = p && model_is_text(p) ? model->texts[row] : NULL;
    KEN_TRY(ken_param_set(ctx, model->desc, model->params, name, value));
    if (!model_is_text(p)) return KEN_OK;
    *(const char **)((char *)model->params + p->offset) = old; /* until it is ours */
    return p->type == KEN_PARAM_MODEL ? model_set_base(ctx, model, row, value) : model_own_text(ctx, model, row, value);
}

void ken__model_reset(ken_model *model) {
    const ken_allocator *a = &model->alloc;
    void (*close)(const ken_allocator *, void *) =
        model->desc->estimator ? model->desc->estimator->close
                               : model->desc->transformer ? model->desc->transformer->close : NULL;
    if (model->state && close) close(a, model->state);
    model->state = NULL;
    for (int i = 0; i < model->n_attrs; i++) {
        ken_allocator_free(a, model->attrs[i].name);
        ken_allocator_free(a, model->attrs[i].tensor.data);
        ken__strings_free(a, &model->attrs[i].strings);
    }
    model->n_attrs = 0;
    for (int i = 0; i < model->n_children; i++) ken_model_free(model->children[i]);
    model->n_children = 0;
    ken__schema_free(a, &model->features);
    ken__schema_free(a, &model->inputs);
    ken__field_free(a, &model->target);
    for (int s = 0; s < KEN_SIDES; s++) ken_allocator_free(a, model->side[s]);
    memset(model->side, 0, sizeof model->side);
    ken__strings_free(a, &model->classes);
    model->fitted = false;
    model->task = KEN_TASK_AUTO;
    model->rows_train = 0;
    if (model->recipe) ken__model_reset(model->recipe);
}

void ken_model_free(ken_model *model) {
    if (!model) return;
    const ken_allocator a = model->alloc;
    ken__model_reset(model);
    ken_model_free(model->recipe);
    for (int i = 0; model->texts && i < model->n_params; i++) ken_allocator_free(&a, model->texts[i]);
    for (int i = 0; model->bases && i < model->n_params; i++) ken_model_free(model->bases[i]);
    ken_allocator_free(&a, model->texts);
    ken_allocator_free(&a, model->bases);
    ken_allocator_free(&a, model->params);
    ken_allocator_free(&a, model->attrs);
    ken_allocator_free(&a, model->children);
    ken_allocator_free(&a, model);
}

/* What of a model is models itself: its recipe, its bases. */
void ken_model_attach(ken_model *model, const void *attached) { model->attached = attached; }

const void *ken_model_attached(const ken_model *model) { return model->attached; }

static ken_status model_clone_parts(ken_ctx *ctx, const ken_model *model, ken_model *out) {
    out->attached = model->attached;
    if (model->recipe) KEN_TRY(ken_model_clone(ctx, model->recipe, &out->recipe));
    for (int i = 0; i < model->n_params; i++) {
        if (!model->bases[i]) continue;
        ken_model *base;
        KEN_TRY(ken_model_clone(ctx, model->bases[i], &base));
        ken_model_free(out->bases[i]);
        out->bases[i] = base;
    }
    return KEN_OK;
}

ken_status ken_model_clone(ken_ctx *ctx, const ken_model *model, ken_model **out) {
    KEN_TRY(model_new_at(ctx, model->desc, model->params, model->depth, out));
    const ken_status status = model_clone_parts(ctx, model, *out);
    if (status == KEN_OK) return KEN_OK;
    ken_model_free(*out);
    *out = NULL;
    return status;
}

ken_status ken_model_set_recipe(ken_ctx *ctx, ken_model *model, ken_model *recipe) {
    if (recipe && recipe->desc->kind != KEN_TRANSFORMER)
        return KEN_FAIL(ctx, KEN_E_ARG, "give a transformer", "'%s' cannot be a recipe",
                        recipe->desc->name);
    ken__model_reset(model);
    ken_model_free(model->recipe);
    model->recipe = recipe;
    return KEN_OK;
}

ken_status ken__model_open(ken_ctx *ctx, ken_model *model) {
    if (model->desc->estimator && model->desc->estimator->open)
        return model->desc->estimator->open(ctx, model, &model->state);
    if (model->desc->transformer && model->desc->transformer->open)
        return model->desc->transformer->open(ctx, model, &model->state);
    return KEN_OK;
}

/* --- parameters as JSON ----------------------------------------------------------------------------- */
/* The bases after the rows that name them, so that reading back sets the name first. */
static void model_write_params(const ken_model *m, const char *prefix, ken_json_writer *w) {
    ken__params_write_json(m->desc, m->params, prefix, w);
    for (int i = 0; i < m->n_params; i++) {
        char nested[192];
        if (!m->bases[i]) continue;
        snprintf(nested, sizeof nested, "%s%s.", prefix, m->desc->params[i].name);
        model_write_params(m->bases[i], nested, w);
    }
}

void ken_model_write_params(const ken_model *m, ken_json_writer *w) { model_write_params(m, "", w); }

/* --- looking in ----------------------------------------------------------------------------------- */
static const ken_schema *model_inputs(const ken_model *m) {
    return m->recipe ? &m->inputs : &m->features;
}
const ken_desc *ken_model_desc(const ken_model *m) { return m->desc; }
const void *ken_model_params(const ken_model *m) { return m->params; }
const ken_model *ken_model_recipe(const ken_model *m) { return m->recipe; }
const ken_model *ken_model_base(const ken_model *m, const char *param) {
    const ken_param *p = ken_desc_param(m->desc, param);
    return p ? m->bases[p - m->desc->params] : NULL;
}
uint32_t ken_model_tags(const ken_model *m) {
    uint32_t tags = m->desc->tags;
    for (int i = 0; tags & KEN_TAG_BASE && i < m->n_params; i++)
        if (m->bases[i]) tags |= ken_model_tags(m->bases[i]);
    return tags;
}
bool ken_model_fitted(const ken_model *m) { return m->fitted; }
ken_task ken_model_task(const ken_model *m) { return m->task; }
int ken_model_n_features(const ken_model *m) { return m->features.n; }
const char *ken_model_feature(const ken_model *m, int j) { return m->features.fields[j].name; }
ken_dtype ken_model_feature_dtype(const ken_model *m, int j) { return m->features.fields[j].dtype; }
const char *ken_model_target(const ken_model *m) { return m->target.name ? m->target.name : ""; }
const char *const ken__side_names[KEN_SIDES] = {"group", "event", "upper"};
ken_answer ken_model_answer(const ken_model *m) {
    const ken_estimator *e = m->desc->estimator;
    return e && e->answer && m->task != KEN_CLASSIFY ? e->answer(m->params) : KEN_ANSWER_VALUES;
}
const char *ken_model_side(const ken_model *m, ken_side side) { return m->side[side] ? m->side[side] : ""; }
int ken_model_n_classes(const ken_model *m) { return (int)m->classes.n; }
/* Classes lie one after another with a NUL after each (prepare.c and pack.c make them so). */
const char *ken_model_class(const ken_model *m, int k) {
    return m->classes.bytes + m->classes.offset[k];
}
int ken_model_n_inputs(const ken_model *m) { return model_inputs(m)->n; }
const char *ken_model_input(const ken_model *m, int j) { return model_inputs(m)->fields[j].name; }
int ken_model_input_source(const ken_model *m, int j) {
    return m->recipe ? m->inputs.fields[j].source : j;
}
ken_strings ken_model_input_levels(const ken_model *m, int j) {
    return model_inputs(m)->fields[j].levels;
}
int64_t ken_model_rows_train(const ken_model *m) { return m->rows_train; }
void *ken_model_state(const ken_model *m) { return m->state; }

/* --- attributes ------------------------------------------------------------------------------------ */
static ken_learned *model_find_attr(const ken_model *m, const char *name) {
    for (int i = 0; i < m->n_attrs; i++)
        if (strcmp(m->attrs[i].name, name) == 0) return &m->attrs[i];
    return NULL;
}

const ken_tensor *ken_model_attr(const ken_model *m, const char *name) {
    const ken_learned *a = model_find_attr(m, name);
    return a && a->tensor.dtype != KEN_STRING ? &a->tensor : NULL;
}

double ken_model_attr_f64(const ken_model *m, const char *name, double otherwise) {
    const ken_tensor *t = ken_model_attr(m, name);
    return t && ken_tensor_count(t) >= 1 ? ken_tensor_value(t, 0) : otherwise;
}

const ken_strings *ken_model_attr_strings(const ken_model *m, const char *name) {
    const ken_learned *a = model_find_attr(m, name);
    return a && a->tensor.dtype == KEN_STRING ? &a->strings : NULL;
}

int ken_model_n_attrs(const ken_model *m) { return m->n_attrs; }
const char *ken_model_attr_name(const ken_model *m, int i) { return m->attrs[i].name; }

/* An empty attribute of that name, which must be declared in the descriptor: only what is declared is
 * documented, saved and given to bindings. */
static ken_status model_attr_slot(ken_ctx *ctx, ken_model *m, const char *name, ken_dtype dtype,
                                  ken_learned **out) {
    const ken_attr *row = m->desc->attrs;
    while (row && row->name && strcmp(row->name, name) != 0) row++;
    if (!row || !row->name || row->dtype != dtype)
        return KEN_FAIL(ctx, KEN_E_BUG, "add it to the descriptor's attrs",
                        "%s: attribute '%s' of type %s is not declared", m->desc->name, name,
                        ken_dtype_name(dtype));
    *out = model_find_attr(m, name);
    if (*out) {
        ken_allocator_free(&m->alloc, (*out)->tensor.data);
        ken__strings_free(&m->alloc, &(*out)->strings);
        memset(&(*out)->tensor, 0, sizeof (*out)->tensor);
        return KEN_OK;
    }
    if (m->n_attrs == m->attrs_capacity) {
        const size_t capacity = ken_next_capacity((size_t)m->n_attrs, (size_t)m->n_attrs + 1);
        KEN_TRY(ken_grow(ctx, (void **)&m->attrs, (size_t)m->n_attrs, capacity, sizeof(ken_learned)));
        m->attrs_capacity = (int)capacity;
    }
    *out = &m->attrs[m->n_attrs];
    memset(*out, 0, sizeof **out);
    KEN_TRY(ken_strdup(ctx, name, &(*out)->name));
    m->n_attrs++;
    return KEN_OK;
}

ken_status ken_attr_new(ken_ctx *ctx, ken_model *m, const char *name, ken_dtype dtype, int ndim,
                        const int64_t *shape, void **data) {
    ken_learned *attr;
    ken_tensor t = ken_tensor_nd(NULL, dtype, ndim, shape);
    size_t count = 1;
    *data = NULL;
    for (int k = 0; k < ndim; k++) {
        if (shape[k] < 0 || (shape[k] && count > SIZE_MAX / 16 / (size_t)shape[k]))
            return KEN_FAIL(ctx, KEN_E_LIMIT, NULL, "%s: attribute '%s' is too large", m->desc->name, name);
        count *= (size_t)shape[k];
    }
    KEN_TRY(model_attr_slot(ctx, m, name, dtype, &attr));
    attr->tensor = t;
    KEN_TRY(ken_alloc(ctx, count, ken_dtype_size(dtype), &attr->tensor.data));
    *data = attr->tensor.data;
    return KEN_OK;
}

ken_status ken_attr_set_f64(ken_ctx *ctx, ken_model *m, const char *name, double value) {
    double *data;
    KEN_TRY(ken_attr_new(ctx, m, name, KEN_F64, 0, NULL, (void **)&data));
    *data = value;
    return KEN_OK;
}

ken_status ken_attr_set_i64(ken_ctx *ctx, ken_model *m, const char *name, int64_t value) {
    int64_t *data;
    KEN_TRY(ken_attr_new(ctx, m, name, KEN_I64, 0, NULL, (void **)&data));
    *data = value;
    return KEN_OK;
}

ken_status ken_attr_set_strings(ken_ctx *ctx, ken_model *m, const char *name, const ken_strings *strings) {
    ken_learned *attr;
    KEN_TRY(model_attr_slot(ctx, m, name, KEN_STRING, &attr));
    attr->tensor = ken_tensor_1d(NULL, KEN_STRING, strings->n);
    return ken__strings_copy(ctx, strings, &attr->strings);
}

/* --- nesting ---------------------------------------------------------------------------------------- */
ken_status ken_model_adopt(ken_ctx *ctx, ken_model *parent, ken_model *child) {
    if (parent->n_children == parent->children_capacity) {
        const size_t n = (size_t)parent->n_children, capacity = ken_next_capacity(n, n + 1);
        KEN_TRY(ken_grow(ctx, (void **)&parent->children, n, capacity, sizeof(ken_model *)));
        parent->children_capacity = (int)capacity;
    }
    parent->children[parent->n_children++] = child;
    return KEN_OK;
}

int ken_model_n_children(const ken_model *m) { return m->n_children; }
ken_model *ken_model_child(const ken_model *m, int i) { return m->children[i]; }
