/* Options that a loss has no use for: refused rather than left unsaid. docs/losses.md lists them by loss. */
#include "train/check.h"

#include "base/memory.h"
#include "losses/loss.h"

#include <math.h>
#include <string.h>

/* Names with a space on either side. */
#define SOFTMAXES   " multiple_negatives_ranking infonce simcse "
#define ORDERS      " cosent angle "
#define GUIDED      " guided "
#define TRIPLETS    " triplet batch_all_triplet batch_hard_triplet batch_semi_hard_triplet "
#define CONTRASTIVE " contrastive online_contrastive "
#define COSINES     " cosent mega_batch_margin "
#define EMBEDDING   " embedding_mse embedding_cosine "

typedef struct option {
    const char *key;
    int said;           /* other than what it is when nothing is said */
    const char *losses; /* the ones that have it; NULL: what comes with adaptive_layer */
} option;

static int has(const char *losses, const char *name)
{
    char *spaced = tern_format(" %s ", name);
    int found = strstr(losses, spaced) != NULL;
    free(spaced);
    return found;
}

/* "guided, triplet and contrastive" of names with spaces. A new string. */
static char *list_of(const char *losses)
{
    tern_buffer list = {0};
    for (const char *at = losses + strspn(losses, " "), *next; *at; at = next) {
        size_t n = strcspn(at, " ");
        next = at + n + strspn(at + n, " ");
        tern_buffer_printf(&list, "%s%.*s",
                           at == losses + strspn(losses, " ") ? ""
                           : *next                            ? ", "
                                                              : " and ",
                           (int)n, at);
    }
    return list.data;
}

static int fail_option(const char *line, const char *name, const option *o, tern_error *error)
{
    if (!o->losses)
        return tern_fail(error, "%s: %s is given without adaptive_layer; add adaptive_layer: true, or leave it out",
                         line, o->key);
    char *list = list_of(o->losses);
    tern_fail(error, "%s: the loss %s takes no %s; leave it out (it is for %s)", line, name, o->key, list);
    free(list);
    return -1;
}

static int check_uses(const tern_recipe *recipe, int i, int j, const option *options, size_t n, tern_error *error)
{
    const tern_recipe_loss *loss = &recipe->sources[i].losses[j];
    for (const option *o = options; o < options + n; o++)
        if (o->said && (o->losses ? !has(o->losses, loss->name) : !loss->adaptive_layer))
            return fail_option(tern_check_loss_line(recipe, i, j, o->key), loss->name, o, error);
    return 0;
}

enum { MOST_OPTIONS = 32 };

/* All options, and which of them this loss was given, into out [MOST_OPTIONS]; returns how many. */
static size_t list_options(const tern_recipe_loss *l, option *out)
{
    const option options[] = {
        {"scale", l->scale != 0 && l->temperature == 0, SOFTMAXES GUIDED ORDERS},
        {"temperature", l->temperature != 0, SOFTMAXES GUIDED ORDERS},
        {"learned_scale", l->learned_scale, SOFTMAXES GUIDED},
        {"symmetric", l->symmetric, SOFTMAXES},
        {"directions", l->directions != 0, SOFTMAXES},
        {"joint", l->joint, SOFTMAXES},
        {"hardness", l->hardness != TERN_HARDNESS_NONE, SOFTMAXES GUIDED},
        {"guide", l->guide != NULL, GUIDED},
        {"relative_margin", l->relative_margin, GUIDED},
        {"contrast_anchors", !l->contrast_anchors, GUIDED},
        {"contrast_positives", !l->contrast_positives, GUIDED},
        {"teacher", l->teacher != NULL, " margin_mse distill_kl_div " EMBEDDING},
        {"student_temperature", l->student_temperature != 0, " distill_kl_div "},
        {"teacher_temperature", l->teacher_temperature != 0, " distill_kl_div "},
        {"margin", !isnan(l->margin), GUIDED " mega_batch_margin " TRIPLETS CONTRASTIVE},
        {"negative_margin", !isnan(l->negative_margin), " mega_batch_margin "},
        {"distance", l->distance >= 0, TRIPLETS " batch_hard_soft_margin_triplet " CONTRASTIVE},
        {"similarity", l->similarity >= 0, SOFTMAXES GUIDED COSINES},
        {"mask", l->mask == TERN_MASK_EQUAL, " multiple_negatives_ranking infonce guided mega_batch_margin "},
        {"mean_weight", !isnan(l->mean_weight), " global_orthogonal "},
        {"second_moment_weight", !isnan(l->second_moment_weight), " global_orthogonal "},
        {"sum_columns", l->sum_columns, " global_orthogonal "},
        {"layers_per_step", l->layers_per_step > 0, NULL},
        {"last_layer_weight", !isnan(l->last_layer_weight), NULL},
        {"prior_layers_weight", !isnan(l->prior_layers_weight), NULL},
        {"kl_weight", !isnan(l->kl_weight), NULL},
        {"kl_temperature", !isnan(l->kl_temperature), NULL},
    };
    size_t n = sizeof options / sizeof *options;
    TERN_CHECK(n <= MOST_OPTIONS, "%zu options", n);
    memcpy(out, options, sizeof options);
    return n;
}

