/* SPDX-License-Identifier: MIT */
/*
 * execve(2): find the program (through #! lines), promise its segments in a new address
 * space, fill the stack, and change over (exec.h).
 *
 *   USER_STACK_TOP   0
 *                    path                      AT_EXECFN
 *                    environment strings
 *                    argument strings
 *                    "i686", 16 random bytes   AT_PLATFORM, AT_RANDOM
 *                    auxiliary vector          System V ABI i386, 2.3.3; getauxval(3)
 *                    envp[0] ... NULL
 *                    argv[0] ... NULL
 *   ESP ->           argc
 */
#include "userprog/exec.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <elf.h>
#include <linux/auxvec.h>
#include <linux/stat.h>

#include "kernel/cpu/cpu.h"
#include "kernel/dev/random.h"
#include "kernel/fs/vfs.h"
#include "kernel/identity.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/exec_strings.h"
#include "userprog/exit.h"
#include "userprog/process.h"
#include "vm/mmap.h"
#include "vm/pagecache.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

#define SCRIPT_DEPTH 4      /* how many #! may lead to each other */
#define SCRIPT_LINE 256     /* longest #! line that is looked at, with its end */
#define SEGMENTS_MAX 64u

struct exec {
	const char *path;            /* as the caller named it */
	struct dentry *file;         /* the program itself: the last interpreter; program_get */
	char *lines[SCRIPT_DEPTH];   /* #! lines on the way, first script first */
	uint32_t depth;
	struct exec_strings strings; /* arguments, then environment */
	uint32_t argc;
	uint32_t args_bytes;         /* of the strings that are arguments */

	struct spt *spt;             /* the new space */
	Elf32_Ehdr header;
	uintptr_t bias;              /* what is added to the file's addresses */
	uintptr_t headers;           /* where the program finds its program headers, or 0 */
	uintptr_t end;               /* of its highest segment */
	bool executable_stack;
	uintptr_t esp;
	struct credentials credentials;
	Elf32_Phdr segments[SEGMENTS_MAX]; /* header.e_phnum of them are filled */
};

/* ---- which file ---- */

/* Follows the path to a regular file that may be executed; replaces e->file. */
static int find_file(struct exec *e, const char *path)
{
	struct dentry *found;
	int error = vfs_lookup(process_current()->cwd, path, true, &found);
	if (error)
		return error;
	const struct inode *inode = dentry_inode(found);
	if (!S_ISREG(inode->mode) || inode_access(inode, ACCESS_EXECUTE))
		error = -EACCES;
	else
		error = program_get(found);
	dentry_put(found);
	if (error)
		return error;
	program_put(e->file);
	e->file = found;
	return 0;
}

static int read_file(struct exec *e, uint32_t position, void *to, uint32_t n)
{
	struct page_source *source = &dentry_inode(e->file)->source;
	if (position + n < position || position + n > source->size)
		return -ENOEXEC;
	return pagecache_read(source, position, to, n);
}

/* Splits "#! interpreter argument" in place: the interpreter's name starts the line, the
 * argument (all the rest, as one) follows behind its NUL; it may be empty. */
static int split_line(char *line)
{
	char *end = strchr(line, '\n'), *name = line + 2;
	if (end)
		*end = '\0';
	end = line + strlen(line);
	while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		*--end = '\0';
	while (*name == ' ' || *name == '\t')
		name++;
	if (!*name)
		return -ENOEXEC;
	char *rest = name;
	while (*rest && *rest != ' ' && *rest != '\t')
		rest++;
	while (*rest == ' ' || *rest == '\t')
		*rest++ = '\0';
	size_t length = strlen(name);
	memmove(line, name, length + 1);
	memmove(line + length + 1, rest, strlen(rest) + 1);
	return 0;
}

/* If e->file is a script: 1, with its line in e->lines; 0 if it is not. */
static int read_script_line(struct exec *e)
{
	uint64_t size = dentry_inode(e->file)->source.size;
	char *line = kmalloc_zeroed(SCRIPT_LINE + 1);
	if (!line)
		return -ENOMEM;
	int error = read_file(e, 0, line, size < SCRIPT_LINE ? (uint32_t)size : SCRIPT_LINE);
	if (error || line[0] != '#' || line[1] != '!') {
		kfree(line);
		return error;
	}
	if (e->depth == SCRIPT_DEPTH) {
		kfree(line);
		return -ELOOP;
	}
	e->lines[e->depth++] = line;
	error = split_line(line);
	return error ? error : 1;
}

