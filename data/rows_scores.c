/* Scores of a file's lines: a number a row, several in columns or a list, or a list for the positives and one for the
 * negatives. */
#include "data/rows_build.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/jsonl.h"

#include <math.h>
#include <stdlib.h>

/* The scale that the source asks for, so that its ends become 0 and 1. */
static int scale_score(const tern_rows_reading *r, const char *name, double *value, tern_error *error)
{
    double from = r->source->score_least, to = r->source->score_most;
    if (from == to)
        return 0;
    if (*value < fmin(from, to) || *value > fmax(from, to))
        return tern_fail(error, "%s:%lld: \"%s\" is %g, which isn't between %g and %g", tern_table_path(r->table),
                         tern_table_line(r->table), name, *value, from, to);
    /* Halves, since the whole difference may not fit a double. */
    *value = (0.5 * *value - 0.5 * from) / (0.5 * to - 0.5 * from);
    return 0;
}

static void append(tern_rows_build *build, double value)
{
    TERN_GROW(build->rows->score, build->n_score, build->score_capacity);
    build->rows->score[build->n_score++] = value;
}

int tern_rows_add_score(const tern_rows_reading *r, const char *name, double value, tern_error *error)
{
    if (scale_score(r, name, &value, error) < 0)
        return -1;
    append(r->build, value);
    return 0;
}

static int read_item(const tern_rows_reading *r, const char *name, const json_t *list, size_t i, double *value,
                     tern_error *error)
{
    const json_t *item = json_array_get(list, i);
    *value = json_is_null(item) ? NAN : json_number_value(item);
    if (json_is_null(item))
        return 0;
    if (!json_is_number(item))
        return tern_fail(error, "%s:%lld: \"%s\" holds %s where a number is expected", tern_table_path(r->table),
                         tern_table_line(r->table), name, tern_json_kind(item));
    return scale_score(r, name, value, error);
}

/* The line's list of numbers of that name, n of them for so many texts of other. */
static const json_t *find_list(const tern_rows_reading *r, const char *name, size_t n, const char *other,
                               tern_error *error)
{
    const char *path = tern_table_path(r->table);
    long long line = tern_table_line(r->table);
    const json_t *list = tern_table_value(r->table, name);
    if (!json_is_array(list))
        tern_fail(error, "%s:%lld: \"%s\" is %s where a list of numbers is expected, as in the first row", path, line,
                  name, tern_json_kind(list));
    else if (json_array_size(list) != n)
        tern_fail(error, "%s:%lld: \"%s\" holds %zu number%s, and %s %zu; give each text its score", path, line, name,
                  json_array_size(list), tern_s((int64_t)json_array_size(list)), other, n);
    else
        return list;
    return NULL;
}

static int read_same_length(const tern_rows_reading *r, tern_error *error)
{
    const char *name = r->roles.scores.name[0], *path = tern_table_path(r->table);
    long long line = tern_table_line(r->table);
    const json_t *list = tern_table_value(r->table, name);
    double value;
    if (!json_is_array(list))
        return tern_fail(error, "%s:%lld: \"%s\" is %s where a list of numbers is expected, as in the first row", path,
                         line, name, tern_json_kind(list));
    if (json_array_size(list) != (size_t)r->build->rows->n_scores)
        return tern_fail(error, "%s:%lld: \"%s\" holds %zu number%s, and %d in the first row", path, line, name,
                         json_array_size(list), tern_s((int64_t)json_array_size(list)), r->build->rows->n_scores);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (read_item(r, name, list, i, &value, error) < 0)
            return -1;
        append(r->build, value);
    }
    return 0;
}

int tern_rows_begin_scores(tern_rows_reading *r, tern_error *error)
{
    tern_roles *roles = &r->roles;
    const json_t *first = roles->scores.n == 1 ? tern_table_value(r->table, roles->scores.name[0]) : NULL;
    size_t n = json_array_size(first);
    roles->score_is_list = json_is_array(first);
    r->scores_are_listed = roles->negative_scores ||
                           (roles->score_is_list && r->source->negatives_per_row != 0 && n == 1 + (size_t)r->first);
    if (roles->score_is_list && !r->scores_are_listed && (n == 0 || n > TERN_MAX_SCORES))
        return tern_fail(error, "%s:%lld: \"%s\" holds %zu numbers where 1 to %d are expected",
                         tern_table_path(r->table), tern_table_line(r->table), roles->scores.name[0], n,
                         (int)TERN_MAX_SCORES);
    r->build->rows->n_scores = roles->score_is_list ? (int)n : roles->scores.n;
    return 0;
}

