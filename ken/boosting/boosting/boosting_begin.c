/* Begin: what is left open in the parameters is chosen, the table is binned, weights are found, the
 * margins start at the loss's constant. Read next: boosting_sample.c. */
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting/boosting_linear.h"
#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/threads.h"

/* In the order of ken_boosting_loss and of boosting_loss_kind. */
const char *const ken__boosting_losses[] = {"auto",      "squared", "absolute", "huber",
                                              "quantile",  "poisson", "logistic", "softmax",
                                              "expectile", "gamma",   "tweedie",  "cross_entropy",
                                              "lambdarank", "xendcg", "cox", "aft", NULL};

boosting_loss_kind ken__boosting_kind(const ken_boosting_params *p, ken_task task, int classes) {
    if (*p->objective && p->loss == KEN_BOOSTING_LOSS_AUTO) return BOOSTING_FORMULA;
    if (task == KEN_CLASSIFY)
        return classes > 2 || p->loss == KEN_BOOSTING_SOFTMAX ? BOOSTING_SOFTMAX
                                                              : BOOSTING_LOGISTIC;
    if (p->loss == KEN_BOOSTING_LOSS_AUTO && *p->quantiles) return BOOSTING_QUANTILE;
    return p->loss == KEN_BOOSTING_LOSS_AUTO ? BOOSTING_SQUARED : (boosting_loss_kind)p->loss;
}

boosting_link_kind ken__boosting_link_kind(const ken_boosting_params *p, ken_task task, int classes) {
    const boosting_loss_kind kind = ken__boosting_kind(p, task, classes);
    if (kind != BOOSTING_FORMULA) return ken__boosting_loss_link(kind);
    if (task == KEN_CLASSIFY) return BOOSTING_LINK_SIGMOID;
    return p->link == KEN_BOOSTING_LINK_LOG     ? BOOSTING_LINK_EXP
           : p->link == KEN_BOOSTING_LINK_LOGIT ? BOOSTING_LINK_SIGMOID
                                                : BOOSTING_LINK_NONE;
}

static const char *const boosting_variables[] = {"y", "p", "w", NULL};

ken_status ken__boosting_formula(ken_ctx *ctx, const ken_boosting_params *p, ken_expression **objective) {
    if (!*p->objective) return KEN_OK;
    return ken_expression_new(ctx, "boosting: objective", p->objective, boosting_variables, objective);
}

/* A loss of the caller's own: for one margin a row. */
static ken_status boosting_check_own(ken_ctx *ctx, const ken_boosting_params *p, const ken_problem *problem,
                                     bool callback) {
    const bool own = callback || *p->objective;
    if (own && p->loss != KEN_BOOSTING_LOSS_AUTO)
        return KEN_FAIL(ctx, KEN_E_ARG, "leave loss=auto", "boosting: an objective of your own and loss=%s",
                        ken__boosting_losses[p->loss]);
    if (callback && *p->objective)
        return KEN_FAIL(ctx, KEN_E_ARG, "leave one of them out", "boosting: a function and the text '%.60s' are given",
                        p->objective);
    if (own && (problem->n_classes > 2 || *p->quantiles || p->loss == KEN_BOOSTING_SOFTMAX))
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "use them on numbers or two classes, and without quantiles",
                        "boosting: an objective of your own sees one margin a row");
    return KEN_OK;
}

static ken_status boosting_check_task(ken_ctx *ctx, const ken_boosting_params *p,
                                      const ken_problem *problem) {
    const bool for_classes = p->loss == KEN_BOOSTING_LOGISTIC || p->loss == KEN_BOOSTING_SOFTMAX;
    if (problem->task == KEN_CLASSIFY && p->loss != KEN_BOOSTING_LOSS_AUTO && !for_classes)
        return KEN_FAIL(ctx, KEN_E_ARG, "set loss=auto, or task=regress",
                        "boosting: loss=%s is for regression, the target has classes",
                        ken__boosting_losses[p->loss]);
    if (problem->task == KEN_REGRESS && for_classes)
        return KEN_FAIL(ctx, KEN_E_ARG, "set loss=auto, or task=classify",
                        "boosting: loss=%s is for classes, the target is a number",
                        ken__boosting_losses[p->loss]);
    if (*p->quantiles && ken__boosting_kind(p, problem->task, problem->n_classes) != BOOSTING_QUANTILE)
        return KEN_FAIL(ctx, KEN_E_ARG, "set loss=quantile or auto, on a target of numbers",
                        "boosting: quantiles are given, but the loss is no quantile loss");
    if (p->sampling == KEN_BOOSTING_GOSS && p->top_rate + p->other_rate > 1)
        return KEN_FAIL(ctx, KEN_E_ARG, "lower one of them",
                        "boosting: top_rate + other_rate is %g, more than all rows",
                        p->top_rate + p->other_rate);
    if (p->loss == KEN_BOOSTING_LOGISTIC && problem->n_classes > 2)
        return KEN_FAIL(ctx, KEN_E_ARG, "set loss=softmax",
                        "boosting: loss=logistic is for 2 classes, the target has %d",
                        problem->n_classes);
    return KEN_OK;
}

