/* How much memory this process may use.
 *
 *     int64_t budget = tern_memory_limit() / 4 * 3;
 */
#ifndef TERN_BASE_LIMITS_H
#define TERN_BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* The least of the machine's memory, the limits of the control groups that the process is in (version 1 and 2, those
 * above them too), and its own limits of address space and data (ulimit -v, -d), in bytes; never 0. */
int64_t tern_memory_limit(void);

/* The control groups' part of it: the least limit that the groups named in root/proc/self/cgroup, or those above them,
 * have in the files under root/sys/fs/cgroup; INT64_MAX when there is none. root: "" on a real machine. */
int64_t tern_memory_limit_of_groups(const char *root);

/* A number of bytes as people read it, in units of 1024: "732 MB", "1.90 GB". */
void tern_memory_text(char *out, size_t n, int64_t bytes);

/* From now on blocks of 1 MB and more go back to the system as soon as they are freed: glibc would otherwise keep
 * freed blocks of up to 32 MB, and what the process takes would depend on the order of what was freed before. Does
 * nothing with another C library. Call once, at the start of work whose memory was planned. */
void tern_memory_give_back(void);

#endif
