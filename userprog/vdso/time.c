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

static int32_t call(uint32_t number, uint32_t first, const void *second)
{
	int32_t result;
	__asm__ volatile("int $0x80"
	                 : "=a"(result) : "a"(number), "b"(first), "c"(second) : "memory");
	return result;
}

/* Where the linker's script puts it: behind this code. In one register, found by the address of an
 * instruction here; unwinders are told of the word on the stack. */
static inline const struct time_page *the_page(void)
{
	const struct time_page *page;
	__asm__("call 1f\n"
	        "1:	.cfi_adjust_cfa_offset 4\n"
	        "	popl %0\n"
	        "	.cfi_adjust_cfa_offset -4\n"
	        "	addl $time_page - 1b, %0"
	        : "=r"(page));
	return page;
}

/* The time of a clock, 0 or 1, that the page and the counter give; false: the page has no answer,
 * or changes just now. All is worked out before the look whether it changed, so that nothing need
 * be kept until then. */
static inline bool read_clock(uint32_t clock, uint64_t *ns)
{
	const struct time_page *page = the_page();
	uint32_t sequence = page->sequence;
	if (!sequence)
		return false;
	BARRIER();
	*ns = time_of_tsc(page, clock_tsc()) + page->offset[clock];
	__asm__ volatile("" : "+A"(*ns) : : "memory");
	return sequence == page->sequence;
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
static inline bool read_parts(uint32_t clock, struct parts *parts)
{
	uint64_t ns;
	if (clock > CLOCK_MONOTONIC) {
		if (clock >= 32 || !((WALL_CLOCKS | OTHER_CLOCKS) & CLOCK(clock)))
			return false;
		clock = WALL_CLOCKS & CLOCK(clock) ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	}
	return read_clock(clock, &ns) && divide(ns, parts);
}

SHARED int __vdso_clock_gettime(int clock, struct __kernel_old_timespec *time)
{
	struct parts parts;
	if (!read_parts((uint32_t)clock, &parts))
		return call(__NR_clock_gettime, (uint32_t)clock, time);
	time->tv_sec = (long)parts.seconds;
	time->tv_nsec = (long)parts.ns;
	return 0;
}

SHARED int __vdso_clock_gettime64(int clock, struct __kernel_timespec *time)
{
	struct parts parts;
	if (!read_parts((uint32_t)clock, &parts))
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
