#include "mining/pool.h"

#include "base/integer.h"
#include "base/memory.h"
#include "data/blank.h"
#include "mining/likeness.h"
#include "search/topk.h"

#include <stdlib.h>
#include <string.h>

/* A pool in the making. */
typedef struct making {
    tern_mine_pool *pool;
    const tern_rows *rows;
    int64_t *doc_of_text, *query_of_text; /* [n_texts]; -1 */
    int64_t n_texts;
    size_t query_capacity, doc_capacity, id_capacity, n_ids;
} making;

static void add_doc(making *m, int64_t text)
{
    tern_mine_pool *p = m->pool;
    TERN_GROW(p->doc, (size_t)p->n_docs, m->doc_capacity);
    m->doc_of_text[text] = p->n_docs;
    p->doc[p->n_docs++] = text;
}

/* Texts of the corpus get their numbers first: the lists by text are as long as there are texts then. */
static int64_t *intern_corpus(const tern_rows *rows, const tern_beir *corpus)
{
    int64_t *texts = tern_alloc((size_t)corpus->n_docs, sizeof *texts);
    for (int64_t d = 0; d < corpus->n_docs; d++)
        texts[d] = tern_text_is_blank(corpus->doc_texts[d])
                       ? -1
                       : tern_texts_add(rows->texts, corpus->doc_texts[d], strlen(corpus->doc_texts[d]));
    return texts;
}

static void take_corpus(making *m, const tern_beir *corpus, const int64_t *texts)
{
    tern_mine_pool *p = m->pool;
    p->doc_id = tern_calloc((size_t)corpus->n_docs + (size_t)m->rows->n, sizeof *p->doc_id);
    for (int64_t d = 0; d < corpus->n_docs; d++) {
        if (texts[d] < 0) {
            p->blank++;
            continue;
        }
        int64_t doc = m->doc_of_text[texts[d]];
        p->repeated += doc >= 0;
        if (doc < 0) {
            doc = p->n_docs;
            add_doc(m, texts[d]);
        }
        if (!p->doc_id[doc] || strcmp(p->doc_id[doc], corpus->doc_ids[d]) < 0)
            p->doc_id[doc] = corpus->doc_ids[d];
    }
}

static void take_rows(making *m)
{
    tern_mine_pool *p = m->pool;
    const tern_rows *rows = m->rows;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t anchor = rows->anchor[i], positive = rows->positive[i];
        if (m->query_of_text[anchor] < 0) {
            TERN_GROW(p->query, (size_t)p->n_queries, m->query_capacity);
            m->query_of_text[anchor] = p->n_queries;
            p->query[p->n_queries++] = anchor;
        }
        if (m->doc_of_text[positive] < 0) {
            add_doc(m, positive);
            p->outside += p->doc_id != NULL;
        }
        p->query_of_row[i] = m->query_of_text[anchor];
        p->doc_of_row[i] = m->doc_of_text[positive];
    }
}

/* Ids of its own, since the corpus may go. */
static const char *kept_id(const char *id)
{
    return id ? tern_strdup(id) : NULL;
}

static void keep_ids(tern_mine_pool *p)
{
    for (int64_t d = 0; p->doc_id && d < p->n_docs; d++)
        p->doc_id[d] = kept_id(p->doc_id[d]);
}

/* Documents without an id come last, in their order. */
static void rank_docs(tern_mine_pool *p)
{
    if (!p->doc_id)
        return;
    int64_t *of = tern_alloc((size_t)p->n_docs, sizeof *of), *ranks = tern_alloc((size_t)p->n_docs, sizeof *ranks),
            n = 0;
    const char **ids = tern_alloc((size_t)p->n_docs, sizeof *ids);
    p->rank = tern_alloc((size_t)p->n_docs, sizeof *p->rank);
    for (int64_t d = 0; d < p->n_docs; d++)
        if (p->doc_id[d]) {
            of[n] = d;
            ids[n++] = p->doc_id[d];
        }
    int64_t twice = tern_rank_ids(ids, n, ranks), rest = n;
    TERN_CHECK(twice < 0, "the id %s stands twice", ids[twice]);
    for (int64_t i = 0; i < n; i++)
        p->rank[of[i]] = ranks[i];
    for (int64_t d = 0; d < p->n_docs; d++)
        if (!p->doc_id[d])
            p->rank[d] = rest++;
    free(ids);
    free(ranks);
    free(of);
}

