/* Keeping an index in a file. A file of numbers in the machine's byte order:
 *
 *     header          (bm25_header)
 *     u32 slots       [n_slots]
 *     bm25_term       [n_terms + 1]
 *     names           [n_names] bytes
 *     bm25_posting    [n_postings]
 *     bm25_group      [n_groups]
 *
 * each filled up with zeros to a multiple of 64 bytes. The key is a hash of the options and of all texts. What is read
 * is not trusted: the file's length follows from the counts, and every number that is a place elsewhere is checked. */
#include "base/file.h"
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "search/bm25_file.h"
#include "search/bm25_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { ALIGNED = 64, SECTIONS = 5, VERSION = 1 };
static const char magic[8] = "ternBM25";

typedef struct section {
    const void *data;
    uint64_t n; /* bytes */
} section;

/* A hash of the options and the texts, by all threads. */
static void make_key(const tern_bm25_options *options, const char *const *texts, int64_t n, uint64_t *key)
{
    enum { CHUNK = 1024 };
    int64_t parts = tern_parts(n, CHUNK);
    uint64_t(*hashes)[2] = tern_calloc((size_t)parts, sizeof *hashes);
#pragma omp parallel for schedule(dynamic, 1) if (parts > 1)
    for (int64_t p = 0; p < parts; p++)
        for (int64_t i = p * CHUNK; i < tern_min((p + 1) * CHUNK, n); i++) {
            size_t length = strlen(texts[i]);
            hashes[p][0] = tern_hash(texts[i], length, hashes[p][0]);
            hashes[p][1] = tern_hash(texts[i], length, tern_mix(hashes[p][1]));
        }
    char *said = tern_format("%a %a %d %s %s %lld", options->k1, options->b, (int)options->terms.stop_words,
                             options->terms.stemmer, utf8proc_version(), (long long)n);
    for (uint64_t i = 0; i < 2; i++) {
        key[i] = tern_hash(said, strlen(said), i);
        for (int64_t p = 0; p < parts; p++)
            key[i] = tern_mix(key[i] ^ hashes[p][i]);
    }
    free(said);
    free(hashes);
}

static uint64_t checksum_of(const section *sections)
{
    enum { CHUNK = 1 << 20 };
    uint64_t sum = 0;
    for (int s = 0; s < SECTIONS; s++) {
        int64_t n = (int64_t)sections[s].n, parts = tern_parts(n, CHUNK);
        uint64_t *hashes = tern_calloc((size_t)parts, sizeof *hashes);
#pragma omp parallel for schedule(static) if (parts > 1)
        for (int64_t p = 0; p < parts; p++)
            hashes[p] =
                tern_hash((const char *)sections[s].data + p * CHUNK, (size_t)tern_min(CHUNK, n - p * CHUNK), 0);
        for (int64_t p = 0; p < parts; p++)
            sum = tern_mix(sum ^ hashes[p]);
        free(hashes);
    }
    return sum;
}

static uint64_t header_hash(const bm25_header *h)
{
    return tern_hash(h, offsetof(bm25_header, header), 0);
}

static void list_sections(const tern_bm25 *x, const bm25_header *h, section *s)
{
    s[0] = (section){x->slots, (uint64_t)h->n_slots * sizeof *x->slots};
    s[1] = (section){x->terms, (uint64_t)(h->n_terms + 1) * sizeof *x->terms};
    s[2] = (section){x->names, (uint64_t)h->n_names};
    s[3] = (section){x->postings, (uint64_t)h->n_postings * sizeof *x->postings};
    s[4] = (section){x->groups, (uint64_t)h->n_groups * sizeof *x->groups};
}

static void write_padded(FILE *out, const void *data, size_t n)
{
    static const char zeros[ALIGNED];
    if (n)
        fwrite(data, 1, n, out);
    fwrite(zeros, 1, (size_t)tern_round_up((int64_t)n, ALIGNED) - n, out);
}

int tern_bm25_save(const tern_bm25 *index, const char *const *texts, const char *path, tern_error *error)
{
    const bm25_term *ends = index->terms + index->n_terms;
    bm25_header h = {.version = VERSION, .order = 1, .n_docs = index->n_docs, .n_terms = index->n_terms};
    section sections[SECTIONS];
    memcpy(h.magic, magic, sizeof magic);
    make_key(&index->options, texts, index->n_docs, h.key);
    h.n_slots = index->n_slots;
    h.n_names = ends->name;
    h.n_postings = ends->posting;
    h.n_groups = index->groups ? ends->group : 0;
    list_sections(index, &h, sections);
    h.checksum = checksum_of(sections);
    h.header = header_hash(&h);
    tern_writer *out = tern_writer_open(path, 1, error);
    if (!out)
        return -1;
    write_padded(tern_writer_stream(out), &h, sizeof h);
    for (int i = 0; i < SECTIONS; i++)
        write_padded(tern_writer_stream(out), sections[i].data, sections[i].n);
    return tern_writer_commit(out, error);
}

