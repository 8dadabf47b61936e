/* Products of columns. Each is an earlier product times one column: a list of such pairs is all
 * that is learned, and a row block is multiplied out along it. */
#include "ken/preprocess/polynomial/polynomial.h"

#include <math.h>
#include <string.h>

#include "ken/core/threads.h"
#include "ken/preprocess/preprocess_names.h"

enum { POLYNOMIAL_BIAS = -2, POLYNOMIAL_FIRST = -1, POLYNOMIAL_ROWS = 2048, POLYNOMIAL_DEGREE = 30 };

typedef struct polynomial_terms {
    int64_t *parent; /* a product before this one; FIRST: the column itself; BIAS: 1 */
    int64_t *factor; /* column of the table; -1 for the bias */
    int64_t n;
} polynomial_terms;

static bool polynomial_applies(const ken_column *c) {
    return c->dtype == KEN_F64 || c->dtype == KEN_F32 || c->dtype == KEN_I64;
}

/* --- counting -------------------------------------------------------------------------------- */

/* n over k; a value over 2^31 is given as INT64_MAX. */
static int64_t polynomial_choose(int64_t n, int64_t k) {
    int64_t result = 1;
    for (int64_t i = 1; i <= k; i++) {
        if (result > ((int64_t)1 << 31) || n > ((int64_t)1 << 31)) return INT64_MAX;
        result = result * (n - k + i) / i;
    }
    return result;
}

/* Of degree exactly k: d + k - 1 over k, without powers d over k. */
int64_t ken_polynomial_columns(int64_t d, const ken_polynomial_params *p) {
    int64_t total = p->include_bias;
    for (int64_t k = 1; k <= p->degree && d > 0; k++) {
        if (p->interaction_only && k > d) break;
        const int64_t more =
            p->interaction_only ? polynomial_choose(d, k) : polynomial_choose(d + k - 1, k);
        if (more > INT64_MAX - total) return INT64_MAX;
        total += more;
    }
    return total;
}

static ken_status polynomial_check_count(ken_ctx *ctx, const ken_polynomial_params *p, int64_t d) {
    const int64_t t = ken_polynomial_columns(d, p);
    char count[40];
    if (t <= p->max_columns) return KEN_OK;
    snprintf(count, sizeof count, t == INT64_MAX ? "billions of" : "%lld", (long long)t);
    return KEN_FAIL(
        ctx, KEN_E_LIMIT,
        "lower the degree, leave columns out, set interaction_only, or raise max_columns",
        "polynomial: degree %lld of %lld columns makes %s columns, more than %lld",
        (long long)p->degree, (long long)d, count, (long long)p->max_columns);
}

/* --- fit ------------------------------------------------------------------------------------- */

/* Degree after degree, each product of the one before continued by its last column or a later one:
 * the combinations in lexical order. `column` are the d columns in use. */
static void polynomial_list(const ken_polynomial_params *p, const int64_t *column, int64_t d,
                            int64_t *last, polynomial_terms *terms) {
    int64_t n = 0, begin, end;
    if (p->include_bias) {
        terms->parent[n] = POLYNOMIAL_BIAS;
        terms->factor[n++] = -1;
    }
    begin = n;
    for (int64_t j = 0; j < d; j++, n++) {
        terms->parent[n] = POLYNOMIAL_FIRST;
        terms->factor[n] = column[j];
        last[n] = j;
    }
    for (int64_t k = 2; k <= p->degree; k++, begin = end) {
        end = n;
        for (int64_t t = begin; t < end; t++)
            for (int64_t j = last[t] + p->interaction_only; j < d; j++, n++) {
                terms->parent[n] = t;
                terms->factor[n] = column[j];
                last[n] = j;
            }
        if (n == end) break;
    }
    terms->n = n;
}

/* "x0^2 x1": the factors of a product stand one behind the other, so equal ones are neighbors. */
static void polynomial_name(const ken_table *X, const polynomial_terms *terms, int64_t t,
                            ken__name_list *list) {
    int64_t factors[POLYNOMIAL_DEGREE], n = 0;
    if (terms->parent[t] == POLYNOMIAL_BIAS) {
        ken__name_list_add(list, "1");
        return;
    }
    for (int64_t at = t; at >= 0 && n < KEN_COUNT(factors); at = terms->parent[at])
        factors[n++] = terms->factor[at];
    for (int64_t i = n - 1; i >= 0;) {
        int64_t power = 1;
        while (i - power >= 0 && factors[i - power] == factors[i]) power++;
        if (i < n - 1) ken_text_add_char(&list->bytes, ' ');
        ken_text_add(&list->bytes, ken_table_column(X, (int)factors[i])->name);
        if (power > 1) ken_text_addf(&list->bytes, "^%lld", (long long)power);
        i -= power;
    }
    ken__name_list_end(list);
}

