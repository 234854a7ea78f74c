/* The fast ways of the tokenizer (eights of ASCII bytes, words by masks, remembered words, pieces by keys) against the
 * rules written down plainly: a byte, a code point, a candidate at a time. */
#include "base/hash.h"
#include "base/memory.h"
#include "data/tokenizer.h"
#include "data/unicode.h"
#include "data/utf8.h"
#include "data/wordpiece_words.h"
#include "tests/plain_words.h"
#include "tests/support.h"

#include <omp.h>
#include <string.h>

enum { MAX_CHARS = 90 };

/* What a text is made of: bytes of every class in runs, code points of two to four bytes of every class. */
static const char *const parts[] = {
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "x",
    "A",
    "B",
    "Z",
    "0",
    "9",
    "ab",
    "de",
    "face",
    "cafe",
    "fadedbad",
    "decade",
    "AbCdEf",
    "##",
    ".",
    ",",
    "-",
    "[",
    "]",
    "`",
    "@",
    "{",
    "~",
    "/",
    ":",
    " ",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\v",
    "\f",
    "\x01",
    "\x1F",
    "\x7F",
    "\xC3\xA9" /* é */,
    "\xC3\x89" /* É */,
    "\xCE\xB2" /* β */,
    "\xC2\xA0" /* no-break space */,
    "\xC2\xBF" /* ¿ */,
    "\xC2\xAD" /* soft hyphen: dropped */,
    "\xC2\x85" /* next line */,
    "\xE2\x80\x94" /* em dash */,
    "\xE2\x80\x83" /* em space */,
    "\xE3\x80\x80" /* ideographic space */,
    "\xE4\xB8\xAD" /* an ideograph */,
    "\xEA\xB0\x81" /* Hangul, three parts */,
    "\xEF\xBF\xBD" /* U+FFFD: dropped */,
    "\xCC\x81" /* acute */,
    "\xCC\xA3" /* dot below */,
    "\xF0\x9D\x85\xA5" /* a mark of class 216 */,
    "\xF0\x90\x84\x80" /* Aegean separator */,
    "\xF0\x9F\x98\x80" /* a face */,
    "\xF0\xA0\x80\x80" /* an ideograph of four bytes */,
    "\xC4\xB0" /* dotted I */,
};
enum { N_PARTS = sizeof parts / sizeof *parts, N_ASCII = 42 };

/* x and many others are in no piece; words of letters a to f have pieces of every length up to 40. */
static const char *const vocabulary[] = {
    "[UNK]",
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "0",
    "9",
    ".",
    ",",
    "-",
    "[",
    "]",
    "##a",
    "##b",
    "##c",
    "##d",
    "##e",
    "##f",
    "##0",
    "##9",
    "A",
    "##Z",
    "ab",
    "##ab",
    "abc",
    "##de",
    "face",
    "##cafe",
    "cafe",
    "##bad",
    "faded",
    "##decade",
    "decadea",
    "fadedbadface",
    "##fadedbaddecad",
    "fadedbadfadedba",
    "##fadedbadfadedba",
    "fadedbadfadedbad",
    "##fadedbadfadedbad",
    "decadefacecafeabdefadedbadfacecafedecade",
    "##facefacefacefacefaceface",
    "\xC3\xA9",
    "##\xC3\xA9",
    "\xCE\xB2",
    "##\xCE\xB2\x61",
    "\xE4\xB8\xAD",
    "\xE2\x80\x94",
    "##\xF0\x9F\x98\x80",
    "a" /* again */,
    "##" /* the prefix alone */,
};
enum { N_VOCABULARY = sizeof vocabulary / sizeof *vocabulary };

static tern_wordpiece *make_model(const char *prefix)
{
    char **tokens = tern_alloc(N_VOCABULARY, sizeof *tokens);
    for (int i = 0; i < N_VOCABULARY; i++)
        tokens[i] = tern_strdup(vocabulary[i]);
    return tern_wordpiece_create(tokens, N_VOCABULARY, prefix, 0, MAX_CHARS);
}

/* Ids, and what they are made with. */
typedef struct plain {
    plain_words words;
    tern_bert_scratch scratch;
    tern_buffer normal;
} plain;

static int is_dropped(const tern_bert_text *rules, unsigned char byte)
{
    return byte < 0x80 && rules->clean_text && rules->cells[byte] & TERN_UNICODE_CONTROL;
}

