/* The test cases of RFC 4231, section 4 (case 5 is truncated to 128 bits). */
#include "tests/support.h"

#include "kernel/hmac.h"

typedef struct vector {
    const char *key;
    size_t key_size;
    const char *data;
    size_t data_size;
    const char *digest;
} vector;

static void fill(char *to, char c, size_t n) { memset(to, c, n); }

static void test_hmac__rfc_4231(void **s) {
    char key1[20], key3[20], data3[50], key4[25], data4[50], key5[20], key6[131];
    (void)s;
    fill(key1, 0x0b, sizeof key1);
    fill(key3, (char)0xaa, sizeof key3);
    fill(data3, (char)0xdd, sizeof data3);
    for (int i = 0; i < 25; i++) key4[i] = (char)(i + 1);
    fill(data4, (char)0xcd, sizeof data4);
    fill(key5, 0x0c, sizeof key5);
    fill(key6, (char)0xaa, sizeof key6);
    const char *jefe = "what do ya want for nothing?", *trunc = "Test With Truncation";
    const char *big = "Test Using Larger Than Block-Size Key - Hash Key First";
    const char *both = "This is a test using a larger than block-size key and a larger than block-size "
                       "data. The key needs to be hashed before being used by the HMAC algorithm.";
    const vector vectors[] = {
        {key1, 20, "Hi There", 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 4, jefe, 28, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {key3, 20, data3, 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {key4, 25, data4, 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {key5, 20, trunc, 20, "a3b6167473100ee06e0c796c2955552b"},
        {key6, 131, big, 54, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {key6, 131, both, 152, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (int i = 0; i < KEN_COUNT(vectors); i++) {
        const vector *v = &vectors[i];
        uint8_t digest[32];
        char hex[65];
        hmac h;
        hmac_begin(&h, v->key, v->key_size);
        hmac_add(&h, v->data, v->data_size / 2); /* in two pieces */
        hmac_add(&h, v->data + v->data_size / 2, v->data_size - v->data_size / 2);
        hmac_end(&h, digest);
        ken_sha256_hex(digest, hex);
        assert_memory_equal(hex, v->digest, strlen(v->digest));
    }
}

static void test_hmac__equal_looks_at_every_byte(void **s) {
    char a[64], b[64];
    (void)s;
    memset(a, 'x', sizeof a);
    for (size_t i = 0; i < sizeof a; i++) {
        memcpy(b, a, sizeof a);
        assert_true(hmac_equal(a, b, sizeof a));
        b[i] ^= 1;
        assert_false(hmac_equal(a, b, sizeof a));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hmac__rfc_4231),
        cmocka_unit_test(test_hmac__equal_looks_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
