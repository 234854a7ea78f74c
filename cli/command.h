/* Commands and their flags. A new command is a file cmd_<name>.c, a row in main.c's table, a page in docs/cli.md and
 * a test.
 *
 *     static const char *data; static double tolerance; static int json;
 *     static const tern_flag flags[] = {
 *         {"split", TERN_FLAG_STRING, &split, "NAME", "which qrels to use (test)"},
 *         {"json", TERN_FLAG_BOOL, &json, NULL, "one JSON object on stdout"},
 *         {NULL},
 *     };
 *     int tern_cmd_eval(int argc, char **argv)
 *     {
 *         const char *args[2];
 *         int status = tern_flags_parse(&command, argc, argv, args);      // handles --help and --threads
 *         if (status != TERN_GO_ON) return status;
 */
#ifndef TERN_CLI_COMMAND_H
#define TERN_CLI_COMMAND_H

#include "base/error.h"
#include "base/warnings.h"

#include <stdint.h>

#include <jansson.h>

/* What a signal ends exits with TERN_EXIT_SIGNAL + its number, as in shells: 130 for Ctrl-C, 143 for SIGTERM,
 * 129 for SIGHUP. */
enum { TERN_EXIT_DONE = 0, TERN_EXIT_FAILED = 1, TERN_EXIT_USAGE = 2, TERN_EXIT_SIGNAL = 128, TERN_GO_ON = -1 };

typedef enum tern_flag_kind {
    TERN_FLAG_BOOL,   /* int: --name sets 1, --no-name is not made by itself */
    TERN_FLAG_STRING, /* const char * */
    TERN_FLAG_INT,    /* int64_t, parsed to the last character, >= 0 */
    TERN_FLAG_DOUBLE, /* double */
    TERN_FLAG_LIST,   /* tern_flag_list: may be given several times */
} tern_flag_kind;

typedef struct tern_flag_list {
    const char **items;
    int n;
} tern_flag_list;

typedef struct tern_flag {
    const char *name; /* without the dashes; --name VALUE and --name=VALUE both work */
    tern_flag_kind kind;
    void *value;
    const char *argument; /* its name in --help; NULL for BOOL */
    const char *help;
} tern_flag;

typedef struct tern_command {
    const char *name;
    const char *arguments; /* as help shows them, e.g. "MODEL FOLDER" */
    int least, most;       /* number of positional arguments */
    const char *summary;   /* one line */
    const char *example;   /* first thing in --help; several lines are fine */
    const tern_flag *flags;
    /* What to say of a flag that there isn't, with the value that seems to follow it (NULL: none): a clause, a new
     * string, or NULL. nearby 0: names that are known elsewhere; 1: those that are like one. NULL: nothing. */
    char *(*flag_advice)(const char *name, const char *value, int nearby);
} tern_command;

/* Parses argv[1..]; positional ones into args (room for command->most; the rest NULL). Every command also takes
 * --threads N (started here, through tern_threads_start), --quiet and --help. Returns TERN_GO_ON, or the exit status:
 * --help prints to stdout and is done; an unknown flag names the nearest one and is a wrong usage. */
int tern_flags_parse(const tern_command *command, int argc, char **argv, const char **args);
/* Prints "tern: <message>" to stderr and returns TERN_EXIT_FAILED (or TERN_EXIT_USAGE). */
int tern_command_fail(const tern_error *error);
int tern_command_usage(const tern_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints "tern: warning: <sentence>" to stderr: what a user must know, under --quiet too. The same one once. */
void tern_command_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same of a sentence that stands, for who reports warnings through a callback. */
void tern_command_warn_sentence(void *context, const char *sentence);
/* The same for each of a list. */
void tern_command_warn_all(const tern_warnings *warnings);
/* Puts all that were printed so far into a command's JSON object, as "warnings"; nothing when there are none. */
void tern_command_add_warnings(json_t *object);
/* Flushes stdout; a failed write (full disk) is said and gives TERN_EXIT_FAILED, else status. When the reader of stdout
 * went away after a command that did its work, the process ends by SIGPIPE, in silence. */
int tern_command_end(int status);
/* Parts of pages: "Example:" and command lines, one a line of text; a row of a list of commands; a paragraph. What a
 * terminal has no room for goes on in the next line. */
void tern_help_example(const char *text);
void tern_help_text(const char *text);
void tern_help_row(const char *name, const char *help);
/* 1 when --quiet was given. */
int tern_command_quiet(void);
/* Starts that many threads, 0: as tern_threads_start says, and sees that they can be had. */
int tern_command_start_threads(int n, tern_error *error);
/* The N of --threads, 0 when it was not given: for commands whose recipe may name a number too. */
int tern_command_threads(void);
/* Progress on stderr: a bar with time left on a terminal, a line now and then elsewhere; nothing when quiet. Call it
 * often: it limits itself. done == total ends the line. Usable as tern_embed_options.progress; context: the label. */
void tern_progress(void *label, int64_t done, int64_t total);
/* The same as tern_train_watch.work. */
void tern_command_show_work(void *context, const char *label, int64_t done, int64_t total);
/* A bar "[###---]" of up to columns columns; "" when they are too few for one. */
enum { TERN_PROGRESS_BAR = 32 };
void tern_progress_bar(char out[TERN_PROGRESS_BAR], int64_t done, int64_t total, int columns);
/* Draws line over the one that stands on the terminal; over: it stays, and what follows goes below it. */
void tern_progress_draw(const char *line, int over);
/* Takes away a line that isn't over, so that another can be printed there. */
void tern_progress_clear(void);
/* Seconds as people read them, "4:07" or "1:02:03", into out [n]. */
void tern_command_time(char *out, size_t n, double seconds);

/* One function a command, named in main.c's table. */
int tern_cmd_train(int argc, char **argv);
int tern_cmd_eval(int argc, char **argv);
int tern_cmd_mine(int argc, char **argv);
int tern_cmd_encode(int argc, char **argv);
int tern_cmd_tokenize(int argc, char **argv);
int tern_cmd_search(int argc, char **argv);
int tern_cmd_data(int argc, char **argv);
int tern_cmd_export(int argc, char **argv);
int tern_cmd_info(int argc, char **argv);
int tern_cmd_selftest(int argc, char **argv);

#endif
