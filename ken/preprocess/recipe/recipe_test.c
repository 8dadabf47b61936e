/* The recipe in front of models of all kinds. The models here only look at what they get. */
#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/recipe/recipe.h"
#include "ken/io/csv/csv.h"

/* --- a model that learns nothing ------------------------------------------------------------- */

static ken_status sink_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    (void)model;
    const ken_mark mark = ken_scratch_mark(ctx);
    double *X;
    if (!(ken_model_desc(model)->tags & KEN_TAG_TYPED)) {
        KEN_TRY(ken_problem_matrix(ctx, problem, problem->n, &X));
        for (int64_t i = 0; i < problem->n * ken_table_cols(problem->X); i++)
            if (!(ken_model_desc(model)->tags & KEN_TAG_MISSING)) assert_true(isfinite(X[i]));
    }
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}
static int64_t sink_width(const ken_model *m, ken_what what) {
    (void)m;
    (void)what;
    return 1;
}
static ken_status sink_predict(ken_ctx *ctx, const ken_model *m, const ken_table *X, ken_what w,
                               double *out) {
    (void)ctx, (void)m, (void)w;
    memset(out, 0, (size_t)ken_table_rows(X) * sizeof *out);
    return KEN_OK;
}
static const ken_estimator sink_verbs = {
    .fit = sink_fit, .width = sink_width, .predict = sink_predict};
#define SINK(label, flags)                                                                         \
    {.name = label,                                                                                \
     .title = label,                                                                               \
     .kind = KEN_ESTIMATOR,                                                                        \
     .tasks = KEN_REGRESS | KEN_CLASSIFY,                                                          \
     .tags = flags,                                                                                \
     .params_size = 0,                                                                             \
     .estimator = &sink_verbs}
static const ken_desc sink_linear = SINK("sink_linear", KEN_TAG_LINEAR | KEN_TAG_SCALED);
static const ken_desc sink_dense = SINK("sink_dense", 0);
static const ken_desc sink_typed =
    SINK("sink_typed", KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING);
static const ken_desc sink_nan = SINK("sink_nan", KEN_TAG_MISSING);

/* --- data ------------------------------------------------------------------------------------ */

enum { ROWS = 120 };

/* Every kind of column; `shift` changes the rows from 100 on. */
static ken_status mixed(ken_ctx *ctx, int shift, ken_table **out) {
    static const char *const words[] = {"good", "bad", "slow", "kind", "new", "old", "fine"};
    char *spec = calloc(1, 200000), *at = spec;
#define EACH(name, ...)                                                                            \
    at += sprintf(at, "%s" name, at == spec ? "" : "\n");                                          \
    for (int i = 0; i < ROWS; i++) {                                                               \
        const int v = i < 100 ? 0 : shift;                                                         \
        (void)v;                                                                                   \
        at += sprintf(at, " ");                                                                    \
        at += sprintf(at, __VA_ARGS__);                                                            \
    }
    EACH("row i64", "%d", i)
    EACH("customerID string", "c%04d", i * 37 % 1000)
    EACH("age f64", i % 4 == 1 ? "." : "%d", 20 + i * 7 % 50 + v)
    EACH("income f64", "%d.5", 1000 + i * 791 % 997 + v)
    EACH("kids i64", "%d", i * 3 % 5)
    EACH("member bool", "%d", i % 3 == 0)
    EACH("color category", "%s", i % 11 == 5 ? "." : i % 3 ? "red" : i % 2 ? "blue" : "green")
    EACH("city category", "t%d", i * 17 % 53)
    EACH("review string", "%s_thing_%s_here_%s_%d", words[i % 7], words[i % 5], words[i % 3], i)
    EACH("when time", "%d.25", 15000 + i * 13 % 700)
    EACH("same f64", "4")
    EACH("none f64", ".")
    EACH("only category", "%s", i % 2 ? "yes" : ".")
#undef EACH
    const ken_status status = tables_make(ctx, spec, out);
    free(spec);
    return status;
}

static double target[ROWS];
static ken_column mixed_target(void) {
    for (int i = 0; i < ROWS; i++) target[i] = i * 29 % 31 + 0.5 * (i % 3);
    return test_column_f64("y", target, ROWS);
}

