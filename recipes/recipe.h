/* Recipes: one YAML file that says all of a training run, read into one struct and checked for form, types, ranges and
 * choices. What needs the data or the model (files, metrics, a loss's roles) is checked by train, with the lines kept
 * here.
 *
 *     tern_recipe *r = tern_recipe_read("recipes/scifact.yaml", sets, n_sets, &error);     // sets: "train.seed=1"
 *     if (r->train.batch_size > n_rows)
 *         return tern_fail(&error, "%s: the data has %lld rows only", tern_recipe_line(r, "train.batch_size"), n_rows);
 *     char *text = tern_recipe_resolved(r);                                               // every key, defaults too
 *
 * All keys with their types, ranges, defaults and help stand in one table (keys.c); docs/recipes.md is made from it. */
#ifndef TERN_RECIPES_RECIPE_H
#define TERN_RECIPES_RECIPE_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

enum { TERN_RECIPE_MOST_DIMS = 16, TERN_RECIPE_MOST_SOURCES = 16, TERN_RECIPE_MOST_LOSSES = 4 };

/* Values of keys with choices, in the order that the table lists them. */
enum {
    TERN_SCHEDULE_LINEAR,
    TERN_SCHEDULE_COSINE,
    TERN_SCHEDULE_CONSTANT,
    TERN_SCHEDULE_WARMUP_STABLE_DECAY
};                                                                               /* train.schedule */
enum { TERN_ACTIVATIONS_FLOAT32, TERN_ACTIVATIONS_BFLOAT16 };                    /* train.activations */
enum { TERN_DISTANCE_COSINE, TERN_DISTANCE_EUCLIDEAN, TERN_DISTANCE_MANHATTAN }; /* loss.distance; as tern_distance */
enum { TERN_COMPARE_COSINE, TERN_COMPARE_DOT };                                  /* loss.similarity */
enum { TERN_MASK_JUDGED, TERN_MASK_EQUAL };                                      /* loss.mask */
enum { TERN_SAMPLING_TOP, TERN_SAMPLING_RANDOM };                                /* mine.sampling */
enum { TERN_SHORT_KEEP, TERN_SHORT_DROP };                                       /* mine.short_rows */
enum { TERN_FROM_LEAST, TERN_FROM_MEAN, TERN_FROM_GREATEST };        /* mine.margin_from; as tern_mine_from */
enum { TERN_OPINION_DROP, TERN_OPINION_KEEP, TERN_OPINION_RELABEL }; /* mine.second_does; as tern_mine_second */
enum { TERN_MIX_PROPORTIONAL, TERN_MIX_ROUND_ROBIN, TERN_MIX_WEIGHTED, TERN_MIX_TEMPERATURE }; /* data.mixing */

typedef struct tern_recipe_ints {
    int64_t items[TERN_RECIPE_MOST_DIMS];
    int n;
} tern_recipe_ints;

typedef struct tern_recipe_reals {
    double items[TERN_RECIPE_MOST_DIMS];
    int n;
} tern_recipe_reals;

typedef struct tern_recipe_texts {
    char *items[TERN_RECIPE_MOST_DIMS];
    int n;
} tern_recipe_texts;

/* A mapping from names (patterns) to numbers. */
typedef struct tern_recipe_rates {
    char *names[TERN_RECIPE_MOST_DIMS];
    double items[TERN_RECIPE_MOST_DIMS];
    int n;
} tern_recipe_rates;

/* One data set: beir or file is set, never both; both NULL: the recipe has no such section. */
typedef struct tern_recipe_data {
    char *beir;  /* absolute path of a BEIR folder */
    char *split; /* "train", "dev" or "test" where the recipe doesn't say; NULL without beir */
    char *file;  /* absolute path of a JSONL, CSV or TSV file */
    char *anchor, *positive, *negative, *label, *score; /* columns of file; NULL: named as the role */
    tern_recipe_reals score_range; /* n 2: scores from items[0] to items[1] become 0 to 1; n 0: as they are */
    int64_t min_grade;             /* train from beir: positives: ">=2" is 2; 1 when not given */
    int64_t positives_per_query;   /* train; 0: all */
    int64_t negatives_per_row;     /* train from a file: drawn each epoch; 0: all there are, the same number each row */
    struct {
        int64_t judged, per_row; /* per_row 0: none; judged: "<=0" is 0, the best grade of a negative */
    } negatives;                 /* train from beir */
    int exclude_same_id;         /* dev and test from beir: a document with the query's own id is left out */
} tern_recipe_data;

