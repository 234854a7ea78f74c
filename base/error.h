/* Errors that are the user's (data, files, settings), and checks of our own code.
 *
 *     if (tern_file_read(path, &text, &error) < 0)
 *         return -1;                                   // error.message says what, where, what to do
 *     return tern_fail(error, "%s:%d: %s is not a number; write one, e.g. 20", path, line, word);
 *
 * There is no third way: library code neither prints nor exits, and keeps no global last error.
 * A function that can fail returns a negative int and takes a (tern_error *) as its last argument. */
#ifndef TERN_BASE_ERROR_H
#define TERN_BASE_ERROR_H

#include <stdio.h>
#include <stdlib.h>

enum { TERN_ERROR_SIZE = 1024 };

/* One sentence for the user, in UTF-8, without a final newline. Zero-initialise it. */
typedef struct tern_error {
    char message[TERN_ERROR_SIZE];
} tern_error;

/* Writes the sentence into error (NULL: dropped) and returns -1, so that callers can write
 * `return tern_fail(error, ...)`. Since file contents may be quoted in it, what a terminal must not get is replaced
 * as tern_visible does; a sentence that is too long is cut at a character's end. */
int tern_fail(tern_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the sentence that is there, and returns -1. */
int tern_fail_within(tern_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Stops the program over a fault of ours: prints file, line and the values given, then aborts. */
_Noreturn void tern_bug(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Our own invariant. Never for what a user's file or flag can bring about. */
#define TERN_CHECK(condition, ...)                                                                                     \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            tern_bug(__FILE__, __LINE__, #condition, __VA_ARGS__);                                                     \
    } while (0)

#endif
