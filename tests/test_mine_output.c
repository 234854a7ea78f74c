/* mining/output.c: each form of file is what its readers expect, and what tern reads of it is what was mined. */
#include "base/memory.h"
#include "data/rows.h"
#include "mining/output.h"
#include "recipes/keys.h"
#include "support.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

/* Query 0 has two positives and two negatives, query 1 one and one, query 2 one and none. */
typedef struct world {
    tern_texts *texts;
    tern_rows *rows;
    tern_mine_pool *pool;
    tern_mined mined;
    int64_t start[4], relabel_start[4], relabelled[1];
    tern_hit negative[3];
    int miner[3];
    float positive_score[4];
} world;

static tern_rows *rows_of(const char *text, tern_texts *texts)
{
    tern_error error = {{0}};
    const tern_rows_source source = {.file = "rows.jsonl", .bytes = text, .n_bytes = strlen(text)};
    tern_rows *rows = tern_rows_read(&source, texts, &error);
    ck_assert_msg(rows, "%s\n%s", error.message, text);
    return rows;
}

static void open_world(world *w)
{
    tern_error error = {{0}};
    *w = (world){.texts = tern_texts_create(),
                 .start = {0, 2, 3, 3},
                 .relabel_start = {0, 0, 0, 0},
                 .negative = {{2, 0.25f}, {3, 0.1f}, {0, NAN}},
                 .positive_score = {0.75f, 0.5f, 0.625f, 1}};
    w->rows =
        rows_of("{\"anchor\": \"q0\", \"positive\": \"zero\"}\n{\"anchor\": \"q0\", \"positive\": \"one\"}\n"
                "{\"anchor\": \"q1\", \"positive\": \"two\"}\n{\"anchor\": \"q2\", \"positive\": \"dr\\u00e9i\"}\n",
                w->texts);
    w->pool = tern_mine_pool_create(w->rows, NULL, &error);
    w->mined = (tern_mined){.n_queries = 3,
                            .start = w->start,
                            .negative = w->negative,
                            .miner = w->miner,
                            .positive_score = w->positive_score,
                            .relabel_start = w->relabel_start,
                            .relabelled = w->relabelled};
}

static void close_world(world *w)
{
    tern_mine_pool_free(w->pool);
    tern_rows_free(w->rows);
    tern_texts_free(w->texts);
}

/* The file of a form, a new string. */
static char *file_of(world *w, const char *form, int drop_short, tern_mine_written *written)
{
    char *text = NULL;
    size_t n = 0;
    const tern_mine_output *output = tern_mine_outputs();
    while (strcmp(output->name, form) != 0)
        output++;
    tern_mine_writer writer = {
        .pool = w->pool, .mined = &w->mined, .wanted = 2, .drop_short = drop_short, .f = open_memstream(&text, &n)};
    tern_mine_write(output, &writer);
    fclose(writer.f);
    if (written)
        *written = writer.written;
    return text;
}

static void expect(const char *form, int drop_short, const char *text)
{
    world w;
    open_world(&w);
    char *written = file_of(&w, form, drop_short, NULL);
    ck_assert_str_eq(written, text);
    free(written);
    close_world(&w);
}

START_TEST(tuples_have_as_many_negatives_as_there_are)
{
    expect("tuples", 0,
           "{\"anchor\":\"q0\",\"positive\":\"zero\",\"negative\":\"two\",\"negative_1\":\"dr\xC3\xA9i\"}\n"
           "{\"anchor\":\"q0\",\"positive\":\"one\",\"negative\":\"two\",\"negative_1\":\"dr\xC3\xA9i\"}\n"
           "{\"anchor\":\"q1\",\"positive\":\"two\",\"negative\":\"zero\"}\n"
           "{\"anchor\":\"q2\",\"positive\":\"dr\xC3\xA9i\"}\n");
    expect("tuples", 1,
           "{\"anchor\":\"q0\",\"positive\":\"zero\",\"negative\":\"two\",\"negative_1\":\"dr\xC3\xA9i\"}\n"
           "{\"anchor\":\"q0\",\"positive\":\"one\",\"negative\":\"two\",\"negative_1\":\"dr\xC3\xA9i\"}\n");
}
END_TEST

START_TEST(triplets_have_a_line_a_negative)
{
    expect("triplets", 0,
           "{\"anchor\":\"q0\",\"positive\":\"zero\",\"negative\":\"two\"}\n"
           "{\"anchor\":\"q0\",\"positive\":\"zero\",\"negative\":\"dr\xC3\xA9i\"}\n"
           "{\"anchor\":\"q0\",\"positive\":\"one\",\"negative\":\"two\"}\n"
           "{\"anchor\":\"q0\",\"positive\":\"one\",\"negative\":\"dr\xC3\xA9i\"}\n"
           "{\"anchor\":\"q1\",\"positive\":\"two\",\"negative\":\"zero\"}\n");
}
END_TEST

