#include "data/tokenizer.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "data/unicode.h"
#include "data/utf8.h"
#include "data/wordpiece_file.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_CHUNK = 64,     /* texts that one thread takes at a time in tern_tokenizer_encode_all */
    FEW_BYTES = 1 << 14, /* of text, which one thread is done with before others have woken up */
};

static tern_tokenizer *create(const char *folder)
{
    tern_tokenizer *t = tern_calloc(1, sizeof *t);
    t->folder = tern_strdup(folder);
    t->workers = tern_tokenizer_workers_create();
    return t;
}

static tern_tokenizer *finish_load(tern_tokenizer *tokenizer, int status)
{
    if (status == 0)
        return tokenizer;
    tern_tokenizer_free(tokenizer);
    return NULL;
}

static int load_files(tern_tokenizer *t, const char *folder, const tern_tokenizer_config *config, tern_error *error)
{
    char *json = tern_path_join(folder, "tokenizer.json"), *vocab = tern_path_join(folder, "vocab.txt");
    int status;
    if (tern_file_exists(json))
        status = tern_tokenizer_read_json(t, json, config, error);
    else if (tern_file_exists(vocab))
        status = tern_tokenizer_read_vocab(t, vocab, config, 1, error);
    else
        status =
            tern_fail(error, "%s: neither tokenizer.json nor vocab.txt is there; a model needs its tokenizer", folder);
    free(vocab);
    free(json);
    return status;
}

tern_tokenizer *tern_tokenizer_load(const char *folder, tern_error *error)
{
    tern_tokenizer *t = create(folder);
    tern_tokenizer_config config;
    int status = tern_tokenizer_config_read(&config, folder, &t->warnings, error);
    t->is_bert = config.is_bert;
    if (status == 0)
        status = load_files(t, folder, &config, error);
    memcpy(t->special, config.special, sizeof t->special);
    memset(config.special, 0, sizeof config.special);
    tern_tokenizer_config_free(&config);
    return finish_load(t, status);
}

tern_tokenizer *tern_tokenizer_from_vocab(const char *vocab_path, int lower_case, tern_error *error)
{
    char *text;
    size_t n;
    if (tern_file_read(vocab_path, TERN_TOKENIZER_FILE_LIMIT, &text, &n, error) < 0)
        return NULL;
    tern_tokenizer *t = tern_tokenizer_of_vocab(text, n, vocab_path, lower_case, error);
    free(text);
    return t;
}

tern_tokenizer *tern_tokenizer_of_json(const char *text, size_t n, const char *path, tern_error *error)
{
    tern_tokenizer *t = create(NULL);
    tern_tokenizer_config open;
    tern_tokenizer_config_read(&open, NULL, NULL, NULL);
    int status = tern_tokenizer_parse_json(t, text, n, path, &open, error);
    tern_tokenizer_config_free(&open);
    return finish_load(t, status);
}

tern_tokenizer *tern_tokenizer_of_vocab(const char *text, size_t n, const char *path, int lower_case, tern_error *error)
{
    tern_tokenizer *t = create(NULL);
    tern_tokenizer_config open;
    tern_tokenizer_config_read(&open, NULL, NULL, NULL);
    int status = tern_tokenizer_parse_vocab(t, text, n, path, &open, lower_case, error);
    tern_tokenizer_config_free(&open);
    return finish_load(t, status);
}

void tern_tokenizer_free(tern_tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    tern_wordpiece_free(tokenizer->model);
    tern_added_tokens_free(&tokenizer->raw);
    tern_added_tokens_free(&tokenizer->normalized);
    tern_token_entries_free(&tokenizer->added);
    tern_warnings_free(&tokenizer->warnings);
    for (int i = 0; i < TERN_TOKENS_SPECIAL; i++)
        free(tokenizer->special[i]);
    free(tokenizer->before);
    free(tokenizer->after);
    free(tokenizer->folder);
    tern_tokenizer_workers_free(tokenizer->workers);
    free(tokenizer);
}

const tern_warnings *tern_tokenizer_warnings(const tern_tokenizer *tokenizer)
{
    return &tokenizer->warnings;
}

uint64_t tern_tokenizer_rules(const tern_tokenizer *tokenizer)
{
    const tern_bert_text *t = &tokenizer->text;
    const int rules[] = {t->clean_text, t->handle_chinese_chars,  t->strip_accents,
                         t->lowercase,  tokenizer->truncate_left, tokenizer->new_frame};
    return tern_hash(rules, sizeof rules, 0);
}

