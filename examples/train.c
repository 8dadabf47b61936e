/* Train, evaluate and save a model in a dozen lines. cc train.c $(pkg-config --cflags --libs ken) */
#include <ken/ken.h>
#include <stdio.h>

int main(void) {
    ken_ctx *ctx = NULL;
    ken_table *table = NULL;
    ken_model *model = NULL;
    ken_training result = {0};
    ken_train_options options = KEN_TRAIN_DEFAULTS;
    options.target = "species";
    options.model = "boosting";

    if (ken_ctx_new(NULL, &ctx) != KEN_OK) return 1;
    if (ken_dataset_load(ctx, "iris", &table) != KEN_OK ||
        ken_train(ctx, table, &options, &model, &result) != KEN_OK ||
        ken_model_save(ctx, model, "iris.ken") != KEN_OK)
        fprintf(stderr, "%s (%s)\n", ken_ctx_message(ctx), ken_ctx_hint(ctx));
    else
        printf("accuracy on rows it never saw: %.3f\n",
               ken_evaluation_find(&result.evaluation, "accuracy")->interval.value);
    const int failed = model == NULL;
    ken_training_free(&result);
    ken_model_free(model);
    ken_table_free(table);
    ken_ctx_free(ctx);
    return failed;
}
