/* What a cell of a notebook may call beyond ken/cell.h. The kernel includes it before every cell. */
#ifndef KEN_NOTEBOOK_H
#define KEN_NOTEBOOK_H

#include <ken/core/status.h>

KEN_BEGIN_C

/* A line of text from the front end, without its end; lent until the next call. NULL: interrupted, or
 * the front end takes no input. scanf and fgets(..., stdin) ask in the same way. */
KEN_API const char *ken_input(const char *prompt);

/* Notes where a status went upwards, for the traceback. */
KEN_API void ken_notebook_failed(const char *file, int line);

KEN_END_C

#undef KEN_TRY
#define KEN_TRY(call)                                    \
    do {                                                 \
        const ken_status ken_try_status_ = (call);       \
        if (KEN_UNLIKELY(ken_try_status_ != KEN_OK)) {   \
            ken_notebook_failed(__FILE__, __LINE__);     \
            return ken_try_status_;                      \
        }                                                \
    } while (0)

#endif
