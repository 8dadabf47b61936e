/* When to ask a card again: ken/stats/recall, for the review of cards. */
#include "wasm/probe.h"

#include "ken/stats/recall/recall.h"

static ken_status memory_of(ken_ctx *ctx, const ken_json *in, ken_recall *memory, double *days) {
    memory->stability = ken_json_f64(ken_json_get(in, "stability"), 0);
    memory->difficulty = ken_json_f64(ken_json_get(in, "difficulty"), 0);
    *days = ken_json_f64(ken_json_get(in, "days"), 0);
    const bool fresh = memory->stability == 0 && memory->difficulty == 0;
    if (!fresh && !(memory->stability > 0 && memory->difficulty >= 1 && memory->difficulty <= 10))
        return KEN_FAIL(ctx, KEN_E_ARG, "stability above 0 and difficulty from 1 to 10; both 0: never asked",
                        "stability is %g, difficulty %g", memory->stability, memory->difficulty);
    if (!(*days >= 0)) return KEN_FAIL(ctx, KEN_E_ARG, "days since the last review, 0 or more", "days is %g", *days);
    return KEN_OK;
}

/* {op: "review", stability, difficulty, days, grade: 1 .. 4} -> {stability, difficulty, interval}
 * {op: "probability", stability, difficulty, days} -> {probability, interval}
 * interval: whole days from the last review to the next. */
KEN_PROBE(recall) {
    const char *op = ken_json_string(ken_json_get(in, "op"), NULL, "");
    ken_recall memory;
    double days;
    KEN_TRY(memory_of(ctx, in, &memory, &days));
    if (strcmp(op, "review") == 0) {
        int64_t grade;
        KEN_TRY(ken_probe_count(ctx, in, "grade", 0, KEN_GRADE_AGAIN, KEN_GRADE_EASY, &grade));
        memory = ken_recall_review(NULL, memory, days, (ken_grade)grade);
        ken_json_object(out);
        KEN_JSON(out, "stability", f64, memory.stability);
        KEN_JSON(out, "difficulty", f64, memory.difficulty);
    } else if (strcmp(op, "probability") == 0) {
        ken_json_object(out);
        KEN_JSON(out, "probability", f64, ken_recall_probability(NULL, memory, days));
    } else {
        return KEN_FAIL(ctx, KEN_E_ARG, "review or probability", "there is no op '%s'", op);
    }
    KEN_JSON(out, "interval", f64, memory.stability > 0 ? ken_recall_interval(NULL, memory) : 0);
    ken_json_end_object(out);
    return KEN_OK;
}
