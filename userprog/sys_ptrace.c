/* SPDX-License-Identifier: MIT */
/* ptrace(2), the tracer's requests; process_vm_readv(2), process_vm_writev(2). */
#include <asm/ldt.h>
#include <asm/ptrace-abi.h>
#include <elf.h>
#include <linux/audit.h>
#include <linux/ptrace.h>
#include <linux/signal.h>

#include "kernel/cpu/fpu.h"
#include "kernel/cpu/trap.h"
#include "kernel/fs/transfer.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/fpu_image.h"
#include "userprog/process.h"
#include "userprog/ptrace.h"
#include "userprog/ptrace_registers.h"
#include "userprog/syscall.h"
#include "userprog/tls.h"
#include "vm/peek.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

#define OPTIONS_KNOWN                                                                      \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |                \
	 PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE |              \
	 PTRACE_O_TRACEEXIT | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL)

/* ---- the beginning ---- */

static int32_t trace_me(void)
{
	struct process *self = process_current();
	struct task *task = task_current();
	int32_t error = -EPERM;
	uint32_t flags = spin_lock_irq(&process_lock);
	if (!task->tracing.tracer && self->parent) {
		ptrace_hold_locked(task, self->parent, false, 0);
		error = 0;
	}
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static int may_attach_locked(struct task *tracee)
{
	struct object object = process_object_locked(tracee->process);
	if (!tracee->thread || object.itself || tracee->tracing.tracer)
		return -EPERM;
	return right_check(MAY_TRACE, &object);
}

/* It is stopped by job control, and has not yet become this tracer's. */
static bool becomes_stop(const struct task *tracee)
{
	const volatile struct task *now = tracee;
	return now->tracing.tracer == process_current() && now->stopped && !now->tracing.stop &&
	       !now->ended;
}

/* A tracee that is stopped can be asked at once: ptrace(2) tells of no wait(2) between. A signal ends
 * that wait, and it is attached all the same. */
static int32_t attach(struct task *tracee, bool seized, uint32_t options)
{
	struct process *self = process_current();
	uint32_t flags = spin_lock_irq(&process_lock);
	int error = may_attach_locked(tracee);
	if (!error) {
		ptrace_hold_locked(tracee, self, seized, options);
		if (!seized)
			(void)signal_send_task_locked(tracee, SIGSTOP, NULL);
		wait_wake_all(&tracee->process->resumed); /* it may be stopped by job control */
	}
	spin_unlock_irq(&process_lock, flags);
	if (!error)
		(void)WAIT_INTERRUPTIBLE(&self->changed, !becomes_stop(tracee));
	return error;
}

/* ---- memory ---- */

/* One word of a tracee's memory. 0 or -EIO. */
static int move_word(struct task *tracee, uintptr_t address, uint32_t *word, bool write)
{
	struct spt *spt = process_space(tracee->process);
	if (!spt)
		return -ESRCH;
	enum peek how = write ? PEEK_FORCE : PEEK_READ;
	bool whole = peek(spt, address, word, sizeof *word, how) == sizeof *word;
	spt_put(spt);
	return whole ? 0 : -EIO;
}

static int32_t peek_word(struct task *tracee, uintptr_t address, void *user_word)
{
	uint32_t word;
	int error = move_word(tracee, address, &word, false);
	return error ? error : copy_to_user(user_word, &word, sizeof word);
}

/* ---- what is looked at and changed in a stop ---- */

/* What a request moves between the tracee and the tracer. */
union payload {
	uint32_t word;
	uint32_t registers[REGISTER_WORDS];
	struct fsave fsave;
	struct fxsave fxsave;
	siginfo_t info;
	signal_set mask;
	struct ptrace_syscall_info call;
};

/* -ESRCH: it is in no stop, or may not be looked at. process_lock held. */
static struct ptrace_stop *stop_of(const struct task *tracee)
{
	struct ptrace_stop *stop = tracee->tracing.stop;
	return tracee->tracing.tracer == process_current() && stop && !stop->listening ? stop : NULL;
}

static void call_info(const struct task *tracee, const struct ptrace_stop *stop,
                      struct ptrace_syscall_info *info)
{
	const struct trap_frame *f = thread_user_frame(tracee->thread);
	const uint32_t words[6] = {f->ebx, f->ecx, f->edx, f->esi, f->edi, f->ebp};
	memset(info, 0, sizeof *info);
	info->op = stop->call;
	info->arch = AUDIT_ARCH_I386;
	info->instruction_pointer = f->eip;
	info->stack_pointer = f->esp;
	if (stop->call == PTRACE_SYSCALL_INFO_ENTRY) {
		info->entry.nr = (uint32_t)tracee->call;
		for (int i = 0; i < 6; i++)
			info->entry.args[i] = words[i];
	} else if (stop->call == PTRACE_SYSCALL_INFO_EXIT) {
		info->exit.rval = (int32_t)f->eax;
		info->exit.is_error = f->eax > (uint32_t)-4096;
	}
}

/* How much of it the kind of stop fills in. */
static size_t call_info_size(const struct ptrace_syscall_info *info)
{
	switch (info->op) {
	case PTRACE_SYSCALL_INFO_ENTRY:
		return offsetof(struct ptrace_syscall_info, entry) + sizeof info->entry;
	case PTRACE_SYSCALL_INFO_EXIT:
		return offsetof(struct ptrace_syscall_info, exit.is_error) + 1;
	default:
		return offsetof(struct ptrace_syscall_info, entry);
	}
}

static int look_locked(struct task *tracee, const struct ptrace_stop *stop, int request,
                       uintptr_t address, union payload *p)
{
	struct fxsave fx;
	switch (request) {
	case PTRACE_PEEKUSR:
		return user_area_get_locked(tracee, address, &p->word);
	case PTRACE_GETREGS:
		registers_get_locked(tracee, p->registers);
		return 0;
	case PTRACE_GETFPREGS:
		thread_fpu_peek(tracee->thread, &fx);
		fpu_image_to_fsave(&fx, &p->fsave);
		return 0;
	case PTRACE_GETFPXREGS:
		thread_fpu_peek(tracee->thread, &p->fxsave);
		return 0;
	case PTRACE_GETSIGINFO:
		if (!stop->signal)
			return -EINVAL;
		signal_info_fill(&p->info, stop->signal, &stop->info);
		return 0;
	case PTRACE_GETSIGMASK:
		p->mask = tracee->signals.blocked;
		return 0;
	case PTRACE_GETEVENTMSG:
		p->word = tracee->tracing.message;
		return 0;
	default:
		call_info(tracee, stop, &p->call);
		return 0;
	}
}

static int change_locked(struct task *tracee, struct ptrace_stop *stop, int request,
                         uintptr_t address, const union payload *p)
{
	struct fxsave fx;
	switch (request) {
	case PTRACE_POKEUSR:
		return user_area_set_locked(tracee, address, p->word);
	case PTRACE_SETREGS:
		return registers_set_locked(tracee, p->registers);
	case PTRACE_SETFPREGS:
		thread_fpu_peek(tracee->thread, &fx);
		fpu_image_from_fsave(&fx, &p->fsave);
		return thread_fpu_poke(tracee->thread, &fx);
	case PTRACE_SETFPXREGS:
		return thread_fpu_poke(tracee->thread, &p->fxsave);
	case PTRACE_SETSIGINFO:
		if (!stop->signal)
			return -EINVAL;
		stop->signal = p->info.si_signo;
		signal_info_take(&stop->info, &p->info);
		return 0;
	case PTRACE_SETSIGMASK:
		tracee->signals.blocked = p->mask & ~SIGNALS_UNBLOCKABLE;
		thread_interrupt(tracee->thread); /* it looks what it may have now */
		return 0;
	default:
		if (p->word & ~(uint32_t)OPTIONS_KNOWN)
			return -EINVAL;
		tracee->tracing.options = p->word;
		return 0;
	}
}

static int32_t look(struct task *tracee, int request, uintptr_t address, union payload *p)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct ptrace_stop *stop = stop_of(tracee);
	int error = stop ? look_locked(tracee, stop, request, address, p) : -ESRCH;
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static int32_t change(struct task *tracee, int request, uintptr_t address,
                      const union payload *p)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct ptrace_stop *stop = stop_of(tracee);
	int error = stop ? change_locked(tracee, stop, request, address, p) : -ESRCH;
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static int32_t look_and_tell(struct task *tracee, int request, uintptr_t address, void *user,
                             size_t size)
{
	union payload p;
	int error = look(tracee, request, address, &p);
	return error ? error : copy_to_user(user, &p, size);
}

static int32_t hear_and_change(struct task *tracee, int request, const void *user, size_t size)
{
	union payload p;
	if (copy_from_user(&p, user, size))
		return -EFAULT;
	return change(tracee, request, 0, &p);
}

static int32_t change_word(struct task *tracee, int request, uintptr_t address, uint32_t word)
{
	const union payload p = {.word = word};
	return change(tracee, request, address, &p);
}

/* PTRACE_GET_SYSCALL_INFO: as much as there is room for; the result is how much there is. */
static int32_t tell_call(struct task *tracee, size_t room, void *user)
{
	union payload p;
	int error = look(tracee, PTRACE_GET_SYSCALL_INFO, 0, &p);
	if (error)
		return error;
	size_t size = call_info_size(&p.call);
	if (copy_to_user(user, &p.call, size < room ? size : room))
		return -EFAULT;
	return (int32_t)size;
}

/* PTRACE_GETREGSET and SETREGSET: the sets that have a request of their own, in pieces of words. */
static int32_t move_set(struct task *tracee, int type, struct iovec *user_piece, bool set)
{
	struct iovec piece;
	union payload p;
	bool general = type == NT_PRSTATUS;
	size_t size = general ? sizeof p.registers
	              : type == NT_PRFPREG ? sizeof p.fsave : sizeof p.fxsave;
	int get_request = general ? PTRACE_GETREGS
	                  : type == NT_PRFPREG ? PTRACE_GETFPREGS : PTRACE_GETFPXREGS;
	int set_request = general ? PTRACE_SETREGS
	                  : type == NT_PRFPREG ? PTRACE_SETFPREGS : PTRACE_SETFPXREGS;

	if (type != NT_PRSTATUS && type != NT_PRFPREG && type != NT_PRXFPREG)
		return -EINVAL;
	if (copy_from_user(&piece, user_piece, sizeof piece))
		return -EFAULT;
	if (piece.iov_len % sizeof(uint32_t))
		return -EINVAL;
	if (piece.iov_len > size)
		piece.iov_len = size;
	int error = look(tracee, get_request, 0, &p);
	if (!error && set && copy_from_user(&p, piece.iov_base, piece.iov_len))
		error = -EFAULT;
	if (!error && set)
		error = change(tracee, set_request, 0, &p);
	if (!error && !set)
		error = copy_to_user(piece.iov_base, &p, piece.iov_len);
	return error ? error : copy_to_user(&user_piece->iov_len, &piece.iov_len, sizeof(size_t));
}

static int32_t thread_area(struct task *tracee, uint32_t number, struct user_desc *user,
                           bool set)
{
	struct user_desc descriptor = {0};
	if (set && copy_from_user(&descriptor, user, sizeof descriptor))
		return -EFAULT;
	descriptor.entry_number = number;
	uint32_t flags = spin_lock_irq(&process_lock);
	int error = !stop_of(tracee) ? -ESRCH
	            : set            ? tls_set(tracee->thread, &descriptor)
	                             : tls_get(tracee->thread, &descriptor);
	spin_unlock_irq(&process_lock, flags);
	return error || set ? error : copy_to_user(user, &descriptor, sizeof descriptor);
}

static int32_t in_stop(struct task *tracee, int request, uintptr_t address, uintptr_t data)
{
	void *user = (void *)data;
	uint32_t word = data;
	switch (request) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
		return peek_word(tracee, address, user);
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
		return move_word(tracee, address, &word, true);
	case PTRACE_PEEKUSR:
	case PTRACE_GETEVENTMSG:
		return look_and_tell(tracee, request, address, user, sizeof(uint32_t));
	case PTRACE_POKEUSR:
	case PTRACE_SETOPTIONS:
	case PTRACE_OLDSETOPTIONS:
		return change_word(tracee, request, address, word);
	case PTRACE_GETREGS:
		return look_and_tell(tracee, request, 0, user, REGISTER_WORDS * sizeof(uint32_t));
	case PTRACE_SETREGS:
		return hear_and_change(tracee, request, user, REGISTER_WORDS * sizeof(uint32_t));
	case PTRACE_GETFPREGS:
		return look_and_tell(tracee, request, 0, user, sizeof(struct fsave));
	case PTRACE_SETFPREGS:
		return hear_and_change(tracee, request, user, sizeof(struct fsave));
	case PTRACE_GETFPXREGS:
		return look_and_tell(tracee, request, 0, user, sizeof(struct fxsave));
	case PTRACE_SETFPXREGS:
		return hear_and_change(tracee, request, user, sizeof(struct fxsave));
	case PTRACE_GETSIGINFO:
		return look_and_tell(tracee, request, 0, user, sizeof(siginfo_t));
	case PTRACE_SETSIGINFO:
		return hear_and_change(tracee, request, user, sizeof(siginfo_t));
	case PTRACE_GETSIGMASK:
	case PTRACE_SETSIGMASK:
		if (address != sizeof(signal_set))
			return -EINVAL;
		return request == PTRACE_GETSIGMASK
		               ? look_and_tell(tracee, request, 0, user, sizeof(signal_set))
		               : hear_and_change(tracee, request, user, sizeof(signal_set));
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		return move_set(tracee, (int)address, user, request == PTRACE_SETREGSET);
	case PTRACE_GET_SYSCALL_INFO:
		return tell_call(tracee, address, user);
	case PTRACE_GET_THREAD_AREA:
	case PTRACE_SET_THREAD_AREA:
		return thread_area(tracee, address, user, request == PTRACE_SET_THREAD_AREA);
	default:
		return -EIO;
	}
}

