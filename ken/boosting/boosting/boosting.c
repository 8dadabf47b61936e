/* Gradient boosting: begin bins the table, a step grows one tree per output and moves the margins,
 * end writes the trees that are kept as arrays (ken/tree/tree_ensemble.h), which also predict.
 *
 * source  Friedman 2001 (Ann. Stat. 29); Chen & Guestrin 2016 (KDD); Ke et al. 2017 (NIPS). */
#include "ken/boosting/boosting/boosting.h"

#include <stdlib.h>

#include "ken/boosting/boosting/boosting_linear.h"
#include "ken/boosting/boosting/boosting_state.h"
#include "ken/tree/tree_linear.h"

ken_status ken__boosting_reserve(ken_ctx *ctx, void **items, size_t *capacity, size_t need,
                                 size_t size) {
    if (need <= *capacity) return KEN_OK;
    const size_t next = ken_next_capacity(*capacity, need);
    KEN_TRY(ken_grow(ctx, items, *capacity, next, size));
    *capacity = next;
    return KEN_OK;
}

/* Gradients, and the rows that the tree sees. */
static ken_status boosting_tree_rows(ken_ctx *ctx, boosting_fit *s, int k, boosting_scale *scale, const uint32_t **rows,
                                int64_t *n_rows) {
    if (s->width > 1) return ken__boosting_vector_draw(ctx, s, scale, rows, n_rows);
    KEN_TRY(ken__boosting_loss_pack(ctx, &s->loss, k, scale, ken__boosting_grower_words(s->grower)));
    if (s->sample_weight) return ken__boosting_draw_by_gradient(ctx, s, scale, n_rows);
    *rows = ken__boosting_draw_rows(ctx, s, n_rows);
    return KEN_OK;
}

