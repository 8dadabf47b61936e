/* ken learn: opens the hub in the browser, from this machine alone. The server is ken-learn (learn/). */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"

#define LEARN_MOST 512

/* The hub: --site, else installed beside the program, else in the build folder. */
static bool learn_site(cli *c, char *buf, size_t size) {
    const char *given = cli_value(c, "site");
    if (!given) return cli_beside("../share/ken/hub/index.html", buf, size) || cli_beside("../hub/site/index.html", buf, size);
    return (size_t)snprintf(buf, size, "%s/index.html", given) < size && access(buf, R_OK) == 0;
}

typedef struct learn_lessons {
    char *name[LEARN_MOST];
    int n;
} learn_lessons;

static const char *learn_name_at(void *arg, int i) { return ((learn_lessons *)arg)->name[i]; }

/* Pages of the site: folders that hold an index.html. */
static void learn_list(const char *site, learn_lessons *out) {
    DIR *folder = opendir(site);
    struct dirent *entry;
    char path[4700];
    out->n = 0;
    while (folder && (entry = readdir(folder)) && out->n < LEARN_MOST) {
        if (entry->d_name[0] == '.') continue;
        if ((size_t)snprintf(path, sizeof path, "%s/%s/index.html", site, entry->d_name) >= sizeof path) continue;
        if (access(path, R_OK) == 0 && (out->name[out->n] = strdup(entry->d_name))) out->n++;
    }
    if (folder) closedir(folder);
}

/* CLI_DONE when the site has that lesson, else a message with the nearest one. */
static int learn_check(const char *site, const char *lesson) {
    learn_lessons all;
    char hint[160];
    int status = CLI_USAGE;
    learn_list(site, &all);
    for (int i = 0; i < all.n; i++)
        if (strcmp(all.name[i], lesson) == 0) status = CLI_DONE;
    if (status != CLI_DONE) {
        const char *near = ken_nearest_name(lesson, all.n, learn_name_at, &all);
        snprintf(hint, sizeof hint, near ? "did you mean 'ken learn %s'?" : "'ken learn' shows all lessons", near);
        cli_wrong(hint, "there is no lesson '%s'", lesson);
    }
    for (int i = 0; i < all.n; i++) free(all.name[i]);
    return status;
}

static int learn_run(cli *c) {
    char site[4200], port_text[16], page[300] = "/";
    int64_t port;
    if (!cli_integer(c, "port", 0, 0, 65535, &port)) return CLI_USAGE;
    if (!learn_site(c, site, sizeof site)) {
        const char *given = cli_value(c, "site");
        return cli_wrong("'make hub' builds it into build/hub/site", given ? "there is no hub in %s" : "the hub is not there%s",
                         given ? given : ""), CLI_FAILED;
    }
    *strrchr(site, '/') = 0;
    if (c->n_arguments == 1) {
        const int status = learn_check(site, c->arguments[0]);
        if (status != CLI_DONE) return status;
        snprintf(page, sizeof page, "/%s/", c->arguments[0]);
    }
    snprintf(port_text, sizeof port_text, "%d", (int)port);
    char open_word[] = "open", quiet_word[] = "no-open", name[] = "ken-learn";
    char *argv[] = {name, site, port_text, page, cli_flag(c, "no-open") ? quiet_word : open_word, NULL};
    return cli_become("ken-learn", argv, "libmicrohttpd-dev");
}

static const cli_option learn_options[] = {
    {"port", 0, "P", NULL, "port on this machine (default: 5361, or the next free one)"},
    {"no-open", 0, NULL, NULL, "only serve; do not start a browser"},
    {"site", 0, "FOLDER", ":file", "serve this hub instead of the one that came with ken"},
    CLI_END_OPTIONS};

const cli_command cli_learn = {
    .name = "learn", .arguments = "[LESSON]", .summary = "The lessons, in your browser, without a network",
    .details = "Serves the hub on 127.0.0.1 and opens it. Nothing leaves the machine; progress stays in the browser. Ctrl-C ends it.",
    .options = learn_options, .max_arguments = 1, .run = learn_run,
    .examples = "  ken learn\n  ken learn ridge\n  ken learn --no-open --port 8080\n"};
