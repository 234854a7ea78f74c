/* Recipes that are wrong: every one ends in a sentence that begins with the place, and none in a crash. */
#include "base/hash.h"
#include "base/memory.h"
#include "tests/recipes.h"

#define DATA "data: {train: {file: f.csv}}\n"
#define END  "loss: triplet\noutput: {dir: o}\n"

static const wrong forms[] = {
    {"", "x.yaml: ", "empty"},
    {"# only words\n", "x.yaml: ", "empty"},
    {"---\n...\n", "x.yaml:", "single value"},
    {"- a\n- b\n", "x.yaml:1: ", "a list"},
    {"just text\n", "x.yaml:1: ", "a single value"},
    {"model: a\n---\nmodel: b\n", "x.yaml:2: ", "second document"},
    {"model: a\n...\n---\nloss: b\n", "x.yaml:3: ", "second document"},
    {"model: a\nmodel: b\n", "x.yaml:2: ", "already given on line 1"},
    {"model: a\ndata: {train: {file: a}}\ndata: {dev: {file: a}}\n", "x.yaml:3: ", "data was already given"},
    {"train: {seed: 1,\n seed: 2}\n", "x.yaml:2: ", "train.seed was already given"},
    {"model: a\ntrain:\n\tseed: 1\n", "x.yaml:3: ", "tabs"},
    {"model: {a: b}\n", "x.yaml:1: ", "takes a value"},
    {"model: [a]\n", "x.yaml:1: ", "is a list"},
    {"model: &x a\nloss: *x\n", "x.yaml:1: ", "anchors"},
    {"model: *x\n", "x.yaml:1: ", "aliases"},
    {"<<: {model: a}\n", "x.yaml:1: ", "there is no key <<"},
    {"model: !!str a\n", "x.yaml:1: ", "tags"},
    {"model: !mine a\n", "x.yaml:1: ", "tags"},
    {"? [a, b]\n: c\n", "x.yaml:1: ", "plain name"},
    {"? {model: a}\n: c\n", "x.yaml:1: ", "plain name"},
    {"\"mod\\0el\": a\n", "x.yaml:1: ", "plain name"},
    {"model: \"a\\0b\"\n", "x.yaml:1: ", "NUL"},
    {"model: 'a\n", "x.yaml:", "not valid YAML"},
    {"model: a\n  loss: b\n", "x.yaml:2: ", "not valid YAML"},
    {"model: [a\n", "x.yaml:", "not valid YAML"},
    {"model: @a\n", "x.yaml:1: ", "not valid YAML"},
    {"a: b: c\n", "x.yaml:1: ", "not valid YAML"},
    {"a: b: c\n", "x.yaml:1: ", "needs quotes: a: \"b: c\""},
    {"prompts:\n  query: query: \n", "x.yaml:2: ", "needs quotes: query: \"query: \""},
    {"prompts:\n  query: query:\n", "x.yaml:2: ", "needs quotes: query: \"query: \""},
    {"prompts:\n  query: query: # E5\n", "x.yaml:2: ", "needs quotes: query: \"query: \""},
    {"prompts: {query: query: , document: \"passage: \"}\n", "x.yaml:1: ", "needs quotes: query: \"query: \""},
    {"prompts: {query: \"q: \", document: Represent this: x}\n",
     "x.yaml:1: ", "needs quotes: document: \"Represent this: x\""},
    {"data:\n  train:\n    - file: a: b\n", "x.yaml:3: ", "needs quotes: file: \"a: b\""},
    {"train:\n\tepochs: 3\n", "x.yaml:2: ", "never by tabs"},
    {"train:\n  epochs:\t3\n  seed:\t\t1\n\tdropout: 0\n", "x.yaml:", "never by tabs"},
    {"train: {epochs: 3\n", "x.yaml:", "a comma between them"},
    {"model: 'a\n", "x.yaml:", "closed nowhere"},
    {"model: %a\n", "x.yaml:1: ", "needs quotes"},
    {"data: {train: {beir: ${TERN_DATA}/a}}\n", "x.yaml:1: ", "needs quotes"},
    {"data:\n  train:\n    positives: >=1\n", "x.yaml:3: ", "needs quotes"},
    {"model: a\x01\n", "x.yaml:1: ", "UTF-8"},
    {"model: a\nprompts: {query: \"\xFF\"}\n", "x.yaml:2: ", "UTF-8"},
    {"model: \xC0\xAF\n", "x.yaml:1: ", "UTF-8"},
    {"model: \xED\xA0\x80\n", "x.yaml:1: ", "UTF-8"},
};

