/* A model behind the embedding store: the same bits as without, and encoded anew when anything is another. */
#include "checkpoints/fingerprint.h"
#include "checkpoints/store_embedder.h"

#include "base/file.h"
#include "base/memory.h"
#include "support.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { N = 1200, DIM = 6 };

static tern_model *model;
static char *texts[N];

static void start(void)
{
    static const char *const words[] = {"the", "dog", "cat", "and", "a", "text", "zebra", "of", "query"};
    static int number;
    char name[32];
    tern_error error = {{0}};
    snprintf(name, sizeof name, "cache-%d", number++);
    setenv("XDG_CACHE_HOME", tern_test_path(name), 1);
    unsetenv("TERN_STORE");
    model = tern_model_load("tests/goldens/tiny", &error);
    ck_assert_msg(model, "%s", error.message);
    for (int i = 0; i < N; i++)
        texts[i] = tern_format("%s %s %s %d", words[i % 9], words[i / 9 % 9], words[i / 81 % 9], i);
}

static void end(void)
{
    tern_model_free(model);
    for (int i = 0; i < N; i++)
        free(texts[i]);
}

static int64_t embed_with(tern_model *with, tern_role role, int64_t n, float *out)
{
    tern_error error = {{0}};
    tern_model_source source = {.model = with, .total = N};
    tern_stored stored = {.source = &source};
    tern_embedder embedder = tern_stored_embedder(&stored);
    ck_assert_msg(embedder.embed(embedder.self, role, (const char *const *)texts, n, out, &error) == 0, "%s",
                  error.message);
    tern_stored_close(&stored);
    ck_assert_int_eq(stored.found + stored.encoded, n);
    ck_assert_int_eq(source.total, N - stored.found);
    return stored.found;
}

/* How many vectors come from the store; all have the bits of the model. */
static int64_t found_as(tern_role role)
{
    static float rows[N * DIM], right[N * DIM];
    int64_t dim = tern_model_dim(model), found = embed_with(model, role, N, rows);
    const tern_embed_options options = {.role = role};
    ck_assert_int_eq(tern_model_embed(model, &options, (const char *const *)texts, N, right, NULL), 0);
    ck_assert_mem_eq(rows, right, (size_t)(N * dim) * sizeof *rows);
    return found;
}

static int64_t found(void)
{
    return found_as(TERN_ROLE_DOCUMENT);
}

START_TEST(a_text_is_encoded_once)
{
    ck_assert_int_eq(found(), 0);
    ck_assert_int_eq(found(), N);
    for (int i = 0; i < N; i += 3) { /* some are new */
        free(texts[i]);
        texts[i] = tern_format("new %d", i);
    }
    ck_assert_int_eq(found(), N - (N + 2) / 3);
    ck_assert_int_eq(found(), N);
}
END_TEST

START_TEST(an_opened_model_finds_what_a_loaded_one_kept)
{
    static float rows[N * DIM];
    ck_assert_int_eq(found(), 0);
    tern_model *opened = tern_model_open("tests/goldens/tiny", NULL);
    ck_assert_int_eq(embed_with(opened, TERN_ROLE_DOCUMENT, N, rows), N);
    tern_model_free(opened);
}
END_TEST

START_TEST(a_model_that_differs_in_anything_finds_nothing)
{
    tern_error error = {{0}};
    tern_params *params = tern_encoder_params(model->encoder);
    float *last = &params->table[params->n - 1].tensor->data[0], *word = &params->table[0].tensor->data[1];
    ck_assert_int_eq(found(), 0);
    ck_assert_int_eq(found(), N);
    *word += 1; /* of a token that no text may have */
    ck_assert_int_eq(found(), 0);
    *word -= 1;
    ck_assert_int_eq(found(), N);
    *last += 1;
    ck_assert_int_eq(found(), 0);
    *last -= 1;
    model->max_seq_length--;
    ck_assert_int_eq(found(), 0);
    model->max_seq_length++;
    model->tokenizer_hash ^= 1;
    ck_assert_int_eq(found(), 0);
    model->tokenizer_hash ^= 1;
    model->truncate_dim = 4;
    ck_assert_int_eq(found(), 0);
    model->truncate_dim = 0;
    ck_assert_int_eq(found(), N);
    ck_assert_int_eq(tern_encoder_use_int8(model->encoder, &error), 0);
    ck_assert_int_eq(found(), 0);
}
END_TEST

static int same_key(tern_store_key a, tern_store_key b)
{
    return a.word[0] == b.word[0] || a.word[1] == b.word[1];
}

/* Each word of it alone. */
START_TEST(another_build_is_another_fingerprint)
{
    tern_store_key key, again, other;
    ck_assert_int_eq(tern_model_fingerprint(model, tern_build, &key, NULL), 0);
    ck_assert_int_eq(tern_model_fingerprint(model, tern_build, &again, NULL), 0);
    ck_assert_mem_eq(&key, &again, sizeof key);
    ck_assert_uint_eq(strlen(tern_build), 64);
    ck_assert_int_eq(tern_model_fingerprint(model, "another", &other, NULL), 0);
    ck_assert(!same_key(key, other));
}
END_TEST

