/* Recipes: what a good one reads to, what overrides and defaults do, and what is written back. */
#include "base/file.h"
#include "tests/recipes.h"

#include <math.h>

#define LEAST                                                                                                          \
    "model: org/name\n"                                                                                                \
    "data:\n"                                                                                                          \
    "  train: {file: faq.csv}\n"                                                                                       \
    "loss: triplet\n"                                                                                                  \
    "output: {dir: out}\n"

START_TEST(test_the_least_recipe_has_defaults)
{
    tern_recipe *r = parse(LEAST);
    ck_assert_str_eq(r->model, "org/name");
    ck_assert_str_eq(r->losses[0].name, "triplet");
    ck_assert_str_eq(r->output.dir, "out");
    ck_assert_ptr_null(r->prompts.query);
    ck_assert_ptr_null(r->data.dev.file);
    ck_assert_ptr_null(r->sources[0].data.split);
    ck_assert_int_eq(r->train.batch_size, 32);
    ck_assert_int_eq(r->train.epochs, 1);
    ck_assert_double_eq(r->train.learning_rate, 2e-5);
    ck_assert_double_eq(r->losses[0].scale, 0);
    ck_assert(isnan(r->losses[0].margin));
    ck_assert_int_eq(r->losses[0].distance, -1);
    ck_assert_int_eq(r->losses[0].mask, TERN_MASK_JUDGED);
    ck_assert_int_eq(r->train.seed, 42);
    ck_assert_int_eq(r->output.checkpoint_every, 50);
    ck_assert_str_eq(r->eval.metric, "ndcg_at_10");
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_every_key_of_the_long_form_is_read)
{
    setenv("TERN_DATA", "/data", 1);
    tern_recipe *r =
        parse("model: a/b\n"
              "prompts: {query: \"query: \", document: \"\"}\n"
              "data:\n"
              "  train: {beir: \"${TERN_DATA}/nf\", split: dev, positives: \">=2\", positives_per_query: 1}\n"
              "  dev: {beir: \"/x/${TERN_DATA}y\", exclude_same_id: true}\n"
              "  test: {file: t.jsonl, anchor: q, positive: p, negative: n}\n"
              "loss: {name: infonce, temperature: 0.05, symmetric: true, mask: equal,\n"
              "       matryoshka: [384, 128], matryoshka_weights: [1, 0.5]}\n"
              "train: {batch_size: 8, max_steps: 7, learning_rate: 1.5e-4, warmup: 10, schedule: cosine,\n"
              "        dropout: 0, bucket: 4, seed: 9007199254740991, threads: 2}\n"
              "eval: {every: 25, metric: mrr_at_10, patience: 3}\n"
              "output: {dir: \"${TERN_DATA}/o\", keep: 5}\n");
    ck_assert_str_eq(r->prompts.query, "query: ");
    ck_assert_str_eq(r->prompts.document, "");
    ck_assert_str_eq(r->sources[0].data.beir, "/data/nf");
    ck_assert_str_eq(r->sources[0].data.split, "dev");
    ck_assert_int_eq(r->sources[0].data.min_grade, 2);
    ck_assert_int_eq(r->sources[0].data.positives_per_query, 1);
    ck_assert_str_eq(r->data.dev.split, "dev");
    ck_assert_int_eq(r->data.dev.exclude_same_id, 1);
    ck_assert_str_eq(r->data.test.anchor, "q");
    ck_assert_double_eq_tol(r->losses[0].scale, 20, 1e-12);
    ck_assert_int_eq(r->losses[0].symmetric, 1);
    ck_assert_int_eq(r->losses[0].mask, TERN_MASK_EQUAL);
    ck_assert_int_eq(r->losses[0].matryoshka.n, 2);
    ck_assert_int_eq(r->losses[0].matryoshka.items[1], 128);
    ck_assert_double_eq(r->losses[0].matryoshka_weights.items[1], 0.5);
    ck_assert_int_eq(r->train.schedule, TERN_SCHEDULE_COSINE);
    ck_assert(r->train.seed == INT64_C(9007199254740991));
    ck_assert_int_eq(r->output.checkpoint_every, 25);
    ck_assert_str_eq(r->output.dir, "/data/o");
    ck_assert_str_eq(tern_recipe_line(r, "loss.temperature"), "tests/x.yaml:7");
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_inputs_are_relative_to_the_recipe_and_output_is_as_given)
{
    char *here = realpath(".", NULL), want[4200];
    tern_recipe *r = parse(LEAST);
    snprintf(want, sizeof want, "%s/tests/faq.csv", here);
    ck_assert_str_eq(r->sources[0].data.file, want);
    tern_recipe_free(r);
    const char *sets[] = {"data.train.file=faq.csv", "model=base"};
    r = parse_with(LEAST, sets, 2);
    snprintf(want, sizeof want, "%s/faq.csv", here);
    ck_assert_str_eq(r->sources[0].data.file, want);
    snprintf(want, sizeof want, "%s/base", here);
    ck_assert_str_eq(r->model, want);
    tern_recipe_free(r);
    free(here);
}
END_TEST

