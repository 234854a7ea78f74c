#include "train/input_places.h"

#include "base/file.h"
#include "base/memory.h"
#include "checkpoints/model.h"
#include "train/run_files.h"

#include <string.h>

int tern_input_places_own_base(const tern_recipe *recipe)
{
    char *own = tern_path_join(recipe->output.dir, "model");
    char *base = recipe->model ? tern_model_find(recipe->model, NULL, NULL) : NULL;
    int same = base && tern_same_file(base, own);
    free(base);
    free(own);
    return same;
}

typedef struct check {
    const tern_recipe *recipe;
    int own_base;
    tern_error *error;
} check;

/* The folder of a model's name, or the path as it is; a new string. */
static char *place_of(const char *path)
{
    char *found = tern_folder_exists(path) || tern_file_exists(path) ? NULL : tern_model_find(path, NULL, NULL);
    return found ? found : tern_strdup(path);
}

static int check_input(void *context, const char *where, const char *path)
{
    const check *c = context;
    const char *name, *dir = c->recipe->output.dir;
    char *place = place_of(path);
    int held = tern_run_files_hold(dir, place, &name);
    int is_recipe = path == where, is_base = path == c->recipe->model;
    free(place);
    if (!held || (is_recipe && strcmp(name, "recipe.yaml") == 0) ||
        (is_base && c->own_base && strcmp(name, "model") == 0))
        return 0;
    return tern_fail(c->error,
                     "%s: %s is what a run into output.dir %s writes as %s, and would be lost; choose another "
                     "output.dir",
                     where, path, dir, name);
}

int tern_input_places_check(const tern_recipe *recipe, tern_error *error)
{
    check c = {recipe, tern_input_places_own_base(recipe), error};
    return tern_recipe_each_input(recipe, check_input, &c);
}
