/* Times as numbers, in the proleptic Gregorian calendar and UTC. */
#include "ken/preprocess/date_parts/date_parts.h"

#include <math.h>
#include <stdio.h>

#include "ken/core/threads.h"
#include "ken/kernels/elementary.h"
#include "ken/preprocess/preprocess_levels.h"

enum {
    DATE_YEAR,
    DATE_MONTH,
    DATE_DAY,
    DATE_WEEKDAY,
    DATE_HOUR,
    DATE_DAY_OF_YEAR,
    DATE_DAYS,
    DATE_PARTS
};

#define DATE_DAY_US 86400000000ll

/* A part's name, and the turn it makes from `first`; 0: it does not come round. */
static const struct {
    const char *name;
    double turn, first;
} date_part[DATE_PARTS] = {{"year", 0, 0},    {"month", 12, 1}, {"day", 0, 0},
                           {"weekday", 7, 1}, {"hour", 24, 0},  {"day_of_year", 365.25, 1},
                           {"days", 0, 0}};

static int64_t date_floor(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Days before January 1 of year y, counted from 0000-01-01. */
static int64_t date_before_year(int64_t y) {
    const int64_t last = y - 1;
    return y * 365 + date_floor(last, 4) - date_floor(last, 100) + date_floor(last, 400) + 1;
}

static bool date_is_leap(int64_t y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }

static void date_split(int64_t t, int64_t origin, double part[DATE_PARTS]) {
    static const int16_t before[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    const int64_t rest = t % DATE_DAY_US, us = rest < 0 ? rest + DATE_DAY_US : rest;
    const int64_t days = date_floor(t, DATE_DAY_US);
    const int64_t since_0 = days + 719528; /* 1970-01-01 */
    int64_t year = date_floor(since_0 * 400, 146097);
    while (date_before_year(year + 1) <= since_0) year++;
    while (date_before_year(year) > since_0) year--;
    const int64_t of_year = since_0 - date_before_year(year);
    const bool leap = date_is_leap(year);
    int month = (int)(of_year / 32);
    while (of_year >= before[month + 1] + (leap && month >= 1)) month++;
    part[DATE_YEAR] = (double)year;
    part[DATE_MONTH] = month + 1;
    part[DATE_DAY] = (double)(of_year - before[month] - (leap && month >= 2) + 1);
    part[DATE_WEEKDAY] = (double)(days + 3 - 7 * date_floor(days + 3, 7) + 1);
    part[DATE_HOUR] = (double)us / 3600e6;
    part[DATE_DAY_OF_YEAR] = (double)(of_year + 1);
    part[DATE_DAYS] = (double)(days - origin) + (double)us / (double)DATE_DAY_US;
}

/* --- fit ------------------------------------------------------------------------------------- */

typedef struct date_fit_job {
    const ken_table *X;
    int64_t n;
    int64_t *used, *first;
} date_fit_job;

static void date_fit_column(const date_fit_job *job, int j) {
    const ken_column *c = ken_table_column(job->X, j);
    const int64_t *t = c->data;
    int64_t *used = job->used + (int64_t)j * DATE_PARTS, low = INT64_MAX;
    double start[DATE_PARTS], part[DATE_PARTS];
    for (int64_t i = 0; i < job->n; i++) {
        if (!ken_column_valid(c, i)) continue;
        const int64_t v = t[i * c->stride];
        if (low == INT64_MAX) date_split(v, 0, start);
        if (v < low) low = v;
        date_split(v, 0, part);
        for (int k = 0; k < DATE_PARTS; k++) used[k] |= part[k] != start[k];
    }
    job->first[j] = low == INT64_MAX ? 0 : date_floor(low, DATE_DAY_US);
}

static void date_fit_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const date_fit_job *job = arg;
    (void)worker;
    for (int64_t j = begin; j < end; j++)
        if (ken_table_column(job->X, (int)j)->dtype == KEN_TIME) date_fit_column(job, (int)j);
}

static ken_status date_parts_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_date_parts_params *p = ken_model_params(model);
    const int64_t d = ken_table_cols(problem->X), shape[2] = {d, DATE_PARTS};
    const bool linear = problem->consumer_tags & KEN_TAG_LINEAR;
    date_fit_job job = {problem->X, problem->n_train, NULL, NULL};
    int64_t *is_time;
    KEN_TRY(ken_attr_new(ctx, model, "used", KEN_I64, 2, shape, (void **)&job.used));
    KEN_TRY(ken_attr_new(ctx, model, "first", KEN_I64, 1, &d, (void **)&job.first));
    KEN_TRY(ken_attr_new(ctx, model, "time", KEN_I64, 1, &d, (void **)&is_time));
    for (int j = 0; j < d; j++) is_time[j] = ken_table_column(problem->X, j)->dtype == KEN_TIME;
    KEN_TRY(ken_parallel(ctx, d, 1, date_fit_columns, &job));
    return ken_attr_set_i64(ctx, model, "cyclic",
                            p->cyclic == KEN_CYCLIC_YES ||
                                (p->cyclic == KEN_CYCLIC_AUTO && linear));
}

/* --- transform ------------------------------------------------------------------------------- */

typedef struct date_job {
    const ken_column *c;
    int64_t origin;
    double *value[DATE_PARTS]; /* the part, or its sine; NULL: not made */
    double *cosine[DATE_PARTS];
} date_job;

