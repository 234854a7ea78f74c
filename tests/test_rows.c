#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/rows.h"
#include "tests/support.h"

#include <string.h>

static tern_error error;
static tern_texts *texts;

static void setup(void)
{
    texts = tern_texts_create();
}

static void teardown(void)
{
    tern_texts_free(texts);
}

static const char *put(const char *name, const char *text)
{
    const char *path = tern_test_path(name);
    tern_test_put_file(path, text, strlen(text));
    return path;
}

static tern_rows *read_as(const char *name, const char *text, tern_rows_source source)
{
    error = (tern_error){{0}};
    source.file = put(name, text);
    return tern_rows_read(&source, texts, &error);
}

static tern_rows *expect_rows(const char *name, const char *text, tern_rows_source source)
{
    tern_rows *rows = read_as(name, text, source);
    ck_assert_msg(rows != NULL, "%s", error.message);
    return rows;
}

static void expect_failure(const char *name, const char *text, tern_rows_source source, const char *words)
{
    ck_assert_ptr_null(read_as(name, text, source));
    ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message, words);
}

static const char *text_of(int64_t id)
{
    return tern_texts_get(texts, id, NULL);
}

START_TEST(columns_named_as_roles_are_found)
{
    tern_rows *rows =
        expect_rows("x.csv", "id,anchor,positive,negative_2,negative_1,score\n1,a,p,m,n,0.5\n2,b,p,o,n,-1e0\n",
                    (tern_rows_source){0});
    ck_assert_int_eq(rows->n, 2);
    ck_assert_int_eq(rows->n_negatives, 2);
    ck_assert(rows->has_positive && rows->has_score && !rows->has_label);
    ck_assert_str_eq(text_of(rows->anchor[1]), "b");
    ck_assert_int_eq(rows->positive[0], rows->positive[1]);
    ck_assert_str_eq(text_of(rows->negative[0]), "n");
    ck_assert_str_eq(text_of(rows->negative[1]), "m");
    ck_assert_str_eq(text_of(rows->negative[3]), "o");
    ck_assert_double_eq(rows->score[1], -1.0);
    ck_assert_ptr_null(rows->group_start);
    tern_rows_free(rows);
}
END_TEST

/* A name that is no role's in CSV is none in JSONL either, in the first row or in a later one. */
START_TEST(numbers_that_are_not_tried_make_no_role)
{
    tern_rows *rows = expect_rows("x.csv",
                                  "anchor,negative_1,negative1,negative_02,negative_999,score_00\na,b,c,d,e,x\n"
                                  "f,g,h,i,j,y\n",
                                  (tern_rows_source){0});
    ck_assert_int_eq(rows->n_negatives, 1);
    ck_assert_int_eq(rows->n_scores, 0);
    tern_rows_free(rows);
    rows = expect_rows("x.jsonl",
                       "{\"anchor\": \"a\", \"negative_1\": \"b\", \"negative1\": \"c\", \"negative_02\": \"d\"}\n"
                       "{\"anchor\": \"f\", \"negative_1\": \"g\", \"negative_999\": \"j\", \"score_00\": \"y\"}\n",
                       (tern_rows_source){0});
    ck_assert_int_eq(rows->n_negatives, 1);
    ck_assert_int_eq(rows->n_scores, 0);
    tern_rows_free(rows);
}
END_TEST

START_TEST(columns_of_other_names_are_mapped)
{
    tern_rows *rows = expect_rows("x.jsonl", "{\"q\": \"a\", \"yes\": \"p\", \"no\": \"n\", \"anchor\": 3}\n",
                                  (tern_rows_source){.anchor = "q", .positive = "yes", .negative = "no"});
    ck_assert_str_eq(text_of(rows->anchor[0]), "a");
    ck_assert_str_eq(text_of(rows->positive[0]), "p");
    ck_assert_int_eq(rows->n_negatives, 1);
    tern_rows_free(rows);
}
END_TEST

