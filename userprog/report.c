/* SPDX-License-Identifier: MIT */
/*
 * The report of a program's death, and a panic's note about the program (report.h). The two
 * differ in how a line is said and how the program's memory is read: in a panic nothing may
 * sleep, so only pages that are there are looked at, and no file. A report is made by the
 * dying process itself; one at a time, so that two do not mix.
 */
#include "userprog/report.h"

#include <asm/errno.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <elf.h>

#include "kernel/boot_args.h"
#include "kernel/cpu/trap.h"
#include "kernel/fs/procfs.h"
#include "kernel/fs/vfs.h"
#include "kernel/log.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/exec.h"
#include "userprog/process.h"
#include "userprog/program_symbols.h"
#include "vm/area.h"
#include "vm/fault.h"
#include "vm/page.h"
#include "vm/pagecache.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

#define CALLS_MAX 12u
#define DEPTH_MAX 10000u
#define AREAS_LOOKED_AT 1000 /* in a panic, where the tree may be damaged */
#define LINE_SIZE 160
#define PATH_SHOWN 128u
#define TESTS "/tests/"
#define STACK_NEAR (64u << 10) /* an access so far below esp was meant for the stack */

struct report {
	void (*say)(const char *line);
	bool (*read_word)(uintptr_t address, uint32_t *word);
	const struct trap_frame *frame; /* the program's registers */
	struct spt *spt;
	bool panicking;
	uintptr_t address;     /* that the trouble is about */
	struct fault_story story;
	char path[PATH_SHOWN]; /* of the program's file; "" if unknown */
	uint32_t calls;
	struct program_place places[CALLS_MAX]; /* innermost first */
};

static volatile bool wanted; /* print-fatal-signals */
static struct mutex report_lock = MUTEX_INIT(report_lock, "report");
static struct report the_report; /* report_lock, or panicking: too large for a stack */

static __attribute__((format(printf, 2, 3))) void say(const struct report *report,
                                                      const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	report->say(line);
}

/* ---- the program's calls ---- */

/* In a panic the lock's holder may never run again. */
static void lock(const struct report *report)
{
	if (!report->panicking)
		rwlock_write(&report->spt->lock);
}

static void unlock(const struct report *report)
{
	if (!report->panicking)
		rwlock_write_end(&report->spt->lock);
}

static bool is_code(const struct report *report, uintptr_t address)
{
	lock(report);
	const struct area *area = address < USER_END ? spt_area(report->spt, address) : NULL;
	bool executable = area && area->flags & AREA_EXECUTE;
	unlock(report);
	return executable;
}

/* Notes a call; of a function that calls itself from one place all at once. False if there is
 * no room. */
static bool add_call(struct report *report, uintptr_t address, uint32_t back)
{
	struct program_place *last = report->calls ? &report->places[report->calls - 1] : NULL;
	if (last && last->address == address && last->back == back) {
		last->times++;
		return true;
	}
	if (report->calls == CALLS_MAX)
		return false;
	report->places[report->calls++] =
		(struct program_place){.address = address, .back = back, .times = 1};
	return true;
}

/* Follows the chain of frame pointers, as far as it leads upward to addresses of code. */
static void find_calls(struct report *report)
{
	const struct trap_frame *frame = report->frame;
	uint32_t ebp = frame->ebp, caller, return_address;
	report->calls = 0;
	add_call(report, frame->eip, 0);
	/* It jumped to nowhere: what it came from stands on top of the stack. */
	if (!is_code(report, frame->eip) && report->read_word(frame->esp, &return_address) &&
	    is_code(report, return_address))
		add_call(report, return_address, 1);
	for (uint32_t depth = 0; depth < DEPTH_MAX && report->read_word(ebp, &caller) &&
	     report->read_word(ebp + sizeof caller, &return_address) &&
	     is_code(report, return_address); depth++) {
		if (!add_call(report, return_address, 1) || caller <= ebp)
			return;
		ebp = caller;
	}
}