START_TEST(lists_have_scores_of_the_positive_and_each_negative)
{
    expect("lists", 1,
           "{\"anchor\":\"q0\",\"positive\":\"zero\",\"negative\":[\"two\",\"dr\xC3\xA9i\"],\"score\":[0.75,0.25,"
           "0.100000001]}\n"
           "{\"anchor\":\"q0\",\"positive\":\"one\",\"negative\":[\"two\",\"dr\xC3\xA9i\"],\"score\":[0.5,0.25,0."
           "100000001]}\n");
}
END_TEST

START_TEST(pairs_are_labelled_and_name_a_negative_once_a_query)
{
    expect("pairs", 0,
           "{\"anchor\":\"q0\",\"positive\":\"zero\",\"label\":1}\n{\"anchor\":\"q0\",\"positive\":\"one\",\"label\":"
           "1}\n"
           "{\"anchor\":\"q0\",\"positive\":\"two\",\"label\":0}\n"
           "{\"anchor\":\"q0\",\"positive\":\"dr\xC3\xA9i\",\"label\":0}\n"
           "{\"anchor\":\"q1\",\"positive\":\"two\",\"label\":1}\n{\"anchor\":\"q1\",\"positive\":\"zero\",\"label\":"
           "0}\n"
           "{\"anchor\":\"q2\",\"positive\":\"dr\xC3\xA9i\",\"label\":1}\n");
}
END_TEST

START_TEST(flag_has_a_line_a_query)
{
    expect("flag", 0,
           "{\"query\":\"q0\",\"pos\":[\"zero\",\"one\"],\"neg\":[\"two\",\"dr\xC3\xA9i\"],\"pos_scores\":[0.75,0.5],"
           "\"neg_scores\":[0.25,0.100000001]}\n"
           "{\"query\":\"q1\",\"pos\":[\"two\"],\"neg\":[\"zero\"],\"pos_scores\":[0.625],\"neg_scores\":[null]}\n"
           "{\"query\":\"q2\",\"pos\":[\"dr\xC3\xA9i\"],\"neg\":[],\"pos_scores\":[1.0],\"neg_scores\":[]}\n");
}
END_TEST

START_TEST(rows_that_are_left_out_are_counted)
{
    world w;
    tern_mine_written written;
    open_world(&w);
    free(file_of(&w, "tuples", 1, &written));
    ck_assert_int_eq(written.lines, 2);
    ck_assert_int_eq(written.rows, 2);
    ck_assert_int_eq(written.dropped, 2);
    free(file_of(&w, "triplets", 0, &written));
    ck_assert_int_eq(written.lines, 5);
    ck_assert_int_eq(written.rows, 3);
    ck_assert_int_eq(written.dropped, 1);
    close_world(&w);
}
END_TEST

START_TEST(what_was_relabelled_is_a_positive)
{
    world w;
    open_world(&w);
    w.relabel_start[2] = w.relabel_start[3] = 1;
    w.relabelled[0] = 3;
    char *text = file_of(&w, "tuples", 0, NULL);
    ck_assert_ptr_nonnull(strstr(text, "{\"anchor\":\"q1\",\"positive\":\"dr\xC3\xA9i\",\"negative\":\"zero\"}\n"));
    free(text);
    close_world(&w);
}
END_TEST

START_TEST(tern_reads_rows_that_have_all_their_negatives)
{
    world w;
    open_world(&w);
    static const char *const forms[] = {"tuples", "triplets", "pairs"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char *text = file_of(&w, forms[i], 1, NULL);
        tern_texts *texts = tern_texts_create();
        tern_rows *rows = rows_of(text, texts);
        ck_assert_int_eq(rows->n, i == 0 ? 2 : 4);
        ck_assert_int_eq(rows->n_negatives, i == 2 ? 0 : i == 0 ? 2 : 1);
        ck_assert_int_eq(rows->has_score, i == 2);
        tern_rows_free(rows);
        tern_texts_free(texts);
        free(text);
    }
    close_world(&w);
}
END_TEST

/* A recipe's mine.output is a place in the table. */
START_TEST(recipes_name_the_forms_in_the_order_of_the_table)
{
    const char *choices = tern_key_get(tern_key_find("mine.output"))->choices;
    for (const tern_mine_output *o = tern_mine_outputs(); o->name; o++) {
        size_t n = strcspn(choices, "|");
        ck_assert_uint_eq(strlen(o->name), n);
        ck_assert_mem_eq(choices, o->name, n);
        choices += n + (choices[n] == '|');
    }
    ck_assert_str_eq(choices, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mine output");
    TCase *tc = tcase_create("mine output");
    tcase_add_test(tc, tuples_have_as_many_negatives_as_there_are);
    tcase_add_test(tc, triplets_have_a_line_a_negative);
    tcase_add_test(tc, lists_have_scores_of_the_positive_and_each_negative);
    tcase_add_test(tc, pairs_are_labelled_and_name_a_negative_once_a_query);
    tcase_add_test(tc, flag_has_a_line_a_query);
    tcase_add_test(tc, rows_that_are_left_out_are_counted);
    tcase_add_test(tc, what_was_relabelled_is_a_positive);
    tcase_add_test(tc, tern_reads_rows_that_have_all_their_negatives);
    tcase_add_test(tc, recipes_name_the_forms_in_the_order_of_the_table);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
