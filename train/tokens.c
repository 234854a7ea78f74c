#include "train/tokens.h"

#include "base/integer.h"
#include "base/memory.h"
#include "train/token_cache.h"

#include <string.h>

/* One prompt's texts. */
typedef struct token_list {
    tern_ids ids;
    int64_t *at; /* [texts] place in ids of a text, or -1 */
} token_list;

struct tern_tokens {
    token_list list[2]; /* queries, documents; the second is unused when the prompts are equal */
    int shared;
};

static void mark(uint8_t *used, const int64_t *texts, int64_t n)
{
    for (int64_t i = 0; texts && i < n; i++)
        used[texts[i]] = 1;
}

static void tokenize(token_list *list, const tern_model *model, const tern_texts *texts, const uint8_t *used,
                     const char *prompt)
{
    int64_t count = tern_texts_count(texts), n = 0;
    const char **strings = tern_alloc((size_t)count, sizeof *strings);
    size_t *lengths = tern_alloc((size_t)count, sizeof *lengths);
    list->at = tern_alloc((size_t)count, sizeof *list->at);
    for (int64_t t = 0; t < count; t++) {
        list->at[t] = used[t] ? n : -1;
        if (used[t]) {
            strings[n] = tern_texts_get(texts, t, &lengths[n]);
            n++;
        }
    }
    tern_token_texts job = {.tokenizer = model->tokenizer,
                            .tokenizer_hash = model->tokenizer_hash,
                            .prompt = prompt,
                            .max_length = model->max_seq_length,
                            .texts = strings,
                            .lengths = lengths,
                            .n = n};
    tern_token_cache_encode(&job, &list->ids);
    free(strings);
    free(lengths);
}

tern_tokens *tern_tokens_create(const tern_model *model, const char *query_prompt, const char *document_prompt,
                                const tern_rows *rows)
{
    tern_tokens *tokens = tern_calloc(1, sizeof *tokens);
    const char *query = query_prompt ? query_prompt : "", *document = document_prompt ? document_prompt : "";
    size_t count = (size_t)tern_texts_count(rows->texts);
    uint8_t *used = tern_calloc(count, 1);
    tokens->shared = strcmp(query, document) == 0;
    mark(used, rows->anchor, rows->n);
    if (!tokens->shared) {
        tokenize(&tokens->list[0], model, rows->texts, used, query);
        memset(used, 0, count);
    }
    mark(used, rows->positive, rows->n);
    mark(used, rows->negative, rows->n * rows->n_negatives);
    int64_t n_listed = 0;
    const int64_t *listed = rows->pool ? tern_negatives_texts(rows->pool, &n_listed) : NULL;
    mark(used, listed, n_listed);
    tokenize(&tokens->list[tokens->shared ? 0 : 1], model, rows->texts, used, document);
    free(used);
    return tokens;
}

void tern_tokens_free(tern_tokens *tokens)
{
    for (int i = 0; tokens && i < 2; i++) {
        tern_ids_free(&tokens->list[i].ids);
        free(tokens->list[i].at);
    }
    free(tokens);
}

tern_token_span tern_tokens_get(const tern_tokens *tokens, tern_role role, int64_t text)
{
    const token_list *list = &tokens->list[tokens->shared || role == TERN_ROLE_QUERY ? 0 : 1];
    int64_t at = list->at[text];
    TERN_CHECK(at >= 0, "text %lld has no tokens in role %d", (long long)text, (int)role);
    const int64_t *offsets = list->ids.offsets;
    return (tern_token_span){list->ids.ids + offsets[at], offsets[at + 1] - offsets[at]};
}

int tern_tokens_roles_equal(const tern_tokens *tokens)
{
    return tokens->shared;
}

static int64_t tokens_of_list(const tern_tokens *tokens, const int64_t *text, int64_t n)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        if (text[i] != TERN_NO_TEXT)
            sum += tern_tokens_get(tokens, TERN_ROLE_DOCUMENT, text[i]).n;
    return sum;
}

/* What k negatives of the row have, by the mean of its list. */
static int64_t tokens_to_draw(const tern_tokens *tokens, const tern_negatives *pool, int64_t row, int64_t k)
{
    int64_t n = tern_negatives_of_row(pool, row);
    int64_t sum = tokens_of_list(tokens, pool->text + pool->start[pool->list[row]], n);
    return n > k ? tern_parts(sum * k, n) : sum;
}

int64_t tern_tokens_of_row(const tern_tokens *tokens, const tern_rows *rows, int64_t row)
{
    int64_t k = rows->n_negatives, n = tern_tokens_get(tokens, TERN_ROLE_QUERY, rows->anchor[row]).n;
    if (rows->positive)
        n += tern_tokens_get(tokens, TERN_ROLE_DOCUMENT, rows->positive[row]).n;
    if (rows->negative)
        n += tokens_of_list(tokens, rows->negative + row * k, k);
    else if (rows->pool)
        n += tokens_to_draw(tokens, rows->pool, row, k);
    return n;
}

int64_t tern_tokens_total(const tern_tokens *tokens)
{
    int64_t sum = 0;
    for (int i = 0; i < 2; i++)
        sum += tokens->list[i].ids.n > 0 ? tokens->list[i].ids.offsets[tokens->list[i].ids.n] : 0;
    return sum;
}

int64_t tern_tokens_longest(const tern_tokens *tokens)
{
    int64_t most = 0;
    for (int i = 0; i < 2; i++)
        for (int64_t k = 0; k < tokens->list[i].ids.n; k++) {
            int64_t n = tokens->list[i].ids.offsets[k + 1] - tokens->list[i].ids.offsets[k];
            most = n > most ? n : most;
        }
    return most;
}

int64_t tern_tokens_cut(const tern_tokens *tokens, int64_t *texts)
{
    *texts = tokens->list[0].ids.n + tokens->list[1].ids.n;
    return tokens->list[0].ids.cut + tokens->list[1].ids.cut;
}

void tern_tokens_mark_ids(const tern_tokens *tokens, uint8_t *seen)
{
    for (int i = 0; i < (tokens->shared ? 1 : 2); i++) {
        const tern_ids *ids = &tokens->list[i].ids;
        for (int64_t k = 0; ids->offsets && k < ids->offsets[ids->n]; k++)
            seen[ids->ids[k]] = 1;
    }
}
