/* SPDX-License-Identifier: MIT */
/*
 * What no kernel can go below: a page cleared or copied by the best sequence of instructions.
 * These rows need no kernel, so they are the same everywhere.
 */
#include "tests/bench/bench.h"

static char from[PAGE] __attribute__((aligned(4096)));
static char to[PAGE] __attribute__((aligned(4096)));

static void touch(void)
{
	memset(from, 1, PAGE);
	memset(to, 1, PAGE);
}

static void clear_string(void)
{
	void *at = to;
	unsigned words = PAGE / 4;

	__asm__ volatile("rep stosl" : "+D"(at), "+c"(words) : "a"(0) : "memory");
}

static void copy_string(void)
{
	const void *source = from;
	void *at = to;
	unsigned words = PAGE / 4;

	__asm__ volatile("rep movsl" : "+D"(at), "+S"(source), "+c"(words) : : "memory");
}

static void clear_sse(void)
{
	char *at = to, *end = to + PAGE;

	__asm__ volatile("pxor %%xmm0, %%xmm0\n"
	                 "1:\n"
	                 "movaps %%xmm0, (%0)\n"
	                 "movaps %%xmm0, 16(%0)\n"
	                 "movaps %%xmm0, 32(%0)\n"
	                 "movaps %%xmm0, 48(%0)\n"
	                 "movaps %%xmm0, 64(%0)\n"
	                 "movaps %%xmm0, 80(%0)\n"
	                 "movaps %%xmm0, 96(%0)\n"
	                 "movaps %%xmm0, 112(%0)\n"
	                 "add $128, %0\n"
	                 "cmp %1, %0\n"
	                 "jb 1b\n" : "+r"(at) : "r"(end) : "memory");
}

static void copy_sse(void)
{
	const char *source = from;
	char *at = to, *end = to + PAGE;

	__asm__ volatile("1:\n"
	                 "movaps (%0), %%xmm0\n"
	                 "movaps 16(%0), %%xmm1\n"
	                 "movaps 32(%0), %%xmm2\n"
	                 "movaps 48(%0), %%xmm3\n"
	                 "movaps 64(%0), %%xmm4\n"
	                 "movaps 80(%0), %%xmm5\n"
	                 "movaps 96(%0), %%xmm6\n"
	                 "movaps 112(%0), %%xmm7\n"
	                 "movaps %%xmm0, (%1)\n"
	                 "movaps %%xmm1, 16(%1)\n"
	                 "movaps %%xmm2, 32(%1)\n"
	                 "movaps %%xmm3, 48(%1)\n"
	                 "movaps %%xmm4, 64(%1)\n"
	                 "movaps %%xmm5, 80(%1)\n"
	                 "movaps %%xmm6, 96(%1)\n"
	                 "movaps %%xmm7, 112(%1)\n"
	                 "add $128, %0\n"
	                 "add $128, %1\n"
	                 "cmp %2, %1\n"
	                 "jb 1b\n" : "+r"(source), "+r"(at) : "r"(end) : "memory");
}

static const struct row rows[] = {
	{"limit-clear-rep", 1, touch, clear_string, nothing, NULL, 0},
	{"limit-clear-sse", 1, touch, clear_sse, nothing, NULL, 0},
	{"limit-copy-rep", 1, touch, copy_string, nothing, NULL, 0},
	{"limit-copy-sse", 1, touch, copy_sse, nothing, NULL, 0},
};

int main(int count, char **arguments)
{
	(void)count;
	return BENCH(rows, arguments);
}
