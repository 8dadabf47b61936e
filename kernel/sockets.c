/* ZeroMQ: five sockets of the connection file, messages as frames. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "ken/io/file.h"
#include "kernel/kernel.h"

struct kernel_frames {
    zmq_msg_t at[WIRE_MAX_PARTS];
    int n;
};

/* --- opening ---------------------------------------------------------------------------------------------- */
static ken_status sockets_failed(kernel *k, const char *what) {
    return KEN_FAIL(k->ctx, KEN_E_IO, "is another program on this port?", "%s: %s", what, zmq_strerror(zmq_errno()));
}

static ken_status sockets_bind(kernel *k, void **socket, int type, const ken_json *file, const char *port) {
    char address[256];
    const char *transport = ken_json_string(ken_json_get(file, "transport"), NULL, "tcp");
    const char *ip = ken_json_string(ken_json_get(file, "ip"), NULL, "127.0.0.1");
    const int linger = 1000, all = 0;
    const int64_t number = ken_json_i64(ken_json_get(file, port), -1);
    if (number < 0)
        return KEN_FAIL(k->ctx, KEN_E_FORMAT, "the front end writes this file", "the connection file has no %s", port);
    snprintf(address, sizeof address, strcmp(transport, "ipc") == 0 ? "ipc://%s-%lld" : "tcp://%s:%lld", ip,
             (long long)number);
    *socket = zmq_socket(k->sockets.context, type);
    if (!*socket) return sockets_failed(k, "socket");
    zmq_setsockopt(*socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(*socket, ZMQ_SNDHWM, &all, sizeof all); /* no output is dropped */
    if (type == ZMQ_ROUTER) zmq_setsockopt(*socket, ZMQ_ROUTER_HANDOVER, &(int){1}, sizeof(int));
    if (zmq_bind(*socket, address) == 0) return KEN_OK;
    return sockets_failed(k, address);
}

static void *sockets_echo(void *socket) {
    zmq_proxy(socket, socket, NULL); /* until the context is gone */
    zmq_close(socket);
    return NULL;
}

static ken_status sockets_open_all(kernel *k, const ken_json *file) {
    kernel_sockets *s = &k->sockets;
    size_t size;
    const char *key = ken_json_string(ken_json_get(file, "key"), &size, "");
    const char *scheme = ken_json_string(ken_json_get(file, "signature_scheme"), NULL, "hmac-sha256");
    if (strcmp(scheme, "hmac-sha256") != 0 || size > sizeof s->key.bytes)
        return KEN_FAIL(k->ctx, KEN_E_UNSUPPORTED, "set Session.signature_scheme to hmac-sha256",
                        "the signature scheme '%s' is not known", scheme);
    memcpy(s->key.bytes, key, size);
    s->key.size = size;
    s->context = zmq_ctx_new();
    if (!s->context) return sockets_failed(k, "context");
    KEN_TRY(sockets_bind(k, &s->channel[KERNEL_SHELL], ZMQ_ROUTER, file, "shell_port"));
    KEN_TRY(sockets_bind(k, &s->channel[KERNEL_CONTROL], ZMQ_ROUTER, file, "control_port"));
    KEN_TRY(sockets_bind(k, &s->channel[KERNEL_STDIN], ZMQ_ROUTER, file, "stdin_port"));
    KEN_TRY(sockets_bind(k, &s->channel[KERNEL_IOPUB], ZMQ_PUB, file, "iopub_port"));
    KEN_TRY(sockets_bind(k, &s->heartbeat, ZMQ_ROUTER, file, "hb_port"));
    sigset_t all, before; /* signals are for the main thread: they wake it */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    s->thread_runs = pthread_create(&s->thread, NULL, sockets_echo, s->heartbeat) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return s->thread_runs ? KEN_OK : KEN_FAIL(k->ctx, KEN_E_IO, NULL, "no thread for the heartbeat");
}

ken_status kernel_sockets_open(kernel *k, const char *connection_file) {
    ken_file_bytes file;
    ken_json_doc *doc = NULL;
    unsigned char random[16] = {0};
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return KEN_FAIL(k->ctx, KEN_E_IO, NULL, "no random numbers for the session's name");
    for (int i = 0; i < 16; i++) snprintf(k->sockets.session + 2 * i, 3, "%02x", random[i]);
    KEN_TRY(ken_file_open(k->ctx, connection_file, &file));
    ken_status status = ken_json_parse(k->ctx, connection_file, file.data, file.size, &doc);
    ken_file_close(k->ctx, &file);
    if (status == KEN_OK) status = sockets_open_all(k, ken_json_root(doc));
    ken_json_doc_free(doc);
    return status;
}

void kernel_sockets_close(kernel *k) {
    kernel_sockets *s = &k->sockets;
    for (int i = 0; i < KERNEL_CHANNELS; i++)
        if (s->channel[i]) zmq_close(s->channel[i]);
    if (s->context) zmq_ctx_shutdown(s->context);
    if (s->thread_runs) pthread_join(s->thread, NULL);
    if (s->context) zmq_ctx_term(s->context);
    memset(s, 0, sizeof *s);
}

/* --- receiving ---------------------------------------------------------------------------------------------- */
void kernel_request_close(kernel_request *r) {
    wire_close(&r->message);
    for (int i = 0; r->frames && i < r->frames->n; i++) zmq_msg_close(&r->frames->at[i]);
    free(r->frames);
    r->frames = NULL;
}

/* All parts of the next message; those past the limit are dropped. */
static bool sockets_read(void *socket, kernel_request *out) {
    int more = 1;
    while (more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return false;
        }
        more = zmq_msg_more(&part);
        if (out->frames->n == WIRE_MAX_PARTS) {
            zmq_msg_close(&part);
            continue;
        }
        zmq_msg_t *kept = &out->frames->at[out->frames->n];
        zmq_msg_init(kept);
        zmq_msg_move(kept, &part);
        out->parts[out->frames->n].data = zmq_msg_data(kept);
        out->parts[out->frames->n++].size = zmq_msg_size(kept);
    }
    return true;
}

