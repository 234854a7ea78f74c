/* Reading results of runs back: every key is of the type, and in the range, that report.c gives it. */
#include "base/file.h"
#include "data/json_text.h"
#include "train/report.h"

#include <stdlib.h>
#include <string.h>

enum { RESULT_LIMIT = 1 << 20 };

static int is_count(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static int is_amount(const json_t *value)
{
    return json_is_number(value) && json_number_value(value) >= 0;
}

static int is_number(const json_t *value)
{
    return json_is_number(value);
}

static int is_share(const json_t *value)
{
    return is_amount(value) && json_number_value(value) <= 1;
}

static int is_text(const json_t *value)
{
    return json_is_string(value);
}

static int is_bool(const json_t *value)
{
    return json_is_boolean(value);
}

static int is_true(const json_t *value)
{
    return json_is_true(value);
}

/* An object all of whose values are such. */
static int is_object_of(const json_t *object, int (*is_right)(const json_t *value))
{
    const char *key;
    json_t *value;
    int right = json_is_object(object);
    if (right)
        json_object_foreach((json_t *)object, key, value) right = right && is_right(value);
    return right;
}

static int is_scores(const json_t *value)
{
    return is_object_of(value, is_number);
}

static int is_counts(const json_t *value)
{
    return is_object_of(value, is_count);
}

static int is_ranking(const json_t *value)
{
    return is_scores(json_object_get(value, "scores")) && is_share(json_object_get(value, "p_value"));
}

static int is_rankings(const json_t *value)
{
    return is_object_of(value, is_ranking);
}

static int is_texts(const json_t *value)
{
    int right = json_is_array(value);
    for (size_t i = 0; right && i < json_array_size(value); i++)
        right = json_is_string(json_array_get(value, i));
    return right;
}

static int is_dev(const json_t *value)
{
    const json_t *as_trained = json_object_get(value, "base_as_trained");
    return is_number(json_object_get(value, "base")) && is_number(json_object_get(value, "best")) &&
           is_count(json_object_get(value, "step")) && (!as_trained || is_number(as_trained));
}

static int is_training(const json_t *value)
{
    const json_t *texts = json_object_get(value, "texts"), *cut = json_object_get(value, "cut");
    return is_count(texts) && is_count(cut) && json_integer_value(cut) <= json_integer_value(texts) &&
           is_count(json_object_get(value, "max_seq_length"));
}

/* What a key holds, and the key that it doesn't go without. */
static const struct {
    const char *name, *with;
    int (*is_right)(const json_t *value);
} keys[] = {
    {"base", "tuned", is_scores},
    {"tuned", "base", is_scores},
    {"p_value", "base", is_share},
    {"base_as_trained", "base", is_scores},
    {"p_value_as_trained", "base_as_trained", is_share},
    {"beside", "base", is_rankings},
    {"metric", NULL, is_text},
    {"dev", NULL, is_dev},
    {"worse_than_base", NULL, is_bool},
    {"measured", NULL, is_bool},
    {"no_eval", NULL, is_true},
    {"training_texts", NULL, is_training},
    {"steps", NULL, is_count},
    {"idle_steps", NULL, is_count},
    {"idle_reasons", "idle_steps", is_counts},
    {"seconds", NULL, is_amount},
    {"tokens_per_second", NULL, is_amount},
    {"peak_memory_mb", NULL, is_amount},
    {"planned_memory_mb", NULL, is_amount},
    {"queries_missing", NULL, is_count},
    {"documents_missing", NULL, is_count},
    {"judgements_missing", NULL, is_count},
    {"negatives", NULL, is_counts},
    {"warnings", NULL, is_texts},
    {"base_model", NULL, is_text},
    {"model", NULL, is_text},
};

static int is_result(const json_t *result)
{
    int right = json_object_get(result, "model") && json_object_get(result, "metric");
    for (size_t i = 0; right && i < sizeof keys / sizeof *keys; i++) {
        const json_t *value = json_object_get(result, keys[i].name);
        right = !value || (keys[i].is_right(value) && (!keys[i].with || json_object_get(result, keys[i].with)));
    }
    return right;
}

json_t *tern_report_parse(const char *text, size_t n, const char *path, tern_error *error)
{
    json_t *result = tern_json_parse(text, n, JSON_REJECT_DUPLICATES, path, NULL);
    if (is_result(result))
        return result;
    json_decref(result);
    tern_fail(error, "%s: is not what tern writes; remove it and run the command again", path);
    return NULL;
}

json_t *tern_report_read(const char *path, tern_error *error)
{
    char *text = NULL;
    size_t n = 0;
    if (tern_file_read(path, RESULT_LIMIT, &text, &n, error) < 0)
        return NULL;
    json_t *result = tern_report_parse(text, n, path, error);
    free(text);
    return result;
}