static ken_status polynomial_store_names(ken_ctx *ctx, ken_model *model, const ken_table *X,
                                         const polynomial_terms *terms) {
    ken__name_list list = ken__name_list_new(ctx);
    for (int64_t t = 0; t < terms->n; t++) polynomial_name(X, terms, t, &list);
    const ken_status status = ken__name_list_store(&list, model, "name");
    ken__name_list_free(&list);
    return status;
}

static ken_status polynomial_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_polynomial_params *p = ken_model_params(model);
    const int64_t d = ken_table_cols(problem->X);
    int64_t *used, *column, *last, n = 0;
    polynomial_terms terms;
    KEN_TRY(ken_attr_new(ctx, model, "used", KEN_I64, 1, &d, (void **)&used));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(d, 1), &column));
    for (int64_t j = 0; j < d; j++) {
        used[j] = polynomial_applies(ken_table_column(problem->X, (int)j));
        if (used[j]) column[n++] = j;
    }
    KEN_TRY(polynomial_check_count(ctx, p, n));
    terms.n = ken_polynomial_columns(n, p);
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(terms.n, 1), &last));
    KEN_TRY(ken_attr_new(ctx, model, "parent", KEN_I64, 1, &terms.n, (void **)&terms.parent));
    KEN_TRY(ken_attr_new(ctx, model, "factor", KEN_I64, 1, &terms.n, (void **)&terms.factor));
    polynomial_list(p, column, n, last, &terms);
    return polynomial_store_names(ctx, model, problem->X, &terms);
}

/* --- transform ------------------------------------------------------------------------------- */

typedef struct polynomial_job {
    const ken_table *X;
    polynomial_terms terms;
    double **out, **column; /* of the products; of the table's columns, NULL if not in use */
} polynomial_job;

static void polynomial_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const polynomial_job *job = arg;
    (void)worker;
    for (int64_t t = 0; t < job->terms.n; t++) {
        const int64_t parent = job->terms.parent[t], factor = job->terms.factor[t];
        double *out = job->out[t];
        if (parent == POLYNOMIAL_FIRST) {
            ken_column_gather(ken_table_column(job->X, (int)factor), begin, end - begin,
                              out + begin, 1);
            continue;
        }
        const double *a = parent >= 0 ? job->out[parent] : NULL;
        const double *b = parent >= 0 ? job->column[factor] : NULL;
        for (int64_t i = begin; i < end; i++) out[i] = a ? a[i] * b[i] : 1;
    }
}

/* Where a product is made of one column alone, that is its source. */
static int polynomial_source(const polynomial_terms *terms, int64_t t) {
    const int64_t factor = terms->factor[t];
    int64_t at = t;
    for (int k = 0; at >= 0 && k < POLYNOMIAL_DEGREE; k++, at = terms->parent[at])
        if (terms->factor[at] != factor) return -1;
    return at < 0 ? (int)factor : -1; /* a file may hold more than fit makes */
}

static ken_status polynomial_add(ken_ctx *ctx, const ken_model *model, polynomial_job *job,
                                 ken_table *out) {
    const ken_strings *names = ken_model_attr_strings(model, "name");
    ken_text name = ken_text_new(ctx);
    ken_status status = KEN_OK;
    for (int64_t t = 0; t < job->terms.n && status == KEN_OK; t++) {
        const char *text, *bytes;
        int64_t size;
        bytes = ken_strings_at(names, t, &size);
        name.size = 0;
        ken_text_add_bytes(&name, bytes, (size_t)size);
        status = ken_text_end(&name, &text);
        if (status == KEN_OK)
            status = ken__add(ctx, out, text, KEN_F64, polynomial_source(&job->terms, t),
                              (void **)&job->out[t], NULL);
        if (status == KEN_OK && job->terms.parent[t] == POLYNOMIAL_FIRST)
            job->column[job->terms.factor[t]] = job->out[t];
    }
    ken_text_free(&name);
    return status;
}

static ken_status polynomial_check_types(ken_ctx *ctx, const ken_table *X, const int64_t *used) {
    for (int j = 0; j < ken_table_cols(X); j++) {
        const ken_column *c = ken_table_column(X, j);
        if (used[j] && !ken_dtype_is_number(c->dtype))
            return KEN_FAIL(ctx, KEN_E_TYPE, "give the column the type it had in training",
                            "polynomial: column '%s' holds %s, but numbers were learned", c->name,
                            ken_dtype_name(c->dtype));
    }
    return KEN_OK;
}

