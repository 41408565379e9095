/* SPDX-License-Identifier: MIT */
/*
 * The file "core", or whichever name is set (core_name.h): core(5) says when, elf(5) how. It has one note segment, with registers and what
 * ps would show, and a segment for each area.
 *
 *   ELF header | program headers | notes | page of area 1 | page of area 1 | ... | page of area n
 *
 * The notes are those of the thread that the signal met, with the process's, then two of each other
 * thread.
 *
 * A page that is all zeros is a hole. Of an area that the file behind it can give again only the
 * first page is written if an ELF header may be there, so that a debugger knows the file. One where
 * pages were written before it became read-only (what a loader relocates) is written as a whole.
 */
#include "userprog/core.h"

#include <asm/errno.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "kernel/fs/transfer.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "userprog/core_name.h"
#include "userprog/exit.h"
#include "userprog/fpu_image.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "userprog/ptrace_registers.h"
#include "vm/area.h"
#include "vm/page.h"
#include "vm/peek.h"
#include "vm/spt.h"

#define NOTE_NAME "CORE"
#define SEGMENTS_MOST (PN_XNUM - 1u) /* e_phnum has 16 bits */
#define AUXILIARY_MOST 256u          /* bytes */

/* struct elf_prstatus and elf_prpsinfo of i386, which no header for programs has. */
struct status_note {
	int32_t signal, code, error;
	int16_t current;
	uint32_t pending, blocked;
	int32_t id, parent, group, session;
	int32_t times[8]; /* user, system, and those of children: seconds and microseconds */
	uint32_t registers[REGISTER_WORDS];
	int32_t has_floating;
};

struct process_note {
	char state, state_name, zombie, nice;
	uint32_t flags;
	uint16_t uid, gid;
	int32_t id, parent, group, session;
	char name[16], arguments[80];
};

_Static_assert(sizeof(struct status_note) == 144, "struct elf_prstatus");
_Static_assert(sizeof(struct process_note) == 124, "struct elf_prpsinfo");

/* Those of another thread. */
struct thread_notes {
	Elf32_Nhdr status_head;
	char status_name[8];
	struct status_note status;
	Elf32_Nhdr floating_head;
	char floating_name[8];
	struct fsave floating;
};

/* The first notes as they lie in the file. Zeros behind the auxiliary vector are ends of it, too. */
struct notes {
	Elf32_Nhdr status_head;
	char status_name[8];
	struct status_note status;
	Elf32_Nhdr process_head;
	char process_name[8];
	struct process_note process;
	Elf32_Nhdr auxiliary_head;
	char auxiliary_name[8];
	char auxiliary[AUXILIARY_MOST];
	Elf32_Nhdr floating_head;
	char floating_name[8];
	struct fsave floating;
};

_Static_assert(sizeof(struct notes) <= PAGE_SIZE, "notes fit into a page");

struct core {
	struct spt *spt;
	struct file *file;
	char *page;          /* one, for what is written */
	loff_t position;
	uint64_t room;       /* bytes that may still be written: RLIMIT_CORE */
	uint32_t segments;   /* of memory */
	uint32_t others;     /* threads, beside the one that writes */
};

static const signal_set dumping = 1ull << (SIGQUIT - 1) | 1ull << (SIGILL - 1) |
                                  1ull << (SIGTRAP - 1) | 1ull << (SIGABRT - 1) |
                                  1ull << (SIGBUS - 1) | 1ull << (SIGFPE - 1) |
                                  1ull << (SIGSEGV - 1) | 1ull << (SIGXCPU - 1) |
                                  1ull << (SIGXFSZ - 1) | 1ull << (SIGSYS - 1);

bool core_dumps(int signal)
{
	return dumping >> (signal - 1) & 1;
}

/* Writes the first n bytes of core->page. False: that is the end of it. */
static bool put(struct core *core, size_t n)
{
	struct transfer transfer;
	void *pages[1] = {core->page};
	if (n > core->room || thread_current()->killed)
		return false;
	transfer_kernel(&transfer, pages, n);
	if (file_write(core->file, &transfer, &core->position) != (ssize_t)n)
		return false;
	core->room -= n;
	return true;
}

static bool put_bytes(struct core *core, const void *bytes, size_t n)
{
	memcpy(core->page, bytes, n);
	return put(core, n);
}

