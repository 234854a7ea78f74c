/* BERT's uncased vocabulary against Hugging Face's tokenizer: every text of two data sets, hostile texts, and every
 * code point between two letters. Goldens: tests/goldens/make_tokenizer_goldens.py. */
#include "base/hash.h"
#include "base/memory.h"
#include "data/tokenizer.h"
#include "data/utf8.h"
#include "tests/support.h"

#include <jansson.h>
#include <string.h>

static tern_tokenizer *tokenizer;
static json_t *goldens;

/* Texts to be hashed together, in their order. */
typedef struct texts {
    char **items;
    size_t *lengths;
    size_t n, capacity, lengths_capacity;
} texts;

static void add_text(texts *list, const char *text, size_t n)
{
    TERN_GROW(list->lengths, list->n, list->lengths_capacity);
    TERN_GROW(list->items, list->n, list->capacity);
    list->lengths[list->n] = n;
    list->items[list->n] = tern_alloc(n + 1, 1);
    memcpy(list->items[list->n], text, n);
    list->items[list->n++][n] = 0;
}

static void free_texts(texts *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    free(list->lengths);
}

/* The hash of the golden script: ids little-endian, -1 after each text. */
static void check_hash(const texts *list, const char *name)
{
    tern_ids ids = {0};
    tern_tokenizer_encode_all(tokenizer, NULL, (const char *const *)list->items, list->lengths, (int64_t)list->n, 0,
                              &ids);
    ck_assert_int_eq(ids.n, (int64_t)list->n);
    tern_buffer flat = {0};
    int32_t end = -1;
    for (int64_t i = 0; i < ids.n; i++) {
        tern_buffer_add(&flat, ids.ids + ids.offsets[i], (size_t)(ids.offsets[i + 1] - ids.offsets[i]) * sizeof end);
        tern_buffer_add(&flat, &end, sizeof end);
    }
    char hash[17];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)tern_hash(flat.data, flat.n, 0));
    ck_assert_str_eq(hash, json_string_value(json_object_get(goldens, name)));
    tern_buffer_free(&flat);
    tern_ids_free(&ids);
}

static void add_field(texts *list, const json_t *row, const char *field)
{
    const json_t *value = json_object_get(row, field);
    ck_assert(json_is_string(value));
    add_text(list, json_string_value(value), json_string_length(value));
}

static void add_document(texts *list, const json_t *row)
{
    add_field(list, row, "title");
    add_field(list, row, "text");
    char *both = tern_format("%s %s", list->items[list->n - 2], list->items[list->n - 1]);
    add_text(list, both, strlen(both));
    free(both);
}

static void add_rows(texts *list, const char *path, int documents)
{
    ck_assert_ptr_nonnull(path);
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ck_assert_ptr_nonnull(file);
    while (getline(&line, &capacity, file) > 0) {
        json_t *row = json_loads(line, 0, NULL);
        ck_assert_ptr_nonnull(row);
        if (documents)
            add_document(list, row);
        else
            add_field(list, row, "text");
        json_decref(row);
    }
    free(line);
    fclose(file);
}

START_TEST(test_all_texts_of_scifact)
{
    texts list = {0};
    add_rows(&list, tern_test_data("scifact/corpus.jsonl"), 1);
    add_rows(&list, tern_test_data("scifact/queries.jsonl"), 0);
    check_hash(&list, "scifact");
    free_texts(&list);
}
END_TEST

START_TEST(test_all_texts_of_nfcorpus)
{
    texts list = {0};
    add_rows(&list, tern_test_data("nfcorpus/corpus.jsonl"), 1);
    add_rows(&list, tern_test_data("nfcorpus/queries.jsonl"), 0);
    check_hash(&list, "nfcorpus");
    free_texts(&list);
}
END_TEST

START_TEST(test_every_code_point_between_two_letters)
{
    texts list = {0};
    char text[8] = "a";
    for (uint32_t c = 0; c < 0x110000; c++) {
        size_t n = 1 + tern_utf8_encode(c, text + 1);
        text[n++] = 'b';
        if (c < 0xD800 || c > 0xDFFF)
            add_text(&list, text, n);
    }
    check_hash(&list, "all_code_points");
    free_texts(&list);
}
END_TEST

START_TEST(test_hostile_texts)
{
    FILE *file = fopen("tests/goldens/tokenizer_hostile.jsonl", "r");
    char *line = NULL;
    size_t capacity = 0, rows = 0;
    ck_assert_ptr_nonnull(file);
    while (getline(&line, &capacity, file) > 0) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_object_get(row, "text"), *wanted = json_object_get(row, "ids");
        tern_ids ids = {0};
        tern_tokenizer_encode(tokenizer, json_string_value(text), json_string_length(text), 0, &ids);
        rows++;
        ck_assert_msg(ids.offsets[1] == (int64_t)json_array_size(wanted), "row %zu: %lld ids", rows,
                      (long long)ids.offsets[1]);
        for (int64_t i = 0; i < ids.offsets[1]; i++)
            ck_assert_msg(ids.ids[i] == json_integer_value(json_array_get(wanted, (size_t)i)), "row %zu, id %lld", rows,
                          (long long)i);
        tern_ids_free(&ids);
        json_decref(row);
    }
    ck_assert_uint_ge(rows, 500);
    free(line);
    fclose(file);
}
END_TEST

START_TEST(test_the_vocabulary_alone_gives_the_same_tokenizer)
{
    tern_error error = {{0}};
    tern_tokenizer *json = tokenizer;
    tokenizer = tern_tokenizer_from_vocab(tern_test_data("tokenizer-bert-uncased/vocab.txt"), 1, &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.message);
    ck_assert_int_eq(tern_tokenizer_size(tokenizer), 30522);
    for (int32_t i = 0; i < 30522; i++)
        ck_assert_str_eq(tern_tokenizer_token(tokenizer, i), tern_tokenizer_token(json, i));
    texts list = {0};
    add_rows(&list, tern_test_data("nfcorpus/corpus.jsonl"), 1);
    add_rows(&list, tern_test_data("nfcorpus/queries.jsonl"), 0);
    check_hash(&list, "nfcorpus");
    free_texts(&list);
    tern_tokenizer_free(tokenizer);
    tokenizer = json;
}
END_TEST

static Suite *corpus_suite(void)
{
    Suite *suite = suite_create("tokenizer_corpus");
    TCase *tc = tcase_create("corpus");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_all_texts_of_scifact);
    tcase_add_test(tc, test_all_texts_of_nfcorpus);
    tcase_add_test(tc, test_every_code_point_between_two_letters);
    tcase_add_test(tc, test_hostile_texts);
    tcase_add_test(tc, test_the_vocabulary_alone_gives_the_same_tokenizer);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    tern_error error = {{0}};
    const char *folder = tern_test_data("tokenizer-bert-uncased");
    if (!folder || !tern_test_data("scifact") || !tern_test_data("nfcorpus"))
        TERN_TEST_SKIP("the data sets tokenizer-bert-uncased, scifact and nfcorpus aren't all here");
    tokenizer = tern_tokenizer_load(folder, &error);
    goldens = json_load_file("tests/goldens/tokenizer.json", 0, NULL);
    if (!tokenizer || !goldens) {
        printf("%s\n", error.message);
        return 1;
    }
    int status = tern_test_run(corpus_suite());
    tern_tokenizer_free(tokenizer);
    json_decref(goldens);
    return status;
}
