/* Searching: documents go by in blocks. What a query's terms can add to a document of the block is known from the
 * greatest impacts of the postings that lie in it; a block that can't hold a document among the best is passed over
 * (Block-Max MaxScore: Ding and Suel 2011, Turtle and Flood 1995). In a block the terms add their impacts in a fixed
 * order, the greatest possible one first. Documents are listed until the terms that are left can't lift one among the
 * best by themselves; from there on only those count that can still be among the best. The order of additions is the
 * same whatever is left out, so a score's bits don't depend on it. */
#include "search/bm25.h"

#include "base/integer.h"
#include "base/memory.h"
#include "search/bm25_index.h"
#include "search/keys.h"
#include "search/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Documents of a block, at most 2^16, whose sums fit the processor's second cache; and of the first block, after which
 * it is known what is wanted. */
enum { BLOCK = 32768, FIRST_BLOCK = 1024 };

/* A term of a query. */
typedef struct query_term {
    const uint32_t *docs;
    const float *impacts;
    int64_t at, to, end;   /* where its documents of the block begin and end, and how many it has in all */
    float weight, most;    /* how often it stands in the query; its greatest possible addition */
    const float *run_most; /* of its runs (bm25_index.h) */
    double rest;           /* what it and all terms behind it can add to a document of the block */
    int64_t number;
} query_term;

/* What one thread searches with. */
typedef struct searcher {
    const tern_bm25 *index;
    tern_analyzer *analyzer;
    tern_words words;
    int64_t *numbers; /* of the query's terms */
    query_term *terms;
    size_t n_numbers, number_capacity, n_terms, term_capacity;
    float *sums;      /* [BLOCK] all 0 between blocks */
    uint16_t *listed; /* [BLOCK + 1] places whose sum is not 0, and room for one more */
    int64_t n_listed;
    uint64_t *keys, *room; /* [2 k] the best so far, and others; [k] */
    int64_t k, n_keys;
    float threshold; /* the lowest score that may still be wanted; 0: every one */
} searcher;

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The numbers of the query's terms that the index has, each as often as it stands there, in order. */
static void take_numbers(searcher *s, const char *query)
{
    s->n_numbers = 0;
    tern_words_start(&s->words, query);
    while (tern_words_next(&s->words)) {
        const char *term;
        size_t n;
        int64_t number = tern_analyzer_term(s->analyzer, s->words.word, s->words.n, &term, &n)
                             ? tern_texts_find(s->index->terms, term, n)
                             : -1;
        if (number < 0)
            continue;
        TERN_GROW(s->numbers, s->n_numbers, s->number_capacity);
        s->numbers[s->n_numbers++] = number;
    }
    if (s->n_numbers)
        qsort(s->numbers, s->n_numbers, sizeof *s->numbers, by_number);
}

