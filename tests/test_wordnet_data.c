/* The reverse dictionary made of the real WordNet, where Debian's wordnet-base is installed. */
#include "base/file.h"
#include "base/memory.h"
#include "data/beir.h"
#include "data/rows.h"
#include "data/wordnet.h"
#include "tests/support.h"

#include <string.h>
#include <strings.h>

static tern_error error;
static tern_wordnet_summary made;
static tern_wordnet *net;

static void setup(void)
{
    tern_wordnet_options options = {.output = tern_test_path("out"), .seed = TERN_WORDNET_SEED};
    if (!net) {
        ck_assert_msg(tern_wordnet_make(&options, &made, &error) == 0, "%s", error.message);
        net = tern_wordnet_read(TERN_WORDNET_SOURCE, &error);
    }
    ck_assert_ptr_nonnull(net);
}

START_TEST(counts_are_those_of_wordnet)
{
    ck_assert_int_eq(made.sets, 117659);
    ck_assert_int_eq(made.rows, made.definitions - 1500);
    ck_assert_int_gt(made.rows, 100000);
    ck_assert_int_eq(made.test.queries, 1000);
    ck_assert_int_eq(made.test.documents, 15000);
    ck_assert_int_eq(made.dev.queries, 500);
    double share = (double)made.rows_with_sibling / (double)made.rows;
    ck_assert(share > 0.7 && share < 0.8);
}
END_TEST

/* The words of all sets with each definition: 1 when the word is one of them. */
static int is_word_of(int64_t definition, const char *word)
{
    for (int64_t s = 0; s < net->n_sets; s++) {
        if (net->set[s].definition != definition)
            continue;
        for (int64_t w = net->set[s].first_word; w < net->set[s + 1].first_word; w++)
            if (strcasecmp(tern_texts_get(net->words, net->word[w], NULL), word) == 0)
                return 1;
    }
    return 0;
}

START_TEST(positives_are_words_of_the_definition_and_negatives_are_not)
{
    tern_texts *texts = tern_texts_create();
    tern_rows *rows = tern_rows_read(&(tern_rows_source){.file = tern_test_path("out/train.jsonl")}, texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    ck_assert_int_eq(rows->n, made.rows);
    for (int64_t i = 0; i < rows->n; i += 97) {
        size_t n;
        const char *anchor = tern_texts_get(texts, rows->anchor[i], &n);
        int64_t definition = tern_texts_find(net->definitions, anchor, n);
        ck_assert_int_ge(definition, 0);
        ck_assert(is_word_of(definition, tern_texts_get(texts, rows->positive[i], NULL)));
        ck_assert(!is_word_of(definition, tern_texts_get(texts, rows->negative[i], NULL)));
    }
    tern_rows_free(rows);
    tern_texts_free(texts);
}
END_TEST

static void expect_held_out(const char *split, const tern_rows *rows)
{
    char *folder = tern_path_join(tern_test_path("out"), split);
    tern_beir *beir = tern_beir_read(folder, split, 0, &error);
    ck_assert_msg(beir != NULL, "%s", error.message);
    char *is_anchor = tern_calloc((size_t)tern_texts_count(rows->texts), 1);
    for (int64_t i = 0; i < rows->n; i++)
        is_anchor[rows->anchor[i]] = 1;
    for (int64_t q = 0; q < beir->n_queries; q++) {
        int64_t id = tern_texts_find(rows->texts, beir->query_texts[q], strlen(beir->query_texts[q]));
        ck_assert(id < 0 || !is_anchor[id]);
    }
    for (int64_t i = 0; i < beir->qrels.start[beir->qrels.n_queries]; i++)
        ck_assert_int_ge(tern_beir_find_doc(beir, beir->qrels.doc_ids[i]), 0);
    free(is_anchor);
    tern_beir_free(beir);
    free(folder);
}

START_TEST(held_out_definitions_are_not_trained_on_and_all_their_words_are_documents)
{
    tern_texts *texts = tern_texts_create();
    tern_rows *rows = tern_rows_read(&(tern_rows_source){.file = tern_test_path("out/train.jsonl")}, texts, &error);
    expect_held_out("test", rows);
    expect_held_out("dev", rows);
    tern_rows_free(rows);
    tern_texts_free(texts);
}
END_TEST

START_TEST(the_manuals_example_is_a_query_of_the_test_set)
{
    tern_beir *beir = tern_beir_read(tern_test_path("out/test"), "test", 0, &error);
    int64_t found = -1;
    for (int64_t q = 0; q < beir->n_queries; q++)
        if (strcmp(beir->query_texts[q], "an act that has disastrous consequences") == 0)
            found = q;
    ck_assert_int_ge(found, 0);
    ck_assert_str_eq(beir->query_ids[found], "n-00217499");
    ck_assert_int_ge(tern_beir_find_doc(beir, "disaster"), 0);
    tern_beir_free(beir);
}
END_TEST

int main(void)
{
    if (!tern_file_exists(TERN_WORDNET_SOURCE "/data.noun"))
        TERN_TEST_SKIP("WordNet isn't installed (Debian's package wordnet-base)");
    Suite *suite = suite_create("wordnet, the real one");
    TCase *tc = tcase_create("wordnet, the real one");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, counts_are_those_of_wordnet);
    tcase_add_test(tc, positives_are_words_of_the_definition_and_negatives_are_not);
    tcase_add_test(tc, held_out_definitions_are_not_trained_on_and_all_their_words_are_documents);
    tcase_add_test(tc, the_manuals_example_is_a_query_of_the_test_set);
    suite_add_tcase(suite, tc);
    int status = tern_test_run(suite);
    tern_wordnet_free(net);
    return status;
}
