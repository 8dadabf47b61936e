/* JSON (RFC 8259): one reader, one writer. Iterative, with caps on depth and size; int64 and double
 * values come back exactly; duplicate keys: the last one counts; a NUL in a text is kept. */
#ifndef KEN_CORE_JSON_H
#define KEN_CORE_JSON_H

#include "ken/core/text.h"

KEN_BEGIN_C

typedef enum ken_json_type {
    KEN_JSON_NULL,
    KEN_JSON_BOOL,
    KEN_JSON_INT,    /* no fraction, no exponent, within int64 */
    KEN_JSON_NUMBER, /* any other number, as a double */
    KEN_JSON_STRING,
    KEN_JSON_ARRAY,
    KEN_JSON_OBJECT
} ken_json_type;

typedef struct ken_json ken_json;           /* a value inside a document; lent */
typedef struct ken_json_doc ken_json_doc;   /* owns everything, also a copy of the texts */

/* name: what the text is, for the messages ("m.ken: header").
 * errors  KEN_E_FORMAT with "line:column" as place · KEN_E_LIMIT depth · KEN_E_NOMEM */
KEN_API ken_status ken_json_parse(ken_ctx *ctx, const char *name, const char *text, size_t size,
                                  ken_json_doc **out);
KEN_API void ken_json_doc_free(ken_json_doc *doc);
KEN_API const ken_json *ken_json_root(const ken_json_doc *doc);

KEN_API ken_json_type ken_json_get_type(const ken_json *v);
KEN_API int64_t ken_json_count(const ken_json *v);                    /* array, object: items */
KEN_API const ken_json *ken_json_at(const ken_json *v, int64_t i);    /* NULL: out of range */
KEN_API const char *ken_json_key(const ken_json *v, int64_t i, size_t *size); /* of object item i */
/* Member by name; NULL when v is NULL, not an object, or has none. */
KEN_API const ken_json *ken_json_get(const ken_json *v, const char *key);
/* Values with a default for NULL or another type. */
KEN_API bool ken_json_bool(const ken_json *v, bool otherwise);
KEN_API int64_t ken_json_i64(const ken_json *v, int64_t otherwise);
/* Also reads the strings "NaN", "Infinity", "-Infinity", which the writer makes. */
KEN_API double ken_json_f64(const ken_json *v, double otherwise);
/* NUL-terminated; size may be NULL. */
KEN_API const char *ken_json_string(const ken_json *v, size_t *size, const char *otherwise);

/* --- writer: checks nesting by assert, adds commas, escapes; indent 0 is one line ------------- */
#define KEN_JSON_MAX_WRITE_DEPTH 64
typedef struct ken_json_writer {
    ken_text *out;
    int indent;
    int depth;
    bool in_object[KEN_JSON_MAX_WRITE_DEPTH];
    int64_t items[KEN_JSON_MAX_WRITE_DEPTH];
    bool after_key;
} ken_json_writer;

KEN_API ken_json_writer ken_json_writer_new(ken_text *out, int indent);
KEN_API void ken_json_object(ken_json_writer *w);
KEN_API void ken_json_end_object(ken_json_writer *w);
KEN_API void ken_json_array(ken_json_writer *w);
KEN_API void ken_json_end_array(ken_json_writer *w);
KEN_API void ken_json_put_key(ken_json_writer *w, const char *key);
KEN_API void ken_json_put_null(ken_json_writer *w);
KEN_API void ken_json_put_bool(ken_json_writer *w, bool value);
KEN_API void ken_json_put_i64(ken_json_writer *w, int64_t value);
/* NaN and infinities become the strings "NaN", "Infinity", "-Infinity". */
KEN_API void ken_json_put_f64(ken_json_writer *w, double value);
KEN_API void ken_json_put_string(ken_json_writer *w, const char *text);
KEN_API void ken_json_put_bytes(ken_json_writer *w, const char *text, size_t size);
/* JSON that is already text, put in as it is. */
KEN_API void ken_json_put_raw(ken_json_writer *w, const char *json);
/* key and value in one line: KEN_JSON(w, "rows", i64, n); */
#define KEN_JSON(w, key, kind, value) \
    (ken_json_put_key((w), (key)), ken_json_put_##kind((w), (value)))

KEN_END_C

#endif
