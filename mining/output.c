#include "mining/output.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#include <jansson.h>

static const char *doc_text(const tern_mine_writer *w, int64_t doc)
{
    return w->pool->docs[doc];
}

static const tern_hit *negatives_of(const tern_mine_writer *w, int64_t query, int64_t *n)
{
    *n = w->mined->start[query + 1] - w->mined->start[query];
    return w->mined->negative + w->mined->start[query];
}

static json_t *score_json(float score)
{
    return isnan(score) ? json_null() : json_real((double)score);
}

static void put(tern_mine_writer *w, json_t *line)
{
    /* Nine digits give a float back. */
    json_dumpf(line, w->f, JSON_COMPACT | JSON_REAL_PRECISION(9));
    fputc('\n', w->f);
    json_decref(line);
    w->written.lines++;
}

static json_t *pair(const tern_mine_writer *w, int64_t query, int64_t doc)
{
    return json_pack("{s:s, s:s}", "anchor", w->pool->queries[query], "positive", doc_text(w, doc));
}

static void write_tuples(tern_mine_writer *w, int64_t query, const int64_t *docs, const float *scores, int64_t n)
{
    int64_t n_negatives;
    const tern_hit *negatives = negatives_of(w, query, &n_negatives);
    (void)scores;
    for (int64_t i = 0; i < n; i++) {
        json_t *line = pair(w, query, docs[i]);
        for (int64_t k = 0; k < n_negatives; k++) {
            char name[40] = "negative";
            if (k > 0)
                snprintf(name, sizeof name, "negative_%lld", (long long)k);
            json_object_set_new(line, name, json_string(doc_text(w, negatives[k].doc)));
        }
        put(w, line);
    }
}

static void write_triplets(tern_mine_writer *w, int64_t query, const int64_t *docs, const float *scores, int64_t n)
{
    int64_t n_negatives;
    const tern_hit *negatives = negatives_of(w, query, &n_negatives);
    (void)scores;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n_negatives; k++) {
            json_t *line = pair(w, query, docs[i]);
            json_object_set_new(line, "negative", json_string(doc_text(w, negatives[k].doc)));
            put(w, line);
        }
}

static void write_lists(tern_mine_writer *w, int64_t query, const int64_t *docs, const float *scores, int64_t n)
{
    int64_t n_negatives;
    const tern_hit *negatives = negatives_of(w, query, &n_negatives);
    for (int64_t i = 0; i < n; i++) {
        json_t *line = pair(w, query, docs[i]), *texts = json_array(), *numbers = json_array();
        json_array_append_new(numbers, score_json(scores[i]));
        for (int64_t k = 0; k < n_negatives; k++) {
            json_array_append_new(texts, json_string(doc_text(w, negatives[k].doc)));
            json_array_append_new(numbers, score_json(negatives[k].score));
        }
        json_object_set_new(line, "negative", texts);
        json_object_set_new(line, "score", numbers);
        put(w, line);
    }
}

static void write_pairs(tern_mine_writer *w, int64_t query, const int64_t *docs, const float *scores, int64_t n)
{
    int64_t n_negatives;
    const tern_hit *negatives = negatives_of(w, query, &n_negatives);
    (void)scores;
    for (int64_t i = 0; i < n + n_negatives; i++) {
        json_t *line = pair(w, query, i < n ? docs[i] : negatives[i - n].doc);
        json_object_set_new(line, "label", json_integer(i < n));
        put(w, line);
    }
}

/* https://github.com/FlagOpen/FlagEmbedding: query, pos, neg and, for distillation, pos_scores, neg_scores. */
static void write_flag(tern_mine_writer *w, int64_t query, const int64_t *docs, const float *scores, int64_t n)
{
    int64_t n_negatives;
    const tern_hit *negatives = negatives_of(w, query, &n_negatives);
    json_t *pos = json_array(), *neg = json_array(), *pos_scores = json_array(), *neg_scores = json_array();
    for (int64_t i = 0; i < n; i++) {
        json_array_append_new(pos, json_string(doc_text(w, docs[i])));
        json_array_append_new(pos_scores, score_json(scores[i]));
    }
    for (int64_t k = 0; k < n_negatives; k++) {
        json_array_append_new(neg, json_string(doc_text(w, negatives[k].doc)));
        json_array_append_new(neg_scores, score_json(negatives[k].score));
    }
    put(w, json_pack("{s:s, s:o, s:o, s:o, s:o}", "query", w->pool->queries[query], "pos", pos, "neg", neg,
                     "pos_scores", pos_scores, "neg_scores", neg_scores));
}

static const tern_mine_output outputs[] = {
    {"tuples", "anchor, positive, negative, negative_1, ..", 0, 0, write_tuples},
    {"triplets", "anchor, positive, negative; a line a negative", 1, 0, write_triplets},
    {"lists", "anchor, positive, a list of negatives, and one of scores", 0, 1, write_lists},
    {"pairs", "anchor, positive and label: 1, or 0 for a negative", 0, 0, write_pairs},
    {"flag", "FlagEmbedding's query, pos, neg, pos_scores, neg_scores", 0, 1, write_flag},
    {NULL, NULL, 0, 0, NULL},
};

const tern_mine_output *tern_mine_outputs(void)
{
    return outputs;
}

static void write_query(const tern_mine_output *output, tern_mine_writer *w, int64_t q)
{
    const tern_mine_pool *p = w->pool;
    const tern_mined *m = w->mined;
    int64_t from = p->positive_start[q], own = p->positive_start[q + 1] - from;
    int64_t more = m->relabel_start[q + 1] - m->relabel_start[q], n_negatives = m->start[q + 1] - m->start[q];
    if ((w->drop_short && n_negatives < w->wanted) || (output->needs_negative && n_negatives == 0)) {
        w->written.dropped += own + more;
        return;
    }
    int64_t *docs = tern_alloc((size_t)(own + more), sizeof *docs);
    float *scores = tern_alloc((size_t)(own + more), sizeof *scores);
    for (int64_t i = 0; i < own + more; i++) {
        docs[i] = i < own ? p->positive[from + i] : m->relabelled[m->relabel_start[q] + i - own];
        scores[i] = i < own && m->positive_score ? m->positive_score[from + i] : NAN;
    }
    output->query(w, q, docs, scores, own + more);
    w->written.rows += own + more;
    free(scores);
    free(docs);
}

void tern_mine_write(const tern_mine_output *output, tern_mine_writer *writer)
{
    writer->written = (tern_mine_written){0};
    for (int64_t q = 0; q < writer->pool->n_queries; q++)
        write_query(output, writer, q);
}
