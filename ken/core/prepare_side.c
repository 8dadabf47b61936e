/* What stands beside the target: weights, groups, offsets, and bounds where the target was not seen
 * itself. */
#include <math.h>

#include "ken/core/model_internal.h"

static ken_status prepare_weight(ken_ctx *ctx, const ken_column *weight, const prepare_rows *rows,
                                 ken_prepared *out) {
    double total = 0;
    if (!weight) return KEN_OK;
    if (!ken_dtype_is_number(weight->dtype))
        return KEN_FAIL(ctx, KEN_E_TYPE, "choose a column of numbers", "the weight '%s' is of type %s",
                        weight->name, ken_dtype_name(weight->dtype));
    KEN_TRY(KEN_ALLOC(ctx, double, rows->n, &out->weight));
    for (int64_t i = 0; i < rows->n; i++) {
        const double w = ken_column_f64(weight, rows->index[i]);
        if (!(w >= 0) || isinf(w))
            return KEN_FAIL(ctx, KEN_E_VALUE, "weights are numbers of at least 0",
                            "the weight '%s' is missing, negative or infinite in row %lld",
                            weight->name, (long long)rows->index[i] + 1);
        out->weight[i] = w;
        if (i < rows->n_train) total += w;
    }
    if (!(total > 0))
        return KEN_FAIL(ctx, KEN_E_VALUE, "give some rows a weight above 0",
                        "the weights '%s' of all training rows are 0", weight->name);
    out->problem.weight = out->weight;
    return KEN_OK;
}

/* Groups in order of appearance. A missing one has no place to rank in, so it is an error. */
static ken_status prepare_group(ken_ctx *ctx, const ken_column *group, const prepare_rows *rows,
                                ken_prepared *out) {
    ken_dict *dict = NULL;
    if (!group) return KEN_OK;
    for (int64_t i = 0; i < rows->n; i++)
        if (ken_column_missing(group, rows->index[i]))
            return KEN_FAIL(ctx, KEN_E_VALUE, "fill in or drop the rows without a group",
                            "the group '%s' is missing in row %lld", group->name,
                            (long long)rows->index[i] + 1);
    KEN_TRY(KEN_ALLOC(ctx, int32_t, rows->n, &out->group));
    KEN_TRY(ken_dict_new(ctx, &dict));
    const ken_status status = ken__prepare_codes(ctx, dict, group, rows, out->group);
    out->problem.n_groups = (int32_t)ken_dict_count(dict);
    ken_dict_free(dict);
    out->problem.group = out->group;
    return status;
}

static ken_status prepare_wants(ken_ctx *ctx, const ken_model *m, const ken_column *c, const char *what,
                                uint32_t tag) {
    /* its own tags: a model made of others poses them problems of its own */
    if (!c || m->desc->kind != KEN_ESTIMATOR || m->desc->tags & tag) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "leave it out, or choose boosting, which can",
                    "%s cannot take %s ('%s')", m->desc->name, what, c->name);
}

static ken_status prepare_offset(ken_ctx *ctx, const ken_column *offset, const prepare_rows *rows,
                                 ken_prepared *out) {
    if (!offset) return KEN_OK;
    if (!ken_dtype_is_number(offset->dtype))
        return KEN_FAIL(ctx, KEN_E_TYPE, "choose a column of numbers", "the offset '%s' is of type %s",
                        offset->name, ken_dtype_name(offset->dtype));
    KEN_TRY(KEN_ALLOC(ctx, double, rows->n, &out->offset));
    for (int64_t i = 0; i < rows->n; i++) {
        out->offset[i] = ken_column_f64(offset, rows->index[i]);
        if (!isfinite(out->offset[i]))
            return KEN_FAIL(ctx, KEN_E_VALUE, "fill it in (0 changes nothing) or drop the row",
                            "the offset '%s' is missing or infinite in row %lld", offset->name,
                            (long long)rows->index[i] + 1);
    }
    out->problem.offset = out->offset;
    return KEN_OK;
}

/* 0: censored, 1: seen. */
static ken_status prepare_event(ken_ctx *ctx, const ken_column *event, const prepare_rows *rows,
                                ken_prepared *out) {
    if (!ken_dtype_is_number(event->dtype))
        return KEN_FAIL(ctx, KEN_E_TYPE, "choose a column of 0 and 1", "the event '%s' is of type %s",
                        event->name, ken_dtype_name(event->dtype));
    for (int64_t i = 0; i < rows->n; i++) {
        const double seen = ken_column_f64(event, rows->index[i]);
        if (seen != 0 && seen != 1)
            return KEN_FAIL(ctx, KEN_E_VALUE, "1: the target was seen, 0: it is later than that",
                            "the event '%s' is %g in row %lld, not 0 or 1", event->name, seen,
                            (long long)rows->index[i] + 1);
        out->upper[i] = seen == 1 ? out->problem.y[i] : INFINITY;
    }
    return KEN_OK;
}

static ken_status prepare_bound(ken_ctx *ctx, const ken_column *upper, const prepare_rows *rows,
                                ken_prepared *out) {
    if (!ken_dtype_is_number(upper->dtype))
        return KEN_FAIL(ctx, KEN_E_TYPE, "choose a column of numbers",
                        "the upper bound '%s' is of type %s", upper->name, ken_dtype_name(upper->dtype));
    for (int64_t i = 0; i < rows->n; i++) {
        const double bound = ken_column_f64(upper, rows->index[i]);
        out->upper[i] = isnan(bound) ? INFINITY : bound;
        if (!(out->upper[i] >= out->problem.y[i]))
            return KEN_FAIL(ctx, KEN_E_VALUE, "leave it empty where there is no upper bound",
                            "the upper bound '%s' is %g in row %lld, below the target %g", upper->name,
                            bound, (long long)rows->index[i] + 1, out->problem.y[i]);
    }
    return KEN_OK;
}

static ken_status prepare_censored(ken_ctx *ctx, const ken_data *data, const prepare_rows *rows,
                                   ken_prepared *out) {
    const ken_column *const c = data->event ? data->event : data->upper;
    if (!c) return KEN_OK;
    if (data->event && data->upper)
        return KEN_FAIL(ctx, KEN_E_ARG, "an event says seen or not, an upper bound says more: give one",
                        "both an event ('%s') and an upper bound ('%s') are given", data->event->name,
                        data->upper->name);
    if (!out->problem.y)
        return KEN_FAIL(ctx, KEN_E_ARG, "choose a target of numbers, or --task regress",
                        "'%s' says that targets are bounds, but the target has classes", c->name);
    KEN_TRY(KEN_ALLOC(ctx, double, rows->n, &out->upper));
    out->problem.upper = out->upper;
    return data->event ? prepare_event(ctx, c, rows, out) : prepare_bound(ctx, c, rows, out);
}

ken_status ken__prepare_side(ken_ctx *ctx, const ken_model *m, const ken_data *data,
                             const prepare_rows *rows, ken_prepared *out) {
    KEN_TRY(prepare_wants(ctx, m, data->offset, "an offset", KEN_TAG_OFFSET));
    KEN_TRY(prepare_wants(ctx, m, data->event, "events of survival", KEN_TAG_CENSORED));
    KEN_TRY(prepare_wants(ctx, m, data->upper, "upper bounds of the target", KEN_TAG_CENSORED));
    KEN_TRY(prepare_weight(ctx, data->weight, rows, out));
    KEN_TRY(prepare_group(ctx, data->group, rows, out));
    KEN_TRY(prepare_offset(ctx, data->offset, rows, out));
    return prepare_censored(ctx, data, rows, out);
}
