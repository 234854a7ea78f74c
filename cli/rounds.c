#include "cli/rounds.h"

#include "base/memory.h"
#include "train/mine_rows.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a round sets beside what the user does. */
enum { OWN_SETS = 3 };

static char *folder_of(const tern_recipe *recipe, int64_t round)
{
    return tern_format("%s/round-%lld", recipe->output.dir, (long long)round);
}

static tern_recipe *read_round(const char *path, const tern_flag_list *sets, const tern_recipe *recipe, int64_t round,
                               tern_error *error)
{
    const char **all = tern_alloc((size_t)(sets->n + OWN_SETS), sizeof *all);
    char *folder = folder_of(recipe, round), *before = folder_of(recipe, round - 1);
    char *dir = tern_format("output.dir=%s", folder), *model = tern_format("mine.model=%s/model", before);
    int n = sets->n;
    for (int i = 0; i < n; i++)
        all[i] = sets->items[i];
    all[n++] = "rounds=1";
    all[n++] = dir;
    if (round > 1)
        all[n++] = model;
    tern_recipe *one = tern_recipe_read(path, all, n, error);
    free(model);
    free(dir);
    free(before);
    free(folder);
    free(all);
    return one;
}

static double number_at(const json_t *object, const char *section, const char *key)
{
    const json_t *value = json_object_get(json_object_get(object, section), key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void add_number(tern_buffer *out, double x)
{
    if (isnan(x))
        tern_buffer_printf(out, "%10s", "-");
    else
        tern_buffer_printf(out, "%10.5f", x);
}

/* The base, then each round; p is of the test set against the base. */
static char *table_of(const json_t *rounds, const char *metric, size_t best)
{
    tern_buffer out = {0};
    const json_t *first = json_array_get(rounds, 0);
    tern_buffer_printf(&out, "%s\n%-8s%10s%10s%10s\n%-8s", metric, "round", "dev", "test", "p", "base");
    add_number(&out, number_at(first, "dev", "base"));
    add_number(&out, number_at(first, "base", metric));
    for (size_t r = 0; r < json_array_size(rounds); r++) {
        const json_t *one = json_array_get(rounds, r), *p = json_object_get(one, "p_value");
        tern_buffer_printf(&out, "\n%-8zu", r + 1);
        add_number(&out, number_at(one, "dev", "best"));
        add_number(&out, number_at(one, "tuned", metric));
        if (p)
            tern_buffer_printf(&out, "%10.2g", json_number_value(p));
    }
    tern_buffer_printf(&out, "\nThe model of round %zu is in %s", best + 1,
                       json_string_value(json_object_get(json_array_get(rounds, best), "model")));
    return out.data;
}

/* The greatest score on dev, the first of equal ones; without dev the last. */
static size_t best_of(const json_t *rounds)
{
    size_t n = json_array_size(rounds), best = n - 1;
    double most = NAN;
    for (size_t r = 0; r < n; r++) {
        double score = number_at(json_array_get(rounds, r), "dev", "best");
        if (!isnan(score) && (isnan(most) || score > most)) {
            most = score;
            best = r;
        }
    }
    return best;
}

static void sum_up(json_t *rounds, const tern_recipe *recipe, tern_train_result *result)
{
    size_t best = best_of(rounds);
    const json_t *metric = json_object_get(json_array_get(rounds, best), "metric"),
                 *model = json_object_get(json_array_get(rounds, best), "model");
    result->report = table_of(rounds, metric ? json_string_value(metric) : recipe->eval.metric, best);
    json_t *object = json_pack("{s:O, s:I, s:O}", "rounds", rounds, "best", (json_int_t)best + 1, "model", model);
    result->json = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
}

int tern_rounds(const char *path, const tern_flag_list *sets, const tern_recipe *recipe, tern_train_one *train,
                void (*say)(void *context, const char *line), void (*show)(const tern_train_result *round),
                tern_train_result *result, tern_error *error)
{
    json_t *rounds = json_array();
    int status = tern_mine_rows_check(recipe, error) < 0 ? -1 : TERN_TRAIN_DONE;
    *result = (tern_train_result){0};
    for (int64_t r = 1; r <= recipe->rounds && status == TERN_TRAIN_DONE; r++) {
        tern_train_result one = {0};
        tern_recipe *own = read_round(path, sets, recipe, r, error);
        char *line = tern_format("round %lld of %lld", (long long)r, (long long)recipe->rounds);
        say(NULL, line);
        status = own ? train(own, &one, error) : -1;
        if (status == TERN_TRAIN_DONE) {
            show(&one);
            json_array_append_new(rounds, json_loads(one.json, 0, NULL));
        }
        tern_train_result_free(&one);
        tern_recipe_free(own);
        free(line);
    }
    if (status == TERN_TRAIN_DONE)
        sum_up(rounds, recipe, result);
    json_decref(rounds);
    return status;
}
