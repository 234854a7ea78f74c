/* The one table of recipe keys. The reader, --set, hints for unknown keys, the resolved recipe and docs/recipes.md all
 * work from it: a new key is a field of tern_recipe and a row here. A row of a data set or a loss stands for as many
 * keys as there are places for it: a key is a row at a place, and has a number of its own. Private to recipes/. */
#ifndef TERN_RECIPES_KEYS_H
#define TERN_RECIPES_KEYS_H

#include "recipes/recipe.h"

#include <stddef.h>

typedef enum tern_key_kind {
    TERN_KEY_INT,     /* int64_t in [least, most] */
    TERN_KEY_REAL,    /* double in [least, most] */
    TERN_KEY_BOOL,    /* int */
    TERN_KEY_CHOICE,  /* int: place among choices */
    TERN_KEY_CHOICES, /* unsigned: a bit for each of a list of choices */
    TERN_KEY_TEXT,    /* char * */
    TERN_KEY_INPUT,   /* char *: a path, made absolute */
    TERN_KEY_MODEL,   /* char *: a folder that is there, made absolute, or a name */
    TERN_KEY_OUTPUT,  /* char *: a path, kept as it is given */
    TERN_KEY_GRADE,   /* int64_t in [least, most], written ">=N" or "<=N": choices says which */
    TERN_KEY_SIZE,    /* int64_t: bytes, written 2GB; in [least, most] */
    TERN_KEY_INTS,    /* tern_recipe_ints, each item in [least, most] */
    TERN_KEY_REALS,   /* tern_recipe_reals, likewise */
    TERN_KEY_RANGE,   /* tern_recipe_reals, two that ascend, in [least, most] */
    TERN_KEY_TEXTS,   /* tern_recipe_texts, none empty */
    TERN_KEY_RATES,   /* tern_recipe_rates, each number in [least, most], no name twice */
} tern_key_kind;

enum {
    TERN_KEY_FREE = 1,    /* does not change the result: left out of tern_recipe_identity */
    TERN_KEY_FOLDED = 2,  /* said by another key in the resolved recipe */
    TERN_KEY_SCRATCH = 4, /* its default applies when the model is made from scratch */
    TERN_KEY_BEIR = 8,    /* of a data set: for BEIR folders only */
    TERN_KEY_FILE = 16,   /* of a data set: for files only */
    TERN_KEY_NONE = 64,   /* of a number: "none" is NAN */
    TERN_KEY_LATER = 32,  /* there are runs that began before there was this key: left out of tern_recipe_identity while
                             it has its default, which is a number or a word */
};

/* What a row's field is in. */
typedef enum tern_key_scope {
    TERN_SCOPE_RECIPE,
    TERN_SCOPE_SOURCE, /* data.train, once for each data set */
    TERN_SCOPE_LOSS    /* loss, once for each of the recipe's losses and each of a source's */
} tern_key_scope;

typedef struct tern_key_row {
    const char *path; /* of the first: "data.train.file", "loss.scale" */
    tern_key_scope scope;
    tern_key_kind kind;
    size_t offset; /* in tern_recipe, tern_recipe_source or tern_recipe_loss */
    double least, most;
    const char *choices;  /* "a|b|c" for CHOICE and CHOICES; ">=" or "<=" for GRADE; what the names of RATES are called,
                             NULL: patterns, which each need a number; names without one get 1 */
    const char *fallback; /* the default as a recipe would write it; NULL: none; "=words": worked out elsewhere */
    int flags;
    const char *help;
} tern_key_row;

extern const tern_key_row tern_key_rows[];
extern const int tern_n_key_rows;

/* Where a key is: source -1 for what is outside data.train, loss -1 for what is in no loss. */
typedef struct tern_key_place {
    int source, loss;
} tern_key_place;

/* Keys are numbers in [0, tern_n_key_rows * TERN_KEY_PLACES); some of them stand for nothing. */
enum { TERN_KEY_PLACES = TERN_RECIPE_MOST_LOSSES * (TERN_RECIPE_MOST_SOURCES + 1) };
int tern_n_keys(void);
/* The number of a row's key at a place that suits the row's scope. */
int tern_key_at(int row, tern_key_place place);
const tern_key_row *tern_key_get(int key);
tern_key_place tern_key_where(int key);
/* 1 when the recipe has as many data sets and losses as the key needs. */
int tern_key_is_used(const tern_recipe *recipe, int key);
/* The key's field in a recipe. */
void *tern_key_field(const tern_recipe *recipe, int key);

/* A dotted path taken apart. */
typedef struct tern_key_path {
    tern_key_scope scope;
    tern_key_place place;
    const char *rest; /* the whole path, or what follows the data set or the loss: "" or ".scale" */
} tern_key_path;

