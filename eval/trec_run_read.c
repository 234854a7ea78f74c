/* Reading runs of any length: lines become three numbers each as they come, and are put in order at the end. */
#include "eval/trec_run.h"

#include "base/memory.h"
#include "data/foreign.h"
#include "data/texts.h"
#include "data/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 18, LONGEST_LINE = 1 << 20 };

/* From line `line` on, entries follow one another line by line. */
typedef struct stretch {
    int64_t entry, line;
} stretch;

typedef struct reading {
    const char *name;
    int replace; /* what isn't UTF-8 */
    int begun;   /* the mark at the beginning is passed over, if there was one */
    tern_run_ids *ids;
    tern_texts *queries; /* numbered by first appearance */
    uint32_t *place;     /* [n] in file order: the query's number among queries; at the end, the place in the run */
    uint32_t *doc;       /* [n] numbers in ids */
    float *score;        /* [n] */
    size_t n, place_capacity, doc_capacity, score_capacity;
    stretch *stretches;
    size_t n_stretches, stretch_capacity;
    int64_t line;
    const char *last_query; /* of the entry before: most lines have the same */
    size_t last_query_n;
    tern_buffer query_room, doc_room; /* decoded ids */
} reading;

typedef struct span {
    const char *text;
    size_t n;
} span;

enum { COLUMNS = 6, QUERY = 0, DOC = 2, SCORE = 4, TAG = 5 };

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cuts a line at its white space; returns the number of columns, of which the first COLUMNS are kept. */
static int cut_columns(const char *line, size_t length, span *columns)
{
    int n = 0;
    for (const char *p = line, *end = line + length; p < end;) {
        while (p < end && is_space(*p))
            p++;
        const char *from = p;
        while (p < end && !is_space(*p))
            p++;
        if (p > from && n++ < COLUMNS)
            columns[n - 1] = (span){from, (size_t)(p - from)};
    }
    return n;
}

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* What would become a 0 byte stays as it is. */
static span decode_id(span id, tern_buffer *room)
{
    room->n = 0;
    for (size_t i = 0; i < id.n; i++) {
        const char *p = id.text + i;
        if (*p == '%' && i + 2 < id.n && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2]) &&
            (p[1] != '0' || p[2] != '0')) {
            char byte = (char)(hex(p[1]) << 4 | hex(p[2]));
            tern_buffer_add(room, &byte, 1);
            i += 2;
        } else {
            tern_buffer_add(room, p, 1);
        }
    }
    return (span){room->data, room->n};
}

static span valid_id(span id, tern_buffer *room)
{
    if (tern_utf8_check(id.text, id.n) == id.n)
        return id;
    size_t n;
    char *valid = tern_utf8_replace(id.text, id.n, &n);
    room->n = 0;
    tern_buffer_add(room, valid, n);
    free(valid);
    return (span){room->data, room->n};
}

static int is_encoded(span tag)
{
    size_t n = strlen(TERN_TREC_RUN_ENCODED);
    return tag.n >= n && memcmp(tag.text + tag.n - n, TERN_TREC_RUN_ENCODED, n) == 0;
}

static int fail_line(const reading *r, tern_error *error, const char *what)
{
    return tern_fail(error, "%s:%lld: %s", r->name, (long long)r->line, what);
}

static int fail_full(const reading *r, tern_error *error)
{
    return fail_line(r, error, "its ids take more than 4 GB; cut the run into parts");
}

/* The white space before the tag ends the number, however long it is. */
static int parse_score(const reading *r, span field, float *score, tern_error *error)
{
    char *end;
    double value = strtod(field.text, &end);
    if (end != field.text + field.n || isnan(value))
        return tern_fail(error, "%s:%lld: the score \"%.*s\" is not a number%s", r->name, (long long)r->line,
                         (int)(field.n < 40 ? field.n : 40), field.text,
                         memchr(field.text, ',', field.n) ? "; write it with a decimal point" : "");
    *score = (float)value;
    return 0;
}

