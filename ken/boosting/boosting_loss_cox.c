/* Cox's partial likelihood (1972): the margin is the logarithm of a hazard ratio. Of each moment with
 * events it asks who of those still at risk had them, so all rows hang together; one walk from the
 * latest time to the earliest finds the sums at risk, one back the gradients. Ties as Efron 1977 (the
 * tied leave the risk set one after another, on average) or Breslow 1974 (they all stay). Times are
 * sorted once. Read next: boosting_loss_aft.c. */
#include <math.h>
#include <stdlib.h>

#include "ken/boosting/boosting_loss_table.h"

typedef struct cox_row {
    double time;
    int64_t row;
    bool event;
} cox_row;

/* A moment with events: sums over those at risk S and over the tied D, what they add to the hazard. */
typedef struct cox_moment {
    double at_risk, tied, weight; /* weight: mean of the events' */
    int64_t events;
} cox_moment;

typedef struct loss_cox {
    cox_row *order;  /* (n) training rows by falling time, then validation rows so */
    double *risk;    /* (n) as order: weight e^(F - top) */
} loss_cox;

static void cox_close(ken_ctx *ctx, boosting_loss *l) {
    loss_cox *const c = l->own;
    if (!c) return;
    ken_free(ctx, c->order);
    ken_free(ctx, c->risk);
    ken_free(ctx, c);
}

static int cox_later(const void *a, const void *b) {
    const cox_row *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? 1 : -1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static ken_status cox_open(ken_ctx *ctx, boosting_loss *l) {
    loss_cox *c;
    int64_t events = 0;
    for (int64_t i = 0; l->upper && i < l->n; i++)
        if (l->upper[i] != l->y[i] && l->upper[i] < (double)INFINITY)
            return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "set loss=aft, which takes intervals, or give an event of 0 and 1",
                            "boosting: loss=cox takes targets that were seen or are open above, one lies in %g to %g",
                            l->y[i], l->upper[i]);
    KEN_TRY(KEN_ALLOC(ctx, loss_cox, 1, &c));
    l->own = c;
    KEN_TRY(KEN_ALLOC(ctx, cox_row, l->n, &c->order));
    KEN_TRY(KEN_ALLOC(ctx, double, l->n, &c->risk));
    KEN_TRY(KEN_ALLOC(ctx, double, l->n_train, &l->g));
    KEN_TRY(KEN_ALLOC(ctx, double, l->n_train, &l->h));
    for (int64_t i = 0; i < l->n; i++) {
        const bool seen = !l->upper || l->upper[i] == l->y[i];
        c->order[i] = (cox_row){l->y[i], i, seen && loss_weight(l, i) > 0};
        events += i < l->n_train && c->order[i].event;
    }
    if (events == 0)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give rows whose target was seen (event 1)",
                        "boosting: loss=cox: no training row has an event");
    qsort(c->order, (size_t)l->n_train, sizeof *c->order, cox_later);
    qsort(c->order + l->n_train, (size_t)(l->n - l->n_train), sizeof *c->order, cox_later);
    return KEN_OK;
}

static ken_status cox_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    (void)ctx, (void)l, (void)total;
    base[0] = 0; /* only ratios count */
    return KEN_OK;
}

/* What is weighed of the tied when the e-th of them goes. */
static double cox_left(const boosting_loss *l, const cox_moment *m, int64_t e) {
    return l->breslow ? 0 : (double)e / (double)m->events;
}

/* e^(F - top) of rows [begin, end) in order, times weights; returns top. */
static double cox_risks(const boosting_loss *l, int64_t begin, int64_t end) {
    const loss_cox *const c = l->own;
    double top = -(double)INFINITY;
    for (int64_t i = begin; i < end; i++) top = KEN_MAX(top, l->margin[i]);
    for (int64_t i = begin; i < end; i++) {
        const int64_t row = c->order[i].row;
        c->risk[i] = loss_weight(l, row) * ken_exp(l->margin[row] - top);
    }
    return top;
}

