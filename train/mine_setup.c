#include "train/mine_setup.h"

#include "base/memory.h"
#include "base/nearest.h"
#include "base/words.h"
#include "eval/trec_run.h"
#include "mining/audit.h"
#include "train/reading.h"

#include <string.h>

static int set_miner(tern_mine_setup *n, const tern_recipe *recipe, int place, const char *name, double share,
                     tern_error *error)
{
    const char *names[TERN_MINE_MOST_MINERS];
    size_t n_names = 0;
    tern_buffer all = {0};
    int words = tern_bm25_named(name, &n->job.bm25, error); /* "bm25:stemmer=none" too */
    if (words < 0)
        return tern_fail_within(error, "%s", tern_recipe_line(recipe, "mine.miners"));
    if (n->job.bm25.index[0])
        return tern_fail(error, "%s: index= is for tern eval and tern search; a recipe's BM25 is made anew",
                         tern_recipe_line(recipe, "mine.miners"));
    const tern_miner *miner = tern_miner_find(words ? "bm25" : name);
    for (const tern_miner *m = tern_miners(); m->name; m++) {
        tern_buffer_printf(&all, "%s%s", n_names ? ", " : "", m->name);
        names[n_names++] = m->name;
    }
    for (int i = 0; miner && i < place; i++)
        if (n->job.shares[i].miner == miner)
            return tern_buffer_free(&all), tern_fail(error, "%s: the miner %s stands there twice; keep one of the two",
                                                     tern_recipe_line(recipe, "mine.miners"), miner->name);
    const char *near = miner ? NULL : tern_nearest(name, names, n_names),
               *line = tern_recipe_line(recipe, "mine.miners");
    n->job.shares[place] = (tern_mine_share){miner, share};
    if (near)
        tern_fail(error, "%s: there is no miner \"%.60s\"; did you mean %s?", line, name, near);
    else if (!miner)
        tern_fail(error, "%s: there is no miner \"%.60s\"; there are %s", line, name, all.data);
    tern_buffer_free(&all);
    return miner ? 0 : -1;
}

static int uses(const tern_mine_setup *n, const char *miner)
{
    for (int s = 0; n->job.shares[s].miner; s++)
        if (strcmp(n->job.shares[s].miner->name, miner) == 0)
            return 1;
    return 0;
}

static int set_miners(tern_mine_setup *n, const tern_recipe *recipe, tern_error *error)
{
    const tern_recipe_rates *miners = &recipe->mine.miners;
    if (miners->n > TERN_MINE_MOST_MINERS)
        return tern_fail(error, "%s: mine.miners has %d miners, and takes %d at most",
                         tern_recipe_line(recipe, "mine.miners"), miners->n, TERN_MINE_MOST_MINERS);
    n->job.bm25 = (tern_bm25_options)TERN_BM25_DEFAULTS;
    for (int i = 0; i < miners->n; i++)
        if (set_miner(n, recipe, i, miners->names[i], miners->items[i], error) < 0)
            return -1;
    if (miners->n == 0)
        n->job.shares[0] = (tern_mine_share){tern_miner_find("dense"), 1};
    if (uses(n, "run") && !recipe->mine.run)
        return tern_fail(error, "%s: the miner run reads a TREC run; add mine: {run: FILE}",
                         tern_recipe_line(recipe, "mine.miners"));
    if (recipe->mine.run && !uses(n, "run"))
        return tern_fail(error, "%s: mine.run is for the miner run, which mine.miners doesn't have",
                         tern_recipe_line(recipe, "mine.run"));
    if ((uses(n, "bm25") || uses(n, "fusion")) && tern_analyzer_check(&n->job.bm25.terms, error) < 0)
        return tern_fail_within(error, "%s", tern_recipe_line(recipe, "mine.miners"));
    return 0;
}

static int check_ranks(const tern_recipe *recipe, tern_error *error)
{
    int64_t from = recipe->mine.range_min, to = recipe->mine.range_max;
    const char *line = tern_recipe_line(recipe, from > 0 ? "mine.range_min" : "mine.range_max");
    if (from >= to)
        return tern_fail(error, "%s: mine.range_min is %lld and mine.range_max %lld, which leaves no rank", line,
                         (long long)from, (long long)to);
    if (recipe->mine.num_negatives > to - from)
        return tern_fail(error,
                         "%s: %lld negatives can't be taken from the %lld rank%s that mine.range_min and "
                         "mine.range_max leave",
                         line, (long long)recipe->mine.num_negatives, (long long)(to - from), tern_s(to - from));
    return 0;
}

