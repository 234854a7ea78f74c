/* The tape: calling an operation computes now and appends one record; backward walks the records from last
 * to first.
 *
 *     tern_tape *tape = tern_tape_create();
 *     tern_tensor *y = tern_linear(tape, x, w, b);          // computes; records when the tape is recording
 *     tern_tape_backward(tape, tern_sum(tape, y));          // adds into the gradients of x, w and b
 *     tern_tape_reset(tape);                                // y and all else the operations made is gone
 *
 * The rules every operation keeps:
 *  1. backward always adds into an input's gradient; gradients start at zero;
 *  2. an op writes its output, its saved block and its inputs' gradients, nothing else;
 *  3. with recording off the same code runs and records nothing: evaluation has no code of its own;
 *  4. any tensor can be seeded with a gradient (tern_tape_seed): that is the whole gradient cache;
 *  5. results never depend on the number of threads: tiles have fixed sizes, sums a fixed order. */
#ifndef TERN_AUTOGRAD_TAPE_H
#define TERN_AUTOGRAD_TAPE_H

#include "autograd/tensor.h"
#include "base/arena.h"
#include "base/profile.h"

enum { TERN_MAX_INPUTS = 6 };

typedef struct tern_tape tern_tape;
typedef struct tern_record tern_record;

/* An operation's name and gradient. backward reads record->out->grad (never NULL when it is called) and
 * adds into tern_tape_grad(tape, record->in[i]) where that isn't NULL. */
typedef struct tern_op {
    const char *name;
    void (*backward)(tern_tape *tape, const tern_record *record);
} tern_op;

struct tern_record {
    const tern_op *op;
    tern_tensor *out;
    tern_tensor *in[TERN_MAX_INPUTS];
    void *saved;       /* the operation's own, in the tape's arena */
    const char *place; /* in the model, for messages; NULL: none was said */
    int64_t pairs;     /* that tern_tape_count_pairs told of */
};

/* A new tape, recording. */
tern_tape *tern_tape_create(void);
void tern_tape_free(tern_tape *tape);
/* Forgets all records and tensors; keeps the memory for the next round. */
void tern_tape_reset(tern_tape *tape);
void tern_tape_set_recording(tern_tape *tape, int recording);
int tern_tape_recording(const tern_tape *tape);
/* From now on each operation is a span of profile: forward, backward, and "no grad" with recording off. Spans around
 * them in its trace are the places. profile is the caller's, and NULL: none. */
void tern_tape_set_profile(tern_tape *tape, tern_profile *profile);
/* Bytes held from the system: arena, gradient buffers, and the room of segments. */
size_t tern_tape_capacity(const tern_tape *tape);

/* Runs backward from out [1,1], whose gradient is set to 1. Runs once a recording: operations may
 * overwrite what they saved. */
void tern_tape_backward(tern_tape *tape, tern_tensor *out);
/* Runs backward from every tensor seeded before. */
void tern_tape_backward_seeded(tern_tape *tape);
/* Adds grad [rows, cols] to the gradient that t starts backward with. */
void tern_tape_seed(tern_tape *tape, tern_tensor *t, const tern_real *grad);

/* Where the following records are: "encoder.layer.3". The text must live as long as they do. NULL and a reset: nowhere.
 */
void tern_tape_within(tern_tape *tape, const char *place);

/* What is made between these two, with recording on, is kept as bfloat16 until backward reaches it: half the bytes, and
 * gradients from activations of 8 bits. Values on the way forward stay as they are. close takes the one tensor that is
 * used afterwards, which is kept as it is; no other may be. One segment's data at a time lies in memory as tern_real.
 * With recording off both do nothing. */
void tern_tape_segment_open(tern_tape *tape);
void tern_tape_segment_close(tern_tape *tape, tern_tensor *out);
/* 1 inside a segment: backward will see rounded values, to which what was computed from the exact ones doesn't belong.
 */
int tern_tape_rounds(const tern_tape *tape);

/* A value that is NaN or infinite. */
typedef struct tern_bad_value {
    const char *op;    /* whose output, or whose backward's result, it is in */
    const char *place; /* of the operation; NULL: none was said */
    const tern_tensor *tensor;
    int64_t row, col; /* the first such value */
    double value;
    int is_gradient; /* 1: in tensor->grad, which the backward of op added to */
} tern_bad_value;

/* Looks through what has been recorded, in the order of computation, before backward runs. 1 and *bad: the output of
 * the first operation that has a NaN or an infinity in it. 0: there is none. Reads every activation: for diagnosing. */
int tern_tape_find_bad(const tern_tape *tape, tern_bad_value *bad);
/* As tern_tape_backward_seeded, but looks at what each operation added and stops after the first that made a gradient
 * NaN or infinite: 1 and *bad then, and the tape can only be reset. Seeds are looked at first: op is "seed" then. */
int tern_tape_backward_watched(tern_tape *tape, tern_bad_value *bad);
/* The first NaN or infinity of t's data, or of its gradient (is_gradient 1), into tensor, row, col, value and
 * is_gradient of *bad; 0 when there is none. */
int tern_tensor_find_bad(const tern_tensor *t, int is_gradient, tern_bad_value *bad);

/* For operations ------------------------------------------------------------------------------------- */

/* The arena: outputs, saved blocks, and scratch between tern_arena_here and tern_arena_rewind. What is large and saved
 * is better a tensor: segments keep tensors small. */
tern_arena *tern_tape_arena(tern_tape *tape);
/* Another arena, for what an operation takes and gives back while it computes and whose size follows the threads and
 * the machine; tern_tape_capacity doesn't count it. */
tern_arena *tern_tape_workspace(tern_tape *tape);
/* A tensor [rows, cols] with uninitialised data, owned by the tape. */
tern_tensor *tern_tape_tensor(tern_tape *tape, int64_t rows, int64_t cols);
/* A tensor over data that the caller keeps alive until the reset; needs_grad 1 makes it a leaf whose gradient
 * can be read with tern_tape_grad after backward. */
tern_tensor *tern_tape_input(tern_tape *tape, tern_real *data, int64_t rows, int64_t cols, int needs_grad);
/* Appends a record when the tape is recording and an input needs a gradient; sets out->needs_grad.
 * in: NULL-terminated list of at most TERN_MAX_INPUTS inputs (build it with TERN_INPUTS). */
void tern_tape_record(tern_tape *tape, const tern_op *op, tern_tensor *out, tern_tensor *const *in, void *saved);
#define TERN_INPUTS(...) ((tern_tensor *const[]){__VA_ARGS__, NULL})
/* Says of the record that follows how many pairs of rows it multiplies: what its shapes don't tell of attention inside
 * sequences, or of a loss that looks both ways. For the figures of a profile. */
void tern_tape_count_pairs(tern_tape *tape, int64_t pairs);
/* True when tern_tape_record would record for these inputs: ops that save more for backward ask first. */
int tern_tape_wants(const tern_tape *tape, tern_tensor *const *in);
/* The gradient of t to add into, zeroed at its first use; NULL when t is NULL or needs none. */
tern_real *tern_tape_grad(tern_tape *tape, tern_tensor *t);
/* The same for ops that can write a gradient as well as add to it: *fresh 1 says that nothing was added yet, that the
 * memory is not zeroed, and that every element has to be written. It spares a pass over a matrix as large as the
 * activations. */
tern_real *tern_tape_grad_fresh(tern_tape *tape, tern_tensor *t, int *fresh);

#endif