/* Finds the program that e->path leads to. */
static int resolve(struct exec *e)
{
	int more, error = find_file(e, e->path);
	while (!error && (more = read_script_line(e)) != 0)
		error = more < 0 ? more : find_file(e, e->lines[e->depth - 1]);
	return error;
}

/* The arguments that the #! lines put in the place of argv[0]. */
static int add_script_arguments(struct exec *e)
{
	int error = 0;
	for (uint32_t i = e->depth; i-- > 0 && !error;) {
		const char *name = e->lines[i], *argument = name + strlen(name) + 1;
		error = exec_strings_add(&e->strings, name);
		if (!error && *argument)
			error = exec_strings_add(&e->strings, argument);
	}
	if (!error && e->depth)
		error = exec_strings_add(&e->strings, e->path);
	return error;
}

/* ---- the new space ---- */

static int read_headers(struct exec *e)
{
	Elf32_Ehdr *h = &e->header;
	int error = read_file(e, 0, h, sizeof *h);
	if (error)
		return error;
	if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS32 ||
	    h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != EM_386 ||
	    h->e_version != EV_CURRENT || (h->e_type != ET_EXEC && h->e_type != ET_DYN) ||
	    h->e_phentsize != sizeof(Elf32_Phdr) || !h->e_phnum || h->e_phnum > SEGMENTS_MAX)
		return -ENOEXEC;
	e->bias = h->e_type == ET_DYN ? PIE_BASE : 0;
	return read_file(e, h->e_phoff, e->segments, h->e_phnum * sizeof(Elf32_Phdr));
}

static int map_segment(struct exec *e, const Elf32_Phdr *segment)
{
	struct page_source *source = &dentry_inode(e->file)->source;
	uintptr_t address = segment->p_vaddr + e->bias, end = address + segment->p_memsz;
	int prot = (segment->p_flags & PF_R ? PROT_READ : 0) |
	           (segment->p_flags & PF_W ? PROT_WRITE : 0) |
	           (segment->p_flags & PF_X ? PROT_EXEC : 0);

	if (segment->p_filesz > segment->p_memsz || address < USER_START || end < address ||
	    end > USER_STACK_TOP || page_offset(address) != page_offset(segment->p_offset) ||
	    (uint64_t)segment->p_offset + segment->p_filesz > source->size)
		return -ENOEXEC;
	if (!segment->p_memsz)
		return 0;
	if (e->header.e_phoff >= segment->p_offset &&
	    e->header.e_phoff < segment->p_offset + segment->p_filesz)
		e->headers = address + (e->header.e_phoff - segment->p_offset);
	if (end > e->end)
		e->end = end;
	return vm_map_segment(e->spt, address, source, segment->p_offset, segment->p_filesz,
	                      segment->p_memsz, prot);
}

static int map_program(struct exec *e)
{
	int error = 0;
	for (uint32_t i = 0; i < e->header.e_phnum && !error; i++) {
		const Elf32_Phdr *segment = &e->segments[i];
		if (segment->p_type == PT_LOAD)
			error = map_segment(e, segment);
		else if (segment->p_type == PT_GNU_STACK)
			e->executable_stack = segment->p_flags & PF_X;
		else if (segment->p_type == PT_INTERP)
			error = -ENOEXEC; /* wants a dynamic linker */
	}
	return error ? error : e->end ? 0 : -ENOEXEC;
}

static int build_space(struct exec *e)
{
	e->spt = spt_create();
	if (!e->spt)
		return -ENOMEM;
	process_limit_space(process_current(), e->spt);
	int error = map_program(e);
	if (!error)
		error = vm_map_stack(e->spt, e->executable_stack);
	if (!error)
		vm_set_brk(e->spt, page_round_up(e->end));
	return error;
}

/* ---- the new stack, written with the new space loaded ---- */

/* Words on their way to user memory, a bufferful at a time. */
struct writer {
	uintptr_t to;
	uint32_t words[64];
	uint32_t count;
	int error;
};

