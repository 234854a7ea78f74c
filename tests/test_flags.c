/* Flags of commands: kinds, forms, arguments, and what wrong usage returns. The file is included, since cli/ is no
 * library. */
#include "cli/flags.c"
#include "cli/progress.c"
#include "cli/terminal.c"

#include "tests/support.h"

#include <unistd.h>

static const char *split;
static int64_t rows;
static double tolerance;
static int json;
static tern_flag_list set;

static const tern_flag flags[] = {
    {"split", TERN_FLAG_STRING, &split, "NAME", "which judgements"},
    {"rows", TERN_FLAG_INT, &rows, "N", "how many"},
    {"tolerance", TERN_FLAG_DOUBLE, &tolerance, "X", "how near"},
    {"json", TERN_FLAG_BOOL, &json, NULL, "for machines"},
    {"set", TERN_FLAG_LIST, &set, "KEY=VALUE", "override"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};
static const tern_command command = {"try", "MODEL [FILE]", 1, 2, "Tries.", "tern try m", flags, NULL};
static const char *args[2];
static char said[4096];

enum { MOST_WORDS = 16 };

/* Parses the words of a line, kept until the next call; what goes to stderr is kept in said. */
static int parse(const char *line)
{
    static char text[1024], *words[MOST_WORDS + 1];
    int n = 0;
    split = NULL;
    rows = -1;
    tolerance = -1;
    json = 0;
    free(set.items);
    set = (tern_flag_list){NULL, 0};
    snprintf(text, sizeof text, "try %s", line);
    for (char *word = strtok(text, " "); word && n < MOST_WORDS; word = strtok(NULL, " "))
        words[n++] = word;
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    dup2(fileno(file), STDERR_FILENO);
    int status = tern_flags_parse(&command, n, words, args);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = 0;
    fclose(file);
    return status;
}

START_TEST(test_both_forms_of_every_kind_are_read)
{
    ck_assert_int_eq(parse("m --split dev --rows 12 --tolerance=-5e-4 --json --set a=1 --set=b=2 f"), TERN_GO_ON);
    ck_assert_str_eq(split, "dev");
    ck_assert_int_eq(rows, 12);
    ck_assert_double_eq(tolerance, -5e-4);
    ck_assert_int_eq(json, 1);
    ck_assert_int_eq(set.n, 2);
    ck_assert_str_eq(set.items[0], "a=1");
    ck_assert_str_eq(set.items[1], "b=2");
    ck_assert_str_eq(args[0], "m");
    ck_assert_str_eq(args[1], "f");
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(test_what_is_not_given_keeps_its_value)
{
    ck_assert_int_eq(parse("m"), TERN_GO_ON);
    ck_assert_ptr_null(split);
    ck_assert_ptr_null(args[1]);
    ck_assert_int_eq(rows, -1);
    ck_assert_int_eq(tern_command_threads(), 0);
    ck_assert_int_eq(tern_command_quiet(), 0);
}
END_TEST

START_TEST(test_every_command_takes_threads_and_quiet)
{
    ck_assert_int_eq(parse("m --threads 1 --quiet"), TERN_GO_ON);
    ck_assert_int_eq(tern_command_threads(), 1);
    ck_assert_int_eq(tern_command_quiet(), 1);
    ck_assert_int_eq(tern_threads(), 1);
}
END_TEST

START_TEST(test_a_dash_is_an_argument_and_two_dashes_end_flags)
{
    ck_assert_int_eq(parse("- --json -- --split"), TERN_GO_ON);
    ck_assert_str_eq(args[0], "-");
    ck_assert_str_eq(args[1], "--split");
    ck_assert_int_eq(json, 1);
}
END_TEST

START_TEST(test_an_empty_value_after_an_equals_sign_is_a_value)
{
    ck_assert_int_eq(parse("m --split="), TERN_GO_ON);
    ck_assert_str_eq(split, "");
    ck_assert_int_eq(parse("m --split --json"), TERN_GO_ON);
    ck_assert_str_eq(split, "--json");
}
END_TEST

static const struct {
    const char *line, *part;
} wrong[] = {
    {"m --splt dev", "did you mean --split?"},
    {"m --thread 2", "did you mean --threads?"},
    {"m --nothing-like-it", "there is no flag --nothing-like-it"},
    {"m --spli=dev", "did you mean --split?"},
    {"m -s dev", "there is no flag -s"},
    {"-5", "a name that begins with a dash goes behind --"},
    {"m --tolerance -x", "a number"},
    {"m --split", "--split needs NAME"},
    {"m --json=1", "--json takes no value"},
    {"m --rows 1.5", "whole number"},
    {"m --rows -1", "whole number"},
    {"m --rows 0x10", "whole number"},
    {"m --rows 12x", "whole number"},
    {"m --rows=", "whole number"},
    {"m --rows 99999999999999999999", "whole number"},
    {"m --tolerance abc", "a number"},
    {"m --tolerance nan", "a number"},
    {"m --tolerance inf", "a number"},
    {"m --tolerance 1e999", "a number"},
    {"m --tolerance 0x1p3", "a number"},
    {"m --tolerance=", "a number"},
    {"m --threads 5000", "up to 256"},
    {"m --threads two", "whole number"},
    {"m f g", "\"g\" is one argument too many"},
    {"", "missing"},
    {"--json", "missing"},
    {"m --bad\x1b[2J", "?[2J"},
};

START_TEST(test_wrong_usage_is_one_line_and_status_2)
{
    ck_assert_int_eq(parse(wrong[_i].line), TERN_EXIT_USAGE);
    ck_assert_msg(strstr(said, wrong[_i].part) != NULL, "\"%s\" does not say \"%s\"", said, wrong[_i].part);
    ck_assert_msg(!strncmp(said, "tern: try: ", 11), "%s", said);
    ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
}
END_TEST

START_TEST(test_help_wins_over_what_is_wrong_but_is_no_value)
{
    ck_assert_int_eq(parse("--nonsense --help"), TERN_EXIT_DONE);
    ck_assert_int_eq(parse("-h"), TERN_EXIT_DONE);
    ck_assert_int_eq(parse("m --split --help"), TERN_GO_ON);
    ck_assert_str_eq(split, "--help");
    ck_assert_int_eq(parse("m -- --help"), TERN_GO_ON);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flags");
    TCase *tests = tcase_create("flags");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_both_forms_of_every_kind_are_read);
    tcase_add_test(tests, test_what_is_not_given_keeps_its_value);
    tcase_add_test(tests, test_every_command_takes_threads_and_quiet);
    tcase_add_test(tests, test_a_dash_is_an_argument_and_two_dashes_end_flags);
    tcase_add_test(tests, test_an_empty_value_after_an_equals_sign_is_a_value);
    tcase_add_loop_test(tests, test_wrong_usage_is_one_line_and_status_2, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tests, test_help_wins_over_what_is_wrong_but_is_no_value);
    suite_add_tcase(suite, tests);
    return tern_test_run(suite);
}