static void add_term(searcher *s, int64_t number, int64_t times)
{
    const tern_bm25 *x = s->index;
    int64_t start = x->start[number];
    TERN_GROW(s->terms, s->n_terms, s->term_capacity);
    s->terms[s->n_terms++] = (query_term){.docs = x->docs + start,
                                          .impacts = x->impacts + start,
                                          .end = x->start[number + 1] - start,
                                          .run_most = x->run_most + x->run[number],
                                          .weight = (float)times,
                                          .most = (float)times * x->most[number],
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
    take_numbers(s, query);
    for (size_t i = 0, next; i < s->n_numbers; i = next) {
        for (next = i + 1; next < s->n_numbers && s->numbers[next] == s->numbers[i];)
            next++;
        add_term(s, s->numbers[i], (int64_t)(next - i));
    }
    if (s->n_terms)
        qsort(s->terms, s->n_terms, sizeof *s->terms, by_most);
}

/* The least sum of a document that may still be wanted when it gets rest more, less what rounding may have taken from
 * that sum and given to the threshold: each of n additions, and each product before it, is off by 2^-24 of the sum at
 * most. */
static float least_wanted(const searcher *s, double rest)
{
    double slack = 1e-5 + (double)s->n_terms * 0x1p-22;
    return (float)((double)s->threshold * (1 - slack) - rest);
}

/* Drops what isn't among the k best so far. */
static void keep_best(searcher *s)
{
    if (s->n_keys < s->k)
        return;
    tern_keys_select(s->keys, s->n_keys, s->k);
    s->n_keys = s->k;
    s->threshold = tern_key_score(s->keys[s->k - 1]);
}

static void offer(searcher *s, int64_t doc, float score)
{
    s->keys[s->n_keys++] = tern_key(score, s->index->rank ? s->index->rank[doc] : doc);
    if (s->n_keys == 2 * s->k)
        keep_best(s);
}

/* The first place from at on whose document isn't before doc: leaps that double, then halves. */
static int64_t find_doc(const query_term *t, int64_t at, int64_t doc)
{
    int64_t low = at, step = 1;
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
    return low;
}

/* Sets where the term's documents of the block begin and end. */
static void find_range(query_term *t, int64_t first, int64_t end)
{
    t->at = t->to;
    if (t->at < t->end && t->docs[t->at] < first)
        t->at = find_doc(t, t->at, first);
    t->to = t->at < t->end && t->docs[t->at] < end ? find_doc(t, t->at, end) : t->at;
}

/* What a term can add to a document of the block. */
static double bound_of(const query_term *t)
{
    float most = 0;
    if (t->to - t->at <= TERN_BM25_RUN / 4)
        for (int64_t i = t->at; i < t->to; i++)
            most = t->impacts[i] > most ? t->impacts[i] : most;
    else
        for (int64_t i = t->at / TERN_BM25_RUN; i * TERN_BM25_RUN < t->to; i++)
            most = t->run_most[i] > most ? t->run_most[i] : most;
    return t->weight * most;
}

/* Adds a term's impacts to the sums of the block's documents; those that had none are listed. */
static void add_and_list(searcher *s, const query_term *t, int64_t first)
{
    int64_t n = s->n_listed;
    float *sums = s->sums, weight = t->weight;
    for (int64_t at = t->at; at < t->to; at++) {
        int64_t place = t->docs[at] - first;
        s->listed[n] = (uint16_t)place;
        n += sums[place] == 0;
        sums[place] += weight * t->impacts[at];
    }
    s->n_listed = n;
}

/* The same for documents that are listed, whatever becomes of the others' sums: by looking each one up, or, where that
 * is as much work, by going through all of the term's. */
static void add_to_listed(searcher *s, const query_term *t, int64_t first)
{
    enum { LOOK_UP = 8 }; /* times as long as an addition */
    float *sums = s->sums, weight = t->weight;
    if (s->n_listed * LOOK_UP > t->to - t->at) {
        for (int64_t at = t->at; at < t->to; at++)
            sums[t->docs[at] - first] += weight * t->impacts[at];
        return;
    }
    /* What each term has added to the list is in order: mostly the next one is further on. */
    for (int64_t i = 0, at = t->at, before = 0; i < s->n_listed; i++) {
        int64_t doc = first + s->listed[i];
        at = find_doc(t, doc > before ? at : t->at, doc);
        before = doc;
        if (at < t->to && t->docs[at] == doc)
            sums[s->listed[i]] += weight * t->impacts[at];
    }
}

/* Keeps the listed documents that may be wanted when they get rest more. */
static void keep_wanted(searcher *s, double rest)
{
    int64_t n = 0;
    float least = least_wanted(s, rest);
    for (int64_t i = 0; i < s->n_listed; i++) {
        s->listed[n] = s->listed[i];
        n += s->sums[s->listed[i]] >= least;
    }
    s->n_listed = n;
}

static void search_block(searcher *s, int64_t first, int64_t end)
{
    double rest = 0;
    for (size_t i = s->n_terms; i-- > 0;) {
        find_range(&s->terms[i], first, end);
        s->terms[i].rest = rest += bound_of(&s->terms[i]);
    }
    if (rest == 0 || least_wanted(s, rest) > 0)
        return;
    s->n_listed = 0;
    for (size_t i = 0; i < s->n_terms; i++) {
        if (i == 0 || least_wanted(s, s->terms[i].rest) <= 0) {
            add_and_list(s, &s->terms[i], first);
            continue;
        }
        keep_wanted(s, s->terms[i].rest);
        if (s->n_listed == 0)
            break;
        add_to_listed(s, &s->terms[i], first);
    }
    for (int64_t i = 0; i < s->n_listed; i++)
        if (s->sums[s->listed[i]] >= s->threshold)
            offer(s, first + s->listed[i], s->sums[s->listed[i]]);
    keep_best(s);
    memset(s->sums, 0, (size_t)(end - first) * sizeof *s->sums);
}

static int64_t search_query(searcher *s, const char *query, tern_hit *hits)
{
    const tern_bm25 *x = s->index;
    s->n_keys = 0;
    s->threshold = 0;
    take_terms(s, query);
    for (int64_t first = 0, end = FIRST_BLOCK; first < x->n_docs && s->n_terms > 0; first = end, end += BLOCK)
        search_block(s, first, tern_min(end, x->n_docs));
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
    free(s->numbers);
    free(s->terms);
    free(s->sums);
    free(s->listed);
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
                      .listed = tern_alloc(BLOCK + 1, sizeof *s.listed),
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
