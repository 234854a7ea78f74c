/* Recipes with several data sets and losses, and the keys that hold more than one value. */
#include "tests/recipes.h"

#include <math.h>

#define BEGIN "model: a/b\noutput: {dir: o}\n"

/* Three data sets: the first takes the recipe's two losses, the others have their own. */
static const char several[] = BEGIN "data:\n"
                                    "  mixing: weighted\n"
                                    "  train:\n"
                                    "    - {file: /a.csv, weight: 2, prompts: {query: 'q: '}}\n"
                                    "    - beir: /nf\n"
                                    "      batch_size: 8\n"
                                    "      loss: cosent\n"
                                    "    - file: /c.tsv\n"
                                    "      name: pairs\n"
                                    "      score_range: [0, 5]\n"
                                    "      per_label: 4\n"
                                    "      loss:\n"
                                    "        - {name: infonce, temperature: 0.5}\n"
                                    "        - global_orthogonal\n"
                                    "loss:\n"
                                    "  - {name: triplet, weight: 0.5, margin: 0, distance: cosine}\n"
                                    "  - {name: guided, guide: org/big, matryoshka: [64, 32]}\n";

/* A recipe that is as small as can be but for one line. */
static tern_recipe *parse_line(const char *line)
{
    char text[1000];
    snprintf(text, sizeof text, BEGIN "data: {train: {file: /f.csv}}\n%s\n", line);
    return parse(text);
}

START_TEST(test_data_sets_of_a_list_are_read_in_order)
{
    tern_recipe *r = parse(several);
    ck_assert_int_eq(r->n_sources, 3);
    ck_assert_int_eq(r->data.mixing, TERN_MIX_WEIGHTED);
    ck_assert_str_eq(r->sources[0].data.file, "/a.csv");
    ck_assert_str_eq(r->sources[0].prompts.query, "q: ");
    ck_assert_double_eq(r->sources[0].weight, 2);
    ck_assert_str_eq(r->sources[1].data.beir, "/nf");
    ck_assert_str_eq(r->sources[1].data.split, "train");
    ck_assert_int_eq(r->sources[1].batch_size, 8);
    ck_assert_double_eq(r->sources[1].weight, 1);
    ck_assert_str_eq(r->sources[2].name, "pairs");
    ck_assert_int_eq(r->sources[2].per_label, 4);
    ck_assert_int_eq(r->sources[2].data.score_range.n, 2);
    ck_assert_double_eq(r->sources[2].data.score_range.items[1], 5);
    ck_assert_int_eq(r->sources[2].batch_size, 0);
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_a_data_set_without_a_loss_has_copies_of_the_recipe_s)
{
    tern_recipe *r = parse(several);
    const tern_recipe_loss *copy = &r->sources[0].losses[1];
    ck_assert_int_eq(r->n_losses, 2);
    ck_assert_int_eq(r->sources[0].n_losses, 2);
    ck_assert_double_eq(r->sources[0].losses[0].weight, 0.5);
    ck_assert_double_eq(r->sources[0].losses[0].margin, 0);
    ck_assert_int_eq(r->sources[0].losses[0].distance, TERN_DISTANCE_COSINE);
    ck_assert_str_eq(copy->guide, "org/big");
    ck_assert_ptr_ne(copy->guide, r->losses[1].guide);
    ck_assert_int_eq(copy->matryoshka.items[1], 32);
    ck_assert_int_eq(r->sources[1].n_losses, 1);
    ck_assert_str_eq(r->sources[1].losses[0].name, "cosent");
    ck_assert_double_eq(r->sources[1].losses[0].weight, 1);
    ck_assert_double_eq_tol(r->sources[2].losses[0].scale, 2, 1e-12);
    ck_assert_str_eq(r->sources[2].losses[1].name, "global_orthogonal");
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_lines_are_those_of_the_place_in_the_list)
{
    tern_recipe *r = parse(several);
    ck_assert_str_eq(tern_recipe_line(r, "data.train[0].file"), "tests/x.yaml:6");
    ck_assert_str_eq(tern_recipe_line(r, "data.train.file"), "tests/x.yaml:6");
    ck_assert_str_eq(tern_recipe_line(r, "data.train[1]"), "tests/x.yaml:7");
    ck_assert_str_eq(tern_recipe_line(r, "data.train[1].file"), "tests/x.yaml:7");
    ck_assert_str_eq(tern_recipe_line(r, "data.train[1].loss[0].name"), "tests/x.yaml:9");
    ck_assert_str_eq(tern_recipe_line(r, "data.train[1].loss.scale"), "tests/x.yaml:9");
    ck_assert_str_eq(tern_recipe_line(r, "data.train[2].loss[1].name"), "tests/x.yaml:16");
    ck_assert_str_eq(tern_recipe_line(r, "loss[1].guide"), "tests/x.yaml:19");
    ck_assert_str_eq(tern_recipe_line(r, "data.train[7].file"), "tests/x.yaml:3");
    /* Copies are where the recipe's own are. */
    ck_assert_str_eq(tern_recipe_line(r, "data.train[0].loss[1].guide"), "tests/x.yaml:19");
    ck_assert_str_eq(tern_recipe_line(r, "data.train[0].loss[1]"), "tests/x.yaml:19");
    ck_assert(!tern_recipe_given(r, "data.train[0].loss") && tern_recipe_given(r, "data.train[1].loss"));
    ck_assert(tern_recipe_given(r, "loss[1].guide") && !tern_recipe_given(r, "loss[0].guide"));
    ck_assert(tern_recipe_given(r, "data.train[2]") && !tern_recipe_given(r, "data.train[3]"));
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_the_recipe_needs_no_loss_when_every_data_set_has_one)
{
    tern_recipe *r = parse(BEGIN "data: {train: [{file: /a.csv, loss: triplet}, {file: /b.csv, loss: [cosent, x]}]}\n");
    ck_assert_int_eq(r->n_losses, 0);
    ck_assert_int_eq(r->sources[1].n_losses, 2);
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_a_list_of_one_is_a_mapping)
{
    tern_recipe *one = parse(BEGIN "data: {train: [{file: /f.csv}]}\nloss: [{name: triplet}]\n");
    tern_recipe *same = parse_line("loss: triplet");
    char *a = tern_recipe_resolved(one), *b = tern_recipe_resolved(same);
    ck_assert_str_eq(a, b);
    free(a);
    free(b);
    tern_recipe_free(one);
    tern_recipe_free(same);
}
END_TEST

