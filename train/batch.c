#include "train/batch.h"

#include "autograd/ops.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/sampler.h"

#include <string.h>

/* A text in a role, as one number that is equal when the token ids are the same list. */
static int64_t key_of(const tern_tokens *tokens, tern_role role, int64_t text)
{
    return tern_tokens_roles_equal(tokens) || role == TERN_ROLE_QUERY ? 2 * text : 2 * text + 1;
}

static void reserve_texts(tern_batch *b, int64_t n_texts)
{
    b->n_texts = n_texts;
    if (n_texts <= b->text_capacity)
        return;
    b->text_capacity = n_texts;
    b->offsets = tern_realloc(b->offsets, (size_t)n_texts + 1, sizeof *b->offsets);
    b->places = tern_realloc(b->places, (size_t)n_texts, sizeof *b->places);
    b->sequence = tern_realloc(b->sequence, (size_t)n_texts, sizeof *b->sequence);
    b->texts = tern_realloc(b->texts, (size_t)n_texts, sizeof *b->texts);
    b->roles = tern_realloc(b->roles, (size_t)n_texts, sizeof *b->roles);
    for (b->slot_count = 16; b->slot_count < 2 * n_texts; b->slot_count *= 2)
        ;
    b->slots = tern_realloc(b->slots, (size_t)b->slot_count * 2, sizeof *b->slots);
}

static void reserve_ids(tern_batch *b, int64_t n)
{
    if (n <= b->id_capacity)
        return;
    b->id_capacity = n + n / 4;
    b->ids = tern_realloc(b->ids, (size_t)b->id_capacity, sizeof *b->ids);
}

/* The sequence that already holds key, or -1 after noting that the next one will: open addressing over
 * (key + 1, sequence) pairs. */
static int64_t find_sequence(tern_batch *b, int64_t key)
{
    uint64_t mask = (uint64_t)b->slot_count - 1, at = tern_mix((uint64_t)key) & mask;
    while (b->slots[2 * at] && b->slots[2 * at] != key + 1)
        at = (at + 1) & mask;
    if (b->slots[2 * at])
        return b->slots[2 * at + 1];
    b->slots[2 * at] = key + 1;
    b->slots[2 * at + 1] = b->packed.n_seq;
    return -1;
}

static void add_text(tern_batch *b, const tern_tokens *tokens, tern_role role, int64_t text, int64_t place, int merge)
{
    b->texts[place] = text;
    b->roles[place] = role;
    tern_token_span span = tern_tokens_get(tokens, role, text);
    int64_t known = merge ? find_sequence(b, key_of(tokens, role, text)) : -1;
    b->tokens += span.n;
    if (known >= 0) {
        b->sequence[place] = (int32_t)known;
        b->repeated = 1;
        return;
    }
    tern_packed *p = &b->packed;
    reserve_ids(b, p->n_tok + span.n);
    memcpy(b->ids + p->n_tok, span.ids, (size_t)span.n * sizeof *b->ids);
    p->n_tok += span.n;
    p->max_len = span.n > p->max_len ? span.n : p->max_len;
    b->sequence[place] = (int32_t)p->n_seq;
    b->places[p->n_seq++] = place;
    b->offsets[p->n_seq] = p->n_tok;
}

/* A place without a text, which has the vector of another place. */
static void add_nothing(tern_batch *b, int64_t place, int64_t stand_in)
{
    b->texts[place] = TERN_NO_TEXT;
    b->roles[place] = TERN_ROLE_DOCUMENT;
    b->sequence[place] = b->sequence[stand_in];
    b->repeated = 1;
}

/* Each row's negatives, from a place on. */
static void add_negatives(tern_batch *b, const tern_rows *rows, const tern_tokens *tokens, const int64_t *batch_rows,
                          int64_t place, int merge)
{
    int64_t k = b->n_negatives, positives = b->has_positive ? b->n : 0;
    for (int64_t i = 0; i < b->n * k; i++, place++) {
        int64_t text = rows->negative[batch_rows[i / k] * k + i % k];
        if (text == TERN_NO_TEXT)
            add_nothing(b, place, positives + i / k);
        else
            add_text(b, tokens, TERN_ROLE_DOCUMENT, text, place, merge);
    }
}

