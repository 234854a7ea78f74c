/* tern mine: hard negatives for the rows of a recipe, as a file to train on. */
#include "cli/command.h"
#include "cli/precision.h"
#include "cli/stored.h"
#include "cli/terminal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/words.h"
#include "checkpoints/model.h"
#include "data/findings.h"
#include "data/warnings_json.h"
#include "mining/output.h"
#include "train/check_data.h"
#include "train/mine_setup.h"
#include "train/rows_source.h"

#include <jansson.h>
#include <string.h>

static tern_flag_list sets;
static const char *output, *explain, *precision;
static int json, force;

static const tern_flag flags[] = {
    {"output", TERN_FLAG_STRING, &output, "FILE.jsonl", "what is written; its form is mine.output"},
    {"set", TERN_FLAG_LIST, &sets, "KEY=VALUE", "override a key of the recipe; may be given several times"},
    {"explain", TERN_FLAG_STRING, &explain, "QUERY", "every candidate of one query, by id or text, and its fate"},
    {"precision", TERN_FLAG_STRING, &precision, "float32|int8", "of the model's matrix products (float32)"},
    {"json", TERN_FLAG_BOOL, &json, NULL, "the audit as one JSON object, the last line of stdout"},
    {"force", TERN_FLAG_BOOL, &force, NULL, "overwrite the file"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "mine",
    .arguments = "RECIPE",
    .least = 1,
    .most = 1,
    .summary = "Finds hard negatives for the rows of a recipe's data.train, as its section mine says, writes them as "
               "JSONL that tern train reads, and shows an audit: what was left out and why, scores, samples.",
    .example = "tern mine recipes/scifact.yaml --output negatives.jsonl\n"
               "tern mine my.yaml --set mine.miners=dense=0.5,bm25=0.5 --output negatives.jsonl --json\n"
               "tern mine my.yaml --explain \"how do I reset my password?\"",
    .flags = flags,
    .flag_advice = tern_recipe_flag_advice,
};

static const tern_mine_output *form_of(const tern_recipe *recipe)
{
    return &tern_mine_outputs()[recipe->mine.output];
}

/* Every pair is taken for a right one: pairs with labels 0, or with scores of all kinds, are not. */
static int check_pairs(const tern_recipe *recipe, const tern_rows *rows, tern_error *error)
{
    int64_t n = rows->score && rows->n_scores == 1 ? rows->n : 0, below = 0;
    double most = n > 0 ? rows->score[0] : 0;
    for (int64_t i = 0; i < n; i++)
        most = rows->score[i] > most ? rows->score[i] : most;
    for (int64_t i = 0; i < n; i++)
        below += rows->score[i] < most;
    if (below == 0)
        return 0;
    return tern_fail(error,
                     "%s: %lld of %lld rows have a label or score below the greatest, %g, and each row's positive is "
                     "taken for a right one; keep the right rows alone, without that column",
                     tern_recipe_line(recipe, "data.train"), (long long)below, (long long)rows->n, most);
}

static tern_rows *read_rows(const tern_recipe *recipe, tern_texts *texts, tern_error *error)
{
    tern_findings findings = {.go_on = 1};
    tern_rows_source source = tern_rows_source_of(recipe, &recipe->sources[0].data);
    source.findings = &findings;
    if (source.negatives_per_row == 0)
        source.negatives_per_row = TERN_ALL_NEGATIVES; /* those that there are play no part */
    tern_rows *rows = tern_rows_read(&source, texts, error);
    if (!rows)
        tern_fail_within(error, "%s", tern_recipe_line(recipe, "data.train"));
    else
        tern_check_say_findings(recipe, 0, &findings, tern_command_warn_sentence, NULL);
    if (rows && rows->note)
        tern_command_warn("%s", rows->note);
    if (rows && rows->n_negatives > 0)
        tern_command_warn("the negatives that the rows have are not used; those that are mined take their place");
    tern_findings_free(&findings);
    if (rows && check_pairs(recipe, rows, error) < 0) {
        tern_rows_free(rows);
        return NULL;
    }
    return rows;
}

static int write_file(const tern_recipe *recipe, const tern_mine_setup *n, const tern_mined *mined,
                      tern_mine_written *written, tern_error *error)
{
    tern_writer *file = tern_writer_open(output, force, error);
    if (!file)
        return -1;
    tern_mine_writer writer = {.pool = n->pool,
                               .mined = mined,
                               .wanted = recipe->mine.num_negatives,
                               .drop_short = recipe->mine.short_rows == TERN_SHORT_DROP,
                               .f = tern_writer_stream(file)};
    tern_mine_write(form_of(recipe), &writer);
    *written = writer.written;
    if (written->lines > 0)
        return tern_writer_commit(file, error);
    tern_writer_discard(file);
    return tern_fail(error,
                     "%s: no query has %lld negatives, and mine.short_rows: drop leaves out those with fewer, so "
                     "nothing is written",
                     tern_recipe_line(recipe, "mine.short_rows"), (long long)recipe->mine.num_negatives);
}

/* What left out most, so that its key can be loosened. */
static int fail_none(const tern_recipe *recipe, const tern_mined *mined, tern_error *error)
{
    int64_t right = mined->fates[TERN_FATE_POSITIVE] + mined->fates[TERN_FATE_EQUAL];
    int most = TERN_FATE_LEFT;
    for (int fate = 0; fate < TERN_FATES; fate++)
        if (fate != TERN_FATE_POSITIVE && fate != TERN_FATE_EQUAL)
            most = mined->fates[fate] > mined->fates[most] ? fate : most;
    if (mined->fates[most] == 0 && right > 0)
        return tern_fail(error, "%s: no query has a negative; all that the miners found is right, or says the same",
                         tern_recipe_line(recipe, "mine.miners"));
    if (mined->fates[most] == 0)
        return tern_fail(error, "%s: no miner found a candidate for any query; bm25 needs a word in common",
                         tern_recipe_line(recipe, "mine.miners"));
    return tern_fail(error,
                     "%s: no query has a negative; most candidates, %lld, were left out as %s (%s); tern mine "
                     "--explain QUERY shows each",
                     tern_recipe_line(recipe, "mine"), (long long)mined->fates[most], tern_fate_name((tern_fate)most),
                     tern_fate_help((tern_fate)most));
}

static long long count_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* "left out: 919 positive, 12 relative_margin", without what is 0. */
static void print_counts(const json_t *object, const char *before)
{
    tern_buffer line = {0};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (json_integer_value(value) > 0)
            tern_buffer_printf(&line, "%s%lld %s", line.n ? ", " : "", (long long)json_integer_value(value), key);
    }
    char *text = tern_format("%s%s", before, line.n ? line.data : "none");
    tern_print_fitted(stdout, text, 0);
    free(text);
    tern_buffer_free(&line);
}

