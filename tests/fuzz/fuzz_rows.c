/* Rows with roles, of a form and options that the first byte picks: ids, labels and scores are in range, rows that were
 * read and faults add up, what is relevant is sorted and has every positive, what is drawn is of the row's list and
 * once each, going on behind faults fails with the fault that ends the reading otherwise, and rows written as JSONL
 * read back equal, those of CSV and TSV also as the same table in JSONL. */
#include "base/memory.h"
#include "data/csv.h"
#include "data/findings.h"
#include "data/rows.h"
#include "data/table.h"
#include "fuzz.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

enum { PER_ROW = 2 };

typedef struct result {
    tern_texts *texts;
    tern_rows *rows; /* NULL: failed */
    tern_findings findings;
    tern_error error;
} result;

static result read_rows(tern_rows_source source, int go_on)
{
    result r = {.texts = tern_texts_create(), .findings = {.go_on = go_on}};
    source.findings = &r.findings;
    r.rows = tern_rows_read(&source, r.texts, &r.error);
    if (!r.rows)
        FUZZ_FAILED(r.error);
    return r;
}

static void free_result(result *r)
{
    tern_rows_free(r->rows);
    tern_findings_free(&r->findings);
    tern_texts_free(r->texts);
}

static void check_ids(const tern_rows *rows, const int64_t *ids, int64_t width)
{
    for (int64_t i = 0; i < rows->n * width; i++)
        TERN_CHECK(ids[i] >= 0 && ids[i] < tern_texts_count(rows->texts), "text %lld of %lld", (long long)ids[i],
                   (long long)tern_texts_count(rows->texts));
}

static void check_labels(const tern_rows *rows)
{
    int64_t most = -1;
    for (int64_t i = 0; i < rows->n; i++) {
        TERN_CHECK(rows->label[i] >= 0 && rows->label[i] < rows->n_labels, "label %lld of %lld",
                   (long long)rows->label[i], (long long)rows->n_labels);
        TERN_CHECK(rows->group_start || rows->label[i] <= most + 1, "label %lld before %lld", (long long)rows->label[i],
                   (long long)most + 1);
        most = rows->label[i] > most ? rows->label[i] : most;
    }
    TERN_CHECK(most + 1 == rows->n_labels, "%lld labels of %lld", (long long)most + 1, (long long)rows->n_labels);
}

static void check_groups(const tern_rows *rows)
{
    char *seen = tern_calloc((size_t)tern_texts_count(rows->texts), 1);
    TERN_CHECK(rows->group_start[0] == 0 && rows->group_start[rows->n_groups] == rows->n, "groups of %lld rows",
               (long long)rows->group_start[rows->n_groups]);
    for (int64_t g = 0; g < rows->n_groups; g++) {
        int64_t from = rows->group_start[g], to = rows->group_start[g + 1];
        TERN_CHECK(from < to && !seen[rows->anchor[from]]++, "group %lld is empty, or another's", (long long)g);
        for (int64_t i = from; i < to; i++)
            TERN_CHECK(rows->anchor[i] == rows->anchor[from], "row %lld is in another's group", (long long)i);
    }
    free(seen);
}

static void check_relevant(const tern_rows *rows)
{
    for (int64_t a = 0; a < rows->n_anchors_known; a++) {
        TERN_CHECK(rows->relevant_start[a] <= rows->relevant_start[a + 1], "what is relevant to %lld", (long long)a);
        for (int64_t i = rows->relevant_start[a] + 1; i < rows->relevant_start[a + 1]; i++)
            TERN_CHECK(rows->relevant[i - 1] < rows->relevant[i], "relevant to %lld is not sorted", (long long)a);
    }
    for (int64_t i = 0; rows->has_positive && i < rows->n; i++)
        TERN_CHECK(tern_rows_is_relevant(rows, rows->anchor[i], rows->positive[i]), "row %lld: its positive isn't",
                   (long long)i);
}

static int is_listed(const tern_negatives *pool, int64_t row, int64_t text)
{
    for (int64_t i = pool->start[pool->list[row]]; i < pool->start[pool->list[row] + 1]; i++)
        if (pool->text[i] == text)
            return 1;
    return 0;
}

