/* SPDX-License-Identifier: MIT */
/*
 * What the trace costs: instructions of page faults with the trace off and on. Under QEMU's
 * -icount shift=0 the time-stamp counter counts instructions, so the figures are exact;
 * tests/host/trace-real.py runs it so. Needs a virtio console (scripts/machine.py).
 *
 * guest: pagoda-only
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 1000
#define ROUNDS 5
#define PROGRAMS 10

static uint64_t counter(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static void control(const char *words)
{
	int fd = open("/proc/sys/kernel/trace", O_WRONLY);

	if (write(fd, words, strlen(words)) < 0)
		printf("cannot switch the trace\n");
	close(fd);
}

static char *anonymous(void)
{
	return mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void touch(volatile char *pages)
{
	for (unsigned i = 0; i < PAGES; i++)
		pages[i * PAGE]++;
}

/* New pages of zeros, and back. */
static void zero_fill(char *unused)
{
	(void)unused;
	char *pages = anonymous();

	touch(pages);
	munmap(pages, PAGES * PAGE);
}

/* Fork, and the child writes every page. */
static void copy_on_write(char *pages)
{
	pid_t child = fork();

	if (child == 0) {
		touch(pages);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* Every entry is dropped and made again; nothing is copied or filled. */
static void map_again(char *pages)
{
	mprotect(pages, PAGES * PAGE, PROT_NONE);
	mprotect(pages, PAGES * PAGE, PROT_READ | PROT_WRITE);
	touch(pages);
}

/* Programs that start and end: faults of all kinds, as a shell script makes them. */
static void run_programs(char *unused)
{
	(void)unused;
	for (unsigned i = 0; i < PROGRAMS; i++) {
		pid_t child = fork();
		if (child == 0) {
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		waitpid(child, NULL, 0);
	}
}

static uint32_t measure(void (*load)(char *), char *pages, unsigned units)
{
	load(pages);
	uint64_t start = counter();
	for (unsigned i = 0; i < ROUNDS; i++)
		load(pages);
	return (uint32_t)((counter() - start) / (ROUNDS * units));
}

int main(void)
{
	static const struct {
		const char *name;
		void (*load)(char *);
		unsigned units;
		const char *unit;
	} loads[] = {{"zero-fill", zero_fill, PAGES, "page"},
	             {"copy-on-write", copy_on_write, PAGES, "page"},
	             {"map-again", map_again, PAGES, "page"},
	             {"programs", run_programs, PROGRAMS, "program"}};
	char *pages = anonymous();

	touch(pages);
	for (unsigned i = 0; i < sizeof loads / sizeof loads[0]; i++) {
		uint32_t off = measure(loads[i].load, pages, loads[i].units);
		control("all");
		uint32_t on = measure(loads[i].load, pages, loads[i].units);
		control("off");
		uint32_t again = measure(loads[i].load, pages, loads[i].units);
		printf("cost: %s off %u on %u off %u instructions a %s\n", loads[i].name, off, on,
		       again, loads[i].unit);
	}
	return 0;
}
