/* Choosing what the reverse dictionary is made of: the split, the rows, the documents. */
#include "data/wordnet.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/staging.h"
#include "data/wordnet_build.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* What a random number is for; part of its counter. */
enum { CHOOSE_SET = 1, CHOOSE_WORD, CHOOSE_SIBLING, CHOOSE_OTHER };
enum { RANDOM_TRIES = 64 };

typedef struct hashed {
    uint64_t hash;
    int64_t id;
} hashed;

/* Ids are in file order, so that equal hashes fall the same way each time. */
static int by_hash(const void *left, const void *right)
{
    const hashed *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* All ids of the texts in order of hash; hash_of [n] (NULL: not wanted) by id. */
static int64_t *order_by_hash(const tern_texts *texts, uint64_t seed, uint64_t *hash_of)
{
    int64_t n = tern_texts_count(texts);
    hashed *item = tern_alloc((size_t)n, sizeof *item);
    int64_t *order = tern_alloc((size_t)n, sizeof *order);
    for (int64_t i = 0; i < n; i++) {
        size_t length;
        const char *text = tern_texts_get(texts, i, &length);
        item[i] = (hashed){tern_hash(text, length, seed), i};
        if (hash_of)
            hash_of[i] = item[i].hash;
    }
    qsort(item, (size_t)n, sizeof *item, by_hash);
    for (int64_t i = 0; i < n; i++)
        order[i] = item[i].id;
    free(item);
    return order;
}

void tern_dictionary_create(tern_dictionary *dictionary, const tern_wordnet *net, uint64_t seed)
{
    tern_dictionary *d = dictionary;
    *d = (tern_dictionary){.net = net, .seed = seed, .n = tern_texts_count(net->definitions)};
    d->hash = tern_alloc((size_t)d->n, sizeof *d->hash);
    d->order = order_by_hash(net->definitions, seed, d->hash);
    d->set_start = tern_calloc((size_t)d->n + 2, sizeof *d->set_start);
    d->set = tern_alloc((size_t)net->n_sets, sizeof *d->set);
    /* Counts go two places up, so that after the fill each start is where it belongs. */
    for (int64_t s = 0; s < net->n_sets; s++)
        d->set_start[net->set[s].definition + 2]++;
    for (int64_t i = 0; i < d->n; i++)
        d->set_start[i + 2] += d->set_start[i + 1];
    for (int64_t s = 0; s < net->n_sets; s++)
        d->set[d->set_start[net->set[s].definition + 1]++] = s;
}

void tern_dictionary_free(tern_dictionary *dictionary)
{
    free(dictionary->order);
    free(dictionary->hash);
    free(dictionary->set_start);
    free(dictionary->set);
}

static int64_t choose(const tern_dictionary *d, int64_t definition, int what, int64_t i, int64_t n)
{
    return (int64_t)tern_random_below((uint64_t)n, d->hash[definition], (uint64_t)what, (uint64_t)i, 0);
}

static int64_t count_words(const tern_wordnet *net, int64_t set)
{
    return net->set[set + 1].first_word - net->set[set].first_word;
}

static int is_own_word(const tern_dictionary *d, int64_t definition, int64_t word)
{
    const tern_wordnet *net = d->net;
    const char *text = tern_texts_get(net->words, word, NULL);
    for (int64_t i = d->set_start[definition]; i < d->set_start[definition + 1]; i++) {
        const tern_synset *set = &net->set[d->set[i]];
        for (int64_t w = set[0].first_word; w < set[1].first_word; w++)
            if (strcasecmp(tern_texts_get(net->words, net->word[w], NULL), text) == 0)
                return 1;
    }
    return 0;
}

/* A word of the set that is none of the definition's, or -1. */
static int64_t foreign_word(const tern_dictionary *d, int64_t definition, int64_t set, int what)
{
    const tern_wordnet *net = d->net;
    int64_t n = count_words(net, set), first = choose(d, definition, what, -1, n);
    if (net->set[set].definition == definition)
        return -1;
    for (int64_t i = 0; i < n; i++) {
        int64_t word = net->word[net->set[set].first_word + (first + i) % n];
        if (!is_own_word(d, definition, word))
            return word;
    }
    return -1;
}

/* The siblings are the children of all of a set's parents; one is chosen, then those behind it are tried. */
static int64_t sibling_word(const tern_dictionary *d, int64_t definition, int64_t set)
{
    const tern_wordnet *net = d->net;
    int64_t n = 0;
    for (int64_t p = net->parent_start[set]; p < net->parent_start[set + 1]; p++)
        n += net->child_start[net->parent[p] + 1] - net->child_start[net->parent[p]];
    int64_t first = n ? choose(d, definition, CHOOSE_SIBLING, 0, n) : 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t place = (first + i) % n, p = net->parent_start[set];
        while (place >= net->child_start[net->parent[p] + 1] - net->child_start[net->parent[p]]) {
            place -= net->child_start[net->parent[p] + 1] - net->child_start[net->parent[p]];
            p++;
        }
        int64_t word =
            foreign_word(d, definition, net->child[net->child_start[net->parent[p]] + place], CHOOSE_SIBLING);
        if (word >= 0)
            return word;
    }
    return -1;
}

