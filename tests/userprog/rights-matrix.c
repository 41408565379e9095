/* SPDX-License-Identifier: MIT */
/*
 * Each call that one process makes on another, and each file of /proc that tells about it: by
 * root, by a process of the same user, by one of the same user in another group, and by another
 * user; on a process of user 1000, and on one of root's. Every answer is printed, and is the one of
 * kill(2), setpriority(2), prlimit(2), sched_setaffinity(2), capabilities(7), proc(5) and
 * ptrace(2) ("Ptrace access mode checking"); Linux gives them too (make check-linux).
 *
 * guest: linux-root
 */
#include "tests/test.h"

#include <linux/capability.h>
#include <sched.h>

enum actor { ROOT, SAME, GROUP, OTHER, ACTORS };
static const struct {
	const char *name;
	unsigned uid, gid;
} actors[ACTORS] = {
	{"root", 0, 0}, {"same", 1000, 1000}, {"group", 1000, 1001}, {"other", 1001, 1001}};

static pid_t target;

static void become(unsigned uid, unsigned gid)
{
	CHECK(syscall(__NR_setgroups32, 0, NULL) == 0, "no groups");
	CHECK(setgid(gid) == 0 && setuid(uid) == 0, "user %u", uid);
}

/* ---- the processes asked about: a program that was started by its user ---- */

static int sleeper(void)
{
	if (write(1, "r", 1) != 1)
		return 1;
	for (;;)
		pause();
}

/* Which program: "asleep" of the user; or one that may be run, not read. */
static pid_t start(const char *program, unsigned uid, unsigned gid)
{
	int ready[2];
	char byte;

	CHECK(pipe(ready) == 0, "a pipe");
	pid_t child = fork_checked();
	if (!child) {
		become(uid, gid);
		dup2(ready[1], 1);
		execl(program, program, "sleep", (char *)NULL);
		_exit(1);
	}
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1, "%s runs", program);
	close(ready[0]);
	return child;
}

static void stop(pid_t child)
{
	kill(child, SIGKILL);
	wait_status(child);
}

/* ---- calls ---- */

static int signal_zero(void) { return kill(target, 0); }
static int signal_continue(void) { return kill(target, SIGCONT); }
static int signal_user(void) { return kill(target, SIGCHLD); }
static int nice_up(void) { return (int)syscall(__NR_setpriority, PRIO_PROCESS, target, 5); }
static int nice_down(void) { return (int)syscall(__NR_setpriority, PRIO_PROCESS, target, -5); }
static int affinity(void)
{
	uint32_t mask[32];
	int n = (int)syscall(__NR_sched_getaffinity, target, sizeof(mask), mask);
	return n < 0 ? -1 : (int)syscall(__NR_sched_setaffinity, target, n, mask);
}
static int scheduler(void)
{
	int priority = 0;
	return (int)syscall(__NR_sched_setscheduler, target, 0, &priority);
}
static int limit_get(void)
{
	uint64_t limits[2];
	return (int)syscall(__NR_prlimit64, target, RLIMIT_NOFILE, NULL, limits);
}
static int limit_set(void)
{
	const uint64_t limits[2] = {64, 256};
	return (int)syscall(__NR_prlimit64, target, RLIMIT_CORE, limits, NULL);
}
static int group_get(void) { return getpgid(target) < 0 ? -1 : 0; }
static int capabilities_get(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, target};
	struct __user_cap_data_struct data[2];
	return (int)syscall(__NR_capget, &header, data);
}
static int capabilities_set(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, target};
	const struct __user_cap_data_struct data[2] = {{0}};
	return (int)syscall(__NR_capset, &header, data);
}

