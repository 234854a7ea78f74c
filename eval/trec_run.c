#include "eval/trec_run.h"

#include "base/file.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 30 };

tern_trec_run *tern_trec_run_create(void)
{
    tern_trec_run *run = tern_calloc(1, sizeof *run);
    run->start_capacity = 16;
    run->start = tern_calloc(run->start_capacity, sizeof *run->start);
    return run;
}

void tern_trec_run_free(tern_trec_run *run)
{
    if (!run)
        return;
    free(run->start);
    free(run->scores);
    free(run->query_at);
    free(run->doc_at);
    tern_buffer_free(&run->text);
    free(run);
}

const char *tern_trec_run_query(const tern_trec_run *run, int64_t query)
{
    return run->text.data + run->query_at[query];
}

const char *tern_trec_run_doc(const tern_trec_run *run, int64_t i)
{
    return run->text.data + run->doc_at[i];
}

static size_t add_text(tern_trec_run *run, const char *text)
{
    size_t at = run->text.n;
    tern_buffer_add(&run->text, text, strlen(text) + 1);
    return at;
}

void tern_trec_run_add_query(tern_trec_run *run, const char *query_id)
{
    TERN_GROW(run->query_at, (size_t)run->n_queries, run->query_capacity);
    TERN_GROW(run->start, (size_t)run->n_queries + 1, run->start_capacity);
    run->query_at[run->n_queries] = add_text(run, query_id);
    run->start[run->n_queries + 1] = run->start[run->n_queries];
    run->n_queries++;
}

void tern_trec_run_add_doc(tern_trec_run *run, const char *doc_id, float score)
{
    TERN_CHECK(run->n_queries > 0, "a document before the first query");
    int64_t *n = &run->start[run->n_queries];
    TERN_GROW(run->doc_at, (size_t)*n, run->doc_capacity);
    TERN_GROW(run->scores, (size_t)*n, run->score_capacity);
    run->doc_at[*n] = add_text(run, doc_id);
    run->scores[(*n)++] = score;
}

/* Bytes at p that readers may split columns at: C's isspace and controls, and what Python's str.split takes besides
 * (NEL, NBSP, U+1680, U+2000-200A, U+2028, U+2029, U+202F, U+205F, U+3000). 0: none. */
static size_t space_length(const unsigned char *p)
{
    if (*p <= 0x20 || *p == 0x7F)
        return 1;
    if (p[0] == 0xC2 && (p[1] == 0x85 || p[1] == 0xA0))
        return 2;
    if (p[0] == 0xE1 && p[1] == 0x9A && p[2] == 0x80)
        return 3;
    if (p[0] == 0xE2 && p[1] == 0x80)
        return (p[2] >= 0x80 && p[2] <= 0x8A) || p[2] == 0xA8 || p[2] == 0xA9 || p[2] == 0xAF ? 3 : 0;
    if ((p[0] == 0xE2 && p[1] == 0x81 && p[2] == 0x9F) || (p[0] == 0xE3 && p[1] == 0x80 && p[2] == 0x80))
        return 3;
    return 0;
}

/* Bytes at p that an id may not show as they are: white space, and a % that a reader would take for an escape. */
static size_t escaped_length(const unsigned char *p)
{
    return *p == '%' && isxdigit(p[1]) && isxdigit(p[2]) ? 1 : space_length(p);
}

static void write_id(FILE *f, const char *id)
{
    for (const unsigned char *p = (const unsigned char *)id; *p;) {
        size_t n = escaped_length(p);
        if (n == 0)
            fputc(*p++, f);
        for (; n > 0; n--)
            fprintf(f, "%%%02X", *p++);
    }
}

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* In place; what would become a 0 byte stays as it is. */
static void decode_id(char *id)
{
    char *to = id;
    for (const char *p = id; *p; p++) {
        if (*p == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2]) &&
            (p[1] != '0' || p[2] != '0')) {
            *to++ = (char)(hex(p[1]) << 4 | hex(p[2]));
            p += 2;
        } else {
            *to++ = *p;
        }
    }
    *to = 0;
}

int tern_trec_run_write(const tern_trec_run *run, const char *path, const char *tag, int overwrite, tern_error *error)
{
    tern_writer *writer = tern_writer_open(path, overwrite, error);
    if (!writer)
        return -1;
    FILE *f = tern_writer_stream(writer);
    for (int64_t q = 0; q < run->n_queries; q++)
        for (int64_t i = run->start[q]; i < run->start[q + 1]; i++) {
            if (!*tern_trec_run_query(run, q) || !*tern_trec_run_doc(run, i)) {
                tern_writer_discard(writer);
                return tern_fail(error, "%s: a TREC run cannot hold an empty id; give every query and document one",
                                 path);
            }
            write_id(f, tern_trec_run_query(run, q));
            fputs(" Q0 ", f);
            write_id(f, tern_trec_run_doc(run, i));
            fprintf(f, " %lld %.9g ", (long long)(i - run->start[q] + 1), (double)run->scores[i]);
            write_id(f, tag);
            fputc('\n', f);
        }
    return tern_writer_commit(writer, error);
}

