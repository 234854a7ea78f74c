/* The kernels of every instruction set this machine has: exp, erf and tanh against libm in double, in ulp over the
 * whole range; softmax, sums and reciprocal roots within bounds of double; the sets against each other. */
#include "autograd/kern_dropout.h"
#include "autograd/kernels.h"
#include "tests/support.h"

#include <check.h>
#include <math.h>
#include <string.h>

/* Distance in units of the last place of the true value. */
static double ulps(float got, double want)
{
    float nearest = (float)want;
    double unit = (double)nextafterf(fabsf(nearest), INFINITY) - (double)fabsf(nearest);
    return fabs((double)got - want) / unit;
}

typedef void (*function)(size_t n, const float *x, float *y);

/* The most ulps of f against libm's in double, over every 509th float (a prime: the last bits go through all their
 * values) from a to b, both of one sign, |a| <= |b|. Over all 2^32 floats the worst are: exp 1.01, erf 1.57 (1.26 with
 * fused products), tanh 1.34. */
static double worst(function f, double (*true_value)(double), float a, float b)
{
    union {
        float f;
        uint32_t u;
    } from = {a}, to = {b}, at;
    enum { BLOCK = 1024, STEP = 509 };
    float x[BLOCK], y[BLOCK];
    double most = 0;
    for (uint32_t u = from.u; u <= to.u;) {
        size_t n = 0;
        for (; n < BLOCK && u <= to.u; n++, u += STEP) {
            at.u = u;
            x[n] = at.f;
        }
        f(n, x, y);
        for (size_t i = 0; i < n; i++) {
            double off = ulps(y[i], true_value((double)x[i]));
            most = off <= most ? most : off; /* NaN counts */
        }
    }
    return most;
}

START_TEST(exp_is_within_two_ulp_over_its_range)
{
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    ck_assert_double_le(worst(kern->exp, exp, 0, 88.3f), 2);
    ck_assert_double_le(worst(kern->exp, exp, -0.0f, -87.3f), 2);
    /* Below the range 0, above it the last value; never subnormal, never infinite. */
    float x[] = {-87.300003f, -88, -1e30f, -INFINITY, 88.3f, 89, 1e30f, INFINITY, NAN};
    enum { N = sizeof x / sizeof *x };
    float y[N];
    kern->exp(N, x, y);
    for (int i = 0; i < 4; i++)
        ck_assert(y[i] == 0 || x[i] >= -87.3f);
    for (int i = 4; i < 8; i++)
        ck_assert(y[i] == y[4] && isfinite(y[i]));
    ck_assert(isnan(y[8]));
}
END_TEST

/* erf and tanh: odd, from the least subnormal number to infinity. */
static void check_odd(function f, double (*true_value)(double))
{
    ck_assert_double_le(worst(f, true_value, 1e-45f, INFINITY), 2);
    ck_assert_double_le(worst(f, true_value, -1e-45f, -INFINITY), 2);
    float x[] = {0, INFINITY, -INFINITY, NAN, 1e-45f, -1e-45f}, y[6];
    f(6, x, y);
    ck_assert(y[0] == 0 && y[1] == 1 && y[2] == -1 && isnan(y[3]) && fabsf(y[4]) <= 3e-45f && fabsf(y[5]) <= 3e-45f);
}

START_TEST(erf_is_within_two_ulp_over_its_range)
{
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (kern)
        check_odd(kern->erf, erf);
}
END_TEST

START_TEST(tanh_is_within_two_ulp_over_its_range)
{
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (kern)
        check_odd(kern->tanh, tanh);
}
END_TEST

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static int is_nearest_of_eight_bits(float x, float got)
{
    uint32_t low = bits_of(x) & 0xFFFF0000, rest = bits_of(x) & 0xFFFF;
    uint32_t up = rest > 0x8000 || (rest == 0x8000 && (low & 0x10000)) ? 0x10000 : 0;
    return isnan(x) ? isnan(got) : bits_of(got) == low + up;
}