static const struct {
	const char *what;
	int (*call)(void);
	int answers[2][ACTORS]; /* on a process of user 1000, of root's */
	int capability;         /* a container's root may lack it */
} calls[] = {
#define P EPERM
#define A EACCES
	{"kill with 0", signal_zero, {{0, 0, 0, P}, {0, P, P, P}}, CAP_KILL},
	{"kill with SIGCONT, same session", signal_continue, {{0, 0, 0, 0}, {0, 0, 0, 0}}, CAP_KILL},
	{"kill with SIGCHLD", signal_user, {{0, 0, 0, P}, {0, P, P, P}}, CAP_KILL},
	{"setpriority upwards", nice_up, {{0, 0, 0, P}, {0, P, P, P}}, CAP_SYS_NICE},
	{"setpriority downwards", nice_down, {{0, A, A, P}, {0, P, P, P}}, CAP_SYS_NICE},
	{"sched_setaffinity", affinity, {{0, 0, 0, P}, {0, P, P, P}}, CAP_SYS_NICE},
	{"sched_setscheduler to what it is", scheduler, {{0, 0, 0, P}, {0, P, P, P}}, CAP_SYS_NICE},
	{"prlimit, to know", limit_get, {{0, 0, P, P}, {0, P, P, P}}, CAP_SYS_RESOURCE},
	{"prlimit, to set", limit_set, {{0, 0, P, P}, {0, P, P, P}}, CAP_SYS_RESOURCE},
	{"getpgid", group_get, {{0, 0, 0, 0}, {0, 0, 0, 0}}, CAP_CHOWN},
	{"capget", capabilities_get, {{0, 0, 0, 0}, {0, 0, 0, 0}}, CAP_CHOWN},
	{"capset of another", capabilities_set, {{P, P, P, P}, {P, P, P, P}}, CAP_CHOWN},
};

/* ---- files of /proc ---- */

static char path[64];

static int reads(const char *name, int flags)
{
	char bytes[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)target, name);
	fd = open(path, flags);
	if (fd < 0)
		return errno;
	if (flags & (O_DIRECTORY | O_WRONLY) || !strcmp(name, "mem"))
		return 0;
	return read(fd, bytes, sizeof(bytes)) < 0 ? errno : 0;
}

static int follows(const char *name, int flags)
{
	char to[256];

	(void)flags;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)target, name);
	return readlink(path, to, sizeof(to)) < 0 ? errno : 0;
}

static const struct {
	const char *name;
	int (*look)(const char *, int);
	int flags;
	int answers[3][ACTORS]; /* of user 1000's, of root's, of user 1000's that is not readable */
} files[] = {
#define OPEN {{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}
#define GUARDED {{0, 0, A, A}, {0, A, A, A}, {0, A, A, A}}
#define BY_USER {{0, 0, 0, A}, {0, A, A, A}, {0, A, A, A}} /* its mode alone */
	{"stat", reads, O_RDONLY, OPEN},
	{"statm", reads, O_RDONLY, OPEN},
	{"status", reads, O_RDONLY, OPEN},
	{"cmdline", reads, O_RDONLY, OPEN},
	{"comm", reads, O_RDONLY, OPEN},
	{"limits", reads, O_RDONLY, OPEN},
	{"mounts", reads, O_RDONLY, OPEN},
	{"mountinfo", reads, O_RDONLY, OPEN},
	{"wchan", reads, O_RDONLY, OPEN},
	{"oom_score", reads, O_RDONLY, OPEN},
	{"oom_score_adj", reads, O_RDONLY, OPEN},
	{"oom_score_adj", reads, O_WRONLY, BY_USER},
	{"comm", reads, O_WRONLY, BY_USER},
	{"clear_refs", reads, O_WRONLY, BY_USER},
	{"environ", reads, O_RDONLY, GUARDED},
	{"auxv", reads, O_RDONLY, GUARDED},
	{"maps", reads, O_RDONLY, GUARDED},
	{"smaps", reads, O_RDONLY, GUARDED},
	{"smaps_rollup", reads, O_RDONLY, GUARDED},
	{"pagemap", reads, O_RDONLY, GUARDED},
	{"mem", reads, O_RDWR, GUARDED},
	{"fd", reads, O_RDONLY | O_DIRECTORY, BY_USER},
	{"fd/1", follows, 0, GUARDED},
	{"fdinfo", reads, O_RDONLY | O_DIRECTORY, GUARDED},
	{"fdinfo/1", reads, O_RDONLY, GUARDED},
	{"task", reads, O_RDONLY | O_DIRECTORY, OPEN},
	{"map_files", reads, O_RDONLY | O_DIRECTORY, BY_USER},
	{"exe", follows, 0, GUARDED},
	{"cwd", follows, 0, GUARDED},
	{"root", follows, 0, GUARDED},
	{"self", follows, 0, {{ENOENT, ENOENT, ENOENT, ENOENT}, {ENOENT, ENOENT, ENOENT, ENOENT},
	                      {ENOENT, ENOENT, ENOENT, ENOENT}}},
};

