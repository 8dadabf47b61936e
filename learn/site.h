/* The files of a static site: which one a request means, its type, its tag. */
#ifndef KEN_LEARN_SITE_H
#define KEN_LEARN_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct site_file {
    int fd;            /* the caller's to close */
    uint64_t size;
    const char *type;  /* "text/html; charset=utf-8" */
    char tag[64];      /* a strong ETag, with its quotes */
} site_file;

/* The file of `path` ("/ridge/", "/theme.css") below the folder that root_fd is open on. Only regular files are
 * served, links are not followed, and no path leaves the folder. Returns 200 with the file; 301: a folder without
 * its final slash; 404, 400. */
int site_open(int root_fd, const char *path, site_file *out);

#endif
