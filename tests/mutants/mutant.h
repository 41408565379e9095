/* SPDX-License-Identifier: MIT */
/* Included in front of every source of a kernel with mutants (`make mutants`): runtime.c. */
#ifndef __ASSEMBLER__

extern unsigned mutant_chosen;
extern unsigned mutant_reached[];

/* Whether this mutant is switched on; and one more in the count of those who came by. */
#define MUTANT(number) (mutant_reached[number]++, mutant_chosen == (number))

#endif
