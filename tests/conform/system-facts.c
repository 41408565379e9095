/* SPDX-License-Identifier: MIT */
/*
 * proc_sys_fs(5), proc_sys_kernel(5), proc_partitions(5), proc_devices(5), proc_pid_io(5),
 * proc_pid_syscall(5), getrusage(2): what the files are and what their numbers do, not which they
 * are.
 */
#include "case.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>

static char text[8192];

static const char *content(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return n < 0 ? NULL : text;
}

static void mode_of(const char *path)
{
	struct stat facts;

	if (stat(path, &facts))
		say("%s: %s", path, error_name(errno));
	else
		say("%s: mode %o, size %lld", path, facts.st_mode, (long long)facts.st_size);
}

static void modes(void)
{
	static const char *const files[] = {
		"/proc/partitions", "/proc/devices", "/proc/sys/fs/file-nr", "/proc/sys/fs/file-max",
		"/proc/sys/fs/pipe-max-size", "/proc/sys/kernel/domainname",
		"/proc/sys/kernel/random/uuid",
		"/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/random/poolsize",
		"/proc/sys/kernel/random/entropy_avail", "/proc/sys/kernel/ngroups_max",
		"/proc/sys/kernel/cap_last_cap", "/proc/self/io",
		"/proc/self/syscall", "/proc/self/personality", "/proc/self/timerslack_ns"};

	for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++)
		mode_of(files[i]);
}