/* How many classes' trees a tree for all classes stands for, a third of them: it needs more leaves, and gets less
 * penalty, as a class has less of the rows, so of the hessians. */
static double boosting_breadth(const ken_boosting_params *p, const ken_problem *problem) {
    const bool wide = p->leaves == KEN_BOOSTING_VECTOR && problem->task == KEN_CLASSIFY && problem->n_classes > 3;
    return wide ? problem->n_classes / 3.0 : 1;
}

/* Labels are noisier than numbers, so trees that choose classes get fewer leaves while rows are few; of several
 * classes each has trees of its own, which have the rest to tell from it, or all have one. */
static int64_t boosting_leaves(const ken_boosting_params *p, const ken_problem *problem) {
    const bool many = problem->n_classes > 2, vector = many && p->leaves == KEN_BOOSTING_VECTOR;
    const double share = KEN_MIN(sqrt((double)problem->n_train / (vector ? 8000 : many ? 4000 : 30000)), 1);
    const int64_t leaves = (int64_t)(31 * boosting_breadth(p, problem) * share * sqrt(share) + 0.5);
    if (p->max_leaves > 0) return p->max_leaves;
    if (problem->task != KEN_CLASSIFY) return 31;
    return vector ? KEN_MIN(KEN_MAX(leaves, 31), 255) : KEN_MAX(leaves, 6);
}

/* What is left open is chosen here. Many classes, ranks: few rows are of the class that a tree is for,
 * and their hessians become small, so count rows instead. Squared errors: targets that are a law
 * with little noise want small leaves, and on noisy ones shrinkage and sampling suffice. */
static void boosting_set_rules(boosting_fit *s, const ken_problem *problem, boosting_loss_kind kind) {
    const ken_boosting_params *const p = s->p;
    const bool many = problem->task == KEN_CLASSIFY && problem->n_classes > 2;
    const bool squared = kind == BOOSTING_SQUARED;
    const bool small = many || ken__boosting_loss_few(kind);
    const double l2 = problem->task == KEN_CLASSIFY ? 5 / boosting_breadth(p, problem) : small ? 0 : squared ? 0.5 : 2;
    const double rows = small ? 20 : squared ? 2 : 5;
    const double weight = small ? 1e-3 : 1;
    s->trees = p->trees > 0 ? p->trees : squared ? BOOSTING_MOST_TREES : problem->n_classes == 2 ? 400 : BOOSTING_MOST_TREES / 2;
    s->rules = (boosting_rules){.max_leaves = boosting_leaves(p, problem),
                                .max_depth = p->max_depth,
                                .depthwise = p->growth == KEN_BOOSTING_DEPTHWISE,
                                .oblivious = p->growth == KEN_BOOSTING_OBLIVIOUS,
                                .min_rows = p->min_leaf_rows > 0 ? (double)p->min_leaf_rows : rows,
                                .min_weight = p->min_leaf_weight > 0 ? p->min_leaf_weight : weight,
                                .l1 = p->l1,
                                .l2 = p->l2 >= 0 ? p->l2 : l2,
                                .min_gain = p->min_gain,
                                .onehot = (int32_t)p->max_onehot,
                                .cat_smooth = p->category_smooth,
                                .cat_l2 = p->category_l2,
                                .level_fraction = p->level_fraction,
                                .node_fraction = p->node_fraction > 0 ? p->node_fraction : squared ? 0.5 : 1,
                                .extra_random = p->extra_random};
    s->lines_pay = squared || kind == BOOSTING_LOGISTIC || kind == BOOSTING_SOFTMAX;
    if (!s->rules.oblivious) return;
    s->rules.max_depth = p->max_depth == 0 ? 6 : KEN_MIN(p->max_depth, 20);
    s->rules.max_leaves = INT64_C(1) << s->rules.max_depth;
}

