/* What keys demand of one another, and the defaults. */
#include "recipes/keys.h"

#include "base/memory.h"

#include <string.h>

static int key_of(const char *path)
{
    int key = tern_key_find(path);
    TERN_CHECK(key >= 0, "no key %s", path);
    return key;
}

static tern_key_origin origin_of(const tern_recipe *recipe, const char *path)
{
    return recipe->notes->origin[key_of(path)];
}

/* Where the later of the keys inside a section came from. */
static tern_key_origin section_origin(const tern_recipe *recipe, const char *section)
{
    tern_key_origin most = TERN_FROM_NOTHING;
    for (int i = 0; i < tern_n_keys; i++)
        if (tern_key_within(tern_keys[i].path, section) && recipe->notes->origin[i] > most)
            most = recipe->notes->origin[i];
    return most;
}

static void clear_section(tern_recipe *recipe, const char *section)
{
    for (int i = 0; i < tern_n_keys; i++)
        if (tern_key_within(tern_keys[i].path, section))
            tern_value_clear(recipe, i);
}

/* Two ways to say one thing: --set beats the file, otherwise both is an error. a and b: keys or sections. */
static int check_either(tern_recipe *recipe, const char *a, const char *b, tern_error *error)
{
    tern_key_origin from_a = section_origin(recipe, a), from_b = section_origin(recipe, b);
    if (from_a == TERN_FROM_NOTHING || from_b == TERN_FROM_NOTHING)
        return 0;
    if (from_a == from_b)
        return tern_fail(error, "%s: %s and %s can't both be given; keep one", tern_recipe_line(recipe, b), a, b);
    clear_section(recipe, from_a < from_b ? a : b);
    return 0;
}

/* A key that belongs to the way not taken: dropped when --set chose the other way, otherwise an error. */
static int check_belongs(tern_recipe *recipe, int key, const char *chosen, const char *other, tern_error *error)
{
    tern_key_origin origin = recipe->notes->origin[key];
    if (origin == TERN_FROM_NOTHING)
        return 0;
    if (origin == TERN_FROM_FILE && origin_of(recipe, chosen) == TERN_FROM_SET) {
        tern_value_clear(recipe, key);
        return 0;
    }
    return tern_fail(error, "%s: %s is for data given by %s; here it is given by %s", recipe->notes->where[key],
                     tern_keys[key].path, other, chosen);
}

static int check_data(tern_recipe *recipe, const char *section, tern_error *error)
{
    char *beir = tern_format("%s.beir", section), *file = tern_format("%s.file", section);
    int status = check_either(recipe, beir, file, error);
    int has_beir = origin_of(recipe, beir) != TERN_FROM_NOTHING,
        has_file = origin_of(recipe, file) != TERN_FROM_NOTHING;
    if (status == 0 && !has_beir && !has_file && tern_recipe_given(recipe, section))
        status = tern_fail(error, "%s: %s has neither beir (a folder) nor file; add one",
                           tern_recipe_line(recipe, section), section);
    for (int i = 0; i < tern_n_keys && status == 0; i++) {
        if (!tern_key_within(tern_keys[i].path, section))
            continue;
        if ((tern_keys[i].flags & TERN_KEY_BEIR) && has_file)
            status = check_belongs(recipe, i, file, "beir", error);
        else if ((tern_keys[i].flags & TERN_KEY_FILE) && has_beir)
            status = check_belongs(recipe, i, beir, "file", error);
    }
    free(beir);
    free(file);
    return status;
}

static int check_required(const tern_recipe *recipe, tern_error *error)
{
    const char *path = recipe->notes->path;
    if (!recipe->model && section_origin(recipe, "scratch") == TERN_FROM_NOTHING)
        return tern_fail(error, "%s: model is missing; add model: FOLDER or NAME, or scratch: {vocab: FILE, ...}",
                         path);
    if (!recipe->model && !recipe->scratch.vocab)
        return tern_fail(error, "%s: scratch.vocab is missing; add the file of a WordPiece vocabulary",
                         tern_recipe_line(recipe, "scratch"));
    if (!recipe->data.train.beir && !recipe->data.train.file)
        return tern_fail(error, "%s: data.train is missing; add data: {train: {file: FILE}} or {train: {beir: FOLDER}}",
                         tern_recipe_line(recipe, "data"));
    if (!recipe->loss.name || !*recipe->loss.name)
        return tern_fail(error, "%s: loss.name is missing; add loss: multiple_negatives_ranking or loss: triplet",
                         tern_recipe_line(recipe, "loss"));
    if (!recipe->output.dir)
        return tern_fail(error, "%s: output.dir is missing; add output: {dir: FOLDER}",
                         tern_recipe_line(recipe, "output"));
    return 0;
}

