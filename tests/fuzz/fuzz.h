/* What fuzz targets share. */
#ifndef TERN_TESTS_FUZZ_H
#define TERN_TESTS_FUZZ_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* libFuzzer's entry, and replay's. 0 always: a fault ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* A reader that fails says why, in one line. */
#define FUZZ_FAILED(error)                                                                                             \
    TERN_CHECK((error).message[0] && !strchr((error).message, '\n'), "failed with \"%s\"", (error).message)

#endif
