#include "tests/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ken/io/file.h"

static char folder[64];

static int set_up(void **s) {
    (void)s;
    snprintf(folder, sizeof folder, "/tmp/ken_file_test_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **s) {
    char command[256];
    (void)s;
    snprintf(command, sizeof command, "chmod -R u+w %s; rm -rf %s", folder, folder);
    return system(command);
}

static const char *at(const char *name) {
    static char path[4][256];
    static int turn;
    char *out = path[turn++ & 3];
    snprintf(out, 256, "%s/%s", folder, name);
    return out;
}

static int count_files(void) {
    DIR *dir = opendir(folder);
    int n = -2;
    while (readdir(dir)) n++;
    closedir(dir);
    return n;
}

static ken_status put(ken_ctx *ctx, const char *path, const char *text) {
    return ken_file_write_whole(ctx, path, text, strlen(text));
}

static void expect(ken_ctx *ctx, const char *path, const char *text) {
    ken_file_bytes f;
    TEST_OK(ctx, ken_file_open(ctx, path, &f));
    assert_int_equal(f.size, strlen(text));
    assert_memory_equal(f.data, text, f.size);
    ken_file_close(ctx, &f);
}

static void test_file__written_and_read_back(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_file_writer *w;
    ken_file_bytes f;
    (void)s;
    TEST_OK(ctx, put(ctx, at("a"), "hello"));
    expect(ctx, at("a"), "hello");
    TEST_OK(ctx, put(ctx, at("empty"), ""));
    expect(ctx, at("empty"), "");
    TEST_OK(ctx, ken_file_create(ctx, at("big"), &w));
    for (int i = 0; i < 100000; i++) TEST_OK(ctx, ken_file_write(w, "0123456", 7));
    char *block = calloc(1, 200000);
    TEST_OK(ctx, ken_file_write(w, block, 200000));
    free(block);
    TEST_OK(ctx, ken_file_commit(w));
    TEST_OK(ctx, ken_file_open(ctx, at("big"), &f));
    assert_int_equal(f.size, 900000);
    for (int i = 0; i < 100000; i++)
        assert_memory_equal((const char *)f.data + 7 * i, "0123456", 7);
    ken_file_close(ctx, &f);
    assert_int_equal(count_files(), 3);
    test_ctx_free(ctx);
}

static void test_file__reading_says_what_is_wrong(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_file_bytes f;
    (void)s;
    TEST_FAILS(ctx, ken_file_open(ctx, at("missing"), &f), KEN_E_IO, "No such file");
    assert_true(strlen(ken_ctx_hint(ctx)) > 0);
    TEST_FAILS(ctx, ken_file_open(ctx, folder, &f), KEN_E_IO, "directory");
    TEST_FAILS(ctx, ken_file_open(ctx, "", &f), KEN_E_IO, "No such file");
    TEST_OK(ctx, put(ctx, at("locked"), "x"));
    assert_int_equal(chmod(at("locked"), 0), 0);
    if (geteuid() != 0)
        TEST_FAILS(ctx, ken_file_open(ctx, at("locked"), &f), KEN_E_IO, "Permission");
    TEST_FAILS(ctx, ken_file_open(ctx, at("locked/x"), &f), KEN_E_IO, "Not a directory");
    unlink(at("locked"));
    test_ctx_free(ctx);
}

static void test_file__pipes_and_files_without_a_size_are_read_whole(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_file_bytes f;
    int ends[2], saved = dup(0);
    (void)s;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "from a pipe", 11), 11);
    close(ends[1]);
    dup2(ends[0], 0);
    close(ends[0]);
    expect(ctx, "-", "from a pipe");
    dup2(saved, 0);
    close(saved);
    expect(ctx, "/dev/null", "");
    if (access("/proc/self/status", R_OK) == 0) {
        TEST_OK(ctx, ken_file_open(ctx, "/proc/self/status", &f));
        assert_true(f.size > 100);
        ken_file_close(ctx, &f);
    }
    test_ctx_free(ctx);
}

static void test_file__discard_leaves_nothing(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_file_writer *w, *v;
    (void)s;
    const int before = count_files();
    TEST_OK(ctx, put(ctx, at("kept"), "old"));
    TEST_OK(ctx, ken_file_create(ctx, at("kept"), &w));
    TEST_OK(ctx, ken_file_write(w, "new", 3));
    assert_int_equal(count_files(), before + 2);
    ken_file_discard(w);
    ken_file_discard(NULL);
    expect(ctx, at("kept"), "old");
    TEST_OK(ctx, ken_file_create(ctx, at("kept"), &w));
    TEST_OK(ctx, ken_file_create(ctx, at("other"), &v));
    ken_file_discard_all(); /* what a signal handler does */
    assert_int_equal(count_files(), before + 1);
    ken_file_discard(w);
    ken_file_discard(v);
    ken_file_discard_all();
    unlink(at("kept"));
    assert_int_equal(count_files(), before);
    test_ctx_free(ctx);
}

