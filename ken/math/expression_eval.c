/* A formula on a block of rows: each value on the stack is v, its derivative d, its second derivative s. What does
 * not depend on the variable has d = s = 0, and keeps them: 0 times an infinite slope is 0. */
#include <math.h>
#include <string.h>

#include "ken/core/compiler.h"
#include "ken/kernels/elementary.h"
#include "ken/math/expression_steps.h"

typedef struct expression_value {
    double v[KEN_EXPRESSION_BLOCK], d[KEN_EXPRESSION_BLOCK], s[KEN_EXPRESSION_BLOCK];
} expression_value;

static double expression_times(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }

/* f(a), with f' and f'' of row i given. */
static void expression_chain(expression_value *a, int64_t i, double value, double first, double second) {
    const double d = a->d[i];
    a->v[i] = value;
    if (d == 0 && a->s[i] == 0) return;
    a->d[i] = expression_times(first, d);
    a->s[i] = expression_times(first, a->s[i]) + expression_times(second, d * d);
}

static void expression_one(expression_op op, expression_value *a, const ken_kernels *kernels, int64_t n) {
    double f[KEN_EXPRESSION_BLOCK];
    if (op == EXPRESSION_EXP) kernels->exp_n(a->v, f, n);
    if (op == EXPRESSION_SIGMOID || op == EXPRESSION_SOFTPLUS) kernels->sigmoid_n(a->v, f, n);
    for (int64_t i = 0; i < n; i++) {
        const double x = a->v[i];
        double r;
        switch (op) {
        case EXPRESSION_NEGATE:
            a->v[i] = -x, a->d[i] = -a->d[i], a->s[i] = -a->s[i];
            break;
        case EXPRESSION_EXP:
            expression_chain(a, i, f[i], f[i], f[i]);
            break;
        case EXPRESSION_LOG:
            expression_chain(a, i, ken_log(x), 1 / x, -1 / (x * x));
            break;
        case EXPRESSION_LOG1P:
            expression_chain(a, i, ken_log1p(x), 1 / (1 + x), -1 / ((1 + x) * (1 + x)));
            break;
        case EXPRESSION_SQRT:
            r = sqrt(x);
            expression_chain(a, i, r, 0.5 / r, -0.25 / (r * x));
            break;
        case EXPRESSION_ABS:
            expression_chain(a, i, fabs(x), x > 0 ? 1 : x < 0 ? -1 : 0, 0);
            break;
        case EXPRESSION_SIGMOID:
            expression_chain(a, i, f[i], f[i] * (1 - f[i]), f[i] * (1 - f[i]) * (1 - 2 * f[i]));
            break;
        case EXPRESSION_SOFTPLUS:
            expression_chain(a, i, ken_softplus(x), f[i], f[i] * (1 - f[i]));
            break;
        default: /* tanh */
            r = ken_tanh(x);
            expression_chain(a, i, r, 1 - r * r, -2 * r * (1 - r * r));
            break;
        }
    }
}

static void expression_multiply(expression_value *a, const expression_value *b, int64_t i) {
    const double s = expression_times(a->s[i], b->v[i]) + 2 * expression_times(a->d[i], b->d[i]) +
                     expression_times(a->v[i], b->s[i]);
    a->d[i] = expression_times(a->d[i], b->v[i]) + expression_times(a->v[i], b->d[i]);
    a->v[i] *= b->v[i];
    a->s[i] = s;
}

/* q = a / b: from a = q b, a' = q' b + q b', a'' = q'' b + 2 q' b' + q b''. */
static void expression_divide(expression_value *a, const expression_value *b, int64_t i) {
    const bool constant = a->d[i] == 0 && a->s[i] == 0 && b->d[i] == 0 && b->s[i] == 0;
    const double q = a->v[i] / b->v[i];
    a->v[i] = q;
    if (constant) return;
    const double d = (a->d[i] - expression_times(q, b->d[i])) / b->v[i];
    a->s[i] = (a->s[i] - 2 * expression_times(d, b->d[i]) - expression_times(q, b->s[i])) / b->v[i];
    a->d[i] = d;
}