START_TEST(test_a_wrong_form_is_refused_with_its_line)
{
    refuse(forms[_i].text, NULL, forms[_i].begin, forms[_i].part);
}
END_TEST

/* One line put as line 3 into a recipe that is right otherwise. */
static const wrong lines[] = {
    {"modle: b", "x.yaml:3: ", "did you mean model?"},
    {"batch_size: 3", "x.yaml:3: ", "did you mean train.batch_size?"},
    {"zzzzzz: 3", "x.yaml:3: ", "docs/recipes.md"},
    {"train: {batchsize: 3}", "x.yaml:3: ", "did you mean train.batch_size?"},
    {"train: {seeds: {a: b}}", "x.yaml:3: ", "did you mean train.seed?"},
    {"evaluation: {}", "x.yaml:3: ", "there is no key evaluation"},
    {"train: {lr: 1e-5}", "x.yaml:3: ", "there is no key train.lr; tern calls it train.learning_rate"},
    {"num_train_epochs: 3", "x.yaml:3: ", "tern calls it train.epochs"},
    {"train: {warmup_ratio: 0.1}", "x.yaml:3: ", "tern calls it train.warmup (below 1"},
    {"train: {fp16: true}", "x.yaml:3: ", "there is no key train.fp16; weights and arithmetic are float32"},
    {"train: {gradient_accumulation_steps: 4}", "x.yaml:3: ", "train.batch_size is the whole batch"},
    {"evaluation_strategy: steps", "x.yaml:3: ", "eval.every"},
    {"learnig_rate: 1", "x.yaml:3: ", "did you mean train.learning_rate?"},
    {"train: {schedule: cosin}", "x.yaml:3: ", "\"cosin\"; did you mean cosine? It takes linear, cosine, constant or"},
    {"train: {schedule: Cosine}", "x.yaml:3: ", "did you mean cosine?"},
    {"train: {schedule: constant_with_warmup}", "x.yaml:3: ", "did you mean constant?"},
    {"train: {schedule: qqqqqq}", "x.yaml:3: ", "is \"qqqqqq\"; it takes linear"},
    {"train: {activations: bf16}", "x.yaml:3: ", "did you mean bfloat16?"},
    {"train:\n  epochs:3", "x.yaml:3: ", "write a blank after the colon"},
    {"prompts: {query: \"query:\"}", "x.yaml:3: ", "end it in a blank: query: \"query: \""},
    {"prompts: {document: passage}", "x.yaml:3: ", "end it in a blank: document: \"passage \""},
    {"prompts: {document: 'say \"x\" 1'}", "x.yaml:3: ", "end it in a blank: document: \"say \\\"x\\\" 1 \""},
    {"prompts: {query: \"Frage \u00e9\"}", "x.yaml:3: ", "runs into the text"},
    {"train:", "x.yaml:3: ", "nothing in it"},
    {"train: 5", "x.yaml:3: ", "takes keys"},
    {"train: [1]", "x.yaml:3: ", "takes keys"},
    {"train: {batch_size: }", "x.yaml:3: ", "has no value"},
    {"train: {batch_size: ~}", "x.yaml:3: ", "has no value"},
    {"train: {batch_size: null}", "x.yaml:3: ", "has no value"},
    {"prompts: {query: }", "x.yaml:3: ", "the empty text"},
    {"train: {batch_size: 3.5}", "x.yaml:3: ", "a whole number from 1"},
    {"train: {batch_size: 3.0}", "x.yaml:3: ", "a whole number from 1"},
    {"train: {batch_size: 010}", "x.yaml:3: ", "needless 0"},
    {"train: {batch_size: 0x10}", "x.yaml:3: ", "a whole number"},
    {"train: {batch_size: 1_000}", "x.yaml:3: ", "a whole number"},
    {"train: {batch_size: 1e3}", "x.yaml:3: ", "a whole number"},
    {"train: {batch_size: 32 rows}", "x.yaml:3: ", "a whole number"},
    {"train: {batch_size: \"32\"}", "x.yaml:3: ", "text in quotes"},
    {"train: {batch_size: [32]}", "x.yaml:3: ", "is a list"},
    {"train: {batch_size: {a: 1}}", "x.yaml:3: ", "takes a value, not keys"},
    {"train: {batch_size: 0}", "x.yaml:3: ", "out of range"},
    {"train: {batch_size: -1}", "x.yaml:3: ", "out of range"},
    {"train: {batch_size: 99999999999999999999999}", "x.yaml:3: ", "out of range"},
    {"train: {seed: 9007199254740993}", "x.yaml:3: ", "out of range"},
    {"train: {learning_rate: 2e-5x}", "x.yaml:3: ", "a number"},
    {"train: {learning_rate: nan}", "x.yaml:3: ", "a number"},
    {"train: {learning_rate: .inf}", "x.yaml:3: ", "a number"},
    {"train: {learning_rate: inf}", "x.yaml:3: ", "a number"},
    {"train: {learning_rate: 1e999}", "x.yaml:3: ", "out of range"},
    {"train: {learning_rate: 0x1p3}", "x.yaml:3: ", "a number"},
    {"train: {learning_rate: 01.5}", "x.yaml:3: ", "needless 0"},
    {"train: {learning_rate: 1,5}", "x.yaml:3: ", "there is no key train.5"},
    {"train: {dropout: 1}", "x.yaml:3: ", "from 0 to 0.95"},
    {"train: {schedule: liner}", "x.yaml:3: ", "linear, cosine, constant or"},
    {"train: {schedule: linear|cosine}", "x.yaml:3: ", "linear, cosine, constant or"},
    {"train: {schedule: \"\"}", "x.yaml:3: ", "linear, cosine, constant or"},
    {"scratch: {layers: 2}", "x.yaml:3: ", "can't both be given"},
    {"eval: {metric: [a]}", "x.yaml:3: ", "is a list"},
};

