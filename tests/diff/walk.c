/* SPDX-License-Identifier: MIT */
/*
 * Random calls on memory and files from a seed, for `make diff-fuzz`: what each gave, and sums of
 * all that is there. Linux and Pagoda must print the same.
 *
 *   walk FILE    a job a line: SEED CALLS [CALL,CALL,...: these alone]
 *
 * A call depends on the seed and its own number alone, not on those before it: so most can be left
 * out, to find the few that matter. What POSIX leaves open is not done: a mapping is never written
 * behind its file's end, as files are whole pages long; what a failed write may have left behind
 * the old end is cut off; and read and write do not copy from a mapping of their own file.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define PAGES 48u                        /* of the arena */
#define ARENA ((char *)0x20000000)
#define LONGEST 12u                      /* pages of a range, a file's more or less */
#define FILE_PAGES 14u
#define FILES 4                          /* two to be mapped, two to be read and written, */
#define ON_DISK(file) ((file) % 2 == 0)  /* half of them on a disk, half in memory */
#define CHILD_CALLS 12
#define LOOK_EVERY 6
#define DEPTH 2
#define MAPPED_FIRST 8 /* so many calls */
#define WANTED_MOST 4096

static int fds[FILES];
static uint32_t seed, number, state;
static uint32_t wanted[WANTED_MOST];
static uint32_t wanted_count;            /* 0: all calls are wanted */
static int depth;

/* ---- chance ---- */

static uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352du;
	x ^= x >> 15;
	x *= 0x846ca68bu;
	return x ^ x >> 16;
}

/* Of [0, limit). */
static uint32_t draw(uint32_t limit)
{
	state = mix(state + 0x9e3779b9u);
	return state % limit;
}

static bool one_in(uint32_t n)
{
	return draw(n) == 0;
}

/* ---- telling ---- */

static void say(const char *format, ...)
{
	char line[400];
	int n = snprintf(line, sizeof line, "%u.%u ", depth, number);
	va_list values;

	va_start(values, format);
	n += vsnprintf(line + n, sizeof line - n - 1, format, values);
	va_end(values);
	line[n++] = '\n';
	if (write(1, line, n) != n)
		_exit(1);
}

/* The call's result; an address as a page of the arena. */
static void gave(long result, const char *format, ...)
{
	int error = errno;
	char words[300];
	va_list values;

	va_start(values, format);
	vsnprintf(words, sizeof words, format, values);
	va_end(values);
	if (result == -1)
		say("%s: %s", words, strerrorname_np(error));
	else if ((unsigned long)result >= (unsigned long)ARENA &&
	         (unsigned long)result < (unsigned long)ARENA + PAGES * PAGE)
		say("%s: page %ld", words, (result - (long)ARENA) / (long)PAGE);
	else
		say("%s: %ld", words, result);
}

/* ---- touching ---- */

static sigjmp_buf back;
static volatile int signal_number, signal_code;
static void *volatile signal_address;

static void caught(int number_, siginfo_t *info, void *context)
{
	(void)context;
	signal_number = number_;
	signal_code = info->si_code;
	signal_address = info->si_addr;
	siglongjmp(back, 1);
}