/* A draw, by what is promised of it. */
static void check_drawn(const tern_rows *rows)
{
    tern_rows *drawn = tern_rows_draw(rows, 3, 1);
    int64_t k = rows->n_negatives;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t c = 0; c < k; c++) {
            int64_t text = drawn->negative[i * k + c];
            TERN_CHECK((text == TERN_NO_TEXT) == (c >= tern_negatives_of_row(rows->pool, i)),
                       "negative %lld of row %lld", (long long)c, (long long)i);
            TERN_CHECK(text == TERN_NO_TEXT || is_listed(rows->pool, i, text), "text %lld is not of row %lld's list",
                       (long long)text, (long long)i);
            TERN_CHECK(text != rows->anchor[i] && !tern_rows_is_relevant(rows, rows->anchor[i], text),
                       "text %lld is relevant to row %lld", (long long)text, (long long)i);
            for (int64_t b = 0; b < c && text != TERN_NO_TEXT; b++)
                TERN_CHECK(drawn->negative[i * k + b] != text, "row %lld has text %lld twice", (long long)i,
                           (long long)text);
        }
    for (int64_t i = 0; drawn->score && i < rows->n * rows->n_scores; i++)
        TERN_CHECK(isfinite(drawn->score[i]), "score %g", drawn->score[i]);
    tern_rows_drawn_free(drawn);
}

static void check_pool(const tern_rows *rows)
{
    const tern_negatives *pool = rows->pool;
    TERN_CHECK(!rows->negative && rows->n_negatives == PER_ROW && !pool->score == !pool->positive_score,
               "%d negatives are drawn", rows->n_negatives);
    for (int64_t l = 0; l < pool->n_lists; l++)
        TERN_CHECK(pool->start[l] <= pool->start[l + 1], "list %lld ends before it begins", (long long)l);
    for (int64_t i = 0; i < pool->start[pool->n_lists]; i++)
        TERN_CHECK(pool->text[i] >= 0 && pool->text[i] < tern_texts_count(rows->texts), "text %lld",
                   (long long)pool->text[i]);
    for (int64_t i = 0; i < rows->n; i++)
        TERN_CHECK(pool->list[i] >= 0 && pool->list[i] < pool->n_lists, "list %lld", (long long)pool->list[i]);
    check_drawn(rows);
}

static void check_rows(const result *r, const tern_rows_source *source)
{
    const tern_rows *rows = r->rows;
    int scaled = source->score_least != source->score_most;
    /* A line with a list of positives is several rows. */
    TERN_CHECK(rows->n > 0 && r->findings.n_rows > 0 && r->findings.n_rows <= rows->n && r->findings.n_faults == 0,
               "%lld rows, %lld were read, %lld faults", (long long)rows->n, (long long)r->findings.n_rows,
               (long long)r->findings.n_faults);
    TERN_CHECK(rows->has_positive == (rows->positive != NULL) && rows->has_label == (rows->label != NULL) &&
                   (rows->n_negatives > 0) == (rows->negative != NULL || rows->pool != NULL) &&
                   rows->has_score == (rows->n_scores > 0) &&
                   rows->has_score == (rows->score != NULL || (rows->pool && rows->pool->score)),
               "what the rows have is not what they say");
    check_ids(rows, rows->anchor, 1);
    if (rows->has_positive)
        check_ids(rows, rows->positive, 1);
    if (rows->negative)
        check_ids(rows, rows->negative, rows->n_negatives);
    for (int64_t i = 0; rows->score && i < rows->n * rows->n_scores; i++)
        TERN_CHECK(isfinite(rows->score[i]) && (!scaled || (rows->score[i] >= 0 && rows->score[i] <= 1)), "score %g",
                   rows->score[i]);
    if (rows->has_label)
        check_labels(rows);
    if (rows->group_start)
        check_groups(rows);
    check_relevant(rows);
    if (rows->pool)
        check_pool(rows);
}

