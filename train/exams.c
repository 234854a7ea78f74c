#include "train/exams.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "data/findings.h"
#include "eval/retrieval.h"
#include "eval/similarity.h"
#include "eval/triplets.h"
#include "train/inputs.h"
#include "train/rows_source.h"
#include "train/stored.h"
#include "train/watched.h"

#include <string.h>

/* Documents of both sets are held at once only up to this size; a function of the data alone, so that the same recipe
 * always takes the same way. */
static const int64_t most_shared_bytes = INT64_C(1) << 30;

static int open_beir(tern_exam *exam, const tern_recipe *recipe, const tern_recipe_data *data, const char *line,
                     tern_error *error)
{
    exam->beir = tern_beir_read(data->beir, data->split, recipe->data.invalid_utf8_replace, error);
    if (!exam->beir)
        return tern_fail_within(error, "%s", line);
    return exam->beir->n_queries > 0 && exam->beir->n_docs > 0
               ? 0
               : tern_fail(error, "%s: %s has no judged query or no document in split %s", line, data->beir,
                           data->split);
}

static int check_rows(const tern_exam *exam, const char *metric, tern_error *error)
{
    const tern_rows *rows = exam->rows;
    if (exam->similarity)
        return tern_similarity_check(rows, error) < 0 ? tern_fail_within(error, "%s", metric) : 0;
    if (rows->n == 0 || !rows->positive || rows->n_negatives == 0)
        return tern_fail(error, "%s needs rows with anchor, positive and negative%s", metric,
                         rows->has_score ? "; for pairs with scores write eval.metric: cosine_spearman" : "");
    return 0;
}

static void warn(void *exams, const char *sentence)
{
    tern_warn(&((tern_exams *)exams)->warnings, "%s", sentence);
}

static void say_findings(tern_exams *exams, const char *section, const char *file, const tern_findings *findings)
{
    char *before = tern_format("%s.", section);
    tern_findings_say(findings, file, &(tern_naming){before, ": ", 0, 1}, warn, exams);
    free(before);
}

static int open_file(tern_exams *exams, tern_exam *exam, const tern_recipe *recipe, const tern_recipe_data *data,
                     const char *section, tern_error *error)
{
    const char *metric = recipe->eval.metric, *line = tern_recipe_line(recipe, section);
    tern_rows_source source = tern_rows_source_of(recipe, data);
    tern_findings findings = {.go_on = 1};
    source.findings = &findings;
    exam->similarity = tern_metric_family_of(metric) == TERN_METRIC_SIMILARITY;
    exam->texts = tern_texts_create();
    exam->rows = tern_rows_read(&source, exam->texts, error);
    if (exam->rows)
        say_findings(exams, section, data->file, &findings);
    tern_findings_free(&findings);
    if (!exam->rows)
        return tern_fail_within(error, "%s", line);
    if (check_rows(exam, metric, error) < 0)
        return tern_fail_within(error, "%s: %s", line, data->file);
    return 0;
}

static int open_exam(tern_exams *exams, int which, const tern_recipe *recipe, const tern_recipe_data *data,
                     const char *section, tern_error *error)
{
    tern_exam *exam = &exams->exam[which];
    exam->exclude_same_id = data->exclude_same_id;
    if (data->beir)
        return open_beir(exam, recipe, data, tern_recipe_line(recipe, section), error);
    return data->file ? open_file(exams, exam, recipe, data, section, error) : 0;
}

static int same_corpus(const tern_recipe *recipe, const tern_exams *exams)
{
    const char *dev = recipe->data.dev.beir, *test = recipe->data.test.beir;
    return dev && test && strcmp(dev, test) == 0 && exams->exam[0].beir->n_docs == exams->exam[1].beir->n_docs;
}

int tern_exams_open(tern_exams *exams, const tern_recipe *recipe, tern_error *error)
{
    *exams = (tern_exams){0};
    if (open_exam(exams, TERN_EXAM_DEV, recipe, &recipe->data.dev, "data.dev", error) < 0 ||
        open_exam(exams, TERN_EXAM_TEST, recipe, &recipe->data.test, "data.test", error) < 0)
        return -1;
    exams->shared_corpus = same_corpus(recipe, exams);
    return 0;
}

void tern_exams_close(tern_exams *exams)
{
    for (int i = 0; i < TERN_EXAMS; i++) {
        tern_beir_free(exams->exam[i].beir);
        tern_rows_free(exams->exam[i].rows);
        tern_texts_free(exams->exam[i].texts);
    }
    tern_warnings_free(&exams->warnings);
    *exams = (tern_exams){0};
}

int tern_exams_has(const tern_exams *exams, int which)
{
    return exams->exam[which].beir || exams->exam[which].rows;
}

static uint64_t add_strings(uint64_t hash, char *const *strings, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        hash = tern_hash(strings[i], strlen(strings[i]), hash);
    return tern_hash(&n, sizeof n, hash);
}

uint64_t tern_exams_fingerprint(const tern_exams *exams, int which)
{
    const tern_exam *exam = &exams->exam[which];
    const tern_beir *beir = exam->beir;
    if (!beir)
        return exam->rows ? tern_mix(tern_rows_fingerprint(exam->rows) ^ (uint64_t)exam->similarity) : 0;
    const tern_qrels *qrels = &beir->qrels;
    size_t judged = (size_t)qrels->start[qrels->n_queries], starts = (size_t)qrels->n_queries + 1;
    uint64_t hash = add_strings(0, beir->doc_ids, beir->n_docs);
    hash = add_strings(hash, beir->doc_texts, beir->n_docs);
    hash = add_strings(hash, beir->query_ids, beir->n_queries);
    hash = add_strings(hash, beir->query_texts, beir->n_queries);
    hash = add_strings(hash, qrels->query_ids, qrels->n_queries);
    hash = add_strings(hash, qrels->doc_ids, (int64_t)judged);
    hash = tern_hash(qrels->start, starts * sizeof *qrels->start, hash);
    return tern_hash(qrels->grades, judged * sizeof *qrels->grades, hash);
}

