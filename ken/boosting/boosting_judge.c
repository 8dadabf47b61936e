/* See boosting_judge.h: the text becomes a list, a look makes predictions of the margins of the validation
 * rows once for all metrics. */
#include "ken/boosting/boosting_judge.h"

#include <math.h>
#include <string.h>

#include "ken/boosting/boosting_loss_table.h"
#include "ken/core/quantiles.h"

/* --- the list ------------------------------------------------------------------------------------ */

static const char *const judge_variables[] = {"y", "p", "w", NULL};

/* "roc_auc", but not "y": that is a formula. */
static bool judge_is_name(const char *item) {
    const size_t n = strspn(item, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return item[n] == 0 && n > 1 && item[0] >= 'a' && item[0] <= 'z';
}

static ken_status judge_item(ken_ctx *ctx, boosting_judge *j, const char *item) {
    boosting_metric *const m = &j->metric[j->n];
    ken_verdict *const v = &j->verdict[j->n++];
    *v = (ken_verdict){item, (double)NAN, false};
    if (strcmp(item, "loss") == 0) return KEN_OK;
    if (!judge_is_name(item)) {
        j->formulas = true;
        return ken_expression_new(ctx, "boosting: metric", item, judge_variables, &m->formula);
    }
    j->names = true;
    if (ken_metric_find(ctx, item, 0, &m->desc) != KEN_OK) {
        char hint[160];
        snprintf(hint, sizeof hint, "%.150s", ken_ctx_hint(ctx));
        return KEN_FAIL(ctx, KEN_E_ARG, hint, "boosting: metric: there is no metric '%.60s'", item);
    }
    v->higher_is_better = m->desc->metric->higher_is_better;
    return KEN_OK;
}

static char *judge_trim(char *item) {
    item += strspn(item, " ");
    for (size_t n = strlen(item); n > 0 && item[n - 1] == ' ';) item[--n] = 0;
    return item;
}

ken_status ken__boosting_judge_parse(ken_ctx *ctx, const char *text, boosting_judge *j) {
    memset(j, 0, sizeof *j);
    if (!*text) return KEN_OK;
    KEN_TRY(ken_strdup(ctx, text, &j->text));
    for (char *item = j->text, *next; item; item = next) {
        next = strchr(item, '|');
        if (next) *next++ = 0;
        item = judge_trim(item);
        if (!*item)
            return KEN_FAIL(ctx, KEN_E_ARG, "write it as roc_auc|log_loss", "boosting: metric: '%.60s' has an empty item",
                            text);
        if (j->n == KEN_MAX_VERDICTS)
            return KEN_FAIL(ctx, KEN_E_ARG, "leave some out", "boosting: metric: more than %d metrics", KEN_MAX_VERDICTS);
        KEN_TRY(judge_item(ctx, j, item));
    }
    return KEN_OK;
}

void ken__boosting_judge_free(ken_ctx *ctx, boosting_judge *j) {
    for (int i = 0; i < j->n; i++) ken_expression_free(ctx, j->metric[i].formula);
    ken_free(ctx, j->text);
    ken_free(ctx, j->predicted);
    ken_free(ctx, j->proba);
    ken_free(ctx, j->margin);
    ken_free(ctx, j->history);
    memset(j, 0, sizeof *j);
}

/* --- the rows ------------------------------------------------------------------------------------ */

static ken_status judge_suits(ken_ctx *ctx, const ken_desc *desc, const ken_problem *problem) {
    if (!(desc->tasks & (uint32_t)problem->task))
        return KEN_FAIL(ctx, KEN_E_ARG, problem->task == KEN_CLASSIFY ? "take one for classes: roc_auc, log_loss ..."
                                                                      : "take one for numbers: rmse, mae, r2 ...",
                        "boosting: the metric '%s' cannot %s", desc->name, ken_task_name(problem->task));
    if (desc->metric->binary_only && problem->n_classes > 2)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "take one for several: roc_auc_ovr, log_loss, accuracy ...",
                        "boosting: the metric '%s' is for two classes, the target has %d", desc->name,
                        problem->n_classes);
    return KEN_OK;
}

