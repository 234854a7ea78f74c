/* The one table of recipe keys. The reader, --set, hints for unknown keys, the resolved recipe and docs/recipes.md all
 * work from it: a new key is a field of tern_recipe and a row here. Private to recipes/. */
#ifndef TERN_RECIPES_KEYS_H
#define TERN_RECIPES_KEYS_H

#include "recipes/recipe.h"

#include <stddef.h>

typedef enum tern_key_kind {
    TERN_KEY_INT,    /* int64_t in [least, most] */
    TERN_KEY_REAL,   /* double in [least, most] */
    TERN_KEY_BOOL,   /* int */
    TERN_KEY_CHOICE, /* int: place among choices */
    TERN_KEY_TEXT,   /* char * */
    TERN_KEY_INPUT,  /* char *: a path, made absolute */
    TERN_KEY_MODEL,  /* char *: a folder that is there, made absolute, or a name */
    TERN_KEY_OUTPUT, /* char *: a path, kept as it is given */
    TERN_KEY_GRADE,  /* int64_t, written ">=N" */
    TERN_KEY_INTS,   /* tern_recipe_ints, each item in [least, most] */
    TERN_KEY_REALS,  /* tern_recipe_reals, likewise */
} tern_key_kind;

enum {
    TERN_KEY_FREE = 1,    /* does not change the result: left out of tern_recipe_identity */
    TERN_KEY_FOLDED = 2,  /* said by another key in the resolved recipe */
    TERN_KEY_SCRATCH = 4, /* its default applies when the model is made from scratch */
    TERN_KEY_BEIR = 8,    /* of a data set: for BEIR folders only */
    TERN_KEY_FILE = 16,   /* of a data set: for files only */
};

typedef struct tern_key {
    const char *path;
    tern_key_kind kind;
    size_t offset; /* in tern_recipe */
    double least, most;
    const char *choices;  /* "a|b|c" for CHOICE */
    const char *fallback; /* the default as a recipe would write it; NULL: none; "=words": worked out in rules.c */
    int flags;
    const char *help;
} tern_key;

extern const tern_key tern_keys[];
extern const int tern_n_keys;

/* The place of a path in tern_keys, or -1. */
int tern_key_find(const char *path);
/* 1 when a key's path begins with path and a dot. */
int tern_key_is_section(const char *path);
/* 1 when path is within section: equal to it, or section, a dot and more. */
int tern_key_within(const char *path, const char *section);
/* 1 for the kinds whose value is a char *. */
int tern_key_is_text(const tern_key *key);
/* The key that was most likely meant by an unknown path: the nearest with the same parent (a section counts too), else
 * one elsewhere whose last part is the same. A new string, or NULL. */
char *tern_key_nearest(const char *path);
/* What the key takes, in words: "a whole number from 1 to 10". A new string. */
char *tern_key_takes(const tern_key *key);
/* The key's field in a recipe. */
void *tern_key_field(const tern_recipe *recipe, int key);

/* Which keys were given, and where. */
typedef enum tern_key_origin { TERN_FROM_NOTHING, TERN_FROM_DEFAULT, TERN_FROM_FILE, TERN_FROM_SET } tern_key_origin;

typedef struct tern_recipe_section {
    char *path, *where;
} tern_recipe_section;

struct tern_recipe_notes {
    char *path;              /* of the recipe, as given */
    char *folder;            /* absolute: inputs are relative to it */
    tern_key_origin *origin; /* [tern_n_keys]; NOTHING: the key has no value */
    char **where;            /* [tern_n_keys], NULL: never given */
    tern_recipe_section *sections;
    size_t n_sections, sections_capacity;
};

/* A value as it was written: a word, or a list of words. */
enum { TERN_VALUE_MOST = TERN_RECIPE_MOST_DIMS };
typedef struct tern_value {
    const char *words[TERN_VALUE_MOST];
    int quoted[TERN_VALUE_MOST]; /* in quotes: text, whatever it looks like */
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