/* ---- notes ---- */

static void head(Elf32_Nhdr *note, char name[8], uint32_t type, uint32_t size)
{
	*note = (Elf32_Nhdr){.n_namesz = sizeof NOTE_NAME, .n_descsz = size, .n_type = type};
	memcpy(name, NOTE_NAME, sizeof NOTE_NAME);
}

static void put_time(int32_t to[2], uint64_t ns)
{
	to[0] = (int32_t)(ns / NS_PER_SECOND);
	to[1] = (int32_t)(ns % NS_PER_SECOND / 1000);
}

static void fill_status(const struct task *task, struct status_note *note, int signal, int code)
{
	const struct process *process = task->process;
	struct usage usage = task_is_first(task) ? process_usage_locked(process)
	                                         : task_usage_locked(task);
	note->signal = note->current = (int16_t)signal;
	note->code = code;
	note->pending = (uint32_t)process->signals.queue.set;
	note->blocked = (uint32_t)task->signals.blocked;
	note->id = task->id;
	note->parent = process->parent ? process->parent->id : 0;
	note->group = process->group;
	note->session = process->session;
	put_time(&note->times[0], usage.user_ns);
	put_time(&note->times[2], usage.system_ns);
	put_time(&note->times[4], process->reaped.user_ns);
	put_time(&note->times[6], process->reaped.system_ns);
	registers_get_locked(task, note->registers);
}

static void fill_process(const struct process *process, struct process_note *note)
{
	note->state_name = 'R';
	note->nice = (char)process->nice;
	note->uid = (uint16_t)process->credentials.uid;
	note->gid = (uint16_t)process->credentials.gid;
	note->id = process->id;
	note->parent = process->parent ? process->parent->id : 0;
	note->group = process->group;
	note->session = process->session;
	memcpy(note->name, process->name, sizeof note->name);
}

/* The arguments, with blanks between them. */
static void fill_arguments(struct spt *spt, struct process_note *note)
{
	size_t n = spt->args_end - spt->args_start;
	if (n > sizeof note->arguments - 1)
		n = sizeof note->arguments - 1;
	n = peek(spt, spt->args_start, note->arguments, n, PEEK_READ);
	for (size_t i = 0; i + 1 < n; i++)
		if (!note->arguments[i])
			note->arguments[i] = ' ';
}

/* The first ones, into core->page. */
static void make_notes(struct core *core, int signal, int code)
{
	struct process *process = process_current();
	struct notes *n = (struct notes *)core->page;
	struct fxsave fx;
	memset(n, 0, sizeof *n);
	uint32_t flags = spin_lock_irq(&process_lock);
	fill_status(task_current(), &n->status, signal, code);
	fill_process(process, &n->process);
	spin_unlock_irq(&process_lock, flags);
	fill_arguments(core->spt, &n->process);
	n->status.has_floating = thread_fpu_get(&fx) == 0;
	if (n->status.has_floating)
		fpu_image_to_fsave(&fx, &n->floating);
	size_t auxiliary = core->spt->auxiliary_end - core->spt->auxiliary_start;
	if (auxiliary > AUXILIARY_MOST)
		auxiliary = AUXILIARY_MOST;
	peek(core->spt, core->spt->auxiliary_start, n->auxiliary, auxiliary, PEEK_READ);
	head(&n->status_head, n->status_name, NT_PRSTATUS, sizeof n->status);
	head(&n->process_head, n->process_name, NT_PRPSINFO, sizeof n->process);
	head(&n->auxiliary_head, n->auxiliary_name, NT_AUXV, AUXILIARY_MOST);
	head(&n->floating_head, n->floating_name, NT_PRFPREG, sizeof n->floating);
}

/* They stay where they are: the list and its threads are at rest. */
static bool put_other_threads(struct core *core, int signal)
{
	struct thread_notes *n = (struct thread_notes *)core->page;
	struct process *process = process_current();
	struct fxsave fx;
	LIST_FOR (&process->tasks, struct task, task, link) {
		if (task == task_current())
			continue;
		memset(n, 0, sizeof *n);
		uint32_t flags = spin_lock_irq(&process_lock);
		fill_status(task, &n->status, signal, 0);
		thread_fpu_peek(task->thread, &fx);
		spin_unlock_irq(&process_lock, flags);
		n->status.has_floating = true;
		fpu_image_to_fsave(&fx, &n->floating);
		head(&n->status_head, n->status_name, NT_PRSTATUS, sizeof n->status);
		head(&n->floating_head, n->floating_name, NT_PRFPREG, sizeof n->floating);
		if (!put(core, sizeof *n))
			return false;
	}
	return true;
}

