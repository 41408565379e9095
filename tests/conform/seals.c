/* SPDX-License-Identifier: MIT */
/* memfd_create(2) and the seals of fcntl(2): which can be added when, and what each forbids:
 * writing, growing, shrinking, mapping, fallocate(2). */
#include "case.h"

#include <linux/falloc.h>

static void try_all(int fd)
{
	char byte = 0;

	GIVES(pwrite(fd, "x", 1, 0), "write");
	GIVES(pwrite(fd, &byte, 1, 3 * PAGE), "write behind the end");
	GIVES(ftruncate(fd, 4 * PAGE), "grow");
	GIVES(ftruncate(fd, 4 * PAGE), "stay");
	GIVES(ftruncate(fd, 2 * PAGE), "shrink");
	GIVES(fallocate(fd, 0, 0, 3 * PAGE), "room behind the end");
	GIVES(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), "a hole");
	void *m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	SUCCEEDS(m, "shared and writable");
	if (m != MAP_FAILED)
		munmap(m, PAGE);
	m = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	SUCCEEDS(m, "shared and read");
	if (m != MAP_FAILED) {
		GIVES(mprotect(m, PAGE, PROT_READ | PROT_WRITE), "made writable");
		munmap(m, PAGE);
	}
	m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	SUCCEEDS(m, "private");
	if (m != MAP_FAILED)
		munmap(m, PAGE);
	GIVES(fcntl(fd, F_GET_SEALS), "seals");
}

static void each_seal(void)
{
	for (int seals = 0; seals < 32; seals = seals ? seals * 2 : 1) {
		int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
		ftruncate(fd, 2 * PAGE);
		GIVES(fcntl(fd, F_ADD_SEALS, seals), "add %d", seals);
		try_all(fd);
		GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), "one more");
		close(fd);
	}
}

static void who_can(void)
{
	int fd = memfd_create("plain", 0), ends[2];

	GIVES(fcntl(fd, F_GET_SEALS), "not to be sealed");
	GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), "add");
	close(fd);
	fd = open("/dev/shm/sealed", O_RDWR | O_CREAT, 0600);
	GIVES(fcntl(fd, F_GET_SEALS), "of a tmpfs");
	GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), "add");
	close(fd);
	unlink("/dev/shm/sealed");
	fd = new_file("f", 1);
	GIVES(fcntl(fd, F_GET_SEALS), "of a disk");
	GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), "add");
	int reading = open("f", O_RDONLY);
	GIVES(fcntl(reading, F_ADD_SEALS, F_SEAL_GROW), "add, read-only");
	GIVES(fcntl(reading, F_ADD_SEALS, 0x1000), "an unknown one, read-only");
	pipe(ends);
	GIVES(fcntl(ends[0], F_GET_SEALS), "of a pipe");
	GIVES(fcntl(ends[0], F_ADD_SEALS, F_SEAL_GROW), "add to where a pipe is read");
	GIVES(fcntl(ends[1], F_ADD_SEALS, F_SEAL_GROW), "add to where it is written");
	fd = memfd_create("mapped", MFD_ALLOW_SEALING);
	ftruncate(fd, PAGE);
	char *m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), "while it is mapped");
	GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), "for the future");
	m[0] = 'x';
	munmap(m, PAGE);
	GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), "now");
	GIVES(fcntl(fd, F_ADD_SEALS, 0x1000), "an unknown one");
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int ro = open(path, O_RDONLY);
	if (ro >= 0)
		GIVES(fcntl(ro, F_ADD_SEALS, F_SEAL_GROW), "read-only");
	fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL);
	GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), "sealed against seals");
	GIVES(fcntl(fd, F_ADD_SEALS, 0x1000), "an unknown one, sealed against seals");
}

static void seal_fails(int fd, const char *what)
{
	GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), "%s", what);
}

/* As long as any part is mapped anywhere in a way that could be written to. */
static void mapped_parts(void)
{
	int fd = memfd_create("parts", MFD_ALLOW_SEALING), ends[2];
	char byte;

	ftruncate(fd, 8 * PAGE);
	char *m = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	munmap(m + 3 * PAGE, PAGE);
	seal_fails(fd, "two parts");
	munmap(m, 3 * PAGE);
	seal_fails(fd, "one part");
	mprotect(m + 5 * PAGE, PAGE, PROT_READ);
	munmap(m + 4 * PAGE, PAGE);
	munmap(m + 6 * PAGE, 2 * PAGE);
	seal_fails(fd, "a page that can be read");
	m = mremap(m + 5 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	seal_fails(fd, "made longer");
	pipe(ends);
	pid_t child = fork();
	if (child == 0) {
		close(ends[1]);
		read(ends[0], &byte, 1);
		_exit(0);
	}
	munmap(m, 2 * PAGE);
	seal_fails(fd, "the child's");
	close(ends[1]);
	waitpid(child, NULL, 0);
	m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	seal_fails(fd, "a private one");
}

static void partly(void)
{
	int fd = memfd_create("short", MFD_ALLOW_SEALING);
	static char bytes[4 * PAGE];

	ftruncate(fd, 2 * PAGE + 100);
	fcntl(fd, F_ADD_SEALS, F_SEAL_GROW);
	GIVES(pwrite(fd, bytes, 4 * PAGE, 10), "as far as it goes");
	GIVES(pwrite(fd, bytes, 100, 2 * PAGE), "in the last page");
	GIVES(pwrite(fd, bytes, 101, 2 * PAGE), "beyond it");
}

int main(void)
{
	each_seal();
	who_can();
	mapped_parts();
	partly();
	return 0;
}
