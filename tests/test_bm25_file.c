/* search/bm25_file.c: an index that was saved gives what the one that was built gives, and no other file is taken. */
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "search/bm25_file.h"
#include "search/bm25_index.h"
#include "support.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FEW = 5, WINDOWS = 20000, K = 20 };

static const char *const few[FEW] = {"red fox", "the red red house", "a blue sky", "", "fox fox dog"};
static const tern_bm25_options plain = {.k1 = 0.9, .b = 0.4};

/* Neighbours share most words, so that the index has groups. */
static char **make_windows(void)
{
    char **texts = tern_alloc(WINDOWS, sizeof *texts);
    for (int64_t i = 0; i < WINDOWS; i++) {
        tern_buffer text = {0};
        for (int64_t w = i; w < i + 12; w++) {
            double u = tern_random_unit(5, (uint64_t)w, 0, 0);
            tern_buffer_printf(&text, "w%d ", (int)(3000 * u * u * u));
        }
        texts[i] = text.data;
    }
    return texts;
}

static void check_equal(const tern_bm25 *a, const tern_bm25 *b, const char *const *queries, int64_t n)
{
    tern_hit hits[2][K];
    int64_t found[2];
    ck_assert_int_eq(tern_bm25_terms(a), tern_bm25_terms(b));
    ck_assert_int_eq(tern_bm25_postings(a), tern_bm25_postings(b));
    for (int64_t q = 0; q < n; q++) {
        tern_bm25_search(a, queries + q, 1, K, hits[0], &found[0]);
        tern_bm25_search(b, queries + q, 1, K, hits[1], &found[1]);
        ck_assert_int_eq(found[0], found[1]);
        for (int64_t i = 0; i < found[0]; i++) {
            ck_assert_int_eq(hits[0][i].doc, hits[1][i].doc);
            ck_assert_float_eq(hits[0][i].score, hits[1][i].score);
        }
    }
}

START_TEST(what_was_saved_ranks_as_what_was_built)
{
    tern_error error = {{0}};
    char **texts = make_windows();
    const char *const *docs = (const char *const *)texts;
    int64_t *rank = tern_alloc(WINDOWS, sizeof *rank);
    for (int64_t i = 0; i < WINDOWS; i++)
        rank[i] = WINDOWS - 1 - i;
    tern_bm25 *built = tern_bm25_create(&plain, docs, WINDOWS, rank);
    ck_assert_ptr_nonnull(built->groups);
    ck_assert_msg(tern_bm25_save(built, docs, "windows.bm25", &error) == 0, "%s", error.message);
    tern_bm25 *opened = tern_bm25_open(&plain, docs, WINDOWS, rank, "windows.bm25", &error);
    ck_assert_msg(opened, "%s", error.message);
    ck_assert_ptr_nonnull(opened->groups);
    check_equal(built, opened, docs, 50);
    tern_bm25_free(opened);
    tern_bm25_free(built);
    for (int i = 0; i < WINDOWS; i++)
        free(texts[i]);
    free(texts);
    free(rank);
}
END_TEST

static void save_few(const char *path)
{
    tern_error error = {{0}};
    tern_bm25 *index = tern_bm25_create(&plain, few, FEW, NULL);
    ck_assert_msg(tern_bm25_save(index, few, path, &error) == 0, "%s", error.message);
    tern_bm25_free(index);
}

static void check_refused(const tern_bm25_options *options, const char *const *texts, const char *path,
                          const char *says)
{
    tern_error error = {{0}};
    tern_bm25 *index = tern_bm25_open(options, texts, FEW, NULL, path, &error);
    ck_assert_ptr_null(index);
    ck_assert_msg(strstr(error.message, says), "%s", error.message);
}

START_TEST(other_texts_and_options_are_refused)
{
    static const tern_bm25_options other_k1 = {.k1 = 1.2, .b = 0.4};
    static const tern_bm25_options other_words = {.k1 = 0.9, .b = 0.4, .terms = {.stop_words = TERN_STOP_ENGLISH}};
    const char *moved[FEW], *joined[FEW] = {"red foxthe red red house", "", "a blue sky", "", "fox fox dog"};
    memcpy(moved, few, sizeof moved);
    moved[0] = few[1];
    moved[1] = few[0];
    save_few("few.bm25");
    check_refused(&other_k1, few, "few.bm25", "few.bm25 is a BM25 index of other texts or with other options");
    check_refused(&other_words, few, "few.bm25", "other options");
    check_refused(&plain, moved, "few.bm25", "other texts");
    check_refused(&plain, joined, "few.bm25", "other texts");
}
END_TEST

static char *read_few(size_t *n)
{
    char *bytes;
    tern_error error = {{0}};
    save_few("few.bm25");
    ck_assert(tern_file_read("few.bm25", 0, &bytes, n, &error) == 0);
    char *aligned = tern_alloc_aligned(*n, 1);
    memcpy(aligned, bytes, *n);
    free(bytes);
    return aligned;
}

/* The first posting's place in the file: header, slots, terms and names are filled up to 64 bytes each. */
static size_t first_posting(const char *bytes)
{
    bm25_header h;
    memcpy(&h, bytes, sizeof h);
    return 128 + ((size_t)h.n_slots * sizeof(uint32_t) + 63) / 64 * 64 +
           ((size_t)(h.n_terms + 1) * sizeof(bm25_term) + 63) / 64 * 64 + ((size_t)h.n_names + 63) / 64 * 64;
}

