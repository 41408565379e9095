/* SPDX-License-Identifier: MIT */
/*
 * Rows 13 and 16: where a page goes when its frame is wanted. Anonymous: to a slot of the swap
 * device. Of a file and changed: to the file. Unchanged: nowhere, it is just dropped, for
 * there is a copy already.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define PAGES 512u
#define FRAMES 128u
#define SLACK 16 /* pages of others that may go out meanwhile */
#define FILE_NAME "/root/demo-swap"
#define FILE_PAGES 128u

struct counts {
	long out, in, anon_dirty, anon_clean, file_dirty, file_clean;
};

static struct counts counts(void)
{
	return (struct counts){
		vmstat("pswpout"),          vmstat("pswpin"),           vmstat("evict_anon_dirty"),
		vmstat("evict_anon_clean"), vmstat("evict_file_dirty"), vmstat("evict_file_clean"),
	};
}

static struct counts since(struct counts before)
{
	struct counts now = counts();

	return (struct counts){
		now.out - before.out,
		now.in - before.in,
		now.anon_dirty - before.anon_dirty,
		now.anon_clean - before.anon_clean,
		now.file_dirty - before.file_dirty,
		now.file_clean - before.file_clean,
	};
}

static void show(const char *what, struct counts c)
{
	say("  %-22s %6ld %6ld %9ld %9ld %9ld %9ld", what, c.out, c.in, c.anon_dirty, c.anon_clean,
	    c.file_dirty, c.file_clean);
}

/* Whether every page holds its number in every word. */
static bool intact(const uint32_t *memory)
{
	for (unsigned i = 0; i < PAGES * PAGE / 4; i++)
		if (memory[i] != i / (PAGE / 4) * 2654435761u)
			return false;
	return true;
}

static int use_memory(void *unused)
{
	uint32_t *memory = (uint32_t *)memory_map(PAGES * PAGE);

	(void)unused;
	limit_resident(FRAMES);
	struct counts before = counts();
	for (unsigned i = 0; i < PAGES * PAGE / 4; i++)
		memory[i] = i / (PAGE / 4) * 2654435761u;
	struct counts written = since(before);
	show("written once", written);
	claim(written.out >= (long)(PAGES - FRAMES), "what does not fit went to the swap device");
	struct states states = states_of(memory, PAGES);
	say("  Now %u pages are in memory, %u only on the swap device.", states.present,
	    states.swapped);
	claim(states.swapped >= PAGES - FRAMES, "pagemap says so, page by page");

	/* What is in memory now was never written out: each of these pages has one write left. */
	struct counts start = counts();
	bool first = intact(memory);
	show("read", since(start));
	before = counts();
	bool second = intact(memory);
	show("read again", since(before));
	struct counts both = since(start);
	claim(first && second, "every word came back as it was");
	claim(both.in >= 2 * (long)(PAGES - FRAMES) && both.out <= (long)states.present + SLACK,
	      "pages that were only read are not written again: %ld in, %ld out", both.in,
	      both.out);
	return 0;
}

/* Wants more memory than is free, so that pages of files have to go, too. */
static int take_memory(void *unused)
{
	long kib = meminfo("MemAvailable") + 2048;

	(void)unused;
	touch_write(memory_map((size_t)kib * KIB), (unsigned)(kib / 4));
	return 0;
}

static void use_file(void)
{
	int fd = file_on_disk(FILE_NAME, FILE_PAGES, 1);
	unsigned char *file =
		mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (file == (void *)MAP_FAILED)
		give_up("the file cannot be mapped");
	touch_read((char *)file, FILE_PAGES);
	for (unsigned i = 0; i < FILE_PAGES / 2; i++)
		file[i * PAGE] = 99;
	struct counts before = counts();
	long written = vmstat("cache_written");
	in_child(take_memory, NULL);
	struct counts changed = since(before);
	written = vmstat("cache_written") - written;
	show("half of it changed", changed);
	claim(changed.file_clean > 0, "unchanged pages of files are dropped");
	claim(changed.file_dirty + written > 0, "changed ones are written, to the file: %ld pages",
	      written);
	unsigned right = 0;
	for (unsigned i = 0; i < FILE_PAGES; i++)
		right += file[i * PAGE] == (i < FILE_PAGES / 2 ? 99 : (unsigned char)(i + 1)) &&
		         file[i * PAGE + 1] == (unsigned char)(i + 1);
	claim(right == FILE_PAGES, "and all %u pages are right when they are read again", right);
	munmap(file, FILE_PAGES * PAGE);
	close(fd);
	unlink(FILE_NAME);
}

void demo_swap(void)
{
	long free_before = meminfo("SwapFree");

	if (meminfo("SwapTotal") < (long)(PAGES * 2 * PAGE / KIB))
		give_up("it wants a swap device (make qemu SWAP=64)");
	say("A child has %u pages and may keep %u of them in memory (RLIMIT_RSS).", PAGES, FRAMES);
	step("                          out     in      evicted: anonymous        of a file");
	say("  %-22s %6s %6s %9s %9s %9s %9s", "", "", "", "dirty", "clean", "dirty", "clean");
	in_child(use_memory, NULL);
	long free_after = meminfo("SwapFree");
	say("  Free swap: %ld KiB before, %ld KiB now that the child has ended.", free_before,
	    free_after);
	claim(free_after >= free_before, "every slot is free again");
	step("a file is mapped, half of it changed; then a program wants all memory there is");
	use_file();
	try_next(
		"  cat /proc/swaps; free                     how much is in use\n"
		"  make qemu MEM=16, then /tests/vm/swap-sort  memory larger than the machine's\n"
		"  demo thrashing                            when everything moves all the time\n");
}
