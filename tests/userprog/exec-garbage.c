/* SPDX-License-Identifier: MIT */
/*
 * What is no program cannot be executed: text, zeros, an empty file and a file of another machine
 * are ENOEXEC, and the caller goes on.
 */
#include "tests/test.h"

#include <elf.h>

static void refuse(const char *what, const void *content, size_t n)
{
	int fd = open("file", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	char *arguments[] = {"file", NULL};

	CHECK(fd >= 0 && write(fd, content, n) == (ssize_t)n && close(fd) == 0, "write it");
	errno = 0;
	CHECK(execve("file", arguments, NULL) == -1 && errno == ENOEXEC, "%s is ENOEXEC", what);
}

int main(void)
{
	static unsigned char bytes[PAGE];
	Elf32_Ehdr header;
	int fd = open("/proc/self/exe", O_RDONLY);

	refuse("an empty file", bytes, 0);
	refuse("a page of zeros", bytes, PAGE);
	refuse("text", "hello world, this is no program\n", 32);
	for (uint32_t i = 0; i < PAGE; i++)
		bytes[i] = pattern(1, i);
	refuse("noise", bytes, PAGE);
	CHECK(read(fd, bytes, PAGE) == (ssize_t)PAGE, "the first page of this program");
	memcpy(&header, bytes, sizeof(header));
	header.e_machine = EM_SPARC;
	memcpy(bytes, &header, sizeof(header));
	refuse("a program for SPARC", bytes, PAGE);
	header.e_machine = EM_386;
	header.e_type = ET_REL;
	memcpy(bytes, &header, sizeof(header));
	refuse("an object file", bytes, PAGE);
	say("6 files that are no programs");
	return 0;
}
