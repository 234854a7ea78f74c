/* The embedding store as commands use it: its setting, and what is said of it. */
#ifndef TERN_CLI_STORED_H
#define TERN_CLI_STORED_H

#include "base/error.h"
#include "checkpoints/store_embedder.h"

/* Fails when TERN_STORE is neither off nor a size. */
int tern_command_stored_check(tern_error *error);
/* Ends the progress, closes the store and says how many vectors came from it. */
void tern_command_stored_finish(tern_stored *stored);
/* The line of tern_stored_words on stderr, under --quiet none; and a warning when vectors are not kept. */
void tern_command_stored_say(const tern_stored *stored);

#endif
