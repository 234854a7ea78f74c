#include "cli/data_check_folder.h"

#include "cli/command.h"
#include "cli/terminal.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/beir.h"
#include "data/texts.h"
#include "data/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* What is found of all splits, for --json. */
typedef struct findings {
    const char *folder;
    int replace, json;
    json_t *splits, *faults;
    tern_coverage missing; /* summed over the splits */
    int64_t documents;
} findings;

/* Counts of one split. */
typedef struct counts {
    int64_t judgements, relevant, empty_queries, empty_documents, unjudged;
    int greatest;
    tern_coverage coverage;
} counts;

static json_t *json_text(const char *text)
{
    size_t n;
    char *valid = tern_utf8_replace(text, strlen(text), &n);
    json_t *string = json_stringn(valid, n);
    free(valid);
    return string;
}

static int64_t count_empty(char *const *texts, int64_t n)
{
    int64_t empty = 0;
    for (int64_t i = 0; i < n; i++)
        empty += !texts[i][strspn(texts[i], " \t\r\n")];
    return empty;
}

static counts count_split(const tern_beir *beir)
{
    const tern_qrels *qrels = &beir->qrels;
    counts c = {.judgements = qrels->start[qrels->n_queries]};
    for (int64_t i = 0; i < c.judgements; i++) {
        c.relevant += qrels->grades[i] > 0;
        c.greatest = qrels->grades[i] > c.greatest ? qrels->grades[i] : c.greatest;
    }
    c.unjudged = tern_texts_count(beir->query_id_store);
    for (int64_t q = 0; q < qrels->n_queries; q++)
        c.unjudged -= tern_texts_find(beir->query_id_store, qrels->query_ids[q], strlen(qrels->query_ids[q])) >= 0;
    c.empty_queries = count_empty(beir->query_texts, beir->n_queries);
    c.empty_documents = count_empty(beir->doc_texts, beir->n_docs);
    return c;
}

static json_t *split_json(const char *name, const tern_beir *beir, const counts *c)
{
    const tern_coverage *v = &c->coverage;
    json_t *object = json_object();
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {
        {"queries", beir->n_queries},
        {"documents", beir->n_docs},
        {"judgements", c->judgements},
        {"judgements_above_0", c->relevant},
        {"greatest_grade", c->greatest},
        {"queries_missing", v->queries_missing},
        {"documents_missing", v->documents_missing},
        {"judgements_missing", v->judgements_missing},
        {"queries_without_relevant", v->queries_without_relevant},
        {"queries_unjudged", c->unjudged},
        {"queries_empty", c->empty_queries},
        {"documents_empty", c->empty_documents},
    };
    json_object_set_new(object, "split", json_text(name));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(object, numbers[i].key, json_integer(numbers[i].value));
    return object;
}

static void print_split(const char *name, const tern_beir *beir, const counts *c)
{
    const tern_coverage *v = &c->coverage;
    tern_print_cell(stdout, name, 16);
    printf(" %9lld quer%s, %lld document%s, %lld judgement%s (%lld above grade 0, greatest %d",
           (long long)beir->n_queries, tern_ies(beir->n_queries), (long long)beir->n_docs, tern_s(beir->n_docs),
           (long long)c->judgements, tern_s(c->judgements), (long long)c->relevant, c->greatest);
    if (v->queries_without_relevant)
        printf("; %lld judged quer%s without a relevant document, left out", (long long)v->queries_without_relevant,
               v->queries_without_relevant == 1 ? "y" : "ies");
    puts(")");
    if (c->empty_queries || c->empty_documents)
        printf("%-16s %9lld document%s and %lld of these queries without text\n", "", (long long)c->empty_documents,
               tern_s(c->empty_documents), (long long)c->empty_queries);
}

/* Said once: a fault of corpus.jsonl or queries.jsonl is met again with each split. */
static int add_fault(findings *f, const tern_error *error)
{
    json_t *fault = json_text(error->message);
    int known = 0;
    for (size_t i = 0; i < json_array_size(f->faults); i++)
        known |= json_equal(json_array_get(f->faults, i), fault);
    if (!known)
        json_array_append(f->faults, fault);
    json_decref(fault);
    return known ? TERN_EXIT_FAILED : tern_command_fail(error);
}

static int check_split(findings *f, const char *name)
{
    tern_error error = {{0}};
    char *note = NULL;
    tern_beir *beir = tern_beir_read_parts(f->folder, name, f->replace, &error);
    if (!beir)
        return add_fault(f, &error);
    counts c = count_split(beir);
    int status = tern_beir_cover(beir, f->folder, name, 1, &c.coverage, &note, &error);
    if (status == 0 && beir->n_queries == 0)
        status = tern_fail(&error, "%s/qrels/%s.tsv: no query has a relevant document", f->folder, name);
    f->documents = beir->n_docs;
    f->missing.queries_missing += c.coverage.queries_missing;
    f->missing.documents_missing += c.coverage.documents_missing;
    f->missing.judgements_missing += c.coverage.judgements_missing;
    json_array_append_new(f->splits, split_json(name, beir, &c));
    if (!f->json)
        print_split(name, beir, &c);
    if (note)
        tern_command_warn("%s", note);
    free(note);
    tern_beir_free(beir);
    return status < 0 ? add_fault(f, &error) : TERN_EXIT_DONE;
}

static void print_json(const findings *f)
{
    json_t *object = json_object();
    json_object_set_new(object, "folder", json_text(f->folder));
    json_object_set_new(object, "documents", json_integer(f->documents));
    json_object_set(object, "splits", f->splits);
    json_object_set_new(object, "queries_missing", json_integer(f->missing.queries_missing));
    json_object_set_new(object, "documents_missing", json_integer(f->missing.documents_missing));
    json_object_set_new(object, "judgements_missing", json_integer(f->missing.judgements_missing));
    json_object_set_new(object, "n_faults", json_integer((json_int_t)json_array_size(f->faults)));
    json_object_set(object, "faults", f->faults);
    tern_command_add_warnings(object);
    json_dumpf(object, stdout, JSON_COMPACT); /* a failed write is seen by tern_command_end */
    putchar('\n');
    json_decref(object);
}

int tern_data_check_folder(const char *folder, const char *split, int invalid_utf8_replace, int json)
{
    findings f = {.folder = folder, .replace = invalid_utf8_replace, .json = json};
    char **names = NULL;
    size_t n = split ? 0 : tern_beir_splits(folder, &names);
    int status = TERN_EXIT_DONE;
    f.splits = json_array();
    f.faults = json_array();
    /* Without any split the reader says what is missing. */
    if (n == 0)
        status = check_split(&f, split ? split : "test");
    for (size_t i = 0; i < n; i++) {
        int checked = check_split(&f, names[i]);
        status = checked == TERN_EXIT_DONE ? status : checked;
        free(names[i]);
    }
    if (json)
        print_json(&f);
    json_decref(f.splits);
    json_decref(f.faults);
    free(names);
    return tern_command_end(status);
}
