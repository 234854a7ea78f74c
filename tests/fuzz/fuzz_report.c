/* Results of runs: what is read, written as a run writes it, reads back equal and makes the same words; those are whole
 * lines of UTF-8. */
#include "data/utf8.h"
#include "fuzz.h"
#include "train/report.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    json_t *result = tern_report_parse((const char *)bytes, n, "result.json", &error);
    if (!result) {
        FUZZ_FAILED(error);
        return 0;
    }
    char *words = tern_report_text(result), *text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(17));
    size_t length = strlen(words);
    TERN_CHECK(length > 0 && words[length - 1] == '\n' && tern_utf8_check(words, length) == length, "\"%s\"", words);
    json_t *again = tern_report_parse(text, strlen(text), "result.json", &error);
    TERN_CHECK(again && json_equal(result, again), "another result: %s\n%s", text, error.message);
    char *twice = tern_report_text(again);
    TERN_CHECK(!strcmp(words, twice), "%s\nand again\n%s", words, twice);
    free(twice);
    free(words);
    free(text);
    json_decref(again);
    json_decref(result);
    return 0;
}
