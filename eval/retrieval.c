#include "eval/retrieval.h"

#include "base/memory.h"
#include "eval/judge.h"
#include "eval/topk.h"

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

static int open_corpus(corpus *c, const tern_beir *set, tern_error *error)
{
    size_t n = (size_t)set->n_docs;
    *c = (corpus){.set = set, .rank = tern_alloc(n, sizeof(int64_t))};
    int64_t twice = tern_rank_ids((const char *const *)set->doc_ids, set->n_docs, c->rank);
    if (twice >= 0) {
        free_corpus(c);
        return tern_fail(error, "%s: two documents of the corpus have the id \"%.80s\"; ids must be distinct",
                         set->name, set->doc_ids[twice]);
    }
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
static const float *group_vectors(const corpus *c, const tern_retrieval_options *options, int64_t first, int64_t n,
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
    int status = tern_vectors_embed(&options->embedder, 0, texts, n, room, error);
    free(texts);
    return status < 0 ? NULL : room;
}

static int search_corpus(tern_topk *topk, const corpus *c, const tern_retrieval_options *options, tern_error *error)
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

static void add_candidate(list *l, const corpus *c, float score, int64_t doc)
{
    TERN_GROW(l->items, l->n, l->capacity);
    l->items[l->n++] = (candidate){score, c->rank[doc], doc};
}

/* Replaces groups by their documents. hits are ordered by score and best member, so once there are enough candidates,
 * only a group of the last one's score can still bring a better one; of a group no more than the depth is needed. */
static void expand_groups(list *l, const corpus *c, const tern_hit *hits, int64_t n_hits)
{
    l->n = 0;
    for (int64_t i = 0; i < n_hits; i++) {
        if (l->n >= TERN_RETRIEVAL_DEPTH && hits[i].score != hits[i - 1].score)
            break;
        const int64_t *start = c->start + hits[i].doc;
        for (int64_t m = start[0]; m < start[1] && m - start[0] < TERN_RETRIEVAL_DEPTH; m++)
            add_candidate(l, c, hits[i].score, c->members[m]);
    }
}

static void list_judged(list *l, const corpus *c, int64_t judged, const tern_embedder *by, const float *query,
                        const float *docs)
{
    const tern_qrels *qrels = &c->set->qrels;
    l->n = 0;
    for (int64_t i = qrels->start[judged]; i < qrels->start[judged + 1]; i++) {
        int64_t doc = tern_beir_find_doc(c->set, qrels->doc_ids[i]);
        if (doc >= 0)
            add_candidate(l, c, tern_vectors_compare(by->similarity, query, docs + doc * by->dim, by->dim), doc);
    }
}

/* What is the same for every query of an evaluation. */
typedef struct scoring {
    const tern_judge *judge;
    const tern_qrels *qrels;
    const tern_retrieval_options *options;
    tern_scores *scores;
    int *grades; /* room for TERN_RETRIEVAL_DEPTH */
} scoring;

static void score_list(const scoring *s, int64_t row, int64_t judged, int64_t n)
{
    const int64_t *start = s->qrels->start + judged;
    tern_metrics_of_list(s->grades, n, s->qrels->grades + start[0], start[1] - start[0],
                         s->scores->per_query + row * TERN_METRICS);
}

/* Orders, cuts, drops, scores and records one query's candidates. */
static void finish_query(const scoring *s, const tern_beir *set, int64_t query, int64_t judged, list *l)
{
    qsort(l->items, l->n, sizeof *l->items, best_first);
    int64_t n = 0, cut = (int64_t)l->n < TERN_RETRIEVAL_DEPTH ? (int64_t)l->n : TERN_RETRIEVAL_DEPTH;
    if (s->options->run)
        tern_trec_run_add_query(s->options->run, set->query_ids[query]);
    for (int64_t i = 0; i < cut; i++) {
        const char *id = set->doc_ids[l->items[i].doc];
        if (s->options->exclude_same_id && !strcmp(id, set->query_ids[query]))
            continue;
        tern_judge_grade(s->judge, judged, id, &s->grades[n++]);
        if (s->options->run)
            tern_trec_run_add_doc(s->options->run, id, l->items[i].score);
    }
    score_list(s, query, judged, n);
    s->scores->query_ids[query] = tern_strdup(set->query_ids[query]);
}

static int rank_whole(const corpus *c, const float *queries, const scoring *s, tern_error *error)
{
    const tern_beir *set = c->set;
    tern_topk *topk = tern_topk_create(queries, set->n_queries, s->options->embedder.dim, c->n_groups, c->group_rank,
                                       TERN_RETRIEVAL_DEPTH);
    tern_topk_by(topk, s->options->embedder.similarity);
    int status = search_corpus(topk, c, s->options, error);
    tern_hit *hits = tern_alloc(TERN_RETRIEVAL_DEPTH, sizeof *hits);
    list l = {0};
    for (int64_t q = 0; q < set->n_queries && status == 0; q++) {
        expand_groups(&l, c, hits, tern_topk_take(topk, q, hits));
        finish_query(s, set, q, tern_judge_query(s->judge, set->query_ids[q]), &l);
    }
    free(l.items);
    free(hits);
    tern_topk_free(topk);
    return status;
}

static int rank_judged(const corpus *c, const float *queries, const scoring *s, tern_error *error)
{
    const tern_beir *set = c->set;
    int64_t dim = s->options->embedder.dim;
    float *own = NULL;
    const float *docs = s->options->doc_vectors;
    if (!docs) {
        docs = own = tern_alloc_aligned((size_t)set->n_docs * (size_t)dim, sizeof *own);
        if (tern_retrieval_documents(set, &s->options->embedder, own, error) < 0) {
            free(own);
            return -1;
        }
    }
    list l = {0};
    for (int64_t q = 0; q < set->n_queries; q++) {
        int64_t judged = tern_judge_query(s->judge, set->query_ids[q]);
        list_judged(&l, c, judged, &s->options->embedder, queries + q * dim, docs);
        finish_query(s, set, q, judged, &l);
    }
    free(l.items);
    free(own);
    return 0;
}

/* data/beir.h promises both; a set put together by hand may break it. */
static int check_set(const tern_beir *set, const tern_judge *judge, tern_error *error)
{
    if (set->n_docs == 0 || set->n_queries == 0)
        return tern_fail(error, "%s: nothing to evaluate: %s", set->name,
                         set->n_docs == 0 ? "the corpus is empty" : "no query of this split has a relevant document");
    if (set->n_docs >= UINT32_MAX)
        return tern_fail(error, "%s: %lld documents are more than the search takes", set->name, (long long)set->n_docs);
    for (int64_t q = 0; q < set->n_queries; q++)
        if (tern_judge_query(judge, set->query_ids[q]) < 0)
            return tern_fail(error, "%s: query \"%.80s\" has no judgement", set->name, set->query_ids[q]);
    return 0;
}

int tern_retrieval_documents(const tern_beir *set, const tern_embedder *embedder, float *out, tern_error *error)
{
    return tern_vectors_embed(embedder, 0, (const char *const *)set->doc_texts, set->n_docs, out, error);
}

int tern_retrieval_evaluate(const tern_beir *set, const tern_retrieval_options *options, tern_scores *out,
                            tern_error *error)
{
    tern_judge *judge = tern_judge_create(&set->qrels);
    corpus c = {0};
    float *queries = NULL;
    tern_scores scores = {0};
    int status = check_set(set, judge, error);
    if (status == 0)
        status = open_corpus(&c, set, error);
    if (status < 0)
        goto out;
    queries = tern_alloc_aligned((size_t)set->n_queries * (size_t)options->embedder.dim, sizeof *queries);
    status = tern_vectors_embed(&options->embedder, 1, (const char *const *)set->query_texts, set->n_queries, queries,
                                error);
    if (status < 0)
        goto out;
    tern_scores_start(&scores, tern_metric_names(), TERN_METRICS, set->n_queries);
    scoring s = {judge, &set->qrels, options, &scores, tern_alloc(TERN_RETRIEVAL_DEPTH, sizeof(int))};
    status = (options->judged_only ? rank_judged : rank_whole)(&c, queries, &s, error);
    free(s.grades);
    if (status == 0) {
        tern_scores_finish(&scores);
        *out = scores;
        scores = (tern_scores){0};
    }
out:
    tern_scores_free(&scores);
    free(queries);
    free_corpus(&c);
    tern_judge_free(judge);
    return status;
}
