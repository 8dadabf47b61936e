/* Parameters: rows over a plain struct. Text is parsed once, here, at the door. */
#include "ken/core/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void *desc_field(void *params, const ken_param *p) { return (char *)params + p->offset; }
static const void *desc_field_of(const void *params, const ken_param *p) {
    return (const char *)params + p->offset;
}

const ken_param *ken_desc_param(const ken_desc *desc, const char *name) {
    for (const ken_param *p = desc->params; p && p->name; p++)
        if (strcmp(p->name, name) == 0) return p;
    return NULL;
}

static int desc_count(const ken_desc *desc) {
    int n = 0;
    for (const ken_param *p = desc->params; p && p->name; p++) n++;
    return n;
}

static const char *desc_name_at(void *arg, int i) { return ((const ken_desc *)arg)->params[i].name; }
static const char *desc_choice_at(void *arg, int i) { return ((const ken_param *)arg)->choices[i]; }

static ken_status desc_unknown(ken_ctx *ctx, const ken_desc *desc, const char *name) {
    const int n = desc_count(desc);
    for (int i = 0; i < n; i++)
        if (desc->params[i].was && strcmp(desc->params[i].was, name) == 0) {
            (void)KEN_FAIL(ctx, KEN_E_ARG, NULL, "%s: parameter '%s' has a new name", desc->name, name);
            ken_fail_hint(ctx, "write '%s'", desc->params[i].name);
            return KEN_E_ARG;
        }
    const char *near = ken_nearest_name(name, n, desc_name_at, (void *)(uintptr_t)desc);
    (void)KEN_FAIL(ctx, KEN_E_ARG, NULL, "%s has no parameter '%s'", desc->name, name);
    if (near)
        ken_fail_hint(ctx, "did you mean '%s'? ('ken models %s' lists all %d)", near, desc->name, n);
    else
        ken_fail_hint(ctx, "'ken models %s' lists all %d", desc->name, n);
    return KEN_E_ARG;
}

static ken_status desc_bad_value(ken_ctx *ctx, const ken_desc *desc, const ken_param *p,
                                 const char *value, const char *wanted) {
    (void)KEN_FAIL(ctx, KEN_E_ARG, NULL, "%s: %s is '%.100s', which is not %s", desc->name, p->name,
                   value, wanted);
    ken_fail_hint(ctx, "%s: %s", p->name, p->doc ? p->doc : "see 'ken models'");
    return KEN_E_ARG;
}

static void desc_range(const ken_param *p, char *buf, size_t size) {
    char low[32], high[32];
    ken_format_f64(p->min, low);
    ken_format_f64(p->max, high);
    if (isinf(p->max))
        snprintf(buf, size, "%s %s", p->open_min ? "above" : "at least", low);
    else
        snprintf(buf, size, "%s %s and at most %s", p->open_min ? "above" : "at least", low, high);
}

static ken_status desc_check_range(ken_ctx *ctx, const ken_desc *desc, const ken_param *p, double v) {
    if (v <= p->max && (p->open_min ? v > p->min : v >= p->min)) return KEN_OK;
    char got[32], range[96];
    ken_format_f64(v, got);
    desc_range(p, range, sizeof range);
    (void)KEN_FAIL(ctx, KEN_E_ARG, NULL, "%s: %s is %s, outside its range", desc->name, p->name, got);
    ken_fail_hint(ctx, "give a value %s", range);
    return KEN_E_ARG;
}

static bool desc_parse_bool(const char *value, bool *out) {
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (int i = 0; i < KEN_COUNT(words); i++)
        if (strcmp(value, words[i]) == 0) {
            *out = i & 1;
            return true;
        }
    return false;
}