static void print_scores(const json_t *scores)
{
    static const char *const rows[] = {"positive", "negative", "difference"};
    static const char *const columns[] = {"mean", "p5", "median", "p95"};
    if (!json_is_object(json_object_get(scores, "negative")))
        return;
    printf("%-12s%9s%9s%9s%9s\n", "scores", columns[0], columns[1], columns[2], columns[3]);
    for (size_t r = 0; r < 3; r++) {
        printf("%-12s", rows[r]);
        for (size_t c = 0; c < 4; c++)
            printf("%9.4f", json_number_value(json_object_get(json_object_get(scores, rows[r]), columns[c])));
        putchar('\n');
    }
}

static void print_sample(const json_t *sample)
{
    const json_t *score = json_object_get(sample, "score");
    char numbers[64] = "";
    if (json_is_number(score))
        snprintf(numbers, sizeof numbers, " %.4f (positive %.4f)", json_number_value(score),
                 json_number_value(json_object_get(sample, "positive_score")));
    char *line = tern_format("  %-16s rank %lld%s by %s: %s", json_string_value(json_object_get(sample, "fate")),
                             count_of(sample, "rank"), numbers, json_string_value(json_object_get(sample, "miner")),
                             json_string_value(json_object_get(sample, "document")));
    tern_print_cut(stdout, line);
    free(line);
}

/* Below each query what was right for it. */
static void print_list(const json_t *list)
{
    const char *last = NULL;
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one)
    {
        const char *query = json_string_value(json_object_get(one, "query"));
        if (!last || strcmp(query, last) != 0) {
            char *right = tern_format("  right: %s", json_string_value(json_object_get(one, "positive")));
            putchar('\n');
            tern_print_cut(stdout, query);
            tern_print_cut(stdout, right);
            free(right);
        }
        last = query;
        print_sample(one);
    }
}

