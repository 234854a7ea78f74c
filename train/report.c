#include "train/report.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/words.h"

#include <math.h>
#include <string.h>

enum { MOST_MB = 1 << 30 };

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

static void add_test(json_t *result, const tern_outcome *outcome)
{
    if (!outcome->base)
        return;
    json_object_set_new(result, "base", means(outcome->base));
    json_object_set_new(result, "tuned", means(&outcome->tuned));
    json_object_set_new(result, "p_value", json_real(outcome->test.p_value));
    if (outcome->beside)
        json_object_set(result, "beside", outcome->beside);
    if (!outcome->as_trained)
        return;
    json_object_set_new(result, "base_as_trained", means(outcome->as_trained));
    json_object_set_new(result, "p_value_as_trained", json_real(outcome->test_as_trained.p_value));
}

static void add_dev(json_t *result, const tern_outcome *outcome)
{
    const tern_progress *p = outcome->progress;
    if (isnan(outcome->dev_base))
        return;
    json_t *dev = json_pack("{s:f, s:f, s:I}", "base", outcome->dev_base, "best", p->best_score, "step",
                            (json_int_t)p->best_step);
    if (!isnan(outcome->dev_as_trained))
        json_object_set_new(dev, "base_as_trained", json_real(outcome->dev_as_trained));
    json_object_set_new(result, "dev", dev);
}

/* How many steps taught nothing, and why. */
static void set_idle(json_t *result, const tern_progress *progress)
{
    json_t *reasons = json_object();
    int64_t sum = 0;
    for (int i = 0; i < TERN_IDLE_REASONS; i++) {
        sum += progress->idle[i];
        if (progress->idle[i] > 0)
            json_object_set_new(reasons, tern_idle_name(i), json_integer(progress->idle[i]));
    }
    json_object_set_new(result, "idle_steps", json_integer(sum));
    json_object_set_new(result, "idle_reasons", reasons);
}

json_t *tern_report_json(const tern_outcome *outcome)
{
    const tern_progress *p = outcome->progress;
    const char *set;
    double base, tuned;
    json_t *result = json_object();
    add_test(result, outcome);
    json_object_set_new(result, "metric", json_string(outcome->metric));
    add_dev(result, outcome);
    int measured = verdict(result, &set, &base, &tuned);
    if (measured)
        json_object_set_new(result, "worse_than_base", json_boolean(tuned < base));
    json_object_set_new(result, "measured", json_boolean(measured));
    if (outcome->no_eval)
        json_object_set_new(result, "no_eval", json_true());
    json_object_set_new(result, "training_texts",
                        json_pack("{s:I, s:I, s:I}", "texts", (json_int_t)outcome->texts, "cut",
                                  (json_int_t)outcome->cut_texts, "max_seq_length",
                                  (json_int_t)outcome->max_seq_length));
    json_object_set_new(result, "steps", json_integer(outcome->steps));
    set_idle(result, p);
    json_object_set_new(result, "seconds", json_real(p->seconds));
    json_object_set_new(result, "tokens_per_second", json_real(p->seconds > 0 ? (double)p->tokens / p->seconds : 0));
    json_object_set_new(result, "peak_memory_mb", json_real(tern_peak_memory_mb()));
    json_object_set_new(result, "planned_memory_mb", json_real((double)outcome->memory_plan / 1048576));
    if (outcome->missing) {
        json_object_set_new(result, "queries_missing", json_integer(outcome->missing->queries_missing));
        json_object_set_new(result, "documents_missing", json_integer(outcome->missing->documents_missing));
        json_object_set_new(result, "judgements_missing", json_integer(outcome->missing->judgements_missing));
    }
    if (outcome->drawn)
        json_object_set_new(result, "negatives",
                            json_pack("{s:I, s:I, s:I, s:I}", "rows_short", (json_int_t)outcome->drawn->rows_short,
                                      "rows_without", (json_int_t)outcome->drawn->rows_without, "anchors_without",
                                      (json_int_t)outcome->drawn->anchors_without, "left_out",
                                      (json_int_t)outcome->drawn->left_out));
    if (outcome->warnings)
        json_object_set(result, "warnings", outcome->warnings);
    if (outcome->base_model)
        json_object_set_new(result, "base_model", json_string(outcome->base_model));
    json_object_set_new(result, "model", json_string(outcome->model_folder));
    return result;
}

/* p: NAN leaves the p-value out. */
static void add_row(tern_buffer *out, const char *name, const json_t *base, const json_t *tuned, double p)
{
    if (!base || !tuned)
        return;
    double a = json_number_value(base), b = json_number_value(tuned);
    tern_buffer_printf(out, "%-18s %8.5f  %8.5f    %+8.5f", name, a, b, b - a);
    if (!isnan(p))
        tern_buffer_printf(out, "   p = %.2g", p);
    tern_buffer_printf(out, "\n");
}

static void add_metric(tern_buffer *out, const json_t *result, const char *base, const char *metric, const char *name,
                       const char *p_value)
{
    const json_t *p = p_value ? json_object_get(result, p_value) : NULL;
    add_row(out, name, json_object_get(json_object_get(result, base), metric),
            json_object_get(json_object_get(result, "tuned"), metric), p ? json_number_value(p) : NAN);
}

/* The tuned model against what else ranks the test set. */
static void add_beside(tern_buffer *out, const json_t *result, const char *metric)
{
    const char *name;
    json_t *one;
    json_object_foreach(json_object_get(result, "beside"), name, one)
    {
        char *row = tern_format("  %s", name);
        add_row(out, row, json_object_get(json_object_get(one, "scores"), metric),
                json_object_get(json_object_get(result, "tuned"), metric),
                json_number_value(json_object_get(one, "p_value")));
        free(row);
    }
}

