/* Formulas as text, with their first and second derivatives by one variable: "0.5*(y-p)^2".
 *
 *   numbers, variables, + - * / ^, comparisons (1 or 0), parentheses, and
 *   exp log log1p sqrt abs sigmoid softplus tanh (one argument), pow max min (two), if(condition, a, b)
 *
 * ^ binds more than a sign and groups to the right: -x^2^3 is -(x^(2^3)). Arguments stand apart by ',' or ';'.
 * Where a function has no derivative (abs at 0, a comparison, the edge of if) it is that of one side.
 *
 * A formula is a list of steps on a stack; derivatives go forward with the values (dual numbers of second order;
 * Rall 1981), a block of rows at a time. The same bits for any number of threads. */
#ifndef KEN_MATH_EXPRESSION_H
#define KEN_MATH_EXPRESSION_H

#include "ken/core/ctx.h"
#include "ken/kernels/kernels.h"

KEN_BEGIN_C

enum {
    KEN_EXPRESSION_BLOCK = 64,  /* rows of a call */
    KEN_EXPRESSION_STACK = 24,  /* values that wait at once */
    KEN_EXPRESSION_STEPS = 2000,
    KEN_EXPRESSION_VARIABLES = 8
};

typedef struct ken_expression ken_expression;

/* who     in messages: "boosting: objective".
 * names   of the variables, NULL-ended, at most 8.
 * errors  KEN_E_ARG, with the place in the text: what is not understood, unknown names, too long or too deep */
KEN_API ken_status ken_expression_new(ken_ctx *ctx, const char *who, const char *text, const char *const *names,
                                      ken_expression **out);
KEN_API void ken_expression_free(ken_ctx *ctx, ken_expression *expression); /* NULL is fine */
/* n (at most KEN_EXPRESSION_BLOCK) rows. value (n); slope and bend (n) the derivatives by variable `by`, or both
 * NULL. variable[v] (n) belongs to names[v]. */
KEN_API void ken_expression_eval(const ken_expression *expression, const ken_kernels *kernels,
                                 const double *const *variable, int by, int64_t n, double *value, double *slope,
                                 double *bend);

KEN_END_C

#endif