static void catch_faults(void)
{
	struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* The byte, or -1 after a signal. */
static int byte_at(const volatile char *address)
{
	if (sigsetjmp(back, 0))
		return -1;
	return (unsigned char)*address;
}

static bool set_byte(volatile char *address, char byte)
{
	if (sigsetjmp(back, 0))
		return false;
	*address = byte;
	return true;
}

static char *at(uint32_t page)
{
	return ARENA + page * PAGE;
}

static void touch(void)
{
	char *address = at(draw(PAGES)) + draw(PAGE);
	uint32_t page = (address - ARENA) / PAGE;
	bool writes = draw(3) > 0, works;
	int value = 0;

	if (writes)
		works = set_byte(address, draw(256));
	else
		works = (value = byte_at(address)) >= 0;
	if (works)
		say("%s page %u: %d", writes ? "write" : "read", page, value);
	else
		say("%s page %u: signal %d, code %d%s", writes ? "write" : "read", page,
		    signal_number, signal_code, signal_address == address ? "" : ", elsewhere");
}

/* Writes to several pages in a row. */
static void fill(void)
{
	uint32_t first = draw(PAGES), count = 1 + draw(LONGEST), done = 0;
	char byte = draw(256);

	for (uint32_t page = first; page < first + count && page < PAGES; page++)
		done += set_byte(at(page) + (page * 67 + byte) % PAGE, byte);
	say("fill pages %u to %u: %u", first, first + count, done);
}

/* ---- looking at everything ---- */

static uint32_t sum_of(const char *bytes, uint32_t n)
{
	uint32_t sum = 0;
	for (uint32_t i = 0; i < n; i++)
		if (bytes[i])
			sum = mix(sum + i * 257 + (unsigned char)bytes[i]);
	return sum;
}

/* A page as a character: what it holds, or why it cannot be read. */
static char character_of(uint32_t page)
{
	static const char digits[] = "123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint32_t sum;

	if (byte_at(at(page)) < 0)
		return signal_number == SIGBUS ? '!' : signal_code == SEGV_ACCERR ? '-' : '.';
	sum = sum_of(at(page), PAGE);
	return sum ? digits[sum % (sizeof digits - 1)] : '0';
}

static void look(void)
{
	static char bytes[FILE_PAGES * 2 * PAGE];
	char memory[PAGES + 1];

	for (uint32_t page = 0; page < PAGES; page++)
		memory[page] = character_of(page);
	memory[PAGES] = '\0';
	say("memory %s", memory);
	for (int file = 0; file < FILES; file++) {
		ssize_t n = pread(fds[file], bytes, sizeof bytes, 0);
		say("file %d: %zd, %08x", file, n, n > 0 ? sum_of(bytes, n) : 0);
	}
}

/* ---- the calls ---- */

static int some_rights(void)
{
	static const int rights[] = {PROT_NONE, PROT_READ, PROT_READ, PROT_WRITE,
	                             PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
	                             PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE};
	return rights[draw(8)];
}

static void some_range(uint32_t *page, uint32_t *count)
{
	*page = draw(PAGES);
	*count = 1 + draw(LONGEST);
	if (*page + *count > PAGES)
		*count = PAGES - *page;
}

static void call_mmap(void)
{
	uint32_t page, count, kind = draw(6), first = draw(FILE_PAGES);
	int rights = some_rights(), flags = kind % 2 ? MAP_SHARED : MAP_PRIVATE, file = kind / 2 - 1;
	void *result;

	some_range(&page, &count);
	if (one_in(8))
		flags |= MAP_POPULATE;
	flags |= one_in(8) ? MAP_FIXED_NOREPLACE : MAP_FIXED;
	errno = 0;
	result = mmap(at(page), count * PAGE, rights, flags | (file < 0 ? MAP_ANONYMOUS : 0),
	              file < 0 ? -1 : fds[file], file < 0 ? 0 : (off_t)first * PAGE);
	gave((long)result, "mmap %u, %u, rights %d, flags %#x, file %d, %u", page, count, rights,
	     flags, file, first);
}

static void call_munmap(void)
{
	uint32_t page, count;

	some_range(&page, &count);
	gave(munmap(at(page), count * PAGE), "munmap %u, %u", page, count);
}

static void call_mprotect(void)
{
	uint32_t page, count;
	int rights = some_rights();

	some_range(&page, &count);
	gave(mprotect(at(page), count * PAGE, rights), "mprotect %u, %u, %d", page, count, rights);
}

/* With MREMAP_DONTUNMAP Linux unlocks the whole of each area, also what lies beside the range; by
 * mlock(2) that stays locked. So none of it is. */
static void unlock_beside(uint32_t page, uint32_t count)
{
	for (uint32_t other = 0; other < PAGES; other++)
		if (other < page || other >= page + count)
			munlock(at(other), PAGE);
}

/* Whether several areas were one is not to be seen: so a range gets longer from one page only. */
static void call_mremap(void)
{
	uint32_t page, count, to, new;
	int flags = 0;
	void *result;

	some_range(&page, &count);
	some_range(&to, &new);
	switch (draw(4)) {
	case 0: /* shorter, where it is */
		new = 1 + draw(count);
		break;
	case 1: /* longer, if there is room */
		count = 1;
		new = page + new > PAGES ? PAGES - page : new;
		break;
	case 2: /* to another place, as long */
		flags = MREMAP_MAYMOVE | MREMAP_FIXED | (one_in(4) ? MREMAP_DONTUNMAP : 0);
		new = count;
		to = draw(PAGES - new + 1);
		if (flags & MREMAP_DONTUNMAP)
			unlock_beside(page, count);
		break;
	case 3: /* and of another length */
		flags = MREMAP_MAYMOVE | MREMAP_FIXED;
		count = one_in(8) ? 0 : 1;
		break;
	}
	errno = 0;
	result = (void *)syscall(SYS_mremap, at(page), count * PAGE, new * PAGE, flags, at(to));
	gave((long)result, "mremap %u, %u, %u, %d, to %u", page, count, new, flags,
	     flags ? to : 0);
}

static void call_madvise(void)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_DONTNEED, MADV_DONTNEED, MADV_WILLNEED, MADV_NORMAL,
		MADV_RANDOM, MADV_SEQUENTIAL, MADV_COLD, MADV_PAGEOUT, MADV_PAGEOUT, MADV_DONTFORK,
		MADV_DOFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, MADV_REMOVE,
	};
	uint32_t page, count;
	int advice = advices[draw(sizeof advices / sizeof advices[0])];

	some_range(&page, &count);
	gave(madvise(at(page), count * PAGE, advice), "madvise %u, %u, %d", page, count, advice);
}

