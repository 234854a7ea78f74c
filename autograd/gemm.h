/* Matrix products and the number of threads. The only door to BLAS, shared by autograd and the exact search of
 * eval. One call is one thread: callers split their work into tiles of a fixed size and call it inside their own
 * OpenMP loop, so that results don't depend on how many threads there are. */
#ifndef TERN_AUTOGRAD_GEMM_H
#define TERN_AUTOGRAD_GEMM_H

#include "autograd/tensor.h"

/* c[m,n] = alpha * op(a) * op(b) + beta * c, row-major; op transposes when its flag is 1. lda, ldb, ldc: the
 * distance between rows as stored. beta 0 never reads c. */
void tern_gemm(int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k, tern_real alpha, const tern_real *a,
               int64_t lda, const tern_real *b, int64_t ldb, tern_real beta, tern_real *c, int64_t ldc);

/* Makes sure that all threads can be in tern_gemm at once, or ends the process as out of memory: OpenBLAS takes 128 MB
 * of address space for each when it first needs them and tries without end when it can't have them. Outside of parallel
 * regions; cheap when there is nothing new to make sure of. */
void tern_gemm_reserve(void);

/* Lays out op(b) [k,n] for this machine's kernels, on all threads: right takes gemm_right_size bytes, aligned to 64
 * (kernels.h). ldb: the distance between b's rows as stored. */
void tern_gemm_lay_right(int transpose_b, int64_t k, int64_t n, const tern_real *b, int64_t ldb, void *right);

enum { TERN_MOST_THREADS = 256 };

/* Sets the number of threads for all of tern: n > 0 that many; 0: OMP_NUM_THREADS, else the processors this
 * process may use. Fails when OMP_NUM_THREADS is above TERN_MOST_THREADS, and when the OpenBLAS that was loaded has no
 * locks (its serial build): it computes wrong results from several threads. Call once, before any parallel region. */
int tern_threads_start(int n, tern_error *error);
int tern_threads(void);
/* Starts the threads themselves, which the first parallel region would do, and whose failure there ends the process
 * with a message of OpenMP's. For programs that fork no child to compute in. */
int tern_threads_wake(tern_error *error);

#endif
