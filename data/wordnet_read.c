/* Reading WordNet's data files. A line is
 *
 *     offset lex_filenum ss_type w_cnt {word lex_id}... p_cnt {symbol offset pos source/target}... [frames] | gloss
 *
 * with w_cnt in hexadecimal, all other counts in decimal; verbs have frames: f_cnt {+ f_num w_num}... */
#include "data/wordnet.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/input.h"

#include <string.h>

static const char *const file_names[TERN_N_POS] = {"data.noun", "data.verb", "data.adj", "data.adv"};
static const char *const type_letters[TERN_N_POS] = {"n", "v", "as", "r"};

typedef struct pointer {
    int64_t from, to_offset, line;
    int to_pos, is_hypernym;
} pointer;

typedef struct reading {
    tern_wordnet *net;
    tern_input input;
    int pos;
    const char *at, *end; /* what is left of the line */
    size_t n_sets, set_capacity, n_words, word_capacity;
    pointer *pointers;
    size_t n_pointers, pointer_capacity;
    tern_buffer license;
} reading;

typedef struct field {
    const char *text;
    size_t n;
} field;

static int fail_line(const reading *r, const char *found, tern_error *error)
{
    return tern_fail(error, "%s:%lld: %s; is it a WordNet data file?", r->input.path, (long long)r->input.line, found);
}

/* The next field, up to a space; n is 0 at the line's end. */
static field next_field(reading *r)
{
    while (r->at < r->end && *r->at == ' ')
        r->at++;
    field f = {r->at, 0};
    while (r->at < r->end && *r->at != ' ')
        r->at++;
    f.n = (size_t)(r->at - f.text);
    return f;
}

/* A number of exactly `digits` digits in the base, or -1. */
static int64_t parse_number(field f, size_t digits, int base)
{
    int64_t value = 0;
    if (f.n != digits)
        return -1;
    for (size_t i = 0; i < f.n; i++) {
        const char *known = "0123456789abcdef", *c = strchr(known, f.text[i] >= 'A' ? f.text[i] | 0x20 : f.text[i]);
        if (!c || c - known >= base)
            return -1;
        value = value * base + (c - known);
    }
    return value;
}

static int pos_of_letter(field f)
{
    for (int pos = 0; f.n == 1 && pos < TERN_N_POS; pos++)
        if (strchr(type_letters[pos], f.text[0]))
            return pos;
    return -1;
}

/* Length of a word without an adjective's marker, of which it has one at most. */
static size_t length_without_marker(field f)
{
    static const char *const markers[] = {"(a)", "(p)", "(ip)"};
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
        size_t n = strlen(markers[i]);
        if (f.n > n && memcmp(f.text + f.n - n, markers[i], n) == 0)
            return f.n - n;
    }
    return f.n;
}

/* Without an adjective's marker such as "(p)", with spaces for underscores. */
static int64_t add_word(const reading *r, field f)
{
    size_t n = r->pos == TERN_ADJECTIVE ? length_without_marker(f) : f.n;
    char *word = tern_strndup(f.text, n);
    for (char *c = word; *c; c++)
        if (*c == '_')
            *c = ' ';
    int64_t id = tern_texts_add(r->net->words, word, n);
    free(word);
    return id;
}

/* A space, or a control character, as a carriage return before the line's own. */
static int is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7F;
}

/* Words become ids in files whose columns tabs part. */
static int has_control(field f)
{
    for (size_t i = 0; i < f.n; i++)
        if (is_blank(f.text[i]))
            return 1;
    return 0;
}

static int read_words(reading *r, tern_error *error)
{
    tern_wordnet *net = r->net;
    int64_t n = parse_number(next_field(r), 2, 16);
    if (n <= 0)
        return fail_line(r, "the number of words isn't two hexadecimal digits above 0", error);
    for (int64_t i = 0; i < n; i++) {
        field word = next_field(r);
        if (word.n == 0 || parse_number(next_field(r), 1, 16) < 0)
            return fail_line(r, "fewer words than the line says, or one without its number", error);
        if (has_control(word))
            return fail_line(r, "a word with a control character", error);
        TERN_GROW(net->word, r->n_words, r->word_capacity);
        net->word[r->n_words++] = add_word(r, word);
    }
    return 0;
}

static int is_hypernym(field symbol)
{
    return symbol.n > 0 && symbol.text[0] == '@' && (symbol.n == 1 || (symbol.n == 2 && symbol.text[1] == 'i'));
}

static int read_pointers(reading *r, tern_error *error)
{
    int64_t n = parse_number(next_field(r), 3, 10);
    if (n < 0)
        return fail_line(r, "the number of pointers isn't three digits", error);
    for (int64_t i = 0; i < n; i++) {
        field symbol = next_field(r);
        int64_t offset = parse_number(next_field(r), 8, 10);
        int pos = pos_of_letter(next_field(r));
        if (offset < 0 || pos < 0 || parse_number(next_field(r), 4, 16) < 0)
            return fail_line(r,
                             "fewer pointers than the line says, or one that isn't symbol, offset, part of speech and "
                             "place",
                             error);
        TERN_GROW(r->pointers, r->n_pointers, r->pointer_capacity);
        r->pointers[r->n_pointers++] =
            (pointer){(int64_t)r->n_sets, offset, r->input.line, pos, is_hypernym(symbol) && pos == r->pos};
    }
    return 0;
}