static ken_status desc_set_choice(ken_ctx *ctx, const ken_desc *desc, const ken_param *p,
                                  const char *value, int *out) {
    /* some choices were switches: models of before say true or false */
    const char *const word = strcmp(value, "true") == 0 ? "on" : strcmp(value, "false") == 0 ? "off" : value;
    int n = 0;
    for (; p->choices[n]; n++)
        if (strcmp(p->choices[n], value) == 0 || strcmp(p->choices[n], word) == 0) {
            *out = n;
            return KEN_OK;
        }
    char list[512] = "";
    size_t used = 0;
    for (int i = 0; i < n && used < sizeof list - 64; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", p->choices[i]);
    const char *near = ken_nearest_name(value, n, desc_choice_at, (void *)(uintptr_t)p);
    (void)KEN_FAIL(ctx, KEN_E_ARG, NULL, "%s: %s cannot be '%.100s'", desc->name, p->name, value);
    if (near)
        ken_fail_hint(ctx, "did you mean '%s'? it is one of %s", near, list);
    else
        ken_fail_hint(ctx, "it is one of %s", list);
    return KEN_E_ARG;
}

/* The name of a model that can stand there. */
static ken_status desc_check_model(ken_ctx *ctx, const ken_desc *desc, const ken_param *p, const char *value) {
    const ken_desc *found;
    KEN_TRY(p->find(ctx, value ? value : "", KEN_ESTIMATOR, &found));
    if (found->tasks & p->tasks) return KEN_OK; /* where both will do, the fit knows which is asked for */
    (void)KEN_FAIL(ctx, KEN_E_ARG, NULL, "%s: %s cannot be '%.60s', which does not %s", desc->name, p->name, value,
                   ken_task_name((ken_task)(p->tasks & ~found->tasks)));
    ken_fail_hint(ctx, "%s: %s ('ken models' lists the models)", p->name, p->doc ? p->doc : "");
    return KEN_E_ARG;
}

ken_status ken_param_set(ken_ctx *ctx, const ken_desc *desc, void *params, const char *name,
                         const char *value) {
    const ken_param *p = ken_desc_param(desc, name);
    const size_t size = strlen(value);
    if (!p) return desc_unknown(ctx, desc, name);
    void *field = desc_field(params, p);
    switch (p->type) {
    case KEN_PARAM_F64: {
        double v;
        if (!ken_parse_f64(value, size, &v) || isnan(v))
            return desc_bad_value(ctx, desc, p, value, "a number");
        KEN_TRY(desc_check_range(ctx, desc, p, v));
        *(double *)field = v;
        return KEN_OK;
    }
    case KEN_PARAM_I64: {
        int64_t v;
        double real;
        if (!ken_parse_i64(value, size, &v, NULL)) { /* 1e6 is a whole number too */
            if (!ken_parse_f64(value, size, &real) || real != floor(real) || fabs(real) > 9e15)
                return desc_bad_value(ctx, desc, p, value, "a whole number");
            v = (int64_t)real;
        }
        KEN_TRY(desc_check_range(ctx, desc, p, (double)v));
        *(int64_t *)field = v;
        return KEN_OK;
    }
    case KEN_PARAM_BOOL:
        if (!desc_parse_bool(value, (bool *)field))
            return desc_bad_value(ctx, desc, p, value, "true or false");
        return KEN_OK;
    case KEN_PARAM_CHOICE: return desc_set_choice(ctx, desc, p, value, (int *)field);
    case KEN_PARAM_MODEL:
        KEN_TRY(desc_check_model(ctx, desc, p, value));
        *(const char **)field = value;
        return KEN_OK;
    case KEN_PARAM_TEXT: *(const char **)field = value; return KEN_OK;
    }
    return KEN_FAIL(ctx, KEN_E_BUG, NULL, "%s: row '%s' has no type", desc->name, name);
}

static bool desc_is_gap(char c) {
    return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r';
}

ken_status ken_setting_next(ken_ctx *ctx, char **at, char **name, char **value) {
    char *s = *at;
    *name = NULL;
    while (desc_is_gap(*s)) s++;
    if (!*s) return KEN_OK;
    char *start = s;
    while (*s && *s != '=' && !desc_is_gap(*s)) s++;
    if (*s != '=')
        return KEN_FAIL(ctx, KEN_E_ARG, "write settings as \"name=value name=value\"",
                        "setting '%.80s' has no '='", start);
    *s++ = 0;
    *name = start;
    *value = s;
    while (*s && !desc_is_gap(*s)) s++;
    if (*s) *s++ = 0;
    *at = s;
    return KEN_OK;
}

ken_status ken_params_parse(ken_ctx *ctx, const ken_desc *desc, void *params, char *settings) {
    for (char *at = settings, *name, *value; at;) {
        KEN_TRY(ken_setting_next(ctx, &at, &name, &value));
        if (!name) break;
        KEN_TRY(ken_param_set(ctx, desc, params, name, value));
    }
    return ken_params_check(ctx, desc, params);
}

ken_status ken_params_check(ken_ctx *ctx, const ken_desc *desc, const void *params) {
    for (const ken_param *p = desc->params; p && p->name; p++) {
        const void *field = desc_field_of(params, p);
        if (p->type == KEN_PARAM_F64) KEN_TRY(desc_check_range(ctx, desc, p, *(const double *)field));
        if (p->type == KEN_PARAM_I64)
            KEN_TRY(desc_check_range(ctx, desc, p, (double)*(const int64_t *)field));
        if (p->type == KEN_PARAM_MODEL)
            KEN_TRY(desc_check_model(ctx, desc, p, *(const char *const *)field));
        if (p->type == KEN_PARAM_CHOICE) {
            int n = 0;
            while (p->choices[n]) n++;
            if (*(const int *)field < 0 || *(const int *)field >= n)
                return KEN_FAIL(ctx, KEN_E_ARG, "use one of the header's constants",
                                "%s: %s is %d of %d choices", desc->name, p->name,
                                *(const int *)field, n);
        }
    }
    return desc->check ? desc->check(ctx, params) : KEN_OK;
}

void ken_param_format(const ken_param *p, const void *params, ken_text *out) {
    const void *field = desc_field_of(params, p);
    switch (p->type) {
    case KEN_PARAM_F64: ken_text_add_f64(out, *(const double *)field); break;
    case KEN_PARAM_I64: ken_text_addf(out, "%lld", (long long)*(const int64_t *)field); break;
    case KEN_PARAM_BOOL: ken_text_add(out, *(const bool *)field ? "true" : "false"); break;
    case KEN_PARAM_CHOICE: ken_text_add(out, p->choices[*(const int *)field]); break;
    case KEN_PARAM_MODEL:
    case KEN_PARAM_TEXT: {
        const char *text = *(const char *const *)field;
        ken_text_add(out, text ? text : "");
    }
    }
}

static void desc_write_value(const ken_param *p, const void *params, ken_json_writer *w) {
    const void *field = desc_field_of(params, p);
    switch (p->type) {
    case KEN_PARAM_F64: ken_json_put_f64(w, *(const double *)field); break;
    case KEN_PARAM_I64: ken_json_put_i64(w, *(const int64_t *)field); break;
    case KEN_PARAM_BOOL: ken_json_put_bool(w, *(const bool *)field); break;
    case KEN_PARAM_CHOICE: ken_json_put_string(w, p->choices[*(const int *)field]); break;
    case KEN_PARAM_MODEL:
    case KEN_PARAM_TEXT: {
        const char *text = *(const char *const *)field;
        ken_json_put_string(w, text ? text : "");
    }
    }
}

void ken__params_write_json(const ken_desc *desc, const void *params, const char *prefix, ken_json_writer *w) {
    char key[256];
    for (const ken_param *p = desc->params; p && p->name; p++) {
        snprintf(key, sizeof key, "%s%s", prefix, p->name);
        ken_json_put_key(w, key);
        desc_write_value(p, params, w);
    }
}

void ken_params_write_json(const ken_desc *desc, const void *params, ken_json_writer *w) {
    ken__params_write_json(desc, params, "", w);
}

/* --- the catalog as JSON -------------------------------------------------------------------------- */
void ken_tags_each(uint32_t tags, void (*each)(void *, const char *), void *arg) {
    static const char *const names[] = {"typed",  "category",   "missing", "weights", "scaled",
                                        "linear", "early_stop", "random",  "baseline", "base",
                                        "offset", "censored",   "continue"};
    for (int i = 0; i < KEN_COUNT(names); i++)
        if (tags >> i & 1) each(arg, names[i]);
}

static void desc_put_word(void *w, const char *word) { ken_json_put_string(w, word); }

static void desc_put_optional(ken_json_writer *w, const char *key, const char *text) {
    if (text) KEN_JSON(w, key, string, text);
}

static void desc_write_tasks(uint32_t tasks, ken_json_writer *w) {
    ken_json_put_key(w, "tasks");
    ken_json_array(w);
    if (tasks & KEN_REGRESS) ken_json_put_string(w, "regress");
    if (tasks & KEN_CLASSIFY) ken_json_put_string(w, "classify");
    if (tasks & KEN_DETECT) ken_json_put_string(w, "detect");
    ken_json_end_array(w);
}

/* What its predictions may be, and whether its values can be found anew on other rows. */
static void desc_write_gives(const ken_estimator *e, ken_json_writer *w) {
    static const char *const margins[] = {"signed", "share", "base"};
    ken_json_put_key(w, "gives");
    ken_json_array(w);
    for (int what = 0; what < KEN_N_WHATS; what++)
        if (e->gives >> what & 1) ken_json_put_string(w, ken_what_name((ken_what)what));
    ken_json_end_array(w);
    if (e->gives & KEN_GIVES(MARGIN)) KEN_JSON(w, "margin", string, margins[e->margin]);
    if (e->refit) KEN_JSON(w, "refit", bool, true);
}

static void desc_write_param(const ken_desc *desc, const ken_param *p, ken_json_writer *w) {
    static const char *const types[] = {"", "number", "integer", "bool", "choice", "text", "model"};
    ken_json_object(w);
    KEN_JSON(w, "name", string, p->name);
    KEN_JSON(w, "type", string, types[p->type]);
    ken_json_put_key(w, "default");
    desc_write_value(p, desc->defaults, w);
    if (p->type == KEN_PARAM_F64 || p->type == KEN_PARAM_I64) {
        KEN_JSON(w, "min", f64, p->min);
        KEN_JSON(w, "max", f64, p->max);
        if (p->open_min) KEN_JSON(w, "open_min", bool, true);
        if (p->lo != 0 || p->hi != 0) {
            ken_json_put_key(w, "search");
            ken_json_array(w);
            ken_json_put_f64(w, p->lo);
            ken_json_put_f64(w, p->hi);
            ken_json_end_array(w);
            KEN_JSON(w, "scale", string, p->scale == KEN_LOG_SCALE ? "log" : "linear");
        }
    }
    if (p->type == KEN_PARAM_CHOICE) {
        ken_json_put_key(w, "choices");
        ken_json_array(w);
        for (int i = 0; p->choices[i]; i++) ken_json_put_string(w, p->choices[i]);
        ken_json_end_array(w);
    }
    if (p->type == KEN_PARAM_MODEL) desc_write_tasks(p->tasks, w);
    desc_put_optional(w, "when", p->when);
    desc_put_optional(w, "unit", p->unit);
    desc_put_optional(w, "was", p->was);
    desc_put_optional(w, "doc", p->doc);
    ken_json_end_object(w);
}

void ken_desc_write_json(const ken_desc *desc, const char *room, ken_json_writer *w) {
    ken_json_object(w);
    KEN_JSON(w, "name", string, desc->name);
    desc_put_optional(w, "room", room);
    desc_put_optional(w, "title", desc->title);
    KEN_JSON(w, "kind", string, ken_kind_name(desc->kind));
    desc_write_tasks(desc->tasks, w);
    ken_json_put_key(w, "tags");
    ken_json_array(w);
    ken_tags_each(desc->tags, desc_put_word, w);
    ken_json_end_array(w);
    ken_json_put_key(w, "parameters");
    ken_json_array(w);
    for (const ken_param *p = desc->params; p && p->name; p++) desc_write_param(desc, p, w);
    ken_json_end_array(w);
    ken_json_put_key(w, "attributes");
    ken_json_array(w);
    for (const ken_attr *a = desc->attrs; a && a->name; a++) {
        ken_json_object(w);
        KEN_JSON(w, "name", string, a->name);
        KEN_JSON(w, "type", string, ken_dtype_name(a->dtype));
        desc_put_optional(w, "shape", a->shape);
        desc_put_optional(w, "doc", a->doc);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
    if (desc->estimator) desc_write_gives(desc->estimator, w);
    if (desc->write_json) desc->write_json(desc, w);
    desc_put_optional(w, "doc", desc->doc);
    desc_put_optional(w, "paper", desc->paper);
    desc_put_optional(w, "peer", desc->peer);
    ken_json_end_object(w);
}
