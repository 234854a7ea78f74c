#include "autograd/gemm.h"

#include "autograd/kernels.h"
#include "base/integer.h"
#include "base/memory.h"

#include <cblas.h>
#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <string.h>

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

static void *pass(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

/* As many threads at once as OpenMP will want beside the one that is there: 0, or an errno. Their stacks are kept by
 * the C library for those that OpenMP makes next. */
static int try_threads(int n)
{
    pthread_t made[TERN_MOST_THREADS];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    int count = 0, why = 0;
    pthread_mutex_lock(&gate);
    while (count < n && (why = pthread_create(&made[count], NULL, pass, &gate)) == 0)
        count++;
    pthread_mutex_unlock(&gate);
    while (count > 0)
        pthread_join(made[--count], NULL);
    return why;
}

int tern_threads_wake(tern_error *error)
{
    int n = omp_get_max_threads(), why = try_threads((n < TERN_MOST_THREADS ? n : TERN_MOST_THREADS) - 1);
    if (why)
        return tern_fail(error,
                         "can't start %d threads: %s; start fewer with --threads, or raise the limits of memory and "
                         "processes (ulimit -v, ulimit -u)",
                         n, strerror(why));
#pragma omp parallel
    {
    }
    return 0;
}

/* What OpenBLAS itself takes a buffer with and gives it back; neither is in its headers, and both are in all of its
 * builds (0.2 to 0.3.28). */
void *blas_memory_alloc(int) __attribute__((weak));
void blas_memory_free(void *) __attribute__((weak));

void tern_gemm_reserve(void)
{
    enum { BUFFER = (128 << 20) + (1 << 16) };
    static int reserved;
    int n = omp_get_max_threads() < TERN_MOST_THREADS ? omp_get_max_threads() : TERN_MOST_THREADS;
    void *buffers[TERN_MOST_THREADS];
    if (n <= reserved || !blas_memory_alloc || !blas_memory_free)
        return;
    for (int i = 0; i < n; i++) {
        if (i >= reserved && !tern_memory_has_room(BUFFER))
            tern_out_of_memory((size_t)n, BUFFER);
        buffers[i] = blas_memory_alloc(0);
    }
    for (int i = 0; i < n; i++)
        blas_memory_free(buffers[i]);
    reserved = n;
}

#endif
