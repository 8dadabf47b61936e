/* A formula of any text: refused with a message, or the same value, slope and bend each time, row by row as in
 * blocks; and none of either by a variable that is not there. */
#include "fuzz/fuzz.h"

#include "ken/math/expression.h"

static int fuzz_same(double a, double b) { return a == b || (a != a && b != b); }

static void fuzz_eval(const ken_expression *e) {
    double x[3][KEN_EXPRESSION_BLOCK], out[3][KEN_EXPRESSION_BLOCK], one[3];
    const double *const variable[] = {x[0], x[1], x[2]};
    for (int i = 0; i < KEN_EXPRESSION_BLOCK; i++) x[0][i] = i - 9, x[1][i] = i % 7 - 3, x[2][i] = 1e3 / (i + 1);
    ken_expression_eval(e, ken_kernels_at(0), variable, 1, KEN_EXPRESSION_BLOCK, out[0], out[1], out[2]);
    for (int i = 0; i < KEN_EXPRESSION_BLOCK; i++) {
        const double *const row[] = {&x[0][i], &x[1][i], &x[2][i]};
        ken_expression_eval(e, ken_kernels_at(0), row, 1, 1, &one[0], &one[1], &one[2]);
        for (int k = 0; k < 3; k++) FUZZ_CHECK(fuzz_same(one[k], out[k][i]));
        ken_expression_eval(e, ken_kernels_at(0), row, 7, 1, &one[0], &one[1], &one[2]);
        FUZZ_CHECK(one[1] == 0 && one[2] == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"y", "p", "w", NULL};
    fuzz_memory memory;
    ken_ctx *ctx = fuzz_begin(&memory);
    char *text = malloc(size + 1);
    ken_expression *e;
    FUZZ_CHECK(text);
    if (size > 0) memcpy(text, data, size);
    text[size] = 0;
    if (ken_expression_new(ctx, "fuzz", text, names, &e) == KEN_OK)
        fuzz_eval(e);
    else
        FUZZ_CHECK(ken_ctx_message(ctx)[0] != 0 && !e);
    ken_expression_free(ctx, e);
    free(text);
    fuzz_end(ctx, &memory);
    return 0;
}
