/* What keys demand of one another, and the defaults. */
#include "recipes/keys.h"

#include "base/memory.h"
#include "base/words.h"

#include <ctype.h>
#include <string.h>

static int key_of(const char *path)
{
    int key = tern_key_find(path);
    TERN_CHECK(key >= 0, "no key %s", path);
    return key;
}

/* A key of a section: section.part. */
static int key_in(const char *section, const char *part)
{
    char *path = tern_format("%s.%s", section, part);
    int key = key_of(path);
    free(path);
    return key;
}

static const char *line_in(const tern_recipe *recipe, const char *section, const char *part)
{
    char *path = tern_format("%s.%s", section, part);
    const char *line = tern_recipe_line(recipe, path);
    free(path);
    return line;
}

static tern_key_origin origin_in(const tern_recipe *recipe, const char *section, const char *part)
{
    return recipe->notes->origin[key_in(section, part)];
}

/* Where the later of the keys inside a section came from. */
static tern_key_origin section_origin(const tern_recipe *recipe, const char *section)
{
    tern_key_origin most = TERN_FROM_NOTHING;
    for (int i = 0; i < tern_n_keys(); i++)
        if (recipe->notes->origin[i] > most && tern_key_within(i, section))
            most = recipe->notes->origin[i];
    return most;
}

