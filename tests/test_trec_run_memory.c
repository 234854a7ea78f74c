/* eval/trec_run_read.c: a long run takes little more than what is kept of it. */
#include "base/clock.h"
#include "eval/trec_run.h"
#include "support.h"

#include <string.h>

START_TEST(a_million_lines_take_less_than_the_file)
{
    enum { QUERIES = 1000, DOCS = 1000 };
    const char *path = tern_test_path("long.run");
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    for (int q = 0; q < QUERIES; q++)
        for (int d = 0; d < DOCS; d++)
            fprintf(f, "%d Q0 %d %d %.6f Anserini\n", 1000000 + q * 7, 7000000 + (q * 31 + d * 17) % 50021, d + 1,
                    30 - d * 0.01);
    long bytes = ftell(f);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_gt(bytes, 38 << 20);
    tern_error error = {{0}};
    double before = tern_peak_memory_mb();
    tern_trec_run *run = tern_trec_run_read(path, 0, &error);
    double taken = tern_peak_memory_mb() - before;
    ck_assert_msg(run, "%s", error.message);
    ck_assert_int_eq(run->start[run->n_queries], QUERIES * DOCS);
    ck_assert_msg(taken < 28, "%.1f MB", taken);
    tern_trec_run_free(run);
}
END_TEST

int main(void)
{
    if (TERN_TEST_SANITIZED)
        TERN_TEST_SKIP("AddressSanitizer takes memory of its own");
    Suite *suite = suite_create("trec_run_memory");
    TCase *tc = tcase_create("trec_run_memory");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_million_lines_take_less_than_the_file);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
