#include "base/map_guard.h"

#include "base/error.h"
#include "base/memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 64 }; /* files mapped at a time: those of a few models */

/* One mapped file. from is written last and cleared first, so that the handler, in whatever it interrupts, reads a
 * sentence that is there. */
static struct {
    _Atomic uintptr_t from; /* 0: free */
    size_t n;
    char *sentence;
} maps[MOST];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void say(const char *text)
{
    /* The process ends here, so that what could not be written can't be said either. */
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(1);
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    (void)context;
    uintptr_t at = (uintptr_t)info->si_addr;
    for (int i = 0; i < MOST; i++) {
        uintptr_t from = atomic_load(&maps[i].from);
        if (from && at >= from && at - from < maps[i].n) {
            say(maps[i].sentence);
            _exit(1);
        }
    }
    signal(number, SIG_DFL); /* not ours: it happens again, and ends the process as usual */
}

void tern_map_guard(void)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

/* Through tern_fail, which keeps control characters of a name from the terminal. */
static char *make_sentence(const char *path)
{
    tern_error error = {{0}};
    tern_fail(&error,
              "%s: the file got shorter while it was in use, or its disk can't be read any more; run the command "
              "again when the file is whole",
              path);
    return tern_format("tern: %s\n", error.message);
}

void tern_map_guard_add(const void *data, size_t n, const char *path)
{
    char *sentence = make_sentence(path);
    pthread_mutex_lock(&turn);
    for (int i = 0; i < MOST && sentence; i++) {
        if (atomic_load(&maps[i].from))
            continue;
        maps[i].n = n;
        maps[i].sentence = sentence;
        sentence = NULL;
        atomic_store(&maps[i].from, (uintptr_t)data);
    }
    pthread_mutex_unlock(&turn);
    free(sentence);
}

void tern_map_guard_remove(const void *data)
{
    pthread_mutex_lock(&turn);
    for (int i = 0; i < MOST; i++) {
        if (atomic_load(&maps[i].from) != (uintptr_t)data)
            continue;
        atomic_store(&maps[i].from, 0);
        free(maps[i].sentence);
        maps[i].sentence = NULL;
    }
    pthread_mutex_unlock(&turn);
}
