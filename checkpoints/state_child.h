/* The process in which libhdf5 looks at a state file, and what it answers. Private to state_index.c. */
#ifndef TERN_CHECKPOINTS_STATE_CHILD_H
#define TERN_CHECKPOINTS_STATE_CHILD_H

#include "checkpoints/state.h"

#include <sys/types.h>

/* A head, then its length in bytes: rows, each followed by its name, or a sentence without the file's name. */
typedef struct tern_state_answer {
    int32_t refused; /* 1: a sentence */
    uint32_t length;
} tern_state_answer;

typedef struct tern_state_row {
    int32_t kind, rank; /* tern_state_kind; of texts 0, else 1 or 2 */
    int64_t shape[2];
    int64_t offset, bytes; /* in the file; the 0 after a text counts */
    uint32_t name_length, unused;
} tern_state_row;

enum {
    TERN_STATE_LONGEST_NAME = 1024,
    TERN_STATE_MOST_OBJECTS = 1 << 16, /* groups and items together */
    TERN_STATE_LONGEST_ANSWER = 1 << 26,
};

/* The child's whole answer [n], on a file of size bytes: fills listing (zeroed before), or tells in *status, -1, and
 * error why it has none. 0 when it is not an answer; what listing holds then is the caller's to free. */
int tern_state_index_parse(const char *answer, size_t n, const char *path, int64_t size, tern_state_listing *listing,
                           int *status, tern_error *error);

/* The child's whole life, from the fork on: limits itself, lists the file behind fd, which path names, of size bytes,
 * writes the answer to out and exits. Takes no lock of the parent's and opens no parallel region, which would hang. */
_Noreturn void tern_state_child(int fd, const char *path, int64_t size, int out, pid_t parent);

#endif