START_TEST(test_set_reaches_every_place_and_adds_the_next)
{
    const char *sets[] = {"data.train[1].loss=triplet",
                          "data.train.weight=3",
                          "data.train[3].file=/d.csv",
                          "data.train[3].loss=x",
                          "data.train[3].loss[1]=y",
                          "loss[1].guide=org/other",
                          "loss.margin=7",
                          "data.train[3].loss.scale=9"};
    tern_recipe *r = parse_with(several, sets, 8);
    ck_assert_int_eq(r->n_sources, 4);
    ck_assert_str_eq(r->sources[1].losses[0].name, "triplet");
    ck_assert_double_eq(r->sources[0].weight, 3);
    ck_assert_str_eq(r->sources[3].data.file, "/d.csv");
    ck_assert_int_eq(r->sources[3].n_losses, 2);
    ck_assert_double_eq(r->sources[3].losses[0].scale, 9);
    ck_assert_str_eq(r->sources[0].losses[1].guide, "org/other");
    ck_assert_double_eq(r->losses[0].margin, 7);
    ck_assert_str_eq(tern_recipe_line(r, "data.train[0].loss[0].margin"), "--set loss.margin");
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_a_loss_that_set_gives_every_data_set_takes_the_place_of_the_recipe_s)
{
    const char *sets[] = {"data.train.loss=triplet"};
    tern_recipe *r = parse_with(BEGIN "data: {train: {file: /f}}\nloss: [{name: infonce, scale: 3}, x]\n", sets, 1);
    ck_assert_int_eq(r->n_losses, 0);
    ck_assert_str_eq(r->sources[0].losses[0].name, "triplet");
    char *text = tern_recipe_resolved(r);
    ck_assert_ptr_null(strstr(text, "infonce"));
    tern_recipe *again = parse(text);
    ck_assert_str_eq(again->sources[0].losses[0].name, "triplet");
    free(text);
    tern_recipe_free(again);
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_what_a_loss_has_its_own_values_for_is_told_from_0)
{
    tern_recipe *r = parse_line("loss: triplet");
    const tern_recipe_loss *loss = &r->sources[0].losses[0];
    ck_assert(isnan(loss->margin) && isnan(loss->negative_margin) && isnan(loss->mean_weight));
    ck_assert(isnan(loss->second_moment_weight) && isnan(loss->last_layer_weight) && isnan(loss->kl_temperature));
    ck_assert(loss->scale == 0 && loss->student_temperature == 0 && loss->teacher_temperature == 0);
    ck_assert(loss->distance == -1 && loss->directions == 0);
    ck_assert(loss->contrast_anchors && loss->contrast_positives && !loss->joint && !loss->learned_scale);
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_directions_are_bits)
{
    tern_recipe *r = parse_line("loss: {name: infonce, directions: [doc_to_doc, query_to_doc], joint: true,\n"
                                "  hardness: hard, hardness_strength: 5}");
    ck_assert_uint_eq(r->losses[0].directions, 1 | 8);
    ck_assert_int_eq(r->losses[0].joint, 1);
    ck_assert_int_eq(r->losses[0].hardness, 2);
    tern_recipe_free(r);
    const char *sets[] = {"loss.directions=query_to_query"};
    r = parse_with(BEGIN "data: {train: {file: /f}}\nloss: {name: infonce, symmetric: true}\n", sets, 1);
    ck_assert_uint_eq(r->losses[0].directions, 4);
    ck_assert_int_eq(r->losses[0].symmetric, 0);
    tern_recipe_free(r);
}
END_TEST

