/* What is asked of every tokenizer that was read, from whatever file. */
#ifndef TERN_TESTS_FUZZ_TOKENIZERS_H
#define TERN_TESTS_FUZZ_TOKENIZERS_H

#include "data/wordpiece_file.h"
#include "files.h"

typedef struct fuzz_texts {
    char **items;
    size_t n, capacity;
} fuzz_texts;

/* Takes text over. */
static inline void fuzz_add_text(fuzz_texts *texts, char *text)
{
    TERN_GROW(texts->items, texts->n, texts->capacity);
    texts->items[texts->n++] = text;
}

/* Texts that tokenizers stumble over, and the tokens of this one among letters and spaces. */
static inline fuzz_texts fuzz_texts_for(const tern_tokenizer *t)
{
    static const char *const hostile[] = {"",
                                          " \t\n\r",
                                          "a b c abc",
                                          "[CLS] a [SEP][UNK]x[MASK]\t[PAD]",
                                          "[cls] [Sep]##a##",
                                          "a,b!c##d\x01\x7F",
                                          "\xC3\x89t\xC3\xA9 \x65\xCC\x81\xCC\xA3 \xC4\xB0",
                                          "\xE4\xB8\xAD\xE6\x96\x87\xF0\xA0\x80\x80",
                                          "\xEA\xB0\x81 \xEF\xBF\xBD \xE2\x80\xA8 \xC2\xA0 \xF0\x9F\x98\x80",
                                          "0123456789 a\xE2\x80\x94z"};
    enum { MOST = 8 };
    fuzz_texts texts = {0};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        fuzz_add_text(&texts, tern_strdup(hostile[i]));
    fuzz_add_text(&texts, tern_format("%0130d \xC3\xA9%0101d", 0, 0));
    int32_t n = tern_tokenizer_size(t);
    for (int32_t id = n > MOST ? n - MOST : 0; id < n; id++) {
        const char *token = tern_tokenizer_token(t, id);
        fuzz_add_text(&texts, tern_format("%sa %s  %s\t%s%s", token, token, token, token, token));
    }
    return texts;
}

static inline void fuzz_texts_free(fuzz_texts *texts)
{
    for (size_t i = 0; i < texts->n; i++)
        free(texts->items[i]);
    free(texts->items);
}

static inline int fuzz_has_ids(const int32_t *ids, const int32_t *wanted, int64_t n)
{
    return n == 0 || memcmp(ids, wanted, (size_t)n * sizeof *ids) == 0;
}

/* The last text of ids: in range, as many as there may be, with the special tokens around them. */
static inline void fuzz_check_last(const tern_tokenizer *t, const tern_ids *ids, int64_t most)
{
    const int32_t *first = ids->ids ? ids->ids + ids->offsets[ids->n - 1] : NULL;
    int64_t n = ids->offsets[ids->n] - ids->offsets[ids->n - 1], frame = t->n_before + t->n_after;
    TERN_CHECK(n >= 0 && (most <= 0 || n <= most), "%lld ids of at most %lld", (long long)n, (long long)most);
    for (int64_t i = 0; i < n; i++)
        TERN_CHECK(first[i] >= 0 && first[i] < tern_tokenizer_size(t), "id %d of %d", (int)first[i],
                   (int)tern_tokenizer_size(t));
    if (most > 0 && most < frame)
        return;
    TERN_CHECK(n >= frame && fuzz_has_ids(first, t->before, t->n_before) &&
                   (t->n_after == 0 || fuzz_has_ids(first + n - t->n_after, t->after, t->n_after)),
               "the special tokens are not where they should be");
}

/* Ids of all texts at some lengths. */
static inline tern_ids fuzz_encode(const tern_tokenizer *t, const fuzz_texts *texts)
{
    static const int64_t lengths[] = {0, 1, 5};
    tern_ids ids = {0};
    for (size_t i = 0; i < texts->n; i++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            tern_tokenizer_encode(t, texts->items[i], strlen(texts->items[i]), lengths[k], &ids);
            fuzz_check_last(t, &ids, lengths[k]);
        }
    return ids;
}

/* A tokenizer, and what it makes of texts. */
typedef struct fuzz_expected {
    const tern_tokenizer *t;
    fuzz_texts texts;
    tern_ids ids;
} fuzz_expected;

static inline fuzz_expected fuzz_expect(const tern_tokenizer *t)
{
    fuzz_expected e = {.t = t, .texts = fuzz_texts_for(t)};
    e.ids = fuzz_encode(t, &e.texts);
    return e;
}

