/* What names of columns are likely to mean, for hints: nothing is read by them. */
#ifndef TERN_DATA_ROLES_H
#define TERN_DATA_ROLES_H

#include <stddef.h>

/* The role that a column of that name most likely plays in other tools' files: "anchor" (query, question, sentence1),
 * "positive" (pos, answer, positive_passages), "negative" (neg, hard_negative_2), "label" (is_duplicate), "score"
 * (similarity); NULL: none. Case, and a number at the end, don't matter. */
const char *tern_role_like(const char *name);
/* 1 when most of the names are sentences or numbers rather than names: a file without a header. */
int tern_names_are_texts(const char *const *names, size_t n);

#endif
