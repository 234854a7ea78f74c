#include "cli/command.h"
#include "cli/models.h"
#include "cli/terminal.h"

#include "base/memory.h"
#include "checkpoints/mix.h"
#include "checkpoints/model.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static int force, json;
static double share = NAN; /* of --mix; NAN: not given */
static const char *base;

static const tern_flag flags[] = {
    {"force", TERN_FLAG_BOOL, &force, NULL, "replace a model that is in the folder"},
    {"mix", TERN_FLAG_DOUBLE, &share, "X", "weights are X times MODEL's and 1 - X times those of --base"},
    {"base", TERN_FLAG_STRING, &base, "BASE", "with --mix: the model that MODEL was tuned from"},
    {"json", TERN_FLAG_BOOL, &json, NULL, "one JSON object on stdout"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "export",
    .arguments = "MODEL FOLDER",
    .least = 2,
    .most = 2,
    .summary = "Writes a model as a sentence-transformers folder, reads it back and compares vectors bit for bit.",
    .example = "  tern export runs/quickstart/model served/model\n"
               "  tern export runs/mine/model served/mixed --mix 0.5 --base sentence-transformers/all-MiniLM-L6-v2",
    .flags = flags,
};

static const char *const texts[] = {
    "",
    "a",
    "An act that has disastrous consequences.",
    "The quick brown fox jumps over the lazy dog, again and again, until it is tired of it.",
    "Numbers such as 3.14159 and 2,718; symbols % & §; cafés, naïve façades, 東京 and emoji \xf0\x9f\x98\x80.",
    "an act that has disastrous consequences",
};
enum { N_TEXTS = sizeof texts / sizeof *texts };

/* Vectors of the texts in each role, one after another: [3 * N_TEXTS, dim], the caller's. NULL: failed. */
static float *embed(tern_model *model, tern_error *error)
{
    size_t block = (size_t)N_TEXTS * (size_t)tern_model_dim(model);
    float *rows = tern_alloc(3 * block, sizeof *rows);
    for (int role = 0; role < 3; role++) {
        const tern_embed_options options = {.role = (tern_role)role};
        if (tern_model_embed(model, &options, texts, N_TEXTS, rows + (size_t)role * block, error) < 0) {
            free(rows);
            return NULL;
        }
    }
    return rows;
}

static int compare(tern_model *model, tern_model *again, const char *folder, tern_error *error)
{
    int64_t dim = tern_model_dim(model);
    if (tern_model_dim(again) != dim)
        return tern_fail(error, "%s: read back, the model makes vectors of another length", folder);
    float *want = embed(model, error), *got = want ? embed(again, error) : NULL;
    int status = got ? 0 : -1;
    if (got && memcmp(want, got, 3 * N_TEXTS * (size_t)dim * sizeof *want) != 0)
        status = tern_fail(error, "%s: read back, the model makes other vectors; the disk may be damaged", folder);
    free(got);
    free(want);
    return status;
}

static int mix_with_base(tern_model *model, tern_error *error)
{
    tern_model *other = tern_command_model_load(base, error);
    int status = other ? tern_model_mix(model, other, share, error) : -1;
    tern_model_free(other);
    return status;
}

static int export_model(const char *name, const char *folder, tern_error *error)
{
    tern_model *again = NULL, *model = tern_command_model_load(name, error);
    int status = model ? 0 : -1;
    if (status == 0 && base)
        status = mix_with_base(model, error);
    if (status == 0)
        status = tern_model_save(model, folder, force, error);
    if (status == 0)
        status = (again = tern_model_load(folder, error)) ? 0 : -1;
    if (status == 0)
        status = compare(model, again, folder, error);
    tern_model_free(again);
    tern_model_free(model);
    return status;
}

static void print_json(void)
{
    json_t *object = json_pack("{s:i, s:b}", "texts", 3 * N_TEXTS, "equal", 1);
    tern_command_add_warnings(object);
    json_dumpf(object, stdout, 0); /* a failed write is seen by tern_command_end */
    putchar('\n');
    json_decref(object);
}

/* The name of a form alone is meant as one by users of other tools. */
static int check_folder(const char *folder)
{
    static const char *const forms[] = {"onnx",    "openvino",    "gguf",        "ggml",       "safetensors",
                                        "pytorch", "torch",       "torchscript", "tensorflow", "tf",
                                        "tflite",  "tensorrt",    "coreml",      "mlx",        "jax",
                                        "flax",    "ctranslate2", "huggingface", "hf",         "sentence-transformers",
                                        "int8",    "h5",          "npy",         "faiss"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcasecmp(folder, forms[i]) == 0)
            return tern_command_usage(
                &command,
                "the second argument is a folder, and \"%s\" is the name of a format: tern writes the "
                "sentence-transformers folder (config.json, model.safetensors, ..) and no other form "
                "yet; for a folder of that name say ./%s",
                folder, folder);
    return TERN_GO_ON;
}

int tern_cmd_export(int argc, char **argv)
{
    const char *args[2];
    tern_error error = {{0}};
    int status = tern_flags_parse(&command, argc, argv, args);
    if (status != TERN_GO_ON)
        return status;
    if ((status = check_folder(args[1])) != TERN_GO_ON)
        return status;
    if (isnan(share) != !base)
        return tern_command_usage(&command, base ? "--base needs --mix X" : "--mix needs --base BASE");
    if (base && (share < 0 || share > 1))
        return tern_command_usage(&command, "--mix takes a share from 0 (the base) to 1 (the model), not %g", share);
    if (export_model(args[0], args[1], &error) < 0)
        return tern_command_fail(&error);
    if (json)
        print_json();
    else
        tern_print(stdout, "%s: written, read back; the vectors of %d texts are equal bit for bit\n", args[1],
                   3 * N_TEXTS);
    return tern_command_end(TERN_EXIT_DONE);
}
