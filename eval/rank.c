#include "eval/rank.h"

#include "base/integer.h"
#include "base/memory.h"
#include "eval/judge.h"
#include "search/topk.h"
#include "search/vectors.h"

#include <stdlib.h>
#include <string.h>

/* Documents whose vectors are held at a time when nobody gave them. */
enum { DOC_CHUNK = 65536 };

/* Documents of equal text have equal vectors, and tie: each distinct text is searched once, and stands for its group of
 * documents. */
typedef struct corpus {
    const tern_beir *set;
    int64_t n_groups;
    int64_t *first;      /* [n_groups] each group's first document in the corpus */
    int64_t *start;      /* [n_groups + 1] into members */
    int64_t *members;    /* [n_docs] by group, then by rank */
    int64_t *rank;       /* [n_docs] place among all ids, descending */
    int64_t *group_rank; /* [n_groups] place of the group's best member among those of all groups */
} corpus;

static void free_corpus(corpus *c)
{
    free(c->first);
    free(c->start);
    free(c->members);
    free(c->rank);
    free(c->group_rank);
}

/* Numbers groups in order of first appearance; group_of [n_docs] holds each document's first equal on entry. */
static void number_groups(corpus *c, int64_t *group_of)
{
    int64_t n = c->set->n_docs;
    for (int64_t i = 0; i < n; i++) {
        if (group_of[i] == i) {
            c->first[c->n_groups] = i;
            group_of[i] = c->n_groups++;
        } else {
            group_of[i] = group_of[group_of[i]];
        }
        c->start[group_of[i] + 1]++;
    }
    for (int64_t g = 0; g < c->n_groups; g++)
        c->start[g + 1] += c->start[g];
}

/* Walking the documents by rank fills each group by rank, and meets the groups by their best member. */
static void fill_groups(corpus *c, const int64_t *group_of)
{
    int64_t n = c->set->n_docs, met = 0;
    int64_t *by_rank = tern_alloc((size_t)n, sizeof *by_rank);
    int64_t *filled = tern_calloc((size_t)c->n_groups, sizeof *filled);
    for (int64_t i = 0; i < n; i++)
        by_rank[c->rank[i]] = i;
    for (int64_t r = 0; r < n; r++) {
        int64_t g = group_of[by_rank[r]];
        if (filled[g] == 0)
            c->group_rank[g] = met++;
        c->members[c->start[g] + filled[g]++] = by_rank[r];
    }
    free(by_rank);
    free(filled);
}

/* The documents' places among all ids, a new list; NULL when two are equal. */
static int64_t *rank_ids(const tern_beir *set, tern_error *error)
{
    int64_t *rank = tern_alloc((size_t)set->n_docs, sizeof *rank);
    int64_t twice = tern_rank_ids((const char *const *)set->doc_ids, set->n_docs, rank);
    if (twice < 0)
        return rank;
    free(rank);
    tern_fail(error, "%s: two documents of the corpus have the id \"%.80s\"; ids must be distinct", set->name,
              set->doc_ids[twice]);
    return NULL;
}

static int open_corpus(corpus *c, const tern_beir *set, tern_error *error)
{
    size_t n = (size_t)set->n_docs;
    *c = (corpus){.set = set, .rank = rank_ids(set, error)};
    if (!c->rank)
        return -1;
    int64_t *group_of = tern_alloc(n, sizeof *group_of);
    c->first = tern_alloc(n, sizeof *c->first);
    c->start = tern_calloc(n + 1, sizeof *c->start);
    c->members = tern_alloc(n, sizeof *c->members);
    c->group_rank = tern_alloc(n, sizeof *c->group_rank);
    tern_texts_same((const char *const *)set->doc_texts, set->n_docs, group_of);
    number_groups(c, group_of);
    fill_groups(c, group_of);
    free(group_of);
    return 0;
}

/* Vectors of groups first .. first + n - 1: embedded, or picked from those given, into room; or as they lie there when
 * every group is one document. NULL on failure. */
static const float *group_vectors(const corpus *c, const tern_rank_options *options, int64_t first, int64_t n,
                                  float *room, tern_error *error)
{
    int64_t dim = options->embedder.dim;
    if (options->doc_vectors && c->n_groups == c->set->n_docs)
        return options->doc_vectors + first * dim;
    if (options->doc_vectors) {
        for (int64_t i = 0; i < n; i++)
            memcpy(room + i * dim, options->doc_vectors + c->first[first + i] * dim, (size_t)dim * sizeof *room);
        return room;
    }
    const char **texts = tern_alloc((size_t)n, sizeof *texts);
    for (int64_t i = 0; i < n; i++)
        texts[i] = c->set->doc_texts[c->first[first + i]];
    int status = tern_vectors_embed(&options->embedder, TERN_ROLE_DOCUMENT, texts, n, room, error);
    free(texts);
    return status < 0 ? NULL : room;
}