char *tern_check_loss_keys(const char *name)
{
    const tern_recipe_loss none = {0};
    option options[MOST_OPTIONS];
    size_t n = list_options(&none, options);
    tern_buffer keys = {0};
    for (size_t i = 0; i < n; i++)
        if (options[i].losses && has(options[i].losses, name))
            tern_buffer_printf(&keys, "%s, ", options[i].key);
    tern_buffer_printf(&keys, "weight, matryoshka, adaptive_layer");
    return keys.data;
}

static int check_all_uses(const tern_recipe *recipe, int i, int j, tern_error *error)
{
    option options[MOST_OPTIONS];
    size_t n = list_options(&recipe->sources[i].losses[j], options);
    return check_uses(recipe, i, j, options, n, error);
}

/* Weights that leave nothing of the loss. */
static int check_weights(const tern_recipe *recipe, int i, int j, tern_error *error)
{
    const tern_recipe_loss *l = &recipe->sources[i].losses[j];
    if (l->mean_weight == 0 && l->second_moment_weight == 0)
        return tern_fail(error, "%s: mean_weight and second_moment_weight are 0, which leaves nothing of the loss",
                         tern_check_loss_line(recipe, i, j, "second_moment_weight"));
    if (l->last_layer_weight == 0 && l->prior_layers_weight == 0)
        return tern_fail(error, "%s: last_layer_weight and prior_layers_weight are 0, which leaves nothing of the loss",
                         tern_check_loss_line(recipe, i, j, "prior_layers_weight"));
    return 0;
}

int tern_check_options(const tern_recipe *recipe, int source, int loss, tern_error *error)
{
    const tern_recipe_loss *l = &recipe->sources[source].losses[loss];
    if (check_all_uses(recipe, source, loss, error) < 0 || check_weights(recipe, source, loss, error) < 0)
        return -1;
    if (l->learned_scale && l->scale > 100)
        return tern_fail(error, "%s: a learned scale is at most 100, and it can't begin at %g",
                         tern_check_loss_line(recipe, source, loss, l->temperature != 0 ? "temperature" : "scale"),
                         l->scale);
    if (l->joint && !l->symmetric && !(l->directions & (l->directions - 1)))
        return tern_fail(error, "%s: joint is for several directions, and there is one; add directions: [..]",
                         tern_check_loss_line(recipe, source, loss, "joint"));
    return 0;
}

static int fail_similarity(const tern_recipe *recipe, int i, int j, tern_similarity base, const char *takes,
                           const char *say, tern_error *error)
{
    return tern_fail(error, "%s: the loss %s %s, and the base model's similarity is %s; say %s",
                     tern_check_loss_line(recipe, i, j, "name"), recipe->sources[i].losses[j].name, takes,
                     tern_similarity_name(base), say);
}

/* What the loss leaves open is as the base is used, or refused where the loss has no such thing. */
static int follow(tern_recipe *recipe, int i, int j, tern_similarity base, tern_error *error)
{
    tern_recipe_loss *l = &recipe->sources[i].losses[j];
    int margins = has(" mega_batch_margin ", l->name);
    int compares = margins || has(SOFTMAXES GUIDED COSINES, l->name), distance = has(CONTRASTIVE, l->name);
    if (margins && (l->similarity == TERN_COMPARE_DOT || (l->similarity < 0 && base != TERN_SIMILARITY_COSINE)))
        return fail_similarity(recipe, i, j, base, "has margins of cosines", "loss.similarity: cosine", error);
    if (compares && l->similarity < 0 && (base == TERN_SIMILARITY_EUCLIDEAN || base == TERN_SIMILARITY_MANHATTAN))
        return fail_similarity(recipe, i, j, base, "compares by cosine or dot product",
                               "loss.similarity: cosine, or dot", error);
    if (distance && l->distance < 0 && base == TERN_SIMILARITY_DOT)
        return fail_similarity(recipe, i, j, base, "goes by a distance",
                               "loss.distance: cosine, euclidean or manhattan", error);
    if (compares && l->similarity < 0)
        l->similarity = base == TERN_SIMILARITY_DOT ? TERN_COMPARE_DOT : TERN_COMPARE_COSINE;
    if (compares && l->similarity == TERN_COMPARE_DOT && l->matryoshka.n > 0)
        return fail_similarity(recipe, i, j, base, "inside matryoshka compares vectors of length 1",
                               "loss.similarity: cosine", error);
    if (distance && l->distance < 0 && base != TERN_SIMILARITY_COSINE)
        l->distance = base == TERN_SIMILARITY_EUCLIDEAN ? TERN_DISTANCE_EUCLIDEAN : TERN_DISTANCE_MANHATTAN;
    return 0;
}

int tern_check_similarity(tern_recipe *recipe, tern_error *error)
{
    int unit = 1;
    tern_similarity base = TERN_SIMILARITY_COSINE;
    if (recipe->model)
        base = tern_model_similarity(recipe->model, &unit);
    if (base == TERN_SIMILARITY_DOT && unit) /* the same numbers, and the scales of cosines suit them */
        base = TERN_SIMILARITY_COSINE;
    for (int i = 0; i < recipe->n_sources; i++)
        for (int j = 0; j < recipe->sources[i].n_losses; j++)
            if (follow(recipe, i, j, base, error) < 0)
                return -1;
    return 0;
}
