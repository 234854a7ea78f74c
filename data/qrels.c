/* Reading judgements. Lines are first taken as (query, document, grade) in file order, then sorted into CSR form. */
#include "data/beir.h"

#include "base/memory.h"
#include "data/input.h"
#include "data/texts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct judgement {
    int64_t query; /* by first appearance */
    int64_t doc;   /* text id */
    int64_t place; /* in the file */
    int64_t line;
    int grade;
} judgement;

typedef struct reading {
    tern_input input;
    const char *path;
    int is_trec;
    tern_texts *ids;
    judgement *judged;
    size_t n, capacity;
    int64_t *query_of; /* [text ids] the query's number, -1: not a query */
    size_t n_query_of;
    int64_t *query_ids; /* [n_queries] text ids */
    size_t n_queries, query_capacity;
} reading;

typedef struct span {
    const char *text;
    size_t n;
} span;

/* At most `most` fields; returns how many there are in all. TSV: between tabs; TREC: between white space. */
static int split(const char *line, size_t n, int is_trec, span *fields, int most)
{
    const char *separators = is_trec ? " \t" : "\t";
    int count = 0;
    for (size_t at = 0; at < n || (!is_trec && at == n); at++) {
        size_t from = at;
        while (at < n && !strchr(separators, line[at]))
            at++;
        if (is_trec && at == from)
            continue;
        if (count < most)
            fields[count] = (span){line + from, at - from};
        count++;
    }
    return count;
}

/* A whole number, written as such or with zeros behind the point ("1.0"). */
static int parse_grade(span field, int *grade)
{
    char text[32], *end;
    if (field.n == 0 || field.n >= sizeof text || !strchr("-+0123456789", field.text[0]))
        return -1;
    memcpy(text, field.text, field.n);
    text[field.n] = 0;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (*end == '.' && end > text)
        end += 1 + strspn(end + 1, "0");
    if (*end || errno || value < INT_MIN || value > INT_MAX)
        return -1;
    *grade = (int)value;
    return 0;
}

static int64_t query_number(reading *r, int64_t id)
{
    size_t known = r->n_query_of, need = (size_t)tern_texts_count(r->ids);
    if (need > known) {
        r->n_query_of = 2 * need;
        r->query_of = tern_realloc(r->query_of, r->n_query_of, sizeof *r->query_of);
        memset(r->query_of + known, 0xFF, (r->n_query_of - known) * sizeof *r->query_of);
    }
    if (r->query_of[id] < 0) {
        TERN_GROW(r->query_ids, r->n_queries, r->query_capacity);
        r->query_of[id] = (int64_t)r->n_queries;
        r->query_ids[r->n_queries++] = id;
    }
    return r->query_of[id];
}

static int read_judgement(reading *r, const char *line, size_t n, tern_error *error)
{
    span fields[4];
    int want = r->is_trec ? 4 : 3, found = split(line, n, r->is_trec, fields, 4);
    long long number = (long long)r->input.line;
    if (found != want)
        return tern_fail(error, "%s:%lld: %d field%s where %d are expected (%s)", r->path, number, found,
                         found == 1 ? "" : "s", want,
                         r->is_trec ? "query, iteration, document, grade" : "query-id, corpus-id, score between tabs");
    span query = fields[0], doc = fields[want - 2], grade = fields[want - 1];
    if (query.n == 0 || doc.n == 0)
        return tern_fail(error, "%s:%lld: the %s's id is empty", r->path, number, query.n ? "document" : "query");
    TERN_GROW(r->judged, r->n, r->capacity);
    judgement *j = &r->judged[r->n];
    if (parse_grade(grade, &j->grade) < 0)
        return tern_fail(error, "%s:%lld: the grade \"%.*s\" is not a whole number", r->path, number,
                         (int)(grade.n < 40 ? grade.n : 40), grade.text);
    j->query = query_number(r, tern_texts_add(r->ids, query.text, query.n));
    j->doc = tern_texts_add(r->ids, doc.text, doc.n);
    j->place = (int64_t)r->n++;
    j->line = r->input.line;
    return 0;
}

