/* tern data check of a file of rows: counts for people or as one JSON object, all faults, and what isn't used. */
#ifndef TERN_CLI_DATA_CHECK_H
#define TERN_CLI_DATA_CHECK_H

#include "data/rows.h"

/* Reads the source's file and prints what is found; its findings are made here. Returns the exit status. */
int tern_data_check_rows(const tern_rows_source *source, int json);

#endif
