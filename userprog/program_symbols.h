/* SPDX-License-Identifier: MIT */
/* The functions of a program, by address: from the symbol table of its ELF file, if it has one
 * (the programs of the disk image do; busybox does not). */
#pragma once

#include "lib/types.h"

struct inode;

struct program_place {
	uintptr_t address;   /* asked for */
	uint32_t back;       /* the function wanted is the one that holds address - back */
	uint32_t times;      /* the asker's: in how many calls, one in the other */
	uintptr_t function;  /* where it begins; 0: unknown */
	uint32_t name_index; /* in the file's table of strings */
	char name[32];       /* cut off, if it is longer */
};

/* Fills in what is known of the places, reading the file. `bias` is what was added to the
 * file's addresses. The file is a program's: anything may stand in it. May sleep. */
void program_symbols_find(struct inode *, uintptr_t bias, struct program_place *, uint32_t count);
