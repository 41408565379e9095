/* SPDX-License-Identifier: MIT */
/* Which fields of an ELF header execve(2) looks at: a copy of this program with one of them changed
 * each time. */
#include "case.h"
#include <elf.h>

static char program[4 << 20];
static ssize_t size;

static void try(const char *what)
{
	static char *arguments[] = {"program", "again", NULL}, *environment[] = {NULL};
	int status, file = open("program", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (write(file, program, size) != size)
		say("no room");
	close(file);
	pid_t child = fork();
	if (!child) {
		execve("./program", arguments, environment);
		say("%s: %s", what, error_name(errno));
		_exit(1);
	}
	waitpid(child, &status, 0);
	say("%s ends with %x", what, status);
}

#define WITH(field, value) \
	do { \
		Elf32_Ehdr *header = (Elf32_Ehdr *)program; \
		Elf32_Ehdr saved = *header; \
		header->field = value; \
		try(#field " " #value); \
		*header = saved; \
	} while (0)

int main(int count, char **arguments)
{
	int self = open("/proc/self/exe", O_RDONLY);

	(void)arguments;
	if (count > 1)
		return 7;
	size = read(self, program, sizeof program);
	close(self);
	WITH(e_ident[EI_MAG3], 'f');
	WITH(e_ident[EI_CLASS], ELFCLASS64);
	WITH(e_ident[EI_CLASS], 77);
	WITH(e_ident[EI_DATA], ELFDATA2MSB);
	WITH(e_ident[EI_VERSION], 9);
	WITH(e_ident[EI_OSABI], ELFOSABI_FREEBSD);
	WITH(e_type, ET_REL);
	WITH(e_type, ET_CORE);
	WITH(e_machine, EM_ARM);
	WITH(e_machine, EM_X86_64);
	WITH(e_machine, 6);
	WITH(e_version, 77);
	WITH(e_ehsize, 0);
	WITH(e_flags, 0xffffffff);
	WITH(e_phnum, 0);
	WITH(e_phnum, 3000);
	WITH(e_phentsize, 31);
	WITH(e_phoff, 0x7ffffff0);
	WITH(e_phoff, 0xfffffff0);
	WITH(e_shoff, 0x7fffffff);
	WITH(e_shentsize, 3);
	WITH(e_entry, 0);
	WITH(e_entry, 0xf0000000);
	return 0;
}
