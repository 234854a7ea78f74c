/* mining/pool.c, mine.c and miners.c: what is a candidate, whose share it is, and what is never a negative. */
#include "mine_world.h"

#include "search/vectors.h"

#include <math.h>

static int64_t doc_named(const world *w, const char *text)
{
    for (int64_t d = 0; d < w->pool->n_docs; d++)
        if (strcmp(w->pool->docs[d], text) == 0)
            return d;
    return -1;
}

static int has(const tern_mined *mined, int64_t query, int64_t doc)
{
    for (int64_t i = mined->start[query]; i < mined->start[query + 1]; i++)
        if (mined->negative[i].doc == doc)
            return 1;
    return 0;
}

/* A run of n queries with three documents each, apart from one another by so many. */
static void fill_run(tern_mine_run *run, int64_t n, int64_t apart, int64_t n_docs)
{
    for (int64_t q = 0; q < n; q++) {
        run->start[q] = 3 * q;
        for (int64_t k = 0; k < 3; k++)
            run->docs[3 * q + k] = (q + apart * k) % n_docs;
    }
    run->start[n] = 3 * n;
}

START_TEST(a_pool_has_each_text_once_and_knows_what_is_right)
{
    world w;
    open_world(&w,
               "{\"anchor\": \"a\", \"positive\": \"One text.\"}\n"
               "{\"anchor\": \"b\", \"positive\": \"two\"}\n"
               "{\"anchor\": \"a\", \"positive\": \"two\"}\n"
               "{\"anchor\": \"c\", \"positive\": \"outside\"}\n",
               "{\"_id\": \"1\", \"text\": \"One text.\"}\n"
               "{\"_id\": \"2\", \"text\": \"two\"}\n"
               "{\"_id\": \"3\", \"text\": \"one  TEXT\"}\n"
               "{\"_id\": \"9\", \"text\": \"two\"}\n"
               "{\"_id\": \"4\", \"text\": \" \"}\n"
               "{\"_id\": \"5\", \"text\": \"B!\"}\n");
    const tern_mine_pool *p = w.pool;
    ck_assert_int_eq(p->n_queries, 3);
    ck_assert_int_eq(p->n_docs, 5);
    ck_assert_int_eq(p->repeated, 1);
    ck_assert_int_eq(p->blank, 1);
    ck_assert_int_eq(p->outside, 1);
    ck_assert_str_eq(p->doc_id[doc_named(&w, "two")], "9");
    ck_assert_ptr_null(p->doc_id[doc_named(&w, "outside")]);
    /* Ids in descending order, then what has none. */
    ck_assert_int_eq(p->rank[doc_named(&w, "two")], 0);
    ck_assert_int_eq(p->rank[doc_named(&w, "One text.")], 3);
    ck_assert_int_eq(p->rank[doc_named(&w, "outside")], 4);
    ck_assert_int_eq(p->right_start[1] - p->right_start[0], 2);
    ck_assert_int_eq(p->equal_start[1] - p->equal_start[0], 1);
    ck_assert_int_eq(p->equal[p->equal_start[0]], doc_named(&w, "one  TEXT"));
    /* The query's own text. */
    ck_assert_int_eq(p->equal[p->equal_start[1]], doc_named(&w, "B!"));
    ck_assert_int_eq(tern_mine_pool_find(p, "c"), 2);
    ck_assert_int_eq(tern_mine_pool_find(p, "C"), -1);
    close_world(&w);
}
END_TEST

START_TEST(rows_without_positives_are_refused)
{
    tern_error error = {{0}};
    tern_texts *texts = tern_texts_create();
    tern_rows *rows = rows_of("{\"anchor\": \"a\"}\n", texts);
    ck_assert_ptr_null(tern_mine_pool_create(rows, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "have no positive"));
    tern_rows_free(rows);
    tern_texts_free(texts);
}
END_TEST

