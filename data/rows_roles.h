/* Which columns of a table play which role; private to data/rows*.c. */
#ifndef TERN_DATA_ROWS_ROLES_H
#define TERN_DATA_ROWS_ROLES_H

#include "data/findings.h"
#include "data/rows.h"
#include "data/table.h"

/* A role of any number of columns: base, then base_0, base_1, ... as far as they are there. */
typedef struct tern_role_columns {
    const char *base;
    char *name[TERN_MAX_SCORES];
    int n, most;
} tern_role_columns;

/* A column without a role: its number, and the number of its entry among the findings' unused ones. */
typedef struct tern_other {
    size_t column, entry;
} tern_other;

/* Column names; NULL: the file has none of this role. */
typedef struct tern_roles {
    const char *anchor, *positive, *label;
    const char *positive_scores, *negative_scores; /* lists of JSON, both or none */
    tern_role_columns negatives, scores;
    int score_is_list;  /* one column, with a JSON list of numbers */
    tern_other *others; /* [n_others] CSV, with findings: the columns without a role */
    size_t n_others;
} tern_roles;

/* By the row last read, the first one. Negatives may have their number right behind the name: negative1. */
int tern_roles_find(tern_roles *roles, const tern_table *table, const tern_rows_source *source, tern_error *error);
void tern_roles_free(tern_roles *roles);
/* JSONL: takes columns of negatives that the row brings and the rows before it lacked; *added: the first of them, NULL
 * when there is none. */
int tern_roles_add_negatives(tern_roles *roles, const tern_table *table, tern_findings *findings, const char **added,
                             tern_error *error);
/* JSONL: fails when the row brings another role that the first one lacked, since it would be dropped in silence. A role
 * that the row lacks is found out when it is read. */
int tern_roles_check(const tern_roles *roles, const tern_table *table, tern_error *error);
/* Notes what the row holds in columns without a role; does nothing when findings is NULL. */
void tern_roles_note_others(const tern_roles *roles, const tern_table *table, tern_findings *findings);

#endif
