/* The recipe as text: resolved, as an identity, and the reference of all keys. */
#include "recipes/keys.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

/* The character at text and its length in bytes; text is valid UTF-8. */
static unsigned decode(const char *text, size_t *n)
{
    const unsigned char *c = (const unsigned char *)text;
    *n = c[0] < 0x80 ? 1 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : 4;
    unsigned code = *n == 1 ? c[0] : c[0] & (0x7FU >> *n);
    for (size_t i = 1; i < *n; i++)
        code = code << 6 | (c[i] & 0x3FU);
    return code;
}

/* What libyaml does not read from a file as it stands: control characters, its line breaks, the byte order mark. */
static int needs_escape(unsigned code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 || code == 0xFEFF ||
           code == 0xFFFE || code == 0xFFFF;
}

static void add_quoted(tern_buffer *out, const char *text)
{
    tern_buffer_add(out, "\"", 1);
    for (size_t n; *text; text += n) {
        unsigned code = decode(text, &n);
        if (needs_escape(code))
            tern_buffer_printf(out, "\\u%04X", code);
        else
            tern_buffer_printf(out, "%s%.*s", code == '"' || code == '\\' ? "\\" : "", (int)n, text);
    }
    tern_buffer_add(out, "\"", 1);
}

/* The shortest form that reads back as the same double. */
static void add_real(tern_buffer *out, double number)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    tern_buffer_printf(out, "%s", text);
}

static void add_choice(tern_buffer *out, const char *choices, int n)
{
    while (n-- > 0)
        choices += strcspn(choices, "|") + 1;
    tern_buffer_add(out, choices, strcspn(choices, "|"));
}

static void add_list(tern_buffer *out, const tern_key *key, const void *field)
{
    const tern_recipe_ints *ints = field;
    const tern_recipe_reals *reals = field;
    int is_ints = key->kind == TERN_KEY_INTS, n = is_ints ? ints->n : reals->n;
    for (int i = 0; i < n; i++) {
        tern_buffer_printf(out, "%s", i ? ", " : "[");
        add_real(out, is_ints ? (double)ints->items[i] : reals->items[i]);
    }
    tern_buffer_printf(out, "]");
}

static void add_value(tern_buffer *out, const tern_recipe *recipe, int at)
{
    const tern_key *key = &tern_keys[at];
    const void *field = tern_key_field(recipe, at);
    switch (key->kind) {
    case TERN_KEY_INT:
        tern_buffer_printf(out, "%lld", (long long)*(const int64_t *)field);
        break;
    case TERN_KEY_REAL:
        add_real(out, *(const double *)field);
        break;
    case TERN_KEY_BOOL:
        tern_buffer_printf(out, "%s", *(const int *)field ? "true" : "false");
        break;
    case TERN_KEY_CHOICE:
        add_choice(out, key->choices, *(const int *)field);
        break;
    case TERN_KEY_GRADE:
        tern_buffer_printf(out, "\">=%lld\"", (long long)*(const int64_t *)field);
        break;
    case TERN_KEY_INTS:
    case TERN_KEY_REALS:
        add_list(out, key, field);
        break;
    case TERN_KEY_TEXT:
    case TERN_KEY_INPUT:
    case TERN_KEY_MODEL:
    case TERN_KEY_OUTPUT:
        add_quoted(out, *(char *const *)field);
        break;
    }
}

/* Opens the sections of path that the one before it was not in, then writes its last part. */
static void add_sections(tern_buffer *out, const char *path, const char *before)
{
    int depth = 0, same = 1;
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1, depth++) {
        size_t n = (size_t)(dot - path) + 1;
        same = same && !strncmp(path, before, n);
        if (same)
            before += n;
        else
            tern_buffer_printf(out, "%*s%.*s:\n", 2 * depth, "", (int)n - 1, path);
    }
    tern_buffer_printf(out, "%*s%s: ", 2 * depth, "", path);
}