typedef struct entry {
    const char *query, *doc; /* in the file's text; lines of one query in a row share the pointer */
    float score;
    int64_t line;
} entry;

static int by_query_then_rank(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = x->query == y->query ? 0 : strcmp(x->query, y->query);
    if (order)
        return order;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return strcmp(y->doc, x->doc);
}

static int by_query_then_doc(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = x->query == y->query ? 0 : strcmp(x->query, y->query);
    if (!order)
        order = strcmp(x->doc, y->doc);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

enum { COLUMNS = 6, QUERY = 0, DOC = 2, SCORE = 4 };

/* Cuts a line at its white space; returns the number of columns, of which the first COLUMNS are kept. */
static int cut_columns(char *line, char **columns)
{
    int n = 0;
    char *rest = NULL;
    for (char *c = strtok_r(line, " \t\r\f\v", &rest); c; c = strtok_r(NULL, " \t\r\f\v", &rest), n++)
        if (n < COLUMNS)
            columns[n] = c;
    return n;
}

static int read_entry(entry *e, char *line, int64_t number, const char *path, tern_error *error)
{
    char *columns[COLUMNS], *end;
    int n = cut_columns(line, columns);
    if (n != COLUMNS)
        return tern_fail(error, "%s:%lld: the line has %d columns; a run has six: query Q0 document rank score tag",
                         path, (long long)number, n);
    double score = strtod(columns[SCORE], &end);
    if (*end || end == columns[SCORE] || isnan(score))
        return tern_fail(error, "%s:%lld: the score \"%.40s\" is not a number", path, (long long)number,
                         columns[SCORE]);
    decode_id(columns[QUERY]);
    decode_id(columns[DOC]);
    *e = (entry){columns[QUERY], columns[DOC], (float)score, number};
    return 0;
}

static int is_blank(const char *line)
{
    return !line[strspn(line, " \t\r\f\v")];
}

static int read_entries(char *text, size_t n, const char *path, entry **entries, size_t *n_entries, tern_error *error)
{
    size_t capacity = 0;
    int64_t number = 1;
    for (char *line = text, *next; line < text + n; line = next, number++) {
        char *end = memchr(line, '\n', (size_t)(text + n - line));
        end = end ? end : text + n;
        next = end + 1;
        *end = 0;
        if (strlen(line) != (size_t)(end - line))
            return tern_fail(error, "%s:%lld: the line holds a 0 byte; a run is text", path, (long long)number);
        if (is_blank(line))
            continue;
        TERN_GROW(*entries, *n_entries, capacity);
        entry *e = *entries + *n_entries;
        if (read_entry(e, line, number, path, error) < 0)
            return -1;
        if (*n_entries > 0 && !strcmp(e[-1].query, e->query))
            e->query = e[-1].query;
        (*n_entries)++;
    }
    return *n_entries ? 0 : tern_fail(error, "%s: the run is empty", path);
}

static int check_distinct(entry *entries, size_t n, const char *path, tern_error *error)
{
    qsort(entries, n, sizeof *entries, by_query_then_doc);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(entries[i].doc, entries[i - 1].doc) && !strcmp(entries[i].query, entries[i - 1].query))
            return tern_fail(error, "%s:%lld: document \"%.80s\" was given for query \"%.80s\" on line %lld already",
                             path, (long long)entries[i].line, entries[i].doc, entries[i].query,
                             (long long)entries[i - 1].line);
    return 0;
}

tern_trec_run *tern_trec_run_read(const char *path, tern_error *error)
{
    char *text = NULL;
    size_t n = 0, n_entries = 0;
    entry *entries = NULL;
    tern_trec_run *run = NULL;
    if (tern_file_read(path, MOST_BYTES, &text, &n, error) < 0)
        return NULL;
    if (read_entries(text, n, path, &entries, &n_entries, error) < 0 ||
        check_distinct(entries, n_entries, path, error) < 0)
        goto out;
    qsort(entries, n_entries, sizeof *entries, by_query_then_rank);
    run = tern_trec_run_create();
    for (size_t i = 0; i < n_entries; i++) {
        if (i == 0 || strcmp(entries[i].query, entries[i - 1].query))
            tern_trec_run_add_query(run, entries[i].query);
        tern_trec_run_add_doc(run, entries[i].doc, entries[i].score);
    }
out:
    free(entries);
    free(text);
    return run;
}
