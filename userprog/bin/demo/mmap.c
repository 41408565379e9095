/* SPDX-License-Identifier: MIT */
/*
 * Row 15: a file as memory. A shared mapping is the file's own page in the page cache, the one
 * that read(2) and write(2) use; a private one becomes a copy at the first write.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define FILE_NAME "/root/demo-mmap"
#define PAGES 8u

static char byte_by_read(int fd, unsigned offset)
{
	char byte = 0;

	if (pread(fd, &byte, 1, offset) != 1)
		give_up("the file cannot be read");
	return byte;
}

static char *map(int fd, int flags)
{
	char *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (memory == MAP_FAILED)
		give_up("the file cannot be mapped");
	return memory;
}

void demo_mmap(void)
{
	int fd = file_on_disk(FILE_NAME, PAGES, 'a');
	char *shared = map(fd, MAP_SHARED), *private = map(fd, MAP_PRIVATE);

	say("A file of %u pages, the first full of a, the next of b, and so on, is mapped twice:\n"
	    "shared at %p, private at %p.",
	    PAGES, (void *)shared, (void *)private);
	step("nothing is read until it is touched");
	struct states states = states_of(shared, PAGES);
	long read = vmstat("cache_read");
	char first = shared[0];
	read = vmstat("cache_read") - read;
	say("  in memory: %u of %u pages; then byte 0 is touched: '%c', %ld page(s) read",
	    states.present, PAGES, first, read);
	claim(states.present == 0 && first == 'a' && read >= 1, "the touch brought the page");

	step("one frame for both, while both only look");
	claim(private[0] == 'a' && frame_of(0, shared) == frame_of(0, private),
	      "both mappings lead to frame %#x", frame_of(0, shared));
	shared[0] = 'S';
	claim(byte_by_read(fd, 0) == 'S', "written through the shared one: read(2) gives '%c'",
	      byte_by_read(fd, 0));
	claim(private[0] == 'S', "and the private one shows '%c', as it has not been written yet",
	      private[0]);
	if (pwrite(fd, "W", 1, 1) != 1)
		give_up("the file cannot be written");
	claim(shared[1] == 'W', "write(2) wrote byte 1: the mapping shows '%c'", shared[1]);

	step("a write to the private one makes a copy");
	private[2] = 'P';
	claim(shared[2] == 'a' && byte_by_read(fd, 2) == 'a', "the file still has '%c'", shared[2]);
	claim(frame_of(0, shared) != frame_of(0, private), "two frames now: %#x and %#x",
	      frame_of(0, shared), frame_of(0, private));
	shared[3] = 'T';
	claim(private[3] == 'a', "from now on the copy does not follow the file");

	step("msync brings it to the disk");
	long written = vmstat("cache_written");
	msync(shared, PAGES * PAGE, MS_SYNC);
	written = vmstat("cache_written") - written;
	say("  %ld pages written", written);
	claim(written >= 1 && written < (long)PAGES, "the changed page, and not all %u", PAGES);
	munmap(shared, PAGES * PAGE);
	munmap(private, PAGES * PAGE);
	cache_drop(); /* the page cache forgets the file; what comes now comes from the disk */
	read = vmstat("cache_read");
	char again[4];
	if (pread(fd, again, 4, 0) != 4)
		give_up("the file cannot be read");
	read = vmstat("cache_read") - read;
	say("  the page cache emptied, the file read again: \"%.4s\", %ld page(s) from the disk",
	    again, read);
	claim(read >= 1 && again[0] == 'S' && again[1] == 'W' && again[2] == 'a' && again[3] == 'T',
	      "the disk has what was written to the file, and nothing private");
	close(fd);
	unlink(FILE_NAME);
	try_next(
		"  demo shared                    the same between two programs\n"
		"  grep -E 'cache_' /proc/vmstat  the page cache's reads, hits and misses\n"
		"  demo swap                      when a changed page has to go\n");
}
