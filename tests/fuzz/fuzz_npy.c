/* NumPy files: as many values as the shape says, every one of them readable. */
#include "checkpoints/npy.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_npy npy;
    if (tern_npy_parse(&npy, bytes, n, "fuzz.npy", &error) < 0) {
        FUZZ_FAILED(error);
    } else {
        size_t size = (size_t)npy.rows * (size_t)npy.cols * sizeof *npy.data;
        TERN_CHECK(npy.rows >= 0 && npy.cols >= 0 && size < n, "%lld rows of %lld in %zu bytes", (long long)npy.rows,
                   (long long)npy.cols, n);
        if (size)
            TERN_CHECK(memcmp(npy.data, bytes + n - size, size) == 0, "the values are not the file's last");
    }
    tern_npy_free(&npy);
    return 0;
}
