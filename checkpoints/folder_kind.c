#include "checkpoints/folder_kind.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/words.h"
#include "checkpoints/installed.h"
#include "checkpoints/json_file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A link to a file that is gone counts. */
static int has(const char *folder, const char *name)
{
    struct stat info;
    char *path = tern_path_join(folder, name);
    int there = lstat(path, &info) == 0;
    free(path);
    return there;
}

int tern_folder_is_model(const char *path)
{
    return has(path, "modules.json") || has(path, "config.json");
}

int tern_folder_is_tokenizer(const char *path)
{
    return (has(path, "tokenizer.json") || has(path, "vocab.txt")) && !has(path, "adapter_config.json");
}

char *tern_folder_run_model(const char *path)
{
    char *model = tern_path_join(path, "model");
    if (has(path, "run.json") && tern_folder_is_model(model))
        return model;
    free(model);
    return NULL;
}

static int starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The first name in a folder, by the alphabet, that takes() likes; a new string, or NULL. */
static char *find_entry(const char *folder, int (*takes)(const char *folder, const char *name))
{
    char *best = NULL;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.' || !takes(folder, entry->d_name) || (best && strcmp(entry->d_name, best) >= 0))
            continue;
        free(best);
        best = tern_strdup(entry->d_name);
    }
    if (dir)
        closedir(dir);
    return best;
}

static int is_model_inside(const char *folder, const char *name)
{
    char *path = tern_path_join(folder, name);
    /* a module's folder has a config.json too, but no tokenizer */
    int is = tern_folder_exists(path) && tern_folder_is_model(path) &&
             (has(path, "tokenizer.json") || has(path, "vocab.txt") || has(path, "modules.json"));
    free(path);
    return is;
}

static int is_repository(const char *folder, const char *name)
{
    (void)folder;
    return starts_with(name, "models--") && strstr(name + 8, "--");
}

static int is_state(const char *folder, const char *name)
{
    (void)folder;
    return ends_with(name, ".h5");
}

static int is_any(const char *folder, const char *name)
{
    (void)folder;
    (void)name;
    return 1;
}

/* Weights in a form that tern doesn't read, and what the form is called. */
static const struct {
    const char *start, *end, *form;
} forms[] = {
    {"", ".gguf", "llama.cpp's GGUF"},
    {"openvino_model", ".xml", "OpenVINO's"},
    {"", ".onnx", "ONNX"},
    {"tf_model", ".h5", "TensorFlow's"},
    {"flax_model", ".msgpack", "Flax's"},
    {"", ".mlpackage", "Core ML's"},
    {"", ".pt", "PyTorch's"},
    {"", ".ckpt", "PyTorch's"},
};

static const char *form_of(const char *name)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (starts_with(name, forms[i].start) && ends_with(name, forms[i].end))
            return forms[i].form;
    return NULL;
}

static int has_form(const char *folder, const char *name)
{
    (void)folder;
    return form_of(name) != NULL;
}

static int is_shard(const char *folder, const char *name)
{
    (void)folder;
    return strcmp(name, "model.safetensors.index.json") == 0 ||
           (starts_with(name, "model-0") && ends_with(name, ".safetensors"));
}

static int is_pickle(const char *folder, const char *name)
{
    (void)folder;
    return starts_with(name, "pytorch_model") && (ends_with(name, ".bin") || ends_with(name, ".bin.index.json"));
}

/* How sentence-transformers writes a folder's weights as one model.safetensors; a new string. */
static char *how_to_save(const char *folder)
{
    char *word = tern_shell_word(folder);
    char *how = tern_format("python3 -c 'import sys, sentence_transformers as s; "
                            "s.SentenceTransformer(sys.argv[1]).save(sys.argv[2])' %s NEW-FOLDER",
                            word);
    free(word);
    return how;
}

