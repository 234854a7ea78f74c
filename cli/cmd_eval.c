#include "cli/command.h"
#include "cli/models.h"
#include "cli/cut.h"
#include "cli/precision.h"
#include "cli/stored.h"
#include "cli/terminal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/words.h"
#include "data/findings.h"
#include "data/rows.h"
#include "data/warnings_json.h"
#include "eval/retrieval.h"
#include "eval/similarity.h"
#include "eval/triplets.h"
#include "train/exams.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const char *split, *save_run, *run_file, *per_query, *compare_file, *metric, *invalid_utf8;
static const char *anchor, *positive, *negative, *score, *role, *precision;
static int json, judged_only, exclude_same_id, force, spreadsheet;
static int64_t dim;
static double tolerance;
static tern_flag_list expect;

static const tern_flag flags[] = {
    {"split", TERN_FLAG_STRING, &split, "NAME", "which qrels of the folder to use (test)"},
    {"anchor", TERN_FLAG_STRING, &anchor, "COLUMN", "a file's column with the anchor (anchor)"},
    {"positive", TERN_FLAG_STRING, &positive, "COLUMN", "the column with the positive (positive)"},
    {"negative", TERN_FLAG_STRING, &negative, "COLUMN", "that with the negative (negative, negative_1, ...)"},
    {"score", TERN_FLAG_STRING, &score, "COLUMN", "that with the score (score)"},
    {"dim", TERN_FLAG_INT, &dim, "N", "score vectors cut to N components, normalized again (all)"},
    {"role", TERN_FLAG_STRING, &role, "query|document", "prompt of both texts of pairs with scores"},
    {"precision", TERN_FLAG_STRING, &precision, "float32|int8", "precision of the matrix products (float32)"},
    {"json", TERN_FLAG_BOOL, &json, NULL, "one JSON object on one line, figures with all digits"},
    {"expect", TERN_FLAG_LIST, &expect, "METRIC=VALUE", "exit with 1 unless the figure is so; may be repeated"},
    {"tolerance", TERN_FLAG_DOUBLE, &tolerance, "X", "how far from --expect a figure may be (0.0005)"},
    {"per-query", TERN_FLAG_STRING, &per_query, "FILE.csv", "write each query's figures"},
    {"spreadsheet", TERN_FLAG_BOOL, &spreadsheet, NULL, "an apostrophe before ids in that file that start a formula"},
    {"compare", TERN_FLAG_STRING, &compare_file, "FILE.csv", "p-value against an earlier --per-query file"},
    {"metric", TERN_FLAG_STRING, &metric, "METRIC", "what --compare compares (ndcg_at_10 of a folder)"},
    {"save-run", TERN_FLAG_STRING, &save_run, "FILE", "write the ranked documents as a TREC run"},
    {"run", TERN_FLAG_STRING, &run_file, "FILE", "score this TREC run; no MODEL then"},
    {"judged-only", TERN_FLAG_BOOL, &judged_only, NULL, "rank only the documents judged for each query"},
    {"exclude-same-id", TERN_FLAG_BOOL, &exclude_same_id, NULL, "leave out the document with the query's own id"},
    {"invalid-utf8", TERN_FLAG_STRING, &invalid_utf8, "replace", "put U+FFFD for bytes that are not UTF-8"},
    {"force", TERN_FLAG_BOOL, &force, NULL, "overwrite files"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "eval",
    .arguments = "MODEL DATA",
    .least = 1,
    .most = 2,
    .summary =
        "Scores a model on DATA: a BEIR folder (corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv), or a .jsonl, .csv "
        "or .tsv file with the columns anchor, positive and negative (triplet_accuracy) or anchor, positive and "
        "score (cosine_spearman and its like). With --run DATA may also be a file of judgements. MODEL may be bm25, "
        "with options as in bm25:stemmer=none, or MODEL+bm25 for the fusion of both.",
    .example = "tern eval sentence-transformers/all-MiniLM-L6-v2 data/scifact --split test --json\n"
               "tern eval runs/mine/model triplets.jsonl --expect triplet_accuracy=0.9 --tolerance 0.05\n"
               "tern eval runs/mine/model sts.tsv --anchor sentence1 --positive sentence2 --dim 64\n"
               "tern eval bm25 data/scifact --save-run bm25.run\n"
               "tern eval --run bm25.run data/scifact --per-query bm25.csv\n"
               "tern eval runs/mine/model data/scifact --compare bm25.csv",
    .flags = flags,
};

typedef enum kind { KIND_SET, KIND_ROWS, KIND_RUN } kind;

/* One evaluation, from what was asked for to what came out. */
typedef struct evaluation {
    kind kind;
    const char *model, *data; /* model NULL for a run */
    tern_scores scores, earlier;
    int64_t documents;
    tern_coverage set_coverage; /* of a set */
    tern_run_coverage coverage; /* of a run; its counts alone */
    tern_similarity similarity; /* the model's own */
    int by_ranker;              /* BM25 ranked, alone or with a model: its scores are no similarity */
    tern_comparison comparison;
    double seconds;
} evaluation;

/* A model with a bar that runs over all texts. */
static tern_model_source source_of(tern_model *model, int64_t texts)
{
    tern_role plain = !role ? TERN_ROLE_NONE : *role == 'q' ? TERN_ROLE_QUERY : TERN_ROLE_DOCUMENT;
    return (tern_model_source){
        .model = model, .plain = plain, .progress = tern_progress, .context = (void *)"encode", .total = texts};
}

/* The model of a name, as the flags want it; NULL in *out for bm25 alone. */
static int open_ranking_model(const tern_ranker_name *name, tern_model **out, tern_error *error)
{
    *out = NULL;
    if (!name->model)
        return 0;
    *out = tern_command_model_open(name->model, error);
    int status = tern_cut(*out, dim, error);
    return status < 0 ? -1 : tern_precision_use(*out, precision, error);
}

/* Queries for which nothing was ranked, as BM25 does without a common word: a TREC run has no place for them. */
static void warn_of_empty(const tern_trec_run *run)
{
    int64_t empty = 0;
    for (int64_t q = 0; q < run->n_queries; q++)
        empty += run->start[q] == run->start[q + 1];
    if (empty > 0)
        tern_command_warn(
            "%s has no line for %lld of %lld quer%s, for which no document was found: they count as 0 here, and "
            "whoever grades the file leaves them out",
            save_run, (long long)empty, (long long)run->n_queries, tern_ies(run->n_queries));
}

static int rank_and_grade(evaluation *e, const tern_beir *set, const tern_rank_options *options, tern_error *error)
{
    tern_trec_run *run = tern_trec_run_create();
    e->documents = set->n_docs;
    e->set_coverage = set->coverage;
    if (set->note)
        tern_command_warn("%s", set->note);
    int status = tern_retrieval_evaluate(set, options, run, &e->scores, error);
    if (status == 0 && save_run)
        warn_of_empty(run);
    if (status == 0 && save_run)
        status = tern_trec_run_write(run, save_run, "tern", force, error);
    tern_trec_run_free(run);
    return status;
}

static int evaluate_set(evaluation *e, tern_error *error)
{
    tern_ranker_name name;
    tern_model *model = NULL;
    tern_beir *set = NULL;
    int status = tern_ranker_name_parse(&name, e->model, error);
    if (status == 0)
        status = (set = tern_beir_read(e->data, split, invalid_utf8 != NULL, error)) ? 0 : -1;
    if (status == 0)
        status = open_ranking_model(&name, &model, error);
    if (status == 0) {
        tern_rank_options options = {.judged_only = judged_only, .exclude_same_id = exclude_same_id};
        tern_model_source source = source_of(model, set->n_docs + set->n_queries);
        tern_stored stored = {.source = &source};
        if (model)
            options.embedder = tern_stored_embedder(&stored);
        tern_ranker *ranker = name.bm25 ? tern_ranker_of_name(&name, &options.embedder) : NULL;
        options.ranker = ranker;
        e->by_ranker = name.bm25;
        e->similarity = model ? model->similarity : TERN_SIMILARITY_COSINE;
        status = rank_and_grade(e, set, &options, error);
        tern_ranker_free(ranker);
        tern_command_stored_finish(&stored);
    }
    tern_ranker_name_free(&name);
    tern_model_free(model);
    tern_beir_free(set);
    return status;
}

/* Beside negatives scores may be something else: labels that are numbers, a teacher's. */
static int has_scores(const tern_rows *rows)
{
    if (rows->n_negatives == 0 || score)
        return rows->has_score;
    return !rows->has_label && tern_similarity_check(rows, NULL) == 0;
}

/* All that the rows allow for; of rows that allow for nothing, what they lack. */
static int score_rows(const tern_rows *rows, const tern_embedder *embedder, tern_scores *out, tern_error *error)
{
    tern_scores similarity = {0};
    if (rows->n_negatives == 0 && !rows->has_score)
        return tern_fail(error, "it has neither negatives nor scores; name the column with --negative or --score");
    if (rows->n_negatives == 0)
        return tern_similarity_evaluate(rows, embedder, out, error);
    if (has_scores(rows) && tern_similarity_evaluate(rows, embedder, &similarity, error) < 0)
        return -1;
    int status = tern_triplets_evaluate(rows, embedder, out, error);
    if (status == 0 && similarity.n_metrics > 0)
        tern_scores_join(out, &similarity);
    tern_scores_free(&similarity);
    return status;
}

static int evaluate_rows(evaluation *e, tern_error *error)
{
    static const tern_naming naming = {"--", " ", 0, 1};
    tern_findings findings = {0};
    tern_texts *texts = tern_texts_create();
    const tern_rows_source source = {.file = e->data,
                                     .anchor = anchor,
                                     .positive = positive,
                                     .negative = negative,
                                     .score = score,
                                     .invalid_utf8_replace = invalid_utf8 != NULL,
                                     .findings = &findings};
    tern_rows *rows = tern_rows_read(&source, texts, error);
    if (rows)
        tern_findings_say(&findings, e->data, &naming, tern_command_warn_sentence, NULL);
    tern_findings_free(&findings);
    tern_model *model = rows ? tern_command_model_open(e->model, error) : NULL;
    int status = tern_cut(model, dim, error);
    if (status == 0)
        status = tern_precision_use(model, precision, error);
    if (status == 0) {
        tern_model_source by = source_of(model, tern_texts_count(texts));
        e->similarity = model->similarity;
        tern_stored stored = {.source = &by};
        const tern_embedder embedder = tern_stored_embedder(&stored);
        status = score_rows(rows, &embedder, &e->scores, error);
        if (status < 0)
            tern_fail_within(error, "%s", e->data);
        tern_command_stored_finish(&stored);
    }
    tern_model_free(model);
    tern_rows_free(rows);
    tern_texts_free(texts);
    return status;
}

static void warn_of_coverage(const tern_run_coverage *c)
{
    if (c->queries_missing > 0)
        tern_command_warn("%s lacks %lld of %lld quer%s that have relevant documents, such as \"%.60s\"; figures are "
                          "means over the other %lld",
                          run_file, (long long)c->queries_missing, (long long)c->queries, tern_ies(c->queries),
                          c->missing, (long long)(c->queries - c->queries_missing));
    if (c->judged == 0)
        tern_command_warn(
            "none of the %lld document%s that %s ranks for judged queries is judged: it has \"%.60s\" where "
            "the judgements have \"%.60s\"; are the ids written alike?",
            (long long)c->documents, tern_s(c->documents), run_file, c->ranked, c->relevant);
}

static int evaluate_run(evaluation *e, tern_error *error)
{
    char *folder_qrels = tern_format("%s/qrels/%s.tsv", e->data, split);
    const char *path = tern_folder_exists(e->data) ? folder_qrels : e->data;
    tern_qrels qrels = {0};
    int status = tern_qrels_read(&qrels, path, invalid_utf8 != NULL, error);
    tern_trec_run *run = status == 0 ? tern_trec_run_read(run_file, invalid_utf8 != NULL, error) : NULL;
    if (run) {
        const tern_grade_options options = {.judged_only = judged_only, .exclude_same_id = exclude_same_id};
        status = tern_grade_run(run, &qrels, &options, &e->scores, &e->coverage, error);
        if (status < 0)
            tern_fail_within(error, "%s", run_file);
    } else {
        status = -1;
    }
    if (status == 0)
        warn_of_coverage(&e->coverage);
    tern_trec_run_free(run);
    tern_qrels_free(&qrels);
    free(folder_qrels);
    return status;
}

/* Of pairs with scores, the correlation of the model's own similarity. */
static const char *compared_metric(const evaluation *e)
{
    const char *own = tern_similarity_spearman(e->similarity);
    if (metric || e->kind != KIND_ROWS)
        return metric ? metric : "ndcg_at_10";
    return tern_scores_find(&e->scores, own) >= 0 ? own : "triplet_accuracy";
}

static json_t *json_comparison(const evaluation *e)
{
    const tern_comparison *c = &e->comparison;
    json_t *object = json_object();
    json_object_set_new(object, "with", tern_json_of_bytes(compare_file));
    json_object_set_new(object, "metric", json_string(compared_metric(e)));
    json_object_set_new(object, "queries", json_integer(c->n));
    json_object_set_new(object, "before", json_real(c->mean_a));
    json_object_set_new(object, "after", json_real(c->mean_b));
    json_object_set_new(object, "difference", json_real(c->difference));
    json_object_set_new(object, "p_value", json_real(c->p_value));
    return object;
}

static void print_json(const evaluation *e)
{
    json_t *object = json_object(), *metrics = json_object();
    if (e->kind == KIND_RUN)
        json_object_set_new(object, "run", tern_json_of_bytes(run_file));
    else
        json_object_set_new(object, "model", tern_json_of_bytes(e->model));
    json_object_set_new(object, "data", tern_json_of_bytes(e->data));
    if (tern_folder_exists(e->data))
        json_object_set_new(object, "split", tern_json_of_bytes(split));
    json_object_set_new(object, e->kind == KIND_ROWS ? "rows" : "queries", json_integer(e->scores.n_queries));
    if (e->kind == KIND_SET)
        json_object_set_new(object, "documents", json_integer(e->documents));
    if (e->kind == KIND_SET) {
        json_object_set_new(object, "queries_missing", json_integer(e->set_coverage.queries_missing));
        json_object_set_new(object, "documents_missing", json_integer(e->set_coverage.documents_missing));
        json_object_set_new(object, "judgements_missing", json_integer(e->set_coverage.judgements_missing));
        json_object_set_new(object, "queries_without_relevant", json_integer(e->set_coverage.queries_without_relevant));
    }
    if (e->kind == KIND_RUN) {
        json_object_set_new(object, "queries_missing", json_integer(e->coverage.queries_missing));
        json_object_set_new(object, "queries_unjudged", json_integer(e->coverage.queries_unjudged));
        json_object_set_new(object, "documents_judged", json_integer(e->coverage.judged));
    }
    if (e->kind != KIND_RUN && !e->by_ranker)
        json_object_set_new(object, "similarity", json_string(tern_similarity_name(e->similarity)));
    if (dim > 0)
        json_object_set_new(object, "dim", json_integer(dim));
    if (precision)
        json_object_set_new(object, "precision", json_string(precision));
    json_object_set_new(object, "seconds", json_real(e->seconds));
    for (int i = 0; i < e->scores.n_metrics; i++)
        json_object_set_new(metrics, e->scores.names[i], json_real(e->scores.means[i]));
    json_object_set_new(object, "metrics", metrics);
    if (compare_file)
        json_object_set_new(object, "comparison", json_comparison(e));
    tern_command_add_warnings(object);
    json_dumpf(object, stdout, JSON_REAL_PRECISION(17)); /* a failed write is seen by tern_command_end */
    putchar('\n');
    json_decref(object);
}

/* A narrow terminal shows as many columns as it has room for. */
static void print_retrieval(const tern_scores *scores)
{
    static const int cutoffs[] = {10, 100, 1, 3, 5, 20, 1000}; /* the usual ones first */
    static const char *const kinds[] = {"ndcg", "recall", "map", "mrr", "precision", "hit_rate"};
    enum { NAME = 12, NARROW = 9, WIDE = 10, N = sizeof cutoffs / sizeof *cutoffs };
    int width = tern_line_width(stdout), column = width < NAME + N * WIDE ? NARROW : WIDE;
    int fit = (width - NAME) / column, n = fit < 1 ? 1 : fit > N ? N : fit;
    printf("%-*s", NAME, "");
    for (int c = 0; c < n; c++)
        printf("%*sat_%-4d", column - 7, "", cutoffs[c]);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        printf("\n%-*s", NAME, kinds[k]);
        for (int c = 0; c < n; c++) {
            char name[64];
            snprintf(name, sizeof name, "%s_at_%d", kinds[k], cutoffs[c]);
            printf("%*.5f", column, tern_scores_get(scores, name));
        }
    }
    putchar('\n');
}

