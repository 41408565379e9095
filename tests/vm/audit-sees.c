/* SPDX-License-Identifier: MIT */
/*
 * The auditor sees what it claims to see: each kind of corruption is planted in the kernel's tables
 * for the length of one audit, and named in words; after it the audit is clean again.
 *
 * Pagoda only: it speaks to Pagoda's auditor, in a kernel built for testing (vm/plant.c).
 *
 * guest: mem=16 swap=16 pagoda-only
 */
#include "tests/nx.h"

/* Gives the auditor a command, and reads what it says. Whether it was obeyed. */
static bool audit(const char *command, char *words, size_t size)
{
	int fd = open("/proc/sys/vm/audit", O_RDWR);
	CHECK(fd >= 0, "open the auditor");
	bool obeyed = write(fd, command, strlen(command)) == (ssize_t)strlen(command);
	CHECK(obeyed || errno == EFAULT, "it understands: %s", command);
	ssize_t length = obeyed ? pread(fd, words, size - 1, 0) : 0;
	CHECK(length > 0 || !obeyed, "read what it says");
	words[length] = '\0';
	close(fd);
	return obeyed;
}

/* The page must be mapped when the auditor comes; a kernel in chaos mode may have dropped its
 * entry once more. */
static void check_planted(const char *kind, volatile const char *page, const char *expected)
{
	char command[80], words[300];
	bool obeyed = false;
	snprintf(command, sizeof(command), "plant %s %#lx", kind, (unsigned long)page);
	for (uint32_t tries = 0; tries < 20 && !obeyed; tries++) {
		(void)*page;
		obeyed = audit(command, words, sizeof(words));
	}
	CHECK(obeyed, "%s can be planted", kind);
	CHECK(strstr(words, expected), "%s is seen as '%s', not: %s", kind, expected, words);
	CHECK(audit("run", words, sizeof(words)) && strncmp(words, "clean", 5) == 0,
	      "clean again after %s, not: %s", kind, words);
}

static void check_seen(const char *kind, volatile char *page, const char *expected)
{
	*page = 1; /* present, dirty, its program's own */
	check_planted(kind, page, expected);
}

/* While a child shares the page: read-only, until the corruption makes it writable. */
static void check_forked(const char *kind, volatile char *page, const char *expected)
{
	int ends[2];
	*page = 1;
	CHECK(pipe(ends) == 0, "make a pipe");
	pid_t child = fork_checked();
	if (child == 0) {
		char byte;
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	check_planted(kind, page, expected);
	close(ends[0]);
	close(ends[1]);
	wait_success(child);
}

static void check_file(void)
{
	int fd = file_make("data", 2, 3);
	volatile const char *page = file_map(fd, 2 * PAGE, PROT_READ, MAP_SHARED);

	CHECK(fsync(fd) == 0 && page_has((const void *)page, 3), "a file's clean page is mapped");
	check_planted("file-writable", page, "may write unseen to the clean file page");
	CHECK(page_has((const void *)page, 3), "it is still mapped");
	check_planted("file-elsewhere", page, "not where the page cache would find it");
}

int main(void)
{
	volatile char *page = memory_map(PAGE, PROT_READ | PROT_WRITE);

	check_seen("entry-unlisted", page, "lists an entry that does not map it");
	check_seen("entry-elsewhere", page, "not to its anon's frame");
	check_seen("references-high", page, "named");
	check_seen("anon-forgotten", page, "anons");
	check_seen("frame-stolen", page, "another owner");
	check_seen("frame-lost", page, "taken by vm");
	check_seen("frame-unqueued", page, "not in the policy's queue");
	check_seen("frame-clean", page, "its page is nowhere else");
	check_seen("slot-lost", page, "swap slots are in use");
	check_seen("slot-free", page, "which is free");
	check_seen("count-resident", page, "resident pages");
	check_seen("count-table", page, "the page table for");
	check_seen("count-shared", page, "shared spans");
	check_seen("count-locked", page, "locked entries");
	check_seen("sharers-table", page, "the page table for");
	check_seen("sharers-leaf", page, "the leaf for");
	check_seen("table-unowned", page, "is shared, and its leaf is not");
	check_seen("count-tables", page, "page tables");
	check_seen("count-leaf", page, "the leaf of anons");
	check_seen("entry-kernel", page, "no user entry");
	check_seen("zeros-writable", page, "mapped, but not to its anon's frame");
	check_seen("frame-unowned", page, "another owner");
	check_seen("table-stolen", page, "has another owner");
	check_seen("page-lost", page, "its page is lost");
	check_seen("frame-stray", page, "neither an owner nor a pin");

	check_seen("kernel-code-writable", page, "the kernel's page at");
	if (nx_here()) {
		check_seen("entry-executable", page, "its area holds no code");
		check_seen("kernel-data-executable", page, "the kernel's page at");
	}
	CHECK(mprotect((void *)(uintptr_t)page, PAGE, PROT_READ) == 0, "the page is read-only");
	check_planted("entry-writable", page, "may be written, and its area forbids it");
	CHECK(mprotect((void *)(uintptr_t)page, PAGE, PROT_READ | PROT_WRITE) == 0, "no longer");

	check_seen("leaf-stolen", page, "the frame of the leaf");
	check_forked("entry-writable", page, "share copy-on-write");

	char *many = memory_map(8 * MIB, PROT_READ | PROT_WRITE);
	many = (char *)(((uintptr_t)many + 4 * MIB - 1) & ~(uintptr_t)(4 * MIB - 1));
	for (uint32_t i = 0; i < 300; i++)
		many[i * PAGE] = 1;
	check_forked("directory-writable", many, "lets a program write through the page table");
	check_file();
	say("each kind of corruption was planted, and named");
	return 0;
}