static void clear_section(tern_recipe *recipe, const char *section)
{
    for (int i = 0; i < tern_n_keys(); i++)
        if (recipe->notes->origin[i] != TERN_FROM_NOTHING && tern_key_within(i, section))
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

static int check_either_in(tern_recipe *recipe, const char *section, const char *a, const char *b, tern_error *error)
{
    char *first = tern_format("%s.%s", section, a), *second = tern_format("%s.%s", section, b);
    int status = check_either(recipe, first, second, error);
    free(first);
    free(second);
    return status;
}

/* A key that belongs to the way not taken: dropped when --set chose the other way, otherwise an error. */
static int check_belongs(tern_recipe *recipe, int key, tern_key_origin chosen_by, const char *chosen, const char *other,
                         tern_error *error)
{
    tern_key_origin origin = recipe->notes->origin[key];
    if (origin == TERN_FROM_FILE && chosen_by == TERN_FROM_SET) {
        tern_value_clear(recipe, key);
        return 0;
    }
    char *name = tern_key_name(recipe, key);
    tern_fail(error, "%s: %s is for data given by %s; here it is given by %s", recipe->notes->where[key], name, other,
              chosen);
    free(name);
    return -1;
}

static int check_data(tern_recipe *recipe, const char *section, const tern_recipe_data *data, tern_error *error)
{
    if (check_either_in(recipe, section, "beir", "file", error) < 0)
        return -1;
    if (!data->beir && !data->file && section_origin(recipe, section) != TERN_FROM_NOTHING)
        return tern_fail(error, "%s: %s has neither beir (a folder) nor file; add one",
                         tern_recipe_line(recipe, section), section);
    int other_flag = data->beir ? TERN_KEY_FILE : TERN_KEY_BEIR;
    const char *chosen = data->beir ? "beir" : "file", *other = data->beir ? "file" : "beir";
    tern_key_origin chosen_by = origin_in(recipe, section, chosen);
    for (int i = 0; i < tern_n_keys(); i++)
        if (recipe->notes->origin[i] != TERN_FROM_NOTHING && (tern_key_get(i)->flags & other_flag) &&
            tern_key_within(i, section) && check_belongs(recipe, i, chosen_by, chosen, other, error) < 0)
            return -1;
    return 0;
}

/* Judged negatives: from which grade on, how many, and none that is a positive too. */
static int check_negatives(const tern_recipe *recipe, const char *section, const tern_recipe_data *data,
                           tern_error *error)
{
    int judged = origin_in(recipe, section, "negatives.judged") != TERN_FROM_NOTHING;
    int64_t least = data->min_grade > 0 ? data->min_grade : 1;
    if (judged && data->negatives.per_row == 0)
        return tern_fail(error,
                         "%s: %s.negatives.judged is given without per_row, how many are drawn for a row; add "
                         "per_row: 8",
                         line_in(recipe, section, "negatives.judged"), section);
    if (!judged && data->negatives.per_row > 0)
        return tern_fail(error,
                         "%s: %s.negatives.per_row is given without judged, which grades are negatives; add "
                         "judged: \"<=0\"",
                         line_in(recipe, section, "negatives.per_row"), section);
    if (judged && data->negatives.judged >= least)
        return tern_fail(
            error, "%s: %s.negatives.judged is \"<=%lld\", and positives begin at grade %lld; no grade can be both",
            line_in(recipe, section, "negatives.judged"), section, (long long)data->negatives.judged, (long long)least);
    return 0;
}

static int check_sources(tern_recipe *recipe, tern_error *error)
{
    if (recipe->n_sources == 0 || (recipe->n_sources == 1 && !tern_recipe_given(recipe, "data.train")))
        return tern_fail(error, "%s: data.train is missing; add data: {train: {file: FILE}} or {train: {beir: FOLDER}}",
                         tern_recipe_line(recipe, "data"));
    for (int i = 0; i < recipe->n_sources; i++) {
        char *section = tern_place_name(recipe, (tern_key_place){i, -1});
        const tern_recipe_data *data = &recipe->sources[i].data;
        int status = check_data(recipe, section, data, error);
        if (status == 0)
            status = check_negatives(recipe, section, data, error);
        if (status == 0 && recipe->sources[i].per_label == 1)
            status = tern_fail(error,
                               "%s: %s.per_label is 1, so a row would have no other of its label beside it and nothing "
                               "to be compared with; give 2 or more, or 0 to take no care of labels",
                               line_in(recipe, section, "per_label"), section);
        if (status == 0 && !data->beir && !data->file)
            status = tern_fail(error, "%s: %s has neither beir (a folder) nor file; add one",
                               tern_recipe_line(recipe, section), section);
        free(section);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* Hardness without a strength, or the other way round, would change nothing. */
static int check_hardness(const tern_recipe *recipe, const char *section, const tern_recipe_loss *loss,
                          tern_error *error)
{
    if (loss->hardness > 0 && !(loss->hardness_strength > 0))
        return tern_fail(error, "%s: %s.hardness needs hardness_strength above 0; add hardness_strength: 5",
                         line_in(recipe, section, "hardness"), section);
    if (loss->hardness == 0 && loss->hardness_strength > 0)
        return tern_fail(error, "%s: %s.hardness_strength is given without hardness; add hardness: hard",
                         line_in(recipe, section, "hardness_strength"), section);
    return 0;
}

static int check_dims(const tern_recipe *recipe, const char *section, const tern_recipe_loss *loss, tern_error *error)
{
    int dims = loss->matryoshka.n, weights = loss->matryoshka_weights.n;
    if (weights && weights != dims)
        return tern_fail(error, "%s: %s.matryoshka_weights has %d weight%s for %d dimension%s in matryoshka",
                         line_in(recipe, section, "matryoshka_weights"), section, weights, tern_s(weights), dims,
                         tern_s(dims));
    if (loss->matryoshka_per_step > dims)
        return tern_fail(error, "%s: %s.matryoshka_per_step is %lld, but matryoshka has %d dimension%s",
                         line_in(recipe, section, "matryoshka_per_step"), section, (long long)loss->matryoshka_per_step,
                         dims, tern_s(dims));
    return 0;
}

static int check_loss(tern_recipe *recipe, const char *section, const tern_recipe_loss *loss, tern_error *error)
{
    if (!loss->name || !*loss->name)
        return tern_fail(error, "%s: %s.name is missing; add loss: multiple_negatives_ranking or loss: triplet",
                         tern_recipe_line(recipe, section), section);
    if (check_either_in(recipe, section, "scale", "temperature", error) < 0 ||
        (loss->symmetric && check_either_in(recipe, section, "symmetric", "directions", error) < 0) ||
        check_hardness(recipe, section, loss, error) < 0)
        return -1;
    return check_dims(recipe, section, loss, error);
}

static int check_loss_list(tern_recipe *recipe, int source, const tern_recipe_loss *losses, tern_error *error)
{
    for (int i = 0; i < tern_key_losses(recipe, source); i++) {
        char *section = tern_place_name(recipe, (tern_key_place){source, i});
        int status = check_loss(recipe, section, &losses[i], error);
        free(section);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* Losses that no data set takes: dropped when --set gave a data set its own in their place, otherwise an error. */
static int check_taken(tern_recipe *recipe, tern_error *error)
{
    tern_key_origin of_recipe = TERN_FROM_NOTHING, of_sources = TERN_FROM_NOTHING;
    for (int i = 0; i < recipe->n_sources; i++)
        if (recipe->sources[i].n_losses == 0)
            return 0;
    for (int i = 0; i < tern_n_keys(); i++) {
        tern_key_origin origin = recipe->notes->origin[i];
        tern_key_origin *most = tern_key_where(i).source < 0 ? &of_recipe : &of_sources;
        if (tern_key_get(i)->scope == TERN_SCOPE_LOSS && origin > *most)
            *most = origin;
    }
    if (of_recipe >= of_sources)
        return tern_fail(error, "%s: every data set has a loss of its own, so this one is used by none; leave it out",
                         tern_recipe_line(recipe, "loss"));
    for (int i = 0; i < tern_n_keys(); i++)
        if (tern_key_get(i)->scope == TERN_SCOPE_LOSS && tern_key_where(i).source < 0 && recipe->notes->origin[i])
            tern_value_clear(recipe, i);
    recipe->n_losses = 0;
    return 0;
}

/* Without losses of the recipe's each data set needs its own. */
static int check_own_losses(const tern_recipe *recipe, tern_error *error)
{
    int with = 0, without = -1;
    for (int i = 0; i < recipe->n_sources; i++)
        if (recipe->sources[i].n_losses > 0)
            with++;
        else if (without < 0)
            without = i;
    if (without < 0)
        return 0;
    if (with == 0)
        return tern_fail(error, "%s: loss.name is missing; add loss: multiple_negatives_ranking or loss: triplet",
                         recipe->notes->path);
    char *name = tern_place_name(recipe, (tern_key_place){without, -1});
    tern_fail(error, "%s: %s has no loss of its own, and the recipe has none for it; add loss: NAME to either",
              tern_recipe_line(recipe, name), name);
    free(name);
    return -1;
}

static int check_losses(tern_recipe *recipe, tern_error *error)
{
    for (int i = 0; i < recipe->n_sources; i++)
        if (check_loss_list(recipe, i, recipe->sources[i].losses, error) < 0)
            return -1;
    if (recipe->n_losses == 0 && check_own_losses(recipe, error) < 0)
        return -1;
    if (recipe->n_losses > 0 && check_taken(recipe, error) < 0)
        return -1;
    return check_loss_list(recipe, -1, recipe->losses, error);
}

static int check_required(const tern_recipe *recipe, tern_error *error)
{
    if (!recipe->model && section_origin(recipe, "scratch") == TERN_FROM_NOTHING)
        return tern_fail(error, "%s: model is missing; add model: FOLDER or NAME, or scratch: {vocab: FILE, ...}",
                         recipe->notes->path);
    if (!recipe->model && !recipe->scratch.vocab)
        return tern_fail(error, "%s: scratch.vocab is missing; add the file of a WordPiece vocabulary",
                         tern_recipe_line(recipe, "scratch"));
    return 0;
}

static int check_output(const tern_recipe *recipe, tern_error *error)
{
    if (recipe->output.dir)
        return 0;
    return tern_fail(error, "%s: output.dir is missing; add output: {dir: FOLDER}", tern_recipe_line(recipe, "output"));
}

/* The data set that a key is of, or NULL. */
static const tern_recipe_data *data_of(const tern_recipe *recipe, int key)
{
    const tern_key_row *row = tern_key_get(key);
    if (row->scope == TERN_SCOPE_SOURCE)
        return &recipe->sources[tern_key_where(key).source].data;
    if (tern_path_within(row->path, "data.dev"))
        return &recipe->data.dev;
    return tern_path_within(row->path, "data.test") ? &recipe->data.test : NULL;
}

/* Whether a key's default has a meaning in this recipe. */
static int default_applies(const tern_recipe *recipe, int key)
{
    const tern_recipe_data *data = data_of(recipe, key);
    int flags = tern_key_get(key)->flags;
    if (flags & TERN_KEY_SCRATCH)
        return !recipe->model;
    if (data)
        return data->beir || (data->file && !(flags & TERN_KEY_BEIR));
    return 1;
}

static void set_default(tern_recipe *recipe, int key, const char *text)
{
    tern_error error = {{0}};
    tern_value value = {.words = {text}, .n = 1};
    if (recipe->notes->origin[key] != TERN_FROM_NOTHING)
        return;
    int status = tern_value_set(recipe, key, &value, TERN_FROM_DEFAULT, "the default", "/", &error);
    TERN_CHECK(status == 0, "%s", error.message);
    /* A recipe that mines nothing has nothing to say of it. */
    if (tern_path_within(tern_key_get(key)->path, "mine") && !tern_recipe_given(recipe, "mine"))
        recipe->notes->origin[key] = TERN_FROM_NOTHING;
}

static void set_number(tern_recipe *recipe, const char *path, double number)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", number);
    set_default(recipe, key_of(path), text);
}

static const char *default_metric(const tern_recipe *recipe)
{
    const tern_recipe_data *dev = &recipe->data.dev, *scored = dev->beir || dev->file ? dev : &recipe->data.test;
    if (!scored->file)
        return "ndcg_at_10";
    return scored->score || scored->score_range.n ? "cosine_spearman" : "triplet_accuracy";
}

static void apply_defaults(tern_recipe *recipe)
{
    for (int i = 0; i < tern_n_keys(); i++) {
        const char *fallback = tern_key_get(i)->fallback;
        if (fallback && *fallback != '=' && tern_key_is_used(recipe, i) && default_applies(recipe, i))
            set_default(recipe, i, fallback);
    }
    set_default(recipe, key_of("eval.metric"), default_metric(recipe));
    set_number(recipe, "output.checkpoint_every", recipe->eval.every > 0 ? (double)recipe->eval.every : 50);
    if (!recipe->model)
        set_number(recipe, "scratch.intermediate", 4 * (double)recipe->scratch.width);
}

/* A prompt goes before the text as it is, so one that ends in a letter, a digit or a colon makes one word of the two,
 * or looks like it: "query:" with its blank forgotten. Scripts that write no blanks between words (Chinese, Japanese)
 * are none of these; of others, Latin, Greek and Cyrillic letters are, which have two bytes. */
static int runs_into_text(const char *prompt)
{
    size_t n = strlen(prompt);
    const unsigned char *end = (const unsigned char *)prompt + n;
    if (n == 0)
        return 0;
    if (end[-1] < 0x80)
        return isalnum(end[-1]) || end[-1] == ':';
    return n >= 2 && end[-2] >= 0xC3 && end[-2] < 0xE0;
}

static int fail_prompt(const tern_recipe *recipe, int key, const char *prompt, tern_error *error)
{
    char *name = tern_key_name(recipe, key), *spaced = tern_format("%s ", prompt), *quoted = tern_yaml_quote(spaced);
    char *set = tern_format("%s=%s", name, spaced), *word = tern_shell_word(set);
    int from_set = recipe->notes->origin[key] == TERN_FROM_SET;
    tern_fail(error, "%s: %s is \"%s\", which runs into the text that follows it; end it in a blank: %s%s%s",
              recipe->notes->where[key], name, prompt, from_set ? "--set" : strrchr(name, '.') + 1,
              from_set ? " " : ": ", from_set ? word : quoted);
    free(word);
    free(set);
    free(quoted);
    free(spaced);
    free(name);
    return -1;
}

static int check_prompts(const tern_recipe *recipe, tern_error *error)
{
    for (int i = 0; i < tern_n_keys(); i++) {
        const char *path = tern_key_get(i)->path;
        if (recipe->notes->origin[i] == TERN_FROM_NOTHING ||
            (!tern_path_within(path, "prompts") && !tern_path_within(path, "data.train.prompts")))
            continue;
        const char *prompt = *(char *const *)tern_key_field(recipe, i);
        if (prompt && runs_into_text(prompt))
            return fail_prompt(recipe, i, prompt, error);
    }
    return 0;
}

/* From here on the scale says it; where the temperature was given stays known. */
static void fold_temperatures(tern_recipe *recipe)
{
    int row = key_of("loss.temperature") / TERN_KEY_PLACES, scale = key_of("loss.scale") / TERN_KEY_PLACES;
    for (int i = row * TERN_KEY_PLACES; i < (row + 1) * TERN_KEY_PLACES; i++) {
        if (recipe->notes->origin[i] == TERN_FROM_NOTHING)
            continue;
        int key = tern_key_at(scale, tern_key_where(i));
        *(double *)tern_key_field(recipe, key) = 1 / *(const double *)tern_key_field(recipe, i);
        recipe->notes->origin[key] = TERN_FROM_DEFAULT;
    }
}

/* Data sets without a loss of their own have the recipe's; their keys stay without origin, so that only the recipe's
 * are written. */
static void copy_losses(tern_recipe *recipe)
{
    for (int i = 0; i < recipe->n_sources; i++) {
        tern_recipe_source *source = &recipe->sources[i];
        if (source->n_losses > 0)
            continue;
        memcpy(source->losses, recipe->losses, sizeof source->losses);
        source->n_losses = recipe->n_losses;
        recipe->notes->copied[i] = 1;
        for (int k = 0; k < source->n_losses; k++) {
            tern_recipe_loss *loss = &source->losses[k];
            loss->name = tern_strdup(loss->name);
            loss->guide = tern_strdup(loss->guide);
            loss->teacher = tern_strdup(loss->teacher);
        }
    }
}

/* [CLS] and [SEP] alone are no text. */
static int check_length(const tern_recipe *recipe, const char *key, int64_t length, tern_error *error)
{
    if (length != 1 && length != 2)
        return 0;
    return tern_fail(error, "%s: %s is %lld, which leaves no room for a text; it takes 3 or more",
                     tern_recipe_line(recipe, key), key, (long long)length);
}

static int check_numbers(const tern_recipe *recipe, tern_error *error)
{
    if (!recipe->model && recipe->scratch.width % recipe->scratch.heads)
        return tern_fail(error, "%s: scratch.width is %lld, which is no multiple of the %lld heads",
                         tern_recipe_line(recipe, "scratch.width"), (long long)recipe->scratch.width,
                         (long long)recipe->scratch.heads);
    if (check_length(recipe, "train.max_seq_length", recipe->train.max_seq_length, error) < 0 ||
        check_length(recipe, "output.max_seq_length", recipe->output.max_seq_length, error) < 0)
        return -1;
    return 0;
}

int tern_rules_apply(tern_recipe *recipe, tern_error *error)
{
    if (check_either(recipe, "model", "scratch", error) < 0 || check_required(recipe, error) < 0 ||
        check_sources(recipe, error) < 0 || check_data(recipe, "data.dev", &recipe->data.dev, error) < 0 ||
        check_data(recipe, "data.test", &recipe->data.test, error) < 0 || check_losses(recipe, error) < 0 ||
        check_output(recipe, error) < 0 || check_prompts(recipe, error) < 0)
        return -1;
    fold_temperatures(recipe);
    apply_defaults(recipe);
    copy_losses(recipe);
    return check_numbers(recipe, error);
}
