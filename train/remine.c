#include "train/remine.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct tern_remine {
    tern_mine_setup *setup;
    tern_rows *rows;
    int64_t every, wanted, *lists, n; /* lists [n], n = n_lists * wanted */
};

/* "1 epoch", "2 epochs", "2". */
static int64_t epochs_of(const char *text)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    if (end == text || n < 1 || n > 1000000)
        return -1;
    end += strspn(end, " ");
    return *end == 0 || strcmp(end, "epoch") == 0 || strcmp(end, "epochs") == 0 ? n : -1;
}

int64_t tern_remine_every(const tern_recipe *recipe, tern_error *error)
{
    const char *given = recipe->mine.every, *line = tern_recipe_line(recipe, "mine.every");
    if (!given)
        return 0;
    int64_t every = epochs_of(given);
    if (every < 0)
        return tern_fail(error, "%s: mine.every is \"%.40s\", and counts epochs: write 1 epoch, 2 epochs", line, given);
    if (recipe->n_sources > 1)
        return tern_fail(error, "%s: mine.every is for a recipe with one data set, and data.train has %d", line,
                         recipe->n_sources);
    if (recipe->mine.model)
        return tern_fail(error,
                         "%s: mine.every mines with the model that is trained, and mine.model names another; leave "
                         "out one of them",
                         line);
    if (recipe->mine.short_rows == TERN_SHORT_DROP)
        return tern_fail(error,
                         "%s: with mine.every rows stay in the run whatever is mined for them; leave out "
                         "mine.short_rows: drop",
                         line);
    return every;
}

/* The pool's lists into the flat array. */
static void flatten(tern_remine *r)
{
    const tern_negatives *pool = r->rows->pool;
    memset(r->lists, 0xFF, (size_t)r->n * sizeof *r->lists);
    for (int64_t l = 0; l < pool->n_lists; l++)
        memcpy(r->lists + l * r->wanted, pool->text + pool->start[l],
               (size_t)(pool->start[l + 1] - pool->start[l]) * sizeof *r->lists);
}

void tern_remine_restored(tern_remine *remine)
{
    tern_negatives *pool = remine->rows->pool;
    int64_t n = 0;
    pool->text = tern_realloc(pool->text, (size_t)remine->n, sizeof *pool->text);
    for (int64_t l = 0; l < pool->n_lists; l++) {
        pool->start[l] = n;
        for (int64_t k = 0; k < remine->wanted && remine->lists[l * remine->wanted + k] != TERN_NO_TEXT; k++)
            pool->text[n++] = remine->lists[l * remine->wanted + k];
    }
    pool->start[pool->n_lists] = n;
}

tern_remine *tern_remine_create(const tern_recipe *recipe, tern_mine_setup *setup, tern_rows *rows)
{
    tern_remine *r = tern_alloc(1, sizeof *r);
    tern_negatives *pool = rows->pool;
    size_t n_docs = (size_t)setup->pool->n_docs;
    *r = (tern_remine){
        .setup = setup, .rows = rows, .every = tern_remine_every(recipe, NULL), .wanted = recipe->mine.num_negatives};
    r->n = pool->n_lists * r->wanted;
    r->lists = tern_alloc((size_t)r->n, sizeof *r->lists);
    flatten(r);
    pool->n_later = setup->pool->n_docs;
    pool->later = tern_alloc(n_docs, sizeof *pool->later);
    memcpy(pool->later, setup->pool->doc, n_docs * sizeof *pool->later);
    return r;
}

void tern_remine_free(tern_remine *remine)
{
    if (!remine)
        return;
    tern_mine_setup_free(remine->setup);
    free(remine->lists);
    free(remine);
}

int tern_remine_due(const tern_remine *remine, int64_t epoch)
{
    return epoch > 0 && epoch % remine->every == 0;
}

int64_t *tern_remine_lists(tern_remine *remine, int64_t *n)
{
    *n = remine->n;
    return remine->lists;
}

int tern_remine_run(tern_remine *remine, json_t **audit, tern_error *error)
{
    tern_mine_setup *setup = remine->setup;
    tern_mined *mined = tern_mine_setup_run(setup, -1, audit, error);
    if (mined) {
        memset(remine->lists, 0xFF, (size_t)remine->n * sizeof *remine->lists);
        for (int64_t q = 0; q < mined->n_queries; q++)
            for (int64_t i = mined->start[q]; i < mined->start[q + 1]; i++)
                remine->lists[q * remine->wanted + i - mined->start[q]] = setup->pool->doc[mined->negative[i].doc];
        tern_remine_restored(remine);
    }
    tern_mined_free(mined);
    return mined ? 0 : -1;
}