static uint32_t size_of_notes(const struct core *core)
{
	return sizeof(struct notes) + core->others * sizeof(struct thread_notes);
}

/* ---- memory ---- */

/* Whether the space has a page of its own there: it was written once, even if it may be no more. */
static bool has_own_page(struct spt *spt, const struct area *area)
{
	uintptr_t address = area_start(area);
	return spt_next_anon(spt, &address) && address < area->end;
}

/* Whether it is of a file that has a name. */
static bool is_named(const struct area *area)
{
	const struct file *file = area->backing ? file_of_backing(area->backing) : NULL;
	return file && file->inode->links;
}

/* How many bytes of the area are written; its space's lock is held. *is_head: only if they begin as an
 * ELF file does. */
static uint32_t bytes_dumped(struct spt *spt, const struct area *area, bool *is_head)
{
	uint32_t size = area->end - area_start(area), filter = process_current()->core_filter;
	if (area->flags & AREA_NOT_DUMPED)
		return 0;
	if (area->flags & AREA_SHARED)
		return filter & (is_named(area) ? CORE_SHARED_FILES : CORE_SHARED) ? size : 0;
	if (filter & CORE_PRIVATE &&
	    (!area->source || area->flags & (AREA_WRITE | AREA_GROWS_DOWN) ||
	     has_own_page(spt, area)))
		return size;
	if (!area->source || filter & CORE_PRIVATE_FILES)
		return area->source ? size : 0;
	*is_head = area->flags & AREA_READ && !area->first_page && filter & CORE_ELF_HEADERS;
	return *is_head ? PAGE_SIZE : 0;
}

static bool begins_as_elf(struct spt *spt, uintptr_t address)
{
	char magic[SELFMAG];
	return peek(spt, address, magic, SELFMAG, false) == SELFMAG &&
	       memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* The segment of the lowest area that ends above the address; its place in the file is not known
 * here. False: there is none. */
static bool segment_above(struct spt *spt, uintptr_t address, Elf32_Phdr *segment)
{
	bool is_head = false;
	rwlock_write(&spt->lock);
	const struct area *area = spt_area_from(spt, address);
	if (!area) {
		rwlock_write_end(&spt->lock);
		return false;
	}
	*segment = (Elf32_Phdr){
		.p_type = PT_LOAD,
		.p_vaddr = area_start(area),
		.p_filesz = bytes_dumped(spt, area, &is_head),
		.p_memsz = area->end - area_start(area),
		.p_align = PAGE_SIZE,
		.p_flags = (area->flags & AREA_READ ? PF_R : 0) |
	                   (area->flags & AREA_WRITE ? PF_W : 0) |
	                   (area->flags & AREA_EXECUTE ? PF_X : 0),
	};
	rwlock_write_end(&spt->lock);
	if (is_head && !begins_as_elf(spt, segment->p_vaddr))
		segment->p_filesz = 0;
	return true;
}

static bool is_zero(const char *page)
{
	const uint32_t *words = (const uint32_t *)page;
	for (uint32_t i = 0; i < PAGE_SIZE / sizeof *words; i++)
		if (words[i])
			return false;
	return true;
}

/* Where at or after `at` bytes of the segment something may be. Without a file behind it the pages
 * that were never written are many, perhaps, and are passed over without a look. */
static uint32_t next_used(struct core *core, const Elf32_Phdr *segment, uint32_t at)
{
	uintptr_t address = segment->p_vaddr + at;
	SCOPED_WRITE(&core->spt->lock);
	const struct area *area = spt_area(core->spt, address);
	if (!area || area->source)
		return at;
	if (!spt_next_anon(core->spt, &address) || address - segment->p_vaddr > segment->p_filesz)
		return segment->p_filesz;
	return address - segment->p_vaddr;
}

/* What cannot be read, such as pages behind a file's end, is zeros. */
static bool put_memory(struct core *core, const Elf32_Phdr *segment)
{
	loff_t start = core->position;
	for (uint32_t at = 0; (at = next_used(core, segment, at)) < segment->p_filesz;
	     at += PAGE_SIZE) {
		core->position = start + at;
		size_t n = peek(core->spt, segment->p_vaddr + at, core->page, PAGE_SIZE, false);
		memset(core->page + n, 0, PAGE_SIZE - n);
		if ((!is_zero(core->page) || thread_current()->killed) && !put(core, PAGE_SIZE))
			return false;
	}
	core->position = start + segment->p_filesz;
	return true;
}

static bool put_all_memory(struct core *core)
{
	Elf32_Phdr segment;
	uintptr_t address = 0;
	for (uint32_t i = 0; i < core->segments; i++) {
		if (!segment_above(core->spt, address, &segment))
			break;
		if (!put_memory(core, &segment))
			return false;
		address = segment.p_vaddr + segment.p_memsz;
	}
	return true;
}

/* ---- the file ---- */

static bool put_header(struct core *core)
{
	Elf32_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
	                    EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof header,
		.e_ehsize = sizeof header,
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = (Elf32_Half)(core->segments + 1),
	};
	return put_bytes(core, &header, sizeof header);
}

