#include "ken/ensemble/conformal/conformal_select.h"

#include <math.h>
#include <string.h>

/* Doubles in their order as unsigned integers, and back. */
static uint64_t conformal_key(double x) {
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double conformal_of_key(uint64_t key) {
    const uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double x;
    memcpy(&x, &bits, 8);
    return x;
}

/* How many of at + score are at most x, of one fold. */
static int64_t conformal_below(const double *score, int64_t n, double at, double x) {
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (at + score[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double ken__conformal_select(const conformal_view *v, const double *said, int64_t stride, double sign) {
    if (v->rank > v->n) return INFINITY;
    double least = INFINITY, most = -INFINITY;
    for (int64_t k = 0; k < v->folds; k++) {
        if (v->offset[k] == v->offset[k + 1]) continue;
        least = fmin(least, sign * said[k * stride] + v->score[v->offset[k]]);
        most = fmax(most, sign * said[k * stride] + v->score[v->offset[k + 1] - 1]);
    }
    uint64_t low = conformal_key(least), high = conformal_key(most);
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        const double x = conformal_of_key(middle);
        int64_t count = 0;
        for (int64_t k = 0; k < v->folds; k++)
            count += conformal_below(v->score + v->offset[k], v->offset[k + 1] - v->offset[k], sign * said[k * stride], x);
        if (count >= v->rank)
            high = middle;
        else
            low = middle + 1;
    }
    return conformal_of_key(low);
}
