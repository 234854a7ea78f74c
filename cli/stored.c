#include "cli/stored.h"

#include "cli/command.h"
#include "cli/terminal.h"

#include "base/words.h"

#include <stdlib.h>

int tern_command_stored_check(tern_error *error)
{
    const char *setting = getenv("TERN_STORE");
    if (tern_store_limit(setting) >= 0)
        return 0;
    return tern_fail(error, "TERN_STORE=%s: it is how large the store of vectors may be, such as 4GB, or off for none",
                     setting);
}

void tern_command_stored_say(const tern_stored *stored)
{
    long long all = stored->found + stored->encoded;
    if (stored->found > 0 && !tern_command_quiet())
        tern_print(stderr, "%lld of %lld vector%s came from the store\n", (long long)stored->found, all, tern_s(all));
}

void tern_command_stored_finish(tern_stored *stored)
{
    if (stored->source->model && stored->source->total > 0)
        tern_model_source_finish(stored->source);
    tern_stored_close(stored);
    tern_command_stored_say(stored);
}
