/* SPDX-License-Identifier: MIT */
/*
 * Words on the kernel's command line that ask for what there is not: a policy of no such name, a
 * trace without a device to take it, more batches of the page-out thread than it has. The kernel
 * says so, or takes what there is, and starts all the same.
 *
 * pagoda-only: it is Pagoda's command line.
 * guest: pagoda-only cmdline="vm.policy=nonsense trace=all vm.pageout=99"
 */
#include "tests/test.h"

int main(void)
{
	char name[40] = "";
	int fd = open("/proc/sys/vm/policy", O_RDONLY);

	CHECK(read(fd, name, sizeof(name) - 1) > 3, "there is a policy");
	CHECK(!strstr(name, "nonsense"), "another one");
	close(fd);
	fd = open("/proc/sys/kernel/trace", O_RDWR);
	CHECK_ERRNO(write(fd, "all", 3), ENODEV);
	close(fd);
	say("the policy is %s", name);
	return 0;
}