/* Whether a key's default has a meaning in this recipe. */
static int default_applies(const tern_recipe *recipe, const tern_key *key)
{
    static const char *sets[] = {"data.train", "data.dev", "data.test"};
    const tern_recipe_data *data[] = {&recipe->data.train, &recipe->data.dev, &recipe->data.test};
    if (key->flags & TERN_KEY_SCRATCH)
        return !recipe->model;
    for (int i = 0; i < 3; i++)
        if (tern_key_within(key->path, sets[i]))
            return data[i]->beir || (data[i]->file && !(key->flags & TERN_KEY_BEIR));
    return 1;
}

static void set_default(tern_recipe *recipe, int key, const char *text)
{
    tern_error error = {{0}};
    tern_value value = {{text}, {0}, 1, 0};
    if (recipe->notes->origin[key] != TERN_FROM_NOTHING)
        return;
    int status = tern_value_set(recipe, key, &value, TERN_FROM_DEFAULT, "the default", "/", &error);
    TERN_CHECK(status == 0, "%s", error.message);
}

static void set_number(tern_recipe *recipe, const char *path, double number)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", number);
    set_default(recipe, key_of(path), text);
}

static void apply_defaults(tern_recipe *recipe)
{
    for (int i = 0; i < tern_n_keys; i++)
        if (tern_keys[i].fallback && tern_keys[i].fallback[0] != '=' && default_applies(recipe, &tern_keys[i]))
            set_default(recipe, i, tern_keys[i].fallback);
    const tern_recipe_data *scored =
        recipe->data.dev.beir || recipe->data.dev.file ? &recipe->data.dev : &recipe->data.test;
    set_default(recipe, key_of("eval.metric"), scored->file ? "triplet_accuracy" : "ndcg_at_10");
    set_number(recipe, "loss.margin", recipe->loss.distance == TERN_DISTANCE_COSINE ? 0.5 : 5);
    set_number(recipe, "output.checkpoint_every", recipe->eval.every > 0 ? (double)recipe->eval.every : 50);
    if (!recipe->model)
        set_number(recipe, "scratch.intermediate", 4 * (double)recipe->scratch.width);
}

/* From here on the scale says it; where the temperature was given stays known. */
static void fold_temperature(tern_recipe *recipe)
{
    if (origin_of(recipe, "loss.temperature") == TERN_FROM_NOTHING)
        return;
    recipe->loss.scale = 1 / recipe->loss.temperature;
    recipe->notes->origin[key_of("loss.scale")] = TERN_FROM_DEFAULT;
}

static int check_numbers(const tern_recipe *recipe, tern_error *error)
{
    int dims = recipe->loss.matryoshka.n, weights = recipe->loss.matryoshka_weights.n;
    if (weights && weights != dims)
        return tern_fail(error, "%s: loss.matryoshka_weights has %d weights for %d dimensions in loss.matryoshka",
                         tern_recipe_line(recipe, "loss.matryoshka_weights"), weights, dims);
    if (!recipe->model && recipe->scratch.width % recipe->scratch.heads)
        return tern_fail(error, "%s: scratch.width is %lld, which is no multiple of the %lld heads",
                         tern_recipe_line(recipe, "scratch.width"), (long long)recipe->scratch.width,
                         (long long)recipe->scratch.heads);
    if (recipe->train.max_seq_length == 1 || recipe->train.max_seq_length == 2)
        return tern_fail(error, "%s: train.max_seq_length is %lld, which leaves no room for a text; it takes 3 or more",
                         tern_recipe_line(recipe, "train.max_seq_length"), (long long)recipe->train.max_seq_length);
    return 0;
}

int tern_rules_apply(tern_recipe *recipe, tern_error *error)
{
    if (check_either(recipe, "model", "scratch", error) < 0 || check_data(recipe, "data.train", error) < 0 ||
        check_data(recipe, "data.dev", error) < 0 || check_data(recipe, "data.test", error) < 0 ||
        check_either(recipe, "loss.scale", "loss.temperature", error) < 0 || check_required(recipe, error) < 0)
        return -1;
    fold_temperature(recipe);
    apply_defaults(recipe);
    return check_numbers(recipe, error);
}