/* Counts that can't be added up to more than a file has. */
static int counts_fit(const bm25_header *h, uint64_t n)
{
    const int64_t counts[] = {h->n_docs, h->n_terms, h->n_slots, h->n_names, h->n_postings, h->n_groups};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i] < 0 || (i > 0 && (uint64_t)counts[i] > n))
            return 0;
    return h->n_docs < UINT32_MAX && h->n_terms < UINT32_MAX && h->n_slots > h->n_terms &&
           (h->n_slots & (h->n_slots - 1)) == 0;
}

/* Where the sections lie in the file; -1 when its length is another. */
static int place_sections(tern_bm25 *x, const bm25_header *h, section *sections)
{
    uint64_t at = (uint64_t)tern_round_up(sizeof *h, ALIGNED);
    const unsigned char *places[SECTIONS];
    list_sections(x, h, sections);
    for (int i = 0; i < SECTIONS; i++) {
        if (at > x->map.n || sections[i].n > x->map.n - at)
            return -1;
        sections[i].data = places[i] = x->map.data + at;
        at += (uint64_t)tern_round_up((int64_t)sections[i].n, ALIGNED);
    }
    x->slots = (const uint32_t *)(const void *)places[0];
    x->terms = (const bm25_term *)(const void *)places[1];
    x->names = (const char *)places[2];
    x->postings = (const bm25_posting *)(const void *)places[3];
    x->groups = h->n_groups ? (const bm25_group *)(const void *)places[4] : NULL;
    return at == x->map.n ? 0 : -1;
}

void tern_bm25_seal(void *file, size_t n, const tern_bm25_options *options, const char *const *texts, int64_t n_docs)
{
    bm25_header *h = file;
    section sections[SECTIONS];
    tern_bm25 x = {.map = {.data = file, .n = n}};
    if (n < sizeof *h)
        return;
    memcpy(h->magic, magic, sizeof magic);
    h->version = VERSION;
    h->order = 1;
    h->n_docs = n_docs;
    make_key(options, texts, n_docs, h->key);
    if (counts_fit(h, n) && place_sections(&x, h, sections) == 0)
        h->checksum = checksum_of(sections);
    h->header = header_hash(h);
}

static int slots_fit(const tern_bm25 *x)
{
    int64_t taken = 0;
    for (int64_t i = 0; i < x->n_slots; i++) {
        taken += x->slots[i] != UINT32_MAX;
        if (x->slots[i] != UINT32_MAX && x->slots[i] >= x->n_terms)
            return 0;
    }
    return taken < x->n_slots; /* a search for what isn't there must end */
}

static int terms_fit(const tern_bm25 *x, const bm25_header *h)
{
    const bm25_term *first = x->terms, *last = first + h->n_terms;
    if (first->posting || first->name || first->group || last->posting != h->n_postings || last->name != h->n_names ||
        (x->groups && last->group != h->n_groups))
        return 0;
    for (const bm25_term *t = first; t < last; t++)
        if (t->posting >= t[1].posting || t->name > t[1].name || t->group >= t[1].group || !isfinite(t->most))
            return 0;
    return 1;
}

/* Documents ascend, and so do blocks; a term's groups are its postings cut at blocks. */
static int lists_fit(const tern_bm25 *x, int64_t term)
{
    const bm25_term *t = x->terms + term;
    const bm25_posting *p = x->postings + t->posting;
    int64_t n = t[1].posting - t->posting, n_groups = t[1].group - t->group - 1;
    for (int64_t i = 0; i < n; i++)
        if (p[i].doc >= x->n_docs || (i > 0 && p[i].doc <= p[i - 1].doc) || !(p[i].impact > 0) || p[i].impact > t->most)
            return 0;
    if (!x->groups)
        return 1;
    const bm25_group *g = x->groups + t->group;
    for (int64_t i = 0; i < n_groups; i++) {
        if (g[i].from >= g[i + 1].from || g[i + 1].from > n || (i > 0 && g[i].block <= g[i - 1].block))
            return 0;
        for (int64_t k = g[i].from; k < g[i + 1].from; k++)
            if (g[i].block != p[k].doc / TERN_BM25_BLOCK || !(p[k].impact <= g[i].most))
                return 0;
    }
    return n_groups > 0 && g[0].from == 0 && g[n_groups].block == UINT32_MAX && g[n_groups].from == n;
}

static int content_fits(const tern_bm25 *x, const bm25_header *h)
{
    int fits = slots_fit(x) && terms_fit(x, h);
    if (!fits)
        return 0;
#pragma omp parallel for schedule(dynamic, 64) reduction(&& : fits) if (h->n_terms > 64)
    for (int64_t t = 0; t < h->n_terms; t++)
        fits = fits && lists_fit(x, t);
    return fits;
}

