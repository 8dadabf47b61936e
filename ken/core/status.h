/* What every function that can fail returns. The code says what the caller can do about it; the
 * context (ctx.h) keeps the message, the place and the hint. */
#ifndef KEN_CORE_STATUS_H
#define KEN_CORE_STATUS_H

#include "ken/core/compiler.h"

KEN_BEGIN_C

typedef enum ken_status {
    KEN_OK = 0,
    KEN_E_ARG = -1,          /* an argument is wrong whatever the data: fix the call */
    KEN_E_SHAPE = -2,        /* two things do not fit together: fix their shapes */
    KEN_E_TYPE = -3,         /* a column or value has a type that cannot be used here */
    KEN_E_VALUE = -4,        /* a value is out of range, missing or not finite */
    KEN_E_STATE = -5,        /* called too early or too late: predict before fit, say */
    KEN_E_NOT_FOUND = -6,    /* no thing, parameter, column or file of that name */
    KEN_E_IO = -7,           /* the operating system said no */
    KEN_E_FORMAT = -8,       /* bytes from outside are not what they should be */
    KEN_E_UNSUPPORTED = -9,  /* right, but this thing cannot do it */
    KEN_E_NOMEM = -10,       /* an allocation failed */
    KEN_E_CANCELLED = -11,   /* the caller asked to stop */
    KEN_E_LIMIT = -12,       /* a limit of the context was reached */
    KEN_E_BUG = -13          /* ken is wrong: please report it */
} ken_status;

/* "KEN_E_SHAPE" and so on; never NULL. */
KEN_API const char *ken_status_name(ken_status status);

/* Return upwards what a call failed with; adds nothing. */
#define KEN_TRY(call)                                     \
    do {                                                  \
        ken_status ken_try_status_ = (call);              \
        if (KEN_UNLIKELY(ken_try_status_ != KEN_OK))      \
            return ken_try_status_;                       \
    } while (0)

KEN_END_C

#endif
