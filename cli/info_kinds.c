#include "cli/info.h"
#include "cli/models.h"

#include "base/file.h"
#include "base/memory.h"
#include "checkpoints/model.h"
#include "checkpoints/npy.h"
#include "checkpoints/safetensors.h"
#include "checkpoints/state.h"
#include "checkpoints/store.h"
#include "data/warnings_json.h"
#include "data/beir.h"
#include "data/csv.h"
#include "data/input.h"
#include "data/jsonl.h"
#include "data/table.h"
#include "recipes/recipe.h"
#include "train/report.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static json_t *whole(int64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *new_info(const char *kind)
{
    return json_pack("{s:s}", "kind", kind);
}

static json_t *shape_json(const int64_t *shape, int rank)
{
    json_t *list = json_array();
    for (int i = 0; i < rank; i++)
        json_array_append_new(list, whole(shape[i]));
    return list;
}

/* "mean pooling", "Dense 384 -> 128, tanh", "Normalize" */
static json_t *module_json(const tern_module *module)
{
    static const char *const poolings[] = {"mean", "CLS", "max", "last-token", "mean-sqrt-length"};
    char *text;
    if (module->kind == TERN_MODULE_POOLING)
        text = tern_format("%s pooling", poolings[module->pooling]);
    else if (module->kind == TERN_MODULE_DENSE)
        text = tern_format("Dense %lld -> %lld%s", (long long)module->in_features, (long long)module->out_features,
                           module->activation == TERN_TANH ? " with tanh" : "");
    else
        text = tern_strdup("Normalize");
    json_t *json = json_string(text);
    free(text);
    return json;
}

json_t *tern_info_model(const char *path, tern_error *error)
{
    tern_model *model = tern_command_model_load(path, error);
    if (!model)
        return NULL;
    const tern_encoder_config *config = tern_encoder_get_config(model->encoder);
    const tern_bert_config *bert = &config->bert;
    json_t *info = new_info("model"), *modules = json_array();
    for (int i = 0; i < config->n_modules; i++)
        json_array_append_new(modules, module_json(&config->modules[i]));
    json_object_set_new(info, "folder", tern_json_of_bytes(model->folder));
    json_object_set_new(info, "architecture", json_string("bert"));
    json_object_set_new(info, "parameters", whole(tern_encoder_params(model->encoder)->count));
    json_object_set_new(info, "layers", whole(bert->layers));
    json_object_set_new(info, "width", whole(bert->hidden_size));
    json_object_set_new(info, "heads", whole(bert->heads));
    json_object_set_new(info, "intermediate", whole(bert->intermediate_size));
    json_object_set_new(info, "positions", whole(bert->max_positions));
    json_object_set_new(info, "vocabulary", whole(bert->vocab_size));
    json_object_set_new(info, "modules", modules);
    if (model->assumed)
        json_object_set_new(info, "assumed", json_string("mean pooling, since there is no modules.json"));
    json_object_set_new(info, "dimensions", whole(tern_model_dim(model)));
    json_object_set_new(info, "max_seq_length", whole(model->max_seq_length));
    json_object_set_new(info, "similarity", json_string(tern_similarity_name(model->similarity)));
    json_object_set_new(info, "query_prompt", json_string(model->query_prompt));
    json_object_set_new(info, "document_prompt", json_string(model->document_prompt));
    tern_model_free(model);
    return info;
}

json_t *tern_info_safetensors(const char *path, tern_error *error)
{
    tern_safetensors *st = tern_safetensors_open(path, error);
    if (!st)
        return NULL;
    json_t *info = new_info("safetensors"), *rows = json_array();
    int64_t values = 0;
    for (size_t i = 0; i < tern_safetensors_count(st); i++) {
        const tern_safetensor *t = tern_safetensors_at(st, i);
        values += t->count;
        json_array_append_new(rows, json_pack("{s:o, s:s, s:o}", "name", tern_json_of_bytes(t->name), "type", t->dtype,
                                              "shape", shape_json(t->shape, t->rank)));
    }
    json_object_set_new(info, "values", whole(values));
    json_object_set_new(info, "tensors", rows);
    tern_safetensors_close(st);
    return info;
}

static json_t *store_info(const char *path, tern_error *error)
{
    tern_store_info store;
    if (tern_store_describe(path, &store, error) < 0)
        return NULL;
    json_t *info = new_info("embedding store"), *rows = json_array();
    json_object_set_new(info, "bytes", whole(store.bytes));
    json_object_set_new(info, "limit", whole(tern_store_limit(getenv("TERN_STORE"))));
    json_object_set_new(info, "vectors", whole(store.vectors));
    json_object_set_new(info, "damaged", whole(store.damaged));
    for (int64_t i = 0; i < store.n_dims; i++)
        json_array_append_new(rows, json_pack("{s:I, s:I}", "dimensions", (json_int_t)store.dims[i][0], "vectors",
                                              (json_int_t)store.dims[i][1]));
    json_object_set_new(info, "by_dimensions", rows);
    tern_store_info_free(&store);
    return info;
}

json_t *tern_info_state(const char *path, tern_error *error)
{
    static const char *const kinds[] = {"float32", "int64", "float64", "string"};
    tern_state_listing listing;
    if (tern_store_is_store(path))
        return store_info(path, error);
    if (tern_state_list(path, &listing, error) < 0)
        return NULL;
    json_t *info = new_info("training state"), *rows = json_array();
    for (size_t i = 0; i < listing.n; i++) {
        const tern_state_entry *e = &listing.entries[i];
        json_t *row = json_pack("{s:o, s:s}", "name", tern_json_of_bytes(e->name), "type", kinds[e->kind]);
        json_object_set_new(row, "holds", e->preview ? tern_json_of_bytes(e->preview) : shape_json(e->shape, e->rank));
        json_array_append_new(rows, row);
    }
    json_object_set_new(info, "items", rows);
    tern_state_listing_free(&listing);
    return info;
}

