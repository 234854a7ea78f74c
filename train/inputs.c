#include "train/inputs.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/integer.h"
#include "data/utf8.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* To be raised when a step, or the order of rows, becomes another one: runs that began before can't go on then. */
enum { VERSION = 2 };

void tern_inputs_free(tern_inputs *inputs)
{
    tern_buffer_free(&inputs->lines);
}

/* Names are the user's: valid, and without what ends a field or a line. */
static char *field_of(const char *text)
{
    size_t n;
    char *field = tern_utf8_replace(text, strlen(text), &n);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)field[i] < 0x20)
            field[i] = '?';
    return field;
}

/* A line is KIND, NAME, PART, HASH, with tabs between them. */
void tern_inputs_add(tern_inputs *inputs, const char *kind, const char *name, const char *part, uint64_t hash)
{
    char *safe = field_of(name);
    char *line = tern_format("%s\t%s\t%s\t%016llx\n", kind, safe, part, (unsigned long long)hash);
    if (!inputs->lines.data || !strstr(inputs->lines.data, line))
        tern_buffer_add(&inputs->lines, line, strlen(line));
    free(line);
    free(safe);
}

void tern_inputs_add_file(tern_inputs *inputs, const char *kind, const char *name, const char *part, const char *path)
{
    char *bytes = NULL;
    size_t n;
    if (tern_file_exists(path) && tern_file_read(path, 0, &bytes, &n, NULL) == 0)
        tern_inputs_add(inputs, kind, name, part, tern_hash(bytes, n, 0));
    free(bytes);
}

/* Files of a model, or of one of its modules, that say how its weights are used. */
static const char *const settings[] = {
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "special_tokens_map.json",
    "modules.json",
    "added_tokens.json",
    "sentence_bert_config.json",
    "chat_template.jinja",
    "config_sentence_transformers.json",
};

/* within: "" or "1_Pooling/". */
static void add_settings(tern_inputs *inputs, const char *kind, const char *name, const tern_model *model,
                         const char *within)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char *part = tern_format("%s%s", within, settings[i]), *path = tern_path_join(model->folder, part);
        tern_inputs_add_file(inputs, kind, name, part, path);
        free(path);
        free(part);
    }
}

/* Folders of modules: 0_Transformer, 1_Pooling. */
static int is_module(const struct dirent *entry)
{
    size_t digits = strspn(entry->d_name, "0123456789");
    return digits > 0 && entry->d_name[digits] == '_' && entry->d_name[digits + 1];
}

uint64_t tern_inputs_add_model(tern_inputs *inputs, const char *kind, const char *name, const tern_model *model)
{
    struct dirent **modules;
    uint64_t weights = tern_weights_fingerprint(tern_encoder_params(model->encoder));
    tern_inputs_add(inputs, kind, name, "weights", weights);
    add_settings(inputs, kind, name, model, "");
    int n = scandir(model->folder, &modules, is_module, alphasort);
    for (int i = 0; i < n; i++) {
        char *field = field_of(modules[i]->d_name), *within = tern_format("%s/", field);
        add_settings(inputs, kind, name, model, within);
        free(within);
        free(field);
        free(modules[i]);
    }
    if (n >= 0)
        free(modules);
    return weights;
}

char *tern_inputs_text(const tern_inputs *inputs)
{
    return tern_format("version\t\t\t%d\n%s", VERSION, inputs->lines.data ? inputs->lines.data : "");
}

/* The length of the line's first fields, up to the tab after them. */
static size_t fields(const char *line, int count)
{
    size_t n = 0;
    for (; count > 0 && line[n] && line[n] != '\n'; n++)
        count -= line[n] == '\t';
    return n;
}

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line != 0);
}

/* The line of text that begins with the n bytes of start; NULL: there is none. */
static const char *find_line(const char *text, const char *start, size_t n)
{
    for (; *text; text = next_line(text))
        if (strncmp(text, start, n) == 0)
            return text;
    return NULL;
}

/* The lines of now that old doesn't have, and those of old whose input now lacks. */
static void collect(const char *old, const char *now, tern_buffer *lines)
{
    for (const char *line = now; *line; line = next_line(line)) {
        size_t n = strcspn(line, "\n") + 1;
        if (!find_line(old, line, n))
            tern_buffer_add(lines, line, n);
    }
    for (const char *line = old; *line; line = next_line(line))
        if (!find_line(now, line, fields(line, 3)))
            tern_buffer_add(lines, line, strcspn(line, "\n") + 1);
}

static int is_test(const char *line)
{
    return strncmp(line, TERN_INPUT_TEST "\t", strlen(TERN_INPUT_TEST) + 1) == 0;
}

/* The fields of one line, cut out of it. Those that a line lacks are empty: the text may be of a state file that tern
 * did not write. */
typedef struct input_line {
    int kind_length, name_length, part_length;
    const char *kind, *name, *part;
} input_line;

static int field_length(const char *field)
{
    return (int)strcspn(field, "\t\n");
}

