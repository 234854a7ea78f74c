/* Token ids kept between runs: the same ids and the same batches with and without them, and whatever happens to the
 * file is noticed. */
#include "tests/support.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "train/batch.h"
#include "train/token_cache.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { N = 12000, HEADER = 48, MAX_LENGTH = 20, BLOCK = 1 << 20 };

static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ndog\ncat\nred\nblue\n##s\nquery\n:\n";
static const char *const words[] = {"the", "dog", "Cats", "red", "BLUE", "dogs", "unheard", "cat"};

typedef struct fixture {
    tern_tokenizer *tokenizer;
    char **texts;
    size_t *lengths;
    tern_token_texts job;
} fixture;

/* 12,000 texts of 3 to 17 words, more than the megabyte from which on ids are kept; an empty cache. */
static fixture open_fixture(void)
{
    tern_error error = {{0}};
    fixture f = {0};
    const char *vocab = tern_test_path("vocab.txt"), *cache = tern_test_path("cache");
    ck_assert_int_eq(tern_remove_all(cache, NULL), 0);
    setenv("XDG_CACHE_HOME", cache, 1);
    tern_test_put_file(vocab, vocabulary, strlen(vocabulary));
    f.tokenizer = tern_tokenizer_from_vocab(vocab, 1, &error);
    ck_assert_msg(f.tokenizer != NULL, "%s", error.message);
    f.texts = tern_alloc(N, sizeof *f.texts);
    f.lengths = tern_alloc(N, sizeof *f.lengths);
    for (uint64_t i = 0; i < N; i++) {
        tern_buffer text = {0};
        uint64_t n = 3 + tern_random_below(15, 1, i, 0, 0);
        for (uint64_t k = 0; k < n; k++)
            tern_buffer_printf(&text, "%s the dog, ", words[tern_random_below(8, 2, i, k, 0)]);
        f.texts[i] = text.data;
        f.lengths[i] = text.n;
    }
    f.job = (tern_token_texts){.tokenizer = f.tokenizer,
                               .tokenizer_hash = 7,
                               .max_length = MAX_LENGTH,
                               .texts = (const char *const *)f.texts,
                               .lengths = f.lengths,
                               .n = N};
    return f;
}

static void close_fixture(fixture *f)
{
    for (int i = 0; i < N; i++)
        free(f->texts[i]);
    free(f->texts);
    free(f->lengths);
    tern_tokenizer_free(f->tokenizer);
}

/* The ids are right; found says whether they had been kept. */
static void expect(const tern_token_texts *job, int found)
{
    tern_ids ids = {0}, right = {0};
    ck_assert_int_eq(tern_token_cache_encode(job, &ids), found);
    tern_tokenizer_encode_all(job->tokenizer, job->prompt, job->texts, job->lengths, job->n, job->max_length, &right);
    ck_assert_int_eq(ids.n, right.n);
    ck_assert_int_eq(ids.cut, right.cut);
    ck_assert_mem_eq(ids.offsets, right.offsets, ((size_t)right.n + 1) * sizeof *right.offsets);
    ck_assert_mem_eq(ids.ids, right.ids, (size_t)right.offsets[right.n] * sizeof *right.ids);
    tern_ids_free(&ids);
    tern_ids_free(&right);
}

/* The one file that the cache holds. */
static char *only_file(void)
{
    const char *list = tern_test_path("list");
    char *command = tern_format("ls %s/tern/tokens/* >%s", getenv("XDG_CACHE_HOME"), list), *name;
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(tern_file_read(list, 0, &name, NULL, NULL), 0);
    ck_assert_ptr_eq(strchr(name, '\n'), strrchr(name, '\n'));
    *strchr(name, '\n') = 0;
    free(command);
    return name;
}

static char *bytes_of(const char *path, size_t *n)
{
    char *bytes;
    ck_assert_int_eq(tern_file_read(path, 0, &bytes, n, NULL), 0);
    return bytes;
}

START_TEST(the_second_run_finds_the_ids_of_the_first)
{
    fixture f = open_fixture();
    expect(&f.job, 0);
    expect(&f.job, 1);
    close_fixture(&f);
}
END_TEST

START_TEST(all_that_ids_depend_on_is_told_apart)
{
    fixture f = open_fixture();
    expect(&f.job, 0);
    tern_token_texts other = f.job;
    other.prompt = "query: ";
    expect(&other, 0);
    expect(&other, 1);
    other = f.job;
    other.max_length = MAX_LENGTH - 1;
    expect(&other, 0);
    other = f.job;
    other.tokenizer_hash++;
    expect(&other, 0);
    other = f.job;
    other.n--;
    expect(&other, 0);
    f.texts[N / 2][0] ^= 1;
    expect(&f.job, 0);
    f.texts[N / 2][0] ^= 1;
    f.lengths[5]--; /* the same bytes, cut elsewhere */
    char *sixth = f.texts[6], *longer = tern_format("%c%s", f.texts[5][f.lengths[5]], sixth);
    f.texts[6] = longer;
    f.lengths[6]++;
    expect(&f.job, 0);
    free(longer);
    f.texts[6] = sixth;
    f.lengths[5]++;
    f.lengths[6]--;
    expect(&f.job, 1);
    close_fixture(&f);
}
END_TEST

