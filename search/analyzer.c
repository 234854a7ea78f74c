#include "search/analyzer.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#ifdef TERN_STEMMER
#include <libstemmer.h>
#else
struct sb_stemmer; /* a build without libstemmer has none */
#endif

/* Words beyond this length have no stem, and libstemmer counts in ints. */
enum { LONGEST_STEMMED = 1000 };

struct tern_analyzer {
    tern_stop_words stop_words;
    struct sb_stemmer *stemmer; /* NULL: none */
};

/* Lucene's (EnglishAnalyzer.ENGLISH_STOP_WORDS_SET), in the order of strcmp. */
static const char *const english[] = {"a",    "an",   "and",  "are",  "as",   "at",    "be",   "but",   "by",
                                      "for",  "if",   "in",   "into", "is",   "it",    "no",   "not",   "of",
                                      "on",   "or",   "such", "that", "the",  "their", "then", "there", "these",
                                      "they", "this", "to",   "was",  "will", "with"};

static int by_name(const void *word, const void *name)
{
    return strcmp(word, *(const char *const *)name);
}

static int is_stop_word(const char *word)
{
    return bsearch(word, english, sizeof english / sizeof *english, sizeof *english, by_name) != NULL;
}

#ifdef TERN_STEMMER

int tern_analyzer_check(const tern_analyzer_options *options, tern_error *error)
{
    if (!options->stemmer[0])
        return 0;
    tern_buffer names = {0};
    int known = 0;
    for (const char **name = sb_stemmer_list(); *name; name++) {
        known = known || strcmp(*name, options->stemmer) == 0;
        tern_buffer_printf(&names, "%s%s", names.n ? ", " : "", *name);
    }
    int status =
        known ? 0 : tern_fail(error, "there is no stemmer %s; take none, or one of %s", options->stemmer, names.data);
    tern_buffer_free(&names);
    return status;
}

static struct sb_stemmer *make_stemmer(const char *name)
{
    struct sb_stemmer *stemmer = sb_stemmer_new(name, NULL);
    TERN_CHECK(stemmer, "no stemmer \"%s\"", name);
    return stemmer;
}

static void stem(struct sb_stemmer *stemmer, const char *word, size_t n, const char **term, size_t *term_n)
{
    const sb_symbol *cut = sb_stemmer_stem(stemmer, (const sb_symbol *)word, (int)n);
    if (!cut)
        tern_out_of_memory(n, 1);
    *term = (const char *)cut;
    *term_n = (size_t)sb_stemmer_length(stemmer);
}

#else

int tern_analyzer_check(const tern_analyzer_options *options, tern_error *error)
{
    if (!options->stemmer[0])
        return 0;
    return tern_fail(error, "there is no stemmer %s: this tern was built without libstemmer; say bm25:stemmer=none",
                     options->stemmer);
}

static struct sb_stemmer *make_stemmer(const char *name)
{
    TERN_CHECK(0, "no stemmer \"%s\" in this build", name);
    return NULL;
}

static void sb_stemmer_delete(struct sb_stemmer *stemmer)
{
    (void)stemmer;
}

static void stem(struct sb_stemmer *stemmer, const char *word, size_t n, const char **term, size_t *term_n)
{
    (void)stemmer;
    *term = word;
    *term_n = n;
}

#endif

tern_analyzer *tern_analyzer_create(const tern_analyzer_options *options)
{
    tern_analyzer *analyzer = tern_calloc(1, sizeof *analyzer);
    analyzer->stop_words = options->stop_words;
    analyzer->stemmer = options->stemmer[0] ? make_stemmer(options->stemmer) : NULL;
    return analyzer;
}

void tern_analyzer_free(tern_analyzer *analyzer)
{
    if (analyzer && analyzer->stemmer)
        sb_stemmer_delete(analyzer->stemmer);
    free(analyzer);
}

int tern_analyzer_term(tern_analyzer *analyzer, const char *word, size_t n, const char **term, size_t *term_n)
{
    if (analyzer->stop_words == TERN_STOP_ENGLISH && is_stop_word(word))
        return 0;
    *term = word;
    *term_n = n;
    if (analyzer->stemmer && n <= LONGEST_STEMMED)
        stem(analyzer->stemmer, word, n, term, term_n);
    return *term_n > 0;
}
