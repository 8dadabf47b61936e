/* The families of metrics by name, for things that judge themselves while they learn: through
 * ken_catalog_find they would link everything that there is. */
#include <string.h>

#include "ken/core/text.h"
#include "ken/metrics/metrics.h"

extern const ken_desc *const ken_classify_things[];
extern const ken_desc *const ken_regress_things[];
extern const ken_desc *const ken_rank_things[];
extern const ken_desc *const ken_survival_things[];

static const ken_desc *const *const metrics_families[] = {ken_classify_things, ken_regress_things,
                                                          ken_rank_things, ken_survival_things};

static const ken_desc *metrics_at(int i) {
    for (int f = 0; f < KEN_COUNT(metrics_families); f++)
        for (const ken_desc *const *d = metrics_families[f]; *d; d++)
            if (i-- == 0) return *d;
    return NULL;
}

/* Those of the task whose number is at *arg; 0: any. */
static const char *metrics_name_at(void *arg, int i) {
    const ken_desc *const d = metrics_at(i);
    const uint32_t tasks = *(const uint32_t *)arg;
    return tasks == 0 || d->tasks & tasks ? d->name : "";
}

ken_status ken_metric_find(ken_ctx *ctx, const char *name, uint32_t tasks, const ken_desc **out) {
    int n = 0;
    *out = NULL;
    for (const ken_desc *d; (d = metrics_at(n)); n++)
        if (strcmp(d->name, name) == 0) *out = d;
    if (*out) return KEN_OK;
    const char *const near = ken_nearest_name(name, n, metrics_name_at, &tasks);
    (void)KEN_FAIL(ctx, KEN_E_NOT_FOUND, "'ken models' lists them", "there is no metric '%.60s'", name);
    if (near && *near) ken_fail_hint(ctx, "did you mean '%s'? 'ken models' lists them", near);
    return KEN_E_NOT_FOUND;
}
