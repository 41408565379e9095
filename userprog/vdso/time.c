/* SPDX-License-Identifier: MIT */
/*
 * The time, told by the program itself (vdso(7)): this code runs in user mode, and reads the page
 * that the kernel keeps right (kernel/time/time_page.h). What that page cannot answer is asked by
 * the system call of the same name, so that the answers are always those of the calls. But a bad
 * pointer is the program's own fault here: SIGSEGV instead of EFAULT.
 */
#include <asm/unistd_32.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "kernel/time/clock.h"
#include "kernel/time/time_page.h"

#define SHARED __attribute__((visibility("default")))
#define BARRIER() __asm__ volatile("" : : : "memory")

/* Where the linker's script puts it: behind this code. */
extern const volatile struct time_page time_page __attribute__((visibility("hidden")));

static int32_t call(uint32_t number, uint32_t first, const void *second)
{
	int32_t result;
	__asm__ volatile("int $0x80"
	                 : "=a"(result) : "a"(number), "b"(first), "c"(second) : "memory");
	return result;
}

/* The time that the page and the counter give; false: the page has no answer. */
static inline bool read_clock(bool wall, uint64_t *ns)
{
	struct time_page page;
	uint64_t tsc;
	do {
		page.sequence = time_page.sequence;
		if (!time_page.answers)
			return false;
		page.tsc_start = time_page.tsc_start;
		page.ns_per_tsc = time_page.ns_per_tsc;
		page.realtime_offset = time_page.realtime_offset;
		BARRIER();
		tsc = clock_tsc();
		BARRIER();
	} while (page.sequence & 1 || page.sequence != time_page.sequence);
	*ns = time_of_tsc(&page, tsc) + (wall ? page.realtime_offset : 0);
	return true;
}

struct parts {
	uint32_t seconds, ns;
};

/* One division, as long as the seconds have 32 bits; false: they have more. */
static inline bool divide(uint64_t ns, struct parts *parts)
{
	uint32_t high = (uint32_t)(ns >> 32);
	if (high >= (uint32_t)NS_PER_SECOND)
		return false;
	__asm__("divl %4" : "=a"(parts->seconds), "=d"(parts->ns)
	                  : "a"((uint32_t)ns), "d"(high), "rm"((uint32_t)NS_PER_SECOND));
	return true;
}

#define CLOCK(id) (1u << (id))
#define WALL_CLOCKS (CLOCK(CLOCK_REALTIME) | CLOCK(CLOCK_REALTIME_COARSE) | CLOCK(CLOCK_TAI))
#define OTHER_CLOCKS (CLOCK(CLOCK_MONOTONIC) | CLOCK(CLOCK_MONOTONIC_RAW) | \
	              CLOCK(CLOCK_MONOTONIC_COARSE) | CLOCK(CLOCK_BOOTTIME))

/* Any clock that goes by the counter; the others count what processes use. */
static inline bool read_parts(int clock, struct parts *parts)
{
	uint64_t ns;
	return (unsigned)clock < 32 && (WALL_CLOCKS | OTHER_CLOCKS) & CLOCK(clock) &&
	       read_clock(WALL_CLOCKS & CLOCK(clock), &ns) && divide(ns, parts);
}

SHARED int __vdso_clock_gettime(int clock, struct __kernel_old_timespec *time)
{
	struct parts parts;
	if (!read_parts(clock, &parts))
		return call(__NR_clock_gettime, (uint32_t)clock, time);
	time->tv_sec = (long)parts.seconds;
	time->tv_nsec = (long)parts.ns;
	return 0;
}

SHARED int __vdso_clock_gettime64(int clock, struct __kernel_timespec *time)
{
	struct parts parts;
	if (!read_parts(clock, &parts))
		return call(__NR_clock_gettime64, (uint32_t)clock, time);
	time->tv_sec = parts.seconds;
	time->tv_nsec = parts.ns;
	return 0;
}

SHARED int __vdso_gettimeofday(struct __kernel_old_timeval *time, struct timezone *zone)
{
	struct parts parts;
	if (zone || !time || !read_parts(CLOCK_REALTIME, &parts))
		return call(__NR_gettimeofday, (uint32_t)time, zone);
	time->tv_sec = (long)parts.seconds;
	time->tv_usec = (long)(parts.ns / 1000);
	return 0;
}

SHARED long __vdso_time(long *seconds)
{
	struct parts parts;
	if (!read_parts(CLOCK_REALTIME, &parts))
		return call(__NR_time, (uint32_t)seconds, NULL);
	if (seconds)
		*seconds = (long)parts.seconds;
	return (long)parts.seconds;
}

/* The kernel knows it; nobody asks for it often. */
SHARED int __vdso_clock_getres(int clock, struct __kernel_old_timespec *resolution)
{
	return call(__NR_clock_getres, (uint32_t)clock, resolution);
}