/* Verbs' sentence frames, and the bar before the gloss. */
static int read_bar(reading *r, tern_error *error)
{
    field f = next_field(r);
    int64_t n = r->pos == TERN_VERB ? parse_number(f, 2, 10) : -1;
    for (int64_t i = 0; i < n; i++) {
        field plus = next_field(r);
        if (plus.n != 1 || *plus.text != '+' || parse_number(next_field(r), 2, 10) < 0 ||
            parse_number(next_field(r), 2, 16) < 0)
            return fail_line(r, "fewer sentence frames than the line says", error);
    }
    if (n >= 0)
        f = next_field(r);
    return f.n == 1 && *f.text == '|' ? 0 : fail_line(r, "no \"|\" between the pointers and the gloss", error);
}

static int is_trimmed(char c)
{
    return is_blank(c) || c == ';' || c == ':' || c == ',';
}

/* Where the first quoted example starts: a quote behind a mark, outside brackets ("(e.g., "x")" is no example). */
static size_t definition_length(const char *gloss, size_t n)
{
    int depth = 0;
    char before = 0;
    for (size_t i = 0; i < n; i++) {
        char c = gloss[i];
        if (c == '"' && depth == 0 && (before == ';' || before == ':' || before == ','))
            return i;
        depth += (c == '(') - (c == ')' && depth > 0);
        before = c == ' ' ? before : c;
    }
    return n;
}

static int read_gloss(reading *r, tern_error *error)
{
    const char *gloss = r->at;
    size_t n = definition_length(gloss, (size_t)(r->end - gloss));
    while (n > 0 && is_trimmed(*gloss)) {
        gloss++;
        n--;
    }
    while (n > 0 && is_trimmed(gloss[n - 1]))
        n--;
    if (n == 0)
        return fail_line(r, "no definition", error);
    r->net->set[r->n_sets].definition = tern_texts_add(r->net->definitions, gloss, n);
    return 0;
}

static int read_set(reading *r, tern_error *error)
{
    tern_wordnet *net = r->net;
    TERN_GROW(net->set, r->n_sets, r->set_capacity);
    int64_t offset = parse_number(next_field(r), 8, 10);
    if (offset < 0)
        return fail_line(r, "the line doesn't start with an offset of eight digits", error);
    if ((int64_t)r->n_sets > net->pos_start[r->pos] && net->set[r->n_sets - 1].offset >= offset)
        return fail_line(r, "the offset isn't above the one before", error);
    net->set[r->n_sets] = (tern_synset){r->pos, offset, -1, (int64_t)r->n_words};
    if (parse_number(next_field(r), 2, 10) < 0)
        return fail_line(r, "the lexicographer file isn't two digits", error);
    if (pos_of_letter(next_field(r)) != r->pos)
        return fail_line(r, "the set's type isn't this file's", error);
    if (read_words(r, error) < 0 || read_pointers(r, error) < 0 || read_bar(r, error) < 0 || read_gloss(r, error) < 0)
        return -1;
    r->n_sets++;
    return 0;
}

/* A line of the notice: two spaces, its number, the text. */
static void read_notice(reading *r, const char *line, size_t n)
{
    while (n > 0 && *line == ' ') {
        line++;
        n--;
    }
    while (n > 0 && *line >= '0' && *line <= '9') {
        line++;
        n--;
    }
    while (n > 0 && is_blank(line[n - 1]))
        n--;
    size_t skip = n > 0 && *line == ' ';
    tern_buffer_add(&r->license, line + skip, n - skip);
    tern_buffer_add(&r->license, "\n", 1);
}

/* One part of speech, from r->input, which is closed. */
static int read_pos(reading *r, tern_error *error)
{
    const char *line;
    size_t n;
    int status = 0, is_cut = r->input.n > 0 && r->input.data[r->input.n - 1] != '\n';
    r->net->pos_start[r->pos] = (int64_t)r->n_sets;
    while (status == 0 && tern_input_next(&r->input, &line, &n)) {
        r->at = line;
        r->end = line + n;
        if (is_cut && r->input.at >= r->input.n)
            status = fail_line(r, "the last line has no end, so the file is cut off", error);
        else if (n < 2 || line[0] != ' ' || line[1] != ' ')
            status = read_set(r, error);
        else if (r->pos == TERN_NOUN)
            read_notice(r, line, n);
    }
    if (status == 0 && (int64_t)r->n_sets == r->net->pos_start[r->pos])
        status = tern_fail(error, "%s: it holds no synonym sets", r->input.path);
    tern_input_close(&r->input);
    return status;
}

