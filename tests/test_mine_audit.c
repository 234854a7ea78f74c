/* mining/audit.c and rate.c: what was mined in numbers, and what share of it may be right after all. */
#include "mine_world.h"

#include "mining/audit.h"

#include <jansson.h>

START_TEST(an_audit_counts_every_candidate_and_shows_what_was_taken_and_left_out)
{
    world w;
    open_many(&w, 50);
    tern_mine_job job = job_of(&w);
    job.filters.relative_margin = 0.05;
    job.filters.range_max = 30;
    tern_mine_audit *audit = tern_mine_audit_open(&job, 7);
    tern_mined *mined = mine(&job);
    json_t *object = tern_mine_audit_json(audit, mined), *value;
    const char *key;
    int64_t sum = json_integer_value(json_object_get(object, "negatives")), samples = 0;
    json_object_foreach(json_object_get(object, "filters"), key, value) sum += json_integer_value(value);
    ck_assert_int_eq(sum, 50 * 31);
    ck_assert_uint_eq(json_array_size(json_object_get(object, "samples")), 20);
    ck_assert_uint_eq(json_array_size(json_object_get(object, "explain")), 31);
    size_t i;
    json_array_foreach(json_object_get(object, "explain"), i, value)
    {
        ck_assert_str_eq(json_string_value(json_object_get(value, "query")), "question 7");
        samples += strcmp(json_string_value(json_object_get(value, "fate")), "picked") == 0;
    }
    ck_assert_int_eq(samples, mined->start[8] - mined->start[7]);
    const json_t *difference = json_object_get(json_object_get(object, "scores"), "difference");
    ck_assert(json_number_value(json_object_get(difference, "max")) <= 2);
    json_decref(object);
    tern_mined_free(mined);
    tern_mine_audit_close(audit);
    close_world(&w);
}
END_TEST

/* Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20 and 29 of 29. */
START_TEST(intervals_are_wilsons)
{
    static const struct {
        int64_t hits, n;
        double low, high;
    } known[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {29, 29, 0.8830, 1}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double low, high;
        tern_mine_interval((double)known[i].hits / (double)known[i].n, (double)known[i].n, &low, &high);
        ck_assert_double_eq_tol(low, known[i].low, 5e-5);
        ck_assert_double_eq_tol(high, known[i].high, 5e-5);
    }
}
END_TEST

/* Of ten queries with ten negatives each all or none are wrong: that is as good as ten draws. When they spread evenly
 * they are as good as a hundred. */
START_TEST(intervals_know_that_a_query_s_negatives_hang_together)
{
    tern_mine_rate together = {0}, evenly = {0}, none = {0};
    double low, high, known_low, known_high;
    for (int q = 0; q < 10; q++) {
        tern_mine_rate_add(&together, q < 5 ? 10 : 0, 10);
        tern_mine_rate_add(&evenly, q < 5 ? 6 : 4, 10);
        tern_mine_rate_add(&none, 0, 10);
    }
    tern_mine_rate_interval(&together, &low, &high);
    tern_mine_interval(0.5, 9, &known_low, &known_high); /* 10 queries, less the one that the mean takes */
    ck_assert_double_eq_tol(low, known_low, 1e-12);
    ck_assert_double_eq_tol(high, known_high, 1e-12);
    tern_mine_rate_interval(&evenly, &low, &high);
    tern_mine_interval(0.5, 100, &known_low, &known_high);
    ck_assert_double_eq_tol(low, known_low, 1e-12);
    tern_mine_rate_interval(&none, &low, &high);
    tern_mine_interval(0, 10, &known_low, &known_high);
    ck_assert_double_eq_tol(high, known_high, 1e-12);
}
END_TEST

/* With all of their positives but one withheld, queries get some of the others for negatives: how many is what the
 * estimate says, since it draws that one in the same way as a file that names it alone. */
