/* What a query's terms can add to a document of a block is known from the greatest impacts of their groups. The blocks
 * of the greatest bounds are searched first, as they tell what score is wanted; then those whose bounds reach it
 * (Block-Max Pruning: Mallia, Suel and Tonellotto 2024). As many blocks as have sums that stay in cache are one pass:
 * its terms add their impacts, the greatest possible one first, and a block is left as soon as the best of its sums and
 * what its terms have yet to add don't reach what is wanted (MaxScore: Turtle and Flood 1995). What a document that
 * isn't wanted lacks by then only lowers its sum: to add nothing never rounds to more than to add something. */
#include "autograd/dots.h"
#include "base/integer.h"
#include "base/memory.h"
#include "search/bm25_search.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of a pass; whose bounds are looked at together; and groups whose postings are fetched together. */
enum { PASS = 512, LOOK = 256, KEPT = 4096 };
/* A level is found among so many heaps for each value that is to reach it, and at least so many values. */
enum { HEAPS = 4, LEAST_WANTED = 16 };

struct bm25_passes {
    int64_t n_blocks;
    float *bounds;           /* [n_blocks] what the terms can add to a document */
    uint16_t *slots;         /* [n_blocks] a block's number in the pass, from 1; 0: it isn't there */
    uint32_t *blocks;        /* [PASS + 1] from 1: those of the pass, ascending */
    float *rest;             /* [PASS + 1] what the terms have yet to add */
    float *top;              /* [PASS + 1] the greatest sum of a block; all 0 between passes */
    const bm25_group **kept; /* [KEPT + PASS] groups in blocks of the pass, term by term */
    int64_t n_kept;
    float *heaps;   /* [most_heaps] */
    uint64_t *keys; /* [most_heaps] */
    int64_t most_heaps;
};

static struct bm25_passes *open_passes(int64_t n_docs, int64_t k)
{
    struct bm25_passes *p = tern_calloc(1, sizeof *p);
    p->n_blocks = tern_parts(n_docs, TERN_BM25_BLOCK);
    p->bounds = tern_alloc((size_t)p->n_blocks, sizeof *p->bounds);
    p->slots = tern_calloc((size_t)p->n_blocks, sizeof *p->slots);
    p->blocks = tern_alloc(PASS + 2, sizeof *p->blocks);
    p->rest = tern_alloc(PASS + 1, sizeof *p->rest);
    p->top = tern_calloc(PASS + 1, sizeof *p->top);
    p->kept = tern_alloc(KEPT + PASS, sizeof *p->kept);
    p->most_heaps = tern_min(HEAPS * tern_max(k, LEAST_WANTED), tern_max(p->n_blocks, TERN_BM25_SUMS) / 2);
    p->heaps = tern_alloc((size_t)p->most_heaps, sizeof *p->heaps);
    p->keys = tern_alloc((size_t)p->most_heaps, sizeof *p->keys);
    return p;
}

void tern_bm25_passes_free(struct bm25_passes *passes)
{
    if (!passes)
        return;
    free(passes->bounds);
    free(passes->slots);
    free(passes->blocks);
    free(passes->rest);
    free(passes->top);
    free(passes->kept);
    free(passes->heaps);
    free(passes->keys);
    free(passes);
}

/* most[i] = the greater of most[i] and values[i], for i < n. */
static void keep_greater(float *most, const float *values, int64_t n)
{
    enum { WIDTH = 8 }; /* what compilers make vectors of */
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH)
        for (int64_t j = i; j < i + WIDTH; j++)
            most[j] = values[j] > most[j] ? values[j] : most[j];
    for (; i < n; i++)
        most[i] = values[i] > most[i] ? values[i] : most[i];
}

/* A level that at least wanted of n values reach, but few more: values are dealt out to heaps, and the heaps' greatest
 * put in order. 0: where so few values aren't worth it. */
static float find_level(struct bm25_passes *p, const float *values, int64_t n, int64_t wanted)
{
    int64_t heaps = HEAPS * wanted;
    if (n < 2 * heaps || heaps > p->most_heaps)
        return 0;
    memset(p->heaps, 0, (size_t)heaps * sizeof *p->heaps);
    for (int64_t first = 0; first < n; first += heaps)
        keep_greater(p->heaps, values + first, tern_min(heaps, n - first));
    for (int64_t i = 0; i < heaps; i++)
        p->keys[i] = tern_key(p->heaps[i], i);
    tern_keys_select(p->keys, heaps, wanted);
    return tern_key_score(p->keys[wanted - 1]);
}

static void bound_blocks(bm25_searcher *s)
{
    struct bm25_passes *p = s->passes;
    memset(p->bounds, 0, (size_t)p->n_blocks * sizeof *p->bounds);
    for (size_t i = 0; i < s->n_terms; i++) {
        const bm25_query_term *t = &s->terms[i];
        for (int64_t g = 0; g < t->n_groups; g++)
            p->bounds[t->groups[g].block] += t->weight * t->groups[g].most;
    }
}

/* Lists the term's groups in blocks of the pass, and has their postings fetched. */
static void keep_groups(struct bm25_passes *p, bm25_query_term *t, int64_t n_blocks)
{
    const bm25_group **kept = p->kept + p->n_kept, *at = t->groups + t->group;
    const uint16_t *slots = p->slots;
    uint32_t last = p->blocks[n_blocks];
    int64_t n = 0;
    if (at->block < p->blocks[1])
        at = t->groups + tern_bm25_leap(&t->groups->block, sizeof *t->groups, t->group, t->n_groups, p->blocks[1]);
    for (; at->block <= last; at++) {
        kept[n] = at;
        n += slots[at->block] != 0;
    }
    for (int64_t i = 0; i < n; i++) {
        __builtin_prefetch(t->postings + kept[i][0].from);
        __builtin_prefetch(t->postings + kept[i][1].from - 1);
    }
    t->group = at - t->groups;
    t->n_kept = n;
    p->n_kept += n;
}