/* Keys that would do nothing, or leave nothing. */
static int check_keys(const tern_recipe *recipe, tern_error *error)
{
    static const char *const of_second[] = {"mine.second_does", "mine.second_margin"};
    for (size_t i = 0; i < 2 && !recipe->mine.second; i++)
        if (tern_recipe_given(recipe, of_second[i]))
            return tern_fail(error, "%s: %s is for a second opinion, and mine.second names none",
                             tern_recipe_line(recipe, of_second[i]), of_second[i]);
    if (recipe->mine.min_score > recipe->mine.max_score)
        return tern_fail(error, "%s: mine.min_score is %g and mine.max_score %g, which leaves no score",
                         tern_recipe_line(recipe, "mine.min_score"), recipe->mine.min_score, recipe->mine.max_score);
    return check_ranks(recipe, error);
}

static int fail_scratch(const tern_recipe *recipe, const char *otherwise, tern_error *error)
{
    return tern_fail(error, "%s: a model from scratch knows nothing of what is near; name one with mine.model%s",
                     tern_recipe_line(recipe, "mine"), otherwise);
}

/* Random weights rank and filter by chance; mined anew while they learn, they need not. */
static int check_scratch(const tern_mine_setup *n, const tern_recipe *recipe, tern_error *error)
{
    if (recipe->model || recipe->mine.model || recipe->mine.every || !tern_mine_uses_vectors(&n->job))
        return 0;
    return fail_scratch(recipe, ", or mine anew while it learns: mine.every", error);
}

static void set_options(tern_mine_setup *n, const tern_recipe *recipe)
{
    n->job.filters = (tern_mine_options){
        .range_min = recipe->mine.range_min,
        .range_max = recipe->mine.range_max,
        .max_score = recipe->mine.max_score,
        .min_score = recipe->mine.min_score,
        .absolute_margin = recipe->mine.absolute_margin,
        .relative_margin = recipe->mine.relative_margin,
        .num_negatives = recipe->mine.num_negatives,
        .random = recipe->mine.sampling == TERN_SAMPLING_RANDOM,
        .seed = (uint64_t)recipe->mine.seed,
    };
    n->job.near = recipe->mine.near_duplicates;
    n->job.max_share = recipe->mine.max_share;
    n->job.memory = recipe->train.memory;
    n->job.margin_from = (tern_mine_from)recipe->mine.margin_from;
    n->job.second_does = (tern_mine_second)recipe->mine.second_does;
    n->job.second_margin = recipe->mine.second_margin;
}

/* Positives, and the folder's or the given corpus, which is *kept's. */
static int make_pool(tern_mine_setup *n, const tern_recipe *recipe, int i, const tern_rows *rows, tern_beir **kept,
                     tern_error *error)
{
    const tern_recipe_data *data = &recipe->sources[i].data;
    const char *given = recipe->mine.corpus;
    tern_beir *corpus = NULL;
    if (data->beir && given)
        return tern_fail(error, "%s: mine.corpus is for data.train.file; %s has a corpus of its own",
                         tern_recipe_line(recipe, "mine.corpus"), data->beir);
    if (data->beir)
        corpus = tern_beir_read(data->beir, data->split, recipe->data.invalid_utf8_replace, error);
    else if (given)
        corpus = tern_beir_read_corpus(given, recipe->data.invalid_utf8_replace, error);
    if (!corpus && (data->beir || given))
        return tern_fail_within(error, "%s", tern_recipe_line(recipe, given ? "mine.corpus" : "data.train"));
    n->pool = tern_mine_pool_create(rows, corpus, error);
    *kept = corpus;
    if (!n->pool)
        return tern_fail_within(error, "%s", tern_recipe_line(recipe, "data.train"));
    if (n->pool->outside > 0 && given)
        tern_warn(&n->warnings, "%lld positive%s %s not in %s; %s among the candidates all the same",
                  (long long)n->pool->outside, tern_s(n->pool->outside), tern_is(n->pool->outside), given,
                  n->pool->outside == 1 ? "it is" : "they are");
    return 0;
}

/* Which of a pool's documents, or queries, an id means: ids whose texts are equal mean one. */
typedef struct places {
    tern_texts *ids;
    int64_t *place; /* by number of the id */
} places;

