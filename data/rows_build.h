/* What the readers of rows share; private to data/rows*.c. */
#ifndef TERN_DATA_ROWS_BUILD_H
#define TERN_DATA_ROWS_BUILD_H

#include "data/rows.h"

#include <stddef.h>

/* A document known to be relevant to an anchor; both are text ids. */
typedef struct tern_relation {
    int64_t anchor, document;
} tern_relation;

/* Rows as they grow, and relations beyond their positives. */
typedef struct tern_rows_build {
    tern_rows *rows;
    size_t n_anchor, anchor_capacity, n_positive, positive_capacity, n_negative, negative_capacity;
    size_t n_score, score_capacity, n_label, label_capacity;
    int labels_are_words; /* one that is no number was found, so they aren't scores */
    tern_relation *relation;
    size_t n_relations, relation_capacity;
} tern_rows_build;

/* Append to build->rows; 0, or -1 with the error told. */
int tern_rows_read_file(tern_rows_build *build, const tern_rows_source *source, tern_error *error);
int tern_rows_read_beir(tern_rows_build *build, const tern_rows_source *source, tern_error *error);

#endif