/* ---- going on ---- */

/* Ends the stop. process_lock held, the tracee is in one. */
static void go_on_locked(struct task *tracee, int request, int signal)
{
	if (request == PTRACE_DETACH) {
		ptrace_let_go_locked(tracee, signal);
		return;
	}
	if (tracee->tracing.stop->of_group)
		signal_leave_stop_locked(tracee);
	tracee->tracing.calls = request == PTRACE_SYSCALL;
	ptrace_set_step_locked(tracee, request == PTRACE_SINGLESTEP);
	ptrace_resume_locked(tracee, signal);
}

static int32_t go_on(struct task *tracee, int request, uintptr_t signal)
{
	int error = 0;
	uint32_t flags = spin_lock_irq(&process_lock);
	if (!stop_of(tracee))
		error = -ESRCH;
	else if (signal > SIGNALS)
		error = -EIO;
	else
		go_on_locked(tracee, request, (int)signal);
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static bool in_event_stop(const struct ptrace_stop *stop)
{
	return stop->code >> 8 == PTRACE_EVENT_STOP;
}

/* PTRACE_LISTEN: as go_on, but it stays stopped, and hears SIGCONT. */
static int32_t listen(struct task *tracee)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct ptrace_stop *stop = stop_of(tracee);
	int error = !stop ? -ESRCH : !tracee->tracing.seized || !in_event_stop(stop) ? -EIO : 0;
	if (!error)
		stop->listening = true;
	/* What came in between is heard at once. */
	if (!error && (tracee->tracing.trap_due || (stop->of_group && !tracee->stopped)))
		ptrace_want_trap_locked(tracee);
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static int32_t interrupt(struct task *tracee)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	int error = tracee->tracing.tracer != process_current() ? -ESRCH
	            : !tracee->tracing.seized ? -EIO : 0;
	if (!error)
		ptrace_want_trap_locked(tracee);
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static int32_t kill_tracee(struct task *tracee)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	int error = tracee->tracing.tracer == process_current() ? 0 : -ESRCH;
	if (!error)
		(void)signal_send_locked(tracee->process, SIGKILL, NULL);
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static bool is_stopped_tracee(const struct task *tracee)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	bool stopped = stop_of(tracee);
	spin_unlock_irq(&process_lock, flags);
	return stopped;
}

