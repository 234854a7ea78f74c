/* Files of a BM25 index. The first byte chooses texts and, with its highest bit, whether the file's hashes are made
 * right for them; the rest is the file, or, with the next bit, changes to the file that belongs there: a place (two
 * bytes) and a byte for it, again and again. What is opened can be searched, gives scores in order, and documents that
 * are there. */
#include "base/memory.h"
#include "files.h"
#include "fuzz.h"
#include "search/bm25_file.h"

#include <math.h>
#include <stdlib.h>

enum { ALIKE = 400, K = 2, SEALED = 128, CHANGED = 64 };

static const tern_bm25_options plain = {.k1 = 0.9, .b = 0.4};
static const char *const few[] = {"red fox", "the red red house", "a blue sky", "", "fox fox dog"};
static const char *const queries[] = {"red", "fox dog", "the blue house of a red red fox", "w1 w2 w3", "w0 w9", ""};

/* Enough texts, each like its neighbours, for an index with groups. */
static const char *const *alike_texts(void)
{
    static char texts[ALIKE][32];
    static const char *pointers[ALIKE];
    for (int i = 0; i < ALIKE && !pointers[ALIKE - 1]; i++) {
        snprintf(texts[i], sizeof texts[i], "w%d w%d w%d", i / 40, i / 40 + 1, i / 80);
        pointers[i] = texts[i];
    }
    return pointers;
}

static void search(const tern_bm25 *index, int64_t n_docs)
{
    for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
        tern_hit hits[K];
        int64_t found;
        tern_bm25_search(index, queries + q, 1, K, hits, &found);
        TERN_CHECK(found >= 0 && found <= K, "%lld hits", (long long)found);
        for (int64_t i = 0; i < found; i++)
            TERN_CHECK(hits[i].doc >= 0 && hits[i].doc < n_docs && (i == 0 || hits[i - 1].score >= hits[i].score),
                       "hit %lld is document %lld", (long long)i, (long long)hits[i].doc);
    }
}

/* The texts' own file in *bytes, aligned; its length. */
static size_t write_own(const char *path, const char *const *texts, int64_t n_docs, uint8_t **bytes)
{
    tern_error error = {{0}};
    char *read;
    size_t n;
    tern_bm25 *index = tern_bm25_create(&plain, texts, n_docs, NULL);
    TERN_CHECK(tern_bm25_save(index, texts, path, &error) == 0, "%s", error.message);
    TERN_CHECK(tern_file_read(path, 0, &read, &n, &error) == 0, "%s", error.message);
    tern_bm25_free(index);
    *bytes = tern_alloc_aligned(n + 1, 1);
    memcpy(*bytes, read, n);
    free(read);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    if (n < 1)
        return 0;
    static uint8_t *own[2];
    static size_t lengths[2];
    int alike = bytes[0] & 1;
    const char *const *texts = alike ? alike_texts() : few;
    int64_t n_docs = alike ? ALIKE : (int64_t)(sizeof few / sizeof *few);
    char *folder = fuzz_folder("in", 1), *path = tern_path_join(folder, "index");
    if (!own[alike])
        lengths[alike] = write_own(path, texts, n_docs, &own[alike]);
    int changed = (bytes[0] & CHANGED) != 0;
    size_t length = changed ? lengths[alike] : n - 1;
    uint8_t *file = tern_alloc_aligned(length + 1, 1);
    memcpy(file, changed ? own[alike] : bytes + 1, length);
    for (size_t i = 1; changed && i + 2 < n; i += 3)
        file[(bytes[i] | (size_t)bytes[i + 1] << 8) % length] = bytes[i + 2];
    if (bytes[0] & SEALED)
        tern_bm25_seal(file, length, &plain, texts, n_docs);
    FILE *out = fopen(path, "wb");
    TERN_CHECK(out && fwrite(file, 1, length, out) == length && fclose(out) == 0, "%s can't be written", path);
    tern_bm25 *index = tern_bm25_open(&plain, texts, n_docs, NULL, path, &error);
    if (index)
        search(index, n_docs);
    else
        FUZZ_FAILED(error);
    tern_bm25_free(index);
    free(file);
    free(path);
    free(folder);
    return 0;
}
