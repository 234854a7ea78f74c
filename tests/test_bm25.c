/* search/bm25*.c: against the formula summed over all documents, with any number of threads, ties and repeats. */
#include "autograd/gemm.h"
#include "base/hash.h"
#include "base/memory.h"
#include "search/bm25.h"
#include "support.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const tern_bm25_options plain = {.k1 = 0.9, .b = 0.4};

START_TEST(a_score_worked_by_hand)
{
    /* Three documents of 2, 4 and 3 terms: the mean is 3. */
    static const char *const texts[] = {"red fox", "the red red house", "a blue sky"};
    tern_bm25 *index = tern_bm25_create(&plain, texts, 3, NULL);
    tern_hit hits[6];
    int64_t found[2];
    tern_bm25_search(index, (const char *const[]){"Red sky", "green"}, 2, 3, hits, found);
    double red = log(1 + 1.5 / 2.5), sky = log(1 + 2.5 / 1.5);
    double one = red / (1 + 0.9 * (0.6 + 0.4 * 2 / 3)), two = red * 2 / (2 + 0.9 * (0.6 + 0.4 * 4 / 3));
    double three = sky / (1 + 0.9);
    ck_assert_int_eq(found[0], 3);
    ck_assert_int_eq(hits[0].doc, 2);
    ck_assert_double_eq_tol((double)hits[0].score, three, 1e-7);
    ck_assert_int_eq(hits[1].doc, 1);
    ck_assert_double_eq_tol((double)hits[1].score, two, 1e-7);
    ck_assert_int_eq(hits[2].doc, 0);
    ck_assert_double_eq_tol((double)hits[2].score, one, 1e-7);
    ck_assert_int_eq(found[1], 0);
    ck_assert_int_eq(tern_bm25_terms(index), 7);
    ck_assert_int_eq(tern_bm25_postings(index), 8);
    tern_bm25_free(index);
}
END_TEST

START_TEST(a_term_that_stands_twice_in_the_query_counts_twice)
{
    static const char *const texts[] = {"fox", "fox dog", "dog"};
    tern_bm25 *index = tern_bm25_create(&plain, texts, 3, NULL);
    tern_hit once[3], twice[3];
    int64_t found;
    tern_bm25_search(index, (const char *const[]){"fox"}, 1, 3, once, &found);
    ck_assert_int_eq(found, 2);
    tern_bm25_search(index, (const char *const[]){"fox FOX"}, 1, 3, twice, &found);
    ck_assert_int_eq(found, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(once[i].doc, twice[i].doc);
        ck_assert_float_eq(2 * once[i].score, twice[i].score);
    }
    tern_bm25_free(index);
}
END_TEST

START_TEST(nothing_to_find_and_nothing_to_look_for)
{
    tern_hit hits[4];
    int64_t found[2] = {7, 7};
    tern_bm25 *empty = tern_bm25_create(&plain, NULL, 0, NULL);
    tern_bm25_search(empty, (const char *const[]){"a", "b"}, 2, 2, hits, found);
    ck_assert_int_eq(found[0] + found[1], 0);
    tern_bm25_free(empty);
    tern_bm25 *index = tern_bm25_create(&plain, (const char *const[]){"", "...", "x"}, 3, NULL);
    tern_bm25_search(index, (const char *const[]){"", "x"}, 2, 2, hits, found);
    ck_assert_int_eq(found[0], 0);
    ck_assert_int_eq(found[1], 1);
    ck_assert_int_eq(hits[2].doc, 2);
    tern_bm25_free(index);
}
END_TEST

/* Words whose frequencies fall as in a language: w0 stands nearly everywhere. */
static char *make_text(uint64_t seed, int64_t number, int words)
{
    tern_buffer text = {0};
    tern_buffer_add(&text, "", 0);
    for (int i = 0; i < words; i++) {
        double u = tern_random_unit(seed, (uint64_t)number, (uint64_t)i, 0);
        tern_buffer_printf(&text, "w%d ", (int)(2000 * u * u * u * u));
    }
    return text.data;
}

