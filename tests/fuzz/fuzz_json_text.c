/* JSON texts: what is taken holds no NUL and, printed, reads back equal; what is refused is refused with its line. */
#include "data/json_text.h"
#include "fuzz.h"

#include <stdlib.h>

static void check_line(const tern_error *error, const uint8_t *bytes, size_t n)
{
    long lines = 1, line = strtol(error->message + sizeof "fuzz.json:" - 1, NULL, 10);
    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    TERN_CHECK(strstr(error->message, "LFS") || (line >= 1 && line <= lines), "%ld lines: %s", lines, error->message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    json_t *value = tern_json_parse((const char *)bytes, n, JSON_DECODE_ANY, "fuzz.json", &error);
    if (!value) {
        FUZZ_FAILED(error);
        check_line(&error, bytes, n);
        return 0;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    TERN_CHECK(text && !memchr(bytes, 0, n), "what was read can't be printed, or holds a NUL");
    json_t *again = tern_json_parse(text, strlen(text), JSON_DECODE_ANY, "again.json", &error);
    TERN_CHECK(again && json_equal(value, again), "%s: %s", text, error.message);
    json_decref(again);
    json_decref(value);
    free(text);
    return 0;
}
