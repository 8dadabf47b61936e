/* Frames of a message: found, verified, parsed. */
#include "kernel/wire.h"

#include <string.h>

#include "kernel/hmac.h"

#define WIRE_DELIMITER "<IDS|MSG>"

void wire_sign(const wire_key *key, const wire_part parts[4], char hex[WIRE_HEX + 1]) {
    uint8_t digest[32];
    hmac h;
    hex[0] = 0;
    if (key->size == 0) return;
    hmac_begin(&h, key->bytes, key->size);
    for (int i = 0; i < 4; i++) hmac_add(&h, parts[i].data, parts[i].size);
    hmac_end(&h, digest);
    ken_sha256_hex(digest, hex);
}

static int wire_find_delimiter(const wire_part *parts, int n) {
    for (int i = 0; i < n; i++)
        if (parts[i].size == strlen(WIRE_DELIMITER) &&
            memcmp(parts[i].data, WIRE_DELIMITER, parts[i].size) == 0)
            return i;
    return -1;
}

static ken_status wire_object(ken_ctx *ctx, const char *what, const wire_part *part,
                              ken_json_doc **doc, const ken_json **root) {
    KEN_TRY(ken_json_parse(ctx, what, part->data, part->size, doc));
    *root = ken_json_root(*doc);
    if (ken_json_get_type(*root) == KEN_JSON_OBJECT) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_FORMAT, "the front end breaks the protocol", "%s is no JSON object", what);
}

static ken_status wire_parse(ken_ctx *ctx, const wire_part *four, wire_message *out) {
    const ken_json *header;
    out->header = four[0];
    KEN_TRY(wire_object(ctx, "header", &four[0], &out->header_doc, &header));
    KEN_TRY(wire_object(ctx, "metadata", &four[2], &out->metadata_doc, &out->metadata));
    KEN_TRY(wire_object(ctx, "content", &four[3], &out->content_doc, &out->content));
    out->type = ken_json_string(ken_json_get(header, "msg_type"), NULL, NULL);
    out->session = ken_json_string(ken_json_get(header, "session"), NULL, "");
    if (out->type) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_FORMAT, "the front end breaks the protocol", "header has no msg_type");
}

ken_status wire_open(ken_ctx *ctx, const wire_key *key, const wire_part *parts, int n,
                     wire_message *out) {
    char hex[WIRE_HEX + 1];
    memset(out, 0, sizeof *out);
    const int at = wire_find_delimiter(parts, n);
    if (at < 0 || n - at < 6)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "is the port of this kernel used by another program?",
                        "a message of %d parts is not one of the Jupyter protocol", n);
    out->identities = parts, out->n_identities = at;
    wire_sign(key, parts + at + 2, hex);
    if (key->size && (parts[at + 1].size != WIRE_HEX || !hmac_equal(parts[at + 1].data, hex, WIRE_HEX)))
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the front end must use the key of the connection file",
                        "a message with a wrong signature");
    const ken_status status = wire_parse(ctx, parts + at + 2, out);
    if (status != KEN_OK) wire_close(out);
    return status;
}

void wire_close(wire_message *m) {
    ken_json_doc_free(m->header_doc);
    ken_json_doc_free(m->metadata_doc);
    ken_json_doc_free(m->content_doc);
    memset(m, 0, sizeof *m);
}