static ken_status recipe_for(ken_ctx *ctx, const ken_desc *desc, const ken_recipe_params *p,
                             const ken_table *X, const uint8_t *role, ken_model **out) {
    ken_model *recipe = NULL;
    const ken_column y = mixed_target();
    const ken_data data = {.table = X, .target = &y, .role = role, .task = KEN_REGRESS};
    KEN_TRY(ken_model_new_desc(ctx, desc, NULL, out));
    ken_status status = ken_recipe_new(ctx, p, &recipe);
    if (status == KEN_OK) status = ken_model_set_recipe(ctx, *out, recipe);
    if (status == KEN_OK) status = ken_model_fit(ctx, *out, &data);
    if (status != KEN_OK) {
        ken_model_free(*out);
        *out = NULL;
    }
    return status;
}

static int64_t role_of(const ken_model *model, const char *column) {
    const ken_model *r = ken_model_recipe(model);
    const ken_strings *names = ken_model_attr_strings(r, "column");
    for (int64_t j = 0; j < names->n; j++) {
        int64_t size;
        const char *s = ken_strings_at(names, j, &size);
        if ((size_t)size == strlen(column) && !memcmp(s, column, (size_t)size))
            return ((const int64_t *)ken_model_attr(r, "role")->data)[j];
    }
    return -1;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void test_recipe__finds_the_role_of_each_column(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X;
    ken_model *m;
    TEST_OK(ctx, mixed(ctx, 0, &X));
    TEST_OK(ctx, recipe_for(ctx, &sink_linear, NULL, X, NULL, &m));
    const struct {
        const char *name;
        ken_recipe_role role;
    } want[] = {{"row", KEN_RECIPE_IDENTIFIER}, {"customerID", KEN_RECIPE_IDENTIFIER},
                {"age", KEN_RECIPE_NUMBER},     {"kids", KEN_RECIPE_NUMBER},
                {"member", KEN_RECIPE_BOOL},    {"color", KEN_RECIPE_CATEGORY},
                {"city", KEN_RECIPE_CATEGORY},  {"review", KEN_RECIPE_FREE_TEXT},
                {"when", KEN_RECIPE_TIME},      {"same", KEN_RECIPE_CONSTANT_COLUMN},
                {"none", KEN_RECIPE_EMPTY},     {"only", KEN_RECIPE_CATEGORY}};
    for (int i = 0; i < KEN_COUNT(want); i++)
        assert_int_equal(role_of(m, want[i].name), want[i].role);
    ken_model_free(m), ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_recipe__linear_models_get_finite_standardized_numbers(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    ken_table *X, *out;
    ken_model *m;
    TEST_OK(ctx, mixed(ctx, 0, &X));
    TEST_OK(ctx, recipe_for(ctx, &sink_linear, NULL, X, NULL, &m));
    TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
    for (int j = 0; j < ken_table_cols(out); j++) {
        const ken_column *c = ken_table_column(out, j);
        assert_true(ken_dtype_is_number(c->dtype));
        for (int i = 0; i < ROWS; i++) assert_true(isfinite(ken_column_f64(c, i)));
        assert_true(c->source >= 0 && c->source < ken_table_cols(X));
        assert_string_equal(c->name, ken_model_input(m, j));
    }
    double mean = 0, square = 0;
    for (int i = 0; i < ROWS; i++) mean += ken_column_f64(tables_col(out, "income"), i) / ROWS;
    for (int i = 0; i < ROWS; i++)
        square += pow(ken_column_f64(tables_col(out, "income"), i), 2) / ROWS;
    test_near_(mean, 0, 0, 1e-12, "mean", __FILE__, __LINE__);
    TEST_NEAR(square, 1, 1e-12);
    assert_true(ken_column_f64(tables_col(out, "age (missing)"), 1) == 1);
    assert_int_equal(ken_table_find(out, "color=red"), -1); /* the reference level */
    assert_true(ken_table_find(out, "color=blue") >= 0 &&
                ken_table_find(out, "color=(missing)") >= 0);
    assert_true(ken_table_find(out, "city (target)") >= 0 &&
                ken_table_find(out, "review:good") >= 0);
    assert_true(ken_table_find(out, "when.month_sin") >= 0 &&
                ken_table_find(out, "when.days") >= 0);
    assert_int_equal(tables_col(out, "city (target)")->source, ken_table_find(X, "city"));
    ken_table_free(out), ken_model_free(m), ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_recipe__typed_models_get_columns_as_they_are(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X, *out;
    ken_model *m;
    TEST_OK(ctx, mixed(ctx, 0, &X));
    TEST_OK(ctx, recipe_for(ctx, &sink_typed, NULL, X, NULL, &m));
    TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
    assert_int_equal(tables_col(out, "color")->dtype, KEN_CATEGORY);
    assert_int_equal(tables_col(out, "kids")->dtype, KEN_I64);
    assert_true(ken_column_missing(tables_col(out, "age"), 1));
    assert_true(ken_column_missing(tables_col(out, "color"), 5));
    /* borrowed, not copied */
    assert_ptr_equal(tables_col(out, "income")->data, tables_col(X, "income")->data);
    assert_ptr_equal(tables_col(out, "color")->data, tables_col(X, "color")->data);
    assert_true(ken_table_find(out, "when.month") >= 0);
    ken_table_free(out), ken_model_free(m), ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_recipe__missing_stays_for_models_that_take_it(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X, *out;
    ken_model *m;
    TEST_OK(ctx, mixed(ctx, 0, &X));
    TEST_OK(ctx, recipe_for(ctx, &sink_nan, NULL, X, NULL, &m));
    TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
    assert_true(ken_column_missing(tables_col(out, "age"), 1));
    assert_int_equal(ken_table_find(out, "age (missing)"), -1);
    assert_true(ken_table_find(out, "color=blue") >= 0);
    ken_table_free(out), ken_model_free(m), ken_table_free(X);
    test_ctx_free(ctx);
}

/* All attributes of the model and its steps, as the bytes that would be saved. */
static ken_text recipe_bytes(ken_ctx *ctx, const ken_model *m) {
    ken_bundle *b;
    ken_text t = ken_text_new(ctx);
    TEST_OK(ctx, ken_model_pack(ctx, m, &b));
    ken_text_add(&t, ken_bundle_json(b));
    for (int i = 0; i < ken_bundle_count(b); i++) {
        const ken_named_tensor *n = ken_bundle_at(b, i);
        ken_text_add(&t, n->name);
        ken_text_add_bytes(&t, n->tensor.data,
                           (size_t)ken_tensor_count(&n->tensor) * ken_dtype_size(n->tensor.dtype));
    }
    ken_bundle_free(b);
    return t;
}

static void test_recipe__learns_from_training_rows_only(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    uint8_t role[ROWS];
    ken_text bytes[2];
    for (int i = 0; i < ROWS; i++)
        role[i] = i < 100 ? KEN_ROLE_TRAIN : i < 110 ? KEN_ROLE_VALIDATION : KEN_ROLE_TEST;
    for (int k = 0; k < 2; k++) {
        ken_table *X;
        ken_model *m;
        TEST_OK(ctx, mixed(ctx, k * 5000, &X));
        TEST_OK(ctx, recipe_for(ctx, &sink_linear, NULL, X, role, &m));
        bytes[k] = recipe_bytes(ctx, m);
        ken_model_free(m), ken_table_free(X);
    }
    assert_int_equal(bytes[0].size, bytes[1].size);
    assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].size);
    ken_text_free(&bytes[0]), ken_text_free(&bytes[1]);
    test_ctx_free(ctx);
}

static void test_recipe__is_the_same_for_any_threads_and_after_saving(void **s) {
    (void)s;
    ken_text bytes[3];
    ken_ctx *ctx[3];
    for (int k = 0; k < 3; k++) {
        ken_table *X;
        ken_model *m;
        ctx[k] = test_ctx(k * 2 + 1);
        TEST_OK(ctx[k], mixed(ctx[k], 0, &X));
        TEST_OK(ctx[k], recipe_for(ctx[k], &sink_linear, NULL, X, NULL, &m));
        bytes[k] = recipe_bytes(ctx[k], m);
        assert_int_equal(bytes[k].size, bytes[0].size);
        assert_memory_equal(bytes[k].data, bytes[0].data, bytes[0].size);
        tables_round_trip(ctx[k], ken_model_recipe(m), X);
        ken_model_free(m), ken_table_free(X);
    }
    for (int k = 0; k < 3; k++) ken_text_free(&bytes[k]), test_ctx_free(ctx[k]);
}

/* A file's tensors with wrong numbers: unpack refuses them, or what comes out is at least sound. */
static void test_recipe__hostile_files_never_crash(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X, *out;
    ken_model *m, *copy;
    ken_bundle *b;
    int refused = 0;
    TEST_OK(ctx, mixed(ctx, 0, &X));
    TEST_OK(ctx, recipe_for(ctx, &sink_linear, NULL, X, NULL, &m));
    const ken_model *recipe = ken_model_recipe(m);
    TEST_OK(ctx, ken_model_pack(ctx, recipe, &b));
    const int n = ken_bundle_count(b);
    ken_named_tensor *t = calloc((size_t)n, sizeof *t);
    for (int i = 0; i < n; i++) t[i] = *ken_bundle_at(b, i);
    for (int i = 0; i < n; i++) {
        const size_t size =
            (size_t)ken_tensor_count(&t[i].tensor) * ken_dtype_size(t[i].tensor.dtype);
        for (int k = 0; k < 12 && size; k++) {
            const ken_named_tensor good = t[i];
            static const uint8_t bytes[] = {0xFF, 0x7F, 0x80, 0x01};
            uint8_t *bad = malloc(size);
            memcpy(bad, good.tensor.data, size);
            if (k < 4)
                memset(bad, bytes[k], size);
            else if (k < 8) /* one byte */
                bad[(size_t)(k * 7919 + i * 31) % size] ^= bytes[k - 4];
            else if (k < 10 && t[i].tensor.dtype == KEN_I64) /* one number off by one */
                ((int64_t *)bad)[(size_t)(k * 13 + i) % (size / 8)] += k == 8 ? 1 : -1;
            else if (t[i].tensor.shape[0] > 0 && t[i].tensor.ndim > 0) /* one item fewer */
                t[i].tensor.shape[0]--;
            t[i].tensor.data = bad;
            const char *json = ken_bundle_json(b);
            if (ken_model_unpack(ctx, "bad", json, strlen(json), t, n, &copy) == KEN_OK) {
                if (ken_model_transform(ctx, copy, X, &out) == KEN_OK) ken_table_free(out);
                ken_text text = ken_text_new(ctx);
                (void)ken_recipe_describe_text(ctx, copy, &text);
                ken_text_free(&text);
                ken_model_free(copy);
            } else {
                refused++;
            }
            t[i] = good;
            free(bad);
        }
    }
    assert_true(refused > n);
    ken_bundle_free(b), ken_model_free(m), ken_table_free(X), free(t);
    test_ctx_free(ctx);
}

static void test_recipe__later_rows_may_be_missing_unseen_and_few(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X, *out,
        *later = tables_of(
            ctx,
            "row f64 .\ncustomerID string x\nage i64 33\nincome string 12.5\nkids f64 .\nmember "
            "bool .\n"
            "color category pink\ncity string nowhere\nreview category .\nwhen time .\nsame f64 9\n"
            "none f64 3\nonly category no");
    const ken_desc *const sinks[] = {&sink_linear, &sink_dense, &sink_typed, &sink_nan};
    TEST_OK(ctx, mixed(ctx, 0, &X));
    for (int k = 0; k < 4; k++) {
        ken_model *m;
        double y[1];
        ken_tensor t = ken_tensor_1d(y, KEN_F64, 1);
        TEST_OK(ctx, recipe_for(ctx, sinks[k], NULL, X, NULL, &m));
        TEST_OK(ctx, ken_model_transform(ctx, m, later, &out));
        assert_int_equal(ken_table_cols(out), ken_model_n_inputs(m));
        if (k < 2)
            for (int j = 0; j < ken_table_cols(out); j++)
                assert_true(isfinite(ken_column_f64(ken_table_column(out, j), 0)));
        TEST_OK(ctx, ken_model_predict(ctx, m, later, KEN_WHAT_VALUE, &t));
        ken_table_free(out), ken_model_free(m);
    }
    ken_table_free(later), ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_recipe__parameters_decide(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X;
    TEST_OK(ctx, mixed(ctx, 0, &X));
    for (int encode = 0; encode < 5; encode++) {
        for (int impute = 0; impute < 5;
             impute++) { /* not "none": this model takes no missing cells */
            ken_recipe_params p = KEN_RECIPE_DEFAULTS;
            ken_model *m;
            ken_table *out;
            p.encode = encode;
            p.impute = impute;
            p.scale = (encode + impute) % 5;
            p.indicator = impute % 3;
            p.text = encode % 3;
            p.drop = "kids|age";
            p.keep = "row";
            TEST_OK(ctx, recipe_for(ctx, &sink_dense, &p, X, NULL, &m));
            TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
            assert_int_equal(ken_table_find(out, "kids"), -1);
            assert_true(ken_table_find(out, "row") >= 0);
            assert_int_equal(ken_table_find(out, "review:good") < 0,
                             p.text == KEN_RECIPE_TEXT_DROP);
            assert_int_equal(role_of(m, "age"), KEN_RECIPE_LEFT_OUT);
            tables_round_trip(ctx, ken_model_recipe(m), X);
            ken_table_free(out), ken_model_free(m);
        }
    }
    ken_recipe_params p = KEN_RECIPE_DEFAULTS;
    ken_model *m;
    p.drop = "agee";
    TEST_FAILS(ctx, recipe_for(ctx, &sink_dense, &p, X, NULL, &m), KEN_E_NOT_FOUND, "agee");
    ken_table_free(X);
    test_ctx_free(ctx);
}

/* Two columns whose levels tell the target together, or each by itself, and one that tells nothing. */
static ken_table *interacting(ken_ctx *ctx, bool together, double y[1200]) {
    char *spec = calloc(1, 60000), *at = spec;
    for (int j = 0; j < 3; j++) {
        at += sprintf(at, "%s%c category", j ? "\n" : "", 'a' + j);
        for (int i = 0; i < 1200; i++) at += sprintf(at, " l%d", j == 0 ? i % 4 : j == 1 ? i / 4 % 4 : i * 7 % 11);
    }
    for (int i = 0; i < 1200; i++)
        y[i] = (together ? (i % 4 * 3 + i / 4 % 4 * 2) % 4 % 3 : i % 4 + i / 4 % 4) + i * 29 % 31 / 30.0;
    ken_table *X = tables_of(ctx, spec);
    free(spec);
    return X;
}

static void test_recipe__combines_columns_where_that_pays(void **s) {
    (void)s;
    static const struct {
        const ken_desc *desc;
        bool together;
        int64_t combine;
        int inputs;
    } cases[] = {{&sink_typed, true, 2, 4}, {&sink_typed, false, 2, 3}, {&sink_typed, true, 1, 3}};
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; k < KEN_COUNT(cases); k++) {
        double y[1200];
        ken_recipe_params p = KEN_RECIPE_DEFAULTS;
        ken_table *X = interacting(ctx, cases[k].together, y), *out;
        ken_column c = test_column_f64("y", y, 1200);
        const ken_data data = {.table = X, .target = &c, .task = KEN_REGRESS};
        ken_model *m, *recipe;
        ken_text text = ken_text_new(ctx);
        p.combine = cases[k].combine;
        TEST_OK(ctx, ken_model_new_desc(ctx, cases[k].desc, NULL, &m));
        TEST_OK(ctx, ken_recipe_new(ctx, &p, &recipe));
        TEST_OK(ctx, ken_model_set_recipe(ctx, m, recipe));
        TEST_OK(ctx, ken_model_fit(ctx, m, &data));
        assert_int_equal(ken_model_n_inputs(m), cases[k].inputs);
        TEST_OK(ctx, ken_recipe_describe_text(ctx, ken_model_recipe(m), &text));
        const bool combined = cases[k].inputs == 4;
        assert_true(combined == (strstr(text.data, "as a category, combined with others (4 levels)") != NULL));
        if (combined) {
            assert_string_equal(ken_model_input(m, 3), "a & b (target)");
            assert_int_equal(ken_model_input_source(m, 3), -1);
            /* No levels of the column that takes no part. */
            const int last = ken_model_n_children(ken_model_recipe(m)) - 1;
            const ken_model *step = ken_model_child(ken_model_recipe(m), last);
            assert_string_equal(ken_model_desc(step)->name, "ordered_encode");
            assert_int_equal(ken_model_attr_strings(step, "levels")->n, 8);
            tables_round_trip(ctx, ken_model_recipe(m), X);
        }
        TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
        assert_int_equal(ken_table_cols(out), cases[k].inputs);
        ken_text_free(&text), ken_table_free(out), ken_table_free(X), ken_model_free(m);
    }
    test_ctx_free(ctx);
}

static void test_recipe__says_what_it_does(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X;
    ken_model *m;
    ken_text json = ken_text_new(ctx), text = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&json, 1);
    ken_json_doc *doc;
    const char *out;
    TEST_OK(ctx, mixed(ctx, 0, &X));
    TEST_OK(ctx, recipe_for(ctx, &sink_linear, NULL, X, NULL, &m));
    TEST_OK(ctx, ken_recipe_describe(ctx, ken_model_recipe(m), &w));
    TEST_OK(ctx, ken_text_end(&json, &out));
    TEST_OK(ctx, ken_json_parse(ctx, "plan", out, strlen(out), &doc));
    const ken_json *age = ken_json_at(ken_json_root(doc), 2);
    assert_string_equal(ken_json_string(ken_json_get(age, "column"), NULL, ""), "age");
    assert_string_equal(ken_json_string(ken_json_get(age, "action"), NULL, ""),
                        "filled with the median, standardized, a column says where it is missing");
    assert_string_equal(ken_json_string(ken_json_get(age, "reason"), NULL, ""), "25 % missing");
    assert_int_equal(ken_json_count(ken_json_get(age, "outputs")), 2);
    TEST_OK(ctx, ken_recipe_describe_text(ctx, ken_model_recipe(m), &text));
    assert_non_null(
        strstr(text.data, "customerID  identifier  dropped (every value is different)"));
    TEST_FAILS(ctx, ken_recipe_describe(ctx, m, &w), KEN_E_STATE, "no fitted recipe");
    ken_json_doc_free(doc), ken_text_free(&json), ken_text_free(&text), ken_model_free(m),
        ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_recipe__keeps_a_column_when_all_are_constant(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; k < 2; k++) {
        char spec[4000] = "none f64", *at = spec + 8;
        for (int i = 0; i < ROWS; i++) at += sprintf(at, " .");
        at += sprintf(at, k ? "\na category" : "\na f64");
        for (int i = 0; i < ROWS; i++) at += sprintf(at, " 7");
        ken_table *X = tables_of(ctx, spec);
        ken_model *m;
        TEST_OK(ctx, recipe_for(ctx, &sink_linear, NULL, X, NULL, &m));
        assert_int_equal(ken_model_n_inputs(m), 1);
        ken_model_free(m), ken_table_free(X);
    }
    test_ctx_free(ctx);
}

static void test_recipe__a_table_of_identifiers_is_an_error(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    char spec[4000] = "id i64", *at = spec + 6;
    for (int i = 0; i < ROWS; i++) at += sprintf(at, " %d", i * 7 % 1000);
    ken_table *X = tables_of(ctx, spec);
    ken_model *m;
    TEST_FAILS(ctx, recipe_for(ctx, &sink_linear, NULL, X, NULL, &m), KEN_E_VALUE, "identifiers");
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_recipe__never_drops_measurements(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    char spec[8000] = "", *at = spec;
    at += sprintf(at, "depth f64");
    for (int i = 0; i < ROWS; i++) at += sprintf(at, " %d", i); /* whole, rising: but f64 */
    at += sprintf(at, "\nyear i64");
    for (int i = 0; i < ROWS; i++) at += sprintf(at, " %d", 1900 + i);
    at += sprintf(at, "\nprice i64");
    for (int i = 0; i < ROWS; i++) at += sprintf(at, " %d", i * 7919 % 100003); /* all different */
    at += sprintf(at, "\ngroup_id i64");
    for (int i = 0; i < ROWS; i++) at += sprintf(at, " %d", i / 2); /* named so, but groups */
    ken_table *X = tables_of(ctx, spec);
    ken_model *m;
    TEST_OK(ctx, recipe_for(ctx, &sink_linear, NULL, X, NULL, &m));
    assert_int_equal(ken_model_n_inputs(m), 4);
    ken_model_free(m), ken_table_free(X);
    test_ctx_free(ctx);
}

static ken_status recipe_allocates(ken_ctx *ctx, void *arg) {
    ken_table *X = NULL, *out = NULL;
    ken_model *m = NULL;
    ken_status status = mixed(ctx, 0, &X);
    if (status == KEN_OK) status = recipe_for(ctx, arg, NULL, X, NULL, &m);
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_model_free(m), ken_table_free(X);
    return status;
}

static void test_recipe__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(recipe_allocates, (void *)(uintptr_t)&sink_linear, 20000);
}

static void test_recipe__five_thousand_columns(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    const int d = 5000;
    double *data = calloc((size_t)ROWS * (size_t)d, 8);
    for (int i = 0; i < ROWS * d; i++) data[i] = i % 13 == 4 ? NAN : (double)(i * 7919ll % 10007);
    ken_table *X = test_table(ctx, data, ROWS, d), *out;
    ken_model *m;
    TEST_OK(ctx, recipe_for(ctx, &sink_linear, NULL, X, NULL, &m));
    TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
    assert_int_equal(ken_table_cols(out), 2 * d); /* values and indicators */
    ken_table_free(out), ken_model_free(m), ken_table_free(X), free(data);
    test_ctx_free(ctx);
}

static void test_recipe__reads_the_titanic(void **s) {
    (void)s;
    const char *path = test_shared("data/titanic/titanic_train.csv");
    if (!path) TEST_SKIP("no shared data");
    ken_ctx *ctx = test_ctx(1);
    ken_table *all, *X;
    ken_model *m, *recipe;
    int y, columns[16], n = 0;
    TEST_OK(ctx, ken_csv_read(ctx, path, NULL, NULL, &all));
    TEST_OK(ctx, ken_table_require(ctx, all, "Survived", &y));
    for (int j = 0; j < ken_table_cols(all); j++)
        if (j != y) columns[n++] = j;
    TEST_OK(ctx, ken_table_select(ctx, all, columns, n, &X));
    const ken_data data = {.table = X, .target = ken_table_column(all, y)};
    TEST_OK(ctx, ken_model_new_desc(ctx, &sink_linear, NULL, &m));
    TEST_OK(ctx, ken_recipe_new(ctx, NULL, &recipe));
    TEST_OK(ctx, ken_model_set_recipe(ctx, m, recipe));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    assert_int_equal(role_of(m, "PassengerId"), KEN_RECIPE_IDENTIFIER);
    assert_int_equal(role_of(m, "Name"), KEN_RECIPE_FREE_TEXT);
    assert_int_equal(role_of(m, "Sex"), KEN_RECIPE_CATEGORY);
    assert_int_equal(role_of(m, "Ticket"), KEN_RECIPE_CATEGORY);
    assert_int_equal(role_of(m, "Age"), KEN_RECIPE_NUMBER);
    ken_model_free(m), ken_table_free(X), ken_table_free(all);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recipe__finds_the_role_of_each_column),
        cmocka_unit_test(test_recipe__linear_models_get_finite_standardized_numbers),
        cmocka_unit_test(test_recipe__typed_models_get_columns_as_they_are),
        cmocka_unit_test(test_recipe__missing_stays_for_models_that_take_it),
        cmocka_unit_test(test_recipe__learns_from_training_rows_only),
        cmocka_unit_test(test_recipe__is_the_same_for_any_threads_and_after_saving),
        cmocka_unit_test(test_recipe__hostile_files_never_crash),
        cmocka_unit_test(test_recipe__later_rows_may_be_missing_unseen_and_few),
        cmocka_unit_test(test_recipe__parameters_decide),
        cmocka_unit_test(test_recipe__combines_columns_where_that_pays),
        cmocka_unit_test(test_recipe__says_what_it_does),
        cmocka_unit_test(test_recipe__keeps_a_column_when_all_are_constant),
        cmocka_unit_test(test_recipe__a_table_of_identifiers_is_an_error),
        cmocka_unit_test(test_recipe__never_drops_measurements),
        cmocka_unit_test(test_recipe__every_allocation_may_fail),
        cmocka_unit_test(test_recipe__five_thousand_columns),
        cmocka_unit_test(test_recipe__reads_the_titanic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
