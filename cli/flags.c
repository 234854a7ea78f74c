#include "cli/command.h"
#include "cli/terminal.h"

#include "autograd/gemm.h"
#include "base/memory.h"
#include "base/nearest.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { HELP_WIDTH = 100, HELP_LEAST = 40, NAME_WIDTH = 40, ROW_INDENT = 2, BELOW = 6, ROW_COLUMN = 13 };

static int quiet, help_wanted;
static int64_t threads;

/* What every command takes besides its own. */
static const tern_flag common_flags[] = {
    {"threads", TERN_FLAG_INT, &threads, "N", "number of threads (OMP_NUM_THREADS, else all processors)"},
    {"quiet", TERN_FLAG_BOOL, &quiet, NULL, "no progress on stderr; warnings and errors stay"},
    {"help", TERN_FLAG_BOOL, &help_wanted, NULL, "show this page"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static size_t count_flags(const tern_flag *flags)
{
    size_t n = 0;
    while (flags && flags[n].name)
        n++;
    return n;
}

static const tern_flag *find_in(const tern_flag *flags, const char *name, size_t length)
{
    for (; flags && flags->name; flags++)
        if (strlen(flags->name) == length && !memcmp(flags->name, name, length))
            return flags;
    return NULL;
}

static const tern_flag *find_flag(const tern_command *command, const char *name, size_t length)
{
    const tern_flag *flag = find_in(command->flags, name, length);
    return flag ? flag : find_in(common_flags, name, length);
}

/* The columns of a page: those of the terminal, or what reads well. */
static int page_width(void)
{
    int width = isatty(STDOUT_FILENO) ? tern_terminal_width(stdout, HELP_WIDTH) : HELP_WIDTH;
    return width < HELP_WIDTH ? width : HELP_WIDTH;
}

/* Prints text from column `column` on, broken between words before the page ends. */
static void print_wrapped(const char *text, int column)
{
    int width = page_width();
    int at = column;
    for (const char *word = text; *word;) {
        size_t n = strcspn(word, " ");
        if (at > column && at + 1 + (int)n > width) {
            printf("\n%*s", column, "");
            at = column;
        }
        at += printf("%s%.*s", at > column ? " " : "", (int)n, word);
        word += n + strspn(word + n, " ");
    }
    putchar('\n');
}

static int flag_width(const tern_flag *flag)
{
    return (int)(strlen(flag->name) + (flag->argument ? strlen(flag->argument) + 1 : 0));
}

static int widest(const tern_flag *flags, int least)
{
    for (; flags && flags->name; flags++)
        if (flag_width(flags) > least && flag_width(flags) <= NAME_WIDTH)
            least = flag_width(flags);
    return least;
}

/* What a flag does stands beside it, or below it where there is no room for two columns. */
static void print_flags(const tern_flag *flags, int width)
{
    int beside = width + 6 + HELP_LEAST <= page_width(), column = beside ? width + 6 : BELOW;
    for (; flags && flags->name; flags++) {
        printf("  --%s%s%s", flags->name, flags->argument ? " " : "", flags->argument ? flags->argument : "");
        int gap = width - flag_width(flags);
        if (gap < 0 || !beside)
            printf("\n%*s", column, "");
        else
            printf("%*s", gap + 2, "");
        print_wrapped(flags->help ? flags->help : "", column);
    }
}

/* One command line [n]; what the page has no room for goes on in the next line, as a shell takes it. */
static void print_command(const char *line, size_t n)
{
    int at = ROW_INDENT, width = page_width();
    printf("%*s", ROW_INDENT, "");
    for (size_t i = 0, word; i < n; i += word) {
        int gap = i > 0;
        i += (size_t)gap;
        word = strcspn(line + i, " ");
        word = word < n - i ? word : n - i;
        int last = i + word == n;
        if (gap && at + 1 + (int)word + (last ? 0 : 2) > width && at > BELOW) {
            printf(" \\\n%*s", BELOW, "");
            at = BELOW;
        } else if (gap) {
            at += printf(" ");
        }
        at += printf("%.*s", (int)word, line + i);
    }
    putchar('\n');
}

void tern_help_example(const char *text)
{
    printf("Example:\n");
    while (*text) {
        size_t n = strcspn(text, "\n"), blanks = strspn(text, " ");
        blanks = blanks < n ? blanks : n;
        print_command(text + blanks, n - blanks);
        text += n + (text[n] == '\n');
    }
    putchar('\n');
}

void tern_help_text(const char *text)
{
    print_wrapped(text, 0);
}

void tern_help_row(const char *name, const char *help)
{
    printf("  %-10s ", name);
    print_wrapped(help, ROW_COLUMN);
}

static void print_help(const tern_command *command)
{
    if (command->example)
        tern_help_example(command->example);
    const char *arguments = command->arguments ? command->arguments : "";
    printf("Usage: tern %s%s%s [flags]\n", command->name, *arguments ? " " : "", arguments);
    if (command->summary)
        print_wrapped(command->summary, 0);
    printf("\nFlags:\n");
    int width = widest(common_flags, widest(command->flags, 0));
    print_flags(command->flags, width);
    print_flags(common_flags, width);
}

static char *flag_advice(const tern_command *command, const char *name, const char *value, int nearby)
{
    return command->flag_advice ? command->flag_advice(name, value, nearby) : NULL;
}

/* What the command knows of the name itself, else the nearest flag, else what the command knows of one like it. */
static int unknown_flag(const tern_command *command, const char *name, const char *value)
{
    size_t own = count_flags(command->flags), common = count_flags(common_flags);
    const char **names = tern_alloc(own + common, sizeof *names);
    for (size_t i = 0; i < own; i++)
        names[i] = command->flags[i].name;
    for (size_t i = 0; i < common; i++)
        names[own + i] = common_flags[i].name;
    char *advice = flag_advice(command, name, value, 0);
    const char *near = tern_nearest(name, names, own + common);
    if (!advice && near)
        advice = tern_format("did you mean --%s?", near);
    if (!advice)
        advice = flag_advice(command, name, value, 1);
    int status =
        tern_command_usage(command, "there is no flag --%s%s%s", name, advice ? "; " : "", advice ? advice : "");
    free(advice);
    free(names);
    return status;
}

static int set_int(const tern_command *command, const tern_flag *flag, const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    /* strtoll would take " 5" and "+5"; a flag is digits and nothing else. */
    if (strspn(text, "0123456789") != strlen(text) || !*text || *end || errno)
        return tern_command_usage(command, "--%s takes a whole number of 0 or more, not \"%s\"", flag->name, text);
    *(int64_t *)flag->value = number;
    return TERN_GO_ON;
}

static int set_double(const tern_command *command, const tern_flag *flag, const char *text)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (strspn(text, "0123456789+-.eE") != strlen(text) || end == text || *end || errno == ERANGE || !isfinite(number))
        return tern_command_usage(command, "--%s takes a number, not \"%s\"", flag->name, text);
    *(double *)flag->value = number;
    return TERN_GO_ON;
}

static void add_item(tern_flag_list *list, const char *text)
{
    list->items = tern_realloc(list->items, (size_t)list->n + 1, sizeof *list->items);
    list->items[list->n++] = text;
}

static int set_flag(const tern_command *command, const tern_flag *flag, const char *text)
{
    switch (flag->kind) {
    case TERN_FLAG_INT:
        return set_int(command, flag, text);
    case TERN_FLAG_DOUBLE:
        return set_double(command, flag, text);
    case TERN_FLAG_STRING:
        *(const char **)flag->value = text;
        return TERN_GO_ON;
    case TERN_FLAG_LIST:
        if (strchr(flag->argument, '=') && !strchr(text, '='))
            return tern_command_usage(command, "--%s takes %s, with = between the two, not \"%s\"", flag->name,
                                      flag->argument, text);
        add_item(flag->value, text);
        return TERN_GO_ON;
    case TERN_FLAG_BOOL:
        break;
    }
    return tern_command_usage(command, "--%s takes no value", flag->name);
}

/* One --name, --name=VALUE or --name VALUE at argv[*at]; moves *at to the last word used. */
static int parse_flag(const tern_command *command, int argc, char **argv, int *at)
{
    const char *name = argv[*at] + 2;
    size_t length = strcspn(name, "=");
    const tern_flag *flag = find_flag(command, name, length);
    if (!flag) {
        const char *next = *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) ? argv[*at + 1] : NULL;
        char *word = tern_strndup(name, length);
        int status = unknown_flag(command, word, name[length] == '=' ? name + length + 1 : next);
        free(word);
        return status;
    }
    if (name[length] == '=')
        return set_flag(command, flag, name + length + 1);
    if (flag->kind == TERN_FLAG_BOOL) {
        *(int *)flag->value = 1;
        return TERN_GO_ON;
    }
    if (*at + 1 >= argc)
        return tern_command_usage(command, "--%s needs %s after it", flag->name,
                                  flag->argument ? flag->argument : "a value");
    return set_flag(command, flag, argv[++*at]);
}

