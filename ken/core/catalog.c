/* The catalog: what the build found, and names. */
#include "ken/core/catalog.h"

#include <string.h>

static const ken_desc *catalog_walk(int i, const char **room) {
    for (const ken_catalog_folder *f = ken_catalog_folders; f->room; f++)
        for (const ken_desc *const *thing = f->things; *thing; thing++)
            if (i-- == 0) {
                *room = f->room;
                return *thing;
            }
    *room = NULL;
    return NULL;
}

const ken_desc *ken_catalog_at(int i) {
    const char *room;
    return catalog_walk(i, &room);
}

const char *ken_catalog_room(int i) {
    const char *room;
    catalog_walk(i, &room);
    return room;
}

typedef struct catalog_names {
    ken_kind kind;
} catalog_names;

/* The i-th name of the kind asked for, "" where the kind differs (never near to anything). */
static const char *catalog_name_at(void *arg, int i) {
    const catalog_names *names = arg;
    const ken_desc *desc = ken_catalog_at(i);
    return names->kind == 0 || desc->kind == names->kind ? desc->name : "";
}

ken_status ken_catalog_find(ken_ctx *ctx, const char *name, ken_kind kind, const ken_desc **out) {
    int n = 0;
    catalog_names names = {kind};
    *out = NULL;
    for (const ken_desc *desc; (desc = ken_catalog_at(n)); n++)
        if ((kind == 0 || desc->kind == kind) && strcmp(desc->name, name) == 0) {
            *out = desc;
            return KEN_OK;
        }
    const char *near = ken_nearest_name(name, n, catalog_name_at, &names);
    (void)KEN_FAIL(ctx, KEN_E_NOT_FOUND, "'ken models' lists all there is", "there is no %s '%s'",
                   kind == KEN_ESTIMATOR ? "model" : kind ? ken_kind_name(kind) : "thing", name);
    if (near && *near) ken_fail_hint(ctx, "did you mean '%s'? 'ken models' lists all there is", near);
    return KEN_E_NOT_FOUND;
}

const char *ken_kind_name(ken_kind kind) {
    switch (kind) {
    case KEN_ESTIMATOR: return "estimator";
    case KEN_TRANSFORMER: return "transformer";
    case KEN_METRIC: return "metric";
    case KEN_SPLITTER: return "splitter";
    case KEN_DATASET: return "dataset";
    case KEN_READER: return "reader";
    case KEN_OPTIMIZER: return "optimizer";
    case KEN_OBJECTIVE: return "objective";
    }
    return "thing";
}

const char *ken_task_name(ken_task task) {
    return task == KEN_REGRESS    ? "regress"
           : task == KEN_CLASSIFY ? "classify"
           : task == KEN_DETECT   ? "detect"
                                  : "auto";
}
