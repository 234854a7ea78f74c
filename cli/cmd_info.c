#include "cli/command.h"

#include "base/file.h"
#include "base/memory.h"
#include "cli/info.h"
#include "data/foreign.h"

#include <string.h>
#include <strings.h>

static int json;

static const tern_flag flags[] = {
    {"json", TERN_FLAG_BOOL, &json, NULL, "one JSON object on stdout"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "info",
    .arguments = "PATH",
    .least = 1,
    .most = 1,
    .summary =
        "What a model, safetensors file, training state, embedding store, .npy file, data set, recipe or result holds.",
    .example = "  tern info sentence-transformers/all-MiniLM-L6-v2\n  tern info runs/quickstart/result.json",
    .flags = flags,
};

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcasecmp(text + n - m, end) == 0;
}

static int has_file(const char *folder, const char *name)
{
    char *path = tern_path_join(folder, name);
    int has = tern_file_exists(path);
    free(path);
    return has;
}

static json_t *info_of(const char *path, tern_error *error)
{
    static const struct {
        const char *end;
        json_t *(*read)(const char *path, tern_error *error);
    } kinds[] = {
        {"result.json", tern_info_result}, /* before .json */
        {".safetensors", tern_info_safetensors},
        {".npy", tern_info_npy},
        {".h5", tern_info_state},
        {".jsonl", tern_info_jsonl},
        {".ndjson", tern_info_jsonl},
        {".json", tern_info_jsonl},
        {".csv", tern_info_csv},
        {".tsv", tern_info_csv},
        {".tab", tern_info_csv},
        {".yaml", tern_info_recipe},
        {".yml", tern_info_recipe},
    };
    if (tern_folder_exists(path) && has_file(path, "corpus.jsonl"))
        return tern_info_beir(path, error);
    if (!tern_file_exists(path))
        return tern_info_model(path, error);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (ends_with(path, kinds[i].end))
            return kinds[i].read(path, error);
    if (tern_foreign_check_file(path, error) < 0)
        return NULL;
    tern_fail(error,
              "%s: its kind is unknown; a name ends in .safetensors, .npy, .h5, .jsonl, .csv, .tsv, .yaml or "
              "result.json",
              path);
    return NULL;
}

int tern_cmd_info(int argc, char **argv)
{
    const char *args[1];
    tern_error error = {{0}};
    int status = tern_flags_parse(&command, argc, argv, args);
    if (status != TERN_GO_ON)
        return status;
    json_t *info = info_of(args[0], &error);
    if (!info)
        return tern_command_fail(&error);
    if (json) {
        tern_command_add_warnings(info);
        json_dumpf(info, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        tern_info_print(info);
    }
    json_decref(info);
    return tern_command_end(TERN_EXIT_DONE);
}
