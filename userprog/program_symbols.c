/* SPDX-License-Identifier: MIT */
/* Reading a program's symbol table (program_symbols.h; elf(5)), once for all places. */
#include "userprog/program_symbols.h"

#include <asm/errno.h>
#include <elf.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "vm/pagecache.h"

#define SECTIONS_MAX 256u
#define SYMBOLS_MAX 65536u /* of these the first are looked at */
#define SYMBOLS_AT_ONCE 64u

static int read_file(struct inode *inode, uint64_t position, void *to, uint32_t n)
{
	if (position + n > inode->source.size)
		return -ENOEXEC;
	return pagecache_read(&inode->source, position, to, n);
}

static int read_section(struct inode *inode, const Elf32_Ehdr *header, uint32_t index,
                        Elf32_Shdr *section)
{
	if (index >= header->e_shnum)
		return -ENOEXEC;
	return read_file(inode, (uint64_t)header->e_shoff + index * sizeof *section, section,
	                 sizeof *section);
}

/* The section with the symbols, and the one with their names. */
static int find_table(struct inode *inode, Elf32_Shdr *symbols, Elf32_Shdr *strings)
{
	Elf32_Ehdr header;
	int error = read_file(inode, 0, &header, sizeof header);
	if (error)
		return error;
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_shentsize != sizeof *symbols || header.e_shnum > SECTIONS_MAX)
		return -ENOEXEC;
	for (uint32_t i = 0; i < header.e_shnum; i++) {
		error = read_section(inode, &header, i, symbols);
		if (error)
			return error;
		if (symbols->sh_type == SHT_SYMTAB)
			return read_section(inode, &header, symbols->sh_link, strings);
	}
	return -ENOENT;
}

/* Notes the function where it is nearer to a place than what was found so far. */
static void consider(const Elf32_Sym *symbol, uintptr_t bias, struct program_place *places,
                     uint32_t count)
{
	uintptr_t start = symbol->st_value + bias;
	if (ELF32_ST_TYPE(symbol->st_info) != STT_FUNC || !symbol->st_value)
		return;
	for (uint32_t i = 0; i < count; i++) {
		uintptr_t wanted = places[i].address - places[i].back;
		if (wanted < start || start < places[i].function ||
		    (symbol->st_size && wanted - start >= symbol->st_size))
			continue;
		places[i].function = start;
		places[i].name_index = symbol->st_name;
	}
}

/* The name, with nothing in it that a terminal would take for more than letters. */
static void read_name(struct inode *inode, const Elf32_Shdr *strings,
                      struct program_place *place)
{
	uint32_t left = place->name_index < strings->sh_size
	                        ? strings->sh_size - place->name_index : 0;
	uint32_t n = left < sizeof place->name - 1 ? left : sizeof place->name - 1;
	if (read_file(inode, (uint64_t)strings->sh_offset + place->name_index, place->name, n)) {
		place->function = 0;
		return;
	}
	for (char *c = place->name; c < place->name + n && *c; c++)
		if (*c <= ' ' || *c > '~')
			*c = '?';
}

void program_symbols_find(struct inode *inode, uintptr_t bias, struct program_place *places,
                          uint32_t count)
{
	Elf32_Shdr symbols, strings;
	Elf32_Sym *some = kmalloc(SYMBOLS_AT_ONCE * sizeof *some);
	if (!some || find_table(inode, &symbols, &strings)) {
		kfree(some);
		return;
	}
	uint32_t total = symbols.sh_size / sizeof *some;
	if (total > SYMBOLS_MAX)
		total = SYMBOLS_MAX;
	for (uint32_t first = 0; first < total; first += SYMBOLS_AT_ONCE) {
		uint32_t n = total - first < SYMBOLS_AT_ONCE ? total - first : SYMBOLS_AT_ONCE;
		if (read_file(inode, (uint64_t)symbols.sh_offset + first * sizeof *some, some,
		              n * sizeof *some))
			break;
		for (uint32_t i = 0; i < n; i++)
			consider(&some[i], bias, places, count);
	}
	kfree(some);
	for (uint32_t i = 0; i < count; i++)
		if (places[i].function)
			read_name(inode, &strings, &places[i]);
}
