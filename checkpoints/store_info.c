/* Where the store is, how large it may be, and what it holds. */
#include "base/file.h"
#include "base/integer.h"
#include "base/memory.h"
#include "checkpoints/store.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const int64_t default_limit = INT64_C(2) << 30;

int64_t tern_store_limit(const char *setting)
{
    static const char units[] = "KMGT";
    char *end;
    if (!setting)
        return default_limit;
    if (strcasecmp(setting, "off") == 0)
        return 0;
    if (!isdigit((unsigned char)*setting))
        return -1;
    errno = 0;
    double size = strtod(setting, &end);
    while (*end == ' ')
        end++;
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    if (unit) {
        size *= exp2(10.0 * (double)(unit - units + 1));
        end++;
    }
    if (unit && (*end == 'B' || *end == 'b'))
        end++;
    return errno == 0 && !*end && size < 0x1p60 && (unit || size == 0) ? (int64_t)size : -1;
}

char *tern_store_path(void)
{
    char *cache = tern_cache_folder(), *path = cache ? tern_path_join(cache, "vectors/store.h5") : NULL;
    free(cache);
    return path;
}

/* All versions begin so, with a digit behind. */
static const char family[] = "ternvec";

int tern_store_is_store(const char *path)
{
    char start[sizeof family + 1] = "";
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int is =
        fd >= 0 && read(fd, start, sizeof family) == sizeof family && memcmp(start, family, sizeof family - 1) == 0;
    if (fd >= 0)
        close(fd);
    return is;
}

/* What dimensions [n] there are, and how often. */
static void count_dims(tern_store_info *info, int64_t *dims, int64_t n)
{
    size_t capacity = 0, k = 0;
    if (n)
        qsort(dims, (size_t)n, sizeof *dims, tern_by_number);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || dims[i] != dims[i - 1]) {
            TERN_GROW(info->dims, k, capacity);
            info->dims[k][0] = dims[i];
            info->dims[k++][1] = 0;
        }
        info->dims[k - 1][1]++;
    }
    info->n_dims = (int64_t)k;
}

/* Records that together are longer than the file's values overlap: they are damaged too. */
static int read_all(const tern_store_file *file, tern_store_info *info)
{
    int64_t n = (int64_t)file->head.n_slots, room = (int64_t)file->head.n_values;
    tern_store_slot *slots = tern_alloc((size_t)n, sizeof *slots);
    int64_t *dims = tern_alloc((size_t)n, sizeof *dims);
    float *row = tern_alloc(TERN_STORE_MOST_DIM, sizeof *row);
    int good = tern_store_file_slots(file, 0, n, slots);
    for (int64_t i = 0; good && i < n; i++) {
        int64_t dim = (int64_t)slots[i].dim;
        if (!slots[i].key.word[0] && !slots[i].key.word[1])
            continue;
        if (slots[i].dim > (uint64_t)(room - info->values) || !tern_store_file_values(file, &slots[i], row)) {
            info->damaged++;
            continue;
        }
        dims[info->vectors++] = dim;
        info->values += dim;
    }
    count_dims(info, dims, info->vectors);
    free(row);
    free(dims);
    free(slots);
    return good;
}

int tern_store_describe(const char *path, tern_store_info *info, tern_error *error)
{
    tern_store_file file;
    *info = (tern_store_info){0};
    if (!tern_store_file_open(&file, path))
        return tern_fail(error, "%s: %s", path,
                         tern_store_is_store(path)
                             ? "a store of vectors of another version, of another user, or damaged; the next command "
                               "that keeps vectors begins a new one"
                             : "it is no store of vectors");
    info->bytes = (int64_t)file.head.bytes;
    int good = read_all(&file, info);
    tern_store_file_close(&file);
    return good ? 0 : tern_fail(error, "%s: it got shorter while it was read", path);
}

void tern_store_info_free(tern_store_info *info)
{
    free(info->dims);
    *info = (tern_store_info){0};
}