static char plain_ascii(const tern_bert_text *rules, char c)
{
    if (rules->clean_text && rules->cells[(unsigned char)c] & TERN_UNICODE_SPACE)
        return ' ';
    return (char)(rules->lowercase && c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Runs of code points outside ASCII are normalised on their own; dropped characters do not part them. */
static void plain_normalize(plain *p, const char *text, size_t n)
{
    tern_buffer run = {0};
    p->normal.n = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && is_dropped(p->words.rules, (unsigned char)text[i]))
            continue;
        if (i < n && (unsigned char)text[i] >= 0x80) {
            tern_buffer_add(&run, text + i, 1);
            continue;
        }
        size_t length = run.n > 0 ? tern_bert_normalize(p->words.rules, run.data, run.n, &p->scratch) : 0;
        tern_buffer_add(&p->normal, length ? p->scratch.text : "", length);
        run.n = 0;
        char c = i < n ? plain_ascii(p->words.rules, text[i]) : 0;
        tern_buffer_add(&p->normal, &c, i < n);
    }
    tern_buffer_free(&run);
}

/* Both ways side by side. */
typedef struct pair {
    plain plain;
    tern_word_cache *cache;
    tern_bert_scratch scratch;
} pair;

static pair make_pair(const tern_wordpiece *model, const tern_bert_text *rules)
{
    return (pair){.plain = {.words = {.model = model, .rules = rules}}, .cache = tern_word_cache_create()};
}

static void free_pair(pair *p)
{
    tern_bert_scratch_free(&p->plain.scratch);
    tern_bert_scratch_free(&p->scratch);
    tern_buffer_free(&p->plain.normal);
    free(p->plain.words.ids);
    tern_word_cache_free(p->cache);
}

/* ids in memory of just the size that is asked for. */
static void check_words(pair *p, size_t n, size_t limit, const char *text)
{
    int32_t *ids = tern_alloc(n + TERN_IDS_PADDING, sizeof *ids);
    size_t count =
        tern_wordpiece_encode(p->plain.words.model, p->plain.words.rules, p->cache, p->scratch.text, n, ids, limit);
    p->plain.words.n = 0;
    plain_split(&p->plain.words, p->scratch.text, n);
    ck_assert_uint_le(count, n);
    if (limit < p->plain.words.n)
        ck_assert_msg(count >= limit && count <= p->plain.words.n, "%zu ids of %zu, limit %zu", count, p->plain.words.n,
                      limit);
    else
        ck_assert_msg(count == p->plain.words.n, "%zu ids instead of %zu: '%s'", count, p->plain.words.n, text);
    ck_assert_msg(count == 0 || memcmp(ids, p->plain.words.ids, count * sizeof *ids) == 0, "other ids: '%s'", text);
    free(ids);
}

static void check_text(pair *p, const char *text, size_t n)
{
    char *copy = tern_alloc(n + 1, 1); /* no byte behind it */
    memcpy(copy, text, n);
    plain_normalize(&p->plain, copy, n);
    size_t length = tern_bert_normalize(p->plain.words.rules, copy, n, &p->scratch);
    ck_assert_uint_eq(length, p->plain.normal.n);
    ck_assert(length == 0 || memcmp(p->scratch.text, p->plain.normal.data, length) == 0);
    for (int i = 0; i < TERN_TEXT_PADDING; i++)
        ck_assert_int_eq(p->scratch.text[length + (size_t)i], 0);
    check_words(p, length, SIZE_MAX, text);
    check_words(p, length, length / 4, text);
    size_t part = length * 2 / 3;
    while (part > 0 && part < length && ((unsigned char)p->scratch.text[part] & 0xC0) == 0x80)
        part--;
    check_words(p, part, SIZE_MAX, text);
    free(copy);
}

/* Text i: mostly ASCII, mixed, or words without a space between them. */
static size_t random_text(uint64_t i, char *text)
{
    uint64_t n_parts = tern_random_below(120, 3, i, 0, 0), others = tern_random_below(3, 3, i, 1, 0);
    size_t n = 0;
    for (uint64_t j = 0; j < n_parts; j++) {
        uint64_t kind = tern_random_below(20, 3, i, 2, j), any = N_PARTS;
        if (kind > 2 * others)
            any = others == 2 ? 21 : N_ASCII;
        const char *part = parts[tern_random_below(any, 3, i, 3, j)];
        memcpy(text + n, part, strlen(part));
        n += strlen(part);
    }
    text[n] = 0;
    return n;
}

