/* SPDX-License-Identifier: MIT */
/*
 * Every allocation may fail: for each of several workloads the first allocation that the kernel
 * makes for it fails, then the second, and so on, until the workload gets through. A call may
 * return an error, a page fault may kill the program; nothing else may happen, and the audit at
 * the end finds nothing leaked. Nor does e2fsck: an operation on files that fails has changed
 * nothing. They start with no page of a file in memory, so that every step wants a frame.
 *
 * Pagoda only: /proc/self/fail-nth is there in kernels built for testing (Linux has the same with
 * CONFIG_FAULT_INJECTION).
 *
 * guest: mem=16 swap=16 pagoda-only writes timeout=120
 */
#include "tests/test.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#define REACHED_END 42 /* the failure was not needed any more */
#define TRIES_MAX 3000

static void map_and_touch(void)
{
	char *memory = mmap(NULL, 8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                    -1, 0);
	if (memory == MAP_FAILED)
		return;
	for (uint32_t i = 0; i < 8; i++)
		memory[i * MIB] = 1;
	mprotect(memory + MIB, MIB, PROT_READ);
	munmap(memory + 3 * MIB, MIB);
	mremap(memory + 4 * MIB, MIB, 2 * MIB, MREMAP_MAYMOVE);
	mlock(memory, PAGE);
	msync(memory, MIB, MS_SYNC);
}

/* Areas that take the place of others, with pieces left on both sides. */
static void replace(void)
{
	char *memory = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	                    0);
	if (memory == MAP_FAILED)
		return;
	memory[5 * MIB] = memory[9 * MIB] = 1;
	mmap(memory + MIB, MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mremap(memory + 5 * MIB, MIB, 2 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, memory + 12 * MIB);
	mremap(memory + 9 * MIB, MIB, 6 * MIB, MREMAP_MAYMOVE);
	madvise(memory, MIB, MADV_DONTNEED);
	mlock(memory + 2 * MIB + PAGE, 2 * PAGE);
	int fd = open("/bin/busybox", O_RDONLY);
	char *file = fd < 0 ? MAP_FAILED
	                    : mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		return;
	file[0] = file[PAGE] = 1;
	mremap(file, MIB, MIB, MREMAP_MAYMOVE | MREMAP_FIXED, memory + 14 * MIB);
}

static void shared_memory(void)
{
	char *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                    -1, 0);
	if (memory == MAP_FAILED)
		return;
	for (uint32_t i = 0; i < 16; i++)
		memory[i * PAGE] = 1;
}

static void files(void)
{
	char buffer[5000];
	memset(buffer, 7, sizeof(buffer));
	mkdir("folder", 0755);
	int fd = open("folder/file", O_CREAT | O_RDWR | O_TRUNC, 0644);
	if (fd >= 0) {
		for (int i = 0; i < 20; i++)
			if (write(fd, buffer, sizeof(buffer)) < 0)
				break;
		pread(fd, buffer, sizeof(buffer), 100);
		char *map = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED)
			map[5 * PAGE] = 1;
		ftruncate(fd, 3 * PAGE + 5);
		fsync(fd);
		close(fd);
	}
	mkdir("folder/inner", 0755);
	mkdir("folder/inner/most", 0755);
	rename("folder/inner/most", "moved");
	mkdir("folder/most", 0755);
	rename("folder/most", "moved");
	rename("folder/file", "folder/other");
	symlink("other", "folder/link");
	symlink("a target that is longer than what has room in an inode: sixty bytes",
	        "folder/long");
	link("folder/other", "folder/second");
	struct stat about;
	stat("folder/link", &about);
	unlink("folder/link");
	unlink("folder/second");
	unlink("folder/other");
	unlink("folder/file");
	unlink("folder/long");
	rmdir("moved");
	rmdir("folder/most");
	rmdir("folder/inner/most");
	rmdir("folder/inner");
	rmdir("folder");
}

static void pipes(void)
{
	int ends[2];
	char buffer[3000] = {0};
	if (pipe(ends) != 0)
		return;
	for (int i = 0; i < 4; i++)
		if (write(ends[1], buffer, sizeof(buffer)) < 0)
			break;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while (read(ends[0], buffer, sizeof(buffer)) > 0)
		;
	dup2(ends[0], 200);
}