bool kernel_receive(kernel *k, kernel_channel channel, kernel_request *out) {
    memset(out, 0, sizeof *out);
    out->channel = channel;
    out->frames = calloc(1, sizeof *out->frames);
    if (!out->frames || !sockets_read(k->sockets.channel[channel], out)) {
        kernel_request_close(out);
        return false;
    }
    if (wire_open(k->ctx, &k->sockets.key, out->parts, out->frames->n, &out->message) == KEN_OK) return true;
    fprintf(stderr, "ken-kernel: ignored: %s (%s)\n", ken_ctx_message(k->ctx), ken_ctx_hint(k->ctx));
    kernel_request_close(out);
    return false;
}

/* --- sending -------------------------------------------------------------------------------------------------- */
static void sockets_header(kernel *k, const char *type, char *to, size_t size) {
    struct timespec now;
    struct tm t;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &t);
    snprintf(to, size,
             "{\"msg_id\":\"%s_%d_%llu\",\"session\":\"%s\",\"username\":\"ken\",\"date\":"
             "\"%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ\",\"msg_type\":\"%s\",\"version\":\"5.4\"}",
             k->sockets.session, (int)getpid(), (unsigned long long)k->sockets.n_sent++, k->sockets.session,
             t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, now.tv_nsec / 1000, type);
}

static void sockets_send(kernel *k, kernel_channel channel, const wire_part *identities, int n,
                         const kernel_request *parent, const char *type, const char *content) {
    void *socket = k->sockets.channel[channel];
    char header[512], hex[WIRE_HEX + 1];
    sockets_header(k, type, header, sizeof header);
    const wire_part parts[4] = {{header, strlen(header)}, parent ? parent->message.header : (wire_part){"{}", 2},
                                {"{}", 2}, {content, strlen(content)}};
    wire_sign(&k->sockets.key, parts, hex);
    for (int i = 0; i < n; i++) zmq_send(socket, identities[i].data, identities[i].size, ZMQ_SNDMORE);
    zmq_send(socket, "<IDS|MSG>", 9, ZMQ_SNDMORE);
    zmq_send(socket, hex, strlen(hex), ZMQ_SNDMORE);
    for (int i = 0; i < 4; i++) zmq_send(socket, parts[i].data, parts[i].size, i < 3 ? ZMQ_SNDMORE : 0);
}

void kernel_reply(kernel *k, const kernel_request *to, const char *type, const char *content) {
    sockets_send(k, to->channel, to->message.identities, to->message.n_identities, to, type, content);
}

void kernel_publish(kernel *k, const kernel_request *parent, const char *type, const char *content) {
    char topic[128];
    snprintf(topic, sizeof topic, "kernel.%s.%s", k->sockets.session, type);
    const wire_part identity = {topic, strlen(topic)};
    sockets_send(k, KERNEL_IOPUB, &identity, 1, parent, type, content);
}

void kernel_ask(kernel *k, const kernel_request *parent, const char *content) {
    sockets_send(k, KERNEL_STDIN, parent->message.identities, parent->message.n_identities, parent, "input_request",
                 content);
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */
int kernel_wait(kernel *k, int want, int extra_fd, int timeout_ms) {
    const struct {
        int bit;
        void *socket;
        int fd;
    } all[] = {{KERNEL_WAIT_SHELL, k->sockets.channel[KERNEL_SHELL], 0},
               {KERNEL_WAIT_CONTROL, k->sockets.channel[KERNEL_CONTROL], 0},
               {KERNEL_WAIT_STDIN, k->sockets.channel[KERNEL_STDIN], 0},
               {KERNEL_WAIT_RUNNER, NULL, k->runner.fd},
               {KERNEL_WAIT_OUT, NULL, k->runner.out},
               {KERNEL_WAIT_ERR, NULL, k->runner.err},
               {KERNEL_WAIT_EXTRA, NULL, extra_fd}};
    zmq_pollitem_t items[KEN_COUNT(all)];
    int bits[KEN_COUNT(all)], n = 0, ready = 0;
    for (int i = 0; i < KEN_COUNT(all); i++) {
        if (!(want & all[i].bit) || (!all[i].socket && all[i].fd <= 0)) continue;
        bits[n] = all[i].bit;
        items[n++] = (zmq_pollitem_t){all[i].socket, all[i].fd, ZMQ_POLLIN, 0};
    }
    if (zmq_poll(items, n, timeout_ms) <= 0) return 0;
    for (int i = 0; i < n; i++)
        if (items[i].revents) ready |= bits[i];
    return ready;
}
