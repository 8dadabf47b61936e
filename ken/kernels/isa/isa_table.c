/* The table of one instruction set: one line per kernel, in the order of kernels.h. A kernel lives in
 * its own file of this folder; its prototype stands here, because nothing else calls it by name. */
#include "ken/kernels/isa/isa.h"

/* --- vector.c --- */
double KEN_K(dot)(const double *x, const double *y, int64_t n);
double KEN_K(sum)(const double *x, int64_t n);
void KEN_K(axpy)(double a, const double *x, double *y, int64_t n);
/* --- matrix.c --- */
void KEN_K(gemv)(const double *X, int64_t n, int64_t d, int64_t ld, const double *w, double b,
                 double *out, int64_t stride);
void KEN_K(gemm_tn)(const double *A, int64_t m, int64_t lda, const double *B, int64_t ldb,
                    int64_t n, double *C);
void KEN_K(syrk)(const double *X, int64_t n, int64_t ld, const double *w, double *G);
/* --- lanes.c --- */
void KEN_K(exp_n)(const double *x, double *out, int64_t n);
void KEN_K(log_n)(const double *x, double *out, int64_t n);
void KEN_K(log1p_n)(const double *x, double *out, int64_t n);
void KEN_K(expm1_n)(const double *x, double *out, int64_t n);
void KEN_K(tanh_n)(const double *x, double *out, int64_t n);
void KEN_K(sigmoid_n)(const double *x, double *out, int64_t n);
void KEN_K(softplus_n)(const double *x, double *out, int64_t n);
void KEN_K(softmax_rows)(double *M, int64_t n, int64_t k, double *lse);
/* --- hist.c --- */
void KEN_K(bin_f64)(const double *x, int64_t n, const double *edge, int n_edges, int missing,
                    uint8_t *out, int64_t stride);
void KEN_K(bin_f32)(const float *x, int64_t n, const float *edge, int n_edges, int missing,
                    uint8_t *out, int64_t stride);
void KEN_K(hist_add)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                     const uint64_t *gh, int d, uint64_t *const *hist);
void KEN_K(hist_add_some)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                          const uint64_t *gh, const int32_t *column, int d, uint64_t *const *hist);
void KEN_K(hist_widen)(uint64_t *packed, int64_t n, int shift, int64_t *g, int64_t *h);
void KEN_K(hist_narrow)(const uint64_t *packed, int64_t n, int shift, int64_t *g, int64_t *h);
void KEN_K(hist_subtract)(const uint64_t *words, int64_t n, uint64_t *from);
void KEN_K(hist_pack)(const double *g, const double *h, int64_t n, double scale_g, double scale_h,
                      int shift, uint64_t *out);
void KEN_K(hist_range)(const uint64_t *gh, int64_t n, int shift, uint64_t range[2]);
void KEN_K(split_gains)(const double *G, const double *H, int n, const double total[2],
                        const double missing[2], double l1, double l2, double least, double *gain);
int64_t KEN_K(partition_mark)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                              const uint8_t *left, uint8_t *mark);
void KEN_K(partition_move)(const uint8_t *mark, const uint32_t *rows, const uint64_t *gh, int64_t n,
                           uint32_t *out_rows, uint64_t *out_gh, int64_t left, int64_t right);
/* --- hist_vector.c --- */
void KEN_K(vector_add)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                       const uint64_t *words, int width, const int32_t *column, int d,
                       uint64_t *const *hist);
void KEN_K(vector_gains)(const ken_vector_gains *v, double *gain);
/* --- trees.c --- */
void KEN_K(tree_places)(const ken_tree_ask *ask, int n, const uint8_t *codes, int64_t rows,
                        uint8_t *place);
void KEN_K(tree_levels)(const ken_tree_ask *ask, int depth, const uint8_t *codes, int64_t rows,
                        uint8_t *place);
/* --- treeshap.c --- */
void KEN_K(shap_down)(const double *ratio, int m, const uint8_t *state, int rows, const double *from,
                      double *to);
void KEN_K(shap_up)(const double *weight, int m, const uint8_t *state, int rows, const double *below,
                    double *sum, double *phi, int64_t stride);
/* --- codes.c --- */
void KEN_K(code_range)(const uint8_t *x, int64_t n, uint8_t skip, uint8_t range[3]);
/* --- split.c --- */
void KEN_K(split_scan)(const ken_split_node *node, const ken_split_column *column, ken_split_best *best);
/* --- scan.c --- */
int64_t KEN_K(scan_survey)(ken_survey *s, const char *text, int64_t n);
int64_t KEN_K(scan_index)(ken_scan *s, const char *text, int64_t n);
/* --- decimal.c --- */
int64_t KEN_K(read_decimals)(const char *text, const ken_span *span, int64_t n, char point, double *out);
int64_t KEN_K(read_integers)(const char *text, const ken_span *span, int64_t n, int64_t *out);
/* --- digest.c --- */
bool KEN_K(sha256_blocks)(uint32_t state[8], const void *data, int64_t n_blocks);

extern const ken_kernels KEN_K(table);
const ken_kernels KEN_K(table) = {
    .isa = KEN_STRING_OF(KEN_ISA),
    /* --- vector.c --- */
    .dot = KEN_K(dot),
    .sum = KEN_K(sum),
    .axpy = KEN_K(axpy),
    /* --- matrix.c --- */
    .gemv = KEN_K(gemv),
    .gemm_tn = KEN_K(gemm_tn),
    .syrk = KEN_K(syrk),
    /* --- lanes.c --- */
    .exp_n = KEN_K(exp_n),
    .log_n = KEN_K(log_n),
    .log1p_n = KEN_K(log1p_n),
    .expm1_n = KEN_K(expm1_n),
    .tanh_n = KEN_K(tanh_n),
    .sigmoid_n = KEN_K(sigmoid_n),
    .softplus_n = KEN_K(softplus_n),
    .softmax_rows = KEN_K(softmax_rows),
    /* --- hist.c --- */
    .bin_f64 = KEN_K(bin_f64),
    .bin_f32 = KEN_K(bin_f32),
    .hist_add = KEN_K(hist_add),
    .hist_add_some = KEN_K(hist_add_some),
    .hist_widen = KEN_K(hist_widen),
    .hist_narrow = KEN_K(hist_narrow),
    .hist_subtract = KEN_K(hist_subtract),
    .hist_pack = KEN_K(hist_pack),
    .hist_range = KEN_K(hist_range),
    .split_gains = KEN_K(split_gains),
    .partition_mark = KEN_K(partition_mark),
    .partition_move = KEN_K(partition_move),
    /* --- hist_vector.c --- */
    .vector_add = KEN_K(vector_add),
    .vector_gains = KEN_K(vector_gains),
    /* --- trees.c --- */
#if KEN_AVX512
    .tree_many = 64,
#elif KEN_AVX2
    .tree_many = 160,
#endif
    .tree_places = KEN_K(tree_places),
    .tree_levels = KEN_K(tree_levels),
    /* --- treeshap.c --- */
    .shap_down = KEN_K(shap_down),
    .shap_up = KEN_K(shap_up),
    /* --- codes.c --- */
    .code_range = KEN_K(code_range),
    /* --- split.c --- */
    .split_scan = KEN_K(split_scan),
    /* --- scan.c --- */
    .scan_survey = KEN_K(scan_survey),
    .scan_index = KEN_K(scan_index),
    /* --- decimal.c --- */
    .read_decimals = KEN_K(read_decimals),
    .read_integers = KEN_K(read_integers),
    /* --- digest.c --- */
    .sha256_blocks = KEN_K(sha256_blocks),
};