static int add_positive_score(const tern_rows_reading *r, const char *name, const json_t *list, size_t i,
                              tern_error *error)
{
    tern_rows_build *build = r->build;
    double value;
    TERN_GROW(build->rows->pool->positive_score, build->n_positive_score, build->positive_score_capacity);
    int status = read_item(r, name, list, i, &value, error);
    build->rows->pool->positive_score[build->n_positive_score++] = value;
    return status;
}

static int add_list_scores(const tern_rows_reading *r, const char *name, const json_t *list, size_t from,
                           tern_error *error)
{
    tern_rows_build *build = r->build;
    double value;
    for (size_t i = from; i < json_array_size(list); i++) {
        if (read_item(r, name, list, i, &value, error) < 0)
            return -1;
        TERN_GROW(build->rows->pool->score, build->n_list_score, build->list_score_capacity);
        build->rows->pool->score[build->n_list_score++] = value;
    }
    return 0;
}

/* One list: the positive's score, then the negatives'. */
static int read_joined(const tern_rows_reading *r, size_t negatives, tern_error *error)
{
    const char *name = r->roles.scores.name[0];
    if (r->n_positives > 1)
        return tern_fail(error, "%s:%lld: \"%s\" is one list for %zu positives; give pos_scores and neg_scores",
                         tern_table_path(r->table), tern_table_line(r->table), name, r->n_positives);
    const json_t *list = find_list(r, name, 1 + negatives, "the positive and the negatives together are", error);
    if (!list || add_positive_score(r, name, list, 0, error) < 0)
        return -1;
    return add_list_scores(r, name, list, 1, error);
}

int tern_rows_read_listed_scores(tern_rows_reading *r, tern_error *error)
{
    const tern_negatives *pool = r->build->rows->pool;
    if (!r->scores_are_listed)
        return 0;
    size_t negatives = (size_t)(pool->start[pool->n_lists] - pool->start[pool->n_lists - 1]);
    if (!r->roles.negative_scores)
        return read_joined(r, negatives, error);
    const char *own = r->roles.positive_scores, *others = r->roles.negative_scores;
    const json_t *positives = find_list(r, own, r->n_positives, "the positives are", error);
    for (size_t i = 0; positives && i < r->n_positives; i++)
        if (add_positive_score(r, own, positives, i, error) < 0)
            return -1;
    const json_t *list = positives ? find_list(r, others, negatives, "the negatives are", error) : NULL;
    return list ? add_list_scores(r, others, list, 0, error) : -1;
}

static int64_t count_unknown(const double *score, size_t n)
{
    int64_t count = 0;
    for (size_t i = 0; score && i < n; i++)
        count += isnan(score[i]);
    return count;
}

void tern_rows_forget_unknown_scores(tern_rows_reading *r)
{
    tern_rows_build *build = r->build;
    tern_rows *rows = build->rows;
    tern_negatives *pool = rows->pool;
    int64_t n = count_unknown(rows->score, build->n_score) + count_unknown(pool->score, build->n_list_score) +
                count_unknown(pool->positive_score, build->n_positive_score);
    if (n == 0)
        return;
    rows->note = tern_format("%s: %lld score%s %s null, so none of its scores are used", tern_table_path(r->table),
                             (long long)n, tern_s(n), tern_is(n));
    free(pool->score);
    free(pool->positive_score);
    pool->score = pool->positive_score = NULL;
    r->scores_are_listed = rows->n_scores = 0;
}

int tern_rows_read_scores(tern_rows_reading *r, tern_error *error)
{
    double value;
    if (r->scores_are_listed)
        return 0;
    if (r->roles.score_is_list)
        return read_same_length(r, error) < 0 ? tern_rows_fault(r, error) : 0;
    for (int i = 0; i < r->roles.scores.n; i++) {
        if ((tern_table_number(r->table, r->roles.scores.name[i], &value, error) < 0 ||
             scale_score(r, r->roles.scores.name[i], &value, error) < 0) &&
            tern_rows_fault(r, error) < 0)
            return -1;
        append(r->build, value);
    }
    return 0;
}
