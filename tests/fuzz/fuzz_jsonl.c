/* JSONL: each line is an object, a fault or blank, as a JSON parser says of it by itself; objects written one a line
 * read back equal; with replacement no text holds a NUL character, and what was fine before is as it was. */
#include "data/input.h"
#include "data/jsonl.h"
#include "fuzz.h"

#include <stdlib.h>

static void check_text(const char *text, size_t n)
{
    TERN_CHECK(strlen(text) == n, "a text of %zu bytes ends behind %zu", n, strlen(text));
}

/* No string in value holds a NUL character. */
static void check_texts(json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;
    if (json_is_string(value))
        check_text(json_string_value(value), json_string_length(value));
    json_object_foreach(value, key, item) check_texts(item);
    json_array_foreach(value, i, item) check_texts(item);
}

static int has_nul(const char *line, size_t n)
{
    return memmem(line, n, "\\u0000", 6) != NULL;
}

static void check_strings(const tern_jsonl *reader)
{
    const char *key, *text;
    json_t *item;
    size_t n;
    json_object_foreach((json_t *)tern_jsonl_object(reader), key, item)
    {
        tern_error error = {{0}};
        int status = tern_jsonl_string(reader, key, &text, &n, &error);
        TERN_CHECK((status == 0) == json_is_string(item), "a string is none: %s", error.message);
        if (status < 0)
            FUZZ_FAILED(error);
        else
            TERN_CHECK(text[n] == 0, "no 0 behind a string");
    }
}

static int is_blank(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return 0;
    return 1;
}

/* Reads beside a parser of single lines. Objects are written to written, unless that is NULL. */
static void compare_lines(const char *bytes, size_t n, int replace, FILE *written)
{
    tern_error error = {{0}};
    tern_input input;
    tern_jsonl *reader = tern_jsonl_of_memory("fuzz.jsonl", bytes, n, replace, &error);
    int status = tern_input_of_memory(&input, "fuzz.jsonl", bytes, n, replace, NULL);
    TERN_CHECK(!reader == (status < 0), "opened %d as lines: %s", status, error.message);
    const char *line;
    size_t length;
    if (!reader)
        FUZZ_FAILED(error);
    while (reader && tern_input_next(&input, &line, &length)) {
        if (is_blank(line, length))
            continue;
        json_t *value = json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
        status = tern_jsonl_next(reader, &error);
        TERN_CHECK(tern_jsonl_line(reader) == input.line, "line %lld after line %lld",
                   (long long)tern_jsonl_line(reader), (long long)input.line);
        TERN_CHECK(status != 0 && (status > 0 || !json_is_object(value)), "line %lld is an object, and: %s",
                   (long long)input.line, error.message);
        TERN_CHECK(status < 0 || replace || json_is_object(value), "line %lld is no object", (long long)input.line);
        if (status < 0)
            FUZZ_FAILED(error);
        if (status > 0 && value && !(replace && has_nul(line, length)))
            TERN_CHECK(json_equal(value, tern_jsonl_object(reader)), "line %lld differs", (long long)input.line);
        if (status > 0 && replace)
            check_texts((json_t *)tern_jsonl_object(reader));
        if (status > 0)
            check_strings(reader);
        if (status > 0 && written)
            TERN_CHECK(json_dumpf(tern_jsonl_object(reader), written, JSON_COMPACT) == 0 && fputc('\n', written) > 0,
                       "line %lld can't be written", (long long)input.line);
        json_decref(value);
    }
    TERN_CHECK(!reader || tern_jsonl_next(reader, &error) == 0, "more behind the end");
    tern_jsonl_close(reader);
    tern_input_close(&input);
}

/* Objects as JSON writes them, one a line. */
static void read_again(const char *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_jsonl *reader = tern_jsonl_of_memory("again.jsonl", bytes, n, 0, &error);
    TERN_CHECK(reader, "refused: %s\n%s", error.message, bytes);
    for (const char *at = bytes; at < bytes + n; at = strchr(at, '\n') + 1) {
        json_t *value = json_loadb(at, strcspn(at, "\n"), JSON_ALLOW_NUL, NULL);
        TERN_CHECK(tern_jsonl_next(reader, &error) > 0, "refused: %s\n%s", error.message, bytes);
        TERN_CHECK(json_equal(value, tern_jsonl_object(reader)), "another object:\n%s", at);
        json_decref(value);
    }
    TERN_CHECK(tern_jsonl_next(reader, &error) == 0, "more was read than was written:\n%s", bytes);
    tern_jsonl_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *written;
    size_t written_n;
    FILE *stream = open_memstream(&written, &written_n);
    compare_lines((const char *)bytes, n, 0, stream);
    fclose(stream);
    if (written_n)
        read_again(written, written_n);
    free(written);
    compare_lines((const char *)bytes, n, 1, NULL);
    return 0;
}
