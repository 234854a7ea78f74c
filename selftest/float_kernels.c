/* exp and erf of the instruction set in use against libm's in double, in units in the last place of the result. */
#include "autograd/kernels.h"
#include "selftest/selftest.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 512, BLOCKS = 400 };

typedef struct kernel_case {
    const char *name;
    void (*run)(size_t n, const float *x, float *y);
    double (*reference)(double x);
    double from, to;
} kernel_case;

static double ulps(float got, double want)
{
    int exponent;
    frexp(want, &exponent);
    return fabs((double)got - want) / ldexp(1, exponent - 24);
}

static double worst_of(const kernel_case *k, double *where)
{
    float x[BLOCK], y[BLOCK];
    double worst = 0;
    *where = k->from;
    for (int b = 0; b < BLOCKS; b++) {
        for (int i = 0; i < BLOCK; i++)
            x[i] = (float)(k->from + (k->to - k->from) * (b * BLOCK + i) / (BLOCKS * BLOCK - 1));
        k->run(BLOCK, x, y);
        for (int i = 0; i < BLOCK; i++) {
            double apart = ulps(y[i], k->reference((double)x[i]));
            if (apart <= worst)
                continue;
            worst = apart;
            *where = (double)x[i];
        }
    }
    return worst;
}

int tern_selftest_kernels(const char *only, int *ran, void (*report)(void *context, const tern_selftest_row *row),
                          void *context)
{
    const tern_kernel_table *kern = tern_kernels();
    const kernel_case cases[] = {{"exp", kern->exp, exp, -87, 88}, {"erf", kern->erf, erf, -5, 5}};
    int failed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (only && strcmp(only, "kernel") != 0 && strcmp(only, cases[i].name) != 0)
            continue;
        double where, worst = worst_of(&cases[i], &where);
        tern_selftest_row row = {.group = "kernel",
                                 .name = cases[i].name,
                                 .shapes = BLOCK * BLOCKS,
                                 .gradient_error = -1,
                                 .float_error = -1,
                                 .ulp = worst,
                                 .ok = worst <= TERN_SELFTEST_ULP};
        snprintf(row.worst, sizeof row.worst, "%s kernel at %.9g", kern->isa, where);
        failed += !row.ok;
        if (ran)
            ++*ran;
        report(context, &row);
    }
    return failed;
}
