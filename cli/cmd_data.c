/* tern data: makes data sets, and checks the user's own before a long run does. */
#include "cli/command.h"
#include "cli/data_check_folder.h"
#include "cli/terminal.h"
#include "cli/data_check.h"
#include "cli/data_column.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/visible.h"
#include "base/words.h"
#include "data/rows.h"
#include "data/wordnet.h"

#include <string.h>

static const char *source, *output, *invalid_utf8, *split, *anchor, *positive, *negative, *label, *score;
static int64_t seed = TERN_WORDNET_SEED;
static int force, json;

static const tern_flag wordnet_flags[] = {
    {"output", TERN_FLAG_STRING, &output, "DIR", "the folder to make"},
    {"source", TERN_FLAG_STRING, &source, "DIR", "where data.noun and its like are (" TERN_WORDNET_SOURCE ")"},
    {"seed", TERN_FLAG_INT, &seed, "N", "another seed makes another split (139)"},
    {"force", TERN_FLAG_BOOL, &force, NULL, "replace what an earlier run made"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command wordnet_command = {
    .name = "data wordnet",
    .arguments = "",
    .summary =
        "Makes a reverse dictionary of WordNet (Debian's package wordnet-base): triplets of a definition, one of "
        "its words and a word of a sibling; 1,000 definitions are held out for test and 500 for dev.",
    .example = "tern data wordnet --output data/wordnet",
    .flags = wordnet_flags,
};

static const tern_flag check_flags[] = {
    {"split", TERN_FLAG_STRING, &split, "NAME", "a BEIR folder's split (each of them)"},
    {"anchor", TERN_FLAG_STRING, &anchor, "COLUMN", "the column that plays the role (anchor)"},
    {"positive", TERN_FLAG_STRING, &positive, "COLUMN", "the same (positive)"},
    {"negative", TERN_FLAG_STRING, &negative, "COLUMN", "the same (negative, negative_1, ...)"},
    {"label", TERN_FLAG_STRING, &label, "COLUMN", "the same (label)"},
    {"score", TERN_FLAG_STRING, &score, "COLUMN", "the same (score)"},
    {"json", TERN_FLAG_BOOL, &json, NULL, "one JSON object on stdout"},
    {"invalid-utf8", TERN_FLAG_STRING, &invalid_utf8, "WHAT", "refuse (the default) or replace by U+FFFD"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command check_command = {
    .name = "data check",
    .arguments = "FILE|FOLDER",
    .least = 1,
    .most = 1,
    .summary =
        "Reads rows (JSONL, CSV, TSV) or a folder in BEIR form as training would, and prints counts, all that is "
        "wrong, and what isn't used.",
    .example = "tern data check faq.csv --anchor question --positive answer\n"
               "tern data check data/wordnet/test",
    .flags = check_flags,
};

static void print_split(const char *name, const tern_wordnet_split *counts)
{
    tern_print(stdout, "%-10s %9lld quer%s, %lld document%s, %lld judgement%s in %s/%s\n", name,
               (long long)counts->queries, tern_ies(counts->queries), (long long)counts->documents,
               tern_s(counts->documents), (long long)counts->judgements, tern_s(counts->judgements), output, name);
}

static int run_wordnet(int argc, char **argv)
{
    int status = tern_flags_parse(&wordnet_command, argc, argv, NULL);
    if (status != TERN_GO_ON)
        return status;
    if (!output)
        return tern_command_usage(&wordnet_command, "--output DIR is needed: the folder to make");
    tern_wordnet_options options = {.source = source, .output = output, .seed = (uint64_t)seed, .force = force};
    tern_wordnet_summary made;
    tern_error error = {{0}};
    if (tern_wordnet_make(&options, &made, &error) < 0)
        return tern_command_fail(&error);
    printf("%-10s %9lld synonym sets, %lld words, %lld definitions\n", "WordNet", (long long)made.sets,
           (long long)made.words, (long long)made.definitions);
    tern_print(stdout, "%-10s %9lld row%s in %s/train.jsonl; %.1f %% have a sibling's word as negative\n", "train",
               (long long)made.rows, tern_s(made.rows), output,
               100.0 * (double)made.rows_with_sibling / (double)made.rows);
    print_split("dev", &made.dev);
    print_split("test", &made.test);
    return TERN_EXIT_DONE;
}

static int check_rows(const char *path, int replace)
{
    const tern_rows_source from = {.file = path,
                                   .anchor = anchor,
                                   .positive = positive,
                                   .negative = negative,
                                   .label = label,
                                   .score = score,
                                   .negatives_per_row = TERN_ALL_NEGATIVES,
                                   .invalid_utf8_replace = replace};
    return tern_data_check_rows(&from, json);
}

static int run_check(int argc, char **argv)
{
    const char *args[1];
    int status = tern_flags_parse(&check_command, argc, argv, args);
    if (status != TERN_GO_ON)
        return status;
    if (invalid_utf8 && strcmp(invalid_utf8, "replace") && strcmp(invalid_utf8, "refuse"))
        return tern_command_usage(&check_command, "--invalid-utf8 is refuse or replace, not \"%s\"", invalid_utf8);
    int replace = invalid_utf8 && !strcmp(invalid_utf8, "replace");
    if (tern_folder_exists(args[0]))
        return tern_data_check_folder(args[0], split, replace, json);
    return check_rows(args[0], replace);
}

typedef struct kind {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} kind;

static const kind kinds[] = {
    {"wordnet", run_wordnet, "make a reverse dictionary of WordNet: training triplets, a dev and a test set"},
    {"column", tern_data_column, "write one column of a table as lines, for encode, search and tokenize"},
    {"check", run_check, "read rows or a folder in BEIR form and count, or say what is wrong"},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static void print_kinds(void)
{
    tern_help_example("tern data wordnet --output data/wordnet\n"
                      "tern data check faq.csv --anchor question --positive answer\n"
                      "tern data column faq.csv answer >answers.txt");
    puts("Makes and checks data sets.\n\nKinds:");
    for (int i = 0; i < N_KINDS; i++)
        tern_help_row(kinds[i].name, kinds[i].help);
    printf("\ntern data KIND --help shows a kind's flags.\n");
}

static int unknown_kind(const char *name)
{
    static const char *names[N_KINDS];
    for (int i = 0; i < N_KINDS; i++)
        names[i] = kinds[i].name;
    const char *near = tern_nearest(name, names, N_KINDS);
    tern_error error = {{0}};
    if (near)
        tern_fail(&error, "tern data has no kind \"%s\"; did you mean %s?", name, near);
    else
        tern_fail(&error, "tern data has no kind \"%s\"; tern data --help lists them", name);
    tern_command_fail(&error);
    return TERN_EXIT_USAGE;
}

int tern_cmd_data(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name || !strcmp(name, "--help") || !strcmp(name, "-h")) {
        print_kinds();
        return TERN_EXIT_DONE;
    }
    for (int i = 0; i < N_KINDS; i++)
        if (!strcmp(name, kinds[i].name))
            return kinds[i].run(argc - 1, argv + 1);
    return unknown_kind(name);
}