static inline void fuzz_expected_free(fuzz_expected *e)
{
    fuzz_texts_free(&e->texts);
    tern_ids_free(&e->ids);
}

static inline void fuzz_check_same(const fuzz_expected *e, const tern_tokenizer *t, const char *what)
{
    int32_t n = tern_tokenizer_size(e->t);
    TERN_CHECK(n == tern_tokenizer_size(t), "%s: %d tokens of %d", what, (int)tern_tokenizer_size(t), (int)n);
    for (int32_t id = 0; id < n; id++)
        TERN_CHECK(strcmp(tern_tokenizer_token(e->t, id), tern_tokenizer_token(t, id)) == 0, "%s: token %d", what,
                   (int)id);
    tern_ids ids = fuzz_encode(t, &e->texts);
    for (int64_t i = 0; i < ids.n; i++) {
        int64_t from = e->ids.offsets[i], size = e->ids.offsets[i + 1] - from;
        TERN_CHECK(ids.offsets[i + 1] - ids.offsets[i] == size &&
                       (size == 0 || fuzz_has_ids(ids.ids + ids.offsets[i], e->ids.ids + from, size)),
                   "%s: other ids of \"%s\"", what, e->texts.items[(size_t)i * e->texts.n / (size_t)ids.n]);
    }
    TERN_CHECK(ids.cut == e->ids.cut, "%s: other texts are cut", what);
    tern_ids_free(&ids);
}

static inline int fuzz_fits_a_line(const tern_tokenizer *t)
{
    int fits = 1;
    for (int32_t id = 0; id < t->model->n_vocabulary; id++)
        fits &= !strpbrk(tern_tokenizer_token(t, id), "\r\n");
    return fits;
}

/* A vocab.txt that was written has the vocabulary; there is none where a line can't hold a token. */
static inline void fuzz_check_vocab(const tern_tokenizer *t, const char *folder)
{
    char *path = tern_path_join(folder, "vocab.txt"), **tokens = NULL;
    size_t n = 0;
    tern_error error = {{0}};
    TERN_CHECK(tern_file_exists(path) == fuzz_fits_a_line(t), "vocab.txt is there: %d", tern_file_exists(path));
    if (tern_file_exists(path)) {
        TERN_CHECK(tern_tokenizer_read_lines(path, &tokens, &n, &error) == 0, "%s", error.message);
        TERN_CHECK(n == (size_t)t->model->n_vocabulary, "%zu lines", n);
    }
    for (size_t i = 0; i < n; i++) {
        TERN_CHECK(strcmp(tokens[i], tern_tokenizer_token(t, (int32_t)i)) == 0, "line %zu", i + 1);
        free(tokens[i]);
    }
    free(tokens);
    free(path);
}

/* Files that were written don't disagree; padding_side is left alone. */
static inline void fuzz_check_warnings(const tern_tokenizer *t)
{
    const tern_warnings *warnings = tern_tokenizer_warnings(t);
    for (size_t i = 0; i < warnings->n; i++)
        TERN_CHECK(strstr(warnings->items[i], "padding_side"), "written: %s", warnings->items[i]);
}

/* Written, the four files together and tokenizer.json alone make the same ids; written again they are the same. */
static inline void fuzz_check_saved(const fuzz_expected *e)
{
    static const char *const names[] = {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"};
    enum { LENGTH = 20 };
    tern_error error = {{0}};
    char *out = fuzz_folder("out", 1), *twice = fuzz_folder("twice", 1);
    TERN_CHECK(tern_tokenizer_save(e->t, out, LENGTH, &error) == 0, "%s", error.message);
    tern_tokenizer *again = tern_tokenizer_load(out, &error);
    TERN_CHECK(again, "what was written is refused: %s", error.message);
    fuzz_check_same(e, again, "written");
    fuzz_check_warnings(again);
    fuzz_check_vocab(e->t, out);
    TERN_CHECK(tern_tokenizer_save(again, twice, LENGTH, &error) == 0, "%s", error.message);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fuzz_check_same_file(out, twice, names[i]);
    tern_tokenizer_free(again);
    size_t n;
    char *text = fuzz_get(out, "tokenizer.json", &n);
    tern_tokenizer *alone = tern_tokenizer_of_json(text, n, "alone.json", &error);
    TERN_CHECK(alone, "the tokenizer.json that was written is refused: %s", error.message);
    fuzz_check_same(e, alone, "tokenizer.json alone");
    tern_tokenizer_free(alone);
    free(text);
    free(twice);
    free(out);
}

#endif
