/* Attention against its formula in double, at lengths and head sizes that end anywhere in a block or a vector. */
#include "autograd/ops.h"
#include "base/hash.h"
#include "base/memory.h"
#include "tests/support.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { HEADS = 2, MOST = 200 };

static const int64_t LENGTHS[] = {1, 5, 8, 11, 12, 13, 16, 17, 31, 33, 47, 48, 49, 78, 97, 108, MOST};
static const int64_t SIZES[] = {4, 10, 32, 33, 64};
enum { N_LENGTHS = sizeof LENGTHS / sizeof *LENGTHS, N_SIZES = sizeof SIZES / sizeof *SIZES };

/* The sequences from .. to of LENGTHS as one batch. */
typedef struct sample {
    int64_t d, c, offsets[N_LENGTHS + 1];
    tern_packed batch;
    float *qkv, *dout, *out, *dqkv;
} sample;

static float *numbers(int64_t n, uint64_t what)
{
    float *x = tern_alloc((size_t)n, sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(tern_random_unit(5, what, (uint64_t)i, 0) * 2 - 1);
    return x;
}

static sample make(int64_t d, int from, int to)
{
    sample s = {.d = d, .c = HEADS * d};
    for (int i = from; i < to; i++)
        s.offsets[i - from + 1] = s.offsets[i - from] + LENGTHS[i];
    int64_t n = s.offsets[to - from];
    s.batch = (tern_packed){.n_seq = to - from, .n_tok = n, .max_len = LENGTHS[to - 1]};
    s.qkv = numbers(n * 3 * s.c, 1);
    s.dout = numbers(n * s.c, 2);
    s.out = tern_alloc((size_t)(n * s.c), sizeof(float));
    s.dqkv = tern_alloc((size_t)(n * 3 * s.c), sizeof(float));
    return s;
}

static void compute(sample *s)
{
    s->batch.offsets = s->offsets;
    tern_tape *tape = tern_tape_create();
    tern_tensor *qkv = tern_tape_input(tape, s->qkv, s->batch.n_tok, 3 * s->c, 1);
    tern_tensor *out = tern_attention(tape, qkv, &s->batch, HEADS, NULL);
    memcpy(s->out, out->data, (size_t)(s->batch.n_tok * s->c) * sizeof(float));
    tern_tape_seed(tape, out, s->dout);
    tern_tape_backward_seeded(tape);
    memcpy(s->dqkv, tern_tape_grad(tape, qkv), (size_t)(s->batch.n_tok * 3 * s->c) * sizeof(float));
    tern_tape_free(tape);
}

static void drop(sample *s)
{
    free(s->qkv);
    free(s->dout);
    free(s->out);
    free(s->dqkv);
}

static double dot(int64_t n, const float *a, const float *b)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Row i of P, and of F = dO V^T. */
static void row_of(const sample *s, const float *q, const float *dout, int64_t n, int64_t i, double *p, double *f)
{
    int64_t ld = 3 * s->c;
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
        sum += p[j] = exp(dot(s->d, q + i * ld, q + j * ld + s->c) / sqrt((double)s->d));
        f[j] = dot(s->d, dout + i * s->c, q + j * ld + 2 * s->c);
    }
    for (int64_t j = 0; j < n; j++)
        p[j] /= sum;
}

/* out and dqkv of one sequence and head, added to. */
static void formula(const sample *s, int64_t row, int64_t head, int64_t n, double *out, double *dqkv)
{
    int64_t c = s->c, d = s->d, ld = 3 * c;
    const float *q = s->qkv + row * ld + head * d, *dout = s->dout + row * c + head * d;
    double p[MOST], f[MOST];
    out += row * c + head * d;
    dqkv += row * ld + head * d;
    for (int64_t i = 0; i < n; i++) {
        row_of(s, q, dout, n, i, p, f);
        double delta = 0;
        for (int64_t j = 0; j < n; j++)
            delta += p[j] * f[j];
        for (int64_t j = 0; j < n; j++) {
            double ds = p[j] * (f[j] - delta) / sqrt((double)d);
            for (int64_t l = 0; l < d; l++) {
                out[i * c + l] += p[j] * (double)q[j * ld + 2 * c + l];
                dqkv[i * ld + l] += ds * (double)q[j * ld + c + l];
                dqkv[j * ld + c + l] += ds * (double)q[i * ld + l];
                dqkv[j * ld + 2 * c + l] += p[j] * (double)dout[i * c + l];
            }
        }
    }
}

static void expect_close(int64_t n, const float *got, const double *want, const char *what)
{
    for (int64_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)got[i] - want[i]) <= 2e-6 * (1 + fabs(want[i])), "%s %lld: %g, not %g", what,
                      (long long)i, (double)got[i], want[i]);
}

START_TEST(output_and_gradient_are_the_formula)
{
    sample s = make(SIZES[_i], 0, N_LENGTHS);
    compute(&s);
    int64_t n = s.batch.n_tok * s.c;
    double *out = tern_calloc((size_t)n, sizeof *out), *dqkv = tern_calloc((size_t)(3 * n), sizeof *dqkv);
    for (int64_t i = 0; i < N_LENGTHS * HEADS; i++)
        formula(&s, s.offsets[i / HEADS], i % HEADS, LENGTHS[i / HEADS], out, dqkv);
    expect_close(n, s.out, out, "output");
    expect_close(3 * n, s.dqkv, dqkv, "gradient");
    free(out);
    free(dqkv);
    drop(&s);
}
END_TEST

/* The same in a batch of its own, to the bit. */
START_TEST(a_sequence_is_as_it_would_be_alone)
{
    sample all = make(SIZES[_i], 0, N_LENGTHS);
    compute(&all);
    for (int i = 0; i < N_LENGTHS; i++) {
        sample one = make(SIZES[_i], i, i + 1);
        size_t row = (size_t)all.offsets[i], n = (size_t)LENGTHS[i], c = (size_t)all.c;
        memcpy(one.qkv, all.qkv + row * 3 * c, n * 3 * c * sizeof(float));
        memcpy(one.dout, all.dout + row * c, n * c * sizeof(float));
        compute(&one);
        ck_assert_mem_eq(one.out, all.out + row * c, n * c * sizeof(float));
        ck_assert_mem_eq(one.dqkv, all.dqkv + row * 3 * c, n * 3 * c * sizeof(float));
        drop(&one);
    }
    drop(&all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("attention");
    TCase *tc = tcase_create("attention");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, output_and_gradient_are_the_formula, 0, N_SIZES);
    tcase_add_loop_test(tc, a_sequence_is_as_it_would_be_alone, 0, N_SIZES);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