/* The nearest documents but for the positive, in the order of their cosines. */
START_TEST(dense_negatives_are_the_nearest_documents)
{
    enum { N = 40, TAKEN = 5 };
    world w;
    open_many(&w, N);
    tern_mine_job job = job_of(&w);
    job.filters.num_negatives = TAKEN;
    tern_mined *mined = mine(&job);
    int64_t n_docs = w.pool->n_docs;
    float *docs = tern_alloc_aligned((size_t)n_docs * DIM, sizeof *docs), query[DIM];
    tern_error error = {{0}};
    ck_assert_int_eq(tern_vectors_embed(&w.model, TERN_ROLE_DOCUMENT, w.pool->docs, n_docs, docs, &error), 0);
    for (int64_t q = 0; q < N; q++) {
        ck_assert_int_eq(tern_vectors_embed(&w.model, TERN_ROLE_QUERY, &w.pool->queries[q], 1, query, &error), 0);
        ck_assert_int_eq(mined->start[q + 1] - mined->start[q], TAKEN);
        float worst = mined->negative[mined->start[q + 1] - 1].score;
        int64_t better = 0;
        for (int64_t d = 0; d < n_docs; d++) {
            float score = tern_vectors_dot(query, docs + d * DIM, DIM);
            int right = d == w.pool->right[w.pool->right_start[q]];
            better += !right && (double)score > (double)worst + 1e-6;
            ck_assert(!(right && has(mined, q, d)));
        }
        ck_assert_int_eq(better, TAKEN - 1);
        ck_assert_double_eq_tol(
            (double)mined->positive_score[q],
            (double)tern_vectors_dot(query, docs + w.pool->right[w.pool->right_start[q]] * DIM, DIM), 1e-6);
    }
    free(docs);
    tern_mined_free(mined);
    close_world(&w);
}
END_TEST

START_TEST(miners_give_their_shares_and_fill_up_for_one_another)
{
    world w;
    open_many(&w, 30);
    tern_mine_job job = job_of(&w);
    job.shares[0] = (tern_mine_share){tern_miner_find("random"), 1};
    job.shares[1] = (tern_mine_share){tern_miner_find("dense"), 2};
    job.filters.num_negatives = 6;
    tern_mined *mined = mine(&job);
    ck_assert_int_eq(mined->by_miner[0], 30 * 2);
    ck_assert_int_eq(mined->by_miner[1], 30 * 4);
    for (int64_t q = 0; q < 30; q++)
        for (int64_t i = mined->start[q]; i < mined->start[q + 1]; i++)
            for (int64_t k = mined->start[q]; k < i; k++)
                ck_assert_int_ne(mined->negative[i].doc, mined->negative[k].doc);
    tern_mined_free(mined);
    /* BM25 finds nothing but documents with a word of the query: "question 7" has "7" of "number 7". */
    job.shares[0] = (tern_mine_share){tern_miner_find("bm25"), 1};
    job.shares[1].share = 1;
    mined = mine(&job);
    ck_assert_int_eq(mined->by_miner[0], 30);
    ck_assert_int_eq(mined->by_miner[1], 30 * 5);
    ck_assert_int_eq(mined->few, 0);
    ck_assert_int_eq(mined->fates[TERN_FATE_PICKED], 30 * 6);
    tern_mined_free(mined);
    close_world(&w);
}
END_TEST

START_TEST(every_miner_ranks_without_repeats_and_the_same_each_time)
{
    world w;
    open_many(&w, 20);
    int64_t run_start[21], run_docs[60];
    tern_mine_run run = {run_start, run_docs};
    fill_run(&run, 20, 7, 40);
    for (const tern_miner *m = tern_miners(); m->name; m++) {
        tern_mine_job job = job_of(&w);
        job.run = &run;
        job.shares[0].miner = m;
        job.filters.num_negatives = 4;
        tern_mined *mined = mine(&job), *again = mine(&job);
        int64_t n = mined->start[20];
        ck_assert_int_gt(n, 0);
        ck_assert_mem_eq(mined->start, again->start, 21 * sizeof *mined->start);
        for (int64_t i = 0; i < n; i++)
            ck_assert_int_eq(mined->negative[i].doc, again->negative[i].doc);
        for (int64_t q = 0; q < 20; q++) {
            ck_assert(!has(mined, q, w.pool->right[q]));
            for (int64_t i = mined->start[q] + 1; i < mined->start[q + 1]; i++)
                ck_assert_int_ne(mined->negative[i].doc, mined->negative[i - 1].doc);
        }
        tern_mined_free(again);
        tern_mined_free(mined);
    }
    close_world(&w);
}
END_TEST

