/* Which candidates of a batch are no negatives. */
#include "data/sampler.h"

#include "base/memory.h"

#include <string.h>

/* A candidate's text and its place in a line of the mask. */
typedef struct candidate {
    int64_t text, place;
} candidate;

static int by_text(const void *left, const void *right)
{
    const candidate *a = left, *b = right;
    if (a->text != b->text)
        return a->text < b->text ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* SimCSE: an anchor is its own positive. */
static int64_t positive_of(const tern_rows *rows, int64_t row)
{
    return rows->positive ? rows->positive[row] : rows->anchor[row];
}

static candidate *sorted_candidates(const tern_rows *rows, const int64_t *batch, int64_t n, int64_t width)
{
    candidate *list = tern_alloc((size_t)width, sizeof *list);
    for (int64_t i = 0; i < n; i++)
        list[i] = (candidate){positive_of(rows, batch[i]), i};
    for (int64_t j = n; j < width; j++) {
        int64_t row = batch[(j - n) / rows->n_negatives], c = (j - n) % rows->n_negatives;
        list[j] = (candidate){rows->negative[row * rows->n_negatives + c], j};
    }
    if (width)
        qsort(list, (size_t)width, sizeof *list, by_text);
    return list;
}

/* Marks the candidates of one text. */
static void mark(const candidate *list, int64_t width, int64_t text, uint8_t *line)
{
    int64_t from = 0, to = width;
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (list[middle].text < text)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < width && list[from].text == text; from++)
        line[list[from].place] = 1;
}

void tern_rows_mask(const tern_rows *rows, const int64_t *batch, int64_t n, int judged, uint8_t *masked)
{
    int64_t width = n + n * rows->n_negatives;
    candidate *list = sorted_candidates(rows, batch, n, width);
    memset(masked, 0, (size_t)(n * width));
    for (int64_t i = 0; i < n; i++) {
        int64_t anchor = rows->anchor[batch[i]];
        uint8_t *line = masked + i * width;
        mark(list, width, positive_of(rows, batch[i]), line);
        int known = judged && anchor < rows->n_anchors_known;
        int64_t from = known ? rows->relevant_start[anchor] : 0, to = known ? rows->relevant_start[anchor + 1] : 0;
        for (int64_t r = from; r < to; r++)
            mark(list, width, rows->relevant[r], line);
        line[i] = 0;
    }
    free(list);
}
