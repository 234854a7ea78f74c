/* What is taken of the candidates. Filters, near duplicates and the second opinion judge a block of queries at once, on
 * all threads; then the queries take in turn, since what some took counts against hubs. */
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "mining/likeness.h"
#include "mining/mining.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Queries judged together; uses below which no document is a hub; sketches that are kept from block to block, of half a
 * kilobyte each. */
enum { BLOCK = 256, FEW_USES = 10, KEPT_SKETCHES = 1 << 16 };

/* What is known of a query, and what became of its candidates. */
typedef struct judged {
    int64_t query;
    const int64_t *right, *equal; /* ascending */
    int64_t n_right, n_equal, *kept_equal;
    float margin_score, second_margin_score; /* what margins are measured from */
    tern_fate *fates[TERN_MINE_MOST_MINERS];
} judged;

typedef struct chooser {
    const tern_mining *m;
    const tern_mine_job *job;
    const tern_mine_pool *pool;
    int blind;
    tern_mined *out; /* NULL when blind */
    tern_mine_rate rate;
    int64_t wanted, quota[TERN_MINE_MOST_MINERS];
    int64_t *uses, cap; /* [n_docs] */
    tern_hit *picked;   /* [n_queries, wanted] */
    int *by;            /* likewise */
    int64_t *n_picked;  /* [n_queries] */
    int64_t *relabelled, *relabelled_of;
    size_t n_relabelled, relabelled_capacity, of_capacity;
    /* Sketches of documents. */
    int64_t *slot; /* [n_docs] place among them, or -1 */
    int64_t *sketched;
    size_t n_sketched, sketched_capacity;
    uint32_t (*sketches)[TERN_SKETCH];
} chooser;

/* Whole numbers that go by the shares and sum up to n: the largest remainders get what is left over. */
static void share_out(chooser *c, int64_t n)
{
    const tern_mine_share *shares = c->job->shares;
    double sum = 0, rest[TERN_MINE_MOST_MINERS];
    int64_t left = n;
    int n_shares = c->m->n_shares;
    for (int s = 0; s < n_shares; s++)
        sum += shares[s].share;
    for (int s = 0; s < n_shares; s++) {
        double exact = (double)n * shares[s].share / sum;
        c->quota[s] = (int64_t)exact;
        rest[s] = exact - floor(exact);
        left -= c->quota[s];
    }
    for (; left > 0; left--) {
        int most = 0;
        for (int s = 1; s < n_shares; s++)
            most = rest[s] > rest[most] ? s : most;
        c->quota[most]++;
        rest[most] = -1;
    }
}

static void know_all(const chooser *c, judged *j)
{
    const tern_mine_pool *p = c->pool;
    int64_t q = j->query;
    j->right = p->right + p->right_start[q];
    j->n_right = p->right_start[q + 1] - p->right_start[q];
    j->equal = p->equal + p->equal_start[q];
    j->n_equal = p->equal_start[q + 1] - p->equal_start[q];
    j->margin_score = c->m->has_vectors ? c->m->model.margin[q] : NAN;
    j->second_margin_score = c->job->second ? c->m->second.margin[q] : NAN;
}

/* One of the query's positives, by lot, and what equals it or the query: among those that were known to be right too.
 */
static void know_one(const chooser *c, judged *j)
{
    const tern_mine_pool *p = c->pool;
    int64_t q = j->query, n = p->positive_start[q + 1] - p->positive_start[q], kept = 0;
    int64_t place =
        p->positive_start[q] + (int64_t)tern_random_below((uint64_t)n, c->job->filters.seed, (uint64_t)q, 0, 3);
    int64_t known = p->positive[place];
    uint64_t query = tern_words_hash(p->queries[q]), positive = tern_words_hash(p->docs[known]);
    j->kept_equal = tern_alloc((size_t)(j->n_equal + j->n_right), sizeof *j->kept_equal);
    for (int64_t i = 0, k = 0; i < j->n_equal || k < j->n_right;) {
        int64_t doc = k == j->n_right || (i < j->n_equal && j->equal[i] < j->right[k]) ? j->equal[i++] : j->right[k++];
        uint64_t hash = tern_words_hash(p->docs[doc]);
        if (doc != known && (hash == query || hash == positive))
            j->kept_equal[kept++] = doc;
    }
    j->right = &p->positive[place];
    j->n_right = 1;
    j->equal = j->kept_equal;
    j->n_equal = kept;
    j->margin_score = c->m->has_vectors ? c->m->model.positive[place] : NAN;
    j->second_margin_score = c->job->second ? c->m->second.positive[place] : NAN;
}

