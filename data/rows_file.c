/* Rows from JSONL, CSV and TSV. A value that can't be taken is a fault of its row: the first one ends the reading, or
 * all are collected where the source's findings say go_on. */
#include "data/rows_build.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/blank.h"
#include "data/jsonl.h"
#include "data/rows_roles.h"

#include <math.h>
#include <string.h>

typedef struct reading {
    tern_table *table;
    const tern_rows_source *source;
    tern_findings *findings; /* the source's; NULL: not wanted */
    tern_rows_build *build;
    tern_roles roles;
    tern_texts *labels; /* id i is the label i */
} reading;

/* A value's fault, with its sentence in error: 0 when reading goes on. */
static int fault(const reading *r, const tern_error *error)
{
    return tern_findings_fault(r->findings, error) ? 0 : -1;
}

/* FlagEmbedding's and Tevatron's lists of texts or of passages, where others have one text a key. */
static int fail_list(const reading *r, const char *name, const json_t *list, tern_error *error)
{
    const char *item = json_is_object(json_array_get(list, 0)) ? "object" : "text";
    size_t n = json_array_size(list);
    return tern_fail(
        error,
        "%s:%lld: \"%s\" is an array where a string is expected; it holds %zu %s%s, and tern reads one text "
        "a key: write a row for each positive, and negatives as negative_1, negative_2, ...",
        tern_table_path(r->table), tern_table_line(r->table), name, n, item, tern_s((int64_t)n));
}

static int read_text(const reading *r, const char *name, int64_t *id, tern_error *error)
{
    const char *text, *path = tern_table_path(r->table);
    long long line = tern_table_line(r->table);
    size_t n, inner;
    const json_t *value = tern_table_value(r->table, name);
    *id = 0;
    if (json_is_array(value))
        return fail_list(r, name, value, error);
    if (tern_table_text(r->table, name, &text, &n, error) < 0)
        return -1;
    if (memchr(text, 0, n))
        return tern_table_fail_nul(r->table, name, error);
    inner = n;
    tern_trim_blanks(text, &inner);
    if (inner == 0)
        return tern_fail(error, "%s:%lld: \"%s\" is empty; fill it in or leave the row out", path, line, name);
    tern_findings_text(r->findings, name, text, n, line);
    *id = tern_texts_add(r->build->rows->texts, text, n);
    return 0;
}

static void add_score(tern_rows_build *build, double value)
{
    TERN_GROW(build->rows->score, build->n_score, build->score_capacity);
    build->rows->score[build->n_score++] = value;
}

/* The scale that the source asks for, so that its ends become 0 and 1. */
static int scale_score(const reading *r, const char *name, double *value, tern_error *error)
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

static int read_list(const reading *r, tern_error *error)
{
    const char *name = r->roles.scores.name[0], *path = tern_table_path(r->table);
    long long line = tern_table_line(r->table);
    const json_t *list = tern_table_value(r->table, name);
    if (!json_is_array(list))
        return tern_fail(error, "%s:%lld: \"%s\" is %s where a list of numbers is expected, as in the first row", path,
                         line, name, tern_json_kind(list));
    if (json_array_size(list) != (size_t)r->build->rows->n_scores)
        return tern_fail(error, "%s:%lld: \"%s\" holds %zu number%s, and %d in the first row", path, line, name,
                         json_array_size(list), tern_s((int64_t)json_array_size(list)), r->build->rows->n_scores);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        double value = json_number_value(item);
        if (!json_is_number(item))
            return tern_fail(error, "%s:%lld: \"%s\" holds %s where a number is expected", path, line, name,
                             tern_json_kind(item));
        if (scale_score(r, name, &value, error) < 0)
            return -1;
        add_score(r->build, value);
    }
    return 0;
}

static int read_scores(const reading *r, tern_error *error)
{
    double value;
    if (r->roles.score_is_list)
        return read_list(r, error) < 0 ? fault(r, error) : 0;
    for (int i = 0; i < r->roles.scores.n; i++) {
        if ((tern_table_number(r->table, r->roles.scores.name[i], &value, error) < 0 ||
             scale_score(r, r->roles.scores.name[i], &value, error) < 0) &&
            fault(r, error) < 0)
            return -1;
        add_score(r->build, value);
    }
    return 0;
}

/* Labels that are all numbers, or true and false in JSON, are scores too, in a file that has no others. */
static int score_by_label(const reading *r, const char *label, tern_error *error)
{
    const json_t *given = tern_table_value(r->table, r->roles.label);
    double value = json_is_true(given);
    if (r->build->labels_are_words)
        return 0;
    if (!json_is_boolean(given) && tern_parse_number(label, &value) < 0) {
        r->build->labels_are_words = 1;
        return 0;
    }
    if (scale_score(r, r->roles.label, &value, error) < 0)
        return -1;
    add_score(r->build, value);
    return 0;
}

