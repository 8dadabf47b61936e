/* See expression.h: the parser, from text to steps. Read next: expression_eval.c. */
#include "ken/math/expression.h"

#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/text.h"
#include "ken/math/expression_steps.h"

enum { EXPRESSION_DEPTH = 60 }; /* of the parser: parentheses, signs, powers */

typedef struct expression_parser {
    ken_ctx *ctx;
    const char *who, *text, *at;
    const char *const *names;
    ken_expression *out;
    int waiting, depth;
} expression_parser;

static ken_status expression_fail(const expression_parser *p, const char *at, const char *what) {
    char list[96] = "";
    size_t used = 0;
    for (int v = 0; p->names[v]; v++) {
        const size_t n = strlen(p->names[v]);
        if (used + n + 2 >= sizeof list) break;
        list[used++] = ' ';
        memcpy(list + used, p->names[v], n + 1);
        used += n;
    }
    return KEN_FAIL(p->ctx, KEN_E_ARG,
                    "numbers, + - * / ^, comparisons, exp log log1p sqrt abs sigmoid softplus tanh pow max min if",
                    "%s: %s at character %d of '%.100s' (variables:%s)", p->who, what, (int)(at - p->text) + 1,
                    p->text, list);
}

static void expression_skip(expression_parser *p) {
    while (*p->at == ' ' || *p->at == '\t') p->at++;
}

/* takes: values off the stack; each step leaves one. */
static ken_status expression_emit(expression_parser *p, expression_op op, int takes, int variable, double number) {
    if (p->out->n == KEN_EXPRESSION_STEPS) return expression_fail(p, p->at, "too many steps");
    p->waiting += 1 - takes;
    if (p->waiting > KEN_EXPRESSION_STACK) return expression_fail(p, p->at, "too many values that wait");
    p->out->step[p->out->n++] = (expression_step){op, variable, number};
    return KEN_OK;
}

static ken_status expression_compare(expression_parser *p);

static bool expression_take(expression_parser *p, const char *symbol) {
    expression_skip(p);
    const size_t n = strlen(symbol);
    if (strncmp(p->at, symbol, n) != 0) return false;
    p->at += n;
    return true;
}

static bool expression_is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool expression_is_digit(char c) { return c >= '0' && c <= '9'; }

static ken_status expression_number(expression_parser *p) {
    const char *end = p->at;
    double value;
    while (expression_is_digit(*end) || *end == '.') end++;
    if (*end == 'e' || *end == 'E') {
        const char *tail = end + 1 + (end[1] == '+' || end[1] == '-');
        while (expression_is_digit(*tail)) end = ++tail;
    }
    if (!ken_parse_f64(p->at, (size_t)(end - p->at), &value)) return expression_fail(p, p->at, "no number");
    p->at = end;
    return expression_emit(p, EXPRESSION_NUMBER, 0, 0, value);
}

static const struct {
    const char *name;
    expression_op op;
    int arguments;
} expression_functions[] = {{"exp", EXPRESSION_EXP, 1},         {"log", EXPRESSION_LOG, 1},
                            {"log1p", EXPRESSION_LOG1P, 1},     {"sqrt", EXPRESSION_SQRT, 1},
                            {"abs", EXPRESSION_ABS, 1},         {"sigmoid", EXPRESSION_SIGMOID, 1},
                            {"softplus", EXPRESSION_SOFTPLUS, 1}, {"tanh", EXPRESSION_TANH, 1},
                            {"pow", EXPRESSION_POW, 2},         {"max", EXPRESSION_MAX, 2},
                            {"min", EXPRESSION_MIN, 2},         {"if", EXPRESSION_IF, 3}};

static ken_status expression_call(expression_parser *p, const char *name, int f) {
    for (int a = 0; a < expression_functions[f].arguments; a++) {
        if (!expression_take(p, a == 0 ? "(" : ",") && !(a > 0 && expression_take(p, ";")))
            return expression_fail(p, p->at, a == 0 ? "a '(' is missing" : "an argument is missing");
        KEN_TRY(expression_compare(p));
    }
    if (!expression_take(p, ")")) return expression_fail(p, p->at, "a ')' is missing");
    (void)name;
    return expression_emit(p, expression_functions[f].op, expression_functions[f].arguments, 0, 0);
}

