/* SPDX-License-Identifier: MIT */
/*
 * The kernel moves pages by the processor's wide registers, which are the program's: whatever
 * it clears and copies, those of the program hold what it put there. And the bytes arrive,
 * wherever they begin and wherever a page of them is still missing.
 */
#include "tests/test.h"

#define BYTES (4 * PAGE)

static uint32_t in[8][4], out[8][4];
static int ends[2];

static void registers_load(uint32_t seed)
{
	for (uint32_t i = 0; i < 32; i++)
		in[i / 4][i % 4] = pattern(seed, i);
	__asm__ volatile("movups (%0), %%xmm0; movups 16(%0), %%xmm1\n\t"
	                 "movups 32(%0), %%xmm2; movups 48(%0), %%xmm3\n\t"
	                 "movups 64(%0), %%xmm4; movups 80(%0), %%xmm5\n\t"
	                 "movups 96(%0), %%xmm6; movups 112(%0), %%xmm7" : : "r"(in) : "memory");
}

static void registers_expect(const char *after)
{
	__asm__ volatile("movups %%xmm0, (%0); movups %%xmm1, 16(%0)\n\t"
	                 "movups %%xmm2, 32(%0); movups %%xmm3, 48(%0)\n\t"
	                 "movups %%xmm4, 64(%0); movups %%xmm5, 80(%0)\n\t"
	                 "movups %%xmm6, 96(%0); movups %%xmm7, 112(%0)" : : "r"(out) : "memory");
	for (uint32_t i = 0; i < 32; i++)
		CHECK(in[i / 4][i % 4] == out[i / 4][i % 4], "after %s: xmm%u", after, i / 4);
}

static char *fresh(unsigned pages)
{
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED, "mmap");
	return memory;
}

/* Bytes of one place in memory, through a pipe, to another that has no page yet. */
static void send(unsigned from_offset, unsigned to_offset)
{
	char *from = fresh(6) + from_offset, *to = fresh(6) + to_offset;

	/* The page in the middle stays away: it reads as zeros. */
	for (unsigned i = 0; i < BYTES; i++)
		if (i < PAGE || i >= 3 * PAGE)
			from[i] = (char)(i * 7 + i / 251);
	registers_load(from_offset * 64 + to_offset);
	CHECK(write(ends[1], from, BYTES) == BYTES, "all is written");
	registers_expect("write");
	CHECK(read(ends[0], to, BYTES) == BYTES, "all is read");
	registers_expect("read");
	CHECK(memcmp(from, to, BYTES) == 0, "the bytes from offset %u arrive at %u", from_offset,
	      to_offset);
	munmap(from - from_offset, 6 * PAGE);
	munmap(to - to_offset, 6 * PAGE);
}

/* A buffer whose last page does not exist. */
static void send_short(void)
{
	char *memory = fresh(3);

	munmap(memory + 2 * PAGE, PAGE);
	registers_load(77);
	CHECK(write(ends[1], memory, 3 * PAGE) == 2 * PAGE, "what is there is written");
	registers_expect("a write cut short");
	CHECK(read(ends[0], memory, 2 * PAGE) == 2 * PAGE, "and read again");
	CHECK_ERRNO(write(ends[1], memory + 2 * PAGE, PAGE), EFAULT);
	registers_expect("a write of nothing");
	munmap(memory, 2 * PAGE);
}

static void fault(void)
{
	char *memory = fresh(2);

	registers_load(5);
	memory[0] = 1;
	registers_expect("a page of zeros");
	pid_t child = fork_checked();
	registers_expect("fork");
	memory[0] = 2;
	registers_expect("a copy on write");
	if (!child)
		_exit(0);
	wait_success(child);
	registers_expect("another process");
	munmap(memory, 2 * PAGE);
}

int main(void)
{
	static const unsigned offsets[] = {0, 1, 16, 100, 4095};

	CHECK(pipe(ends) == 0, "a pipe");
	for (unsigned i = 0; i < 5; i++)
		for (unsigned j = 0; j < 5; j++)
			send(offsets[i], offsets[j]);
	send_short();
	for (int i = 0; i < 20; i++)
		fault();
	say("the registers were the program's throughout");
	return 0;
}
