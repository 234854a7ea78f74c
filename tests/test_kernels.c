/* The kernels of every instruction set this machine has: exp and erf against libm in double, in ulp over the whole
 * range; the sets against each other. */
#include "autograd/kern_dropout.h"
#include "autograd/kernels.h"
#include "tests/support.h"

#include <check.h>
#include <math.h>

static const char *const ISAS[] = {"plain", "avx2", "avx512", "avx512vnni", "amx"};

/* Distance in units of the last place of the true value. */
static double ulps(float got, double want)
{
    float nearest = (float)want;
    double unit = (double)nextafterf(fabsf(nearest), INFINITY) - (double)fabsf(nearest);
    return fabs((double)got - want) / unit;
}

/* Every 64th float from the bits of a to the bits of b, both of one sign. */
static double worst(const tern_kernel_table *kern, int is_erf, float a, float b)
{
    union {
        float f;
        uint32_t u;
    } from = {a}, to = {b}, at;
    enum { BLOCK = 1024 };
    float x[BLOCK], y[BLOCK];
    double most = 0;
    for (uint32_t u = from.u; u <= to.u;) {
        size_t n = 0;
        for (; n < BLOCK && u <= to.u; n++, u += 64) {
            at.u = u;
            x[n] = at.f;
        }
        (is_erf ? kern->erf : kern->exp)(n, x, y);
        for (size_t i = 0; i < n; i++) {
            double off = ulps(y[i], is_erf ? erf((double)x[i]) : exp((double)x[i]));
            most = off > most ? off : most;
        }
    }
    return most;
}

START_TEST(exp_is_within_two_ulp_over_its_range)
{
    const tern_kernel_table *kern = tern_kernels_named(ISAS[_i]);
    if (!kern)
        return;
    ck_assert_double_le(worst(kern, 0, 1e-30f, 88.3f), 2);
    ck_assert_double_le(worst(kern, 0, -1e-30f, -87.3f), 2);
    float x[4] = {0, -88, -1e30f, -INFINITY}, y[4];
    kern->exp(4, x, y);
    ck_assert(y[0] == 1 && y[1] == 0 && y[2] == 0 && y[3] == 0);
}
END_TEST

START_TEST(erf_is_within_two_ulp_over_its_range)
{
    const tern_kernel_table *kern = tern_kernels_named(ISAS[_i]);
    if (!kern)
        return;
    ck_assert_double_le(worst(kern, 1, 1e-30f, 1e30f), 2);
    ck_assert_double_le(worst(kern, 1, -1e-30f, -1e30f), 2);
}
END_TEST

START_TEST(gelu_and_its_gradient_agree_with_the_formula)
{
    const tern_kernel_table *kern = tern_kernels_named(ISAS[_i]);
    if (!kern)
        return;
    for (double at = -12; at <= 12; at += 0.00390625) {
        float u = (float)at, one = 1, h, again, du;
        double cdf = 0.5 * erfc(-at / sqrt(2)), density = exp(-at * at / 2) / sqrt(2 * acos(-1));
        kern->gelu(1, &u, &h);
        kern->gelu_backward(1, &u, &one, &du, &again);
        ck_assert(h == again);
        /* Phi carries 3 roundings of numbers up to 1: 4 half-ulps of 1, times |u|. */
        ck_assert_double_le(fabs((double)h - at * cdf), 2.5e-7 * (fabs(at) + 1e-6));
        ck_assert_double_le(fabs((double)du - (cdf + at * density)), 5e-7);
    }
}
END_TEST

