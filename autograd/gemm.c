#include "autograd/gemm.h"

#include "autograd/kernels.h"
#include "base/integer.h"

#include <cblas.h>
#include <limits.h>
#include <omp.h>

void tern_gemm(int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k, tern_real alpha, const tern_real *a,
               int64_t lda, const tern_real *b, int64_t ldb, tern_real beta, tern_real *c, int64_t ldc)
{
    TERN_CHECK(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX && lda <= INT_MAX && ldb <= INT_MAX && ldc <= INT_MAX,
               "a product of %lld x %lld x %lld: BLAS counts in int", (long long)m, (long long)n, (long long)k);
    CBLAS_TRANSPOSE ta = transpose_a ? CblasTrans : CblasNoTrans, tb = transpose_b ? CblasTrans : CblasNoTrans;
#ifdef TERN_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
#endif
}

void tern_gemm_lay_right(int transpose_b, int64_t k, int64_t n, const tern_real *b, int64_t ldb, void *right)
{
    const tern_kernel_table *kern = tern_kernels();
#pragma omp parallel for schedule(static)
    for (int64_t from = 0; from < n; from += TERN_GEMM_COLS)
        kern->gemm_lay_right(transpose_b, k, n, b, ldb, from, tern_min(from + TERN_GEMM_COLS, n), right);
}

#ifndef TERN_DOUBLE

int tern_threads_start(int n, tern_error *error)
{
    /* The three builds share a soname and update-alternatives decides which one is loaded: known only now. */
    int kind = openblas_get_parallel();
    if (kind == OPENBLAS_SEQUENTIAL)
        return tern_fail(error, "the OpenBLAS that was loaded is its serial build, which gives wrong results from "
                                "several threads; install libopenblas0-pthread and choose it with "
                                "update-alternatives --config libopenblas.so.0-$(uname -m)-linux-gnu");
    if (n <= 0 && omp_get_max_threads() > TERN_MOST_THREADS)
        return tern_fail(error, "OMP_NUM_THREADS asks for %d threads; at most %d are started", omp_get_max_threads(),
                         TERN_MOST_THREADS);
    if (n > 0)
        omp_set_num_threads(n);
    /* In the OpenMP build this call would set OpenMP itself to one thread; inside a parallel region that
     * build uses one thread anyway. */
    if (kind == OPENBLAS_THREAD)
        openblas_set_num_threads(1);
    return 0;
}

int tern_threads(void)
{
    return omp_get_max_threads();
}

#endif