static ken_status boosting_tree(ken_ctx *ctx, boosting_fit *s, int k, bool *split) {
    const ken_mark mark = ken_scratch_mark(ctx);
    boosting_scale scale;
    const uint32_t *rows = s->rows;
    int64_t n_rows;
    int n_columns;
    KEN_TRY(boosting_tree_rows(ctx, s, k, &scale, &rows, &n_rows));
    const int32_t *const columns = ken__boosting_draw_columns(ctx, s, &n_columns);
    KEN_TRY(ken__boosting_others_keep(ctx, s, n_rows));
    KEN_TRY(ken__boosting_grow(ctx, s->grower, &scale, rows, n_rows, columns, n_columns));
    KEN_TRY(BOOSTING_RESERVE(ctx, s->offset, s->offset_capacity, s->n_trees + 2));
    KEN_TRY(ken__boosting_write_tree(ctx, s, &scale));
    ken__boosting_weigh(s);
    KEN_TRY(ken__boosting_others_vote(ctx, s, n_rows, &scale));
    if (s->width > 1)
        KEN_TRY(ken__boosting_vector_advance(ctx, s, n_rows));
    else
        KEN_TRY(ken__boosting_advance(ctx, s, k, n_rows, &scale));
    if (s->p->drop_rate > 0) KEN_TRY(ken__boosting_drop_keep(ctx, s));
    *split |= s->n_leaves > 1;
    s->offset[++s->n_trees] = (int64_t)s->n_out;
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* Whether the next tree may find what this one did not. */
static bool boosting_draws(const boosting_fit *s) {
    const ken_boosting_params *const p = s->p;
    return s->rows || ken__boosting_column_fraction(s) < 1 || p->level_fraction < 1 ||
           s->rules.node_fraction < 1 || p->extra_random || p->drop_rate > 0;
}

ken_status ken__boosting_step(ken_ctx *ctx, ken_model *model, void *state, ken_step *out) {
    boosting_fit *const s = state;
    bool split = false;
    (void)model;
    if (s->p->drop_rate > 0) KEN_TRY(ken__boosting_drop_begin(ctx, s));
    KEN_TRY(ken__boosting_loss_refresh(ctx, &s->loss));
    for (int k = 0; k < (int)boosting_round_trees(s); k++) KEN_TRY(boosting_tree(ctx, s, k, &split));
    if (s->p->drop_rate > 0) KEN_TRY(ken__boosting_drop_end(ctx, s));
    out->done = !split && !boosting_draws(s);
    out->left = KEN_MAX(s->trees - (int64_t)s->n_steps - 1, 0); /* those of an earlier fit count, too */
    out->done |= out->left == 0;
    if (s->wants_objective)
        KEN_TRY(ken__boosting_loss_mean(ctx, &s->loss, 0, s->loss.n_train, &out->objective));
    KEN_TRY(ken__boosting_loss_mean(ctx, &s->loss, s->loss.n_train, s->loss.n, &out->validation));
    KEN_TRY(BOOSTING_RESERVE(ctx, s->validation, s->validation_capacity, s->n_steps + 1));
    s->validation[s->n_steps++] = out->validation;
    if (s->judge.n == 0 || s->loss.n == s->loss.n_train) return KEN_OK;
    out->verdicts = s->judge.verdict;
    out->n_verdicts = s->judge.n;
    return ken__boosting_judge_look(ctx, &s->judge, &s->loss, out->validation);
}

/* --- end ----------------------------------------------------------------------------------------
 */

void ken__boosting_free(ken_ctx *ctx, boosting_fit *s) {
    if (!s) return;
    ken__boosting_grower_free(ctx, s->grower);
    ken_bins_free(ctx, s->bins);
    ken_free(ctx, s->feature);
    ken_free(ctx, s->source);
    ken_free(ctx, s->codes);
    ken_free(ctx, s->by_column);
    ken_free(ctx, s->margin);
    ken__boosting_loss_free(ctx, &s->loss);
    ken__boosting_judge_free(ctx, &s->judge);
    ken_free(ctx, s->weight);
    ken_free(ctx, s->usable);
    ken_free(ctx, s->rows);
    ken_free(ctx, s->sample_weight);
    ken_free(ctx, s->columns);
    ken_free(ctx, s->direction);
    ken_free(ctx, s->group);
    ken_free(ctx, s->forced);
    ken_free(ctx, s->items);
    ken_free(ctx, s->out);
    ken_free(ctx, s->words);
    ken_free(ctx, s->offset);
    ken_free(ctx, s->leaf);
    ken_free(ctx, s->stack);
    ken_free(ctx, s->base);
    ken_free(ctx, s->validation);
    ken_free(ctx, s->round);
    ken__boosting_drop_free(ctx, s);
    ken__boosting_vector_free(ctx, s);
    ken__boosting_linear_free(ctx, s->linear);
    ken_free(ctx, s);
}

static ken_status boosting_end(ken_ctx *ctx, ken_model *model, void *state, int64_t keep) {
    boosting_fit *const s = state;
    const ken_status status =
        keep > 0 ? ken__boosting_write_model(ctx, model, s, s->n_before + keep) : KEN_OK;
    ken__boosting_free(ctx, s);
    return status;
}

/* The margins of all rows, and the nodes of the trees of the last round, named as the attributes are:
 * seen where they lie (so with strides), nothing is copied. category counts in category_bits, the
 * sets of all rounds. */
static int boosting_views(const ken_model *model, void *state, ken_view *out, int capacity) {
    boosting_fit *const s = state;
    (void)model;
    const int64_t outputs = s->loss.outputs, trees = boosting_round_trees(s);
    const int64_t *const first = s->offset + ((int64_t)s->n_trees - trees);
    boosting_out *const node = s->out + first[0];
    const struct {
        const char *name;
        void *data;
        ken_dtype dtype;
    } rows[] = {{"feature", &node->feature, KEN_I32},            {"threshold", &node->threshold, KEN_F64},
                {"left", &node->left, KEN_I32},                  {"right", &node->right, KEN_I32},
                {"missing_left", &node->missing_left, KEN_BOOL}, {"category", &node->category, KEN_I32},
                {"category_words", &node->category_words, KEN_I32}, {"value", &node->value, KEN_F64},
                {"cover", &node->cover, KEN_F64},                {"gain", &node->gain, KEN_F64}};
    int n = 3;
    if (capacity < BOOSTING_VIEWS) return 0;
    s->view[0] = ken_tensor_2d(s->margin, KEN_F64, outputs, s->loss.n);
    out[0] = (ken_view){"margin", &s->view[0]};
    for (int64_t k = 0; k <= trees; k++) s->round[k] = first[k] - first[0];
    s->view[1] = ken_tensor_1d(s->round, KEN_I64, trees + 1);
    out[1] = (ken_view){"tree_offset", &s->view[1]};
    s->view[2] = ken_tensor_1d(s->words, KEN_I32, (int64_t)s->n_words);
    out[2] = (ken_view){"category_bits", &s->view[2]};
    for (int r = 0; r < KEN_COUNT(rows); r++, n++) {
        s->view[n] = ken_tensor_1d(rows[r].data, rows[r].dtype, s->round[trees]);
        s->view[n].stride[0] = (int64_t)(sizeof *node / ken_dtype_size(rows[r].dtype));
        if (s->width > 1 && rows[r].data == &node->value)
            s->view[n] = ken_tensor_2d(s->vector.value + first[0] * outputs, KEN_F64, s->round[trees], outputs);
        out[n] = (ken_view){rows[r].name, &s->view[n]};
    }
    return n;
}

static ken_stop_rule boosting_stop_rule(const void *params, int64_t n_rows) {
    const ken_boosting_params *const p = params;
    const bool on = p->early_stopping == KEN_BOOSTING_STOP_ON;
    const bool off = p->early_stopping == KEN_BOOSTING_STOP_OFF;
    (void)n_rows;
    return (ken_stop_rule){.max_steps = p->trees > 0 ? p->trees : BOOSTING_MOST_TREES,
                           .validation_fraction = on ? p->validation_fraction : 0,
                           .patience = off ? 0 : p->patience,
                           .min_delta = p->min_delta,
                           .first_only = p->stop_by == KEN_BOOSTING_STOP_BY_FIRST};
}

/* --- descriptor ---------------------------------------------------------------------------------
 */

static const char *const boosting_growths[] = {"leafwise", "depthwise", "oblivious", NULL};
static const char *const boosting_leaves_names[] = {"scalar", "vector", NULL};
static const char *const boosting_linears[] = {"off", "on", "auto", NULL};
static const char *const boosting_samplings[] = {"uniform", "goss", "mvs", NULL};
static const char *const boosting_leaf_rows[] = {"all", "sample", NULL};
static const char *const boosting_drop_scales[] = {"tree", "forest", NULL};
static const char *const boosting_class_weights[] = {"none", "balanced", NULL};
static const char *const boosting_cox_ties[] = {"efron", "breslow", NULL};
static const char *const boosting_aft_laws[] = {"normal", "logistic", "extreme", NULL};
static const char *const boosting_links[] = {"identity", "log", "logit", NULL};
static const char *const boosting_stops[] = {"auto", "off", "on", NULL};
static const char *const boosting_stop_bys[] = {"any", "first", NULL};

static const ken_param boosting_params[] = {
    KEN_ROW_I64(ken_boosting_params, trees, .min = 0, .max = 1000000, .lo = 50, .hi = 1000,
                .scale = KEN_LOG_SCALE,
                .doc = "rounds, with those of a model that is continued; one tree a round, one per "
                       "class if more than two (leaves=scalar); 0: at most 1000 for squared errors, 400 with "
                       "two classes, else 500; with fewer than 50,000 rows as many of them as pilot fits say"),
    KEN_ROW_F64(ken_boosting_params, learning_rate, .min = 0, .open_min = true, .max = 1,
                .lo = 0.01, .hi = 0.3, .scale = KEN_LOG_SCALE,
                .doc = "how much of each tree is added"),
    KEN_ROW_I64(ken_boosting_params, max_leaves, .min = 0, .max = 1000000, .lo = 7, .hi = 255,
                .scale = KEN_LOG_SCALE,
                .doc = "most leaves of a tree; 0: 31, with classes 6 to 31, more with more rows or classes "
                       "(leaves=vector: 31 to 255); growth=oblivious: max_depth says it"),
    KEN_ROW_I64(ken_boosting_params, max_depth, .min = 0, .max = 1000,
                .doc = "most questions from root to leaf; 0: no limit, growth=oblivious: 6 (at most 20)"),
    KEN_ROW_I64(ken_boosting_params, max_bins, .min = 2, .max = 255,
                .doc = "most thresholds tried per column"),
    KEN_ROW_I64(ken_boosting_params, min_leaf_rows, .min = 0, .max = 1e15, .lo = 1, .hi = 100,
                .scale = KEN_LOG_SCALE, .unit = "rows",
                .doc = "fewest training rows of a leaf; 0: 2 for squared errors, 20 with more than two "
                       "classes, else 5"),
    KEN_ROW_F64(ken_boosting_params, min_leaf_weight, .min = 0, .max = 1e300,
                .doc = "least sum of hessians of a leaf; 0: 1, with more than two classes 0.001"),
    KEN_ROW_F64(ken_boosting_params, l1, .min = 0, .max = 1e300,
                .doc = "L1 penalty on leaf values"),
    KEN_ROW_F64(ken_boosting_params, l2, .min = -1, .max = 1e300, .lo = 1e-3, .hi = 100,
                .scale = KEN_LOG_SCALE,
                .doc = "L2 penalty on leaf values; below 0: 0.5 for squared errors, else 2, with classes 5 "
                       "(leaves=vector: 15 / K of K > 3)"),
    KEN_ROW_F64(ken_boosting_params, min_gain, .min = 0, .max = 1e300,
                .doc = "a split must improve the objective by more"),
    KEN_ROW_F64(ken_boosting_params, row_fraction, .min = 0, .open_min = true, .max = 1, .lo = 0.5,
                .hi = 1, .doc = "share of the rows that each tree sees"),
    KEN_ROW_CHOICE(ken_boosting_params, leaf_rows, boosting_leaf_rows,
                   .doc = "which rows say what stands in a leaf, where leaves are Newton steps and sampling is "
                          "uniform: all, or only the tree's sample"),
    KEN_ROW_CHOICE(ken_boosting_params, sampling, boosting_samplings,
                   .doc = "which rows a tree sees: any alike; goss: those of greatest gradients and "
                          "some of the rest; mvs: with the probabilities of least variance"),
    KEN_ROW_F64(ken_boosting_params, top_rate, .min = 0, .max = 1, .lo = 0.05, .hi = 0.3,
                .when = "sampling=goss", .doc = "share of the rows, those of greatest gradients, that "
                                                "each tree sees (instead of row_fraction)"),
    KEN_ROW_F64(ken_boosting_params, other_rate, .min = 0, .open_min = true, .max = 1, .lo = 0.05,
                .hi = 0.3, .when = "sampling=goss",
                .doc = "share of the rows that each tree sees besides, drawn from the others"),
    KEN_ROW_F64(ken_boosting_params, mvs_lambda, .min = 0, .max = 1e300, .when = "sampling=mvs",
                .doc = "how much the hessian counts beside the gradient; 0: the square of mean "
                       "gradient over mean hessian"),
    KEN_ROW_F64(ken_boosting_params, drop_rate, .min = 0, .max = 1,
                .doc = "DART: how likely a round is left out while the next one is fitted; 0: never"),
    KEN_ROW_F64(ken_boosting_params, skip_drop, .min = 0, .max = 1,
                .doc = "with drop_rate: how likely a round leaves out none"),
    KEN_ROW_I64(ken_boosting_params, max_drop, .min = 1, .max = 1000000,
                .doc = "with drop_rate: most rounds left out at a time"),
    KEN_ROW_CHOICE(ken_boosting_params, drop_scale, boosting_drop_scales,
                   .doc = "with drop_rate: the new round weighs like one of those left out, or like "
                          "all of them"),
    KEN_ROW_F64(ken_boosting_params, column_fraction, .min = 0, .max = 1, .lo = 0.4, .hi = 1,
                .doc = "share of the columns that each tree sees; 0: 0.8, with classes 0.7, all of less than 8"),
    KEN_ROW_CHOICE(ken_boosting_params, growth, boosting_growths,
                   .doc = "split the leaf with most gain; level after level; or all nodes of a level by one question"),
    KEN_ROW_CHOICE(ken_boosting_params, leaves, boosting_leaves_names,
                   .doc = "with several outputs (classes, quantiles): scalar: a tree for each; vector: one tree a "
                          "round, whose leaves hold a value for each"),
    KEN_ROW_CHOICE(ken_boosting_params, loss, ken__boosting_losses,
                   .doc = "what is minimized; auto: squared, logistic or softmax by the target"),
    KEN_ROW_F64(
        ken_boosting_params, huber_delta, .min = 0, .max = 1e300, .when = "loss=huber",
        .doc = "residual from which the loss is linear; 0: nine tenths lie below at the start"),
    KEN_ROW_F64(ken_boosting_params, quantile, .min = 0, .open_min = true, .max = 1,
                .when = "loss=quantile", .doc = "which quantile to predict"),
    KEN_ROW_TEXT(ken_boosting_params, quantiles,
                 .doc = "several levels, ascending, apart by '|': the middle one is the value, the outer two "
                        "the interval"),
    KEN_ROW_F64(ken_boosting_params, expectile, .min = 0.001, .max = 0.999,
                .when = "loss=expectile",
                .doc = "which expectile to predict; 0.5: the mean"),
    KEN_ROW_F64(ken_boosting_params, tweedie_power, .min = 1.01, .max = 1.99,
                .when = "loss=tweedie",
                .doc = "the variance is mean^power; near 1: counts, near 2: gamma with zeros"),
    KEN_ROW_I64(ken_boosting_params, rank_cut, .min = 1, .max = 1000000000, .unit = "places",
                .doc = "lambdarank, xendcg: first places of a group that count, in NDCG, too"),
    KEN_ROW_CHOICE(ken_boosting_params, cox_ties, boosting_cox_ties, .when = "loss=cox",
                   .doc = "events at one moment: one after another on average, or all at once"),
    KEN_ROW_CHOICE(ken_boosting_params, aft_law, boosting_aft_laws, .when = "loss=aft",
                   .doc = "of the logarithm of a time; extreme: times are Weibull"),
    KEN_ROW_F64(ken_boosting_params, aft_scale, .min = 0.01, .max = 100, .lo = 0.2, .hi = 2,
                .scale = KEN_LOG_SCALE, .when = "loss=aft", .doc = "spread of the logarithm of a time"),
    KEN_ROW_TEXT(ken_boosting_params, objective,
                 .doc = "a loss of your own of target y, margin p and weight w: 0.5*(y-p)^2, exp(p)-y*p ..."),
    KEN_ROW_CHOICE(ken_boosting_params, link, boosting_links,
                   .doc = "objective: what the prediction makes of p; of two classes it is logit"),
    KEN_ROW_TEXT(ken_boosting_params, metric,
                 .doc = "what early stopping goes by, apart by '|': metrics (roc_auc, rmse ...), loss, or formulas of "
                        "target y, prediction p and weight w, the lower the better"),
    KEN_ROW_CHOICE(ken_boosting_params, stop_by, boosting_stop_bys,
                   .doc = "of several metrics: stop when any of them no longer improves, or the first"),
    KEN_ROW_CHOICE(ken_boosting_params, class_weight, boosting_class_weights,
                   .doc = "balanced: every class has the same weight in sum"),
    KEN_ROW_CHOICE(ken_boosting_params, early_stopping, boosting_stops,
                   .doc =
                       "stop when validation rows no longer improve; on: set some rows aside for "
                       "it; auto: if validation rows are given"),
    KEN_ROW_F64(ken_boosting_params, validation_fraction, .min = 0.001, .max = 0.9,
                .when = "early_stopping=on",
                .doc = "share of the training rows set aside, if no validation rows are given"),
    KEN_ROW_I64(ken_boosting_params, patience, .min = 1, .max = 1000000, .unit = "rounds",
                .doc = "rounds without improvement before stopping"),
    KEN_ROW_F64(ken_boosting_params, min_delta, .min = 0, .max = 1e300,
                .doc = "an improvement of the validation loss, or of a metric, is more than that"),
    KEN_ROW_I64(ken_boosting_params, max_onehot, .min = 0, .max = 256,
                .doc = "categories up to which one is split from the rest"),
    KEN_ROW_F64(
        ken_boosting_params, category_smooth, .min = 0, .max = 1e300,
        .doc = "pulls the mean gradient of small categories to 0; smaller ones are not sorted"),
    KEN_ROW_F64(ken_boosting_params, category_l2, .min = 0, .max = 1e300,
                .doc = "additional L2 penalty for splits of sorted categories"),
    KEN_ROW_F64(ken_boosting_params, level_fraction, .min = 0, .open_min = true, .max = 1, .lo = 0.4, .hi = 1,
                .doc = "share of a tree's columns that each of its levels sees"),
    KEN_ROW_F64(ken_boosting_params, node_fraction, .min = 0, .max = 1, .lo = 0.4, .hi = 1,
                .doc = "share of a level's columns that each of its nodes sees; 0: 0.5 for squared errors, all of less "
                       "than 4 and with other losses"),
    KEN_ROW_BOOL(ken_boosting_params, extra_random,
                 .doc = "one threshold at random per column and node, instead of the best"),
    KEN_ROW_F64(ken_boosting_params, path_smoothing, .min = 0, .max = 1e300, .unit = "rows",
                .doc = "pulls a leaf's value towards its parent's, as much as so many rows do"),
    KEN_ROW_CHOICE(ken_boosting_params, linear_leaves, boosting_linears,
                   .doc = "leaves are linear in the columns of numbers on their paths, not constant; auto: with squared "
                          "errors and with classes, unless leaves=vector, growth=oblivious, drop_rate, path_smoothing, increasing "
                          "or decreasing are set"),
    KEN_ROW_F64(ken_boosting_params, linear_l2, .min = -1, .max = 1e300, .lo = 1e-3, .hi = 100,
                .scale = KEN_LOG_SCALE,
                .doc = "L2 penalty on the slopes of linear leaves, of columns in standard deviations; below 0: 10, with "
                       "classes 3"),
    KEN_ROW_TEXT(ken_boosting_params, interactions,
                 .doc = "groups of columns that may meet on a path: 'a|b;c|d'; columns in no group are one"),
    KEN_ROW_TEXT(ken_boosting_params, forced,
                 .doc = "splits every tree begins with: 'a<=3(b<=1;c<=2.5)', in brackets those of the sides"),
    KEN_ROW_TEXT(ken_boosting_params, increasing,
                 .doc = "columns with which the prediction must not fall, apart by '|'"),
    KEN_ROW_TEXT(ken_boosting_params, decreasing,
                 .doc = "columns with which the prediction must not rise, apart by '|'"),
    {0}};

static const ken_attr boosting_attrs[] = {
    KEN_ENSEMBLE_ATTRS,
    KEN_ENSEMBLE_LINEAR_ATTRS,
    {"quantiles", KEN_F64, "outputs", "levels of the quantiles, where several are asked for"},
    {"validation_loss", KEN_F64, "rounds", "mean loss of the validation rows after each round"},
    {"metrics", KEN_STRING, "metrics", "what early stopping went by"},
    {"validation_metric", KEN_F64, "rounds,metrics", "those metrics of the validation rows after each round"},
    {0}};

/* A loss asks for its task, and quantiles do; the target decides where none is named. */
static ken_task boosting_task(const void *params) {
    const ken_boosting_params *const p = params;
    if (p->loss == KEN_BOOSTING_LOGISTIC || p->loss == KEN_BOOSTING_SOFTMAX) return KEN_CLASSIFY;
    return p->loss != KEN_BOOSTING_LOSS_AUTO || *p->quantiles ? KEN_REGRESS : KEN_TASK_AUTO;
}

static ken_answer boosting_answer(const void *params) {
    switch (((const ken_boosting_params *)params)->loss) {
    case KEN_BOOSTING_LAMBDARANK:
    case KEN_BOOSTING_XENDCG:
        return KEN_ANSWER_ORDER;
    case KEN_BOOSTING_COX:
        return KEN_ANSWER_RISK;
    case KEN_BOOSTING_AFT:
        return KEN_ANSWER_TIMES;
    default:
        return KEN_ANSWER_VALUES;
    }
}

static const ken_estimator boosting_estimator = {.begin = ken__boosting_begin,
                                                 .step = ken__boosting_step,
                                                 .end = boosting_end,
                                                 .refit = ken__boosting_refit,
                                                 .views = boosting_views,
                                                 .stop_rule = boosting_stop_rule,
                                                 .task = boosting_task,
                                                 .answer = boosting_answer,
                                                 .width = ken__boosting_width,
                                                 .gives = KEN_GIVES(MARGIN) | KEN_GIVES(LEAF) | KEN_GIVES(CONTRIBUTIONS) |
                                                          KEN_GIVES(INTERACTIONS) | KEN_GIVES(INTERVAL) |
                                                          KEN_GIVES(QUANTILES),
                                                 .predict = ken__boosting_predict,
                                                 .predict_row = ken__boosting_predict_row,
                                                 .contributions_against =
                                                     ken__boosting_contributions_against,
                                                 .open = ken__boosting_open,
                                                 .close = ken__boosting_close};

static ken_status boosting_check(ken_ctx *ctx, const void *params) {
    const ken_boosting_params *const p = params;
    ken_expression *objective = NULL;
    boosting_judge judge;
    KEN_TRY(ken_quantiles_parse(ctx, "boosting", p->quantiles, NULL, NULL));
    KEN_TRY(ken__boosting_formula(ctx, p, &objective));
    ken_expression_free(ctx, objective);
    const ken_status status = ken__boosting_judge_parse(ctx, p->metric, &judge);
    ken__boosting_judge_free(ctx, &judge);
    return status;
}

ken_status ken_boosting_set_objective(ken_ctx *ctx, ken_model *model, const ken_boosting_objective *objective) {
    if (ken_model_desc(model) != &ken_boosting_desc || (objective && !objective->derivatives))
        return KEN_FAIL(ctx, KEN_E_ARG, "give a boosting model and a function that fills gradient and hessian",
                        "%s: cannot take this objective", ken_model_desc(model)->name);
    ken_model_attach(model, objective);
    return KEN_OK;
}

const ken_desc ken_boosting_desc = {
    .name = "boosting",
    .title = "Gradient-boosted trees",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_WEIGHTS |
            KEN_TAG_EARLY_STOP | KEN_TAG_RANDOM | KEN_TAG_OFFSET | KEN_TAG_CENSORED |
            KEN_TAG_CONTINUE,
    .params = boosting_params,
    .defaults = &(const ken_boosting_params)KEN_BOOSTING_DEFAULTS,
    .params_size = sizeof(ken_boosting_params),
    .check = boosting_check,
    .attrs = boosting_attrs,
    .estimator = &boosting_estimator,
    .doc = "Small trees, each fitted to what the ones before it still get wrong. The first thing "
           "to try "
           "on a table: needs no scaling, takes categories and missing values as they are. Not for "
           "extrapolation, nor where a straight line says it all.",
    .paper = "Friedman 2001; Chen & Guestrin 2016; Ke et al. 2017",
    .peer = "lightgbm.LGBMClassifier",
};
const ken_desc *const ken_boosting_things[] = {&ken_boosting_desc, NULL};
