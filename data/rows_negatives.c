/* Negatives of a file's lines: columns of texts, of which some may be empty, or lists of JSON. */
#include "data/rows_build.h"

#include "base/integer.h"
#include "base/memory.h"
#include "base/words.h"
#include "data/blank.h"

#include <string.h>

void tern_rows_add_negative(tern_rows_build *build, int64_t text)
{
    TERN_GROW(build->rows->pool->text, build->n_text, build->text_capacity);
    build->rows->pool->text[build->n_text++] = text;
}

void tern_rows_end_list(tern_rows_build *build)
{
    tern_negatives *pool = build->rows->pool;
    TERN_GROW(pool->start, build->n_start, build->start_capacity);
    pool->start[build->n_start++] = (int64_t)build->n_text;
    pool->n_lists = (int64_t)build->n_start - 1;
}

/* A list's items, none of which may be empty: where there are no negatives the list is empty. */
static int read_list(tern_rows_reading *r, const char *name, const json_t *list, tern_error *error)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        int64_t id;
        if (tern_rows_add_item(r, name, list, i, &id, error) < 0)
            return -1;
        tern_rows_add_negative(r->build, id);
    }
    return 0;
}

/* One column's text, or none where it is missing, null or blank. */
static int read_column(tern_rows_reading *r, const char *name, tern_error *error)
{
    const json_t *value = tern_table_value(r->table, name);
    const char *text;
    size_t n;
    int64_t id;
    if (json_is_array(value))
        return read_list(r, name, value, error);
    if (!tern_table_has(r->table, name) || json_is_null(value))
        return 0;
    if (tern_table_text(r->table, name, &text, &n, error) < 0)
        return -1;
    size_t inner = n;
    tern_trim_blanks(text, &inner);
    if (inner == 0)
        return 0;
    if (tern_rows_add_text(r, name, text, n, &id, error) < 0)
        return -1;
    tern_rows_add_negative(r->build, id);
    return 0;
}

/* Notes the first line that has another number of negatives than the first one. added: a column that the lines before
 * lack; NULL: none. */
static void compare(tern_rows_reading *r, int64_t n, const char *added)
{
    const char *path = tern_table_path(r->table);
    long long line = tern_table_line(r->table);
    if (r->lines++ == 0) {
        r->first = r->least = r->most = n;
        return;
    }
    r->least = tern_min(r->least, n);
    r->most = tern_max(r->most, n);
    if (n == r->first || r->uneven)
        return;
    r->uneven = added ? tern_format("%s:%lld: the row has \"%s\", which the first row lacks", path, line, added)
                      : tern_format("%s:%lld: the row has %lld negative%s, and the first row has %lld", path, line,
                                    (long long)n, tern_s(n), (long long)r->first);
}

int tern_rows_read_negatives(tern_rows_reading *r, tern_error *error)
{
    size_t before = r->build->n_text;
    const char *added = NULL;
    int status = tern_roles_add_negatives(&r->roles, r->table, r->findings, &added, error);
    if (status < 0 && tern_rows_fault(r, error) < 0)
        return -1;
    for (int i = 0; i < r->roles.negatives.n; i++)
        if (read_column(r, r->roles.negatives.name[i], error) < 0 && tern_rows_fault(r, error) < 0)
            return -1;
    compare(r, (int64_t)(r->build->n_text - before), added);
    tern_rows_end_list(r->build);
    return 0;
}

/* Each row's list side by side: what rows have had since before there were lists. */
static void spread_out(tern_rows *rows, int64_t each)
{
    tern_negatives *pool = rows->pool;
    int64_t n = rows->n;
    if (each > 0)
        rows->negative = tern_alloc((size_t)(n * each), sizeof *rows->negative);
    if (pool->positive_score) {
        rows->n_scores = (int)(1 + each);
        rows->score = tern_alloc((size_t)(n * (1 + each)), sizeof *rows->score);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t from = pool->start[pool->list[i]];
        if (each > 0)
            memcpy(rows->negative + i * each, pool->text + from, (size_t)each * sizeof *rows->negative);
        if (!pool->positive_score)
            continue;
        rows->score[i * (1 + each)] = pool->positive_score[i];
        for (int64_t c = 0; c < each; c++)
            rows->score[i * (1 + each) + 1 + c] = pool->score[from + c];
    }
    rows->n_negatives = (int)each;
    tern_negatives_free(pool);
    rows->pool = NULL;
}

int tern_rows_check_even(const tern_rows_reading *r, tern_error *error)
{
    if (!r->uneven || r->source->negatives_per_row != 0)
        return 0;
    tern_fail(
        error,
        "%s; rows have %lld to %lld negatives: in a recipe set data.train.negatives_per_row to how many of them are "
        "drawn for a row each epoch (rows with fewer have fewer), or give each row the same number",
        r->uneven, (long long)r->least, (long long)r->most);
    return tern_findings_fault(r->findings, error) ? 0 : -1;
}

int tern_rows_finish_negatives(tern_rows_reading *r, tern_error *error)
{
    tern_rows *rows = r->build->rows;
    int wanted = r->source->negatives_per_row;
    if (r->most > 0 && (wanted > 0 || r->uneven)) {
        if (!r->scores_are_listed && r->roles.scores.n > 0 && rows->n_scores > 1 && wanted > 0)
            return tern_fail(error,
                             "%s: negatives are drawn, and the scores must be drawn with them: give 1 + as many scores "
                             "as the row has negatives, in a list: \"score\": [8.1, -2.3]",
                             tern_table_path(r->table));
        rows->n_negatives = wanted > 0 ? wanted : (int)r->most;
        if (r->scores_are_listed)
            rows->n_scores = 1 + rows->n_negatives;
        return 0;
    }
    if (r->most > TERN_MAX_NEGATIVES)
        return tern_fail(error,
                         "%s: rows have %lld negatives, and %d a row can be used at once; in a recipe set "
                         "data.train.negatives_per_row to how many of them are drawn each epoch",
                         tern_table_path(r->table), (long long)r->most, (int)TERN_MAX_NEGATIVES);
    if (rows->n > 0)
        spread_out(rows, r->most);
    return 0;
}