static int32_t ask(struct task *tracee, int request, uintptr_t address, uintptr_t data)
{
	switch (request) {
	case PTRACE_ATTACH:
		return attach(tracee, false, 0);
	case PTRACE_SEIZE:
		if (address || data & ~(uint32_t)OPTIONS_KNOWN)
			return -EIO;
		return attach(tracee, true, data);
	case PTRACE_INTERRUPT:
		return interrupt(tracee);
	case PTRACE_KILL:
		return kill_tracee(tracee);
	case PTRACE_LISTEN:
		return listen(tracee);
	case PTRACE_CONT:
	case PTRACE_SYSCALL:
	case PTRACE_SINGLESTEP:
	case PTRACE_DETACH:
		return go_on(tracee, request, data);
	default:
		return is_stopped_tracee(tracee) ? in_stop(tracee, request, address, data) : -ESRCH;
	}
}

static int32_t sys_ptrace(int request, pid_t id, uintptr_t address, uintptr_t data)
{
	if (request == PTRACE_TRACEME)
		return trace_me();
	struct task *tracee = task_find(id);
	if (!tracee)
		return -ESRCH;
	int32_t result = ask(tracee, request, address, data);
	task_put(tracee);
	return result;
}

/* ---- process_vm_readv, process_vm_writev ---- */

