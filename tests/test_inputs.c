/* What a run began with, as a text, and what differs between two of them. */
#include "tests/support.h"

#include "base/file.h"
#include "train/inputs.h"

#include <string.h>

START_TEST(every_score_of_a_row_is_part_of_the_fingerprint)
{
    tern_texts *texts = tern_texts_create();
    tern_rows rows = {.texts = texts, .n = 2, .n_scores = 2, .has_score = 1};
    int64_t anchors[] = {0, 1};
    double scores[] = {1, 2, 3, 4};
    tern_texts_add(texts, "a", 1);
    tern_texts_add(texts, "b", 1);
    rows.anchor = anchors;
    rows.score = scores;
    uint64_t before = tern_rows_fingerprint(&rows);
    ck_assert(tern_rows_fingerprint(&rows) == before);
    scores[3] = 5;
    ck_assert(tern_rows_fingerprint(&rows) != before);
    tern_texts_free(texts);
}
END_TEST

/* Equal to the words, or nothing for NULL. */
static void differs(const char *old, const char *now, int test, const char *words)
{
    char *found = tern_inputs_changed(old, now, test);
    ck_assert_msg(words ? found && strcmp(found, words) == 0 : !found, "%s", found ? found : "nothing");
    free(found);
}

START_TEST(what_differs_is_named)
{
    static const char *const lines =
        "version\t\t\t2\nthe base model\tb3\tweights\t1\nthe base model\tb3\tvocab.txt\t2\n"
        "the guide\tg\tweights\t3\nthe guide\th\tweights\t3\nthe dev data\td\t\t4\n"
        "the test data\tt\t\t5\n";
    static const char *const other =
        "version\t\t\t2\nthe base model\tb3\tweights\t1\nthe base model\tb3\tvocab.txt\t2\n"
        "the guide\tg\tweights\t4\nthe guide\tg\tmodules.json\t4\n"
        "the guide\th\tweights\t5\nthe dev data\td\t\t6\nthe test data\tt\t\t7\n";
    static const char *const less = "version\t\t\t2\nthe base model\tb3\tweights\t1\nthe guide\tg\tweights\t3\n"
                                    "the guide\th\tweights\t3\nthe dev data\td\t\t6\nthe test data\tt\t\t5\n";
    differs(lines, lines, 0, NULL);
    differs(lines, lines, 1, NULL);
    differs(lines, other, 0, "the guide changed since this run began (g: weights, modules.json; h: weights)");
    differs(lines, other, 1, "the test data changed since this run began (t)");
    differs(less, lines, 1, NULL);
    differs(lines, less, 0, "the dev data changed since this run began (d)");
    differs("version\t\t\t2\nthe base model\tb3\tweights\t1\nthe base model\tb3\tvocab.txt\t2\n",
            "version\t\t\t2\nthe base model\tb3\tweights\t1\n", 0,
            "the base model changed since this run began (b3: vocab.txt)");
    ck_assert(tern_inputs_same_version(lines, other));
    ck_assert(!tern_inputs_same_version("", other) && !tern_inputs_same_version("version\t\t\t20\n", other));
}
END_TEST

/* Anybody can write a training state, with any text in it. */
START_TEST(lines_that_lack_fields_are_no_longer_than_they_are)
{
    differs("version\t\t\t2\nabc\nabc\n\n", "version\t\t\t2\n", 0, "abc changed since this run began ()");
}
END_TEST

START_TEST(names_cannot_break_a_line)
{
    tern_inputs inputs = {0};
    tern_inputs_add(&inputs, "the dev data", "a\tb\nc\xff", "", 1);
    tern_inputs_add(&inputs, "the dev data", "a\tb\nc\xff", "", 1);
    char *text = tern_inputs_text(&inputs), *line = strchr(text, '\n') + 1;
    ck_assert_str_eq(line, "the dev data\ta?b?c\xef\xbf\xbd\t\t0000000000000001\n");
    free(text);
    tern_inputs_free(&inputs);
}
END_TEST

