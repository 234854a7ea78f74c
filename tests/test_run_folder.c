/* train/run_folder.c: who may train into a folder, and file systems without locks. */
#include "base/file.h"
#include "tests/support.h"
#include "train/run_folder.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int broken_flock; /* errno to fail with; 0: as the system does */

/* Takes libc's place in this program. */
int flock(int fd, int operation)
{
    if (broken_flock)
        return errno = broken_flock, -1;
    return (int)syscall(SYS_flock, fd, operation);
}

START_TEST(a_file_system_without_locks_is_no_other_process)
{
    const int lacking[] = {ENOLCK, ENOSYS, EOPNOTSUPP, EINVAL};
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++) {
        tern_error error = {{0}};
        tern_run_folder folder;
        broken_flock = lacking[i];
        int status = tern_run_folder_open(&folder, tern_test_folder(), "seed: 1\n", 0, &error);
        broken_flock = 0;
        ck_assert_msg(status == 0, "%s", error.message);
        ck_assert_ptr_nonnull(folder.warning);
        ck_assert_msg(strstr(folder.warning, "has no locks"), "%s", folder.warning);
        tern_run_folder_close(&folder);
    }
}
END_TEST

START_TEST(the_process_that_holds_a_folder_is_named)
{
    tern_error error = {{0}};
    tern_run_folder mine, other;
    char wanted[96];
    const char *path = tern_test_folder();
    ck_assert_int_eq(tern_run_folder_open(&mine, path, "seed: 1\n", 0, &error), 0);
    ck_assert_ptr_null(mine.warning);
    ck_assert_int_eq(tern_run_folder_open(&other, path, "seed: 1\n", 0, &error), -1);
    snprintf(wanted, sizeof wanted, "another process trains into this folder (process %ld on ", (long)getpid());
    ck_assert_msg(strstr(error.message, wanted), "%s", error.message);
    tern_run_folder_close(&mine);
    ck_assert_int_eq(tern_run_folder_open(&other, path, "seed: 1\n", 0, &error), 0);
    tern_run_folder_close(&other);
}
END_TEST

START_TEST(a_lock_that_is_no_file_is_refused_at_once)
{
    tern_error error = {{0}};
    tern_run_folder folder;
    const char *path = tern_test_folder();
    char *lock = tern_path_join(path, ".lock");
    ck_assert_int_eq(mkfifo(lock, 0600), 0);
    ck_assert_int_eq(tern_run_folder_open(&folder, path, "seed: 1\n", 0, &error), -1);
    ck_assert_msg(strstr(error.message, "it is not a file"), "%s", error.message);
    ck_assert_int_eq(unlink(lock), 0);
    ck_assert_int_eq(symlink("/etc/passwd", lock), 0);
    ck_assert_int_eq(tern_run_folder_open(&folder, path, "seed: 1\n", 0, &error), -1);
    free(lock);
}
END_TEST

/* Even with --force, which would empty the folder. */
START_TEST(a_run_json_of_another_program_is_no_run)
{
    static const char *const others[] = {"{\"identity\": \"seed: 1\"}",
                                         "{\"tern\": \"run 2\", \"identity\": \"seed: 1\"}",
                                         "{\"tern\": 1, \"identity\": \"seed: 1\"}",
                                         "{\"tern\": \"run 1\"}",
                                         "{\"tern\": \"run 1\", \"identity\": 7}",
                                         "{\"tern\": \"run 1\", \"identity\": \"seed: 1\", \"name\": \"x\"}",
                                         "[\"run 1\", \"seed: 1\"]",
                                         ""};
    const char *path = tern_test_folder();
    char *file = tern_path_join(path, "run.json"), *notes = tern_path_join(path, "metrics.jsonl");
    tern_test_put_file(notes, "{}\n", 3);
    for (size_t i = 0; i < 2 * sizeof others / sizeof *others; i++) {
        tern_error error = {{0}};
        tern_run_folder folder;
        const char *text = others[i / 2];
        tern_test_put_file(file, text, strlen(text));
        int flags = i % 2 ? TERN_RUN_FORCE : 0;
        ck_assert_int_eq(tern_run_folder_open(&folder, path, "seed: 1", flags, &error), -1);
        ck_assert_msg(strstr(error.message, "run.json: is not what tern writes"), "%s: %s", text, error.message);
        ck_assert(tern_file_exists(notes));
    }
    free(notes);
    free(file);
}
END_TEST

START_TEST(an_identity_behind_a_nul_byte_is_none)
{
    static const char text[] = "{\"tern\": \"run 1\", \"identity\": \"seed: 1\"\0}";
    tern_error error = {{0}};
    ck_assert_ptr_null(tern_run_identity_parse(text, sizeof text - 1, "run.json", &error));
    char *written = tern_run_identity_text("a: \"b\"\n"),
         *read = tern_run_identity_parse(written, strlen(written), "run.json", &error);
    ck_assert_str_eq(read, "a: \"b\"\n");
    free(read);
    free(written);
}
END_TEST

static Suite *run_folder_suite(void)
{
    Suite *suite = suite_create("run folder");
    TCase *tcase = tcase_create("run folder");
    tcase_add_test(tcase, a_file_system_without_locks_is_no_other_process);
    tcase_add_test(tcase, the_process_that_holds_a_folder_is_named);
    tcase_add_test(tcase, a_lock_that_is_no_file_is_refused_at_once);
    tcase_add_test(tcase, a_run_json_of_another_program_is_no_run);
    tcase_add_test(tcase, an_identity_behind_a_nul_byte_is_none);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return tern_test_run(run_folder_suite());
}
