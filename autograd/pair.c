/* f(x, y), and its gradient in x:
 *     dot              x.y                              y
 *     cosine           c = x.y / (|x| |y|)              (y / |y| - c x / |x|) / |x|
 *     cosine distance  1 - c                            minus that
 *     Euclidean        e = |x - y|                      (x - y) / e, 0 where e is 0
 *     Manhattan        sum of |x_k - y_k|               sign(x - y)
 *     angle            |a|, a = u.z of u = x / |x|      sign(a) (z - a u) / |x|
 * Lengths are not below 1e-12. The angle is AnglE's (Li and Li 2023) as pairwise_angle_sim of
 * sentence-transformers 6.2 has it: with v = y / |y| cut into halves (v1, v2), z is (v1 - v2, v1 + v2), so that a is
 * u.v + u2.v1 - u1.v2, cosine plus sine of the complex halves; an odd width is filled up with a zero. All but the angle
 * are symmetric; its gradient in y has the sines' sign turned. */
#include "autograd/pair.h"

#include <math.h>

typedef struct products {
    double xy, xx, yy;
} products;

static products products_of(int64_t d, const tern_real *x, const tern_real *y)
{
    double xy = 0, xx = 0, yy = 0;
#pragma omp simd reduction(+ : xy, xx, yy)
    for (int64_t k = 0; k < d; k++) {
        xy += (double)x[k] * (double)y[k];
        xx += (double)x[k] * (double)x[k];
        yy += (double)y[k] * (double)y[k];
    }
    return (products){xy, xx, yy};
}

static double length(double square)
{
    double root = sqrt(square);
    return root < 1e-12 ? 1e-12 : root;
}

/* The component of y that stands in z at place k: y_k turned by the other half's, turn 1 or -1. */
static double turned(int64_t d, double turn, const tern_real *y, int64_t k)
{
    int64_t half = (d + 1) / 2, other = k < half ? k + half : k - half;
    double across = other < d ? (double)y[other] : 0;
    return (double)y[k] + (k < half ? -turn : turn) * across;
}

/* u.z without the lengths. */
static double angle(int64_t d, const tern_real *x, const tern_real *y)
{
    double sum = 0;
    for (int64_t k = 0; k < d; k++)
        sum += (double)x[k] * turned(d, 1, y, k);
    return sum;
}

static double euclidean(int64_t d, const tern_real *x, const tern_real *y)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < d; k++)
        sum += ((double)x[k] - (double)y[k]) * ((double)x[k] - (double)y[k]);
    return sqrt(sum);
}

static double manhattan(int64_t d, const tern_real *x, const tern_real *y)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < d; k++)
        sum += fabs((double)x[k] - (double)y[k]);
    return sum;
}

double tern_pair_value(tern_pair_kind kind, int64_t d, const tern_real *x, const tern_real *y)
{
    if (kind == TERN_PAIR_EUCLIDEAN)
        return euclidean(d, x, y);
    if (kind == TERN_PAIR_MANHATTAN)
        return manhattan(d, x, y);
    products s = products_of(d, x, y);
    double lengths = length(s.xx) * length(s.yy);
    switch (kind) {
    case TERN_PAIR_DOT:
        return s.xy;
    case TERN_PAIR_ANGLE:
        return fabs(angle(d, x, y)) / lengths;
    case TERN_PAIR_COSINE:
        return s.xy / lengths;
    default:
        return 1 - s.xy / lengths;
    }
}

/* dx += g (of_x x + of_y y). */
static void add_mixed(int64_t d, double of_x, double of_y, const tern_real *x, const tern_real *y, tern_real *dx)
{
    for (int64_t k = 0; k < d; k++)
        dx[k] += (tern_real)(of_x * (double)x[k] + of_y * (double)y[k]);
}

static void add_angle(int64_t d, double turn, double g, const tern_real *x, const tern_real *y, tern_real *dx)
{
    products s = products_of(d, x, y);
    double lx = length(s.xx), ly = length(s.yy), a = turn > 0 ? angle(d, x, y) : angle(d, y, x);
    double sign = (a > 0) - (a < 0), of_x = -g * fabs(a) / (lx * lx * lx * ly), of_z = g * sign / (lx * ly);
    for (int64_t k = 0; k < d; k++)
        dx[k] += (tern_real)(of_x * (double)x[k] + of_z * turned(d, turn, y, k));
}

/* turn: 1 when x is f's first, -1 when it is its second. */
static void add(tern_pair_kind kind, int64_t d, double turn, double g, const tern_real *x, const tern_real *y,
                tern_real *dx)
{
    if (kind == TERN_PAIR_DOT) {
        add_mixed(d, 0, g, x, y, dx);
    } else if (kind == TERN_PAIR_ANGLE) {
        add_angle(d, turn, g, x, y, dx);
    } else if (kind == TERN_PAIR_EUCLIDEAN) {
        double distance = tern_pair_value(kind, d, x, y), by = distance > 0 ? g / distance : 0;
        add_mixed(d, by, -by, x, y, dx);
    } else if (kind == TERN_PAIR_MANHATTAN) {
        for (int64_t k = 0; k < d; k++)
            dx[k] += (tern_real)(g * ((x[k] > y[k]) - (x[k] < y[k])));
    } else {
        products s = products_of(d, x, y);
        double lx = length(s.xx), ly = length(s.yy), of_cosine = kind == TERN_PAIR_COSINE ? g : -g;
        add_mixed(d, -of_cosine * s.xy / (lx * lx * lx * ly), of_cosine / (lx * ly), x, y, dx);
    }
}

void tern_pair_add_first(tern_pair_kind kind, int64_t d, double g, const tern_real *x, const tern_real *y,
                         tern_real *dx)
{
    if (dx)
        add(kind, d, 1, g, x, y, dx);
}

void tern_pair_add_second(tern_pair_kind kind, int64_t d, double g, const tern_real *x, const tern_real *y,
                          tern_real *dy)
{
    if (dy)
        add(kind, d, -1, g, y, x, dy);
}
