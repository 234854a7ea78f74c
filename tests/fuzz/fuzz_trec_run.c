/* TREC runs: every line that isn't blank is a document of its query, once and in trec_eval's order, whether the bytes
 * come from memory or from a file in blocks; written, a run reads back with the same ids, ranks and scores. */
#include "data/foreign.h"
#include "data/texts.h"
#include "data/utf8.h"
#include "eval/trec_run.h"
#include "files.h"

#include <math.h>

static void check_order(const tern_trec_run *run, int64_t q)
{
    tern_texts *docs = tern_texts_create();
    for (int64_t i = run->start[q]; i < run->start[q + 1]; i++) {
        const char *doc = tern_trec_run_doc(run, i);
        TERN_CHECK(*doc && tern_texts_add(docs, doc, strlen(doc)) == i - run->start[q], "\"%s\" occurs twice", doc);
        TERN_CHECK(!isnan(run->scores[i]), "the score of \"%s\" is none", doc);
        if (i == run->start[q])
            continue;
        TERN_CHECK(run->scores[i - 1] > run->scores[i] ||
                       (run->scores[i - 1] == run->scores[i] && strcmp(tern_trec_run_doc(run, i - 1), doc) > 0),
                   "\"%s\" is out of order", doc);
    }
    tern_texts_free(docs);
}

static void check_run(const tern_trec_run *run)
{
    TERN_CHECK(run->n_queries > 0 && run->start[0] == 0, "%lld queries", (long long)run->n_queries);
    for (int64_t q = 0; q < run->n_queries; q++) {
        TERN_CHECK(run->start[q] < run->start[q + 1] && *tern_trec_run_query(run, q), "query %lld is empty",
                   (long long)q);
        TERN_CHECK(q == 0 || strcmp(tern_trec_run_query(run, q - 1), tern_trec_run_query(run, q)) < 0,
                   "query %lld is out of order", (long long)q);
        check_order(run, q);
    }
}

static int64_t count_lines(const char *bytes, size_t n)
{
    static const char mark[] = "\xEF\xBB\xBF";
    int64_t lines = 0;
    int blank = 1;
    for (size_t i = n >= 3 && !memcmp(bytes, mark, 3) ? 3 : 0; i <= n; i++) {
        if (i == n || bytes[i] == '\n') {
            lines += !blank;
            blank = 1;
        } else if (bytes[i] != ' ' && (bytes[i] < '\t' || bytes[i] > '\r')) {
            blank = 0;
        }
    }
    return lines;
}

static void compare(const tern_trec_run *a, const tern_trec_run *b)
{
    TERN_CHECK(a->n_queries == b->n_queries && a->start[a->n_queries] == b->start[b->n_queries],
               "%lld queries became %lld", (long long)a->n_queries, (long long)b->n_queries);
    for (int64_t q = 0; q < a->n_queries; q++)
        TERN_CHECK(!strcmp(tern_trec_run_query(a, q), tern_trec_run_query(b, q)) && a->start[q] == b->start[q],
                   "query \"%s\" became \"%s\"", tern_trec_run_query(a, q), tern_trec_run_query(b, q));
    for (int64_t i = 0; i < a->start[a->n_queries]; i++)
        TERN_CHECK(!strcmp(tern_trec_run_doc(a, i), tern_trec_run_doc(b, i)) &&
                       !memcmp(&a->scores[i], &b->scores[i], sizeof *a->scores),
                   "\"%s\", score %.9g, became \"%s\", score %.9g", tern_trec_run_doc(a, i), (double)a->scores[i],
                   tern_trec_run_doc(b, i), (double)b->scores[i]);
}

static void write_and_read(const tern_trec_run *run, const char *tag)
{
    tern_error error = {{0}};
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    int status = tern_trec_run_print(run, out, tag);
    fclose(out);
    TERN_CHECK(status == 0, "an empty id");
    /* Ids that are no UTF-8 may be what another kind of file begins with. */
    if (tern_foreign_check("again.run", text, n, NULL) == 0) {
        tern_trec_run *again = tern_trec_run_of_memory("again.run", text, n, 0, &error);
        TERN_CHECK(again, "refused: %s\n%s", error.message, text);
        compare(run, again);
        tern_trec_run_free(again);
    }
    free(text);
}

static void check_utf8(const tern_trec_run *run)
{
    for (int64_t i = 0; i < run->start[run->n_queries]; i++) {
        const char *doc = tern_trec_run_doc(run, i);
        TERN_CHECK(tern_utf8_check(doc, strlen(doc)) == strlen(doc), "the id of document %lld is not UTF-8",
                   (long long)i);
    }
}

/* The same bytes as a file; run NULL: why not. */
static void compare_file(const char *path, const tern_trec_run *run, const tern_error *error)
{
    tern_error other = {{0}};
    tern_trec_run *same = tern_trec_run_read(path, 0, &other);
    TERN_CHECK(!run == !same && !strcmp(error->message, other.message), "from memory \"%s\", from a file \"%s\"",
               error->message, other.message);
    if (run)
        compare(run, same);
    tern_trec_run_free(same);
}

static void check(const tern_trec_run *run, const uint8_t *bytes, size_t n, int replace)
{
    check_run(run);
    TERN_CHECK(run->start[run->n_queries] == count_lines((const char *)bytes, n), "%lld documents of %lld lines",
               (long long)run->start[run->n_queries], (long long)count_lines((const char *)bytes, n));
    if (replace)
        check_utf8(run);
    write_and_read(run, "tern");
    write_and_read(run, "a tag %41" TERN_TREC_RUN_ENCODED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *folder = fuzz_folder("run", 1), *path = tern_path_join(folder, "fuzz.run");
    fuzz_put(folder, "fuzz.run", bytes, n);
    for (int replace = 0; replace < 2; replace++) {
        tern_error error = {{0}};
        tern_trec_run *run = tern_trec_run_of_memory(path, (const char *)bytes, n, replace, &error);
        /* Once is enough: its blocks take longer than all else. */
        if (!replace)
            compare_file(path, run, &error);
        if (run)
            check(run, bytes, n, replace);
        else
            FUZZ_FAILED(error);
        tern_trec_run_free(run);
    }
    free(path);
    free(folder);
    return 0;
}
