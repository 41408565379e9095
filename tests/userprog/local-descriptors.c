/* SPDX-License-Identifier: MIT */
/*
 * modify_ldt(2) gives a program segments of its own beside set_thread_area's: loaded they are there, over
 * switches, handlers of signals and fork(2), whose child has a copy; all threads have the same ones, and
 * another program has none.
 */
#include "tests/test.h"
#include "tests/threads.h"

#include <asm/ldt.h>

#define SELECTOR(entry) ((entry) * 8 + 7)

static uint32_t block[4], other[4];
static char *self;

static int set_entry(uint32_t entry, void *base, uint32_t contents)
{
	struct user_desc segment = {.entry_number = entry, .base_addr = (uintptr_t)base,
	                            .limit = 0xFFFFF, .contents = contents, .seg_32bit = 1,
	                            .limit_in_pages = 1};
	return (int)syscall(__NR_modify_ldt, 0x11, &segment, sizeof segment);
}

static int clear_entry(uint32_t entry)
{
	struct user_desc none = {.entry_number = entry};
	return (int)syscall(__NR_modify_ldt, 1, &none, sizeof none);
}

static int table_bytes(void)
{
	static char table[8 * LDT_ENTRIES];
	return (int)syscall(__NR_modify_ldt, 0, table, sizeof table);
}

/* Loads %fs, lets the kernel do something, and reads the word at %fs:0. */
static uint32_t word_by_fs(uint32_t entry, uint32_t call, uint32_t first, uint32_t second)
{
	uint32_t word;
	__asm__ volatile("movw %w2, %%fs\n\t"
	                 "int $0x80\n\t"
	                 "movl %%fs:0, %0\n\t"
	                 "movw %w3, %%fs"
	                 : "=&r"(word), "+a"(call)
	                 : "r"(SELECTOR(entry)), "r"(0), "b"(first), "c"(second)
	                 : "memory");
	return word;
}

static uint32_t word_of(uint32_t entry)
{
	return word_by_fs(entry, __NR_sched_yield, 0, 0);
}

static void load(void *entry)
{
	(void)word_of((uint32_t)(uintptr_t)entry);
}

static void child(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < 100; i++)
		CHECK(word_of(3) == 0xABCD, "the child has the segment");
	CHECK(set_entry(3, other, 0) == 0, "it makes it another one");
	CHECK(word_of(3) == 0x1234, "which it has");
	CHECK(set_entry(4, other, 0) == 0, "and one more");
}

static void thread(void *unused)
{
	(void)unused;
	CHECK(word_of(3) == 0xABCD, "a thread has the segment");
	CHECK(set_entry(5, other, 0) == 0, "and makes one for all");
}

static void next_program(void *unused)
{
	(void)unused;
	char *arguments[] = {self, "next", NULL};
	execv(self, arguments);
	CHECK(false, "the next program");
}

static volatile int handled;

static void handler(int signal)
{
	(void)signal;
	handled++;
}

/* A signal comes while code runs by a segment of the program's own: it goes on by that. By jumps: an
 * emulated far call pushes with the kernel's rights, which a processor that keeps the kernel from the
 * program's pages does not grant. */
static void signal_in_own_code(void)
{
	static struct {
		uint32_t address;
		uint16_t selector;
	} back;
	uint32_t code, call = __NR_kill;
	CHECK(set_entry(6, NULL, MODIFY_LDT_CONTENTS_CODE) == 0, "a segment of code");
	__asm__ volatile("movw %%cs, %2\n\t"
	                 "movl $2f, %3\n\t"
	                 "ljmp %6, $1f\n"
	                 "1:\tint $0x80\n\t"
	                 "movl %%cs, %0\n\t"
	                 "ljmp *%3\n"
	                 "2:"
	                 : "=&r"(code), "+a"(call), "=m"(back.selector), "=m"(back.address)
	                 : "b"(getpid()), "c"(SIGUSR1), "i"(SELECTOR(6))
	                 : "memory", "cc");
	CHECK(handled == 2, "the handler ran");
	CHECK(code == SELECTOR(6), "code segment %x after it", code);
}

int main(int argc, char **argv)
{
	struct test_thread second;
	self = argv[0];
	CHECK(table_bytes() == 0, "a new program has no table");
	if (argc > 1)
		return 0;
	block[0] = 0xABCD;
	other[0] = 0x1234;
	CHECK(set_entry(3, block, 0) == 0, "a segment");
	CHECK(word_of(3) == 0xABCD, "its first word");
	CHECK(signal(SIGUSR1, handler) != SIG_ERR, "a handler");
	CHECK(word_by_fs(3, __NR_kill, (uint32_t)getpid(), SIGUSR1) == 0xABCD && handled == 1,
	      "the same after a handler");
	signal_in_own_code();
	in_child(child, NULL);
	CHECK(word_of(3) == 0xABCD, "the parent's is as it was");
	CHECK(death_of(load, (void *)4).signal == SIGSEGV, "a selector of nothing");
	thread_begin(&second, thread, NULL);
	thread_await(&second);
	CHECK(word_of(5) == 0x1234, "what a thread has made all have");
	in_child(next_program, NULL);
	CHECK(clear_entry(3) == 0, "the segment goes");
	CHECK(death_of(load, (void *)3).signal == SIGSEGV, "a selector of nothing");
	say("segments of a program's own");
	return 0;
}
