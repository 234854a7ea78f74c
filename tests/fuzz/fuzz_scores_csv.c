/* Per-query scores: what is read, written plainly or guarded for spreadsheets, reads back equal; values are finite, ids
 * and columns unique, and each metric comes from columns that are there. */
#include "eval/scores.h"
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>

static int is_one_of(char *const *texts, int64_t n, const char *text)
{
    for (int64_t i = 0; i < n; i++)
        if (!strcmp(texts[i], text))
            return 1;
    return 0;
}

static void check(const tern_scores *s)
{
    TERN_CHECK(s->n_queries > 0 && s->n_columns > 0, "%lld queries, %d columns", (long long)s->n_queries, s->n_columns);
    for (int64_t i = 0; i < s->n_queries * s->n_columns; i++)
        TERN_CHECK(isfinite(s->per_query[i]), "value %lld is not finite", (long long)i);
    /* A file of thousands of ids takes too long this way. */
    for (int64_t q = 0; q < s->n_queries && q < 100; q++)
        TERN_CHECK(!is_one_of(s->query_ids, q, s->query_ids[q]), "query %lld occurs twice", (long long)q);
    for (int c = 0; c < s->n_columns && c < 100; c++)
        TERN_CHECK(!is_one_of(s->columns, c, s->columns[c]), "column %d occurs twice", c);
    for (int m = 0; m < s->n_metrics; m++) {
        const tern_origin *o = &s->origins[m];
        TERN_CHECK(o->column >= 0 && o->column < s->n_columns && o->score >= -1 && o->score < s->n_columns,
                   "metric %d of columns %d and %d", m, o->column, o->score);
        if (m < 100)
            TERN_CHECK(!is_one_of(s->names, m, s->names[m]), "metric %s occurs twice", s->names[m]);
    }
}

static int same_texts(char *const *a, char *const *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (strcmp(a[i], b[i]))
            return 0;
    return 1;
}

static void write_and_read(const tern_scores *s, int how)
{
    tern_error error = {{0}};
    tern_scores again = {0};
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    tern_scores_print(s, out, how);
    fclose(out);
    TERN_CHECK(tern_scores_of_memory(&again, "again.csv", text, n, &error) == 0, "refused: %s\n%s", error.message,
               text);
    TERN_CHECK(s->n_queries == again.n_queries && s->n_columns == again.n_columns && s->n_metrics == again.n_metrics,
               "another shape:\n%s", text);
    TERN_CHECK(same_texts(s->query_ids, again.query_ids, s->n_queries) &&
                   same_texts(s->columns, again.columns, s->n_columns) &&
                   same_texts(s->names, again.names, s->n_metrics),
               "other names:\n%s", text);
    TERN_CHECK(!memcmp(s->per_query, again.per_query, sizeof(double) * (size_t)s->n_queries * (size_t)s->n_columns),
               "other values:\n%s", text);
    TERN_CHECK(!memcmp(s->means, again.means, sizeof(double) * (size_t)s->n_metrics), "other means:\n%s", text);
    tern_scores_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_scores scores = {0};
    if (tern_scores_of_memory(&scores, "fuzz.csv", (const char *)bytes, n, &error) < 0) {
        FUZZ_FAILED(error);
        return 0;
    }
    check(&scores);
    write_and_read(&scores, 0);
    write_and_read(&scores, TERN_SCORES_SPREADSHEET);
    tern_scores_free(&scores);
    return 0;
}
