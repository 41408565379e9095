/* SPDX-License-Identifier: MIT */
/*
 * Programs from before NX say nothing of it: their ELF file has no PT_GNU_STACK. For such a one all
 * that it may read it may execute (READ_IMPLIES_EXEC, personality(2)): data, stack, heap, mappings,
 * whatever mprotect(2) makes readable; but not a file that lies where no programs may. The program
 * that it runs inherits it, unless that has a set-id bit; there the stack is as its own file says. It
 * can be given up, for what is mapped from then on.
 */
#include "tests/nx.h"

#include <sys/mount.h>

#define READ_IMPLIES_EXEC 0x0400000
#define ADDR_NO_RANDOMIZE 0x0040000
#define ACCESS (PROT_READ | PROT_WRITE)

static unsigned char data[] = {NX_RETURN};
static unsigned char bss[PAGE];

static bool implied(void)
{
	return syscall(__NR_personality, 0xffffffff) & READ_IMPLIES_EXEC;
}

/* A file that lies where no programs may; not everybody may make such a place. */
static void see_no_programs(void)
{
	int fd;
	char *mapped;

	mkdir("place", 0755);
	if (mount("none", "place", "tmpfs", MS_NOEXEC, "") != 0) {
		CHECK(!machine_is_ours(), "root mounts");
		return;
	}
	fd = file_make("place/file", 1, 1);
	mapped = file_map(fd, PAGE, ACCESS, MAP_PRIVATE);
	mapped[0] = (char)NX_RETURN;
	nx_check(mapped, "rw-", "what lies where no programs may");
	CHECK(mprotect(mapped, PAGE, PROT_READ) == 0, "less can be had");
	nx_check(mapped, "r--", "the same, read-only");
	CHECK_ERRNO(mprotect(mapped, PAGE, PROT_READ | PROT_EXEC), EACCES);
	CHECK(munmap(mapped, PAGE) == 0 && close(fd) == 0 && umount("place") == 0, "it goes");
}

static int be_old(void)
{
	unsigned char on_stack[] = {NX_RETURN};
	unsigned char *heap = sbrk(PAGE), *mapped = (void *)memory_map(PAGE, ACCESS);
	unsigned char *hidden = (void *)memory_map(PAGE, PROT_WRITE);

	CHECK(implied(), "reading implies executing");
	heap[0] = mapped[0] = bss[0] = hidden[0] = NX_RETURN;
	nx_check(data, "rwx", "data");
	nx_check(bss, "rwx", "bss");
	nx_check(on_stack, "rwx", "the stack");
	nx_check(heap, "rwx", "the heap");
	nx_check(mapped, "rwx", "a mapping");
	nx_check(hidden, "-w-", "what is not to be read");
	CHECK(mprotect(hidden, PAGE, PROT_READ) == 0, "now it is");
	nx_check(hidden, "r-x", "what mprotect made readable");
	see_no_programs();

	nx_run("./new", "inherits");
	nx_run("./set-id", "new");
	CHECK(syscall(__NR_personality, ADDR_NO_RANDOMIZE) >= 0, "it can be given up");
	nx_run("./new", "new");
	mapped = (void *)memory_map(PAGE, ACCESS);
	mapped[0] = NX_RETURN;
	nx_check(mapped, "rw-", "a mapping after that");
	nx_check(data, "rwx", "data of before");
	return 0;
}

/* This program as it was compiled: with PT_GNU_STACK, which asks for nothing. */
static int be_new(bool inherits)
{
	unsigned char on_stack[] = {NX_RETURN}, *heap = sbrk(PAGE);

	CHECK(implied() == inherits, "it is %s", inherits ? "inherited" : "not inherited");
	heap[0] = NX_RETURN;
	nx_check(on_stack, "rw-", "the new program's stack");
	nx_check(data, inherits ? "rwx" : "rw-", "its data");
	nx_check(heap, inherits ? "rwx" : "rw-", "its heap");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "old") == 0)
		return be_old();
	if (argc > 1)
		return be_new(strcmp(argv[1], "inherits") == 0);
	CHECK(!implied(), "this program knows of NX");
	nx_program("old", 0);
	nx_program("new", PF_R | PF_W);
	nx_program("set-id", PF_R | PF_W);
	CHECK(chmod("set-id", 04755) == 0, "a set-id bit");
	nx_run("./old", "old");
	say("an old program executed what it could read; what it ran inherited that");
	return 0;
}
