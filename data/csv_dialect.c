#include "data/csv_dialect.h"

#include "base/memory.h"
#include "base/words.h"

#include <string.h>
#include <strings.h>

static const char separators[] = ",;\t|";
enum { N_SEPARATORS = sizeof separators - 1 };

static const char *name_of(char separator)
{
    return separator == ',' ? "commas" : separator == ';' ? "semicolons" : separator == '\t' ? "tabs" : "|";
}

/* "new-faq.csv" for "data/faq.csv", as a word of a shell; forced: the ending it gets, NULL for its own. */
static char *new_name(const char *path, const char *forced)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    size_t stem = dot ? (size_t)(dot - name) : strlen(name);
    char *plain = tern_format("new-%.*s%s", (int)stem, name, forced ? forced : dot ? dot : "");
    char *word = tern_shell_word(plain);
    free(plain);
    return word;
}

/* The command that writes the file anew with commas. options: how Python's csv.reader takes it. */
static char *rewrite(const char *path, const char *options, int skip_line)
{
    char *in = tern_shell_word(path), *out = new_name(path, ".csv");
    char *command = tern_format("%s%s%spython3 -c 'import csv, sys; csv.writer(sys.stdout).writerows(csv.reader(sys."
                                "stdin, %s))'%s%s >%s",
                                skip_line ? "tail -n +2 " : "", skip_line ? in : "", skip_line ? " | " : "", options,
                                skip_line ? "" : " <", skip_line ? "" : in, out);
    free(out);
    free(in);
    return command;
}

/* What makes a CSV or TSV file of one with another separator: a name for tabs and commas, which are read. */
static char *mend_separator(const char *path, char found)
{
    if (found == ';' || found == '|') {
        char option[] = "delimiter=\"?\"";
        option[strlen("delimiter=\"")] = found;
        return rewrite(path, option, 0);
    }
    char *in = tern_shell_word(path), *out = new_name(path, found == '\t' ? ".tsv" : ".csv");
    char *command = tern_format("cp %s %s", in, out);
    free(out);
    free(in);
    return command;
}

/* "sep=;" as spreadsheets write and read it, with or without quotes. */
static int is_separator_line(const char *line, size_t n, char *separator)
{
    if (n >= 2 && line[0] == '"' && line[n - 1] == '"') {
        line++;
        n -= 2;
    }
    if (n != strlen("sep=;") || strncasecmp(line, "sep=", 4) != 0)
        return 0;
    *separator = line[4];
    return 1;
}

static int fail_separator_line(const char *path, char found, tern_error *error)
{
    char *command, option[] = "delimiter=\"?\"", *in = tern_shell_word(path), *out = NULL;
    option[strlen("delimiter=\"")] = found;
    if (found == ',' || found == '\t') {
        out = new_name(path, found == '\t' ? ".tsv" : ".csv");
        command = tern_format("tail -n +2 %s >%s", in, out);
    } else {
        command = rewrite(path, option, 1);
    }
    tern_fail(error,
              "%s:1: \"sep=%c\" is a line for spreadsheets, and tern reads the columns' names from the first line; "
              "run: %s",
              path, found, command);
    free(command);
    free(out);
    free(in);
    return -1;
}

/* The first line up to its end outside quotes: how often each separator stands in it outside quotes. */
static void count_separators(const char *data, size_t n, size_t counts[N_SEPARATORS])
{
    int quoted = 0;
    memset(counts, 0, N_SEPARATORS * sizeof *counts);
    for (size_t i = 0; i < n && (quoted || data[i] != '\n'); i++) {
        const char *which = data[i] ? strchr(separators, data[i]) : NULL;
        quoted ^= data[i] == '"';
        if (!quoted && which)
            counts[which - separators]++;
    }
}

/* The separator that the header seems to have: the one that stands in it most often, the given one where several do.
 * Where the given one is there too, only semicolons and tabs count against commas: names of columns seldom hold them.
 */
static char guess_separator(const char *data, size_t n, char given)
{
    size_t counts[N_SEPARATORS], own = (size_t)(strchr(separators, given) - separators), best = own;
    count_separators(data, n, counts);
    for (size_t i = 0; i < N_SEPARATORS; i++)
        if (counts[i] > counts[best])
            best = i;
    int beside = counts[own] > 0 && (given != ',' || separators[best] == '|');
    return beside ? given : separators[best];
}

static int check_line_end(const char *path, const char *line, size_t n, tern_error *error)
{
    const char *cr = n > 1 ? memchr(line, '\r', n - 1) : NULL;
    if (!cr || memchr(line, '"', (size_t)(cr - line)))
        return 0;
    char *in = tern_shell_word(path), *out = new_name(path, NULL);
    tern_fail(error, "%s:1: lines end with CR alone, which tern doesn't read; run: tr '\\r' '\\n' <%s >%s", path, in,
              out);
    free(out);
    free(in);
    return -1;
}

int tern_csv_check_dialect(const char *path, const char *data, size_t n, char separator, tern_error *error)
{
    const char *end = n ? memchr(data, '\n', n) : NULL;
    size_t line_n = end ? (size_t)(end - data) : n;
    char found;
    if (check_line_end(path, data, line_n, error) < 0)
        return -1;
    if (line_n > 0 && data[line_n - 1] == '\r')
        line_n--;
    if (is_separator_line(data, line_n, &found))
        return fail_separator_line(path, found, error);
    found = guess_separator(data, n, separator);
    if (found == separator)
        return 0;
    char *command = mend_separator(path, found);
    tern_fail(error, "%s:1: its columns are separated by %s, and a .%s file is read with %s; run: %s", path,
              name_of(found), separator == ',' ? "csv" : "tsv", name_of(separator), command);
    free(command);
    return -1;
}

int tern_csv_fail_blank_before_quote(const char *path, long long line, size_t field, tern_error *error)
{
    char *command = rewrite(path, "skipinitialspace=True", 0);
    tern_fail(error,
              "%s:%lld: a blank stands before the opening quote of field %zu, which makes the quote a character; "
              "remove the blank, or run: %s",
              path, line, field, command);
    free(command);
    return -1;
}
