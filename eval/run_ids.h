/* Ids, each kept once, in little more memory than their characters: a run of ten million lines names few of them often.
 *
 *     tern_run_ids *ids = tern_run_ids_create();
 *     uint32_t a, b;
 *     if (tern_run_ids_add(ids, "d1", 2, &a) < 0) return fail_full(..);
 *     tern_run_ids_add(ids, "d1", 2, &b);                       // b == a
 *     puts(tern_run_ids_get(ids, a));
 *     tern_run_ids_free(ids); */
#ifndef TERN_EVAL_RUN_IDS_H
#define TERN_EVAL_RUN_IDS_H

#include <stddef.h>
#include <stdint.h>

typedef struct tern_run_ids tern_run_ids;

tern_run_ids *tern_run_ids_create(void);
void tern_run_ids_free(tern_run_ids *ids);
/* The number of an id of n bytes, none of them 0: the one that it got when it was first added. Numbers are not
 * consecutive. -1 when there is no room: 4 GB of characters. */
int tern_run_ids_add(tern_run_ids *ids, const char *id, size_t n, uint32_t *number);
/* Borrowed until the next id is added. */
const char *tern_run_ids_get(const tern_run_ids *ids, uint32_t number);
/* How many distinct ids there are. */
size_t tern_run_ids_count(const tern_run_ids *ids);

#endif
