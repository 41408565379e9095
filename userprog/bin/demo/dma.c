/* SPDX-License-Identifier: MIT */
/*
 * Row 26: the disk's controller reads and writes frames by itself (DMA). The processor is free
 * meanwhile, and the frame must stay where it is: it is busy, eviction passes it over, and who wants
 * the page waits.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define FILE_NAME "/root/demo-dma"
#define PAGES 512u
#define PATIENCE 500 /* times 10 ms, until the other process is at work */

struct progress {
	volatile unsigned long count;
};

static int compute(void *argument)
{
	struct progress *progress = argument;

	for (;;)
		progress->count++;
	return 0;
}

/* Wants frames all the time, so that eviction runs while frames are being read into. */
static int press(void *unused)
{
	char *memory = memory_map(128 * PAGE);

	(void)unused;
	limit_resident(48);
	for (;;)
		touch_write(memory, 128);
	return 0;
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static long evicted(void)
{
	return vmstat("evict_anon_dirty") + vmstat("evict_anon_clean");
}

static bool page_right(const unsigned char *page, unsigned char byte)
{
	for (unsigned i = 0; i < PAGE; i++)
		if (page[i] != byte)
			return false;
	return true;
}

void demo_dma(void)
{
	static unsigned char page[PAGE];
	struct progress *progress =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (progress == MAP_FAILED)
		give_up("no room");
	say("A file of %u pages is read from the disk. The disk puts the bytes into frames of the\n"
	    "page cache; the processor only says where, and learns when it is done.",
	    PAGES);
	int fd = file_on_disk(FILE_NAME, PAGES, 1);

	step("meanwhile another process counts");
	pid_t counter = child_start(compute, progress);
	long read_before = vmstat("cache_read");
	unsigned long counted = progress->count;
	uint64_t start = nanoseconds();
	unsigned right = 0;
	for (unsigned i = 0; i < PAGES; i++)
		right += pread(fd, page, PAGE, (off_t)i * PAGE) == (ssize_t)PAGE &&
		         page_right(page, (unsigned char)(i + 1));
	uint64_t took = nanoseconds() - start;
	counted = progress->count - counted;
	long transferred = vmstat("cache_read") - read_before;
	end_child(counter);
	say("  %ld pages came from the disk in %u us; the other process counted to %lu",
	    transferred, (unsigned)(took / 1000), counted);
	claim(transferred >= (long)PAGES && right == PAGES, "every page arrived, and is right");
	claim(counted > 0, "the processor had time for others");

	step("meanwhile another process makes the kernel evict");
	cache_drop();
	char *mapping = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (mapping == MAP_FAILED)
		give_up("the file cannot be mapped");
	long scanned = vmstat("pgscan"), before = evicted();
	pid_t presser = child_start(press, NULL);
	for (int i = 0; i < PATIENCE && evicted() == before; i++)
		usleep(10000);
	right = 0;
	for (unsigned i = 0; i < PAGES; i++)
		right += page_right((unsigned char *)mapping + i * PAGE, (unsigned char)(i + 1));
	long gone = evicted() - before;
	scanned = vmstat("pgscan") - scanned;
	end_child(presser);
	say("  %ld frames were evicted, %ld looked at (vm/evict.c, may_go: not those under transfer)",
	    gone, scanned);
	claim(right == PAGES, "whoever touched a page waited until all of it had come");
	claim(gone > 0, "and meanwhile %ld other frames changed hands", gone);
	close(fd);
	unlink(FILE_NAME);
	try_next("  make qemu DISK=ata, DISK=virtio        two controllers, one idea\n"
	         "  kernel/dev/ata.c, vm/frame.h           bus master; BUSY and pins\n"
	         "  demo swap                              the swap device is such a disk, too\n");
}
