/* search/ranker*.c: what names stand for, the fusion of two lists by hand, and an embedder as a ranker. */
#include "base/file.h"
#include "base/memory.h"
#include "search/ranker.h"
#include "support.h"

#include <string.h>

static void check_name(const char *name, const char *model, int bm25)
{
    tern_ranker_name parsed;
    tern_error error = {{0}};
    ck_assert_msg(tern_ranker_name_parse(&parsed, name, &error) == 0, "%s", error.message);
    ck_assert_int_eq(parsed.bm25, bm25);
    ck_assert_str_eq(parsed.model ? parsed.model : "-", model ? model : "-");
    tern_ranker_name_free(&parsed);
}

static void check_refused(const char *name, const char *says)
{
    tern_ranker_name parsed;
    tern_error error = {{0}};
    ck_assert_int_lt(tern_ranker_name_parse(&parsed, name, &error), 0);
    ck_assert_msg(strstr(error.message, says), "%s: %s", name, error.message);
    tern_ranker_name_free(&parsed);
}

START_TEST(names_of_models_of_bm25_and_of_both)
{
    check_name("bm25:stemmer=none", NULL, 1);
    check_name("a/model", "a/model", 0);
    check_name("./bm25", "./bm25", 0);
    check_name("a/model+bm25:stemmer=none", "a/model", 1);
    check_name("a+bm25+bm25:stemmer=none", "a+bm25", 1);
    check_name("a+bm25s", "a+bm25s", 0);
    check_name("+bm25:stemmer=none", "+bm25:stemmer=none", 0);
    tern_ranker_name parsed;
    tern_error error = {{0}};
    ck_assert_int_lt(tern_ranker_name_parse(&parsed, "m+bm25:k1=x", &error), 0);
    ck_assert_msg(strstr(error.message, "bm25:k1=x: k1 is a number"), "%s", error.message);
    tern_ranker_name_free(&parsed);
    check_refused("bm25:stemmer=none+bm25:stemmer=none", "is bm25 itself");
    check_refused("BM25", "did you mean bm25?");
    check_refused("Bm25:stemmer=none", "did you mean bm25?");
    check_name("BM25s", "BM25s", 0);
    /* A folder that is there is a model, whatever it is called. */
    const char *folder = tern_test_path("runs+bm25");
    ck_assert_int_eq(tern_make_folder(folder, &error), 0);
    check_name(folder, folder, 0);
}
END_TEST

/* A ranker that gives the numbers of its list whatever the query is. */
typedef struct fixed {
    const int64_t *docs;
    int64_t n;
    int freed;
} fixed;

static int take_texts(void *self, const char *const *texts, int64_t n, const int64_t *rank, tern_error *error)
{
    (void)self, (void)texts, (void)n, (void)rank, (void)error;
    return 0;
}

static int give_list(void *self, const char *const *queries, int64_t n, int64_t k, tern_hit *hits, int64_t *found,
                     tern_error *error)
{
    const fixed *f = self;
    (void)queries, (void)error;
    for (int64_t q = 0; q < n; q++) {
        found[q] = f->n;
        for (int64_t i = 0; i < f->n; i++)
            hits[q * k + i] = (tern_hit){f->docs[i], (float)-i};
    }
    return 0;
}

static void note_free(void *self)
{
    ((fixed *)self)->freed++;
}

static tern_ranker *fixed_ranker(fixed *f)
{
    tern_ranker *ranker = tern_alloc(1, sizeof *ranker);
    *ranker = (tern_ranker){take_texts, give_list, note_free, f};
    return ranker;
}

