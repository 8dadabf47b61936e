/* Whole frames over a stream socket. */
#include "kernel/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool frames_put(int fd, const char *data, size_t size) {
    while (size) {
        const ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n, size -= (size_t)n;
    }
    return true;
}

static bool frames_get(int fd, char *data, size_t size) {
    while (size) {
        const ssize_t n = read(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n, size -= (size_t)n;
    }
    return true;
}

bool frames_write(int fd, char kind, const void *data, size_t size) {
    char head[5];
    const uint32_t n = (uint32_t)size;
    if (size > FRAMES_MAX) return false;
    memcpy(head, &n, 4);
    head[4] = kind;
    return frames_put(fd, head, sizeof head) && frames_put(fd, data, size);
}

bool frames_read(int fd, char *kind, char **data, size_t *size) {
    char head[5];
    uint32_t n;
    *data = NULL, *size = 0;
    if (!frames_get(fd, head, sizeof head)) return false;
    memcpy(&n, head, 4);
    *kind = head[4];
    if (n > FRAMES_MAX || !(*data = malloc((size_t)n + 1))) return false;
    if (!frames_get(fd, *data, n)) {
        free(*data);
        *data = NULL;
        return false;
    }
    (*data)[n] = 0;
    *size = n;
    return true;
}
