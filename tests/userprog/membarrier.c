/* SPDX-License-Identifier: MIT */
/* membarrier(2): what there is, what wants to be registered first, and that a child of fork has
 * its parent's registrations, while another program begins without. */
#include "tests/test.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long membarrier(int command, unsigned flags)
{
	return syscall(SYS_membarrier, command, flags, 0);
}

static void pair(int command, int registers)
{
	CHECK_ERRNO(membarrier(command, 0), EPERM);
	CHECK(membarrier(registers, 0) == 0, "command %d registers", registers);
	CHECK(membarrier(registers, 0) == 0, "command %d registers again", registers);
	CHECK(membarrier(command, 0) == 0, "command %d after that", command);
}

/* Whether the barrier that main registered works in this process: as an exit status. */
static int works(void)
{
	return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) == 0;
}

static int status_of_child(char **arguments)
{
	int status = -1;
	pid_t child = fork();
	if (child == 0) {
		if (arguments)
			execv(arguments[0], arguments);
		_exit(works());
	}
	CHECK(waitpid(child, &status, 0) == child, "the child is waited for");
	CHECK(WIFEXITED(status), "the child exits: 0x%x", (unsigned)status);
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	const int all = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |
	                MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED |
	                MEMBARRIER_CMD_PRIVATE_EXPEDITED |
	                MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
	if (argc > 1)
		return works();

	CHECK((membarrier(MEMBARRIER_CMD_QUERY, 0) & all) == all, "all commands are there");
	CHECK_ERRNO(membarrier(MEMBARRIER_CMD_QUERY, 2), EINVAL);
	CHECK_ERRNO(membarrier(MEMBARRIER_CMD_GLOBAL, 2), EINVAL);
	CHECK_ERRNO(membarrier(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0), EINVAL);
	CHECK_ERRNO(membarrier(1 << 30, 0), EINVAL);
	CHECK_ERRNO(membarrier(-1, 0), EINVAL);

	CHECK(membarrier(MEMBARRIER_CMD_GLOBAL, 0) == 0, "a barrier for all");
	CHECK(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0) == 0, "for all who want it, a quick one");
	CHECK(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0) == 0, "this one wants it");
	CHECK(status_of_child(NULL) == 0, "nothing is registered, in a child neither");
	pair(MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	pair(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
	     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE);

	CHECK(status_of_child(NULL) == 1, "a child of fork has its parent's registrations");
	CHECK(status_of_child((char *[]){argv[0], "again", NULL}) == 0, "another program has none");
	return 0;
}
