/* A reverse dictionary made of WordNet: definitions as queries, words as what they find.
 *
 *     tern_wordnet_options options = {.output = "data/wordnet", .seed = TERN_WORDNET_SEED};
 *     tern_wordnet_summary made;
 *     if (tern_wordnet_make(&options, &made, &error) < 0) ...
 *
 * From the database files data.noun, data.verb, data.adj and data.adv (their form: wndb(5WN)) it writes
 *
 *     OUTPUT/train.jsonl      {"anchor": definition, "positive": word, "negative": word}, one row a definition
 *     OUTPUT/test/            corpus.jsonl, queries.jsonl, qrels/test.tsv: 1,000 held-out definitions, 15,000 words
 *     OUTPUT/dev/             the same with qrels/dev.tsv: 500 others, 5,000 words
 *     OUTPUT/LICENSE          the notice at the top of data.noun, which copies must carry
 *
 * A definition is a gloss up to its first quoted example. Sets of equal definitions are one query with all their words
 * relevant, so a definition is on one side of the split only. Underscores in words become spaces; an adjective's marker
 * such as "(p)" is dropped. All choices are by hash of (seed, definition), so the same input gives the same bytes:
 *   - the definitions of least hash are the test set, the next ones dev, the others train;
 *   - a row's set (of those with the definition), and the positive, a word of that set;
 *   - the negative: a word of a sibling set (one with the same hypernym, instance hypernyms included), or, where there
 * is no sibling, of any set of that part of speech; never a word of the definition's own sets in whatever case;
 *   - a split's documents: its definitions' words, filled with the words of least hash that differ from those already
 *     there in more than case.
 * Document ids are the words with underscores (take_a_breath), query ids part of speech and offset (n-00217499). */
#ifndef TERN_DATA_WORDNET_H
#define TERN_DATA_WORDNET_H

#include "base/error.h"
#include "data/texts.h"

#include <stddef.h>
#include <stdint.h>

/* The default seed holds out "an act that has disastrous consequences", so that the example in the manual is a query of
 * the test set, never seen in training. */
enum { TERN_WORDNET_SEED = 139 };
/* Where Debian's wordnet-base has it. */
#define TERN_WORDNET_SOURCE "/usr/share/wordnet"

typedef struct tern_wordnet_options {
    const char *source; /* NULL: TERN_WORDNET_SOURCE */
    const char *output; /* a folder; made, with those above it */
    uint64_t seed;
    int force;                                    /* replaces an output that an earlier run made */
    int64_t n_test, n_dev, test_words, dev_words; /* 0: 1,000, 500, 15,000, 5,000 */
} tern_wordnet_options;

typedef struct tern_wordnet_split {
    int64_t queries, documents, judgements;
} tern_wordnet_split;

typedef struct tern_wordnet_summary {
    int64_t sets, words, definitions, rows;
    int64_t rows_with_sibling; /* their negative is a word of a sibling set */
    tern_wordnet_split test, dev;
} tern_wordnet_summary;

/* Reads the database and writes the folder: under a temporary name, then renamed. Fails when output is there already
 * and force isn't set, or holds anything that isn't of this command's making. */
int tern_wordnet_make(const tern_wordnet_options *options, tern_wordnet_summary *summary, tern_error *error);

/* The database as it is read; what tern_wordnet_make works on. */
enum { TERN_NOUN, TERN_VERB, TERN_ADJECTIVE, TERN_ADVERB, TERN_N_POS };

typedef struct tern_synset {
    int pos;
    int64_t offset;     /* its name in the database */
    int64_t definition; /* text id in definitions */
    int64_t first_word; /* words of set s: word[set[s].first_word] .. word[set[s + 1].first_word - 1] */
} tern_synset;

typedef struct tern_wordnet {
    tern_texts *words, *definitions;
    int64_t n_sets;
    tern_synset *set;                  /* [n_sets + 1], by part of speech, then offset; the last is an end mark */
    int64_t pos_start[TERN_N_POS + 1]; /* sets of a part of speech: pos_start[p] .. pos_start[p + 1] - 1 */
    int64_t *word;                     /* text ids in words */
    int64_t *parent_start, *parent;    /* CSR over sets: the hypernyms of each */
    int64_t *child_start, *child;      /* CSR over sets: the sets whose hypernym it is */
    char *license;                     /* the notice at the top of data.noun */
} tern_wordnet;

/* NULL on failure, with file and line: a field that isn't what wndb(5WN) says, a count that doesn't fit, offsets that
 * don't ascend, a pointer to a set that isn't there (a file that was cut off between lines), a last line without end.
 */
tern_wordnet *tern_wordnet_read(const char *folder, tern_error *error);

typedef struct tern_wordnet_text {
    const char *data; /* [n] */
    size_t n;
} tern_wordnet_text;

/* The same of texts in memory [TERN_N_POS], by part of speech, which may go afterwards; folder is what messages put
 * before their names. */
tern_wordnet *tern_wordnet_parse(const tern_wordnet_text *texts, const char *folder, tern_error *error);
void tern_wordnet_free(tern_wordnet *wordnet);

#endif