START_TEST(labels_are_numbered_and_numeric_ones_are_scores_too)
{
    tern_rows *rows = expect_rows("x.tsv", "anchor\tlabel\na\tcat\nb\tdog\nc\tcat\n", (tern_rows_source){0});
    ck_assert_int_eq(rows->label[0], 0);
    ck_assert_int_eq(rows->label[1], 1);
    ck_assert_int_eq(rows->label[2], 0);
    ck_assert(!rows->has_score && !rows->score);
    tern_rows_free(rows);
    rows = expect_rows("x.jsonl", "{\"anchor\": \"a\", \"label\": 3}\n{\"anchor\": \"b\", \"label\": 0.25}\n",
                       (tern_rows_source){0});
    ck_assert_int_eq(rows->label[1], 1);
    ck_assert(rows->has_score);
    ck_assert_double_eq(rows->score[0], 3);
    ck_assert_double_eq(rows->score[1], 0.25);
    tern_rows_free(rows);
}
END_TEST

START_TEST(true_and_false_are_labels_and_scores)
{
    tern_rows *rows =
        expect_rows("x.jsonl", "{\"anchor\": \"a\", \"label\": false}\n{\"anchor\": \"b\", \"label\": true}\n",
                    (tern_rows_source){0});
    ck_assert_int_eq(rows->n_labels, 2);
    ck_assert_int_eq(rows->n_scores, 1);
    ck_assert_double_eq(rows->score[0], 0);
    ck_assert_double_eq(rows->score[1], 1);
    tern_rows_free(rows);
}
END_TEST

START_TEST(labels_that_are_not_all_numbers_are_no_scores)
{
    tern_rows *rows = expect_rows("x.csv", "anchor,label\na,1\nb,2\nc,cat\nd,3\n", (tern_rows_source){0});
    ck_assert_int_eq(rows->n_labels, 4);
    ck_assert(!rows->has_score && !rows->score && rows->n_scores == 0);
    tern_rows_free(rows);
    rows = expect_rows("x.csv", "anchor,label,score\na,1,7\nb,2,8\n", (tern_rows_source){0});
    ck_assert_int_eq(rows->n_labels, 2);
    ck_assert_int_eq(rows->n_scores, 1);
    ck_assert_double_eq(rows->score[1], 8);
    tern_rows_free(rows);
}
END_TEST

START_TEST(a_row_may_have_several_scores)
{
    const double expected[] = {0.5, 2, 1, 0.25, 4, 3};
    tern_rows *rows =
        expect_rows("x.csv", "anchor,score_1,score,score_0\na,1,0.5,2\nb,3,0.25,4\n", (tern_rows_source){0});
    ck_assert_int_eq(rows->n_scores, 3);
    ck_assert_mem_eq(rows->score, expected, sizeof expected);
    tern_rows_free(rows);
    rows = expect_rows(
        "x.jsonl", "{\"anchor\": \"a\", \"margins\": [0.5, 2, 1]}\n{\"anchor\": \"b\", \"margins\": [0.25, 4, 3]}\n",
        (tern_rows_source){.score = "margins"});
    ck_assert_int_eq(rows->n_scores, 3);
    ck_assert_mem_eq(rows->score, expected, sizeof expected);
    tern_rows_free(rows);
    rows = expect_rows("x.tsv", "anchor\tsim_0\tsim_1\na\t1\t2\n", (tern_rows_source){.score = "sim"});
    ck_assert_int_eq(rows->n_scores, 2);
    tern_rows_free(rows);
}
END_TEST

START_TEST(several_scores_stay_with_their_row_when_rows_are_grouped)
{
    const double expected[] = {1, 2, 5, 6, 3, 4};
    tern_rows *rows = expect_rows("x.csv", "anchor,positive,score_0,score_1\na,1,1,2\nb,2,3,4\na,3,5,6\n",
                                  (tern_rows_source){.positives_per_query = 1});
    ck_assert_mem_eq(rows->score, expected, sizeof expected);
    tern_rows_free(rows);
}
END_TEST

