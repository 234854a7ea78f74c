/* Rows from JSONL, CSV and TSV. A value that can't be taken is a fault of its row: the first one ends the reading, or
 * all are collected where the source's findings say go_on. */
#include "data/rows_build.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/blank.h"
#include "data/jsonl.h"

#include <string.h>

int tern_rows_fault(const tern_rows_reading *r, const tern_error *error)
{
    return tern_findings_fault(r->findings, error) ? 0 : -1;
}

int tern_rows_add_text(const tern_rows_reading *r, const char *name, const char *text, size_t n, int64_t *id,
                       tern_error *error)
{
    long long line = tern_table_line(r->table);
    size_t inner = n;
    if (memchr(text, 0, n))
        return tern_table_fail_nul(r->table, name, error);
    tern_trim_blanks(text, &inner);
    if (inner == 0)
        return tern_fail(error, "%s:%lld: \"%s\" is empty; fill it in or leave the row out", tern_table_path(r->table),
                         line, name);
    tern_findings_text(r->findings, name, text, n, line);
    *id = tern_texts_add(r->build->rows->texts, text, n);
    return 0;
}

int tern_rows_add_item(const tern_rows_reading *r, const char *name, const json_t *list, size_t i, int64_t *id,
                       tern_error *error)
{
    const json_t *item = json_array_get(list, i);
    const char *text = json_string_value(item), *path = tern_table_path(r->table);
    long long line = tern_table_line(r->table);
    size_t n = json_string_length(item);
    if (!text)
        return tern_fail(error, "%s:%lld: \"%s\" holds %s where a text is expected", path, line, name,
                         tern_json_kind(item));
    tern_trim_blanks(text, &n);
    if (n == 0)
        return tern_fail(error, "%s:%lld: \"%s\" holds an empty text; fill it in or take it out", path, line, name);
    return tern_rows_add_text(r, name, text, json_string_length(item), id, error);
}

static int read_text(const tern_rows_reading *r, const char *name, int64_t *id, tern_error *error)
{
    const char *text;
    size_t n;
    *id = 0;
    if (json_is_array(tern_table_value(r->table, name)))
        return tern_fail(
            error,
            "%s:%lld: \"%s\" is an array where a string is expected; a row has one anchor: write a row for "
            "each",
            tern_table_path(r->table), tern_table_line(r->table), name);
    if (tern_table_text(r->table, name, &text, &n, error) < 0)
        return -1;
    return tern_rows_add_text(r, name, text, n, id, error);
}

static void add_positive(tern_rows_reading *r, int64_t id)
{
    TERN_GROW(r->positive, r->n_positives, r->positive_capacity);
    r->positive[r->n_positives++] = id;
}

/* The line's positive, or those of its list. */
static int read_positives(tern_rows_reading *r, tern_error *error)
{
    const char *name = r->roles.positive;
    const json_t *list = tern_table_value(r->table, name);
    int64_t id = 0;
    r->n_positives = 0;
    if (!json_is_array(list)) {
        int status = read_text(r, name, &id, error);
        add_positive(r, id);
        return status;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (tern_rows_add_item(r, name, list, i, &id, error) < 0)
            return -1;
        add_positive(r, id);
    }
    if (r->n_positives == 0)
        return tern_fail(error, "%s:%lld: \"%s\" is an empty list; give a text or leave the row out",
                         tern_table_path(r->table), tern_table_line(r->table), name);
    return 0;
}

/* Labels that are all numbers, or true and false in JSON, are scores too, in a file that has no others. */
static int score_by_label(const tern_rows_reading *r, const char *label, tern_error *error)
{
    const json_t *given = tern_table_value(r->table, r->roles.label);
    double value = json_is_true(given);
    if (r->build->labels_are_words)
        return 0;
    if (!json_is_boolean(given) && tern_parse_number(label, &value) < 0) {
        r->build->labels_are_words = 1;
        return 0;
    }
    return tern_rows_add_score(r, r->roles.label, value, error);
}

static int read_label(const tern_rows_reading *r, tern_error *error)
{
    tern_rows_build *build = r->build;
    char *label;
    if (tern_table_label(r->table, r->roles.label, &label, error) < 0)
        return -1;
    size_t n = strlen(label);
    int64_t id = tern_texts_add(r->labels, label, n);
    TERN_GROW(build->rows->label, build->n_label, build->label_capacity);
    build->rows->label[build->n_label++] = id;
    tern_findings_label(r->findings, id, label);
    tern_findings_text(r->findings, r->roles.label, label, n, tern_table_line(r->table));
    int status = r->roles.scores.n || r->scores_are_listed ? 0 : score_by_label(r, label, error);
    free(label);
    return status;
}