/* Bytes of a row: the least power of two up to 32, then multiples of 32. */
static int64_t boosting_stride(int d) {
    int64_t stride = 4;
    while (stride < d && stride < 32) stride *= 2;
    return d <= 32 ? stride : (d + INT64_C(31)) / 32 * 32;
}

static void boosting_turn_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_fit *const s = arg;
    const int64_t stride = s->binned.stride, n = s->binned.n_train;
    (void)worker;
    for (int j = 0; j < s->binned.d; j++)
        for (int64_t i = begin; i < end; i++) s->by_column[j * n + i] = s->codes[i * stride + j];
}

static ken_status boosting_bin(ken_ctx *ctx, boosting_fit *s, const ken_problem *problem) {
    KEN_TRY(ken_bins_fit(ctx, problem->X, problem->n_train, problem->weight, (int)s->p->max_bins,
                         &s->bins));
    const int d = s->bins->n_features;
    int used = 0;
    KEN_TRY(KEN_ALLOC(ctx, ken_bin_feature, d, &s->feature));
    KEN_TRY(KEN_ALLOC(ctx, int32_t, d, &s->source));
    for (int j = 0; j < d; j++)
        if (s->bins->feature[j].n_bins + s->bins->feature[j].has_missing >= 2) {
            s->feature[used] = s->bins->feature[j];
            s->source[used++] = j;
        }
    s->binned = (boosting_binned){.n = problem->n,
                                  .n_train = problem->n_train,
                                  .stride = boosting_stride(used),
                                  .d = used,
                                  .feature = s->feature};
    KEN_TRY(ken_alloc(ctx, (size_t)problem->n, (size_t)s->binned.stride, (void **)&s->codes));
    KEN_TRY(ken_alloc(ctx, (size_t)problem->n_train, (size_t)used, (void **)&s->by_column));
    s->binned.codes = s->codes;
    s->binned.by_column = s->by_column;
    if (used == 0) return KEN_OK;
    ken_table *table;
    const ken_bins bins = {used, s->feature, NULL, NULL};
    KEN_TRY(ken_table_select(ctx, problem->X, s->source, used, &table));
    const ken_status status =
        ken_bins_apply(ctx, &bins, table, 0, problem->n, s->codes, s->binned.stride, 1);
    ken_table_free(table);
    KEN_TRY(status);
    return ken_parallel(ctx, problem->n_train, 1024, boosting_turn_block, s);
}

/* The weight of each row: given, or balanced; NULL: all 1. */
static ken_status boosting_weights(ken_ctx *ctx, boosting_fit *s, const ken_problem *problem) {
    const double *weight = problem->weight;
    if (problem->task == KEN_CLASSIFY && s->p->class_weight == KEN_BOOSTING_CLASS_WEIGHT_BALANCED) {
        const ken_mark mark = ken_scratch_mark(ctx);
        double *balanced;
        KEN_TRY(ken_problem_balanced(ctx, problem, &balanced));
        KEN_TRY(KEN_ALLOC(ctx, double, problem->n, &s->weight));
        memcpy(s->weight, balanced, (size_t)problem->n * sizeof *balanced);
        ken_scratch_release(ctx, mark);
        weight = s->weight;
    }
    s->loss.weight = weight;
    s->n_usable = problem->n_train;
    for (int64_t i = 0; weight && i < problem->n_train; i++) s->n_usable -= !(weight[i] > 0);
    if (s->n_usable == problem->n_train) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, uint32_t, s->n_usable, &s->usable));
    int64_t m = 0;
    for (int64_t i = 0; i < problem->n_train; i++)
        if (weight[i] > 0) s->usable[m++] = (uint32_t)i;
    return KEN_OK;
}