static int add_entry(reading *r, span query, span doc, float score, tern_error *error)
{
    if (r->n >= UINT32_MAX)
        return fail_line(r, error, "it has more than 4 billion lines; cut the run into parts");
    uint32_t number = r->n ? r->place[r->n - 1] : 0;
    if (r->n == 0 || query.n != r->last_query_n || memcmp(query.text, r->last_query, query.n) != 0) {
        int64_t id = tern_texts_add(r->queries, query.text, query.n);
        r->last_query = tern_texts_get(r->queries, id, &r->last_query_n);
        number = (uint32_t)id;
    }
    TERN_GROW(r->place, r->n, r->place_capacity);
    TERN_GROW(r->doc, r->n, r->doc_capacity);
    TERN_GROW(r->score, r->n, r->score_capacity);
    if (tern_run_ids_add(r->ids, doc.text, doc.n, &r->doc[r->n]) < 0)
        return fail_full(r, error);
    r->place[r->n] = number;
    r->score[r->n] = score;
    const stretch *last = r->n_stretches ? &r->stretches[r->n_stretches - 1] : NULL;
    if (!last || last->line + ((int64_t)r->n - last->entry) != r->line) {
        TERN_GROW(r->stretches, r->n_stretches, r->stretch_capacity);
        r->stretches[r->n_stretches++] = (stretch){(int64_t)r->n, r->line};
    }
    r->n++;
    return 0;
}

static int read_line(reading *r, const char *line, size_t n, tern_error *error)
{
    span columns[COLUMNS];
    float score = 0;
    r->line++;
    if (memchr(line, 0, n))
        return fail_line(r, error, "the line holds a 0 byte; a run is text");
    int found = cut_columns(line, n, columns);
    if (found == 0)
        return 0;
    if (found != COLUMNS)
        return tern_fail(error,
                         "%s:%lld: the line has %d column%s; a run has six, none of them with blanks: query Q0 "
                         "document rank score tag",
                         r->name, (long long)r->line, found, found == 1 ? "" : "s");
    if (parse_score(r, columns[SCORE], &score, error) < 0)
        return -1;
    if (is_encoded(columns[TAG])) {
        columns[QUERY] = decode_id(columns[QUERY], &r->query_room);
        columns[DOC] = decode_id(columns[DOC], &r->doc_room);
    }
    if (r->replace) {
        columns[QUERY] = valid_id(columns[QUERY], &r->query_room);
        columns[DOC] = valid_id(columns[DOC], &r->doc_room);
    }
    return add_entry(r, columns[QUERY], columns[DOC], score, error);
}

/* Reads the whole lines of n bytes, at the end of input also the last one; returns how many bytes that took, or -1. */
static ptrdiff_t read_lines(reading *r, const char *bytes, size_t n, int at_end, tern_error *error)
{
    size_t at = 0;
    if (!r->begun && n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        at = 3;
    r->begun = 1;
    while (at < n) {
        const char *end = memchr(bytes + at, '\n', n - at);
        if (!end && !at_end)
            break;
        size_t length = end ? (size_t)(end - (bytes + at)) : n - at;
        if (read_line(r, bytes + at, length, error) < 0)
            return -1;
        at += length + (end != NULL);
    }
    return (ptrdiff_t)at;
}

static int read_stream(reading *r, FILE *file, tern_error *error)
{
    char *block = tern_alloc(LONGEST_LINE + BLOCK, 1);
    size_t held = 0, got = 1;
    ptrdiff_t done = 0;
    int first = 1;
    while (got > 0 && done >= 0) {
        got = fread(block + held, 1, BLOCK, file);
        held += got;
        if (ferror(file))
            done = tern_fail(error, "%s: can't read it: %s", r->name, strerror(errno));
        else if (first && tern_foreign_check(r->name, block, held, error) < 0)
            done = -1;
        else
            done = read_lines(r, block, held, got == 0, error);
        first = 0;
        if (done < 0)
            break;
        held -= (size_t)done;
        memmove(block, block + done, held);
        if (held > LONGEST_LINE) {
            r->line++;
            done = fail_line(r, error, "the line is longer than 1 MB; a run has six columns");
        }
    }
    free(block);
    return done < 0 ? -1 : 0;
}

/* The line of an entry. */
static int64_t line_of(const reading *r, size_t entry)
{
    size_t low = 0, high = r->n_stretches;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (r->stretches[middle].entry <= (int64_t)entry)
            low = middle;
        else
            high = middle;
    }
    return r->stretches[low].line + ((int64_t)entry - r->stretches[low].entry);
}

