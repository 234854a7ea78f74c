#include "cli/excerpts.h"

#include "base/memory.h"
#include "base/visible.h"

#include <stdlib.h>
#include <string.h>

/* Columns of what differs that should be seen, and below which there is no room for a beginning. */
enum { DIFFERING = 12, NARROW = 24, LONGEST_WORD = 24 };

typedef struct text {
    char *visible;
    int64_t place;
    size_t common; /* bytes that it begins with as another one does */
} text;

static int by_visible(const void *a, const void *b)
{
    return strcmp(((const text *)a)->visible, ((const text *)b)->visible);
}

static size_t common_bytes(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

/* In sorted order no text begins more like one than its neighbours; equal ones are passed over. */
static void find_common(text *sorted, int64_t n)
{
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && !strcmp(sorted[i].visible, sorted[end].visible);)
            end++;
        size_t before = i > 0 ? common_bytes(sorted[i - 1].visible, sorted[i].visible) : 0;
        size_t after = end < n ? common_bytes(sorted[i].visible, sorted[end].visible) : 0;
        for (int64_t k = i; k < end; k++)
            sorted[k].common = before > after ? before : after;
    }
}

/* The beginning of the word, or of the character where words are long or not told apart, that holds byte `at`. */
static size_t word_start(const char *visible, size_t at)
{
    size_t start = at;
    while (start > 0 && at - start < LONGEST_WORD && visible[start - 1] != ' ')
        start--;
    if (start > 0 && visible[start - 1] != ' ')
        start = at;
    while (start > 0 && ((unsigned char)visible[start] & 0xC0) == 0x80)
        start--;
    return start;
}

/* "How to reset ... the router" */
static char *show(const text *t, int columns)
{
    size_t n = strlen(t->visible);
    int whole = tern_columns(t->visible, n), before = tern_columns(t->visible, t->common);
    if (whole <= columns || before + DIFFERING <= columns)
        return tern_visible_cut(t->visible, n, columns, TERN_VISIBLE_TEXT);
    int head_columns = columns < NARROW ? 0 : columns / 3;
    char *head = tern_visible_cut(t->visible, n, head_columns, TERN_VISIBLE_TEXT);
    size_t start = word_start(t->visible, t->common);
    const char *dots = head_columns ? " " : columns > DIFFERING ? "..." : "";
    int left = columns - tern_columns(head, strlen(head)) - (int)strlen(dots);
    char *tail = tern_visible_cut(t->visible + start, n - start, left, TERN_VISIBLE_TEXT);
    char *shown = tern_format("%s%s%s", head, dots, tail);
    free(head);
    free(tail);
    return shown;
}

char **tern_excerpts(const char *const *texts, int64_t n, int columns)
{
    text *sorted = tern_alloc((size_t)n, sizeof *sorted);
    char **shown = tern_alloc((size_t)n, sizeof *shown);
    for (int64_t i = 0; i < n; i++) {
        char *visible = tern_strdup(texts[i]);
        size_t length = tern_visible(visible, strlen(visible), TERN_VISIBLE_TEXT);
        length -= length > 0 && visible[length - 1] == ' ';
        visible[length] = 0;
        sorted[i] = (text){.visible = visible, .place = i};
    }
    qsort(sorted, (size_t)n, sizeof *sorted, by_visible);
    find_common(sorted, n);
    for (int64_t i = 0; i < n; i++) {
        shown[sorted[i].place] = show(&sorted[i], columns > 0 ? columns : 0);
        free(sorted[i].visible);
    }
    free(sorted);
    return shown;
}

void tern_excerpts_free(char **excerpts, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        free(excerpts[i]);
    free(excerpts);
}
