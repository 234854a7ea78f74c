/* Folders for readers of more than one file: a folder in memory, and an input that is several files.
 *
 *     char *folder = fuzz_folder("in", 1);
 *     fuzz_split(folder, names, bytes, n);         // "--- config.json\n{...}\n--- 1_Pooling/config.json\n{...}\n"
 */
#ifndef TERN_TESTS_FUZZ_FILES_H
#define TERN_TESTS_FUZZ_FILES_H

#include "base/file.h"
#include "base/memory.h"
#include "fuzz.h"

#include <stdlib.h>
#include <unistd.h>

/* The folder that this process writes to, in $TMPDIR; made by the first call, removed when the process ends as it
 * should. scripts/fuzz.sh sees to the others. */
static inline const char *fuzz_root(void)
{
    static char root[512];
    const char *tmp = getenv("TMPDIR");
    if (root[0])
        return root;
    if (!tmp || strlen(tmp) > sizeof root / 2)
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(root, sizeof root, "%s/tern-fuzz-XXXXXX", tmp);
    TERN_CHECK(mkdtemp(root), "%s can't be made", root);
    return root;
}

static inline void fuzz_remove_root(void)
{
    tern_remove_all(fuzz_root(), NULL);
}

/* The path of a folder of that name, empty (there 1) or not there (0); a new string. */
static inline char *fuzz_folder(const char *name, int there)
{
    static int registered;
    if (!registered)
        registered = atexit(fuzz_remove_root) == 0;
    char *folder = tern_path_join(fuzz_root(), name);
    tern_error error = {{0}};
    TERN_CHECK(tern_remove_all(folder, &error) == 0, "%s", error.message);
    if (there)
        TERN_CHECK(tern_make_folder(folder, &error) == 0, "%s", error.message);
    return folder;
}

/* Writes folder/name plainly. */
static inline void fuzz_put(const char *folder, const char *name, const void *bytes, size_t n)
{
    char *path = tern_path_join(folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        tern_make_folder_above(path, NULL);
        file = fopen(path, "wb");
    }
    TERN_CHECK(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0, "%s can't be written", path);
    free(path);
}

/* The name, one of names (NULL at the end), that a line "--- NAME" gives; NULL: it gives none of them. */
static inline const char *fuzz_name_of(const char *const *names, const char *line, size_t n)
{
    for (; *names; names++)
        if (n == 4 + strlen(*names) && memcmp(line, "--- ", 4) == 0 && memcmp(line + 4, *names, n - 4) == 0)
            return *names;
    return NULL;
}

/* Writes the files that an input is made of: each begins behind a line "--- NAME" and ends before the next. What stands
 * before the first is left out. */
static inline void fuzz_split(const char *folder, const char *const *names, const uint8_t *bytes, size_t n)
{
    const char *text = (const char *)bytes, *name = NULL;
    size_t start = 0;
    for (size_t at = 0, length; at < n; at += length + 1) {
        const char *end = memchr(text + at, '\n', n - at);
        length = end ? (size_t)(end - (text + at)) : n - at;
        const char *next = fuzz_name_of(names, text + at, length);
        if (!next)
            continue;
        if (name)
            fuzz_put(folder, name, text + start, at - start);
        name = next;
        start = at + length + 1 < n ? at + length + 1 : n;
    }
    if (name)
        fuzz_put(folder, name, text + start, n - start);
}

/* A file's bytes, the caller's. */
static inline char *fuzz_get(const char *folder, const char *name, size_t *n)
{
    char *path = tern_path_join(folder, name), *text;
    tern_error error = {{0}};
    TERN_CHECK(tern_file_read(path, 0, &text, n, &error) == 0, "%s", error.message);
    free(path);
    return text;
}

static inline void fuzz_check_same_file(const char *a, const char *b, const char *name)
{
    size_t n, m;
    char *x = fuzz_get(a, name, &n), *y = fuzz_get(b, name, &m);
    TERN_CHECK(n == m && memcmp(x, y, n) == 0, "%s, written:\n%s\nand again:\n%s", name, x, y);
    free(x);
    free(y);
}

#endif
