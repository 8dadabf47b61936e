/* Helper programs: what needs libraries that `ken` itself shall not load stands in a program of its own
 * beside it (`ken-learn`, `ken-kernel`), and a command of `ken` becomes it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* The folder that `ken` was started from. */
static bool helper_folder(char *buf, size_t size) {
    const ssize_t n = readlink("/proc/self/exe", buf, size - 1);
    if (n <= 0) return false;
    buf[n] = 0;
    char *slash = strrchr(buf, '/');
    if (slash) *slash = 0;
    return slash != NULL;
}

bool cli_beside(const char *relative, char *buf, size_t size) {
    char folder[4096];
    return helper_folder(folder, sizeof folder) &&
           (size_t)snprintf(buf, size, "%s/%s", folder, relative) < size && access(buf, R_OK) == 0;
}

int cli_become(const char *program, char *const *argv, const char *needs) {
    char path[4200], relative[160];
    for (int i = 0; i < 2; i++) {
        snprintf(relative, sizeof relative, i ? "../libexec/ken/%s" : "%s", program);
        if (!cli_beside(relative, path, sizeof path)) continue;
        fflush(NULL);
        execv(path, argv);
        return cli_wrong("build or install ken again", "cannot start %s: %s", path, strerror(errno)), CLI_FAILED;
    }
    char hint[256];
    snprintf(hint, sizeof hint, "install %s and build ken again", needs);
    return cli_wrong(hint, "%s is not there: this ken was built without it", program), CLI_FAILED;
}
