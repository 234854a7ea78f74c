/* Wrong recipes of several data sets and losses: a sentence with the place for each, and no crash. */
#include "base/hash.h"
#include "base/memory.h"
#include "tests/recipes.h"

#define L "loss: x\n"

/* Lines from 3 on; model and output stand before them. */
static const wrong forms[] = {
    {L "data: {train: []}", "x.yaml:4: ", "data.train is an empty list"},
    {L "data: {train: [[]]}", "x.yaml:4: ", "data.train[0] takes keys inside it"},
    {L "data: {train: [a.csv]}", "x.yaml:4: ", "data.train[0] takes keys inside it"},
    {L "data: {train: [~, {file: a}]}", "x.yaml:4: ", "data.train[0] takes keys"},
    {L "data: {train: [{}]}", "x.yaml:4: ", "data.train is missing"},
    {L "data:\n  train:\n  - {}\n  - {file: a}", "x.yaml:6: ", "data.train[0] has neither beir"},
    {L "data:\n  train:\n  - {file: a}\n  - {weight: 2}", "x.yaml:7: ", "data.train[1] has neither beir"},
    {L "data:\n  train:\n  - {file: a}\n  - {file: b, beir: c}",
     "x.yaml:7: ", "data.train[1].beir and data.train[1].file"},
    {L "data:\n  train:\n  - {file: a}\n  - {file: b, split: c}", "x.yaml:7: ", "data.train[1].split is for data"},
    {L "data:\n  train:\n  - {file: a}\n  - file: b\n    weight: 0", "x.yaml:8: ", "data.train[1].weight is \"0\""},
    {L "data:\n  train:\n  - {file: a}\n  - file: b\n    wieght: 1",
     "x.yaml:8: ", "did you mean data.train[1].weight?"},
    {L "data: {train: {file: b, los: x}}", "x.yaml:4: ", "did you mean data.train.loss?"},
    {L "data: {train: {file: b, loss: {nam: x}}}", "x.yaml:4: ", "did you mean data.train.loss.name?"},
    {L "data: {train: {file: b, prompts: {querry: x}}}", "x.yaml:4: ", "did you mean data.train.prompts.query?"},
    {L "data: {train: {file: b, zzzz: x}}", "x.yaml:4: ", "docs/recipes.md"},
    {L "data: {train: {file: b, file: c}}", "x.yaml:4: ", "already given on line 4"},
    {L "data: {train: {train: {file: b}}}", "x.yaml:4: ", "there is no key data.train.train"},
    {L "data: {train: [{file: a}, {data: {train: {file: b}}}]}", "x.yaml:4: ", "there is no key data.train[1].data"},
    {L "data: {train: [{train: [{file: a}]}]}", "x.yaml:4: ", "there is no key"},
    {L "data: {dev: [{file: a}], train: {file: a}}", "x.yaml:4: ", "data.dev takes keys"},
    {L "data: {train: {file: b, score_range: 5}}", "x.yaml:4: ", "two numbers such as"},
    {L "data: {train: {file: b, score_range: [0, 5, 6]}}", "x.yaml:4: ", "two numbers such as"},
    {L "data: {train: {file: b, score_range: [5, 5]}}", "x.yaml:4: ", "two numbers such as"},
    {L "data: {train: {beir: b, score_range: [0, 5]}}", "x.yaml:4: ", "is for data given by file"},
    {L "data: {train: {file: b}, dev: {file: c, score_range: [5, 0]}}",
     "x.yaml:4: ", "data.dev.score_range takes [LEAST"},
    {L "data: {train: {file: b}, mixing: evenly}", "x.yaml:4: ", "proportional, round_robin"},
    {L "data: {\"train[0]\": {file: b}}", "x.yaml:4: ", "dots and brackets are for --set"},
    {L "data.train.file: b", "x.yaml:4: ", "dots and brackets are for --set"},
    {"data: {train: [{file: a, loss: x}, {file: b}]}", "x.yaml:3: ", "data.train[1] has no loss of its own"},
    {"data: {train: [{file: a, loss: x}]}\n" L, "x.yaml:4: ", "every data set has a loss of its own"},
    {"data: {train: {file: a}}\nloss:", "x.yaml:4: ", "loss.name has no value"},
    {"data: {train: {file: a}}\nloss: []", "x.yaml:4: ", "loss is an empty list"},
    {"data: {train: {file: a}}\nloss: {}", "x.yaml:4: ", "loss.name is missing"},
    {"data: {train: {file: a}}\nloss: [a, b, c, d, e]", "x.yaml:4: ", "has 5 items; it takes up to 4"},
    {"data: {train: {file: a}}\nloss: [a, [b]]", "x.yaml:4: ", "loss[1] takes keys"},
    {"data: {train: {file: a}}\nloss: [a, \"\"]", "x.yaml:4: ", "loss[1].name is missing"},
    {"data: {train: {file: a}}\nloss:\n- a\n- {weight: 2}", "x.yaml:6: ", "loss[1].name is missing"},
    {"data: {train: {file: a}}\nloss:\n- a\n- {name: b, weight: 0}", "x.yaml:6: ", "loss[1].weight is \"0\""},
    {"data: {train: {file: a}}\nloss:\n- a\n- {name: b, scale: 2, temperature: 2}",
     "x.yaml:6: ", "loss[1].scale and loss[1].temperature"},
    {"data: {train: [{file: a}, {file: b, loss: {scale: 2}}]}\n" L, "x.yaml:3: ", "data.train[1].loss.name is missing"},
    {"data: {train: [{file: a}, {file: b, loss: {name: x, matryoshka: [2], matryoshka_weights: [1, 2]}}]}\n" L,
     "x.yaml:3: ", "data.train[1].loss.matryoshka_weights has 2 weights"},
    {"data: {train: {file: a}}\nloss: {name: x, symmetric: true, directions: [query_to_doc]}",
     "x.yaml:4: ", "can't both be given"},
    {"data: {train: {file: a}}\nloss: {name: x, directions: []}", "x.yaml:4: ", "an empty list"},
    {"data: {train: {file: a}}\nloss: {name: x, directions: [query]}", "x.yaml:4: ", "a list of query_to_doc, doc"},
    {"data: {train: {file: a}}\nloss: {name: x, hardness: hard}", "x.yaml:4: ", "needs hardness_strength"},
    {"data: {train: {file: a}}\nloss: {name: x, hardness_strength: 5}", "x.yaml:4: ", "given without hardness"},
    {"data: {train: {file: a}}\nloss: {name: x, matryoshka: [8], matryoshka_per_step: 2}",
     "x.yaml:4: ", "but matryoshka has 1 dimension"},
    {"data: {train: {file: a}}\nloss: {name: x, guide: \"\"}", "x.yaml:4: ", "loss.guide is empty"},
};

