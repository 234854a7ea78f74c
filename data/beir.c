#include "data/beir.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "data/jsonl.h"
#include "data/texts.h"

#include <dirent.h>
#include <string.h>

#include <utf8proc.h>

/* Documents or queries of one file, before it is known which are kept. */
typedef struct entries {
    tern_texts *ids; /* id i belongs to text[i] */
    char **text;
    size_t n, capacity;
} entries;

static void free_entries(entries *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->text[i]);
    free(e->text);
    tern_texts_free(e->ids);
    *e = (entries){0};
}

/* What Python's str.isspace() takes for white space: bidirectional class WS, B or S, or category Zs. */
static int is_space(int32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* A new string without outer white space. The text is valid UTF-8. */
static char *stripped(const char *text, size_t n)
{
    size_t from = 0, to = 0;
    int started = 0;
    for (size_t at = 0; at < n;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t width = utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(n - at), &c);
        TERN_CHECK(width > 0, "invalid UTF-8 at byte %zu of a checked text", at);
        if (!is_space(c)) {
            from = started ? from : at;
            started = 1;
            to = at + (size_t)width;
        }
        at += (size_t)width;
    }
    return tern_strndup(text + from, to - from);
}

/* "_id", or "id" where there is none: a string or a whole number. digits: room for the latter. */
static int read_id(const tern_jsonl *reader, char digits[32], const char **id, size_t *n, tern_error *error)
{
    const json_t *object = tern_jsonl_object(reader);
    const char *key = json_object_get(object, "_id") || !json_object_get(object, "id") ? "_id" : "id";
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value)) {
        *n = (size_t)snprintf(digits, 32, "%lld", (long long)json_integer_value(value));
        *id = digits;
        return 0;
    }
    if (tern_jsonl_string(reader, key, id, n, error) < 0)
        return -1;
    if (*n == 0 || strlen(*id) != *n)
        return tern_fail(error, "%s:%lld: \"%s\" %s", tern_jsonl_path(reader), (long long)tern_jsonl_line(reader), key,
                         *n ? "holds a NUL character" : "is empty");
    return 0;
}

/* "text", behind "title" and a space where there is a title. */
static int read_text(const tern_jsonl *reader, char **result, tern_error *error)
{
    const json_t *title = json_object_get(tern_jsonl_object(reader), "title");
    const char *head = NULL, *text;
    size_t head_n = 0, n;
    if (title && !json_is_null(title) && tern_jsonl_string(reader, "title", &head, &head_n, error) < 0)
        return -1;
    if (tern_jsonl_string(reader, "text", &text, &n, error) < 0)
        return -1;
    if (strlen(text) != n || (head && strlen(head) != head_n))
        return tern_fail(error, "%s:%lld: the text holds a NUL character (\\u0000)", tern_jsonl_path(reader),
                         (long long)tern_jsonl_line(reader));
    tern_buffer whole = {0};
    if (head_n) {
        tern_buffer_add(&whole, head, head_n);
        tern_buffer_add(&whole, " ", 1);
    }
    tern_buffer_add(&whole, text, n);
    *result = stripped(whole.data, whole.n);
    tern_buffer_free(&whole);
    return 0;
}

static int read_entry(const tern_jsonl *reader, int is_query, entries *e, tern_error *error)
{
    char digits[32], *text = NULL;
    const char *id, *plain;
    size_t n, plain_n;
    if (read_id(reader, digits, &id, &n, error) < 0)
        return -1;
    if (tern_texts_find(e->ids, id, n) >= 0)
        return tern_fail(error, "%s:%lld: the id \"%s\" stands on an earlier line already", tern_jsonl_path(reader),
                         (long long)tern_jsonl_line(reader), id);
    /* A query is taken as it stands: no title, no stripping. */
    if (is_query) {
        if (tern_jsonl_string(reader, "text", &plain, &plain_n, error) < 0)
            return -1;
        if (strlen(plain) != plain_n)
            return tern_fail(error, "%s:%lld: the text holds a NUL character (\\u0000)", tern_jsonl_path(reader),
                             (long long)tern_jsonl_line(reader));
        text = tern_strndup(plain, plain_n);
    } else if (read_text(reader, &text, error) < 0) {
        return -1;
    }
    tern_texts_add(e->ids, id, n);
    TERN_GROW(e->text, e->n, e->capacity);
    e->text[e->n++] = text;
    return 0;
}