START_TEST(few_texts_leave_no_file)
{
    fixture f = open_fixture();
    f.job.n = 100;
    expect(&f.job, 0);
    expect(&f.job, 0);
    ck_assert(!tern_folder_exists(getenv("XDG_CACHE_HOME")));
    close_fixture(&f);
}
END_TEST

START_TEST(a_cache_that_cant_be_written_is_done_without)
{
    fixture f = open_fixture();
    tern_test_put_file(getenv("XDG_CACHE_HOME"), "a file", 6);
    expect(&f.job, 0);
    expect(&f.job, 0);
    close_fixture(&f);
}
END_TEST

START_TEST(a_damaged_file_is_made_again)
{
    fixture f = open_fixture();
    expect(&f.job, 0);
    char *path = only_file();
    size_t n;
    char *bytes = bytes_of(path, &n);
    for (uint64_t i = 0; i < 2 * HEADER; i++) {
        size_t at = i < HEADER ? i : tern_random_below(n, 5, i, 0, 0);
        int cut = i >= HEADER && i % 2;
        bytes[at] ^= 1;
        tern_test_put_file(path, bytes, cut ? at : n);
        bytes[at] ^= 1;
        expect(&f.job, 0);
    }
    expect(&f.job, 1);
    free(bytes);
    free(path);
    close_fixture(&f);
}
END_TEST

static uint64_t hash_blocks(const char *bytes, size_t n, uint64_t seed)
{
    uint64_t hashes[64], blocks = 0;
    for (size_t at = 0; at < n; at += BLOCK)
        hashes[blocks++] = tern_hash(bytes + at, n - at < BLOCK ? n - at : BLOCK, seed);
    return tern_hash(hashes, blocks * sizeof *hashes, seed);
}

/* A file whose checksum is right though ids or lengths are not: made by someone who knows how. */
static void forge(const char *path, char *bytes, size_t n)
{
    uint64_t magic, cut;
    memcpy(&magic, bytes, sizeof magic);
    memcpy(&cut, bytes + 24, sizeof cut);
    uint64_t lengths = hash_blocks(bytes + HEADER, N * 4, magic ^ cut);
    uint64_t sum = hash_blocks(bytes + HEADER + N * 4, n - HEADER - N * 4, lengths);
    memcpy(bytes + HEADER - 8, &sum, sizeof sum);
    tern_test_put_file(path, bytes, n);
}

START_TEST(a_lying_file_is_not_believed)
{
    fixture f = open_fixture();
    expect(&f.job, 0);
    char *path = only_file();
    size_t n;
    char *bytes = bytes_of(path, &n);
    forge(path, bytes, n);
    expect(&f.job, 1);
    int32_t *ids = (int32_t *)(void *)(bytes + HEADER) + N, *lengths = (int32_t *)(void *)(bytes + HEADER);
    static const int32_t wrong[] = {-1, 13, 1 << 30, INT32_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int32_t right = ids[12345];
        ids[12345] = wrong[i];
        forge(path, bytes, n);
        expect(&f.job, 0);
        ids[12345] = right;
    }
    lengths[10] += MAX_LENGTH;
    lengths[11] -= MAX_LENGTH;
    forge(path, bytes, n);
    expect(&f.job, 0);
    free(bytes);
    free(path);
    close_fixture(&f);
}
END_TEST

START_TEST(a_number_of_cut_texts_that_cant_be_is_not_believed)
{
    fixture f = open_fixture();
    expect(&f.job, 0);
    char *path = only_file();
    size_t n;
    char *bytes = bytes_of(path, &n);
    const uint64_t wrong[] = {0, N, N - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memcpy(bytes + 24, &wrong[i], sizeof wrong[i]);
        forge(path, bytes, n);
        expect(&f.job, 0);
    }
    expect(&f.job, 1);
    free(bytes);
    free(path);
    close_fixture(&f);
}
END_TEST

