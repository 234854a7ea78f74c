/* Vectors of all-MiniLM-L6-v2 are sentence-transformers', to 2e-6 a component: every 20th of the 1,000 texts. */
#include "tests/embeddings.h"

START_TEST(vectors_are_sentence_transformers)
{
    check_embeddings(tern_test_model(), 20);
}
END_TEST

int main(void)
{
    if (!tern_test_model())
        TERN_TEST_SKIP("the base model isn't here; scripts/get-model.sh fetches it");
    if (!tern_test_data("scifact"))
        TERN_TEST_SKIP("the data set scifact isn't here; TERN_DATA names the folder of data sets");
    Suite *suite = suite_create("embeddings");
    TCase *c = tcase_create("embeddings");
    tcase_set_timeout(c, 240);
    tcase_add_test(c, vectors_are_sentence_transformers);
    suite_add_tcase(suite, c);
    return tern_test_run(suite);
}
