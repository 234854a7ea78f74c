/* Runs a fuzz target over the files of folders, for builds without libFuzzer: fuzz_NAME FOLDER... */
#include "base/file.h"
#include "base/memory.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int run_folder(const char *folder)
{
    tern_error error = {{0}};
    DIR *dir = opendir(folder);
    int n = 0;
    TERN_CHECK(dir, "%s: no such folder", folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = tern_path_join(folder, entry->d_name), *text;
        size_t size;
        TERN_CHECK(tern_file_read(path, 0, &text, &size, &error) == 0, "%s", error.message);
        /* An array of its own, so that a byte read past the end is seen. */
        uint8_t *bytes = malloc(size ? size : 1);
        TERN_CHECK(bytes, "no memory for %s", path);
        memcpy(bytes, text, size);
        printf("%s\n", path);
        fflush(stdout);
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
        free(text);
        free(path);
        n++;
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++)
        n += run_folder(argv[i]);
    printf("%d inputs\n", n);
    return n == 0;
}
