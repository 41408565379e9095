/* SPDX-License-Identifier: MIT */
/*
 * Page tables in memory of one's own: what lab translate is about.
 *
 * A page has 2^OFFSET_BITS bytes. A table is a page full of entries of 8 bytes, so one level's
 * index has OFFSET_BITS - 3 bits. LEVELS tables lead to a page. These are given when the program is
 * compiled: -DLEVELS=3 -DOFFSET_BITS=12.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES ((size_t)1 << OFFSET_BITS)
#define INDEX_BITS (OFFSET_BITS - 3)
#define ADDRESS_BITS (LEVELS * INDEX_BITS + OFFSET_BITS) /* never more than 60 */

/* Bit 0: it is valid, and the bits from OFFSET_BITS on are the address of a table or page. Bits
 * between belong to others. Of an entry that is not valid no other bit means anything. */
typedef uint64_t entry;
#define VALID ((entry)1)

/* Where the table of the first level is; 0: there is none yet. */
extern uintptr_t root;

#define NOWHERE UINTPTR_MAX

/* The physical address of a virtual one: here, where the byte is in this program's memory. NOWHERE
 * if there is none. Changes nothing. */
uintptr_t translate(uint64_t address);

/* Gives the page around the address memory, of zeros, unless it has some; and returns 0. -1 if
 * there is no memory or no such address: then all is as it was before. */
int page_allocate(uint64_t address);
