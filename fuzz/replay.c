/* A main for compilers without libFuzzer: runs the target on each file, and on each file of each
 * folder, given. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

static int replay_file(const char *path) {
    FILE *f = fopen(path, "rb");
    size_t size = 0, capacity = 1 << 16;
    uint8_t *data = malloc(capacity);
    if (!f || !data) {
        perror(path);
        free(data);
        if (f) fclose(f);
        return 1;
    }
    for (size_t n; (n = fread(data + size, 1, capacity - size, f)) > 0;) {
        size += n;
        if (size < capacity) continue;
        uint8_t *grown = realloc(data, capacity *= 2);
        FUZZ_CHECK(grown);
        data = grown;
    }
    fclose(f);
    uint8_t *exact = malloc(size ? size : 1); /* so that a read past the end is seen */
    FUZZ_CHECK(exact);
    memcpy(exact, data, size);
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

static int replay(const char *path) {
    struct stat info;
    int failed = 0;
    if (stat(path, &info) != 0) {
        perror(path);
        return 1;
    }
    if (!S_ISDIR(info.st_mode)) return replay_file(path);
    DIR *dir = opendir(path);
    if (!dir) return 1;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char inside[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        failed |= replay(inside);
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv) {
    int failed = 0;
    (void)fuzz_begin, (void)fuzz_end;
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-') failed |= replay(argv[i]);
    return failed;
}
