/* SPDX-License-Identifier: MIT */
/*
 * A program that names an interpreter (PT_INTERP), as everything linked dynamically does: both are
 * mapped, the interpreter begins, and the auxiliary vector tells it where the program does
 * (getauxval(3)). Two files are made by hand: the interpreter finds AT_ENTRY and jumps there, the
 * program ends with status 33. And what execve(2) says of interpreters that cannot be had.
 */
#include "tests/test.h"

#include <elf.h>

#define PROGRAM_AT 0x10000000u
#define CODE 0x200u /* where the code lies in both files */
#define NAME 0x180u

static const unsigned char jump_to_entry[] = {
	0x8b, 0x0c, 0x24,             /* mov (%esp),%ecx: argc */
	0x8d, 0x74, 0x8c, 0x08,       /* lea 8(%esp,%ecx,4),%esi: the environment */
	0xad, 0x85, 0xc0, 0x75, 0xfb, /* lods; test; jnz: past its NULL */
	0xad, 0x89, 0xc2, 0xad,       /* lods to %edx; lods */
	0x83, 0xfa, AT_ENTRY,         /* cmp */
	0x75, 0xf7,                   /* jne: the next pair */
	0xff, 0xe0,                   /* jmp *%eax */
};
static const unsigned char exit_33[] = {
	0xb8, 1, 0, 0, 0, 0xbb, 33, 0, 0, 0, 0xcd, 0x80, /* exit(33) */
};

struct image {
	Elf32_Ehdr header;
	Elf32_Phdr load, interpreter;
};

static char bytes[4096];

static void make_file(const char *path, const struct image *image, const void *code, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
	memcpy(bytes, image, sizeof *image);
	memcpy(bytes + CODE, code, size);
	CHECK(fd >= 0 && write(fd, bytes, sizeof bytes) == sizeof bytes, "%s is made", path);
	close(fd);
}

/* An image at the address (0: anywhere), with the interpreter's name in `bytes` or none. */
static struct image image_at(uint32_t address, uint32_t name_bytes)
{
	struct image image = {
		.header = {
			.e_ident = ELFMAG "\1\1\1", .e_type = address ? ET_EXEC : ET_DYN,
			.e_machine = EM_386, .e_version = EV_CURRENT, .e_entry = address + CODE,
			.e_phoff = sizeof(Elf32_Ehdr), .e_ehsize = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = name_bytes ? 2 : 1,
		},
		.load = {
			.p_type = PT_LOAD, .p_vaddr = address, .p_filesz = sizeof bytes,
			.p_memsz = sizeof bytes, .p_flags = PF_R | PF_X, .p_align = PAGE,
		},
		.interpreter = {.p_type = PT_INTERP, .p_offset = NAME, .p_filesz = name_bytes},
	};
	return image;
}

/* Makes a program that names the interpreter. */
static void name_interpreter(uint32_t address, const char *name, bool terminated)
{
	struct image image = image_at(address, strlen(name) + terminated);
	memset(bytes, 0, sizeof bytes);
	strcpy(bytes + NAME, name);
	make_file("program", &image, exit_33, sizeof exit_33);
}

static void run(void *unused)
{
	char *arguments[] = {"program", "with", "arguments", NULL};
	char *environment[] = {"SOME=thing", NULL};
	(void)unused;
	execve("./program", arguments, environment);
	_exit(errno);
}

static int status_of_program(void)
{
	int status;
	pid_t child = fork();
	if (child == 0)
		run(NULL);
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status), "it ends by itself");
	return WEXITSTATUS(status);
}

int main(void)
{
	struct image linker = image_at(0, 0);
	memset(bytes, 0, sizeof bytes);
	make_file("linker", &linker, jump_to_entry, sizeof jump_to_entry);

	name_interpreter(PROGRAM_AT, "./linker", true);
	CHECK(status_of_program() == 33, "the interpreter is entered, and finds the program");
	name_interpreter(0, "./linker", true);
	CHECK(status_of_program() == 33, "also of one that may lie anywhere");

	name_interpreter(PROGRAM_AT, "./missing", true);
	CHECK(status_of_program() == ENOENT, "one that is not there");
	name_interpreter(PROGRAM_AT, "./linker", false);
	CHECK(status_of_program() == ENOEXEC, "a name without an end");
	name_interpreter(PROGRAM_AT, ".", true);
	CHECK(status_of_program() == EACCES, "a directory");
	CHECK(chmod("linker", 0644) == 0, "chmod");
	name_interpreter(PROGRAM_AT, "./linker", true);
	CHECK(status_of_program() == EACCES, "one that may not be executed");
	CHECK(truncate("linker", 20) == 0 && chmod("linker", 0755) == 0, "cut off");
	CHECK(status_of_program() == EIO, "one that ends within its header");
	memset(bytes, 'x', sizeof bytes);
	make_file("linker", &(struct image){.load.p_type = PT_NULL}, "no", 2);
	CHECK(status_of_program() == ELIBBAD, "one that is no program");
	say("programs with interpreters are run, and those without theirs are refused");
	return 0;
}