static int64_t find_set(const tern_wordnet *net, int pos, int64_t offset)
{
    int64_t from = net->pos_start[pos], to = net->pos_start[pos + 1];
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (net->set[middle].offset == offset)
            return middle;
        if (net->set[middle].offset < offset)
            from = middle + 1;
        else
            to = middle;
    }
    return -1;
}

/* CSR of the edges (key, value) in their order. */
static void build_edges(int64_t n_keys, const int64_t *key, const int64_t *value, int64_t n, int64_t **start,
                        int64_t **list)
{
    *start = tern_calloc((size_t)n_keys + 2, sizeof **start);
    *list = tern_alloc((size_t)n, sizeof **list);
    /* Counts go two places up, so that after the fill each start is where it belongs. */
    for (int64_t i = 0; i < n; i++)
        (*start)[key[i] + 2]++;
    for (int64_t k = 0; k < n_keys; k++)
        (*start)[k + 2] += (*start)[k + 1];
    for (int64_t i = 0; i < n; i++)
        (*list)[(*start)[key[i] + 1]++] = value[i];
}

/* Every pointer must arrive, whatever it means: that shows a file cut off between lines. */
static int resolve(reading *r, const char *folder, tern_error *error)
{
    tern_wordnet *net = r->net;
    int64_t *child = tern_alloc(r->n_pointers, sizeof *child), *parent = tern_alloc(r->n_pointers, sizeof *parent);
    int64_t n = 0;
    int status = 0;
    for (size_t i = 0; i < r->n_pointers && status == 0; i++) {
        const pointer *p = &r->pointers[i];
        int64_t to = find_set(net, p->to_pos, p->to_offset);
        if (to < 0) {
            status = tern_fail(
                error, "%s/%s:%lld: it points to %08lld in %s, which has no such set; is that file cut off?", folder,
                file_names[net->set[p->from].pos], (long long)p->line, (long long)p->to_offset, file_names[p->to_pos]);
        } else if (p->is_hypernym) {
            child[n] = p->from;
            parent[n++] = to;
        }
    }
    if (status == 0) {
        build_edges(net->n_sets, child, parent, n, &net->parent_start, &net->parent);
        build_edges(net->n_sets, parent, child, n, &net->child_start, &net->child);
    }
    free(child);
    free(parent);
    return status;
}

/* The files of a folder, or texts that stand for them. */
static int read_all(reading *r, const char *folder, const tern_wordnet_text *texts, tern_error *error)
{
    tern_wordnet *net = r->net;
    for (r->pos = 0; r->pos < TERN_N_POS; r->pos++) {
        const tern_wordnet_text *text = texts ? &texts[r->pos] : NULL;
        char *path = tern_path_join(folder, file_names[r->pos]);
        int status = text ? tern_input_of_memory(&r->input, path, text->data, text->n, 0, error)
                          : tern_input_open(&r->input, path, 0, error);
        if (status == 0)
            status = read_pos(r, error);
        free(path);
        if (status < 0)
            return -1;
    }
    net->n_sets = net->pos_start[TERN_N_POS] = (int64_t)r->n_sets;
    TERN_GROW(net->set, r->n_sets, r->set_capacity);
    net->set[r->n_sets] = (tern_synset){.pos = TERN_N_POS, .first_word = (int64_t)r->n_words};
    tern_buffer_add(&r->license, "", 0);
    net->license = tern_strdup(r->license.data);
    return resolve(r, folder, error);
}

static tern_wordnet *read_net(const char *folder, const tern_wordnet_text *texts, tern_error *error)
{
    reading r = {.net = tern_calloc(1, sizeof *r.net)};
    r.net->words = tern_texts_create();
    r.net->definitions = tern_texts_create();
    int status = read_all(&r, folder, texts, error);
    free(r.pointers);
    tern_buffer_free(&r.license);
    if (status == 0)
        return r.net;
    tern_wordnet_free(r.net);
    return NULL;
}

tern_wordnet *tern_wordnet_parse(const tern_wordnet_text *texts, const char *folder, tern_error *error)
{
    return read_net(folder, texts, error);
}

tern_wordnet *tern_wordnet_read(const char *folder, tern_error *error)
{
    if (tern_folder_exists(folder))
        return read_net(folder, NULL, error);
    tern_fail(error,
              "%s: there is no such folder; WordNet's data.noun, data.verb, data.adj and data.adv are read from it "
              "(Debian's package wordnet-base)",
              folder);
    return NULL;
}

void tern_wordnet_free(tern_wordnet *wordnet)
{
    if (!wordnet)
        return;
    tern_texts_free(wordnet->words);
    tern_texts_free(wordnet->definitions);
    free(wordnet->set);
    free(wordnet->word);
    free(wordnet->parent_start);
    free(wordnet->parent);
    free(wordnet->child_start);
    free(wordnet->child);
    free(wordnet->license);
    free(wordnet);
}
