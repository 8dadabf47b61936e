/* Trees whose leaves hold a value for each output, one tree a round: what the growth of a tree
 * (boosting_grower.h) needs to know besides. A place of a histogram has `width` words side by side, one for each
 * searched output, then one that counts: its gradient is the number of rows, its hessian their sum of
 * hessians over all outputs. The words that the grower moves with the rows are such sums, too (gradient 0), so
 * that nodes know their weight; sums of single outputs are found where they are needed, from a histogram
 * (boosting_vector_split.c) or, for leaves, from the rows (boosting/boosting_vector.c).
 *
 *     gain = sum over outputs k of  S(G_k left, H_k left) + S(G_k right, H_k right) - S(G_k, H_k)
 *
 * With many outputs the search looks at some of them only (a sketch), those of greatest gradients.
 *
 * source  Zhang & Jung 2021 (IEEE TNNLS, GBDT-MO); Iosipoi & Vakhrushev 2022 (NeurIPS, SketchBoost).
 *         Peers: XGBoost multi_strategy=multi_output_tree, CatBoost MultiClass. */
#ifndef KEN_BOOSTING_BOOSTING_VECTOR_H
#define KEN_BOOSTING_BOOSTING_VECTOR_H

#include "ken/boosting/boosting_loss.h"

KEN_BEGIN_C

enum {
    VECTOR_SEARCHED = 31, /* most outputs that a search looks at */
    VECTOR_WIDTH = 32,
    BOOSTING_VECTOR_CHUNK = 2048 /* rows whose packed sums cannot carry, whatever the scales of the outputs */
};
static const int64_t VECTOR_ROWS = INT64_C(1) << 29; /* sums of 21 bits each stay below 2^51 */

typedef struct boosting_vector {
    int outputs;
    int searched;          /* <= outputs, VECTOR_SEARCHED */
    int width;             /* words a place and a row: searched + 1, up to a multiple of 4 */
    const uint64_t *words; /* (n_train, width), what is behind the counting word is 1 */
    double unit_g[VECTOR_WIDTH], unit_h[VECTOR_WIDTH]; /* what 1 stands for; unit_g 0 where not searched */
} boosting_vector;

/* --- boosting_loss_vector.c --- */
/* The scale of each output, then the packed words of all outputs of all training rows: words[i * stride + k].
 * All have the same shift. */
ken_status ken__boosting_loss_pack_rows(ken_ctx *ctx, const boosting_loss *loss, int stride, boosting_scale *scale,
                                        uint64_t *words);

/* --- boosting_vector_split.c: the same questions as of boosting_split.c --- */
void ken__vector_best_split(const boosting_search *search, const int32_t *columns, int begin, int end,
                            boosting_split *out);
void ken__vector_order_levels(const boosting_search *search, int32_t column, boosting_level_order *out);
bool ken__vector_add_gains(const boosting_search *search, int32_t column, const boosting_level_order *order,
                           double *const sum[2]);

KEN_END_C

#endif
