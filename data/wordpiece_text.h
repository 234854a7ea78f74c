/* What BERT's tokenizer does to a text before it is split into words: normalising, as BertNormalizer of Hugging Face
 * tokenizers 0.23 does it.
 *
 *     tern_bert_text text;
 *     tern_bert_text_init(&text, 1, 1, 1, 1);
 *     size_t length = tern_bert_normalize(&text, "Héllo, W\tORLD", n, &scratch);      // "hello, w orld" */
#ifndef TERN_DATA_WORDPIECE_TEXT_H
#define TERN_DATA_WORDPIECE_TEXT_H

#include <stddef.h>
#include <stdint.h>

typedef struct tern_bert_text {
    int clean_text;           /* drop controls, make white space a space */
    int handle_chinese_chars; /* spaces around ideographs */
    int strip_accents;        /* NFD, then drop nonspacing marks */
    int lowercase;
    const uint32_t *cells; /* tern_unicode_cells */
    uint8_t ascii[128];    /* what a character becomes; 0x80: dropped */
} tern_bert_text;

void tern_bert_text_init(tern_bert_text *text, int clean_text, int handle_chinese_chars, int strip_accents,
                         int lowercase);

/* A combining mark that waits for its place among its neighbours. */
typedef struct tern_bert_mark {
    uint32_t point, combining;
} tern_bert_mark;

/* Memory that one thread uses for text after text. Zero-initialise it. */
typedef struct tern_bert_scratch {
    char *text;      /* the normalised text */
    size_t capacity; /* bytes */
    tern_bert_mark *marks;
    size_t n_marks, marks_capacity;
} tern_bert_scratch;
void tern_bert_scratch_free(tern_bert_scratch *scratch);

/* Bytes behind a normalised text that may be read, so that it can be looked at many bytes at a time. */
enum { TERN_TEXT_PADDING = 64 };

/* Normalises n bytes of valid UTF-8 into scratch->text; returns its length. TERN_TEXT_PADDING zeros follow it. */
size_t tern_bert_normalize(const tern_bert_text *rules, const char *text, size_t n, tern_bert_scratch *scratch);

#endif
