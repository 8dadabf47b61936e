/* Files for POSIX. What a name like "-" or a device means is decided here and nowhere else.
 *
 * Reading maps regular files: a file that another program cuts short meanwhile would then fault, as
 * for every mapping reader; programs that replace files by renaming, as the writer below, are safe.
 */
#include "ken/io/file.h"

#if defined(__wasm__)

static ken_status file_none(ken_ctx *ctx) {
    return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "hand over the bytes instead", "file: no files here");
}
ken_status ken_file_open(ken_ctx *ctx, const char *path, ken_file_bytes *out) {
    (void)path;
    *out = (ken_file_bytes){0};
    return file_none(ctx);
}
void ken_file_close(ken_ctx *ctx, ken_file_bytes *file) {
    (void)ctx;
    *file = (ken_file_bytes){0};
}
ken_status ken_file_create(ken_ctx *ctx, const char *path, ken_file_writer **out) {
    (void)path;
    *out = NULL;
    return file_none(ctx);
}
/* No writer can exist. */
ken_status ken_file_write(ken_file_writer *w, const void *bytes, size_t size) {
    (void)w, (void)bytes, (void)size;
    return KEN_E_UNSUPPORTED;
}
ken_status ken_file_commit(ken_file_writer *w) {
    (void)w;
    return KEN_E_UNSUPPORTED;
}
void ken_file_discard(ken_file_writer *w) { (void)w; }
void ken_file_discard_all(void) {}

#else

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ken/core/text.h"

/* --- reasons -------------------------------------------------------------------------------- */
static const char *file_hint(int reason, bool writing) {
    switch (reason) {
    case ENOENT:
        return writing ? "make the folder first" : "check the spelling and the folder";
    case ENOTDIR:
        return "a part of the path is a file, not a folder: check the path";
    case EACCES:
    case EPERM:
        return writing ? "check the permissions of the folder, or write elsewhere"
                       : "check the file's permissions";
    case EISDIR:
        return "name a file, not a folder";
    case ENOSPC:
    case EDQUOT:
        return "free some space, or write elsewhere";
    case EFBIG:
        return "raise the limit on file sizes (ulimit -f), or write elsewhere";
    case EROFS:
        return "write elsewhere";
    case EPIPE:
        return "the program that reads the output has ended";
    case EMFILE:
    case ENFILE:
        return "close some files, or raise the limit (ulimit -n)";
    default:
        return NULL;
    }
}

static ken_status file_fail(ken_ctx *ctx, const char *path, const char *verb, int reason,
                            bool writing) {
    return KEN_FAIL(ctx, reason == ENOMEM ? KEN_E_NOMEM : KEN_E_IO, file_hint(reason, writing),
                    "%s: cannot %s: %s",
                    strcmp(path, "-") ? path
                    : writing         ? "standard output"
                                      : "standard input",
                    verb, strerror(reason));
}

/* --- reading -------------------------------------------------------------------------------- */
/* All that comes, for pipes, devices and files without a size. */
static ken_status file_read_all(ken_ctx *ctx, const char *path, int fd, ken_file_bytes *out) {
    size_t size = 0, capacity = 0;
    void *data = NULL;
    ken_status status = KEN_OK;
    for (;;) {
        if (size == capacity) {
            const size_t next = ken_next_capacity(capacity, size + ((size_t)1 << 16));
            if (next > PTRDIFF_MAX) {
                status = KEN_FAIL(ctx, KEN_E_LIMIT, NULL, "%s: too long for memory", path);
                break;
            }
            status = ken_grow(ctx, &data, capacity, next, 1);
            if (status != KEN_OK) break;
            capacity = next;
        }
        const ssize_t n = read(fd, (char *)data + size, capacity - size);
        if (n == 0) break;
        if (n > 0) {
            size += (size_t)n;
        } else if (errno != EINTR) {
            status = file_fail(ctx, path, "read", errno, false);
            break;
        }
        if (ken_ctx_cancelled(ctx)) {
            status = ken_check_cancel(ctx);
            break;
        }
    }
    if (status != KEN_OK) {
        ken_free(ctx, data);
        return status;
    }
    out->data = out->owned = data;
    out->size = size;
    return KEN_OK;
}

static ken_status file_read_fd(ken_ctx *ctx, const char *path, int fd, ken_file_bytes *out) {
    struct stat info;
    if (fstat(fd, &info) != 0) return file_fail(ctx, path, "read", errno, false);
    if (S_ISDIR(info.st_mode)) return file_fail(ctx, path, "read", EISDIR, false);
    if (S_ISREG(info.st_mode) && info.st_size > 0 && lseek(fd, 0, SEEK_CUR) == 0) {
        if ((uintmax_t)info.st_size > PTRDIFF_MAX)
            return KEN_FAIL(ctx, KEN_E_LIMIT, NULL, "%s: %lld bytes are too many for this machine",
                            path, (long long)info.st_size);
        void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map != MAP_FAILED) {
            out->data = out->owned = map;
            out->size = out->mapped = (size_t)info.st_size;
            return KEN_OK;
        }
    }
    return file_read_all(ctx, path, fd, out);
}

