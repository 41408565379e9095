/* SPDX-License-Identifier: MIT */
/*
 * fuzz [SEED [CALLS]]: calls the system with nonsense, until it was called that often. Nothing
 * that a program does may panic the kernel, hang it, or make it forget who owns what.
 *
 * Workers, some of them root, make random system calls: any number with any arguments, but more
 * often one of a table, whose arguments are of the right kind and then bent. Pointers go into
 * every kind of memory: unmapped, the kernel's, read-only, a file's mapping past its end, a
 * page whose neighbour is missing, the stack, the program itself. A worker lives for a batch of
 * calls; when it dies of them earlier, or sleeps too long, another takes its place. The same
 * seed gives the same calls to each worker, though the processor's changes of hands differ.
 *
 * Left out is what would end or spoil the machine rather than try it: reboot, setting the clock,
 * signals to others than its own children, and for root the log and the hang-up of the terminal.
 * Nor may links lead root out of the folder, to this program's own file, say. All files are in a
 * folder of its own in the current folder, which is removed at the end.
 */
#define _GNU_SOURCE
#include <asm/unistd.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define WORKERS 8u
#define BATCH 2000u
#define CHILD_CALLS 20u
#define FOLDER "fuzz.dir"
#define USER 1000
#define PATIENCE_MS 200  /* without a call */
#define HANG_MS 30000    /* killed, and still there */
#define FAULTS_MAX 300u  /* of a worker, that it survives */
#define ARENA ((char *)0x20000000)
#define ARENA_PAGES 2048u

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- randomness ---- */

static uint32_t state; /* xorshift32; never 0 */

