/* The kernel table: everything hot, chosen once per context by instruction set. Sources stand in
 * kernels/isa/, each compiled once per instruction set; `generic` is complete, portable and the
 * oracle (level 2: multiply, then add, in the fixed 16-lane order). Elsewhere nobody writes an
 * intrinsic. Elementary functions: elementary.h. */
#ifndef KEN_KERNELS_KERNELS_H
#define KEN_KERNELS_KERNELS_H

#include "ken/core/compiler.h"

KEN_BEGIN_C

/* Matrices of the kernels below are row-major with padded rows: `ld` is a multiple of KEN_LANES, at
 * least the number of columns, and the cells between are zero. */
enum { KEN_LANES = 16 };
static inline int64_t ken_pad(int64_t d) { return (d + KEN_LANES - 1) / KEN_LANES * KEN_LANES; }

/* State and results of scan_survey; zero it, then set quote (0: none), newline, first[] = -1 and
 * carry: 1 when the piece starts a line. */
typedef struct ken_survey {
    char quote, newline;
    uint64_t carry, inside;      /* private: between calls and blocks */
    int64_t quotes;
    int64_t rows[2];             /* ends of lines that are not blank; [1]: if it starts inside quotes */
    int64_t first[2];            /* offset of the first end of a line, -1: none */
    int first_is_row[2];         /* that line was not blank */
    uint64_t non_ascii, nul;     /* not 0: there are such bytes */
} ken_survey;

/* State and results of scan_index; zero it, then set the characters, the arrays and carry: 1 (the
 * text starts a cell). A call appends at most n positions and may write 8 more places. */
typedef struct ken_scan {
    char delimiter, quote, newline;
    uint64_t carry, inside;
    uint64_t irregular;          /* not 0: a quote stands where pairing by parity is wrong */
    uint32_t at;                 /* offset of the next byte */
    uint32_t *pos, *ends;        /* ends of cells; which of those, by number, end a line */
    int64_t n_pos, n_ends;
} ken_scan;

/* A cell: `size` bytes from `start` on. */
typedef struct ken_span {
    uint32_t start, size;
} ken_span;

/* A question of a tree (isa/trees.c): rows at `place` whose code in `slot` is greater than `rank`
 * (below 255) go right. Codes are (slots, KEN_TREE_GROUP): a slot's for a group of rows. */
enum { KEN_TREE_GROUP = 512 };
typedef struct ken_tree_ask {
    uint16_t slot;
    uint8_t place, rank;
} ken_tree_ask;

/* What the search for the best threshold (isa/split.c) knows of a node: how whole sums become real ones,
 * the node's, penalties, the least of H on a side; shift: of packed words, of `rows` rows. */
typedef struct ken_split_node {
    double unit_g, unit_h, total_g, total_h, l1, l2, least;
    int64_t rows;
    int shift;
} ken_split_node;
/* ... and of a column: sums by place (g NULL: packed words at h), what joins the left side, where to look. */
typedef struct ken_split_column {
    const int64_t *g, *h;
    double missing_g, missing_h;
    int from, to; /* 0 <= from, to <= 256 */
} ken_split_column;
typedef struct ken_split_best {
    double gain;
    int place;
    int64_t g, h;
} ken_split_best;
/* A family of splits of a node whose outputs stand side by side (isa/hist_vector.c). Place i leaves place[i]
 * and those listed before it on the left, beside what `start` says; single: place[i] alone. */
typedef struct ken_vector_gains {
    const int64_t *g, *h; /* sums: `width` numbers a place, gradients and hessians below 2^51; h NULL: packed in g */
    int shift;            /* bits of a packed hessian */
    int width, lanes;     /* lanes <= width of them count; both multiples of 4 */
    const uint8_t *place; /* (n) */
    int n;                /* <= 256 */
    bool single;
    const double *unit_g, *unit_h;   /* (lanes) powers of two, what 1 stands for; unit_g 0: counts nothing */
    const double *total_g, *total_h; /* (lanes) of the node, in units */
    const double *start_g, *start_h; /* (lanes) likewise */
    double l1, l2;
} ken_vector_gains;

