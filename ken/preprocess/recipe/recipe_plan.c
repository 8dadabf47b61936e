/* The recipe's eyes and rules: what a column is. In doubt a column is kept. */
#include "ken/preprocess/recipe/recipe_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/dict.h"
#include "ken/core/threads.h"
#include "ken/stats/describe/describe.h"
#include "ken/stats/stats_sort.h"

/* Share of different texts from which a column of single words is an identifier. */
#define RECIPE_UNIQUE 0.98
enum { RECIPE_LOOK_ROWS = 100000, RECIPE_FEW_ROWS = 20, RECIPE_BLOCK = 1024 };

/* --- numbers --------------------------------------------------------------------------------- */

static void recipe_look_number(const ken_column *c, int64_t n, recipe_look *look) {
    double block[RECIPE_BLOCK], last = -INFINITY;
    look->min = INFINITY;
    look->max = -INFINITY;
    look->rising = look->whole = true;
    for (int64_t first = 0; first < n; first += RECIPE_BLOCK) {
        const int64_t size = KEN_MIN(RECIPE_BLOCK, n - first);
        ken_column_gather(c, first, size, block, 1);
        for (int64_t i = 0; i < size; i++) {
            const double v = block[i];
            if (isnan(v)) {
                look->missing++;
                continue;
            }
            if (v < look->min) look->min = v;
            if (v > look->max) look->max = v;
            look->rising &= v > last;
            look->whole &= v == floor(v);
            look->infinite |= isinf(v) != 0;
            last = v;
        }
    }
    look->looked = n - look->missing;
    look->distinct = look->looked == 0 ? 0 : look->min == look->max ? 1 : 2;
}

/* --- texts ----------------------------------------------------------------------------------- */

static int64_t recipe_count_words(const char *text, int64_t size) {
    int64_t words = 0;
    bool inside = false;
    for (int64_t i = 0; i < size; i++) {
        const bool blank = (unsigned char)text[i] <= ' ';
        words += !blank && !inside;
        inside = !blank;
    }
    return words;
}

static void recipe_count_levels(const int64_t *count, int64_t n, int64_t min_rows,
                                recipe_look *look) {
    for (int64_t k = 0; k < n; k++) {
        look->distinct += count[k] > 0;
        look->common += count[k] >= min_rows;
    }
}

static ken_status recipe_look_category(ken_ctx *ctx, const ken_column *c, int64_t n,
                                       int64_t min_rows, recipe_look *look) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const int32_t *code = c->data;
    int64_t *count, words = 0, bytes = 0;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(c->text.n, 1), &count));
    memset(count, 0, (size_t)c->text.n * sizeof *count);
    for (int64_t i = 0; i < n; i++) {
        const int32_t k = code[i * c->stride];
        if (ken_column_valid(c, i) && k >= 0 && k < c->text.n)
            count[k]++;
        else
            look->missing++;
    }
    for (int64_t k = 0; k < c->text.n; k++) {
        int64_t size;
        if (!count[k]) continue;
        const char *text = ken_strings_at(&c->text, k, &size);
        words += count[k] * recipe_count_words(text, size);
        bytes += count[k] * size;
    }
    look->looked = n - look->missing;
    look->words = (double)words / (double)KEN_MAX(look->looked, 1);
    look->length = (double)bytes / (double)KEN_MAX(look->looked, 1);
    recipe_count_levels(count, c->text.n, min_rows, look);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

static ken_status recipe_look_strings(ken_ctx *ctx, const ken_column *c, int64_t n,
                                      int64_t min_rows, ken_dict *dict, recipe_look *look) {
    int64_t *count, words = 0, bytes = 0, seen = 0;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(n, 1), &count));
    for (int64_t i = 0; i < n; i++) {
        if (i % 16384 == 0) KEN_TRY(ken_check_cancel(ctx));
        if (!ken_column_valid(c, i)) {
            look->missing++;
            continue;
        }
        /* Enough seen, unless it looks like an identifier: that is claimed of all rows or of none.
         */
        if (seen >= RECIPE_LOOK_ROWS && (double)ken_dict_count(dict) < RECIPE_UNIQUE * (double)seen)
            continue;
        int64_t size;
        int32_t code;
        const int64_t known = ken_dict_count(dict);
        const char *text = ken_strings_at(&c->text, i, &size);
        KEN_TRY(ken_dict_add(dict, text, (size_t)size, &code));
        if (code == known) count[code] = 0;
        count[code]++;
        words += recipe_count_words(text, size);
        bytes += size;
        seen++;
    }
    look->looked = seen;
    look->words = (double)words / (double)KEN_MAX(seen, 1);
    look->length = (double)bytes / (double)KEN_MAX(seen, 1);
    recipe_count_levels(count, ken_dict_count(dict), min_rows, look);
    return KEN_OK;
}

