#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/wordnet.h"
#include "tests/support.h"

#include <string.h>

static const char nouns[] =
    "  1 A notice.  \n"
    "  2 Its second line.  \n"
    "00000010 03 n 01 thing 0 004 ~ 00000020 n 0000 ~ 00000030 n 0000 ~ 00000040 n 0000 ~i 00000050 n 0000 | what is  "
    "\n"
    "00000020 03 n 02 cat 0 true_cat 0 001 @ 00000010 n 0000 | a pet; \"the cat sat\"; \"a cat\"  \n"
    "00000030 03 n 02 Dog 0 cat 1 002 @ 00000010 n 0000 + 00000010 v 0101 | another pet: \"a dog; it barked\"  \n"
    "00000040 03 n 01 carrot 0 001 @ 00000010 n 0000 | promise of reward (e.g., \"carrot and stick\")  \n"
    "00000050 03 n 01 Rex 0 001 @i 00000010 n 0000 | a certain dog; of old  \n";
static const char verbs[] = "00000010 29 v 01 bark 0 000 02 + 02 00 + 08 01 | make a sound  \n"
                            "00000020 29 v 01 purr 0 000 01 + 02 00 | a pet; \"it purrs\"  \n";
static const char adjectives[] = "00000010 00 a 02 alive(p) 0 live(a) 0 001 & 00000020 a 0000 | living  \n"
                                 "00000020 00 s 01 galore(ip) 0 000 | in plenty  \n";
static const char adverbs[] = "00000010 02 r 01 well 0 000 | in a good way  \n00000020 02 r 01 ill 0 000 | badly  \n";

static tern_error error;

static void put(const char *name, const char *bytes, size_t n)
{
    char *path = tern_path_join(tern_test_path("wn"), name);
    ck_assert_int_eq(tern_file_write(path, bytes, n, &error), 0);
    free(path);
}

static void put_all(void)
{
    error = (tern_error){{0}};
    tern_make_folder(tern_test_path("wn"), &error);
    put("data.noun", nouns, sizeof nouns - 1);
    put("data.verb", verbs, sizeof verbs - 1);
    put("data.adj", adjectives, sizeof adjectives - 1);
    put("data.adv", adverbs, sizeof adverbs - 1);
}

static tern_wordnet *read_with(const char *noun, size_t n)
{
    const tern_wordnet_text texts[] = {
        {noun, n}, {verbs, sizeof verbs - 1}, {adjectives, sizeof adjectives - 1}, {adverbs, sizeof adverbs - 1}};
    error = (tern_error){{0}};
    return tern_wordnet_parse(texts, "wn", &error);
}

static void expect_failure(const char *noun, const char *words)
{
    ck_assert_ptr_null(read_with(noun, strlen(noun)));
    ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message, words);
}

static const char *definition_of(const tern_wordnet *net, int64_t set)
{
    return tern_texts_get(net->definitions, net->set[set].definition, NULL);
}

static const char *word_of(const tern_wordnet *net, int64_t set, int64_t i)
{
    return tern_texts_get(net->words, net->word[net->set[set].first_word + i], NULL);
}

START_TEST(definitions_lose_examples_and_words_their_markers)
{
    tern_wordnet *net = read_with(nouns, sizeof nouns - 1);
    ck_assert_msg(net != NULL, "%s", error.message);
    ck_assert_int_eq(net->n_sets, 11);
    const char *definitions[] = {"what is",
                                 "a pet",
                                 "another pet",
                                 "promise of reward (e.g., \"carrot and stick\")",
                                 "a certain dog; of old",
                                 "make a sound",
                                 "a pet",
                                 "living",
                                 "in plenty"};
    for (int i = 0; i < 9; i++)
        ck_assert_str_eq(definition_of(net, i), definitions[i]);
    ck_assert_int_eq(net->set[1].definition, net->set[6].definition);
    ck_assert_str_eq(word_of(net, 1, 1), "true cat");
    ck_assert_str_eq(word_of(net, 7, 0), "alive");
    ck_assert_str_eq(word_of(net, 7, 1), "live");
    ck_assert_str_eq(word_of(net, 8, 0), "galore");
    ck_assert_int_eq(net->child_start[1] - net->child_start[0], 4);
    ck_assert_int_eq(net->parent[net->parent_start[4]], 0);
    ck_assert_str_eq(net->license, "A notice.\nIts second line.\n");
    tern_wordnet_free(net);
    tern_wordnet_free(NULL);
}
END_TEST

