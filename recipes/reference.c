/* The reference of all keys: docs/recipes.md. */
#include "recipes/keys.h"

#include <stdlib.h>

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
    "  Sizes are a number with KB, MB, GB or TB (or KiB, MiB, ..), all of 1024; without a unit they are bytes.\n"
    "- **Prompts** go before the text as they are, so they end in a blank: `query: \"query: \"`, in quotes for the "
    "colon.\n"
    "  One that ends in a letter, a digit or a colon is refused. The prompts that a model's own folder names are used "
    "as\n"
    "  they are when the recipe has none.\n"
    "- **YAML.** One document of at most 256 KiB and 64 levels, in UTF-8; no key twice, no anchors, aliases or tags.\n"
    "- **Either, or.** `model` or `scratch`, `beir` or `file`, `loss.scale` or `loss.temperature`, `loss.symmetric` "
    "or\n"
    "  `loss.directions`: both in one file is an error; one given with `--set` wins over the other in the file.\n"
    "- **What is saved.** The recipe with every default written out is saved beside the model. A run resumes when all\n"
    "  keys but `train.threads` and those of `output` are the same.\n"
    "\n"
    "## Several data sets, several losses\n"
    "\n"
    "`data.train` may be a list of up to 16 data sets, and `loss` a list of up to 4 losses, whose weighted sum it is\n"
    "then. A data set may have losses of its own, in the same forms; one that has none takes the recipe's. `loss` may\n"
    "be left out when every data set has its own. Every key of `data.train` and of `loss` in the table below is there\n"
    "for each of them.\n"
    "\n"
    "```yaml\n"
    "data:\n"
    "  mixing: temperature               # which data set gives the next batch\n"
    "  train:\n"
    "    - file: faq.csv                 # takes the loss below\n"
    "    - file: stsb-train.tsv\n"
    "      anchor: sentence1\n"
    "      positive: sentence2\n"
    "      score: score\n"
    "      score_range: [0, 5]\n"
    "      batch_size: 16\n"
    "      loss: cosent                  # a name, a mapping or a list of them\n"
    "loss:\n"
    "  - {name: multiple_negatives_ranking, matryoshka: [384, 128]}\n"
    "  - {name: global_orthogonal, weight: 0.1}\n"
    "```\n"
    "\n"
    "With `--set`, and in messages, brackets say which one is meant, counted from 0: `data.train[1].loss.scale`,\n"
    "`loss[1].weight`; without them it is the first. `--set` may also add the next one. A list is written with "
    "commas,\n"
    "`--set train.freeze=embeddings,layers:2`, rates as `--set \"train.rates=embeddings.*=0.1,*.bias=2\"`.\n"
    "\n"
    "This page is made from the program's table of keys: `tern help recipe-keys`. `tern help train.batch_size` shows "
    "one\n"
    "of them, `tern help prompts` those of a section, and `tern help warmup_ratio`, or any other name that Hugging "
    "Face's\n"
    "Trainer, sentence-transformers and the like have for a key or a loss, what it is here. The same is said when such "
    "a\n"
    "name is found in a recipe.\n"
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
    for (int i = 0; i < tern_n_key_rows; i++) {
        const tern_key_row *row = &tern_key_rows[i];
        const char *fallback = row->fallback ? row->fallback : "";
        char *takes = tern_key_takes(row);
        fprintf(out, "| `%s` | ", row->path);
        write_cell(out, takes);
        fprintf(out, *fallback && *fallback != '=' ? " | `%s` | " : " | %s | ", fallback + (*fallback == '='));
        write_cell(out, row->help);
        fputs(" |\n", out);
        free(takes);
    }
}