/* One loss with its options; named as in losses/loss.h. */
typedef struct tern_recipe_loss {
    char *name;
    double weight;      /* in a sum of losses */
    double scale;       /* 1 / temperature when the recipe gives that; 0: the loss's own */
    double temperature; /* 0 when not given */
    int learned_scale;
    int symmetric;
    unsigned directions; /* bits in the order query_to_doc, doc_to_query, query_to_query, doc_to_doc; 0: not given */
    int joint;
    int hardness; /* none, in_batch, hard, all */
    double hardness_strength;
    int relative_margin; /* guided */
    int contrast_anchors, contrast_positives;
    char *guide, *teacher;          /* models, as recipe->model; NULL: none */
    double margin, negative_margin; /* NAN: the loss's own */
    int distance;                   /* TERN_DISTANCE_*; -1: the loss's own */
    int similarity;                 /* TERN_COMPARE_*; -1: the base model's, see tern_check_similarity */
    int mask;                       /* TERN_MASK_* */
    double student_temperature, teacher_temperature;
    double mean_weight, second_moment_weight;
    int sum_columns;
    tern_recipe_ints matryoshka;          /* n 0: none */
    tern_recipe_reals matryoshka_weights; /* n 0: all 1; else as many as matryoshka */
    int64_t matryoshka_per_step;          /* 0: all */
    int adaptive_layer;
    int64_t layers_per_step; /* 0: all */
    double last_layer_weight, prior_layers_weight, kl_weight, kl_temperature;
} tern_recipe_loss;

/* What one training data set is and what is made small on it. */
typedef struct tern_recipe_source {
    tern_recipe_data data;
    char *name; /* for logs: the file's or folder's own unless given */
    struct {
        char *query, *document; /* NULL: the recipe's, else the model's own */
    } prompts;
    double weight;                                    /* for mixing: weighted */
    int64_t batch_size;                               /* 0: train.batch_size */
    int64_t per_label;                                /* rows of a label that come together; 0: no care is taken */
    tern_recipe_loss losses[TERN_RECIPE_MOST_LOSSES]; /* the recipe's own where the source gives none */
    int n_losses;                                     /* 1 or more after reading */
} tern_recipe_source;

typedef struct tern_recipe {
    char *model; /* an absolute folder, or a name for tern_model_load; NULL when scratch is used */
    struct {
        int64_t layers, width, heads, intermediate, max_positions; /* intermediate: 4 * width when not given */
        char *vocab;                                               /* absolute path; NULL: the recipe has a model */
        int lower_case;
    } scratch;
    struct {
        char *query, *document; /* NULL: the model's own */
    } prompts;
    struct {
        tern_recipe_data dev, test;
        int invalid_utf8_replace;
        int mixing;          /* TERN_MIX_*: which source gives the next batch */
        double mixing_alpha; /* TERN_MIX_TEMPERATURE: chances go with size^alpha */
    } data;
    tern_recipe_source sources[TERN_RECIPE_MOST_SOURCES]; /* data.train: a mapping, or a list of them */
    int n_sources;                                        /* 1 or more after reading */
    tern_recipe_loss losses[TERN_RECIPE_MOST_LOSSES];     /* loss: a mapping, or a list whose weighted sum it is */
    int n_losses;                                         /* 0 only when every source has its own */
    struct {
        int64_t batch_size, epochs;
        int64_t max_steps; /* above 0: wins over epochs */
        int64_t memory;    /* bytes; 0: not given, train resolves it */
        int activations;   /* TERN_ACTIVATIONS_*: how they are kept until backward */
        double learning_rate;
        double warmup;                      /* below 1 a fraction of all steps, from 1 on a number of steps */
        int schedule;                       /* TERN_SCHEDULE_* */
        double decay;                       /* warm-up-stable-decay: the last part, counted as warmup is */
        double weight_decay, max_grad_norm; /* max_grad_norm 0: no clipping */
        int64_t max_seq_length;             /* special tokens included; 0: the model's own */
        double dropout;
        int64_t bucket;           /* window in batches for length bucketing; 0: none */
        tern_recipe_texts freeze; /* patterns of parameters' names; "embeddings" and "layers:N" are short forms */
        tern_recipe_rates rates;  /* patterns of names to factors of the learning rate */
        double layer_decay;       /* each layer below the last learns at this times the rate of the one above it */
        double ema;               /* decay of the weights' moving average, which is what is scored and exported;
                                     0: none */
        int64_t seed, threads;    /* threads 0: not said */
    } train;
    int64_t rounds; /* of mining and training */
    /* Hard negatives. Defaults stand here whether or not the recipe has the section (tern_recipe_given). */
    struct {
        tern_recipe_rates miners;                             /* names and shares; n 0: dense alone */
        char *model;                                          /* as recipe->model; NULL: recipe->model */
        char *corpus, *run;                                   /* absolute paths; NULL: none */
        char *every;                                          /* how often while training, "1 epoch"; NULL: not */
        int64_t range_min, range_max, num_negatives, per_row; /* per_row 0: not given */
        double max_score, min_score, absolute_margin, relative_margin; /* NAN: none */
        int sampling;                                                  /* TERN_SAMPLING_* */
        double near_duplicates, max_share;
        char *second;    /* as recipe->model; NULL: none */
        int margin_from; /* TERN_FROM_* */
        int second_does; /* TERN_OPINION_* */
        double second_margin;
        int short_rows; /* TERN_SHORT_* */
        int64_t seed;
        int output; /* a place among mine.output's choices, which are mining/output.c's */
    } mine;
    struct {
        int64_t every; /* steps; 0: at the end of each epoch */
        char *metric;  /* not given: by the data of dev (else test): "ndcg_at_10" for BEIR, "cosine_spearman" (with a
                          base of another similarity that one's; train resolves it) for a file when score or score_range
                          is among its keys, else "triplet_accuracy" */
        tern_recipe_texts beside; /* what else ranks the test set; n 0: nothing */
        int64_t patience;         /* evaluations without a better score before stopping; 0: never */
    } eval;
    struct {
        char *dir;                      /* relative to the working directory, as given */
        int64_t max_seq_length;         /* of the exported model, special tokens included; 0: the base's own */
        int64_t keep, checkpoint_every; /* checkpoint_every: eval.every, else 50, when not given */
    } output;
    struct tern_recipe_notes *notes; /* private: which keys were given, and where */
} tern_recipe;