START_TEST(scores_are_scaled_from_their_range_to_one)
{
    tern_rows_source stars = {.score_least = 0, .score_most = 5}, distance = {.score_least = 2, .score_most = -2};
    tern_rows *rows = expect_rows("x.csv", "anchor,score\na,0\nb,5\nc,2.5\n", stars);
    ck_assert_double_eq(rows->score[0], 0);
    ck_assert_double_eq(rows->score[1], 1);
    ck_assert_double_eq(rows->score[2], 0.5);
    tern_rows_free(rows);
    rows = expect_rows("x.jsonl", "{\"anchor\": \"a\", \"score\": [2, -2, 1]}\n", distance);
    ck_assert_double_eq(rows->score[0], 0);
    ck_assert_double_eq(rows->score[1], 1);
    ck_assert_double_eq(rows->score[2], 0.25);
    tern_rows_free(rows);
    rows = expect_rows("x.csv", "anchor,label\na,-1\nb,1\n", (tern_rows_source){.score_least = -1, .score_most = 1});
    ck_assert_double_eq(rows->score[0], 0);
    ck_assert_double_eq(rows->score[1], 1);
    tern_rows_free(rows);
    rows =
        expect_rows("x.csv", "anchor,score\na,0\n", (tern_rows_source){.score_least = -1.5e308, .score_most = 1.5e308});
    ck_assert_double_eq(rows->score[0], 0.5);
    tern_rows_free(rows);
    expect_failure("x.csv", "anchor,score\na,5\nb,5.5\n", stars,
                   "x.csv:3: \"score\" is 5.5, which isn't between 0 and 5");
    expect_failure("x.csv", "anchor,score\na,-3\n", distance, "x.csv:2: \"score\" is -3");
    expect_failure("x.csv", "anchor,label\na,6\n", stars, "x.csv:2: \"label\" is 6");
    expect_failure("x.csv", "anchor,label\na,cat\n", stars,
                   "x.csv: scores from 0 to 5 are expected, and it has none; name their column as score");
}
END_TEST

START_TEST(what_is_wrong_with_scores_is_said_with_its_line)
{
    tern_rows_source plain = {0};
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"score\": []}\n", plain,
                   "x.jsonl:1: \"score\" holds 0 numbers where 1 to 65 are expected");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"score\": [1, \"2\"]}\n", plain,
                   "x.jsonl:1: \"score\" holds a string where a number is expected");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"score\": [1, 2]}\n{\"anchor\": \"a\", \"score\": [1]}\n", plain,
                   "x.jsonl:2: \"score\" holds 1 number, and 2 in the first row");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"score\": [1]}\n{\"anchor\": \"a\", \"score\": 1}\n", plain,
                   "x.jsonl:2: \"score\" is a number where a list of numbers is expected, as in the first row");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"score\": 1}\n{\"anchor\": \"a\", \"score\": [1]}\n", plain,
                   "x.jsonl:2: \"score\" is an array where a number is expected");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"score\": [1]}\n{\"anchor\": \"a\"}\n", plain,
                   "x.jsonl:2: \"score\" is nothing where a list");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"score\": [1], \"score_0\": 1}\n", plain,
                   "x.jsonl:1: \"score\" is an array where a number is expected");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"score\": 1}\n{\"anchor\": \"a\", \"score\": 1, \"score_0\": 1}\n",
                   plain, "x.jsonl:2: the row has \"score_0\", which the first row lacks");
    expect_failure("x.csv", "anchor,sim\na,1\n", (tern_rows_source){.score = "smi"},
                   "x.csv:1: there is no column \"smi\"; did you mean \"sim\"?");
    tern_buffer header = {0}, row = {0};
    tern_buffer_printf(&header, "anchor");
    tern_buffer_printf(&row, "a");
    for (int i = 0; i < 66; i++) {
        tern_buffer_printf(&header, ",score_%d", i);
        tern_buffer_printf(&row, ",%d", i);
    }
    char *text = tern_format("%s\n%s\n", header.data, row.data);
    expect_failure("x.csv", text, plain, "x.csv:2: more than 65 scores a row");
    free(text);
    tern_buffer_free(&header);
    tern_buffer_free(&row);
}
END_TEST

