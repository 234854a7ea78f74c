/* Lines of texts: what is accepted is exactly text (UTF-8 as utf8proc sees it, no NUL byte, not ended by CR alone),
 * lines are those of a plain cut at LF, replacing leaves valid text alone, and what is listed as invalid is what
 * opening refuses. */
#include "data/foreign.h"
#include "data/input.h"
#include "data/utf8.h"
#include "fuzz.h"

#include <stdlib.h>
#include <utf8proc.h>

/* The offset of the first byte that is not UTF-8, or n. */
static size_t check_utf8(const char *text, size_t n)
{
    size_t at = 0;
    while (at < n) {
        utf8proc_int32_t c;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(n - at), &c);
        if (length <= 0)
            break;
        at += (size_t)length;
    }
    return at;
}

/* Walks all lines beside a cut at each LF. */
static void walk(tern_input *input)
{
    const char *line;
    size_t at = 0, length;
    while (tern_input_next(input, &line, &length)) {
        const char *end = memchr(input->data + at, '\n', input->n - at);
        size_t whole = end ? (size_t)(end - (input->data + at)) : input->n - at;
        TERN_CHECK(line == input->data + at, "line %lld starts elsewhere", (long long)input->line);
        TERN_CHECK(length == whole || (length + 1 == whole && line[length] == '\r'), "line %lld has %zu bytes of %zu",
                   (long long)input->line, length, whole);
        TERN_CHECK(length == 0 || length < whole || line[length - 1] != '\r', "line %lld ends with CR",
                   (long long)input->line);
        TERN_CHECK(tern_input_line_at(input, at) == input->line, "line %lld at byte %zu", (long long)input->line, at);
        at += whole + (end != NULL);
    }
    TERN_CHECK(at == input->n, "lines end at byte %zu of %zu", at, input->n);
}

static void count(void *context, const tern_error *fault)
{
    FUZZ_FAILED(*fault);
    ++*(int64_t *)context;
}

/* Invalid UTF-8: on how many lines, by the sentence and by the list; and replaced. */
static void check_invalid(const char *data, size_t n, const tern_error *refused)
{
    tern_error error = {{0}};
    tern_input replaced;
    int64_t listed = 0;
    long long more = 0;
    const char *as = strstr(refused->message, ", as on ");
    if (as)
        more = strtoll(as + strlen(", as on "), NULL, 10);
    tern_input_list_invalid_of_memory("fuzz.txt", data, n, count, &listed);
    TERN_CHECK(listed == more + 1, "%lld lines are listed, and opening says %s", (long long)listed, refused->message);
    TERN_CHECK(tern_input_of_memory(&replaced, "fuzz.txt", data, n, 1, &error) == 0, "refused: %s", error.message);
    TERN_CHECK(check_utf8(replaced.data, replaced.n) == replaced.n, "invalid after it was replaced");
    walk(&replaced);
    tern_input_close(&replaced);
}

/* What is text all through is taken for a file of another kind only by words that no text begins with. */
static void check_foreign(const char *data, size_t n)
{
    static const char pdf[] = "%PDF-", pointer[] = "version https://git-lfs.github.com/spec/v1";
    size_t controls = 0;
    if (tern_foreign_check("fuzz.txt", data, n, NULL) == 0 || check_utf8(data, n) < n)
        return;
    for (size_t i = 0; i < n; i++)
        controls += (unsigned char)data[i] < ' ' && !strchr("\t\n\f\r", data[i] ? data[i] : 1);
    TERN_CHECK(controls || (n >= strlen(pdf) && !memcmp(data, pdf, strlen(pdf))) ||
                   (n >= strlen(pointer) && !memcmp(data, pointer, strlen(pointer))),
               "a text is taken for another kind of file");
}

/* Why these bytes are no text, by the rules of the header; NULL: they are. */
static const char *fault_of(const char *data, size_t n)
{
    const char *cr = n ? memchr(data, '\r', n) : NULL;
    if (tern_foreign_check("fuzz.txt", data, n, NULL) < 0)
        return ": it is ";
    if (cr && cr + 1 < data + n && !memchr(data, '\n', n))
        return "CR alone";
    if (n && memchr(data, 0, n))
        return "NUL byte";
    return check_utf8(data, n) < n ? "invalid UTF-8" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *data = (const char *)bytes, *text = data;
    size_t text_n = n;
    tern_error error = {{0}};
    tern_input input;
    if (n >= 3 && !memcmp(data, "\xEF\xBB\xBF", 3)) {
        text += 3;
        text_n -= 3;
    }
    const char *fault = fault_of(text, text_n);
    check_foreign(text, text_n);
    int status = tern_input_of_memory(&input, "fuzz.txt", data, n, 0, &error);
    TERN_CHECK(tern_utf8_check(text, text_n) == check_utf8(text, text_n), "invalid at byte %zu, or %zu",
               tern_utf8_check(text, text_n), check_utf8(text, text_n));
    TERN_CHECK(!fault == (status == 0), "%s, and opening says \"%s\"", fault ? fault : "fine", error.message);
    if (!fault) {
        TERN_CHECK(input.n == text_n && !memcmp(input.data, text, text_n), "%zu bytes of %zu", input.n, text_n);
        walk(&input);
        tern_input_close(&input);
        return 0;
    }
    FUZZ_FAILED(error);
    TERN_CHECK(strstr(error.message, fault), "not %s: %s", fault, error.message);
    if (!strcmp(fault, "invalid UTF-8"))
        check_invalid(data, n, &error);
    return 0;
}
