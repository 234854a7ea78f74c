#include "cli/command.h"
#include "cli/models.h"
#include "cli/cut.h"
#include "cli/precision.h"
#include "cli/stored.h"

#include "base/file.h"
#include "base/memory.h"
#include "checkpoints/model.h"
#include "checkpoints/npy.h"
#include "data/lines.h"

#include <string.h>

static const char *output, *role, *precision, *invalid_utf8;
static int64_t dim;
static int force;

static const tern_flag flags[] = {
    {"output", TERN_FLAG_STRING, &output, "X.npy|-",
     "the file to write: float32 [rows, dimensions]; -: JSON lines to stdout"},
    {"role", TERN_FLAG_STRING, &role, "query|document", "put the model's prompt for that role before each text"},
    {"dim", TERN_FLAG_INT, &dim, "N", "keep the first N components, normalized again (all)"},
    {"precision", TERN_FLAG_STRING, &precision, "float32|int8", "of the layers' products (float32)"},
    {"invalid-utf8", TERN_FLAG_STRING, &invalid_utf8, "replace", "put U+FFFD for bytes that are not UTF-8"},
    {"force", TERN_FLAG_BOOL, &force, NULL, "overwrite the output"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "encode",
    .arguments = "MODEL FILE",
    .least = 2,
    .most = 2,
    .summary =
        "Texts, one a line, to vectors in a NumPy file, or to lines of JSON on stdout, the first at once; row i is "
        "line i, empty lines are texts too.",
    .example = "  tern encode sentence-transformers/all-MiniLM-L6-v2 texts.txt --output x.npy",
    .flags = flags,
};

/* The lines of a file as strings: all in one buffer. */
typedef struct lines {
    char *bytes;
    const char **texts;
    size_t n, capacity;
} lines;

static int read_lines(lines *l, const char *path, tern_error *error)
{
    tern_input input;
    const char *line;
    size_t n, used = 0;
    if (tern_lines_open(&input, path, invalid_utf8 != NULL, error) < 0)
        return -1;
    l->bytes = tern_alloc(input.n + 1, 1); /* each line's end makes room for its 0 */
    while (tern_input_next(&input, &line, &n)) {
        TERN_GROW(l->texts, l->n, l->capacity);
        l->texts[l->n++] = l->bytes + used;
        memcpy(l->bytes + used, line, n);
        used += n;
        l->bytes[used++] = 0;
    }
    tern_input_close(&input);
    return l->n ? 0 : tern_fail(error, "%s: it is empty; write one text a line", path);
}

/* What would fail after the work is seen before it. */
static int check_output(const char *file, tern_error *error)
{
    if (tern_same_file(output, file))
        return tern_fail(error, "%s: it is the file of texts, which the vectors would overwrite; name another --output",
                         output);
    return tern_writer_check(output, force, error);
}

static int to_file(tern_model *model, const lines *l, tern_role as, tern_error *error)
{
    int64_t n = (int64_t)l->n, width = tern_model_dim(model);
    tern_model_source source = {
        .model = model, .no_role = 1, .progress = tern_progress, .context = (void *)"encode", .total = n};
    tern_stored stored = {.source = &source};
    const tern_embedder embedder = tern_stored_embedder(&stored);
    float *rows = tern_alloc(l->n, (size_t)width * sizeof *rows);
    int status = embedder.embed(embedder.self, as, l->texts, n, rows, error);
    tern_command_stored_finish(&stored);
    if (status == 0)
        status = tern_npy_write(output, rows, n, width, force, error);
    free(rows);
    return status;
}

static void print_row(int64_t line, const float *row, int64_t width)
{
    printf("{\"line\": %lld, \"embedding\": [", (long long)line);
    for (int64_t i = 0; i < width; i++)
        printf(i ? ", %.9g" : "%.9g", (double)row[i]);
    puts("]}");
}

/* In parts that grow, so that whoever reads the lines has the first at once and isn't kept waiting for all; a part is
 * sorted by length and packed in itself. A failed write is seen by tern_command_end. */
static int to_stdout(tern_model *model, const lines *l, tern_role as, tern_error *error)
{
    enum { FIRST = 1, GROWTH = 4, MOST = 512 };
    int64_t n = (int64_t)l->n, width = tern_model_dim(model), part = FIRST;
    float *rows = tern_alloc(MOST, (size_t)width * sizeof *rows);
    int status = 0;
    for (int64_t at = 0; at < n && status == 0 && !ferror(stdout); at += part) {
        if (at > 0)
            part = part * GROWTH < MOST ? part * GROWTH : MOST;
        part = part < n - at ? part : n - at;
        status = tern_model_embed(model, &(tern_embed_options){.role = as}, l->texts + at, part, rows, error);
        for (int64_t i = 0; status == 0 && i < part; i++)
            print_row(at + i + 1, rows + i * width, width);
        fflush(stdout);
        tern_progress((void *)"encode", at + part, n);
    }
    free(rows);
    return status;
}

static int encode(const char *name, const char *file, tern_role as, tern_error *error)
{
    lines l = {0};
    tern_model *model = NULL;
    int printed = strcmp(output, "-") == 0, status = printed ? 0 : check_output(file, error);
    if (status == 0)
        status = read_lines(&l, file, error);
    if (status == 0)
        status = tern_cut(model = tern_command_model_open(name, error), dim, error);
    if (status == 0)
        status = tern_precision_use(model, precision, error);
    if (status == 0)
        status = (printed ? to_stdout : to_file)(model, &l, as, error);
    tern_model_free(model);
    free(l.texts);
    free(l.bytes);
    return status;
}

int tern_cmd_encode(int argc, char **argv)
{
    const char *args[2];
    tern_error error = {{0}};
    dim = -1;
    int status = tern_flags_parse(&command, argc, argv, args);
    if (status != TERN_GO_ON)
        return status;
    size_t n = output ? strlen(output) : 0;
    if (!output)
        return tern_command_usage(&command, "--output is missing: which .npy file to write? - writes lines to stdout");
    if (strcmp(output, "-") != 0 && (n < 5 || strcmp(output + n - 4, ".npy") != 0))
        return tern_command_usage(&command, "--output %s: only .npy files are written, and - to stdout", output);
    if (role && strcmp(role, "query") != 0 && strcmp(role, "document") != 0)
        return tern_command_usage(&command, "--role %s: a role is query or document", role);
    if (dim == 0)
        return tern_command_usage(&command, "--dim takes a number of 1 or more");
    if (invalid_utf8 && strcmp(invalid_utf8, "replace") != 0)
        return tern_command_usage(&command, "--invalid-utf8 %s: the only choice is replace", invalid_utf8);
    status = tern_precision_check(&command, precision);
    if (status == TERN_GO_ON)
        status = tern_command_check_order(&command, args[0], args[1]);
    if (status != TERN_GO_ON)
        return status;
    tern_role as = !role ? TERN_ROLE_NONE : *role == 'q' ? TERN_ROLE_QUERY : TERN_ROLE_DOCUMENT;
    if (encode(args[0], args[1], as, &error) < 0)
        return tern_command_fail(&error);
    return tern_command_end(TERN_EXIT_DONE);
}
