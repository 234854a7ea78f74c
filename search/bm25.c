/* Searching: documents go by in blocks whose sums of impacts fit the processor's cache. A query's terms add theirs in a
 * fixed order, the greatest possible impact first; once as many documents are found as are wanted, terms that together
 * can't lift a document among them are only looked up for documents that others have lifted nearly there (MaxScore;
 * Turtle and Flood 1995). The order of additions is the same either way, so a score's bits do not depend on what was
 * left out. */
#include "search/bm25.h"

#include "base/integer.h"
#include "base/memory.h"
#include "search/bm25_index.h"
#include "search/keys.h"
#include "search/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 8192 }; /* documents whose sums are held at a time: 32 KB */

/* A term of a query. */
typedef struct query_term {
    const uint32_t *docs;
    const float *impacts;
    int64_t at, end;    /* where its next document is, and their number */
    float weight, most; /* how often it stands in the query; its greatest possible addition */
    double rest;        /* what it and all terms behind it can add */
    int64_t number;
} query_term;

/* What one thread searches with. */
typedef struct searcher {
    const tern_bm25 *index;
    tern_analyzer *analyzer;
    tern_words words;
    query_term *terms;
    size_t n_terms, term_capacity;
    float *sums;           /* [BLOCK] all 0 between blocks */
    uint64_t *keys, *room; /* [2 k] the best so far, and others; [k] */
    int64_t k, n_keys;
    float threshold; /* the lowest score that may still be wanted; 0: every one */
} searcher;

static void add_term(searcher *s, int64_t number)
{
    const tern_bm25 *x = s->index;
    for (size_t i = 0; i < s->n_terms; i++)
        if (s->terms[i].number == number) {
            s->terms[i].weight++;
            return;
        }
    int64_t start = x->start[number];
    TERN_GROW(s->terms, s->n_terms, s->term_capacity);
    s->terms[s->n_terms++] = (query_term){.docs = x->docs + start,
                                          .impacts = x->impacts + start,
                                          .end = x->start[number + 1] - start,
                                          .weight = 1,
                                          .number = number};
}

static int by_most(const void *a, const void *b)
{
    const query_term *x = a, *y = b;
    if (x->most != y->most)
        return x->most > y->most ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void take_terms(searcher *s, const char *query)
{
    s->n_terms = 0;
    tern_words_start(&s->words, query);
    while (tern_words_next(&s->words)) {
        const char *term;
        size_t n;
        int64_t number = tern_analyzer_term(s->analyzer, s->words.word, s->words.n, &term, &n)
                             ? tern_texts_find(s->index->terms, term, n)
                             : -1;
        if (number >= 0)
            add_term(s, number);
    }
    for (size_t i = 0; i < s->n_terms; i++)
        s->terms[i].most = s->terms[i].weight * s->index->most[s->terms[i].number];
    qsort(s->terms, s->n_terms, sizeof *s->terms, by_most);
    double rest = 0;
    for (size_t i = s->n_terms; i-- > 0;)
        s->terms[i].rest = rest += s->terms[i].most;
}

/* 1 when a sum that lies at most this much below the true one may still be wanted: rounding is far below the slack. */
static int may_be_wanted(const searcher *s, double most)
{
    return most * (1 + 1e-5) >= s->threshold;
}

static void offer(searcher *s, int64_t doc, float score)
{
    s->keys[s->n_keys++] = tern_key(score, s->index->rank ? s->index->rank[doc] : doc);
    if (s->n_keys < 2 * s->k)
        return;
    tern_keys_select(s->keys, s->n_keys, s->k);
    s->n_keys = s->k;
    s->threshold = tern_key_score(s->keys[s->k - 1]);
}

/* Adds a term's impacts to the sums of documents below end. */
static void add_impacts(searcher *s, query_term *t, int64_t first, int64_t end)
{
    int64_t at = t->at;
    float *sums = s->sums, weight = t->weight;
    for (; at < t->end && t->docs[at] < end; at++)
        sums[t->docs[at] - first] += weight * t->impacts[at];
    t->at = at;
}

/* The term's addition to a document's sum; moves behind the documents before it, in leaps that double. */
static float look_up(query_term *t, int64_t doc)
{
    int64_t low = t->at, step = 1;
    while (low + step < t->end && t->docs[low + step] < doc) {
        low += step;
        step *= 2;
    }
    int64_t high = tern_min(low + step, t->end);
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (t->docs[middle] < doc)
            low = middle + 1;
        else
            high = middle;
    }
    t->at = low;
    return low < t->end && t->docs[low] == doc ? t->weight * t->impacts[low] : 0;
}

