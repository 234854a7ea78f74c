#include "base/file.h"

#include "base/map_guard.h"
#include "base/memory.h"
#include "base/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_errno(tern_error *error, const char *verb, const char *path)
{
    return tern_fail(error, "%s: can't %s it: %s", path, verb, strerror(errno));
}

/* Opens what is read whole. Without piped only a file is taken, and a pipe in its place is never waited for. */
static int open_to_read(const char *path, int piped, struct stat *info, tern_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | (piped ? 0 : O_NONBLOCK));
    if (fd < 0 || fstat(fd, info) != 0) {
        fail_errno(error, "open", path);
    } else if (!S_ISREG(info->st_mode) && !(piped && !S_ISDIR(info->st_mode))) {
        tern_fail(error, "%s: it is not a file", path);
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Makes room for a regular file at once, in large pages where that pays, and a 0 behind it; returns its size, 0 for
 * others. */
static size_t expect_size(const struct stat *info, size_t limit, tern_buffer *buffer)
{
    if (!S_ISREG(info->st_mode) || info->st_size <= 0)
        return 0;
    size_t size = (size_t)info->st_size;
    buffer->capacity = (limit && size > limit ? limit : size) + 1;
    buffer->data = tern_alloc_large(buffer->capacity, 1);
    return size;
}

/* Straight into the buffer's room; what has no size, or grew, through a block. */
static ssize_t read_more(int fd, tern_buffer *buffer)
{
    char block[1 << 16];
    size_t room = buffer->capacity > buffer->n ? buffer->capacity - buffer->n - 1 : 0;
    ssize_t got = room ? read(fd, buffer->data + buffer->n, room) : read(fd, block, sizeof block);
    if (got > 0 && room)
        buffer->n += (size_t)got;
    else if (got > 0)
        tern_buffer_add(buffer, block, (size_t)got);
    return got;
}

/* A large file's parts by all threads: taking so much memory costs more than copying into it. 0 when that gave size
 * bytes; what comes behind them, or is missing, is the caller's to find. */
static int read_parts(int fd, char *data, size_t size)
{
    enum { PART = 4 << 20, LEAST = 32 << 20 };
    if (size < LEAST)
        return -1;
    int missing = 0;
#pragma omp parallel for schedule(dynamic, 1) reduction(+ : missing)
    for (size_t at = 0; at < size; at += PART) {
        size_t n = size - at < PART ? size - at : PART, done = 0;
        ssize_t got = 1;
        while (done < n && (got = pread(fd, data + at + done, n - done, (off_t)(at + done))) > 0)
            done += (size_t)got;
        missing += done < n;
    }
    return missing == 0 && lseek(fd, (off_t)size, SEEK_SET) == (off_t)size ? 0 : -1;
}

static int read_whole(const char *path, int piped, size_t limit, char **text, size_t *n, tern_error *error)
{
    int status = -1;
    tern_buffer buffer = {0};
    struct stat info;
    int fd = open_to_read(path, piped, &info, error);
    if (fd < 0)
        return -1;
    size_t size = expect_size(&info, limit, &buffer);
    if (size > 0 && size < buffer.capacity && read_parts(fd, buffer.data, size) == 0)
        buffer.n = size;
    ssize_t got;
    while ((got = read_more(fd, &buffer)) > 0) {
        if (limit && buffer.n > limit) {
            tern_fail(error, "%s: it is larger than %zu bytes, the most that is read here", path, limit);
            goto out;
        }
    }
    if (got < 0) {
        fail_errno(error, "read", path);
        goto out;
    }
    if (buffer.n < size) {
        tern_fail(error, "%s: the file got shorter while it was read; run the command again when it is whole", path);
        goto out;
    }
    tern_buffer_add(&buffer, "", 0);
    *text = buffer.data;
    if (n)
        *n = buffer.n;
    status = 0;
out:
    close(fd);
    if (status < 0)
        tern_buffer_free(&buffer);
    return status;
}

int tern_file_read(const char *path, size_t limit, char **text, size_t *n, tern_error *error)
{
    return read_whole(path, 0, limit, text, n, error);
}

int tern_pipe_read(const char *path, size_t limit, char **text, size_t *n, tern_error *error)
{
    return read_whole(path, 1, limit, text, n, error);
}

int tern_map_open(tern_map *map, const char *path, tern_error *error)
{
    *map = (tern_map){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* which would wait for a pipe's writer */
    if (fd < 0)
        return fail_errno(error, "open", path);
    struct stat info;
    int status = fstat(fd, &info);
    if (status == 0 && !S_ISREG(info.st_mode)) {
        close(fd);
        return tern_fail(error, "%s: it is not a file", path);
    }
    if (status == 0 && info.st_size > 0) {
        void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = -1;
        else
            *map = (tern_map){data, (size_t)info.st_size, fd, info.st_mtim};
    }
    if (status < 0)
        fail_errno(error, "map", path);
    if (map->data)
        tern_map_guard_add(map->data, map->n, path);
    else
        close(fd);
    return status;
}

void tern_map_close(tern_map *map)
{
    if (map->data) {
        tern_map_guard_remove(map->data);
        munmap((void *)map->data, map->n);
        close(map->fd);
    }
    *map = (tern_map){0};
}

int tern_map_check(const tern_map *map, const char *path, tern_error *error)
{
    struct stat info;
    if (!map->data || (fstat(map->fd, &info) == 0 && (size_t)info.st_size == map->n &&
                       info.st_mtim.tv_sec == map->changed.tv_sec && info.st_mtim.tv_nsec == map->changed.tv_nsec))
        return 0;
    return tern_fail(error, "%s: the file was written into while it was in use; run the command again when it is whole",
                     path);
}

struct tern_writer {
    char *path;
    tern_staged *staged; /* NULL: written straight to a pipe or a device */
    FILE *stream;
};

/* Pipes and devices can only be written straight. Without waiting for a pipe's reader: one that nobody reads may as
 * well lie where a file of tern's should be. */
static int open_straight(const char *path)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (flags >= 0)
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    return fd;
}

static int is_straight(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode));
}