/* Sees the form from the first line; *is_header: it holds no judgement. */
static int see_form(reading *r, const char *line, size_t n, int *is_header, tern_error *error)
{
    span fields[4];
    int grade, tabbed = split(line, n, 0, fields, 4);
    *is_header = 0;
    if (tabbed == 3) {
        *is_header = parse_grade(fields[2], &grade) < 0;
        return 0;
    }
    r->is_trec = 1;
    if (split(line, n, 1, fields, 4) == 4 && parse_grade(fields[3], &grade) == 0)
        return 0;
    return tern_fail(error,
                     "%s:%lld: neither judgements with the header query-id, corpus-id, score between tabs nor "
                     "TREC's \"query iteration document grade\"",
                     r->path, (long long)r->input.line);
}

static int is_blank(const char *line, size_t n)
{
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
        n--;
    return n == 0;
}

static int read_lines(reading *r, tern_error *error)
{
    const char *line;
    size_t n;
    int first = 1;
    while (tern_input_next(&r->input, &line, &n)) {
        int is_header = 0;
        if (is_blank(line, n))
            continue;
        if (first && see_form(r, line, n, &is_header, error) < 0)
            return -1;
        first = 0;
        if (!is_header && read_judgement(r, line, n, error) < 0)
            return -1;
    }
    return r->n > 0 ? 0 : tern_fail(error, "%s: it holds no judgements", r->path);
}

static int by_query_and_doc(const void *left, const void *right)
{
    const judgement *a = left, *b = right;
    if (a->query != b->query)
        return a->query < b->query ? -1 : 1;
    if (a->doc != b->doc)
        return a->doc < b->doc ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int by_query_and_place(const void *left, const void *right)
{
    const judgement *a = left, *b = right;
    if (a->query != b->query)
        return a->query < b->query ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* Leaves one judgement a pair. */
static int drop_repeated(reading *r, tern_error *error)
{
    qsort(r->judged, r->n, sizeof *r->judged, by_query_and_doc);
    size_t kept = 1;
    for (size_t i = 1; i < r->n; i++) {
        const judgement *j = &r->judged[i], *before = &r->judged[kept - 1];
        if (j->query != before->query || j->doc != before->doc)
            r->judged[kept++] = *j;
        else if (j->grade != before->grade)
            return tern_fail(error, "%s:%lld: \"%s\" for the query \"%s\" has grade %d here and %d on line %lld",
                             r->path, (long long)j->line, tern_texts_get(r->ids, j->doc, NULL),
                             tern_texts_get(r->ids, r->query_ids[j->query], NULL), j->grade, before->grade,
                             (long long)before->line);
    }
    r->n = kept;
    qsort(r->judged, r->n, sizeof *r->judged, by_query_and_place);
    return 0;
}

static void build(const reading *r, tern_qrels *qrels)
{
    qrels->n_queries = (int64_t)r->n_queries;
    qrels->query_ids = tern_alloc(r->n_queries, sizeof *qrels->query_ids);
    qrels->start = tern_calloc(r->n_queries + 1, sizeof *qrels->start);
    qrels->doc_ids = tern_alloc(r->n, sizeof *qrels->doc_ids);
    qrels->grades = tern_alloc(r->n, sizeof *qrels->grades);
    qrels->ids = r->ids;
    for (size_t q = 0; q < r->n_queries; q++)
        qrels->query_ids[q] = (char *)tern_texts_get(r->ids, r->query_ids[q], NULL);
    for (size_t i = 0; i < r->n; i++) {
        qrels->doc_ids[i] = (char *)tern_texts_get(r->ids, r->judged[i].doc, NULL);
        qrels->grades[i] = r->judged[i].grade;
        qrels->start[r->judged[i].query + 1] = (int64_t)i + 1;
    }
}

int tern_qrels_read(tern_qrels *qrels, const char *path, tern_error *error)
{
    reading r = {.path = path};
    *qrels = (tern_qrels){0};
    if (tern_input_open(&r.input, path, 0, error) < 0)
        return -1;
    r.ids = tern_texts_create();
    int status = read_lines(&r, error);
    if (status == 0)
        status = drop_repeated(&r, error);
    if (status == 0)
        build(&r, qrels);
    else
        tern_texts_free(r.ids);
    tern_input_close(&r.input);
    free(r.judged);
    free(r.query_of);
    free(r.query_ids);
    return status;
}

void tern_qrels_free(tern_qrels *qrels)
{
    if (!qrels)
        return;
    free(qrels->query_ids);
    free(qrels->start);
    free(qrels->doc_ids);
    free(qrels->grades);
    tern_texts_free(qrels->ids);
    *qrels = (tern_qrels){0};
}
