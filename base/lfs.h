/* Git LFS pointers: the few lines that stand for a large file where a repository was cloned without git lfs. */
#ifndef TERN_BASE_LFS_H
#define TERN_BASE_LFS_H

#include "base/error.h"

#include <stddef.h>

/* 1 when the bytes [n] of a file are such a pointer (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
int tern_lfs_is_pointer(const void *bytes, size_t n);
/* Fails with what a pointer is and how the file itself is got; returns -1. */
int tern_lfs_fail(tern_error *error, const char *path);

#endif
