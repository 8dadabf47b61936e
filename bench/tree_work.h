/* How much work the trees of a model stand for: what ken_bench counts the least operations by. */
#ifndef BENCH_TREE_WORK_H
#define BENCH_TREE_WORK_H

#include "ken/ken.h"

/* The trees of a model, as far as its work follows from them. */
typedef struct tree_work {
    double trees;
    double depths;     /* sum over the trees of log2(leaves) */
    double leaf_depth; /* sum of the depths of all leaves */
    double passed;     /* rows in nodes that were split */
    double smaller;    /* rows of each root, and of the smaller child wherever a child was split again */
} tree_work;

tree_work tree_work_of(const ken_model *model);

#endif