static json_t *text_of(const tern_rows *rows, int64_t id)
{
    size_t n;
    const char *text = tern_texts_get(rows->texts, id, &n);
    json_t *string = json_stringn(text, n);
    TERN_CHECK(string && n > 0, "text %lld, %zu bytes, is not UTF-8", (long long)id, n);
    return string;
}

static json_t *row_of(const tern_rows *rows, int64_t i)
{
    json_t *row = json_pack("{so}", "anchor", text_of(rows, rows->anchor[i]));
    if (rows->has_positive)
        json_object_set_new(row, "positive", text_of(rows, rows->positive[i]));
    for (int k = 0; k < rows->n_negatives; k++) {
        char name[32];
        snprintf(name, sizeof name, "negative_%d", k);
        json_object_set_new(row, name, text_of(rows, rows->negative[i * rows->n_negatives + k]));
    }
    if (rows->has_label)
        json_object_set_new(row, "label", json_sprintf("label %lld", (long long)rows->label[i]));
    json_t *scores = json_array();
    for (int k = 0; k < rows->n_scores; k++)
        json_array_append_new(scores, json_real(rows->score[i * rows->n_scores + k]));
    if (rows->n_scores)
        json_object_set(row, "score", scores);
    json_decref(scores);
    return row;
}

static void add_line(tern_buffer *out, json_t *row)
{
    char *line = json_dumps(row, JSON_COMPACT);
    TERN_CHECK(line, "a row can't be written");
    tern_buffer_printf(out, "%s\n", line);
    free(line);
    json_decref(row);
}

static void compare_ids(const tern_rows *a, const int64_t *x, const tern_rows *b, const int64_t *y, int64_t n)
{
    size_t m, k;
    for (int64_t i = 0; i < n; i++) {
        const char *s = tern_texts_get(a->texts, x[i], &m), *t = tern_texts_get(b->texts, y[i], &k);
        TERN_CHECK(m == k && !memcmp(s, t, m), "\"%s\" became \"%s\"", s, t);
    }
}

/* Labels are numbered anew where groups brought rows into another order. */
static void compare_labels(const tern_rows *a, const tern_rows *b)
{
    int64_t *now = tern_alloc((size_t)a->n_labels, sizeof *now);
    memset(now, 0xFF, (size_t)a->n_labels * sizeof *now);
    TERN_CHECK(a->n_labels == b->n_labels, "%lld labels became %lld", (long long)a->n_labels, (long long)b->n_labels);
    for (int64_t i = 0; i < a->n; i++) {
        int64_t *label = &now[a->label[i]];
        *label = *label < 0 ? b->label[i] : *label;
        TERN_CHECK(*label == b->label[i], "row %lld has another label", (long long)i);
    }
    free(now);
}

static void compare_rows(const tern_rows *a, const tern_rows *b)
{
    TERN_CHECK(a->n == b->n && a->n_negatives == b->n_negatives && a->has_positive == b->has_positive &&
                   a->has_label == b->has_label && a->n_scores == b->n_scores,
               "%lld rows with %d negatives, %d scores became %lld with %d and %d", (long long)a->n, a->n_negatives,
               a->n_scores, (long long)b->n, b->n_negatives, b->n_scores);
    compare_ids(a, a->anchor, b, b->anchor, a->n);
    if (a->has_positive)
        compare_ids(a, a->positive, b, b->positive, a->n);
    if (a->negative)
        compare_ids(a, a->negative, b, b->negative, a->n * a->n_negatives);
    if (a->pool)
        compare_ids(a, a->pool->text, b, b->pool->text, a->pool->start[a->pool->n_lists]);
    for (int64_t i = 0; a->score && i < a->n * a->n_scores; i++)
        TERN_CHECK(a->score[i] == b->score[i], "score %.17g became %.17g", a->score[i], b->score[i]);
    if (a->has_label)
        compare_labels(a, b);
}

static void read_and_compare(const tern_rows *rows, tern_rows_source source, const tern_buffer *text)
{
    source.file = "again.jsonl";
    source.bytes = text->data;
    source.n_bytes = text->n;
    result again = read_rows(source, 0);
    TERN_CHECK(again.rows, "refused: %s\n%s", again.error.message, text->data);
    compare_rows(rows, again.rows);
    free_result(&again);
}

