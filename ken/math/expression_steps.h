/* The steps of a formula; for expression.c and expression_eval.c alone. */
#ifndef KEN_MATH_EXPRESSION_STEPS_H
#define KEN_MATH_EXPRESSION_STEPS_H

#include "ken/math/expression.h"

typedef enum expression_op {
    EXPRESSION_NUMBER,
    EXPRESSION_VARIABLE,
    EXPRESSION_NEGATE,
    EXPRESSION_ADD,
    EXPRESSION_SUBTRACT,
    EXPRESSION_MULTIPLY,
    EXPRESSION_DIVIDE,
    EXPRESSION_POW,
    EXPRESSION_MAX,
    EXPRESSION_MIN,
    EXPRESSION_IF,
    EXPRESSION_LESS,
    EXPRESSION_MORE,
    EXPRESSION_AT_MOST,
    EXPRESSION_AT_LEAST,
    EXPRESSION_EQUAL,
    EXPRESSION_UNEQUAL,
    EXPRESSION_EXP,
    EXPRESSION_LOG,
    EXPRESSION_LOG1P,
    EXPRESSION_SQRT,
    EXPRESSION_ABS,
    EXPRESSION_SIGMOID,
    EXPRESSION_SOFTPLUS,
    EXPRESSION_TANH
} expression_op;

typedef struct expression_step {
    expression_op op;
    int variable;
    double number;
} expression_step;

struct ken_expression {
    expression_step *step; /* (n); the stack holds one value after the last */
    int n;
};

#endif