START_TEST(fusion_sums_the_reciprocals_of_ranks_and_ties_go_by_rank)
{
    static const int64_t a[] = {4, 0, 2}, b[] = {0, 1, 4, 3}, rank[] = {0, 1, 2, 3, 4};
    static const char *const texts[] = {"", "", "", "", ""};
    fixed first = {.docs = a, .n = 3}, second = {.docs = b, .n = 4};
    tern_ranker *both = tern_ranker_fusion(fixed_ranker(&first), fixed_ranker(&second));
    tern_hit hits[10];
    int64_t found[2];
    tern_error error = {{0}};
    ck_assert_int_eq(both->index(both->self, texts, 5, rank, &error), 0);
    ck_assert_int_eq(both->search(both->self, texts, 2, 5, hits, found, &error), 0);
    static const int64_t docs[] = {0, 4, 1, 2, 3};
    static const double scores[] = {1.0 / 62 + 1.0 / 61, 1.0 / 61 + 1.0 / 63, 1.0 / 62, 1.0 / 63, 1.0 / 64};
    for (int q = 0; q < 2; q++) {
        ck_assert_int_eq(found[q], 5);
        for (int i = 0; i < 5; i++) {
            ck_assert_int_eq(hits[q * 5 + i].doc, docs[i]);
            ck_assert_float_eq(hits[q * 5 + i].score, (float)scores[i]);
        }
    }
    /* Alone in one list each at the same place: the lower rank comes first. */
    static const int64_t swapped[] = {4, 3, 2, 1, 0};
    first = (fixed){.docs = (const int64_t[]){1}, .n = 1};
    second = (fixed){.docs = (const int64_t[]){3}, .n = 1};
    ck_assert_int_eq(both->index(both->self, texts, 5, swapped, &error), 0);
    ck_assert_int_eq(both->search(both->self, texts, 1, 1, hits, found, &error), 0);
    ck_assert_int_eq(found[0], 1);
    ck_assert_int_eq(hits[0].doc, 3);
    tern_ranker_free(both);
    ck_assert_int_eq(first.freed + second.freed, 2);
}
END_TEST

/* "x" is (1, 0), "y" (0, 1), "z" (1, 1). */
static int embed(void *self, tern_role role, const char *const *texts, int64_t n, float *out, tern_error *error)
{
    (void)self, (void)role, (void)error;
    for (int64_t i = 0; i < n; i++) {
        out[2 * i] = strpbrk(texts[i], "xz") != NULL;
        out[2 * i + 1] = strpbrk(texts[i], "yz") != NULL;
    }
    return 0;
}

START_TEST(an_embedder_ranks_by_its_similarity_and_takes_other_documents)
{
    const tern_embedder embedder = {"letters", 2, TERN_SIMILARITY_COSINE, embed, NULL};
    tern_ranker *dense = tern_ranker_dense(&embedder);
    tern_hit hits[2];
    int64_t found;
    tern_error error = {{0}};
    static const int64_t rank[] = {1, 0};
    ck_assert_int_eq(dense->index(dense->self, (const char *const[]){"z", "y", "x"}, 3, NULL, &error), 0);
    ck_assert_int_eq(dense->search(dense->self, (const char *const[]){"x"}, 1, 2, hits, &found, &error), 0);
    ck_assert_int_eq(found, 2);
    ck_assert_int_eq(hits[0].doc, 2);
    ck_assert_float_eq(hits[0].score, 1);
    ck_assert_int_eq(hits[1].doc, 0);
    ck_assert_int_eq(dense->index(dense->self, (const char *const[]){"x", "x"}, 2, rank, &error), 0);
    ck_assert_int_eq(dense->search(dense->self, (const char *const[]){"x"}, 1, 2, hits, &found, &error), 0);
    ck_assert_int_eq(hits[0].doc, 1); /* its rank is the lower one */
    tern_ranker_free(dense);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ranker");
    TCase *tc = tcase_create("ranker");
    tcase_add_test(tc, names_of_models_of_bm25_and_of_both);
    tcase_add_test(tc, fusion_sums_the_reciprocals_of_ranks_and_ties_go_by_rank);
    tcase_add_test(tc, an_embedder_ranks_by_its_similarity_and_takes_other_documents);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