static void find_texts(making *m, const tern_beir *corpus)
{
    tern_mine_pool *p = m->pool;
    p->queries = tern_alloc((size_t)p->n_queries, sizeof *p->queries);
    p->query_id = tern_calloc((size_t)p->n_queries, sizeof *p->query_id);
    p->docs = tern_alloc((size_t)p->n_docs, sizeof *p->docs);
    for (int64_t q = 0; q < p->n_queries; q++)
        p->queries[q] = tern_texts_get(p->texts, p->query[q], NULL);
    for (int64_t d = 0; d < p->n_docs; d++)
        p->docs[d] = tern_texts_get(p->texts, p->doc[d], NULL);
    for (int64_t i = 0; corpus && i < corpus->n_queries; i++) {
        int64_t text = tern_texts_find(p->texts, corpus->query_texts[i], strlen(corpus->query_texts[i]));
        int64_t q = text >= 0 && text < m->n_texts ? m->query_of_text[text] : -1;
        if (q >= 0 && !p->query_id[q])
            p->query_id[q] = kept_id(corpus->query_ids[i]);
    }
}

/* A list for each query, made query by query. */
typedef struct lists {
    int64_t **start, **items;
    size_t n, capacity, from; /* from: where the query's begin */
} lists;

static lists open_lists(int64_t **start, int64_t **items, int64_t n_queries)
{
    *start = tern_alloc((size_t)n_queries + 1, sizeof **start);
    (*start)[0] = 0;
    return (lists){start, items, 0, 0, 0};
}

static void put(lists *l, int64_t item)
{
    TERN_GROW(*l->items, l->n, l->capacity);
    (*l->items)[l->n++] = item;
}

/* Sorted, each once. */
static void end_query(lists *l, int64_t query)
{
    int64_t *items = *l->items + l->from;
    size_t n = l->n - l->from, kept = 0;
    if (n > 0)
        qsort(items, n, sizeof *items, tern_by_number);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || items[i] != items[kept - 1])
            items[kept++] = items[i];
    l->n = l->from += kept;
    (*l->start)[query + 1] = (int64_t)l->n;
}

static void find_positives(making *m)
{
    tern_mine_pool *p = m->pool;
    int64_t *count = tern_calloc((size_t)p->n_queries + 1, sizeof *count),
            *rows = tern_alloc((size_t)m->rows->n, sizeof *rows);
    for (int64_t i = 0; i < m->rows->n; i++)
        count[p->query_of_row[i] + 1]++;
    for (int64_t q = 0; q < p->n_queries; q++)
        count[q + 1] += count[q];
    for (int64_t i = m->rows->n; i-- > 0;)
        rows[--count[p->query_of_row[i] + 1]] = i;
    /* count[q + 1] is now where query q's rows begin. */
    lists l = open_lists(&p->positive_start, &p->positive, p->n_queries);
    for (int64_t q = 0; q < p->n_queries; q++) {
        int64_t end = q + 1 < p->n_queries ? count[q + 2] : m->rows->n;
        for (int64_t i = count[q + 1]; i < end; i++)
            put(&l, p->doc_of_row[rows[i]]);
        end_query(&l, q);
    }
    free(rows);
    free(count);
}

static void find_right(making *m)
{
    tern_mine_pool *p = m->pool;
    const tern_rows *rows = m->rows;
    lists l = open_lists(&p->right_start, &p->right, p->n_queries);
    for (int64_t q = 0; q < p->n_queries; q++) {
        int64_t anchor = p->query[q];
        for (int64_t i = p->positive_start[q]; i < p->positive_start[q + 1]; i++)
            put(&l, p->positive[i]);
        int known = anchor < rows->n_anchors_known;
        for (int64_t i = known ? rows->relevant_start[anchor] : 0; known && i < rows->relevant_start[anchor + 1]; i++)
            if (m->doc_of_text[rows->relevant[i]] >= 0)
                put(&l, m->doc_of_text[rows->relevant[i]]);
        end_query(&l, q);
    }
}

typedef struct hashed {
    uint64_t hash;
    int64_t doc;
} hashed;