START_TEST(test_random_texts_have_the_ids_of_the_plain_rules)
{
    for (int settings = 0; settings < 16; settings++) {
        tern_bert_text rules;
        tern_bert_text_init(&rules, settings >> 3 & 1, settings >> 2 & 1, settings >> 1 & 1, settings & 1);
        tern_wordpiece *model = make_model(settings % 3 == 1 ? "" : "##");
        pair p = make_pair(model, &rules);
        char text[2048];
        for (uint64_t i = 0; i < 1500; i++) {
            size_t n = random_text(i + 1500 * (uint64_t)settings, text);
            check_text(&p, text, n);
        }
        free_pair(&p);
        tern_wordpiece_free(model);
    }
}
END_TEST

/* Every part at every place of two blocks of 64 bytes, in a word, between words and between spaces. */
START_TEST(test_every_position_in_a_block)
{
    static const char fillings[][2] = {{'a', 'b'}, {'a', ' '}, {' ', 'b'}, {' ', ' '}, {'.', 'F'}};
    tern_bert_text rules;
    tern_bert_text_init(&rules, 1, 1, 1, 1);
    tern_wordpiece *model = make_model("##");
    pair p = make_pair(model, &rules);
    char text[300];
    for (int i = 0; i < N_PARTS; i++)
        for (size_t at = 0; at < 131; at++)
            for (int k = 0; k < 5; k++) {
                size_t length = strlen(parts[i]);
                memset(text, fillings[k][0], at);
                memcpy(text + at, parts[i], length);
                memset(text + at + length, fillings[k][1], at % 70);
                text[at + length + at % 70] = 0;
                check_text(&p, text, at + length + at % 70);
            }
    free_pair(&p);
    tern_wordpiece_free(model);
}
END_TEST

/* A word of each length at each place. */
START_TEST(test_every_length_of_a_word)
{
    tern_bert_text rules;
    tern_bert_text_init(&rules, 1, 1, 1, 1);
    tern_wordpiece *model = make_model("##");
    pair p = make_pair(model, &rules);
    char text[512];
    for (size_t length = 1; length < 150; length++)
        for (size_t at = 0; at < 70; at++) {
            memset(text, ' ', at);
            for (size_t i = 0; i < length; i++)
                text[at + i] = "fadedbad"[i % 8];
            memcpy(text + at + length, at % 2 ? " ab" : "", at % 2 ? 4 : 1);
            check_text(&p, text, strlen(text));
        }
    free_pair(&p);
    tern_wordpiece_free(model);
}
END_TEST

/* More words than are remembered, each twice, so that places are taken over, by words of few pieces and of many. */
START_TEST(test_words_that_take_each_others_places)
{
    enum { N = 100000 };
    tern_bert_text rules;
    tern_bert_text_init(&rules, 1, 1, 1, 1);
    tern_wordpiece *model = make_model("##");
    pair p = make_pair(model, &rules);
    char text[64];
    for (uint64_t i = 0; i < 2 * N; i++) {
        size_t n = 1 + tern_random_below(TERN_SHORT_WORD, 4, i % N, 0, 0);
        for (size_t j = 0; j < n; j++)
            text[j] = "abcdef09"[tern_random_below(8, 4, i % N, 1, j)];
        text[n] = 0;
        n = tern_bert_normalize(&rules, text, n, &p.scratch);
        check_words(&p, n, SIZE_MAX, text);
    }
    free_pair(&p);
    tern_wordpiece_free(model);
}
END_TEST

/* Callers check their texts; what comes of bytes that are not UTF-8 is not said, only that nothing else happens. */
START_TEST(test_invalid_bytes_do_no_harm)
{
    tern_bert_text rules = {0};
    tern_wordpiece *model = make_model("##");
    tern_word_cache *cache = tern_word_cache_create();
    tern_bert_scratch scratch = {0};
    for (uint64_t i = 0; i < 20000; i++) {
        if (i % 5000 == 0)
            tern_bert_text_init(&rules, i / 5000 % 2, 1, i / 10000 % 2, 1);
        size_t n = tern_random_below(200, 5, i, 0, 0);
        char *text = tern_alloc(n + 1, 1);
        for (size_t j = 0; j < n; j++)
            text[j] = (char)(tern_random(5, i, 1, j) & (i % 3 ? 0xFF : 0xDF));
        size_t length = tern_bert_normalize(&rules, text, n, &scratch);
        int32_t *ids = tern_alloc(length + TERN_IDS_PADDING, sizeof *ids);
        ck_assert_uint_le(tern_wordpiece_encode(model, &rules, cache, scratch.text, length, ids, SIZE_MAX), length);
        /* And as if it had been normalised. */
        memcpy(scratch.text, text, n);
        memset(scratch.text + n, 0, TERN_TEXT_PADDING);
        ids = tern_realloc(ids, n + TERN_IDS_PADDING, sizeof *ids);
        ck_assert_uint_le(tern_wordpiece_encode(model, &rules, cache, scratch.text, n, ids, SIZE_MAX), n);
        free(ids);
        free(text);
    }
    tern_bert_scratch_free(&scratch);
    tern_word_cache_free(cache);
    tern_wordpiece_free(model);
}
END_TEST

