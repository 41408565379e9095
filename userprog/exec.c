/* SPDX-License-Identifier: MIT */
/*
 * execve(2): find the program (through #! lines), promise its segments and its dynamic linker's in
 * a new address space, fill the stack, and change over (exec.h).
 *
 *                    the vDSO                  vdso.h
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
#include <linux/mount.h>
#include <linux/auxvec.h>
#include <linux/fcntl.h>
#include <linux/personality.h>
#include <linux/stat.h>

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/debug_registers.h"
#include "kernel/credentials.h"
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
#include "userprog/futex.h"
#include "userprog/futex_pi.h"
#include "userprog/image.h"
#include "userprog/ldt.h"
#include "userprog/process.h"
#include "userprog/ptrace.h"
#include "userprog/timers.h"
#include "userprog/vdso.h"
#include "vm/mmap.h"
#include "vm/pagecache.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

#define SCRIPT_DEPTH 5      /* how many #! may lead to each other */
#define SCRIPT_LINE 256     /* of a #! line so much is looked at */

struct exec {
	const char *path;            /* as the caller named it, or where it is named so */
	char *lines[SCRIPT_DEPTH];   /* #! lines on the way, first script first */
	uint32_t depth;
	struct exec_strings strings; /* arguments, then environment */
	uint32_t argc;
	uint32_t args_bytes;         /* of the strings that are arguments */

	struct spt *spt;             /* the new space */
	uint32_t personality;        /* the new program's */
	bool executable_stack;
	uintptr_t esp;
	struct credentials credentials;
	bool dumpable;
	struct descriptor_table *files; /* its own, if it shared its caller's; else NULL */
	struct image *linker;        /* the interpreter that the program names; NULL: none */
	struct image program;        /* the last one that #! lines lead to */
};

/* ---- which file ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Splits "#! interpreter argument" in place: the interpreter's name starts the line, the
 * argument (all the rest, as one) follows behind its NUL; it may be empty. A line that goes on
 * behind what was read loses of its argument, but its name must be whole: -ENOEXEC. */
static int split_line(char *line, bool goes_on)
{
	char *newline = strchr(line, '\n'), *name = line + 2;
	if (newline)
		*newline = '\0';
	while (is_blank(*name))
		name++;
	char *rest = name;
	while (*rest && !is_blank(*rest))
		rest++;
	if (rest == name && !newline && !goes_on)
		return -EACCES; /* an empty name is the directory's, to Linux */
	if (rest == name || (!newline && goes_on && rest == line + SCRIPT_LINE))
		return -ENOEXEC;
	line[SCRIPT_LINE - 1] = '\0';
	for (char *end = line + strlen(line); end > rest && is_blank(end[-1]);)
		*--end = '\0';
	while (is_blank(*rest))
		*rest++ = '\0';
	size_t length = strlen(name);
	memmove(line, name, length + 1);
	memmove(line + length + 1, rest, strlen(rest) + 1);
	return 0;
}

/* If the program is a script: 1, with its line in e->lines; 0 if it is not. */
static int read_script_line(struct exec *e)
{
	uint64_t size = dentry_inode(e->program.file)->source.size;
	char *line = kmalloc_zeroed(SCRIPT_LINE + 1);
	if (!line)
		return -ENOMEM;
	int error = image_read(&e->program, 0, line, size < SCRIPT_LINE ? (uint32_t)size : SCRIPT_LINE);
	if (error || line[0] != '#' || line[1] != '!') {
		kfree(line);
		return error;
	}
	if (e->depth == SCRIPT_DEPTH) {
		kfree(line);
		return -ELOOP;
	}
	e->lines[e->depth++] = line;
	error = split_line(line, size >= SCRIPT_LINE);
	return error ? error : 1;
}

/* Finds the program that the file, or with none e->path, leads to. A script's interpreter opens it
 * by the path: if that will lead nowhere by then, it is ENOENT. */