START_TEST(a_prompt_is_part_of_a_text)
{
    ck_assert_int_eq(found_as(TERN_ROLE_DOCUMENT), 0);
    ck_assert_int_eq(found_as(TERN_ROLE_QUERY), 0);
    free(model->query_prompt);
    model->query_prompt = tern_strdup(model->document_prompt);
    ck_assert_int_eq(found_as(TERN_ROLE_QUERY), N);
    free(model->query_prompt);
    model->query_prompt = tern_strdup("another: ");
    ck_assert_int_eq(found_as(TERN_ROLE_QUERY), 0);
}
END_TEST

static int is_there(void)
{
    char *path = tern_store_path();
    int there = tern_file_exists(path);
    free(path);
    return there;
}

START_TEST(nothing_is_written_when_it_is_off_or_texts_are_few)
{
    float rows[20 * DIM];
    setenv("TERN_STORE", "off", 1);
    ck_assert_int_eq(found(), 0);
    ck_assert_int_eq(found(), 0);
    unsetenv("TERN_STORE");
    tern_model_source source = {.model = model, .total = 20};
    tern_stored stored = {.source = &source};
    tern_embedder embedder = tern_stored_embedder(&stored);
    ck_assert_int_eq(embedder.embed(&stored, TERN_ROLE_QUERY, (const char *const *)texts, 20, rows, NULL), 0);
    tern_stored_close(&stored);
    ck_assert(!is_there());
    ck_assert(!tern_folder_exists(getenv("XDG_CACHE_HOME")));
    setenv("TERN_STORE", "1MB", 1);
    ck_assert_int_eq(found(), 0);
    ck_assert(is_there());
    ck_assert_int_eq(found(), N);
}
END_TEST

START_TEST(a_model_that_changes_is_encoded_each_time)
{
    static float rows[N * DIM];
    ck_assert_int_eq(found(), 0);
    tern_model_source source = {.model = model, .total = N};
    tern_stored stored = {.source = &source};
    tern_embedder embedder = tern_stored_embedder(&stored);
    ck_assert_int_eq(embedder.embed(&stored, TERN_ROLE_QUERY, (const char *const *)texts, N, rows, NULL), 0);
    stored.off = 1;
    ck_assert_int_eq(embedder.embed(&stored, TERN_ROLE_DOCUMENT, (const char *const *)texts, N, rows, NULL), 0);
    tern_stored_close(&stored);
    ck_assert_int_eq(stored.found, 0);
    ck_assert_int_eq(stored.encoded, 2 * N);
}
END_TEST

START_TEST(a_folder_that_cant_be_written_is_done_without)
{
    tern_test_put_file(getenv("XDG_CACHE_HOME"), "a file", 6);
    ck_assert_int_eq(found(), 0);
    ck_assert_int_eq(found(), 0);
}
END_TEST

START_TEST(equal_texts_in_one_call_are_kept_once)
{
    tern_store_info info;
    for (int i = 0; i < N; i++) {
        free(texts[i]);
        texts[i] = tern_format("text %d", i % 100);
    }
    ck_assert_int_eq(found(), 0);
    ck_assert_int_eq(found(), N);
    char *path = tern_store_path();
    ck_assert_int_eq(tern_store_describe(path, &info, NULL), 0);
    ck_assert_int_eq(info.vectors, 100);
    tern_store_info_free(&info);
    free(path);
}
END_TEST

START_TEST(a_text_that_cant_be_encoded_fails_as_without_a_store)
{
    tern_error error = {{0}};
    static float rows[N * DIM];
    tern_params *params = tern_encoder_params(model->encoder);
    for (int64_t i = 0; i < params->size; i++)
        params->value[i] *= 1e30F;
    tern_model_source source = {.model = model, .total = N};
    tern_stored stored = {.source = &source};
    tern_embedder embedder = tern_stored_embedder(&stored);
    ck_assert_int_lt(embedder.embed(&stored, TERN_ROLE_QUERY, (const char *const *)texts, N, rows, &error), 0);
    ck_assert_ptr_nonnull(strstr(error.message, "not finite"));
    tern_stored_close(&stored);
    ck_assert(!is_there());
}
END_TEST

static tern_store_disk disk_of_tests(void)
{
    int fd = open(tern_test_folder(), O_RDONLY);
    const tern_store_disk disk = tern_store_disk_of(fd);
    close(fd);
    return disk;
}

static Suite *store_embedder_suite(void)
{
    Suite *suite = suite_create("store embedder");
    TCase *tests = tcase_create("store embedder");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, start, end);
    tcase_add_test(tests, a_text_is_encoded_once);
    tcase_add_test(tests, an_opened_model_finds_what_a_loaded_one_kept);
    tcase_add_test(tests, a_model_that_differs_in_anything_finds_nothing);
    tcase_add_test(tests, another_build_is_another_fingerprint);
    tcase_add_test(tests, a_prompt_is_part_of_a_text);
    tcase_add_test(tests, nothing_is_written_when_it_is_off_or_texts_are_few);
    tcase_add_test(tests, a_model_that_changes_is_encoded_each_time);
    tcase_add_test(tests, a_folder_that_cant_be_written_is_done_without);
    tcase_add_test(tests, equal_texts_in_one_call_are_kept_once);
    tcase_add_test(tests, a_text_that_cant_be_encoded_fails_as_without_a_store);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    const tern_store_disk disk = disk_of_tests();
    if (tern_store_disk_room(&disk) < 1 << 24)
        TERN_TEST_SKIP("the disk of $TMPDIR is too full for a store");
    return tern_test_run(store_embedder_suite());
}
