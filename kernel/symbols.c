/* SPDX-License-Identifier: MIT */
/* Looking up a function by address: a binary search in the generated table. */
#include "kernel/symbols.h"

/* Generated. Addresses ascend; symbol_names[i] is where the name of the i-th begins. */
extern const uint32_t symbol_count;
extern const uint32_t symbol_addresses[];
extern const uint32_t symbol_names[];
extern const char symbol_text[];

extern const char text_start[], text_end[]; /* linker.ld */

const char *symbol_find(uintptr_t address, uint32_t *offset)
{
	if (address < (uintptr_t)text_start || address >= (uintptr_t)text_end ||
	    !symbol_count || address < symbol_addresses[0])
		return NULL;
	uint32_t low = 0, high = symbol_count;
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;
		if (symbol_addresses[middle] <= address)
			low = middle;
		else
			high = middle;
	}
	*offset = address - symbol_addresses[low];
	return symbol_text + symbol_names[low];
}
