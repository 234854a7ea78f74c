/* The columns of a file of judgements, and its lines by them; private to data/qrels.c. */
#ifndef TERN_DATA_QRELS_LINE_H
#define TERN_DATA_QRELS_LINE_H

#include "base/error.h"

#include <stddef.h>

typedef struct tern_span {
    const char *text;
    size_t n;
} tern_span;

enum { TERN_QRELS_QUERY, TERN_QRELS_DOC, TERN_QRELS_GRADE, TERN_QRELS_ROLES, TERN_QRELS_MOST_COLUMNS = 16 };

/* What the first line says of all lines. */
typedef struct tern_qrels_form {
    int tabs;                    /* between fields; 0: white space */
    int columns;                 /* of each line */
    int place[TERN_QRELS_ROLES]; /* the column of each role */
} tern_qrels_form;

/* Sees the form from the first line that isn't blank. Returns 1: it is a header, 0: it is a judgement, -1: neither; the
 * sentence is without file and line then. Columns go by the header's names where it has known ones (query-id,
 * corpus-id, score and the like, in any order and with others beside them); without, three columns are query, document,
 * grade, and four are TREC's query, iteration, document, grade. */
int tern_qrels_see_form(tern_qrels_form *form, const char *line, size_t n, tern_error *error);

/* A line's three fields by role. -1: another number of fields, or an empty id; the sentence as above. */
int tern_qrels_split(const tern_qrels_form *form, const char *line, size_t n, tern_span fields[TERN_QRELS_ROLES],
                     tern_error *error);

/* A whole number, written as such or with zeros behind the point ("1.0"), blanks around it or not. -1: it is none. */
int tern_qrels_grade(tern_span field, int *grade, tern_error *error);

#endif
