/* The vocabulary cut out of a tokenizer.json: every token is found under its own id, and where the text is JSON at all,
 * what a JSON parser makes of it agrees. */
#include "data/vocabulary_json.h"
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>

static void compare(const tern_vocabulary *v, const uint8_t *bytes, size_t n, const char *rest, size_t rest_n)
{
    json_t *whole = json_loadb((const char *)bytes, n, 0, NULL), *left = json_loadb(rest, rest_n, 0, NULL);
    TERN_CHECK(!whole == !left, "one of the text and what is left of it is JSON, the other isn't");
    const json_t *vocab = json_object_get(json_object_get(whole, "model"), "vocab");
    for (size_t i = 0; vocab && i < v->n; i++) {
        const json_t *id = json_object_get(vocab, v->tokens[i]);
        /* A key given twice is the parser's to refuse: here the last one counts. */
        if (id && json_object_size(vocab) == v->n)
            TERN_CHECK(json_integer_value(id) == (json_int_t)i, "token %zu has id %lld", i,
                       (long long)json_integer_value(id));
    }
    json_decref(whole);
    json_decref(left);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_vocabulary v = {0};
    size_t rest_n;
    char *rest = tern_vocabulary_take((const char *)bytes, n, &v, &rest_n);
    if (!rest)
        return 0;
    for (size_t i = 0; i < v.n; i++)
        TERN_CHECK(tern_vocabulary_find(&v, v.tokens, v.tokens[i]) == (int32_t)i, "token %zu is not under its id", i);
    compare(&v, bytes, n, rest, rest_n);
    for (size_t i = 0; i < v.n; i++)
        free(v.tokens[i]);
    free(v.tokens);
    tern_vocabulary_free(&v);
    free(rest);
    return 0;
}
