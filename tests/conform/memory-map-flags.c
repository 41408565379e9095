/* SPDX-License-Identifier: MIT */
/* mmap(2): each kind of object with each way of opening, each type, right and flag. */
#include "memory.h"

static void *map2(void *address, unsigned long length, int protection, int flags, int fd,
                  unsigned long page)
{
	return (void *)syscall(SYS_mmap2, address, length, protection, flags, fd, page);
}

static void try(const char *what, unsigned long length, int protection, int flags, int fd,
                unsigned long page)
{
	errno = 0;
	void *result = map2(NULL, length, protection, flags, fd, page);
	say("%s: %s", what, result == MAP_FAILED ? error_name(errno) : "done");
	if (result != MAP_FAILED)
		munmap(result, length);
}

static void each_type(const char *object, int fd)
{
	static const struct {
		int flags;
		const char *name;
	} types[] = {
		{0, "no type"}, {MAP_SHARED, "shared"}, {MAP_PRIVATE, "private"},
		{MAP_SHARED_VALIDATE, "validate"}, {4, "type 4"}, {15, "type 15"},
	};
	static const int rights[] = {PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE,
	                             PROT_EXEC, 0x70};
	char what[100];
	for (size_t type = 0; type < sizeof types / sizeof types[0]; type++) {
		for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
			snprintf(what, sizeof what, "%s, %s, rights %#x", object, types[type].name,
			         rights[i]);
			try(what, PAGE, rights[i], types[type].flags, fd, 0);
		}
	}
}

static void each_flag(const char *object, int type, int fd)
{
	static const struct {
		int flag;
		const char *name;
	} flags[] = {
		{MAP_GROWSDOWN, "GROWSDOWN"}, {MAP_DENYWRITE, "DENYWRITE"},
		{MAP_EXECUTABLE, "EXECUTABLE"}, {MAP_LOCKED, "LOCKED"},
		{MAP_NORESERVE, "NORESERVE"}, {MAP_POPULATE, "POPULATE"},
		{MAP_NONBLOCK, "NONBLOCK"}, {MAP_POPULATE | MAP_NONBLOCK, "POPULATE, NONBLOCK"},
		{MAP_STACK, "STACK"}, {MAP_HUGETLB, "HUGETLB"}, {MAP_SYNC, "SYNC"},
		{MAP_HUGETLB | 3 << 26, "HUGETLB of 8 bytes"}, {0x8000000, "bit 27"},
		{0x200, "bit 9"}, {0x400, "bit 10"},
		{1 << 21, "bit 21"}, {1 << 22, "bit 22"}, {1 << 25, "bit 25"},
	};
	char what[100];
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		snprintf(what, sizeof what, "%s, type %d, %s", object, type, flags[i].name);
		try(what, PAGE, PROT_READ | PROT_WRITE, type | flags[i].flag, fd, 0);
	}
}

/* The same as if the flag MAP_ANONYMOUS were an object. */
static void each_flag_anonymous(void)
{
	each_flag("anonymous", MAP_PRIVATE | MAP_ANONYMOUS, -1);
	each_flag("anonymous", MAP_SHARED | MAP_ANONYMOUS, -1);
}

int main(void)
{
	int both = new_file("f", 3), ends[2];
	int zero = open("/dev/zero", O_RDWR);

	pipe(ends);
	each_type("file, read and write", both);
	each_type("file, read", open("f", O_RDONLY));
	each_type("file, write", open("f", O_WRONLY));
	each_type("file, append", open("f", O_RDWR | O_APPEND));
	each_type("file by its path", open("f", O_PATH));
	each_type("directory", open(".", O_RDONLY));
	each_type("pipe", ends[0]);
	each_type("/dev/null", open("/dev/null", O_RDWR));
	each_type("/dev/zero, read", open("/dev/zero", O_RDONLY));
	each_type("/dev/zero, write", open("/dev/zero", O_WRONLY));
	each_type("file of /proc", open("/proc/self/status", O_RDONLY));
	each_type("no descriptor", 99);
	each_type("descriptor -1", -1);
	each_flag("file", MAP_PRIVATE, both);
	each_flag("file", MAP_SHARED, both);
	each_flag("file", MAP_SHARED_VALIDATE, both);
	each_flag("/dev/zero", MAP_PRIVATE, zero);
	each_flag_anonymous();

	try("no bytes", 0, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	try("no bytes of no descriptor", 0, 3, MAP_PRIVATE, 99, 0);
	try("no bytes of a directory", 0, 3, MAP_PRIVATE, open(".", O_RDONLY), 0);
	try("one byte", 1, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	try("all addresses", 0xfffff000ul, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	try("more than all addresses", 0xfffff001ul, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	try("the last page of offsets", PAGE, PROT_READ, MAP_PRIVATE, both, 0xffffe);
	try("past the end of the file", PAGE, PROT_READ, MAP_PRIVATE, both, 3);
	try("far past it", PAGE, PROT_READ, MAP_SHARED, both, 70000);
	try("a page of an anonymous one", PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 5);
	try("anonymous with a descriptor", PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, both, 0);
	return 0;
}
