/* Recipes: what is read is written out with every default, and that reads back to the same text. */
#include "fuzz.h"
#include "recipes/recipe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_recipe *recipe = tern_recipe_parse((const char *)bytes, n, "fuzz.yaml", NULL, 0, &error);
    if (!recipe) {
        FUZZ_FAILED(error);
        return 0;
    }
    char *resolved = tern_recipe_resolved(recipe);
    tern_recipe *again = tern_recipe_parse(resolved, strlen(resolved), "fuzz.yaml", NULL, 0, &error);
    TERN_CHECK(again, "a resolved recipe is refused: %s\n%s", error.message, resolved);
    char *twice = tern_recipe_resolved(again);
    TERN_CHECK(!strcmp(resolved, twice), "resolved:\n%s\nand again:\n%s", resolved, twice);
    free(resolved);
    free(twice);
    tern_recipe_free(recipe);
    tern_recipe_free(again);
    return 0;
}
