#include "data/rows_roles.h"

#include "base/memory.h"
#include "data/blank.h"

#include <stdlib.h>
#include <string.h>

/* *name: the column's name; NULL when it wasn't asked for by name and isn't there. */
static int find_role(const tern_table *t, const char *role, const char *wanted, int required, const char **name,
                     tern_error *error)
{
    *name = wanted ? wanted : role;
    if (tern_table_has(t, *name))
        return 0;
    if (wanted || required)
        return tern_table_fail_column(t, role, *name, error);
    *name = NULL;
    return 0;
}

static int is_name(const char *role, const char *name)
{
    return role && strcmp(role, name) == 0;
}

static int plays_another_role(const tern_roles *r, const char *name)
{
    return is_name(r->anchor, name) || is_name(r->positive, name) || is_name(r->label, name) ||
           is_name(r->positive_scores, name) || is_name(r->negative_scores, name);
}

/* Takes name, and adds it when the table has it: 1; 0 when not. */
static int add_column(const tern_table *t, const tern_roles *r, tern_role_columns *c, char *name, const char *role,
                      tern_error *error)
{
    if (!tern_table_has(t, name) || (strcmp(name, c->base) != 0 && plays_another_role(r, name))) {
        free(name);
        return 0;
    }
    if (c->n == c->most) {
        free(name);
        return tern_fail(error, "%s:%lld: more than %d %ss a row", tern_table_path(t), tern_table_line(t), c->most,
                         role);
    }
    c->name[c->n++] = name;
    return 1;
}

/* Columns may be numbered with gaps. */
static int numbers_tried(const tern_role_columns *c)
{
    return 4 * c->most;
}

/* The base name, then base_0, base_1, ...; with loose set also base0, base1, ... where there is none with a line. */
static int find_columns(const tern_table *t, tern_roles *r, tern_role_columns *c, const char *role, const char *wanted,
                        int loose, tern_error *error)
{
    if (!c->base)
        c->base = wanted ? wanted : role;
    int status = add_column(t, r, c, tern_strdup(c->base), role, error);
    for (int i = 0; status >= 0 && i < numbers_tried(c); i++) {
        status = add_column(t, r, c, tern_format("%s_%d", c->base, i), role, error);
        if (status == 0 && loose)
            status = add_column(t, r, c, tern_format("%s%d", c->base, i), role, error);
    }
    if (status < 0)
        return -1;
    return wanted && c->n == 0 ? tern_table_fail_column(t, role, wanted, error) : 0;
}

/* {"query": "..", "pos": ["..", ..], "neg": [..]}, FlagEmbedding's form, where no column is named. */
static int is_flag(const tern_table *t, const tern_rows_source *source)
{
    return !source->anchor && !source->positive && !source->negative && !tern_table_has(t, "anchor") &&
           tern_table_has(t, "query") && json_is_array(tern_table_value(t, "pos"));
}

/* A list of scores beside each list of texts, where the row has no others. */
static void find_score_lists(tern_roles *r, const tern_table *t)
{
    static const char positives[] = "pos_scores", negatives[] = "neg_scores";
    if (r->scores.n > 0 || !r->positive || !json_is_array(tern_table_value(t, r->positive)) ||
        !json_is_array(tern_table_value(t, positives)) || !json_is_array(tern_table_value(t, negatives)))
        return;
    r->positive_scores = positives;
    r->negative_scores = negatives;
}

static int find_all(tern_roles *r, const tern_table *t, const tern_rows_source *source, tern_error *error)
{
    int flag = is_flag(t, source);
    r->negatives.most = TERN_MAX_NEGATIVES;
    r->negatives.base = flag ? "neg" : NULL;
    r->scores.most = TERN_MAX_SCORES;
    if (find_role(t, "anchor", flag ? "query" : source->anchor, 1, &r->anchor, error) < 0 ||
        find_role(t, "positive", flag ? "pos" : source->positive, 0, &r->positive, error) < 0 ||
        find_role(t, "label", source->label, 0, &r->label, error) < 0 ||
        find_columns(t, r, &r->negatives, "negative", source->negative, 1, error) < 0 ||
        find_columns(t, r, &r->scores, "score", source->score, 0, error) < 0)
        return -1;
    find_score_lists(r, t);
    return 0;
}

static int is_listed(const tern_role_columns *c, const char *name)
{
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->name[i], name) == 0)
            return 1;
    return 0;
}

static int plays_a_role(const tern_roles *r, const char *name)
{
    return plays_another_role(r, name) || is_listed(&r->negatives, name) || is_listed(&r->scores, name);
}

/* A number without the line before it. */
static int is_loose(const tern_role_columns *c, const char *name)
{
    size_t n = strlen(c->base);
    return name[n] && name[n] != '_';
}

static void note_used(const tern_roles *r, tern_findings *findings)
{
    tern_findings_use(findings, "anchor", r->anchor, 0);
    if (r->positive)
        tern_findings_use(findings, "positive", r->positive, 0);
    for (int i = 0; i < r->negatives.n; i++)
        tern_findings_use(findings, "negative", r->negatives.name[i], is_loose(&r->negatives, r->negatives.name[i]));
    if (r->label)
        tern_findings_use(findings, "label", r->label, 0);
    for (int i = 0; i < r->scores.n; i++)
        tern_findings_use(findings, "score", r->scores.name[i], 0);
    if (r->positive_scores) {
        tern_findings_use(findings, "score", r->positive_scores, 0);
        tern_findings_use(findings, "score", r->negative_scores, 0);
    }
}

