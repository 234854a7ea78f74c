/* What BERT's tokenizer does to a text before WordPiece: normalising, and splitting into words. Both follow
 * BertNormalizer and BertPreTokenizer of Hugging Face tokenizers 0.23.
 *
 *     tern_bert_text text;
 *     tern_bert_text_init(&text, 1, 1, 1, 1);
 *     size_t length = tern_bert_normalize(&text, "Héllo, W\tORLD", n, &scratch);      // "hello, w orld"
 *     while (tern_bert_word(&text, scratch.text, length, &at, &word)) ...                // hello | , | w | orld */
#ifndef TERN_DATA_WORDPIECE_TEXT_H
#define TERN_DATA_WORDPIECE_TEXT_H

#include <stddef.h>
#include <stdint.h>

typedef struct tern_bert_text {
    int clean_text;           /* drop controls, make white space a space */
    int handle_chinese_chars; /* spaces around ideographs */
    int strip_accents;        /* NFD, then drop nonspacing marks */
    int lowercase;
    uint32_t *cells;    /* tern_unicode_create */
    uint8_t ascii[128]; /* what a character becomes; 0x80: dropped */
    uint8_t kind[128];  /* 0: inside words, or TERN_UNICODE_SPACE, TERN_UNICODE_PUNCTUATION */
} tern_bert_text;

void tern_bert_text_init(tern_bert_text *text, int clean_text, int handle_chinese_chars, int strip_accents,
                         int lowercase);
void tern_bert_text_free(tern_bert_text *text);

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

/* Normalises n bytes of valid UTF-8 into scratch->text; returns its length. */
size_t tern_bert_normalize(const tern_bert_text *rules, const char *text, size_t n, tern_bert_scratch *scratch);

typedef struct tern_bert_piece {
    const char *text; /* borrowed */
    size_t n;         /* bytes */
    int64_t chars;    /* code points */
} tern_bert_piece;

/* The next word of text from *at on, which moves behind it; 0 when there is none left. */
int tern_bert_word(const tern_bert_text *rules, const char *text, size_t n, size_t *at, tern_bert_piece *word);

#endif
