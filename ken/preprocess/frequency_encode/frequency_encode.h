/* How common a level is, as a number. */
#ifndef KEN_PREPROCESS_FREQUENCY_ENCODE_H
#define KEN_PREPROCESS_FREQUENCY_ENCODE_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_FREQUENCY_SHARE, KEN_FREQUENCY_COUNT };

typedef struct ken_frequency_encode_params {
    int output;
} ken_frequency_encode_params;

#define KEN_FREQUENCY_ENCODE_DEFAULTS {KEN_FREQUENCY_SHARE}

/* Category and string columns become one f64 column: the share (or count) of training rows with the
 * level; missing is a level too; unseen levels get 0. Other columns pass.
 *
 * attrs   levels and their counts; rows: training rows
 * Peer    category_encoders.CountEncoder */
extern KEN_API const ken_desc ken_frequency_encode_desc;
KEN_DEFINE_NEW(frequency_encode)

KEN_END_C

#endif
