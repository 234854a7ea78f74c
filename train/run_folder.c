#include "train/run_folder.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/staging.h"
#include "data/json_text.h"
#include "train/run_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUN_FILE_LIMIT = 1 << 20, HOLDER_MOST = 160 };
static const char kind_of_file[] = "run 1";

static int has(const char *folder, const char *name)
{
    char *path = tern_path_join(folder, name);
    int there = tern_file_exists(path) || tern_folder_exists(path);
    free(path);
    return there;
}

char *tern_run_identity_parse(const char *text, size_t n, const char *path, tern_error *error)
{
    json_t *object = tern_json_parse(text, n, JSON_REJECT_DUPLICATES, path, NULL);
    const char *kind = json_string_value(json_object_get(object, "tern"));
    const char *identity = json_string_value(json_object_get(object, "identity"));
    char *found =
        kind && strcmp(kind, kind_of_file) == 0 && json_object_size(object) == 2 ? tern_strdup(identity) : NULL;
    json_decref(object);
    if (!found)
        tern_fail(error, "%s: is not what tern writes; choose another output.dir", path);
    return found;
}

char *tern_run_identity_text(const char *identity)
{
    json_t *object = json_pack("{s:s, s:s}", "tern", kind_of_file, "identity", identity);
    char *text = json_dumps(object, JSON_INDENT(1));
    TERN_CHECK(text, "an identity that is not UTF-8");
    json_decref(object);
    return text;
}

/* The identity that run.json holds as a new string, or NULL with a sentence. */
static char *read_identity(const char *folder, tern_error *error)
{
    char *path = tern_path_join(folder, "run.json"), *text = NULL, *identity = NULL;
    size_t n = 0;
    if (tern_file_read(path, RUN_FILE_LIMIT, &text, &n, error) == 0)
        identity = tern_run_identity_parse(text, n, path, error);
    free(text);
    free(path);
    return identity;
}

static int has_line(const char *text, const char *line)
{
    size_t n = strcspn(line, "\n");
    for (; *text; text += strcspn(text, "\n"), text += *text != 0)
        if (strcspn(text, "\n") == n && memcmp(text, line, n) == 0)
            return 1;
    return 0;
}

/* The first lines in which two recipes that differ do: "seed: 42" there, "seed: 7" now. A new string. */
static char *difference(const char *old, const char *now)
{
    size_t n, m;
    while ((n = strcspn(old, "\n")) == (m = strcspn(now, "\n")) && *old && memcmp(old, now, n) == 0) {
        old += n + (old[n] != 0);
        now += m + (now[m] != 0);
    }
    const char *a = old + strspn(old, " "), *b = now + strspn(now, " ");
    int a_size = (int)strcspn(a, "\n"), b_size = (int)strcspn(b, "\n");
    size_t key = strcspn(old, ":\n");
    if (key == strcspn(now, ":\n") && memcmp(old, now, key) == 0)
        return tern_format("\"%.*s\" there, \"%.*s\" now", a_size, a, b_size, b);
    if (!*b || has_line(old, now)) /* a key that is written only when it hasn't its default */
        return tern_format("\"%.*s\" there only", a_size, a);
    if (!*a || has_line(now, old))
        return tern_format("\"%.*s\" now only", b_size, b);
    return tern_format("\"%.*s\" there, \"%.*s\" now", a_size, a, b_size, b);
}

static int fail_changed(const char *folder, const char *old, const char *now, int own_base, tern_error *error)
{
    char *how = difference(old, now);
    tern_fail(error, "%s: holds a run of another recipe (%s); choose another output.dir, or --force to %s", folder, how,
              own_base ? "train its model further, which is kept in base/model" : "start anew");
    free(how);
    return -1;
}

/* A folder without a run of tern's. What is there is somebody else's: it is never removed, and written beside only when
 * the user says so. */