static void send_descriptor(int to, int number)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, bytes[5000] = {0};
	struct iovec piece = {bytes, sizeof(bytes)};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	*header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(header), &number, sizeof(int));
	sendmsg(to, &message, MSG_NOSIGNAL);
	message.msg_controllen = sizeof(control);
	recvmsg(number, &message, MSG_PEEK);
}

/* What is left open, and in messages, is closed at the end. */
static void sockets(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "failing-socket"};
	int ends[2], server = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (server >= 0 && bind(server, (void *)&name, sizeof(name)) == 0) {
		int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		listen(server, 5);
		connect(client, (void *)&name, sizeof(name));
		send(client, &name, sizeof(name), MSG_NOSIGNAL);
		accept(server, NULL, NULL);
		connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), (void *)&name,
		        sizeof(name));
		unlink(name.sun_path);
	}
	CHECK(access(name.sun_path, F_OK) != 0, "a bind that failed leaves no name");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) != 0)
		return;
	send_descriptor(ends[0], ends[1]);
	send_descriptor(ends[1], ends[0]);
}

static void processes(void)
{
	pid_t child = fork();
	if (child == 0) {
		char *arguments[] = {"/bin/busybox", "true", NULL};
		execv(arguments[0], arguments);
		_exit(3);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static void kernel_files(void)
{
	static const char *const names[] = {"/proc/self/maps", "/proc/self/smaps", "/proc/meminfo",
	                                    "/proc/self/status", "/proc/vmstat", "/proc/mounts"};
	char buffer[2000];
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = open(names[i], O_RDONLY);
		if (fd < 0)
			continue;
		while (read(fd, buffer, sizeof(buffer)) > 0)
			;
		close(fd);
	}
}

static void temporary_files(void)
{
	int fd = open("/tmp/failing", O_CREAT | O_RDWR, 0644);
	if (fd < 0)
		return;
	char page[PAGE] = {1};
	for (int i = 0; i < 10; i++)
		pwrite(fd, page, PAGE, i * 5 * PAGE);
	ftruncate(fd, PAGE);
	close(fd);
	unlink("/tmp/failing");
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	sync();
	CHECK(fd >= 0 && write(fd, "3", 1) == 1, "drop the caches");
	close(fd);
}

static int fail_nth; /* open on /proc/self/fail-nth of the child */

static void set_failure(long nth)
{
	char words[20];
	int length = snprintf(words, sizeof(words), "%ld", nth);
	CHECK(write(fail_nth, words, length) == length, "ask for a failure");
}

static long failures_left(void)
{
	char words[20] = "";
	/* Reading takes memory as well, and may be what fails. */
	return pread(fail_nth, words, sizeof(words) - 1, 0) > 0 ? strtol(words, NULL, 10) : 0;
}

/* In a child: the workload with its nth allocation failing. */
static void run_failing(void (*workload)(void), long nth)
{
	fail_nth = open("/proc/self/fail-nth", O_RDWR);
	CHECK(fail_nth >= 0, "open /proc/self/fail-nth");
	if (workload == files)
		drop_caches();
	set_failure(nth);
	workload();
	_exit(failures_left() > 0 ? REACHED_END : 0);
}

static void check_workload(const char *name, void (*workload)(void))
{
	long nth, killed = 0;
	for (nth = 1; nth < TRIES_MAX; nth++) {
		pid_t child = fork();
		CHECK(child >= 0, "fork a child");
		if (child == 0)
			run_failing(workload, nth);
		int status;
		CHECK(waitpid(child, &status, 0) == child, "wait for it");
		if (WIFSIGNALED(status)) {
			CHECK(WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGBUS,
			      "%s: with allocation %ld failing, signal %d", name, nth,
			      WTERMSIG(status));
			killed++;
		} else if (WEXITSTATUS(status) == REACHED_END) {
			break;
		}
	}
	CHECK(nth < TRIES_MAX, "%s gets through in the end", name);
	CHECK(nth > 1, "%s makes allocations that can fail", name);
	say("%s: %ld allocations failed in turn, %ld of them in a page fault", name, nth - 1,
	    killed);
}

int main(void)
{
	check_workload("mapping", map_and_touch);
	check_workload("mapping over", replace);
	check_workload("shared memory", shared_memory);
	check_workload("files", files);
	check_workload("pipes", pipes);
	check_workload("sockets", sockets);
	check_workload("fork and exec", processes);
	check_workload("files of the kernel", kernel_files);
	check_workload("tmpfs", temporary_files);
	return 0;
}
