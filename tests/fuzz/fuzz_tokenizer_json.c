/* A tokenizer.json alone: ids of hostile texts are in range, special tokens around them; read from memory or from its
 * folder it is the same tokenizer; written it reads back as the same, and is not changed when it is written again. */
#include "tokenizers.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_tokenizer *t = tern_tokenizer_of_json((const char *)bytes, n, "fuzz.json", &error);
    if (!t) {
        FUZZ_FAILED(error);
        return 0;
    }
    char *folder = fuzz_folder("in", 1);
    fuzz_put(folder, "tokenizer.json", bytes, n);
    tern_tokenizer *loaded = tern_tokenizer_load(folder, &error);
    TERN_CHECK(loaded, "taken from memory only: %s", error.message);
    fuzz_expected expected = fuzz_expect(loaded);
    fuzz_check_same(&expected, t, "from memory");
    fuzz_check_saved(&expected);
    fuzz_expected_free(&expected);
    tern_tokenizer_free(loaded);
    tern_tokenizer_free(t);
    free(folder);
    return 0;
}
