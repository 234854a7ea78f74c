/* Inside an index's file, for those who write damaged ones on purpose. */
#ifndef TERN_SEARCH_BM25_FILE_H
#define TERN_SEARCH_BM25_FILE_H

#include "search/bm25.h"

typedef struct bm25_header {
    char magic[8];
    uint32_t version, order; /* order: 1, as this machine has it */
    uint64_t key[2];
    int64_t n_docs, n_terms, n_slots, n_names, n_postings, n_groups;
    uint64_t checksum; /* of what follows the header */
    uint64_t header;   /* of all before */
} bm25_header;

/* Makes an index's file of n bytes, aligned to 64, one of these texts and options with all hashes right, whatever its
 * counts and sections are. */
void tern_bm25_seal(void *file, size_t n, const tern_bm25_options *options, const char *const *texts, int64_t n_docs);

#endif
