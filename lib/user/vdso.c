/* SPDX-License-Identifier: MIT */
/*
 * A function's way from its name to its address in the vDSO, as a C library finds it: the auxiliary
 * vector says where that ELF file lies, its program headers where its dynamic section is, and that
 * where the tables of symbols, names and versions are (elf(5), vdso(7)).
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <vdso.h>

#define VERSION_MASK 0x7fff /* of an entry of the versions' table; the other bit hides a symbol */

struct library {
	uintptr_t start;
	const Elf32_Sym *symbols;
	const char *names;
	const Elf32_Word *hash;        /* its second word is the number of symbols */
	const Elf32_Half *versions;    /* of each symbol */
	const Elf32_Verdef *definitions;
};

static const void *table(const struct library *library, const Elf32_Dyn *dynamic, int32_t tag)
{
	for (; dynamic->d_tag != DT_NULL; dynamic++)
		if (dynamic->d_tag == tag)
			return (const void *)(library->start + dynamic->d_un.d_ptr);
	return NULL;
}

static const Elf32_Dyn *dynamic_section(uintptr_t start)
{
	const Elf32_Ehdr *header = (const Elf32_Ehdr *)start;
	const Elf32_Phdr *segment = (const Elf32_Phdr *)(start + header->e_phoff);

	for (unsigned i = 0; i < header->e_phnum; i++)
		if (segment[i].p_type == PT_DYNAMIC)
			return (const Elf32_Dyn *)(start + segment[i].p_vaddr);
	return NULL;
}

/* False: there is no vDSO, or it lacks a table. */
static int library_find(struct library *library)
{
	const Elf32_Dyn *dynamic = NULL;

	library->start = getauxval(AT_SYSINFO_EHDR);
	if (library->start)
		dynamic = dynamic_section(library->start);
	if (!dynamic)
		return 0;
	library->symbols = table(library, dynamic, DT_SYMTAB);
	library->names = table(library, dynamic, DT_STRTAB);
	library->hash = table(library, dynamic, DT_HASH);
	library->versions = table(library, dynamic, DT_VERSYM);
	library->definitions = table(library, dynamic, DT_VERDEF);
	return library->symbols && library->names && library->hash && library->versions &&
	       library->definitions;
}

/* The name of the version with that number. */
static const char *version_name(const struct library *library, unsigned number)
{
	const Elf32_Verdef *definition = library->definitions;

	while (definition->vd_ndx != number && definition->vd_next)
		definition = (const void *)((const char *)definition + definition->vd_next);
	const Elf32_Verdaux *name = (const void *)((const char *)definition + definition->vd_aux);
	return definition->vd_ndx == number ? library->names + name->vda_name : "";
}

void *vdso_function(const char *version, const char *name)
{
	struct library library;

	if (!library_find(&library))
		return NULL;
	for (unsigned i = 1; i < library.hash[1]; i++) {
		const Elf32_Sym *symbol = &library.symbols[i];
		if (ELF32_ST_TYPE(symbol->st_info) == STT_FUNC &&
		    strcmp(library.names + symbol->st_name, name) == 0 &&
		    strcmp(version_name(&library, library.versions[i] & VERSION_MASK), version) == 0)
			return (void *)(library.start + symbol->st_value);
	}
	return NULL;
}