/* Reads a recipe and applies the --set texts "key=value" in order; the last of a key wins, and one that is set beats
 * its alternative in the file (model and scratch, beir and file, scale and temperature). Inputs are relative to the
 * recipe's folder, those of --set to the working directory; ${NAME} in paths is expanded. NULL on failure, with one
 * sentence that begins with path:line. */
tern_recipe *tern_recipe_read(const char *path, const char *const *sets, int n_sets, tern_error *error);
/* The same from memory; path gives the folder for inputs and stands in messages. */
tern_recipe *tern_recipe_parse(const char *text, size_t n, const char *path, const char *const *sets, int n_sets,
                               tern_error *error);
void tern_recipe_free(tern_recipe *recipe);

/* Keys of lists carry the place in brackets, from 0: "data.train[1].loss[0].scale"; without brackets the first is
 * meant, so "loss.scale" and "loss[0].scale" are one key. */

/* Where a key or a section ("loss.name", "data.train") was given: "path:line", or "--set loss.name"; when it was not,
 * the place of the section around it, or the path alone. Belongs to the recipe. key must be in the table. */
const char *tern_recipe_line(const tern_recipe *recipe, const char *key);
/* 1 when the file or a --set gives the key, or a key inside the section. */
int tern_recipe_given(const tern_recipe *recipe, const char *key);

/* The recipe with every default written out, inputs as absolute paths, as YAML that reads back to the same values.
 * A new string. */
char *tern_recipe_resolved(const tern_recipe *recipe);
/* What a resumed run must agree on: the resolved recipe without the keys that don't change the result (train.threads,
 * output.dir and its checkpoints). A new string. */
char *tern_recipe_identity(const tern_recipe *recipe);

/* Calls visit with each path that the recipe names as an input, a model's name too, and where it was given; with the
 * recipe's own path at last. Ends at the first result other than 0, which is returned. */
int tern_recipe_each_input(const tern_recipe *recipe, int (*visit)(void *context, const char *where, const char *path),
                           void *context);

/* Sets train.memory where the recipe doesn't give it, as a default is set: the resolved recipe has it. */
void tern_recipe_keep_memory(tern_recipe *recipe, int64_t bytes);
/* Writes eval.metric as name, another spelling of the same: the resolved recipe has it, and where it was given is kept.
 */
void tern_recipe_keep_metric(tern_recipe *recipe, const char *name);
/* train.memory of a resolved recipe that was saved; 0 when it has none or can't be read. */
int64_t tern_recipe_stored_memory(const char *resolved);

/* How a recipe says what was given as the flag --name value (value NULL: none): "the recipe says it, or --set
 * train.epochs=3"; for names of other tools also what there is instead. A new string; NULL when no key and no other
 * tool has that name, or, with nearby, one that is like it. */
char *tern_recipe_flag_advice(const char *name, const char *value, int nearby);
/* The page of a key ("train.epochs", or "epochs" alone), the list of a section's keys ("train"), or what another tool's
 * name is here. A new string; NULL when there is none of that name. */
char *tern_recipe_help(const char *name);
/* The key that such a name is most like. A new string, or NULL. */
char *tern_recipe_help_near(const char *name);
/* Writes docs/recipes.md: all keys as Markdown, from the table. */
void tern_recipe_reference(FILE *out);

#endif