/* What share of the negatives may be right. */
static void print_estimate(const json_t *estimate)
{
    if (!json_is_object(estimate))
        return;
    long long queries = count_of(estimate, "queries");
    int judged = strcmp(json_string_value(json_object_get(estimate, "by")), "judgements") == 0;
    char *line = tern_format("false negatives  %.1f %% (%.1f to %.1f) %s %lld quer%s%s",
                             100 * json_number_value(json_object_get(estimate, "rate")),
                             100 * json_number_value(json_object_get(estimate, "low")),
                             100 * json_number_value(json_object_get(estimate, "high")),
                             judged ? "if one right document a query were known; from" : "by the second opinion; from",
                             queries, tern_ies(queries), judged ? " with several" : "");
    tern_print_fitted(stdout, line, 0);
    free(line);
}

/* What is out of the ordinary, where there is any of it. */
static void print_asides(const json_t *audit)
{
    static const struct {
        const char *key, *one, *more;
    } asides[] = {
        {"documents_repeated", "document says what another says to the letter",
         "documents say what another says to the letter"},
        {"documents_blank", "document has no text", "documents have no text"},
        {"positives_outside_corpus", "positive is not in the corpus", "positives are not in the corpus"},
        {"hubs", "document is a negative of so many queries that it is one of no more (mine.max_share)",
         "documents are negatives of so many queries that they are of no more (mine.max_share)"},
        {"relabelled", "candidate is made a positive", "candidates are made positives"},
    };
    for (size_t i = 0; i < sizeof asides / sizeof *asides; i++) {
        long long n = count_of(audit, asides[i].key);
        char *line = tern_format("%lld %s", n, n == 1 ? asides[i].one : asides[i].more);
        if (n > 0)
            tern_print_fitted(stdout, line, 0);
        free(line);
    }
}

static void print_audit(const json_t *audit)
{
    tern_print(stdout, "%lld quer%s with %lld positive%s, %lld document%s\n", count_of(audit, "queries"),
               tern_ies(count_of(audit, "queries")), count_of(audit, "positives"), tern_s(count_of(audit, "positives")),
               count_of(audit, "documents"), tern_s(count_of(audit, "documents")));
    char *before = tern_format("%lld negative%s: ", count_of(audit, "negatives"), tern_s(count_of(audit, "negatives")));
    print_counts(json_object_get(audit, "miners"), before);
    free(before);
    print_counts(json_object_get(audit, "filters"), "other candidates: ");
    print_asides(audit);
    print_scores(json_object_get(audit, "scores"));
    print_estimate(json_object_get(audit, "false_negatives"));
    print_estimate(json_object_get(audit, "second_opinion"));
    print_estimate(json_object_get(audit, "judgements"));
    const json_t *explained = json_object_get(audit, "explain");
    print_list(explained ? explained : json_object_get(audit, "samples"));
}

static void warn_of_short(const json_t *audit, const tern_recipe *recipe, const tern_mine_written *written)
{
    long long few = count_of(audit, "queries_short"), none = count_of(audit, "queries_without_negatives");
    if (few > 0)
        tern_command_warn("%lld of %lld quer%s %s fewer than %lld negative%s, %lld of them none%s", few,
                          count_of(audit, "queries"), tern_ies(count_of(audit, "queries")), few == 1 ? "has" : "have",
                          (long long)recipe->mine.num_negatives, tern_s(recipe->mine.num_negatives), none,
                          written->rows > 0 && written->dropped == 0 ? "; their rows are kept" : "");
    if (written->dropped > 0)
        tern_command_warn("%lld row%s %s left out for want of negatives", (long long)written->dropped,
                          tern_s(written->dropped), tern_is(written->dropped));
}

/* What reading and indexing takes is only measured. */
static void warn_of_memory(const tern_recipe *recipe)
{
    double may = (double)recipe->train.memory / 1048576, peak = tern_peak_memory_mb();
    if (may > 0 && peak > may)
        tern_command_warn("mining took %.0f MB of memory, more than train.memory, %.0f MB", peak, may);
}

static void show(const tern_recipe *recipe, const json_t *audit, const tern_mine_written *written)
{
    if (json) {
        json_dumpf(audit, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));
        putchar('\n');
        return;
    }
    print_audit(audit);
    if (!output)
        return;
    putchar('\n');
    tern_print(stdout, "%s: %lld line%s (%s)\n", output, (long long)written->lines, tern_s(written->lines),
               form_of(recipe)->name);
}