static int read_label(const reading *r, tern_error *error)
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
    int status = r->roles.scores.n ? 0 : score_by_label(r, label, error);
    free(label);
    return status;
}

static int read_row(const reading *r, tern_error *error)
{
    tern_rows_build *build = r->build;
    tern_rows *rows = build->rows;
    TERN_GROW(rows->anchor, build->n_anchor, build->anchor_capacity);
    if (read_text(r, r->roles.anchor, &rows->anchor[build->n_anchor++], error) < 0 && fault(r, error) < 0)
        return -1;
    if (r->roles.positive) {
        TERN_GROW(rows->positive, build->n_positive, build->positive_capacity);
        if (read_text(r, r->roles.positive, &rows->positive[build->n_positive++], error) < 0 && fault(r, error) < 0)
            return -1;
    }
    for (int i = 0; i < r->roles.negatives.n; i++) {
        TERN_GROW(rows->negative, build->n_negative, build->negative_capacity);
        if (read_text(r, r->roles.negatives.name[i], &rows->negative[build->n_negative++], error) < 0 &&
            fault(r, error) < 0)
            return -1;
    }
    rows->n++;
    if (read_scores(r, error) < 0)
        return -1;
    return r->roles.label && read_label(r, error) < 0 ? fault(r, error) : 0;
}

/* What all rows must have, by the first one. */
static int begin(reading *r, tern_error *error)
{
    tern_roles *roles = &r->roles;
    if (tern_roles_find(roles, r->table, r->source, error) < 0)
        return -1;
    const json_t *first = roles->scores.n == 1 ? tern_table_value(r->table, roles->scores.name[0]) : NULL;
    size_t n = json_array_size(first);
    roles->score_is_list = json_is_array(first);
    if (roles->score_is_list && (n == 0 || n > TERN_MAX_SCORES))
        return tern_fail(error, "%s:%lld: \"%s\" holds %zu numbers where 1 to %d are expected",
                         tern_table_path(r->table), tern_table_line(r->table), roles->scores.name[0], n,
                         (int)TERN_MAX_SCORES);
    r->build->rows->n_scores = roles->score_is_list ? (int)n : roles->scores.n;
    return 0;
}

/* Faults that were passed over fail in the end. */
static int fail_collected(const reading *r, tern_error *error)
{
    int64_t more = r->findings->n_faults - 1;
    if (more == 0)
        return tern_fail(error, "%s", r->findings->fault[0]);
    return tern_fail(error, "%.700s (and %lld more fault%s, which tern data check lists)", r->findings->fault[0],
                     (long long)more, tern_s(more));
}

/* After the last row. */
static int finish(const reading *r, tern_error *error)
{
    tern_rows *rows = r->build->rows;
    const tern_rows_source *source = r->source;
    if (r->findings && r->findings->n_faults)
        return fail_collected(r, error);
    rows->n_negatives = r->roles.negatives.n;
    rows->has_positive = r->roles.positive != NULL;
    rows->has_label = r->roles.label != NULL;
    rows->n_labels = tern_texts_count(r->labels);
    if (!r->roles.scores.n && r->roles.label && !r->build->labels_are_words)
        rows->n_scores = 1;
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
static int next_row(const reading *r, tern_error *error)
{
    int status;
    while ((status = tern_table_next(r->table, error)) < 0 && fault(r, error) == 0)
        ;
    return status;
}

static int read_rows(reading *r, tern_error *error)
{
    int status, begun = 0;
    while ((status = next_row(r, error)) > 0) {
        if (!begun && begin(r, error) < 0)
            return -1;
        begun = 1;
        if (r->findings)
            r->findings->n_rows++;
        tern_roles_note_others(&r->roles, r->table, r->findings);
        if (tern_roles_check(&r->roles, r->table, error) < 0 && fault(r, error) < 0)
            return -1;
        if (read_row(r, error) < 0)
            return -1;
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
    reading r = {.source = source, .findings = source->findings, .build = build};
    r.table = source->bytes ? tern_table_of_memory(source->file, source->bytes, source->n_bytes,
                                                   source->invalid_utf8_replace, error)
                            : tern_table_open(source->file, source->invalid_utf8_replace, error);
    if (!r.table)
        return -1;
    r.labels = tern_texts_create();
    int status = read_rows(&r, error);
    tern_roles_free(&r.roles);
    tern_texts_free(r.labels);
    tern_table_close(r.table);
    return status;
}
