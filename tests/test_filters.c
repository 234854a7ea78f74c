/* mining/filters.c: what sentence-transformers takes, each filter by itself on scores drawn at random, and chance. */
#include "base/hash.h"
#include "base/memory.h"
#include "mining/filters.h"
#include "support.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { MOST = 64 };

static int best_first(const void *a, const void *b)
{
    const tern_hit *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->doc > y->doc) - (x->doc < y->doc);
}

/* The value of an option by its name. */
static double *option_of(tern_mine_options *options, const char *name)
{
    return strcmp(name, "max_score") == 0         ? &options->max_score
           : strcmp(name, "min_score") == 0       ? &options->min_score
           : strcmp(name, "absolute_margin") == 0 ? &options->absolute_margin
           : strcmp(name, "relative_margin") == 0 ? &options->relative_margin
                                                  : NULL;
}

static tern_mine_options options_of(json_t *given)
{
    tern_mine_options options = tern_mine_defaults();
    const char *name;
    json_t *value;
    json_object_foreach(given, name, value)
    {
        double *number = option_of(&options, name);
        if (number)
            *number = json_number_value(value);
        else if (strcmp(name, "range_min") == 0)
            options.range_min = json_integer_value(value);
        else
            options.range_max = json_integer_value(value);
    }
    return options;
}

static void check_case(json_t *golden, json_t *one)
{
    tern_mine_options options = options_of(json_object_get(one, "options"));
    options.num_negatives = json_integer_value(json_object_get(golden, "num_negatives"));
    size_t q;
    json_t *row;
    json_array_foreach(json_object_get(golden, "scores"), q, row)
    {
        json_t *right = json_array_get(json_object_get(golden, "positives"), q);
        json_t *want = json_array_get(json_object_get(one, "negatives"), q);
        tern_hit hits[MOST];
        int64_t n = (int64_t)json_array_size(row), positives[2], picks[MOST];
        tern_fate fates[MOST];
        for (int64_t i = 0; i < n; i++)
            hits[i] = (tern_hit){i, (float)json_number_value(json_array_get(row, (size_t)i))};
        for (size_t i = 0; i < 2; i++)
            positives[i] = json_integer_value(json_array_get(right, i));
        float lowest = fminf(hits[positives[0]].score, hits[positives[1]].score);
        qsort(hits, (size_t)n, sizeof *hits, best_first);
        const tern_mine_query query = {
            .hits = hits, .n_hits = n, .positives = positives, .n_positives = 2, .positive_score = lowest, .key = q};
        int64_t taken = tern_mine_pick(&options, &query, fates, picks);
        char *shown = json_dumps(json_object_get(one, "options"), 0);
        ck_assert_msg(taken == (int64_t)json_array_size(want), "%s, query %zu: %lld, not %zu", shown, q,
                      (long long)taken, json_array_size(want));
        for (int64_t i = 0; i < taken; i++)
            ck_assert_msg(hits[picks[i]].doc == json_integer_value(json_array_get(want, (size_t)i)),
                          "%s, query %zu, negative %lld", shown, q, (long long)i);
        free(shown);
    }
}

START_TEST(negatives_are_those_of_sentence_transformers)
{
    json_t *golden = json_load_file("tests/goldens/mining.json", 0, NULL), *one;
    size_t i;
    ck_assert_ptr_nonnull(golden);
    json_array_foreach(json_object_get(golden, "cases"), i, one) check_case(golden, one);
    ck_assert_int_eq(i, 53);
    json_decref(golden);
}
END_TEST

/* 40 candidates with scores from -1 to 1 in steps of an eighth, so that equal ones and exact borders are common. */
static tern_mine_query random_query(uint64_t seed, tern_hit *hits, int64_t *positives)
{
    enum { N = 40 };
    for (int64_t i = 0; i < N; i++)
        hits[i] = (tern_hit){i, (float)((double)tern_random_below(17, seed, 1, (uint64_t)i, 0) / 8 - 1)};
    qsort(hits, N, sizeof *hits, best_first);
    for (int64_t p = 0; p < 3; p++)
        positives[p] = 10 * p + (int64_t)tern_random_below(10, seed, 2, (uint64_t)p, 0);
    return (tern_mine_query){.hits = hits,
                             .n_hits = N,
                             .positives = positives,
                             .n_positives = 3,
                             .positive_score = (float)((double)tern_random_below(17, seed, 3, 0, 0) / 8 - 1),
                             .key = seed};
}