/* The model's own similarity comes first. */
static void print_rows(const evaluation *e)
{
    const char *own = tern_similarity_name(e->similarity);
    const tern_scores *s = &e->scores;
    for (int others = 0; others < 2; others++)
        for (int i = 0; i < s->n_metrics; i++)
            if (others == (s->origins[i].score >= 0 && strncmp(s->names[i], own, strlen(own)) != 0))
                printf("%-18s %8.5f\n", s->names[i], s->means[i]);
}

static void print_table(const evaluation *e)
{
    int64_t n = e->scores.n_queries;
    tern_buffer line = {0};
    if (e->kind == KIND_ROWS) {
        tern_buffer_printf(&line, "%s on %s: %lld row%s, %.1f s", e->model, e->data, (long long)n, tern_s(n),
                           e->seconds);
        tern_print_fitted(stdout, line.data, 0);
        print_rows(e);
    } else {
        int in_folder = tern_folder_exists(e->data);
        tern_buffer_printf(&line, "%s on %s%s%s: %lld quer%s", e->kind == KIND_RUN ? run_file : e->model, e->data,
                           in_folder ? ", " : "", in_folder ? split : "", (long long)n, tern_ies(n));
        if (e->kind == KIND_SET)
            tern_buffer_printf(&line, ", %lld document%s", (long long)e->documents, tern_s(e->documents));
        tern_buffer_printf(&line, ", %.1f s", e->seconds);
        tern_print_fitted(stdout, line.data, 0);
        print_retrieval(&e->scores);
    }
    tern_buffer_free(&line);
    const tern_comparison *c = &e->comparison;
    if (!compare_file)
        return;
    tern_buffer_printf(&line, "%s: %.5f, from %.5f in %s: %+.5f, p = %.2g over %lld %s%s", compared_metric(e),
                       c->mean_b, c->mean_a, compare_file, c->difference, c->p_value, (long long)c->n,
                       e->kind == KIND_ROWS ? "row" : "quer", e->kind == KIND_ROWS ? tern_s(c->n) : tern_ies(c->n));
    tern_print_fitted(stdout, line.data, 0);
    tern_buffer_free(&line);
}

