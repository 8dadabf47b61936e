/* ken version: what this build is. */
#include "cli/commands.h"
#include "ken/kernels/kernels.h"

static const char *version_compiler(void) {
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "unknown";
#endif
}

static const char *version_libraries(void) {
#if defined(KEN_HAVE_ZLIB)
    return "zlib";
#else
    return "";
#endif
}

static int version_run(cli *c) {
    if (c->json) {
        cli_json j;
        cli_json_begin(c, &j);
        KEN_JSON(&j.w, "version", string, KEN_VERSION);
        KEN_JSON(&j.w, "compiler", string, version_compiler());
        KEN_JSON(&j.w, "isa", string, ken_ctx_kernels(c->ctx)->isa);
        ken_json_put_key(&j.w, "isas");
        ken_json_array(&j.w);
        for (int i = 0; ken_kernels_at(i); i++) ken_json_put_string(&j.w, ken_kernels_at(i)->isa);
        ken_json_end_array(&j.w);
        KEN_JSON(&j.w, "threads", i64, ken_ctx_threads(c->ctx));
        ken_json_put_key(&j.w, "libraries");
        ken_json_array(&j.w);
        if (*version_libraries()) ken_json_put_string(&j.w, version_libraries());
        ken_json_end_array(&j.w);
        return cli_json_end(c, &j);
    }
    printf("ken %s\n  built by       %s\n  instructions   ", KEN_VERSION, version_compiler());
    for (int i = 0; ken_kernels_at(i); i++)
        printf("%s%s%s", i ? ", " : "", ken_kernels_at(i)->isa,
               ken_kernels_at(i) == ken_ctx_kernels(c->ctx) ? " (in use)" : "");
    printf("\n  threads        %d\n  libraries      %s\n", ken_ctx_threads(c->ctx),
           *version_libraries() ? version_libraries() : "none");
    return CLI_DONE;
}

static const cli_option version_options[] = {{"json", 0, NULL, NULL, "as one JSON object"}, CLI_END_OPTIONS};

const cli_command cli_version = {
    .name = "version", .arguments = "[--json]",
    .summary = "Version, build, instruction sets found, libraries linked",
    .options = version_options, .run = version_run};