/* What the filter's name says, in doubles: exact for such scores. */
static int stays(const char *name, double value, double score, double positive, int64_t rank)
{
    if (strcmp(name, "range_min") == 0)
        return (double)rank >= value;
    if (strcmp(name, "range_max") == 0)
        return (double)rank < value;
    if (strcmp(name, "max_score") == 0)
        return score <= value;
    if (strcmp(name, "min_score") == 0)
        return score >= value;
    if (strcmp(name, "absolute_margin") == 0)
        return score <= positive - value;
    return score <= positive - fabs(positive) * value;
}

static void check_filter(const char *name, uint64_t seed)
{
    tern_hit hits[MOST];
    int64_t positives[3], picks[MOST], rank = 0;
    tern_fate fates[MOST];
    tern_mine_query query = random_query(seed, hits, positives);
    tern_mine_options options = tern_mine_defaults();
    options.num_negatives = MOST;
    double value, *number = option_of(&options, name);
    if (number) {
        value = *number = (double)tern_random_below(9, seed, 4, 0, 0) / 8 - 0.25;
    } else {
        int64_t bound = (int64_t)tern_random_below(30, seed, 5, 0, 0);
        *(strcmp(name, "range_min") == 0 ? &options.range_min : &options.range_max) = bound;
        value = (double)bound;
    }
    int64_t taken = tern_mine_pick(&options, &query, fates, picks), kept = 0;
    for (int64_t i = 0; i < query.n_hits; i++) {
        int64_t doc = hits[i].doc;
        int right = doc == positives[0] || doc == positives[1] || doc == positives[2];
        int want = !right && stays(name, value, (double)hits[i].score, (double)query.positive_score, rank);
        ck_assert_msg(want == (fates[i] == TERN_FATE_PICKED), "%s %g, seed %llu, place %lld", name, value,
                      (unsigned long long)seed, (long long)i);
        if (want)
            ck_assert_int_eq(picks[kept++], i);
        rank += !right;
    }
    ck_assert_int_eq(taken, kept);
}

START_TEST(each_filter_leaves_out_what_its_name_says)
{
    int n = 0;
    for (const tern_filter *f = tern_filters(); f->name; f++) {
        if (f->fate == TERN_FATE_POSITIVE || f->fate == TERN_FATE_EQUAL)
            continue;
        n++;
        for (uint64_t seed = 0; seed < 300; seed++)
            check_filter(f->name, seed);
    }
    ck_assert_int_eq(n, 6);
}
END_TEST

START_TEST(the_first_filter_that_drops_a_candidate_is_its_fate)
{
    const tern_hit hits[] = {{7, 0.9f}, {1, 0.8f}, {2, 0.7f}, {3, 0.6f}, {4, 0.5f}, {5, 0.4f}, {6, 0.3f}};
    const int64_t positives[] = {7};
    tern_mine_query query = {
        .hits = hits, .n_hits = 7, .positives = positives, .n_positives = 1, .positive_score = 0.75f, .key = 0};
    tern_mine_options options = tern_mine_defaults();
    options.range_min = 1;
    options.range_max = 5;
    options.absolute_margin = 0;
    options.min_score = 0.45;
    options.num_negatives = 1;
    tern_fate fates[7];
    int64_t picks[1];
    ck_assert_int_eq(tern_mine_pick(&options, &query, fates, picks), 1);
    static const tern_fate want[] = {TERN_FATE_POSITIVE, TERN_FATE_RANGE_MIN, TERN_FATE_PICKED,   TERN_FATE_LEFT,
                                     TERN_FATE_LEFT,     TERN_FATE_MIN_SCORE, TERN_FATE_RANGE_MAX};
    for (int i = 0; i < 7; i++)
        ck_assert_int_eq(fates[i], want[i]);
    ck_assert_int_eq(picks[0], 2);
}
END_TEST

/* What says the same as a positive takes no rank, as the positive doesn't. */
START_TEST(equals_of_positives_are_out_before_ranks_are_counted)
{
    const tern_hit hits[] = {{7, 0.9f}, {1, 0.8f}, {2, 0.7f}, {3, 0.6f}};
    const int64_t positives[] = {7}, equals[] = {1, 9};
    tern_mine_query query = {.hits = hits, .n_hits = 4, .positives = positives, .n_positives = 1, .positive_score = 1};
    query.equals = equals;
    query.n_equals = 2;
    tern_mine_options options = tern_mine_defaults();
    options.range_min = 1;
    options.range_max = 2;
    tern_fate fates[4];
    int64_t picks[3];
    ck_assert_int_eq(tern_mine_pick(&options, &query, fates, picks), 1);
    static const tern_fate want[] = {TERN_FATE_POSITIVE, TERN_FATE_EQUAL, TERN_FATE_RANGE_MIN, TERN_FATE_PICKED};
    ck_assert_mem_eq(fates, want, sizeof want);
}
END_TEST