/* All that a reader gives, and closes it; NULL: it wasn't opened. */
static int read_entries(tern_jsonl *reader, int is_query, entries *e, tern_error *error)
{
    if (!reader)
        return -1;
    e->ids = tern_texts_create();
    int status;
    while ((status = tern_jsonl_next(reader, error)) > 0)
        if (read_entry(reader, is_query, e, error) < 0)
            break;
    if (status == 0 && e->n == 0)
        status = tern_fail(error, "%s: it holds no %s", tern_jsonl_path(reader), is_query ? "queries" : "documents");
    tern_jsonl_close(reader);
    return status == 0 ? 0 : -1;
}

static char **borrowed_ids(const tern_texts *ids, size_t n)
{
    char **list = tern_alloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = (char *)tern_texts_get(ids, (int64_t)i, NULL);
    return list;
}

static void take_docs(tern_beir *beir, entries *e)
{
    beir->n_docs = (int64_t)e->n;
    beir->doc_ids = borrowed_ids(e->ids, e->n);
    beir->doc_texts = e->text;
    beir->doc_id_store = e->ids;
    *e = (entries){0};
}

static int has_relevant(const tern_qrels *qrels, int64_t query)
{
    for (int64_t i = qrels->start[query]; i < qrels->start[query + 1]; i++)
        if (qrels->grades[i] > 0)
            return 1;
    return 0;
}

/* Keeps the queries that have something to find. */
static void take_queries(tern_beir *beir, entries *e)
{
    char *wanted = tern_calloc(e->n, 1);
    for (int64_t q = 0; q < beir->qrels.n_queries; q++) {
        const char *id = beir->qrels.query_ids[q];
        int64_t place = tern_texts_find(e->ids, id, strlen(id));
        if (place >= 0 && has_relevant(&beir->qrels, q))
            wanted[place] = 1;
    }
    beir->query_ids = tern_alloc(e->n, sizeof *beir->query_ids);
    beir->query_texts = tern_alloc(e->n, sizeof *beir->query_texts);
    for (size_t i = 0; i < e->n; i++) {
        if (!wanted[i])
            continue;
        beir->query_ids[beir->n_queries] = (char *)tern_texts_get(e->ids, (int64_t)i, NULL);
        beir->query_texts[beir->n_queries++] = e->text[i];
        e->text[i] = NULL;
    }
    beir->query_id_store = e->ids;
    e->ids = NULL;
    free(wanted);
}

static int rank_split(const char *name)
{
    static const char *const first[] = {"train", "dev", "test"};
    int rank = 0;
    while (rank < 3 && strcmp(name, first[rank]) != 0)
        rank++;
    return rank;
}

static int compare_names(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = rank_split(x) - rank_split(y);
    return order ? order : strcmp(x, y);
}

size_t tern_beir_splits(const char *folder, char ***names)
{
    char *path = tern_path_join(folder, "qrels");
    size_t n = 0, capacity = 0;
    *names = NULL;
    DIR *dir = opendir(path);
    free(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        size_t length = strlen(entry->d_name);
        if (length <= 4 || strcmp(entry->d_name + length - 4, ".tsv") != 0)
            continue;
        TERN_GROW(*names, n, capacity);
        (*names)[n++] = tern_strndup(entry->d_name, length - 4);
    }
    if (dir)
        closedir(dir);
    if (n)
        qsort(*names, n, sizeof **names, compare_names);
    return n;
}

static int fail_split(const char *folder, const char *split, tern_error *error)
{
    char **names;
    size_t n = tern_beir_splits(folder, &names);
    tern_buffer list = {0};
    tern_buffer_add(&list, "", 0);
    for (size_t i = 0; i < n; i++)
        tern_buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    const char *near = tern_nearest(split, (const char *const *)names, n);
    if (n == 0)
        tern_fail(error, "%s: it has no judgements (qrels/%s.tsv)", folder, split);
    else if (near)
        tern_fail(error, "%s: it has no split \"%s\"; did you mean %s?", folder, split, near);
    else
        tern_fail(error, "%s: it has no split \"%s\"; there is %s", folder, split, list.data);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    tern_buffer_free(&list);
    return -1;
}

static int read_qrels(tern_beir *beir, const char *folder, const char *split, int replace, tern_error *error)
{
    char *name = tern_format("qrels/%s.tsv", split), *path = tern_path_join(folder, name);
    int status =
        tern_file_exists(path) ? tern_qrels_read(&beir->qrels, path, replace, error) : fail_split(folder, split, error);
    free(name);
    free(path);
    return status;
}

