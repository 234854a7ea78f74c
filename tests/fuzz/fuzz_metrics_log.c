/* The cut of a metrics log: what stays is whole lines of the log in their order, each with a step in range; all of them
 * where the log is whole and its steps fit; and cut again at the same step, it stays as it is. The first byte of the
 * input is the last step. */
#include "fuzz.h"
#include "train/metrics_log.h"

#include <stdlib.h>

static json_int_t step_of(const char *line, size_t n)
{
    json_t *object = memchr(line, 0, n) ? NULL : json_loadb(line, n, 0, NULL), *step = json_object_get(object, "step");
    json_int_t value = json_is_integer(step) ? json_integer_value(step) : -1;
    json_decref(object);
    return value;
}

/* Walks through log and what was kept of it side by side. */
static void check(const char *log, size_t n, const tern_buffer *kept, int64_t last_step)
{
    const char *at = kept->data, *kept_end = at + kept->n, *end;
    for (const char *line = log; n && (end = memchr(line, '\n', (size_t)(log + n - line))); line = end + 1) {
        size_t length = (size_t)(end - line) + 1;
        json_int_t step = step_of(line, length);
        if (step < 0 || step > last_step)
            continue;
        TERN_CHECK((size_t)(kept_end - at) >= length && !memcmp(at, line, length),
                   "the line of step %lld is not kept: %.*s", (long long)step, (int)length, line);
        at += length;
    }
    TERN_CHECK(at == kept_end, "%zu bytes too many are kept", (size_t)(kept_end - at));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    int64_t last_step = bytes[0];
    const char *log = (const char *)bytes + 1;
    tern_buffer kept = {0}, again = {0}, less = {0}, at_once = {0};
    tern_buffer_add(&kept, "", 0);
    tern_metrics_log_cut(log, n - 1, last_step, &kept);
    check(log, n - 1, &kept, last_step);
    tern_metrics_log_cut(kept.data, kept.n, last_step, &again);
    TERN_CHECK(again.n == kept.n && (!kept.n || !memcmp(again.data, kept.data, kept.n)), "cut again it has %zu bytes",
               again.n);
    /* A run that is resumed twice, from an earlier step the second time. */
    tern_metrics_log_cut(kept.data, kept.n, last_step / 2, &less);
    tern_metrics_log_cut(log, n - 1, last_step / 2, &at_once);
    TERN_CHECK(less.n == at_once.n && (!less.n || !memcmp(less.data, at_once.data, less.n)),
               "%zu bytes in two cuts, %zu in one", less.n, at_once.n);
    tern_buffer_free(&kept);
    tern_buffer_free(&again);
    tern_buffer_free(&less);
    tern_buffer_free(&at_once);
    return 0;
}