static tern_mine_query query_of(const chooser *c, const judged *j, int share)
{
    tern_mine_query query = {.positives = j->right,
                             .n_positives = j->n_right,
                             .positive_score = j->margin_score,
                             .key = (uint64_t)j->query,
                             .equals = j->equal,
                             .n_equals = j->n_equal};
    query.hits = tern_mine_list(c->m, share, j->query, &query.n_hits);
    return query;
}

static void judge(const chooser *c, judged *j)
{
    know_all(c, j);
    if (c->blind)
        know_one(c, j);
    for (int s = 0; s < c->m->n_shares; s++) {
        tern_mine_query query = query_of(c, j, s);
        j->fates[s] = tern_alloc((size_t)query.n_hits, sizeof *j->fates[s]);
        tern_mine_judge(&c->job->filters, &query, j->fates[s]);
    }
}

static void want_sketch(chooser *c, int64_t doc)
{
    if (c->slot[doc] >= 0)
        return;
    TERN_GROW(c->sketched, c->n_sketched, c->sketched_capacity);
    c->slot[doc] = (int64_t)c->n_sketched;
    c->sketched[c->n_sketched++] = doc;
}

static void drop_sketches(chooser *c)
{
    for (size_t i = 0; i < c->n_sketched; i++)
        c->slot[c->sketched[i]] = -1;
    c->n_sketched = 0;
}

/* Those that a block of queries asks for, of which some may be there. */
static void make_sketches(chooser *c, const judged *block, int64_t n)
{
    if (c->n_sketched > KEPT_SKETCHES)
        drop_sketches(c);
    size_t had = c->n_sketched;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < block[i].n_right; k++)
            want_sketch(c, block[i].right[k]);
        for (int s = 0; s < c->m->n_shares; s++) {
            int64_t n_hits;
            const tern_hit *hits = tern_mine_list(c->m, s, block[i].query, &n_hits);
            for (int64_t k = 0; k < n_hits; k++)
                if (block[i].fates[s][k] == TERN_FATE_LEFT)
                    want_sketch(c, hits[k].doc);
        }
    }
    c->sketches = tern_realloc(c->sketches, c->n_sketched, sizeof *c->sketches);
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = had; i < c->n_sketched; i++)
        tern_sketch(c->pool->docs[c->sketched[i]], c->sketches[i]);
}

static int is_near(const chooser *c, const judged *j, int64_t doc)
{
    const uint32_t *sketch = c->sketches[c->slot[doc]];
    for (int64_t i = 0; i < j->n_right; i++)
        if (tern_sketch_likeness(sketch, c->sketches[c->slot[j->right[i]]]) >= c->job->near)
            return 1;
    return 0;
}

/* The second opinion takes a share's k-th candidate for a positive. */
static int is_vote(const chooser *c, const judged *j, int share, int64_t k)
{
    const tern_ranking *r = c->m->of[share];
    float score = r->second[r->start[j->query] + k];
    return score > j->second_margin_score - fabsf(j->second_margin_score) * (float)c->job->second_margin;
}

/* What is against those that filters leave. What margins and bounds left out may be a positive: where that counts, the
 * second opinion is asked of it too. */
static void object(const chooser *c, judged *j)
{
    int drops = c->job->second && c->job->second_does != TERN_SECOND_KEEP;
    int relabels = c->job->second && c->job->second_does == TERN_SECOND_RELABEL;
    for (int s = 0; s < c->m->n_shares; s++) {
        int64_t n;
        const tern_hit *hits = tern_mine_list(c->m, s, j->query, &n);
        for (int64_t k = 0; k < n; k++) {
            tern_fate *fate = &j->fates[s][k];
            int asked = relabels && (*fate == TERN_FATE_ABSOLUTE_MARGIN || *fate == TERN_FATE_RELATIVE_MARGIN ||
                                     *fate == TERN_FATE_MAX_SCORE);
            if (*fate == TERN_FATE_LEFT && c->job->near > 0 && is_near(c, j, hits[k].doc))
                *fate = TERN_FATE_NEAR;
            else if ((asked || (*fate == TERN_FATE_LEFT && drops)) && is_vote(c, j, s, k))
                *fate = TERN_FATE_OPINION;
        }
    }
}

static void relabel(chooser *c, const judged *j)
{
    for (int s = 0; s < c->m->n_shares; s++) {
        int64_t n;
        const tern_hit *hits = tern_mine_list(c->m, s, j->query, &n);
        for (int64_t i = 0; i < n; i++) {
            int known = j->fates[s][i] != TERN_FATE_OPINION;
            for (size_t k = c->n_relabelled; !known && k-- > 0 && c->relabelled_of[k] == j->query;)
                known = c->relabelled[k] == hits[i].doc;
            if (known)
                continue;
            TERN_GROW(c->relabelled_of, c->n_relabelled, c->of_capacity);
            c->relabelled_of[c->n_relabelled] = j->query;
            TERN_GROW(c->relabelled, c->n_relabelled, c->relabelled_capacity);
            c->relabelled[c->n_relabelled++] = hits[i].doc;
        }
    }
}

