#include "data/jsonl.h"

#include "base/memory.h"
#include "data/input.h"

#include <string.h>

struct tern_jsonl {
    tern_input input;
    char *path;
    json_t *object;
};

tern_jsonl *tern_jsonl_open(const char *path, int invalid_utf8_replace, tern_error *error)
{
    tern_jsonl *reader = tern_calloc(1, sizeof *reader);
    reader->path = tern_strdup(path);
    if (tern_input_open(&reader->input, reader->path, invalid_utf8_replace, error) < 0) {
        free(reader->path);
        free(reader);
        return NULL;
    }
    return reader;
}

void tern_jsonl_close(tern_jsonl *reader)
{
    if (!reader)
        return;
    json_decref(reader->object);
    tern_input_close(&reader->input);
    free(reader->path);
    free(reader);
}

static int is_blank(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\r", line[i]))
            return 0;
    return 1;
}

static int fail_parse(const tern_jsonl *reader, const json_error_t *why, tern_error *error)
{
    long long line = (long long)reader->input.line;
    switch (json_error_code(why)) {
    case json_error_premature_end_of_input:
        return tern_fail(error,
                         "%s:%lld: the line ends inside a JSON value; is the file cut off, or one value spread "
                         "over lines?",
                         reader->path, line);
    case json_error_end_of_input_expected:
        return tern_fail(error, "%s:%lld: more follows the JSON value; one object a line is expected", reader->path,
                         line);
    case json_error_stack_overflow:
        return tern_fail(error, "%s:%lld: JSON nested too deeply (2,048 levels are read)", reader->path, line);
    default:
        return tern_fail(error, "%s:%lld: invalid JSON at column %d: %s", reader->path, line, why->column, why->text);
    }
}

int tern_jsonl_next(tern_jsonl *reader, tern_error *error)
{
    const char *line;
    size_t n;
    json_decref(reader->object);
    reader->object = NULL;
    do {
        if (!tern_input_next(&reader->input, &line, &n))
            return 0;
    } while (is_blank(line, n));
    json_error_t why;
    json_t *value = json_loadb(line, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!value)
        return fail_parse(reader, &why, error);
    if (!json_is_object(value)) {
        const char *kind = tern_json_kind(value);
        json_decref(value);
        return tern_fail(error, "%s:%lld: %s where an object is expected, e.g. {\"text\": \"...\"}", reader->path,
                         (long long)reader->input.line, kind);
    }
    reader->object = value;
    return 1;
}

const json_t *tern_jsonl_object(const tern_jsonl *reader)
{
    return reader->object;
}

int64_t tern_jsonl_line(const tern_jsonl *reader)
{
    return reader->input.line;
}

const char *tern_jsonl_path(const tern_jsonl *reader)
{
    return reader->path;
}

const char *tern_json_kind(const json_t *value)
{
    if (!value)
        return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    default:
        return "null";
    }
}

int tern_jsonl_string(const tern_jsonl *reader, const char *key, const char **text, size_t *n, tern_error *error)
{
    const json_t *value = json_object_get(reader->object, key);
    if (!value)
        return tern_fail(error, "%s:%lld: the row has no \"%s\"", reader->path, (long long)reader->input.line, key);
    if (!json_is_string(value))
        return tern_fail(error, "%s:%lld: \"%s\" is %s where a string is expected", reader->path,
                         (long long)reader->input.line, key, tern_json_kind(value));
    *text = json_string_value(value);
    *n = json_string_length(value);
    return 0;
}
