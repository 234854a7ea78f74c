/* mining/likeness.c: sketches against the Jaccard similarity that they estimate, and texts that differ in form alone.
 */
#include "base/hash.h"
#include "base/memory.h"
#include "mining/likeness.h"
#include "support.h"

#include <math.h>
#include <string.h>

START_TEST(case_punctuation_and_white_space_make_no_difference)
{
    uint64_t hash = tern_words_hash("How do I return a parcel?");
    ck_assert(hash == tern_words_hash("  how do i\treturn a PARCEL "));
    ck_assert(hash != tern_words_hash("How do I return a parcels?"));
    ck_assert(hash != tern_words_hash("How I do return a parcel?"));
    ck_assert(tern_words_hash("ab c") != tern_words_hash("a bc"));
    ck_assert(tern_words_hash("") != tern_words_hash("?!"));
    ck_assert(tern_words_hash("?!") == tern_words_hash("?!"));
}
END_TEST

/* n words, of which those from first on are the same in both. */
static char *make_text(uint64_t seed, int n, int first)
{
    tern_buffer text = {0};
    tern_buffer_add(&text, "", 0);
    for (int i = 0; i < n; i++)
        tern_buffer_printf(&text, "w%llu ",
                           (unsigned long long)(tern_random(i >= first ? 99 : seed, (uint64_t)i, 0, 0) % 100000));
    return text.data;
}

/* Texts of 102 words have 100 shingles; when the last m + 2 words are the same, m of these are, of 200 - m in all. Each
 * estimate within five standard errors, and a hundredth for shingles of drawn words that are the same by chance. */
START_TEST(sketches_estimate_the_share_of_common_shingles)
{
    static const int common[] = {0, 20, 50, 80, 95, 100};
    for (size_t c = 0; c < sizeof common / sizeof *common; c++) {
        double truth = (double)common[c] / (200 - common[c]);
        for (uint64_t pair = 0; pair < 40; pair++) {
            char *a = make_text(2 * pair, 102, 100 - common[c]), *b = make_text(2 * pair + 1, 102, 100 - common[c]);
            uint32_t x[TERN_SKETCH], y[TERN_SKETCH];
            tern_sketch(a, x);
            tern_sketch(b, y);
            double likeness = tern_sketch_likeness(x, y);
            ck_assert_double_le(fabs(likeness - truth), 5 * sqrt(truth * (1 - truth) / TERN_SKETCH) + 0.01);
            free(a);
            free(b);
        }
    }
}
END_TEST

static double likeness_of(const char *a, const char *b)
{
    uint32_t x[TERN_SKETCH], y[TERN_SKETCH];
    tern_sketch(a, x);
    tern_sketch(b, y);
    return tern_sketch_likeness(x, y);
}

START_TEST(short_texts_are_one_shingle)
{
    ck_assert_double_eq(likeness_of("Yes", "yes!"), 1);
    ck_assert_double_eq(likeness_of("yes please", "Yes, please."), 1);
    ck_assert_double_le(likeness_of("yes", "no"), 0.1);
    ck_assert_double_le(likeness_of("yes please", "please yes"), 0.1);
    ck_assert_double_eq(likeness_of("", "?"), 0); /* without words: like no other */
    ck_assert_double_le(likeness_of("", "yes"), 0.1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("likeness");
    TCase *tc = tcase_create("likeness");
    tcase_add_test(tc, case_punctuation_and_white_space_make_no_difference);
    tcase_add_test(tc, sketches_estimate_the_share_of_common_shingles);
    tcase_add_test(tc, short_texts_are_one_shingle);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