static const struct {
    const char *text;
    int64_t bytes;
    const char *written;
} sizes[] = {
    {"2GB", INT64_C(2) << 30, "memory: 2GB\n"},
    {"1.5GiB", INT64_C(3) << 29, "memory: 1536MB\n"},
    {"\"512 mb\"", INT64_C(512) << 20, "memory: 512MB\n"},
    {"2000000000", 2000000000, "memory: 1953125KB\n"},
    {"1048577", 1048577, "memory: 1048577\n"},
    {"1048577B", 1048577, "memory: 1048577\n"},
    {"1024TB", INT64_C(1) << 50, "memory: 1024TB\n"},
    {"0.1GB", 107374182, "memory: 107374182\n"},
    {"1TiB", INT64_C(1) << 40, "memory: 1TB\n"},
};

START_TEST(test_a_size_is_read_and_written_back_exactly)
{
    char line[100];
    snprintf(line, sizeof line, "loss: triplet\ntrain: {memory: %s}", sizes[_i].text);
    tern_recipe *r = parse_line(line);
    char *text = tern_recipe_resolved(r);
    ck_assert_int_eq(r->train.memory, sizes[_i].bytes);
    ck_assert_msg(strstr(text, sizes[_i].written) != NULL, "%s", text);
    ck_assert_int_eq(tern_recipe_stored_memory(text), sizes[_i].bytes);
    free(text);
    tern_recipe_free(r);
}
END_TEST

START_TEST(test_memory_that_was_worked_out_stays_with_the_run)
{
    tern_recipe *r = parse_line("loss: triplet");
    char *before = tern_recipe_identity(r);
    ck_assert_int_eq(r->train.memory, 0);
    ck_assert_int_eq(tern_recipe_stored_memory(before), 0);
    tern_recipe_keep_memory(r, 123456789);
    char *resolved = tern_recipe_resolved(r), *after = tern_recipe_identity(r);
    ck_assert_int_eq(tern_recipe_stored_memory(resolved), 123456789);
    ck_assert_str_ne(before, after);
    ck_assert(!tern_recipe_given(r, "train.memory"));
    ck_assert_int_eq(tern_recipe_stored_memory(""), 0);
    ck_assert_int_eq(tern_recipe_stored_memory("train: {memory: 2GB"), 0);
    free(before);
    free(resolved);
    free(after);
    tern_recipe_free(r);
    r = parse_line("loss: triplet\ntrain: {memory: 1GB}");
    tern_recipe_keep_memory(r, 5);
    ck_assert_int_eq(r->train.memory, INT64_C(1) << 30);
    tern_recipe_free(r);
}
END_TEST

static void check_patterns(const tern_recipe *r)
{
    ck_assert_int_eq(r->train.freeze.n, 2);
    ck_assert_str_eq(r->train.freeze.items[0], "embeddings");
    ck_assert_str_eq(r->train.freeze.items[1], "layers:2");
    ck_assert_int_eq(r->train.rates.n, 2);
    ck_assert_str_eq(r->train.rates.names[0], "a=*.bias");
    ck_assert_double_eq(r->train.rates.items[0], 0.1);
    ck_assert_str_eq(r->train.rates.names[1], "*");
    ck_assert_double_eq(r->train.rates.items[1], 0);
}