static uint32_t random_word(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static uint32_t below(uint32_t limit)
{
	return random_word() % limit;
}

static bool one_in(uint32_t n)
{
	return below(n) == 0;
}

#define PICK(array) ((array)[below(COUNT(array))])

/* ---- arguments ---- */

/* The first HARMLESS_NAMES cannot lead root to what the machine needs. */
static const char *const names[] = {
	"a", "b", "c", "d", "d/a", "d/b", "d/e", "d/e/a", "fifo", "link", "loop", "hard", ".", "..",
	"", "missing/a", "a/b", "d/../d/./a", "script", "program", "tmpfs", "proc",
	"/proc/self/maps", "/proc/self/smaps", "/proc/self/pagemap", "/proc/self/status",
	"/proc/self/stat", "/proc/self/cmdline", "/proc/self/fd", "/proc/self/task",
	"/proc/meminfo", "/proc/vmstat", "/proc/self/mem", "/proc/self/environ", "/proc/self/oom_score_adj",
	"/proc/self/cwd", "/proc/self/exe", "/proc/self/fd/3", "/proc/1/maps", "/proc/mounts",
	"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/bin/true",
};

#define HARMLESS_NAMES 22

static char long_name[PAGE + 100];
static uint32_t words[64];             /* numbers for whatever structure is expected */
static volatile uint32_t *progress;    /* shared: calls made, of each worker */
static uint32_t self;                  /* which worker */
static pid_t children[8];
static uint32_t child_count;
static bool is_child;
static uint32_t faults;
static sigjmp_buf next_call;

static const uint32_t edges[] = {
	0, 1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 511, 512, 1000,
	PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 65535, 65536, 1 << 20, 4 << 20, 64 << 20, 0x3FFFFFFF,
	0x40000000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xBFFFF000, 0xBFFFFFFF, 0xC0000000,
	0xC0000001, 0xC0100000, 0xFFC00000, 0xFFFFE000, 0xFFFFF000, 0xFFFFF001, 0xFFFFFFF0,
	0xFFFFFFFE, 0xFFFFFFFF,
};

static char *in_arena(void)
{
	return ARENA + below(ARENA_PAGES) * PAGE;
}

/* An address to read from or write to, of one kind or another. */
static uint32_t pointer(void)
{
	char here;

	switch (below(16)) {
	case 0: return 0;
	case 1: return PICK(edges);
	case 2: return 0xC0000000 + below(0x40000000);
	case 3: return (uintptr_t)&here + below(20000) - 10000;
	case 4: return (uintptr_t)&fork + below(20000);      /* its own text */
	case 5: return (uintptr_t)words + below(sizeof(words));
	case 6: return (uintptr_t)in_arena() + PAGE - 1 - below(16); /* across a page's end */
	case 7: return (uintptr_t)in_arena() + below(PAGE);
	case 8: return random_word();
	default: return (uintptr_t)in_arena();
	}
}

static uint32_t string(void)
{
	if (one_in(40))
		return (uintptr_t)long_name + below(2) * 100;
	if (geteuid() == 0)
		return (uintptr_t)names[below(HARMLESS_NAMES)];
	return one_in(30) ? pointer() : (uintptr_t)PICK(names);
}

/* Small words in a structure of whatever kind: times, iovecs, signal sets, numbers. */
static uint32_t structure(void)
{
	uint32_t *at = one_in(4) ? (uint32_t *)in_arena() : words;

	if (one_in(8))
		return pointer();
	if (at == words)
		for (uint32_t i = 0; i < 16; i++)
			words[i] = one_in(3) ? PICK(edges) : one_in(2) ? below(8) : pointer();
	return (uintptr_t)at;
}

static uint32_t descriptor(void)
{
	return one_in(16) ? PICK(edges) : one_in(12) ? (uint32_t)-100 : below(24);
}

static uint32_t process(void)
{
	if (child_count && one_in(2))
		return (uint32_t)children[below(child_count)];
	return (uint32_t)getpid();
}

static uint32_t map_flags(void)
{
	static const uint32_t useful[] = {
		MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED,
	};
	uint32_t flags = PICK(useful);

	if (!one_in(3))
		flags |= MAP_FIXED;
	if (one_in(6))
		flags |= MAP_POPULATE;
	if (one_in(12))
		flags |= MAP_GROWSDOWN;
	if (one_in(12))
		flags |= MAP_FIXED_NOREPLACE | MAP_NORESERVE;
	return one_in(40) ? random_word() : flags;
}

static const uint32_t tellers[] = {F_SETLEASE, F_GETLEASE, F_NOTIFY, F_SETSIG, F_GETOWN};

/*
 * The letters of an argument's kind:
 *   a page-aligned address   l length in bytes   p rights      m flags of mmap   f descriptor
 *   b buffer                 s string            n number      e any edge        c own process
 *   t structure              g signal            o flags of open                 x anything
 *   k small number of bytes  w which (0 to 7)            d command of fcntl about signals
 */
static uint32_t argument(char kind)
{
	if (one_in(32))
		return one_in(2) ? PICK(edges) : random_word();
	switch (kind) {
	case 'a': return (uintptr_t)in_arena();
	case 'l': return (1 + below(one_in(4) ? 1024 : 16)) * PAGE - (one_in(4) ? below(PAGE) : 0);
	case 'p': return below(8);
	case 'm': return map_flags();
	case 'f': return descriptor();
	case 'b': return pointer();
	case 's': return string();
	case 'n': return below(64);
	case 'k': return one_in(4) ? PICK(edges) : below(3 * PAGE);
	case 'w': return below(8);
	case 't': return structure();
	case 'g': return 1 + below(64);
	case 'c': return process();
	case 'd': return PICK(tellers);
	case 'o':
		return (random_word() & 0xFFFF & (one_in(2) ? ~0u : 3)) |
		       (one_in(2) ? O_CREAT : 0);
	case 'e': return PICK(edges);
	default:  return one_in(2) ? PICK(edges) : pointer();
	}
}

/* ---- calls ---- */

struct call {
	uint16_t number;
	const char *kinds;
};

/* Calls with arguments of the right kind. Those of memory come twice as often. */
static const struct call memory_calls[] = {
	{__NR_mmap2, "alpmfn"}, {__NR_mmap2, "alpmfw"}, {__NR_munmap, "al"}, {__NR_mprotect, "alp"},
	{__NR_mremap, "allwa"}, {__NR_madvise, "aln"}, {__NR_madvise, "alw"}, {__NR_msync, "alw"},
	{__NR_mlock, "al"}, {__NR_munlock, "al"}, {__NR_mlock2, "alw"}, {__NR_mlockall, "w"},
	{__NR_munlockall, ""}, {__NR_mincore, "alb"}, {__NR_brk, "x"}, {__NR_fork, ""},
	{__NR_mmap, "t"}, {__NR_memfd_create, "sw"}, {__NR_ftruncate, "fk"}, {__NR_fork, ""},
	{__NR_setrlimit, "nt"}, {__NR_prlimit64, "cntt"}, {__NR_getrusage, "wb"}, {__NR_vfork, ""},
};

static const struct call other_calls[] = {
	{__NR_read, "fbk"}, {__NR_write, "fbk"}, {__NR_pread64, "fbkkw"}, {__NR_pwrite64, "fbkkw"},
	{__NR_readv, "ftw"}, {__NR_writev, "ftw"}, {__NR_preadv, "ftwkw"}, {__NR_pwritev, "ftwkw"},
	{__NR_open, "son"}, {__NR_openat, "fson"}, {__NR_open, "sonn"}, {__NR_creat, "sx"},
	{__NR_close, "f"}, {__NR_dup, "f"}, {__NR_dup2, "ff"}, {__NR_dup3, "ffo"}, {__NR_pipe, "b"},
	{__NR_pipe2, "bo"}, {__NR_lseek, "few"}, {__NR__llseek, "fwkbw"}, {__NR_fcntl64, "fnx"},
	{__NR_fcntl64, "fnt"}, {__NR_fcntl64, "fdw"}, {__NR_ioctl, "fxb"}, {__NR_getdents64, "fbk"},
	{__NR_getdents, "fbk"}, {__NR_stat64, "sb"}, {__NR_lstat64, "sb"}, {__NR_fstat64, "fb"},
	{__NR_statx, "fsnxb"}, {__NR_statfs64, "skb"}, {__NR_readlink, "sbk"},
	{__NR_readlinkat, "fsbk"}, {__NR_getcwd, "bk"}, {__NR_chdir, "s"}, {__NR_fchdir, "f"},
	{__NR_mkdir, "sx"}, {__NR_rmdir, "s"}, {__NR_unlink, "s"}, {__NR_unlinkat, "fsx"},
	{__NR_rename, "ss"}, {__NR_renameat2, "fsfsw"}, {__NR_link, "ss"}, {__NR_symlink, "ss"},
	{__NR_chmod, "sx"}, {__NR_chown32, "snn"}, {__NR_truncate, "sk"}, {__NR_ftruncate64, "fkw"},
	{__NR_utimensat, "fstw"}, {__NR_access, "sw"}, {__NR_faccessat2, "fsww"},
	{__NR_fsync, "f"}, {__NR_fdatasync, "f"}, {__NR_syncfs, "f"}, {__NR_fadvise64_64, "fkwkww"},
	{__NR_fallocate, "fwkwkw"}, {__NR_readahead, "fkwk"}, {__NR_sync_file_range, "fkwkww"},
	{__NR_openat2, "fstw"}, {__NR_linkat, "fsfsw"}, {__NR_chroot, "s"},
	{__NR_poll, "tnw"}, {__NR_ppoll, "tnttw"}, {__NR__newselect, "ntttt"},
	{__NR_pselect6, "nttttt"}, {__NR_flock, "fw"}, {__NR_mknod, "sxx"}, {__NR_mount, "sssxs"},
	{__NR_umount2, "sw"}, {__NR_execve, "stt"}, {__NR_close_range, "nnw"},
	{__NR_rt_sigaction, "gttx"}, {__NR_rt_sigaction, "gtbn"}, {__NR_rt_sigprocmask, "wtbn"},
	{__NR_rt_sigpending, "bn"}, {__NR_rt_sigsuspend, "tn"}, {__NR_rt_sigtimedwait, "tbtn"},
	{__NR_sigaltstack, "tb"}, {__NR_rt_sigreturn, ""}, {__NR_sigreturn, ""},
	{__NR_kill, "cg"}, {__NR_tkill, "cg"}, {__NR_rt_sigqueueinfo, "cgt"}, {__NR_alarm, "w"},
	{__NR_setitimer, "wtb"}, {__NR_getitimer, "wb"}, {__NR_nanosleep, "tb"},
	{__NR_clock_nanosleep, "wwtb"}, {__NR_clock_gettime, "nb"}, {__NR_gettimeofday, "bb"},
	{__NR_wait4, "cbxb"}, {__NR_waitpid, "xbx"}, {__NR_waitid, "wcbxb"}, {__NR_clone, "xbbbb"},
	{__NR_getpgid, "c"}, {__NR_setpgid, "cc"}, {__NR_setsid, ""}, {__NR_getgroups32, "nb"},
	{__NR_setgroups32, "nt"}, {__NR_setresuid32, "nnn"}, {__NR_getresuid32, "bbb"},
	{__NR_prctl, "nbxxx"}, {__NR_futex, "twwtbw"}, {__NR_set_thread_area, "t"},
	{__NR_sched_setscheduler, "cwt"}, {__NR_sched_setaffinity, "cnt"},
	{__NR_setpriority, "wcx"}, {__NR_getrandom, "bkw"}, {__NR_sysinfo, "b"}, {__NR_uname, "b"},
	{__NR_times, "b"}, {__NR_sethostname, "sn"}, {__NR_swapon, "sx"}, {__NR_swapoff, "s"},
	{__NR_sendfile, "ffbk"}, {__NR_exit_group, "n"}, {__NR_exit, "n"}, {__NR_sync, ""},
};

static bool is_one_of(uint32_t number, const uint16_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == number)
			return true;
	return false;
}

