/* BM25 as Lucene and Anserini score it (Robertson and Zaragoza 2009; Lucene 8 and later, without the factor k1 + 1):
 *
 *     score(q, d) = sum over the terms t of q of  idf(t) * tf / (tf + k1 * (1 - b + b * |d| / avg))
 *     idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5))
 *
 * with N documents, df of which have t, tf times in d, |d| the terms of d and avg their mean; a term that stands twice
 * in the query counts twice. Lengths are exact, where Lucene keeps a byte of each.
 *
 *     tern_bm25_options options = TERN_BM25_DEFAULTS;
 *     tern_bm25 *index = tern_bm25_create(&options, texts, n, NULL);
 *     tern_bm25_search(index, queries, n_queries, 10, hits, found);
 *     tern_bm25_free(index); */
#ifndef TERN_SEARCH_BM25_H
#define TERN_SEARCH_BM25_H

#include "base/error.h"
#include "search/analyzer.h"
#include "search/topk.h"

#include <stdint.h>

enum { TERN_BM25_PATH = 1024 };

typedef struct tern_bm25_options {
    double k1, b; /* at least 0; b at most 1 */
    tern_analyzer_options terms;
    char index[TERN_BM25_PATH]; /* for tern_bm25_obtain: the file that keeps the index; "": none */
} tern_bm25_options;

/* Anserini's: its k1 and b, Lucene's stop words, English stems. tern_analyzer_check says where a build has no stemmer.
 */
#define TERN_BM25_DEFAULTS                                                                                             \
    {                                                                                                                  \
        .k1 = 0.9, .b = 0.4, .terms = {.stop_words = TERN_STOP_ENGLISH, .stemmer = "english" }                         \
    }

typedef struct tern_bm25 tern_bm25;

/* What the name of a BM25 says, "bm25" or "bm25:stemmer=none,k1=1.2,b=0.75,stop_words=none,index=FILE": 1 and the
 * options, 0 when it is another name, -1 with a sentence when it is wrong. */
int tern_bm25_named(const char *name, tern_bm25_options *options, tern_error *error);

/* An index of n texts in valid UTF-8, made by all threads; fewer than 2^32. rank [n], all of 0 .. n - 1: between equal
 * scores the lower one wins; NULL: the lower number does. Both are read here only. The same texts give the same bits on
 * any number of threads. */
tern_bm25 *tern_bm25_create(const tern_bm25_options *options, const char *const *texts, int64_t n, const int64_t *rank);
void tern_bm25_free(tern_bm25 *index);
/* Writes an index to path, over what is there; texts are those it was made of. */
int tern_bm25_save(const tern_bm25 *index, const char *const *texts, const char *path, tern_error *error);
/* The index of these texts with these options that tern_bm25_save wrote, mapped: what tern_bm25_create would make. NULL
 * with a sentence when the file is damaged, of another version, or of other texts or options: the texts are hashed,
 * and the whole file is checked. */
tern_bm25 *tern_bm25_open(const tern_bm25_options *options, const char *const *texts, int64_t n, const int64_t *rank,
                          const char *path, tern_error *error);
/* Opens options->index when it is the index of these texts, else makes it and writes it there, over an index that
 * isn't; where no file is named, makes it. NULL with a sentence when the file is something else or can't be written. */
tern_bm25 *tern_bm25_obtain(const tern_bm25_options *options, const char *const *texts, int64_t n, const int64_t *rank,
                            tern_error *error);
/* The k best documents of each of n queries, best first, into hits [n, k]; found [n]: how many there are. A document
 * without a term of the query is none of them. A query's scores do not depend on the others, nor on threads. */
void tern_bm25_search(const tern_bm25 *index, const char *const *queries, int64_t n, int64_t k, tern_hit *hits,
                      int64_t *found);
/* How many distinct terms an index has, and how many (term, document) pairs. */
int64_t tern_bm25_terms(const tern_bm25 *index);
int64_t tern_bm25_postings(const tern_bm25 *index);

#endif
