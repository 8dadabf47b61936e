/* Which rows and columns a tree sees. Read next: ken/boosting/boosting_grow.h. */
#include <math.h>
#include <stdlib.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/rng.h"

bool ken__boosting_samples_rows(const ken_boosting_params *p) {
    if (p->sampling == KEN_BOOSTING_GOSS) return p->top_rate + p->other_rate < 1;
    return p->row_fraction < 1;
}

const uint32_t *ken__boosting_draw_rows(ken_ctx *ctx, boosting_fit *s, int64_t *n) {
    *n = s->n_usable;
    if (!s->rows) return s->usable;
    ken_rng rng = ken_rng_stream(ctx, "boosting.rows", s->n_trees);
    const double limit = s->p->row_fraction * 4294967296.0;
    int64_t in = 0, out = s->n_usable;
    for (int64_t i = 0; i < s->n_usable; i++) {
        const bool taken = (double)ken_rng_u32(&rng) < limit;
        s->rows[taken ? in : out - 1] = s->usable ? s->usable[i] : (uint32_t)i;
        in += taken;
        out -= !taken;
    }
    *n = in;
    return s->rows;
}

static int boosting_by_number(const void *a, const void *b) {
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

double ken__boosting_column_fraction(const boosting_fit *s) {
    if (s->p->column_fraction > 0) return s->p->column_fraction;
    return s->binned.d < 8 ? 1.0 : s->loss.label ? 0.7 : 0.8;
}

const int32_t *ken__boosting_draw_columns(ken_ctx *ctx, boosting_fit *s, int *n) {
    const int d = s->binned.d;
    *n = (int)ceil(ken__boosting_column_fraction(s) * d);
    if (*n >= d || d == 0) return NULL;
    ken_rng rng = ken_rng_stream(ctx, "boosting.columns", s->n_trees);
    for (int j = 0; j < d; j++) s->columns[j] = j;
    for (int j = 0; j < *n; j++) {
        const int other = j + (int)ken_rng_below(&rng, (uint64_t)(d - j));
        const int32_t swap = s->columns[j];
        s->columns[j] = s->columns[other];
        s->columns[other] = swap;
    }
    qsort(s->columns, (size_t)*n, sizeof *s->columns, boosting_by_number);
    return s->columns;
}
