/* SPDX-License-Identifier: MIT */
/*
 * The vDSO: the time that a program reads by itself is the one that the kernel tells, never goes
 * back, and follows when the clock is set. Neither page can be written.
 *
 * guest: mem=16
 */
#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <vdso.h>

#include "tests/test.h"

#define ROUNDS 2000
#define SECOND 1000000000ll

typedef int clock_reader(clockid_t, struct timespec *);
typedef long time_reader(long *);

static clock_reader *read_clock;
static time_reader *read_time;

static long long of_page(clockid_t clock)
{
	struct timespec time;

	CHECK(read_clock(clock, &time) == 0, "clock %d is read", clock);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static long long of_call(clockid_t clock)
{
	struct timespec time;

	CHECK(syscall(SYS_clock_gettime, clock, &time) == 0, "clock %d is asked for", clock);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/* Read and asked in turn, each is later than the one before. */
static void never_goes_back(clockid_t clock, const char *name)
{
	long long before = of_call(clock);
	unsigned back = 0;

	for (int i = 0; i < ROUNDS; i++) {
		long long now = i % 2 ? of_page(clock) : of_call(clock);
		back += now < before;
		before = now;
	}
	CHECK(back == 0, "%s, read and asked for in turn, went back %u times in %u", name, back,
	      ROUNDS);
}

/* What has no answer in the page is asked for. */
static void others_are_asked(void)
{
	struct timespec time;

	CHECK(read_clock(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 && (time.tv_sec || time.tv_nsec),
	      "the process's own clock");
	CHECK(read_clock(77, &time) == -22, "no such clock: EINVAL");
	CHECK(read_clock(31, &time) == -22 && read_clock(32, &time) == -22, "nor such ones");
}

static void follows_when_set(void)
{
	struct timespec old, set = {.tv_sec = 2000000000};

	CHECK(read_clock(CLOCK_REALTIME, &old) == 0, "the wall's clock");
	if (syscall(SYS_clock_settime, CLOCK_REALTIME, &set) != 0)
		return; /* on Linux, where this is not root */
	long long now = of_page(CLOCK_REALTIME);
	CHECK(now >= 2000000000 * SECOND && now < 2000000060 * SECOND, "it shows what it was set to");
	CHECK(read_time(NULL) == time(NULL), "so does time()");
	syscall(SYS_clock_settime, CLOCK_REALTIME, &old);
}

/* Of its mapping, which is made writable as a whole or not at all. */
static uint32_t size_of_code(const char *code)
{
	const Elf32_Ehdr *header = (const Elf32_Ehdr *)code;
	const Elf32_Phdr *load = (const Elf32_Phdr *)(code + header->e_phoff);

	while (load->p_type != PT_LOAD)
		load++;
	return (load->p_memsz + PAGE - 1) / PAGE * PAGE;
}

/* A debugger's breakpoint there makes a copy of the page, for this program alone. */
static void is_mapped_private(void)
{
	char *code = (char *)getauxval(AT_SYSINFO_EHDR);
	uint32_t size = size_of_code(code);

	CHECK_DIES(write_byte, code, SIGSEGV, SEGV_ACCERR, code);
	CHECK(memcmp(code, "\177ELF", 4) == 0, "an ELF file");
	CHECK(mprotect(code, size, PROT_READ | PROT_WRITE | PROT_EXEC) == 0, "made writable");
	code[size - 1] = 1;
	CHECK(mprotect(code, size, PROT_READ | PROT_EXEC) == 0, "and no more");
	never_goes_back(CLOCK_MONOTONIC, "the monotonic clock, by code of the program's own");
}

int main(void)
{
	read_clock = vdso_function("LINUX_2.6", "__vdso_clock_gettime");
	read_time = vdso_function("LINUX_2.6", "__vdso_time");
	CHECK(read_clock && read_time, "the functions are found by name and version");
	CHECK(!vdso_function("LINUX_2.5", "__vdso_time"), "not under another version");
	CHECK(vdso_function("LINUX_2.5", "__kernel_vsyscall") == (void *)getauxval(AT_SYSINFO),
	      "AT_SYSINFO is __kernel_vsyscall");
	never_goes_back(CLOCK_MONOTONIC, "the monotonic clock");
	never_goes_back(CLOCK_REALTIME, "the wall's clock");
	others_are_asked();
	follows_when_set();
	is_mapped_private();
	return 0;
}
