#include "base/staging.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct tern_staged {
    char *said;      /* the path as the user gave it, for messages */
    char *target;    /* what it names */
    char *temporary; /* beside the target */
    int fd;          /* of the temporary file or folder; it holds the lock */
    int is_folder, overwrite;
    pid_t owner; /* a child that was forked meanwhile must not remove it */
    struct tern_staged *next;
};

/* All that are not placed yet. */
static tern_staged *unplaced;

static int fail_write(tern_error *error, const char *path)
{
    return tern_fail(error, "%s: can't write it: %s", path, strerror(errno));
}

/* ------------------------------------------------------------------------------------------------ names */

/* The part of a path up to its last slash, that included; 0 without one. */
static int head_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path + 1) : 0;
}

/* The folder that a path lies in, a new string. */
static char *folder_of(const char *path)
{
    int head = head_of(path);
    return head ? tern_strndup(path, (size_t)(head > 1 ? head - 1 : 1)) : tern_strdup(".");
}

/* What the link at path names, a new string; NULL when it can't be read. */
static char *read_link(const char *path)
{
    char name[PATH_MAX];
    ssize_t n = readlink(path, name, sizeof name - 1);
    if (n <= 0)
        return NULL;
    name[n] = 0;
    return name[0] == '/' ? tern_strdup(name) : tern_format("%.*s%s", head_of(path), path, name);
}

char *tern_output_path(const char *path, tern_error *error)
{
    enum { MOST_LINKS = 40 };
    struct stat info;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    char *at = tern_strndup(path, n);
    /* The system's own refusal to follow a stranger's link in /tmp is honoured, and so is a ring of links. */
    int bad = stat(at, &info) != 0 && (errno == EACCES || errno == ELOOP);
    for (int i = 0; !bad && lstat(at, &info) == 0 && S_ISLNK(info.st_mode); i++) {
        char *next = i < MOST_LINKS ? read_link(at) : (errno = ELOOP, NULL);
        bad = !next;
        if (next) {
            free(at);
            at = next;
        }
    }
    if (!bad)
        return at;
    fail_write(error, path);
    free(at);
    return NULL;
}

static uint64_t random_number(void)
{
    static uint64_t count;
    uint64_t number;
    struct timespec now;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number)
        return number;
    clock_gettime(CLOCK_REALTIME, &now);
    return tern_mix(tern_mix((uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30) ^ (uint64_t)getpid() ^ ++count << 40);
}

static char *temporary_name(const char *target)
{
    return tern_format("%.*s.tern-%ld-%016llx.tmp", head_of(target), target, (long)getpid(),
                       (unsigned long long)random_number());
}

/* The process in a temporary name; 0 for any other name. */
static pid_t process_of(const char *name)
{
    long pid = 0;
    int end = 0;
    if (strncmp(name, ".tern-", 6) != 0 || name[6] < '1' || name[6] > '9' ||
        sscanf(name + 6, "%9ld-%*16[0-9a-f]%n", &pid, &end) != 1 || end < 18 || strcmp(name + 6 + end, ".tmp") != 0)
        return 0;
    return (pid_t)pid;
}

/* ------------------------------------------------------------------------------------------------ making one */

/* 1 when the open file is still what the name stands for, and this process holds its lock where there are locks: a
 * sweep of another process may have come between making and locking it. */
static int take(const char *path, int fd)
{
    struct stat open_one, named;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return 0;
    return fstat(fd, &open_one) == 0 && lstat(path, &named) == 0 && open_one.st_ino == named.st_ino &&
           open_one.st_dev == named.st_dev;
}

/* A new file or folder under a new name; the descriptor, or -1 with errno. */
static int make_new(const char *path, int is_folder)
{
    if (!is_folder)
        return open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (mkdir(path, 0777) != 0)
        return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        rmdir(path);
    return fd;
}