typedef struct sample {
    char **docs, **queries;
    int64_t *rank;
} sample;

enum { DOCS = 20000, QUERIES = 40 };

/* Documents that share most of their words with their neighbours, as passages cut from one text do: what stands in the
 * first of ten words of each is the last of ten words nine documents on. */
static char *make_window(int64_t number)
{
    tern_buffer text = {0};
    for (int64_t i = number; i < number + 10; i++) {
        char *words = make_text(4, i, 2);
        tern_buffer_add(&text, words, strlen(words));
        free(words);
    }
    return text.data;
}

static sample make_sample(int windows)
{
    sample s = {tern_alloc(DOCS, sizeof(char *)), tern_alloc(QUERIES, sizeof(char *)),
                tern_alloc(DOCS, sizeof(int64_t))};
    for (int64_t i = 0; i < DOCS; i++) /* every fifth repeats the one before: ties */
        s.docs[i] = windows ? make_window(i % 5 == 4 ? i - 1 : i)
                            : make_text(1, i % 5 == 4 ? i - 1 : i, 3 + (int)(i % 5 == 4 ? i - 1 : i) % 40);
    for (int64_t i = 0; i < QUERIES; i++)
        s.queries[i] = make_text(2, i, 1 + (int)i % 12);
    for (int64_t i = 0; i < DOCS; i++)
        s.rank[i] = i;
    tern_shuffle(s.rank, DOCS, 3, 0);
    return s;
}

static void free_sample(sample *s)
{
    for (int64_t i = 0; i < DOCS; i++)
        free(s->docs[i]);
    for (int64_t i = 0; i < QUERIES; i++)
        free(s->queries[i]);
    free(s->docs);
    free(s->queries);
    free(s->rank);
}

/* hits of the first k are those of all, whatever was left out on the way to them; the second time among documents like
 * their neighbours, of which whole blocks are left out. */
START_TEST(the_best_few_are_the_first_of_all)
{
    sample s = make_sample(_i);
    tern_bm25 *index = tern_bm25_create(&plain, (const char *const *)s.docs, DOCS, s.rank);
    tern_hit *all = tern_alloc((size_t)QUERIES * DOCS, sizeof *all), *few = tern_alloc(QUERIES * 100, sizeof *few);
    int64_t n_all[QUERIES], n_few[QUERIES];
    tern_bm25_search(index, (const char *const *)s.queries, QUERIES, DOCS, all, n_all);
    static const int64_t ks[] = {1, 2, 7, 100};
    int64_t ties = 0;
    for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
        tern_bm25_search(index, (const char *const *)s.queries, QUERIES, ks[i], few, n_few);
        for (int64_t q = 0; q < QUERIES; q++) {
            const tern_hit *a = all + q * DOCS, *f = few + q * ks[i];
            ck_assert_int_eq(n_few[q], n_all[q] < ks[i] ? n_all[q] : ks[i]);
            for (int64_t h = 0; h < n_few[q]; h++)
                ck_assert_msg(a[h].doc == f[h].doc && a[h].score == f[h].score, "k %lld, query %lld, hit %lld",
                              (long long)ks[i], (long long)q, (long long)h);
            for (int64_t h = 1; h < n_few[q]; h++) {
                ck_assert(f[h - 1].score >= f[h].score);
                if (f[h - 1].score == f[h].score) {
                    ck_assert_int_lt(s.rank[f[h - 1].doc], s.rank[f[h].doc]);
                    ties++;
                }
            }
        }
    }
    ck_assert_int_gt(ties, 100);
    free(all);
    free(few);
    tern_bm25_free(index);
    free_sample(&s);
}
END_TEST

static char *repeat(const char *word, int64_t times)
{
    size_t n = strlen(word);
    char *text = tern_alloc((size_t)times * n + 1, 1);
    for (int64_t i = 0; i < times; i++)
        memcpy(text + (size_t)i * n, word, n);
    text[(size_t)times * n] = 0;
    return text;
}

