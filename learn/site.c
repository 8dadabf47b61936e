/* From a request's path to a file, and nothing outside the folder. */
#include "learn/site.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *site_type(const char *name) {
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"}, {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"}, {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"}, {".wasm", "application/wasm"}, {".svg", "image/svg+xml"},
        {".png", "image/png"}, {".woff2", "font/woff2"}, {".ico", "image/x-icon"}, {".pdf", "application/pdf"},
        {".ipynb", "application/x-ipynb+json"}, {".csv", "text/csv; charset=utf-8"},
        {".txt", "text/plain; charset=utf-8"}, {".webmanifest", "application/manifest+json"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot, types[i][0]) == 0) return types[i][1];
    return "application/octet-stream";
}

/* A part of a path that is a plain name. */
static bool site_plain(const char *name, size_t size) {
    return size > 0 && size < 256 && name[0] != '.' && !memchr(name, '\\', size);
}

/* Walks the folders of path, each opened from the one before: no "..", no links. *name: the last part. */
static int site_walk(int root_fd, const char *path, const char **name) {
    int at = dup(root_fd);
    const char *part = path + 1;
    for (const char *slash; at >= 0 && (slash = strchr(part, '/')); part = slash + 1) {
        char folder[256];
        const size_t size = (size_t)(slash - part);
        if (!site_plain(part, size)) {
            close(at);
            return -1;
        }
        memcpy(folder, part, size);
        folder[size] = 0;
        const int next = openat(at, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(at);
        at = next;
    }
    *name = part;
    return at;
}

static int site_open_file(int folder, const char *name, site_file *out) {
    struct stat s;
    out->fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (out->fd < 0) return 404;
    if (fstat(out->fd, &s) == 0 && S_ISREG(s.st_mode)) {
        out->size = (uint64_t)s.st_size;
        out->type = site_type(name);
        snprintf(out->tag, sizeof out->tag, "\"%llx-%llx-%lx\"", (unsigned long long)s.st_size,
                 (unsigned long long)s.st_mtim.tv_sec, (unsigned long)s.st_mtim.tv_nsec);
        return 200;
    }
    const bool folder_without_slash = S_ISDIR(s.st_mode);
    close(out->fd);
    out->fd = -1;
    return folder_without_slash ? 301 : 404;
}

int site_open(int root_fd, const char *path, site_file *out) {
    const char *name = NULL;
    memset(out, 0, sizeof *out);
    out->fd = -1;
    if (path[0] != '/' || strlen(path) > 2048) return 400;
    const int folder = site_walk(root_fd, path, &name);
    if (folder < 0) return 404;
    const int status = *name == 0 ? site_open_file(folder, "index.html", out)
                       : site_plain(name, strlen(name)) ? site_open_file(folder, name, out)
                                                        : 404;
    close(folder);
    return status;
}