static void writer_flush(struct writer *w)
{
	uint32_t bytes = w->count * sizeof w->words[0];
	if (!w->error)
		w->error = copy_to_user((void *)w->to, w->words, bytes);
	w->to += bytes;
	w->count = 0;
}

static void put_word(struct writer *w, uint32_t word)
{
	w->words[w->count++] = word;
	if (w->count == sizeof w->words / sizeof w->words[0])
		writer_flush(w);
}

/* Pointers to the strings [first, first + count), and NULL; *offset is where the first one
 * starts, then where the next one does. */
static void put_pointers(struct writer *w, const struct exec *e, uintptr_t strings,
                         uint32_t count, uint32_t *offset)
{
	for (uint32_t i = 0; i < count; i++) {
		put_word(w, strings + *offset);
		*offset += exec_strings_length(&e->strings, *offset);
	}
	put_word(w, 0);
}

static uint32_t processor_features(void)
{
	uint32_t a = 1, b, c, d;
	__asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d;
}

#define AUXILIARY_PAIRS 18

static void put_auxiliary(struct writer *w, const struct exec *e, uintptr_t path,
                          uintptr_t platform, uintptr_t random)
{
	const struct credentials *c = &e->credentials;
	bool secure = c->uid != c->euid || c->gid != c->egid;
	const uint32_t pairs[AUXILIARY_PAIRS][2] = {
		{AT_HWCAP, processor_features()},
		{AT_PAGESZ, PAGE_SIZE},
		{AT_CLKTCK, TICKS_PER_SECOND},
		{AT_PHDR, e->headers},
		{AT_PHENT, sizeof(Elf32_Phdr)},
		{AT_PHNUM, e->header.e_phnum},
		{AT_BASE, 0},
		{AT_FLAGS, 0},
		{AT_ENTRY, e->header.e_entry + e->bias},
		{AT_UID, c->uid},
		{AT_EUID, c->euid},
		{AT_GID, c->gid},
		{AT_EGID, c->egid},
		{AT_SECURE, secure},
		{AT_RANDOM, random},
		{AT_EXECFN, path},
		{AT_PLATFORM, platform},
		{AT_NULL, 0},
	};
	for (uint32_t i = 0; i < AUXILIARY_PAIRS; i++) {
		put_word(w, pairs[i][0]);
		put_word(w, pairs[i][1]);
	}
}

static int fill_stack(struct exec *e)
{
	uint32_t envc = e->strings.count - e->argc, offset = 0;
	struct {
		char platform[8];
		uint8_t random[16];
	} small = {.platform = IDENTITY_MACHINE};
	random_bytes(small.random, sizeof small.random);

	uintptr_t path = USER_STACK_TOP - sizeof(uint32_t) - (strlen(e->path) + 1);
	uintptr_t strings = path - e->strings.bytes;
	uintptr_t small_at = (strings - sizeof small) & ~15u;
	uint32_t words = 1 + e->argc + 1 + envc + 1 + 2 * AUXILIARY_PAIRS;
	e->esp = (small_at - words * sizeof(uint32_t)) & ~15u;

	if (copy_to_user((void *)path, e->path, strlen(e->path) + 1) ||
	    exec_strings_copy_out(&e->strings, strings) ||
	    copy_to_user((void *)small_at, &small, sizeof small))
		return -EFAULT;
	struct writer w = {.to = e->esp};
	put_word(&w, e->argc);
	put_pointers(&w, e, strings, e->argc, &offset);
	put_pointers(&w, e, strings, envc, &offset);
	put_auxiliary(&w, e, path, small_at, small_at + sizeof small.platform);
	writer_flush(&w);

	e->spt->args_start = strings;
	e->spt->args_end = e->spt->env_start = strings + e->args_bytes;
	e->spt->env_end = path;
	return w.error;
}

/* Loads the new space for as long as it takes to fill its stack; stays in it if that went
 * well. -E2BIG: the stack's limit is too low for that much. */
static int enter_space(struct exec *e)
{
	struct spt *old = thread_current()->spt;
	thread_set_space(e->spt, pagedir_phys(&e->spt->pagedir));
	if (fill_stack(e) == 0)
		return 0;
	thread_set_space(old, old ? pagedir_phys(&old->pagedir) : 0);
	return -E2BIG;
}

/* ---- the change ---- */

