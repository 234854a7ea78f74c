#include "tests/support.h"

#include "autograd/gemm.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

/* What was handed out and lives until the program ends. */
static char **kept;
static size_t n_kept, kept_capacity;
static char **folders;
static size_t n_folders, folders_capacity;
static pid_t owner;

static void clean_up(void)
{
    /* A child that a test forked must not remove its parent's folders. */
    if (getpid() != owner)
        return;
    for (size_t i = 0; i < n_folders; i++)
        tern_remove_all(folders[i], NULL);
    free(folders);
    for (size_t i = 0; i < n_kept; i++)
        free(kept[i]);
    free(kept);
}

static const char *keep(char *text)
{
    if (!owner) {
        owner = getpid();
        atexit(clean_up);
    }
    TERN_GROW(kept, n_kept, kept_capacity);
    kept[n_kept++] = text;
    return text;
}

static int path_exists(const char *path)
{
    return access(path, R_OK) == 0;
}

const char *tern_test_data(const char *name)
{
    const char *roots[] = {getenv("TERN_DATA"), "../shared/data"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        if (!roots[i] || !*roots[i])
            continue;
        char *path = tern_path_join(roots[i], name);
        if (path_exists(path))
            return keep(path);
        free(path);
    }
    return NULL;
}

const char *tern_test_model(void)
{
    char *cache = tern_cache_folder();
    char *folder = tern_path_join(cache, "models/sentence-transformers/all-MiniLM-L6-v2");
    char *weights = tern_path_join(folder, "model.safetensors");
    int found = path_exists(weights);
    free(cache);
    free(weights);
    if (found)
        return keep(folder);
    free(folder);
    return NULL;
}

const char *tern_test_folder(void)
{
    const char *root = getenv("TMPDIR");
    char *folder = tern_path_join(root && *root ? root : "/tmp", "tern-test-XXXXXX");
    TERN_CHECK(mkdtemp(folder), "cannot make a folder %s", folder);
    keep(folder);
    TERN_GROW(folders, n_folders, folders_capacity);
    folders[n_folders++] = folder;
    return folder;
}

int tern_test_leftovers(void)
{
    int n = 0;
    DIR *dir = opendir(tern_test_path("."));
    TERN_CHECK(dir, "no folder of this test's");
    for (struct dirent *entry; (entry = readdir(dir));)
        n += strstr(entry->d_name, ".tmp") != NULL;
    closedir(dir);
    return n;
}

const char *tern_test_path(const char *name)
{
    static const char *folder;
    if (!folder)
        folder = tern_test_folder();
    return keep(tern_path_join(folder, name));
}

void tern_test_put_file(const char *path, const void *bytes, size_t n)
{
    remove(path);
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

int tern_test_run(Suite *suite)
{
    tern_error error = {0};
    TERN_CHECK(tern_threads_start(0, &error) == 0, "%s", error.message);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