static char *last_part(const char *folder)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    size_t from = n;
    while (from > 0 && folder[from - 1] != '/')
        from--;
    return tern_strndup(folder + from, n - from);
}

static int read_docs(tern_beir *beir, tern_jsonl *reader, tern_error *error)
{
    entries docs = {0};
    int status = read_entries(reader, 0, &docs, error);
    if (status == 0)
        take_docs(beir, &docs);
    free_entries(&docs);
    return status;
}

static int read_queries(tern_beir *beir, tern_jsonl *reader, tern_error *error)
{
    entries queries = {0};
    int status = read_entries(reader, 1, &queries, error);
    if (status == 0)
        take_queries(beir, &queries);
    free_entries(&queries);
    return status;
}

int tern_beir_cover(const tern_beir *beir, const char *folder, const char *split, int least_grade,
                    tern_coverage *coverage, char **note, tern_error *error)
{
    char *path = tern_format("%s/qrels/%s.tsv", folder, split);
    int status = tern_coverage_count(coverage, &beir->qrels, least_grade, beir->query_id_store, beir->doc_id_store,
                                     path, note, error);
    free(path);
    return status;
}

tern_beir *tern_beir_read_parts(const char *folder, const char *split, int invalid_utf8_replace, tern_error *error)
{
    if (!tern_folder_exists(folder)) {
        tern_fail(error, "%s: there is no such folder", folder);
        return NULL;
    }
    tern_beir *beir = tern_calloc(1, sizeof *beir);
    char *corpus = tern_path_join(folder, "corpus.jsonl"), *queries = tern_path_join(folder, "queries.jsonl");
    beir->name = last_part(folder);
    int status = read_qrels(beir, folder, split, invalid_utf8_replace, error);
    if (status == 0)
        status = read_queries(beir, tern_jsonl_open(queries, invalid_utf8_replace, error), error);
    if (status == 0)
        status = read_docs(beir, tern_jsonl_open(corpus, invalid_utf8_replace, error), error);
    free(corpus);
    free(queries);
    if (status == 0)
        return beir;
    tern_beir_free(beir);
    return NULL;
}

/* Whether judgements, queries and documents belong together. */
static int check_parts(tern_beir *beir, const char *folder, const char *split, tern_error *error)
{
    if (tern_beir_cover(beir, folder, split, 1, &beir->coverage, &beir->note, error) < 0)
        return -1;
    if (beir->n_queries == 0)
        return tern_fail(error, "%s: none of its queries has a relevant document in the split \"%s\"", folder, split);
    return 0;
}

tern_beir *tern_beir_read(const char *folder, const char *split, int invalid_utf8_replace, tern_error *error)
{
    tern_beir *beir = tern_beir_read_parts(folder, split, invalid_utf8_replace, error);
    if (!beir || check_parts(beir, folder, split, error) == 0)
        return beir;
    tern_beir_free(beir);
    return NULL;
}

/* The documents alone of a reader that was opened, or not (NULL). */
static tern_beir *read_corpus(const char *name, tern_jsonl *reader, tern_error *error)
{
    tern_beir *beir = tern_calloc(1, sizeof *beir);
    beir->name = last_part(name);
    if (read_docs(beir, reader, error) == 0)
        return beir;
    tern_beir_free(beir);
    return NULL;
}

tern_beir *tern_beir_read_corpus(const char *path, int invalid_utf8_replace, tern_error *error)
{
    return read_corpus(path, tern_jsonl_open(path, invalid_utf8_replace, error), error);
}

tern_beir *tern_beir_corpus_of_memory(const char *name, const char *data, size_t n, int invalid_utf8_replace,
                                      tern_error *error)
{
    return read_corpus(name, tern_jsonl_of_memory(name, data, n, invalid_utf8_replace, error), error);
}

int64_t tern_beir_find_doc(const tern_beir *beir, const char *id)
{
    return tern_texts_find(beir->doc_id_store, id, strlen(id));
}

void tern_beir_free(tern_beir *beir)
{
    if (!beir)
        return;
    for (int64_t i = 0; i < beir->n_docs; i++)
        free(beir->doc_texts[i]);
    for (int64_t i = 0; i < beir->n_queries; i++)
        free(beir->query_texts[i]);
    free(beir->doc_ids);
    free(beir->doc_texts);
    free(beir->query_ids);
    free(beir->query_texts);
    tern_texts_free(beir->doc_id_store);
    tern_texts_free(beir->query_id_store);
    tern_qrels_free(&beir->qrels);
    free(beir->note);
    free(beir->name);
    free(beir);
}
