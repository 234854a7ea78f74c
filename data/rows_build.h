/* What the readers of rows share; private to data/rows*.c. */
#ifndef TERN_DATA_ROWS_BUILD_H
#define TERN_DATA_ROWS_BUILD_H

#include "data/rows.h"
#include "data/rows_roles.h"

#include <stddef.h>

/* A document known to be relevant to an anchor, or, among a folder's judgements, known not to be; both are text ids. */
typedef struct tern_relation {
    int64_t anchor, document;
} tern_relation;

/* Rows as they grow, and relations beyond their positives. */
typedef struct tern_rows_build {
    tern_rows *rows; /* with a pool from the start; a list a line, or an anchor */
    size_t n_anchor, anchor_capacity, n_positive, positive_capacity;
    size_t n_score, score_capacity, n_label, label_capacity;
    size_t n_list, list_capacity, n_start, start_capacity, n_text, text_capacity;
    size_t n_list_score, list_score_capacity, n_positive_score, positive_score_capacity;
    int labels_are_words; /* one that is no number was found, so they aren't scores */
    tern_relation *relation;
    size_t n_relations, relation_capacity;
} tern_rows_build;

/* A file in reading. */
typedef struct tern_rows_reading {
    tern_table *table;
    const tern_rows_source *source;
    tern_findings *findings; /* the source's; NULL: not wanted */
    tern_rows_build *build;
    tern_roles roles;
    tern_texts *labels; /* id i is the label i */
    int64_t *positive;  /* [n_positives] of the line last read */
    size_t n_positives, positive_capacity;
    int scores_are_listed; /* a score for each positive and each negative, in lists of JSON */
    int64_t least, most;   /* negatives of a line */
    int64_t first, lines;  /* negatives of the first line; lines whose negatives were read */
    char *uneven;          /* of the first line with another number: what begins a sentence; NULL: none */
} tern_rows_reading;

/* Append to build->rows; 0, or -1 with the error told. */
int tern_rows_read_file(tern_rows_build *build, const tern_rows_source *source, tern_error *error);
int tern_rows_read_beir(tern_rows_build *build, const tern_rows_source *source, tern_error *error);

/* A value's fault, with its sentence in error: 0 when reading goes on. */
int tern_rows_fault(const tern_rows_reading *r, const tern_error *error);
/* The id of a text that the line has under that name; one that is blank or holds a NUL character fails. */
int tern_rows_add_text(const tern_rows_reading *r, const char *name, const char *text, size_t n, int64_t *id,
                       tern_error *error);
/* Item i of the list that the line has under that name, likewise. */
int tern_rows_add_item(const tern_rows_reading *r, const char *name, const json_t *list, size_t i, int64_t *id,
                       tern_error *error);
/* Appends a text to the list that is open. */
void tern_rows_add_negative(tern_rows_build *build, int64_t text);
/* Ends the list that is open; the next text begins another. */
void tern_rows_end_list(tern_rows_build *build);

/* The line's negatives into a list of their own. */
int tern_rows_read_negatives(tern_rows_reading *r, tern_error *error);
/* After the last line: fails, or adds a fault, when rows have different numbers and none are to be drawn. */
int tern_rows_check_even(const tern_rows_reading *r, tern_error *error);
/* The lists become the same number of negatives each row, or what is drawn from. */
int tern_rows_finish_negatives(tern_rows_reading *r, tern_error *error);

/* Before the first line's scores, with its negatives read. */
int tern_rows_begin_scores(tern_rows_reading *r, tern_error *error);
/* Scores of the line's negatives, where they are listed. */
int tern_rows_read_listed_scores(tern_rows_reading *r, tern_error *error);
/* After the last line: where a list has null among its numbers, unknown to who wrote it, there are no scores; notes it
 * in rows->note. */
void tern_rows_forget_unknown_scores(tern_rows_reading *r);
/* Scores of one row, where they are not listed. */
int tern_rows_read_scores(tern_rows_reading *r, tern_error *error);
/* Appends a row's score after the scale that the source asks for; fails when it is beyond it. */
int tern_rows_add_score(const tern_rows_reading *r, const char *name, double value, tern_error *error);

#endif
