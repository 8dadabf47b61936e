/* Starts, feeds and ends the executor. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"

extern char **environ;

static void runner_close(runner *r) {
    if (r->fd > 0) close(r->fd);
    if (r->out > 0) close(r->out);
    if (r->err > 0) close(r->err);
    memset(r, 0, sizeof *r);
}

/* Descriptors that the child's 0 .. 3 are made of lie above 9, so that no dup2 overwrites one. */
static int runner_high(int fd) {
    const int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    close(fd);
    return high;
}

static bool runner_spawn(kernel *k, int null, int out, int err, int frames) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char *const argv[] = {k->program, (char *)(uintptr_t)"executor", NULL};
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, null, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    posix_spawn_file_actions_adddup2(&actions, frames, FRAMES_FD);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0); /* an interrupt of our group is for us to pass on */
    posix_spawnattr_setsigmask(&attributes, &none);
    const int failed = posix_spawn(&k->runner.pid, k->program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) k->runner.pid = 0;
    return failed == 0;
}

ken_status runner_start(kernel *k) {
    int out[2] = {-1, -1}, err[2] = {-1, -1}, frames[2] = {-1, -1};
    runner *r = &k->runner;
    memset(r, 0, sizeof *r);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool good = null >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 &&
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, frames) == 0;
    if (good) {
        out[1] = runner_high(out[1]), err[1] = runner_high(err[1]), frames[1] = runner_high(frames[1]);
        null = runner_high(null);
        good = runner_spawn(k, null, out[1], err[1], frames[1]);
    }
    const int why = errno, theirs[] = {null, out[1], err[1], frames[1]};
    for (int i = 0; i < KEN_COUNT(theirs); i++)
        if (theirs[i] >= 0) close(theirs[i]);
    r->out = out[0], r->err = err[0], r->fd = frames[0];
    if (good) {
        fcntl(r->out, F_SETFL, O_NONBLOCK);
        fcntl(r->err, F_SETFL, O_NONBLOCK);
        return KEN_OK;
    }
    runner_close(r);
    return KEN_FAIL(k->ctx, KEN_E_IO, NULL, "the process for cells does not start: %s", strerror(why));
}

void runner_kill(kernel *k) {
    if (k->runner.pid) kill(-k->runner.pid, SIGKILL);
}

int runner_end(kernel *k) {
    int status = -1;
    if (!k->runner.pid) return -1;
    while (waitpid(k->runner.pid, &status, 0) < 0 && errno == EINTR) {}
    kill(-k->runner.pid, SIGKILL); /* what it has started */
    runner_close(&k->runner);
    return status;
}

/* --- output ---------------------------------------------------------------------------------------------- */
/* Bytes at the end that begin a character which is not whole. */
static int runner_partial(const char *s, size_t n) {
    for (int back = 1; back <= 3 && (size_t)back <= n; back++) {
        const unsigned char c = (unsigned char)s[n - (size_t)back];
        if ((c & 0xC0) == 0x80) continue;
        const int need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

static void runner_stream(kernel *k, const kernel_request *parent, int which, const char *text, size_t size) {
    ken_text t = ken_text_new(k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    const char *content;
    if (k->silent) return;
    ken_json_object(&w);
    KEN_JSON(&w, "name", string, which ? "stderr" : "stdout");
    ken_json_put_key(&w, "text");
    ken_json_put_bytes(&w, text, size);
    ken_json_end_object(&w);
    if (ken_text_end(&t, &content) == KEN_OK) kernel_publish(k, parent, "stream", content);
    ken_text_free(&t);
}

static void runner_drain_one(kernel *k, const kernel_request *parent, int which) {
    runner *r = &k->runner;
    int *fd = which ? &r->err : &r->out;
    for (int rounds = 0; *fd > 0 && rounds < 64; rounds++) { /* a flood must not keep us from interrupts */
        char buf[1 << 16];
        const int held = r->n_held[which];
        memcpy(buf, r->held[which], (size_t)held);
        const ssize_t n = read(*fd, buf + held, sizeof buf - (size_t)held);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) { /* its end: what is left is no character */
            close(*fd);
            *fd = -1;
            if (held) runner_stream(k, parent, which, buf, (size_t)held);
            r->n_held[which] = 0;
            return;
        }
        const size_t size = (size_t)(n + held);
        const int partial = runner_partial(buf, size);
        memcpy(r->held[which], buf + size - (size_t)partial, (size_t)partial);
        r->n_held[which] = partial;
        if (size > (size_t)partial) runner_stream(k, parent, which, buf, size - (size_t)partial);
    }
}

void runner_drain(kernel *k, const kernel_request *parent) {
    runner_drain_one(k, parent, 0);
    runner_drain_one(k, parent, 1);
}
