/* tern tokenize: the token ids of each text of a file. All of it is read and checked before the first line is
 * printed. */
#include "base/arena.h"
#include "base/memory.h"
#include "checkpoints/model.h"
#include "cli/command.h"
#include "cli/models.h"
#include "data/jsonl.h"
#include "data/lines.h"
#include "data/tokenizer.h"

#include <string.h>

enum {
    BATCH = 1024,   /* texts that are encoded before their ids are printed: what the processor's cache holds */
    MOST_WIDTH = 12 /* characters of an id and what separates it from the next */
};

static int jsonl;
static int64_t max_length;
static const char *invalid_utf8;

static const tern_flag flags[] = {
    {"jsonl", TERN_FLAG_BOOL, &jsonl, NULL, "rows are JSON objects, their text under \"text\""},
    {"max-length", TERN_FLAG_INT, &max_length, "N", "at most N ids a text, special tokens included (0: all)"},
    {"invalid-utf8", TERN_FLAG_STRING, &invalid_utf8, "replace", "put U+FFFD for bytes that are not UTF-8"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "tokenize",
    .arguments = "MODEL FILE",
    .least = 2,
    .most = 2,
    .summary = "Prints a JSON array of token ids for each line of FILE, special tokens included. A line ends at LF or "
               "CR LF; an empty one is an empty text.",
    .example = "tern tokenize sentence-transformers/all-MiniLM-L6-v2 texts.txt",
    .flags = flags,
};

/* The texts of a file: borrowed from it where it holds them as they are, else in the arena. */
typedef struct texts {
    const char **items;
    size_t *lengths;
    size_t n, capacity, lengths_capacity;
    tern_input input;
    tern_arena *arena;
} texts;

static void add_text(texts *list, const char *text, size_t n)
{
    TERN_GROW(list->lengths, list->n, list->lengths_capacity);
    TERN_GROW(list->items, list->n, list->capacity);
    list->lengths[list->n] = n;
    list->items[list->n++] = text;
}

static int read_lines(texts *list, const char *path, tern_error *error)
{
    const char *line;
    size_t n;
    if (tern_lines_open(&list->input, path, invalid_utf8 != NULL, error) < 0)
        return -1;
    while (tern_input_next(&list->input, &line, &n))
        add_text(list, line, n);
    return 0;
}

static int read_jsonl(texts *list, const char *path, tern_error *error)
{
    const char *text;
    size_t n;
    int status;
    tern_jsonl *reader = tern_jsonl_open(path, invalid_utf8 != NULL, error);
    if (!reader)
        return -1;
    while ((status = tern_jsonl_next(reader, error)) > 0) {
        if ((status = tern_jsonl_string(reader, "text", &text, &n, error)) < 0)
            break;
        char *copy = tern_arena_alloc(list->arena, n + 1);
        memcpy(copy, text, n);
        add_text(list, copy, n);
    }
    tern_jsonl_close(reader);
    return status;
}

static char *write_number(char *out, int32_t id)
{
    char digits[MOST_WIDTH];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + id % 10);
    while ((id /= 10) > 0);
    memcpy(out, digits + at, sizeof digits - at);
    return out + (sizeof digits - at);
}

static char *write_ids(char *out, const int32_t *ids, int64_t n)
{
    *out++ = '[';
    for (int64_t i = 0; i < n; i++) {
        if (i > 0) {
            *out++ = ',';
            *out++ = ' ';
        }
        out = write_number(out, ids[i]);
    }
    *out++ = ']';
    *out++ = '\n';
    return out;
}

/* What is printed of a batch. */
typedef struct output {
    char *text;
    size_t capacity;
} output;

static void print_ids(const tern_ids *ids, output *out)
{
    size_t most = (size_t)ids->offsets[ids->n] * MOST_WIDTH + (size_t)ids->n * strlen("[]\n");
    if (most > out->capacity) {
        free(out->text);
        out->text = tern_alloc(most, 1);
        out->capacity = most;
    }
    char *end = out->text;
    for (int64_t i = 0; i < ids->n; i++)
        end = write_ids(end, ids->ids + ids->offsets[i], ids->offsets[i + 1] - ids->offsets[i]);
    fwrite(out->text, 1, (size_t)(end - out->text), stdout);
}

static void print_texts(const tern_tokenizer *tokenizer, const texts *list)
{
    tern_ids ids = {0};
    output out = {0};
    for (size_t from = 0; from < list->n && !ferror(stdout); from += BATCH) {
        size_t n = list->n - from < BATCH ? list->n - from : BATCH;
        ids.n = 0;
        tern_tokenizer_encode_all(tokenizer, NULL, list->items + from, list->lengths + from, (int64_t)n, max_length,
                                  &ids);
        print_ids(&ids, &out);
    }
    free(out.text);
    tern_ids_free(&ids);
}

static int tokenize_file(const tern_tokenizer *tokenizer, const char *path, tern_error *error)
{
    texts list = {.arena = tern_arena_create()};
    int status = jsonl ? read_jsonl(&list, path, error) : read_lines(&list, path, error);
    if (status == 0)
        print_texts(tokenizer, &list);
    tern_input_close(&list.input);
    tern_arena_free(list.arena);
    free(list.items);
    free(list.lengths);
    return status;
}

int tern_cmd_tokenize(int argc, char **argv)
{
    const char *args[2];
    int status = tern_flags_parse(&command, argc, argv, args);
    if (status != TERN_GO_ON)
        return status;
    if (invalid_utf8 && strcmp(invalid_utf8, "replace") != 0)
        return tern_command_usage(&command, "--invalid-utf8 %s: the only choice is replace", invalid_utf8);
    status = tern_command_check_order(&command, args[0], args[1]);
    if (status != TERN_GO_ON)
        return status;
    tern_error error = {{0}};
    tern_warnings warnings = {0};
    char *folder = tern_model_find(args[0], &warnings, &error);
    tern_command_warn_all(&warnings);
    tern_warnings_free(&warnings);
    tern_tokenizer *tokenizer = folder ? tern_tokenizer_load(folder, &error) : NULL;
    if (tokenizer)
        tern_command_warn_all(tern_tokenizer_warnings(tokenizer));
    status = tokenizer ? tokenize_file(tokenizer, args[1], &error) : -1;
    tern_tokenizer_free(tokenizer);
    free(folder);
    return status < 0 ? tern_command_fail(&error) : TERN_EXIT_DONE;
}
