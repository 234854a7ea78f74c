#include "data/negatives.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "data/rows.h"

#include <stdlib.h>
#include <string.h>

/* What a random number is for; part of its counter. */
enum { NEGATIVES = 0x6e656773 };

void tern_negatives_free(tern_negatives *pool)
{
    if (!pool)
        return;
    free(pool->list);
    free(pool->start);
    free(pool->text);
    free(pool->later);
    free(pool->score);
    free(pool->positive_score);
    free(pool);
}

int64_t tern_negatives_of_row(const tern_negatives *pool, int64_t row)
{
    int64_t list = pool->list[row];
    return pool->start[list + 1] - pool->start[list];
}

const int64_t *tern_negatives_texts(const tern_negatives *pool, int64_t *n)
{
    *n = pool->later ? pool->n_later : pool->start[pool->n_lists];
    return pool->later ? pool->later : pool->text;
}

/* Each list's anchor; -1 for lists of no row. The caller's. */
static int64_t *anchors_of_lists(const tern_rows *rows)
{
    int64_t *anchor = tern_alloc((size_t)rows->pool->n_lists, sizeof *anchor);
    memset(anchor, 0xFF, (size_t)rows->pool->n_lists * sizeof *anchor);
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t list = rows->pool->list[i];
        TERN_CHECK(anchor[list] < 0 || anchor[list] == rows->anchor[i], "list %lld of the anchors %lld and %lld",
                   (long long)list, (long long)anchor[list], (long long)rows->anchor[i]);
        anchor[list] = rows->anchor[i];
    }
    return anchor;
}

/* Lists are closed up in place. seen [texts]: the last list, plus 1, that has the text. */
static void drop_positives(tern_rows *rows, int64_t *seen)
{
    tern_negatives *pool = rows->pool;
    int64_t *anchor = anchors_of_lists(rows), kept = 0, from = 0;
    for (int64_t l = 0; l < pool->n_lists; l++) {
        int64_t end = pool->start[l + 1];
        for (int64_t i = from; i < end; i++) {
            int64_t text = pool->text[i];
            int wrong = anchor[l] >= 0 && (text == anchor[l] || tern_rows_is_relevant(rows, anchor[l], text));
            pool->left_out += wrong;
            if (wrong || seen[text] == l + 1)
                continue;
            seen[text] = l + 1;
            if (pool->score)
                pool->score[kept] = pool->score[i];
            pool->text[kept++] = text;
        }
        from = end;
        pool->start[l + 1] = kept;
    }
    free(anchor);
}

/* known [texts]: 0 for texts that are no anchor so far, 1 for anchors without negatives, 2 for others. */
static void count_short(tern_rows *rows, uint8_t *known)
{
    tern_negatives *pool = rows->pool;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t n = tern_negatives_of_row(pool, i);
        uint8_t *anchor = &known[rows->anchor[i]];
        pool->short_rows += n < rows->n_negatives;
        pool->empty_rows += n == 0;
        *anchor = n > 0 ? 2 : *anchor > 1 ? *anchor : 1;
    }
    for (int64_t t = 0; t < tern_texts_count(rows->texts); t++)
        pool->empty_anchors += known[t] == 1;
}

void tern_negatives_clean(tern_rows *rows)
{
    size_t texts = (size_t)tern_texts_count(rows->texts);
    int64_t *seen = tern_calloc(texts, sizeof *seen);
    uint8_t *known = tern_calloc(texts, 1);
    drop_positives(rows, seen);
    count_short(rows, known);
    free(known);
    free(seen);
}

/* k of the places 0 .. n-1 into place [n], the first k of them: a Fisher-Yates that stops early. */
static void draw_places(int64_t n, int64_t k, uint64_t seed, int64_t *place)
{
    for (int64_t i = 0; i < n; i++)
        place[i] = i;
    for (int64_t i = 0; i < k && n > k; i++) {
        int64_t j = i + (int64_t)tern_random_below((uint64_t)(n - i), seed, (uint64_t)i, 0, 0), swap = place[i];
        place[i] = place[j];
        place[j] = swap;
    }
}

static void draw_row(const tern_rows *rows, int64_t row, uint64_t seed, int64_t *place, tern_rows *drawn)
{
    const tern_negatives *pool = rows->pool;
    int64_t k = rows->n_negatives, from = pool->start[pool->list[row]], n = tern_negatives_of_row(pool, row);
    double *score = drawn->score && pool->score ? drawn->score + row * (1 + k) : NULL;
    draw_places(n, k, seed, place);
    for (int64_t c = 0; c < k; c++)
        drawn->negative[row * k + c] = c < n ? pool->text[from + place[c]] : TERN_NO_TEXT;
    if (!score)
        return;
    score[0] = pool->positive_score[row];
    for (int64_t c = 0; c < k; c++)
        score[1 + c] = c < n ? pool->score[from + place[c]] : 0;
}

tern_rows *tern_rows_draw(const tern_rows *rows, uint64_t seed, int64_t epoch)
{
    const tern_negatives *pool = rows->pool;
    TERN_CHECK(pool && rows->n_negatives > 0, "%d negatives to draw", rows->n_negatives);
    tern_rows *drawn = tern_alloc(1, sizeof *drawn);
    int64_t longest = 0, k = rows->n_negatives;
    *drawn = *rows;
    drawn->negative = tern_alloc((size_t)(rows->n * k), sizeof *drawn->negative);
    if (pool->score)
        drawn->score = tern_alloc((size_t)(rows->n * (1 + k)), sizeof *drawn->score);
    for (int64_t l = 0; l < pool->n_lists; l++)
        longest = tern_max(longest, pool->start[l + 1] - pool->start[l]);
    int64_t *place = tern_alloc((size_t)longest, sizeof *place);
    for (int64_t i = 0; i < rows->n; i++)
        draw_row(rows, i, tern_random(seed, NEGATIVES, (uint64_t)epoch, (uint64_t)i), place, drawn);
    free(place);
    return drawn;
}

void tern_rows_drawn_free(tern_rows *drawn)
{
    if (!drawn)
        return;
    if (drawn->pool->score)
        free(drawn->score);
    free(drawn->negative);
    free(drawn);
}
