#include "data/jsonl.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/input.h"

#include <string.h>

struct tern_jsonl {
    tern_input input;
    char *path;
    int replace; /* escapes that are no text become U+FFFD */
    json_t *object;
    tern_buffer mended; /* a line with such escapes */
};

static tern_jsonl *create(const char *name, int replace)
{
    tern_jsonl *reader = tern_calloc(1, sizeof *reader);
    reader->path = tern_strdup(name);
    reader->replace = replace;
    return reader;
}

tern_jsonl *tern_jsonl_open(const char *path, int invalid_utf8_replace, tern_error *error)
{
    tern_jsonl *reader = create(path, invalid_utf8_replace);
    if (tern_input_open(&reader->input, reader->path, invalid_utf8_replace, error) == 0)
        return reader;
    tern_jsonl_close(reader);
    return NULL;
}

tern_jsonl *tern_jsonl_of_memory(const char *name, const char *data, size_t n, int invalid_utf8_replace,
                                 tern_error *error)
{
    tern_jsonl *reader = create(name, invalid_utf8_replace);
    if (tern_input_of_memory(&reader->input, reader->path, data, n, invalid_utf8_replace, error) == 0)
        return reader;
    tern_jsonl_close(reader);
    return NULL;
}

void tern_jsonl_close(tern_jsonl *reader)
{
    if (!reader)
        return;
    json_decref(reader->object);
    tern_input_close(&reader->input);
    tern_buffer_free(&reader->mended);
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

/* The code unit of an escape \\uXXXX at text, n bytes left; -1: it is none. */
static long escaped_unit(const char *text, size_t n)
{
    long unit = 0;
    if (n < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        const char *digits = "0123456789abcdef", *digit = text[i] ? strchr(digits, text[i] | 0x20) : NULL;
        if (!digit || text[i] < '0')
            return -1;
        unit = unit * 16 + (digit - digits);
    }
    return unit;
}

/* The first escape at or behind from that stands for no character that texts may hold: half a surrogate pair, or
 * \\u0000. n when there is none. */
static size_t find_bad_escape(const char *line, size_t n, size_t from)
{
    for (size_t i = from; i + 1 < n; i++) {
        const char *slash = memchr(line + i, '\\', n - i);
        if (!slash)
            break;
        i = (size_t)(slash - line);
        long unit = escaped_unit(slash, n - i), next = n - i > 6 ? escaped_unit(slash + 6, n - i - 6) : -1;
        if (unit >= 0xD800 && unit < 0xDC00 && next >= 0xDC00 && next < 0xE000)
            i += 11;
        else if (unit == 0 || (unit >= 0xD800 && unit < 0xE000))
            return i;
        else
            i++; /* what is escaped may be a backslash */
    }
    return n;
}

/* The line with U+FFFD for such escapes; it stays as long as it was. */
static const char *mend_escapes(tern_jsonl *reader, const char *line, size_t n)
{
    size_t bad = find_bad_escape(line, n, 0);
    if (bad == n)
        return line;
    reader->mended.n = 0;
    tern_buffer_add(&reader->mended, line, n);
    for (; bad < n; bad = find_bad_escape(reader->mended.data, n, bad + 6))
        memcpy(reader->mended.data + bad, "\\ufffd", 6);
    return reader->mended.data;
}

static int starts_with(const char *line, size_t n, char wanted)
{
    size_t blanks = 0;
    while (blanks < n && strchr(" \t\r", line[blanks]))
        blanks++;
    return blanks < n && line[blanks] == wanted;
}

/* JSON that isn't a row a line: filter is jq's for making it so. */
static int fail_layout(const tern_jsonl *reader, const char *what, const char *filter, tern_error *error)
{
    char *in = tern_shell_word(reader->path);
    tern_fail(error, "%s:%lld: %s; one object a line is expected: jq -c %s %s >NEW.jsonl", reader->path,
              (long long)reader->input.line, what, filter, in);
    free(in);
    return -1;
}

static int fail_parse(const tern_jsonl *reader, const char *text, size_t n, const json_error_t *why, tern_error *error)
{
    long long line = (long long)reader->input.line;
    size_t bad = find_bad_escape(text, n, 0);
    if (bad < n)
        return tern_fail(error,
                         "%s:%lld: invalid JSON: %.6s is %s; mend it, or have such characters replaced with "
                         "--invalid-utf8 replace (in a recipe data.invalid_utf8: replace)",
                         reader->path, line, text + bad,
                         escaped_unit(text + bad, n - bad) ? "half a surrogate pair and no character"
                                                           : "a NUL character, which texts can't hold");
    switch (json_error_code(why)) {
    case json_error_premature_end_of_input:
        if (reader->input.at < reader->input.n && starts_with(text, n, '['))
            return fail_layout(reader, "a JSON array is spread over lines", "'.[]'", error);
        if (reader->input.at < reader->input.n && starts_with(text, n, '{'))
            return fail_layout(reader, "the line ends inside a JSON value, as if an object were spread over lines", ".",
                               error);
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
    if (reader->replace)
        line = mend_escapes(reader, line, n);
    json_error_t why;
    json_t *value = json_loadb(line, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!value)
        return fail_parse(reader, line, n, &why, error);
    if (!json_is_object(value)) {
        const char *kind = tern_json_kind(value);
        int rows = json_is_object(json_array_get(value, 0));
        json_decref(value);
        if (rows)
            return fail_layout(reader, "all rows are in one JSON array", "'.[]'", error);
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