/* Six hundred small additions to a large sum, each rounded up: more than a fixed slack, and what is left out must allow
 * for it. */
START_TEST(rounding_over_many_terms_drops_no_document)
{
    enum { N = 2048, TERMS = 600 };
    const int first = _i ? 1536 : 1024; /* the second time small additions lie so close that blocks are left out */
    static const tern_bm25_options flat = {.k1 = 0, .b = 0.4};
    const char **docs = tern_alloc(N, sizeof *docs);
    tern_buffer small = {0};
    for (int i = 0; i < TERMS; i++)
        tern_buffer_printf(&small, " s%d", i);
    char *as = repeat("a1 ", 1260000), *bs = repeat("b1 ", 76), *last = tern_format("a1%s", small.data);
    char *query = tern_format("%s%s%s", as, bs, small.data);
    for (int i = 0; i < N; i++)
        docs[i] = i == 0 ? "a1 b1" : i == N - 1 ? last : i >= first ? small.data : "z";
    tern_bm25 *index = tern_bm25_create(&flat, docs, N, NULL);
    tern_hit best[1], two[2];
    int64_t found;
    tern_bm25_search(index, (const char *const[]){query}, 1, 2, two, &found);
    tern_bm25_search(index, (const char *const[]){query}, 1, 1, best, &found);
    ck_assert_int_eq(two[0].doc, N - 1);
    ck_assert_int_eq(best[0].doc, two[0].doc);
    tern_bm25_free(index);
    free(as);
    free(bs);
    free(last);
    free(query);
    free(docs);
    tern_buffer_free(&small);
}
END_TEST

START_TEST(threads_change_no_bit)
{
    sample s = make_sample(_i);
    tern_hit *hits[2];
    int64_t found[2][QUERIES];
    for (int i = 0; i < 2; i++) {
        tern_threads_start(i ? 3 : 1, NULL);
        tern_bm25 *index = tern_bm25_create(&plain, (const char *const *)s.docs, DOCS, s.rank);
        hits[i] = tern_calloc(QUERIES * 50, sizeof *hits[i]);
        tern_bm25_search(index, (const char *const *)s.queries, QUERIES, 50, hits[i], found[i]);
        tern_bm25_free(index);
    }
    tern_threads_start(2, NULL);
    ck_assert_mem_eq(found[0], found[1], sizeof found[0]);
    for (int64_t q = 0; q < QUERIES; q++)
        for (int64_t h = 0; h < found[0][q]; h++) {
            ck_assert_int_eq(hits[0][q * 50 + h].doc, hits[1][q * 50 + h].doc);
            ck_assert_float_eq(hits[0][q * 50 + h].score, hits[1][q * 50 + h].score);
        }
    free(hits[0]);
    free(hits[1]);
    free_sample(&s);
}
END_TEST

static void check_name(const char *name, int want, const char *says)
{
    tern_bm25_options options;
    tern_error error = {{0}};
    int got = tern_bm25_named(name, &options, &error);
    ck_assert_msg(got == want, "%s: %d %s", name, got, error.message);
    if (says)
        ck_assert_msg(strstr(error.message, says), "%s: %s", name, error.message);
}

START_TEST(names_with_options)
{
    tern_bm25_options options;
    tern_error error = {{0}};
    check_name("bm25:stemmer=none", 1, NULL);
    check_name("bm25s", 0, NULL);
    check_name("models/bm25", 0, NULL);
    check_name("bm25:", -1, "bm25:: there is no option behind the colon");
    check_name("bm25:k1", -1, "\"k1\" has no value");
    check_name("bm25:k1=-1,stemmer=none", -1, "k1 is a number from 0 to 1000");
    check_name("bm25:b=1.5", -1, "b is a number from 0 to 1");
    check_name("bm25:k2=1", -1, "there is no option \"k2\"");
    check_name("bm25:=", -1, "there is no option \"\"");
    check_name("bm25:k1=1,k1=2", -1, "k1 is given twice");
    check_name("bm25:k1=0x10", -1, "k1 is a number");
    check_name("bm25:k1= 1", -1, "k1 is a number");
    check_name("bm25:stemmer=", -1, "there is no stemmer");
    check_name("bm25:stop_words=german", -1, "stop_words is english or none");
    check_name("bm25:stemmer=klingon", -1, "there is no stemmer klingon");
    ck_assert_int_eq(tern_bm25_named("bm25:k1=1.2,b=0.75,stop_words=none,stemmer=none", &options, &error), 1);
    ck_assert_double_eq(options.k1, 1.2);
    ck_assert_double_eq(options.b, 0.75);
    ck_assert_int_eq(options.terms.stop_words, TERN_STOP_NONE);
    ck_assert_str_eq(options.terms.stemmer, "");
}
END_TEST

