/* SPDX-License-Identifier: MIT */
/* What a Multiboot boot loader leaves behind: GNU Multiboot Specification 0.6.96, 3.3.
 * Addresses in here are physical. */
#pragma once

#define MULTIBOOT_HEADER_MAGIC 0x1BADB002
#define MULTIBOOT_PAGE_ALIGN 0x1
#define MULTIBOOT_MEMORY_INFO 0x2
#define MULTIBOOT_LOADER_MAGIC 0x2BADB002

#ifndef __ASSEMBLER__

#include "lib/types.h"

/* Bits of multiboot_info.flags: which fields are there. */
#define MULTIBOOT_HAS_MEMORY 0x001u
#define MULTIBOOT_HAS_COMMAND_LINE 0x004u
#define MULTIBOOT_HAS_MEMORY_MAP 0x040u

struct multiboot_info {
	uint32_t flags;
	uint32_t memory_lower, memory_upper; /* KiB below 1 MiB, and from 1 MiB on */
	uint32_t boot_device;
	physaddr_t command_line;
	uint32_t modules;
	physaddr_t modules_address;
	uint32_t symbols[4];
	uint32_t map_bytes;
	physaddr_t map_address;
};

#define MULTIBOOT_RAM 1u /* the type of usable RAM */

/* An entry of the memory map. `size` does not count itself: the next entry lies
 * size + 4 bytes on. */
struct multiboot_range {
	uint32_t size;
	uint64_t base, length;
	uint32_t type;
} __attribute__((packed));

#endif
