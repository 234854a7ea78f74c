/* Recipes as texts: what the tests of good and of wrong ones share. */
#ifndef TERN_TESTS_RECIPES_H
#define TERN_TESTS_RECIPES_H

#include "tests/support.h"

#include "recipes/recipe.h"

#include <string.h>

/* A good recipe, as if it were read from tests/x.yaml. */
static inline tern_recipe *parse_with(const char *text, const char *const *sets, int n)
{
    tern_error error = {{0}};
    tern_recipe *recipe = tern_recipe_parse(text, strlen(text), "tests/x.yaml", sets, n, &error);
    ck_assert_msg(recipe, "%s", error.message);
    return recipe;
}

static inline tern_recipe *parse(const char *text)
{
    return parse_with(text, NULL, 0);
}

/* What the last recipe was refused for. */
static tern_error refusal;

/* The first n bytes of text as x.yaml, with one override or none; NULL when it is refused. */
static inline tern_recipe *read_text(const char *text, size_t n, const char *set)
{
    memset(&refusal, 0, sizeof refusal);
    return tern_recipe_parse(text, n, "x.yaml", &set, set ? 1 : 0, &refusal);
}

/* Fails unless the recipe is refused in a sentence that begins with begin and has part in it. */
static inline void refuse(const char *text, const char *set, const char *begin, const char *part)
{
    tern_recipe *recipe = read_text(text, strlen(text), set);
    ck_assert_msg(!recipe, "it was read: %.200s %s", text, set ? set : "");
    ck_assert_msg(!strncmp(refusal.message, begin, strlen(begin)), "\"%s\" does not begin with \"%s\"", refusal.message,
                  begin);
    ck_assert_msg(strstr(refusal.message, part) != NULL, "\"%s\" does not say \"%s\"", refusal.message, part);
}

/* A text, or a part of one, with what its refusal begins with and has in it. */
typedef struct wrong {
    const char *text, *begin, *part;
} wrong;

/* The recipe cut off after each of its n bytes is read, or refused with its place. */
static inline void survive_truncations(const char *text, size_t n)
{
    for (size_t cut = 0; cut < n; cut++) {
        tern_recipe *recipe = read_text(text, cut, NULL);
        ck_assert(recipe || !strncmp(refusal.message, "x.yaml", 6));
        tern_recipe_free(recipe);
    }
}

#endif