int tern_command_start_threads(int n, tern_error *error)
{
    return tern_threads_start(n, error) < 0 ? -1 : tern_threads_wake(error);
}

static int start_threads(const tern_command *command)
{
    tern_error error = {{0}};
    if (threads > TERN_MOST_THREADS)
        return tern_command_usage(command, "--threads takes a number up to %d", TERN_MOST_THREADS);
    if (tern_command_start_threads((int)threads, &error) < 0)
        return tern_command_fail(&error);
    return TERN_GO_ON;
}

/* Help is wanted wherever it stands, and even when the rest is wrong; a flag's value is no request for it. */
static int asks_for_help(const tern_command *command, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return 1;
        const tern_flag *flag = strncmp(argv[i], "--", 2) ? NULL : find_flag(command, argv[i] + 2, strlen(argv[i] + 2));
        if (flag && flag->kind != TERN_FLAG_BOOL)
            i++;
    }
    return 0;
}

static int parse_all(const tern_command *command, int argc, char **argv, const char **args)
{
    int n = 0, only_arguments = 0, status = TERN_GO_ON;
    for (int i = 1; i < argc && status == TERN_GO_ON; i++) {
        const char *word = argv[i];
        if (!only_arguments && !strcmp(word, "--"))
            only_arguments = 1;
        else if (!only_arguments && !strncmp(word, "--", 2))
            status = parse_flag(command, argc, argv, &i);
        else if (!only_arguments && word[0] == '-' && word[1])
            status = tern_command_usage(command,
                                        "there is no flag %s; flags have long names, as in --help, and a name that "
                                        "begins with a dash goes behind --",
                                        word);
        else if (n == command->most)
            status = tern_command_usage(command, "\"%s\" is one argument too many", word);
        else
            args[n++] = word;
    }
    if (status == TERN_GO_ON && n < command->least)
        status = tern_command_usage(command, "%s missing",
                                    n == 0 && command->least == 1 ? "its argument is" : "an argument is");
    return status;
}

