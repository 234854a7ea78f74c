#include "data/qrels_line.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWN = TERN_QRELS_ROLES, PASSED_OVER };

/* Names that columns have in the wild, in small letters and without what is no letter or digit. */
static const struct {
    const char *name;
    int role;
} names[] = {
    {"queryid", TERN_QRELS_QUERY},   {"query", TERN_QRELS_QUERY},     {"qid", TERN_QRELS_QUERY},
    {"topic", TERN_QRELS_QUERY},     {"topicid", TERN_QRELS_QUERY},   {"corpusid", TERN_QRELS_DOC},
    {"docid", TERN_QRELS_DOC},       {"docno", TERN_QRELS_DOC},       {"doc", TERN_QRELS_DOC},
    {"did", TERN_QRELS_DOC},         {"document", TERN_QRELS_DOC},    {"documentid", TERN_QRELS_DOC},
    {"passage", TERN_QRELS_DOC},     {"passageid", TERN_QRELS_DOC},   {"pid", TERN_QRELS_DOC},
    {"corpus", TERN_QRELS_DOC},      {"score", TERN_QRELS_GRADE},     {"grade", TERN_QRELS_GRADE},
    {"rel", TERN_QRELS_GRADE},       {"relevance", TERN_QRELS_GRADE}, {"label", TERN_QRELS_GRADE},
    {"judgement", TERN_QRELS_GRADE}, {"judgment", TERN_QRELS_GRADE},  {"q0", PASSED_OVER},
    {"iter", PASSED_OVER},           {"iteration", PASSED_OVER},
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static tern_span trim(tern_span s)
{
    while (s.n > 0 && is_blank(s.text[s.n - 1]))
        s.n--;
    for (; s.n > 0 && is_blank(*s.text); s.n--)
        s.text++;
    return s;
}

/* At most `most` fields; returns how many there are in all. */
static int cut(const char *line, size_t n, int tabs, tern_span *fields, int most)
{
    int count = 0;
    for (size_t at = 0; at < n || (tabs && at == n); at++) {
        size_t from = at;
        while (at < n && !(line[at] == '\t' || (!tabs && is_blank(line[at]))))
            at++;
        if (!tabs && at == from)
            continue;
        if (count < most)
            fields[count] = (tern_span){line + from, at - from};
        count++;
    }
    return count;
}

/* What was meant as a number, whether or not it is a grade: "0.5", "nan", "1,5". */
static int is_numeric(tern_span field)
{
    char text[32], *end;
    field = trim(field);
    if (field.n == 0 || field.n >= sizeof text)
        return 0;
    memcpy(text, field.text, field.n);
    text[field.n] = 0;
    strtod(text, &end);
    return *end == 0 || isdigit((unsigned char)text[strspn(text, "+-.")]);
}

static int role_of(tern_span field)
{
    char name[32];
    size_t n = 0;
    for (size_t i = 0; i < field.n && n < sizeof name - 1; i++)
        if (isalnum((unsigned char)field.text[i]))
            name[n++] = (char)tolower((unsigned char)field.text[i]);
    name[n] = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i].name))
            return names[i].role;
    return UNKNOWN;
}

/* As without a header. */
static void usual_places(tern_qrels_form *form)
{
    form->place[TERN_QRELS_QUERY] = 0;
    form->place[TERN_QRELS_DOC] = form->columns == 3 ? 1 : 2;
    form->place[TERN_QRELS_GRADE] = form->columns == 3 ? 2 : 3;
}

static int fail_header(tern_error *error)
{
    return tern_fail(error, "the header doesn't say which columns are the query, the document and the grade; name them "
                            "query-id, corpus-id and score");
}

/* Places by the header's names. Of three columns, the one whose name is unknown has the role that is left. */
static int read_header(tern_qrels_form *form, const tern_span *fields, tern_error *error)
{
    int column[TERN_QRELS_ROLES + 2], count[TERN_QRELS_ROLES + 2] = {0}, known = 0, last = -1;
    for (int i = 0; i < form->columns; i++) {
        int role = role_of(fields[i]);
        column[role] = i;
        count[role]++;
    }
    for (int role = 0; role < TERN_QRELS_ROLES; role++) {
        if (count[role] > 1)
            return fail_header(error);
        known += count[role];
        last = count[role] ? last : role;
    }
    if (known == 0 && form->columns == 3) {
        usual_places(form);
        return 1;
    }
    if (known == TERN_QRELS_ROLES - 1 && count[UNKNOWN] == 1)
        column[last] = column[UNKNOWN];
    else if (known != TERN_QRELS_ROLES)
        return fail_header(error);
    memcpy(form->place, column, sizeof form->place);
    return 1;
}