static void call_lock(void)
{
	uint32_t page, count, how = draw(4);
	int result;

	some_range(&page, &count);
	errno = 0;
	if (how == 0)
		result = mlock(at(page), count * PAGE);
	else if (how == 1)
		result = syscall(SYS_mlock2, at(page), count * PAGE, 1);
	else
		result = munlock(at(page), count * PAGE);
	gave(result, "%s %u, %u", how == 0 ? "mlock" : how == 1 ? "mlock2" : "munlock", page, count);
}

static void call_msync(void)
{
	static const int flags[] = {MS_SYNC, MS_ASYNC, 0, MS_SYNC | MS_INVALIDATE};
	uint32_t page, count;
	int how = flags[draw(4)];

	some_range(&page, &count);
	gave(msync(at(page), count * PAGE, how), "msync %u, %u, %d", page, count, how);
}

static off_t size_of(int file)
{
	struct stat status;

	fstat(fds[file], &status);
	return status.st_size;
}

static off_t whole_pages(off_t size)
{
	return (size + PAGE - 1) / PAGE * PAGE;
}

/* A file that is mapped, by read and write from elsewhere. */
static void call_file(void)
{
	static char buffer[3 * PAGE];
	int file = draw(2);
	uint32_t offset = draw(FILE_PAGES * PAGE), n = 1 + draw(sizeof buffer);
	bool writes = draw(2);

	if (one_in(4))
		offset = offset / PAGE * PAGE;
	if (!writes) {
		ssize_t got = pread(fds[file], buffer, n, offset);
		gave(got, "pread file %d, %u at %u, %08x", file, n, offset,
		     got > 0 ? sum_of(buffer, got) : 0);
		return;
	}
	if (whole_pages(offset + n) > size_of(file))
		ftruncate(fds[file], whole_pages(offset + n));
	for (uint32_t i = 0; i < n; i++)
		buffer[i] = mix(state + i);
	gave(pwrite(fds[file], buffer, n, offset), "pwrite file %d, %u at %u", file, n, offset);
}

/* A file that nobody maps, with the buffer in the arena. */
static void call_buffer(void)
{
	int file = 2 + draw(2);
	uint32_t offset = draw(FILE_PAGES * PAGE), n = 1 + draw(3 * PAGE);
	char *buffer = at(draw(PAGES)) + draw(PAGE);
	bool writes = draw(2);
	off_t before = size_of(file);
	ssize_t result;

	if (buffer + n > at(PAGES))
		n = at(PAGES) - buffer;
	errno = 0;
	if (writes)
		result = pwrite(fds[file], buffer, n, offset);
	else
		result = pread(fds[file], buffer, n, offset);
	gave(result, "%s file %d, %u at %u, page %u + %u", writes ? "pwrite" : "pread", file, n,
	     offset, (unsigned)(buffer - ARENA) / PAGE, (unsigned)(buffer - ARENA) % PAGE);
	if (writes) {
		off_t end = result > 0 ? offset + result : 0;
		ftruncate(fds[file], end > before ? end : before);
		ftruncate(fds[file], whole_pages(end > before ? end : before));
	}
}