/* The set-user-ID and set-group-ID bits of the program. */
static void new_credentials(struct exec *e)
{
	const struct inode *inode = dentry_inode(e->file);
	e->credentials = process_current()->credentials;
	if (inode->mode & S_ISUID)
		e->credentials.euid = inode->uid;
	if (inode->mode & S_ISGID && inode->mode & 0010)
		e->credentials.egid = inode->gid;
	e->credentials.suid = e->credentials.euid;
	e->credentials.sgid = e->credentials.egid;
}

static void set_registers(const struct exec *e)
{
	*thread_user_frame(thread_current()) = (struct trap_frame){
		.ds = USER_DATA, .es = USER_DATA, .cs = USER_CODE, .ss = USER_DATA,
		.vector = TRAP_SYSCALL, .eflags = EFLAGS_IF,
		.eip = e->header.e_entry + e->bias, .esp = e->esp,
	};
}

/* Nothing here can fail. */
static void change_over(struct exec *e)
{
	struct process *process = process_current();
	struct thread *thread = thread_current();
	const char *name = strrchr(e->path, '/');

	uint32_t flags = spin_lock_irq(&process_lock);
	struct spt *old = process->spt;
	process->spt = e->spt;
	process->executed = true;
	process->credentials = e->credentials;
	strlcpy(process->name, name ? name + 1 : e->path, sizeof process->name);
	strlcpy(thread->name, process->name, sizeof thread->name);
	exit_return_space_locked(process);
	spin_unlock_irq(&process_lock, flags);
	trace_exec(e->spt, process->name);
	e->spt = NULL;
	if (old)
		spt_put(old);

	process_set_executable(process, e->file);
	e->file = NULL;
	descriptors_close_on_exec(process->files);
	signals_reset_for_exec(process);
	process->clear_child_tid = 0;
	process->exit_signal = SIGCHLD;
	memset(thread->tls, 0, sizeof thread->tls);
	cpu_load_tls(thread->tls);
	thread_fpu_drop();
	set_registers(e);
}

static int load_and_change(struct exec *e)
{
	int error = read_headers(e);
	if (!error)
		error = build_space(e);
	if (error)
		return error;
	new_credentials(e);
	error = enter_space(e);
	if (!error)
		change_over(e);
	return error;
}

static void exec_free(struct exec *e)
{
	exec_strings_destroy(&e->strings);
	for (uint32_t i = 0; i < e->depth; i++)
		kfree(e->lines[i]);
	program_put(e->file);
	if (e->spt)
		spt_put(e->spt);
	kfree(e);
}

/* Resolves the path and takes what the #! lines add; NULL with *error set. */
static struct exec *exec_begin(const char *path, int *error)
{
	struct exec *e = kmalloc(sizeof *e);
	*error = -ENOMEM;
	if (!e)
		return NULL;
	memset(e, 0, offsetof(struct exec, segments));
	e->path = path;
	e->executable_stack = true; /* unless the program says otherwise */
	*error = exec_strings_create(&e->strings);
	if (!*error)
		*error = resolve(e);
	if (!*error)
		*error = add_script_arguments(e);
	if (!*error)
		return e;
	exec_free(e);
	return NULL;
}

static void arguments_complete(struct exec *e)
{
	e->argc = e->strings.count;
	e->args_bytes = e->strings.bytes;
}

int exec_kernel(const char *path, const char *const *argv, const char *const *envp)
{
	int error;
	struct exec *e = exec_begin(path, &error);
	if (!e)
		return error;
	error = exec_strings_add_vector(&e->strings, argv, e->depth ? 1 : 0);
	arguments_complete(e);
	if (!error)
		error = exec_strings_add_vector(&e->strings, envp, 0);
	if (!error)
		error = load_and_change(e);
	exec_free(e);
	return error;
}

int exec_user(const char *path, const uint32_t *user_argv, const uint32_t *user_envp)
{
	int error;
	struct exec *e = exec_begin(path, &error);
	if (!e)
		return error;
	error = exec_strings_add_user_vector(&e->strings, user_argv, e->depth ? 1 : 0);
	arguments_complete(e);
	if (!error)
		error = exec_strings_add_user_vector(&e->strings, user_envp, 0);
	if (!error)
		error = load_and_change(e);
	exec_free(e);
	return error;
}
