/* search/topk.c against a sort of all scores. Vectors of small whole numbers make every score exact, and many of them
 * equal. */
#include "autograd/gemm.h"
#include "base/hash.h"
#include "base/memory.h"
#include "search/keys.h"
#include "search/topk.h"
#include "support.h"

#include <math.h>
#include <string.h>

static float *whole_numbers(int64_t n, int64_t dim, uint64_t seed)
{
    float *x = tern_alloc((size_t)(n * dim), sizeof *x);
    for (int64_t i = 0; i < n * dim; i++)
        x[i] = (float)tern_random_below(5, seed, (uint64_t)i, 0, 0) - 2;
    return x;
}

typedef struct scored {
    double score;
    int64_t rank, doc;
} scored;

static int best_first(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* All documents of one query, sorted; those with a NaN score left out. */
static int64_t sort_all(const float *query, const float *docs, int64_t n_docs, int64_t dim, const int64_t *rank,
                        scored *all)
{
    int64_t n = 0;
    for (int64_t d = 0; d < n_docs; d++) {
        double score = 0;
        for (int64_t i = 0; i < dim; i++)
            score += (double)query[i] * (double)docs[d * dim + i];
        if (!isnan(score))
            all[n++] = (scored){score, rank ? rank[d] : d, d};
    }
    qsort(all, (size_t)n, sizeof *all, best_first);
    return n;
}

static void check_against_sort(const float *queries, int64_t n_queries, const float *docs, int64_t n_docs, int64_t dim,
                               const int64_t *rank, int64_t k, int64_t chunk)
{
    tern_topk *topk = tern_topk_create(queries, n_queries, dim, n_docs, rank, k);
    for (int64_t first = 0; first < n_docs; first += chunk)
        tern_topk_add(topk, docs + first * dim, NULL, first, n_docs - first < chunk ? n_docs - first : chunk);
    tern_hit *hits = tern_alloc((size_t)k, sizeof *hits);
    scored *all = tern_alloc((size_t)n_docs, sizeof *all);
    for (int64_t q = 0; q < n_queries; q++) {
        int64_t n = sort_all(queries + q * dim, docs, n_docs, dim, rank, all);
        ck_assert_int_eq(tern_topk_take(topk, q, hits), n < k ? n : k);
        for (int64_t i = 0; i < n && i < k; i++) {
            ck_assert_int_eq(hits[i].doc, all[i].doc);
            ck_assert_float_eq(hits[i].score, (float)all[i].score);
        }
    }
    free(all);
    free(hits);
    tern_topk_free(topk);
}

static int64_t *shuffled(int64_t n)
{
    int64_t *rank = tern_alloc((size_t)n, sizeof *rank);
    tern_shuffle(rank, n, 5, 0);
    return rank;
}

START_TEST(equals_a_sort_of_all_scores_at_odd_sizes)
{
    static const struct {
        int64_t queries, docs, dim, k;
    } sizes[] = {{1, 1, 1, 1}, {3, 5, 2, 10}, {1, 33, 3, 7}, {130, 1025, 4, 20}, {257, 70, 5, 70}, {5, 2100, 8, 1000}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int64_t n = sizes[i].docs;
        float *queries = whole_numbers(sizes[i].queries, sizes[i].dim, 1), *docs = whole_numbers(n, sizes[i].dim, 2);
        int64_t *rank = shuffled(n);
        check_against_sort(queries, sizes[i].queries, docs, n, sizes[i].dim, NULL, sizes[i].k, n);
        check_against_sort(queries, sizes[i].queries, docs, n, sizes[i].dim, rank, sizes[i].k, n);
        check_against_sort(queries, sizes[i].queries, docs, n, sizes[i].dim, rank, sizes[i].k, 17);
        free(rank);
        free(docs);
        free(queries);
    }
}
END_TEST

START_TEST(a_first_chunk_of_k_documents_hides_nothing)
{
    const float query[] = {1}, docs[] = {1, 2, 9, 5, 6, 7};
    check_against_sort(query, 1, docs, 6, 1, NULL, 3, 3);
}
END_TEST

START_TEST(more_documents_than_a_block_holds)
{
    enum { DOCS = 16384 + 2000, DIM = 3, QUERIES = 20 };
    float *queries = whole_numbers(QUERIES, DIM, 3), *docs = whole_numbers(DOCS, DIM, 4);
    int64_t *rank = shuffled(DOCS);
    check_against_sort(queries, QUERIES, docs, DOCS, DIM, rank, 100, DOCS);
    free(rank);
    free(docs);
    free(queries);
}
END_TEST

/* On either side of the number of queries from which on products are those of matrices, and across blocks of queries;
 * documents come in several stretches. */
START_TEST(many_queries_find_what_few_find)
{
    enum { DOCS = 9000, DIM = 5 };
    static const int64_t counts[] = {31, 32, 33, 97, 513};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        float *queries = whole_numbers(counts[i], DIM, 5), *docs = whole_numbers(DOCS, DIM, 6);
        check_against_sort(queries, counts[i], docs, DOCS, DIM, NULL, 10, DOCS);
        free(docs);
        free(queries);
    }
}
END_TEST