/* Returns -1 when brackets are not where they belong or hold no place that there can be. */
int tern_key_path_parse(const char *path, tern_key_path *out);
/* The number of the key with that path, or -1. */
int tern_key_find(const char *path);
/* 1 when keys' paths begin with path and a dot. */
int tern_key_is_section(const char *path);
/* 1 when a path is that of a data set to train on or of a loss as a whole. */
int tern_key_is_item(const char *path);
/* 1 when a key is within section: the key itself, or a section around it. */
int tern_key_within(int key, const char *section);
/* The same for a path in place of a key. */
int tern_section_within(const char *path, const char *section);
/* 1 when a dotted path is section, or section, a dot and more. */
int tern_path_within(const char *path, const char *section);
/* Makes the recipe have as many data sets and losses as the place needs. */
void tern_key_reach(tern_recipe *recipe, tern_key_place place);
/* How many losses there are at place.source. */
int tern_key_losses(const tern_recipe *recipe, int source);
/* The path of a data set or a loss as this recipe's messages have it, with brackets only where there are several:
 * "data.train[1].loss". A new string. */
char *tern_place_name(const tern_recipe *recipe, tern_key_place place);
/* The same of a key. A new string. */
char *tern_key_name(const tern_recipe *recipe, int key);
/* The keys that are used, in the order of the resolved recipe, into keys [tern_n_keys()]; returns how many. */
int tern_keys_in_order(const tern_recipe *recipe, int *keys);

/* 1 for the kinds whose value is a char *. */
int tern_key_is_text(const tern_key_row *row);
/* 1 for the kinds that take a list. */
int tern_key_is_list(const tern_key_row *row);
/* The key that was most likely meant by an unknown path: the nearest with the same parent (a section counts too), else
 * one elsewhere whose last part is the same or near. A new string, or NULL. */
char *tern_key_nearest(const char *path);
/* What to do about an unknown path: a name of another tool explained (recipes/other_tools.h), else the nearest key. A
 * clause such as "did you mean train.epochs?", a new string; NULL: nothing is like it. */
char *tern_key_advice(const char *path);
/* The path whose last part is that name: with the fewest parts, and of those the first in the table; or NULL. */
const char *tern_key_elsewhere(const char *name);
/* text in double quotes, as YAML reads it back. A new string. */
char *tern_yaml_quote(const char *text);
/* What the key takes, in words: "a whole number from 1 to 10". A new string. */
char *tern_key_takes(const tern_key_row *row);

/* Which keys were given, and where. */
typedef enum tern_key_origin { TERN_FROM_NOTHING, TERN_FROM_DEFAULT, TERN_FROM_FILE, TERN_FROM_SET } tern_key_origin;

typedef struct tern_recipe_section {
    char *path, *where;
} tern_recipe_section;

struct tern_recipe_notes {
    char *path;              /* of the recipe, as given */
    char *folder;            /* absolute: inputs are relative to it */
    tern_key_origin *origin; /* [tern_n_keys()]; NOTHING: the key has no value */
    char **where;            /* [tern_n_keys()], NULL: never given */
    tern_recipe_section *sections;
    size_t n_sections, sections_capacity;
    int copied[TERN_RECIPE_MOST_SOURCES]; /* 1: the source's losses are copies of the recipe's */
};

/* A value as it was written: a word, a list of words, or words with names. */
enum { TERN_VALUE_MOST = TERN_RECIPE_MOST_DIMS };
typedef struct tern_value {
    const char *words[TERN_VALUE_MOST];
    const char *names[TERN_VALUE_MOST]; /* of RATES */
    int quoted[TERN_VALUE_MOST];        /* in quotes: text, whatever it looks like */
    int n, is_list;
} tern_value;

/* Parses value into the key's field and notes where it came from. folder: what relative inputs are relative to. */
int tern_value_set(tern_recipe *recipe, int key, const tern_value *value, tern_key_origin origin, const char *where,
                   const char *folder, tern_error *error);
/* Takes a value back. */
void tern_value_clear(tern_recipe *recipe, int key);

/* ${NAME} replaced by the environment's value. A new string, or NULL with a sentence that begins with where. */
char *tern_path_expand(const char *text, const char *where, tern_error *error);
/* path relative to folder as an absolute one, without links, "." and ".." as far as the folders above it are there;
 * its last part is kept. A new string. */
char *tern_path_absolute(const char *folder, const char *path);

/* The largest file that is read. */
enum { TERN_RECIPE_MOST_BYTES = 256 * 1024 };
/* Reads YAML text into the recipe through tern_value_set. */
int tern_yaml_read(tern_recipe *recipe, const char *text, size_t n, tern_error *error);
/* Defaults, and what keys demand of one another. */
int tern_rules_apply(tern_recipe *recipe, tern_error *error);

#endif