/* CSV: all rows have the same columns, so that those without a role are found once. */
static void list_others(tern_roles *r, const tern_table *t, tern_findings *findings)
{
    const char **names;
    size_t n = tern_table_columns(t, &names);
    r->others = tern_alloc(n, sizeof *r->others);
    for (size_t i = 0; i < n; i++)
        if (!plays_a_role(r, names[i]))
            r->others[r->n_others++] =
                (tern_other){i, (size_t)(tern_findings_unused(findings, names[i]) - findings->unused)};
    free(names);
}

int tern_roles_find(tern_roles *roles, const tern_table *table, const tern_rows_source *source, tern_error *error)
{
    if (find_all(roles, table, source, error) < 0)
        return -1;
    note_used(roles, source->findings);
    if (source->findings && tern_table_form(table) != TERN_FORM_JSONL)
        list_others(roles, table, source->findings);
    return 0;
}

void tern_roles_free(tern_roles *roles)
{
    for (int i = 0; i < roles->negatives.n; i++)
        free(roles->negatives.name[i]);
    for (int i = 0; i < roles->scores.n; i++)
        free(roles->scores.name[i]);
    free(roles->others);
    *roles = (tern_roles){0};
}

/* A number as find_columns writes and tries it: "7", not "07". */
static int is_number_tried(const tern_role_columns *c, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] || (digits > 1 && *text == '0'))
        return 0;
    return strtol(text, NULL, 10) < numbers_tried(c);
}

/* What find_columns would take from this row: base, base_N, and with loose set baseN where there is no base_N. */
static int is_column(const tern_role_columns *c, const tern_table *table, const char *key, int loose)
{
    size_t n = strlen(c->base);
    if (strncmp(key, c->base, n) != 0)
        return 0;
    const char *rest = key + n;
    if (*rest == 0 || *rest == '_')
        return *rest == 0 || is_number_tried(c, rest + 1);
    if (!loose || !is_number_tried(c, rest))
        return 0;
    char *other = tern_format("%s_%s", c->base, rest);
    int is_there = tern_table_has(table, other);
    free(other);
    return !is_there;
}

int tern_roles_add_negatives(tern_roles *roles, const tern_table *table, tern_findings *findings, const char **added,
                             tern_error *error)
{
    tern_role_columns *c = &roles->negatives;
    const char **names;
    *added = NULL;
    if (tern_table_form(table) != TERN_FORM_JSONL)
        return 0;
    size_t n = tern_table_columns(table, &names);
    int status = 0;
    for (size_t i = 0; i < n && status >= 0; i++) {
        if (!is_column(c, table, names[i], 1) || plays_another_role(roles, names[i]) || is_listed(c, names[i]))
            continue;
        status = add_column(table, roles, c, tern_strdup(names[i]), "negative", error);
        if (status < 0)
            break;
        if (!*added)
            *added = c->name[c->n - 1];
        tern_findings_use(findings, "negative", names[i], is_loose(c, names[i]));
    }
    free(names);
    return status < 0 ? -1 : 0;
}

int tern_roles_check(const tern_roles *roles, const tern_table *table, tern_error *error)
{
    const char **names;
    if (tern_table_form(table) != TERN_FORM_JSONL)
        return 0;
    size_t n = tern_table_columns(table, &names);
    int scores = 0, status = 0;
    for (size_t i = 0; i < n && status == 0; i++) {
        const char *key = names[i];
        int extra = (!roles->positive && strcmp(key, "positive") == 0) || (!roles->label && strcmp(key, "label") == 0);
        scores += is_column(&roles->scores, table, key, 0) && !plays_another_role(roles, key);
        if (extra || scores > roles->scores.n)
            status =
                tern_fail(error, "%s:%lld: the row has \"%s\", which the first row lacks; all rows need the same roles",
                          tern_table_path(table), tern_table_line(table), key);
    }
    free(names);
    return status;
}

static void note_text(tern_unused *column, const char *text, size_t n)
{
    text = tern_trim_blanks(text, &n);
    column->rows += n > 0;
    column->zeros += n == 1 && *text == '0';
    column->ones += n == 1 && *text == '1';
}

static void note_value(tern_unused *column, const json_t *value)
{
    if (json_is_string(value)) {
        note_text(column, json_string_value(value), json_string_length(value));
        return;
    }
    double number = json_is_true(value) ? 1 : json_number_value(value);
    int counts = json_is_number(value) || json_is_boolean(value);
    column->rows += !json_is_null(value);
    column->zeros += counts && number == 0;
    column->ones += counts && number == 1;
    const json_t *first = json_is_array(value) ? json_array_get(value, 0) : value;
    column->objects += json_is_object(value) || (first && first != value && !json_is_string(first));
}

static void note_keys(const tern_roles *roles, const tern_table *table, tern_findings *findings)
{
    const char **names;
    size_t n = tern_table_columns(table, &names);
    for (size_t i = 0; i < n; i++)
        if (!plays_a_role(roles, names[i]))
            note_value(tern_findings_unused(findings, names[i]), tern_table_value(table, names[i]));
    free(names);
}

void tern_roles_note_others(const tern_roles *roles, const tern_table *table, tern_findings *findings)
{
    size_t n;
    if (findings && tern_table_form(table) == TERN_FORM_JSONL)
        note_keys(roles, table, findings);
    for (size_t i = 0; i < roles->n_others; i++) {
        const char *text = tern_table_field(table, roles->others[i].column, &n);
        note_text(&findings->unused[roles->others[i].entry], text, n);
    }
}