#define REMOTE_MOST 1024u /* UIO_MAXIOV */

#define REMOTE_A_PAGE (PAGE_SIZE / sizeof(struct iovec))
#define REMOTE_PAGES (REMOTE_MOST / REMOTE_A_PAGE)

/* The pieces of the other's memory, whose addresses are numbers here: in pages, as the heap has
 * nothing larger. */
struct remote {
	uint32_t count;
	struct iovec *pages[REMOTE_PAGES];
};

static struct iovec *remote_piece(const struct remote *remote, uint32_t i)
{
	return &remote->pages[i / REMOTE_A_PAGE][i % REMOTE_A_PAGE];
}

static int remote_page(struct remote *remote, uint32_t page, const struct iovec *user)
{
	uint32_t first = page * REMOTE_A_PAGE, count = remote->count - first;
	if (count > REMOTE_A_PAGE)
		count = REMOTE_A_PAGE;
	struct iovec *pieces = remote->pages[page] = kmalloc(count * sizeof *pieces);
	if (!pieces)
		return -ENOMEM;
	int error = copy_from_user(pieces, user + first, count * sizeof *pieces);
	for (uint32_t i = 0; i < count && !error; i++)
		if (pieces[i].iov_len > INT32_MAX)
			error = -EINVAL;
	return error;
}