START_TEST(adjectives_alone_have_markers_and_one_at_most)
{
    static const char verb[] = "00000010 29 v 01 bark 0 000 00 | make a sound\n";
    static const char noun[] = "00000010 03 n 01 vitamin(a) 0 000 | x\n",
                      adjective_line[] = "00000010 00 a 03 live(a)(p) 0 live(p)(a) 0 (p) 0 000 | x\n";
    const tern_wordnet_text texts[] = {{noun, sizeof noun - 1},
                                       {verb, sizeof verb - 1},
                                       {adjective_line, sizeof adjective_line - 1},
                                       {adverbs, sizeof adverbs - 1}};
    tern_wordnet *net = tern_wordnet_parse(texts, "wn", &error);
    ck_assert_msg(net != NULL, "%s", error.message);
    int64_t adjective = net->pos_start[TERN_ADJECTIVE];
    ck_assert_str_eq(word_of(net, 0, 0), "vitamin(a)");
    ck_assert_str_eq(word_of(net, adjective, 0), "live(a)");
    ck_assert_str_eq(word_of(net, adjective, 1), "live(p)");
    ck_assert_str_eq(word_of(net, adjective, 2), "(p)");
    tern_wordnet_free(net);
}
END_TEST

START_TEST(carriage_returns_at_the_end_are_no_part_of_a_text)
{
    tern_buffer noun = {0};
    tern_buffer_printf(&noun, "  1 A notice.\r\r\n%s00000060 03 n 01 a 0 000 | a house;\r; \"x\"\n", nouns);
    tern_wordnet *net = read_with(noun.data, noun.n);
    ck_assert_msg(net != NULL, "%s", error.message);
    ck_assert_str_eq(net->license, "A notice.\nA notice.\nIts second line.\n");
    ck_assert_str_eq(definition_of(net, net->pos_start[TERN_VERB] - 1), "a house");
    tern_wordnet_free(net);
    tern_buffer_free(&noun);
}
END_TEST

START_TEST(files_are_read_as_texts_in_memory_are)
{
    put_all();
    tern_wordnet *net = tern_wordnet_read(tern_test_path("wn"), &error), *same = read_with(nouns, sizeof nouns - 1);
    ck_assert(net && same);
    ck_assert_int_eq(net->n_sets, same->n_sets);
    for (int64_t i = 0; i < net->n_sets; i++)
        ck_assert_str_eq(definition_of(net, i), definition_of(same, i));
    ck_assert_str_eq(net->license, same->license);
    tern_wordnet_free(same);
    tern_wordnet_free(net);
    put("data.verb", "x\n", 2);
    ck_assert_ptr_null(tern_wordnet_read(tern_test_path("wn"), &error));
    ck_assert_ptr_nonnull(strstr(error.message, "wn/data.verb:1: the line doesn't start with an offset"));
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
    expect_failure("", "data.noun: it holds no synonym sets");
    expect_failure("hello\n", "data.noun:1: the line doesn't start with an offset");
    expect_failure("00000010 03 n 02 thing 0 000 | x\n", "data.noun:1: fewer words than the line says");
    expect_failure("00000010 03 n 00 000 | x\n", "data.noun:1: the number of words");
    expect_failure("00000010 03 n 01 thing 0 002 @ 00000010 n 0000 | x\n", "data.noun:1: fewer pointers");
    expect_failure("00000010 03 n 01 thing 0 000 x\n", "data.noun:1: no \"|\"");
    expect_failure("00000010 03 n 01 thing 0 000 | \n", "data.noun:1: no definition");
    expect_failure("00000010 03 v 01 thing 0 000 | x\n", "data.noun:1: the set's type");
    expect_failure("00000010 03 n 01 a 0 000 | x\n00000010 03 n 01 b 0 000 | y\n",
                   "data.noun:2: the offset isn't above");
    expect_failure("00000010 03 n 01 a 0 000 | x\n00000020 03 n 01 b 0 001 @ 00000015 n 0000 | y\n",
                   "data.noun:2: it points to 00000015 in data.noun, which has no such set");
    expect_failure("00000010 03 n 01 a\tb 0 000 | x\n", "data.noun:1: a word with a control character");
    expect_failure("00000010 03 n 01 a 0 000 | x\n00000020 03 n 01 b 0 000 | y",
                   "data.noun:2: the last line has no end");
    error = (tern_error){{0}};
    ck_assert_ptr_null(tern_wordnet_read("/nowhere", &error));
    ck_assert_ptr_nonnull(strstr(error.message, "/nowhere: there is no such folder"));
}
END_TEST

START_TEST(a_file_cut_off_anywhere_is_noticed)
{
    for (size_t n = 0; n < sizeof nouns - 1; n++) {
        tern_wordnet *net = read_with(nouns, n);
        ck_assert_msg(net == NULL, "cut off at byte %zu", n);
        ck_assert_uint_gt(strlen(error.message), 0);
    }
}
END_TEST

