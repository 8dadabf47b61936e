/* Known answers: the examples of FIPS 180-4 (NIST, "SHA256 examples") and of NIST's CAVP. */
#include "tests/support.h"

#include "ken/core/sha256.h"

static void check(const void *data, size_t size, const char *want) {
    uint8_t digest[32];
    char text[65];
    for (size_t piece = 1; piece <= 200; piece += 13) { /* in pieces of every kind */
        ken_sha256 sha;
        ken_sha256_begin(&sha);
        for (size_t i = 0; i < size; i += piece)
            ken_sha256_add(&sha, (const char *)data + i, KEN_MIN(piece, size - i));
        ken_sha256_end(&sha, digest);
        ken_sha256_hex(digest, text);
        assert_string_equal(text, want);
        if (size > 1000000) return;
    }
}

static void test_sha256__known_answers(void **s) {
    (void)s;
    check("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
          "lmnopqrsmnopqrstnopqrstu",
          112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    check("\xbd", 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
    char *a = malloc(1000000);
    memset(a, 'a', 1000000);
    check(a, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    memset(a, 0, 64);
    check(a, 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7");
    check(a, 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb");
    check(a, 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
    free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sha256__known_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