/* The headers of all segments, that of the notes first. */
static bool put_segments(struct core *core)
{
	uintptr_t address = 0;
	uint32_t offset = sizeof(Elf32_Ehdr) + (core->segments + 1) * sizeof(Elf32_Phdr);
	Elf32_Phdr segment = {.p_type = PT_NOTE, .p_offset = offset,
	                      .p_filesz = size_of_notes(core)};
	if (!put_bytes(core, &segment, sizeof segment))
		return false;
	offset = page_round_up(offset + size_of_notes(core));
	for (uint32_t i = 0; i < core->segments; i++) {
		if (!segment_above(core->spt, address, &segment))
			segment = (Elf32_Phdr){.p_type = PT_NULL};
		segment.p_offset = offset;
		if (!put_bytes(core, &segment, sizeof segment))
			return false;
		offset += segment.p_filesz;
		address = segment.p_vaddr + segment.p_memsz;
	}
	return true;
}

static void count_segments(struct core *core)
{
	Elf32_Phdr segment;
	uintptr_t address = 0;
	while (core->segments < SEGMENTS_MOST && segment_above(core->spt, address, &segment)) {
		address = segment.p_vaddr + segment.p_memsz;
		core->segments++;
	}
}

static void put_all(struct core *core, int signal, int code)
{
	count_segments(core);
	if (!put_header(core) || !put_segments(core))
		return;
	make_notes(core, signal, code);
	if (!put(core, sizeof(struct notes)) || !put_other_threads(core, signal))
		return;
	core->position = page_round_up((uintptr_t)core->position);
	if (put_all_memory(core) && (uint64_t)core->position > core->file->inode->source.size)
		inode_truncate(core->file->inode, (uint64_t)core->position);
}

/* A new file of that name, so that nobody else has it open or by another name; what had the name
 * before loses it. NULL if that is not to be had. */
static struct file *file_for_core(int signal)
{
	struct dentry *cwd = places_cwd(process_current()->places);
	struct file *file;
	char name[CORE_NAME_SIZE];
	core_name(signal, name);
	(void)vfs_unlink(cwd, name);
	uint32_t flags = O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW;
	bool opened = vfs_open(cwd, name, flags, 0600, &file) == 0;
	dentry_put(cwd);
	return opened ? file : NULL;
}

bool core_dump(int signal, int code)
{
	struct process *process = process_current();
	struct core core = {.spt = process->spt,
	                    .room = process->limits[RLIMIT_CORE].rlim_cur};
	if (core.room < PAGE_SIZE || !process->dumpable || thread_current()->killed)
		return false;
	exit_await_others(); /* so that nobody changes what is written */
	core.others = process->living - 1;
	core.page = kmalloc(PAGE_SIZE);
	core.file = core.page ? file_for_core(signal) : NULL;
	if (core.file) {
		put_all(&core, signal, code);
		file_put(core.file);
	}
	kfree(core.page);
	return core.file != NULL;
}