static input_line cut(const char *line)
{
    const char *name = line + fields(line, 1), *part = line + fields(line, 2);
    return (input_line){.kind = line,
                        .name = name,
                        .part = part,
                        .kind_length = field_length(line),
                        .name_length = field_length(name),
                        .part_length = field_length(part)};
}

static int same(const char *a, int n, const char *b, int m)
{
    return n == m && memcmp(a, b, (size_t)n) == 0;
}

/* "the teacher changed since this run began (b3: weights, tokenizer.json; b4: weights)", of the first kind that did. */
static void describe(const char *lines, int test, tern_buffer *out)
{
    input_line last = {0};
    for (const char *line = lines; *line; line = next_line(line)) {
        input_line now = cut(line);
        if (is_test(line) != test || (last.kind && !same(last.kind, last.kind_length, now.kind, now.kind_length)))
            continue;
        int same_name = last.kind && same(last.name, last.name_length, now.name, now.name_length);
        if (!last.kind)
            tern_buffer_printf(out, "%.*s changed since this run began (", now.kind_length, now.kind);
        if (!same_name)
            tern_buffer_printf(out, "%s%.*s", last.kind ? "; " : "", now.name_length, now.name);
        if (now.part_length > 0)
            tern_buffer_printf(out, "%s%.*s", same_name ? ", " : ": ", now.part_length, now.part);
        last = now;
    }
    if (last.kind)
        tern_buffer_printf(out, ")");
}

int tern_inputs_same_version(const char *old, const char *now)
{
    return strncmp(old, now, strcspn(now, "\n") + 1) == 0;
}

char *tern_inputs_changed(const char *old, const char *now, int test)
{
    tern_buffer lines = {0}, words = {0};
    collect(old, now, &lines);
    if (lines.n)
        describe(lines.data, test, &words);
    tern_buffer_free(&lines);
    return words.data;
}

static uint64_t hash_tensor(const tern_tensor *t)
{
    enum { BLOCK = 1 << 20 };
    const char *bytes = (const char *)t->data;
    int64_t n = (int64_t)(tern_tensor_size(t) * sizeof *t->data), blocks = tern_parts(n, BLOCK);
    uint64_t *hashes = tern_alloc((size_t)blocks, sizeof *hashes), h = (uint64_t)n;
#pragma omp parallel for schedule(static) if (blocks > 1)
    for (int64_t i = 0; i < blocks; i++)
        hashes[i] = tern_hash(bytes + i * BLOCK, (size_t)tern_min(n - i * BLOCK, BLOCK), 0);
    for (int64_t i = 0; i < blocks; i++)
        h = tern_mix(h ^ hashes[i]);
    free(hashes);
    return h;
}

uint64_t tern_weights_fingerprint(const tern_params *params)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < params->n; i++) {
        hash = tern_hash(params->table[i].name, strlen(params->table[i].name), hash);
        hash = tern_mix(hash ^ hash_tensor(params->table[i].tensor));
    }
    return hash;
}

static uint64_t add_hash(uint64_t hash, const void *bytes, size_t n)
{
    return bytes ? tern_hash(bytes, n, hash) : hash;
}

uint64_t tern_rows_fingerprint(const tern_rows *rows)
{
    uint64_t hash = tern_hash(&rows->n, sizeof rows->n, (uint64_t)rows->n_negatives);
    hash = tern_hash(&rows->n_scores, sizeof rows->n_scores, hash);
    size_t n = (size_t)rows->n;
    for (int64_t t = 0; t < tern_texts_count(rows->texts); t++) {
        size_t length;
        const char *text = tern_texts_get(rows->texts, t, &length);
        hash = tern_hash(text, length, hash);
    }
    hash = add_hash(hash, rows->anchor, n * sizeof *rows->anchor);
    hash = add_hash(hash, rows->positive, n * sizeof *rows->positive);
    hash = add_hash(hash, rows->negative, n * (size_t)rows->n_negatives * sizeof *rows->negative);
    hash = add_hash(hash, rows->score, n * (size_t)rows->n_scores * sizeof *rows->score);
    if (rows->pool) {
        const tern_negatives *pool = rows->pool;
        size_t entries = (size_t)pool->start[pool->n_lists];
        hash = add_hash(hash, pool->list, n * sizeof *pool->list);
        hash = add_hash(hash, pool->start, (size_t)(pool->n_lists + 1) * sizeof *pool->start);
        hash = add_hash(hash, pool->text, entries * sizeof *pool->text);
        hash = add_hash(hash, pool->score, entries * sizeof *pool->score);
        hash = add_hash(hash, pool->positive_score, n * sizeof *pool->positive_score);
    }
    if (rows->relevant_start)
        hash = add_hash(hash, rows->relevant, (size_t)rows->relevant_start[rows->n_anchors_known] * sizeof(int64_t));
    return add_hash(hash, rows->label, n * sizeof *rows->label);
}
