/* The token ids of all training texts, made once: anchors with the query prompt before them, positives and negatives
 * with the document prompt.
 *
 *     tern_tokens *tokens = tern_tokens_create(model, rows);
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

/* Tokenises every text that rows use, in each role it has, cut to model->max_seq_length. Equal prompts share their
 * ids. The result borrows nothing. */
tern_tokens *tern_tokens_create(const tern_model *model, const tern_rows *rows);
void tern_tokens_free(tern_tokens *tokens);

/* Ids of a text in the role of TERN_ROLE_QUERY or TERN_ROLE_DOCUMENT; borrowed. */
tern_token_span tern_tokens_get(const tern_tokens *tokens, tern_role role, int64_t text);
/* 1 when a text has the same ids in both roles. */
int tern_tokens_roles_equal(const tern_tokens *tokens);
/* Mean number of tokens of a row, all its roles together. */
double tern_tokens_per_row(const tern_tokens *tokens, const tern_rows *rows);

#endif
