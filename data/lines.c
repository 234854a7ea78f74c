#include "data/lines.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/jsonl.h"
#include "data/table.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

static const char *ending_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && !strchr(dot, '/') ? dot + 1 : "";
}

static const char *form_name(tern_form form)
{
    return form == TERN_FORM_JSONL ? "JSONL" : form == TERN_FORM_CSV ? "CSV" : "TSV";
}

/* "faq-question.txt" for a column of "data/faq.csv", as a word of a shell. A new string. */
static char *lines_name(const char *path, const char *column)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    char *plain = tern_format("%.*s-%s.txt", (int)(dot ? (size_t)(dot - name) : strlen(name)), name, column);
    for (char *at = plain; *at; at++)
        *at = (char)(*at == '/' ? '-' : *at);
    char *word = tern_shell_word(plain);
    free(plain);
    return word;
}

/* The first column whose texts are no numbers, of the row that was read; the first of all when there is none. */
static const char *pick_column(const tern_table *table, const char *const *names, size_t n)
{
    const char *text;
    size_t length;
    double number;
    for (size_t i = 0; i < n; i++)
        if (*names[i] && tern_table_text(table, names[i], &text, &length, NULL) == 0 && length > 0 &&
            tern_parse_number(text, &number) < 0)
            return names[i];
    return n ? names[0] : "NAME";
}

/* A table: its columns, and how to make lines of one. */
static int fail_table(const char *path, const char *what, tern_table *table, tern_error *error)
{
    const char **names = NULL;
    if (tern_table_next(table, error) < 0)
        return -1;
    size_t n = tern_table_columns(table, &names);
    const char *picked = pick_column(table, names, n);
    char *list = tern_table_list_columns(table), *in = tern_shell_word(path), *out = lines_name(path, picked);
    char *column = tern_shell_word(picked);
    tern_fail(error,
              "%s: it is %s with the %s %s, and texts are read one a line here; write a column as lines first: tern "
              "data column %s %s >%s",
              path, what, n == 1 ? "column" : "columns", list, in, column, out);
    free(column);
    free(out);
    free(in);
    free(list);
    free(names);
    return -1;
}

/* What the reader finds wrong is the sentence where the table can't be read. */
static int refuse_table(const char *path, int replace, tern_error *error)
{
    tern_table *table = tern_table_open(path, replace, error);
    if (!table)
        return -1;
    fail_table(path, form_name(tern_table_form(table)), table, error);
    tern_table_close(table);
    return -1;
}

static int refuse_foreign_name(const char *path, const char *ending, tern_error *error)
{
    static const char *const endings[] = {"xlsx", "xls", "ods",  "parquet", "feather", "arrow", "gz",  "zip",
                                          "zst",  "xz",  "bz2",  "7z",      "npy",     "npz",   "pkl", "h5",
                                          "pdf",  "doc", "docx", "sqlite",  "db",      "tar",   "tgz"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return tern_fail(error,
                             "%s: its name ends in .%s, but its content is something else; texts are read one a line "
                             "here: name it .txt if it holds them",
                             path, ending);
    return 0;
}

int tern_lines_check_name(const char *path, int invalid_utf8_replace, tern_error *error)
{
    if (tern_form_of(path) != TERN_FORM_OTHER)
        return refuse_table(path, invalid_utf8_replace, error);
    /* A link, or /dev/stdin of a file. */
    char *real = realpath(path, NULL);
    int status = real && tern_form_of(real) != TERN_FORM_OTHER ? refuse_table(real, invalid_utf8_replace, error) : 0;
    free(real);
    return status;
}

int tern_lines_is_object(const char *line, size_t n)
{
    size_t blanks = 0;
    while (blanks < n && (line[blanks] == ' ' || line[blanks] == '\t'))
        blanks++;
    if (blanks == n || line[blanks] != '{')
        return 0;
    json_t *value = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
    int is_object = json_is_object(value);
    json_decref(value);
    return is_object;
}

/* JSONL under another name: the first line that isn't blank. */
static int check_first_line(tern_input *input, tern_error *error)
{
    const char *line;
    size_t n = 0;
    while (tern_input_next(input, &line, &n) && n == 0)
        ;
    if (n > 0 && tern_lines_is_object(line, n))
        return tern_fail(error,
                         "%s:%lld: the line is a JSON object, and texts are read one a line here; name the file .jsonl "
                         "and write a key's texts as lines: tern data column FILE.jsonl KEY >FILE.txt",
                         input->path, (long long)input->line);
    input->at = 0;
    input->line = 0;
    return 0;
}

int tern_lines_open(tern_input *input, const char *path, int invalid_utf8_replace, tern_error *error)
{
    if (tern_lines_check_name(path, invalid_utf8_replace, error) < 0)
        return -1;
    if (tern_input_open(input, path, invalid_utf8_replace, error) < 0)
        return -1;
    if (refuse_foreign_name(path, ending_of(path), error) == 0 && check_first_line(input, error) == 0)
        return 0;
    tern_input_close(input);
    return -1;
}
