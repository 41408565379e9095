/* SPDX-License-Identifier: MIT */
/*
 * Program headers that lie: segments in the kernel, around the end of addresses, past the end of
 * the file, overlapping, or too many. Whatever happens to the child, the parent lives.
 */
#include "tests/test.h"

#include <elf.h>

static unsigned char *image;
static uint32_t length;

/* Runs the changed program; it must end somehow. Returns whether it was refused or killed. */
static bool run(void)
{
	char *arguments[] = {"broken", "run", NULL};
	int status;
	pid_t child;

	program_make("broken", image, length);
	child = fork_checked();
	if (!child) {
		execve("broken", arguments, NULL);
		_exit(100);
	}
	status = wait_status(child);
	return WIFSIGNALED(status) || WEXITSTATUS(status) == 100;
}

int main(int argc, char **argv)
{
	static const uint32_t addresses[] = {0xC0000000, 0xBFFFF000, 0xFFFFF000, 0xFFFF8000};
	Elf32_Ehdr *header, good_header;
	Elf32_Phdr *code, good;

	(void)argv;
	if (argc > 1)
		return 42;
	image = program_image(&length);
	header = (void *)image;
	code = (void *)(image + header->e_phoff);
	while (code->p_type != PT_LOAD || !(code->p_flags & PF_X))
		code++; /* the code */
	good_header = *header;
	good = *code;
	CHECK(!run(), "the program itself runs");

	for (uint32_t i = 0; i < 4; i++) {
		code->p_vaddr = addresses[i] | (good.p_vaddr & (PAGE - 1));
		CHECK(run(), "a segment at %#x does not run", addresses[i]);
	}
	*code = good;
	code->p_memsz = 0xFFFFFFFF;
	CHECK(run(), "a segment of 4 GiB does not run");
	*code = good;
	code->p_vaddr += 1;
	CHECK(run(), "address and offset that do not fit do not run");
	*code = good;
	code->p_filesz = code->p_memsz + 100;
	CHECK(run(), "more in the file than in memory does not run");
	*code = good;
	header->e_entry = 0xC0100000;
	CHECK(run(), "an entry in the kernel does not run");
	header->e_entry = 0;
	CHECK(run(), "an entry at 0 does not run");
	*header = good_header;
	header->e_phoff = 0xFFFFFFF0;
	CHECK(run(), "headers past the end of the file do not run");
	*header = good_header;
	header->e_phnum = 0xFFFF;
	CHECK(run(), "65,535 headers do not run");
	*header = good_header;
	header->e_phentsize = 1;
	CHECK(run(), "headers of one byte do not run");
	say("12 lies were survived");
	return 0;
}