static int resolve(struct exec *e, struct dentry *file, bool path_ends)
{
	int more, error = file ? image_take(&e->program, file) : image_find(&e->program, e->path);
	while (!error && (more = read_script_line(e)) != 0) {
		error = more < 0 ? more : path_ends ? -ENOENT : 0;
		if (!error)
			error = image_find(&e->program, e->lines[e->depth - 1]);
	}
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

static uintptr_t entry_of(const struct image *image)
{
	return image->header.e_entry + image->bias;
}

/* The dynamic linker of that name, mapped where there is room. One that is no program is ELIBBAD,
 * one too short for a header EIO; whether it names a linker itself is not asked. */
static int map_linker(struct exec *e, const char *path)
{
	e->linker = kmalloc_zeroed(sizeof *e->linker);
	int error = e->linker ? image_find(e->linker, path) : -ENOMEM;
	if (!error && dentry_inode(e->linker->file)->source.size < sizeof e->linker->header)
		error = -EIO;
	if (!error)
		error = image_read_headers(e->linker);
	if (!error)
		error = image_place(e->linker, e->spt, 0);
	if (!error)
		error = image_map(e->linker, e->spt);
	return error == -ENOEXEC ? -ELIBBAD : error;
}

static int map_linker_if_any(struct exec *e)
{
	char *path;
	int error = image_read_interpreter(&e->program, &path);
	if (!error && path)
		error = map_linker(e, path);
	kfree(path);
	return error;
}

static int map_program(struct exec *e)
{
	const Elf32_Phdr *stack = image_segment(&e->program, PT_GNU_STACK);
	if (!stack)
		e->personality |= READ_IMPLIES_EXEC;
	e->executable_stack = stack ? stack->p_flags & PF_X : true;
	e->spt->read_implies_execute = e->personality & READ_IMPLIES_EXEC;
	int error = image_place(&e->program, e->spt, PIE_BASE);
	return error ? error : image_map(&e->program, e->spt);
}

static int build_space(struct exec *e)
{
	e->spt = spt_create();
	if (!e->spt)
		return -ENOMEM;
	process_limit_space(process_current(), e->spt);
	int error = map_program(e);
	if (!error)
		error = map_linker_if_any(e);
	if (!error)
		error = vm_map_stack(e->spt, e->executable_stack);
	if (!error)
		error = vdso_map(e->spt);
	if (!error)
		vm_set_brk(e->spt, page_round_up(e->program.end));
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

/* Pointers to the next strings, so many, and NULL; *string is where the first one lies in the new
 * space, then where the next one does. */
static void put_pointers(struct writer *w, uint32_t count, struct exec_cursor *from,
                         uintptr_t *string)
{
	for (uint32_t i = 0; i < count; i++) {
		put_word(w, *string);
		*string += exec_strings_next(from);
	}
	put_word(w, 0);
}

static uint32_t processor_features(void)
{
	uint32_t a = 1, b, c, d;
	__asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d;
}

#define AUXILIARY_PAIRS 20

static void put_auxiliary(struct writer *w, const struct exec *e, uintptr_t path,
                          uintptr_t platform, uintptr_t random)
{
	const struct credentials *c = &e->credentials;
	const uint32_t pairs[AUXILIARY_PAIRS][2] = {
		{AT_SYSINFO, vdso_system_call()},
		{AT_SYSINFO_EHDR, VDSO_START},
		{AT_HWCAP, processor_features()},
		{AT_PAGESZ, PAGE_SIZE},
		{AT_CLKTCK, TICKS_PER_SECOND},
		{AT_PHDR, e->program.headers},
		{AT_PHENT, sizeof(Elf32_Phdr)},
		{AT_PHNUM, e->program.header.e_phnum},
		{AT_BASE, e->linker ? e->linker->bias : 0},
		{AT_FLAGS, 0},
		{AT_ENTRY, entry_of(&e->program)},
		{AT_UID, c->uid},
		{AT_EUID, c->euid},
		{AT_GID, c->gid},
		{AT_EGID, c->egid},
		{AT_SECURE, credentials_secure(c)},
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
	uint32_t envc = e->strings.count - e->argc;
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
	struct exec_cursor from = exec_strings_begin(&e->strings);
	uintptr_t string = strings;
	put_word(&w, e->argc);
	put_pointers(&w, e->argc, &from, &string);
	put_pointers(&w, envc, &from, &string);
	put_auxiliary(&w, e, path, small_at, small_at + sizeof small.platform);
	writer_flush(&w);

	e->spt->auxiliary_start = e->esp + (1 + e->argc + 1 + envc + 1) * sizeof(uint32_t);
	e->spt->auxiliary_end = e->spt->auxiliary_start + 2 * AUXILIARY_PAIRS * sizeof(uint32_t);
	e->spt->args_start = strings;
	e->spt->args_end = e->spt->env_start = strings + e->args_bytes;
	e->spt->env_end = path;
	return w.error;
}

/* Back to the old space, which the process still has. */
static void leave_space(void)
{
	struct spt *old = process_current()->spt;
	thread_set_space(old, old ? pagedir_phys(&old->pagedir) : 0);
}

/* Loads the new space for as long as it takes to fill its stack; stays in it if that went
 * well. -E2BIG: the stack's limit is too low for that much. */
static int enter_space(struct exec *e)
{
	thread_set_space(e->spt, pagedir_phys(&e->spt->pagedir));
	if (fill_stack(e) == 0)
		return 0;
	leave_space();
	return -E2BIG;
}

/* ---- the change ---- */

/* Who the program is; and whether its memory is its user's to see: not if it can do what its
 * caller could not, nor if the caller may run its file but not read it. */
static void new_credentials(struct exec *e)
{
	const struct inode *inode = dentry_inode(e->program.file);
	e->credentials = process_current()->credentials;
	bool none = inode_mounted(inode, MS_NOSUID) || ptrace_forbids_privileges(task_current());
	uint32_t set_ids = none ? S_ISUID | S_ISGID : 0;
	/* Such a program does not go by what its caller has chosen for itself. */
	if (credentials_execute(&e->credentials, inode->mode & ~set_ids, inode->uid, inode->gid))
		e->personality &= ~PER_CLEAR_ON_SETID;
	e->dumpable = !credentials_secure(&e->credentials) && !inode_access(inode, ACCESS_READ);
}

static void set_registers(const struct exec *e)
{
	*thread_user_frame(thread_current()) = (struct trap_frame){
		.ds = USER_DATA, .es = USER_DATA, .cs = USER_CODE, .ss = USER_DATA,
		.vector = TRAP_SYSCALL, .eflags = EFLAGS_IF,
		.eip = entry_of(e->linker ? e->linker : &e->program), .esp = e->esp,
	};
}

/* The locks that the program held lie in the space that it leaves. */
static void let_locks_go(struct task *task, struct spt *new)
{
	struct spt *old = task->process->spt;
	if (old && task->robust_list) {
		thread_set_space(old, pagedir_phys(&old->pagedir));
		futex_owner_ends(task);
		thread_set_space(new, pagedir_phys(&new->pagedir));
	}
	futex_locks_pass_on(task->thread);
}

static void renew_processor_state(struct thread *thread)
{
	memset(thread->tls, 0, sizeof thread->tls);
	cpu_load_tls(thread->tls);
	ldt_leave(thread);
	thread_fpu_drop();
	debug_registers_drop();
}

static void change_files(struct exec *e, struct process *process)
{
	if (!e->files)
		return;
	uint32_t flags = spin_lock_irq(&process_lock);
	struct descriptor_table *old = process->files;
	process->files = e->files;
	spin_unlock_irq(&process_lock, flags);
	e->files = NULL;
	descriptors_leave(old);
}

/* Nothing here can fail. */
static void change_over(struct exec *e)
{
	struct process *process = process_current();
	struct thread *thread = thread_current();
	struct task *task = task_current();
	const char *name = strrchr(e->path, '/');

	let_locks_go(task, e->spt);
	process_note_resident(process);
	uint32_t flags = spin_lock_irq(&process_lock);
	struct spt *old = process->spt;
	process->spt = e->spt;
	process->executed = true;
	process->programs++;
	/* Who began to trace it meanwhile held the old program, and may not have this one. */
	if (credentials_secure(&e->credentials) && ptrace_forbids_privileges(task))
		ptrace_let_go_locked(task, 0);
	process->credentials = e->credentials;
	if (credentials_secure(&e->credentials))
		process->parent_death_signal = 0;
	process->dumpable = e->dumpable;
	process->personality = e->personality;
	strlcpy(process->name, name ? name + 1 : e->path, sizeof process->name);
	strlcpy(thread->name, process->name, sizeof thread->name);
	exit_return_space_locked(process);
	spin_unlock_irq(&process_lock, flags);
	trace_exec(&e->spt->pagedir, process->name);
	e->spt = NULL;
	if (old)
		spt_put(old);

	process_set_executable(process, e->program.file);
	e->program.file = NULL;
	change_files(e, process);
	descriptors_close_on_exec(process->files);
	signals_reset_for_exec(process);
	timers_delete_created(process);
	task->clear_child_tid = 0;
	process->exit_signal = SIGCHLD;
	renew_processor_state(thread);
	set_registers(e);
}

/* What the process shares with another one (clone(2)) is its own from now on. */
static int unshare(struct exec *e)
{
	struct process *process = process_current();
	if (descriptors_are_shared(process->files)) {
		e->files = descriptors_copy(process->files);
		if (!e->files)
			return -ENOMEM;
	}
	return signals_unshare(process);
}

static int load_and_change(struct exec *e)
{
	int error = image_read_headers(&e->program);
	if (error)
		return error;
	new_credentials(e);
	error = build_space(e);
	if (!error)
		error = enter_space(e);
	if (error)
		return error;
	error = unshare(e);
	if (!error)
		error = exit_others_for_exec();
	if (!error)
		change_over(e);
	else
		leave_space();
	return error;
}

static void exec_free(struct exec *e)
{
	exec_strings_destroy(&e->strings);
	for (uint32_t i = 0; i < e->depth; i++)
		kfree(e->lines[i]);
	if (e->spt)
		spt_put(e->spt);
	if (e->files)
		descriptors_leave(e->files);
	image_release(&e->program);
	if (e->linker)
		image_release(e->linker);
	kfree(e->linker);
	kfree(e);
}

/* Finds the program, and takes what the #! lines add; NULL with *error set. */
static struct exec *exec_begin(const char *path, struct dentry *file, bool path_ends, int *error)
{
	struct exec *e = kmalloc(sizeof *e);
	*error = -ENOMEM;
	if (!e)
		return NULL;
	memset(e, 0, offsetof(struct exec, program.segments));
	e->path = path;
	e->personality = process_current()->personality;
	exec_strings_init(&e->strings, process_current()->limits[RLIMIT_STACK].rlim_cur);
	*error = resolve(e, file, path_ends);
	if (!*error)
		*error = add_script_arguments(e);
	if (!*error)
		return e;
	exec_free(e);
	return NULL;
}

/* Who gives no arguments at all gives an empty one: programs look at argv[0], and would find the
 * environment behind it (CVE-2021-4034). */
static int arguments_complete(struct exec *e)
{
	int error = e->strings.count ? 0 : exec_strings_add(&e->strings, "");
	e->argc = e->strings.count;
	e->args_bytes = e->strings.bytes;
	return error;
}

int exec_kernel(const char *path, const char *const *argv, const char *const *envp)
{
	int error;
	struct exec *e = exec_begin(path, NULL, false, &error);
	if (!e)
		return error;
	error = exec_strings_add_vector(&e->strings, argv, e->depth ? 1 : 0);
	if (!error)
		error = arguments_complete(e);
	if (!error)
		error = exec_strings_add_vector(&e->strings, envp, 0);
	if (!error)
		error = load_and_change(e);
	exec_free(e);
	return error;
}

int exec_user(const char *path, const uint32_t *user_argv, const uint32_t *user_envp)
{
	return exec_user_file(path, NULL, false, user_argv, user_envp);
}

int exec_user_file(const char *path, struct dentry *file, bool path_ends,
                   const uint32_t *user_argv, const uint32_t *user_envp)
{
	int error;
	struct exec *e = exec_begin(path, file, path_ends, &error);
	if (!e)
		return error;
	error = exec_strings_add_user_vector(&e->strings, user_argv, e->depth ? 1 : 0);
	if (!error)
		error = arguments_complete(e);
	if (!error)
		error = exec_strings_add_user_vector(&e->strings, user_envp, 0);
	if (!error)
		error = load_and_change(e);
	exec_free(e);
	if (!error)
		ptrace_executed(task_current());
	return error;
}
