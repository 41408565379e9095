/* SPDX-License-Identifier: MIT */
/*
 * Row 8: a fault is minor if the kernel had the page or could make it at once, and major if it
 * had to wait for the disk. Neither is a TLB miss, of which the kernel learns nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define FILE_NAME "/root/demo-faults"
#define PAGES 32u

static void show(const char *what, struct faults faults)
{
	say("  %-46s %5ld minor %5ld major", what, faults.minor, faults.major);
}

static struct faults read_mapping(int fd)
{
	char *memory = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	struct faults faults = faults_now();

	if (memory == MAP_FAILED)
		give_up("the file cannot be mapped");
	touch_read(memory, PAGES);
	faults = faults_since(faults);
	munmap(memory, PAGES * PAGE);
	return faults;
}

/* minflt and majflt, the fields 10 and 12 of /proc/self/stat. */
static struct faults faults_of_stat(void)
{
	char text[512] = "", *field;
	FILE *file = fopen("/proc/self/stat", "r");
	struct faults faults = {-1, -1};

	if (!file || !fgets(text, sizeof(text), file))
		give_up("/proc/self/stat cannot be read");
	fclose(file);
	field = strrchr(text, ')'); /* the name may hold spaces */
	if (field)
		sscanf(field + 1, " %*c %*d %*d %*d %*d %*d %*u %ld %*d %ld", &faults.minor,
		       &faults.major);
	return faults;
}

void demo_faults(void)
{
	say("The same %u pages, brought into a program in four ways.", PAGES);
	int fd = file_on_disk(FILE_NAME, PAGES, 1);
	step("one access to each of %u pages", PAGES);

	struct faults disk = read_mapping(fd);
	show("of a file, from the disk", disk);
	long around = vmstat("fault_around");
	struct faults cached = read_mapping(fd);
	around = vmstat("fault_around") - around;
	show("of the same file, mapped again", cached);
	char *memory = memory_map(PAGES * PAGE);
	struct faults zero = faults_now();
	touch_write(memory, PAGES);
	zero = faults_since(zero);
	show("of new anonymous memory", zero);
	struct faults none = faults_now();
	touch_write(memory, PAGES);
	none = faults_since(none);
	show("of that memory again", none);
	claim(disk.major > 0 && disk.major <= (long)PAGES, "from the disk: %ld major faults",
	      disk.major);
	claim(cached.major == 0 && around > 0 && cached.minor + around >= (long)PAGES,
	      "in the page cache already: minor; and %ld pages came unasked with a neighbour "
	      "(fault-around)",
	      around);
	claim(zero.major == 0 && zero.minor >= (long)PAGES, "zeros need no disk: minor");
	claim(none.major == 0 && none.minor <= 4,
	      "mapped already: no fault. Some of these accesses missed the TLB; the processor "
	      "walked the tables by itself");

	step("three views of one count");
	struct faults stat = faults_of_stat(), usage = faults_now();
	say("  /proc/self/stat says %ld and %ld, getrusage %ld and %ld", stat.minor, stat.major,
	    usage.minor, usage.major);
	claim(usage.minor - stat.minor >= 0 && usage.minor - stat.minor < 50 &&
	              usage.major - stat.major >= 0 && usage.major - stat.major < 50,
	      "they agree (what differs happened between the two looks)");
	close(fd);
	unlink(FILE_NAME);
	try_next("  time ls                          (busybox time -v: major and minor)\n"
	         "  grep fault_ /proc/vmstat         by row of the table in vm/fault.c\n"
	         "  echo 1 >/proc/sys/vm/drop_caches; demo faults\n");
}
