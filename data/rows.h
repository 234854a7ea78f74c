/* Training rows: texts with named roles, and what is known to be relevant to what.
 *
 *     tern_rows *rows = tern_rows_read(&(tern_rows_source){.file = "faq.csv", ...}, texts, &error);
 *
 * Every row has an anchor text id; a positive and negatives where the file has them, a label or a score. Rows have the
 * same number of negatives each, or lists of any length that some are drawn from (data/negatives.h). From a BEIR folder
 * the rows are all (query, relevant document) pairs, grouped by query so that the sampler can draw some of a query's
 * positives each epoch. */
#ifndef TERN_DATA_ROWS_H
#define TERN_DATA_ROWS_H

#include "base/error.h"
#include "data/coverage.h"
#include "data/negatives.h"
#include "data/texts.h"

#include <stdint.h>

/* A score for the positive and for each negative. */
enum { TERN_MAX_NEGATIVES = 64, TERN_MAX_SCORES = 1 + TERN_MAX_NEGATIVES };

/* For negatives_per_row: as many as a row has. */
enum { TERN_ALL_NEGATIVES = -1 };

typedef struct tern_rows_source {
    const char *file;  /* JSONL, CSV or TSV by its ending; or NULL and beir */
    const char *bytes; /* [n_bytes] what the file holds, where that is in memory
                          already and file is its name alone; NULL: read it */
    size_t n_bytes;
    const char *beir;                                         /* a BEIR folder */
    const char *split;                                        /* BEIR: "train" when NULL */
    const char *anchor, *positive, *negative, *label, *score; /* column names; NULL: named as the role;
                                                                 negative columns are negative, negative_1, ...,
                                                                 those of scores likewise */
    int min_grade;                                            /* BEIR: least grade of a positive; 0 means 1 */
    double score_least, score_most; /* not equal: scores from least to most become 0 to 1, others are errors, as is
                                       a file without scores; least may be above most */
    int64_t positives_per_query;    /* BEIR and grouped files: drawn anew each epoch; 0: all of them */
    int negatives_per_row;          /* how many of a row's negatives are drawn each epoch; 0: all rows of a file must
                                       have the same number, and BEIR folders give none */
    int most_negative_grade;        /* BEIR with negatives_per_row: judgements up to it are the query's negatives */
    int invalid_utf8_replace;
    struct tern_findings *findings; /* files: what is found besides rows (data/findings.h); NULL: not wanted */
} tern_rows_source;

typedef struct tern_rows {
    tern_texts *texts; /* borrowed */
    int64_t n;
    int n_negatives; /* per row: in negative, or to be drawn from pool */
    int has_positive, has_label, has_score;
    int64_t *anchor;   /* [n] text ids */
    int64_t *positive; /* [n] or NULL */
    int64_t *negative; /* [n, n_negatives] or NULL; TERN_NO_TEXT only in what is drawn */
    double *score;     /* [n, n_scores] or NULL: there are none, or they are drawn with the negatives */
    int n_scores;      /* per row: columns score, score_0, score_1, ..., or a JSON list; 0 when there are none.
                          Labels that are all numbers (true and false in JSON: 1 and 0) are the scores of a file
                          that has no others */
    int64_t *label;    /* [n] or NULL: 0, 1, 2, ... by first appearance */
    int64_t n_labels;  /* how many different ones */
    /* Groups of rows with the same anchor that belong together (BEIR): rows group_start[g] .. group_start[g+1]-1;
     * NULL when each row stands alone. */
    int64_t *group_start, n_groups;
    int64_t positives_per_query;
    /* relevant[relevant_start[a] .. relevant_start[a + 1]): sorted ids of the texts known to be relevant to the
     * anchor with text id a: every positive of its rows, and every judgement above grade 0. */
    int64_t *relevant_start, *relevant;
    tern_coverage coverage;  /* BEIR: of judgements that would be rows, how many name what isn't there */
    char *note;              /* a sentence on those, of a file on scores that are null; NULL: there are none */
    tern_negatives *pool;    /* lists that n_negatives a row are drawn from; NULL: nothing is drawn */
    int64_t n_anchors_known; /* relevant_start has this + 1 entries; ids from it on have none */
} tern_rows;

/* Reads rows; texts are interned into texts, which must outlive the result. NULL on failure, with path and line: a
 * file without rows, a column that is missing, a row of other roles than the first, an empty text, a score that is no
 * finite number or out of its range, lists of scores of different lengths, rows with different numbers of negatives
 * unless some are drawn, a BEIR folder where more than half of the rows that judgements ask for have no query or
 * document, and what the readers refuse (data/csv.h, data/jsonl.h, data/beir.h). Columns of negatives and scores are
 * taken in the order negative, negative_0, negative_1, ...; a negative's number may follow its name at once
 * (negative1); one that is empty is none. JSONL: the positive may be a list of texts, each of which makes a row, and so
 * may negatives, which these rows share; keys query, pos, neg, pos_scores and neg_scores are read as FlagEmbedding's
 * where no column is named. Labels lose white space at both ends and are numbered by first appearance. With
 * findings->go_on all faults are collected before it fails. Rows of a file are grouped by anchor (in order of first
 * appearance) when positives_per_query is set, those of a BEIR folder always; queries of equal text are one anchor. */
tern_rows *tern_rows_read(const tern_rows_source *source, tern_texts *texts, tern_error *error);
void tern_rows_free(tern_rows *rows);
/* Leaves the rows that keep [n] names with 1, in their order, with all that belongs to them; what is relevant to what
 * stays known. */
void tern_rows_keep(tern_rows *rows, const uint8_t *keep);
/* Forgets positives, negatives and what is relevant to what, for who trains on anchors alone. */
void tern_rows_keep_anchors(tern_rows *rows);
/* 1 when document (a text id) is known to be relevant to anchor (a text id). */
int tern_rows_is_relevant(const tern_rows *rows, int64_t anchor, int64_t document);

#endif