static const char **strings_of(const json_t *list)
{
    const char **strings = tern_alloc(json_array_size(list), sizeof *strings);
    for (size_t i = 0; i < json_array_size(list); i++)
        strings[i] = json_string_value(json_array_get(list, i));
    return strings;
}

/* Every document that has a score has the golden's, and those that have none have 0 there. A score is a sum of at most
 * 8 terms, each a few units of float32's last place off in either library. */
static void check_scores(const json_t *golden, const tern_hit *hits, int64_t n, int64_t n_docs)
{
    float *scores = tern_calloc((size_t)n_docs, sizeof *scores);
    for (int64_t i = 0; i < n; i++)
        scores[hits[i].doc] = hits[i].score;
    for (int64_t i = 0; i < n_docs; i++) {
        double want = json_number_value(json_array_get(golden, (size_t)i));
        ck_assert_msg(fabs((double)scores[i] - want) <= 2e-6 * fmax(1, want), "document %lld: %.9g, not %.9g",
                      (long long)i, (double)scores[i], want);
    }
    free(scores);
}

START_TEST(scores_are_those_of_bm25s)
{
    json_t *golden = json_load_file("tests/goldens/bm25.json", 0, NULL), *cases = json_object_get(golden, "cases");
    ck_assert_ptr_nonnull(golden);
    const json_t *documents = json_object_get(golden, "documents"), *queries = json_object_get(golden, "queries");
    const char **texts = strings_of(documents), **asked = strings_of(queries);
    int64_t n = (int64_t)json_array_size(documents), n_queries = (int64_t)json_array_size(queries);
    tern_hit *hits = tern_alloc((size_t)(n * n_queries), sizeof *hits);
    int64_t *found = tern_alloc((size_t)n_queries, sizeof *found);
    size_t c;
    json_t *one;
    json_array_foreach(cases, c, one)
    {
        const tern_bm25_options options = {.k1 = json_number_value(json_object_get(one, "k1")),
                                           .b = json_number_value(json_object_get(one, "b"))};
        tern_bm25 *index = tern_bm25_create(&options, texts, n, NULL);
        tern_bm25_search(index, asked, n_queries, n, hits, found);
        for (int64_t q = 0; q < n_queries; q++)
            check_scores(json_array_get(json_object_get(one, "scores"), (size_t)q), hits + q * n, found[q], n);
        tern_bm25_free(index);
    }
    ck_assert_int_eq(c, 4);
    free(found);
    free(hits);
    free(asked);
    free(texts);
    json_decref(golden);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bm25");
    TCase *tc = tcase_create("bm25");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_score_worked_by_hand);
    tcase_add_test(tc, scores_are_those_of_bm25s);
    tcase_add_test(tc, a_term_that_stands_twice_in_the_query_counts_twice);
    tcase_add_test(tc, nothing_to_find_and_nothing_to_look_for);
    tcase_add_loop_test(tc, the_best_few_are_the_first_of_all, 0, 2);
    tcase_add_loop_test(tc, rounding_over_many_terms_drops_no_document, 0, 2);
    tcase_add_loop_test(tc, threads_change_no_bit, 0, 2);
    tcase_add_test(tc, names_with_options);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
