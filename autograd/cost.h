/* What an operation has to do, from its shapes: floating-point operations and bytes, for profiles.
 *
 * Floating-point operations are those of matrix products (a multiplication and an addition are two), which are nearly
 * all of a model's; other operations have none and are to be judged by bytes. What is computed twice to save memory
 * (a backward pass that makes attention's probabilities again) counts once: the figure is useful work.
 *
 * Bytes are what must be read and written at least once: forward the inputs and the output; backward the inputs, the
 * output's gradient and the inputs' gradients. A cache that is too small makes the true traffic larger. */
#ifndef TERN_AUTOGRAD_COST_H
#define TERN_AUTOGRAD_COST_H

#include "autograd/tape.h"

/* For a record as it was made; backward: of those inputs' gradients that are wanted. */
tern_work tern_cost_forward(const tern_record *record);
tern_work tern_cost_backward(const tern_record *record);
/* "[3776, 384] [1152, 384] [1, 1152] -> [3776, 1152]": inputs and output. A new string. */
char *tern_cost_shapes(const tern_record *record);

#endif
