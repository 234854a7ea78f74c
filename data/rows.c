#include "data/rows.h"

#include "base/memory.h"
#include "data/rows_build.h"

#include <math.h>
#include <string.h>

static int64_t *permuted(int64_t *column, const int64_t *order, int64_t n, int64_t width)
{
    if (!column)
        return NULL;
    int64_t *result = tern_alloc((size_t)(n * width), sizeof *result);
    for (int64_t i = 0; i < n; i++)
        memcpy(result + i * width, column + order[i] * width, (size_t)width * sizeof *result);
    free(column);
    return result;
}

static void permute_scores(tern_rows *rows, const int64_t *order)
{
    double *old = rows->score;
    int64_t width = rows->n_scores;
    if (!old)
        return;
    rows->score = tern_alloc((size_t)(rows->n * width), sizeof *rows->score);
    for (int64_t i = 0; i < rows->n; i++)
        memcpy(rows->score + i * width, old + order[i] * width, (size_t)width * sizeof *old);
    free(old);
}

static void permute_pool(tern_rows *rows, const int64_t *order)
{
    tern_negatives *pool = rows->pool;
    if (!pool)
        return;
    pool->list = permuted(pool->list, order, rows->n, 1);
    double *old = pool->positive_score;
    if (!old)
        return;
    pool->positive_score = tern_alloc((size_t)rows->n, sizeof *old);
    for (int64_t i = 0; i < rows->n; i++)
        pool->positive_score[i] = old[order[i]];
    free(old);
}

/* column [n], of items of so many bytes; NULL: none. */
static void keep_items(void *column, const uint8_t *keep, int64_t n, size_t bytes)
{
    char *to = column;
    for (int64_t i = 0; column && i < n; i++)
        if (keep[i]) {
            memmove(to, (const char *)column + (size_t)i * bytes, bytes);
            to += bytes;
        }
}

/* Groups that have lost all their rows go. */
static void keep_groups(tern_rows *rows, const uint8_t *keep)
{
    int64_t n_groups = 0, to = 0;
    for (int64_t g = 0; rows->group_start && g < rows->n_groups; g++) {
        int64_t from = rows->group_start[g], end = rows->group_start[g + 1], had = to;
        for (int64_t i = from; i < end; i++)
            to += keep[i] != 0;
        /* Written behind what is read: n_groups is at most g. */
        if (to > had)
            rows->group_start[n_groups++] = had;
    }
    if (rows->group_start) {
        rows->group_start[n_groups] = to;
        rows->n_groups = n_groups;
    }
}

void tern_rows_keep(tern_rows *rows, const uint8_t *keep)
{
    int64_t n = 0;
    keep_items(rows->anchor, keep, rows->n, sizeof *rows->anchor);
    keep_items(rows->positive, keep, rows->n, sizeof *rows->positive);
    keep_items(rows->negative, keep, rows->n, (size_t)rows->n_negatives * sizeof *rows->negative);
    keep_items(rows->label, keep, rows->n, sizeof *rows->label);
    keep_items(rows->score, keep, rows->n, (size_t)rows->n_scores * sizeof *rows->score);
    if (rows->pool) {
        keep_items(rows->pool->list, keep, rows->n, sizeof *rows->pool->list);
        keep_items(rows->pool->positive_score, keep, rows->n, sizeof *rows->pool->positive_score);
    }
    keep_groups(rows, keep);
    for (int64_t i = 0; i < rows->n; i++)
        n += keep[i] != 0;
    rows->n = n;
}

static int64_t greatest_anchor(const tern_rows *rows)
{
    int64_t greatest = -1;
    for (int64_t i = 0; i < rows->n; i++)
        greatest = rows->anchor[i] > greatest ? rows->anchor[i] : greatest;
    return greatest;
}

/* Brings the rows of each anchor together, anchors and each one's rows in file order: a counting sort. */
static void group_by_anchor(tern_rows *rows)
{
    int64_t n_texts = greatest_anchor(rows) + 1;
    int64_t *group_of = tern_alloc((size_t)n_texts, sizeof *group_of);
    memset(group_of, 0xFF, (size_t)n_texts * sizeof *group_of);
    rows->group_start = tern_calloc((size_t)rows->n + 1, sizeof *rows->group_start);
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t *group = &group_of[rows->anchor[i]];
        if (*group < 0)
            *group = rows->n_groups++;
        rows->group_start[*group + 1]++;
    }
    for (int64_t g = 0; g < rows->n_groups; g++)
        rows->group_start[g + 1] += rows->group_start[g];
    int64_t *next = tern_alloc((size_t)rows->n_groups, sizeof *next),
            *order = tern_alloc((size_t)rows->n, sizeof *order);
    memcpy(next, rows->group_start, (size_t)rows->n_groups * sizeof *next);
    for (int64_t i = 0; i < rows->n; i++)
        order[next[group_of[rows->anchor[i]]]++] = i;
    rows->anchor = permuted(rows->anchor, order, rows->n, 1);
    rows->positive = permuted(rows->positive, order, rows->n, 1);
    rows->negative = permuted(rows->negative, order, rows->n, rows->n_negatives);
    rows->label = permuted(rows->label, order, rows->n, 1);
    permute_scores(rows, order);
    permute_pool(rows, order);
    free(group_of);
    free(next);
    free(order);
}