START_TEST(test_a_wrong_line_is_refused)
{
    char *text = tern_format("model: a\n" DATA "%s\n" END, lines[_i].text);
    refuse(text, NULL, lines[_i].begin, lines[_i].part);
    free(text);
}
END_TEST

static const wrong wholes[] = {
    {DATA END, "x.yaml: ", "model is missing"},
    {"model: a\n" END, "x.yaml: ", "data.train is missing"},
    {"model: a\ndata: {dev: {file: a}}\n" END, "x.yaml:2: ", "data.train is missing"},
    {"model: a\ndata: {train: {}}\n" END, "x.yaml:2: ", "data.train is missing"},
    {"model: a\ndata: {train: {split: x}}\n" END, "x.yaml:2: ", "neither beir"},
    {"model: a\ndata: {train: {file: a, beir: b}}\n" END, "x.yaml:2: ", "can't both be given"},
    {"model: a\ndata: {train: {file: a, split: b}}\n" END, "x.yaml:2: ", "is for data given by beir"},
    {"model: a\ndata: {train: {beir: a, anchor: b}}\n" END, "x.yaml:2: ", "is for data given by file"},
    {"model: a\ndata: {train: {beir: a, positives: 2}}\n" END, "x.yaml:2: ", "\">=N\""},
    {"model: a\ndata: {train: {beir: a, positives: \">=0\"}}\n" END, "x.yaml:2: ", "out of range"},
    {"model: a\ndata: {train: {beir: a, positives: \">=1.5\"}}\n" END, "x.yaml:2: ", "\">=N\""},
    {"model: a\ndata: {train: {file: a, exclude_same_id: true}}\n" END, "x.yaml:2: ", "there is no key"},
    {"model: a\n" DATA "output: {dir: o}\n", "x.yaml: ", "loss.name is missing"},
    {"model: a\n" DATA "loss: {scale: 2}\noutput: {dir: o}\n", "x.yaml:3: ", "loss.name is missing"},
    {"model: a\n" DATA "loss: triplet\n", "x.yaml: ", "output.dir is missing"},
    {"model: a\n" DATA "loss: triplet\noutput: {dir: \"\"}\n", "x.yaml:4: ", "is empty"},
    {"model: \"\"\n" DATA END, "x.yaml:1: ", "is empty"},
    {"model: a\n" DATA "loss: {name: t, scale: 2, temperature: 0.5}\noutput: {dir: o}\n", "x.yaml:3: ", "can't both"},
    {"model: a\n" DATA "loss: {name: t, matryoshka: []}\noutput: {dir: o}\n", "x.yaml:3: ", "empty list"},
    {"model: a\n" DATA "loss: {name: t, matryoshka: [1, [2]]}\noutput: {dir: o}\n", "x.yaml:3: ", "plain value"},
    {"model: a\n" DATA "loss: {name: t, matryoshka: [1, \"2\"]}\noutput: {dir: o}\n", "x.yaml:3: ", "in quotes"},
    {"model: a\n" DATA "loss: {name: t, matryoshka: [1,2,3,4,5,6,7,8,9,1,1,1,1,1,1,1,1]}\noutput: {dir: o}\n",
     "x.yaml:3: ", "more than 16"},
    {"model: a\n" DATA "loss: {name: t, matryoshka_weights: [1]}\noutput: {dir: o}\n",
     "x.yaml:3: ", "for 0 dimensions"},
    {"scratch: {layers: 1}\n" DATA END, "x.yaml:1: ", "scratch.vocab is missing"},
    {"scratch: {width: 10, heads: 3, vocab: v}\n" DATA END, "x.yaml:1: ", "no multiple"},
    {"model: ${TERN_TEST_UNSET}/a\n" DATA END, "x.yaml:1: ", "TERN_TEST_UNSET is not set"},
    {"model: a\ndata: {train: {file: \"${TERN_DATA}/a\"}}\n" END, "x.yaml:2: ", "export TERN_DATA="},
    {"model: a${\n" DATA END, "x.yaml:1: ", "is not ${NAME}"},
    {"model: a${}\n" DATA END, "x.yaml:1: ", "is not ${NAME}"},
    {"model: a${a b}\n" DATA END, "x.yaml:1: ", "is not ${NAME}"},
};

