/* Which candidates of a batch are no negatives, and which count already. */
#include "data/deal.h"

#include "base/memory.h"
#include "base/pair_mask.h"

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

static candidate *sorted_candidates(const tern_rows *rows, const int64_t *batch, int64_t n, int64_t width)
{
    candidate *list = tern_alloc((size_t)width, sizeof *list);
    for (int64_t i = 0; i < n; i++)
        list[i] = (candidate){tern_row_candidate(rows, batch[i], 0), i};
    for (int64_t j = n; j < width; j++) {
        int64_t row = batch[(j - n) / rows->n_negatives], c = (j - n) % rows->n_negatives;
        list[j] = (candidate){tern_row_candidate(rows, row, (int)c + 1), j};
    }
    if (width)
        qsort(list, (size_t)width, sizeof *list, by_text);
    return list;
}

static candidate *sorted_anchors(const tern_rows *rows, const int64_t *batch, int64_t n)
{
    candidate *list = tern_alloc((size_t)n, sizeof *list);
    for (int64_t i = 0; i < n; i++)
        list[i] = (candidate){rows->anchor[batch[i]], i};
    if (n)
        qsort(list, (size_t)n, sizeof *list, by_text);
    return list;
}

/* The first entry of a text, or of the next greater one. */
static int64_t find(const candidate *list, int64_t n, int64_t text)
{
    int64_t from = 0, to = n;
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (list[middle].text < text)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Marks the entries of one text. */
static void mark(const candidate *list, int64_t n, int64_t text, uint8_t bit, uint8_t *line)
{
    for (int64_t from = find(list, n, text); from < n && list[from].text == text; from++)
        line[list[from].place] |= bit;
}

/* Of candidates of one text the first counts for most anchors. */
static void mark_repeated(const candidate *list, int64_t width, uint8_t *line)
{
    memset(line, 0, (size_t)width);
    for (int64_t j = 1; j < width; j++)
        if (list[j].text == list[j - 1].text)
            line[list[j].place] = TERN_PAIR_REPEATED;
}

/* For a row's own anchor its own negative counts, in place of another row's of the same text: hardness goes by whose it
 * is. */
static void prefer_own(const tern_rows *rows, int64_t row, const candidate *list, int64_t width, int64_t first_own,
                       uint8_t *line)
{
    for (int c = 0; c + 1 < tern_row_candidates(rows, row); c++) {
        int64_t text = tern_row_candidate(rows, row, c + 1), place = list[find(list, width, text)].place;
        if (place >= first_own && place <= first_own + c)
            continue; /* it is the first, or repeats the row's own one */
        line[place] |= TERN_PAIR_REPEATED;
        if (tern_row_is_first(rows, row, c + 1))
            line[first_own + c] &= (uint8_t)~TERN_PAIR_REPEATED;
    }
}

static void mark_relevant(const tern_rows *rows, int64_t anchor, const candidate *list, int64_t width, uint8_t *line)
{
    int known = anchor < rows->n_anchors_known;
    int64_t from = known ? rows->relevant_start[anchor] : 0, to = known ? rows->relevant_start[anchor + 1] : 0;
    for (int64_t r = from; r < to; r++)
        mark(list, width, rows->relevant[r], TERN_PAIR_NO_NEGATIVE, line);
}

void tern_rows_mask(const tern_rows *rows, const int64_t *batch, int64_t n, int judged, uint8_t *masked)
{
    int64_t k = rows->n_negatives, width = n + n * k;
    candidate *list = sorted_candidates(rows, batch, n, width), *anchors = sorted_anchors(rows, batch, n);
    uint8_t *repeated = tern_alloc((size_t)width, sizeof *repeated);
    mark_repeated(list, width, repeated);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = batch[i], anchor = rows->anchor[row];
        uint8_t *line = masked + i * width;
        memcpy(line, repeated, (size_t)width);
        prefer_own(rows, row, list, width, n + i * k, line);
        mark(list, width, tern_row_candidate(rows, row, 0), TERN_PAIR_NO_NEGATIVE, line);
        mark(list, width, anchor, TERN_PAIR_NO_NEGATIVE, line);
        if (judged)
            mark_relevant(rows, anchor, list, width, line);
        mark(list, width, TERN_NO_TEXT, TERN_PAIR_NO_NEGATIVE, line);
        mark(anchors, n, anchor, TERN_PAIR_SAME_ANCHOR, line);
        line[i] = 0;
    }
    free(repeated);
    free(anchors);
    free(list);
}
