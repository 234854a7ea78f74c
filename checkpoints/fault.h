/* Fault injection: a test strikes this process dead at a chosen place, as kill -9 would.
 *
 *     TERN_FAULT=checkpoint:3 tern train recipe.yaml       // dies at the third place named "checkpoint" it passes
 *
 * Places: "checkpoint" in the writing of a training state (before the file is made, after each item, before and after
 * the checksum, after the fsync, after the rename); "model" likewise in the writing of a model folder; "store" in that
 * of the embedding store (before its room is taken, before each vector, before and after a new file's rename); "index"
 * in the process that lists a training state's items, which dies instead. */
#ifndef TERN_CHECKPOINTS_FAULT_H
#define TERN_CHECKPOINTS_FAULT_H

/* Passes a place. Does nothing unless TERN_FAULT names it; raises SIGKILL at the N-th passing of this process. */
void tern_fault(const char *place);

#endif