/* Each document is better than all before it: every one gets into the lists. */
START_TEST(documents_that_get_better_and_better)
{
    enum { DOCS = 6000, QUERIES = 40 };
    float queries[QUERIES], *docs = tern_alloc(DOCS, sizeof *docs);
    for (int i = 0; i < QUERIES; i++)
        queries[i] = (float)(1 + i % 3);
    for (int i = 0; i < DOCS; i++)
        docs[i] = (float)(i - DOCS / 2);
    check_against_sort(queries, QUERIES, docs, DOCS, 1, NULL, 7, DOCS);
    check_against_sort(queries, QUERIES, docs, DOCS, 1, NULL, 1500, 1000);
    free(docs);
}
END_TEST

START_TEST(keys_are_selected_and_sorted)
{
    enum { MOST = 300 };
    uint64_t keys[MOST], sorted[MOST], room[MOST];
    for (int64_t n = 1; n <= MOST; n = n < 20 ? n + 1 : n + 31)
        for (int64_t k = 1; k <= n; k += 1 + k / 2)
            for (uint64_t order = 0; order < 3; order++) { /* random, rising, falling */
                for (int64_t i = 0; i < n; i++)
                    keys[i] = order == 0   ? tern_random(9, (uint64_t)i, (uint64_t)n, (uint64_t)k)
                              : order == 1 ? (uint64_t)i
                                           : (uint64_t)(n - i);
                memcpy(sorted, keys, sizeof keys);
                tern_keys_sort(sorted, n, room);
                for (int64_t i = 1; i < n; i++)
                    ck_assert(sorted[i - 1] > sorted[i]);
                tern_keys_select(keys, n, k);
                ck_assert(keys[k - 1] == sorted[k - 1]);
                tern_keys_sort(keys, k, room);
                ck_assert_mem_eq(keys, sorted, (size_t)k * sizeof *keys);
            }
}
END_TEST

START_TEST(keys_are_ordered_as_scores_and_then_ranks)
{
    static const float scores[] = {INFINITY, 1.5f, 1, 1e-42f, 0, -1e-42f, -1, -INFINITY};
    enum { N = sizeof scores / sizeof *scores };
    for (int i = 0; i < N; i++) {
        ck_assert_float_eq(tern_key_score(tern_key(scores[i], 7)), scores[i]);
        ck_assert_int_eq(tern_key_rank(tern_key(scores[i], 4000000000)), 4000000000);
        ck_assert(tern_key(scores[i], 3) > tern_key(scores[i], 4));
        ck_assert(i == 0 || tern_key(scores[i - 1], 9) > tern_key(scores[i], 0));
    }
    ck_assert(tern_key(-0.0f, 1) == tern_key(0, 1));
}
END_TEST

START_TEST(ties_at_the_last_place_go_to_the_lower_rank)
{
    const float query[] = {1}, docs[] = {1, 1, 2, 1, 1, 0};
    const int64_t rank[] = {4, 2, 5, 1, 3, 0};
    tern_topk *topk = tern_topk_create(query, 1, 1, 6, rank, 3);
    tern_topk_add(topk, docs, NULL, 0, 6);
    tern_hit hits[3];
    ck_assert_int_eq(tern_topk_take(topk, 0, hits), 3);
    ck_assert_int_eq(hits[0].doc, 2);
    ck_assert_int_eq(hits[1].doc, 3);
    ck_assert_int_eq(hits[2].doc, 1);
    tern_topk_free(topk);
}
END_TEST

