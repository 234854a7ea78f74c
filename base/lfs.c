#include "base/lfs.h"

#include <string.h>

int tern_lfs_is_pointer(const void *bytes, size_t n)
{
    static const char start[] = "version https://git-lfs.github.com/spec/";
    return n >= sizeof start - 1 && memcmp(bytes, start, sizeof start - 1) == 0;
}

int tern_lfs_fail(tern_error *error, const char *path)
{
    return tern_fail(error,
                     "%s: it is a Git LFS pointer, a few lines in place of the file itself; get the file with "
                     "\"git lfs pull\" in that repository, or download it",
                     path);
}
