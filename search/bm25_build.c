/* Building: chunks of documents are cut into words and counted by all threads, each with numbers of its own for the
 * words it meets; then the chunks, one after the other, get the index's numbers. So numbers and postings are those of a
 * single pass over all documents, whatever the threads. */
#include "base/integer.h"
#include "base/memory.h"
#include "search/bm25_index.h"
#include "search/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1024 }; /* documents */

/* A term in a document. */
typedef struct posting {
    uint32_t term, doc, tf; /* term: the chunk's number */
} posting;

typedef struct chunk {
    tern_texts *terms;
    posting *postings;
    size_t n, capacity;
    int64_t length; /* terms of its documents, each as often as it stands there */
} chunk;

/* What one thread needs while it counts. */
typedef struct counter {
    tern_analyzer *analyzer;
    tern_words words;
    tern_texts *surfaces; /* words as they stand, so that each is analysed once a chunk */
    int64_t *term_of;     /* of a surface; -1: it counts for nothing */
    int64_t *at;          /* [terms] where a term's posting of the present document is */
    size_t term_capacity, at_capacity;
} counter;

/* The chunk's number of the present word's term, or -1. */
static int64_t term_number(counter *c, chunk *part)
{
    int64_t known = tern_texts_count(c->surfaces), surface = tern_texts_add(c->surfaces, c->words.word, c->words.n);
    if (surface < known)
        return c->term_of[surface];
    const char *term;
    size_t n;
    TERN_GROW(c->term_of, (size_t)known, c->term_capacity);
    c->term_of[surface] = -1;
    if (tern_analyzer_term(c->analyzer, c->words.word, c->words.n, &term, &n)) {
        int64_t terms = tern_texts_count(part->terms);
        c->term_of[surface] = tern_texts_add(part->terms, term, n);
        if (c->term_of[surface] == terms) {
            TERN_GROW(c->at, (size_t)terms, c->at_capacity);
            c->at[terms] = -1;
        }
    }
    return c->term_of[surface];
}

/* Returns the number of terms. */
static int64_t count_text(counter *c, chunk *part, uint32_t doc, const char *text)
{
    int64_t length = 0;
    tern_words_start(&c->words, text);
    while (tern_words_next(&c->words)) {
        int64_t term = term_number(c, part), at;
        if (term < 0)
            continue;
        length++;
        at = c->at[term];
        if (at >= 0 && part->postings[at].doc == doc) {
            part->postings[at].tf++;
            continue;
        }
        TERN_GROW(part->postings, part->n, part->capacity);
        c->at[term] = (int64_t)part->n;
        part->postings[part->n++] = (posting){(uint32_t)term, doc, 1};
    }
    return length;
}

static void count_chunk(const tern_bm25_options *options, chunk *part, const char *const *texts, int64_t first,
                        int64_t n, int64_t *lengths)
{
    counter c = {.analyzer = tern_analyzer_create(&options->terms), .surfaces = tern_texts_create()};
    part->terms = tern_texts_create();
    for (int64_t i = first; i < first + n; i++) {
        lengths[i] = count_text(&c, part, (uint32_t)i, texts[i]);
        part->length += lengths[i];
    }
    tern_analyzer_free(c.analyzer);
    tern_words_free(&c.words);
    tern_texts_free(c.surfaces);
    free(c.term_of);
    free(c.at);
}

/* Gives a chunk's terms the index's numbers, and counts how many documents have each. */
static void number_terms(tern_bm25 *index, chunk *part, int64_t **df, size_t *capacity)
{
    int64_t n = tern_texts_count(part->terms);
    uint32_t *number = tern_alloc((size_t)n, sizeof *number);
    for (int64_t t = 0; t < n; t++) {
        size_t length, known = (size_t)tern_texts_count(index->terms);
        const char *term = tern_texts_get(part->terms, t, &length);
        number[t] = (uint32_t)tern_texts_add(index->terms, term, length);
        if (number[t] == known) {
            TERN_GROW(*df, known, *capacity);
            (*df)[known] = 0;
        }
    }
    for (size_t i = 0; i < part->n; i++)
        (*df)[part->postings[i].term = number[part->postings[i].term]]++;
    free(number);
    tern_texts_free(part->terms);
}

static float impact_of(const tern_bm25 *index, int64_t df, uint32_t tf, int64_t length, double mean)
{
    double idf = log1p(((double)(index->n_docs - df) + 0.5) / ((double)df + 0.5));
    double norm = index->options.k1 * (1 - index->options.b + index->options.b * (double)length / mean);
    return (float)(idf * tf / (tf + norm));
}

