/* SPDX-License-Identifier: MIT */
/*
 * Memory that two machines share, page by page, over a line between them; by page faults in user
 * mode (distributed shared memory: K. Li and P. Hudak, "Memory Coherence in Shared Virtual Memory
 * Systems", 1989). One machine may write a page, or both may read it; a touch of anything else is
 * SIGSEGV, whose handler asks the other machine:
 *
 *     one reads:   NONE --copy--> READ        the other: WRITE -> READ
 *     one writes:  NONE --move--> WRITE       the other: any   -> NONE
 *                  READ --leave-> WRITE, without bytes: they are there
 *
 * So what one machine writes the other reads, in one order for both. The other machine answers from
 * a timer's signal while it computes, and at once while it waits: in its own handler, or in
 * shared_wait(). A page that has come stays for a moment, so that the touch that asked for it
 * succeeds before the other machine takes it away again.
 *
 * A system call that is given an address in a page that is not here fails with EFAULT: the kernel
 * raises no signal then. A program touches such memory before.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SHARED_PAGES 32u

/* What one machine did for a range of pages. */
struct shared_counts {
	unsigned read_faults, write_faults;
	unsigned received, sent; /* pages, with their bytes */
	unsigned left;           /* leave to write what was here to read, asked for */
	uint64_t waited;         /* ns from fault to page, together */
};

/* Meets the other machine on the line, a terminal or a socket, waiting for it without end. Returns
 * SHARED_PAGES pages, which are zero; *first differs on the two machines. Ends the program with a
 * word if the line breaks. One at a time. */
void *shared_start(int line, bool *first);
/* How many messages of the other machine have been dealt with, by a signal's handler too. */
unsigned shared_answered(void);
/* Sleeps until the other machine has asked for something, and gives it: while a loop waits for a
 * value, nothing else can change it. `answered`: how many there were before the loop looked; if there
 * are more by now, it does not sleep, since what was asked for meanwhile was perhaps that value, and
 * nothing may follow. */
void shared_wait(unsigned answered);
/* Both machines come here and go on when both have; nothing is asked for in between. */
void shared_meet(void);
struct shared_counts shared_counts(unsigned first_page, unsigned pages);
/* The other machine must do it, too; the memory is gone. */
void shared_end(void);
