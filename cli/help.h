/* tern help TOPIC, for topics that are no commands. */
#ifndef TERN_CLI_HELP_H
#define TERN_CLI_HELP_H

/* Prints the page of a topic: "losses", a loss, a key of a recipe or a section of it, or another tool's name for one.
 * Returns 0, and prints nothing, when there is no such topic. */
int tern_help_topic(const char *name);
/* The command [n], loss or key that a wrong topic is most like. A new string, or NULL. */
char *tern_help_near(const char *name, const char *const *commands, int n);

#endif