ken_status ken_file_open(ken_ctx *ctx, const char *path, ken_file_bytes *out) {
    ken_status status;
    int fd;
    *out = (ken_file_bytes){0};
    if (strcmp(path, "-") == 0) return file_read_fd(ctx, path, STDIN_FILENO, out);
    do fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) return file_fail(ctx, path, "open", errno, false);
    status = file_read_fd(ctx, path, fd, out);
    close(fd);
    return status;
}

void ken_file_close(ken_ctx *ctx, ken_file_bytes *file) {
    if (file->mapped)
        munmap(file->owned, file->mapped);
    else
        ken_free(ctx, file->owned);
    *file = (ken_file_bytes){0};
}

/* --- names of temporary files, for the signal handler --------------------------------------- */
/* The one place of the library with state of its own: a signal handler has no context to look in,
 * and may neither lock nor allocate. A file that finds no place (many at once, a long path) is
 * still written and cleaned up as usual; only a killed program would leave it behind. */
#define FILE_SLOTS 16
#define FILE_SLOT_PATH 2048
enum { FILE_SLOT_FREE, FILE_SLOT_FILLING, FILE_SLOT_LIVE };
static struct {
    atomic_int state;
    char path[FILE_SLOT_PATH];
} file_slot[FILE_SLOTS];

static int file_register(const char *temp) {
    const size_t size = strlen(temp) + 1;
    if (size > FILE_SLOT_PATH) return -1;
    for (int i = 0; i < FILE_SLOTS; i++) {
        int expected = FILE_SLOT_FREE;
        if (!atomic_compare_exchange_strong(&file_slot[i].state, &expected, FILE_SLOT_FILLING))
            continue;
        memcpy(file_slot[i].path, temp, size);
        atomic_store(&file_slot[i].state, FILE_SLOT_LIVE);
        return i;
    }
    return -1;
}

static void file_unregister(int slot) {
    if (slot >= 0) atomic_store(&file_slot[slot].state, FILE_SLOT_FREE);
}

void ken_file_discard_all(void) {
    const int saved = errno;
    for (int i = 0; i < FILE_SLOTS; i++)
        if (atomic_load(&file_slot[i].state) == FILE_SLOT_LIVE) unlink(file_slot[i].path);
    errno = saved;
}

/* --- writing -------------------------------------------------------------------------------- */
#define FILE_BUFFER ((size_t)1 << 16)

struct ken_file_writer {
    ken_ctx *ctx;
    char *path;   /* as the caller named it, for messages */
    char *target; /* what temp is renamed to: path, behind a symbolic link */
    char *temp;   /* NULL: written straight to a device, a pipe or standard output */
    int fd, slot;
    bool close_fd;
    ken_status status;
    size_t used;
    char *buffer;
};

static void file_writer_free(ken_file_writer *w) {
    ken_ctx *ctx = w->ctx;
    ken_free(ctx, w->path);
    ken_free(ctx, w->target);
    ken_free(ctx, w->temp);
    ken_free(ctx, w->buffer);
    ken_free(ctx, w);
}

/* Sixteen hexadecimal digits that nobody can count on; O_EXCL does the rest. */
static void file_unique(const void *salt, char text[17]) {
    uint64_t x = 0;
    if (getentropy(&x, sizeof x) != 0) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        x = ((uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u) ^ (uint64_t)now.tv_sec ^
            ((uint64_t)getpid() << 32) ^ (uint64_t)(uintptr_t)salt;
    }
    snprintf(text, 17, "%016llx", (unsigned long long)x);
}

/* ".<name>.<unique>.tmp" in the folder of the target. */
static ken_status file_open_temp(ken_file_writer *w, mode_t mode) {
    const char *slash = strrchr(w->target, '/');
    const char *name = slash ? slash + 1 : w->target;
    const int folder = (int)(name - w->target);
    for (int attempt = 0; attempt < 100; attempt++) {
        ken_text text = ken_text_new(w->ctx);
        char unique[17];
        const char *temp;
        ken_status status;
        file_unique(w, unique);
        ken_text_addf(&text, "%.*s.%.160s.%s.tmp", folder, w->target, name, unique);
        status = ken_text_end(&text, &temp);
        if (status == KEN_OK) status = ken_strdup(w->ctx, temp, &w->temp);
        ken_text_free(&text);
        KEN_TRY(status);
        w->slot = file_register(w->temp);
        w->fd = open(w->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (w->fd >= 0) return KEN_OK;
        const int reason = errno;
        file_unregister(w->slot);
        ken_free(w->ctx, w->temp);
        w->temp = NULL;
        w->slot = -1;
        if (reason != EEXIST && reason != EINTR)
            return file_fail(w->ctx, w->path, "write", reason, true);
    }
    return file_fail(w->ctx, w->path, "write", EEXIST, true);
}

/* Where the bytes go. */
static ken_status file_open_writer(ken_file_writer *w) {
    struct stat info;
    const char *path = w->path;
    w->fd = STDOUT_FILENO;
    if (strcmp(path, "-") == 0) return KEN_OK;
    w->close_fd = true;
    if (stat(path, &info) != 0) {
        KEN_TRY(ken_strdup(w->ctx, path, &w->target));
        return file_open_temp(w, 0666);
    }
    if (S_ISDIR(info.st_mode)) return file_fail(w->ctx, path, "write", EISDIR, true);
    if (!S_ISREG(info.st_mode)) {
        w->fd = open(path, O_WRONLY | O_CLOEXEC);
        return w->fd >= 0 ? KEN_OK : file_fail(w->ctx, path, "write", errno, true);
    }
    if (access(path, W_OK) != 0) return file_fail(w->ctx, path, "write", errno, true);
    struct stat link;
    char resolved[PATH_MAX];
    if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode) && realpath(path, resolved))
        path = resolved;
    KEN_TRY(ken_strdup(w->ctx, path, &w->target));
    KEN_TRY(file_open_temp(w, 0600));
    if (fchmod(w->fd, info.st_mode & 07777) != 0 && errno != EPERM && errno != ENOTSUP)
        return file_fail(w->ctx, w->path, "write", errno, true);
    return KEN_OK;
}