START_TEST(test_patterns_are_read_from_the_file_and_from_set)
{
    const char *sets[] = {"train.freeze=embeddings, layers:2", "train.rates=a=*.bias=0.1, *=0"};
    tern_recipe *r = parse_line("loss: triplet\n"
                                "train: {freeze: [embeddings, \"layers:2\"], rates: {a=*.bias: 0.1, \"*\": 0}}");
    check_patterns(r);
    char *text = tern_recipe_resolved(r);
    tern_recipe *again = parse(text);
    check_patterns(again);
    tern_recipe_free(again);
    tern_recipe_free(r);
    r = parse_with(BEGIN "data: {train: {file: /f}}\nloss: x\ntrain: {freeze: [b, c, d], rates: {b: 2}}\n", sets, 2);
    check_patterns(r);
    tern_recipe_free(r);
    free(text);
}
END_TEST

START_TEST(test_a_resolved_recipe_of_lists_reads_back_to_itself)
{
    const char *sets[] = {"train.rates=\xC3\xA9 \"x\": {y}=0.30000000000000004", "loss[0].directions=doc_to_query",
                          "data.train[2].loss[1].matryoshka=8,4", "train.memory=1234567891"};
    tern_recipe *r = parse_with(several, sets, 4);
    char *text = tern_recipe_resolved(r);
    tern_recipe *again = parse(text);
    char *twice = tern_recipe_resolved(again), *a = tern_recipe_identity(r), *b = tern_recipe_identity(again);
    ck_assert_str_eq(text, twice);
    ck_assert_str_eq(a, b);
    ck_assert(again->train.rates.items[0] == 0.30000000000000004);
    ck_assert_str_eq(again->train.rates.names[0], r->train.rates.names[0]);
    ck_assert_uint_eq(again->sources[0].losses[0].directions, 2);
    ck_assert_int_eq(again->sources[2].losses[1].matryoshka.n, 2);
    ck_assert(!tern_recipe_given(again, "data.train[0].loss"));
    free(text);
    free(twice);
    free(a);
    free(b);
    tern_recipe_free(r);
    tern_recipe_free(again);
}
END_TEST

START_TEST(test_the_new_defaults_of_training_change_nothing)
{
    tern_recipe *r = parse_line("loss: triplet");
    ck_assert_int_eq(r->data.mixing, TERN_MIX_PROPORTIONAL);
    ck_assert_int_eq(r->train.freeze.n, 0);
    ck_assert_int_eq(r->train.rates.n, 0);
    ck_assert_double_eq(r->train.layer_decay, 1);
    ck_assert_double_eq(r->train.ema, 0);
    ck_assert_int_eq(r->losses[0].adaptive_layer, 0);
    tern_recipe_free(r);
    r = parse_line("loss: triplet\ntrain: {schedule: warmup_stable_decay, decay: 100, ema: 0.99, layer_decay: 0.9}");
    ck_assert_int_eq(r->train.schedule, TERN_SCHEDULE_WARMUP_STABLE_DECAY);
    ck_assert_double_eq(r->train.decay, 100);
    tern_recipe_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recipe_lists");
    TCase *tests = tcase_create("recipe_lists");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_data_sets_of_a_list_are_read_in_order);
    tcase_add_test(tests, test_a_data_set_without_a_loss_has_copies_of_the_recipe_s);
    tcase_add_test(tests, test_lines_are_those_of_the_place_in_the_list);
    tcase_add_test(tests, test_the_recipe_needs_no_loss_when_every_data_set_has_one);
    tcase_add_test(tests, test_a_list_of_one_is_a_mapping);
    tcase_add_test(tests, test_set_reaches_every_place_and_adds_the_next);
    tcase_add_test(tests, test_a_loss_that_set_gives_every_data_set_takes_the_place_of_the_recipe_s);
    tcase_add_test(tests, test_what_a_loss_has_its_own_values_for_is_told_from_0);
    tcase_add_test(tests, test_directions_are_bits);
    tcase_add_loop_test(tests, test_a_size_is_read_and_written_back_exactly, 0, sizeof sizes / sizeof *sizes);
    tcase_add_test(tests, test_memory_that_was_worked_out_stays_with_the_run);
    tcase_add_test(tests, test_patterns_are_read_from_the_file_and_from_set);
    tcase_add_test(tests, test_a_resolved_recipe_of_lists_reads_back_to_itself);
    tcase_add_test(tests, test_the_new_defaults_of_training_change_nothing);
    suite_add_tcase(suite, tests);
    return tern_test_run(suite);
}
