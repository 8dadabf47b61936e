/* A message of the Jupyter protocol as frames, and back: identities, "<IDS|MSG>", signature, header,
 * parent header, metadata, content, buffers. No sockets here (sockets.h): bytes in, a checked message
 * out. */
#ifndef KEN_KERNEL_WIRE_H
#define KEN_KERNEL_WIRE_H

#include "ken/core/json.h"

enum { WIRE_MAX_PARTS = 64, WIRE_HEX = 64 };

typedef struct wire_part {
    const void *data;
    size_t size;
} wire_part;

typedef struct wire_key {
    char bytes[256];
    size_t size; /* 0: messages are not signed */
} wire_key;

/* Parts and texts are lent by the frames; the documents are owned. */
typedef struct wire_message {
    const wire_part *identities;
    int n_identities;
    wire_part header; /* as it came: the parent header of every answer */
    ken_json_doc *header_doc, *metadata_doc, *content_doc;
    const char *type, *session;
    const ken_json *metadata, *content;
} wire_message;

/* errors  KEN_E_FORMAT too few parts, no delimiter, a wrong signature, no JSON object, no msg_type */
ken_status wire_open(ken_ctx *ctx, const wire_key *key, const wire_part *parts, int n,
                     wire_message *out);
void wire_close(wire_message *m);
/* parts: header, parent header, metadata, content. hex: "" without a key. */
void wire_sign(const wire_key *key, const wire_part parts[4], char hex[WIRE_HEX + 1]);

#endif