typedef struct ken_kernels {
    const char *isa;
    /* --- vectors (isa/vector.c): double, contiguous --- */
    double (*dot)(const double *x, const double *y, int64_t n);
    double (*sum)(const double *x, int64_t n);
    void (*axpy)(double a, const double *x, double *y, int64_t n); /* y += a x */
    /* --- rows x columns (isa/matrix.c): one chain of sums per output, row after row --- */
    /* out[i * stride] = b + x_i . w for n rows of d numbers. Any ld >= d, no padding needed. */
    void (*gemv)(const double *X, int64_t n, int64_t d, int64_t ld, const double *w, double b,
                 double *out, int64_t stride);
    /* C (m, ldb) += A' B with A (n, m) of row length lda, any; B (n, ldb) padded. */
    void (*gemm_tn)(const double *A, int64_t m, int64_t lda, const double *B, int64_t ldb,
                    int64_t n, double *C);
    /* G (ld, ld) += X' diag(w) X for X (n, ld) padded; w NULL: ones. Only the upper triangle (and
     * some cells below the diagonal) is written: ken_mirror makes it whole. */
    void (*syrk)(const double *X, int64_t n, int64_t ld, const double *w, double *G);
    /* --- elementary functions over arrays (isa/lanes.c): out may be x; the bits of elementary.h --- */
    void (*exp_n)(const double *x, double *out, int64_t n);
    void (*log_n)(const double *x, double *out, int64_t n);
    void (*log1p_n)(const double *x, double *out, int64_t n);
    void (*expm1_n)(const double *x, double *out, int64_t n);
    void (*tanh_n)(const double *x, double *out, int64_t n);
    void (*sigmoid_n)(const double *x, double *out, int64_t n);  /* 1 / (1 + exp(-x)) */
    void (*softplus_n)(const double *x, double *out, int64_t n); /* log(1 + exp(x)) */
    /* Rows of k margins become probabilities; lse[i] (may be NULL) is log(sum(exp(row))). */
    void (*softmax_rows)(double *M, int64_t n, int64_t k, double *lse);
    /* --- histograms and trees (isa/hist.c): whole numbers, the same on every instruction set --- */
    /* out[i * stride] = number of edges below x[i], NaN: missing. edge has 256 places, ascending,
     * +infinity from place n_edges (<= 254) on. */
    void (*bin_f64)(const double *x, int64_t n, const double *edge, int n_edges, int missing,
                    uint8_t *out, int64_t stride);
    void (*bin_f32)(const float *x, int64_t n, const float *edge, int n_edges, int missing,
                    uint8_t *out, int64_t stride);
    /* hist[j][code of row i in column j] += gh[i] for n rows given by number (codes row-major) and d
     * columns, or the d columns listed. A word is gradient << shift | hessian. */
    void (*hist_add)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                     const uint64_t *gh, int d, uint64_t *const *hist);
    void (*hist_add_some)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                          const uint64_t *gh, const int32_t *column, int d, uint64_t *const *hist);
    /* g += gradients, h += hessians of n packed words, which become 0 (narrow: -=, they stay). */
    void (*hist_widen)(uint64_t *packed, int64_t n, int shift, int64_t *g, int64_t *h);
    void (*hist_narrow)(const uint64_t *packed, int64_t n, int shift, int64_t *g, int64_t *h);
    /* from[i] -= words[i], whatever they hold. */
    void (*hist_subtract)(const uint64_t *words, int64_t n, uint64_t *from);
    /* out[i] = round(g[i] scale_g) << shift | round(h[i] scale_h), the latter at least 1; h NULL: 1. */
    void (*hist_pack)(const double *g, const double *h, int64_t n, double scale_g, double scale_h,
                      int shift, uint64_t *out);
    /* The least and the greatest hessian of n words. */
    void (*hist_range)(const uint64_t *gh, int64_t n, int shift, uint64_t range[2]);
    /* gain[b] = score(left) + score(total - left), left = (G[b], H[b]) + missing; -1 where a side has
     * less than `least` of H. score(G, H) = max(|G| - l1, 0)^2 / (H + l2). */
    void (*split_gains)(const double *G, const double *H, int n, const double total[2],
                        const double missing[2], double l1, double l2, double least, double *gain);
    /* The place b of from <= b < to whose gain (as above, left: the sums of places 0 .. b) is greatest and
     * above best->gain: it and its sums replace *best; ties: the lowest. place -1: there is none. */
    void (*split_scan)(const ken_split_node *node, const ken_split_column *column, ken_split_best *best);
    /* --- several outputs a row (isa/hist_vector.c): likewise --- */
    /* hist_add and hist_add_some with `width` (a multiple of 4) words a place and a row: row i adds
     * words[rows[i] * width ...]. column NULL: the first d. */
    void (*vector_add)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                       const uint64_t *words, int width, const int32_t *column, int d,
                       uint64_t *const *hist);
    /* gain[i] = sum over the lanes of score(left) + score(total - left). No side is checked to have rows. */
    void (*vector_gains)(const ken_vector_gains *family, double *gain);
    /* mark[i] = left[codes[rows[i] * stride]] (0 or 1); returns their sum. */
    int64_t (*partition_mark)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                              const uint8_t *left, uint8_t *mark);
    /* Marked items go to out[left ...], the others to out[right ...], in their order. */
    void (*partition_move)(const uint8_t *mark, const uint32_t *rows, const uint64_t *gh, int64_t n,
                           uint32_t *out_rows, uint64_t *out_gh, int64_t left, int64_t right);
    /* --- trees (isa/trees.c): whole numbers, the same on every instruction set. rows <=
     * KEN_TREE_GROUP; all codes up to the group's end may be read and all places there written --- */
    /* place[r] where row r ends: 0, or 1 + the last of n <= 255 questions that sent it right.
     * tree_many: from so many rows on that is faster than walking each row (0: never). */
    int tree_many;
    void (*tree_places)(const ken_tree_ask *ask, int n, const uint8_t *codes, int64_t rows,
                        uint8_t *place);
    /* The same for depth <= 8 questions, one for each level: the first gives the highest bit. */
    void (*tree_levels)(const ken_tree_ask *ask, int depth, const uint8_t *codes, int64_t rows,
                        uint8_t *place);
    /* --- TreeSHAP (isa/treeshap.c): m points a row, a multiple of 8; the same bits on every instruction set --- */
    /* to (rows, m) = from * ratio[state of the row]; ratio (states, m). */
    void (*shap_down)(const double *ratio, int m, const uint8_t *state, int rows, const double *from,
                      double *to);
    /* sum (rows, m) += below; phi[r * stride] += weight[state of the row] . below. */
    void (*shap_up)(const double *weight, int m, const uint8_t *state, int rows, const double *below,
                    double *sum, double *phi, int64_t stride);
    /* --- codes (isa/codes.c): whole numbers, the same on every instruction set --- */
    /* range: the least and the greatest of n codes other than `skip` (least > greatest: there is
     * none), and 255 when `skip` occurs, else 0. */
    void (*code_range)(const uint8_t *x, int64_t n, uint8_t skip, uint8_t range[3]);
    /* --- text scanning (isa/scan.c): whole numbers, the same on every instruction set. Pieces of
     * one text one after another; all but the last are multiples of 64 bytes --- */
    int64_t (*scan_survey)(ken_survey *s, const char *text, int64_t n);
    int64_t (*scan_index)(ken_scan *s, const char *text, int64_t n);
    /* Numbers from cells, correctly rounded (isa/decimal.c). Return how many were read before the
     * first cell that is no plain short number. 17 bytes from the start of each cell must be
     * readable. */
    int64_t (*read_decimals)(const char *text, const ken_span *span, int64_t n, char point, double *out);
    int64_t (*read_integers)(const char *text, const ken_span *span, int64_t n, int64_t *out);
    /* --- checksums (isa/digest.c): false, and nothing done: use core/sha256.h --- */
    bool (*sha256_blocks)(uint32_t state[8], const void *data, int64_t n_blocks);
} ken_kernels;

/* By name, NULL: not compiled in or not on this CPU. "best": the best that runs here. */
KEN_API const ken_kernels *ken_kernels_find(const char *isa);
/* Those that run here, best first; NULL past the end. */
KEN_API const ken_kernels *ken_kernels_at(int i);

/* Copy the upper triangle of G (d, d) of row length ld to the lower one. */
static inline void ken_mirror(double *G, int64_t d, int64_t ld) {
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < i; j++) G[i * ld + j] = G[j * ld + i];
}

KEN_END_C

#endif
