#include "data/findings.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/blank.h"
#include "data/roles.h"
#include "data/table.h"

#include <ctype.h>
#include <string.h>

enum { MOST_NAMED = 20 };

void tern_findings_free(tern_findings *findings)
{
    for (int i = 0; i < TERN_MOST_FAULTS; i++)
        free(findings->fault[i]);
    for (size_t i = 0; i < findings->n_used; i++)
        free(findings->used[i].name);
    for (size_t i = 0; i < findings->n_unused; i++)
        free(findings->unused[i].name);
    free(findings->used);
    free(findings->unused);
    free(findings->label_rows);
    tern_texts_free(findings->labels);
    tern_texts_free(findings->unused_names);
    *findings = (tern_findings){0};
}

int tern_is_null_like(const char *text, size_t n)
{
    static const char *const names[] = {"nan", "NaN", "NAN", "-nan", "-NaN", "NULL",     "null", "Null", "None",
                                        "NA",  "N/A", "n/a", "#N/A", "#NA",  "#N/A N/A", "<NA>", "NaT",  "\\N"};
    text = tern_trim_blanks(text, &n);
    for (size_t i = 0; n <= strlen("#N/A N/A") && i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == n && memcmp(names[i], text, n) == 0)
            return 1;
    return 0;
}

int tern_findings_fault(tern_findings *findings, const tern_error *error)
{
    if (!findings || !findings->go_on)
        return 0;
    if (findings->n_faults < TERN_MOST_FAULTS)
        findings->fault[findings->n_faults] = tern_strdup(error->message);
    findings->n_faults++;
    return 1;
}

void tern_findings_use(tern_findings *findings, const char *role, const char *name, int loose)
{
    if (!findings)
        return;
    TERN_GROW(findings->used, findings->n_used, findings->used_capacity);
    findings->used[findings->n_used++] = (tern_used){.name = tern_strdup(name), .role = role, .loose = loose};
}

void tern_findings_text(tern_findings *findings, const char *name, const char *text, size_t n, long long line)
{
    if (!findings || !tern_is_null_like(text, n))
        return;
    for (size_t i = 0; i < findings->n_used; i++) {
        tern_used *used = &findings->used[i];
        if (strcmp(used->name, name) != 0)
            continue;
        if (used->nulls++ == 0) {
            text = tern_trim_blanks(text, &n);
            used->null_line = line;
            snprintf(used->null_text, sizeof used->null_text, "%.*s", (int)n, text);
        }
        break;
    }
}

tern_unused *tern_findings_unused(tern_findings *findings, const char *name)
{
    if (!findings)
        return NULL;
    if (!findings->unused_names)
        findings->unused_names = tern_texts_create();
    size_t known = findings->n_unused;
    size_t id = (size_t)tern_texts_add(findings->unused_names, name, strlen(name));
    if (id == known) {
        TERN_GROW(findings->unused, findings->n_unused, findings->unused_capacity);
        findings->unused[findings->n_unused++] = (tern_unused){.name = tern_strdup(name), .role = tern_role_like(name)};
    }
    return &findings->unused[id];
}

void tern_findings_label(tern_findings *findings, int64_t id, const char *label)
{
    if (!findings)
        return;
    if (!findings->labels)
        findings->labels = tern_texts_create();
    if ((size_t)id == findings->n_labels) {
        TERN_GROW(findings->label_rows, findings->n_labels, findings->label_capacity);
        findings->label_rows[findings->n_labels++] = 0;
        tern_texts_add(findings->labels, label, strlen(label));
    }
    findings->label_rows[id]++;
}

/* How many columns play the role. */
static int count_used(const tern_findings *findings, const char *role)
{
    int n = 0;
    for (size_t i = 0; i < findings->n_used; i++)
        n += strcmp(findings->used[i].role, role) == 0;
    return n;
}

static int is_judgement(const tern_unused *column)
{
    return column->rows > 0 && column->zeros > 0 && column->zeros + column->ones == column->rows;
}

const char *tern_unused_role(const tern_unused *column)
{
    return column->role ? column->role : is_judgement(column) ? "label" : NULL;
}

/* The name without its number: a role is given by it, and its columns are the ones with numbers. */
static char *base_name(const char *name)
{
    size_t n = strlen(name), end = n;
    while (end > 1 && isdigit((unsigned char)name[end - 1]))
        end--;
    if (end < n && end > 1 && name[end - 1] == '_')
        end--;
    return tern_strndup(name, end);
}

/* "; neg looks like a negative: ..." for the first unused column that looks like the role. */
static void add_hint(tern_buffer *text, const tern_findings *findings, const char *role, const tern_naming *naming)
{
    const tern_unused *column = NULL;
    for (size_t i = 0; i < findings->n_unused && !column; i++)
        if (tern_unused_role(&findings->unused[i]) && strcmp(tern_unused_role(&findings->unused[i]), role) == 0)
            column = &findings->unused[i];
    int there = count_used(findings, role), negative = strcmp(role, "negative") == 0;
    /* A second anchor, label or score is a matter of taste; negatives and positives are what is trained on. */
    int texts = negative || strcmp(role, "positive") == 0;
    if (!column || (there && !texts) || (column->objects && !texts))
        return;
    if (naming->hints_only && strcmp(role, "label") == 0)
        role = "score";
    tern_buffer_printf(text, "; %s looks like a %s", column->name, role);
    if (is_judgement(column))
        tern_buffer_printf(text, " (0 in %lld row%s, 1 in %lld)", (long long)column->zeros, tern_s(column->zeros),
                           (long long)column->ones);
    if (column->objects)
        tern_buffer_printf(text, " but holds objects: write their texts alone, in a list");
    else if (!there) {
        char *base = negative ? base_name(column->name) : tern_strdup(column->name);
        tern_buffer_printf(text, ": name it with %s%s%s%s, or rename it to %s", naming->before, role, naming->between,
                           base, negative ? "negative_1" : role);
        free(base);
    } else if (negative)
        tern_buffer_printf(text, ": number the columns of negatives alike, negative_1, negative_2, ...");
    else
        tern_buffer_printf(text, ": a row has one; write a row for each");
}