/* of [n_pool]: the text of each of the pool's; ids and texts [n]. */
static places open_places(const tern_mine_pool *p, const int64_t *of, int64_t n_pool, char *const *ids,
                          char *const *texts, int64_t n)
{
    places l = {tern_texts_create(), tern_alloc((size_t)n, sizeof *l.place)};
    int64_t n_texts = tern_texts_count(p->texts), *place_of_text = tern_alloc((size_t)n_texts, sizeof *place_of_text);
    memset(place_of_text, 0xFF, (size_t)n_texts * sizeof *place_of_text);
    for (int64_t i = 0; i < n_pool; i++)
        place_of_text[of[i]] = i;
    for (int64_t i = 0; i < n; i++) {
        int64_t text = tern_texts_find(p->texts, texts[i], strlen(texts[i]));
        l.place[tern_texts_add(l.ids, ids[i], strlen(ids[i]))] = text < 0 ? -1 : place_of_text[text];
    }
    free(place_of_text);
    return l;
}

static void close_places(places *l)
{
    tern_texts_free(l->ids);
    free(l->place);
}

static int64_t find_place(const places *l, const char *id)
{
    int64_t found = tern_texts_find(l->ids, id, strlen(id));
    return found < 0 ? -1 : l->place[found];
}

/* A run's queries by the pool's: which of the run's it is, the first of those with its text, or -1. */
static int64_t *find_queries(const tern_mine_pool *p, const tern_trec_run *run, const tern_beir *corpus)
{
    int64_t *of = tern_alloc((size_t)p->n_queries, sizeof *of);
    places queries = open_places(p, p->query, p->n_queries, corpus->query_ids, corpus->query_texts, corpus->n_queries);
    memset(of, 0xFF, (size_t)p->n_queries * sizeof *of);
    for (int64_t q = 0; q < run->n_queries; q++) {
        int64_t query = find_place(&queries, tern_trec_run_query(run, q));
        if (query >= 0 && of[query] < 0)
            of[query] = q;
    }
    close_places(&queries);
    return of;
}

/* Documents that aren't there are counted; of those with one text the first counts. */
static void take_run(tern_mine_setup *n, const tern_trec_run *run, const tern_beir *corpus, int64_t *unknown,
                     int64_t *known)
{
    const tern_mine_pool *p = n->pool;
    int64_t *of = find_queries(p, run, corpus), *taken_by = tern_alloc((size_t)p->n_docs, sizeof *taken_by);
    places docs = open_places(p, p->doc, p->n_docs, corpus->doc_ids, corpus->doc_texts, corpus->n_docs);
    size_t n_docs = 0, capacity = 0;
    memset(taken_by, 0xFF, (size_t)p->n_docs * sizeof *taken_by);
    n->run.start = tern_calloc((size_t)p->n_queries + 1, sizeof *n->run.start);
    for (int64_t q = 0; q < p->n_queries; q++) {
        for (int64_t k = of[q] < 0 ? 0 : run->start[of[q]]; of[q] >= 0 && k < run->start[of[q] + 1]; k++) {
            int64_t doc = find_place(&docs, tern_trec_run_doc(run, k));
            *unknown += doc < 0;
            if (doc < 0 || taken_by[doc] == q)
                continue;
            TERN_GROW(n->run.docs, n_docs, capacity);
            n->run.docs[n_docs++] = doc;
            taken_by[doc] = q;
        }
        *known += of[q] >= 0;
        n->run.start[q + 1] = (int64_t)n_docs;
    }
    close_places(&docs);
    free(taken_by);
    free(of);
}

static int read_run(tern_mine_setup *n, const tern_recipe *recipe, const tern_beir *corpus, tern_error *error)
{
    const char *path = recipe->mine.run, *line = tern_recipe_line(recipe, "mine.run");
    int64_t unknown = 0, known = 0;
    if (!path)
        return 0;
    if (!corpus || corpus->n_queries == 0)
        return tern_fail(error,
                         "%s: a run names documents by their ids, which data.train.file has none of; give "
                         "data.train.beir",
                         line);
    tern_trec_run *run = tern_trec_run_read(path, recipe->data.invalid_utf8_replace, error);
    if (!run)
        return tern_fail_within(error, "%s", line);
    take_run(n, run, corpus, &unknown, &known);
    tern_trec_run_free(run);
    if (known == 0)
        return tern_fail(error, "%s: %s has none of the %lld training queries; are the ids written alike?", line, path,
                         (long long)n->pool->n_queries);
    if (n->run.start[n->pool->n_queries] == 0)
        return tern_fail(error, "%s: none of the documents that %s names is in the corpus; are the ids written alike?",
                         line, path);
    if (known < n->pool->n_queries)
        tern_warn(&n->warnings, "%s lacks %lld of %lld training queries", path, (long long)(n->pool->n_queries - known),
                  (long long)n->pool->n_queries);
    if (unknown > 0)
        tern_warn(&n->warnings, "%s names %lld document%s that %s not in the corpus, or without text", path,
                  (long long)unknown, tern_s(unknown), tern_is(unknown));
    n->job.run = &n->run;
    return 0;
}

