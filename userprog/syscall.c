/* SPDX-License-Identifier: MIT */
/* The door of int $0x80: from a number to its handler (syscall.h). */
#include "userprog/syscall.h"

#include "kernel/boot_args.h"
#include "kernel/cpu/trap.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "lib/printf.h"
#include "userprog/process.h"
#include "userprog/ptrace.h"

#define CALL_NUMBERS 512u

static const struct system_call *const tables[] = {
	event_calls, ioprio_calls, kcmp_calls, mqueue_calls, prctl_calls, schedule_calls,
	file_calls, transfer_calls, path_calls, stat_calls, poll_calls, memory_calls,
	process_calls, ldt_calls, wait_calls, identity_calls, signal_calls, time_calls, timer_calls,
	timex_calls, system_calls, futex_calls, futex_many_calls, file_time_calls, lock_calls,
	ptrace_calls, open_calls, file_range_calls, xattr_calls, socket_calls, epoll_calls,
	inotify_calls, ipc_calls, shm_calls, sem_calls, msg_calls,
};
static const struct system_call *by_number[CALL_NUMBERS];
static bool log_unknown, logs_calls;

/* Each argument is a word, whatever its type, the first three in registers and the others on the
 * stack, from which who called takes them off again: a function may be given more of them than it
 * declares. A number of 64 bits is two words, but not the third and the fourth: it would lie on the
 * stack as a whole. */
typedef int32_t handler_function(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);

static inline int32_t invoke(const struct system_call *call, const struct trap_frame *f)
{
	handler_function *handler = (handler_function *)call->handler;
	int32_t result = handler(f->ebx, f->ecx, f->edx, f->esi, f->edi, f->ebp);
	return result == -EINTR && call->restarts ? -ERESTARTSYS : result;
}

static void log_unknown_call(uint32_t number)
{
	if (log_unknown)
		log_print("%s[%d]: unknown system call %u", process_current()->name,
		          process_current()->id, number);
}

static inline const struct system_call *find(uint32_t number)
{
	const struct system_call *call = number < CALL_NUMBERS ? by_number[number] : NULL;
	if (__builtin_expect(!call, false))
		log_unknown_call(number);
	return call;
}

/* "sh[2] read(0x0, 0xbffff7d3, 0x1) = 1", when the call has ended. */
static void trace_call(const struct system_call *call, const struct trap_frame *f,
                       int32_t result)
{
	const uint32_t words[6] = {f->ebx, f->ecx, f->edx, f->esi, f->edi, f->ebp};
	char text[80];
	int length = 0;
	text[0] = '\0';
	for (int i = 0; i < call->words && length < (int)sizeof text - 14; i++)
		length += snprintf(text + length, sizeof text - (size_t)length, "%s0x%x",
		                   i ? ", " : "", words[i]);
	log_print("%s[%d] %s(%s) = %d", process_current()->name, process_current()->id,
	          call->name, text, result);
}

int32_t syscall_again(int number, const struct trap_frame *frame)
{
	const struct system_call *call = find((uint32_t)number);
	task_current()->call = number;
	return call ? invoke(call, frame) : -ENOSYS;
}

/* A call that failed was interrupted, perhaps: then signal_deliver decides how it goes on. */
static void look_whether_interrupted(int32_t result)
{
	if (result == -ERESTARTSYS || result == -ERESTARTNOINTR || result == -ERESTARTNOHAND ||
	    result == -ERESTART_RESTARTBLOCK)
		thread_interrupt(thread_current());
}

static void system_call_trap(struct trap_frame *frame)
{
	struct task *task = task_current();
	uint32_t number = frame->eax;
	const struct system_call *call = find(number);

	task->call = (int)number;
	if (number != __NR_restart_syscall)
		task->restart_call = -1;
	int32_t result = call ? invoke(call, frame) : -ENOSYS;
	frame->eax = (uint32_t)result;
	if (__builtin_expect(result < 0, false))
		look_whether_interrupted(result);
}

/* The same for a thread that is traced (ptrace.h): its tracer may change the call before it
 * begins, also into none, and see what it gave. */
static void system_call_of_tracee(struct task *task, struct trap_frame *frame)
{
	task->call = (int)frame->eax;
	ptrace_call_begins(task, frame);
	if (task->call == -1 || thread_current()->killed)
		return;
	const struct system_call *call = find((uint32_t)task->call);
	if (task->call != __NR_restart_syscall)
		task->restart_call = -1;
	int32_t result = call ? invoke(call, frame) : -ENOSYS;
	frame->eax = (uint32_t)result;
	look_whether_interrupted(result);
}

/* The handler while somebody is traced: as long as nobody is, a call costs nothing for it. */
static void system_call_trap_watching(struct trap_frame *frame)
{
	struct task *task = task_current();
	if (!task->tracing.tracer) {
		system_call_trap(frame);
		return;
	}
	system_call_of_tracee(task, frame);
	ptrace_call_ends(task, frame);
}

/* The same with the boot flag `strace`. */
static void system_call_trap_traced(struct trap_frame *frame)
{
	const struct system_call *call = find(frame->eax);
	const struct trap_frame before = *frame;
	system_call_trap_watching(frame);
	if (call)
		trace_call(call, &before, (int32_t)frame->eax);
}

void syscall_watch_tracees(bool watch)
{
	if (!logs_calls)
		trap_exchange(TRAP_SYSCALL, watch ? system_call_trap_watching : system_call_trap);
}

void syscall_init(void)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		for (const struct system_call *call = tables[i]; call->handler; call++) {
			ASSERT_SAYING(!by_number[call->number], "a system call has one handler");
			by_number[call->number] = call;
		}
	}
	log_unknown = boot_flag("log-unknown-calls");
	logs_calls = boot_flag("strace");
	trap_register(TRAP_SYSCALL, logs_calls ? system_call_trap_traced : system_call_trap);
}
