#include "train/check_negatives.h"

#include "base/memory.h"
#include "base/words.h"
#include "losses/loss.h"
#include "train/check.h"
#include "train/check_data.h"
#include "train/mine_rows.h"

#include <stdlib.h>
#include <string.h>

int tern_check_negatives_drawn(const tern_recipe *recipe, int source)
{
    const tern_recipe_data *data = &recipe->sources[source].data;
    int mined = tern_mine_rows_each(recipe, source);
    if (mined > 0)
        return mined;
    return (int)(data->beir ? data->negatives.per_row : data->negatives_per_row);
}

/* The recipe's key of their number. */
static const char *key_of(const tern_recipe_data *data)
{
    return data->beir ? "negatives.per_row" : "negatives_per_row";
}

static const char *line_of(const tern_recipe *recipe, int source)
{
    if (tern_mine_rows_each(recipe, source) > 0)
        return tern_recipe_line(recipe, "mine.num_negatives");
    return tern_check_source_line(recipe, source, key_of(&recipe->sources[source].data));
}

static int takes_negatives(const tern_recipe_loss *given)
{
    return (tern_check_roles_used(given) & TERN_NEEDS_NEGATIVE) != 0;
}

/* 1 for losses that pass by a negative that a row lacks: by the mask, or by its text. */
static int takes_fewer(const tern_recipe_loss *given)
{
    const tern_loss *loss = tern_loss_find(given->name);
    int passes_by =
        loss->in_batch || strcmp(loss->name, "triplet") == 0 || strcmp(loss->name, "global_orthogonal") == 0;
    return !takes_negatives(given) || (passes_by && !given->adaptive_layer);
}

int tern_check_negatives_used(const tern_recipe *recipe, int source, tern_error *error)
{
    const tern_recipe_source *from = &recipe->sources[source];
    if (tern_check_negatives_drawn(recipe, source) == 0)
        return 0;
    for (int j = 0; j < from->n_losses; j++)
        if (takes_negatives(&from->losses[j]))
            return 0;
    return tern_fail(error, "%s: the loss %s takes no negatives; leave out %s, or take another loss",
                     line_of(recipe, source), from->losses[0].name,
                     from->data.beir ? "negatives" : key_of(&from->data));
}

static int fail_short(const tern_recipe *recipe, int source, const tern_recipe_loss *loss, const tern_rows *rows,
                      tern_error *error)
{
    const tern_recipe_data *data = &recipe->sources[source].data;
    int64_t least = rows->n_negatives, n = rows->pool->short_rows;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t own = tern_negatives_of_row(rows->pool, i);
        least = own < least ? own : least;
    }
    char *advice = tern_mine_rows_each(recipe, source) > 0 ? tern_strdup("set mine.short_rows: drop")
                   : least > 0 ? tern_format("set %s to %lld", key_of(data), (long long)least)
                               : tern_strdup("leave these rows out");
    tern_fail(error,
              "%s: the loss %s%s takes the same number of negatives from each row, and %lld of %lld rows of %s "
              "have fewer than %d; %s",
              line_of(recipe, source), loss->name, loss->adaptive_layer ? " with adaptive_layer" : "", (long long)n,
              (long long)rows->n, data->beir ? data->beir : data->file, rows->n_negatives, advice);
    free(advice);
    return -1;
}

int tern_check_negatives(const tern_recipe *recipe, int source, const tern_rows *rows, tern_error *error)
{
    const tern_recipe_source *from = &recipe->sources[source];
    const char *place = from->data.beir ? from->data.beir : from->data.file;
    if (tern_check_negatives_drawn(recipe, source) == 0)
        return 0;
    if (!rows->pool && tern_mine_rows_each(recipe, source) > 0)
        return 0; /* they are mined later */
    if (!rows->pool)
        return tern_fail(error,
                         "%s: %s has no negatives to draw from; name their column with negative, or leave out %s",
                         line_of(recipe, source), place, key_of(&from->data));
    if (rows->pool->empty_rows == rows->n && tern_mine_rows_each(recipe, source) > 0)
        return tern_fail(error,
                         "%s: no row of %s gets a negative; tern mine shows what left the candidates out: loosen "
                         "mine.range_max, mine.relative_margin",
                         line_of(recipe, source), place);
    if (rows->pool->empty_rows == rows->n)
        return tern_fail(error, "%s: no row of %s has a negative to draw from%s", line_of(recipe, source), place,
                         rows->pool->left_out ? "; those it has are relevant to their anchors" : "");
    for (int j = 0; j < from->n_losses && rows->pool->short_rows > 0; j++)
        if (!takes_fewer(&from->losses[j]))
            return fail_short(recipe, source, &from->losses[j], rows, error);
    return 0;
}

/* "FOLDER/qrels/train.tsv", or the file. A new string. */
static char *name_of(const tern_recipe_data *data)
{
    return data->beir ? tern_format("%s/qrels/%s.tsv", data->beir, data->split) : tern_strdup(data->file);
}

static char *describe_short(const tern_recipe *recipe, int source, const tern_rows *rows)
{
    const tern_recipe_data *data = &recipe->sources[source].data;
    const tern_negatives *pool = rows->pool;
    tern_buffer text = {0};
    char *name = name_of(data);
    tern_buffer_printf(&text, "%s: %lld of %lld row%s %s fewer than %d negative%s, and use%s as many as there are",
                       name, (long long)pool->short_rows, (long long)rows->n, tern_s(rows->n),
                       pool->short_rows == 1 ? "has" : "have", rows->n_negatives, tern_s(rows->n_negatives),
                       pool->short_rows == 1 ? "s" : "");
    if (pool->empty_rows > 0)
        tern_buffer_printf(&text, "; %lld of them %s none", (long long)pool->empty_rows,
                           pool->empty_rows == 1 ? "has" : "have");
    if (pool->empty_anchors > 0 && data->beir && tern_mine_rows_each(recipe, source) == 0)
        tern_buffer_printf(&text, ", since %lld quer%s %s no document judged <=%lld", (long long)pool->empty_anchors,
                           tern_ies(pool->empty_anchors), pool->empty_anchors == 1 ? "has" : "have",
                           (long long)data->negatives.judged);
    free(name);
    return text.data;
}

void tern_check_say_negatives(const tern_recipe *recipe, int source, const tern_rows *rows,
                              void (*say)(void *context, const char *sentence), void *context)
{
    const tern_recipe_data *data = &recipe->sources[source].data;
    const tern_negatives *pool = rows->pool;
    if (pool && pool->short_rows > 0) {
        char *text = describe_short(recipe, source, rows);
        say(context, text);
        free(text);
    }
    if (pool && pool->left_out > 0) {
        char *name = name_of(data);
        char *text =
            tern_format("%s: %lld negative%s %s left out, %s the text of a document that is relevant to the %s, or "
                        "the %s's own",
                        name, (long long)pool->left_out, tern_s(pool->left_out), tern_is(pool->left_out),
                        pool->left_out == 1 ? "being" : "each being", data->beir ? "query" : "anchor",
                        data->beir ? "query" : "anchor");
        say(context, text);
        free(text);
        free(name);
    }
}
