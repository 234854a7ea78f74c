#include "checkpoints/weights.h"

#include "base/file.h"
#include "base/integer.h"
#include "base/memory.h"
#include "checkpoints/folder_kind.h"
#include "checkpoints/safetensors.h"

#include <stdlib.h>
#include <string.h>

/* The files that weights come from: the transformer's, then those of the Dense modules. */
typedef struct tern_mapped_weights {
    tern_safetensors *files[1 + TERN_MAX_MODULES];
    char *paths[1 + TERN_MAX_MODULES];
    char *prefix;  /* what stands before BertModel's names: "", "bert.", .. */
    float *copied; /* the weights that can't be used where they lie; NULL: none, or all of them */
} source;

static void close_source(source *s)
{
    for (int i = 0; i <= TERN_MAX_MODULES; i++) {
        tern_safetensors_close(s->files[i]);
        free(s->paths[i]);
    }
    free(s->prefix);
    free(s->copied);
}

int tern_mapped_weights_check(const tern_mapped_weights *files, tern_error *error)
{
    for (int i = 0; i <= TERN_MAX_MODULES; i++)
        if (files->files[i] && tern_safetensors_unchanged(files->files[i], error) < 0)
            return -1;
    return 0;
}

static int open_file(source *s, int i, const char *folder, tern_error *error)
{
    s->paths[i] = tern_path_join(folder, "model.safetensors");
    if (!tern_file_exists(s->paths[i]))
        return tern_folder_fail_weights(folder, error);
    s->files[i] = tern_safetensors_open(s->paths[i], error);
    return s->files[i] ? 0 : -1;
}

static char *find_prefix(const tern_safetensors *st)
{
    static const char end[] = "embeddings.word_embeddings.weight";
    for (size_t i = 0; i < tern_safetensors_count(st); i++) {
        const char *name = tern_safetensors_at(st, i)->name;
        size_t n = strlen(name);
        if (n >= sizeof end - 1 && strcmp(name + n - (sizeof end - 1), end) == 0)
            return tern_strndup(name, n - (sizeof end - 1));
    }
    return tern_strdup("");
}

/* LayerNorm's tensors under the names they had before PyTorch: gamma for weight, beta for bias. */
static const tern_safetensor *find_old_name(const tern_safetensors *st, const char *name)
{
    static const char *const names[][2] = {{"LayerNorm.weight", "LayerNorm.gamma"},
                                           {"LayerNorm.bias", "LayerNorm.beta"}};
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(name), m = strlen(names[i][0]);
        if (n < m || strcmp(name + n - m, names[i][0]) != 0)
            continue;
        char *old = tern_format("%.*s%s", (int)(n - m), name, names[i][1]);
        const tern_safetensor *found = tern_safetensors_find(st, old);
        free(old);
        return found;
    }
    return NULL;
}

/* The file and tensor of a parameter; *file: index into files. */
static const tern_safetensor *find(const source *s, const char *param, int *file)
{
    char *end;
    long place = strtol(param, &end, 10);
    if (end != param && strncmp(end, "_Dense/", 7) == 0) {
        *file = (int)place;
        return tern_safetensors_find(s->files[place], end + 7);
    }
    *file = 0;
    char *name = tern_format("%s%s", s->prefix, param);
    const tern_safetensor *found = tern_safetensors_find(s->files[0], name);
    if (!found)
        found = find_old_name(s->files[0], name);
    free(name);
    return found;
}

static int check_param(const source *s, const tern_param *param, tern_error *error)
{
    int file, vector = (param->flags & TERN_PARAM_VECTOR) != 0;
    const tern_safetensor *found = find(s, param->name, &file);
    const int64_t want[2] = {vector ? param->tensor->cols : param->tensor->rows, param->tensor->cols};
    char expected[80], shape[200];
    tern_shape_format(expected, sizeof expected, want, vector ? 1 : 2);
    if (!found)
        return tern_fail(error, "%s: the tensor %s is missing; config.json asks for one of shape %s", s->paths[file],
                         param->name, expected);
    if (found->rank == (vector ? 1 : 2) && memcmp(found->shape, want, (size_t)found->rank * sizeof *want) == 0)
        return 0;
    tern_shape_format(shape, sizeof shape, found->shape, found->rank);
    return tern_fail(error, "%s: the tensor %s has the shape %s; config.json asks for %s", s->paths[file], found->name,
                     shape, expected);
}

