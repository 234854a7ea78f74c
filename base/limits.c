#include "base/limits.h"

#include "base/file.h"
#include "base/integer.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* The number in a group's file; INT64_MAX for "max", for a file that isn't there, and for none at all. */
static int64_t read_limit(const char *path)
{
    enum { LONGEST = 64 };
    char *text = NULL, *end;
    int64_t limit = INT64_MAX;
    if (tern_file_read(path, LONGEST, &text, NULL, NULL) < 0)
        return limit;
    unsigned long long value = strtoull(text, &end, 10);
    if (end != text && value > 0 && value < INT64_MAX)
        limit = (int64_t)value;
    free(text);
    return limit;
}

/* The least limit of a group and of those above it: mount is where the groups lie, path the group's place among them.
 * In a container the place may be told as the host sees it, and what is mounted is the group itself: that is looked at
 * last, as the topmost. */
static int64_t least_upwards(const char *mount, const char *path, const char *file)
{
    int64_t limit = INT64_MAX;
    char *place = tern_strdup(path);
    for (;;) {
        char *name = tern_format("%s%s/%s", mount, place, file);
        limit = tern_min(limit, read_limit(name));
        free(name);
        char *slash = strrchr(place, '/');
        if (!slash)
            break;
        *slash = 0;
    }
    free(place);
    return limit;
}

/* Whether the list "cpu,memory" holds the controller. */
static int has_controller(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, n) == 0 && (at[n] == 0 || at[n] == ','))
            return 1;
    return 0;
}

/* A line "hierarchy:controllers:path"; version 2 has no controllers. line is cut up. */
static int64_t limit_of_line(const char *root, char *line)
{
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
        return INT64_MAX;
    *controllers++ = 0;
    *path++ = 0;
    if (*controllers && !has_controller(controllers, "memory"))
        return INT64_MAX;
    char *mount = tern_format("%s/sys/fs/cgroup%s", root, *controllers ? "/memory" : "");
    int64_t limit = least_upwards(mount, path, *controllers ? "memory.limit_in_bytes" : "memory.max");
    free(mount);
    return limit;
}

int64_t tern_memory_limit_of_groups(const char *root)
{
    enum { LONGEST = 1 << 16 };
    char *list = NULL, *path = tern_format("%s/proc/self/cgroup", root), *rest = NULL;
    int64_t limit = INT64_MAX;
    if (tern_file_read(path, LONGEST, &list, NULL, NULL) == 0)
        for (char *line = strtok_r(list, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            limit = tern_min(limit, limit_of_line(root, line));
    free(list);
    free(path);
    return limit;
}

static int64_t own_limit(int resource)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= INT64_MAX)
        return INT64_MAX;
    return (int64_t)limit.rlim_cur;
}

int64_t tern_memory_limit(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    int64_t limit = pages > 0 && page > 0 ? (int64_t)pages * page : INT64_MAX;
    limit = tern_min(limit, tern_memory_limit_of_groups(""));
    limit = tern_min(limit, own_limit(RLIMIT_AS));
    limit = tern_min(limit, own_limit(RLIMIT_DATA));
    return limit > 0 ? limit : 1;
}

void tern_memory_text(char *out, size_t n, int64_t bytes)
{
    double mb = (double)bytes / 1048576;
    if (mb >= 1024)
        snprintf(out, n, "%.2f GB", mb / 1024);
    else
        snprintf(out, n, "%.0f MB", ceil(mb));
}

void tern_memory_give_back(void)
{
#ifdef __GLIBC__
    enum { LARGE = 1 << 20 };
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, LARGE);
#endif
}