/* Up to n more from one miner's candidates. */
static void take(chooser *c, judged *j, int share, int64_t n)
{
    tern_mine_query query = query_of(c, j, share);
    tern_fate *fates = j->fates[share];
    tern_hit *picked = c->picked + j->query * c->wanted;
    int64_t *places = tern_alloc((size_t)n, sizeof *places), had = c->n_picked[j->query];
    for (int64_t i = 0; i < query.n_hits; i++) {
        if (fates[i] == TERN_FATE_LEFT && c->uses[query.hits[i].doc] >= c->cap)
            fates[i] = TERN_FATE_HUB;
        for (int64_t k = 0; k < had && (fates[i] == TERN_FATE_LEFT || fates[i] == TERN_FATE_HUB); k++)
            if (picked[k].doc == query.hits[i].doc)
                fates[i] = TERN_FATE_TAKEN;
    }
    int64_t taken = tern_mine_choose(&c->job->filters, &query, fates, n, places);
    for (int64_t k = 0; k < taken; k++) {
        picked[had + k] = query.hits[places[k]];
        c->by[j->query * c->wanted + had + k] = share;
        int hub = ++c->uses[picked[had + k].doc] == c->cap;
        if (c->blind)
            continue;
        c->out->hubs += hub;
        c->out->by_miner[share]++;
    }
    c->n_picked[j->query] += taken;
    free(places);
}

/* Choices made blindly that are right by what is known. */
static void open_eyes(chooser *c, const judged *j)
{
    judged all = {.query = j->query};
    int64_t hits = 0, n = c->n_picked[j->query];
    know_all(c, &all);
    for (int64_t k = 0; k < n; k++) {
        int64_t doc = c->picked[j->query * c->wanted + k].doc;
        hits += tern_is_among(all.right, all.n_right, doc) || tern_is_among(all.equal, all.n_equal, doc);
    }
    tern_mine_rate_add(&c->rate, hits, n);
}

/* Negatives that the second opinion takes for positives. */
static void count_votes(chooser *c, const judged *j)
{
    int64_t votes = 0, n = 0;
    for (int s = 0; s < c->m->n_shares; s++) {
        int64_t n_hits;
        tern_mine_list(c->m, s, j->query, &n_hits);
        for (int64_t k = 0; k < n_hits; k++)
            if (j->fates[s][k] == TERN_FATE_PICKED) {
                votes += is_vote(c, j, s, k);
                n++;
            }
    }
    tern_mine_rate_add(&c->out->votes, votes, n);
}

static void tell(chooser *c, const judged *j)
{
    for (int s = 0; s < c->m->n_shares; s++) {
        int64_t n;
        const tern_hit *hits = tern_mine_list(c->m, s, j->query, &n);
        for (int64_t i = 0; i < n; i++)
            c->out->fates[j->fates[s][i]]++;
        if (c->job->see)
            c->job->see(c->job->context,
                        &(tern_mine_view){j->query, c->job->shares[s].miner, hits, j->fates[s], n, j->margin_score});
    }
    if (c->job->second && c->job->second_does == TERN_SECOND_KEEP)
        count_votes(c, j);
}

static void choose(chooser *c, judged *j)
{
    if (!c->blind && c->job->second && c->job->second_does == TERN_SECOND_RELABEL)
        relabel(c, j);
    for (int s = 0; s < c->m->n_shares; s++)
        take(c, j, s, c->quota[s]);
    /* What one miner lacks the others give, in their order. */
    for (int s = 0; s < c->m->n_shares && c->n_picked[j->query] < c->wanted; s++)
        take(c, j, s, c->wanted - c->n_picked[j->query]);
    if (c->blind)
        open_eyes(c, j);
    else
        tell(c, j);
}

static void choose_block(chooser *c, const int64_t *queries, int64_t n)
{
    judged block[BLOCK];
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t i = 0; i < n; i++) {
        block[i] = (judged){.query = queries[i]};
        judge(c, &block[i]);
    }
    if (c->job->near > 0)
        make_sketches(c, block, n);
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t i = 0; i < n; i++)
        object(c, &block[i]);
    for (int64_t i = 0; i < n; i++) {
        choose(c, &block[i]);
        for (int s = 0; s < c->m->n_shares; s++)
            free(block[i].fates[s]);
        free(block[i].kept_equal);
    }
}

