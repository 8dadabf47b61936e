/* Texts as word weights: term frequency times inverse document frequency. */
#ifndef KEN_PREPROCESS_TFIDF_H
#define KEN_PREPROCESS_TFIDF_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_tfidf_params {
    int64_t max_words;
    int64_t min_rows;
    bool sublinear;
} ken_tfidf_params;

#define KEN_TFIDF_DEFAULTS {1000, 1, false}

/* String and category columns `t` become one f64 column "t:word" for each of the max_words most
 * used words; other columns pass. A word is a run of at least two letters, digits and _ of any
 * script, in lower case. Weight: count (sublinear: 1 + ln count) times ln((1 + n) / (1 + rows with
 * it)) + 1, each row scaled to length 1. A missing text is an empty one: all zeros.
 *
 * attrs   words: of all columns; word_first (d + 1); idf (words); used (d)
 * cost    O(bytes); 8 bytes per row and word
 * Peer    sklearn.feature_extraction.text.TfidfVectorizer(max_features) */
extern KEN_API const ken_desc ken_tfidf_desc;
KEN_DEFINE_NEW(tfidf)

KEN_END_C

#endif
