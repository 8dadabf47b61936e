/* Open addressing over hashes; keys lie one after another in one buffer. */
#include "ken/core/dict.h"

#include <string.h>

#include "ken/core/alloc.h"

struct ken_dict {
    ken_ctx *ctx;
    int64_t count, key_capacity;
    int64_t *offset; /* (key_capacity + 1) */
    uint64_t *hash;  /* (key_capacity) */
    char *bytes;
    size_t bytes_capacity;
    int32_t *slot; /* code + 1; 0: empty */
    size_t slots;  /* a power of two */
};

static uint64_t dict_mix(uint64_t x) { /* the finalizer of SplitMix64 */
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

uint64_t ken_hash(const void *data, size_t size, uint64_t seed) {
    const unsigned char *p = data;
    uint64_t h = dict_mix(seed + 0x9E3779B97F4A7C15u * (size + 1));
    while (size >= 8) {
        uint64_t word = 0;
        for (int k = 7; k >= 0; k--) word = word << 8 | p[k]; /* little-endian everywhere */
        h = dict_mix(h ^ word) + 0x9E3779B97F4A7C15u;
        p += 8, size -= 8;
    }
    uint64_t tail = 0;
    for (size_t k = size; k-- > 0;) tail = tail << 8 | p[k];
    return dict_mix(h ^ tail ^ (uint64_t)size << 56);
}

ken_status ken_dict_new(ken_ctx *ctx, ken_dict **out) {
    ken_dict *d = NULL;
    *out = NULL;
    KEN_TRY(KEN_ALLOC(ctx, ken_dict, 1, &d));
    d->ctx = ctx;
    d->slots = 64;
    d->key_capacity = 32;
    ken_status status = KEN_ALLOC(ctx, int32_t, d->slots, &d->slot);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, int64_t, d->key_capacity + 1, &d->offset);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, uint64_t, d->key_capacity, &d->hash);
    if (status != KEN_OK) {
        ken_dict_free(d);
        return status;
    }
    *out = d;
    return KEN_OK;
}

void ken_dict_free(ken_dict *d) {
    if (!d) return;
    ken_free(d->ctx, d->slot);
    ken_free(d->ctx, d->offset);
    ken_free(d->ctx, d->hash);
    ken_free(d->ctx, d->bytes);
    ken_free(d->ctx, d);
}

int64_t ken_dict_count(const ken_dict *d) { return d->count; }

ken_strings ken_dict_keys(const ken_dict *d) {
    ken_strings s = {d->count, d->offset, d->bytes};
    return s;
}

/* The slot of the key, or the empty slot where it would go. */
static size_t dict_slot(const ken_dict *d, uint64_t hash, const char *key, size_t size) {
    for (size_t at = (size_t)hash & (d->slots - 1);; at = (at + 1) & (d->slots - 1)) {
        const int32_t code = d->slot[at] - 1;
        if (code < 0) return at;
        if (d->hash[code] != hash || (size_t)(d->offset[code + 1] - d->offset[code]) != size) continue;
        if (size == 0 || memcmp(d->bytes + d->offset[code], key, size) == 0) return at;
    }
}

int32_t ken_dict_find(const ken_dict *d, const char *key, size_t size) {
    return d->slot[dict_slot(d, ken_hash(key, size, 0), key, size)] - 1;
}

static ken_status dict_make_room(ken_dict *d, size_t size) {
    if (d->count == d->key_capacity) {
        const int64_t more = (int64_t)ken_next_capacity((size_t)d->key_capacity, (size_t)d->count + 1);
        int32_t *slot = NULL;
        KEN_TRY(ken_grow(d->ctx, (void **)&d->hash, (size_t)d->count, (size_t)more, sizeof(uint64_t)));
        KEN_TRY(ken_grow(d->ctx, (void **)&d->offset, (size_t)d->count + 1, (size_t)more + 1,
                         sizeof(int64_t)));
        size_t slots = d->slots;
        while (slots < (size_t)more * 2) slots *= 2;
        KEN_TRY(KEN_ALLOC(d->ctx, int32_t, slots, &slot));
        ken_free(d->ctx, d->slot);
        d->slot = slot;
        d->slots = slots;
        d->key_capacity = more;
        for (int64_t i = 0; i < d->count; i++) {
            size_t at = (size_t)d->hash[i] & (slots - 1);
            while (slot[at]) at = (at + 1) & (slots - 1);
            slot[at] = (int32_t)i + 1;
        }
    }
    const size_t used = (size_t)d->offset[d->count];
    if (d->bytes_capacity - used < size) {
        const size_t capacity = ken_next_capacity(d->bytes_capacity, used + size);
        KEN_TRY(ken_grow(d->ctx, (void **)&d->bytes, used, capacity, 1));
        d->bytes_capacity = capacity;
    }
    return KEN_OK;
}

ken_status ken_dict_add(ken_dict *d, const char *key, size_t size, int32_t *code) {
    const uint64_t hash = ken_hash(key, size, 0);
    size_t at = dict_slot(d, hash, key, size);
    if (d->slot[at]) {
        *code = d->slot[at] - 1;
        return KEN_OK;
    }
    if (d->count >= INT32_MAX - 1)
        return KEN_FAIL(d->ctx, KEN_E_LIMIT, "drop the column or group its values",
                        "more than %d distinct texts", INT32_MAX - 1);
    KEN_TRY(dict_make_room(d, size));
    at = dict_slot(d, hash, key, size);
    const int64_t start = d->offset[d->count];
    if (size) memcpy(d->bytes + start, key, size);
    d->offset[d->count + 1] = start + (int64_t)size;
    d->hash[d->count] = hash;
    d->slot[at] = (int32_t)d->count + 1;
    *code = (int32_t)d->count++;
    return KEN_OK;
}

ken_status ken_dict_of(ken_ctx *ctx, const ken_strings *strings, ken_dict **out) {
    KEN_TRY(ken_dict_new(ctx, out));
    for (int64_t i = 0; i < strings->n; i++) {
        int64_t size;
        int32_t code;
        const char *s = ken_strings_at(strings, i, &size);
        ken_status status = ken_dict_add(*out, s, (size_t)size, &code);
        if (status != KEN_OK) {
            ken_dict_free(*out);
            *out = NULL;
            return status;
        }
    }
    return KEN_OK;
}