/* What is left out, see above. */
static bool is_spared(uint32_t number)
{
	static const uint16_t all[] = {
		__NR_reboot, __NR_settimeofday, __NR_stime, __NR_clock_settime,
		__NR_clock_settime64, __NR_adjtimex, __NR_clock_adjtime, __NR_clock_adjtime64,
	};
	static const uint16_t roots[] = {__NR_syslog, __NR_vhangup};
	static const uint16_t dear[] = { /* they sleep, take long, or are the worker's end */
		__NR_sync, __NR_exit, __NR_exit_group, __NR_pause, __NR_execve, __NR_rt_sigsuspend,
		__NR_sigsuspend, __NR_fork, __NR_vfork, __NR_clone, __NR_nanosleep,
		__NR_clock_nanosleep, __NR_poll, __NR_ppoll, __NR__newselect, __NR_pselect6,
		__NR_rt_sigtimedwait, __NR_futex, __NR_wait4, __NR_waitpid, __NR_waitid,
		__NR_flock, __NR_fsync, __NR_fdatasync, __NR_syncfs,
	};

	if (is_one_of(number, all, COUNT(all)))
		return true;
	if (geteuid() == 0 && is_one_of(number, roots, COUNT(roots)))
		return true;
	if (is_child && (number == __NR_fork || number == __NR_vfork || number == __NR_clone))
		return true;
	return is_one_of(number, dear, COUNT(dear)) && !one_in(8);
}

