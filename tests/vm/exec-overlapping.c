/* SPDX-License-Identifier: MIT */
/*
 * A program may have a segment that lies within another one: the later takes its place, and cuts
 * the area of the former in two. Where allocations can be made to fail (kernels of Pagoda built
 * for testing), each one that running it takes fails in turn: execve(2) says ENOMEM, or, when the
 * old program is gone already, the process is killed.
 */
#include "tests/test.h"

#include <elf.h>

#define TRIES_MAX 500
#define CODE 42         /* the new program saw what it should */
#define CODE_FAILED 43  /* the same, but the failure was used up */
#define CODE_ENOMEM 100

/* In the program's read-only segment; the middle page is what the other segment covers. */
static const char shown[3 * PAGE] __attribute__((aligned(4096))) = {
	[0] = 'a', [PAGE] = 'b', [2 * PAGE] = 'c',
};
static const char cover[PAGE] __attribute__((aligned(4096))) = {[0] = 'X'};

static long failures_left(void)
{
	char words[20] = "";
	int fd = open("/proc/self/fail-nth", O_RDONLY);
	long left = fd >= 0 && read(fd, words, sizeof(words) - 1) > 0 ? strtol(words, NULL, 10) : 0;

	close(fd);
	return left;
}

static int be_new_program(void)
{
	const volatile char *page = shown;

	CHECK(page[0] == 'a' && page[2 * PAGE] == 'c', "the former segment is on both sides");
	CHECK(page[PAGE] == 'X', "in between lies the later one");
	return failures_left() > 0 ? CODE : CODE_FAILED;
}

/* Where a page of this program lies in its file. */
static uint32_t offset_of(const unsigned char *image, const void *address)
{
	const Elf32_Ehdr *header = (const void *)image;
	const Elf32_Phdr *segment = (const void *)(image + header->e_phoff);

	for (uint32_t i = 0; i < header->e_phnum; i++) {
		uint32_t offset = (uintptr_t)address - segment[i].p_vaddr;

		if (segment[i].p_type == PT_LOAD && offset < segment[i].p_filesz)
			return segment[i].p_offset + offset;
	}
	CHECK(false, "%p lies in a segment", address);
	return 0;
}

/* Copies this program, its header that allows nothing (PT_GNU_STACK) made a segment. */
static void make_program(const char *name)
{
	uint32_t length;
	unsigned char *image = program_image(&length);
	Elf32_Ehdr *header = (void *)image;
	Elf32_Phdr *segment = (void *)(image + header->e_phoff);

	while (segment->p_type != PT_GNU_STACK)
		segment++;
	*segment = (Elf32_Phdr){.p_type = PT_LOAD, .p_flags = PF_R, .p_align = PAGE,
	                        .p_offset = offset_of(image, cover),
	                        .p_vaddr = (uintptr_t)shown + PAGE,
	                        .p_filesz = PAGE, .p_memsz = PAGE};
	program_make(name, image, length);
	free(image);
}

/* Runs it with its nth allocation failing; how it ended. */
static int run(const char *name, uint32_t nth)
{
	char *arguments[] = {"overlapping", "new", NULL};
	char words[20];
	pid_t child = fork_checked();

	if (!child) {
		int fd = open("/proc/self/fail-nth", O_WRONLY);

		snprintf(words, sizeof(words), "%u", nth);
		if (fd >= 0 && write(fd, words, strlen(words)) < 0)
			_exit(1);
		execve(name, arguments, NULL);
		_exit(errno == ENOMEM ? CODE_ENOMEM : 1);
	}
	return wait_status(child);
}

static bool is_exit(int status, int code)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static bool is_signal(int status, int number)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == number;
}

int main(int argc, char **argv)
{
	uint32_t nth = 1, refused = 0, killed = 0;
	int status;

	(void)argv;
	if (argc > 1)
		return be_new_program();
	make_program("overlapping");
	if (access("/proc/self/fail-nth", W_OK) != 0) {
		status = run("overlapping", 0);
		CHECK(is_exit(status, CODE_FAILED), "it runs: %#x", status);
		say("one segment lies within the other");
		return 0;
	}
	for (; !is_exit(status = run("overlapping", nth), CODE); nth++) {
		CHECK(nth < TRIES_MAX, "it runs in the end");
		if (is_exit(status, CODE_FAILED))
			continue; /* it could do without */
		CHECK(is_exit(status, CODE_ENOMEM) || is_signal(status, SIGKILL) ||
		      is_signal(status, SIGBUS), "allocation %u fails: %#x", nth, status);
		refused += WIFEXITED(status);
		killed += WIFSIGNALED(status);
	}
	CHECK(refused > 5, "%u allocations are the new address space's", refused);
	say("%u times ENOMEM, %u times killed, then one segment lies within the other", refused,
	    killed);
	return 0;
}
