/* A tokenizer's folder, several files in one input: what stands beside tokenizer.json or vocab.txt. Ids of hostile
 * texts are in range, special tokens around them; what is written reads back as the same tokenizer, also by
 * tokenizer.json alone, and is not changed when it is written again. A folder without either file gets a small
 * vocab.txt. */
#include "tokenizers.h"

static const char *const names[] = {"tokenizer_config.json",
                                    "special_tokens_map.json",
                                    "added_tokens.json",
                                    "config.json",
                                    "tokenizer.json",
                                    "vocab.txt",
                                    NULL};

static int has(const char *folder, const char *name)
{
    char *path = tern_path_join(folder, name);
    int there = tern_file_exists(path);
    free(path);
    return there;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char vocabulary[] =
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##a\n##b\nA\n<s>\n</s>\n<unk>\nE\xCC\x81\n0\n##0\n";
    tern_error error = {{0}};
    char *folder = fuzz_folder("in", 1);
    fuzz_split(folder, names, bytes, n);
    if (!has(folder, "tokenizer.json") && !has(folder, "vocab.txt"))
        fuzz_put(folder, "vocab.txt", vocabulary, sizeof vocabulary - 1);
    tern_tokenizer *t = tern_tokenizer_load(folder, &error);
    if (t) {
        fuzz_expected expected = fuzz_expect(t);
        fuzz_check_saved(&expected);
        fuzz_expected_free(&expected);
    } else {
        FUZZ_FAILED(error);
    }
    tern_tokenizer_free(t);
    free(folder);
    return 0;
}