/* The descriptor to write to, the stream's own; -1 on failure. */
static int open_writer(tern_writer *writer, const char *path, int overwrite, tern_error *error)
{
    int fd;
    if (is_straight(path)) {
        fd = open_straight(path);
    } else {
        writer->staged = tern_staged_file(path, overwrite, error);
        if (!writer->staged)
            return -1;
        fd = fcntl(tern_staged_fd(writer->staged), F_DUPFD_CLOEXEC, 0);
    }
    return fd < 0 ? fail_errno(error, "write", path) : fd;
}

tern_writer *tern_writer_open(const char *path, int overwrite, tern_error *error)
{
    tern_writer *writer = tern_calloc(1, sizeof *writer);
    writer->path = tern_strdup(path);
    int fd = open_writer(writer, path, overwrite, error);
    if (fd >= 0 && !(writer->stream = fdopen(fd, "wb"))) {
        fail_errno(error, "write", path);
        close(fd);
    }
    if (writer->stream)
        return writer;
    tern_writer_discard(writer);
    return NULL;
}

FILE *tern_writer_stream(tern_writer *writer)
{
    return writer->stream;
}

void tern_writer_discard(tern_writer *writer)
{
    if (!writer)
        return;
    if (writer->stream)
        fclose(writer->stream);
    tern_staged_discard(writer->staged);
    free(writer->path);
    free(writer);
}

int tern_writer_commit(tern_writer *writer, tern_error *error)
{
    int bad = ferror(writer->stream) || fflush(writer->stream) != 0, why = errno;
    if (fclose(writer->stream) != 0 && !bad) {
        bad = 1;
        why = errno;
    }
    writer->stream = NULL;
    errno = why;
    int status = bad ? fail_errno(error, "write", writer->path) : 0;
    if (!bad && writer->staged) {
        status = tern_staged_place(writer->staged, error);
        writer->staged = NULL;
    }
    tern_writer_discard(writer);
    return status;
}

