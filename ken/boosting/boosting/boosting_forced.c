/* Forced splits from their text:  node = name "<=" number [ "(" [node] [";" [node]] ")" ],  where the
 * brackets hold what is asked next on the left and on the right side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/text.h"

enum { FORCED_DEPTH = 64 };

typedef struct forced_parser {
    ken_ctx *ctx;
    boosting_fit *s;
    const ken_table *X;
    const char *at;
    size_t n, capacity;
    char *name; /* room for all of the text */
} forced_parser;

static ken_status forced_fail(const forced_parser *p, const char *what) {
    return KEN_FAIL(p->ctx, KEN_E_ARG, "write it as in forced='age<=30(income<=5;price<=2.5)'",
                    "boosting: forced: %s at '%.40s'", what, p->at);
}

/* The binned column of a name; -1: one that cannot be cut. */
static ken_status forced_column(forced_parser *p, int32_t *column) {
    const char *const end = strstr(p->at, "<=");
    int j;
    if (!end || end == p->at) return forced_fail(p, "a column and '<=' are missing");
    memcpy(p->name, p->at, (size_t)(end - p->at));
    p->name[end - p->at] = 0;
    KEN_TRY(ken_table_require(p->ctx, p->X, p->name, &j));
    if (ken_table_column(p->X, j)->dtype == KEN_CATEGORY) return forced_fail(p, "a category has no order");
    p->at = end + 2;
    *column = -1;
    for (int32_t b = 0; b < p->s->binned.d; b++)
        if (p->s->source[b] == j) *column = b;
    return KEN_OK;
}

static ken_status forced_number(forced_parser *p, double *value) {
    const size_t size = strcspn(p->at, "(;)");
    if (!ken_parse_f64(p->at, size, value) || isnan(*value)) return forced_fail(p, "a number is missing");
    p->at += size;
    return KEN_OK;
}

/* *out: 1 + the node's place, 0: none. */
static ken_status forced_node(forced_parser *p, int depth, int32_t *out) {
    int32_t column = -1, child[2] = {0, 0};
    double value;
    *out = 0;
    if (*p->at == ';' || *p->at == ')') return KEN_OK;
    if (depth > FORCED_DEPTH) return forced_fail(p, "too deep");
    KEN_TRY(forced_column(p, &column));
    KEN_TRY(forced_number(p, &value));
    KEN_TRY(BOOSTING_RESERVE(p->ctx, p->s->forced, p->capacity, p->n + 1));
    const size_t here = p->n++;
    if (*p->at == '(') {
        for (int c = 0; c < 2; c++) {
            p->at++;
            KEN_TRY(forced_node(p, depth + 1, &child[c]));
            if (*p->at != ';') break;
        }
        if (*p->at != ')') return forced_fail(p, "')' is missing");
        p->at++;
    }
    if (column < 0) return KEN_OK; /* constant here: nothing below can be reached */
    const ken_bin_feature *const f = &p->s->feature[column];
    int32_t bin = 0;
    while (bin < f->n_bins - 1 && f->edge[bin] < value) bin++;
    p->s->forced[here] = (boosting_forced){column, bin, child[0], child[1]};
    *out = (int32_t)here + 1;
    return KEN_OK;
}

ken_status ken__boosting_force(ken_ctx *ctx, boosting_fit *s, const ken_table *X) {
    const char *const text = s->p->forced ? s->p->forced : "";
    forced_parser p = {.ctx = ctx, .s = s, .X = X, .at = text};
    const ken_mark mark = ken_scratch_mark(ctx);
    if (!*text) return KEN_OK;
    if (s->rules.oblivious)
        return KEN_FAIL(ctx, KEN_E_ARG, "use growth=leafwise or growth=depthwise",
                        "boosting: forced splits are not for growth=oblivious");
    KEN_TRY(KEN_SCRATCH(ctx, char, strlen(text) + 1, &p.name));
    KEN_TRY(forced_node(&p, 0, &s->rules.first_forced));
    if (*p.at) return forced_fail(&p, "there is something left over");
    s->rules.forced = s->forced;
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}
