/* Reading judgements. Lines are first taken as (query, document, grade) in file order, then sorted into CSR form. */
#include "data/beir.h"

#include "base/memory.h"
#include "data/input.h"
#include "data/qrels_line.h"
#include "data/texts.h"

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
    tern_input *input;
    tern_qrels_form form;
    tern_texts *ids;
    judgement *judged;
    size_t n, capacity;
    int64_t *query_of; /* [text ids] the query's number, -1: not a query */
    size_t n_query_of;
    int64_t *query_ids; /* [n_queries] text ids */
    size_t n_queries, query_capacity;
} reading;

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
    tern_span fields[TERN_QRELS_ROLES];
    int grade;
    if (tern_qrels_split(&r->form, line, n, fields, error) < 0 ||
        tern_qrels_grade(fields[TERN_QRELS_GRADE], &grade, error) < 0)
        return -1;
    tern_span query = fields[TERN_QRELS_QUERY], doc = fields[TERN_QRELS_DOC];
    TERN_GROW(r->judged, r->n, r->capacity);
    judgement *j = &r->judged[r->n];
    j->query = query_number(r, tern_texts_add(r->ids, query.text, query.n));
    j->doc = tern_texts_add(r->ids, doc.text, doc.n);
    j->grade = grade;
    j->place = (int64_t)r->n++;
    j->line = r->input->line;
    return 0;
}

static int is_blank(const char *line, size_t n)
{
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
        n--;
    return n == 0;
}

static int read_line(reading *r, const char *line, size_t n, tern_error *error)
{
    int is_header = 0;
    if (is_blank(line, n))
        return 0;
    if (r->form.columns == 0)
        is_header = tern_qrels_see_form(&r->form, line, n, error);
    return is_header ? is_header : read_judgement(r, line, n, error);
}

static int read_lines(reading *r, tern_error *error)
{
    const char *line;
    size_t n;
    while (tern_input_next(r->input, &line, &n))
        if (read_line(r, line, n, error) < 0)
            return tern_fail_within(error, "%s:%lld", r->input->path, (long long)r->input->line);
    return r->n > 0 ? 0 : tern_fail(error, "%s: it holds no judgements", r->input->path);
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
                             r->input->path, (long long)j->line, tern_texts_get(r->ids, j->doc, NULL),
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

static int read_input(tern_qrels *qrels, tern_input *input, tern_error *error)
{
    reading r = {.input = input, .ids = tern_texts_create()};
    int status = read_lines(&r, error);
    if (status == 0)
        status = drop_repeated(&r, error);
    if (status == 0)
        build(&r, qrels);
    else
        tern_texts_free(r.ids);
    tern_input_close(input);
    free(r.judged);
    free(r.query_of);
    free(r.query_ids);
    return status;
}

int tern_qrels_read(tern_qrels *qrels, const char *path, int invalid_utf8_replace, tern_error *error)
{
    tern_input input;
    *qrels = (tern_qrels){0};
    return tern_input_open(&input, path, invalid_utf8_replace, error) < 0 ? -1 : read_input(qrels, &input, error);
}

int tern_qrels_of_memory(tern_qrels *qrels, const char *name, const char *data, size_t n, int invalid_utf8_replace,
                         tern_error *error)
{
    tern_input input;
    *qrels = (tern_qrels){0};
    if (tern_input_of_memory(&input, name, data, n, invalid_utf8_replace, error) < 0)
        return -1;
    return read_input(qrels, &input, error);
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