static int64_t other_word(const tern_dictionary *d, int64_t definition, int pos)
{
    int64_t from = d->net->pos_start[pos], n = d->net->pos_start[pos + 1] - from;
    for (int64_t i = 0; i < RANDOM_TRIES; i++) {
        int64_t set = from + choose(d, definition, CHOOSE_OTHER, i, n);
        int64_t word = foreign_word(d, definition, set, CHOOSE_OTHER);
        if (word >= 0)
            return word;
    }
    return -1;
}

int tern_dictionary_row(const tern_dictionary *dictionary, int64_t definition, int64_t *positive, int64_t *negative,
                        int *is_sibling)
{
    const tern_dictionary *d = dictionary;
    int64_t from = d->set_start[definition], n_sets = d->set_start[definition + 1] - from;
    int64_t set = d->set[from + choose(d, definition, CHOOSE_SET, 0, n_sets)];
    int64_t word = choose(d, definition, CHOOSE_WORD, 0, count_words(d->net, set));
    *positive = d->net->word[d->net->set[set].first_word + word];
    *negative = sibling_word(d, definition, set);
    *is_sibling = *negative >= 0;
    if (*negative < 0)
        *negative = other_word(d, definition, d->net->set[set].pos);
    return *negative < 0 ? -1 : 0;
}

