/* SPDX-License-Identifier: MIT */
/* Included in front of every source of a kernel with mutants (`make mutants`): runtime.c. */
#ifndef __ASSEMBLER__

extern unsigned mutant_chosen;
extern unsigned char mutant_reached[];

/* Whether this mutant is switched on; and a note that somebody came by. */
#define MUTANT(number) (mutant_reached[number] = 1, mutant_chosen == (number))

#endif