START_TEST(minus_zero_ties_with_zero)
{
    const float query[] = {1, 0}, docs[] = {-0.0f, 0, 0, 0, -1, 0};
    const int64_t rank[] = {1, 0, 2};
    tern_topk *topk = tern_topk_create(query, 1, 2, 3, rank, 3);
    tern_topk_add(topk, docs, NULL, 0, 3);
    tern_hit hits[3];
    ck_assert_int_eq(tern_topk_take(topk, 0, hits), 3);
    ck_assert_int_eq(hits[0].doc, 1);
    ck_assert_int_eq(hits[1].doc, 0);
    ck_assert_float_eq(hits[2].score, -1);
    tern_topk_free(topk);
}
END_TEST

START_TEST(a_nan_is_never_kept_and_infinities_are_ordered)
{
    enum { DOCS = 100 };
    float query[] = {1}, docs[DOCS];
    for (int i = 0; i < DOCS; i++)
        docs[i] = i % 3 ? NAN : (float)i;
    docs[30] = -INFINITY;
    docs[60] = INFINITY;
    check_against_sort(query, 1, docs, DOCS, 1, NULL, DOCS, DOCS);
    check_against_sort(query, 1, docs, DOCS, 1, NULL, 5, DOCS);
    query[0] = NAN;
    check_against_sort(query, 1, docs, DOCS, 1, NULL, 5, DOCS);
}
END_TEST

START_TEST(documents_may_come_with_numbers_of_their_own)
{
    const float query[] = {1}, docs[] = {3, 1, 2};
    tern_topk *topk = tern_topk_create(query, 1, 1, 10, NULL, 2);
    tern_topk_add(topk, docs, (const int64_t[]){7, 9, 4}, 0, 3);
    tern_hit hits[2];
    ck_assert_int_eq(tern_topk_take(topk, 0, hits), 2);
    ck_assert_int_eq(hits[0].doc, 7);
    ck_assert_int_eq(hits[1].doc, 4);
    tern_topk_free(topk);
}
END_TEST

static tern_hit *search(const float *queries, int64_t n_queries, const float *docs, int64_t n_docs, int64_t dim,
                        int64_t k, int threads)
{
    ck_assert_int_eq(tern_threads_start(threads, NULL), 0);
    tern_topk *topk = tern_topk_create(queries, n_queries, dim, n_docs, NULL, k);
    tern_topk_add(topk, docs, NULL, 0, n_docs);
    tern_hit *hits = tern_calloc((size_t)(n_queries * k), sizeof *hits);
    for (int64_t q = 0; q < n_queries; q++)
        tern_topk_take(topk, q, hits + q * k);
    tern_topk_free(topk);
    return hits;
}

START_TEST(the_same_bits_on_any_number_of_threads)
{
    enum { QUERIES = 300, DOCS = 5000, DIM = 96, K = 50 };
    float *queries = tern_alloc(QUERIES * DIM, sizeof *queries), *docs = tern_alloc(DOCS * DIM, sizeof *docs);
    for (int64_t i = 0; i < QUERIES * DIM; i++)
        queries[i] = (float)tern_random_unit(1, (uint64_t)i, 0, 0) - 0.5f;
    for (int64_t i = 0; i < DOCS * DIM; i++)
        docs[i] = (float)tern_random_unit(2, (uint64_t)i, 0, 0) - 0.5f;
    tern_hit *one = search(queries, QUERIES, docs, DOCS, DIM, K, 1);
    for (int threads = 2; threads <= 5; threads += 3) {
        tern_hit *many = search(queries, QUERIES, docs, DOCS, DIM, K, threads);
        for (int64_t i = 0; i < (int64_t)QUERIES * K; i++) {
            ck_assert_int_eq(one[i].doc, many[i].doc);
            ck_assert_mem_eq(&one[i].score, &many[i].score, sizeof(float));
        }
        free(many);
    }
    free(one);
    free(docs);
    free(queries);
    tern_threads_start(0, NULL);
}
END_TEST