/* *name becomes the documented one. */
static int check_metric(const char *flag, const char **name)
{
    const char *known = tern_metric_named(*name), *near = known ? NULL : tern_metric_nearest(*name);
    if (known) {
        *name = known;
        return TERN_GO_ON;
    }
    return near ? tern_command_usage(&command, "--%s: there is no metric %s; did you mean %s?", flag, *name, near)
                : tern_command_usage(&command, "--%s: there is no metric %s; one is ndcg_at_10", flag, *name);
}

/* METRIC=VALUE into its parts, the metric by its documented name. Returns TERN_GO_ON or the status of a wrong usage. */
static int parse_expectation(const char *item, const char **metric_name, double *value)
{
    const char *equals = strchr(item, '=');
    size_t n = equals ? (size_t)(equals - item) : 0;
    char name[64], *end = NULL;
    if (!equals || n == 0 || n >= sizeof name)
        return tern_command_usage(&command, "--expect takes METRIC=VALUE, e.g. ndcg_at_10=0.645, not \"%s\"", item);
    memcpy(name, item, n);
    name[n] = 0;
    *value = strtod(equals + 1, &end);
    if (end == equals + 1 || *end || !isfinite(*value))
        return tern_command_usage(&command, "--expect %s: \"%s\" is not a number", name, equals + 1);
    const char *known = name;
    int status = check_metric("expect", &known);
    *metric_name = status == TERN_GO_ON ? known : NULL;
    return status;
}