/* ---- ---- */

static int as(enum actor actor, int (*call)(void), size_t file)
{
	pid_t child = fork_checked();

	if (!child) {
		if (actor != ROOT)
			become(actors[actor].uid, actors[actor].gid);
		errno = 0;
		if (!call)
			_exit(files[file].look(files[file].name, files[file].flags));
		_exit(call() < 0 ? errno : 0);
	}
	int status = wait_status(child);
	CHECK(WIFEXITED(status), "the trial ends");
	return WEXITSTATUS(status);
}

static void compare(const char *of, const char *what, const int got[ACTORS],
                    const int answers[ACTORS])
{
	say("%-12s %-34s root %-3d same %-3d group %-3d other %d", of, what, got[ROOT], got[SAME],
	    got[GROUP], got[OTHER]);
	for (enum actor actor = ROOT; actor < ACTORS; actor++)
		CHECK(got[actor] == answers[actor], "%s of %s by %s: errno %d, not %d", what, of,
		      actors[actor].name, answers[actor], got[actor]);
}

/* A container's root may lack some. */
static bool root_has(int capability)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	CHECK(syscall(__NR_capget, &header, data) == 0, "capget");
	return data[capability / 32].effective >> capability % 32 & 1;
}

static void try_calls(const char *of, int column, unsigned uid)
{
	int got[ACTORS];

	for (size_t row = 0; row < sizeof(calls) / sizeof(calls[0]); row++) {
		for (enum actor actor = ROOT; actor < ACTORS; actor++) {
			target = start("./readable", uid, uid);
			got[actor] = as(actor, calls[row].call, 0);
			stop(target);
		}
		if (got[ROOT] && !root_has(calls[row].capability))
			got[ROOT] = calls[row].answers[column][ROOT];
		compare(of, calls[row].what, got, calls[row].answers[column]);
	}
}

static void try_files(const char *of, int column, const char *program, unsigned uid)
{
	int got[ACTORS];

	target = start(program, uid, uid);
	for (size_t row = 0; row < sizeof(files) / sizeof(files[0]); row++) {
		for (enum actor actor = ROOT; actor < ACTORS; actor++)
			got[actor] = as(actor, NULL, row);
		compare(of, files[row].name, got, files[row].answers[column]);
	}
	stop(target);
}

static void make_program(const char *name, const unsigned char *image, uint32_t length,
                         unsigned mode)
{
	program_make(name, image, length);
	CHECK(chmod(name, mode) == 0, "its mode");
}

int main(int argc, char **argv)
{
	uint32_t length;

	if (argc > 1 && !strcmp(argv[1], "sleep"))
		return sleeper();
	CHECK(chmod(".", 0755) == 0, "the directory may be searched");
	unsigned char *image = program_image(&length);
	make_program("readable", image, length, 0755);
	make_program("unreadable", image, length, 0711);
	try_calls("user 1000", 0, 1000);
	try_calls("root", 1, 0);
	try_files("user 1000", 0, "./readable", 1000);
	try_files("root", 1, "./readable", 0);
	try_files("unreadable", 2, "./unreadable", 1000);
	say("%zu calls, %zu files", sizeof(calls) / sizeof(calls[0]),
	    sizeof(files) / sizeof(files[0]));
	return 0;
}