/* WordNet's words are ASCII, so this is all of case. */
static int64_t fold(tern_texts *folded, const char *word, size_t n)
{
    char *lower = tern_strndup(word, n);
    for (char *c = lower; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c |= 0x20;
    int64_t id = tern_texts_add(folded, lower, n);
    free(lower);
    return id;
}

typedef struct docs {
    const tern_texts *words;
    tern_texts *folded; /* the documents in lower case */
    char *taken;        /* [words] */
    int64_t *word, n;
} docs;

static void take_word(docs *list, int64_t word, int even_if_folded)
{
    size_t n;
    const char *text = tern_texts_get(list->words, word, &n);
    int64_t known = tern_texts_count(list->folded);
    if (list->taken[word] || (fold(list->folded, text, n) < known && !even_if_folded))
        return;
    list->taken[word] = 1;
    list->word[list->n++] = word;
}

typedef struct named {
    const char *text;
    int64_t id;
} named;

static int by_bytes(const void *left, const void *right)
{
    return strcmp(((const named *)left)->text, ((const named *)right)->text);
}

static void sort_by_bytes(const tern_texts *texts, int64_t *id, int64_t n)
{
    named *item = tern_alloc((size_t)n, sizeof *item);
    for (int64_t i = 0; i < n; i++)
        item[i] = (named){tern_texts_get(texts, id[i], NULL), id[i]};
    qsort(item, (size_t)n, sizeof *item, by_bytes);
    for (int64_t i = 0; i < n; i++)
        id[i] = item[i].id;
    free(item);
}

int64_t *tern_dictionary_docs(const tern_dictionary *dictionary, int64_t from, int64_t n, int64_t most, int64_t *n_docs)
{
    const tern_wordnet *net = dictionary->net;
    int64_t n_words = tern_texts_count(net->words);
    docs list = {.words = net->words, .folded = tern_texts_create()};
    list.taken = tern_calloc((size_t)n_words, 1);
    list.word = tern_alloc((size_t)n_words, sizeof *list.word);
    for (int64_t i = from; i < from + n; i++) {
        int64_t definition = dictionary->order[i];
        for (int64_t s = dictionary->set_start[definition]; s < dictionary->set_start[definition + 1]; s++) {
            const tern_synset *set = &net->set[dictionary->set[s]];
            for (int64_t w = set[0].first_word; w < set[1].first_word; w++)
                take_word(&list, net->word[w], 1);
        }
    }
    int64_t *order = order_by_hash(net->words, dictionary->seed, NULL);
    for (int64_t i = 0; i < n_words && list.n < most; i++)
        take_word(&list, order[i], 0);
    sort_by_bytes(net->words, list.word, list.n);
    free(order);
    free(list.taken);
    tern_texts_free(list.folded);
    *n_docs = list.n;
    return list.word;
}

/* A path in a folder that tern_wordnet_write fills. */
static int is_own(const char *path)
{
    static const char *const own[] = {
        "train.jsonl",
        "LICENSE",
        "test",
        "test/corpus.jsonl",
        "test/queries.jsonl",
        "test/qrels",
        "dev",
        "dev/qrels",
        "dev/corpus.jsonl",
        "dev/queries.jsonl",
        "test/qrels/test.tsv",
        "dev/qrels/dev.tsv",
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(path, own[i]) == 0)
            return 1;
    return 0;
}

/* A folder with anything else in it isn't removed, whatever the flag. */
static int check_own(const char *folder, tern_error *error)
{
    char *stranger;
    int status = tern_folder_stranger(folder, is_own, &stranger, error);
    if (status == 0 && stranger)
        status = tern_fail(error, "%s: it holds \"%s\", which is no part of this data set; name another folder", folder,
                           stranger);
    free(stranger);
    return status;
}

static int check_output(const char *folder, int force, tern_error *error)
{
    struct stat info;
    if (lstat(folder, &info) != 0)
        return 0;
    if (!S_ISDIR(info.st_mode))
        return tern_fail(error, "%s: it exists and is no folder; name another", folder);
    return force ? check_own(folder, error) : tern_fail(error, "%s: it exists already; --force replaces it", folder);
}

static void fill_defaults(tern_wordnet_options *o)
{
    o->source = o->source ? o->source : TERN_WORDNET_SOURCE;
    o->n_test = o->n_test ? o->n_test : 1000;
    o->n_dev = o->n_dev ? o->n_dev : 500;
    o->test_words = o->test_words ? o->test_words : 15000;
    o->dev_words = o->dev_words ? o->dev_words : 5000;
}

static int make_in(const tern_dictionary *dictionary, const tern_wordnet_options *o, const char *folder,
                   tern_wordnet_summary *summary, tern_error *error)
{
    tern_staged *staged =
        tern_make_folder_above(folder, error) == 0 ? tern_staged_folder(folder, o->force, error) : NULL;
    if (!staged)
        return -1;
    if (tern_wordnet_write(dictionary, o, tern_staged_path(staged), summary, error) == 0)
        return tern_staged_place(staged, error);
    tern_staged_discard(staged);
    return -1;
}

int tern_wordnet_make(const tern_wordnet_options *options, tern_wordnet_summary *summary, tern_error *error)
{
    tern_wordnet_options o = *options;
    tern_dictionary dictionary = {0};
    *summary = (tern_wordnet_summary){0};
    fill_defaults(&o);
    char *folder = tern_output_path(o.output, error);
    int status = folder ? check_output(folder, o.force, error) : -1;
    tern_wordnet *net = status == 0 ? tern_wordnet_read(o.source, error) : NULL;
    if (!net) {
        free(folder);
        return -1;
    }
    tern_dictionary_create(&dictionary, net, o.seed);
    if (dictionary.n <= o.n_test + o.n_dev)
        status =
            tern_fail(error, "%s: it holds %lld definitions; %lld are held out, and none would be left to train on",
                      o.source, (long long)dictionary.n, (long long)(o.n_test + o.n_dev));
    else
        status = make_in(&dictionary, &o, folder, summary, error);
    tern_dictionary_free(&dictionary);
    tern_wordnet_free(net);
    free(folder);
    return status;
}