/* Sixteen words, one of which is another: 13 of 17 triples are shared, more than a coin's worth of error above 0.5. */
START_TEST(near_duplicates_of_a_positive_are_no_negatives)
{
    world w;
    open_world(&w, "{\"anchor\": \"a\", \"positive\": \"p1 p2 p3 p4 p5 p6 p7 p8 p9 p10 p11 p12 p13 p14 p15 p16\"}\n",
               "{\"_id\": \"1\", \"text\": \"p1 p2 p3 p4 p5 p6 p7 p8 p9 p10 p11 p12 p13 p14 p15 other\"}\n"
               "{\"_id\": \"2\", \"text\": \"p1 p2 p3 quite another text it is that follows behind\"}\n");
    tern_mine_job job = job_of(&w);
    job.near = 0.5;
    tern_mined *mined = mine(&job);
    ck_assert_int_eq(mined->start[1], 1);
    ck_assert_str_eq(w.pool->doc_id[mined->negative[0].doc], "2");
    ck_assert_int_eq(mined->fates[TERN_FATE_NEAR], 1);
    ck_assert_int_eq(mined->few, 1);
    tern_mined_free(mined);
    job.near = 0;
    mined = mine(&job);
    ck_assert_int_eq(mined->start[1], 2);
    tern_mined_free(mined);
    close_world(&w);
}
END_TEST

/* Forty queries with the same hundred candidates: none is a negative of more than the share. */
START_TEST(hubs_are_capped_and_counted)
{
    world w;
    open_many(&w, 60);
    tern_mine_job job = job_of(&w);
    job.filters.num_negatives = 10;
    job.max_share = 0.2;
    tern_mined *mined = mine(&job);
    int64_t uses[120] = {0}, at_cap = 0;
    for (int64_t i = 0; i < mined->start[60]; i++)
        uses[mined->negative[i].doc]++;
    for (int d = 0; d < 120; d++) {
        ck_assert_int_le(uses[d], 12);
        at_cap += uses[d] == 12;
    }
    ck_assert_int_gt(at_cap, 0);
    ck_assert_int_eq(mined->hubs, at_cap);
    ck_assert_int_gt(mined->fates[TERN_FATE_HUB], 0);
    ck_assert_int_eq(mined->start[60], 600);
    tern_mined_free(mined);
    close_world(&w);
}
END_TEST

static float cosine(world *w, const tern_embedder *by, int64_t query, int64_t doc)
{
    float x[DIM], y[DIM];
    tern_error error = {{0}};
    tern_vectors_embed(by, TERN_ROLE_QUERY, &w->pool->queries[query], 1, x, &error);
    tern_vectors_embed(by, TERN_ROLE_DOCUMENT, &w->pool->docs[doc], 1, y, &error);
    return tern_vectors_dot(x, y, DIM);
}

START_TEST(a_second_opinion_drops_counts_or_relabels)
{
    world w;
    open_many(&w, 30);
    tern_mine_job job = job_of(&w);
    job.second = &w.other;
    job.second_does = TERN_SECOND_KEEP;
    tern_mined *mined = mine(&job);
    int64_t votes = 0;
    for (int64_t q = 0; q < 30; q++)
        for (int64_t i = mined->start[q]; i < mined->start[q + 1]; i++)
            votes += cosine(&w, &w.other, q, mined->negative[i].doc) >
                     cosine(&w, &w.other, q, w.pool->right[w.pool->right_start[q]]);
    ck_assert_int_gt(votes, 0);
    ck_assert_int_eq(mined->votes.hits, votes);
    ck_assert_int_eq(mined->votes.of, mined->start[30]);
    ck_assert_int_eq(mined->blind.of, 0); /* one right document each */
    tern_mined_free(mined);
    for (int relabel = 0; relabel < 2; relabel++) {
        job.second_does = relabel ? TERN_SECOND_RELABEL : TERN_SECOND_DROP;
        job.filters.range_max = 20;
        job.filters.relative_margin = 0.05;
        mined = mine(&job);
        for (int64_t q = 0; q < 30; q++) {
            float right = cosine(&w, &w.other, q, w.pool->right[w.pool->right_start[q]]);
            for (int64_t i = mined->start[q]; i < mined->start[q + 1]; i++)
                ck_assert(cosine(&w, &w.other, q, mined->negative[i].doc) <= right + 1e-6f);
            for (int64_t i = mined->relabel_start[q]; i < mined->relabel_start[q + 1]; i++) {
                ck_assert(cosine(&w, &w.other, q, mined->relabelled[i]) > right - 1e-6f);
                ck_assert(!has(mined, q, mined->relabelled[i]));
            }
        }
        ck_assert(relabel == (mined->relabel_start[30] > 0));
        tern_mined_free(mined);
    }
    close_world(&w);
}
END_TEST

START_TEST(without_scores_to_compare_words_and_lots_need_no_model)
{
    world w;
    open_many(&w, 10);
    tern_mine_job job = job_of(&w);
    job.embedder = NULL;
    job.shares[0].miner = tern_miner_find("bm25");
    tern_mined *mined = mine(&job);
    ck_assert_ptr_null(mined->positive_score);
    ck_assert_int_eq(mined->start[10], 10);
    ck_assert(isnan(mined->negative[0].score));
    tern_mined_free(mined);
    close_world(&w);
}
END_TEST

