/* SPDX-License-Identifier: MIT */
/*
 * set_thread_area(2) gives a program a segment of its own for %gs, which stays with the process
 * over switches and fork(2).
 */
#include "tests/test.h"

#include <asm/ldt.h>

static uint32_t block[4];

static uint16_t selector;

/* Loads %gs, lets others run, reads the word at %gs:0, and puts %gs back for the C library. */
static uint32_t first_word_by_gs(void)
{
	uint32_t word, old, yield = __NR_sched_yield;

	__asm__ volatile("movl %%gs, %1\n\t"
	                 "movw %3, %%gs\n\t"
	                 "int $0x80\n\t"
	                 "movl %%gs:0, %0\n\t"
	                 "movl %1, %%gs"
	                 : "=&r"(word), "=&r"(old), "+a"(yield)
	                 : "r"(selector)
	                 : "memory");
	return word;
}

static void child(void *unused)
{
	(void)unused;
	CHECK(first_word_by_gs() == 0xABCD, "the child inherits the segment");
	block[0] = 0x9999;
	for (uint32_t i = 0; i < 100; i++) {
		CHECK(first_word_by_gs() == 0x9999, "over its own memory");
	}
}

int main(void)
{
	struct user_desc segment = {.entry_number = -1, .base_addr = (uintptr_t)block,
	                            .limit = 0xFFFFF, .seg_32bit = 1, .limit_in_pages = 1,
	                            .useable = 1};

	block[0] = 0xABCD;
	CHECK(syscall(__NR_set_thread_area, &segment) == 0, "a segment");
	CHECK(segment.entry_number >= 6 && segment.entry_number < 16, "number %d",
	      segment.entry_number);
	selector = segment.entry_number * 8 + 3;
	CHECK(first_word_by_gs() == 0xABCD, "%%gs:0 is the block");
	in_child(child, NULL);
	CHECK(first_word_by_gs() == 0xABCD, "the parent's is as it was");
	say("segment %d", segment.entry_number);
	segment.entry_number = 1;
	CHECK_ERRNO(syscall(__NR_set_thread_area, &segment), EINVAL);
	CHECK_ERRNO(syscall(__NR_set_thread_area, (void *)8), EFAULT);
	return 0;
}
