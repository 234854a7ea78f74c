/* The names that stand for BM25 wherever a model's name may: "bm25", and its options behind a colon. */
#include "base/memory.h"
#include "search/bm25.h"

#include <stdlib.h>
#include <string.h>

/* Decimal, without blanks. */
static int take_number(const char *value, double most, double *out)
{
    char *end;
    if (!*value || value[strspn(value, "0123456789.eE+-")])
        return -1;
    *out = strtod(value, &end);
    return end > value && !*end && *out >= 0 && *out <= most ? 0 : -1;
}

static int take_stop_words(const char *value, tern_stop_words *out)
{
    *out = strcmp(value, "english") == 0 ? TERN_STOP_ENGLISH : TERN_STOP_NONE;
    return *out == TERN_STOP_ENGLISH || strcmp(value, "none") == 0 ? 0 : -1;
}

static int take_stemmer(const char *value, tern_analyzer_options *terms)
{
    if (!*value || strlen(value) >= sizeof terms->stemmer)
        return -1;
    strcpy(terms->stemmer, strcmp(value, "none") == 0 ? "" : value);
    return 0;
}

static int take_index(const char *value, char *index)
{
    if (!*value || strlen(value) >= TERN_BM25_PATH)
        return -1;
    strcpy(index, value);
    return 0;
}

static int take_option(const char *key, const char *value, tern_bm25_options *options, tern_error *error)
{
    if (strcmp(key, "k1") == 0 && take_number(value, 1000, &options->k1) < 0)
        return tern_fail(error, "k1 is a number from 0 to 1000, not \"%s\"", value);
    if (strcmp(key, "b") == 0 && take_number(value, 1, &options->b) < 0)
        return tern_fail(error, "b is a number from 0 to 1, not \"%s\"", value);
    if (strcmp(key, "stop_words") == 0 && take_stop_words(value, &options->terms.stop_words) < 0)
        return tern_fail(error, "stop_words is english or none, not \"%s\"", value);
    if (strcmp(key, "stemmer") == 0 && take_stemmer(value, &options->terms) < 0)
        return tern_fail(error, "there is no stemmer \"%s\"", value);
    if (strcmp(key, "index") == 0 && take_index(value, options->index) < 0)
        return tern_fail(error, "index is the name of a file, of at most %d bytes", TERN_BM25_PATH - 1);
    return 0;
}

/* given: a bit for each key that was met. */
static int take_pair(char *pair, unsigned *given, tern_bm25_options *options, tern_error *error)
{
    static const char *const keys[] = {"k1", "b", "stop_words", "stemmer", "index"};
    char *equals = strchr(pair, '=');
    if (!equals)
        return tern_fail(error, "\"%s\" has no value; write for example stemmer=none", pair);
    *equals = 0;
    for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(pair, keys[i]) != 0)
            continue;
        if (*given & 1u << i)
            return tern_fail(error, "%s is given twice", pair);
        *given |= 1u << i;
        return take_option(pair, equals + 1, options, error);
    }
    return tern_fail(error, "there is no option \"%s\"; there are k1, b, stop_words, stemmer and index", pair);
}

int tern_bm25_named(const char *name, tern_bm25_options *options, tern_error *error)
{
    static const char bm25[] = "bm25";
    size_t n = sizeof bm25 - 1;
    if (strncmp(name, bm25, n) != 0 || (name[n] && name[n] != ':'))
        return 0;
    *options = (tern_bm25_options)TERN_BM25_DEFAULTS;
    unsigned given = 0;
    char *list = tern_strdup(name[n] ? name + n + 1 : ""), *rest = list;
    int status = name[n] && !*list ? tern_fail(error, "there is no option behind the colon") : 1;
    for (char *pair; status > 0 && *list && (pair = strsep(&rest, ",")) != NULL;)
        if (take_pair(pair, &given, options, error) < 0)
            status = -1;
    free(list);
    if (status > 0 && tern_analyzer_check(&options->terms, error) < 0)
        status = -1;
    return status < 0 ? tern_fail_within(error, "%s", name) : status;
}