START_TEST(a_stop_ends_it)
{
    world w;
    open_many(&w, 3);
    tern_mine_job job = job_of(&w);
    volatile sig_atomic_t stop = 15;
    tern_error error = {{0}};
    job.stop = &stop;
    ck_assert_ptr_null(tern_mine(&job, &error));
    ck_assert_str_eq(error.message, "interrupted");
    close_world(&w);
}
END_TEST

static volatile sig_atomic_t stop_now;

static int embed_and_stop(void *self, tern_role role, const char *const *texts, int64_t n, float *out,
                          tern_error *error)
{
    stop_now = role == TERN_ROLE_DOCUMENT;
    return embed(self, role, texts, n, out, error);
}

START_TEST(a_stop_is_heard_once_all_is_embedded)
{
    world w;
    tern_error error = {{0}};
    open_many(&w, 20);
    tern_mine_job job = job_of(&w);
    w.model.embed = embed_and_stop;
    job.stop = &stop_now;
    ck_assert_ptr_null(tern_mine(&job, &error));
    ck_assert_str_eq(error.message, "interrupted");
    close_world(&w);
}
END_TEST

/* Every block size gives the same lists, scores and choices, to the bit, whatever miners and filters are in it. */
START_TEST(what_is_mined_does_not_depend_on_the_size_of_a_block)
{
    static const int64_t sizes[] = {0, 1, 7, 64, 119};
    world w;
    open_many(&w, 60);
    int64_t run_start[61], run_docs[180];
    tern_mine_run run = {run_start, run_docs};
    fill_run(&run, 60, 37, 120);
    tern_mine_job job = job_of(&w);
    for (int i = 0; tern_miners()[i].name; i++)
        job.shares[i] = (tern_mine_share){&tern_miners()[i], 1};
    job.run = &run;
    job.second = &w.other;
    job.near = 0.9;
    job.filters.num_negatives = 10;
    job.filters.range_max = 40;
    job.filters.relative_margin = 0.05;
    tern_mined *first = mine(&job);
    ck_assert_int_gt(first->start[60], 300);
    for (size_t i = 1; i < sizeof sizes / sizeof *sizes; i++) {
        job.block_docs = sizes[i];
        tern_mined *other = mine(&job);
        ck_assert_mem_eq(first->start, other->start, 61 * sizeof *first->start);
        ck_assert_mem_eq(first->positive_score, other->positive_score, 60 * sizeof *first->positive_score);
        for (int64_t k = 0; k < first->start[60]; k++) {
            ck_assert_int_eq(first->negative[k].doc, other->negative[k].doc);
            ck_assert_mem_eq(&first->negative[k].score, &other->negative[k].score, sizeof(float));
        }
        for (int fate = 0; fate < TERN_FATES; fate++)
            ck_assert_int_eq(first->fates[fate], other->fates[fate]);
        tern_mined_free(other);
    }
    tern_mined_free(first);
    close_world(&w);
}
END_TEST

/* One query has most documents for positives: its list must be deep, and the others' needn't. */
START_TEST(a_query_with_very_many_positives_gets_its_negatives_too)
{
    enum { MANY = 400 };
    world w;
    tern_buffer rows = {0}, corpus = {0};
    for (int i = 0; i < MANY; i++)
        tern_buffer_printf(&rows, "{\"anchor\": \"greedy\", \"positive\": \"answer %d\"}\n", i);
    tern_buffer_printf(&rows, "%s", "{\"anchor\": \"modest\", \"positive\": \"answer 0\"}\n");
    for (int i = 0; i < 20; i++)
        tern_buffer_printf(&corpus, "{\"_id\": \"x%d\", \"text\": \"something else, number %d\"}\n", i, i);
    open_world(&w, rows.data, corpus.data);
    tern_mine_job job = job_of(&w);
    job.filters.num_negatives = 5;
    job.filters.range_max = 20;
    for (job.block_docs = 0; job.block_docs < 200; job.block_docs += 90) {
        tern_mined *mined = mine(&job);
        ck_assert_int_eq(mined->start[1], 5);
        ck_assert_int_eq(mined->start[2], 10);
        for (int64_t i = 0; i < 5; i++)
            ck_assert_int_eq(strncmp(w.pool->docs[mined->negative[i].doc], "something", 9), 0);
        tern_mined_free(mined);
    }
    close_world(&w);
    tern_buffer_free(&rows);
    tern_buffer_free(&corpus);
}
END_TEST

