/* WordNet's data files, parted by lines "---" (those that are missing stand there with one set): every set has words
 * and a definition, offsets ascend, parents and children are in range and mirror each other; written as data files they
 * are read back equal. Of what the reverse dictionary is made of: a row's positive is a word of its definition, its
 * negative is none, in whatever case; documents are sorted, occur once, and the definitions' words are among them. */
#include "base/memory.h"
#include "data/wordnet_build.h"
#include "fuzz.h"

#include <stdlib.h>
#include <strings.h>

static const char letters[TERN_N_POS] = {'n', 'v', 'a', 'r'};

static const char *word_of(const tern_wordnet *net, int64_t word)
{
    return tern_texts_get(net->words, word, NULL);
}

static void check_sets(const tern_wordnet *net)
{
    int64_t n_words = tern_texts_count(net->words), n_definitions = tern_texts_count(net->definitions);
    for (int64_t s = 0; s < net->n_sets; s++) {
        const tern_synset *set = &net->set[s];
        TERN_CHECK(s >= net->pos_start[set->pos] && s < net->pos_start[set->pos + 1], "set %lld is of %d", (long long)s,
                   set->pos);
        TERN_CHECK(s == net->pos_start[set->pos] || set[-1].offset < set->offset, "offset %lld",
                   (long long)set->offset);
        TERN_CHECK(set->definition >= 0 && set->definition < n_definitions, "definition %lld",
                   (long long)set->definition);
        TERN_CHECK(set[0].first_word < set[1].first_word, "set %lld has no words", (long long)s);
        for (int64_t w = set[0].first_word; w < set[1].first_word; w++)
            TERN_CHECK(net->word[w] >= 0 && net->word[w] < n_words, "word %lld", (long long)net->word[w]);
    }
    TERN_CHECK(net->pos_start[0] == 0 && net->set[0].first_word == 0 && net->pos_start[TERN_N_POS] == net->n_sets,
               "sets begin with %lld", (long long)net->pos_start[0]);
    for (int64_t i = 0; i < n_words; i++)
        TERN_CHECK(word_of(net, i)[0] && !strpbrk(word_of(net, i), "_\t\n"), "the word \"%s\"", word_of(net, i));
    for (int64_t i = 0; i < n_definitions; i++)
        TERN_CHECK(tern_texts_get(net->definitions, i, NULL)[0], "definition %lld is empty", (long long)i);
}

static int64_t count(const int64_t *start, const int64_t *list, int64_t of, int64_t value)
{
    int64_t n = 0;
    for (int64_t i = start[of]; i < start[of + 1]; i++)
        n += list[i] == value;
    return n;
}

/* Each edge of one list is in the other as often. */
static void check_edges(const tern_wordnet *net, const int64_t *start, const int64_t *list, const int64_t *back_start,
                        const int64_t *back)
{
    TERN_CHECK(start[0] == 0 && start[net->n_sets] == back_start[net->n_sets], "%lld edges and %lld back",
               (long long)start[net->n_sets], (long long)back_start[net->n_sets]);
    for (int64_t s = 0; s < net->n_sets; s++) {
        TERN_CHECK(start[s] <= start[s + 1], "edges of set %lld end before they begin", (long long)s);
        for (int64_t i = start[s]; i < start[s + 1]; i++) {
            TERN_CHECK(list[i] >= 0 && list[i] < net->n_sets && net->set[list[i]].pos == net->set[s].pos,
                       "an edge from %lld to %lld", (long long)s, (long long)list[i]);
            TERN_CHECK(count(start, list, s, list[i]) == count(back_start, back, list[i], s),
                       "the edge from %lld to %lld is not mirrored", (long long)s, (long long)list[i]);
        }
    }
}

/* ------------------------------------------------------------------------------------------------ back again */

static void write_notice(tern_buffer *out, const char *text)
{
    for (size_t n; *text; text += n + 1) {
        n = strcspn(text, "\n");
        tern_buffer_printf(out, "  1 %.*s\n", (int)n, text);
    }
}

