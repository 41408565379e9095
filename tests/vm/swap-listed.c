/* SPDX-License-Identifier: MIT */
/*
 * /proc/swaps lists the swap areas as Linux does, with what is used of them; a device that carries
 * swap cannot be written by anybody else.
 *
 * pagoda-only: it knows the names of the devices.
 * guest: mem=8 swap=16 pagoda-only
 */
#include "tests/disk.h"

/* The line of the device: its size and use in KiB. */
static bool find_swap(const char *name, long *size, long *used)
{
	char text[1000], *line;
	int fd = open("/proc/swaps", O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	CHECK(length > 0, "/proc/swaps can be read");
	close(fd);
	text[length] = '\0';
	CHECK(strncmp(text, "Filename\t", 9) == 0, "it begins with what the columns are");
	line = strstr(text, name);
	return line && sscanf(line, "%*s partition %ld %ld", size, used) == 2;
}

int main(void)
{
	uint32_t count = PAGES(8 * MIB);
	char *memory = memory_map(count * PAGE, PROT_READ | PROT_WRITE);
	long size, used;

	for (uint32_t i = 0; i < count; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(find_swap(disk_path(DISK_SWAP), &size, &used), "the device is listed");
	CHECK(size == 16 * 1024 - 4, "16 MiB without the header, not %ld KiB", size);
	CHECK(used >= 1024 && used < size, "%ld KiB of %ld are used", used, size);
	CHECK_ERRNO(open(disk_path(DISK_SWAP), O_RDWR), EBUSY);
	CHECK_ERRNO(open(disk_path(DISK_SWAP), O_WRONLY), EBUSY);
	CHECK_ERRNO(syscall(__NR_swapon, disk_path(DISK_SWAP), 0), EBUSY);
	CHECK(munmap(memory, count * PAGE) == 0, "munmap");
	CHECK(syscall(__NR_swapoff, disk_path(DISK_SWAP)) == 0, "swapoff");
	CHECK(!find_swap(disk_path(DISK_SWAP), &size, &used), "then it is not listed");
	CHECK_ERRNO(syscall(__NR_swapoff, disk_path(DISK_SWAP)), EINVAL);
	say("/proc/swaps tells the truth");
	return 0;
}