int tern_flags_parse(const tern_command *command, int argc, char **argv, const char **args)
{
    for (int i = 0; i < command->most; i++)
        args[i] = NULL;
    threads = quiet = help_wanted = 0;
    if (asks_for_help(command, argc, argv)) {
        print_help(command);
        return tern_command_end(TERN_EXIT_DONE);
    }
    int status = parse_all(command, argc, argv, args);
    return status == TERN_GO_ON ? start_threads(command) : status;
}

int tern_command_fail(const tern_error *error)
{
    tern_progress_clear();
    tern_print(stderr, "tern: %s\n", error->message);
    return TERN_EXIT_FAILED;
}

int tern_command_usage(const tern_command *command, const char *format, ...)
{
    /* Through tern_fail's buffer, so that an argument with a line feed in it stays on the line. */
    char text[TERN_ERROR_SIZE];
    tern_error error = {{0}};
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    tern_fail(&error, "%s", text);
    fprintf(stderr, "tern: %s: %s (tern %s --help shows how it is used)\n", command->name, error.message,
            command->name);
    return TERN_EXIT_USAGE;
}

/* 1 when stdout is a pipe or a socket that nobody reads any more. stdio may have lost the errno of an earlier write. */
static int reader_is_gone(int number)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return number == EPIPE || (poll(&out, 1, 0) == 1 && (out.revents & POLLERR));
}

int tern_command_end(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    int number = errno;
    /* As other tools end: by the signal itself, in silence. All files are closed and whole by now. */
    int gone = reader_is_gone(number);
    if (gone && status == TERN_EXIT_DONE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
        status = TERN_EXIT_SIGNAL + SIGPIPE; /* it was blocked */
    }
    tern_progress_clear();
    if (!gone && number)
        fprintf(stderr, "tern: standard output could not be written: %s\n", strerror(number));
    else if (!gone)
        fprintf(stderr, "tern: standard output could not be written\n");
    /* Said once: main asks again after the command did. */
    clearerr(stdout);
    return status == TERN_EXIT_DONE ? TERN_EXIT_FAILED : status;
}

int tern_command_quiet(void)
{
    return quiet;
}

int tern_command_threads(void)
{
    return (int)threads;
}
