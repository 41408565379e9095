/* SPDX-License-Identifier: MIT */
/*
 * The auxiliary vector tells a program about itself: the page size, its program headers, its
 * entry, its name, sixteen random bytes.
 */
#include "tests/test.h"

#include <elf.h>
#include <sys/auxv.h>

int main(int argc, char **argv)
{
	const Elf32_Phdr *headers = (void *)getauxval(AT_PHDR);
	const unsigned char *bytes = (void *)getauxval(AT_RANDOM);
	uintptr_t entry = getauxval(AT_ENTRY);
	bool found = false;

	(void)argc;
	(void)argv;
	CHECK(getauxval(AT_PAGESZ) == PAGE, "AT_PAGESZ is 4096");
	CHECK(getauxval(AT_PHENT) == sizeof(Elf32_Phdr), "AT_PHENT");
	CHECK(headers && getauxval(AT_PHNUM) >= 2, "AT_PHDR and AT_PHNUM");
	for (uint32_t i = 0; i < getauxval(AT_PHNUM); i++)
		found |= headers[i].p_type == PT_LOAD && entry >= headers[i].p_vaddr &&
		         entry < headers[i].p_vaddr + headers[i].p_memsz;
	CHECK(found, "AT_ENTRY %#lx lies in a segment", (unsigned long)entry);
	CHECK(bytes && !all_bytes_are(bytes, 16, bytes[0]), "AT_RANDOM points to random bytes");
	CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid(), "identities");
	CHECK(getauxval(AT_SECURE) == 0, "AT_SECURE");
	CHECK(getauxval(AT_EXECFN) && strlen((char *)getauxval(AT_EXECFN)) > 0, "AT_EXECFN");
	say("entry %#lx, %lu program headers", (unsigned long)entry, getauxval(AT_PHNUM));
	return 0;
}
