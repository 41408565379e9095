/* SPDX-License-Identifier: MIT */
/* What the cases about mappings share: a place to map in, and a picture of what is mapped there. */
#pragma once

#include "case.h"

#define ARENA 40u /* pages */

/* Pages at a known place that nothing else uses; all free. */
static char *arena;

static inline void arena_make(void)
{
	arena = mmap(NULL, (ARENA + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(arena, (ARENA + 2) * PAGE);
	arena += PAGE;
}

static inline void arena_clear(void)
{
	munmap(arena, ARENA * PAGE);
}

static inline char *at(unsigned page)
{
	return arena + page * PAGE;
}

/* Maps anonymous pages there; `letter`, if there is one, is written to the first byte of each, and
 * the next to the next. */
static inline char *put(unsigned page, unsigned count, int protection, int flags, char letter)
{
	char *memory = mmap(at(page), count * PAGE, letter ? PROT_READ | PROT_WRITE : protection,
	                    flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	for (unsigned i = 0; letter && i < count; i++)
		memory[i * PAGE] = letter + i;
	if (letter)
		mprotect(memory, count * PAGE, protection);
	return memory;
}

static inline char *put_file(unsigned page, unsigned count, int protection, int flags, int fd,
                             unsigned first)
{
	char *memory = mmap(at(page), count * PAGE, protection, flags | MAP_FIXED, fd,
	                    (off_t)first * PAGE);
	return memory == MAP_FAILED ? NULL : memory;
}

/* The first byte of the page, or '!' if it cannot be read; without a signal. */
static inline char peek(const char *address)
{
	static int ends[2];
	char byte;

	if (!ends[1] && pipe(ends) != 0)
		exit(1);
	if (write(ends[1], address, 1) != 1)
		return '!';
	if (read(ends[0], &byte, 1) != 1)
		exit(1);
	return byte == 0 ? '0' : byte;
}

/* For each page of the arena: '.' nothing mapped; else '-', 'r', 'w', both small for private and
 * large for shared; '_' and '=' for neither read nor write. As /proc/self/maps tells. */
static inline void rights_of(char *to)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], rights[8];
	unsigned long start, end;

	memset(to, '.', ARENA);
	to[ARENA] = '\0';
	while (fgets(line, sizeof line, maps)) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) != 3)
			continue;
		for (unsigned page = 0; page < ARENA; page++) {
			unsigned long address = (unsigned long)at(page);
			if (address < start || address >= end)
				continue;
			bool shared = rights[3] == 's';
			to[page] = rights[1] == 'w' ? (shared ? 'W' : 'w')
			           : rights[0] == 'r' ? (shared ? 'R' : 'r')
			                              : (shared ? '=' : '_');
		}
	}
	fclose(maps);
}

/* Two lines: the rights of the first pages of the arena, and what they begin with. */
static inline void picture(unsigned count, const char *what)
{
	char rights[ARENA + 1], bytes[ARENA + 1];

	rights_of(rights);
	for (unsigned page = 0; page < count; page++)
		bytes[page] = rights[page] == '.' ? '.' : peek(at(page));
	say("%s: %.*s %.*s", what, (int)count, rights, (int)count, bytes);
}

/* What a call gives that returns an address: a page of the arena, "elsewhere", or an error. */
static inline void say_place(void *address, const char *format, ...)
{
	int error = errno;
	char what[200];
	va_list values;

	va_start(values, format);
	vsnprintf(what, sizeof what, format, values);
	va_end(values);
	if (address == MAP_FAILED)
		say("%s: %s", what, error_name(error));
	else if ((char *)address >= arena && (char *)address < at(ARENA))
		say("%s: page %u%s", what, (unsigned)((char *)address - arena) / PAGE,
		    (unsigned long)address % PAGE ? " and a part" : "");
	else
		say("%s: elsewhere", what);
}

/* mremap() by the call itself, as the C library reads the fifth argument or does not. */
static inline void *remap(void *old, unsigned long old_size, unsigned long new_size, int flags,
                          void *new)
{
	return (void *)syscall(SYS_mremap, old, old_size, new_size, flags, new);
}
