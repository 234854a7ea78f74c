#include "train/run_files.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/staging.h"
#include "checkpoints/model.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files, in the order in which they go. */
static const char *const files[] = {"result.json", "per_query.csv", "mining.json",   "mining.jsonl", "best.h5",
                                    "best.h5.tmp", "dev.jsonl",     "metrics.jsonl", "recipe.yaml",  "trace.json"};
enum { N_FILES = sizeof files / sizeof *files };

int64_t tern_run_checkpoint_step(const char *name)
{
    enum { MOST_DIGITS = 18 };
    const char *number = strncmp(name, "step-", 5) == 0 ? name + 5 : "";
    size_t digits = strspn(number, "0123456789");
    if (digits == 0 || digits > MOST_DIGITS || (digits > 1 && *number == '0') || strcmp(number + digits, ".h5") != 0)
        return -1;
    return strtoll(number, NULL, 10);
}

static int is_checkpoint(const char *name)
{
    return tern_run_checkpoint_step(name) >= 0;
}

/* test.csv, test.data, dev-cut.csv: scores of the base, and what they are scores of. */
static int is_base(const char *name)
{
    size_t set = strncmp(name, "dev", 3) == 0 ? 3 : strncmp(name, "test", 4) == 0 ? 4 : 0;
    size_t n = set ? set + strspn(name + set, "abcdefghijklmnopqrstuvwxyz_-") : 0;
    return set && (strcmp(name + n, ".csv") == 0 || strcmp(name + n, ".data") == 0);
}

typedef struct folder {
    const char *name;
    int (*is_ours)(const char *name);
} folder;

static const folder folders[] = {{"checkpoints", is_checkpoint}, {"base", is_base}};
enum { N_FOLDERS = sizeof folders / sizeof *folders };
static const char own_model[] = "model", kept_base[] = "base/model";