/* A row of the line, with positive number p. */
static int add_row(tern_rows_reading *r, int64_t anchor, size_t p, tern_error *error)
{
    tern_rows_build *build = r->build;
    tern_rows *rows = build->rows;
    TERN_GROW(rows->anchor, build->n_anchor, build->anchor_capacity);
    rows->anchor[build->n_anchor++] = anchor;
    if (r->roles.positive) {
        TERN_GROW(rows->positive, build->n_positive, build->positive_capacity);
        rows->positive[build->n_positive++] = p < r->n_positives ? r->positive[p] : 0;
    }
    TERN_GROW(rows->pool->list, build->n_list, build->list_capacity);
    rows->pool->list[build->n_list++] = rows->pool->n_lists - 1;
    rows->n++;
    if (tern_rows_read_scores(r, error) < 0)
        return -1;
    return r->roles.label && read_label(r, error) < 0 ? tern_rows_fault(r, error) : 0;
}

static int read_line(tern_rows_reading *r, tern_error *error)
{
    int64_t anchor;
    if (read_text(r, r->roles.anchor, &anchor, error) < 0 && tern_rows_fault(r, error) < 0)
        return -1;
    if (r->roles.positive && read_positives(r, error) < 0 && tern_rows_fault(r, error) < 0)
        return -1;
    if (tern_rows_read_negatives(r, error) < 0 || (r->lines == 1 && tern_rows_begin_scores(r, error) < 0))
        return -1;
    if (tern_rows_read_listed_scores(r, error) < 0 && tern_rows_fault(r, error) < 0)
        return -1;
    for (size_t p = 0; p == 0 || (r->roles.positive && p < r->n_positives); p++)
        if (add_row(r, anchor, p, error) < 0)
            return -1;
    return 0;
}

/* Faults that were passed over fail in the end. */
static int fail_collected(const tern_rows_reading *r, tern_error *error)
{
    int64_t more = r->findings->n_faults - 1;
    if (more == 0)
        return tern_fail(error, "%s", r->findings->fault[0]);
    return tern_fail(error, "%.700s (and %lld more fault%s, which tern data check lists)", r->findings->fault[0],
                     (long long)more, tern_s(more));
}

/* After the last row. */
static int finish(tern_rows_reading *r, tern_error *error)
{
    tern_rows *rows = r->build->rows;
    const tern_rows_source *source = r->source;
    if (tern_rows_check_even(r, error) < 0)
        return -1;
    if (r->findings && r->findings->n_faults)
        return fail_collected(r, error);
    rows->has_positive = r->roles.positive != NULL;
    rows->has_label = r->roles.label != NULL;
    rows->n_labels = tern_texts_count(r->labels);
    if (!r->roles.scores.n && !r->scores_are_listed && r->roles.label && !r->build->labels_are_words)
        rows->n_scores = 1;
    tern_rows_forget_unknown_scores(r);
    if (tern_rows_finish_negatives(r, error) < 0)
        return -1;
    if (rows->n_scores == 0) {
        free(rows->score);
        rows->score = NULL;
        if (source->score_least != source->score_most)
            return tern_fail(error,
                             "%s: scores from %g to %g are expected, and it has none; name their column as score",
                             tern_table_path(r->table), source->score_least, source->score_most);
    }
    rows->has_score = rows->n_scores > 0;
    return 0;
}

/* The next row, or the next that can be read as one: 1, 0, -1. */
static int next_row(const tern_rows_reading *r, tern_error *error)
{
    int status;
    while ((status = tern_table_next(r->table, error)) < 0 && tern_rows_fault(r, error) == 0)
        ;
    return status;
}

static int read_rows(tern_rows_reading *r, tern_error *error)
{
    int status, begun = 0;
    while ((status = next_row(r, error)) > 0) {
        if (!begun && tern_roles_find(&r->roles, r->table, r->source, error) < 0)
            return -1;
        begun = 1;
        if (r->findings)
            r->findings->n_rows++;
        if (tern_roles_check(&r->roles, r->table, error) < 0 && tern_rows_fault(r, error) < 0)
            return -1;
        if (read_line(r, error) < 0)
            return -1;
        tern_roles_note_others(&r->roles, r->table, r->findings);
    }
    if (status < 0)
        return -1;
    if (!begun && !(r->findings && r->findings->n_faults))
        return tern_fail(error, "%s: it holds no rows", tern_table_path(r->table));
    if (r->findings)
        r->findings->quoting = tern_table_quoting(r->table);
    return finish(r, error);
}

int tern_rows_read_file(tern_rows_build *build, const tern_rows_source *source, tern_error *error)
{
    tern_rows_reading r = {.source = source, .findings = source->findings, .build = build};
    r.table = source->bytes ? tern_table_of_memory(source->file, source->bytes, source->n_bytes,
                                                   source->invalid_utf8_replace, error)
                            : tern_table_open(source->file, source->invalid_utf8_replace, error);
    if (!r.table)
        return -1;
    r.labels = tern_texts_create();
    build->rows->pool = tern_calloc(1, sizeof *build->rows->pool);
    tern_rows_end_list(build); /* start[0] */
    int status = read_rows(&r, error);
    tern_roles_free(&r.roles);
    free(r.positive);
    free(r.uneven);
    tern_texts_free(r.labels);
    tern_table_close(r.table);
    return status;
}