/* Labels and scores of the rows, side by side. */
static void add_targets(tern_batch *b, const tern_rows *rows, const int64_t *batch_rows, int64_t n)
{
    if (n > b->row_capacity) {
        b->row_capacity = n;
        b->label_room = tern_realloc(b->label_room, (size_t)n, sizeof *b->label_room);
        b->score_room = tern_realloc(b->score_room, (size_t)n * (TERN_MAX_SCORES), sizeof *b->score_room);
    }
    b->label = rows->label ? b->label_room : NULL;
    b->score = rows->score ? b->score_room : NULL;
    b->n_scores = rows->score ? rows->n_scores : 0;
    for (int64_t i = 0; i < n; i++) {
        if (b->label)
            b->label[i] = rows->label[batch_rows[i]];
        if (b->score)
            memcpy(b->score + i * b->n_scores, rows->score + batch_rows[i] * b->n_scores,
                   (size_t)b->n_scores * sizeof *b->score);
    }
}

static void start(tern_batch *b, const tern_rows *rows, int64_t n, const tern_batch_options *options)
{
    TERN_CHECK(!options->twice || (!rows->positive && !rows->negative), "%s", "anchors twice, and rows with more");
    b->has_positive = rows->positive || options->twice;
    b->n_negatives = rows->negative ? rows->n_negatives : 0;
    reserve_texts(b, n * (1 + b->has_positive + b->n_negatives));
    b->packed = (tern_packed){0};
    b->n = n;
    b->tokens = 0;
    b->repeated = b->is_masked = 0;
    b->offsets[0] = 0;
    if (options->merge)
        memset(b->slots, 0, (size_t)b->slot_count * 2 * sizeof *b->slots);
}

void tern_batch_fill(tern_batch *batch, const tern_rows *rows, const tern_tokens *tokens, const int64_t *batch_rows,
                     int64_t n, const tern_batch_options *options)
{
    tern_batch *b = batch;
    int merge = options->merge;
    start(b, rows, n, options);
    int64_t place = 0;
    for (int64_t i = 0; i < n; i++)
        add_text(b, tokens, TERN_ROLE_QUERY, rows->anchor[batch_rows[i]], place++, merge);
    for (int64_t i = 0; options->twice && i < n; i++)
        add_text(b, tokens, TERN_ROLE_QUERY, rows->anchor[batch_rows[i]], place++, merge);
    for (int64_t i = 0; rows->positive && i < n; i++)
        add_text(b, tokens, TERN_ROLE_DOCUMENT, rows->positive[batch_rows[i]], place++, merge);
    add_negatives(b, rows, tokens, batch_rows, place, merge);
    add_targets(b, rows, batch_rows, n);
    b->packed.ids = b->ids;
    b->packed.offsets = b->offsets;
    b->packed.places = b->places;
}

void tern_batch_mask(tern_batch *batch, const tern_rows *rows, const int64_t *batch_rows, int judged)
{
    int64_t size = batch->n * (batch->n + batch->n * batch->n_negatives);
    if (size > batch->mask_capacity) {
        batch->masked = tern_realloc(batch->masked, (size_t)size, 1);
        batch->mask_capacity = size;
    }
    tern_rows_mask(rows, batch_rows, batch->n, judged, batch->masked);
    batch->is_masked = 1;
}

/* Rows by number are a look-up in a table, so the embedding op does it, with zeros for position and type: each place
 * is a sequence of one token. */
tern_tensor *tern_batch_vectors(const tern_batch *batch, tern_tape *tape, tern_tensor *vectors)
{
    if (!batch->repeated)
        return vectors;
    tern_arena *arena = tern_tape_arena(tape);
    tern_real *zeros = tern_arena_alloc(arena, (size_t)vectors->cols * sizeof *zeros);
    int64_t *offsets = tern_arena_alloc(arena, ((size_t)batch->n_texts + 1) * sizeof *offsets);
    tern_packed *places = tern_arena_alloc(arena, sizeof *places);
    memset(zeros, 0, (size_t)vectors->cols * sizeof *zeros);
    for (int64_t i = 0; i <= batch->n_texts; i++)
        offsets[i] = i;
    *places = (tern_packed){.n_seq = batch->n_texts, .n_tok = batch->n_texts, .max_len = 1, .offsets = offsets};
    places->ids = batch->sequence;
    tern_tensor *zero = tern_tape_input(tape, zeros, 1, vectors->cols, 0);
    return tern_embedding(tape, places, vectors, zero, zero, NULL);
}

void tern_batch_free(tern_batch *batch)
{
    free(batch->ids);
    free(batch->offsets);
    free(batch->places);
    free(batch->sequence);
    free(batch->slots);
    free(batch->masked);
    free(batch->texts);
    free(batch->roles);
    free(batch->label_room);
    free(batch->score_room);
    *batch = (tern_batch){0};
}
