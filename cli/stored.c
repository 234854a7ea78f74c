#include "cli/stored.h"

#include "cli/command.h"
#include "cli/terminal.h"

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
    if (stored->lost.message[0])
        tern_command_warn("%s", stored->lost.message);
    char *words = tern_command_quiet() ? NULL : tern_stored_words(stored);
    if (words)
        tern_print(stderr, "%s\n", words);
    free(words);
}

void tern_command_stored_finish(tern_stored *stored)
{
    if (stored->source->model)
        tern_model_source_finish(stored->source);
    tern_stored_close(stored);
    tern_command_stored_say(stored);
}
