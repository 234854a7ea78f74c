/* What tests share: where real data and the base model lie, temporary folders, skipping, and running a suite.
 *
 *     int main(void)
 *     {
 *         const char *model = tern_test_model();
 *         if (!model)
 *             TERN_TEST_SKIP("the base model isn't here; scripts/get-model.sh fetches it");
 *         return tern_test_run(model_suite());
 *     }
 *
 * A program that skips is counted as skipped whole, so tests that need data or the model have programs of their own.
 * Programs run with the root of the source tree as working folder: "tests/goldens/x.json" opens. */
#ifndef TERN_TESTS_SUPPORT_H
#define TERN_TESTS_SUPPORT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* The exit status that ctest counts as skipped. */
enum { TERN_TEST_SKIPPED = 77 };

/* 1 under AddressSanitizer, which takes memory and addresses of its own. */
#ifdef __has_feature
#define TERN_TEST_HAS_FEATURE(name) __has_feature(name)
#else
#define TERN_TEST_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || TERN_TEST_HAS_FEATURE(address_sanitizer)
#define TERN_TEST_SANITIZED 1
#else
#define TERN_TEST_SANITIZED 0
#endif

/* Prints the reason and ends the program. */
#define TERN_TEST_SKIP(reason)                                                                                         \
    do {                                                                                                               \
        printf("SKIPPED: %s\n", reason);                                                                               \
        exit(TERN_TEST_SKIPPED);                                                                                       \
    } while (0)

/* The data set NAME: $TERN_DATA/NAME, else ../shared/data/NAME; a file's path inside works too
 * ("snli/triplets-dev.jsonl"). NULL when it isn't there. Never freed by the caller; lives until the program ends. */
const char *tern_test_data(const char *name);

/* The folder of all-MiniLM-L6-v2 that scripts/get-model.sh fetched; NULL when it isn't there. */
const char *tern_test_model(void);

/* A new empty folder under $TMPDIR (/tmp), removed with all in it when the program ends. Lives until then. */
const char *tern_test_folder(void);

/* name inside tern_test_folder's one folder of this program: a path to write to. Lives until the program ends. */
const char *tern_test_path(const char *name);

/* How many files and folders under temporary names lie where tern_test_path's do. */
int tern_test_leftovers(void);

/* Writes bytes plainly, as a new file, and asserts that it worked: thousands of small files with an fsync each, or
 * overwritten on ext4, take long. */
void tern_test_put_file(const char *path, const void *bytes, size_t n);

/* Starts tern's threads and runs the suite without forking, since a child forked after a parallel region hangs in its
 * first one; frees it. Returns the exit status for main. */
int tern_test_run(Suite *suite);

#endif
