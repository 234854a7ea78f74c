/* Documents go by in blocks. What a query's terms can add to a document is known from their greatest impacts; a block
 * that can't hold a document among the best is passed over (MaxScore: Turtle and Flood 1995). In a block the terms add
 * their impacts, the greatest possible one first. Documents are listed until the terms that are left can't lift one
 * among the best by themselves; from there on only those count that can still be among the best. */
#include "base/integer.h"
#include "search/bm25_search.h"

#include <string.h>

/* Documents of a block; and of the first one, after which it is known what is wanted. */
enum { BLOCK = TERN_BM25_SUMS, FIRST_BLOCK = 1024 };

static float least_wanted(const bm25_searcher *s, double rest)
{
    return (float)((double)tern_bm25_least(s) - rest);
}

/* The first place from at on whose document isn't before doc. */
static int64_t find_doc(const bm25_query_term *t, int64_t at, int64_t doc)
{
    return tern_bm25_leap(&t->postings->doc, sizeof *t->postings, at, t->n, doc);
}

/* Sets where the term's documents of the block begin and end. */
static void find_range(bm25_query_term *t, int64_t first, int64_t end)
{
    t->at = t->to;
    if (t->at < t->n && t->postings[t->at].doc < first)
        t->at = find_doc(t, t->at, first);
    t->to = t->at < t->n && t->postings[t->at].doc < end ? find_doc(t, t->at, end) : t->at;
}

/* Adds a term's impacts to the sums of the block's documents; those that had none are listed. */
static void add_and_list(bm25_searcher *s, const bm25_query_term *t, int64_t first)
{
    int64_t n = s->n_listed;
    float *sums = s->sums, weight = t->weight;
    for (int64_t at = t->at; at < t->to; at++) {
        int64_t place = t->postings[at].doc - first;
        s->listed[n] = (uint16_t)place;
        n += sums[place] == 0;
        sums[place] += weight * t->postings[at].impact;
    }
    s->n_listed = n;
}

/* The same for documents that are listed, whatever becomes of the others' sums: by looking each one up, or, where that
 * is as much work, by going through all of the term's. */
static void add_to_listed(bm25_searcher *s, const bm25_query_term *t, int64_t first)
{
    enum { LOOK_UP = 8 }; /* times as long as an addition */
    float *sums = s->sums, weight = t->weight;
    if (s->n_listed * LOOK_UP > t->to - t->at) {
        for (int64_t at = t->at; at < t->to; at++)
            sums[t->postings[at].doc - first] += weight * t->postings[at].impact;
        return;
    }
    /* What each term has added to the list is in order: mostly the next one is further on. */
    for (int64_t i = 0, at = t->at, before = 0; i < s->n_listed; i++) {
        int64_t doc = first + s->listed[i];
        at = find_doc(t, doc > before ? at : t->at, doc);
        before = doc;
        if (at < t->to && t->postings[at].doc == doc)
            sums[s->listed[i]] += weight * t->postings[at].impact;
    }
}

/* Keeps the listed documents that may be wanted when they get rest more. */
static void keep_wanted(bm25_searcher *s, double rest)
{
    int64_t n = 0;
    float least = least_wanted(s, rest);
    for (int64_t i = 0; i < s->n_listed; i++) {
        s->listed[n] = s->listed[i];
        n += s->sums[s->listed[i]] >= least;
    }
    s->n_listed = n;
}

static void search_block(bm25_searcher *s, int64_t first, int64_t end)
{
    double rest = 0;
    for (size_t i = s->n_terms; i-- > 0;) {
        find_range(&s->terms[i], first, end);
        s->terms[i].rest = rest += s->terms[i].at < s->terms[i].to ? (double)s->terms[i].most : 0;
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
            tern_bm25_offer(s, first + s->listed[i], s->sums[s->listed[i]]);
    tern_bm25_keep_best(s);
    memset(s->sums, 0, (size_t)(end - first) * sizeof *s->sums);
}

void tern_bm25_stream(bm25_searcher *s)
{
    int64_t n_docs = s->index->n_docs;
    for (size_t i = 0; i < s->n_terms; i++)
        s->terms[i].at = s->terms[i].to = 0;
    for (int64_t first = 0, end = FIRST_BLOCK; first < n_docs; first = end, end += BLOCK)
        search_block(s, first, tern_min(end, n_docs));
}