static ken_status polynomial_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                       ken_table *out) {
    const ken_tensor *used = ken_model_attr(model, "used"),
                     *parent = ken_model_attr(model, "parent");
    const int64_t *use = used->data;
    polynomial_job job = {.X = X};
    job.terms =
        (polynomial_terms){parent->data, ken_model_attr(model, "factor")->data, parent->shape[0]};
    KEN_TRY(ken__check_columns(ctx, model, X, used->shape[0]));
    KEN_TRY(polynomial_check_types(ctx, X, use));
    KEN_TRY(KEN_SCRATCH(ctx, double *, KEN_MAX(job.terms.n, 1), &job.out));
    KEN_TRY(KEN_SCRATCH(ctx, double *, KEN_MAX(ken_table_cols(X), 1), &job.column));
    KEN_TRY(polynomial_add(ctx, model, &job, out));
    KEN_TRY(ken_parallel(ctx, ken_table_rows(X), POLYNOMIAL_ROWS, polynomial_rows, &job));
    for (int j = 0; j < ken_table_cols(X); j++)
        if (!use[j]) KEN_TRY(ken__pass(ctx, out, X, j));
    return KEN_OK;
}

/* A product may only refer to earlier ones and to columns in use. These come first, as they are, in
 * order. */
static bool polynomial_sound(const int64_t *used, int64_t d, const polynomial_terms *terms) {
    int64_t first = 0;
    for (int64_t t = 0; t < terms->n; t++) {
        const int64_t parent = terms->parent[t], factor = terms->factor[t];
        if (parent == POLYNOMIAL_BIAS) {
            if (t > 0 || factor != -1) return false;
            continue;
        }
        if (parent < POLYNOMIAL_FIRST || parent >= t || factor < 0 || factor >= d ||
            used[factor] != 1)
            return false;
        if (parent >= 0 && terms->parent[parent] == POLYNOMIAL_BIAS) return false;
        if (parent == POLYNOMIAL_FIRST) {
            if (t > 0 && (terms->parent[t - 1] >= 0 || terms->factor[t - 1] >= factor))
                return false;
            first++;
        }
    }
    int64_t columns = 0;
    for (int64_t j = 0; j < d; j++) {
        if (used[j] != 0 && used[j] != 1) return false;
        columns += used[j];
    }
    return first == columns;
}

static ken_status polynomial_open(ken_ctx *ctx, ken_model *model, void **state) {
    const ken_tensor *used = ken_model_attr(model, "used"),
                     *parent = ken_model_attr(model, "parent");
    const ken_strings *names = ken_model_attr_strings(model, "name");
    const int64_t d = used && used->ndim == 1 ? used->shape[0] : 0;
    polynomial_terms terms = {.n = parent && parent->ndim == 1 ? parent->shape[0] : 0};
    const void *data;
    *state = NULL;
    KEN_TRY(ken__attr_need(ctx, model, "used", KEN_I64, d, &data));
    const int64_t *use = data;
    KEN_TRY(ken__attr_need(ctx, model, "parent", KEN_I64, terms.n, (const void **)&terms.parent));
    KEN_TRY(ken__attr_need(ctx, model, "factor", KEN_I64, terms.n, (const void **)&terms.factor));
    if (!names || names->n != terms.n || !polynomial_sound(use, d, &terms))
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "polynomial: its products do not fit its columns");
    return KEN_OK;
}

/* --- descriptor ------------------------------------------------------------------------------ */

static const ken_param polynomial_params[] = {
    KEN_ROW_I64(ken_polynomial_params, degree, .min = 1, .max = POLYNOMIAL_DEGREE, .lo = 1, .hi = 5,
                .doc = "factors of a product at most"),
    KEN_ROW_BOOL(ken_polynomial_params, interaction_only,
                 .doc = "only products of different columns, no powers"),
    KEN_ROW_BOOL(ken_polynomial_params, include_bias,
                 .doc = "also a column of ones, for models without a constant term of their own"),
    KEN_ROW_I64(ken_polynomial_params, max_columns, .min = 1, .max = 1e6,
                .doc = "more columns than this are an error"),
    {0}};
static const ken_attr polynomial_attrs[] = {
    {"used", KEN_I64, "d", "1: the column takes part"},
    {"parent", KEN_I64, "t", "the product that is continued; -1: none, a column itself; -2: the 1"},
    {"factor", KEN_I64, "t", "the column that it is multiplied with"},
    {"name", KEN_STRING, "t", "of the product: \"x0^2 x1\""},
    {0}};
static const ken_transformer polynomial_verbs = {
    .fit = polynomial_fit, .transform = polynomial_transform, .open = polynomial_open};

const ken_desc ken_polynomial_desc = {
    .name = "polynomial",
    .title = "Powers and products of columns",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .params = polynomial_params,
    .defaults = &(const ken_polynomial_params)KEN_POLYNOMIAL_DEFAULTS,
    .params_size = sizeof(ken_polynomial_params),
    .attrs = polynomial_attrs,
    .transformer = &polynomial_verbs,
    .doc = "Adds powers of number columns and products of them, so that a linear model can follow "
           "curves and "
           "interactions. Degrees above some 3 of many columns overfit: use a penalty, or trees.",
    .paper = "Gergonne 1815",
    .peer = "sklearn.preprocessing.PolynomialFeatures",
};

const ken_desc *const ken_polynomial_things[] = {&ken_polynomial_desc, NULL};