/* Ties go to even. Over every 509th float of both signs, and back. */
START_TEST(bfloat16_is_the_nearest_number_of_eight_bits)
{
    enum { BLOCK = 1031, STEP = 509 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    float x[BLOCK], back[BLOCK];
    uint16_t kept[BLOCK];
    int64_t wrong = 0;
    for (uint64_t u = 0; kern && u + BLOCK * STEP <= UINT32_MAX; u += BLOCK * STEP) {
        for (uint64_t i = 0; i < BLOCK; i++) {
            uint32_t bits = (uint32_t)(u + i * STEP);
            memcpy(&x[i], &bits, sizeof bits);
        }
        kern->to_bfloat16(BLOCK, x, kept);
        kern->from_bfloat16(BLOCK, kept, back);
        for (int i = 0; i < BLOCK; i++)
            wrong += !is_nearest_of_eight_bits(x[i], back[i]);
    }
    ck_assert_int_eq(wrong, 0);
    const float special[] = {INFINITY, -INFINITY, NAN,         -NAN,
                             0,        -0.0f,     1.00390625f, 1.01171875f}; /* the last two: ties */
    enum { SPECIAL = sizeof special / sizeof *special };
    if (kern) {
        kern->to_bfloat16(SPECIAL, special, kept);
        kern->from_bfloat16(SPECIAL, kept, back);
    }
    for (int i = 0; kern && i < SPECIAL; i++)
        ck_assert_msg(is_nearest_of_eight_bits(special[i], back[i]), "%g became %g", (double)special[i],
                      (double)back[i]);
}
END_TEST

static float number(uint64_t i)
{
    return (float)(2 * tern_random_unit(11, i, 0, 0) - 1);
}

static const float UNIT = 1.1920929e-7f; /* the distance from 1 to the next float */

START_TEST(squares_are_added_in_double_in_the_order_that_is_said)
{
    enum { MOST = 200, SUMS = 32 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    float x[MOST];
    for (uint64_t i = 0; i < MOST; i++)
        x[i] = number(i) * (i % 7 ? 1 : 1e15f);
    for (int n = 0; kern && n <= MOST; n++) {
        double sums[SUMS] = {0}, want = 0;
        for (int i = 0; i < n; i++)
            sums[i % SUMS] += (double)x[i] * (double)x[i]; /* exact: 48 of 53 bits */
        for (int i = 0; i < SUMS; i++)
            want += sums[i];
        ck_assert(kern->squares(n, x) == want);
    }
}
END_TEST

/* Each probability is off by its own roundings (exp's 2 ulp and the division), by those of the argument, which exp
 * turns into as many units as the argument is large, and by those of a sum in lanes. */
START_TEST(softmax_is_within_its_bound_of_double)
{
    static const int64_t sizes[] = {1, 2, 7, 16, 33, 77, 512};
    static const float spreads[] = {0.01f, 1, 20, 60};
    const tern_kernel_table *kern = tern_kernels_at(_i);
    for (size_t c = 0; kern && c < sizeof sizes / sizeof *sizes * 4; c++) {
        int64_t n = sizes[c / 4];
        float x[512], p[512], again[512], scale = 0.177f, top = -INFINITY;
        double sum = 0;
        for (int64_t j = 0; j < n; j++) {
            p[j] = again[j] = x[j] = spreads[c % 4] * number((uint64_t)j + 1000 * c) / scale;
            top = fmaxf(top, x[j] * scale);
        }
        for (int64_t j = 0; j < n; j++)
            sum += exp((double)x[j] * (double)scale);
        float log_sum = kern->softmax(n, scale, p);
        kern->softmax_again(n, scale, log_sum, again);
        ck_assert_double_le(fabs((double)log_sum - log(sum)),
                            4 * (double)UNIT * (1 + fabs(log(sum)) + fabs((double)top)));
        for (int64_t j = 0; j < n; j++) {
            double argument = (double)x[j] * (double)scale, want = exp(argument) / sum;
            double bound = (6 + fabs(argument) + 2 * fabs((double)top)) * (double)UNIT * want;
            ck_assert_double_le(fabs((double)p[j] - want), bound + 1e-37);
            ck_assert_double_le(fabs((double)again[j] - want), 2 * bound + 1e-37);
        }
    }
}
END_TEST

/* Sums of n numbers of size 1: each of at most n additions rounds a sum below n by half a unit of it. In lanes they are
 * far fewer, and the reciprocal square root is rounded once from double. */
START_TEST(layer_norm_has_the_mean_and_the_reciprocal_root_of_double)
{
    static const int64_t sizes[] = {1, 5, 16, 31, 384, 1000};
    static const float scales[] = {1e-12f, 1e-3f, 1, 1e4f, 1e15f};
    const tern_kernel_table *kern = tern_kernels_at(_i);
    for (size_t c = 0; kern && c < sizeof sizes / sizeof *sizes * 5; c++) {
        int64_t n = sizes[c / 5];
        float x[1000], s[1000], y[1000], gamma[1000], beta[1000], mean, rstd, scale = scales[c % 5];
        double sum = 0, squares = 0, size = 0;
        for (int64_t j = 0; j < n; j++) {
            x[j] = scale * (number((uint64_t)j + 5000 * c) + 0.25f);
            gamma[j] = 1;
            beta[j] = 0;
            sum += (double)x[j];
            size += fabs((double)x[j]);
        }
        kern->layer_norm(n, x, NULL, 0, 0, gamma, beta, 1e-12f, s, y, &mean, &rstd);
        for (int64_t j = 0; j < n; j++)
            squares += ((double)x[j] - (double)mean) * ((double)x[j] - (double)mean);
        double want = 1 / sqrt(squares / (double)n + (double)1e-12f), adds = (double)n / 4 + 8;
        ck_assert_double_le(fabs((double)mean - sum / (double)n), adds * (double)UNIT * size / (double)n);
        ck_assert_double_le(fabs((double)rstd - want), adds * (double)UNIT * want);
    }
}
END_TEST

START_TEST(dot_products_are_those_of_double_wherever_the_row_lies)
{
    enum { ROWS = 7, MOST = 200, STRIDE = 3 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    for (int64_t k = 1; kern && k <= MOST; k++) {
        float a[ROWS * MOST], x[MOST], y[ROWS * STRIDE], one;
        for (int64_t i = 0; i < ROWS * k; i++)
            a[i] = number((uint64_t)i);
        for (int64_t i = 0; i < k; i++)
            x[i] = number((uint64_t)(i + 7777));
        kern->dots(ROWS, k, a, x, y, STRIDE);
        for (int64_t r = 0; r < ROWS; r++) {
            double want = 0, size = 0;
            for (int64_t i = 0; i < k; i++) {
                want += (double)a[r * k + i] * (double)x[i];
                size += fabs((double)a[r * k + i] * (double)x[i]);
            }
            ck_assert_double_le(fabs((double)y[r * STRIDE] - want), ((double)k / 8 + 6) * (double)UNIT * size);
            kern->dots(1, k, a + r * k, x, &one, 1);
            ck_assert_mem_eq(&one, y + r * STRIDE, sizeof one);
        }
    }
}
END_TEST

START_TEST(reaching_finds_what_is_at_or_above_its_limit)
{
    enum { MOST = 75 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    for (int64_t n = 0; kern && n <= MOST; n++) {
        float x[MOST], limit[MOST];
        int32_t which[MOST];
        int64_t at = 0;
        for (int64_t i = 0; i < n; i++) {
            x[i] = i % 11 == 3 ? NAN : number((uint64_t)(i + n));
            limit[i] = i % 5 == 0 ? -INFINITY : i % 5 == 1 ? x[i] : i % 5 == 2 ? NAN : number((uint64_t)(i + 9 * n));
        }
        int64_t found = kern->reaching(n, x, limit, which);
        for (int64_t i = 0; i < n; i++)
            if (x[i] >= limit[i])
                ck_assert(at < found && which[at++] == i);
        ck_assert_int_eq(at, found);
    }
}
END_TEST

START_TEST(gelu_and_its_gradient_agree_with_the_formula)
{
    const tern_kernel_table *kern = tern_kernels_at(_i);
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
    const tern_kernel_table *kern = tern_kernels_at(_i), *plain = tern_kernels_named("plain");
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

/* p F and p (F dp - D) scale, with the factors of the element-wise dropout. */
START_TEST(attention_backward_is_its_formula_at_every_length)
{
    enum { MOST = 67 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    for (int64_t n = 1; kern && n <= MOST; n++) {
        float p[MOST + 1], dp[MOST + 1], ones[MOST], f[MOST], scale = 0.25f;
        double drop = n % 2 ? 0.3 : 0, delta = 0;
        for (int64_t i = 0; i < n; i++)
            ones[i] = 1;
        kern->dropout(n, ones, drop, 17, 0, f);
        for (int64_t i = 0; i <= n; i++) {
            p[i] = number((uint64_t)i) + 1;
            dp[i] = number((uint64_t)(i + 100));
        }
        for (int64_t i = 0; i < n; i++)
            delta += (double)p[i] * (double)(f[i] * dp[i]);
        kern->attention_backward(n, scale, drop, 17, p, dp);
        for (int64_t i = 0; i < n; i++) {
            double old = (double)(number((uint64_t)i) + 1), kept = (double)(f[i] * number((uint64_t)(i + 100)));
            ck_assert_float_eq(p[i], (number((uint64_t)i) + 1) * f[i]);
            ck_assert_double_le(fabs((double)dp[i] - old * (kept - delta) * (double)scale), 64 * (double)UNIT);
        }
        ck_assert(p[n] == number((uint64_t)n) + 1 && dp[n] == number((uint64_t)(n + 100)));
    }
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
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, exp_is_within_two_ulp_over_its_range, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, erf_is_within_two_ulp_over_its_range, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, tanh_is_within_two_ulp_over_its_range, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, squares_are_added_in_double_in_the_order_that_is_said, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, bfloat16_is_the_nearest_number_of_eight_bits, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, softmax_is_within_its_bound_of_double, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, layer_norm_has_the_mean_and_the_reciprocal_root_of_double, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, dot_products_are_those_of_double_wherever_the_row_lies, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, reaching_finds_what_is_at_or_above_its_limit, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, gelu_and_its_gradient_agree_with_the_formula, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, instruction_sets_agree_to_rounding, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, attention_backward_is_its_formula_at_every_length, 0, TERN_ISAS);
    tcase_add_test(tcase, dropout_keeps_its_rate_and_its_mean);
    tcase_add_test(tcase, adamw_moments_never_become_subnormal);
    tcase_add_test(tcase, adamw_without_a_gradient_is_adamw_with_a_gradient_of_zero);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
