/* SPDX-License-Identifier: MIT */
/* core(5), elf(5): the notes of a process with threads. Each has its registers there, of the
 * floating-point unit, too; first comes the one that the signal met. */
#include "case.h"

#include <elf.h>
#include <pthread.h>
#include <sys/procfs.h>
#include <sys/user.h>

#define THREADS 3
#define MARK 0x51ab0000

static pid_t (*ids)[THREADS + 1];

/* Sleeps in a call for good, with what is to be found in registers. */
static void *sleeps(void *argument)
{
	long number = (long)argument;
	double value = 1000 + (double)number;
	(*ids)[number] = (pid_t)syscall(SYS_gettid);
	__asm__ volatile("fldl %0" : : "m"(value));
	for (;;)
		__asm__ volatile("int $0x80" : : "a"(SYS_pause), "S"(MARK + number), "D"(77) : "memory");
	return NULL;
}

static void *ends_itself(void *argument)
{
	return argument;
}

/* `by`: the thread that aborts. */
static void *aborts(void *argument)
{
	(*ids)[(long)argument] = (pid_t)syscall(SYS_gettid);
	for (long i = 0; i <= THREADS; i++)
		while (!((volatile pid_t *)*ids)[i])
			usleep(1000);
	usleep(50000); /* until they sleep */
	abort();
}

static void act(void *argument)
{
	long by = (long)argument;
	pthread_t threads[THREADS + 1], gone;
	pthread_create(&gone, NULL, ends_itself, NULL);
	pthread_join(gone, NULL);
	for (long i = 1; i <= THREADS; i++)
		pthread_create(&threads[i], NULL, i == by ? aborts : sleeps, (void *)i);
	(by ? sleeps : aborts)((void *)0);
}

static long number_of(pid_t id)
{
	for (long i = 0; i <= THREADS; i++)
		if ((*ids)[i] == id)
			return i;
	return -1;
}

static void say_status(const struct elf_prstatus *status, bool first, unsigned *seen)
{
	const struct user_regs_struct *registers = (const void *)status->pr_reg;
	long number = number_of(status->pr_pid);
	*seen |= 1u << number;
	if (first)
		say("first thread %ld, signal %d", number, status->pr_cursig);
	else if (registers->esi != (long)(MARK + number) || registers->edi != 77 ||
	         registers->orig_eax != SYS_pause || !status->pr_fpvalid)
		say("thread %ld: esi %lx, edi %ld, call %ld, valid %d", number, registers->esi,
		    registers->edi, registers->orig_eax, status->pr_fpvalid);
}

/* The top of the stack as the unit keeps it: the significand in its first 64 bits. */
static double top_of(const struct user_fpregs_struct *unit)
{
	long double value;
	memcpy(&value, unit->st_space, 10);
	return (double)value;
}

static void notes(char *from, size_t size)
{
	unsigned statuses = 0, units = 0, seen = 0;
	double sum = 0;
	for (size_t at = 0; at + sizeof(Elf32_Nhdr) < size;) {
		Elf32_Nhdr *note = (void *)(from + at);
		char *content = from + at + sizeof *note + ((note->n_namesz + 3) & ~3u);
		if (note->n_type == NT_PRSTATUS)
			say_status((void *)content, !statuses++, &seen);
		if (note->n_type == NT_PRFPREG && units++)
			sum += top_of((void *)content);
		at = (size_t)(content - from) + ((note->n_descsz + 3) & ~3u);
	}
	say("%u statuses, %u of the unit, threads %x, sum %g", statuses, units, seen, sum);
}

static void dump(long by)
{
	static char file[1 << 16];
	memset(*ids, 0, sizeof *ids);
	unlink("core");
	int status = child_status(act, (void *)by);
	say("thread %ld: signal %d, core %d", by, WTERMSIG(status), WCOREDUMP(status) != 0);
	int fd = open("core", O_RDONLY);
	if (read(fd, file, sizeof file) <= 0) {
		say("no file");
		return;
	}
	close(fd);
	const Elf32_Ehdr *head = (void *)file;
	const Elf32_Phdr *segments = (void *)(file + head->e_phoff);
	if (segments[0].p_type == PT_NOTE && segments[0].p_offset + segments[0].p_filesz < sizeof file)
		notes(file + segments[0].p_offset, segments[0].p_filesz);
	bool behind = segments[1].p_offset >= segments[0].p_offset + segments[0].p_filesz;
	say("memory lies behind: %d", behind);
}

int main(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	setrlimit(RLIMIT_CORE, &limit);
	ids = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	dump(0);
	dump(2);
	return 0;
}