static int has_posting(const tern_bm25 *x, const char *name, size_t n, int64_t doc)
{
    int64_t term = tern_bm25_find(x, name, n, tern_hash(name, n, 0));
    if (term < 0)
        return 0;
    int64_t low = x->terms[term].posting, high = x->terms[term + 1].posting;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (x->postings[middle].doc < doc)
            low = middle + 1;
        else
            high = middle;
    }
    return low < x->terms[term + 1].posting && x->postings[low].doc == doc;
}

/* Whether some of the texts are still cut into the terms that the index has: another libstemmer may stem otherwise. */
static int terms_agree(const tern_bm25 *x, const char *const *texts)
{
    enum { SAMPLES = 64 };
    tern_analyzer *analyzer = tern_analyzer_create(&x->options.terms);
    tern_words words = {0};
    int agree = 1;
    for (int64_t i = 0; i < tern_min(SAMPLES, x->n_docs) && agree; i++) {
        int64_t doc = i * x->n_docs / tern_min(SAMPLES, x->n_docs);
        const char *term;
        size_t n;
        tern_words_start(&words, texts[doc]);
        while (agree && tern_words_next(&words))
            if (tern_analyzer_term(analyzer, words.word, words.n, &term, &n))
                agree = has_posting(x, term, n, doc);
    }
    tern_analyzer_free(analyzer);
    tern_words_free(&words);
    return agree;
}

static int read_index(tern_bm25 *x, const char *const *texts, const uint64_t *key, const char *path, tern_error *error)
{
    bm25_header h;
    section sections[SECTIONS];
    if (x->map.n < sizeof h || memcmp(x->map.data, magic, sizeof magic) != 0)
        return tern_fail(error, "%s is not an index of tern's BM25", path);
    memcpy(&h, x->map.data, sizeof h);
    if (h.version != VERSION || h.order != 1)
        return tern_fail(error, "%s is a BM25 index of another version of tern or another machine; remove it", path);
    if (h.header != header_hash(&h))
        return tern_fail(error, "%s: the header of the BM25 index is damaged; remove it", path);
    if (h.key[0] != key[0] || h.key[1] != key[1] || h.n_docs != x->n_docs)
        return tern_fail(error, "%s is a BM25 index of other texts or with other options", path);
    if (!counts_fit(&h, x->map.n) || place_sections(x, &h, sections) < 0)
        return tern_fail(error, "%s: the BM25 index is cut; remove it", path);
    x->n_terms = h.n_terms;
    x->n_slots = h.n_slots;
    if (h.checksum != checksum_of(sections) || !content_fits(x, &h))
        return tern_fail(error, "%s: the BM25 index is damaged; remove it", path);
    if (!terms_agree(x, texts))
        return tern_fail(error, "%s is a BM25 index of another version of the stemmer; remove it", path);
    return 0;
}

tern_bm25 *tern_bm25_open(const tern_bm25_options *options, const char *const *texts, int64_t n, const int64_t *rank,
                          const char *path, tern_error *error)
{
    tern_bm25 *x = tern_calloc(1, sizeof *x);
    uint64_t key[2];
    x->options = *options;
    x->n_docs = n;
    x->is_mapped = tern_map_open(&x->map, path, error) == 0;
    if (x->is_mapped)
        make_key(options, texts, n, key);
    if (!x->is_mapped || read_index(x, texts, key, path, error) < 0) {
        tern_bm25_free(x);
        return NULL;
    }
    tern_bm25_keep_rank(x, rank);
    return x;
}

/* Whether a file is there that may be replaced: an index of whatever version, or what is left of one. */
static int is_index(const char *path)
{
    tern_map map;
    tern_error ignored = {{0}};
    if (tern_map_open(&map, path, &ignored) < 0)
        return 0;
    int is = map.n >= sizeof magic && memcmp(map.data, magic, sizeof magic) == 0;
    tern_map_close(&map);
    return is;
}

tern_bm25 *tern_bm25_obtain(const tern_bm25_options *options, const char *const *texts, int64_t n, const int64_t *rank,
                            tern_error *error)
{
    tern_error why = {{0}};
    const char *path = options->index;
    if (!path[0])
        return tern_bm25_create(options, texts, n, rank);
    int there = tern_file_exists(path) || tern_folder_exists(path);
    if (there && !is_index(path)) {
        tern_fail(error, "%s is there and is not an index of tern's BM25; name another file as index=", path);
        return NULL;
    }
    tern_bm25 *index = there ? tern_bm25_open(options, texts, n, rank, path, &why) : NULL;
    if (index)
        return index;
    if (tern_writer_check(path, 1, error) < 0)
        return NULL;
    index = tern_bm25_create(options, texts, n, rank);
    if (tern_bm25_save(index, texts, path, error) == 0)
        return index;
    tern_bm25_free(index);
    return NULL;
}