ken_status ken__boosting_judge_open(ken_ctx *ctx, boosting_judge *j, const ken_problem *problem,
                                    const boosting_loss *l) {
    const int64_t first = problem->n_train, n = problem->n - first;
    if (j->formulas && l->outputs > 1)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "name metrics, or use it on numbers or two classes, without quantiles",
                        "boosting: a metric of your own sees one margin a row");
    for (int i = 0; i < j->n; i++)
        if (j->metric[i].desc) KEN_TRY(judge_suits(ctx, j->metric[i].desc, problem));
    if (!j->names || n == 0) return KEN_OK;
    const int k = problem->task == KEN_CLASSIFY ? problem->n_classes : 0;
    KEN_TRY(KEN_ALLOC(ctx, double, n, &j->predicted));
    if (k) KEN_TRY(ken_alloc(ctx, (size_t)n, (size_t)k * sizeof(double), (void **)&j->proba));
    if (!k && l->outputs > 1) KEN_TRY(ken_alloc(ctx, (size_t)n, (size_t)l->outputs * sizeof(double), (void **)&j->margin));
    j->scores = (ken_scores){.task = problem->task,
                             .n = n,
                             .y = problem->y ? problem->y + first : NULL,
                             .label = problem->label ? problem->label + first : NULL,
                             .n_classes = k,
                             .positive = 1,
                             .predicted = j->predicted,
                             .proba = j->proba,
                             .weight = problem->weight ? problem->weight + first : NULL,
                             .group = problem->group ? problem->group + first : NULL,
                             .n_groups = problem->n_groups,
                             .upper = problem->upper ? problem->upper + first : NULL};
    return KEN_OK;
}

/* --- predictions --------------------------------------------------------------------------------- */

typedef struct judge_job {
    const ken_kernels *kernels;
    const boosting_loss *loss;
    const ken_expression *formula;
    boosting_judge *judge;
} judge_job;

/* One margin a row, through the link, of the n rows from `at` on. */
static void judge_linked(const judge_job *job, int64_t at, int64_t n, double *p) {
    const boosting_loss *const l = job->loss;
    memcpy(p, l->margin + at, (size_t)n * sizeof *p);
    if (l->link == BOOSTING_LINK_EXP) job->kernels->exp_n(p, p, n);
    if (l->link == BOOSTING_LINK_SIGMOID) job->kernels->sigmoid_n(p, p, n);
}

static void judge_classes(const judge_job *job, int64_t at, int64_t n) {
    const boosting_loss *const l = job->loss;
    const int64_t first = at - l->n_train, k = job->judge->scores.n_classes;
    double p[LOSS_BLOCK], *const proba = job->judge->proba + first * k;
    if (l->outputs == 1) {
        judge_linked(job, at, n, p);
        for (int64_t i = 0; i < n; i++) proba[2 * i] = 1 - p[i], proba[2 * i + 1] = p[i];
    } else {
        for (int64_t i = 0; i < n; i++)
            for (int64_t c = 0; c < k; c++) proba[i * k + c] = l->margin[c * l->n + at + i];
        job->kernels->softmax_rows(proba, n, k, NULL);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t best = 0;
        for (int64_t c = 1; c < k; c++)
            if (proba[i * k + c] > proba[i * k + best]) best = c;
        job->judge->predicted[first + i] = (double)best;
    }
}

/* Of several quantiles the middle one, when they are in order. */
static void judge_quantiles(const judge_job *job, int64_t at, int64_t n) {
    const boosting_loss *const l = job->loss;
    const int64_t first = at - l->n_train, q = l->outputs;
    double *const margin = job->judge->margin + first * q;
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < q; c++) margin[i * q + c] = l->margin[c * l->n + at + i];
    ken_quantiles_sort(margin, n, q);
    for (int64_t i = 0; i < n; i++) job->judge->predicted[first + i] = margin[i * q + (q - 1) / 2];
}

static void judge_predict_block(void *arg, int64_t begin, int64_t end, int worker) {
    const judge_job *const job = arg;
    (void)worker;
    for (int64_t b = begin; b < end; b += LOSS_BLOCK) {
        const int64_t n = KEN_MIN(LOSS_BLOCK, end - b), at = job->loss->n_train + b;
        if (job->judge->proba)
            judge_classes(job, at, n);
        else if (job->judge->margin)
            judge_quantiles(job, at, n);
        else
            judge_linked(job, at, n, job->judge->predicted + b);
    }
}

/* --- a formula: its mean over the validation rows -------------------------------------------------- */

static void judge_formula_block(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const judge_job *const job = arg;
    const boosting_loss *const l = job->loss;
    double p[LOSS_BLOCK], value[LOSS_BLOCK], target[LOSS_BLOCK], weight[LOSS_BLOCK];
    (void)worker;
    for (int64_t b = begin; b < end; b += LOSS_BLOCK) {
        const int64_t n = KEN_MIN(LOSS_BLOCK, end - b), at = l->n_train + b;
        judge_linked(job, at, n, p);
        for (int64_t i = 0; i < n; i++) {
            target[i] = l->y ? l->y[at + i] : l->label[at + i];
            weight[i] = loss_weight(l, at + i);
        }
        for (int64_t i = 0; i < n; i += KEN_EXPRESSION_BLOCK) {
            const int64_t m = KEN_MIN(KEN_EXPRESSION_BLOCK, n - i);
            const double *const variable[] = {target + i, p + i, weight + i};
            ken_expression_eval(job->formula, job->kernels, variable, 1, m, value + i, NULL, NULL);
        }
        for (int64_t i = 0; i < n; i++) {
            sum[0] += weight[i] * value[i];
            sum[1] += weight[i];
        }
    }
}

