#include "checkpoints/installed.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "checkpoints/folder_kind.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int tern_installed_is_name(const char *name)
{
    int slashes = 0, part = 0;
    for (const char *p = name; *p; p++) {
        if (*p == '/') {
            slashes++;
            part = 0;
        } else if (!isalnum((unsigned char)*p) && !strchr("_-", *p) && !(*p == '.' && part > 0)) {
            return 0;
        } else {
            part++;
        }
        if (*p == '/' && (p == name || p[1] == 0))
            return 0;
    }
    return slashes == 1;
}

/* Where the Hugging Face libraries keep what they fetched, by the variables they read, in their order; NULL when the
 * user has no folder. */
static char *hub_folder(void)
{
    const char *hub = getenv("HF_HUB_CACHE"), *old = getenv("HUGGINGFACE_HUB_CACHE"), *home = getenv("HF_HOME");
    const char *xdg = getenv("XDG_CACHE_HOME");
    if ((hub && *hub) || (old && *old))
        return tern_strdup(hub && *hub ? hub : old);
    if (home && *home)
        return tern_path_join(home, "hub");
    if (xdg && *xdg)
        return tern_path_join(xdg, "huggingface/hub");
    char *user = tern_home_folder(), *hidden = user ? tern_path_join(user, ".cache/huggingface/hub") : NULL;
    free(user);
    return hidden;
}

/* refs/main holds the name of the revision under snapshots/. */
char *tern_installed_snapshot(const char *repository)
{
    char *refs = tern_path_join(repository, "refs/main"), *revision = NULL, *snapshot = NULL;
    if (tern_file_read(refs, 4096, &revision, NULL, NULL) == 0) {
        revision[strcspn(revision, " \r\n\t")] = 0;
        if (*revision && !strchr(revision, '/') && strcmp(revision, "..") != 0)
            snapshot = tern_format("%s/snapshots/%s", repository, revision);
    }
    if (snapshot && !tern_folder_exists(snapshot)) {
        free(snapshot);
        snapshot = NULL;
    }
    free(revision);
    free(refs);
    return snapshot;
}

/* What to do about a repository of the Hugging Face cache without a main revision that is there. */
static int fail_repository(const char *name, const char *repository, tern_error *error)
{
    return tern_fail(error,
                     "%s: the Hugging Face cache has %s, but not its main revision, or not whole; fetch it again (hf "
                     "download %s), or give the folder of a revision, under snapshots/ there",
                     name, repository, name);
}

char *tern_installed_find(const char *name, tern_error *error)
{
    char *cache = tern_cache_folder(), *hub = hub_folder();
    const char *slash = strchr(name, '/');
    char *own = cache ? tern_format("%s/models/%s", cache, name) : NULL;
    char *repository = hub ? tern_format("%s/models--%.*s--%s", hub, (int)(slash - name), name, slash + 1) : NULL;
    char *found = own && tern_folder_exists(own) ? tern_strdup(own) : NULL;
    if (!found && repository && (found = tern_installed_snapshot(repository)) && !tern_folder_is_model(found)) {
        free(found); /* a download that was stopped */
        found = NULL;
    }
    if (!found && repository && tern_folder_exists(repository))
        fail_repository(name, repository, error);
    else if (!found && !(own && repository))
        tern_fail(error,
                  "%s: no such model: there is no folder of that name, and HOME isn't set and this user has no folder "
                  "of their own where it could lie; give the path of a folder, or set HOME",
                  name);
    else if (!found)
        tern_fail(
            error,
            "%s: no such model: there is no folder of that name, none in tern's cache (%s) and none in the "
            "Hugging Face cache (%s); tern fetches nothing: \"hf download %s\" puts it there, if that is its name "
            "on huggingface.co",
            name, own, repository, name);
    free(repository);
    free(own);
    free(hub);
    free(cache);
    return found;
}

/* Calls add for each folder in a folder. */
static void each_folder(const char *path, void (*add)(void *context, const char *path, const char *name), void *context)
{
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char *inside = tern_path_join(path, entry->d_name);
        if (entry->d_name[0] != '.' && tern_folder_exists(inside))
            add(context, inside, entry->d_name);
        free(inside);
    }
    closedir(dir);
}

static void add_name(tern_installed *list, char *name)
{
    TERN_GROW(list->names, list->n, list->capacity);
    list->names[list->n++] = name;
}

/* The list, and the organization whose folder is looked through. */
typedef struct organization {
    tern_installed *list;
    const char *name;
} organization;

static void add_own(void *context, const char *path, const char *name)
{
    const organization *o = context;
    if (tern_folder_is_model(path))
        add_name(o->list, tern_format("%s/%s", o->name, name));
}

static void add_organization(void *context, const char *path, const char *name)
{
    organization o = {context, name};
    each_folder(path, add_own, &o);
}

/* models--ORG--NAME */
static void add_repository(void *context, const char *path, const char *name)
{
    const char *org = name + strlen("models--"), *dashes = strncmp(name, "models--", 8) == 0 ? strstr(org, "--") : NULL;
    char *snapshot = dashes ? tern_installed_snapshot(path) : NULL;
    if (snapshot && tern_folder_is_model(snapshot))
        add_name(context, tern_format("%.*s/%s", (int)(dashes - org), org, dashes + 2));
    free(snapshot);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

tern_installed tern_installed_list(void)
{
    tern_installed list = {0};
    char *cache = tern_cache_folder(), *own = cache ? tern_path_join(cache, "models") : NULL, *hub = hub_folder();
    if (own)
        each_folder(own, add_organization, &list);
    if (hub)
        each_folder(hub, add_repository, &list);
    if (list.n > 0)
        qsort(list.names, list.n, sizeof *list.names, by_name);
    free(hub);
    free(own);
    free(cache);
    return list;
}

void tern_installed_free(tern_installed *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->names[i]);
    free(list->names);
    *list = (tern_installed){0};
}

static const char *last_part(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/* The nearest of the names, or of their last parts, in lower case. */
static const char *nearest(const tern_installed *list, const char *name, int last)
{
    char **lower = tern_alloc(list->n, sizeof *lower), *word = tern_strdup(last ? last_part(name) : name);
    const char *found = NULL;
    for (char *p = word; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    for (size_t i = 0; i < list->n; i++) {
        lower[i] = tern_strdup(last ? last_part(list->names[i]) : list->names[i]);
        for (char *p = lower[i]; *p; p++)
            *p = (char)tolower((unsigned char)*p);
    }
    const char *near = tern_nearest(word, (const char *const *)lower, list->n);
    for (size_t i = 0; i < list->n; i++) {
        if (lower[i] == near)
            found = list->names[i];
        free(lower[i]);
    }
    free(word);
    free(lower);
    return found;
}

const char *tern_installed_meant(const tern_installed *list, const char *name, int exact)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcasecmp(list->names[i], name) == 0)
            return list->names[i];
    for (size_t i = 0; i < list->n && *last_part(name); i++)
        if (strcasecmp(last_part(list->names[i]), last_part(name)) == 0)
            return list->names[i];
    if (exact)
        return NULL;
    const char *found = nearest(list, name, 0);
    return found ? found : nearest(list, name, 1);
}
