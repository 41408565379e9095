/* SPDX-License-Identifier: MIT */
/*
 * Threads read pages while another one unmaps them, maps them anew, forgets them, moves and protects
 * them. Whatever a reader sees is the page's own, and never older than what it saw before: no
 * translation outlives its entry. Where nothing is mapped it gets SIGSEGV, and nothing else.
 * guest: mem=24 swap=32
 */
#include "tests/test.h"
#include "tests/threads.h"

#include <ucontext.h>

#define PAGES_CHANGED 24u
#define READERS 3
#define ROUNDS 300u
#define STAMP(page, round) ((round) << 8 | (page))

static uint32_t *pages;          /* one word of each is its stamp */
static volatile bool over;
static volatile uint32_t missed; /* times that nothing was mapped */

/* Reads a word; 1 in ECX if that raised a signal. */
uint32_t careful_read(const volatile uint32_t *word, uint32_t *failed);
bool careful_write(volatile uint32_t *word, uint32_t value);
extern char careful_read_at[], careful_read_next[], careful_write_at[], careful_write_next[];
__asm__(".globl careful_read\n"
        "careful_read:\n\t"
        "movl 4(%esp), %edx\n\t"
        "xorl %ecx, %ecx\n"
        "careful_read_at:\n\t"
        "movl (%edx), %eax\n"
        "careful_read_next:\n\t"
        "movl 8(%esp), %edx\n\t"
        "movl %ecx, (%edx)\n\t"
        "ret\n"
        ".globl careful_write\n"
        "careful_write:\n\t"
        "movl 4(%esp), %edx\n\t"
        "movl 8(%esp), %eax\n\t"
        "xorl %ecx, %ecx\n"
        "careful_write_at:\n\t"
        "movl %eax, (%edx)\n"
        "careful_write_next:\n\t"
        "xorl $1, %ecx\n\t"
        "movl %ecx, %eax\n\t"
        "ret\n");

static void on_fault(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	(void)signal, (void)info;
	if (registers[REG_EIP] == (greg_t)careful_read_at)
		registers[REG_EIP] = (greg_t)careful_read_next;
	else if (registers[REG_EIP] == (greg_t)careful_write_at)
		registers[REG_EIP] = (greg_t)careful_write_next;
	else
		_exit(77);
	registers[REG_ECX] = 1;
}

static uint32_t *page_at(uint32_t page)
{
	return pages + page * (PAGE / sizeof *pages);
}

static void read_all(void *unused)
{
	uint32_t seen[PAGES_CHANGED] = {0}, failed;
	(void)unused;
	while (!over)
		for (uint32_t page = 0; page < PAGES_CHANGED; page++) {
			uint32_t word = careful_read(page_at(page), &failed);
			if (failed) {
				missed++;
				continue;
			}
			CHECK(!word || word % 256 == page, "page %u has its own stamp, not %x",
			      page, word);
			CHECK(!word || word >> 8 >= seen[page],
			      "page %u does not go back from round %u to %u", page, seen[page],
			      word >> 8);
			if (word)
				seen[page] = word >> 8;
		}
}

static void map_again(uint32_t page, uint32_t count)
{
	CHECK(mmap(page_at(page), count * PAGE, PROT_READ | PROT_WRITE,
	           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page_at(page), "pages");
}

static void stamp(uint32_t first, uint32_t count, uint32_t round)
{
	for (uint32_t page = first; page < first + count; page++) {
		CHECK(*page_at(page) == 0, "page %u is new", page);
		*page_at(page) = STAMP(page, round);
	}
}

static void unmap_and_map(uint32_t first, uint32_t count, uint32_t round)
{
	CHECK(munmap(page_at(first), count * PAGE) == 0, "munmap");
	map_again(first, count);
	stamp(first, count, round);
}

static void map_over(uint32_t first, uint32_t count, uint32_t round)
{
	map_again(first, count);
	stamp(first, count, round);
}

static void forget(uint32_t first, uint32_t count, uint32_t round)
{
	CHECK(madvise(page_at(first), count * PAGE, MADV_DONTNEED) == 0, "madvise");
	stamp(first, count, round);
}

/* Away and back: what is there stays. */
static void move(uint32_t first, uint32_t count, uint32_t round)
{
	uint32_t size = count * PAGE, before = *page_at(first);
	(void)round;
	uint32_t *away = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(mremap(page_at(first), size, size, MREMAP_MAYMOVE | MREMAP_FIXED, away) == away,
	      "away");
	CHECK(*away == before, "it went along");
	CHECK(mremap(away, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, page_at(first)) ==
	      page_at(first), "back");
	CHECK(*page_at(first) == before, "it came back");
}

static void protect(uint32_t first, uint32_t count, uint32_t round)
{
	(void)round;
	CHECK(mprotect(page_at(first), count * PAGE, PROT_NONE) == 0, "nothing allowed");
	syscall(__NR_sched_yield);
	CHECK(mprotect(page_at(first), count * PAGE, PROT_READ | PROT_WRITE) == 0, "allowed");
}

static void changes_while_read(void)
{
	static void (*const changes[])(uint32_t, uint32_t, uint32_t) = {
		unmap_and_map, map_over, forget, move, protect};
	struct test_thread readers[READERS];
	map_again(0, PAGES_CHANGED);
	stamp(0, PAGES_CHANGED, 1);
	for (int i = 0; i < READERS; i++)
		thread_begin(&readers[i], read_all, NULL);
	for (uint32_t round = 2; round < ROUNDS; round++) {
		uint32_t first = round * 7 % PAGES_CHANGED;
		uint32_t count = 1 + round * 5 % (PAGES_CHANGED - first);
		changes[round % (sizeof changes / sizeof *changes)](first, count, round);
	}
	over = true;
	for (int i = 0; i < READERS; i++)
		thread_await(&readers[i]);
	say("%u rounds; nothing was mapped %s", ROUNDS, missed ? "now and then" : "never");
}

/* ---- who may not write any more does not --------------------------------------------- */

static volatile uint32_t *counter;

static void count(void *unused)
{
	uint32_t number = 0;
	(void)unused;
	while (!over)
		careful_write(counter, ++number);
}

static void writes_while_protected(void)
{
	struct test_thread writers[2];
	over = false;
	counter = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 2; i++)
		thread_begin(&writers[i], count, NULL);
	for (int round = 0; round < 50; round++) {
		mprotect((void *)counter, PAGE, PROT_READ);
		uint32_t then = *counter;
		for (int i = 0; i < 5; i++)
			syscall(__NR_sched_yield);
		CHECK(*counter == then, "nobody writes to a page that is read-only");
		mprotect((void *)counter, PAGE, PROT_READ | PROT_WRITE);
		syscall(__NR_sched_yield);
	}
	over = true;
	for (int i = 0; i < 2; i++)
		thread_await(&writers[i]);
	say("50 times read-only, and nobody wrote");
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
	sigaction(SIGSEGV, &action, NULL);
	pages = mmap(NULL, PAGES_CHANGED * PAGE, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	changes_while_read();
	writes_while_protected();
	return 0;
}
