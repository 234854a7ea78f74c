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

enum { TERN_RECIPE_MOST_DIMS = 16 };

/* Values of keys with choices, in the order that the table lists them. */
enum { TERN_SCHEDULE_LINEAR, TERN_SCHEDULE_COSINE, TERN_SCHEDULE_CONSTANT };     /* train.schedule */
enum { TERN_DISTANCE_COSINE, TERN_DISTANCE_EUCLIDEAN, TERN_DISTANCE_MANHATTAN }; /* loss.distance; as tern_distance */
enum { TERN_MASK_JUDGED, TERN_MASK_EQUAL };                                      /* loss.mask */

typedef struct tern_recipe_ints {
    int64_t items[TERN_RECIPE_MOST_DIMS];
    int n;
} tern_recipe_ints;

typedef struct tern_recipe_reals {
    double items[TERN_RECIPE_MOST_DIMS];
    int n;
} tern_recipe_reals;

/* One data set: beir or file is set, never both; both NULL: the recipe has no such section. */
typedef struct tern_recipe_data {
    char *beir;  /* absolute path of a BEIR folder */
    char *split; /* "train", "dev" or "test" where the recipe doesn't say; NULL without beir */
    char *file;  /* absolute path of a JSONL, CSV or TSV file */
    char *anchor, *positive, *negative, *label, *score; /* columns of file; NULL: named as the role */
    int64_t min_grade;                                  /* train from beir: positives: ">=2" is 2; 1 when not given */
    int64_t positives_per_query;                        /* train; 0: all */
    int exclude_same_id; /* dev and test from beir: a document with the query's own id is left out */
} tern_recipe_data;

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
        tern_recipe_data train, dev, test;
        int invalid_utf8_replace;
    } data;
    struct {
        char *name;
        double scale;       /* 1 / temperature when the recipe gives that */
        double temperature; /* 0 when not given */
        int symmetric;
        double margin;
        int distance;                         /* TERN_DISTANCE_* */
        int mask;                             /* TERN_MASK_* */
        tern_recipe_ints matryoshka;          /* n 0: none */
        tern_recipe_reals matryoshka_weights; /* n 0: all 1; else as many as matryoshka */
    } loss;
    struct {
        int64_t batch_size, epochs;
        int64_t max_steps; /* above 0: wins over epochs */
        double learning_rate;
        double warmup;                      /* below 1 a fraction of all steps, from 1 on a number of steps */
        int schedule;                       /* TERN_SCHEDULE_* */
        double weight_decay, max_grad_norm; /* max_grad_norm 0: no clipping */
        int64_t max_seq_length;             /* special tokens included; 0: the model's own */
        double dropout;
        int64_t bucket;        /* window in batches for length bucketing; 0: none */
        int64_t seed, threads; /* threads 0: not said */
    } train;
    struct {
        int64_t every;    /* steps; 0: at the end of each epoch */
        char *metric;     /* "triplet_accuracy" when not given and dev (else test) is a file; else "ndcg_at_10" */
        int64_t patience; /* evaluations without a better score before stopping; 0: never */
    } eval;
    struct {
        char *dir;                      /* relative to the working directory, as given */
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

/* Where a key or a section ("loss.name", "data.train") was given: "path:line", or "--set loss.name"; when it was not,
 * the place of the section around it, or the path alone. Belongs to the recipe. key must be in the table. */
const char *tern_recipe_line(const tern_recipe *recipe, const char *key);
/* 1 when the file or a --set gives the key, or a key inside the section. */
int tern_recipe_given(const tern_recipe *recipe, const char *key);

/* The recipe with every default written out, inputs as absolute paths, as YAML that reads back to the same values.
 * A new string. */
char *tern_recipe_resolved(const tern_recipe *recipe);
/* What a resumed run must agree on: the resolved recipe without the keys that don't change the result (train.threads
 * and all of output). A new string. */
char *tern_recipe_identity(const tern_recipe *recipe);

/* Writes docs/recipes.md: all keys as Markdown, from the table. */
void tern_recipe_reference(FILE *out);

#endif