/* What the file's addresses were moved by: nothing, but for position-independent programs. */
static uintptr_t bias_of(struct inode *inode)
{
	Elf32_Ehdr header;
	if (inode->source.size < sizeof header ||
	    pagecache_read(&inode->source, 0, &header, sizeof header))
		return 0;
	return header.e_type == ET_DYN ? PIE_BASE : 0;
}

/* The names of the functions, and of the program's file. */
static void find_names(struct report *report, struct process *process)
{
	struct dentry *executable = process_executable(process);
	report->path[0] = '\0';
	if (!executable)
		return;
	struct inode *inode = dentry_inode(executable);
	program_symbols_find(inode, bias_of(inode), report->places, report->calls);
	if (dentry_path_shown(executable, report->path, sizeof report->path) < 0)
		report->path[0] = '\0';
	dentry_put(executable);
}

static void say_calls(const struct report *report)
{
	say(report, "  calls, innermost first%s%s:", report->path[0] ? ", of " : "", report->path);
	for (uint32_t i = 0; i < report->calls; i++) {
		const struct program_place *place = &report->places[i];
		char name[sizeof place->name + 16] = "", times[32] = "";
		if (place->function)
			snprintf(name, sizeof name, " %s+%#x", place->name,
			         place->address - place->function);
		if (place->times > 1)
			snprintf(times, sizeof times, ", %u times", place->times);
		say(report, "    %08x%s%s", place->address, name, times);
	}
}

/* ---- areas ---- */

static void say_area(const struct report *report, const struct area *area, const char *where)
{
	static char path[PATH_SHOWN]; /* as the_report */
	uint32_t device, inode;
	path[0] = '\0';
	if (area->source && report->panicking)
		snprintf(path, sizeof path, "a file, from page %u", area->first_page);
	else if (area->source)
		area->source->ops->describe(area->source, &device, &inode, path, sizeof path);
	else if (area->flags & AREA_HEAP)
		strlcpy(path, "[heap]", sizeof path);
	else if (area->flags & AREA_GROWS_DOWN)
		strlcpy(path, "[stack]", sizeof path);
	say(report, "    %-6s %08x-%08x %c%c%c%c %s", where, area_start(area), area->end,
	    area->flags & AREA_READ ? 'r' : '-', area->flags & AREA_WRITE ? 'w' : '-',
	    area->flags & AREA_EXECUTE ? 'x' : '-', area->flags & AREA_SHARED ? 's' : 'p', path);
}

/* The area below the address, the one that holds it, the one above. lock() held. */
static void say_areas(const struct report *report)
{
	uintptr_t address = report->address;
	const struct area *below = NULL;
	struct area *area = spt_area_from(report->spt, 0);
	for (int looked = 0; area && area->end <= address; area = area_next(area)) {
		below = area;
		if (report->panicking && ++looked == AREAS_LOOKED_AT)
			return;
	}
	say(report, "  areas around 0x%08x:", address);
	if (below)
		say_area(report, below, "below");
	if (area && area_start(area) <= address) {
		say_area(report, area, "at");
		area = area_next(area);
	} else {
		say(report, "    at     none");
	}
	if (area)
		say_area(report, area, "above");
}

/* ---- the rest ---- */

static void say_registers(const struct report *report)
{
	const struct trap_frame *r = report->frame;
	say(report, "  eax %08x  ebx %08x  ecx %08x  edx %08x  eip %08x", r->eax, r->ebx, r->ecx,
	    r->edx, r->eip);
	say(report, "  esi %08x  edi %08x  ebp %08x  esp %08x  eflags %08x", r->esi, r->edi,
	    r->ebp, r->esp, r->eflags);
}

/* Files and lines are for the host to tell, if the program was built there: then it has names. */
static void say_where(const struct report *report)
{
	char line[LINE_SIZE];
	if (!report->path[0] || (!report->panicking && !report->places[report->calls - 1].function))
		return;
	int n = snprintf(line, sizeof line, "  next, on the host: scripts/where %s", report->path);
	for (uint32_t i = 0; i < report->calls && n < LINE_SIZE - 10; i++)
		n += snprintf(line + n, sizeof line - n, " %x",
		              report->places[i].address - report->places[i].back);
	report->say(line);
}

