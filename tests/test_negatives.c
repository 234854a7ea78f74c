/* Rows with negatives of any number: what files and judgements give, and what an epoch draws from them. */
#include "base/hash.h"
#include "base/memory.h"
#include "base/pair_mask.h"
#include "data/findings.h"
#include "data/sampler.h"
#include "tests/support.h"

#include <string.h>
#include <sys/stat.h>

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

static tern_rows *read_as(const char *name, const char *text, tern_rows_source source)
{
    error = (tern_error){{0}};
    source.file = name;
    source.bytes = text;
    source.n_bytes = strlen(text);
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

/* "a b c": a row's list, or what is drawn of it ("-" for none). */
static const char *list_of(const tern_rows *rows, int64_t row)
{
    static char text[256];
    const tern_negatives *pool = rows->pool;
    const int64_t *from =
        rows->negative ? rows->negative + row * rows->n_negatives : pool->text + pool->start[pool->list[row]];
    int64_t n = rows->negative ? rows->n_negatives : tern_negatives_of_row(pool, row);
    size_t at = 0;
    text[0] = 0;
    for (int64_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i ? " " : "",
                               from[i] == TERN_NO_TEXT ? "-" : tern_texts_get(texts, from[i], NULL));
    return text;
}

static const char *text_of(int64_t id)
{
    return tern_texts_get(texts, id, NULL);
}

static const tern_rows_source three = {.negatives_per_row = 3};

static const char uneven[] = "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": \"x\"}\n"
                             "{\"anchor\": \"b\", \"positive\": \"q\", \"negative\": \"y\", \"negative_1\": \"z\", "
                             "\"negative_3\": \"w\", \"negative_4\": \"v\"}\n"
                             "{\"anchor\": \"c\", \"positive\": \"r\", \"negative\": null, \"negative_1\": \" \"}\n";

START_TEST(columns_may_be_missing_null_or_empty_where_negatives_are_drawn)
{
    tern_rows *rows = expect_rows("x.jsonl", uneven, three);
    ck_assert_int_eq(rows->n, 3);
    ck_assert_int_eq(rows->n_negatives, 3);
    ck_assert_ptr_null(rows->negative);
    ck_assert_str_eq(list_of(rows, 0), "x");
    ck_assert_str_eq(list_of(rows, 1), "y z w v");
    ck_assert_str_eq(list_of(rows, 2), "");
    ck_assert_int_eq(rows->pool->short_rows, 2);
    ck_assert_int_eq(rows->pool->empty_rows, 1);
    ck_assert_int_eq(rows->pool->empty_anchors, 1);
    tern_rows_free(rows);
    rows = expect_rows("x.csv", "anchor,positive,negative,negative_1\na,p,x,\nb,q,,\nc,r,y,z\n", three);
    ck_assert_str_eq(list_of(rows, 0), "x");
    ck_assert_str_eq(list_of(rows, 1), "");
    ck_assert_str_eq(list_of(rows, 2), "y z");
    tern_rows_free(rows);
}
END_TEST

START_TEST(rows_that_differ_are_refused_with_the_least_the_most_and_the_key)
{
    const tern_rows_source plain = {0};
    expect_failure("x.jsonl", uneven, plain,
                   "x.jsonl:2: the row has \"negative_1\", which the first row lacks; rows have 0 to "
                   "4 negatives: in a recipe set data.train.negatives_per_row");
    expect_failure(
        "x.csv", "anchor,positive,negative,negative_1\na,p,x,y\nb,q,x,\n", plain,
        "x.csv:3: the row has 1 negative, and the first row has 2; rows have 1 to 2 negatives: in a recipe set "
        "data.train.negatives_per_row");
    /* Where all faults are collected it is one of them, not one a row. */
    tern_findings findings = {.go_on = 1};
    expect_failure("x.csv", "anchor,positive,negative\na,p,x\nb,q,\nc,r,\nd,,\n",
                   (tern_rows_source){.findings = &findings}, "x.csv:5: \"positive\" is empty");
    ck_assert_int_eq(findings.n_faults, 2);
    tern_findings_free(&findings);
}
END_TEST

START_TEST(as_many_negatives_on_each_row_are_what_they_were)
{
    static const char even[] = "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": \"x\", \"negative_1\": \"x\"}\n"
                               "{\"anchor\": \"b\", \"positive\": \"q\", \"negative\": \"q\", \"negative_1\": \"z\"}\n";
    tern_rows *rows = expect_rows("x.jsonl", even, (tern_rows_source){0});
    ck_assert_ptr_null(rows->pool);
    ck_assert_int_eq(rows->n_negatives, 2);
    ck_assert_str_eq(list_of(rows, 0), "x x");
    ck_assert_str_eq(list_of(rows, 1), "q z");
    tern_rows_free(rows);
    rows = expect_rows("x.jsonl",
                       "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": [\"x\", \"y\"]}\n"
                       "{\"anchor\": \"b\", \"positive\": [\"q\", \"r\"], \"negative\": [\"z\", \"w\"]}\n",
                       (tern_rows_source){0});
    ck_assert_ptr_null(rows->pool);
    ck_assert_int_eq(rows->n, 3);
    ck_assert_str_eq(list_of(rows, 2), "z w");
    tern_rows_free(rows);
}
END_TEST

START_TEST(what_is_no_negative_of_its_anchor_is_left_out_of_what_is_drawn)
{
    tern_rows *rows =
        expect_rows("x.jsonl",
                    "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": [\"x\", \"p\", \"x\", \"q\", \"a\"]}\n"
                    "{\"anchor\": \"a\", \"positive\": \"q\", \"negative\": [\"q\", \"y\"]}\n"
                    "{\"anchor\": \"b\", \"positive\": \"r\", \"negative\": [\"p\"]}\n",
                    three);
    ck_assert_str_eq(list_of(rows, 0), "x");
    ck_assert_str_eq(list_of(rows, 1), "y");
    ck_assert_str_eq(list_of(rows, 2), "p");
    ck_assert_int_eq(rows->pool->left_out, 4);
    tern_rows_free(rows);
}
END_TEST

static const char flag[] =
    "{\"query\": \"a\", \"pos\": [\"p\", \"q\"], \"neg\": [\"x\", \"y\", \"z\", \"w\"], \"pos_scores\": [9, 8], "
    "\"neg_scores\": [1, 2, 3, 4], \"prompt\": \"find\", \"type\": \"normal\"}\n"
    "{\"query\": \"b\", \"pos\": [\"r\"], \"neg\": [], \"pos_scores\": [7], \"neg_scores\": [], \"prompt\": \"find\"}\n"
    "{\"query\": \"c\", \"pos\": [\"s\"], \"neg\": [\"v\"], \"pos_scores\": [6], \"neg_scores\": [5], \"prompt\": "
    "\"find\"}\n";

static void keep(void *said, const char *sentence)
{
    tern_buffer_printf(said, "%s\n", sentence);
}

START_TEST(flag_embeddings_lists_are_read_and_its_other_keys_named)
{
    tern_findings findings = {.go_on = 1};
    tern_buffer said = {0};
    tern_rows *rows = expect_rows("x.jsonl", flag, (tern_rows_source){.negatives_per_row = 2, .findings = &findings});
    const char *anchors[] = {"a", "a", "b", "c"}, *positives[] = {"p", "q", "r", "s"};
    ck_assert_int_eq(rows->n, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(text_of(rows->anchor[i]), anchors[i]);
        ck_assert_str_eq(text_of(rows->positive[i]), positives[i]);
    }
    ck_assert_int_eq(rows->pool->list[0], rows->pool->list[1]);
    ck_assert_str_eq(list_of(rows, 1), "x y z w");
    ck_assert_str_eq(list_of(rows, 2), "");
    ck_assert(tern_rows_is_relevant(rows, rows->anchor[0], rows->positive[1]));
    ck_assert(tern_rows_is_relevant(rows, rows->anchor[0], rows->positive[0]));
    ck_assert(!tern_rows_is_relevant(rows, rows->anchor[2], rows->positive[0]));
    tern_findings_say(&findings, "x.jsonl", &(tern_naming){"--", " ", 1, 0}, keep, &said);
    ck_assert_str_eq(said.data, "x.jsonl: 2 columns are not used: prompt, type (in 1 row)\n");
    tern_buffer_free(&said);
    tern_findings_free(&findings);
    tern_rows_free(rows);
}
END_TEST

START_TEST(scores_are_drawn_with_their_negatives)
{
    tern_rows *rows = expect_rows("x.jsonl", flag, (tern_rows_source){.negatives_per_row = 2});
    int changes = 0;
    ck_assert_int_eq(rows->n_scores, 3);
    for (int64_t epoch = 0; epoch < 20; epoch++) {
        tern_rows *drawn = tern_rows_draw(rows, 5, epoch);
        const char *list = list_of(drawn, 1);
        ck_assert_double_eq(drawn->score[0], 9);
        ck_assert_double_eq(drawn->score[3], 8);
        for (int c = 0; c < 2; c++) /* x, y, z and w have 1, 2, 3 and 4 */
            ck_assert_double_eq(drawn->score[4 + c], 1 + (double)(strchr("xyzw", list[2 * c]) - "xyzw"));
        changes += strcmp(list, "x y") != 0;
        ck_assert_str_eq(list_of(drawn, 2), "- -");
        ck_assert_str_eq(list_of(drawn, 3), "v -");
        ck_assert_double_eq(drawn->score[10], 5);
        tern_rows_drawn_free(drawn);
    }
    ck_assert_int_gt(changes, 10);
    tern_rows_free(rows);
    rows = expect_rows("x.jsonl",
                       "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": [\"x\", \"y\"], \"score\": [9, 1, 2]}\n"
                       "{\"anchor\": \"b\", \"positive\": \"q\", \"negative\": [\"z\"], \"score\": [8, 3]}\n",
                       (tern_rows_source){.negatives_per_row = 1});
    tern_rows *drawn = tern_rows_draw(rows, 5, 0);
    ck_assert_double_eq(drawn->score[1], *list_of(drawn, 0) == 'x' ? 1 : 2);
    ck_assert_double_eq(drawn->score[3], 3);
    tern_rows_drawn_free(drawn);
    tern_rows_free(rows);
    /* The first row may have none, and all of them. */
    rows = expect_rows("x.jsonl",
                       "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": [], \"score\": [9]}\n"
                       "{\"anchor\": \"b\", \"positive\": \"q\", \"negative\": [\"z\"], \"score\": [8, 3]}\n",
                       (tern_rows_source){.negatives_per_row = 1});
    ck_assert_int_eq(rows->n_scores, 2);
    tern_rows_free(rows);
    rows = expect_rows("x.jsonl", "{\"anchor\": \"a\", \"positive\": \"p\", \"score\": [0.5]}\n",
                       (tern_rows_source){.negatives_per_row = TERN_ALL_NEGATIVES});
    ck_assert(rows->n_scores == 1 && rows->score[0] == 0.5 && !rows->pool);
    tern_rows_free(rows);
    /* As many on each row: side by side, as from columns. */
    rows = expect_rows("x.jsonl",
                       "{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": [\"x\"], \"pos_scores\": [2], "
                       "\"neg_scores\": [1]}\n",
                       (tern_rows_source){0});
    ck_assert_ptr_null(rows->pool);
    ck_assert_int_eq(rows->n_scores, 2);
    ck_assert_double_eq(rows->score[0] - rows->score[1], 1);
    tern_rows_free(rows);
}
END_TEST

START_TEST(scores_that_somebody_did_not_know_are_not_used_and_that_is_said)
{
    static const char *const files[] = {
        "{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": [\"x\"], \"pos_scores\": [null], \"neg_scores\": [1]}\n",
        "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": [\"x\"], \"score\": [2, null]}\n",
    };
    for (int i = 0; i < 4; i++) {
        tern_rows *rows = expect_rows("x.jsonl", files[i / 2], (tern_rows_source){.negatives_per_row = i % 2});
        ck_assert(!rows->has_score && !rows->score && (!rows->pool || !rows->pool->score));
        ck_assert_str_eq(rows->note, "x.jsonl: 1 score is null, so none of its scores are used");
        ck_assert_int_eq(rows->n_negatives, 1);
        tern_rows_free(rows);
    }
}
END_TEST

START_TEST(lists_of_something_else_are_refused_with_their_line)
{
    const struct {
        const char *line, *words;
    } wrong[] = {
        {"{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": [1]}",
         "x.jsonl:1: \"neg\" holds a number where a text is expected"},
        {"{\"query\": \"a\", \"pos\": [{\"text\": \"p\"}]}", "\"pos\" holds an object where a text is expected"},
        {"{\"query\": \"a\", \"pos\": []}", "\"pos\" is an empty list"},
        {"{\"query\": \"a\", \"pos\": [\" \"]}", "\"pos\" holds an empty text"},
        {"{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": [\"x\", \"\"]}", "\"neg\" holds an empty text"},
        {"{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": [\"x\\u0000\"]}", "NUL character"},
        {"{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": 7}", "\"neg\" is a number where"},
        {"{\"query\": [\"a\"], \"pos\": [\"p\"]}",
         "\"query\" is an array where a string is expected; a row has one anchor"},
        {"{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": [\"x\", \"y\"], \"pos_scores\": [1], \"neg_scores\": [1]}",
         "x.jsonl:1: \"neg_scores\" holds 1 number, and the negatives are 2"},
        {"{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": [\"x\"], \"pos_scores\": [], \"neg_scores\": [1]}",
         "\"pos_scores\" holds 0 numbers, and the positives are 1"},
        {"{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": [\"x\"], \"pos_scores\": [1], \"neg_scores\": [\"1\"]}",
         "\"neg_scores\" holds a string where a number is expected"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_failure("x.jsonl", wrong[i].line, three, wrong[i].words);
    expect_failure("x.jsonl",
                   "{\"query\": \"a\", \"pos\": [\"p\"], \"neg\": [\"x\"], \"pos_scores\": [1], \"neg_scores\": [1]}\n"
                   "{\"query\": \"b\", \"pos\": [\"p\"], \"neg\": [\"x\"], \"pos_scores\": [1]}\n",
                   three, "x.jsonl:2: \"neg_scores\" is nothing where a list of numbers is expected");
    expect_failure("x.csv", "anchor,positive,negative,score,score_1\na,p,x,1,2\n", three,
                   "negatives are drawn, and the scores must be drawn with them");
}
END_TEST

/* A pool without a file: row i has sizes[i] negatives, all different. */
static tern_rows *make_rows(const int64_t *sizes, int64_t n, int k)
{
    tern_rows *rows = tern_calloc(1, sizeof *rows);
    tern_negatives *pool = rows->pool = tern_calloc(1, sizeof *pool);
    int64_t text = 2 * n;
    *rows = (tern_rows){.texts = texts, .n = n, .n_negatives = k, .has_positive = 1, .pool = pool};
    rows->anchor = tern_alloc((size_t)n, sizeof *rows->anchor);
    rows->positive = tern_alloc((size_t)n, sizeof *rows->positive);
    pool->list = tern_alloc((size_t)n, sizeof *pool->list);
    pool->start = tern_calloc((size_t)n + 1, sizeof *pool->start);
    for (int64_t i = 0; i < n; i++) {
        rows->anchor[i] = i;
        rows->positive[i] = n + i;
        pool->list[i] = i;
        pool->start[i + 1] = pool->start[i] + sizes[i];
    }
    pool->n_lists = n;
    pool->text = tern_alloc((size_t)pool->start[n], sizeof *pool->text);
    for (int64_t i = 0; i < pool->start[n]; i++)
        pool->text[i] = text++;
    return rows;
}

START_TEST(each_epoch_draws_afresh_uniformly_and_without_replacement)
{
    enum { EPOCHS = 6000, N = 4, K = 3 };
    const int64_t sizes[N] = {10, 5, 3, 1};
    tern_rows *rows = make_rows(sizes, N, K);
    int64_t count[19] = {0}, pair[10][10] = {{0}}, changes = 0, before = -1;
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
        tern_rows *drawn = tern_rows_draw(rows, 7, epoch), *again = tern_rows_draw(rows, 7, epoch);
        ck_assert(memcmp(drawn->negative, again->negative, sizeof(int64_t[N * K])) == 0);
        for (int64_t i = 0; i < N * K; i++)
            if (drawn->negative[i] != TERN_NO_TEXT)
                count[drawn->negative[i] - 2 * N]++;
        int64_t *own = drawn->negative;
        ck_assert(own[0] != own[1] && own[1] != own[2] && own[0] != own[2]);
        pair[own[0] - 8][own[1] - 8]++;
        changes += own[0] * 100 + own[1] != before;
        before = own[0] * 100 + own[1];
        /* As many as there are, in their order, and none behind. */
        for (int c = 0; c < K; c++)
            ck_assert_int_eq(own[2 * K + c], 2 * N + 15 + c);
        ck_assert_int_eq(own[3 * K], 2 * N + 18);
        ck_assert_int_eq(own[3 * K + 1], TERN_NO_TEXT);
        ck_assert_int_eq(own[3 * K + 2], TERN_NO_TEXT);
        tern_rows_drawn_free(drawn);
        tern_rows_drawn_free(again);
    }
    ck_assert_int_gt(changes, EPOCHS * 9 / 10);
    for (int i = 0; i < 15; i++) { /* six standard deviations of a binomial count */
        double p = i < 10 ? 3.0 / 10 : 3.0 / 5, mean = EPOCHS * p, d = (double)count[i] - mean;
        ck_assert_msg(d * d < 36 * mean * (1 - p), "%d: %lld, not about %.0f", i, (long long)count[i], mean);
    }
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++) {
            double mean = EPOCHS / 90.0, d = (double)pair[i][j] - (i == j ? 0 : mean);
            ck_assert_msg(d * d < 36 * mean, "%d then %d: %lld times", i, j, (long long)pair[i][j]);
        }
    tern_rows_free(rows);
}
END_TEST

START_TEST(what_a_row_draws_depends_on_seed_epoch_and_row_alone)
{
    const int64_t few[] = {9, 9, 9}, more[] = {9, 9, 9, 9, 9};
    tern_rows *a = make_rows(few, 3, 4), *b = make_rows(more, 5, 4);
    for (int64_t i = 0; i < a->pool->start[3]; i++)
        a->pool->text[i] = b->pool->text[i];
    tern_rows *one = tern_rows_draw(a, 1, 3), *two = tern_rows_draw(b, 1, 3), *other = tern_rows_draw(a, 2, 3);
    ck_assert(memcmp(one->negative, two->negative, sizeof(int64_t[12])) == 0);
    ck_assert(memcmp(one->negative, other->negative, sizeof(int64_t[12])) != 0);
    ck_assert(one->negative[0] - one->negative[1] != one->negative[4] - one->negative[5] ||
              one->negative[2] - one->negative[3] != one->negative[6] - one->negative[7]);
    tern_rows_drawn_free(one);
    tern_rows_drawn_free(two);
    tern_rows_drawn_free(other);
    tern_rows_free(a);
    tern_rows_free(b);
}
END_TEST

START_TEST(plans_carry_the_rows_as_their_epoch_has_them)
{
    enum { N = 40 };
    int64_t sizes[N];
    for (int i = 0; i < N; i++)
        sizes[i] = i % 7;
    tern_rows *rows = make_rows(sizes, N, 4);
    for (int64_t i = 0; i < rows->pool->start[N]; i++)
        rows->pool->text[i] = 2 * N + (int64_t)(tern_random(3, (uint64_t)i, 0, 0) % 200);
    tern_sampler_options options = {.batch_size = 8, .seed = 11, .apart = 1};
    tern_sampler *sampler = tern_sampler_create(rows, &options);
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        tern_plan *plan = tern_sampler_plan(sampler, epoch), *again = tern_sampler_plan(sampler, epoch);
        tern_rows *drawn = tern_rows_draw(rows, 11, epoch);
        ck_assert(memcmp(plan->view->negative, drawn->negative, sizeof(int64_t[4 * N])) == 0);
        ck_assert(memcmp(plan->rows, again->rows, sizeof(int64_t[N])) == 0);
        uint8_t seen[N] = {0};
        for (int64_t i = 0; i < N; i++)
            ck_assert_int_eq(seen[plan->rows[i]]++, 0);
        tern_rows_drawn_free(drawn);
        tern_plan_free(plan);
        tern_plan_free(again);
    }
    tern_sampler_free(sampler);
    tern_rows_free(rows);
}
END_TEST

START_TEST(a_negative_that_lacks_is_none_of_any_anchor)
{
    enum { N = 3, K = 2, WIDTH = N + N * K };
    const int64_t sizes[N] = {2, 1, 0}, batch[N] = {2, 0, 1};
    tern_rows *rows = make_rows(sizes, N, K), *drawn = tern_rows_draw(rows, 1, 0);
    drawn->negative[2] = drawn->negative[0]; /* rows 0 and 1 share one */
    uint8_t masked[N * WIDTH];
    tern_rows_mask(drawn, batch, N, 1, masked);
    /* Places: three positives, then those of rows 2 (none), 0 (two), 1 (one, the first of row 0's again). */
    const int lacking[WIDTH] = {0, 0, 0, 1, 1, 0, 0, 0, 1};
    for (int i = 0; i < N; i++)
        for (int j = 0; j < WIDTH; j++)
            ck_assert_int_eq((masked[i * WIDTH + j] & TERN_PAIR_NO_NEGATIVE) != 0, lacking[j]);
    ck_assert_int_eq(masked[7], TERN_PAIR_REPEATED);
    ck_assert_int_eq(masked[2 * WIDTH + 5], TERN_PAIR_REPEATED);
    ck_assert_int_eq(masked[2 * WIDTH + 7], 0);
    tern_rows_drawn_free(drawn);
    tern_rows_free(rows);
}
END_TEST

static void put(const char *name, const char *text)
{
    tern_test_put_file(tern_test_path(name), text, strlen(text));
}

static tern_rows *read_judged(int worst, int min_grade)
{
    mkdir(tern_test_path("beir"), 0777);
    mkdir(tern_test_path("beir/qrels"), 0777);
    put("beir/corpus.jsonl", "{\"_id\": \"d1\", \"text\": \"one\"}\n{\"_id\": \"d2\", \"text\": \"two\"}\n"
                             "{\"_id\": \"d3\", \"text\": \"three\"}\n{\"_id\": \"d4\", \"text\": \"four\"}\n"
                             "{\"_id\": \"d5\", \"text\": \"one\"}\n{\"_id\": \"d6\", \"text\": \" \"}\n");
    put("beir/queries.jsonl", "{\"_id\": \"q1\", \"text\": \"first\"}\n{\"_id\": \"q2\", \"text\": \"second\"}\n"
                              "{\"_id\": \"q3\", \"text\": \"first\"}\n");
    put("beir/qrels/train.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq1\td3\t1\nq1\td5\t0\nq1\td6\t0\n"
                                "q2\td3\t2\nq3\td4\t-1\nq3\td2\t2\nq1\tghost\t0\n");
    error = (tern_error){{0}};
    tern_rows *rows = tern_rows_read(&(tern_rows_source){.beir = tern_test_path("beir"),
                                                         .min_grade = min_grade,
                                                         .negatives_per_row = 2,
                                                         .most_negative_grade = worst},
                                     texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    return rows;
}

START_TEST(judgements_up_to_a_grade_are_the_querys_negatives)
{
    tern_rows *rows = read_judged(0, 0);
    ck_assert_int_eq(rows->n, 4); /* q1 and q3 are one anchor: one, three, two; then q2's three */
    /* d2 is right for q3, d5 has the text of d1, d6 has none: d4 is left. */
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(list_of(rows, i), "four");
    ck_assert_int_eq(rows->pool->list[0], rows->pool->list[2]);
    ck_assert_str_eq(list_of(rows, 3), "");
    ck_assert_int_eq(rows->pool->left_out, 2);
    ck_assert_int_eq(rows->pool->short_rows, 4);
    ck_assert_int_eq(rows->pool->empty_anchors, 1);
    tern_rows_free(rows);
}
END_TEST

START_TEST(what_the_recipe_calls_negative_is_not_relevant)
{
    tern_rows *rows = read_judged(1, 2);
    ck_assert_int_eq(rows->n, 3);
    ck_assert_str_eq(list_of(rows, 0), "three four");
    ck_assert(!tern_rows_is_relevant(rows, rows->anchor[0], tern_texts_find(texts, "three", 5)));
    tern_rows_free(rows);
    rows = read_judged(-1, 0);
    ck_assert_str_eq(list_of(rows, 0), "four");
    ck_assert(tern_rows_is_relevant(rows, rows->anchor[0], tern_texts_find(texts, "three", 5)));
    tern_rows_free(rows);
}
END_TEST

/* Texts that come into lists after the sampler was made, as negatives that are mined anew do. */
START_TEST(lists_may_be_replaced_by_texts_that_were_named_before)
{
    tern_rows *rows = expect_rows("rows.jsonl",
                                  "{\"anchor\": \"a\", \"positive\": \"p\", \"negative\": [\"m\", \"n\"]}\n"
                                  "{\"anchor\": \"b\", \"positive\": \"q\", \"negative\": [\"m\", \"n\"]}\n",
                                  (tern_rows_source){.negatives_per_row = 2});
    tern_negatives *pool = rows->pool;
    int64_t n, before = tern_texts_count(texts);
    ck_assert_ptr_eq(tern_negatives_texts(pool, &n), pool->text);
    ck_assert_int_eq(n, 4);
    pool->later = tern_alloc(1000, sizeof *pool->later);
    for (pool->n_later = 0; pool->n_later < 1000; pool->n_later++) {
        char name[32];
        snprintf(name, sizeof name, "later %lld", (long long)pool->n_later);
        pool->later[pool->n_later] = tern_texts_add(texts, name, strlen(name));
    }
    ck_assert_ptr_eq(tern_negatives_texts(pool, &n), pool->later);
    ck_assert_int_eq(n, 1000);
    tern_sampler *sampler = tern_sampler_create(rows, &(tern_sampler_options){.batch_size = 1, .apart = 1});
    for (int i = 0; i < 4; i++)
        pool->text[i] = before + 999 - i;
    tern_plan *plan = tern_sampler_plan(sampler, 1);
    ck_assert_int_eq(plan->n_batches, 2);
    for (int i = 0; i < 4; i++)
        ck_assert_int_ge(plan->view->negative[i], before + 996);
    tern_plan_free(plan);
    tern_sampler_free(sampler);
    tern_rows_free(rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("negatives");
    TCase *tc = tcase_create("negatives");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, columns_may_be_missing_null_or_empty_where_negatives_are_drawn);
    tcase_add_test(tc, rows_that_differ_are_refused_with_the_least_the_most_and_the_key);
    tcase_add_test(tc, as_many_negatives_on_each_row_are_what_they_were);
    tcase_add_test(tc, what_is_no_negative_of_its_anchor_is_left_out_of_what_is_drawn);
    tcase_add_test(tc, flag_embeddings_lists_are_read_and_its_other_keys_named);
    tcase_add_test(tc, scores_are_drawn_with_their_negatives);
    tcase_add_test(tc, scores_that_somebody_did_not_know_are_not_used_and_that_is_said);
    tcase_add_test(tc, lists_of_something_else_are_refused_with_their_line);
    tcase_add_test(tc, each_epoch_draws_afresh_uniformly_and_without_replacement);
    tcase_add_test(tc, what_a_row_draws_depends_on_seed_epoch_and_row_alone);
    tcase_add_test(tc, plans_carry_the_rows_as_their_epoch_has_them);
    tcase_add_test(tc, a_negative_that_lacks_is_none_of_any_anchor);
    tcase_add_test(tc, judgements_up_to_a_grade_are_the_querys_negatives);
    tcase_add_test(tc, what_the_recipe_calls_negative_is_not_relevant);
    tcase_add_test(tc, lists_may_be_replaced_by_texts_that_were_named_before);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