static int finish(const tern_recipe *recipe, const tern_mine_setup *n, json_t *audit, const tern_mined *mined,
                  double seconds, tern_error *error)
{
    tern_mine_written written = {0};
    if (output && mined->start[mined->n_queries] == 0)
        return fail_none(recipe, mined, error);
    if (output && write_file(recipe, n, mined, &written, error) < 0)
        return -1;
    if (output) {
        json_object_set_new(audit, "output", tern_json_of_bytes(output));
        json_object_set_new(audit, "form", json_string(form_of(recipe)->name));
        json_object_set_new(audit, "lines", json_integer(written.lines));
        json_object_set_new(audit, "rows", json_integer(written.rows));
        json_object_set_new(audit, "rows_dropped", json_integer(written.dropped));
    }
    if (precision)
        json_object_set_new(audit, "precision", json_string(precision));
    json_object_set_new(audit, "seconds", json_real(seconds));
    json_object_set_new(audit, "peak_memory_mb", json_real(tern_peak_memory_mb()));
    warn_of_memory(recipe);
    warn_of_short(audit, recipe, &written);
    tern_command_add_warnings(audit);
    show(recipe, audit, &written);
    return 0;
}

static int64_t explained(const tern_mine_setup *n, tern_error *error)
{
    int64_t query = explain ? tern_mine_pool_find(n->pool, explain) : -1;
    if (explain && query < 0)
        tern_fail(error, "--explain: no training query has the id or the text \"%.80s\"", explain);
    return query;
}

static int mine(const tern_recipe *recipe, const tern_rows *rows, tern_error *error)
{
    const tern_train_watch watch = {.work = tern_command_show_work};
    double start = tern_seconds();
    tern_mine_setup *n = tern_mine_setup_open(recipe, 0, rows, NULL, &watch, error);
    int status = -1;
    if (!n)
        return -1;
    tern_command_warn_all(&n->warnings);
    n->job.scores = n->job.strict = 1;
    int64_t query = explained(n, error);
    if ((!explain || query >= 0) && tern_precision_use(n->own, precision, error) == 0) {
        json_t *audit;
        tern_mined *mined = tern_mine_setup_run(n, query, &audit, error);
        const tern_stored stored = tern_mine_setup_stored(n);
        if (mined)
            tern_command_stored_say(&stored);
        if (mined)
            status = finish(recipe, n, audit, mined, tern_seconds() - start, error);
        tern_mined_free(mined);
        json_decref(audit);
    }
    tern_mine_setup_free(n);
    return status;
}

/* What would fail after the long work is known before it. */
static int check(const tern_recipe *recipe, tern_error *error)
{
    if (recipe->n_sources > 1)
        return tern_fail(error, "%s: tern mine takes one data set, and data.train has %d; give each a recipe",
                         tern_recipe_line(recipe, "data.train"), recipe->n_sources);
    return output ? tern_writer_check(output, force, error) : 0;
}

int tern_cmd_mine(int argc, char **argv)
{
    const char *args[1];
    tern_error error = {{0}};
    int status = tern_flags_parse(&command, argc, argv, args);
    if (status != TERN_GO_ON)
        return status;
    if (!tern_file_exists(args[0]) && tern_model_exists(args[0]))
        return tern_command_usage(&command, "%s is a model, and RECIPE is a YAML file that says model: %s and more",
                                  args[0], args[0]);
    status = tern_precision_check(&command, precision);
    if (status != TERN_GO_ON)
        return status;
    if (!output && !explain)
        return tern_command_usage(&command, "--output FILE.jsonl is missing: where the rows with negatives go");
    tern_recipe *recipe = tern_recipe_read(args[0], sets.items, sets.n, &error);
    if (!recipe)
        return tern_command_fail(&error);
    tern_texts *texts = tern_texts_create();
    tern_rows *rows = check(recipe, &error) == 0 ? read_rows(recipe, texts, &error) : NULL;
    status = rows ? mine(recipe, rows, &error) : -1;
    tern_rows_free(rows);
    tern_texts_free(texts);
    tern_recipe_free(recipe);
    return status < 0 ? tern_command_fail(&error) : tern_command_end(TERN_EXIT_DONE);
}
