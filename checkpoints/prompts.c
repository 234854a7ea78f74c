#include "checkpoints/prompts.h"

#include "base/memory.h"

#include <string.h>

static json_t *source_of(const tern_model *model)
{
    return model->prompts_json ? json_loads(model->prompts_json, 0, NULL) : NULL;
}

char *tern_prompts_default(const tern_model *model, const char *query, const char *document)
{
    json_t *source = source_of(model);
    const char *name = json_string_value(json_object_get(source, "default_prompt_name"));
    const char *prompt = !name                           ? model->default_prompt
                         : strcmp(name, "query") == 0    ? query
                         : strcmp(name, "document") == 0 ? document
                                                         : model->default_prompt;
    char *copy = tern_strdup(prompt);
    json_decref(source);
    return copy;
}

/* A role's prompt under its first name, which readers look up first ("document" before "passage"). An empty one is
 * written where it takes the place of another name's. */
static void set_prompt(json_t *prompts, const char *const *names, const char *prompt)
{
    int named = 0;
    for (const char *const *name = names; *name; name++)
        named |= json_object_get(prompts, *name) != NULL;
    if (*prompt || named)
        json_object_set_new(prompts, names[0], json_string(prompt));
}

json_t *tern_prompts_json(const tern_model *model)
{
    static const char *const query[] = {"query", NULL}, *const document[] = {"document", "passage", "corpus", NULL};
    json_t *source = source_of(model), *prompts = json_object_get(source, "prompts");
    const char *normal = json_string_value(json_object_get(source, "default_prompt_name"));
    prompts = json_is_object(prompts) ? json_deep_copy(prompts) : json_object();
    set_prompt(prompts, query, model->query_prompt);
    set_prompt(prompts, document, model->document_prompt);
    /* versions: the first ones with this form, so that no reader warns of a model newer than itself */
    json_t *json = json_pack("{s:{s:s, s:s, s:s}, s:o, s:s?, s:s}", "__version__", "sentence_transformers", "3.0.0",
                             "transformers", "4.41.0", "pytorch", "2.3.0", "prompts", prompts, "default_prompt_name",
                             normal, "similarity_fn_name", tern_similarity_name(model->similarity));
    if (json && model->truncate_dim > 0)
        json_object_set_new(json, "truncate_dim", json_integer(model->truncate_dim));
    json_decref(source);
    return json;
}
