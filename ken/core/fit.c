/* The fit: one loop for all that is iterative. It reports, looks at cancel and budget, stops early,
 * and can be opened as a trace. Read next: predict.c. */
#include <math.h>
#include <string.h>

#include "ken/core/ctx_internal.h"
#include "ken/core/model_internal.h"

#define FIT_MAX_VIEWS 16

/* One running fit. */
typedef struct fit_run {
    ken_ctx *ctx;
    ken_model *model;
    const ken_problem *problem;
    const ken_estimator *verbs;
    void *state; /* NULL: not begun, or ended */
    ken_stop_rule rule;
    ken_progress at;
    ken_view views[FIT_MAX_VIEWS];
    struct fit_best {
        double value; /* the lower the better */
        int64_t step; /* 0: none yet */
    } best[KEN_MAX_VERDICTS]; /* by each judge of the validation rows */
    int decided; /* the judge that ended the fit; else the first */
    bool done;
} fit_run;

static ken_status fit_begin(fit_run *run) {
    const ken_stop_rule none = {.max_steps = INT64_MAX};
    ken_progress at = ken_progress_of(run->model->desc->name, 0, 0);
    run->rule = run->verbs->stop_rule
                    ? run->verbs->stop_rule(run->model->params, run->problem->n_train)
                    : none;
    for (int j = 0; j < KEN_MAX_VERDICTS; j++) run->best[j] = (struct fit_best){INFINITY, 0};
    run->decided = 0;
    run->done = false;
    at.total = run->rule.max_steps == INT64_MAX ? 0 : run->rule.max_steps;
    run->at = at;
    return run->verbs->begin(run->ctx, run->model, run->problem, &run->state);
}

/* Whether judge j has lost its patience. What is not a number says nothing. */
static bool fit_worn_out(fit_run *run, int j, double value) {
    struct fit_best *const best = &run->best[j];
    if (isnan(value)) return false;
    if (value < best->value - run->rule.min_delta) {
        *best = (struct fit_best){value, run->at.iteration};
        return false;
    }
    return run->at.iteration - best->step >= run->rule.patience;
}

/* Early stopping looks at validation rows only where the model asked for patience. The first of several
 * judges that loses it ends the fit, and its best step is the one to keep. */
static void fit_look_at_validation(fit_run *run, const ken_step *step) {
    const int all = KEN_MIN(step->n_verdicts, KEN_MAX_VERDICTS), n = run->rule.first_only ? KEN_MIN(all, 1) : all;
    bool ended = false;
    if (run->rule.patience <= 0) return;
    if (n == 0 && fit_worn_out(run, 0, step->validation)) run->done = true;
    for (int j = 0; j < n; j++) {
        const ken_verdict *const v = &step->verdicts[j];
        if (!fit_worn_out(run, j, v->higher_is_better ? -v->value : v->value) || ended) continue;
        run->done = ended = true;
        run->decided = j;
    }
}

static ken_status fit_step(fit_run *run) {
    ken_step step = {.left = -1, .objective = (double)NAN, .validation = (double)NAN};
    ken_ctx *ctx = run->ctx;
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(ken_check_cancel(ctx));
    const ken_status status = run->verbs->step(ctx, run->model, run->state, &step);
    ken_scratch_release(ctx, mark);
    KEN_TRY(status);
    run->at.iteration++;
    if (step.left >= 0) run->at.total = run->at.iteration + step.left;
    run->at.objective = step.objective;
    run->at.validation = step.validation;
    run->done = step.done || run->at.iteration >= run->rule.max_steps;
    run->at.verdicts = step.verdicts;
    run->at.n_verdicts = step.n_verdicts;
    fit_look_at_validation(run, &step);
    if (!isnan(ctx->deadline_s) && ken_ctx_clock(ctx) >= ctx->deadline_s && !run->done) {
        ken_warn(ctx, "%s: the time budget is spent after %lld steps", run->model->desc->name,
                 (long long)run->at.iteration);
        run->done = true;
    }
    run->at.n_views = run->verbs->views
                          ? run->verbs->views(run->model, run->state, run->views, FIT_MAX_VIEWS)
                          : 0;
    run->at.views = run->views;
    return KEN_OK;
}