static void write_and_read(const tern_rows *rows)
{
    tern_buffer text = {0};
    for (int64_t i = 0; i < rows->n; i++)
        add_line(&text, row_of(rows, i));
    read_and_compare(rows, (tern_rows_source){0}, &text);
    tern_buffer_free(&text);
}

/* Scores are numbers in JSON, and text in CSV. */
static json_t *value_of(const tern_table *table, const char *name, size_t column, const char *score)
{
    size_t n;
    double number;
    const char *text = tern_table_field(table, column, &n);
    if (!strncmp(name, score, strlen(score)) && tern_table_number(table, name, &number, NULL) == 0)
        return json_real(number);
    return json_stringn(text, n);
}

/* The same table in JSONL. Columns without a name are no keys. */
static void read_as_jsonl(const tern_rows *rows, const tern_rows_source *source)
{
    tern_buffer text = {0};
    tern_table *table =
        tern_table_of_memory(source->file, source->bytes, source->n_bytes, source->invalid_utf8_replace, NULL);
    const char **names;
    size_t n = tern_table_columns(table, &names);
    while (tern_table_next(table, NULL) > 0) {
        json_t *row = json_object();
        for (size_t c = 0; c < n; c++)
            if (*names[c])
                json_object_set_new(row, names[c],
                                    value_of(table, names[c], c, source->score ? source->score : "score"));
        add_line(&text, row);
    }
    free(names);
    tern_table_close(table);
    read_and_compare(rows, *source, &text);
    tern_buffer_free(&text);
}

/* JSON can write a NUL character, and texts can't hold it. */
static void check_label_texts(const tern_rows_source *source)
{
    tern_table *table =
        tern_table_of_memory(source->file, source->bytes, source->n_bytes, source->invalid_utf8_replace, NULL);
    const char *text;
    size_t n;
    while (tern_table_next(table, NULL) > 0)
        if (tern_table_text(table, source->label ? source->label : "label", &text, &n, NULL) == 0)
            TERN_CHECK(strlen(text) == n, "the label \"%s\" of %zu bytes", text, n);
    tern_table_close(table);
}

static tern_rows_source source_of(int options)
{
    static const char *const files[] = {"fuzz.csv", "fuzz.tsv", "fuzz.jsonl"};
    tern_rows_source source = {.file = files[options % 3], .invalid_utf8_replace = options / 48 % 2};
    if (options / 3 % 2)
        source.positives_per_query = 1;
    if (options / 6 % 2)
        source.score_most = 5;
    if (options / 12 % 2) {
        source.anchor = "q";
        source.negative = "n";
        source.score = "s";
    }
    if (options / 24 % 2)
        source.label = "c";
    if (options / 96 % 2)
        source.negatives_per_row = PER_ROW;
    return source;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    tern_rows_source source = source_of((uint8_t)(bytes[0] - '0'));
    source.bytes = (const char *)bytes + 1;
    source.n_bytes = n - 1;
    result first = read_rows(source, 0), all = read_rows(source, 1);
    TERN_CHECK(!first.rows == !all.rows, "going on makes a difference: %s%s", first.error.message, all.error.message);
    if (first.rows) {
        check_rows(&first, &source);
        check_rows(&all, &source);
        compare_rows(first.rows, all.rows);
        if (!first.rows->pool)
            write_and_read(first.rows);
        if (strcmp(source.file, "fuzz.jsonl"))
            read_as_jsonl(first.rows, &source);
        else if (first.rows->has_label)
            check_label_texts(&source);
    } else if (all.findings.n_faults) {
        TERN_CHECK(!strcmp(first.error.message, all.findings.fault[0]), "\"%s\" is not the first fault, \"%s\"",
                   first.error.message, all.findings.fault[0]);
    } else {
        TERN_CHECK(!strcmp(first.error.message, all.error.message), "\"%s\", and going on \"%s\"", first.error.message,
                   all.error.message);
    }
    free_result(&first);
    free_result(&all);
    return 0;
}