static int look_at_foreign(const char *path, int flags, tern_error *error)
{
    int force = flags & TERN_RUN_FORCE, own_base = flags & TERN_RUN_OWN_BASE;
    char *first = force ? tern_run_files_first(path, own_base) : tern_run_files_any(path);
    if (first && force)
        tern_fail(
            error,
            "%s: holds %s, which no run of tern wrote and --force would overwrite; move it away, or choose another "
            "output.dir",
            path, first);
    else if (first && own_base && strcmp(first, "model") == 0)
        tern_fail(error,
                  "%s: the base model lies where this run's own model goes; choose another output.dir, or --force to "
                  "replace it in the end, with a copy of it kept in base/model",
                  path);
    else if (first)
        tern_fail(error,
                  "%s: holds %s, which is not of a run of tern; choose another output.dir, or --force to write beside "
                  "what it holds",
                  path, first);
    int status = first ? -1 : tern_run_files_check(path, error);
    free(first);
    return status;
}

/* identity "" is of a run that was about to begin: what an earlier one left was being removed. */
static int look_at_run(const char *path, const char *identity, int flags, tern_run_found *found, tern_error *error)
{
    int status = 0, own_base = (flags & TERN_RUN_OWN_BASE) != 0;
    char *old = read_identity(path, error);
    if (!old)
        return -1;
    if (!(flags & TERN_RUN_FORCE) && *old) {
        *found = has(path, "result.json") && has(path, "model") ? TERN_RUN_FINISHED : TERN_RUN_STARTED;
        status = strcmp(old, identity) == 0 ? 0 : fail_changed(path, old, identity, own_base, error);
    } else if (!(flags & TERN_RUN_FORCE) && !own_base && has(path, "model")) {
        status = tern_fail(error,
                           "%s: holds the model of an earlier run; choose another output.dir, or --force to start "
                           "anew",
                           path);
    }
    free(old);
    return status < 0 || *found == TERN_RUN_FINISHED ? status : tern_run_files_check(path, error);
}

int tern_run_folder_look(const char *path, const char *identity, int flags, tern_run_found *found, tern_error *error)
{
    *found = TERN_RUN_NONE;
    if (!tern_folder_exists(path))
        return 0;
    return has(path, "run.json") ? look_at_run(path, identity, flags, found, error)
                                 : look_at_foreign(path, flags, error);
}

/* A process that holds the lock has written who it is: " (process 1234 on HOST)", or "". A new string. */
static char *who_holds(int fd)
{
    char text[HOLDER_MOST], host[HOLDER_MOST];
    long process;
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    return sscanf(text, "%9ld %63[A-Za-z0-9._-]", &process, host) == 2
               ? tern_format(" (process %ld on %s)", process, host)
               : tern_strdup("");
}

static void say_who(int fd)
{
    char host[HOLDER_MOST / 2] = {0}, text[HOLDER_MOST];
    if (gethostname(host, sizeof host - 1) != 0)
        return;
    int n = snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return; /* it is for a message only */
}

static int fail_held(const tern_run_folder *folder, tern_error *error)
{
    char *who = who_holds(folder->lock);
    tern_fail(error, "%s: another process trains into this folder%s; wait for it or choose another output.dir",
              folder->path, who);
    free(who);
    return -1;
}

static void warn(tern_run_folder *folder, char *owned)
{
    if (folder->warning) {
        char *both = tern_format("%s; %s", folder->warning, owned);
        free(folder->warning);
        free(owned);
        owned = both;
    }
    folder->warning = owned;
}

/* A file system without locks is no other process: the run goes on, and the user is told. */
static int lock_file(tern_run_folder *folder, const char *path, tern_error *error)
{
    if (flock(folder->lock, LOCK_EX | LOCK_NB) == 0) {
        say_who(folder->lock);
        return 0;
    }
    if (errno == EWOULDBLOCK)
        return fail_held(folder, error);
    if (errno != ENOLCK && errno != ENOSYS && errno != EOPNOTSUPP && errno != EINVAL)
        return tern_fail(error, "%s: can't lock it: %s", path, strerror(errno));
    folder->warning =
        tern_format("%s: its file system has no locks (%s), so a second run that is started in this folder "
                    "isn't noticed; don't start one",
                    folder->path, strerror(errno));
    return 0;
}

static int lock(tern_run_folder *folder, tern_error *error)
{
    struct stat info;
    char *path = tern_path_join(folder->path, ".lock");
    int status;
    folder->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (folder->lock < 0)
        status = tern_fail(error, "%s: cannot be written: %s; choose another output.dir", path, strerror(errno));
    else if (fstat(folder->lock, &info) != 0 || !S_ISREG(info.st_mode))
        status = tern_fail(error, "%s: it is not a file; choose another output.dir", path);
    else
        status = lock_file(folder, path, error);
    free(path);
    return status;
}