START_TEST(judgements_estimate_the_false_negatives_of_a_miner_that_does_not_know_them)
{
    enum { QUERIES = 40 };
    world w, blind;
    tern_buffer all = {0}, one = {0}, corpus = {0};
    for (int q = 0; q < QUERIES; q++)
        for (int k = 0; k < 5; k++) {
            tern_buffer_printf(&all, "{\"anchor\": \"question %d\", \"positive\": \"answer %d %d\"}\n", q, q, k);
            tern_buffer_printf(&corpus, "{\"_id\": \"d%d-%d\", \"text\": \"answer %d %d\"}\n", q, k, q, k);
        }
    open_world(&w, all.data, corpus.data);
    tern_mine_job job = job_of(&w);
    job.filters.num_negatives = 20;
    job.filters.relative_margin = 0.05;
    tern_mined *mined = mine(&job);
    ck_assert_int_eq(mined->blind.queries, QUERIES);
    for (int q = 0; q < QUERIES; q++) {
        int64_t known = (int64_t)tern_random_below(5, job.filters.seed, (uint64_t)q, 0, 3);
        tern_buffer_printf(&one, "{\"anchor\": \"question %d\", \"positive\": \"%s\"}\n", q,
                           w.pool->docs[w.pool->positive[w.pool->positive_start[q] + known]]);
    }
    open_world(&blind, one.data, corpus.data);
    tern_mine_job without = job_of(&blind);
    without.filters = job.filters;
    tern_mined *naive = mine(&without);
    int64_t wrong = 0;
    for (int64_t q = 0; q < QUERIES; q++)
        for (int64_t i = naive->start[q]; i < naive->start[q + 1]; i++) {
            char *answer = tern_format("answer %lld ", (long long)q);
            wrong += strncmp(blind.pool->docs[naive->negative[i].doc], answer, strlen(answer)) == 0;
            free(answer);
        }
    ck_assert_int_gt(wrong, 0);
    ck_assert_int_eq(mined->blind.hits, wrong);
    ck_assert_int_eq(mined->blind.of, naive->start[QUERIES]);
    tern_mined_free(naive);
    tern_mined_free(mined);
    close_world(&w);
    close_world(&blind);
    tern_buffer_free(&all);
    tern_buffer_free(&one);
    tern_buffer_free(&corpus);
}
END_TEST

/* One of a query's two right documents says what the query does: it is no negative whatever is known. */
START_TEST(an_estimate_leaves_out_what_the_real_job_would)
{
    enum { QUERIES = 30 };
    world w;
    tern_buffer rows = {0};
    for (int q = 0; q < QUERIES; q++)
        tern_buffer_printf(&rows,
                           "{\"anchor\": \"question %d\", \"positive\": \"Question %d!\"}\n"
                           "{\"anchor\": \"question %d\", \"positive\": \"answer %d\"}\n",
                           q, q, q, q);
    open_world(&w, rows.data, NULL);
    tern_mine_job job = job_of(&w);
    job.filters.num_negatives = 2 * QUERIES;
    tern_mined *mined = mine(&job);
    int64_t wrong = 0;
    for (int q = 0; q < QUERIES; q++)
        wrong += tern_random_below(2, job.filters.seed, (uint64_t)q, 0, 3) == 0; /* the answer isn't known */
    ck_assert_int_gt(wrong, 0);
    ck_assert_int_eq(mined->blind.queries, QUERIES);
    ck_assert_int_eq(mined->blind.hits, wrong);
    tern_mined_free(mined);
    close_world(&w);
    tern_buffer_free(&rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mine audit");
    TCase *tc = tcase_create("mine audit");
    tcase_add_test(tc, an_audit_counts_every_candidate_and_shows_what_was_taken_and_left_out);
    tcase_add_test(tc, intervals_are_wilsons);
    tcase_add_test(tc, intervals_know_that_a_query_s_negatives_hang_together);
    tcase_add_test(tc, judgements_estimate_the_false_negatives_of_a_miner_that_does_not_know_them);
    tcase_add_test(tc, an_estimate_leaves_out_what_the_real_job_would);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