static int search_corpus(tern_topk *topk, const corpus *c, const tern_rank_options *options, tern_error *error)
{
    int64_t chunk = c->n_groups < DOC_CHUNK ? c->n_groups : DOC_CHUNK;
    int in_place = options->doc_vectors && c->n_groups == c->set->n_docs;
    float *room = tern_alloc_aligned(in_place ? 0 : (size_t)chunk * (size_t)options->embedder.dim, sizeof *room);
    int status = 0;
    for (int64_t first = 0; first < c->n_groups && status == 0; first += DOC_CHUNK) {
        int64_t n = c->n_groups - first < DOC_CHUNK ? c->n_groups - first : DOC_CHUNK;
        const float *vectors = group_vectors(c, options, first, n, room, error);
        if (vectors)
            tern_topk_add(topk, vectors, NULL, first, n);
        else
            status = -1;
    }
    free(room);
    return status;
}

typedef struct candidate {
    float score;
    int64_t rank, doc;
} candidate;

static int best_first(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* A list of candidates that is used again for each query. */
typedef struct list {
    candidate *items;
    size_t n, capacity;
} list;

static void add_candidate(list *l, const int64_t *rank, float score, int64_t doc)
{
    TERN_GROW(l->items, l->n, l->capacity);
    l->items[l->n++] = (candidate){score, rank[doc], doc};
}

/* Replaces groups by their documents. hits are ordered by score and best member, so once there are enough candidates,
 * only a group of the last one's score can still bring a better one; of a group no more than the depth is needed. */
static void expand_groups(list *l, const corpus *c, const tern_hit *hits, int64_t n_hits)
{
    l->n = 0;
    for (int64_t i = 0; i < n_hits; i++) {
        if (l->n >= TERN_RANK_DEPTH && hits[i].score != hits[i - 1].score)
            break;
        const int64_t *start = c->start + hits[i].doc;
        for (int64_t m = start[0]; m < start[1] && m - start[0] < TERN_RANK_DEPTH; m++)
            add_candidate(l, c->rank, hits[i].score, c->members[m]);
    }
}

static void list_judged(list *l, const corpus *c, int64_t judged, const tern_embedder *by, const float *query,
                        const float *docs)
{
    const tern_qrels *qrels = &c->set->qrels;
    for (int64_t i = qrels->start[judged]; i < qrels->start[judged + 1]; i++) {
        int64_t doc = tern_beir_find_doc(c->set, qrels->doc_ids[i]);
        if (doc >= 0)
            add_candidate(l, c->rank, tern_vectors_compare(by->similarity, query, docs + doc * by->dim, by->dim), doc);
    }
}

/* Orders, cuts, drops and records one query's candidates. */
static void finish_query(const tern_beir *set, const tern_rank_options *options, int64_t query, list *l,
                         tern_trec_run *run)
{
    if (l->n > 0)
        qsort(l->items, l->n, sizeof *l->items, best_first);
    int64_t cut = tern_min((int64_t)l->n, TERN_RANK_DEPTH);
    tern_trec_run_add_query(run, set->query_ids[query]);
    for (int64_t i = 0; i < cut; i++) {
        const char *id = set->doc_ids[l->items[i].doc];
        if (!options->exclude_same_id || strcmp(id, set->query_ids[query]))
            tern_trec_run_add_doc(run, id, l->items[i].score);
    }
}

static int rank_whole(const corpus *c, const float *queries, const tern_rank_options *options, tern_trec_run *run,
                      tern_error *error)
{
    const tern_embedder *by = &options->embedder;
    int64_t n = c->set->n_queries;
    tern_topk *topk = tern_topk_create(queries, n, by->dim, c->n_groups, c->group_rank, TERN_RANK_DEPTH);
    tern_topk_by(topk, by->similarity);
    int status = search_corpus(topk, c, options, error);
    tern_hit *hits = tern_alloc(TERN_RANK_DEPTH, sizeof *hits);
    list l = {0};
    for (int64_t q = 0; q < n && status == 0; q++) {
        expand_groups(&l, c, hits, tern_topk_take(topk, q, hits));
        finish_query(c->set, options, q, &l, run);
    }
    free(l.items);
    free(hits);
    tern_topk_free(topk);
    return status;
}

static int rank_judged(const corpus *c, const float *queries, const tern_rank_options *options, tern_trec_run *run,
                       tern_error *error)
{
    const tern_beir *set = c->set;
    const tern_embedder *by = &options->embedder;
    float *own = NULL;
    const float *docs = options->doc_vectors;
    if (!docs) {
        docs = own = tern_alloc_aligned((size_t)set->n_docs * (size_t)by->dim, sizeof *own);
        if (tern_rank_documents(set, by, own, error) < 0) {
            free(own);
            return -1;
        }
    }
    tern_judge *judge = tern_judge_create(&set->qrels);
    list l = {0};
    for (int64_t q = 0; q < set->n_queries; q++) {
        int64_t judged = tern_judge_query(judge, set->query_ids[q]);
        l.n = 0;
        if (judged >= 0)
            list_judged(&l, c, judged, by, queries + q * by->dim, docs);
        finish_query(set, options, q, &l, run);
    }
    tern_judge_free(judge);
    free(l.items);
    free(own);
    return 0;
}

static int check_set(const tern_beir *set, tern_error *error)
{
    if (set->n_docs == 0 || set->n_queries == 0)
        return tern_fail(error, "%s: nothing to evaluate: %s", set->name,
                         set->n_docs == 0 ? "the corpus is empty" : "no query of this split has a relevant document");
    if (set->n_docs >= UINT32_MAX)
        return tern_fail(error, "%s: %lld documents are more than the search takes", set->name, (long long)set->n_docs);
    return 0;
}

int tern_rank_documents(const tern_beir *set, const tern_embedder *embedder, float *out, tern_error *error)
{
    return tern_vectors_embed(embedder, TERN_ROLE_DOCUMENT, (const char *const *)set->doc_texts, set->n_docs, out,
                              error);
}

/* Queries that are ranked together: as many as have hits in a few megabytes. */
enum { MOST_HITS = 1 << 20 };

static void list_hits(list *l, const int64_t *rank, const tern_hit *hits, int64_t n)
{
    l->n = 0;
    for (int64_t i = 0; i < n; i++)
        add_candidate(l, rank, hits[i].score, hits[i].doc);
}

/* Of what a ranker gave, what is judged for the query. scores [n_docs] is all 0, and is so again afterwards. */
static void list_judged_hits(list *l, const tern_beir *set, const int64_t *rank, int64_t judged, const tern_hit *hits,
                             int64_t n, float *scores)
{
    const tern_qrels *qrels = &set->qrels;
    l->n = 0;
    for (int64_t i = 0; i < n; i++)
        scores[hits[i].doc] = hits[i].score;
    for (int64_t i = judged < 0 ? 0 : qrels->start[judged]; judged >= 0 && i < qrels->start[judged + 1]; i++) {
        int64_t doc = tern_beir_find_doc(set, qrels->doc_ids[i]);
        if (doc >= 0)
            add_candidate(l, rank, scores[doc], doc);
    }
    for (int64_t i = 0; i < n; i++)
        scores[hits[i].doc] = 0;
}

static int rank_queries(const tern_beir *set, const tern_rank_options *options, const int64_t *rank, tern_trec_run *run,
                        tern_error *error)
{
    const tern_ranker *ranker = options->ranker;
    int64_t k = options->judged_only ? set->n_docs : tern_min(TERN_RANK_DEPTH, set->n_docs);
    int64_t each = tern_max(1, MOST_HITS / k);
    tern_hit *hits = tern_alloc((size_t)tern_min(each, set->n_queries) * (size_t)k, sizeof *hits);
    int64_t *found = tern_alloc((size_t)each, sizeof *found);
    float *scores = tern_calloc((size_t)set->n_docs, sizeof *scores);
    tern_judge *judge = tern_judge_create(&set->qrels);
    list l = {0};
    int status = 0;
    for (int64_t first = 0; first < set->n_queries && status == 0; first += each) {
        int64_t n = tern_min(each, set->n_queries - first);
        status = ranker->search(ranker->self, (const char *const *)set->query_texts + first, n, k, hits, found, error);
        for (int64_t q = 0; q < n && status == 0; q++) {
            int64_t judged = tern_judge_query(judge, set->query_ids[first + q]);
            if (options->judged_only)
                list_judged_hits(&l, set, rank, judged, hits + q * k, found[q], scores);
            else
                list_hits(&l, rank, hits + q * k, found[q]);
            finish_query(set, options, first + q, &l, run);
        }
    }
    free(l.items);
    tern_judge_free(judge);
    free(scores);
    free(found);
    free(hits);
    return status;
}

static int rank_by(const tern_beir *set, const tern_rank_options *options, tern_trec_run *run, tern_error *error)
{
    const tern_ranker *ranker = options->ranker;
    int64_t *rank = rank_ids(set, error);
    if (!rank)
        return -1;
    int status = ranker->index(ranker->self, (const char *const *)set->doc_texts, set->n_docs, rank, error);
    if (status == 0)
        status = rank_queries(set, options, rank, run, error);
    free(rank);
    return status;
}

static int rank_by_embedder(const tern_beir *set, const tern_rank_options *options, tern_trec_run *run,
                            tern_error *error)
{
    corpus c = {0};
    if (open_corpus(&c, set, error) < 0)
        return -1;
    float *queries = tern_alloc_aligned((size_t)set->n_queries * (size_t)options->embedder.dim, sizeof *queries);
    int status = tern_vectors_embed(&options->embedder, TERN_ROLE_QUERY, (const char *const *)set->query_texts,
                                    set->n_queries, queries, error);
    if (status == 0)
        status = (options->judged_only ? rank_judged : rank_whole)(&c, queries, options, run, error);
    free(queries);
    free_corpus(&c);
    return status;
}

int tern_rank_set(const tern_beir *set, const tern_rank_options *options, tern_trec_run *run, tern_error *error)
{
    if (check_set(set, error) < 0)
        return -1;
    return (options->ranker ? rank_by : rank_by_embedder)(set, options, run, error);
}