/* x for a hexadecimal digit. */
static void uuid(const char *path)
{
	char *c = (char *)content(path);

	for (char *p = c; *p; p++)
		if (p != c + 14 && ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f')))
			*p = p == c + 19 ? strchr("89ab", *p) ? 'v' : '?' : 'x';
	printf("%s: %s", path, c);
	fflush(stdout);
}

static void random_names(void)
{
	char first[64];

	uuid("/proc/sys/kernel/random/uuid");
	uuid("/proc/sys/kernel/random/boot_id");
	strcpy(first, content("/proc/sys/kernel/random/uuid"));
	say("another uuid each time: %d", strcmp(first, content("/proc/sys/kernel/random/uuid")) != 0);
	strcpy(first, content("/proc/sys/kernel/random/boot_id"));
	say("the same boot: %d", strcmp(first, content("/proc/sys/kernel/random/boot_id")) == 0);
	GIVES(open("/proc/sys/kernel/random/uuid", O_WRONLY) < 0 ? 0 : 1, "uuid for writing as root");
}

static void open_files(void)
{
	unsigned before = 0, unused = 1, most = 0, now = 0;
	int fds[200];

	sscanf(content("/proc/sys/fs/file-nr"), "%u %u %u", &before, &unused, &most);
	for (int i = 0; i < 200; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	sscanf(content("/proc/sys/fs/file-nr"), "%u", &now);
	say("unused %u, below the most %d, 200 more are seen: %d", unused, before < most,
	    now >= before + 100);
	for (int i = 0; i < 200; i++)
		close(fds[i]);
	say("file-max is the most: %d", (unsigned)atoi(content("/proc/sys/fs/file-max")) == most);
}

static void pipe_sizes(void)
{
	int ends[2];

	say("pipe-max-size: %s", content("/proc/sys/fs/pipe-max-size"));
	if (pipe(ends) || fork() == 0) {
		setresuid(1000, 1000, 1000);
		GIVES(fcntl(ends[0], F_SETPIPE_SZ, 1 << 20), "1 MiB as a user");
		GIVES(fcntl(ends[0], F_SETPIPE_SZ, (1 << 20) + 1), "a byte more");
		GIVES(fcntl(ends[0], F_SETPIPE_SZ, 4096), "a page");
		GIVES(fcntl(ends[0], F_SETPIPE_SZ, 0), "nothing");
		_exit(0);
	}
	wait(NULL);
}

static void groups(void)
{
	static gid_t list[65537];

	say("%s%s", content("/proc/sys/kernel/ngroups_max"), "");
	GIVES(setgroups(65537, list), "setgroups of 65537");
	GIVES(syscall(SYS_setgroups32, 65536, (void *)8), "setgroups of 65536, bad address");
	GIVES(syscall(SYS_setgroups32, 65537, (void *)8), "setgroups of 65537, bad address");
	GIVES(syscall(SYS_setgroups32, 0, (void *)8), "setgroups of none, bad address");
	GIVES(syscall(SYS_setgroups32, -1, list), "setgroups of -1");
	GIVES(syscall(SYS_setgroups32, 1, (void *)8), "setgroups of 1, bad address");
	GIVES(getgroups(0, NULL), "getgroups");
}

static unsigned long long io_count(const char *name)
{
	char *at = strstr(content("/proc/self/io"), name);

	return at ? strtoull(at + strlen(name) + 2, NULL, 10) : 0;
}

static void io_counts(void)
{
	char bytes[1000] = "";
	int fd = open("io", O_RDWR | O_CREAT, 0644);
	unsigned long long calls = io_count("syscw"), written = io_count("wchar"), got;

	GIVES(write(fd, bytes, sizeof bytes), "write");
	GIVES(pwrite(fd, bytes, 500, 0), "pwrite");
	GIVES(write(fd, NULL, 10), "write of nothing good");
	got = io_count("syscw") - calls;
	say("%llu calls, %llu bytes written", got, io_count("wchar") - written);
	calls = io_count("syscr");
	got = io_count("rchar");
	GIVES(pread(fd, bytes, 700, 0), "pread");
	calls = io_count("syscr") - calls;
	say("%llu calls with those of this file itself, at least 700 bytes: %d", calls,
	    io_count("rchar") - got >= 700);
	for (char *line = strtok((char *)content("/proc/self/io"), "\n"); line;
	     line = strtok(NULL, "\n"))
		say("%.*s", (int)strcspn(line, ":"), line);
}

static void calls(void)
{
	int ends[2], number = -1;
	unsigned first = 0, second = 0, third = 0;
	char path[64], byte;
	pid_t child;

	sscanf(content("/proc/self/syscall"), "%d", &number);
	say("its own: %s", number == SYS_read ? "read" : "another");
	if (pipe(ends))
		return;
	child = fork();
	if (!child) {
		read(ends[0], &byte, 1);
		_exit(0);
	}
	snprintf(path, sizeof path, "/proc/%d/syscall", child);
	do
		sscanf(content(path), "%d 0x%x 0x%x 0x%x", &number, &first, &second, &third);
	while (strncmp(text, "3 ", 2));
	say("%d: %s, descriptor %d, %u byte", number, "read", (int)first == ends[0], third);
	close(ends[1]);
	write(ends[1], "x", 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void usages(void)
{
	struct rusage before, after;
	const unsigned count = 2000;
	char *memory;
	pid_t child;

	getrusage(RUSAGE_SELF, &before);
	memory = pages(count, PROT_READ | PROT_WRITE);
	memset(memory, 1, count * PAGE);
	munmap(memory, count * PAGE);
	getrusage(RUSAGE_SELF, &after);
	say("the most resident grew by 2,000 pages: %d", after.ru_maxrss - before.ru_maxrss > 6000);
	for (int i = 0; i < 5; i++)
		usleep(1000);
	before = after;
	getrusage(RUSAGE_SELF, &after);
	say("five sleeps are five switches: %d", after.ru_nvcsw - before.ru_nvcsw >= 5);
	child = fork();
	if (!child) {
		memory = pages(2 * count, PROT_READ | PROT_WRITE);
		memset(memory, 1, 2 * count * PAGE);
		_exit(0);
	}
	wait4(child, NULL, 0, &after);
	say("of the child: %d", after.ru_maxrss > 16000);
	getrusage(RUSAGE_CHILDREN, &before);
	say("of children, the largest: %d", before.ru_maxrss == after.ru_maxrss);
	say("fields nobody counts: %ld %ld %ld %ld %ld", after.ru_ixrss, after.ru_idrss,
	    after.ru_isrss, after.ru_nswap, after.ru_nsignals);
}

static void slack(void)
{
	int fd = open("/proc/self/timerslack_ns", O_RDWR);

	say("%s", content("/proc/self/timerslack_ns"));
	GIVES(write(fd, "1234\n", 5), "timerslack_ns 1234");
	say("%s%d", content("/proc/self/timerslack_ns"), prctl(PR_GET_TIMERSLACK));
	GIVES(write(fd, "x", 1), "timerslack_ns x");
	GIVES(write(fd, "0", 1), "timerslack_ns 0");
	say("%s", content("/proc/self/personality"));
}

int main(void)
{
	modes();
	random_names();
	open_files();
	pipe_sizes();
	groups();
	io_counts();
	calls();
	usages();
	slack();
	say("there is a limit of processes %d", sysconf(_SC_CHILD_MAX) > 0);
	say("%.28s", content("/proc/partitions"));
	say("%.25s", content("/proc/devices"));
	say("block devices: %d", strstr(text, "\nBlock devices:\n") != NULL);
	return 0;
}