START_TEST(a_file_cut_anywhere_or_with_any_byte_changed_is_refused)
{
    size_t n;
    char *bytes = read_few(&n);
    for (size_t cut = 0; cut < n; cut++) {
        tern_test_put_file("cut.bm25", bytes, cut);
        check_refused(&plain, few, "cut.bm25", cut < sizeof(bm25_header) ? "is not an index" : "the BM25 index is cut");
    }
    for (size_t at = 0; at < sizeof(bm25_header); at++) {
        bytes[at] ^= 1;
        tern_test_put_file("bad.bm25", bytes, n);
        check_refused(&plain, few, "bad.bm25", at < 8 ? "is not an index" : at < 16 ? "another version" : "damaged");
        bytes[at] ^= 1;
    }
    bm25_posting *posting = (bm25_posting *)(void *)(bytes + first_posting(bytes));
    posting->impact *= 0.9999f;
    tern_test_put_file("bad.bm25", bytes, n);
    check_refused(&plain, few, "bad.bm25", "the BM25 index is damaged; remove it");
    posting->doc = FEW; /* "red" stands in documents 0 and 1 */
    posting[1].doc = FEW + 1;
    tern_bm25_seal(bytes, n, &plain, few, FEW);
    tern_test_put_file("bad.bm25", bytes, n);
    check_refused(&plain, few, "bad.bm25", "the BM25 index is damaged; remove it");
    free(bytes);
}
END_TEST

/* Every number, made large or one more or less, with all hashes right: refused, or one that can be searched. */
START_TEST(no_number_leads_out_of_the_file)
{
    static const uint32_t values[] = {0, 1, UINT32_MAX, INT32_MAX, 0x7F800000, 0x7FC00000};
    size_t n;
    int64_t refused = 0;
    char *bytes = read_few(&n);
    for (size_t at = 16; at + 4 <= n; at += 4)
        for (size_t v = 0; v < sizeof values / sizeof *values + 2; v++) {
            uint32_t kept, value;
            tern_error error = {{0}};
            memcpy(&kept, bytes + at, sizeof kept);
            value = v < 6 ? values[v] : v == 6 ? kept + 1 : kept - 1;
            memcpy(bytes + at, &value, sizeof value);
            tern_bm25_seal(bytes, n, &plain, few, FEW);
            tern_test_put_file("bad.bm25", bytes, n);
            tern_bm25 *index = tern_bm25_open(&plain, few, FEW, NULL, "bad.bm25", &error);
            tern_hit hits[K];
            int64_t found;
            for (int q = 0; q < FEW && index; q++)
                tern_bm25_search(index, few + q, 1, K, hits, &found);
            refused += !index;
            tern_bm25_free(index);
            memcpy(bytes + at, &kept, sizeof kept);
        }
    ck_assert_int_gt(refused, 100);
    free(bytes);
}
END_TEST

static ino_t inode_of(const char *path)
{
    struct stat s;
    ck_assert_int_eq(stat(path, &s), 0);
    return s.st_ino;
}

START_TEST(a_named_file_is_made_once_and_anew_for_other_texts)
{
    tern_error error = {{0}};
    tern_bm25_options options = {.k1 = 0.9, .b = 0.4, .index = "named.bm25"};
    tern_bm25 *built = tern_bm25_create(&plain, few, FEW, NULL);
    tern_bm25 *first = tern_bm25_obtain(&options, few, FEW, NULL, &error);
    ck_assert_msg(first, "%s", error.message);
    ino_t made = inode_of("named.bm25");
    tern_bm25 *second = tern_bm25_obtain(&options, few, FEW, NULL, &error);
    ck_assert(second->is_mapped);
    ck_assert(inode_of("named.bm25") == made);
    check_equal(built, second, few, FEW);
    tern_bm25 *other = tern_bm25_obtain(&options, few, FEW - 1, NULL, &error);
    ck_assert(!other->is_mapped && inode_of("named.bm25") != made);
    check_equal(built, second, few, FEW); /* the old file is still mapped */
    tern_bm25_free(other);
    tern_bm25_free(second);
    tern_bm25_free(first);
    tern_bm25_free(built);
}
END_TEST

START_TEST(what_is_no_index_is_left_as_it_is)
{
    tern_error error = {{0}};
    tern_bm25_options options = {.k1 = 0.9, .b = 0.4, .index = "letter.txt"};
    char *text;
    ck_assert(tern_file_write("letter.txt", "Dear Sir", 8, NULL) == 0);
    ck_assert_ptr_null(tern_bm25_obtain(&options, few, FEW, NULL, &error));
    ck_assert_msg(strstr(error.message, "letter.txt is there and is not an index of tern's BM25"), "%s", error.message);
    ck_assert(tern_file_read("letter.txt", 0, &text, NULL, NULL) == 0);
    ck_assert_str_eq(text, "Dear Sir");
    free(text);
    strcpy(options.index, "nowhere/named.bm25");
    ck_assert_ptr_null(tern_bm25_obtain(&options, few, FEW, NULL, &error));
}
END_TEST

int main(void)
{
    if (chdir(tern_test_folder()) != 0)
        return 1;
    Suite *suite = suite_create("bm25_file");
    TCase *tc = tcase_create("bm25_file");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, what_was_saved_ranks_as_what_was_built);
    tcase_add_test(tc, other_texts_and_options_are_refused);
    tcase_add_test(tc, a_file_cut_anywhere_or_with_any_byte_changed_is_refused);
    tcase_add_test(tc, no_number_leads_out_of_the_file);
    tcase_add_test(tc, a_named_file_is_made_once_and_anew_for_other_texts);
    tcase_add_test(tc, what_is_no_index_is_left_as_it_is);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
