/* Which folder a model's name stands for, and, where it stands for none, what was probably meant. */
#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "checkpoints/folder_kind.h"
#include "checkpoints/installed.h"
#include "checkpoints/model.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* The folder that path is in, and its own name there. */
static char *parent_of(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    return !slash ? tern_strdup(".") : tern_strndup(path, slash > path ? (size_t)(slash - path) : 1);
}

/* The folder beside which path would stand whose name is nearest to it, as a path; NULL: none. */
static char *nearest_folder(const char *path)
{
    enum { MOST = 1000 };
    const char *name;
    char *parent = parent_of(path, &name), *names[MOST], *found = NULL;
    size_t n = 0;
    DIR *dir = opendir(parent);
    for (struct dirent *entry; dir && n < MOST && (entry = readdir(dir));) {
        char *inside = tern_path_join(parent, entry->d_name);
        if (entry->d_name[0] != '.' && tern_folder_exists(inside))
            names[n++] = tern_strdup(entry->d_name);
        free(inside);
    }
    if (dir)
        closedir(dir);
    const char *near = tern_nearest(name, (const char *const *)names, n);
    if (near)
        found = tern_format("%.*s%s", (int)(name - path), path, near);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(parent);
    return found;
}

/* "a, b and 3 more" of the installed models; a new string, "" when there are none. */
static char *list_names(const tern_installed *installed)
{
    enum { SHOWN = 3 };
    tern_buffer text = {0};
    tern_buffer_add(&text, "", 0);
    for (size_t i = 0; i < installed->n && i < SHOWN; i++)
        tern_buffer_printf(&text, "%s%s", i ? ", " : "", installed->names[i]);
    if (installed->n > SHOWN)
        tern_buffer_printf(&text, " and %zu more", installed->n - SHOWN);
    return text.data;
}

/* A name that nothing has: the one that is meant, or how a model is got. why: the sentence for a name of the Hugging
 * Face form, which lists the places that were looked at; NULL: it has another form. */
static void fail_unknown(const char *name, const char *why, tern_error *error)
{
    tern_installed installed = tern_installed_list();
    const char *meant = tern_installed_meant(&installed, name, 0);
    char *near = meant ? NULL : nearest_folder(name), *names = list_names(&installed);
    if (meant)
        tern_fail(error, "%s: there is no such folder or model; did you mean %s, which is installed?", name, meant);
    else if (near)
        tern_fail(error, "%s: there is no such folder; did you mean %s?", name, near);
    else if (why)
        tern_fail(error, "%s", why);
    else if (installed.n > 0)
        tern_fail(
            error,
            "%s: there is no such folder, and it is no name of the form ORG/NAME; installed are: %s; \"hf download "
            "ORG/NAME\" gets others from huggingface.co",
            name, names);
    else
        tern_fail(
            error,
            "%s: there is no such folder, and it is no name of the form ORG/NAME; no model is installed: get one, "
            "e.g. with \"hf download sentence-transformers/all-MiniLM-L6-v2\"",
            name);
    free(names);
    free(near);
    tern_installed_free(&installed);
}

/* A file that is part of a model, or of a run, belongs to a folder that can be given. */
static int fail_file(const char *name, tern_error *error)
{
    const char *last;
    char *parent = parent_of(name, &last), *model = tern_folder_run_model(parent);
    int status = tern_folder_is_model(parent)
                     ? tern_fail(error, "%s: it is a file; a model is a folder: give %s", name, parent)
                 : model ? tern_fail(error, "%s: it is a file of a run; the run's model is %s", name, model)
                         : tern_fail(error, "%s: it is a file; a model is a folder", name);
    free(model);
    free(parent);
    return status;
}

static char *check_folder(const char *path, const char *name, tern_warnings *warnings, tern_error *error)
{
    if (tern_folder_is_model(path) || tern_folder_is_tokenizer(path))
        return tern_strdup(path);
    char *model = tern_folder_run_model(path);
    if (model)
        tern_warn(warnings, "%s: it is a run's folder; the model in it is used: %s", name, model);
    else
        tern_folder_fail_kind(path, error);
    return model;
}

char *tern_model_find(const char *name, tern_warnings *warnings, tern_error *error)
{
    tern_error why = {{0}};
    if (tern_folder_exists(name))
        return check_folder(name, name, warnings, error);
    if (tern_file_exists(name)) {
        fail_file(name, error);
        return NULL;
    }
    if (!tern_installed_is_name(name)) {
        fail_unknown(name, NULL, error);
        return NULL;
    }
    char *found = tern_installed_find(name, &why);
    if (!found) {
        fail_unknown(name, why.message, error);
        return NULL;
    }
    char *checked = check_folder(found, name, warnings, error);
    free(found);
    return checked;
}

int tern_model_exists(const char *name)
{
    char *found = tern_model_find(name, NULL, NULL);
    tern_installed installed = {0};
    int exists = found != NULL;
    if (!exists && !tern_folder_exists(name) && !tern_file_exists(name)) {
        installed = tern_installed_list();
        exists = tern_installed_meant(&installed, name, 1) != NULL;
    }
    tern_installed_free(&installed);
    free(found);
    return exists;
}
