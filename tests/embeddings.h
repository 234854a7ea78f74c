/* The check of all-MiniLM-L6-v2's vectors against tests/goldens/embeddings.f32, for a quick test of some of the 1,000
 * texts and a slow one of all. See tests/goldens/make_model_goldens.py for how texts and components are chosen. */
#ifndef TERN_TESTS_EMBEDDINGS_H
#define TERN_TESTS_EMBEDDINGS_H

#include "tests/support.h"

#include "base/file.h"
#include "base/memory.h"
#include "checkpoints/model.h"
#include "data/jsonl.h"

#include <math.h>
#include <string.h>

enum { GOLDEN_DOCUMENTS = 700, GOLDEN_QUERIES = 300, GOLDEN_TEXTS = 1000, GOLDEN_COLUMNS = 24, GOLDEN_STRIDE = 16 };

typedef struct texts_list {
    char **items;
    size_t n, capacity;
} texts_list;

/* (title + " " + text) without the white space around it, line ends as spaces. */
static inline char *golden_text(const tern_jsonl *row)
{
    const char *title = json_string_value(json_object_get(tern_jsonl_object(row), "title"));
    const char *text = json_string_value(json_object_get(tern_jsonl_object(row), "text"));
    char *joined = tern_format("%s %s", title ? title : "", text);
    for (char *p = joined; *p; p++)
        *p = *p == '\n' || *p == '\r' ? ' ' : *p;
    size_t start = strspn(joined, " \t"), end = strlen(joined);
    while (end > start && strchr(" \t", joined[end - 1]))
        end--;
    char *stripped = tern_strndup(joined + start, end - start);
    free(joined);
    return stripped;
}

/* Adds count of the file's rows to list: those with the numbers i * n / count. */
static inline void choose_texts(texts_list *list, const char *path, size_t count)
{
    texts_list all = {0};
    tern_error error = {{0}};
    tern_jsonl *rows = tern_jsonl_open(path, 0, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    while (tern_jsonl_next(rows, &error) > 0) {
        TERN_GROW(all.items, all.n, all.capacity);
        all.items[all.n++] = golden_text(rows);
    }
    tern_jsonl_close(rows);
    for (size_t i = 0; i < count; i++) {
        TERN_GROW(list->items, list->n, list->capacity);
        list->items[list->n++] = tern_strdup(all.items[i * all.n / count]);
    }
    for (size_t i = 0; i < all.n; i++)
        free(all.items[i]);
    free(all.items);
}

/* Embeds every step-th of the 1,000 texts and fails where a component differs by more than 2e-6. */
static inline void check_embeddings(const char *model_folder, size_t step)
{
    texts_list list = {0};
    tern_error error = {{0}};
    char *golden;
    size_t bytes, n = 0;
    choose_texts(&list, tern_test_data("scifact/corpus.jsonl"), GOLDEN_DOCUMENTS);
    choose_texts(&list, tern_test_data("scifact/queries.jsonl"), GOLDEN_QUERIES);
    ck_assert_int_eq(tern_file_read("tests/goldens/embeddings.f32", 0, &golden, &bytes, &error), 0);
    ck_assert_uint_eq(bytes, GOLDEN_TEXTS * GOLDEN_COLUMNS * sizeof(float));
    tern_model *model = tern_model_load(model_folder, &error);
    ck_assert_msg(model != NULL, "%s", error.message);

    const char *texts[GOLDEN_TEXTS];
    for (size_t i = 0; i < GOLDEN_TEXTS; i += step)
        texts[n++] = list.items[i];
    size_t dim = (size_t)tern_model_dim(model);
    float *rows = tern_alloc(n * dim, sizeof *rows), worst = 0;
    ck_assert_int_eq(tern_model_embed(model, &(tern_embed_options){0}, texts, (int64_t)n, rows, &error), 0);
    for (size_t i = 0; i < n * GOLDEN_COLUMNS; i++) {
        float want;
        size_t row = i / GOLDEN_COLUMNS, column = i % GOLDEN_COLUMNS;
        memcpy(&want, golden + (row * step * GOLDEN_COLUMNS + column) * sizeof want, sizeof want);
        worst = fmaxf(worst, fabsf(rows[row * dim + column * GOLDEN_STRIDE] - want));
    }
    ck_assert_msg(worst <= 2e-6F, "a component differs by %g", (double)worst);
    printf("%zu texts, greatest difference %.3g\n", n, (double)worst);
    free(rows);
    tern_model_free(model);
    free(golden);
    for (size_t i = 0; i < list.n; i++)
        free(list.items[i]);
    free(list.items);
}

#endif