ken_status ken_file_create(ken_ctx *ctx, const char *path, ken_file_writer **out) {
    ken_file_writer *w;
    ken_status status;
    *out = NULL;
    KEN_TRY(KEN_ALLOC(ctx, ken_file_writer, 1, &w));
    w->ctx = ctx;
    w->fd = w->slot = -1;
    status = ken_strdup(ctx, path, &w->path);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, char, FILE_BUFFER, &w->buffer);
    if (status == KEN_OK) status = file_open_writer(w);
    if (status != KEN_OK) {
        ken_file_discard(w);
        return status;
    }
    *out = w;
    return KEN_OK;
}

static ken_status file_write_fd(ken_file_writer *w, const char *bytes, size_t size) {
    while (size > 0 && w->status == KEN_OK) {
        /* Some systems refuse more than 2^31 - 1 bytes at once. */
        const ssize_t n = write(w->fd, bytes, KEN_MIN(size, (size_t)1 << 30));
        if (n >= 0) {
            bytes += n;
            size -= (size_t)n;
        } else if (errno != EINTR) {
            w->status = file_fail(w->ctx, w->path, "write", errno, true);
        }
    }
    return w->status;
}

static ken_status file_flush(ken_file_writer *w) {
    const size_t used = w->used;
    w->used = 0;
    return file_write_fd(w, w->buffer, used);
}

ken_status ken_file_write(ken_file_writer *w, const void *bytes, size_t size) {
    if (w->status != KEN_OK || size == 0) return w->status;
    if (size > FILE_BUFFER - w->used) KEN_TRY(file_flush(w));
    if (size >= FILE_BUFFER) return file_write_fd(w, bytes, size);
    memcpy(w->buffer + w->used, bytes, size);
    w->used += size;
    return KEN_OK;
}

/* The rename itself reaches the disk only with its folder. Best effort: not all file systems can.
 */
static void file_sync_folder(const char *target) {
    char folder[PATH_MAX];
    const char *slash = strrchr(target, '/');
    const size_t size = slash ? (size_t)(slash - target) : 0;
    int fd;
    if (size + 2 > sizeof folder) return;
    memcpy(folder, target, size);
    memcpy(folder + size, slash ? (size ? "" : "/") : ".", slash && size ? 1 : 2);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

ken_status ken_file_commit(ken_file_writer *w) {
    ken_status status = file_flush(w);
    if (status == KEN_OK && w->temp && fsync(w->fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        status = file_fail(w->ctx, w->path, "write", errno, true);
    if (w->close_fd) {
        /* Some file systems tell of a full disk only now. EINTR: closed all the same. */
        const int closed = close(w->fd);
        w->fd = -1;
        if (closed != 0 && errno != EINTR && status == KEN_OK)
            status = file_fail(w->ctx, w->path, "write", errno, true);
    }
    if (status == KEN_OK && w->temp) {
        if (rename(w->temp, w->target) != 0) {
            status = file_fail(w->ctx, w->path, "write", errno, true);
        } else {
            file_unregister(w->slot);
            ken_free(w->ctx, w->temp);
            w->temp = NULL;
            file_sync_folder(w->target);
        }
    }
    ken_file_discard(w);
    return status;
}

void ken_file_discard(ken_file_writer *w) {
    if (!w) return;
    if (w->close_fd && w->fd >= 0) close(w->fd);
    if (w->temp) {
        unlink(w->temp);
        file_unregister(w->slot);
    }
    file_writer_free(w);
}

#endif

ken_status ken_file_write_whole(ken_ctx *ctx, const char *path, const void *bytes, size_t size) {
    ken_file_writer *w;
    KEN_TRY(ken_file_create(ctx, path, &w));
    const ken_status status = ken_file_write(w, bytes, size);
    if (status == KEN_OK) return ken_file_commit(w);
    ken_file_discard(w);
    return status;
}
