#include "train/stored.h"

#include <stdlib.h>

void tern_train_say_stored(const tern_stored *stored, const tern_train_watch *watch)
{
    if (watch->warn && stored->lost.message[0])
        watch->warn(watch->context, stored->lost.message);
    char *words = watch->say ? tern_stored_words(stored) : NULL;
    if (words)
        watch->say(watch->context, words);
    free(words);
}
