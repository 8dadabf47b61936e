/* Runs the compilers: tcc for a quick answer, cc -O2 for cells marked fast. Where tcc refuses a cell, cc
 * has the last word: it knows more C, and says better what is wrong. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <dirent.h>
#include <unistd.h>

#include "ken/io/file.h"
#include "kernel/kernel.h"
#include "kernel/tcc_object.h"

enum { COMPILE_LIMIT_S = 60, COMPILE_LOG = 256 << 10 };
extern char **environ;

bool compiler_find(const char *name, char path[KERNEL_PATH]) {
    const char *folders = getenv("PATH");
    if (strchr(name, '/')) {
        snprintf(path, KERNEL_PATH, "%s", name);
        return access(path, X_OK) == 0;
    }
    for (const char *s = folders ? folders : "/usr/local/bin:/usr/bin:/bin"; *s;) {
        const int n = (int)strcspn(s, ":");
        snprintf(path, KERNEL_PATH, "%.*s/%s", n, s, name);
        if (access(path, X_OK) == 0) return true;
        s += n + (s[n] == ':');
    }
    path[0] = 0;
    return false;
}

/* Beside the program (installed: <prefix>/libexec/ken), else where the sources lie. */
static bool compile_find_include(const kernel *k, const char *file, const char *built, char to[KERNEL_PATH]) {
    char probe[KERNEL_PATH + 64], base[KERNEL_PATH];
    const char *given = getenv("KEN_INCLUDE");
    snprintf(base, sizeof base, "%s", k->program);
    for (int up = 0; up < 3; up++) {
        char *slash = strrchr(base, '/');
        if (slash) *slash = 0;
    }
    const char *const places[] = {given ? given : "", base, built};
    for (int i = 0; i < 3; i++) {
        if (!*places[i]) continue;
        snprintf(to, KERNEL_PATH, i == 1 ? "%.900s/include" : "%.1000s", places[i]);
        snprintf(probe, sizeof probe, "%s/%s", to, file);
        if (access(probe, R_OK) == 0) return true;
    }
    return false;
}

ken_status compiler_open(kernel *k) {
    compiler *c = &k->compiler;
    const char *tcc = getenv("KEN_TCC"), *cc = getenv("KEN_CC"), *temporary = getenv("TMPDIR");
    compiler_find(tcc ? tcc : "tcc", c->tcc);
    if (!compiler_find(cc ? cc : "gcc", c->cc)) compiler_find("cc", c->cc);
    if (!c->tcc[0] && !c->cc[0])
        return KEN_FAIL(k->ctx, KEN_E_NOT_FOUND, "apt-get install tcc gcc libc6-dev", "there is no C compiler (tcc or gcc)");
    if (!compile_find_include(k, "ken/cell.h", KEN_SOURCE_DIR, c->include) ||
        !compile_find_include(k, "ken/notebook.h", KEN_SOURCE_DIR "/kernel/include", c->notebook))
        return KEN_FAIL(k->ctx, KEN_E_NOT_FOUND, "install ken with its headers, or set KEN_INCLUDE",
                        "the headers of ken (ken/cell.h) are not found");
    snprintf(c->folder, sizeof c->folder, "%.900s/ken-kernel-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (mkdtemp(c->folder)) return KEN_OK;
    c->folder[0] = 0;
    return KEN_FAIL(k->ctx, KEN_E_IO, "set TMPDIR to a folder that can be written", "no temporary folder: %s", strerror(errno));
}

void compiler_close(kernel *k) {
    DIR *dir = k->compiler.folder[0] ? opendir(k->compiler.folder) : NULL;
    if (!dir) return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.') unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(k->compiler.folder);
}

void compiler_object(const kernel *k, int unit, char path[KERNEL_PATH]) {
    snprintf(path, KERNEL_PATH, "%.1000s/cell%d.so", k->compiler.folder, unit);
}

/* --- running ----------------------------------------------------------------------------------------------- */
/* In `folder`, so that files have names without one: tcc puts the source's folder before the names of #line. */
static pid_t compile_spawn(const char *folder, char *const *argv, int *out) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int ends[2];
    pid_t pid = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) return 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    if (posix_spawn(&pid, argv[0], &actions, &attributes, argv, environ) != 0) pid = 0;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *out = ends[0];
    if (!pid) close(ends[0]);
    return pid;
}