static int fail_form(const char *line, size_t n, tern_error *error)
{
    int commas = memchr(line, ',', n) && !memchr(line, '\t', n);
    return tern_fail(error,
                     "neither judgements with the header query-id, corpus-id, score between tabs nor TREC's \"query "
                     "iteration document grade\"%s",
                     commas ? "; separate the fields by tabs, not commas" : "");
}

int tern_qrels_see_form(tern_qrels_form *form, const char *line, size_t n, tern_error *error)
{
    tern_span fields[TERN_QRELS_MOST_COLUMNS];
    *form = (tern_qrels_form){.tabs = 1, .columns = cut(line, n, 1, fields, TERN_QRELS_MOST_COLUMNS)};
    if (form->columns < 3)
        *form = (tern_qrels_form){.columns = cut(line, n, 0, fields, TERN_QRELS_MOST_COLUMNS)};
    if (form->columns < 3 || form->columns > TERN_QRELS_MOST_COLUMNS)
        return fail_form(line, n, error);
    if (form->columns <= 4 && is_numeric(fields[form->columns - 1])) {
        usual_places(form);
        return 0;
    }
    int named = 0, numbers = 0;
    for (int i = 0; i < form->columns; i++) {
        named |= role_of(fields[i]) < TERN_QRELS_ROLES;
        numbers |= is_numeric(fields[i]);
    }
    return (named && !numbers) || (form->columns == 3 && form->tabs) ? read_header(form, fields, error)
                                                                     : fail_form(line, n, error);
}

int tern_qrels_split(const tern_qrels_form *form, const char *line, size_t n, tern_span fields[TERN_QRELS_ROLES],
                     tern_error *error)
{
    tern_span all[TERN_QRELS_MOST_COLUMNS];
    int found = cut(line, n, form->tabs, all, TERN_QRELS_MOST_COLUMNS);
    /* Lines of TREC's may have blanks or tabs, whatever the first has. */
    if (found != form->columns && form->columns == 4 &&
        cut(line, n, !form->tabs, all, TERN_QRELS_MOST_COLUMNS) == form->columns)
        found = form->columns;
    if (found != form->columns)
        return tern_fail(error, "%d field%s where %d are expected (%s)", found, found == 1 ? "" : "s", form->columns,
                         form->columns == 4   ? "query, iteration, document, grade"
                         : form->columns != 3 ? "as in the header"
                         : form->tabs         ? "query-id, corpus-id, score between tabs"
                                              : "query, document, grade");
    for (int role = 0; role < TERN_QRELS_ROLES; role++)
        fields[role] = all[form->place[role]];
    if (fields[TERN_QRELS_QUERY].n == 0 || fields[TERN_QRELS_DOC].n == 0)
        return tern_fail(error, "the %s's id is empty", fields[TERN_QRELS_QUERY].n ? "document" : "query");
    return 0;
}

int tern_qrels_grade(tern_span field, int *grade, tern_error *error)
{
    char text[32] = "", *end = text;
    tern_span f = trim(field);
    long value = 0;
    errno = 0;
    if (f.n > 0 && f.n < sizeof text && strchr("-+0123456789", *f.text)) {
        memcpy(text, f.text, f.n);
        text[f.n] = 0;
        value = strtol(text, &end, 10);
        if (*end == '.' && end > text)
            end += 1 + strspn(end + 1, "0");
    }
    if (end == text || *end || errno || value < INT_MIN || value > INT_MAX)
        return tern_fail(error, "the grade \"%.*s\" is not a whole number%s", (int)(field.n < 40 ? field.n : 40),
                         field.text,
                         is_numeric(field) ? "; grades are 0, 1, 2, ..., so write fractions of 1 as whole steps" : "");
    *grade = (int)value;
    return 0;
}
