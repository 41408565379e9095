/* SPDX-License-Identifier: MIT */
/*
 * Line coverage of vm/, measured in the guest (`make coverage`). gcc has put counters into vm/;
 * when the machine goes off, they leave through QEMU's debug console, port 0xe9, as a sequence
 * of records that scripts/coverage reads: a letter, a length of 4 bytes, and so many bytes.
 *
 *   N   the name of a .gcda file, whose content follows
 *   D   some of its content
 *
 * libgcov makes the content, by the functions it has for machines without files. The linker
 * leads calls of power_off here (--wrap); the kernel's own sources know nothing of this.
 */
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/io.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "lib/string.h"

#define DEBUG_CONSOLE 0xe9

/* What libgcov has and calls: its arguments are on the stack, and not in registers. As <gcov.h> has
 * it, which cannot say that. */
#define OF_LIBGCOV __attribute__((regparm(0)))

struct gcov_info;
OF_LIBGCOV void __gcov_info_to_gcda(const struct gcov_info *,
                                    OF_LIBGCOV void (*name)(const char *, void *),
                                    OF_LIBGCOV void (*content)(const void *, unsigned, void *),
                                    OF_LIBGCOV void *(*allocate)(unsigned, void *), void *);

extern const struct gcov_info *const coverage_start[], *const coverage_end[]; /* linker.ld */

_Noreturn void __wrap_power_off(unsigned status);
_Noreturn void __real_power_off(unsigned status);

static void send(const void *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		outb(DEBUG_CONSOLE, ((const uint8_t *)bytes)[i]);
}

static void send_record(char letter, const void *bytes, uint32_t n)
{
	send(&letter, 1);
	send(&n, sizeof(n));
	send(bytes, n);
}

OF_LIBGCOV static void send_name(const char *name, void *unused)
{
	(void)unused;
	send_record('N', name, strlen(name));
}

OF_LIBGCOV static void send_content(const void *bytes, unsigned n, void *unused)
{
	(void)unused;
	send_record('D', bytes, n);
}

OF_LIBGCOV static void *allocate(unsigned n, void *unused)
{
	(void)unused;
	return kmalloc(n);
}

_Noreturn void __wrap_power_off(unsigned status)
{
	interrupts_off();
	for (const struct gcov_info *const *info = coverage_start; info < coverage_end; info++)
		__gcov_info_to_gcda(*info, send_name, send_content, allocate, NULL);
	__real_power_off(status);
}

/* What libgcov refers to, and does not use here. */

_Noreturn void abort(void)
{
	panic("libgcov gives up");
}

void *mmap64(void);
void *mmap64(void)
{
	return NULL;
}

void __gcov_merge_add(void);
void __gcov_merge_add(void)
{
}