static void open_chooser(chooser *c, const tern_mining *m)
{
    int64_t n = m->pool->n_queries, n_docs = m->pool->n_docs;
    c->m = m;
    c->job = m->job;
    c->pool = m->pool;
    c->wanted = m->job->filters.num_negatives;
    c->cap = tern_max((int64_t)(m->job->max_share * (double)n), FEW_USES);
    c->uses = tern_calloc((size_t)n_docs, sizeof *c->uses);
    c->slot = tern_alloc((size_t)n_docs, sizeof *c->slot);
    c->picked = tern_alloc((size_t)(n * c->wanted), sizeof *c->picked);
    c->by = tern_alloc((size_t)(n * c->wanted), sizeof *c->by);
    c->n_picked = tern_calloc((size_t)n, sizeof *c->n_picked);
    memset(c->slot, 0xFF, (size_t)n_docs * sizeof *c->slot);
    share_out(c, c->wanted);
}

static void close_chooser(chooser *c)
{
    free(c->uses);
    free(c->slot);
    free(c->sketched);
    free(c->sketches);
    free(c->picked);
    free(c->by);
    free(c->n_picked);
    free(c->relabelled);
    free(c->relabelled_of);
}

static int choose_for(chooser *c, const int64_t *queries, int64_t n, tern_error *error)
{
    for (int64_t from = 0; from < n; from += BLOCK) {
        if (tern_mine_go_on(c->m, error) < 0)
            return -1;
        choose_block(c, queries + from, tern_min(BLOCK, n - from));
    }
    return 0;
}

/* The picks of each query behind one another. */
static void compact(const chooser *c, tern_mined *out)
{
    int64_t n = c->pool->n_queries, *relabel_at;
    out->n_queries = n;
    out->start = tern_calloc((size_t)n + 1, sizeof *out->start);
    out->relabel_start = tern_calloc((size_t)n + 1, sizeof *out->relabel_start);
    for (int64_t q = 0; q < n; q++)
        out->start[q + 1] = out->start[q] + c->n_picked[q];
    out->negative = tern_alloc((size_t)out->start[n], sizeof *out->negative);
    out->miner = tern_alloc((size_t)out->start[n], sizeof *out->miner);
    for (int64_t q = 0; q < n; q++) {
        memcpy(out->negative + out->start[q], c->picked + q * c->wanted,
               (size_t)c->n_picked[q] * sizeof *out->negative);
        memcpy(out->miner + out->start[q], c->by + q * c->wanted, (size_t)c->n_picked[q] * sizeof *out->miner);
        out->few += c->n_picked[q] < c->wanted;
        out->none += c->n_picked[q] == 0;
    }
    for (size_t k = 0; k < c->n_relabelled; k++)
        out->relabel_start[c->relabelled_of[k] + 1]++;
    for (int64_t q = 0; q < n; q++)
        out->relabel_start[q + 1] += out->relabel_start[q];
    out->relabelled = tern_alloc(c->n_relabelled, sizeof *out->relabelled);
    relabel_at = tern_alloc((size_t)n, sizeof *relabel_at);
    memcpy(relabel_at, out->relabel_start, (size_t)n * sizeof *relabel_at);
    for (size_t k = 0; k < c->n_relabelled; k++)
        out->relabelled[relabel_at[c->relabelled_of[k]]++] = c->relabelled[k];
    free(relabel_at);
}

int tern_mine_choose_all(const tern_mining *m, tern_mined *out, tern_error *error)
{
    int64_t n = m->pool->n_queries, *order = tern_alloc((size_t)n, sizeof *order);
    chooser c = {.out = out};
    open_chooser(&c, m);
    /* By chance, so that a cap on documents falls on none of the queries more than on others. */
    tern_shuffle(order, n, m->job->filters.seed, 0);
    int status = choose_for(&c, order, n, error);
    if (status == 0)
        compact(&c, out);
    close_chooser(&c);
    free(order);
    return status;
}

int tern_mine_choose_blindly(const tern_mining *m, tern_mine_rate *rate, tern_error *error)
{
    const tern_mine_pool *p = m->pool;
    int64_t *queries = tern_alloc((size_t)p->n_queries, sizeof *queries), n = 0;
    chooser c = {.blind = 1};
    for (int64_t q = 0; q < p->n_queries; q++)
        if (p->right_start[q + 1] - p->right_start[q] > 1)
            queries[n++] = q;
    open_chooser(&c, m);
    int status = choose_for(&c, queries, n, error);
    close_chooser(&c);
    free(queries);
    *rate = c.rate;
    return status;
}
