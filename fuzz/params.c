/* "thing settings", as the text door of ken_model_new takes them, for all things of the catalog.
 * What is accepted must be within its ranges, and must be the same after being printed and set
 * again. */
#include "fuzz/fuzz.h"

#include "ken/core/model.h"

static void set_again(ken_ctx *ctx, const ken_model *model) {
    const ken_desc *desc = ken_model_desc(model);
    ken_model *copy;
    FUZZ_CHECK(ken_params_check(ctx, desc, ken_model_params(model)) == KEN_OK);
    FUZZ_CHECK(ken_model_clone(ctx, model, &copy) == KEN_OK);
    for (const ken_param *p = desc->params; p && p->name; p++) {
        ken_text one = ken_text_new(ctx), two = ken_text_new(ctx);
        const char *a, *b;
        ken_param_format(p, ken_model_params(model), &one);
        FUZZ_CHECK(ken_text_end(&one, &a) == KEN_OK);
        if (ken_model_set(ctx, copy, p->name, a) != KEN_OK) {
            fprintf(stderr, "%s: %s=%s: %s\n", desc->name, p->name, a, ken_ctx_message(ctx));
            abort();
        }
        ken_param_format(p, ken_model_params(copy), &two);
        FUZZ_CHECK(ken_text_end(&two, &b) == KEN_OK);
        FUZZ_CHECK(strcmp(a, b) == 0);
        ken_text_free(&one);
        ken_text_free(&two);
    }
    ken_model_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory memory;
    ken_ctx *ctx = fuzz_begin(&memory);
    char *text = malloc(size + 1), *settings;
    ken_model *model;
    FUZZ_CHECK(text);
    if (size > 0) memcpy(text, data, size);
    text[size] = 0;
    settings = strchr(text, ' ');
    if (settings) *settings++ = 0;
    if (ken_model_new(ctx, text, settings, &model) == KEN_OK) {
        set_again(ctx, model);
        ken_model_free(model);
    } else {
        FUZZ_CHECK(ken_ctx_message(ctx)[0] != 0);
    }
    free(text);
    fuzz_end(ctx, &memory);
    return 0;
}
