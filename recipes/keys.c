#include "recipes/keys.h"

#include "base/memory.h"
#include "base/nearest.h"

#include <math.h>
#include <string.h>

#define AT(field) offsetof(tern_recipe, field)

#define INT(path, field, least, most, fallback, flags, help)                                                           \
    {                                                                                                                  \
        path, TERN_KEY_INT, AT(field), least, most, NULL, fallback, flags, help                                        \
    }
#define REAL(path, field, least, most, fallback, flags, help)                                                          \
    {                                                                                                                  \
        path, TERN_KEY_REAL, AT(field), least, most, NULL, fallback, flags, help                                       \
    }
#define BOOL(path, field, fallback, flags, help)                                                                       \
    {                                                                                                                  \
        path, TERN_KEY_BOOL, AT(field), 0, 1, NULL, fallback, flags, help                                              \
    }
#define CHOICE(path, field, choices, fallback, flags, help)                                                            \
    {                                                                                                                  \
        path, TERN_KEY_CHOICE, AT(field), 0, 0, choices, fallback, flags, help                                         \
    }
#define TEXT(kind, path, field, fallback, flags, help)                                                                 \
    {                                                                                                                  \
        path, TERN_KEY_##kind, AT(field), 0, 0, NULL, fallback, flags, help                                            \
    }

