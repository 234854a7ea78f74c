/* Folders of runs: an identity that run.json holds, written again, reads back equal; its folder is that of a run that
 * goes on, with the same identity, and of another recipe, which a sentence says, with one that lacks a byte or has one
 * line more, whichever of the two is there; a run.json that holds none makes a folder that no run begins in, --force or
 * not, and to look changes nothing. The names of checkpoints, of which the input is one too, are what a run makes of
 * their steps. */
#include "files.h"
#include "train/run_files.h"
#include "train/run_folder.h"

static void check_same_name(const char *name)
{
    int64_t step = tern_run_checkpoint_step(name);
    if (step < 0)
        return;
    const tern_run_folder folder = {.path = (char *)"x"};
    char *path = tern_run_checkpoint_path(&folder, step);
    TERN_CHECK(!strcmp(path + strlen("x/checkpoints/"), name), "\"%s\" is of step %lld", name, (long long)step);
    free(path);
}

/* A run of that identity is there, and one of another is looked for. */
static void check_other(const char *folder, const char *there, const char *wanted)
{
    tern_error error = {{0}};
    tern_run_found found;
    char *text = tern_run_identity_text(there);
    fuzz_put(folder, "run.json", text, strlen(text));
    int status = tern_run_folder_look(folder, wanted, 0, &found, &error);
    if (*there && strcmp(there, wanted) != 0) {
        TERN_CHECK(status < 0 && strstr(error.message, "a run of another recipe"), "\"%s\" is taken for \"%s\"", there,
                   wanted);
        FUZZ_FAILED(error);
    } else {
        TERN_CHECK(status == 0 && found == (*there ? TERN_RUN_STARTED : TERN_RUN_NONE), "%d: %s", (int)found,
                   error.message);
    }
    free(text);
}

static void check_identity(const char *folder, const char *identity)
{
    tern_error error = {{0}};
    char *text = tern_run_identity_text(identity),
         *again = tern_run_identity_parse(text, strlen(text), "again", &error);
    TERN_CHECK(again && !strcmp(identity, again), "\"%s\", and again \"%s\"", identity, again ? again : error.message);
    size_t n = strlen(identity);
    char *longer = tern_format("%sseed: 7\n", identity), *shorter = tern_strdup(identity);
    while (n && ((unsigned char)shorter[n - 1] & 0xC0) == 0x80)
        n--;
    shorter[n ? n - 1 : 0] = 0;
    check_other(folder, identity, identity);
    check_other(folder, identity, longer);
    check_other(folder, longer, identity);
    check_other(folder, identity, shorter);
    check_other(folder, shorter, identity);
    free(shorter);
    free(longer);
    free(again);
    free(text);
}

static void check_refused(const char *folder, const uint8_t *bytes, size_t n)
{
    for (int flags = 0; flags < 4; flags++) {
        tern_error error = {{0}};
        tern_run_found found;
        TERN_CHECK(tern_run_folder_look(folder, "seed: 1\n", flags, &found, &error) < 0 && found == TERN_RUN_NONE,
                   "with flags %d it is a run's folder", flags);
        FUZZ_FAILED(error);
    }
    size_t m;
    char *left = fuzz_get(folder, "run.json", &m);
    TERN_CHECK(m == n && (!n || !memcmp(left, bytes, n)), "run.json was changed");
    free(left);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    char *folder = fuzz_folder("run", 1), *name = tern_strndup(n ? (const char *)bytes : "", n);
    check_same_name(name);
    fuzz_put(folder, "run.json", bytes, n);
    char *identity = tern_run_identity_parse((const char *)bytes, n, "run.json", &error);
    if (identity) {
        check_identity(folder, identity);
    } else {
        FUZZ_FAILED(error);
        check_refused(folder, bytes, n);
    }
    free(identity);
    free(name);
    free(folder);
    return 0;
}
