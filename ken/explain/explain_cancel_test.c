/* Every long question of this room stops when it is asked to, and says how far it is. */
#include "ken/explain/ale/ale.h"
#include "ken/explain/drop_column/drop_column.h"
#include "ken/explain/effect/effect.h"
#include "ken/explain/explain_testing.h"
#include "ken/explain/interaction/interaction.h"
#include "ken/explain/permutation/permutation.h"
#include "ken/explain/surrogate/surrogate.h"

typedef struct fixture {
    volatile int cancel;
    int64_t steps; /* of the last thing that told */
    int64_t total;
    bool backwards;
    ken_ctx *ctx;
    ken_table *table, *features;
    ken_model *model;
    ken_data data;
} fixture;

static void hook(void *user, const ken_progress *p) {
    fixture *f = user;
    if (!strcmp(p->what, "cross-validation")) return;
    f->backwards |= p->iteration <= f->steps && p->iteration != 1;
    f->steps = p->iteration;
    f->total = p->total;
}

static void begin(fixture *f) {
    memset((void *)(uintptr_t)f, 0, sizeof *f);
    const ken_ctx_options options = {.cancel = &f->cancel, .hook = hook, .user = f};
    assert_int_equal(ken_ctx_new(&options, &f->ctx), KEN_OK);
    f->table = known_table(f->ctx, 60, false);
    f->model = known_model(f->ctx, f->table, &f->features, &f->data);
}

static ken_status ask(fixture *f, int question) {
    const int pair[] = {0, 1};
    ken_effect *effect = NULL;
    ken_ale *ale = NULL;
    ken_model *tree = NULL;
    ken_interaction_info info;
    ken_interaction_row totals[4], pairs[6];
    ken_drop_column_row drops[4];
    ken_permutation_row losses[4];
    ken_status status;
    switch (question) {
    case 0: status = ken_explain_effect(f->ctx, f->model, f->features, pair, 2, NULL, &effect); break;
    case 1: status = ken_explain_ale(f->ctx, f->model, f->features, pair, 1, NULL, &ale); break;
    case 2: status = ken_explain_ale(f->ctx, f->model, f->features, pair, 2, NULL, &ale); break;
    case 3: status = ken_explain_interaction(f->ctx, f->model, f->features, NULL, &info, totals, pairs); break;
    case 4: status = ken_explain_drop_column(f->ctx, f->model, &f->data, NULL, NULL, drops); break;
    case 5: status = ken_explain_permutation(f->ctx, f->model, &f->data, NULL, NULL, losses, NULL); break;
    default: status = ken_explain_surrogate(f->ctx, f->model, f->features, NULL, NULL, &tree); break;
    }
    if (f->cancel) assert_true(!effect && !ale && !tree);
    ken_effect_free(effect);
    ken_ale_free(ale);
    ken_model_free(tree);
    return status;
}

static void test_explain__every_question_stops_when_asked(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    for (int q = 0; q < 7; q++) {
        f.cancel = 0;
        f.steps = f.total = 0;
        f.backwards = false;
        TEST_OK(f.ctx, ask(&f, q));
        if (q < 6) { /* a tree of 45 rows has nothing to tell */
            assert_true(f.total > 0 && f.steps >= f.total - 1 && f.steps <= f.total);
            assert_false(f.backwards);
        }
        f.cancel = 1;
        assert_int_equal(ask(&f, q), KEN_E_CANCELLED);
    }
    ken_model_free(f.model);
    ken_table_free(f.features);
    ken_table_free(f.table);
    ken_ctx_free(f.ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_explain__every_question_stops_when_asked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
