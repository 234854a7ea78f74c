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

static Suite *run_folder_suite(void)
{
    Suite *suite = suite_create("run folder");
    TCase *tcase = tcase_create("run folder");
    tcase_add_test(tcase, a_file_system_without_locks_is_no_other_process);
    tcase_add_test(tcase, the_process_that_holds_a_folder_is_named);
    tcase_add_test(tcase, a_lock_that_is_no_file_is_refused_at_once);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return tern_test_run(run_folder_suite());
}