/* What a link may lead to: everybody follows it. */
static uint32_t link_target(void)
{
	return one_in(8) ? PICK(edges) : (uintptr_t)names[below(HARMLESS_NAMES)];
}

/* A signal goes to oneself or one's child, however the number was chosen. */
static void spare_others(uint32_t number, uint32_t *arguments)
{
	switch (number) {
	case __NR_kill:
	case __NR_tkill:
	case __NR_rt_sigqueueinfo:
		arguments[0] = process();
		break;
	case __NR_tgkill:
		arguments[0] = arguments[1] = process();
		break;
	case __NR_clone: /* one that shares the stack would end both */
		arguments[0] &= one_in(16) ? ~0u : 0x7000 | 0xFF;
		break;
	case __NR_symlink:
	case __NR_symlinkat:
	case __NR_link:
		arguments[0] = link_target();
		break;
	case __NR_linkat:
		arguments[1] = link_target();
		break;
	case __NR_mknod: /* no way to the disks */
		arguments[1] = (arguments[1] & 07777) | (one_in(2) ? S_IFIFO : S_IFREG);
		break;
	case __NR_mknodat:
		arguments[2] = (arguments[2] & 07777) | (one_in(2) ? S_IFIFO : S_IFREG);
		break;
	case __NR_mount: /* its pages would be nobody's */
		arguments[4] = (uintptr_t)"size=64k";
		break;
	case __NR_fcntl64: /* F_SETOWN, too, names a receiver of signals */
	case __NR_fcntl:
		if (arguments[1] == F_SETOWN_EX)
			arguments[1] = F_SETOWN;
		if (arguments[1] == F_SETOWN)
			arguments[2] = process();
		/* Else a terminal's is the group in its foreground. */
		if (arguments[1] == F_SETFL && arguments[2] & O_ASYNC)
			fcntl((int)arguments[0], F_SETOWN, process());
		break;
	}
}

