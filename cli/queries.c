#include "cli/queries.h"

#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 1 << 16 };

struct tern_queries {
    int descriptor;
    const char *name;
    int64_t most;
    tern_buffer text; /* what was read; the lines before `at` were given */
    size_t at;
    int64_t whole;      /* ends of lines behind `at` */
    int ended, failure; /* failure: errno of the read that ended it */
    int bad;            /* a line with a NUL byte was met */
    const char **lines; /* [most] */
};

tern_queries *tern_queries_open(int descriptor, const char *name, int64_t most)
{
    tern_queries *q = tern_calloc(1, sizeof *q);
    *q = (tern_queries){.descriptor = descriptor, .name = name, .most = most};
    q->lines = tern_alloc((size_t)most, sizeof *q->lines);
    tern_buffer_add(&q->text, "", 0);
    return q;
}

void tern_queries_close(tern_queries *queries)
{
    if (!queries)
        return;
    tern_buffer_free(&queries->text);
    free(queries->lines);
    free(queries);
}

static void read_more(tern_queries *q)
{
    char bytes[READ_SIZE];
    ssize_t n;
    do
        n = read(q->descriptor, bytes, sizeof bytes);
    while (n < 0 && errno == EINTR);
    q->ended = n <= 0;
    q->failure = n < 0 ? errno : 0;
    for (ssize_t i = 0; i < n; i++)
        q->whole += bytes[i] == '\n';
    if (n > 0)
        tern_buffer_add(&q->text, bytes, (size_t)n);
}

/* 1 when a read would not wait. */
static int is_ready(const tern_queries *q)
{
    struct pollfd p = {.fd = q->descriptor, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

/* Waits for one line at least. */
static void gather(tern_queries *q)
{
    memmove(q->text.data, q->text.data + q->at, q->text.n - q->at + 1);
    q->text.n -= q->at;
    q->at = 0;
    while (!q->ended && q->whole < q->most && (q->whole == 0 || is_ready(q)))
        read_more(q);
}

/* The next line, made a string in its place, and its length; NULL: there is no whole one. */
static char *cut_line(tern_queries *q, size_t *n)
{
    char *line = q->text.data + q->at;
    if (q->whole == 0 && !(q->ended && q->at < q->text.n))
        return NULL;
    char *end = q->whole > 0 ? memchr(line, '\n', q->text.n - q->at) : q->text.data + q->text.n;
    *n = (size_t)(end - line);
    q->at += *n + (q->whole > 0);
    q->whole -= q->whole > 0;
    *end = 0;
    return line;
}

int64_t tern_queries_next(tern_queries *queries, const char ***lines, tern_error *error)
{
    int64_t given = 0;
    size_t n;
    *lines = queries->lines;
    gather(queries);
    for (char *line; given < queries->most && !queries->bad && (line = cut_line(queries, &n));) {
        queries->bad = memchr(line, 0, n) != NULL;
        line[strcspn(line, "\r")] = 0;
        if (!queries->bad)
            queries->lines[given++] = line;
    }
    if (given == 0 && queries->bad)
        return tern_fail(error, "%s: a query holds a NUL byte; queries are lines of text", queries->name);
    if (given == 0 && queries->failure)
        return tern_fail(error, "%s can't be read: %s", queries->name, strerror(queries->failure));
    return given;
}