static ken_status recipe_look_string(ken_ctx *ctx, const ken_column *c, int64_t n, int64_t min_rows,
                                     recipe_look *look) {
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_dict *dict;
    KEN_TRY(ken_dict_new(ctx, &dict));
    const ken_status status = recipe_look_strings(ctx, c, n, min_rows, dict, look);
    ken_dict_free(dict);
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- all columns ----------------------------------------------------------------------------- */

typedef struct recipe_look_job {
    const ken_problem *problem;
    recipe_column *plan;
} recipe_look_job;

static void recipe_look_time(const ken_column *c, int64_t n, recipe_look *look) {
    const int64_t *t = c->data;
    int64_t first = -1;
    for (int64_t i = 0; i < n; i++) {
        if (!ken_column_valid(c, i)) {
            look->missing++;
            continue;
        }
        if (first < 0) first = i;
        if (t[i * c->stride] != t[first * c->stride]) look->distinct = 2;
    }
    look->looked = n - look->missing;
    if (look->looked && !look->distinct) look->distinct = 1;
}

static void recipe_look_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const recipe_look_job *job = arg;
    (void)worker;
    for (int64_t j = begin; j < end; j++) {
        const ken_column *c = ken_table_column(job->problem->X, (int)j);
        recipe_look *look = &job->plan[j].look;
        if (ken_dtype_is_number(c->dtype)) recipe_look_number(c, job->problem->n_train, look);
        if (c->dtype == KEN_TIME) recipe_look_time(c, job->problem->n_train, look);
    }
}

/* Rarer levels are grouped: a level of few rows teaches nothing reliable. */
int64_t ken__recipe_min_rows(const ken_recipe_params *p, int64_t n) {
    if (p->min_level_rows > 0) return p->min_level_rows;
    return n < 200 ? 1 : KEN_MIN(10, 1 + n / 1000);
}

static ken_status recipe_look_all(ken_ctx *ctx, const ken_recipe_params *p,
                                  const ken_problem *problem, recipe_column *plan) {
    const int64_t n = problem->n_train;
    const int d = ken_table_cols(problem->X);
    const recipe_look_job job = {problem, plan};
    KEN_TRY(ken_parallel(ctx, d, 1, recipe_look_columns, (void *)(uintptr_t)&job));
    for (int j = 0; j < d; j++) {
        const ken_column *c = ken_table_column(problem->X, j);
        recipe_look *look = &plan[j].look;
        look->n = n;
        if (c->dtype == KEN_CATEGORY)
            KEN_TRY(recipe_look_category(ctx, c, n, ken__recipe_min_rows(p, n), look));
        if (c->dtype == KEN_STRING)
            KEN_TRY(recipe_look_string(ctx, c, n, ken__recipe_min_rows(p, n), look));
    }
    return ken_check_cancel(ctx);
}

/* --- rules ----------------------------------------------------------------------------------- */

/* Whole numbers that are all different; only looked at for columns called like an identifier. */
static ken_status recipe_all_different(ken_ctx *ctx, const ken_column *c, int64_t n, bool *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    double *x, *tmp;
    int64_t m = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(n, 1), &x));
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(n, 1), &tmp));
    ken_column_gather(c, 0, n, x, 1);
    for (int64_t i = 0; i < n; i++)
        if (!isnan(x[i])) x[m++] = x[i];
    ken_sort_f64(x, m, tmp);
    *out = true;
    for (int64_t i = 1; i < m && *out; i++) *out = x[i] != x[i - 1];
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* Row numbers: whole, rising, from about 0, at most some rows left out (another fold, say). */
static bool recipe_row_numbers(const recipe_look *l) {
    const double n = (double)l->looked;
    return l->whole && l->rising && l->missing == 0 && l->min >= 0 && l->min <= 16 + n / 10 &&
           l->max - l->min + 1 <= 2.5 * n + 16;
}

