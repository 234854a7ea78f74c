/* Building: chunks of documents are cut into words and counted by all threads, each with numbers of its own for the
 * words it meets; then the chunks, one after the other, get the index's numbers. So numbers and postings are those of a
 * single pass over all documents, whatever the threads. */
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "data/texts.h"
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

/* What becomes an index, while it is made. */
typedef struct builder {
    tern_bm25 *index;
    tern_texts *names;
    int64_t *df; /* [n_terms] the documents that have a term */
    size_t df_capacity;
    const int64_t *lengths; /* [n_docs] */
    double mean;            /* of them */
    bm25_term *terms;
    bm25_posting *postings;
    bm25_group *groups;
} builder;

/* Gives a chunk's terms the index's numbers, and counts how many documents have each. */
static void number_terms(builder *b, chunk *part)
{
    int64_t n = tern_texts_count(part->terms);
    uint32_t *number = tern_alloc((size_t)n, sizeof *number);
    for (int64_t t = 0; t < n; t++) {
        size_t length, known = (size_t)tern_texts_count(b->names);
        const char *term = tern_texts_get(part->terms, t, &length);
        number[t] = (uint32_t)tern_texts_add(b->names, term, length);
        if (number[t] == known) {
            TERN_GROW(b->df, known, b->df_capacity);
            b->df[known] = 0;
        }
    }
    for (size_t i = 0; i < part->n; i++)
        b->df[part->postings[i].term = number[part->postings[i].term]]++;
    free(number);
    tern_texts_free(part->terms);
}

/* The terms' names, the table that finds them, and where their postings will lie. */
static void make_terms(builder *b)
{
    tern_bm25 *x = b->index;
    size_t n = (size_t)(x->n_terms = tern_texts_count(b->names));
    int64_t bytes = 0;
    x->terms = b->terms = tern_calloc(n + 1, sizeof *b->terms);
    for (x->n_slots = 2; x->n_slots < 2 * x->n_terms;)
        x->n_slots *= 2;
    uint32_t *slots = tern_alloc((size_t)x->n_slots, sizeof *slots);
    memset(slots, 0xFF, (size_t)x->n_slots * sizeof *slots);
    for (size_t t = 0; t <= n; t++) {
        size_t length = 0;
        b->terms[t].posting = t ? b->terms[t - 1].posting + b->df[t - 1] : 0;
        b->terms[t].name = bytes;
        if (t < n)
            tern_texts_get(b->names, (int64_t)t, &length);
        bytes += (int64_t)length;
    }
    char *names = tern_alloc((size_t)bytes, 1);
    for (size_t t = 0; t < n; t++) {
        size_t length;
        const char *name = tern_texts_get(b->names, (int64_t)t, &length);
        uint64_t hash = tern_hash(name, length, 0), at = hash & (uint64_t)(x->n_slots - 1);
        memcpy(names + b->terms[t].name, name, length);
        b->terms[t].hash = (uint32_t)(hash >> 32);
        while (slots[at] != UINT32_MAX)
            at = (at + 1) & (uint64_t)(x->n_slots - 1);
        slots[at] = (uint32_t)t;
    }
    x->slots = slots;
    x->names = names;
}

static double idf_of(const builder *b, int64_t df)
{
    return log1p(((double)(b->index->n_docs - df) + 0.5) / ((double)df + 0.5));
}

static float impact_of(const builder *b, double idf, const posting *x)
{
    const tern_bm25_options *o = &b->index->options;
    double norm = o->k1 * (1 - o->b + o->b * (double)b->lengths[x->doc] / b->mean);
    return (float)(idf * x->tf / (x->tf + norm));
}