/* Ids that a tokenizer with the same files but another program gave. */
START_TEST(ids_of_another_tokenizer_are_noticed_by_samples)
{
    fixture f = open_fixture();
    expect(&f.job, 0);
    char *path = only_file();
    size_t n;
    char *bytes = bytes_of(path, &n);
    int32_t *ids = (int32_t *)(void *)(bytes + HEADER) + N;
    for (size_t i = 0; i < (n - HEADER) / 4 - N; i++)
        ids[i] = ids[i] == 5 ? 6 : ids[i];
    forge(path, bytes, n);
    expect(&f.job, 0);
    expect(&f.job, 1);
    free(bytes);
    free(path);
    close_fixture(&f);
}
END_TEST

START_TEST(what_was_not_used_for_longest_goes_first)
{
    const char *folder = tern_test_path("full");
    char bytes[1000] = {0};
    ck_assert_int_eq(tern_make_folder(folder, NULL), 0);
    for (int i = 0; i < 5; i++) {
        char *path = tern_format("%s/%016x.ids", folder, (unsigned)i);
        const struct timespec used[2] = {{.tv_sec = 1000 + i * 7 % 5}, {.tv_sec = 1000 + i * 7 % 5}};
        tern_test_put_file(path, bytes, sizeof bytes);
        ck_assert_int_eq(utimensat(-1, path, used, 0), 0);
        free(path);
    }
    char *other = tern_path_join(folder, "notes.ids"); /* not of the cache */
    tern_test_put_file(other, bytes, sizeof bytes);
    tern_token_cache_prune(folder, 2999); /* ages: 0 2 4 1 3 */
    ck_assert(tern_file_exists(other));
    free(other);
    for (int i = 0; i < 5; i++) {
        char *path = tern_format("%s/%016x.ids", folder, (unsigned)i);
        ck_assert_int_eq(tern_file_exists(path), i == 2 || i == 4);
        free(path);
    }
    tern_token_cache_prune(tern_test_path("not-there"), 0);
}
END_TEST

static void fill(tern_batch *batch, const fixture *f, const tern_rows *rows)
{
    static const int64_t chosen[] = {3, 5999, 17, 3000, 3};
    tern_model model = {.tokenizer = f->tokenizer, .tokenizer_hash = 7, .max_seq_length = MAX_LENGTH};
    tern_tokens *tokens = tern_tokens_create(&model, "query: ", "", rows);
    tern_batch_fill(batch, rows, tokens, chosen, 5, &(tern_batch_options){.merge = 1});
    tern_tokens_free(tokens);
}

START_TEST(batches_are_the_same_with_and_without_kept_ids)
{
    fixture f = open_fixture();
    tern_error error = {{0}};
    tern_buffer file = {0};
    for (int i = 0; i < N; i += 2)
        tern_buffer_printf(&file, "{\"anchor\": \"%s%d\", \"positive\": \"%s%s\"}\n", f.texts[i], i, f.texts[i + 1],
                           f.texts[i]);
    const char *path = tern_test_path("rows.jsonl");
    tern_test_put_file(path, file.data, file.n);
    tern_texts *texts = tern_texts_create();
    tern_rows *rows = tern_rows_read(&(tern_rows_source){.file = path}, texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    tern_batch batch[2];
    memset(batch, 0, sizeof batch);
    fill(&batch[0], &f, rows);
    ck_assert(tern_folder_exists(getenv("XDG_CACHE_HOME")));
    fill(&batch[1], &f, rows);
    const tern_packed *a = &batch[0].packed, *b = &batch[1].packed;
    ck_assert_int_eq(a->n_seq, b->n_seq);
    ck_assert_int_eq(a->n_tok, b->n_tok);
    ck_assert_mem_eq(a->ids, b->ids, (size_t)a->n_tok * sizeof *a->ids);
    ck_assert_mem_eq(a->offsets, b->offsets, ((size_t)a->n_seq + 1) * sizeof *a->offsets);
    tern_batch_free(&batch[0]);
    tern_batch_free(&batch[1]);
    tern_rows_free(rows);
    tern_texts_free(texts);
    tern_buffer_free(&file);
    close_fixture(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token_cache");
    TCase *c = tcase_create("token_cache");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, the_second_run_finds_the_ids_of_the_first);
    tcase_add_test(c, all_that_ids_depend_on_is_told_apart);
    tcase_add_test(c, few_texts_leave_no_file);
    tcase_add_test(c, a_cache_that_cant_be_written_is_done_without);
    tcase_add_test(c, a_damaged_file_is_made_again);
    tcase_add_test(c, a_lying_file_is_not_believed);
    tcase_add_test(c, a_number_of_cut_texts_that_cant_be_is_not_believed);
    tcase_add_test(c, ids_of_another_tokenizer_are_noticed_by_samples);
    tcase_add_test(c, what_was_not_used_for_longest_goes_first);
    tcase_add_test(c, batches_are_the_same_with_and_without_kept_ids);
    suite_add_tcase(suite, c);
    return tern_test_run(suite);
}
