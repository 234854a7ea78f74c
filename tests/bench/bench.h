/* What the benchmarks share: options, medians, and how they are asked for one measurement at a time.
 *
 * With --serve a program prints a line when it is ready and warm, then takes one measurement for each line of its input
 * and prints it as a JSON object on a line: so run-benchmarks lets tern and a peer take turns. Without it, a program
 * takes --rounds measurements by itself. */
#ifndef TERN_TESTS_BENCH_H
#define TERN_TESTS_BENCH_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BENCH_MAX_ROUNDS = 1001 };

/* The value behind name, or otherwise. */
static inline const char *bench_text(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return otherwise;
}

static inline double bench_number(int argc, char **argv, const char *name, double otherwise)
{
    const char *text = bench_text(argc, argv, name, NULL);
    return text ? atof(text) : otherwise;
}

static inline int bench_flag(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return 1;
    return 0;
}

static inline int bench_by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts values. */
static inline double bench_median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, bench_by_value);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* Shows what was printed and waits for the next line of the input; 0 at its end. */
static inline int bench_asked(void)
{
    int c = EOF;
    fflush(stdout);
    while ((c = getchar()) != EOF && c != '\n')
        continue;
    return c == '\n';
}

/* A number that two tokenizers share only when all ids are the same, as peers.py computes it. */
static inline long long bench_checksum(const int32_t *ids, int64_t n)
{
    long long sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (i % 65521 + 1) * ids[i];
    return sum;
}

static inline int bench_fail(const char *program, const tern_error *error)
{
    fprintf(stderr, "%s: %s\n", program, error->message);
    return 2;
}

#endif
