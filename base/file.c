#include "base/file.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_errno(tern_error *error, const char *verb, const char *path)
{
    return tern_fail(error, "%s: can't %s it: %s", path, verb, strerror(errno));
}

int tern_file_read(const char *path, size_t limit, char **text, size_t *n, tern_error *error)
{
    int status = -1;
    tern_buffer buffer = {0};
    char block[1 << 16];
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail_errno(error, "open", path);
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;) {
        tern_buffer_add(&buffer, block, got);
        if (limit && buffer.n > limit) {
            tern_fail(error, "%s: it is larger than %zu bytes, the most that is read here", path, limit);
            goto out;
        }
    }
    if (ferror(file)) {
        fail_errno(error, "read", path);
        goto out;
    }
    tern_buffer_add(&buffer, "", 0);
    *text = buffer.data;
    if (n)
        *n = buffer.n;
    status = 0;
out:
    fclose(file);
    if (status < 0)
        tern_buffer_free(&buffer);
    return status;
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
            *map = (tern_map){data, (size_t)info.st_size};
    }
    if (status < 0)
        fail_errno(error, "map", path);
    close(fd);
    return status;
}

void tern_map_close(tern_map *map)
{
    if (map->data)
        munmap((void *)map->data, map->n);
    *map = (tern_map){0};
}

struct tern_writer {
    char *path, *temporary;
    FILE *stream;
};

tern_writer *tern_writer_open(const char *path, int overwrite, tern_error *error)
{
    if (!overwrite && access(path, F_OK) == 0) {
        tern_fail(error, "%s: it exists already; --force overwrites it", path);
        return NULL;
    }
    tern_writer *writer = tern_calloc(1, sizeof *writer);
    writer->path = tern_strdup(path);
    writer->temporary = tern_format("%s.tmp.%ld", path, (long)getpid());
    writer->stream = fopen(writer->temporary, "wbe");
    if (!writer->stream) {
        fail_errno(error, "write", path);
        tern_writer_discard(writer);
        return NULL;
    }
    return writer;
}

FILE *tern_writer_stream(tern_writer *writer)
{
    return writer->stream;
}

void tern_writer_discard(tern_writer *writer)
{
    if (!writer)
        return;
    if (writer->stream) {
        fclose(writer->stream);
        unlink(writer->temporary);
    }
    free(writer->path);
    free(writer->temporary);
    free(writer);
}

int tern_writer_commit(tern_writer *writer, tern_error *error)
{
    FILE *stream = writer->stream;
    int bad = ferror(stream) || fflush(stream) != 0 || fsync(fileno(stream)) != 0;
    int saved = errno;
    bad |= fclose(stream) != 0;
    writer->stream = NULL;
    int status;
    if (bad) {
        errno = saved ? saved : errno;
        status = fail_errno(error, "write", writer->path);
        unlink(writer->temporary);
    } else {
        status = tern_file_replace(writer->temporary, writer->path, error);
    }
    tern_writer_discard(writer);
    return status;
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

/* The rename is only durable once the folder itself is on disk. */
static void sync_folder_of(const char *path)
{
    char *folder = tern_strdup(path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

int tern_file_replace(const char *from, const char *to, tern_error *error)
{
    if (rename(from, to) != 0) {
        fail_errno(error, "write", to);
        unlink(from);
        return -1;
    }
    sync_folder_of(to);
    return 0;
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

static int remove_entries(const char *folder, tern_error *error)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return fail_errno(error, "open", folder);
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
    return remove(path) == 0 ? 0 : fail_errno(error, "remove", path);
}

char *tern_path_join(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    if (name[0] == '/' || n == 0)
        return tern_strdup(name);
    return tern_format("%s%s%s", folder, folder[n - 1] == '/' ? "" : "/", name);
}

char *tern_cache_folder(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (xdg && xdg[0] == '/')
        return tern_path_join(xdg, "tern");
    return tern_path_join(home && *home ? home : "/tmp", ".cache/tern");
}
