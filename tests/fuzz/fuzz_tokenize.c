/* Texts to ids, for a small vocabulary and rules that the first byte chooses: the fast ways (eights of bytes, masks,
 * remembered words, limits) give the ids that the rules of Hugging Face tokenizers give written down plainly, with
 * words seen for the first time and seen before, at the length that the second byte chooses, one by one and in a list.
 */
#include "data/wordpiece_file.h"
#include "fuzz.h"
#include "tests/plain_words.h"

enum { CLEAN = 1, CHINESE = 2, STRIP = 4, LOWER = 8, NO_PREFIX = 16, LEFT = 32, SETTINGS = 64, MOST_BYTES = 2048 };

static const char format[] =
    "{\"added_tokens\": ["
    "{\"id\": 0, \"content\": \"[UNK]\", \"special\": true},"
    "{\"id\": 1, \"content\": \"[CLS]\", \"special\": true},"
    "{\"id\": 2, \"content\": \"[SEP]\", \"special\": true},"
    "{\"id\": 3, \"content\": \"[MASK]\", \"special\": true, \"lstrip\": true},"
    "{\"id\": 38, \"content\": \"<r>\", \"special\": true, \"rstrip\": true},"
    "{\"id\": 39, \"content\": \" y\", \"special\": true},"
    "{\"id\": 40, \"content\": \"XX\", \"special\": false},"
    "{\"id\": 41, \"content\": \"xxY\", \"special\": false, \"lstrip\": true, \"rstrip\": true},"
    "{\"id\": 42, \"content\": \"\xC3\x89.\", \"special\": false}],"
    "\"truncation\": {\"direction\": \"%s\", \"max_length\": 9, \"strategy\": \"LongestFirst\", \"stride\": 0},"
    "\"normalizer\": {\"type\": \"BertNormalizer\", \"clean_text\": %s, \"handle_chinese_chars\": %s, "
    "\"strip_accents\": %s, \"lowercase\": %s}, \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"},"
    "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": ["
    "{\"SpecialToken\": {\"id\": \"[CLS]\", \"type_id\": 0}}, {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, "
    "{\"SpecialToken\": {\"id\": \"[SEP]\", \"type_id\": 0}}], \"special_tokens\": {"
    "\"[CLS]\": {\"id\": \"[CLS]\", \"ids\": [1, 3]}, \"[SEP]\": {\"id\": \"[SEP]\", \"ids\": [2]}}},"
    "\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\", \"continuing_subword_prefix\": \"%s\", "
    "\"max_input_chars_per_word\": 40, \"vocab\": {"
    "\"[UNK]\": 0, \"[CLS]\": 1, \"[SEP]\": 2, \"[MASK]\": 3, \"a\": 4, \"b\": 5, \"e\": 6, \"##a\": 7, \"##b\": 8, "
    "\"##e\": 9, \"ab\": 10, \"##ab\": 11, \"A\": 12, \"##A\": 13, \".\": 14, \"[\": 15, \"]\": 16, \"<\": 17, "
    "\"abababababababa\": 18, \"##abababababababa\": 19, \"abababababababab\": 20, \"##abababababababab\": 21, "
    "\"abababababababababababababababe\": 22, \"\xC3\xA9\": 23, \"##\xC3\xA9\": 24, \"\xC3\x89\": 25, "
    "\"\xE4\xB8\xAD\": 26, \"##\xE4\xB8\xAD\": 27, \"##\": 28, \"0\": 29, \"##0\": 30, \"\xE2\x80\x94\": 31, "
    "\"##\xF0\x9F\x98\x80\": 32, \"\xF0\x9F\x98\x80\": 33, \"i\": 34, \"\xCC\x81\": 35, \"##\xCC\x81\": 36, "
    "\"##\xCC\xA3\": 37}}}";

static const char *yes_or_no(int flag)
{
    return flag ? "true" : "false";
}

/* The tokenizer of some settings, made once: its tables take longer than many texts. */
static tern_tokenizer *tokenizer_of(int settings)
{
    static tern_tokenizer *made[SETTINGS];
    tern_error error = {{0}};
    if (made[settings])
        return made[settings];
    char *json = tern_format(format, settings & LEFT ? "Left" : "Right", yes_or_no(settings & CLEAN),
                             yes_or_no(settings & CHINESE), yes_or_no(settings & STRIP), yes_or_no(settings & LOWER),
                             settings & NO_PREFIX ? "" : "##");
    made[settings] = tern_tokenizer_of_json(json, strlen(json), "fuzz.json", &error);
    TERN_CHECK(made[settings], "%s", error.message);
    free(json);
    return made[settings];
}

/* ------------------------------------------------------------------------------- normalising, a rule at a time */

typedef struct points {
    uint32_t *items;
    size_t n, capacity;
} points;

static void add_point(points *p, uint32_t c)
{
    TERN_GROW(p->items, p->n, p->capacity);
    p->items[p->n++] = c;
}

static points decode(const char *text, size_t n)
{
    points p = {0};
    for (size_t at = 0, length; at < n; at += length)
        add_point(&p, tern_utf8_decode(text + at, n - at, &length));
    return p;
}

/* One rule for each code point. */
static void apply(points *p, const tern_bert_text *rules, void (*rule)(points *, uint32_t c, uint32_t cell))
{
    points out = {0};
    for (size_t i = 0; i < p->n; i++)
        rule(&out, p->items[i], rules->cells[p->items[i]]);
    free(p->items);
    *p = out;
}

static void clean(points *out, uint32_t c, uint32_t cell)
{
    if (!(cell & TERN_UNICODE_CONTROL))
        add_point(out, cell & TERN_UNICODE_SPACE ? ' ' : c);
}

static void space_out(points *out, uint32_t c, uint32_t cell)
{
    if (cell & TERN_UNICODE_IDEOGRAPH)
        add_point(out, ' ');
    add_point(out, c);
    if (cell & TERN_UNICODE_IDEOGRAPH)
        add_point(out, ' ');
}

static void decompose(points *out, uint32_t c, uint32_t cell)
{
    int32_t parts[TERN_UNICODE_MOST_PARTS] = {(int32_t)c};
    int n = cell & TERN_UNICODE_DECOMPOSES ? tern_unicode_decompose(c, parts) : 1;
    for (int i = 0; i < n; i++)
        add_point(out, (uint32_t)parts[i]);
}

static void drop_marks(points *out, uint32_t c, uint32_t cell)
{
    if (!(cell & TERN_UNICODE_MARK))
        add_point(out, c);
}

static void lower(points *out, uint32_t c, uint32_t cell)
{
    int32_t parts[TERN_UNICODE_MOST_PARTS] = {(int32_t)c};
    int n = cell & TERN_UNICODE_HAS_LOWER ? tern_unicode_lower_case(c, cell, parts) : 1;
    for (int i = 0; i < n; i++)
        add_point(out, (uint32_t)parts[i]);
}

/* Marks in the order of their classes, up to the next code point of class 0. */
static void order(points *p, const tern_bert_text *rules)
{
    for (size_t i = 1; i < p->n; i++) {
        uint32_t c = p->items[i];
        unsigned combining = tern_unicode_combining(rules->cells[c]);
        size_t at = i;
        for (; combining > 0 && at > 0 && tern_unicode_combining(rules->cells[p->items[at - 1]]) > combining; at--)
            p->items[at] = p->items[at - 1];
        p->items[at] = c;
    }
}

static tern_buffer normalize(const tern_bert_text *rules, const char *text, size_t n)
{
    points p = decode(text, n);
    tern_buffer out = {0};
    char bytes[4];
    if (rules->clean_text)
        apply(&p, rules, clean);
    if (rules->handle_chinese_chars)
        apply(&p, rules, space_out);
    if (rules->strip_accents) {
        apply(&p, rules, decompose);
        order(&p, rules);
        apply(&p, rules, drop_marks);
    }
    if (rules->lowercase)
        apply(&p, rules, lower);
    tern_buffer_add(&out, "", 0);
    for (size_t i = 0; i < p.n; i++)
        tern_buffer_add(&out, bytes, tern_utf8_encode(p.items[i], bytes));
    free(p.items);
    return out;
}

/* -------------------------------------------------------------------------------------------- added tokens */

enum { TOKENS = 9 };

typedef struct plain {
    const tern_tokenizer *t;
    tern_buffer forms[TOKENS]; /* what is looked for, of each added token */
    plain_words words;
} plain;

static void make_forms(plain *p)
{
    TERN_CHECK(p->t->added.n == TOKENS, "%zu added tokens", p->t->added.n);
    for (size_t i = 0; i < TOKENS; i++) {
        const tern_token_entry *e = &p->t->added.items[i];
        if (e->normalized)
            p->forms[i] = normalize(&p->t->text, e->content, strlen(e->content));
        else
            tern_buffer_add(&p->forms[i], e->content, strlen(e->content));
    }
}

/* The longest added token that text starts with, of those matched in normalised texts or of the others. */
static const tern_token_entry *token_at(const plain *p, int normalized, const char *text, size_t n, size_t *length)
{
    const tern_token_entry *best = NULL;
    *length = 0;
    for (size_t i = 0; i < TOKENS; i++) {
        const tern_token_entry *e = &p->t->added.items[i];
        size_t bytes = p->forms[i].n;
        if (e->normalized == normalized && bytes <= n && bytes > *length && !memcmp(p->forms[i].data, text, bytes)) {
            best = e;
            *length = bytes;
        }
    }
    return best;
}

static size_t space_after(const tern_tokenizer *t, const char *text, size_t n)
{
    size_t at = 0, length;
    while (at < n && t->text.cells[tern_utf8_decode(text + at, n - at, &length)] & TERN_UNICODE_SPACE)
        at += length;
    return at;
}

/* Where the white space that ends at `end` begins. */
static size_t space_before(const tern_tokenizer *t, const char *text, size_t end)
{
    size_t start = end;
    for (size_t at = 0, length; at < end; at += length) {
        int is_space = (t->text.cells[tern_utf8_decode(text + at, end - at, &length)] & TERN_UNICODE_SPACE) != 0;
        start = is_space && start < end ? start : is_space ? at : end;
    }
    return start;
}

static void add_words(plain *p, const char *text, size_t n)
{
    plain_split(&p->words, text, n);
}

/* As find_matches of Hugging Face tokenizers (added_vocabulary.rs, 0.23) goes through a text. */
static void split(plain *p, int normalized, const char *text, size_t n, void (*add)(plain *, const char *, size_t))
{
    size_t done = 0, length;
    for (size_t at = 0; at < n;) {
        const tern_token_entry *e = token_at(p, normalized, text + at, n - at, &length);
        if (!e) {
            at++;
            continue;
        }
        size_t start = at, stop = at + length;
        if (e->lstrip)
            start = space_before(p->t, text, at) > done ? space_before(p->t, text, at) : done;
        if (e->rstrip)
            stop += space_after(p->t, text + stop, n - stop);
        if (done < start)
            add(p, text + done, start - done);
        plain_add(&p->words, (int32_t)e->id);
        done = stop;
        at += length;
    }
    if (done < n)
        add(p, text + done, n - done);
}

static void add_segment(plain *p, const char *text, size_t n)
{
    tern_buffer normal = normalize(&p->t->text, text, n);
    split(p, 1, normal.data, normal.n, add_words);
    tern_buffer_free(&normal);
}

/* --------------------------------------------------------------------------------------------------- lengths */

/* The ids of a text of these words that is to have at most `most` ids (0: any number); 1: some of them are cut off. */
static int frame(plain_words *out, const tern_tokenizer *t, const plain_words *words, size_t most)
{
    size_t before = (size_t)t->n_before, after = (size_t)t->n_after, n = words->n;
    size_t room = most == 0 ? n : most > before + after ? most - before - after : 0, from = 0;
    if (n > room && t->truncate_left)
        from = n - room;
    for (size_t i = 0; i < before; i++)
        plain_add(out, t->before[i]);
    for (size_t i = 0; i < n && i < room; i++)
        plain_add(out, words->ids[from + i]);
    for (size_t i = 0; i < after; i++)
        plain_add(out, t->after[i]);
    if (most > 0 && out->n > most)
        out->n = most;
    return n > room;
}

static void check(const tern_ids *ids, int64_t i, const plain_words *wanted, const char *text)
{
    int64_t n = ids->offsets[i + 1] - ids->offsets[i];
    TERN_CHECK(n == (int64_t)wanted->n, "%lld ids instead of %zu: '%s'", (long long)n, wanted->n, text);
    for (int64_t k = 0; k < n; k++)
        TERN_CHECK(ids->ids[ids->offsets[i] + k] == wanted->ids[k], "id %lld is %d, not %d: '%s'", (long long)k,
                   (int)ids->ids[ids->offsets[i] + k], (int)wanted->ids[k], text);
}

/* The text twice alone, then in a list behind a prefix, which a text without its first half is given. */
static void check_text(tern_tokenizer *t, const char *text, size_t n, int64_t most)
{
    plain p = {.t = t, .words = {.model = t->model, .rules = &t->text}};
    plain_words wanted = {0};
    tern_ids ids = {0};
    make_forms(&p);
    split(&p, 0, text, n, add_segment);
    int cut = frame(&wanted, t, &p.words, (size_t)most);
    tern_tokenizer_encode(t, text, n, most, &ids);
    tern_tokenizer_encode(t, text, n, most, &ids);
    size_t half = n / 2;
    while (half > 0 && ((unsigned char)text[half] & 0xC0) == 0x80)
        half--;
    char *prefix = tern_strndup(text, half);
    const char *texts[] = {text + half, text + half};
    const size_t lengths[] = {n - half, n - half};
    if (strlen(prefix) == half) /* a NUL ends a prefix */
        tern_tokenizer_encode_all(t, prefix, texts, lengths, 2, most, &ids);
    for (int64_t i = 0; i < ids.n; i++)
        check(&ids, i, &wanted, text);
    TERN_CHECK(ids.cut == cut * ids.n, "%lld of %lld are cut", (long long)ids.cut, (long long)ids.n);
    for (int i = 0; i < TOKENS; i++)
        tern_buffer_free(&p.forms[i]);
    free(prefix);
    free(p.words.ids);
    free(wanted.ids);
    tern_ids_free(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < 2 || n > MOST_BYTES)
        return 0;
    tern_tokenizer *t = tokenizer_of(bytes[0] % SETTINGS);
    size_t length;
    char *text = tern_utf8_replace((const char *)bytes + 2, n - 2, &length), *exact = tern_alloc(length, 1);
    memcpy(exact, text, length); /* no byte behind it */
    tern_tokenizer_workers_free(t->workers);
    t->workers = tern_tokenizer_workers_create();
    check_text(t, exact, length, bytes[1] % 32);
    free(exact);
    free(text);
    return 0;
}
