/* SPDX-License-Identifier: MIT */
/*
 * A program cannot write to its own code or constants: SIGSEGV with SEGV_ACCERR, for the kernel
 * EFAULT, and nothing changes.
 */
#include "tests/test.h"

static const volatile uint32_t constant = 0x1234;

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
	CHECK_DIES(write_byte, (void *)&constant, SIGSEGV, SEGV_ACCERR, &constant);
	CHECK(zero >= 0, "/dev/zero");
	CHECK_ERRNO(read(zero, code, 4), EFAULT);
	CHECK_ERRNO(read(zero, (void *)&constant, 4), EFAULT);
	CHECK(function() == 42 && constant == 0x1234, "code and constant are as before");
	say("code and constants are read-only");
	return 0;
}