/* The program's exit status, its output in log; -1: interrupted, too slow, or not to be started. */
static int compile_run(kernel *k, char *const *argv, ken_text *log) {
    int fd, status = 0;
    const double start = kernel_clock();
    const int interrupts = k->interrupts;
    const pid_t pid = compile_spawn(k->compiler.folder, argv, &fd);
    bool killed = false;
    if (!pid) {
        ken_text_addf(log, "error: %s does not start: %s\n", argv[0], strerror(errno));
        return -1;
    }
    for (;;) {
        char buf[4096];
        const int ready = kernel_wait(k, KERNEL_WAIT_CONTROL | KERNEL_WAIT_EXTRA, fd, 100);
        kernel_attend(k, ready);
        const bool late = kernel_clock() - start > COMPILE_LIMIT_S;
        if (!killed && (k->stop || k->interrupts > interrupts || late)) {
            kill(-pid, SIGKILL);
            killed = true;
            if (late) ken_text_addf(log, "error: compiling took more than %d s\n", COMPILE_LIMIT_S);
        }
        if (!(ready & KERNEL_WAIT_EXTRA)) continue;
        const ssize_t n = read(fd, buf, sizeof buf);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        if (log->size < COMPILE_LOG) ken_text_add_bytes(log, buf, (size_t)n);
    }
    close(fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return killed || !WIFEXITED(status) ? -1 : WEXITSTATUS(status);
}

typedef struct compile_paths {
    char source[KERNEL_PATH], source_name[32], object[KERNEL_PATH], unlinked[KERNEL_PATH], include[KERNEL_PATH + 2], notebook[KERNEL_PATH + 2];
} compile_paths;

#define COMPILE_WORD(text) ((char *)(uintptr_t)(text))
/* To an object, which is looked at before it is linked (tcc_object.h). 1 also where it is not sound. */
static int compile_tcc(kernel *k, const compile_paths *p, ken_text *log) {
    char *const compile[] = {k->compiler.tcc, COMPILE_WORD("-c"), COMPILE_WORD("-g"), COMPILE_WORD("-Wall"),
                             COMPILE_WORD("-Wimplicit-function-declaration"), COMPILE_WORD("-D_GNU_SOURCE"),
                             COMPILE_WORD(p->include), COMPILE_WORD(p->notebook), COMPILE_WORD("-o"),
                             COMPILE_WORD(p->unlinked), COMPILE_WORD(p->source_name), NULL};
    char *const link[] = {k->compiler.tcc, COMPILE_WORD("-shared"), COMPILE_WORD("-g"), COMPILE_WORD("-o"),
                          COMPILE_WORD(p->object), COMPILE_WORD(p->unlinked), NULL};
    ken_file_bytes file;
    const int result = compile_run(k, compile, log);
    if (result != 0) return result;
    if (ken_file_open(k->ctx, p->unlinked, &file) != KEN_OK) return 1;
    const bool sound = tcc_object_is_sound(file.data, file.size);
    ken_file_close(k->ctx, &file);
    if (sound) return compile_run(k, link, log);
    ken_text_add(log, "error: tcc compiles this cell wrongly (arithmetic on a variable of another cell): install gcc\n");
    return 1;
}

static int compile_cc(kernel *k, const compile_paths *p, bool fast, ken_text *log) {
    char *argv[32];
    int n = 0;
    static const char *const always[] = {
        "-std=gnu11", "-g1", "-fPIC", "-shared", "-ffp-contract=off", "-fno-omit-frame-pointer", "-Wall",
        "-Wno-unused-function", "-Wno-unused-variable", "-Wno-unused-but-set-variable", "-Werror=implicit-function-declaration",
        "-Werror=implicit-int", "-fno-diagnostics-show-caret", "-fdiagnostics-color=never", "-D_GNU_SOURCE"};
    argv[n++] = k->compiler.cc;
    for (int i = 0; i < KEN_COUNT(always); i++) argv[n++] = COMPILE_WORD(always[i]);
    argv[n++] = COMPILE_WORD(fast ? "-O2" : "-O0");
    argv[n++] = COMPILE_WORD(p->include);
    argv[n++] = COMPILE_WORD(p->notebook);
    argv[n++] = COMPILE_WORD("-o");
    argv[n++] = COMPILE_WORD(p->object);
    argv[n++] = COMPILE_WORD(p->source_name);
    argv[n] = NULL;
    return compile_run(k, argv, log);
}

/* tcc calls what is not declared, and only warns. */
static bool compile_tcc_is_sure(const ken_text *log) {
    return !log->data || !strstr(log->data, "implicit declaration");
}

ken_status compiler_run(kernel *k, const char *source, int unit, bool fast, bool doubtful, ken_text *log,
                        bool *done, bool *interrupted) {
    compile_paths p;
    const char *text;
    const int interrupts = k->interrupts;
    int result = -1;
    snprintf(p.source, sizeof p.source, "%.1000s/cell%d.c", k->compiler.folder, unit);
    snprintf(p.source_name, sizeof p.source_name, "cell%d.c", unit);
    compiler_object(k, unit, p.object);
    snprintf(p.unlinked, sizeof p.unlinked, "%.1000s/cell.o", k->compiler.folder);
    snprintf(p.include, sizeof p.include, "-I%s", k->compiler.include);
    snprintf(p.notebook, sizeof p.notebook, "-I%s", k->compiler.notebook);
    FILE *f = fopen(p.source, "w");
    const bool wrote = f && fputs(source, f) >= 0;
    if ((f && fclose(f) != 0) || !wrote)
        return KEN_FAIL(k->ctx, KEN_E_IO, "is the disk full?", "%s cannot be written", p.source);
    if (k->compiler.tcc[0] && !fast && !(doubtful && k->compiler.cc[0])) {
        result = compile_tcc(k, &p, log);
        if (result == 0 && !compile_tcc_is_sure(log)) result = 1;
    }
    if (result != 0 && k->interrupts == interrupts && !k->stop && k->compiler.cc[0]) {
        ken_text again = ken_text_new(k->ctx);
        result = compile_cc(k, &p, fast, &again);
        ken_text_free(log);
        *log = again;
    }
    *interrupted = k->interrupts > interrupts || k->stop;
    *done = result == 0;
    return ken_text_end(log, &text);
}

/* --- places ---------------------------------------------------------------------------------------------------- */
int compiler_line(kernel *k, int unit, uint64_t offset) {
    char program[KERNEL_PATH], object[KERNEL_PATH], at[32];
    ken_text log = ken_text_new(k->ctx);
    int line = 0;
    if (!compiler_find("addr2line", program)) return 0;
    compiler_object(k, unit, object);
    snprintf(at, sizeof at, "0x%llx", (unsigned long long)offset);
    char *const argv[] = {program, COMPILE_WORD("-e"), object, at, NULL};
    if (compile_run(k, argv, &log) == 0 && log.data) {
        const char *colon = strrchr(log.data, ':');
        if (colon) line = (int)strtol(colon + 1, NULL, 10);
    }
    ken_text_free(&log);
    return line;
}