/* ---- a program's death ---- */

static void say_to_log(const char *line)
{
	log_print("%s", line);
}

static bool read_word(uintptr_t address, uint32_t *word)
{
	return copy_from_user(word, (const void *)address, sizeof *word) == 0;
}

static const char *fault_words(const struct exception *e, int signal, const struct signal_info *info)
{
	switch (signal) {
	case SIGSEGV:
		if (e->vector == TRAP_STACK)
			return "no stack for a signal handler";
		if (e->vector != TRAP_PAGE_FAULT)
			return "the processor refused the instruction";
		if (info->code == SEGV_MAPERR)
			return "nothing is mapped there";
		return e->error & PF_FETCH ? "the mapping holds no code" : "the mapping forbids it";
	case SIGBUS:
		return "there is no such page in the file";
	default:
		return NULL;
	}
}

/* What the program tried. A fetch is told as such only where NX is. */
static const char *access_words(uint32_t error)
{
	return error & PF_WRITE ? "write to" : error & PF_FETCH ? "execution at" : "read from";
}

/* The console's line. */
static void say_line(const struct process *process, const char *name, const char *words)
{
	const struct exception *e = &task_current()->exception;
	if (e->vector == TRAP_PAGE_FAULT)
		log_print("%s[%d]: %s: %s 0x%08x, %s (eip 0x%08x)", process->name, process->id,
		          name, access_words(e->error), e->address,
		          words, e->eip);
	else
		log_print("%s[%d]: %s%s%s (eip 0x%08x)", process->name, process->id, name,
		          words ? ": " : "", words ? words : "", e->eip);
}

/* What kind of mistake it looks like, from the address alone, or NULL; lock() held. */
static const char *guess(const struct report *report, const struct exception *e)
{
	uintptr_t address = e->address;
	uint32_t esp = report->frame->esp;
	const struct area *area = address < USER_END ? spt_area(report->spt, address) : NULL;
	if (address >= USER_END)
		return "the kernel's half of the address space: not even to be read";
	if (address == e->eip)
		return "it jumped there: a bad function pointer, or a return address overwritten";
	if (address < PAGE_SIZE)
		return "a null pointer, or a field or element of what a null pointer points to";
	if (!area && address < esp + STACK_NEAR && address + STACK_NEAR > esp)
		return "the stack, past its limit (ulimit -s): a recursion without end?";
	if (!area)
		return "a pointer that was never set, or whose memory was given back";
	if (area->source && area->flags & AREA_EXECUTE)
		return "the program's own text, which is read-only";
	return NULL;
}

static void say_why(const struct report *report, const struct exception *e, int signal)
{
	if (e->vector != TRAP_PAGE_FAULT)
		return;
	if (e->address < USER_END && report->story.row)
		say(report, "  row %s of vm/fault.c: %s", report->story.row, report->story.words);
	const char *words = signal == SIGSEGV ? guess(report, e) : NULL;
	if (words)
		say(report, "  looks like: %s", words);
}

static void say_next(const struct report *report, const struct exception *e)
{
	say_where(report);
	if (!strncmp(report->path, TESTS, strlen(TESTS)))
		say(report, "  or: make debug T=%s", report->path + strlen(TESTS));
	if (e->vector == TRAP_PAGE_FAULT && e->address < USER_END && report->story.row)
		say(report, "  in gdb: pagoda break-fault %s, then pagoda page 0x%x",
		    report->story.row, e->address);
}

static void say_report(struct process *process, int signal, const struct trap_frame *frame)
{
	const struct exception *e = &task_current()->exception;
	struct fault_story story = fault_story(); /* before reading its memory, which may fault */
	struct report *report = &the_report;
	SCOPED_MUTEX(&report_lock);
	*report = (struct report){
		.say = say_to_log, .read_word = read_word, .frame = frame,
		.spt = process->spt, .story = story,
		.address = e->vector == TRAP_PAGE_FAULT ? e->address : e->eip,
	};
	find_calls(report);
	find_names(report, process);
	lock(report);
	say_why(report, e, signal);
	unlock(report);
	say_registers(report);
	say_calls(report);
	lock(report);
	say_areas(report);
	unlock(report);
	say_next(report, e);
}