/* "neg", and for a column without a name "one without a name". */
static char *describe_unused(const tern_findings *findings)
{
    tern_buffer text = {0};
    tern_buffer_add(&text, "", 0);
    for (size_t i = 0; i < findings->n_unused && i < MOST_NAMED; i++) {
        const tern_unused *column = &findings->unused[i];
        tern_buffer_printf(&text, "%s%s", i ? ", " : "", *column->name ? column->name : "one without a name");
        if (column->rows < findings->n_rows && findings->n_rows > 1)
            tern_buffer_printf(&text, " (in %lld row%s)", (long long)column->rows, tern_s(column->rows));
    }
    if (findings->n_unused > MOST_NAMED)
        tern_buffer_printf(&text, " and %zu more", findings->n_unused - MOST_NAMED);
    return text.data;
}

typedef struct listener {
    void (*say)(void *context, const char *sentence);
    void *context;
} listener;

static void say_unused(const tern_findings *findings, const char *path, const tern_naming *naming, const listener *to)
{
    static const char *const roles[] = {"anchor", "positive", "negative", "label", "score"};
    if (findings->n_unused == 0)
        return;
    tern_buffer hints = {0};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        add_hint(&hints, findings, roles[i], naming);
    char *names = describe_unused(findings), *text;
    text =
        tern_format("%s: %zu column%s %s not used: %s%s", path, findings->n_unused, tern_s((int64_t)findings->n_unused),
                    tern_is((int64_t)findings->n_unused), names, hints.n ? hints.data : "");
    if (hints.n || !naming->hints_only)
        to->say(to->context, text);
    tern_buffer_free(&hints);
    free(text);
    free(names);
}

static void say_nulls(const tern_findings *findings, const char *path, const tern_naming *naming, const listener *to)
{
    for (size_t i = 0; i < findings->n_used; i++) {
        const tern_used *used = &findings->used[i];
        if (used->nulls == 0 || (!naming->rare_too && used->nulls < findings->n_rows / 10000))
            continue;
        char *text =
            tern_format("%s: \"%s\" reads like a missing value in %lld of %lld row%s (%s\"%s\" in line %lld); "
                        "that is taken for a word: leave such rows out unless it is one",
                        path, used->name, (long long)used->nulls, (long long)findings->n_rows, tern_s(findings->n_rows),
                        used->nulls > 1 ? "first " : "", used->null_text, used->null_line);
        to->say(to->context, text);
        free(text);
    }
}

/* Negatives whose names aren't quite those of the docs are used, and that is said. */
static void say_loose(const tern_findings *findings, const char *path, const listener *to)
{
    tern_buffer text = {0};
    for (size_t i = 0; i < findings->n_used; i++)
        if (findings->used[i].loose)
            tern_buffer_printf(&text, "%s%s", text.n ? ", " : "", findings->used[i].name);
    if (!text.n)
        return;
    char *sentence = tern_format("%s: %s: read as negatives, as their names suggest", path, text.data);
    to->say(to->context, sentence);
    free(sentence);
    tern_buffer_free(&text);
}

/* "1, 1.0, 01": labels that are other words and the same number. NULL: none. */
static char *equal_numbers(const tern_texts *labels, int64_t first, double value)
{
    tern_buffer text = {0};
    double other;
    for (int64_t i = first + 1; i < tern_texts_count(labels) && i < first + 1000; i++) {
        const char *label = tern_texts_get(labels, i, NULL);
        if (tern_parse_number(label, &other) < 0 || other != value)
            continue;
        if (!text.n)
            tern_buffer_printf(&text, "%s", tern_texts_get(labels, first, NULL));
        tern_buffer_printf(&text, ", %s", label);
    }
    return text.data;
}

static void say_labels(const tern_findings *findings, const char *path, const listener *to)
{
    double value;
    char *equal = NULL;
    for (size_t i = 0; i < findings->n_labels && i < 1000 && !equal; i++)
        if (tern_parse_number(tern_texts_get(findings->labels, (int64_t)i, NULL), &value) == 0)
            equal = equal_numbers(findings->labels, (int64_t)i, value);
    if (!equal)
        return;
    char *text = tern_format("%s: the labels %s are one number written in several ways, and count as different "
                             "classes; write them alike",
                             path, equal);
    to->say(to->context, text);
    free(text);
    free(equal);
}

void tern_findings_say(const tern_findings *findings, const char *path, const tern_naming *naming,
                       void (*say)(void *context, const char *sentence), void *context)
{
    const listener to = {say, context};
    say_unused(findings, path, naming, &to);
    say_loose(findings, path, &to);
    say_nulls(findings, path, naming, &to);
    say_labels(findings, path, &to);
}
