/* ken-learn: the hub on 127.0.0.1. Started by `ken learn`, which checks what the reader typed:
 *
 *     ken-learn SITE PORT PAGE open|no-open         port 0: 5361, or the next free one
 *
 * GET and HEAD of static files; headers that let a page use nothing but this host, and threads where a browser has
 * them (cross-origin isolation). */
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "learn/site.h"

#define LEARN_PORT 5361
#define LEARN_TRIES 32

static const char *const learn_headers[][2] = {
    {"Content-Security-Policy",
     "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
     "img-src 'self' data:; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Embedder-Policy", "require-corp"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-cache"}};

static enum MHD_Result learn_send(struct MHD_Connection *to, int status, struct MHD_Response *response) {
    if (!response) return MHD_NO;
    for (size_t i = 0; i < sizeof learn_headers / sizeof *learn_headers; i++)
        MHD_add_response_header(response, learn_headers[i][0], learn_headers[i][1]);
    const enum MHD_Result sent = MHD_queue_response(to, (unsigned)status, response);
    MHD_destroy_response(response);
    return sent;
}

static enum MHD_Result learn_send_text(struct MHD_Connection *to, int status, const char *text) {
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (r) MHD_add_response_header(r, "Content-Type", "text/plain; charset=utf-8");
    return learn_send(to, status, r);
}

/* The response owns the file from here on. */
static enum MHD_Result learn_send_file(struct MHD_Connection *to, int status, const site_file *file) {
    const char *known = MHD_lookup_connection_value(to, MHD_HEADER_KIND, "If-None-Match");
    struct MHD_Response *r;
    if (status == 200 && known && strstr(known, file->tag)) {
        close(file->fd);
        r = MHD_create_response_from_buffer(0, (void *)(uintptr_t)"", MHD_RESPMEM_PERSISTENT);
        status = 304;
    } else if (!(r = MHD_create_response_from_fd64(file->size, file->fd))) {
        close(file->fd);
        return MHD_NO;
    }
    if (!r) return MHD_NO;
    MHD_add_response_header(r, "ETag", file->tag);
    if (status != 304) MHD_add_response_header(r, "Content-Type", file->type);
    return learn_send(to, status, r);
}

static enum MHD_Result learn_redirect(struct MHD_Connection *to, const char *path) {
    char where[2100];
    snprintf(where, sizeof where, "%s/", path + strspn(path, "/") - 1); /* one slash: never another host */
    struct MHD_Response *r = MHD_create_response_from_buffer(0, (void *)(uintptr_t)"", MHD_RESPMEM_PERSISTENT);
    if (r) MHD_add_response_header(r, "Location", where);
    return learn_send(to, 301, r);
}

/* Only names of this machine: a page of another host that was led here by its name server gets nothing. */
static bool learn_host_is_ours(struct MHD_Connection *from) {
    static const char *const ours[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *host = MHD_lookup_connection_value(from, MHD_HEADER_KIND, "Host");
    for (size_t i = 0; host && i < sizeof ours / sizeof *ours; i++) {
        const size_t n = strlen(ours[i]);
        if (strncmp(host, ours[i], n) == 0 && (host[n] == 0 || host[n] == ':')) return true;
    }
    return false;
}

static enum MHD_Result learn_answer(void *arg, struct MHD_Connection *from, const char *path, const char *method,
                                    const char *version, const char *data, size_t *size, void **state) {
    static int seen;
    const int root = *(const int *)arg;
    site_file file;
    (void)version, (void)data;
    if (!*state) { /* the first call has the headers only; an answer now would close the connection */
        *state = &seen;
        return MHD_YES;
    }
    if (*size > 0) { /* a body is read and thrown away */
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return learn_send_text(from, 405, "only GET and HEAD\n");
    if (!learn_host_is_ours(from)) return learn_send_text(from, 403, "this is 127.0.0.1 only\n");
    const int status = site_open(root, path, &file);
    if (status == 200) return learn_send_file(from, 200, &file);
    if (status == 301) return learn_redirect(from, path);
    if (status == 404 && site_open(root, "/404.html", &file) == 200) return learn_send_file(from, 404, &file);
    return learn_send_text(from, status, status == 404 ? "there is no such page\n" : "that is no path\n");
}

static struct MHD_Daemon *learn_listen(int *root, int *port) {
    const int first = *port ? *port : LEARN_PORT, tries = *port ? 1 : LEARN_TRIES;
    struct sockaddr_in address;
    for (int i = 0; i < tries; i++) {
        memset(&address, 0, sizeof address);
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons((uint16_t)(first + i));
        struct MHD_Daemon *d = MHD_start_daemon(
            MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, learn_answer, root, MHD_OPTION_SOCK_ADDR, &address,
            MHD_OPTION_CONNECTION_LIMIT, 256u, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
        if (d) {
            *port = first + i;
            return d;
        }
    }
    fprintf(stderr, "ken: port %d is taken\n     give another one with --port\n", first);
    return NULL;
}

/* xdg-open in a process of its own; no browser is no error: the address stands on the terminal. */
static void learn_browse(const char *address) {
    const pid_t child = fork();
    if (child != 0) return;
    const int null = open("/dev/null", O_RDWR);
    if (null >= 0) dup2(null, 0), dup2(null, 1), dup2(null, 2);
    setsid();
    execlp("xdg-open", "xdg-open", address, (char *)NULL);
    _exit(127);
}

int main(int argc, char **argv) {
    sigset_t ends;
    int signal_number = 0, port = argc == 5 ? atoi(argv[2]) : -1;
    char address[512];
    if (port < 0 || port > 65535 || argv[3][0] != '/') {
        fprintf(stderr, "ken: ken-learn is started by 'ken learn'\n");
        return 2;
    }
    int root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        fprintf(stderr, "ken: cannot open %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* before the server's thread starts: it inherits the mask */
    signal(SIGPIPE, SIG_IGN);
    struct MHD_Daemon *server = learn_listen(&root, &port);
    if (!server) return 1;
    snprintf(address, sizeof address, "http://127.0.0.1:%d%s", port, argv[3]);
    printf("%s   (Ctrl-C ends it)\n", address);
    fflush(stdout);
    if (strcmp(argv[4], "open") == 0 && (getenv("DISPLAY") || getenv("WAYLAND_DISPLAY"))) learn_browse(address);
    sigwait(&ends, &signal_number);
    MHD_stop_daemon(server);
    close(root);
    return 0;
}
