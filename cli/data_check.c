#include "cli/data_check.h"

#include "base/integer.h"
#include "base/memory.h"
#include "base/visible.h"
#include "base/words.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "data/warnings_json.h"
#include "data/findings.h"
#include "data/input.h"

#include <jansson.h>
#include <string.h>

enum { MOST_LABELS = 20, TEXT_SHOWN = 60 }; /* labels; columns of a terminal */

/* On one line, cut. */
static void print_cut(const char *text, size_t n)
{
    char *shown = tern_visible_cut(text, n, TEXT_SHOWN, TERN_VISIBLE_TEXT);
    puts(shown);
    free(shown);
}

static void print_count(const char *name, int64_t n)
{
    printf("%-16s %9lld\n", name, (long long)n);
}

static const char *longest_text(const tern_texts *texts, size_t *longest)
{
    const char *found = "";
    *longest = 0;
    for (int64_t i = 0; i < tern_texts_count(texts); i++) {
        size_t n;
        const char *text = tern_texts_get(texts, i, &n);
        if (n > *longest) {
            *longest = n;
            found = text;
        }
    }
    return found;
}

/* The least negatives that a row has. */
static int64_t least_negatives(const tern_rows *rows)
{
    int64_t least = rows->n_negatives;
    for (int64_t i = 0; rows->pool && i < rows->n; i++)
        least = tern_min(least, tern_negatives_of_row(rows->pool, i));
    return least;
}

static void print_negatives(const tern_rows *rows)
{
    int64_t least = least_negatives(rows);
    if (least < rows->n_negatives)
        printf(", %lld to", (long long)least);
    else if (least > 0)
        printf(",");
    if (rows->n_negatives > 0)
        printf(" %d negative%s", rows->n_negatives, tern_s(rows->n_negatives));
}

/* The roles, and which columns they are where that isn't plain from their names. */
static void print_roles(const tern_rows *rows, const tern_findings *findings)
{
    tern_buffer columns = {0};
    printf("%-16s    anchor%s", "roles", rows->has_positive ? ", positive" : "");
    print_negatives(rows);
    printf("%s%s\n", rows->has_label ? ", label" : "", rows->has_score ? ", score" : "");
    for (size_t i = 0; i < findings->n_used; i++)
        tern_buffer_printf(&columns, "%s%s (%s)", i ? ", " : "columns             ", findings->used[i].name,
                           findings->used[i].role);
    if (columns.n > 0)
        tern_print_fitted(stdout, columns.data, 0);
    tern_buffer_free(&columns);
}

typedef struct counted {
    int64_t id, rows;
} counted;

static int by_rows(const void *left, const void *right)
{
    const counted *a = left, *b = right;
    if (a->rows != b->rows)
        return a->rows > b->rows ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* The labels, those of most rows first. [n_labels], the caller's. */
static counted *sort_labels(const tern_findings *findings)
{
    counted *list = tern_alloc(findings->n_labels, sizeof *list);
    for (size_t i = 0; i < findings->n_labels; i++)
        list[i] = (counted){(int64_t)i, findings->label_rows[i]};
    if (findings->n_labels)
        qsort(list, findings->n_labels, sizeof *list, by_rows);
    return list;
}

static void print_labels(const tern_findings *findings)
{
    counted *list = sort_labels(findings);
    if (findings->n_labels)
        print_count("labels", (int64_t)findings->n_labels);
    for (size_t i = 0; i < findings->n_labels && i < MOST_LABELS; i++) {
        size_t n;
        const char *label = tern_texts_get(findings->labels, list[i].id, &n);
        printf("%-16s %9lld row%s  ", "  label", (long long)list[i].rows, list[i].rows == 1 ? ": " : "s:");
        print_cut(label, n);
    }
    if (findings->n_labels > MOST_LABELS)
        printf("%-16s %9zu more\n", "  label", findings->n_labels - MOST_LABELS);
    free(list);
}

static const char *quotes_of(const tern_findings *findings)
{
    return findings->quoting < 0 ? NULL : findings->quoting ? "around fields" : "characters of the texts";
}

static void print_rows(const tern_rows *rows, const tern_findings *findings)
{
    size_t longest;
    print_count("rows", rows->n);
    print_roles(rows, findings);
    print_labels(findings);
    if (quotes_of(findings))
        printf("%-16s    %s\n", "quotes", quotes_of(findings));
    if (rows->group_start)
        print_count("anchors", rows->n_groups);
    print_count("distinct texts", tern_texts_count(rows->texts));
    const char *text = longest_text(rows->texts, &longest);
    printf("%-16s %9zu byte%s: ", "longest text", longest, tern_s((int64_t)longest));
    print_cut(text, longest);
}

static json_t *columns_json(const tern_findings *findings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < findings->n_used; i++) {
        const tern_used *used = &findings->used[i];
        json_array_append_new(list, json_pack("{s:o, s:s, s:I}", "name", tern_json_of_bytes(used->name), "role",
                                              used->role, "missing_values", (json_int_t)used->nulls));
    }
    return list;
}