static void add_group(bm25_searcher *s, const bm25_query_term *t, const bm25_group *group)
{
    struct bm25_passes *p = s->passes;
    uint16_t slot = p->slots[group->block];
    float *sums = s->sums + (int64_t)slot * TERN_BM25_BLOCK, top = p->top[slot], weight = t->weight;
    for (uint32_t i = group[0].from; i < group[1].from; i++) {
        uint32_t place = t->postings[i].doc % TERN_BM25_BLOCK;
        float sum = sums[place] + weight * t->postings[i].impact;
        sums[place] = sum;
        top = sum > top ? sum : top;
    }
    p->top[slot] = top;
    p->rest[slot] -= weight * group->most;
}

/* Adds a term's groups, but those in blocks that can't hold a wanted document any more. */
static void add_groups(bm25_searcher *s, const bm25_query_term *t, const bm25_group **kept, float least)
{
    const struct bm25_passes *p = s->passes;
    int64_t n = 0;
    for (int64_t i = 0; i < t->n_kept; i++) {
        const bm25_group *group = kept[i];
        uint16_t slot = p->slots[group->block];
        kept[n] = group;
        n += p->top[slot] + p->rest[slot] >= least;
    }
    for (int64_t i = 0; i < n; i++)
        add_group(s, t, kept[i]);
}

static float at_least(float least)
{
    return least > FLT_MIN ? least : FLT_MIN;
}

static void offer_block(bm25_searcher *s, int64_t block, const float *sums)
{
    float limits[TERN_BM25_BLOCK];
    int32_t which[TERN_BM25_BLOCK];
    float limit = at_least(s->threshold);
    for (int i = 0; i < TERN_BM25_BLOCK; i++)
        limits[i] = limit;
    int64_t n = tern_dots_reaching(TERN_BM25_BLOCK, sums, limits, which);
    for (int64_t i = 0; i < n; i++)
        if (sums[which[i]] >= s->threshold)
            tern_bm25_offer(s, block * TERN_BM25_BLOCK + which[i], sums[which[i]]);
}

/* Offers the documents of blocks 1 .. n that reach the threshold, and clears the sums. */
static void offer_blocks(bm25_searcher *s, int64_t n)
{
    struct bm25_passes *p = s->passes;
    float *sums = s->sums + TERN_BM25_BLOCK;
    s->threshold = fmaxf(s->threshold, find_level(p, sums, n * TERN_BM25_BLOCK, s->k));
    for (int64_t b = 1; b <= n; b++) {
        if (p->top[b] >= s->threshold)
            offer_block(s, p->blocks[b], s->sums + b * TERN_BM25_BLOCK);
        p->slots[p->blocks[b]] = 0;
    }
    memset(p->top, 0, (size_t)(n + 1) * sizeof *p->top);
    memset(sums, 0, (size_t)(n * TERN_BM25_BLOCK) * sizeof *sums);
    tern_bm25_keep_best(s);
}

/* Searches n blocks, numbers 1 .. n of the pass, which have no bound then. */
static void search_pass(bm25_searcher *s, int64_t n)
{
    struct bm25_passes *p = s->passes;
    float least = tern_bm25_least(s);
    if (n == 0)
        return;
    for (int64_t b = 1; b <= n; b++) {
        p->slots[p->blocks[b]] = (uint16_t)b;
        p->rest[b] = p->bounds[p->blocks[b]];
        p->bounds[p->blocks[b]] = 0;
    }
    for (size_t i = 0, next; i < s->n_terms; i = next) {
        p->n_kept = 0;
        for (next = i; next < s->n_terms && p->n_kept < KEPT; next++)
            keep_groups(p, &s->terms[next], n);
        const bm25_group **kept = p->kept;
        for (size_t t = i; t < next; kept += s->terms[t++].n_kept)
            add_groups(s, &s->terms[t], kept, least);
    }
    offer_blocks(s, n);
}

/* Searches the blocks whose bounds are at least least. */
static void search_wave(bm25_searcher *s, float least)
{
    struct bm25_passes *p = s->passes;
    float limits[LOOK];
    int32_t which[LOOK];
    int64_t n = 0;
    for (size_t i = 0; i < s->n_terms; i++)
        s->terms[i].group = 0;
    for (int64_t first = 0; first < p->n_blocks; first += LOOK) {
        float limit = at_least(fmaxf(least, tern_bm25_least(s)));
        for (int i = 0; i < LOOK; i++)
            limits[i] = limit;
        int64_t found = tern_dots_reaching(tern_min(LOOK, p->n_blocks - first), p->bounds + first, limits, which);
        if (n + found > PASS) {
            search_pass(s, n);
            n = 0;
        }
        for (int64_t i = 0; i < found; i++)
            p->blocks[++n] = (uint32_t)(first + which[i]);
    }
    search_pass(s, n);
}

void tern_bm25_blocks(bm25_searcher *s)
{
    if (!s->passes)
        s->passes = open_passes(s->index->n_docs, s->k);
    bound_blocks(s);
    /* Blocks with twenty times as many documents as are wanted. */
    int64_t blocks = tern_max(LEAST_WANTED, 10 * s->k / TERN_BM25_BLOCK);
    float level = find_level(s->passes, s->passes->bounds, s->passes->n_blocks, blocks);
    search_wave(s, level);
    if (level > 0)
        search_wave(s, 0);
}