/* All figures that are not as expected, in one sentence. */
static int check_expectations(const evaluation *e, tern_error *error)
{
    tern_buffer wrong = {0};
    for (int i = 0; i < expect.n; i++) {
        const char *name;
        double want, got;
        parse_expectation(expect.items[i], &name, &want);
        got = tern_scores_get(&e->scores, name);
        if (isnan(got))
            tern_buffer_printf(&wrong, "%sthere is no %s for this data", wrong.n ? "; " : "", name);
        else if (!(fabs(got - want) <= tolerance))
            tern_buffer_printf(&wrong, "%s%s is %.5f, expected %.5f within %g", wrong.n ? "; " : "", name, got, want,
                               tolerance);
    }
    int status = wrong.n ? tern_fail(error, "%s", wrong.data) : 0;
    tern_buffer_free(&wrong);
    return status;
}

/* What would fail after the work is seen before it. */
static int check_output(const char *path, const char *data, tern_error *error)
{
    if (!path)
        return 0;
    if (tern_same_file(path, data) || (run_file && tern_same_file(path, run_file)))
        return tern_fail(error, "%s: it is what is scored, which would be overwritten; name another file", path);
    return tern_writer_check(path, force, error);
}

static int evaluate(evaluation *e, tern_error *error)
{
    static int (*const by_kind[])(evaluation *, tern_error *) = {evaluate_set, evaluate_rows, evaluate_run};
    double start = tern_seconds();
    if (!tern_folder_exists(e->data) && !tern_file_exists(e->data))
        return tern_fail(error, "%s: there is no such folder or file", e->data);
    if (check_output(save_run, e->data, error) < 0 || check_output(per_query, e->data, error) < 0)
        return -1;
    if (compare_file && tern_scores_read(&e->earlier, compare_file, error) < 0)
        return -1;
    if (by_kind[e->kind](e, error) < 0)
        return -1;
    e->seconds = tern_seconds() - start;
    int how = (force ? TERN_SCORES_OVERWRITE : 0) | (spreadsheet ? TERN_SCORES_SPREADSHEET : 0);
    if (per_query && tern_scores_write(&e->scores, per_query, how, error) < 0)
        return -1;
    if (compare_file && tern_scores_compare(&e->earlier, &e->scores, compared_metric(e), &e->comparison, error) < 0)
        return tern_fail_within(error, "%s", compare_file);
    (json ? print_json : print_table)(e);
    return check_expectations(e, error);
}

