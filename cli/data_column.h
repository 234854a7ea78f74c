/* tern data column, a kind of tern data. */
#ifndef TERN_CLI_DATA_COLUMN_H
#define TERN_CLI_DATA_COLUMN_H

int tern_data_column(int argc, char **argv);

#endif