/* Calls visit with the names in parent/name until it returns other than 0, which is returned. */
static int each_name(const char *parent, const char *name, int (*visit)(void *context, const char *name), void *context)
{
    char *path = *name ? tern_path_join(parent, name) : tern_strdup(parent);
    DIR *dir = opendir(path);
    int status = 0;
    for (struct dirent *entry; dir && status == 0 && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = visit(context, entry->d_name);
    if (dir)
        closedir(dir);
    free(path);
    return status;
}

/* ------------------------------------------------------------------------------------------------ looking */

static int stop_at_once(void *context, const char *name)
{
    (void)context;
    (void)name;
    return 1;
}

/* 1 when there is something at parent/name, a link to nothing too; an empty folder is nothing. */
static int is_there(const char *parent, const char *name)
{
    struct stat info;
    char *path = tern_path_join(parent, name);
    int there = lstat(path, &info) == 0 && (!S_ISDIR(info.st_mode) || each_name(parent, name, stop_at_once, NULL));
    free(path);
    return there;
}

typedef struct search {
    const folder *in;
    char *found;
} search;

static int find_ours(void *context, const char *name)
{
    search *s = context;
    if (s->in->is_ours(name))
        s->found = tern_format("%s/%s", s->in->name, name);
    return s->found != NULL;
}

char *tern_run_files_any(const char *path)
{
    const char *names[N_FILES + 1 + N_FOLDERS] = {[N_FILES] = own_model};
    struct stat info;
    char *found = NULL;
    for (int i = 0; i < N_FILES; i++)
        names[i] = files[i];
    for (int i = 0; i < N_FOLDERS; i++)
        names[N_FILES + 1 + i] = folders[i].name;
    for (int i = 0; i < N_FILES + 1 + N_FOLDERS && !found; i++) {
        char *inner = tern_path_join(path, names[i]);
        if (lstat(inner, &info) == 0)
            found = tern_strdup(names[i]);
        free(inner);
    }
    return found;
}

char *tern_run_files_first(const char *path, int without_model)
{
    for (int i = 0; i < N_FILES; i++)
        if (is_there(path, files[i]))
            return tern_strdup(files[i]);
    if (!without_model && is_there(path, own_model))
        return tern_strdup(own_model);
    if (is_there(path, kept_base))
        return tern_strdup(kept_base);
    search s = {0};
    for (int i = 0; i < N_FOLDERS && !s.found; i++) {
        s.in = &folders[i];
        each_name(path, folders[i].name, find_ours, &s);
    }
    return s.found;
}

static int check_model(const char *parent, const char *name, tern_error *error)
{
    char *path = tern_path_join(parent, name);
    int status = tern_model_may_replace(path, error);
    free(path);
    return status;
}

int tern_run_files_check(const char *path, tern_error *error)
{
    return check_model(path, own_model, error) < 0 || check_model(path, kept_base, error) < 0 ? -1 : 0;
}

int tern_run_files_hold(const char *parent, const char *input, const char **name)
{
    const char *names[N_FILES + 4] = {"run.json", own_model, "checkpoints", "base"};
    char *real = realpath(input, NULL);
    *name = NULL;
    for (int i = 0; i < N_FILES; i++)
        names[4 + i] = files[i];
    for (int i = 0; real && !*name && i < N_FILES + 4; i++) {
        char *path = tern_path_join(parent, names[i]), *written = realpath(path, NULL);
        size_t n = written ? strlen(written) : 0;
        if (written && strncmp(real, written, n) == 0 && (real[n] == 0 || real[n] == '/'))
            *name = names[i];
        free(written);
        free(path);
    }
    free(real);
    return *name != NULL;
}

/* ------------------------------------------------------------------------------------------------ removing */

typedef struct removal {
    const char *parent;
    const folder *in;
    char *stranger; /* the first */
    int n_strangers;
    tern_error *error;
} removal;

static int remove_path(const char *parent, const char *name, tern_error *error)
{
    char *path = tern_path_join(parent, name);
    int status = tern_remove_all(path, error);
    free(path);
    return status;
}

static int remove_ours(void *context, const char *name)
{
    removal *r = context;
    char *path = tern_format("%s/%s", r->in->name, name);
    int status = 0;
    if (r->in->is_ours(name))
        status = remove_path(r->parent, path, r->error);
    else if (strcmp(path, kept_base) != 0 && r->n_strangers++ == 0)
        r->stranger = tern_strdup(path);
    free(path);
    return status;
}

/* A file's name may be a link: that goes, and what it names stays. A folder under it isn't a run's. */
static int remove_file(const char *parent, const char *name, tern_error *error)
{
    char *path = tern_path_join(parent, name);
    int status = 0;
    if (unlink(path) != 0 && errno != ENOENT)
        status = tern_fail(error, "%s: can't remove it: %s", path, strerror(errno));
    free(path);
    return status;
}

int tern_run_files_remove(const char *path, int keep_model, char **strangers, tern_error *error)
{
    removal r = {.parent = path, .error = error};
    int status = 0;
    *strangers = NULL;
    for (int i = 0; status == 0 && i < N_FILES; i++)
        status = remove_file(path, files[i], error);
    for (int i = 0; status == 0 && i < N_FOLDERS; i++) {
        r.in = &folders[i];
        status = each_name(path, folders[i].name, remove_ours, &r);
    }
    if (status == 0 && !keep_model)
        status = tern_run_files_check(path, error) < 0 || remove_path(path, own_model, error) < 0 ||
                         remove_path(path, kept_base, error) < 0
                     ? -1
                     : 0;
    if (r.n_strangers > 1)
        *strangers = tern_format("%s and %d more", r.stranger, r.n_strangers - 1);
    else if (r.n_strangers == 1)
        *strangers = tern_strdup(r.stranger);
    free(r.stranger);
    return status;
}

/* ------------------------------------------------------------------------------------------------ keeping the base */

static int copy_folder(const char *from, const char *to, tern_error *error);

typedef struct copy {
    const char *from, *to;
    tern_error *error;
} copy;

static int copy_one(void *context, const char *name)
{
    const copy *c = context;
    char *from = tern_path_join(c->from, name), *to = tern_path_join(c->to, name);
    int status = 0;
    if (tern_folder_exists(from))
        status = tern_make_folder(to, c->error) < 0 || copy_folder(from, to, c->error) < 0 ? -1 : 0;
    else
        status = tern_file_copy(from, to, c->error);
    free(to);
    free(from);
    return status;
}

static int copy_folder(const char *from, const char *to, tern_error *error)
{
    copy c = {from, to, error};
    return each_name(from, "", copy_one, &c) < 0 ? -1 : tern_folder_sync(to, error);
}

int tern_run_files_keep_base(const char *path, tern_error *error)
{
    char *model = tern_path_join(path, own_model), *kept = tern_path_join(path, kept_base);
    tern_staged *staged = tern_make_folder_above(kept, error) == 0 ? tern_staged_folder(kept, 1, error) : NULL;
    int status = staged ? copy_folder(model, tern_staged_path(staged), error) : -1;
    if (status == 0)
        status = tern_staged_place(staged, error);
    else
        tern_staged_discard(staged);
    free(kept);
    free(model);
    return status;
}
