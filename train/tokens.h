/* The token ids of all training texts, made once: anchors with the query prompt before them, positives and negatives
 * with the document prompt.
 *
 *     tern_tokens *tokens = tern_tokens_create(model, "query: ", "", rows);
 *     tern_token_span span = tern_tokens_get(tokens, TERN_ROLE_QUERY, rows->anchor[i]);
 */
#ifndef TERN_TRAIN_TOKENS_H
#define TERN_TRAIN_TOKENS_H

#include "checkpoints/model.h"
#include "data/rows.h"

typedef struct tern_token_span {
    const int32_t *ids;
    int64_t n;
} tern_token_span;

typedef struct tern_tokens tern_tokens;

/* Tokenises every text that rows use, in each role it has, after that role's prompt, cut to model->max_seq_length; or
 * takes the ids from the cache, where an earlier run left the same. Equal prompts share their ids. The result borrows
 * nothing. */
tern_tokens *tern_tokens_create(const tern_model *model, const char *query_prompt, const char *document_prompt,
                                const tern_rows *rows);
void tern_tokens_free(tern_tokens *tokens);

/* Ids of a text in the role of TERN_ROLE_QUERY or TERN_ROLE_DOCUMENT; borrowed. */
tern_token_span tern_tokens_get(const tern_tokens *tokens, tern_role role, int64_t text);
/* 1 when a text has the same ids in both roles. */
int tern_tokens_roles_equal(const tern_tokens *tokens);
/* Tokens of one row, all its roles together; of rows whose negatives are yet to be drawn, with the mean of its list for
 * each. */
int64_t tern_tokens_of_row(const tern_tokens *tokens, const tern_rows *rows, int64_t row);
/* Tokens of all texts together, each counted once for each list it is in; and of the longest one. */
int64_t tern_tokens_total(const tern_tokens *tokens);
int64_t tern_tokens_longest(const tern_tokens *tokens);
/* How many texts were cut, of *texts; a text counts once for each list it is in. */
int64_t tern_tokens_cut(const tern_tokens *tokens, int64_t *texts);
/* seen [vocabulary] gets 1 for each id that occurs: the rows of the table of embeddings that training touches. */
void tern_tokens_mark_ids(const tern_tokens *tokens, uint8_t *seen);

#endif
