/* SPDX-License-Identifier: MIT */
/* A buffer that cannot be reached from its middle on: read(2) and its kin give the bytes before
 * the fault, and EFAULT only where there are none. On every kind of file, in a page's middle, at
 * its edge and pages further. */
#include "case.h"

static const unsigned before[] = {0, 1, 3, 4, 444, 4095, 4096, 4097, 9000};

/* Three pages behind which there is nothing, then the end - n. */
static char *edge(unsigned n)
{
	static char *memory;

	if (!memory) {
		memory = pages(5, PROT_READ | PROT_WRITE);
		munmap(memory + 4 * PAGE, PAGE);
	}
	return memory + 4 * PAGE - n;
}

static void reads(const char *what, int fd, bool seekable)
{
	for (unsigned i = 0; i < sizeof before / sizeof before[0]; i++) {
		char *to = edge(before[i]);
		if (seekable)
			lseek(fd, 100, SEEK_SET);
		memset(edge(4 * PAGE), 'z', 4 * PAGE);
		GIVES(read(fd, to, 12000), "read of %s with %u before the fault", what, before[i]);
		if (!seekable)
			continue;
		say("position %lld", (long long)lseek(fd, 0, SEEK_CUR));
		GIVES(pread(fd, to, 12000, 4000), "pread of %s, %u", what, before[i]);
		char first[10];
		struct iovec vector[] = {{first, 10}, {to, 12000}};
		GIVES(preadv(fd, vector, 2, 4000), "preadv of %s, 10 and %u", what, before[i]);
	}
}

static void writes(const char *what, const char *name)
{
	for (unsigned i = 0; i < sizeof before / sizeof before[0]; i++) {
		char *from = edge(before[i]), first[10] = "0123456789";
		struct iovec vector[] = {{first, 10}, {from, 12000}};
		struct stat st;
		int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
		memset(edge(4 * PAGE), 'w', 4 * PAGE);
		GIVES(write(fd, from, 12000), "write to %s with %u before the fault", what,
		      before[i]);
		say("position %lld", (long long)lseek(fd, 0, SEEK_CUR));
		GIVES(pwrite(fd, from, 12000, 4000), "pwrite to %s, %u", what, before[i]);
		GIVES(pwritev(fd, vector, 2, 20000), "pwritev to %s, 10 and %u", what, before[i]);
		if (before[i]) {
			fstat(fd, &st);
			say("size %lld", (long long)st.st_size);
		}
		close(fd);
		/* The same over what is there: it stays behind the fault. */
		fd = new_file(name, 4);
		GIVES(pwrite(fd, from, 12000, 4096), "pwrite over %s, %u", what, before[i]);
		char byte = 0;
		pread(fd, &byte, 1, 4096 + before[i]);
		say("behind it %c", byte);
		close(fd);
		unlink(name);
	}
}

static void pipes(void)
{
	static char full[12000];

	for (unsigned i = 0; i < sizeof before / sizeof before[0]; i++) {
		char *memory = edge(before[i]);
		int ends[2];
		if (pipe2(ends, O_NONBLOCK) != 0)
			exit(1);
		GIVES(write(ends[1], memory, 12000), "write to a pipe with %u before the fault",
		      before[i]);
		say("%d wait", waiting(ends[0]));
		GIVES(write(ends[1], memory, before[i] + 1), "write of one more");
		say("%d wait", waiting(ends[0]));
		while (read(ends[0], full, sizeof full) > 0)
			;
		if (write(ends[1], full, sizeof full) < 0)
			exit(1);
		GIVES(read(ends[0], memory, 12000), "read of a pipe with %u before the fault",
		      before[i]);
		say("%d wait", waiting(ends[0]));
		close(ends[0]);
		close(ends[1]);
	}
}

static void devices(void)
{
	static const char *const names[] = {"/dev/zero", "/dev/full", "/dev/urandom", "/dev/null"};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		int fd = open(names[i], O_RDWR);
		reads(names[i], fd, false);
		for (unsigned k = 0; k < sizeof before / sizeof before[0]; k++)
			if (strcmp(names[i], "/dev/urandom") != 0)
				GIVES(write(fd, edge(before[k]), 12000), "write to %s, %u",
				      names[i], before[k]);
		close(fd);
	}
}

/* Files of /proc with more than 444 bytes. */
static void of_proc(void)
{
	static const char *const names[] = {"/proc/self/status", "/proc/meminfo"};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		for (unsigned k = 0; before[k] <= 444; k++) {
			int fd = open(names[i], O_RDONLY);
			GIVES(read(fd, edge(before[k]), 12000), "read of %s, %u", names[i],
			      before[k]);
			say("position %lld", (long long)lseek(fd, 0, SEEK_CUR));
			close(fd);
		}
	}
}

static void others(void)
{
	char *memory = edge(10);
	int fd = new_file("f", 1), ends[2];

	if (pipe(ends) != 0)
		exit(1);
	GIVES(readv(fd, (struct iovec *)edge(4), 1), "half a vector");
	GIVES(syscall(SYS_getcwd, edge(2), 4096) > 0, "getcwd"); /* however short the name is */
	GIVES(readlink("/proc/self/exe", edge(2), 4096), "readlink");
	GIVES(fstat(fd, (struct stat *)memory), "fstat");
	GIVES(pipe((int *)edge(4)), "pipe");
	GIVES(syscall(SYS_getdents64, open(".", O_RDONLY), edge(30), 4096), "getdents64");
	unlink("f");
}

int main(void)
{
	reads("a file", new_file("f", 4), true);
	reads("a file of tmpfs", new_file("/tmp/f", 4), true);
	writes("a file", "f");
	writes("a file of tmpfs", "/tmp/f");
	pipes();
	devices();
	of_proc();
	others();
	return 0;
}