/* A layer that the file has and config.json doesn't: one of them is wrong. Heads and buffers are passed over. */
static int check_surplus(const source *s, const tern_bert_config *config, tern_error *error)
{
    char *layer = tern_format("%sencoder.layer.%lld.", s->prefix, (long long)config->layers);
    int status = 0;
    for (size_t i = 0; status == 0 && i < tern_safetensors_count(s->files[0]); i++)
        if (strncmp(tern_safetensors_at(s->files[0], i)->name, layer, strlen(layer)) == 0)
            status = tern_fail(error, "%s: it holds the tensor %s, but config.json says %lld layers", s->paths[0],
                               tern_safetensors_at(s->files[0], i)->name, (long long)config->layers);
    free(layer);
    return status;
}

static int check_params(const source *s, const tern_params *params, tern_error *error)
{
    for (size_t i = 0; i < params->n; i++)
        if (check_param(s, &params->table[i], error) < 0)
            return -1;
    return 0;
}

static int copy(const source *s, const tern_param *param, tern_error *error)
{
    int file;
    const tern_safetensor *found = find(s, param->name, &file);
    return tern_safetensors_floats(s->files[file], found, param->tensor->data, error);
}

static int fill(source *s, tern_params *params, tern_error *error)
{
    tern_params_allocate(params);
    for (size_t i = 0; i < params->n; i++)
        if (copy(s, &params->table[i], error) < 0)
            return -1;
    return 0;
}

/* Where the file has the parameter's values, if they can be used there. */
static const float *view(const source *s, const tern_params *params, size_t i)
{
    int file,
        follows = TERN_PARAM_FOLLOWS & (params->table[i].flags | (i + 1 < params->n ? params->table[i + 1].flags : 0));
    return follows ? NULL : tern_safetensors_view(find(s, params->table[i].name, &file));
}

/* Points the parameter at the mapped file. */
static int borrow(const source *s, const tern_param *param, const float *values, tern_error *error)
{
    int file;
    const tern_safetensor *found = find(s, param->name, &file);
    param->tensor->data = (tern_real *)values; /* never written without gradients; the pages are read-only */
    return param->flags & TERN_PARAM_ROW_SPARSE ? 0 : tern_safetensors_check(s->files[file], found, values, error);
}

/* Parameter i from the mapped file, or as a copy into room. */
static int take(const source *s, const tern_params *params, size_t i, tern_real *room, tern_error *error)
{
    const tern_param *p = &params->table[i];
    const float *values = view(s, params, i);
    p->tensor->data = room;
    return values ? borrow(s, p, values, error) : copy(s, p, error);
}

static int map_values(source *s, tern_params *params, tern_error *error)
{
    enum { ALIGN = 16 };
    int64_t size = 0, *at = tern_alloc(params->n, sizeof *at);
    int status = 0;
    for (size_t i = 0; i < params->n; i++) {
        const tern_param *p = &params->table[i];
        at[i] = p->flags & TERN_PARAM_FOLLOWS ? size : tern_round_up(size, ALIGN);
        if (!view(s, params, i))
            size = at[i] + p->tensor->rows * p->tensor->cols;
    }
    s->copied = tern_alloc_aligned((size_t)size, sizeof *s->copied);
    int failed = 0;
#pragma omp parallel for schedule(dynamic) reduction(| : failed) /* all of the file is looked through */
    for (size_t i = 0; i < params->n; i++)
        failed |= take(s, params, i, s->copied + at[i], NULL) < 0;
    for (size_t i = 0; failed && status == 0 && i < params->n; i++)
        status = take(s, params, i, s->copied + at[i], error); /* the first that is wrong is named */
    free(at);
    return status;
}