/* Looks at parts of the list, up to the first text that is cut. */
static int any_cut(const tern_model *model, const char *prompt, const char *const *texts, int64_t n, int64_t limit)
{
    enum { PART = 4096 };
    int cut = 0;
    for (int64_t first = 0; first < n && !cut; first += PART) {
        tern_ids ids = {0};
        tern_tokenizer_encode_all(model->tokenizer, prompt, texts + first, NULL, tern_min(PART, n - first), limit,
                                  &ids);
        cut = ids.cut > 0;
        tern_ids_free(&ids);
    }
    return cut;
}

/* Of rows with whichever prompt a text may get. */
static int any_row_cut(const tern_exam *exam, const tern_model *model, int64_t limit)
{
    const char *const prompts[] = {model->query_prompt, model->document_prompt, model->default_prompt};
    int64_t n = tern_texts_count(exam->texts);
    const char **texts = tern_alloc((size_t)n, sizeof *texts);
    int cut = 0;
    for (int64_t t = 0; t < n; t++)
        texts[t] = tern_texts_get(exam->texts, t, NULL);
    for (int i = 0; i < 3 && !cut; i++)
        cut = any_cut(model, prompts[i], texts, n, limit);
    free(texts);
    return cut;
}

int tern_exams_cut(const tern_exams *exams, int which, const tern_model *model, int64_t limit)
{
    const tern_exam *exam = &exams->exam[which];
    const tern_beir *beir = exam->beir;
    if (!beir)
        return exam->rows && any_row_cut(exam, model, limit);
    return any_cut(model, model->document_prompt, (const char *const *)beir->doc_texts, beir->n_docs, limit) ||
           any_cut(model, model->query_prompt, (const char *const *)beir->query_texts, beir->n_queries, limit);
}

static int64_t text_count(const tern_exam *exam)
{
    if (exam->beir)
        return exam->beir->n_docs + exam->beir->n_queries;
    return exam->rows->n * (exam->similarity ? 2 : 2 + exam->rows->n_negatives);
}

/* documents: vectors of the set's documents, or NULL. */
static int score(const tern_exam *exam, const tern_embedder *embedder, const float *documents, tern_scores *out,
                 tern_error *error)
{
    if (!exam->beir)
        return (exam->similarity ? tern_similarity_evaluate : tern_triplets_evaluate)(exam->rows, embedder, out, error);
    tern_rank_options options = {.embedder = *embedder, .doc_vectors = documents};
    options.exclude_same_id = exam->exclude_same_id;
    return tern_retrieval_evaluate(exam->beir, &options, NULL, out, error);
}

int tern_exams_score(const tern_exams *exams, int which, tern_model *model, const char *label,
                     const tern_train_watch *watch, tern_scores *out, tern_error *error)
{
    const tern_exam *exam = &exams->exam[which];
    tern_watched how = {watch, label};
    tern_model_source source = tern_watched_source(&how, model, text_count(exam));
    tern_embedder embedder = tern_model_embedder(&source);
    int status = score(exam, &embedder, NULL, out, error);
    tern_model_source_finish(&source);
    return status;
}

static int score_shared(const tern_exams *exams, const tern_embedder *embedder, tern_scores out[TERN_EXAMS],
                        tern_error *error)
{
    const tern_beir *set = exams->exam[0].beir;
    float *documents = tern_alloc((size_t)set->n_docs * (size_t)embedder->dim, sizeof *documents);
    int status = tern_rank_documents(set, embedder, documents, error);
    for (int i = 0; status == 0 && i < TERN_EXAMS; i++)
        status = score(&exams->exam[i], embedder, documents, &out[i], error);
    free(documents);
    return status;
}

int tern_exams_score_both(const tern_exams *exams, const int want[TERN_EXAMS], tern_model *model, const char *label,
                          const tern_train_watch *watch, tern_scores out[TERN_EXAMS], tern_error *error)
{
    tern_watched how = {watch, label};
    tern_model_source source = tern_watched_source(&how, model, 0);
    tern_stored stored = {.source = &source};
    tern_embedder embedder = tern_stored_embedder(&stored);
    int64_t shared_bytes =
        exams->shared_corpus ? exams->exam[0].beir->n_docs * tern_model_dim(model) * (int64_t)sizeof(float) : INT64_MAX;
    int shared = want[0] && want[1] && shared_bytes <= most_shared_bytes, status = 0;
    for (int i = 0; i < TERN_EXAMS; i++)
        source.total += want[i] ? text_count(&exams->exam[i]) : 0;
    if (shared) {
        source.total -= exams->exam[0].beir->n_docs;
        status = score_shared(exams, &embedder, out, error);
    }
    for (int i = 0; !shared && status == 0 && i < TERN_EXAMS; i++)
        status = want[i] ? score(&exams->exam[i], &embedder, NULL, &out[i], error) : 0;
    tern_model_source_finish(&source);
    tern_stored_close(&stored);
    tern_train_say_stored(&stored, watch);
    return status;
}
