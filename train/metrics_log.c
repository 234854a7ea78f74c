#include "train/metrics_log.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/json_text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct tern_metrics_log {
    char *path;
    FILE *file;
};

/* The step of one line of n bytes, or -1 when it is not a whole line of this log. */
static int64_t line_step(const char *line, size_t n)
{
    json_t *object = tern_json_parse(line, n, 0, "", NULL);
    json_t *step = json_object_get(object, "step");
    int64_t value = json_is_integer(step) ? (int64_t)json_integer_value(step) : -1;
    json_decref(object);
    return value;
}

void tern_metrics_log_cut(const char *text, size_t n, int64_t last_step, tern_buffer *kept)
{
    const char *end;
    for (const char *line = text; n > 0 && (end = memchr(line, '\n', (size_t)(text + n - line))); line = end + 1) {
        int64_t step = line_step(line, (size_t)(end - line));
        if (step >= 0 && step <= last_step)
            tern_buffer_add(kept, line, (size_t)(end - line) + 1);
    }
}

static int cut(const char *path, int64_t last_step, tern_error *error)
{
    char *text = NULL;
    size_t n = 0;
    if (!tern_file_exists(path) || last_step <= 0)
        return tern_file_write(path, "", 0, error);
    if (tern_file_read(path, 0, &text, &n, error) < 0)
        return -1;
    tern_buffer kept = {0};
    tern_metrics_log_cut(text, n, last_step, &kept);
    int status = tern_file_write(path, kept.n ? kept.data : "", kept.n, error);
    tern_buffer_free(&kept);
    free(text);
    return status;
}

tern_metrics_log *tern_metrics_log_open(const char *path, int64_t last_step, tern_error *error)
{
    if (cut(path, last_step, error) < 0)
        return NULL;
    FILE *file = fopen(path, "ae");
    if (!file) {
        tern_fail(error, "%s: cannot be written: %s", path, strerror(errno));
        return NULL;
    }
    tern_metrics_log *log = tern_calloc(1, sizeof *log);
    *log = (tern_metrics_log){.path = tern_strdup(path), .file = file};
    return log;
}

static int fail(const tern_metrics_log *log, tern_error *error)
{
    return tern_fail(error, "%s: writing failed: %s", log->path, strerror(errno));
}

int tern_metrics_log_add(tern_metrics_log *log, json_t *line, tern_error *error)
{
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(line);
    TERN_CHECK(text, "a line of %s that is not JSON", log->path);
    int bad = fprintf(log->file, "%s\n", text) < 0 || fflush(log->file) != 0;
    free(text);
    return bad ? fail(log, error) : 0;
}

int tern_metrics_log_sync(tern_metrics_log *log, tern_error *error)
{
    return fdatasync(fileno(log->file)) < 0 ? fail(log, error) : 0;
}

int tern_metrics_log_close(tern_metrics_log *log, tern_error *error)
{
    if (!log)
        return 0;
    int status = fclose(log->file) != 0 ? fail(log, error) : 0;
    free(log->path);
    free(log);
    return status;
}