void report_death(struct process *process, int signal, const struct signal_info *info,
                  const struct trap_frame *frame)
{
	const char *name = signal == SIGSEGV ? "segmentation fault"
	                 : signal == SIGBUS  ? "bus error"
	                 : signal == SIGILL  ? "illegal instruction"
	                 : signal == SIGFPE  ? "arithmetic exception" : NULL;
	if (!name || info->code <= 0)
		return;
	say_line(process, name, fault_words(&task_current()->exception, signal, info));
	if (wanted)
		say_report(process, signal, frame);
}

static void wanted_show(struct text *text)
{
	text_print(text, "%d\n", wanted);
}

static int wanted_store(const char *words, size_t length)
{
	if (!length || (words[0] != '0' && words[0] != '1') || (length > 1 && words[1] != '\n'))
		return -EINVAL;
	wanted = words[0] == '1';
	return 0;
}

/* ---- a panic ---- */

static void say_last_words(const char *line)
{
	panic_print("%s\n", line);
}

/* A word of the program's memory, if its page is there. */
static bool peek_word(uintptr_t address, uint32_t *word)
{
	if (address >= USER_END || address % sizeof *word)
		return false;
	pte_t entry = pagedir_entry(&thread_current()->spt->pagedir, address);
	if (!(entry & PTE_P))
		return false;
	*word = *(const uint32_t *)((char *)phys_to_virt(entry_address(entry)) +
	                            page_offset(address));
	return true;
}

/* The test that this machine was started for, as make check names it; NULL: none. */
static const char *test_name(void)
{
	static char name[PATH_SHOWN];
	const char *test = boot_arg("test");
	if (!test || strncmp(test, TESTS, strlen(TESTS)) != 0)
		return NULL;
	strlcpy(name, test + strlen(TESTS), sizeof name);
	return name;
}

/* The program that ran, and the page fault that it was in. */
static void say_program(struct process *process, const char *test)
{
	struct report *report = &the_report;
	*report = (struct report){
		.say = say_last_words, .read_word = peek_word, .panicking = true,
		.frame = thread_user_frame(thread_current()), .spt = process->spt,
		.story = fault_story(),
	};
	const struct fault_story *story = &report->story;
	const char *last = test ? strrchr(test, '/') : NULL;
	report->address = story->under_way ? story->page : report->frame->eip;
	/* Whoever has it will not run again, nor will anybody else. */
	report->spt->lock.turn.owner = thread_current();
	if (last && !strcmp(last + 1, process->name))
		snprintf(report->path, sizeof report->path, TESTS "%s", test);
	find_calls(report);
	say(report, "the program was %s[%d]", process->name, process->id);
	if (story->under_way)
		say(report, "  in a page fault, a %s of page 0x%08x; row %s: %s",
		    story->write ? "write" : "read", story->page,
		    story->row ? story->row : "not yet known", story->row ? story->words : "");
	say_registers(report);
	say_calls(report);
	say_areas(report);
	say_where(report);
}

static void panic_note(void)
{
	struct process *process = process_current();
	const char *test = test_name();
	if (process && process->spt)
		say_program(process, test);
	if (test)
		panic_print("next: make record T=%s, make replay T=%s: from here backwards\n",
		            test, test);
	else
		panic_print("next: make debug, `break panic`, `continue`, and the same again\n");
	panic_print("in gdb: `pagoda audit`, `pagoda locks`; docs/debugging.md, Reading a panic\n");
}

void report_init(void)
{
	wanted = boot_flag("explain");
	procfs_register("sys/kernel/print-fatal-signals", wanted_show, wanted_store);
	panic_add_note(panic_note);
}
