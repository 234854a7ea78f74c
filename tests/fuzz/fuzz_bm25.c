/* Search by words: a first line that is asked for, and lines that are documents, again and again until they fill more
 * than a block. The best few are the first of all, ordered by score and number, documents of equal text have equal
 * scores, and a name either stands for BM25 or says why not. */
#include "fuzz.h"
#include "base/memory.h"
#include "data/utf8.h"
#include "search/ranker.h"

#include <math.h>
#include <stdlib.h>

enum { DOCS = 1100, MOST_LINES = 32 };

typedef struct lines {
    const char *query;
    const char *docs[MOST_LINES];
    int n;
} lines;

/* Cuts text at its line ends. */
static lines cut(char *text)
{
    lines l = {.query = text};
    for (char *end; (end = strchr(text, '\n')) != NULL && l.n < MOST_LINES;) {
        *end = 0;
        text = end + 1;
        l.docs[l.n++] = text;
    }
    return l;
}

/* The line of a document: in turns, or each many times on end, so that neighbours are alike. */
static int64_t line_of(const lines *l, int64_t doc, int alike)
{
    return alike ? doc * l->n / DOCS : doc % l->n;
}

static void check_order(const lines *l, const tern_hit *hits, int64_t n, int alike)
{
    float of_line[MOST_LINES] = {0};
    for (int64_t i = 0; i < n; i++) {
        float *score = &of_line[line_of(l, hits[i].doc, alike)];
        TERN_CHECK(hits[i].score > 0 && isfinite(hits[i].score), "a score of %g", (double)hits[i].score);
        TERN_CHECK(*score == 0 || *score == hits[i].score, "equal documents with %.9g and %.9g", (double)*score,
                   (double)hits[i].score);
        *score = hits[i].score;
        TERN_CHECK(i == 0 || hits[i - 1].score > hits[i].score ||
                       (hits[i - 1].score == hits[i].score && hits[i - 1].doc < hits[i].doc),
                   "hit %lld is out of order", (long long)i);
    }
}

static void search(const lines *l, const tern_bm25_options *options, int alike)
{
    static const int64_t ks[] = {1, 2, 17};
    const char *docs[DOCS];
    for (int i = 0; i < DOCS; i++)
        docs[i] = l->docs[line_of(l, i, alike)];
    tern_bm25 *index = tern_bm25_create(options, docs, DOCS, NULL);
    tern_hit *all = tern_alloc(DOCS, sizeof *all), few[17];
    int64_t n_all, n_few;
    tern_bm25_search(index, &l->query, 1, DOCS, all, &n_all);
    check_order(l, all, n_all, alike);
    for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
        tern_bm25_search(index, &l->query, 1, ks[i], few, &n_few);
        TERN_CHECK(n_few == (n_all < ks[i] ? n_all : ks[i]), "%lld hits", (long long)n_few);
        for (int64_t h = 0; h < n_few; h++)
            TERN_CHECK(few[h].doc == all[h].doc && few[h].score == all[h].score, "hit %lld of %lld is another",
                       (long long)h, (long long)ks[i]);
    }
    free(all);
    tern_bm25_free(index);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_bm25_options options = {.k1 = 0.9, .b = 0.4};
    char *text = tern_utf8_replace((const char *)bytes, n, NULL);
    if (strncmp(text, "bm25", 4) == 0) {
        int named = tern_bm25_named(text, &options, &error);
        TERN_CHECK((named < 0) == (error.message[0] != 0), "%d with \"%s\"", named, error.message);
        TERN_CHECK(named <= 0 || (options.k1 >= 0 && options.b >= 0 && options.b <= 1), "k1 %g, b %g", options.k1,
                   options.b);
        if (named < 0)
            FUZZ_FAILED(error);
        free(text);
        return 0;
    }
    lines l = cut(text);
    if (n > 0)
        options = (tern_bm25_options){.k1 = bytes[n - 1] % 3, .b = bytes[n - 1] / 3 % 5 / 4.0};
    options.terms.stop_words = n > 0 && bytes[n - 1] / 15 % 2 ? TERN_STOP_ENGLISH : TERN_STOP_NONE;
    for (int alike = 0; alike < 2 && l.n > 0; alike++)
        search(&l, &options, alike);
    free(text);
    return 0;
}