static void date_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const date_job *job = arg;
    const int64_t *t = job->c->data;
    double part[DATE_PARTS];
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const bool there = ken_column_valid(job->c, i);
        if (there) date_split(t[i * job->c->stride], job->origin, part);
        for (int k = 0; k < DATE_PARTS; k++) {
            if (!job->value[k]) continue;
            if (!there) {
                job->value[k][i] = NAN;
                if (job->cosine[k]) job->cosine[k][i] = NAN;
            } else if (job->cosine[k]) {
                const double angle =
                    (part[k] - date_part[k].first) / date_part[k].turn * 6.283185307179586;
                job->value[k][i] = ken_sin(angle);
                job->cosine[k][i] = ken_cos(angle);
            } else {
                job->value[k][i] = part[k];
            }
        }
    }
}

static ken_status date_column(ken_ctx *ctx, const ken_table *X, int j, const int64_t *used,
                              int64_t origin, bool cyclic, ken_table *out) {
    date_job job = {.c = ken_table_column(X, j), .origin = origin};
    char name[512];
    for (int k = 0; k < DATE_PARTS; k++) {
        const bool turns = cyclic && date_part[k].turn > 0;
        if (!used[k]) continue;
        snprintf(name, sizeof name, "%.480s.%s%s", job.c->name, date_part[k].name,
                 turns ? "_sin" : "");
        KEN_TRY(ken__add(ctx, out, name, KEN_F64, j, (void **)&job.value[k], NULL));
        if (!turns) continue;
        snprintf(name, sizeof name, "%.480s.%s_cos", job.c->name, date_part[k].name);
        KEN_TRY(ken__add(ctx, out, name, KEN_F64, j, (void **)&job.cosine[k], NULL));
    }
    return ken_parallel(ctx, job.c->n, 8192, date_rows, &job);
}

static ken_status date_parts_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                       ken_table *out) {
    const int64_t *used = ken_model_attr(model, "used")->data;
    const int64_t *first = ken_model_attr(model, "first")->data;
    const int64_t *is_time = ken_model_attr(model, "time")->data;
    const bool cyclic = ken_model_attr_f64(model, "cyclic", 0) != 0;
    KEN_TRY(ken__check_columns(ctx, model, X, ken_model_attr(model, "first")->shape[0]));
    for (int j = 0; j < ken_table_cols(X); j++) {
        const ken_column *c = ken_table_column(X, j);
        if (!is_time[j]) {
            KEN_TRY(ken__pass(ctx, out, X, j));
            continue;
        }
        if (c->dtype != KEN_TIME)
            return KEN_FAIL(ctx, KEN_E_TYPE, "give the column the type it had in training",
                            "date_parts: column '%s' holds %s, but times were learned", c->name,
                            ken_dtype_name(c->dtype));
        KEN_TRY(date_column(ctx, X, j, used + (int64_t)j * DATE_PARTS, first[j], cyclic, out));
    }
    return KEN_OK;
}

static ken_status date_parts_open(ken_ctx *ctx, ken_model *model, void **state) {
    const ken_tensor *used = ken_model_attr(model, "used");
    const int64_t d = used && used->ndim == 2 ? used->shape[0] : -1;
    const int64_t *first;
    const void *data;
    *state = NULL;
    KEN_TRY(ken__attr_need(ctx, model, "first", KEN_I64, d, (const void **)&first));
    KEN_TRY(ken__attr_need(ctx, model, "time", KEN_I64, d, &data));
    bool good = used && used->dtype == KEN_I64 && used->ndim == 2 && used->shape[1] == DATE_PARTS;
    for (int64_t j = 0; good && j < d; j++)
        good = first[j] >= INT64_MIN / DATE_DAY_US - 1 && first[j] <= INT64_MAX / DATE_DAY_US;
    if (!good)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "date_parts: its parts do not fit its columns");
    return KEN_OK;
}

static const char *const date_cyclics[] = {"auto", "no", "yes", NULL};
static const ken_param date_params[] = {
    KEN_ROW_CHOICE(ken_date_parts_params, cyclic, date_cyclics,
                   .doc = "month, weekday, hour and day of the year as sine and cosine; auto: for "
                          "linear models"),
    {0}};
static const ken_attr date_attrs[] = {
    {"used", KEN_I64, "d,7", "1: the part is made (year month day weekday hour day_of_year days)"},
    {"first", KEN_I64, "d", "first training day, in days since 1970-01-01"},
    {"time", KEN_I64, "d", "1: a time column"},
    {"cyclic", KEN_I64, "", "1: parts that come round are sine and cosine"},
    {0}};
static const ken_transformer date_verbs = {
    .fit = date_parts_fit, .transform = date_parts_transform, .open = date_parts_open};

const ken_desc ken_date_parts_desc = {
    .name = "date_parts",
    .title = "Times as numbers",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .params = date_params,
    .defaults = &(const ken_date_parts_params)KEN_DATE_PARTS_DEFAULTS,
    .params_size = sizeof(ken_date_parts_params),
    .attrs = date_attrs,
    .transformer = &date_verbs,
    .doc = "Takes times apart into year, month, day, weekday, hour, day of the year and days since "
           "the first, so that a model can see seasons, weeks and trends.",
    .peer = "pandas.Series.dt",
};

const ken_desc *const ken_date_parts_things[] = {&ken_date_parts_desc, NULL};
