/* base/staging.c and the writer on it: names, locks, sweeps, links, what is never replaced, and what disks report. */
#include "base/file.h"
#include "base/memory.h"
#include "base/staging.h"
#include "tests/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---------------------------------------------------------------- file systems that can't, or fail: these take libc's
 * place in this program */

static struct {
    int renameat2, link, fsync_folder, flock; /* errno to fail with; 0: as the system does */
} broken;

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    if (broken.renameat2 && flags)
        return errno = broken.renameat2, -1;
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to)
{
    if (broken.link)
        return errno = broken.link, -1;
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int fsync(int fd)
{
    struct stat info;
    if (broken.fsync_folder && fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
        return errno = broken.fsync_folder, -1;
    return (int)syscall(SYS_fsync, fd);
}

int flock(int fd, int operation)
{
    if (broken.flock)
        return errno = broken.flock, -1;
    return (int)syscall(SYS_flock, fd, operation);
}

/* ------------------------------------------------------------------------------------------------ helpers */

/* A new folder's path that lives until the program ends. */
static const char *new_folder(void)
{
    return tern_test_folder();
}

/* folder/name; two at most are in use at a time. */
static const char *in(const char *folder, const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void expect_text(const char *path, const char *wanted)
{
    char *text = NULL;
    tern_error error = {{0}};
    ck_assert_msg(tern_file_read(path, 0, &text, NULL, &error) == 0, "%s", error.message);
    ck_assert_str_eq(text, wanted);
    free(text);
}

static int count_entries(const char *folder)
{
    int n = 0;
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

static int write_text(const char *path, const char *text, int overwrite, tern_error *error)
{
    tern_writer *writer = tern_writer_open(path, overwrite, error);
    if (!writer)
        return -1;
    fputs(text, tern_writer_stream(writer));
    return tern_writer_commit(writer, error);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    ck_assert_int_eq(lstat(path, &info), 0);
    return info.st_mode & 07777;
}

/* ------------------------------------------------------------------------------------------------ names */

START_TEST(temporary_names_are_not_to_be_guessed)
{
    tern_error error = {{0}};
    const char *folder = new_folder();
    tern_staged *a = tern_staged_file(in(folder, "x"), 0, &error), *b = tern_staged_file(in(folder, "x"), 0, &error);
    ck_assert(a && b);
    ck_assert_str_ne(tern_staged_path(a), tern_staged_path(b));
    const char *name = strrchr(tern_staged_path(a), '/') + 1;
    long pid;
    char random[17], end[5];
    ck_assert_int_eq(sscanf(name, ".tern-%ld-%16[0-9a-f]%4s", &pid, random, end), 3);
    ck_assert_int_eq(pid, getpid());
    ck_assert_uint_eq(strlen(random), 16);
    ck_assert_str_eq(end, ".tmp");
    tern_staged_discard(a);
    tern_staged_discard(b);
    ck_assert_int_eq(count_entries(folder), 0);
}
END_TEST

START_TEST(a_name_of_the_greatest_length_can_be_written)
{
    tern_error error = {{0}};
    char name[256];
    memset(name, 'n', 255);
    name[255] = 0;
    const char *path = in(new_folder(), name);
    ck_assert_msg(write_text(path, "text", 0, &error) == 0, "%s", error.message);
    expect_text(path, "text");
}
END_TEST

/* ------------------------------------------------------------------------------------------------ sweeping */

/* A child that stages a file and a folder with a file in it, says so, and waits to be killed. */
static pid_t start_writer(const char *folder)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        tern_error error;
        tern_staged *file = tern_staged_file(in(folder, "x"), 0, &error);
        tern_staged *made = tern_staged_folder(in(folder, "d"), 0, &error);
        if (!file || !made || tern_file_write(in(tern_staged_path(made), "inner"), "x", 1, &error) < 0 ||
            write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void kill_writer(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

START_TEST(what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not)
{
    const char *folder = new_folder();
    pid_t child = start_writer(folder);
    tern_staged_sweep(folder);
    ck_assert_int_eq(count_entries(folder), 2);
    kill_writer(child);
    ck_assert_int_eq(count_entries(folder), 2);
    tern_error error = {{0}};
    ck_assert_int_eq(tern_file_write(in(folder, "other"), "x", 1, &error), 0);
    ck_assert_int_eq(count_entries(folder), 1);
}
END_TEST

START_TEST(files_of_others_are_never_swept)
{
    const char *folder = new_folder(), *elsewhere = new_folder();
    const char *names[] = {"x.npy.tmp.123",
                           ".tern-1-0123456789abcde.tmp",
                           ".tern-0-0123456789abcdef.tmp",
                           ".tern-12-0123456789abcdef.tmpx",
                           ".tern--0123456789abcdef.tmp",
                           ".tern-12-0123456789ABCDEF.tmp",
                           "tern-12-0123456789abcdef.tmp"};
    enum { N = sizeof names / sizeof *names };
    for (int i = 0; i < N; i++)
        tern_test_put_file(in(folder, names[i]), "x", 1);
    tern_test_put_file(in(elsewhere, "precious"), "x", 1);
    ck_assert_int_eq(symlink(elsewhere, in(folder, ".tern-12-0123456789abcdef.tmp")), 0);
    tern_staged_sweep(folder);
    ck_assert_int_eq(count_entries(folder), N + 1);
    ck_assert(tern_file_exists(in(elsewhere, "precious")));
}
END_TEST

START_TEST(without_locks_only_what_is_a_day_old_is_swept)
{
    const char *folder = new_folder();
    pid_t child = start_writer(folder);
    kill_writer(child);
    broken.flock = ENOLCK;
    tern_staged_sweep(folder);
    ck_assert_int_eq(count_entries(folder), 2);
    struct timespec old[2] = {{.tv_sec = time(NULL) - 2 * 86400}, {.tv_sec = time(NULL) - 2 * 86400}};
    DIR *dir = opendir(folder);
    for (struct dirent *e; (e = readdir(dir));)
        if (strncmp(e->d_name, ".tern", 5) == 0)
            ck_assert_int_eq(utimensat(AT_FDCWD, in(folder, e->d_name), old, 0), 0);
    closedir(dir);
    tern_staged_sweep(folder);
    broken.flock = 0;
    ck_assert_int_eq(count_entries(folder), 0);
}
END_TEST

START_TEST(a_process_that_runs_out_of_memory_leaves_nothing)
{
#ifdef __SANITIZE_ADDRESS__
    return; /* it ends the process itself when memory is short */
#endif
    const char *folder = new_folder();
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        tern_error error;
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        tern_staged_file(in(folder, "x"), 0, &error);
        tern_staged_folder(in(folder, "d"), 0, &error);
        free(tern_alloc(SIZE_MAX / 4, 1));
        _exit(0);
    }
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    ck_assert_int_eq(count_entries(folder), 0);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ placing */

/* What was made after the writer was opened stays as it is. */
static void keeps_what_came_meanwhile(void)
{
    tern_error error = {{0}};
    const char *folder = new_folder(), *path = in(folder, "x");
    tern_writer *writer = tern_writer_open(path, 0, &error);
    ck_assert_ptr_nonnull(writer);
    fputs("mine", tern_writer_stream(writer));
    tern_test_put_file(path, "theirs", 6);
    ck_assert_int_eq(tern_writer_commit(writer, &error), -1);
    ck_assert_msg(strstr(error.message, "another process made it meanwhile; --force overwrites it"), "%s",
                  error.message);
    expect_text(path, "theirs");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_msg(write_text(path, "mine", 0, &error) == 0, "%s", error.message);
    expect_text(path, "mine");
    ck_assert_int_eq(count_entries(folder), 1);
}

START_TEST(without_overwrite_nothing_made_meanwhile_is_replaced)
{
    keeps_what_came_meanwhile();
    broken.renameat2 = EINVAL;
    keeps_what_came_meanwhile();
    broken.link = EPERM;
    keeps_what_came_meanwhile();
    broken.renameat2 = broken.link = 0;
}
END_TEST

/* Makes folder/d with a file of that text. */
static int make_folder(const char *path, const char *text, int overwrite, tern_error *error)
{
    tern_staged *staged = tern_staged_folder(path, overwrite, error);
    if (!staged)
        return -1;
    ck_assert_int_eq(tern_file_write(in(tern_staged_path(staged), "f"), text, strlen(text), error), 0);
    return tern_staged_place(staged, error);
}

static void replaces_folders(void)
{
    tern_error error = {{0}};
    const char *folder = new_folder();
    char path[512], inner[600];
    snprintf(path, sizeof path, "%s/d", folder);
    snprintf(inner, sizeof inner, "%s/f", path);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    ck_assert_msg(make_folder(path, "one", 0, &error) == 0, "an empty folder: %s", error.message);
    ck_assert_int_eq(make_folder(path, "two", 0, &error), -1);
    expect_text(inner, "one");
    ck_assert_msg(make_folder(path, "three", 1, &error) == 0, "%s", error.message);
    expect_text(inner, "three");
    ck_assert_int_eq(count_entries(folder), 1);
}

START_TEST(a_folder_replaces_an_empty_one_and_with_overwrite_a_full_one)
{
    replaces_folders();
    broken.renameat2 = EINVAL;
    replaces_folders();
    broken.renameat2 = 0;
}
END_TEST

START_TEST(a_disk_error_of_the_folder_is_reported_and_a_folder_without_fsync_is_none)
{
    tern_error error = {{0}};
    const char *path = in(new_folder(), "x");
    broken.fsync_folder = EIO;
    ck_assert_int_eq(write_text(path, "text", 1, &error), -1);
    ck_assert_msg(strstr(error.message, strerror(EIO)), "%s", error.message);
    tern_staged *staged = tern_staged_folder(in(new_folder(), "d"), 1, &error);
    ck_assert_int_eq(tern_staged_place(staged, &error), -1);
    broken.fsync_folder = EINVAL;
    ck_assert_msg(write_text(path, "text", 1, &error) == 0, "%s", error.message);
    broken.fsync_folder = 0;
}
END_TEST

START_TEST(permissions_are_by_umask_and_stay_those_of_what_is_replaced)
{
    tern_error error = {{0}};
    char file[512], folder[512];
    snprintf(file, sizeof file, "%s/x", new_folder());
    snprintf(folder, sizeof folder, "%s/d", new_folder());
    mode_t old = umask(027);
    ck_assert_int_eq(write_text(file, "a", 0, &error), 0);
    ck_assert_int_eq(make_folder(folder, "a", 0, &error), 0);
    ck_assert_uint_eq(mode_of(file), 0640);
    ck_assert_uint_eq(mode_of(folder) & 0777, 0750);
    ck_assert_int_eq(chmod(file, 0600), 0);
    ck_assert_int_eq(chmod(folder, 0700), 0);
    umask(022);
    ck_assert_int_eq(write_text(file, "b", 1, &error), 0);
    ck_assert_int_eq(make_folder(folder, "b", 1, &error), 0);
    umask(old);
    ck_assert_uint_eq(mode_of(file), 0600);
    ck_assert_uint_eq(mode_of(folder) & 0777, 0700);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ links */

static int is_link(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

START_TEST(an_output_that_is_a_link_writes_what_the_link_names)
{
    tern_error error = {{0}};
    const char *here = new_folder(), *there = new_folder();
    char link_path[512], target[512], second[512];
    snprintf(link_path, sizeof link_path, "%s/link", here);
    snprintf(second, sizeof second, "%s/second", here);
    snprintf(target, sizeof target, "%s/target", there);
    ck_assert_int_eq(symlink(target, link_path), 0);
    ck_assert_int_eq(symlink("link", second), 0);
    ck_assert_msg(write_text(second, "one", 0, &error) == 0, "to a file that isn't there: %s", error.message);
    expect_text(target, "one");
    ck_assert_int_eq(write_text(second, "two", 0, &error), -1);
    ck_assert_msg(strstr(error.message, "--force"), "%s", error.message);
    ck_assert_int_eq(write_text(second, "three", 1, &error), 0);
    expect_text(target, "three");
    ck_assert(is_link(link_path) && is_link(second));
    ck_assert_int_eq(count_entries(there), 1);
}
END_TEST

START_TEST(a_folder_that_is_a_link_is_made_where_the_link_points)
{
    tern_error error = {{0}};
    const char *here = new_folder(), *there = new_folder();
    char link_path[512], inner[600];
    snprintf(link_path, sizeof link_path, "%s/model", here);
    snprintf(inner, sizeof inner, "%s/model/f", there);
    char *target = tern_path_join(there, "model");
    ck_assert_int_eq(symlink(target, link_path), 0);
    ck_assert_msg(make_folder(link_path, "one", 0, &error) == 0, "%s", error.message);
    ck_assert_msg(make_folder(link_path, "two", 1, &error) == 0, "%s", error.message);
    expect_text(inner, "two");
    ck_assert(is_link(link_path));
    free(target);
}
END_TEST

START_TEST(a_ring_of_links_is_refused)
{
    tern_error error = {{0}};
    const char *folder = new_folder();
    ck_assert_int_eq(symlink("b", in(folder, "a")), 0);
    ck_assert_int_eq(symlink("a", in(folder, "b")), 0);
    ck_assert_int_eq(write_text(in(folder, "a"), "x", 1, &error), -1);
    ck_assert_msg(strstr(error.message, strerror(ELOOP)), "%s", error.message);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ no files at all */

START_TEST(a_pipe_without_a_reader_or_writer_is_never_waited_for)
{
    tern_error error = {{0}};
    char *text = NULL;
    const char *path = in(new_folder(), "pipe");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(write_text(path, "x", 1, &error), -1);
    ck_assert_int_eq(tern_file_read(path, 0, &text, NULL, &error), -1);
    ck_assert_msg(strstr(error.message, "it is not a file"), "%s", error.message);
    ck_assert_int_eq(tern_file_read("/", 0, &text, NULL, &error), -1);
    ck_assert_int_eq(tern_pipe_read("/", 0, &text, NULL, &error), -1);
}
END_TEST

START_TEST(pipes_and_devices_are_written_straight)
{
    tern_error error = {{0}};
    char path[512], text[8] = {0};
    struct stat info;
    snprintf(path, sizeof path, "%s/pipe", new_folder());
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    ck_assert_int_eq(tern_writer_check(path, 0, &error), 0);
    ck_assert_msg(write_text(path, "text", 0, &error) == 0, "%s", error.message);
    ck_assert_int_eq(read(reader, text, sizeof text - 1), 4);
    ck_assert_str_eq(text, "text");
    close(reader);
    ck_assert_int_eq(write_text("/dev/null", "text", 1, &error), 0);
    ck_assert(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
}
END_TEST

START_TEST(text_from_a_pipe_is_read_to_its_end)
{
    tern_error error = {{0}};
    char *text = NULL;
    const char *path = in(new_folder(), "pipe");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(path, O_WRONLY);
        _exit(write(fd, "recipe", 6) == 6 ? 0 : 1);
    }
    ck_assert_int_eq(tern_pipe_read(path, 0, &text, NULL, &error), 0);
    waitpid(child, NULL, 0);
    ck_assert_str_eq(text, "recipe");
    free(text);
}
END_TEST

START_TEST(without_home_the_system_is_asked_for_the_users_folder)
{
    char *old = tern_strdup(getenv("HOME")), *cache = tern_strdup(getenv("XDG_CACHE_HOME"));
    unsetenv("HOME");
    unsetenv("XDG_CACHE_HOME");
    char *home = tern_home_folder(), *found = tern_cache_folder();
    if (home) {
        ck_assert_int_eq(home[0], '/');
        ck_assert_int_eq(strncmp(found, home, strlen(home)), 0);
        ck_assert_ptr_null(strstr(found, "/tmp/"));
    } else {
        ck_assert_ptr_null(found);
    }
    if (old)
        setenv("HOME", old, 1);
    if (cache)
        setenv("XDG_CACHE_HOME", cache, 1);
    free(found);
    free(home);
    free(cache);
    free(old);
}
END_TEST

static int is_letter(const char *path)
{
    return strlen(path) == 1 || strcmp(path, "a/b") == 0;
}

START_TEST(a_stranger_in_a_folder_is_found_at_any_depth)
{
    tern_error error = {{0}};
    char *stranger;
    const char *folder = new_folder();
    ck_assert_int_eq(mkdir(in(folder, "a"), 0777), 0);
    tern_test_put_file(in(folder, "a/b"), "", 0);
    tern_test_put_file(in(folder, "c"), "", 0);
    ck_assert_int_eq(tern_folder_stranger(folder, is_letter, &stranger, &error), 0);
    ck_assert_ptr_null(stranger);
    tern_test_put_file(in(folder, "a/notes"), "", 0);
    ck_assert_int_eq(tern_folder_stranger(folder, is_letter, &stranger, &error), 0);
    ck_assert_str_eq(stranger, "a/notes");
    free(stranger);
    ck_assert_int_eq(tern_folder_stranger(in(folder, "nowhere"), is_letter, &stranger, &error), 0);
    ck_assert_ptr_null(stranger);
}
END_TEST

static void mend_all(void)
{
    memset(&broken, 0, sizeof broken);
}

static Suite *staging_suite(void)
{
    Suite *suite = suite_create("staging");
    TCase *tcase = tcase_create("staging");
    tcase_add_checked_fixture(tcase, mend_all, mend_all);
    tcase_add_test(tcase, temporary_names_are_not_to_be_guessed);
    tcase_add_test(tcase, a_name_of_the_greatest_length_can_be_written);
    tcase_add_test(tcase, what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not);
    tcase_add_test(tcase, files_of_others_are_never_swept);
    tcase_add_test(tcase, without_locks_only_what_is_a_day_old_is_swept);
    tcase_add_test(tcase, a_process_that_runs_out_of_memory_leaves_nothing);
    tcase_add_test(tcase, without_overwrite_nothing_made_meanwhile_is_replaced);
    tcase_add_test(tcase, a_folder_replaces_an_empty_one_and_with_overwrite_a_full_one);
    tcase_add_test(tcase, a_disk_error_of_the_folder_is_reported_and_a_folder_without_fsync_is_none);
    tcase_add_test(tcase, permissions_are_by_umask_and_stay_those_of_what_is_replaced);
    tcase_add_test(tcase, an_output_that_is_a_link_writes_what_the_link_names);
    tcase_add_test(tcase, a_folder_that_is_a_link_is_made_where_the_link_points);
    tcase_add_test(tcase, a_ring_of_links_is_refused);
    tcase_add_test(tcase, a_pipe_without_a_reader_or_writer_is_never_waited_for);
    tcase_add_test(tcase, pipes_and_devices_are_written_straight);
    tcase_add_test(tcase, text_from_a_pipe_is_read_to_its_end);
    tcase_add_test(tcase, without_home_the_system_is_asked_for_the_users_folder);
    tcase_add_test(tcase, a_stranger_in_a_folder_is_found_at_any_depth);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return tern_test_run(staging_suite());
}
