/* What a reading of a file of rows met that its rows don't show: faults, columns that play no role, texts that are no
 * texts.
 *
 *     tern_findings findings = {.go_on = 1};
 *     tern_rows_source source = {.file = "faq.csv", .findings = &findings};
 *     tern_rows *rows = tern_rows_read(&source, texts, &error);      // NULL: findings.fault has the sentences
 *     tern_findings_say(&findings, "faq.csv", &(tern_naming){"--", " ", 1, 0}, print, NULL);
 *     tern_findings_free(&findings);
 */
#ifndef TERN_DATA_FINDINGS_H
#define TERN_DATA_FINDINGS_H

#include "base/error.h"
#include "data/texts.h"

#include <stddef.h>
#include <stdint.h>

/* Sentences of faults that are kept whole; further ones are counted. */
enum { TERN_MOST_FAULTS = 20 };

/* A column, or a key of JSON, that plays no role. */
typedef struct tern_unused {
    char *name;
    int64_t rows;        /* where it holds something */
    int64_t zeros, ones; /* where that is 0 or false, and 1 or true */
    int64_t objects;     /* where it is an object of JSON, or a list of anything but texts */
    const char *role;    /* that its name is like (data/roles.h); NULL: none */
} tern_unused;

/* A column that plays a role. */
typedef struct tern_used {
    char *name;
    const char *role;    /* "anchor", "positive", "negative", "label", "score" */
    int loose;           /* a negative with its number right behind its name: negative1 */
    int64_t nulls;       /* texts and labels that read like a missing value: NaN, NULL, N/A, \N, ... */
    long long null_line; /* the first of them */
    char null_text[12];
} tern_used;

typedef struct tern_findings {
    int go_on; /* set by the caller: 1: a row with a fault is passed over, and reading fails at the end */
    int64_t n_faults;
    char *fault[TERN_MOST_FAULTS];
    int64_t n_rows; /* with those that have faults */
    tern_used *used;
    size_t n_used, used_capacity;
    tern_unused *unused;
    size_t n_unused, unused_capacity;
    tern_texts *labels;  /* id i is the label i of the rows; NULL: the file has none */
    int64_t *label_rows; /* [labels] */
    size_t n_labels, label_capacity;
    int quoting; /* as tern_table_quoting says */
    /* private */
    tern_texts *unused_names; /* id i is unused[i] */
} tern_findings;

/* The role that a column looks like by its name, or by its values: zeros and ones are labels. NULL: none. */
const char *tern_unused_role(const tern_unused *column);
void tern_findings_free(tern_findings *findings);

/* How a role is given where the sentence is read: "--negative neg" is {"--", " "}, "data.train.negative: neg" is
 * {"data.train.", ": "}. */
typedef struct tern_naming {
    const char *before, *between;
    int rare_too;   /* 1: missing values are said however few they are; 0: from 1 in 10,000 rows, since a list of all
                       words of a language holds "nan" and "null" themselves */
    int hints_only; /* 1: of columns that aren't used only those that look like a role are said, and as there is no role
                       of labels, 0 and 1 are scores */
} tern_naming;

/* Says, a sentence each, which columns aren't used, which texts read like missing values, and which labels are one
 * number written in several ways. */
void tern_findings_say(const tern_findings *findings, const char *path, const tern_naming *naming,
                       void (*say)(void *context, const char *sentence), void *context);
/* 1 for what reads like a missing value: pandas' names for it, MySQL's \N. White space around it doesn't matter. */
int tern_is_null_like(const char *text, size_t n);

/* For the reader. Each may be called with findings NULL, which then does nothing. */
/* A fault: 1 when reading goes on, else 0. */
int tern_findings_fault(tern_findings *findings, const tern_error *error);
void tern_findings_use(tern_findings *findings, const char *role, const char *name, int loose);
/* Counts a text or label of a used column. */
void tern_findings_text(tern_findings *findings, const char *name, const char *text, size_t n, long long line);
/* The unused column of that name, made when it is new. */
tern_unused *tern_findings_unused(tern_findings *findings, const char *name);
void tern_findings_label(tern_findings *findings, int64_t id, const char *label);

#endif
