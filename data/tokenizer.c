#include "data/tokenizer.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/unicode.h"
#include "data/utf8.h"
#include "data/wordpiece_file.h"

#include <stdlib.h>
#include <string.h>

/* Texts that one thread takes at a time in tern_tokenizer_encode_all. */
enum { CHUNK = 64 };

static tern_tokenizer *finish_load(tern_tokenizer *tokenizer, int status)
{
    if (status == 0)
        return tokenizer;
    tern_tokenizer_free(tokenizer);
    return NULL;
}

tern_tokenizer *tern_tokenizer_load(const char *folder, tern_error *error)
{
    tern_tokenizer *t = tern_calloc(1, sizeof *t);
    t->folder = tern_strdup(folder);
    char *json = tern_path_join(folder, "tokenizer.json"), *vocab = tern_path_join(folder, "vocab.txt");
    char *config = tern_path_join(folder, "tokenizer_config.json");
    int status;
    if (tern_file_exists(json))
        status = tern_tokenizer_read_json(t, json, error);
    else if (tern_file_exists(vocab))
        status = tern_tokenizer_read_vocab(t, vocab, config, 1, error);
    else
        status =
            tern_fail(error, "%s: neither tokenizer.json nor vocab.txt is there; a model needs its tokenizer", folder);
    free(json);
    free(vocab);
    free(config);
    return finish_load(t, status);
}

tern_tokenizer *tern_tokenizer_from_vocab(const char *vocab_path, int lower_case, tern_error *error)
{
    tern_tokenizer *t = tern_calloc(1, sizeof *t);
    return finish_load(t, tern_tokenizer_read_vocab(t, vocab_path, NULL, lower_case, error));
}

static void free_added(tern_added_tokens *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->tokens[i].content);
    free(list->tokens);
}

void tern_tokenizer_free(tern_tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    tern_wordpiece_free(tokenizer->model);
    tern_bert_text_free(&tokenizer->text);
    free_added(&tokenizer->raw);
    free_added(&tokenizer->normalized);
    free(tokenizer->before);
    free(tokenizer->after);
    free(tokenizer->folder);
    free(tokenizer);
}

int32_t tern_tokenizer_size(const tern_tokenizer *tokenizer)
{
    return tokenizer->model->n;
}

const char *tern_tokenizer_token(const tern_tokenizer *tokenizer, int32_t id)
{
    return id >= 0 && id < tokenizer->model->n ? tokenizer->model->tokens[id] : NULL;
}

void tern_added_tokens_add(tern_added_tokens *list, const char *content, size_t n, int32_t id, int lstrip, int rstrip)
{
    TERN_CHECK(n > 0, "an empty added token");
    TERN_GROW(list->tokens, list->n, list->capacity);
    list->tokens[list->n++] = (tern_added_token){tern_strndup(content, n), n, id, lstrip, rstrip};
    list->starts[(unsigned char)content[0]] = 1;
}

/* What encodes one text: where ids go and how many may. */
typedef struct encoding {
    const tern_tokenizer *tokenizer;
    tern_bert_scratch *scratch;
    tern_ids *out;
    size_t n;     /* ids in out so far, other texts' included */
    size_t limit; /* n never goes above */
} encoding;

static void reserve_ids(tern_ids *out, size_t n)
{
    if (out->id_capacity >= n)
        return;
    size_t more = out->id_capacity + out->id_capacity / 2;
    out->id_capacity = n > more ? n : more;
    out->ids = tern_realloc(out->ids, out->id_capacity, sizeof *out->ids);
}

static void add_ids(encoding *e, const int32_t *ids, int64_t n)
{
    reserve_ids(e->out, e->n + (size_t)n);
    for (int64_t i = 0; i < n && e->n < e->limit; i++)
        e->out->ids[e->n++] = ids[i];
}

static void add_words(encoding *e, const char *text, size_t n)
{
    const tern_tokenizer *t = e->tokenizer;
    tern_bert_piece word;
    size_t at = 0;
    while (e->n < e->limit && tern_bert_word(&t->text, text, n, &at, &word)) {
        reserve_ids(e->out, e->n + word.n);
        e->n += (size_t)tern_wordpiece_split(t->model, word.text, word.n, word.chars, e->out->ids + e->n);
    }
    if (e->n > e->limit)
        e->n = e->limit;
}

/* The longest token of the list that text starts with, or NULL. */
static const tern_added_token *token_at(const tern_added_tokens *list, const char *text, size_t n)
{
    const tern_added_token *best = NULL;
    for (size_t i = 0; i < list->n; i++) {
        const tern_added_token *token = &list->tokens[i];
        if (token->n <= n && (!best || token->n > best->n) && memcmp(token->content, text, token->n) == 0)
            best = token;
    }
    return best;
}

/* Bytes of white space at the start of text. */
static size_t leading_space(const tern_tokenizer *t, const char *text, size_t n)
{
    size_t at = 0, length;
    while (at < n && t->text.cells[tern_utf8_decode(text + at, n - at, &length)] & TERN_UNICODE_SPACE)
        at += length;
    return at;
}

/* Bytes of white space at the end of text. */
static size_t trailing_space(const tern_tokenizer *t, const char *text, size_t n)
{
    size_t end = n, length;
    while (end > 0) {
        size_t start = end - 1;
        while (start > 0 && ((unsigned char)text[start] & 0xC0) == 0x80)
            start--;
        if (!(t->text.cells[tern_utf8_decode(text + start, end - start, &length)] & TERN_UNICODE_SPACE))
            break;
        end = start;
    }
    return n - end;
}

