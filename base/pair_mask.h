/* What a mask of a batch says of an anchor i and a candidate j, a byte each. Data make masks, losses and operations
 * read them. */
#ifndef TERN_BASE_PAIR_MASK_H
#define TERN_BASE_PAIR_MASK_H

/* Bits. */
enum {
    TERN_PAIR_NO_NEGATIVE = 1, /* candidate j is never a negative for anchor i */
    TERN_PAIR_SAME_ANCHOR = 2, /* row j's anchor has the text of anchor i; candidate j is row j's positive */
    TERN_PAIR_REPEATED = 4,    /* another candidate of the same text counts for anchor i */
};

#endif
