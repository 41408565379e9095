/* SPDX-License-Identifier: MIT */
/*
 * MADV_WILLNEED brings pages into memory before they are touched: those of a file from the file,
 * those of anonymous memory from the swap device. Touching them is then no major fault.
 *
 * guest: mem=8 swap=32
 */
#include "tests/test.h"

#define WANTED 64u

/* Waits until the pages have come, or long enough. How many there are. */
static uint32_t arrived(char *memory)
{
	uint32_t resident = 0;

	for (uint32_t tries = 0; tries < 500 && resident < WANTED; tries++) {
		usleep(2000);
		resident = pages_resident(memory, WANTED * PAGE);
	}
	return resident;
}

static void touch(const char *memory, uint32_t seed, const char *what)
{
	long major = faults_major();

	for (uint32_t i = 0; i < WANTED; i++)
		CHECK(page_has(memory + i * PAGE, seed + i), "%s: page %u", what, i);
	CHECK(!machine_is_ours() || !pages_stay() || faults_major() == major,
	      "%s: %ld major faults", what, faults_major() - major);
}

int main(void)
{
	int fd = file_make("data", WANTED, 70);
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	char *file = file_map(fd, WANTED * PAGE, PROT_READ, MAP_SHARED);
	char *memory = memory_map(WANTED * PAGE, PROT_READ | PROT_WRITE);
	uint32_t swapped_in, read_in, size = machine_is_ours() ? 16 * MIB : MIB;
	char *pressure = memory_map(size, PROT_READ | PROT_WRITE);

	CHECK(fsync(fd) == 0, "the file is on the disk");
	for (uint32_t i = 0; i < WANTED; i++)
		page_fill(memory + i * PAGE, 200 + i);
	for (uint32_t at = 0; at < size; at += PAGE)
		pressure[at] = 1;
	if (machine_is_ours() && pages_stay())
		CHECK(pages_resident(memory, WANTED * PAGE) < WANTED / 2, "most were swapped out");
	CHECK(munmap(pressure, size) == 0, "there is room again");

	CHECK(madvise(memory, WANTED * PAGE, MADV_WILLNEED) == 0, "anonymous memory is wanted");
	swapped_in = arrived(memory);
	touch(memory, 200, "anonymous");
	if (machine_is_ours())
		CHECK(write(drop, "1", 1) == 1, "the file is in memory no more");
	CHECK(madvise(file, WANTED * PAGE, MADV_WILLNEED) == 0, "the file is wanted");
	read_in = arrived(file);
	touch(file, 70, "file");
	if (machine_is_ours() && pages_stay())
		CHECK(swapped_in == WANTED && read_in == WANTED, "%u and %u of %u pages came",
		      swapped_in, read_in, WANTED);
	say("%u pages came from swap and %u from the file before they were touched", swapped_in,
	    read_in);
	return 0;
}