START_TEST(test_a_recipe_that_does_not_hold_together_is_refused)
{
    unsetenv("TERN_DATA");
    refuse(wholes[_i].text, NULL, wholes[_i].begin, wholes[_i].part);
}
END_TEST

static const wrong sets[] = {
    {"", "--set ", "key=value"},
    {"=", "--set =", "key=value"},
    {"train.batch_size", "--set train.batch_size", "key=value"},
    {"train.batchsize=3", "--set train.batchsize: ", "did you mean train.batch_size?"},
    {"batch_size=3", "--set batch_size: ", "did you mean train.batch_size?"},
    {"qqqqq=3", "--set qqqqq: ", "recipe-keys"},
    {"train=3", "--set train: ", "section"},
    {"data.train=x", "--set data.train: ", "section"},
    {"train.batch_size=", "--set train.batch_size: ", "a whole number"},
    {"train.batch_size=3.5", "--set train.batch_size: ", "a whole number"},
    {"train.batch_size= 3", "--set train.batch_size: ", "a whole number"},
    {"train.batch_size=08", "--set train.batch_size: ", "needless 0"},
    {"train.dropout=half", "--set train.dropout: ", "a number"},
    {"loss.symmetric=yes", "--set loss.symmetric: ", "did you mean true? It takes true or false"},
    {"loss.symmetric=maybe", "--set loss.symmetric: ", "it takes true or false"},
    {"loss.directions=query_to_doc,doc_to_qurey", "--set loss.directions: ", "did you mean doc_to_query?"},
    {"train.lr=3", "--set train.lr: ", "there is no such key; tern calls it train.learning_rate"},
    {"loss.temp=x", "--set loss.temp: ", "tern calls it loss.temperature"},
    {"prompts.query=query:", "--set prompts.query: ", "end it in a blank: --set 'prompts.query=query: '"},
    {"loss.matryoshka=", "--set loss.matryoshka: ", "whole numbers"},
    {"loss.matryoshka=3,,4", "--set loss.matryoshka: ", "whole numbers"},
    {"loss.matryoshka=1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7", "--set loss.matryoshka: ", "more than 16"},
    {"output.dir=", "--set output.dir: ", "is empty"},
    {"output.dir=${TERN_TEST_UNSET}", "--set output.dir: ", "not set"},
    {"prompts.query=\xFF", "--set prompts.query: ", "UTF-8"},
    {"prompts.query=\xF4\x90\x80\x80", "--set prompts.query: ", "UTF-8"},
    {"prompts.query=\xE2\x82", "--set prompts.query: ", "UTF-8"},
    {"data.dev.split=x", "--set data.dev.split", "neither beir"},
};

