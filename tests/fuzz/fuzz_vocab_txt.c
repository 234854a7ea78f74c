/* A vocab.txt: a token a line, its number the id; ids of hostile texts are in range, special tokens around them; the
 * four files made of it read back as the same tokenizer. The vocabulary is lower-cased when it has an even number of
 * bytes. */
#include "tokenizers.h"

/* Each token is its line, without the line's end. */
static void check_lines(const tern_tokenizer *t, const char *text, size_t n)
{
    int32_t id = 0;
    for (size_t at = 0, length; at < n; at += length + 1, id++) {
        const char *end = memchr(text + at, '\n', n - at), *token = tern_tokenizer_token(t, id);
        length = end ? (size_t)(end - (text + at)) : n - at;
        size_t wanted = length > 0 && text[at + length - 1] == '\r' ? length - 1 : length;
        TERN_CHECK(token && strlen(token) == wanted && memcmp(token, text + at, wanted) == 0, "line %d", (int)id + 1);
    }
    TERN_CHECK(id == t->model->n_vocabulary && id == tern_tokenizer_size(t), "%d lines, %d tokens", (int)id,
               (int)tern_tokenizer_size(t));
}

static void check_special(const tern_tokenizer *t)
{
    TERN_CHECK(strcmp(tern_tokenizer_token(t, t->model->unknown), "[UNK]") == 0 && t->n_before == 1 &&
                   t->n_after == 1 && strcmp(tern_tokenizer_token(t, t->before[0]), "[CLS]") == 0 &&
                   strcmp(tern_tokenizer_token(t, t->after[0]), "[SEP]") == 0,
               "the special tokens are others");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_tokenizer *t = tern_tokenizer_of_vocab((const char *)bytes, n, "fuzz.txt", n % 2 == 0, &error);
    if (!t) {
        FUZZ_FAILED(error);
        return 0;
    }
    check_lines(t, (const char *)bytes, n);
    check_special(t);
    fuzz_expected expected = fuzz_expect(t);
    fuzz_check_saved(&expected);
    fuzz_expected_free(&expected);
    tern_tokenizer_free(t);
    return 0;
}