/* The rows of one time begin at i and end before the result; adds them to those at risk. */
static int64_t cox_moment_of(const boosting_loss *l, int64_t i, int64_t end, cox_moment *m) {
    const loss_cox *const c = l->own;
    const double time = c->order[i].time;
    m->tied = m->weight = 0;
    m->events = 0;
    for (; i < end && c->order[i].time == time; i++) {
        m->at_risk += c->risk[i];
        if (!c->order[i].event) continue;
        m->tied += c->risk[i];
        m->weight += loss_weight(l, c->order[i].row);
        m->events++;
    }
    if (m->events) m->weight /= (double)m->events;
    return i;
}

/* From the latest time to the earliest the sums at risk, kept in g and h of the first row of a time;
 * back, hazard (and, for curvatures, its squares) so far: what lies before a row's time, and its own. */
static ken_status cox_refresh(ken_ctx *ctx, boosting_loss *l) {
    const loss_cox *const c = l->own;
    const ken_mark mark = ken_scratch_mark(ctx);
    cox_moment *moment, m = {0};
    int64_t *first, n_times = 0;
    KEN_TRY(KEN_SCRATCH(ctx, cox_moment, l->n_train, &moment));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, l->n_train + 1, &first));
    cox_risks(l, 0, l->n_train);
    for (int64_t i = 0; i < l->n_train; n_times++) {
        first[n_times] = i;
        i = cox_moment_of(l, i, l->n_train, &m);
        moment[n_times] = m;
    }
    first[n_times] = l->n_train;
    double hazard = 0, squares = 0;
    for (int64_t t = n_times; t-- > 0;) {
        const cox_moment *const at = &moment[t];
        double tied = hazard, tied_squares = squares; /* of the tied, which are there in part */
        for (int64_t e = 0; e < at->events; e++) {
            const double gone = cox_left(l, at, e), sum = at->at_risk - gone * at->tied;
            if (!(sum > 0)) continue;
            hazard += at->weight / sum;
            squares += at->weight / (sum * sum);
            tied += at->weight * (1 - gone) / sum;
            tied_squares += at->weight * (1 - gone) * (1 - gone) / (sum * sum);
        }
        for (int64_t i = first[t]; i < first[t + 1]; i++) {
            const int64_t row = c->order[i].row;
            const double w = loss_weight(l, row);
            const double ratio = w > 0 ? c->risk[i] / w : 0;
            const bool event = c->order[i].event;
            l->g[row] = ratio * (event ? tied : hazard) - event;
            const double curve = ratio * (event ? tied : hazard) - ratio * c->risk[i] * (event ? tied_squares : squares);
            l->h[row] = KEN_MAX(curve, 0);
        }
    }
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* Minus the logarithm of the partial likelihood, by the weight of the events. */
static ken_status cox_mean(ken_ctx *ctx, const boosting_loss *l, int64_t begin, int64_t end, double *out) {
    const loss_cox *const c = l->own;
    const double top = cox_risks(l, begin, end);
    double sum = 0, total = 0;
    cox_moment m = {0};
    (void)ctx;
    for (int64_t i = begin; i < end;) {
        const int64_t from = i;
        i = cox_moment_of(l, i, end, &m);
        for (int64_t r = from; r < i; r++)
            if (c->order[r].event) sum -= loss_weight(l, c->order[r].row) * (l->margin[c->order[r].row] - top);
        for (int64_t e = 0; e < m.events; e++)
            sum += m.weight * ken_log(m.at_risk - cox_left(l, &m, e) * m.tied);
        total += m.weight * (double)m.events;
    }
    *out = total > 0 ? sum / total : (double)NAN;
    return KEN_OK;
}

const boosting_loss_row ken__loss_cox = {.name = "cox",
                                         .link = BOOSTING_LINK_EXP,
                                         .bounds = true,
                                         .open = cox_open,
                                         .close = cox_close,
                                         .start = cox_start,
                                         .refresh = cox_refresh,
                                         .block = ken__loss_kept_block,
                                         .mean = cox_mean};