static json_t *unused_json(const tern_findings *findings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < findings->n_unused; i++) {
        const tern_unused *unused = &findings->unused[i];
        json_array_append_new(list, json_pack("{s:o, s:I, s:s?}", "name", tern_json_of_bytes(unused->name), "rows",
                                              (json_int_t)unused->rows, "looks_like", tern_unused_role(unused)));
    }
    return list;
}

static json_t *labels_json(const tern_findings *findings)
{
    json_t *list = json_array();
    counted *sorted = sort_labels(findings);
    for (size_t i = 0; i < findings->n_labels; i++)
        json_array_append_new(list, json_pack("{s:o, s:I}", "label",
                                              tern_json_of_bytes(tern_texts_get(findings->labels, sorted[i].id, NULL)),
                                              "rows", (json_int_t)sorted[i].rows));
    free(sorted);
    return list;
}

static json_t *faults_json(const tern_findings *findings)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < findings->n_faults && i < TERN_MOST_FAULTS; i++)
        json_array_append_new(list, tern_json_of_bytes(findings->fault[i]));
    return list;
}

/* rows NULL: there were faults. */
static void print_json(const char *path, const tern_rows *rows, const tern_findings *findings)
{
    json_t *object =
        json_pack("{s:o, s:I, s:o, s:o}", "file", tern_json_of_bytes(path), "rows", (json_int_t)findings->n_rows,
                  "columns", columns_json(findings), "unused", unused_json(findings));
    if (findings->n_labels)
        json_object_set_new(object, "labels", labels_json(findings));
    if (quotes_of(findings))
        json_object_set_new(object, "quotes", json_string(quotes_of(findings)));
    if (rows && least_negatives(rows) < rows->n_negatives)
        json_object_set_new(object, "negatives_per_row",
                            json_pack("[I, i]", (json_int_t)least_negatives(rows), rows->n_negatives));
    if (rows) {
        size_t longest;
        longest_text(rows->texts, &longest);
        json_object_set_new(object, "distinct_texts", json_integer(tern_texts_count(rows->texts)));
        json_object_set_new(object, "longest_text_bytes", json_integer((json_int_t)longest));
    }
    json_object_set_new(object, "n_faults", json_integer(findings->n_faults));
    json_object_set_new(object, "faults", faults_json(findings));
    tern_command_add_warnings(object);
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

/* Faults one by one, and how many there are when that isn't plain. */
static void print_faults(const char *path, const tern_findings *findings, const tern_error *error)
{
    tern_error line;
    if (findings->n_faults <= 1) {
        tern_command_fail(error);
        return;
    }
    for (int64_t i = 0; i < findings->n_faults && i < TERN_MOST_FAULTS; i++) {
        tern_fail(&line, "%s", findings->fault[i]);
        tern_command_fail(&line);
    }
    char *rows = findings->n_rows ? tern_format(" in %lld row%s", (long long)findings->n_rows, tern_s(findings->n_rows))
                                  : tern_strdup("");
    tern_fail(&line, "%s: %lld faults%s", path, (long long)findings->n_faults, rows);
    if (findings->n_faults > TERN_MOST_FAULTS)
        tern_fail(&line, "%s: %lld faults%s, of which the first %d are shown", path, (long long)findings->n_faults,
                  rows, TERN_MOST_FAULTS);
    tern_command_fail(&line);
    free(rows);
}

static void add_fault(void *findings, const tern_error *error)
{
    tern_findings_fault(findings, error);
}

/* Lines that are not UTF-8 are faults like others: the rest is read as if they were mended. */
static void check_utf8(tern_rows_source *source, tern_findings *findings)
{
    if (source->invalid_utf8_replace)
        return;
    tern_input_list_invalid(source->file, add_fault, findings);
    source->invalid_utf8_replace = findings->n_faults > 0;
}

int tern_data_check_rows(const tern_rows_source *source, int json)
{
    static const tern_naming naming = {"--", " ", 1, 0};
    tern_findings findings = {.go_on = 1, .quoting = -1};
    tern_rows_source from = *source;
    tern_error error = {{0}};
    tern_texts *texts = tern_texts_create();
    from.findings = &findings;
    check_utf8(&from, &findings);
    tern_rows *rows = tern_rows_read(&from, texts, &error);
    if (rows && !json)
        print_rows(rows, &findings);
    if (rows || findings.n_faults)
        tern_findings_say(&findings, source->file, &naming, tern_command_warn_sentence, NULL);
    if (json && (rows || findings.n_faults))
        print_json(source->file, rows, &findings);
    if (!rows)
        print_faults(source->file, &findings, &error);
    int status = rows ? TERN_EXIT_DONE : TERN_EXIT_FAILED;
    tern_rows_free(rows);
    tern_texts_free(texts);
    tern_findings_free(&findings);
    return tern_command_end(status);
}
