#include "data/input.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/foreign.h"
#include "data/utf8.h"

#include <string.h>
#include <sys/stat.h>

/* Of what has no size that could be looked at first. */
static const size_t most_piped = (size_t)1 << 30;

/* Read and not mapped: a mapped file that gets shorter ends the process. */
static int load(tern_input *input, tern_error *error)
{
    struct stat info;
    int there = stat(input->path, &info) == 0;
    if (there && S_ISDIR(info.st_mode))
        return tern_fail(error, "%s: it is not a file", input->path);
    size_t limit = there && !S_ISREG(info.st_mode) ? most_piped : 0;
    if (tern_pipe_read(input->path, limit, &input->owned, &input->n, error) < 0)
        return -1;
    input->data = input->owned;
    return 0;
}

static void skip_mark(tern_input *input)
{
    if (input->n >= 3 && memcmp(input->data, "\xEF\xBB\xBF", 3) == 0) {
        input->data += 3;
        input->n -= 3;
    }
}

/* Lines that end with CR alone, as of Mac OS 9, would be one line. */
static int check_line_ends(const tern_input *input, tern_error *error)
{
    /* Where there is an LF at all the first one is soon met. */
    if (input->n == 0 || memchr(input->data, '\n', input->n))
        return 0;
    const char *cr = memchr(input->data, '\r', input->n);
    if (!cr || cr + 1 == input->data + input->n)
        return 0;
    char *in = tern_shell_word(input->path);
    tern_fail(error, "%s:1: its lines end with CR alone, which tern doesn't read; run: tr '\\r' '\\n' <%s >NEW",
              input->path, in);
    free(in);
    return -1;
}

static int64_t count_bad_lines(const tern_input *input, size_t bad)
{
    int64_t lines = 0;
    while (bad < input->n) {
        const char *end = memchr(input->data + bad, '\n', input->n - bad);
        lines++;
        if (!end)
            break;
        bad = (size_t)(end - input->data) + 1;
        bad += tern_utf8_check(input->data + bad, input->n - bad);
    }
    return lines;
}

static int fail_utf8(const tern_input *input, size_t bad, tern_error *error)
{
    int64_t more = count_bad_lines(input, bad) - 1;
    char *others = more ? tern_format(", as on %lld more line%s", (long long)more, tern_s(more)) : NULL;
    tern_fail(error,
              "%s:%lld: invalid UTF-8 (byte 0x%02X)%s; save it as UTF-8, or have such bytes replaced with "
              "--invalid-utf8 replace (in a recipe data.invalid_utf8: replace)",
              input->path, (long long)tern_input_line_at(input, bad), (unsigned char)input->data[bad],
              others ? others : "");
    free(others);
    return -1;
}

static int check_bytes(tern_input *input, int invalid_utf8_replace, tern_error *error)
{
    if (tern_foreign_check(input->path, input->data, input->n, error) < 0 || check_line_ends(input, error) < 0)
        return -1;
    const char *nul = input->n ? memchr(input->data, 0, input->n) : NULL;
    if (nul)
        return tern_fail(error, "%s:%lld: a NUL byte; it isn't a text file", input->path,
                         (long long)tern_input_line_at(input, (size_t)(nul - input->data)));
    size_t bad = tern_utf8_check(input->data, input->n);
    if (bad == input->n)
        return 0;
    if (!invalid_utf8_replace)
        return fail_utf8(input, bad, error);
    char *replaced = tern_utf8_replace(input->data, input->n, &input->n);
    free(input->owned);
    input->data = input->owned = replaced;
    return 0;
}

static int prepare(tern_input *input, int invalid_utf8_replace, tern_error *error)
{
    skip_mark(input);
    if (check_bytes(input, invalid_utf8_replace, error) < 0) {
        tern_input_close(input);
        return -1;
    }
    return 0;
}

int tern_input_open(tern_input *input, const char *path, int invalid_utf8_replace, tern_error *error)
{
    *input = (tern_input){.path = path};
    return load(input, error) < 0 ? -1 : prepare(input, invalid_utf8_replace, error);
}

int tern_input_of_memory(tern_input *input, const char *name, const char *data, size_t n, int invalid_utf8_replace,
                         tern_error *error)
{
    *input = (tern_input){.path = name, .data = n ? data : "", .n = n};
    return prepare(input, invalid_utf8_replace, error);
}

static void list_invalid(tern_input *input, void (*add)(void *context, const tern_error *fault), void *context)
{
    tern_error fault = {{0}};
    const char *line;
    size_t n;
    skip_mark(input);
    if (tern_foreign_check(input->path, input->data, input->n, NULL) < 0)
        return;
    while (tern_input_next(input, &line, &n)) {
        size_t bad = tern_utf8_check(line, n);
        if (bad == n)
            continue;
        tern_fail(&fault, "%s:%lld: invalid UTF-8 (byte 0x%02X); save it as UTF-8, or say --invalid-utf8 replace",
                  input->path, (long long)input->line, (unsigned char)line[bad]);
        add(context, &fault);
    }
}

void tern_input_list_invalid(const char *path, void (*add)(void *context, const tern_error *fault), void *context)
{
    tern_input input = {.path = path};
    if (load(&input, NULL) == 0)
        list_invalid(&input, add, context);
    tern_input_close(&input);
}

void tern_input_list_invalid_of_memory(const char *name, const char *data, size_t n,
                                       void (*add)(void *context, const tern_error *fault), void *context)
{
    tern_input input = {.path = name, .data = n ? data : "", .n = n};
    list_invalid(&input, add, context);
}

void tern_input_close(tern_input *input)
{
    free(input->owned);
    *input = (tern_input){0};
}

int tern_input_next(tern_input *input, const char **line, size_t *n)
{
    if (input->at >= input->n)
        return 0;
    const char *start = input->data + input->at;
    size_t left = input->n - input->at;
    const char *end = memchr(start, '\n', left);
    size_t length = end ? (size_t)(end - start) : left;
    input->at += length + (end != NULL);
    input->line++;
    *line = start;
    *n = length > 0 && start[length - 1] == '\r' ? length - 1 : length;
    return 1;
}

int64_t tern_input_line_at(const tern_input *input, size_t offset)
{
    int64_t line = 1;
    for (size_t i = 0; i < offset && i < input->n; i++)
        line += input->data[i] == '\n';
    return line;
}