static int by_anchor_and_document(const void *left, const void *right)
{
    const tern_relation *a = left, *b = right;
    if (a->anchor != b->anchor)
        return a->anchor < b->anchor ? -1 : 1;
    return a->document < b->document ? -1 : a->document > b->document;
}

/* Every positive of a row is relevant to its anchor. */
static void add_positives(tern_rows_build *build)
{
    const tern_rows *rows = build->rows;
    for (int64_t i = 0; rows->has_positive && i < rows->n; i++) {
        TERN_GROW(build->relation, build->n_relations, build->relation_capacity);
        build->relation[build->n_relations++] = (tern_relation){rows->anchor[i], rows->positive[i]};
    }
}

static void relate(tern_rows_build *build)
{
    tern_rows *rows = build->rows;
    add_positives(build);
    if (build->n_relations)
        qsort(build->relation, build->n_relations, sizeof *build->relation, by_anchor_and_document);
    rows->n_anchors_known = greatest_anchor(rows) + 1;
    rows->relevant_start = tern_calloc((size_t)rows->n_anchors_known + 1, sizeof *rows->relevant_start);
    rows->relevant = tern_alloc(build->n_relations, sizeof *rows->relevant);
    int64_t kept = 0;
    for (size_t i = 0; i < build->n_relations; i++) {
        const tern_relation *r = &build->relation[i];
        /* Judgements of an anchor without rows (all its positives below the least grade) are of no use. */
        if (r->anchor >= rows->n_anchors_known || (i > 0 && by_anchor_and_document(r, r - 1) == 0))
            continue;
        rows->relevant[kept++] = r->document;
        rows->relevant_start[r->anchor + 1] = kept;
    }
    for (int64_t a = 0; a < rows->n_anchors_known; a++)
        if (rows->relevant_start[a + 1] == 0)
            rows->relevant_start[a + 1] = rows->relevant_start[a];
}

tern_rows *tern_rows_read(const tern_rows_source *source, tern_texts *texts, tern_error *error)
{
    TERN_CHECK(!source->file != !source->beir, "a source is a file or a BEIR folder");
    TERN_CHECK(isfinite(source->score_least) && isfinite(source->score_most), "scores from %g to %g",
               source->score_least, source->score_most);
    tern_rows *rows = tern_calloc(1, sizeof *rows);
    tern_rows_build build = {.rows = rows};
    rows->texts = texts;
    rows->positives_per_query = source->positives_per_query;
    int status = source->file ? tern_rows_read_file(&build, source, error) : tern_rows_read_beir(&build, source, error);
    if (status == 0) {
        if (source->beir || source->positives_per_query > 0)
            group_by_anchor(rows);
        relate(&build);
        if (rows->pool && source->negatives_per_row > 0)
            tern_negatives_clean(rows);
    }
    free(build.relation);
    if (status == 0)
        return rows;
    tern_rows_free(rows);
    return NULL;
}

void tern_rows_free(tern_rows *rows)
{
    if (!rows)
        return;
    free(rows->anchor);
    free(rows->positive);
    free(rows->negative);
    free(rows->score);
    free(rows->label);
    free(rows->group_start);
    free(rows->relevant_start);
    free(rows->relevant);
    free(rows->note);
    tern_negatives_free(rows->pool);
    free(rows);
}

void tern_rows_keep_anchors(tern_rows *rows)
{
    free(rows->positive);
    free(rows->negative);
    tern_negatives_free(rows->pool);
    rows->pool = NULL;
    rows->positive = rows->negative = NULL;
    rows->has_positive = rows->n_negatives = 0;
    rows->n_anchors_known = 0;
}

int tern_rows_is_relevant(const tern_rows *rows, int64_t anchor, int64_t document)
{
    if (anchor < 0 || anchor >= rows->n_anchors_known)
        return 0;
    int64_t from = rows->relevant_start[anchor], to = rows->relevant_start[anchor + 1];
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (rows->relevant[middle] == document)
            return 1;
        if (rows->relevant[middle] < document)
            from = middle + 1;
        else
            to = middle;
    }
    return 0;
}