static void write_set(tern_buffer *out, const tern_wordnet *net, int64_t s)
{
    const tern_synset *set = &net->set[s];
    tern_buffer_printf(out, "%08lld 00 %c %02llx", (long long)set->offset, letters[set->pos],
                       (long long)(set[1].first_word - set[0].first_word));
    for (int64_t w = set[0].first_word; w < set[1].first_word; w++) {
        char *word = tern_strdup(word_of(net, net->word[w]));
        for (char *c = word; *c; c++)
            *c = *c == ' ' ? '_' : *c;
        tern_buffer_printf(out, " %s%s 0", word, set->pos == TERN_ADJECTIVE ? "(p)" : "");
        free(word);
    }
    tern_buffer_printf(out, " %03lld", (long long)(net->parent_start[s + 1] - net->parent_start[s]));
    for (int64_t p = net->parent_start[s]; p < net->parent_start[s + 1]; p++)
        tern_buffer_printf(out, " @ %08lld %c 0000", (long long)net->set[net->parent[p]].offset, letters[set->pos]);
    tern_buffer_printf(out, "%s | %s\n", set->pos == TERN_VERB ? " 00" : "",
                       tern_texts_get(net->definitions, set->definition, NULL));
}

static void check_same_texts(const tern_texts *a, const tern_texts *b)
{
    TERN_CHECK(tern_texts_count(a) == tern_texts_count(b), "%lld texts, and again %lld", (long long)tern_texts_count(a),
               (long long)tern_texts_count(b));
    for (int64_t i = 0; i < tern_texts_count(a); i++)
        TERN_CHECK(!strcmp(tern_texts_get(a, i, NULL), tern_texts_get(b, i, NULL)), "\"%s\", and again \"%s\"",
                   tern_texts_get(a, i, NULL), tern_texts_get(b, i, NULL));
}

static void check_same(const tern_wordnet *a, const tern_wordnet *b)
{
    check_same_texts(a->words, b->words);
    check_same_texts(a->definitions, b->definitions);
    TERN_CHECK(a->n_sets == b->n_sets && !strcmp(a->license, b->license), "%lld sets, and again %lld; \"%s\" \"%s\"",
               (long long)a->n_sets, (long long)b->n_sets, a->license, b->license);
    for (int64_t s = 0; s <= a->n_sets; s++) {
        const tern_synset *x = &a->set[s], *y = &b->set[s];
        TERN_CHECK(x->pos == y->pos && x->offset == y->offset && x->definition == y->definition &&
                       x->first_word == y->first_word && a->parent_start[s] == b->parent_start[s],
                   "set %lld is another", (long long)s);
    }
    size_t edges = (size_t)a->parent_start[a->n_sets], words = (size_t)a->set[a->n_sets].first_word;
    TERN_CHECK(!edges || !memcmp(a->parent, b->parent, edges * sizeof *a->parent), "parents are others");
    TERN_CHECK(!words || !memcmp(a->word, b->word, words * sizeof *a->word), "words are others");
}

static void write_and_read(const tern_wordnet *net)
{
    tern_error error = {{0}};
    tern_buffer out[TERN_N_POS] = {{0}};
    tern_wordnet_text texts[TERN_N_POS];
    write_notice(&out[TERN_NOUN], net->license);
    for (int64_t s = 0; s < net->n_sets; s++)
        write_set(&out[net->set[s].pos], net, s);
    for (int i = 0; i < TERN_N_POS; i++)
        texts[i] = (tern_wordnet_text){out[i].data, out[i].n};
    tern_wordnet *again = tern_wordnet_parse(texts, "again", &error);
    TERN_CHECK(again, "%s", error.message);
    check_same(net, again);
    tern_wordnet_free(again);
    for (int i = 0; i < TERN_N_POS; i++)
        tern_buffer_free(&out[i]);
}

/* ------------------------------------------------------------------------------------------------ the dictionary */

/* 1 when the word, in whatever case, is one of a set with the definition. */
static int is_word_of(const tern_wordnet *net, int64_t definition, const char *word)
{
    for (int64_t s = 0; s < net->n_sets; s++)
        for (int64_t w = net->set[s].first_word; net->set[s].definition == definition && w < net->set[s + 1].first_word;
             w++)
            if (!strcasecmp(word_of(net, net->word[w]), word))
                return 1;
    return 0;
}