static ken_status recipe_is_identifier(ken_ctx *ctx, const ken_problem *problem, int j,
                                       recipe_column *r) {
    const ken_column *c = ken_table_column(problem->X, j);
    const recipe_look *l = &r->look;
    bool different = false;
    if (l->looked < RECIPE_FEW_ROWS) return KEN_OK;
    if (c->dtype == KEN_I64) {
        const bool named = ken_named_like_identifier(c->name);
        if (recipe_row_numbers(l)) {
            r->role = KEN_RECIPE_IDENTIFIER;
            snprintf(r->reason, sizeof r->reason, "numbers the rows");
        } else if (named) {
            KEN_TRY(recipe_all_different(ctx, c, problem->n_train, &different));
            if (!different) return KEN_OK;
            r->role = KEN_RECIPE_IDENTIFIER;
            snprintf(r->reason, sizeof r->reason, "every value is different, and so is it named");
        }
        return KEN_OK;
    }
    if (!ken__is_text(c) || (double)l->distinct < RECIPE_UNIQUE * (double)l->looked) return KEN_OK;
    if (l->words >= 2 && !ken_named_like_identifier(c->name)) return KEN_OK;
    r->role = KEN_RECIPE_IDENTIFIER;
    snprintf(r->reason, sizeof r->reason, "%s every value is different",
             l->distinct == l->looked ? "" : "nearly");
    if (l->distinct == l->looked) memmove(r->reason, r->reason + 1, strlen(r->reason));
    return KEN_OK;
}

static bool recipe_is_free_text(const recipe_look *l) {
    const bool wordy = l->words >= 4 || (l->words >= 2.5 && l->length >= 18);
    return wordy && l->distinct > 20 && (double)l->distinct > 0.3 * (double)l->looked;
}

static ken_status recipe_role(ken_ctx *ctx, const ken_problem *problem, int j, bool kept,
                              recipe_column *r) {
    const ken_column *c = ken_table_column(problem->X, j);
    const recipe_look *l = &r->look;
    r->role = c->dtype == KEN_BOOL   ? KEN_RECIPE_BOOL
              : c->dtype == KEN_TIME ? KEN_RECIPE_TIME
              : ken__is_text(c)      ? KEN_RECIPE_CATEGORY
                                     : KEN_RECIPE_NUMBER;
    if (l->looked == 0) {
        r->role = KEN_RECIPE_EMPTY;
        snprintf(r->reason, sizeof r->reason, "no value in %lld training rows", (long long)l->n);
        return KEN_OK;
    }
    if (ken__is_text(c) && recipe_is_free_text(l)) {
        r->role = KEN_RECIPE_FREE_TEXT;
        snprintf(r->reason, sizeof r->reason, "%.0f words in the mean", l->words);
    }
    if (kept) return KEN_OK;
    if (l->distinct == 1 && l->missing == 0 && l->n > 1) {
        char cell[64];
        r->role = KEN_RECIPE_CONSTANT_COLUMN;
        snprintf(r->reason, sizeof r->reason, "always '%s'",
                 ken_column_format(c, 0, cell, sizeof cell));
        return KEN_OK;
    }
    return r->role == KEN_RECIPE_FREE_TEXT ? KEN_OK : recipe_is_identifier(ctx, problem, j, r);
}

/* --- which steps ----------------------------------------------------------------------------- */

static int recipe_category_block(const ken_recipe_params *p, const ken_problem *problem,
                                 recipe_column *r) {
    const uint32_t tags = problem->consumer_tags;
    const bool supervised = problem->y || problem->label;
    const bool typed = (tags & KEN_TAG_TYPED) && (tags & KEN_TAG_CATEGORY);
    const int64_t levels = r->look.distinct;
    if (p->encode == KEN_RECIPE_ENCODE_AUTO)
        snprintf(r->reason, sizeof r->reason, "%lld level%s", (long long)levels,
                 levels == 1 ? "" : "s");
    switch (p->encode) {
    case KEN_RECIPE_ONE_HOT:
        return RECIPE_ONE_HOTS;
    case KEN_RECIPE_ORDINAL:
        return RECIPE_ORDINALS;
    case KEN_RECIPE_TARGET:
        return supervised ? RECIPE_TARGETS : RECIPE_FREQUENCIES;
    case KEN_RECIPE_FREQUENCY:
        return RECIPE_FREQUENCIES;
    default:
        break;
    }
    if (typed && levels <= p->category_levels) return RECIPE_CATEGORIES;
    if (!typed && r->look.common <= p->max_levels) return RECIPE_ONE_HOTS;
    if (!supervised || problem->n_classes > 10) return typed ? RECIPE_CATEGORIES : RECIPE_ONE_HOTS;
    return RECIPE_TARGETS;
}

/* Combinations are for models that take categories: for others, products of columns are. */
static bool recipe_combines(const ken_recipe_params *p, const ken_problem *problem) {
    const uint32_t tags = problem->consumer_tags;
    const bool typed = (tags & KEN_TAG_TYPED) && (tags & KEN_TAG_CATEGORY);
    const bool supervised = (problem->y || problem->label) && problem->n_classes <= 10;
    return typed && supervised && p->combine > 1 && p->encode == KEN_RECIPE_ENCODE_AUTO;
}