/* A document that the first terms have in common with the query: the others are looked up as long as it may be wanted.
 */
static void finish_document(searcher *s, size_t first_left, int64_t doc, float sum)
{
    for (size_t i = first_left; i < s->n_terms; i++) {
        if (!may_be_wanted(s, sum + s->terms[i].rest))
            return;
        sum += look_up(&s->terms[i], doc);
    }
    if (sum >= s->threshold)
        offer(s, doc, sum);
}

static void search_block(searcher *s, int64_t first, int64_t end)
{
    size_t added = 0;
    while (added < s->n_terms && (added == 0 || may_be_wanted(s, s->terms[added].rest)))
        add_impacts(s, &s->terms[added++], first, end);
    double left = added < s->n_terms ? s->terms[added].rest : 0;
    for (int64_t i = 0; i < end - first; i++) {
        float sum = s->sums[i];
        if (sum > 0 && may_be_wanted(s, sum + left))
            finish_document(s, added, first + i, sum);
    }
    memset(s->sums, 0, (size_t)(end - first) * sizeof *s->sums);
}

static int64_t search_query(searcher *s, const char *query, tern_hit *hits)
{
    const tern_bm25 *x = s->index;
    s->n_keys = 0;
    s->threshold = 0;
    take_terms(s, query);
    for (int64_t first = 0; first < x->n_docs && s->n_terms > 0; first += BLOCK)
        search_block(s, first, tern_min(first + BLOCK, x->n_docs));
    int64_t n = tern_min(s->n_keys, s->k);
    if (s->n_keys > s->k)
        tern_keys_select(s->keys, s->n_keys, s->k);
    tern_keys_sort(s->keys, n, s->room);
    for (int64_t i = 0; i < n; i++) {
        int64_t rank = tern_key_rank(s->keys[i]);
        hits[i] = (tern_hit){x->of_rank ? x->of_rank[rank] : rank, tern_key_score(s->keys[i])};
    }
    return n;
}

static void close_searcher(searcher *s)
{
    tern_analyzer_free(s->analyzer);
    tern_words_free(&s->words);
    free(s->terms);
    free(s->sums);
    free(s->keys);
    free(s->room);
}

void tern_bm25_search(const tern_bm25 *index, const char *const *queries, int64_t n, int64_t k, tern_hit *hits,
                      int64_t *found)
{
    size_t most = (size_t)tern_min(k, index->n_docs);
    if (most == 0) {
        memset(found, 0, (size_t)n * sizeof *found);
        return;
    }
#pragma omp parallel
    {
        searcher s = {.index = index,
                      .analyzer = tern_analyzer_create(&index->options.terms),
                      .sums = tern_calloc(BLOCK, sizeof *s.sums),
                      .keys = tern_alloc(2 * most, sizeof *s.keys),
                      .room = tern_alloc(most, sizeof *s.room),
                      .k = (int64_t)most};
#pragma omp for schedule(dynamic, 1)
        for (int64_t q = 0; q < n; q++)
            found[q] = search_query(&s, queries[q], hits + q * k);
        close_searcher(&s);
    }
}

int64_t tern_bm25_terms(const tern_bm25 *index)
{
    return index->n_terms;
}

int64_t tern_bm25_postings(const tern_bm25 *index)
{
    return index->start[index->n_terms];
}