START_TEST(a_file_is_grouped_by_anchor_when_positives_are_drawn)
{
    tern_rows *rows =
        expect_rows("x.csv", "anchor,positive,negative,score\na,1,n1,1\nb,2,n2,2\na,3,n3,3\nb,4,n4,4\na,5,n5,5\n",
                    (tern_rows_source){.positives_per_query = 1});
    ck_assert_int_eq(rows->n_groups, 2);
    ck_assert_int_eq(rows->group_start[1], 3);
    ck_assert_int_eq(rows->group_start[2], 5);
    const char *positives[] = {"1", "3", "5", "2", "4"}, *negatives[] = {"n1", "n3", "n5", "n2", "n4"};
    for (int i = 0; i < 5; i++) {
        ck_assert_str_eq(text_of(rows->positive[i]), positives[i]);
        ck_assert_str_eq(text_of(rows->negative[i]), negatives[i]);
        ck_assert_double_eq(rows->score[i], atof(positives[i]));
    }
    tern_rows_free(rows);
}
END_TEST

START_TEST(every_positive_of_an_anchor_is_relevant_to_it)
{
    tern_rows *rows = expect_rows("x.csv", "anchor,positive\na,1\nb,2\na,3\na,1\n", (tern_rows_source){0});
    int64_t a = tern_texts_find(texts, "a", 1), b = tern_texts_find(texts, "b", 1);
    ck_assert(tern_rows_is_relevant(rows, a, tern_texts_find(texts, "1", 1)));
    ck_assert(tern_rows_is_relevant(rows, a, tern_texts_find(texts, "3", 1)));
    ck_assert(!tern_rows_is_relevant(rows, a, tern_texts_find(texts, "2", 1)));
    ck_assert(tern_rows_is_relevant(rows, b, tern_texts_find(texts, "2", 1)));
    ck_assert(!tern_rows_is_relevant(rows, tern_texts_find(texts, "3", 1), a));
    ck_assert_int_eq(rows->relevant_start[rows->n_anchors_known], 3);
    tern_rows_free(rows);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
    tern_rows_source plain = {0};
    expect_failure(
        "x.csv", "question,answer\na,b\n", plain,
        "x.csv:1: there is no column \"anchor\"; of its columns (question, answer), say which one is the anchor");
    expect_failure("x.csv", "question,answer\na,b\n", (tern_rows_source){.anchor = "questoin"},
                   "x.csv:1: there is no column \"questoin\"; did you mean \"question\"?");
    expect_failure("x.csv", "anchor,answer\na,b\n", (tern_rows_source){.negative = "hard"}, "no column \"hard\"");
    expect_failure("x.csv", "anchor,positive\n", plain, "x.csv: it holds no rows");
    expect_failure("x.jsonl", "", plain, "x.jsonl: it holds no rows");
    expect_failure("x.csv", "anchor,positive\na,\n", plain, "x.csv:2: \"positive\" is empty");
    expect_failure("x.csv", "anchor,score\na,high\n", plain,
                   "x.csv:2: \"score\" is \"high\" where a number is expected");
    expect_failure("x.csv", "anchor,score\na,nan\n", plain, "x.csv:2: \"score\" is \"nan\"");
    expect_failure("x.csv", "anchor,score\na,1e999\n", plain, "x.csv:2: \"score\" is \"1e999\"");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"score\": \"1\"}\n", plain,
                   "x.jsonl:1: \"score\" is a string where");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"positive\": \"p\"}\n{\"anchor\": \"a\"}\n", plain,
                   "x.jsonl:2: the row has no \"positive\"");
    expect_failure("x.jsonl", "{\"anchor\": \"a\"}\n{\"anchor\": \"a\", \"positive\": \"p\"}\n", plain,
                   "x.jsonl:2: the row has \"positive\", which the first row lacks");
    expect_failure("x.jsonl",
                   "{\"anchor\": \"a\", \"negative_1\": \"n\"}\n"
                   "{\"anchor\": \"a\", \"negative_1\": \"n\", \"negative_2\": \"n\"}\n",
                   plain, "x.jsonl:2: the row has \"negative_2\"");
    expect_failure("x.jsonl", "{\"anchor\": [\"a\"]}\n", plain, "x.jsonl:1: \"anchor\" is an array where a string");
    expect_failure("x.jsonl", "{\"anchor\": \"a\\u0000b\"}\n", plain, "x.jsonl:1: \"anchor\" holds a NUL character");
    expect_failure("x.jsonl", "{\"anchor\": \"a\", \"label\": \"x\\u0000y\"}\n", plain,
                   "x.jsonl:1: \"label\" holds a NUL character");
    expect_failure("x.doc", "anchor\na\n", plain, "x.doc: its form can't be told from its name");
    error = (tern_error){{0}};
    ck_assert_ptr_null(tern_rows_read(&(tern_rows_source){.file = tern_test_folder()}, texts, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "it is a folder"));
}
END_TEST

