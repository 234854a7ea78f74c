/* How much memory the process may use: control groups as files in a made-up tree, and the process's own limits. */
#include "base/limits.h"
#include "base/memory.h"
#include "tests/support.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const char *root;

/* Writes a file of the tree, with the folders around it. */
static void put(const char *name, const char *text)
{
    char *path = tern_format("%s%s", root, name);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')); at++) {
        *at = 0;
        mkdir(path, 0777);
        *at = '/';
    }
    tern_test_put_file(path, text, strlen(text));
    free(path);
}

static void set_up(void)
{
    root = tern_test_folder();
}

START_TEST(no_groups_are_no_limit)
{
    ck_assert(tern_memory_limit_of_groups(root) == INT64_MAX);
    put("/proc/self/cgroup", "");
    ck_assert(tern_memory_limit_of_groups(root) == INT64_MAX);
    put("/proc/self/cgroup", "0::/some/where\n");
    ck_assert(tern_memory_limit_of_groups(root) == INT64_MAX);
}
END_TEST

START_TEST(version_2_takes_the_least_of_the_group_and_those_above)
{
    put("/proc/self/cgroup", "0::/user/mine\n");
    put("/sys/fs/cgroup/user/mine/memory.max", "max\n");
    ck_assert(tern_memory_limit_of_groups(root) == INT64_MAX);
    put("/sys/fs/cgroup/user/memory.max", "5000000000\n");
    ck_assert_int_eq(tern_memory_limit_of_groups(root), 5000000000);
    put("/sys/fs/cgroup/user/mine/memory.max", "7000000000\n");
    ck_assert_int_eq(tern_memory_limit_of_groups(root), 5000000000);
    put("/sys/fs/cgroup/user/mine/memory.max", "3000000000\n");
    ck_assert_int_eq(tern_memory_limit_of_groups(root), 3000000000);
}
END_TEST

START_TEST(version_1_is_read_from_its_memory_hierarchy)
{
    put("/proc/self/cgroup", "9:name=systemd:/other\n5:cpu,memory:/job\n4:memoryless:/x\n0::/\n");
    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2147483648\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1\n");
    ck_assert_int_eq(tern_memory_limit_of_groups(root), INT64_C(1) << 31);
}
END_TEST

/* A container that is told its place as the host sees it. */
START_TEST(a_group_that_is_mounted_as_the_topmost_counts)
{
    put("/proc/self/cgroup", "0::/docker/0123\n");
    put("/sys/fs/cgroup/memory.max", "1000000000\n");
    ck_assert_int_eq(tern_memory_limit_of_groups(root), 1000000000);
}
END_TEST

START_TEST(nonsense_is_no_limit)
{
    static const char *const texts[] = {"", "\n", "-1\n", "0\n", "lots\n", "99999999999999999999999\n"};
    put("/proc/self/cgroup", "0::/\nno colons\n:\n::\n3:memory\n");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put("/sys/fs/cgroup/memory.max", texts[i]);
        ck_assert_msg(tern_memory_limit_of_groups(root) == INT64_MAX, "\"%s\"", texts[i]);
    }
}
END_TEST

START_TEST(the_process_own_limits_count)
{
    static const int resources[] = {RLIMIT_AS, RLIMIT_DATA};
    int64_t whole = tern_memory_limit();
    ck_assert_int_gt(whole, 0);
    for (int i = 0; i < 2; i++) {
        struct rlimit old, less;
        getrlimit(resources[i], &old);
        less = old;
        less.rlim_cur = (rlim_t)whole - 4096;
        if (setrlimit(resources[i], &less) != 0)
            continue; /* the hard limit is lower */
        ck_assert_int_eq(tern_memory_limit(), whole - 4096);
        setrlimit(resources[i], &old);
    }
    ck_assert_int_eq(tern_memory_limit(), whole);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tcase = tcase_create("limits");
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, no_groups_are_no_limit);
    tcase_add_test(tcase, version_2_takes_the_least_of_the_group_and_those_above);
    tcase_add_test(tcase, version_1_is_read_from_its_memory_hierarchy);
    tcase_add_test(tcase, a_group_that_is_mounted_as_the_topmost_counts);
    tcase_add_test(tcase, nonsense_is_no_limit);
    if (!TERN_TEST_SANITIZED) /* which holds terabytes of addresses already */
        tcase_add_test(tcase, the_process_own_limits_count);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