int tern_writer_check(const char *path, int overwrite, tern_error *error)
{
    if (is_straight(path)) /* opening and closing a pipe would end its reader */
        return access(path, W_OK) == 0 ? 0 : fail_errno(error, "write", path);
    tern_staged *staged = tern_staged_file(path, overwrite, error);
    tern_staged_discard(staged);
    return staged ? 0 : -1;
}

int tern_file_write(const char *path, const void *bytes, size_t n, tern_error *error)
{
    tern_writer *writer = tern_writer_open(path, 1, error);
    if (!writer)
        return -1;
    if (n)
        fwrite(bytes, 1, n, writer->stream);
    return tern_writer_commit(writer, error);
}

int tern_file_copy(const char *from, const char *to, tern_error *error)
{
    tern_map map;
    if (tern_map_open(&map, from, error) < 0)
        return -1;
    int status = tern_file_write(to, map.data, map.n, error);
    tern_map_close(&map);
    return status;
}

int tern_make_folder(const char *path, tern_error *error)
{
    char *part = tern_strdup(path);
    int status = 0;
    for (char *p = part + 1; status == 0; p++) {
        if (*p != '/' && *p != 0)
            continue;
        char end = *p;
        *p = 0;
        if (mkdir(part, 0777) != 0 && !(errno == EEXIST && tern_folder_exists(part)))
            status = fail_errno(error, "make", part);
        *p = end;
        if (!end)
            break;
    }
    free(part);
    return status;
}

int tern_make_folder_above(const char *path, tern_error *error)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return 0;
    char *above = tern_strndup(path, (size_t)(slash - path));
    int status = tern_make_folder(above, error);
    free(above);
    return status;
}

int tern_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

int tern_folder_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int tern_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int remove_entries(const char *folder, tern_error *error)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? 0 : fail_errno(error, "open", folder);
    int status = 0;
    for (struct dirent *entry; status == 0 && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *path = tern_path_join(folder, entry->d_name);
        status = tern_remove_all(path, error);
        free(path);
    }
    closedir(dir);
    return status;
}

int tern_remove_all(const char *path, tern_error *error)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? 0 : fail_errno(error, "remove", path);
    if (S_ISDIR(info.st_mode) && remove_entries(path, error) < 0)
        return -1;
    return remove(path) == 0 || errno == ENOENT ? 0 : fail_errno(error, "remove", path);
}

/* Looks at root/within; within is "" at first. */
static int find_stranger(const char *root, const char *within, int (*is_ours)(const char *path), char **stranger,
                         tern_error *error)
{
    char *folder = *within ? tern_path_join(root, within) : tern_strdup(root);
    DIR *dir = opendir(folder);
    int status = dir || errno == ENOENT ? 0 : fail_errno(error, "open", folder);
    for (struct dirent *entry; status == 0 && !*stranger && dir && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        struct stat info;
        char *inner = *within ? tern_path_join(within, entry->d_name) : tern_strdup(entry->d_name);
        char *path = tern_path_join(root, inner);
        if (!is_ours(inner))
            *stranger = tern_strdup(inner);
        else if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
            status = find_stranger(root, inner, is_ours, stranger, error);
        free(path);
        free(inner);
    }
    if (dir)
        closedir(dir);
    free(folder);
    return status;
}

int tern_folder_stranger(const char *folder, int (*is_ours)(const char *path), char **stranger, tern_error *error)
{
    *stranger = NULL;
    return find_stranger(folder, "", is_ours, stranger, error);
}

char *tern_path_join(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    if (name[0] == '/' || n == 0)
        return tern_strdup(name);
    return tern_format("%s%s%s", folder, folder[n - 1] == '/' ? "" : "/", name);
}

char *tern_home_folder(void)
{
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return tern_strdup(home);
    const struct passwd *user = getpwuid(geteuid());
    return user && user->pw_dir && user->pw_dir[0] == '/' ? tern_strdup(user->pw_dir) : NULL;
}

char *tern_cache_folder(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    if (xdg && xdg[0] == '/')
        return tern_path_join(xdg, "tern");
    char *home = tern_home_folder(), *cache = home ? tern_path_join(home, ".cache/tern") : NULL;
    free(home);
    return cache;
}
