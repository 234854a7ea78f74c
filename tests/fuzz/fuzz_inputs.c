/* What a run was a function of, as a training state holds it: nothing differs between equal texts; two others differ
 * when their lines do, and what is said of it is one line that names no more than the texts have. The two texts are the
 * parts of the input before and behind its first NUL. */
#include "base/memory.h"
#include "fuzz.h"
#include "train/inputs.h"

#include <stdlib.h>

/* Every line ends, and has the four fields that tern writes, the first of them not empty. */
static int is_whole(const char *text)
{
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        int tabs = 0;
        size_t n = strcspn(line, "\n");
        for (size_t i = 0; i < n; i++)
            tabs += line[i] == '\t';
        if (tabs != 3 || *line == '\t' || !line[n])
            return 0;
    }
    return 1;
}

static int has_line(const char *text, const char *line, size_t n)
{
    for (; *text; text += strcspn(text, "\n") + 1)
        if (!strncmp(text, line, n))
            return 1;
    return 0;
}

/* 1 when a line of now, of the test data or of all else, is not in old. */
static int has_more(const char *old, const char *now, int test)
{
    static const char kind[] = TERN_INPUT_TEST "\t";
    for (const char *line = now; *line; line += strcspn(line, "\n") + 1)
        if ((strncmp(line, kind, sizeof kind - 1) == 0) == test && !has_line(old, line, strcspn(line, "\n") + 1))
            return 1;
    return 0;
}

static void compare(const char *old, const char *now, int test)
{
    char *changed = tern_inputs_changed(old, now, test), *none = tern_inputs_changed(old, old, test);
    TERN_CHECK(!none, "a text differs from itself: %s", none);
    TERN_CHECK(!changed || (*changed && !strpbrk(changed, "\n")), "\"%s\" is not one line", changed);
    /* At most all names of both, with a comma or semicolon each, and a few words. */
    TERN_CHECK(!changed || strlen(changed) <= 2 * (strlen(old) + strlen(now)) + 64, "%zu bytes of %zu and %zu",
               strlen(changed), strlen(old), strlen(now));
    if (is_whole(old) && is_whole(now) && has_more(old, now, test))
        TERN_CHECK(changed, "nothing differs between\n%s\nand\n%s", old, now);
    free(changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *text = (const char *)bytes;
    size_t first = n ? strnlen(text, n) : 0, rest = n - first;
    char *old = tern_strndup(text, first), *now = tern_strndup(text + first + (rest > 0), rest - (rest > 0));
    for (int test = 0; test < 2; test++) {
        compare(old, now, test);
        compare(now, old, test);
    }
    TERN_CHECK(tern_inputs_same_version(old, old), "a text is of another version than itself");
    free(old);
    free(now);
    return 0;
}
