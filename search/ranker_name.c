#include "base/file.h"
#include "base/memory.h"
#include "search/ranker.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The last "+bm25" that ends the name or has options behind it; NULL: there is none. */
static const char *find_fusion(const char *name)
{
    static const char suffix[] = "+bm25";
    const char *last = NULL;
    for (const char *at = name; (at = strstr(at, suffix)) != NULL; at++) {
        char next = at[sizeof suffix - 1];
        if (at > name && (next == 0 || next == ':'))
            last = at;
    }
    return last;
}

/* "BM25" and the like, which no model is called. */
static int is_in_other_case(const char *name)
{
    static const char bm25[] = "bm25";
    size_t n = sizeof bm25 - 1;
    return strncasecmp(name, bm25, n) == 0 && strncmp(name, bm25, n) != 0 && (name[n] == 0 || name[n] == ':') &&
           !tern_folder_exists(name);
}

int tern_ranker_name_parse(tern_ranker_name *parsed, const char *name, tern_error *error)
{
    *parsed = (tern_ranker_name){0};
    if (is_in_other_case(name))
        return tern_fail(error, "%s: there is no such model; did you mean bm25?", name);
    const char *fusion = tern_folder_exists(name) ? NULL : find_fusion(name);
    int found = tern_bm25_named(fusion ? fusion + 1 : name, &parsed->options, error);
    if (found < 0)
        return -1;
    parsed->bm25 = found;
    if (!found || fusion)
        parsed->model = tern_strndup(name, fusion ? (size_t)(fusion - name) : strlen(name));
    tern_bm25_options ignored;
    if (fusion && tern_bm25_named(parsed->model, &ignored, NULL) != 0)
        return tern_fail(error, "%s: what is before +bm25 is bm25 itself; name a model there", name);
    return 0;
}

void tern_ranker_name_free(tern_ranker_name *parsed)
{
    free(parsed->model);
    *parsed = (tern_ranker_name){0};
}

tern_ranker *tern_ranker_of_name(const tern_ranker_name *parsed, const tern_embedder *embedder)
{
    if (!parsed->bm25)
        return tern_ranker_dense(embedder);
    tern_ranker *bm25 = tern_ranker_bm25(&parsed->options);
    return parsed->model ? tern_ranker_fusion(tern_ranker_dense(embedder), bm25) : bm25;
}