START_TEST(test_a_wrong_override_is_refused)
{
    const char *text = "model: a\n" DATA END;
    if (strstr(sets[_i].text, "data.dev"))
        refuse(text, sets[_i].text, "x.yaml:2: ", sets[_i].part);
    else
        refuse(text, sets[_i].text, sets[_i].begin, sets[_i].part);
}
END_TEST

static char *repeat(const char *unit, size_t times)
{
    tern_buffer text = {0};
    for (size_t i = 0; i < times; i++)
        tern_buffer_add(&text, unit, strlen(unit));
    return text.data;
}

static const struct {
    const char *unit;
    size_t times;
    const char *part;
} deep[] = {
    {"[", 65, "deeper than 64"},   {"{a: ", 65, "deeper than 64"},   {"[", 200000, "deeper than 64"},
    {"{", 200000, "deeper"},       {"{? ", 60000, "deeper"},         {"- ", 100000, "deeper than 64"},
    {"? ", 100000, "deeper"},      {"a", 300 * 1024, "256 KiB"},     {"# comment\n", 30000, "256 KiB"},
    {"a: b\n", 50000, "no key a"}, {"model: a\n", 29000, "already"}, {"-\n", 100000, "a list"},
    {"'", 199999, "valid YAML"},   {"a ", 100000, "single value"},   {"\xEF\xBB\xBF", 1000, "single value"},
    {"\n", 200000, "empty"},       {" ", 200000, "empty"},           {"\t", 200000, "x.yaml:"},
    {"%", 100000, "valid YAML"},   {"!", 100000, "x.yaml:1"},        {"&a ", 50000, "x.yaml:1"},
    {"*a : ", 50000, "aliases"},   {"[a,", 80000, "deeper"},         {"a,b: [", 40000, "x.yaml:"},
};

START_TEST(test_a_large_or_deep_recipe_ends_soon)
{
    char *text = repeat(deep[_i].unit, deep[_i].times);
    refuse(text, NULL, "x.yaml", deep[_i].part);
    free(text);
}
END_TEST

