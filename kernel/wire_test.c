/* Messages: signed and read back; what is wrong with them is found. */
#include "tests/support.h"

#include "kernel/wire.h"

static wire_part part(const char *text) { return (wire_part){text, strlen(text)}; }

/* identity, delimiter, signature, four parts. */
static void make(const wire_key *key, const char *header, const char *content, char hex[WIRE_HEX + 1], wire_part parts[7]) {
    parts[0] = part("who");
    parts[1] = part("<IDS|MSG>");
    parts[3] = part(header), parts[4] = part("{}"), parts[5] = part("{}"), parts[6] = part(content);
    wire_sign(key, parts + 3, hex);
    parts[2] = part(hex);
}

#define HEADER "{\"msg_id\":\"1\",\"msg_type\":\"execute_request\",\"session\":\"s\"}"

static void test_wire__a_signed_message_is_read(void **s) {
    ken_ctx *ctx = test_ctx(1);
    const wire_key key = {"secret", 6};
    char hex[WIRE_HEX + 1];
    wire_part parts[7];
    wire_message m;
    (void)s;
    make(&key, HEADER, "{\"code\":\"1\"}", hex, parts);
    TEST_OK(ctx, wire_open(ctx, &key, parts, 7, &m));
    assert_string_equal(m.type, "execute_request");
    assert_string_equal(ken_json_string(ken_json_get(m.content, "code"), NULL, ""), "1");
    assert_int_equal(m.n_identities, 1);
    assert_ptr_equal(m.header.data, parts[3].data);
    wire_close(&m);
    test_ctx_free(ctx);
}

static void test_wire__signature_is_that_of_jupyter_client(void **s) {
    /* jupyter_client 8.10.0: Session(key=b"secret").sign([b"{}", b"{}", b"{}", b"{}"]) */
    const wire_key key = {"secret", 6};
    const wire_part parts[4] = {part("{}"), part("{}"), part("{}"), part("{}")};
    char hex[WIRE_HEX + 1];
    (void)s;
    wire_sign(&key, parts, hex);
    assert_string_equal(hex, "34982f0bfec60e7b933ffde06c1ecab0fba073717a95ab943d1dd06f82c2d5e4");
}

static void test_wire__a_changed_message_is_refused(void **s) {
    ken_ctx *ctx = test_ctx(1);
    const wire_key key = {"secret", 6}, other = {"Secret", 6}, none = {"", 0};
    char hex[WIRE_HEX + 1];
    wire_part parts[7];
    wire_message m;
    (void)s;
    make(&key, HEADER, "{\"code\":\"1\"}", hex, parts);
    TEST_FAILS(ctx, wire_open(ctx, &other, parts, 7, &m), KEN_E_FORMAT, "wrong signature");
    parts[6] = part("{\"code\":\"2\"}");
    TEST_FAILS(ctx, wire_open(ctx, &key, parts, 7, &m), KEN_E_FORMAT, "wrong signature");
    parts[2] = part("");
    TEST_FAILS(ctx, wire_open(ctx, &key, parts, 7, &m), KEN_E_FORMAT, "wrong signature");
    TEST_OK(ctx, wire_open(ctx, &none, parts, 7, &m)); /* no key: not signed */
    wire_close(&m);
    test_ctx_free(ctx);
}

static void test_wire__what_is_missing_is_named(void **s) {
    static const struct {
        const char *header, *content, *part;
    } cases[] = {{"{}", "{}", "no msg_type"}, {"[]", "{}", "header is no JSON object"}, {HEADER, "1", "content is no JSON object"},
                 {"{", "{}", "ends"}};
    ken_ctx *ctx = test_ctx(1);
    const wire_key key = {"k", 1};
    char hex[WIRE_HEX + 1];
    wire_part parts[7];
    wire_message m;
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        make(&key, cases[i].header, cases[i].content, hex, parts);
        TEST_FAILS(ctx, wire_open(ctx, &key, parts, 7, &m), KEN_E_FORMAT, cases[i].part);
    }
    make(&key, HEADER, "{}", hex, parts);
    for (int n = 0; n < 7; n++) TEST_FAILS(ctx, wire_open(ctx, &key, parts, n, &m), KEN_E_FORMAT, "parts");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire__a_signed_message_is_read),
        cmocka_unit_test(test_wire__signature_is_that_of_jupyter_client),
        cmocka_unit_test(test_wire__a_changed_message_is_refused),
        cmocka_unit_test(test_wire__what_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