static char *write_keys(const tern_recipe *recipe, int left_out)
{
    tern_buffer out = {0};
    const char *before = "";
    for (int i = 0; i < tern_n_keys; i++) {
        if (recipe->notes->origin[i] == TERN_FROM_NOTHING || (tern_keys[i].flags & left_out))
            continue;
        add_sections(&out, tern_keys[i].path, before);
        add_value(&out, recipe, i);
        tern_buffer_printf(&out, "\n");
        before = tern_keys[i].path;
    }
    return out.data;
}

char *tern_recipe_resolved(const tern_recipe *recipe)
{
    return write_keys(recipe, TERN_KEY_FOLDED);
}

char *tern_recipe_identity(const tern_recipe *recipe)
{
    return write_keys(recipe, TERN_KEY_FOLDED | TERN_KEY_FREE);
}

static const char preface[] =
    "# Recipes\n"
    "\n"
    "A recipe is one YAML file that says all of a training run. The least there can be:\n"
    "\n"
    "```yaml\n"
    "model: sentence-transformers/all-MiniLM-L6-v2   # a folder, or a name that the cache knows\n"
    "data:\n"
    "  train: {file: faq.csv, anchor: question, positive: answer}\n"
    "loss: multiple_negatives_ranking\n"
    "output: {dir: runs/faq}\n"
    "```\n"
    "\n"
    "`tern train RECIPE` reads and checks the whole file before anything starts. What is wrong is said in one\n"
    "sentence that begins with the file and the line. `tern train RECIPE --set train.batch_size=64` overrides\n"
    "any key, lists too (`--set loss.matryoshka=384,128`). Ready-made recipes with a comment on every line are in\n"
    "`recipes/`.\n"
    "\n"
    "- **Paths.** Inputs are relative to the recipe's folder, `output.dir` to the working directory, and inputs\n"
    "  given with `--set` to the working directory too. `${NAME}` in a path is replaced by the environment variable;\n"
    "  one that is not set is an error. Inside `{ }` such a value needs quotes: `\"${TERN_DATA}/scifact\"`.\n"
    "- **Values.** Whole numbers are decimal digits: `010`, `1e3` and `3.0` are refused, and so is a number in\n"
    "  quotes. `true` and `false` are the only truth values. A value that begins with `>` needs quotes: `\">=2\"`.\n"
    "- **YAML.** One document of at most 256 KiB and 64 levels, in UTF-8; no key twice, no anchors, aliases or tags.\n"
    "- **Either, or.** `model` or `scratch`, `beir` or `file`, `loss.scale` or `loss.temperature`: both in one file\n"
    "  is an error; one given with `--set` wins over the other in the file.\n"
    "- **What is saved.** The recipe with every default written out is saved beside the model. A run resumes when all\n"
    "  keys but `train.threads` and those of `output` are the same.\n"
    "\n"
    "This page is made from the program's table of keys: `tern help recipe-keys`.\n"
    "\n"
    "## Keys\n"
    "\n"
    "| Key | Takes | Default | Meaning |\n"
    "|---|---|---|---|\n";

/* A cell of a Markdown table: a bar would end it. */
static void write_cell(FILE *out, const char *text)
{
    for (; *text; text++)
        fprintf(out, *text == '|' ? "\\%c" : "%c", *text);
}

void tern_recipe_reference(FILE *out)
{
    fputs(preface, out);
    for (int i = 0; i < tern_n_keys; i++) {
        const tern_key *key = &tern_keys[i];
        const char *fallback = key->fallback ? key->fallback : "";
        char *takes = tern_key_takes(key);
        fprintf(out, "| `%s` | ", key->path);
        write_cell(out, takes);
        fprintf(out, *fallback && *fallback != '=' ? " | `%s` | " : " | %s | ", fallback + (*fallback == '='));
        write_cell(out, key->help);
        fputs(" |\n", out);
        free(takes);
    }
}
