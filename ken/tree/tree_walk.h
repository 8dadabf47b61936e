/* Steps through the nodes of the layout (tree_layout.h), for the files of tree prediction alone. */
#ifndef KEN_TREE_TREE_WALK_H
#define KEN_TREE_TREE_WALK_H

#include "ken/tree/tree_layout.h"

/* One step of one walker from node n. codes: of its row in slot 0; those of a slot are `stride` apart, of one
 * byte or two. A leaf leads to itself. */
#define KEN_TREE_STEP(node, codes, stride, n) \
    ((node)[n].left + ((codes)[(int64_t)(node)[n].slot * (stride)] > (node)[n].rank))

/* Where one row ends in any tree, also one with sets of levels: a node of the layout. */
static inline uint32_t ken__tree_walk(const ken_ensemble *e, int32_t tree, const uint16_t *codes,
                                      int64_t stride) {
    const int64_t first = e->tree_offset[tree];
    const ken_tree_node *node = e->layout->node + first;
    uint32_t n = 0;
    while (node[n].rank != KEN_TREE_LEAF) {
        const uint32_t code = codes[(int64_t)node[n].slot * stride];
        uint32_t right = code > node[n].rank;
        if (node[n].rank == KEN_TREE_SET) {
            const int64_t i = first + e->layout->origin[first + n];
            const uint32_t word = code >> 5;
            right =
                code == 0xFFFF || word >= (uint32_t)e->category_words[i]
                    ? !e->missing_left[i]
                    : ~((uint32_t)e->category_bits[e->category[i] + (int32_t)word] >> (code & 31)) &
                          1;
        }
        n = node[n].left + right;
    }
    return n;
}

#endif