/* With a constant exponent as a power; else as e^(b log a). */
static void expression_pow(expression_value *a, const expression_value *b, int64_t i) {
    const double x = a->v[i], y = b->v[i];
    if (b->d[i] == 0 && b->s[i] == 0) {
        if (y == 2)
            expression_chain(a, i, x * x, 2 * x, 2);
        else
            expression_chain(a, i, ken_pow(x, y), y == 0 ? 0 : y * ken_pow(x, y - 1),
                             y == 0 || y == 1 ? 0 : y * (y - 1) * ken_pow(x, y - 2));
        return;
    }
    const double v = ken_pow(x, y), logarithm = ken_log(x), slope = a->d[i] / x;
    const double u = expression_times(b->d[i], logarithm) + y * slope;
    a->s[i] = v * (u * u + expression_times(b->s[i], logarithm) + 2 * b->d[i] * slope + y * a->s[i] / x -
                   y * slope * slope);
    a->d[i] = v * u;
    a->v[i] = v;
}

static void expression_copy(expression_value *to, const expression_value *from, int64_t i) {
    to->v[i] = from->v[i], to->d[i] = from->d[i], to->s[i] = from->s[i];
}

static bool expression_holds(expression_op op, double a, double b) {
    switch (op) {
    case EXPRESSION_LESS:
        return a < b;
    case EXPRESSION_MORE:
        return a > b;
    case EXPRESSION_AT_MOST:
        return a <= b;
    case EXPRESSION_AT_LEAST:
        return a >= b;
    case EXPRESSION_EQUAL:
        return a == b;
    default:
        return a != b;
    }
}

static void expression_two(expression_op op, expression_value *a, const expression_value *b, int64_t n) {
    for (int64_t i = 0; i < n; i++) switch (op) {
        case EXPRESSION_ADD:
            a->v[i] += b->v[i], a->d[i] += b->d[i], a->s[i] += b->s[i];
            break;
        case EXPRESSION_SUBTRACT:
            a->v[i] -= b->v[i], a->d[i] -= b->d[i], a->s[i] -= b->s[i];
            break;
        case EXPRESSION_MULTIPLY:
            expression_multiply(a, b, i);
            break;
        case EXPRESSION_DIVIDE:
            expression_divide(a, b, i);
            break;
        case EXPRESSION_POW:
            expression_pow(a, b, i);
            break;
        case EXPRESSION_MAX:
            if (b->v[i] > a->v[i]) expression_copy(a, b, i);
            break;
        case EXPRESSION_MIN:
            if (b->v[i] < a->v[i]) expression_copy(a, b, i);
            break;
        default:
            a->v[i] = expression_holds(op, a->v[i], b->v[i]);
            a->d[i] = a->s[i] = 0;
        }
}

void ken_expression_eval(const ken_expression *e, const ken_kernels *kernels, const double *const *variable, int by,
                         int64_t n, double *value, double *slope, double *bend) {
    expression_value stack[KEN_EXPRESSION_STACK];
    int top = -1;
    for (int s = 0; s < e->n; s++) {
        const expression_step *const step = &e->step[s];
        if (step->op == EXPRESSION_NUMBER || step->op == EXPRESSION_VARIABLE) {
            expression_value *const to = &stack[++top];
            const bool own = step->op == EXPRESSION_VARIABLE;
            for (int64_t i = 0; i < n; i++) {
                to->v[i] = own ? variable[step->variable][i] : step->number;
                to->d[i] = own && step->variable == by;
                to->s[i] = 0;
            }
        } else if (step->op == EXPRESSION_IF) {
            top -= 2;
            for (int64_t i = 0; i < n; i++)
                expression_copy(&stack[top], &stack[stack[top].v[i] != 0 ? top + 1 : top + 2], i);
        } else if (step->op >= EXPRESSION_EXP || step->op == EXPRESSION_NEGATE) {
            expression_one(step->op, &stack[top], kernels, n);
        } else {
            top--;
            expression_two(step->op, &stack[top], &stack[top + 1], n);
        }
    }
    memcpy(value, stack[0].v, (size_t)n * sizeof *value);
    if (!slope) return;
    memcpy(slope, stack[0].d, (size_t)n * sizeof *slope);
    memcpy(bend, stack[0].s, (size_t)n * sizeof *bend);
}
