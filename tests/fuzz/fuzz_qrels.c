/* Judgements of both forms: queries, and documents within a query, occur once; written as BEIR's, with the columns in
 * another order, and as TREC's where the ids allow it, they read back equal. */
#include "data/foreign.h"
#include "qrels.h"

/* Unless ids with control characters make it look like a file of another kind. Frees text. */
static void read_again(const tern_qrels *qrels, tern_buffer *text)
{
    tern_error error = {{0}};
    tern_qrels again;
    if (tern_foreign_check("again", text->data, text->n, NULL) == 0) {
        TERN_CHECK(tern_qrels_of_memory(&again, "again", text->data, text->n, 0, &error) == 0, "refused: %s\n%s",
                   error.message, text->data);
        fuzz_compare_qrels(qrels, &again);
        tern_qrels_free(&again);
    }
    tern_buffer_free(text);
}

static int any_id(const tern_qrels *qrels, int (*is)(const char *id))
{
    for (int64_t q = 0; q < qrels->n_queries; q++)
        if (is(qrels->query_ids[q]))
            return 1;
    for (int64_t i = 0; i < qrels->start[qrels->n_queries]; i++)
        if (is(qrels->doc_ids[i]))
            return 1;
    return 0;
}

static int ends_with_cr(const char *id)
{
    return id[strlen(id) - 1] == '\r';
}

static int has_blank(const char *id)
{
    return id[strcspn(id, " \t\r")] != 0;
}

static void write_and_read(const tern_qrels *qrels)
{
    tern_buffer text = {0};
    tern_buffer_printf(&text, "query-id\tcorpus-id\tscore\n");
    FUZZ_PRINT_QRELS(&text, qrels, "%s\t%s\t%d\n");
    read_again(qrels, &text);
    if (!any_id(qrels, ends_with_cr)) {
        tern_buffer_printf(&text, "query-id\tscore\tcorpus-id\n");
        FUZZ_PRINT_QRELS(&text, qrels, "%1$s\t%3$d\t%2$s\n");
        read_again(qrels, &text);
    }
    /* A byte order mark at the beginning of the first id would be the file's. */
    if (!any_id(qrels, has_blank) && strncmp(qrels->query_ids[0], "\xEF\xBB\xBF", 3)) {
        FUZZ_PRINT_QRELS(&text, qrels, "%s 0 %s %d\n");
        read_again(qrels, &text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    for (int replace = 0; replace < 2; replace++) {
        tern_error error = {{0}};
        tern_qrels qrels;
        int status = tern_qrels_of_memory(&qrels, "fuzz", (const char *)bytes, n, replace, &error);
        if (status < 0) {
            FUZZ_FAILED(error);
            continue;
        }
        fuzz_check_qrels(&qrels);
        write_and_read(&qrels);
        tern_qrels_free(&qrels);
        break;
    }
    return 0;
}
