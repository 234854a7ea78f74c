#include "checkpoints/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

void tern_fault(const char *place)
{
    static long passed;
    const char *fault = getenv("TERN_FAULT");
    size_t n = strlen(place);
    if (!fault || strncmp(fault, place, n) != 0 || fault[n] != ':')
        return;
    if (++passed == strtol(fault + n + 1, NULL, 10))
        raise(SIGKILL);
}
