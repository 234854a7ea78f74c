#include "train/report.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"

#include <string.h>

enum { RESULT_LIMIT = 1 << 20 };

/* Shown besides the run's own metric. */
static const char *const usual[] = {"ndcg_at_10", "map_at_10", "mrr_at_10", "recall_at_10", "recall_at_100"};
enum { N_USUAL = sizeof usual / sizeof *usual };

static json_t *means(const tern_scores *scores)
{
    json_t *object = json_object();
    for (int i = 0; i < scores->n_metrics; i++)
        json_object_set_new(object, scores->names[i], json_real(scores->means[i]));
    return object;
}

/* The scores that decide whether the run was worth it: dev's, without dev test's. 1 when there are such. */
static int verdict(const json_t *result, const char **set, double *base, double *tuned)
{
    const json_t *dev = json_object_get(result, "dev");
    const char *metric = json_string_value(json_object_get(result, "metric"));
    const json_t *a = json_object_get(dev, "base"), *b = json_object_get(dev, "best");
    *set = dev ? "dev" : "test";
    if (!dev) {
        a = json_object_get(json_object_get(result, "base"), metric);
        b = json_object_get(json_object_get(result, "tuned"), metric);
    }
    *base = json_number_value(a);
    *tuned = json_number_value(b);
    return a && b;
}

json_t *tern_report_json(const tern_outcome *outcome)
{
    const tern_progress *p = outcome->progress;
    const char *set;
    double base, tuned;
    json_t *result = json_object();
    if (outcome->test) {
        json_object_set_new(result, "base", means(outcome->base));
        json_object_set_new(result, "tuned", means(outcome->tuned));
        json_object_set_new(result, "p_value", json_real(outcome->test->p_value));
    }
    json_object_set_new(result, "metric", json_string(outcome->metric));
    if (outcome->has_dev)
        json_object_set_new(result, "dev",
                            json_pack("{s:f, s:f, s:I}", "base", outcome->dev_base, "best", p->best_score, "step",
                                      (json_int_t)p->best_step));
    if (verdict(result, &set, &base, &tuned))
        json_object_set_new(result, "worse_than_base", json_boolean(tuned < base));
    json_object_set_new(result, "steps", json_integer(outcome->steps));
    json_object_set_new(result, "seconds", json_real(p->seconds));
    json_object_set_new(result, "tokens_per_second", json_real(p->seconds > 0 ? (double)p->tokens / p->seconds : 0));
    json_object_set_new(result, "peak_memory_mb", json_real(tern_peak_memory_mb()));
    json_object_set_new(result, "planned_memory_mb", json_real((double)outcome->memory_plan / 1048576));
    if (outcome->warnings)
        json_object_set(result, "warnings", outcome->warnings);
    json_object_set_new(result, "model", json_string(outcome->model_folder));
    return result;
}

json_t *tern_report_read(const char *path, tern_error *error)
{
    char *text = NULL;
    size_t n = 0;
    if (tern_file_read(path, RESULT_LIMIT, &text, &n, error) < 0)
        return NULL;
    json_t *result = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    if (json_is_string(json_object_get(result, "model")) && json_is_string(json_object_get(result, "metric")))
        return result;
    json_decref(result);
    tern_fail(error, "%s: is not what tern writes; remove it and run the command again", path);
    return NULL;
}

static void add_row(tern_buffer *out, const json_t *result, const char *name)
{
    const json_t *base = json_object_get(json_object_get(result, "base"), name);
    const json_t *tuned = json_object_get(json_object_get(result, "tuned"), name);
    if (!base || !tuned)
        return;
    double a = json_number_value(base), b = json_number_value(tuned);
    tern_buffer_printf(out, "%-18s %8.5f  %8.5f    %+8.5f", name, a, b, b - a);
    if (strcmp(name, json_string_value(json_object_get(result, "metric"))) == 0)
        tern_buffer_printf(out, "   p = %.2g", json_number_value(json_object_get(result, "p_value")));
    tern_buffer_printf(out, "\n");
}

static void add_table(tern_buffer *out, const json_t *result)
{
    const char *metric = json_string_value(json_object_get(result, "metric"));
    tern_buffer_printf(out, "%-18s %8s  %8s    %8s\n", "test", "base", "tuned", "gain");
    add_row(out, result, metric);
    for (int i = 0; i < N_USUAL; i++)
        if (strcmp(usual[i], metric) != 0)
            add_row(out, result, usual[i]);
}

static void add_last_line(tern_buffer *out, const json_t *result)
{
    const char *set, *model = json_string_value(json_object_get(result, "model"));
    double base, tuned;
    if (verdict(result, &set, &base, &tuned) && tuned < base)
        tern_buffer_printf(out,
                           "The model in %s is worse than its base on %s: %s %.5f against %.5f; keep the base, or "
                           "lower train.learning_rate\n",
                           model, set, json_string_value(json_object_get(result, "metric")), tuned, base);
    else
        tern_buffer_printf(out, "The model is in %s\n", model);
}

char *tern_report_text(const json_t *result)
{
    tern_buffer out = {0};
    const json_t *dev = json_object_get(result, "dev");
    if (json_object_get(result, "base"))
        add_table(&out, result);
    if (dev)
        tern_buffer_printf(
            &out, "%-18s %8.5f  %8.5f    %+8.5f   at step %lld\n", "dev",
            json_number_value(json_object_get(dev, "base")), json_number_value(json_object_get(dev, "best")),
            json_number_value(json_object_get(dev, "best")) - json_number_value(json_object_get(dev, "base")),
            (long long)json_integer_value(json_object_get(dev, "step")));
    char peak[32];
    tern_memory_text(peak, sizeof peak,
                     (int64_t)(json_number_value(json_object_get(result, "peak_memory_mb")) * 1048576));
    tern_buffer_printf(&out, "%lld steps in %.1f s, %.0f tokens/s, at most %s\n",
                       (long long)json_integer_value(json_object_get(result, "steps")),
                       json_number_value(json_object_get(result, "seconds")),
                       json_number_value(json_object_get(result, "tokens_per_second")), peak);
    size_t warnings = json_array_size(json_object_get(result, "warnings"));
    if (warnings > 0)
        tern_buffer_printf(&out, "%zu %s, listed in result.json\n", warnings, warnings == 1 ? "warning" : "warnings");
    add_last_line(&out, result);
    return out.data;
}
