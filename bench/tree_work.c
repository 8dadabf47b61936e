#include "bench/tree_work.h"

#include <stdlib.h>

static double log2_of(int64_t leaves) { /* linear between powers of two */
    double whole = 0, size = 1;
    while (2 * size <= (double)leaves) size *= 2, whole++;
    return whole + (double)leaves / size - 1;
}

tree_work tree_work_of(const ken_model *model) {
    const ken_tensor *offsets = ken_model_attr(model, "tree_offset");
    const int64_t *offset = offsets->data;
    const int32_t *feature = ken_model_attr(model, "feature")->data;
    const int32_t *left = ken_model_attr(model, "left")->data, *right = ken_model_attr(model, "right")->data;
    const double *cover = ken_model_attr(model, "cover")->data;
    tree_work w = {.trees = (double)offsets->shape[0] - 1};
    for (int64_t t = 0; t + 1 < offsets->shape[0]; t++) {
        const int64_t first = offset[t], size = offset[t + 1] - first;
        int32_t *depth = malloc((size_t)size * sizeof *depth);
        if (!depth) abort();
        depth[0] = 0;
        for (int64_t j = 0; j < size; j++) {
            const int64_t i = first + j, l = first + left[i], r = first + right[i];
            if (feature[i] < 0) {
                w.leaf_depth += depth[j];
                continue;
            }
            depth[left[i]] = depth[right[i]] = depth[j] + 1;
            w.passed += cover[i];
            if (j == 0) w.smaller += cover[i];
            if (feature[l] >= 0 || feature[r] >= 0) w.smaller += cover[l] < cover[r] ? cover[l] : cover[r];
        }
        w.depths += log2_of(size / 2 + 1);
        free(depth);
    }
    return w;
}
