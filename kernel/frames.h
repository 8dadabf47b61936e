/* Frames between the kernel and the process that runs cells: size (4 bytes, host order), kind (1 byte), bytes. */
#ifndef KEN_KERNEL_FRAMES_H
#define KEN_KERNEL_FRAMES_H

#include "ken/core/text.h"

enum { FRAMES_FD = 3, FRAMES_MAX = 1 << 30 };

/* kernel -> executor */
#define FRAME_LOAD 'L'    /* JSON: so, cell, unit, calls, sizes */
#define FRAME_GO_ON 'A'   /* the record was shown */
#define FRAME_LINE 'I'    /* answer to ASK: the line; FRAME_NO_LINE: there is none */
#define FRAME_NO_LINE 'N'
/* executor -> kernel */
#define FRAME_RECORD 'R'  /* a line of JSON (ken/report/show.h) */
#define FRAME_ASK 'Q'     /* prompt */
#define FRAME_DONE 'D'    /* JSON: status, message, hint, place, trace, sizes */
#define FRAME_CRASH 'X'   /* frames_crash */

typedef struct frames_crash {
    int32_t signal, unit;     /* unit 0: not in a cell */
    uint64_t offset, address; /* in the unit's object; what was touched */
} frames_crash;

/* false: the other side is gone. */
bool frames_write(int fd, char kind, const void *data, size_t size);
/* The next frame into *data (malloc; NUL-terminated; the caller frees). */
bool frames_read(int fd, char *kind, char **data, size_t *size);

#endif