/* Ends in every case; keep 0 only frees. */
static ken_status fit_end(fit_run *run, bool finish) {
    void *state = run->state;
    const int64_t best = run->best[run->decided].step;
    int64_t keep = 0;
    run->state = NULL;
    if (!state) return KEN_OK;
    if (finish) keep = best > 0 ? best : run->at.iteration;
    return run->verbs->end(run->ctx, run->model, state, keep);
}

/* All steps; after an error nothing is left of them. */
static ken_status fit_steps(fit_run *run) {
    ken_status status = fit_begin(run);
    while (status == KEN_OK && !run->done) {
        status = fit_step(run);
        if (status == KEN_OK) ken_report_progress(run->ctx, &run->at);
    }
    if (status != KEN_OK) (void)fit_end(run, false);
    return status;
}

static ken_status fit_iterative(fit_run *run) {
    KEN_TRY(fit_steps(run));
    return fit_end(run, true);
}

static ken_status fit_check_stepper(ken_ctx *ctx, const ken_model *model) {
    const ken_estimator *e = model->desc->estimator;
    if (e && (e->fit || (e->begin && e->step && e->end))) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_BUG, NULL, "%s has no fit", model->desc->name);
}

static ken_status fit_estimator(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    fit_run run;
    memset(&run, 0, sizeof run);
    run.ctx = ctx, run.model = model, run.problem = problem, run.verbs = model->desc->estimator;
    KEN_TRY(fit_check_stepper(ctx, model));
    KEN_TRY(ken__check_inputs(ctx, model, problem->X));
    KEN_TRY(run.verbs->fit ? run.verbs->fit(ctx, model, problem) : fit_iterative(&run));
    return ken__model_open(ctx, model);
}

static ken_status fit_transformer(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    KEN_TRY(model->desc->transformer->fit(ctx, model, problem));
    return ken__model_open(ctx, model);
}

/* What the rows of the fit become: fitted across folds where the thing does that. */
static ken_status fit_made(ken_ctx *ctx, const ken_model *model, const ken_problem *problem, ken_table **out) {
    const ken_transformer *t = model->desc->transformer;
    ken_table *made = NULL;
    KEN_TRY(ken_table_new(ctx, problem->n, &made));
    const ken_status status = t->transform_train ? t->transform_train(ctx, model, problem, made)
                                                 : t->transform(ctx, model, problem->X, made);
    if (status == KEN_OK)
        *out = made;
    else
        ken_table_free(made);
    return status;
}

static ken_status fit_prepared(ken_ctx *ctx, ken_model *model, ken_prepared *prepared, ken_table **out) {
    if (model->desc->kind != KEN_TRANSFORMER) return fit_estimator(ctx, model, &prepared->problem);
    KEN_TRY(fit_transformer(ctx, model, &prepared->problem));
    if (!out) return KEN_OK;
    KEN_TRY(fit_made(ctx, model, &prepared->problem, out));
    ken_table_keep(*out, prepared->raw); /* it borrows from it */
    prepared->raw = NULL;
    return KEN_OK;
}

/* out NULL: only fitted. */
static ken_status fit_model(ken_ctx *ctx, ken_model *model, const ken_data *data, ken_table **out) {
    ken_prepared prepared;
    const ken_mark mark = ken_scratch_mark(ctx);
    ken__model_reset(model);
    ken_status status = ken_params_check(ctx, model->desc, model->params);
    if (status == KEN_OK) status = ken__prepare(ctx, model, data, &prepared);
    if (status == KEN_OK) {
        if (out && prepared.problem.n != ken_table_rows(data->table))
            status = KEN_FAIL(ctx, KEN_E_VALUE, "leave those rows out, or fit first and transform then",
                              "%s: some rows have no target or no part in the fit", model->desc->name);
        else
            status = fit_prepared(ctx, model, &prepared, out);
        ken__prepared_free(ctx, &prepared);
    }
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK)
        model->fitted = true;
    else
        ken__model_reset(model);
    return status;
}

ken_status ken_model_fit(ken_ctx *ctx, ken_model *model, const ken_data *data) {
    return fit_model(ctx, model, data, NULL);
}

ken_status ken_model_fit_transform(ken_ctx *ctx, ken_model *model, const ken_data *data, ken_table **out) {
    *out = NULL;
    if (model->desc->kind != KEN_TRANSFORMER)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, NULL, "%s is not a transformer", model->desc->name);
    return fit_model(ctx, model, data, out);
}

