/* search/exact.c: many queries together give what each gives alone, to the bit. */
#include "base/hash.h"
#include "base/memory.h"
#include "search/exact.h"
#include "support.h"

#include <string.h>

enum { DIM = 384, QUERIES = 70, ROWS = 3000 };

static float *random_vectors(int64_t n, int64_t dim, uint64_t seed)
{
    float *x = tern_alloc((size_t)(n * dim), sizeof *x);
    for (int64_t i = 0; i < n * dim; i++)
        x[i] = (float)tern_random_below(2001, seed, (uint64_t)i, 0, 0) / 1000 - 1;
    return x;
}

/* Compares all queries together with each alone; returns how many hits were compared. */
static int64_t check_together(tern_search *search, const float *queries, int64_t n, int64_t k)
{
    tern_hit *together = tern_alloc((size_t)(n * k), sizeof *together), *alone = tern_alloc((size_t)k, sizeof *alone);
    int64_t *found = tern_alloc((size_t)n, sizeof *found), one, compared = 0;
    tern_search_queries(search, queries, n, k, together, found);
    for (int64_t q = 0; q < n; q++) {
        tern_search_queries(search, queries + q * search->dim, 1, k, alone, &one);
        ck_assert_int_eq(found[q], one);
        ck_assert_int_eq(one, k < search->rows ? k : search->rows);
        for (int64_t i = 0; i < one; i++, compared++) {
            ck_assert_int_eq(together[q * k + i].doc, alone[i].doc);
            ck_assert(memcmp(&together[q * k + i].score, &alone[i].score, sizeof(float)) == 0);
        }
    }
    free(found);
    free(alone);
    free(together);
    return compared;
}

START_TEST(queries_together_give_the_bits_that_each_gives_alone)
{
    float *rows = random_vectors(ROWS, DIM, 1), *queries = random_vectors(QUERIES, DIM, 2);
    tern_search search = {.vectors = rows, .rows = ROWS, .dim = DIM};
    static const int64_t depths[] = {1, 10, 1000, ROWS, ROWS + 5};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
        ck_assert_int_gt(check_together(&search, queries, QUERIES, depths[i]), 0);
    check_together(&search, queries, 32, 10);
    check_together(&search, queries, 33, 10);
    free(queries);
    free(rows);
}
END_TEST

/* More rows that differ by a rounding, or not at all, than there are candidates to choose from. */
START_TEST(near_and_exact_ties_at_the_last_hit_are_settled_as_alone)
{
    float *rows = random_vectors(ROWS, DIM, 3), *queries = random_vectors(QUERIES, DIM, 4);
    int64_t *rank = tern_alloc(ROWS, sizeof *rank);
    for (int64_t r = 1; r < 1000; r++) {
        memcpy(rows + r * DIM, rows, DIM * sizeof *rows);
        if (r % 3)
            rows[r * DIM + r % DIM] += (float)(r % 7) * 1e-7f;
    }
    memcpy(queries, rows, DIM * sizeof *queries);
    for (int64_t r = 0; r < ROWS; r++)
        rank[r] = ROWS - 1 - r;
    tern_search by_row = {.vectors = rows, .rows = ROWS, .dim = DIM};
    tern_search by_rank = {.vectors = rows, .rows = ROWS, .dim = DIM, .rank = rank};
    check_together(&by_row, queries, QUERIES, 10);
    check_together(&by_rank, queries, QUERIES, 10);
    free(rank);
    free(queries);
    free(rows);
}
END_TEST

START_TEST(a_single_row_and_rows_of_zeros_are_fine)
{
    float *rows = tern_calloc(200 * DIM, sizeof *rows), *queries = random_vectors(QUERIES, DIM, 5);
    tern_search one = {.vectors = rows, .rows = 1, .dim = DIM}, zeros = {.vectors = rows, .rows = 200, .dim = DIM};
    check_together(&one, queries, QUERIES, 3);
    check_together(&zeros, queries, QUERIES, 3);
    free(queries);
    free(rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("search");
    TCase *tc = tcase_create("search");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, queries_together_give_the_bits_that_each_gives_alone);
    tcase_add_test(tc, near_and_exact_ties_at_the_last_hit_are_settled_as_alone);
    tcase_add_test(tc, a_single_row_and_rows_of_zeros_are_fine);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