static int by_hash(const void *a, const void *b)
{
    const hashed *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->doc > y->doc) - (x->doc < y->doc);
}

/* Documents with that hash but for those that are right already. */
static void put_equals(const tern_mine_pool *p, lists *l, const hashed *table, uint64_t hash, int64_t query)
{
    int64_t low = 0, high = p->n_docs;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (table[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    const int64_t *right = p->right + p->right_start[query];
    int64_t n = p->right_start[query + 1] - p->right_start[query];
    for (; low < p->n_docs && table[low].hash == hash; low++)
        if (!tern_is_among(right, n, table[low].doc))
            put(l, table[low].doc);
}

static void find_equals(tern_mine_pool *p)
{
    uint64_t *hash = tern_alloc((size_t)p->n_docs, sizeof *hash);
    hashed *table = tern_alloc((size_t)p->n_docs, sizeof *table);
#pragma omp parallel for schedule(dynamic, 64)
    for (int64_t d = 0; d < p->n_docs; d++) {
        hash[d] = tern_words_hash(p->docs[d]);
        table[d] = (hashed){hash[d], d};
    }
    qsort(table, (size_t)p->n_docs, sizeof *table, by_hash);
    lists l = open_lists(&p->equal_start, &p->equal, p->n_queries);
    for (int64_t q = 0; q < p->n_queries; q++) {
        put_equals(p, &l, table, tern_words_hash(p->queries[q]), q);
        for (int64_t i = p->right_start[q]; i < p->right_start[q + 1]; i++)
            put_equals(p, &l, table, hash[p->right[i]], q);
        end_query(&l, q);
    }
    free(table);
    free(hash);
}

static int64_t *no_places(int64_t n)
{
    int64_t *places = tern_alloc((size_t)n, sizeof *places);
    memset(places, 0xFF, (size_t)n * sizeof *places);
    return places;
}

tern_mine_pool *tern_mine_pool_create(const tern_rows *rows, const tern_beir *corpus, tern_error *error)
{
    if (!rows->positive) {
        tern_fail(error, "negatives are mined for rows with an anchor and a positive, and these have no positive");
        return NULL;
    }
    int64_t *texts = corpus ? intern_corpus(rows, corpus) : NULL, n_texts = tern_texts_count(rows->texts);
    tern_mine_pool *p = tern_calloc(1, sizeof *p);
    making m = {.pool = p, .rows = rows, .n_texts = n_texts};
    m.doc_of_text = no_places(n_texts);
    m.query_of_text = no_places(n_texts);
    p->texts = rows->texts;
    p->query_of_row = tern_alloc((size_t)rows->n, sizeof *p->query_of_row);
    p->doc_of_row = tern_alloc((size_t)rows->n, sizeof *p->doc_of_row);
    if (corpus)
        take_corpus(&m, corpus, texts);
    take_rows(&m);
    keep_ids(p);
    rank_docs(p);
    find_texts(&m, corpus);
    find_positives(&m);
    find_right(&m);
    find_equals(p);
    free(m.doc_of_text);
    free(m.query_of_text);
    free(texts);
    return p;
}

static void free_ids(const char **ids, int64_t n)
{
    for (int64_t i = 0; ids && i < n; i++)
        free((char *)ids[i]);
    free(ids);
}

void tern_mine_pool_free(tern_mine_pool *pool)
{
    if (!pool)
        return;
    free_ids(pool->query_id, pool->n_queries);
    free_ids(pool->doc_id, pool->n_docs);
    free(pool->query);
    free(pool->queries);
    free(pool->query_of_row);
    free(pool->doc);
    free(pool->docs);
    free(pool->rank);
    free(pool->doc_of_row);
    free(pool->right_start);
    free(pool->right);
    free(pool->equal_start);
    free(pool->equal);
    free(pool->positive_start);
    free(pool->positive);
    free(pool);
}

int64_t tern_mine_pool_find(const tern_mine_pool *pool, const char *query)
{
    for (int64_t q = 0; q < pool->n_queries; q++)
        if (pool->query_id[q] && strcmp(pool->query_id[q], query) == 0)
            return q;
    for (int64_t q = 0; q < pool->n_queries; q++)
        if (strcmp(pool->queries[q], query) == 0)
            return q;
    return -1;
}
