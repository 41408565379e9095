/* SPDX-License-Identifier: MIT */
/* clone(2), unshare(2): who has not the right may not make namespaces, whether there are any or not. */
#include "case.h"
#include <linux/sched.h>

static const struct { const char *name; unsigned flag; } kinds[] = {
	{"mount", CLONE_NEWNS}, {"cgroup", CLONE_NEWCGROUP}, {"uts", CLONE_NEWUTS},
	{"ipc", CLONE_NEWIPC}, {"pid", CLONE_NEWPID}, {"net", CLONE_NEWNET},
};

int main(void)
{
	if (setresuid(4567, 4567, 4567))
		say("no other user");
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct clone_args args = {.flags = kinds[i].flag, .exit_signal = SIGCHLD};
		GIVES(syscall(SYS_clone, kinds[i].flag | SIGCHLD, 0, 0, 0, 0), "clone: %s", kinds[i].name);
		GIVES(syscall(SYS_clone3, &args, sizeof args), "clone3: %s", kinds[i].name);
		GIVES(syscall(SYS_unshare, kinds[i].flag), "unshare: %s", kinds[i].name);
	}
	return 0;
}
