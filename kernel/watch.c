/* SPDX-License-Identifier: MIT */
/*
 * The answers to a non-maskable interrupt. It may have come between any two instructions, so no
 * lock is taken: with nobody running and no interrupt being handled, nobody holds a spinlock
 * either, and what is looked at stands still.
 */
#include "kernel/watch.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/trap.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/mutex.h"
#include "kernel/time/clock.h"
#include "lib/printf.h"
#include "lib/string.h"

#define LOOKS_MOST 3u
#define CHAIN_MOST 8     /* threads that wait for each other, one after the other */
#define CHAIN_WORDS 400
#define FRAME_WORDS 120

static bool (*frame_wait_hook)(const struct thread *, char *, size_t);
static void (*frames_say_hook)(void);
static uint64_t last_asked; /* ns; 0: never */
static bool hung;           /* the panic under way is one of this file's */

/* ---- the last words: every thread ---- */

static const char *state_word(const struct thread *thread)
{
	if (thread == thread_current())
		return "runs";
	return thread->state == THREAD_SLEEPING ? "sleeps" : "is ready to run";
}

static void say_wait(const struct thread *thread)
{
	char words[FRAME_WORDS] = "";
	if (thread->waiting_for && thread->waiting_for->owner)
		panic_print(", waits for mutex '%s' of thread %d (%s)", thread->waiting_for->name,
		            thread->waiting_for->owner->id, thread->waiting_for->owner->name);
	else if (thread->waiting_for)
		panic_print(", waits for mutex '%s', which is free", thread->waiting_for->name);
	if (thread->awaited && frame_wait_hook) {
		frame_wait_hook(thread, words, sizeof words);
		panic_print(", waits for %s", words);
	}
	if (thread->timed)
		panic_print(", not for ever");
}

static void say_thread(struct thread *thread, void *unused)
{
	(void)unused;
	panic_print("thread %d (%s) %s", thread->id, thread->name, state_word(thread));
	say_wait(thread);
	if (thread == thread_current() || thread->state == THREAD_DEAD) {
		panic_print("\n");
		return;
	}
	panic_print("; calls, innermost first:\n");
	panic_print_calls_of(thread);
}

static void say_threads(void)
{
	if (!hung)
		return;
	thread_for_each_unlocked(say_thread, NULL);
	if (frames_say_hook)
		frames_say_hook();
}

/* ---- who will never be woken ---- */

struct search {
	const struct thread *wanted;
	bool found;
};

static void compare(struct thread *thread, void *context)
{
	struct search *search = context;
	search->found |= thread == search->wanted;
}

static bool exists(const struct thread *wanted)
{
	struct search search = {.wanted = wanted};
	thread_for_each_unlocked(compare, &search);
	return search.found;
}

static int add_words(char *words, int length, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int add_words(char *words, int length, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	length += vsnprintf(words + length, CHAIN_WORDS - length, format, arguments);
	va_end(arguments);
	return length < CHAIN_WORDS ? length : CHAIN_WORDS - 1;
}

/* Whether the thread sleeps for something that will never come, now that nobody runs; words for
 * it. Follows mutexes from holder to holder. */
static bool sleeps_for_ever(const struct thread *first, char words[CHAIN_WORDS])
{
	const struct thread *thread = first;
	int n = add_words(words, 0, "thread %d (%s)", thread->id, thread->name);
	for (int i = 0; i < CHAIN_MOST; i++) {
		if (thread->state != THREAD_SLEEPING || thread->interruptible || thread->timed)
			return false;
		if (thread->awaited) {
			char frame[FRAME_WORDS];
			bool ends = !frame_wait_hook || frame_wait_hook(thread, frame, sizeof frame);
			add_words(words, n, " waits for %s", ends ? "" : frame);
			return !ends;
		}
		const struct mutex *mutex = thread->waiting_for;
		if (!mutex)
			return false;
		n = add_words(words, n, " waits for mutex '%s'", mutex->name);
		thread = mutex->owner;
		if (!thread || !exists(thread)) {
			add_words(words, n, thread ? ", whose holder has ended"
			                           : ", which is free: nobody woke it");
			return true;
		}
		n = add_words(words, n, " of thread %d (%s), which", thread->id, thread->name);
		if (thread == first) {
			add_words(words, n, " waits itself: a deadlock");
			return true;
		}
	}
	return false;
}

struct sleeper {
	bool found;
	char words[CHAIN_WORDS];
};

static void look_at_sleeper(struct thread *thread, void *context)
{
	struct sleeper *sleeper = context;
	if (!sleeper->found)
		sleeper->found = sleeps_for_ever(thread, sleeper->words);
}

/* Nobody runs, and nobody is about to. */
static bool idle(void)
{
	const struct cpu *cpu = this_cpu();
	return cpu->current == cpu->idle && !cpu->preempt_off && !cpu->interrupt_depth &&
	       thread_ready_count() == 0;
}

/* Once could be a moment; to be found a second time, with the same words, is for ever. */
static void look_at_sleepers(const struct trap_frame *frame)
{
	static struct sleeper sleeper; /* too large for a stack */
	static char before[CHAIN_WORDS];
	sleeper.found = false;
	sleeper.words[0] = '\0';
	thread_for_each_unlocked(look_at_sleeper, &sleeper);
	if (sleeper.found && !strcmp(sleeper.words, before)) {
		hung = true;
		panic_trap(frame, "nobody runs, and %s", sleeper.words);
	}
	strlcpy(before, sleeper.found ? sleeper.words : "", sizeof before);
}

/* ---- who never leaves the kernel ---- */

#ifdef PAGODA_DEBUG

static void look_at_running(const struct trap_frame *frame)
{
	struct thread *thread = thread_current();
	if (thread->progress != thread->progress_seen) {
		thread->progress_seen = thread->progress;
		thread->looks = 0;
	}
	if (++thread->looks < LOOKS_MOST)
		return;
	hung = true;
	panic_trap(frame, "thread %d (%s) runs in the kernel, for seconds, and has neither slept "
	           "nor gone back to its program: an endless loop?", thread->id, thread->name);
}

#else

static void look_at_running(const struct trap_frame *frame)
{
	(void)frame;
}

#endif

static void asked(struct trap_frame *frame)
{
	uint64_t now = clock_now();
	bool insists = last_asked && now - last_asked < NS_PER_SECOND;
	last_asked = now;
	if (insists) {
		hung = true;
		panic_trap(frame, "it was asked to (NMI, twice within a second): below is what "
		           "each thread does");
	}
	if (trap_from_user(frame))
		return;
	if (idle())
		look_at_sleepers(frame);
	else if (this_cpu()->current != this_cpu()->idle)
		look_at_running(frame);
}

void watch_set_frame_hooks(bool (*wait)(const struct thread *, char *, size_t),
                           void (*say)(void))
{
	frame_wait_hook = wait;
	frames_say_hook = say;
}

void watch_init(void)
{
	trap_register(TRAP_NMI, asked);
	panic_add_note(say_threads);
}
