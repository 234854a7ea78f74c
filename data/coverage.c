#include "data/coverage.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/beir.h"
#include "data/id_hint.h"

#include <stdlib.h>
#include <string.h>

/* Missing ids that are looked at for a cause, and those that are shown. */
enum { LOOKED_AT = 100, SHOWN = 3 };

/* Distinct missing ids, and a few of them as a list. */
typedef struct missing {
    tern_texts *ids;
    const char *list[LOOKED_AT];
    size_t n_list;
} missing;

static int contains(const tern_texts *texts, const char *id)
{
    return tern_texts_find(texts, id, strlen(id)) >= 0;
}

static void add_missing(missing *m, const char *id)
{
    int64_t before = tern_texts_count(m->ids);
    if (tern_texts_add(m->ids, id, strlen(id)) == before && m->n_list < LOOKED_AT)
        m->list[m->n_list++] = id;
}

static int has_grade(const tern_qrels *qrels, int64_t query, int least_grade)
{
    for (int64_t i = qrels->start[query]; i < qrels->start[query + 1]; i++)
        if (qrels->grades[i] >= least_grade)
            return 1;
    return 0;
}

static void count(tern_coverage *c, const tern_qrels *qrels, int least_grade, const tern_texts *queries,
                  const tern_texts *documents, missing *no_query, missing *no_document)
{
    char *met = tern_calloc((size_t)tern_texts_count(documents), 1);
    for (int64_t q = 0; q < qrels->n_queries; q++) {
        const char *id = qrels->query_ids[q];
        int known = contains(queries, id);
        if (!has_grade(qrels, q, least_grade)) {
            c->queries_without_relevant++;
            continue;
        }
        c->queries++;
        if (!known)
            add_missing(no_query, id);
        for (int64_t i = qrels->start[q]; i < qrels->start[q + 1]; i++) {
            if (qrels->grades[i] < least_grade)
                continue;
            int64_t document = tern_texts_find(documents, qrels->doc_ids[i], strlen(qrels->doc_ids[i]));
            if (document < 0)
                add_missing(no_document, qrels->doc_ids[i]);
            else
                c->documents += !met[document];
            if (document >= 0)
                met[document] = 1;
            c->judgements++;
            c->judgements_missing += !known || document < 0;
        }
    }
    c->queries_missing = tern_texts_count(no_query->ids);
    c->documents_missing = tern_texts_count(no_document->ids);
    c->documents += c->documents_missing;
    free(met);
}

/* What is missing, in words. */
typedef struct part {
    const char *one, *many, *none, *file;
} part;

static const part query_part = {"judged query", "judged queries", "its queries", "queries.jsonl"};
static const part document_part = {"relevant document", "relevant documents", "the documents judged relevant",
                                   "corpus.jsonl"};

/* 2 of 12 judged queries ("q7", "q9") are not in queries.jsonl */
static void add_part(tern_buffer *out, const missing *m, int64_t all, const part *of)
{
    int64_t n = tern_texts_count(m->ids);
    if (n == all)
        tern_buffer_printf(out, "none of %s (", of->none);
    else
        tern_buffer_printf(out, "%lld of %lld %s (", (long long)n, (long long)all, all == 1 ? of->one : of->many);
    for (size_t i = 0; i < m->n_list && i < SHOWN; i++)
        tern_buffer_printf(out, "%s\"%.60s\"", i ? ", " : "", m->list[i]);
    tern_buffer_printf(out, "%s) %s in %s", n > SHOWN ? ", ..." : "",
                       n == all ? "is"
                       : n == 1 ? "is not"
                                : "are not",
                       of->file);
}

/* Most of the missing ids that were looked at are among others. */
static int are_among(const missing *m, const tern_texts *others)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_list; i++)
        n += contains(others, m->list[i]) != 0;
    return 2 * n > m->n_list;
}

/* What can be seen of the cause. A new string, NULL: nothing. */
static char *cause(const missing *no_query, const missing *no_document, const tern_texts *queries,
                   const tern_texts *documents)
{
    if (are_among(no_query, documents) && are_among(no_document, queries))
        return tern_strdup("its first column holds documents and its second queries; give it the header corpus-id, "
                           "query-id, score");
    char *hint = NULL;
    if (no_query->n_list > 0)
        hint = tern_id_hint(no_query->list, no_query->n_list, queries, "queries.jsonl");
    if (!hint && no_document->n_list > 0)
        hint = tern_id_hint(no_document->list, no_document->n_list, documents, "corpus.jsonl");
    return hint;
}

static void say(const tern_coverage *c, const missing *no_query, const missing *no_document, const char *path,
                tern_buffer *out)
{
    tern_buffer_printf(out, "%s: %lld of %lld judgement%s name%s what isn't there: ", path,
                       (long long)c->judgements_missing, (long long)c->judgements, tern_s(c->judgements),
                       c->judgements_missing == 1 ? "s" : "");
    if (c->queries_missing > 0)
        add_part(out, no_query, c->queries, &query_part);
    if (c->documents_missing > 0) {
        tern_buffer_printf(out, "%s", c->queries_missing > 0 ? ", " : "");
        add_part(out, no_document, c->documents, &document_part);
    }
}

int tern_coverage_count(tern_coverage *coverage, const tern_qrels *qrels, int least_grade, const tern_texts *queries,
                        const tern_texts *documents, const char *path, char **note, tern_error *error)
{
    missing no_query = {.ids = tern_texts_create()}, no_document = {.ids = tern_texts_create()};
    int status = 0;
    *note = NULL;
    *coverage = (tern_coverage){0};
    count(coverage, qrels, least_grade, queries, documents, &no_query, &no_document);
    if (coverage->judgements_missing > 0) {
        tern_buffer sentence = {0};
        char *why = cause(&no_query, &no_document, queries, documents);
        int most = 2 * coverage->judgements_missing > coverage->judgements ||
                   2 * coverage->queries_missing > coverage->queries;
        say(coverage, &no_query, &no_document, path, &sentence);
        if (why)
            tern_buffer_printf(&sentence, "; %s", why);
        else if (most)
            tern_buffer_printf(&sentence, "; are they of another data set or split?");
        if (most)
            status = tern_fail(error, "%s", sentence.data);
        else
            *note = sentence.data;
        if (most)
            tern_buffer_free(&sentence);
        free(why);
    }
    tern_texts_free(no_query.ids);
    tern_texts_free(no_document.ids);
    return status;
}