static void test_file__writing_says_what_is_wrong(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_file_writer *w;
    (void)s;
    const int before = count_files();
    TEST_FAILS(ctx, put(ctx, at("no/such/folder/a"), "x"), KEN_E_IO, "No such file");
    TEST_FAILS(ctx, put(ctx, folder, "x"), KEN_E_IO, "directory");
    TEST_FAILS(ctx, put(ctx, "/dev/full", "x"), KEN_E_IO, "No space");
    assert_true(strlen(ken_ctx_hint(ctx)) > 0);
    TEST_OK(ctx, put(ctx, "/dev/null", "x"));
    struct stat info;
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    TEST_OK(ctx, ken_file_create(ctx, "/dev/full", &w)); /* the error sticks */
    char *block = calloc(1, 100000);
    TEST_FAILS(ctx, ken_file_write(w, block, 100000), KEN_E_IO, "No space");
    assert_int_equal(ken_file_write(w, "x", 1), KEN_E_IO);
    assert_int_equal(ken_file_commit(w), KEN_E_IO);

    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 50000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    TEST_OK(ctx, ken_file_create(ctx, at("large"), &w));
    const ken_status status = ken_file_write(w, block, 100000);
    ken_file_discard(w);
    setrlimit(RLIMIT_FSIZE, &old);
    TEST_FAILS(ctx, status, KEN_E_IO, "too large");
    free(block);
    assert_int_equal(count_files(), before);
    test_ctx_free(ctx);
}

static void test_file__a_closed_pipe_is_an_error(void **s) {
    ken_ctx *ctx = test_ctx(1);
    int ends[2];
    char path[64];
    ken_file_writer *w;
    (void)s;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    if (access(path, W_OK) != 0) TEST_SKIP("no /dev/fd");
    TEST_OK(ctx, ken_file_create(ctx, path, &w));
    close(ends[0]);
    TEST_OK(ctx, ken_file_write(w, "x", 1));
    TEST_FAILS(ctx, ken_file_commit(w), KEN_E_IO, "Broken pipe");
    close(ends[1]);
    test_ctx_free(ctx);
}

static void test_file__modes_and_links_are_kept(void **s) {
    ken_ctx *ctx = test_ctx(1);
    struct stat info;
    (void)s;
    const mode_t old = umask(027);
    TEST_OK(ctx, put(ctx, at("m"), "1"));
    assert_int_equal(stat(at("m"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_int_equal(chmod(at("m"), 0604), 0);
    assert_int_equal(symlink("m", at("link")), 0);
    TEST_OK(ctx, put(ctx, at("link"), "2"));
    assert_int_equal(lstat(at("link"), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat(at("m"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0604);
    expect(ctx, at("m"), "2");
    if (geteuid() != 0) {
        chmod(at("m"), 0444);
        TEST_FAILS(ctx, put(ctx, at("m"), "3"), KEN_E_IO, "Permission");
    }
    umask(old);
    test_ctx_free(ctx);
}

static ken_status write_and_read(ken_ctx *ctx, void *arg) {
    ken_file_bytes f;
    KEN_TRY(put(ctx, arg, "x"));
    KEN_TRY(ken_file_open(ctx, "/proc/self/status", &f));
    ken_file_close(ctx, &f);
    return KEN_OK;
}

static void test_file__every_allocation_may_fail(void **s) {
    (void)s;
    const int before = count_files();
    if (access("/proc/self/status", R_OK) != 0) TEST_SKIP("no /proc");
    test_every_allocation(write_and_read, (void *)at("oom"), 100);
    unlink(at("oom"));
    assert_int_equal(count_files(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file__written_and_read_back),
        cmocka_unit_test(test_file__reading_says_what_is_wrong),
        cmocka_unit_test(test_file__pipes_and_files_without_a_size_are_read_whole),
        cmocka_unit_test(test_file__discard_leaves_nothing),
        cmocka_unit_test(test_file__writing_says_what_is_wrong),
        cmocka_unit_test(test_file__a_closed_pipe_is_an_error),
        cmocka_unit_test(test_file__modes_and_links_are_kept),
        cmocka_unit_test(test_file__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