static void check_rows(const tern_dictionary *d)
{
    for (int64_t i = 0; i < d->n; i++) {
        int64_t positive = -1, negative = -1;
        int is_sibling;
        int status = tern_dictionary_row(d, i, &positive, &negative, &is_sibling);
        TERN_CHECK(is_word_of(d->net, i, word_of(d->net, positive)), "the positive is no word of the definition");
        TERN_CHECK(status < 0 || !is_word_of(d->net, i, word_of(d->net, negative)),
                   "the negative \"%s\" is a word of it", word_of(d->net, negative));
    }
}

static void check_docs(const tern_dictionary *d, int64_t n, int64_t most)
{
    int64_t n_docs, found = 0, wanted = 0, *docs = tern_dictionary_docs(d, 0, n, most, &n_docs);
    int64_t n_words = tern_texts_count(d->net->words);
    char *is_doc = tern_calloc((size_t)n_words, 1), *is_wanted = tern_calloc((size_t)n_words, 1);
    for (int64_t i = 0; i < n_docs; i++) {
        TERN_CHECK(i == 0 || strcmp(word_of(d->net, docs[i - 1]), word_of(d->net, docs[i])) < 0, "document %lld",
                   (long long)i);
        is_doc[docs[i]] = 1;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t s = d->set_start[d->order[i]]; s < d->set_start[d->order[i] + 1]; s++)
            for (int64_t w = d->net->set[d->set[s]].first_word; w < d->net->set[d->set[s] + 1].first_word; w++)
                is_wanted[d->net->word[w]] = 1;
    for (int64_t i = 0; i < n_words; i++) {
        wanted += is_wanted[i];
        found += is_wanted[i] && is_doc[i];
    }
    TERN_CHECK(found == wanted && n_docs <= (wanted > most ? wanted : most), "%lld of %lld words in %lld documents",
               (long long)found, (long long)wanted, (long long)n_docs);
    free(is_doc);
    free(is_wanted);
    free(docs);
}

static void check_dictionary(const tern_wordnet *net)
{
    tern_dictionary d;
    tern_dictionary_create(&d, net, 1);
    check_rows(&d);
    check_docs(&d, d.n / 2, d.n / 2 + 2);
    tern_dictionary_free(&d);
}

/* ------------------------------------------------------------------------------------------------ the input */

/* What stands before the next line "---", of which *bytes is behind then. */
static tern_wordnet_text next_text(const char **bytes, size_t *n)
{
    static const char mark[] = "---\n";
    const char *at = *bytes, *end = at + *n;
    while (at < end && !((size_t)(end - at) >= 4 && !memcmp(at, mark, 4))) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        at = line_end ? line_end + 1 : end;
    }
    tern_wordnet_text text = {*bytes, (size_t)(at - *bytes)};
    *bytes = at < end ? at + 4 : end;
    *n = (size_t)(end - *bytes);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const plain[] = {
        "00000010 03 n 01 thing 0 000 | what is\n", "00000010 29 v 01 bark 0 000 00 | make a sound\n",
        "00000010 00 a 01 live(a) 0 000 | living\n", "00000010 02 r 01 well 0 000 | in a good way\n"};
    tern_error error = {{0}};
    tern_wordnet_text texts[TERN_N_POS];
    const char *at = (const char *)bytes;
    for (int i = 0; i < TERN_N_POS; i++) {
        texts[i] = n ? next_text(&at, &n) : (tern_wordnet_text){0};
        if (!texts[i].n)
            texts[i] = (tern_wordnet_text){plain[i], strlen(plain[i])};
    }
    tern_wordnet *net = tern_wordnet_parse(texts, "wn", &error);
    if (!net) {
        FUZZ_FAILED(error);
        return 0;
    }
    check_sets(net);
    check_edges(net, net->parent_start, net->parent, net->child_start, net->child);
    check_edges(net, net->child_start, net->child, net->parent_start, net->parent);
    write_and_read(net);
    check_dictionary(net);
    tern_wordnet_free(net);
    return 0;
}