/* bm25 has words and no vectors, and ranks. */
static int check_bm25(const evaluation *e)
{
    tern_ranker_name name;
    tern_error error = {{0}};
    int status = tern_ranker_name_parse(&name, e->model, &error) < 0 ? tern_command_usage(&command, "%s", error.message)
                                                                     : TERN_GO_ON;
    const char *flag = dim > 0 ? "dim" : precision ? "precision" : NULL;
    if (status == TERN_GO_ON && name.bm25 && e->kind != KIND_SET)
        status = tern_command_usage(&command, "%s ranks documents; DATA is a BEIR folder then", e->model);
    else if (status == TERN_GO_ON && name.bm25 && !name.model && flag)
        status = tern_command_usage(&command, "--%s is for vectors, and %s has none", flag, e->model);
    tern_ranker_name_free(&name);
    return status;
}

/* Which kind of evaluation the arguments ask for; a wrong usage is said. */
static int find_kind(const char *const *args, evaluation *e)
{
    e->model = run_file ? NULL : args[0];
    e->data = run_file ? args[0] : args[1];
    if (run_file && args[1])
        return tern_command_usage(&command, "with --run there is no MODEL; give DATA alone");
    if (!e->data)
        return tern_command_usage(&command,
                                  "DATA is missing: a BEIR folder, or a file of triplets or of pairs with scores");
    int status = run_file ? TERN_GO_ON : tern_command_check_order(&command, e->model, e->data);
    if (status != TERN_GO_ON)
        return status;
    e->kind = run_file ? KIND_RUN : tern_folder_exists(e->data) ? KIND_SET : KIND_ROWS;
    if (e->kind != KIND_SET && save_run)
        return tern_command_usage(&command, "--save-run needs a MODEL and a BEIR folder");
    if (e->kind != KIND_ROWS && (anchor || positive || negative || score || role))
        return tern_command_usage(&command,
                                  "--anchor, --positive, --negative, --score and --role are for files of rows");
    if (spreadsheet && !per_query)
        return tern_command_usage(&command, "--spreadsheet is of the file that --per-query writes; give it too");
    if (e->kind == KIND_RUN && dim > 0)
        return tern_command_usage(&command, "with --run there are no vectors to cut to --dim");
    if (e->kind == KIND_RUN && precision)
        return tern_command_usage(&command, "with --run there is no model that --precision would be of");
    if (e->kind == KIND_ROWS && (judged_only || exclude_same_id))
        return tern_command_usage(&command, "--judged-only and --exclude-same-id need a BEIR folder; %s is none",
                                  e->data);
    return e->kind == KIND_RUN ? TERN_GO_ON : check_bm25(e);
}

