#include "train/mine_rows.h"

#include "base/memory.h"
#include "losses/loss.h"
#include "train/check.h"
#include "train/check_data.h"
#include "train/remine.h"
#include "train/stored.h"

#include <string.h>

int tern_mine_rows_each(const tern_recipe *recipe, int source)
{
    int taken = 0;
    for (int j = 0; j < recipe->sources[source].n_losses; j++)
        taken |= (tern_check_roles_used(&recipe->sources[source].losses[j]) & TERN_NEEDS_NEGATIVE) != 0;
    if (!taken || !tern_recipe_given(recipe, "mine"))
        return 0;
    return (int)(recipe->mine.per_row > 0 ? recipe->mine.per_row : recipe->mine.num_negatives);
}

static int check_source(const tern_recipe *recipe, int i, tern_error *error)
{
    const tern_recipe_data *data = &recipe->sources[i].data;
    int given = data->negatives_per_row > 0 || data->negatives.per_row > 0;
    if (!given || tern_mine_rows_each(recipe, i) == 0)
        return 0;
    return tern_fail(error, "%s: negatives are mined, and data.train names others; leave out mine, or %s",
                     tern_check_source_line(recipe, i, data->beir ? "negatives.per_row" : "negatives_per_row"),
                     data->beir ? "data.train.negatives" : "data.train.negatives_per_row");
}

int tern_mine_rows_check(const tern_recipe *recipe, tern_error *error)
{
    const char *line = tern_recipe_line(recipe, "mine");
    int mined = 0;
    if (!tern_recipe_given(recipe, "mine"))
        return recipe->rounds == 1 ? 0
                                   : tern_fail(error,
                                               "%s: each round mines negatives, and there is no section mine; add for "
                                               "example mine: {num_negatives: 4}",
                                               tern_recipe_line(recipe, "rounds"));
    for (int i = 0; i < recipe->n_sources; i++) {
        mined += tern_mine_rows_each(recipe, i) > 0;
        if (check_source(recipe, i, error) < 0)
            return -1;
    }
    if (mined == 0)
        return tern_fail(error, "%s: the loss %s takes no negatives, so there is nothing to mine for; leave out mine",
                         line, recipe->sources[0].losses[0].name);
    if (recipe->mine.per_row > recipe->mine.num_negatives)
        return tern_fail(error, "%s: mine.per_row is %lld, and only %lld negatives are mined (mine.num_negatives)",
                         tern_recipe_line(recipe, "mine.per_row"), (long long)recipe->mine.per_row,
                         (long long)recipe->mine.num_negatives);
    if (mined > 1 && (recipe->mine.corpus || recipe->mine.run))
        return tern_fail(error, "%s: mine.%s is for one data set, and %d are mined for", line,
                         recipe->mine.corpus ? "corpus" : "run", mined);
    if (tern_remine_every(recipe, error) < 0)
        return -1;
    if (recipe->mine.second && recipe->mine.second_does == TERN_OPINION_RELABEL)
        return tern_fail(error,
                         "%s: tern train makes no positives; write the rows with tern mine, look at them, and train on "
                         "that file",
                         tern_recipe_line(recipe, "mine.second_does"));
    return 0;
}

void tern_mine_rows_expect(tern_rows *rows, int each)
{
    free(rows->negative);
    tern_negatives_free(rows->pool);
    rows->negative = NULL;
    rows->pool = NULL;
    rows->n_negatives = each;
}

/* A list a query. */
static void fill_pool(tern_rows *rows, const tern_mine_pool *pool, const tern_mined *mined)
{
    tern_negatives *lists = tern_calloc(1, sizeof *lists);
    size_t n_lists = (size_t)mined->n_queries, n = (size_t)mined->start[mined->n_queries];
    lists->n_lists = mined->n_queries;
    lists->list = tern_alloc((size_t)rows->n, sizeof *lists->list);
    lists->start = tern_alloc(n_lists + 1, sizeof *lists->start);
    lists->text = tern_alloc(n, sizeof *lists->text);
    memcpy(lists->list, pool->query_of_row, (size_t)rows->n * sizeof *lists->list);
    memcpy(lists->start, mined->start, (n_lists + 1) * sizeof *lists->start);
    for (size_t i = 0; i < n; i++)
        lists->text[i] = pool->doc[mined->negative[i].doc];
    rows->pool = lists;
}

/* Rows with fewer than were asked for go. */
static void drop_short(tern_rows *rows, int64_t wanted)
{
    uint8_t *keep = tern_alloc((size_t)rows->n, sizeof *keep);
    for (int64_t i = 0; i < rows->n; i++)
        keep[i] = tern_negatives_of_row(rows->pool, i) >= wanted;
    tern_rows_keep(rows, keep);
    free(keep);
}

static int take(const tern_recipe *recipe, tern_rows *rows, const tern_mine_setup *setup, const tern_mined *mined,
                tern_warnings *warnings, tern_error *error)
{
    int64_t before = rows->n;
    fill_pool(rows, setup->pool, mined);
    if (recipe->mine.short_rows == TERN_SHORT_DROP)
        drop_short(rows, recipe->mine.num_negatives);
    if (rows->n == 0)
        return tern_fail(error, "%s: mine.short_rows: drop leaves no row, since none has %lld negatives",
                         tern_recipe_line(recipe, "mine.short_rows"), (long long)recipe->mine.num_negatives);
    if (rows->n < before)
        tern_warn(warnings, "mine.short_rows: drop leaves out %lld of %lld rows, which have fewer than %lld negatives",
                  (long long)(before - rows->n), (long long)before, (long long)recipe->mine.num_negatives);
    tern_negatives_clean(rows);
    return 0;
}

int tern_mine_rows(const tern_recipe *recipe, int source, tern_rows *rows, tern_model *model,
                   const tern_train_watch *watch, tern_warnings *warnings, json_t **audit, tern_mine_setup **kept,
                   tern_error *error)
{
    tern_mine_setup *setup = tern_mine_setup_open(recipe, source, rows, model, watch, error);
    *audit = NULL;
    if (!setup)
        return -1;
    tern_warnings_add(warnings, &setup->warnings);
    tern_mined *mined = tern_mine_setup_run(setup, -1, audit, error);
    const tern_stored stored = tern_mine_setup_stored(setup);
    if (mined)
        tern_train_say_stored(&stored, watch);
    int status = mined ? take(recipe, rows, setup, mined, warnings, error) : -1;
    if (status < 0) {
        json_decref(*audit);
        *audit = NULL;
    }
    tern_mined_free(mined);
    if (status == 0 && kept)
        *kept = setup;
    else
        tern_mine_setup_free(setup);
    return status;
}
