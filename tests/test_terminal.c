/* Lines that fit: progress bars and what is printed for people, on terminals of every width. The files are included,
 * since cli/ is no library. */
#include "cli/flags.c"
#include "cli/progress.c"
#include "cli/terminal.c"

#include "tests/support.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>

enum { MOST_SHOWN = 65536 };

static const int widths[] = {20, 33, 40, 80, 200};
enum { N_WIDTHS = sizeof widths / sizeof *widths };

static int terminal = -1, program_side = -1; /* the two ends of the pseudo terminal */
static int kept_stderr = -1;
static char shown[MOST_SHOWN];

static void open_terminal(void)
{
    setenv("TERM", "xterm", 1);
    unsetenv("COLUMNS");
    ck_assert_int_eq(openpty(&terminal, &program_side, NULL, NULL, NULL), 0);
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    kept_stderr = dup(STDERR_FILENO);
    dup2(program_side, STDERR_FILENO);
}

static void close_terminal(void)
{
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    close(program_side);
    close(terminal);
}

static void resize(int columns)
{
    ck_assert_int_eq(
        ioctl(program_side, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = (unsigned short)columns}), 0);
}

/* What came since the last call. */
static const char *read_shown(void)
{
    size_t n = 0;
    ssize_t more;
    fflush(stderr);
    while (n < MOST_SHOWN - 1 && (more = read(terminal, shown + n, MOST_SHOWN - 1 - n)) > 0)
        n += (size_t)more;
    shown[n] = 0;
    return shown;
}

/* The columns of the longest line: between carriage returns and line feeds, without the sequence that clears. */
static int longest_line(const char *text)
{
    int longest = 0;
    while (*text) {
        size_t n = strcspn(text, "\r\n\033");
        int columns = tern_columns(text, n);
        longest = columns > longest ? columns : longest;
        text += n;
        if (*text == '\033')
            ck_assert_int_eq(strncmp(text, "\033[K", 3), 0);
        text += *text == '\033' ? 3 : *text ? 1 : 0;
    }
    return longest;
}

static const char *const labels[] = {"encode", "", "a label that is longer than all bars are",
                                     "検索用の文書を符号化する"};

START_TEST(a_bar_never_reaches_the_last_column)
{
    open_terminal();
    for (int i = 0; i < N_WIDTHS; i++)
        for (size_t k = 0; k < sizeof labels / sizeof *labels; k++)
            for (int done = 0; done <= 100; done += 50) {
                resize(widths[i]);
                begin(labels[k], 100);
                show_bar(done, 36000);
                const char *text = read_shown();
                ck_assert_msg(longest_line(text) < widths[i], "%d columns: %s", widths[i], text);
                ck_assert_msg(strchr(text, '%') != NULL, "%d columns: %s", widths[i], text);
            }
    close_terminal();
}
END_TEST

START_TEST(a_wide_terminal_shows_all_of_a_bar)
{
    open_terminal();
    resize(80);
    begin("encode", 4);
    show_bar(2, 60);
    ck_assert_str_eq(read_shown(), "\rencode                   [############------------]  50%  1:00 left\033[K");
    resize(40);
    show_bar(2, 60);
    ck_assert_str_eq(read_shown(), "\rencode       [####----]  50%  1:00 left\033[K");
    resize(33);
    show_bar(2, 60);
    ck_assert_str_eq(read_shown(), "\rencode  50%  1:00 left\033[K");
    resize(20);
    show_bar(2, 60);
    ck_assert_str_eq(read_shown(), "\r 50%  1:00 left\033[K");
    close_terminal();
}
END_TEST

START_TEST(a_terminal_without_a_size_is_as_wide_as_COLUMNS_says)
{
    open_terminal();
    resize(0);
    setenv("COLUMNS", "33", 1);
    ck_assert_int_eq(tern_terminal_width(stderr, 80), 33);
    setenv("COLUMNS", "many", 1);
    ck_assert_int_eq(tern_terminal_width(stderr, 80), 80);
    setenv("COLUMNS", "20", 1);
    resize(44);
    ck_assert_int_eq(tern_terminal_width(stderr, 80), 44);
    unsetenv("COLUMNS");
    close_terminal();
}
END_TEST

START_TEST(lines_are_broken_between_words)
{
    const char *line = "115197 rows, 250 steps of 64 rows and about 1469 tokens, multiple_negatives_ranking, 2 threads";
    open_terminal();
    for (int i = 0; i < N_WIDTHS; i++) {
        resize(widths[i]);
        tern_print_fitted(stderr, line, 0);
        const char *text = read_shown();
        /* multiple_negatives_ranking, is a word of 27 columns. */
        ck_assert_int_le(longest_line(text), widths[i] < 30 ? 29 : widths[i]);
    }
    resize(40);
    tern_print_fitted(stderr, "recall_at_100       0.59519   0.66692    +0.07173\nshort", TERN_VISIBLE_LINES);
    ck_assert_str_eq(read_shown(), "recall_at_100       0.59519   0.66692\r\n  +0.07173\r\nshort\r\n");
    /* What stands between two columns stays together. */
    tern_print_fitted(stderr, "ndcg_at_10    0.34988    +0.05   p = 1e-05", 0);
    ck_assert_str_eq(read_shown(), "ndcg_at_10    0.34988    +0.05\r\n  p = 1e-05\r\n");
    close_terminal();
}
END_TEST

START_TEST(an_error_takes_the_place_of_a_bar)
{
    tern_error error = {"it failed"};
    open_terminal();
    resize(80);
    begin("encode", 4);
    show_bar(2, 60);
    read_shown();
    tern_command_fail(&error);
    ck_assert_str_eq(read_shown(), "\r\033[Ktern: it failed\r\n");
    close_terminal();
}
END_TEST

START_TEST(a_name_begins_no_line)
{
    open_terminal();
    resize(80);
    tern_print(stderr, "%s: %d rows\n", "a\ntern: all is well\033[1m", 3);
    ck_assert_str_eq(read_shown(), "a?tern: all is well?[1m: 3 rows\r\n");
    close_terminal();
}
END_TEST

START_TEST(parts_go_by_their_number)
{
    tern_line_part parts[] = {{"step 1", 0}, {" loss", 1}, {" left", 2}, {" rate", 3}};
    ck_assert_int_eq(tern_line_fit(parts, 4, 16), 16);
    ck_assert_str_eq(parts[3].text, "");
    ck_assert_str_eq(parts[2].text, " left");
    ck_assert_int_eq(tern_line_fit(parts, 4, 3), 6);
    ck_assert_str_eq(parts[1].text, "");
    ck_assert_str_eq(parts[0].text, "step 1");
}
END_TEST

static Suite *terminal_suite(void)
{
    Suite *suite = suite_create("terminal");
    TCase *tcase = tcase_create("terminal");
    tcase_add_test(tcase, a_bar_never_reaches_the_last_column);
    tcase_add_test(tcase, a_wide_terminal_shows_all_of_a_bar);
    tcase_add_test(tcase, a_terminal_without_a_size_is_as_wide_as_COLUMNS_says);
    tcase_add_test(tcase, lines_are_broken_between_words);
    tcase_add_test(tcase, an_error_takes_the_place_of_a_bar);
    tcase_add_test(tcase, a_name_begins_no_line);
    tcase_add_test(tcase, parts_go_by_their_number);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return tern_test_run(terminal_suite());
}