/* The chunks' postings by term; at [n_terms] is where each term's next one goes. */
static void place_postings(tern_bm25 *index, const chunk *parts, int64_t n_parts, const int64_t *lengths, int64_t *at,
                           double mean)
{
    for (int64_t p = 0; p < n_parts; p++)
        for (size_t i = 0; i < parts[p].n; i++) {
            const posting *x = &parts[p].postings[i];
            int64_t df = index->start[x->term + 1] - index->start[x->term], to = at[x->term]++;
            float impact = impact_of(index, df, x->tf, lengths[x->doc], mean);
            index->docs[to] = x->doc;
            index->impacts[to] = impact;
            index->most[x->term] = fmaxf(index->most[x->term], impact);
        }
}

/* What a term can add, posting by posting in runs. */
static void make_runs(tern_bm25 *index)
{
    index->run = tern_calloc((size_t)index->n_terms + 1, sizeof *index->run);
    for (int64_t t = 0; t < index->n_terms; t++)
        index->run[t + 1] = index->run[t] + tern_parts(index->start[t + 1] - index->start[t], TERN_BM25_RUN);
    size_t n = (size_t)index->run[index->n_terms];
    index->run_most = tern_calloc(n, sizeof *index->run_most);
    for (int64_t t = 0; t < index->n_terms; t++)
        for (int64_t i = index->start[t]; i < index->start[t + 1]; i++) {
            int64_t run = index->run[t] + (i - index->start[t]) / TERN_BM25_RUN;
            index->run_most[run] = fmaxf(index->run_most[run], index->impacts[i]);
        }
}

static void join_chunks(tern_bm25 *index, chunk *parts, int64_t n_parts, const int64_t *lengths)
{
    int64_t *df = NULL, total = 0;
    size_t capacity = 0;
    index->terms = tern_texts_create();
    for (int64_t p = 0; p < n_parts; p++) {
        number_terms(index, &parts[p], &df, &capacity);
        total += parts[p].length;
    }
    index->n_terms = tern_texts_count(index->terms);
    size_t terms = (size_t)index->n_terms;
    index->start = tern_calloc(terms + 1, sizeof *index->start);
    for (size_t t = 0; t < terms; t++)
        index->start[t + 1] = index->start[t] + df[t];
    size_t postings = (size_t)index->start[terms];
    index->docs = tern_alloc(postings, sizeof *index->docs);
    index->impacts = tern_alloc(postings, sizeof *index->impacts);
    index->most = tern_calloc(terms, sizeof *index->most);
    if (terms)
        memcpy(df, index->start, terms * sizeof *df);
    place_postings(index, parts, n_parts, lengths, df, (double)total / (double)tern_max(1, index->n_docs));
    free(df);
}

static void keep_rank(tern_bm25 *index, const int64_t *rank)
{
    size_t n = (size_t)index->n_docs;
    if (!rank)
        return;
    index->rank = tern_alloc(n, sizeof *index->rank);
    index->of_rank = tern_alloc(n, sizeof *index->of_rank);
    for (size_t i = 0; i < n; i++) {
        TERN_CHECK(rank[i] >= 0 && rank[i] < index->n_docs, "rank %lld of %zu documents", (long long)rank[i], n);
        index->rank[i] = rank[i];
        index->of_rank[rank[i]] = (int64_t)i;
    }
}

tern_bm25 *tern_bm25_create(const tern_bm25_options *options, const char *const *texts, int64_t n, const int64_t *rank)
{
    tern_bm25 *index = tern_calloc(1, sizeof *index);
    int64_t n_parts = tern_parts(n, CHUNK);
    chunk *parts = tern_calloc((size_t)n_parts, sizeof *parts);
    int64_t *lengths = tern_alloc((size_t)n, sizeof *lengths);
    index->options = *options;
    index->n_docs = n;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t p = 0; p < n_parts; p++)
        count_chunk(options, &parts[p], texts, p * CHUNK, tern_min(CHUNK, n - p * CHUNK), lengths);
    join_chunks(index, parts, n_parts, lengths);
    make_runs(index);
    keep_rank(index, rank);
    for (int64_t p = 0; p < n_parts; p++)
        free(parts[p].postings);
    free(parts);
    free(lengths);
    return index;
}

void tern_bm25_free(tern_bm25 *index)
{
    if (!index)
        return;
    tern_texts_free(index->terms);
    free(index->start);
    free(index->docs);
    free(index->impacts);
    free(index->most);
    free(index->run);
    free(index->run_most);
    free(index->rank);
    free(index->of_rank);
    free(index);
}