static void recipe_number_block(const ken_recipe_params *p, const ken_problem *problem,
                                recipe_column *r) {
    const uint32_t tags = problem->consumer_tags;
    const recipe_look *l = &r->look;
    const bool often = l->missing >= 5 && l->missing * 100 >= l->n;
    const bool fills = p->impute != KEN_RECIPE_IMPUTE_NONE &&
                       (p->impute != KEN_RECIPE_IMPUTE_AUTO || !(tags & KEN_TAG_MISSING));
    const bool scales = p->scale != KEN_RECIPE_SCALE_NONE &&
                        (p->scale != KEN_RECIPE_SCALE_AUTO || tags & KEN_TAG_SCALED);
    r->block = r->role == KEN_RECIPE_BOOL ? (fills ? RECIPE_BOOLS : RECIPE_PASS)
               : fills || scales || p->polynomial > 1 ? RECIPE_NUMBERS
                                                      : RECIPE_PASS;
    r->indicator = fills && l->missing > 0 &&
                   (p->indicator == KEN_RECIPE_INDICATOR_YES ||
                    (p->indicator == KEN_RECIPE_INDICATOR_AUTO && often));
    if (l->missing > 0)
        snprintf(r->reason, sizeof r->reason, "%.*f %% missing",
                 l->missing * 1000 < l->n ? 2
                 : l->missing * 10 < l->n ? 1
                                          : 0,
                 100.0 * (double)l->missing / (double)l->n);
    /* One value or none: that it is there is all that the column can tell. */
    if (l->distinct == 1 && l->missing > 0 && r->indicator) r->block = -1;
}

static void recipe_steps(const ken_recipe_params *p, const ken_problem *problem, recipe_column *r) {
    r->block = -1;
    switch (r->role) {
    case KEN_RECIPE_NUMBER:
    case KEN_RECIPE_BOOL:
        recipe_number_block(p, problem, r);
        break;
    case KEN_RECIPE_CATEGORY:
        r->block = recipe_category_block(p, problem, r);
        r->combines = recipe_combines(p, problem);
        break;
    case KEN_RECIPE_TIME:
        r->block = RECIPE_TIMES;
        break;
    case KEN_RECIPE_FREE_TEXT:
        r->block = p->text == KEN_RECIPE_TEXT_DROP ? -1 : RECIPE_TEXTS;
        break;
    default:
        break;
    }
}

/* A fold may show nothing but constants: then the first one stays, so that there is a model. */
static void recipe_keep_one(const ken_recipe_params *p, const ken_problem *problem, int d,
                            recipe_column *plan) {
    for (int j = 0; j < d; j++)
        if (plan[j].block >= 0 || plan[j].indicator) return;
    for (int j = 0; j < d; j++) {
        if (plan[j].role != KEN_RECIPE_CONSTANT_COLUMN) continue;
        const ken_column *c = ken_table_column(problem->X, j);
        if (c->dtype == KEN_TIME) continue;
        plan[j].role = ken__is_text(c) ? KEN_RECIPE_CATEGORY : KEN_RECIPE_NUMBER;
        recipe_steps(p, problem, &plan[j]);
        snprintf(plan[j].reason, sizeof plan[j].reason, "constant, but nothing else is left");
        return;
    }
}

ken_status ken__recipe_plan(ken_ctx *ctx, const ken_recipe_params *p, const ken_problem *problem,
                            recipe_column *plan) {
    const int d = ken_table_cols(problem->X);
    int64_t *dropped, *kept;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(d, 1), &dropped));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(d, 1), &kept));
    memset(dropped, 0, (size_t)d * sizeof *dropped);
    memset(kept, 0, (size_t)d * sizeof *kept);
    memset(plan, 0, (size_t)d * sizeof *plan);
    KEN_TRY(ken__names_mark(ctx, "recipe", problem->X, p->drop, dropped));
    KEN_TRY(ken__names_mark(ctx, "recipe", problem->X, p->keep, kept));
    KEN_TRY(recipe_look_all(ctx, p, problem, plan));
    for (int j = 0; j < d; j++) {
        KEN_TRY(recipe_role(ctx, problem, j, kept[j], &plan[j]));
        if (dropped[j]) {
            plan[j].role = KEN_RECIPE_LEFT_OUT;
            snprintf(plan[j].reason, sizeof plan[j].reason, "asked for by drop");
        }
        recipe_steps(p, problem, &plan[j]);
    }
    recipe_keep_one(p, problem, d, plan);
    return KEN_OK;
}

const char *ken__recipe_role_name(int64_t role) {
    static const char *const names[] = {"number",     "bool",     "category", "time",    "text",
                                        "identifier", "constant", "empty",    "left out"};
    return role >= 0 && role < KEN_COUNT(names) ? names[role] : "?";
}
