/* The process that runs cells. Loads their objects, calls them, tells the kernel what they show; a crash
 * ends this process and not the kernel. executor.c: the loop; executor_signals.c: interrupts, crashes. */
#ifndef KEN_KERNEL_EXECUTOR_H
#define KEN_KERNEL_EXECUTOR_H

#include "ken/core/ctx.h"

int executor_main(void);

/* --- executor_signals.c --- */
extern volatile int executor_cancel; /* the context's flag */
void executor_signals(void);
/* Code addresses of a loaded unit. false: no room is left; it runs, but cannot be jumped out of. */
bool executor_note_unit(int unit, void *handle);
/* Runs fn(arg). false: it was interrupted and left by a jump. */
bool executor_guard(void (*fn)(void *arg), void *arg);

#endif