static int check_flags(void)
{
    int status = metric ? check_metric("metric", &metric) : TERN_GO_ON;
    for (int i = 0; i < expect.n && status == TERN_GO_ON; i++) {
        const char *name;
        double value;
        status = parse_expectation(expect.items[i], &name, &value);
    }
    if (status == TERN_GO_ON && tolerance < 0)
        status = tern_command_usage(&command, "--tolerance takes a number of 0 or more");
    if (status == TERN_GO_ON && dim == 0)
        status = tern_command_usage(&command, "--dim takes a number of 1 or more");
    if (status == TERN_GO_ON && role && strcmp(role, "query") != 0 && strcmp(role, "document") != 0)
        status = tern_command_usage(&command, "--role %s: a role is query or document", role);
    if (status == TERN_GO_ON && invalid_utf8 && strcmp(invalid_utf8, "replace") != 0)
        status = tern_command_usage(&command, "--invalid-utf8 %s: the only choice is replace", invalid_utf8);
    return status == TERN_GO_ON ? tern_precision_check(&command, precision) : status;
}

int tern_cmd_eval(int argc, char **argv)
{
    const char *args[2];
    tern_error error = {{0}};
    evaluation e = {0};
    split = "test";
    tolerance = 0.0005;
    dim = -1;
    int status = tern_flags_parse(&command, argc, argv, args);
    if (status == TERN_GO_ON)
        status = check_flags();
    if (status == TERN_GO_ON)
        status = find_kind(args, &e);
    if (status != TERN_GO_ON)
        return status;
    status = evaluate(&e, &error) < 0 ? tern_command_fail(&error) : TERN_EXIT_DONE;
    tern_scores_free(&e.scores);
    tern_scores_free(&e.earlier);
    free(expect.items);
    return tern_command_end(status);
}