/* The chunks' postings by term. */
static void place_postings(builder *b, const chunk *parts, int64_t n_parts)
{
    size_t n = (size_t)b->index->n_terms;
    int64_t *at = tern_alloc(n, sizeof *at);
    double *idf = tern_alloc(n, sizeof *idf);
    for (size_t t = 0; t < n; t++) {
        at[t] = b->terms[t].posting;
        idf[t] = idf_of(b, b->df[t]);
    }
    b->index->postings = b->postings = tern_alloc_large((size_t)b->terms[n].posting, sizeof *b->postings);
    for (int64_t p = 0; p < n_parts; p++)
        for (size_t i = 0; i < parts[p].n; i++) {
            const posting *x = &parts[p].postings[i];
            float impact = impact_of(b, idf[x->term], x);
            b->postings[at[x->term]++] = (bm25_posting){x->doc, impact};
            b->terms[x->term].most = fmaxf(b->terms[x->term].most, impact);
        }
    free(at);
    free(idf);
}

static int64_t count_groups(const bm25_posting *postings, int64_t n)
{
    int64_t groups = 0;
    for (int64_t i = 0; i < n; i++)
        groups += i == 0 || postings[i].doc / TERN_BM25_BLOCK != postings[i - 1].doc / TERN_BM25_BLOCK;
    return groups;
}

static void group_postings(const bm25_posting *postings, int64_t n, bm25_group *group)
{
    *group = (bm25_group){.block = postings[0].doc / TERN_BM25_BLOCK};
    for (int64_t i = 0; i < n; i++) {
        uint32_t block = postings[i].doc / TERN_BM25_BLOCK;
        if (block != group->block)
            *++group = (bm25_group){.block = block, .from = (uint32_t)i};
        group->most = fmaxf(group->most, postings[i].impact);
    }
    group[1] = (bm25_group){.block = UINT32_MAX, .from = (uint32_t)n};
}

/* Groups take as much memory as postings do, where neighbours aren't alike: there the index has none. */
static void make_groups(builder *b)
{
    int64_t n = b->index->n_terms, total = 0;
    double expected = 0;
#pragma omp parallel for schedule(dynamic, 64) if (n > 64)
    for (int64_t t = 0; t < n; t++)
        b->terms[t].group = count_groups(b->postings + b->terms[t].posting, b->df[t]);
    for (int64_t t = 0; t <= n; t++) {
        int64_t its = b->terms[t].group;
        b->terms[t].group = total;
        total += its + 1; /* and the one that ends them */
        expected += t < n ? tern_bm25_expected_groups(b->index, b->df[t]) : 0;
    }
    if (expected <= TERN_BM25_ALIKE * (double)(total - n))
        return;
    b->index->groups = b->groups = tern_alloc_large((size_t)total, sizeof *b->groups);
#pragma omp parallel for schedule(dynamic, 64) if (n > 64)
    for (int64_t t = 0; t < n; t++)
        group_postings(b->postings + b->terms[t].posting, b->df[t], b->groups + b->terms[t].group);
}

static void join_chunks(tern_bm25 *index, chunk *parts, int64_t n_parts, const int64_t *lengths)
{
    builder b = {.index = index, .names = tern_texts_create(), .lengths = lengths};
    int64_t total = 0;
    for (int64_t p = 0; p < n_parts; p++) {
        number_terms(&b, &parts[p]);
        total += parts[p].length;
    }
    b.mean = (double)total / (double)tern_max(1, index->n_docs);
    make_terms(&b);
    place_postings(&b, parts, n_parts);
    make_groups(&b);
    tern_texts_free(b.names);
    free(b.df);
}

void tern_bm25_keep_rank(tern_bm25 *index, const int64_t *rank)
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
#pragma omp parallel for schedule(dynamic, 1) if (n_parts > 1)
    for (int64_t p = 0; p < n_parts; p++)
        count_chunk(options, &parts[p], texts, p * CHUNK, tern_min(CHUNK, n - p * CHUNK), lengths);
    join_chunks(index, parts, n_parts, lengths);
    tern_bm25_keep_rank(index, rank);
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
    if (index->is_mapped) {
        tern_map_close(&index->map);
    } else {
        free((void *)index->slots);
        free((void *)index->terms);
        free((void *)index->names);
        free((void *)index->postings);
        free((void *)index->groups);
    }
    free(index->rank);
    free(index->of_rank);
    free(index);
}
