/* Which folder a model's name stands for. */
#include "base/file.h"
#include "base/memory.h"
#include "checkpoints/model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ORG/NAME: two parts of letters, digits, '.', '_' and '-', none of them "." or "..". */
static int is_hub_name(const char *name)
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

/* models--ORG--NAME/refs/main holds the name of the revision under snapshots/. NULL: it isn't there. */
static char *snapshot_of(const char *repository)
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

static char *find_in_caches(const char *name, tern_error *error)
{
    char *cache = tern_cache_folder(), *hub = hub_folder();
    const char *slash = strchr(name, '/');
    char *own = cache ? tern_format("%s/models/%s", cache, name) : NULL;
    char *repository = hub ? tern_format("%s/models--%.*s--%s", hub, (int)(slash - name), name, slash + 1) : NULL;
    char *found = own && tern_folder_exists(own) ? tern_strdup(own) : repository ? snapshot_of(repository) : NULL;
    if (!found && !(own && repository))
        tern_fail(error,
                  "%s: no such model: there is no folder of that name, and HOME isn't set and this user has no folder "
                  "of their own where it could lie; give the path of a folder, or set HOME",
                  name);
    else if (!found)
        tern_fail(error,
                  "%s: no such model: there is no folder of that name, none in tern's cache (%s) and none in the "
                  "Hugging Face cache (%s); tern fetches nothing, put the model in one of them",
                  name, own, repository);
    free(repository);
    free(own);
    free(hub);
    free(cache);
    return found;
}

char *tern_model_find(const char *name, tern_error *error)
{
    if (tern_folder_exists(name))
        return tern_strdup(name);
    if (tern_file_exists(name))
        tern_fail(error, "%s: it is a file; a model is a folder", name);
    else if (is_hub_name(name))
        return find_in_caches(name, error);
    else
        tern_fail(error, "%s: there is no such folder, and it is no name of the form ORG/NAME", name);
    return NULL;
}
