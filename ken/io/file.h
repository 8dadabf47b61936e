/* Files: read whole (mapped where possible), write whole or not at all. The only place of the
 * library that touches the file system. */
#ifndef KEN_IO_FILE_H
#define KEN_IO_FILE_H

#include "ken/core/alloc.h"

KEN_BEGIN_C

typedef struct ken_file_bytes {
    const void *data;
    size_t size;
    void *owned;     /* private: what ken_file_close releases */
    size_t mapped;
} ken_file_bytes;

/* path "-": standard input. A directory, a missing file ... : KEN_E_IO with the reason. */
KEN_API ken_status ken_file_open(ken_ctx *ctx, const char *path, ken_file_bytes *out);
KEN_API void ken_file_close(ken_ctx *ctx, ken_file_bytes *file);

/* Collects bytes in a temporary file beside `path` (or stdout for "-"), and renames it on commit.
 * abort, also by ken_file_discard after any failure, leaves nothing behind. */
typedef struct ken_file_writer ken_file_writer;
KEN_API ken_status ken_file_create(ken_ctx *ctx, const char *path, ken_file_writer **out);
KEN_API ken_status ken_file_write(ken_file_writer *w, const void *bytes, size_t size);
KEN_API ken_status ken_file_commit(ken_file_writer *w);   /* frees w in every case */
KEN_API void ken_file_discard(ken_file_writer *w);        /* NULL is fine */
/* All of it in one go. */
KEN_API ken_status ken_file_write_whole(ken_ctx *ctx, const char *path, const void *bytes, size_t size);
/* Temporary files that exist now, for the program's signal handler: async-signal-safe. */
KEN_API void ken_file_discard_all(void);

KEN_END_C

#endif
