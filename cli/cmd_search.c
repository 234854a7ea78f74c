#include "cli/command.h"
#include "cli/excerpts.h"
#include "cli/models.h"
#include "cli/queries.h"
#include "cli/stored.h"
#include "cli/terminal.h"

#include "base/file.h"
#include "base/integer.h"
#include "base/memory.h"
#include "base/visible.h"
#include "base/words.h"
#include "data/beir.h"
#include "data/jsonl.h"
#include "data/lines.h"
#include "data/table.h"
#include "data/texts.h"
#include "data/utf8.h"
#include "search/ranker.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 100, ID_MOST = 24, RANK_WIDTH = 14 };
/* Queries that are searched for together, and hits that are held for them. */
enum { MOST_QUERIES = 256, MOST_HITS = 1 << 22 };

static tern_flag_list queries;
static int64_t top;
static int json;
static const char *invalid_utf8;

static const tern_flag flags[] = {
    {"query", TERN_FLAG_LIST, &queries, "TEXT", "search for this instead of reading queries; may be repeated"},
    {"top", TERN_FLAG_INT, &top, "K", "how many rows to show (10)"},
    {"json", TERN_FLAG_BOOL, &json, NULL, "one JSON object a query, texts whole"},
    {"invalid-utf8", TERN_FLAG_STRING, &invalid_utf8, "replace", "put U+FFFD for bytes that are not UTF-8"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "search",
    .arguments = "MODEL FILE",
    .least = 2,
    .most = 2,
    .summary =
        "Reads queries, one a line, and shows the rows of FILE that are nearest: lines of a text file, rows of a "
        ".jsonl file ({\"text\": ..}, or {\"_id\", \"title\", \"text\"}), or the corpus of a BEIR folder. MODEL may be "
        "bm25, which finds words and needs no model, or MODEL+bm25 for the fusion of both.",
    .example = "tern search sentence-transformers/all-MiniLM-L6-v2 faq.txt\n"
               "tern search runs/quickstart/model data/scifact --query \"does vitamin D help?\" --top 3",
    .flags = flags,
};

/* What is searched. A row without an id has its line's number for one. */
typedef struct collection {
    tern_beir *beir;    /* owns ids and texts when there is one, else the store does */
    const char **ids;   /* [n] */
    const char **texts; /* [n] */
    size_t n;
    tern_texts *store;
    int64_t (*rows)[2]; /* [n] of a store: each row's text and id in it */
    size_t capacity;
} collection;

static void close_collection(collection *c)
{
    tern_beir_free(c->beir);
    tern_texts_free(c->store);
    free(c->rows);
    free(c->ids);
    free(c->texts);
}

static void add_row(collection *c, const char *text, size_t n, int64_t line)
{
    char id[32];
    int id_n = snprintf(id, sizeof id, "%lld", (long long)line);
    TERN_GROW(c->rows, c->n, c->capacity);
    c->rows[c->n][0] = tern_texts_add(c->store, text, n);
    c->rows[c->n++][1] = tern_texts_add(c->store, id, (size_t)id_n);
}

static void make_room(collection *c)
{
    c->ids = tern_alloc(c->n, sizeof *c->ids);
    c->texts = tern_alloc(c->n, sizeof *c->texts);
}

/* Strings of a store are borrowed until the next is added, so they are taken when all are there. */
static void take_texts(collection *c)
{
    make_room(c);
    for (size_t i = 0; i < c->n; i++) {
        c->texts[i] = tern_texts_get(c->store, c->rows[i][0], NULL);
        c->ids[i] = tern_texts_get(c->store, c->rows[i][1], NULL);
    }
}

static int read_lines(collection *c, const char *path, tern_error *error)
{
    tern_input input;
    const char *line;
    size_t n;
    if (tern_lines_open(&input, path, invalid_utf8 != NULL, error) < 0)
        return -1;
    while (tern_input_next(&input, &line, &n))
        if (n > 0)
            add_row(c, line, n, input.line);
    tern_input_close(&input);
    return 0;
}

/* Rows with "text" alone; *has_ids is set, and nothing read, when the first row has an "_id". */
static int read_jsonl(collection *c, const char *path, int *has_ids, tern_error *error)
{
    tern_jsonl *reader = tern_jsonl_open(path, invalid_utf8 != NULL, error);
    if (!reader)
        return -1;
    int status;
    const char *text;
    size_t n;
    while ((status = tern_jsonl_next(reader, error)) > 0) {
        *has_ids = c->n == 0 && json_object_get(tern_jsonl_object(reader), "_id");
        if (*has_ids)
            break;
        if (c->n == 0 && !json_object_get(tern_jsonl_object(reader), "text")) {
            status = tern_lines_check_name(path, invalid_utf8 != NULL, error);
            break;
        }
        status = tern_jsonl_string(reader, "text", &text, &n, error);
        if (status == 0 && memchr(text, 0, n))
            status =
                tern_fail(error, "%s:%lld: the text holds a NUL character (\\u0000); --invalid-utf8 replace takes it",
                          path, (long long)tern_jsonl_line(reader));
        if (status < 0)
            break;
        add_row(c, text, n, tern_jsonl_line(reader));
    }
    tern_jsonl_close(reader);
    return status < 0 ? -1 : 0;
}

static int read_corpus(collection *c, const char *path, tern_error *error)
{
    c->beir = tern_beir_read_corpus(path, invalid_utf8 != NULL, error);
    if (!c->beir)
        return -1;
    c->n = (size_t)c->beir->n_docs;
    make_room(c);
    for (size_t i = 0; i < c->n; i++) {
        c->ids[i] = c->beir->doc_ids[i];
        c->texts[i] = c->beir->doc_texts[i];
    }
    return 0;
}

static int open_collection(collection *c, const char *path, tern_error *error)
{
    int status, has_ids = 0;
    *c = (collection){.store = tern_texts_create()};
    if (tern_folder_exists(path)) {
        char *corpus = tern_path_join(path, "corpus.jsonl");
        status = read_corpus(c, corpus, error);
        free(corpus);
    } else if (tern_form_of(path) == TERN_FORM_JSONL) {
        status = read_jsonl(c, path, &has_ids, error);
        if (status == 0 && has_ids)
            status = read_corpus(c, path, error);
    } else {
        status = read_lines(c, path, error);
    }
    if (status == 0 && !c->beir)
        take_texts(c);
    return status == 0 && c->n == 0 ? tern_fail(error, "%s: there is nothing to search in it", path) : status;
}

/* A collection ready to be searched. */
typedef struct search_index {
    collection rows;
    tern_model *model; /* NULL: none, BM25 alone searches */
    tern_model_source source;
    tern_stored stored;
    tern_ranker *ranker;
    int64_t k, most;  /* hits a query, queries at a time */
    int64_t answered; /* queries so far */
} search_index;

static void close_index(search_index *x)
{
    close_collection(&x->rows);
    tern_ranker_free(x->ranker);
    tern_stored_close(&x->stored);
    tern_model_free(x->model);
}

static int open_ranker(search_index *x, const char *model, tern_error *error)
{
    tern_ranker_name name;
    tern_embedder embedder = {0};
    int status = tern_ranker_name_parse(&name, model, error);
    if (status == 0 && name.model)
        status = (x->model = tern_command_model_open(name.model, error)) ? 0 : -1;
    if (x->model) {
        x->source = (tern_model_source){
            .model = x->model, .progress = tern_progress, .context = (void *)"encode", .total = (int64_t)x->rows.n};
        x->stored.source = &x->source;
        embedder = tern_stored_embedder(&x->stored);
    }
    if (status == 0)
        x->ranker = tern_ranker_of_name(&name, &embedder);
    tern_ranker_name_free(&name);
    return status;
}

static int open_index(search_index *x, const char *model, const char *path, tern_error *error)
{
    *x = (search_index){0};
    if (open_collection(&x->rows, path, error) < 0 || open_ranker(x, model, error) < 0)
        return -1;
    int64_t n = (int64_t)x->rows.n, *rank = NULL;
    x->k = tern_min(top, n);
    x->most = tern_max(1, tern_min(MOST_QUERIES, MOST_HITS / x->k));
    if (x->rows.beir) { /* between equal scores by id, as in evaluation; elsewhere by line */
        rank = tern_alloc((size_t)n, sizeof *rank);
        tern_rank_ids(x->rows.ids, n, rank);
    }
    int status = x->ranker->index(x->ranker->self, x->rows.texts, n, rank, error);
    tern_command_stored_say(&x->stored);
    x->source.progress = NULL; /* queries are answered at once */
    free(rank);
    return status;
}

/* text on at most width columns. Returns the columns it takes. */
static int print_cut(const char *text, int width)
{
    char *shown = tern_visible_cut(text, strlen(text), width, TERN_VISIBLE_TEXT);
    int used = tern_columns(shown, strlen(shown));
    fputs(shown, stdout);
    free(shown);
    return used;
}

static char **excerpts_of(const search_index *x, const tern_hit *hits, int64_t n, int columns)
{
    const char **texts = tern_alloc((size_t)n, sizeof *texts);
    for (int64_t i = 0; i < n; i++)
        texts[i] = x->rows.texts[hits[i].doc];
    char **excerpts = tern_excerpts(texts, n, columns);
    free(texts);
    return excerpts;
}

/* Cut where people look: on a terminal at its width, elsewhere at COLUMNS. Ids get half of what rank and score leave at
 * most. */
static void print_table(const search_index *x, const tern_hit *hits, int64_t n)
{
    int id_width = 1, width = tern_terminal_width(stdout, WIDTH_DEFAULT), room = width - RANK_WIDTH - 2;
    for (int64_t i = 0; i < n; i++) {
        const char *id = x->rows.ids[hits[i].doc];
        int columns = tern_columns(id, strlen(id));
        id_width = columns > id_width ? columns : id_width;
    }
    id_width = id_width > ID_MOST ? ID_MOST : id_width;
    id_width = id_width > room / 2 && room > 1 ? room / 2 : id_width;
    char **excerpts = excerpts_of(x, hits, n, room - id_width);
    for (int64_t i = 0; i < n; i++) {
        printf("%3lld  %7.4f  ", (long long)i + 1, (double)hits[i].score);
        int id = print_cut(x->rows.ids[hits[i].doc], id_width);
        printf("%*s%s\n", (id < id_width ? id_width - id : 0) + 2, "", excerpts[i]);
    }
    tern_excerpts_free(excerpts, n);
}

static void print_json(const search_index *x, const char *query, const tern_hit *hits, int64_t n)
{
    json_t *object = json_object(), *list = json_array();
    json_object_set_new(object, "query", json_string(query));
    for (int64_t i = 0; i < n; i++) {
        json_t *hit = json_object();
        json_object_set_new(hit, "rank", json_integer(i + 1));
        json_object_set_new(hit, "score", json_real((double)hits[i].score));
        json_object_set_new(hit, "id", json_string(x->rows.ids[hits[i].doc]));
        json_object_set_new(hit, "text", json_string(x->rows.texts[hits[i].doc]));
        json_array_append_new(list, hit);
    }
    json_object_set_new(object, "hits", list);
    json_dumpf(object, stdout, JSON_REAL_PRECISION(9)); /* a failed write is seen by tern_command_end */
    putchar('\n');
    json_decref(object);
}

/* Answers n queries in valid UTF-8, in their order. quoted: each is shown above its rows. */
static int answer(search_index *x, const char *const *texts, int64_t n, int quoted, tern_error *error)
{
    int64_t *found = tern_alloc((size_t)n, sizeof *found);
    tern_hit *hits = tern_alloc((size_t)(n * x->k), sizeof *hits);
    int status = x->ranker->search(x->ranker->self, texts, n, x->k, hits, found, error);
    for (int64_t q = 0; status == 0 && q < n; q++) {
        if (json) {
            print_json(x, texts[q], hits + q * x->k, found[q]);
            continue;
        }
        if (quoted) {
            printf("%s\"", x->answered ? "\n" : "");
            print_cut(texts[q], tern_terminal_width(stdout, WIDTH_DEFAULT) - 2);
            puts("\"");
        }
        if (found[q] == 0)
            puts("no row has a word of this query");
        print_table(x, hits + q * x->k, found[q]);
        x->answered++;
    }
    free(hits);
    free(found);
    return status;
}

/* The text itself, or a new string in *owned that is valid UTF-8; NULL: it can't be taken. */
static const char *valid_query(const char *text, char **owned, tern_error *error)
{
    size_t n = strlen(text), bad = tern_utf8_check(text, n);
    *owned = NULL;
    if (tern_lines_is_object(text, n)) {
        tern_fail(error, "a query is a JSON object; give the text alone");
        return NULL;
    }
    if (bad == n)
        return text;
    if (invalid_utf8)
        return *owned = tern_utf8_replace(text, n, &n);
    tern_fail(error, "the query is not UTF-8 at byte %zu; --invalid-utf8 replace takes it", bad + 1);
    return NULL;
}

/* Answers up to x->most queries; those before one that is refused are answered all the same. */
static int search(search_index *x, const char *const *texts, int64_t n, int quoted, tern_error *error)
{
    const char **valid = tern_alloc((size_t)n, sizeof *valid);
    char **owned = tern_calloc((size_t)n, sizeof *owned);
    tern_error refused = {{0}};
    int64_t fit = 0;
    while (fit < n && (valid[fit] = valid_query(texts[fit], &owned[fit], &refused)))
        fit++;
    int status = fit > 0 ? answer(x, valid, fit, quoted, error) : 0;
    if (status == 0 && fit < n)
        status = tern_fail(error, "%s", refused.message);
    for (int64_t i = 0; i < n; i++)
        free(owned[i]);
    free(owned);
    free(valid);
    return status;
}

static int search_given(search_index *x, tern_error *error)
{
    for (int64_t i = 0; i < queries.n && !ferror(stdout); i += x->most)
        if (search(x, queries.items + i, tern_min(x->most, queries.n - i), queries.n > 1, error) < 0)
            return -1;
    return 0;
}

static int64_t drop_empty(const char **lines, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (*lines[i])
            lines[kept++] = lines[i];
    return kept;
}

/* On a terminal queries are answered one by one, and one that fails is said and the next one read. */
static int search_read(search_index *x, tern_error *error)
{
    int terminal = isatty(STDIN_FILENO), status = 0;
    tern_queries *in = tern_queries_open(STDIN_FILENO, "standard input", terminal ? 1 : x->most);
    const char **lines;
    if (terminal)
        fprintf(stderr, "%zu row%s; type a query, Ctrl-D ends\n", x->rows.n, tern_s((int64_t)x->rows.n));
    while (status == 0 && !ferror(stdout)) {
        if (terminal)
            fputs("> ", stderr);
        int64_t n = tern_queries_next(in, &lines, error);
        if (n <= 0) {
            status = (int)n;
            break;
        }
        n = drop_empty(lines, n);
        status = n > 0 ? search(x, lines, n, 0, error) : 0;
        if (status < 0 && terminal)
            status = tern_command_fail(error) == TERN_EXIT_FAILED ? 0 : -1;
        fflush(stdout);
    }
    if (terminal)
        fputc('\n', stderr);
    tern_queries_close(in);
    return status;
}

int tern_cmd_search(int argc, char **argv)
{
    const char *args[2];
    tern_error error = {{0}};
    search_index x;
    top = 10;
    int status = tern_flags_parse(&command, argc, argv, args);
    if (status != TERN_GO_ON)
        return status;
    if (top == 0)
        return tern_command_usage(&command, "--top takes a number of 1 or more");
    if (invalid_utf8 && strcmp(invalid_utf8, "replace") != 0)
        return tern_command_usage(&command, "--invalid-utf8 %s: the only choice is replace", invalid_utf8);
    status = tern_command_check_order(&command, args[0], args[1]);
    if (status != TERN_GO_ON)
        return status;
    x = (search_index){0};
    /* Queries that are redirected from a table would be its lines, as texts would be. */
    status = queries.n ? 0 : tern_lines_check_name("/dev/stdin", invalid_utf8 != NULL, &error);
    if (status == 0)
        status = open_index(&x, args[0], args[1], &error);
    if (status == 0)
        status = queries.n ? search_given(&x, &error) : search_read(&x, &error);
    close_index(&x);
    free(queries.items);
    return tern_command_end(status < 0 ? tern_command_fail(&error) : TERN_EXIT_DONE);
}