/* On an error, too, remote_release is called. */
static int remote_take(struct remote *remote, const struct iovec *user, uint32_t count)
{
	int error = 0;
	*remote = (struct remote){.count = count};
	if (count > REMOTE_MOST)
		return -EINVAL;
	for (uint32_t page = 0; page * REMOTE_A_PAGE < count && !error; page++)
		error = remote_page(remote, page, user);
	return error;
}

static void remote_release(const struct remote *remote)
{
	for (uint32_t page = 0; page < REMOTE_PAGES; page++)
		kfree(remote->pages[page]);
}

/* Up to a page of one piece. How much was moved. */
static size_t move_part(struct spt *spt, struct transfer *local, uintptr_t address, size_t n,
                        void *page, bool write)
{
	if (n > local->left)
		n = local->left;
	if (write)
		return peek(spt, address, page, transfer_take(local, page, n), PEEK_WRITE);
	return transfer_give(local, page, peek(spt, address, page, n, PEEK_READ));
}

static ssize_t move_pieces(struct spt *spt, struct transfer *local, const struct remote *remote,
                           void *page, bool write)
{
	size_t total = 0, wanted = 0, part;
	for (uint32_t i = 0; i < remote->count; i++) {
		const struct iovec *piece = remote_piece(remote, i);
		uintptr_t address = (uintptr_t)piece->iov_base;
		for (size_t done = 0; done < piece->iov_len && local->left; done += part) {
			if (thread_current()->killed)
				return -EINTR;
			size_t room = PAGE_SIZE - (address + done) % PAGE_SIZE;
			wanted = piece->iov_len - done < room ? piece->iov_len - done : room;
			wanted = wanted < local->left ? wanted : local->left;
			part = move_part(spt, local, address + done, wanted, page, write);
			total += part;
			if (part < wanted)
				return total ? (ssize_t)total : -EFAULT;
		}
	}
	return (ssize_t)total;
}

