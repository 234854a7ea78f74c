#include "eval/trec_run.h"

#include "base/file.h"
#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

tern_trec_run *tern_trec_run_create(void)
{
    tern_trec_run *run = tern_calloc(1, sizeof *run);
    run->start_capacity = 16;
    run->start = tern_calloc(run->start_capacity, sizeof *run->start);
    run->ids = tern_run_ids_create();
    return run;
}

void tern_trec_run_free(tern_trec_run *run)
{
    if (!run)
        return;
    free(run->start);
    free(run->scores);
    free(run->query_id);
    free(run->doc_id);
    tern_run_ids_free(run->ids);
    free(run);
}

const char *tern_trec_run_query(const tern_trec_run *run, int64_t query)
{
    return tern_run_ids_get(run->ids, run->query_id[query]);
}

const char *tern_trec_run_doc(const tern_trec_run *run, int64_t i)
{
    return tern_run_ids_get(run->ids, run->doc_id[i]);
}

static uint32_t number_of(tern_trec_run *run, const char *id)
{
    uint32_t number;
    int status = tern_run_ids_add(run->ids, id, strlen(id), &number);
    TERN_CHECK(status == 0, "more than 4 GB of ids in a run");
    return number;
}

void tern_trec_run_add_query(tern_trec_run *run, const char *query_id)
{
    TERN_GROW(run->query_id, (size_t)run->n_queries, run->query_capacity);
    TERN_GROW(run->start, (size_t)run->n_queries + 1, run->start_capacity);
    run->query_id[run->n_queries] = number_of(run, query_id);
    run->start[run->n_queries + 1] = run->start[run->n_queries];
    run->n_queries++;
}

void tern_trec_run_add_doc(tern_trec_run *run, const char *doc_id, float score)
{
    TERN_CHECK(run->n_queries > 0, "a document before the first query");
    int64_t *n = &run->start[run->n_queries];
    TERN_GROW(run->doc_id, (size_t)*n, run->doc_capacity);
    TERN_GROW(run->scores, (size_t)*n, run->score_capacity);
    run->doc_id[*n] = number_of(run, doc_id);
    run->scores[(*n)++] = score;
}

/* Bytes at p that readers may split columns at: C's isspace and controls, and what Python's str.split takes besides
 * (NEL, NBSP, U+1680, U+2000-200A, U+2028, U+2029, U+202F, U+205F, U+3000); and U+FEFF, which at the beginning of a
 * file is its mark. 0: none. */
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
    if ((p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) || (p[0] == 0xE2 && p[1] == 0x81 && p[2] == 0x9F) ||
        (p[0] == 0xE3 && p[1] == 0x80 && p[2] == 0x80))
        return 3;
    return 0;
}

/* Bytes at p that an id may not show as they are: white space, and a % that a reader would take for an escape. */
static size_t escaped_length(const unsigned char *p)
{
    return *p == '%' && isxdigit(p[1]) && isxdigit(p[2]) ? 1 : space_length(p);
}

static int needs_encoding(const char *id)
{
    for (const unsigned char *p = (const unsigned char *)id; *p; p++)
        if (escaped_length(p))
            return 1;
    return 0;
}

static int any_needs_encoding(const tern_trec_run *run)
{
    for (int64_t q = 0; q < run->n_queries; q++) {
        if (run->start[q] < run->start[q + 1] && needs_encoding(tern_trec_run_query(run, q)))
            return 1;
        for (int64_t i = run->start[q]; i < run->start[q + 1]; i++)
            if (needs_encoding(tern_trec_run_doc(run, i)))
                return 1;
    }
    return 0;
}

/* Written as they are: ids none of which needs encoding. */
static void write_id(FILE *f, const char *id, int encoded)
{
    if (!encoded) {
        fputs(id, f);
        return;
    }
    for (const unsigned char *p = (const unsigned char *)id; *p;) {
        size_t n = escaped_length(p);
        if (n == 0)
            fputc(*p++, f);
        for (; n > 0; n--)
            fprintf(f, "%%%02X", *p++);
    }
}

int tern_trec_run_print(const tern_trec_run *run, FILE *f, const char *tag)
{
    int encoded = any_needs_encoding(run);
    for (int64_t q = 0; q < run->n_queries; q++)
        for (int64_t i = run->start[q]; i < run->start[q + 1]; i++) {
            if (!*tern_trec_run_query(run, q) || !*tern_trec_run_doc(run, i))
                return -1;
            write_id(f, tern_trec_run_query(run, q), encoded);
            fputs(" Q0 ", f);
            write_id(f, tern_trec_run_doc(run, i), encoded);
            fprintf(f, " %lld %.9g ", (long long)(i - run->start[q] + 1), (double)run->scores[i]);
            write_id(f, tag, 1);
            fputs(encoded ? TERN_TREC_RUN_ENCODED "\n" : "\n", f);
        }
    return 0;
}

int tern_trec_run_write(const tern_trec_run *run, const char *path, const char *tag, int overwrite, tern_error *error)
{
    tern_writer *writer = tern_writer_open(path, overwrite, error);
    if (!writer)
        return -1;
    if (tern_trec_run_print(run, tern_writer_stream(writer), tag) == 0)
        return tern_writer_commit(writer, error);
    tern_writer_discard(writer);
    return tern_fail(error, "%s: a TREC run cannot hold an empty id; give every query and document one", path);
}
