/* Words to the terms that BM25 counts: stop words are left out, and the others may be cut to their stems.
 *
 *     tern_analyzer *analyzer = tern_analyzer_create(&options);
 *     if (tern_analyzer_term(analyzer, "studies", 7, &term, &n))
 *         use(term, n);                                              // "studi"
 *     tern_analyzer_free(analyzer); */
#ifndef TERN_SEARCH_ANALYZER_H
#define TERN_SEARCH_ANALYZER_H

#include "base/error.h"

#include <stddef.h>

/* Kinds of each, by the names that people write. */
typedef enum tern_stop_words { TERN_STOP_NONE, TERN_STOP_ENGLISH } tern_stop_words;

typedef struct tern_analyzer_options {
    tern_stop_words stop_words;
    char stemmer[24]; /* one of Snowball's, "english"; "": none */
} tern_analyzer_options;

typedef struct tern_analyzer tern_analyzer;

/* 0 when there is such a stemmer; else a sentence that lists those that there are, or says that this build has none. */
int tern_analyzer_check(const tern_analyzer_options *options, tern_error *error);
/* options are ones that tern_analyzer_check took. For one thread. */
tern_analyzer *tern_analyzer_create(const tern_analyzer_options *options);
void tern_analyzer_free(tern_analyzer *analyzer);
/* 1 and the term of a word of n bytes and a 0, in lower case, borrowed until the next call; 0: the word counts for
 * nothing. */
int tern_analyzer_term(tern_analyzer *analyzer, const char *word, size_t n, const char **term, size_t *term_n);

#endif
