/* The checks that `tern selftest` and the tests run: gradients of every operation, every loss and a whole model
 * against differences in double, the float build against the double one, kernels against libm.
 *
 *     static void print(void *context, const tern_selftest_row *row) { ... }
 *     int failed = tern_selftest_run(NULL, print, NULL);
 *
 * autograd, losses, encoders and the checks themselves are built a second time with TERN_DOUBLE and joined into one
 * object that shows tern_selftest_run alone (cmake/selftest.cmake). The checks build the same case in both builds,
 * from inputs that are floats, so that the float results can be held against the double ones. */
#ifndef TERN_SELFTEST_SELFTEST_H
#define TERN_SELFTEST_SELFTEST_H

#include <stddef.h>

/* What is allowed, see docs/losses.md: gradients in double; float against double, 2^14 units of 2^-24 of the largest
 * value; kernels in units in the last place. */
#define TERN_SELFTEST_GRADIENT 1e-6
#define TERN_SELFTEST_FLOAT    1e-3
#define TERN_SELFTEST_ULP      2.0

/* The result of one op, loss, model or kernel. */
typedef struct tern_selftest_row {
    const char *group, *name; /* "op", "linear" */
    int shapes;               /* how many it was tried on; of kernels: values */
    double gradient_error;    /* the worst, relative, of analytic against difference; -1: not of this row */
    double float_error;       /* the worst, relative, of float against double; -1: not of this row */
    double ulp;               /* the worst of a kernel; -1: not of this row */
    int ok;
    char worst[160]; /* where the row's worst value is, in words; "" where it isn't known */
} tern_selftest_row;

/* Runs the checks named only (NULL: all; "op", "loss", "model", "kernel" or one's own name) and reports each. Returns
 * how many failed, and writes how many ran into *ran (NULL: not wanted). */
int tern_selftest_run(const char *only, int *ran, void (*report)(void *context, const tern_selftest_row *row),
                      void *context);

/* The float build's half ------------------------------------------------------------------------------------------ */

enum { TERN_SELFTEST_LARGE = -1 }; /* the shape that is too large for differences: several tiles, all kernel loops */

/* Values and gradients of a case in float: n numbers. kind: 0, 1, ... */
void tern_selftest_float_values(int kind, int shape, double *values, size_t n);
/* How many numbers that are; 0: there is no such shape. *name: of the kind, NULL when there is no such kind. */
size_t tern_selftest_float_count(int kind, int shape, const char **name);
/* Kernels of the instruction set in use against libm: one row each. Returns how many failed. */
int tern_selftest_kernels(const char *only, int *ran, void (*report)(void *context, const tern_selftest_row *row),
                          void *context);

#endif
