#include "eval/metrics.h"

#include "base/memory.h"
#include "base/nearest.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int cutoffs[TERN_CUTOFFS] = {1, 3, 5, 10, 20, 100, 1000};

/* The columns of a kind, spelled out so that the table is static and readable. */
#define AT(kind) kind "_at_1", kind "_at_3", kind "_at_5", kind "_at_10", kind "_at_20", kind "_at_100", kind "_at_1000"

#define BOTH(similarity) similarity "_spearman", similarity "_pearson"

/* Those of retrieval, of triplets, of pairs with scores. */
static const char *const names[] = {
    AT("ndcg"),         AT("map"),      AT("recall"),      AT("precision"),   AT("mrr"),   AT("hit_rate"),
    "triplet_accuracy", BOTH("cosine"), BOTH("euclidean"), BOTH("manhattan"), BOTH("dot"),
};
enum { N_NAMES = sizeof names / sizeof *names, LONGEST_WORD = 64 };

const char *const *tern_metric_names(void)
{
    return names;
}

tern_metric_family tern_metric_family_of(const char *name)
{
    for (int i = 0; i < N_NAMES; i++)
        if (!strcmp(name, names[i]))
            return i < TERN_METRICS    ? TERN_METRIC_RETRIEVAL
                   : i == TERN_METRICS ? TERN_METRIC_TRIPLETS
                                       : TERN_METRIC_SIMILARITY;
    return TERN_METRIC_UNKNOWN;
}

int tern_metric_exists(const char *name)
{
    return tern_metric_family_of(name) != TERN_METRIC_UNKNOWN;
}

/* Kinds as others write them. */
static const struct {
    const char *word, *kind;
} spellings[] = {
    {"ndcg", "ndcg"},     {"ndcg_cut", "ndcg"},     {"map", "map"},           {"map_cut", "map"},
    {"recall", "recall"}, {"r", "recall"},          {"mrr", "mrr"},           {"precision", "precision"},
    {"p", "precision"},   {"hit_rate", "hit_rate"}, {"hitrate", "hit_rate"},  {"hit", "hit_rate"},
    {"hits", "hit_rate"}, {"success", "hit_rate"},  {"accuracy", "hit_rate"},
};

static const char *find_name(const char *word)
{
    for (int i = 0; i < N_NAMES; i++)
        if (!strcmp(word, names[i]))
            return names[i];
    return NULL;
}

/* "ndcg@10" as "ndcg_at_10", "spearman_cosine" as "cosine_spearman". word is in lower case and short, and changed. */
static const char *find_spelling(char *word)
{
    char name[2 * LONGEST_WORD];
    size_t n = strlen(word), digits = n;
    while (digits > 0 && isdigit((unsigned char)word[digits - 1]))
        digits--;
    if (digits == n) {
        char *second = strchr(word, '_');
        if (!second)
            return NULL;
        *second = 0;
        snprintf(name, sizeof name, "%s_%s", second + 1, word);
        return find_name(name);
    }
    size_t stem = digits;
    while (stem > 0 && strchr("@_-. ", word[stem - 1]))
        stem--;
    if (stem > 3 && stem < digits && (!strncmp(word + stem - 3, "_at", 3) || !strncmp(word + stem - 3, " at", 3)))
        stem -= 3;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strlen(spellings[i].word) == stem && !strncmp(word, spellings[i].word, stem)) {
            snprintf(name, sizeof name, "%s_at_%s", spellings[i].kind, word + digits);
            return find_name(name);
        }
    return NULL;
}

const char *tern_metric_named(const char *word)
{
    char lower[LONGEST_WORD];
    size_t n = strlen(word);
    if (n >= sizeof lower)
        return NULL;
    for (size_t i = 0; i <= n; i++)
        lower[i] = (char)tolower((unsigned char)word[i]);
    const char *name = find_name(lower);
    return name ? name : find_spelling(lower);
}

const char *tern_metric_nearest(const char *word)
{
    return tern_nearest(word, names, N_NAMES);
}

/* What all kinds need, walked once down the list. */
typedef struct list {
    const int *ranked;
    int64_t n;
    int *ideal; /* [relevant] grades above 0, descending */
    int64_t relevant;
} list;

static double gain_at(int grade, int64_t rank)
{
    return grade > 0 ? grade / log2((double)rank + 1) : 0;
}

static double ndcg_at(const list *l, int64_t k)
{
    double sum = 0, best = 0;
    for (int64_t i = 0; i < k && i < l->n; i++)
        sum += gain_at(l->ranked[i], i + 1);
    for (int64_t i = 0; i < k && i < l->relevant; i++)
        best += gain_at(l->ideal[i], i + 1);
    return sum / best;
}

static double map_at(const list *l, int64_t k)
{
    double sum = 0;
    int64_t found = 0;
    for (int64_t i = 0; i < k && i < l->n; i++)
        if (l->ranked[i] > 0)
            sum += (double)++found / (double)(i + 1);
    return sum / (double)l->relevant;
}

static int64_t found_at(const list *l, int64_t k)
{
    int64_t found = 0;
    for (int64_t i = 0; i < k && i < l->n; i++)
        found += l->ranked[i] > 0;
    return found;
}

static double recall_at(const list *l, int64_t k)
{
    return (double)found_at(l, k) / (double)l->relevant;
}

static double precision_at(const list *l, int64_t k)
{
    return (double)found_at(l, k) / (double)k;
}

static double mrr_at(const list *l, int64_t k)
{
    for (int64_t i = 0; i < k && i < l->n; i++)
        if (l->ranked[i] > 0)
            return 1 / (double)(i + 1);
    return 0;
}

static double hit_rate_at(const list *l, int64_t k)
{
    return found_at(l, k) > 0;
}

/* In the order of names. */
static double (*const kinds[TERN_METRIC_KINDS])(const list *, int64_t) = {ndcg_at,      map_at, recall_at,
                                                                          precision_at, mrr_at, hit_rate_at};

static int descending(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x < y) - (x > y);
}

void tern_metrics_of_list(const int *ranked, int64_t n, const int *judged, int64_t m, double *values)
{
    list l = {.ranked = ranked, .n = n, .ideal = tern_alloc((size_t)m, sizeof(int))};
    for (int64_t i = 0; i < m; i++)
        if (judged[i] > 0)
            l.ideal[l.relevant++] = judged[i];
    qsort(l.ideal, (size_t)l.relevant, sizeof(int), descending);
    for (int kind = 0; kind < TERN_METRIC_KINDS; kind++)
        for (int c = 0; c < TERN_CUTOFFS; c++)
            values[kind * TERN_CUTOFFS + c] = l.relevant ? kinds[kind](&l, cutoffs[c]) : 0;
    free(l.ideal);
}
