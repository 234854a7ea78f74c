#include "train/reading.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "checkpoints/prompts.h"
#include "encoders/encoder.h"

#include <stdlib.h>
#include <string.h>

static const char *either(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

static tern_reading make(const tern_model *model, const char *query, const char *document, int64_t length)
{
    return (tern_reading){tern_strdup(query), tern_strdup(document), tern_prompts_default(model, query, document),
                          length};
}

static const char *own_prompt(const tern_recipe_source *source, int of_query)
{
    return of_query ? source->prompts.query : source->prompts.document;
}

/* The data sets' own prompt when all have the same one, else the recipe's. */
static const char *training_prompt(const tern_recipe *recipe, int of_query, const char *of_recipe)
{
    const char *first = either(own_prompt(&recipe->sources[0], of_query), of_recipe);
    for (int i = 1; i < recipe->n_sources; i++)
        if (strcmp(either(own_prompt(&recipe->sources[i], of_query), of_recipe), first) != 0)
            return of_recipe;
    return first;
}

void tern_readings_make(tern_reading readings[TERN_READINGS], const tern_recipe *recipe, const tern_model *model)
{
    const char *query = either(recipe->prompts.query, model->query_prompt);
    const char *document = either(recipe->prompts.document, model->document_prompt);
    int64_t own = model->max_seq_length, trained = recipe->train.max_seq_length,
            exported = recipe->output.max_seq_length;
    readings[TERN_READING_BASE] = (tern_reading){tern_strdup(model->query_prompt), tern_strdup(model->document_prompt),
                                                 tern_strdup(model->default_prompt), own};
    readings[TERN_READING_TRAINED] = make(model, training_prompt(recipe, 1, query),
                                          training_prompt(recipe, 0, document), trained > 0 ? trained : own);
    readings[TERN_READING_EXPORTED] = make(model, query, document, exported > 0 ? exported : own);
}

void tern_readings_free(tern_reading readings[TERN_READINGS])
{
    for (int i = 0; i < TERN_READINGS; i++) {
        free(readings[i].query_prompt);
        free(readings[i].document_prompt);
        free(readings[i].default_prompt);
        readings[i] = (tern_reading){0};
    }
}

static void replace(char **text, const char *by)
{
    free(*text);
    *text = tern_strdup(by);
}

void tern_reading_set(const tern_reading *reading, tern_model *model)
{
    replace(&model->query_prompt, reading->query_prompt);
    replace(&model->document_prompt, reading->document_prompt);
    replace(&model->default_prompt, reading->default_prompt);
    model->max_seq_length = reading->max_seq_length;
}

int tern_reading_same_prompts(const tern_reading *a, const tern_reading *b)
{
    return strcmp(a->query_prompt, b->query_prompt) == 0 && strcmp(a->document_prompt, b->document_prompt) == 0 &&
           strcmp(a->default_prompt, b->default_prompt) == 0;
}

static int same(const tern_reading *a, const tern_reading *b)
{
    return a->max_seq_length == b->max_seq_length && tern_reading_same_prompts(a, b);
}

uint64_t tern_readings_hash(const tern_reading readings[TERN_READINGS])
{
    uint64_t hash = 1;
    if (same(&readings[0], &readings[1]) && same(&readings[0], &readings[2]))
        return 0;
    for (int i = 0; i < TERN_READINGS; i++) {
        const tern_reading *r = &readings[i];
        const char *prompts[] = {r->query_prompt, r->document_prompt, r->default_prompt};
        for (int k = 0; k < 3; k++)
            hash = tern_hash(prompts[k], strlen(prompts[k]) + 1, hash);
        hash = tern_hash(&r->max_seq_length, sizeof r->max_seq_length, hash);
    }
    return hash;
}

char *tern_reading_words(const tern_reading readings[TERN_READINGS])
{
    const tern_reading *base = &readings[TERN_READING_BASE], *trained = &readings[TERN_READING_TRAINED];
    int cut = base->max_seq_length != trained->max_seq_length, prompted = !tern_reading_same_prompts(base, trained);
    tern_buffer words = {0};
    tern_buffer_add(&words, "", 0);
    if (cut)
        tern_buffer_printf(&words, "cut at %lld tokens", (long long)trained->max_seq_length);
    if (prompted)
        tern_buffer_printf(&words, "%swith the recipe's prompts", cut ? ", " : "");
    return words.data;
}