/* Instruction sets differ by the rounding of fused products and the order of sums, nothing else. */
START_TEST(instruction_sets_agree_to_rounding)
{
    const tern_kernel_table *kern = tern_kernels_named(ISAS[_i]), *plain = tern_kernels_named("plain");
    enum { N = 77 };
    float x[N], y[N], a[N], b[N], s[N], gamma[N], beta[N], mean, rstd, mean2, rstd2;
    if (!kern)
        return;
    for (int i = 0; i < N; i++) {
        x[i] = (float)sin(i * 1.7) * 3;
        y[i] = (float)cos(i * 0.3);
        gamma[i] = 1 + 0.01f * (float)i;
        beta[i] = 0.1f;
    }
    plain->layer_norm(N, x, y, 0.1, 7, gamma, beta, 1e-12f, s, a, &mean, &rstd);
    kern->layer_norm(N, x, y, 0.1, 7, gamma, beta, 1e-12f, s, b, &mean2, &rstd2);
    for (int i = 0; i < N; i++)
        ck_assert_float_eq_tol(a[i], b[i], 16 * 1.2e-7f * 3);
    for (int i = 0; i < N; i++)
        a[i] = b[i] = x[i];
    ck_assert_float_eq_tol(plain->softmax(N, 2, a), kern->softmax(N, 2, b), 16 * 1.2e-7f * 6);
    for (int i = 0; i < N; i++)
        ck_assert_float_eq_tol(a[i], b[i], 16 * 1.2e-7f * a[i] + 1e-12f);
}
END_TEST

START_TEST(dropout_keeps_its_rate_and_its_mean)
{
    enum { ROWS = 200, N = 384 };
    static float ones[N], y[N];
    tern_dropout_site site = {.p = 0.1, .seed = 3, .step = 9, .site = 5};
    double dropped = 0, sum = 0;
    for (int j = 0; j < N; j++)
        ones[j] = 1;
    for (int r = 0; r < ROWS; r++) {
        tern_kernels()->dropout(N, ones, site.p, tern_dropout_key(&site, 1, r), 0, y);
        for (int j = 0; j < N; j++) {
            dropped += y[j] == 0;
            sum += (double)y[j];
        }
    }
    double n = ROWS * N, deviation = sqrt(0.1 * 0.9 / n);
    ck_assert_double_le(fabs(dropped / n - 0.1), 4 * deviation);
    ck_assert_double_le(fabs(sum / n - 1), 5 * deviation);
}
END_TEST

START_TEST(adamw_without_a_gradient_is_adamw_with_a_gradient_of_zero)
{
    enum { N = 21 };
    float zero[N] = {0}, value[2][N], m[2][N], v[2][N];
    tern_adamw_step step = {1e-3, 0.01, 0.9, 0.999, 1e-8, 0.1, 0.001, 1};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < N; i++) {
            value[k][i] = (float)(i + 1);
            m[k][i] = 0.5f * (float)i;
            v[k][i] = 0.25f * (float)i;
        }
    tern_kernels()->adamw(N, &step, value[0], zero, m[0], v[0]);
    tern_kernels()->adamw(N, &step, value[1], NULL, m[1], v[1]);
    for (int i = 0; i < N; i++) {
        ck_assert_float_eq_tol(value[0][i], value[1][i], 1.2e-7f * 32);
        ck_assert_float_eq_tol(m[0][i], m[1][i], 1.2e-7f * 16);
    }
}
END_TEST

/* 20,000 steps without a gradient: the moments end at zero, never among the subnormal numbers. */
START_TEST(adamw_moments_never_become_subnormal)
{
    float value = 1, m = 1e-3f, v = 1e-30f;
    tern_adamw_step step = {1e-3, 0, 0.9, 0.999, 1e-8, 1, 1, 1};
    for (int i = 0; i < 20000; i++) {
        tern_kernels()->adamw(1, &step, &value, NULL, &m, &v);
        ck_assert(fpclassify(m) != FP_SUBNORMAL && fpclassify(v) != FP_SUBNORMAL);
    }
    ck_assert(m == 0 && v == 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *tcase = tcase_create("kernels");
    int isas = (int)(sizeof ISAS / sizeof *ISAS);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, exp_is_within_two_ulp_over_its_range, 0, isas);
    tcase_add_loop_test(tcase, erf_is_within_two_ulp_over_its_range, 0, isas);
    tcase_add_loop_test(tcase, gelu_and_its_gradient_agree_with_the_formula, 0, isas);
    tcase_add_loop_test(tcase, instruction_sets_agree_to_rounding, 0, isas);
    tcase_add_test(tcase, dropout_keeps_its_rate_and_its_mean);
    tcase_add_test(tcase, adamw_moments_never_become_subnormal);
    tcase_add_test(tcase, adamw_without_a_gradient_is_adamw_with_a_gradient_of_zero);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