START_TEST(test_folders_that_are_not_there_yet_are_resolved_too)
{
    const char *paths[][2] = {{"../not-there/a/b.csv", "/not-there/a/b.csv"},
                              {"./goldens/../x.csv", "/tests/x.csv"},
                              {"goldens/../../base/", "/base"}};
    char *here = realpath(".", NULL), text[400], want[4200];
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "model: a/b\ndata: {train: {file: %s}}\nloss: triplet\noutput: {dir: o}\n",
                 paths[i][0]);
        snprintf(want, sizeof want, "%s%s", here, paths[i][1]);
        tern_recipe *r = parse(text);
        ck_assert_str_eq(r->sources[0].data.file, want);
        tern_recipe_free(r);
    }
    free(here);
}
END_TEST

START_TEST(test_scratch_replaces_the_model)
{
    tern_recipe *r = parse("scratch: {layers: 2, width: 64, heads: 4, vocab: v.txt}\n"
                           "data: {train: {file: /f.csv}}\nloss: triplet\noutput: {dir: o}\n");
    ck_assert_ptr_null(r->model);
    ck_assert_int_eq(r->scratch.intermediate, 256);
    ck_assert_int_eq(r->scratch.lower_case, 1);
    tern_recipe_free(r);
    r = parse(LEAST);
    ck_assert_int_eq(r->scratch.layers, 0);
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_set_overrides_in_order)
{
    const char *sets[] = {"train.batch_size=4",       "train.batch_size=5",  "loss=infonce",
                          "loss.matryoshka=[64, 32]", "prompts.query=a=b ",  "prompts.document=",
                          "train.dropout=0.25",       "loss.symmetric=true", "loss.matryoshka_weights=1,2"};
    tern_recipe *r = parse_with(LEAST, sets, 9);
    ck_assert_int_eq(r->train.batch_size, 5);
    ck_assert_str_eq(r->losses[0].name, "infonce");
    ck_assert_int_eq(r->losses[0].matryoshka.items[1], 32);
    ck_assert_str_eq(r->prompts.query, "a=b ");
    ck_assert_str_eq(r->prompts.document, "");
    ck_assert_double_eq(r->losses[0].matryoshka_weights.items[1], 2);
    ck_assert_str_eq(tern_recipe_line(r, "train.batch_size"), "--set train.batch_size");
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_set_beats_the_alternative_in_the_file)
{
    const char *text = "model: a/b\ndata: {train: {beir: /x, split: train, positives: \">=2\"}}\n"
                       "loss: {name: infonce, scale: 10}\noutput: {dir: o}\n";
    const char *sets[] = {"data.train.file=/f.csv", "loss.temperature=0.1", "scratch.vocab=/v.txt"};
    tern_recipe *r = parse_with(text, sets, 3);
    ck_assert_ptr_null(r->sources[0].data.beir);
    ck_assert_ptr_null(r->sources[0].data.split);
    ck_assert_ptr_null(r->model);
    ck_assert_str_eq(r->sources[0].data.file, "/f.csv");
    ck_assert_double_eq_tol(r->losses[0].scale, 10, 1e-12);
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_defaults_follow_other_keys)
{
    const char *files[] = {"data.dev.file=/d.jsonl", "eval.every=7", "data.dev.score=s"};
    tern_recipe *r = parse_with(LEAST, files, 2);
    ck_assert_str_eq(r->eval.metric, "triplet_accuracy");
    ck_assert_int_eq(r->output.checkpoint_every, 7);
    tern_recipe_free(r);
    r = parse_with(LEAST, files, 3);
    ck_assert_str_eq(r->eval.metric, "cosine_spearman");
    tern_recipe_free(r);
    const char *given[] = {"data.dev.file=/d.jsonl", "eval.metric=map_at_5"};
    r = parse_with(LEAST, given, 2);
    ck_assert_str_eq(r->eval.metric, "map_at_5");
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_lines_fall_back_to_sections_and_the_file)
{
    tern_recipe *r = parse(LEAST);
    ck_assert_str_eq(tern_recipe_line(r, "model"), "tests/x.yaml:1");
    ck_assert_str_eq(tern_recipe_line(r, "data.train"), "tests/x.yaml:3");
    ck_assert_str_eq(tern_recipe_line(r, "data.train.positive"), "tests/x.yaml:3");
    ck_assert_str_eq(tern_recipe_line(r, "data.dev"), "tests/x.yaml:2");
    ck_assert_str_eq(tern_recipe_line(r, "loss.margin"), "tests/x.yaml:4");
    ck_assert_str_eq(tern_recipe_line(r, "train.epochs"), "tests/x.yaml");
    ck_assert(tern_recipe_given(r, "data.train") && tern_recipe_given(r, "loss"));
    ck_assert(!tern_recipe_given(r, "data.dev") && !tern_recipe_given(r, "loss.margin"));
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_the_resolved_recipe_reads_back_to_itself)
{
    const char *sets[] = {"prompts.query=\"a\" \\ \t\n\xC2\x85\u2028\uFEFF\u00E9\U0001F600 ",
                          "loss.temperature=0.07",
                          "data.dev.beir=/b",
                          "loss.matryoshka=384,64",
                          "train.learning_rate=3.0000000000000004e-05",
                          "prompts.document=null ",
                          "data.train.name=null"};
    tern_recipe *r = parse_with(LEAST, sets, 7);
    char *text = tern_recipe_resolved(r);
    tern_recipe *again = parse(text);
    char *twice = tern_recipe_resolved(again);
    ck_assert_str_eq(text, twice);
    ck_assert_str_eq(r->prompts.query, again->prompts.query);
    ck_assert_str_eq(again->prompts.document, "null ");
    ck_assert_str_eq(again->sources[0].name, "null");
    ck_assert(r->losses[0].scale == again->losses[0].scale);
    ck_assert(r->train.learning_rate == again->train.learning_rate);
    free(text);
    free(twice);
    tern_recipe_free(r);
    tern_recipe_free(again);
}
END_TEST

