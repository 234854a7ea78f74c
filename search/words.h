/* The words of a text in any language that puts something between them: runs of letters, marks, numbers and
 * underscores, in lower case, letters and marks composed (NFC). An ideograph is a word by itself. An apostrophe ends a
 * word, so the s of a possessive is one of its own.
 *
 *     tern_words words = {0};
 *     tern_words_start(&words, "Vitamin B12's role");
 *     while (tern_words_next(&words))
 *         use(words.word, words.n);                  // "vitamin", "b12", "s", "role"
 *     tern_words_free(&words); */
#ifndef TERN_SEARCH_WORDS_H
#define TERN_SEARCH_WORDS_H

#include <stddef.h>

typedef struct tern_words {
    const char *word; /* 0-terminated; until the next call */
    size_t n;
    /* private */
    const unsigned char *at;
    char *room;
    size_t capacity;
} tern_words;

/* text is valid UTF-8, and borrowed while its words are taken. */
void tern_words_start(tern_words *words, const char *text);
/* 1 and the next word; 0: there is none. */
int tern_words_next(tern_words *words);
void tern_words_free(tern_words *words);

#endif
