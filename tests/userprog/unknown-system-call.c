/* SPDX-License-Identifier: MIT */
/*
 * A system call that does not exist is ENOSYS, whatever its number, and hurts nobody.
 */
#include "tests/test.h"

int main(void)
{
	static const uint32_t numbers[] = {0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 100000, 5000, 1023,
	                                   17 /* break */, 31 /* stty */, 137 /* afs_syscall */};

	for (uint32_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		long result;

		__asm__ volatile("int $0x80" : "=a"(result)
		                 : "a"(numbers[i]), "b"(1), "c"(0), "d"(~0u), "S"(-1),
			"D"(8) : "memory");
		CHECK(result == -ENOSYS, "number %#x: -ENOSYS, not %ld", numbers[i], result);
	}
	CHECK(getpid() > 0, "known ones still work");
	say("9 numbers that mean nothing");
	return 0;
}