int tern_tokenizer_lowers(const tern_tokenizer *tokenizer)
{
    return tokenizer->text.lowercase;
}

int32_t tern_tokenizer_size(const tern_tokenizer *tokenizer)
{
    return tokenizer->model->n;
}

const char *tern_tokenizer_token(const tern_tokenizer *tokenizer, int32_t id)
{
    return id >= 0 && id < tokenizer->model->n ? tokenizer->model->tokens[id] : NULL;
}

/* What encodes one text: where ids go and how many may. */
typedef struct encoding {
    const tern_tokenizer *tokenizer;
    tern_tokenizer_worker *worker;
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
    if (e->n >= e->limit)
        return;
    reserve_ids(e->out, e->n + n + TERN_IDS_PADDING);
    e->n += tern_wordpiece_encode(t->model, &t->text, e->worker->cache, text, n, e->out->ids + e->n, e->limit - e->n);
    if (e->n > e->limit)
        e->n = e->limit;
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
    for (size_t at = 0; (at = tern_added_tokens_next(list, text, n, at)) < n && e->n < e->limit;) {
        const tern_added_token *token = tern_added_tokens_at(list, text + at, n - at);
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
    tern_bert_scratch *scratch = &e->worker->scratch;
    size_t length = tern_bert_normalize(&e->tokenizer->text, text, n, scratch);
    split_at_tokens(e, &e->tokenizer->normalized, scratch->text, length, add_words);
}

static void reserve_offsets(tern_ids *out, size_t n)
{
    if (out->offset_capacity > n)
        return;
    out->offset_capacity = n + 1 > 2 * out->offset_capacity ? n + 1 : 2 * out->offset_capacity;
    out->offsets = tern_realloc(out->offsets, out->offset_capacity, sizeof *out->offsets);
    out->offsets[0] = 0;
}

/* Keeps the last most ids from place from on. */
static void keep_last(encoding *e, size_t from, size_t most)
{
    if (e->n - from <= most)
        return;
    memmove(e->out->ids + from, e->out->ids + e->n - most, most * sizeof *e->out->ids);
    e->n = from + most;
}

/* Ids of one text; truncated, if at all, between what stands before and after its words. One word more than there is
 * room for tells a text that was cut from one that just fits. */
static void encode(const tern_tokenizer *t, const char *text, size_t n, int64_t max_length,
                   tern_tokenizer_worker *worker, tern_ids *out)
{
    size_t start = out->n > 0 ? (size_t)out->offsets[out->n] : 0;
    size_t frame = (size_t)(t->n_before + t->n_after);
    size_t most = max_length <= 0 ? SIZE_MAX - start : (size_t)max_length;
    encoding e = {t, worker, out, start, start + most};
    add_ids(&e, t->before, t->n_before);
    size_t words_end = most > frame ? most - (size_t)t->n_after : (size_t)t->n_before;
    size_t words = e.n, last = start + (words_end < most ? words_end : most);
    e.limit = t->truncate_left ? SIZE_MAX : max_length > 0 ? last + 1 : last;
    split_at_tokens(&e, &t->raw, text, n, add_segment);
    if (e.n > last) {
        if (t->truncate_left)
            keep_last(&e, words, last > words ? last - words : 0);
        e.n = last;
        out->cut++;
    }
    e.limit = start + most;
    add_ids(&e, t->after, t->n_after);
    reserve_offsets(out, (size_t)out->n + 1);
    out->offsets[++out->n] = (int64_t)e.n;
}

void tern_tokenizer_encode(const tern_tokenizer *tokenizer, const char *text, size_t n, int64_t max_length,
                           tern_ids *out)
{
    tern_tokenizer_worker *worker = tern_tokenizer_workers_take(tokenizer->workers);
    encode(tokenizer, text, n, max_length, worker, out);
    tern_tokenizer_workers_give_back(tokenizer->workers, worker);
}

/* Where a chunk's ids are: texts from on, in the ids of the thread that took it. */
typedef struct part {
    const tern_ids *ids;
    int64_t from;
    int64_t to; /* its first id's place in the result */
} part;

/* What tern_tokenizer_encode_all was asked for. */
typedef struct batch {
    const tern_tokenizer *tokenizer;
    const char *prefix;
    const char *const *texts;
    const size_t *lengths;
    int64_t n, max_length;
    int64_t chunk; /* texts that a thread takes at a time */
    part *parts;   /* [chunks] */
} batch;

static size_t text_length(const batch *b, int64_t i)
{
    return b->lengths ? b->lengths[i] : strlen(b->texts[i]);
}

static void encode_chunk(const batch *b, int64_t from, int64_t to, tern_tokenizer_worker *worker, tern_ids *out)
{
    tern_buffer *joined = &worker->joined;
    for (int64_t i = from; i < to; i++) {
        const char *text = b->texts[i];
        size_t n = text_length(b, i);
        if (b->prefix && *b->prefix) {
            joined->n = 0;
            tern_buffer_add(joined, b->prefix, strlen(b->prefix));
            tern_buffer_add(joined, text, n);
            text = joined->data;
            n = joined->n;
        }
        encode(b->tokenizer, text, n, b->max_length, worker, out);
    }
}

/* Gives each chunk its place behind what out holds already, and out the room for all of them. */
static void place_parts(const batch *b, int64_t chunks, tern_ids *out)
{
    int64_t at = out->n > 0 ? out->offsets[out->n] : 0;
    for (int64_t i = 0; i < chunks; i++) {
        part *p = &b->parts[i];
        p->to = at;
        at += p->ids->offsets[p->from + tern_min(b->chunk, b->n - i * b->chunk)] - p->ids->offsets[p->from];
    }
    reserve_ids(out, (size_t)at);
    reserve_offsets(out, (size_t)(out->n + b->n));
}

static void copy_part(const batch *b, int64_t chunk, tern_ids *out)
{
    const part *p = &b->parts[chunk];
    const int64_t *offsets = p->ids->offsets + p->from;
    int64_t from = chunk * b->chunk, n = tern_min(b->chunk, b->n - from), count = offsets[n] - offsets[0];
    if (count > 0)
        memcpy(out->ids + p->to, p->ids->ids + offsets[0], (size_t)count * sizeof *out->ids);
    for (int64_t i = 1; i <= n; i++)
        out->offsets[out->n + from + i] = p->to + offsets[i] - offsets[0];
}

static void encode_parallel(const batch *b, tern_ids *out)
{
    int64_t chunks = tern_parts(b->n, b->chunk);
#pragma omp parallel
    {
        tern_tokenizer_worker *worker = tern_tokenizer_workers_take(b->tokenizer->workers);
        tern_ids mine = {0};
#pragma omp for schedule(dynamic)
        for (int64_t i = 0; i < chunks; i++) {
            b->parts[i] = (part){&mine, mine.n, 0};
            encode_chunk(b, i * b->chunk, tern_min((i + 1) * b->chunk, b->n), worker, &mine);
        }
#pragma omp single
        place_parts(b, chunks, out);
#pragma omp for
        for (int64_t i = 0; i < chunks; i++)
            copy_part(b, i, out);
#pragma omp atomic
        out->cut += mine.cut;
        tern_ids_free(&mine);
        tern_tokenizer_workers_give_back(b->tokenizer->workers, worker);
    }
    out->n += b->n;
}

/* Whether texts are worth more than one thread. */
static int is_much(const batch *b)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < b->n && bytes < FEW_BYTES; i++)
        bytes += text_length(b, i);
    return bytes >= FEW_BYTES && omp_get_max_threads() > 1;
}

void tern_tokenizer_encode_all(const tern_tokenizer *tokenizer, const char *prefix, const char *const *texts,
                               const size_t *lengths, int64_t n, int64_t max_length, tern_ids *out)
{
    if (n <= 0)
        return;
    batch b = {tokenizer, prefix, texts, lengths, n, max_length, .chunk = tern_min(n / 256 + 1, MOST_CHUNK)};
    if (is_much(&b)) {
        b.parts = tern_alloc((size_t)tern_parts(n, b.chunk), sizeof *b.parts);
        encode_parallel(&b, out);
        free(b.parts);
        return;
    }
    tern_tokenizer_worker *worker = tern_tokenizer_workers_take(tokenizer->workers);
    encode_chunk(&b, 0, n, worker, out);
    tern_tokenizer_workers_give_back(tokenizer->workers, worker);
}

void tern_ids_free(tern_ids *ids)
{
    free(ids->ids);
    free(ids->offsets);
    *ids = (tern_ids){0};
}
