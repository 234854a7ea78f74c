/* tern data column: the texts of one column of a table, one a line, for the commands that read lines. */
#include "cli/data_column.h"

#include "base/memory.h"
#include "base/words.h"
#include "cli/command.h"
#include "data/table.h"

#include <string.h>

static const char *invalid_utf8;

static const tern_flag flags[] = {
    {"invalid-utf8", TERN_FLAG_STRING, &invalid_utf8, "WHAT", "refuse (the default) or replace by U+FFFD"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "data column",
    .arguments = "FILE COLUMN",
    .least = 2,
    .most = 2,
    .summary =
        "Writes the texts of one column (JSONL: key) to stdout, one a line: line i is row i. Line breaks inside a "
        "text become spaces, and an empty cell is an empty line; both are counted on stderr.",
    .example = "tern data column faq.csv answer >answers.txt",
    .flags = flags,
};

typedef struct counts {
    int64_t rows, broken, empty;
} counts;

/* The text with a space for each run of line breaks, and the end of the line. */
static void print_line(const char *text, size_t n, counts *c)
{
    int broken = 0;
    for (size_t i = 0; i < n;) {
        size_t part = 0, breaks;
        while (i + part < n && text[i + part] != '\n' && text[i + part] != '\r')
            part++;
        fwrite(text + i, 1, part, stdout);
        for (breaks = 0; i + part + breaks < n && (text[i + part + breaks] == '\n' || text[i + part + breaks] == '\r');)
            breaks++;
        if (breaks)
            putchar(' ');
        broken |= breaks > 0;
        i += part + breaks;
    }
    putchar('\n');
    c->rows++;
    c->broken += broken;
    c->empty += n == 0;
}

/* A key that is missing or null is an empty cell; numbers and truth values are written as they stand. */
static int print_cell(const tern_table *table, const char *name, counts *c, tern_error *error)
{
    const json_t *value = tern_table_value(table, name);
    const char *text = "";
    char *written = NULL;
    size_t n = 0;
    int status = 0;
    if (json_is_number(value) || json_is_boolean(value)) {
        status = tern_table_label(table, name, &written, error);
        text = written;
        n = written ? strlen(written) : 0;
    } else if (tern_table_form(table) != TERN_FORM_JSONL || (value && !json_is_null(value))) {
        status = tern_table_text(table, name, &text, &n, error);
    }
    if (status == 0 && memchr(text, 0, n))
        status = tern_fail(error, "%s:%lld: \"%s\" holds a NUL character (\\u0000); --invalid-utf8 replace takes it",
                           tern_table_path(table), tern_table_line(table), name);
    if (status == 0)
        print_line(text, n, c);
    free(written);
    return status;
}

static int print_column(tern_table *table, const char *name, counts *c, tern_error *error)
{
    int status, seen = 0;
    while ((status = tern_table_next(table, error)) > 0 && !ferror(stdout)) {
        /* Of JSONL some row at least must have the key; the first is asked, as for other commands. */
        if (!seen && !tern_table_has(table, name))
            return tern_table_fail_column(table, NULL, name, error);
        seen = 1;
        if (print_cell(table, name, c, error) < 0)
            return -1;
    }
    return status < 0 ? -1 : 0;
}

int tern_data_column(int argc, char **argv)
{
    const char *args[2];
    int status = tern_flags_parse(&command, argc, argv, args);
    if (status != TERN_GO_ON)
        return status;
    if (invalid_utf8 && strcmp(invalid_utf8, "replace") && strcmp(invalid_utf8, "refuse"))
        return tern_command_usage(&command, "--invalid-utf8 is refuse or replace, not \"%s\"", invalid_utf8);
    tern_error error = {{0}};
    counts c = {0};
    tern_table *table = tern_table_open(args[0], invalid_utf8 && !strcmp(invalid_utf8, "replace"), &error);
    status = table ? print_column(table, args[1], &c, &error) : -1;
    tern_table_close(table);
    if (status < 0)
        return tern_command_fail(&error);
    if (c.broken)
        tern_command_warn("%s: line breaks are written as spaces in %lld of %lld texts", args[0], (long long)c.broken,
                          (long long)c.rows);
    if (c.empty)
        tern_command_warn("%s: \"%s\" is empty in %lld of %lld rows, which are empty lines", args[0], args[1],
                          (long long)c.empty, (long long)c.rows);
    return tern_command_end(TERN_EXIT_DONE);
}