static inline __attribute__((always_inline)) int32_t
call_system(uint32_t number, const uint32_t *arguments)
{
	int32_t result;

	__asm__ volatile("pushl %%ebp\n\t"
	                 "movl 20(%%ecx), %%ebp\n\t"
	                 "pushl %%ebp\n\t"
	                 "movl 16(%%ecx), %%edi\n\t"
	                 "movl 12(%%ecx), %%esi\n\t"
	                 "movl 8(%%ecx), %%edx\n\t"
	                 "movl (%%ecx), %%ebx\n\t"
	                 "movl 4(%%ecx), %%ecx\n\t"
	                 "popl %%ebp\n\t"
	                 "int $0x80\n\t"
	                 "popl %%ebp"
	                 : "=a"(result), "+c"(arguments)
	                 : "a"(number)
	                 : "ebx", "edx", "esi", "edi", "memory");
	return result;
}

static void make_calls(uint32_t count);

static void note_child(pid_t child)
{
	if (child_count < COUNT(children))
		children[child_count++] = child;
	else
		children[below(COUNT(children))] = child;
}

static uint32_t choose(uint32_t *arguments)
{
	const struct call *call = one_in(2) ? &PICK(memory_calls) : &PICK(other_calls);

	if (one_in(10)) {
		for (int i = 0; i < 6; i++)
			arguments[i] = argument('x');
		return one_in(50) ? random_word() : below(450);
	}
	for (int i = 0; i < 6; i++)
		arguments[i] = call->kinds[0] && (size_t)i < strlen(call->kinds)
		             ? argument(call->kinds[i]) : random_word();
	return call->number;
}

/* Loads and stores, as programs do. */
static void touch(void)
{
	volatile char *at = in_arena();

	for (uint32_t i = 0; i < 8; i++, at += PAGE) {
		if (one_in(2))
			*at = (char)i;
		else
			(void)*at;
	}
}

static void one_call(void)
{
	uint32_t arguments[6];
	uint32_t number = choose(arguments);

	if (is_spared(number))
		return;
	spare_others(number, arguments);
	int32_t result = call_system(number, arguments);
	if (number != __NR_fork && number != __NR_vfork && number != __NR_clone)
		return;
	if (result > 0)
		note_child(result);
	if (result == 0) {
		is_child = true;
		child_count = 0;
		make_calls(CHILD_CALLS);
		_exit(0);
	}
}

