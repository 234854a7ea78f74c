/* BEIR folders of three files (files.h): ids occur once and are found, documents are stripped, a corpus in memory is
 * the file's, coverage is what a count of the judgements gives, rows are the judgements that have both sides, and what
 * was read, written as a folder again, reads back equal. */
#include "data/blank.h"
#include "data/foreign.h"
#include "data/rows.h"
#include "data/utf8.h"
#include "files.h"
#include "qrels.h"

#include <jansson.h>

static const char *const names[] = {"corpus.jsonl", "queries.jsonl", "qrels/test.tsv", NULL};

static void check_ids(char *const *ids, int64_t n)
{
    tern_texts *seen = tern_texts_create();
    for (int64_t i = 0; i < n; i++)
        TERN_CHECK(*ids[i] && tern_texts_add(seen, ids[i], strlen(ids[i])) == i, "the id \"%s\" occurs twice", ids[i]);
    tern_texts_free(seen);
}

static void check_stripped(const char *text)
{
    size_t n = strlen(text), last = n, length;
    TERN_CHECK(tern_utf8_check(text, n) == n, "not UTF-8: %s", text);
    if (n == 0)
        return;
    do
        last--;
    while (((unsigned char)text[last] & 0xC0) == 0x80);
    TERN_CHECK(!tern_is_space(tern_utf8_decode(text, n, &length)) &&
                   !tern_is_space(tern_utf8_decode(text + last, n - last, &length)),
               "not stripped: \"%s\"", text);
}

static void check_docs(const tern_beir *beir)
{
    check_ids(beir->doc_ids, beir->n_docs);
    for (int64_t i = 0; i < beir->n_docs; i++) {
        TERN_CHECK(tern_beir_find_doc(beir, beir->doc_ids[i]) == i, "document %lld is found elsewhere", (long long)i);
        check_stripped(beir->doc_texts[i]);
    }
}

static void compare_texts(char *const *a, char *const *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        TERN_CHECK(!strcmp(a[i], b[i]), "\"%s\" became \"%s\"", a[i], b[i]);
}

static void compare_docs(const tern_beir *a, const tern_beir *b)
{
    TERN_CHECK(a->n_docs == b->n_docs, "%lld documents became %lld", (long long)a->n_docs, (long long)b->n_docs);
    compare_texts(a->doc_ids, b->doc_ids, a->n_docs);
    compare_texts(a->doc_texts, b->doc_texts, a->n_docs);
}

static void write_entries(tern_buffer *out, char *const *ids, char *const *texts, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        json_t *entry = json_pack("{ssss}", "_id", ids[i], "text", texts[i]);
        char *line = json_dumps(entry, 0);
        TERN_CHECK(line, "\"%s\" can't be written", ids[i]);
        tern_buffer_printf(out, "%s\n", line);
        free(line);
        json_decref(entry);
    }
}

static void check_corpus(const char *folder)
{
    size_t n;
    char *path = tern_path_join(folder, names[0]);
    if (tern_file_exists(path)) {
        char *bytes = fuzz_get(folder, names[0], &n);
        tern_error error = {{0}}, same_error = {{0}};
        tern_buffer text = {0};
        tern_beir *corpus = tern_beir_read_corpus(path, 1, &error);
        tern_beir *same = tern_beir_corpus_of_memory(path, bytes, n, 1, &same_error);
        TERN_CHECK(!strcmp(error.message, same_error.message) && !corpus == !same,
                   "of the file \"%s\", of its bytes \"%s\"", error.message, same_error.message);
        if (corpus) {
            check_docs(corpus);
            compare_docs(corpus, same);
            write_entries(&text, corpus->doc_ids, corpus->doc_texts, corpus->n_docs);
            tern_beir_free(same);
            same = tern_beir_corpus_of_memory("again", text.data, text.n, 0, &error);
            TERN_CHECK(same, "refused: %s\n%s", error.message, text.data);
            compare_docs(corpus, same);
        } else {
            FUZZ_FAILED(error);
        }
        tern_buffer_free(&text);
        tern_beir_free(corpus);
        tern_beir_free(same);
        free(bytes);
    }
    free(path);
}

/* Judgements above grade 0 with both sides there; *all: with or without. */
static int64_t count_judgements(const tern_beir *beir, int64_t *all)
{
    const tern_qrels *qrels = &beir->qrels;
    tern_texts *queries = tern_texts_create();
    int64_t there = 0;
    *all = 0;
    for (int64_t q = 0; q < beir->n_queries; q++)
        tern_texts_add(queries, beir->query_ids[q], strlen(beir->query_ids[q]));
    for (int64_t q = 0; q < qrels->n_queries; q++) {
        int known = tern_texts_find(queries, qrels->query_ids[q], strlen(qrels->query_ids[q])) >= 0;
        for (int64_t i = qrels->start[q]; i < qrels->start[q + 1]; i++) {
            *all += qrels->grades[i] > 0;
            there += qrels->grades[i] > 0 && known && tern_beir_find_doc(beir, qrels->doc_ids[i]) >= 0;
        }
    }
    tern_texts_free(queries);
    return there;
}