json_t *tern_info_npy(const char *path, tern_error *error)
{
    tern_npy npy;
    if (tern_npy_read_shape(&npy, path, error) < 0)
        return NULL;
    json_t *info = new_info("npy");
    json_object_set_new(info, "type", json_string(npy.dtype));
    json_object_set_new(info, "rows", whole(npy.rows));
    json_object_set_new(info, "columns", whole(npy.cols));
    return info;
}

/* The keys of the first row, and how many rows there are. */
json_t *tern_info_jsonl(const char *path, tern_error *error)
{
    tern_jsonl *reader = tern_jsonl_open(path, 0, error);
    json_t *columns = json_array();
    int64_t rows = 0;
    int status = reader ? 0 : -1;
    while (reader && (status = tern_jsonl_next(reader, error)) > 0) {
        const char *key;
        json_t *value;
        if (rows++ > 0)
            continue;
        json_object_foreach((json_t *)tern_jsonl_object(reader), key, value)
        {
            json_array_append_new(columns, json_string(key));
        }
    }
    tern_jsonl_close(reader);
    json_t *info = status < 0 ? NULL : new_info("jsonl");
    if (info) {
        json_object_set_new(info, "rows", whole(rows));
        json_object_set(info, "columns", columns);
    }
    json_decref(columns);
    return info;
}

json_t *tern_info_csv(const char *path, tern_error *error)
{
    int is_tsv = tern_form_of(path) == TERN_FORM_TSV, status;
    int64_t rows = 0;
    tern_csv *csv = tern_csv_open(path, is_tsv ? '\t' : ',', 0, error);
    if (!csv)
        return NULL;
    while ((status = tern_csv_next(csv, error)) > 0)
        rows++;
    json_t *info = status < 0 ? NULL : new_info(is_tsv ? "tsv" : "csv"), *columns = json_array();
    for (int i = 0; i < tern_csv_columns(csv); i++)
        json_array_append_new(columns, json_string(tern_csv_name(csv, i)));
    if (info) {
        json_object_set_new(info, "rows", whole(rows));
        json_object_set(info, "columns", columns);
    }
    json_decref(columns);
    tern_csv_close(csv);
    return info;
}

/* Lines of a file that hold something. */
static int count_lines(const char *folder, const char *name, json_t *info, const char *key, tern_error *error)
{
    char *path = tern_path_join(folder, name);
    tern_input input;
    const char *line;
    size_t n;
    int64_t lines = 0;
    int status = tern_input_open(&input, path, 1, error);
    if (status == 0) {
        while (tern_input_next(&input, &line, &n))
            lines += n > 0;
        tern_input_close(&input);
        json_object_set_new(info, key, whole(lines));
    }
    free(path);
    return status;
}

static int split_row(const char *folder, const char *file, json_t *rows, tern_error *error)
{
    char *path = tern_format("%s/qrels/%s", folder, file);
    tern_qrels qrels;
    int status = tern_qrels_read(&qrels, path, 0, error);
    if (status == 0) {
        json_array_append_new(rows, json_pack("{s:o, s:I, s:I}", "split", tern_json_of_bytes(file), "queries",
                                              (json_int_t)qrels.n_queries, "judgements",
                                              (json_int_t)qrels.start[qrels.n_queries]));
        tern_qrels_free(&qrels);
    }
    free(path);
    return status;
}

static int add_splits(const char *folder, json_t *rows, tern_error *error)
{
    char *path = tern_path_join(folder, "qrels");
    struct dirent **names;
    int n = scandir(path, &names, NULL, alphasort), status = 0;
    for (int i = 0; i < n; i++) {
        size_t length = strlen(names[i]->d_name);
        if (status == 0 && length > 4 && strcmp(names[i]->d_name + length - 4, ".tsv") == 0)
            status = split_row(folder, names[i]->d_name, rows, error);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    free(path);
    return status;
}

json_t *tern_info_beir(const char *path, tern_error *error)
{
    json_t *info = new_info("BEIR folder"), *rows = json_array();
    int status = count_lines(path, "corpus.jsonl", info, "documents", error);
    if (status == 0)
        status = count_lines(path, "queries.jsonl", info, "queries", error);
    if (status == 0)
        status = add_splits(path, rows, error);
    json_object_set_new(info, "splits", rows);
    if (status < 0) {
        json_decref(info);
        return NULL;
    }
    return info;
}

json_t *tern_info_recipe(const char *path, tern_error *error)
{
    tern_recipe *recipe = tern_recipe_read(path, NULL, 0, error);
    if (!recipe)
        return NULL;
    char *text = tern_recipe_resolved(recipe);
    json_t *info = new_info("recipe");
    json_object_set_new(info, "text", json_string(text));
    free(text);
    tern_recipe_free(recipe);
    return info;
}

/* result.json of a training run: the report as it was printed at its end. */
json_t *tern_info_result(const char *path, tern_error *error)
{
    json_t *result = tern_report_read(path, error);
    if (!result)
        return NULL;
    char *text = tern_report_text(result);
    json_t *info = new_info("result");
    json_object_set(info, "metric", json_object_get(result, "metric"));
    json_object_set(info, "model", json_object_get(result, "model"));
    json_object_set_new(info, "text", json_string(text));
    free(text);
    json_decref(result);
    return info;
}
