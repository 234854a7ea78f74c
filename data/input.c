#include "data/input.h"

#include "base/memory.h"
#include "data/utf8.h"

#include <string.h>
#include <sys/stat.h>

/* Of what has no size that could be looked at first. */
static const size_t most_piped = (size_t)1 << 30;

/* Regular files are mapped; a pipe is read. */
static int load(tern_input *input, tern_error *error)
{
    struct stat info;
    if (stat(input->path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        if (tern_file_read(input->path, most_piped, &input->owned, &input->n, error) < 0)
            return -1;
        input->data = input->owned;
        return 0;
    }
    if (tern_map_open(&input->map, input->path, error) < 0)
        return -1;
    input->data = input->map.data ? (const char *)input->map.data : "";
    input->n = input->map.n;
    return 0;
}

static void skip_mark(tern_input *input)
{
    if (input->n >= 3 && memcmp(input->data, "\xEF\xBB\xBF", 3) == 0) {
        input->data += 3;
        input->n -= 3;
    }
}

static int is_utf16(const tern_input *input)
{
    return input->n >= 2 && (memcmp(input->data, "\xFF\xFE", 2) == 0 || memcmp(input->data, "\xFE\xFF", 2) == 0);
}

static int check_bytes(tern_input *input, int invalid_utf8_replace, tern_error *error)
{
    if (is_utf16(input))
        return tern_fail(error, "%s:1: it is UTF-16; save it as UTF-8", input->path);
    const char *nul = input->n ? memchr(input->data, 0, input->n) : NULL;
    if (nul)
        return tern_fail(error, "%s:%lld: a NUL byte; it isn't a text file", input->path,
                         (long long)tern_input_line_at(input, (size_t)(nul - input->data)));
    size_t bad = tern_utf8_check(input->data, input->n);
    if (bad == input->n)
        return 0;
    if (!invalid_utf8_replace)
        return tern_fail(error,
                         "%s:%lld: invalid UTF-8 (byte 0x%02X); save it as UTF-8, or have such bytes replaced with "
                         "--invalid-utf8 replace",
                         input->path, (long long)tern_input_line_at(input, bad), (unsigned char)input->data[bad]);
    char *replaced = tern_utf8_replace(input->data, input->n, &input->n);
    tern_map_close(&input->map);
    free(input->owned);
    input->data = input->owned = replaced;
    return 0;
}

int tern_input_open(tern_input *input, const char *path, int invalid_utf8_replace, tern_error *error)
{
    *input = (tern_input){.path = path};
    if (load(input, error) < 0)
        return -1;
    skip_mark(input);
    if (check_bytes(input, invalid_utf8_replace, error) < 0) {
        tern_input_close(input);
        return -1;
    }
    return 0;
}

void tern_input_close(tern_input *input)
{
    tern_map_close(&input->map);
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