static void check_coverage(const tern_beir *beir, int64_t there)
{
    const tern_coverage *c = &beir->coverage;
    int64_t all;
    TERN_CHECK(count_judgements(beir, &all) == there && all == c->judgements, "%lld judgements of %lld",
               (long long)c->judgements, (long long)all);
    TERN_CHECK(c->judgements - c->judgements_missing == there && (c->judgements_missing > 0) == (beir->note != NULL),
               "%lld of %lld judgements are there, %lld missing", (long long)there, (long long)c->judgements,
               (long long)c->judgements_missing);
    TERN_CHECK(c->queries - c->queries_missing == beir->n_queries &&
                   c->queries + c->queries_without_relevant == beir->qrels.n_queries,
               "%lld queries, %lld missing", (long long)c->queries, (long long)c->queries_missing);
}

static int has_text(const char *text)
{
    size_t n = strlen(text);
    tern_trim_blanks(text, &n);
    return n > 0;
}

/* Judgements above grade 0 whose query and document are there and have a text. */
static int64_t count_rows(const tern_beir *beir)
{
    const tern_qrels *qrels = &beir->qrels;
    int64_t rows = 0;
    for (int64_t i = 0; i < beir->n_queries; i++)
        for (int64_t q = 0; q < qrels->n_queries; q++) {
            if (strcmp(beir->query_ids[i], qrels->query_ids[q]) != 0 || !has_text(beir->query_texts[i]))
                continue;
            for (int64_t j = qrels->start[q]; j < qrels->start[q + 1]; j++) {
                int64_t doc = qrels->grades[j] > 0 ? tern_beir_find_doc(beir, qrels->doc_ids[j]) : -1;
                rows += doc >= 0 && has_text(beir->doc_texts[doc]);
            }
        }
    return rows;
}

static void check_rows(const char *folder, const tern_beir *beir)
{
    int64_t want = count_rows(beir);
    tern_error error = {{0}};
    tern_texts *texts = tern_texts_create();
    tern_rows *rows =
        tern_rows_read(&(tern_rows_source){.beir = folder, .split = "test", .invalid_utf8_replace = 1}, texts, &error);
    TERN_CHECK((rows ? rows->n : 0) == want, "%lld rows, not %lld: %s", rows ? (long long)rows->n : 0LL,
               (long long)want, error.message);
    if (!rows) {
        FUZZ_FAILED(error);
        tern_texts_free(texts);
        return;
    }
    TERN_CHECK(rows->group_start[rows->n_groups] == rows->n, "groups of %lld rows",
               (long long)rows->group_start[rows->n_groups]);
    for (int64_t i = 0; i < rows->n; i++)
        TERN_CHECK(tern_rows_is_relevant(rows, rows->anchor[i], rows->positive[i]), "row %lld: its positive isn't",
                   (long long)i);
    tern_rows_free(rows);
    tern_texts_free(texts);
}

static void write_and_read(const tern_beir *beir, const char *folder)
{
    tern_error error = {{0}};
    tern_buffer text = {0};
    write_entries(&text, beir->doc_ids, beir->doc_texts, beir->n_docs);
    fuzz_put(folder, names[0], text.data, text.n);
    text.n = 0;
    write_entries(&text, beir->query_ids, beir->query_texts, beir->n_queries);
    fuzz_put(folder, names[1], text.data, text.n);
    text.n = 0;
    tern_buffer_printf(&text, "query-id\tcorpus-id\tscore\n");
    FUZZ_PRINT_QRELS(&text, &beir->qrels, "%s\t%s\t%d\n");
    fuzz_put(folder, names[2], text.data, text.n);
    int is_foreign = tern_foreign_check(names[2], text.data, text.n, NULL) < 0;
    tern_buffer_free(&text);
    /* Ids with control characters can make it look like a file of another kind. */
    if (is_foreign)
        return;
    tern_beir *again = tern_beir_read(folder, "test", 0, &error);
    TERN_CHECK(again, "refused: %s", error.message);
    compare_docs(beir, again);
    TERN_CHECK(beir->n_queries == again->n_queries, "%lld queries became %lld", (long long)beir->n_queries,
               (long long)again->n_queries);
    compare_texts(beir->query_ids, again->query_ids, beir->n_queries);
    compare_texts(beir->query_texts, again->query_texts, beir->n_queries);
    fuzz_compare_qrels(&beir->qrels, &again->qrels);
    tern_beir_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    char *folder = fuzz_folder("beir", 1);
    fuzz_split(folder, names, bytes, n);
    check_corpus(folder);
    tern_beir *beir = tern_beir_read(folder, "test", 1, &error);
    if (beir) {
        int64_t all, there = count_judgements(beir, &all);
        check_docs(beir);
        check_ids(beir->query_ids, beir->n_queries);
        fuzz_check_qrels(&beir->qrels);
        check_coverage(beir, there);
        check_rows(folder, beir);
        write_and_read(beir, folder);
        tern_beir_free(beir);
    } else {
        FUZZ_FAILED(error);
    }
    free(folder);
    return 0;
}