/* The keys that every data set has. */
#define SOURCE(set, split_help)                                                                                        \
    TEXT(INPUT, "data." #set ".beir", data.set.beir, NULL, 0,                                                          \
         "A folder in BEIR form: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv."),                                      \
        TEXT(TEXT, "data." #set ".split", data.set.split, #set, TERN_KEY_BEIR, split_help),                            \
        TEXT(INPUT, "data." #set ".file", data.set.file, NULL, 0,                                                      \
             "Instead of beir: a JSONL, CSV or TSV file, told apart by its ending; CSV and TSV have a header line."),  \
        TEXT(TEXT, "data." #set ".anchor", data.set.anchor, NULL, TERN_KEY_FILE,                                       \
             "The column of file that holds the anchor; \"anchor\" when not given."),                                  \
        TEXT(TEXT, "data." #set ".positive", data.set.positive, NULL, TERN_KEY_FILE,                                   \
             "The column that holds the positive; \"positive\" when not given."),                                      \
        TEXT(TEXT, "data." #set ".negative", data.set.negative, NULL, TERN_KEY_FILE,                                   \
             "The column that holds the negative; \"negative\" when not given. Further ones are NAME_1, NAME_2, ..")

/* Exact in a double, so that ranges can be doubles. */
#define LARGE 9007199254740991.0

const tern_key tern_keys[] = {
    TEXT(MODEL, "model", model, NULL, 0,
         "The base model: a folder, or a name that the cache knows. Either this or scratch is required."),
    INT("scratch.layers", scratch.layers, 1, 1000, "6", TERN_KEY_SCRATCH,
        "Instead of model: a BERT with random weights, of so many layers."),
    INT("scratch.width", scratch.width, 1, 65536, "384", TERN_KEY_SCRATCH,
        "Components of a hidden vector; a multiple of heads."),
    INT("scratch.heads", scratch.heads, 1, 1024, "12", TERN_KEY_SCRATCH, "Attention heads."),
    INT("scratch.intermediate", scratch.intermediate, 1, 1048576, "=4 x width", TERN_KEY_SCRATCH,
        "Width inside the feed-forward block."),
    INT("scratch.max_positions", scratch.max_positions, 3, 1048576, "512", TERN_KEY_SCRATCH,
        "The longest text in tokens, special ones included."),
    BOOL("scratch.lower_case", scratch.lower_case, "true", TERN_KEY_SCRATCH,
         "Whether texts are put in lower case and lose their accents."),
    TEXT(INPUT, "scratch.vocab", scratch.vocab, NULL, 0,
         "A WordPiece vocabulary, one token a line. Required with scratch."),

    TEXT(TEXT, "prompts.query", prompts.query, NULL, 0,
         "Put before every query (anchor); the model's own prompt when not given, \"\" for none."),
    TEXT(TEXT, "prompts.document", prompts.document, NULL, 0, "The same for documents (positives and negatives)."),

    SOURCE(train, "Whose judgements to train on: the file qrels/SPLIT.tsv."),
    TEXT(TEXT, "data.train.label", data.train.label, NULL, TERN_KEY_FILE,
         "The column that holds a label; \"label\" when not given."),
    TEXT(TEXT, "data.train.score", data.train.score, NULL, TERN_KEY_FILE,
         "The column that holds a score; \"score\" when not given."),
    {"data.train.positives", TERN_KEY_GRADE, AT(data.train.min_grade), 1, 1000000, NULL, ">=1", TERN_KEY_BEIR,
     "Which grades are positives. Grade 0 never is."},
    INT("data.train.positives_per_query", data.train.positives_per_query, 0, LARGE, "0", 0,
        "How many of a query's positives are used an epoch, drawn anew each time; 0: all."),
    SOURCE(dev, "Whose judgements choose the best checkpoint."),
    BOOL("data.dev.exclude_same_id", data.dev.exclude_same_id, "false", TERN_KEY_BEIR,
         "Leave out of a query's ranking the document with the query's own id."),
    SOURCE(test, "Whose judgements give the base and tuned scores at the end. Without data.test there are none."),
    BOOL("data.test.exclude_same_id", data.test.exclude_same_id, "false", TERN_KEY_BEIR,
         "Leave out of a query's ranking the document with the query's own id."),
    CHOICE("data.invalid_utf8", data.invalid_utf8_replace, "refuse|replace", "refuse", 0,
           "Bytes that are not UTF-8 are an error with file and line, or become U+FFFD."),

    TEXT(TEXT, "loss.name", loss.name, NULL, 0,
         "multiple_negatives_ranking (also named infonce) or triplet. Required; loss: NAME alone is enough."),
    REAL("loss.scale", loss.scale, 1e-6, 1e6, "20", 0, "In-batch losses: similarities are multiplied by it."),
    REAL("loss.temperature", loss.temperature, 1e-6, 1e6, NULL, TERN_KEY_FOLDED,
         "Instead of scale: similarities are divided by it."),
    BOOL("loss.symmetric", loss.symmetric, "false", 0,
         "In-batch losses: the mean of query to document and document to query."),
    REAL("loss.margin", loss.margin, 0, 1e6, "=5, and 0.5 with cosine distance", 0,
         "Triplet: how much nearer the positive must be than the negative."),
    CHOICE("loss.distance", loss.distance, "cosine|euclidean|manhattan", "euclidean", 0, "Triplet: the distance."),
    CHOICE("loss.mask", loss.mask, "judged|equal", "judged", 0,
           "In-batch losses: what is never a negative. judged: equal texts, the anchor's other positives and what the "
           "judgements call relevant to it; equal: equal texts alone, to measure what masking is worth."),
    {"loss.matryoshka", TERN_KEY_INTS, AT(loss.matryoshka), 1, 65536, NULL, NULL, 0,
     "Matryoshka around the loss: it is summed over these numbers of leading components."},
    {"loss.matryoshka_weights", TERN_KEY_REALS, AT(loss.matryoshka_weights), 1e-6, 1e6, NULL, NULL, 0,
     "A weight for each; 1 when not given."},

    INT("train.batch_size", train.batch_size, 1, 1048576, "32", 0, "Rows a step."),
    INT("train.epochs", train.epochs, 1, 1000000, "1", 0, "How often every row is used."),
    INT("train.max_steps", train.max_steps, 0, LARGE, "0", 0, "Above 0: so many steps, whatever epochs says."),
    REAL("train.learning_rate", train.learning_rate, 0, 10, "2e-05", 0, "The peak learning rate of AdamW."),
    REAL("train.warmup", train.warmup, 0, LARGE, "0.1", 0,
         "Steps in which the learning rate rises from 0: below 1 a fraction of all steps, from 1 on a number."),
    CHOICE("train.schedule", train.schedule, "linear|cosine|constant", "linear", 0,
           "How the learning rate goes after warm-up: down to 0 in a line or a half cosine, or not at all."),
    REAL("train.weight_decay", train.weight_decay, 0, 100, "0.01", 0,
         "Decoupled weight decay; biases and LayerNorm have none."),
    REAL("train.max_grad_norm", train.max_grad_norm, 0, 1e9, "1", 0,
         "Gradients are scaled down to this norm; 0: never."),
    INT("train.max_seq_length", train.max_seq_length, 0, 1048576, "0", 0,
        "Longer texts are cut to so many tokens, special ones included; 0: the model's own limit."),
    REAL("train.dropout", train.dropout, 0, 0.95, "0.1", 0, "The part of hidden units dropped in training."),
    INT("train.bucket", train.bucket, 0, 1000000, "0", 0,
        "Rows of like length are put together within windows of so many batches; 0: not."),
    INT("train.seed", train.seed, 0, LARGE, "42", 0, "Order of rows, dropout, random weights."),
    INT("train.threads", train.threads, 0, 256, "0", TERN_KEY_FREE,
        "Threads; 0: OMP_NUM_THREADS, else all processors. --threads wins. The result does not depend on it."),

    INT("eval.every", eval.every, 0, LARGE, "0", 0,
        "Score on dev every so many steps, and at the end; 0: after each epoch."),
    TEXT(TEXT, "eval.metric", eval.metric, "=ndcg_at_10, and triplet_accuracy for a file of triplets", 0,
         "What chooses the best checkpoint: {ndcg,recall,precision,mrr,map,hit_rate}_at_K or triplet_accuracy."),
    INT("eval.patience", eval.patience, 0, LARGE, "0", 0, "Stop after so many scores without a better one; 0: never."),

    TEXT(OUTPUT, "output.dir", output.dir, NULL, TERN_KEY_FREE,
         "Where all results go, relative to the working directory. Required."),
    INT("output.keep", output.keep, 1, 1000000, "2", TERN_KEY_FREE, "Checkpoints kept."),
    INT("output.checkpoint_every", output.checkpoint_every, 1, LARGE, "=eval.every, or 50 when that is 0",
        TERN_KEY_FREE, "Steps between two checkpoints: what a killed run loses at most."),
};
const int tern_n_keys = sizeof tern_keys / sizeof *tern_keys;

int tern_key_find(const char *path)
{
    for (int i = 0; i < tern_n_keys; i++)
        if (!strcmp(tern_keys[i].path, path))
            return i;
    return -1;
}

int tern_key_within(const char *path, const char *section)
{
    size_t n = strlen(section);
    return !strncmp(path, section, n) && (path[n] == '.' || path[n] == 0);
}

int tern_key_is_section(const char *path)
{
    for (int i = 0; i < tern_n_keys; i++)
        if (tern_key_within(tern_keys[i].path, path) && strcmp(tern_keys[i].path, path))
            return 1;
    return 0;
}

int tern_key_is_text(const tern_key *key)
{
    return key->kind == TERN_KEY_TEXT || key->kind == TERN_KEY_INPUT || key->kind == TERN_KEY_MODEL ||
           key->kind == TERN_KEY_OUTPUT;
}

void *tern_key_field(const tern_recipe *recipe, int key)
{
    return (char *)(uintptr_t)recipe + tern_keys[key].offset;
}

/* Where the last part of a dotted path begins. */
static size_t last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? (size_t)(dot - path) + 1 : 0;
}