/* A copy of the tiny model, in which what follows is changed. */
static const char *copy_model(const char *name)
{
    static const char *const files[] = {"config.json",
                                        "config_sentence_transformers.json",
                                        "model.safetensors",
                                        "modules.json",
                                        "sentence_bert_config.json",
                                        "tokenizer.json",
                                        "tokenizer_config.json",
                                        "1_Pooling/config.json",
                                        "2_Dense/config.json",
                                        "2_Dense/model.safetensors"};
    const char *folder = tern_test_path(name);
    tern_error error = {{0}};
    static const char *const folders[] = {"1_Pooling", "2_Dense", "3_Normalize"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = tern_path_join(folder, folders[i]);
        tern_make_folder(path, &error);
        free(path);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *from = tern_path_join("tests/goldens/tiny", files[i]), *to = tern_path_join(folder, files[i]);
        ck_assert_msg(tern_file_copy(from, to, &error) == 0, "%s", error.message);
        free(from);
        free(to);
    }
    return folder;
}

/* The text of a model's inputs: as it is loaded for training, or opened to encode. */
static char *inputs_of(const char *folder, int open)
{
    tern_error error = {{0}};
    tern_inputs inputs = {0};
    tern_model *model = open ? tern_model_open(folder, &error) : tern_model_load(folder, &error);
    ck_assert_msg(model, "%s", error.message);
    tern_inputs_add_model(&inputs, "the teacher", model->name, model);
    char *text = tern_inputs_text(&inputs);
    tern_inputs_free(&inputs);
    tern_model_free(model);
    return text;
}

static void change_file(const char *folder, const char *name)
{
    char *path = tern_path_join(folder, name), *text;
    size_t n;
    tern_error error = {{0}};
    ck_assert_msg(tern_file_read(path, 0, &text, &n, &error) == 0, "%s", error.message);
    int weights = strstr(name, "safetensors") != NULL;
    if (weights)
        text[n - 3] ^= 0x10; /* the last weight */
    tern_buffer bytes = {0};
    tern_buffer_add(&bytes, text, n);
    if (!weights)
        tern_buffer_add(&bytes, "\n", 1);
    tern_test_put_file(path, bytes.data, bytes.n);
    tern_buffer_free(&bytes);
    free(text);
    free(path);
}

START_TEST(every_file_and_weight_of_a_model_counts)
{
    static const struct {
        const char *file, *part;
    } cases[] = {{"tokenizer.json", "tokenizer.json"},
                 {"tokenizer_config.json", "tokenizer_config.json"},
                 {"config.json", "config.json"},
                 {"modules.json", "modules.json"},
                 {"sentence_bert_config.json", "sentence_bert_config.json"},
                 {"config_sentence_transformers.json", "config_sentence_transformers.json"},
                 {"1_Pooling/config.json", "1_Pooling/config.json"},
                 {"2_Dense/config.json", "2_Dense/config.json"},
                 {"model.safetensors", "weights"},
                 {"2_Dense/model.safetensors", "weights"}};
    const char *folder = copy_model("model");
    char *before = inputs_of(folder, 0), *opened = inputs_of(folder, 1);
    ck_assert_str_eq(before, opened);
    free(opened);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        change_file(folder, cases[i].file);
        char *after = inputs_of(folder, (int)i % 2);
        char *words = tern_format("the teacher changed since this run began (%s: %s)", folder, cases[i].part);
        differs(before, after, 0, words);
        free(words);
        free(before);
        before = after;
    }
    free(before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("inputs");
    TCase *tests = tcase_create("inputs");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_score_of_a_row_is_part_of_the_fingerprint);
    tcase_add_test(tests, what_differs_is_named);
    tcase_add_test(tests, lines_that_lack_fields_are_no_longer_than_they_are);
    tcase_add_test(tests, names_cannot_break_a_line);
    tcase_add_test(tests, every_file_and_weight_of_a_model_counts);
    suite_add_tcase(suite, tests);
    return tern_test_run(suite);
}