static void add_table(tern_buffer *out, const json_t *result)
{
    const char *metric = json_string_value(json_object_get(result, "metric"));
    tern_buffer_printf(out, "%-18s %8s  %8s    %8s\n", "test", "base", "tuned", "gain");
    add_metric(out, result, "base", metric, metric, "p_value");
    add_metric(out, result, "base_as_trained", metric, "  base as trained", "p_value_as_trained");
    add_beside(out, result, metric);
    for (int i = 0; i < N_USUAL; i++)
        if (strcmp(usual[i], metric) != 0)
            add_metric(out, result, "base", usual[i], usual[i], NULL);
}

static void add_dev_rows(tern_buffer *out, const json_t *dev)
{
    if (!dev)
        return;
    double base = json_number_value(json_object_get(dev, "base")),
           best = json_number_value(json_object_get(dev, "best"));
    tern_buffer_printf(out, "%-18s %8.5f  %8.5f    %+8.5f   at step %lld\n", "dev", base, best, best - base,
                       (long long)json_integer_value(json_object_get(dev, "step")));
    add_row(out, "  base as trained", json_object_get(dev, "base_as_trained"), json_object_get(dev, "best"), NAN);
}

static void add_cut(tern_buffer *out, const json_t *training)
{
    int64_t texts = json_integer_value(json_object_get(training, "texts"));
    int64_t cut = json_integer_value(json_object_get(training, "cut"));
    if (cut > 0 && texts > 0)
        tern_buffer_printf(out, "%lld of %lld training texts (%.0f %%) were cut at %lld tokens\n", (long long)cut,
                           (long long)texts, 100 * (double)cut / (double)texts,
                           (long long)json_integer_value(json_object_get(training, "max_seq_length")));
}

/* A run that scored nothing proves nothing: how to find out. */
static void add_unmeasured(tern_buffer *out, const json_t *result)
{
    const char *base = json_string_value(json_object_get(result, "base_model"));
    const char *model = json_string_value(json_object_get(result, "model"));
    if (!json_is_false(json_object_get(result, "measured")))
        return;
    tern_buffer_printf(out, "Nothing was measured: %s; ",
                       json_is_true(json_object_get(result, "no_eval"))
                           ? "with --no-eval neither data.dev nor data.test is read"
                           : "give held-out rows as data.dev (to choose the best checkpoint) and data.test");
    if (base)
        tern_buffer_printf(out, "compare tern eval %s DATA with tern eval %s DATA\n", base, model);
    else
        tern_buffer_printf(out, "tern eval %s DATA scores the model\n", model);
}

/* "; 85 of 100 steps taught nothing: a batch of one row (80), every candidate masked (5)". */
static void add_idle(tern_buffer *out, const json_t *result)
{
    const json_t *reasons = json_object_get(result, "idle_reasons");
    json_int_t idle = json_integer_value(json_object_get(result, "idle_steps"));
    const char *between = "";
    if (idle <= 0)
        return;
    tern_buffer_printf(out, "; %lld of %lld steps taught nothing: ", (long long)idle,
                       (long long)json_integer_value(json_object_get(result, "steps")));
    for (int i = 0; i < TERN_IDLE_REASONS; i++) {
        json_int_t n = json_integer_value(json_object_get(reasons, tern_idle_name(i)));
        if (n > 0)
            tern_buffer_printf(out, "%s%s (%lld)", between, tern_idle_words(i), (long long)n);
        between = n > 0 ? ", " : between;
    }
}

static void add_last_line(tern_buffer *out, const json_t *result)
{
    const char *set, *model = json_string_value(json_object_get(result, "model"));
    double base, tuned;
    if (verdict(result, &set, &base, &tuned) && tuned < base)
        tern_buffer_printf(out,
                           "The model in %s is worse than its base on %s: %s %.5f against %.5f; keep the base, or "
                           "lower train.learning_rate",
                           model, set, json_string_value(json_object_get(result, "metric")), tuned, base);
    else
        tern_buffer_printf(out, "The model is in %s", model);
    add_idle(out, result);
    tern_buffer_printf(out, "\n");
}

char *tern_report_text(const json_t *result)
{
    tern_buffer out = {0};
    if (json_object_get(result, "base"))
        add_table(&out, result);
    add_dev_rows(&out, json_object_get(result, "dev"));
    char peak[32];
    tern_memory_text(
        peak, sizeof peak,
        (int64_t)(fmax(0, fmin(json_number_value(json_object_get(result, "peak_memory_mb")), MOST_MB)) * 1048576));
    int64_t steps = json_integer_value(json_object_get(result, "steps"));
    tern_buffer_printf(&out, "%lld step%s in %.1f s, %.0f tokens/s, at most %s\n", (long long)steps, tern_s(steps),
                       json_number_value(json_object_get(result, "seconds")),
                       json_number_value(json_object_get(result, "tokens_per_second")), peak);
    add_cut(&out, json_object_get(result, "training_texts"));
    add_unmeasured(&out, result);
    size_t warnings = json_array_size(json_object_get(result, "warnings"));
    if (warnings > 0)
        tern_buffer_printf(&out, "%zu %s, listed in result.json\n", warnings, warnings == 1 ? "warning" : "warnings");
    add_last_line(&out, result);
    return out.data;
}
