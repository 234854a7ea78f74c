/* Rows from judgements: every (query, document) pair of a grade that counts as positive. */
#include "data/rows_build.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/beir.h"
#include "data/blank.h"

#include <string.h>

typedef struct judged {
    const tern_beir *beir;
    const char *folder, *split;
    int min_grade, greatest_grade;
    int64_t *text_of; /* [n_docs] text ids of documents met so far; -1 */
    int64_t blank;    /* judgements that make no row since the query or the document has no text */
} judged;

static int is_blank(const char *text)
{
    size_t n = strlen(text);
    tern_trim_blanks(text, &n);
    return n == 0;
}

static int64_t doc_text(const judged *j, tern_texts *texts, const char *id)
{
    int64_t doc = tern_beir_find_doc(j->beir, id);
    if (doc < 0)
        return -1;
    if (j->text_of[doc] < 0)
        j->text_of[doc] = tern_texts_add(texts, j->beir->doc_texts[doc], strlen(j->beir->doc_texts[doc]));
    return j->text_of[doc];
}

static void add_row(tern_rows_build *build, int64_t anchor, int64_t positive)
{
    tern_rows *rows = build->rows;
    TERN_GROW(rows->anchor, build->n_anchor, build->anchor_capacity);
    rows->anchor[build->n_anchor++] = anchor;
    TERN_GROW(rows->positive, build->n_positive, build->positive_capacity);
    rows->positive[build->n_positive++] = positive;
    rows->n++;
}

static void add_relation(tern_rows_build *build, int64_t anchor, int64_t document)
{
    TERN_GROW(build->relation, build->n_relations, build->relation_capacity);
    build->relation[build->n_relations++] = (tern_relation){anchor, document};
}

static void add_query(tern_rows_build *build, judged *j, const char *text, int64_t query)
{
    const tern_qrels *qrels = &j->beir->qrels;
    int64_t anchor = tern_texts_add(build->rows->texts, text, strlen(text));
    int blank = is_blank(text);
    for (int64_t i = qrels->start[query]; i < qrels->start[query + 1]; i++) {
        int grade = qrels->grades[i];
        j->greatest_grade = grade > j->greatest_grade ? grade : j->greatest_grade;
        if (grade <= 0)
            continue;
        int64_t document = doc_text(j, build->rows->texts, qrels->doc_ids[i]);
        if (document < 0)
            continue;
        if (blank || is_blank(tern_texts_get(build->rows->texts, document, NULL))) {
            j->blank += grade >= j->min_grade;
            continue;
        }
        add_relation(build, anchor, document);
        if (grade >= j->min_grade)
            add_row(build, anchor, document);
    }
}

/* Queries in the order of queries.jsonl. */
static void add_queries(tern_rows_build *build, judged *j)
{
    const tern_beir *beir = j->beir;
    tern_texts *by_id = tern_texts_create(); /* id q is qrels' query q */
    for (int64_t q = 0; q < beir->qrels.n_queries; q++)
        tern_texts_add(by_id, beir->qrels.query_ids[q], strlen(beir->qrels.query_ids[q]));
    for (int64_t i = 0; i < beir->n_queries; i++) {
        int64_t query = tern_texts_find(by_id, beir->query_ids[i], strlen(beir->query_ids[i]));
        TERN_CHECK(query >= 0, "query %s has no judgements", beir->query_ids[i]);
        add_query(build, j, beir->query_texts[i], query);
    }
    tern_texts_free(by_id);
}

/* Behind what is missing, in the same sentence. */
static void note_blank(tern_rows *rows, const judged *j)
{
    char *missing = rows->note;
    rows->note =
        tern_format("%s%s%s/qrels/%s.tsv: %lld judgement%s make%s no row, since the query or the document has no text",
                    missing ? missing : "", missing ? "; " : "", j->folder, j->split, (long long)j->blank,
                    tern_s(j->blank), j->blank == 1 ? "s" : "");
    free(missing);
}

/* Rows that judgements ask for and that can't be made are counted, and said. */
static int check_rows(tern_rows *rows, const judged *j, tern_error *error)
{
    if (tern_beir_cover(j->beir, j->folder, j->split, j->min_grade, &rows->coverage, &rows->note, error) < 0)
        return -1;
    if (j->blank > 0)
        note_blank(rows, j);
    if (rows->n > 0)
        return 0;
    if (j->blank > 0)
        return tern_fail(error, "%s", rows->note);
    return tern_fail(error, "%s/qrels/%s.tsv: no judgement has grade %d or more; the greatest is %d", j->folder,
                     j->split, j->min_grade, j->greatest_grade);
}

int tern_rows_read_beir(tern_rows_build *build, const tern_rows_source *source, tern_error *error)
{
    judged j = {.folder = source->beir, .split = source->split ? source->split : "train"};
    j.min_grade = source->min_grade > 1 ? source->min_grade : 1;
    tern_beir *beir = tern_beir_read(j.folder, j.split, source->invalid_utf8_replace, error);
    if (!beir)
        return -1;
    j.beir = beir;
    j.text_of = tern_alloc((size_t)beir->n_docs, sizeof *j.text_of);
    memset(j.text_of, 0xFF, (size_t)beir->n_docs * sizeof *j.text_of);
    build->rows->has_positive = 1;
    add_queries(build, &j);
    int status = check_rows(build->rows, &j, error);
    free(j.text_of);
    tern_beir_free(beir);
    return status;
}