static void call_truncate(void)
{
	int file = draw(FILES);
	uint32_t size = draw(FILE_PAGES + 1);

	gave(ftruncate(fds[file], (off_t)size * PAGE), "ftruncate file %d, %u", file, size);
}

static void walk(uint32_t first, uint32_t calls);

/* The child's calls come before the parent's next ones, or while the parent waits, after some. */
static void call_fork(void)
{
	bool child_first = draw(2);
	uint32_t own = number;
	uint32_t mine = mix(own) % 1000000 + 1000000 * (depth + 1);
	int ends[2], status = -1;

	if (depth == DEPTH || pipe(ends) != 0)
		return;
	say("fork, %s first", child_first ? "child" : "parent");
	pid_t child = fork();
	if (child == 0) {
		char byte;

		depth++;
		close(ends[1]);
		if (read(ends[0], &byte, 1) < 0)
			_exit(2);
		close(ends[0]);
		walk(mine, CHILD_CALLS);
		look();
		_exit(0);
	}
	close(ends[0]);
	if (!child_first)
		walk(mine + 500000, CHILD_CALLS / 2);
	close(ends[1]);
	waitpid(child, &status, 0);
	number = own;
	say("the child: %#x", status);
}

static void one_call(void)
{
	static void (*const calls[])(void) = {
		touch, touch, touch, touch, touch, touch, fill, fill, fill, call_mmap, call_mmap,
		call_mmap, call_munmap, call_mprotect, call_mprotect, call_mremap, call_mremap,
		call_madvise, call_madvise, call_msync, call_file, call_file, call_buffer,
		call_buffer, call_truncate, call_fork, call_lock,
	};
	void (*call)(void) = calls[draw(sizeof calls / sizeof calls[0])];

	errno = 0;
	if (depth == 0 && number < MAPPED_FIRST)
		call = call_mmap;
	call();
}

static bool is_wanted(uint32_t which)
{
	for (uint32_t i = 0; i < wanted_count; i++)
		if (wanted[i] == which)
			return true;
	return wanted_count == 0;
}

static void walk(uint32_t first, uint32_t calls)
{
	for (uint32_t i = first; i < first + calls; i++) {
		if (!is_wanted(i))
			continue;
		number = i;
		state = mix(seed ^ mix(i));
		one_call();
		number = i;
		if (i % LOOK_EVERY == 0)
			look();
	}
}

/* ---- a job ---- */

static void prepare(void)
{
	static char page[PAGE];
	char name[40];

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	/* Nothing grows out of the arena. */
	mmap(ARENA - PAGE, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	     -1, 0);
	munmap(ARENA, PAGES * PAGE);
	for (int file = 0; file < FILES; file++) {
		snprintf(name, sizeof name, "%s/walk-%d-%d", ON_DISK(file) ? "." : "/tmp", getpid(),
		         file);
		fds[file] = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
		unlink(name);
		for (uint32_t i = 0; i < FILE_PAGES / 2; i++) {
			memset(page, 'a' + file + i * 4, PAGE);
			if (write(fds[file], page, PAGE) != (ssize_t)PAGE)
				_exit(3);
		}
	}
	catch_faults();
}

static void read_wanted(char *text)
{
	for (char *word = strtok(text, ","); word && wanted_count < WANTED_MOST;
	     word = strtok(NULL, ","))
		wanted[wanted_count++] = strtoul(word, NULL, 10);
}

static void job(char *line)
{
	uint32_t calls = 0;
	int used = 0;

	if (sscanf(line, "%u %u %n", &seed, &calls, &used) < 2)
		_exit(4);
	read_wanted(line + used);
	prepare();
	walk(0, calls);
	look();
	_exit(0);
}

int main(int count, char **arguments)
{
	static char line[64 * 1024];
	FILE *jobs = count > 1 ? fopen(arguments[1], "r") : NULL;

	if (!jobs)
		return 1;
	while (fgets(line, sizeof line, jobs) && line[0] != '#') {
		int status = -1;

		printf("@@ %s", line);
		fflush(stdout);
		line[strcspn(line, "\n")] = '\0';
		pid_t child = fork();
		if (child == 0)
			job(line);
		waitpid(child, &status, 0);
		printf("@@ end %#x\n", status);
		fflush(stdout);
	}
	return 0;
}