static ken_status expression_name(expression_parser *p) {
    const char *const begin = p->at;
    while (expression_is_letter(*p->at) || expression_is_digit(*p->at)) p->at++;
    const size_t n = (size_t)(p->at - begin);
    for (int v = 0; p->names[v]; v++)
        if (strlen(p->names[v]) == n && memcmp(p->names[v], begin, n) == 0)
            return expression_emit(p, EXPRESSION_VARIABLE, 0, v, 0);
    for (int f = 0; f < KEN_COUNT(expression_functions); f++)
        if (strlen(expression_functions[f].name) == n && memcmp(expression_functions[f].name, begin, n) == 0)
            return expression_call(p, begin, f);
    return expression_fail(p, begin, "an unknown name");
}

static ken_status expression_primary(expression_parser *p) {
    expression_skip(p);
    if (expression_is_digit(*p->at) || *p->at == '.') return expression_number(p);
    if (expression_is_letter(*p->at)) return expression_name(p);
    if (!expression_take(p, "(")) return expression_fail(p, p->at, *p->at ? "something else than a value" : "no value");
    KEN_TRY(expression_compare(p));
    return expression_take(p, ")") ? KEN_OK : expression_fail(p, p->at, "a ')' is missing");
}

static ken_status expression_sign(expression_parser *p);

static ken_status expression_power(expression_parser *p) {
    KEN_TRY(expression_primary(p));
    if (!expression_take(p, "^")) return KEN_OK;
    KEN_TRY(expression_sign(p)); /* to the right, signs and all: 2^-1^2 */
    return expression_emit(p, EXPRESSION_POW, 2, 0, 0);
}

/* Every way down passes here, so depth is counted here. */
static ken_status expression_sign(expression_parser *p) {
    if (++p->depth > EXPRESSION_DEPTH) return expression_fail(p, p->at, "nested too deep");
    if (expression_take(p, "-")) {
        KEN_TRY(expression_sign(p));
        KEN_TRY(expression_emit(p, EXPRESSION_NEGATE, 1, 0, 0));
    } else if (expression_take(p, "+")) {
        KEN_TRY(expression_sign(p));
    } else {
        KEN_TRY(expression_power(p));
    }
    p->depth--;
    return KEN_OK;
}

static ken_status expression_product(expression_parser *p) {
    KEN_TRY(expression_sign(p));
    for (;;) {
        const bool times = expression_take(p, "*");
        if (!times && !expression_take(p, "/")) return KEN_OK;
        KEN_TRY(expression_sign(p));
        KEN_TRY(expression_emit(p, times ? EXPRESSION_MULTIPLY : EXPRESSION_DIVIDE, 2, 0, 0));
    }
}

static ken_status expression_sum(expression_parser *p) {
    KEN_TRY(expression_product(p));
    for (;;) {
        const bool plus = expression_take(p, "+");
        if (!plus && !expression_take(p, "-")) return KEN_OK;
        KEN_TRY(expression_product(p));
        KEN_TRY(expression_emit(p, plus ? EXPRESSION_ADD : EXPRESSION_SUBTRACT, 2, 0, 0));
    }
}

static ken_status expression_compare(expression_parser *p) {
    static const struct {
        const char *symbol;
        expression_op op;
    } list[] = {{"<=", EXPRESSION_AT_MOST}, {">=", EXPRESSION_AT_LEAST}, {"==", EXPRESSION_EQUAL},
                {"!=", EXPRESSION_UNEQUAL}, {"<", EXPRESSION_LESS},      {">", EXPRESSION_MORE}};
    KEN_TRY(expression_sum(p));
    for (int i = 0; i < KEN_COUNT(list); i++)
        if (expression_take(p, list[i].symbol)) {
            KEN_TRY(expression_sum(p));
            return expression_emit(p, list[i].op, 2, 0, 0);
        }
    return KEN_OK;
}

ken_status ken_expression_new(ken_ctx *ctx, const char *who, const char *text, const char *const *names,
                              ken_expression **out) {
    expression_parser p = {.ctx = ctx, .who = who, .text = text, .at = text, .names = names};
    *out = NULL;
    KEN_TRY(KEN_ALLOC(ctx, ken_expression, 1, &p.out));
    ken_status status = KEN_ALLOC(ctx, expression_step, KEN_EXPRESSION_STEPS, &p.out->step);
    if (status == KEN_OK) status = expression_compare(&p);
    expression_skip(&p);
    if (status == KEN_OK && *p.at) status = expression_fail(&p, p.at, "something that does not belong");
    if (status == KEN_OK)
        *out = p.out;
    else
        ken_expression_free(ctx, p.out);
    return status;
}

void ken_expression_free(ken_ctx *ctx, ken_expression *e) {
    if (!e) return;
    ken_free(ctx, e->step);
    ken_free(ctx, e);
}