/* Splits text at the tokens of the list: what lies between goes to add, a token becomes its id. */
static void split_at_tokens(encoding *e, const tern_added_tokens *list, const char *text, size_t n,
                            void (*add)(encoding *, const char *, size_t))
{
    size_t done = 0;
    for (size_t at = 0; list->n > 0 && at < n && e->n < e->limit;) {
        const tern_added_token *token =
            list->starts[(unsigned char)text[at]] ? token_at(list, text + at, n - at) : NULL;
        if (!token) {
            at++;
            continue;
        }
        size_t end = at + token->n;
        if (at > done)
            add(e, text + done, at - done - (token->lstrip ? trailing_space(e->tokenizer, text + done, at - done) : 0));
        add_ids(e, &token->id, 1);
        done = end + (token->rstrip ? leading_space(e->tokenizer, text + end, n - end) : 0);
        at = end;
    }
    if (done < n)
        add(e, text + done, n - done);
}

static void add_segment(encoding *e, const char *text, size_t n)
{
    size_t length = tern_bert_normalize(&e->tokenizer->text, text, n, e->scratch);
    split_at_tokens(e, &e->tokenizer->normalized, e->scratch->text, length, add_words);
}

/* Ids of one text; truncated, if at all, between what stands before and after its words. */
static void encode(const tern_tokenizer *t, const char *text, size_t n, int64_t max_length, tern_bert_scratch *scratch,
                   tern_ids *out)
{
    size_t start = out->n > 0 ? (size_t)out->offsets[out->n] : 0;
    size_t frame = (size_t)(t->n_before + t->n_after);
    size_t most = max_length <= 0 ? SIZE_MAX - start : (size_t)max_length;
    encoding e = {t, scratch, out, start, start + most};
    add_ids(&e, t->before, t->n_before);
    size_t words_end = most > frame ? most - (size_t)t->n_after : (size_t)t->n_before;
    e.limit = start + (words_end < most ? words_end : most);
    split_at_tokens(&e, &t->raw, text, n, add_segment);
    e.limit = start + most;
    add_ids(&e, t->after, t->n_after);
    while (out->offset_capacity < (size_t)out->n + 2) {
        out->offset_capacity = out->offset_capacity ? 2 * out->offset_capacity : 16;
        out->offsets = tern_realloc(out->offsets, out->offset_capacity, sizeof *out->offsets);
    }
    out->offsets[0] = 0;
    out->offsets[++out->n] = (int64_t)e.n;
}

void tern_tokenizer_encode(const tern_tokenizer *tokenizer, const char *text, size_t n, int64_t max_length,
                           tern_ids *out)
{
    tern_bert_scratch scratch = {0};
    encode(tokenizer, text, n, max_length, &scratch, out);
    tern_bert_scratch_free(&scratch);
}

/* What tern_tokenizer_encode_all was asked for. */
typedef struct batch {
    const tern_tokenizer *tokenizer;
    const char *prefix;
    const char *const *texts;
    const size_t *lengths;
    int64_t n, max_length;
} batch;

static void encode_chunk(const batch *b, int64_t from, tern_ids *out)
{
    tern_bert_scratch scratch = {0};
    tern_buffer joined = {0};
    int64_t to = from + CHUNK < b->n ? from + CHUNK : b->n;
    for (int64_t i = from; i < to; i++) {
        const char *text = b->texts[i];
        size_t n = b->lengths ? b->lengths[i] : strlen(text);
        if (b->prefix && *b->prefix) {
            joined.n = 0;
            tern_buffer_add(&joined, b->prefix, strlen(b->prefix));
            tern_buffer_add(&joined, text, n);
            text = joined.data;
            n = joined.n;
        }
        encode(b->tokenizer, text, n, b->max_length, &scratch, out);
    }
    tern_buffer_free(&joined);
    tern_bert_scratch_free(&scratch);
}

/* Appends the texts of more to out. */
static void append_ids(tern_ids *out, const tern_ids *more)
{
    int64_t start = out->n > 0 ? out->offsets[out->n] : 0, n = more->offsets[more->n];
    reserve_ids(out, (size_t)(start + n));
    if (n > 0)
        memcpy(out->ids + start, more->ids, (size_t)n * sizeof *out->ids);
    for (int64_t i = 1; i <= more->n; i++)
        out->offsets[out->n + i] = start + more->offsets[i];
    out->n += more->n;
}

void tern_tokenizer_encode_all(const tern_tokenizer *tokenizer, const char *prefix, const char *const *texts,
                               const size_t *lengths, int64_t n, int64_t max_length, tern_ids *out)
{
    if (n <= 0)
        return;
    batch b = {tokenizer, prefix, texts, lengths, n, max_length};
    int64_t chunks = (n + CHUNK - 1) / CHUNK;
    tern_ids *parts = tern_calloc((size_t)chunks, sizeof *parts);
#pragma omp parallel for schedule(dynamic)
    for (int64_t i = 0; i < chunks; i++)
        encode_chunk(&b, i * CHUNK, &parts[i]);

    size_t offsets = (size_t)(out->n + n) + 1;
    if (out->offset_capacity < offsets) {
        out->offset_capacity = offsets;
        out->offsets = tern_realloc(out->offsets, offsets, sizeof *out->offsets);
    }
    out->offsets[0] = 0;
    for (int64_t i = 0; i < chunks; i++) {
        append_ids(out, &parts[i]);
        tern_ids_free(&parts[i]);
    }
    free(parts);
}

void tern_ids_free(tern_ids *ids)
{
    free(ids->ids);
    free(ids->offsets);
    *ids = (tern_ids){0};
}
