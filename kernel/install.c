/* ken kernel install: writes the kernelspec, by which Jupyter and VS Code find this program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ken/io/file.h"
#include "kernel/kernel.h"

static const char install_logo[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\"><rect width=\"64\" height=\"64\" rx=\"12\" fill=\"#1f4e79\"/>"
    "<path d=\"M16 12v40M18 34L42 12M24 29L46 52\" fill=\"none\" stroke=\"#fff\" stroke-width=\"7\" stroke-linecap=\"round\"/>"
    "<circle cx=\"50\" cy=\"32\" r=\"4\" fill=\"#f5a623\"/></svg>\n";

static int install_wrong(const char *hint, const char *message, const char *what) {
    fprintf(stderr, "ken kernel: ");
    fprintf(stderr, message, what);
    fprintf(stderr, "\n     %s\n", hint);
    return 2;
}

/* The folder under which kernels/NAME goes. */
static int install_base(const char *how, const char *prefix, char base[KERNEL_PATH]) {
    const char *data = getenv("JUPYTER_DATA_DIR"), *share = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    const char *environment = getenv("VIRTUAL_ENV") ? getenv("VIRTUAL_ENV") : getenv("CONDA_PREFIX");
    if (strcmp(how, "prefix") == 0) {
        snprintf(base, KERNEL_PATH, "%.900s/share/jupyter", prefix);
    } else if (strcmp(how, "sys-prefix") == 0) {
        if (!environment || !*environment)
            return install_wrong("activate it first, or name its folder with --prefix",
                                 "--sys-prefix needs an active environment (%s)", "VIRTUAL_ENV or CONDA_PREFIX");
        snprintf(base, KERNEL_PATH, "%.900s/share/jupyter", environment);
    } else if (data && *data) {
        snprintf(base, KERNEL_PATH, "%.900s", data);
    } else if (share && *share) {
        snprintf(base, KERNEL_PATH, "%.900s/jupyter", share);
    } else if (home && *home) {
        snprintf(base, KERNEL_PATH, "%.900s/.local/share/jupyter", home);
    } else {
        return install_wrong("name a folder with --prefix", "there is no home folder (%s)", "HOME");
    }
    return 0;
}

static bool install_make_folders(char *path) {
    for (char *s = path + 1;; s++) {
        if (*s != '/' && *s) continue;
        const char c = *s;
        *s = 0;
        const bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
        *s = c;
        if (!made || !c) return made;
    }
}

static ken_status install_file(ken_ctx *ctx, const char *folder, const char *name, const char *text) {
    char path[KERNEL_PATH + 32];
    ken_file_writer *w;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    KEN_TRY(ken_file_create(ctx, path, &w));
    const ken_status status = ken_file_write(w, text, strlen(text));
    if (status == KEN_OK) return ken_file_commit(w);
    ken_file_discard(w);
    return status;
}

static ken_status install_spec(ken_ctx *ctx, const char *folder, const char *program) {
    ken_text t = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&t, 2);
    const char *text;
    ken_json_object(&w);
    ken_json_put_key(&w, "argv");
    ken_json_array(&w);
    ken_json_put_string(&w, program);
    ken_json_put_string(&w, "run");
    ken_json_put_string(&w, "{connection_file}");
    ken_json_end_array(&w);
    KEN_JSON(&w, "display_name", string, "C (ken)");
    KEN_JSON(&w, "language", string, "c");
    KEN_JSON(&w, "interrupt_mode", string, "message");
    KEN_JSON(&w, "metadata", raw, "{\"debugger\": false}");
    ken_json_end_object(&w);
    ken_text_add_char(&t, '\n');
    ken_status status = ken_text_end(&t, &text);
    if (status == KEN_OK) status = install_file(ctx, folder, "kernel.json", text);
    if (status == KEN_OK) status = install_file(ctx, folder, "logo-svg.svg", install_logo);
    ken_text_free(&t);
    return status;
}

static bool install_is_name(const char *name) {
    if (!*name || *name == '.') return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(name);
}

int kernel_install(int argc, char **argv, const char *program) {
    const char *how = "user", *prefix = "", *name = "ken";
    char base[KERNEL_PATH], folder[KERNEL_PATH + 300];
    ken_ctx *ctx;
    for (int i = 0; i < argc; i++) {
        const char *a = argv[i];
        const bool takes = strcmp(a, "--prefix") == 0 || strcmp(a, "--name") == 0;
        if (takes && i + 1 == argc) return install_wrong("ken kernel help shows how", "%s needs a value", a);
        if (strcmp(a, "--user") == 0 || strcmp(a, "--sys-prefix") == 0) how = a + 2;
        else if (strcmp(a, "--prefix") == 0) how = "prefix", prefix = argv[++i];
        else if (strncmp(a, "--prefix=", 9) == 0) how = "prefix", prefix = a + 9;
        else if (strcmp(a, "--name") == 0) name = argv[++i];
        else if (strncmp(a, "--name=", 7) == 0) name = a + 7;
        else return install_wrong("--user, --sys-prefix, --prefix DIR, --name NAME", "install has no option '%s'", a);
    }
    if (!install_is_name(name))
        return install_wrong("letters, digits, '.', '_' and '-' make a name", "a kernel cannot be called '%s'", name);
    const int wrong = install_base(how, prefix, base);
    if (wrong) return wrong;
    snprintf(folder, sizeof folder, "%s/kernels/%.200s", base, name);
    if (!install_make_folders(folder)) {
        fprintf(stderr, "ken kernel: %s cannot be made: %s\n", folder, strerror(errno));
        return 1;
    }
    if (ken_ctx_new(NULL, &ctx) != KEN_OK) return 1;
    const ken_status status = install_spec(ctx, folder, program);
    if (status == KEN_OK)
        printf("wrote %s/kernel.json: choose \"C (ken)\" for a new notebook\n", folder);
    else
        fprintf(stderr, "ken kernel: %s\n     %s\n", ken_ctx_message(ctx), ken_ctx_hint(ctx));
    ken_ctx_free(ctx);
    return status == KEN_OK ? 0 : 1;
}
