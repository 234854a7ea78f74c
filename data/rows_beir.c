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
    int draws;        /* 1: judgements up to worst are negatives to draw from */
    int worst;
    int least_relevant; /* the least grade of what is relevant */
    tern_relation *negative;
    size_t n_negatives, negative_capacity;
} judged;

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

static void add_negative(judged *j, int64_t anchor, int64_t document)
{
    TERN_GROW(j->negative, j->n_negatives, j->negative_capacity);
    j->negative[j->n_negatives++] = (tern_relation){anchor, document};
}

static void add_query(tern_rows_build *build, judged *j, const char *text, int64_t query)
{
    const tern_qrels *qrels = &j->beir->qrels;
    int64_t anchor = tern_texts_add(build->rows->texts, text, strlen(text));
    int blank = tern_text_is_blank(text);
    for (int64_t i = qrels->start[query]; i < qrels->start[query + 1]; i++) {
        int grade = qrels->grades[i];
        j->greatest_grade = grade > j->greatest_grade ? grade : j->greatest_grade;
        int is_negative = j->draws && grade <= j->worst;
        if (grade <= 0 && !is_negative)
            continue;
        int64_t document = doc_text(j, build->rows->texts, qrels->doc_ids[i]);
        if (document < 0)
            continue;
        if (blank || tern_text_is_blank(tern_texts_get(build->rows->texts, document, NULL))) {
            j->blank += grade >= j->min_grade;
            continue;
        }
        if (is_negative)
            add_negative(j, anchor, document);
        if (grade >= j->least_relevant)
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

static int by_anchor(const void *left, const void *right)
{
    const tern_relation *a = left, *b = right;
    if (a->anchor != b->anchor)
        return a->anchor < b->anchor ? -1 : 1;
    return a->document < b->document ? -1 : a->document > b->document;
}

/* A list for each anchor, by text ids; the rows of an anchor share it. */
static void make_lists(tern_rows_build *build, judged *j)
{
    tern_rows *rows = build->rows;
    size_t texts = (size_t)tern_texts_count(rows->texts), at = 0;
    int64_t *list_of = tern_alloc(texts, sizeof *list_of);
    rows->pool = tern_calloc(1, sizeof *rows->pool);
    if (j->n_negatives)
        qsort(j->negative, j->n_negatives, sizeof *j->negative, by_anchor);
    tern_rows_end_list(build); /* start[0] */
    for (size_t t = 0; t < texts; t++) {
        for (; at < j->n_negatives && j->negative[at].anchor == (int64_t)t; at++)
            tern_rows_add_negative(build, j->negative[at].document);
        list_of[t] = rows->pool->n_lists;
        tern_rows_end_list(build);
    }
    rows->pool->list = tern_alloc((size_t)rows->n, sizeof *rows->pool->list);
    for (int64_t i = 0; i < rows->n; i++)
        rows->pool->list[i] = list_of[rows->anchor[i]];
    free(list_of);
}

int tern_rows_read_beir(tern_rows_build *build, const tern_rows_source *source, tern_error *error)
{
    judged j = {.folder = source->beir, .split = source->split ? source->split : "train"};
    j.min_grade = source->min_grade > 1 ? source->min_grade : 1;
    j.draws = source->negatives_per_row > 0;
    j.worst = source->most_negative_grade;
    j.least_relevant = j.draws && j.worst > 0 ? j.worst + 1 : 1;
    TERN_CHECK(!j.draws || j.worst < j.min_grade, "grades to %d are negatives and from %d on positives", j.worst,
               j.min_grade);
    tern_beir *beir = tern_beir_read(j.folder, j.split, source->invalid_utf8_replace, error);
    if (!beir)
        return -1;
    j.beir = beir;
    j.text_of = tern_alloc((size_t)beir->n_docs, sizeof *j.text_of);
    memset(j.text_of, 0xFF, (size_t)beir->n_docs * sizeof *j.text_of);
    build->rows->has_positive = 1;
    add_queries(build, &j);
    int status = check_rows(build->rows, &j, error);
    if (status == 0 && j.draws) {
        build->rows->n_negatives = source->negatives_per_row;
        make_lists(build, &j);
    }
    free(j.negative);
    free(j.text_of);
    tern_beir_free(beir);
    return status;
}
