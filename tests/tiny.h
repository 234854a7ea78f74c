/* The model of goldens/tiny, copied to be spoiled.
 *
 *     const char *folder = tiny_copy();
 *     edit(folder, "config.json", "\"gelu\"", "\"relu\"");
 */
#ifndef TERN_TESTS_TINY_H
#define TERN_TESTS_TINY_H

#include "base/file.h"
#include "base/memory.h"
#include "tests/support.h"

#include <string.h>

#define TERN_TINY_GOLDENS "tests/goldens/"

static const char *const tiny_files[] = {"config.json",
                                         "config_sentence_transformers.json",
                                         "model.safetensors",
                                         "modules.json",
                                         "sentence_bert_config.json",
                                         "tokenizer.json",
                                         "tokenizer_config.json",
                                         "1_Pooling/config.json",
                                         "2_Dense/config.json",
                                         "2_Dense/model.safetensors"};
enum { N_TINY = sizeof tiny_files / sizeof *tiny_files };

static inline void put_text(const char *folder, const char *name, const char *text)
{
    char *path = tern_path_join(folder, name);
    tern_test_put_file(path, text, strlen(text));
    free(path);
}

static inline void copy_file(const char *from, const char *to)
{
    char *bytes;
    size_t n;
    ck_assert_int_eq(tern_file_read(from, 0, &bytes, &n, NULL), 0);
    tern_test_put_file(to, bytes, n);
    free(bytes);
}

/* A fresh copy of goldens/tiny, to be spoiled. */
static inline const char *tiny_copy(void)
{
    const char *folder = tern_test_path("tiny");
    ck_assert_int_eq(tern_remove_all(folder, NULL), 0);
    char *pooling = tern_path_join(folder, "1_Pooling"), *dense = tern_path_join(folder, "2_Dense");
    ck_assert_int_eq(tern_make_folder(pooling, NULL), 0);
    ck_assert_int_eq(tern_make_folder(dense, NULL), 0);
    for (int i = 0; i < N_TINY; i++) {
        char *from = tern_path_join(TERN_TINY_GOLDENS "tiny", tiny_files[i]),
             *to = tern_path_join(folder, tiny_files[i]);
        copy_file(from, to);
        free(to);
        free(from);
    }
    free(dense);
    free(pooling);
    return folder;
}

/* Replaces the first `old` of a file by `new`. */
static inline void edit(const char *folder, const char *name, const char *old, const char *new)
{
    char *path = tern_path_join(folder, name), *text;
    ck_assert_int_eq(tern_file_read(path, 0, &text, NULL, NULL), 0);
    char *at = strstr(text, old);
    ck_assert_msg(at != NULL, "%s holds no %s", name, old);
    char *changed = tern_format("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    tern_test_put_file(path, changed, strlen(changed));
    free(changed);
    free(text);
    free(path);
}

#endif