/* --- fitting on ------------------------------------------------------------------------------------ */
static ken_status fit_check_on(ken_ctx *ctx, const ken_model *model) {
    if (!(model->desc->tags & KEN_TAG_CONTINUE))
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "train a new model, or choose boosting",
                        "%s cannot be fitted on", model->desc->name);
    if (!model->fitted)
        return KEN_FAIL(ctx, KEN_E_STATE, "fit it first", "%s is not fitted", model->desc->name);
    return ken_params_check(ctx, model->desc, model->params);
}

/* The state of attributes that are no longer what they were; after an error nothing stays. */
static ken_status fit_reopen(ken_ctx *ctx, ken_model *model, ken_status status) {
    if (model->state && model->desc->estimator->close)
        model->desc->estimator->close(&model->alloc, model->state);
    model->state = NULL;
    if (status == KEN_OK) status = ken__model_open(ctx, model);
    if (status != KEN_OK) ken__model_reset(model);
    return status;
}

ken_status ken_model_fit_on(ken_ctx *ctx, ken_model *model, const ken_data *data) {
    ken_prepared prepared;
    fit_run run;
    KEN_TRY(fit_check_on(ctx, model));
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(ken__prepare_again(ctx, model, data, &prepared));
    memset(&run, 0, sizeof run);
    run.ctx = ctx, run.model = model, run.problem = &prepared.problem;
    run.verbs = model->desc->estimator;
    ken_status status = ken__check_inputs(ctx, model, prepared.problem.X);
    if (status == KEN_OK) status = fit_steps(&run);
    if (status == KEN_OK) status = fit_reopen(ctx, model, fit_end(&run, true));
    if (status == KEN_OK) model->rows_train = prepared.problem.n_train;
    ken__prepared_free(ctx, &prepared);
    ken_scratch_release(ctx, mark);
    return status;
}

static ken_status fit_check_refit(ken_ctx *ctx, const ken_model *model, double decay) {
    if (!model->desc->estimator || !model->desc->estimator->refit)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "train a new model, or choose boosting",
                        "%s cannot be refitted", model->desc->name);
    if (!model->fitted)
        return KEN_FAIL(ctx, KEN_E_STATE, "fit it first", "%s is not fitted", model->desc->name);
    if (!(decay >= 0 && decay <= 1))
        return KEN_FAIL(ctx, KEN_E_ARG, "give a number from 0 (all new) to 1 (all old)",
                        "%s: the decay of a refit is %g", model->desc->name, decay);
    return ken_params_check(ctx, model->desc, model->params);
}

ken_status ken_model_refit(ken_ctx *ctx, ken_model *model, const ken_data *data, double decay) {
    ken_prepared prepared;
    KEN_TRY(fit_check_refit(ctx, model, decay));
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(ken__prepare_again(ctx, model, data, &prepared));
    ken_status status = ken__check_inputs(ctx, model, prepared.problem.X);
    if (status == KEN_OK)
        status = model->desc->estimator->refit(ctx, model, &prepared.problem, decay);
    if (status == KEN_OK) status = fit_reopen(ctx, model, KEN_OK);
    if (status == KEN_OK) model->rows_train = prepared.problem.n_train;
    ken__prepared_free(ctx, &prepared);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_model_prepare(ken_ctx *ctx, ken_model *model, const ken_data *data, ken_problem_fn fn,
                             void *arg) {
    ken_prepared prepared;
    const ken_mark mark = ken_scratch_mark(ctx);
    ken__model_reset(model);
    ken_status status = ken_params_check(ctx, model->desc, model->params);
    if (status == KEN_OK) status = ken__prepare(ctx, model, data, &prepared);
    if (status == KEN_OK) {
        status = ken__check_inputs(ctx, model, prepared.problem.X);
        if (status == KEN_OK) status = fn(ctx, model, &prepared.problem, arg);
        ken__prepared_free(ctx, &prepared);
    }
    ken_scratch_release(ctx, mark);
    ken__model_reset(model);
    return status;
}

/* --- nested transformers --------------------------------------------------------------------------- */
static ken_status fit_child(ken_ctx *ctx, ken_model *child, const ken_problem *problem, ken_table **out) {
    KEN_TRY(ken__schema_of(ctx, problem->X, &child->features));
    child->rows_train = problem->n_train;
    child->task = problem->task;
    KEN_TRY(fit_transformer(ctx, child, problem));
    return out ? fit_made(ctx, child, problem, out) : KEN_OK;
}

ken_status ken_model_fit_problem(ken_ctx *ctx, ken_model *child, const ken_problem *problem,
                                 ken_table **out) {
    if (out) *out = NULL;
    if (child->desc->kind != KEN_TRANSFORMER)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, NULL, "%s is not a transformer", child->desc->name);
    ken__model_reset(child);
    KEN_TRY(ken_params_check(ctx, child->desc, child->params));
    const ken_status status = fit_child(ctx, child, problem, out);
    if (status == KEN_OK)
        child->fitted = true;
    else
        ken__model_reset(child);
    return status;
}

