/* tern data check of a folder in BEIR form: counts of each split, and what judgements name that isn't there. */
#ifndef TERN_CLI_DATA_CHECK_FOLDER_H
#define TERN_CLI_DATA_CHECK_FOLDER_H

/* split NULL: each that the folder has; a fault of one doesn't keep the others from being checked. Prints counts for
 * people or one JSON object, and faults and warnings as sentences on stderr. Returns the exit status. */
int tern_data_check_folder(const char *folder, const char *split, int invalid_utf8_replace, int json);

#endif