static int make_temporary(tern_staged *staged)
{
    enum { TRIES = 100 };
    for (int i = 0; i < TRIES; i++) {
        staged->temporary = temporary_name(staged->target);
        staged->fd = make_new(staged->temporary, staged->is_folder);
        if (staged->fd >= 0 && take(staged->temporary, staged->fd))
            return 0;
        int again = staged->fd >= 0 || errno == EEXIST || errno == ENOENT, why = errno;
        if (staged->fd >= 0)
            close(staged->fd);
        free(staged->temporary);
        staged->temporary = NULL;
        staged->fd = -1;
        errno = why;
        if (!again)
            return -1;
    }
    return -1;
}

/* Who made a file private keeps it so when it is written again. */
static void keep_permissions(const tern_staged *staged)
{
    struct stat old;
    if (stat(staged->target, &old) != 0 || old.st_uid != geteuid() || !S_ISDIR(old.st_mode) != !staged->is_folder)
        return;
    if (fchmod(staged->fd, old.st_mode & 0777) != 0)
        return; /* then they are by umask */
}

static void forget(const tern_staged *staged)
{
    for (tern_staged **at = &unplaced; *at; at = &(*at)->next)
        if (*at == staged) {
            *at = staged->next;
            return;
        }
}

static void remember(tern_staged *staged)
{
    static int registered;
    if (!registered)
        registered = atexit(tern_staged_discard_all) == 0;
    staged->owner = getpid();
    staged->next = unplaced;
    unplaced = staged;
}

static void free_staged(tern_staged *staged)
{
    forget(staged);
    if (staged->fd >= 0)
        close(staged->fd);
    free(staged->said);
    free(staged->target);
    free(staged->temporary);
    free(staged);
}

static int fail_exists(tern_error *error, const char *path)
{
    return tern_fail(error, "%s: it exists already; --force overwrites it", path);
}

static tern_staged *stage(const char *path, int is_folder, int overwrite, tern_error *error)
{
    struct stat info;
    char *target = tern_output_path(path, error);
    if (!target)
        return NULL;
    tern_staged *staged = tern_calloc(1, sizeof *staged);
    *staged = (tern_staged){
        .said = tern_strdup(path), .target = target, .fd = -1, .is_folder = is_folder, .overwrite = overwrite};
    int there = lstat(target, &info) == 0, status = 0;
    if (there && !is_folder && S_ISDIR(info.st_mode))
        status = tern_fail(error, "%s: it is a folder; name a file", path);
    else if (there && !is_folder && !overwrite)
        status = fail_exists(error, path);
    if (status == 0) {
        char *folder = folder_of(target);
        tern_staged_sweep(folder);
        free(folder);
        status = make_temporary(staged) < 0 ? fail_write(error, path) : 0;
    }
    if (status < 0) {
        free_staged(staged);
        return NULL;
    }
    keep_permissions(staged);
    remember(staged);
    return staged;
}

tern_staged *tern_staged_file(const char *path, int overwrite, tern_error *error)
{
    return stage(path, 0, overwrite, error);
}

tern_staged *tern_staged_folder(const char *path, int overwrite, tern_error *error)
{
    return stage(path, 1, overwrite, error);
}

const char *tern_staged_path(const tern_staged *staged)
{
    return staged->temporary;
}

const char *tern_staged_target(const tern_staged *staged)
{
    return staged->target;
}

int tern_staged_fd(const tern_staged *staged)
{
    return staged->fd;
}

void tern_staged_discard(tern_staged *staged)
{
    if (!staged)
        return;
    tern_error ignored;
    tern_remove_all(staged->temporary, &ignored);
    free_staged(staged);
}

void tern_staged_discard_all(void)
{
    while (unplaced && unplaced->owner == getpid())
        tern_staged_discard(unplaced);
}

/* ------------------------------------------------------------------------------------------------ placing it */