static ken_status judge_formula(ken_ctx *ctx, judge_job *job, double *out) {
    double sum[2];
    *out = (double)NAN;
    KEN_TRY(ken_reduce(ctx, job->loss->n - job->loss->n_train, 2, judge_formula_block, job, sum));
    if (sum[1] > 0) *out = sum[0] / sum[1];
    return KEN_OK;
}

/* --- a look ---------------------------------------------------------------------------------------- */

ken_status ken__boosting_judge_look(ken_ctx *ctx, boosting_judge *j, const boosting_loss *l, double loss_mean) {
    judge_job job = {ken_ctx_kernels(ctx), l, NULL, j};
    const size_t need = (j->steps + 1) * (size_t)j->n;
    if (j->names) KEN_TRY(ken_parallel(ctx, j->scores.n, LOSS_GRAIN, judge_predict_block, &job));
    for (int i = 0; i < j->n; i++) {
        double *const out = &j->verdict[i].value;
        job.formula = j->metric[i].formula;
        *out = loss_mean;
        if (job.formula) KEN_TRY(judge_formula(ctx, &job, out));
        if (j->metric[i].desc) KEN_TRY(ken_metric_value(ctx, j->metric[i].desc, NULL, &j->scores, out));
    }
    if (need > j->history_capacity) {
        const size_t next = ken_next_capacity(j->history_capacity, need);
        KEN_TRY(ken_grow(ctx, (void **)&j->history, j->history_capacity, next, sizeof *j->history));
        j->history_capacity = next;
    }
    for (int i = 0; i < j->n; i++) j->history[j->steps * (size_t)j->n + (size_t)i] = j->verdict[i].value;
    j->steps++;
    return KEN_OK;
}

/* --- what the model remembers ----------------------------------------------------------------------- */

static bool judge_same(const boosting_judge *j, const ken_strings *names, const ken_tensor *values) {
    if (!names || !values || values->ndim != 2 || names->n != j->n || values->shape[1] != j->n) return false;
    for (int i = 0; i < j->n; i++) {
        int64_t size;
        const char *const name = ken_strings_at(names, i, &size);
        if ((size_t)size != strlen(j->verdict[i].name) || memcmp(name, j->verdict[i].name, (size_t)size) != 0)
            return false;
    }
    return true;
}

ken_status ken__boosting_judge_recall(ken_ctx *ctx, boosting_judge *j, const ken_model *model, int64_t rounds) {
    const ken_tensor *const values = ken_model_attr(model, "validation_metric");
    const bool same = judge_same(j, ken_model_attr_strings(model, "metrics"), values);
    const int64_t n = rounds * j->n;
    KEN_TRY(KEN_ALLOC(ctx, double, n, &j->history));
    j->history_capacity = (size_t)n;
    j->steps = (size_t)rounds;
    for (int64_t i = 0; i < n; i++)
        j->history[i] = same && i < ken_tensor_count(values) ? ken_tensor_value(values, i) : (double)NAN;
    return KEN_OK;
}

ken_status ken__boosting_judge_write(ken_ctx *ctx, const boosting_judge *j, ken_model *model) {
    const int64_t shape[2] = {(int64_t)j->steps, j->n};
    int64_t offset[KEN_MAX_VERDICTS + 1] = {0};
    char *bytes;
    double *history;
    for (int i = 0; i < j->n; i++) offset[i + 1] = offset[i] + (int64_t)strlen(j->verdict[i].name);
    KEN_TRY(KEN_SCRATCH(ctx, char, offset[j->n], &bytes));
    for (int i = 0; i < j->n; i++) memcpy(bytes + offset[i], j->verdict[i].name, (size_t)(offset[i + 1] - offset[i]));
    const ken_strings names = {j->n, offset, bytes};
    KEN_TRY(ken_attr_set_strings(ctx, model, "metrics", &names));
    KEN_TRY(ken_attr_new(ctx, model, "validation_metric", KEN_F64, 2, shape, (void **)&history));
    memcpy(history, j->history, j->steps * (size_t)j->n * sizeof *history);
    return KEN_OK;
}