/* Three positives each: margins are measured from the least, the mean or the greatest of their scores. */
START_TEST(margins_are_measured_from_the_least_the_mean_or_the_greatest)
{
    world w;
    tern_buffer rows = {0}, corpus = {0};
    for (int q = 0; q < 30; q++)
        for (int k = 0; k < 3; k++)
            tern_buffer_printf(&rows, "{\"anchor\": \"question %d\", \"positive\": \"answer %d %d\"}\n", q, q, k);
    for (int d = 0; d < 60; d++)
        tern_buffer_printf(&corpus, "{\"_id\": \"x%d\", \"text\": \"something else, number %d\"}\n", d, d);
    open_world(&w, rows.data, corpus.data);
    tern_mine_job job = job_of(&w);
    job.filters.relative_margin = 0;
    job.filters.num_negatives = 1;
    for (int from = 0; from < 3; from++) {
        job.margin_from = (tern_mine_from)from;
        tern_mined *mined = mine(&job);
        ck_assert_int_gt(mined->start[30], 15);
        for (int64_t q = 0; q < 30; q++) {
            const float *scores = mined->positive_score + w.pool->positive_start[q];
            float least = fminf(fminf(scores[0], scores[1]), scores[2]);
            float greatest = fmaxf(fmaxf(scores[0], scores[1]), scores[2]);
            float mean = (float)(((double)scores[0] + (double)scores[1] + (double)scores[2]) / 3);
            float want = from == 0 ? least : from == 1 ? mean : greatest;
            ck_assert_float_eq(mined->margin_score[q], want);
            if (mined->start[q + 1] == mined->start[q])
                continue;
            /* The best that is no nearer, and nothing between the two. */
            const tern_hit *best = &mined->negative[mined->start[q]];
            ck_assert(best->score <= want);
            for (int64_t d = 0; d < w.pool->n_docs; d++) {
                int right = 0;
                for (int64_t i = w.pool->right_start[q]; i < w.pool->right_start[q + 1]; i++)
                    right |= w.pool->right[i] == d;
                float score = cosine(&w, &w.model, q, d);
                ck_assert(right || d == best->doc || score > want - 1e-6f || score < best->score + 1e-6f);
            }
        }
        tern_mined_free(mined);
    }
    close_world(&w);
    tern_buffer_free(&rows);
    tern_buffer_free(&corpus);
}
END_TEST

START_TEST(too_little_memory_is_said_before_documents_are_embedded)
{
    world w;
    tern_error error = {{0}};
    open_many(&w, 20);
    tern_mine_job job = job_of(&w);
    job.memory = 1 << 20;
    tern_mined_free(mine(&job)); /* as small as makes sense */
    job.strict = 1;
    ck_assert_ptr_null(tern_mine(&job, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "mining these 40 documents for 20 queries takes up to "));
    ck_assert_ptr_nonnull(strstr(error.message, "train.memory is 1 MB; give it more"));
    job.memory = (int64_t)1 << 40;
    tern_mined_free(mine(&job));
    close_world(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mine");
    TCase *tc = tcase_create("mine");
    tcase_add_test(tc, a_pool_has_each_text_once_and_knows_what_is_right);
    tcase_add_test(tc, rows_without_positives_are_refused);
    tcase_add_test(tc, dense_negatives_are_the_nearest_documents);
    tcase_add_test(tc, miners_give_their_shares_and_fill_up_for_one_another);
    tcase_add_test(tc, every_miner_ranks_without_repeats_and_the_same_each_time);
    tcase_add_test(tc, near_duplicates_of_a_positive_are_no_negatives);
    tcase_add_test(tc, hubs_are_capped_and_counted);
    tcase_add_test(tc, a_second_opinion_drops_counts_or_relabels);
    tcase_add_test(tc, without_scores_to_compare_words_and_lots_need_no_model);
    tcase_add_test(tc, a_stop_ends_it);
    tcase_add_test(tc, a_stop_is_heard_once_all_is_embedded);
    tcase_add_test(tc, what_is_mined_does_not_depend_on_the_size_of_a_block);
    tcase_add_test(tc, a_query_with_very_many_positives_gets_its_negatives_too);
    tcase_add_test(tc, margins_are_measured_from_the_least_the_mean_or_the_greatest);
    tcase_add_test(tc, too_little_memory_is_said_before_documents_are_embedded);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
