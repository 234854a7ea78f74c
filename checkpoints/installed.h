/* Where models are installed, and which are there. Private to checkpoints/. */
#ifndef TERN_CHECKPOINTS_INSTALLED_H
#define TERN_CHECKPOINTS_INSTALLED_H

#include "base/error.h"

#include <stddef.h>

/* The folder of ORG/NAME in tern's cache, else in the Hugging Face cache; NULL with a sentence that lists the places.
 */
char *tern_installed_find(const char *name, tern_error *error);
/* ORG/NAME: two parts of letters, digits, '.', '_' and '-', none of them "." or "..". */
int tern_installed_is_name(const char *name);
/* The snapshot that refs/main of a repository in the Hugging Face cache (models--ORG--NAME) names; NULL: none. */
char *tern_installed_snapshot(const char *repository);

typedef struct tern_installed {
    char **names; /* [n] "ORG/NAME" */
    size_t n, capacity;
} tern_installed;
/* All models of both caches. */
tern_installed tern_installed_list(void);
void tern_installed_free(tern_installed *list);
/* The one that a name without its organization, in another case or with a slip most likely means; borrowed, or NULL.
 * exact 1: without slips. */
const char *tern_installed_meant(const tern_installed *list, const char *name, int exact);

#endif
