/* Segments of a tape whose activations are kept as bfloat16 between forward and backward: the sign, 8 bits of exponent
 * and 8 of precision, rounded to nearest even. Private to autograd; tape.h says what it is for.
 *
 * Tensors of a segment take their data from one room, which the next segment uses again. Closing writes them down as
 * bfloat16; reaching one of the segment's records brings them back. */
#ifndef TERN_AUTOGRAD_SEGMENTS_H
#define TERN_AUTOGRAD_SEGMENTS_H

#include "autograd/tensor.h"
#include "base/arena.h"

typedef struct tern_segments tern_segments;

tern_segments *tern_segments_create(void);
void tern_segments_free(tern_segments *segments);
void tern_segments_reset(tern_segments *segments);

/* record: the number of the first record that follows. */
void tern_segments_open(tern_segments *segments, size_t record);
int tern_segments_is_open(const tern_segments *segments);
/* Memory for the data of t, a tensor that is made inside the open segment. */
tern_real *tern_segments_take(tern_segments *segments, tern_tensor *t);
/* end: the number of the record after the segment's last. What is kept lies in arena, and the data of out, as it is,
 * too; out was made in the segment. Of a segment without records nothing is kept. */
void tern_segments_close(tern_segments *segments, size_t end, tern_arena *arena, tern_tensor *out);
/* Brings back the tensors of the segment that record is in, unless they are there; those of others are gone then. 1:
 * it did. */
int tern_segments_reach(tern_segments *segments, size_t record);

/* Bytes of the room. */
size_t tern_segments_capacity(const tern_segments *segments);

#endif
