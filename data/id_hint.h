/* Why ids aren't found: the same id written otherwise.
 *
 *     char *hint = tern_id_hint(missing, n, known, "corpus.jsonl");
 *     // "\"D1\" is \"d1\" in corpus.jsonl: they differ in upper and lower case" */
#ifndef TERN_DATA_ID_HINT_H
#define TERN_DATA_ID_HINT_H

#include "data/texts.h"

#include <stddef.h>

/* Looks for an id among n missing ones that is known but for blanks or quotes around it, a ".0" behind a number or
 * zeros before it, percent-encoding, or the case of letters, and says so in a new string; NULL: there is none. where:
 * the known ids' file. Takes time for all known ids. */
char *tern_id_hint(const char *const *missing, size_t n, const tern_texts *known, const char *where);

#endif