static void put_beir(void)
{
    tern_make_folder(tern_test_path("beir/qrels"), &error);
    put("beir/corpus.jsonl", "{\"_id\": \"d1\", \"text\": \"one\"}\n{\"_id\": \"d2\", \"text\": \"two\"}\n"
                             "{\"_id\": \"d3\", \"text\": \"three\"}\n{\"_id\": \"d4\", \"text\": \"four\"}\n");
    put("beir/queries.jsonl", "{\"_id\": \"q1\", \"text\": \"first\"}\n{\"_id\": \"q2\", \"text\": \"second\"}\n"
                              "{\"_id\": \"q3\", \"text\": \"first\"}\n{\"_id\": \"q4\", \"text\": \"weak\"}\n");
    put("beir/qrels/train.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t1\nq1\td4\t0\nq2\td3\t2\nq2\td2\t-1\n"
                                "q3\td3\t2\nq4\td1\t1\nq2\tghost\t2\nq9\td1\t2\n");
}

static tern_rows *read_beir(int min_grade)
{
    put_beir();
    error = (tern_error){{0}};
    tern_rows *rows = tern_rows_read(
        &(tern_rows_source){.beir = tern_test_path("beir"), .min_grade = min_grade, .positives_per_query = 1}, texts,
        &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    return rows;
}

START_TEST(judgements_above_zero_are_rows_grouped_by_the_querys_text)
{
    tern_rows *rows = read_beir(0);
    ck_assert_int_eq(rows->n, 5);
    ck_assert_int_eq(rows->n_groups, 3);
    ck_assert_int_eq(rows->group_start[1], 3);
    ck_assert_int_eq(rows->group_start[2], 4);
    const char *positives[] = {"one", "two", "three", "three", "one"};
    for (int i = 0; i < 5; i++)
        ck_assert_str_eq(text_of(rows->positive[i]), positives[i]);
    ck_assert_str_eq(text_of(rows->anchor[2]), "first");
    ck_assert_int_eq(rows->coverage.judgements_missing, 2);
    tern_rows_free(rows);
}
END_TEST

START_TEST(judgements_of_queries_or_documents_without_text_are_no_rows_and_counted)
{
    put_beir();
    put("beir/corpus.jsonl", "{\"_id\": \"d1\", \"text\": \" \"}\n{\"_id\": \"d2\", \"text\": \"two\"}\n"
                             "{\"_id\": \"d3\", \"text\": \"three\"}\n{\"_id\": \"d4\", \"text\": \"\"}\n");
    put("beir/queries.jsonl", "{\"_id\": \"q1\", \"text\": \"first\"}\n{\"_id\": \"q2\", \"text\": \"\"}\n"
                              "{\"_id\": \"q3\", \"text\": \"third\"}\n");
    put("beir/qrels/train.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t1\nq1\td4\t0\nq2\td3\t2\nq3\td3\t1\n");
    error = (tern_error){{0}};
    const tern_rows_source source = {.beir = tern_test_path("beir")};
    tern_rows *rows = tern_rows_read(&source, texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    ck_assert_int_eq(rows->n, 2);
    ck_assert_str_eq(text_of(rows->positive[0]), "two");
    ck_assert_str_eq(text_of(rows->positive[1]), "three");
    ck_assert_msg(strstr(rows->note, "2 judgements make no row, since the query or the document has no text"), "%s",
                  rows->note);
    tern_rows_free(rows);
    put("beir/qrels/train.tsv", "query-id\tcorpus-id\tscore\nq2\td3\t1\n");
    ck_assert_ptr_null(tern_rows_read(&source, texts, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "1 judgement makes no row"));
}
END_TEST

START_TEST(a_least_grade_picks_positives_but_not_what_is_relevant)
{
    tern_rows *rows = read_beir(2);
    ck_assert_int_eq(rows->n, 3);
    ck_assert_int_eq(rows->n_groups, 2);
    int64_t first = rows->anchor[0], second = rows->anchor[2];
    ck_assert(tern_rows_is_relevant(rows, first, tern_texts_find(texts, "one", 3)));
    ck_assert(tern_rows_is_relevant(rows, first, tern_texts_find(texts, "two", 3)));
    ck_assert(tern_rows_is_relevant(rows, first, tern_texts_find(texts, "three", 5)));
    ck_assert(!tern_rows_is_relevant(rows, first, tern_texts_find(texts, "four", 4)));
    ck_assert(!tern_rows_is_relevant(rows, second, tern_texts_find(texts, "two", 3)));
    tern_rows_free(rows);
}
END_TEST

START_TEST(a_grade_that_nothing_has_is_an_error)
{
    put_beir();
    error = (tern_error){{0}};
    ck_assert_ptr_null(
        tern_rows_read(&(tern_rows_source){.beir = tern_test_path("beir"), .min_grade = 3}, texts, &error));
    ck_assert_ptr_nonnull(
        strstr(error.message, "qrels/train.tsv: no judgement has grade 3 or more; the greatest is 2"));
}
END_TEST

static const char hostile_seed[] =
    "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": \"n\", \"score\": [1, 2], \"label\": 1}\n"
    "{\"anchor\": \"b\", \"positive\": \"q\", \"negative\": \"m\", \"score\": [-2.5, 0], \"label\": \"x\"}\n";
static const char hostile_table[] = "anchor,positive,score_0,score_1,label\na,p,1,2,0\n\"b\",q,-2.5,0,1\n";

static void expect_rows_or_words(const char *name, const char *text, tern_rows_source source)
{
    tern_rows *rows = read_as(name, text, source);
    ck_assert(rows || error.message[0]);
    if (rows) {
        ck_assert(!rows->has_score == !rows->score && !rows->has_score == !rows->n_scores);
        for (int64_t i = 0; i < rows->n * rows->n_scores; i++)
            ck_assert(rows->score[i] >= -1e300 && rows->score[i] <= 1e300);
        for (int64_t i = 0; rows->label && i < rows->n; i++)
            ck_assert(rows->label[i] >= 0 && rows->label[i] < rows->n_labels);
    }
    tern_rows_free(rows);
}

START_TEST(rows_that_are_kept_keep_what_is_theirs)
{
    tern_rows *rows =
        expect_rows("keep.jsonl",
                    "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": \"m\", \"score\": [1, 0.1]}\n"
                    "{\"anchor\": \"b\", \"positive\": \"q\", \"negative\": \"n\", \"score\": [2, 0.2]}\n"
                    "{\"anchor\": \"a\", \"positive\": \"r\", \"negative\": \"o\", \"score\": [3, 0.3]}\n"
                    "{\"anchor\": \"c\", \"positive\": \"s\", \"negative\": \"n\", \"score\": [4, 0.4]}\n",
                    (tern_rows_source){.positives_per_query = 1});
    /* Grouped by anchor: a, a, b, c. */
    tern_rows_keep(rows, (const uint8_t[]){0, 1, 0, 1});
    ck_assert_int_eq(rows->n, 2);
    ck_assert_str_eq(tern_texts_get(texts, rows->positive[0], NULL), "r");
    ck_assert_str_eq(tern_texts_get(texts, rows->negative[1], NULL), "n");
    ck_assert_double_eq(rows->score[0], 3);
    ck_assert_double_eq(rows->score[3], 0.4);
    ck_assert_int_eq(rows->n_groups, 2);
    ck_assert_int_eq(rows->group_start[1], 1);
    ck_assert_int_eq(rows->group_start[2], 2);
    ck_assert(tern_rows_is_relevant(rows, rows->anchor[0], tern_texts_find(texts, "p", 1)));
    tern_rows_free(rows);
}
END_TEST

START_TEST(no_truncation_crashes)
{
    for (size_t n = 0; n < sizeof hostile_seed; n++) {
        char *part = tern_strndup(hostile_seed, n);
        expect_rows_or_words("x.jsonl", part, (tern_rows_source){0});
        free(part);
    }
    for (size_t n = 0; n < sizeof hostile_table; n++) {
        char *part = tern_strndup(hostile_table, n);
        expect_rows_or_words("x.csv", part, (tern_rows_source){.score_least = -3, .score_most = 3});
        free(part);
    }
}
END_TEST

START_TEST(no_mutation_crashes)
{
    static const char bytes[] = "{}[]\":,.-+eE019tfn\n\t _\\a";
    for (uint64_t round = 0; round < 1500; round++) {
        int json = (int)(round % 2);
        char *text = tern_strdup(json ? hostile_seed : hostile_table);
        for (uint64_t i = 0; i < 1 + round % 4; i++)
            text[tern_random_below(strlen(text), 1, round, i, 0)] =
                bytes[tern_random_below(sizeof bytes - 1, 2, round, i, 0)];
        expect_rows_or_words(json ? "x.jsonl" : "x.csv", text,
                             (tern_rows_source){.score_least = -5, .score_most = round % 3 ? -5 : 5});
        free(text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rows");
    TCase *tc = tcase_create("rows");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, columns_named_as_roles_are_found);
    tcase_add_test(tc, numbers_that_are_not_tried_make_no_role);
    tcase_add_test(tc, columns_of_other_names_are_mapped);
    tcase_add_test(tc, labels_are_numbered_and_numeric_ones_are_scores_too);
    tcase_add_test(tc, true_and_false_are_labels_and_scores);
    tcase_add_test(tc, labels_that_are_not_all_numbers_are_no_scores);
    tcase_add_test(tc, a_row_may_have_several_scores);
    tcase_add_test(tc, several_scores_stay_with_their_row_when_rows_are_grouped);
    tcase_add_test(tc, scores_are_scaled_from_their_range_to_one);
    tcase_add_test(tc, what_is_wrong_with_scores_is_said_with_its_line);
    tcase_add_test(tc, a_file_is_grouped_by_anchor_when_positives_are_drawn);
    tcase_add_test(tc, every_positive_of_an_anchor_is_relevant_to_it);
    tcase_add_test(tc, what_is_wrong_is_said_with_its_line);
    tcase_add_test(tc, judgements_above_zero_are_rows_grouped_by_the_querys_text);
    tcase_add_test(tc, judgements_of_queries_or_documents_without_text_are_no_rows_and_counted);
    tcase_add_test(tc, a_least_grade_picks_positives_but_not_what_is_relevant);
    tcase_add_test(tc, a_grade_that_nothing_has_is_an_error);
    tcase_add_test(tc, rows_that_are_kept_keep_what_is_theirs);
    tcase_add_test(tc, no_truncation_crashes);
    tcase_add_test(tc, no_mutation_crashes);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