static double distance_of(tern_similarity similarity, const float *a, const float *b, int64_t dim)
{
    double sum = 0;
    for (int64_t i = 0; i < dim; i++) {
        double difference = fabs((double)a[i] - (double)b[i]);
        sum += similarity == TERN_SIMILARITY_EUCLIDEAN ? difference * difference : difference;
    }
    return similarity == TERN_SIMILARITY_EUCLIDEAN ? sqrt(sum) : sum;
}

/* Several chunks, several tiles, more queries than one block, and many equal distances. */
START_TEST(distances_rank_the_nearest_first)
{
    enum { QUERIES = 530, DOCS = 700, DIM = 11, K = 9 };
    float *queries = whole_numbers(QUERIES, DIM, 3), *docs = whole_numbers(DOCS, DIM, 4);
    const tern_similarity kinds[] = {TERN_SIMILARITY_EUCLIDEAN, TERN_SIMILARITY_MANHATTAN};
    for (int i = 0; i < 2; i++) {
        tern_topk *topk = tern_topk_create(queries, QUERIES, DIM, DOCS, NULL, K);
        tern_topk_by(topk, kinds[i]);
        tern_topk_add(topk, docs, NULL, 0, 300);
        tern_topk_add(topk, docs + 300 * DIM, NULL, 300, DOCS - 300);
        for (int64_t q = 0; q < QUERIES; q += 53) {
            scored all[DOCS];
            tern_hit hits[K];
            for (int64_t d = 0; d < DOCS; d++)
                all[d] = (scored){-distance_of(kinds[i], queries + q * DIM, docs + d * DIM, DIM), d, d};
            qsort(all, DOCS, sizeof *all, best_first);
            ck_assert_int_eq(tern_topk_take(topk, q, hits), K);
            for (int64_t k = 0; k < K; k++) {
                ck_assert_int_eq(hits[k].doc, all[k].doc);
                ck_assert_float_eq(hits[k].score, (float)all[k].score);
            }
        }
        tern_topk_free(topk);
    }
    free(queries);
    free(docs);
}
END_TEST

START_TEST(nothing_to_search_gives_nothing)
{
    const float query[] = {1};
    tern_hit hits[1];
    tern_topk *topk = tern_topk_create(query, 1, 1, 0, NULL, 1);
    tern_topk_add(topk, NULL, NULL, 0, 0);
    ck_assert_int_eq(tern_topk_take(topk, 0, hits), 0);
    tern_topk_free(topk);
    tern_topk_free(NULL);
}
END_TEST

START_TEST(greater_ids_rank_first_and_repeated_ones_are_found)
{
    int64_t rank[4];
    ck_assert_int_eq(tern_rank_ids((const char *const[]){"10", "9", "\xC3\xA9", "b"}, 4, rank), -1);
    ck_assert_int_eq(rank[2], 0);
    ck_assert_int_eq(rank[3], 1);
    ck_assert_int_eq(rank[1], 2);
    ck_assert_int_eq(rank[0], 3);
    ck_assert_int_ge(tern_rank_ids((const char *const[]){"a", "b", "a"}, 3, rank), 0);
    ck_assert_int_eq(tern_rank_ids(NULL, 0, rank), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topk");
    TCase *tc = tcase_create("topk");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, equals_a_sort_of_all_scores_at_odd_sizes);
    tcase_add_test(tc, a_first_chunk_of_k_documents_hides_nothing);
    tcase_add_test(tc, more_documents_than_a_block_holds);
    tcase_add_test(tc, many_queries_find_what_few_find);
    tcase_add_test(tc, documents_that_get_better_and_better);
    tcase_add_test(tc, keys_are_selected_and_sorted);
    tcase_add_test(tc, keys_are_ordered_as_scores_and_then_ranks);
    tcase_add_test(tc, ties_at_the_last_place_go_to_the_lower_rank);
    tcase_add_test(tc, minus_zero_ties_with_zero);
    tcase_add_test(tc, a_nan_is_never_kept_and_infinities_are_ordered);
    tcase_add_test(tc, documents_may_come_with_numbers_of_their_own);
    tcase_add_test(tc, the_same_bits_on_any_number_of_threads);
    tcase_add_test(tc, distances_rank_the_nearest_first);
    tcase_add_test(tc, nothing_to_search_gives_nothing);
    tcase_add_test(tc, greater_ids_rank_first_and_repeated_ones_are_found);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