START_TEST(test_identity_leaves_out_what_does_not_change_the_result)
{
    const char *same[] = {"train.threads=7", "output.dir=elsewhere", "output.keep=9", "output.checkpoint_every=3"};
    const char *other[] = {"train.epochs=2"};
    tern_recipe *a = parse(LEAST), *b = parse_with(LEAST, same, 4), *c = parse_with(LEAST, other, 1);
    char *ta = tern_recipe_identity(a), *tb = tern_recipe_identity(b), *tc = tern_recipe_identity(c);
    ck_assert_str_eq(ta, tb);
    ck_assert_str_ne(ta, tc);
    free(ta);
    free(tb);
    free(tc);
    tern_recipe_free(a);
    tern_recipe_free(b);
    tern_recipe_free(c);
}
END_TEST

static const char *const shipped[] = {"quickstart", "faq",          "acord",      "scifact", "nfcorpus",
                                      "stsb",       "snli-triplet", "matryoshka", "scratch"};

START_TEST(test_a_shipped_recipe_is_valid)
{
    char path[64];
    tern_error error = {{0}};
    setenv("TERN_DATA", "/data", 1);
    snprintf(path, sizeof path, "recipes/%s.yaml", shipped[_i]);
    tern_recipe *r = tern_recipe_read(path, NULL, 0, &error);
    ck_assert_msg(r, "%s", error.message);
    if (r->model)
        ck_assert_str_eq(r->model, "sentence-transformers/all-MiniLM-L6-v2");
    else
        ck_assert_str_eq(r->scratch.vocab, "/data/tokenizer-bert-uncased/vocab.txt");
    ck_assert(r->data.test.beir || r->data.test.file);
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_the_documented_keys_are_the_program_s)
{
    tern_error error = {{0}};
    char *made = NULL, *kept = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&made, &n);
    tern_recipe_reference(out);
    fclose(out);
    ck_assert_msg(tern_file_read("docs/recipes.md", 0, &kept, NULL, &error) == 0, "%s", error.message);
    ck_assert_msg(!strcmp(made, kept), "docs/recipes.md is out of date: tern help recipe-keys > docs/recipes.md");
    free(made);
    free(kept);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recipe");
    TCase *tests = tcase_create("recipe");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_the_least_recipe_has_defaults);
    tcase_add_test(tests, test_every_key_of_the_long_form_is_read);
    tcase_add_test(tests, test_inputs_are_relative_to_the_recipe_and_output_is_as_given);
    tcase_add_test(tests, test_folders_that_are_not_there_yet_are_resolved_too);
    tcase_add_test(tests, test_scratch_replaces_the_model);
    tcase_add_test(tests, test_set_overrides_in_order);
    tcase_add_test(tests, test_set_beats_the_alternative_in_the_file);
    tcase_add_test(tests, test_defaults_follow_other_keys);
    tcase_add_test(tests, test_lines_fall_back_to_sections_and_the_file);
    tcase_add_test(tests, test_the_resolved_recipe_reads_back_to_itself);
    tcase_add_test(tests, test_identity_leaves_out_what_does_not_change_the_result);
    tcase_add_loop_test(tests, test_a_shipped_recipe_is_valid, 0, sizeof shipped / sizeof *shipped);
    tcase_add_test(tests, test_the_documented_keys_are_the_program_s);
    suite_add_tcase(suite, tests);
    return tern_test_run(suite);
}
