/* Writing the reverse dictionary: train.jsonl, two retrieval sets in BEIR form, and the notice. */
#include "data/wordnet_build.h"

#include "base/file.h"
#include "base/memory.h"

#include <string.h>

#include <jansson.h>

static const char pos_letters[TERN_N_POS] = {'n', 'v', 'a', 'r'};

/* A file of the folder, with those above it made. */
static tern_writer *open_in(const char *folder, const char *name, tern_error *error)
{
    char *path = tern_path_join(folder, name), *slash = strrchr(path, '/');
    *slash = 0;
    int status = tern_make_folder(path, error);
    *slash = '/';
    tern_writer *writer = status == 0 ? tern_writer_open(path, 1, error) : NULL;
    free(path);
    return writer;
}

/* One line; takes the object. What fails is seen when the file is committed. */
static void write_line(tern_writer *writer, json_t *object)
{
    TERN_CHECK(object, "a row of valid UTF-8 can't be written as JSON");
    json_dumpf(object, tern_writer_stream(writer), 0);
    putc('\n', tern_writer_stream(writer));
    json_decref(object);
}

static const char *word_text(const tern_dictionary *d, int64_t word)
{
    return tern_texts_get(d->net->words, word, NULL);
}

static const char *definition_text(const tern_dictionary *d, int64_t definition)
{
    return tern_texts_get(d->net->definitions, definition, NULL);
}

static int write_train(const tern_dictionary *d, int64_t from, const char *folder, tern_wordnet_summary *summary,
                       tern_error *error)
{
    tern_writer *writer = open_in(folder, "train.jsonl", error);
    if (!writer)
        return -1;
    for (int64_t i = from; i < d->n; i++) {
        int64_t positive, negative;
        int is_sibling;
        const char *anchor = definition_text(d, d->order[i]);
        if (tern_dictionary_row(d, d->order[i], &positive, &negative, &is_sibling) < 0) {
            tern_writer_discard(writer);
            return tern_fail(error, "no word is left to be the negative of \"%s\"; is WordNet complete?", anchor);
        }
        write_line(writer, json_pack("{s:s, s:s, s:s}", "anchor", anchor, "positive", word_text(d, positive),
                                     "negative", word_text(d, negative)));
        summary->rows++;
        summary->rows_with_sibling += is_sibling;
    }
    return tern_writer_commit(writer, error);
}

/* A word's id: itself with underscores; new. */
static char *doc_id(const tern_dictionary *d, int64_t word)
{
    char *id = tern_strdup(word_text(d, word));
    for (char *c = id; *c; c++)
        if (*c == ' ')
            *c = '_';
    return id;
}

/* A definition's id: that of its first set; new. */
static char *query_id(const tern_dictionary *d, int64_t definition)
{
    const tern_synset *set = &d->net->set[d->set[d->set_start[definition]]];
    return tern_format("%c-%08lld", pos_letters[set->pos], (long long)set->offset);
}

static int write_corpus(const tern_dictionary *d, const int64_t *word, int64_t n, const char *folder, tern_error *error)
{
    tern_writer *writer = open_in(folder, "corpus.jsonl", error);
    if (!writer)
        return -1;
    for (int64_t i = 0; i < n; i++) {
        char *id = doc_id(d, word[i]);
        write_line(writer, json_pack("{s:s, s:s, s:s}", "_id", id, "title", "", "text", word_text(d, word[i])));
        free(id);
    }
    return tern_writer_commit(writer, error);
}

static int write_queries(const tern_dictionary *d, const int64_t *definition, int64_t n, const char *folder,
                         tern_error *error)
{
    tern_writer *writer = open_in(folder, "queries.jsonl", error);
    if (!writer)
        return -1;
    for (int64_t i = 0; i < n; i++) {
        char *id = query_id(d, definition[i]);
        write_line(writer, json_pack("{s:s, s:s}", "_id", id, "text", definition_text(d, definition[i])));
        free(id);
    }
    return tern_writer_commit(writer, error);
}

/* Every distinct word of the definition's sets, each once. Returns how many. */
static int64_t write_judgements(const tern_dictionary *d, int64_t definition, FILE *file)
{
    const tern_wordnet *net = d->net;
    char *query = query_id(d, definition);
    tern_texts *seen = tern_texts_create();
    for (int64_t s = d->set_start[definition]; s < d->set_start[definition + 1]; s++) {
        const tern_synset *set = &net->set[d->set[s]];
        for (int64_t w = set[0].first_word; w < set[1].first_word; w++) {
            char *doc = doc_id(d, net->word[w]);
            int64_t known = tern_texts_count(seen);
            if (tern_texts_add(seen, doc, strlen(doc)) == known)
                fprintf(file, "%s\t%s\t1\n", query, doc);
            free(doc);
        }
    }
    int64_t n = tern_texts_count(seen);
    tern_texts_free(seen);
    free(query);
    return n;
}

static int write_qrels(const tern_dictionary *d, const int64_t *definition, int64_t n, const char *folder,
                       const char *split, int64_t *n_judgements, tern_error *error)
{
    char *name = tern_format("qrels/%s.tsv", split);
    tern_writer *writer = open_in(folder, name, error);
    free(name);
    if (!writer)
        return -1;
    FILE *file = tern_writer_stream(writer);
    fputs("query-id\tcorpus-id\tscore\n", file);
    for (int64_t i = 0; i < n; i++)
        *n_judgements += write_judgements(d, definition[i], file);
    return tern_writer_commit(writer, error);
}

/* The definitions at order[from .. from + n) as a retrieval set of `most` words. */
static int write_split(const tern_dictionary *d, int64_t from, int64_t n, int64_t most, const char *parent,
                       const char *split, tern_wordnet_split *counts, tern_error *error)
{
    char *folder = tern_path_join(parent, split);
    int64_t n_docs, *docs = tern_dictionary_docs(d, from, n, most, &n_docs);
    const int64_t *definition = d->order + from;
    *counts = (tern_wordnet_split){.queries = n, .documents = n_docs};
    int status = write_corpus(d, docs, n_docs, folder, error);
    if (status == 0)
        status = write_queries(d, definition, n, folder, error);
    if (status == 0)
        status = write_qrels(d, definition, n, folder, split, &counts->judgements, error);
    free(docs);
    free(folder);
    return status;
}

static int write_license(const tern_wordnet *net, const char *folder, tern_error *error)
{
    char *path = tern_path_join(folder, "LICENSE");
    int status = tern_file_write(path, net->license, strlen(net->license), error);
    free(path);
    return status;
}

int tern_wordnet_write(const tern_dictionary *dictionary, const tern_wordnet_options *options, const char *folder,
                       tern_wordnet_summary *summary, tern_error *error)
{
    const tern_dictionary *d = dictionary;
    int64_t n_test = options->n_test, n_dev = options->n_dev;
    summary->sets = d->net->n_sets;
    summary->words = tern_texts_count(d->net->words);
    summary->definitions = d->n;
    int status = write_split(d, 0, n_test, options->test_words, folder, "test", &summary->test, error);
    if (status == 0)
        status = write_split(d, n_test, n_dev, options->dev_words, folder, "dev", &summary->dev, error);
    if (status == 0)
        status = write_train(d, n_test + n_dev, folder, summary, error);
    return status == 0 ? write_license(d->net, folder, error) : status;
}