/* Ends calls that would sleep for long, by a signal again and again. */
static void set_alarm(void)
{
	struct itimerval often = {{0, 20000}, {0, 20000}};
	sigset_t set;

	setitimer(ITIMER_REAL, &often, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void make_calls(uint32_t count)
{
	for (volatile uint32_t i = 0; i < count; i++) {
		if (sigsetjmp(next_call, 1))
			continue;
		progress[self]++;
		if (i % 64 == 0)
			set_alarm(); /* it may have been set otherwise, or switched off */
		if (one_in(4))
			touch();
		else
			one_call();
	}
}

/* ---- a worker ---- */

static void survive(int number)
{
	(void)number;
	if (++faults > FAULTS_MAX)
		_exit(0);
	siglongjmp(next_call, 1);
}

static void wake(int number)
{
	(void)number; /* what slept ends with EINTR */
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_NODEFER};

	sigaction(number, &action, NULL);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void open_things(void)
{
	int ends[2];

	for (int fd = 0; fd < 64; fd++)
		close(fd);
	open("/dev/null", O_RDWR);
	open("/dev/zero", O_RDWR);
	open("a", O_RDWR | O_CREAT, 0666);
	open("b", O_RDWR | O_CREAT | O_APPEND, 0666);
	open("d", O_RDONLY | O_DIRECTORY);
	open("/proc/self/maps", O_RDONLY);
	open("/proc/self/pagemap", O_RDONLY);
	open("/proc", O_RDONLY | O_DIRECTORY);
	open("/bin/true", O_RDONLY);
	pipe2(ends, O_NONBLOCK);
	pipe2(ends, one_in(8) ? 0 : O_NONBLOCK);
	if (memfd_create("fuzz", 0) >= 0)
		ftruncate(ends[1] + 1, 5 * PAGE + 100);
}

static void map_things(void)
{
	for (uint32_t i = 0; i < 12; i++) {
		bool file = one_in(3);

		mmap(in_arena(), (1 + below(64)) * PAGE, 1 + below(7),
		     MAP_FIXED | (one_in(3) ? MAP_SHARED : MAP_PRIVATE) |
		             (file ? 0 : MAP_ANONYMOUS),
		     file ? 2 + (int)below(2) : -1, 0);
	}
}

static void limit_self(void)
{
	struct rlimit file_size = {1 << 20, 1 << 20}, space = {96 << 20, 96 << 20};

	setrlimit(RLIMIT_FSIZE, &file_size); /* the disk is not to fill up */
	setrlimit(RLIMIT_AS, &space);
}

static void work(uint32_t worker, uint32_t seed)
{
	static char signal_stack[4 * PAGE];
	stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};

	state = seed | 1;
	for (int i = 0; i < 8; i++)
		random_word();
	self = worker;
	setsid(); /* what it does to groups is no concern of ours */
	sigaltstack(&stack, NULL);
	for (int number = 1; number <= 64; number++)
		if (number != SIGCHLD)
			handle(number, wake);
	handle(SIGSEGV, survive);
	handle(SIGBUS, survive);
	handle(SIGILL, survive);
	handle(SIGFPE, survive);
	write_file("/proc/self/oom_score_adj", "500", 0);
	limit_self();
	open_things();
	if (worker % 3 != 0) {
		setgid(USER);
		setuid(USER);
	}
	map_things();
	make_calls(BATCH);
	_exit(0);
}

/* ---- who watches them ---- */

struct worker {
	pid_t id;         /* 0: none */
	uint32_t counted; /* of its progress */
	uint64_t moved;   /* when it last made a call, ms */
	uint64_t killed;  /* when it was; 0: not yet */
};

static struct worker workers[WORKERS];
static uint32_t started, died, slept;
static uint64_t total;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void start_worker(uint32_t i, uint32_t seed)
{
	progress[i] = 0;
	workers[i] = (struct worker){.moved = now_ms()};
	started++;
	pid_t id = fork();
	if (id == 0)
		work(i, seed);
	workers[i].id = id > 0 ? id : 0; /* no memory just now: again later */
}

static void worker_ended(struct worker *worker, uint32_t made, int status)
{
	/* It may have scribbled over its count. */
	total += made <= 2 * BATCH ? made : 0;
	died += !worker->killed && WIFSIGNALED(status);
	slept += worker->killed != 0;
	worker->id = 0;
}

/* Looks after one worker; false if it cannot be killed. */
static bool watch(uint32_t i)
{
	struct worker *worker = &workers[i];
	uint32_t made = progress[i];
	uint64_t now = now_ms();
	int status;

	if (waitpid(worker->id, &status, WNOHANG) == worker->id) {
		worker_ended(worker, made, status);
		return true;
	}
	if (made != worker->counted) {
		worker->counted = made;
		worker->moved = now;
	}
	if (worker->killed)
		return now - worker->killed < HANG_MS;
	if (now - worker->moved > PATIENCE_MS) {
		kill(worker->id, SIGKILL);
		worker->killed = now;
	}
	return true;
}

static bool is_worker(pid_t id)
{
	for (uint32_t i = 0; i < WORKERS; i++)
		if (workers[i].id == id)
			return true;
	return false;
}

/* A process that runs this program, is none of the workers, and has lost its parent: a worker's
 * child that was left behind. */
static bool is_stray(pid_t id)
{
	char path[64], text[256], own[64] = "", its[64] = "";
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/exe", id);
	if (readlink("/proc/self/exe", own, sizeof(own) - 1) <= 0 ||
	    readlink(path, its, sizeof(its) - 1) <= 0 || strcmp(own, its) != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", id);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	char *rest = strrchr(text, ')');
	if (rest && strlen(rest) > 4)
		parent = atoi(rest + 4);
	return id != getpid() && !is_worker(id) && parent == 1;
}

static uint32_t kill_strays(void)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	uint32_t count = 0;

	while (folder && (entry = readdir(folder))) {
		pid_t id = atoi(entry->d_name);

		if (id > 1 && is_stray(id)) {
			kill(id, SIGKILL);
			count++;
		}
	}
	if (folder)
		closedir(folder);
	return count;
}

/* ---- the folder ---- */

static void remove_tree(const char *path)
{
	struct stat stat;

	while (umount2(path, MNT_DETACH) == 0)
		;
	if (lstat(path, &stat) != 0)
		return;
	if (!S_ISDIR(stat.st_mode)) {
		unlink(path);
		return;
	}
	chmod(path, 0700);
	DIR *folder = opendir(path);
	struct dirent *entry;
	char inner[300];
	while (folder && (entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		remove_tree(inner);
	}
	if (folder)
		closedir(folder);
	rmdir(path);
}

static bool make_folder(void)
{
	remove_tree(FOLDER);
	if (mkdir(FOLDER, 0777) != 0 || chdir(FOLDER) != 0)
		return false;
	umask(0);
	mkdir("d", 0777);
	mkdir("d/e", 0777);
	mkfifo("fifo", 0666);
	symlink("a", "link");
	symlink("loop", "loop");
	write_file("hard", "some text\n", 0666);
	write_file("script", "#!/bin/true\n", 0777);
	write_file("program", "\177ELF\1\1\1", 0777);
	return true;
}

/* ---- */

static bool fuzz(uint32_t seed, uint64_t calls)
{
	uint64_t told = now_ms();
	uint32_t goes = 0;

	while (total < calls) {
		for (uint32_t i = 0; i < WORKERS; i++) {
			if (!workers[i].id) {
				start_worker(i, (seed + ++goes) * 2654435761u);
			} else if (!watch(i)) {
				printf("fuzz: process %d cannot be killed\n", workers[i].id);
				return false;
			}
		}
		if (now_ms() - told > 5000) {
			told = now_ms();
			kill_strays();
			printf("fuzz: %llu calls, %u workers: %u died, %u slept too long\n",
			       (unsigned long long)total, started, died, slept);
			fflush(stdout);
		}
		usleep(2000);
	}
	return true;
}

static void end_all(void)
{
	for (uint32_t i = 0; i < WORKERS; i++)
		if (workers[i].id)
			kill(workers[i].id, SIGKILL);
	for (uint32_t i = 0; i < WORKERS; i++)
		if (workers[i].id)
			waitpid(workers[i].id, NULL, 0);
	memset(workers, 0, sizeof(workers));
	while (kill_strays())
		usleep(10000);
}

int main(int argc, char **argv)
{
	uint32_t seed = argc > 1 ? strtoul(argv[1], NULL, 0) : (uint32_t)time(NULL);
	uint64_t calls = argc > 2 ? strtoull(argv[2], NULL, 0) : 100000;

	if (argc < 1 || getuid() != 0) { /* a worker may have called it */
		fprintf(stderr, "fuzz: only for root\n");
		return 1;
	}
	progress = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED || !make_folder()) {
		perror("fuzz");
		return 1;
	}
	memset(long_name, 'x', sizeof(long_name) - 1);
	write_file("/proc/self/oom_score_adj", "-1000", 0);
	printf("fuzz: seed %u, %llu calls\n", seed, (unsigned long long)calls);
	fflush(stdout);
	bool good = fuzz(seed, calls);
	if (good)
		end_all();
	printf("fuzz: seed %u: %llu calls by %u workers; %u died of it, %u slept too long\n", seed,
	       (unsigned long long)total, started, died, slept);
	chdir("..");
	remove_tree(FOLDER);
	return good ? 0 : 1;
}