/* The part of a known path that stands in the parent path[0..parent), e.g. "train" of data.train.beir in "data.". */
static char *child_of(const char *known, const char *path, size_t parent)
{
    if (strncmp(known, path, parent))
        return NULL;
    return tern_strndup(known + parent, strcspn(known + parent, "."));
}

char *tern_key_nearest(const char *path)
{
    size_t parent = last_part(path), n = 0;
    char **names = tern_alloc((size_t)tern_n_keys, sizeof *names), *result = NULL;
    for (int i = 0; i < tern_n_keys; i++)
        if ((names[n] = child_of(tern_keys[i].path, path, parent)))
            n++;
    const char *near = tern_nearest(path + parent, (const char *const *)names, n);
    if (near)
        result = tern_format("%.*s%s", (int)parent, path, near);
    for (int i = 0; i < tern_n_keys && !result; i++)
        if (!strcmp(tern_keys[i].path + last_part(tern_keys[i].path), path + parent))
            result = tern_strdup(tern_keys[i].path);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return result;
}

static char *number_takes(const tern_key *key, const char *one, const char *many)
{
    const char *noun = key->kind == TERN_KEY_INTS || key->kind == TERN_KEY_REALS ? many : one;
    if (key->most >= LARGE)
        return tern_format("%s of %.15g or more", noun, key->least);
    return tern_format("%s from %.15g to %.15g", noun, key->least, key->most);
}

static char *choices_take(const char *choices)
{
    tern_buffer text = {0};
    while (*choices) {
        size_t n = strcspn(choices, "|");
        int last = choices[n] == 0;
        tern_buffer_printf(&text, "%s%.*s", !text.n ? "" : last ? " or " : ", ", (int)n, choices);
        choices += n + !last;
    }
    return text.data;
}

char *tern_key_takes(const tern_key *key)
{
    switch (key->kind) {
    case TERN_KEY_INT:
        return number_takes(key, "a whole number", NULL);
    case TERN_KEY_REAL:
        return number_takes(key, "a number", NULL);
    case TERN_KEY_INTS:
        return number_takes(key, NULL, "a list of up to 16 whole numbers");
    case TERN_KEY_REALS:
        return number_takes(key, NULL, "a list of up to 16 numbers");
    case TERN_KEY_BOOL:
        return tern_strdup("true or false");
    case TERN_KEY_CHOICE:
        return choices_take(key->choices);
    case TERN_KEY_TEXT:
        return tern_strdup("text");
    case TERN_KEY_INPUT:
    case TERN_KEY_OUTPUT:
        return tern_strdup("a path");
    case TERN_KEY_MODEL:
        return tern_strdup("a folder or a name");
    case TERN_KEY_GRADE:
        return tern_strdup("\">=N\", N a whole number from 1 on");
    }
    TERN_CHECK(0, "key %s has kind %d", key->path, (int)key->kind);
    return NULL;
}
