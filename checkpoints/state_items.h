/* The list of items of a training state, and what of HDF5 both of its directions use. */
#ifndef TERN_CHECKPOINTS_STATE_ITEMS_H
#define TERN_CHECKPOINTS_STATE_ITEMS_H

#include "checkpoints/state.h"

#define H5_USE_110_API
#include <hdf5.h>

typedef struct tern_state_item {
    char *name;
    tern_state_kind kind;
    int rank;
    int64_t shape[2];
    void *data; /* of STRING: char ** */
} tern_state_item;

struct tern_state {
    tern_state_item *items;
    size_t n, capacity;
};

/* Before the first call of libhdf5: no messages of its own, and no work at exit, where it crashes when a file could not
 * be closed because the disk was full. */
void tern_state_start_hdf5(void);
const char *tern_state_kind_name(tern_state_kind kind);

#endif