/* --- trace -------------------------------------------------------------------------------------------- */
struct ken_trace {
    fit_run run;
    ken_prepared prepared;
    ken_mark mark; /* scratch of begin lives until the trace ends: traces end in reverse order */
};

ken_status ken_model_trace(ken_ctx *ctx, ken_model *model, const ken_data *data, ken_trace **out) {
    ken_trace *trace = NULL;
    *out = NULL;
    KEN_TRY(fit_check_stepper(ctx, model));
    ken__model_reset(model);
    KEN_TRY(KEN_ALLOC(ctx, ken_trace, 1, &trace));
    trace->mark = ken_scratch_mark(ctx);
    ken_status status = ken_params_check(ctx, model->desc, model->params);
    if (status == KEN_OK) status = ken__prepare(ctx, model, data, &trace->prepared);
    trace->run.ctx = ctx, trace->run.model = model;
    trace->run.problem = &trace->prepared.problem, trace->run.verbs = model->desc->estimator;
    if (status == KEN_OK) status = ken__check_inputs(ctx, model, trace->prepared.problem.X);
    if (status == KEN_OK && !trace->run.verbs->fit) status = fit_begin(&trace->run);
    if (status != KEN_OK) {
        (void)fit_end(&trace->run, false);
        ken__prepared_free(ctx, &trace->prepared);
        ken__model_reset(model);
        ken_scratch_release(ctx, trace->mark);
        ken_free(ctx, trace);
        return status;
    }
    *out = trace;
    return KEN_OK;
}

static ken_status trace_restart(ken_trace *trace) {
    KEN_TRY(fit_end(&trace->run, false));
    ken_scratch_release(trace->run.ctx, trace->mark);
    return fit_begin(&trace->run);
}

ken_status ken_trace_seek(ken_trace *trace, int64_t to) {
    fit_run *run = &trace->run;
    if (run->verbs->fit) { /* closed form: one step */
        run->at.what = run->model->desc->name;
        run->at.total = 1;
        run->at.objective = run->at.validation = (double)NAN;
        if (to >= 1 && !run->done) KEN_TRY(run->verbs->fit(run->ctx, run->model, run->problem));
        run->done |= to >= 1;
        run->at.iteration = to >= 1;
        return KEN_OK;
    }
    if (to < run->at.iteration) KEN_TRY(trace_restart(trace));
    while (run->at.iteration < to && !run->done) KEN_TRY(fit_step(run));
    return KEN_OK;
}

const ken_progress *ken_trace_at(const ken_trace *trace) { return &trace->run.at; }

ken_status ken_trace_end(ken_trace *trace, bool finish) {
    ken_ctx *ctx = trace->run.ctx;
    ken_model *model = trace->run.model;
    ken_status status = KEN_OK;
    if (finish && trace->run.at.iteration == 0) status = ken_trace_seek(trace, 1);
    if (!trace->run.verbs->fit) {
        const ken_status ended = fit_end(&trace->run, finish && status == KEN_OK);
        if (status == KEN_OK) status = ended;
    }
    if (finish && status == KEN_OK) status = ken__model_open(ctx, model);
    if (finish && status == KEN_OK)
        model->fitted = true;
    else
        ken__model_reset(model);
    ken__prepared_free(ctx, &trace->prepared);
    ken_scratch_release(ctx, trace->mark);
    ken_free(ctx, trace);
    return status;
}
