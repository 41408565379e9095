/* SPDX-License-Identifier: MIT */
/*
 * A program cannot write to its own code or constants: SIGSEGV with SEGV_ACCERR, for the kernel
 * EFAULT, and nothing changes.
 */
#include "tests/test.h"

static const uint32_t constants[] = {0x1234, 0x5678};

static int answer(void)
{
	return 42;
}

int main(void)
{
	int (*volatile function)(void) = answer;
	char *code = (char *)(uintptr_t)function;
	int zero = open("/dev/zero", O_RDONLY);

	CHECK_DIES(write_byte, code, SIGSEGV, SEGV_ACCERR, code);
	CHECK_DIES(write_byte, (void *)constants, SIGSEGV, SEGV_ACCERR, constants);
	CHECK(zero >= 0, "/dev/zero");
	CHECK_ERRNO(read(zero, code, 4), EFAULT);
	CHECK_ERRNO(read(zero, (void *)constants, 4), EFAULT);
	CHECK(function() == 42, "the code is as before");
	CHECK(*(const volatile uint32_t *)constants == 0x1234, "the constant too");
	say("code and constants are read-only");
	return 0;
}
