/* SPDX-License-Identifier: MIT */
/*
 * core(5), wait(2), getrlimit(2): which signals leave a file "core", when not, whose it is, and
 * that it is what a debugger wants: registers, and memory at its addresses.
 */
#include "case.h"

#include <elf.h>
#include <sys/prctl.h>

static volatile unsigned pattern[2000] __attribute__((aligned(PAGE)));

static void limit_core(rlim_t bytes)
{
	struct rlimit limit = {bytes, RLIM_INFINITY};

	setrlimit(RLIMIT_CORE, &limit);
}

static void look(const char *what)
{
	struct stat facts;

	if (stat("core", &facts))
		say("%s: no file", what);
	else
		say("%s: mode %o, owner %u, anything %d", what, facts.st_mode, facts.st_uid,
		    facts.st_size > 0);
}

static void raise_it(void *signal)
{
	raise((int)(intptr_t)signal);
}

static void raise_undumpable(void *signal)
{
	prctl(PR_SET_DUMPABLE, 0);
	raise((int)(intptr_t)signal);
}

static void ends(const char *what, void (*act)(void *), int signal)
{
	int status = child_status(act, (void *)(intptr_t)signal);

	say("%s: signal %d, core %d", what, WTERMSIG(status), WCOREDUMP(status) != 0);
}

static void signals(void)
{
	char what[32];

	for (int signal = 1; signal < 32; signal++) {
		snprintf(what, sizeof what, "signal %d", signal);
		if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN ||
		    signal == SIGTTOU)
			continue;
		unlink("core");
		ends(what, raise_it, signal);
		say("a file: %d", access("core", F_OK) == 0);
	}
	ends("a real-time signal", raise_it, SIGRTMAX);
}

static void whose(void)
{
	unlink("core");
	limit_core(0);
	ends("limit 0", raise_it, SIGQUIT);
	look("limit 0");
	limit_core(4095);
	ends("limit 4095", raise_it, SIGQUIT);
	look("limit 4095");
	limit_core(RLIM_INFINITY);
	ends("not dumpable", raise_undumpable, SIGQUIT);
	look("not dumpable");
	mkdir("core", 0755);
	ends("a directory", raise_it, SIGQUIT);
	rmdir("core");
	symlink("elsewhere", "core");
	ends("a link", raise_it, SIGQUIT);
	say("elsewhere: %d", access("elsewhere", F_OK) == 0);
	unlink("core");
	close(open("core", O_CREAT | O_RDWR, 0644));
	ends("others may read it", raise_it, SIGQUIT);
	look("others may read it");
	chmod("core", 0600);
	link("core", "second");
	ends("two names", raise_it, SIGQUIT);
	look("two names");
	unlink("second");
	chown("core", 1000, 0);
	ends("another's", raise_it, SIGQUIT);
	look("another's");
	chown("core", 0, 0);
	ends("its own", raise_it, SIGQUIT);
	look("its own");
}

static void told(void)
{
	siginfo_t info = {0};
	pid_t child = fork();

	if (!child) {
		raise(SIGABRT);
		_exit(0);
	}
	GIVES(waitid(P_PID, child, &info, WEXITED), "waitid");
	say("dumped %d, status %d", info.si_code == CLD_DUMPED, info.si_status);
}

static void fault(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 2000; i++)
		pattern[i] = 0x51ab0000 + i;
	__asm__ volatile("movl $0x1234567, %%esi; movl $8, %%eax; movl %%esi, (%%eax)"
	                 ::: "eax", "esi", "memory");
}

static void notes(FILE *file, const Elf32_Phdr *segment)
{
	char bytes[4096];
	Elf32_Nhdr *note = (Elf32_Nhdr *)bytes;

	fseek(file, segment->p_offset, SEEK_SET);
	size_t n = fread(bytes, 1, segment->p_filesz < 4096 ? segment->p_filesz : 4096, file);
	while ((char *)note + sizeof *note < bytes + n) {
		char *name = (char *)(note + 1), *data = name + ((note->n_namesz + 3) & ~3u);
		if (note->n_type == NT_PRSTATUS) {
			say("status: %s, %u bytes, signal %d, current %d", name, note->n_descsz,
			    *(int *)data, *(short *)(data + 12));
			say("esi %x, eax %x", *(unsigned *)(data + 72 + 12),
			    *(unsigned *)(data + 72 + 24));
		} else if (note->n_type == NT_PRPSINFO) {
			say("process: %s, %u bytes, %s", name, note->n_descsz, data + 28);
		} else if (note->n_type == NT_AUXV) {
			say("auxiliary vector: %s, anything %d", name, *(int *)data != 0);
		} else if (note->n_type == NT_PRFPREG) {
			say("floating point: %s, %u bytes", name, note->n_descsz);
		}
		note = (Elf32_Nhdr *)(data + ((note->n_descsz + 3) & ~3u));
	}
}

/* A file's pages, of which the second was written before they became read-only. */
static char *relocated;

static void map_relocated(void)
{
	relocated = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, new_file("file", 2), 0);
	relocated[PAGE] = 'X';
	mprotect(relocated, 2 * PAGE, PROT_READ);
}

static void memory(FILE *file, const Elf32_Phdr *segment)
{
	uintptr_t start = (uintptr_t)pattern;
	unsigned word = 0, right = 0;

	if (segment->p_vaddr == (uintptr_t)relocated) {
		char bytes[2 * PAGE] = "";
		fseek(file, segment->p_offset, SEEK_SET);
		size_t n = fread(bytes, 1, segment->p_filesz, file);
		say("written, then read-only: %zu bytes, %c and %c", n, bytes[0], bytes[PAGE]);
	}
	if (start < segment->p_vaddr || start >= segment->p_vaddr + segment->p_memsz)
		return;
	fseek(file, segment->p_offset + (start - segment->p_vaddr), SEEK_SET);
	for (unsigned i = 0; i < 2000; i++)
		right += fread(&word, 4, 1, file) == 1 && word == 0x51ab0000 + i;
	say("%u words of memory, rights %u", right, segment->p_flags);
}

static void content(void)
{
	Elf32_Ehdr header;
	Elf32_Phdr segment;

	unlink("core");
	map_relocated();
	ends("a fault", fault, 0);
	FILE *file = fopen("core", "r");
	if (!file || fread(&header, sizeof header, 1, file) != 1)
		return;
	say("%.3s class %u, type %u, machine %u", (char *)header.e_ident + 1,
	    header.e_ident[EI_CLASS], header.e_type, header.e_machine);
	for (unsigned i = 0; i < header.e_phnum; i++) {
		fseek(file, header.e_phoff + i * sizeof segment, SEEK_SET);
		if (fread(&segment, sizeof segment, 1, file) != 1)
			break;
		if (segment.p_type == PT_NOTE)
			notes(file, &segment);
		else if (segment.p_type == PT_LOAD)
			memory(file, &segment);
	}
	fclose(file);
}

int main(void)
{
	limit_core(RLIM_INFINITY);
	signals();
	whose();
	told();
	content();
	return 0;
}