START_TEST(every_fate_has_a_name_and_an_explanation)
{
    for (int fate = 0; fate < TERN_FATES; fate++) {
        ck_assert_ptr_nonnull(tern_fate_name((tern_fate)fate));
        ck_assert_ptr_nonnull(tern_fate_help((tern_fate)fate));
    }
}
END_TEST

/* Four of twelve: each is taken in a third of the draws, within five standard deviations. */
START_TEST(chance_takes_each_candidate_as_often)
{
    enum { N = 12, TAKEN = 4, DRAWS = 3000 };
    tern_hit hits[N];
    int64_t picks[TAKEN], times[N] = {0};
    tern_fate fates[N];
    for (int64_t i = 0; i < N; i++)
        hits[i] = (tern_hit){100 + i, (float)-i};
    tern_mine_options options = tern_mine_defaults();
    options.num_negatives = TAKEN;
    options.random = 1;
    for (uint64_t q = 0; q < DRAWS; q++) {
        const tern_mine_query query = {.hits = hits, .n_hits = N, .positive_score = 1, .key = q};
        ck_assert_int_eq(tern_mine_pick(&options, &query, fates, picks), TAKEN);
        for (int i = 0; i < TAKEN; i++) {
            times[picks[i]]++;
            ck_assert(i == 0 || picks[i] > picks[i - 1]);
        }
    }
    double deviation = sqrt(DRAWS * (1.0 / 3) * (2.0 / 3));
    for (int i = 0; i < N; i++)
        ck_assert_double_le(fabs((double)times[i] - DRAWS / 3.0), 5 * deviation);
}
END_TEST

START_TEST(chance_goes_by_the_seed_and_the_document_alone)
{
    tern_hit hits[] = {{1, 4}, {2, 3}, {3, 2}, {4, 1}, {5, 0}};
    tern_mine_options options = tern_mine_defaults();
    options.num_negatives = 2;
    options.random = 1;
    tern_fate fates[5];
    int64_t first[2], again[2], other[2];
    const tern_mine_query query = {.hits = hits, .n_hits = 5, .positive_score = 9, .key = 3};
    tern_mine_pick(&options, &query, fates, first);
    tern_mine_pick(&options, &query, fates, again);
    ck_assert_mem_eq(first, again, sizeof first);
    int differ = 0;
    for (options.seed = 1; options.seed < 20; options.seed++) {
        tern_mine_pick(&options, &query, fates, other);
        differ += memcmp(first, other, sizeof first) != 0;
    }
    ck_assert_int_gt(differ, 5);
    /* One that wasn't taken goes: the others' lots stay. */
    options.seed = 0;
    int64_t gone = 0;
    while (gone == first[0] || gone == first[1])
        gone++;
    int64_t docs[] = {hits[first[0]].doc, hits[first[1]].doc};
    memmove(hits + gone, hits + gone + 1, (size_t)(4 - gone) * sizeof *hits);
    const tern_mine_query fewer = {.hits = hits, .n_hits = 4, .positive_score = 9, .key = 3};
    tern_mine_pick(&options, &fewer, fates, other);
    ck_assert_int_eq(hits[other[0]].doc, docs[0]);
    ck_assert_int_eq(hits[other[1]].doc, docs[1]);
}
END_TEST

START_TEST(fewer_candidates_than_are_wanted)
{
    tern_hit hits[] = {{1, 4}, {2, 3}};
    tern_fate fates[2];
    int64_t picks[3];
    tern_mine_options options = tern_mine_defaults();
    options.random = 1;
    const tern_mine_query none = {.hits = hits, .positive_score = 9, .key = 3},
                          two = {.hits = hits, .n_hits = 2, .positive_score = 9, .key = 3};
    ck_assert_int_eq(tern_mine_pick(&options, &none, fates, picks), 0);
    ck_assert_int_eq(tern_mine_pick(&options, &two, fates, picks), 2);
    ck_assert_int_eq(picks[0], 0);
    ck_assert_int_eq(picks[1], 1);
    options.num_negatives = 0;
    ck_assert_int_eq(tern_mine_pick(&options, &two, fates, picks), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("filters");
    TCase *tc = tcase_create("filters");
    tcase_add_test(tc, negatives_are_those_of_sentence_transformers);
    tcase_add_test(tc, each_filter_leaves_out_what_its_name_says);
    tcase_add_test(tc, the_first_filter_that_drops_a_candidate_is_its_fate);
    tcase_add_test(tc, equals_of_positives_are_out_before_ranks_are_counted);
    tcase_add_test(tc, every_fate_has_a_name_and_an_explanation);
    tcase_add_test(tc, chance_takes_each_candidate_as_often);
    tcase_add_test(tc, chance_goes_by_the_seed_and_the_document_alone);
    tcase_add_test(tc, fewer_candidates_than_are_wanted);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