/* The space of a process that the caller may trace, with a reference. */
static int space_to_trace(pid_t id, struct spt **spt)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct process *process = process_find_locked(id);
	int error = process && process->spt ? 0 : -ESRCH;
	if (!error) {
		struct object object = process_object_locked(process);
		error = right_check(MAY_TRACE, &object);
	}
	if (!error) {
		*spt = process->spt;
		spt_get(*spt);
	}
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static ssize_t move_between(pid_t id, struct transfer *local, const struct remote *remote,
                            bool write)
{
	struct spt *spt = NULL;
	if (!remote->count || !local->left)
		return 0;
	int error = space_to_trace(id, &spt);
	if (error)
		return error;
	void *page = kmalloc(PAGE_SIZE);
	ssize_t done = page ? move_pieces(spt, local, remote, page, write) : -ENOMEM;
	kfree(page);
	spt_put(spt);
	return done;
}

static int32_t process_vm(pid_t id, const struct iovec *user_local, uint32_t local_count,
                          const struct iovec *user_remote, uint32_t remote_count, uint32_t flags,
                          bool write)
{
	struct transfer local;
	struct remote remote;
	if (flags)
		return -EINVAL;
	ssize_t result = transfer_vector(&local, user_local, local_count);
	if (result)
		return (int32_t)result;
	result = remote_take(&remote, user_remote, remote_count);
	if (!result)
		result = move_between(id, &local, &remote, write);
	remote_release(&remote);
	transfer_release(&local);
	return (int32_t)result;
}

static int32_t sys_process_vm_readv(pid_t id, const struct iovec *local, uint32_t local_count,
                                    const struct iovec *remote, uint32_t remote_count,
                                    uint32_t flags)
{
	return process_vm(id, local, local_count, remote, remote_count, flags, false);
}

static int32_t sys_process_vm_writev(pid_t id, const struct iovec *local, uint32_t local_count,
                                     const struct iovec *remote, uint32_t remote_count,
                                     uint32_t flags)
{
	return process_vm(id, local, local_count, remote, remote_count, flags, true);
}

const struct system_call ptrace_calls[] = {
	CALL(ptrace, 4),
	CALL(process_vm_readv, 6),
	CALL(process_vm_writev, 6),
	CALLS_END,
};