START_TEST(test_an_alias_bomb_is_refused)
{
    tern_buffer text = {0};
    tern_buffer_printf(&text, "a0: &a0 [x, x]\n");
    for (int i = 1; i < 60; i++)
        tern_buffer_printf(&text, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
    refuse(text.data, NULL, "x.yaml:1: ", "anchors");
    tern_buffer_free(&text);
}
END_TEST

START_TEST(test_a_path_that_expands_without_end_is_refused)
{
    char *value = repeat("x", 2000), *reference = repeat("${TERN_TEST_LONG}", 5000);
    setenv("TERN_TEST_LONG", value, 1);
    char *text = tern_format("model: \"%s\"\n" DATA END, reference);
    refuse(text, NULL, "x.yaml:1: ", "longer than");
    free(value);
    free(reference);
    free(text);
}
END_TEST

static const char good[] = "\xEF\xBB\xBF# all kinds\n"
                           "model: \"a/b\\u00e9\"\n"
                           "prompts: {query: 'q: ', document: ''}\n"
                           "data:\n"
                           "  train: {beir: /x, split: train, positives: \">= 2\", positives_per_query: 1}\n"
                           "  test: {file: t.jsonl, anchor: q}\n"
                           "loss: {name: infonce, scale: 20, matryoshka: [384, 256], symmetric: true}\n"
                           "train: {learning_rate: 2.0e-5, schedule: cosine, seed: 1}\n"
                           "output: {dir: runs/x, keep: 2}\n";

START_TEST(test_truncation_at_every_byte_is_survived)
{
    survive_truncations(good, sizeof good);
}
END_TEST

START_TEST(test_random_changes_are_survived)
{
    static const char special[] = "\0\t\n :-?[]{},#&*!|>'\"%@`\\\xFF\xEF\xBB\x80~0a$";
    char text[sizeof good];
    for (uint64_t round = 0; round < 20000; round++) {
        memcpy(text, good, sizeof good);
        for (uint64_t i = 0; i <= tern_random_below(4, 1, round, 0, 0); i++)
            text[tern_random_below(sizeof good - 1, 2, round, i, 0)] =
                special[tern_random_below(sizeof special - 1, 3, round, i, 0)];
        tern_recipe *recipe = read_text(text, sizeof good - 1, NULL);
        ck_assert(recipe || !strncmp(refusal.message, "x.yaml", 6));
        char *resolved = recipe ? tern_recipe_resolved(recipe) : NULL;
        tern_recipe *again = resolved ? read_text(resolved, strlen(resolved), NULL) : NULL;
        ck_assert_msg(!recipe || again || strstr(refusal.message, "${NAME}"), "%s\n%s", refusal.message, resolved);
        free(resolved);
        tern_recipe_free(again);
        tern_recipe_free(recipe);
    }
}
END_TEST

START_TEST(test_a_file_that_is_no_recipe_is_refused)
{
    static const char *const paths[] = {"/dev/zero", "/nowhere/x.yaml", "tests"};
    for (int i = 0; i < 3; i++) {
        memset(&refusal, 0, sizeof refusal);
        ck_assert_ptr_null(tern_recipe_read(paths[i], NULL, 0, &refusal));
        ck_assert_msg(!strncmp(refusal.message, paths[i], strlen(paths[i])), "%s", refusal.message);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recipe_hostile");
    TCase *tests = tcase_create("recipe_hostile");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, test_a_wrong_form_is_refused_with_its_line, 0, sizeof forms / sizeof *forms);
    tcase_add_loop_test(tests, test_a_wrong_line_is_refused, 0, sizeof lines / sizeof *lines);
    tcase_add_loop_test(tests, test_a_recipe_that_does_not_hold_together_is_refused, 0, sizeof wholes / sizeof *wholes);
    tcase_add_loop_test(tests, test_a_wrong_override_is_refused, 0, sizeof sets / sizeof *sets);
    tcase_add_loop_test(tests, test_a_large_or_deep_recipe_ends_soon, 0, sizeof deep / sizeof *deep);
    tcase_add_test(tests, test_an_alias_bomb_is_refused);
    tcase_add_test(tests, test_a_path_that_expands_without_end_is_refused);
    tcase_add_test(tests, test_truncation_at_every_byte_is_survived);
    tcase_add_test(tests, test_random_changes_are_survived);
    tcase_add_test(tests, test_a_file_that_is_no_recipe_is_refused);
    suite_add_tcase(suite, tests);
    return tern_test_run(suite);
}