int tern_folder_sync(const char *folder, tern_error *error)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) /* a folder that may be written and not read */
        return errno == EACCES ? 0 : fail_write(error, folder);
    int why = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    if (why == 0 || why == EINVAL || why == ENOSYS || why == EOPNOTSUPP || why == EBADF)
        return 0;
    return tern_fail(error, "%s: what was written there can't be made durable: %s", folder, strerror(why));
}

/* Renames and never replaces; EEXIST when there is something. Where the file system can't do that in one call, a hard
 * link is one more name that nothing had; where there are no links either, an empty file claims the name first. */
static int rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return -1;
    if (link(from, to) == 0)
        return unlink(from);
    if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP && errno != EMLINK)
        return -1;
    int claim = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (claim < 0)
        return -1;
    close(claim);
    return rename(from, to);
}

static int place_file(const tern_staged *staged)
{
    if (fsync(staged->fd) != 0 && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return -1;
    return staged->overwrite ? rename(staged->temporary, staged->target)
                             : rename_new(staged->temporary, staged->target);
}

/* rename() puts a folder in the place of an empty one and of no other. One that isn't empty is exchanged with the new
 * one in one step, where the file system can do that, and then lies under the temporary name. */
static int place_folder(const tern_staged *staged, char **old)
{
    if (rename(staged->temporary, staged->target) == 0)
        return 0;
    if (!staged->overwrite || (errno != ENOTEMPTY && errno != EEXIST))
        return -1;
    if (renameat2(AT_FDCWD, staged->temporary, AT_FDCWD, staged->target, RENAME_EXCHANGE) == 0) {
        *old = tern_strdup(staged->temporary);
        return 0;
    }
    char *aside = temporary_name(staged->target);
    int status = rename(staged->target, aside);
    if (status == 0 && (status = rename(staged->temporary, staged->target)) != 0) {
        int why = errno;
        if (rename(aside, staged->target) == 0 || errno == ENOENT)
            errno = why;
    }
    *old = status == 0 ? aside : (free(aside), NULL);
    return status;
}

int tern_staged_place(tern_staged *staged, tern_error *error)
{
    char *old = NULL;
    int status = staged->is_folder ? place_folder(staged, &old) : place_file(staged);
    if (status != 0) {
        if (!staged->overwrite && (errno == EEXIST || errno == ENOTEMPTY))
            tern_fail(error, "%s: another process made it meanwhile; --force overwrites it", staged->said);
        else
            fail_write(error, staged->said);
        tern_staged_discard(staged);
        return -1;
    }
    char *folder = folder_of(staged->target);
    status = tern_folder_sync(folder, error);
    if (old && tern_remove_all(old, error) < 0)
        status = -1;
    free(folder);
    free(old);
    free_staged(staged);
    return status;
}

/* ------------------------------------------------------------------------------------------------ sweeping */

/* Without locks, and on a disk that several machines write, a process that isn't found may be another machine's: what
 * it left is removed after a day. */
static int is_abandoned(pid_t process, const struct stat *info)
{
    enum { DAY = 24 * 60 * 60 };
    return kill(process, 0) != 0 && errno == ESRCH && time(NULL) - info->st_mtime > DAY;
}

/* The lock is held while it is removed: a process that has just made it and not locked it yet takes another name. */
static void sweep_one(DIR *dir, const char *folder, const char *name)
{
    struct stat info;
    pid_t process = process_of(name);
    int fd = process > 0 ? openat(dirfd(dir), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    int gone = fstat(fd, &info) == 0 && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)) && info.st_uid == geteuid();
    if (gone && flock(fd, LOCK_EX | LOCK_NB) != 0)
        gone = errno != EWOULDBLOCK && is_abandoned(process, &info);
    if (gone) {
        tern_error ignored;
        char *path = tern_path_join(folder, name);
        tern_remove_all(path, &ignored);
        free(path);
    }
    close(fd);
}

void tern_staged_sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        sweep_one(dir, folder, entry->d_name);
    if (dir)
        closedir(dir);
}