START_TEST(no_mutation_crashes)
{
    char copy[sizeof nouns];
    for (uint64_t i = 0; i < 1500; i++) {
        memcpy(copy, nouns, sizeof nouns);
        for (uint64_t k = 0; k < 2; k++)
            copy[tern_random_below(sizeof nouns - 1, 4, i, k, 0)] = (char)tern_random_below(128, 4, i, k, 1);
        tern_wordnet *net = read_with(copy, sizeof nouns - 1);
        ck_assert(net || error.message[0]);
        tern_wordnet_free(net);
    }
}
END_TEST

static tern_wordnet_options small(void)
{
    return (tern_wordnet_options){.source = tern_test_path("wn"),
                                  .output = tern_test_path("out"),
                                  .seed = 1,
                                  .n_test = 2,
                                  .n_dev = 1,
                                  .test_words = 8,
                                  .dev_words = 100};
}

static char *contents(const char *name)
{
    char *path = tern_path_join(tern_test_path("out"), name), *text;
    ck_assert_msg(tern_file_read(path, 0, &text, NULL, &error) == 0, "%s", error.message);
    free(path);
    return text;
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

START_TEST(the_same_input_gives_the_same_files)
{
    static const char *const names[] = {
        "train.jsonl",      "test/corpus.jsonl", "test/queries.jsonl", "test/qrels/test.tsv",
        "dev/corpus.jsonl", "dev/queries.jsonl", "dev/qrels/dev.tsv",  "LICENSE"};
    enum { N = sizeof names / sizeof *names };
    char *first[N];
    tern_wordnet_options options = small();
    tern_wordnet_summary made;
    put_all();
    ck_assert_msg(tern_wordnet_make(&options, &made, &error) == 0, "%s", error.message);
    for (int i = 0; i < N; i++)
        first[i] = contents(names[i]);
    ck_assert_int_eq(made.sets, 11);
    ck_assert_int_eq(made.definitions, 10);
    ck_assert_int_eq(made.rows, 7);
    ck_assert_int_eq(made.test.documents, 8);
    ck_assert_int_eq(made.dev.documents, made.words);
    ck_assert_int_eq(count_lines(first[0]), 7);
    ck_assert_int_eq(count_lines(first[1]), 8);
    ck_assert_int_eq(count_lines(first[2]), 2);
    options.force = 1;
    ck_assert_msg(tern_wordnet_make(&options, &made, &error) == 0, "%s", error.message);
    for (int i = 0; i < N; i++) {
        char *again = contents(names[i]);
        ck_assert_str_eq(again, first[i]);
        free(again);
        free(first[i]);
    }
    ck_assert_int_eq(tern_remove_all(options.output, &error), 0);
}
END_TEST

START_TEST(an_output_that_is_there_is_kept)
{
    tern_wordnet_options options = small();
    tern_wordnet_summary made;
    put_all();
    ck_assert_int_eq(tern_make_folder(tern_test_path("out/mine"), &error), 0);
    ck_assert_int_eq(tern_wordnet_make(&options, &made, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "it exists already; --force replaces it"));
    options.force = 1;
    ck_assert_int_eq(tern_wordnet_make(&options, &made, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "it holds \"mine\", which is no part of this data set"));
    ck_assert(tern_folder_exists(tern_test_path("out/mine")));
    ck_assert_int_eq(tern_remove_all(options.output, &error), 0);
}
END_TEST

START_TEST(a_failure_leaves_nothing_behind)
{
    tern_wordnet_options options = small();
    tern_wordnet_summary made;
    put_all();
    options.n_test = 100;
    ck_assert_int_eq(tern_wordnet_make(&options, &made, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "it holds 10 definitions; 101 are held out"));
    options.n_test = 2;
    options.output = "/proc/nowhere/out";
    ck_assert_int_eq(tern_wordnet_make(&options, &made, &error), -1);
    ck_assert(!tern_folder_exists(tern_test_path("out")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wordnet");
    TCase *tc = tcase_create("wordnet");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, definitions_lose_examples_and_words_their_markers);
    tcase_add_test(tc, adjectives_alone_have_markers_and_one_at_most);
    tcase_add_test(tc, files_are_read_as_texts_in_memory_are);
    tcase_add_test(tc, carriage_returns_at_the_end_are_no_part_of_a_text);
    tcase_add_test(tc, what_is_wrong_is_said_with_its_line);
    tcase_add_test(tc, a_file_cut_off_anywhere_is_noticed);
    tcase_add_test(tc, no_mutation_crashes);
    tcase_add_test(tc, the_same_input_gives_the_same_files);
    tcase_add_test(tc, an_output_that_is_there_is_kept);
    tcase_add_test(tc, a_failure_leaves_nothing_behind);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
