/* Wall time and the process's memory. */
#ifndef TERN_BASE_CLOCK_H
#define TERN_BASE_CLOCK_H

/* Seconds of a clock that only goes forward; its zero means nothing. */
double tern_seconds(void);
/* Greatest resident memory of this process so far, in MB of 2^20 bytes, as recipes give memory. */
double tern_peak_memory_mb(void);
/* The same as it is now. */
double tern_memory_mb(void);

#endif