/* Documents [first, first + n) of the run, one query's, still stand as they came. */
static int fail_twice(const reading *r, const tern_trec_run *run, uint32_t query, uint32_t doc, size_t first, size_t n,
                      tern_error *error)
{
    int64_t lines[2] = {0};
    int found = 0;
    for (size_t i = 0; i < r->n && found < 2; i++)
        if (r->place[i] >= first && r->place[i] < first + n && run->doc_id[r->place[i]] == doc)
            lines[found++] = line_of(r, i);
    return tern_fail(error, "%s:%lld: document \"%.80s\" was given for query \"%.80s\" on line %lld already", r->name,
                     (long long)lines[1], tern_run_ids_get(r->ids, doc), tern_texts_get(r->queries, query, NULL),
                     (long long)lines[0]);
}

/* A query's documents on their way into order. */
typedef struct ranked {
    const char *id;
    float score;
    uint32_t doc;
} ranked;

static int best_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return strcmp(y->id, x->id);
}

/* A set of numbers above 0 with room for n of them, emptied by a new stamp instead of a walk. */
typedef struct numbers {
    uint64_t *slot; /* stamp above, number below */
    size_t n_slots;
    uint32_t stamp;
} numbers;

static void empty(numbers *s, size_t n)
{
    size_t want = 64;
    while (want < 2 * n)
        want *= 2;
    if (want > s->n_slots || s->stamp == UINT32_MAX) {
        free(s->slot);
        s->n_slots = want > s->n_slots ? want : s->n_slots;
        s->slot = tern_calloc(s->n_slots, sizeof *s->slot);
        s->stamp = 0;
    }
    s->stamp++;
}

/* 1 when it was there already. */
static int put(numbers *s, uint32_t number)
{
    uint64_t marked = (uint64_t)s->stamp << 32 | number;
    size_t mask = s->n_slots - 1, at = (size_t)(number * UINT64_C(0x9E3779B97F4A7C15) >> 32) & mask;
    for (; s->slot[at] >> 32 == s->stamp; at = (at + 1) & mask)
        if (s->slot[at] == marked)
            return 1;
    s->slot[at] = marked;
    return 0;
}

typedef struct scratch {
    numbers seen;
    ranked *list;
    size_t capacity;
} scratch;

/* Brings documents [first, first + n) of the run, one query's, into order. */
static int order_query(const reading *r, tern_trec_run *run, uint32_t query, size_t first, size_t n, scratch *s,
                       tern_error *error)
{
    uint32_t *docs = run->doc_id + first;
    float *scores = run->scores + first;
    empty(&s->seen, n);
    if (n > s->capacity) {
        free(s->list);
        s->capacity = 2 * n;
        s->list = tern_alloc(s->capacity, sizeof *s->list);
    }
    for (size_t i = 0; i < n; i++) {
        if (put(&s->seen, docs[i]))
            return fail_twice(r, run, query, docs[i], first, n, error);
        s->list[i] = (ranked){tern_run_ids_get(r->ids, docs[i]), scores[i], docs[i]};
    }
    qsort(s->list, n, sizeof *s->list, best_first);
    for (size_t i = 0; i < n; i++) {
        docs[i] = s->list[i].doc;
        scores[i] = s->list[i].score;
    }
    return 0;
}

typedef struct named {
    const char *id;
    uint32_t number;
} named;

static int by_id(const void *a, const void *b)
{
    return strcmp(((const named *)a)->id, ((const named *)b)->id);
}

/* The queries' numbers, ordered by id. */
static named *order_queries(const reading *r, size_t n)
{
    named *order = tern_alloc(n, sizeof *order);
    for (size_t q = 0; q < n; q++)
        order[q] = (named){tern_texts_get(r->queries, (int64_t)q, NULL), (uint32_t)q};
    qsort(order, n, sizeof *order, by_id);
    return order;
}

/* Fills run->start by the queries' order, and turns each entry's query into its place in the run: queries in order, and
 * within one entries as they came. next [queries]: scratch, zeros. */
static void find_places(reading *r, tern_trec_run *run, const named *order, int64_t *next)
{
    for (size_t i = 0; i < r->n; i++)
        next[r->place[i]]++;
    for (int64_t q = 0; q < run->n_queries; q++) {
        int64_t n = next[order[q].number];
        next[order[q].number] = run->start[q];
        run->start[q + 1] = run->start[q] + n;
    }
    for (size_t i = 0; i < r->n; i++)
        r->place[i] = (uint32_t)next[r->place[i]]++;
}

/* Moves entries to their places within the arrays that they are in, along the cycles of the permutation: a second pair
 * of arrays would be a third of all that is held. */
