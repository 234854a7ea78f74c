#include "train/second_model.h"

#include "base/memory.h"
#include "train/stored.h"
#include "train/watched.h"

/* The texts of one role. */
typedef struct vector_list {
    int64_t n;
    int64_t *at; /* [texts] row of a text, or -1 */
    float *rows; /* [n, dim] */
} vector_list;

struct tern_second_vectors {
    int64_t dim;
    vector_list query, document;
};

int64_t tern_second_model_look(const char *name, const char *kind, tern_inputs *inputs, tern_warnings *warnings,
                               tern_error *error)
{
    tern_model *model = tern_model_open(name, error);
    int64_t dim = model ? tern_model_dim(model) : -1;
    if (model) {
        tern_inputs_add_model(inputs, kind, model->name, model);
        tern_warnings_add(warnings, &model->warnings);
    }
    tern_model_free(model);
    return dim;
}

static void add_texts(vector_list *list, const int64_t *texts, int64_t n)
{
    for (int64_t i = 0; texts && i < n; i++)
        if (list->at[texts[i]] < 0)
            list->at[texts[i]] = list->n++;
}

static void start_list(vector_list *list, int64_t count)
{
    list->at = tern_alloc((size_t)count, sizeof *list->at);
    for (int64_t t = 0; t < count; t++)
        list->at[t] = -1;
}

static int embed_list(vector_list *list, const tern_embedder *by, tern_role role, const tern_texts *texts,
                      tern_error *error)
{
    int64_t count = tern_texts_count(texts);
    const char **strings = tern_alloc((size_t)list->n, sizeof *strings);
    for (int64_t t = 0; t < count; t++)
        if (list->at[t] >= 0)
            strings[list->at[t]] = tern_texts_get(texts, t, NULL);
    list->rows = tern_alloc((size_t)list->n * (size_t)by->dim, sizeof *list->rows);
    int status = by->embed(by->self, role, strings, list->n, list->rows, error);
    free(strings);
    return status;
}

static int embed_lists(tern_second_vectors *v, tern_model *model, const tern_texts *texts,
                       const tern_train_watch *watch, tern_error *error)
{
    tern_watched how = {watch, "encoding with the second model"};
    tern_model_source source = tern_watched_source(&how, model, v->query.n + v->document.n);
    tern_stored stored = {.source = &source};
    tern_embedder embedder = tern_stored_embedder(&stored);
    v->dim = embedder.dim;
    int status = embed_list(&v->query, &embedder, TERN_ROLE_QUERY, texts, error);
    if (status == 0)
        status = embed_list(&v->document, &embedder, TERN_ROLE_DOCUMENT, texts, error);
    tern_stored_close(&stored);
    tern_train_say_stored(&stored, watch);
    return status;
}

tern_second_vectors *tern_second_vectors_create(const char *model, const tern_rows *rows, const tern_train_watch *watch,
                                                tern_error *error)
{
    tern_second_vectors *v = tern_calloc(1, sizeof *v);
    int64_t count = tern_texts_count(rows->texts), n_listed = 0;
    const int64_t *listed = rows->pool ? tern_negatives_texts(rows->pool, &n_listed) : NULL;
    start_list(&v->query, count);
    start_list(&v->document, count);
    add_texts(&v->query, rows->anchor, rows->n);
    add_texts(&v->document, rows->positive, rows->n);
    add_texts(&v->document, rows->negative, rows->n * rows->n_negatives);
    add_texts(&v->document, listed, n_listed);
    tern_model *opened = tern_model_open(model, error);
    int status = opened ? embed_lists(v, opened, rows->texts, watch, error) : -1;
    tern_model_free(opened);
    if (status == 0)
        return v;
    tern_second_vectors_free(v);
    return NULL;
}

static void free_list(vector_list *list)
{
    free(list->at);
    free(list->rows);
}

void tern_second_vectors_free(tern_second_vectors *vectors)
{
    if (!vectors)
        return;
    free_list(&vectors->query);
    free_list(&vectors->document);
    free(vectors);
}

int64_t tern_second_dim(const tern_second_vectors *vectors)
{
    return vectors->dim;
}

const float *tern_second_vector(const tern_second_vectors *vectors, tern_role role, int64_t text)
{
    const vector_list *list = role == TERN_ROLE_QUERY ? &vectors->query : &vectors->document;
    TERN_CHECK(list->at[text] >= 0, "text %lld has no vector in role %d", (long long)text, (int)role);
    return list->rows + list->at[text] * vectors->dim;
}