static tern_tokenizer *load_small(void)
{
    static const char tokens[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\n##b\n##a\ncafe\n.\n";
    tern_error error = {{0}};
    const char *path = tern_test_path("vocab.txt");
    FILE *file = fopen(path, "w");
    ck_assert(file && fputs(tokens, file) >= 0 && fclose(file) == 0);
    tern_tokenizer *t = tern_tokenizer_from_vocab(path, 1, &error);
    ck_assert_msg(t != NULL, "%s", error.message);
    return t;
}

/* Texts of very different lengths, on 1 to 5 threads, behind a text that is there already, cut and not cut. */
START_TEST(test_many_texts_have_the_same_ids_on_any_threads)
{
    enum { N = 3000, SPACE = 2048 };
    tern_tokenizer *t = load_small();
    char(*texts)[SPACE] = tern_alloc(N, SPACE);
    const char **items = tern_alloc(N, sizeof *items);
    int before = omp_get_max_threads();
    for (uint64_t i = 0; i < N; i++) {
        random_text(i + 1000000, texts[i]);
        items[i] = texts[i];
    }
    for (int64_t max_length = 0; max_length < 20; max_length += 9) {
        tern_ids one = {0};
        tern_tokenizer_encode(t, "a", 1, 0, &one);
        for (int i = 0; i < N; i++)
            tern_tokenizer_encode(t, items[i], strlen(items[i]), max_length, &one);
        for (int threads = 1; threads <= 5; threads++) {
            tern_ids all = {0};
            omp_set_num_threads(threads);
            tern_tokenizer_encode(t, "a", 1, 0, &all);
            tern_tokenizer_encode_all(t, NULL, items, NULL, N, max_length, &all);
            ck_assert_int_eq(all.n, N + 1);
            ck_assert_mem_eq(all.offsets, one.offsets, (N + 2) * sizeof *all.offsets);
            ck_assert_mem_eq(all.ids, one.ids, (size_t)one.offsets[N + 1] * sizeof *all.ids);
            tern_ids_free(&all);
        }
        tern_ids_free(&one);
    }
    omp_set_num_threads(before);
    tern_tokenizer_free(t);
    free(texts);
    free(items);
}
END_TEST

/* The tokenizer is shared, and each caller brings no memory of its own. */
START_TEST(test_one_tokenizer_serves_many_callers_at_once)
{
    enum { N = 20000 };
    tern_tokenizer *t = load_small();
    int wrong = 0;
#pragma omp parallel for num_threads(8) reduction(+ : wrong)
    for (int i = 0; i < N; i++) {
        tern_ids ids = {0};
        tern_tokenizer_encode(t, "cafe abba.", 10, 0, &ids);
        static const int32_t wanted[] = {2, 8, 4, 6, 6, 7, 9, 3};
        wrong += ids.offsets[1] != 8 || memcmp(ids.ids, wanted, sizeof wanted) != 0;
        tern_ids_free(&ids);
    }
    ck_assert_int_eq(wrong, 0);
    tern_tokenizer_free(t);
}
END_TEST

static Suite *words_suite(void)
{
    Suite *suite = suite_create("tokenizer_words");
    TCase *tc = tcase_create("words");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_random_texts_have_the_ids_of_the_plain_rules);
    tcase_add_test(tc, test_every_position_in_a_block);
    tcase_add_test(tc, test_every_length_of_a_word);
    tcase_add_test(tc, test_words_that_take_each_others_places);
    tcase_add_test(tc, test_invalid_bytes_do_no_harm);
    tcase_add_test(tc, test_many_texts_have_the_same_ids_on_any_threads);
    tcase_add_test(tc, test_one_tokenizer_serves_many_callers_at_once);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return tern_test_run(words_suite());
}