static int open_source(source *s, const tern_folder *folder, tern_error *error)
{
    if (open_file(s, 0, folder->transformer, error) < 0)
        return -1;
    s->prefix = find_prefix(s->files[0]);
    for (int i = 0; i < folder->config.n_modules; i++)
        if (folder->dense[i] && open_file(s, i + 1, folder->dense[i], error) < 0)
            return -1;
    return check_surplus(s, &folder->config.bert, error);
}

/* The encoder that the folder describes, its weights put in place by put. */
static tern_encoder *read_encoder(source *s, const tern_folder *folder,
                                  int (*put)(source *s, tern_params *params, tern_error *error), tern_error *error)
{
    int file;
    if (open_source(s, folder, error) < 0)
        return NULL;
    tern_encoder_config config = folder->config;
    config.bert.has_pooler = find(s, "pooler.dense.weight", &file) && find(s, "pooler.dense.bias", &file);
    tern_encoder *encoder = tern_encoder_create(&config);
    tern_params *params = tern_encoder_params(encoder);
    if (check_params(s, params, error) == 0 && put(s, params, error) == 0 && tern_mapped_weights_check(s, error) == 0)
        return encoder;
    tern_encoder_free(encoder);
    return NULL;
}

tern_encoder *tern_weights_read(const tern_folder *folder, tern_error *error)
{
    source s = {0};
    tern_encoder *encoder = read_encoder(&s, folder, fill, error);
    close_source(&s);
    return encoder;
}

tern_encoder *tern_weights_map(const tern_folder *folder, tern_mapped_weights **files, tern_error *error)
{
    source *s = tern_calloc(1, sizeof *s);
    tern_encoder *encoder = read_encoder(s, folder, map_values, error);
    *files = s;
    if (!encoder) {
        tern_mapped_weights_free(s);
        *files = NULL;
    }
    return encoder;
}

void tern_mapped_weights_free(tern_mapped_weights *files)
{
    if (files)
        close_source(files);
    free(files);
}

/* The parameters whose names begin with prefix (NULL: those of the transformer), without it. */
static int write_file(const tern_params *params, const char *prefix, const char *folder, tern_error *error)
{
    tern_safetensors_item *items = tern_alloc(params->n, sizeof *items);
    size_t n = 0;
    for (size_t i = 0; i < params->n; i++) {
        const tern_param *p = &params->table[i];
        int vector = (p->flags & TERN_PARAM_VECTOR) != 0;
        if (prefix ? strncmp(p->name, prefix, strlen(prefix)) != 0 : strstr(p->name, "_Dense/") != NULL)
            continue;
        items[n++] = (tern_safetensors_item){
            .name = p->name + (prefix ? strlen(prefix) : 0),
            .rank = vector ? 1 : 2,
            .shape = {vector ? p->tensor->cols : p->tensor->rows, p->tensor->cols},
            .data = p->tensor->data,
        };
    }
    char *path = tern_path_join(folder, "model.safetensors");
    int status = tern_safetensors_write(path, items, n, error);
    free(path);
    free(items);
    return status;
}

int tern_weights_write(const tern_encoder *encoder, const char *folder, tern_error *error)
{
    const tern_encoder_config *config = tern_encoder_get_config(encoder);
    const tern_params *params = tern_encoder_params(encoder);
    int status = write_file(params, NULL, folder, error);
    for (int i = 0; status == 0 && i < config->n_modules; i++) {
        if (config->modules[i].kind != TERN_MODULE_DENSE)
            continue;
        char *prefix = tern_format("%d_Dense/", i + 1), *dense = tern_path_join(folder, prefix);
        status = write_file(params, prefix, dense, error);
        free(dense);
        free(prefix);
    }
    return status;
}
