/* What pack.c and unpack.c agree on. */
#ifndef KEN_CORE_PACK_H
#define KEN_CORE_PACK_H

#define KEN_PACK_FORMAT 1  /* raised when an old reader would misread a new file */
#define KEN_PACK_DEPTH 8   /* models within models */
#define KEN_PACK_PREFIX 96 /* "recipe/12/3" */

#ifndef KEN_VERSION
#define KEN_VERSION "0.1.0"
#endif

#endif
