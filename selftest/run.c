/* Walks all checks. Built in double alone: the one symbol that the joined object shows. */
#include "selftest/selftest.h"

#include "base/memory.h"
#include "selftest/gradcheck.h"
#include "selftest/wrong.h"

#include <math.h>
#include <string.h>

static int wanted(const char *only, const tern_check_kind *kind)
{
    return !only || strcmp(only, kind->group) == 0 || strcmp(only, kind->name) == 0;
}

static tern_selftest_row row_of(const tern_check_kind *kind)
{
    return (tern_selftest_row){
        .group = kind->group, .name = kind->name, .gradient_error = -1, .float_error = -1, .ulp = -1};
}

/* Keeps the worst of both errors, and the words of the one that is nearer to what is allowed. */
static void take(tern_selftest_row *row, double gradient, const char *where_gradient, double single,
                 const char *where_single)
{
    double worst = fmax(row->gradient_error / TERN_SELFTEST_GRADIENT, row->float_error / TERN_SELFTEST_FLOAT);
    double of_gradient = gradient / TERN_SELFTEST_GRADIENT, of_single = single / TERN_SELFTEST_FLOAT;
    if (fmax(of_gradient, of_single) > worst)
        snprintf(row->worst, sizeof row->worst, "%s", of_gradient > of_single ? where_gradient : where_single);
    row->gradient_error = fmax(row->gradient_error, gradient);
    row->float_error = fmax(row->float_error, single);
}

/* All shapes that are small enough for differences. */
static void check_small(int index, const tern_check_kind *kind, tern_selftest_row *row)
{
    char where_gradient[160] = "", where_single[160] = "";
    double error;
    while ((error = tern_gradcheck(kind, row->shapes, where_gradient, sizeof where_gradient)) >= 0) {
        double single = tern_floatcheck(index, kind, row->shapes, where_single, sizeof where_single);
        take(row, error, where_gradient, single, where_single);
        row->shapes++;
    }
}

static void check_large(int index, const tern_check_kind *kind, tern_selftest_row *row)
{
    char where[160] = "";
    double single = tern_floatcheck(index, kind, TERN_SELFTEST_LARGE, where, sizeof where);
    take(row, -1, "", single, where);
    row->shapes += single >= 0;
    row->ok = row->shapes > 0 && row->gradient_error < TERN_SELFTEST_GRADIENT && row->float_error < TERN_SELFTEST_FLOAT;
}

/* Right when every wrong gradient is found: the row's error is the smallest. */
static tern_selftest_row check_wrong(void)
{
    tern_selftest_row row = row_of(&tern_check_wrong);
    double least = INFINITY, error;
    while ((error = tern_gradcheck(&tern_check_wrong, row.shapes, row.worst, sizeof row.worst)) >= 0) {
        least = fmin(least, error);
        row.shapes++;
    }
    row.gradient_error = least;
    row.ok = row.shapes > 0 && least > 0.01;
    return row;
}

/* The small shapes of one kind are one task: the operations find themselves inside a parallel region and use one
 * thread, which spares thousands of barriers. The large ones run on all threads. */
static void check_kinds(const char *only, int n, tern_selftest_row *rows)
{
#pragma omp parallel for schedule(dynamic, 1)
    for (int i = 0; i < n; i++)
        if (wanted(only, tern_check_kind_at(i)))
            check_small(i, tern_check_kind_at(i), &rows[i]);
    for (int i = 0; i < n; i++)
        if (wanted(only, tern_check_kind_at(i)))
            check_large(i, tern_check_kind_at(i), &rows[i]);
}

int tern_selftest_run(const char *only, int *ran, void (*report)(void *context, const tern_selftest_row *row),
                      void *context)
{
    int failed = 0, count = 0, n = 0;
    while (tern_check_kind_at(n))
        n++;
    tern_selftest_row *rows = tern_calloc((size_t)n + 1, sizeof *rows);
    for (int i = 0; i < n; i++)
        rows[i] = row_of(tern_check_kind_at(i));
    check_kinds(only, n, rows);
    if (wanted(only, &tern_check_wrong))
        rows[n] = check_wrong();
    for (int i = 0; i <= n; i++) {
        if (!wanted(only, i < n ? tern_check_kind_at(i) : &tern_check_wrong))
            continue;
        report(context, &rows[i]);
        failed += !rows[i].ok;
        count++;
    }
    free(rows);
    failed += tern_selftest_kernels(only, &count, report, context);
    if (ran)
        *ran = count;
    return failed;
}