START_TEST(test_a_wrong_form_is_refused_with_its_line)
{
    char *text = tern_format("model: a\noutput: {dir: o}\n%s\n", forms[_i].text);
    refuse(text, NULL, forms[_i].begin, forms[_i].part);
    free(text);
}
END_TEST

/* What may stand in train. */
static const struct {
    const char *text, *part;
} values[] = {
    {"memory: 2XB", "a size such as 2GB"},
    {"memory: GB", "a size such as 2GB"},
    {"memory: -2GB", "a size such as 2GB"},
    {"memory: 1.2.3GB", "a size such as 2GB"},
    {"memory: 2e9", "a size such as 2GB"},
    {"memory: 2GBB", "a size such as 2GB"},
    {"memory: .GB", "a size such as 2GB"},
    {"memory: 02GB", "needless 0"},
    {"memory: 0", "out of range"},
    {"memory: 1KB", "out of range"},
    {"memory: 1025TB", "out of range"},
    {"memory: 99999999999999999999999999999999TB", "out of range"},
    {"memory: [2GB]", "is a list"},
    {"memory: ", "has no value"},
    {"freeze: []", "an empty list"},
    {"freeze: [\"\"]", "an empty text"},
    {"freeze: [~]", "has no value"},
    {"freeze: [[a]]", "plain value"},
    {"freeze: {a: b}", "takes a value, not keys"},
    {"freeze: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "more than 16"},
    {"freeze: [\"a\\0b\"]", "NUL"},
    {"rates: 0.5", "without a pattern"},
    {"rates: [0.5]", "is a list"},
    {"rates: {}", "is empty"},
    {"rates: {a: b}", "up to 16 patterns"},
    {"rates: {a: }", "has no value"},
    {"rates: {a: -1}", "out of range"},
    {"rates: {a: \"1\"}", "text in quotes"},
    {"rates: {a: 1, a: 2}", "twice"},
    {"rates: {\"\": 1}", "without a pattern"},
    {"rates: {a: {b: 1}}", "plain value"},
    {"rates: {[a]: 1}", "plain name"},
    {"rates: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1, l: 1, m: 1, n: 1, o: 1, p: 1, q: 1}",
     "more than 16"},
    {"layer_decay: 0", "out of range"},
    {"layer_decay: 1.1", "out of range"},
    {"ema: 1", "out of range"},
    {"ema: -0.1", "out of range"},
    {"decay: -1", "out of range"},
};

START_TEST(test_a_wrong_value_is_refused)
{
    char *text =
        tern_format("model: a\noutput: {dir: o}\ndata: {train: {file: f}}\n" L "train: {%s}\n", values[_i].text);
    refuse(text, NULL, "x.yaml:5: ", values[_i].part);
    free(text);
}
END_TEST

static const wrong sets[] = {
    {"data.train[1]=x", "--set data.train[1]: ", "section"},
    {"data.train[2].file=x", "--set data.train[2].file: ", "the next data set is data.train[1]"},
    {"data.train[15].loss[3].scale=2", "--set data.train[15].loss[3].scale: ", "the next data set is"},
    {"data.train[16].file=x", "--set data.train[16].file: ", "no such key"},
    {"data.train[01].file=x", "--set data.train[01].file: ", "no such key"},
    {"data.train[-1].file=x", "--set data.train[-1].file: ", "no such key"},
    {"data.train[].file=x", "--set data.train[].file: ", "no such key"},
    {"data.train[0.file=x", "--set data.train[0.file: ", "no such key"},
    {"data.train[0]file=x", "--set data.train[0]file: ", "no such key"},
    {"data.train[99999999999999999999].file=x", "--set data.train[9", "no such key"},
    {"data.train[0][0].file=x", "--set data.train[0][0].file: ", "no such key"},
    {"data.train[0].loss[0].tau=x", "--set data.train[0].loss[0].tau: ", "calls it data.train[0].loss[0].temperature"},
    {"data.train[0].fil=x", "--set data.train[0].fil: ", "did you mean data.train[0].file?"},
    {"data.train[0].loss[0].scal=x", "--set data.train[0].loss[0].scal: ", "did you mean data.train[0].loss[0].scale?"},
    {"data[0].train=x", "--set data[0].train: ", "no such key"},
    {"data.train[1].weight=2", "--set data.train[1].weight", "has neither beir"},
    {"data.train.loss.scale=2", "--set data.train.loss.scale", "data.train.loss.name is missing"},
    {"data.train[0].loss[1]=x", "--set data.train[0].loss[1].name: ", "the next loss there is loss[0]"},
    {"loss[2]=x", "--set loss[2].name: ", "the next loss there is loss[1]"},
    {"loss[4].scale=2", "--set loss[4].scale: ", "no such key"},
    {"loss[1].scale=2", "--set loss[1].scale", "loss[1].name is missing"},
    {"loss.directions=", "--set loss.directions: ", "a list of"},
    {"loss.directions=query_to_doc doc_to_doc", "--set loss.directions: ", "a list of"},
    {"loss.matryoshka=384 256", "--set loss.matryoshka: ", "whole numbers"},
    {"train.rates=0.5", "--set train.rates: ", "PATTERN=NUMBER"},
    {"train.rates==0.5", "--set train.rates: ", "without a pattern"},
    {"train.rates=a=", "--set train.rates: ", "up to 16 patterns"},
    {"train.rates=a=1,a=2", "--set train.rates: ", "twice"},
    {"train.rates=\xFF=1", "--set train.rates: ", "UTF-8"},
    {"train.freeze=", "--set train.freeze: ", "empty text"},
    {"train.freeze=\xC0\xAF", "--set train.freeze: ", "UTF-8"},
    {"train.memory=", "--set train.memory: ", "a size"},
};

START_TEST(test_a_wrong_override_is_refused)
{
    const wrong *w = &sets[_i];
    /* What is missing beside the override is told with the file, for it was given nowhere. */
    int is_missing = strstr(w->part, "is missing") || strstr(w->part, "has neither");
    refuse("model: a\noutput: {dir: o}\ndata: {train: {file: f}}\n" L, w->text, is_missing ? "x.yaml" : w->begin,
           w->part);
}
END_TEST

START_TEST(test_too_many_data_sets_are_refused)
{
    tern_buffer text = {0};
    tern_buffer_printf(&text, "model: a\noutput: {dir: o}\ndata:\n  train:\n");
    for (int i = 0; i < 16; i++)
        tern_buffer_printf(&text, "  - {file: f%d, loss: [a, b, c, d]}\n", i);
    tern_recipe *recipe = read_text(text.data, text.n, NULL);
    ck_assert_msg(recipe && recipe->n_sources == 16 && recipe->sources[15].n_losses == 4, "%s", refusal.message);
    tern_recipe_free(recipe);
    tern_buffer_printf(&text, "  - {file: f}\n");
    refuse(text.data, NULL, "x.yaml:4: ", "has 17 items; it takes up to 16");
    for (int i = 0; i < 15000; i++)
        tern_buffer_printf(&text, "  - {file: f}\n");
    refuse(text.data, NULL, "x.yaml:4: ", "takes up to 16");
    tern_buffer_free(&text);
}
END_TEST

START_TEST(test_a_pattern_of_any_length_is_read_back_or_refused)
{
    const char *base = "model: a\noutput: {dir: o}\ndata: {train: {file: f}}\n" L;
    char name[400];
    for (size_t n = 1; n < sizeof name - 1; n += 7) {
        memset(name, 'a', n);
        memset(name, '\t', n / 2);
        name[n] = 0;
        char *set = tern_format("train.rates=%s=1", name);
        tern_recipe *recipe = read_text(base, strlen(base), set);
        char *text = recipe ? tern_recipe_resolved(recipe) : NULL;
        tern_recipe *again = text ? read_text(text, strlen(text), NULL) : NULL;
        ck_assert_msg(recipe ? again != NULL : strstr(refusal.message, "more than") != NULL, "%zu: %s", n,
                      refusal.message);
        tern_recipe_free(recipe);
        tern_recipe_free(again);
        free(text);
        free(set);
    }
}
END_TEST

static const char good[] = "model: a/b\n"
                           "data:\n"
                           "  mixing: temperature\n"
                           "  train:\n"
                           "    - {file: a.csv, weight: 2, prompts: {query: 'q: '}, loss: [x, {name: y, scale: 2}]}\n"
                           "    - beir: /nf\n"
                           "      loss: cosent\n"
                           "    - file: c\n"
                           "      score_range: [0, 5]\n"
                           "loss:\n"
                           "  - {name: infonce, directions: [doc_to_doc], weight: 0.5}\n"
                           "  - global\n"
                           "train: {memory: 2GB, freeze: [embeddings], rates: {\"a.*\": 0.1, b: 2}}\n"
                           "output: {dir: o}\n";

START_TEST(test_truncation_at_every_byte_is_survived)
{
    survive_truncations(good, sizeof good);
}
END_TEST

/* Changes a few bytes: to special ones, or to lines of the recipe at another place. */
static void change(char *text, size_t n, uint64_t round)
{
    static const char special[] = "\n :-?[]{},#&*!|>'\"%\\\xFF\xEF~0a$.=";
    for (uint64_t i = 0; i <= tern_random_below(3, 1, round, 0, 0); i++) {
        size_t at = tern_random_below(n, 2, round, i, 0), from = tern_random_below(n, 3, round, i, 0);
        size_t length = tern_random_below(12, 4, round, i, 0), most = n - (at > from ? at : from);
        if (length == 0)
            text[at] = special[tern_random_below(sizeof special - 1, 5, round, i, 0)];
        else
            memmove(text + at, text + from, length < most ? length : most);
    }
}

START_TEST(test_random_changes_are_survived)
{
    char text[sizeof good];
    for (uint64_t round = 0; round < 6000; round++) {
        memcpy(text, good, sizeof good);
        change(text, sizeof good - 1, round);
        tern_recipe *recipe = read_text(text, sizeof good - 1, NULL);
        ck_assert_msg(recipe || !strncmp(refusal.message, "x.yaml", 6), "%s", refusal.message);
        char *resolved = recipe ? tern_recipe_resolved(recipe) : NULL;
        tern_recipe *again = resolved ? read_text(resolved, strlen(resolved), NULL) : NULL;
        char *twice = again ? tern_recipe_resolved(again) : NULL;
        ck_assert_msg(!recipe || (twice && !strcmp(resolved, twice)), "%s\n%s", refusal.message, resolved);
        free(resolved);
        free(twice);
        tern_recipe_free(again);
        tern_recipe_free(recipe);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recipe_lists_hostile");
    TCase *tests = tcase_create("recipe_lists_hostile");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, test_a_wrong_form_is_refused_with_its_line, 0, sizeof forms / sizeof *forms);
    tcase_add_loop_test(tests, test_a_wrong_value_is_refused, 0, sizeof values / sizeof *values);
    tcase_add_loop_test(tests, test_a_wrong_override_is_refused, 0, sizeof sets / sizeof *sets);
    tcase_add_test(tests, test_too_many_data_sets_are_refused);
    tcase_add_test(tests, test_a_pattern_of_any_length_is_read_back_or_refused);
    tcase_add_test(tests, test_truncation_at_every_byte_is_survived);
    tcase_add_test(tests, test_random_changes_are_survived);
    suite_add_tcase(suite, tests);
    return tern_test_run(suite);
}
