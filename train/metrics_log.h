/* A log of JSON lines, each with a "step", that stays consistent when a run is killed and goes on: at opening it
 * is cut to the step that the run goes on from.
 *
 *     tern_metrics_log *log = tern_metrics_log_open("runs/x/metrics.jsonl", 120, &error);    // keeps steps 1 .. 120
 *     tern_metrics_log_add(log, json_pack("{s:I, s:f}", "step", 121, "loss", 0.5), &error);
 *     tern_metrics_log_close(log, &error);
 */
#ifndef TERN_TRAIN_METRICS_LOG_H
#define TERN_TRAIN_METRICS_LOG_H

#include "base/error.h"
#include "base/memory.h"

#include <jansson.h>
#include <stdint.h>

typedef struct tern_metrics_log tern_metrics_log;

/* Opens path for appending after rewriting it, atomically, with those of its lines that are whole and whose step is
 * at most last_step; 0: starts empty. A file that is not there is made. NULL on failure. */
tern_metrics_log *tern_metrics_log_open(const char *path, int64_t last_step, tern_error *error);
/* Adds to kept, of a log's text [n], the lines that stay so: those that end and are a JSON object whose step is from 0
 * to last_step. */
void tern_metrics_log_cut(const char *text, size_t n, int64_t last_step, tern_buffer *kept);
/* Appends one line with full precision and hands it to the system at once; takes the reference to line. */
int tern_metrics_log_add(tern_metrics_log *log, json_t *line, tern_error *error);
/* Makes all lines durable: called before a checkpoint that counts on them. */
int tern_metrics_log_sync(tern_metrics_log *log, tern_error *error);
/* Frees the log; NULL is fine. */
int tern_metrics_log_close(tern_metrics_log *log, tern_error *error);

#endif