static ken_status boosting_start(ken_ctx *ctx, boosting_fit *s, const ken_problem *problem) {
    boosting_loss *const l = &s->loss;
    const int classes = problem->task == KEN_CLASSIFY ? problem->n_classes : 0;
    boosting_loss_kind kind = ken__boosting_kind(s->p, problem->task, classes);
    if (s->loss.callback) kind = BOOSTING_CALLBACK;
    l->link = s->loss.callback && classes == 0 ? BOOSTING_LINK_NONE : ken__boosting_link_kind(s->p, problem->task, classes);
    l->quantile = s->p->quantile;
    l->expectile = s->p->expectile;
    l->power = s->p->tweedie_power;
    l->delta = s->p->huber_delta;
    l->rank_cut = s->p->rank_cut;
    l->breslow = s->p->cox_ties == KEN_BOOSTING_COX_BRESLOW;
    l->aft = s->p->aft_law;
    l->aft_scale = s->p->aft_scale;
    ken__boosting_loss_choose(l, kind);
    l->outputs = kind == BOOSTING_SOFTMAX ? KEN_MAX(classes, 1) : 1;
    if (kind == BOOSTING_QUANTILE && *s->p->quantiles) {
        KEN_TRY(ken_quantiles_parse(ctx, "boosting", s->p->quantiles, s->levels, &l->outputs));
        l->levels = s->levels;
    }
    s->width = s->p->leaves == KEN_BOOSTING_VECTOR ? l->outputs : 1;
    l->n = problem->n;
    l->n_train = problem->n_train;
    l->y = problem->y;
    l->label = problem->label;
    l->offset = problem->offset;
    l->upper = problem->upper;
    l->group = problem->group;
    l->n_groups = problem->n_groups;
    KEN_TRY(KEN_ALLOC(ctx, double, l->outputs, &s->base));
    KEN_TRY(ken_alloc(ctx, (size_t)l->outputs, (size_t)l->n * sizeof(double), (void **)&s->margin));
    l->margin = s->margin;
    if (ken__boosting_loss_renews(l))
        KEN_TRY(KEN_ALLOC(ctx, boosting_loss_item, l->n_train, &s->items));
    KEN_TRY(ken__boosting_loss_start(ctx, l, s->base));
    return KEN_ALLOC(ctx, int64_t, l->outputs + 1, &s->round);
}

ken_status ken__boosting_set_up(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                                boosting_fit *s) {
    if (!s->p) s->p = ken_model_params(model);
    s->shrinkage = s->p->learning_rate;
    s->wants_objective = ken_ctx_get_options(ctx)->hook != NULL;
    s->loss.callback = ken_model_attached(model);
    KEN_TRY(boosting_check_task(ctx, s->p, problem));
    KEN_TRY(boosting_check_own(ctx, s->p, problem, s->loss.callback != NULL));
    KEN_TRY(ken__boosting_formula(ctx, s->p, &s->loss.objective));
    const boosting_loss_kind kind = ken__boosting_kind(s->p, problem->task, problem->n_classes);
    boosting_set_rules(s, problem, kind);
    KEN_TRY(boosting_weights(ctx, s, problem));
    return boosting_start(ctx, s, problem);
}

ken_status ken__boosting_begin_with(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                    const ken_boosting_params *p, boosting_fit **out) {
    boosting_fit *s;
    KEN_TRY(KEN_ALLOC(ctx, boosting_fit, 1, &s));
    *out = s;
    s->p = p;
    KEN_TRY(ken__boosting_set_up(ctx, model, problem, s));
    KEN_TRY(ken__boosting_judge_parse(ctx, s->p->metric, &s->judge));
    KEN_TRY(ken__boosting_judge_open(ctx, &s->judge, problem, &s->loss));
    KEN_TRY(boosting_bin(ctx, s, problem));
    if (s->p->node_fraction <= 0 && s->binned.d < 4) s->rules.node_fraction = 1; /* a small table can spare none */
    KEN_TRY(ken__boosting_constrain(ctx, model, s, problem->X));
    KEN_TRY(ken__boosting_force(ctx, s, problem->X));
    if (ken__boosting_samples_rows(s->p))
        KEN_TRY(KEN_ALLOC(ctx, uint32_t, problem->n_train, &s->rows));
    if (s->rows && s->p->sampling != KEN_BOOSTING_UNIFORM)
        KEN_TRY(KEN_ALLOC(ctx, double, problem->n_train, &s->sample_weight));
    KEN_TRY(KEN_ALLOC(ctx, int32_t, s->binned.d, &s->columns));
    KEN_TRY(BOOSTING_RESERVE(ctx, s->offset, s->offset_capacity, 1));
    KEN_TRY(ken__boosting_linear_begin(ctx, s, model, problem));
    KEN_TRY(ken__boosting_continue(ctx, s, model, problem));
    KEN_TRY(ken__boosting_vector_begin(ctx, s));
    s->rules.first_tree = (int64_t)s->n_trees;
    return ken__boosting_grower_new(ctx, &s->binned, &s->rules, &s->grower);
}

ken_status ken__boosting_begin(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                 void **state) {
    boosting_fit *s = NULL;
    const ken_status status = ken__boosting_begin_with(ctx, model, problem, ken_model_params(model), &s);
    *state = s;
    return status == KEN_OK ? ken__boosting_pilot(ctx, model, problem, s) : status;
}