static int open_models(tern_mine_setup *n, const tern_recipe *recipe, tern_model *model, const tern_train_watch *watch,
                       tern_error *error)
{
    const char *name = recipe->mine.model ? recipe->mine.model : recipe->model;
    const char *key = recipe->mine.model ? "mine.model" : "model";
    if (recipe->mine.model || !model) {
        if (!name)
            return fail_scratch(recipe, "", error);
        n->own = tern_model_open(name, error);
        if (!n->own)
            return tern_fail_within(error, "%s", tern_recipe_line(recipe, key));
        tern_warnings_add(&n->warnings, &n->own->warnings);
    }
    if (n->own && !recipe->mine.model) {
        tern_reading readings[TERN_READINGS];
        tern_readings_make(readings, recipe, n->own);
        tern_reading_set(&readings[TERN_READING_EXPORTED], n->own);
        tern_readings_free(readings);
    }
    int64_t texts = n->pool->n_docs + n->pool->n_queries;
    n->shown = (tern_watched){watch, "encoding for the miner"};
    n->source = tern_watched_source(&n->shown, n->own ? n->own : model, texts);
    n->stored.source = &n->source;
    n->embedder = tern_stored_embedder(&n->stored);
    n->job.embedder = &n->embedder;
    if (!recipe->mine.second)
        return 0;
    n->second = tern_model_open(recipe->mine.second, error);
    if (!n->second)
        return tern_fail_within(error, "%s", tern_recipe_line(recipe, "mine.second"));
    tern_warnings_add(&n->warnings, &n->second->warnings);
    n->second_shown = (tern_watched){watch, "encoding for the second opinion"};
    n->second_source = tern_watched_source(&n->second_shown, n->second, texts);
    n->second_stored.source = &n->second_source;
    n->second_embedder = tern_stored_embedder(&n->second_stored);
    n->job.second = &n->second_embedder;
    return 0;
}

tern_mine_setup *tern_mine_setup_open(const tern_recipe *recipe, int i, const tern_rows *rows, tern_model *model,
                                      const tern_train_watch *watch, tern_error *error)
{
    tern_mine_setup *n = tern_calloc(1, sizeof *n);
    tern_beir *corpus = NULL;
    n->job.stop = watch->stop;
    set_options(n, recipe);
    int ready = check_keys(recipe, error) == 0 && set_miners(n, recipe, error) == 0 &&
                check_scratch(n, recipe, error) == 0 && make_pool(n, recipe, i, rows, &corpus, error) == 0 &&
                read_run(n, recipe, corpus, error) == 0;
    tern_beir_free(corpus);
    if (ready && open_models(n, recipe, model, watch, error) == 0) {
        n->job.pool = n->pool;
        return n;
    }
    tern_mine_setup_free(n);
    return NULL;
}

/* A run's progress begins at 0 of all its texts, whatever the store took off the total of the one before. */
static void begin_run(tern_mine_setup *n)
{
    n->source.done = n->second_source.done = 0;
    n->source.total = n->second_source.total = n->pool->n_docs + n->pool->n_queries;
    n->stored.off = n->again && !n->own;
    n->again = 1;
}

tern_mined *tern_mine_setup_run(tern_mine_setup *setup, int64_t explain, json_t **audit, tern_error *error)
{
    tern_mine_audit *notes = tern_mine_audit_open(&setup->job, explain);
    begin_run(setup);
    tern_mined *mined = tern_mine(&setup->job, error);
    if (mined)
        tern_model_source_finish(&setup->source);
    *audit = mined ? tern_mine_audit_json(notes, mined) : NULL;
    tern_mine_audit_close(notes);
    return mined;
}

tern_stored tern_mine_setup_stored(const tern_mine_setup *setup)
{
    const tern_stored *a = &setup->stored, *b = &setup->second_stored;
    return (tern_stored){.found = a->found + b->found,
                         .encoded = a->encoded + b->encoded,
                         .began = a->began | b->began,
                         .lost = a->lost.message[0] ? a->lost : b->lost};
}

void tern_mine_setup_free(tern_mine_setup *setup)
{
    if (!setup)
        return;
    tern_stored_close(&setup->stored);
    tern_stored_close(&setup->second_stored);
    tern_mine_pool_free(setup->pool);
    tern_model_free(setup->own);
    tern_model_free(setup->second);
    tern_warnings_free(&setup->warnings);
    free(setup->run.start);
    free(setup->run.docs);
    free(setup);
}