int tern_folder_fail_weights(const char *path, tern_error *error)
{
    char *shard = find_entry(path, is_shard), *pickle = find_entry(path, is_pickle),
         *other = find_entry(path, has_form);
    char *how = how_to_save(path);
    int status;
    if (shard)
        status = tern_fail(error,
                           "%s: its weights are in several files (%s), and tern reads one model.safetensors; write "
                           "them as one: %s",
                           path, shard, how);
    else if (pickle)
        status = tern_fail(error,
                           "%s: its weights are in %s, a Python pickle, and tern reads model.safetensors; write "
                           "them so: %s",
                           path, pickle, how);
    else if (other)
        status = tern_fail(error,
                           "%s: it holds no model.safetensors, only weights in %s form (%s); get the model's "
                           "original files",
                           path, form_of(other), other);
    else
        status = tern_fail(error,
                           "%s: it holds no model.safetensors, which weights are read from; is the download "
                           "complete?",
                           path);
    free(how);
    free(other);
    free(pickle);
    free(shard);
    return status;
}

int tern_folder_check_adapter(const char *path, tern_error *error)
{
    char *file = tern_path_join(path, "adapter_config.json");
    json_t *json = tern_file_exists(file) ? tern_json_file(file, JSON_DECODE_INT_AS_REAL, NULL, NULL) : NULL;
    const char *base = json_string_value(json_object_get(json, "base_model_name_or_path"));
    const char *kind = json_string_value(json_object_get(json, "peft_type"));
    int status = 0;
    if (has(path, "adapter_config.json"))
        status =
            tern_fail(error,
                      "%s: it holds an adapter (%s, of PEFT) to %s, not a whole model; merge it into its base with "
                      "PEFT's merge_and_unload, save that, and give the folder saved",
                      path, kind ? kind : "adapter_config.json", base ? base : "a base model");
    json_decref(json);
    free(file);
    return status;
}

/* A folder that the Hugging Face libraries keep: a repository's, or of all of them. 1: it is one, which is said. */
static int fail_cache(const char *path, tern_error *error)
{
    char *repository = find_entry(path, is_repository);
    if (has(path, "snapshots")) {
        char *snapshot = tern_installed_snapshot(path);
        tern_fail(error,
                  "%s: it is a repository in the Hugging Face cache, whose files are under snapshots/; give %s, or the "
                  "model's name, ORG/NAME",
                  path, snapshot ? snapshot : "one of the folders there");
        free(snapshot);
        return 1;
    }
    if (repository) {
        const char *org = repository + 8, *dashes = strstr(org, "--");
        tern_fail(error, "%s: it is the Hugging Face cache, not a model; give a model's name, e.g. %.*s/%s", path,
                  (int)(dashes - org), org, dashes + 2);
    }
    free(repository);
    return repository != NULL;
}

int tern_folder_fail_kind(const char *path, tern_error *error)
{
    if (tern_folder_check_adapter(path, error) < 0 || fail_cache(path, error))
        return -1;
    char *inside = find_entry(path, is_model_inside), *state = find_entry(path, is_state);
    char *any = find_entry(path, is_any), *other = find_entry(path, has_form),
         *separator = ends_with(path, "/") ? "" : "/";
    int status;
    if (has(path, "run.json"))
        status = tern_fail(error,
                           "%s: it is the folder of a run without a model yet: model/ is written when the run is "
                           "finished; run the same tern train command again",
                           path);
    else if (inside)
        status = tern_fail(error, "%s: it is no model, but it holds one: give %s%s%s", path, path, separator, inside);
    else if (has(path, "corpus.jsonl"))
        status = tern_fail(error, "%s: it is a data set (corpus.jsonl), not a model", path);
    else if (state && !other)
        status = tern_fail(error,
                           "%s: it holds training states (%s), not a model; a run's model is in model/ of its "
                           "output.dir",
                           path, state);
    else if (other)
        status = tern_fail(error,
                           "%s: it holds a model in %s form (%s); tern reads folders with config.json and "
                           "model.safetensors",
                           path, form_of(other), other);
    else if (!any)
        status =
            tern_fail(error,
                      "%s: it is an empty folder: neither config.json and model.safetensors are there, which a model "
                      "has, nor its tokenizer, neither tokenizer.json nor vocab.txt",
                      path);
    else
        status = tern_fail(error,
                           "%s: it is no model: it has neither modules.json nor config.json; a model's folder has "
                           "config.json, model.safetensors and its tokenizer",
                           path);
    free(other);
    free(any);
    free(state);
    free(inside);
    return status;
}