static int write_identity(const tern_run_folder *folder, const char *identity, tern_error *error)
{
    char *text = tern_run_identity_text(identity), *path = tern_path_join(folder->path, "run.json");
    int status = tern_file_write(path, text, strlen(text), error);
    free(text);
    free(path);
    return status;
}

/* A new run begins. At any moment a kill leaves the old run, or one that is about to begin, or the new one: a base that
 * lies here is copied before anything is removed, and run.json says that a run is being removed before the first file
 * of it goes. It also comes before all else that is made here: a folder with files of a run and no run.json is somebody
 * else's. */
static int begin(tern_run_folder *folder, const char *identity, int flags, tern_error *error)
{
    char *strangers = NULL;
    int own_base = (flags & TERN_RUN_OWN_BASE) != 0, status = 0;
    if (own_base)
        status = tern_run_files_keep_base(folder->path, error);
    if (status == 0 && has(folder->path, "run.json"))
        status = write_identity(folder, "", error);
    if (status == 0)
        status = tern_run_files_remove(folder->path, own_base, &strangers, error);
    if (status == 0 && strangers)
        warn(folder, tern_format("%s: holds %s, which no run of tern wrote; it stays there", folder->path, strangers));
    free(strangers);
    return status < 0 ? -1 : write_identity(folder, identity, error);
}

static int prepare(tern_run_folder *folder, const char *identity, int flags, tern_error *error)
{
    static const char *const folders[] = {"checkpoints", "base"};
    if (lock(folder, error) < 0 || tern_run_folder_look(folder->path, identity, flags, &folder->found, error) < 0)
        return -1;
    tern_staged_sweep(folder->path);
    if (folder->found == TERN_RUN_NONE && begin(folder, identity, flags, error) < 0)
        return -1;
    int status = 0;
    for (int i = 0; status == 0 && i < 2; i++) {
        char *path = tern_path_join(folder->path, folders[i]);
        status = tern_make_folder(path, error);
        tern_staged_sweep(path);
        free(path);
    }
    return status;
}

int tern_run_folder_open(tern_run_folder *folder, const char *path, const char *identity, int flags, tern_error *error)
{
    *folder = (tern_run_folder){.lock = -1};
    if (tern_make_folder(path, error) < 0)
        return tern_fail_within(error, "output.dir");
    folder->path = tern_strdup(path);
    if (prepare(folder, identity, flags, error) == 0)
        return 0;
    tern_run_folder_close(folder);
    return -1;
}

void tern_run_folder_close(tern_run_folder *folder)
{
    if (folder->lock >= 0)
        close(folder->lock);
    free(folder->path);
    free(folder->warning);
    *folder = (tern_run_folder){.lock = -1};
}

char *tern_run_path(const tern_run_folder *folder, const char *name)
{
    return tern_path_join(folder->path, name);
}

char *tern_run_checkpoint_path(const tern_run_folder *folder, int64_t step)
{
    return tern_format("%s/checkpoints/step-%lld.h5", folder->path, (long long)step);
}

static int newest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

int64_t tern_run_checkpoints(const tern_run_folder *folder, int64_t **steps)
{
    char *path = tern_path_join(folder->path, "checkpoints");
    DIR *dir = opendir(path);
    size_t n = 0, capacity = 0;
    *steps = NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        int64_t step = tern_run_checkpoint_step(e->d_name);
        if (step < 0)
            continue;
        TERN_GROW(*steps, n, capacity);
        (*steps)[n++] = step;
    }
    if (dir)
        closedir(dir);
    free(path);
    if (n)
        qsort(*steps, n, sizeof **steps, newest_first);
    return (int64_t)n;
}

int tern_run_prune(const tern_run_folder *folder, int64_t keep, tern_error *error)
{
    int64_t *steps, n = tern_run_checkpoints(folder, &steps);
    int status = 0;
    for (int64_t i = keep > 1 ? keep : 1; status == 0 && i < n; i++) {
        char *path = tern_run_checkpoint_path(folder, steps[i]);
        status = tern_remove_all(path, error);
        free(path);
    }
    free(steps);
    return status;
}
