/* Searching: a query's terms are found in the index and put in order, one of two ways gathers the best documents
 * (bm25_search.h), and these are sorted. */
#include "search/bm25.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "search/bm25_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t slot_of(const tern_bm25 *index, uint64_t hash)
{
    return hash & (uint64_t)(index->n_slots - 1);
}

int64_t tern_bm25_find(const tern_bm25 *index, const char *name, size_t n, uint64_t hash)
{
    for (uint64_t at = slot_of(index, hash);; at = slot_of(index, at + 1)) {
        uint32_t number = index->slots[at];
        if (number == UINT32_MAX)
            return -1;
        const bm25_term *t = index->terms + number;
        if (t->hash == (uint32_t)(hash >> 32) && (size_t)(t[1].name - t->name) == n &&
            memcmp(index->names + t->name, name, n) == 0)
            return number;
    }
}

/* Cuts the query into terms, of which the index may know some. */
static void take_names(bm25_searcher *s, const char *query)
{
    s->n_names = 0;
    s->text.n = 0;
    tern_words_start(&s->words, query);
    while (tern_words_next(&s->words)) {
        const char *term;
        size_t n;
        if (!tern_analyzer_term(s->analyzer, s->words.word, s->words.n, &term, &n))
            continue;
        TERN_GROW(s->names, s->n_names, s->name_capacity);
        s->names[s->n_names] = (bm25_name){.at = s->text.n, .n = n, .hash = tern_hash(term, n, 0)};
        __builtin_prefetch(s->index->slots + slot_of(s->index, s->names[s->n_names++].hash));
        tern_buffer_add(&s->text, term, n);
    }
}

/* The numbers of the query's terms that the index has, each as often as it stands there, in order. What is to be read
 * for one is fetched while the others are looked up. */
static void take_numbers(bm25_searcher *s, const char *query)
{
    size_t n = 0;
    take_names(s, query);
    for (size_t i = 0; i < s->n_names; i++) {
        uint32_t likely = s->index->slots[slot_of(s->index, s->names[i].hash)];
        if (likely != UINT32_MAX)
            __builtin_prefetch(s->index->terms + likely);
    }
    for (size_t i = 0; i < s->n_names; i++) {
        int64_t number = tern_bm25_find(s->index, s->text.data + s->names[i].at, s->names[i].n, s->names[i].hash);
        TERN_GROW(s->numbers, n, s->number_capacity);
        s->numbers[n] = number;
        n += number >= 0;
    }
    s->n_numbers = n;
    if (n)
        qsort(s->numbers, n, sizeof *s->numbers, tern_by_number);
}

static void take_term(bm25_searcher *s, int64_t number, int64_t times)
{
    const tern_bm25 *x = s->index;
    const bm25_term *term = x->terms + number;
    const bm25_group *groups = x->groups ? x->groups + term->group : NULL;
    __builtin_prefetch(groups);
    TERN_GROW(s->terms, s->n_terms, s->term_capacity);
    s->terms[s->n_terms++] = (bm25_query_term){.postings = x->postings + term->posting,
                                               .groups = groups,
                                               .n = term[1].posting - term->posting,
                                               .n_groups = term[1].group - term->group - 1,
                                               .weight = (float)times,
                                               .most = (float)times * term->most,
                                               .number = number};
}

static int by_most(const void *a, const void *b)
{
    const bm25_query_term *x = a, *y = b;
    if (x->most != y->most)
        return x->most > y->most ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void take_terms(bm25_searcher *s, const char *query)
{
    s->n_terms = 0;
    s->total = 0;
    take_numbers(s, query);
    for (size_t i = 0, next; i < s->n_numbers; i = next) {
        for (next = i + 1; next < s->n_numbers && s->numbers[next] == s->numbers[i];)
            next++;
        take_term(s, s->numbers[i], (int64_t)(next - i));
        s->total += (double)s->terms[s->n_terms - 1].most;
    }
    if (s->n_terms)
        qsort(s->terms, s->n_terms, sizeof *s->terms, by_most);
}

/* Less than the threshold by what rounding may have taken from the sum or given to the threshold. Each of n additions
 * is off by 2^-24 of its sum at most, as is each product before it; and a bound is a sum from which its parts are taken
 * again. */
float tern_bm25_least(const bm25_searcher *s)
{
    double each = (double)(s->n_terms + 2) * 0x1p-22;
    return (float)((double)s->threshold * (1 - 1e-5 - each) - s->total * each);
}

void tern_bm25_keep_best(bm25_searcher *s)
{
    if (s->n_keys < s->k)
        return;
    tern_keys_select(s->keys, s->n_keys, s->k);
    s->n_keys = s->k;
    s->threshold = tern_key_score(s->keys[s->k - 1]);
}

void tern_bm25_offer(bm25_searcher *s, int64_t doc, float score)
{
    s->keys[s->n_keys++] = tern_key(score, s->index->rank ? s->index->rank[doc] : doc);
    if (s->n_keys == 2 * s->k)
        tern_bm25_keep_best(s);
}

double tern_bm25_expected_groups(const tern_bm25 *index, int64_t n)
{
    double blocks = (double)index->n_docs / TERN_BM25_BLOCK;
    return blocks * (1 - exp(-(double)n / blocks));
}

/* Whether passing over blocks pays. */
static int is_clustered(const bm25_searcher *s)
{
    double expected = 0, groups = 0;
    if (!s->index->groups || s->k * TERN_BM25_MANY > s->index->n_docs)
        return 0;
    for (size_t i = 0; i < s->n_terms; i++) {
        expected += tern_bm25_expected_groups(s->index, s->terms[i].n);
        groups += (double)s->terms[i].n_groups;
    }
    return expected > TERN_BM25_ALIKE * groups;
}

static int64_t search_query(bm25_searcher *s, const char *query, tern_hit *hits)
{
    const tern_bm25 *x = s->index;
    s->n_keys = 0;
    s->threshold = 0;
    take_terms(s, query);
    if (s->n_terms == 0)
        return 0;
    if (is_clustered(s))
        tern_bm25_blocks(s);
    else
        tern_bm25_stream(s);
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

static void close_searcher(bm25_searcher *s)
{
    tern_analyzer_free(s->analyzer);
    tern_words_free(&s->words);
    tern_buffer_free(&s->text);
    free(s->names);
    free(s->numbers);
    free(s->terms);
    free(s->sums);
    free(s->listed);
    free(s->keys);
    free(s->room);
    tern_bm25_passes_free(s->passes);
}

void tern_bm25_search(const tern_bm25 *index, const char *const *queries, int64_t n, int64_t k, tern_hit *hits,
                      int64_t *found)
{
    size_t most = (size_t)tern_min(k, index->n_docs);
    if (most == 0) {
        memset(found, 0, (size_t)n * sizeof *found);
        return;
    }
#pragma omp parallel if (n > 1)
    {
        bm25_searcher s = {.index = index,
                           .analyzer = tern_analyzer_create(&index->options.terms),
                           .sums = tern_calloc(TERN_BM25_SUMS, sizeof *s.sums),
                           .listed = tern_alloc(TERN_BM25_SUMS + 1, sizeof *s.listed),
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
    return index->terms[index->n_terms].posting;
}