static void move_to_places(const reading *r, tern_trec_run *run)
{
    uint8_t *moved = tern_calloc(r->n / 8 + 1, 1);
    for (size_t i = 0; i < r->n; i++) {
        uint32_t doc = run->doc_id[i];
        float score = run->scores[i];
        for (size_t at = i; !(moved[at / 8] >> at % 8 & 1);) {
            size_t to = r->place[at];
            uint32_t next_doc = run->doc_id[to];
            float next_score = run->scores[to];
            run->doc_id[to] = doc;
            run->scores[to] = score;
            moved[at / 8] |= (uint8_t)(1 << at % 8);
            doc = next_doc;
            score = next_score;
            at = to;
        }
    }
    free(moved);
}

/* The entries' arrays become the run's. */
static tern_trec_run *create_run(reading *r, size_t n_queries)
{
    tern_trec_run *run = tern_calloc(1, sizeof *run);
    run->n_queries = (int64_t)n_queries;
    run->start_capacity = n_queries + 1;
    run->query_capacity = n_queries;
    run->start = tern_calloc(run->start_capacity, sizeof *run->start);
    run->query_id = tern_alloc(n_queries, sizeof *run->query_id);
    run->doc_id = r->doc;
    run->doc_capacity = r->doc_capacity;
    run->scores = r->score;
    run->score_capacity = r->score_capacity;
    r->doc = NULL;
    r->score = NULL;
    return run;
}

static int fill(reading *r, const named *order, tern_trec_run *run, tern_error *error)
{
    int64_t *next = tern_calloc((size_t)run->n_queries, sizeof *next);
    scratch s = {0};
    int status = 0;
    find_places(r, run, order, next);
    move_to_places(r, run);
    for (int64_t q = 0; q < run->n_queries && status == 0; q++) {
        size_t first = (size_t)run->start[q], n = (size_t)run->start[q + 1] - first;
        if (tern_run_ids_add(r->ids, order[q].id, strlen(order[q].id), &run->query_id[q]) < 0)
            status = fail_full(r, error);
        else
            status = order_query(r, run, order[q].number, first, n, &s, error);
    }
    free(s.list);
    free(s.seen.slot);
    free(next);
    return status;
}

/* The run of what was read, which takes the ids over. */
static tern_trec_run *build(reading *r, tern_error *error)
{
    size_t n_queries = (size_t)tern_texts_count(r->queries);
    named *order = order_queries(r, n_queries);
    tern_trec_run *run = create_run(r, n_queries);
    int status = fill(r, order, run, error);
    free(order);
    if (status < 0) {
        tern_trec_run_free(run);
        return NULL;
    }
    run->ids = r->ids;
    r->ids = NULL;
    return run;
}

static void open_reading(reading *r, const char *name, int replace)
{
    *r = (reading){.name = name, .replace = replace, .ids = tern_run_ids_create(), .queries = tern_texts_create()};
}

/* Frees all; status 0: after making the run. */
static tern_trec_run *close_reading(reading *r, int status, tern_error *error)
{
    tern_trec_run *run = NULL;
    if (status == 0 && r->n == 0)
        tern_fail(error, "%s: the run is empty", r->name);
    else if (status == 0)
        run = build(r, error);
    tern_run_ids_free(r->ids);
    tern_texts_free(r->queries);
    free(r->place);
    free(r->doc);
    free(r->score);
    free(r->stretches);
    tern_buffer_free(&r->query_room);
    tern_buffer_free(&r->doc_room);
    return run;
}

tern_trec_run *tern_trec_run_of_memory(const char *name, const char *bytes, size_t n, int invalid_utf8_replace,
                                       tern_error *error)
{
    reading r;
    if (tern_foreign_check(name, bytes, n, error) < 0)
        return NULL;
    open_reading(&r, name, invalid_utf8_replace);
    return close_reading(&r, read_lines(&r, bytes, n, 1, error) < 0 ? -1 : 0, error);
}

tern_trec_run *tern_trec_run_read(const char *path, int invalid_utf8_replace, tern_error *error)
{
    reading r;
    FILE *file = fopen(path, "rb");
    if (!file) {
        tern_fail(error, "%s: can't open it: %s", path, strerror(errno));
        return NULL;
    }
    open_reading(&r, path, invalid_utf8_replace);
    int status = read_stream(&r, file, error);
    fclose(file);
    return close_reading(&r, status, error);
}
